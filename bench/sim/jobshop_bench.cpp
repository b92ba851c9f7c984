// Dispatching from long queues: the job shop of bench/plants.py, apparent tardiness cost.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "plants.hpp"

namespace {

using namespace twin;

/// Expected processing of a lot of a product over its route.
double work_of(const Plant& plant, const ProductData& product) {
  double work = 0;
  for (std::uint32_t step = product.first_step; step < product.first_step + product.step_count; ++step)
    work += plant.parameters().mean(plant.data().choices[plant.data().steps[step].first_choice].time);
  return work;
}

/// Work that lots in process still need, the operations under way as if they began now.
double work_ahead(const Plant& plant, const State& state) {
  double work = 0;
  for (const Lot& lot : state.lots) {
    if (lot.place == Place::kFree) continue;
    const StepData& at = plant.data().steps[lot.step];
    const ProductData& product = plant.data().products[at.product.value];
    for (std::uint32_t step = lot.step; step < product.first_step + product.step_count; ++step)
      work += plant.parameters().mean(plant.data().choices[plant.data().steps[step].first_choice].time);
  }
  return work;
}

/// What went through the shop is what its machines did: lots are kept, nobody idles beside a queue, and the time worked
/// is the work of the lots that left plus what the others were brought forward. `answer`: operations per minute.
void check(benchmark::State& state, const bench::Running& shop, const State& end) {
  const PlantData& data = shop.plant.data();
  double done = work_ahead(shop.plant, shop.warm) - work_ahead(shop.plant, end);
  std::uint64_t operations = bench::operations(end) - bench::operations(shop.warm);
  for (std::size_t p = 0; p < data.products.size(); ++p) {
    const ProductTotals& totals = end.products[p];
    if (totals.released != totals.completed + totals.in_process || totals.in_process != data.sources[p].level)
      state.SkipWithError("lots were lost, or are not as many as circulate");
    const double released = static_cast<double>(totals.released - shop.warm.products[p].released);
    done += released * work_of(shop.plant, data.products[p]);
  }
  double worked = 0;
  for (std::size_t m = 0; m < data.machines.size(); ++m) {
    const auto at = static_cast<std::size_t>(Condition::kWorking);
    const auto total = [&](const State& s) {
      const MachineState& machine = s.machines[m];
      const Tick present = machine.condition == Condition::kWorking ? s.now - machine.since : 0;
      return seconds_from_ticks(machine.in_condition[at] + present);
    };
    worked += total(end) - total(shop.warm);
    const StationState& station = end.stations[data.machines[m].station.value];
    if (station.queued > 0 && end.machines[m].lot == kNone) state.SkipWithError("a machine idles beside its queue");
  }
  // Each operation's time is exponential with a mean of its own, at most some times the mean of all.
  const double mean = done / static_cast<double>(operations);
  const double error = 1.3 * mean * std::sqrt(static_cast<double>(operations));
  if (std::abs(worked - done) > 5 * error) state.SkipWithError("the time worked is not that of the operations done");
  state.counters["answer"] = static_cast<double>(operations) / (seconds_from_ticks(end.now - shop.warm.now) / 60);
}

/// Each iteration is a day of the shop.
void BM_JobShop(benchmark::State& state, const std::string& name) {
  try {
    const bench::Running shop(name);
    State run = shop.warm;
    for (auto unused : state) advance(shop.plant, shop.plant.parameters(), run, std::chrono::hours{24});
    const auto operations = static_cast<double>(bench::operations(run) - bench::operations(shop.warm));
    state.counters["operations"] = benchmark::Counter(operations, benchmark::Counter::kIsRate);
    state.counters["events"] =
        benchmark::Counter(static_cast<double>(run.events - shop.warm.events), benchmark::Counter::kIsRate);
    state.counters["lots"] = run.lot_count;
    check(state, shop, run);
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK_CAPTURE(BM_JobShop, atc, "jobshop")->Name("BM_JobShop/atc")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_JobShop, bottleneck, "jobshop-bottleneck")
    ->Name("BM_JobShop/bottleneck")
    ->Unit(benchmark::kMillisecond);

/// The same shop, smaller and without chance, from its beginning: lots finished and the sum of their times in the shop
/// in nanoseconds are those of the rival to the last digit.
void BM_JobShopCut(benchmark::State& state) {
  try {
    const Plant plant = bench::made_plant("jobshop-cut");
    State run = State::initial(plant, Seed{1});
    for (auto unused : state) {
      run = State::initial(plant, Seed{1});
      advance(plant, plant.parameters(), run, {.time = plant.run().until});
    }
    constexpr Tick kMilli = kSecond / 1000;
    Wide time = 0;
    Wide late = 0;
    for (const ProductTotals& totals : run.products) {
      time += totals.cycle_time;
      late += totals.tardiness;
    }
    state.counters["operations"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(bench::operations(run)),
                           benchmark::Counter::kIsRate);
    // In milliseconds, as the times of the plant are, so that a double holds the sum.
    state.counters["answer"] = static_cast<double>(time / kMilli + late / kMilli);
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK(BM_JobShopCut)->Name("BM_JobShop/cut")->Unit(benchmark::kMillisecond);

}  // namespace
