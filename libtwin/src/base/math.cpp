#include "twin/base/math.hpp"

#include <algorithm>
#include <iterator>

namespace twin::math {
namespace {

constexpr double kHalfLogTwoPi = 0.91893853320467274178;
constexpr double kEpsilon = 0x1p-53;

template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) noexcept {
  double sum = coefficients[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

/// exp(-x^2 / 2), with x^2 to more than double precision: the error of x^2 alone would cost digits in the tail.
double exp_minus_half_square(double x) noexcept {
  if (std::fabs(x) > 40) return 0;
  const auto high = std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & 0xfffffffff8000000ULL);
  return exp(-0.5 * high * high) * exp(-0.5 * (x - high) * (x + high));
}

/// log1p(t) - t, for t > -1, without the cancellation.
double log1p_minus(double t) noexcept {
  if (!(std::fabs(t) < 0.5)) return log1p(t) - t;
  const double s = t / (2 + t);  // log1p(t) = 2 artanh(s), t - 2s = t s
  const double s2 = s * s;
  double term = 2 * s * s2, sum = 0;
  for (int n = 3; n < 60; n += 2) {
    const double add = term / n;
    sum += add;
    if (std::fabs(add) <= 0x1p-56 * std::fabs(t * s)) break;
    term *= s2;
  }
  return sum - t * s;
}

/// log Gamma(x) - ((x - 1/2) log x - x + log(2 pi)/2), for x >= 10.
double stirling_rest(double x) noexcept {
  static constexpr double kTerms[] = {1.0 / 12,        -1.0 / 360, 1.0 / 1260,       -1.0 / 1680,     1.0 / 1188,
                                      -691.0 / 360360, 1.0 / 156,  -3617.0 / 122400, 43867.0 / 244188};
  return polynomial(kTerms, 1 / (x * x)) / x;
}

}  // namespace

namespace detail {

double log_special(double x) noexcept {
  if (x == 0) return -kInfinity;
  if (!(x > 0)) return kNaN;
  if (x == kInfinity) return x;
  const Pair parts = log_parts(x * 0x1p54, 54);  // subnormal
  return parts.high + parts.low;
}

double exp_special(double x, double low) noexcept {
  if (x != x) return x;
  if (x > 710) return kInfinity;
  if (x < -746) return 0;
  return x > 0 ? exp_parts(x, low, 100) * 0x1p100 : exp_parts(x, low, -100) * 0x1p-100;
}

double pow_special(double x, double y) noexcept {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y || x < 0) return kNaN;
  if (x == 0 || x == kInfinity) return (x == 0) == (y > 0) ? 0 : kInfinity;
  if (std::fabs(y) >= 0x1p900) return (x > 1) == (y > 0) ? kInfinity : 0;
  return pow_of_log(log_parts(x * 0x1p54, 54), y);  // subnormal
}

}  // namespace detail

double log1p(double x) noexcept {
  if (!(x > -1)) return x == -1 ? -kInfinity : kNaN;
  const double v = 1 + x;
  if (v == kInfinity) return v;
  const double lost = x < 1 ? x - (v - 1) : 1 - (v - x);
  return log(v) + lost / v;
}

double expm1(double x) noexcept {
  if (!(x > -37)) return x != x ? x : -1;
  if (x >= 37) return exp(x);
  const double shifted = x * 0x1.71547652b82fep+7 + 0x1.8p52;
  const auto n = std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(0x1.8p52);
  const double kd = shifted - 0x1.8p52;
  const double r = (x - kd * 0x1.62e42fefa0000p-8) - kd * 0x1.cf79abc9e3b3ap-47;
  const detail::ExpEntry& entry = detail::kExpTable[n & 127];
  const auto scale =
      std::bit_cast<double>(std::bit_cast<std::int64_t>(entry.power) + (n >> 7) * (std::int64_t{1} << 52));
  const double r2 = r * r;
  const double growth = entry.tail + (r + (r2 * (0.5 + r * (1.0 / 6)) + (r2 * r2) * (1.0 / 24 + r * (1.0 / 120))));
  return (scale - 1) + scale * growth;
}

