#include "twin/sync/progress.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "log_builder.hpp"
#include "twin/base/error.hpp"

namespace twin::sync {
namespace {

/// Blocks 0..100, the second half twice as slow; all times times `pace`; starts at `start`.
LogBuilder run(double pace, double start = 0, int blocks = 100) {
  LogBuilder log;
  double t = start;
  log.status(t, "ACTIVE");
  for (int b = 0; b <= blocks; ++b) {
    log.block(t, b);
    t += pace * (b < blocks / 2 ? 2 : 4);
  }
  return log.status(t, "PROGRAM_COMPLETED");
}

ProgressProfile learn(const std::vector<double>& paces) {
  std::vector<JobLog> logs;
  for (std::size_t i = 0; i < paces.size(); ++i) {
    logs.push_back(run(paces[i], 1000.0 * static_cast<double>(i)).job("A-" + std::to_string(i)));
  }
  return learn_progress(infer_operations(logs, test_rules())).at({"A", "OP1", "M1"});
}

Operation under_way(const LogBuilder& log, double now) {
  const std::vector<JobLog> logs{log.job("A-99")};
  return infer_operations(logs, test_rules(), {.until = at(now)}).at(0);
}

TEST(Progress, FindsWhatEarlierRunsNeededFromTheSameBlock) {
  const auto profile = learn({1.0, 1.001, 0.999, 1.0});
  const Remaining left = profile.remaining(under_way(run(1), 50));  // block 25 of 100
  EXPECT_TRUE(left.by_block);
  EXPECT_EQ(left.runs, 4u);
  EXPECT_NEAR(left.median_processing_s, 304 - 50, 2);
  EXPECT_NEAR(left.position, 50.0 / 304, 0.01);
}

TEST(Progress, ScalesByThePaceWhenEarlierRunsDifferInPace) {
  const auto profile = learn({1.0, 1.3, 0.8, 1.1, 0.9, 1.2});
  const Remaining left = profile.remaining(under_way(run(1.6), 160));  // block 50 of 100, slower than any before
  EXPECT_NEAR(left.median_processing_s, 1.6 * 304 - 160, 8);
}

TEST(Progress, TrustsTheRunsAlikeWhenPacesComeInKinds) {
  // Fast runs slow down later, slow ones speed up: only the kind tells, pace scaling would be wrong.
  std::vector<JobLog> logs;
  const auto kind = [](bool is_fast, double start) {
    LogBuilder log;
    double t = start;
    log.status(t, "ACTIVE");
    for (int b = 0; b <= 100; ++b) {
      log.block(t, b);
      t += (b < 50) == is_fast ? 1 : 3;
    }
    return log.status(t, "PROGRAM_COMPLETED");
  };
  for (int i = 0; i < 8; ++i) logs.push_back(kind(i % 2 == 0, 1000.0 * i).job("A-" + std::to_string(i)));
  const auto profile = learn_progress(infer_operations(logs, test_rules())).at({"A", "OP1", "M1"});
  EXPECT_NEAR(profile.remaining(under_way(kind(true, 0), 30)).median_processing_s, 203 - 30, 4);
  EXPECT_NEAR(profile.remaining(under_way(kind(false, 0), 90)).median_processing_s, 201 - 90, 4);
}

TEST(Progress, GrowsSurerAsBlocksPass) {
  const auto profile = learn({1.0, 1.05, 0.95, 1.02, 0.97, 1.1});
  double width = 1e9;
  for (const double now : {20.0, 100.0, 180.0, 260.0}) {
    const Remaining left = profile.remaining(under_way(run(1.01), now));
    EXPECT_LT(left.processing_s[13] - left.processing_s[3], width) << now;
    width = left.processing_s[13] - left.processing_s[3];
  }
}

TEST(Progress, GivesAscendingQuantilesThatAreNeverNegative) {
  const auto profile = learn({1.0, 3.0, 0.5});
  for (const double now : {0.5, 3.0, 100.0, 300.0}) {
    const Remaining left = profile.remaining(under_way(run(1), now));
    for (const auto* list : {&left.processing_s, &left.elapsed_s}) {
      ASSERT_EQ(list->size(), ProgressOptions{}.probabilities.size());
      EXPECT_GE(list->front(), 0);
      for (std::size_t i = 1; i < list->size(); ++i) EXPECT_LE((*list)[i - 1], (*list)[i]);
    }
  }
}

TEST(Progress, IsWiderWithFewRunsThanWithManyAlike) {
  const auto one = learn({1.0}).remaining(under_way(run(1), 100));
  const auto many = learn(std::vector<double>(12, 1.0)).remaining(under_way(run(1), 100));
  EXPECT_NEAR(one.median_processing_s, 204, 2);
  EXPECT_GT(one.processing_s[13] - one.processing_s[3], 3 * (many.processing_s[13] - many.processing_s[3]));
}

TEST(Progress, CountsFromTheRestartWhenAProgramBeganAnew) {
  const auto profile = learn({1.0, 1.0, 1.0});
  LogBuilder log;
  log.status(0, "ACTIVE");
  for (int b = 0; b <= 40; ++b) log.block(2.0 * b, b);
  log.status(81, "PROGRAM_STOPPED").status(90, "ACTIVE");
  for (int b = 0; b <= 20; ++b) log.block(90 + 2.0 * b, b);
  const Remaining left = profile.remaining(under_way(log, 130));
  EXPECT_NEAR(left.median_processing_s, 304 - 40, 3);
}

TEST(Progress, IsNotFooledByLoopsThatJumpBack) {
  std::vector<JobLog> logs;
  const auto looping = [](double start) {
    LogBuilder log;
    double t = start;
    log.status(t, "ACTIVE");
    for (int b = 0; b <= 60; ++b) {
      log.block(t, 10 * b);
      log.block(t + 1, 3);  // a subprogram
      t += 2;
    }
    return log.status(t, "PROGRAM_COMPLETED");
  };
  for (int i = 0; i < 4; ++i) logs.push_back(looping(1000.0 * i).job("A-" + std::to_string(i)));
  const auto profile = learn_progress(infer_operations(logs, test_rules())).at({"A", "OP1", "M1"});
  EXPECT_NEAR(profile.remaining(under_way(looping(0), 61.5)).median_processing_s, 122 - 61.5, 2.5);
}

TEST(Progress, TellsFromTheTimeSpentWhereNoBlockIsKnown) {
  std::vector<JobLog> logs;
  for (int i = 0; i < 5; ++i) {
    LogBuilder log;
    log.status(1000.0 * i, "ACTIVE");
    for (int s = 0; s < 10 + i; ++s) log.add(1000.0 * i + 10.0 * s, "Feed", std::to_string(s));
    logs.push_back(log.status(1000.0 * i + 100 + 10 * i, "PROGRAM_COMPLETED").job("A-" + std::to_string(i)));
  }
  const auto profile = learn_progress(infer_operations(logs, test_rules())).at({"A", "OP1", "M1"});
  LogBuilder now;
  now.status(0, "ACTIVE");
  for (int s = 0; s <= 13; ++s) now.add(10.0 * s, "Feed", std::to_string(s));
  const Remaining left = profile.remaining(under_way(now, 60));
  EXPECT_FALSE(left.by_block);
  EXPECT_NEAR(left.median_processing_s, 60, 10);
  const Remaining late = profile.remaining(under_way(now, 135));  // only one run took longer
  EXPECT_NEAR(late.median_processing_s, 5, 1);
}

TEST(Progress, AddsTheStandstillsThatEarlierRunsMetLaterAndTheRestOfThisOne) {
  std::vector<JobLog> logs;
  for (int i = 0; i < 4; ++i) {
    LogBuilder log;
    const double s = 2000.0 * i;
    log.status(s, "ACTIVE");
    for (int b = 0; b <= 50; ++b) log.block(s + 2.0 * b, b);
    log.status(s + 100.5, "PROGRAM_STOPPED").status(s + 400.5, "ACTIVE");  // a part is turned by hand
    for (int b = 51; b <= 100; ++b) log.block(s + 300 + 2.0 * b, b);
    logs.push_back(log.status(s + 502, "PROGRAM_COMPLETED").job("A-" + std::to_string(i)));
  }
  const auto profile = learn_progress(infer_operations(logs, test_rules())).at({"A", "OP1", "M1"});
  LogBuilder now;
  now.status(0, "ACTIVE");
  for (int b = 0; b <= 50; ++b) now.block(2.0 * b, b);
  now.status(100.5, "PROGRAM_STOPPED");
  const Remaining before = profile.remaining(under_way(now, 51));
  EXPECT_NEAR(before.median_processing_s, 151, 3);
  EXPECT_NEAR(before.median_elapsed_s, 451, 5);
  const Remaining within = profile.remaining(under_way(now, 200.5));
  EXPECT_NEAR(within.median_processing_s, 101, 3);
  EXPECT_NEAR(within.median_elapsed_s, 200 + 101, 5);
}

TEST(Progress, RefusesToGuessWithoutRunsOrWithWrongProbabilities) {
  EXPECT_THROW((void)ProgressProfile().remaining(under_way(run(1), 50)), InvalidArgument);
  ProgressOptions options;
  options.probabilities = {0.5, 0.4};
  EXPECT_THROW((void)learn({1.0}).remaining(under_way(run(1), 50), options), InvalidArgument);
}

TEST(Progress, LearnsNothingFromOperationsThatDidNotComplete) {
  const std::vector<JobLog> logs{LogBuilder().status(0, "ACTIVE").block(5, 1).job("A-01")};
  EXPECT_TRUE(learn_progress(infer_operations(logs, test_rules())).empty());
}

}  // namespace
}  // namespace twin::sync
