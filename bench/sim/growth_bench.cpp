// How cost grows with machines, lots in process, products and time: job shops of bench/plants.py, one thing larger each
// time. bench/curves.py fits the exponents.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "plants.hpp"

namespace {

using namespace twin;

/// Each iteration is so many days of the shop, from where it was after its warm-up.
void grow(benchmark::State& state, const std::string& name, int days) {
  try {
    const bench::Running shop(name);
    State run = shop.warm;
    std::uint64_t operations = 0;
    for (auto unused : state) {
      state.PauseTiming();
      run = shop.warm;
      state.ResumeTiming();
      advance(shop.plant, shop.plant.parameters(), run, days * std::chrono::hours{24});
      operations += bench::operations(run) - bench::operations(shop.warm);
    }
    if (run.lot_count != shop.warm.lot_count) state.SkipWithError("lots were lost");
    state.counters["operations"] = static_cast<double>(operations) / static_cast<double>(state.iterations());
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}

void add(const std::string& curve, int x, const std::string& plant, int days) {
  benchmark::RegisterBenchmark(fmt::format("BM_Growth/{}:{}", curve, x).c_str(), [plant,
                                                                                  days](benchmark::State& state) {
    grow(state, plant, days);
  })->Unit(benchmark::kMicrosecond);
}

const bool kAdded = [] {
  for (const int x : {50, 100, 200, 500, 1000}) add("machines", x, fmt::format("growth-machines-{}", x), 1);
  for (const int x : {500, 1000, 2000, 5000, 10'000, 20'000}) {
    add("lots", x, fmt::format("growth-lots-{}", x), 4);
    add("lots_atc", x, fmt::format("growth-lots-atc-{}", x), 4);
  }
  for (const int x : {20, 40, 80, 160, 320}) add("products", x, fmt::format("growth-products-{}", x), 4);
  for (const int x : {1, 2, 4, 8, 16}) add("days", x, "growth-products-20", x);
  return true;
}();

}  // namespace
