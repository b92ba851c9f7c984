// Material that operations use and make. Timelines are worked out by hand. A lot stands on its machine while this waits
// for material, so an operation's record starts with the wait.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

std::int64_t level(const Trial& run, std::size_t material = 0) { return run.state.pools[material].level; }

TEST(Material, IsTakenAsAnOperationBeginsAndMadeAsItEnds) {
  Trial run(R"(
materials: {bar: 5, chips: 0}
stations: {saw: {setup: 1 s}}
products: {p: {route: [{at: saw, time: 3 s, uses: {bar: 2}, makes: {chips: 7}}]}}
orders: [{id: A, product: p}, {id: B, product: p}, {id: C, product: p}]
)");
  EXPECT_EQ(level(run), 5);
  run.until(0);
  EXPECT_EQ(level(run), 3) << "the setup belongs to the operation";
  run.until(4 * kSecond - 1);
  EXPECT_EQ(level(run, 1), 0);
  run.until(4 * kSecond);
  EXPECT_EQ(level(run), 1);
  EXPECT_EQ(level(run, 1), 7);
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A saw 0-4, B saw 4-8");
  EXPECT_EQ(run.conditions("saw"), "setup 0-1, working 1-4, setup 4-5, working 5-8, waiting 8-20")
      << "one bar is not enough for C";
  EXPECT_EQ(level(run), 1) << "and is not taken in advance";
}

TEST(Material, ThatArrivesGoesToWhoHasWaitedLongest) {
  const auto run = [](int delivery, const std::string& of_a) {
    return operations("materials: {bar: {supply: {every: 10 s, lot: " + std::to_string(delivery) + R"(}}}
stations: {a: {uses: )" + of_a +
                          R"(}, b: {uses: bar}, c: {uses: bar}}
products: {p: {route: [{at: a, time: 1 s}]}, q: {route: [{at: b, time: 1 s}]}, r: {route: [{at: c, time: 1 s}]}}
orders: [{id: R, product: r}, {id: P, product: p, release: 1 s}, {id: Q, product: q, release: 2 s}]
)",
                      35);
  };
  EXPECT_EQ(run(1, "bar"), "R c 0-11, P a 1-21, Q b 2-31");
  EXPECT_EQ(run(2, "bar"), "R c 0-11, P a 1-11, Q b 2-21");
  EXPECT_EQ(run(2, "{bar: 2}"), "R c 0-11, Q b 2-11, P a 1-21") << "what is too little for one serves the next";
}

TEST(Material, FeedsTheMachineThatWaitsAtTheInstantItIsMade) {
  EXPECT_EQ(operations(R"(
materials: {part: 0}
stations: {make: {makes: {part: 2}}, fit: {uses: part}}
products: {p: {route: [{at: make, time: 4 s}]}, q: {route: [{at: fit, time: 1 s}]}}
orders: [{id: Q, product: q, quantity: 3}, {id: P, product: p, quantity: 2}]
)",
                       20),
            "P-01 make 0-4, Q-01 fit 0-5, Q-02 fit 5-6, P-02 make 4-8, Q-03 fit 6-9");
}

