// Lots on conveyors. Timelines are worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

/// A saw, a belt, a mill.
std::string line(const std::string& belt, const std::string& saw_time, int lots, const std::string& mill,
                 const std::string& mill_time = "1 s") {
  return "conveyors: {belt: {" + belt + "}}\nstations: {saw: {}, mill: {" + mill +
         "}}\nproducts: {p: {route: [{at: saw, time: " + saw_time + "}, {at: mill, time: " + mill_time +
         ", transport: belt}]}}\norders: [{id: P, product: p, quantity: " + std::to_string(lots) + "}]\n";
}
constexpr const char* kNoPlaces = "queue: {places: 0}";
/// Down from 11 to 31.
constexpr const char* kBreak = "queue: {places: 0}, failures: [{after: 11 s of time, repair: 20 s, times: 1}]";

TEST(Conveyor, BringsEachLotToTheEndInTheTimeThatItsLengthTakes) {
  EXPECT_EQ(operations(line("length: 10 m, speed: 1 m/s, pitch: 2 m", "3 s", 2, ""), 60),
            "P-01 saw 0-3, P-02 saw 3-6, P-01 mill 13-14, P-02 mill 16-17");
  EXPECT_EQ(operations(line("places: 5, time: 10 s", "3 s", 2, ""), 60),
            "P-01 saw 0-3, P-02 saw 3-6, P-01 mill 13-14, P-02 mill 16-17");
}

TEST(Conveyor, TakesALotWhenTheOneBeforeHasMovedByItsPitch) {
  Trial run(line("places: 5, time: 10 s", "1 s", 3, ""));
  run.until(60 * kSecond);
  EXPECT_EQ(run.operations(),
            "P-01 saw 0-1, P-02 saw 1-2, P-03 saw 3-4, P-01 mill 11-12, P-02 mill 13-14, P-03 mill 15-16");
  EXPECT_EQ(run.conditions("saw"), "working 0-2, blocked 2-3, working 3-4, blocked 4-5, starved 5-60");
}

TEST(Conveyor, HoldsSoManyAndBlocksTheMachineBeforeIt) {
  Trial run(line("places: 3, time: 6 s", "1 s", 6, kNoPlaces, "6 s"));
  run.until(43 * kSecond);
  EXPECT_EQ(run.operations(),
            "P-01 saw 0-1, P-02 saw 1-2, P-03 saw 3-4, P-04 saw 5-6, P-05 saw 7-8, P-01 mill 7-13, P-06 saw 13-14, "
            "P-02 mill 13-19, P-03 mill 19-25, P-04 mill 25-31, P-05 mill 31-37, P-06 mill 37-43");
  EXPECT_EQ(run.conditions("saw"),
            "working 0-2, blocked 2-3, working 3-4, blocked 4-5, working 5-6, blocked 6-7, working 7-8, blocked 8-13, "
            "working 13-14, blocked 14-19, starved 19-43");
  EXPECT_DOUBLE_EQ(run.figure("belt.share.blocked"), 20.0 / 43) << "9-13, 15-19, 21-25, 27-31, 33-37";
  EXPECT_DOUBLE_EQ(run.figure("belt.visits"), 6);
  // Boarded at 1, 3, 5, 7, 13, 19; off at 7, 13, 19, 25, 31, 37.
  EXPECT_DOUBLE_EQ(run.figure("belt.level"), (6 + 10 + 14 + 18 + 18 + 18) / 43.0);
  EXPECT_DOUBLE_EQ(run.figure("p.transport_time"), (6 + 10 + 14 + 18 + 18 + 18) / 6.0);
  EXPECT_DOUBLE_EQ(run.figure("p.waiting_time"), (0.0 + 1 + 3 + 5 + 7 + 13) / 6) << "in front of the saw only";
}

TEST(Conveyor, ThatAccumulatesLetsLotsCloseUp) {
  // B at the end from 12; C, a pitch of 2 s behind it, moves when B leaves at 31.
  EXPECT_EQ(operations(line("places: 3, time: 6 s", "3 s", 4, kBreak), 60),
            "P-01 saw 0-3, P-02 saw 3-6, P-03 saw 6-9, P-01 mill 9-10, P-04 saw 9-12, P-02 mill 31-32, P-03 mill "
            "33-34, P-04 mill 35-36");
}

