#include "twin/base/distribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <bit>
#include <cmath>
#include <functional>

#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/math.hpp"
#include "twin/base/random.hpp"

namespace twin {
namespace {

using math::kInfinity;
using D = Distribution;

struct Case {
  D distribution;
  bool smooth;  ///< continuous, and so smooth that quadrature of the quantile is exact
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.distribution.text(); }

std::vector<Case> cases() {
  return {{D::uniform(2, 3), true},
          {D::triangular(2, 3, 6), false},
          {D::triangular(0, 0, 1), false},
          {D::exponential(48), true},
          {D::gamma(0.3, 5), true},
          {D::erlang(3, 60), true},
          {D::gamma_mean_cv(20, 0.1), true},
          {D::weibull(1.5, 20), true},
          {D::weibull_mean_cv(7, 1.3), true},
          {D::lognormal(1, 0.5), true},
          {D::lognormal_mean_cv(720, 0.3), true},
          {D::normal(10, 2), true},
          {D::beta(2, 3, 1, 4), true},
          {D::beta(0.5, 0.7, 0, 1), true},
          {D::beta(40, 90, -1, 1), true},
          {D::empirical({5, 1, 3, 8, 2.5}), false},
          {D::exponential(2).shifted(5), true},
          {D::normal(5, 3).truncated(1, 9), true},
          {D::normal(0, 1).truncated(8, 11), true},
          {D::normal(0, 1).truncated(-kInfinity, -2), true},
          {D::normal(0, 1).truncated(2, kInfinity).shifted(1), true},
          {D::exponential(2).truncated(1, 3), true},
          {D::exponential(2).truncated(90, 94), true},
          {D::weibull(2, 1).truncated(0.5, 2), true},
          {D::weibull(2, 1).truncated(7, 8), true},
          {D::lognormal(0, 1).truncated(20, 80), true},
          {D::gamma(2.5, 1).truncated(1, 4), true},
          {D::gamma(2.5, 1).truncated(50, kInfinity), true},
          {D::beta(2, 3, 0, 1).truncated(0.7, 0.9), true},
          {D::triangular(0, 1, 3).truncated(0.5, 2.5), false},
          {D::uniform(0, 1).truncated(0.5, 2), true},
          {D::empirical({1, 2, 4, 8}).truncated(1.5, 6), false},
          {D::lognormal(1, 0.5).scaled(3).shifted(2), true}};
}

class EveryContinuous : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Families, EveryContinuous, testing::ValuesIn(cases()));

TEST_P(EveryContinuous, CdfUndoesQuantile) {
  const D& d = GetParam().distribution;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const double u = draw_uniform(1, 1, i);
    EXPECT_NEAR(d.cdf(d.quantile(u)), u, 2e-12) << u;
  }
  for (const double u : {1e-6, 1e-3, 0.999, 1 - 1e-9}) EXPECT_NEAR(d.cdf(d.quantile(u)), u, 2e-12) << u;
}

TEST_P(EveryContinuous, QuantileRisesWithUBetweenMinAndMax) {
  const D& d = GetParam().distribution;
  double before = d.min();
  for (int i = 1; i < 2000; ++i) {
    const double x = d.quantile(i / 2000.0);
    EXPECT_GE(x, before) << i;
    before = x;
  }
  EXPECT_LE(before, d.max());
  EXPECT_EQ(d.quantile(0), d.min());
  EXPECT_EQ(d.quantile(-1), d.quantile(0));
  EXPECT_EQ(d.quantile(1), d.max());
  EXPECT_EQ(d.quantile(2), d.max());
}

TEST_P(EveryContinuous, DensityIsTheSlopeOfTheCdf) {
  const D& d = GetParam().distribution;
  for (const double u : {0.05, 0.3, 0.52, 0.9}) {
    const double x = d.quantile(u), h = 1e-5 * std::min(std::sqrt(d.variance()), x - d.min());
    EXPECT_NEAR((d.cdf(x + h) - d.cdf(x - h)) / (2 * h) / d.density(x), 1, 1e-5) << u;
  }
}

