#include "twin/base/math.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "twin/base/hash.hpp"
#include "twin/base/random.hpp"

namespace twin {
namespace {

using Long = long double;

/// Distance of `got` from `wanted` in units in the last place of the latter.
double ulps(double got, Long wanted) {
  int exponent = 0;
  std::frexp(static_cast<double>(wanted), &exponent);
  return static_cast<double>(std::fabs(static_cast<Long>(got) - wanted) /
                             std::ldexp(static_cast<Long>(1), std::max(exponent - 53, -1074)));
}

double relative(double got, Long wanted) {
  if (wanted == 0) return got == 0 ? 0 : math::kInfinity;
  return static_cast<double>(std::fabs((static_cast<Long>(got) - wanted) / wanted));
}

/// The i-th of reproducible uniform numbers in (low, high).
double at(std::uint64_t i, double low, double high) { return low + (high - low) * draw_uniform(1, 2, i); }

constexpr std::uint64_t kMany = 200'000;

TEST(Math, LogIsWithin52HundredthsOfAnUlp) {
  double worst = 0;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const double wide = std::exp(at(i, -708, 709)), near_one = at(i, 0.5, 2);
    worst = std::max({worst, ulps(math::log(wide), std::log(static_cast<Long>(wide))),
                      ulps(math::log(near_one), std::log(static_cast<Long>(near_one)))});
  }
  EXPECT_LT(worst, 0.52);
}

TEST(Math, ExpIsWithin52HundredthsOfAnUlpWhereResultsAreNormal) {
  double worst = 0;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const double x = at(i, -689, 709.7);
    worst = std::max(worst, ulps(math::exp(x), std::exp(static_cast<Long>(x))));
  }
  EXPECT_LT(worst, 0.52);
  for (double x = -745; x < -689; x += 0.37) EXPECT_LE(ulps(math::exp(x), std::exp(static_cast<Long>(x))), 1.01) << x;
}

TEST(Math, PowIsWithinAnUlp) {
  double worst = 0;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const double x = std::exp(at(2 * i, -30, 30)), y = at(2 * i + 1, -20, 20);
    const double near_one = at(2 * i, 0.9, 1.1), large = at(2 * i + 1, -2000, 2000);
    worst =
        std::max({worst, ulps(math::pow(x, y), std::pow(static_cast<Long>(x), static_cast<Long>(y))),
                  ulps(math::pow(near_one, large), std::pow(static_cast<Long>(near_one), static_cast<Long>(large)))});
  }
  EXPECT_LT(worst, 1);
}

TEST(Math, LogComplementLog1pAndExpm1LoseNothingNearZero) {
  double complement = 0, log1p = 0, expm1 = 0;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const double tiny = std::exp(at(i, -45, 0)), u = at(i, 0, 1), signed_tiny = i % 2 == 0 ? tiny : -tiny;
    complement = std::max({complement, ulps(math::log_complement(u), std::log1p(-static_cast<Long>(u))),
                           ulps(math::log_complement(tiny), std::log1p(-static_cast<Long>(tiny)))});
    log1p = std::max(log1p, ulps(math::log1p(signed_tiny), std::log1p(static_cast<Long>(signed_tiny))));
    expm1 = std::max(expm1, ulps(math::expm1(signed_tiny), std::expm1(static_cast<Long>(signed_tiny))));
  }
  EXPECT_LT(complement, 1.5);
  EXPECT_LT(log1p, 1.5);
  EXPECT_LT(expm1, 3);
}

TEST(Math, ElementaryFunctionsAgreeWithTheStandardAtTheEdges) {
  const double edges[] = {0.0,   5e-324, 1e-310, 2.2250738585072014e-308, 0.5, 1.0, 2.0, 700.0,
                          709.5, 709.79, 1e308,  math::kInfinity};
  for (const double x : edges) {
    EXPECT_DOUBLE_EQ(math::log(x), std::log(x)) << x;
    EXPECT_DOUBLE_EQ(math::exp(x), std::exp(x)) << x;
    EXPECT_DOUBLE_EQ(math::exp(-x), std::exp(-x)) << x;
    EXPECT_DOUBLE_EQ(math::log1p(x), std::log1p(x)) << x;
    EXPECT_DOUBLE_EQ(math::expm1(x), std::expm1(x)) << x;
    EXPECT_DOUBLE_EQ(math::expm1(-x), std::expm1(-x)) << x;
    for (const double y : {0.0, 0.5, 1.0, 3.0, -0.5, -2.0, 1e300, -1e300, math::kInfinity, -math::kInfinity})
      EXPECT_DOUBLE_EQ(math::pow(x, y), std::pow(x, y)) << x << "^" << y;
  }
  EXPECT_TRUE(std::isnan(math::log(-1)));
  EXPECT_TRUE(std::isnan(math::log(math::kNaN)));
  EXPECT_TRUE(std::isnan(math::exp(math::kNaN)));
  EXPECT_TRUE(std::isnan(math::pow(-1, 2)));
  EXPECT_TRUE(std::isnan(math::log1p(-1.5)));
  EXPECT_EQ(math::log1p(-1), -math::kInfinity);
  EXPECT_EQ(math::log_complement(1), -math::kInfinity);
  EXPECT_EQ(math::log(1), 0);
  EXPECT_EQ(math::exp(0), 1);
}

