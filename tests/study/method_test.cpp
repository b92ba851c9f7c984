#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "../sim/random_line.hpp"
#include "twin/base/error.hpp"
#include "twin/study/compare.hpp"
#include "twin/study/forecast.hpp"
#include "twin/study/simulate.hpp"

namespace twin::study {
namespace {

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST(Method, GivesTheSameResultsByEventsAndByRecursion) {
  for (unsigned seed = 1000; seed < 1060; ++seed) {
    const Plant plant = random_line(seed);
    SCOPED_TRACE(plant.yaml());
    SimulateOptions options{.replications = 5, .warmup = 2 * kHour, .until = 40 * kHour, .threads = 1};
    if (seed % 4 == 0 && !plant.data().orders.empty()) options.until = kNever;
    options.method = Method::kEvents;
    const Result events = simulate(plant, options);
    options.method = Method::kRecursion;
    options.threads = 3;
    const Result recursion = simulate(plant, options);
    options.method = Method::kAuto;
    const Result chosen = simulate(plant, options);
    EXPECT_EQ(events.method, Method::kEvents);
    EXPECT_EQ(recursion.method, Method::kRecursion);
    EXPECT_EQ(chosen.method, Method::kRecursion);
    for (const Result* other : {&recursion, &chosen}) {
      ASSERT_TRUE(same_bits(events.values, other->values));
      ASSERT_EQ(events.digest, other->digest);
      ASSERT_EQ(events.events, other->events);
      ASSERT_EQ(events.completed, other->completed);
      ASSERT_EQ(events.unfinished, other->unfinished);
    }
  }
}

TEST(Method, GivesTheSameFuturesByEventsAndByRecursion) {
  for (unsigned seed = 1100; seed < 1140; ++seed) {
    const Plant plant = random_line(seed);
    SCOPED_TRACE(plant.yaml());
    State state = State::initial(plant, Seed{seed});
    advance(plant, plant.parameters(), state, {.time = 3 * kHour});
    ForecastOptions options{.futures = 6, .horizon = 9 * kHour, .threads = 1};
    options.method = Method::kEvents;
    const Forecast events = forecast(plant, plant.parameters(), state, options);
    options.method = Method::kAuto;
    options.threads = 2;
    const Forecast recursion = forecast(plant, plant.parameters(), state, options);
    EXPECT_EQ(recursion.method, Method::kRecursion);
    ASSERT_EQ(events.instants, recursion.instants);
    ASSERT_TRUE(same_bits(events.values, recursion.values));
    ASSERT_EQ(events.digest, recursion.digest);
    ASSERT_EQ(events.events, recursion.events);
  }
}

TEST(Method, IsRefusedWhereThePlantDoesNotAllowIt) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {machines: 2}}
products: {part: {route: [{at: mill, time: exponential(48 s)}], arrivals: every exponential(60 s)}}
run: {until: 5 h}
)");
  EXPECT_EQ(simulate(plant).method, Method::kEvents);
  try {
    (void)simulate(plant, {.method = Method::kRecursion});
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("stations.mill.machines: 2 machines"), std::string::npos) << error.what();
  }
  const State state = State::initial(plant);
  EXPECT_THROW((void)forecast(plant, plant.parameters(), state, {.horizon = kHour, .method = Method::kRecursion}),
               InvalidArgument);
}

}  // namespace
}  // namespace twin::study
