#include "twin/study/compare.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "twin/base/error.hpp"

namespace twin::study {
namespace {

constexpr const char* kShop = R"yaml(
stations: {saw: {}, mill: {}}
products:
  bar: {route: [{at: saw, time: "gamma(mean 10 min, cv 0.5)"}, {at: mill, time: "gamma(mean 12 min, cv 0.5)",
        then: {pass: 0.9, rework: {mill: 0.1}}}]}
orders: [{id: A, product: bar, quantity: 20}]
)yaml";

State midway(const Plant& plant) {
  State state = State::initial(plant, Seed{4});
  advance(plant, plant.parameters(), state, Until{.time = kHour});
  return state;
}

TEST(Compare, PairedDifferencesAreNarrowerThanThoseOfIndependentRuns) {
  const Plant plant = Plant::parse(kShop);
  const Comparison answer = what_if(plant, plant.parameters(), midway(plant),
                                    {{"as is", {}},
                                     {"faster mill", {{"stations.mill.speed", "1.05"}}},
                                     {"second mill", {{"stations.mill.machines", "2"}}}},
                                    {.forecast = {.futures = 300}});
  const auto rows = answer.compare("order.finish");
  ASSERT_EQ(rows.size(), 3U);
  const Compared &base = rows[0], &faster = rows[1], &second = rows[2];
  EXPECT_EQ(base.difference.mean, 0);
  EXPECT_EQ(base.difference.half_width, 0);
  EXPECT_LT(faster.difference.mean + faster.difference.half_width, 0);
  const double independent = std::hypot(base.value.half_width, faster.value.half_width);
  EXPECT_LT(faster.difference.half_width, 0.3 * independent);
  EXPECT_NEAR(faster.variance_ratio, std::pow(faster.difference.half_width / independent, 2), 1e-9);
  EXPECT_GT(faster.correlation, 0.9);
  EXPECT_LT(second.difference.mean, faster.difference.mean);
  EXPECT_NEAR(base.best + faster.best + second.best, 1, 1e-12);
  EXPECT_GT(second.best, 0.9);
  EXPECT_NEAR(second.difference.mean, second.value.mean - base.value.mean, 1e-6);
}

TEST(Compare, TheSameScenarioTwiceDiffersByNothing) {
  const Plant plant = Plant::parse(kShop);
  const Comparison answer =
      what_if(plant, plant.parameters(), midway(plant),
              {{"as is", {}}, {"the same in words", {{"stations.mill.machines", "1"}}}}, {.forecast = {.futures = 50}});
  const auto rows = answer.compare("order.finish");
  EXPECT_EQ(rows[1].difference.mean, 0);
  EXPECT_DOUBLE_EQ(rows[0].best, 0.5);
  EXPECT_EQ(answer.sample("as is", "bar.cycle_time"), answer.sample("the same in words", "bar.cycle_time"));
}

TEST(Compare, TakesDifferencesToTheBaselineAsked) {
  const Plant plant = Plant::parse(kShop);
  const Comparison answer =
      what_if(plant, plant.parameters(), midway(plant),
              {{"as is", {}}, {"second mill", {{"stations.mill.machines", "2"}}}}, {.forecast = {.futures = 50}});
  const auto rows = answer.compare("order.finish", "second mill", false);
  EXPECT_GT(rows[0].difference.mean, 0);
  EXPECT_EQ(rows[1].difference.mean, 0);
  EXPECT_GT(rows[0].best, 0.5);  // largest finish wins when asked so
  EXPECT_THROW((void)answer.compare("order.finish", "third mill"), InvalidArgument);
  try {
    (void)answer.compare("order.finnish");
    FAIL() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("order.finish"), std::string::npos) << error.what();
  }
}

