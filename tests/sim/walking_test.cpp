// Operators who walk from station to station. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// One operator between two stations.
std::string two(const std::string& walk, const std::string& b = "", const std::string& more = "") {
  return "operators: {op: {count: 1, walking: {a: {b: " + walk + "}}}}\nstations: {a: {needs: op}, b: {needs: op" + b +
         "}}\nproducts: {p: {route: [{at: a, time: 2 s}]}, q: {route: [{at: b, time: 4 s}]}}\n"
         "orders: [{id: P, product: p}, {id: Q, product: q}" +
         more + "]\n";
}
const char* const kLater = ", {id: R, product: p, release: 6 s}";

TEST(Walking, LetsAMachineWaitForItsOperator) {
  Trial run(two("3 s", "", kLater));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P a 0-2, Q b 0-9, R a 6-14");
  EXPECT_EQ(run.conditions("b"), "waiting 0-5, working 5-9, starved 9-20");
  EXPECT_EQ(run.conditions("a"), "working 0-2, starved 2-6, waiting 6-12, working 12-14, starved 14-20");
  EXPECT_DOUBLE_EQ(run.figure("op.utilisation"), 14 / 20.0) << "in use while he walks";
  EXPECT_DOUBLE_EQ(run.figure("op.walking"), 6 / 20.0);
}

TEST(Walking, TakesNoTimeToWhereHeIsOrWhereNothingIsSaid) {
  EXPECT_EQ(operations(two("0 s"), 20), "P a 0-2, Q b 0-6");
  EXPECT_EQ(operations(R"(
operators: {op: {walking: {a: {b: 9 s}}}}
stations: {a: {needs: op}, b: {}}
products: {p: {route: [{at: a, time: 2 s}]}}
orders: [{id: P, product: p, quantity: 2}]
)",
                       20),
            "P-01 a 0-2, P-02 a 2-4");
}

TEST(Walking, IsDoneByTheNearestAndOfEqualsTheFirst) {
  const auto run = [](const std::string& from_a, const std::string& from_b) {
    Trial trial("operators: {op: {count: 2, walking: {a: {c: " + from_a + "}, b: {c: " + from_b + R"(}}}}
stations: {a: {needs: op}, b: {needs: op}, c: {needs: op}}
products: {p: {route: [{at: a, time: 2 s}]}, q: {route: [{at: b, time: 2 s}]}, r: {route: [{at: c, time: 1 s}]}}
orders: [{id: P, product: p}, {id: Q, product: q}, {id: R, product: r, release: 3 s}]
)");
    trial.until(20 * kSecond);
    EXPECT_EQ(trial.state.units[0].at == 2, trial.state.units[1].at != 2);
    return std::pair(trial.history.operations.back().end / kSecond, trial.state.units[1].at == 2);
  };
  EXPECT_EQ(run("1 s", "3 s"), std::pair(Tick{5}, false));
  EXPECT_EQ(run("4 s", "2 s"), std::pair(Tick{6}, true));
  EXPECT_EQ(run("2 s", "2 s"), std::pair(Tick{6}, false));
}

TEST(Walking, OfSeveralIsOverWhenTheLastIsThere) {
  Trial run(R"(
operators: {op: {count: 2, walking: {a: {c: 1 s}, b: {c: 3 s}}}}
stations: {a: {needs: op}, b: {needs: op}, c: {needs: {op: 2}, setup: 1 s}}
products: {p: {route: [{at: a, time: 2 s}]}, q: {route: [{at: b, time: 2 s}]}, r: {route: [{at: c, time: 1 s}]}}
orders: [{id: P, product: p}, {id: Q, product: q}, {id: R, product: r, release: 3 s}]
)");
  run.until(20 * kSecond);
  EXPECT_EQ(run.conditions("c"), "starved 0-3, waiting 3-6, setup 6-7, working 7-8, starved 8-20");
  EXPECT_DOUBLE_EQ(run.figure("op.walking"), 6 / 20.0) << "two, and the first there waits for the other";
}

TEST(Walking, ThatIsBrokenOffIsInVain) {
  Trial run(two("10 s", ", failures: [{after: 3 s of time, repair: 2 s, times: 1}]"));
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P a 0-2, Q b 0-19") << "he sets out at 2 and again at 5";
  EXPECT_DOUBLE_EQ(run.figure("op.walking"), 11 / 30.0);
}

TEST(Walking, IsBrokenOffByTheEndOfTheShift) {
  Trial run(R"(
calendars: {early: {daily: "00:00-00:01"}}
operators: {ann: {calendar: early, skills: [op], walking: {a: {b: 2 min}}}, bob: {skills: [op]}}
stations: {a: {needs: ann}, b: {needs: op}, c: {needs: bob}}
products: {p: {route: [{at: a, time: 30 s}]}, q: {route: [{at: b, time: 1 min}]}, w: {route: [{at: c, time: 40 s}]}}
orders: [{id: W, product: w}, {id: P, product: p}, {id: Q, product: q}]
)");
  run.until(3 * kMinute);
  // Ann sets out at 30 s and would be there at 150 s; she goes home at 60 s, and Bob, who does not walk, takes over.
  EXPECT_EQ(run.operations(), "P a 0-30, W c 0-40, Q b 0-120");
}

TEST(Walking, UnderWayIsSavedAndGoesAlongIntoAChangedPlant) {
  const Plant plant = Plant::parse(two("3 s", "", kLater));
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = 3 * kSecond});
  ASSERT_TRUE(state.machines[1].walking);
  EXPECT_TRUE(equal(plant, State::load(state.save(plant), plant), state));
  EXPECT_TRUE(branch(plant, plant.parameters(), state, 5).machines[1].walking);
  for (const auto& [path, value] : {std::pair<std::string, std::string>{"stations.b.needs", "op"},
                                    {"operators.op.walking.a.b", "30 s"},
                                    {"operators.op.count", "2"}}) {
    const Plant to = plant.change({{path, value}});
    const State moved = migrate(plant, to, state);
    EXPECT_TRUE(moved.machines[1].walking) << path;
    EXPECT_EQ(moved.queue.time_of(1), 5 * kSecond) << path;
    EXPECT_TRUE(equal(to, State::load(moved.save(to), to), moved)) << path;
  }
}

}  // namespace
}  // namespace twin
