/// Probability distributions of one nonnegative or real quantity, as plain data, drawn by monotone inversion.
///
/// A `FlatDistribution` is a small struct without pointers; empirical and discrete values stand in a table beside it,
/// so that a plant's `Parameters` are two flat arrays. `Distribution` is the same thing holding its own table: what
/// users make, fit and print. Numbers are plain doubles; for times they are seconds.
///
/// Everything here gives the same bits on every IEEE machine: it uses the functions of twin/base/math.hpp only.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "twin/base/math.hpp"

namespace twin {

/// Closed family of distributions. Values are part of saved states and never change.
enum class Family : std::uint8_t {
  kDeterministic = 0,  ///< value
  kUniform = 1,        ///< low, high
  kTriangular = 2,     ///< low, mode, high
  kExponential = 3,    ///< mean
  kGamma = 4,          ///< shape, scale; Erlang(k) is shape k
  kWeibull = 5,        ///< shape, scale
  kLognormal = 6,      ///< mu, sigma of the logarithm
  kNormal = 7,         ///< mean, sd; usually truncated
  kBeta = 8,           ///< a, b on [low, high]
  kEmpirical = 9,      ///< table of sorted observations x_0 .. x_{n-1}; see Distribution::empirical
  kDiscrete = 10,      ///< table of (value, cumulative probability) pairs, values ascending, the last one 1
  kGeometric = 11,     ///< probability, unit: trials up to the first success, each as long as the unit
};

/// One distribution without pointers; `X = shift + Y`, with Y of the family, truncated to [low, high] if asked.
struct FlatDistribution {
  Family family = Family::kDeterministic;
  bool truncated = false;         ///< Y is conditioned on lower <= Y <= upper
  std::uint32_t table_first = 0;  ///< into the table, in doubles
  std::uint32_t table_count = 0;  ///< doubles of this distribution in the table
  double shift = 0;
  double lower = 0, upper = 0;          ///< truncation bounds of Y
  double lower_cdf = 0, upper_cdf = 1;  ///< P(Y < lower) and P(Y <= upper) of the untruncated Y
  double level_sd = 0;         ///< how uncertain its scale is: see Distribution::uncertain; not part of a single draw
  double p[4] = {0, 0, 0, 0};  ///< parameters in the order given at Family
  friend bool operator==(const FlatDistribution&, const FlatDistribution&) = default;
};

/// Density (for discrete and deterministic parts: probability mass) at x.
[[nodiscard]] double density(const FlatDistribution& d, std::span<const double> table, double x) noexcept;
/// P(X <= x).
[[nodiscard]] double cdf(const FlatDistribution& d, std::span<const double> table, double x) noexcept;
namespace detail {
[[nodiscard]] double quantile_of_any(const FlatDistribution& d, std::span<const double> table, double u) noexcept;
}

/// Smallest x with P(X <= x) >= u, for 0 < u < 1; u outside is clamped, so that 0 gives the least and 1 the greatest
/// value. One call draws one variate, monotone in u up to rounding.
/// \note Cost: 5 to 20 ns for most families, about a microsecond for gamma and beta, which iterate.
[[nodiscard]] inline double quantile(const FlatDistribution& d, std::span<const double> table, double u) noexcept {
  u = std::min(std::max(u, 0.0), 1.0);
  if (d.family == Family::kExponential && !d.truncated) [[likely]]
    return d.shift - d.p[0] * math::log_complement(u);
  if (d.family == Family::kDeterministic) return d.shift + d.p[0];
  if (d.truncated) [[unlikely]]
    return detail::quantile_of_any(d, table, u);
  if (d.family == Family::kUniform) return d.shift + d.p[0] + (d.p[1] - d.p[0]) * u;
  if (d.family == Family::kLognormal) return d.shift + math::exp(d.p[0] + d.p[1] * math::normal_quantile(u));
  if (d.family == Family::kWeibull) return d.shift + d.p[1] * math::pow(-math::log_complement(u), 1 / d.p[0]);
  return detail::quantile_of_any(d, table, u);
}

/// Quantile of X - age given X > age, for age >= 0: what is left of something that has lasted `age`. 0 where X > age is
/// impossible (the thing is overdue). Survival functions keep it right where P(X > age) is far too small for a double.
[[nodiscard]] double residual(const FlatDistribution& d, std::span<const double> table, double age, double u) noexcept;
[[nodiscard]] double mean(const FlatDistribution& d, std::span<const double> table) noexcept;
[[nodiscard]] double variance(const FlatDistribution& d, std::span<const double> table) noexcept;

/// A distribution that owns its table. A value: copy, compare, print.
class Distribution {
 public:
  Distribution() = default;  ///< always 0

