/// Machines: work, failures, calendars, and the pools they need. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

template <class R>
void Engine<R>::begin_machine(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  machine.since = s_.now;
  machine.open = p_.open_at(p_.machines[m].calendar, s_.now);
  machine.condition = machine.open ? Condition::kStarved : Condition::kOff;
  if (machine.open) ++s_.stations[station_of(m)].idle;
}
template <class R>
void Engine<R>::begin_mode(std::uint32_t f) {
  s_.failures[f].level_since = s_.now;
  begin_life(f);
  if (p_.modes[f].by_clock()) schedule_clock_failure(f);
}
template <class R>
void Engine<R>::rejoin_machine(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const MachineData& data = p_.machines[m];
  machine.open = p_.open_at(data.calendar, s_.now);
  machine.late = machine.late && !machine.open && machine.phase != Phase::kIdle &&
                 p_.stations[data.station.value].when_closed == Interruption::kFinish;
  machine.open = machine.open || machine.late;
  machine.faults = 0;
  for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
    machine.faults = static_cast<std::uint16_t>(machine.faults + (s_.failures[f].down ? 1 : 0));
  if (machine.condition == Condition::kStarved) ++s_.stations[station_of(m)].idle;
  update_condition(m);
  if (machine.phase == Phase::kHeld && p_.stations[station_of(m)].cycle > 0) schedule_cycle(station_of(m), s_.now);
}
template <class R>
void Engine<R>::resume_run(std::uint32_t m) {
  const MachineState& machine = s_.machines[m];
  if (!machine.running && !machine.waits && (machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing))
    run_machine(m, choice_on(machine));
  if (!machine.running && machine.phase == Phase::kRoaming) run_roaming(m);
}
template <class R>
void Engine<R>::resume_with(std::uint32_t m, std::uint64_t pools) {
  MachineState& machine = s_.machines[m];
  const bool works = machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing;
  if (works && !machine.running && machine.open && machine.faults == 0 && machine.supplied) {
    const Needs needs = choice_on(machine).needs;
    if (needs.count > 0 && can_give_again(needs, pools)) {
      machine.pools = pools;
      machine.holding = true;
      take_pools(needs, pools, 1);
    }
  }
  resume_run(m);
}

/// Sets the condition that follows from phase, faults and calendar, and books the time of the one before.
template <class R>
void Engine<R>::update_condition(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  Condition condition = Condition::kStarved;
  if (!machine.open) {
    condition = Condition::kOff;
  } else if (machine.faults > 0) {
    condition = Condition::kDown;
  } else if (machine.phase == Phase::kBlocked || machine.phase == Phase::kHeld) {
    condition = Condition::kBlocked;
  } else if (machine.phase != Phase::kIdle) {
    condition = !machine.running                      ? Condition::kWaiting
                : machine.phase == Phase::kProcessing ? Condition::kWorking
                                                      : Condition::kSetup;
  }
  set_condition(m, condition);
}
template <class R>
void Engine<R>::set_condition(std::uint32_t m, Condition condition) {
  MachineState& machine = s_.machines[m];
  const Condition before = machine.condition;
  if (condition == before) return;
  account(m, before);
  machine.condition = condition;
  StationState& station = s_.stations[station_of(m)];
  if (before == Condition::kStarved) --station.idle;
  if (condition == Condition::kStarved) ++station.idle;
}
template <class R>
void Engine<R>::account(std::uint32_t m, Condition condition) {
  MachineState& machine = s_.machines[m];
  machine.in_condition[static_cast<std::size_t>(condition)] += s_.now - machine.since;
  if constexpr (R::kConditions)
    if (s_.now > machine.since) r_.on_condition({m, condition, machine.since, s_.now});
  machine.since = s_.now;
}

