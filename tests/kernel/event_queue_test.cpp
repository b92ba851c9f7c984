#include "twin/kernel/event_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

namespace twin::kernel {
namespace {

using Order = std::tuple<Tick, unsigned, std::uint64_t>;  // what events are sorted by

/// The same queue the slow way: one map from slot to key.
struct Reference {
  std::map<std::uint32_t, Order> events;
  std::uint64_t next = 0;

  void schedule(std::uint32_t slot, Tick time, unsigned priority) { events[slot] = {time, priority, next++}; }
  void move(std::uint32_t slot, Tick time, unsigned priority) {
    events[slot] = {time, priority, std::get<2>(events[slot])};
  }
  [[nodiscard]] auto first() const {
    return std::ranges::min_element(events, {}, [](const auto& entry) { return entry.second; });
  }
};

Order order_of(const Event& e) { return {e.time, e.priority(), e.sequence()}; }

void expect_same_events(EventQueue& queue, const Reference& reference) {
  ASSERT_EQ(queue.size(), reference.events.size());
  ASSERT_EQ(queue.empty(), reference.events.empty());
  const auto& events = queue.events();
  ASSERT_EQ(events.size(), reference.events.size());
  for (const Event& e : events) ASSERT_EQ(order_of(e), reference.events.at(e.slot));
}

TEST(EventQueue, RunsByTimeThenPriorityThenOrderOfScheduling) {
  EventQueue queue(4);
  queue.schedule(0, 5, 1);
  queue.schedule(1, 5, 0);
  queue.schedule(2, 4, 7);
  queue.schedule(3, 5, 0);
  queue.schedule(9, -3, 200);
  std::vector<std::uint32_t> slots;
  while (!queue.empty()) slots.push_back(queue.pop().slot);
  EXPECT_EQ(slots, (std::vector<std::uint32_t>{9, 2, 1, 3, 0}));
}

TEST(EventQueue, BehavesAsASortedListUnderRandomOperations) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    EventQueue queue(seed % 2 == 0 ? 0 : 40);
    Reference reference;
    for (int step = 0; step < 4000; ++step) {
      const auto slot = static_cast<std::uint32_t>(random() % 40);
      const Tick time = static_cast<Tick>(random() % 12) - 4;  // many ties
      const auto priority = static_cast<unsigned>(random() % 3);
      ASSERT_EQ(queue.pending(slot), reference.events.contains(slot));
      switch (random() % 8) {
        case 0:
        case 1:
          if (queue.pending(slot)) break;
          queue.schedule(slot, time, priority);
          reference.schedule(slot, time, priority);
          break;
        case 2:
          queue.reschedule(slot, time, priority);
          reference.schedule(slot, time, priority);
          break;
        case 3:
          queue.cancel(slot);
          reference.events.erase(slot);
          break;
        case 4:
          if (!queue.pending(slot)) break;
          queue.move(slot, time, priority);
          reference.move(slot, time, priority);
          ASSERT_EQ(queue.time_of(slot), time);
          break;
        case 5:
          queue.settle();
          break;
        case 6:
          if (reference.events.empty()) break;
          ASSERT_EQ(queue.top().slot, reference.first()->first);
          [[fallthrough]];
        default:
          if (reference.events.empty()) break;
          const Event event = queue.pop();
          ASSERT_EQ(event.slot, reference.first()->first);
          ASSERT_EQ(order_of(event), reference.first()->second);
          reference.events.erase(event.slot);
          ASSERT_EQ(queue.size(), reference.events.size()) << "the hole left behind is no event";
      }
      ASSERT_EQ(queue.next_sequence(), reference.next);
      if (step % 97 == 0) expect_same_events(queue, reference);
    }
    expect_same_events(queue, reference);
  }
}

TEST(EventQueue, SchedulingTheSlotJustPoppedReplacesItsEvent) {
  EventQueue queue;
  for (std::uint32_t slot = 0; slot < 6; ++slot) queue.schedule(slot, slot, 0);
  EXPECT_EQ(queue.pop().slot, 0U);
  EXPECT_FALSE(queue.pending(0));
  queue.schedule(0, 3, 0);  // behind slot 3, which was scheduled earlier for the same time
  std::vector<std::uint32_t> slots;
  while (!queue.empty()) slots.push_back(queue.pop().slot);
  EXPECT_EQ(slots, (std::vector<std::uint32_t>{1, 2, 3, 0, 4, 5}));
}

TEST(EventQueue, MovingAnEventKeepsItsPlaceAmongEqualOnes) {
  EventQueue queue;
  queue.schedule(0, 9, 1);
  queue.schedule(1, 4, 1);
  queue.schedule(2, 4, 1);
  queue.move(2, 7, 1);
  queue.move(1, 7, 1);
  queue.move(0, 7, 1);
  std::vector<std::uint32_t> slots;
  while (!queue.empty()) slots.push_back(queue.pop().slot);
  EXPECT_EQ(slots, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(EventQueue, ACopyGoesOnByItself) {
  EventQueue queue;
  for (std::uint32_t slot = 0; slot < 30; ++slot) queue.schedule(slot, (slot * 7) % 11, slot % 2);
  queue.pop();  // leaves a hole, which is copied too
  EventQueue copy = queue;
  EXPECT_EQ(copy.size(), queue.size());
  std::vector<std::uint32_t> from_copy, from_original;
  while (!copy.empty()) from_copy.push_back(copy.pop().slot);
  EXPECT_EQ(queue.size(), 29U);
  while (!queue.empty()) from_original.push_back(queue.pop().slot);
  EXPECT_EQ(from_copy, from_original);
}

TEST(EventQueue, RestoredEventsRunAsTheyWouldHave) {
  EventQueue queue;
  std::mt19937 random(5);
  for (std::uint32_t slot = 0; slot < 50; ++slot)
    queue.schedule(slot, static_cast<Tick>(random() % 5), static_cast<unsigned>(random() % 2));
  for (int i = 0; i < 10; ++i) queue.pop();
  std::vector<Event> events = queue.events();
  std::ranges::shuffle(events, random);
  EventQueue again;
  again.restore_sequence(queue.next_sequence());
  for (const Event& e : events) again.restore(e);
  while (!queue.empty()) ASSERT_EQ(again.pop(), queue.pop());
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(again.next_sequence(), queue.next_sequence());
}

TEST(EventQueue, RefusesToRestoreWhatCannotHaveBeen) {
  EventQueue queue;
  queue.restore_sequence(3);
  queue.restore(Event{.time = 1, .order = 2, .slot = 4});
  EXPECT_THROW(queue.restore(Event{.time = 1, .order = 1, .slot = 4}), InvalidArgument);
  EXPECT_THROW(queue.restore(Event{.time = 1, .order = 3, .slot = 5}), InvalidArgument);
  EXPECT_THROW(queue.restore(Event{.time = 1, .order = 1, .slot = kNone}), InvalidArgument);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(EventQueue, KeepsItsOrderWithAHundredThousandEvents) {
  EventQueue queue(100'000);
  std::mt19937_64 random(3);
  for (std::uint32_t slot = 0; slot < 100'000; ++slot) queue.schedule(slot, static_cast<Tick>(random() % 1000), 0);
  Order last{-1, 0, 0};
  for (int i = 0; i < 300'000; ++i) {  // the hold model: each event popped is scheduled again, later
    const Event e = queue.pop();
    ASSERT_LT(last, order_of(e));
    last = order_of(e);
    queue.schedule(e.slot, e.time + static_cast<Tick>(random() % 500), 0);
  }
  EXPECT_EQ(queue.size(), 100'000U);
}

}  // namespace
}  // namespace twin::kernel
