// PHOLD on the kernel: processes that send each other messages, the synthetic load by which parallel simulators are
// compared.
//
//   process 7 ──message, after 1 + exponential(1)──▶ process 311 ──▶ process 42 ──▶ …     so many under way at any time
//
// The model only schedules, so it takes a ForwardQueue, in which a slot is a label: here the process that a message is
// for. Messages under way neither appear nor vanish; each is a renewal process with a mean of 2 between its events, so
// that their number is known.
//
// Source: R. M. Fujimoto, Performance of Time Warp under synthetic workloads, SCS Multiconference on Distributed
// Simulation (1990) 23.
//
// Expected output:
// 1024 processes, 16384 messages: 8192 events expected in each unit of time
// 10 units: 81926 events, 16384 messages under way, least and most at one process 57 and 104
// run again: the same; forked at 5 and run on: the same; other seed: another
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "twin/base/hash.hpp"
#include "twin/base/math.hpp"
#include "twin/base/random.hpp"
#include "twin/kernel/simulation.hpp"

namespace {

using namespace twin;

constexpr std::uint32_t kProcesses = 1024;
constexpr std::uint32_t kMessages = 16 * kProcesses;

struct Phold {
  std::uint64_t key = 0;
  std::vector<std::uint64_t> received = std::vector<std::uint64_t>(kProcesses);
  std::uint64_t trace = 0;  ///< of all events so far, in order

  void send(std::uint32_t from, Tick now, kernel::ForwardQueue& queue) {
    // Each process has its own numbers: the n-th message it sends draws the n-th of them.
    const auto bits = draw_bits(key, from, received[from]);
    const double delay = 1 - math::log(uniform_from_bits(bits[0]));
    const auto to = static_cast<std::uint32_t>(uniform_from_bits(bits[1]) * kProcesses);
    queue.schedule(to, now + ticks_from_seconds(delay), 0);
  }
  void handle(const kernel::Event& event, kernel::ForwardQueue& queue) {
    ++received[event.slot];
    trace = hash_combine(trace, hash_combine(event.slot, static_cast<std::uint64_t>(event.time)));
    send(event.slot, event.time, queue);
  }
};

kernel::Simulation<Phold> begin(Seed seed) {
  Phold model;
  model.key = draw_key(seed, 0);
  kernel::Simulation<Phold> simulation(model);
  // As after a long time: the age of each message is that of a renewal process under way, 1 + exponential(1) seen at a
  // random instant.
  for (std::uint32_t i = 0; i < kMessages; ++i) {
    const auto bits = draw_bits(model.key, kProcesses, i);
    const double u = uniform_from_bits(bits[0]);
    // What is left has the distribution function integral of (1 - F) / 2: u < 1/2 within the fixed second, else beyond.
    const double left = u < 0.5 ? 2 * u : 1 - math::log(2 * (1 - u));
    simulation.queue().schedule(i % kProcesses, ticks_from_seconds(left), 0);
  }
  return simulation;
}

}  // namespace

int main() {
  constexpr Tick kUnit = kSecond;
  fmt::print("{} processes, {} messages: {} events expected in each unit of time\n", kProcesses, kMessages,
             kMessages / 2);
  auto simulation = begin(Seed{1});
  const std::uint64_t events = simulation.run(10 * kUnit);
  const auto [least, most] = std::ranges::minmax(simulation.model().received);
  fmt::print("10 units: {} events, {} messages under way, least and most at one process {} and {}\n", events,
             simulation.queue().size(), least, most);

  auto again = begin(Seed{1});
  again.run(5 * kUnit);
  auto fork = again;
  again.run(10 * kUnit);
  fork.run(10 * kUnit);
  auto other = begin(Seed{2});
  other.run(10 * kUnit);
  const auto compare = [&](const kernel::Simulation<Phold>& that) {
    return that.model().trace == simulation.model().trace ? "the same" : "another";
  };
  fmt::print("run again: {}; forked at 5 and run on: {}; other seed: {}\n", compare(again), compare(fork),
             compare(other));
}
