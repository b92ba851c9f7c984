#include "twin/sync/progress.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "twin/base/error.hpp"

namespace twin::sync {
namespace {

constexpr std::size_t kGrid = 32;                                // points at which paces are compared
constexpr std::array<double, 3> kStretches = {0.12, 0.35, 1.0};  // share of the time so far that is compared
constexpr std::array<double, 3> kPowers = {0.0, 0.5, 1.0};       // how far the pace so far is expected to go on
constexpr double kRecency = 0.97;                                // weight of a run against the next later one
constexpr double kOtherProgram = 0.5;                            // weight of a run of a program of another name

/// A number with a weight; quantiles of many are read off their sorted list.
struct Weighted {
  double value, weight;
};

double weighted_quantile(std::vector<Weighted>& list, double p) {
  std::sort(list.begin(), list.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double total = 0;
  for (const Weighted& w : list) total += w.weight;
  // Each value stands at the middle of its weight; between two, linear.
  double before = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double at = (before + 0.5 * list[i].weight) / total;
    if (p <= at) {
      if (i == 0) return list[0].value;
      const double previous = (before - 0.5 * list[i - 1].weight) / total;
      const double share = at > previous ? (p - previous) / (at - previous) : 1;
      return list[i - 1].value + share * (list[i].value - list[i - 1].value);
    }
    before += list[i].weight;
  }
  return list.back().value;
}

/// Standard normal distribution function.
double normal_cdf(double z) { return 0.5 * std::erfc(-z * 0.70710678118654752); }

/// Distribution of a relative error: a kernel over the errors seen, and a wide one for those never seen.
struct ErrorModel {
  std::vector<Weighted> errors;
  double width = 0.002;
  double prior_sd = 0.1, prior_weight = 1;

  [[nodiscard]] double cdf(double e) const {
    double sum = prior_weight * normal_cdf(e / prior_sd);
    double total = prior_weight;
    for (const Weighted& w : errors) {
      sum += w.weight * normal_cdf((e - w.value) / width);
      total += w.weight;
    }
    return sum / total;
  }
  [[nodiscard]] double quantile(double p) const {
    double low = -1, high = 1;
    for (const Weighted& w : errors) high = std::max(high, w.value + 8 * width);
    high = std::max(high, 8 * prior_sd);
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      (cdf(middle) < p ? low : high) = middle;
    }
    return 0.5 * (low + high);
  }
};

/// What one run looks like from the block in question: how it came here and what was left.
struct View {
  std::array<std::array<double, kGrid>, kStretches.size()> times;  ///< from the start of the stretch
  double left_s;
  double prior;  ///< weight before any comparison
};

struct Likeness {
  double pace = 1, shape = 0;
};

Likeness compare(const std::array<double, kGrid>& target, const std::array<double, kGrid>& other) {
  Likeness out;
  const double a = target.back(), b = other.back();
  if (!(a > 1e-3) || !(b > 1e-3)) return out;
  out.pace = a / b;
  double sum = 0;
  for (std::size_t k = 0; k < kGrid; ++k) {
    const double d = (target[k] - out.pace * other[k]) / a;
    sum += d * d;
  }
  out.shape = std::sqrt(sum / kGrid);
  return out;
}

struct Guess {
  double left_s = 0, pace = 1, effective = 0;
  std::vector<double> weights;
};

/// What is left of the target, from the others; `skip` is left out.
Guess guess(const View& target, const std::vector<View>& others, std::size_t skip, std::size_t stretch, double power) {
  std::vector<Likeness> like(others.size());
  std::vector<double> distance(others.size());
  std::vector<double> sorted;
  for (std::size_t i = 0; i < others.size(); ++i) {
    like[i] = compare(target.times[stretch], others[i].times[stretch]);
    const double log_pace = std::log(like[i].pace);
    distance[i] = std::sqrt(log_pace * log_pace + 4 * like[i].shape * like[i].shape);
    if (i != skip) sorted.push_back(distance[i]);
  }
  Guess out;
  out.weights.assign(others.size(), 0.0);
  if (sorted.empty()) return out;
  // The kernel is as wide as the distance to the third nearest run, so that about three always count.
  const std::size_t third = std::min<std::size_t>(2, sorted.size() - 1);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(third), sorted.end());
  const double width = std::max(0.004, sorted[third]);
  std::vector<Weighted> left;
  std::vector<Weighted> paces;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (i == skip) continue;
    const double z = distance[i] / width;
    const double w = others[i].prior * std::exp(-z * z) + 1e-9;
    out.weights[i] = w;
    sum += w;
    squares += w * w;
    left.push_back({others[i].left_s * std::pow(std::clamp(like[i].pace, 0.25, 4.0), power), w});
    paces.push_back({like[i].pace, w});
  }
  out.left_s = weighted_quantile(left, 0.5);
  out.pace = weighted_quantile(paces, 0.5);
  out.effective = sum * sum / squares;
  return out;
}

