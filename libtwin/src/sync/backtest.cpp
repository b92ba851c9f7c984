#include "twin/sync/backtest.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "twin/sim/advance.hpp"
#include "twin/study/cancelled.hpp"
#include "twin/study/statistics.hpp"

namespace twin::sync {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double median(std::vector<double> values) {
  if (values.empty()) return kNan;
  std::ranges::sort(values);
  return study::quantile(values, 0.5);
}

/// Instant at which `span` of open time has passed since `from`.
Tick after_open(const PlantData& plant, CalendarId calendar, Tick from, Tick span) {
  if (!calendar.valid()) return from + span;
  Tick at = from;
  while (span > 0) {
    const Tick change = plant.next_change(calendar, at);
    if (plant.open_at(calendar, at)) {
      if (change - at >= span) return at + span;
      span -= change - at;
    }
    if (change >= kNever) return kNever;
    at = change;
  }
  return at;
}

/// Notes when certain operations end in a future.
class Watch final : public Recorder {
 public:
  void expect(std::uint32_t source, std::uint64_t serial, std::uint32_t step) {
    wanted_.push_back({source, serial, step});
    ends_.push_back(kNever);
  }
  void clear() { std::ranges::fill(ends_, kNever); }
  void on_operation(const OperationRecord& r) override {
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      if (wanted_[i].serial == r.serial && wanted_[i].source == r.source && wanted_[i].step == r.step &&
          ends_[i] == kNever)
        ends_[i] = r.end;
  }
  [[nodiscard]] const std::vector<Tick>& ends() const noexcept { return ends_; }
  [[nodiscard]] bool done() const noexcept {
    return std::ranges::none_of(ends_, [](Tick t) { return t == kNever; });
  }

 private:
  struct Wanted {
    std::uint32_t source;
    std::uint64_t serial;
    std::uint32_t step;
  };
  std::vector<Wanted> wanted_;
  std::vector<Tick> ends_;
};

/// Sums of scores on the way to their means.
struct Sum {
  double covered = 0, crps = 0;
  std::vector<double> errors;
  void add(std::vector<double> sample, double actual) {
    std::ranges::sort(sample);
    const double low = study::quantile(sample, 0.1);
    const double high = study::quantile(sample, 0.9);
    covered += low <= actual && actual <= high ? 1 : 0;
    crps += study::crps(sample, actual);
    errors.push_back(std::fabs(study::quantile(sample, 0.5) - actual));
  }
  [[nodiscard]] Score mean() const {
    if (errors.empty()) return {kNan, kNan, kNan, kNan, 0};
    const auto n = static_cast<double>(errors.size());
    return {covered / n, crps / n, study::mean(errors), median(errors), errors.size()};
  }
};
struct Sums {
  Sum with_progress, without_progress, past_mean, planned;
  [[nodiscard]] Scores mean() const {
    return {with_progress.mean(), without_progress.mean(), past_mean.mean(), planned.mean()};
  }
};

using Kind = std::tuple<std::string, std::string, std::string>;
Kind kind_of(const Operation& op) { return {op.product, op.operation, op.machine}; }

class Runner {
 public:
  Runner(const Twin& twin, const BacktestOptions& options) : twin_(twin), options_(options), p_(twin.sheet().data()) {
    for (Operation& op : twin.operations({}, options.cancel))
      if (op.outcome == Outcome::kCompleted) all_.push_back(std::move(op));
    std::ranges::stable_sort(all_, {}, &Operation::start);
    if (all_.empty()) throw InvalidArgument("backtest: the logs hold no completed operation");
    for (std::uint32_t o = 0; o < p_.orders.size(); ++o)
      for (std::uint32_t i = 0; i < p_.orders[o].quantity; ++i) {
        const auto source = static_cast<std::uint32_t>(p_.sources.size()) + o;
        lots_.emplace(lot_name(p_, source, i), std::pair(source, i));
      }
  }

  Backtest run() {
    choose_instants();
    const int instants = static_cast<int>(result_.instants.size());
    const int total = instants + static_cast<int>(all_.size());
    for (int i = 0; i < instants; ++i) {
      check_cancelled();
      one_instant(result_.instants[static_cast<std::size_t>(i)]);
      if (options_.progress) options_.progress(i + 1, total);
    }
    half_way(instants, total);
    result_.seen = seen_.mean();
    result_.unseen = unseen_.mean();
    result_.in_work = in_work_.mean();
    return std::move(result_);
  }

