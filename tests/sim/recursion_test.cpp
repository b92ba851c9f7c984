#include "twin/sim/recursion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "random_line.hpp"
#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

/// Bits, so that figures without data are equal too.
std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> out(values.size());
  std::memcpy(out.data(), values.data(), values.size() * sizeof(double));
  return out;
}
void expect_same(const Plant& plant, const State& begin_a, const State& a, const State& begin_b, const State& b,
                 const std::string& what) {
  const auto names = metrics(plant);
  const auto x = measure(plant, begin_a, a);
  const auto y = measure(plant, begin_b, b);
  for (std::size_t i = 0; i < names.size(); ++i)
    ASSERT_EQ(bits({x[i]}), bits({y[i]})) << what << ": " << names[i].name << " " << x[i] << " " << y[i];
  ASSERT_EQ(a.history, b.history) << what;
  ASSERT_EQ(a.events, b.events) << what;
  ASSERT_EQ(a.now, b.now) << what;
  ASSERT_EQ(a.open_orders, b.open_orders) << what;
  ASSERT_EQ(a.lot_count, b.lot_count) << what;
  ASSERT_EQ(a.queue.size(), b.queue.size()) << what;
}
std::vector<LotRecord> by_serial(std::vector<LotRecord> lots) {
  std::ranges::sort(lots, {}, [](const LotRecord& l) { return std::tuple(l.source, l.serial); });
  return lots;
}

TEST(Recursion, GivesWhatEventsGiveOnRandomLines) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Plant plant = random_line(seed);
    SCOPED_TRACE(plant.yaml());
    ASSERT_EQ(recursion_refusals(plant), std::vector<std::string>{});
    std::mt19937 random(seed);
    const Tick warm = static_cast<Tick>(random() % 300) * kMinute;
    const Tick end = warm + 1 + static_cast<Tick>(random() % 3000) * kMinute;
    State events = State::initial(plant, Seed{seed}, 3);
    State recursion = events;
    const Until first{.time = warm, .orders_done = seed % 3 == 0 && !plant.data().orders.empty()};
    Until last = first;
    last.time = end;
    ASSERT_EQ(recursion_refusals(plant, recursion), std::vector<std::string>{});
    const State begin = events;
    ASSERT_TRUE(advance(plant, plant.parameters(), events, first));
    ASSERT_TRUE(advance_by_recursion(plant, plant.parameters(), recursion, first));
    ASSERT_NO_FATAL_FAILURE(expect_same(plant, begin, events, begin, recursion, "at the warm-up"));
    ASSERT_EQ(recursion_refusals(plant, recursion), std::vector<std::string>{});
    const State warm_events = events;
    const State warm_recursion = recursion;
    LotLog log_events;
    LotLog log_recursion;
    ASSERT_TRUE(advance(plant, plant.parameters(), events, last, log_events));
    ASSERT_TRUE(advance_by_recursion(plant, plant.parameters(), recursion, last, log_recursion));
    ASSERT_NO_FATAL_FAILURE(expect_same(plant, warm_events, events, warm_recursion, recursion, "after the warm-up"));
    ASSERT_EQ(by_serial(log_events.lots), by_serial(log_recursion.lots));
    // Its bytes are those of a possible state.
    ASSERT_TRUE(equal(plant, State::load(recursion.save(plant), plant), recursion));
  }
}

TEST(Recursion, LeavesAStateThatGoesOnAsTheOther) {
  for (unsigned seed = 500; seed < 700; ++seed) {
    const Plant plant = random_line(seed);
    SCOPED_TRACE(plant.yaml());
    std::mt19937 random(seed);
    State events = State::initial(plant, Seed{seed});
    State mixed = events;
    for (int piece = 0; piece < 6; ++piece) {
      const Until until{.time =
                            events.now + static_cast<Tick>(random() % 400) * kMinute + static_cast<Tick>(random() % 2)};
      const State before_events = events;
      const State before_mixed = mixed;
      advance(plant, plant.parameters(), events, until);
      if (random() % 2 == 0) {
        advance(plant, plant.parameters(), mixed, until);
      } else {
        advance_by_recursion(plant, plant.parameters(), mixed, until);
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(plant, before_events, events, before_mixed, mixed, "piece"));
      State luck = branch(plant, plant.parameters(), events, 7);
      State same_luck = branch(plant, plant.parameters(), mixed, 7);
      const State luck_begin = luck;
      const Until ahead{.time = luck.now + 500 * kMinute};
      advance(plant, plant.parameters(), luck, ahead);
      advance_by_recursion(plant, plant.parameters(), same_luck, ahead);
      ASSERT_NO_FATAL_FAILURE(expect_same(plant, luck_begin, luck, luck_begin, same_luck, "branch"));
    }
  }
}

