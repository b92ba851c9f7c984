// Machines that take several lots at once, and lots that arrive together. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// An oven; lots of product p, 5 s each, released at these times as A, B, C ...
std::string oven(const std::string& keys, std::initializer_list<int> releases, const std::string& step = "") {
  std::string out =
      "stations: {oven: {" + keys + "}}\nproducts: {p: {route: [{at: oven, time: 5 s" + step + "}]}}\norders:\n";
  char id = 'A';
  for (const int release : releases)
    out += std::string("  - {id: ") + id++ + ", product: p, release: " + std::to_string(release) + " s}\n";
  return out;
}

TEST(Batch, TakesWhatThereIsUpToItsMaximum) {
  EXPECT_EQ(operations(oven("batch: {max: 3}", {0, 1, 1, 1, 1}), 20),
            "A oven 0-5, B oven 5-10, C oven 5-10, D oven 5-10, E oven 10-15")
      << "the minimum is one: the first does not wait for the others";
}

TEST(Batch, WaitsForItsMinimum) {
  Trial run(oven("batch: {max: 3, min: 2}", {0, 3, 4, 9}));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A oven 3-8, B oven 3-8, C oven 9-14, D oven 9-14");
  EXPECT_EQ(run.conditions("oven"), "starved 0-3, working 3-8, starved 8-9, working 9-14, starved 14-20");
  EXPECT_EQ(run.totals("p").waiting, Wide{(3 + 0 + 5 + 0) * kSecond});
  EXPECT_EQ(operations(oven("batch: {max: 3, min: 2}", {0, 0, 0}), 20), "A oven 0-5, B oven 0-5")
      << "it begins with the second, and the third waits for ever";
}

TEST(Batch, WaitsNoLongerThanItsFirstLotMay) {
  EXPECT_EQ(operations(oven("batch: {max: 4, min: 3, wait: 4 s}", {0, 2}), 20), "A oven 4-9, B oven 4-9");
  EXPECT_EQ(operations(oven("batch: {max: 4, min: 3, wait: 4 s}", {0, 4}), 20), "A oven 4-9, B oven 4-9")
      << "one that comes at the last instant is taken along";
  EXPECT_EQ(operations(oven("batch: {max: 4, min: 2, wait: 4 s}", {0, 0, 2, 20}), 40),
            "A oven 0-5, B oven 0-5, C oven 6-11, D oven 24-29")
      << "C has waited since 2, while the oven was busy";
  EXPECT_EQ(operations(oven("batch: {max: 4, min: 2, wait: 4 s}", {0, 0, 1}), 40),
            "A oven 0-5, B oven 0-5, C oven 5-10")
      << "C has waited long enough when the oven is free";
}

TEST(Batch, WaitsWhileItsMachineIsClosedOrDownToo) {
  EXPECT_EQ(operations(oven("batch: {max: 4, min: 3, wait: 4 s}, failures: [{after: 1 s of time, repair: 7 s, times: "
                            "1}]",
                            {0, 2}),
                       20),
            "A oven 8-13, B oven 8-13");
}

TEST(Batch, StopsAndGoesOnAsOne) {
  Trial run(oven("batch: {max: 2, min: 2}, failures: [{after: 3 s of work, repair: 2 s}]", {0, 0, 0, 0}));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A oven 0-7, B oven 0-7, C oven 7-16, D oven 7-16")
      << "the life is used up by the work of the machine, whatever the number of lots";
}

/// Kinds: products p and q, p first.
std::string two_kinds(const std::string& keys, const std::string& orders) {
  return "stations: {oven: {" + keys +
         "}}\nproducts: {p: {family: x, route: [{at: oven, time: 5 s}]}, q: {family: x, due: 1 s, route: [{at: oven, "
         "time: 3 s}]}}\norders: [" +
         orders + "]\n";
}
constexpr const char* kMixed =
    "{id: P1, product: p}, {id: P2, product: p, release: 1 s}, {id: Q1, product: q, release: 2 s}, {id: P3, product: "
    "p, release: 3 s}, {id: Q2, product: q, release: 4 s}";

TEST(Batch, IsOfOneKindThatOfTheLotServedFirst) {
  EXPECT_EQ(operations(two_kinds("batch: {max: 3, by: product}", kMixed), 30),
            "P1 oven 0-5, P2 oven 5-10, P3 oven 5-10, Q1 oven 10-13, Q2 oven 10-13")
      << "P3 overtakes Q1";
  EXPECT_EQ(operations(two_kinds("batch: {max: 3, by: product}, queue: {rule: edd}", kMixed), 30),
            "P1 oven 0-5, Q1 oven 5-8, Q2 oven 5-8, P2 oven 8-13, P3 oven 8-13");
  EXPECT_EQ(operations(two_kinds("batch: {max: 3, by: product}, queue: {rule: lifo}", kMixed), 30),
            "P1 oven 0-5, Q2 oven 5-8, Q1 oven 5-8, P3 oven 8-13, P2 oven 8-13");
}

TEST(Batch, TakesTheTimeOfItsFirstLot) {
  EXPECT_EQ(operations(two_kinds("batch: {max: 3, by: family}", kMixed), 30),
            "P1 oven 0-5, P2 oven 5-10, Q1 oven 5-10, P3 oven 5-10, Q2 oven 10-13");
}

