// The hold model on the kernel, and what can be measured with it: each event that runs schedules the next of its slot.
//
//   slot 0:  ──●────●─────────●──▶       slots are Poisson processes of rate 1, however many there are;
//   slot 1:  ────●──────●──●─────▶       the model counts events and looks whether any runs out of order
//
// It is the load by which queues of events are compared (`bench/kernel/event_queue_bench.cpp` runs it for speed). Two
// queues hold the events of a model: one that takes an EventQueue may also cancel and move them; one that takes a
// ForwardQueue may not, which is faster where very many are pending. Both run the same events in the same order.
//
// Source: D. W. Jones, An empirical comparison of priority-queue and event-set implementations, CACM 29 (1986) 300.
//
// Expected output:
//     pending     events   expected   in order   both queues alike
//          10        211        200        yes                 yes
//        1000      20036      20000        yes                 yes
//      100000    1999756    2000000        yes                 yes
#include <fmt/format.h>

#include <cstdint>

#include "twin/base/hash.hpp"
#include "twin/base/math.hpp"
#include "twin/base/random.hpp"
#include "twin/kernel/simulation.hpp"

namespace {

using namespace twin;

template <class Queue>
struct Hold {
  std::uint64_t draws = 0;
  Tick last = 0;
  bool in_order = true;
  std::uint64_t trace = 0;  ///< of all events so far, in order

  Tick next(Tick now) { return now + ticks_from_seconds(-math::log(draw_uniform(1, 0, draws++))); }
  void handle(const kernel::Event& event, Queue& queue) {
    in_order = in_order && event.time >= last;
    last = event.time;
    trace = hash_combine(trace, hash_combine(event.slot, static_cast<std::uint64_t>(event.time)));
    queue.schedule(event.slot, next(event.time), 0);
  }
};

template <class Queue>
struct Run {
  std::uint64_t events = 0;
  Hold<Queue> model;

  explicit Run(std::uint32_t pending) {
    kernel::Simulation<Hold<Queue>> simulation(Hold<Queue>{}, pending);
    for (std::uint32_t slot = 0; slot < pending; ++slot)
      simulation.queue().schedule(slot, simulation.model().next(0), 0);
    events = simulation.run(20 * kSecond);
    model = simulation.model();
  }
};

}  // namespace

int main() {
  fmt::print("{:>11} {:>10} {:>10} {:>10} {:>19}\n", "pending", "events", "expected", "in order", "both queues alike");
  for (const std::uint32_t pending : {10U, 1'000U, 100'000U}) {
    const Run<kernel::ForwardQueue> forward(pending);
    const Run<kernel::EventQueue> cancellable(pending);
    const bool alike = forward.events == cancellable.events && forward.model.trace == cancellable.model.trace;
    fmt::print("{:>11} {:>10} {:>10} {:>10} {:>19}\n", pending, forward.events, 20 * pending,
               forward.model.in_order && cancellable.model.in_order ? "yes" : "no", alike ? "yes" : "no");
  }
}
