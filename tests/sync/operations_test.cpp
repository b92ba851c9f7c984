#include "twin/sync/operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "log_builder.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::sync {
namespace {

using testing::ElementsAre;

Operation only(const std::vector<JobLog>& logs, const Rules& rules = test_rules(), InferOptions options = {}) {
  const auto operations = infer_operations(logs, rules, options);
  EXPECT_EQ(operations.size(), 1u);
  return operations.empty() ? Operation{} : operations.front();
}

/// Active from 10 to 100 with a hold from 40 to 50 and a block each 5 s.
LogBuilder usual() {
  LogBuilder log;
  log.add(0, "Program", "A.NC").status(10, "ACTIVE").status(40, "FEED_HOLD").status(50, "ACTIVE");
  for (int i = 0; i < 18; ++i) log.block(10 + 5 * i, 10 * i);
  return log.add(12, "Tool", "3.000000").add(60, "Tool", "0").add(61, "Tool", "7").status(100, "PROGRAM_COMPLETED");
}

TEST(InferOperations, StartsAtTheFirstActiveAndEndsAtTheLastCompletion) {
  const Operation op = only({usual().status(110, "ACTIVE").status(120, "PROGRAM_COMPLETED").block(130, 1).job("A-01")});
  EXPECT_EQ(op.part, "A-01");
  EXPECT_EQ(op.product, "A");
  EXPECT_EQ(op.start, at(10));
  EXPECT_EQ(op.end, at(120));
  EXPECT_EQ(op.outcome, Outcome::kCompleted);
  EXPECT_EQ(op.interruptions, 1);
  EXPECT_EQ(op.first_seen, at(0));
  EXPECT_EQ(op.last_seen, at(130));
}

TEST(InferOperations, DividesTheTimeIntoProcessingInterruptedAndStalled) {
  LogBuilder log = usual();
  const Operation op = only({log.job("A-01")});
  EXPECT_THAT(op.interrupted, ElementsAre(Interval{at(40), at(50)}));
  EXPECT_THAT(op.processing, ElementsAre(Interval{at(10), at(40)}, Interval{at(50), at(100)}));
  EXPECT_TRUE(op.stalled.empty());
  EXPECT_THAT(op.tools, ElementsAre("3", "7"));
  EXPECT_THAT(op.programs, ElementsAre("A.NC"));
}

TEST(InferOperations, CallsSilenceWhileActiveAStall) {
  LogBuilder log;
  log.status(0, "ACTIVE").block(5, 1).block(10, 2).block(3000, 3).block(3005, 4).status(3010, "PROGRAM_COMPLETED");
  const Operation op = only({log.job("A-01")});
  EXPECT_THAT(op.stalled, ElementsAre(Interval{at(10), at(3000)}));
  EXPECT_EQ(op.processing_time(), 20 * kSecond);
  EXPECT_EQ(op.interruptions, 0);
  EXPECT_EQ(op.blocks.back().processed, 15 * kSecond);
  Rules rules = test_rules();
  rules.silence = 0;
  EXPECT_EQ(only({log.job("A-01")}, rules).processing_time(), 3010 * kSecond);
}

TEST(InferOperations, EndsALogWithoutCompletionWithItsLastObservation) {
  const Operation op = only({LogBuilder().status(10, "ACTIVE").block(20, 1).block(30, 2).job("A-01")});
  EXPECT_EQ(op.outcome, Outcome::kNoCompletion);
  EXPECT_EQ(op.start, at(10));
  EXPECT_EQ(op.end, at(30));
}

TEST(InferOperations, MakesOneInstantOfALogOfOneLine) {
  const Operation op = only({LogBuilder().add(7, "Editing", "A.NC").job("A-01")});
  EXPECT_EQ(op.outcome, Outcome::kNoCompletion);
  EXPECT_EQ(op.start, at(7));
  EXPECT_EQ(op.end, at(7));
  EXPECT_EQ(op.interruptions, 0);
}

TEST(InferOperations, StartsALogWithoutActiveWithItsFirstObservation) {
  const Operation op = only({LogBuilder().block(5, 1).block(9, 2).status(20, "PROGRAM_COMPLETED").job("A-01")});
  EXPECT_EQ(op.start, at(5));
  EXPECT_EQ(op.end, at(20));
  EXPECT_EQ(op.outcome, Outcome::kCompleted);
  EXPECT_EQ(op.processing_time(), 15 * kSecond);
}

TEST(InferOperations, TakesNoCompletionBeforeTheStartForTheEnd) {
  const Operation op =
      only({LogBuilder().status(1, "PROGRAM_COMPLETED").status(10, "ACTIVE").block(15, 1).job("A-01")});
  EXPECT_EQ(op.start, at(10));
  EXPECT_EQ(op.end, at(15));
  EXPECT_EQ(op.outcome, Outcome::kNoCompletion);
}

TEST(InferOperations, CountsInterruptionsOfTheOperationOrOfTheWholeLogAsTheRulesSay) {
  LogBuilder log = usual().status(1, "PROGRAM_STOPPED").status(105, "PROGRAM_STOPPED").status(60, "");
  EXPECT_EQ(only({log.job("A-01")}).interruptions, 1);
  Rules rules = test_rules();
  rules.count_whole_log = true;
  EXPECT_EQ(only({log.job("A-01")}, rules).interruptions, 3);
}

TEST(InferOperations, GivesNoOperationForALogWithoutObservations) {
  EXPECT_TRUE(infer_operations(std::vector<JobLog>{LogBuilder().job("A-01")}, test_rules()).empty());
  EXPECT_TRUE(infer_operations(std::vector<JobLog>{}, test_rules()).empty());
}

TEST(InferOperations, ReadsALogInTwoPiecesAsOne) {
  LogBuilder first, second;
  first.status(10, "ACTIVE").block(20, 1).status(30, "FEED_HOLD");
  second.status(30, "FEED_HOLD").status(40, "ACTIVE").status(60, "PROGRAM_COMPLETED");
  const Operation op = only({second.job("A-01"), first.job("A-01")});
  EXPECT_EQ(op.start, at(10));
  EXPECT_EQ(op.end, at(60));
  EXPECT_EQ(op.interruptions, 1);
}

TEST(InferOperations, UsesNothingOfWhatCameAfterTheInstant) {
  const std::vector<JobLog> whole{usual().job("A-01")};
  LogBuilder cut;
  cut.add(0, "Program", "A.NC").status(10, "ACTIVE");
  for (int i = 0; i < 5; ++i) cut.block(10 + 5 * i, 10 * i);
  cut.add(12, "Tool", "3.000000");
  const Operation now = only(whole, test_rules(), {.until = at(32)});
  const Operation same = only({cut.job("A-01")}, test_rules(), {.until = at(32)});
  EXPECT_EQ(now.outcome, Outcome::kInProgress);
  EXPECT_EQ(now.end, at(32));
  EXPECT_EQ(now.last_seen, at(30));
  EXPECT_EQ(now.activity, Activity::kProcessing);
  EXPECT_EQ(now.processing, same.processing);
  EXPECT_EQ(now.tools, same.tools);
  EXPECT_EQ(now.blocks.size(), same.blocks.size());
  EXPECT_TRUE(infer_operations(whole, test_rules(), {.until = at(-1)}).empty());
}

TEST(InferOperations, SaysWhetherOneInProgressIsInterruptedOrStalled) {
  const std::vector<JobLog> whole{usual().job("A-01")};
  const Operation held = only(whole, test_rules(), {.until = at(44)});
  EXPECT_EQ(held.activity, Activity::kInterrupted);
  EXPECT_EQ(held.activity_since, at(40));
  LogBuilder silent;
  silent.status(0, "ACTIVE").block(5, 1).block(900, 2).status(910, "PROGRAM_COMPLETED");
  const Operation stalled = only({silent.job("A-01")}, test_rules(), {.until = at(300)});
  EXPECT_EQ(stalled.activity, Activity::kStalled);
  EXPECT_EQ(stalled.activity_since, at(5));
  EXPECT_EQ(stalled.processing_time(), 5 * kSecond);
}

TEST(InferOperations, TakesAnUnfinishedOperationForLeftWhenItsMachineHasGoneOn) {
  const std::vector<JobLog> logs{LogBuilder().status(0, "ACTIVE").block(10, 1).job("A-01"),
                                 LogBuilder().status(100, "ACTIVE").block(110, 1).job("A-02"),
                                 LogBuilder().status(100, "ACTIVE").block(110, 1).job("A-03", "OP1", "M2")};
  const auto before = infer_operations(logs, test_rules(), {.until = at(50)});
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(before[0].outcome, Outcome::kInProgress);
  const auto after = infer_operations(logs, test_rules(), {.until = at(120)});
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].outcome, Outcome::kNoCompletion);
  EXPECT_EQ(after[0].end, at(10));
  EXPECT_EQ(after[1].outcome, Outcome::kInProgress);
  EXPECT_EQ(after[2].outcome, Outcome::kInProgress);
}

