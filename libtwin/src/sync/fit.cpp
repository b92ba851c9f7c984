#include "twin/sync/fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "twin/base/error.hpp"

namespace twin::sync {
namespace {

/// Sums that the estimators share.
struct Moments {
  double n = 0, mean = 0, sd = 0;   ///< sd by n
  double log_mean = 0, log_sd = 0;  ///< of the logarithms
  double least = 0, greatest = 0;
};

Moments moments(std::span<const double> x) {
  Moments m;
  m.n = static_cast<double>(x.size());
  m.least = m.greatest = x[0];
  for (const double v : x) {
    m.mean += v / m.n;
    m.log_mean += std::log(v) / m.n;
    m.least = std::min(m.least, v);
    m.greatest = std::max(m.greatest, v);
  }
  for (const double v : x) {
    m.sd += (v - m.mean) * (v - m.mean) / m.n;
    m.log_sd += (std::log(v) - m.log_mean) * (std::log(v) - m.log_mean) / m.n;
  }
  m.sd = std::sqrt(m.sd);
  m.log_sd = std::sqrt(m.log_sd);
  return m;
}

void check_values(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] > 0) || !std::isfinite(values[i])) {
      throw InvalidArgument("duration " + std::to_string(i) + " is " + std::to_string(values[i]) +
                            "; allowed: positive and finite");
    }
  }
}

/// d/dx log Gamma(x), by recurrence and the asymptotic series.
double digamma(double x) {
  double shift = 0;
  for (; x < 8; ++x) shift -= 1 / x;
  const double y = 1 / (x * x);
  return shift + std::log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y / 240)));
}

double trigamma(double x) {
  double shift = 0;
  for (; x < 8; ++x) shift += 1 / (x * x);
  const double y = 1 / (x * x);
  return shift + 1 / x + 0.5 * y + y / x * (1.0 / 6 - y * (1.0 / 30 - y * (1.0 / 42 - y / 30)));
}

double log_gamma(double x) {
  // Stirling's series; not std::lgamma, which writes a global sign.
  double shift = 0;
  for (; x < 8; ++x) shift -= std::log(x);
  const double y = 1 / (x * x);
  return shift + (x - 0.5) * std::log(x) - x + 0.5 * std::log(2 * std::numbers::pi) +
         (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y / 1680))) / x;
}

double normal_log_likelihood(double n, double sd) { return -0.5 * n * (1 + std::log(2 * std::numbers::pi * sd * sd)); }

Candidate candidate(std::string family, Distribution d, int parameters, double log_likelihood,
                    std::span<const double> x) {
  Candidate c;
  c.family = std::move(family);
  c.distribution = std::move(d);
  c.parameters = parameters;
  c.log_likelihood = log_likelihood;
  c.aic = 2.0 * parameters - 2 * log_likelihood;
  const auto ks = kolmogorov_smirnov(c.distribution, x);
  c.ks = ks.distance;
  c.ks_p = ks.p;
  return c;
}

Candidate fit_gamma(std::span<const double> x, const Moments& m) {
  const double s = std::log(m.mean) - m.log_mean;
  double k = (3 - s + std::sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s);
  for (int i = 0; i < 50; ++i) {
    const double step = (std::log(k) - digamma(k) - s) / (1 / k - trigamma(k));
    const double next = k - step > 0 ? k - step : 0.5 * k;
    const bool is_done = std::abs(next - k) < 1e-12 * k;
    k = next;
    if (is_done) break;
  }
  const double scale = m.mean / k;
  const double ll = m.n * ((k - 1) * m.log_mean - k - k * std::log(scale) - log_gamma(k));
  return candidate("gamma", Distribution::gamma(k, scale), 2, ll, x);
}

Candidate fit_weibull(std::span<const double> x, const Moments& m) {
  // Solves sum(x^k log x) / sum(x^k) - 1/k = mean log x, which rises in k; by bisection on logarithms.
  const auto excess = [&](double k) {
    double sum = 0, weighted = 0;
    for (const double v : x) {
      const double w = std::pow(v / m.greatest, k);
      sum += w;
      weighted += w * std::log(v);
    }
    return weighted / sum - 1 / k - m.log_mean;
  };
  double low = 1e-2, high = 1e5;
  for (int i = 0; i < 100; ++i) {
    const double middle = std::sqrt(low * high);
    (excess(middle) < 0 ? low : high) = middle;
  }
  const double k = std::sqrt(low * high);
  double sum = 0;
  for (const double v : x) sum += std::pow(v / m.greatest, k) / m.n;
  const double scale = m.greatest * std::pow(sum, 1 / k);
  const double ll = m.n * (std::log(k) - k * std::log(scale) + (k - 1) * m.log_mean - 1);
  return candidate("weibull", Distribution::weibull(k, scale), 2, ll, x);
}

