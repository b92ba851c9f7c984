/// The rules: one function per thing that happens. See docs/reference for what each rule promises.
///
/// Words: a machine is *idle* when it could start a lot now (nothing on it, open, no fault). A lot is *blocked* when it
/// waits for room at the station it goes to: on its machine, or outside the plant. When a lot leaves a machine, that
/// machine is put on the list `freed_`; after the lot has gone where it goes, freed machines take their next lots, and
/// the places these leave are given to blocked lots, whose machines are freed in turn, until nothing moves.
#pragma once
#include <algorithm>
#include <type_traits>

#include "draw_ahead_impl.hpp"
#include "plant_view_impl.hpp"
#include "rank_impl.hpp"
#include "twin/base/hash.hpp"
#include "twin/model/route_work.hpp"
#include "twin/sim/advance.hpp"
#include "twin/state/lots.hpp"

namespace twin::detail {

/// Records nothing; its calls vanish.
struct NoRecorder {
  static constexpr bool kOperations = false, kLots = false, kConditions = false, kLevels = false, kPlain = false;
};
/// The same, of a plain plant.
struct PlainRecorder : NoRecorder {
  static constexpr bool kPlain = true;
};
/// Records lots only, without a virtual call.
struct LotLogAdapter {
  static constexpr bool kOperations = false, kLots = true, kConditions = false, kLevels = false, kPlain = false;
  LotLog& log;
  void on_lot(const LotRecord& r) const { log.on_lot(r); }
};
/// Passes everything on.
struct RecorderAdapter {
  static constexpr bool kOperations = true, kLots = true, kConditions = true, kLevels = true, kPlain = false;
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
template <class P>
std::uint64_t step_stream(const P& plant, const Lot& lot, Purpose purpose) noexcept {
  return draw_stream(hash_of_source(plant, lot.source) + plant.steps[lot.step].hash, purpose);
}

template <class R>
class Engine {
 public:
  Engine(const PlantData& plant, const Parameters& parameters, State& state, R recorder);

  /// Runs events to the end asked for. \return false when cancelled; look at `deadlock()` too
  bool run(const Until& until) {
    const bool finished = run_events(until);
    digests_.settle(s_.history);
    return finished;
  }
  /// The circle of machines and stations in which everything is stuck; empty while there is none.
  [[nodiscard]] const std::string& deadlock() const noexcept { return deadlock_; }

  /// Machines that are held back, from what the state says.
  void find_held() {
    held_.clear();
    for (std::uint32_t m = 0; m < s_.machines.size(); ++m)
      if (s_.machines[m].phase == Phase::kHeld) held_.push_back(m);
    std::ranges::stable_sort(held_, {}, [&](std::uint32_t m) { return s_.machines[m].started; });
  }
  /// Everything that begins with the plant.
  void begin();
  /// Starts whatever can start: idle machines take waiting lots, blocked lots take free places.
  void settle();
  /// Draws anew what is pending, given how long it has lasted; see branch().
  void redraw();

  void begin_machine(std::uint32_t m);
  void begin_mode(std::uint32_t f);
  void begin_source(std::uint32_t i);
  void begin_pool(std::uint32_t p);
  void begin_supply(std::uint32_t p);
  /// New tools, none of them in use.
  void begin_units(std::uint32_t p);
  void begin_unit(std::uint32_t p, std::uint32_t u);
  /// A tool whose machine does not go on with it in a changed plant is at hand, or away if its life is over.
  void let_go(std::uint32_t u);
  void promise(const ChoiceData& choice, std::int64_t lots);
  /// Pends the next look at a material; where it is looked at always, looks at once.
  void begin_reviews();
  void schedule_review(std::uint32_t reorder);
  /// Pends the next delivery of a material that is ordered, if any is on its way.
  void schedule_delivery(std::uint32_t pool);
  void begin_belt(std::uint32_t b) { s_.belts[b].since = s_.now; }
  void begin_vehicle(std::uint32_t v);
  /// Lets a vehicle go on towards where it is to be.
  void drive(std::uint32_t v);
  /// A vehicle without a lot looks for what to do next.
  void free_vehicle(std::uint32_t v);
  /// Sends vehicles that are available to the lots that wait for one.
  void assign_calls();
  /// Pends the arrival of a belt's first lot at its end.
  void schedule_head(std::uint32_t b);
  /// Brings a constant number of lots into circulation.
  void replenish(std::uint32_t i);
  /// A machine that comes from another plant: calendar and faults are looked at anew, its condition follows.
  void rejoin_machine(std::uint32_t m);
  /// Puts a lot that was seen waiting into the queue of its step, however full that is; `entered` is when it came.
  void enter_observed(std::uint32_t l);
  /// Runs the work on a machine that stands with it, if it may.
  void resume_run(std::uint32_t m);
  /// The same, with the pools it had, if they can be had: 8 bits a need.
  void resume_with(std::uint32_t m, std::uint64_t pools);
  /// The same, of a machine whose operators are on their way until then.
  void resume_walk(std::uint32_t m, std::uint64_t pools, Tick until);
  /// Gives a repair that goes on in a changed plant its crew, or puts it in the line for one. \return false: the line
  bool resume_repair(std::uint32_t f);
  void schedule_calendar(std::uint32_t c);
  /// Pends the next release of an order, if there is one.
  void schedule_orders();
  /// Pends the next change of an order, if there is one.
  void schedule_changes();
  /// Draws the due date of an order that is released, if that is its rule.
  void promise_order(std::uint32_t o);
  /// What an order is at first.
  void begin_order(std::uint32_t o);
  /// Changes an order now; machines that this frees are served by resolve().
  void change_order(const ChangeData& change);
  [[gnu::always_inline]] inline void resolve();
  /// A due date that is drawn, of a lot of a source or of an order. \param from  its release
  [[nodiscard]] Tick drawn_due(ProductId product, std::uint64_t hash, std::uint64_t serial, Tick from) const noexcept {
    return std::min(kNever, from + draw(p_.data.dues[product.value].random, draw_stream(hash, Purpose::kDue), serial));
  }
  void schedule_patience(std::uint32_t l);
  void schedule_repair(std::uint32_t f);
  /// Pends when maintenance that is due by the clock may be done, or must be.
  void schedule_care(std::uint32_t f);
  /// Place in a queue that is kept in order: smaller first.
  [[nodiscard, gnu::noinline]] std::int64_t queue_key(const StationData& station, const Lot& lot) noexcept;