bool shares_program(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return a.empty() || b.empty() || a.back() == b.back();
}

}  // namespace

double ProgressProfile::Pass::time_at(double b) const noexcept {
  if (b <= block.front()) return time_s.front();
  if (b >= block.back()) return time_s.back();
  const auto above = std::upper_bound(block.begin(), block.end(), b);
  const auto i = static_cast<std::size_t>(above - block.begin());
  const double share = (b - block[i - 1]) / (block[i] - block[i - 1]);
  return time_s[i - 1] + share * (time_s[i] - time_s[i - 1]);
}

const ProgressProfile::Pass* ProgressProfile::Run::pass_at(double b) const noexcept {
  for (auto pass = passes.rbegin(); pass != passes.rend(); ++pass) {
    if (pass->covers(b)) return &*pass;
  }
  return nullptr;
}

double ProgressProfile::Run::standing_after(double processed_s) const noexcept {
  double sum = 0;
  for (const auto& [at, length] : standstills) {
    if (at >= processed_s) sum += length;
  }
  return sum;
}

ProgressProfile::Run ProgressProfile::make_run(const Operation& operation) {
  Run run;
  run.programs = operation.programs;
  run.total_s = seconds_from_ticks(operation.processing_time());
  for (const BlockMark& mark : operation.blocks) {
    if (run.passes.size() <= mark.pass) run.passes.resize(mark.pass + 1);
    Pass& pass = run.passes[mark.pass];
    if (pass.block.empty() || mark.block > pass.block.back()) {
      pass.block.push_back(mark.block);
      pass.time_s.push_back(seconds_from_ticks(mark.processed));
    }
  }
  for (const auto* list : {&operation.interrupted, &operation.stalled}) {
    for (const Interval& still : *list) {
      Tick processed = 0;
      for (const Interval& work : operation.processing) {
        if (work.begin >= still.begin) break;
        processed += work.length();
      }
      run.standstills.emplace_back(seconds_from_ticks(processed), seconds_from_ticks(still.length()));
    }
  }
  return run;
}

void ProgressProfile::add(const Operation& operation) {
  if (operation.outcome == Outcome::kCompleted) runs_.push_back(make_run(operation));
}

std::vector<double> ProgressProfile::time_to_block_s(double block) const {
  std::vector<double> out;
  for (const Run& run : runs_) {
    if (const Pass* pass = run.pass_at(block)) out.push_back(pass->time_at(block));
  }
  return out;
}

