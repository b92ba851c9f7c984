// What makes machines stand: failures and calendars. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

std::string failing(const std::string& failures, const std::string& rest) {
  return "stations: {a: {failures: [" + failures + "]}}\n" + rest;
}
std::string lots(const std::string& time, std::initializer_list<int> releases) {
  std::string out = "products: {p: {route: [{at: a, time: " + time + "}]}}\norders: [";
  char id = 'A';
  for (const int release : releases) {
    out +=
        std::string(id == 'A' ? "" : ", ") + "{id: " + id + ", product: p, release: " + std::to_string(release) + " s}";
    ++id;
  }
  return out + "]\n";
}

TEST(Failures, OfWorkAgeOnlyWhileTheMachineProcesses) {
  Trial run(failing("{after: 5 s of work, repair: 2 s}", lots("3 s", {0, 10, 20, 30})));
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "A a 0-3, B a 10-15, C a 20-23, D a 30-35");
  EXPECT_EQ(run.conditions("a"),
            "working 0-3, starved 3-10, working 10-12, down 12-14, working 14-15, starved 15-20, working 20-23, "
            "starved 23-30, working 30-31, down 31-33, working 33-35, starved 35-40");
}

TEST(Failures, OfWorkAtTheInstantOfFinishingHitTheNextLot) {
  EXPECT_EQ(operations(failing("{after: 5 s of work, repair: 2 s}", lots("5 s", {0, 10})), 40), "A a 0-5, B a 10-17");
}

TEST(Failures, OfWorkDoNotAgeInSetup) {
  Trial run("stations: {a: {setup: 3 s, failures: [{after: 4 s of work, repair: 2 s}]}}\n" + lots("5 s", {0}));
  run.until(12 * kSecond);
  EXPECT_EQ(run.conditions("a"), "setup 0-3, working 3-7, down 7-9, working 9-10, starved 10-12");
}

TEST(Failures, OfWorkCanHitOneLotManyTimes) {
  EXPECT_EQ(operations(failing("{after: 2 s of work, repair: 1 s}", lots("7 s", {0})), 40), "A a 0-10");
}

TEST(Failures, OfTimeComeToIdleAndBusyMachinesAlike) {
  Trial run(failing("{after: 4 s of time, repair: 3 s}", lots("5 s", {9})));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A a 9-17");
  EXPECT_EQ(run.conditions("a"),
            "starved 0-4, down 4-7, starved 7-9, working 9-11, down 11-14, working 14-17, "
            "starved 17-18, down 18-20");
}

TEST(Failures, ABlockedMachineThatIsDownStillGivesItsLotAway) {
  Trial run(R"(
stations: {a: {failures: [{after: 4 s of time, repair: 5 s}]}, b: {queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 5 s}]}}
orders: [{id: O, product: p, quantity: 3}]
)");
  run.until(10 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-2, blocked 2-4, down 4-9, working 9-10");
  EXPECT_EQ(run.conditions("b"), "starved 0-1, working 1-10") << "the second lot went over at 6";
}

TEST(Failures, OfSeveralModesOverlap) {
  // First mode down 4-9, 13-18, 22-27, 31-36; second 6-12, 18-24, 30-36.
  Trial run(failing("{after: 4 s of time, repair: 5 s}, {after: 6 s of time, repair: 6 s}", lots("10 s", {0})));
  run.until(39 * kSecond);
  EXPECT_EQ(run.operations(), "A a 0-38");
  EXPECT_EQ(run.conditions("a"),
            "working 0-4, down 4-12, working 12-13, down 13-27, working 27-30, "
            "down 30-36, working 36-38, starved 38-39")
      << "at 18 the repair ends first, then the other mode begins";
}

TEST(Failures, OfBothKindsOverlap) {
  // By work after 3: 3-8 (repair 5). By the clock after 5: 5-10. So 3 s of 6 are left at 10.
  EXPECT_EQ(operations(failing("{after: 3 s of work, repair: 5 s}, {after: 5 s of time, repair: 5 s, times: 1}",
                               lots("6 s", {0})),
                       40),
            "A a 0-13");
}

TEST(Failures, HappenAtMostSoManyTimes) {
  Trial run(failing("{after: 0 s of time, repair: 6 s, times: 1}", lots("1 s", {0})));
  run.until(100 * kSecond);
  EXPECT_EQ(run.conditions("a"), "down 0-6, working 6-7, starved 7-100");
  Trial twice(failing("{after: 1 s of work, repair: 1 s, times: 2}", lots("5 s", {0})));
  EXPECT_EQ(twice.until(100 * kSecond).operations(), "A a 0-7");
}

// The epoch is a Monday, 00:00.
std::string shifts(const std::string& hours, const std::string& rest) {
  return "calendars: {shift: {" + hours + "}}\nstations: {a: {calendar: shift}}\n" + rest;
}