/// The operations of a plant by events, and whether the recursion ends with the same digest and figures.
std::string by_both(const std::string& yaml, Tick seconds) {
  Trial trial(yaml);
  State recursion = trial.state;
  const State begin = recursion;
  advance_by_recursion(trial.plant, trial.plant.parameters(), recursion, {.time = seconds * kSecond});
  trial.until(seconds * kSecond);
  expect_same(trial.plant, begin, trial.state, begin, recursion, "by both");
  return trial.operations();
}

TEST(Recursion, RespectsPlacesBlockingAndRepairs) {
  // b is slow and has one place: a is blocked with the third lot from 3 on, until b takes the second at 6.
  EXPECT_EQ(by_both(R"(
stations: {a: {}, b: {queue: {places: 1}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 5 s}], arrivals: saturate}}
run: {until: 12 s}
)",
                    12),
            "p#1 a 0-1, p#2 a 1-2, p#3 a 2-3, p#1 b 1-6, p#4 a 6-7, p#2 b 6-11, p#5 a 11-12");
  // No place: a is blocked from 1 on with the second lot, and from 6 on with the third.
  EXPECT_EQ(by_both(R"(
stations: {a: {}, b: {queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 5 s}], arrivals: saturate}}
run: {until: 12 s}
)",
                    12),
            "p#1 a 0-1, p#2 a 1-2, p#1 b 1-6, p#3 a 6-7, p#2 b 6-11, p#4 a 11-12");
  // Work of 3 s fails after 2, 4 ... s of work, and is repaired in 10 s. What ends at the instant of a failure is done.
  EXPECT_EQ(by_both(R"(
stations: {a: {failures: [{after: 2 s of work, repair: 10 s}]}}
products: {p: {route: [{at: a, time: 3 s}]}}
orders: [{id: O, product: p, quantity: 3}, {id: P, product: p, release: 70 s}]
)",
                    200),
            "O-01 a 0-13, O-02 a 13-26, O-03 a 26-49, P a 70-83");
}

