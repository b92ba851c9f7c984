// Lots that part into branches and join again. Timelines are worked out by hand. Parts bear the name of their lot.
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/state/lots.hpp"

namespace twin {
namespace {

/// cut 1 s, then branches at l and r, then pack 1 s.
std::string plant(const std::string& branches, const std::string& orders, const std::string& stations = "") {
  return "stations: {cut: {}, l: {}, r: {}, pack: {}" + stations +
         "}\nproducts:\n  p:\n    route:\n      - {at: cut, time: 1 s}\n      - {op: split, parallel: {" + branches +
         "}}\n      - {at: pack, time: 1 s}\norders: [" + orders + "]\n";
}
constexpr const char* kBranches =
    "left: [{at: l, time: 3 s}], right: [{at: r, op: one, time: 1 s}, {at: r, op: two, time: 4 s}]";

TEST(Parallel, ALotGoesOnWhenAllItsPartsAreThrough) {
  Trial run(plant(kBranches, "{id: A, product: p}"));
  run.until(2 * kSecond);
  EXPECT_EQ(run.state.lot_count, 3U) << "the lot and its two parts";
  EXPECT_EQ(run.totals("p").in_process, 1U) << "which count as one";
  run.until(10 * kSecond);
  EXPECT_EQ(run.operations(), "A cut 0-1, A r 1-2, A l 1-4, A r 2-6, A pack 6-7");
  EXPECT_EQ(run.totals("p").completed, 1U);
  EXPECT_EQ(run.totals("p").released, 1U);
  EXPECT_EQ(run.totals("p").cycle_time, Wide{7 * kSecond});
  EXPECT_EQ(run.totals("p").waiting, Wide{0}) << "to be waited for is not to wait";
  EXPECT_EQ(run.state.lot_count, 0U);
}

TEST(Parallel, PartsSetOutInTheOrderOfTheBranches) {
  const auto run = [](const std::string& first, const std::string& second) {
    return operations(plant("x: [{at: l, op: " + first + ", time: 2 s}], y: [{at: l, op: " + second + ", time: 2 s}]",
                            "{id: A, product: p}"),
                      10);
  };
  EXPECT_EQ(run("a", "b"), "A cut 0-1, A l 1-3, A l 3-5, A pack 5-6") << "both at one station: one after the other";
  Trial order(plant("x: [{at: l, time: 1 s}], y: [{at: l, op: long, time: 3 s}]", "{id: A, product: p}"));
  EXPECT_EQ(order.until(10 * kSecond).operations(), "A cut 0-1, A l 1-2, A l 2-5, A pack 5-6");
  EXPECT_EQ(order.totals("p").waiting, Wide{kSecond}) << "of the part that was through last";
}

TEST(Parallel, LotsOvertakeEachOtherWhereTheyMay) {
  // At 2 l.1 is free, so B joins before A, whose right branch takes long.
  EXPECT_EQ(operations(R"(
stations: {cut: {}, l: {}, r: {machines: 2}, pack: {}}
products:
  p: {route: [{at: cut, time: 1 s}, {op: split, parallel: {left: [{at: l, time: 1 s}], right: [{at: r, time: 9 s}]}}, {at: pack, time: 1 s}]}
  q: {route: [{at: cut, time: 1 s}, {op: split, parallel: {left: [{at: l, time: 1 s}], right: [{at: r, time: 2 s}]}}, {at: pack, time: 1 s}]}
orders: [{id: A, product: p}, {id: B, product: q}]
)",
                       20),
            "A cut 0-1, A l 1-2, B cut 1-2, B l 2-3, B r.2 2-4, B pack 4-5, A r.1 1-10, A pack 10-11");
}

TEST(Parallel, APartThatIsScrappedScrapsTheWholeWhenTheLastIsThrough) {
  for (const char* branches :
       {"left: [{at: l, time: 1 s, then: {scrap: 1}}], right: [{at: r, time: 4 s}]",
        "left: [{at: l, time: 4 s}], right: [{at: r, time: 1 s, then: {scrap: 1}}, {at: r, op: more, time: 9 s}]"}) {
    Trial run(plant(branches, "{id: A, product: p}"));
    run.until(20 * kSecond);
    EXPECT_EQ(run.totals("p").scrapped, 1U) << branches;
    EXPECT_EQ(run.totals("p").completed, 0U);
    EXPECT_EQ(run.state.orders[0].finish, 5 * kSecond);
    EXPECT_EQ(run.state.lot_count, 0U);
    EXPECT_EQ(run.station("pack").visits, 0U);
  }
}

TEST(Parallel, APartThatLosesPatienceIsScrappedLikeAnyOther) {
  Trial run(plant("left: [{at: l, time: 5 s, max_wait: 2 s}], right: [{at: r, time: 1 s}]",
                  "{id: A, product: p}, {id: B, product: p}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A cut 0-1, A r 1-2, B cut 1-2, B r 2-3, A l 1-6, A pack 6-7");
  EXPECT_EQ(run.totals("p").scrapped, 1U);
  EXPECT_EQ(run.state.orders[1].finish, 4 * kSecond) << "B waited from 2 to 4, its other part was through at 3";
}

TEST(Parallel, ReworkStaysWithinTheBranch) {
  Trial run(
      plant("left: [{at: l, op: try, time: 2 s, max_wait: 1 s, if_overdue: {rework: try}}], right: [{at: r, "
            "time: 1 s}]",
            "{id: A, product: p}, {id: B, product: p}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A cut 0-1, A r 1-2, B cut 1-2, A l 1-3, B r 2-3, A pack 3-4, B l 3-5, B pack 5-6");
  EXPECT_EQ(run.totals("p").reworked, 0U) << "at 3 the machine is free first";
  const Plant back =
      Plant::parse(plant("left: [{at: l, op: try, time: 2 s, then: {rework: {try: 0.5}}}], right: [{at: "
                         "r, time: 1 s}]",
                         "{id: A, product: p, quantity: 200}"));
  State state = State::initial(back);
  advance(back, back.parameters(), state, Until{.time = kHour});
  EXPECT_EQ(state.products[0].completed, 200U);
  EXPECT_NEAR(static_cast<double>(state.products[0].reworked), 100, 4.5 * 7.1);
}

TEST(Parallel, NoMachineIsBlockedWhereLotsPartOrJoin) {
  // l has no places: A's left part is on it to 11, those of B and C wait outside; cut goes on.
  Trial run(R"(
stations: {cut: {}, l: {queue: {places: 0}}, r: {}, pack: {queue: {places: 0}}}
products:
  p:
    route:
      - {at: cut, time: 1 s}
      - {op: split, parallel: {left: [{at: l, time: 3 s}], right: [{at: r, time: 1 s}]}}
      - {at: pack, time: 5 s}
orders: [{id: O, product: p, quantity: 3}]
)");
  run.until(3 * kSecond);
  EXPECT_EQ(blocked_lots(run.state, 1).size(), 2U);
  run.until(25 * kSecond);
  EXPECT_EQ(run.conditions("cut"), "working 0-3, starved 3-25");
  EXPECT_EQ(run.conditions("l"), "starved 0-1, working 1-10, starved 10-25");
  EXPECT_EQ(run.conditions("pack"), "starved 0-4, working 4-19, starved 19-25") << "joined at 4, 7 and 10";
}

TEST(Parallel, MayBeTheFirstAndTheLastStep) {
  Trial run(R"(
stations: {l: {}, r: {}}
products: {p: {route: [{op: all, parallel: {left: [{at: l, time: 3 s}], right: [{at: r, time: 5 s}]}}], arrivals: every 10 s}}
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "p#1 l 10-13, p#1 r 10-15, p#2 l 20-23, p#2 r 20-25");
  EXPECT_EQ(run.totals("p").completed, 2U);
}

TEST(Parallel, MayBeWithinAnother) {
  Trial run(
      plant("left: [{at: l, op: one, time: 1 s}, {op: again, parallel: {a: [{at: l, op: a, time: 2 s}], b: [{at: "
            "r, op: b, time: 4 s}]}}], right: [{at: r, op: c, time: 2 s}]",
            "{id: A, product: p}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A cut 0-1, A l 1-2, A r 1-3, A l 2-4, A r 3-7, A pack 7-8");
  EXPECT_EQ(run.totals("p").waiting, Wide{kSecond}) << "b waits for r from 2 to 3";
}

TEST(Parallel, PartsDrawTheirOwnLuck) {
  Trial run(plant("left: [{at: l, time: \"uniform(1, 9 s)\"}], right: [{at: r, time: \"uniform(1, 9 s)\"}]",
                  "{id: O, product: p, quantity: 20}"));
  run.until(kHour);
  std::vector<Tick> left, right;
  for (const auto& r : run.history.operations) {
    if (r.machine == run.plant.machine("l.1").value) left.push_back(r.end - r.start);
    if (r.machine == run.plant.machine("r.1").value) right.push_back(r.end - r.start);
  }
  ASSERT_EQ(left.size(), 20U);
  ASSERT_EQ(right.size(), 20U);
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NE(left[i], right[i]);
}

}  // namespace
}  // namespace twin
