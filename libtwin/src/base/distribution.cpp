#include "twin/base/distribution.hpp"

#include <fmt/format.h>
#include <cmath>
#include <numeric>

#include "twin/base/error.hpp"

namespace twin {
namespace {

using math::kInfinity;
using Flat = FlatDistribution;
using Table = std::span<const double>;

Table part(const Flat& d, Table table) noexcept { return table.subspan(d.table_first, d.table_count); }

// ---- the untruncated, unshifted Y of each family -------------------------------------------------------------------

/// Number of observations <= y in sorted `x`.
std::size_t count_up_to(Table x, double y) noexcept {
  return static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), y) - x.begin());
}

double empirical_cdf(Table x, double y) noexcept {
  const std::size_t n = x.size(), below = count_up_to(x, y);
  if (below == 0) return 0;
  if (below == n) return 1;
  const double a = x[below - 1], b = x[below];
  return (static_cast<double>(below - 1) + (y - a) / (b - a)) / static_cast<double>(n - 1);
}

/// P(Y < y): what cdf gives but for the mass at y.
double empirical_cdf_before(Table x, double y) noexcept {
  const auto first = std::lower_bound(x.begin(), x.end(), y);
  if (first == x.end()) return 1;
  if (*first != y || first == x.begin()) return *first != y ? empirical_cdf(x, y) : 0;
  return static_cast<double>(first - x.begin()) / static_cast<double>(x.size() - 1);
}

double empirical_quantile(Table x, double u) noexcept {
  const std::size_t n = x.size();
  const double rank = u * static_cast<double>(n - 1);
  const auto i = static_cast<std::size_t>(rank);
  if (i + 1 >= n) return x[n - 1];
  return x[i] + (rank - static_cast<double>(i)) * (x[i + 1] - x[i]);
}

double empirical_density(Table x, double y) noexcept {
  const std::size_t n = x.size(), below = count_up_to(x, y);
  if (below == 0 || (below == n && x[n - 1] != y)) return 0;
  if (n == 1) return 1;
  const auto same =
      static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), y) - std::lower_bound(x.begin(), x.end(), y));
  const auto cells = static_cast<double>(n - 1);
  if (same > 1) return static_cast<double>(same - 1) / cells;
  const std::size_t i = below == n ? n - 1 : below;
  return 1 / (cells * (x[i] - x[i - 1]));
}

