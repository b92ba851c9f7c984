/// Lots in queues: intrusive lists and heaps over the slots of State::lots.
#pragma once
#include <vector>

#include "twin/state/state.hpp"

namespace twin {

/// True for rules whose order is that of arrival, so that a list serves instead of a heap.
[[nodiscard]] constexpr bool is_list(QueueRule rule) noexcept {
  return rule == QueueRule::kFifo || rule == QueueRule::kLifo;
}
/// How the queue of a station is kept: in its rule's order, or, where it is looked through, in order of arrival.
[[nodiscard]] inline QueueRule kept_by(const StationData& station) noexcept {
  return station.scanned ? QueueRule::kFifo : station.rule;
}

namespace detail {
/// The marks of a lot as those of a new one.
void forget_marks(State& state, std::uint32_t lot) noexcept;
}  // namespace detail

/// A free slot, made anew if there is none. References into `lots` may move.
[[gnu::always_inline]] inline std::uint32_t take_lot_slot(State& state) {
  ++state.lot_count;
  if (state.free_lot != kNone) {
    const std::uint32_t lot = state.free_lot;
    state.free_lot = state.lots[lot].next;
    state.lots[lot] = Lot{};
    if (!state.more.empty()) state.more[lot] = LotMore{};
    if (state.marks_per_lot > 0) [[unlikely]]
      detail::forget_marks(state, lot);
    return lot;
  }
  state.lots.emplace_back();
  if (state.carries_more) state.more.emplace_back();
  if (state.marks_per_lot > 0) [[unlikely]]
    state.marks.resize(state.lots.size() * state.marks_per_lot);
  return static_cast<std::uint32_t>(state.lots.size() - 1);
}
inline void free_lot_slot(State& state, std::uint32_t lot) noexcept {
  state.lots[lot].place = Place::kFree;
  state.lots[lot].next = state.free_lot;
  state.free_lot = lot;
  --state.lot_count;
}

namespace detail {
void heap_push(State& state, std::uint32_t station, std::uint32_t lot) noexcept;
void heap_remove(State& state, std::uint32_t station, std::uint32_t lot) noexcept;
}  // namespace detail

/// Puts a lot into a station's queue by its `key` and `arrival`, which the caller has set.
[[gnu::always_inline]] inline void queue_push(State& state, std::uint32_t station, QueueRule rule,
                                              std::uint32_t lot) noexcept {
  StationState& s = state.stations[station];
  Lot* const lots = state.lots.data();
  lots[lot].next = lots[lot].child = lots[lot].previous = kNone;
  ++s.queued;
  if (rule == QueueRule::kFifo) [[likely]] {
    lots[lot].previous = s.tail;
    *(s.tail == kNone ? &s.head : &lots[s.tail].next) = lot;
    s.tail = lot;
  } else if (rule == QueueRule::kLifo) {
    lots[lot].next = s.head;
    (s.head == kNone ? s.tail : lots[s.head].previous) = lot;
    s.head = lot;
  } else {
    detail::heap_push(state, station, lot);
  }
}
/// Takes a lot out of a queue, wherever it stands.
[[gnu::always_inline]] inline void queue_remove(State& state, std::uint32_t station, QueueRule rule,
                                                std::uint32_t lot) noexcept {
  StationState& s = state.stations[station];
  Lot* const lots = state.lots.data();
  --s.queued;
  if (is_list(rule)) [[likely]] {
    const std::uint32_t before = lots[lot].previous;
    const std::uint32_t after = lots[lot].next;
    (before == kNone ? s.head : lots[before].next) = after;
    (after == kNone ? s.tail : lots[after].previous) = before;
  } else {
    detail::heap_remove(state, station, lot);
  }
  lots[lot].next = lots[lot].previous = kNone;
}
/// Takes the lot that is served next. Requires a nonempty queue.
inline std::uint32_t queue_pop(State& state, std::uint32_t station, QueueRule rule) noexcept {
  const std::uint32_t lot = state.stations[station].head;
  queue_remove(state, station, rule, lot);
  return lot;
}
/// Lots of a queue in order of arrival.
[[nodiscard]] std::vector<std::uint32_t> queue_lots(const State& state, std::uint32_t station);

/// How a lot did a step that it remembers. Requires that the step has a mark.
[[nodiscard]] inline const StepDone& mark_of(const State& state, std::uint32_t lot, std::uint32_t mark) noexcept {
  return state.marks[std::size_t{lot} * state.marks_per_lot + mark];
}
[[nodiscard]] inline StepDone& mark_of(State& state, std::uint32_t lot, std::uint32_t mark) noexcept {
  return state.marks[std::size_t{lot} * state.marks_per_lot + mark];
}
/// Whether a machine may do a step of a lot at its station: it does such work, and it is the one the lot must return
/// to. \param lot  kNone: one that is not there yet
template <class P>
[[nodiscard]] bool may_do(const P& plant, const State& state, std::uint32_t machine, std::uint32_t choice,
                          std::uint32_t step, std::uint32_t lot) noexcept {
  const ChoiceData& data = plant.choices[choice];
  if (data.able != kNone && plant.able[data.able + machine - plant.stations[data.station.value].first_machine] == 0)
    return false;
  const StepData& s = plant.steps[step];
  if (s.same_as == kNone || s.same_station || lot == kNone) return true;
  const std::uint32_t earlier = mark_of(state, lot, plant.steps[s.same_as].mark).machine;
  return earlier == kNone || earlier == machine;
}
/// Whether an alternative is at the station to which the lot must return, if there is one.
template <class P>
[[nodiscard]] bool may_choose(const P& plant, const State& state, std::uint32_t choice, std::uint32_t step,
                              std::uint32_t lot) noexcept {
  const StepData& s = plant.steps[step];
  if (s.same_as == kNone || lot == kNone) return true;
  const std::uint32_t earlier = mark_of(state, lot, plant.steps[s.same_as].mark).machine;
  return earlier == kNone || plant.machines[earlier].station == plant.choices[choice].station;
}
/// Until when the step of a lot may begin, counted from the end of an earlier one; kNever: no limit.
template <class P>
[[nodiscard]] Tick window_end(const P& plant, const State& state, std::uint32_t lot) noexcept {
  const StepData& step = plant.steps[state.lots[lot].step];
  if (step.window_of == kNone) return kNever;
  const Tick end = mark_of(state, lot, plant.steps[step.window_of].mark).end;
  return end < kNever - step.window ? end + step.window : kNever;
}

/// Takes one lot out of those that wait for room, wherever it stands.
void blocked_remove(State& state, std::uint32_t station, std::uint32_t lot) noexcept;
void blocked_push(State& state, std::uint32_t station, std::uint32_t lot) noexcept;
/// Takes the lot that has waited longest for room. Requires that there is one.
std::uint32_t blocked_pop(State& state, std::uint32_t station) noexcept;
/// Lots waiting for room, longest first.
[[nodiscard]] std::vector<std::uint32_t> blocked_lots(const State& state, std::uint32_t station);

}  // namespace twin
