/// Orders that change: priority, due date, quantity, cancelling, lots that count for another. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

template <class R>
void Engine<R>::begin_order(std::uint32_t o) {
  const OrderData& data = p_.orders[o];
  OrderState& order = s_.orders[o];
  order.quantity = data.quantity;
  order.priority = data.priority;
  order.due = data.due;
  order.promised = data.own_due || p_.data.dues[data.product.value].rule != DueRule::kRandom;
}
/// Draws the due date of an order that is about to be released, if that is its rule.
template <class R>
void Engine<R>::promise_order(std::uint32_t o) {
  OrderState& order = s_.orders[o];
  if (order.promised) return;
  order.promised = true;
  order.due = drawn_due(p_.orders[o].product, p_.orders[o].hash, 0, p_.orders[o].release);
}
template <class R>
void Engine<R>::schedule_changes() {
  if (s_.next_change == p_.data.changes.size()) return;
  s_.queue.reschedule(slots_.change, std::max(p_.data.changes[s_.next_change].at, s_.now), code(Priority::kCalendar));
}
template <class R>
void Engine<R>::change_event() {
  while (s_.next_change < p_.data.changes.size() && p_.data.changes[s_.next_change].at <= s_.now)
    change_order(p_.data.changes[s_.next_change++]);
  schedule_changes();
}

/// Lots in process that count for an order, as wholes, by the order that released them and their number.
template <class R>
std::vector<std::uint32_t> Engine<R>::lots_of_order(std::uint32_t o) const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t l = 0; l < s_.lots.size(); ++l) {
    const Lot& lot = s_.lots[l];
    if (lot.place != Place::kFree && lot.whole == kNone && !lot.cancelled && order_of(p_.data, s_, l) == o)
      found.push_back(l);
  }
  std::ranges::sort(found, {}, [&](std::uint32_t l) { return std::pair(s_.lots[l].source, s_.lots[l].serial); });
  return found;
}
/// Calls for a lot, then for its parts in the order of their steps.
template <class R>
template <class Call>
void Engine<R>::each_part(std::uint32_t l, Call&& call) {
  std::vector<std::uint32_t> parts;
  if (s_.lots[l].place == Place::kParted)
    for (std::uint32_t part = 0; part < s_.lots.size(); ++part)
      if (s_.lots[part].place != Place::kFree && s_.lots[part].whole == l) parts.push_back(part);
  std::ranges::sort(parts, {}, [&](std::uint32_t part) { return s_.lots[part].step; });
  call(l);
  for (const std::uint32_t part : parts) call(part);
}

