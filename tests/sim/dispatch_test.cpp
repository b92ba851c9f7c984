// Queue rules that look at due dates, work to come, the queue, or a formula. Orders of service are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// The lots that `mill` has served after its first one, in order: `P Q R`.
std::string served(const std::string& yaml) {
  Trial run(yaml);
  run.until(kHour);
  const PlantData& data = run.plant.data();
  std::string out;
  for (const auto& r : run.history.operations)
    if (data.station_names[data.machines[r.machine].station.value] == "mill" && r.start > 0)
      out += (out.empty() ? "" : " ") + lot_name(data, r.source, r.serial);
  return out;
}

// At 10 s, when X leaves the mill, three lots wait for it:
//      release   due  here  work left  operations left
//   P        1   100     3         23                2
//   Q        2    20     1          7                3
//   R        3    18     2          2                1
std::string three(const std::string& rule, const std::string& priorities = "000") {
  const auto priority = [&](std::size_t i) { return std::string(", priority: ") + priorities.substr(i, 1) + "}"; };
  return served("stations: {mill: {queue: {rule: \"" + rule + R"("}}, rest: {machines: 9}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  p: {route: [{at: mill, time: 3 s}, {at: rest, time: 20 s}]}
  q: {route: [{at: mill, time: 1 s}, {at: rest, op: one, time: 4 s}, {at: rest, op: two, time: exponential(2 s)}]}
  r: {route: [{at: mill, time: 2 s}]}
orders:
  - {id: X, product: x}
  - {id: P, product: p, release: 1 s, due: 100 s)" +
                priority(0) + "\n  - {id: Q, product: q, release: 2 s, due: 20 s" + priority(1) +
                "\n  - {id: R, product: r, release: 3 s, due: 18 s" + priority(2) + "\n");
}

TEST(Dispatch, ByWork) {
  EXPECT_EQ(three("lpt"), "P R Q");
  EXPECT_EQ(three("mwkr"), "P Q R");
  EXPECT_EQ(three("lwkr"), "R Q P");
  EXPECT_EQ(three("mopnr"), "Q P R");
}

TEST(Dispatch, BySlackThatRunsOutForAllAlike) {
  EXPECT_EQ(three("slack"), "Q R P") << "due less work left: 20 - 7, 18 - 2, 100 - 23";
  EXPECT_EQ(three("edd"), "R Q P");
}

TEST(Dispatch, ByCriticalRatioAsItIsWhenTheMachineAsks) {
  // At 10: P 90 / 23 = 3.9, Q 10 / 7 = 1.4, R 8 / 2 = 4. At 11: P 89 / 23 = 3.9, R 7 / 2 = 3.5.
  EXPECT_EQ(three("cr"), "Q R P");
}

