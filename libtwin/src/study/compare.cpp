#include "twin/study/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "names_impl.hpp"
#include "twin/base/error.hpp"

namespace twin::study {
namespace {

template <class T>
void check_names(const std::vector<T>& alternatives) {
  if (alternatives.empty()) throw InvalidArgument("compare: no alternative; allowed: one or more");
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (alternatives[i].name == alternatives[j].name) {
        throw InvalidArgument("compare: two alternatives are called '" + alternatives[i].name +
                              "'; allowed: different names");
      }
    }
  }
}

/// Progress of one study out of several of the same size.
std::function<void(int, int)> part_of(const std::function<void(int, int)>& progress, std::size_t part,
                                      std::size_t parts) {
  if (!progress) return {};
  return [&progress, part, parts](int done, int total) {
    progress(static_cast<int>(part) * total + done, static_cast<int>(parts) * total);
  };
}

/// Positions of each name; equal names (a failure mode declared once for several machines) keep their order.
std::map<std::string_view, std::vector<std::uint32_t>> positions(const std::vector<std::string>& names) {
  std::map<std::string_view, std::vector<std::uint32_t>> out;
  for (std::uint32_t i = 0; i < names.size(); ++i) out[names[i]].push_back(i);
  return out;
}

/// Calls take(i in `to`, j in `from`) for names that both have. Where `to` has more of one name, the last serves all.
template <class Take>
void match(const std::vector<std::string>& from, const std::vector<std::string>& to, Take take) {
  const auto in_from = positions(from);
  for (const auto& [name, indices] : positions(to)) {
    const auto found = in_from.find(name);
    if (found == in_from.end()) continue;
    for (std::size_t k = 0; k < indices.size(); ++k) {
      take(indices[k], found->second[std::min(k, found->second.size() - 1)]);
    }
  }
}

/// Keeps learned branch probabilities, step by step: all of a step or none, so that they still add up to 1.
void carry_branches(const Plant& from, const Parameters& learned, const Plant& to, Parameters& out) {
  std::vector<std::uint32_t> before(to.data().branches.size(), kNone);  // kNone: new, or declared anew
  match(from.data().branch_paths, to.data().branch_paths, [&](std::uint32_t i, std::uint32_t j) {
    if (to.parameters().branch_probability[i] == from.parameters().branch_probability[j]) before[i] = j;
  });
  for (const StepData& step : to.data().steps) {
    bool same = true;
    double sum = 0;
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
      same = same && before[b] != kNone;
      if (same) sum += learned.branch_probability[before[b]];
    }
    // A branch that is gone, declared impossible but learned to be possible, shows in the sum.
    if (!same || std::abs(sum - 1) > 1e-9) continue;
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
      out.branch_probability[b] = learned.branch_probability[before[b]];
    }
  }
}

/// Share of runs in which each alternative is best.
std::vector<double> shares_of_wins(const std::vector<std::vector<double>>& samples, bool smaller_is_better) {
  std::vector<double> wins(samples.size(), 0.0);
  std::size_t runs = 0, common = samples.front().size();
  for (const auto& sample : samples) common = std::min(common, sample.size());
  for (std::size_t r = 0; r < common; ++r) {
    double best = 0;
    std::size_t winners = 0;
    bool no_data = false;
    for (const auto& sample : samples) {
      const double x = sample[r];
      no_data = no_data || std::isnan(x);
      if (winners > 0 && x == best) {
        ++winners;
      } else if (winners == 0 || (smaller_is_better ? x < best : x > best)) {
        best = x;
        winners = 1;
      }
    }
    if (no_data) continue;
    ++runs;
    for (std::size_t a = 0; a < samples.size(); ++a) {
      if (samples[a][r] == best) wins[a] += 1.0 / static_cast<double>(winners);
    }
  }
  for (double& w : wins) w = runs > 0 ? w / static_cast<double>(runs) : std::numeric_limits<double>::quiet_NaN();
  return wins;
}