/// Index of the pair in force at y, or -1 before the first.
std::ptrdiff_t discrete_index(Table pairs, double y) noexcept {
  std::ptrdiff_t low = 0, high = static_cast<std::ptrdiff_t>(pairs.size() / 2);
  while (low < high) {
    const std::ptrdiff_t middle = (low + high) / 2;
    if (pairs[static_cast<std::size_t>(2 * middle)] <= y)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

double discrete_mass(Table pairs, std::size_t i) noexcept {
  return pairs[2 * i + 1] - (i == 0 ? 0.0 : pairs[2 * i - 1]);
}

double discrete_quantile(Table pairs, double u) noexcept {
  std::size_t low = 0, high = pairs.size() / 2 - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (pairs[2 * middle + 1] < u)
      low = middle + 1;
    else
      high = middle;
  }
  return pairs[2 * low];
}

double triangular_cdf(const double* p, double y) noexcept {
  const double low = p[0], mode = p[1], high = p[2];
  if (y <= low) return 0;
  if (y >= high) return 1;
  if (y < mode) return (y - low) / (high - low) * ((y - low) / (mode - low));
  return 1 - (high - y) / (high - low) * ((high - y) / (high - mode));
}

double triangular_quantile(const double* p, double u) noexcept {
  const double low = p[0], mode = p[1], high = p[2];
  const double below = (mode - low) / (high - low);
  return u < below ? low + std::sqrt(u * (high - low) * (mode - low))
                   : high - std::sqrt((1 - u) * (high - low) * (high - mode));
}

double standard(const Flat& d, double y) noexcept {  // of a lognormal: the normal score
  return y > 0 ? (math::log(y) - d.p[0]) / d.p[1] : -kInfinity;
}

double weibull_hazard(const Flat& d, double y) noexcept { return y > 0 ? math::pow(y / d.p[1], d.p[0]) : 0; }

double beta_x(const Flat& d, double y) noexcept { return (y - d.p[2]) / (d.p[3] - d.p[2]); }

/// Trials that are over at `y`. What was computed from whole trials may lie a hair below them.
double trials_at(const Flat& d, double y) noexcept { return y > 0 ? std::floor(y / d.p[1] * (1 + 1e-12)) : 0; }
/// log(1 - probability): of a failed trial.
double log_failure(const Flat& d) noexcept { return d.p[0] < 1 ? math::log1p(-d.p[0]) : -kInfinity; }
double geometric_trials(const Flat& d, double u) noexcept {
  if (d.p[0] >= 1) return 1;
  return std::max(1.0, std::ceil(math::log_complement(u) / log_failure(d)));
}

double plain_cdf(const Flat& d, Table table, double y) noexcept {
  switch (d.family) {
    case Family::kDeterministic:
      return y >= d.p[0] ? 1 : 0;
    case Family::kUniform:
      return std::clamp((y - d.p[0]) / (d.p[1] - d.p[0]), 0.0, 1.0);
    case Family::kTriangular:
      return triangular_cdf(d.p, y);
    case Family::kExponential:
      return y > 0 ? -math::expm1(-y / d.p[0]) : 0;
    case Family::kGamma:
      return y > 0 ? math::gamma_p(d.p[0], y / d.p[1]) : 0;
    case Family::kWeibull:
      return -math::expm1(-weibull_hazard(d, y));
    case Family::kLognormal:
      return math::normal_cdf(standard(d, y));
    case Family::kNormal:
      return math::normal_cdf((y - d.p[0]) / d.p[1]);
    case Family::kBeta:
      return math::beta_i(d.p[0], d.p[1], std::clamp(beta_x(d, y), 0.0, 1.0));
    case Family::kEmpirical:
      return empirical_cdf(part(d, table), y);
    case Family::kGeometric: {
      const double trials = trials_at(d, y);
      return trials < 1 ? 0 : d.p[0] >= 1 ? 1 : -math::expm1(trials * log_failure(d));
    }
    case Family::kDiscrete: {
      const Table pairs = part(d, table);
      const std::ptrdiff_t i = discrete_index(pairs, y);
      return i < 0 ? 0 : pairs[static_cast<std::size_t>(2 * i + 1)];
    }
  }
  return 0;
}

double plain_density(const Flat& d, Table table, double y) noexcept {
  const double* p = d.p;
  switch (d.family) {
    case Family::kDeterministic:
      return y == p[0] ? 1 : 0;
    case Family::kUniform:
      return y >= p[0] && y <= p[1] ? 1 / (p[1] - p[0]) : 0;
    case Family::kTriangular:
      if (y < p[0] || y > p[2]) return 0;
      return y < p[1]   ? 2 * (y - p[0]) / ((p[2] - p[0]) * (p[1] - p[0]))
             : y > p[1] ? 2 * (p[2] - y) / ((p[2] - p[0]) * (p[2] - p[1]))
                        : 2 / (p[2] - p[0]);
    case Family::kExponential:
      return y >= 0 ? math::exp(-y / p[0]) / p[0] : 0;
    case Family::kGamma:
      return math::gamma_density(p[0], y / p[1]) / p[1];
    case Family::kWeibull: {
      if (y < 0) return 0;
      if (y == 0) return p[0] > 1 ? 0 : (p[0] == 1 ? 1 / p[1] : kInfinity);
      const double log_y = math::log(y / p[1]);
      return p[0] / p[1] * math::exp((p[0] - 1) * log_y - math::pow(y / p[1], p[0]));
    }
    case Family::kLognormal:
      return y > 0 ? math::normal_density(standard(d, y)) / (p[1] * y) : 0;
    case Family::kNormal:
      return math::normal_density((y - p[0]) / p[1]) / p[1];
    case Family::kBeta:
      return math::beta_density(p[0], p[1], beta_x(d, y)) / (p[3] - p[2]);
    case Family::kEmpirical:
      return empirical_density(part(d, table), y);
    case Family::kGeometric: {
      const double trials = trials_at(d, y);
      if (trials < 1 || std::fabs(trials * p[1] - y) > 1e-9 * y) return 0;
      return p[0] >= 1 ? (trials == 1 ? 1 : 0) : p[0] * math::exp((trials - 1) * log_failure(d));
    }
    case Family::kDiscrete: {
      const Table pairs = part(d, table);
      const std::ptrdiff_t i = discrete_index(pairs, y);
      if (i < 0 || pairs[static_cast<std::size_t>(2 * i)] != y) return 0;
      return discrete_mass(pairs, static_cast<std::size_t>(i));
    }
  }
  return 0;
}

double plain_quantile(const Flat& d, Table table, double u) noexcept {
  const double* p = d.p;
  switch (d.family) {
    case Family::kDeterministic:
      return p[0];
    case Family::kUniform:
      return p[0] + (p[1] - p[0]) * u;
    case Family::kTriangular:
      return triangular_quantile(p, u);
    case Family::kExponential:
      return -p[0] * math::log_complement(u);
    case Family::kGamma:
      return p[1] * math::gamma_p_inverse(p[0], u);
    case Family::kWeibull:
      return p[1] * math::pow(-math::log_complement(u), 1 / p[0]);
    case Family::kLognormal:
      return math::exp(p[0] + p[1] * math::normal_quantile(u));
    case Family::kNormal:
      return p[0] + p[1] * math::normal_quantile(u);
    case Family::kBeta:
      return p[2] + (p[3] - p[2]) * math::beta_i_inverse(p[0], p[1], u);
    case Family::kEmpirical:
      return empirical_quantile(part(d, table), u);
    case Family::kGeometric:
      return p[1] * geometric_trials(d, u);
    case Family::kDiscrete:
      return discrete_quantile(part(d, table), u);
  }
  return 0;
}

double plain_min(const Flat& d, Table table) noexcept {
  switch (d.family) {
    case Family::kDeterministic:
    case Family::kUniform:
    case Family::kTriangular:
      return d.p[0];
    case Family::kExponential:
    case Family::kGamma:
    case Family::kWeibull:
    case Family::kLognormal:
      return 0;
    case Family::kNormal:
      return -kInfinity;
    case Family::kBeta:
      return d.p[2];
    case Family::kGeometric:
      return d.p[1];
    case Family::kEmpirical:
    case Family::kDiscrete:
      return part(d, table).front();
  }
  return 0;
}

double plain_max(const Flat& d, Table table) noexcept {
  switch (d.family) {
    case Family::kDeterministic:
      return d.p[0];
    case Family::kUniform:
      return d.p[1];
    case Family::kTriangular:
      return d.p[2];
    case Family::kExponential:
    case Family::kGamma:
    case Family::kWeibull:
    case Family::kLognormal:
    case Family::kNormal:
      return kInfinity;
    case Family::kBeta:
      return d.p[3];
    case Family::kGeometric:
      return d.p[0] >= 1 ? d.p[1] : kInfinity;
    case Family::kEmpirical:
      return part(d, table).back();
    case Family::kDiscrete:
      return part(d, table)[d.table_count - 2];
  }
  return 0;
}

/// P(Y > y).
double plain_survival(const Flat& d, Table table, double y) noexcept {
  if (d.family == Family::kTriangular && y > d.p[1] && y < d.p[2])
    return (d.p[2] - y) / (d.p[2] - d.p[0]) * ((d.p[2] - y) / (d.p[2] - d.p[1]));
  if (d.family == Family::kBeta)
    return math::beta_i(d.p[1], d.p[0], std::clamp((d.p[3] - y) / (d.p[3] - d.p[2]), 0.0, 1.0));
  if (d.family == Family::kGeometric && d.p[0] < 1) return math::exp(trials_at(d, y) * log_failure(d));
  return 1 - plain_cdf(d, table, y);
}

/// P(Y <= upper | Y > age), right also where P(Y > age) is too small for a double.
double conditional_cdf(const Flat& d, Table table, double age, double upper) noexcept {
  if (upper <= age) return 0;
  if (upper == kInfinity) return 1;
  if (age < plain_min(d, table)) return plain_cdf(d, table, upper);
  switch (d.family) {
    case Family::kExponential:
      return -math::expm1(-(upper - age) / d.p[0]);
    case Family::kWeibull: {
      const double gone = weibull_hazard(d, age);
      if (gone == 0) return plain_cdf(d, table, upper);
      return -math::expm1(-gone * math::expm1(d.p[0] * math::log1p((upper - age) / age)));
    }
    case Family::kGamma:
      return 1 - math::gamma_survival_ratio(d.p[0], age / d.p[1], upper / d.p[1]);
    case Family::kLognormal:
      return 1 - math::normal_survival_ratio(standard(d, age), standard(d, upper));
    case Family::kNormal:
      return 1 - math::normal_survival_ratio((age - d.p[0]) / d.p[1], (upper - d.p[0]) / d.p[1]);
    case Family::kGeometric:
      return -math::expm1((trials_at(d, upper) - trials_at(d, age)) * log_failure(d));
    default: {
      const double left = plain_survival(d, table, age);
      return left > 0 ? std::clamp((left - plain_survival(d, table, upper)) / left, 0.0, 1.0) : 0;
    }
  }
}

/// Quantile of Y - age given Y > age, for any age at which that is possible.
double plain_residual(const Flat& d, Table table, double age, double u) noexcept {
  const double* p = d.p;
  if (age < plain_min(d, table)) return plain_quantile(d, table, u) - age;
  switch (d.family) {
    case Family::kDeterministic:
      return 0;
    case Family::kUniform:
      return (p[1] - age) * u;
    case Family::kTriangular: {
      if (age >= p[1]) return (p[2] - age) * (u / (1 + std::sqrt(1 - u)));
      const double gone = triangular_cdf(p, age);
      return triangular_quantile(p, gone + u * (1 - gone)) - age;
    }
    case Family::kExponential:
      return -p[0] * math::log_complement(u);
    case Family::kGamma:
      return p[1] * math::gamma_residual(p[0], age / p[1], u);
    case Family::kWeibull: {
      const double goal = -math::log_complement(u);
      const double gone = weibull_hazard(d, age);
      if (!(gone > 1e-3 * goal)) return p[1] * math::pow(gone + goal, 1 / p[0]) - age;
      return age * math::expm1(math::log1p(goal / gone) / p[0]);
    }
    case Family::kLognormal:
      return age > 0 ? age * math::expm1(p[1] * math::normal_residual(standard(d, age), u))
                     : plain_quantile(d, table, u);
    case Family::kNormal:
      return p[1] * math::normal_residual((age - p[0]) / p[1], u);
    case Family::kBeta: {
      const double width = p[3] - p[2];
      const double left = plain_survival(d, table, age), gone = 1 - left;
      const double target = gone + u * left;
      if (target < 0.5) return p[2] + width * math::beta_i_inverse(p[0], p[1], target) - age;
      return (p[3] - age) - width * math::beta_i_inverse(p[1], p[0], (1 - u) * left);
    }
    case Family::kGeometric:  // the trials that are over are forgotten
      return p[1] * (trials_at(d, age) + geometric_trials(d, u)) - age;
    case Family::kEmpirical:
    case Family::kDiscrete: {
      // The tiny step keeps a target that rounds to P(Y <= age) from giving `age` itself.
      const double gone = plain_cdf(d, table, age);
      const double target = std::min(std::max(gone + u * (1 - gone), gone * (1 + 0x1p-52)), 1.0);
      return plain_quantile(d, table, target) - age;
    }
  }
  return 0;
}

/// Least and greatest value of Y after truncation.
double lower_end(const Flat& d, Table table) noexcept {
  const double low = plain_min(d, table);
  return d.truncated ? std::max(d.lower, low) : low;
}
double upper_end(const Flat& d, Table table) noexcept {
  const double high = plain_max(d, table);
  return d.truncated ? std::min(d.upper, high) : high;
}

/// Whether the truncation lies in the upper half, where differences of the cdf lose digits.
bool truncated_in_tail(const Flat& d) noexcept { return d.lower_cdf > 0.5 && d.family != Family::kEmpirical; }

/// P(Y <= y) of the truncated Y.
double truncated_cdf(const Flat& d, Table table, double y) noexcept {
  if (y < d.lower) return 0;
  if (y >= d.upper) return 1;
  const double value = truncated_in_tail(d)
                           ? conditional_cdf(d, table, d.lower, y) / conditional_cdf(d, table, d.lower, d.upper)
                           : (plain_cdf(d, table, y) - d.lower_cdf) / (d.upper_cdf - d.lower_cdf);
  return std::clamp(value, 0.0, 1.0);
}

}  // namespace

