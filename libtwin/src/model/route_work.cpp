#include "twin/model/route_work.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace twin {
namespace {

double operations(const PlantData& plant, std::uint32_t step) noexcept {
  return plant.steps[step].choice_count > 0 ? 1.0 : 0.0;
}
/// What follows a step, past the joins of the branches it is in.
std::uint32_t past_joins(const PlantData& plant, std::uint32_t step, std::uint32_t target) noexcept {
  while (target == BranchData::kJoin) {
    step = plant.steps[step].within;
    target = plant.steps[step].next;
  }
  return target;
}

}  // namespace

double RouteWork::own(const PlantData& plant, std::uint32_t step) const noexcept {
  const StepData& data = plant.steps[step];
  double sum = 0;
  for (std::uint32_t c = data.first_choice; c < data.first_choice + data.choice_count; ++c) sum += work[c];
  return data.choice_count > 0 ? sum / data.choice_count : 0;
}
double RouteWork::of_route(const PlantData& plant, ProductId product) const noexcept {
  return come_work[plant.products[product.value].first_step];
}
double RouteWork::steps_of_route(const PlantData& plant, ProductId product) const noexcept {
  return come_steps[plant.products[product.value].first_step];
}

RouteWork route_work(const PlantData& plant, const Parameters& parameters) {
  RouteWork out;
  out.work.resize(plant.choices.size());
  for (std::uint32_t c = 0; c < plant.choices.size(); ++c) out.work[c] = parameters.mean(plant.choices[c].time);
  out.work_after.assign(plant.steps.size(), 0);
  out.steps_after.assign(plant.steps.size(), 0);
  std::vector<double> come_work(plant.steps.size());  // from a step on, that included
  std::vector<double> come_steps(plant.steps.size());
  // A lot that is sent back from a step at most n times is so p + p^2 + ... + p^n times: as if with a smaller p.
  const auto rework_share = [&](std::uint32_t step) {
    const StepData& data = plant.steps[step];
    double p = 0;
    for (std::uint32_t b = data.first_branch; b < data.first_branch + data.branch_count; ++b)
      if (plant.branches[b].rework) p += parameters.branch_probability[b];
    return p;
  };
  const auto within_limit = [&](std::uint32_t step) {
    const double p = rework_share(step);
    const std::uint32_t limit = plant.steps[step].rework_limit;
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
    for (std::uint32_t step = static_cast<std::uint32_t>(plant.steps.size()); step-- > 0;) {
      const StepData& data = plant.steps[step];
      double work = 0;
      double steps = 0;
      const auto follow = [&](std::uint32_t target, double share) {
        target = past_joins(plant, step, target);
        if (target >= BranchData::kJoin) return;
        work += share * come_work[target];
        steps += share * come_steps[target];
      };
      if (data.choice_count == 0) {  // parting: all branches, each with what follows them, which counts once
        const std::uint32_t next = past_joins(plant, step, data.next);
        const bool goes_on = next < BranchData::kJoin;
        const double after_work = goes_on ? come_work[next] : 0;
        const double after_steps = goes_on ? come_steps[next] : 0;
        for (std::uint32_t i = data.first_fork; i < data.first_fork + data.fork_count; ++i) {
          work += come_work[plant.forks[i]] - after_work;
          steps += come_steps[plant.forks[i]] - after_steps;
        }
        work += after_work;
        steps += after_steps;
      } else if (data.branch_count == 0) {
        follow(data.next, 1);
      } else {
        for (std::uint32_t b = data.first_branch; b < data.first_branch + data.branch_count; ++b)
          follow(plant.branches[b].target,
                 parameters.branch_probability[b] * (plant.branches[b].rework ? within_limit(step) : 1));
        if (data.rework_limit != UINT32_MAX) follow(data.beyond, beyond_limit(step));
      }
      work =
          std::max(work, 0.0);  // where several branches of one parting may scrap, what follows is taken off too often
      steps = std::max(steps, 0.0);
      change = std::max(change, std::fabs(work - out.work_after[step]) + std::fabs(steps - out.steps_after[step]));
      out.work_after[step] = work;
      out.steps_after[step] = steps;
      const double taken = data.sample != kNone ? 1.0 / data.sample_every : data.only;
      const std::uint32_t next = data.optional() ? past_joins(plant, step, data.next) : BranchData::kLeave;
      const bool more = next < BranchData::kJoin;
      come_work[step] = taken * (out.own(plant, step) + work) + (more ? (1 - taken) * come_work[next] : 0);
      come_steps[step] = taken * (operations(plant, step) + steps) + (more ? (1 - taken) * come_steps[next] : 0);
    }
    if (change < 1e-9) break;
  }
  out.come_work = std::move(come_work);
  out.come_steps = std::move(come_steps);
  return out;
}

void PlantData::promise() {
  const auto follows = [](const DueData& due) { return due.rule != DueRule::kUnsaid && due.rule != DueRule::kRandom; };
  std::vector<Tick> after(products.size(), kNever);
  RouteWork route;
  for (std::uint32_t p = 0; p < products.size(); ++p) {
    const DueData& due = dues[p];
    if (due.rule == DueRule::kConstant) after[p] = due.span;
    if (due.rule == DueRule::kRandom) after[p] = SourceData::kDrawn;
    if (!follows(due) || due.rule == DueRule::kConstant) continue;
    if (route.work_after.empty()) route = route_work(*this, parameters);
    const double span = seconds_from_ticks(due.span);
    const double work = route.of_route(*this, ProductId{p});
    const double operations_left = route.steps_of_route(*this, ProductId{p});
    const double seconds = due.rule == DueRule::kTotalWork    ? due.factor * work
                           : due.rule == DueRule::kOperations ? span * operations_left
                           : due.rule == DueRule::kSlack      ? work + span
                                                              : work + span * operations_left;
    after[p] = std::clamp<Tick>(ticks_from_seconds(seconds), 0, kNever - 1);
  }
  for (SourceData& source : sources) source.due_after = after[source.product.value];
  for (OrderData& order : orders) {
    if (order.own_due) continue;
    const Tick span = after[order.product.value];
    order.due = span >= 0 && span < kNever ? std::min(kNever, order.release + span) : kNever;
  }
}

}  // namespace twin
