/// A static line, lot by lot instead of event by event. See twin/sim/recursion.hpp.
///
/// Lots are numbered in their order through the line, those that are in it first. Two ways lead forward. `follow`
/// takes one lot from where it stands as far as it comes by the end of the run, and keeps machines and failures as the
/// rules do, so that the State can be put together again. `run_block` takes sixteen new lots at once from the first
/// machine to the last where all of that lies before the end; it keeps times and sums only.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "draw_ahead_impl.hpp"
#include "engine_impl.hpp"
#include "plant_view_impl.hpp"
#include "twin/sim/recursion.hpp"
#include "twin/state/lots.hpp"

namespace twin::detail {

inline constexpr Tick kPast = INT64_MIN;    ///< earlier than all that is asked for
inline constexpr Tick kBeyond = INT64_MAX;  ///< after the end of the run
inline constexpr std::size_t kBlockLots = 16;
/// Longest run that is done in blocks: sums of sixteen spans fit in 64 bits.
inline constexpr Tick kLongestBlocks = INT64_MAX / 16;

/// One step of the line: its station with its machine.
struct Stage {
  std::uint32_t machine = 0, station = 0, step = 0, choice = 0;
  std::uint32_t first_mode = 0, end_mode = 0;
  DistributionId time, setup;  ///< setup before a lot like the one before
  double speed = 1;
  std::uint64_t step_hash = 0, machine_hash = 0;
  std::uint64_t service_stream = 0, setup_stream = 0;  ///< of the lots of the source, if there is one
  bool no_places = false;                              ///< a lot enters only when the machine is idle
  bool idles_between = false;  ///< a machine that is freed is idle before it takes the next lot, if for no time
  bool has_setup = false;
  // When the lot n may enter: gate[(n - lag) & mask], the start here of the lot that leaves it a place.
  std::uint64_t lag = 0, mask = 0;
  std::uint32_t gate = 0;  ///< first index in `gates_`

  Tick free = 0;     ///< when the machine let go of its last lot; kBeyond: it has not
  Tick pending = 0;  ///< the event it runs to next, if it has a lot that is not finished
  Priority priority = Priority::kFinish;
};

/// A stage as blocks run it.
struct Pace {
  Tick free = 0;                    ///< when the machine let go of its last lot
  Tick margin = 0;                  ///< work until some mode fails
  const Tick* next_room = nullptr;  ///< when lot n finds room at the next stage: [(n - next_lag) & next_mask]
  std::uint64_t next_lag = 0, next_mask = 0;
  Tick* record = nullptr;  ///< what the stage before reads: the start of lot n at [n & mask]
  std::uint64_t mask = 0;
  Tick pick = 0;                          ///< all bits: its departure instead
  std::uint64_t queued = 0, blocked = 0;  ///< in the block
};
/// What of it is not needed for each lot.
struct Spent {
  Tick synced = 0;  ///< Pace::margin when the lives of the modes were last brought up to date
  Tick began = 0;   ///< Pace::free at the beginning of the block
  std::uint64_t worked = 0, set_up = 0, down = 0;  ///< in the block
};

template <class R>
class Recursion {
 public:
  Recursion(const PlantData& plant, const Parameters& parameters, State& state, R recorder);

  /// \return false when cancelled
  bool run(const Until& until);

 private:
  enum class Where : std::uint8_t { kOutside, kQueue, kMachine };
  struct InLine {
    Lot lot;
    std::uint32_t stage;
    Where where;
  };
  /// A lot that comes from its source.
  struct New {
    std::uint32_t source = kNone;
    std::uint64_t serial = 0;
    Tick release = 0, due = kNever;
    std::int32_t priority = 0;
  };

