// Hold model: each event that runs schedules the next of its slot, so that the number pending stays the same.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>

#include "exponential.hpp"
#include "twin/kernel/simulation.hpp"

namespace {

using namespace twin;

/// \tparam Queue  an EventQueue could cancel, a ForwardQueue cannot, as the rivals
template <class Queue>
struct Hold {
  bench::Generator generator{1};
  Tick last = 0;
  bool in_order = true;

  void handle(const kernel::Event& event, Queue& queue) {
    in_order = in_order && event.time >= last;
    last = event.time;
    queue.schedule(event.slot, event.time + ticks_from_seconds(bench::exponential(generator)), 0);
  }
};

template <class Queue>
void hold(benchmark::State& state) {
  const auto pending = static_cast<std::uint32_t>(state.range(0));
  kernel::Simulation<Hold<Queue>> simulation(Hold<Queue>{}, pending);
  for (std::uint32_t slot = 0; slot < pending; ++slot)
    simulation.queue().schedule(slot, ticks_from_seconds(bench::exponential(simulation.model().generator)), 0);
  simulation.run(2 * kSecond);  // twice as many holds as are pending

  const auto span = static_cast<Tick>(1e6 / pending * static_cast<double>(kSecond));
  std::uint64_t events = 0;
  const Tick begin = simulation.now();
  for (auto unused : state) events += simulation.run(simulation.now() + span);

  // Each slot is a Poisson process of rate 1/s, so the number of events is Poisson with the time passed times slots.
  const double expected = seconds_from_ticks(simulation.now() - begin) * pending;
  if (!simulation.model().in_order) state.SkipWithError("events ran out of order");
  if (std::abs(static_cast<double>(events) - expected) > 5 * std::sqrt(expected))
    state.SkipWithError("the number of events is not that of the Poisson process");
  state.counters["events"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}
void BM_Hold(benchmark::State& state) { hold<kernel::ForwardQueue>(state); }
void BM_HoldCancellable(benchmark::State& state) { hold<kernel::EventQueue>(state); }
// As many holds as the rival does; 1e6 an iteration.
BENCHMARK(BM_Hold)->ArgName("pending")->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Iterations(2)->Unit(
    benchmark::kMillisecond);
BENCHMARK(BM_HoldCancellable)
    ->ArgName("pending")
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);

}  // namespace