 private:
  [[nodiscard]] bool run_events(const Until& until);
  [[gnu::always_inline]] inline void handle(std::uint32_t slot);
  [[nodiscard]] std::uint32_t station_of(std::uint32_t machine) const noexcept {
    return p_.machines[machine].station.value;
  }
  [[nodiscard]] const ChoiceData& choice_on(const MachineState& machine) const noexcept {
    return p_.choices[s_.lots[machine.lot].choice];
  }
  [[nodiscard]] Tick draw(DistributionId id, std::uint64_t stream, std::uint64_t index) const noexcept {
    return std::max<Tick>(0, ticks_from_seconds(q_.quantile(id, draw_uniform(s_.key, stream, index))));
  }
  [[nodiscard]] std::uint32_t slot_of(const Lot& lot) const noexcept {
    return static_cast<std::uint32_t>(&lot - s_.lots.data());
  }

  // engine_machines
  [[gnu::always_inline]] inline void update_condition(std::uint32_t m);
  [[gnu::always_inline]] inline void set_condition(std::uint32_t m, Condition condition);
  [[gnu::always_inline]] inline void account(std::uint32_t m, Condition condition);
  [[gnu::always_inline]] inline void machine_event(std::uint32_t m);
  [[gnu::always_inline]] inline void start(std::uint32_t m, std::uint32_t l);
  [[gnu::always_inline]] inline void load(std::uint32_t m, std::uint32_t l);
  [[gnu::always_inline]] inline void begin_work(std::uint32_t m);
  [[gnu::noinline]] void begin_batch(std::uint32_t m) { begin_work(m); }
  [[gnu::always_inline]] inline void begin_setup(std::uint32_t m);
  [[nodiscard, gnu::always_inline]] inline DistributionId setup_of(const MachineState& machine,
                                                                   const ChoiceData& choice) const noexcept;
  [[gnu::always_inline]] inline void begin_processing(std::uint32_t m);
  [[nodiscard, gnu::always_inline]] inline Tick processing_time(std::uint32_t m, const Lot& lot) noexcept;
  [[gnu::always_inline]] inline void run_machine(std::uint32_t m, const ChoiceData& choice);
  [[gnu::always_inline]] inline Tick begin_run(std::uint32_t m);
  [[nodiscard]] static unsigned end_of_run(const MachineState& machine) noexcept {
    return code(machine.next_mode == kNone ? Priority::kFinish : Priority::kFailure);
  }
  [[gnu::always_inline]] inline void stop_running(std::uint32_t m);
  [[gnu::noinline]] void pause(std::uint32_t m);
  [[gnu::noinline]] void resume(std::uint32_t m);
  [[gnu::noinline]] void interrupt(std::uint32_t m, Interruption what);
  [[gnu::noinline]] void count_lots(std::uint32_t m, std::uint32_t lots);
  void forget_belief(std::uint32_t m);
  void begin_life(std::uint32_t f);
  /// Up, and never to fail again.
  [[nodiscard]] bool is_spent(std::uint32_t f) const noexcept {
    return !s_.failures[f].down && (s_.failures[f].count >= p_.modes[f].limit || !life_of(f).valid());
  }

