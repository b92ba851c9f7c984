#include "twin/sync/rules.hpp"

#include <gtest/gtest.h>

#include "twin/base/error.hpp"

namespace twin::sync {
namespace {

const char* const kJobName =
    R"((?<product>[A-Za-z]+)-(?<operation>OP\d+)-(?<machine>[A-Za-z]+\d+)-(?<number>\d+)of\d+\.txt(\.gz)?)";

Rules job_rules() {
  Rules rules;
  rules.files = {FilePattern(kJobName)};
  rules.product_letters = rules.machine_letters = Letters::kCapitalised;
  return rules;
}

TEST(ReadTicket, TellsTheJobFromAFileNameInAnyLetters) {
  const Ticket ticket{"Plate-01", "Plate", "OP1", "Hurco04"};
  EXPECT_EQ(read_ticket("Plate-Op1-Hurco04-01of20.txt.gz", job_rules()), ticket);
  EXPECT_EQ(read_ticket("PLATE-OP1-HURCO04-01OF20.TXT", job_rules()), ticket);
  EXPECT_EQ(read_ticket("plate-op1-hurco04-01of20.txt.gz", job_rules()), ticket);
}

TEST(ReadTicket, LeavesOutNamesThatDoNotMatchOrAreTooLong) {
  EXPECT_FALSE(read_ticket("event_log.csv", job_rules()));
  EXPECT_FALSE(read_ticket("", job_rules()));
  EXPECT_FALSE(read_ticket(std::string(300, 'a'), job_rules()));
}

TEST(ReadTicket, TakesAFileWithoutPatternForTheLogOfAMachine) {
  const auto ticket = read_ticket("Mazak01.2018.txt.gz", Rules{});
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->machine, "Mazak01");
  EXPECT_FALSE(ticket->is_operation());
}

TEST(ReadTicket, KnowsJobsAndMachinesByTheFirstPatternThatMatches) {
  Rules rules = job_rules();
  rules.files.push_back(FilePattern(R"((?<machine>[A-Za-z]+\d+)-.*\.txt\.gz)"));
  EXPECT_TRUE(read_ticket("Box-OP5-Hurco02-14of20.txt.gz", rules)->is_operation());
  const auto day = read_ticket("Mazak03-20190130-20190131.txt.gz", rules);
  ASSERT_TRUE(day);
  EXPECT_EQ(day->machine, "Mazak03");
  EXPECT_FALSE(day->is_operation());
}

TEST(FilePattern, RefusesUnknownOrRepeatedGroupsAndBrokenExpressions) {
  EXPECT_THROW(FilePattern("(?<colour>.+)"), InvalidArgument);
  EXPECT_THROW(FilePattern("(?<part>.+)(?<part>.+)"), InvalidArgument);
  EXPECT_THROW(FilePattern("(?<part>.+"), InvalidArgument);
  EXPECT_THROW(FilePattern("(?<part"), InvalidArgument);
  EXPECT_NO_THROW(FilePattern(R"([(]\((?:x)(?<part>.+))"));
}

TEST(Rules, CallEveryOtherValueAnInterruptionUnlessTheyAreListed) {
  Rules rules;
  EXPECT_EQ(rules.status("active"), Status::kActive);
  EXPECT_EQ(rules.status("PROGRAM_COMPLETED"), Status::kCompleted);
  EXPECT_EQ(rules.status("FEED_HOLD"), Status::kInterruption);
  EXPECT_EQ(rules.status(""), Status::kIgnored);
  rules.interruption = {"FEED_HOLD"};
  rules.ignored = {"UNAVAILABLE"};
  EXPECT_EQ(rules.status("FEED_HOLD"), Status::kInterruption);
  EXPECT_EQ(rules.status("DANCING"), Status::kUnknown);
  EXPECT_EQ(rules.status("Unavailable"), Status::kIgnored);
}

}  // namespace
}  // namespace twin::sync
