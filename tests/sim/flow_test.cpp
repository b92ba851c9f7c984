// How lots flow: queues, machines, blocking, transport, alternatives, routing. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "trial.hpp"
#include "twin/state/lots.hpp"

namespace twin {
namespace {

constexpr double kSigmas = 4.5;

std::string queue_rule(const std::string& rule) {
  return operations("stations: {mill: {queue: {rule: \"" + rule + R"("}}}
products:
  long:  {route: [{at: mill, time: 10 s}]}
  three: {route: [{at: mill, time: 3 s}]}
  one:   {route: [{at: mill, time: 1 s}]}
  two:   {route: [{at: mill, time: 2 s}]}
orders:
  - {id: X, product: long}
  - {id: A, product: three, release: 1 s, due: 100 s, priority: 1}
  - {id: B, product: one, release: 2 s, due: 50 s, priority: 3}
  - {id: C, product: two, release: 3 s, due: 70 s, priority: 2}
  - {id: D, product: one, release: 4 s, priority: 3}
)",
                    100);
}

TEST(Queue, ServesByItsRule) {
  EXPECT_EQ(queue_rule("fifo"), "X mill 0-10, A mill 10-13, B mill 13-14, C mill 14-16, D mill 16-17");
  EXPECT_EQ(queue_rule("lifo"), "X mill 0-10, D mill 10-11, C mill 11-13, B mill 13-14, A mill 14-17");
  EXPECT_EQ(queue_rule("spt"), "X mill 0-10, B mill 10-11, D mill 11-12, C mill 12-14, A mill 14-17");
  EXPECT_EQ(queue_rule("spt(known)"), "X mill 0-10, B mill 10-11, D mill 11-12, C mill 12-14, A mill 14-17");
  EXPECT_EQ(queue_rule("edd"), "X mill 0-10, B mill 10-11, C mill 11-13, A mill 13-16, D mill 16-17");
  EXPECT_EQ(queue_rule("priority"), "X mill 0-10, B mill 10-11, D mill 11-12, C mill 12-14, A mill 14-17");
  EXPECT_EQ(queue_rule("priority(three, one)"), "X mill 0-10, A mill 10-13, B mill 13-14, D mill 14-15, C mill 15-17");
}

TEST(Queue, ShortestTimeIsTheExpectedOneUnlessItIsKnown) {
  const auto durations = [](const std::string& rule) {
    Trial run("stations: {mill: {queue: {rule: \"" + rule +
                  "\"}}}\nproducts: {p: {route: [{at: mill, time: \"uniform(1, 9 s)\"}]}}\n"
                  "orders: [{id: O, product: p, quantity: 30}]",
              Seed{3});
    run.until(kHour);
    std::vector<Tick> all;
    for (const auto& r : run.history.operations) all.push_back(r.end - r.start);
    return all;
  };
  const auto expected = durations("spt"), fifo = durations("fifo");
  EXPECT_EQ(expected, fifo) << "equal expectations are served in order of arrival";
  const auto known = durations("spt(known)");
  ASSERT_EQ(known.size(), 30U);
  EXPECT_EQ(known.front(), fifo.front()) << "the first finds the machine idle";
  EXPECT_TRUE(std::ranges::is_sorted(known.begin() + 1, known.end()));
}

TEST(Machines, OfOneStationShareItsQueueAndHaveTheirSpeeds) {
  EXPECT_EQ(
      operations(
          "stations: {mill: {machines: {M1: {}, M2: {speed: 2}}}}\nproducts: {p: {route: [{at: mill, time: 4 s}]}}\n"
          "orders: [{id: A, product: p}, {id: B, product: p}, {id: C, product: p}, {id: D, product: p}]",
          100),
      "B M2 0-2, A M1 0-4, C M2 2-4, D M1 4-8");
}

