#include "twin/sim/advance.hpp"

#include <fmt/format.h>

#include <type_traits>

#include "engine_impl.hpp"

namespace twin {
namespace {

using detail::Engine;

void check_counts(const Plant& plant, const Parameters& parameters) {
  const Parameters& own = plant.parameters();
  const auto check = [&plant](const char* what, std::size_t is, std::size_t must) {
    if (is != must)
      throw InvalidArgument(
          fmt::format("the parameters have {} {}; allowed: {}, as plant '{}' has", is, what, must, plant.data().name));
  };
  check("distributions", parameters.distributions.size(), own.distributions.size());
  check("branch probabilities", parameters.branch_probability.size(), own.branch_probability.size());
  check("speeds", parameters.speed.size(), own.speed.size());
}

template <class R>
bool run_engine(const Plant& plant, const Parameters& parameters, State& state, const Until& end, R recorder) {
  Engine<R> engine(plant.data(), parameters, state, recorder);
  const bool finished = engine.run(end);
  if (!engine.deadlock().empty())
    throw DeadlockError(fmt::format("deadlock at {} in replication {} of plant '{}': {}",
                                    format_duration(Duration{state.now}), state.replication, plant.data().name,
                                    engine.deadlock()));
  return finished;
}

template <class R>
bool run(const Plant& plant, const Parameters& parameters, State& state, const Until& until, R recorder) {
  check_plant(plant, state, "advance");
  check_counts(plant, parameters);
  if (until.time < state.now)
    throw InvalidArgument(fmt::format("advance: the end {} lies before the state's clock {}",
                                      format_wall_time(plant.wall(until.time)),
                                      format_wall_time(plant.wall(state.now))));
  Until end = until;
  end.time = std::min(end.time, kNever);
  if constexpr (std::is_same_v<R, detail::NoRecorder>)
    if (detail::is_plain(plant.data())) return run_engine(plant, parameters, state, end, detail::PlainRecorder{});
  return run_engine(plant, parameters, state, end, recorder);
}

}  // namespace

void check_parameters(const Plant& plant, const Parameters& parameters) {
  check_counts(plant, parameters);
  const PlantData& data = plant.data();
  for (std::size_t i = 0; i < parameters.distributions.size(); ++i) {
    const FlatDistribution& d = parameters.distributions[i];
    const std::size_t end = std::size_t{d.table_first} + d.table_count;
    if (end > parameters.table.size())
      throw InvalidArgument(
          fmt::format("the table of distribution '{}' ends at {}; allowed: at most {}, the size of "
                      "the table",
                      data.distribution_paths[i], end, parameters.table.size()));
    const bool whole = d.family == Family::kDiscrete ? d.table_count >= 2 && d.table_count % 2 == 0
                                                     : d.family != Family::kEmpirical || d.table_count >= 1;
    if (!whole)
      throw InvalidArgument(fmt::format("the table of distribution '{}' has {} numbers; allowed: {}",
                                        data.distribution_paths[i], d.table_count,
                                        d.family == Family::kDiscrete ? "an even number, 2 or more" : "1 or more"));
  }
  for (std::size_t i = 0; i < data.sources.size(); ++i) {
    if (data.sources[i].kind != SourceKind::kRenewal) continue;
    const DistributionId interarrival = data.sources[i].interarrival;
    const double mean = parameters.mean(interarrival);
    if (!(mean > 0))
      throw InvalidArgument(
          fmt::format("the mean of distribution '{}' is {} s; allowed: above 0, since source '{}' "
                      "makes a lot each such time",
                      data.distribution_paths[interarrival.value], mean, data.source_names[i]));
  }
}

bool advance(const Plant& plant, const Parameters& parameters, State& state, const Until& until, Recorder* recorder) {
  return recorder == nullptr ? run(plant, parameters, state, until, detail::NoRecorder{})
                             : run(plant, parameters, state, until, detail::RecorderAdapter{*recorder});
}

bool advance(const Plant& plant, const Parameters& parameters, State& state, const Until& until, LotLog& lots) {
  return run(plant, parameters, state, until, detail::LotLogAdapter{lots});
}

void advance(const Plant& plant, const Parameters& parameters, State& state, Duration span, Recorder* recorder) {
  if (span.count() < 0)
    throw InvalidArgument(fmt::format("advance: the span is {}; allowed: 0 or more", format_duration(span)));
  advance(plant, parameters, state,
          Until{.time = span.count() < kNever - state.now ? state.now + span.count() : kNever}, recorder);
}

State State::initial(const Plant& plant, Seed seed, std::uint64_t replication) {
  return initial(plant, plant.parameters(), seed, replication);
}

State State::initial(const Plant& plant, const Parameters& parameters, Seed seed, std::uint64_t replication) {
  check_parameters(plant, parameters);
  const PlantData& data = plant.data();
  State state;
  state.seed = seed;
  state.replication = replication;
  state.key = draw_key(seed, replication);
  state.plant = plant.digest();
  state.machines.resize(data.machines.size());
  state.stations.resize(data.stations.size());
  state.failures.resize(data.modes.size());
  state.sources.resize(data.sources.size());
  state.orders.resize(data.orders.size());
  state.products.resize(data.products.size());
  state.pools.resize(data.pools.size());
  state.units.resize(data.unit_count);
  state.level_time.resize(data.levels.size());
  state.belts.resize(data.belts.size());
  state.vehicles.resize(data.vehicle_fleet.size());
  state.tracks.resize(data.tracks.size());
  state.carries_more = data.lots_carry_more;
  state.marks_per_lot = data.marks_per_lot;
  state.samples.resize(data.samples);
  for (const OrderData& order : data.orders) state.open_orders += order.quantity;
  state.queue = kernel::EventQueue(Slots(data).lots);
  Engine<detail::NoRecorder> engine(data, parameters, state, {});
  for (std::uint32_t o = 0; o < data.orders.size(); ++o) engine.begin_order(o);
  engine.begin();
  return state;
}

State branch(const Plant& plant, const Parameters& parameters, const State& state, std::uint64_t replication) {
  check_parameters(plant, parameters);
  State out;
  branch_into(plant, parameters, state, replication, out);
  return out;
}

void branch_into(const Plant& plant, const Parameters& parameters, const State& state, std::uint64_t replication,
                 State& out) {
  check_plant(plant, state, "branch");
  check_counts(plant, parameters);
  out = state;
  out.replication = replication;
  out.key = draw_key(out.seed, replication);
  Engine<detail::NoRecorder>(plant.data(), parameters, out, {}).redraw();
}

void History::finish(const State& state) {
  for (std::uint32_t m = 0; m < state.machines.size(); ++m) {
    const MachineState& machine = state.machines[m];
    if (state.now > machine.since) conditions.push_back({m, machine.condition, machine.since, state.now});
  }
}

}  // namespace twin