  void set_up();
  void read_line();
  [[nodiscard]] bool peek(New& next);
  void released(const New& lot);
  void take(const New& next);
  void follow(std::uint64_t n, Lot& lot, std::uint32_t i, Where where, bool under_way);
  [[nodiscard]] Tick operate(Stage& stage, const Lot& lot, Tick start);
  [[nodiscard]] Tick run_machine(Stage& stage, const Lot& lot);
  void begin_processing(Stage& stage, const Lot& lot, Tick now);
  void begin_run(Stage& stage, Tick now);
  void begin_life(std::uint32_t f, Tick now);
  void set_condition(const Stage& stage, Condition condition, Tick now);
  void finish(Stage& stage, const Lot& lot, Tick now, bool under_way);
  void let_go(Stage& stage, std::uint64_t n, Tick now);
  void leave(const Lot& lot, Tick now);
  void stay(const Lot& lot) { left_.push_back(lot); }
  void write_line();
  void write_events();

  // recursion_block
  [[nodiscard]] bool may_run_blocks() const;
  void begin_blocks();
  void end_blocks();
  [[nodiscard]] bool run_block();
  [[nodiscard]] bool peek_block();
  [[nodiscard]] bool draw_block();
  void commit_block();
  template <bool Setups>
  [[nodiscard]] bool pass_lots();
  [[nodiscard]] bool draw_times(DistributionId id, std::uint64_t stream, Purpose purpose, const Stage& stage,
                                Tick* out) const;
  [[nodiscard, gnu::noinline]] Tick fail(std::size_t i, Tick start, Tick work);

  [[nodiscard]] Tick draw(DistributionId id, std::uint64_t stream, std::uint64_t index) const noexcept {
    return span_of(q_.quantile(id, draw_uniform(s_.key, stream, index)));
  }
  [[nodiscard]] Tick& gate_at(const Stage& stage, std::uint64_t n) noexcept {
    return gates_[stage.gate + (n & stage.mask)];
  }
  /// When lot n finds room at a stage.
  [[nodiscard]] Tick gate_of(const Stage& stage, std::uint64_t n) const noexcept {
    return stage.lag == 0 ? kPast : gates_[stage.gate + ((n - stage.lag) & stage.mask)];
  }
  [[nodiscard]] std::uint64_t operation_digest(std::uint64_t source_hash, std::uint64_t index, const Stage& stage,
                                               Tick started, Tick ended) const noexcept {
    const std::uint64_t what = mix64(source_hash + stage.step_hash + index * 0x9e3779b97f4a7c15ULL);
    const std::uint64_t when = mix64(stage.machine_hash + static_cast<std::uint64_t>(started) * 0xd1342543de82ef95ULL);
    return mix64(what ^ (when + static_cast<std::uint64_t>(ended) * 0xaf251af3b0f025b5ULL));
  }

  const PlantView p_;
  const Parameters& q_;
  State& s_;
  R r_;
  std::vector<Stage> stages_;
  std::vector<Tick> gates_;
  DrawAhead services_;
  Tick end_ = 0;
  std::uint64_t events_ = 0, history_ = 0;
  std::uint32_t source_ = kNone;  ///< kNone: lots are ordered
  bool saturated_ = false;
  Tick next_arrival_ = kNever;
  Tick last_order_event_ = kPast;
  std::uint32_t order_ = 0;  ///< of the next lot
  std::uint32_t order_serial_ = 0;
  std::uint64_t next_ = 0;    ///< number of the next lot
  std::vector<InLine> line_;  ///< lots in the line at the beginning
  std::vector<Lot> left_;     ///< lots in the line at the end, in their order

