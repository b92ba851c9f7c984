// Static lines without a list of events: the plants of advance_bench.cpp, by recursion. Each checks that it gives what
// events give.
#include "twin/sim/recursion.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>

#include "line20.hpp"

namespace {

using namespace twin;

void rate(benchmark::State& state, const char* what, std::uint64_t items) {
  state.counters[what] = benchmark::Counter(static_cast<double>(items), benchmark::Counter::kIsRate);
}

/// Same operations, same figures as by events, from one state to another.
void check(benchmark::State& state, const Plant& plant, const State& begin, Tick until) {
  State events = begin;
  State recursion = begin;
  advance(plant, plant.parameters(), events, {.time = until});
  advance_by_recursion(plant, plant.parameters(), recursion, {.time = until});
  if (events.history != recursion.history || events.events != recursion.events ||
      measure(plant, begin, events) != measure(plant, begin, recursion))
    state.SkipWithError("the recursion gives something else than events");
}

void BM_Line20(benchmark::State& state) {
  const bench::Line20 line;
  std::uint64_t parts = 0;
  std::uint64_t replication = 0;
  for (auto unused : state) {
    State run = State::initial(line.plant, Seed{1}, replication++);
    advance_by_recursion(line.plant, line.plant.parameters(), run, {.time = line.plant.run().until});
    parts += run.products[0].completed;
  }
  check(state, line.plant, State::initial(line.plant, Seed{1}, 5), 20000 * kMinute);
  const double minutes = static_cast<double>(replication) * static_cast<double>(line.plant.run().until / kMinute);
  rate(state, "parts", parts);
  state.counters["answer"] = static_cast<double>(parts) / minutes;
}
BENCHMARK(BM_Line20)->Name("BM_Line20Recursion")->Unit(benchmark::kMillisecond);

void BM_Mm1(benchmark::State& state) {
  const Plant plant = Plant::load("scenarios/queues/mm1-rho09.yaml");
  std::uint64_t customers = 0;
  std::uint64_t replication = 0;
  double sum = 0;
  for (auto unused : state) {
    State run = State::initial(plant, Seed{1}, replication++);
    advance_by_recursion(plant, plant.parameters(), run, {.time = plant.run().warmup});
    const ProductTotals warm = run.products[0];
    advance_by_recursion(plant, plant.parameters(), run, {.time = plant.run().until});
    const ProductTotals& totals = run.products[0];
    customers += totals.completed;
    sum += static_cast<double>(totals.cycle_time - warm.cycle_time) / static_cast<double>(kSecond) /
           static_cast<double>(totals.completed - warm.completed);
  }
  check(state, plant, State::initial(plant, Seed{1}, 5), plant.run().until);
  rate(state, "customers", customers);
  const double service = plant.data().expect.at("part.cycle_time") * (1 - 0.9);
  state.counters["answer"] = sum / static_cast<double>(replication) / service;
}
BENCHMARK(BM_Mm1)->Name("BM_Mm1Recursion")->Unit(benchmark::kMillisecond);

/// Branches of a running line, each run to the end of a shift of 8 h.
void BM_Futures(benchmark::State& state) {
  const bench::Line20 line;
  State future = line.warm;
  std::uint64_t futures = 0;
  std::uint64_t parts = 0;
  for (auto unused : state) {
    branch_into(line.plant, line.plant.parameters(), line.warm, ++futures, future);
    advance_by_recursion(line.plant, line.plant.parameters(), future, {.time = future.now + 8 * kHour});
    parts += line.completed(future) - line.completed(line.warm);
  }
  check(state, line.plant, branch(line.plant, line.plant.parameters(), line.warm, 3), line.warm.now + 8 * kHour);
  rate(state, "futures", futures);
  state.counters["answer"] = static_cast<double>(parts) / static_cast<double>(futures) / 480;
}
BENCHMARK(BM_Futures)->Name("BM_FuturesRecursion/line20")->Unit(benchmark::kMicrosecond);

}  // namespace
