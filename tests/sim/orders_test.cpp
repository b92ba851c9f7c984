// Orders that change while the plant runs. Timelines are worked out by hand.
#include "twin/sim/orders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_plant.hpp"
#include "trial.hpp"

namespace twin {
namespace {

using ::testing::HasSubstr;

/// Three orders wait for one mill, 10 s a lot. \param changes  of order B, which has two lots
std::string mill(const std::string& changes, const std::string& rule = "priority") {
  return R"(
stations: {mill: {queue: {rule: )" +
         rule + R"(}}, pack: {}}
products: {p: {route: [{at: mill, time: 10 s}, {at: pack, time: 1 s}]}}
orders:
  - {id: A, product: p, quantity: 2, priority: 5, due: 40 s}
  - {id: B, product: p, quantity: 2, due: 50 s, changes: )" +
         changes + "}\n  - {id: C, product: p, priority: 3, due: 45 s}\n";
}
std::string at_mill(const Trial& run) {
  std::string out;
  for (const OperationRecord& r : run.history.operations)
    if (r.step == 0) out += (out.empty() ? "" : " ") + lot_name(run.plant.data(), r.source, r.serial);
  return out;
}

TEST(Change, OfPrioritySortsTheQueueAtOnce) {
  EXPECT_EQ(at_mill(Trial(mill("[]")).until(kMinute)), "A-01 A-02 C B-01 B-02");
  EXPECT_EQ(at_mill(Trial(mill("[{at: 5 s, priority: 9}]")).until(kMinute)), "A-01 B-01 B-02 A-02 C");
  EXPECT_EQ(at_mill(Trial(mill("[{at: 5 s, priority: 9}, {at: 12 s, priority: 0}]")).until(kMinute)),
            "A-01 B-01 A-02 C B-02");
  EXPECT_EQ(at_mill(Trial(mill("[{at: 5 s, priority: 9, lots: 1}]")).until(kMinute)), "A-01 B-01 A-02 C B-02")
      << "a rush part";
}

TEST(Change, AtTheInstantAMachineIsFreeComesAfterItHasTakenItsNextLot) {
  EXPECT_EQ(at_mill(Trial(mill("[{at: 10 s, priority: 9}]")).until(kMinute)), "A-01 A-02 B-01 B-02 C");
  EXPECT_EQ(at_mill(Trial(mill("[{at: 9999 ms, priority: 9}]")).until(kMinute)), "A-01 B-01 B-02 A-02 C");
}

TEST(Change, AtReleaseComesBeforeTheLots) {
  EXPECT_EQ(at_mill(Trial(mill("[{at: 0 s, priority: 9}]")).until(kMinute)), "A-01 B-01 B-02 A-02 C");
}

TEST(Change, TakesAMachineWhereLotsTakeThemFromOthers) {
  const auto at_m = [](const std::string& a, const std::string& b, const std::string& more = "") {
    Trial run(
        "stations: {m: {queue: {rule: priority, preempt: resume}}}\nproducts: {p: {route: [{at: m, time: 10 s}]}, q: "
        "{route: [{at: m, time: 3 s}]}}\norders: [{id: A, product: p, " +
        a + "}, {id: B, product: q, " + b + "}" + more + "]\n");
    run.until(kMinute);
    return run.operations();
  };
  EXPECT_EQ(at_m("priority: 1", "changes: [{at: 4 s, priority: 9}]"), "B m 4-7, A m 7-13") << "one that waits";
  EXPECT_EQ(at_m("priority: 5, changes: [{at: 4 s, priority: -1}]", "priority: 0"), "B m 4-7, A m 7-13")
      << "the one under way";
  EXPECT_EQ(at_m("priority: 1, changes: [{at: 2 s, cancel: now}]", "priority: 9, release: 4 s"), "B m 4-7")
      << "a cancelled one that loses its machine is gone";
  EXPECT_EQ(at_m("priority: 1", "changes: [{at: 4 s, to: C}]", ", {id: C, product: q, priority: 7, release: 8 s}"),
            "B m 4-7, C m 8-11, A m 11-16");
}

TEST(Change, OfTheDueDateSortsToo) {
  EXPECT_EQ(at_mill(Trial(mill("[]", "edd")).until(kMinute)), "A-01 A-02 C B-01 B-02");
  Trial run(mill("[{at: 5 s, due: 20 s}]", "edd"));
  EXPECT_EQ(at_mill(run.until(kMinute)), "A-01 B-01 B-02 A-02 C");
  EXPECT_EQ(run.figure("B.tardiness"), 11) << "finished at 31 s";
  EXPECT_EQ(run.figure("order.late"), 1) << "A is finished at 41 s, C at 51 s";
}

TEST(Change, InAQueueThatIsKeptInOrderOfArrivalChangesNothing) {
  for (const char* rule : {"fifo", "lifo"})
    EXPECT_EQ(at_mill(Trial(mill("[]", rule)).until(kMinute)),
              at_mill(Trial(mill("[{at: 5 s, priority: 9}]", rule)).until(kMinute)));
}

TEST(Change, RaisingAndLoweringTheQuantity) {
  Trial more(mill("[{at: 5 s, quantity: 3}]"));
  EXPECT_EQ(at_mill(more.until(59 * kSecond)), "A-01 A-02 C B-01 B-02");
  EXPECT_EQ(at_mill(more.until(2 * kMinute)), "A-01 A-02 C B-01 B-02 B-03");
  EXPECT_DOUBLE_EQ(more.figure("B.finish"), 61);
  EXPECT_EQ(more.state.open_orders, 0U);
  Trial less(mill("[{at: 5 s, quantity: 1}]"));
  EXPECT_EQ(at_mill(less.until(kMinute)), "A-01 A-02 C B-01 B-02") << "both were released already";
  Trial before(mill("[{at: 0 s, quantity: 1}]"));
  EXPECT_EQ(at_mill(before.until(kMinute)), "A-01 A-02 C B-01");
  EXPECT_EQ(before.state.open_orders, 0U);
}

TEST(Cancel, LotsInQueuesLeaveAtOnce) {
  Trial run(mill("[{at: 5 s, cancel: now}]"));
  EXPECT_EQ(at_mill(run.until(kMinute)), "A-01 A-02 C");
  EXPECT_EQ(run.totals("p").cancelled, 2U);
  EXPECT_EQ(run.totals("p").scrapped, 0U);
  EXPECT_EQ(run.totals("p").completed, 3U);
  EXPECT_EQ(run.figure("p.cancelled"), 2);
  EXPECT_EQ(run.figure("B.cancelled"), 2);
  EXPECT_TRUE(std::isnan(run.figure("B.finish"))) << "nothing of it was finished";
  EXPECT_DOUBLE_EQ(run.figure("order.finish"), 31) << "of the others";
  EXPECT_EQ(run.state.open_orders, 0U);
}

TEST(Cancel, LotsOnMachinesLeaveWhenTheirOperationsEnd) {
  Trial run(mill("[{at: 15 s, cancel: now}]", "fifo"));
  EXPECT_EQ(run.until(kMinute).operations(),
            "A-01 mill 0-10, A-01 pack 10-11, A-02 mill 10-20, A-02 pack 20-21, C mill "
            "20-30, C pack 30-31");
  Trial later(mill("[{at: 25 s, cancel: now}]", "fifo"));
  EXPECT_EQ(at_mill(later.until(kMinute)), "A-01 A-02 B-01 C") << "B-01 is on the mill to 30 s, and not packed";
  EXPECT_EQ(later.totals("p").completed, 3U);
  EXPECT_EQ(later.totals("p").cancelled, 2U);
}

TEST(Cancel, FinishCancelsOnlyWhatIsNotReleased) {
  EXPECT_EQ(at_mill(Trial(mill("[{at: 5 s, cancel: finish}]")).until(kMinute)), "A-01 A-02 C B-01 B-02");
  Trial run(mill("[{at: 0 s, cancel: finish}]"));
  EXPECT_EQ(at_mill(run.until(kMinute)), "A-01 A-02 C");
  EXPECT_EQ(run.state.orders[1].withdrawn, 2U);
  EXPECT_EQ(run.totals("p").cancelled, 0U) << "they never were in the plant";
  EXPECT_EQ(run.figure("p.cancelled"), 2);
}

TEST(Cancel, TrueIsNowAndLotsAreSoManyOfIt) {
  EXPECT_EQ(at_mill(Trial(mill("[{at: 5 s, cancel: true}]")).until(kMinute)), "A-01 A-02 C");
  EXPECT_EQ(at_mill(Trial(mill("[{at: 5 s, cancel: now, lots: 1}]")).until(kMinute)), "A-01 A-02 C B-02");
}

TEST(Cancel, ABlockedLotFreesItsMachine) {
  Trial run(R"(
stations: {saw: {}, mill: {queue: {places: 0}}}
products:
  x: {route: [{at: mill, time: 30 s}]}
  p: {route: [{at: saw, time: 2 s}, {at: mill, time: 1 s}]}
orders: [{id: X, product: x}, {id: P, product: p, changes: [{at: 6 s, cancel: now}]}, {id: Q, product: p}]
)");
  run.until(50 * kSecond);
  EXPECT_EQ(run.operations(), "P saw 0-2, Q saw 6-8, X mill 0-30, Q mill 30-31");
  EXPECT_EQ(run.conditions("saw"), "working 0-2, blocked 2-6, working 6-8, blocked 8-30, starved 30-50");
}

TEST(Cancel, ALotOutsideOrOnItsWayOrOfABatchLeaves) {
  Trial run(R"(
stations: {mill: {queue: {places: 0}}, oven: {batch: {max: 2, min: 2}}}
products:
  x: {route: [{at: mill, time: 10 s}]}
  p: {route: [{at: mill, time: 1 s, transport: 8 s}]}
  q: {route: [{at: oven, time: 9 s}, {at: mill, time: 5 s}]}
orders:
  - {id: X, product: x, quantity: 2, changes: [{at: 3 s, cancel: now}]}
  - {id: Q, product: q, changes: [{at: 3 s, cancel: now}]}
  - {id: R, product: q}
)");
  run.until(50 * kSecond);
  EXPECT_EQ(run.operations(), "Q oven 0-9, R oven 0-9, X-01 mill 0-10, R mill 10-15");
  EXPECT_EQ(run.totals("x").cancelled, 2U);
  EXPECT_EQ(run.totals("q").cancelled, 1U);
  Trial way(R"(
stations: {mill: {queue: {places: 0}}}
products: {p: {route: [{at: mill, time: 1 s, transport: 8 s}]}}
orders: [{id: P, product: p, changes: [{at: 3 s, cancel: now}]}, {id: Q, product: p, release: 1 s}]
)");
  way.until(50 * kSecond);
  EXPECT_EQ(way.operations(), "Q mill 16-17") << "P holds its place to the end of its way at 8 s";
}

TEST(Cancel, ALotInPartsLeavesWhenItsLastPartDoes) {
  Trial run(R"(
stations: {a: {}, b: {}, c: {}}
products: {p: {route: [{op: s, parallel: {x: [{at: a, time: 10 s}], y: [{at: b, time: 2 s}, {at: c, time: 3 s}]}}, {at: c, op: end, time: 1 s}]}}
orders: [{id: P, product: p, changes: [{at: 3 s, cancel: now}]}, {id: Q, product: p}]
)");
  run.until(50 * kSecond);
  EXPECT_EQ(run.operations(), "P b 0-2, Q b 2-4, P c 2-5, Q c 5-8, P a 0-10, Q a 10-20, Q c 20-21");
  EXPECT_EQ(run.totals("p").cancelled, 1U);
  EXPECT_EQ(run.state.lot_count, 0U);
}

TEST(Move, LotsCountForAnotherOrder) {
  Trial run(R"(
stations: {mill: {queue: {rule: priority}}}
products: {p: {route: [{at: mill, time: 10 s}]}}
orders:
  - {id: A, product: p, quantity: 4, due: 1 h, changes: [{at: 15 s, to: RUSH, lots: 2}]}
  - {id: B, product: p, priority: 1, release: 12 s}
  - {id: RUSH, product: p, quantity: 0, priority: 9, due: 30 s}
)");
  run.until(kMinute);
  EXPECT_EQ(run.operations(), "A-01 mill 0-10, A-02 mill 10-20, A-03 mill 20-30, B mill 30-40, A-04 mill 40-50")
      << "A-02, on the mill, and A-03 are the first two that are open";
  EXPECT_DOUBLE_EQ(run.figure("RUSH.finish"), 30);
  EXPECT_EQ(run.figure("RUSH.tardiness"), 0);
  EXPECT_DOUBLE_EQ(run.figure("A.finish"), 50);
  EXPECT_EQ(run.state.orders[0].finished + 0U, 2U);
  EXPECT_EQ(run.state.open_orders, 0U);
}

TEST(Move, OfWhatIsNotReleasedIsReleasedByTheOther) {
  Trial run(R"(
stations: {mill: {}}
products: {p: {route: [{at: mill, time: 10 s}]}}
orders:
  - {id: A, product: p, quantity: 3, release: 20 s, changes: [{at: 5 s, to: RUSH, lots: 1}]}
  - {id: RUSH, product: p, quantity: 0}
)");
  run.until(kMinute);
  EXPECT_EQ(run.operations(), "RUSH-01 mill 5-15, A-01 mill 20-30, A-02 mill 30-40");
}

TEST(StateOfOrders, IsChangedByCalls) {
  const Plant plant = Plant::parse(mill("[]"));
  const Parameters& q = plant.parameters();
  const auto order = [&](const char* name) { return plant.order(name); };
  State state = State::initial(plant);
  advance(plant, q, state, Until{.time = 5 * kSecond});
  State rushed = state;
  set_priority(plant, q, rushed, order("B"), 9);
  EXPECT_EQ(rushed.lots[rushed.stations[0].head].serial, 0U);
  EXPECT_EQ(rushed.lots[rushed.stations[0].head].source, 1U);
  EXPECT_EQ(State::load(rushed.save(plant), plant).save(plant), rushed.save(plant));

  // The same as a file says it.
  Trial file(mill("[{at: 5 s, priority: 9}]"));
  file.until(kMinute);
  advance(plant, q, rushed, Until{.time = kMinute});
  EXPECT_EQ(rushed.history, file.state.history);

  State cut = state;
  cancel(plant, q, cut, order("A"));
  EXPECT_EQ(cut.lot_count, 4U) << "A-02 is gone, A-01 on the mill";
  EXPECT_EQ(cut.orders[0].cancelled, 1U);
  advance(plant, q, cut, Until{.time = 11 * kSecond});
  EXPECT_EQ(cut.orders[0].cancelled, 2U);
  set_quantity(plant, q, cut, order("C"), 2);
  EXPECT_EQ(cut.open_orders, 4U);
  advance(plant, q, cut, Until{.time = 2 * kMinute});
  EXPECT_EQ(cut.orders[2].finished, 2U);
  set_due(plant, q, state, order("C"), kHour);
  EXPECT_EQ(state.orders[2].due, kHour);

  const auto said = [&](const auto& call) {
    try {
      call();
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(said([&] { cancel(plant, q, state, OrderId{9}); }), HasSubstr("there is no order 9; allowed: below 3"));
  EXPECT_THAT(said([&] { set_quantity(plant, q, state, OrderId{0}, 0); }), HasSubstr("allowed: from 1 to 10000"));
  EXPECT_THAT(said([&] { move_lots(plant, q, state, OrderId{0}, OrderId{0}); }), HasSubstr("another order"));
  EXPECT_THAT(said([&] { move_lots(plant, q, state, OrderId{0}, OrderId{1}); }), HasSubstr("do not carry"));
}

TEST(Change, MigratesByName) {
  const Plant from = Plant::parse(mill("[{at: 5 s, priority: 9}, {at: 30 s, cancel: now}]"));
  State state = State::initial(from);
  advance(from, from.parameters(), state, Until{.time = 6 * kSecond});
  const Plant same = from.change({{"stations.mill.queue.rule", "edd"}});
  State moved = migrate(from, same, state);
  EXPECT_EQ(moved.orders[1].priority, 9) << "what was changed stays";
  EXPECT_EQ(moved.next_change, 1U);
  const Plant other = from.change(
      {{"orders.B.priority", "4"}, {"orders.B.changes", "[{at: 5 s, priority: 9}, {at: 3 s, quantity: 5}]"}});
  moved = migrate(from, other, state);
  EXPECT_EQ(moved.orders[1].priority, 4) << "unless the new plant orders something else";
  EXPECT_EQ(moved.orders[1].quantity, 5U) << "what has not been done is done now";
  EXPECT_EQ(State::load(moved.save(other), other).save(other), moved.save(other));
  advance(other, other.parameters(), moved, Until{.time = kHour});
  EXPECT_EQ(moved.orders[1].finished, 5U);
}

TEST(Change, RefusesWhatIsNone) {
  const auto said = [](const std::string& changes) {
    try {
      (void)Plant::parse(mill(changes));
    } catch (const PlantError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(said("[{priority: 3}]"), HasSubstr("at"));
  EXPECT_THAT(said("[{at: 3 s}]"), HasSubstr("nothing changes"));
  EXPECT_THAT(said("[{at: 3 s, cancel: later}]"), HasSubstr("now, finish, or true"));
  EXPECT_THAT(said("[{at: 3 s, cancel: now, priority: 3}]"), HasSubstr("change in nothing else"));
  EXPECT_THAT(said("[{at: 3 s, quantity: 3, lots: 2}]"), HasSubstr("that of the whole order"));
  EXPECT_THAT(said("[{at: 3 s, to: Z}]"), HasSubstr("there is no order 'Z'"));
  EXPECT_THAT(said("[{at: 3 s, to: B}]"), HasSubstr("another order of the same product"));
  EXPECT_THAT(said("[{at: 3 s, urgency: 3}]"), HasSubstr("urgency"));
  EXPECT_THAT(said("[{at: -3 s, priority: 3}]"), HasSubstr("orders[1].changes[0].at"));
  EXPECT_THAT(said("3"), HasSubstr("a list, as in"));
  std::string none = mill("[]");
  none.replace(none.find("quantity: 2"), 11, "quantity: 0");
  try {
    (void)Plant::parse(none);
    FAIL();
  } catch (const PlantError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no lots of another order are moved to it"));
  }
}

}  // namespace
}  // namespace twin