double density(const FlatDistribution& d, std::span<const double> table, double x) noexcept {
  const double y = x - d.shift;
  if (!d.truncated) return plain_density(d, table, y);
  if (y < d.lower || y > d.upper) return 0;
  const double whole = plain_density(d, table, y);
  if (!truncated_in_tail(d)) return whole / (d.upper_cdf - d.lower_cdf);
  // Relative to what is left at `lower`, by the density of the residual there: density / survival.
  const double left = plain_survival(d, table, d.lower);
  if (left > 1e-3) return whole / (left * conditional_cdf(d, table, d.lower, d.upper));
  const double inside = conditional_cdf(d, table, d.lower, d.upper);
  const double survival_here = 1 - conditional_cdf(d, table, d.lower, y);
  switch (d.family) {  // hazard(y) P(Y > y | Y > lower) / P(Y <= upper | Y > lower)
    case Family::kExponential:
      return survival_here / d.p[0] / inside;
    case Family::kWeibull:
      return d.p[0] / y * weibull_hazard(d, y) * survival_here / inside;
    case Family::kLognormal:
    case Family::kNormal: {
      const bool logarithmic = d.family == Family::kLognormal;
      const double z = logarithmic ? standard(d, y) : (y - d.p[0]) / d.p[1];
      return math::normal_hazard(z) / (logarithmic ? d.p[1] * y : d.p[1]) * survival_here / inside;
    }
    case Family::kGamma:
      return math::gamma_hazard(d.p[0], y / d.p[1]) / d.p[1] * survival_here / inside;
    default:
      return whole / (left * inside);
  }
}