  // engine_care
  [[nodiscard]] const LevelData& level_of_mode(std::uint32_t f) const noexcept {
    return p_.levels[p_.modes[f].first_level + s_.failures[f].level];
  }
  [[nodiscard]] DistributionId life_of(std::uint32_t f) const noexcept {
    return p_.modes[f].level_count == 0 ? p_.modes[f].after : level_of_mode(f).lasts;
  }
  [[nodiscard]] std::uint64_t life_stream(std::uint32_t f) const noexcept {
    return p_.modes[f].level_count == 0 ? p_.modes[f].after_stream : level_of_mode(f).lasts_stream;
  }
  /// Index of the draw of the present life.
  [[nodiscard]] static std::uint64_t life_index(const FailureState& failure) noexcept {
    return failure.count + (std::uint64_t{failure.renewals} << 40);
  }
  [[nodiscard]] DistributionId repair_of(std::uint32_t f) const noexcept {
    return p_.modes[f].level_count == 0 ? p_.modes[f].repair : level_of_mode(f).repair;
  }
  [[nodiscard]] Needs crew_of(std::uint32_t f) const noexcept {
    return p_.modes[f].level_count == 0 ? p_.modes[f].crew : level_of_mode(f).crew;
  }
  [[nodiscard]] Tick window_of(std::uint32_t f) const noexcept {
    return std::clamp<Tick>(p_.modes[f].window, 0, std::max<Tick>(s_.failures[f].drawn - 1, 0));
  }
  void set_level(std::uint32_t f, std::uint32_t level);
  [[gnu::noinline]] void care(std::uint32_t m);
  void begin_care(std::uint32_t f);
  [[gnu::noinline]] void wear_at_work(std::uint32_t m, std::uint32_t f);
  [[gnu::noinline]] void wear_by_clock(std::uint32_t m, std::uint32_t f);
  [[gnu::noinline]] void maintenance_event(std::uint32_t f);
  [[gnu::noinline]] void renew(std::uint32_t f);
  [[gnu::noinline]] void slow_down(std::uint32_t m);
  [[gnu::noinline]] void spoil(std::uint32_t m, std::uint32_t l);
  [[gnu::noinline]] [[nodiscard]] bool spoils(std::uint32_t m, const Lot& lot) const noexcept;
  [[nodiscard]] double speed_of(std::uint32_t m) const noexcept {
    const std::uint32_t wear = p_.machines[m].wear;
    return wear == kNone ? q_.speed[m]
                         : q_.speed[m] * p_.levels[p_.modes[wear].first_level + s_.machines[m].pace].speed;
  }
  void schedule_clock_failure(std::uint32_t f);
  [[gnu::noinline]] void begin_fault(std::uint32_t f);
  [[gnu::noinline]] void end_repair(std::uint32_t f);
  [[gnu::noinline]] void end_fault(std::uint32_t m);
  [[gnu::noinline]] void clock_failure_event(std::uint32_t f);
  [[gnu::noinline]] void calendar_event(std::uint32_t c);

  void book(std::uint32_t pool);
  [[nodiscard]] bool can_give(std::uint32_t pool, std::int64_t amount) const noexcept;
  [[nodiscard]] bool find_pools(Needs needs, std::uint64_t& found) const noexcept;
  [[nodiscard]] bool can_give_again(Needs needs, std::uint64_t pools) const noexcept;
  void take_pools(Needs needs, std::uint64_t found, int sign);
  [[nodiscard]] bool has_material(const ChoiceData& choice, std::int64_t lots) const noexcept;
  [[gnu::noinline]] void take_material(const ChoiceData& choice, std::int64_t lots);
  [[gnu::noinline]] void make_material(const ChoiceData& choice, std::int64_t lots);
  [[gnu::noinline]] bool obtain(std::uint32_t m);
  bool obtain_now(std::uint32_t m);
  [[gnu::noinline]] void release_pools(std::uint32_t m);
  void leave_line(std::uint32_t who);
  [[gnu::noinline]] void wake();
  [[gnu::noinline]] void supply_event(std::uint32_t pool);

  // engine_carriers
  [[gnu::noinline]] [[nodiscard]] bool has_carriers(const MachineState& machine,
                                                    const ChoiceData& choice) const noexcept;
  [[gnu::noinline]] void take_carriers(const MachineState& machine, const ChoiceData& choice);
  [[gnu::noinline]] void give_back(std::uint32_t l, std::uint32_t carriers);

  // engine_units
  template <class Call>
  void each_told_apart(Needs needs, std::uint64_t pools, Call&& call);
  [[gnu::noinline]] void take_units(std::uint32_t m);
  [[gnu::noinline]] void return_units(std::uint32_t m);
  [[gnu::noinline]] void age_units(std::uint32_t m, Ageing ages, Tick done);
  [[nodiscard]] Tick walk_of(std::uint32_t u, std::uint32_t p, std::uint32_t s) const noexcept;
  [[gnu::noinline]] bool set_out(std::uint32_t m);
  [[gnu::noinline]] void get_there(std::uint32_t m);
  void be_there(std::uint32_t m);
  void count_walking(std::uint32_t m, int sign);
  void send_away(std::uint32_t p, std::uint32_t u);
  [[gnu::noinline]] void unit_event(std::uint32_t u);
  [[gnu::noinline]] void redraw_units();
  [[nodiscard]] std::uint32_t pool_of_unit(std::uint32_t u) const noexcept;
  [[nodiscard]] std::uint64_t unit_stream(std::uint32_t p, std::uint32_t u, Purpose purpose) const noexcept {
    return draw_stream(hash_combine(p_.pools[p].hash, std::uint64_t{u} - p_.pools[p].first_unit), purpose);
  }

