#include "twin/study/forecast.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "twin/base/error.hpp"

namespace twin::study {
namespace {

// Two machines in line, three lots ordered now and two more later; nothing is left to chance.
constexpr const char* kCertain = R"(
stations: {saw: {}, mill: {}}
products: {bar: {route: [{at: saw, time: 10 min}, {at: mill, time: 15 min}]}}
orders: [{id: A, product: bar, quantity: 3}, {id: B, product: bar, quantity: 2, release: 2 h}]
)";

State at(const Plant& plant, Tick t) {
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = t});
  return state;
}

TEST(Forecast, OfACertainPlantIsExact) {
  const Plant plant = Plant::parse(kCertain);
  const State state = at(plant, 12 * kMinute);  // saw: A-02 since 10 min; mill: A-01 since 10 min
  const Forecast f = forecast(plant, plant.parameters(), state, {.futures = 3});
  const auto expect_minutes = [&f](const char* name, Tick minutes) {
    for (const Tick instant : f.instants_of(name)) EXPECT_EQ(instant, minutes * kMinute) << name;
    EXPECT_EQ(f.quantile(name, 0.9), minutes * kMinute) << name;
    EXPECT_EQ(f.mean(name), minutes * kMinute) << name;
  };
  EXPECT_EQ(f.now, 12 * kMinute);
  expect_minutes("operation.saw.1.finish", 20);
  expect_minutes("operation.mill.1.finish", 25);
  expect_minutes("A-01.finish", 25);
  expect_minutes("A-02.finish", 40);
  expect_minutes("A-03.finish", 55);
  expect_minutes("A.finish", 55);
  expect_minutes("B-01.finish", 145);
  expect_minutes("B-02.finish", 160);
  expect_minutes("B.finish", 160);
  expect_minutes("order.finish", 160);
  EXPECT_EQ(f.names.size(), 10U);
  EXPECT_DOUBLE_EQ(f.probability_before("B.finish", 160 * kMinute), 1);
  EXPECT_DOUBLE_EQ(f.probability_before("B.finish", 160 * kMinute - 1), 0);
  EXPECT_DOUBLE_EQ(f.sample("order.finish")[1], 148 * 60);
  EXPECT_DOUBLE_EQ(f.sample("bar.completed")[1], 5);
}

TEST(Forecast, KeepsOrdersThatAreDoneAndLeavesOutTheirLots) {
  const Plant plant = Plant::parse(kCertain);
  const Forecast f = forecast(plant, plant.parameters(), at(plant, 60 * kMinute), {.futures = 2});
  EXPECT_EQ(f.quantile("A.finish", 0.5), 55 * kMinute);
  EXPECT_FALSE(f.has("A-03.finish"));
  EXPECT_TRUE(f.has("B-02.finish"));
  EXPECT_FALSE(f.has("operation.saw.1.finish"));
}

TEST(Forecast, SaysWhatIsNotReachedByTheHorizon) {
  const Plant plant = Plant::parse(kCertain);
  const Forecast f = forecast(plant, plant.parameters(), at(plant, 12 * kMinute),
                              {.futures = 2, .horizon = 138 * kMinute});  // up to 150 min
  EXPECT_EQ(f.horizon, 150 * kMinute);
  EXPECT_EQ(f.quantile("B-01.finish", 0.5), 145 * kMinute);
  EXPECT_EQ(f.quantile("B-02.finish", 0.5), kNever);
  EXPECT_EQ(f.mean("order.finish"), kNever);
  EXPECT_EQ(f.sample("B.finish")[0], std::numeric_limits<double>::infinity());
  EXPECT_DOUBLE_EQ(f.probability_before("B.finish", kNever), 0);
}

TEST(Forecast, TellsOfLotsThatNobodyOrderedWhenTheHorizonIsGiven) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {}}
products: {part: {route: [{at: mill, time: 6 min}], arrivals: every 10 min}}
run: {until: 1 d}
)");
  const State state = at(plant, 33 * kMinute);
  const Forecast f = forecast(plant, plant.parameters(), state, {.futures = 2, .horizon = kHour});
  EXPECT_EQ(f.names, (std::vector<std::string>{"part#3.finish", "operation.mill.1.finish"}));
  EXPECT_EQ(f.quantile("part#3.finish", 0), 36 * kMinute);
  EXPECT_THROW((void)forecast(plant, plant.parameters(), state, {.futures = 2}), InvalidArgument);
}

constexpr const char* kUncertain = R"yaml(
stations: {saw: {}, mill: {machines: 2, failures: [{after: exponential(5 h) of work, repair: exponential(20 min)}]}}
products:
  bar: {route: [{at: saw, time: "lognormal(mean 10 min, cv 0.4)"}, {at: mill, time: exponential(25 min)}]}
orders: [{id: A, product: bar, quantity: 12}, {id: B, product: bar, quantity: 1, release: 1 h}]
)yaml";

