/// Who is next: queue rules, batches, and the choice among stations. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

/// Doubles as integers in the same order; what is no number comes last.
inline std::int64_t ordered(double value) noexcept {
  if (std::isnan(value)) return INT64_MAX;
  const auto bits = std::bit_cast<std::int64_t>(value + 0.0);  // one zero
  return bits ^ ((bits >> 63) & INT64_MAX);
}

template <class R>
std::int64_t Engine<R>::queue_key(const StationData& station, const Lot& lot) noexcept {
  switch (station.rule) {
    case QueueRule::kSpt:
      return ticks_from_seconds(q_.mean(p_.choices[lot.choice].time));
    case QueueRule::kLpt:
      return -ticks_from_seconds(q_.mean(p_.choices[lot.choice].time));
    case QueueRule::kSptKnown:
      return processing_time(station.first_machine, lot);
    case QueueRule::kEdd:
      return lot.due;
    case QueueRule::kPriority:
      if (station.priority_table != kNone)
        return -std::int64_t{
            p_.product_priority[station.priority_table * p_.products.size() + p_.steps[lot.step].product.value]};
      return -std::int64_t{lot.priority};
    case QueueRule::kSlack:
      return lot.due == kNever ? kNever : lot.due - ticks_from_seconds(work_left(lot));
    case QueueRule::kMwkr:
      return ordered(-work_left(lot));
    case QueueRule::kLwkr:
      return ordered(work_left(lot));
    case QueueRule::kMopnr:
      return ordered(-steps_after_[lot.step]);
    case QueueRule::kFddMwkr: {
      const double whole = work_after_[p_.products[p_.steps[lot.step].product.value].first_step] +
                           work_[p_.steps[p_.products[p_.steps[lot.step].product.value].first_step].first_choice];
      const double flow_due = seconds_from_ticks(lot.release) + std::max(0.0, whole - work_after_[lot.step]);
      return ordered(flow_due / work_left(lot));
    }
    case QueueRule::kExpression: {
      const Expression& expression = p_.expressions[station.expression];
      return expression.is_dynamic() ? 0 : ordered(expression.evaluate(values_of(lot, 0, 0)));
    }
    case QueueRule::kAtc: {  // the part that stays: log(w / p)
      const double weight = lot.priority > 0 ? lot.priority : 1;
      return std::bit_cast<std::int64_t>(math::log(weight / work_[lot.choice]));
    }
    default:
      return 0;
  }
}