  // engine_supply
  void ask(const ChoiceData& choice, std::int64_t lots);
  [[gnu::noinline]] void order_material(std::uint32_t pool);
  void receive(std::uint32_t pool, std::int64_t amount);
  void deliver(std::uint32_t pool);
  [[gnu::noinline]] void review_event(std::uint32_t reorder);
  void redraw_deliveries();
  void pool_calendar(std::uint32_t pool, bool open);

  // engine_lots
  [[gnu::always_inline]] inline void free_machine(std::uint32_t m) {
    if (freed_count_ == freed_.size()) [[unlikely]]
      freed_.resize(2 * freed_.size());
    freed_[freed_count_++] = m;
  }
  [[nodiscard, gnu::always_inline]] inline bool closes_now(std::uint32_t m) const noexcept;
  [[gnu::always_inline]] inline void take_next(std::uint32_t m);
  [[gnu::always_inline]] inline bool serve(std::uint32_t m);
  [[gnu::noinline]] bool serve_batch(std::uint32_t m);
  [[gnu::noinline]] void offer_batch(std::uint32_t s);
  [[nodiscard]] QueueRule kept(std::uint32_t s) const noexcept {
    return R::kPlain ? QueueRule::kFifo : kept_by(p_.stations[s]);
  }
  [[nodiscard]] static bool is_open(const MachineState& machine) noexcept { return R::kPlain || machine.open; }
  [[nodiscard]] std::uint64_t hash_of(const Lot& lot) const noexcept {
    return R::kPlain ? p_.sources[lot.source].hash : hash_of_source(p_, lot.source);
  }
  /// Stream of the draws that lots of a source make at a step.
  [[nodiscard]] std::uint64_t stream_of(const Lot& lot, Purpose purpose) const noexcept {
    return draw_stream(hash_of(lot) + p_.steps[lot.step].hash, purpose);
  }
  /// Every lot comes into a queue by this, and out of it by queue_out().
  [[gnu::always_inline]] inline void queue_in(std::uint32_t s, std::uint32_t l) {
    queue_push(s_, s, kept(s), l);
    if (!R::kPlain && p_.stations[s].scanned) [[unlikely]]
      rank_in(s, l);
  }
  [[gnu::always_inline]] inline void queue_out(std::uint32_t s, std::uint32_t l) {
    queue_remove(s_, s, kept(s), l);
    if (!R::kPlain && p_.stations[s].scanned) [[unlikely]]
      rank_out(s, l);
  }
  [[gnu::always_inline]] inline void take_out(std::uint32_t s, std::uint32_t l);
  [[gnu::noinline]] void batch_event(std::uint32_t s);
  [[nodiscard]] std::uint32_t saturating_source(std::uint32_t station, std::uint32_t m) const noexcept;
  [[gnu::noinline]] void take_from_supply(std::uint32_t m, std::uint32_t source);
  [[nodiscard]] bool has_room(std::uint32_t s) const noexcept;
  [[nodiscard]] bool may_go(std::uint32_t c, const Lot& lot);
  void admit(std::uint32_t s) {
    if (s_.stations[s].blocked_head != kNone) admit_blocked(s);
  }
  [[gnu::noinline]] void admit_blocked(std::uint32_t s);
  [[gnu::noinline]] void route(std::uint32_t l);
  [[gnu::always_inline]] inline void wait_for_room(std::uint32_t l, std::uint32_t s);
  [[gnu::always_inline]] inline void go(std::uint32_t l);
  [[gnu::noinline]] void lot_event(std::uint32_t l);
  void come(std::uint32_t l);
  [[gnu::noinline]] void lose_patience(std::uint32_t l);
  [[gnu::always_inline]] inline void leave_machine(Lot& lot);
  [[gnu::always_inline]] inline void enter(std::uint32_t l);
  [[gnu::noinline]] void part(std::uint32_t l);
  [[gnu::noinline]] void join(std::uint32_t l, bool scrapped);
  [[gnu::always_inline]] inline void finish(std::uint32_t m);
  [[gnu::always_inline]] inline void finish_lot(std::uint32_t m, std::uint32_t l);
  [[gnu::always_inline]] inline void move_on(std::uint32_t l, std::uint32_t target);
  [[nodiscard]] const BranchData& branch_of(const StepData& step, const Lot& lot) const noexcept;
  [[gnu::always_inline]] inline std::uint32_t make_lot(std::uint32_t source, std::uint64_t serial, Tick due,
                                                       std::int32_t priority);
  [[nodiscard]] std::int32_t priority_of(const SourceData& source) const noexcept {
    return p_.products[source.product.value].priority;
  }
  [[nodiscard]] Tick due_of(const SourceData& source, std::uint64_t serial) const noexcept {
    const Tick after = source.due_after;
    if (after >= kNever) return kNever;
    return after >= 0 ? s_.now + after : drawn_due(source.product, source.hash, serial, s_.now);
  }
  [[gnu::always_inline]] inline void release_from_source(std::uint32_t i);
  [[gnu::always_inline]] inline void arrival_event(std::uint32_t i);
  [[gnu::noinline]] void release_several(std::uint32_t i);
  [[gnu::noinline]] bool is_lost(std::uint32_t i);
  [[gnu::always_inline]] inline void schedule_arrival(std::uint32_t i);
  [[gnu::noinline]] void release_orders();

