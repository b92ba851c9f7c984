// Lots that wait no longer than they may. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// X is at the mill to 10 s; A comes at 2 s, B, which is patient, at 3 s. \param step  more keys of A's step
Trial mill(const std::string& step, const std::string& keys = "") {
  Trial run("stations: {mill: {" + keys + R"(}, saw: {}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  a: {due: 5 s, route: [{at: saw, op: cut, time: 1 s}, {at: mill, op: shape, time: 4 s, )" +
            step + R"(}, {at: saw, op: trim, time: 1 s}]}
  b: {route: [{at: mill, time: 2 s}]}
orders: [{id: X, product: x}, {id: A, product: a, release: 1 s}, {id: B, product: b, release: 3 s}]
)");
  run.until(40 * kSecond);
  return run;
}

TEST(Patience, ALotThatHasWaitedSoLongLeavesScrapped) {
  const Trial run = mill("max_wait: 5 s");
  EXPECT_EQ(run.operations(), "A saw 1-2, X mill 0-10, B mill 10-12");
  EXPECT_EQ(run.totals("a").scrapped, 1U);
  EXPECT_EQ(run.totals("a").completed, 0U);
  EXPECT_EQ(run.station("mill").overdue, 1U);
  EXPECT_EQ(run.station("mill").visits, 2U);
  EXPECT_EQ(run.station("mill").queue_integral, Wide{(5 + 7) * kSecond}) << "A from 2 to 7, B from 3 to 10";
}

TEST(Patience, OrLeavesGood) {
  const Trial run = mill("max_wait: 5 s, if_overdue: leave");
  EXPECT_EQ(run.operations(), "A saw 1-2, X mill 0-10, B mill 10-12");
  EXPECT_EQ(run.totals("a").completed, 1U);
  EXPECT_EQ(run.totals("a").cycle_time, Wide{6 * kSecond}) << "from 1 to 7";
  EXPECT_EQ(run.totals("a").waiting, Wide{5 * kSecond});
  EXPECT_EQ(run.totals("a").tardiness, Wide{kSecond});
}

TEST(Patience, OrStaysAndIsCounted) {
  const Trial run = mill("max_wait: 5 s, if_overdue: stay");
  EXPECT_EQ(run.operations(), "A saw 1-2, X mill 0-10, A mill 10-14, A saw 14-15, B mill 14-16");
  EXPECT_EQ(run.station("mill").overdue, 1U);
}

TEST(Patience, OrGoesBackToAStep) {
  const Trial run = mill("max_wait: 5 s, if_overdue: {rework: cut}");
  EXPECT_EQ(run.operations(), "A saw 1-2, A saw 7-8, X mill 0-10, B mill 10-12, A mill 12-16, A saw 16-17");
  EXPECT_EQ(run.totals("a").reworked, 1U);
  EXPECT_EQ(run.totals("a").waiting, Wide{(5 + 4) * kSecond});
}

TEST(Patience, AMachineThatIsFreeAtThatInstantWins) {
  EXPECT_EQ(mill("max_wait: 8 s").operations(), "A saw 1-2, X mill 0-10, A mill 10-14, A saw 14-15, B mill 14-16");
  EXPECT_EQ(mill("max_wait: 7999 ms").operations(), "A saw 1-2, X mill 0-10, B mill 10-12");
  // So does one that is repaired or opens then.
  EXPECT_EQ(mill("max_wait: 9 s", "failures: [{after: 10 s of time, repair: 1 s, times: 1}]").totals("a").completed,
            1U);
}

