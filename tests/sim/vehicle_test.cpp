// Lots on vehicles. Timelines are worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

/// Park, 5 m, a, 10 m, b; 1 m/s, 2 s to load and 3 s to unload. \param keys  more of the vehicles, of b, and of a
std::string cell(int lots, const std::string& keys = "", const std::string& b = "", const std::string& a = "",
                 const std::string& track = "", const std::string& time = "1 s") {
  return "paths: [{between: [a, b], length: 10 m" + track + "}, {between: [park, a], length: 5 m}]\n" +
         "vehicles: {agv: {speed: 1 m/s, load: 2 s, unload: 3 s, home: park" + keys + "}}\nstations: {a: {" + a +
         "}, b: {" + b + "}}\nproducts: {p: {route: [{at: a, time: 4 s}, {at: b, time: " + time +
         ", transport: agv}]}}\norders: [{id: P, product: p, quantity: " + std::to_string(lots) + "}]\n";
}

TEST(Vehicle, FetchesALotFromItsMachineAndBringsIt) {
  Trial run(cell(2));
  run.until(64 * kSecond);
  // Fetched 4-9, loaded 9-11, carried 11-21, unloaded 21-24; the second: 24-34, 34-36, 36-46, 46-49; home 49-64.
  EXPECT_EQ(run.operations(), "P-01 a 0-4, P-02 a 11-15, P-01 b 24-25, P-02 b 49-50");
  EXPECT_EQ(run.conditions("a"), "working 0-4, blocked 4-11, working 11-15, blocked 15-36, starved 36-64");
  EXPECT_DOUBLE_EQ(run.figure("agv.share.idle"), 4.0 / 64);
  EXPECT_DOUBLE_EQ(run.figure("agv.share.empty"), (5 + 10 + 15) / 64.0);
  EXPECT_DOUBLE_EQ(run.figure("agv.share.loaded"), 20.0 / 64);
  EXPECT_DOUBLE_EQ(run.figure("agv.share.handling"), 10.0 / 64);
  EXPECT_DOUBLE_EQ(run.figure("agv.share.waiting"), 0);
  EXPECT_DOUBLE_EQ(run.figure("agv.utilisation"), 60.0 / 64);
  EXPECT_DOUBLE_EQ(run.figure("agv.distance"), 50);
  EXPECT_DOUBLE_EQ(run.figure("agv.trips"), 2);
  EXPECT_DOUBLE_EQ(run.figure("p.transport_time"), 13) << "from the end of loading to the end of unloading";
  EXPECT_TRUE(std::isnan(run.figure("agv.share.charging"))) << "it has no battery";
  EXPECT_EQ(run.state.vehicles[0].task, Task::kIdle);
  EXPECT_EQ(run.plant.data().node_names[run.state.vehicles[0].node], "park");
}

TEST(Vehicle, MayStayWhereItIsWithoutWork) {
  Trial run(cell(1, ", idle: stay"));
  run.until(64 * kSecond);
  EXPECT_EQ(run.plant.data().node_names[run.state.vehicles[0].node], "b");
  EXPECT_DOUBLE_EQ(run.figure("agv.distance"), 15);
}