TEST(InferOperations, IsUnderWayAgainWhenARestartFollowsTheCompletion) {
  const std::vector<JobLog> logs{
      usual().status(110, "ACTIVE").block(115, 0).block(120, 30).status(150, "PROGRAM_COMPLETED").job("A-01")};
  EXPECT_EQ(only(logs, test_rules(), {.until = at(105)}).outcome, Outcome::kCompleted);
  EXPECT_EQ(only(logs, test_rules(), {.until = at(105)}).end, at(100));
  const Operation again = only(logs, test_rules(), {.until = at(125)});
  EXPECT_EQ(again.outcome, Outcome::kInProgress);
  EXPECT_EQ(again.blocks.back().pass, 1u);
  EXPECT_EQ(only(logs).end, at(150));
}

TEST(InferOperations, CutsAContinuousLogIntoNamedOperations) {
  LogBuilder log;
  log.add(0, "Part_Id", "Flange-1").add(0, "Operation", "OP1").status(1, "ACTIVE").block(50, 3);
  log.status(60, "FEED_HOLD").status(70, "ACTIVE").status(100, "PROGRAM_COMPLETED");
  log.add(100, "Part_Id", "").status(101, "READY");
  log.status(200, "ACTIVE").add(200.5, "Part_Id", "Flange-2").status(300, "PROGRAM_COMPLETED");
  log.add(350, "Part_Id", "Flange-3").add(350, "Operation", "OP2").status(351, "ACTIVE");
  Rules rules = test_rules();
  rules.part_pattern = FilePattern(R"((?<product>.+)-(?<number>\d+))");
  const std::vector<JobLog> logs{log.continuous("Lathe")};
  const auto operations = infer_operations(logs, rules);
  ASSERT_EQ(operations.size(), 3u);
  EXPECT_EQ(operations[0].part, "Flange-1");
  EXPECT_EQ(operations[0].product, "Flange");
  EXPECT_EQ(operations[0].machine, "Lathe");
  EXPECT_EQ(operations[0].start, at(1));
  EXPECT_EQ(operations[0].end, at(100));
  EXPECT_EQ(operations[0].interruptions, 1);
  EXPECT_EQ(operations[0].blocks.size(), 1u);
  EXPECT_EQ(operations[1].part, "Flange-2");
  EXPECT_EQ(operations[1].start, at(200));
  EXPECT_EQ(operations[1].interruptions, 0);
  EXPECT_EQ(operations[2].operation, "OP2");
  EXPECT_EQ(operations[2].outcome, Outcome::kNoCompletion);
  const auto now = infer_operations(logs, rules, {.until = at(400)});
  EXPECT_EQ(now.back().outcome, Outcome::kInProgress);
  EXPECT_EQ(now.back().end, at(400));
}

