/// The rules: one function per thing that happens. See docs/reference for what each rule promises.
///
/// Words: a machine is *idle* when it could start a lot now (nothing on it, open, no fault). A lot is *blocked* when it
/// waits for room at the station it goes to: on its machine, or outside the plant. When a lot leaves a machine, that
/// machine is put on the list `freed_`; after the lot has gone where it goes, freed machines take their next lots, and
/// the places these leave are given to blocked lots, whose machines are freed in turn, until nothing moves.
#pragma once
#include <algorithm>

#include "draw_ahead_impl.hpp"
#include "twin/base/hash.hpp"
#include "twin/sim/advance.hpp"
#include "twin/state/lots.hpp"

namespace twin::detail {

/// Records nothing; its calls vanish.
struct NoRecorder {
  static constexpr bool kOperations = false, kLots = false, kConditions = false, kLevels = false;
};
/// Records lots only, without a virtual call.
struct LotLogAdapter {
  static constexpr bool kOperations = false, kLots = true, kConditions = false, kLevels = false;
  LotLog& log;
  void on_lot(const LotRecord& r) const { log.on_lot(r); }
};
/// Passes everything on.
struct RecorderAdapter {
  static constexpr bool kOperations = true, kLots = true, kConditions = true, kLevels = true;
  Recorder& recorder;
  void on_operation(const OperationRecord& r) const { recorder.on_operation(r); }
  void on_lot(const LotRecord& r) const { recorder.on_lot(r); }
  void on_condition(const ConditionRecord& r) const { recorder.on_condition(r); }
  void on_queue(const LevelRecord& r) const { recorder.on_queue(r); }
  void on_wip(const LevelRecord& r) const { recorder.on_wip(r); }
};

constexpr unsigned code(Priority priority) noexcept { return static_cast<unsigned>(priority); }

/// Index of a lot's draws at a step: its serial and the times it was sent back.
inline constexpr unsigned kRoundBits = 16;
constexpr std::uint64_t lot_index(const Lot& lot) noexcept {
  return (lot.serial << kRoundBits) | (lot.round & ((1U << kRoundBits) - 1));
}

/// Stream of the draws that lots of a source make at a step.
inline std::uint64_t step_stream(const PlantData& plant, const Lot& lot, Purpose purpose) noexcept {
  return draw_stream(hash_of_source(plant, lot.source) + plant.steps[lot.step].hash, purpose);
}

template <class R>
class Engine {
 public:
  Engine(const PlantData& plant, const Parameters& parameters, State& state, R recorder)
      : p_(plant),
        q_(parameters),
        s_(state),
        r_(recorder),
        slots_(plant),
        services_(plant.steps.size()),
        arrivals_(plant.sources.size()) {
    for (std::uint32_t i = 0; i < plant.sources.size(); ++i)
      if (plant.sources[i].kind == SourceKind::kSaturate) saturating_.push_back(i);
  }

  bool run(const Until& until) {
    std::uint64_t polled = 0;
    while (!s_.queue.empty() && s_.queue.top().time <= until.time) {
      if (until.orders_done && s_.open_orders == 0) return true;
      if ((++polled & 0xfffU) == 0 && until.cancel != nullptr && until.cancel->load(std::memory_order_relaxed))
        return false;
      const kernel::Event event = s_.queue.pop();
      s_.now = event.time;
      ++s_.events;
      handle(event.slot);
    }
    s_.queue.settle();
    if (until.orders_done && s_.open_orders == 0) return true;
    if (until.time < kNever) s_.now = until.time;
    return true;
  }

  /// Everything that begins with the plant.
  void begin() {
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m) begin_machine(m);
    for (std::uint32_t f = 0; f < p_.modes.size(); ++f) begin_mode(f);
    for (std::uint32_t c = 0; c < p_.calendars.size(); ++c) schedule_calendar(c);
    for (std::uint32_t i = 0; i < p_.sources.size(); ++i) begin_source(i);
    schedule_orders();
    settle();
  }

  /// Starts whatever can start: idle machines take waiting lots, blocked lots take free places.
  void settle() {
    for (std::uint32_t m = 0; m < s_.machines.size(); ++m)
      if (s_.machines[m].condition == Condition::kStarved) {
        --s_.stations[station_of(m)].idle;  // on the list of freed ones instead
        s_.machines[m].condition = Condition::kWorking;
        account(m, Condition::kStarved);
        freed_.push_back(m);
      }
    resolve();
    for (std::uint32_t s = 0; s < s_.stations.size(); ++s) admit(s);
    resolve();
  }

