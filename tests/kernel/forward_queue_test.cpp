#include "twin/kernel/forward_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "twin/kernel/simulation.hpp"

namespace twin::kernel {
namespace {

/// The order of EventQueue, kept by a sorted set.
struct Reference {
  std::set<std::tuple<Tick, std::uint64_t, std::uint32_t>> events;
  std::uint64_t next = 0;
  void schedule(std::uint32_t slot, Tick time, unsigned priority) {
    events.emplace(time, (std::uint64_t{priority} << 56) | next++, slot);
  }
};

/// Schedules and pops at random; `draw` gives how much later than the clock an event is.
template <class Draw>
void expect_sorted(std::uint32_t seed, int steps, double share_of_pops, Draw draw) {
  std::mt19937_64 random(seed);
  ForwardQueue queue;
  Reference reference;
  Tick now = -1000;
  for (int step = 0; step < steps; ++step) {
    if (!reference.events.empty() && static_cast<double>(random() % 1000) < 1000 * share_of_pops) {
      const auto [time, order, slot] = *reference.events.begin();
      const Event event = queue.pop();
      ASSERT_EQ(event.time, time);
      ASSERT_EQ(event.order, order);
      ASSERT_EQ(event.slot, slot);
      reference.events.erase(reference.events.begin());
      now = time;
    } else {
      const auto slot = static_cast<std::uint32_t>(random() % 50);
      const auto priority = static_cast<unsigned>(random() % 3);
      const Tick time = now + draw(random);
      queue.schedule(slot, time, priority);
      reference.schedule(slot, time, priority);
    }
    ASSERT_EQ(queue.size(), reference.events.size());
  }
  ForwardQueue copy = queue;
  ASSERT_EQ(copy.events().size(), reference.events.size());
  for (const auto& [time, order, slot] : reference.events) {
    const Event event = queue.pop();
    ASSERT_EQ(event.time, time);
    ASSERT_EQ(event.order, order);
    ASSERT_EQ(copy.pop(), event) << "a copy goes on alike";
  }
  ASSERT_TRUE(queue.empty());
  ASSERT_EQ(queue.first(), nullptr);
}

TEST(ForwardQueue, BehavesAsASortedListWhateverTheSpans) {
  const auto even = [](std::mt19937_64& random) { return static_cast<Tick>(random() % 1'000'000'000); };
  const auto ties = [](std::mt19937_64& random) { return static_cast<Tick>(random() % 3); };
  const auto heavy = [](std::mt19937_64& random) { return Tick{1} << (random() % 61); };  // a few very far
  const auto clustered = [](std::mt19937_64& random) {
    return random() % 10 == 0 ? static_cast<Tick>(random() % 1000) : kDay + static_cast<Tick>(random() % 5);
  };
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    for (const double pops : {0.2, 0.5}) {
      expect_sorted(seed, 60'000, pops, even);
      expect_sorted(seed, 60'000, pops, ties);
      expect_sorted(seed, 60'000, pops, clustered);
    }
    expect_sorted(seed, 20'000, 0.3, [&](std::mt19937_64& random) { return std::min<Tick>(heavy(random), kDay); });
  }
}

TEST(ForwardQueue, KeepsItsOrderToTheEndsOfTime) {
  ForwardQueue queue;
  std::mt19937_64 random(7);
  std::vector<Tick> times{INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX, kNever, -kNever, 0};
  for (int i = 0; i < 20'000; ++i) times.push_back(static_cast<Tick>(random()));
  for (const Tick time : times) queue.schedule(1, time, 0);
  std::ranges::sort(times);
  for (const Tick time : times) ASSERT_EQ(queue.pop().time, time);
  EXPECT_TRUE(queue.empty());
}

TEST(ForwardQueue, GrowsAndShrinksByFactorsOfThousands) {
  ForwardQueue queue;
  std::mt19937_64 random(11);
  Tick now = 0;
  std::size_t popped = 0;
  const auto grow = [&](std::size_t size) {
    while (queue.size() < size) queue.schedule(0, now + static_cast<Tick>(random() % 1'000'000), 0);
  };
  const auto shrink = [&](std::size_t size) {
    while (queue.size() > size) {
      const Tick time = queue.pop().time;
      ASSERT_GE(time, now);
      now = time;
      ++popped;
    }
  };
  for (const std::size_t size : {300'000, 10, 5'000, 0, 200'000, 100'000, 400'000, 0}) {
    grow(size);
    shrink(size / 2);
    shrink(size);
  }
  shrink(0);
  EXPECT_TRUE(queue.empty());
  EXPECT_GT(popped, 400'000U);
}

/// A model that only schedules, and the same one with a queue that could cancel.
template <class Queue>
struct Hold {
  std::mt19937_64 random{3};
  std::uint64_t digest = 0;
  void handle(const Event& event, Queue& queue) {
    digest = (digest ^ (static_cast<std::uint64_t>(event.time) + event.slot)) * 0x9e3779b97f4a7c15ULL;
    queue.schedule(event.slot, event.time + static_cast<Tick>(random() % 1'000'000), event.slot % 4);
  }
};
template <class Queue>
std::uint64_t digest_of_hold() {
  Simulation<Hold<Queue>> simulation(Hold<Queue>{}, 20'000);
  static_assert(std::is_same_v<typename Simulation<Hold<Queue>>::Queue, Queue>);
  for (std::uint32_t slot = 0; slot < 20'000; ++slot) simulation.queue().schedule(slot, slot, 0);
  EXPECT_GT(simulation.run(3'000'000), 90'000U);
  return simulation.model().digest;
}
TEST(ForwardQueue, RunsASimulationAsAnEventQueueDoes) {
  EXPECT_EQ(digest_of_hold<ForwardQueue>(), digest_of_hold<EventQueue>());
}

}  // namespace
}  // namespace twin::kernel
