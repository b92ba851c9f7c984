#include "twin/sync/twin.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "log_builder.hpp"
#include "twin/base/error.hpp"
#include "twin/sim/advance.hpp"
#include "twin/state/state.hpp"
#include "twin/study/cancelled.hpp"
#include "twin/sync/backtest.hpp"

namespace twin::sync {
namespace {

// Two operations a part on one mill, from 00:00 of the day that `at` counts from.
const char* const kSheet = R"yaml(
epoch: 2017-02-01T00:00:00Z
stations:
  mill:
    machines: {M1: {}}
    failures: [{after: exponential(100 h) of work, repair: "lognormal(median 5 min, sigma 1)"}]
products:
  Cap:
    route:
      - {op: OP1, at: mill, time: "uncertain(lognormal(mean 20 min, cv 0.1), sigma 0.5)"}
      - {op: OP2, at: mill, time: "uncertain(lognormal(mean 10 min, cv 0.1), sigma 0.5)"}
orders: [{id: Cap, product: Cap, quantity: 6}]
)yaml";

/// A log of one operation that passes 20 blocks, each taking a twentieth of `seconds`.
JobLog run(int number, const char* operation, double start, double seconds) {
  LogBuilder log;
  log.status(start, "ACTIVE");
  for (int block = 1; block <= 20; ++block) log.block(start + seconds * (block - 0.5) / 20, block);
  log.status(start + seconds, "PROGRAM_COMPLETED");
  return log.job("Cap-0" + std::to_string(number), operation);
}

/// Parts 1 to 4 do OP1 in 15 minutes each, on the hour and every 20 minutes.
Twin floor() {
  Rules rules = test_rules();
  rules.silence = 0;
  Twin twin(Plant::parse(kSheet), rules);
  std::vector<JobLog> logs;
  for (int i = 1; i <= 4; ++i) logs.push_back(run(i, "OP1", 1200.0 * (i - 1), 900));
  twin.observe(std::move(logs));
  return twin;
}

TEST(Twin, StandsWithEachPartWhereItWas) {
  const Standing standing = floor().at(at(3 * 1200 + 450));
  const PlantData& plant = standing.plant.data();
  EXPECT_TRUE(standing.contradictions.empty());
  ASSERT_EQ(standing.operations.size(), 4U);
  EXPECT_EQ(standing.operations.back().outcome, Outcome::kInProgress);
  EXPECT_EQ(standing.state.now, standing.plant.ticks(WallTime{Duration{at(3 * 1200 + 450)}}));
  const MachineState& mill = standing.state.machines[0];
  ASSERT_NE(mill.lot, kNone);
  const Lot& lot = standing.state.lots[mill.lot];
  EXPECT_EQ(lot_name(plant, lot.source, lot.serial), "Cap-04");
  EXPECT_EQ(plant.step_names[lot.step], "OP1");
  std::map<std::string, std::string> waiting;
  for (const Lot& other : standing.state.lots)
    if (other.place == Place::kQueue)
      waiting[lot_name(plant, other.source, other.serial)] = plant.step_names[other.step];
  EXPECT_EQ(waiting,
            (std::map<std::string, std::string>{
                {"Cap-01", "OP2"}, {"Cap-02", "OP2"}, {"Cap-03", "OP2"}, {"Cap-05", "OP1"}, {"Cap-06", "OP1"}}));
}

TEST(Twin, TellsWhatIsLeftFromTheBlockReached) {
  const Twin twin = floor();
  const Standing with = twin.at(at(3 * 1200 + 450));
  EXPECT_TRUE(with.state.machines[0].believed);
  EXPECT_NEAR(seconds_from_ticks(with.state.machines[0].left), 450, 45);
  const Standing without = twin.at(at(3 * 1200 + 450), {.use_progress = false, .seed = {}, .learn = {}});
  EXPECT_FALSE(without.state.machines[0].believed);
}

TEST(Twin, ReadsNothingOfWhatCameLater) {
  const Twin whole = floor();
  Rules rules = test_rules();
  rules.silence = 0;
  Twin cut(Plant::parse(kSheet), rules);
  std::vector<JobLog> logs;
  for (int i = 1; i <= 3; ++i) logs.push_back(run(i, "OP1", 1200.0 * (i - 1), 900));
  LogBuilder begun;
  begun.status(3600, "ACTIVE");
  for (int block = 1; block <= 10; ++block) begun.block(3600 + 900 * (block - 0.5) / 20, block);
  logs.push_back(begun.job("Cap-04", "OP1"));
  cut.observe(std::move(logs));
  const Standing a = whole.at(at(3600 + 450));
  const Standing b = cut.at(at(3600 + 450));
  EXPECT_EQ(a.plant.yaml(), b.plant.yaml());
  EXPECT_EQ(a.state.digest(a.plant), b.state.digest(b.plant));
}

TEST(Twin, CountsAMachineThatStandsAsDown) {
  Rules rules = test_rules();
  rules.silence = 0;
  Twin twin(Plant::parse(kSheet), rules);
  LogBuilder log;
  log.status(0, "ACTIVE").block(10, 1).status(300, "FEED_HOLD").block(310, 1);
  twin.observe({log.job("Cap-01", "OP1")});
  const Standing standing = twin.at(at(600));
  EXPECT_EQ(standing.state.machines[0].condition, Condition::kDown);
  EXPECT_EQ(standing.state.machines[0].total - standing.state.machines[0].left, 300 * kSecond);
}

TEST(Twin, NotesWhereFloorAndSheetContradict) {
  Rules rules = test_rules();
  Twin twin(Plant::parse(kSheet), rules);
  twin.observe({run(1, "OP2", 0, 600), run(2, "OP7", 1000, 60), run(9, "OP1", 2000, 60)});
  const Standing standing = twin.at(at(5000));
  ASSERT_EQ(standing.contradictions.size(), 3U);
  EXPECT_NE(standing.contradictions[0].what.find("earlier operation was not seen"), std::string::npos);
  EXPECT_NE(standing.contradictions[1].what.find("no such operation"), std::string::npos);
  EXPECT_NE(standing.contradictions[2].what.find("no order has this part"), std::string::npos);
  EXPECT_EQ(standing.state.orders[0].finished, 1U);
}

TEST(Twin, StandsBeforeAnythingWasSeen) {
  const Standing standing = floor().at(at(-3600));
  EXPECT_EQ(standing.state.lot_count, 0U);
  EXPECT_EQ(standing.state.orders[0].released, 0U);
}

TEST(Twin, StopsWhenCancelled) {
  const Twin twin = floor();
  const std::atomic<bool> cancel = true;
  EXPECT_THROW((void)twin.operations({}, &cancel), study::Cancelled);
  EXPECT_THROW((void)twin.learned(at(7200), {.cancel = &cancel}), study::Cancelled);
  EXPECT_THROW((void)learn(twin.sheet(), twin.operations(), at(7200), {.cancel = &cancel}), study::Cancelled);
  EXPECT_THROW((void)twin.at(at(7200), {.cancel = &cancel}), study::Cancelled);
  EXPECT_THROW((void)twin.at(at(7200), {.learn = {.cancel = &cancel}}), study::Cancelled);
  EXPECT_THROW((void)follow(twin, "Cap-01", "OP1", 50, &cancel), study::Cancelled);
}

TEST(Backtest, ScoresForecastsAgainstWhatHappened) {
  Rules rules = test_rules();
  rules.silence = 0;
  Twin twin(Plant::parse(kSheet), rules);
  std::vector<JobLog> logs;
  for (int i = 1; i <= 6; ++i) logs.push_back(run(i, "OP1", 1000.0 * (i - 1), 900));
  for (int i = 1; i <= 6; ++i) logs.push_back(run(i, "OP2", 6000 + 700.0 * (i - 1), 600));
  twin.observe(std::move(logs));
  const Backtest b = backtest(twin, {.instants = 12, .futures = 50});
  EXPECT_EQ(b.instants.size(), 12U);
  EXPECT_EQ(b.inside, 8U);
  EXPECT_GT(b.seen.with_progress.n, 0U);
  EXPECT_GT(b.unseen.with_progress.n, 0U);
  EXPECT_EQ(b.seen.with_progress.n + b.unseen.with_progress.n, b.targets.size());
  EXPECT_LT(b.in_work.with_progress.mae, 30);
  EXPECT_EQ(b.seen.past_mean.crps, b.seen.past_mean.mae);
  EXPECT_EQ(b.half_way.size(), 6U);  // the fourth to the sixth of each kind
  EXPECT_LT(b.median_error_share, 0.02);
  for (const Target& target : b.targets) {
    EXPECT_LE(target.p10, target.p50);
    EXPECT_LE(target.p50, target.p90);
    EXPECT_GT(target.actual, target.instant);
  }
}

TEST(Backtest, RefusesWhatItCannotScore) {
  EXPECT_THROW(static_cast<void>(backtest(Twin(Plant::parse(kSheet), test_rules()))), InvalidArgument);
  EXPECT_THROW(static_cast<void>(backtest(floor(), {.instants = 0})), InvalidArgument);
  EXPECT_THROW(static_cast<void>(backtest(floor(), {.futures = 1})), InvalidArgument);
}

TEST(Follow, TellsTheEndAsTheOperationRuns) {
  const Followed followed = follow(floor(), "Cap-04", "OP1", 10);
  ASSERT_EQ(followed.instants.size(), 9U);
  EXPECT_EQ(followed.end - followed.start, 900 * kSecond);
  EXPECT_NEAR(seconds_from_ticks(followed.p50[5] - followed.end), 0, 45);
  EXPECT_THROW(static_cast<void>(follow(floor(), "Cap-05", "OP1")), InvalidArgument);
}

}  // namespace
}  // namespace twin::sync