TEST(Conveyor, ThatDoesNotStandsAsAWhole) {
  // From 12 to 31 nothing moves: C is 3 s from the end, and D, ready at that very instant, does not get on.
  Trial run(line("places: 3, time: 6 s, accumulating: false", "3 s", 4, kBreak));
  run.until(60 * kSecond);
  EXPECT_EQ(run.operations(),
            "P-01 saw 0-3, P-02 saw 3-6, P-03 saw 6-9, P-01 mill 9-10, P-04 saw 9-12, P-02 mill 31-32, P-03 mill "
            "34-35, P-04 mill 37-38");
  EXPECT_EQ(run.conditions("saw"), "working 0-12, blocked 12-31, starved 31-60");
}

TEST(Conveyor, WithSlotsTakesLotsWhereOnePasses) {
  Trial run(line("places: 3, time: 6 s, slots: true", "3 s", 3, ""));
  run.until(60 * kSecond);
  EXPECT_EQ(run.operations(),
            "P-01 saw 0-3, P-02 saw 4-7, P-03 saw 8-11, P-01 mill 10-11, P-02 mill 14-15, P-03 mill 18-19");
  EXPECT_EQ(operations(line("places: 3, time: 6 s, slots: true", "2 s", 2, ""), 60),
            "P-01 saw 0-2, P-02 saw 2-4, P-01 mill 8-9, P-02 mill 10-11")
      << "a slot passes at that very instant";
}

TEST(Conveyor, SlotsStandWithTheBelt) {
  // A off at 10. B, on at 8, is at the end at 14, where the mill is down from 11 to 31: the clock says 14 until 31.
  EXPECT_EQ(operations(line("places: 3, time: 6 s, slots: true", "3 s", 4, kBreak), 60),
            "P-01 saw 0-3, P-02 saw 4-7, P-03 saw 8-11, P-01 mill 10-11, P-04 saw 12-15, P-02 mill 31-32, P-03 mill "
            "35-36, P-04 mill 37-38")
      << "C got on at 12 and is there by clock 18; D gets on at 31, when a slot is just passing, and is there by clock "
         "20";
}

TEST(Conveyor, TakesLotsOfSeveralMachinesInTheOrderInWhichTheyCame) {
  EXPECT_EQ(operations(R"(
conveyors: {belt: {places: 2, time: 10 s}}
stations: {a: {}, b: {}, end: {}}
products:
  p: {route: [{at: a, time: 2 s}, {at: end, time: 1 s, transport: belt}]}
  q: {route: [{at: b, time: 3 s}, {at: end, time: 1 s, transport: belt}]}
orders: [{id: P, product: p, quantity: 2}, {id: Q, product: q}]
)",
                       60),
            "P-01 a 0-2, Q b 0-3, P-02 a 2-4, P-01 end 12-13, Q end 17-18, P-02 end 22-23")
      << "on at 2; at 7, a pitch of 5 later; and at 12, when the first has got off and the second moved on";
}

