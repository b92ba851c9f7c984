/// Lots: queues, routes, coming and going. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

template <class R>
void Engine<R>::begin_source(std::uint32_t i) {
  const SourceData& source = p_.sources[i];
  s_.sources[i].last = s_.now;
  if (source.kind == SourceKind::kRenewal) schedule_arrival(i);
  if (source.kind == SourceKind::kConwip || source.kind == SourceKind::kKeep) replenish(i);
}
template <class R>
void Engine<R>::replenish(std::uint32_t i) {
  const SourceData& source = p_.sources[i];
  const auto at_hand = [&] {
    return source.pool == kNone ? 0
                                : static_cast<std::uint64_t>(std::max<std::int64_t>(0, s_.pools[source.pool].level));
  };
  while (s_.sources[i].count - s_.sources[i].gone + at_hand() < source.level) release_from_source(i);
}
template <class R>
void Engine<R>::enter_observed(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  lot.choice = choose(lot);
  const std::uint32_t s = p_.choices[lot.choice].station.value;
  lot.place = Place::kQueue;
  lot.arrival = s_.arrivals++;
  lot.key = queue_key(p_.stations[s], lot);
  s_.stations[s].queue_integral -= lot.entered;
  queue_in(s, l);
  schedule_patience(l);
}
template <class R>
void Engine<R>::schedule_orders() {
  while (s_.next_order < p_.orders.size() && s_.orders[s_.next_order].unreleased() == 0) ++s_.next_order;
  if (s_.next_order == p_.orders.size()) return;
  s_.queue.reschedule(slots_.order, std::max(p_.orders[s_.next_order].release, s_.now), code(Priority::kArrival));
}

