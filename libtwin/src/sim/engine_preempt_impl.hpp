/// Lots that take machines from others. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

[[nodiscard]] inline Tick at_other_speed(Tick span, double longer) noexcept {
  return longer == 1 ? span : std::min(ticks_from_seconds(seconds_from_ticks(span) * longer), kNever);
}
/// A lot has just entered the queue: if it is the first there, and comes before a lot under way, it takes that one's
/// machine; of several the one whose lot comes last. \return whether it does
template <class R>
bool Engine<R>::try_to_preempt(std::uint32_t s, std::uint32_t l) {
  if (s_.stations[s].head != l) return false;
  const StationData& data = p_.stations[s];
  std::uint32_t worst = kNone;
  const auto rank = [&](std::uint32_t m) {
    const Lot& lot = s_.lots[s_.machines[m].lot];
    return std::pair(lot.key, lot.arrival);
  };
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m) {
    const MachineState& machine = s_.machines[m];
    const bool works = machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing;
    if ((!works && machine.phase != Phase::kHeld) || machine.lot == kNone || !machine.open || machine.late ||
        machine.faults > 0 || closes_now(m))
      continue;
    // Work that ends at this instant is done.
    if (machine.running && machine.next_mode == kNone && machine.run_since + machine.left == s_.now) continue;
    if (worst == kNone || rank(m) > rank(worst)) worst = m;
  }
  if (worst == kNone || s_.lots[l].key >= rank(worst).first) return false;
  preempt(worst);
  return true;
}
/// Lots have other priorities or due dates than before: those that wait may come before those under way.
template <class R>
void Engine<R>::preempt_changed() {
  for (std::uint32_t s = 0; s < p_.stations.size(); ++s)
    while (p_.stations[s].preempt != Preemption::kOff && s_.stations[s].queued > 0 &&
           try_to_preempt(s, s_.stations[s].head))
      resolve();  // the machine takes it
}
/// A machine is repaired, or opens, and a lot has come that takes it from the one on it.
template <class R>
bool Engine<R>::yields(std::uint32_t m) const noexcept {
  const MachineState& machine = s_.machines[m];
  const std::uint32_t s = station_of(m);
  if (p_.stations[s].preempt == Preemption::kOff || s_.stations[s].queued == 0) return false;
  if (!machine.open || machine.faults > 0 || machine.running) return false;
  if (machine.phase != Phase::kSetup && machine.phase != Phase::kProcessing) return false;
  return s_.lots[s_.stations[s].head].key < s_.lots[machine.lot].key;
}
/// Sends the lot on a machine back to its place in the queue, with the work that has been done on it.
template <class R>
void Engine<R>::preempt(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const std::uint32_t s = station_of(m);
  const StationData& data = p_.stations[s];
  StationState& station = s_.stations[s];
  const std::uint32_t l = machine.lot;
  Lot& lot = s_.lots[l];
  LotMore& more = s_.more[l];
  pause(m);
  if (machine.phase == Phase::kProcessing) {
    const double pace = speed_of(m) / q_.speed[m];  // kept as if the machine were as new
    more.worked_by = m;
    more.total = at_other_speed(machine.total, pace);
    more.left =
        data.preempt == Preemption::kRestart ? more.total : std::min(at_other_speed(machine.left, pace), more.total);
  }
  if (machine.phase == Phase::kHeld) std::erase(held_, m);
  forget_belief(m);
  const std::uint32_t kept = p_.holds_back ? give_up(m, l) : kNone;
  if (lot.cancelled) {  // it was only to end its operation
    more.worked_by = kNone;
    leave_cancelled(l);
    if (kept != kNone) admit(kept);
    return;
  }
  machine.phase = Phase::kIdle;
  machine.lot = kNone;
  machine.held = 0;
  --station.visits;  // it will be counted when it goes on
  lot.machine = kNone;
  lot.place = Place::kQueue;
  lot.entered = s_.now;
  lot.overdue = p_.steps[lot.step].limited;  // its patience is over: it has been served
  station.queue_integral -= s_.now;
  queue_in(s, l);
  if constexpr (R::kLevels) r_.on_queue({s, station.queued, s_.now});
  if (p_.cares) care(m);
  free_machine(m);
  if (kept != kNone) admit(kept);
}
/// Processing of a lot that was preempted: what is left of it, at the speed of the machine that takes it up, in its
/// state of wear.
template <class R>
void Engine<R>::take_up(std::uint32_t m, std::uint32_t l) {
  MachineState& machine = s_.machines[m];
  LotMore& more = s_.more[l];
  const double slower = q_.speed[more.worked_by] / speed_of(m);
  machine.total = at_other_speed(more.total, slower);
  machine.left = std::min(at_other_speed(more.left, slower), machine.total);
  more.worked_by = kNone;
  more.total = more.left = 0;
}
template <class R>
void Engine<R>::redraw_preempted(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  LotMore& more = s_.more[l];
  const Tick age = more.total - more.left;
  more.left = draw_left(p_.choices[lot.choice].time, step_stream(p_, lot, Purpose::kService), lot_index(lot), age,
                        q_.speed[more.worked_by]);
  more.total = age + more.left;
}

}  // namespace twin::detail