Compared compared(const std::string& name, const std::vector<double>& sample, const std::vector<double>& baseline) {
  std::vector<double> mine, theirs, differences;
  for (std::size_t r = 0; r < std::min(sample.size(), baseline.size()); ++r) {
    if (!std::isfinite(sample[r]) || !std::isfinite(baseline[r])) continue;
    mine.push_back(sample[r]);
    theirs.push_back(baseline[r]);
    differences.push_back(sample[r] - baseline[r]);
  }
  Compared out;
  out.name = name;
  out.value = estimate(sample);
  out.difference = estimate(differences);
  const bool itself = &sample == &baseline;
  out.correlation = itself ? std::numeric_limits<double>::quiet_NaN() : correlation(mine, theirs);
  const double independent = variance(mine) + variance(theirs);
  out.variance_ratio =
      !itself && independent > 0 ? variance(differences) / independent : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace

const Comparison::Entry& Comparison::operator[](std::string_view alternative) const {
  const auto found = std::ranges::find(entries, alternative, &Entry::name);
  if (found != entries.end()) return *found;
  std::vector<std::string> known;
  for (const Entry& entry : entries) known.push_back(entry.name);
  throw InvalidArgument(detail::unknown_name("comparison", "alternative", alternative, known));
}

std::vector<double> Comparison::sample(std::string_view alternative, std::string_view metric) const {
  return std::visit([metric](const auto& outcome) { return outcome.sample(metric); }, (*this)[alternative].outcome);
}

std::vector<Compared> Comparison::compare(std::string_view metric, std::string_view baseline,
                                          bool smaller_is_better) const {
  if (entries.empty()) throw InvalidArgument("comparison: it has no alternatives");
  const std::size_t base = baseline.empty() ? 0 : static_cast<std::size_t>(&(*this)[baseline] - entries.data());
  std::vector<std::vector<double>> samples;
  for (const Entry& entry : entries) {
    try {
      samples.push_back(sample(entry.name, metric));
    } catch (const InvalidArgument& error) {
      throw InvalidArgument("comparison: alternative '" + entry.name + "': " + error.what());
    }
  }
  const std::vector<double> wins = shares_of_wins(samples, smaller_is_better);
  std::vector<Compared> out;
  for (std::size_t a = 0; a < entries.size(); ++a) {
    out.push_back(compared(entries[a].name, samples[a], samples[base]));
    out.back().best = wins[a];
  }
  return out;
}

Parameters carry_parameters(const Plant& from, const Parameters& learned, const Plant& to) {
  check_parameters(from, learned);
  const Parameters &declared_before = from.parameters(), &declared = to.parameters();
  Parameters out = declared;
  match(from.data().distribution_paths, to.data().distribution_paths, [&](std::uint32_t i, std::uint32_t j) {
    const DistributionId before{j}, after{i};
    if (declared.distribution(after) != declared_before.distribution(before)) return;
    const Distribution known = learned.distribution(before);
    if (known != declared.distribution(after)) out.set(after, known);
  });
  carry_branches(from, learned, to, out);
  match(from.data().machine_names, to.data().machine_names, [&](std::uint32_t i, std::uint32_t j) {
    if (declared.speed[i] == declared_before.speed[j]) out.speed[i] = learned.speed[j];
  });
  return out;
}

Alternative alternative(const Plant& plant, const Parameters& parameters, const State& state, const Scenario& scenario,
                        Disposition disposition) {
  if (scenario.changes.empty()) return {scenario.name, plant, parameters, state};
  const Plant changed = plant.change(scenario.changes);
  return {scenario.name, changed, carry_parameters(plant, parameters, changed),
          migrate(plant, changed, state, disposition)};
}

Comparison compare_states(const std::vector<Alternative>& alternatives, const ForecastOptions& options) {
  check_names(alternatives);
  Comparison out;
  for (std::size_t a = 0; a < alternatives.size(); ++a) {
    const Alternative& one = alternatives[a];
    ForecastOptions mine = options;
    mine.progress = part_of(options.progress, a, alternatives.size());
    out.entries.push_back({one.name, forecast(one.plant, one.parameters, one.state, mine)});
  }
  return out;
}

Comparison what_if(const Plant& plant, const Parameters& parameters, const State& state,
                   const std::vector<Scenario>& scenarios, const WhatIfOptions& options) {
  check_names(scenarios);
  std::vector<Alternative> alternatives;
  alternatives.reserve(scenarios.size());
  for (const Scenario& scenario : scenarios) {
    alternatives.push_back(alternative(plant, parameters, state, scenario, options.disposition));
  }
  return compare_states(alternatives, options.forecast);
}

Comparison compare_plants(const std::vector<PlantAlternative>& alternatives, const SimulateOptions& options) {
  check_names(alternatives);
  const RunSettings& first = alternatives.front().plant.run();
  Comparison out;
  for (std::size_t a = 0; a < alternatives.size(); ++a) {
    const PlantAlternative& one = alternatives[a];
    SimulateOptions mine = options;
    mine.seed = options.seed.value_or(Seed{first.seed});
    if (mine.replications == 0) mine.replications = std::max(first.replications, 1);
    mine.progress = part_of(options.progress, a, alternatives.size());
    out.entries.push_back({one.name, simulate(one.plant, one.parameters, mine)});
  }
  return out;
}

Comparison compare_plants(const Plant& plant, const Parameters& parameters, const std::vector<Scenario>& scenarios,
                          const SimulateOptions& options) {
  check_names(scenarios);
  std::vector<PlantAlternative> alternatives;
  for (const Scenario& scenario : scenarios) {
    if (scenario.changes.empty()) {
      alternatives.push_back({scenario.name, plant, parameters});
    } else {
      const Plant changed = plant.change(scenario.changes);
      alternatives.push_back({scenario.name, changed, carry_parameters(plant, parameters, changed)});
    }
  }
  return compare_plants(alternatives, options);
}

}  // namespace twin::study