TEST(Machines, SetUpForEachLotAndLongerAfterAnotherStep) {
  Trial run(R"(
stations: {mill: {setup: 1 s, changeover: 3 s}}
products: {a: {route: [{at: mill, time: 5 s}]}, b: {route: [{at: mill, time: 5 s}]}}
orders: [{id: A1, product: a}, {id: A2, product: a}, {id: B1, product: b}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "A1 mill 0-8, A2 mill 8-14, B1 mill 14-22") << "the very first lot needs the changeover";
  EXPECT_EQ(run.conditions("mill"),
            "setup 0-3, working 3-8, setup 8-9, working 9-14, setup 14-17, working 17-22, starved 22-30");
}

std::string two_stations(int places) {
  return "stations: {a: {}, b: {queue: {places: " + std::to_string(places) + R"(}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 3 s}]}}
orders: [{id: A, product: p}, {id: B, product: p}, {id: C, product: p}, {id: D, product: p}]
)";
}

TEST(Blocking, AFullQueueHoldsTheLotOnItsMachineAfterService) {
  Trial none(two_stations(0));
  none.until(20 * kSecond);
  EXPECT_EQ(none.operations(), "A a 0-1, B a 1-2, A b 1-4, C a 4-5, B b 4-7, D a 7-8, C b 7-10, D b 10-13");
  EXPECT_EQ(none.conditions("a"),
            "working 0-2, blocked 2-4, working 4-5, blocked 5-7, working 7-8, blocked 8-10, starved 10-20");
  EXPECT_EQ(none.conditions("b"), "starved 0-1, working 1-13, starved 13-20");
  Trial one(two_stations(1));
  one.until(20 * kSecond);
  EXPECT_EQ(one.operations(), "A a 0-1, B a 1-2, C a 2-3, A b 1-4, D a 4-5, B b 4-7, C b 7-10, D b 10-13");
  EXPECT_EQ(one.conditions("a"), "working 0-3, blocked 3-4, working 4-5, blocked 5-7, starved 7-20");
  Trial two(two_stations(2));
  two.until(20 * kSecond);
  EXPECT_EQ(two.conditions("a"), "working 0-4, starved 4-20")
      << "at 4 the second station finishes first and makes room";
}

TEST(Blocking, ThoseWhoWaitedLongestGoFirst) {
  EXPECT_EQ(operations(R"(
stations: {a1: {}, a2: {}, b: {queue: {places: 0}}}
products:
  x: {route: [{at: b, time: 10 s}]}
  p: {route: [{at: a1, time: 2 s}, {at: b, time: 1 s}]}
  q: {route: [{at: a2, time: 1 s}, {at: b, time: 1 s}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Q, product: q}, {id: Y, product: x, release: 3 s}]
)",
                       60),
            "Q a2 0-1, P a1 0-2, X b 0-10, Q b 10-11, P b 11-12, Y b 12-22");
}

TEST(Blocking, OnePlaceThatGetsFreeMovesTheWholeChainAtOnce) {
  EXPECT_EQ(
      operations(R"(
stations: {a: {}, b: {queue: {places: 0}}, c: {queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 1 s}, {at: c, time: 5 s}]}}
orders: [{id: O, product: p, quantity: 4}]
)",
                 13),
      "O-01 a 0-1, O-01 b 1-2, O-02 a 1-2, O-02 b 2-3, O-03 a 2-3, O-01 c 2-7, O-03 b 7-8, O-04 a 7-8, O-02 c 7-12, "
      "O-04 b 12-13");
}

TEST(Blocking, ALotThatComesBackToItsOwnFullStationDoesNotBlockItself) {
  const auto again = [](const std::string& queue) {
    return operations("stations: {a: {queue: {" + queue +
                          "}}}\nproducts: {p: {route: [{at: a, op: one, time: 1 s}, {at: a, op: two, time: 2 s}]}}\n"
                          "orders: [{id: A, product: p}, {id: B, product: p}]",
                      60);
  };
  EXPECT_EQ(again("places: 0"), "A a 0-1, A a 1-3, B a 3-4, B a 4-6") << "it goes before those that wait for room";
  EXPECT_EQ(again("places: 1"), "A a 0-1, B a 1-2, A a 2-4, B a 4-6") << "it stands behind those in the queue";
  EXPECT_EQ(again("places: unlimited"), again("places: 1"));
  EXPECT_EQ(operations(R"(
stations: {a: {queue: {places: 0}}}
products: {p: {route: [{at: a, op: one, time: 1 s}, {at: a, op: two, time: 2 s, transport: 3 s}]}}
orders: [{id: A, product: p}, {id: B, product: p}]
)",
                       60),
            "A a 0-1, A a 4-6, B a 6-7, B a 10-12")
      << "the machine is kept for the lot that comes back to it";
}