  // Blocks.
  bool in_blocks_ = false, any_block_ = false;
  bool over_ = false;        ///< the block does not end by the end of the run
  bool setups_ = false;      ///< before each lot, at some stage
  bool one_source_ = false;  ///< the lots of the block come from one source, one after the other
  std::array<New, kBlockLots> lots_;
  std::array<Tick, kBlockLots + 1> arrivals_{};
  std::array<Tick, kBlockLots> leaves_{}, waits_{};
  std::vector<Tick> work_, setup_, starts_, ends_;  ///< shape (stages, kBlockLots)
  std::vector<Pace> paces_, saved_paces_;
  std::vector<Spent> spent_, saved_spent_;
  std::vector<FailureState> saved_failures_;
  std::array<Tick, 2> cells_{};  ///< always room; and where nobody reads
  std::uint64_t block_events_ = 0;
  std::uint32_t block_order_ = 0, block_serial_ = 0;
  Tick longest_ = 0;  ///< time that a block can add up without overflow
  Lanes lanes_ = widest_lanes();
};

template <class R>
Recursion<R>::Recursion(const PlantData& plant, const Parameters& parameters, State& state, R recorder)
    : p_(plant), q_(parameters), s_(state), r_(recorder), services_(plant.steps.size()) {}

template <class R>
bool Recursion<R>::run(const Until& until) {
  if (until.orders_done && s_.open_orders == 0) return true;
  end_ = until.time;
  set_up();
  read_line();
  for (std::size_t k = 0; k < line_.size(); ++k)
    follow(next_ - line_.size() + k, line_[k].lot, line_[k].stage, line_[k].where,
           line_[k].where == Where::kMachine && !line_[k].lot.blocked);
  std::uint64_t polled = 0;
  bool blocks = end_ - s_.now <= kLongestBlocks;
  std::size_t single = 0;  // lots to take one by one before the next block is tried
  for (;;) {
    if ((++polled & 0xffU) == 0 && until.cancel != nullptr && until.cancel->load(std::memory_order_relaxed))
      return false;
    if (blocks && single == 0 && may_run_blocks()) {
      if (run_block()) continue;
      single = kBlockLots;
      blocks = !over_;
    }
    if (single > 0) --single;
    if (in_blocks_) end_blocks();
    New next;
    if (!peek(next)) break;
    take(next);
  }
  s_.events += events_;
  s_.history += history_;
  Tick last = s_.now;
  if (until.orders_done && s_.open_orders == 0) {
    for (const OrderState& order : s_.orders) last = std::max(last, order.finish);
    end_ = last;
  } else if (until.time < kNever) {
    last = until.time;
  }
  write_line();
  write_events();
  s_.now = last;
  return true;
}

template <class R>
void Recursion<R>::set_up() {
  const ProductData& product = p_.products[0];
  if (!p_.sources.empty()) {
    source_ = 0;
    saturated_ = p_.sources[0].kind == SourceKind::kSaturate;
  }
  std::size_t gates = 0;
  for (std::uint32_t i = 0; i < product.step_count; ++i) {
    Stage stage;
    stage.step = product.first_step + i;
    const StepData& step = p_.steps[stage.step];
    stage.choice = step.first_choice;
    const ChoiceData& choice = p_.choices[stage.choice];
    stage.station = choice.station.value;
    const StationData& station = p_.stations[stage.station];
    stage.machine = station.first_machine;
    const MachineData& machine = p_.machines[stage.machine];
    stage.first_mode = machine.first_mode;
    stage.end_mode = machine.first_mode + machine.mode_count;
    stage.time = choice.time;
    stage.setup = choice.setup.valid() ? choice.setup : p_.setup_between(choice.station, choice.kind, choice.kind);
    stage.has_setup = stage.setup.valid() || choice.changeover.valid() || station.setups != kNone;
    setups_ = setups_ || stage.setup.valid();
    stage.speed = q_.speed[stage.machine];
    stage.step_hash = step.hash;
    stage.machine_hash = machine.hash;
    if (source_ != kNone) {
      stage.service_stream = draw_stream(hash_of_source(p_, source_) + step.hash, Purpose::kService);
      stage.setup_stream = draw_stream(hash_of_source(p_, source_) + step.hash, Purpose::kSetup);
    }
    stage.no_places = station.places == 0;
    stage.idles_between = stage.no_places || (i == 0 && saturated_);
    if (station.places >= 0) {
      stage.lag = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(station.places));
      std::uint64_t size = 1;
      while (size < stage.lag + kBlockLots) size *= 2;
      stage.mask = size - 1;
      stage.gate = static_cast<std::uint32_t>(gates);
      gates += size;
    }
    stage.free = s_.now;
    stages_.push_back(stage);
  }
  gates_.assign(gates, kPast);
}

