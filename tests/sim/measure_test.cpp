#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "twin/base/error.hpp"
#include "twin/sim/advance.hpp"

namespace twin {
namespace {

using Figures = std::map<std::string, double>;

Figures figures(const Plant& plant, const State& begin, const State& end) {
  const auto names = metrics(plant);
  const auto values = measure(plant, begin, end);
  EXPECT_EQ(names.size(), values.size());
  Figures out;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i].name] = values[i];
  EXPECT_EQ(out.size(), names.size()) << "a name stands twice";
  return out;
}

Figures run(const Plant& plant, Tick from, Tick until) {
  State state = State::initial(plant);
  if (from > 0) advance(plant, plant.parameters(), state, Until{.time = from});
  const State begin = state;
  advance(plant, plant.parameters(), state, Until{.time = until});
  return figures(plant, begin, state);
}

// One lot each 10 min, 6 min of work: the n-th arrives at 10 n, leaves at 10 n + 6.
constexpr const char* kRegular = R"(
stations: {mill: {}}
products: {part: {route: [{at: mill, time: 6 min}], arrivals: every 10 min}}
run: {until: 100 min}
)";

TEST(Measure, GivesTheFiguresOfARegularFlowExactly) {
  const Plant plant = Plant::parse(kRegular);
  const Figures f = run(plant, 0, 106 * kMinute);  // the 10th lot has just left
  EXPECT_DOUBLE_EQ(f.at("part.completed"), 10);
  EXPECT_DOUBLE_EQ(f.at("part.throughput"), 10.0 / (106 * 60));
  EXPECT_DOUBLE_EQ(f.at("part.cycle_time"), 360);
  EXPECT_DOUBLE_EQ(f.at("part.waiting_time"), 0);
  EXPECT_DOUBLE_EQ(f.at("part.wip"), 60.0 / 106);
  EXPECT_DOUBLE_EQ(f.at("mill.utilisation"), 60.0 / 106);
  EXPECT_DOUBLE_EQ(f.at("mill.share.working"), 60.0 / 106);
  EXPECT_DOUBLE_EQ(f.at("mill.share.starved"), 46.0 / 106);
  EXPECT_DOUBLE_EQ(f.at("mill.queue_length"), 0);
  EXPECT_DOUBLE_EQ(f.at("mill.visits"), 10);
  EXPECT_DOUBLE_EQ(f.at("plant.throughput"), f.at("part.throughput"));
}

TEST(Measure, CountsWhatStillRunsUpToTheClock) {
  const Plant plant = Plant::parse(kRegular);
  const Figures f = run(plant, 12 * kMinute, 23 * kMinute);  // works from 12 to 16 and from 20 to 23
  EXPECT_DOUBLE_EQ(f.at("mill.utilisation"), 7.0 / 11);
  EXPECT_DOUBLE_EQ(f.at("part.wip"), 7.0 / 11);
  EXPECT_DOUBLE_EQ(f.at("part.completed"), 1);
  EXPECT_DOUBLE_EQ(f.at("part.cycle_time"), 360);
}

TEST(Measure, QueueFiguresAreThoseOfABatch) {
  // Four lots at once at one machine of 10 min: they wait 0, 10, 20, 30 min, then all is quiet.
  const Plant plant = Plant::parse(R"(
stations: {saw: {}}
products: {bar: {route: [{at: saw, time: 10 min}]}}
orders: [{id: A, product: bar, quantity: 4, due: 25 min}]
)");
  const Figures f = run(plant, 0, 80 * kMinute);
  EXPECT_DOUBLE_EQ(f.at("saw.queue_time"), 900);
  EXPECT_DOUBLE_EQ(f.at("saw.queue_length"), 60.0 / 80);
  EXPECT_DOUBLE_EQ(f.at("bar.waiting_time"), 900);
  EXPECT_DOUBLE_EQ(f.at("bar.cycle_time"), 1500);
  EXPECT_DOUBLE_EQ(f.at("bar.wip"), 100.0 / 80);
  EXPECT_DOUBLE_EQ(f.at("bar.late"), 0.5);  // the lots of 30 and 40 min
  EXPECT_DOUBLE_EQ(f.at("bar.tardiness"), 20 * 60 / 4.0);
  EXPECT_DOUBLE_EQ(f.at("A.finish"), 2400);
  EXPECT_DOUBLE_EQ(f.at("A.tardiness"), 900);
  EXPECT_DOUBLE_EQ(f.at("A.late"), 1);
  EXPECT_DOUBLE_EQ(f.at("order.finish"), 2400);
  EXPECT_DOUBLE_EQ(f.at("order.tardiness"), 900);
  EXPECT_DOUBLE_EQ(f.at("order.late"), 1);
}