template <class R>
void Engine<R>::machine_event(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (machine.repairing != kNone) {
    const std::uint32_t f = machine.repairing;
    machine.repairing = kNone;
    end_repair(f);
    end_fault(m);
    return;
  }
  stop_running(m);
  if (machine.next_mode != kNone) {
    const std::uint32_t f = machine.next_mode;
    machine.next_mode = kNone;
    if (p_.modes[f].level_count > 0) {
      wear_at_work(m, f);
      return;
    }
    machine.repairing = f;
    release_pools(m);
    begin_fault(f);
    ++machine.faults;
    interrupt(m, p_.modes[f].lot);
    update_condition(m);
    if (p_.cares) care(m);
  } else if (machine.phase == Phase::kSetup) {
    if (machine.tearing) [[unlikely]] {
      machine.tearing = false;
      begin_setup(m);
    } else {
      begin_processing(m);
    }
  } else if (p_.polls && machine.phase == Phase::kRoaming) {
    end_roaming(m);
  } else {
    finish(m);
  }
}

/// Puts a lot onto an idle or freed machine and begins.
template <class R>
void Engine<R>::start(std::uint32_t m, std::uint32_t l) {
  load(m, l);
  begin_work(m);
}
/// Puts a lot onto a machine, behind those of the same batch.
template <class R>
void Engine<R>::load(std::uint32_t m, std::uint32_t l) {
  MachineState& machine = s_.machines[m];
  Lot& lot = s_.lots[l];
  lot.place = Place::kMachine;
  lot.machine = m;
  ++s_.stations[station_of(m)].visits;
  if (machine.held++ == 0) {
    machine.lot = l;
  } else {
    s_.lots[last_loaded_].child = l;
  }
  last_loaded_ = l;
}
/// Begins on the lots that a machine has been loaded with: the first one says what is done.
template <class R>
void Engine<R>::begin_work(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (p_.holds_back && hold_back(m)) [[unlikely]]
    return;
  const Lot& lot = s_.lots[machine.lot];
  machine.started = s_.now;
  machine.supplied = false;
  const ChoiceData& choice = p_.choices[lot.choice];
  machine.changing = machine.last_step != lot.step && choice.changeover.valid();
  machine.last_step = lot.step;
  if (p_.keeps_runs) [[unlikely]]
    if (begin_teardown(m)) return;
  begin_setup(m);
}
/// Sets up for the lots on a machine, or begins at once where there is nothing to set up.
template <class R>
void Engine<R>::begin_setup(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const Lot& lot = s_.lots[machine.lot];
  const ChoiceData& choice = p_.choices[lot.choice];
  if (const DistributionId setup = setup_of(machine, choice); setup.valid()) {
    machine.phase = Phase::kSetup;
    machine.total = machine.left = draw(setup, step_stream(p_, lot, Purpose::kSetup), lot_index(lot));
    run_machine(m, choice);
  } else {
    begin_processing(m);
  }
}
/// The setup before the work of a choice: its own, else that of the station's table from what the machine is set up
/// for.
template <class R>
DistributionId Engine<R>::setup_of(const MachineState& machine, const ChoiceData& choice) const noexcept {
  const DistributionId own = machine.changing ? choice.changeover : choice.setup;
  if (own.valid()) return own;
  return p_.setup_between(choice.station, machine.kind, choice.kind);
}
template <class R>
void Engine<R>::begin_processing(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const Lot& lot = s_.lots[machine.lot];
  const ChoiceData& choice = p_.choices[lot.choice];
  machine.phase = Phase::kProcessing;
  if (p_.keeps_runs) [[unlikely]]
    count_run(m);
  machine.kind = choice.kind;
  machine.total = machine.left = processing_time(m, lot);
  if (p_.wears) [[unlikely]]
    slow_down(m);
  if (p_.preempts && s_.more[machine.lot].worked_by != kNone) [[unlikely]]
    take_up(m, machine.lot);
  run_machine(m, choice);
}
template <class R>
Tick Engine<R>::processing_time(std::uint32_t m, const Lot& lot) noexcept {
  const DistributionId time = p_.choices[lot.choice].time;
  const auto stream = [&] { return step_stream(p_, lot, Purpose::kService); };
  // Only lots of one source that come in a row are worth drawing ahead for, at steps with one way to be done.
  const bool ahead = lot.source < p_.sources.size() && lot.round == 0 && p_.steps[lot.step].choice_count == 1;
  const double speed = q_.speed[m];
  if (ahead) return services_.draw(lot.step, s_.key, stream, lot.serial, kRoundBits, q_, time, speed);
  const double work = q_.quantile(time, draw_uniform(s_.key, stream(), lot_index(lot)));
  return span_of(speed == 1 ? work : work / speed);
}

