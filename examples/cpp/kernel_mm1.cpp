// A model of your own on the kernel, without any plant: a queue with one server, forked while it runs.
//
//   arrivals ──▶ [ queue, unlimited ] ──▶ server ──▶ out          two kinds of event: slot 0 arrives, slot 1 finishes
//
// A model is any copyable type with `handle(event, queue)`. All that it is lies in it and in the queue of events, so
// that a copy of the simulation is a fork: both go on alike, or differently once the copy's luck is another.
//
// Expected output:
// utilisation 0.8: 1597769 customers, mean time in system 4.925 (exact 5, standard error 0.035)
// after 500: 9 in system
// the fork after 1000: 5 in system, 803 served; the original, run later, as well: yes
// with other luck from 500 on: 4, 10, 1, 1 in system at 1000
#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "twin/base/math.hpp"
#include "twin/base/random.hpp"
#include "twin/kernel/simulation.hpp"

namespace {

using namespace twin;

struct Mm1 {
  static constexpr std::uint32_t kArrival = 0, kFinish = 1;
  static constexpr double kArrivalMean = 1.25, kServiceMean = 1;  // seconds

  std::uint64_t luck = 1;  ///< key of all draws
  std::uint64_t arrived = 0, served = 0;
  std::vector<Tick> waiting;  ///< times of arrival, in a ring: `head` is in service
  std::size_t head = 0;
  double time_in_system = 0;

  [[nodiscard]] std::size_t in_system() const { return arrived - served; }

  /// The same number each time it is asked for, so that nothing has to be drawn in order.
  [[nodiscard]] Tick draw(Purpose purpose, std::uint64_t index, double mean) const {
    const double u = draw_uniform(luck, draw_stream(0, purpose), index);
    return ticks_from_seconds(-mean * math::log(u));
  }
  void arrive_next(Tick now, kernel::EventQueue& queue) const {
    queue.schedule(kArrival, now + draw(Purpose::kArrival, arrived, kArrivalMean), 1);
  }
  void begin(Tick now, kernel::EventQueue& queue) const {
    queue.schedule(kFinish, now + draw(Purpose::kService, served, kServiceMean), 0);
  }

  void handle(const kernel::Event& event, kernel::EventQueue& queue) {
    if (event.slot == kArrival) {
      waiting.push_back(event.time);
      ++arrived;
      arrive_next(event.time, queue);
      if (in_system() == 1) begin(event.time, queue);
    } else {
      time_in_system += seconds_from_ticks(event.time - waiting[head++]);
      ++served;
      if (head == waiting.size() || head == 1024) {  // forget those who have left
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(head));
        head = 0;
      }
      if (in_system() > 0) begin(event.time, queue);
    }
  }
};

kernel::Simulation<Mm1> empty_queue(std::uint64_t luck) {
  Mm1 model;
  model.luck = luck;
  kernel::Simulation<Mm1> simulation(model, 2);
  model.arrive_next(0, simulation.queue());
  return simulation;
}

}  // namespace

int main() {
  auto whole = empty_queue(1);
  whole.run(2'000'000 * kSecond);
  const Mm1& done = whole.model();
  fmt::print("utilisation 0.8: {} customers, mean time in system {:.3f} (exact 5, standard error 0.035)\n", done.served,
             done.time_in_system / static_cast<double>(done.served));

  auto now = empty_queue(2);
  now.run(500 * kSecond);
  fmt::print("after 500: {} in system\n", now.model().in_system());

  auto fork = now;
  fork.run(1000 * kSecond);
  auto later = now;
  later.run(800 * kSecond);  // in pieces
  later.run(1000 * kSecond);
  const bool same =
      later.model().served == fork.model().served && later.model().time_in_system == fork.model().time_in_system;
  fmt::print("the fork after 1000: {} in system, {} served; the original, run later, as well: {}\n",
             fork.model().in_system(), fork.model().served, same ? "yes" : "no");

  fmt::print("with other luck from 500 on:");
  for (std::uint64_t luck = 10; luck < 14; ++luck) {
    auto other = now;
    other.model().luck = luck;
    other.run(1000 * kSecond);
    fmt::print("{} {}", luck == 10 ? "" : ",", other.model().in_system());
  }
  fmt::print(" in system at 1000\n");
}
