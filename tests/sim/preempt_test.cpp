// Lots that take machines from others, worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

std::string mill(const std::string& preempt, const std::string& station, const std::string& orders,
                 const std::string& step = "") {
  return "stations: {m: {queue: {rule: priority, preempt: " + preempt + "}" + station +
         "}}\nproducts: {p: {route: [{at: m, time: 10 s" + step + "}]}, q: {route: [{at: m, time: 3 s" + step +
         "}]}}\norders: [" + orders + "]\n";
}
constexpr const char* kLow = "{id: A, product: p}";
constexpr const char* kThree =
    "{id: A, product: p}, {id: B, product: q, release: 4 s, priority: 1}, {id: C, product: q, release: 5 s, priority: "
    "2}";

TEST(Preemption, WorkIsGoneOnWithWhereItWasLeft) {
  Trial run(mill("resume", "", kThree));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "C m 5-8, B m 8-10, A m 10-16");
  EXPECT_EQ(run.conditions("m"), "working 0-16, starved 16-20");
  EXPECT_EQ(run.station("m").visits, 3U);
  EXPECT_EQ(run.state.machines[0].visits, 3U);
  EXPECT_DOUBLE_EQ(run.figure("p.waiting_time"), 6);
}

TEST(Preemption, WorkBeginsAnewWhereItIsSaidSo) {
  EXPECT_EQ(operations(mill("restart", "", kThree), 30), "C m 5-8, B m 8-11, A m 11-21");
  EXPECT_EQ(operations(mill("never", "", kThree), 30), "A m 0-10, C m 10-13, B m 13-16");
}

TEST(Preemption, OnlyAStrictlyBetterLotTakesAMachineAndOnlyTheWorstLotLosesOne) {
  EXPECT_EQ(
      operations(mill("resume", "", "{id: A, product: p, priority: 1}, {id: B, product: q, release: 4 s, priority: 1}"),
                 30),
      "A m 0-10, B m 10-13");
  EXPECT_EQ(operations(mill("resume", ", machines: 2",
                            "{id: A, product: p, priority: 1}, {id: B, product: p}, {id: C, product: q, release: 4 s, "
                            "priority: 2}"),
                       30),
            "C m.2 4-7, A m.1 0-10, B m.2 7-13");
  EXPECT_EQ(operations(mill("resume", ", machines: 2",
                            "{id: A, product: p}, {id: B, product: p}, {id: C, product: q, release: 4 s, priority: 2}"),
                       30),
            "C m.2 4-7, A m.1 0-10, B m.2 7-13")
      << "of equal ones the last that came";
}

TEST(Preemption, APreemptedLotKeepsItsPlaceBeforeThoseThatCameLater) {
  EXPECT_EQ(operations(mill("resume", "",
                            "{id: A, product: p}, {id: D, product: p, release: 1 s}, {id: B, product: q, release: 4 s, "
                            "priority: 1}"),
                       30),
            "B m 4-7, A m 7-13, D m 13-23");
}

TEST(Preemption, WorkThatEndsAtThatInstantIsDone) {
  EXPECT_EQ(operations(mill("resume", "", "{id: A, product: p}, {id: B, product: q, release: 10 s, priority: 1}"), 30),
            "A m 0-10, B m 10-13");
}

TEST(Preemption, GoesOnAtTheSpeedOfTheMachineThatTakesItUp) {
  // B is taken from the slow machine at 4, with 6 s left there, and taken up by the fast one at 5: 3 s.
  EXPECT_EQ(operations(R"(
stations: {m: {machines: {fast: {speed: 2}, slow: {}}, queue: {rule: priority, preempt: resume}}}
products: {p: {route: [{at: m, time: 10 s}]}, q: {route: [{at: m, time: 30 s}]}}
orders: [{id: A, product: p, priority: 1}, {id: B, product: p}, {id: C, product: q, release: 4 s, priority: 2}]
)",
                       60),
            "A fast 0-5, B fast 5-8, C slow 4-34");
}