TEST(Batch, OfAKindThatIsEnoughGoesBeforeOneThatIsNot) {
  EXPECT_EQ(operations(two_kinds("batch: {max: 2, min: 2, wait: 20 s, by: product}", kMixed), 60),
            "P1 oven 1-6, P2 oven 1-6, Q1 oven 6-9, Q2 oven 6-9, P3 oven 23-28");
}

TEST(Batch, KindsAreTheStepsUnlessSaid) {
  EXPECT_EQ(
      operations(two_kinds("batch: {max: 3}", "{id: P, product: p, quantity: 2}, {id: Q, product: q}"), 30),
      operations(two_kinds("batch: {max: 3, by: op}", "{id: P, product: p, quantity: 2}, {id: Q, product: q}"), 30));
}

TEST(Batch, ItsMachineIsBlockedUntilTheLastLotHasLeft) {
  Trial run(R"(
stations: {oven: {batch: {max: 3, min: 3}}, pack: {queue: {places: 1}}}
products: {p: {route: [{at: oven, time: 5 s}, {at: pack, time: 4 s}]}}
orders: [{id: O, product: p, quantity: 6}]
)");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(),
            "O-01 oven 0-5, O-02 oven 0-5, O-03 oven 0-5, O-01 pack 5-9, O-02 pack 9-13, O-04 oven 9-14, O-05 oven "
            "9-14, O-06 oven 9-14, O-03 pack 13-17, O-04 pack 17-21, O-05 pack 21-25, O-06 pack 25-29");
  EXPECT_EQ(run.conditions("oven"), "working 0-5, blocked 5-9, working 9-14, blocked 14-21, starved 21-40")
      << "O-04 finds the place at 14, O-05 at 17, O-06 at 21";
}

TEST(Batch, AnIdleMachineHasRoomForAllItsLots) {
  EXPECT_EQ(operations(R"(
stations: {a: {}, oven: {batch: {max: 3, min: 3}, queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 s}, {at: oven, time: 9 s}]}}
orders: [{id: O, product: p, quantity: 5}]
)",
                       20),
            "O-01 a 0-1, O-02 a 1-2, O-03 a 2-3, O-04 a 3-4, O-01 oven 3-12, O-02 oven 3-12, O-03 oven 3-12, O-05 a "
            "12-13");
}

TEST(Batch, NeedsItsOperatorOnce) {
  Trial run("operators: {op: 2}\n" + oven("needs: op, batch: {max: 3, min: 3}", {0, 0, 0}));
  run.until(kSecond);
  EXPECT_EQ(run.state.pools[0].level, 1);
  EXPECT_EQ(run.until(9 * kSecond).operations(), "A oven 0-5, B oven 0-5, C oven 0-5");
  EXPECT_EQ(run.state.pools[0].level, 0);
}

TEST(Batch, LotsOfItGoTheirOwnWays) {
  Trial run(oven("batch: {max: 40, min: 40}", {}, ", then: {scrap: 0.5}") + "  - {id: O, product: p, quantity: 40}\n");
  run.until(20 * kSecond);
  EXPECT_EQ(run.totals("p").completed + run.totals("p").scrapped, 40U);
  EXPECT_GT(run.totals("p").completed, 5U);
  EXPECT_GT(run.totals("p").scrapped, 5U);
}

TEST(Batch, FromASaturatingSourceIsFull) {
  EXPECT_EQ(operations("stations: {oven: {batch: {max: 2}}}\nproducts: {p: {route: [{at: oven, time: 5 s}], arrivals: "
                       "saturate}}\n",
                       11),
            "p#1 oven 0-5, p#2 oven 0-5, p#3 oven 5-10, p#4 oven 5-10");
}

TEST(Arrivals, SeveralLotsAtOnce) {
  Trial run(
      "stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s}], arrivals: {every: 10 s, lots: 3}}, "
      "q: {route: [{at: a, time: 1 s}], arrivals: {every: 10 s, lots: 2.4}}}\n");
  run.until(15 * kSecond);
  EXPECT_EQ(run.operations(), "p#1 a 10-11, p#2 a 11-12, p#3 a 12-13, q#1 a 13-14, q#2 a 14-15")
      << "2.4 is rounded to 2";
}

TEST(Arrivals, SeveralLotsFillTheQueueOneByOneAndTheRestIsLost) {
  Trial run(
      "stations: {a: {queue: {places: 2, if_full: lose}}}\nproducts: {p: {route: [{at: a, time: 7 s}], arrivals: "
      "{every: 10 s, lots: 5}}}\n");
  run.until(15 * kSecond);
  EXPECT_EQ(run.totals("p").released, 3U);
  EXPECT_EQ(run.totals("p").lost, 2U);
}

TEST(Arrivals, OfNoLotsAtAllComeAgain) {
  Trial run(
      "stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s}], arrivals: {every: 10 s, lots: \"discrete(0: 0.5, "
      "2: 0.5)\"}}}\n",
      Seed{5});
  run.until(10'000 * kSecond + kSecond / 2);
  const double pairs = static_cast<double>(run.totals("p").released) / 2;
  EXPECT_NEAR(pairs / 1000, 0.5, 4.5 * 0.5 / 31.6) << "of 1000 arrivals";
}

}  // namespace
}  // namespace twin
