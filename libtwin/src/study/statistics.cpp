#include "twin/study/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "twin/base/error.hpp"

namespace twin::study {
namespace {
constexpr double kNoData = std::numeric_limits<double>::quiet_NaN();
}

double mean(std::span<const double> sample) noexcept {
  if (sample.empty()) return kNoData;
  // Around the first value, so that a large common part (a date) does not cost digits.
  const double origin = sample.front();
  double sum = 0;
  for (const double x : sample) sum += x - origin;
  return origin + sum / static_cast<double>(sample.size());
}

double variance(std::span<const double> sample) noexcept {
  if (sample.size() < 2) return kNoData;
  const double center = mean(sample);
  double squares = 0;
  for (const double x : sample) squares += (x - center) * (x - center);
  return squares / static_cast<double>(sample.size() - 1);
}

double student_t(double confidence, double degrees_of_freedom) {
  if (!(confidence > 0 && confidence < 1)) {
    throw InvalidArgument("confidence: " + std::to_string(confidence) +
                          " is no confidence; allowed: 0 to 1, both apart");
  }
  if (!(degrees_of_freedom >= 1)) {
    throw InvalidArgument("degrees_of_freedom: " + std::to_string(degrees_of_freedom) + "; allowed: at least 1");
  }
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), 0.5 + confidence / 2);
}

Estimate estimate(std::span<const double> sample, double confidence) {
  std::vector<double> data;
  data.reserve(sample.size());
  std::copy_if(sample.begin(), sample.end(), std::back_inserter(data), [](double x) { return std::isfinite(x); });
  Estimate out{mean(data), kNoData, static_cast<std::int64_t>(data.size())};
  if (data.size() < 2) return out;
  const double n = static_cast<double>(data.size());
  out.half_width = student_t(confidence, n - 1) * std::sqrt(variance(data) / n);
  return out;
}

double quantile(std::span<const double> ascending, double p) noexcept {
  if (ascending.empty()) return kNoData;
  const double at = std::clamp(p, 0.0, 1.0) * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= ascending.size()) return ascending.back();
  const double low = ascending[below], high = ascending[below + 1], part = at - static_cast<double>(below);
  // Infinite values (never) would give NaN by interpolation with a weight of 0.
  return part == 0 || low == high ? low : low + part * (high - low);
}

double correlation(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) {
    throw InvalidArgument("correlation: samples of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) +
                          " values; allowed: equal lengths");
  }
  const double mean_a = mean(a), mean_b = mean(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : kNoData;
}

double crps(std::span<const double> ascending, double observed) noexcept {
  if (ascending.empty()) return kNoData;
  const double n = static_cast<double>(ascending.size());
  double error = 0, spread = 0;
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    error += std::abs(ascending[i] - observed);
    // Sum over ordered pairs of |x_i - x_j| is 2 * sum (2 i + 1 - n) x_i, of which the score takes a quarter over n^2.
    spread += (2 * static_cast<double>(i) + 1 - n) * (ascending[i] - observed);
  }
  return error / n - spread / (n * n);
}

}  // namespace twin::study