double cdf(const FlatDistribution& d, std::span<const double> table, double x) noexcept {
  return d.truncated ? truncated_cdf(d, table, x - d.shift) : plain_cdf(d, table, x - d.shift);
}

double detail::quantile_of_any(const FlatDistribution& d, std::span<const double> table, double u) noexcept {
  if (!d.truncated) return d.shift + plain_quantile(d, table, u);
  if (u <= 0) return d.shift + lower_end(d, table);
  if (u >= 1) return d.shift + upper_end(d, table);
  const double y = truncated_in_tail(d)
                       ? d.lower + plain_residual(d, table, d.lower, u * conditional_cdf(d, table, d.lower, d.upper))
                       : plain_quantile(d, table, d.lower_cdf + u * (d.upper_cdf - d.lower_cdf));
  return d.shift + std::clamp(y, d.lower, d.upper);
}

double residual(const FlatDistribution& d, std::span<const double> table, double age, double u) noexcept {
  u = std::min(std::max(u, 0.0), 1.0);
  const double y = age - d.shift;  // how long Y has lasted
  if (y < lower_end(d, table)) return quantile(d, table, u) - age;
  if (y >= upper_end(d, table)) return 0;
  if (!d.truncated) return std::max(plain_residual(d, table, y, u), 0.0);
  if (d.upper == kInfinity) return std::max(plain_residual(d, table, y, u), 0.0);
  const double rest = plain_residual(d, table, y, u * conditional_cdf(d, table, y, d.upper));
  return std::clamp(rest, 0.0, d.upper - y);
}

// ---- moments -------------------------------------------------------------------------------------------------------

namespace {

/// Mean and variance of a distribution made of straight pieces of the quantile function: (value, probability up to it).
struct Moments {
  double mean, variance;
};

Moments empirical_moments(Table x, double lower, double upper) noexcept {
  const std::size_t n = x.size();
  if (n == 1) return {x[0], 0};
  // Sum over the pieces inside [lower, upper], weighted by their share of probability, about a nearby centre.
  const double centre = std::clamp(empirical_quantile(x, 0.5), lower, upper);
  double weight = 0, first = 0, second = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const double from = std::max(x[i], lower), to = std::min(x[i + 1], upper);
    if (from > to) continue;
    const double share = x[i + 1] > x[i] ? (to - from) / (x[i + 1] - x[i]) : 1;
    const double a = from - centre, b = to - centre;
    weight += share;
    first += share * 0.5 * (a + b);
    second += share * (a * a + a * b + b * b) / 3;
  }
  const double offset = first / weight;
  return {centre + offset, std::max(second / weight - offset * offset, 0.0)};
}

Moments discrete_moments(Table pairs) noexcept {
  double mean_value = 0, spread = 0;
  for (std::size_t i = 0; i < pairs.size() / 2; ++i) mean_value += discrete_mass(pairs, i) * pairs[2 * i];
  for (std::size_t i = 0; i < pairs.size() / 2; ++i) {
    const double off = pairs[2 * i] - mean_value;
    spread += discrete_mass(pairs, i) * off * off;
  }
  return {mean_value, spread};
}

