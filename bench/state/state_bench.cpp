// What a running line costs to copy, save, load and hash.
#include "twin/state/state.hpp"

#include <benchmark/benchmark.h>

#include <string>

#include "line20.hpp"

namespace {

using namespace twin;

/// A copy is right when it is equal, and has the same future.
void check_copy(benchmark::State& state, const bench::Line20& line, State copy) {
  if (!equal(line.plant, line.warm, copy)) state.SkipWithError("the copy differs from its original");
  State original = line.warm;
  advance(line.plant, line.plant.parameters(), original, std::chrono::hours{8});
  advance(line.plant, line.plant.parameters(), copy, std::chrono::hours{8});
  if (original.digest(line.plant) != copy.digest(line.plant)) state.SkipWithError("the copy has another future");
}

void BM_CopyState(benchmark::State& state) {
  const bench::Line20 line;
  for (auto unused : state) {
    State copy = line.warm;
    benchmark::DoNotOptimize(copy);
  }
  check_copy(state, line, State(line.warm));
}
BENCHMARK(BM_CopyState)->Name("BM_CopyState/line20");

/// Into a state that is there already, as a study copies.
void BM_CopyStateInto(benchmark::State& state) {
  const bench::Line20 line;
  State copy = line.warm;
  for (auto unused : state) {
    copy = line.warm;
    benchmark::DoNotOptimize(copy);
  }
  check_copy(state, line, std::move(copy));
}
BENCHMARK(BM_CopyStateInto)->Name("BM_CopyStateInto/line20");

void BM_SaveState(benchmark::State& state) {
  const bench::Line20 line;
  std::string bytes;
  for (auto unused : state) {
    bytes = line.warm.save(line.plant);
    benchmark::DoNotOptimize(bytes);
  }
  check_copy(state, line, State::load(bytes, line.plant));
  state.counters["size"] = static_cast<double>(bytes.size());
}
BENCHMARK(BM_SaveState)->Name("BM_SaveState/line20")->Unit(benchmark::kMicrosecond);

void BM_LoadState(benchmark::State& state) {
  const bench::Line20 line;
  const std::string bytes = line.warm.save(line.plant);
  State loaded;
  for (auto unused : state) {
    loaded = State::load(bytes, line.plant);
    benchmark::DoNotOptimize(loaded);
  }
  check_copy(state, line, std::move(loaded));
}
BENCHMARK(BM_LoadState)->Name("BM_LoadState/line20")->Unit(benchmark::kMicrosecond);

void BM_DigestState(benchmark::State& state) {
  const bench::Line20 line;
  std::uint64_t digest = 0;
  for (auto unused : state) {
    digest = line.warm.digest(line.plant);
    benchmark::DoNotOptimize(digest);
  }
  State later = line.warm;
  if (digest != later.digest(line.plant)) state.SkipWithError("equal states have different digests");
  advance(line.plant, line.plant.parameters(), later, std::chrono::minutes{1});
  if (digest == later.digest(line.plant)) state.SkipWithError("different states have the same digest");
}
BENCHMARK(BM_DigestState)->Name("BM_DigestState/line20")->Unit(benchmark::kMicrosecond);

}  // namespace
