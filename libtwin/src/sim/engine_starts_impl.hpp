/// When operations may begin: blocking before service, and work in cycles. Part of engine_impl.hpp.
#pragma once
#include <utility>

#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

// ---- blocking before service ----------------------------------------------------------------------------------------

/// Where a lot goes after the operation that is about to begin.
template <class R>
std::uint32_t Engine<R>::target_of(const Lot& lot, bool& rework) const noexcept {
  const StepData& step = p_.steps[lot.step];
  rework = false;
  if (step.branch_count == 0) return step.next;
  const BranchData& branch = branch_of(step, lot);
  rework = branch.rework;
  if (rework && step.rework_limit != UINT32_MAX && mark_of(s_, slot_of(lot), step.mark).times >= step.rework_limit) {
    rework = false;
    return step.beyond;
  }
  return branch.target;
}
/// Decides where a lot goes after its operation on a machine, and keeps a place for it there. \return false: no room
template <class R>
bool Engine<R>::decide(std::uint32_t m, std::uint32_t l) {
  Lot& lot = s_.lots[l];
  LotMore& more = s_.more[l];
  more.follows = target_of(lot, more.follows_rework);
  more.follows_choice = kNone;
  if (more.follows < BranchData::kJoin && !p_.steps[more.follows].diverts) {
    // It chooses as it will stand there.
    const auto [step, round, machine] = std::tuple(lot.step, lot.round, lot.machine);
    if (more.follows <= step) ++lot.round;
    lot.step = more.follows;
    lot.machine = m;
    StepDone done;  // also where it must return to this machine
    if (p_.steps[step].mark != kNone) done = std::exchange(mark_of(s_, l, p_.steps[step].mark), {s_.now, m, 0});
    const std::uint32_t choice = choose(lot);
    const std::uint32_t to = p_.choices[choice].station.value;
    const bool room = may_go(choice, lot);
    if (p_.steps[step].mark != kNone) mark_of(s_, l, p_.steps[step].mark) = done;
    lot.step = step;
    lot.round = round;
    lot.machine = machine;
    if (!room) {
      (void)give_up(m, l);
      return false;
    }
    more.follows_choice = choice;
    if (to != station_of(m)) ++s_.stations[to].inbound;
  }
  more.decided = true;
  return true;
}
/// Gives back the place that was kept for a lot. \return its station; kNone: there was none
template <class R>
std::uint32_t Engine<R>::give_up(std::uint32_t m, std::uint32_t l) {
  LotMore& more = s_.more[l];
  const std::uint32_t choice = more.decided ? more.follows_choice : kNone;
  more.decided = more.follows_rework = false;
  more.follows = more.follows_choice = kNone;
  if (choice == kNone || p_.choices[choice].station.value == station_of(m)) return kNone;
  --s_.stations[p_.choices[choice].station.value].inbound;
  return p_.choices[choice].station.value;
}
/// Decides for all of some lots, or for none of them.
template <class R>
bool Engine<R>::decide_all(std::uint32_t m, const std::vector<std::uint32_t>& lots) {
  for (std::size_t i = 0; i < lots.size(); ++i) {
    if (decide(m, lots[i])) continue;
    while (i-- > 0) (void)give_up(m, lots[i]);
    return false;
  }
  return true;
}
/// A machine is about to begin on the lots that it holds. \return true: there is no room where they go, so it waits
template <class R>
bool Engine<R>::hold_back(std::uint32_t m) {
  const MachineState& machine = s_.machines[m];
  if (!p_.stations[station_of(m)].block_before || s_.more[machine.lot].decided) return false;
  loaded_.clear();
  for (std::uint32_t l = machine.lot; l != kNone; l = s_.lots[l].child) loaded_.push_back(l);
  if (decide_all(m, loaded_)) return false;
  hold(m);
  return true;
}
/// A machine cannot begin: it is blocked, and asks again when anything has moved.
template <class R>
void Engine<R>::hold(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  machine.phase = Phase::kHeld;
  machine.started = s_.now;
  const auto rank = [&](std::uint32_t i) { return std::pair(s_.machines[i].started, i); };
  held_.insert(std::ranges::upper_bound(held_, rank(m), {}, rank), m);
  update_condition(m);
  if (p_.slotted && p_.stations[station_of(m)].cycle > 0) schedule_cycle(station_of(m), s_.now + 1);
  newly_held_ = newly_held_ || !asking_;
  if (p_.cares && !asking_) care(m);
}
/// Machines that were held back, longest first: those that may begin do, until nothing moves. \return whether any did
template <class R>
bool Engine<R>::ask_held() {
  asking_ = true;
  const bool moved = ask_each_held();
  asking_ = false;
  return moved;
}
template <class R>
bool Engine<R>::ask_each_held() {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const std::uint32_t m = held_[i];
    MachineState& machine = s_.machines[m];
    const std::uint32_t s = station_of(m);
    if (!machine.open || machine.late || machine.faults > 0 || closes_now(m)) continue;
    if (p_.stations[s].cycle > 0 && !is_beginning(s)) continue;
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    const Tick since = machine.started;
    if (machine.lot == kNone) {
      machine.phase = Phase::kIdle;
      if (s_.stations[s].queued > 0 && serve(m)) {
        if (machine.phase != Phase::kHeld) {
          admit(s);
          return true;
        }
        held_.erase(std::ranges::find(held_, m));
      } else {
        free_machine(m);  // the lot has gone elsewhere
        return true;
      }
    } else {
      begin_work(m);
      if (machine.phase != Phase::kHeld) return true;
      held_.erase(std::ranges::find(held_, m));
    }
    machine.started = since;  // it keeps its place
    held_.insert(held_.begin() + static_cast<std::ptrdiff_t>(i), m);
  }
  return false;
}
/// Nothing moves any more in this event, and machines have been held back in it: that may never end.
template <class R>
void Engine<R>::look_at_held() {
  newly_held_ = false;
  for (std::size_t i = 0; p_.may_deadlock && deadlock_.empty() && i < held_.size(); ++i)
    look_for_deadlock(kNone, held_[i]);
}
/// An operation whose end was decided has ended: the lot goes to the place that was kept for it.
template <class R>
void Engine<R>::go_as_decided(std::uint32_t m, std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const LotMore more = s_.more[l];
  (void)give_up(m, l);
  lot.reworked = lot.reworked || more.follows_rework;
  if (more.follows_rework) (void)send_back(l, p_.steps[lot.step], more.follows);
  if (more.follows_choice == kNone) {
    move_on(l, more.follows);
    return;
  }
  if (more.follows <= lot.step) ++lot.round;
  lot.step = more.follows;
  lot.choice = more.follows_choice;
  go(l);
}

