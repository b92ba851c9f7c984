// Work in cycles, worked out by hand: operations begin and end at multiples of a time only.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

std::string one(const std::string& station, const std::string& time, const std::string& orders) {
  return "stations: {m: {cycle: 10 s" + station + "}}\nproducts: {p: {route: [{at: m, time: " + time +
         "}]}}\norders: [" + orders + "]\n";
}
constexpr const char* kTwo = "{id: A, product: p, release: 3 s}, {id: B, product: p, release: 3 s}";

TEST(Cycle, OperationsBeginAndEndWithCycles) {
  EXPECT_EQ(operations(one("", "4 s", kTwo), 60), "A m 10-20, B m 20-30");
  EXPECT_EQ(operations(one("", "12 s", kTwo), 60), "A m 10-30, B m 30-50");
  EXPECT_EQ(operations(one("", "0 s", kTwo), 60), "A m 10-20, B m 20-30") << "one cycle at least";
  EXPECT_EQ(operations(one(", machines: 2", "10 s", kTwo), 60), "A m.1 10-20, B m.2 10-20");
  EXPECT_EQ(operations(one(", setup: 1 s", "4 s", kTwo), 60), "A m 10-30, B m 30-50") << "the setup lasts one too";
}

TEST(Cycle, ALotThatComesWithTheCycleIsTakenAtOnce) {
  EXPECT_EQ(operations(one("", "10 s", "{id: A, product: p, release: 20 s}"), 60), "A m 20-30");
  EXPECT_EQ(operations("stations: {a: {}, m: {cycle: 10 s}}\nproducts: {p: {route: [{at: a, time: 5 s}, {at: m, time: "
                       "10 s}]}}\norders: [{id: O, product: p, quantity: 3}]\n",
                       60),
            "O-01 a 0-5, O-02 a 5-10, O-03 a 10-15, O-01 m 10-20, O-02 m 20-30, O-03 m 30-40");
}

TEST(Cycle, TheBestOfAllThatCameIsTaken) {
  EXPECT_EQ(
      operations("stations: {m: {cycle: 10 s, queue: {rule: edd}}}\nproducts: {p: {route: [{at: m, time: 10 "
                 "s}]}}\norders: [{id: A, product: p, release: 3 s, due: 90 s}, {id: B, product: p, release: 4 s, "
                 "due: 50 s}]\n",
                 60),
      "B m 10-20, A m 20-30");
}

TEST(Cycle, WorkThatWasInterruptedGoesOnToTheEndOfACycle) {
  Trial run(one(", failures: [{after: 13 s of time, repair: 4 s, times: 1}]", "10 s", kTwo));
  run.until(50 * kSecond);
  EXPECT_EQ(run.operations(), "A m 10-30, B m 30-40");
  EXPECT_EQ(run.conditions("m"), "starved 0-10, working 10-13, down 13-17, working 17-40, starved 40-50");
}

TEST(Cycle, AMachineThatFailsAsTheCycleBeginsTakesNothing) {
  Trial run(one(", failures: [{after: 10 s of time, repair: 10 s, times: 1}]", "10 s", kTwo));
  run.until(50 * kSecond);
  EXPECT_EQ(run.operations(), "A m 20-30, B m 30-40");
  EXPECT_EQ(run.conditions("m"), "starved 0-10, down 10-20, working 20-40, starved 40-50");
}

TEST(Cycle, FollowsItsCalendar) {
  EXPECT_EQ(operations("calendars: {early: {daily: \"00:00-00:01, 00:02-01:00\"}}\n" +
                           one(", calendar: early", "40 s", "{id: A, product: p}, {id: B, product: p}"),
                       200),
            "A m 0-40, B m 40-140")
      << "20 s before closing time, and 20 s after opening";
}

TEST(Cycle, ASaturatedMachineTakesALotEachCycle) {
  EXPECT_EQ(operations("stations: {m: {cycle: 10 s}}\nproducts: {p: {route: [{at: m, time: 7 s}], arrivals: "
                       "saturate}}\n",
                       35),
            "p#1 m 0-10, p#2 m 10-20, p#3 m 20-30");
}

TEST(Cycle, BatchesBeginWithCycles) {
  EXPECT_EQ(operations("stations: {m: {cycle: 10 s, batch: {max: 2, min: 2, wait: 21 s}}}\nproducts: {p: {route: [{at: "
                       "m, time: 10 s}]}}\norders: [{id: A, product: p, release: 3 s}, {id: B, product: p, release: 14 "
                       "s}, {id: C, product: p, release: 14 s}]\n",
                       60),
            "A m 20-30, B m 20-30, C m 40-50")
      << "C has waited long enough at 35";
}

TEST(Cycle, BlockedBeforeServiceAMachineLeavesItsLotInTheQueue) {
  // m3 is down from 20 to 50, so its one place is full from 30 on.
  Trial run(R"(
stations:
  m1: {cycle: 10 s, blocking: before}
  m2: {cycle: 10 s, blocking: before, queue: {places: 1}}
  m3: {cycle: 10 s, queue: {places: 1}, failures: [{after: 30 s of time, repair: 20 s, times: 1}]}
products: {p: {route: [{at: m1, time: 10 s}, {at: m2, time: 10 s}, {at: m3, time: 10 s}], arrivals: saturate}}
)");
  run.until(45 * kSecond);
  EXPECT_EQ(run.station("m2").queued, 1U) << "p#3 waits in it, since m3 has no place";
  EXPECT_EQ(run.station("m3").queued, 1U);
  run.until(70 * kSecond);
  EXPECT_EQ(run.conditions("m1"), "working 0-30, blocked 30-50, working 50-70");
  EXPECT_EQ(run.conditions("m2"), "starved 0-10, working 10-30, blocked 30-50, working 50-70");
  EXPECT_EQ(run.conditions("m3"), "starved 0-20, working 20-30, down 30-50, working 50-70");
}

TEST(Cycle, ABranchDrawsWholeCycles) {
  const std::string text =
      "stations: {m: {cycle: 10 s}}\nproducts: {p: {route: [{at: m, time: exponential(35 s)}], arrivals: saturate}}\n";
  Trial run(text);
  run.until(47 * kSecond);
  for (std::uint64_t i = 1; i < 20; ++i) {
    State other = branch(run.plant, run.plant.parameters(), run.state, i);
    ASSERT_TRUE(equal(run.plant, other, State::load(other.save(run.plant), run.plant)));
    History history;
    advance(run.plant, run.plant.parameters(), other, Until{.time = 400 * kSecond}, &history);
    for (const OperationRecord& r : history.operations) {
      EXPECT_EQ(r.end % (10 * kSecond), 0);
      EXPECT_GT(r.end, r.start);
    }
  }
}

}  // namespace
}  // namespace twin
