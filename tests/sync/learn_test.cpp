#include "twin/sync/learn.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "twin/base/random.hpp"

namespace twin::sync {
namespace {

const char* const kSheet = R"yaml(
epoch: 2026-03-02T00:00:00Z
calendars: {day: {mon-fri: "08:00-16:00"}}
stations:
  mill:
    calendar: day
    failures: [{after: exponential(10 h) of work, repair: "lognormal(median 5 min, sigma 1)"}]
products:
  cap:
    route:
      - {op: OP1, at: mill, time: "uncertain(lognormal(mean 30 min, cv 0.1), sigma 0.5)",
         setup: "lognormal(median 5 min, sigma 0.8)", changeover: "lognormal(median 40 min, sigma 1)"}
      - {op: OP2, at: mill, time: "uncertain(lognormal(mean 10 min, cv 0.1), sigma 0.5)"}
orders: [{id: cap, product: cap, quantity: 20, release: 8 h}]
)yaml";

Tick at(const char* text) {
  WallTime time;
  EXPECT_TRUE(parse_wall_time(text, time));
  return time.time_since_epoch().count();
}

/// A completed operation without interruptions.
Operation done(int number, const char* name, Tick start, Tick length) {
  Operation op;
  op.part = "cap-" + std::string(number < 10 ? "0" : "") + std::to_string(number);
  op.product = "cap";
  op.operation = name;
  op.machine = "mill";
  op.start = start;
  op.end = start + length;
  op.processing = {{op.start, op.end}};
  return op;
}

std::vector<Operation> runs(int n, Tick length, Tick gap) {
  std::vector<Operation> all;
  Tick start = at("2026-03-02T08:10:00Z");
  for (int i = 1; i <= n; ++i) {
    all.push_back(done(i, "OP1", start, length));
    start += length + gap;
  }
  return all;
}

const Distribution time_of(const Plant& plant, const char* path) {
  return plant.parameters().distribution(plant.distribution(path));
}

TEST(Learn, KeepsThePlanOfWhatHasNoData) {
  const Plant sheet = Plant::parse(kSheet);
  const Learned learned = learn(sheet, {}, at("2026-03-02T09:00:00Z"));
  EXPECT_TRUE(learned.provenance.empty());
  EXPECT_EQ(learned.plant.parameters(), sheet.parameters());
}

TEST(Learn, MovesThePlanToFewObservationsAndSaysHowSureItIs) {
  const Plant sheet = Plant::parse(kSheet);
  const auto operations = runs(3, 20 * kMinute, 4 * kMinute);
  const Learned learned = learn(sheet, operations, at("2026-03-02T18:00:00Z"));
  const Distribution time = time_of(learned.plant, "products.cap.route.OP1.time");
  EXPECT_NEAR(time.quantile(0.5), 1200, 60);
  EXPECT_GT(time.flat().level_sd, 0);
  EXPECT_LT(time.flat().level_sd, 0.3);
  EXPECT_EQ(learned.provenance.at("products.cap.route.OP1.time").method, "posterior");
  EXPECT_EQ(learned.provenance.at("products.cap.route.OP1.time").n, 3U);
  EXPECT_EQ(learned.provenance.count("products.cap.route.OP2.time"), 0U);
}

TEST(Learn, ReadsNothingThatEndedLater) {
  const Plant sheet = Plant::parse(kSheet);
  const auto operations = runs(6, 20 * kMinute, 4 * kMinute);
  const Learned early = learn(sheet, operations, operations[2].end);
  EXPECT_EQ(early.provenance.at("products.cap.route.OP1.time").n, 3U);
}

TEST(Learn, TakesTheGapsBetweenOperationsInOpenTimeAsSetup) {
  const Plant sheet = Plant::parse(kSheet);
  std::vector<Operation> operations = runs(2, 20 * kMinute, 6 * kMinute);
  operations.push_back(done(3, "OP1", at("2026-03-03T08:04:00Z"), 20 * kMinute));  // the next morning
  const Learned learned = learn(sheet, operations, at("2026-03-03T12:00:00Z"));
  const Provenance& setup = learned.provenance.at("products.cap.route.OP1.setup");
  EXPECT_EQ(setup.n, 2U);
  // 6 minutes, and from the end of the second (08:56) to closing, and 4 minutes of the morning: no night in it.
  const double longest = time_of(learned.plant, "products.cap.route.OP1.setup").max();
  EXPECT_LE(longest, 2 * (7 * 3600 + 8 * 60) + 1);
}

TEST(Learn, PartsInterruptionsFromProcessing) {
  const Plant sheet = Plant::parse(kSheet);
  std::vector<Operation> operations = runs(3, 30 * kMinute, 5 * kMinute);
  for (Operation& op : operations) {
    const Tick stop = op.start + 5 * kMinute;
    op.processing = {{op.start, stop}, {stop + 10 * kMinute, op.end}};
    op.interrupted = {{stop, stop + 10 * kMinute}};
    op.interruptions = 1;
  }
  const Learned learned = learn(sheet, operations, at("2026-03-02T18:00:00Z"));
  EXPECT_NEAR(time_of(learned.plant, "products.cap.route.OP1.time").quantile(0.5), 1200, 60);
  const Provenance& repair = learned.provenance.at("stations.mill.failures[0].repair");
  EXPECT_EQ(repair.n, 3U);
  EXPECT_GT(time_of(learned.plant, "stations.mill.failures[0].repair").quantile(0.5), 350);
  // Declared: one failure in 10 h counts as seen once; then three in one hour of work.
  EXPECT_NEAR(time_of(learned.plant, "stations.mill.failures[0].after").mean(), (36000 + 3600) / 4.0, 1);
}

TEST(Learn, CountsWhatTheSheetDoesNotKnow) {
  const Plant sheet = Plant::parse(kSheet);
  std::vector<Operation> operations = runs(1, 20 * kMinute, 0);
  operations.push_back(done(2, "OP9", at("2026-03-02T10:00:00Z"), kMinute));
  operations.push_back(done(3, "OP1", at("2026-03-02T11:00:00Z"), kMinute));
  operations.back().machine = "lathe";
  EXPECT_EQ(learn(sheet, operations, at("2026-03-02T18:00:00Z")).unknown, 2U);
}

TEST(Learn, WritesAPlantThatReadsAsTheSameNumbers) {
  const Plant sheet = Plant::parse(kSheet);
  const auto operations = runs(12, 20 * kMinute, 4 * kMinute);
  const Learned learned = learn(sheet, operations, at("2026-03-02T18:00:00Z"));
  const std::string yaml = learned.plant.yaml();
  EXPECT_NE(yaml.find("provenance"), std::string::npos);
  const Plant again = Plant::parse(yaml);
  EXPECT_EQ(again.digest(), learned.plant.digest());
  for (std::uint32_t i = 0; i < again.parameters().distributions.size(); ++i)
    EXPECT_NEAR(again.parameters().mean(DistributionId{i}), learned.plant.parameters().mean(DistributionId{i}),
                1e-6 * learned.plant.parameters().mean(DistributionId{i}));
}

TEST(Realised, ScalesAllDrawsOfAReplicationAlike) {
  const Plant plant = Plant::parse(kSheet);
  const auto id = plant.distribution("products.cap.route.OP1.time");
  double sum = 0;
  double squares = 0;
  constexpr int n = 2000;
  for (int r = 0; r < n; ++r) {
    const Parameters numbers =
        plant.data().realised(plant.parameters(), draw_key(Seed{3}, static_cast<std::uint64_t>(r)));
    EXPECT_FALSE(numbers.uncertain());
    const double factor = std::log(numbers.mean(id) / plant.parameters().mean(id));
    sum += factor;
    squares += factor * factor;
  }
  EXPECT_NEAR(sum / n, 0, 0.5 * 4.5 / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(squares / n), 0.5, 0.04);
}

}  // namespace
}  // namespace twin::sync