/// Expected work per choice and after each step, from the means of the parameters.
template <class R>
void Engine<R>::plan_ahead() {
  work_.resize(p_.choices.size());
  work_ticks_.resize(p_.choices.size());
  shortest_ = math::kInfinity;
  for (std::uint32_t c = 0; c < p_.choices.size(); ++c) {
    work_[c] = q_.mean(p_.choices[c].time);
    work_ticks_[c] = ticks_from_seconds(work_[c]);
    shortest_ = std::min(shortest_, work_[c]);
  }
  work_after_.assign(p_.steps.size(), 0);
  steps_after_.assign(p_.steps.size(), 0);
  const auto own = [&](std::uint32_t step) {
    const StepData& data = p_.steps[step];
    double sum = 0;
    for (std::uint32_t c = data.first_choice; c < data.first_choice + data.choice_count; ++c) sum += work_[c];
    return data.choice_count > 0 ? sum / data.choice_count : 0;
  };
  std::vector<double> come_work(p_.steps.size()), come_steps(p_.steps.size());  // from a step on, that included
  const auto operations = [&](std::uint32_t step) { return p_.steps[step].choice_count > 0 ? 1.0 : 0.0; };
  // What follows a step, past the joins of the branches it is in.
  const auto past_joins = [&](std::uint32_t step, std::uint32_t target) {
    while (target == BranchData::kJoin) {
      step = p_.steps[step].within;
      target = p_.steps[step].next;
    }
    return target;
  };
  // A lot that is sent back from a step at most n times is so p + p^2 + ... + p^n times: as if with a smaller p.
  const auto rework_share = [&](std::uint32_t step) {
    const StepData& data = p_.steps[step];
    double p = 0;
    for (std::uint32_t b = data.first_branch; b < data.first_branch + data.branch_count; ++b)
      if (p_.branches[b].rework) p += q_.branch_probability[b];
    return p;
  };
  const auto within_limit = [&](std::uint32_t step) {
    const double p = rework_share(step);
    const std::uint32_t limit = p_.steps[step].rework_limit;
    if (limit == UINT32_MAX || !(p > 0)) return 1.0;
    double times = 0;
    double share = 1;
    for (std::uint32_t n = 0; n < std::min(limit, 10'000U); ++n) times += share *= p;
    return times / (1 + times) / p;
  };
  const auto beyond_limit = [&](std::uint32_t step) { return rework_share(step) * (1 - within_limit(step)); };
  // What follows a step depends on later steps, and on earlier ones through rework: swept until it stands still.
  constexpr int kSweeps = 1000;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double change = 0;
    for (std::uint32_t step = static_cast<std::uint32_t>(p_.steps.size()); step-- > 0;) {
      const StepData& data = p_.steps[step];
      double work = 0;
      double steps = 0;
      const auto follow = [&](std::uint32_t target, double share) {
        target = past_joins(step, target);
        if (target >= BranchData::kJoin) return;
        work += share * come_work[target];
        steps += share * come_steps[target];
      };
      if (data.choice_count == 0) {  // parting: all branches, each with what follows them, which counts once
        const std::uint32_t next = past_joins(step, data.next);
        const double after_work = next < BranchData::kJoin ? come_work[next] : 0;
        const double after_steps = next < BranchData::kJoin ? come_steps[next] : 0;
        for (std::uint32_t i = data.first_fork; i < data.first_fork + data.fork_count; ++i) {
          work += come_work[p_.forks[i]] - after_work;
          steps += come_steps[p_.forks[i]] - after_steps;
        }
        work += after_work;
        steps += after_steps;
      } else if (data.branch_count == 0) {
        follow(data.next, 1);
      } else {
        for (std::uint32_t b = data.first_branch; b < data.first_branch + data.branch_count; ++b)
          follow(p_.branches[b].target, q_.branch_probability[b] * (p_.branches[b].rework ? within_limit(step) : 1));
        if (data.rework_limit != UINT32_MAX) follow(data.beyond, beyond_limit(step));
      }
      work =
          std::max(work, 0.0);  // where several branches of one parting may scrap, what follows is taken off too often
      steps = std::max(steps, 0.0);
      change = std::max(change, std::fabs(work - work_after_[step]) + std::fabs(steps - steps_after_[step]));
      work_after_[step] = work;
      steps_after_[step] = steps;
      const double taken = data.sample != kNone ? 1.0 / data.sample_every : data.only;
      const std::uint32_t next = data.optional() ? past_joins(step, data.next) : BranchData::kLeave;
      const bool more = next < BranchData::kJoin;
      come_work[step] = taken * (own(step) + work) + (more ? (1 - taken) * come_work[next] : 0);
      come_steps[step] = taken * (operations(step) + steps) + (more ? (1 - taken) * come_steps[next] : 0);
    }
    if (change < 1e-9) break;
  }
  longest_ = *std::ranges::max_element(work_) + *std::ranges::max_element(work_after_);
}

template <class R>
double Engine<R>::expected_setup(std::uint32_t m, const Lot& lot) const noexcept {
  const MachineState& machine = s_.machines[m];
  const ChoiceData& choice = p_.choices[lot.choice];
  MachineState next;
  next.kind = machine.kind;
  next.changing = machine.last_step != lot.step && choice.changeover.valid();
  const DistributionId setup = setup_of(next, choice);
  const DistributionId teardown = teardown_of(choice.station.value, machine.kind, choice.kind);
  return (setup.valid() ? q_.mean(setup) : 0) + (teardown.valid() ? q_.mean(teardown) : 0);
}
template <class R>
Expression::Values Engine<R>::values_of(const Lot& lot, double setup, double queued) const noexcept {
  return {seconds_from_ticks(s_.now),
          lot.due < kNever ? seconds_from_ticks(lot.due) : math::kInfinity,
          seconds_from_ticks(lot.release),
          seconds_from_ticks(lot.entered),
          work_[lot.choice],
          work_left(lot),
          1 + steps_after_[lot.step],
          setup,
          static_cast<double>(lot.priority),
          queued,
          static_cast<double>(lot.round)};
}
/// How a machine that asks ranks a waiting lot: smaller first. \param mean_work  of the lots that wait
template <class R>
double Engine<R>::index_of(std::uint32_t m, const Lot& lot, double mean_work) const noexcept {
  const StationData& station = p_.stations[station_of(m)];
  const auto due_in = [&] { return lot.due < kNever ? seconds_from_ticks(lot.due - s_.now) : math::kInfinity; };
  switch (station.rule) {
    case QueueRule::kFifo:
      return 0;
    case QueueRule::kLifo:
      return -static_cast<double>(lot.arrival);
    case QueueRule::kCr:
      return due_in() / std::max(work_left(lot), 1e-9);
    case QueueRule::kAtc: {
      const double late = std::max(0.0, due_in() - work_left(lot));
      if (late == math::kInfinity) return late;  // whatever its work
      return (late > 0 ? late / std::max(station.look_ahead * mean_work, 1e-9) : 0) - std::bit_cast<double>(lot.key);
    }
    case QueueRule::kCovert: {
      const double weight = lot.priority > 0 ? lot.priority : 1;
      const double late = std::max(0.0, due_in() - work_left(lot));
      const double urgent = 1 - (late > 0 ? late / std::max(station.look_ahead * work_left(lot), 1e-9) : 0);
      return -weight / std::max(work_[lot.choice], 1e-9) * std::max(0.0, urgent);
    }
    case QueueRule::kMinSetup:
      return expected_setup(m, lot);
    case QueueRule::kCyclic: {
      const std::uint32_t kind = p_.choices[lot.choice].kind;
      const std::uint32_t at = s_.machines[m].kind;
      return at == kNone || kind >= at ? kind - (at == kNone ? 0 : at) : kind + station.kind_count - at;
    }
    case QueueRule::kExpression: {
      const Expression& expression = p_.expressions[station.expression];
      if (!expression.is_dynamic()) return static_cast<double>(lot.key);
      const double setup = expression.asks(Variable::kSetup) ? expected_setup(m, lot) : 0;
      const double value = expression.evaluate(values_of(lot, setup, s_.stations[station_of(m)].queued));
      return std::isnan(value) ? math::kInfinity : value;
    }
    default:
      return static_cast<double>(lot.key);
  }
}
/// The lot a machine takes next from a queue that is looked through; equal ones in order of arrival.
template <class R>
std::uint32_t Engine<R>::pick(std::uint32_t m) {
  const std::uint32_t s = station_of(m);
  const StationState& station = s_.stations[s];
  const bool selective = p_.stations[s].selective;
  const bool stays = stays_with_kind(m);
  if (has_ranks(p_.stations[s].rule) && !selective && !stays && station.queued > Ranks::kFew) {
    if (!ranks_.holds(s) || ranks_.count(s) != station.queued) rank_all(s);
    return first_ranked(m);
  }
  const double mean = p_.stations[s].rule == QueueRule::kAtc ? mean_work(s) : 0;
  for (const bool any : {!stays, true}) {  // where a kind is gone on with, others come when there is none of it
    std::uint32_t best = kNone;
    double least = 0;
    for (std::uint32_t l = station.head; l != kNone; l = s_.lots[l].next) {
      const Lot& lot = s_.lots[l];
      if (selective && !may_do(p_, s_, m, lot.choice, lot.step, l)) continue;
      if (!any && p_.choices[lot.choice].kind != s_.machines[m].kind) continue;
      const double index = index_of(m, lot, mean);
      if (best == kNone || index < least) {
        least = index;
        best = l;
        if (p_.stations[s].rule == QueueRule::kFifo) break;
      }
    }
    if (best != kNone) return best;
  }
  return kNone;
}
/// Of the lots that wait; the same in whatever order they are summed.
template <class R>
double Engine<R>::mean_work(std::uint32_t s) const noexcept {
  Wide sum = 0;
  if (ranks_.holds(s)) {
    sum = ranks_.work(s);
  } else {
    for (std::uint32_t l = s_.stations[s].head; l != kNone; l = s_.lots[l].next) sum += work_ticks_[s_.lots[l].choice];
  }
  return static_cast<double>(sum) * 1e-9 / s_.stations[s].queued;
}

template <class R>
RankOf Engine<R>::rank_of(const StationData& station, const Lot& lot) const noexcept {
  const double due = lot.due < kNever ? seconds_from_ticks(lot.due) : math::kInfinity;
  if (station.rule == QueueRule::kAtc) return {due - work_left(lot), std::bit_cast<double>(lot.key), 0};
  if (station.rule == QueueRule::kCr) return {due, 1 / std::max(work_left(lot), 1e-9), 0};
  const double weight = lot.priority > 0 ? lot.priority : 1;
  return {due - work_left(lot), 1 / std::max(station.look_ahead * work_left(lot), 1e-9),
          weight / std::max(work_[lot.choice], 1e-9)};
}
template <class R>
void Engine<R>::rank_in(std::uint32_t s, std::uint32_t l) {
  if (!ranks_.holds(s)) return;
  const Lot& lot = s_.lots[l];
  ranks_.add(s, l, lot.arrival, rank_of(p_.stations[s], lot), work_ticks_[lot.choice]);
}
template <class R>
void Engine<R>::rank_out(std::uint32_t s, std::uint32_t l) {
  if (ranks_.holds(s)) ranks_.remove(s, l, work_ticks_[s_.lots[l].choice]);
}
template <class R>
void Engine<R>::rank_all(std::uint32_t s) {
  ranks_.begin(s);
  for (std::uint32_t l = s_.stations[s].head; l != kNone; l = s_.lots[l].next) rank_in(s, l);
}
template <class R>
std::uint32_t Engine<R>::first_ranked(std::uint32_t m) const {
  const std::uint32_t s = station_of(m);
  const StationData& data = p_.stations[s];
  const double now = seconds_from_ticks(s_.now);
  const double mean = data.rule == QueueRule::kAtc ? mean_work(s) : 0;
  const double scale = 1 / std::max(data.look_ahead * mean, 1e-9);
  // How far times summed in another order may be apart, and what that makes of a rank.
  const double apart = 1e-9 + 1e-13 * (std::fabs(now) + longest_);
  const double steepest = data.rule == QueueRule::kAtc ? scale
                          : data.rule == QueueRule::kCr
                              ? 1 / std::max(shortest_, 1e-9)
                              : ranks_.most_b(s) * (1 + 1 / std::max(data.look_ahead * shortest_, 1e-9));
  const double error = 1e-9 + apart * steepest;
  return ranks_.first(s, {data.rule, now, scale}, error, [&](std::uint32_t l, double late_from, double a) {
    if (data.rule == QueueRule::kAtc && late_from < now - apart) return 0 - a;  // late in any case
    return index_of(m, s_.lots[l], mean);
  });
}
/// Fills `picked_` with the batch a machine takes next: of the kinds that are enough, or have waited long enough, the
/// one whose best lot is the best. Empty if there is none; then an event is pending for when one has waited.
template <class R>
void Engine<R>::pick_batch(std::uint32_t m) {
  const std::uint32_t s = station_of(m);
  const StationState& station = s_.stations[s];
  const BatchData& batch = p_.stations[s].batch;
  const double mean = p_.stations[s].rule == QueueRule::kAtc ? mean_work(s) : 0;
  picked_.clear();
  const bool selective = p_.stations[s].selective;
  for (std::uint32_t l = station.head; l != kNone; l = s_.lots[l].next)
    if (!selective || may_do(p_, s_, m, s_.lots[l].choice, s_.lots[l].step, l))
      picked_.emplace_back(index_of(m, s_.lots[l], mean), l);
  if (stays_with_kind(m)) {
    const auto other = [&](const auto& entry) {
      return p_.choices[s_.lots[entry.second].choice].kind != s_.machines[m].kind;
    };
    if (!std::ranges::all_of(picked_, other)) std::erase_if(picked_, other);
  }
  std::ranges::stable_sort(picked_, {}, [](const auto& entry) { return entry.first; });
  const auto kind_of = [&](const auto& entry) { return p_.choices[s_.lots[entry.second].choice].kind; };
  Tick patient_until = kNever;
  for (std::size_t leader = 0; leader < picked_.size(); ++leader) {
    const std::uint32_t kind = kind_of(picked_[leader]);
    bool known = false;
    for (std::size_t i = 0; i < leader && !known; ++i) known = kind_of(picked_[i]) == kind;
    if (known) continue;
    std::uint32_t count = 0;
    Tick oldest = kNever;
    for (std::size_t i = leader; i < picked_.size(); ++i)
      if (kind_of(picked_[i]) == kind) {
        ++count;
        oldest = std::min(oldest, s_.lots[picked_[i].second].entered);
      }
    const Tick until = batch.wait < kNever ? oldest + batch.wait : kNever;
    if (count < batch.least && s_.now < until) {
      patient_until = std::min(patient_until, until);
      continue;
    }
    std::erase_if(picked_, [&](const auto& entry) { return kind_of(entry) != kind; });
    if (picked_.size() > batch.most) picked_.resize(batch.most);
    return;
  }
  picked_.clear();
  if (patient_until == kNever) return;
  const std::uint32_t slot = slots_.stations + s;
  if (selective && s_.queue.pending(slot) && s_.queue.time_of(slot) <= patient_until) return;  // for another machine
  s_.queue.reschedule(slot, patient_until, code(Priority::kBatch));
}

/// The alternative a lot takes: among those with room, else among all.
template <class R>
std::uint32_t Engine<R>::choose(const Lot& lot) {
  const StepData& step = p_.steps[lot.step];
  if (step.choice_count == 1) return step.first_choice;
  const std::uint32_t end = step.first_choice + step.choice_count;
  bool any_room = false;
  const auto fits = [&](std::uint32_t c) {
    return step.same_as == kNone || may_choose(p_, s_, c, lot.step, slot_of(lot));
  };
  for (std::uint32_t c = step.first_choice; c < end; ++c) any_room = any_room || (fits(c) && open_choice(c, lot));
  std::uint32_t best = kNone;
  double best_score = 0;
  for (std::uint32_t c = step.first_choice; c < end; ++c) {
    if (!fits(c) || (any_room && !open_choice(c, lot))) continue;
    const double score = choice_score(step, c, lot);
    if (best == kNone || score < best_score) {
      best = c;
      best_score = score;
    }
  }
  return best;
}
template <class R>
double Engine<R>::choice_score(const StepData& step, std::uint32_t c, const Lot& lot) const {
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
      std::uint32_t machines = 0;
      for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m) {
        if (data.selective && !may_do(p_, s_, m, c, lot.step, slot_of(lot))) continue;
        ++machines;
        if (s_.machines[m].lot != kNone && s_.machines[m].lot != slot_of(lot)) busy += s_.machines[m].held;
      }
      return static_cast<double>(station.queued + station.inbound + busy) / machines;
    }
    case ChooseRule::kEarliestFinish: {
      double work = 0;
      double speed = 0;
      std::uint32_t machines = 0;
      bool idle = station.idle > 0 && station.queued == 0;
      if (data.selective) idle = false;
      for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m) {
        if (data.selective && !may_do(p_, s_, m, c, lot.step, slot_of(lot))) continue;
        if (data.selective && s_.machines[m].condition == Condition::kStarved) idle = true;
        ++machines;
        speed += q_.speed[m];
        if (s_.machines[m].lot != kNone && s_.machines[m].lot != slot_of(lot)) work += expected_left(m);
      }
      const double most = data.batch.most;
      for (const std::uint32_t waiting : queue_lots(s_, s)) work += expected_work(s_.lots[waiting].choice) / most;
      const double own = expected_work(c);
      work += station.inbound * own / most;
      const double wait = idle ? 0 : work / speed;
      return wait + own * machines / speed;
    }
    case ChooseRule::kCost:
      return expected_cost(c, lot);
    case ChooseRule::kExpression: {
      Lot there = lot;
      there.choice = c;
      there.entered = s_.now;
      const double setup = least_setup(c, lot);
      const double value = p_.expressions[step.choose_expression].evaluate(values_of(there, setup, station.queued));
      return std::isnan(value) ? math::kInfinity : value;
    }
  }
  return 0;
}
/// Expected setup of a lot at an alternative, on the machine where it is least.
template <class R>
double Engine<R>::least_setup(std::uint32_t c, const Lot& lot) const {
  const StationData& data = p_.stations[p_.choices[c].station.value];
  Lot there = lot;
  there.choice = c;
  double least = math::kInfinity;
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
    if (!data.selective || may_do(p_, s_, m, c, lot.step, slot_of(lot)))
      least = std::min(least, expected_setup(m, there));
  return least;
}
/// Expected cost of a lot at an alternative: of the material it uses, and of the machine where that is least.
template <class R>
double Engine<R>::expected_cost(std::uint32_t c, const Lot& lot) const {
  const ChoiceData& choice = p_.choices[c];
  const std::uint32_t s = choice.station.value;
  const StationData& data = p_.stations[s];
  const double* const rates = p_.data.machine_cost.data() + std::size_t{s} * kRateConditions;
  Lot there = lot;
  there.choice = c;
  double least = math::kInfinity;
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
    if (!data.selective || may_do(p_, s_, m, c, lot.step, slot_of(lot)))
      least =
          std::min(least, rates[static_cast<std::size_t>(Condition::kWorking)] * q_.mean(choice.time) / q_.speed[m] +
                              rates[static_cast<std::size_t>(Condition::kSetup)] * expected_setup(m, there));
  for (std::uint32_t i = choice.uses.first; i < choice.uses.first + choice.uses.count; ++i)
    least += p_.needs[i].amount * p_.data.pool_cost[p_.need_pools[p_.needs[i].first_pool]];
  return least;
}
template <class R>
double Engine<R>::expected_work(std::uint32_t choice) const {
  const ChoiceData& data = p_.choices[choice];
  return q_.mean(data.time) + (data.setup.valid() ? q_.mean(data.setup) : 0);
}
/// Expected rest of what a machine is doing, at speed 1, from what has been done; the drawn time is not looked at.
template <class R>
double Engine<R>::expected_left(std::uint32_t m) const {
  const MachineState& machine = s_.machines[m];
  if (machine.phase == Phase::kBlocked) return 0;
  const ChoiceData& choice = choice_on(machine);
  const Tick left = machine.left - (machine.running ? s_.now - machine.run_since : 0);
  const double done = seconds_from_ticks(machine.total - left);
  if (machine.phase == Phase::kSetup) return std::max(0.0, q_.mean(setup_under_way(m)) - done) + q_.mean(choice.time);
  return std::max(0.0, q_.mean(choice.time) - done * speed_of(m));
}

}  // namespace twin::detail
