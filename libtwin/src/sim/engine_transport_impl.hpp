/// What brings lots to their steps: conveyors and vehicles. Part of engine_impl.hpp.
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
  if (p_.steps[lot.step].way == Way::kFleet) {
    const std::uint32_t before = lot.machine != kNone  ? station_of(lot.machine)
                                 : lot.choice != kNone ? p_.choices[lot.choice].station.value
                                                       : kNone;
    s_.more[l].from = before != kNone ? node_of(before) : p_.fleets[p_.steps[lot.step].carrier].entry;
    lot.choice = choose(lot);
    const std::uint32_t s = p_.choices[lot.choice].station.value;
    if (may_go(lot.choice, lot)) {
      call_vehicle(l);
    } else {
      wait_for_room(l, s);
    }
    return;
  }
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
  if (p_.may_deadlock && belt.head != kNone && s_.lots[belt.head].blocked) look_for_deadlock(l, kNone);
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
    if (p_.may_deadlock && s_.lots[belt.head].blocked) look_for_deadlock(belt.head, kNone);
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
    if (may_go(lot.choice, lot)) {
      get_off(l);
      return;
    }
    lot.arrival = s_.arrivals++;
    blocked_push(s_, p_.choices[lot.choice].station.value, l);
    belt.jammed_since = s_.now;
    if (!p_.belts[b].accumulating) {
      belt.clock = belt_clock(belt);
      belt.since = s_.now;
      belt.stands = true;
      s_.queue.cancel(slots_.belts + 2 * b + 1);
    }
    if (p_.may_deadlock) look_for_deadlock(l, kNone);
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
  come(l);
  admit_to_belt(b);
}

/// A lot that waited for room at its station has it.
template <class R>
void Engine<R>::admit_carried(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  if (lot.place == Place::kBelt) {
    get_off(l);
    return;
  }
  if (lot.machine == kNone) lot.waiting += s_.now - lot.entered;
  call_vehicle(l);
}
template <class R>
void Engine<R>::carrier_event(std::uint32_t slot) {
  if (slot < slots_.vehicles) {
    belt_event(slot - slots_.belts);
  } else {
    vehicle_event(slot - slots_.vehicles);
  }
}

// ---- vehicles -------------------------------------------------------------------------------------------------------
//
// A vehicle drives from node to node by the shortest way. It keeps the track that it is on until it has the next one,
// or comes to where it is going, which lies beside the ways; so vehicles that wait for each other's tracks in a ring
// are stuck, and told.

