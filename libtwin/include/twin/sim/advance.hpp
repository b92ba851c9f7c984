/// The rules that move a State forward, and the ways to start, fork and read one.
///
/// `advance` runs the events of a plant in the order (time, priority, sequence). What a lot, a machine or a failure
/// draws is a function of its name and count (base/random.hpp), so that plants that differ in one place share their
/// luck everywhere else.
#pragma once
#include <atomic>
#include <limits>
#include <string>
#include <vector>

#include "twin/sim/recorder.hpp"
#include "twin/state/state.hpp"

namespace twin {

/// Refuses numbers that are not those of this plant. `simulate`, `forecast`, `State::initial`, `branch` and `assemble`
/// call it; `advance` and `branch_into`, which are called often, look at the counts alone.
/// \throws InvalidArgument  naming what differs: a count, a distribution whose table is none, or a source of which
///                          infinitely many lots would come at one instant
void check_parameters(const Plant& plant, const Parameters& parameters);

/// Where to stop.
struct Until {
  Tick time = kNever;                         ///< events at this instant still run
  bool orders_done = false;                   ///< stop as soon as every ordered lot has left
  const std::atomic<bool>* cancel = nullptr;  ///< looked at every few thousand events; true stops there
};

/// Moves `state` forward by running its events.
/// \return true if it came to the end asked for; false if it was cancelled (the state is then at the last event run)
/// \throws InvalidArgument  the end lies before the state's clock, or the state or the parameters belong to another
///                          plant
/// \throws DeadlockError    lots wait in a circle for each other's places; the message names the circle, and the state
///                          is that of the instant
/// \note Same plant, parameters and state give the same bits, in one call or several.
bool advance(const Plant& plant, const Parameters& parameters, State& state, const Until& until,
             Recorder* recorder = nullptr);
bool advance(const Plant& plant, const Parameters& parameters, State& state, const Until& until, LotLog& lots);
/// By a span: `advance(plant, plant.parameters(), now, 8h)`.
void advance(const Plant& plant, const Parameters& parameters, State& state, Duration span,
             Recorder* recorder = nullptr);

/// A copy with its own luck: later draws are those of `replication`, and what is pending (work, repairs, lives,
/// arrivals, trips) is drawn anew given how long it has lasted, or from its Belief where it has one. \note Cost: one
/// copy, and a draw for each busy machine, failure mode, source and lot under way.
[[nodiscard]] State branch(const Plant& plant, const Parameters& parameters, const State& state,
                           std::uint64_t replication);
/// The same into an existing State, whose memory is used again.
void branch_into(const Plant& plant, const Parameters& parameters, const State& state, std::uint64_t replication,
                 State& out);

/// What to do with what a changed plant has no place for.
enum class Disposition : std::uint8_t {
  kRefuse = 0,  ///< throw, listing all
  kScrap = 1,   ///< scrap the lots concerned and stop the work
};

/// Moves a state to a changed plant by names: stations, machines, products, steps, sources, orders, failure modes.
/// What is new begins as it would at the start; what is gone must be empty, or `disposition` says what becomes of it.
/// Work and failures under way keep their drawn times; queues are put into the order of the new rules.
/// \throws InvalidArgument  listing everything removed that still holds lots or work; whatever the disposition, where
/// an
///                          order has released more lots than the changed plant orders
[[nodiscard]] State migrate(const Plant& from, const Plant& to, const State& state,
                            Disposition disposition = Disposition::kRefuse);

/// One figure that `measure` gives. Names are those of the reference: `part.cycle_time`, `mill.share.down`.
struct Metric {
  std::string name;
  std::string unit;  ///< "s", "1/s", "1"
};

/// The figures of a plant, in a fixed order.
[[nodiscard]] std::vector<Metric> metrics(const Plant& plant);

/// The figures over the time from `begin` to `end`, two states of one run. A figure without data is NaN.
/// Lot figures are means over the lots finished in between; station and machine figures are averages over time.
[[nodiscard]] std::vector<double> measure(const Plant& plant, const State& begin, const State& end);

}  // namespace twin