TEST(InferOperations, SplitsAContinuousLogWhereThePartChangesWithoutCompletion) {
  LogBuilder log;
  log.add(0, "Part_Id", "A").status(1, "ACTIVE").block(50, 1).add(60, "Part_Id", "B").block(70, 1);
  log.status(80, "PROGRAM_COMPLETED");
  const auto operations = infer_operations(std::vector<JobLog>{log.continuous()}, test_rules());
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[0].part, "A");
  EXPECT_EQ(operations[0].outcome, Outcome::kNoCompletion);
  EXPECT_EQ(operations[0].end, at(60));
  EXPECT_EQ(operations[1].part, "B");
  EXPECT_EQ(operations[1].start, at(60));
  EXPECT_EQ(operations[1].end, at(80));
  EXPECT_EQ(operations[1].outcome, Outcome::kCompleted);
}

TEST(InferOperations, NumbersTheRunsOfAProgramWhereNobodyNamesTheParts) {
  LogBuilder log;
  for (int i = 0; i < 3; ++i) {
    log.add(100 * i, "Program", i == 1 ? "798" : "797")
        .status(100 * i + 1, "ACTIVE")
        .status(100 * i + 50, "PROGRAM_COMPLETED");
  }
  const auto operations = infer_operations(std::vector<JobLog>{log.continuous()}, test_rules());
  ASSERT_EQ(operations.size(), 3u);
  EXPECT_EQ(operations[0].part, "797-01");
  EXPECT_EQ(operations[1].part, "798-01");
  EXPECT_EQ(operations[2].part, "797-02");
  EXPECT_EQ(operations[2].product, "797");
  EXPECT_THAT(operations[2].programs, ElementsAre("797"));
  EXPECT_EQ(operations[2].operation, "OP1");
}