/// Lets those who wait for pools go on, machines that have become free take their next lot, and blocked lots the places
/// that this frees.
template <class R>
void Engine<R>::resolve() {
  for (;;) {
    for (std::size_t i = 0; (!R::kPlain && pools_freed_) || i < freed_count_;) {
      if (!R::kPlain && pools_freed_) {
        wake();
      } else {
        take_next(freed_[i++]);
      }
    }
    freed_count_ = 0;
    if constexpr (R::kPlain) return;
    if (!held_.empty() && ask_held()) [[unlikely]]
      continue;
    if (newly_held_) [[unlikely]]
      look_at_held();
    if (keepers_.empty()) return;
    const std::uint32_t source = keepers_.back();
    keepers_.pop_back();
    if (source < p_.sources.size()) {
      replenish(source);
    } else {
      order_material(source - static_cast<std::uint32_t>(p_.sources.size()));
    }
  }
}
/// The open machine's calendar is about to close at this very instant.
template <class R>
bool Engine<R>::closes_now(std::uint32_t m) const noexcept {
  const CalendarId calendar = p_.machines[m].calendar;
  return calendar.valid() && s_.queue.pending(slots_.calendars + calendar.value) &&
         s_.queue.time_of(slots_.calendars + calendar.value) == s_.now && !p_.open_at(calendar, s_.now);
}
template <class R>
void Engine<R>::take_next(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (!R::kPlain && machine.open &&
      (machine.late || closes_now(m))) {  // begins nothing that would rest over the closing time
    machine.open = false;
    machine.late = false;
  }
  if (machine.phase != Phase::kIdle || !is_open(machine) || machine.faults > 0) {
    update_condition(m);
    if (p_.cares && !machine.open) care(m);
    return;
  }
  const std::uint32_t s = station_of(m);
  StationState& station = s_.stations[s];
  if (p_.polls && polls(s)) [[unlikely]]
    return poll(m);
  if (station.queued > 0 && serve(m)) {
    admit(s);
    return;
  }
  update_condition(m);  // idle: a blocked lot may come straight here
  if (station.blocked_head != kNone) {
    admit(s);
    if (machine.phase != Phase::kIdle) return;
  }
  const StationData& data = p_.stations[s];
  const bool kept = !R::kPlain && data.selective
                        ? is_kept(m)
                        : data.places >= 0 &&
                              station.inbound >= static_cast<std::uint32_t>(data.places) + station.idle &&
                              data.cycle == 0;  // for those on their way
  const std::uint32_t source = kept ? kNone : saturating_source(s, m);
  if (source != kNone) {
    take_from_supply(m, source);
  } else if (p_.cares) {
    care(m);
  }
}
/// A free machine takes from its queue what comes next, if anything does. Requires that lots wait.
template <class R>
bool Engine<R>::serve(std::uint32_t m) {
  const std::uint32_t s = station_of(m);
  const StationData& data = p_.stations[s];
  if (!R::kPlain && !data.direct) return serve_batch(m);
  std::uint32_t l = s_.stations[s].head;
  if (!R::kPlain && data.scanned) {
    l = pick(m);
    if (l == kNone) return false;  // none that this machine can do
  }
  take_out(s, l);
  start(m, l);
  return true;
}
template <class R>
bool Engine<R>::serve_batch(std::uint32_t m) {
  const std::uint32_t s = station_of(m);
  const StationData& data = p_.stations[s];
  if (data.batch.most > 1) {
    pick_batch(m);
  } else {
    picked_.assign(1, std::pair<double, std::uint32_t>{0, data.scanned ? pick(m) : s_.stations[s].head});
  }
  if (picked_.empty()) return false;
  if (data.cycle > 0 && !is_beginning(s)) {
    schedule_cycle(s, s_.now);
    return false;
  }
  if (data.cycle > 0 && data.block_before) {  // what cannot begin stays in the queue
    loaded_.clear();
    for (const auto& [index, l] : picked_) loaded_.push_back(l);
    if (!decide_all(m, loaded_)) {
      hold(m);
      return true;
    }
  }
  for (const auto& [index, l] : picked_) {
    take_out(s, l);
    load(m, l);
  }
  begin_batch(m);
  return true;
}
/// Takes a lot out of the queue, for a machine.
template <class R>
void Engine<R>::take_out(std::uint32_t s, std::uint32_t l) {
  StationState& station = s_.stations[s];
  queue_out(s, l);
  Lot& lot = s_.lots[l];
  const Tick waited = s_.now - lot.entered;
  lot.waiting += waited;
  station.queue_time += waited;
  station.queue_integral += s_.now;
  if (!R::kPlain && p_.steps[lot.step].limited) s_.queue.cancel(slots_.lots + l);
  if constexpr (R::kLevels) r_.on_queue({s, station.queued, s_.now});
}
/// Lots have waited long enough for others to join them: idle machines start with fewer.
template <class R>
void Engine<R>::batch_event(std::uint32_t s) {
  const StationData& data = p_.stations[s];
  bool served = false;
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
    if (s_.machines[m].condition == Condition::kStarved && s_.stations[s].queued > 0) served = serve_batch(m) || served;
  if (served) admit(s);
}
template <class R>
std::uint32_t Engine<R>::saturating_source(std::uint32_t station, std::uint32_t m) const noexcept {
  std::uint32_t found = kNone;
  for (const std::uint32_t i : saturating_) {
    const StepData& first = p_.steps[p_.products[p_.sources[i].product.value].first_step];
    if (p_.choices[first.first_choice].station.value != station) continue;
    if (!R::kPlain && p_.choices[first.first_choice].able != kNone &&
        !may_do(p_, s_, m, first.first_choice, p_.products[p_.sources[i].product.value].first_step, kNone))
      continue;
    if (found == kNone || s_.sources[i].count < s_.sources[found].count) found = i;
  }
  return found;
}
template <class R>
void Engine<R>::take_from_supply(std::uint32_t m, std::uint32_t source) {
  const std::uint32_t s = station_of(m);
  const std::uint32_t most = p_.stations[s].batch.most;
  if (p_.stations[s].cycle > 0 && !is_beginning(s)) {
    schedule_cycle(s, s_.now);
    return;
  }
  for (std::uint32_t i = 0; i < most; ++i) {
    const std::uint64_t serial = s_.sources[source].count++;
    const std::uint32_t l =
        make_lot(source, serial, due_of(p_.sources[source], serial), priority_of(p_.sources[source]));
    s_.lots[l].choice = p_.steps[s_.lots[l].step].first_choice;
    s_.lots[l].entered = s_.now;
    if (p_.preempts) {  // it may have to go into the queue
      s_.lots[l].arrival = s_.arrivals++;
      s_.lots[l].key = queue_key(p_.stations[s], s_.lots[l]);
    }
    load(m, l);
  }
  begin_batch(m);
}