double lgamma(double x) noexcept {
  // log Gamma(2 + z) = (1 - euler) z + sum over k >= 2 of (zeta(k) - 1) (-z)^k / k, for |z| <= 1/2.
  static constexpr double kZeta[] = {
      4.22784335098467134e-01,  3.22467033424113203e-01, -6.73523010531981020e-02, 2.05808084277845464e-02,
      -7.38555102867398568e-03, 2.89051033074152336e-03, -1.19275391170326102e-03, 5.09669524743042450e-04,
      -2.23154758453579386e-04, 9.94575127818085310e-05, -4.49262367381331420e-05, 2.05072127756706911e-05,
      -9.43948827526839672e-06, 4.37486678990748817e-06, -2.03921575380136619e-06, 9.55141213040741935e-07,
      -4.49246919876456619e-07, 2.12071848055546646e-07, -1.00432248239680991e-07, 4.76981016936398040e-08,
      -2.27110946089431635e-08, 1.08386592148969546e-08, -5.18347504197004664e-09, 2.48367454380247848e-09,
      -1.19214014058609115e-09, 5.73136724167886225e-10, -2.75952288512423336e-10, 1.33047643742444888e-10};
  if (!(x > 0)) return x == 0 ? kInfinity : kNaN;
  if (x >= 10) {
    if (x > 1e305) return x > 2.5e305 ? kInfinity : x * (log(x) - 1);
    return (x - 0.5) * log(x) - x + kHalfLogTwoPi + stirling_rest(x);
  }
  if (x < 0.5) return x * polynomial(kZeta, x) - (log1p(x) + log(x));
  if (x < 1.5) {
    const double z = x - 1;
    return z * polynomial(kZeta, z) - log1p(z);
  }
  double product = 1;
  while (x > 2.5) product *= (x -= 1);
  const double z = x - 2;
  return z * polynomial(kZeta, z) + (product == 1 ? 0 : log(product));
}

double lbeta(double a, double b) noexcept {
  if (a > b) std::swap(a, b);
  if (!(a > 0)) return a == 0 ? kInfinity : kNaN;
  if (b < 10) return lgamma(a) + (lgamma(b) - lgamma(a + b));
  const double rest = stirling_rest(b) - stirling_rest(a + b);
  if (a < 10) return lgamma(a) + (rest - (b - 0.5) * log1p(a / b) - a * log(a + b) + a);
  return -0.5 * log(b) + kHalfLogTwoPi + stirling_rest(a) + rest + (a - 0.5) * log(a / (a + b)) - b * log1p(a / b);
}

double erfcx(double x) noexcept {
  // Chebyshev series of (1 + 2x) erfcx(x) in t = (x - 3.75) / (x + 3.75).
  // Source: J. L. Schonfelder, Chebyshev expansions for the error and related functions, Math. Comp. 32, 1978.
  static constexpr double kSeries[] = {
      1.17757893456740170e+00,  -4.59005458064647761e-03, -8.42491333665179171e-02, 5.92099399981918934e-02,
      -2.66586684353057532e-02, 9.07499767070526521e-03,  -2.41316354041760809e-03, 4.90775836525808628e-04,
      -6.91697330250120695e-05, 4.13902798607301019e-06,  7.74038306619849033e-07,  -2.18864010492343966e-07,
      1.07649994656709100e-08,  4.52195981121828665e-09,  -7.75440020883135088e-10, -6.31808834088668410e-11,
      2.86879501093066987e-11,  1.94558685457773468e-13,  -9.65469674843343926e-13, 3.25254814814874010e-14,
      3.34781194828680559e-14,  -1.86456288041931304e-15, -1.25079505306886479e-15, 7.41823525662404405e-17,
      5.06814890479611101e-17,  -2.23705665943599951e-18, -2.18734294430301785e-18};
  if (!(x >= 0)) return kNaN;
  if (x > 1e100) return 1 / (x * 1.77245385090551602730);
  const double t = (x - 3.75) / (x + 3.75);
  double b0 = 0, b1 = 0;
  for (std::size_t i = std::size(kSeries) - 1; i > 0; --i) {
    const double next = 2 * t * b0 - b1 + kSeries[i];
    b1 = b0;
    b0 = next;
  }
  return (t * b0 - b1 + kSeries[0]) / (1 + 2 * x);
}