TEST(Math, LgammaIsRightEverywhereAlsoAtItsZeros) {
  double worst = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    for (const double x : {std::exp(at(i, -20, 20)), at(i, 0.99, 1.01), at(i, 1.99, 2.01), at(i, 0.1, 12)})
      worst = std::max(worst, relative(math::lgamma(x), boost::math::lgamma(static_cast<Long>(x))));
  }
  EXPECT_LT(worst, 2e-15);
  EXPECT_EQ(math::lgamma(1), 0);
  EXPECT_EQ(math::lgamma(2), 0);
  EXPECT_DOUBLE_EQ(math::lgamma(0.5), 0.57236494292470008707);  // log sqrt(pi)
  EXPECT_DOUBLE_EQ(math::lgamma(11), 15.10441257307551529523);  // log 10!
  EXPECT_EQ(math::lgamma(0), math::kInfinity);
  EXPECT_TRUE(std::isnan(math::lgamma(-1)));
}

TEST(Math, LbetaKeepsItsDigitsWhenTheArgumentsDifferGreatly) {
  for (const double a : {0.3, 1.0, 4.5, 12.0, 300.0})
    for (const double b : {0.2, 2.0, 15.0, 1e4, 1e6}) {
      const Long wanted = std::lgamma(static_cast<Long>(a)) + std::lgamma(static_cast<Long>(b)) -
                          std::lgamma(static_cast<Long>(a) + static_cast<Long>(b));
      EXPECT_NEAR(math::lbeta(a, b), static_cast<double>(wanted), 1e-13 * std::max(1.0, std::fabs(math::lbeta(a, b))));
    }
}

TEST(Math, ErrorFunctionsAndNormalKeepRelativeAccuracyInTheTail) {
  double erfc = 0, erf = 0, cdf = 0, quantile = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const double x = at(i, -3, 26), z = at(i, -37, 5), p = i % 2 == 0 ? at(i, 0, 1) : std::exp(at(i, -700, 0));
    erfc = std::max(erfc, relative(math::erfc(x), boost::math::erfc(static_cast<Long>(x))));
    erf = std::max(erf, relative(math::erf(x / 5), boost::math::erf(static_cast<Long>(x / 5))));
    cdf = std::max(cdf, relative(math::normal_cdf(z), boost::math::erfc(-z / std::sqrt(static_cast<Long>(2))) / 2));
    const Long wanted = -std::sqrt(static_cast<Long>(2)) * boost::math::erfc_inv(2 * static_cast<Long>(p));
    quantile = std::max(quantile, relative(math::normal_quantile(p), wanted));
  }
  EXPECT_LT(erfc, 2e-15);
  EXPECT_LT(erf, 2e-15);
  EXPECT_LT(cdf, 2e-15);
  EXPECT_LT(quantile, 3e-15);
}

TEST(Math, NormalQuantileReproducesWichurasTestValues) {
  EXPECT_NEAR(math::normal_quantile(0.25), -0.6744897501960817, 1e-15);
  EXPECT_NEAR(math::normal_quantile(0.001), -3.090232306167814, 1e-14);
  EXPECT_NEAR(math::normal_quantile(1e-20), -9.262340089798408, 1e-14);
  EXPECT_EQ(math::normal_quantile(0.5), 0);
  EXPECT_EQ(math::normal_quantile(0), -math::kInfinity);
  EXPECT_EQ(math::normal_quantile(1), math::kInfinity);
  EXPECT_TRUE(std::isnan(math::normal_quantile(1.5)));
}

TEST(Math, IncompleteGammaAgreesWithBoostInBothTails) {
  double p = 0, q = 0, p_inverse = 0, q_inverse = 0;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    const double a = std::exp(at(3 * i, -4, 8));
    const double x = a * std::exp(at(3 * i + 1, -2, 2) * std::min(1.0, 3 / std::sqrt(a)));
    const Long wanted_p = boost::math::gamma_p(static_cast<Long>(a), static_cast<Long>(x));
    const Long wanted_q = boost::math::gamma_q(static_cast<Long>(a), static_cast<Long>(x));
    if (wanted_p > 1e-290) p = std::max(p, relative(math::gamma_p(a, x), wanted_p));
    if (wanted_q > 1e-290) q = std::max(q, relative(math::gamma_q(a, x), wanted_q));
    const double u = i % 2 == 0 ? at(3 * i + 2, 0, 1) : std::exp(at(3 * i + 2, -30, 0));
    const Long x_p = boost::math::gamma_p_inv(static_cast<Long>(a), static_cast<Long>(u));
    const Long x_q = boost::math::gamma_q_inv(static_cast<Long>(a), static_cast<Long>(u));
    if (x_p > 1e-290) p_inverse = std::max(p_inverse, relative(math::gamma_p_inverse(a, u), x_p));
    if (x_q > 1e-290) q_inverse = std::max(q_inverse, relative(math::gamma_q_inverse(a, u), x_q));
  }
  EXPECT_LT(p, 1e-13);
  EXPECT_LT(q, 1e-13);
  EXPECT_LT(p_inverse, 2e-13);
  EXPECT_LT(q_inverse, 2e-13);
}