void add_shifted_lognormal(std::vector<Candidate>& list, std::span<const double> x, const Moments& m) {
  // The likelihood grows without bound as the shift meets the least value, so the shift is one of a few.
  double best = -INFINITY, best_shift = 0;
  Moments best_moments;
  std::vector<double> rest(x.size());
  for (const double share : {0.5, 0.7, 0.8, 0.9, 0.95}) {
    for (std::size_t i = 0; i < x.size(); ++i) rest[i] = x[i] - share * m.least;
    const Moments r = moments(rest);
    const double ll = normal_log_likelihood(m.n, r.log_sd) - m.n * r.log_mean;
    if (ll > best) {
      best = ll;
      best_shift = share * m.least;
      best_moments = r;
    }
  }
  list.push_back(candidate("shifted lognormal",
                           Distribution::lognormal(best_moments.log_mean, best_moments.log_sd).shifted(best_shift), 3,
                           best, x));
}

/// Keeps a fit from being narrower than the floor.
bool is_too_narrow(const Moments& m, const FitOptions& options) { return !(m.sd > options.min_cv * m.mean); }

void record_ks(Fit& fit, std::span<const double> seconds) {
  if (seconds.empty()) return;
  const auto ks = kolmogorov_smirnov(fit.distribution, seconds);
  fit.provenance.ks = ks.distance;
  fit.provenance.ks_p = ks.p;
}

}  // namespace

KolmogorovSmirnov kolmogorov_smirnov(const Distribution& distribution, std::span<const double> values) {
  KolmogorovSmirnov out;
  if (values.empty()) return out;
  std::vector<double> x(values.begin(), values.end());
  std::sort(x.begin(), x.end());
  const double n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double f = distribution.cdf(x[i]);
    out.distance = std::max({out.distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  const double t = (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n)) * out.distance;
  if (t < 0.2) return out;
  double p = 0;
  for (int k = 1; k <= 100; ++k) {
    const double term = std::exp(-2.0 * k * k * t * t);
    p += (k % 2 == 1 ? 2 : -2) * term;
    if (term < 1e-12) break;
  }
  out.p = std::clamp(p, 0.0, 1.0);
  return out;
}

std::vector<Candidate> fit_families(std::span<const double> x) {
  check_values(x);
  if (x.size() < 2) throw InvalidArgument("fit of " + std::to_string(x.size()) + " values; allowed: 2 or more");
  const Moments m = moments(x);
  if (!(m.sd > 1e-9 * m.mean)) throw InvalidArgument("fit of values that are all equal: no family has no spread");
  std::vector<Candidate> list;
  list.push_back(candidate("exponential", Distribution::exponential(m.mean), 1, -m.n * (1 + std::log(m.mean)), x));
  list.push_back(fit_gamma(x, m));
  list.push_back(fit_weibull(x, m));
  list.push_back(candidate("lognormal", Distribution::lognormal(m.log_mean, m.log_sd), 2,
                           normal_log_likelihood(m.n, m.log_sd) - m.n * m.log_mean, x));
  if (m.mean > 4 * m.sd) {  // what lies below 0 is cut off; it is too little to matter for the likelihood
    list.push_back(candidate("normal", Distribution::normal(m.mean, m.sd).truncated(0, m.mean + 40 * m.sd), 2,
                             normal_log_likelihood(m.n, m.sd), x));
  }
  const double spare = m.n * (m.mean - m.least) / (m.n - 1);  // unbiased mean of what exceeds the shift
  if (m.mean - spare > 0) {
    const double ll = -m.n * (1 + std::log(spare));
    list.push_back(
        candidate("shifted exponential", Distribution::exponential(spare).shifted(m.mean - spare), 2, ll, x));
  }
  add_shifted_lognormal(list, x, m);
  std::erase_if(list, [](const Candidate& c) { return !std::isfinite(c.aic); });
  std::stable_sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) { return a.aic < b.aic; });
  return list;
}