/// Works off `left`, as far as the calendar, faults and pools let it, up to the next failure of work.
template <class R>
void Engine<R>::run_machine(std::uint32_t m, const ChoiceData& choice) {
  MachineState& machine = s_.machines[m];
  if (!machine.open || machine.faults > 0 || (!machine.holding && !choice.is_bare() && !obtain(m))) {
    update_condition(m);
    return;
  }
  set_condition(m, machine.phase == Phase::kProcessing ? Condition::kWorking : Condition::kSetup);
  const Tick span = begin_run(m);
  s_.queue.schedule(m, s_.now + span, end_of_run(machine));
}
/// \return how long the machine runs until it has done its work or fails
template <class R>
Tick Engine<R>::begin_run(std::uint32_t m) {
  if (p_.slotted) [[unlikely]]
    align(m);
  MachineState& machine = s_.machines[m];
  Tick span = machine.left;
  if (machine.phase == Phase::kProcessing) {
    const MachineData& data = p_.machines[m];
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
      if (p_.modes[f].ages == Ageing::kWork && s_.failures[f].left < span) {
        span = s_.failures[f].left;
        machine.next_mode = f;
      }
  }
  machine.running = true;
  machine.run_since = s_.now;
  return span;
}
/// Books the work done since the machine began to run.
template <class R>
void Engine<R>::stop_running(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  machine.running = false;
  const Tick done = s_.now - machine.run_since;
  machine.left -= done;
  if (machine.phase != Phase::kProcessing) return;
  const MachineData& data = p_.machines[m];
  for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
    if (p_.modes[f].ages == Ageing::kWork) {
      s_.failures[f].left -= done;
    } else if (p_.modes[f].ages == Ageing::kUse) {
      s_.failures[f].left = std::max<Tick>(0, s_.failures[f].left - done);
    }
}
template <class R>
void Engine<R>::pause(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (machine.running) {
    s_.queue.cancel(m);
    stop_running(m);
    machine.next_mode = kNone;
    release_pools(m);
  } else if (machine.waits) {
    machine.waits = false;
    leave_line(m);
    if (!machine.supplied) ask(choice_on(machine), -std::int64_t{machine.held});
  }
  update_condition(m);
}
/// What becomes of the work on a machine that has just been stopped.
template <class R>
void Engine<R>::interrupt(std::uint32_t m, Interruption what) {
  MachineState& machine = s_.machines[m];
  if (what == Interruption::kPause || what == Interruption::kFinish ||
      (machine.phase != Phase::kSetup && machine.phase != Phase::kProcessing))
    return;
  forget_belief(m);
  if (what == Interruption::kRestart) {
    machine.left = machine.total;
    return;
  }
  const ChoiceData& choice = choice_on(machine);
  if (machine.supplied) {
    for (std::uint32_t i = choice.uses.first; i < choice.uses.first + choice.uses.count; ++i)
      s_.pools[p_.need_pools[p_.needs[i].first_pool]].used +=
          static_cast<std::uint64_t>(std::int64_t{p_.needs[i].amount} * machine.held);
    promise(choice, -std::int64_t{machine.held});
    pools_freed_ = pools_freed_ || choice.makes.count > 0;
  }
  machine.tearing = false;
  machine.phase = Phase::kBlocked;  // until the last of a batch has left
  for (std::uint32_t l = machine.lot; l != kNone;) {
    const std::uint32_t next = s_.lots[l].child;
    const std::uint32_t kept = p_.holds_back ? give_up(m, l) : kNone;
    move_on(l, BranchData::kScrap);
    if (kept != kNone) admit(kept);
    l = next;
  }
}
/// After an operation: modes that count them fail, one at a time.
template <class R>
void Engine<R>::count_lots(std::uint32_t m, std::uint32_t lots) {
  const MachineData& data = p_.machines[m];
  MachineState& machine = s_.machines[m];
  for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f) {
    if (p_.modes[f].ages != Ageing::kLots || is_spent(f)) continue;
    FailureState& failure = s_.failures[f];
    failure.left = std::max<Tick>(0, failure.left - std::int64_t{lots} * kSecond);
    if (failure.left > 0 || machine.repairing != kNone || p_.modes[f].maintenance) continue;
    machine.repairing = f;
    begin_fault(f);
    ++machine.faults;
    update_condition(m);
  }
  if (p_.cares) care(m);
}
template <class R>
void Engine<R>::resume(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (p_.preempts && yields(m)) [[unlikely]]
    return preempt(m);
  if (machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing) {
    run_machine(m, choice_on(machine));
  } else if (machine.phase == Phase::kIdle && machine.open && machine.faults == 0) {
    free_machine(m);
  } else if (machine.phase == Phase::kRoaming) {
    run_roaming(m);
  } else {
    update_condition(m);
  }
}

