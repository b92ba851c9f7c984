/// Durations learnt from data: maximum likelihood where there is enough, else a planned time that data corrects.
///
/// With n observations or more of a kind, families compete by Akaike's criterion, and the Kolmogorov-Smirnov figure
/// says whether the winner describes the data at all; if not, the data itself is the distribution. With fewer, a
/// planned time with a wide prior meets them: the logarithm of a duration is normal, its mean and variance unknown with
/// a normal-inverse-gamma prior, so the first few observations settle the level, and more of them the spread. Sources:
/// H. Akaike, A new look at the statistical model identification, 1974; M. A. Stephens, EDF statistics, 1974; Gelman et
/// al., Bayesian Data Analysis, 3.3 (normal data with a conjugate prior).
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "twin/base/distribution.hpp"
#include "twin/base/time.hpp"

namespace twin::sync {

/// Where a learnt number comes from.
struct Provenance {
  std::size_t n = 0;          ///< observations
  Tick first = 0, last = 0;   ///< their period, ns since 1970 UTC; both 0 when unknown
  std::string method;         ///< `prior`, `posterior`, `maximum likelihood`, `empirical`, `floor`
  std::string family;         ///< `shifted lognormal`
  double log_likelihood = 0;  ///< 0 unless by maximum likelihood
  double aic = 0;             ///< 2 parameters - 2 log likelihood; 0 unless by maximum likelihood
  double ks = 0;              ///< largest distance between the distribution functions; 0 for n = 0
  double ks_p = 1;            ///< its p-value; too kind, since parameters come from the same data
};

/// One family fitted by maximum likelihood.
struct Candidate {
  Distribution distribution;
  std::string family;
  int parameters = 0;
  double log_likelihood = 0, aic = 0, ks = 0, ks_p = 1;
};

/// A distribution and why it is believed.
struct Fit {
  Distribution distribution;
  Provenance provenance;
  std::vector<Candidate> candidates;  ///< all families tried, best first; empty unless by maximum likelihood
  /// Part of the spread on the logarithm that all durations of the kind share, because the level is not known (a
  /// standard deviation); `distribution` has it inside. Scenarios say it apart, as `uncertain(..., sigma)`.
  double level_sd = 0;
};

/// A planned time: half of such durations are expected below `median_s`; cv says how little is known.
struct PlannedTime {
  double median_s = 0;
  double cv = 0.5;         ///< spread of what an operation with this plan may turn out to take
  double within_cv = 0.1;  ///< part of it that runs of the same operation are expected to differ by; below cv
};

struct FitOptions {
  std::size_t n_min = 8;        ///< fewer observations: the posterior of the plan
  double min_cv = 0.001;        ///< no fit is narrower: a floor for durations that are all but equal
  double accept_p = 0.01;       ///< Kolmogorov-Smirnov p-value below which no family is believed ...
  std::size_t n_empirical = 8;  ///< ... and the data itself taken, if there are at least so many
};

/// Period of the observations, for the record.
struct Period {
  Tick first = 0, last = 0;
};

/// Kolmogorov-Smirnov distance of data from a distribution, and its p-value with Stephens' correction for small n.
struct KolmogorovSmirnov {
  double distance = 0, p = 1;
};
[[nodiscard]] KolmogorovSmirnov kolmogorov_smirnov(const Distribution& distribution, std::span<const double> values);

/// Families fitted by maximum likelihood, best (smallest AIC) first: exponential, gamma, Weibull, lognormal, normal
/// (where hardly any of it is negative), shifted exponential, shifted lognormal (shift at most 0.95 of the least
/// value). \throws InvalidArgument  fewer than 2 values, or one that is not positive and finite; all equal
[[nodiscard]] std::vector<Candidate> fit_families(std::span<const double> values);

/// The best description of positive durations by themselves.
/// \throws InvalidArgument  no value, or one that is not positive and finite
[[nodiscard]] Fit fit_duration(std::span<const double> seconds, const FitOptions& options = {}, Period period = {});

/// What a plan and n observations say together: the posterior predictive of the next duration as a lognormal.
/// \throws InvalidArgument  a plan or value that is not positive and finite, or within_cv not below cv
[[nodiscard]] Fit update_plan(const PlannedTime& plan, std::span<const double> seconds, const FitOptions& options = {},
                              Period period = {});

/// `update_plan` for fewer than n_min observations, else `fit_duration`.
[[nodiscard]] Fit learn_duration(const PlannedTime& plan, std::span<const double> seconds,
                                 const FitOptions& options = {}, Period period = {});

}  // namespace twin::sync