  // Each throws InvalidArgument naming the parameter, its value and the allowed range.
  [[nodiscard]] static Distribution deterministic(double value);
  [[nodiscard]] static Distribution uniform(double low, double high);
  [[nodiscard]] static Distribution triangular(double low, double mode, double high);
  [[nodiscard]] static Distribution exponential(double mean);
  [[nodiscard]] static Distribution gamma(double shape, double scale);
  [[nodiscard]] static Distribution erlang(int k, double mean);  ///< k phases, mean of the whole
  [[nodiscard]] static Distribution gamma_mean_cv(double mean, double cv);
  [[nodiscard]] static Distribution weibull(double shape, double scale);
  [[nodiscard]] static Distribution weibull_mean_cv(double mean, double cv);
  [[nodiscard]] static Distribution lognormal(double mu, double sigma);
  [[nodiscard]] static Distribution lognormal_mean_cv(double mean, double cv);
  [[nodiscard]] static Distribution normal(double mean, double sd);
  [[nodiscard]] static Distribution beta(double a, double b, double low, double high);
  /// What was observed, smoothed a little: between sorted observations x_0 .. x_{n-1} the cdf runs straight from
  /// (x_i, i / (n-1)) to (x_{i+1}, (i+1) / (n-1)). So the quantile at u lies at rank u (n-1), and nothing outside
  /// x_0 .. x_{n-1} comes. A value observed k times has mass (k-1) / (n-1); a single observation is certain. The mean
  /// is that of this cdf, in which the two outermost observations weigh half: it differs a little from the average.
  [[nodiscard]] static Distribution empirical(std::vector<double> observations);
  /// Weights need not sum to 1; equal values are merged, values of weight 0 dropped.
  [[nodiscard]] static Distribution discrete(std::vector<double> values, std::vector<double> weights);

  /// Trials up to and with the first success, each of which succeeds with this probability: unit, 2 unit, 3 unit, ...
  [[nodiscard]] static Distribution geometric(double probability, double unit = 1);

  [[nodiscard]] Distribution shifted(double by) const;
  /// Conditioned on lower <= X <= upper (either may be infinite); throws where that has no probability.
  [[nodiscard]] Distribution truncated(double lower, double upper) const;
  /// The same with a scale that is not known: in each replication all its values are multiplied by one factor, whose
  /// logarithm is normal with mean 0 and this deviation. What a plan that may be wrong as a whole is, where independent
  /// draws would average out. Density, cdf, quantile, residual, mean and variance are those for a factor of 1.
  [[nodiscard]] Distribution uncertain(double sigma) const;
  /// All values multiplied by a positive factor (a unit, a speed).
  [[nodiscard]] Distribution scaled(double factor) const;

  [[nodiscard]] double density(double x) const noexcept { return twin::density(flat_, table_, x); }
  [[nodiscard]] double cdf(double x) const noexcept { return twin::cdf(flat_, table_, x); }
  [[nodiscard]] double quantile(double u) const noexcept { return twin::quantile(flat_, table_, u); }
  [[nodiscard]] double residual(double age, double u) const noexcept { return twin::residual(flat_, table_, age, u); }
  [[nodiscard]] double mean() const noexcept { return twin::mean(flat_, table_); }
  [[nodiscard]] double variance() const noexcept { return twin::variance(flat_, table_); }
  /// Smallest and largest possible value (infinite where unbounded).
  [[nodiscard]] double min() const noexcept;
  [[nodiscard]] double max() const noexcept;

  /// `lognormal(mean 720 s, cv 0.3)`: reads back as the same distribution up to rounding of the last digit.
  /// A value that is certain is `48 s`; an infinite bound is `inf`.
  /// \param unit  appended to every number that has the unit of X; empty for a bare number
  [[nodiscard]] std::string text(const std::string& unit = "s") const;

  [[nodiscard]] const FlatDistribution& flat() const noexcept { return flat_; }
  [[nodiscard]] const std::vector<double>& table() const noexcept { return table_; }
  /// Puts together what `flat()` and `table()` gave apart: `table` holds this distribution's numbers only.
  [[nodiscard]] static Distribution from_flat(const FlatDistribution& flat, std::span<const double> table);
  friend bool operator==(const Distribution&, const Distribution&) = default;

 private:
  FlatDistribution flat_;
  std::vector<double> table_;
};

/// Name of a family as in scenario files: `exponential`.
[[nodiscard]] const char* family_name(Family family) noexcept;

}  // namespace twin
