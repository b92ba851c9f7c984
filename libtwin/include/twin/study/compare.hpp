/// What if: alternatives side by side, under the same luck.
///
/// All alternatives run the same replication numbers, and a draw depends on names only (base/random.hpp), so run i of
/// one alternative meets the same weather as run i of another. Differences are taken run by run: their interval is
/// narrower than that of two independent studies by what the runs have in common.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "twin/study/forecast.hpp"
#include "twin/study/simulate.hpp"

namespace twin::study {

/// Paths of the plant with their new values as YAML text: {{"stations.mill.machines", "2"}}.
using Changes = std::vector<std::pair<std::string, std::string>>;

/// A question: its name, and what to change for it. No change at all is the plant as it is.
struct Scenario {
  std::string name;
  Changes changes;
};

/// A plant at an instant, beside others.
struct Alternative {
  std::string name;
  Plant plant;
  Parameters parameters;
  State state;
};

/// A plant from its beginning, beside others.
struct PlantAlternative {
  std::string name;
  Plant plant;
  Parameters parameters;
};

/// One alternative in one figure, and against the baseline.
struct Compared {
  std::string name;
  Estimate value;          ///< over the runs that have data; instants are seconds since the state's clock
  Estimate difference;     ///< this minus baseline, run by run; 95 % paired interval
  double correlation = 0;  ///< with the baseline, run by run; NaN for the baseline itself and where nothing varies
  double variance_ratio =
      0;            ///< variance of the difference over that of independent runs; 1: common luck saved nothing
  double best = 0;  ///< share of runs in which it is best; equals share the win
};

/// Runs of several alternatives.
class Comparison {
 public:
  struct Entry {
    std::string name;
    std::variant<Result, Forecast> outcome;
  };
  std::vector<Entry> entries;

  /// \throws InvalidArgument  unknown name, with the nearest ones
  [[nodiscard]] const Entry& operator[](std::string_view alternative) const;
  /// A figure of an alternative in each run; instants are seconds since the state's clock, infinite if not reached.
  [[nodiscard]] std::vector<double> sample(std::string_view alternative, std::string_view metric) const;

  /// All alternatives in one figure. Runs in which one of a pair has no finite value are left out of the difference;
  /// `n` tells. For `best`, what is not reached loses, and a run that any alternative has no data (NaN) for is left
  /// out. \param baseline         what differences are taken to; empty: the first alternative \param smaller_is_better
  /// for `best` \throws InvalidArgument  unknown baseline, or a figure that some alternative lacks
  [[nodiscard]] std::vector<Compared> compare(std::string_view metric, std::string_view baseline = {},
                                              bool smaller_is_better = true) const;
};

struct WhatIfOptions {
  ForecastOptions forecast = {};
  Disposition disposition = Disposition::kRefuse;  ///< for what a changed plant has no place for
};

/// Learned numbers for a changed plant: those of `to` as declared, except that what was learned for `from` is kept
/// wherever `to` declares the same (distributions by path, branches by path and step as a whole, speeds by machine).
[[nodiscard]] Parameters carry_parameters(const Plant& from, const Parameters& learned, const Plant& to);

/// The alternative that a scenario means: the plant changed, numbers carried over, the state migrated.
/// \throws PlantError       what `Plant::change` refuses
/// \throws InvalidArgument  what `migrate` refuses
[[nodiscard]] Alternative alternative(const Plant& plant, const Parameters& parameters, const State& state,
                                      const Scenario& scenario, Disposition disposition = Disposition::kRefuse);

/// Runs the same futures of each scenario from one state.
/// \throws InvalidArgument  no scenario, two of one name; and what `alternative` and `forecast` throw
/// \throws Cancelled        when cancelled
/// \note Progress counts the futures of all scenarios.
[[nodiscard]] Comparison what_if(const Plant& plant, const Parameters& parameters, const State& state,
                                 const std::vector<Scenario>& scenarios, const WhatIfOptions& options = {});
/// The same for alternatives made otherwise.
[[nodiscard]] Comparison compare_states(const std::vector<Alternative>& alternatives,
                                        const ForecastOptions& options = {});

/// Runs the same replications of each plant from its beginning; the number of replications and the seed are those of
/// `options`, else of the first plant.
[[nodiscard]] Comparison compare_plants(const std::vector<PlantAlternative>& alternatives,
                                        const SimulateOptions& options = {});
/// The same for one plant and its changes.
[[nodiscard]] Comparison compare_plants(const Plant& plant, const Parameters& parameters,
                                        const std::vector<Scenario>& scenarios, const SimulateOptions& options = {});

}  // namespace twin::study