TEST_P(EveryContinuous, ResidualIsTheQuantileOfTheConditional) {
  const D& d = GetParam().distribution;
  const double before_all = std::max(d.min(), -100.0) - 1;
  for (const double u : {1e-6, 0.2, 0.5, 0.77, 0.999}) {
    EXPECT_NEAR(d.residual(before_all, u), d.quantile(u) - before_all, 1e-11 * (1 + std::fabs(before_all)));
    for (const double passed : {0.1, 0.5, 0.9, 0.999}) {
      const double age = d.quantile(passed), gone = d.cdf(age), rest = d.residual(age, u);
      EXPECT_GE(rest, 0);
      EXPECT_NEAR((d.cdf(age + rest) - gone) / (1 - gone), u, 1e-9) << age << " " << u;
    }
  }
}

TEST_P(EveryContinuous, ResidualRisesWithU) {
  const D& d = GetParam().distribution;
  const double age = d.quantile(0.6);
  double before = 0;
  for (int i = 1; i < 500; ++i) {
    const double rest = d.residual(age, i / 500.0);
    EXPECT_GE(rest, before) << i;
    before = rest;
  }
}

TEST_P(EveryContinuous, NothingIsLeftOfWhatIsOverdue) {
  const D& d = GetParam().distribution;
  if (d.max() == kInfinity) return;
  EXPECT_EQ(d.residual(d.max(), 0.5), 0);
  EXPECT_EQ(d.residual(d.max() + 1, 0.5), 0);
}

TEST_P(EveryContinuous, MeanAndVarianceAreTheIntegralsOfTheQuantile) {
  const D& d = GetParam().distribution;
  double mean = 0, square = 0;
  const double centre = d.quantile(0.5);
  if (GetParam().smooth) {  // u = 1 / (1 + exp(-s)): the trapezoidal rule converges exponentially
    constexpr double kStep = 0.02;
    for (int i = -1750; i <= 1750; ++i) {
      const double s = kStep * i, u = 1 / (1 + std::exp(-s)), weight = kStep * u / (1 + std::exp(s));
      mean += weight * (d.quantile(u) - centre);
      square += weight * (d.quantile(u) - centre) * (d.quantile(u) - centre);
    }
  } else {
    constexpr int kCells = 400'000;
    for (int i = 0; i < kCells; ++i) {
      const double off = d.quantile((i + 0.5) / kCells) - centre;
      mean += off / kCells;
      square += off * off / kCells;
    }
  }
  const double tolerance = GetParam().smooth ? 1e-8 : 1e-5, spread = std::sqrt(d.variance());
  EXPECT_NEAR((centre + mean - d.mean()) / spread, 0, tolerance);
  EXPECT_NEAR((square - mean * mean) / d.variance(), 1, tolerance);
}

TEST_P(EveryContinuous, ScalingAndShiftingMoveTheQuantile) {
  const D& d = GetParam().distribution;
  const D scaled = d.scaled(60), shifted = d.shifted(7);
  for (const double u : {0.01, 0.4, 0.9}) {
    const double x = d.quantile(u);
    EXPECT_NEAR(scaled.quantile(u), 60 * x, 1e-11 * std::fabs(60 * x) + 1e-12);
    EXPECT_NEAR(shifted.quantile(u), x + 7, 1e-13 * std::fabs(x) + 1e-12);
    EXPECT_NEAR(shifted.cdf(x + 7), d.cdf(x), 1e-9);
  }
  EXPECT_NEAR(scaled.variance() / d.variance(), 3600, 1e-7);
}

TEST_P(EveryContinuous, FlatFormInALargerTableIsTheSame) {
  const D& d = GetParam().distribution;
  std::vector<double> table = {99, 98};
  FlatDistribution flat = d.flat();
  flat.table_first = static_cast<std::uint32_t>(table.size());
  table.insert(table.end(), d.table().begin(), d.table().end());
  for (const double u : {0.1, 0.5, 0.9}) EXPECT_EQ(quantile(flat, table, u), d.quantile(u));
  EXPECT_EQ(mean(flat, table), d.mean());
  EXPECT_EQ(D::from_flat(flat, d.table()), d);
}

