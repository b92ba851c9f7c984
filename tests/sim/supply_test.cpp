// Material ordered from suppliers: when, how much, and what a lack of it costs. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

std::int64_t level(const Trial& run, std::size_t material = 0) { return run.state.pools[material].level; }
std::int64_t coming(const Trial& run, std::size_t material = 0) { return run.state.pools[material].coming; }

/// Eight operations of 2 s that use a bar each; of three at the start. \param reorder  how more are ordered
std::string saw(const std::string& reorder, const std::string& more = "") {
  return "materials: {bar: {level: 3, reorder: {" + reorder + "}" + more + R"(}}
stations: {a: {uses: bar}}
products: {p: {route: [{at: a, time: 2 s}]}}
orders: [{id: P, product: p, quantity: 8}]
)";
}

TEST(Reorder, ComesAfterItsLeadTimeAndCountsWhatIsOnOrder) {
  Trial run(saw("at: 1, up_to: 4, lead: 10 s, cost: 64 EUR", ", holding: 3600 EUR/h, shortage: 9 EUR/s"));
  run.until(2 * kSecond);
  EXPECT_EQ(level(run), 1);
  EXPECT_EQ(coming(run), 3) << "ordered when the second bar was taken";
  run.until(6 * kSecond);
  EXPECT_EQ(run.state.pools[0].asked, 1);
  EXPECT_EQ(coming(run), 3) << "0 at hand and 3 on order, less the one that is waited for, are more than 1";
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(),
            "P-01 a 0-2, P-02 a 2-4, P-03 a 4-6, P-04 a 6-14, P-05 a 14-16, P-06 a 16-18, P-07 a 18-26, P-08 a 26-28");
  EXPECT_EQ(run.conditions("a"),
            "working 0-6, waiting 6-12, working 12-18, waiting 18-24, working 24-28, starved 28-30");
  EXPECT_EQ(run.figure("bar.orders"), 3);
  EXPECT_EQ(run.figure("bar.shortages"), 2);
  EXPECT_DOUBLE_EQ(run.figure("bar.short"), 12 / 30.0);
  EXPECT_DOUBLE_EQ(run.figure("bar.share.short"), 12 / 30.0);
  EXPECT_DOUBLE_EQ(run.figure("bar.on_order"), (30 + 30 + 12) / 30.0);
  EXPECT_DOUBLE_EQ(run.figure("bar.level"), 20 / 30.0);
  EXPECT_NEAR(run.figure("bar.cost"), 3 * 64 + 20 + 9 * 12, 1e-9);
  EXPECT_NEAR(run.figure("plant.cost"), 320, 1e-9);
}

TEST(Reorder, OfALotIsTheLeastMultipleThatIsEnough) {
  Trial run(R"(
materials: {bar: {level: 10, reorder: {at: 4, lot: 3, review: 10 s}}}
stations: {a: {uses: {bar: 8}}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: A, product: p, release: 5 s}, {id: B, product: p, release: 12 s}]
)");
  run.until(10 * kSecond - 1);
  EXPECT_EQ(level(run), 2) << "it is looked at only at 0, 10, 20 s";
  run.until(10 * kSecond);
  EXPECT_EQ(level(run), 5);
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "A a 5-6, B a 12-21");
  EXPECT_EQ(level(run), 6) << "5 at hand less 8 asked for is -3; 9 more make it 6, above 4";
  EXPECT_EQ(run.state.pools[0].ordered, 2U);
}

TEST(Reorder, WithoutLeadTimeIsThereAtOnce) {
  Trial run(R"(
materials: {bar: {reorder: {at: 0, up_to: 2}}}
stations: {a: {uses: {bar: 3}}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: A, product: p, release: 5 s}]
)");
  EXPECT_EQ(level(run), 2) << "also at the start";
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A a 5-6");
  EXPECT_EQ(run.figure("bar.shortages"), 1) << "it asked and there was too little";
  EXPECT_EQ(run.figure("bar.short"), 0) << "but for no time";
  EXPECT_EQ(level(run), 2);
}

TEST(Reorder, LooksBeforeLotsOfTheSameInstantTakeAny) {
  Trial run(R"(
materials: {bar: {level: 1, reorder: {at: 1, up_to: 5, review: 10 s}}}
stations: {a: {uses: {bar: 5}}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: A, product: p, release: 10 s}]
)");
  run.until(0);
  EXPECT_EQ(level(run), 5) << "the first look is at the epoch";
  run.until(10 * kSecond);
  EXPECT_EQ(level(run), 0);
  run.until(20 * kSecond);
  EXPECT_EQ(level(run), 5);
}

TEST(Reorder, ThatIsDeliveredAtTheInstantOfALotServesIt) {
  EXPECT_EQ(operations(R"(
materials: {bar: {reorder: {at: 0, up_to: 1, lead: 10 s}}}
stations: {a: {uses: bar}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: A, product: p, release: 10 s}, {id: B, product: p, release: 10 s}]
)",
                       40),
            "A a 10-11, B a 11-21")
      << "A takes the bar at 10 s, which is ordered anew then";
}

TEST(Reorder, SeveralAreUnderWayAtOnce) {
  Trial run(R"(
materials: {bar: {level: 3, reorder: {at: 2, up_to: 3, lead: 10 s}}}
stations: {a: {uses: bar}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: P, product: p, quantity: 5}]
)");
  run.until(3 * kSecond);
  ASSERT_EQ(run.state.deliveries.size(), 4U) << "one for each bar taken, and for the one that is waited for";
  EXPECT_EQ(run.state.deliveries[1].due, 11 * kSecond);
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 a 0-1, P-02 a 1-2, P-03 a 2-3, P-04 a 3-11, P-05 a 11-12");
  EXPECT_EQ(level(run), 3);
}