// ---- failures -------------------------------------------------------------------------------------------------------

template <class R>
void Engine<R>::begin_life(std::uint32_t f) {
  FailureState& failure = s_.failures[f];
  failure.down = false;
  failure.began = s_.now;
  failure.drawn = failure.left = is_spent(f) ? kNever : draw(life_of(f), life_stream(f), life_index(failure));
  if (p_.modes[f].dated && failure.drawn > 0) {  // to the next multiple
    const Tick into = s_.now % failure.drawn;
    failure.drawn = failure.left = into < 0 ? -into : failure.drawn - into;
  }
}
template <class R>
void Engine<R>::schedule_clock_failure(std::uint32_t f) {
  if (p_.modes[f].maintenance) {
    schedule_care(f);
  } else if (!is_spent(f)) {
    s_.queue.schedule(slots_.modes + f, s_.now + s_.failures[f].left, code(Priority::kFailure));
  }
}
/// A failure begins: its repair too, or the wait for a crew.
template <class R>
void Engine<R>::begin_fault(std::uint32_t f) {
  FailureState& failure = s_.failures[f];
  const FailureModeData& mode = p_.modes[f];
  failure.down = true;
  failure.began = s_.now;
  failure.left = 0;
  failure.drawn = draw(repair_of(f), mode.repair_stream, failure.count);
  ++failure.count;
  if (const Needs crew = crew_of(f); crew.count > 0) {
    if (pools_freed_) wake();
    if (!find_pools(crew, failure.pools)) {
      failure.waits = true;
      s_.waiting.push_back({slots_.modes + f});
      return;
    }
    take_pools(crew, failure.pools, 1);
  }
  schedule_repair(f);
}
template <class R>
void Engine<R>::schedule_repair(std::uint32_t f) {
  const FailureState& failure = s_.failures[f];
  const std::uint32_t slot = p_.modes[f].apart() ? slots_.modes + f : p_.modes[f].machine.value;
  s_.queue.schedule(slot, failure.began + failure.drawn, code(Priority::kRepair));
}
template <class R>
bool Engine<R>::resume_repair(std::uint32_t f) {
  FailureState& failure = s_.failures[f];
  const Needs crew = crew_of(f);
  if (crew.count == 0) {
    if (failure.waits) failure.began = s_.now;
    failure.waits = false;
    return true;
  }
  if (!failure.waits && (can_give_again(crew, failure.pools) || find_pools(crew, failure.pools))) {
    take_pools(crew, failure.pools, 1);
    return true;
  }
  if (!failure.waits) failure.drawn -= s_.now - failure.began;  // what is left of it
  failure.waits = true;
  failure.began = s_.now;
  s_.waiting.push_back({slots_.modes + f});
  return false;
}
template <class R>
void Engine<R>::end_repair(std::uint32_t f) {
  if (const Needs crew = crew_of(f); crew.count > 0) take_pools(crew, s_.failures[f].pools, -1);
  if (p_.modes[f].level_count > 0) set_level(f, 0);
  begin_life(f);
  if (p_.modes[f].renewed_count > 0) renew(f);
}
template <class R>
void Engine<R>::end_fault(std::uint32_t m) {
  if (--s_.machines[m].faults == 0) {
    resume(m);
  } else {
    update_condition(m);
  }
}
template <class R>
void Engine<R>::clock_failure_event(std::uint32_t f) {
  const std::uint32_t m = p_.modes[f].machine.value;
  if (s_.failures[f].down) {
    end_repair(f);
    if (p_.modes[f].by_clock()) schedule_clock_failure(f);
    end_fault(m);
  } else if (p_.modes[f].maintenance) {
    maintenance_event(f);
  } else if (p_.modes[f].level_count > 0) {
    wear_by_clock(m, f);
  } else {
    const bool under_way = s_.machines[m].running;
    ++s_.machines[m].faults;
    pause(m);
    begin_fault(f);
    if (under_way) interrupt(m, p_.modes[f].lot);
    if (p_.cares) care(m);
  }
}

