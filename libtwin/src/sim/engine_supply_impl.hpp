/// Material ordered from suppliers. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

/// Operations of so many lots begin to wait for their material; they do no longer where `lots` is below 0.
template <class R>
void Engine<R>::ask(const ChoiceData& choice, std::int64_t lots) {
  for (std::uint32_t i = choice.uses.first; i < choice.uses.first + choice.uses.count; ++i) {
    const std::uint32_t p = p_.need_pools[p_.needs[i].first_pool];
    const std::int64_t amount = p_.needs[i].amount * lots;
    book(p);
    if (amount > s_.pools[p].level) ++s_.pools[p].shortages;
    s_.pools[p].asked += amount;
    if (lots > 0 && p_.pools[p].reorder != kNone && p_.reorders[p_.pools[p].reorder].review == 0)
      keepers_.push_back(static_cast<std::uint32_t>(p_.sources.size()) + p);
  }
}
/// Looks at a material, and orders it when there is too little.
template <class R>
void Engine<R>::order_material(std::uint32_t p) {
  PoolState& pool = s_.pools[p];
  const ReorderData& data = p_.reorders[p_.pools[p].reorder];
  const std::int64_t amount = data.amount(pool.level + pool.coming - pool.asked);
  if (amount <= 0) return;
  const std::uint64_t number = pool.ordered++;
  if (!data.lead.valid()) {
    receive(p, amount);
    return;
  }
  book(p);
  pool.coming += amount;
  const Delivery delivery{p, amount, s_.now,
                          s_.now + draw(data.lead, draw_stream(p_.pools[p].hash, Purpose::kLead), number), number};
  const auto place = std::ranges::upper_bound(s_.deliveries, std::tuple(p, delivery.due, number), {},
                                              [](const Delivery& d) { return std::tuple(d.pool, d.due, d.number); });
  const bool first = place == s_.deliveries.begin() || (place - 1)->pool != p;
  s_.deliveries.insert(place, delivery);
  if (first) schedule_delivery(p);
}
/// Material comes; what finds no place is lost.
template <class R>
void Engine<R>::receive(std::uint32_t p, std::int64_t amount) {
  PoolState& pool = s_.pools[p];
  const PoolData& data = p_.pools[p];
  book(p);
  const std::int64_t room = data.places < 0 ? INT64_MAX : data.places - pool.level - pool.promised;
  const std::int64_t taken = std::min(amount, std::max<std::int64_t>(room, 0));
  pool.level += taken;
  pool.lost += static_cast<std::uint64_t>(amount - taken);
  pools_freed_ = pools_freed_ || taken > 0;
  ++pool.deliveries;
  pool.last = s_.now;
}
/// What is due of a material arrives.
template <class R>
void Engine<R>::deliver(std::uint32_t p) {
  const auto begin = std::ranges::lower_bound(s_.deliveries, p, {}, &Delivery::pool);
  auto end = begin;
  book(p);
  for (; end != s_.deliveries.end() && end->pool == p && end->due <= s_.now; ++end) {
    s_.pools[p].coming -= end->amount;
    receive(p, end->amount);
  }
  s_.deliveries.erase(begin, end);
  schedule_delivery(p);
}
template <class R>
void Engine<R>::schedule_delivery(std::uint32_t p) {
  const auto first = std::ranges::lower_bound(s_.deliveries, p, {}, &Delivery::pool);
  if (first != s_.deliveries.end() && first->pool == p)
    s_.queue.reschedule(slots_.pools + p, std::max(first->due, s_.now), code(Priority::kArrival));
}
template <class R>
void Engine<R>::begin_reviews() {
  for (std::uint32_t r = 0; r < p_.reorders.size(); ++r) {
    if (p_.reorders[r].review == 0) {
      order_material(p_.reorders[r].pool);
    } else if (!s_.queue.pending(slots_.reviews + r)) {
      schedule_review(r);
    }
  }
}
/// At the next multiple of its time; at the epoch also then.
template <class R>
void Engine<R>::schedule_review(std::uint32_t r) {
  const Tick next = s_.events == 0 && s_.now == 0 ? 0 : p_.data.next_review(p_.reorders[r], s_.now);
  if (next < kNever) s_.queue.schedule(slots_.reviews + r, next, code(Priority::kReview));
}
template <class R>
void Engine<R>::review_event(std::uint32_t r) {
  order_material(p_.reorders[r].pool);
  schedule_review(r);
}
template <class R>
void Engine<R>::redraw_deliveries() {
  if (s_.deliveries.empty()) return;
  for (Delivery& delivery : s_.deliveries) {
    const PoolData& data = p_.pools[delivery.pool];
    const DistributionId lead = p_.reorders[data.reorder].lead;
    if (!lead.valid()) continue;
    delivery.due =
        s_.now + draw_left(lead, draw_stream(data.hash, Purpose::kLead), delivery.number, s_.now - delivery.ordered);
  }
  std::ranges::sort(s_.deliveries, {}, [](const Delivery& d) { return std::tuple(d.pool, d.due, d.number); });
  for (std::size_t i = 0; i < s_.deliveries.size(); ++i)
    if (i == 0 || s_.deliveries[i - 1].pool != s_.deliveries[i].pool)
      s_.queue.move(slots_.pools + s_.deliveries[i].pool, s_.deliveries[i].due, code(Priority::kArrival));
}

}  // namespace twin::detail
