// Circles of lots that wait for each other's places, worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

/// What `advance` says, and at which second; nothing where it comes to the end.
std::string told(const std::string& yaml) {
  Trial run(yaml);
  try {
    run.until(kHour);
  } catch (const DeadlockError& error) {
    return error.what();
  }
  return "";
}
/// p goes a 2 s, b 9 s; q goes b 3 s, a 9 s.
std::string crossing(const std::string& a, const std::string& b, const std::string& orders,
                     const std::string& more = "") {
  return "stations: {a: {" + a + "}, b: {" + b + "}}\nproducts:\n  p: {route: [{at: a, time: 2 s}, {at: b, time: 9 s" +
         more + "}]}\n  q: {route: [{at: b, time: 3 s}, {at: a, time: 9 s" + more + "}]}\norders: [" + orders + "]\n";
}
constexpr const char* kPlaces = "queue: {places: 0}";
constexpr const char* kBoth = "{id: P, product: p}, {id: Q, product: q}";

TEST(Deadlock, IsToldAtTheInstantAtWhichItCloses) {
  Trial run(crossing(kPlaces, kPlaces, kBoth));
  try {
    run.until(kHour);
    FAIL();
  } catch (const DeadlockError& error) {
    EXPECT_STREQ(error.what(),
                 "deadlock at 3 s in replication 0 of plant 'plant': a.1 holds P, which waits for room at b, b.1 holds "
                 "Q, which waits for room at a");
  }
  EXPECT_EQ(run.state.now, 3 * kSecond) << "the state is that of the instant";
  EXPECT_EQ(run.operations(), "P a 0-2, Q b 0-3");
}

TEST(Deadlock, IsNoneWhereAPlaceOrAMachineIsLeft) {
  EXPECT_EQ(told(crossing("queue: {places: 1}", kPlaces, kBoth)), "");
  EXPECT_EQ(told(crossing("machines: 2, queue: {places: 0}", kPlaces, kBoth)), "");
  EXPECT_EQ(told(crossing("", "", kBoth)), "");
  EXPECT_EQ(told(crossing(kPlaces, kPlaces, "{id: P, product: p}, {id: Q, product: q, release: 60 s}")), "");
}

TEST(Deadlock, MoreLotsCloseItAllTheSame) {
  EXPECT_THAT(told(crossing("queue: {places: 1}", "queue: {places: 1}",
                            "{id: P, product: p, quantity: 4}, {id: Q, product: q, quantity: 4}")),
              HasSubstr("deadlock at "));
}

TEST(Deadlock, OfSeveralMachinesIsOneOnlyWhenAllAreStuck) {
  const std::string two = "machines: 2, queue: {places: 0}";
  EXPECT_EQ(told(crossing(two, two, "{id: P, product: p, quantity: 2}, {id: Q, product: q}")), "");
  EXPECT_THAT(told(crossing(two, two, "{id: P, product: p, quantity: 2}, {id: Q, product: q, quantity: 2}")),
              HasSubstr("deadlock at 3 s"));
}

TEST(Deadlock, IsNoneWhileAMachineOfTheCircleIsDownOrItsLotUnderWay) {
  // b fails at 1 and is repaired at 21, so Q comes to its end at 23: P has waited since 2.
  EXPECT_THAT(
      told(crossing(kPlaces, "queue: {places: 0}, failures: [{after: 1 s of time, repair: 20 s, times: 1}]", kBoth)),
      HasSubstr("deadlock at 23 s"));
}

TEST(Deadlock, OfThreeStationsNamesTheWholeCircle) {
  EXPECT_EQ(told(R"(
stations: {a: {queue: {places: 0}}, b: {queue: {places: 0}}, c: {queue: {places: 0}}, out: {}}
products:
  p: {route: [{at: a, time: 1 s}, {at: b, time: 1 s}]}
  q: {route: [{at: b, time: 2 s}, {at: c, time: 1 s}]}
  r: {route: [{at: c, time: 3 s}, {at: a, time: 1 s}]}
  other: {route: [{at: out, time: 1 s}], arrivals: every 2 s}
orders: [{id: P, product: p}, {id: Q, product: q}, {id: R, product: r}]
)"),
            "deadlock at 3 s in replication 0 of plant 'plant': a.1 holds P, which waits for room at b, b.1 holds Q, "
            "which waits for room at c, c.1 holds R, which waits for room at a")
      << "though others go on";
}

TEST(Deadlock, ALotInTheQueueThatLosesPatienceOpensIt) {
  const std::string one = "queue: {places: 1}";
  // a: X is followed by P and then Y, which waits in the queue; b likewise. At 10 Y leaves, Q gets its place, and so
  // on.
  const auto run = [&](const std::string& patience) {
    return told("stations: {a: {" + one + "}, b: {" + kPlaces +
                "}}\nproducts:\n  p: {route: [{at: a, time: 2 s}, {at: b, time: 9 s}]}\n"
                "  q: {route: [{at: b, time: 3 s}, {at: a, time: 9 s}]}\n  y: {route: [{at: a, time: 1 s" +
                patience + "}]}\norders: [{id: P, product: p}, {id: Y, product: y}, {id: Q, product: q}]\n");
  };
  EXPECT_THAT(run(""), HasSubstr("deadlock at 3 s"));
  EXPECT_EQ(run(", max_wait: 10 s"), "");
  EXPECT_THAT(run(", max_wait: 10 s, if_overdue: stay"), HasSubstr("deadlock at 3 s")) << "it keeps its place";
}

TEST(Deadlock, OfABatchNamesTheLotThatIsStuck) {
  EXPECT_EQ(
      told(R"(
stations: {oven: {batch: {max: 2, min: 2}, queue: {places: 0}}, b: {queue: {places: 0}}}
products:
  p: {route: [{at: oven, time: 2 s}, {at: b, time: 9 s}]}
  r: {route: [{at: oven, op: first, time: 2 s}]}
  q: {route: [{at: b, time: 3 s}, {at: oven, op: oven, time: 9 s}]}
orders: [{id: P, product: p, quantity: 2}, {id: Q, product: q}]
)"),
      "deadlock at 3 s in replication 0 of plant 'plant': oven.1 holds P-01, which waits for room at b, b.1 holds "
      "Q, which waits for room at oven");
}

TEST(Deadlock, IsLookedForOnlyWherePlacesRunInACircle) {
  EXPECT_TRUE(Plant::parse(crossing(kPlaces, kPlaces, kBoth)).data().may_deadlock);
  EXPECT_FALSE(Plant::parse(crossing(kPlaces, "", kBoth)).data().may_deadlock) << "an unlimited queue takes all";
  EXPECT_FALSE(Plant::parse("stations: {a: {queue: {places: 0}}}\nproducts: {p: {route: [{at: a, time: 1 s, then: "
                            "{rework: 0.5}}], arrivals: saturate}}\n")
                   .data()
                   .may_deadlock)
      << "a station that feeds itself frees its machine";
  EXPECT_TRUE(Plant::parse("stations: {a: {queue: {places: 0}}, b: {queue: {places: 0}}}\nproducts: {p: {route: [{at: "
                           "a, time: 1 s}, {at: b, time: 1 s, then: {rework: {a: 0.1}}}], arrivals: saturate}}\n")
                  .data()
                  .may_deadlock)
      << "rework may close it too";
}

}  // namespace
}  // namespace twin