TEST(Forecast, GivesTheSameBitsOnAnyNumberOfThreads) {
  const Plant plant = Plant::parse(kUncertain);
  const State state = at(plant, 45 * kMinute);
  const Forecast one = forecast(plant, plant.parameters(), state, {.futures = 60, .threads = 1});
  const Forecast four = forecast(plant, plant.parameters(), state, {.futures = 60, .threads = 4});
  EXPECT_EQ(one.instants, four.instants);
  EXPECT_EQ(one.digest, four.digest);
  EXPECT_EQ(one.events, four.events);
  EXPECT_NE(one.quantile("A.finish", 0.1), one.quantile("A.finish", 0.9));
}

TEST(Forecast, OrdersAreDoneWithTheLastOfTheirLots) {
  const Plant plant = Plant::parse(kUncertain);
  const Forecast f = forecast(plant, plant.parameters(), at(plant, 0), {.futures = 40});
  const auto orders = f.instants_of("A.finish"), all = f.instants_of("order.finish"), b = f.instants_of("B.finish");
  std::vector<Tick> last(40, 0);
  for (int lot = 1; lot <= 12; ++lot) {
    const auto of_lot = f.instants_of((lot < 10 ? "A-0" : "A-") + std::to_string(lot) + ".finish");
    for (std::size_t i = 0; i < last.size(); ++i) last[i] = std::max(last[i], of_lot[i]);
  }
  EXPECT_EQ(last, orders);
  for (std::size_t i = 0; i < last.size(); ++i) EXPECT_EQ(all[i], std::max(orders[i], b[i]));
}

TEST(Forecast, RemainingTimeOfMemorylessWorkDoesNotDependOnItsAge) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {}}
products: {part: {route: [{at: mill, time: exponential(60 min)}]}}
orders: [{id: A, product: part, quantity: 1}]
)");
  State state = State::initial(plant, Seed{3});
  advance(plant, plant.parameters(), state, Until{.time = kMinute});
  ASSERT_EQ(state.machines[0].phase, Phase::kProcessing);
  constexpr int kFutures = 4000;
  const Forecast f = forecast(plant, plant.parameters(), state, {.futures = kFutures});
  const Estimate left = estimate(f.sample("operation.mill.1.finish"));
  EXPECT_NEAR(left.mean, 3600, 3.5 * 3600 / std::sqrt(kFutures));
  EXPECT_NEAR(f.probability_before("A.finish", state.now + kHour), 1 - std::exp(-1), 3.5 * 0.5 / std::sqrt(kFutures));
}

TEST(Forecast, MixesSetsOfUncertainParameters) {
  const Plant plant = Plant::parse(kCertain);
  Parameters slow = plant.parameters();
  slow.set(plant.distribution("products.bar.route.mill.time"), Distribution::deterministic(1800));
  const std::vector<Parameters> both{plant.parameters(), slow};
  const Forecast f = forecast(plant, both, State::initial(plant), {.futures = 4});
  EXPECT_EQ(f.instants_of("A.finish"), (std::vector<Tick>{55 * kMinute, 100 * kMinute, 55 * kMinute, 100 * kMinute}));
}

TEST(Forecast, LeavesTheStateAsItWas) {
  const Plant plant = Plant::parse(kUncertain);
  const State state = at(plant, 45 * kMinute);
  const auto before = state.digest(plant);
  (void)forecast(plant, plant.parameters(), state, {.futures = 5});
  EXPECT_EQ(state.digest(plant), before);
}

TEST(Forecast, RefusesWhatMakesNoSenseAndStopsWhenCancelled) {
  const Plant plant = Plant::parse(kCertain);
  const State state = State::initial(plant);
  EXPECT_THROW((void)forecast(plant, plant.parameters(), state, {.futures = 0}), InvalidArgument);
  EXPECT_THROW((void)forecast(plant, plant.parameters(), state, {.horizon = 0}), InvalidArgument);
  EXPECT_THROW((void)forecast(plant, std::vector<Parameters>{}, state), InvalidArgument);
  std::atomic<bool> cancel{true};
  EXPECT_THROW((void)forecast(plant, plant.parameters(), state, {.cancel = &cancel}), Cancelled);
  const Forecast f = forecast(plant, plant.parameters(), state, {.futures = 2});
  EXPECT_THROW((void)f.quantile("A-1.finish", 0.5), InvalidArgument);
  EXPECT_THROW((void)f.sample("bar.complete"), InvalidArgument);
}

TEST(Forecast, RefusesStatesAndParametersOfAnotherPlant) {
  const Plant plant = Plant::parse(kCertain), other = Plant::parse(kUncertain);
  const State state = State::initial(plant);
  EXPECT_THROW((void)forecast(other, other.parameters(), state), InvalidArgument);
  Parameters cut = plant.parameters();
  cut.speed.pop_back();
  EXPECT_THROW((void)forecast(plant, std::vector<Parameters>{plant.parameters(), cut}, state), InvalidArgument);
}

}  // namespace
}  // namespace twin::study