/// Mean and variance of the truncated Y of a continuous family by double exponential quadrature of its survival
/// function from one end: E(Y - lower) = integral of S, E(Y - lower)^2 = 2 integral of t S.
/// Source: H. Takahasi, M. Mori, Double exponential formulas for numerical integration, 1974.
template <class Survival>
Moments integrate(Survival survival, double scale, double width) noexcept {
  double first = 0, second = 0;
  constexpr double kStep = 1.0 / 32;
  for (int i = -5 * 32; i <= 5 * 32; ++i) {
    const double s = kStep * i;
    const double e = math::exp(s), half_sinh = 0.5 * (e - 1 / e) * (0.5 * math::kPi);
    const double cosh = 0.5 * (e + 1 / e) * (0.5 * math::kPi);
    double t = 0, dt = 0;
    if (width == kInfinity) {
      t = scale * math::exp(half_sinh);
      dt = t * cosh;
    } else {
      const double q = math::exp(-2 * std::fabs(half_sinh));  // 1 - tanh is 2q / (1 + q)
      const double near = width * q / (1 + q);                // distance from the nearer end
      t = half_sinh < 0 ? near : width - near;
      dt = width * 2 * cosh * q / ((1 + q) * (1 + q));
    }
    if (!(t > 0 && dt > 0 && t < kInfinity)) continue;
    const double left = survival(t);
    if (left == 0) continue;
    first += kStep * dt * left;
    second += 2 * kStep * dt * t * left;
  }
  return {first, second - first * first};
}

Moments truncated_moments(const Flat& d, Table table) noexcept {
  const double low = lower_end(d, table), high = upper_end(d, table);
  const double middle = detail::quantile_of_any(d, table, 0.5) - d.shift;
  if (low == -kInfinity) {  // only a normal: reflect it
    Flat mirrored = d;
    mirrored.shift = 0;
    mirrored.p[0] = -d.p[0];
    mirrored.lower = -d.upper, mirrored.upper = -d.lower;
    mirrored.lower_cdf = plain_survival(d, table, d.upper), mirrored.upper_cdf = 1;
    if (d.upper == kInfinity) return {d.p[0], d.p[1] * d.p[1]};
    const Moments m = truncated_moments(mirrored, table);
    return {-m.mean, m.variance};
  }
  if (d.family == Family::kTriangular && low < d.p[1] && d.p[1] < high) {  // smooth on either side of the mode
    Flat left = d, right = d;
    left.upper = right.lower = d.p[1];
    left.upper_cdf = right.lower_cdf = triangular_cdf(d.p, d.p[1]);
    const Moments a = truncated_moments(left, table), b = truncated_moments(right, table);
    const double share = truncated_cdf(d, table, d.p[1]);
    const double gap = b.mean - a.mean;
    return {a.mean + (1 - share) * gap,
            share * a.variance + (1 - share) * b.variance + share * (1 - share) * gap * gap};
  }
  const double inside = conditional_cdf(d, table, low, high);
  const auto survival = [&](double t) {
    if (truncated_in_tail(d)) return 1 - conditional_cdf(d, table, low, low + t) / inside;
    if (high == kInfinity) return plain_survival(d, table, low + t) / (1 - d.lower_cdf);
    return (d.upper_cdf - plain_cdf(d, table, low + t)) / (d.upper_cdf - d.lower_cdf);
  };
  const Moments m = integrate(survival, middle - low, high - low);
  return {low + m.mean, m.variance};
}

double weibull_moment(double shape, double order) noexcept { return math::exp(math::lgamma(1 + order / shape)); }

Moments plain_moments(const Flat& d, Table table) noexcept {
  const double* p = d.p;
  switch (d.family) {
    case Family::kDeterministic:
      return {p[0], 0};
    case Family::kUniform:
      return {p[0] + 0.5 * (p[1] - p[0]), (p[1] - p[0]) * (p[1] - p[0]) / 12};
    case Family::kTriangular: {
      const double a = p[1] - p[0], b = p[2] - p[0];
      return {p[0] + (a + b) / 3, (a * a + b * b - a * b) / 18};
    }
    case Family::kExponential:
      return {p[0], p[0] * p[0]};
    case Family::kGamma:
      return {p[0] * p[1], p[0] * p[1] * p[1]};
    case Family::kWeibull: {
      const double m = weibull_moment(p[0], 1);
      const double log_ratio = math::lgamma(1 + 2 / p[0]) - 2 * math::lgamma(1 + 1 / p[0]);
      return {p[1] * m, p[1] * p[1] * m * m * math::expm1(log_ratio)};
    }
    case Family::kLognormal: {
      const double m = math::exp(p[0] + 0.5 * p[1] * p[1]);
      return {m, m * m * math::expm1(p[1] * p[1])};
    }
    case Family::kNormal:
      return {p[0], p[1] * p[1]};
    case Family::kBeta: {
      const double sum = p[0] + p[1], width = p[3] - p[2];
      return {p[2] + width * p[0] / sum, width * width * (p[0] / sum) * (p[1] / sum) / (sum + 1)};
    }
    case Family::kEmpirical:
      return empirical_moments(part(d, table), -kInfinity, kInfinity);
    case Family::kGeometric:
      return {p[1] / p[0], p[1] * p[1] * (1 - p[0]) / (p[0] * p[0])};
    case Family::kDiscrete:
      return discrete_moments(part(d, table));
  }
  return {0, 0};
}

Moments moments(const Flat& d, Table table) noexcept {
  if (!d.truncated) return plain_moments(d, table);
  if (d.family == Family::kEmpirical) return empirical_moments(part(d, table), d.lower, d.upper);
  return truncated_moments(d, table);
}

}  // namespace

