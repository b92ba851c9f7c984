// Replications on one and two threads.
#include "twin/study/simulate.hpp"

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "line20.hpp"

namespace {

using namespace twin;

struct Spent {
  double wall = 0;
  double cpu = 0;
  double preempted = 0;  ///< times that another program took a processor away

  static Spent now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    const auto wall = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration<double>(wall).count(), seconds(usage.ru_utime) + seconds(usage.ru_stime),
            static_cast<double>(usage.ru_nivcsw)};
  }
};

/// Wall time of the same replications on one thread in multiples of that on two, the best of some tries each, taken in
/// turn. `preempted` tells how often a second other programs took a processor away in the best try: where that is
/// often, the figure is that of the machine.
void BM_Threads(benchmark::State& state) {
  const bench::Line20 line;
  study::SimulateOptions options;
  options.replications = 32;
  options.method = Method::kEvents;  // as any plant runs; by recursion this would be over too soon
  options.until = 5'000 * kMinute;
  constexpr int kTries = 7;
  Spent best[2];
  std::uint64_t digest = 0;
  for (auto unused : state) {
    for (int i = 0; i < kTries; ++i) {
      for (int threads = 1; threads <= 2; ++threads) {
        options.threads = threads;
        const Spent begin = Spent::now();
        const study::Result result = study::simulate(line.plant, options);
        const Spent end = Spent::now();
        if (digest != 0 && digest != result.digest) state.SkipWithError("two threads have another result than one");
        digest = result.digest;
        Spent& least = best[threads - 1];
        if (i == 0 || end.wall - begin.wall < least.wall)
          least = {end.wall - begin.wall, end.cpu - begin.cpu, end.preempted - begin.preempted};
      }
    }
  }
  if (std::thread::hardware_concurrency() < 2) state.SkipWithError("skipped: there is one processor");
  state.counters["speedup"] = best[0].wall / best[1].wall;
  state.counters["cpu"] = best[1].cpu / best[0].cpu;
  state.counters["preempted"] = std::max(best[0].preempted / best[0].wall, best[1].preempted / best[1].wall);
}
BENCHMARK(BM_Threads)->Iterations(1);

}  // namespace