TEST(Recursion, IsRefusedWithEveryReason) {
  const Plant plant = Plant::parse(R"(calendars: {day: {daily: "06:00-14:00"}}
operators: {ann: 1}
stations:
  a: {machines: 2, queue: {rule: spt}}
  b: {calendar: day, queue: {places: 3, if_full: lose}, failures: [{after: 5 h of time, repair: 1 h, lot: scrap}]}
  c: {needs: ann, failures: [{after: 5 of lots, repair: 1 h, needs: ann}], power: 3 kW}
  d: {batch: {max: 3}}
products:
  p:
    route:
      - {at: a, time: 1 min, then: {pass: 0.9, scrap: 0.1}}
      - {at: [b, c], time: 1 min, transport: 1 min}
      - {at: b, time: 1 min, max_wait: 3 min}
    arrivals: conwip(3)
  q: {route: [{at: d, time: 1 min}], arrivals: {every: 1 h, lots: 2}}
orders: [{id: O, product: p}]
run: {until: 1 d}
)",
                                   "shop");
  std::string all;
  for (const std::string& reason : recursion_refusals(plant)) all += reason + "\n";
  for (const char* part : {"shop:1:1: calendars: ",
                           "shop:2:1: operators: ",
                           "stations.a.machines: 2 machines",
                           "stations.a.queue.rule: spt; allowed: fifo",
                           "shop:5:7: stations.b.calendar: ",
                           "stations.b.queue.if_full: ",
                           "machine b.1, failures.after: a life of time",
                           "machine b.1, failures.lot: scrap",
                           "machine c.1, failures.after: a life of lots",
                           "stations.c.needs: ",
                           "stations.c.failures[0].needs: ",
                           "stations.c.power: ",
                           "stations.d.batch: ",
                           "products.p.route.a.then: ",
                           "products.p.route[0].then: ",
                           "products.p.route[1].transport: ",
                           "products.p.route[2].max_wait: ",
                           "2 stations; allowed: one",
                           "products.p.arrivals: conwip",
                           "products.q.arrivals.lots: ",
                           "products: 2 products",
                           "orders: lots come from a source too"})
    EXPECT_NE(all.find(part), std::string::npos) << part << " is not in\n" << all;
  for (const char* station : {"polling: {change: 1 s}", "queue: {rule: priority, preempt: resume}"})
    EXPECT_FALSE(
        recursion_refusals(Plant::parse(std::string("stations: {m: {") + station +
                                        "}}\nproducts: {p: {route: [{at: m, time: 1 s}], arrivals: every 2 s}}\n"))
            .empty())
        << station;
  EXPECT_FALSE(runs_by_recursion(plant, nullptr, Method::kAuto, "test"));
  EXPECT_THROW((void)runs_by_recursion(plant, nullptr, Method::kRecursion, "test"), InvalidArgument);
  EXPECT_THROW((void)method_named("magic"), InvalidArgument);
}

TEST(Recursion, RefusesStatesThatHaveMoreThanALine) {
  const Plant plant = Plant::parse(R"(
stations: {a: {}, b: {queue: {places: 1}}}
products: {p: {route: [{at: a, time: exponential(1 min)}, {at: b, time: exponential(1 min)}], arrivals: saturate}}
run: {until: 1 d}
)");
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, std::chrono::hours{1});
  ASSERT_EQ(recursion_refusals(plant, state), std::vector<std::string>{});
  State believed = state;
  believed.beliefs.push_back({.machine = 0});
  EXPECT_EQ(recursion_refusals(plant, believed).size(), 1U);
  State standing = state;
  standing.machines[0].running = false;
  standing.machines[0].phase = Phase::kProcessing;
  standing.machines[0].repairing = kNone;
  EXPECT_NE(recursion_refusals(plant, standing), std::vector<std::string>{});
}

TEST(Recursion, StopsWhenCancelled) {
  const Plant plant = Plant::parse(R"(
stations: {a: {}}
products: {p: {route: [{at: a, time: exponential(1 min)}], arrivals: saturate}}
run: {until: 1 d}
)");
  State state = State::initial(plant);
  const std::atomic<bool> cancel{true};
  EXPECT_FALSE(advance_by_recursion(plant, plant.parameters(), state, {.time = 30 * kDay, .cancel = &cancel}));
  EXPECT_THROW((void)advance_by_recursion(plant, plant.parameters(), state, {.time = -1}), InvalidArgument);
}

TEST(Recursion, DoesVeryLongTimesLotByLot) {
  for (const char* time : {"discrete(1 min: 0.9, 50000 d: 0.1)", "exponential(30000 d)"}) {
    const Plant plant = Plant::parse(fmt::format(R"(
stations: {{a: {{}}, b: {{queue: {{places: 2}}, failures: [{{after: exponential(90 d) of work, repair: exponential(9000 d)}}]}}}}
products: {{p: {{route: [{{at: a, time: "{0}"}}, {{at: b, time: "{0}"}}], arrivals: saturate}}}}
run: {{until: 1 d}}
)",
                                                 time));
    for (const Tick end : {kDay, 3000 * kDay, kNever - 1}) {
      State events = State::initial(plant, Seed{4});
      State recursion = events;
      const State begin = events;
      advance(plant, plant.parameters(), events, {.time = end});
      advance_by_recursion(plant, plant.parameters(), recursion, {.time = end});
      expect_same(plant, begin, events, begin, recursion, time);
    }
  }
}

}  // namespace
}  // namespace twin
