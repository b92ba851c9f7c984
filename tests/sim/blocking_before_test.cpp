// Blocking before service, worked out by hand: a machine begins only when there is room where its lot goes next.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

std::string line(const std::string& a, const std::string& b, const std::string& step_a = "",
                 const std::string& quantity = "3") {
  return "stations: {a: {blocking: before" + a + "}, b: {queue: {places: 0}" + b +
         "}}\nproducts: {p: {route: [{at: a, time: 2 s" + step_a +
         "}, {at: b, time: 5 s}]}}\norders: [{id: O, product: p, quantity: " + quantity + "}]\n";
}

TEST(BlockingBefore, BeginsWhenThereIsRoomBehindIt) {
  Trial run(line("", ""));
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "O-01 a 0-2, O-01 b 2-7, O-02 a 7-9, O-02 b 9-14, O-03 a 14-16, O-03 b 16-21");
  EXPECT_EQ(run.conditions("a"), "working 0-2, blocked 2-7, working 7-9, blocked 9-14, working 14-16, starved 16-30");
  Trial after(
      "stations: {a: {blocking: after}, b: {queue: {places: 0}}}\nproducts: {p: {route: [{at: a, time: 2 s}, {at: b, "
      "time: 5 s}]}}\norders: [{id: O, product: p, quantity: 3}]\n");
  EXPECT_EQ(after.until(30 * kSecond).operations(),
            "O-01 a 0-2, O-02 a 2-4, O-01 b 2-7, O-03 a 7-9, O-02 b 7-12, O-03 b 12-17");
}

TEST(BlockingBefore, KeepsThePlaceForTheLotUnderWay) {
  Trial run(R"(
stations: {a: {blocking: before}, b: {queue: {places: 0}}, c: {}}
products:
  p: {route: [{at: a, time: 4 s}, {at: b, time: 5 s}]}
  q: {route: [{at: c, time: 1 s}, {at: b, time: 5 s}]}
orders: [{id: P, product: p}, {id: Q, product: q, release: 1 s}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "Q c 1-2, P a 0-4, P b 4-9, Q b 9-14") << "b is idle at 2, and kept for P";
  EXPECT_EQ(run.conditions("c"), "starved 0-1, working 1-2, blocked 2-9, starved 9-20");
}

TEST(BlockingBefore, KeepsThePlaceOnTheWayToo) {
  Trial run(
      "stations: {a: {blocking: before}, b: {queue: {places: 0}}}\nproducts: {p: {route: [{at: a, time: 2 s}, {at: b, "
      "time: 5 s, transport: 3 s}]}}\norders: [{id: O, product: p, quantity: 2}]\n");
  EXPECT_EQ(run.until(30 * kSecond).operations(), "O-01 a 0-2, O-01 b 5-10, O-02 a 10-12, O-02 b 15-20");
}

TEST(BlockingBefore, NeedsNoRoomWhereLotsLeaveOrStay) {
  EXPECT_EQ(operations(line("", "", ", then: {leave: 1}"), 30), "O-01 a 0-2, O-02 a 2-4, O-03 a 4-6");
  EXPECT_EQ(operations(line("", "", ", then: {scrap: 1}"), 30), "O-01 a 0-2, O-02 a 2-4, O-03 a 4-6");
  Trial again(
      "stations: {a: {blocking: before, queue: {places: 0}}}\nproducts: {p: {route: [{op: one, at: a, time: 2 s}, {op: "
      "two, at: a, time: 1 s}]}}\norders: [{id: O, product: p}]\n");
  EXPECT_EQ(again.until(30 * kSecond).operations(), "O a 0-2, O a 2-3");
}

TEST(BlockingBefore, TakesWhicheverAlternativeHasRoomFirst) {
  EXPECT_EQ(operations(R"(
stations: {a: {blocking: before}, b: {queue: {places: 0}}, c: {queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 s}, {op: end, at: [b, c], time: {b: 10 s, c: 3 s}}]}}
orders: [{id: O, product: p, quantity: 3}]
)",
                       30),
            "O-01 a 0-1, O-02 a 1-2, O-02 c 2-5, O-03 a 5-6, O-03 c 6-9, O-01 b 1-11");
}

TEST(BlockingBefore, AMachineThatIsDownOrClosedDoesNotBegin) {
  Trial run(line(", failures: [{after: 3 s of time, repair: 10 s, times: 1}]", "", "", "2"));
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "O-01 a 0-2, O-01 b 2-7, O-02 a 13-15, O-02 b 15-20");
  EXPECT_EQ(run.conditions("a"), "working 0-2, blocked 2-3, down 3-13, working 13-15, starved 15-30");
  Trial closed("calendars: {early: {daily: \"00:00-00:01, 00:02-01:00\"}}\n" + line(", calendar: early", "", "", "10"));
  closed.until(121 * kSecond);
  EXPECT_EQ(closed.conditions("a"),
            "working 0-2, blocked 2-7, working 7-9, blocked 9-14, working 14-16, blocked 16-21, working 21-23, blocked "
            "23-28, working 28-30, blocked 30-35, working 35-37, blocked 37-42, working 42-44, blocked 44-49, working "
            "49-51, blocked 51-56, working 56-58, blocked 58-60, off 60-120, working 120-121");
}

