// States that machines wear through, and what is done about them. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// Operations of 4 s at the mill, back to back.
Trial mill(const std::string& states, const std::string& more = "", int lots = 5) {
  return Trial("stations: {mill: {degradation: [" + states + "]" + more +
               "}}\nproducts: {p: {route: [{at: mill, time: 4 s}]}}\norders: [{id: P, product: p, quantity: " +
               std::to_string(lots) + "}]\n");
}

TEST(Degradation, SlowsWhatBeginsInAState) {
  Trial run = mill("{state: good, lasts: 6 s}, {state: worn, speed: 0.5}");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 8-16, P-04 mill 16-24, P-05 mill 24-32")
      << "worn at 6 s: the second operation, begun before, goes on at its speed";
  EXPECT_EQ(run.conditions("mill"), "working 0-32, starved 32-40");
  EXPECT_DOUBLE_EQ(run.figure("mill.share.good"), 6 / 40.0);
  EXPECT_DOUBLE_EQ(run.figure("mill.share.worn"), 34 / 40.0);
}

TEST(Degradation, EndsInAFailureThatIsRepaired) {
  Trial run = mill("{state: good, lasts: 5 s}, {state: worn, lasts: 2 s}, {state: failed, repair: 3 s}");
  run.until(22 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-11, P-03 mill 11-15, P-04 mill 15-22")
      << "failed after 7 s of work, at 7 and at 17 s, in the midst of operations, which go on afterwards";
  EXPECT_EQ(run.conditions("mill"), "working 0-7, down 7-10, working 10-17, down 17-20, working 20-22");
  EXPECT_DOUBLE_EQ(run.figure("mill.share.good"), (5 + 5 + 2) / 22.0);
  EXPECT_DOUBLE_EQ(run.figure("mill.share.worn"), 4 / 22.0);
  EXPECT_DOUBLE_EQ(run.figure("mill.share.failed"), 6 / 22.0);
}

TEST(Degradation, IsCountedByTheClockToo) {
  Trial run = mill("{state: good, lasts: 10 s of time}, {state: failed, repair: 3 s}", "", 2);
  run.until(30 * kSecond);
  EXPECT_EQ(run.conditions("mill"), "working 0-8, starved 8-10, down 10-13, starved 13-23, down 23-26, starved 26-30");
}

TEST(Degradation, IsCuredWhenTheMachineIsFree) {
  Trial run = mill(
      "{state: good, lasts: 6 s}, {state: worn, lasts: 9 s, repair: 1 s, when: free}, {state: failed, "
      "repair: 20 s}");
  run.until(19 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-13, P-04 mill 13-17")
      << "worn at 6 and at 15 s, and maintained after the operations then under way";
  EXPECT_EQ(run.conditions("mill"), "working 0-8, down 8-9, working 9-17, down 17-18, working 18-19");
}

TEST(Degradation, GoesOnUntilTheMachineIsFree) {
  Trial run = mill(
      "{state: good, lasts: 1 s}, {state: worn, lasts: 2 s, repair: 1 s, when: free}, {state: failed, "
      "repair: 20 s}");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-24") << "the first operation is too long";
  Trial idle = mill(
      "{state: good, lasts: 10 s of time}, {state: worn, lasts: 9 s of time, repair: 1 s, when: free}, "
      "{state: failed, repair: 20 s}",
      "", 2);
  idle.until(20 * kSecond);
  EXPECT_EQ(idle.conditions("mill"), "working 0-8, starved 8-10, down 10-11, starved 11-20") << "idle, it is free";
}

TEST(Degradation, IsCuredWhileTheMachineIsDownAnyway) {
  Trial run = mill("{state: good, lasts: 5 s}, {state: worn, repair: 1 s, when: free}",
                   ", failures: [{after: 6 s of work, repair: 2 s, times: 1}]");
  run.until(8 * kSecond);
  EXPECT_EQ(run.conditions("mill"), "working 0-6, down 6-8");
  EXPECT_EQ(run.state.failures[1].count, 1U);
  EXPECT_EQ(run.state.failures[1].level, 0U) << "from 6 to 7 s";
}

TEST(Degradation, WaitsForItsFitter) {
  Trial run(R"(
operators: {fitter: 1}
stations: {mill: {degradation: [{state: good, lasts: 3 s}, {state: failed, repair: 1 s, needs: fitter}]}, saw: {needs: fitter}}
products: {p: {route: [{at: mill, time: 4 s}]}, q: {route: [{at: saw, time: 9 s}]}}
orders: [{id: P, product: p}, {id: Q, product: q}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "Q saw 0-9, P mill 0-11");
  EXPECT_DOUBLE_EQ(run.figure("mill.share.failed"), 7 / 30.0);
}

TEST(Degradation, SpoilsLots) {
  Trial run = mill("{state: good, lasts: 9 s}, {state: worn, scrap: 1}");
  run.until(40 * kSecond);
  EXPECT_EQ(run.totals("p").completed, 2U) << "the third ends in the second state, at 12 s";
  EXPECT_EQ(run.totals("p").scrapped, 3U);
}

TEST(Degradation, SpoilsThatShareOfThem) {
  Trial run(
      "stations: {mill: {degradation: [{state: good, lasts: 1 s of time}, {state: worn, scrap: 0.3}]}}\n"
      "products: {p: {route: [{at: mill, time: 1 s, then: {scrap: 0.5}}]}}\n"
      "orders: [{id: P, product: p, quantity: 20000}]\n");
  run.until(20000 * kSecond);
  const double share = static_cast<double>(run.totals("p").scrapped) / 20000;
  EXPECT_NEAR(share, 1 - 0.7 * 0.5, 3.5 * std::sqrt(0.35 * 0.65 / 20000)) << "on top of what the step scraps";
}

TEST(Degradation, IsRenewedByMaintenance) {
  Trial run = mill("{state: good, lasts: 5 s}, {state: worn, speed: 0.5}",
                   ", maintenance: [{every: 8 s of work, takes: 1 s, renews: degradation}]");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-13, P-04 mill 13-17, P-05 mill 18-22");
}

TEST(Degradation, IsDrawnAnewByABranchAtItsOwnSpeed) {
  Trial run(
      "stations: {mill: {degradation: [{state: good, lasts: 1 s of time}, {state: worn, speed: 0.25}]}}\n"
      "products: {p: {route: [{at: mill, time: \"uniform(10, 20 s)\"}]}}\n"
      "orders: [{id: P, product: p, release: 2 s}]\n");
  run.until(42 * kSecond);
  double sum = 0, least = 1e9, most = 0;
  constexpr int kFutures = 4000;
  for (int i = 0; i < kFutures; ++i) {
    const State future = branch(run.plant, run.plant.parameters(), run.state, static_cast<std::uint64_t>(i));
    const double left = seconds_from_ticks(future.machines[0].left);
    sum += left;
    least = std::min(least, left);
    most = std::max(most, left);
  }
  EXPECT_NEAR(sum / kFutures, 20, 3.5 * 40 / std::sqrt(12.0 * kFutures))
      << "40 to 80 s at this speed, of which 40 s are over";
  EXPECT_GE(least, 0);
  EXPECT_LE(most, 40);
}

TEST(Degradation, StaysInAChangedPlantThatHasTheSameStates) {
  const std::string yaml =
      "stations: {mill: {degradation: [{state: good, lasts: 5 s}, {state: worn, speed: 0.5}]}}\n"
      "products: {p: {route: [{at: mill, time: 4 s}]}}\norders: [{id: P, product: p, quantity: 5}]\n";
  const Plant from = Plant::parse(yaml);
  State state = State::initial(from);
  advance(from, from.parameters(), state, Until{.time = 7 * kSecond});
  const Plant slower = from.change({{"stations.mill.degradation[1].speed", "0.25"}});
  State moved = migrate(from, slower, state);
  EXPECT_EQ(moved.failures[0].level, 1U);
  EXPECT_EQ(moved.level_time[0], 5 * kSecond);
  advance(slower, slower.parameters(), moved, Until{.time = 24 * kSecond});
  EXPECT_EQ(moved.machines[0].visits, 3U) << "4, 8 and 24 s";
  const Plant other = from.change({{"stations.mill.degradation[1].state", "bad"}});
  moved = migrate(from, other, state);
  EXPECT_EQ(moved.failures[0].level, 0U) << "other states begin with the first";
  EXPECT_TRUE(equal(other, State::load(moved.save(other), other), moved));
}

}  // namespace
}  // namespace twin