template <class R>
bool Engine<R>::has_room(std::uint32_t s) const noexcept {
  const std::int32_t places = p_.stations[s].places;
  if (places < 0) return true;
  const StationState& station = s_.stations[s];
  return std::uint64_t{station.queued} + station.inbound <
         static_cast<std::uint64_t>(places) + std::uint64_t{station.idle} * p_.stations[s].room_of_idle;
}
/// Whether a lot may go to a station now. One that comes back to the station whose machine holds it always may: it
/// leaves that machine free for another, and must not wait behind those it blocks.
template <class R>
bool Engine<R>::may_go(std::uint32_t c, const Lot& lot) {
  const std::uint32_t s = p_.choices[c].station.value;
  if (lot.machine != kNone && station_of(lot.machine) == s) return true;
  if (!R::kPlain && p_.stations[s].selective) [[unlikely]]
    return may_go_among(c, lot, lot.source == kNone ? kNone : slot_of(lot));
  return s_.stations[s].blocked_head == kNone && has_room(s);
}
/// Gives the places that are free to the lots that have waited longest for them.
template <class R>
void Engine<R>::admit_blocked(std::uint32_t s) {
  if (!R::kPlain && p_.stations[s].selective) {
    admit_among(s);
    return;
  }
  while (s_.stations[s].blocked_head != kNone && has_room(s)) {
    const std::uint32_t l = blocked_pop(s_, s);
    Lot& lot = s_.lots[l];
    if (!R::kPlain && p_.steps[lot.step].way >= Way::kBelt) [[unlikely]] {
      admit_carried(l);
      continue;
    }
    if (lot.machine == kNone) lot.waiting += s_.now - lot.entered;
    go(l);
  }
}
/// Sends a lot to the step it stands at: into the queue, onto a machine, on its way, or blocked.
template <class R>
void Engine<R>::route(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  if (!R::kPlain && p_.steps[lot.step].diverts) [[unlikely]]
    if (divert(l)) return;
  if (!R::kPlain && p_.steps[lot.step].way >= Way::kBelt) [[unlikely]] {
    depart(l);
    return;
  }
  lot.choice = choose(lot);
  const std::uint32_t s = p_.choices[lot.choice].station.value;
  if (may_go(lot.choice, lot)) {
    go(l);
    return;
  }
  wait_for_room(l, s);
}
template <class R>
void Engine<R>::wait_for_room(std::uint32_t l, std::uint32_t s) {
  Lot& lot = s_.lots[l];
  lot.entered = s_.now;
  lot.arrival = s_.arrivals++;
  blocked_push(s_, s, l);
  if (lot.machine != kNone) {
    s_.machines[lot.machine].phase = Phase::kBlocked;
    update_condition(lot.machine);
    if (p_.may_deadlock) look_for_deadlock(l, kNone);
  } else {
    lot.place = Place::kOutside;
  }
}
/// Moves a lot that has room where it goes.
template <class R>
void Engine<R>::go(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  leave_machine(lot);
  const StepData& step = p_.steps[lot.step];
  if (step.transport.valid()) {
    lot.place = Place::kTransit;
    lot.entered = s_.now;
    lot.left = draw(step.transport, step_stream(p_, lot, Purpose::kTransport), lot_index(lot));
    ++s_.stations[p_.choices[lot.choice].station.value].inbound;
    s_.queue.schedule(slots_.lots + l, s_.now + lot.left, code(Priority::kTransport));
  } else {
    enter(l);
  }
}
/// A lot arrives from transport, or has waited for as long as it may.
template <class R>
void Engine<R>::lot_event(std::uint32_t l) {
  if (s_.lots[l].place == Place::kQueue) {
    lose_patience(l);
    return;
  }
  if (s_.carries_more) s_.more[l].carried += s_.now - s_.lots[l].entered;
  --s_.stations[p_.choices[s_.lots[l].choice].station.value].inbound;
  come(l);
}
/// A lot is where it was on its way to.
template <class R>
void Engine<R>::come(std::uint32_t l) {
  if (s_.lots[l].cancelled) [[unlikely]] {  // the place that was kept for it is free
    const std::uint32_t s = p_.choices[s_.lots[l].choice].station.value;
    leave_cancelled(l);
    admit(s);
    if (saturating_.empty()) return;
    const StationData& data = p_.stations[s];
    for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
      if (s_.machines[m].condition == Condition::kStarved) take_next(m);
    return;
  }
  s_.lots[l].place = Place::kOutside;
  enter(l);
}
template <class R>
void Engine<R>::schedule_patience(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const StepData& step = p_.steps[lot.step];
  if (step.window_of != kNone) {
    const Tick end = window_end(p_, s_, l);
    if (lot.overdue || end == kNever) return;  // it was counted as it came; or there is no limit
    lot.left = std::max(end, s_.now) - lot.entered;
    s_.queue.schedule(slots_.lots + l, lot.entered + lot.left, code(Priority::kPatience));
    return;
  }
  lot.overdue = false;
  if (!step.patience.valid()) return;
  lot.left = draw(step.patience, step_stream(p_, lot, Purpose::kPatience), lot_index(lot));
  lot.left = std::max(lot.left, s_.now - lot.entered);  // it is over already
  const Tick end = lot.left < kNever - lot.entered ? lot.entered + lot.left : kNever;
  s_.queue.schedule(slots_.lots + l, end, code(Priority::kPatience));
}
template <class R>
void Engine<R>::lose_patience(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const StepData& step = p_.steps[lot.step];
  const std::uint32_t s = p_.choices[lot.choice].station.value;
  StationState& station = s_.stations[s];
  ++station.overdue;
  lot.overdue = true;
  if (step.impatient == StepData::kStay) return;
  queue_out(s, l);
  lot.waiting += s_.now - lot.entered;
  station.queue_integral += s_.now;
  if constexpr (R::kLevels) r_.on_queue({s, station.queued, s_.now});
  lot.place = Place::kOutside;
  leave_overdue(l);
  admit(s);
}
template <class R>
void Engine<R>::leave_machine(Lot& lot) {
  if (lot.machine == kNone) return;
  const std::uint32_t m = lot.machine;
  MachineState& machine = s_.machines[m];
  lot.machine = kNone;
  if (--machine.held > 0 && !R::kPlain) {
    const std::uint32_t l = slot_of(lot);
    std::uint32_t* link = &machine.lot;
    while (*link != l) link = &s_.lots[*link].child;
    *link = lot.child;
    lot.child = kNone;
    return;
  }
  machine.lot = kNone;
  machine.phase = Phase::kIdle;
  free_machine(m);
}
template <class R>
void Engine<R>::enter(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const std::uint32_t s = p_.choices[lot.choice].station.value;
  const StationData& data = p_.stations[s];
  StationState& station = s_.stations[s];
  lot.entered = s_.now;
  if (!R::kPlain && p_.steps[lot.step].window_of != kNone) [[unlikely]]
    if (comes_too_late(l)) return;
  if (station.idle > 0 && (R::kPlain || data.direct) && (station.queued == 0 || (!R::kPlain && data.selective))) {
    std::uint32_t m = data.first_machine;
    if (!R::kPlain && data.selective) [[unlikely]] {
      m = idle_for(s, l);
    } else {
      while (s_.machines[m].condition != Condition::kStarved) ++m;
    }
    if (m != kNone) {
      start(m, l);
      return;
    }
  }
  lot.place = Place::kQueue;
  lot.arrival = s_.arrivals++;
  lot.key = R::kPlain || data.rule == QueueRule::kFifo ? 0 : queue_key(data, lot);
  station.queue_integral -= s_.now;
  queue_in(s, l);
  if constexpr (R::kLevels) r_.on_queue({s, station.queued, s_.now});
  if constexpr (R::kPlain) return;
  if (p_.steps[lot.step].limited) schedule_patience(l);
  if (station.idle > 0 && !data.direct) {
    offer_batch(s);
  } else if (p_.preempts && data.preempt != Preemption::kOff) {
    (void)try_to_preempt(s, l);
  }
}
/// A batch may be whole: the first idle machine looks.
template <class R>
void Engine<R>::offer_batch(std::uint32_t s) {
  if (polls(s)) return;  // before the first machine has set out
  const StationData& data = p_.stations[s];
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
    if (s_.machines[m].condition == Condition::kStarved && (serve_batch(m) || !data.selective)) return;
}