TEST(Distribution, DefaultIsZero) {
  const D d;
  EXPECT_EQ(d.quantile(0.5), 0);
  EXPECT_EQ(d.mean(), 0);
  EXPECT_EQ(d.text(), "0 s");
}

TEST(Deterministic, IsItsValue) {
  const D d = D::deterministic(48);
  EXPECT_EQ(d.quantile(0.3), 48);
  EXPECT_EQ(d.mean(), 48);
  EXPECT_EQ(d.variance(), 0);
  EXPECT_EQ(d.cdf(47.9), 0);
  EXPECT_EQ(d.cdf(48), 1);
  EXPECT_EQ(d.density(48), 1);
  EXPECT_EQ(d.residual(40, 0.5), 8);
  EXPECT_EQ(d.residual(50, 0.5), 0);
  EXPECT_EQ(d.shifted(2), D::deterministic(50));
}

TEST(Exponential, HasNoMemoryAtAnyAge) {
  const D d = D::exponential(10);
  for (const double age : {0.0, 1.0, 100.0, 1e6}) EXPECT_EQ(d.residual(age, 0.3), d.quantile(0.3));
}

TEST(Weibull, OfShapeOneIsExponential) {
  const D w = D::weibull(1, 10), e = D::exponential(10);
  for (const double u : {1e-12, 0.1, 0.5, 0.999}) EXPECT_DOUBLE_EQ(w.quantile(u), e.quantile(u));
}

TEST(Weibull, ResidualIsRightWhereSurvivalUnderflows) {
  // P(X > x) = exp(-x^2): at age 100 what is left is about E / 200.
  const double rest = D::weibull(2, 1).residual(100, 0.5), goal = std::log(2.0);
  EXPECT_NEAR(rest / (goal / (100 + std::sqrt(1e4 + goal))), 1, 1e-13);
}

TEST(Normal, ResidualIsRightWhereSurvivalUnderflows) {
  const double rest = D::normal(0, 1).residual(50, 0.5);
  EXPECT_NEAR(rest / 0.013855486862126694952, 1, 1e-13);  // computed with 60 digits
  EXPECT_GT(D::lognormal(0, 0.1).residual(1000, 0.5), 0);
}

TEST(Gamma, OfWholeShapeIsErlang) {
  EXPECT_EQ(D::erlang(4, 60), D::gamma(4, 15));
  EXPECT_DOUBLE_EQ(D::erlang(1, 60).quantile(0.3), D::exponential(60).quantile(0.3));
  EXPECT_NEAR(D::gamma(1, 2).residual(5000, 0.5), 2 * std::log(2.0), 1e-12);
}

TEST(Distribution, MeanAndCvFormsHaveThatMeanAndCv) {
  for (const double cv : {0.01, 0.3, 1.0, 2.5})
    for (const D& d : {D::gamma_mean_cv(20, cv), D::weibull_mean_cv(20, cv), D::lognormal_mean_cv(20, cv)}) {
      EXPECT_NEAR(d.mean(), 20, 1e-11) << d.text();
      EXPECT_NEAR(std::sqrt(d.variance()) / 20, cv, 1e-11 * (1 + cv) + 1e-13 / cv) << d.text();
    }
}

TEST(Empirical, InterpolatesBetweenOrderStatistics) {
  const D d = D::empirical({30, 10, 20});
  EXPECT_EQ(d.quantile(0.25), 15);
  EXPECT_EQ(d.quantile(0.5), 20);
  EXPECT_EQ(d.quantile(0.75), 25);
  EXPECT_EQ(d.min(), 10);
  EXPECT_EQ(d.max(), 30);
  EXPECT_EQ(d.cdf(9), 0);
  EXPECT_EQ(d.cdf(15), 0.25);
  EXPECT_EQ(d.cdf(30), 1);
  EXPECT_DOUBLE_EQ(d.mean(), 20);
  EXPECT_NEAR(d.variance(), 400.0 / 12, 1e-12);
}