// ---- calendars ------------------------------------------------------------------------------------------------------

template <class R>
void Engine<R>::schedule_calendar(std::uint32_t c) {
  const Tick next = p_.next_change(CalendarId{c}, s_.now);
  if (next < kNever) s_.queue.reschedule(slots_.calendars + c, next, code(Priority::kCalendar));
}
template <class R>
void Engine<R>::calendar_event(std::uint32_t c) {
  const bool open = p_.open_at(CalendarId{c}, s_.now);
  for (std::uint32_t i = 0; i < p_.pools.size(); ++i)
    if (p_.pools[i].calendar.value == c && s_.pools[i].open != open) pool_calendar(i, open);
  for (std::uint32_t m = 0; m < p_.machines.size(); ++m) {
    if (p_.machines[m].calendar.value != c) continue;
    MachineState& machine = s_.machines[m];
    machine.late = false;
    if (machine.open == open) continue;
    const Interruption policy = p_.stations[station_of(m)].when_closed;
    if (!open && policy == Interruption::kFinish && machine.running) {
      machine.late = true;
      continue;
    }
    machine.open = open;
    if (open) {
      resume(m);
      continue;
    }
    const bool under_way = machine.running;
    pause(m);
    if (under_way) interrupt(m, policy);
    if (p_.cares) care(m);
  }
  schedule_calendar(c);
}
/// Operators come, or go: work that they did stands until others, or they again, take it up.
template <class R>
void Engine<R>::pool_calendar(std::uint32_t pool, bool open) {
  book(pool);
  s_.pools[pool].open = open;
  pools_freed_ = pools_freed_ || open;
  if (open) return;
  for (std::uint32_t m = 0; m < p_.machines.size(); ++m) {
    const MachineState& machine = s_.machines[m];
    if (!machine.holding) continue;
    const Needs needs = choice_on(machine).needs;
    bool concerned = false;
    for (std::uint32_t i = 0; i < needs.count; ++i)
      concerned = concerned ||
                  p_.need_pools[p_.needs[needs.first + i].first_pool + ((machine.pools >> (8 * i)) & 0xffU)] == pool;
    if (!concerned) continue;
    pause(m);
    run_machine(m, choice_on(machine));
  }
}

// ---- pools ----------------------------------------------------------------------------------------------------------