/// A lot parts: from now on its parts are under way, one in each parallel branch, or its sublots.
template <class R>
void Engine<R>::part(std::uint32_t l) {
  leave_machine(s_.lots[l]);
  const StepData& step = p_.steps[s_.lots[l].step];
  s_.lots[l].place = Place::kParted;
  s_.lots[l].parts = step.fork_count;
  for (std::uint32_t i = step.first_fork; i < step.first_fork + step.fork_count; ++i) {
    const std::uint32_t part = take_lot_slot(s_);
    const Lot& whole = s_.lots[l];
    Lot& lot = s_.lots[part];
    lot.release = whole.release;
    lot.due = whole.due;
    lot.serial = step.splits ? sublot_serial(whole.serial, i - step.first_fork + 1) : whole.serial;
    lot.source = whole.source;
    lot.round = whole.round;
    lot.priority = whole.priority;
    lot.reworked = whole.reworked;
    lot.cancelled = whole.cancelled;
    lot.step = p_.forks[i];
    lot.choice = whole.choice;  // where it comes from
    lot.whole = l;
    if (s_.carries_more) {
      s_.more[part] = s_.more[l];
      s_.more[part].held = {};  // the whole holds them
    }
    for (std::uint32_t k = 0; k < s_.marks_per_lot; ++k) mark_of(s_, part, k) = mark_of(s_, l, k);
    lot.place = Place::kOutside;
    route(part);
  }
}
/// A part is through its branch; the last of them lets the whole go on.
template <class R>
void Engine<R>::join(std::uint32_t l, bool scrapped) {
  leave_machine(s_.lots[l]);
  if (p_.carries) give_back(l, UINT32_MAX);
  const Lot part = s_.lots[l];
  if (s_.carries_more) s_.more[part.whole].carried = s_.more[l].carried;
  free_lot_slot(s_, l);
  Lot& whole = s_.lots[part.whole];
  whole.round = std::max(whole.round, part.round);
  whole.reworked = whole.reworked || part.reworked;
  whole.doomed = whole.doomed || scrapped;
  if (--whole.parts > 0) return;
  whole.waiting += part.waiting;
  whole.choice = part.choice;
  whole.place = Place::kOutside;
  move_on(part.whole, whole.doomed ? BranchData::kScrap : p_.steps[whole.step].next);
}