  // engine_orders
  [[gnu::noinline]] void change_event();
  [[gnu::noinline]] void leave_cancelled(std::uint32_t l);
  [[nodiscard]] std::vector<std::uint32_t> lots_of_order(std::uint32_t o) const;
  template <class Call>
  void each_part(std::uint32_t l, Call&& call);
  void cancel_lot(std::uint32_t l, std::vector<std::uint32_t>& left);
  void sort_in(std::uint32_t l);
  void move_lots(std::uint32_t from, std::uint32_t to, std::uint64_t lots);
  [[gnu::noinline]] void leave_plant(std::uint32_t l, bool scrapped);

  // engine_routes
  struct Claim {
    std::uint32_t lot = kNone, choice = kNone, step = kNone;
  };
  static constexpr std::uint32_t kNewcomer = UINT32_MAX;
  [[nodiscard]] Claim claim_of(std::uint32_t claim) const noexcept {
    if (claim == kNewcomer) return newcomer_;
    if (p_.holds_back && s_.more[claim].decided && s_.lots[claim].place == Place::kMachine)
      return {claim, s_.more[claim].follows_choice, s_.more[claim].follows};
    return {claim, s_.lots[claim].choice, s_.lots[claim].step};
  }
  [[nodiscard, gnu::noinline]] std::uint32_t idle_for(std::uint32_t s, std::uint32_t l);
  void find_claims(std::uint32_t s);
  bool give_machine(std::uint32_t s, std::uint32_t claim, std::uint32_t without);
  [[nodiscard]] std::uint32_t unmet_claims(std::uint32_t s, std::uint32_t without);
  [[nodiscard]] std::uint32_t free_places(std::uint32_t s) const noexcept;
  [[nodiscard]] bool has_room_for(std::uint32_t s, std::uint32_t c, std::uint32_t l, std::uint32_t step);
  [[nodiscard, gnu::noinline]] bool is_kept(std::uint32_t m);
  [[nodiscard, gnu::noinline]] bool may_go_among(std::uint32_t c, const Lot& lot, std::uint32_t l);
  [[gnu::noinline]] void admit_among(std::uint32_t s);
  [[nodiscard]] bool takes_step(const Lot& lot);
  [[gnu::noinline]] bool divert(std::uint32_t l);
  [[gnu::noinline]] void remember(std::uint32_t l, std::uint32_t m);
  [[nodiscard, gnu::noinline]] std::uint32_t send_back(std::uint32_t l, const StepData& step, std::uint32_t target);
  [[gnu::noinline]] bool comes_too_late(std::uint32_t l);
  void leave_overdue(std::uint32_t l);
  [[nodiscard]] DistributionId teardown_of(std::uint32_t station, std::uint32_t from, std::uint32_t to) const noexcept;
  /// What distributes the setup under way, or the tear-down.
  [[nodiscard]] DistributionId setup_under_way(std::uint32_t m) const noexcept;
  [[gnu::noinline]] bool begin_teardown(std::uint32_t m);
  [[gnu::noinline]] void count_run(std::uint32_t m);
  [[nodiscard]] bool stays_with_kind(std::uint32_t m) const noexcept;
  [[gnu::noinline]] void look_for_deadlock(std::uint32_t lot, std::uint32_t machine);

  // engine_starts
  [[nodiscard]] std::uint32_t target_of(const Lot& lot, bool& rework) const noexcept;
  [[nodiscard]] bool decide(std::uint32_t m, std::uint32_t l);
  std::uint32_t give_up(std::uint32_t m, std::uint32_t l);
  [[nodiscard]] bool decide_all(std::uint32_t m, const std::vector<std::uint32_t>& lots);
  [[gnu::noinline]] bool hold_back(std::uint32_t m);
  [[gnu::noinline]] void hold(std::uint32_t m);
  [[gnu::noinline]] bool ask_held();
  [[nodiscard]] bool ask_each_held();
  [[gnu::noinline]] void look_at_held();
  [[gnu::noinline]] void go_as_decided(std::uint32_t m, std::uint32_t l);
  [[nodiscard]] static Tick next_cycle(Tick cycle, Tick from) noexcept {
    const Tick over = from % cycle;
    return over == 0 ? from : from - over + (over > 0 ? cycle : 0);
  }
  [[nodiscard]] bool is_beginning(std::uint32_t s) const noexcept;
  void schedule_cycle(std::uint32_t s, Tick from);
  [[gnu::noinline]] void cycle_event(std::uint32_t s);
  [[nodiscard]] bool wants_cycle(std::uint32_t m) const noexcept;
  void begin_cycle(std::uint32_t m);
  [[gnu::noinline]] void align(std::uint32_t m);