double erfc(double x) noexcept {
  if (x != x) return x;
  if (std::fabs(x) < 0.5) return 1 - erf(x);
  if (x < 0) return 2 - erfc(-x);
  if (x > 27.3) return 0;
  const auto high = std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & 0xfffffffff8000000ULL);
  return exp(-high * high) * exp(-(x - high) * (x + high)) * erfcx(x);
}

double erf(double x) noexcept {
  static constexpr double kTaylor[] = {
      1.0,          -1.0 / 3,     1.0 / 10,       -1.0 / 42,      1.0 / 216,        -1.0 / 1320,        1.0 / 9360,
      -1.0 / 75600, 1.0 / 685440, -1.0 / 6894720, 1.0 / 76204800, -1.0 / 918086400, 1.0 / 11975040000.0};
  if (std::fabs(x) < 0.5) return x * 1.12837916709551257390 * polynomial(kTaylor, x * x);
  return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
}

double normal_density(double x) noexcept { return 0.39894228040143267794 * exp_minus_half_square(x); }

double normal_cdf(double x) noexcept {
  if (x != x) return x;
  const double scaled = std::fabs(x) * 0.70710678118654752440;
  if (scaled < 0.5) return 0.5 + 0.5 * erf(x * 0.70710678118654752440);
  if (scaled > 28) return x > 0 ? 1 : 0;
  const double tail = 0.5 * exp_minus_half_square(x) * erfcx(scaled);
  return x < 0 ? tail : 1 - tail;
}