template <class R>
void Engine<R>::finish(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const std::uint32_t lots = R::kPlain ? 1 : machine.held;
  machine.visits += lots;
  forget_belief(m);
  if (const ChoiceData& choice = choice_on(machine); !R::kPlain && !choice.is_bare()) {
    if (p_.tools_wear && machine.holding) age_units(m, Ageing::kLots, std::int64_t{lots} * kSecond);
    release_pools(m);
    make_material(choice, machine.held);
    if (choice.returns != 0)
      for (std::uint32_t l = machine.lot; l != kNone; l = s_.lots[l].child) give_back(l, choice.returns);
  }
  if (lots == 1) {
    finish_lot(m, machine.lot);
  } else {
    machine.phase = Phase::kBlocked;  // until the last of the batch has left
    for (std::uint32_t l = machine.lot; l != kNone;) {
      const std::uint32_t next = s_.lots[l].child;
      finish_lot(m, l);
      l = next;
    }
  }
  if (p_.counts_lots) count_lots(m, lots);
}
template <class R>
void Engine<R>::forget_belief(std::uint32_t m) {
  if (!s_.machines[m].believed) return;
  std::erase_if(s_.beliefs, [m](const Belief& belief) { return belief.machine == m; });
  s_.machines[m].believed = false;
}
template <class R>
void Engine<R>::finish_lot(std::uint32_t m, std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const StepData& step = p_.steps[lot.step];
  digests_.add(hash_of(lot) + step.hash + lot_index(lot) * 0x9e3779b97f4a7c15ULL,
               p_.machines[m].hash + static_cast<std::uint64_t>(s_.machines[m].started) * 0xd1342543de82ef95ULL,
               static_cast<std::uint64_t>(s_.now) * 0xaf251af3b0f025b5ULL, s_.history);
  if constexpr (R::kOperations)
    r_.on_operation({lot.source, lot.step, m, lot.round, lot.serial, lot.entered, s_.machines[m].started, s_.now});
  if (!R::kPlain && step.mark != kNone) [[unlikely]]
    remember(l, m);
  if (p_.wears && spoils(m, lot)) [[unlikely]]
    return spoil(m, l);
  if (p_.holds_back && s_.more[l].decided) [[unlikely]] {
    if (!lot.cancelled) return go_as_decided(m, l);
    const std::uint32_t kept = give_up(m, l);
    leave_cancelled(l);
    if (kept != kNone) admit(kept);
    return;
  }
  std::uint32_t target = step.next;
  if (step.branch_count > 0) {
    const BranchData& branch = branch_of(step, lot);
    target = branch.target;
    if (branch.rework) target = send_back(l, step, target);
  }
  move_on(l, target);
}
/// Sends a lot on: to a step, to those it was parted from, or out of the plant.
template <class R>
void Engine<R>::move_on(std::uint32_t l, std::uint32_t target) {
  Lot& lot = s_.lots[l];
  if (p_.has_orders && lot.cancelled) [[unlikely]] {
    leave_cancelled(l);
    return;
  }
  if (target < BranchData::kJoin) {
    if (target <= lot.step) ++lot.round;
    lot.step = target;
    route(l);
  } else if (!R::kPlain && lot.whole != kNone) {
    join(l, target == BranchData::kScrap);
  } else {
    leave_machine(lot);
    leave_plant(l, target == BranchData::kScrap);
  }
}
template <class R>
const BranchData& Engine<R>::branch_of(const StepData& step, const Lot& lot) const noexcept {
  const double u = draw_uniform(s_.key, step_stream(p_, lot, Purpose::kRouting), lot_index(lot));
  double sum = 0;
  std::uint32_t last = step.first_branch;
  for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
    if (q_.branch_probability[b] <= 0) continue;
    last = b;
    sum += q_.branch_probability[b];
    if (u < sum) break;
  }
  return p_.branches[last];
}

