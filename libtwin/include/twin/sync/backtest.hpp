/// How good the forecasts of a twin would have been: standing in the past, reading nothing of what came later.
///
/// At each of many instants the twin learns from what was known, forecasts when the operation in work and the next one
/// on each machine will end, and is scored against what happened: coverage of the 80 % interval (P10 to P90), CRPS and
/// mean absolute error of the median, in seconds. Kinds of operation (product, operation, machine) of which one had
/// been completed before are scored apart from those never yet seen.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "twin/sync/twin.hpp"

namespace twin::sync {

struct BacktestOptions {
  int instants = 60;             ///< placed by operations: two in three inside one, the others just after an end
  int futures = 300;             ///< branches at each instant
  Tick horizon = 14 * kDay;      ///< of a forecast; a target later than this counts as this late
  std::size_t earlier_runs = 3;  ///< of its kind, for an operation to count in the half-way figure
  LearnOptions learn = {};
  Seed seed = {};
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(int done, int total)> progress = {};
};

/// Mean scores over `n` targets. A point forecast has an interval of no width, and CRPS equal to its absolute error.
struct Score {
  double coverage80 = 0, crps = 0, mae = 0;  ///< share, s, s; NaN for n = 0
  double median_error = 0;                   ///< median absolute error, s: what a few bad days do not spoil
  std::size_t n = 0;
};

/// Targets of one class, forecast in four ways.
struct Scores {
  Score with_progress, without_progress;
  Score past_mean;  ///< naive: mean of the past durations of its kind (of all kinds where it has none), in open time
  Score planned;    ///< naive: planned median of the sheet, in open time
};

/// One target at one instant. Instants are ns since 1970 UTC.
struct Target {
  Tick instant = 0, actual = 0;
  std::string part, operation, machine;
  bool seen = false;               ///< an operation of its kind had been completed
  bool in_work = false;            ///< under way at the instant, else the next on its machine
  Tick p10 = 0, p50 = 0, p90 = 0;  ///< with progress
  Tick past_mean = 0, planned = 0;
};

/// An operation told at the middle of its duration.
struct HalfWay {
  std::string part, operation, machine;
  double predicted_s = 0, actual_s = 0, naive_s = 0;  ///< time left
  double duration_s = 0;
  [[nodiscard]] double error_share() const noexcept;  ///< |predicted - actual| / duration
  [[nodiscard]] double naive_error_share() const noexcept;
};

struct Backtest {
  Scores seen, unseen;
  Scores in_work;                       ///< the seen targets that were under way: where progress matters
  double median_error_share = 0;        ///< over `half_way`; NaN if there is none
  double naive_median_error_share = 0;  ///< by the mean of past durations
  std::vector<HalfWay> half_way;
  std::vector<Target> targets;
  std::vector<Tick> instants;
  std::size_t inside = 0;  ///< instants inside an operation
};

/// \throws InvalidArgument  fewer than 1 instant or 2 futures, or no completed operation
/// \throws study::Cancelled
[[nodiscard]] Backtest backtest(const Twin& twin, const BacktestOptions& options = {});

/// One operation followed as it ran: what was predicted for its end, at a share of its duration after another.
struct Followed {
  std::vector<Tick> instants;
  std::vector<Tick> p10, p50, p90;  ///< predicted end, on the clock; processing left, as if nothing interrupts
  Tick start = 0, end = 0;          ///< as it happened
};
/// \param points  how many instants, evenly between start and end
/// \throws InvalidArgument  no such completed operation
/// \throws study::Cancelled  `cancel` became true
[[nodiscard]] Followed follow(const Twin& twin, const std::string& part, const std::string& operation, int points = 50,
                              const std::atomic<bool>* cancel = nullptr);

}  // namespace twin::sync
