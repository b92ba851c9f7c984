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

std::uint64_t most_lots(const PlantData& plant, std::uint32_t order) noexcept {
  const auto own = [&](std::uint32_t o) {
    std::uint64_t most = plant.orders[o].quantity;
    for (const ChangeData& change : plant.changes)
      if (change.order.value == o && change.kind == ChangeKind::kQuantity)
        most = std::max(most, static_cast<std::uint64_t>(change.value));
    return std::max<std::uint64_t>(10'000, 4 * most);
  };
  if (std::ranges::none_of(plant.changes, [](const ChangeData& change) { return change.kind == ChangeKind::kMove; }))
    return own(order);
  std::uint64_t all = 0;
  for (std::uint32_t o = 0; o < plant.orders.size(); ++o) all += own(o);
  return all;
}

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

namespace {

/// Lists of those that wait, longest first: of a station and of a belt alike.
template <class Owner>
void push(Owner& owner, std::vector<Lot>& lots, std::uint32_t lot) noexcept {
  lots[lot].blocked = true;
  lots[lot].next = kNone;
  (owner.blocked_tail == kNone ? owner.blocked_head : lots[owner.blocked_tail].next) = lot;
  owner.blocked_tail = lot;
}
template <class Owner>
std::uint32_t pop(Owner& owner, std::vector<Lot>& lots) noexcept {
  const std::uint32_t lot = owner.blocked_head;
  owner.blocked_head = lots[lot].next;
  if (owner.blocked_head == kNone) owner.blocked_tail = kNone;
  lots[lot].next = kNone;
  lots[lot].blocked = false;
  return lot;
}
std::vector<std::uint32_t> listed(const std::vector<Lot>& lots, std::uint32_t first) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t lot = first; lot != kNone; lot = lots[lot].next) found.push_back(lot);
  return found;
}

}  // namespace

void blocked_push(State& state, std::uint32_t station, std::uint32_t lot) noexcept {
  push(state.stations[station], state.lots, lot);
}
std::uint32_t blocked_pop(State& state, std::uint32_t station) noexcept {
  return pop(state.stations[station], state.lots);
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
  return listed(state.lots, state.stations[station].blocked_head);
}

void belt_append(State& state, std::uint32_t belt, std::uint32_t lot) noexcept {
  BeltState& b = state.belts[belt];
  state.more[lot].behind = kNone;
  (b.tail == kNone ? b.head : state.more[b.tail].behind) = lot;
  b.tail = lot;
  ++b.count;
}
void belt_take_first(State& state, std::uint32_t belt) noexcept {
  BeltState& b = state.belts[belt];
  const std::uint32_t lot = b.head;
  b.head = state.more[lot].behind;
  if (b.head == kNone) b.tail = kNone;
  state.more[lot].behind = kNone;
  --b.count;
}
void belt_push(State& state, std::uint32_t belt, std::uint32_t lot) noexcept {
  push(state.belts[belt], state.lots, lot);
}
std::uint32_t belt_pop(State& state, std::uint32_t belt) noexcept { return pop(state.belts[belt], state.lots); }
std::vector<std::uint32_t> belt_lots(const State& state, std::uint32_t belt) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t lot = state.belts[belt].head; lot != kNone; lot = state.more[lot].behind) found.push_back(lot);
  return found;
}
std::vector<std::uint32_t> belt_blocked_lots(const State& state, std::uint32_t belt) {
  return listed(state.lots, state.belts[belt].blocked_head);
}

}  // namespace twin