  // engine_polling
  [[gnu::noinline]] void poll(std::uint32_t m);
  void arrive_at_kind(std::uint32_t m, std::uint32_t kind);
  [[nodiscard]] std::uint32_t pick_polled(std::uint32_t m) const;
  void roam(std::uint32_t m);
  [[gnu::noinline]] void run_roaming(std::uint32_t m);
  [[gnu::noinline]] void end_roaming(std::uint32_t m);
  void redraw_roaming(std::uint32_t m, bool was_running);
  [[nodiscard]] std::uint64_t change_stream(std::uint32_t m) const noexcept {
    return draw_stream(p_.machines[m].hash, Purpose::kSetup);
  }
  [[nodiscard]] bool polls(std::uint32_t s) const noexcept { return p_.stations[s].polling.serve != Serve::kAny; }

  // engine_preempt
  [[gnu::noinline]] bool try_to_preempt(std::uint32_t s, std::uint32_t l);
  void preempt_changed();
  [[nodiscard]] bool yields(std::uint32_t m) const noexcept;
  void preempt(std::uint32_t m);
  [[gnu::noinline]] void take_up(std::uint32_t m, std::uint32_t l);
  [[gnu::noinline]] void redraw_preempted(std::uint32_t l);
  // engine_transport
  [[gnu::noinline]] void depart(std::uint32_t l);
  [[gnu::noinline]] void carrier_event(std::uint32_t slot);
  [[gnu::noinline]] void admit_carried(std::uint32_t l);
  void belt_event(std::uint32_t slot);
  [[nodiscard]] Tick belt_clock(const BeltState& belt) const noexcept {
    return belt.clock + (belt.stands ? 0 : s_.now - belt.since);
  }
  [[nodiscard]] Tick until_entry(std::uint32_t b) const noexcept;
  [[nodiscard]] bool takes_now(std::uint32_t b) const noexcept;
  [[nodiscard]] bool is_open(std::uint32_t b) const noexcept;
  void board(std::uint32_t l);
  void get_off(std::uint32_t l);
  void admit_to_belt(std::uint32_t b);
  void wait_for_belt(std::uint32_t l);
  [[nodiscard]] std::uint32_t node_of(std::uint32_t station) const noexcept { return p_.data.station_node[station]; }
  [[nodiscard]] std::int64_t way_between(std::uint32_t from, std::uint32_t to) const noexcept {
    return p_.data.distance[from * p_.data.node_names.size() + to];
  }
  [[nodiscard]] std::uint32_t edge_towards(std::uint32_t from, std::uint32_t to) const noexcept {
    return p_.data.next_edge[from * p_.data.node_names.size() + to];
  }
  [[nodiscard]] std::uint32_t track_of(std::uint32_t edge) const noexcept {
    return edge == kNone ? kNone : p_.data.edges[edge].track;
  }
  [[nodiscard]] bool is_called(std::uint32_t l) const noexcept { return s_.carries_more && s_.more[l].called; }
  void call_vehicle(std::uint32_t l);
  [[nodiscard]] bool is_available(std::uint32_t v) const noexcept;
  [[nodiscard]] std::uint32_t vehicle_for(std::uint32_t l) const noexcept;
  [[nodiscard]] std::size_t call_for(std::uint32_t v) const;
  void assign(std::uint32_t v, std::uint32_t l);
  void book_vehicle(std::uint32_t v);
  void arrive(std::uint32_t v);
  void hold(std::uint32_t v, Tick span);
  void leave_track(std::uint32_t track);
  void look_for_jam(std::uint32_t v);
  void vehicle_event(std::uint32_t v);
  void redraw_vehicle(std::uint32_t v);
  /// Stream of the draws of a lot's unloading; its loading has the step's own.
  [[nodiscard]] std::uint64_t unload_stream(const Lot& lot) const noexcept {
    return draw_stream(step_stream(p_, lot, Purpose::kTransport), Purpose::kTransport);
  }
  /// Where a blocked lot waits for room: a station, or, above the count of these, a belt.
  [[nodiscard]] std::uint32_t waits_at(std::uint32_t l) const noexcept {
    const Lot& lot = s_.lots[l];
    const StepData& step = p_.steps[lot.step];
    return step.way == Way::kBelt && lot.place != Place::kBelt
               ? static_cast<std::uint32_t>(p_.stations.size()) + step.carrier
               : p_.choices[lot.choice].station.value;
  }

