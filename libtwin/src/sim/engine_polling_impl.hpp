/// Machines that go round their kinds of work, also when none waits. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

/// A machine that polls is free: it serves the kind it is at, or sets out for the next.
template <class R>
void Engine<R>::poll(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const std::uint32_t s = station_of(m);
  if (p_.stations[s].kind_count == 0) {  // nothing is done here
    update_condition(m);
    return;
  }
  if (machine.kind == kNone) arrive_at_kind(m, 0);
  const std::uint32_t l = pick_polled(m);
  if (l == kNone) {
    roam(m);
    return;
  }
  if (p_.stations[s].polling.serve == Serve::kLimited) --machine.gate;
  take_out(s, l);
  start(m, l);
  admit(s);
}
/// The visit of a kind begins.
template <class R>
void Engine<R>::arrive_at_kind(std::uint32_t m, std::uint32_t kind) {
  MachineState& machine = s_.machines[m];
  const PollingData& polling = p_.stations[station_of(m)].polling;
  machine.kind = kind;
  machine.gate = polling.serve == Serve::kGated ? s_.arrivals : polling.serve == Serve::kLimited ? polling.limit : 0;
}
/// What is served next of the kind that a machine is at, by the queue's rule; kNone: the visit is over.
template <class R>
std::uint32_t Engine<R>::pick_polled(std::uint32_t m) const {
  const MachineState& machine = s_.machines[m];
  const std::uint32_t s = station_of(m);
  const StationState& station = s_.stations[s];
  const Serve serve = p_.stations[s].polling.serve;
  if (serve == Serve::kLimited && machine.gate == 0) return kNone;
  const double mean = p_.stations[s].rule == QueueRule::kAtc ? mean_work(s) : 0;
  std::uint32_t best = kNone;
  double least = 0;
  for (std::uint32_t l = station.head; l != kNone; l = s_.lots[l].next) {
    const Lot& lot = s_.lots[l];
    if (p_.choices[lot.choice].kind != machine.kind || (serve == Serve::kGated && lot.arrival >= machine.gate))
      continue;
    const double index = index_of(m, lot, mean);
    if (best != kNone && !(index < least)) continue;
    least = index;
    best = l;
  }
  return best;
}
template <class R>
void Engine<R>::roam(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  machine.phase = Phase::kRoaming;
  machine.started = s_.now;
  machine.total = machine.left = draw(p_.stations[station_of(m)].polling.change, change_stream(m), machine.changes);
  run_roaming(m);
}
/// Goes on to the next kind, if the machine may.
template <class R>
void Engine<R>::run_roaming(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (!machine.open || machine.faults > 0) {
    update_condition(m);
    return;
  }
  set_condition(m, Condition::kSetup);
  const Tick span = begin_run(m);
  s_.queue.schedule(m, s_.now + span, end_of_run(machine));
}
template <class R>
void Engine<R>::end_roaming(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const std::uint32_t kinds = p_.stations[station_of(m)].kind_count;
  ++machine.changes;
  machine.phase = Phase::kIdle;
  if (p_.cares) care(m);
  arrive_at_kind(m, machine.kind >= kinds - 1 ? 0 : machine.kind + 1);
  free_machine(m);
}
template <class R>
void Engine<R>::redraw_roaming(std::uint32_t m, bool was_running) {
  MachineState& machine = s_.machines[m];
  const Tick age = machine.total - machine.left;
  machine.left = draw_left(p_.stations[station_of(m)].polling.change, change_stream(m), machine.changes, age);
  machine.total = age + machine.left;
  if (!was_running) return;
  const Tick span = begin_run(m);
  s_.queue.move(m, s_.now + span, end_of_run(machine));
}

}  // namespace twin::detail
