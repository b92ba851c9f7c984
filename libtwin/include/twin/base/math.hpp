/// Elementary and special functions that give the same bits on every IEEE machine.
///
/// The C library picks among variants by processor (with or without fused multiply-add), so its log, exp and pow differ
/// in the last bit between machines, and with them whole simulations. These use + - * / and sqrt alone, in a fixed
/// order, and are compiled with -ffp-contract=off. What draws need stands inline: `log` and `exp` cost what the C
/// library's cost.
///
/// Arguments outside a domain give NaN, poles give infinities; nothing throws, nothing sets errno.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "twin/base/math_tables.hpp"

namespace twin::math {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kPi = 3.14159265358979323846;

namespace detail {

/// An unevaluated sum, about 60 bits of it right.
struct Pair {
  double high, low;
};

/// log(x 2^-scaled) of a positive normal x: x = 2^k z, log x = k log 2 - log c + log1p(zc - 1) with c near 1/z.
/// Splitting z makes zc - 1 exact up to one rounding without a fused multiply-add.
[[nodiscard]] inline Pair log_parts(double x, int scaled = 0) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t above = bits - 0x3fe6000000000000ULL;  // 0.6875
  const LogEntry& entry = kLogTable[(above >> 45) & 127];
  const auto k = static_cast<double>((static_cast<std::int64_t>(above) >> 52) - scaled);
  const std::uint64_t z_bits = bits - (above & 0xfff0000000000000ULL);
  const auto z = std::bit_cast<double>(z_bits);
  const auto z_high = std::bit_cast<double>(z_bits & 0xffffffff00000000ULL);
  const double exact = z_high * entry.inverse - 1;
  const double rest = (z - z_high) * entry.inverse;
  const double r = exact + rest;
  const double r_low = (exact - r) + rest;
  const double base = k * 0x1.62e42fefa3800p-1 + entry.high;  // exact
  const double high = base + r;
  const double rounding = (base - high) + r + r_low;
  const double r2 = r * r;
  const double series = (-1.0 / 2 + r * (1.0 / 3)) +
                        r2 * ((-1.0 / 4 + r * (1.0 / 5)) + r2 * ((-1.0 / 6 + r * (1.0 / 7)) - r2 * (1.0 / 8)));
  return {high, r2 * series + (k * 0x1.ef35793c76730p-45 + entry.low + rounding)};
}

/// exp(x + low) 2^-scaled, without regard to overflow; |low| is at most an ulp of x.
[[nodiscard]] inline double exp_parts(double x, double low, int scaled = 0) noexcept {
  const double shifted = x * 0x1.71547652b82fep+7 + 0x1.8p52;  // 128 / log 2; rounds to an integer in the low bits
  const auto n = std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(0x1.8p52);
  const double kd = shifted - 0x1.8p52;
  const double r = ((x - kd * 0x1.62e42fefa0000p-8) - kd * 0x1.cf79abc9e3b3ap-47) + low;
  const ExpEntry& entry = kExpTable[n & 127];
  const auto scale =
      std::bit_cast<double>(std::bit_cast<std::int64_t>(entry.power) + (((n >> 7) - scaled) * (std::int64_t{1} << 52)));
  const double r2 = r * r;
  const double growth = entry.tail + (r + (r2 * (0.5 + r * (1.0 / 6)) + (r2 * r2) * (1.0 / 24 + r * (1.0 / 120))));
  return scale + scale * growth;
}

[[nodiscard]] double log_special(double x) noexcept;
[[nodiscard]] double exp_special(double x, double low) noexcept;
[[nodiscard]] double pow_special(double x, double y) noexcept;

/// exp(y l) for |y| < 2^900; the product is exact by Dekker's splitting.
[[nodiscard]] inline double pow_of_log(Pair l, double y) noexcept {
  const double sum = l.high + l.low;
  const double sum_low = (l.high - sum) + l.low;
  const double product = y * sum;
  constexpr double kSplit = 134217729;  // 2^27 + 1
  const double y_high = y * kSplit - (y * kSplit - y);
  const double s_high = sum * kSplit - (sum * kSplit - sum);
  const double y_low = y - y_high, s_low = sum - s_high;
  const double error = ((y_high * s_high - product) + y_high * s_low + y_low * s_high) + y_low * s_low;
  const double low = error + y * sum_low;
  if (!(product > -690 && product < 709)) [[unlikely]]
    return exp_special(product, low);
  return exp_parts(product, low);
}

}  // namespace detail

/// Natural logarithm, within 0.52 ulp; -infinity at 0.
[[nodiscard]] inline double log(double x) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  if (bits - 0x0010000000000000ULL >= 0x7fe0000000000000ULL) [[unlikely]]
    return detail::log_special(x);
  const detail::Pair parts = detail::log_parts(x);
  return parts.high + parts.low;
}