Remaining ProgressProfile::remaining(const Operation& running, const ProgressOptions& options) const {
  if (runs_.empty()) throw InvalidArgument("remaining(" + running.part + " " + running.operation + "): no earlier run");
  for (std::size_t i = 0; i < options.probabilities.size(); ++i) {
    const double p = options.probabilities[i];
    if (!(p > 0 && p < 1) || (i > 0 && p <= options.probabilities[i - 1])) {
      throw InvalidArgument("probabilities[" + std::to_string(i) + "] is " + std::to_string(p) +
                            "; allowed: ascending, between 0 and 1");
    }
  }
  const Run self = make_run(running);
  const double spent_s = self.total_s;
  const std::size_t first = runs_.size() > options.max_runs ? runs_.size() - options.max_runs : 0;
  const Pass* here = self.passes.empty() || self.passes.back().block.size() < 2 ? nullptr : &self.passes.back();

  const bool is_standing = running.activity == Activity::kInterrupted || running.activity == Activity::kStalled;
  Remaining out;
  std::vector<View> views;
  std::vector<double> same_place;  // how long others stood still where this one does
  std::vector<double> standing;    // of each view, after this position
  View target{};
  std::size_t stretch = 0;
  double power = 1;
  if (here) {
    const double block = here->block.back();
    const double in_block_s = std::max(0.0, spent_s - here->time_s.back());
    for (std::size_t s = 0; s < kStretches.size(); ++s) {
      const double from_s = here->time_s.back() - kStretches[s] * (here->time_s.back() - here->time_s.front());
      const auto at = std::lower_bound(here->time_s.begin(), here->time_s.end(), from_s);
      double from = *(here->block.begin() + (at - here->time_s.begin()));
      if (from >= block) from = here->block[here->block.size() - 2];
      for (std::size_t k = 0; k < kGrid; ++k) {
        const double b = from + (block - from) * static_cast<double>(k + 1) / kGrid;
        target.times[s][k] = here->time_at(b) - here->time_at(from);
      }
    }
    for (std::size_t r = first; r < runs_.size(); ++r) {
      const Run& run = runs_[r];
      const Pass* pass = run.pass_at(block);
      if (!pass) continue;
      View view{};
      for (std::size_t s = 0; s < kStretches.size(); ++s) {
        const double from_s = here->time_s.back() - kStretches[s] * (here->time_s.back() - here->time_s.front());
        const auto at = std::lower_bound(here->time_s.begin(), here->time_s.end(), from_s);
        double from = *(here->block.begin() + (at - here->time_s.begin()));
        if (from >= block) from = here->block[here->block.size() - 2];
        for (std::size_t k = 0; k < kGrid; ++k) {
          const double b = from + (block - from) * static_cast<double>(k + 1) / kGrid;
          view.times[s][k] = pass->time_at(b) - pass->time_at(from);
        }
      }
      const double at_s = pass->time_at(block);
      const double next_s = std::max(0.0, pass->time_at(block + 1) - at_s);
      view.left_s = std::max(0.0, run.total_s - at_s - std::min(in_block_s, next_s));
      view.prior = std::pow(kRecency, static_cast<double>(runs_.size() - 1 - r)) *
                   (shares_program(run.programs, self.programs) ? 1.0 : kOtherProgram);
      views.push_back(view);
      // While this run stands still, one that the other met in the same block is the same one, not another to come.
      const double still_s = is_standing ? next_s + 0.5 : std::min(in_block_s, next_s);
      standing.push_back(run.standing_after(at_s + still_s));
      for (const auto& [at, length] : run.standstills) {
        if (is_standing && at >= at_s - 0.5 && at < at_s + still_s) same_place.push_back(length);
      }
    }
  }
  out.by_block = !views.empty();
  if (views.empty()) {  // no position: what is left of runs that took longer than this one has so far
    for (std::size_t r = first; r < runs_.size(); ++r) {
      View view{};
      view.left_s = runs_[r].total_s - spent_s;
      view.prior = std::pow(kRecency, static_cast<double>(runs_.size() - 1 - r));
      if (view.left_s <= 0) continue;
      views.push_back(view);
      standing.push_back(runs_[r].standing_after(spent_s));
    }
  }
  if (views.empty()) {  // longer than any run so far: all that is known is that it cannot be much
    View view{};
    view.left_s = 0.05 * spent_s + 1;
    view.prior = 1;
    views.push_back(view);
    standing.push_back(0);
  }

  // Choose stretch and power by leaving out each run in turn; a difference must be worth it.
  const std::size_t nobody = views.size();
  if (out.by_block && views.size() >= 3) {
    double best = std::numeric_limits<double>::infinity();
    const Guess at_all = guess(target, views, nobody, kStretches.size() - 1, 1);
    for (std::size_t s = 0; s < kStretches.size(); ++s) {
      for (const double p : kPowers) {
        std::vector<Weighted> errors;
        for (std::size_t i = 0; i < views.size(); ++i) {
          const Guess g = guess(views[i], views, i, s, p);
          errors.push_back({std::abs(views[i].left_s - g.left_s) / std::max(1.0, views[i].left_s),
                            at_all.weights[i] + 0.2 * views[i].prior});
        }
        double mean = 0, total = 0;
        for (const Weighted& e : errors) {
          mean += e.weight * std::min(e.value, 0.5);
          total += e.weight;
        }
        mean /= total;
        if (mean < 0.98 * best) {
          best = mean;
          stretch = s;
          power = p;
        }
      }
    }
  } else {
    stretch = kStretches.size() - 1;
  }

  const Guess now = guess(target, views, nobody, stretch, power);
  out.runs = views.size();
  out.effective_runs = now.effective;
  out.pace = now.pace;
  ErrorModel model;
  model.prior_sd = options.prior_error;
  double total = 0;
  for (const double w : now.weights) total += w;
  std::vector<Weighted> sizes;
  for (std::size_t i = 0; i < views.size() && views.size() > 1; ++i) {
    const Guess g = guess(views[i], views, i, stretch, power);
    const double error = std::clamp((views[i].left_s - g.left_s) / std::max(1e-3, g.left_s), -0.95, 4.0);
    const double weight = now.weights[i] / total * now.effective;
    model.errors.push_back({error, weight});
    sizes.push_back({std::abs(error), weight});
  }
  model.prior_weight = options.prior_weight;
  if (!sizes.empty()) model.width = std::max(0.001, 0.5 * weighted_quantile(sizes, 0.6));
  const double centre = model.quantile(0.5);
  const auto left_at = [&](double p) { return std::max(0.0, now.left_s * (1 + model.quantile(p) - centre)); };
  for (const double p : options.probabilities) out.processing_s.push_back(left_at(p));
  out.median_processing_s = now.left_s;
  out.position = spent_s > 0 ? spent_s / (spent_s + now.left_s) : 0;

  // Standstills: what is left of the present one, and those that earlier runs met after this position.
  std::vector<double> present{0.0};
  if (is_standing) {
    const double age_s = seconds_from_ticks(running.end - running.activity_since);
    std::vector<double> residuals;
    for (const double length : same_place) {
      if (length > age_s) residuals.push_back(length - age_s);
    }
    for (std::size_t r = first; r < runs_.size() && residuals.size() < 3; ++r) {
      for (const auto& [at, length] : runs_[r].standstills) {
        if (length > age_s) residuals.push_back(length - age_s);
      }
    }
    // Nothing has ever lasted so long: what has lasted may last as long again.
    if (residuals.size() < 3) residuals.insert(residuals.end(), {0.2 * age_s, age_s, 3 * age_s});
    std::sort(residuals.begin(), residuals.end());
    present.clear();
    for (std::size_t i = 0; i < 9; ++i) present.push_back(residuals[(2 * i + 1) * residuals.size() / 18]);
  }
  std::vector<Weighted> sums;
  constexpr int kLevels = 25;
  for (int level = 0; level < kLevels; ++level) {
    const double left = left_at((level + 0.5) / kLevels);
    for (std::size_t i = 0; i < views.size(); ++i) {
      for (const double rest : present) sums.push_back({left + standing[i] + rest, now.weights[i]});
    }
  }
  for (const double p : options.probabilities) out.elapsed_s.push_back(weighted_quantile(sums, p));
  out.median_elapsed_s = weighted_quantile(sums, 0.5);
  return out;
}

ProgressProfiles learn_progress(std::span<const Operation> operations) {
  std::vector<const Operation*> order;
  for (const Operation& op : operations) {
    if (op.outcome == Outcome::kCompleted) order.push_back(&op);
  }
  std::sort(order.begin(), order.end(), [](const Operation* a, const Operation* b) {
    return std::tie(a->end, a->start, a->part) < std::tie(b->end, b->start, b->part);
  });
  ProgressProfiles profiles;
  for (const Operation* op : order) profiles[{op->product, op->operation, op->machine}].add(*op);
  return profiles;
}

}  // namespace twin::sync
