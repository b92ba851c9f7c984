/// What brings lots to their steps: conveyors. Part of engine_impl.hpp.
///
/// A belt has a clock that runs while it moves, and by that clock a lot that got on at `on` comes to the end at
/// max(on + time, off + pitch), where `off` is when the lot before it got off: nobody looks at it in between, so that
/// only the first lot of a belt has an event. The next lot may get on a pitch after the last one.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

/// Sends a lot to a step that lots are brought to, from the machine that holds it or from outside.
template <class R>
void Engine<R>::depart(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  lot.choice = choose(lot);
  lot.entered = s_.now;
  const std::uint32_t b = p_.steps[lot.step].carrier;
  if (is_open(b)) {
    board(l);
    return;
  }
  wait_for_belt(l);
  admit_to_belt(b);
}
template <class R>
void Engine<R>::wait_for_belt(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const std::uint32_t b = p_.steps[lot.step].carrier;
  BeltState& belt = s_.belts[b];
  lot.arrival = s_.arrivals++;
  belt_push(s_, b, l);
  if (lot.machine == kNone) {
    lot.place = Place::kOutside;
    return;
  }
  s_.machines[lot.machine].phase = Phase::kBlocked;
  update_condition(lot.machine);
  if (p_.may_deadlock && belt.head != kNone && s_.lots[belt.head].blocked)
    look_for_deadlock(static_cast<std::uint32_t>(p_.stations.size()) + b);
}
/// How long the belt must run until its first place is free for a lot, or a slot passes.
template <class R>
Tick Engine<R>::until_entry(std::uint32_t b) const noexcept {
  const BeltState& belt = s_.belts[b];
  const BeltData& data = p_.belts[b];
  const Tick clock = belt_clock(belt);
  const Tick wait = std::max<Tick>(0, data.pitch - (clock - belt.last_on));
  if (!data.slotted) return wait;
  const Tick past = (clock + wait) % data.pitch;
  return past == 0 ? wait : wait + data.pitch - past;
}
/// Whether a lot may get on at this instant. The lot that comes to the end at this instant goes first.
template <class R>
bool Engine<R>::takes_now(std::uint32_t b) const noexcept {
  const BeltState& belt = s_.belts[b];
  const std::uint32_t slot = slots_.belts + 2 * b;
  return !belt.stands && belt.count < p_.belts[b].places && until_entry(b) == 0 &&
         !(s_.queue.pending(slot) && s_.queue.time_of(slot) == s_.now);
}
/// Whether a lot that comes now may get on at once: it does, and nobody waits before it.
template <class R>
bool Engine<R>::is_open(std::uint32_t b) const noexcept {
  return s_.belts[b].blocked_head == kNone && takes_now(b);
}
template <class R>
void Engine<R>::board(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  leave_machine(lot);
  const std::uint32_t b = p_.steps[lot.step].carrier;
  BeltState& belt = s_.belts[b];
  lot.place = Place::kBelt;
  lot.entered = s_.now;
  s_.more[l].boarded = belt.last_on = belt_clock(belt);
  belt_append(s_, b, l);
  belt.integral -= s_.now;
  if (belt.head == l) schedule_head(b);
}
/// Lets the lot that has waited longest get on, or pends the instant at which it may.
template <class R>
void Engine<R>::admit_to_belt(std::uint32_t b) {
  BeltState& belt = s_.belts[b];
  if (belt.blocked_head == kNone) return;
  if (takes_now(b)) {
    const std::uint32_t l = belt_pop(s_, b);
    if (s_.lots[l].machine == kNone) s_.lots[l].waiting += s_.now - s_.lots[l].entered;
    board(l);
    if (belt.blocked_head == kNone) return;
    if (p_.may_deadlock && s_.lots[belt.head].blocked)
      look_for_deadlock(static_cast<std::uint32_t>(p_.stations.size()) + b);
  }
  const Tick wait = until_entry(b);
  const std::uint32_t slot = slots_.belts + 2 * b + 1;
  if (wait > 0 && !belt.stands && belt.count < p_.belts[b].places && !s_.queue.pending(slot))
    s_.queue.schedule(slot, s_.now + wait, code(Priority::kTransport));
}
template <class R>
void Engine<R>::schedule_head(std::uint32_t b) {
  const BeltState& belt = s_.belts[b];
  const BeltData& data = p_.belts[b];
  const Tick clock = belt_clock(belt);
  const Tick left = std::max(data.time - (clock - s_.more[belt.head].boarded), data.pitch - (clock - belt.last_off));
  s_.queue.schedule(slots_.belts + 2 * b, s_.now + std::max<Tick>(0, left), code(Priority::kTransport));
}
/// The first lot comes to the end (even), or the next one may get on (odd).
template <class R>
void Engine<R>::belt_event(std::uint32_t slot) {
  const std::uint32_t b = slot / 2;
  BeltState& belt = s_.belts[b];
  if (slot % 2 == 0) {
    const std::uint32_t l = belt.head;
    Lot& lot = s_.lots[l];
    const std::uint32_t s = p_.choices[lot.choice].station.value;
    if (may_go(s, lot)) {
      get_off(l);
      return;
    }
    lot.arrival = s_.arrivals++;
    blocked_push(s_, s, l);
    belt.jammed_since = s_.now;
    if (!p_.belts[b].accumulating) {
      belt.clock = belt_clock(belt);
      belt.since = s_.now;
      belt.stands = true;
      s_.queue.cancel(slots_.belts + 2 * b + 1);
    }
    if (p_.may_deadlock) look_for_deadlock(static_cast<std::uint32_t>(p_.stations.size()) + b);
  }
  admit_to_belt(b);
}
/// The first lot of a belt comes into the queue or onto a machine; the others move up.
template <class R>
void Engine<R>::get_off(std::uint32_t l) {
  const Lot& lot = s_.lots[l];
  const std::uint32_t b = p_.steps[lot.step].carrier;
  BeltState& belt = s_.belts[b];
  belt.last_off = belt_clock(belt);
  if (belt.jammed_since != kNever) belt.jammed += s_.now - belt.jammed_since;
  belt.jammed_since = kNever;
  if (belt.stands) belt.since = s_.now;
  belt.stands = false;
  ++belt.visits;
  belt.integral += s_.now;
  s_.more[l].carried += s_.now - lot.entered;
  belt_take_first(s_, b);
  if (belt.head != kNone) schedule_head(b);
  enter(l);
  admit_to_belt(b);
}

}  // namespace twin::detail