TEST(Arrivals, AtAFullQueueAreLostOrWaitOutside) {
  const auto run = [](const std::string& full) {
    Trial trial("stations: {a: {queue: {places: 1, if_full: " + full +
                "}}}\n"
                "products: {p: {route: [{at: a, time: 10 s}], arrivals: every 2 s}}\n");
    trial.until(25 * kSecond);
    return trial;
  };
  const Trial lost =
      run("lose");  // at 6, 8, 10, 14, 16, 18, 20, 24; the machine finishes before the arrivals of 12 and 22
  EXPECT_EQ(lost.totals("p").lost, 8U);
  EXPECT_EQ(lost.station("a").lost, 8U);
  EXPECT_EQ(lost.totals("p").released, 4U);
  EXPECT_EQ(lost.totals("p").in_process, 2U);
  const Trial waiting = run("wait");
  EXPECT_EQ(waiting.totals("p").lost, 0U);
  EXPECT_EQ(waiting.totals("p").released, 12U);
  EXPECT_EQ(waiting.totals("p").in_process, 10U);
  EXPECT_EQ(waiting.station("a").queued, 1U);
  EXPECT_EQ(blocked_lots(waiting.state, 0).size(), 8U);
}

TEST(Arrivals, OrderedLotsAreNeverLost) {
  Trial run(
      "stations: {a: {queue: {places: 0, if_full: lose}}}\nproducts: {p: {route: [{at: a, time: 1 s}]}}\n"
      "orders: [{id: O, product: p, quantity: 5}]");
  run.until(10 * kSecond);
  EXPECT_EQ(run.totals("p").completed, 5U);
  EXPECT_EQ(run.totals("p").waiting, Wide{(0 + 1 + 2 + 3 + 4) * kSecond}) << "time outside is waiting time";
}

TEST(Transport, ReservesAPlaceAtItsEnd) {
  const auto run = [](int places) {
    return operations("stations: {a: {}, b: {queue: {places: " + std::to_string(places) + R"(}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 2 s, transport: 4 s}]}}
orders: [{id: A, product: p}, {id: B, product: p}, {id: C, product: p}]
)",
                      60);
  };
  EXPECT_EQ(run(0), "A a 0-1, B a 1-2, A b 5-7, C a 7-8, B b 11-13, C b 17-19");
  EXPECT_EQ(run(1), "A a 0-1, B a 1-2, C a 2-3, A b 5-7, B b 7-9, C b 11-13");
}

TEST(Supply, KeepsAMachineBusyWithoutAddingLotsInFront) {
  Trial run(
      "stations: {a: {}, b: {}}\nproducts: {p: {route: [{at: a, time: 2 s}, {at: b, time: 1 s}], arrivals: saturate}}");
  run.until(100 * kSecond);
  EXPECT_EQ(run.conditions("a"), "working 0-100");
  EXPECT_EQ(run.station("a").queued, 0U);
  EXPECT_EQ(run.totals("p").in_process, 2U) << "one on each machine";
  EXPECT_EQ(run.totals("p").released, 51U);
  EXPECT_EQ(run.totals("p").waiting, Wide{0});
}

