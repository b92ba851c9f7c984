#include "twin/sync/fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "twin/base/error.hpp"
#include "twin/base/random.hpp"

namespace twin::sync {
namespace {

std::vector<double> sample(const Distribution& d, std::size_t n, std::uint64_t stream = 1) {
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(d.quantile(draw_uniform(draw_key(Seed{5}, 0), stream, i)));
  return out;
}

const Candidate& family(const std::vector<Candidate>& list, const std::string& name) {
  return *std::find_if(list.begin(), list.end(), [&](const Candidate& c) { return c.family == name; });
}

TEST(FitFamilies, ReportsTheLogLikelihoodOfTheDensity) {
  const auto x = sample(Distribution::gamma(3, 20), 200);
  for (const Candidate& c : fit_families(x)) {
    double sum = 0;
    for (const double v : x) sum += std::log(c.distribution.density(v));
    EXPECT_NEAR(c.log_likelihood, sum, 1e-5 * std::abs(sum)) << c.family;
    EXPECT_NEAR(c.aic, 2.0 * c.parameters - 2 * c.log_likelihood, 1e-9) << c.family;
  }
}

TEST(FitFamilies, FindsAMaximumOfTheLikelihood) {
  const auto x = sample(Distribution::weibull(1.7, 50), 300);
  const auto likelihood = [&](const Distribution& d) {
    double sum = 0;
    for (const double v : x) sum += std::log(d.density(v));
    return sum;
  };
  const auto list = fit_families(x);
  for (const char* name : {"gamma", "weibull"}) {
    const Candidate& c = family(list, name);
    const double shape = c.distribution.flat().p[0], scale = c.distribution.flat().p[1];
    const auto make = [&](double k, double s) {
      return std::string(name) == "gamma" ? Distribution::gamma(k, s) : Distribution::weibull(k, s);
    };
    for (const double f : {0.98, 1.02}) {
      EXPECT_LT(likelihood(make(shape * f, scale)), c.log_likelihood) << name;
      EXPECT_LT(likelihood(make(shape, scale * f)), c.log_likelihood) << name;
    }
  }
}

TEST(FitDuration, RecoversTheFamilyAndItsParametersFromManyDraws) {
  struct Case {
    const char* family;
    Distribution distribution;
  };
  for (const auto& [name, truth] :
       {Case{"gamma", Distribution::gamma(2, 30)}, Case{"weibull", Distribution::weibull(3, 100)},
        Case{"lognormal", Distribution::lognormal(4, 0.6)}, Case{"normal", Distribution::normal(100, 10)}}) {
    const Fit fit = fit_duration(sample(truth, 4000));
    EXPECT_EQ(fit.provenance.family, name);
    EXPECT_EQ(fit.provenance.method, "maximum likelihood");
    EXPECT_NEAR(fit.distribution.mean(), truth.mean(), 0.03 * truth.mean());
    EXPECT_NEAR(fit.distribution.variance(), truth.variance(), 0.1 * truth.variance());
    EXPECT_GT(fit.provenance.ks_p, 0.05);
  }
}

TEST(FitDuration, TakesTheDataItselfWhenNoFamilyFits) {
  std::vector<double> x;
  for (int i = 0; i < 40; ++i) x.push_back(i % 2 == 0 ? 50 + 0.1 * i : 500 + 0.1 * i);
  const Fit fit = fit_duration(x);
  EXPECT_EQ(fit.provenance.method, "empirical");
  EXPECT_EQ(fit.distribution.flat().family, Family::kEmpirical);
}

TEST(FitDuration, KeepsAFloorUnderDurationsThatAreAllEqual) {
  for (const std::size_t n : {1u, 2u, 30u}) {
    const Fit fit = fit_duration(std::vector<double>(n, 120.0));
    EXPECT_EQ(fit.provenance.method, "floor");
    EXPECT_NEAR(fit.distribution.mean(), 120, 0.01);
    EXPECT_NEAR(std::sqrt(fit.distribution.variance()), 0.12, 0.001);
  }
}

TEST(FitDuration, RefusesDurationsThatAreNotPositiveAndFinite) {
  for (const double bad :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW((void)fit_duration(std::vector<double>{1, bad}), InvalidArgument);
  }
  EXPECT_THROW((void)fit_duration({}), InvalidArgument);
}

TEST(KolmogorovSmirnov, AgreesWithTheDefinitionAndRejectsTheWrongMean) {
  const std::vector<double> x{0.1, 0.4, 0.7};
  EXPECT_NEAR(kolmogorov_smirnov(Distribution::uniform(0, 1), x).distance, 0.3, 1e-12);
  const auto many = sample(Distribution::exponential(10), 500);
  EXPECT_GT(kolmogorov_smirnov(Distribution::exponential(10), many).p, 0.05);
  EXPECT_LT(kolmogorov_smirnov(Distribution::exponential(13), many).p, 0.001);
}

TEST(UpdatePlan, IsThePlanItselfBeforeAnyObservation) {
  const Fit fit = update_plan({.median_s = 600, .cv = 0.5}, {});
  EXPECT_EQ(fit.provenance.method, "prior");
  EXPECT_NEAR(fit.distribution.quantile(0.5), 600, 1e-6);
  EXPECT_NEAR(std::sqrt(fit.distribution.variance()) / fit.distribution.mean(), 0.5, 1e-6);
}

TEST(UpdatePlan, MovesToTheDataAndGrowsSurerWithEachObservation) {
  const PlannedTime plan{.median_s = 600};
  double spread = std::sqrt(update_plan(plan, {}).distribution.variance()) / 600;
  std::vector<double> x;
  for (int n = 1; n <= 7; ++n) {
    x.push_back(1000 + 20 * (n % 3 - 1));
    const Fit fit = update_plan(plan, x);
    const double cv = std::sqrt(fit.distribution.variance()) / fit.distribution.mean();
    EXPECT_LT(cv, spread) << n;
    EXPECT_NEAR(fit.distribution.quantile(0.5), 1000, 60) << n;
    spread = cv;
  }
  EXPECT_LT(spread, 0.15);
}

TEST(UpdatePlan, CoversTheNextDurationAboutAsOftenAsItSays) {
  // Levels drawn from the plan, runs from each level: the 80 % interval after 3 runs meets the fourth 80 % of times.
  const PlannedTime plan{.median_s = 600, .cv = 0.5, .within_cv = 0.1};
  const double within = std::sqrt(std::log1p(0.01));
  const double between = std::sqrt(std::log1p(0.25) - std::log1p(0.01));
  int covered = 0;
  const int n = 2000;
  for (int i = 0; i < n; ++i) {
    const auto z = sample(Distribution::normal(0, 1), 5, 100 + static_cast<std::uint64_t>(i));
    const double level = std::log(600) + between * z[0];
    std::vector<double> x;
    for (int k = 1; k <= 3; ++k) x.push_back(std::exp(level + within * z[static_cast<std::size_t>(k)]));
    const double next = std::exp(level + within * z[4]);
    const Distribution d = update_plan(plan, x).distribution;
    covered += next >= d.quantile(0.1) && next <= d.quantile(0.9);
  }
  EXPECT_NEAR(static_cast<double>(covered) / n, 0.82, 0.06);
}

TEST(UpdatePlan, RefusesAPlanThatMakesNoSense) {
  EXPECT_THROW((void)update_plan({.median_s = 0}, {}), InvalidArgument);
  EXPECT_THROW((void)update_plan({.median_s = 10, .cv = 0.1, .within_cv = 0.1}, {}), InvalidArgument);
  EXPECT_THROW((void)update_plan({.median_s = 10}, std::vector<double>{-1}), InvalidArgument);
}

TEST(LearnDuration, ChangesFromThePlanToTheDataAtEnoughObservations) {
  const auto x = sample(Distribution::lognormal_mean_cv(100, 0.1), 8);
  const std::span<const double> all(x);
  EXPECT_EQ(learn_duration({.median_s = 90}, all.first(7)).provenance.method, "posterior");
  EXPECT_EQ(learn_duration({.median_s = 90}, all).provenance.method, "maximum likelihood");
  EXPECT_EQ(learn_duration({.median_s = 90}, all, {}, {1, 2}).provenance.last, 2);
}

}  // namespace
}  // namespace twin::sync
