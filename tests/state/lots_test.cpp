#include "twin/state/lots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace twin {
namespace {

State one_station() {
  State state;
  state.stations.resize(1);
  return state;
}

std::uint32_t arrive(State& state, QueueRule rule, std::int64_t key = 0) {
  const std::uint32_t lot = take_lot_slot(state);
  state.lots[lot].place = Place::kQueue;
  state.lots[lot].key = key;
  state.lots[lot].arrival = state.arrivals++;
  queue_push(state, 0, rule, lot);
  return lot;
}

TEST(Lots, SlotsAreUsedAgain) {
  State state = one_station();
  const std::uint32_t a = take_lot_slot(state);
  const std::uint32_t b = take_lot_slot(state);
  EXPECT_NE(a, b);
  state.lots[a].serial = 7;
  free_lot_slot(state, a);
  EXPECT_EQ(state.lot_count, 1U);
  EXPECT_EQ(state.lots[a].place, Place::kFree);
  EXPECT_EQ(take_lot_slot(state), a);
  EXPECT_EQ(state.lots[a].serial, 0U) << "a slot begins anew";
  EXPECT_EQ(state.lots.size(), 2U);
  EXPECT_EQ(state.lot_count, 2U);
}

TEST(Lots, QueuesServeByTheirRuleAndEqualKeysByArrival) {
  for (const QueueRule rule : {QueueRule::kFifo, QueueRule::kLifo, QueueRule::kSpt, QueueRule::kSptKnown,
                               QueueRule::kEdd, QueueRule::kPriority}) {
    std::mt19937 random(static_cast<unsigned>(rule) + 1);
    State state = one_station();
    std::vector<std::uint32_t> waiting;  // in order of arrival
    const auto next = [&] {
      if (rule == QueueRule::kFifo) return waiting.begin();
      if (rule == QueueRule::kLifo) return waiting.end() - 1;
      return std::ranges::min_element(waiting, {}, [&](std::uint32_t l) { return state.lots[l].key; });
    };
    for (int step = 0; step < 20'000; ++step) {
      // Grows to hundreds and shrinks to nothing, again and again.
      const bool push = waiting.empty() || random() % 100 < (step / 1000 % 2 == 0 ? 60U : 35U);
      if (push) {
        waiting.push_back(arrive(state, rule, static_cast<std::int64_t>(random() % 9) - 4));
      } else {
        const auto expected = next();
        const std::uint32_t lot = queue_pop(state, 0, rule);
        ASSERT_EQ(lot, *expected) << name_of(rule);
        waiting.erase(expected);
        free_lot_slot(state, lot);
      }
      ASSERT_EQ(state.stations[0].queued, waiting.size());
      if (step % 131 == 0) {
        ASSERT_EQ(queue_lots(state, 0), waiting);
      }
    }
    while (!waiting.empty()) {
      const auto expected = next();
      ASSERT_EQ(queue_pop(state, 0, rule), *expected);
      waiting.erase(expected);
    }
    EXPECT_EQ(state.stations[0].head, kNone);
    EXPECT_TRUE(queue_lots(state, 0).empty());
  }
}

TEST(Lots, ThoseWaitingForRoomGoInOrderOfWaiting) {
  State state = one_station();
  std::vector<std::uint32_t> lots;
  for (int i = 0; i < 4; ++i) {
    lots.push_back(take_lot_slot(state));
    blocked_push(state, 0, lots.back());
    EXPECT_TRUE(state.lots[lots.back()].blocked);
  }
  EXPECT_EQ(blocked_lots(state, 0), lots);
  EXPECT_EQ(blocked_pop(state, 0), lots[0]);
  EXPECT_FALSE(state.lots[lots[0]].blocked);
  blocked_push(state, 0, lots[0]);
  for (const int i : {1, 2, 3, 0}) EXPECT_EQ(blocked_pop(state, 0), lots[static_cast<std::size_t>(i)]);
  EXPECT_EQ(state.stations[0].blocked_head, kNone);
  EXPECT_EQ(state.stations[0].blocked_tail, kNone);
}

}  // namespace
}  // namespace twin
