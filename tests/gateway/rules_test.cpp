#include "twin/gateway/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin/base/error.hpp"

namespace twin::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string fault(const std::string& yaml) {
  try {
    (void)parse_rules(yaml, "shop.yaml");
  } catch (const FormatError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(ParseRules, ReadsEveryKey) {
  const auto rules = parse_rules(R"(
items: {program_status: [execution, Program_Status], block: line, part: Part_Id}
status: {active: ACTIVE, completed: [READY, DONE], interruption: [FEED_HOLD], ignored: UNAVAILABLE, count: operation}
files:
  - '(?<product>\w+)-(?<operation>\w+)-(?<machine>\w+)-(?<number>\d+)\.txt'
  - '(?<machine>\w+)\.log'
names: {part: '{product}/{number}', product: capitalised, operation: lower, machine: upper, default_operation: OP9,
        part_pattern: '(?<product>.+)-\d+'}
stall: {silence: 1.5 min}
identity_within: 500 ms
known_items: [execution, line]
)");
  EXPECT_THAT(rules.items[static_cast<std::size_t>(sync::Role::kProgramStatus)],
              ElementsAre("execution", "Program_Status"));
  EXPECT_TRUE(rules.plays(sync::Role::kBlock, "line"));
  EXPECT_THAT(rules.completed, ElementsAre("READY", "DONE"));
  EXPECT_THAT(rules.interruption, ElementsAre("FEED_HOLD"));
  EXPECT_EQ(rules.silence, 90 * kSecond);
  EXPECT_EQ(rules.identity_within, kSecond / 2);
  EXPECT_EQ(rules.default_operation, "OP9");
  EXPECT_THAT(rules.known_items, ElementsAre("execution", "line"));
  const auto ticket = sync::read_ticket("BOX-OP1-m4-07.txt", rules);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(*ticket, (sync::Ticket{"Box/07", "Box", "op1", "M4"}));
  EXPECT_EQ(sync::read_ticket("lathe.log", rules)->machine, "LATHE");
}

TEST(ParseRules, NamesFileLineKeyValueAndWhatIsAllowed) {
  const std::string text = fault("items: {program_status: S}\nstall: {silence: 10 parsecs}\n");
  EXPECT_THAT(text, HasSubstr("shop.yaml:2:"));
  EXPECT_THAT(text, HasSubstr("stall.silence"));
  EXPECT_THAT(text, HasSubstr("10 parsecs"));
  EXPECT_THAT(text, HasSubstr("ms, s, min, h, d"));
}

TEST(ParseRules, ReportsAllFaultsAtOnce) {
  const std::string text = fault(
      "items: {program_status: S, colour: C}\nstatus: {active: A, completed: A}\n"
      "files: ['(?<part>']\nnames: {machine: loud}\nwhat: 1\n");
  for (const char* culprit : {"items.colour", "both active and completed", "files[0]", "names.machine", "what"}) {
    EXPECT_THAT(text, HasSubstr(culprit));
  }
}

TEST(ParseRules, RefusesWhatIsNoRuleSet) {
  EXPECT_THAT(fault(""), HasSubstr("is no map"));
  EXPECT_THAT(fault("[1, 2]"), HasSubstr("is no map"));
  EXPECT_THAT(fault("status: {active: A}"), HasSubstr("items.program_status"));
  EXPECT_THAT(fault("items: {program_status: S}\nitems: {block: B}"), HasSubstr("twice"));
  EXPECT_THAT(fault("items: {program_status: {a: b}}"), HasSubstr("is no word"));
  EXPECT_THAT(fault("items: {program_status: [[S]]}"), HasSubstr("is no word"));
  EXPECT_THAT(fault("items: {program_status: S"), HasSubstr("not YAML"));
  EXPECT_THAT(fault("items: {program_status: S}\n---\nitems: {program_status: S}\n"), HasSubstr("one document"));
  EXPECT_THAT(fault("items: {program_status: S}\nfiles: '(?<product>.)-(?<operation>.)'"), HasSubstr("names.part"));
}

TEST(LoadRules, NamesAFileThatIsAbsent) {
  EXPECT_THROW((void)load_rules("absent.yaml"), InvalidArgument);
  EXPECT_TRUE(load_rules("scenarios/nist-box/rules.yaml").plays(sync::Role::kBlock, "Block_Number"));
}

TEST(LoadRules, RefusesAFolderAndAFileWithoutEnd) {
  const auto said = [](const char* path) -> std::string {
    try {
      (void)load_rules(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(said("scenarios/nist-box"), "scenarios/nist-box: is a folder; allowed: a file of rules");
  EXPECT_EQ(said("/dev/zero"), "/dev/zero: has too many bytes; allowed: at most 1048576");
}

}  // namespace
}  // namespace twin::gateway