double normal_quantile(double p) noexcept {
  static constexpr double kA[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double kB[] = {1.0,
                                  4.2313330701600911252e1,
                                  6.8718700749205790830e2,
                                  5.3941960214247511077e3,
                                  2.1213794301586595867e4,
                                  3.9307895800092710610e4,
                                  2.8729085735721942674e4,
                                  5.2264952788528545610e3};
  static constexpr double kC[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                  3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kD[] = {1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
  static constexpr double kE[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kF[] = {1.0,
                                  5.99832206555887937690e-1,
                                  1.36929880922735805310e-1,
                                  1.48753612908506148525e-2,
                                  7.86869131145613259100e-4,
                                  1.84631831751005468180e-5,
                                  1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (polynomial(kA, r) / polynomial(kB, r));
  }
  const double tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) return tail == 0 ? (q < 0 ? -kInfinity : kInfinity) : kNaN;
  const double r = std::sqrt(-log(tail));
  const double x =
      r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6) : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return q < 0 ? -x : x;
}

double normal_hazard(double x) noexcept {
  if (x < 0) return normal_density(x) / normal_cdf(-x);
  return 0.79788456080286535588 / erfcx(x * 0.70710678118654752440);  // sqrt(2 / pi)
}

double normal_survival_ratio(double a, double b) noexcept {
  if (b == kInfinity) return 0;
  if (a < 1) return normal_cdf(-b) / normal_cdf(-a);
  return exp(-(b - a) * (0.5 * (a + b))) * (erfcx(b * 0.70710678118654752440) / erfcx(a * 0.70710678118654752440));
}

double normal_residual(double a, double u) noexcept {
  if (!(u > 0)) return 0;
  if (u >= 1) return kInfinity;
  if (a < 1) {
    const double below = normal_cdf(a), above = normal_cdf(-a);
    const double target = below + u * above;
    const double z = target < 0.5 ? normal_quantile(target) : -normal_quantile((1 - u) * above);
    return std::max(z - a, 0.0);
  }
  // Newton on log P(Z > a + d | Z > a) = log(1 - u), whose slope is minus the hazard, from a start that is right for
  // large a. The function is concave, so steps from below the root overshoot once and then close in from above.
  const double goal = -log_complement(u);
  const double tail_a = erfcx(a * 0.70710678118654752440);
  double d = 2 * goal / (a + std::sqrt(a * a + 2 * goal));
  for (int i = 0; i < 20; ++i) {
    const double tail = erfcx((a + d) * 0.70710678118654752440);
    const double f = d * (a + 0.5 * d) - log(tail / tail_a) - goal;
    const double hazard = 0.79788456080286535588 / tail;
    const double step = f / hazard;
    d = std::max(d - step, 0.5 * d);
    if (std::fabs(step) <= 1e-9 * d) break;
  }
  return d;
}

namespace {

/// What depends on the shape alone in x^a exp(-x) / Gamma(a).
struct GammaShape {
  explicit GammaShape(double shape) noexcept
      : a(shape), constant(a < 10 ? lgamma(a) : stirling_rest(a)), root(a < 10 ? 1 : std::sqrt(a / (2 * kPi))) {}

  /// x^a exp(-x) / Gamma(a), with relative accuracy also for large a.
  [[nodiscard]] double prefix(double x) const noexcept {
    if (a < 10) return exp(a * log(x) - x - constant);
    return root * exp(a * log1p_minus((x - a) / a) - constant);
  }

  double a, constant, root;
};

/// P(a, x) / prefix, for x < a + 1.
double gamma_series(double a, double x) noexcept {
  double term = 1 / a, sum = term;
  for (double n = a + 1;; n += 1) {
    term *= x / n;
    sum += term;
    if (term <= kEpsilon * 0.25 * sum) return sum;
  }
}

/// Q(a, x) / prefix, for x >= a + 1: Lentz's evaluation of Legendre's continued fraction.
double gamma_fraction(double a, double x) noexcept {
  constexpr double kTiny = 1e-290;
  double b = x + 1 - a;
  double c = 1 / kTiny, d = 1 / b, h = d;
  for (double i = 1;; i += 1) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double factor = d * c;
    h *= factor;
    if (std::fabs(factor - 1) <= 2 * kEpsilon || i > 1e7) return h;
  }
}

struct Tails {
  double below, above;
};

/// Both tails at 0 < x < infinity, given the prefix there.
Tails gamma_tails_inside(double a, double x, double prefix) noexcept {
  if (x < a + 1) {
    const double p = prefix == 0 ? 0 : std::min(prefix * gamma_series(a, x), 1.0);
    return {p, 1 - p};
  }
  const double q = prefix == 0 ? 0 : std::min(prefix * gamma_fraction(a, x), 1.0);
  return {1 - q, q};
}

Tails gamma_tails(double a, double x) noexcept {
  if (!(a > 0) || x != x) return {kNaN, kNaN};
  if (!(x > 0)) return {0, 1};
  if (x == kInfinity) return {1, 0};
  return gamma_tails_inside(a, x, GammaShape(a).prefix(x));
}

/// Both tails at a point, the density and its logarithmic derivative.
struct Point {
  Tails tails;
  double density, curvature;
};

/// Root of log(tail(x) / goal) by Halley's method, kept inside a bracket; `at(x)` gives the Point at x, `p` and `q` are
/// the goals, of which the smaller is used.
template <class At>
double invert(At at, double p, double q, double x, double low, double high) noexcept {
  const bool lower = p <= q;
  for (int i = 0; i < 200; ++i) {
    const Point point = at(x);
    const double tail = lower ? point.tails.below : point.tails.above;
    const bool too_low = lower ? tail < p : tail > q;
    (too_low ? low : high) = x;
    const double f = point.density;
    double next = kNaN;
    if (tail > 0 && f > 0) {
      const double g = lower ? log(tail / p) : -log(tail / q);
      const double slope = f / tail;
      const double bend = 0.5 * (g / slope) * (point.curvature + (lower ? -slope : slope));
      next = x - (g / slope) / std::clamp(1 - bend, 0.4, 2.5);
    }
    if (std::fabs(next - x) <= 1e-7 * std::min(x, high - x)) return next;
    if (!(next > low && next < high)) {
      next = high < kInfinity ? (low > 0 && high > 4 * low ? std::sqrt(low) * std::sqrt(high) : 0.5 * (low + high))
                              : 2 * x;
      if (next == low || next == high) return x;
    }
    x = next;
  }
  return x;
}

double gamma_inverse(double a, double p, double q) noexcept {
  if (!(a > 0) || !(p >= 0 && q >= 0)) return kNaN;
  if (p == 0) return 0;
  if (q == 0) return kInfinity;
  if (a == 1) return p < q ? -log1p(-p) : -log(q);
  const double log_low = (log(p) + lgamma(a + 1)) / a;  // P(a, x) is about x^a / Gamma(a + 1) for small x
  if (log_low < -37) return exp(log_low);
  double x = exp(log_low);
  if (x > 0.2 * (a + 1)) {
    const double z = p < q ? normal_quantile(p) : -normal_quantile(q);
    const double root = 1 - 1 / (9 * a) + z / (3 * std::sqrt(a));  // E. B. Wilson, M. M. Hilferty, 1931
    const double cube = a * root * root * root;
    if (q < 0.1 && (a < 1 || !(cube < 3 * a + 10))) {
      const double tail = -log(q) - lgamma(a);
      x = std::max(tail, 0.1);
      for (int i = 0; i < 3; ++i) x = std::max(tail + (a - 1) * log(x), 0.1);
    } else if (root > 0.1) {
      x = cube;
    }
  } else {
    x *= 1 + x / (a + 1);
  }
  const GammaShape shape(a);
  const auto at = [&shape](double y) noexcept {
    const double prefix = shape.prefix(y);
    return Point{gamma_tails_inside(shape.a, y, prefix), prefix / y, (shape.a - 1) / y - 1};
  };
  return invert(at, p, q, x, 0, kInfinity);
}

}  // namespace

double gamma_p(double a, double x) noexcept { return gamma_tails(a, x).below; }
double gamma_q(double a, double x) noexcept { return gamma_tails(a, x).above; }
double gamma_p_inverse(double a, double p) noexcept { return gamma_inverse(a, p, 1 - p); }
double gamma_q_inverse(double a, double q) noexcept { return gamma_inverse(a, 1 - q, q); }

double gamma_density(double a, double x) noexcept {
  if (!(x > 0)) return x < 0 || a > 1 ? 0 : (a == 1 ? 1 : kInfinity);
  if (x == kInfinity) return 0;
  return GammaShape(a).prefix(x) / x;
}

double gamma_hazard(double a, double x) noexcept {
  if (x < a + 1) return gamma_density(a, x) / gamma_q(a, x);
  return 1 / (x * gamma_fraction(a, x));
}

double gamma_survival_ratio(double a, double x, double y) noexcept {
  if (y == kInfinity) return 0;
  if (x < a + 1) return gamma_q(a, y) / gamma_q(a, x);
  return exp(a * log1p((y - x) / x) - (y - x)) * (gamma_fraction(a, y) / gamma_fraction(a, x));
}

double gamma_residual(double a, double x, double u) noexcept {
  if (!(u > 0)) return 0;
  if (u >= 1) return kInfinity;
  const double goal = -log_complement(u);
  if (a == 1) return goal;
  if (x < a + 1) {
    const Tails t = gamma_tails(a, x);
    const double p = t.below + u * t.above;
    const double y = p < 0.5 ? gamma_p_inverse(a, p) : gamma_q_inverse(a, (1 - u) * t.above);
    return std::max(y - x, 0.0);
  }
  const double fraction_x = gamma_fraction(a, x);
  double d = goal * x * fraction_x;  // the inverse of the hazard at x
  double low = 0, high = kInfinity;
  for (int i = 0; i < 100; ++i) {
    const double fraction = gamma_fraction(a, x + d);
    const double f = d - a * log1p(d / x) - log(fraction / fraction_x) - goal;
    (f < 0 ? low : high) = d;
    double next = d - f * (x + d) * fraction;
    if (std::fabs(next - d) <= 1e-9 * d) return std::max(next, 0.0);
    if (!(next > low && next < high)) next = high < kInfinity ? 0.5 * (low + high) : 2 * d;
    d = next;
  }
  return d;
}

namespace {

/// What depends on the shapes alone in x^a y^b / B(a, b), x + y = 1.
struct BetaShape {
  BetaShape(double first, double second) noexcept : a(first), b(second), large(a >= 10 && b >= 10) {
    constant = large ? stirling_rest(a + b) - stirling_rest(a) - stirling_rest(b) : -lbeta(a, b);
    if (large) root = std::sqrt(a / (a + b) * b / (2 * kPi));
  }

  [[nodiscard]] double prefix(double x, double y) const noexcept {
    if (large) {
      const double excess = x * b - y * a;  // (a + b) x - a
      return root * exp(a * log1p_minus(excess / a) + b * log1p_minus(-excess / b) + constant);
    }
    const double log_x = x < 0.5 ? log(x) : log1p(-y);
    const double log_y = y < 0.5 ? log(y) : log1p(-x);
    return exp(a * log_x + b * log_y + constant);
  }

  double a, b, constant = 0, root = 1;
  bool large;
};

/// Lentz's evaluation of the continued fraction of I_x(a, b) a / prefix; fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) noexcept {
  constexpr double kTiny = 1e-290;
  const auto guard = [](double v) { return std::fabs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / guard(1 - (a + b) * x / (a + 1)), h = d;
  for (double m = 1;; m += 1) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const double factor = d * c;
    h *= factor;
    if (std::fabs(factor - 1) <= 2 * kEpsilon || m > 1e7) return h;
  }
}

/// Both tails at 0 < x < 1, given the prefix there.
Tails beta_tails_inside(double a, double b, double x, double y, double prefix) noexcept {
  if (x < (a + 1) / (a + b + 2)) {
    const double p = prefix == 0 ? 0 : std::min(prefix * beta_fraction(a, b, x) / a, 1.0);
    return {p, 1 - p};
  }
  const double q = prefix == 0 ? 0 : std::min(prefix * beta_fraction(b, a, y) / b, 1.0);
  return {1 - q, q};
}

}  // namespace

