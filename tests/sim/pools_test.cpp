// Operators, tools and repair crews. Timelines are worked out by hand. A lot stands on its machine while this waits for
// an operator, so an operation's record starts with the wait.
#include <gtest/gtest.h>

#include <algorithm>

#include "trial.hpp"

namespace twin {
namespace {

/// Stations a, b, c with products of the same names; each lot takes the time its order's product says.
std::string shop(const std::string& pools, const std::string& a, const std::string& b, const std::string& c,
                 const std::string& orders, const std::string& times = "a: 5, b: 3, c: 4") {
  const auto time = [&](char product) {
    const auto at = times.find(std::string(1, product) + ": ") + 3;
    return times.substr(at, times.find(',', at) - at);
  };
  std::string out = pools + "\nstations: {a: {" + a + "}, b: {" + b + "}, c: {" + c + "}}\nproducts:\n";
  for (const char product : {'a', 'b', 'c'})
    out += std::string("  ") + product + ": {route: [{at: " + product + ", time: " + time(product) + " s}]}\n";
  return out + "orders: [" + orders + "]\n";
}
std::string lot(const std::string& id, char product, int release = 0) {
  return "{id: " + id + ", product: " + product + ", release: " + std::to_string(release) + " s}";
}
std::int64_t in_use(const Trial& run, const std::string& pool) {
  const auto& names = run.plant.data().pool_names;
  return run.state.pools[static_cast<std::size_t>(std::find(names.begin(), names.end(), pool) - names.begin())].level;
}

TEST(Operators, OneServesOneMachineAtATime) {
  Trial run(shop("operators: {op: 1}", "needs: op", "needs: op", "",
                 lot("A", 'a') + ", " + lot("B", 'b') + ", " + lot("C", 'c')));
  run.until(10 * kSecond);
  EXPECT_EQ(run.operations(), "C c 0-4, A a 0-5, B b 0-8");
  EXPECT_EQ(run.conditions("b"), "waiting 0-5, working 5-8, starved 8-10");
  EXPECT_EQ(in_use(run, "op"), 0);
}

TEST(Operators, ServeThoseFirstWhoHaveWaitedLongest) {
  Trial run(shop("operators: {op: 1}", "needs: op", "needs: op", "needs: op",
                 lot("A1", 'a') + ", " + lot("A2", 'a') + ", " + lot("C", 'c', 1) + ", " + lot("B", 'b', 2)));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A1 a 0-5, C c 1-9, B b 2-12, A2 a 5-17")
      << "the machine that set the operator free asks again behind the others";
  EXPECT_EQ(run.conditions("a"), "working 0-5, waiting 5-12, working 12-17, starved 17-20");
}

TEST(Operators, WhoAsksAtOneInstantStandsInTheOrderOfTheEvents) {
  // At 4 the operator is free; before that, at 2, the lots of a and b came in the order of the file.
  EXPECT_EQ(operations(shop("operators: {op: 1}", "needs: op", "needs: op", "needs: op",
                            lot("C", 'c') + ", " + lot("B", 'b', 2) + ", " + lot("A", 'a', 2)),
                       20),
            "C c 0-4, B b 2-7, A a 2-12");
}

TEST(Operators, StayWithTheMachineFromSetupToTheEndOfProcessing) {
  Trial run(
      shop("operators: {op: 1}", "needs: op, setup: 2 s", "needs: op", "", lot("A", 'a') + ", " + lot("B", 'b', 1)));
  run.until(11 * kSecond);
  EXPECT_EQ(run.conditions("a"), "setup 0-2, working 2-7, starved 7-11");
  EXPECT_EQ(run.conditions("b"), "starved 0-1, waiting 1-7, working 7-10, starved 10-11");
}

TEST(Operators, LeaveAMachineThatIsBlocked) {
  Trial run(R"(
operators: {op: 1}
stations: {a: {needs: op}, b: {queue: {places: 0}}, c: {needs: op}}
products:
  p: {route: [{at: a, time: 1 s}, {at: b, time: 9 s}]}
  q: {route: [{at: c, time: 4 s}]}
orders: [{id: P, product: p}, {id: P2, product: p}, {id: Q, product: q, release: 1 s}]
)");
  run.until(12 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-2, blocked 2-10, starved 10-12");
  EXPECT_EQ(run.conditions("c"), "starved 0-1, waiting 1-2, working 2-6, starved 6-12");
}

TEST(Operators, AMachineThatWaitsKeepsItsLotThoughAnotherNeedsNobody) {
  EXPECT_EQ(operations(R"(
operators: {op: 1}
stations: {a: {}, b: {needs: op}}
products:
  hand: {route: [{at: a, time: 2 s, needs: op}]}
  auto: {route: [{at: a, time: 2 s}]}
  long: {route: [{at: b, time: 9 s}]}
orders: [{id: L, product: long}, {id: H, product: hand}, {id: U, product: auto}]
)",
                       20),
            "L b 0-9, H a 0-11, U a 11-13");
}

TEST(Needs, AreMetAllAtOnceAndNothingIsHeldMeanwhile) {
  // c has the jig to 4; a needs both and takes neither, so the operator goes to b, which asks later.
  Trial run(shop("operators: {op: 1}\ntools: {jig: 1}", "needs: {op: 1, jig: 1}", "needs: op", "needs: jig",
                 lot("C", 'c') + ", " + lot("A", 'a', 1) + ", " + lot("B", 'b', 2)));
  run.until(3 * kSecond);
  EXPECT_EQ(in_use(run, "op"), 1);
  run.until(11 * kSecond);
  EXPECT_EQ(run.operations(), "C c 0-4, B b 2-5, A a 1-10");
  EXPECT_EQ(run.conditions("a"), "starved 0-1, waiting 1-5, working 5-10, starved 10-11");
}

TEST(Needs, MayBeOfSeveralOfOnePool) {
  // a needs 2 of 3: b gets the third; c, which needs 2, waits for a.
  Trial run(shop("operators: {op: 3}", "needs: {op: 2}", "needs: op", "needs: {op: 2}",
                 lot("A", 'a') + ", " + lot("B", 'b') + ", " + lot("C", 'c')));
  run.until(1 * kSecond);
  EXPECT_EQ(in_use(run, "op"), 3);
  EXPECT_EQ(run.until(20 * kSecond).operations(), "B b 0-3, A a 0-5, C c 0-9");
}

TEST(Skills, AreThoseOfTheFirstWhoIsFreeInTheOrderOfThePlant) {
  Trial run(shop("operators: {ann: {skills: [milling, turning]}, bob: {skills: milling}}", "needs: milling",
                 "needs: milling", "needs: turning",
                 lot("A", 'a') + ", " + lot("B", 'b', 1) + ", " + lot("C", 'c', 2)));
  run.until(kSecond / 2);
  EXPECT_EQ(in_use(run, "ann"), 1);
  EXPECT_EQ(in_use(run, "bob"), 0);
  EXPECT_EQ(run.until(20 * kSecond).operations(), "B b 1-4, A a 0-5, C c 2-9") << "only ann turns";
}

TEST(Skills, OneWhoIsNamedAndOneWithASkillAreTwo) {
  for (const char* needs : {"{ann: 1, any: 1}", "{any: 1, ann: 1}"})
    EXPECT_EQ(operations(shop("operators: {ann: {skills: any}, bob: {skills: any}}", std::string("needs: ") + needs, "",
                              "", lot("A", 'a')),
                         20),
              "A a 0-5")
        << needs;
}

/// A lot of 12 h on a machine that needs `turning`, from midnight.
std::string shift(const std::string& operators, const std::string& more = "", const std::string& orders = "") {
  return "calendars: {early: {daily: \"00:00-08:00\"}, late: {daily: \"08:00-16:00\"}, later: {daily: "
         "\"09:00-17:00\"}}\noperators: {" +
         operators + "}\nstations: {a: {needs: turning}, b: {needs: turning}" + more +
         "}\nproducts: {p: {route: [{at: a, time: 12 h}]}, q: {route: [{at: b, time: 4 h}]}}\n"
         "orders: [{id: P, product: p}" +
         orders + "]\n";
}

TEST(Shifts, HandWorkOverToWhoHasTheSkill) {
  for (const char* operators : {"ann: {calendar: early, skills: turning}, bob: {calendar: late, skills: turning}",
                                "bob: {calendar: late, skills: turning}, ann: {calendar: early, skills: turning}"}) {
    Trial run(shift(operators));
    run.until(7 * kHour);
    EXPECT_EQ(in_use(run, "ann"), 1);
    run.until(9 * kHour);
    EXPECT_EQ(in_use(run, "ann"), 0);
    EXPECT_EQ(in_use(run, "bob"), 1);
    run.until(13 * kHour);
    EXPECT_EQ(run.conditions("a", kHour), "working 0-12, starved 12-13") << operators;
  }
}

TEST(Shifts, LeaveTheWorkStandingUntilSomeoneComes) {
  Trial late(shift("ann: {calendar: early, skills: turning}, bob: {calendar: later, skills: turning}"));
  EXPECT_EQ(late.until(14 * kHour).conditions("a", kHour), "working 0-8, waiting 8-9, working 9-13, starved 13-14");
  Trial alone(shift("ann: {calendar: early, skills: turning}"));
  EXPECT_EQ(alone.until(29 * kHour).conditions("a", kHour), "working 0-8, waiting 8-24, working 24-28, starved 28-29");
}

TEST(Shifts, WorkThatStandsWaitsBehindThoseWhoWaitAlready) {
  // At 7 ann is the only one; Q asks at 7, P at 8 when she goes; bob, at 9, goes to Q first.
  Trial run(shift("ann: {calendar: early, skills: turning}, bob: {calendar: later, skills: turning}", "",
                  ", {id: Q, product: q, release: 7 h}"));
  run.until(18 * kHour);
  EXPECT_EQ(run.conditions("b", kHour), "starved 0-7, waiting 7-9, working 9-13, starved 13-18");
  EXPECT_EQ(run.conditions("a", kHour), "working 0-8, waiting 8-13, working 13-17, starved 17-18");
}

TEST(Shifts, OneWhoIsFreeTakesOverAtOnce) {
  Trial run(shift("ann: {calendar: early, skills: turning}, bob: {skills: turning}"));
  EXPECT_EQ(run.until(13 * kHour).conditions("a", kHour), "working 0-12, starved 12-13");
}

TEST(Shifts, AMachinesOwnCalendarSetsItsOperatorFree) {
  Trial run(R"(
calendars: {early: {daily: "00:00-08:00"}}
operators: {op: 1}
stations: {a: {needs: op, calendar: early}, b: {needs: op}}
products: {p: {route: [{at: a, time: 12 h}]}, q: {route: [{at: b, time: 18 h}]}}
orders: [{id: P, product: p}, {id: Q, product: q, release: 1 h}]
)");
  run.until(32 * kHour);
  EXPECT_EQ(run.conditions("b", kHour), "starved 0-1, waiting 1-8, working 8-26, starved 26-32");
  EXPECT_EQ(run.conditions("a", kHour), "working 0-8, off 8-24, waiting 24-26, working 26-30, starved 30-32");
}

TEST(Shifts, WorkThatEndsWithTheShiftIsDoneAndTheNextWaits) {
  Trial run(R"(
calendars: {early: {daily: "00:00-08:00"}}
operators: {op: {calendar: early}}
stations: {a: {needs: op}}
products: {p: {route: [{at: a, time: 8 h}]}}
orders: [{id: P, product: p}, {id: Q, product: p}]
)");
  run.until(33 * kHour);
  EXPECT_EQ(run.operations(kHour), "P a 0-8, Q a 8-32");
  EXPECT_EQ(run.conditions("a", kHour), "working 0-8, waiting 8-24, working 24-32, starved 32-33");
}

TEST(Failures, SetTheOperatorFreeWhoIsWaitedForAgain) {
  const std::string fails = "needs: op, failures: [{after: 2 s of work, repair: 4 s, times: 1}]";
  const auto run = [&](const std::string& times) {
    Trial trial(shop("operators: {op: 1}", fails, "needs: op", "", lot("A", 'a') + ", " + lot("B", 'b'), times));
    trial.until(12 * kSecond);
    return trial;
  };
  const Trial in_time = run("a: 5, b: 3, c: 1");
  EXPECT_EQ(in_time.conditions("a"), "working 0-2, down 2-6, working 6-9, starved 9-12");
  EXPECT_EQ(in_time.conditions("b"), "waiting 0-2, working 2-5, starved 5-12");
  const Trial late = run("a: 5, b: 6, c: 1");
  EXPECT_EQ(late.conditions("a"), "working 0-2, down 2-6, waiting 6-8, working 8-11, starved 11-12");
  EXPECT_EQ(late.conditions("b"), "waiting 0-2, working 2-8, starved 8-12");
}

TEST(Failures, WhileAMachineWaitsLoseItsPlaceInTheLine) {
  Trial run(shop("operators: {op: 1}", "needs: op, failures: [{after: 2 s of time, repair: 1 s, times: 1}]",
                 "needs: op", "needs: op", lot("C", 'c') + ", " + lot("A", 'a', 1) + ", " + lot("B", 'b', 2)));
  run.until(13 * kSecond);
  EXPECT_EQ(run.conditions("a"), "starved 0-1, waiting 1-2, down 2-3, waiting 3-7, working 7-12, starved 12-13");
  EXPECT_EQ(run.conditions("b"), "starved 0-2, waiting 2-4, working 4-7, starved 7-13");
}

TEST(Crews, RepairOneMachineAfterTheOther) {
  const auto fails = [](int after) {
    return "failures: [{after: " + std::to_string(after) + " s of time, repair: 4 s, needs: smith, times: 1}]";
  };
  Trial run(shop("operators: {smith: 1}", fails(2), fails(3), fails(3), lot("A", 'a') + ", " + lot("B", 'b')));
  run.until(15 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-2, down 2-6, working 6-9, starved 9-15");
  EXPECT_EQ(run.conditions("b"), "working 0-3, down 3-10, starved 10-15") << "its work ended before its failure";
  EXPECT_EQ(run.conditions("c"), "starved 0-3, down 3-14, starved 14-15");
}

TEST(Crews, OfWorkFailuresToo) {
  const std::string fails = "failures: [{after: 2 s of work, repair: 4 s, needs: smith, times: 1}]";
  Trial run(shop("operators: {smith: 1}", fails, fails, "", lot("A", 'a') + ", " + lot("B", 'b', 1)));
  run.until(12 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-2, down 2-6, working 6-9, starved 9-12");
  EXPECT_EQ(run.conditions("b"), "starved 0-1, working 1-3, down 3-10, working 10-11, starved 11-12");
}

TEST(Crews, WhoAlsoOperatesServesThoseFirstWhoHaveWaitedLongest) {
  // At 2 a fails and sets the operator free, whom b has waited for since 1: the repair waits for the end of b.
  Trial run(shop("operators: {op: 1}", "needs: op, failures: [{after: 2 s of work, repair: 4 s, needs: op, times: 1}]",
                 "needs: op", "", lot("A", 'a') + ", " + lot("B", 'b', 1)));
  run.until(13 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-2, down 2-9, working 9-12, starved 12-13");
  EXPECT_EQ(run.conditions("b"), "starved 0-1, waiting 1-2, working 2-5, starved 5-13");
}

TEST(Crews, BeginInTheirShiftAndFinishWhatTheyBegan) {
  const auto run = [](int fails) {
    Trial trial(
        "calendars: {early: {daily: \"00:00-08:00\"}}\noperators: {smith: {calendar: early}}\n"
        "stations: {a: {failures: [{after: " +
        std::to_string(fails) +
        " h of time, repair: 3 h, needs: smith, times: 1}]}}\nproducts: {p: {route: [{at: a, time: 1 h}]}}\n"
        "orders: [{id: P, product: p, release: 100 h}]\n");
    trial.until(30 * kHour);
    return trial.conditions("a", kHour);
  };
  EXPECT_EQ(run(7), "starved 0-7, down 7-10, starved 10-30");
  EXPECT_EQ(run(8), "starved 0-8, down 8-11, starved 11-30") << "a failure comes before the end of the shift";
  EXPECT_EQ(run(9), "starved 0-9, down 9-27, starved 27-30");
}

TEST(Pools, AreBusyForTheShareOfTheirOpenTime) {
  Trial run(shift("ann: {count: 2, calendar: early, skills: turning}"));
  run.until(24 * kHour);
  EXPECT_DOUBLE_EQ(run.figure("ann.utilisation"), 0.5) << "one of two";
  EXPECT_DOUBLE_EQ(run.figure("a.share.waiting"), 16.0 / 24);
  EXPECT_DOUBLE_EQ(run.figure("a.utilisation"), 8.0 / 24);
}

}  // namespace
}  // namespace twin
