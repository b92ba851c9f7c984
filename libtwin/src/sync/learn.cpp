#include "twin/sync/learn.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "twin/model/document.hpp"
#include "twin/state/state.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::sync {
namespace {

/// Observed spans of one kind, in seconds, with the period they come from.
struct Sample {
  std::vector<double> seconds;
  Period period;
  void add(Tick span, Tick at) {
    // Logs stamp to the millisecond: a span of nothing is at least one of these.
    seconds.push_back(seconds_from_ticks(std::max<Tick>(span, kSecond / 1000)));
    period.first = seconds.size() == 1 ? at : std::min(period.first, at);
    period.last = std::max(period.last, at);
  }
};

/// A plan as the sheet states it: `uncertain(D, sigma s)` knows its level to s and what D spreads around it; of any
/// other distribution `within` says which part of the spread is between operations of one kind.
PlannedTime plan_of(const Distribution& planned, double within) {
  const double mean = planned.mean();
  const double own = std::log1p(planned.variance() / (mean * mean));
  const double level = planned.flat().level_sd * planned.flat().level_sd;
  const double total = std::clamp(own + level, 4e-4, 4.6);  // a cv of 10 at most: more is no plan
  const double inside = level > 0 ? std::clamp(own, 0.0025 * total, 0.9 * total) : within * within * total;
  return {.median_s = planned.quantile(0.5),
          .cv = std::sqrt(std::expm1(total)),
          .within_cv = std::sqrt(std::expm1(inside))};
}

/// What was learnt, with the part of the spread that all durations share said apart.
Distribution apart(const Fit& fit) {
  const FlatDistribution& flat = fit.distribution.flat();
  if (flat.family == Family::kLognormal && fit.level_sd > 0) {
    const double inside = std::sqrt(std::max(1e-8, flat.p[1] * flat.p[1] - fit.level_sd * fit.level_sd));
    return Distribution::lognormal(flat.p[0], inside).uncertain(fit.level_sd);
  }
  const double n = static_cast<double>(fit.provenance.n);
  const double mean = fit.distribution.mean();
  return fit.distribution.uncertain(std::sqrt(std::log1p(fit.distribution.variance() / (mean * mean) / n)));
}

/// Numbers with six digits, as people read them; the rest of a learnt number is noise.
std::string rounded(const std::string& text) {
  std::string out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    double value = 0;
    const auto read = *at >= '0' && *at <= '9' ? std::from_chars(at, end, value) : std::from_chars_result{at, {}};
    if (read.ptr == at || read.ec != std::errc{}) {
      out += *at++;
      continue;
    }
    const std::string short_text = fmt::format("{:.6g}", value);
    std::from_chars(short_text.data(), short_text.data() + short_text.size(), value);
    out += fmt::format("{}", value);
    at = read.ptr;
  }
  return out;
}

class Learner {
 public:
  Learner(const Plant& sheet, std::span<const Operation> operations, Tick until, const LearnOptions& options)
      : sheet_(sheet), p_(sheet.data()), until_(until), options_(options) {
    for (const Operation& op : operations)
      if (op.start <= until) operations_.push_back(&op);
    std::ranges::stable_sort(operations_, {}, &Operation::start);
    samples_.resize(p_.parameters.distributions.size());
    worked_.resize(p_.parameters.distributions.size(), 0);
    stops_.resize(p_.parameters.distributions.size(), 0);
    for (std::uint32_t o = 0; o < p_.orders.size(); ++o)
      for (std::uint32_t i = 0; i < p_.orders[o].quantity; ++i)
        released_.emplace(lot_name(p_, static_cast<std::uint32_t>(p_.sources.size()) + o, i), p_.orders[o].release);
  }

  Learned run() {
    collect();
    std::vector<bool> handling(samples_.size(), false);
    for (const ChoiceData& choice : p_.choices) {
      if (choice.setup.valid()) handling[choice.setup.value] = true;
      if (!choice.changeover.valid()) continue;
      handling[choice.changeover.value] = true;
      samples_[choice.changeover.value] = changeovers_;
    }
    for (const FailureModeData& mode : p_.modes) {
      if (mode.apart()) continue;
      handling[mode.repair.value] = true;
      update_failures(mode);
    }
    for (std::uint32_t id = 0; id < samples_.size(); ++id) {
      check_cancelled();
      update(DistributionId{id}, handling[id]);
    }
    if (!record_.is_null()) changes_.emplace_back("provenance", to_yaml_line(record_));
    Learned learned{
        .plant = changes_.empty() ? sheet_ : sheet_.change(changes_), .provenance = {}, .unknown = unknown_};
    learned.provenance = std::move(provenance_);
    return learned;
  }