/// The lots in the line, first those that are farthest.
template <class R>
void Recursion<R>::read_line() {
  const std::uint32_t first_step = stages_.front().step;
  for (std::uint32_t i = static_cast<std::uint32_t>(stages_.size()); i-- > 0;) {
    const Stage& stage = stages_[i];
    if (const std::uint32_t l = s_.machines[stage.machine].lot; l != kNone)
      line_.push_back({s_.lots[l], i, Where::kMachine});
    for (std::uint32_t l = s_.stations[stage.station].head; l != kNone; l = s_.lots[l].next)
      line_.push_back({s_.lots[l], i, Where::kQueue});
  }
  for (const std::uint32_t l : blocked_lots(s_, stages_.front().station))
    line_.push_back({s_.lots[l], s_.lots[l].step - first_step, Where::kOutside});
  next_ = (line_.size() + kBlockLots - 1) / kBlockLots * kBlockLots;  // blocks begin at multiples of sixteen
  for (Stage& stage : stages_)
    if (s_.queue.pending(stage.machine)) {
      stage.pending = s_.queue.time_of(stage.machine);
      const MachineState& machine = s_.machines[stage.machine];
      stage.priority = machine.repairing != kNone   ? Priority::kRepair
                       : machine.next_mode != kNone ? Priority::kFailure
                                                    : Priority::kFinish;
    }
  const Slots slots(p_.data);
  if (source_ != kNone && !saturated_) next_arrival_ = s_.queue.time_of(slots.sources + source_);
  order_ = s_.next_order;
  if (order_ < p_.orders.size()) order_serial_ = s_.orders[order_].released;
}

// ---- one lot --------------------------------------------------------------------------------------------------------

/// The next lot that comes from outside, if one does by the end.
template <class R>
bool Recursion<R>::peek(New& next) {
  if (source_ == kNone) {
    while (order_ < p_.orders.size() && order_serial_ >= p_.orders[order_].quantity) {
      ++order_;
      order_serial_ = order_ < p_.orders.size() ? s_.orders[order_].released : 0;
    }
    if (order_ == p_.orders.size()) return false;
    const OrderData& order = p_.orders[order_];
    next = {static_cast<std::uint32_t>(p_.sources.size()) + order_, order_serial_, std::max(order.release, s_.now),
            order.due, order.priority};
    return next.release <= end_;
  }
  const SourceData& source = p_.sources[source_];
  next.source = source_;
  next.serial = s_.sources[source_].count;
  next.release = saturated_ ? stages_.front().free : next_arrival_;
  if (next.release > end_) return false;
  next.due = source.due_after < kNever ? next.release + source.due_after : kNever;
  next.priority = p_.products[0].priority;
  return true;
}
/// Books that a lot has come from its source or order.
template <class R>
void Recursion<R>::released(const New& lot) {
  ProductTotals& totals = s_.products[0];
  ++totals.released;
  ++totals.in_process;
  totals.wip_integral -= lot.release;
  if (source_ == kNone) {
    ++s_.orders[lot.source - p_.sources.size()].released;
    if (lot.release != last_order_event_) ++events_;
    last_order_event_ = lot.release;
    return;
  }
  SourceState& source = s_.sources[source_];
  ++source.count;
  if (saturated_) return;
  ++events_;
  source.last = lot.release;
}
template <class R>
void Recursion<R>::take(const New& next) {
  released(next);
  if (source_ == kNone) {
    ++order_serial_;
  } else if (!saturated_) {
    const SourceData& data = p_.sources[source_];
    SourceState& source = s_.sources[source_];
    source.drawn = draw(data.interarrival, draw_stream(data.hash, Purpose::kArrival), source.count);
    if (data.profile_count > 0) source.drawn = p_.data.profile_end(data, next.release, source.drawn) - next.release;
    next_arrival_ = next.release + source.drawn;
  }
  Lot lot;
  lot.release = lot.entered = next.release;
  lot.due = next.due;
  lot.serial = next.serial;
  lot.source = next.source;
  lot.step = stages_.front().step;
  lot.choice = stages_.front().choice;
  lot.priority = next.priority;
  follow(next_++, lot, 0, Where::kOutside, false);
}