Fit fit_duration(std::span<const double> seconds, const FitOptions& options, Period period) {
  check_values(seconds);
  if (seconds.empty()) throw InvalidArgument("fit of no durations; allowed: 1 or more");
  const Moments m = moments(seconds);
  Fit fit;
  fit.provenance.n = seconds.size();
  fit.provenance.first = period.first;
  fit.provenance.last = period.last;
  if (is_too_narrow(m, options)) {
    fit.distribution = Distribution::lognormal_mean_cv(m.mean, std::max(options.min_cv, 1e-9));
    fit.provenance.method = "floor";
    fit.provenance.family = "lognormal";
    record_ks(fit, seconds);
    return fit;
  }
  fit.candidates = fit_families(seconds);
  const Candidate& best = fit.candidates.front();
  if (best.ks_p < options.accept_p && seconds.size() >= options.n_empirical) {
    fit.distribution = Distribution::empirical({seconds.begin(), seconds.end()});
    fit.provenance.method = "empirical";
    fit.provenance.family = "empirical";
    record_ks(fit, seconds);
    return fit;
  }
  fit.distribution = best.distribution;
  fit.provenance.method = "maximum likelihood";
  fit.provenance.family = best.family;
  fit.provenance.log_likelihood = best.log_likelihood;
  fit.provenance.aic = best.aic;
  fit.provenance.ks = best.ks;
  fit.provenance.ks_p = best.ks_p;
  return fit;
}

Fit update_plan(const PlannedTime& plan, std::span<const double> seconds, const FitOptions& options, Period period) {
  if (!(plan.median_s > 0) || !std::isfinite(plan.median_s)) {
    throw InvalidArgument("planned median_s is " + std::to_string(plan.median_s) + "; allowed: positive and finite");
  }
  if (!(plan.within_cv > 0 && plan.within_cv < plan.cv && plan.cv <= 10)) {
    throw InvalidArgument("planned cv is " + std::to_string(plan.cv) + ", within_cv " + std::to_string(plan.within_cv) +
                          "; allowed: 0 < within_cv < cv <= 10");
  }
  check_values(seconds);
  Fit fit;
  fit.provenance.n = seconds.size();
  fit.provenance.first = period.first;
  fit.provenance.last = period.last;
  fit.provenance.family = "lognormal";
  const double centre = std::log(plan.median_s);
  const double total = std::log1p(plan.cv * plan.cv);
  const double within = std::log1p(plan.within_cv * plan.within_cv);
  if (seconds.empty()) {
    fit.distribution = Distribution::lognormal(centre, std::sqrt(total));
    fit.provenance.method = "prior";
    fit.level_sd = std::sqrt(total - within);
    return fit;
  }
  const Moments m = moments(seconds);
  const double kappa0 = within / (total - within);  // the plan's level weighs as much as so many observations
  const double alpha0 = 1.5;                        // three observations' worth of belief in within_cv
  const double kappa = kappa0 + m.n;
  const double mean = (kappa0 * centre + m.n * m.log_mean) / kappa;
  const double alpha = alpha0 + 0.5 * m.n;
  const double off = m.log_mean - centre;
  const double beta = alpha0 * within + 0.5 * m.n * m.log_sd * m.log_sd + 0.5 * kappa0 * m.n * off * off / kappa;
  // Posterior predictive: Student's t with 2 alpha degrees of freedom on the logarithm; same centre and variance.
  const double scale2 = beta * (kappa + 1) / (alpha * kappa);
  const double variance = scale2 * (2 * alpha) / (2 * alpha - 2);
  const double floor = std::log1p(options.min_cv * options.min_cv);
  fit.distribution = Distribution::lognormal(mean, std::sqrt(std::max(variance, floor)));
  fit.provenance.method = "posterior";
  fit.level_sd = std::sqrt(std::max(variance, floor) / (kappa + 1));  // of the predictive, the share of the mean
  record_ks(fit, seconds);
  return fit;
}

Fit learn_duration(const PlannedTime& plan, std::span<const double> seconds, const FitOptions& options, Period period) {
  if (seconds.size() < options.n_min) return update_plan(plan, seconds, options, period);
  return fit_duration(seconds, options, period);
}

}  // namespace twin::sync