TEST(Compare, WholePlantsShareTheirLuckToo) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {}}
products: {part: {route: [{at: mill, time: exponential(48 s)}], arrivals: every exponential(60 s)}}
run: {warmup: 5 h, until: 50 h, replications: 20, seed: 2}
)");
  const Comparison answer = compare_plants(
      plant, plant.parameters(),
      {{"fifo", {}}, {"lifo", {{"stations.mill.queue.rule", "lifo"}}}, {"faster", {{"stations.mill.speed", "1.01"}}}});
  const auto busy = answer.compare("mill.utilisation");
  EXPECT_NEAR(busy[1].difference.mean, 0, 1e-12);  // the order of service leaves the work alone
  const auto rows = answer.compare("part.wip");
  EXPECT_LT(rows[2].difference.mean + rows[2].difference.half_width, 0);
  EXPECT_LT(rows[2].variance_ratio, 0.1);
  EXPECT_EQ(rows[0].value.n, 20);
}

TEST(Compare, LearnedNumbersSurviveAChangeOfSomethingElse) {
  const Plant plant = Plant::parse(kShop);
  Parameters learned = plant.parameters();
  const auto saw = plant.distribution("products.bar.route.saw.time");
  const auto mill = plant.distribution("products.bar.route.mill.time");
  learned.set(saw, Distribution::deterministic(500));
  learned.set(mill, Distribution::empirical({600, 700, 800}));
  learned.branch_probability[0] = 0.8;
  learned.branch_probability[1] = 0.2;
  learned.speed[1] = 1.5;

  const Plant more = plant.change({{"stations.mill.machines", "3"}, {"products.bar.route.saw.time", "9 min"}});
  const Parameters carried = carry_parameters(plant, learned, more);
  EXPECT_EQ(carried.distribution(more.distribution("products.bar.route.saw.time")), Distribution::deterministic(540));
  EXPECT_EQ(carried.distribution(more.distribution("products.bar.route.mill.time")),
            Distribution::empirical({600, 700, 800}));
  EXPECT_EQ(carried.branch_probability, learned.branch_probability);
  EXPECT_EQ(carried.speed[more.machine("mill.1").value], 1.5);
  EXPECT_EQ(carried.speed[more.machine("mill.3").value], 1);

  const Plant other = plant.change({{"products.bar.route.mill.then", "{pass: 0.7, rework: {mill: 0.3}}"}});
  EXPECT_EQ(carry_parameters(plant, learned, other).branch_probability, other.parameters().branch_probability);
  EXPECT_EQ(carry_parameters(plant, plant.parameters(), plant), plant.parameters());
}

TEST(Compare, RefusesNoAlternativeAndTwoOfOneName) {
  const Plant plant = Plant::parse(kShop);
  const State state = State::initial(plant);
  EXPECT_THROW((void)what_if(plant, plant.parameters(), state, {}), InvalidArgument);
  EXPECT_THROW((void)what_if(plant, plant.parameters(), state, {{"a", {}}, {"a", {}}}), InvalidArgument);
  EXPECT_THROW((void)what_if(plant, plant.parameters(), state, {{"a", {{"stations.drill.machines", "2"}}}}),
               PlantError);
}

TEST(Compare, ProgressCountsAllAlternatives) {
  const Plant plant = Plant::parse(kShop);
  int last = -1, total = 0;
  WhatIfOptions options{.forecast = {.futures = 10, .threads = 1, .progress = [&](int done, int of) {
                                       EXPECT_GE(done, last);
                                       last = done;
                                       total = of;
                                     }}};
  (void)what_if(plant, plant.parameters(), midway(plant), {{"a", {}}, {"b", {{"stations.saw.speed", "2"}}}}, options);
  EXPECT_EQ(last, 20);
  EXPECT_EQ(total, 20);
}

TEST(Compare, CarriesOnlyParametersOfThePlant) {
  const Plant plant =
      Plant::parse("stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s}], arrivals: every 5 s}}");
  Parameters cut = plant.parameters();
  cut.distributions.pop_back();
  EXPECT_THROW((void)carry_parameters(plant, cut, plant), InvalidArgument);
}

}  // namespace
}  // namespace twin::study