template <class R>
void Engine<R>::change_order(const ChangeData& change) {
  const std::uint32_t o = change.order.value;
  OrderState& order = s_.orders[o];
  if (change.kind == ChangeKind::kMove) {
    move_lots(o, static_cast<std::uint32_t>(change.value), change.lots == 0 ? order.open() : change.lots);
    return;
  }
  if (change.kind == ChangeKind::kQuantity) {
    const std::uint64_t least = order.accounted() + order.withdrawn;  // what is released is not called back
    const auto quantity =
        static_cast<std::uint32_t>(std::max(least, static_cast<std::uint64_t>(change.value) + order.withdrawn));
    s_.open_orders += quantity;
    s_.open_orders -= order.quantity;
    order.quantity = quantity;
    s_.next_order = std::min(s_.next_order, o);
    s_.queue.cancel(slots_.order);
    schedule_orders();
    return;
  }
  std::vector<std::uint32_t> lots = lots_of_order(o);
  if (change.lots > 0 && change.lots < lots.size()) lots.resize(change.lots);
  if (change.kind == ChangeKind::kCancel || change.kind == ChangeKind::kFinish) {
    const std::uint64_t more = change.lots == 0            ? order.unreleased()
                               : change.lots > lots.size() ? std::min(order.unreleased(), change.lots - lots.size())
                                                           : 0;
    order.withdrawn += static_cast<std::uint32_t>(more);
    s_.open_orders -= more;
    if (more > 0) {
      s_.queue.cancel(slots_.order);
      schedule_orders();
    }
    if (change.kind == ChangeKind::kFinish) return;
    for (const std::uint32_t l : lots) each_part(l, [&](std::uint32_t part) { s_.lots[part].cancelled = true; });
    std::vector<std::uint32_t> left;  // stations whose queues have lost lots: others come in when all have gone
    for (const std::uint32_t l : lots) each_part(l, [&](std::uint32_t part) { cancel_lot(part, left); });
    for (const std::uint32_t s : left) admit(s);
    return;
  }
  const bool priority = change.kind == ChangeKind::kPriority;
  if (change.lots == 0) {
    (priority ? order.priority = static_cast<std::int32_t>(change.value) : order.due = change.value);
    order.promised = order.promised || !priority;
  }
  for (const std::uint32_t l : lots)
    each_part(l, [&](std::uint32_t part) {
      Lot& lot = s_.lots[part];
      (priority ? lot.priority = static_cast<std::int32_t>(change.value) : lot.due = change.value);
      sort_in(part);
    });
  if (p_.preempts) preempt_changed();
}
/// Gives a lot that waits in a queue the place that it has now.
template <class R>
void Engine<R>::sort_in(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  if (p_.preempts && lot.place == Place::kMachine && !lot.blocked) {  // it may have to stand in the queue again
    const StationData& at = p_.stations[station_of(lot.machine)];
    if (at.preempt != Preemption::kOff) lot.key = queue_key(at, lot);
  }
  if (lot.place != Place::kQueue) return;
  const std::uint32_t s = p_.choices[lot.choice].station.value;
  const StationData& station = p_.stations[s];
  if (station.rule == QueueRule::kFifo) return;
  const QueueRule kept = kept_by(station);
  if (!is_list(kept)) queue_remove(s_, s, kept, l);
  if (station.scanned) rank_out(s, l);
  lot.key = queue_key(station, lot);
  if (!is_list(kept)) queue_push(s_, s, kept, l);
  if (station.scanned) rank_in(s, l);
}
/// A lot that is cancelled leaves where it stands, or goes on to the end of its operation or trip.
template <class R>
void Engine<R>::cancel_lot(std::uint32_t l, std::vector<std::uint32_t>& left) {
  Lot& lot = s_.lots[l];
  if (lot.place == Place::kQueue) {
    const std::uint32_t s = p_.choices[lot.choice].station.value;
    queue_out(s, l);
    lot.waiting += s_.now - lot.entered;
    s_.stations[s].queue_integral += s_.now;
    if (s_.queue.pending(slots_.lots + l)) s_.queue.cancel(slots_.lots + l);
    if constexpr (R::kLevels) r_.on_queue({s, s_.stations[s].queued, s_.now});
    left.push_back(s);
    leave_cancelled(l);
  } else if (lot.blocked && p_.steps[lot.step].way < Way::kBelt) {
    blocked_remove(s_, p_.choices[lot.choice].station.value, l);
    if (lot.machine == kNone) lot.waiting += s_.now - lot.entered;
    leave_cancelled(l);
  }
}
template <class R>
void Engine<R>::leave_cancelled(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  if (lot.machine == kNone) lot.place = Place::kOutside;
  if (lot.whole != kNone) {
    join(l, false);
  } else {
    leave_machine(lot);
    leave_plant(l, true);
  }
}
/// The first open lots of an order count for another from now on, those in process first.
template <class R>
void Engine<R>::move_lots(std::uint32_t from, std::uint32_t to, std::uint64_t lots) {
  OrderState &a = s_.orders[from], &b = s_.orders[to];
  std::vector<std::uint32_t> moved = lots_of_order(from);
  if (moved.size() > lots) moved.resize(lots);
  const std::uint64_t unreleased = std::min(lots - moved.size(), a.unreleased());
  if (!moved.empty()) promise_order(to);
  const auto change = [](std::uint32_t& count, std::uint64_t by) { count += static_cast<std::uint32_t>(by); };
  change(a.given, moved.size());
  change(b.taken, moved.size());
  a.quantity -= static_cast<std::uint32_t>(moved.size() + unreleased);
  change(b.quantity, moved.size() + unreleased);
  for (const std::uint32_t l : moved)
    each_part(l, [&](std::uint32_t part) {
      Lot& lot = s_.lots[part];
      s_.more[part].order = lot.source - p_.sources.size() == to ? kNone : to;
      lot.due = b.due;
      lot.priority = b.priority;
      sort_in(part);
    });
  s_.next_order = std::min(s_.next_order, std::min(from, to));
  s_.queue.cancel(slots_.order);
  schedule_orders();
  if (p_.preempts) preempt_changed();
}

}  // namespace twin::detail