TEST(Reorder, AFailureWhileItIsWaitedForAsksAnew) {
  Trial run(R"(
materials: {bar: {reorder: {at: 0, up_to: 1, lead: 20 s}}}
stations: {a: {uses: bar, failures: [{after: 5 s of time, repair: 2 s, times: 1}]}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: A, product: p}]
)");
  run.until(6 * kSecond);
  EXPECT_EQ(run.state.pools[0].asked, 0) << "a machine that is down asks for nothing";
  run.until(8 * kSecond);
  EXPECT_EQ(run.state.pools[0].asked, 1);
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "A a 0-21");
  EXPECT_EQ(run.figure("bar.shortages"), 2);
  EXPECT_DOUBLE_EQ(run.figure("bar.short"), (5 + 13) / 40.0);
}

TEST(Reorder, WhatFindsNoPlaceIsLost) {
  Trial run(R"(
operators: {op: 1}
materials: {bar: {level: 4, places: 4, reorder: {at: 2, up_to: 4, lead: 1 s}}}
stations: {a: {uses: {bar: 3}, needs: op}, b: {needs: op}}
products: {p: {route: [{at: a, time: 1 s}]}, q: {route: [{at: b, time: 9 s}]}}
orders: [{id: Q, product: q}, {id: P, product: p}]
)");
  run.until(5 * kSecond);
  EXPECT_EQ(run.figure("bar.lost"), 3) << "3 are asked for, though not for want of them, so that 3 were ordered";
  EXPECT_EQ(run.figure("bar.shortages"), 0);
  EXPECT_EQ(run.figure("bar.short"), 0);
}

TEST(Reorder, OfABatchAsksForAllItsLots) {
  Trial run(R"(
materials: {tray: {reorder: {at: 0, up_to: 1, lead: 5 s}}}
stations: {oven: {uses: {tray: 2}, batch: {max: 3, min: 3}}}
products: {p: {route: [{at: oven, time: 1 s}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  run.until(0);
  EXPECT_EQ(run.state.pools[0].asked, 6);
  EXPECT_EQ(coming(run), 1 + 6) << "1 at the start; then 1 on order less 6 is -5";
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 oven 0-6, P-02 oven 0-6, P-03 oven 0-6");
}

/// The state of a plant at an instant, moved to a changed one.
State moved(const Plant& from, Tick at, const Plant& to) {
  State state = State::initial(from);
  advance(from, from.parameters(), state, Until{.time = at});
  state = migrate(from, to, state);
  EXPECT_TRUE(equal(to, State::load(state.save(to), to), state));
  return state;
}

TEST(Reorder, UnderWayKeepsItsDateInAChangedPlant) {
  const Plant plant = Plant::parse(saw("at: 1, up_to: 4, lead: 10 s"));
  const Plant slow = plant.change({{"materials.bar.reorder.lead", "50 s"}});
  State state = moved(plant, 7 * kSecond, slow);
  ASSERT_EQ(state.deliveries.size(), 1U);
  EXPECT_EQ(state.deliveries[0].due, 12 * kSecond);
  EXPECT_EQ(state.pools[0].asked, 1);
  const Plant more = plant.change({{"materials.bar.reorder.at", "3"}});
  state = moved(plant, 7 * kSecond, more);
  ASSERT_EQ(state.deliveries.size(), 2U) << "the position of 2 is too little now";
  EXPECT_EQ(state.deliveries[1].due, 17 * kSecond);
  const Plant none = plant.change({{"materials.bar", "3"}});
  state = moved(plant, 7 * kSecond, none);
  EXPECT_TRUE(state.deliveries.empty()) << "nobody orders any more";
  EXPECT_EQ(state.pools[0].coming, 0);
  const Plant supplied = plant.change({{"materials.bar", "{supply: {every: 5 s}}"}});
  state = moved(plant, 7 * kSecond, supplied);
  advance(supplied, supplied.parameters(), state, Until{.time = 12 * kSecond});
  EXPECT_EQ(state.pools[0].deliveries, 1U) << "one after 7 s + 5 s";
  const Plant weekly = plant.change({{"materials.bar.reorder.review", "5 s"}});
  state = moved(plant, 7 * kSecond, weekly);
  EXPECT_EQ(state.queue.time_of(Slots(weekly.data()).reviews), 10 * kSecond);
}

TEST(Reorder, UnderWayIsDrawnAnewByABranch) {
  const Plant plant = Plant::parse(saw("at: 1, up_to: 4, lead: exponential(10 s)"));
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = 3 * kSecond});
  ASSERT_EQ(state.deliveries.size(), 1U);
  double sum = 0;
  constexpr int kFutures = 4000;
  for (int i = 0; i < kFutures; ++i) {
    const State future = branch(plant, plant.parameters(), state, static_cast<std::uint64_t>(i));
    ASSERT_EQ(future.queue.time_of(Slots(plant.data()).pools), future.deliveries[0].due);
    sum += seconds_from_ticks(future.deliveries[0].due - future.now);
  }
  EXPECT_NEAR(sum / kFutures, 10, 3.5 * 10 / std::sqrt(kFutures)) << "memoryless";
}

}  // namespace
}  // namespace twin