TEST(Math, IncompleteGammaOfWholeShapeIsThePoissonSum) {
  for (const double x : {0.1, 1.0, 3.0, 10.0, 40.0}) {
    double term = std::exp(-x), sum = 0;
    for (int k = 1; k <= 5; ++k) {
      sum += term;
      term *= x / k;
      EXPECT_NEAR(math::gamma_q(k, x) / sum, 1, 1e-14) << k << " " << x;
    }
  }
}

TEST(Math, IncompleteBetaAgreesWithBoostAndInverts) {
  double value = 0, inverse = 0;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    const double a = std::exp(at(4 * i, -3, 6)), b = std::exp(at(4 * i + 1, -3, 6));
    const double near_mean = a / (a + b) * std::exp(at(4 * i + 2, -1, 1) / std::sqrt(a + 1));
    const double x = i % 2 == 0 ? at(4 * i + 2, 0, 1) : std::clamp(near_mean, 1e-9, 0.999);
    const Long wanted = boost::math::ibeta(static_cast<Long>(a), static_cast<Long>(b), static_cast<Long>(x));
    if (wanted > 1e-200) value = std::max(value, relative(math::beta_i(a, b, x), wanted));
    const double p = at(4 * i + 3, 0, 1);
    const Long root = boost::math::ibeta_inv(static_cast<Long>(a), static_cast<Long>(b), static_cast<Long>(p));
    if (root > 1e-290) inverse = std::max(inverse, relative(math::beta_i_inverse(a, b, p), root));
  }
  EXPECT_LT(value, 1e-12);
  EXPECT_LT(inverse, 1e-12);
  EXPECT_DOUBLE_EQ(math::beta_i(2, 3, 0.4), 0.5248);  // 6x^2 - 8x^3 + 3x^4
}

TEST(Math, ResidualsInvertSurvivalRatiosHoweverDeepInTheTail) {
  for (const double u : {1e-9, 0.01, 0.5, 0.9, 0.999999})
    for (const double a : {-40.0, -3.0, 0.0, 0.99, 1.0, 3.0, 12.0, 37.0, 100.0, 1e5}) {
      const double d = math::normal_residual(a, u);
      EXPECT_GT(d, 0);
      const double rounding_of_the_sum = 2e-16 * a * a;  // times the hazard, which is about a
      EXPECT_NEAR(math::normal_survival_ratio(a, a + d), 1 - u, 1e-12 + rounding_of_the_sum) << a << " " << u;
      for (const double shape : {0.3, 1.0, 2.0, 8.0, 50.0}) {
        const double x = std::fabs(a), rest = math::gamma_residual(shape, x, u);
        EXPECT_GE(rest, 0);
        EXPECT_NEAR(math::gamma_survival_ratio(shape, x, x + rest), 1 - u, 1e-10) << shape << " " << x << " " << u;
      }
    }
}

/// Bits of everything a simulation draws with, at fixed arguments: the same number on every compiler and machine.
TEST(Math, BitsAreTheRecordedOnes) {
  std::uint64_t hash = 0;
  const auto add = [&hash](double value) { hash = hash_combine(hash, std::bit_cast<std::uint64_t>(value)); };
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    const double u = draw_uniform(3, 4, i), x = 20 * u, a = math::exp(6 * draw_uniform(5, 6, i) - 2);
    for (const double value :
         {math::log(x), math::exp(x - 10), math::pow(x, a), math::log1p(u), math::expm1(u - 0.5),
          math::log_complement(u), math::lgamma(x), math::erfc(x - 5), math::normal_cdf(x - 10),
          math::normal_quantile(u), math::gamma_p(a, x), math::gamma_p_inverse(a, u), math::beta_i(a, 2.5, u),
          math::beta_i_inverse(a, 2.5, u), math::normal_residual(x - 5, u), math::gamma_residual(a, x, u)})
      add(value);
  }
  EXPECT_EQ(hash, 0x4940e42b9a7eb007ULL) << std::hex << hash;
}

}  // namespace
}  // namespace twin
