#include "twin/sync/twin.hpp"

#include <algorithm>
#include <map>

#include "twin/base/error.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::sync {
namespace {

/// Builds the facts of one instant from operations and the sheet.
class Stand {
 public:
  Stand(const Plant& plant, const std::vector<Operation>& operations, const ProgressProfiles& profiles, Tick until,
        Seed seed, bool use_progress)
      : plant_(plant), p_(plant.data()), operations_(operations), profiles_(profiles), use_progress_(use_progress) {
    facts_.now = tick(until);
    facts_.seed = seed;
    facts_.orders.resize(p_.orders.size());
    facts_.machines.resize(p_.machines.size());
    for (std::uint32_t o = 0; o < p_.orders.size(); ++o)
      for (std::uint32_t i = 0; i < p_.orders[o].quantity; ++i)
        lots_.emplace(lot_name(p_, static_cast<std::uint32_t>(p_.sources.size()) + o, i), Where{o, i});
  }

  Facts run() {
    for (MachineFact& machine : facts_.machines) machine.free_since = -kNever;
    for (const Operation& op : operations_) take(op);
    for (std::uint32_t o = 0; o < p_.orders.size(); ++o) {
      OrderState& order = facts_.orders[o];
      if (p_.orders[o].release <= facts_.now) order.released = p_.orders[o].quantity;
    }
    for (const auto& [name, lot] : lots_)
      if (lot.seen) facts_.orders[lot.order].released = p_.orders[lot.order].quantity;
    find_holders();
    for (const auto& [name, lot] : lots_)
      if (facts_.orders[lot.order].released > 0) place(lot);
    return std::move(facts_);
  }
  [[nodiscard]] std::vector<Contradiction>& contradictions() noexcept { return contradictions_; }

 private:
  struct Where {
    Where(std::uint32_t order_index, std::uint32_t serial_in_order) : order(order_index), serial(serial_in_order) {}
    std::uint32_t order, serial;
    std::uint32_t done = 0;  ///< steps done or passed over
    std::uint32_t round = 0;
    Tick ready = 0;  ///< end of the last operation
    const Operation* work = nullptr;
    StepOf at;
    bool seen = false;
  };

  [[nodiscard]] Tick tick(Tick unix_ns) const noexcept { return plant_.ticks(WallTime{Duration{unix_ns}}); }
  void note(const Operation& op, std::string what) {
    contradictions_.push_back({op.part, op.operation, op.machine, op.start, std::move(what)});
  }

  /// Operations come in order of their start.
  void take(const Operation& op) {
    const StepOf at = find_step(p_, op);
    if (at.machine.valid() && op.outcome != Outcome::kInProgress) {
      MachineFact& machine = facts_.machines[at.machine.value];
      if (tick(op.end) >= machine.free_since) machine = {.free_since = tick(op.end), .last_step = at.step};
    }
    const auto found = lots_.find(op.part);
    if (found == lots_.end()) return note(op, "no order has this part; passed by");
    Where& lot = found->second;
    if (!at.step.valid() || p_.steps[at.step.value].product != p_.orders[lot.order].product)
      return note(op, "the route of the part has no such operation; passed by");
    if (at.choice == kNone) note(op, "the sheet does not do this operation on this machine");
    const std::uint32_t index = at.step.value - p_.products[p_.orders[lot.order].product.value].first_step;
    if (index > lot.done) note(op, "an earlier operation was not seen; taken as done");
    if (index < lot.done) {
      ++lot.round;
      note(op, "done again");
    }
    if (lot.work != nullptr) note(*lot.work, "the part went on without a completion; taken as done");
    lot.seen = true;
    lot.work = nullptr;
    lot.at = at;
    if (op.outcome == Outcome::kInProgress) {
      lot.done = index;
      lot.work = &op;
    } else {
      if (op.outcome == Outcome::kNoCompletion) note(op, "no completion was seen; taken as done");
      lot.done = index + 1;
      lot.ready = tick(op.end);
    }
  }
  /// One part a machine: where logs have two in progress, the one that started last is on it.
  void find_holders() {
    for (const auto& [name, lot] : lots_) {
      if (lot.work == nullptr || lot.at.choice == kNone) continue;
      const Where*& holder = holders_[lot.at.machine.value];
      const Where* loser = nullptr;
      if (holder == nullptr || holder->work->start < lot.work->start) {
        loser = holder;
        holder = &lot;
      } else {
        loser = &lot;
      }
      if (loser != nullptr) note(*loser->work, "its machine went on to another part; taken as waiting");
    }
  }

