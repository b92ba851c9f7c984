/// What happens next: many futures of one state, each with its own luck.
///
/// Future i is a branch of the state (work in progress and all that is pending drawn anew, given its age), run ahead.
/// A `Forecast` tells when lots, operations and orders finish, and the figures that each future ends with:
///
/// | name | instant |
/// |---|---|
/// | `Box-07.finish` | an ordered lot that is still open, or another lot in the plant, leaves (good or scrapped) |
/// | `operation.Hurco02.finish` | the setup and processing now on that machine ends |
/// | `Box.finish` | the last lot of an order has left; orders already done keep the instant of the past |
/// | `order.finish` | everything ordered has left |
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "twin/sim/advance.hpp"
#include "twin/sim/recursion.hpp"
#include "twin/study/cancelled.hpp"
#include "twin/study/statistics.hpp"

namespace twin::study {

struct ForecastOptions {
  int futures = 1000;
  /// Span from the state's clock to look ahead. kNever: until every ordered lot has left, 10 years at most; then only
  /// ordered lots and operations on them are told of, since a future ends with the last of them.
  Tick horizon = kNever;
  int threads = 0;                                         ///< 0: as many as the hardware runs
  std::uint64_t first_replication = 1;                     ///< future i draws as replication first_replication + i
  Method method = Method::kAuto;                           ///< by events or by recursion: the outcome is the same bits
  const std::atomic<bool>* cancel = nullptr;               ///< true stops the study
  std::function<void(int done, int total)> progress = {};  ///< called on the calling thread; may throw to stop
};

/// Instants and figures of many futures.
class Forecast {
 public:
  Tick now = 0;      ///< clock of the state
  Tick horizon = 0;  ///< instant up to which was looked
  int futures = 0;
  std::vector<std::string> names;   ///< of the instants
  std::vector<Tick> instants;       ///< shape (futures, names), ticks since the epoch; kNever: not by the horizon
  std::vector<Metric> metrics;      ///< figures of `measure`, without those that `names` has
  std::vector<double> values;       ///< shape (futures, metrics): from the state to the end of the future
  std::uint64_t events = 0;         ///< events run, all futures
  Method method = Method::kEvents;  ///< how they were run: kEvents or kRecursion
  double cpu_s = 0;                 ///< CPU time of branching and advancing, all threads
  std::uint64_t digest = 0;         ///< of every operation of every future

  /// Column of an instant. \throws InvalidArgument  unknown name, with the nearest ones
  [[nodiscard]] std::size_t index(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// The instant in each future.
  [[nodiscard]] std::vector<Tick> instants_of(std::string_view name) const;
  /// An instant, in seconds since `now` (infinite: not by the horizon), or a figure, in each future.
  [[nodiscard]] std::vector<double> sample(std::string_view name) const;
  /// Smallest instant by which the thing has happened in a share `p` of the futures, between two by straight lines;
  /// kNever when that is beyond the horizon.
  [[nodiscard]] Tick quantile(std::string_view name, double p) const;
  /// Mean instant; kNever when some future does not reach it by the horizon.
  [[nodiscard]] Tick mean(std::string_view name) const;
  /// Share of the futures in which it has happened at `t` or before.
  [[nodiscard]] double probability_before(std::string_view name, Tick t) const;
};

/// Runs futures of `state` ahead.
///
/// \param state  start; unchanged, since each future runs on its own branch
/// \throws InvalidArgument  fewer than 1 future, a horizon that is not positive, or none although no order is open;
///                          a state or parameters of another plant; a method that they do not allow
/// \throws Cancelled        when cancelled
/// \note Same plant, parameters and state give the same bits for any number of threads (`cpu_s` apart).
/// \note Cost: one State copy and the events of each future.
[[nodiscard]] Forecast forecast(const Plant& plant, const Parameters& parameters, const State& state,
                                const ForecastOptions& options = {});
/// The same where the parameters are uncertain themselves: future i takes set i modulo their number, as drawn, say,
/// from a posterior. \throws InvalidArgument also for an empty span
[[nodiscard]] Forecast forecast(const Plant& plant, std::span<const Parameters> parameters, const State& state,
                                const ForecastOptions& options = {});

}  // namespace twin::study