TEST(Calendars, PauseWorkAndResumeIt) {
  Trial run(shifts("mon-fri: \"06:00-14:00\"",
                   "products: {p: {route: [{at: a, time: 5 h}]}}\n"
                   "orders: [{id: O, product: p, quantity: 3}]"));
  run.until(40 * kHour);
  EXPECT_EQ(run.operations(kHour), "O-01 a 6-11, O-02 a 11-32, O-03 a 32-37");
  EXPECT_EQ(run.conditions("a", kHour), "off 0-6, working 6-14, off 14-30, working 30-37, starved 37-38, off 38-40");
}

TEST(Calendars, WorkThatEndsAtClosingTimeIsDoneAndNothingNewBegins) {
  Trial run(shifts("mon-fri: \"06:00-14:00\"",
                   "products: {p: {route: [{at: a, time: 4 h}]}}\n"
                   "orders: [{id: O, product: p, quantity: 3}]"));
  run.until(40 * kHour);
  EXPECT_EQ(run.operations(kHour), "O-01 a 6-10, O-02 a 10-14, O-03 a 30-34");
  EXPECT_EQ(run.conditions("a", kHour), "off 0-6, working 6-14, off 14-30, working 30-34, starved 34-38, off 38-40");
}

TEST(Calendars, HoursThatTouchAreOneShift) {
  Trial run(shifts("mon-fri: \"06:00-14:00, 14:00-22:00\"",
                   "products: {p: {route: [{at: a, time: 4 h}]}}\n"
                   "orders: [{id: O, product: p, quantity: 3}]"));
  EXPECT_EQ(run.until(30 * kHour).operations(kHour), "O-01 a 6-10, O-02 a 10-14, O-03 a 14-18");
}

TEST(Calendars, NightShiftsSpanMidnightAndWeekendsRest) {
  Trial run(shifts("mon-fri: \"22:00-06:00\"",
                   "products: {p: {route: [{at: a, time: 30 h}]}}\norders: [{id: O, product: p}]"));
  run.until(200 * kHour);
  EXPECT_EQ(run.operations(kHour), "O a 22-100")
      << "eight hours each from Monday to Wednesday night, six from Thursday at 22:00";
}

TEST(Calendars, LotsThatComeWhenItIsClosedWaitAndTheBestGoesFirst) {
  EXPECT_EQ(
      Trial("calendars: {shift: {daily: \"06:00-14:00\"}}\nstations: {a: {calendar: shift, queue: {rule: priority}}}\n"
            "products: {p: {route: [{at: a, time: 1 h}]}}\n"
            "orders: [{id: A, product: p, release: 1 h}, {id: B, product: p, release: 2 h, priority: 1}, "
            "{id: C, product: p, release: 6 h, priority: 2}]")
          .until(kDay)
          .operations(kHour),
      "B a 6-7, C a 7-8, A a 8-9")
      << "opening comes before arrivals of the same instant";
}

TEST(Calendars, RepairsGoOnWhenItIsClosed) {
  Trial run(
      "calendars: {shift: {daily: \"06:00-14:00\"}}\n"
      "stations: {a: {calendar: shift, failures: [{after: 7 h of work, repair: 2 h}]}}\n"
      "products: {p: {route: [{at: a, time: 10 h}]}}\norders: [{id: O, product: p}]");
  run.until(36 * kHour);
  EXPECT_EQ(run.operations(kHour), "O a 6-33");
  EXPECT_EQ(run.conditions("a", kHour), "off 0-6, working 6-13, down 13-14, off 14-30, working 30-33, starved 33-36");
}

TEST(Calendars, FailuresByTheClockComeWhenItIsClosedToo) {
  Trial run(
      "calendars: {shift: {daily: \"06:00-14:00\"}}\n"
      "stations: {a: {calendar: shift, failures: [{after: 5 h of time, repair: 3 h, times: 1}]}}\n"
      "products: {p: {route: [{at: a, time: 1 h}]}}\norders: [{id: O, product: p}]");
  run.until(10 * kHour);
  EXPECT_EQ(run.conditions("a", kHour), "off 0-6, down 6-8, working 8-9, starved 9-10");
}

TEST(Calendars, OfOneStationsMachinesMayDiffer) {
  Trial run(
      "calendars: {early: {daily: \"06:00-14:00\"}, late: {daily: \"14:00-22:00\"}}\n"
      "stations: {a: {machines: {E: {calendar: early}, L: {calendar: late}}}}\n"
      "products: {p: {route: [{at: a, time: 5 h}]}}\norders: [{id: O, product: p, quantity: 3}]");
  EXPECT_EQ(run.until(kDay * 2).operations(kHour), "O-01 E 6-11, O-03 L 14-19, O-02 E 11-32");
}

TEST(Calendars, AStoppedMachineKeepsItsLotBlockedOnlyAsLongAsItMust) {
  Trial run(R"(
calendars: {short: {daily: "00:00-03:00"}}
stations: {a: {calendar: short}, b: {queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 h}, {at: b, time: 4 h}]}}
orders: [{id: O, product: p, quantity: 3}]
)");
  run.until(24 * kHour);
  EXPECT_EQ(run.conditions("a", kHour), "working 0-2, blocked 2-3, off 3-24");
  EXPECT_EQ(run.operations(kHour), "O-01 a 0-1, O-02 a 1-2, O-01 b 1-5, O-02 b 5-9");
}

}  // namespace
}  // namespace twin