/// log(1 - u) for 0 <= u <= 1, within 1.5 ulp: the logarithm of what is left.
[[nodiscard]] inline double log_complement(double u) noexcept {
  const double v = 1 - u;
  return log(v) - ((v - 1) + u);  // what rounding 1 - u lost; it is nothing for u >= 0.5
}

/// Exponential, within 0.52 ulp (1 ulp where the result is subnormal).
[[nodiscard]] inline double exp(double x) noexcept {
  if (!(x > -690 && x < 709)) [[unlikely]]
    return detail::exp_special(x, 0);
  return detail::exp_parts(x, 0);
}

/// x to the power y for x >= 0, within 1 ulp; NaN for x < 0 (no integer powers of negative numbers here). 0^0 is 1.
[[nodiscard]] inline double pow(double x, double y) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  if (bits - 0x0010000000000000ULL >= 0x7fe0000000000000ULL || !(std::fabs(y) < 0x1p900)) [[unlikely]]
    return detail::pow_special(x, y);
  return detail::pow_of_log(detail::log_parts(x), y);
}

/// log(1 + x) without loss near 0, within 1.5 ulp.
[[nodiscard]] double log1p(double x) noexcept;
/// exp(x) - 1 without loss near 0, within 3 ulp.
[[nodiscard]] double expm1(double x) noexcept;

/// log Gamma(x) for x > 0; relative error below 1e-14, also next to its zeros 1 and 2. Infinity at 0, NaN below.
[[nodiscard]] double lgamma(double x) noexcept;
/// log of the beta function B(a, b), for a, b > 0; absolute error below 1e-13 while it is of order 1.
[[nodiscard]] double lbeta(double a, double b) noexcept;

/// Error function, and its complement with full relative accuracy in the tail.
[[nodiscard]] double erf(double x) noexcept;
[[nodiscard]] double erfc(double x) noexcept;
/// exp(x^2) erfc(x) for x >= 0: the tail without its decay.
[[nodiscard]] double erfcx(double x) noexcept;

/// P(Z <= x) of the standard normal; relative error below 1e-14, also deep in the lower tail.
[[nodiscard]] double normal_cdf(double x) noexcept;
[[nodiscard]] double normal_density(double x) noexcept;
/// x with normal_cdf(x) = p; -infinity at 0, infinity at 1, NaN outside. For an upper tail q take -normal_quantile(q).
/// Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37, 1988 (PPND16, about 16 digits).
[[nodiscard]] double normal_quantile(double p) noexcept;
/// Density over survival, also where both underflow.
[[nodiscard]] double normal_hazard(double x) noexcept;
/// How much beyond a the normal lies given that it lies beyond a: d with P(Z > a + d | Z > a) = 1 - u. Right for any
/// finite a, also where P(Z > a) underflows.
[[nodiscard]] double normal_residual(double a, double u) noexcept;
/// P(Z > b | Z > a) for a <= b, also where both tails underflow.
[[nodiscard]] double normal_survival_ratio(double a, double b) noexcept;

/// Regularised incomplete gamma functions P(a, x) = P(G <= x) and Q = 1 - P of a gamma variate of shape a > 0, scale 1.
/// \note Cost: series or continued fraction, up to about 6 sqrt(a) terms.
[[nodiscard]] double gamma_p(double a, double x) noexcept;
[[nodiscard]] double gamma_q(double a, double x) noexcept;
/// x with P(a, x) = p.
[[nodiscard]] double gamma_p_inverse(double a, double p) noexcept;
/// x with Q(a, x) = q: use it when q is small.
[[nodiscard]] double gamma_q_inverse(double a, double q) noexcept;
/// Density of the gamma variate of shape a, scale 1.
[[nodiscard]] double gamma_density(double a, double x) noexcept;
/// Density over survival, also where both underflow.
[[nodiscard]] double gamma_hazard(double a, double x) noexcept;
/// As normal_residual, for the gamma variate and x >= 0.
[[nodiscard]] double gamma_residual(double a, double x, double u) noexcept;
/// P(G > y | G > x) for x <= y, also where both tails underflow.
[[nodiscard]] double gamma_survival_ratio(double a, double x, double y) noexcept;

/// Regularised incomplete beta function I_x(a, b) = P(B <= x), a, b > 0; 1 - I_x(a, b) = I_{1-x}(b, a).
[[nodiscard]] double beta_i(double a, double b, double x) noexcept;
/// x with I_x(a, b) = p.
[[nodiscard]] double beta_i_inverse(double a, double b, double p) noexcept;
/// Density of the beta variate on [0, 1].
[[nodiscard]] double beta_density(double a, double b, double x) noexcept;

}  // namespace twin::math
