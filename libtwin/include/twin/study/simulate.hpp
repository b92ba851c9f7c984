/// Whole runs of a plant, repeated: what its figures are and how sure that is.
///
/// Replication i draws from (seed, i), runs from the empty plant through the warm-up to the end, and measures what lies
/// between. A `Result` keeps the figure of every replication, so that any other statistic can be made of it.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "twin/sim/advance.hpp"
#include "twin/sim/recursion.hpp"
#include "twin/study/cancelled.hpp"
#include "twin/study/statistics.hpp"

namespace twin::study {

struct SimulateOptions {
  int replications = 0;                                    ///< 0: as the plant's `run` says
  std::optional<Seed> seed = {};                           ///< else the plant's
  std::optional<Tick> warmup = {};                         ///< else the plant's; figures count from here on
  std::optional<Tick> until = {};                          ///< else the plant's; kNever: until all orders have left
  int threads = 0;                                         ///< 0: as many as the hardware runs
  bool quantiles = true;                                   ///< also `part.cycle_time.p95` and the like
  std::uint64_t first_replication = 0;                     ///< so that a study can be done in pieces
  Method method = Method::kAuto;                           ///< by events or by recursion: the outcome is the same bits
  const std::atomic<bool>* cancel = nullptr;               ///< true stops the study
  std::function<void(int done, int total)> progress = {};  ///< called on the calling thread; may throw to stop
};

/// Figures of all replications. A figure that a replication has no data for is NaN there and left out of its mean.
class Result {
 public:
  std::vector<Metric> metrics;  ///< names and units of the columns
  int replications = 0;
  std::vector<double> values;       ///< shape (replications, metrics), rows by replication
  std::vector<Estimate> estimates;  ///< by metric: mean and 95 % half-width over replications
  std::uint64_t completed = 0;      ///< good lots after the warm-up, all replications
  std::uint64_t events = 0;         ///< events run, warm-up included, all replications
  double cpu_s = 0;                 ///< CPU time of advancing, all threads
  std::uint64_t digest = 0;         ///< of every operation of every replication
  Method method = Method::kEvents;  ///< how it was run: kEvents or kRecursion
  int unfinished = 0;               ///< replications to be run until all orders had left that came to a standstill

  /// \throws InvalidArgument  unknown name, with the nearest ones
  [[nodiscard]] std::size_t index(std::string_view metric) const;
  [[nodiscard]] const Estimate& operator[](std::string_view metric) const { return estimates[index(metric)]; }
  /// Figure of each replication.
  [[nodiscard]] std::vector<double> sample(std::string_view metric) const;
  [[nodiscard]] std::span<const double> row(int replication) const noexcept {
    return std::span(values).subspan(static_cast<std::size_t>(replication) * metrics.size(), metrics.size());
  }
};

/// Probabilities of the quantiles in a Result, and their names: p05, p10, p50, p90, p95, p99.
inline constexpr double kQuantileLevels[] = {0.05, 0.10, 0.50, 0.90, 0.95, 0.99};
inline constexpr const char* kQuantileNames[] = {"p05", "p10", "p50", "p90", "p95", "p99"};

/// Runs `plant` from its beginning, so many times, and measures.
///
/// Quantiles are those of the lots finished after the warm-up in each replication, then averaged over replications.
///
/// \throws InvalidArgument  no end: neither `until` nor orders; warm-up at or after the end; negative numbers;
///                          parameters of another plant; a method that the plant does not allow
/// \throws Cancelled        when cancelled
/// \note Same plant, parameters and seed give the same bits for any number of threads (`cpu_s` apart).
/// \note A run until all orders have left ends after 10 years at the latest, and counts as `unfinished`.
[[nodiscard]] Result simulate(const Plant& plant, const SimulateOptions& options = {});
[[nodiscard]] Result simulate(const Plant& plant, const Parameters& parameters, const SimulateOptions& options = {});

/// How long a run until all orders have left may take.
inline constexpr Tick kLongestRun = 3653 * kDay;

}  // namespace twin::study