double mean(const FlatDistribution& d, std::span<const double> table) noexcept {
  return d.shift + moments(d, table).mean;
}
double variance(const FlatDistribution& d, std::span<const double> table) noexcept {
  return moments(d, table).variance;
}

// ---- Distribution --------------------------------------------------------------------------------------------------

namespace {

[[noreturn]] void refuse(const char* what, double value, const char* allowed) {
  throw InvalidArgument(fmt::format("{} is {}; allowed: {}", what, value, allowed));
}

void require_finite(const char* what, double value) {
  if (!std::isfinite(value)) refuse(what, value, "a finite number");
}

void require_positive(const char* what, double value) {
  if (!(value > 0) || !std::isfinite(value)) refuse(what, value, "a finite number above 0");
}

Flat flat_of(Family family, double a, double b = 0, double c = 0, double e = 0) {
  Flat d;
  d.family = family;
  d.p[0] = a, d.p[1] = b, d.p[2] = c, d.p[3] = e;
  return d;
}

}  // namespace

Distribution Distribution::deterministic(double value) {
  require_finite("deterministic: value", value);
  return from_flat(flat_of(Family::kDeterministic, value), {});
}

Distribution Distribution::uniform(double low, double high) {
  require_finite("uniform: low", low);
  require_finite("uniform: high", high);
  if (!(low < high)) throw InvalidArgument(fmt::format("uniform: high is {}; allowed: above low, {}", high, low));
  return from_flat(flat_of(Family::kUniform, low, high), {});
}

Distribution Distribution::triangular(double low, double mode, double high) {
  require_finite("triangular: low", low);
  require_finite("triangular: mode", mode);
  require_finite("triangular: high", high);
  if (!(low < high)) throw InvalidArgument(fmt::format("triangular: high is {}; allowed: above low, {}", high, low));
  if (!(low <= mode && mode <= high))
    throw InvalidArgument(fmt::format("triangular: mode is {}; allowed: low to high, {} to {}", mode, low, high));
  return from_flat(flat_of(Family::kTriangular, low, mode, high), {});
}

Distribution Distribution::exponential(double mean) {
  require_positive("exponential: mean", mean);
  return from_flat(flat_of(Family::kExponential, mean), {});
}

Distribution Distribution::gamma(double shape, double scale) {
  require_positive("gamma: shape", shape);
  require_positive("gamma: scale", scale);
  return from_flat(flat_of(Family::kGamma, shape, scale), {});
}

Distribution Distribution::erlang(int k, double mean) {
  if (k < 1) throw InvalidArgument(fmt::format("erlang: k is {}; allowed: a whole number from 1", k));
  require_positive("erlang: mean", mean);
  return gamma(k, mean / k);
}

Distribution Distribution::gamma_mean_cv(double mean, double cv) {
  require_positive("gamma: mean", mean);
  require_positive("gamma: cv", cv);
  const double shape = 1 / (cv * cv);
  if (!(shape > 1e-6 && shape < 1e12)) refuse("gamma: cv", cv, "1e-6 to 1e3");
  return gamma(shape, mean / shape);
}

Distribution Distribution::weibull(double shape, double scale) {
  require_positive("weibull: shape", shape);
  require_positive("weibull: scale", scale);
  return from_flat(flat_of(Family::kWeibull, shape, scale), {});
}

Distribution Distribution::weibull_mean_cv(double mean, double cv) {
  require_positive("weibull: mean", mean);
  require_positive("weibull: cv", cv);
  if (!(cv >= 1e-4 && cv <= 1e4)) refuse("weibull: cv", cv, "1e-4 to 1e4");
  // log(1 + cv^2) = log Gamma(1 + 2t) - 2 log Gamma(1 + t) increases in t = 1 / shape: bisection on log t.
  const double goal = math::log1p(cv * cv);
  double low = -12, high = 5;
  for (double middle = 0.5 * (low + high); middle > low && middle < high; middle = 0.5 * (low + high)) {
    const double t = math::exp(middle);
    (math::lgamma(1 + 2 * t) - 2 * math::lgamma(1 + t) < goal ? low : high) = middle;
  }
  const double shape = math::exp(-0.5 * (low + high));
  return weibull(shape, mean / weibull_moment(shape, 1));
}

Distribution Distribution::lognormal(double mu, double sigma) {
  require_finite("lognormal: mu", mu);
  require_positive("lognormal: sigma", sigma);
  return from_flat(flat_of(Family::kLognormal, mu, sigma), {});
}

Distribution Distribution::lognormal_mean_cv(double mean, double cv) {
  require_positive("lognormal: mean", mean);
  require_positive("lognormal: cv", cv);
  const double variance = math::log1p(cv * cv);
  return lognormal(math::log(mean) - 0.5 * variance, std::sqrt(variance));
}

Distribution Distribution::normal(double mean, double sd) {
  require_finite("normal: mean", mean);
  require_positive("normal: sd", sd);
  return from_flat(flat_of(Family::kNormal, mean, sd), {});
}

Distribution Distribution::beta(double a, double b, double low, double high) {
  require_positive("beta: a", a);
  require_positive("beta: b", b);
  require_finite("beta: low", low);
  require_finite("beta: high", high);
  if (!(low < high)) throw InvalidArgument(fmt::format("beta: high is {}; allowed: above low, {}", high, low));
  return from_flat(flat_of(Family::kBeta, a, b, low, high), {});
}