template <class R>
void Engine<R>::begin_pool(std::uint32_t p) {
  PoolState& pool = s_.pools[p];
  const PoolData& data = p_.pools[p];
  pool.since = pool.last = s_.now;
  pool.open = p_.open_at(data.calendar, s_.now);
  if (data.material) pool.level = data.count;
  if (data.supply.valid()) begin_supply(p);
}
template <class R>
void Engine<R>::begin_supply(std::uint32_t p) {
  PoolState& pool = s_.pools[p];
  const PoolData& data = p_.pools[p];
  pool.last = s_.now;
  pool.drawn = draw(data.supply, draw_stream(data.hash, Purpose::kArrival), pool.deliveries);
  s_.queue.schedule(slots_.pools + p, s_.now + pool.drawn, code(Priority::kArrival));
}
template <class R>
void Engine<R>::supply_event(std::uint32_t p) {
  PoolState& pool = s_.pools[p];
  const PoolData& data = p_.pools[p];
  if (data.reorder != kNone) {
    deliver(p);
    return;
  }
  receive(p, data.supply_lot);
  pool.drawn = draw(data.supply, draw_stream(data.hash, Purpose::kArrival), pool.deliveries);
  s_.queue.schedule(slots_.pools + p, s_.now + pool.drawn, code(Priority::kArrival));
}
/// Brings a pool's sums up to now; call it before its level changes.
template <class R>
void Engine<R>::book(std::uint32_t p) {
  PoolState& pool = s_.pools[p];
  const Tick span = s_.now - pool.since;
  pool.integral += Wide{pool.level} * span;
  if (pool.asked > pool.level) {
    pool.short_integral += Wide{pool.asked - pool.level} * span;
    pool.short_time += span;
  }
  pool.coming_integral += Wide{pool.coming} * span;
  if (pool.open) pool.open_time += s_.now - pool.since;
  pool.since = s_.now;
}
template <class R>
bool Engine<R>::can_give(std::uint32_t p, std::int64_t amount) const noexcept {
  return s_.pools[p].open && s_.pools[p].level + amount <= p_.pools[p].count;
}
/// For each need the first pool that has enough, 8 bits a need. \return whether there is one for each
template <class R>
bool Engine<R>::find_pools(Needs needs, std::uint64_t& found) const noexcept {
  std::uint64_t all = 0;
  for (std::uint32_t i = 0; i < needs.count; ++i) {
    const NeedData& need = p_.needs[needs.first + i];
    std::uint32_t a = 0;
    for (;; ++a) {
      if (a == need.pool_count) return false;
      const std::uint32_t pool = p_.need_pools[need.first_pool + a];
      std::int64_t before = 0;  // what needs looked at already take of the same pool
      for (std::uint32_t k = 0; k < i; ++k) {
        const NeedData& other = p_.needs[needs.first + k];
        if (p_.need_pools[other.first_pool + ((all >> (8 * k)) & 0xffU)] == pool) before += other.amount;
      }
      if (can_give(pool, before + need.amount)) break;
    }
    all |= std::uint64_t{a} << (8 * i);
  }
  found = all;
  return true;
}
/// Whether each need can be met by the alternative named, one after the other.
template <class R>
bool Engine<R>::can_give_again(Needs needs, std::uint64_t pools) const noexcept {
  for (std::uint32_t i = 0; i < needs.count; ++i) {
    const NeedData& need = p_.needs[needs.first + i];
    const std::uint64_t alternative = (pools >> (8 * i)) & 0xffU;
    if (alternative >= need.pool_count) return false;
    std::int64_t amount = need.amount;
    const std::uint32_t pool = p_.need_pools[need.first_pool + alternative];
    for (std::uint32_t k = 0; k < i; ++k) {
      const NeedData& other = p_.needs[needs.first + k];
      if (p_.need_pools[other.first_pool + ((pools >> (8 * k)) & 0xffU)] == pool) amount += other.amount;
    }
    if (!can_give(pool, amount)) return false;
  }
  return true;
}
/// \param sign  1 takes, -1 gives back
template <class R>
void Engine<R>::take_pools(Needs needs, std::uint64_t found, int sign) {
  for (std::uint32_t i = 0; i < needs.count; ++i) {
    const NeedData& need = p_.needs[needs.first + i];
    const std::uint32_t pool = p_.need_pools[need.first_pool + ((found >> (8 * i)) & 0xffU)];
    book(pool);
    s_.pools[pool].level += std::int64_t{sign} * need.amount;
  }
  if (sign < 0) pools_freed_ = !s_.waiting.empty();
}
template <class R>
bool Engine<R>::has_material(const ChoiceData& choice, std::int64_t lots) const noexcept {
  for (std::uint32_t i = choice.uses.first; i < choice.uses.first + choice.uses.count; ++i)
    if (s_.pools[p_.need_pools[p_.needs[i].first_pool]].level < p_.needs[i].amount * lots) return false;
  for (std::uint32_t i = choice.makes.first; i < choice.makes.first + choice.makes.count; ++i) {
    const std::uint32_t pool = p_.need_pools[p_.needs[i].first_pool];
    if (p_.pools[pool].places < 0) continue;
    std::int64_t level = s_.pools[pool].level + s_.pools[pool].promised + p_.needs[i].amount * lots;
    for (std::uint32_t u = choice.uses.first; u < choice.uses.first + choice.uses.count; ++u)
      if (p_.need_pools[p_.needs[u].first_pool] == pool) level -= p_.needs[u].amount * lots;  // it is taken first
    if (level > p_.pools[pool].places) return false;
  }
  return true;
}
template <class R>
void Engine<R>::take_material(const ChoiceData& choice, std::int64_t lots) {
  for (std::uint32_t i = choice.uses.first; i < choice.uses.first + choice.uses.count; ++i) {
    const std::uint32_t pool = p_.need_pools[p_.needs[i].first_pool];
    book(pool);
    s_.pools[pool].level -= p_.needs[i].amount * lots;
    if (p_.pools[pool].places >= 0) pools_freed_ = true;  // there is room to make more
    if (p_.pools[pool].keeper != kNone) keepers_.push_back(p_.pools[pool].keeper);
    if (p_.pools[pool].reorder != kNone && p_.reorders[p_.pools[pool].reorder].review == 0)
      keepers_.push_back(static_cast<std::uint32_t>(p_.sources.size()) + pool);
  }
  promise(choice, lots);
}
/// Keeps places for what an operation of so many lots will make; gives them back where `lots` is below 0.
template <class R>
void Engine<R>::promise(const ChoiceData& choice, std::int64_t lots) {
  for (std::uint32_t i = choice.makes.first; i < choice.makes.first + choice.makes.count; ++i)
    s_.pools[p_.need_pools[p_.needs[i].first_pool]].promised += p_.needs[i].amount * lots;
}
template <class R>
void Engine<R>::make_material(const ChoiceData& choice, std::int64_t lots) {
  promise(choice, -lots);
  for (std::uint32_t i = choice.uses.first; i < choice.uses.first + choice.uses.count; ++i)
    s_.pools[p_.need_pools[p_.needs[i].first_pool]].used += static_cast<std::uint64_t>(p_.needs[i].amount * lots);
  for (std::uint32_t i = choice.makes.first; i < choice.makes.first + choice.makes.count; ++i) {
    const std::uint32_t pool = p_.need_pools[p_.needs[i].first_pool];
    book(pool);
    s_.pools[pool].level += p_.needs[i].amount * lots;
    pools_freed_ = true;
  }
}
/// All that the operation on a machine needs, at once; else a place in the line. Who waits longer is asked first.
template <class R>
bool Engine<R>::obtain(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (machine.waits) return false;
  if (pools_freed_) wake();
  if (obtain_now(m)) return true;
  machine.waits = true;
  s_.waiting.push_back({m});
  if (!machine.supplied) ask(choice_on(machine), machine.held);
  return false;
}
template <class R>
bool Engine<R>::obtain_now(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const ChoiceData& choice = choice_on(machine);
  if (!machine.supplied && !has_material(choice, machine.held)) return false;
  if (!find_pools(choice.needs, machine.pools)) return false;
  take_pools(choice.needs, machine.pools, 1);
  machine.holding = choice.needs.count > 0;
  if (!machine.supplied) take_material(choice, machine.held);
  machine.supplied = true;
  return true;
}
template <class R>
void Engine<R>::release_pools(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (!machine.holding) return;
  machine.holding = false;
  take_pools(choice_on(machine).needs, machine.pools, -1);
  machine.pools = 0;
}
template <class R>
void Engine<R>::leave_line(std::uint32_t who) {
  std::erase(s_.waiting, Waiting{who});
}
/// Asks those in the line, longest first, as long as that sets anything free.
template <class R>
void Engine<R>::wake() {
  while (pools_freed_) {
    pools_freed_ = false;
    for (std::size_t i = 0; i < s_.waiting.size();) {
      const std::uint32_t who = s_.waiting[i].who;
      const bool asked = who < slots_.modes && !s_.machines[who].supplied;
      if (who < slots_.modes ? !obtain_now(who)
                             : !find_pools(crew_of(who - slots_.modes), s_.failures[who - slots_.modes].pools)) {
        ++i;
        continue;
      }
      s_.waiting.erase(s_.waiting.begin() + static_cast<std::ptrdiff_t>(i));
      if (who < slots_.modes) {
        s_.machines[who].waits = false;
        if (asked) ask(choice_on(s_.machines[who]), -std::int64_t{s_.machines[who].held});
        const Tick span = begin_run(who);
        s_.queue.schedule(who, s_.now + span, end_of_run(s_.machines[who]));
        update_condition(who);
      } else {
        FailureState& failure = s_.failures[who - slots_.modes];
        failure.waits = false;
        failure.began = s_.now;
        take_pools(crew_of(who - slots_.modes), failure.pools, 1);
        schedule_repair(who - slots_.modes);
      }
    }
  }
}

}  // namespace twin::detail