  /// Draws anew what is pending, given how long it has lasted; see branch().
  void redraw() {
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m) redraw_machine(m);
    for (std::uint32_t f = 0; f < p_.modes.size(); ++f)
      if (!p_.modes[f].of_work) redraw_clock_mode(f);
    for (std::uint32_t i = 0; i < p_.sources.size(); ++i) {
      if (p_.sources[i].kind != SourceKind::kRenewal) continue;
      SourceState& source = s_.sources[i];
      const Tick age = s_.now - source.last;
      const Tick left =
          draw_left(p_.sources[i].interarrival, draw_stream(p_.sources[i].hash, Purpose::kArrival), source.count, age);
      source.drawn = age + left;
      s_.queue.move(slots_.sources + i, s_.now + left, code(Priority::kArrival));
    }
    for (std::uint32_t l = 0; l < s_.lots.size(); ++l) {
      Lot& lot = s_.lots[l];
      if (lot.place != Place::kTransit) continue;
      const Tick age = s_.now - lot.entered;
      const Tick left =
          draw_left(p_.steps[lot.step].transport, step_stream(p_, lot, Purpose::kTransport), lot_index(lot), age);
      lot.left = age + left;
      s_.queue.move(slots_.lots + l, s_.now + left, code(Priority::kTransport));
    }
    s_.queue.settle();
  }

  void begin_machine(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    machine.since = s_.now;
    machine.open = p_.open_at(p_.machines[m].calendar, s_.now);
    machine.condition = machine.open ? Condition::kStarved : Condition::kOff;
    if (machine.open) ++s_.stations[station_of(m)].idle;
  }
  void begin_mode(std::uint32_t f) {
    begin_life(f);
    if (!p_.modes[f].of_work) schedule_clock_failure(f);
  }
  void begin_source(std::uint32_t i) {
    const SourceData& source = p_.sources[i];
    s_.sources[i].last = s_.now;
    if (source.kind == SourceKind::kRenewal) schedule_arrival(i);
    if (source.kind == SourceKind::kConwip) replenish(i);
  }
  /// Brings a constant number of lots into circulation.
  void replenish(std::uint32_t i) {
    while (s_.sources[i].count - s_.sources[i].gone < p_.sources[i].level) release_from_source(i);
  }
  /// A machine that comes from another plant: calendar and faults are looked at anew, its condition follows.
  void rejoin_machine(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    const MachineData& data = p_.machines[m];
    machine.open = p_.open_at(data.calendar, s_.now);
    machine.faults = 0;
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
      machine.faults = static_cast<std::uint16_t>(machine.faults + (s_.failures[f].down ? 1 : 0));
    if (machine.condition == Condition::kStarved) ++s_.stations[station_of(m)].idle;
    update_condition(m);
  }
  /// Puts a lot that was seen waiting into the queue of its step, however full that is; `entered` is when it came.
  void enter_observed(std::uint32_t l) {
    Lot& lot = s_.lots[l];
    lot.choice = choose(lot);
    const std::uint32_t s = p_.choices[lot.choice].station.value;
    lot.place = Place::kQueue;
    lot.arrival = s_.arrivals++;
    lot.key = queue_key(p_.stations[s], lot);
    s_.stations[s].queue_integral -= lot.entered;
    queue_push(s_, s, p_.stations[s].rule, l);
  }
  /// Runs the work on a machine that stands with it, if it may.
  void resume_run(std::uint32_t m) {
    const MachineState& machine = s_.machines[m];
    if (!machine.running && (machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing)) run_machine(m);
  }
  void schedule_calendar(std::uint32_t c) {
    const Tick next = p_.next_change(CalendarId{c}, s_.now);
    if (next < kNever) s_.queue.reschedule(slots_.calendars + c, next, code(Priority::kCalendar));
  }
  /// Pends the next release of an order, if there is one.
  void schedule_orders() {
    while (s_.next_order < p_.orders.size() && s_.orders[s_.next_order].released >= p_.orders[s_.next_order].quantity)
      ++s_.next_order;
    if (s_.next_order == p_.orders.size()) return;
    s_.queue.reschedule(slots_.order, std::max(p_.orders[s_.next_order].release, s_.now), code(Priority::kArrival));
  }

 private:
  [[nodiscard]] std::uint32_t station_of(std::uint32_t machine) const noexcept {
    return p_.machines[machine].station.value;
  }
  [[nodiscard]] Tick draw(DistributionId id, std::uint64_t stream, std::uint64_t index) const noexcept {
    return std::max<Tick>(0, ticks_from_seconds(q_.quantile(id, draw_uniform(s_.key, stream, index))));
  }

  /// What is left of something of this distribution that has lasted `age`, under this replication's luck.
  [[nodiscard]] Tick draw_left(DistributionId id, std::uint64_t stream, std::uint64_t index, Tick age,
                               double speed = 1) const noexcept {
    const double u = draw_uniform(s_.key, draw_stream(stream, Purpose::kResidual), index);
    const double left = residual(q_.distributions[id.value], q_.table, seconds_from_ticks(age) * speed, u) / speed;
    return std::clamp<Tick>(ticks_from_seconds(left), 0, kNever - std::clamp<Tick>(age, 0, kNever));
  }
  void redraw_machine(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    const MachineData& data = p_.machines[m];
    const bool was_running = machine.running;
    if (was_running) {
      stop_running(m);
      machine.next_mode = kNone;
    }
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f) {
      if (!p_.modes[f].of_work) continue;
      FailureState& failure = s_.failures[f];
      if (failure.down) {
        const Tick age = s_.now - failure.began;
        const Tick left = draw_left(p_.modes[f].repair, p_.modes[f].repair_stream, failure.count - 1, age);
        failure.drawn = age + left;
        s_.queue.move(m, s_.now + left, code(Priority::kRepair));
      } else if (!is_spent(f)) {
        const Tick age = failure.drawn - failure.left;
        failure.left = draw_left(p_.modes[f].after, p_.modes[f].after_stream, failure.count, age);
        failure.drawn = age + failure.left;
      }
    }
    if (machine.phase != Phase::kSetup && machine.phase != Phase::kProcessing) return;
    const Lot& lot = s_.lots[machine.lot];
    const ChoiceData& choice = p_.choices[lot.choice];
    const bool setup = machine.phase == Phase::kSetup;
    const Tick age = machine.total - machine.left;
    const std::uint64_t stream = step_stream(p_, lot, setup ? Purpose::kSetup : Purpose::kService);
    machine.left =
        machine.believed
            ? believed_left(m, age, draw_uniform(s_.key, draw_stream(stream, Purpose::kResidual), lot_index(lot)))
            : draw_left(setup ? setup_of(machine, choice) : choice.time, stream, lot_index(lot), age,
                        setup ? 1 : q_.speed[m]);
    machine.total = age + machine.left;
    if (!was_running) return;
    const Tick span = begin_run(m);
    s_.queue.move(m, s_.now + span, end_of_run(machine));
  }
  /// What is left by the machine's belief, given the work done since it was formed, which is part of `age`.
  Tick believed_left(std::uint32_t m, Tick age, double u) {
    const auto found = std::ranges::find(s_.beliefs, m, &Belief::machine);
    TWIN_ASSERT(found != s_.beliefs.end());
    Belief& belief = *found;
    const Tick passed = belief.at_left - s_.machines[m].left;
    const double at = level_of(belief, passed);
    const Tick left = std::clamp<Tick>(value_at(belief, at + u * (1 - at)) - passed, 0, kNever - age);
    belief.at_left = left + passed;
    return left;
  }
  /// Share of a belief's probability at or below a span, by straight lines between its quantiles.
  [[nodiscard]] static double level_of(const Belief& belief, Tick span) noexcept {
    const auto& q = belief.quantiles;
    if (span < q.front()) return 0;
    std::size_t i = q.size() - 1;
    while (i > 0 && q[i] > span) --i;
    if (i + 1 == q.size()) return 1;
    const double width = static_cast<double>(q[i + 1] - q[i]);
    return kBeliefLevels[i] + (kBeliefLevels[i + 1] - kBeliefLevels[i]) * static_cast<double>(span - q[i]) / width;
  }
  [[nodiscard]] static Tick value_at(const Belief& belief, double level) noexcept {
    std::size_t i = 0;
    while (i + 2 < kBeliefLevels.size() && kBeliefLevels[i + 1] <= level) ++i;
    const double share = (level - kBeliefLevels[i]) / (kBeliefLevels[i + 1] - kBeliefLevels[i]);
    const double width = static_cast<double>(belief.quantiles[i + 1] - belief.quantiles[i]);
    return belief.quantiles[i] + static_cast<Tick>(std::clamp(share, 0.0, 1.0) * width);
  }
  void redraw_clock_mode(std::uint32_t f) {
    FailureState& failure = s_.failures[f];
    const FailureModeData& mode = p_.modes[f];
    if (is_spent(f)) return;
    const Tick age = s_.now - failure.began;
    const Tick left = failure.down ? draw_left(mode.repair, mode.repair_stream, failure.count - 1, age)
                                   : draw_left(mode.after, mode.after_stream, failure.count, age);
    failure.drawn = age + left;
    if (!failure.down) failure.left = failure.drawn;
    s_.queue.move(slots_.modes + f, s_.now + left, code(failure.down ? Priority::kRepair : Priority::kFailure));
  }

  void handle(std::uint32_t slot) {
    if (slot < slots_.modes) {
      machine_event(slot);
    } else if (slot >= slots_.lots) {
      arrive_from_transport(slot - slots_.lots);
    } else if (slot >= slots_.order) {
      release_orders();
    } else if (slot >= slots_.calendars) {
      calendar_event(slot - slots_.calendars);
    } else if (slot >= slots_.sources) {
      const std::uint32_t i = slot - slots_.sources;
      s_.sources[i].last = s_.now;
      release_from_source(i);
      schedule_arrival(i);
    } else {
      clock_failure_event(slot - slots_.modes);
    }
    resolve();
  }

  // ---- machines -----------------------------------------------------------------------------------------------

  /// Sets the condition that follows from phase, faults and calendar, and books the time of the one before.
  void update_condition(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    Condition condition = Condition::kStarved;
    if (!machine.open) {
      condition = Condition::kOff;
    } else if (machine.faults > 0) {
      condition = Condition::kDown;
    } else if (machine.phase == Phase::kProcessing) {
      condition = Condition::kWorking;
    } else if (machine.phase == Phase::kSetup) {
      condition = Condition::kSetup;
    } else if (machine.phase == Phase::kBlocked) {
      condition = Condition::kBlocked;
    }
    const Condition before = machine.condition;
    if (condition == before) return;
    account(m, before);
    machine.condition = condition;
    StationState& station = s_.stations[station_of(m)];
    if (before == Condition::kStarved) --station.idle;
    if (condition == Condition::kStarved) ++station.idle;
  }
  void account(std::uint32_t m, Condition condition) {
    MachineState& machine = s_.machines[m];
    machine.in_condition[static_cast<std::size_t>(condition)] += s_.now - machine.since;
    if constexpr (R::kConditions)
      if (s_.now > machine.since) r_.on_condition({m, condition, machine.since, s_.now});
    machine.since = s_.now;
  }

  void machine_event(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    if (machine.repairing != kNone) {
      const std::uint32_t f = machine.repairing;
      machine.repairing = kNone;
      begin_life(f);
      end_fault(m);
      return;
    }
    stop_running(m);
    if (machine.next_mode != kNone) {
      const std::uint32_t f = machine.next_mode;
      machine.next_mode = kNone;
      machine.repairing = f;
      const Tick repair = begin_repair(f);
      s_.queue.schedule(m, s_.now + repair, code(Priority::kRepair));
      ++machine.faults;
      update_condition(m);
    } else if (machine.phase == Phase::kSetup) {
      begin_processing(m);
    } else {
      finish(m);
    }
  }

  /// Puts a lot onto an idle or freed machine.
  void start(std::uint32_t m, std::uint32_t l) {
    MachineState& machine = s_.machines[m];
    Lot& lot = s_.lots[l];
    lot.place = Place::kMachine;
    lot.machine = m;
    machine.lot = l;
    machine.started = s_.now;
    ++s_.stations[station_of(m)].visits;
    const ChoiceData& choice = p_.choices[lot.choice];
    machine.changing = machine.last_step != lot.step && choice.changeover.valid();
    machine.last_step = lot.step;
    if (const DistributionId setup = setup_of(machine, choice); setup.valid()) {
      machine.phase = Phase::kSetup;
      machine.total = machine.left = draw(setup, step_stream(p_, lot, Purpose::kSetup), lot_index(lot));
      run_machine(m);
    } else {
      begin_processing(m);
    }
  }
  [[nodiscard]] static DistributionId setup_of(const MachineState& machine, const ChoiceData& choice) noexcept {
    return machine.changing ? choice.changeover : choice.setup;
  }
  void begin_processing(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    const Lot& lot = s_.lots[machine.lot];
    machine.phase = Phase::kProcessing;
    machine.total = machine.left = processing_time(m, lot);
    run_machine(m);
  }
  [[nodiscard]] Tick processing_time(std::uint32_t m, const Lot& lot) noexcept {
    const DistributionId time = p_.choices[lot.choice].time;
    const auto stream = [&] { return step_stream(p_, lot, Purpose::kService); };
    // Only lots of one source that come in a row are worth drawing ahead for, at steps with one way to be done.
    const bool ahead = lot.source < p_.sources.size() && lot.round == 0 && p_.steps[lot.step].choice_count == 1;
    const double work =
        ahead ? services_.draw(lot.step, s_.key, stream, lot.serial, kRoundBits, q_.distributions[time.value], q_.table)
              : q_.quantile(time, draw_uniform(s_.key, stream(), lot_index(lot)));
    const double speed = q_.speed[m];
    return std::max<Tick>(0, ticks_from_seconds(speed == 1 ? work : work / speed));
  }

  /// Works off `left`, as far as the calendar and faults let it, up to the next failure of work.
  void run_machine(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    if (machine.open && machine.faults == 0) {
      const Tick span = begin_run(m);
      s_.queue.schedule(m, s_.now + span, end_of_run(machine));
    }
    update_condition(m);
  }
  /// \return how long the machine runs until it has done its work or fails
  Tick begin_run(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    Tick span = machine.left;
    if (machine.phase == Phase::kProcessing) {
      const MachineData& data = p_.machines[m];
      for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
        if (p_.modes[f].of_work && s_.failures[f].left < span) {
          span = s_.failures[f].left;
          machine.next_mode = f;
        }
    }
    machine.running = true;
    machine.run_since = s_.now;
    return span;
  }
  [[nodiscard]] static unsigned end_of_run(const MachineState& machine) noexcept {
    return code(machine.next_mode == kNone ? Priority::kFinish : Priority::kFailure);
  }
  /// Books the work done since the machine began to run.
  void stop_running(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    machine.running = false;
    const Tick done = s_.now - machine.run_since;
    machine.left -= done;
    if (machine.phase != Phase::kProcessing) return;
    const MachineData& data = p_.machines[m];
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
      if (p_.modes[f].of_work) s_.failures[f].left -= done;
  }
  void pause(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    if (machine.running) {
      s_.queue.cancel(m);
      stop_running(m);
      machine.next_mode = kNone;
    }
    update_condition(m);
  }
  void resume(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    if (machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing) {
      run_machine(m);
    } else if (machine.phase == Phase::kIdle && machine.open && machine.faults == 0) {
      freed_.push_back(m);
    } else {
      update_condition(m);
    }
  }

  // ---- failures -----------------------------------------------------------------------------------------------

  void begin_life(std::uint32_t f) {
    FailureState& failure = s_.failures[f];
    failure.down = false;
    failure.began = s_.now;
    failure.drawn = failure.left =
        failure.count < p_.modes[f].limit ? draw(p_.modes[f].after, p_.modes[f].after_stream, failure.count) : kNever;
  }
  /// Up, and never to fail again.
  [[nodiscard]] bool is_spent(std::uint32_t f) const noexcept {
    return !s_.failures[f].down && s_.failures[f].count >= p_.modes[f].limit;
  }
  void schedule_clock_failure(std::uint32_t f) {
    if (!is_spent(f)) s_.queue.schedule(slots_.modes + f, s_.now + s_.failures[f].left, code(Priority::kFailure));
  }
  /// \return how long the repair takes
  Tick begin_repair(std::uint32_t f) {
    FailureState& failure = s_.failures[f];
    failure.down = true;
    failure.began = s_.now;
    failure.left = 0;
    failure.drawn = draw(p_.modes[f].repair, p_.modes[f].repair_stream, failure.count);
    ++failure.count;
    return failure.drawn;
  }
  void end_fault(std::uint32_t m) {
    if (--s_.machines[m].faults == 0) {
      resume(m);
    } else {
      update_condition(m);
    }
  }
  void clock_failure_event(std::uint32_t f) {
    const std::uint32_t m = p_.modes[f].machine.value;
    if (s_.failures[f].down) {
      begin_life(f);
      schedule_clock_failure(f);
      end_fault(m);
    } else {
      s_.queue.schedule(slots_.modes + f, s_.now + begin_repair(f), code(Priority::kRepair));
      ++s_.machines[m].faults;
      pause(m);
    }
  }

  // ---- calendars ----------------------------------------------------------------------------------------------

  void calendar_event(std::uint32_t c) {
    const bool open = p_.open_at(CalendarId{c}, s_.now);
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m) {
      if (p_.machines[m].calendar.value != c || s_.machines[m].open == open) continue;
      s_.machines[m].open = open;
      if (open) {
        resume(m);
      } else {
        pause(m);
      }
    }
    schedule_calendar(c);
  }

  // ---- lots ---------------------------------------------------------------------------------------------------

  /// Lets machines that have become free take their next lot, and blocked lots the places that this frees.
  void resolve() {
    for (std::size_t i = 0; i < freed_.size(); ++i) take_next(freed_[i]);
    freed_.clear();
  }
  /// The open machine's calendar is about to close at this very instant.
  [[nodiscard]] bool closes_now(std::uint32_t m) const noexcept {
    const CalendarId calendar = p_.machines[m].calendar;
    return calendar.valid() && s_.queue.pending(slots_.calendars + calendar.value) &&
           s_.queue.time_of(slots_.calendars + calendar.value) == s_.now && !p_.open_at(calendar, s_.now);
  }
  void take_next(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    if (machine.open && closes_now(m)) machine.open = false;  // begins nothing that would rest over the closing time
    if (machine.phase != Phase::kIdle || !machine.open || machine.faults > 0) {
      update_condition(m);
      return;
    }
    const std::uint32_t s = station_of(m);
    StationState& station = s_.stations[s];
    if (station.queued > 0) {
      const std::uint32_t l = queue_pop(s_, s, p_.stations[s].rule);
      Lot& lot = s_.lots[l];
      const Tick waited = s_.now - lot.entered;
      lot.waiting += waited;
      station.queue_time += waited;
      station.queue_integral += s_.now;
      if constexpr (R::kLevels) r_.on_queue({s, station.queued, s_.now});
      start(m, l);
      admit(s);
      return;
    }
    update_condition(m);  // idle: a blocked lot may come straight here
    if (station.blocked_head != kNone) {
      admit(s);
      if (machine.phase != Phase::kIdle) return;
    }
    const std::int32_t places = p_.stations[s].places;
    if (places >= 0 && station.inbound >= static_cast<std::uint32_t>(places) + station.idle) return;  // kept for those
    if (const std::uint32_t source = saturating_source(s); source != kNone) take_from_supply(m, source);
  }
  [[nodiscard]] std::uint32_t saturating_source(std::uint32_t station) const noexcept {
    std::uint32_t found = kNone;
    for (const std::uint32_t i : saturating_) {
      const StepData& first = p_.steps[p_.products[p_.sources[i].product.value].first_step];
      if (p_.choices[first.first_choice].station.value != station) continue;
      if (found == kNone || s_.sources[i].count < s_.sources[found].count) found = i;
    }
    return found;
  }
  void take_from_supply(std::uint32_t m, std::uint32_t source) {
    const std::uint32_t l = make_lot(source, s_.sources[source].count++, due_of(source), priority_of(source));
    s_.lots[l].choice = p_.steps[s_.lots[l].step].first_choice;
    s_.lots[l].entered = s_.now;
    start(m, l);
  }

  [[nodiscard]] bool has_room(std::uint32_t s) const noexcept {
    const std::int32_t places = p_.stations[s].places;
    if (places < 0) return true;
    const StationState& station = s_.stations[s];
    return station.queued + station.inbound < static_cast<std::uint32_t>(places) + station.idle;
  }
  /// Whether a lot may go to a station now. One that comes back to the station whose machine holds it always may: it
  /// leaves that machine free for another, and must not wait behind those it blocks.
  [[nodiscard]] bool may_go(std::uint32_t s, const Lot& lot) const noexcept {
    if (lot.machine != kNone && station_of(lot.machine) == s) return true;
    return s_.stations[s].blocked_head == kNone && has_room(s);
  }
  /// Gives the places that are free to the lots that have waited longest for them.
  void admit(std::uint32_t s) {
    while (s_.stations[s].blocked_head != kNone && has_room(s)) {
      const std::uint32_t l = blocked_pop(s_, s);
      Lot& lot = s_.lots[l];
      if (lot.machine == kNone) lot.waiting += s_.now - lot.entered;
      go(l);
    }
  }
  /// Sends a lot to the step it stands at: into the queue, onto a machine, on its way, or blocked.
  void route(std::uint32_t l) {
    Lot& lot = s_.lots[l];
    lot.choice = choose(lot);
    const std::uint32_t s = p_.choices[lot.choice].station.value;
    if (may_go(s, lot)) {
      go(l);
      return;
    }
    lot.entered = s_.now;
    lot.arrival = s_.arrivals++;
    blocked_push(s_, s, l);
    if (lot.machine != kNone) {
      s_.machines[lot.machine].phase = Phase::kBlocked;
      update_condition(lot.machine);
    } else {
      lot.place = Place::kOutside;
    }
  }
  /// Moves a lot that has room where it goes.
  void go(std::uint32_t l) {
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
  void arrive_from_transport(std::uint32_t l) {
    --s_.stations[p_.choices[s_.lots[l].choice].station.value].inbound;
    enter(l);
  }
  void leave_machine(Lot& lot) {
    if (lot.machine == kNone) return;
    MachineState& machine = s_.machines[lot.machine];
    machine.lot = kNone;
    machine.phase = Phase::kIdle;
    freed_.push_back(lot.machine);
    lot.machine = kNone;
  }
  void enter(std::uint32_t l) {
    Lot& lot = s_.lots[l];
    const std::uint32_t s = p_.choices[lot.choice].station.value;
    StationState& station = s_.stations[s];
    lot.entered = s_.now;
    if (station.idle > 0 && station.queued == 0) {
      const StationData& data = p_.stations[s];
      for (std::uint32_t m = data.first_machine;; ++m)
        if (s_.machines[m].condition == Condition::kStarved) {
          start(m, l);
          return;
        }
    }
    lot.place = Place::kQueue;
    lot.arrival = s_.arrivals++;
    lot.key = queue_key(p_.stations[s], lot);
    station.queue_integral -= s_.now;
    queue_push(s_, s, p_.stations[s].rule, l);
    if constexpr (R::kLevels) r_.on_queue({s, station.queued, s_.now});
  }

 public:
  [[nodiscard]] std::int64_t queue_key(const StationData& station, const Lot& lot) noexcept {
    switch (station.rule) {
      case QueueRule::kFifo:
      case QueueRule::kLifo:
        return 0;
      case QueueRule::kSpt:
        return ticks_from_seconds(q_.mean(p_.choices[lot.choice].time));
      case QueueRule::kSptKnown:
        return processing_time(station.first_machine, lot);
      case QueueRule::kEdd:
        return lot.due;
      case QueueRule::kPriority:
        if (station.priority_table != kNone)
          return -std::int64_t{
              p_.product_priority[station.priority_table * p_.products.size() + p_.steps[lot.step].product.value]};
        return -std::int64_t{lot.priority};
    }
    return 0;
  }

 private:
  /// The alternative a lot takes: among those with room, else among all.
  [[nodiscard]] std::uint32_t choose(const Lot& lot) const {
    const StepData& step = p_.steps[lot.step];
    if (step.choice_count == 1) return step.first_choice;
    const std::uint32_t end = step.first_choice + step.choice_count;
    bool any_room = false;
    for (std::uint32_t c = step.first_choice; c < end; ++c) any_room = any_room || open_choice(c, lot);
    std::uint32_t best = kNone;
    double best_score = 0;
    for (std::uint32_t c = step.first_choice; c < end; ++c) {
      if (any_room && !open_choice(c, lot)) continue;
      const double score = choice_score(step, c, lot);
      if (best == kNone || score < best_score) {
        best = c;
        best_score = score;
      }
    }
    return best;
  }
  [[nodiscard]] bool open_choice(std::uint32_t c, const Lot& lot) const noexcept {
    return may_go(p_.choices[c].station.value, lot);
  }
  [[nodiscard]] double choice_score(const StepData& step, std::uint32_t c, const Lot& lot) const {
    const std::uint32_t s = p_.choices[c].station.value;
    const StationData& data = p_.stations[s];
    const StationState& station = s_.stations[s];
    switch (step.choose) {
      case ChooseRule::kFirst:
        return static_cast<double>(c);
      case ChooseRule::kRandom:
        return draw_uniform(s_.key, hash_combine(step_stream(p_, lot, Purpose::kChoice), data.hash), lot_index(lot));
      case ChooseRule::kShortestQueue: {
        std::uint32_t busy = 0;
        for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
          if (s_.machines[m].lot != kNone && s_.machines[m].lot != slot_of(lot)) ++busy;
        return static_cast<double>(station.queued + station.inbound + busy) / data.machine_count;
      }
      case ChooseRule::kEarliestFinish: {
        double work = 0;
        double speed = 0;
        for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m) {
          speed += q_.speed[m];
          if (s_.machines[m].lot != kNone && s_.machines[m].lot != slot_of(lot)) work += expected_left(m);
        }
        for (const std::uint32_t waiting : queue_lots(s_, s)) work += expected_work(s_.lots[waiting].choice);
        const double own = expected_work(c);
        work += station.inbound * own;
        const double wait = station.idle > 0 && station.queued == 0 ? 0 : work / speed;
        return wait + own * data.machine_count / speed;
      }
    }
    return 0;
  }
  [[nodiscard]] std::uint32_t slot_of(const Lot& lot) const noexcept {
    return static_cast<std::uint32_t>(&lot - s_.lots.data());
  }
  [[nodiscard]] double expected_work(std::uint32_t choice) const {
    const ChoiceData& data = p_.choices[choice];
    return q_.mean(data.time) + (data.setup.valid() ? q_.mean(data.setup) : 0);
  }
  /// Expected rest of what a machine is doing, at speed 1, from what has been done; the drawn time is not looked at.
  [[nodiscard]] double expected_left(std::uint32_t m) const {
    const MachineState& machine = s_.machines[m];
    if (machine.phase == Phase::kBlocked) return 0;
    const ChoiceData& choice = p_.choices[s_.lots[machine.lot].choice];
    const Tick left = machine.left - (machine.running ? s_.now - machine.run_since : 0);
    const double done = seconds_from_ticks(machine.total - left);
    if (machine.phase == Phase::kSetup)
      return std::max(0.0, q_.mean(setup_of(machine, choice)) - done) + q_.mean(choice.time);
    return std::max(0.0, q_.mean(choice.time) - done * q_.speed[m]);
  }

  void finish(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    const std::uint32_t l = machine.lot;
    Lot& lot = s_.lots[l];
    ++machine.visits;
    if (machine.believed) {
      std::erase_if(s_.beliefs, [m](const Belief& belief) { return belief.machine == m; });
      machine.believed = false;
    }
    const StepData& step = p_.steps[lot.step];
    s_.history += operation_digest(lot, step, p_.machines[m].hash, machine.started);
    if constexpr (R::kOperations)
      r_.on_operation({lot.source, lot.step, m, lot.round, lot.serial, lot.entered, machine.started, s_.now});

    std::uint32_t target = lot.step + 1;
    const ProductData& product = p_.products[step.product.value];
    if (step.branch_count > 0) {
      const BranchData& branch = branch_of(step, lot);
      target = branch.target;
      lot.reworked = lot.reworked || branch.rework;
    } else if (target == product.first_step + product.step_count) {
      target = BranchData::kLeave;
    }
    if (target >= BranchData::kScrap) {
      leave_machine(lot);
      leave_plant(l, target == BranchData::kScrap);
      return;
    }
    if (target <= lot.step) ++lot.round;
    lot.step = target;
    route(l);
  }
  /// Hash of (lot, step, machine, start, end). Summed, so that the order in which operations finish does not matter.
  [[nodiscard]] std::uint64_t operation_digest(const Lot& lot, const StepData& step, std::uint64_t machine_hash,
                                               Tick started) const noexcept {
    const std::uint64_t what =
        mix64(hash_of_source(p_, lot.source) + step.hash + lot_index(lot) * 0x9e3779b97f4a7c15ULL);
    const std::uint64_t when = mix64(machine_hash + static_cast<std::uint64_t>(started) * 0xd1342543de82ef95ULL);
    return mix64(what ^ (when + static_cast<std::uint64_t>(s_.now) * 0xaf251af3b0f025b5ULL));
  }
  [[nodiscard]] const BranchData& branch_of(const StepData& step, const Lot& lot) const noexcept {
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
  std::uint32_t make_lot(std::uint32_t source, std::uint64_t serial, Tick due, std::int32_t priority) {
    const std::uint32_t l = take_lot_slot(s_);
    const std::uint32_t product = product_of_source(p_, source).value;
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
  [[nodiscard]] std::int32_t priority_of(std::uint32_t source) const noexcept {
    return p_.products[p_.sources[source].product.value].priority;
  }
  [[nodiscard]] Tick due_of(std::uint32_t source) const noexcept {
    const Tick after = p_.sources[source].due_after;
    return after < kNever ? s_.now + after : kNever;
  }
  void release_from_source(std::uint32_t i) {
    const std::uint64_t serial = s_.sources[i].count++;
    if (p_.sources[i].kind == SourceKind::kRenewal && is_lost(i)) return;
    route(make_lot(i, serial, due_of(i), priority_of(i)));
  }
  /// An arrival that finds no room anywhere and does not wait is counted and gone.
  bool is_lost(std::uint32_t i) {
    const ProductId product = p_.sources[i].product;
    const StepData& step = p_.steps[p_.products[product.value].first_step];
    const Lot nobody;
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
      if (!p_.stations[p_.choices[c].station.value].lose_when_full || open_choice(c, nobody)) return false;
    ++s_.stations[p_.choices[step.first_choice].station.value].lost;
    ++s_.products[product.value].lost;
    return true;
  }
  void schedule_arrival(std::uint32_t i) {
    SourceState& source = s_.sources[i];
    const double gap = arrivals_.draw(
        i, s_.key, [&] { return draw_stream(p_.sources[i].hash, Purpose::kArrival); }, source.count, 0,
        q_.distributions[p_.sources[i].interarrival.value], q_.table);
    source.drawn = std::max<Tick>(0, ticks_from_seconds(gap));
    s_.queue.schedule(slots_.sources + i, s_.now + source.drawn, code(Priority::kArrival));
  }
  void release_orders() {
    for (std::uint32_t o = s_.next_order; o < p_.orders.size() && p_.orders[o].release <= s_.now; ++o) {
      const OrderData& order = p_.orders[o];
      while (s_.orders[o].released < order.quantity) {
        const std::uint32_t source = static_cast<std::uint32_t>(p_.sources.size()) + o;
        route(make_lot(source, s_.orders[o].released++, order.due, order.priority));
      }
    }
    schedule_orders();
  }
  void leave_plant(std::uint32_t l, bool scrapped) {
    const Lot& lot = s_.lots[l];
    const std::uint32_t source = lot.source;
    const std::uint32_t product = p_.steps[lot.step].product.value;
    ProductTotals& totals = s_.products[product];
    --totals.in_process;
    totals.wip_integral += s_.now;
    if (lot.reworked) ++totals.reworked;
    if (scrapped) {
      ++totals.scrapped;
    } else {
      ++totals.completed;
      totals.cycle_time += s_.now - lot.release;
      totals.waiting += lot.waiting;
      if (lot.due < s_.now) {
        ++totals.late;
        totals.tardiness += s_.now - lot.due;
      }
    }
    if constexpr (R::kLevels) r_.on_wip({product, static_cast<std::uint32_t>(totals.in_process), s_.now});
    if constexpr (R::kLots)
      r_.on_lot({lot.source, product, lot.serial, lot.release, lot.due, s_.now, lot.waiting, scrapped, lot.reworked});
    free_lot_slot(s_, l);
    if (source >= p_.sources.size()) {
      OrderState& order = s_.orders[source - p_.sources.size()];
      ++(scrapped ? order.scrapped : order.finished);
      order.finish = s_.now;
      --s_.open_orders;
    } else if (p_.sources[source].kind == SourceKind::kConwip) {
      ++s_.sources[source].gone;
      replenish(source);
    }
  }

  const PlantData& p_;
  const Parameters& q_;
  State& s_;
  R r_;
  Slots slots_;
  std::vector<std::uint32_t> freed_;       ///< machines that let go of their lot in this event
  std::vector<std::uint32_t> saturating_;  ///< sources that always have a lot at hand
  DrawAhead services_, arrivals_;          ///< by step and by source
};

}  // namespace twin::detail
