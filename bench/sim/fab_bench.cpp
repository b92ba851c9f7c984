// A wafer fab of about 1,000 machines over years: bench/plants.py, with the counts of SMT2020.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "plants.hpp"

namespace {

using namespace twin;

/// Families that take one lot at a time work for as long as the lots that come need: the plant's `expect` has it from
/// routes and shares. What is missing at the end is what is still in the fab.
void check_utilisation(benchmark::State& state, const Plant& plant, const State& begin, const State& end) {
  const std::vector<Metric> names = metrics(plant);
  const std::vector<double> values = measure(plant, begin, end);
  std::size_t found = 0;
  double worst = 0;
  double most = 0;
  std::string where;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto expected = plant.data().expect.find(names[i].name);
    if (expected == plant.data().expect.end()) continue;
    ++found;
    const double difference = std::abs(values[i] / expected->second - 1);
    if (difference > worst) where = fmt::format("{} is {:.4f}, not {:.4f}", names[i].name, values[i], expected->second);
    worst = std::max(worst, difference);
    most = std::max(most, values[i]);
  }
  const double years = seconds_from_ticks(end.now - begin.now) / (365 * 86400.0);
  // Luck of sampling and rework, and what lies in front of a family at either end, weigh less the longer the time.
  if (found != plant.data().expect.size() || !(worst < 0.04 / std::sqrt(years))) state.SkipWithError(where.c_str());
  state.counters["utilisation_most"] = most;
}

std::uint64_t in_process(const State& state) {
  std::uint64_t lots = 0;
  for (const ProductTotals& totals : state.products) lots += totals.in_process;
  return lots;
}

/// From the empty fab through so many days; one iteration, since it is long. `answer`: operations of lots a day.
void BM_Fab(benchmark::State& state, int days) {
  try {
    const Plant plant = bench::made_plant("fab");
    const Tick end = days * kDay;
    const Tick full = std::min(plant.run().warmup, end / 2);
    for (auto unused : state) {
      State run = State::initial(plant, Seed{1});
      advance(plant, plant.parameters(), run, {.time = full});
      const State warm = run;
      advance(plant, plant.parameters(), run, {.time = full + (end - full) / 2});
      const std::uint64_t middle = in_process(run);
      advance(plant, plant.parameters(), run, {.time = end});

      std::uint64_t overdue = 0;
      for (const ProductTotals& totals : run.products)
        if (totals.released != totals.completed + totals.in_process) state.SkipWithError("lots were lost");
      for (const StationState& station : run.stations) overdue += station.overdue;
      const auto lots = static_cast<double>(in_process(run));
      if (full == plant.run().warmup) {  // as many lots as before are in a fab that can do what comes
        if (lots > 1.25 * static_cast<double>(middle)) state.SkipWithError("work in process grows");
        check_utilisation(state, plant, warm, run);
      }
      state.counters["operations"] =
          benchmark::Counter(static_cast<double>(bench::operations(run)), benchmark::Counter::kIsRate);
      state.counters["events"] = benchmark::Counter(static_cast<double>(run.events), benchmark::Counter::kIsRate);
      state.counters["lots"] = lots;
      state.counters["overdue"] = static_cast<double>(overdue);
      state.counters["answer"] = static_cast<double>(bench::operations(run)) / days;
    }
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK_CAPTURE(BM_Fab, days30, 30)->Name("BM_Fab/days30")->Unit(benchmark::kSecond)->Iterations(1);
BENCHMARK_CAPTURE(BM_Fab, years2, 730)->Name("BM_Fab/years2")->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