TEST(Empirical, OfOneObservationIsThatValue) {
  const D d = D::empirical({7});
  EXPECT_EQ(d.quantile(0.1), 7);
  EXPECT_EQ(d.quantile(1), 7);
  EXPECT_EQ(d.cdf(6.9), 0);
  EXPECT_EQ(d.cdf(7), 1);
  EXPECT_EQ(d.residual(3, 0.5), 4);
  EXPECT_EQ(d.residual(8, 0.5), 0);
  EXPECT_EQ(d.variance(), 0);
}

TEST(Empirical, TiesAreMasses) {
  const D d = D::empirical({1, 2, 2, 2, 3});
  EXPECT_NEAR(d.cdf(1.999), 0.24975, 1e-15);
  EXPECT_EQ(d.cdf(2), 0.75);
  EXPECT_EQ(d.density(2), 0.5);
  EXPECT_EQ(d.quantile(0.3), 2);
  EXPECT_EQ(d.quantile(0.75), 2);
  EXPECT_EQ(d.residual(2, 0.5), 0.5);
  EXPECT_EQ(D::empirical({4, 4, 4}).quantile(0.9), 4);
  EXPECT_EQ(D::empirical({4, 4, 4}).mean(), 4);
  EXPECT_DOUBLE_EQ(d.truncated(2, 2.5).quantile(0.4), 2);  // mass 1/2 at 2, 1/8 above
  EXPECT_DOUBLE_EQ(d.truncated(2, 2.5).quantile(0.9), 2.25);
}

TEST(Discrete, NormalisesMergesAndDropsWeights) {
  const D d = D::discrete({3, 1, 2, 1, 9}, {2, 1, 4, 1, 0});
  EXPECT_EQ(d.table(), (std::vector<double>{1, 0.25, 2, 0.75, 3, 1}));
  EXPECT_EQ(d.quantile(0.25), 1);
  EXPECT_EQ(d.quantile(0.2500001), 2);
  EXPECT_EQ(d.quantile(1), 3);
  EXPECT_EQ(d.cdf(0.5), 0);
  EXPECT_EQ(d.cdf(2), 0.75);
  EXPECT_EQ(d.density(2), 0.5);
  EXPECT_EQ(d.density(2.5), 0);
  EXPECT_EQ(d.mean(), 2);
  EXPECT_EQ(d.variance(), 0.5);
  EXPECT_EQ(d.residual(1, 0.6), 1);
  EXPECT_EQ(d.residual(1, 0.7), 2);
  EXPECT_EQ(d.residual(3, 0.7), 0);
  EXPECT_EQ(d.truncated(2, 5), D::discrete({2, 3}, {2, 1}));
}

TEST(Discrete, ResidualNeverGivesAValueThatHasPassed) {
  const D d = D::discrete({1, 2, 3}, {0.1, 0.2, 0.7});
  for (const double u : {0.0, 1e-300, 1e-17, 0x1p-53}) EXPECT_EQ(d.residual(2, u), 1);
}

TEST(Geometric, CountsTrialsUpToTheFirstSuccess) {
  const D d = D::geometric(0.3, 60);
  double gone = 0;
  for (int k = 1; k < 40; ++k) {
    const double mass = 0.3 * std::pow(0.7, k - 1);
    EXPECT_NEAR(d.density(60.0 * k), mass, 1e-15);
    EXPECT_EQ(d.density(60.0 * k + 1), 0);
    EXPECT_NEAR(d.cdf(60.0 * k - 1), gone, 1e-15);
    EXPECT_EQ(d.quantile(gone + mass / 2), 60 * k);
    gone += mass;
    EXPECT_NEAR(d.cdf(60.0 * k), gone, 1e-15);
  }
  EXPECT_NEAR(d.mean(), 200, 1e-9);
  EXPECT_NEAR(d.variance(), 3600 * 0.7 / 0.09, 1e-6);
  EXPECT_EQ(d.min(), 60);
  EXPECT_EQ(d.max(), kInfinity);
  EXPECT_EQ(d.quantile(0), 60);
  EXPECT_EQ(d.scaled(2), D::geometric(0.3, 120));
  EXPECT_EQ(d.text(), "geometric(0.3, 60 s)");
  EXPECT_EQ(D::geometric(0.25).text(""), "geometric(0.25)");
  const D sure = D::geometric(1, 5);
  EXPECT_EQ(sure.quantile(0.99), 5);
  EXPECT_EQ(sure.max(), 5);
  EXPECT_EQ(sure.cdf(5), 1);
  EXPECT_EQ(sure.variance(), 0);
}