/// A new lot at the first step of its product, standing outside.
template <class R>
std::uint32_t Engine<R>::make_lot(std::uint32_t source, std::uint64_t serial, Tick due, std::int32_t priority) {
  const std::uint32_t l = take_lot_slot(s_);
  const std::uint32_t product = R::kPlain ? p_.sources[source].product.value : product_of_source(p_, source).value;
  Lot& lot = s_.lots[l];
  lot.release = s_.now;
  lot.due = due;
  lot.serial = serial;
  lot.source = source;
  lot.step = p_.products[product].first_step;
  lot.priority = priority;
  lot.place = Place::kOutside;
  ProductTotals& totals = s_.products[product];
  ++totals.released;
  ++totals.in_process;
  totals.wip_integral -= s_.now;
  if constexpr (R::kLevels) r_.on_wip({product, static_cast<std::uint32_t>(totals.in_process), s_.now});
  return l;
}
template <class R>
void Engine<R>::release_from_source(std::uint32_t i) {
  const std::uint64_t serial = s_.sources[i].count++;
  if (may_lose_[i] && is_lost(i)) return;
  route(make_lot(i, serial, due_of(p_.sources[i], serial), priority_of(p_.sources[i])));
}
template <class R>
void Engine<R>::arrival_event(std::uint32_t i) {
  s_.sources[i].last = s_.now;
  if (!R::kPlain && p_.sources[i].batch.valid()) [[unlikely]] {
    release_several(i);
  } else {
    release_from_source(i);
  }
  schedule_arrival(i);
}
template <class R>
void Engine<R>::release_several(std::uint32_t i) {
  const SourceData& source = p_.sources[i];
  const double lots = std::round(q_.quantile(
      source.batch, draw_uniform(s_.key, draw_stream(source.hash, Purpose::kBatchSize), s_.sources[i].count)));
  for (double n = 0; n < lots; ++n) release_from_source(i);
  if (lots < 1) ++s_.sources[i].count;  // so that the next arrival draws anew
}
/// An arrival that finds no room anywhere and does not wait is counted and gone.
template <class R>
bool Engine<R>::is_lost(std::uint32_t i) {
  const ProductId product = p_.sources[i].product;
  const StepData& step = p_.steps[p_.products[product.value].first_step];
  Lot nobody;
  nobody.step = p_.products[product.value].first_step;
  if (step.way == Way::kBelt && is_open(step.carrier)) return false;
  if (step.way != Way::kBelt)
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
      if (open_choice(c, nobody)) return false;
  ++s_.stations[p_.choices[step.first_choice].station.value].lost;
  ++s_.products[product.value].lost;
  return true;
}
template <class R>
void Engine<R>::schedule_arrival(std::uint32_t i) {
  SourceState& source = s_.sources[i];
  const SourceData& data = p_.sources[i];
  source.drawn = arrivals_.draw(
      i, s_.key, [&] { return draw_stream(data.hash, Purpose::kArrival); }, source.count, 0, q_, data.interarrival, 1);
  if (!R::kPlain && data.profile_count > 0) [[unlikely]]
    source.drawn = p_.data.profile_end(data, s_.now, source.drawn) - s_.now;
  s_.queue.schedule(slots_.sources + i, s_.now + source.drawn, code(Priority::kArrival));
}
template <class R>
void Engine<R>::release_orders() {
  for (std::uint32_t o = s_.next_order; o < p_.orders.size() && p_.orders[o].release <= s_.now; ++o) {
    if (s_.orders[o].unreleased() > 0) promise_order(o);
    while (s_.orders[o].unreleased() > 0) {
      const std::uint32_t source = static_cast<std::uint32_t>(p_.sources.size()) + o;
      route(make_lot(source, s_.orders[o].released++, s_.orders[o].due, s_.orders[o].priority));
    }
  }
  schedule_orders();
}
template <class R>
void Engine<R>::leave_plant(std::uint32_t l, bool scrapped) {
  if (p_.carries) give_back(l, UINT32_MAX);
  const Lot& lot = s_.lots[l];
  const std::uint32_t source = lot.source;
  const std::uint32_t product = p_.steps[lot.step].product.value;
  ProductTotals& totals = s_.products[product];
  --totals.in_process;
  totals.wip_integral += s_.now;
  if (lot.reworked) ++totals.reworked;
  const bool cancelled = scrapped && lot.cancelled;
  if (scrapped) {
    ++(cancelled ? totals.cancelled : totals.scrapped);
  } else {
    ++totals.completed;
    totals.cycle_time += s_.now - lot.release;
    totals.waiting += lot.waiting;
    if (s_.carries_more) totals.carried += s_.more[l].carried;
    if (lot.due < s_.now) {
      ++totals.late;
      totals.tardiness += s_.now - lot.due;
    }
  }
  if constexpr (R::kLevels) r_.on_wip({product, static_cast<std::uint32_t>(totals.in_process), s_.now});
  if constexpr (R::kLots)
    r_.on_lot({lot.source, product, lot.serial, lot.release, lot.due, s_.now, lot.waiting, scrapped, lot.reworked,
               cancelled});
  const std::uint32_t ordered = source < p_.sources.size() ? kNone : order_of(p_.data, s_, l);
  free_lot_slot(s_, l);
  if constexpr (R::kPlain) return;
  if (ordered != kNone) {
    OrderState& order = s_.orders[ordered];
    ++(cancelled ? order.cancelled : scrapped ? order.scrapped : order.finished);
    order.finish = s_.now;
    --s_.open_orders;
  } else if (p_.sources[source].kind == SourceKind::kConwip || p_.sources[source].kind == SourceKind::kKeep) {
    ++s_.sources[source].gone;
    replenish(source);
  }
}

}  // namespace twin::detail