// ---- cycles ---------------------------------------------------------------------------------------------------------

/// The cycle of a station begins at this instant, and all else of this instant has happened.
template <class R>
bool Engine<R>::is_beginning(std::uint32_t s) const noexcept {
  return beginning_ && s_.now % p_.stations[s].cycle == 0;
}
/// The station looks at what it could do when its first cycle from `from` on begins.
template <class R>
void Engine<R>::schedule_cycle(std::uint32_t s, Tick from) {
  const Tick next = next_cycle(p_.stations[s].cycle, from);
  if (!s_.queue.pending(slots_.cycles + s)) s_.queue.schedule(slots_.cycles + s, next, code(Priority::kCycle));
}
template <class R>
void Engine<R>::cycle_event(std::uint32_t s) {
  const StationData& data = p_.stations[s];
  beginning_ = true;
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
    if (s_.machines[m].condition == Condition::kStarved) begin_cycle(m);
  resolve();
  beginning_ = false;
  bool more = false;
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
    more = more || s_.machines[m].phase == Phase::kHeld || wants_cycle(m);
  if (more) schedule_cycle(s, s_.now + 1);
}
/// A machine that waits for the next cycle: it could begin on something then.
template <class R>
bool Engine<R>::wants_cycle(std::uint32_t m) const noexcept {
  const std::uint32_t s = station_of(m);
  return s_.machines[m].condition == Condition::kStarved &&
         (saturating_source(s, m) != kNone || (s_.stations[s].queued > 0 && p_.stations[s].batch.most == 1));
}
/// An idle machine at the beginning of a cycle takes what it can.
template <class R>
void Engine<R>::begin_cycle(std::uint32_t m) {
  const std::uint32_t s = station_of(m);
  if (s_.stations[s].queued > 0) {
    if (serve(m)) admit(s);
    return;
  }
  if (const std::uint32_t source = saturating_source(s, m); source != kNone) take_from_supply(m, source);
}
/// What is left to do of an operation ends with a cycle; processing lasts one at least.
template <class R>
void Engine<R>::align(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const Tick cycle = p_.stations[station_of(m)].cycle;
  if (cycle == 0) return;
  const Tick least = machine.phase == Phase::kProcessing && machine.total == 0 ? 1 : 0;
  const Tick end = next_cycle(cycle, s_.now + std::max(machine.left, least));
  const Tick more = end - s_.now - machine.left;
  if (more <= 0 || machine.total > kNever - more) return;
  machine.left += more;
  machine.total += more;
  if (!machine.believed) return;
  const auto belief = std::ranges::find(s_.beliefs, m, &Belief::machine);
  if (belief != s_.beliefs.end()) belief->at_left += more;
}

}  // namespace twin::detail
