// Setup times between kinds of work, and the rules that look at them. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// Orders of one lot each: `A1 B1 A2` are of the products a, b, a; released together unless they say when: `A1 B1@3`.
std::string orders(const std::string& lots) {
  std::string out = "orders:\n";
  for (std::size_t at = 0; at < lots.size();) {
    const auto end = std::min(lots.find(' ', at), lots.size());
    const auto lot = lots.substr(at, end - at);
    const auto when = lot.find('@');
    const auto id = lot.substr(0, when);
    out += "  - {id: " + id + ", product: " + std::string(1, static_cast<char>(id[0] - 'A' + 'a')) +
           (when == std::string::npos ? "" : ", release: " + lot.substr(when + 1) + " s") + "}\n";
    at = end + 1;
  }
  return out;
}
/// One mill, three products a, b, c of 10 s.
std::string mill(const std::string& keys, const std::string& lots) {
  return "stations: {mill: {" + keys + R"(}}
products: {a: {route: [{at: mill, time: 10 s}]}, b: {route: [{at: mill, time: 10 s}]}, c: {route: [{at: mill, time: 10 s}]}}
)" + orders(lots);
}
constexpr const char* kTable = "setup: {matrix: {a: {b: 3 s}, b: {a: 5 s}}, same: 1 s, otherwise: 7 s, first: 2 s}";

TEST(Setup, DependsOnTheKindBefore) {
  Trial run(mill(kTable, "A1 A2 B1 A3 C1"));
  run.until(70 * kSecond);
  EXPECT_EQ(run.operations(), "A1 mill 0-12, A2 mill 12-23, B1 mill 23-36, A3 mill 36-51, C1 mill 51-68")
      << "first 2, same 1, a to b 3, b to a 5, otherwise 7";
  EXPECT_EQ(run.conditions("mill"),
            "setup 0-2, working 2-12, setup 12-13, working 13-23, setup 23-26, working 26-36, setup 36-41, "
            "working 41-51, setup 51-58, working 58-68, starved 68-70");
}

TEST(Setup, WhatTheTableSaysCountsMoreThanSameAndOtherwise) {
  EXPECT_EQ(operations(mill("setup: {matrix: {a: {a: 4 s, b: 0 s}}, same: 1 s, otherwise: 7 s}", "A1 A2 B1 B2"), 60),
            "A1 mill 0-10, A2 mill 10-24, B1 mill 24-34, B2 mill 34-45");
}

TEST(Setup, GoesByFamilyByProductOrByStep) {
  const auto run = [](const std::string& by) {
    return operations("stations: {mill: {setup: {by: " + by + R"(, same: 1 s, otherwise: 3 s}}}
products:
  a: {family: red, route: [{at: mill, op: one, time: 10 s}, {at: mill, op: two, time: 10 s, family: blue}]}
  b: {family: red, route: [{at: mill, op: one, time: 10 s}]}
orders: [{id: A, product: a}, {id: B, product: b}, {id: C, product: a, release: 15 s}]
)",
                      200);
  };
  // In order of coming: A one, B one, A two, C one, C two.
  EXPECT_EQ(run("family"), "A mill 0-10, B mill 10-21, A mill 21-34, C mill 34-47, C mill 47-60")
      << "red, red, blue, red, blue";
  EXPECT_EQ(run("product"), "A mill 0-10, B mill 10-23, A mill 23-36, C mill 36-47, C mill 47-58") << "a, b, a, a, a";
  EXPECT_EQ(run("op"), "A mill 0-10, B mill 10-21, A mill 21-34, C mill 34-47, C mill 47-60")
      << "one, one, two, one, two";
}

TEST(Setup, IsRememberedByEachMachineThroughIdlenessAndFailures) {
  EXPECT_EQ(operations(mill("machines: {M1: {}, M2: {}}, setup: {otherwise: 4 s}", "A1 B1 A2@20 B2@20 A3@50"), 90),
            "A1 M1 0-10, B1 M2 0-10, A2 M1 20-30, B2 M2 20-30, A3 M1 50-60")
      << "the first idle machine is taken, which is the right one here";
  EXPECT_EQ(operations(mill("machines: {M1: {}, M2: {}}, setup: {otherwise: 4 s}", "A1 B1 B2@20"), 90),
            "A1 M1 0-10, B1 M2 0-10, B2 M1 20-34")
      << "and here is not";
  EXPECT_EQ(operations(mill("setup: {otherwise: 4 s}, failures: [{after: 15 s of time, repair: 3 s, times: 1}]",
                            "A1 A2@16 B1@40"),
                       90),
            "A1 mill 0-10, A2 mill 18-28, B1 mill 40-54");
}

