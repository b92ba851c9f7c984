#include "twin/state/lots.hpp"

#include <algorithm>

namespace twin {
namespace {

bool before(const std::vector<Lot>& lots, std::uint32_t a, std::uint32_t b) noexcept {
  return lots[a].key != lots[b].key ? lots[a].key < lots[b].key : lots[a].arrival < lots[b].arrival;
}

/// Pairing heap: joins two roots. `child` is the first child, `next` the sibling, `previous` the sibling before or, of
/// a first child, its parent.
std::uint32_t join(std::vector<Lot>& lots, std::uint32_t a, std::uint32_t b) noexcept {
  if (a == kNone) return b;
  if (b == kNone) return a;
  if (before(lots, b, a)) std::swap(a, b);
  const std::uint32_t sibling = lots[a].child;
  lots[b].next = sibling;
  if (sibling != kNone) lots[sibling].previous = b;
  lots[b].previous = a;
  lots[a].child = b;
  return a;
}

/// Joins the children of a root: in pairs from the left, then the pairs from the right.
std::uint32_t join_children(std::vector<Lot>& lots, std::uint32_t root) noexcept {
  std::uint32_t pairs = kNone;
  for (std::uint32_t child = lots[root].child; child != kNone;) {
    const std::uint32_t first = child;
    const std::uint32_t second = lots[first].next;
    child = second == kNone ? kNone : lots[second].next;
    lots[first].next = kNone;
    if (second != kNone) lots[second].next = kNone;
    const std::uint32_t joined = join(lots, first, second);
    lots[joined].next = pairs;
    pairs = joined;
  }
  std::uint32_t all = kNone;
  while (pairs != kNone) {
    const std::uint32_t next = lots[pairs].next;
    lots[pairs].next = kNone;
    all = join(lots, all, pairs);
    pairs = next;
  }
  if (all != kNone) lots[all].previous = kNone;
  lots[root].child = kNone;
  return all;
}

}  // namespace

void detail::heap_push(State& state, std::uint32_t station, std::uint32_t lot) noexcept {
  StationState& s = state.stations[station];
  s.head = join(state.lots, s.head, lot);
}

void detail::heap_remove(State& state, std::uint32_t station, std::uint32_t lot) noexcept {
  StationState& s = state.stations[station];
  auto& lots = state.lots;
  if (s.head == lot) {
    s.head = join_children(lots, lot);
    return;
  }
  const std::uint32_t before = lots[lot].previous;
  const std::uint32_t after = lots[lot].next;
  (lots[before].child == lot ? lots[before].child : lots[before].next) = after;
  if (after != kNone) lots[after].previous = before;
  lots[lot].next = kNone;
  s.head = join(lots, s.head, join_children(lots, lot));
}

void detail::forget_marks(State& state, std::uint32_t lot) noexcept {
  std::fill_n(state.marks.begin() + static_cast<std::ptrdiff_t>(std::size_t{lot} * state.marks_per_lot),
              state.marks_per_lot, StepDone{});
}

std::vector<std::uint32_t> queue_lots(const State& state, std::uint32_t station) {
  std::vector<std::uint32_t> found;
  std::vector<std::uint32_t> open;
  if (state.stations[station].head != kNone) open.push_back(state.stations[station].head);
  while (!open.empty()) {
    const std::uint32_t lot = open.back();
    open.pop_back();
    found.push_back(lot);
    if (state.lots[lot].next != kNone) open.push_back(state.lots[lot].next);
    if (state.lots[lot].child != kNone) open.push_back(state.lots[lot].child);
  }
  std::ranges::sort(found, {}, [&](std::uint32_t lot) { return state.lots[lot].arrival; });
  return found;
}

void blocked_push(State& state, std::uint32_t station, std::uint32_t lot) noexcept {
  StationState& s = state.stations[station];
  state.lots[lot].blocked = true;
  state.lots[lot].next = kNone;
  (s.blocked_tail == kNone ? s.blocked_head : state.lots[s.blocked_tail].next) = lot;
  s.blocked_tail = lot;
}

std::uint32_t blocked_pop(State& state, std::uint32_t station) noexcept {
  StationState& s = state.stations[station];
  const std::uint32_t lot = s.blocked_head;
  s.blocked_head = state.lots[lot].next;
  if (s.blocked_head == kNone) s.blocked_tail = kNone;
  state.lots[lot].next = kNone;
  state.lots[lot].blocked = false;
  return lot;
}

void blocked_remove(State& state, std::uint32_t station, std::uint32_t lot) noexcept {
  StationState& s = state.stations[station];
  std::uint32_t before = kNone;
  for (std::uint32_t l = s.blocked_head; l != lot; l = state.lots[l].next) before = l;
  const std::uint32_t after = state.lots[lot].next;
  (before == kNone ? s.blocked_head : state.lots[before].next) = after;
  if (after == kNone) s.blocked_tail = before;
  state.lots[lot].next = kNone;
  state.lots[lot].blocked = false;
}

std::vector<std::uint32_t> blocked_lots(const State& state, std::uint32_t station) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t lot = state.stations[station].blocked_head; lot != kNone; lot = state.lots[lot].next)
    found.push_back(lot);
  return found;
}

}  // namespace twin
