// The engine at work: plants of scenarios/, without a recorder, one thread.
#include "twin/sim/advance.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "line20.hpp"
#include "plants.hpp"

namespace {

using namespace twin;

double metric(const Plant& plant, const std::string& name, const State& begin, const State& end) {
  const std::vector<Metric> names = metrics(plant);
  const std::vector<double> values = measure(plant, begin, end);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].name == name) return values[i];
  return std::nan("");
}

void rates(benchmark::State& state, const char* what, std::uint64_t items, std::uint64_t events) {
  state.counters[what] = benchmark::Counter(static_cast<double>(items), benchmark::Counter::kIsRate);
  state.counters["events"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

/// Each iteration is another replication from an empty plant.
void BM_Mm1(benchmark::State& state) {
  const Plant plant = Plant::load("scenarios/queues/mm1-rho09.yaml");
  std::uint64_t customers = 0;
  std::uint64_t events = 0;
  std::uint64_t replication = 0;
  double sum = 0;
  for (auto unused : state) {
    State run = State::initial(plant, Seed{1}, replication++);
    advance(plant, plant.parameters(), run, {.time = plant.run().warmup});
    const State warm = run;
    advance(plant, plant.parameters(), run, {.time = plant.run().until});
    customers += run.products[0].completed;
    events += run.events;
    sum += metric(plant, "part.cycle_time", warm, run);
  }
  // The variance of the mean over n customers, for a service of mean 1, is nearly r (2 + 5r - 4r^2 + r^3) / (1 - r)^4 /
  // n. Source: D. J. Daley, The serial correlation coefficients of waiting times in a stationary single server queue,
  // 1968.
  constexpr double kRho = 0.9;
  const double expected = plant.data().expect.at("part.cycle_time");
  const double service = expected * (1 - kRho);
  const double variance = kRho * (2 + 5 * kRho - 4 * kRho * kRho + kRho * kRho * kRho) / std::pow(1 - kRho, 4);
  const double error = service * std::sqrt(variance / static_cast<double>(customers));
  const double mean = sum / static_cast<double>(replication);
  if (!(std::abs(mean - expected) <= 4 * error)) state.SkipWithError("the mean time in system is wrong");
  rates(state, "customers", customers, events);
  state.counters["answer"] = mean / service;
}
BENCHMARK(BM_Mm1)->Unit(benchmark::kMillisecond);

/// Each iteration is another replication from an empty line. There is no formula for its throughput: bench/run.py
/// compares `answer`, parts per minute, with that of the rivals.
void BM_Line20(benchmark::State& state) {
  const bench::Line20 line;
  std::uint64_t parts = 0;
  std::uint64_t events = 0;
  std::uint64_t replication = 0;
  bool conserved = true;
  for (auto unused : state) {
    State run = State::initial(line.plant, Seed{1}, replication++);
    advance(line.plant, line.plant.parameters(), run, {.time = line.plant.run().until});
    const ProductTotals& totals = run.products[0];
    conserved = conserved && totals.released == totals.completed + totals.in_process;
    parts += totals.completed;
    events += run.events;
  }
  if (!conserved) state.SkipWithError("lots were lost");
  const double minutes = static_cast<double>(replication) * static_cast<double>(line.plant.run().until / kMinute);
  rates(state, "parts", parts, events);
  state.counters["answer"] = static_cast<double>(parts) / minutes;
}
BENCHMARK(BM_Line20)->Unit(benchmark::kMillisecond);

/// A branch is right when what has happened is as before, it is the same each time, and another one differs.
template <class Running>
void check_branch(benchmark::State& state, const Running& line) {
  const auto completed = [](const State& s) {
    std::uint64_t sum = 0;
    for (const ProductTotals& totals : s.products) sum += totals.completed;
    return sum;
  };
  const auto outcome = [&](std::uint64_t replication) {
    State future = branch(line.plant, line.plant.parameters(), line.warm, replication);
    if (completed(future) != completed(line.warm)) state.SkipWithError("a branch changes the past");
    advance(line.plant, line.plant.parameters(), future, std::chrono::hours{8});
    return future.digest(line.plant);
  };
  if (outcome(1) != outcome(1)) state.SkipWithError("a branch is not reproducible");
  if (outcome(1) == outcome(2)) state.SkipWithError("two branches have the same luck");
}

void BM_BranchState(benchmark::State& state) {
  const bench::Line20 line;
  std::uint64_t replication = 0;
  for (auto unused : state) {
    State future = branch(line.plant, line.plant.parameters(), line.warm, ++replication);
    benchmark::DoNotOptimize(future);
  }
  check_branch(state, line);
}
BENCHMARK(BM_BranchState)->Name("BM_BranchState/line20");

/// Into a state that is there already, as a study branches.
void BM_BranchStateInto(benchmark::State& state) {
  const bench::Line20 line;
  std::uint64_t replication = 0;
  State future = line.warm;
  for (auto unused : state) {
    branch_into(line.plant, line.plant.parameters(), line.warm, ++replication, future);
    benchmark::DoNotOptimize(future);
  }
  check_branch(state, line);
}
BENCHMARK(BM_BranchStateInto)->Name("BM_BranchStateInto/line20");

/// A shop of 1,000 machines with 10,000 lots.
void BM_BranchShop(benchmark::State& state) {
  try {
    const bench::Running shop("shop1000");
    std::uint64_t replication = 0;
    for (auto unused : state) {
      State future = branch(shop.plant, shop.plant.parameters(), shop.warm, ++replication);
      benchmark::DoNotOptimize(future);
    }
    check_branch(state, shop);
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK(BM_BranchShop)->Name("BM_BranchState/plant1000")->Unit(benchmark::kMicrosecond);

/// Branches of a running line, each run to the end of a shift of 8 h.
void BM_Futures(benchmark::State& state) {
  const bench::Line20 line;
  State future = line.warm;
  std::uint64_t futures = 0;
  std::uint64_t parts = 0;
  for (auto unused : state) {
    branch_into(line.plant, line.plant.parameters(), line.warm, ++futures, future);
    advance(line.plant, line.plant.parameters(), future, std::chrono::hours{8});
    parts += line.completed(future) - line.completed(line.warm);
  }
  check_branch(state, line);
  state.counters["futures"] = benchmark::Counter(static_cast<double>(futures), benchmark::Counter::kIsRate);
  state.counters["answer"] = static_cast<double>(parts) / static_cast<double>(futures) / 480;
}
BENCHMARK(BM_Futures)->Name("BM_Futures/line20")->Unit(benchmark::kMicrosecond);

}  // namespace