TEST(Patience, OfNothingIsForAMachineThatIsFreeAtOnce) {
  Trial run(R"(
stations: {mill: {machines: 2}}
products: {p: {route: [{at: mill, time: 5 s, max_wait: 0 s}]}}
orders: [{id: P, product: p, quantity: 3}, {id: Q, product: p, release: 5 s}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill.1 0-5, P-02 mill.2 0-5, Q mill.1 5-10");
  EXPECT_EQ(run.totals("p").scrapped, 1U);
}

TEST(Patience, CountsOnlyTheQueueNotTheWayTheOutsideOrTheMachine) {
  Trial way(
      "stations: {mill: {}}\nproducts: {p: {route: [{at: mill, time: 5 s, transport: 20 s, max_wait: 1 s}]}}\n"
      "orders: [{id: P, product: p}]\n");
  EXPECT_EQ(way.until(30 * kSecond).operations(), "P mill 20-25");
  Trial outside(
      "stations: {mill: {queue: {places: 0}}}\nproducts: {p: {route: [{at: mill, time: 5 s, max_wait: 1 "
      "s}]}}\norders: [{id: P, product: p, quantity: 2}]\n");
  EXPECT_EQ(outside.until(30 * kSecond).operations(), "P-01 mill 0-5, P-02 mill 5-10");
  Trial operated(
      "operators: {op: 1}\nstations: {a: {needs: op}, b: {needs: op}}\nproducts: {p: {route: [{at: a, time: "
      "5 s}]}, q: {route: [{at: b, time: 1 s, max_wait: 1 s}]}}\norders: [{id: P, product: p}, {id: Q, "
      "product: q}]\n");
  EXPECT_EQ(operated.until(30 * kSecond).operations(), "P a 0-5, Q b 0-6") << "it stands on its machine";
}

TEST(Patience, EndsWhileTheMachineIsClosedOrDownToo) {
  EXPECT_EQ(operations(R"(
stations: {mill: {failures: [{after: 0 s of time, repair: 10 s, times: 1}]}}
products: {p: {route: [{at: mill, time: 5 s, max_wait: 4 s}]}}
orders: [{id: P, product: p}, {id: Q, product: p, release: 7 s}]
)",
                       30),
            "Q mill 10-15");
}

TEST(Patience, ThePlaceOfALotThatLeavesIsTakenAtOnce) {
  Trial run(R"(
stations: {a: {}, mill: {queue: {places: 1}}}
products:
  x: {route: [{at: mill, time: 20 s}]}
  p: {route: [{at: mill, time: 1 s, max_wait: 5 s}]}
  q: {route: [{at: a, time: 1 s}, {at: mill, time: 1 s}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Q, product: q}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-1, blocked 1-5, starved 5-30");
  EXPECT_EQ(run.operations(), "Q a 0-1, X mill 0-20, Q mill 20-21");
}

TEST(Patience, OfALotSentBackToItsOwnFullStationIsBehindThoseOutside) {
  EXPECT_EQ(operations(R"(
stations: {mill: {queue: {places: 1}}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  p: {route: [{at: mill, time: 1 s, max_wait: 8 s, if_overdue: {rework: mill}}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Y, product: x}]
)",
                       40),
            "X mill 0-10, Y mill 10-20, P mill 20-21");
}

TEST(Patience, LeavesABatchThatWaitsForMore) {
  EXPECT_EQ(operations(R"(
stations: {oven: {batch: {max: 2, min: 2}}}
products: {p: {route: [{at: oven, time: 5 s, max_wait: 4 s}]}}
orders: [{id: A, product: p}, {id: B, product: p, release: 4 s}, {id: C, product: p, release: 5 s}, {id: D, product: p, release: 7 s}]
)",
                       40),
            "A oven 4-9, B oven 4-9, C oven 9-14, D oven 9-14")
      << "an arrival comes before patience ends; C would leave at 9, when the oven is free";
}

TEST(Patience, HoldsForEachVisitAnew) {
  EXPECT_EQ(operations(R"(
stations: {mill: {}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  p: {route: [{at: mill, op: one, time: 1 s, max_wait: 12 s}, {at: mill, op: two, time: 1 s, max_wait: 4 s}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Y, product: x, release: 1 s}, {id: Q, product: p, release: 5 s}]
)",
                       60),
            "X mill 0-10, P mill 10-11, Y mill 11-21")
      << "P waits again from 11 to 15; Q from 5 to 17";
}

}  // namespace
}  // namespace twin