double beta_i(double a, double b, double x) noexcept {
  if (!(a > 0 && b > 0) || x != x) return kNaN;
  if (!(x > 0)) return 0;
  if (!(x < 1)) return 1;
  return beta_tails_inside(a, b, x, 1 - x, BetaShape(a, b).prefix(x, 1 - x)).below;
}

double beta_i_inverse(double a, double b, double p) noexcept {
  if (!(a > 0 && b > 0) || !(p >= 0 && p <= 1)) return kNaN;
  if (p == 0 || p == 1) return p;
  // Start from the small-x or small-(1 - x) expansion where it holds, else from the normal approximation of log(x/y).
  double x = exp((log(p) + log(a) + lbeta(a, b)) / a);
  const double y = exp((log(1 - p) + log(b) + lbeta(a, b)) / b);
  if (x < 1e-300) return x;
  if (!(x < 0.1 * std::min(1.0, (a + 1) / std::max(1.0, b)))) {
    if (y < 0.1 * std::min(1.0, (b + 1) / std::max(1.0, a))) {
      x = 1 - y;
    } else {
      const double z = normal_quantile(p);
      x = 1 / (1 + b / a * exp(-z * std::sqrt(1 / a + 1 / b)));
    }
  }
  x = std::clamp(x, 1e-300, 1 - 0x1p-53);
  const BetaShape shape(a, b);
  const auto at = [&shape](double v) noexcept {
    const double w = 1 - v, prefix = shape.prefix(v, w);
    return Point{beta_tails_inside(shape.a, shape.b, v, w, prefix), prefix / (v * w),
                 (shape.a - 1) / v - (shape.b - 1) / w};
  };
  return invert(at, p, 1 - p, x, 0, 1);
}

double beta_density(double a, double b, double x) noexcept {
  if (x < 0 || x > 1) return 0;
  if (x == 0) return a > 1 ? 0 : (a == 1 ? b : kInfinity);
  if (x == 1) return b > 1 ? 0 : (b == 1 ? a : kInfinity);
  return BetaShape(a, b).prefix(x, 1 - x) / (x * (1 - x));
}

}  // namespace twin::math
