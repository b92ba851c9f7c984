// Reading of machine logs, from the file to observations in order. Without the data set it says so and is left out.
#include "twin/gateway/shdr.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

namespace {

using namespace twin;

void BM_ReadShdr(benchmark::State& state) {
  const char* folder = std::getenv("TWIN_DATA");
  const auto path =
      std::filesystem::path(folder == nullptr ? "" : folder) / "nist-mazak" / "Mazak01-20190417-20190418.txt.gz";
  if (!std::filesystem::exists(path)) {
    state.SkipWithError("skipped: TWIN_DATA names no folder with nist-mazak in it");
    return;
  }
  std::size_t lines = 0;
  std::size_t in_file = 0;
  bool accounted = true;
  for (auto unused : state) {
    const sync::ObservationLog log = gateway::read_shdr(path);
    const sync::LineCounts& counts = log.counts;
    accounted = accounted && counts.lines == counts.observed + counts.quarantined + counts.protocol + counts.blank &&
                counts.values == log.observations.size() + counts.duplicates;
    in_file = counts.lines;
    lines += counts.lines;
  }
  if (!accounted) state.SkipWithError("lines or values are not accounted for");
  state.counters["answer"] = static_cast<double>(in_file);
  state.counters["lines"] = benchmark::Counter(static_cast<double>(lines), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_ReadShdr)->Unit(benchmark::kMillisecond);

}  // namespace
