// The three loops by which the makers of JaamSim compare simulators, as plants: see bench/plants.py.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "plants.hpp"

namespace {

using namespace twin;

/// Each iteration is another 100,000 s. `answer`: entities a second; 1, exactly where there is no chance.
void BM_Loop(benchmark::State& state, const std::string& name, bool chance) {
  try {
    const bench::Running plant(name);
    State run = plant.warm;
    for (auto unused : state) advance(plant.plant, plant.plant.parameters(), run, std::chrono::seconds{100'000});
    const auto entities = static_cast<double>(bench::operations(run) - bench::operations(plant.warm));
    const double expected = static_cast<double>((run.now - plant.warm.now) / kSecond);
    // 1,000 renewal processes, whose counts vary by a third of their means.
    if (std::abs(entities - expected) > (chance ? 5 * std::sqrt(expected / 3) + 5 : 0))
      state.SkipWithError((std::to_string(entities) + " entities, not " + std::to_string(expected)).c_str());
    state.counters["entities"] = benchmark::Counter(entities, benchmark::Counter::kIsRate);
    state.counters["answer"] = entities / expected;
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK_CAPTURE(BM_Loop, delay, "delay", true)->Name("BM_Loop/delay")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Loop, create, "create", false)->Name("BM_Loop/create")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Loop, seize, "seize", false)->Name("BM_Loop/seize")->Unit(benchmark::kMillisecond);

}  // namespace