  // engine_dispatch
  [[nodiscard, gnu::always_inline]] inline std::uint32_t choose(const Lot& lot);
  [[nodiscard]] bool open_choice(std::uint32_t c, const Lot& lot) { return may_go(c, lot); }
  [[nodiscard]] double choice_score(const StepData& step, std::uint32_t c, const Lot& lot) const;
  [[nodiscard]] double least_setup(std::uint32_t c, const Lot& lot) const;
  [[nodiscard]] double expected_cost(std::uint32_t c, const Lot& lot) const;
  [[nodiscard]] double expected_work(std::uint32_t choice) const;
  [[nodiscard]] double expected_left(std::uint32_t m) const;
  void plan_ahead();
  [[nodiscard]] double work_left(const Lot& lot) const noexcept {
    return route_.work[lot.choice] + route_.work_after[lot.step];
  }
  [[nodiscard]] double expected_setup(std::uint32_t m, const Lot& lot) const noexcept;
  [[nodiscard]] Expression::Values values_of(const Lot& lot, double setup, double queued) const noexcept;
  [[nodiscard]] double index_of(std::uint32_t m, const Lot& lot, double mean_work) const noexcept;
  [[nodiscard, gnu::noinline]] std::uint32_t pick(std::uint32_t m);
  [[nodiscard]] double mean_work(std::uint32_t s) const noexcept;
  [[nodiscard]] RankOf rank_of(const StationData& station, const Lot& lot) const noexcept;
  [[gnu::noinline]] void rank_in(std::uint32_t s, std::uint32_t l);
  [[gnu::noinline]] void rank_out(std::uint32_t s, std::uint32_t l);
  void rank_all(std::uint32_t s);
  [[nodiscard]] std::uint32_t first_ranked(std::uint32_t m) const;
  void pick_batch(std::uint32_t m);

  // engine_redraw
  [[nodiscard]] Tick draw_left(DistributionId id, std::uint64_t stream, std::uint64_t index, Tick age,
                               double speed = 1) const noexcept;
  void redraw_machine(std::uint32_t m);
  Tick believed_left(std::uint32_t m, Tick age, double u);
  [[nodiscard]] static double level_of(const Belief& belief, Tick span) noexcept;
  [[nodiscard]] static Tick value_at(const Belief& belief, double level) noexcept;
  void redraw_apart(std::uint32_t f);
  void redraw_lot(std::uint32_t l);
  void redraw_pool(std::uint32_t p);