 private:
  void check_cancelled() const { study::check_cancelled(options_.cancel, "learn"); }

  /// The operation before, on a machine.
  struct Last {
    const Operation* operation = nullptr;
    StepOf step;
  };
  /// What the operations tell, one after another by start.
  void collect() {
    std::vector<Last> last(p_.machines.size());
    std::map<std::string, Tick> ready;  // by part: end of its last operation
    std::size_t polled = 0;
    for (const Operation* op : operations_) {
      if ((polled++ & 0xfffU) == 0) check_cancelled();
      const StepOf at = find_step(p_, *op);
      if (at.choice == kNone) ++unknown_;
      if (!at.machine.valid()) continue;
      Last& before = last[at.machine.value];
      if (at.choice != kNone && before.operation != nullptr) {
        const auto found = ready.find(op->part);
        learn_gap(*op, at, before, found == ready.end() ? before.operation->end : found->second);
      }
      if (at.choice != kNone && op->outcome == Outcome::kCompleted && op->end <= until_) learn_work(*op, at);
      before = {op, at};
      if (op->outcome != Outcome::kInProgress) ready[op->part] = op->end;
    }
  }
  /// The open time between the end of one operation and the start of the next is its setup. What starts outside staffed
  /// hours tells nothing: nobody knows since when somebody was there.
  void learn_gap(const Operation& op, const StepOf& at, const Last& before, Tick ready) {
    const CalendarId calendar = p_.machines[at.machine.value].calendar;
    const Tick start = tick(op.start);
    if (!p_.open_at(calendar, start)) return;
    Tick since = std::max(tick(before.operation->end), tick(ready));
    // Before its order is released, nobody sets up for a part.
    if (const auto found = released_.find(op.part); found != released_.end()) since = std::max(since, found->second);
    const bool changed = before.step.choice == kNone || before.step.step != at.step;
    const ChoiceData& choice = p_.choices[at.choice];
    const bool changeover = changed && choice.changeover.valid();
    const DistributionId id = changeover ? choice.changeover : choice.setup;
    if (!id.valid()) return;
    // Logarithms are learnt: no gap at all counts as a hundredth of the plan.
    const Tick least = std::max(kSecond, ticks_from_seconds(p_.parameters.mean(id) / 100));
    const Tick gap = std::max(least, since < start ? p_.open_between(calendar, since, start) : 0);
    (changeover ? changeovers_ : samples_[id.value]).add(gap, op.start);
  }
  void learn_work(const Operation& op, const StepOf& at) {
    const std::uint32_t m = at.machine.value;
    Tick work = op.processing_time();
    const std::uint32_t mode = first_mode(m);
    for (const auto* stops : {&op.interrupted, &op.stalled})
      for (const Interval& stop : *stops) {
        // A night in between is no repair.
        const Tick length = p_.open_between(p_.machines[m].calendar, tick(stop.begin), tick(stop.end));
        if (mode == kNone || length < options_.shortest_stop) {
          work += length;
        } else {
          samples_[p_.modes[mode].repair.value].add(length, stop.begin);
          ++stops_[p_.modes[mode].after.value];
        }
      }
    if (mode != kNone) worked_[p_.modes[mode].after.value] += work;
    const DistributionId time = p_.choices[at.choice].time;
    samples_[time.value].add(static_cast<Tick>(static_cast<double>(work) * p_.parameters.speed[m]), op.end);
  }
  [[nodiscard]] std::uint32_t first_mode(std::uint32_t m) const noexcept {
    const MachineData& data = p_.machines[m];
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
      if (p_.modes[f].ages == Ageing::kWork && !p_.modes[f].apart()) return f;
    return kNone;
  }
  [[nodiscard]] Tick tick(Tick unix_ns) const noexcept { return sheet_.ticks(WallTime{Duration{unix_ns}}); }