  void place(const Where& lot) {
    const OrderData& order = p_.orders[lot.order];
    OrderState& state = facts_.orders[lot.order];
    const ProductData& product = p_.products[order.product.value];
    if (lot.done >= product.step_count) {
      ++state.finished;
      state.finish = std::max(state.finish, lot.ready);
      return;
    }
    LotFact fact;
    fact.order = OrderId{lot.order};
    fact.serial = lot.serial;
    fact.step = StepId{product.first_step + lot.done};
    fact.round = lot.round;
    fact.ready = lot.seen && lot.done > 0 ? lot.ready : std::min(order.release, facts_.now);
    if (const auto holder = holders_.find(lot.at.machine.value); holder != holders_.end() && holder->second == &lot)
      put_on_machine(lot, fact);
    facts_.lots.push_back(fact);
  }
  void put_on_machine(const Where& lot, LotFact& fact) const {
    const Operation& op = *lot.work;
    fact.machine = lot.at.machine;
    fact.started = tick(op.start);
    fact.worked = op.processing_time();
    if (op.activity == Activity::kInterrupted || op.activity == Activity::kStalled)
      fact.stands_since = std::min(tick(op.activity_since), facts_.now);
    if (use_progress_) fact.left = left_by_progress(profiles_, op);
  }

  const Plant& plant_;
  const PlantData& p_;
  const std::vector<Operation>& operations_;
  const ProgressProfiles& profiles_;
  bool use_progress_;
  Facts facts_;
  std::map<std::string, Where> lots_;
  std::map<std::uint32_t, const Where*> holders_;  ///< by machine
  std::vector<Contradiction> contradictions_;
};

}  // namespace

void Twin::observe(std::vector<JobLog> logs) {
  for (JobLog& log : logs) logs_.push_back(std::move(log));
}

Period Twin::period() const noexcept {
  Period period;
  for (const JobLog& log : logs_) {
    if (log.log.observations.empty()) continue;
    const Tick first = log.log.observations.front().time;
    period.first = period.first == 0 ? first : std::min(period.first, first);
    period.last = std::max(period.last, log.log.observations.back().time);
  }
  return period;
}

std::vector<Operation> Twin::operations(std::optional<Tick> until, const std::atomic<bool>* cancel) const {
  return infer_operations(logs_, rules_, {.until = until, .cancel = cancel});
}

Learned Twin::learned(Tick until, const LearnOptions& options) const {
  return learn(sheet_, operations(until, options.cancel), until, options);
}

Standing Twin::at(Tick until, const StandOptions& options) const {
  const Tick epoch = sheet_.data().epoch.time_since_epoch().count();
  if (until / 2 - epoch / 2 > kNever / 4 || epoch / 2 - until / 2 > kNever / 4)
    throw InvalidArgument("Twin::at: " + format_wall_time(WallTime{Duration{until}}) + " lies too far from " +
                          format_wall_time(sheet_.data().epoch) + ", the epoch of the sheet; allowed: within 73 years");
  LearnOptions learning = options.learn;
  if (options.cancel != nullptr) learning.cancel = options.cancel;
  std::vector<Operation> known = operations(until, learning.cancel);
  Plant plant = learn(sheet_, known, until, learning).plant;
  const ProgressProfiles profiles = options.use_progress ? learn_progress(known) : ProgressProfiles{};
  study::check_cancelled(learning.cancel, "Twin::at");
  Stand stand(plant, known, profiles, until, options.seed, options.use_progress);
  State state = assemble(plant, plant.parameters(), stand.run());
  std::vector<Contradiction> contradictions = std::move(stand.contradictions());
  return {.plant = std::move(plant),
          .state = std::move(state),
          .operations = std::move(known),
          .contradictions = std::move(contradictions)};
}

std::optional<std::array<Tick, kBeliefLevels.size()>> left_by_progress(const ProgressProfiles& profiles,
                                                                       const Operation& operation) {
  const auto profile = profiles.find({operation.product, operation.operation, operation.machine});
  if (profile == profiles.end() || profile->second.size() == 0) return {};
  ProgressOptions options;
  options.probabilities.assign(kBeliefLevels.begin(), kBeliefLevels.end());
  options.probabilities.front() = 0.002;  // where the lines between quantiles begin and end
  options.probabilities.back() = 0.998;
  const Remaining remaining = profile->second.remaining(operation, options);
  if (!remaining.by_block) return {};
  std::array<Tick, kBeliefLevels.size()> left{};
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = ticks_from_seconds(std::max(0.0, remaining.processing_s[i]));
  return left;
}

}  // namespace twin::sync