TEST(Dispatch, ByFlowDueDatePerWorkLeft) {
  // Release and work up to here, by work left: P (1 + 3) / 23 = 0.17, Q (2 + 1) / 7 = 0.43, R (3 + 2) / 2 = 2.5.
  EXPECT_EQ(three("fdd_mwkr"), "P Q R");
  // Of a lot at its second step the work of the first counts: E (0 + 9 + 2) / 4 = 2.75, F (1 + 4) / 4 = 1.25, G
  // (2 + 2) / 2 = 2. E comes at 9, while X is at work.
  EXPECT_EQ(served(R"(
stations: {mill: {queue: {rule: fdd_mwkr}}, saw: {}, rest: {machines: 9}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  e: {route: [{at: saw, time: 9 s}, {at: mill, time: 2 s}, {at: rest, time: 2 s}]}
  f: {route: [{at: mill, time: 4 s}]}
  g: {route: [{at: mill, time: 2 s}]}
orders: [{id: X, product: x}, {id: E, product: e}, {id: F, product: f, release: 1 s}, {id: G, product: g, release: 2 s}]
)"),
            "F G E");
}

TEST(Dispatch, ByApparentTardinessCost) {
  // log(w / p) - max(0, due - now - work left) / (k * mean p). At 10, mean p 2, k 2: P -1.1 - 67 / 4, Q 0 - 3 / 4,
  // R -0.7 - 6 / 4. At 11, mean p 2.5: P -1.1 - 66 / 5, R -0.7 - 5 / 5.
  EXPECT_EQ(three("atc(k=2)"), "Q R P");
  EXPECT_EQ(three("atc(2)", "005"), "R Q P") << "the priority is the weight: log(5 / 2) - 6 / 4 = -0.6 > -3 / 4";
  EXPECT_EQ(three("atc", "005"), "R Q P") << "k is 2 unless said";
  EXPECT_EQ(three("atc(1)", "005"), "Q R P") << "log(5 / 2) - 6 / 2 = -2.1 < -3 / 2";
  EXPECT_EQ(three("atc(2)", "900"), "Q R P") << "log(9 / 3) - 67 / 4 < -6 / 4";
  EXPECT_EQ(three("atc(100)", "900"), "P Q R") << "log(9 / 3) - 67 / 200 = 0.8 > -3 / 200";
}

TEST(Dispatch, ByCostOverTime) {
  // w / p * max(0, 1 - max(0, slack) / (k * work left)). At 10, k 2: P 0, as 67 > 46; Q 1 - 3 / 14; R 0, as 6 > 4.
  // At 11 still P 0, as 66 > 46, and R 0, as 5 > 4: the first to come goes first.
  EXPECT_EQ(three("covert(2)"), "Q P R");
  EXPECT_EQ(three("covert"), "Q P R") << "k is 2 unless said";
  // k 4: P (1 - 67 / 92) / 3 = 0.09, Q 1 - 3 / 28 = 0.9, R (1 - 6 / 8) / 2 = 0.13. At 11: P 0.09, R 0.19.
  EXPECT_EQ(three("covert(4)"), "Q R P");
  EXPECT_EQ(three("covert(4)", "500"), "Q P R") << "5 * 0.09 < 0.9; at 11: 5 * 0.09 > 0.19";
}

TEST(Dispatch, ByAFormula) {
  EXPECT_EQ(three("expr(due - now - remaining_work)"), three("slack"));
  EXPECT_EQ(three("expr((due - now) / remaining_work)"), three("cr"));
  EXPECT_EQ(three("expr(-remaining_steps)"), three("mopnr"));
  EXPECT_EQ(three("expr(-ready)"), "R Q P");
  EXPECT_EQ(three("expr(if(release >= 2 s, 0, 1))"), "Q R P") << "equal values in order of arrival";
  EXPECT_EQ(three("expr(-priority)", "132"), "Q R P");
  EXPECT_EQ(three("expr(log(work - 2))"), "R P Q") << "-infinity, 0, and what is no number comes last";
  EXPECT_EQ(three("expr(log(work - 2) + 0 * now)"), "R P Q") << "also where it is asked anew each time";
  EXPECT_EQ(three("expr(if(queue_length > 2, work, -work))"), "Q P R") << "shortest of three, then longest of two";
}

TEST(Dispatch, AFormulaKnowsHowOftenALotWasSentBack) {
  EXPECT_EQ(served(R"(
stations: {mill: {queue: {rule: expr(-rework)}}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  a: {route: [{at: mill, time: 1 s}]}
  b: {route: [{at: mill, time: 1 s, max_wait: 5 s, if_overdue: {rework: mill}}]}
orders: [{id: X, product: x}, {id: A, product: a, release: 1 s}, {id: B, product: b, release: 2 s}]
)"),
            "B A");
}

TEST(Dispatch, LotsWithoutADueDateAreLastInOrderOfArrival) {
  for (const char* rule : {"slack", "cr", "atc", "edd"})
    EXPECT_EQ(served("stations: {mill: {queue: {rule: " + std::string(rule) + R"(}}}
products: {p: {route: [{at: mill, time: 5 s}]}}
orders: [{id: X, product: p}, {id: A, product: p}, {id: B, product: p}, {id: C, product: p, due: 1000 s}]
)"),
              "C A B")
        << rule;
}

TEST(Dispatch, WorkOfNoTimeWithoutADueDateIsNoMoreUrgentThanOther) {
  EXPECT_EQ(served(R"(
stations: {mill: {queue: {rule: atc}}}
products: {p: {route: [{at: mill, time: 5 s}]}, z: {route: [{at: mill, time: 0 s}]}}
orders: [{id: X, product: p}, {id: Z, product: z}, {id: A, product: p, due: 60 s}]
)"),
            "A Z");
}

TEST(Dispatch, AmongEqualsTheFirstToComeGoesFirst) {
  for (const char* rule : {"fifo", "spt", "spt(known)", "lpt", "edd", "slack", "cr", "atc(3)", "covert(3)", "mwkr",
                           "lwkr", "mopnr", "min_setup", "cyclic", "priority", "expr(1)", "expr(now)"})
    EXPECT_EQ(served("stations: {mill: {queue: {rule: \"" + std::string(rule) + R"("}}}
products: {p: {due: 30 s, route: [{at: mill, time: 5 s}]}}
orders: [{id: O, product: p, quantity: 5}]
)"),
              "O-02 O-03 O-04 O-05")
        << rule;
}