TEST(Vehicle, IsCalledWhenTheLotHasAPlaceWhereItGoes) {
  // b is kept for P-01 from 4 on and works on it 24-124; then P-02 has a place, and is fetched from home 124-129.
  Trial run(cell(2, "", "queue: {places: 0}", "", "", "100 s"));
  run.until(250 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 a 0-4, P-02 a 11-15, P-01 b 24-124, P-02 b 144-244");
}

TEST(Vehicle, OnItsWayHomeIsSentElsewhereFromTheNextPointOn) {
  // P-02 comes at 32 and is done at 36. The vehicle left b at 24 and is at a at 34, from where it goes to park, at 39:
  // it turns there, and is back at 44.
  Trial run(cell(0 + 1) + "");
  Trial late(
      "paths: [{between: [a, b], length: 10 m}, {between: [park, a], length: 5 m}]\n"
      "vehicles: {agv: {speed: 1 m/s, load: 2 s, unload: 3 s, home: park}}\nstations: {a: {}, b: {}}\n"
      "products: {p: {route: [{at: a, time: 4 s}, {at: b, time: 1 s, transport: agv}]}}\n"
      "orders: [{id: P, product: p}, {id: Q, product: p, release: 32 s}, {id: R, product: p, release: 91 s}]\n");
  late.until(120 * kSecond);
  // Q: fetched 36-44 by way of park, loaded to 46, at b at 56, unloaded to 59. On the way home from 59 the vehicle is
  // at a at 69, at park at 74. R: done at 95, fetched 95-100.
  EXPECT_EQ(late.operations(), "P a 0-4, P b 24-25, Q a 32-36, Q b 59-60, R a 91-95, R b 115-116");
  EXPECT_EQ(run.until(60 * kSecond).operations(), "P a 0-4, P b 24-25");
}

TEST(Vehicle, FetchesLotsFromOutsideWhereTheyComeIn) {
  Trial run(R"(
paths: [{between: [gate, a], length: 10 m}]
vehicles: {agv: {speed: 2 m/s, load: 1 s, unload: 1 s, home: a, entry: gate}}
stations: {a: {}}
products: {p: {route: [{at: a, time: 1 s, transport: agv}]}}
orders: [{id: P, product: p, quantity: 2}]
)");
  run.until(40 * kSecond);
  // To the gate 0-5, loaded 5-6, back 6-11, unloaded to 12; then 12-17, 17-18, 18-23, 23-24.
  EXPECT_EQ(run.operations(), "P-01 a 12-13, P-02 a 24-25");
  EXPECT_EQ(run.totals("p").waiting, Wide{(6 + 18) * kSecond}) << "outside, until they are on the vehicle";
}

/// Which vehicle: one that has delivered at b, 10 m from a, or one at home, 50 m from it.
std::string two(const std::string& dispatch) {
  Trial run(
      "paths: [{between: [a, b], length: 10 m}, {between: [park, a], length: 50 m}]\nvehicles: {agv: {count: 2, "
      "speed: 1 m/s, home: park, idle: stay, dispatch: " +
      dispatch +
      "}}\nstations: {a: {}, b: {}}\nproducts: {p: {route: [{at: a, time: 4 s}, {at: b, time: 1 s, transport: "
      "agv}]}}\norders: [{id: P, product: p}, {id: Q, product: p, release: 100 s}]\n");
  return run.until(200 * kSecond).operations();
}
TEST(Vehicle, ThatFetchesALotIsTheNearestOrTheLongestFreeOrTheLeastUsed) {
  EXPECT_EQ(two("nearest"), "P a 0-4, P b 64-65, Q a 100-104, Q b 124-125");
  EXPECT_EQ(two("longest_waiting"), "P a 0-4, P b 64-65, Q a 100-104, Q b 164-165");
  EXPECT_EQ(two("least_used"), "P a 0-4, P b 64-65, Q a 100-104, Q b 164-165");
  EXPECT_EQ(two("expr(-priority)"), "P a 0-4, P b 64-65, Q a 100-104, Q b 124-125");
}

/// Which lot: X waits from 3 on, 20 m away, Y from 7 on, 5 m away; the vehicle is free at 11.
std::string calls(const std::string& dispatch) {
  Trial run(
      "paths: [{between: [end, x], length: 20 m}, {between: [end, y], length: 5 m}]\nvehicles: {agv: {speed: 1 "
      "m/s, home: end, dispatch: " +
      dispatch +
      "}}\nstations: {x: {}, y: {}, end: {}}\nproducts:\n  px: {route: [{at: x, time: 1 s}, {at: end, time: 1 s, "
      "transport: agv}]}\n  py: {route: [{at: y, time: 1 s}, {at: end, time: 1 s, transport: agv}]}\n"
      "orders: [{id: W, product: py}, {id: X, product: px, release: 2 s, priority: 5}, {id: Y, product: py, "
      "release: 4 s}]\n");
  return run.until(200 * kSecond).operations();
}
TEST(Vehicle, ThatIsFreeFetchesTheNearestLotOrTheLongestWaitingOrByAFormula) {
  EXPECT_EQ(calls("nearest"), "W y 0-1, X x 2-3, Y y 6-7, W end 11-12, Y end 21-22, X end 61-62");
  const std::string far_first = "W y 0-1, X x 2-3, Y y 6-7, W end 11-12, X end 51-52, Y end 61-62";
  EXPECT_EQ(calls("longest_waiting"), far_first);
  EXPECT_EQ(calls("least_used"), far_first);
  EXPECT_EQ(calls("expr(-priority)"), far_first);
  EXPECT_EQ(calls("expr(priority)"), calls("nearest"));
}

TEST(Vehicle, TakesTheShortestWay) {
  Trial run(R"(
paths:
  - {from: a, to: b, length: 30 m}
  - {from: a, to: c, length: 10 m}
  - {from: c, to: b, length: 12 m}
  - {from: b, to: a, length: 40 m}
vehicles: {agv: {speed: 1 m/s, home: a, idle: stay}}
stations: {a: {}, b: {}}
products: {p: {route: [{at: a, time: 4 s}, {at: b, time: 1 s, transport: agv}]}}
orders: [{id: P, product: p, quantity: 2}]
)");
  EXPECT_EQ(run.until(120 * kSecond).operations(), "P-01 a 0-4, P-02 a 4-8, P-01 b 26-27, P-02 b 88-89")
      << "by c, 22 m; back 40 m against nobody's direction";
}

TEST(Vehicle, WaitsForAWayThatIsFull) {
  Trial run(cell(2, ", count: 2", "", "machines: 2", ", capacity: 1"));
  run.until(60 * kSecond);
  // Both are loaded at 11. The first is on the way 11-21; the second 21-31. On the way home the first waits 24-31 for
  // the second to come off, drives 31-41, and the second 34-41 for the first.
  EXPECT_EQ(run.operations(), "P-01 a.1 0-4, P-02 a.2 0-4, P-01 b 24-25, P-02 b 34-35");
  EXPECT_DOUBLE_EQ(run.figure("agv.1.share.waiting"), 7.0 / 60);
  EXPECT_DOUBLE_EQ(run.figure("agv.2.share.waiting"), 17.0 / 60);
  EXPECT_DOUBLE_EQ(run.figure("agv.share.waiting"), 24.0 / 120);
  EXPECT_DOUBLE_EQ(run.figure("agv.1.distance"), 30);
  EXPECT_EQ(run.state.tracks[0], 0U);
}

TEST(Vehicle, OfAWayThatTakesTwoGoTogether) {
  Trial run(cell(2, ", count: 2", "", "machines: 2", ", capacity: 2"));
  EXPECT_EQ(run.until(60 * kSecond).operations(), "P-01 a.1 0-4, P-02 a.2 0-4, P-01 b 24-25, P-02 b 25-26");
}

std::string head_on(const std::string& capacity) {
  return "paths: [{between: [a, m], length: 10 m, capacity: " + capacity +
         "}, {between: [m, b], length: 10 m, capacity: " + capacity + R"(}]
vehicles: {f: {speed: 1 m/s, home: a, idle: stay}, g: {speed: 1 m/s, home: b, idle: stay}}
stations: {a: {}, b: {}}
products:
  p: {route: [{at: a, time: 4 s}, {at: b, time: 1 s, transport: f}]}
  q: {route: [{at: b, time: 4 s}, {at: a, time: 1 s, transport: g}]}
orders: [{id: P, product: p}, {id: Q, product: q}]
)";
}
TEST(Vehicle, ThatWaitForEachOtherInARingAreADeadlock) {
  Trial run(head_on("1"));
  try {
    run.until(kHour);
    FAIL();
  } catch (const DeadlockError& error) {
    EXPECT_STREQ(
        error.what(),
        "deadlock at 14 s in replication 0 of plant 'plant': g.1 on the way from b to m waits for the way from "
        "m to a, f.1 on the way from a to m waits for the way from m to b");
  }
  EXPECT_EQ(run.state.now, 14 * kSecond);
  EXPECT_EQ(Trial(head_on("2")).until(60 * kSecond).operations(), "P a 0-4, Q b 0-4, P b 24-25, Q a 24-25");
}