TEST(Material, WithoutAPlaceIsNotBegunToBeMade) {
  // A kanban of one: the place of what is made is kept from its begin on.
  Trial run(R"(
materials: {part: {places: 1}}
stations: {make: {machines: 2, makes: part}, fit: {uses: part}}
products: {p: {route: [{at: make, time: 2 s}]}, q: {route: [{at: fit, time: 5 s}]}}
orders: [{id: P, product: p, quantity: 3}, {id: Q, product: q, quantity: 2, release: 4 s}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 make.1 0-2, P-02 make.2 0-6, Q-01 fit 4-9, P-03 make.1 2-11, Q-02 fit 9-14");
  EXPECT_EQ(run.conditions("make.1"), "working 0-2, waiting 2-9, working 9-11, starved 11-20");
  EXPECT_EQ(run.conditions("make.2"), "waiting 0-4, working 4-6, starved 6-20");
  EXPECT_EQ(level(run), 1);
}

TEST(Material, TakenAndGivenBackNeedsNoPlaceMore) {
  Trial run(R"(
materials: {pallet: {level: 2, places: 2}}
stations: {a: {machines: 3, uses: pallet, makes: pallet}}
products: {p: {route: [{at: a, time: 5 s}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  EXPECT_EQ(run.until(20 * kSecond).operations(), "P-01 a.1 0-5, P-02 a.2 0-5, P-03 a.3 0-10");
  EXPECT_EQ(level(run), 2);
}

TEST(Material, ThatFindsNoPlaceInADeliveryIsLost) {
  Trial run(R"(
materials: {bar: {level: 3, places: 5, supply: {every: 10 s, lot: 4}}}
stations: {a: {uses: {bar: 3}}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: P, product: p, release: 15 s}]
)");
  run.until(10 * kSecond);
  EXPECT_EQ(level(run), 5);
  EXPECT_EQ(run.state.pools[0].lost, 2U);
  run.until(20 * kSecond);
  EXPECT_EQ(level(run), 5) << "5 - 3 + 3 of 4";
  EXPECT_EQ(run.state.pools[0].lost, 3U);
  EXPECT_EQ(run.state.pools[0].deliveries, 2U);
}

TEST(Material, DeliveredAtTheInstantOfALotServesItWhicheverIsFirst) {
  EXPECT_EQ(operations(R"(
materials: {bar: {supply: {every: 10 s}}}
stations: {a: {uses: bar}}
products: {p: {route: [{at: a, time: 1 s}], arrivals: every 10 s}}
)",
                       25),
            "p#1 a 10-11, p#2 a 20-21");
}

TEST(Material, IsTakenOnceThoughTheMachineFailsAndClosesMeanwhile) {
  Trial run(R"(
materials: {bar: 1}
stations: {a: {uses: bar, failures: [{after: 2 s of work, repair: 1 s}, {after: 4 s of time, repair: 2 s, times: 1}]}}
products: {p: {route: [{at: a, time: 5 s}]}}
orders: [{id: P, product: p}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P a 0-9") << "2 s to 2, 1 to 4, 1 to 7, down to 8, 1";
  EXPECT_EQ(level(run), 0);
}

TEST(Material, AFailureWhileItIsWaitedForLosesThePlaceInTheLine) {
  EXPECT_EQ(operations(R"(
materials: {bar: {supply: {every: 10 s}}}
stations: {a: {uses: bar, failures: [{after: 2 s of time, repair: 1 s, times: 1}]}, b: {uses: bar}}
products: {p: {route: [{at: a, time: 1 s}]}, q: {route: [{at: b, time: 1 s}]}}
orders: [{id: P, product: p}, {id: Q, product: q, release: 1 s}]
)",
                       25),
            "Q b 1-11, P a 0-21");
}

TEST(Material, IsWaitedForTogetherWithOperatorsAndHoldsNone) {
  EXPECT_EQ(operations(R"(
operators: {op: 1}
materials: {bar: {supply: {every: 10 s}}}
stations: {a: {uses: bar, needs: op}, b: {needs: op}}
products: {p: {route: [{at: a, time: 1 s}]}, q: {route: [{at: b, time: 4 s}]}}
orders: [{id: P, product: p}, {id: Q, product: q, release: 1 s}]
)",
                       25),
            "Q b 1-5, P a 0-11");
}

TEST(Material, OfABatchIsForEachOfItsLots) {
  Trial run(R"(
materials: {tray: 5, cake: 0}
stations: {oven: {uses: tray, makes: {cake: 2}, batch: {max: 3, min: 3}}}
products: {p: {route: [{at: oven, time: 5 s}]}}
orders: [{id: P, product: p, quantity: 6}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 oven 0-5, P-02 oven 0-5, P-03 oven 0-5");
  EXPECT_EQ(level(run), 2) << "too few for the second batch";
  EXPECT_EQ(level(run, 1), 6);
}

TEST(Material, ItsLevelIsAveragedOverTime) {
  Trial run(R"(
materials: {bar: {level: 4, supply: {every: 10 s, lot: 3}}}
stations: {a: {uses: {bar: 2}}}
products: {p: {route: [{at: a, time: 1 s}]}}
orders: [{id: P, product: p, release: 5 s}]
)");
  run.until(20 * kSecond);
  EXPECT_DOUBLE_EQ(run.figure("bar.level"), (5 * 4 + 5 * 2 + 10 * 5) / 20.0);
}

}  // namespace
}  // namespace twin