/// Takes a lot from where it stands as far as it comes by the end.
template <class R>
void Recursion<R>::follow(std::uint64_t n, Lot& lot, std::uint32_t i, Where where, bool under_way) {
  lot.next = lot.child = lot.previous = kNone;
  if (where == Where::kOutside) {
    const Stage& stage = stages_[i];
    const bool supplied = saturated_ && lot.source == source_;
    const Tick entry = supplied ? lot.entered : std::max({lot.entered, s_.now, gate_of(stage, n)});
    if (entry > end_) {
      lot.place = Place::kOutside;
      lot.blocked = true;
      gate_at(stage, n) = kBeyond;
      stay(lot);
      return;
    }
    lot.waiting += entry - lot.entered;
    lot.entered = entry;
  }
  bool was_queued = where == Where::kQueue;  // its entry is in the integral already
  for (;; ++i, where = Where::kOutside, was_queued = under_way = false) {
    Stage& stage = stages_[i];
    MachineState& machine = s_.machines[stage.machine];
    StationState& station = s_.stations[stage.station];
    Tick ended = 0;
    if (where != Where::kMachine) {
      const Tick start = std::max({lot.entered, stage.free, was_queued ? s_.now : kPast});
      if (start > end_) {
        if (!was_queued) station.queue_integral -= lot.entered;
        lot.place = Place::kQueue;
        lot.blocked = false;
        lot.machine = kNone;
        if (stage.lag > 0) gate_at(stage, n) = kBeyond;
        stay(lot);
        return;
      }
      const Tick waited = start - lot.entered;
      lot.waiting += waited;
      station.queue_time += waited;
      station.queue_integral += was_queued ? start : waited;
      ++station.visits;
      lot.place = Place::kMachine;
      lot.machine = stage.machine;
      lot.blocked = false;
      if (stage.lag > 0) gate_at(stage, n) = stage.no_places ? kBeyond : start;
      ended = operate(stage, lot, start);
    } else if (lot.blocked) {
      ended = s_.now;
      if (stage.no_places) gate_at(stage, n) = kBeyond;
    } else {
      if (stage.no_places) gate_at(stage, n) = kBeyond;
      ended = run_machine(stage, lot);
    }
    if (ended == kBeyond) {
      stage.free = kBeyond;
      stay(lot);
      return;
    }
    const bool was_blocked = where == Where::kMachine && lot.blocked;
    if (!was_blocked) finish(stage, lot, ended, under_way);
    const bool last = i + 1 == stages_.size();
    const Tick room = last ? kPast : gate_of(stages_[i + 1], n);
    if (!last && !was_blocked) {
      ++lot.step;
      lot.choice = stages_[i + 1].choice;
    }
    if (room > ended) {
      if (!was_blocked) {
        lot.entered = ended;
        machine.phase = Phase::kBlocked;
        set_condition(stage, Condition::kBlocked, ended);
      }
      if (room > end_) {
        lot.blocked = true;
        stage.free = kBeyond;
        stay(lot);
        return;
      }
    }
    const Tick departure = std::max(ended, room);
    let_go(stage, n, departure);
    lot.machine = kNone;
    lot.blocked = false;
    if (last) {
      leave(lot, departure);
      return;
    }
    lot.entered = departure;
  }
}