TEST(Dispatch, WorkLeftCountsReworkAsOftenAsItIsExpected) {
  const auto order = [](const std::string& rule) {
    return served("stations: {mill: {queue: {rule: " + rule + R"(}}, rest: {machines: 9}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  u: {route: [{at: mill, time: 2 s}, {at: rest, time: 4 s, then: {rework: 0.5}}]}
  v: {route: [{at: mill, time: 2 s}, {at: rest, time: 7.9 s}]}
  w: {route: [{at: mill, time: 2 s}, {at: rest, time: 8.1 s}]}
orders: [{id: X, product: x}, {id: U, product: u}, {id: V, product: v}, {id: W, product: w}]
)");
  };
  EXPECT_EQ(order("mwkr"), "W U V") << "U: 2 + 4 / (1 - 0.5) = 10";
  EXPECT_EQ(order("lwkr"), "V U W");
  EXPECT_EQ(order("mopnr"), "U V W") << "U: 1 + 2 operations";
}

TEST(Dispatch, WorkLeftCountsParallelBranchesTogetherAndWhatFollowsThemOnce) {
  const auto order = [](const std::string& branches) {
    return served("stations: {mill: {queue: {rule: mwkr}}, rest: {machines: 9}}\nproducts:\n" +
                  std::string("  x: {route: [{at: mill, time: 10 s}]}\n  u: {route: [{at: mill, time: 1 s}, ") +
                  "{op: split, parallel: " + branches + R"(}, {at: rest, time: 1 s}]}
  v: {route: [{at: mill, time: 1 s}, {at: rest, time: 7.9 s}]}
  w: {route: [{at: mill, time: 1 s}, {at: rest, time: 8.1 s}]}
orders: [{id: X, product: x}, {id: U, product: u}, {id: V, product: v}, {id: W, product: w}]
)");
  };
  EXPECT_EQ(order("{l: [{at: rest, time: 3 s}], r: [{at: rest, time: 4 s}]}"), "W U V") << "U: 1 + 3 + 4 + 1 = 9";
  EXPECT_EQ(order("{l: [{at: rest, time: 3 s}], r: [{op: again, parallel: {a: [{at: rest, time: 1 s}], b: [{at: rest, "
                  "time: 3 s}]}}]}"),
            "W U V")
      << "branches within a branch: 1 + 3 + (1 + 3) + 1 = 9";
}

TEST(Dispatch, OperationsLeftCountThoseOfAllBranchesAndNotThePartings) {
  EXPECT_EQ(served(R"(
stations: {mill: {queue: {rule: mopnr}}, rest: {machines: 9}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  u:
    route:
      - {at: mill, time: 1 s}
      - {op: one, parallel: {l: [{at: rest, time: 3 s}], r: [{at: rest, time: 4 s}]}}
      - {op: two, parallel: {l: [{at: rest, time: 3 s}], r: [{at: rest, time: 4 s}]}}
  v: {route: [{at: mill, time: 1 s}, {at: rest, op: a, time: 1 s}, {at: rest, op: b, time: 1 s}, {at: rest, op: c, time: 1 s}]}
orders: [{id: X, product: x}, {id: V, product: v}, {id: U, product: u}]
)"),
            "U V")
      << "5 and 4";
}

}  // namespace
}  // namespace twin