  /// Learns one distribution from all that was seen of it: lots, steps and machines that share a plan are one kind.
  /// Times of people have long tails, and few of them a very uncertain one. Nothing is believed of these beyond both
  /// twice the longest that was seen and what the plan holds possible.
  void update(DistributionId id, bool handling) {
    const Sample& sample = samples_[id.value];
    if (sample.seconds.empty()) return;
    const Distribution planned = p_.parameters.distribution(id);
    if (planned.mean() <= 0) return;
    const PlannedTime plan = plan_of(planned, handling ? options_.within_handling : options_.within);
    const Fit fit = learn_duration(plan, sample.seconds, options_.fit, sample.period);
    Distribution learnt = apart(fit);
    const double longest = std::max(2 * std::ranges::max(sample.seconds), planned.quantile(0.99));
    if (handling && learnt.max() > longest)
      learnt = learnt.truncated(std::max(0.0, learnt.min()), longest).uncertain(learnt.flat().level_sd);
    put(p_.distribution_paths[id.value], learnt.text(), fit.provenance);
  }
  /// Time to failure: exponential, as many failures as were seen, and the declared one, in the work that was seen.
  void update_failures(const FailureModeData& mode) {
    const Tick worked = worked_[mode.after.value];
    if (mode.ages != Ageing::kWork || worked == 0) return;
    const Sample& stops = samples_[mode.repair.value];
    const double weight = options_.failure_weight;
    const double n = static_cast<double>(stops_[mode.after.value]);
    const double declared = p_.parameters.mean(mode.after);
    const double mean = (declared * weight + seconds_from_ticks(worked)) / (weight + n);
    Provenance provenance;
    provenance.n = stops_[mode.after.value];
    provenance.first = stops.period.first;
    provenance.last = stops.period.last;
    provenance.method = "posterior";
    provenance.family = "exponential";
    put(p_.distribution_paths[mode.after.value], Distribution::exponential(mean).text() + " of work", provenance);
  }
  void put(const std::string& path, const std::string& text, const Provenance& provenance) {
    if (provenance_.contains(path)) return;  // machines of a station share their failures
    changes_.emplace_back(path, to_yaml_line(Node::text(rounded(text))));
    provenance_[path] = provenance;
    const auto instant = [](Tick t) { return format_wall_time(WallTime{Duration{t}}); };
    Node node = Node::mapping();
    node.put("n", Node::text(fmt::format("{}", provenance.n)));
    if (provenance.n > 0) {
      node.put("first", Node::text(instant(provenance.first)));
      node.put("last", Node::text(instant(provenance.last)));
    }
    node.put("method", Node::text(provenance.method));
    node.put("family", Node::text(provenance.family));
    if (provenance.method == "maximum likelihood") node.put("aic", Node::text(fmt::format("{:.6g}", provenance.aic)));
    node.put("ks", Node::text(fmt::format("{:.4g}", provenance.ks)));
    node.put("ks_p", Node::text(fmt::format("{:.4g}", provenance.ks_p)));
    record_.put(path, std::move(node));
  }

  const Plant& sheet_;
  const PlantData& p_;
  Tick until_;
  const LearnOptions& options_;
  std::vector<const Operation*> operations_;
  std::vector<Sample> samples_;           ///< by distribution
  Sample changeovers_;                    ///< of the whole floor: each happens too seldom to be learnt alone
  std::vector<Tick> worked_;              ///< by distribution of the time to failure
  std::vector<std::size_t> stops_;        ///< the same: failures seen
  std::map<std::string, Tick> released_;  ///< by part, ticks of the plant
  std::vector<std::pair<std::string, std::string>> changes_;
  std::map<std::string, Provenance> provenance_;
  Node record_;  ///< the same as it stands in the YAML
  std::size_t unknown_ = 0;
};

}  // namespace

StepOf find_step(const PlantData& plant, const Operation& operation) noexcept {
  StepOf found;
  for (std::uint32_t m = 0; m < plant.machines.size(); ++m) {
    const std::uint32_t station = plant.machines[m].station.value;
    const bool only = plant.stations[station].machine_count == 1 && plant.station_names[station] == operation.machine;
    if (plant.machine_names[m] == operation.machine || only) {
      found.machine = MachineId{m};
      break;
    }
  }
  for (std::uint32_t p = 0; p < plant.products.size(); ++p) {
    if (plant.product_names[p] != operation.product) continue;
    const ProductData& product = plant.products[p];
    for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s) {
      if (plant.step_names[s] != operation.operation) continue;
      found.step = StepId{s};
      if (!found.machine.valid()) return found;
      const StepData& step = plant.steps[s];
      for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
        if (plant.choices[c].station == plant.machines[found.machine.value].station) found.choice = c;
    }
  }
  return found;
}

Learned learn(const Plant& sheet, std::span<const Operation> operations, Tick until, const LearnOptions& options) {
  return Learner(sheet, operations, until, options).run();
}

}  // namespace twin::sync