 private:
  [[nodiscard]] Tick tick(Tick unix_ns) const noexcept { return twin_.sheet().ticks(WallTime{Duration{unix_ns}}); }
  [[nodiscard]] Tick unix_ns(Tick t) const noexcept { return twin_.sheet().wall(t).time_since_epoch().count(); }

  void check_cancelled() const { study::check_cancelled(options_.cancel, "backtest"); }

  /// Operations evenly over the whole, inside at a quarter, half and three quarters in turn, or just after the end.
  void choose_instants() {
    const auto wanted = static_cast<std::size_t>(options_.instants);
    const std::size_t n = std::min(wanted, 3 * all_.size());
    for (std::size_t i = 0; i < n; ++i) {
      const Operation& op = all_[i * all_.size() / n];
      const Tick length = op.end - op.start;
      const bool inside = i % 3 != 2;
      const Tick quarter = 1 + static_cast<Tick>((i / 3 * 2 + i % 3) % 3);
      result_.instants.push_back(inside ? op.start + length / 4 * quarter : op.end + kSecond);
      result_.inside += inside ? 1 : 0;
    }
    std::ranges::sort(result_.instants);
  }

  void one_instant(Tick t) {
    std::vector<Target> targets;
    std::vector<const Operation*> actual;
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m) add_targets(t, m, targets, actual);
    if (targets.empty()) return;
    std::vector<std::vector<double>> samples[2];
    for (const bool use_progress : {true, false}) samples[use_progress ? 0 : 1] = forecast(t, actual, use_progress);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      Target& target = targets[i];
      const auto within = [&](Tick instant) { return seconds_from_ticks(std::min(instant - t, options_.horizon)); };
      const double truth = within(target.actual);
      Sums* classes[] = {target.seen ? &seen_ : &unseen_, target.seen && target.in_work ? &in_work_ : nullptr};
      for (Sums* sums : classes) {
        if (sums == nullptr) continue;
        sums->with_progress.add(samples[0][i], truth);
        sums->without_progress.add(samples[1][i], truth);
        sums->past_mean.add({within(target.past_mean)}, truth);
        sums->planned.add({within(target.planned)}, truth);
      }
      std::ranges::sort(samples[0][i]);
      const auto at = [&](double p) { return t + ticks_from_seconds(study::quantile(samples[0][i], p)); };
      target.p10 = at(0.1);
      target.p50 = at(0.5);
      target.p90 = at(0.9);
      result_.targets.push_back(std::move(target));
    }
  }

  /// The operation in work on a machine, and the next one that it did.
  void add_targets(Tick t, std::uint32_t m, std::vector<Target>& targets, std::vector<const Operation*>& actual) {
    Tick naive_mean = t;
    Tick naive_plan = t;
    int found = 0;
    for (const Operation& op : all_) {
      if (op.end <= t) continue;
      const StepOf at = find_step(p_, op);
      if (at.choice == kNone || at.machine.value != m || !lots_.contains(op.part)) continue;
      Target target{.instant = t,
                    .actual = op.end,
                    .part = op.part,
                    .operation = op.operation,
                    .machine = op.machine,
                    .seen = false,
                    .in_work = op.start <= t,
                    .p10 = 0,
                    .p50 = 0,
                    .p90 = 0,
                    .past_mean = 0,
                    .planned = 0};
      target.seen = std::ranges::any_of(
          all_, [&](const Operation& other) { return other.end <= t && kind_of(other) == kind_of(op); });
      const CalendarId calendar = p_.machines[m].calendar;
      const Tick from_mean = target.in_work ? op.start : naive_mean;
      const Tick from_plan = target.in_work ? op.start : naive_plan;
      const auto planned = ticks_from_seconds(p_.parameters.distribution(p_.choices[at.choice].time).quantile(0.5));
      const Tick last = tick(t) + options_.horizon;
      const auto ends = [&](Tick from, Tick span) {
        return std::max(t, unix_ns(std::min(last, after_open(p_, calendar, tick(from), span))));
      };
      naive_mean = ends(from_mean, mean_duration(op, t));
      naive_plan = ends(from_plan, planned);
      target.past_mean = naive_mean;
      target.planned = naive_plan;
      targets.push_back(target);
      actual.push_back(&op);
      if (!target.in_work || ++found == 2) return;
    }
  }
  [[nodiscard]] CalendarId calendar_of(const Operation& op) const noexcept {
    const MachineId machine = find_step(p_, op).machine;
    return machine.valid() ? p_.machines[machine.value].calendar : CalendarId{};
  }
  /// How long an operation took in open time; what was worked outside it counts too.
  [[nodiscard]] Tick open_duration(const Operation& op) const noexcept {
    return std::max(p_.open_between(calendar_of(op), tick(op.start), tick(op.end)), op.processing_time());
  }
  /// Mean duration of the operations of this kind completed by `t`, else of all, else nothing.
  [[nodiscard]] Tick mean_duration(const Operation& like, Tick t) const {
    for (const bool same_kind : {true, false}) {
      double sum = 0;
      std::size_t n = 0;
      for (const Operation& op : all_)
        if (op.end <= t && (!same_kind || kind_of(op) == kind_of(like))) {
          sum += seconds_from_ticks(open_duration(op));
          ++n;
        }
      if (n > 0) return ticks_from_seconds(sum / static_cast<double>(n));
    }
    return 0;
  }

  /// End of each target, in seconds after t, in each future of the floor as it stood at t.
  std::vector<std::vector<double>> forecast(Tick t, const std::vector<const Operation*>& actual, bool use_progress) {
    const Standing standing = twin_.at(
        t, {.use_progress = use_progress, .seed = options_.seed, .learn = options_.learn, .cancel = options_.cancel});
    Watch watch;
    for (const Operation* op : actual) {
      const auto [source, serial] = lots_.at(op->part);
      watch.expect(source, serial, find_step(p_, *op).step.value);
    }
    std::vector<std::vector<double>> samples(actual.size());
    State future;
    for (int i = 0; i < options_.futures; ++i) {
      const std::uint64_t replication = static_cast<std::uint64_t>(i) + 1;
      const Parameters parameters =
          standing.plant.data().realised(standing.plant.parameters(), draw_key(standing.state.seed, replication));
      branch_into(standing.plant, parameters, standing.state, replication, future);
      watch.clear();
      for (Tick span = std::min(kDay / 4, options_.horizon);; span = std::min(2 * span, options_.horizon)) {
        const Tick end = std::max(future.now, standing.state.now + span);
        const Until until{.time = end, .orders_done = true, .cancel = options_.cancel};
        if (!advance(standing.plant, parameters, future, until, &watch)) check_cancelled();
        if (watch.done() || span >= options_.horizon || future.open_orders == 0) break;
      }
      for (std::size_t k = 0; k < actual.size(); ++k) {
        const Tick end = std::min(watch.ends()[k], standing.state.now + options_.horizon);
        samples[k].push_back(seconds_from_ticks(end - standing.state.now));
      }
    }
    return samples;
  }

  /// Every completed operation with enough earlier runs, told at the middle of its duration.
  void half_way(int done, int total) {
    std::map<Kind, ProgressProfile> profiles;
    std::map<Kind, std::vector<const Operation*>> past;
    std::vector<const Operation*> by_end;
    for (const Operation& op : all_) by_end.push_back(&op);
    std::ranges::stable_sort(by_end, {}, &Operation::end);
    std::vector<double> errors;
    std::vector<double> naive_errors;
    std::vector<const Operation*> by_middle = by_end;
    const auto middle = [](const Operation* op) { return op->start + (op->end - op->start) / 2; };
    std::ranges::stable_sort(by_middle, {}, middle);
    std::size_t known = 0;
    for (const Operation* op : by_middle) {
      check_cancelled();
      if (options_.progress) options_.progress(++done, total);
      const Tick t = middle(op);
      for (; known < by_end.size() && by_end[known]->end <= t; ++known) {
        profiles[kind_of(*by_end[known])].add(*by_end[known]);
        past[kind_of(*by_end[known])].push_back(by_end[known]);
      }
      const auto& earlier = past[kind_of(*op)];
      if (op->end <= op->start || earlier.size() < options_.earlier_runs) continue;
      const auto running = twin_.operations(t, options_.cancel);
      const auto found = std::ranges::find_if(running, [&](const Operation& other) {
        return other.part == op->part && other.operation == op->operation && other.outcome == Outcome::kInProgress;
      });
      if (found == running.end()) continue;
      HalfWay half{.part = op->part, .operation = op->operation, .machine = op->machine};
      half.predicted_s = profiles[kind_of(*op)].remaining(*found).median_elapsed_s;
      half.actual_s = seconds_from_ticks(op->end - t);
      half.duration_s = seconds_from_ticks(op->end - op->start);
      double sum = 0;
      for (const Operation* run : earlier) sum += seconds_from_ticks(open_duration(*run));
      const CalendarId calendar = calendar_of(*op);
      const Tick mean = ticks_from_seconds(sum / static_cast<double>(earlier.size()));
      half.naive_s = std::max(0.0, seconds_from_ticks(after_open(p_, calendar, tick(op->start), mean) - tick(t)));
      errors.push_back(half.error_share());
      naive_errors.push_back(half.naive_error_share());
      result_.half_way.push_back(std::move(half));
    }
    result_.median_error_share = median(errors);
    result_.naive_median_error_share = median(naive_errors);
  }

  const Twin& twin_;
  const BacktestOptions& options_;
  const PlantData& p_;
  std::vector<Operation> all_;  ///< completed, by start
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> lots_;
  Sums seen_, unseen_, in_work_;
  Backtest result_;
};

}  // namespace