TEST(Supply, OfTwoProductsTakesTurns) {
  EXPECT_EQ(operations("stations: {a: {}}\nproducts:\n  s: {route: [{at: a, time: 2 s}], arrivals: saturate}\n"
                       "  t: {route: [{at: a, time: 3 s}], arrivals: saturate}\n",
                       10),
            "s#1 a 0-2, t#1 a 2-5, s#2 a 5-7, t#2 a 7-10");
}

TEST(Supply, LetsLotsInTheQueueAndOnTheirWayGoFirst) {
  const auto run = [](const std::string& queue) {
    return operations("stations: {a: {}, b: {queue: {places: " + queue + R"(}}}
products:
  s: {route: [{at: b, time: 2 s}], arrivals: saturate}
  p: {route: [{at: a, time: 1 s}, {at: b, time: 3 s, transport: 4 s}]}
orders: [{id: P, product: p}]
)",
                      11);
  };
  EXPECT_EQ(run("unlimited"), "P a 0-1, s#1 b 0-2, s#2 b 2-4, s#3 b 4-6, P b 6-9, s#4 b 9-11");
  EXPECT_EQ(run("0"), "P a 0-1, s#1 b 0-2, P b 6-9, s#2 b 9-11") << "the only place is promised to P from 2 on";
}

TEST(Alternatives, AreChosenByTheirRule) {
  const auto run = [](const std::string& stations, const std::string& time, const std::string& choose) {
    return operations(
        "stations: " + stations + "\nproducts: {p: {route: [{at: [x, y], time: " + time + ", choose: " + choose +
            "}]}}\norders: [{id: A, product: p}, {id: B, product: p}, {id: C, product: p}, {id: D, product: p}]",
        60);
  };
  const std::string times = "{x: 10 s, y: 4 s}";
  EXPECT_EQ(run("{x: {}, y: {}}", times, "first"), "A x 0-10, B x 10-20, C x 20-30, D x 30-40");
  EXPECT_EQ(run("{x: {queue: {places: 0}}, y: {queue: {places: 0}}}", times, "first"),
            "B y 0-4, A x 0-10, C x 10-20, D x 20-30")
      << "where none has room they wait for the first named";
  EXPECT_EQ(run("{x: {}, y: {machines: 2}}", "5 s", "shortest_queue"), "A x 0-5, B y.1 0-5, C y.2 0-5, D x 5-10")
      << "per machine, and the first named among equals";
  EXPECT_EQ(run("{x: {}, y: {}}", times, "earliest_finish"), "A y 0-4, B y 4-8, C x 0-10, D y 8-12");
}

TEST(Alternatives, AtRandomAreEquallyLikelyAndEachLotsOwnLuck) {
  const auto shares = [](const std::string& stations) {
    Trial run("stations: {x: {}, y: {}, z: {}}\nproducts: {p: {route: [{op: work, at: [" + stations +
                  "], time: 1 ms, choose: random}], "
                  "arrivals: every 1 s}}",
              Seed{8});
    run.until(6000 * kSecond + kSecond / 2);
    std::map<std::uint64_t, std::string> of;
    for (const auto& r : run.history.operations)
      of[r.serial] = run.plant.data().station_names[run.plant.data().machines[r.machine].station.value];
    return of;
  };
  const auto three = shares("x, y, z");
  const auto two = shares("y, x");
  double x = 0;
  for (const auto& [serial, station] : three) {
    x += station == "x" ? 1 : 0;
    if (station != "z") {
      EXPECT_EQ(two.at(serial), station) << "without z the others keep their choice";
    }
  }
  EXPECT_NEAR(x / 6000, 1.0 / 3, kSigmas * std::sqrt(2.0 / 9 / 6000));
}

