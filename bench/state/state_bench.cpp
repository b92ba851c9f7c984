// What a running plant costs to copy, save, load and hash: the line of 20 machines, and a shop of 1,000 with 10,000
// lots.
#include "twin/state/state.hpp"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <string>

#include "line20.hpp"
#include "plants.hpp"

namespace {

using namespace twin;

/// A copy is right when it is equal, and has the same future.
template <class Running>
void check_copy(benchmark::State& state, const Running& running, State copy) {
  const Plant& plant = running.plant;
  if (!equal(plant, running.warm, copy)) state.SkipWithError("the copy differs from its original");
  State original = running.warm;
  advance(plant, plant.parameters(), original, std::chrono::hours{8});
  advance(plant, plant.parameters(), copy, std::chrono::hours{8});
  if (original.digest(plant) != copy.digest(plant)) state.SkipWithError("the copy has another future");
}

/// Runs `measure` with a plant that is under way; where there is none yet says what is missing.
template <class Measure>
void with_running(benchmark::State& state, const Measure& measure) {
  try {
    measure(state);
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}

struct Shop1000 : bench::Running {
  Shop1000() : Running("shop1000") {}
};

template <class Running>
void BM_CopyState(benchmark::State& state) {
  with_running(state, [](benchmark::State& loop) {
    const Running running;
    for (auto unused : loop) {
      State copy = running.warm;
      benchmark::DoNotOptimize(copy);
    }
    check_copy(loop, running, State(running.warm));
  });
}
BENCHMARK_TEMPLATE(BM_CopyState, bench::Line20)->Name("BM_CopyState/line20");
BENCHMARK_TEMPLATE(BM_CopyState, Shop1000)->Name("BM_CopyState/plant1000")->Unit(benchmark::kMicrosecond);

/// Into a state that is there already, as a study copies.
template <class Running>
void BM_CopyStateInto(benchmark::State& state) {
  with_running(state, [](benchmark::State& loop) {
    const Running running;
    State copy = running.warm;
    for (auto unused : loop) {
      copy = running.warm;
      benchmark::DoNotOptimize(copy);
    }
    check_copy(loop, running, std::move(copy));
  });
}
BENCHMARK_TEMPLATE(BM_CopyStateInto, bench::Line20)->Name("BM_CopyStateInto/line20");
BENCHMARK_TEMPLATE(BM_CopyStateInto, Shop1000)->Name("BM_CopyStateInto/plant1000")->Unit(benchmark::kMicrosecond);

template <class Running>
void BM_SaveState(benchmark::State& state) {
  with_running(state, [](benchmark::State& loop) {
    const Running running;
    std::string bytes;
    for (auto unused : loop) {
      bytes = running.warm.save(running.plant);
      benchmark::DoNotOptimize(bytes);
    }
    check_copy(loop, running, State::load(bytes, running.plant));
    loop.counters["size"] = static_cast<double>(bytes.size());
  });
}
BENCHMARK_TEMPLATE(BM_SaveState, bench::Line20)->Name("BM_SaveState/line20")->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(BM_SaveState, Shop1000)->Name("BM_SaveState/plant1000")->Unit(benchmark::kMicrosecond);

template <class Running>
void BM_LoadState(benchmark::State& state) {
  with_running(state, [](benchmark::State& loop) {
    const Running running;
    const std::string bytes = running.warm.save(running.plant);
    State loaded;
    for (auto unused : loop) {
      loaded = State::load(bytes, running.plant);
      benchmark::DoNotOptimize(loaded);
    }
    check_copy(loop, running, std::move(loaded));
  });
}
BENCHMARK_TEMPLATE(BM_LoadState, bench::Line20)->Name("BM_LoadState/line20")->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(BM_LoadState, Shop1000)->Name("BM_LoadState/plant1000")->Unit(benchmark::kMicrosecond);

template <class Running>
void BM_DigestState(benchmark::State& state) {
  with_running(state, [](benchmark::State& loop) {
    const Running running;
    std::uint64_t digest = 0;
    for (auto unused : loop) {
      digest = running.warm.digest(running.plant);
      benchmark::DoNotOptimize(digest);
    }
    State later = running.warm;
    if (digest != later.digest(running.plant)) loop.SkipWithError("equal states have different digests");
    advance(running.plant, running.plant.parameters(), later, std::chrono::minutes{1});
    if (digest == later.digest(running.plant)) loop.SkipWithError("different states have the same digest");
  });
}
BENCHMARK_TEMPLATE(BM_DigestState, bench::Line20)->Name("BM_DigestState/line20")->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(BM_DigestState, Shop1000)->Name("BM_DigestState/plant1000")->Unit(benchmark::kMicrosecond);

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
/// Bytes that a copy takes from the allocator, its own overhead included.
std::size_t bytes_of(const State& original) {
  const std::size_t before = allocated();
  const State copy = original;
  benchmark::DoNotOptimize(copy);
  return allocated() - before;
}

/// What a lot costs: the difference between shops with 10,000 and with 5,000 in process, in memory and saved. What a
/// plant has in any case (machines, stations, totals) is in both.
void BM_LotMemory(benchmark::State& state) {
  with_running(state, [](benchmark::State& loop) {
    const bench::Running full("shop1000");
    const bench::Running half("shop1000-half");
    const auto lots = static_cast<double>(full.warm.lot_count - half.warm.lot_count);
    double memory = 0;
    for (auto unused : loop) memory = static_cast<double>(bytes_of(full.warm) - bytes_of(half.warm));
    const double saved =
        static_cast<double>(full.warm.save(full.plant).size()) - static_cast<double>(half.warm.save(half.plant).size());
    if (full.warm.lot_count != 10'000 || half.warm.lot_count != 5'000) loop.SkipWithError("the shops are not as told");
    check_copy(loop, full, State(full.warm));
    loop.counters["memory"] = memory / lots;
    loop.counters["saved"] = saved / lots;
    loop.counters["state"] = static_cast<double>(bytes_of(full.warm));
  });
}
BENCHMARK(BM_LotMemory)->Iterations(1);

}  // namespace
