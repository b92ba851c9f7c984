/// Maintenance between operations, and states that machines wear through. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

/// Begins what is due on a machine that does not work now, and what may be done before it is due.
template <class R>
void Engine<R>::care(std::uint32_t m) {
  const MachineState& machine = s_.machines[m];
  const MachineData& data = p_.machines[m];
  for (bool begun = true; begun;) {
    begun = false;
    const bool stands = machine.faults > 0 || !machine.open;
    if (!stands && machine.phase != Phase::kIdle && machine.phase != Phase::kBlocked && machine.phase != Phase::kHeld)
      return;
    const bool wanted = p_.slotted && p_.stations[station_of(m)].cycle > 0 && wants_cycle(m);
    const bool early = stands || machine.phase == Phase::kBlocked || machine.phase == Phase::kHeld ||
                       (machine.condition == Condition::kStarved && !wanted);
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count && !begun; ++f) {
      const FailureModeData& mode = p_.modes[f];
      const FailureState& failure = s_.failures[f];
      if (failure.down) continue;
      if (mode.level_count > 0) {
        begun = level_of_mode(f).care == Care::kFree;
      } else if (mode.maintenance) {
        const Tick left = mode.by_clock() ? failure.began + failure.drawn - s_.now : failure.left;
        begun = left <= (early ? window_of(f) : 0);
      }
      if (begun) begin_care(f);
    }
  }
}
template <class R>
void Engine<R>::begin_care(std::uint32_t f) {
  const std::uint32_t m = p_.modes[f].machine.value;
  s_.queue.cancel(slots_.modes + f);
  ++s_.machines[m].faults;
  begin_fault(f);
  update_condition(m);
}
/// Maintenance may be done from now on, or is due: at once if the machine does not work, else when it next does not.
template <class R>
void Engine<R>::maintenance_event(std::uint32_t f) {
  care(p_.modes[f].machine.value);
  if (!s_.failures[f].down && s_.failures[f].began + s_.failures[f].drawn > s_.now) schedule_care(f);
}
template <class R>
void Engine<R>::schedule_care(std::uint32_t f) {
  const Tick due = s_.failures[f].began + s_.failures[f].drawn;
  const Tick opens = due - window_of(f);
  if (due < kNever)
    s_.queue.reschedule(slots_.modes + f, std::max(opens > s_.now ? opens : due, s_.now), code(Priority::kFailure));
}

/// The machine comes to another of its states.
template <class R>
void Engine<R>::set_level(std::uint32_t f, std::uint32_t level) {
  FailureState& failure = s_.failures[f];
  s_.level_time[p_.modes[f].first_level + failure.level] += s_.now - failure.level_since;
  failure.level_since = s_.now;
  failure.level = level;
}
/// The next state begins while the machine works: it goes on, or stops for its repair. Requires that it was stopped.
template <class R>
void Engine<R>::wear_at_work(std::uint32_t m, std::uint32_t f) {
  set_level(f, s_.failures[f].level + 1);
  begin_life(f);
  if (level_of_mode(f).care == Care::kAtOnce) {
    release_pools(m);
    ++s_.machines[m].faults;
    begin_fault(f);
    update_condition(m);
    if (p_.cares) care(m);
    return;
  }
  const Tick span = begin_run(m);
  s_.queue.schedule(m, s_.now + span, end_of_run(s_.machines[m]));
}
template <class R>
void Engine<R>::wear_by_clock(std::uint32_t m, std::uint32_t f) {
  set_level(f, s_.failures[f].level + 1);
  begin_life(f);
  if (level_of_mode(f).care == Care::kAtOnce) {
    ++s_.machines[m].faults;
    pause(m);
    begin_fault(f);
  } else {
    schedule_clock_failure(f);
  }
  if (p_.cares) care(m);
}
/// After maintenance: other modes of the machine age anew, but for those that are being repaired.
template <class R>
void Engine<R>::renew(std::uint32_t f) {
  const FailureModeData& mode = p_.modes[f];
  for (std::uint32_t i = mode.first_renewed; i < mode.first_renewed + mode.renewed_count; ++i) {
    const std::uint32_t g = p_.data.renewed[i];
    if (s_.failures[g].down) continue;
    s_.queue.cancel(slots_.modes + g);
    ++s_.failures[g].renewals;
    if (p_.modes[g].level_count > 0) set_level(g, 0);
    begin_life(g);
    if (p_.modes[g].by_clock()) schedule_clock_failure(g);
  }
}
/// Processing that begins takes as long as the machine's state makes it.
template <class R>
void Engine<R>::slow_down(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const std::uint32_t f = p_.machines[m].wear;
  if (f == kNone) return;
  machine.pace = static_cast<std::uint16_t>(s_.failures[f].level);
  const double speed = level_of_mode(f).speed;
  if (speed != 1) machine.total = machine.left = ticks_from_seconds(seconds_from_ticks(machine.left) / speed);
}
/// Whether a lot whose operation has ended is spoiled by the state of the machine.
template <class R>
bool Engine<R>::spoils(std::uint32_t m, const Lot& lot) const noexcept {
  const std::uint32_t f = p_.machines[m].wear;
  if (f == kNone || level_of_mode(f).scrap <= 0) return false;
  return draw_uniform(s_.key, step_stream(p_, lot, Purpose::kYield), lot_index(lot)) < level_of_mode(f).scrap;
}
/// Its lot is scrapped, and the place that was kept for it is free.
template <class R>
void Engine<R>::spoil(std::uint32_t m, std::uint32_t l) {
  const std::uint32_t kept = p_.holds_back ? give_up(m, l) : kNone;
  move_on(l, BranchData::kScrap);
  if (kept != kNone) admit(kept);
}

}  // namespace twin::detail