TEST(Vehicle, IsChargedBelowItsThresholdAndNeverWithALot) {
  Trial run(cell(3, ", battery: {range: 60 m, charge: 60 s, at: park, below: 0.6}"));
  run.until(150 * kSecond);
  // 60 m at first, 45 at 24, 25 at 49, below 36: to park, with 10 left at 64, where 50 m take 50 s. Then P-03.
  EXPECT_EQ(run.operations(), "P-01 a 0-4, P-02 a 11-15, P-01 b 24-25, P-03 a 36-40, P-02 b 49-50, P-03 b 134-135");
  EXPECT_DOUBLE_EQ(run.figure("agv.share.charging"), 51.0 / 150);
  EXPECT_EQ(run.state.vehicles[0].charge, 30'000'000)
      << "60 - 15 - 15 m, at home again at 149, where it is charged once more";
  EXPECT_EQ(run.state.vehicles[0].task, Task::kCharge) << "below 36 m";
}

TEST(Vehicle, FetchesPartsWhereTheWholeWasAndTheWholeWhereTheLastPartWas) {
  EXPECT_EQ(operations(R"(
paths: [{between: [a, x], length: 10 m}, {between: [x, y], length: 5 m}, {between: [y, end], length: 20 m}]
vehicles: {agv: {count: 2, speed: 1 m/s, home: a, idle: stay}}
stations: {a: {}, x: {}, y: {}, end: {}}
products:
  p:
    route:
      - {at: a, time: 1 s}
      - {op: split, parallel: {one: [{at: x, time: 1 s, transport: agv}], two: [{at: y, time: 1 s, transport: agv}]}}
      - {at: end, time: 1 s, transport: agv}
orders: [{id: P, product: p}]
)",
                       60),
            "P a 0-1, P x 11-12, P y 16-17, P end 37-38")
      << "fetched at y at 17 by the vehicle that is there";
}

