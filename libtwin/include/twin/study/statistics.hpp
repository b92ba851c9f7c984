/// Statistics of replications: means with their intervals, empirical quantiles, scores of forecasts.
#pragma once
#include <cstdint>
#include <span>

namespace twin::study {

/// A mean over replications and the half-width of its confidence interval, 95 % unless said otherwise.
struct Estimate {
  double mean = 0;
  double half_width = 0;  ///< NaN when `n` is below 2
  std::int64_t n = 0;     ///< replications that had data
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

/// NaN of an empty sample.
[[nodiscard]] double mean(std::span<const double> sample) noexcept;
/// Unbiased, divided by n - 1; NaN of fewer than two values.
[[nodiscard]] double variance(std::span<const double> sample) noexcept;
/// Two-sided quantile of Student's t: P(|T| <= t) = confidence.
/// \throws InvalidArgument  confidence outside (0, 1), or fewer than one degree of freedom
[[nodiscard]] double student_t(double confidence, double degrees_of_freedom);

/// Mean and Student interval of independent values. Values that are not finite have no data and are left out.
/// Source: A. M. Law, Simulation Modeling and Analysis, ch. 9.
[[nodiscard]] Estimate estimate(std::span<const double> sample, double confidence = 0.95);

/// Empirical quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, the default
/// of NumPy and R). NaN of an empty sample.
/// \param ascending  sorted, without NaN
/// \param p          in [0, 1]; clamped
[[nodiscard]] double quantile(std::span<const double> ascending, double p) noexcept;

/// Correlation of two samples of equal length; NaN when one of them does not vary.
/// \throws InvalidArgument  unequal lengths
[[nodiscard]] double correlation(std::span<const double> a, std::span<const double> b);

/// Continuous ranked probability score of an ensemble forecast: E|X - y| - E|X - X'| / 2, in the unit of X; smaller is
/// better, and of a single value it is the absolute error. NaN of an empty sample.
/// \param ascending  sorted, finite
/// Source: T. Gneiting, A. Raftery, Strictly proper scoring rules, JASA 102 (2007).
[[nodiscard]] double crps(std::span<const double> ascending, double observed) noexcept;

}  // namespace twin::study