TEST(Geometric, ForgetsTheTrialsThatAreOver) {
  const D d = D::geometric(0.3, 0.1);
  for (int k = 0; k < 400; ++k) {
    const double age = 0.1 * k;
    EXPECT_NEAR(d.residual(age, 0.2), 0.1, 1e-9) << k << ": never 0, whatever the rounding of the age";
    EXPECT_NEAR(d.residual(age, 0.6), 0.3, 1e-9) << k;
    EXPECT_NEAR(d.residual(age + 0.04, 0.2), 0.06, 1e-9) << k;
  }
}

TEST(Geometric, OfWhatIsLeftAfterTruncation) {
  const D d = D::geometric(0.3, 2);
  const D late = d.truncated(5, kInfinity);
  EXPECT_EQ(late.min(), 6);
  EXPECT_NEAR(late.cdf(6), 0.3, 1e-12);
  const D both = d.truncated(4, 7);
  EXPECT_EQ(both.min(), 4);
  EXPECT_EQ(both.max(), 6);
  EXPECT_NEAR(both.cdf(4), 1 / 1.7, 1e-12);
  EXPECT_THROW((void)d.truncated(4.5, 5.5), InvalidArgument);
  EXPECT_THROW((void)D::geometric(1e-6).truncated(1, 1e6), InvalidArgument);
}

TEST(Truncated, OfTruncatedIsTheOverlap) {
  const D once = D::exponential(2).truncated(1, 3), twice = D::exponential(2).truncated(0.5, 3).truncated(1, 5);
  EXPECT_EQ(once, twice);
  EXPECT_EQ(D::exponential(2).truncated(-1, kInfinity), D::exponential(2));
  EXPECT_EQ(D::exponential(2).shifted(5).truncated(6, 8).min(), 6);
}

TEST(Distribution, OfUncertainScaleDrawsAsIfItWereKnown) {
  const Distribution known = Distribution::lognormal_mean_cv(1500, 0.1);
  const Distribution d = known.uncertain(0.5);
  EXPECT_EQ(d.flat().level_sd, 0.5);
  EXPECT_EQ(d.quantile(0.3), known.quantile(0.3));
  EXPECT_EQ(d.mean(), known.mean());
  EXPECT_EQ(d.text().substr(0, 20), "uncertain(lognormal(");
  EXPECT_EQ(d.scaled(2).flat().level_sd, 0.5);
  EXPECT_EQ(d.uncertain(0), known);
  EXPECT_THROW(static_cast<void>(known.uncertain(-0.1)), InvalidArgument);
}

TEST(Distribution, TextIsWhatAScenarioFileSays) {
  EXPECT_EQ(D::deterministic(48).text(), "48 s");
  EXPECT_EQ(D::deterministic(48).text(""), "48");
  EXPECT_EQ(D::uniform(2, 3).text(), "uniform(2 s, 3 s)");
  EXPECT_EQ(D::triangular(2, 3, 6).text("min"), "triangular(2 min, 3 min, 6 min)");
  EXPECT_EQ(D::exponential(48).text(), "exponential(48 s)");
  EXPECT_EQ(D::gamma_mean_cv(20, 0.5).text(), "gamma(mean 20 s, cv 0.5)");
  EXPECT_EQ(D::weibull(1.5, 20).text(), "weibull(shape 1.5, scale 20 s)");
  EXPECT_THAT(D::lognormal_mean_cv(720, 0.25).text(),
              testing::MatchesRegex("lognormal.mean 7[0-9.]+ s, cv 0.2[0-9]+."));
  EXPECT_EQ(D::normal(5, 2).truncated(1, 9).text(), "truncated(normal(mean 5 s, sd 2 s), 1 s, 9 s)");
  EXPECT_EQ(D::normal(5, 2).truncated(1, kInfinity).text(), "truncated(normal(mean 5 s, sd 2 s), 1 s, inf)");
  EXPECT_EQ(D::beta(2, 3, 1, 2).text(), "beta(a 2, b 3, low 1 s, high 2 s)");
  EXPECT_EQ(D::empirical({2, 1}).text(), "empirical(1 s, 2 s)");
  EXPECT_EQ(D::discrete({1, 2}, {0.25, 0.75}).text(), "discrete(1 s: 0.25, 2 s: 0.75)");
  EXPECT_EQ(D::exponential(2).shifted(5).text(), "shifted(5 s, exponential(2 s))");
}