Distribution Distribution::empirical(std::vector<double> observations) {
  if (observations.empty()) throw InvalidArgument("empirical: there are 0 observations; allowed: 1 or more");
  for (const double x : observations) require_finite("empirical: an observation", x);
  std::sort(observations.begin(), observations.end());
  return from_flat(flat_of(Family::kEmpirical, 0), observations);
}

Distribution Distribution::discrete(std::vector<double> values, std::vector<double> weights) {
  if (values.size() != weights.size() || values.empty())
    throw InvalidArgument(fmt::format("discrete: {} values and {} weights; allowed: as many of each, 1 or more",
                                      values.size(), weights.size()));
  double total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    require_finite("discrete: a value", values[i]);
    if (!(weights[i] >= 0) || !std::isfinite(weights[i]))
      refuse("discrete: a weight", weights[i], "a finite number from 0");
    total += weights[i];
  }
  if (!(total > 0) || !std::isfinite(total)) refuse("discrete: the sum of weights", total, "a finite number above 0");
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> pairs;
  double sum = 0;
  for (const std::size_t i : order) {
    if (weights[i] == 0) continue;
    sum += weights[i];
    if (pairs.empty() || pairs[pairs.size() - 2] != values[i]) pairs.insert(pairs.end(), {values[i], 0});
    pairs.back() = sum;
  }
  for (std::size_t i = 1; i < pairs.size(); i += 2) pairs[i] /= sum;
  return from_flat(flat_of(Family::kDiscrete, 0), pairs);
}

Distribution Distribution::from_flat(const FlatDistribution& flat, std::span<const double> table) {
  Distribution d;
  d.flat_ = flat;
  d.flat_.table_first = 0;
  d.flat_.table_count = static_cast<std::uint32_t>(table.size());
  d.table_.assign(table.begin(), table.end());
  return d;
}

Distribution Distribution::geometric(double probability, double unit) {
  if (!(probability > 0 && probability <= 1))
    refuse("geometric: probability", probability, "a number above 0, at most 1");
  require_positive("geometric: unit", unit);
  return from_flat(flat_of(Family::kGeometric, probability, unit), {});
}

Distribution Distribution::shifted(double by) const {
  require_finite("shifted: by", by);
  Distribution d = *this;
  if (flat_.family == Family::kDeterministic)
    d.flat_.p[0] += by;
  else
    d.flat_.shift += by;
  return d;
}

