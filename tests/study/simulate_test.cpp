#include "twin/study/simulate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <string>

#include "twin/base/error.hpp"

namespace twin::study {
namespace {

constexpr const char* kSingle = R"(
stations: {mill: {}}
products: {part: {route: [{at: mill, time: exponential(48 s)}], arrivals: every exponential(60 s)}}
run: {warmup: 20 h, until: 500 h, replications: 20, seed: 1}
)";

/// Equal bit by bit; NaN equals NaN.
bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

void expect_within(const Estimate& e, double truth, const std::string& what) {
  const double standard_error = e.half_width / student_t(0.95, static_cast<double>(e.n - 1));
  EXPECT_LE(std::abs(e.mean - truth), 3.5 * standard_error) << what << ": " << e.mean << " instead of " << truth;
}

TEST(Simulate, AgreesWithTheClosedFormsOfMM1) {
  const Result result = simulate(Plant::parse(kSingle));
  ASSERT_EQ(result.replications, 20);
  expect_within(result["part.cycle_time"], 240, "cycle time");
  expect_within(result["part.waiting_time"], 192, "waiting time");
  expect_within(result["mill.queue_time"], 192, "queue time");
  expect_within(result["part.wip"], 4, "work in process");
  expect_within(result["mill.queue_length"], 3.2, "queue length");
  expect_within(result["mill.utilisation"], 0.8, "utilisation");
  expect_within(result["part.throughput"], 1 / 60.0, "throughput");
  // First come first served: the time in the system is exponential.
  expect_within(result["part.cycle_time.p90"], 240 * std::log(10), "quantile of cycle time");
  expect_within(result["part.cycle_time.p50"], 240 * std::log(2), "median of cycle time");
}

TEST(Simulate, GivesTheSameBitsOnAnyNumberOfThreads) {
  const Plant plant = Plant::parse(kSingle);
  const SimulateOptions base{.replications = 7, .until = 60 * kHour, .threads = 1};
  const Result one = simulate(plant, base);
  for (const int threads : {2, 3, 16}) {
    SimulateOptions options = base;
    options.threads = threads;
    const Result many = simulate(plant, options);
    EXPECT_TRUE(same_bits(one.values, many.values)) << threads;
    EXPECT_EQ(one.digest, many.digest) << threads;
    EXPECT_EQ(one.completed, many.completed);
    EXPECT_EQ(one.events, many.events);
    for (std::size_t m = 0; m < one.metrics.size(); ++m) {
      EXPECT_EQ(std::memcmp(&one.estimates[m], &many.estimates[m], sizeof(Estimate)), 0) << one.metrics[m].name;
    }
  }
}

TEST(Simulate, CanBeDoneInPieces) {
  const Plant plant = Plant::parse(kSingle);
  const SimulateOptions all{.replications = 5, .until = 40 * kHour};
  SimulateOptions front = all, back = all;
  front.replications = 2;
  back.replications = 3;
  back.first_replication = 2;
  const Result whole = simulate(plant, all), a = simulate(plant, front), b = simulate(plant, back);
  std::vector<double> joined = a.values;
  joined.insert(joined.end(), b.values.begin(), b.values.end());
  EXPECT_TRUE(same_bits(joined, whole.values));
  EXPECT_EQ(a.digest + b.digest, whole.digest);
}

TEST(Simulate, DependsOnTheSeed) {
  const Plant plant = Plant::parse(kSingle);
  SimulateOptions options{.replications = 2, .seed = Seed{5}, .until = 40 * kHour};
  const Result five = simulate(plant, options);
  options.seed = Seed{6};
  const Result six = simulate(plant, options);
  EXPECT_NE(five.digest, six.digest);
  EXPECT_NE(five["part.cycle_time"].mean, six["part.cycle_time"].mean);
}

TEST(Simulate, RunsUntilAllOrdersHaveLeftWhenNoEndIsGiven) {
  const Plant plant = Plant::parse(R"(
stations: {saw: {}}
products: {bar: {route: [{at: saw, time: 10 min}]}}
orders: [{id: A, product: bar, quantity: 3}, {id: B, product: bar, quantity: 1, release: 2 h, due: 2 h}]
)");
  const Result result = simulate(plant);
  EXPECT_EQ(result.replications, 1);
  EXPECT_DOUBLE_EQ(result["A.finish"].mean, 1800);
  EXPECT_DOUBLE_EQ(result["B.finish"].mean, 7800);
  EXPECT_DOUBLE_EQ(result["order.finish"].mean, 7800);
  EXPECT_DOUBLE_EQ(result["saw.utilisation"].mean, 40.0 / 130);
  EXPECT_DOUBLE_EQ(result["bar.cycle_time.p50"].mean, 900);  // of 10, 20, 30 and 10 min
  EXPECT_DOUBLE_EQ(result["bar.tardiness.p99"].mean, 600 * (1 - 3 * 0.01));
  EXPECT_EQ(result.completed, 4U);
  EXPECT_EQ(result.unfinished, 0);
}

TEST(Simulate, QuantilesOfLotsAreThoseOfTheirSortedTimes) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {}}
products:
  a: {route: [{at: mill, time: exponential(40 s)}], arrivals: every exponential(100 s)}
  b: {route: [{at: mill, time: exponential(20 s)}], arrivals: every exponential(100 s), due: 1 min}