TEST(Vehicle, BringsALotBackToItsOwnStation) {
  EXPECT_EQ(operations(R"(
paths: [{between: [park, a], length: 5 m}]
vehicles: {agv: {speed: 1 m/s, load: 2 s, unload: 3 s, home: park}}
stations: {a: {}}
products: {p: {route: [{op: one, at: a, time: 1 s}, {op: two, at: a, time: 1 s, transport: agv}]}}
orders: [{id: P, product: p}]
)",
                       60),
            "P a 0-1, P a 11-12");
}

TEST(Vehicle, AWaitingLotIsNoDeadlockOfItsStation) {
  // a and b feed each other and have no places; vehicles need long, yet all lots get through.
  Trial run(R"(
paths: [{between: [a, b], length: 100 m}]
vehicles: {agv: {speed: 1 m/s, home: a}}
stations: {a: {queue: {places: 0}}, b: {queue: {places: 0}}}
products:
  p: {route: [{at: a, time: 4 s}, {at: b, time: 1 s, transport: agv}]}
  q: {route: [{at: b, time: 400 s}, {at: a, time: 1 s, transport: agv}]}
orders: [{id: P, product: p}, {id: Q, product: q, release: 200 s}]
)");
  run.until(kHour);
  EXPECT_EQ(run.operations(), "P a 0-4, P b 104-105, Q b 200-600, Q a 800-801");
}