/// Begins on a lot that the machine takes at `start`. \return when it has finished; kBeyond: not by the end
template <class R>
Tick Recursion<R>::operate(Stage& stage, const Lot& lot, Tick start) {
  MachineState& machine = s_.machines[stage.machine];
  if (start > stage.free || stage.idles_between) set_condition(stage, Condition::kStarved, stage.free);
  const ChoiceData& choice = p_.choices[stage.choice];
  machine.started = start;
  machine.held = 1;
  machine.supplied = false;
  machine.changing = machine.last_step != stage.step && choice.changeover.valid();
  machine.last_step = stage.step;
  DistributionId setup = machine.changing ? choice.changeover : choice.setup;
  if (!setup.valid()) setup = p_.setup_between(choice.station, machine.kind, choice.kind);
  if (setup.valid()) {
    machine.phase = Phase::kSetup;
    machine.total = machine.left = draw(setup, step_stream(p_, lot, Purpose::kSetup), lot_index(lot));
    begin_run(stage, start);
  } else {
    begin_processing(stage, lot, start);
  }
  return run_machine(stage, lot);
}
/// Lets a machine go through its own events as far as the end of the run, or of its work.
template <class R>
Tick Recursion<R>::run_machine(Stage& stage, const Lot& lot) {
  MachineState& machine = s_.machines[stage.machine];
  for (;;) {
    const Tick now = stage.pending;
    if (now > end_) return kBeyond;
    ++events_;
    if (machine.repairing != kNone) {
      begin_life(machine.repairing, now);
      machine.repairing = kNone;
      machine.faults = 0;
      begin_run(stage, now);
      continue;
    }
    const Tick done = now - machine.run_since;
    machine.running = false;
    machine.left -= done;
    if (machine.phase == Phase::kProcessing)
      for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f) s_.failures[f].left -= done;
    if (machine.next_mode != kNone) {
      const std::uint32_t f = machine.next_mode;
      machine.next_mode = kNone;
      machine.repairing = f;
      FailureState& failure = s_.failures[f];
      failure.down = true;
      failure.began = now;
      failure.left = 0;
      failure.drawn = draw(p_.modes[f].repair, p_.modes[f].repair_stream, failure.count);
      ++failure.count;
      machine.faults = 1;
      if (p_.modes[f].lot == Interruption::kRestart) machine.left = machine.total;
      set_condition(stage, Condition::kDown, now);
      stage.pending = now + failure.drawn;
      stage.priority = Priority::kRepair;
    } else if (machine.phase == Phase::kSetup) {
      begin_processing(stage, lot, now);
    } else {
      return now;
    }
  }
}
template <class R>
void Recursion<R>::begin_processing(Stage& stage, const Lot& lot, Tick now) {
  MachineState& machine = s_.machines[stage.machine];
  machine.phase = Phase::kProcessing;
  machine.kind = p_.choices[stage.choice].kind;
  const auto stream = [&] { return step_stream(p_, lot, Purpose::kService); };
  if (lot.source < p_.sources.size() && lot.round == 0) {
    machine.left = services_.draw(stage.step, s_.key, stream, lot.serial, kRoundBits, q_, stage.time, stage.speed);
  } else {
    const double work = q_.quantile(stage.time, draw_uniform(s_.key, stream(), lot_index(lot)));
    machine.left = span_of(stage.speed == 1 ? work : work / stage.speed);
  }
  machine.total = machine.left;
  begin_run(stage, now);
}
template <class R>
void Recursion<R>::begin_run(Stage& stage, Tick now) {
  MachineState& machine = s_.machines[stage.machine];
  const bool works = machine.phase == Phase::kProcessing;
  set_condition(stage, works ? Condition::kWorking : Condition::kSetup, now);
  Tick span = machine.left;
  if (works)
    for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f)
      if (s_.failures[f].left < span) {
        span = s_.failures[f].left;
        machine.next_mode = f;
      }
  machine.running = true;
  machine.run_since = now;
  stage.pending = now + span;
  stage.priority = machine.next_mode == kNone ? Priority::kFinish : Priority::kFailure;
}
template <class R>
void Recursion<R>::begin_life(std::uint32_t f, Tick now) {
  FailureState& failure = s_.failures[f];
  const FailureModeData& mode = p_.modes[f];
  failure.down = false;
  failure.began = failure.level_since = now;
  failure.drawn = failure.left =
      failure.count < mode.limit ? draw(mode.after, mode.after_stream, failure.count) : kNever;
}
template <class R>
void Recursion<R>::set_condition(const Stage& stage, Condition condition, Tick now) {
  MachineState& machine = s_.machines[stage.machine];
  if (condition == machine.condition) return;
  machine.in_condition[static_cast<std::size_t>(machine.condition)] += now - machine.since;
  machine.since = now;
  machine.condition = condition;
}
template <class R>
void Recursion<R>::finish(Stage& stage, const Lot& lot, Tick now, [[maybe_unused]] bool under_way) {
  MachineState& machine = s_.machines[stage.machine];
  ++machine.visits;
  history_ += operation_digest(hash_of_source(p_, lot.source), lot_index(lot), stage, machine.started, now);
  if constexpr (R::kOperations)
    if (under_way)
      r_.on_operation({lot.source, lot.step, stage.machine, lot.round, lot.serial, lot.entered, machine.started, now});
}
/// The lot leaves its machine.
template <class R>
void Recursion<R>::let_go(Stage& stage, std::uint64_t n, Tick now) {
  MachineState& machine = s_.machines[stage.machine];
  machine.phase = Phase::kIdle;
  machine.held = 0;
  stage.free = now;
  if (stage.no_places) gate_at(stage, n) = now;
}
template <class R>
void Recursion<R>::leave(const Lot& lot, Tick now) {
  ProductTotals& totals = s_.products[0];
  --totals.in_process;
  totals.wip_integral += now;
  if (lot.reworked) ++totals.reworked;
  ++totals.completed;
  totals.cycle_time += now - lot.release;
  totals.waiting += lot.waiting;
  if (lot.due < now) {
    ++totals.late;
    totals.tardiness += now - lot.due;
  }
  if constexpr (R::kLots)
    r_.on_lot({lot.source, 0, lot.serial, lot.release, lot.due, now, lot.waiting, false, lot.reworked});
  if (lot.source >= p_.sources.size()) {
    OrderState& order = s_.orders[lot.source - p_.sources.size()];
    ++order.finished;
    order.finish = now;
    --s_.open_orders;
  }
}