double HalfWay::error_share() const noexcept { return std::fabs(predicted_s - actual_s) / duration_s; }
double HalfWay::naive_error_share() const noexcept { return std::fabs(naive_s - actual_s) / duration_s; }

Backtest backtest(const Twin& twin, const BacktestOptions& options) {
  if (options.instants < 1)
    throw InvalidArgument(fmt::format("backtest: {} instants; allowed: 1 or more", options.instants));
  if (options.horizon <= 0 || options.horizon > kNever / 4)
    throw InvalidArgument(fmt::format("backtest: horizon is {}; allowed: above 0, at most 36 years",
                                      format_duration(Duration{options.horizon})));
  if (options.futures < 2)
    throw InvalidArgument(fmt::format("backtest: {} futures; allowed: 2 or more", options.futures));
  return Runner(twin, options).run();
}

Followed follow(const Twin& twin, const std::string& part, const std::string& operation, int points,
                const std::atomic<bool>* cancel) {
  const std::vector<Operation> all = twin.operations({}, cancel);
  const auto op = std::ranges::find_if(all, [&](const Operation& o) {
    return o.part == part && o.operation == operation && o.outcome == Outcome::kCompleted;
  });
  if (op == all.end())
    throw InvalidArgument(fmt::format("follow: the logs hold no completed operation {} of {}", operation, part));
  if (points < 2) throw InvalidArgument(fmt::format("follow: {} points; allowed: 2 or more", points));
  Followed followed{.instants = {}, .p10 = {}, .p50 = {}, .p90 = {}, .start = op->start, .end = op->end};
  for (int i = 1; i < points; ++i) {
    const Tick t = op->start + (op->end - op->start) / points * i;
    const std::vector<Operation> known = twin.operations(t, cancel);
    const auto running = std::ranges::find_if(known, [&](const Operation& o) {
      return o.part == part && o.operation == operation && o.outcome == Outcome::kInProgress;
    });
    const ProgressProfiles profiles = learn_progress(known);
    const auto profile = profiles.find(kind_of(*op));
    if (running == known.end() || profile == profiles.end()) continue;
    const Remaining left = profile->second.remaining(*running, {.probabilities = {0.1, 0.5, 0.9}});
    followed.instants.push_back(t);
    followed.p10.push_back(t + ticks_from_seconds(left.processing_s[0]));
    followed.p50.push_back(t + ticks_from_seconds(left.processing_s[1]));
    followed.p90.push_back(t + ticks_from_seconds(left.processing_s[2]));
  }
  return followed;
}

}  // namespace twin::sync