TEST(InferOperations, JoinsDailyFilesOfAMachineThatRepeatOldValues) {
  LogBuilder monday, tuesday;
  monday.status(10, "ACTIVE").block(20, 1).status(50, "PROGRAM_COMPLETED").status(86000, "ACTIVE");
  tuesday.status(86000, "ACTIVE").block(86500, 4).status(87000, "PROGRAM_COMPLETED");
  const auto operations =
      infer_operations(std::vector<JobLog>{tuesday.continuous(), monday.continuous()}, test_rules());
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[1].start, at(86000));
  EXPECT_EQ(operations[1].end, at(87000));
}

TEST(InferOperations, CoversEveryOperationWithItsIntervals) {
  LogBuilder log;
  log.status(0, "ACTIVE");
  for (int i = 0; i < 200; ++i) {
    const double t = i * 3.7 + (i >= 120 ? 40 : 0);
    log.block(t, i);
    if (i % 25 == 5) log.status(t + 1, i % 2 == 1 ? "FEED_HOLD" : "ACTIVE");
  }
  log.status(900, "PROGRAM_COMPLETED");
  const Operation op = only({log.job("A-01")});
  EXPECT_EQ(op.processing_time() + op.interrupted_time() + op.stalled_time(), op.end - op.start);
  EXPECT_GT(op.stalled_time(), 0);
  EXPECT_GT(op.interrupted_time(), 0);
}

TEST(InferOperations, TakesEachFactOfPiecesOnceHoweverManyComeAtOneInstant) {
  // The same told by few and by many values: 40 of them are beyond what is compared one by one.
  for (const int values : {4, 40}) {
    LogBuilder first, second;
    first.status(0, "ACTIVE");
    second.status(100, "PROGRAM_COMPLETED");
    for (LogBuilder* piece : {&first, &second}) {
      for (int i = 0; i < 2 * values; ++i) piece->block(50, i % values);
      piece->add(50, "Tool", "7").status(60, "FEED_HOLD").status(70, "ACTIVE");
    }
    const Operation op = only({first.job("A-01"), second.job("A-01")});
    ASSERT_EQ(op.blocks.size(), static_cast<std::size_t>(values));
    for (int i = 0; i < values; ++i) EXPECT_EQ(op.blocks[static_cast<std::size_t>(i)].block, i);
    EXPECT_EQ(op.tools, std::vector<std::string>{"7"});
    EXPECT_EQ(op.interruptions, 1);
    EXPECT_EQ(op.end, at(100));
  }
}

TEST(InferOperations, IsNotSlowedDownByManyValuesAtOneInstant) {
  LogBuilder piece;
  piece.status(0, "ACTIVE");
  for (int i = 0; i < 200'000; ++i) piece.block(50, i);
  piece.status(100, "PROGRAM_COMPLETED");
  const auto begin = std::chrono::steady_clock::now();
  const Operation op = only({piece.job("A-01"), piece.job("A-01")});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));  // by pairs it takes minutes
  EXPECT_EQ(op.blocks.size(), 200'000u);
}

TEST(InferOperations, StopsWhenCancelled) {
  const std::atomic<bool> cancel = true;
  const std::vector<JobLog> logs{LogBuilder().status(0, "ACTIVE").job("A-01")};
  EXPECT_THROW((void)infer_operations(logs, test_rules(), {.until = {}, .cancel = &cancel}), study::Cancelled);
}

}  // namespace
}  // namespace twin::sync