run: {warmup: 1 h, until: 20 h}
)");
  const Result result = simulate(plant);
  State state = State::initial(plant, Seed{plant.run().seed});
  advance(plant, plant.parameters(), state, Until{.time = kHour});
  LotLog log;
  advance(plant, plant.parameters(), state, Until{.time = 20 * kHour}, log);
  for (const char* what : {"a", "b", "plant"}) {
    std::vector<double> cycle, tardiness;
    for (const LotRecord& lot : log.lots) {
      if (what != std::string("plant") && plant.product(what).value != lot.product) continue;
      cycle.push_back(seconds_from_ticks(lot.finish - lot.release));
      tardiness.push_back(std::max(0.0, seconds_from_ticks(lot.finish - lot.due)));
    }
    std::ranges::sort(cycle);
    std::ranges::sort(tardiness);
    for (std::size_t k = 0; k < std::size(kQuantileLevels); ++k) {
      const std::string level = std::string(".") + kQuantileNames[k];
      EXPECT_DOUBLE_EQ(result[what + (".cycle_time" + level)].mean, quantile(cycle, kQuantileLevels[k]))
          << what << level;
      EXPECT_DOUBLE_EQ(result[what + (".tardiness" + level)].mean, quantile(tardiness, kQuantileLevels[k]))
          << what << level;
    }
  }
}

TEST(Simulate, LeavesReplicationsWithoutDataOutOfTheMean) {
  // A lot comes once in 10 h on average, and 10 h are run: some replications see none.
  const Plant plant = Plant::parse(R"(
stations: {saw: {}}
products: {bar: {route: [{at: saw, time: 1 min}], arrivals: every exponential(10 h)}}
run: {until: 10 h, replications: 40}
)");
  const Result result = simulate(plant);
  const Estimate& cycle = result["bar.cycle_time"];
  EXPECT_GT(cycle.n, 10);
  EXPECT_LT(cycle.n, 40);
  EXPECT_DOUBLE_EQ(cycle.mean, 60);
  EXPECT_EQ(result["bar.throughput"].n, 40);
  int without = 0;
  for (const double x : result.sample("bar.cycle_time")) without += std::isnan(x) ? 1 : 0;
  EXPECT_EQ(without + cycle.n, 40);
}

TEST(Simulate, CountsFiguresFromTheWarmUpOn) {
  const Plant plant = Plant::parse(kSingle);
  const SimulateOptions options{.replications = 1, .warmup = 0, .until = 10 * kHour, .quantiles = false};
  SimulateOptions warm = options;
  warm.warmup = 9 * kHour;
  const Result whole = simulate(plant, options), tail = simulate(plant, warm);
  EXPECT_EQ(whole.digest, tail.digest);
  EXPECT_EQ(whole.events, tail.events);
  EXPECT_GT(whole.completed, tail.completed);
  EXPECT_GT(tail.completed, 0U);
  EXPECT_THROW((void)whole.index("part.cycle_time.p95"), InvalidArgument);
}

TEST(Simulate, StopsWhenCancelled) {
  std::atomic<bool> cancel{true};
  const Plant plant = Plant::parse(kSingle);
  EXPECT_THROW((void)simulate(plant, {.threads = 1, .cancel = &cancel}), Cancelled);
  EXPECT_THROW((void)simulate(plant, {.threads = 2, .cancel = &cancel}), Cancelled);
  cancel = false;
  // From within: after the first replication, in the midst of the second.
  EXPECT_THROW((void)simulate(plant, {.replications = 2000,
                                      .threads = 1,
                                      .cancel = &cancel,
                                      .progress = [&](int done, int) { cancel = done > 0; }}),
               Cancelled);
}

TEST(Simulate, RefusesWhatMakesNoSense) {
  const Plant plant = Plant::parse(kSingle);
  EXPECT_THROW((void)simulate(plant, {.replications = -1}), InvalidArgument);
  EXPECT_THROW((void)simulate(plant, {.threads = -1}), InvalidArgument);
  EXPECT_THROW((void)simulate(plant, {.warmup = 600 * kHour}), InvalidArgument);
  EXPECT_THROW((void)simulate(plant, {.until = kNever}), InvalidArgument);  // it has no orders to end with
  const Result result = simulate(plant, {.replications = 1, .until = 30 * kHour});
  try {
    (void)result["part.cycletime"];
    FAIL() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("part.cycle_time"), std::string::npos) << error.what();
  }
}

TEST(Simulate, RefusesParametersOfAnotherPlant) {
  const Plant plant = Plant::parse(kSingle);
  Parameters cut = plant.parameters();
  cut.distributions.pop_back();
  EXPECT_THROW((void)simulate(plant, cut), InvalidArgument);
  Parameters flood = plant.parameters();
  flood.set(plant.data().sources[0].interarrival, Distribution::deterministic(0));
  EXPECT_THROW((void)simulate(plant, flood), InvalidArgument);
}

}  // namespace
}  // namespace twin::study