  const std::conditional_t<R::kPlain, PlainView, PlantView> p_;
  const Parameters& q_;
  State& s_;
  R r_;
  Slots slots_;
  std::vector<std::uint32_t> freed_;  ///< machines that let go of their lot in this event: the first of these
  std::size_t freed_count_ = 0;
  std::uint32_t last_loaded_ = kNone;      ///< the last lot of the batch that is being loaded
  std::vector<std::uint32_t> saturating_;  ///< sources that always have a lot at hand
  std::vector<std::uint8_t> may_lose_;     ///< by source: its lots are lost where they find no room
  DrawAhead services_, arrivals_;          ///< by step and by source
  DigestsBehind digests_;                  ///< of operations that are not in State::history yet
  std::vector<std::uint32_t> keepers_;     ///< sources whose material has been taken in this event; above their count:
                                           ///< pools that may have to be ordered
  std::vector<std::uint32_t> claims_;      ///< scratch: lots on their way to a station
  std::vector<std::vector<std::uint32_t>> given_;  ///< scratch: by machine of the station, the claims that it meets
  std::vector<bool> seen_;                         ///< scratch: machines that have been asked
  Claim newcomer_;                                 ///< scratch: the lot for which room is looked for
  bool pools_freed_ = false;                       ///< someone in the line for pools may go on
  RouteWork route_;                                ///< only where a rule plans ahead
  std::vector<Tick> work_ticks_;                   ///< by choice: the work of `route_`, to be summed
  double longest_ = 0, shortest_ = 0;              ///< of the work with what follows, and alone
  Ranks ranks_;                                    ///< queues that are long and looked through
  std::vector<std::pair<double, std::uint32_t>> picked_;  ///< scratch: lots by their index
  std::vector<std::uint32_t> held_;                       ///< machines in Phase::kHeld, longest first
  std::vector<std::uint32_t> loaded_;                     ///< scratch: lots of a batch
  bool newly_held_ = false;                               ///< some were held back in this event
  bool asking_ = false;                                   ///< those held back are asked once more
  bool beginning_ = false;                                ///< cycles begin: all else of this instant has happened
  std::string deadlock_;
};

template <class R>
Engine<R>::Engine(const PlantData& plant, const Parameters& parameters, State& state, R recorder)
    : p_(plant),
      q_(parameters),
      s_(state),
      r_(recorder),
      slots_(plant),
      freed_(16),
      services_(plant.steps.size()),
      arrivals_(plant.sources.size()),
      ranks_(plant.plans_ahead ? plant.stations.size() : 0) {
  may_lose_.resize(plant.sources.size());
  for (std::uint32_t i = 0; i < plant.sources.size(); ++i) {
    const SourceData& source = plant.sources[i];
    if (source.kind == SourceKind::kSaturate) saturating_.push_back(i);
    const StepData& first = plant.steps[plant.products[source.product.value].first_step];
    bool loses = source.kind == SourceKind::kRenewal && first.choice_count > 0 && !first.optional();
    for (std::uint32_t c = first.first_choice; c < first.first_choice + first.choice_count; ++c)
      loses = loses && plant.stations[plant.choices[c].station.value].lose_when_full;
    may_lose_[i] = loses;
  }
  if (plant.plans_ahead) plan_ahead();
  find_held();
}

template <class R>
bool Engine<R>::run_events(const Until& until) {
  std::uint64_t polled = 0;
  for (;;) {
    const kernel::Event* const next = s_.queue.first();
    if (next == nullptr || next->time > until.time) break;
    if (until.orders_done && s_.open_orders == 0) return true;
    if ((++polled & 0xfffU) == 0 && until.cancel != nullptr && until.cancel->load(std::memory_order_relaxed))
      return false;
    s_.now = next->time;
    ++s_.events;
    const std::uint32_t slot = next->slot;
    s_.queue.drop_first();
    handle(slot);
    if (!R::kPlain && !deadlock_.empty()) {
      s_.queue.settle();
      return true;
    }
  }
  s_.queue.settle();
  if (until.orders_done && s_.open_orders == 0) return true;
  if (until.time < kNever) s_.now = until.time;
  return true;
}

template <class R>
void Engine<R>::begin() {
  for (std::uint32_t m = 0; m < p_.machines.size(); ++m) begin_machine(m);
  for (std::uint32_t f = 0; f < p_.modes.size(); ++f) begin_mode(f);
  for (std::uint32_t c = 0; c < p_.calendars.size(); ++c) schedule_calendar(c);
  for (std::uint32_t i = 0; i < p_.pools.size(); ++i) begin_pool(i);
  for (std::uint32_t b = 0; b < p_.belts.size(); ++b) begin_belt(b);
  for (std::uint32_t v = 0; v < s_.vehicles.size(); ++v) begin_vehicle(v);
  for (std::uint32_t i = 0; i < p_.sources.size(); ++i) begin_source(i);
  schedule_orders();
  schedule_changes();
  begin_reviews();
  settle();
}

template <class R>
void Engine<R>::settle() {
  pools_freed_ = !s_.waiting.empty();
  for (std::uint32_t m = 0; m < s_.machines.size(); ++m)
    if (s_.machines[m].condition == Condition::kStarved) {
      --s_.stations[station_of(m)].idle;  // on the list of freed ones instead
      s_.machines[m].condition = Condition::kWorking;
      account(m, Condition::kStarved);
      free_machine(m);
    }
  resolve();
  for (std::uint32_t s = 0; s < s_.stations.size(); ++s) admit(s);
  for (std::uint32_t b = 0; b < s_.belts.size(); ++b) admit_to_belt(b);
  resolve();
}

template <class R>
void Engine<R>::handle(std::uint32_t slot) {
  if (slot < slots_.modes) {
    machine_event(slot);
  } else if (slot >= slots_.sources && slot < slots_.calendars) {
    arrival_event(slot - slots_.sources);
  } else if (slot >= slots_.lots) {
    lot_event(slot - slots_.lots);
  } else if (slot >= slots_.change) {
    change_event();
  } else if (slot >= slots_.order) {
    release_orders();
  } else if (slot >= slots_.belts) {
    carrier_event(slot);
  } else if (slot >= slots_.units) {
    unit_event(slot - slots_.units);
  } else if (slot >= slots_.reviews) {
    review_event(slot - slots_.reviews);
  } else if (slot >= slots_.cycles) {
    cycle_event(slot - slots_.cycles);
  } else if (slot >= slots_.stations) {
    batch_event(slot - slots_.stations);
  } else if (slot >= slots_.pools) {
    supply_event(slot - slots_.pools);
  } else if (slot >= slots_.calendars) {
    calendar_event(slot - slots_.calendars);
  } else {
    clock_failure_event(slot - slots_.modes);
  }
  resolve();
}

}  // namespace twin::detail

#include "engine_care_impl.hpp"
#include "engine_carriers_impl.hpp"
#include "engine_dispatch_impl.hpp"
#include "engine_lots_impl.hpp"
#include "engine_machines_impl.hpp"
#include "engine_orders_impl.hpp"
#include "engine_polling_impl.hpp"
#include "engine_preempt_impl.hpp"
#include "engine_redraw_impl.hpp"
#include "engine_routes_impl.hpp"
#include "engine_starts_impl.hpp"
#include "engine_supply_impl.hpp"
#include "engine_transport_impl.hpp"
#include "engine_units_impl.hpp"
