#include "twin/kernel/simulation.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace twin::kernel {
namespace {

/// Each slot ticks with its own period and notes when.
struct Clocks {
  std::vector<Tick> periods;
  std::vector<std::pair<Tick, std::uint32_t>> seen;
  void handle(const Event& event, EventQueue& queue) {
    seen.emplace_back(event.time, event.slot);
    queue.schedule(event.slot, event.time + periods[event.slot], event.priority());
  }
};

Simulation<Clocks> two_clocks() {
  Simulation<Clocks> simulation(Clocks{{2, 3}, {}}, 2);
  simulation.queue().schedule(0, 2, 0);
  simulation.queue().schedule(1, 3, 0);
  return simulation;
}

TEST(Simulation, RunsEveryEventUpToTheEndAndSetsTheClockToIt) {
  auto simulation = two_clocks();
  EXPECT_EQ(simulation.run(7), 5U);
  EXPECT_EQ(simulation.now(), 7);
  const std::vector<std::pair<Tick, std::uint32_t>> expected{{2, 0}, {3, 1}, {4, 0}, {6, 1}, {6, 0}};
  EXPECT_EQ(simulation.model().seen, expected) << "at 6 the clock of 3 goes first: it was scheduled earlier";
  EXPECT_EQ(simulation.run(7), 0U);
  EXPECT_EQ(simulation.run(8), 1U) << "an event at the end still runs";
}

TEST(Simulation, RefusesToRunBackwards) {
  auto simulation = two_clocks();
  simulation.run(5);
  EXPECT_THROW(simulation.run(4), InvalidArgument);
  EXPECT_EQ(simulation.now(), 5);
}

TEST(Simulation, ACopyIsAForkThatRunsAsTheOriginal) {
  auto simulation = two_clocks();
  simulation.run(5);
  auto fork = simulation;
  fork.run(50);
  EXPECT_EQ(simulation.now(), 5);
  EXPECT_EQ(simulation.model().seen.size(), 3U);
  simulation.run(20);
  simulation.run(50);
  EXPECT_EQ(simulation.model().seen, fork.model().seen);
}

TEST(Simulation, RunsOutOfEventsAndStillReachesTheEnd) {
  struct Once {
    int count = 0;
    void handle(const Event&, EventQueue&) { ++count; }
  };
  Simulation<Once> simulation(Once{});
  simulation.queue().schedule(0, 1, 0);
  EXPECT_EQ(simulation.run(100), 1U);
  EXPECT_EQ(simulation.now(), 100);
  EXPECT_EQ(simulation.model().count, 1);
}

}  // namespace
}  // namespace twin::kernel