template <class R>
void Engine<R>::begin_vehicle(std::uint32_t v) {
  VehicleState& vehicle = s_.vehicles[v];
  const FleetData& fleet = p_.fleets[p_.data.vehicle_fleet[v]];
  vehicle.since = vehicle.free_since = s_.now;
  vehicle.node = vehicle.target = fleet.home;
  vehicle.charge = fleet.range;
}
/// Brings a vehicle's times up to now; call it before it does something else.
template <class R>
void Engine<R>::book_vehicle(std::uint32_t v) {
  VehicleState& vehicle = s_.vehicles[v];
  vehicle.spent[static_cast<std::size_t>(vehicle.activity())] += s_.now - vehicle.since;
  vehicle.since = s_.now;
}
/// A lot has a place where it goes: it waits for a vehicle, on its machine or outside.
template <class R>
void Engine<R>::call_vehicle(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  ++s_.stations[p_.choices[lot.choice].station.value].inbound;
  s_.more[l].called = true;
  lot.entered = s_.now;
  if (lot.machine != kNone) {
    s_.machines[lot.machine].phase = Phase::kBlocked;
    update_condition(lot.machine);
  } else {
    lot.place = Place::kOutside;
  }
  if (const std::uint32_t v = vehicle_for(l); v != kNone) {
    assign(v, l);
  } else {
    s_.calls.push_back(l);
  }
}
/// Without work, and not waiting for a way; one that drives home is sent elsewhere from the next node on.
template <class R>
bool Engine<R>::is_available(std::uint32_t v) const noexcept {
  const VehicleState& vehicle = s_.vehicles[v];
  const bool free = vehicle.task == Task::kIdle || (vehicle.task == Task::kHome && vehicle.moving);
  return free && vehicle.charge >= p_.fleets[p_.data.vehicle_fleet[v]].reserve;
}
template <class R>
std::uint32_t Engine<R>::vehicle_for(std::uint32_t l) const noexcept {
  const FleetData& fleet = p_.fleets[p_.steps[s_.lots[l].step].carrier];
  const auto rank = [&](std::uint32_t v) -> std::int64_t {
    const VehicleState& vehicle = s_.vehicles[v];
    if (fleet.dispatch == Dispatch::kLongestWaiting) return vehicle.free_since;
    if (fleet.dispatch == Dispatch::kLeastUsed) return static_cast<std::int64_t>(vehicle.trips);
    std::int64_t way = way_between(vehicle.node, s_.more[l].from);
    if (vehicle.moving && vehicle.span > 0)  // what is left of the edge
      way += static_cast<std::int64_t>(Wide{p_.data.edges[vehicle.edge].length} *
                                       (vehicle.began + vehicle.span - s_.now) / vehicle.span);
    return way;
  };
  std::uint32_t best = kNone;
  for (std::uint32_t v = fleet.first_vehicle; v < fleet.first_vehicle + fleet.vehicle_count; ++v)
    if (is_available(v) && (best == kNone || rank(v) < rank(best))) best = v;
  return best;
}
template <class R>
void Engine<R>::assign_calls() {
  for (std::size_t i = 0; i < s_.calls.size();) {
    const std::uint32_t l = s_.calls[i];
    const std::uint32_t v = vehicle_for(l);
    if (v == kNone) {
      ++i;
      continue;
    }
    s_.calls.erase(s_.calls.begin() + static_cast<std::ptrdiff_t>(i));
    assign(v, l);
  }
}
/// Which of the lots that wait a free vehicle fetches, by its place among the calls; their number: none.
template <class R>
std::size_t Engine<R>::call_for(std::uint32_t v) const {
  const std::uint32_t f = p_.data.vehicle_fleet[v];
  const FleetData& fleet = p_.fleets[f];
  const auto rank = [&](std::uint32_t l) -> double {
    if (fleet.dispatch == Dispatch::kNearest)
      return static_cast<double>(way_between(s_.vehicles[v].node, s_.more[l].from));
    if (fleet.dispatch == Dispatch::kExpression)
      return p_.expressions[fleet.expression].evaluate(values_of(s_.lots[l], 0, static_cast<double>(s_.calls.size())));
    return 0;
  };
  std::size_t best = s_.calls.size();
  double least = 0;
  for (std::size_t i = 0; i < s_.calls.size(); ++i) {
    const std::uint32_t l = s_.calls[i];
    if (p_.steps[s_.lots[l].step].carrier != f) continue;
    const double value = rank(l);
    if (best < s_.calls.size() && !(value < least) && !(std::isnan(least) && !std::isnan(value))) continue;
    best = i;
    least = value;
  }
  return best;
}
template <class R>
void Engine<R>::assign(std::uint32_t v, std::uint32_t l) {
  book_vehicle(v);
  VehicleState& vehicle = s_.vehicles[v];
  vehicle.lot = l;
  vehicle.task = Task::kFetch;
  vehicle.target = s_.more[l].from;
  if (!vehicle.moving) drive(v);
}
template <class R>
void Engine<R>::drive(std::uint32_t v) {
  VehicleState& vehicle = s_.vehicles[v];
  const std::uint32_t held = track_of(vehicle.edge);
  if (vehicle.node == vehicle.target) {
    vehicle.edge = kNone;
    arrive(v);
    if (held != kNone) leave_track(held);
    return;
  }
  const std::uint32_t e = edge_towards(vehicle.node, vehicle.target);
  const EdgeData& edge = p_.data.edges[e];
  const std::uint32_t capacity = p_.data.tracks[edge.track].capacity;
  if (edge.track != held) {
    if (capacity > 0 && s_.tracks[edge.track] >= capacity) {
      vehicle.arrival = s_.arrivals++;
      look_for_jam(v);
      return;
    }
    ++s_.tracks[edge.track];
  }
  const FleetData& fleet = p_.fleets[p_.data.vehicle_fleet[v]];
  vehicle.edge = e;
  vehicle.node = edge.to;
  vehicle.moving = true;
  if (fleet.range > 0) vehicle.charge -= edge.length;
  hold(v, ticks_from_seconds(static_cast<double>(edge.length) / 1e6 / fleet.speed));
  if (held != kNone && held != edge.track) leave_track(held);
}
/// What a vehicle does now takes so long.
template <class R>
void Engine<R>::hold(std::uint32_t v, Tick span) {
  VehicleState& vehicle = s_.vehicles[v];
  vehicle.began = s_.now;
  vehicle.span = span;
  s_.queue.schedule(slots_.vehicles + v, s_.now + span, code(Priority::kTransport));
}
/// A place on a track is free: who has waited for it longest goes on.
template <class R>
void Engine<R>::leave_track(std::uint32_t track) {
  --s_.tracks[track];
  if (p_.data.tracks[track].capacity == 0) return;
  std::uint32_t first = kNone;
  for (std::uint32_t v = 0; v < s_.vehicles.size(); ++v) {
    const VehicleState& vehicle = s_.vehicles[v];
    if (!vehicle.waits() || track_of(edge_towards(vehicle.node, vehicle.target)) != track) continue;
    if (first == kNone || vehicle.arrival < s_.vehicles[first].arrival) first = v;
  }
  if (first == kNone) return;
  book_vehicle(first);
  drive(first);
}
/// A vehicle is where it was to be.
template <class R>
void Engine<R>::arrive(std::uint32_t v) {
  VehicleState& vehicle = s_.vehicles[v];
  const FleetData& fleet = p_.fleets[p_.data.vehicle_fleet[v]];
  const auto handling = [&](DistributionId id, std::uint64_t stream) {
    return id.valid() ? draw(id, stream, lot_index(s_.lots[vehicle.lot])) : 0;
  };
  switch (vehicle.task) {
    case Task::kFetch:
      vehicle.task = Task::kLoad;
      hold(v, handling(fleet.load, step_stream(p_, s_.lots[vehicle.lot], Purpose::kTransport)));
      break;
    case Task::kCarry:
      vehicle.task = Task::kUnload;
      hold(v, handling(fleet.unload, unload_stream(s_.lots[vehicle.lot])));
      break;
    case Task::kToCharge:
      vehicle.task = Task::kCharge;
      hold(v, static_cast<Tick>(Wide{fleet.charge} * std::max<std::int64_t>(0, fleet.range - vehicle.charge) /
                                fleet.range));
      break;
    default:  // home
      vehicle.task = Task::kIdle;
      if (vehicle.charge < fleet.reserve) free_vehicle(v);
      break;
  }
}
template <class R>
void Engine<R>::vehicle_event(std::uint32_t v) {
  book_vehicle(v);
  VehicleState& vehicle = s_.vehicles[v];
  if (vehicle.moving) {
    vehicle.moving = false;
    vehicle.driven += p_.data.edges[vehicle.edge].length;
    drive(v);
    return;
  }
  const std::uint32_t l = vehicle.lot;
  if (vehicle.task == Task::kLoad) {
    Lot& lot = s_.lots[l];
    if (lot.machine == kNone) lot.waiting += s_.now - lot.entered;
    leave_machine(lot);
    s_.more[l].called = false;
    lot.place = Place::kVehicle;
    lot.entered = s_.now;
    vehicle.task = Task::kCarry;
    vehicle.target = node_of(p_.choices[lot.choice].station.value);
    drive(v);
  } else if (vehicle.task == Task::kUnload) {
    ++vehicle.trips;
    vehicle.lot = kNone;
    s_.more[l].carried += s_.now - s_.lots[l].entered;
    --s_.stations[p_.choices[s_.lots[l].choice].station.value].inbound;
    come(l);
    free_vehicle(v);
  } else {  // charged
    vehicle.charge = p_.fleets[p_.data.vehicle_fleet[v]].range;
    free_vehicle(v);
  }
}
template <class R>
void Engine<R>::free_vehicle(std::uint32_t v) {
  VehicleState& vehicle = s_.vehicles[v];
  const FleetData& fleet = p_.fleets[p_.data.vehicle_fleet[v]];
  if (vehicle.charge < fleet.reserve) {
    vehicle.task = Task::kToCharge;
    vehicle.target = fleet.charger;
    drive(v);
    return;
  }
  if (const std::size_t i = call_for(v); i < s_.calls.size()) {
    const std::uint32_t l = s_.calls[i];
    s_.calls.erase(s_.calls.begin() + static_cast<std::ptrdiff_t>(i));
    assign(v, l);
    return;
  }
  vehicle.free_since = s_.now;
  vehicle.task = Task::kIdle;
  if (!fleet.goes_home || vehicle.node == fleet.home) return;
  vehicle.task = Task::kHome;
  vehicle.target = fleet.home;
  drive(v);
}
template <class R>
void Engine<R>::redraw_vehicle(std::uint32_t v) {
  VehicleState& vehicle = s_.vehicles[v];
  if (vehicle.task != Task::kLoad && vehicle.task != Task::kUnload) return;
  const FleetData& fleet = p_.fleets[p_.data.vehicle_fleet[v]];
  const DistributionId id = vehicle.task == Task::kLoad ? fleet.load : fleet.unload;
  if (!id.valid()) return;
  const Lot& lot = s_.lots[vehicle.lot];
  const std::uint64_t stream =
      vehicle.task == Task::kLoad ? step_stream(p_, lot, Purpose::kTransport) : unload_stream(lot);
  const Tick age = s_.now - vehicle.began;
  const Tick left = draw_left(id, stream, lot_index(lot), age);
  vehicle.span = age + left;
  s_.queue.move(slots_.vehicles + v, s_.now + left, code(Priority::kTransport));
}
/// A vehicle has just begun to wait for a track: tells, in `deadlock_`, whether it waits for ever. A vehicle can go on
/// when it moves, or when some vehicle on the track that it waits for can.
template <class R>
void Engine<R>::look_for_jam(std::uint32_t v) {
  const auto wanted = [&](std::uint32_t w) {
    return track_of(edge_towards(s_.vehicles[w].node, s_.vehicles[w].target));
  };
  std::vector<bool> moves(s_.vehicles.size());
  for (std::uint32_t w = 0; w < moves.size(); ++w) moves[w] = !s_.vehicles[w].waits();
  const auto holder = [&](std::uint32_t track, bool moving) {
    for (std::uint32_t w = 0; w < moves.size(); ++w)
      if (track_of(s_.vehicles[w].edge) == track && moves[w] == moving) return w;
    return kNone;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (std::uint32_t w = 0; w < moves.size(); ++w)
      if (!moves[w] && holder(wanted(w), true) != kNone) moves[w] = changed = true;
  }
  if (moves[v]) return;
  const auto way = [&](std::uint32_t e) {
    const EdgeData& edge = p_.data.edges[e];
    return p_.data.node_names[edge.from] + " to " + p_.data.node_names[edge.to];
  };
  std::vector<bool> told(moves.size(), false);
  for (std::uint32_t w = v; !told[w];) {
    told[w] = true;
    const VehicleState& vehicle = s_.vehicles[w];
    if (!deadlock_.empty()) deadlock_ += ", ";
    deadlock_ += p_.data.vehicle_names[w] + " ";
    if (vehicle.edge != kNone) deadlock_ += "on the way from " + way(vehicle.edge) + " ";
    deadlock_ += "waits for the way from " + way(edge_towards(vehicle.node, vehicle.target));
    w = holder(wanted(w), false);
  }
}

}  // namespace twin::detail
