// Machines that go round their kinds of work, worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

constexpr const char* kOrders =
    "orders: [{id: A, product: a, quantity: 2}, {id: B, product: b, release: 3 s}, {id: C, product: a, release: 3 "
    "s}]\n";
std::string server(const std::string& serve, const std::string& more = "", const std::string& orders = kOrders) {
  return "stations: {m: {polling: {change: 1 s, serve: " + serve + "}" + more +
         "}}\nproducts: {a: {route: [{at: m, time: 2 s}]}, b: {route: [{at: m, time: 2 s}]}}\n" + orders;
}

// At the epoch the server is at a, and sets out before the orders are released: it is at b at 1, and back at a at 2.
TEST(Polling, ExhaustiveServesAllOfAKind) {
  Trial run(server("exhaustive"));
  run.until(13 * kSecond);
  EXPECT_EQ(run.operations(), "A-01 m 2-4, A-02 m 4-6, C m 6-8, B m 9-11");
  EXPECT_EQ(run.conditions("m"), "setup 0-2, working 2-8, setup 8-9, working 9-11, setup 11-13");
}

TEST(Polling, GatedServesThoseThatWaitedWhenItCame) {
  EXPECT_EQ(operations(server("gated"), 20), "A-01 m 2-4, A-02 m 4-6, B m 7-9, C m 10-12");
}

TEST(Polling, LimitedServesSoManyOfEachVisit) {
  EXPECT_EQ(operations(server("limited(1)"), 20), "A-01 m 2-4, B m 5-7, A-02 m 8-10, C m 12-14");
  EXPECT_EQ(operations(server("limited(2)"), 20), "A-01 m 2-4, A-02 m 4-6, B m 7-9, C m 10-12");
}

TEST(Polling, GoesOnWhenNobodyWaits) {
  // At b at every odd instant: a lot that comes at 6 is reached at 7, one that comes with the server is served at once.
  EXPECT_EQ(operations(server("exhaustive", "", "orders: [{id: B, product: b, release: 6 s}]\n"), 20), "B m 7-9");
  EXPECT_EQ(operations(server("exhaustive", "", "orders: [{id: B, product: b, release: 6999 ms}]\n"), 20), "B m 7-9");
  EXPECT_EQ(operations(server("exhaustive", "", "orders: [{id: B, product: b, release: 7 s}]\n"), 20), "B m 9-11")
      << "work that ends now is done before arrivals";
}

TEST(Polling, TheQueuesRuleOrdersEachKind) {
  EXPECT_EQ(operations(server("exhaustive", ", queue: {rule: lifo}"), 20), "A-02 m 2-4, C m 4-6, A-01 m 6-8, B m 9-11");
  EXPECT_EQ(operations(server("gated", ", queue: {rule: lifo}"), 20), "A-02 m 2-4, A-01 m 4-6, B m 7-9, C m 10-12");
}

TEST(Polling, StandsWhileItIsDownOrClosed) {
  Trial run(server("exhaustive", ", failures: [{after: 500 ms of time, repair: 2 s, times: 1}]"));
  run.until(13 * kSecond);
  EXPECT_EQ(run.operations(), "A-01 m 4-6, A-02 m 6-8, C m 8-10, B m 11-13") << "it is at b at 3, before B comes";
  EXPECT_EQ(run.conditions("m"), "setup 0-0.5, down 0.5-2.5, setup 2.5-4, working 4-10, setup 10-11, working 11-13");
}

TEST(Polling, DueMaintenanceIsDoneBetweenOperationsAndWays) {
  // Due by work in A-02.
  EXPECT_EQ(operations(server("exhaustive", ", maintenance: [{every: 3 s of work, takes: 2 s}]"), 13),
            "A-01 m 2-4, A-02 m 4-6, C m 8-10, B m 11-13");
  // Due 1.5 s after the last, on a way (begun at 2), then in each operation.
  EXPECT_EQ(operations(server("exhaustive", ", maintenance: [{every: 1500 ms of time, takes: 1 s}]"), 15),
            "A-01 m 3-5, A-02 m 6-8, C m 9-11, B m 13-15");
  Trial idle(server("exhaustive", ", maintenance: [{every: 1500 ms of time, takes: 1 s}]",
                    "orders: [{id: B, product: b, release: 60 s}]\n"));
  EXPECT_EQ(idle.until(6 * kSecond).conditions("m"), "setup 0-2, down 2-3, setup 3-5, down 5-6")
      << "also when nobody comes";
}

TEST(Polling, AMachineOnItsWayIsNoPartOfADeadlock) {
  // The lots might go round, and A-02 finds the only place taken at 2; m comes back at 10.
  Trial run(R"(
stations: {s: {queue: {places: 1}}, m: {polling: {change: 10 s}, queue: {places: 1}}}
products: {a: {route: [{op: x, at: s, time: 1 s}, {op: y, at: m, time: 1 s, then: {rework: {x: 0.000001}}}]}}
orders: [{id: A, product: a, quantity: 4}]
)");
  ASSERT_TRUE(run.plant.data().may_deadlock);
  EXPECT_EQ(run.until(20 * kSecond).conditions("m"), "setup 0-10, working 10-14, setup 14-20");
}

TEST(Polling, EachMachineGoesItsOwnWay) {
  EXPECT_EQ(operations(server("exhaustive", ", machines: 2"), 20), "A-01 m.1 2-4, A-02 m.2 2-4, C m.1 4-6, B m.2 5-7");
}

TEST(Polling, AStateOnItsWayIsSavedBranchedAndMigrated) {
  Trial run(server("limited(2)"));
  run.until(kSecond / 2);
  const State loaded = State::load(run.state.save(run.plant), run.plant);
  EXPECT_TRUE(equal(run.plant, loaded, run.state));
  const State other = branch(run.plant, run.plant.parameters(), run.state, 1);
  EXPECT_EQ(other.machines[0].total, run.state.machines[0].total) << "a certain time stays";
  const Plant gated = run.plant.change({{"stations.m.polling.serve", "gated"}});
  State moved = migrate(run.plant, gated, run.state);
  History history;
  advance(gated, gated.parameters(), moved, Until{.time = 20 * kSecond}, &history);
  ASSERT_EQ(history.operations.size(), 4U);
  EXPECT_EQ(history.operations[0].start, 2 * kSecond);
  EXPECT_EQ(history.operations[3].start, 10 * kSecond);
}

}  // namespace
}  // namespace twin