TEST(Setup, StandsWhileTheMachineIsDownAndDoesNotScaleWithSpeed) {
  Trial run(mill("speed: 2, setup: {first: 4 s}, failures: [{after: 3 s of time, repair: 2 s, times: 1}]", "A1"));
  run.until(12 * kSecond);
  EXPECT_EQ(run.conditions("mill"), "setup 0-3, down 3-5, setup 5-6, working 6-11, starved 11-12");
}

TEST(Setup, OfAStepCountsMoreThanTheTable) {
  const auto run = [](const std::string& keys) {
    return operations("stations: {mill: {" + std::string(kTable) + R"(}}
products: {a: {route: [{at: mill, time: 10 s}]}, b: {route: [{at: mill, time: 10 s, )" +
                          keys + "}]}}\n" + orders("A1 B1 B2"),
                      90);
  };
  EXPECT_EQ(run("op: x"), "A1 mill 0-12, B1 mill 12-25, B2 mill 25-36");
  EXPECT_EQ(run("setup: 8 s"), "A1 mill 0-12, B1 mill 12-30, B2 mill 30-48");
  EXPECT_EQ(run("setup: 0"), "A1 mill 0-12, B1 mill 12-22, B2 mill 22-32");
  EXPECT_EQ(run("changeover: 8 s"), "A1 mill 0-12, B1 mill 12-30, B2 mill 30-41")
      << "after another step; else the table: same";
}

TEST(Setup, OfABatchIsOneForItsKind) {
  EXPECT_EQ(operations(mill(std::string(kTable) + ", batch: {max: 2, by: family}, failures: [{after: 0 s of time, "
                                                  "repair: 1 s, times: 1}]",
                            "A1 A2 B1 B2"),
                       90),
            "A1 mill 1-13, A2 mill 1-13, B1 mill 13-26, B2 mill 13-26");
}

// What the machine does first makes it one of kind a, at 10; b, c and a wait in that order.
TEST(MinSetup, TakesWhatIsQuickestToSetUpFor) {
  const std::string setups = "setup: {matrix: {a: {b: 3 s, c: 1 s}, c: {b: 2 s}}}, queue: {rule: ";
  EXPECT_EQ(operations(mill(setups + "min_setup}", "A1 B1@1 C1@2 A2@3"), 90),
            "A1 mill 0-10, A2 mill 10-20, C1 mill 20-31, B1 mill 31-43");
  EXPECT_EQ(operations(mill(setups + "expr(setup)}", "A1 B1@1 C1@2 A2@3"), 90),
            "A1 mill 0-10, A2 mill 10-20, C1 mill 20-31, B1 mill 31-43");
  EXPECT_EQ(operations(mill(setups + "\"expr(2 * setup + ready)\"}", "A1 B1@1 C1@2 A2@3"), 90),
            "A1 mill 0-10, A2 mill 10-20, C1 mill 20-31, B1 mill 31-43")
      << "B 7, C 4, A 3; then B 7, C 4";
}

TEST(MinSetup, AmongEqualSetupsTheFirstToComeGoesFirst) {
  EXPECT_EQ(operations(mill("setup: {otherwise: 2 s}, queue: {rule: min_setup}", "A1 C1@1 B1@2 A2@3 C2@4"), 90),
            "A1 mill 0-10, A2 mill 10-20, C1 mill 20-32, C2 mill 32-42, B1 mill 42-54");
}

TEST(MinSetup, LooksAtChangeoversToo) {
  EXPECT_EQ(operations(mill("changeover: 2 s, queue: {rule: min_setup}", "A1 B1@1 A2@2"), 90),
            "A1 mill 0-12, A2 mill 12-22, B1 mill 22-34");
}

TEST(Cyclic, StaysWithItsKindThenTakesTheNextInOrder) {
  EXPECT_EQ(operations(mill("queue: {rule: cyclic}", "B1 A1@1 C1@2 B2@3 A2@4"), 90),
            "B1 mill 0-10, B2 mill 10-20, C1 mill 20-30, A1 mill 30-40, A2 mill 40-50")
      << "b, then c, then round to a";
  EXPECT_EQ(operations(mill("queue: {rule: cyclic}", "C1 B1@1 C2@2 A1@3 C3@12"), 90),
            "C1 mill 0-10, C2 mill 10-20, C3 mill 20-30, A1 mill 30-40, B1 mill 40-50")
      << "one that comes meanwhile keeps it there";
}

}  // namespace
}  // namespace twin