std::string complaint(const std::function<void()>& f) {
  try {
    f();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Distribution, RefusesParametersNamingTheValueAndWhatIsAllowed) {
  EXPECT_EQ(complaint([] { (void)D::exponential(-1); }), "exponential: mean is -1; allowed: a finite number above 0");
  EXPECT_EQ(complaint([] { (void)D::uniform(3, 2); }), "uniform: high is 2; allowed: above low, 3");
  EXPECT_EQ(complaint([] { (void)D::triangular(1, 5, 3); }), "triangular: mode is 5; allowed: low to high, 1 to 3");
  EXPECT_EQ(complaint([] { (void)D::erlang(0, 3); }), "erlang: k is 0; allowed: a whole number from 1");
  EXPECT_EQ(complaint([] { (void)D::empirical({}); }), "empirical: there are 0 observations; allowed: 1 or more");
  EXPECT_EQ(complaint([] { (void)D::discrete({1}, {-2}); }),
            "discrete: a weight is -2; allowed: a finite number from 0");
  EXPECT_EQ(complaint([] { (void)D::exponential(2).truncated(-3, -1); }),
            "truncated: [-3, -1] has no probability; allowed: what overlaps exponential(2), 0 to inf");
  const std::function<void()> bad[] = {
      [] { (void)D::deterministic(math::kNaN); },
      [] { (void)D::uniform(0, kInfinity); },
      [] { (void)D::gamma(0, 1); },
      [] { (void)D::gamma(1, math::kNaN); },
      [] { (void)D::gamma_mean_cv(1, 1e5); },
      [] { (void)D::geometric(0, 1); },
      [] { (void)D::geometric(1.5, 1); },
      [] { (void)D::geometric(0.5, 0); },
      [] { (void)D::weibull(-1, 1); },
      [] { (void)D::weibull_mean_cv(1, 1e-9); },
      [] { (void)D::lognormal(0, 0); },
      [] { (void)D::lognormal_mean_cv(0, 1); },
      [] { (void)D::normal(0, -1); },
      [] { (void)D::beta(0, 1, 0, 1); },
      [] { (void)D::beta(1, 1, 1, 1); },
      [] { (void)D::empirical({math::kNaN}); },
      [] {
        (void)D::discrete({1, 2}, {1});
      },
      [] { (void)D::discrete({1}, {0}); },
      [] { (void)D::exponential(1).scaled(0); },
      [] { (void)D::exponential(1).shifted(kInfinity); },
      [] { (void)D::exponential(1).truncated(2, 1); },
  };
  for (const auto& f : bad) EXPECT_THROW(f(), InvalidArgument);
}

/// The same number on every compiler and machine.
TEST(Distribution, BitsOfDrawsAreTheRecordedOnes) {
  std::uint64_t hash = 0;
  const auto add = [&hash](double value) { hash = hash_combine(hash, std::bit_cast<std::uint64_t>(value)); };
  for (const Case& c : cases()) {
    const D& d = c.distribution;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const double u = draw_uniform(21, 22, i), x = d.quantile(u);
      add(x);
      add(d.residual(x, draw_uniform(21, 23, i)));
      add(d.cdf(x));
      add(d.density(x));
    }
    add(d.mean());
    add(d.variance());
  }
  EXPECT_EQ(hash, 0x50dea45b2131f22aULL) << std::hex << hash;
}

}  // namespace
}  // namespace twin