// ---- back to a State ------------------------------------------------------------------------------------------------

template <class R>
void Recursion<R>::write_line() {
  s_.lots.clear();
  s_.more.clear();
  s_.free_lot = kNone;
  s_.lot_count = 0;
  for (const Stage& stage : stages_) {
    MachineState& machine = s_.machines[stage.machine];
    machine.lot = kNone;
    if (machine.phase == Phase::kIdle) set_condition(stage, Condition::kStarved, stage.free);
    StationState& station = s_.stations[stage.station];
    station.idle = machine.condition == Condition::kStarved ? 1 : 0;
    station.queued = 0;
    station.head = station.tail = station.blocked_head = station.blocked_tail = kNone;
  }
  for (const Lot& lot : left_) {
    const std::uint32_t l = take_lot_slot(s_);
    s_.lots[l] = lot;
    const std::uint32_t station = p_.choices[lot.choice].station.value;
    if (lot.place == Place::kMachine) {
      s_.machines[lot.machine].lot = l;
      s_.machines[lot.machine].held = 1;
    }
    if (lot.place == Place::kQueue || lot.blocked) s_.lots[l].arrival = s_.arrivals++;
    if (lot.place == Place::kQueue) queue_push(s_, station, QueueRule::kFifo, l);
    if (lot.blocked) blocked_push(s_, station, l);
  }
}
template <class R>
void Recursion<R>::write_events() {
  const Slots slots(p_.data);
  struct Pending {
    Tick time;
    std::uint32_t slot;
    Priority priority;
  };
  std::vector<Pending> pending;
  for (const Stage& stage : stages_) {
    const MachineState& machine = s_.machines[stage.machine];
    if (machine.running || machine.repairing != kNone)
      pending.push_back({stage.pending, stage.machine, stage.priority});
  }
  if (source_ != kNone && !saturated_) {
    s_.sources[source_].drawn = next_arrival_ - s_.sources[source_].last;
    pending.push_back({next_arrival_, slots.sources + source_, Priority::kArrival});
  }
  while (s_.next_order < p_.orders.size() && s_.orders[s_.next_order].released >= p_.orders[s_.next_order].quantity)
    ++s_.next_order;
  if (s_.next_order < p_.orders.size())
    pending.push_back({std::max(p_.orders[s_.next_order].release, s_.now), slots.order, Priority::kArrival});
  std::ranges::sort(pending, {}, [](const Pending& e) { return std::tuple(e.time, e.priority, e.slot); });
  const std::uint64_t sequence = s_.queue.next_sequence();
  for (const kernel::Event& event : s_.queue.events()) s_.queue.cancel(event.slot);
  s_.queue.restore_sequence(sequence);
  for (const Pending& e : pending) s_.queue.schedule(e.slot, e.time, code(e.priority));
}

}  // namespace twin::detail

#include "recursion_block_impl.hpp"