TEST(Measure, HasNoDataWhereNothingHappened) {
  const Plant plant = Plant::parse(R"(
stations: {saw: {}}
products: {bar: {route: [{at: saw, time: 10 min}]}}
orders: [{id: A, product: bar, quantity: 2}]
)");
  const Figures f = run(plant, 0, 5 * kMinute);
  for (const char* name :
       {"bar.cycle_time", "bar.waiting_time", "bar.late", "A.finish", "A.tardiness", "order.finish", "order.late"}) {
    EXPECT_TRUE(std::isnan(f.at(name))) << name;
  }
  EXPECT_DOUBLE_EQ(f.at("bar.throughput"), 0);
  State state = State::initial(plant);
  EXPECT_TRUE(std::isnan(figures(plant, state, state).at("saw.utilisation")));
}

TEST(Measure, UtilisationIsOverOpenTimeAndSharesOverAllTime) {
  // Open 8 of 24 h, always work at hand: busy whenever open.
  const Plant plant = Plant::parse(R"(
calendars: {day: {daily: "08:00-16:00"}}
stations: {mill: {calendar: day}}
products: {part: {route: [{at: mill, time: 1 h}], arrivals: saturate}}
run: {until: 7 d}
)");
  const Figures f = run(plant, 0, 7 * kDay);
  EXPECT_DOUBLE_EQ(f.at("mill.utilisation"), 1);
  EXPECT_DOUBLE_EQ(f.at("mill.share.working"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(f.at("mill.share.off"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(f.at("part.completed"), 56);
}

TEST(Measure, SharesOfEveryStationAddUpToOne) {
  const Plant plant = Plant::parse(R"(
calendars: {day: {daily: "06:00-22:00"}}
stations:
  a: {setup: 1 min, failures: [{after: exponential(1 h) of work, repair: exponential(5 min)}]}
  b: {machines: 2, queue: {places: 1}, calendar: day}
products: {part: {route: [{at: a, time: exponential(5 min)}, {at: b, time: exponential(9 min)}], arrivals: saturate}}
run: {until: 1000 h}
)");
  const Figures f = run(plant, 10 * kHour, 1000 * kHour);
  for (const char* station : {"a", "b", "b.1", "b.2"}) {
    double sum = 0;
    for (const char* share : {"working", "setup", "blocked", "starved", "down", "off"}) {
      sum += f.at(std::string(station) + ".share." + share);
    }
    EXPECT_NEAR(sum, 1, 1e-12) << station;
  }
  EXPECT_GT(f.at("a.share.blocked"), 0);
  EXPECT_GT(f.at("a.share.setup"), 0);
  EXPECT_GT(f.at("a.share.down"), 0);
  EXPECT_DOUBLE_EQ(f.at("b.share.working"), (f.at("b.1.share.working") + f.at("b.2.share.working")) / 2);
}

TEST(Measure, NamesMachinesOnlyWhereTheyAreMoreThanTheirStation) {
  const Plant plant = Plant::parse(R"(
stations: {one: {}, two: {machines: 2}, named: {machines: {T1: {}}}, same: {machines: {same: {}}}}
products: {part: {route: [{at: one, time: 1 s}, {at: two, time: 1 s}, {at: named, time: 1 s}, {at: same, time: 1 s}],
                  arrivals: every 1 h}}
run: {until: 1 d}
)");
  std::set<std::string> names;
  for (const Metric& metric : metrics(plant)) EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
  EXPECT_TRUE(names.contains("one.utilisation"));
  EXPECT_FALSE(names.contains("one.1.utilisation"));
  EXPECT_TRUE(names.contains("two.1.utilisation"));
  EXPECT_TRUE(names.contains("two.2.share.down"));
  EXPECT_TRUE(names.contains("T1.visits"));
  EXPECT_FALSE(names.contains("two.1.queue_length"));
}

TEST(Measure, AnOrderCalledAsItsProductKeepsTheProductsFigures) {
  const Plant plant = Plant::parse(R"(
stations: {saw: {}}
products: {bar: {route: [{at: saw, time: 10 min}]}}
orders: [{id: bar, product: bar, quantity: 2, due: 15 min}]
)");
  const Figures f = run(plant, 0, 1 * kHour);
  EXPECT_DOUBLE_EQ(f.at("bar.finish"), 1200);
  EXPECT_DOUBLE_EQ(f.at("bar.tardiness"), 150);  // mean of its lots: 0 and 300
  EXPECT_DOUBLE_EQ(f.at("order.tardiness"), 300);
}

TEST(Measure, RefusesStatesOfAnotherPlantOrInTheWrongOrder) {
  const Plant plant = Plant::parse(kRegular);
  const Plant wider = plant.change({{"stations.mill.machines", "2"}});
  State later = State::initial(plant);
  const State first = later;
  advance(plant, plant.parameters(), later, Until{.time = kHour});
  EXPECT_THROW((void)measure(plant, later, first), InvalidArgument);
  EXPECT_THROW((void)measure(wider, first, later), InvalidArgument);
}

}  // namespace
}  // namespace twin
