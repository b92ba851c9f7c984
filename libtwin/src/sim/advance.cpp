#include "twin/sim/advance.hpp"

#include <fmt/format.h>

#include "engine_impl.hpp"

namespace twin {
namespace {

using detail::Engine;

void check_plant(const Plant& plant, const State& state, const char* what) {
  if (state.plant != plant.digest())
    throw InvalidArgument(
        fmt::format("{}: the state belongs to another plant (digest {:016x}, this plant has {:016x}); migrate it first",
                    what, state.plant, plant.digest()));
}

template <class R>
bool run(const Plant& plant, const Parameters& parameters, State& state, const Until& until, R recorder) {
  check_plant(plant, state, "advance");
  if (until.time < state.now)
    throw InvalidArgument(fmt::format("advance: the end {} lies before the state's clock {}",
                                      format_wall_time(plant.wall(until.time)),
                                      format_wall_time(plant.wall(state.now))));
  Until end = until;
  end.time = std::min(end.time, kNever);
  return Engine<R>(plant.data(), parameters, state, recorder).run(end);
}

}  // namespace

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
  for (const OrderData& order : data.orders) state.open_orders += order.quantity;
  state.queue = kernel::EventQueue(Slots(data).lots);
  Engine<detail::NoRecorder>(data, parameters, state, {}).begin();
  return state;
}

State branch(const Plant& plant, const Parameters& parameters, const State& state, std::uint64_t replication) {
  State out;
  branch_into(plant, parameters, state, replication, out);
  return out;
}

void branch_into(const Plant& plant, const Parameters& parameters, const State& state, std::uint64_t replication,
                 State& out) {
  check_plant(plant, state, "branch");
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
