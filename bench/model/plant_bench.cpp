// What it takes to turn a scenario file into a plant.
#include <benchmark/benchmark.h>

#include "twin/model/plant.hpp"

namespace {

using namespace twin;

void BM_LoadPlant(benchmark::State& state) {
  const Plant first = Plant::load("scenarios/lines/unreliable20.yaml");
  bool same = true;
  for (auto unused : state) {
    const Plant plant = Plant::load("scenarios/lines/unreliable20.yaml");
    same = same && plant.digest() == first.digest();
  }
  if (first.data().machines.size() != 20) state.SkipWithError("the line has not 20 machines");
  if (!same) state.SkipWithError("the same file gave different plants");
}
BENCHMARK(BM_LoadPlant)->Name("BM_LoadPlant/line20")->Unit(benchmark::kMicrosecond);

}  // namespace