TEST(Preemption, SetsUpAgainForTheLotThatGoesOn) {
  Trial run(mill("resume", ", changeover: 1 s", "{id: A, product: p}, {id: B, product: q, release: 4 s, priority: 1}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "B m 4-8, A m 8-16");
  EXPECT_EQ(run.conditions("m"),
            "setup 0-1, working 1-4, setup 4-5, working 5-8, setup 8-9, working 9-16, starved 16-20");
}

TEST(Preemption, LetsGoOfOperatorsAndTakesThemAnew) {
  EXPECT_EQ(operations("operators: {ann: 1}\n" + mill("resume", ", needs: ann", kThree), 30),
            "C m 5-8, B m 8-10, A m 10-16");
}

TEST(Preemption, FailuresAgeByWorkAsEver) {
  // 3 s of A, then 2 s of B make 5 s: B fails at 5 and goes on at 15.
  Trial run(mill("resume", ", failures: [{after: 5 s of work, repair: 10 s, times: 1}]",
                 "{id: A, product: p}, {id: B, product: q, release: 3 s, priority: 1}"));
  EXPECT_EQ(run.until(40 * kSecond).operations(), "B m 3-16, A m 16-23");
}

TEST(Preemption, AMachineThatIsDownIsTakenWhenItIsRepaired) {
  EXPECT_EQ(operations(mill("resume", ", failures: [{after: 2 s of time, repair: 10 s, times: 1}]",
                            "{id: A, product: p}, {id: B, product: q, release: 4 s, priority: 1}"),
                       40),
            "B m 12-15, A m 15-23");
}

TEST(Preemption, ALotThatHasBeenServedIsPatient) {
  EXPECT_EQ(operations(mill("resume", "", kThree, ", max_wait: 1 s"), 30), "C m 5-8, B m 8-10, A m 10-16");
}

TEST(Preemption, ALotThatBeganInTimeHasKeptItsWindow) {
  // A must begin at m within 2 s of its end at o: it does, at 1, loses m at 4 and goes on at 7.
  const std::string text =
      "stations: {o: {}, m: {queue: {rule: priority, preempt: resume}}}\nproducts: {p: {route: [{op: x, at: o, time: 1 "
      "s}, {op: y, at: m, time: 10 s, within: {of: x, time: 2 s}, if_overdue: scrap}]}, q: {route: [{at: m, time: 3 "
      "s}]}}\norders: [{id: A, product: p}, {id: B, product: q, release: 4 s, priority: 1}]\n";
  Trial run(text);
  run.until(5 * kSecond);
  EXPECT_TRUE(equal(run.plant, State::load(run.state.save(run.plant), run.plant), run.state));
  EXPECT_EQ(run.until(30 * kSecond).operations(), "A o 0-1, B m 4-7, A m 7-14");
  EXPECT_EQ(run.station("m").overdue, 0U);
}

TEST(Preemption, DueMaintenanceComesFirst) {
  // After 3 s of work it is due; A is under way until B takes the machine at 4, and B waits for the maintenance.
  EXPECT_EQ(operations(mill("resume", ", maintenance: [{every: 3 s, takes: 2 s}]",
                            "{id: A, product: p}, {id: B, product: q, release: 4 s, priority: 1}"),
                       12),
            "B m 6-9");
}

TEST(Preemption, WhatIsLeftIsDoneInTheStateOfWearThatTheMachineIsIn) {
  // New, 4 of the 10 s of A are done; worn from 5 s of work on, B begins new and A goes on at half the speed: 12 s.
  EXPECT_EQ(operations(mill("resume", ", degradation: [{state: new, lasts: 5 s}, {state: worn, speed: 0.5}]",
                            "{id: A, product: p}, {id: B, product: q, release: 4 s, priority: 1}"),
                       40),
            "B m 4-7, A m 7-19");
  // A begins worn at 20 s for 10 s of work, loses the machine at 24 with 8 s of work left, which take 16 s again.
  EXPECT_EQ(
      operations(mill("resume", ", degradation: [{state: new, lasts: 1 ns}, {state: worn, speed: 0.5}]",
                      "{id: Z, product: q}, {id: A, product: p, release: 20 s}, {id: B, product: q, release: 24 s, "
                      "priority: 1}"),
                 60),
      "Z m 0-3, B m 24-30, A m 30-46");
}

TEST(Preemption, LotsOfASaturatingSourceHaveTheirPlaceToo) {
  EXPECT_EQ(operations("stations: {m: {queue: {rule: priority, preempt: resume}}}\nproducts: {p: {priority: 1, route: "
                       "[{at: m, time: 10 s}], arrivals: saturate}, q: {route: [{at: m, time: 3 s}]}}\norders: [{id: "
                       "A, product: q, release: 4 s}, {id: B, product: q, release: 12 s, priority: 2}]\n",
                       30),
            "p#1 m 0-10, B m 12-15, A m 15-16, p#2 m 16-26")
      << "A comes after p, and B before it";
}

TEST(Preemption, ByTheWorkThatIsKnown) {
  EXPECT_EQ(operations("stations: {m: {queue: {rule: spt, preempt: resume}}}\nproducts: {p: {route: [{at: m, time: 10 "
                       "s}]}, q: {route: [{at: m, time: 3 s}]}}\norders: [{id: A, product: p}, {id: B, product: q, "
                       "release: 4 s}]\n",
                       30),
            "B m 4-7, A m 7-13");
}

TEST(Preemption, WorkThatWasLeftIsSavedDrawnAnewAndMigrated) {
  std::string text = mill("resume", "", kThree);
  text.replace(text.find("time: 10 s"), 10, "time: exponential(100 s)");
  Trial run(text, Seed{3});
  run.until(6 * kSecond);
  ASSERT_EQ(run.state.more[0].worked_by, 0U);
  EXPECT_TRUE(equal(run.plant, State::load(run.state.save(run.plant), run.plant), run.state));
  const State other = branch(run.plant, run.plant.parameters(), run.state, 1);
  EXPECT_NE(other.more[0].left, run.state.more[0].left);
  EXPECT_EQ(other.more[0].total - other.more[0].left, 4 * kSecond);
  const Plant changed = run.plant.change({{"stations.m.speed", "2"}});
  EXPECT_EQ(migrate(run.plant, changed, run.state).more[0].left, run.state.more[0].left);
  const Plant never = run.plant.change({{"stations.m.queue.preempt", "never"}});
  EXPECT_TRUE(migrate(run.plant, never, run.state).more.empty());
}

}  // namespace
}  // namespace twin
