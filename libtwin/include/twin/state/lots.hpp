/// Lots in queues: intrusive lists and heaps over the slots of State::lots.
#pragma once
#include <vector>

#include "twin/state/state.hpp"

namespace twin {

/// A free slot, made anew if there is none. References into `lots` may move.
std::uint32_t take_lot_slot(State& state);
void free_lot_slot(State& state, std::uint32_t lot) noexcept;

/// Puts a lot into a station's queue by its `key` and `arrival`, which the caller has set.
void queue_push(State& state, std::uint32_t station, QueueRule rule, std::uint32_t lot) noexcept;
/// Takes the lot that is served next. Requires a nonempty queue.
std::uint32_t queue_pop(State& state, std::uint32_t station, QueueRule rule) noexcept;
/// Takes a lot out of a queue, wherever it stands.
void queue_remove(State& state, std::uint32_t station, QueueRule rule, std::uint32_t lot) noexcept;
/// Lots of a queue in order of arrival.
[[nodiscard]] std::vector<std::uint32_t> queue_lots(const State& state, std::uint32_t station);

void blocked_push(State& state, std::uint32_t station, std::uint32_t lot) noexcept;
/// Takes the lot that has waited longest for room. Requires that there is one.
std::uint32_t blocked_pop(State& state, std::uint32_t station) noexcept;
/// Lots waiting for room, longest first.
[[nodiscard]] std::vector<std::uint32_t> blocked_lots(const State& state, std::uint32_t station);

/// True for rules whose order is that of arrival, so that a list serves instead of a heap.
[[nodiscard]] constexpr bool is_list(QueueRule rule) noexcept {
  return rule == QueueRule::kFifo || rule == QueueRule::kLifo;
}
/// How the queue of a station is kept: in its rule's order, or, where it is looked through, in order of arrival.
[[nodiscard]] inline QueueRule kept_by(const StationData& station) noexcept {
  return station.scanned ? QueueRule::kFifo : station.rule;
}

}  // namespace twin