TEST(BlockingBefore, GivesThePlaceBackWhenItsLotIsScrapped) {
  Trial run(R"(
stations:
  a: {blocking: before, failures: [{after: 1 s of time, repair: 10 s, times: 1, lot: scrap}]}
  b: {queue: {places: 0}}
  c: {}
products:
  p: {route: [{at: a, time: 4 s}, {at: b, time: 5 s}]}
  q: {route: [{at: c, time: 500 ms}, {at: b, time: 5 s}]}
orders: [{id: P, product: p}, {id: Q, product: q}]
)");
  EXPECT_EQ(run.until(20 * kSecond).operations(), "Q c 0-0.5, Q b 1-6");
  EXPECT_EQ(run.totals("p").scrapped, 1U);
  EXPECT_EQ(run.station("b").inbound, 0U);
}

TEST(BlockingBefore, OfABatchNeedsRoomForAllOfIt) {
  Trial run(R"(
stations: {oven: {blocking: before, batch: {max: 2, min: 2}}, b: {queue: {places: 1}}}
products: {p: {route: [{at: oven, time: 2 s}, {at: b, time: 5 s}]}}
orders: [{id: O, product: p, quantity: 4}]
)");
  EXPECT_EQ(run.until(13 * kSecond).operations(), "O-01 oven 0-2, O-02 oven 0-2, O-01 b 2-7, O-02 b 7-12");
  EXPECT_EQ(run.conditions("oven"), "working 0-2, blocked 2-12, working 12-13");
}

TEST(BlockingBefore, SetsUpOnlyWhenItMayBegin) {
  Trial run(line(", setup: 1 s", "", "", "2"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.conditions("a"), "setup 0-1, working 1-3, blocked 3-8, setup 8-9, working 9-11, starved 11-20");
}

TEST(BlockingBefore, TheFailureOfAMachineThatHoldsAPlaceKeepsIt) {
  Trial run(line(", failures: [{after: 1 s of work, repair: 10 s, times: 1}]", "", "", "1"));
  run.until(5 * kSecond);
  EXPECT_EQ(run.station("b").inbound, 1U);
  EXPECT_EQ(run.until(30 * kSecond).operations(), "O a 0-12, O b 12-17");
}

TEST(BlockingBefore, CirclesOfMachinesThatCannotBeginAreTold) {
  // At 4 a holds P-02 before its operation, and its queue is full of P-03 and Q-01; b holds Q-02, and has P-01, Q-03.
  Trial run(R"yaml(
stations:
  a: {blocking: before, queue: {places: 2, rule: "priority(p, q)"}}
  b: {blocking: before, queue: {places: 2, rule: "priority(q, p)"}}
products:
  p: {route: [{at: a, time: 2 s}, {at: b, time: 9 s}]}
  q: {route: [{at: b, time: 2 s}, {at: a, time: 9 s}]}
orders: [{id: P, product: p, quantity: 3}, {id: Q, product: q, quantity: 3}]
)yaml");
  try {
    run.until(kHour);
    FAIL();
  } catch (const DeadlockError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("deadlock at 4 s in replication 0 of plant 'plant': a.1 holds P-02, which waits "
                          "for room at b, b.1 holds Q-02, which waits for room at a"));
  }
}

TEST(BlockingBefore, WhatWasDecidedStaysInABranchAndGoesAlongToAChangedPlant) {
  const std::string text =
      "stations: {a: {blocking: before}, b: {queue: {places: 0}}, c: {}}\nproducts: {p: {route: [{at: a, time: 2 s, "
      "then: {goto: {b: 0.5, c: 0.5}}}, {at: b, time: 5 s}, {at: c, time: 7 s}]}}\norders: [{id: O, product: p}]\n";
  const auto goes_to = [](const Trial& trial) { return trial.plant.data().step_names[trial.state.more[0].follows]; };
  Trial run(text);
  run.until(kSecond);
  const std::string decided = goes_to(run);
  for (std::uint64_t i = 1; i < 12; ++i) {
    Trial other(text);
    other.state = branch(run.plant, run.plant.parameters(), run.state, i);
    other.until(3 * kSecond);
    EXPECT_EQ(other.state.lots[0].step, other.plant.step("p", decided).value) << i;
  }
  Trial changed(text);
  const Plant faster = run.plant.change({{"stations.b.speed", "2"}});
  const State moved = migrate(run.plant, faster, run.state);
  EXPECT_TRUE(moved.more[0].decided);
  EXPECT_EQ(moved.stations[faster.station("b").value].inbound, decided == "b" ? 1U : 0U);
  const Plant plain = run.plant.change({{"stations.a.blocking", "after"}});
  EXPECT_TRUE(migrate(run.plant, plain, run.state).more.empty());
}

}  // namespace
}  // namespace twin