TEST(Conveyor, BringsLotsFromOutside) {
  Trial run(R"(
conveyors: {belt: {places: 3, time: 6 s}}
stations: {mill: {}}
products: {p: {route: [{at: mill, time: 1 s, transport: belt}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 6-7, P-02 mill 8-9, P-03 mill 10-11");
  EXPECT_EQ(run.totals("p").waiting, Wide{(0 + 2 + 4) * kSecond}) << "outside, for their turn to get on";
  EXPECT_EQ(run.totals("p").cycle_time, Wide{(7 + 9 + 11) * kSecond});
}

TEST(Conveyor, LosesArrivalsThatCannotGetOnWhereTheyDoNotWait) {
  Trial run(R"(
conveyors: {belt: {places: 3, time: 6 s}}
stations: {mill: {queue: {if_full: lose}}}
products: {p: {route: [{at: mill, time: 1 s, transport: belt}], arrivals: every 1 s}}
)");
  run.until(6 * kSecond);
  EXPECT_EQ(run.totals("p").lost, 3U) << "at 2, 4 and 6";
}

TEST(Conveyor, ItsFirstLotStopsThoseBehindItThatGoElsewhere) {
  EXPECT_EQ(operations(R"(
conveyors: {belt: {places: 3, time: 6 s}}
stations: {a: {queue: {places: 0}}, b: {}}
products:
  x: {route: [{at: a, time: 20 s}]}
  p: {route: [{at: a, time: 1 s, transport: belt}]}
  q: {route: [{at: b, time: 1 s, transport: belt}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Q, product: q}]
)",
                       60),
            "X a 0-20, P a 20-21, Q b 22-23");
}

TEST(Conveyor, LotsAtItsEndStandInLineWithTheOthersThatWaitForRoom) {
  EXPECT_EQ(operations(R"(
conveyors: {belt: {places: 3, time: 2 s}}
stations: {a: {}, mill: {queue: {places: 0}}}
products:
  x: {route: [{at: mill, time: 9 s}]}
  p: {route: [{at: mill, time: 1 s, transport: belt}]}
  q: {route: [{at: a, time: 1 s}, {at: mill, time: 1 s}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Q, product: q}, {id: R, product: q}]
)",
                       60),
            "Q a 0-1, X mill 0-9, Q mill 9-10, R a 9-10, P mill 10-11, R mill 11-12")
      << "Q waits from 1, P at the end from 2, R from 10";
}

TEST(Conveyor, LotsOfABatchGetOnOneAfterTheOther) {
  Trial run(R"(
conveyors: {belt: {places: 3, time: 6 s}}
stations: {oven: {batch: {max: 2, min: 2}}, mill: {}}
products: {p: {route: [{at: oven, time: 4 s}, {at: mill, time: 1 s, transport: belt}]}}
orders: [{id: P, product: p, quantity: 2}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 oven 0-4, P-02 oven 0-4, P-01 mill 10-11, P-02 mill 12-13");
  EXPECT_EQ(run.conditions("oven"), "working 0-4, blocked 4-6, starved 6-20");
}

TEST(Conveyor, ABlockedMachineThatFailsOrClosesStillLetsItsLotGo) {
  Trial run(line("places: 3, time: 6 s", "1 s", 6, kNoPlaces, "6 s") +
            "what_if: {broken: {stations.saw.failures: [{after: 9 s of time, repair: 100 s, times: 1}]}}\n");
  const Plant broken = run.plant.change(what_ifs(run.plant)[0].changes);
  State state = State::initial(broken);
  advance(broken, broken.parameters(), state, Until{.time = 15 * kSecond});
  EXPECT_EQ(state.belts[0].count, 3U) << "P-05, done at 8, gets on at 13 though the saw is down";
  EXPECT_EQ(state.machines[0].condition, Condition::kDown);
  EXPECT_EQ(state.machines[0].phase, Phase::kIdle);
}

TEST(Conveyor, PartsAndWholesTravelAlike) {
  Trial run(R"(
conveyors: {belt: {places: 3, time: 6 s}}
stations: {a: {}, b: {}, end: {}}
products:
  p:
    route:
      - {op: split, parallel: {x: [{at: a, time: 1 s, transport: belt}], y: [{at: b, time: 2 s}]}}
      - {at: end, time: 1 s, transport: belt}
orders: [{id: P, product: p}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P b 0-2, P a 6-7, P end 13-14");
  EXPECT_DOUBLE_EQ(run.figure("p.transport_time"), 12) << "of the part that was through last, and of the whole";
}

TEST(Conveyor, PlainTransportCountsAsTransportTimeBesideIt) {
  Trial run(R"(
conveyors: {belt: {places: 3, time: 6 s}}
stations: {a: {}, b: {}}
products: {p: {route: [{at: a, time: 1 s, transport: 4 s}, {at: b, time: 1 s, transport: belt}]}}
orders: [{id: P, product: p}]
)");
  EXPECT_DOUBLE_EQ(run.until(30 * kSecond).figure("p.transport_time"), 10);
  Trial plain("stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s, transport: 4 s}], arrivals: every 9 s}}\n");
  EXPECT_TRUE(std::isnan(plain.until(30 * kSecond).figure("p.transport_time"))) << "told where there are carriers only";
}

TEST(Conveyor, InACircleOfFullOnesIsADeadlock) {
  const auto told = [](const std::string& a) {
    Trial run("conveyors: {ab: {places: 1, time: 1 s}, ba: {places: 1, time: 1 s}}\nstations: {a: {" + a +
              "}, b: {queue: {places: 0}}}\nproducts:\n"
              "  p: {route: [{at: a, time: 1 s}, {at: b, time: 9 s, transport: ab}]}\n"
              "  q: {route: [{at: b, time: 1 s}, {at: a, time: 9 s, transport: ba}]}\n"
              "orders: [{id: P, product: p, quantity: 3}, {id: Q, product: q, quantity: 3}]\n");
    try {
      run.until(kHour);
    } catch (const DeadlockError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(told("queue: {places: 0}"),
            "deadlock at 2 s in replication 0 of plant 'plant': ba holds Q-01, which waits for room at a, a.1 holds "
            "P-02, which waits for room on ab, ab holds P-01, which waits for room at b, b.1 holds Q-02, which waits "
            "for room on ba");
  EXPECT_EQ(told(""), "") << "an unlimited queue takes all";
}

TEST(Conveyor, ThatComesBackToItsOwnFullStationIsADeadlock) {
  Trial run(R"(
conveyors: {back: {places: 1, time: 1 s}}
stations: {a: {queue: {places: 0}}}
products: {p: {route: [{at: a, op: one, time: 1 s}, {at: a, op: two, time: 1 s, transport: back}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  try {
    run.until(kHour);
    FAIL();
  } catch (const DeadlockError& error) {
    // P-01 on at 1, at the end at 2, where P-02 has just been done and waits for the belt.
    EXPECT_THAT(error.what(), HasSubstr("deadlock at 2 s"));
    EXPECT_THAT(error.what(), HasSubstr("back holds P-01, which waits for room at a, a.1 holds P-02, which waits for "
                                        "room on back"));
  }
}

TEST(Conveyor, GoesOnFromASavedStateAndInABranch) {
  const std::string yaml = line("places: 3, time: 6 s", "1 s", 6, kNoPlaces, "6 s");
  Trial whole(yaml);
  whole.until(43 * kSecond);
  for (Tick at = 0; at <= 43 * kSecond; at += kSecond / 2) {
    for (const bool branched : {false, true}) {
      Trial cut(yaml);
      cut.until(at);
      cut.state = State::load(cut.state.save(cut.plant), cut.plant);
      if (branched) cut.state = branch(cut.plant, cut.plant.parameters(), cut.state, 0);
      cut.until(43 * kSecond);
      ASSERT_EQ(cut.operations(), whole.operations()) << at;
      ASSERT_TRUE(branched || equal(whole.plant, whole.state, cut.state)) << at;
    }
  }
}

TEST(Conveyor, LotsStayOnItWhenThePlantChanges) {
  const std::string yaml = line("places: 3, time: 6 s", "3 s", 4, kBreak);
  Trial run(yaml);
  run.until(20 * kSecond);
  // From 20 on the belt takes 10 s: P-02, at the end, stays there. P-03, on at 9, and P-04, on at 12, are there in
  // time.
  const Plant slow = run.plant.change({{"conveyors.belt.time", "10 s"}, {"stations.mill.failures", "[]"}});
  State state = migrate(run.plant, slow, run.state);
  History history;
  advance(slow, slow.parameters(), state, Until{.time = 60 * kSecond}, &history);
  ASSERT_EQ(history.operations.size(), 3U);
  EXPECT_EQ(history.operations[0].start, 20 * kSecond);
  EXPECT_EQ(history.operations[1].start, 20 * kSecond + 3'333'333'334) << "a pitch later";
  EXPECT_EQ(history.operations[2].start, history.operations[1].start + 3'333'333'334);

  const auto said = [&](const std::vector<std::pair<std::string, std::string>>& changes, Disposition what) {
    try {
      (void)migrate(run.plant, run.plant.change(changes), run.state, what);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(said({{"conveyors.belt.places", "2"}}, Disposition::kScrap),
              HasSubstr("belt holds 3 lots; the changed plant has places for 2"));
  EXPECT_THAT(said({{"products.p.route.mill.transport", "5 s"}}, Disposition::kRefuse),
              HasSubstr("P-02: it is on belt, which does not lead to mill any more"));
  EXPECT_EQ(said({{"products.p.route.mill.transport", "5 s"}}, Disposition::kScrap), "");
}

}  // namespace
}  // namespace twin