Distribution Distribution::truncated(double lower, double upper) const {
  if (!(lower <= upper))
    throw InvalidArgument(fmt::format("truncated: upper is {}; allowed: from lower, {}", upper, lower));
  double low = lower - flat_.shift, high = upper - flat_.shift;
  const auto nothing_left = [&] {
    throw InvalidArgument(fmt::format("truncated: [{}, {}] has no probability; allowed: what overlaps {}, {} to {}",
                                      lower, upper, text(""), min(), max()));
  };
  Distribution d = *this;
  if (flat_.family == Family::kDeterministic) {
    if (low > flat_.p[0] || high < flat_.p[0]) nothing_left();
    return d;
  }
  if (flat_.family == Family::kDiscrete) {
    std::vector<double> values, weights;
    for (std::size_t i = 0; i < table_.size() / 2; ++i) {
      if (table_[2 * i] < low || table_[2 * i] > high) continue;
      values.push_back(table_[2 * i]);
      weights.push_back(discrete_mass(table_, i));
    }
    if (values.empty()) nothing_left();
    return discrete(values, weights).shifted(flat_.shift);
  }
  if (flat_.family == Family::kGeometric) {
    const double unit = flat_.p[1];
    const double before = std::max(std::ceil(low / unit * (1 - 1e-12)) - 1, 0.0);  // trials that are too few
    const double most = trials_at(flat_, high);
    if (high == kInfinity) return geometric(flat_.p[0], unit).shifted(flat_.shift + before * unit);  // no memory
    if (most > 10'000)
      throw InvalidArgument(fmt::format(
          "truncated: {} has {} values up to {}; allowed: at most 10000, or no upper bound", text(""), most, upper));
    std::vector<double> values, weights;
    for (double k = before + 1; k <= most; ++k) {
      values.push_back(k * unit);
      weights.push_back(plain_density(flat_, table_, k * unit));
    }
    if (values.empty() || !(plain_survival(flat_, table_, before * unit) > 0)) nothing_left();
    return discrete(values, weights).shifted(flat_.shift);
  }
  if (flat_.truncated) low = std::max(low, flat_.lower), high = std::min(high, flat_.upper);
  if (low <= plain_min(flat_, table_) && high >= plain_max(flat_, table_)) return d;
  if (flat_.family == Family::kUniform) {
    d.flat_.p[0] = std::max(low, flat_.p[0]), d.flat_.p[1] = std::min(high, flat_.p[1]);
    if (!(d.flat_.p[0] < d.flat_.p[1])) nothing_left();
    return d;
  }
  const bool tabled = flat_.family == Family::kEmpirical;
  d.flat_.truncated = true;
  d.flat_.lower = low;
  d.flat_.upper = high;
  d.flat_.lower_cdf = tabled ? empirical_cdf_before(table_, low) : plain_cdf(flat_, table_, low);
  d.flat_.upper_cdf = plain_cdf(flat_, table_, high);
  const bool possible = truncated_in_tail(d.flat_) ? low < high && low < plain_max(flat_, table_) &&
                                                         conditional_cdf(d.flat_, table_, low, high) > 0
                                                   : d.flat_.lower_cdf < d.flat_.upper_cdf;
  if (!possible) nothing_left();
  return d;
}

Distribution Distribution::uncertain(double sigma) const {
  if (!(sigma >= 0 && sigma <= 5)) throw InvalidArgument(fmt::format("uncertain: sigma is {}; allowed: 0 to 5", sigma));
  Distribution d = *this;
  d.flat_.level_sd = sigma;
  return d;
}

Distribution Distribution::scaled(double factor) const {
  require_positive("scaled: factor", factor);
  Distribution d = *this;
  Flat& f = d.flat_;
  f.shift *= factor;
  f.lower *= factor;
  f.upper *= factor;
  switch (f.family) {
    case Family::kDeterministic:
    case Family::kExponential:
      f.p[0] *= factor;
      break;
    case Family::kUniform:
    case Family::kTriangular:
      for (double& p : f.p) p *= factor;
      break;
    case Family::kGamma:
    case Family::kGeometric:
    case Family::kWeibull:
      f.p[1] *= factor;
      break;
    case Family::kLognormal:
      f.p[0] += math::log(factor);
      break;
    case Family::kNormal:
      f.p[0] *= factor, f.p[1] *= factor;
      break;
    case Family::kBeta:
      f.p[2] *= factor, f.p[3] *= factor;
      break;
    case Family::kEmpirical:
      for (double& x : d.table_) x *= factor;
      break;
    case Family::kDiscrete:
      for (std::size_t i = 0; i < d.table_.size(); i += 2) d.table_[i] *= factor;
      break;
  }
  return d;
}

double Distribution::min() const noexcept { return flat_.shift + lower_end(flat_, table_); }
double Distribution::max() const noexcept { return flat_.shift + upper_end(flat_, table_); }

std::string Distribution::text(const std::string& unit) const {
  const auto quantity = [&unit](double value) {
    return unit.empty() || std::isinf(value) ? fmt::format("{}", value) : fmt::format("{} {}", value, unit);
  };
  // What was computed, to 14 digits: 3600 for 3599.999999999998.
  const auto plain = [](double value) { return std::stod(fmt::format("{:.14g}", value)); };
  const double* p = flat_.p;
  std::string text;
  switch (flat_.family) {
    case Family::kDeterministic:
      text = quantity(p[0]);
      break;
    case Family::kUniform:
      text = fmt::format("uniform({}, {})", quantity(p[0]), quantity(p[1]));
      break;
    case Family::kTriangular:
      text = fmt::format("triangular({}, {}, {})", quantity(p[0]), quantity(p[1]), quantity(p[2]));
      break;
    case Family::kExponential:
      text = fmt::format("exponential({})", quantity(p[0]));
      break;
    case Family::kGamma:
      text = fmt::format("gamma(mean {}, cv {})", quantity(plain(p[0] * p[1])), plain(1 / std::sqrt(p[0])));
      break;
    case Family::kWeibull:
      text = fmt::format("weibull(shape {}, scale {})", p[0], quantity(p[1]));
      break;
    case Family::kLognormal: {
      const double mean = math::exp(p[0] + 0.5 * p[1] * p[1]), cv = std::sqrt(math::expm1(p[1] * p[1]));
      const bool printable = mean > 0 && std::isfinite(mean) && std::isfinite(cv);
      text = printable ? fmt::format("lognormal(mean {}, cv {})", quantity(plain(mean)), plain(cv))
                       : fmt::format("lognormal(mu {}, sigma {})", p[0], p[1]);
      break;
    }
    case Family::kNormal:
      text = fmt::format("normal(mean {}, sd {})", quantity(p[0]), quantity(p[1]));
      break;
    case Family::kBeta:
      text = fmt::format("beta(a {}, b {}, low {}, high {})", p[0], p[1], quantity(p[2]), quantity(p[3]));
      break;
    case Family::kEmpirical:
      for (const double x : table_) text += (text.empty() ? "empirical(" : ", ") + quantity(x);
      text += ")";
      break;
    case Family::kGeometric:
      text = p[1] == 1 && unit.empty() ? fmt::format("geometric({})", p[0])
                                       : fmt::format("geometric({}, {})", p[0], quantity(p[1]));
      break;
    case Family::kDiscrete:
      for (std::size_t i = 0; i < table_.size() / 2; ++i)
        text += fmt::format("{}{}: {}", text.empty() ? "discrete(" : ", ", quantity(table_[2 * i]),
                            discrete_mass(table_, i));
      text += ")";
      break;
  }
  if (flat_.truncated) text = fmt::format("truncated({}, {}, {})", text, quantity(flat_.lower), quantity(flat_.upper));
  if (flat_.shift != 0) text = fmt::format("shifted({}, {})", quantity(flat_.shift), text);
  if (flat_.level_sd > 0) text = fmt::format("uncertain({}, sigma {})", text, flat_.level_sd);
  return text;
}

const char* family_name(Family family) noexcept {
  switch (family) {
    case Family::kDeterministic:
      return "deterministic";
    case Family::kUniform:
      return "uniform";
    case Family::kTriangular:
      return "triangular";
    case Family::kExponential:
      return "exponential";
    case Family::kGamma:
      return "gamma";
    case Family::kWeibull:
      return "weibull";
    case Family::kLognormal:
      return "lognormal";
    case Family::kNormal:
      return "normal";
    case Family::kBeta:
      return "beta";
    case Family::kEmpirical:
      return "empirical";
    case Family::kDiscrete:
      return "discrete";
    case Family::kGeometric:
      return "geometric";
  }
  return "unknown";
}

}  // namespace twin