TEST(Routing, FollowsItsProbabilitiesRoundAfterRound) {
  Trial run(
      "stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s, then: {pass: 0.7, rework: {a: 0.2}, scrap: 0.1}}], "
      "arrivals: every 2 s}}",
      Seed{4});
  run.until(80'000 * kSecond);
  const ProductTotals& t = run.totals("p");
  const double n = static_cast<double>(t.completed + t.scrapped);
  EXPECT_GT(n, 39'000);
  EXPECT_NEAR(static_cast<double>(t.completed) / n, 0.875, kSigmas * std::sqrt(0.875 * 0.125 / n));
  EXPECT_NEAR(static_cast<double>(t.reworked) / n, 0.2, kSigmas * std::sqrt(0.16 / n));
  std::vector<double> rounds(4);
  for (const auto& r : run.history.operations)
    if (r.round < rounds.size()) rounds[r.round] += 1;
  for (std::size_t k = 1; k < rounds.size(); ++k)
    EXPECT_NEAR(rounds[k] / rounds[k - 1], 0.2, kSigmas * std::sqrt(0.16 / rounds[k - 1])) << "round " << k;
}

TEST(Routing, LotsLeaveScrappedOrGoodWhereTheirStepSays) {
  const auto run = [](const std::string& then) {
    Trial trial("stations: {a: {}, b: {}}\nproducts: {p: {route: [{at: a, time: 1 s, then: " + then +
                "}, {at: b, time: 1 s}]}}\n"
                "orders: [{id: O, product: p, quantity: 2}]");
    trial.until(10 * kSecond);
    return trial;
  };
  const Trial leaves = run("{leave: 1}");
  EXPECT_EQ(leaves.operations(), "O-01 a 0-1, O-02 a 1-2");
  EXPECT_EQ(leaves.totals("p").completed, 2U);
  const Trial scrapped = run("{scrap: 1}");
  EXPECT_EQ(scrapped.totals("p").scrapped, 2U);
  EXPECT_EQ(scrapped.totals("p").completed, 0U);
  EXPECT_EQ(scrapped.state.orders[0].scrapped, 2U);
  EXPECT_EQ(scrapped.state.orders[0].finish, 2 * kSecond);
  EXPECT_EQ(scrapped.state.open_orders, 0U) << "an order is done when its last lot is gone, good or not";
}

TEST(Orders, AreLateByWhatTheyExceedTheirDueDate) {
  Trial run(
      "stations: {a: {}}\nproducts: {p: {due: 6 s, route: [{at: a, time: 4 s}]}}\n"
      "orders: [{id: A, product: p}, {id: B, product: p, due: 5 s}, {id: C, product: p, release: 1 s}]");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A a 0-4, B a 4-8, C a 8-12");
  EXPECT_EQ(run.totals("p").late, 2U);
  EXPECT_EQ(run.totals("p").tardiness, Wide{(8 - 5 + 12 - 7) * kSecond});
  EXPECT_EQ(run.totals("p").cycle_time, Wide{(4 + 8 + 11) * kSecond});
  EXPECT_EQ(run.totals("p").waiting, Wide{(0 + 4 + 7) * kSecond});
}

TEST(Orders, EndTheRunWhenAllHaveLeft) {
  Trial run(
      "stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 4 s}]}, q: {route: [{at: a, time: 1 s}], arrivals: "
      "every 3 s}}\n"
      "orders: [{id: A, product: p, release: 2 s, quantity: 2}]");
  EXPECT_TRUE(advance(run.plant, run.plant.parameters(), run.state, Until{.orders_done = true}));
  EXPECT_EQ(run.state.now, 10 * kSecond) << "A-1 2-6, A-2 6-10, before the other product that came at 3";
}

TEST(ConstantWip, HoldsItsLevel) {
  Trial run(
      "stations: {a: {}, b: {queue: {places: 1}}}\nproducts: {p: {route: [{at: a, time: \"uniform(1, 3 s)\"}, "
      "{at: b, time: \"uniform(1, 3 s)\"}], arrivals: conwip(5)}}",
      Seed{2});
  for (int i = 1; i < 200; ++i) {
    run.until(i * kSecond);
    ASSERT_EQ(run.totals("p").in_process, 5U);
    ASSERT_EQ(run.state.sources[0].count - run.state.sources[0].gone, 5U);
  }
  EXPECT_GT(run.totals("p").completed, 50U);
}

}  // namespace
}  // namespace twin
