// Tools that wear out, and are reground or replaced. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// One machine that needs a tool for each lot.
std::string shop(const std::string& tool, int lots, const std::string& time = "2 s", const std::string& station = "") {
  return "tools: {t: {" + tool + "}}\nstations: {m: {needs: t" + station +
         "}}\nproducts: {p: {route: [{at: m, time: " + time +
         "}]}}\norders: [{id: P, product: p, quantity: " + std::to_string(lots) + "}]\n";
}

TEST(ToolLife, IsUsedUpByTheMostWornFirstAndEndsInARegrindOrANewTool) {
  Trial run(shop("count: 2, life: 3 s of work, regrind: 4 s, regrinds: 1, delivery: 10 s", 9));
  run.until(30 * kSecond);
  // The first has done 3 s at 4 and is back at 8, at 12 it is replaced until 22; the second 8-12 and 16-26.
  EXPECT_EQ(
      run.operations(),
      "P-01 m 0-2, P-02 m 2-4, P-03 m 4-6, P-04 m 6-8, P-05 m 8-10, P-06 m 10-12, P-07 m 12-14, P-08 m 14-16, P-09 "
      "m 16-24");
  EXPECT_EQ(run.conditions("m"), "working 0-16, waiting 16-22, working 22-24, starved 24-30");
  EXPECT_DOUBLE_EQ(run.figure("t.regrinds"), 2);
  EXPECT_DOUBLE_EQ(run.figure("t.replaced"), 2);
  EXPECT_DOUBLE_EQ(run.figure("t.away"), (4 + 4 + 10 + 10) / 30.0);
  EXPECT_DOUBLE_EQ(run.figure("t.utilisation"), 18 / 60.0);
}

TEST(ToolLife, OfLotsCountsEachOfABatch) {
  Trial run(shop("life: 3 of lots, regrind: 5 s", 8, "1 s", ", batch: {max: 2, min: 2}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.conditions("m"), "working 0-2, waiting 2-7, working 7-9, starved 9-20");
  EXPECT_TRUE(run.state.units[0].away == false && run.state.units[0].lives == 2);
}

TEST(ToolLife, LetsTheOperationUnderWayEndFirst) {
  EXPECT_EQ(operations(shop("life: 1 s of work, delivery: 2 s", 2, "5 s"), 30), "P-01 m 0-5, P-02 m 5-12");
  EXPECT_EQ(operations(shop("life: 1 s of work", 2, "5 s"), 30), "P-01 m 0-5, P-02 m 5-10") << "a new one is at hand";
}

TEST(ToolLife, IsOverWhenTheMachineStopsAndAnotherToolGoesOn) {
  Trial run(shop("count: 2, life: 1 s of work, regrind: 10 s", 1, "5 s",
                 ", failures: [{after: 2 s of work, repair: 1 s, times: 1}]"));
  run.until(4 * kSecond);
  EXPECT_TRUE(run.state.units[0].away);
  EXPECT_EQ(run.state.units[1].machine, 0U);
  EXPECT_EQ(run.state.pools[0].away, 1);
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "P m 0-6");
  EXPECT_EQ(run.state.pools[0].away, 0) << "back at 12 and at 16";
}

TEST(ToolLife, IsNotUsedUpBySetups) {
  EXPECT_EQ(operations(shop("life: 4 s of work, regrind: 1 s", 3, "2 s", ", setup: 3 s"), 30),
            "P-01 m 0-5, P-02 m 5-10, P-03 m 10-16");
}

TEST(ToolLife, OfEachIsDrawnByItsNumber) {
  const std::string life = ", life: \"uniform(1, 9 h) of work\", regrind: 1 h";
  const Trial two(shop("count: 2" + life, 1)), three(shop("count: 3" + life, 1));
  EXPECT_NE(two.state.units[0].drawn, two.state.units[1].drawn);
  EXPECT_EQ(two.state.units[0].drawn, three.state.units[0].drawn);
  EXPECT_EQ(two.state.units[1].drawn, three.state.units[1].drawn);
}

TEST(ToolLife, IsOverAtTheInstantAtWhichOneComesBack) {
  // Work that ends, then what comes back: at 4 s the first is sent away as the second returns.
  Trial run(shop("count: 2, life: 2 s of work, regrind: 2 s", 4));
  run.until(20 * kSecond);
  EXPECT_EQ(run.conditions("m"), "working 0-8, starved 8-20");
}

TEST(ToolLife, IsDrawnAnewGivenItsAge) {
  const Plant plant = Plant::parse(shop("count: 2, life: 30 s of work, regrind: \"uniform(5, 15 s)\"", 40));
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = 33 * kSecond});
  ASSERT_TRUE(state.units[0].away);
  EXPECT_EQ(state.units[1].left, 28 * kSecond) << "of the lot that began at 30 s; its tool runs since 32 s";
  const State other = branch(plant, plant.parameters(), state, 7);
  EXPECT_EQ(other.units[1].left, 27 * kSecond) << "certain, and booked up to now";
  EXPECT_NE(other.units[0].drawn, state.units[0].drawn);
  EXPECT_GE(other.units[0].drawn, 5 * kSecond);
  EXPECT_LE(other.units[0].drawn, 15 * kSecond);
  EXPECT_TRUE(equal(plant, State::load(other.save(plant), plant), other));
}

TEST(ToolLife, GoesAlongIntoAChangedPlant) {
  const Plant plant = Plant::parse(shop("count: 3, life: 3 s of work, regrind: 9 s, delivery: 9 s", 9));
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = 7 * kSecond});
  ASSERT_TRUE(state.units[0].away);  // 4-13
  ASSERT_EQ(state.units[1].machine, 0U);
  const auto moved = [&](const std::string& path, const std::string& value) {
    const Plant to = plant.change({{path, value}});
    const State out = migrate(plant, to, state);
    EXPECT_TRUE(equal(to, State::load(out.save(to), to), out)) << path << ": " << value;
    return out;
  };
  EXPECT_EQ(moved("stations.m.needs", "t").units[1].left, 0) << "2 s of work before, and 1 s of this lot";
  const State fewer = moved("tools.t.count", "2");
  EXPECT_EQ(fewer.pools[0].away, 1);
  EXPECT_EQ(fewer.units[1].machine, 0U);
  const State fresh = moved("tools.t.life", "3 of lots");
  EXPECT_EQ(fresh.pools[0].away, 0);
  EXPECT_EQ(fresh.units[0].left, 3 * kSecond);
  const State one = moved("tools.t.count", "1");
  EXPECT_EQ(one.pools[0].level, 0) << "it is away, so that the machine waits";
  EXPECT_TRUE(one.machines[0].waits);
}

}  // namespace
}  // namespace twin