TEST(Vehicle, LotsOfBatchesCallOneByOne) {
  Trial run(cell(2, "", "", "batch: {max: 2, min: 2}"));
  run.until(80 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 a 0-4, P-02 a 0-4, P-01 b 24-25, P-02 b 49-50");
  EXPECT_EQ(run.conditions("a"), "working 0-4, blocked 4-36, starved 36-80");
}

TEST(Vehicle, GoesOnFromASavedStateAndInABranch) {
  const std::string yaml = cell(5, ", count: 2, battery: {range: 100 m, charge: 60 s, at: park, below: 0.5}", "",
                                "machines: 2", ", capacity: 1");
  Trial whole(yaml);
  whole.until(200 * kSecond);
  ASSERT_EQ(whole.totals("p").completed, 5U);
  for (Tick at = 0; at <= 200 * kSecond; at += kSecond / 2) {
    for (const bool branched : {false, true}) {
      Trial cut(yaml);
      cut.until(at);
      cut.state = State::load(cut.state.save(cut.plant), cut.plant);
      if (branched) cut.state = branch(cut.plant, cut.plant.parameters(), cut.state, 0);
      cut.until(200 * kSecond);
      ASSERT_EQ(cut.operations(), whole.operations()) << at;
      ASSERT_TRUE(branched || equal(whole.plant, whole.state, cut.state)) << at;
    }
  }
}

TEST(Vehicle, DrawsLoadingAndUnloadingByTheLot) {
  const std::string random = ", load: exponential(2 s), unload: exponential(3 s)";
  const auto yaml = [&](const std::string& more) {
    std::string text = cell(40, more);
    text.replace(text.find(", load: 2 s, unload: 3 s"), 24, random);
    return text;
  };
  Trial one(yaml(""), Seed{3}), three(yaml(", count: 3"), Seed{3});
  one.until(kHour);
  three.until(kHour);
  ASSERT_EQ(one.totals("p").completed, 40U);
  ASSERT_EQ(three.totals("p").completed, 40U);
  EXPECT_EQ(one.totals("p").carried, three.totals("p").carried) << "the same luck, whichever vehicle comes";
  EXPECT_NE(one.totals("p").carried, Wide{40 * 13 * kSecond});
}

TEST(Vehicle, GoesOnInAChangedPlant) {
  const std::string yaml = cell(5, "", "", "machines: 2");
  Trial run(yaml);
  run.until(18 * kSecond);  // the vehicle carries P-01, P-02 waits at a, P-03 is worked on
  const auto finish = [&](const Plant& plant) {
    State state = migrate(run.plant, plant, run.state);
    state = State::load(state.save(plant), plant);
    advance(plant, plant.parameters(), state, Until{.time = kHour});
    return state.products[0].completed;
  };
  EXPECT_EQ(finish(run.plant), 5U);
  EXPECT_EQ(finish(run.plant.change({{"vehicles.agv.count", "3"}})), 5U);
  EXPECT_EQ(finish(run.plant.change({{"vehicles.agv.speed", "3 m/s"}, {"vehicles.agv.unload", "0 s"}})), 5U);
  EXPECT_EQ(finish(run.plant.change({{"vehicles.agv.battery", "{range: 90 m, charge: 1 min, at: park, below: 0.5}"}})),
            5U);
  const auto said = [&](const std::vector<std::pair<std::string, std::string>>& changes) {
    try {
      (void)migrate(run.plant, run.plant.change(changes), run.state);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(said({{"products.p.route.b.transport", "5 s"}}),
              testing::AllOf(HasSubstr("P-01: it is on a vehicle of agv, which does not bring lots to b any more"),
                             HasSubstr("P-02: it waits for agv, which does not bring lots to b any more")));
  Trial several(cell(5, ", count: 2", "", "machines: 2"));
  several.until(18 * kSecond);  // both carry
  EXPECT_THROW((void)migrate(several.plant, several.plant.change({{"vehicles.agv.count", "1"}}), several.state),
               InvalidArgument);
  Trial early(cell(5, ", count: 2", "", "machines: 2"));
  early.until(7 * kSecond);  // both fetch
  const Plant one = early.plant.change({{"vehicles.agv.count", "1"}});
  State state = migrate(early.plant, one, early.state);
  state = State::load(state.save(one), one);
  advance(one, one.parameters(), state, Until{.time = kHour});
  EXPECT_EQ(state.products[0].completed, 5U) << "the lot that lost its vehicle is fetched by the other";
}

}  // namespace
}  // namespace twin
