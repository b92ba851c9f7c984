#include "twin/model/expression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cmath>
#include <limits>

#include "twin/base/error.hpp"
#include "twin/base/math.hpp"
#include "twin/model/plant.hpp"

namespace twin {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// now 100, due 160, release 10, ready 90, work 5, remaining_work 20, remaining_steps 3, setup 2, priority 7,
// queue_length 4, rework 1
constexpr Expression::Values kValues{100, 160, 10, 90, 5, 20, 3, 2, 7, 4, 1};

double value(const std::string& text) { return Expression::parse(text).evaluate(kValues); }

std::string refusal(const std::string& text) {
  try {
    (void)Expression::parse(text);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "none";
}

TEST(Expression, KnowsItsVariables) {
  double expected[] = {100, 160, 10, 90, 5, 20, 3, 2, 7, 4, 1};
  const auto names = variable_names();
  ASSERT_EQ(names.size(), kVariables);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(value(names[i]), expected[i]) << names[i];
    EXPECT_TRUE(Expression::parse(names[i]).asks(static_cast<Variable>(i)));
    EXPECT_FALSE(Expression::parse("1").asks(static_cast<Variable>(i)));
  }
}

TEST(Expression, CountsAsInSchool) {
  EXPECT_EQ(value("due - now - remaining_work"), 40);
  EXPECT_EQ(value("2 + 3 * 4"), 14);
  EXPECT_EQ(value("(2 + 3) * 4"), 20);
  EXPECT_EQ(value("8 - 2 - 1"), 5);
  EXPECT_EQ(value("8 / 2 / 2"), 2);
  EXPECT_EQ(value("2 ^ 3 ^ 2"), 512) << "from the right";
  EXPECT_EQ(value("2 ** 3"), 8);
  EXPECT_EQ(value("-2 ^ 2"), -4);
  EXPECT_EQ(value("2 ^ -1"), 0.5);
  EXPECT_EQ(value("2 * -3"), -6);
  EXPECT_EQ(value("--work"), 5);
  EXPECT_EQ(value("1.5e2 + .5"), 150.5);
}

TEST(Expression, ComparesAndDecides) {
  EXPECT_EQ(value("1 < 2"), 1);
  EXPECT_EQ(value("2 < 1"), 0);
  EXPECT_EQ(value("2 > 1"), 1);
  EXPECT_EQ(value("1 > 1"), 0);
  EXPECT_EQ(value("1 >= 1"), 1);
  EXPECT_EQ(value("1 <= 0"), 0);
  EXPECT_EQ(value("1 == 1"), 1);
  EXPECT_EQ(value("1 != 1"), 0);
  EXPECT_EQ(value("1 + 1 > 3 - 2"), 1) << "sums before comparisons";
  EXPECT_EQ(value("if(priority > 5, 1, 2)"), 1);
  EXPECT_EQ(value("if(priority > 9, 1, 2)"), 2);
  EXPECT_EQ(value("min(work, setup) + max(work, setup) * 10"), 52);
  EXPECT_EQ(value("abs(-3) + sqrt(16)"), 7);
  EXPECT_EQ(value("log(exp(2))"), 2);
}

TEST(Expression, FollowsTheRulesOfFloatingPoint) {
  EXPECT_EQ(value("1 / 0"), math::kInfinity);
  EXPECT_TRUE(std::isnan(value("log(-1)")));
  EXPECT_TRUE(std::isnan(value("0 / 0")));
  EXPECT_EQ(value("log(-1) > 0"), 0) << "what is no number compares as false";
  Expression::Values undated = kValues;
  undated[static_cast<std::size_t>(Variable::kDue)] = math::kInfinity;
  EXPECT_EQ(Expression::parse("due - now").evaluate(undated), math::kInfinity);
}

TEST(Expression, ReadsTimesInSeconds) {
  EXPECT_EQ(value("2 min"), 120);
  EXPECT_EQ(value("now + 1.5 h"), 5500);
  EXPECT_EQ(value("if(due - now < 1 min, 1, 0)"), 0) << "due is in just 60 s";
  EXPECT_EQ(value("if(due - now < 1.01 min, 1, 0)"), 1);
}

TEST(Expression, IsAskedAnewWhereItMayChangeOrDependsOnTheMachine) {
  for (const char* text : {"now", "setup", "queue_length", "0 * now"})
    EXPECT_TRUE(Expression::parse(text).is_dynamic()) << text;
  for (const char* text : {"due - release", "ready", "work / remaining_work", "priority", "rework", "1"})
    EXPECT_FALSE(Expression::parse(text).is_dynamic()) << text;
}

TEST(Expression, RefusesWithThePlaceAndWhatIsAllowed) {
  EXPECT_THAT(refusal("due - nou"),
              AllOf(HasSubstr("'due - nou' at character 7: there is no 'nou' (did you mean 'now'?)"),
                    HasSubstr("allowed: now, due, release"), HasSubstr("abs, exp, log, sqrt, min, max, if")));
  EXPECT_THAT(refusal("due - "), HasSubstr("at character 7: it ends too early; allowed: a number, a name or ("));
  EXPECT_THAT(refusal(""), HasSubstr("at character 1: it ends too early"));
  EXPECT_THAT(refusal("(due"), HasSubstr("at character 5: ')' is missing"));
  EXPECT_THAT(refusal("due)"), HasSubstr("at character 4: ')' does not fit there; allowed: an operator or the end"));
  EXPECT_THAT(refusal("due = 3"), HasSubstr("at character 5: '=' does not fit there"));
  EXPECT_THAT(refusal("due now"), HasSubstr("at character 5: 'n' does not fit there"));
  EXPECT_THAT(refusal("min(work)"), HasSubstr("at character 9: ',' is missing"));
  EXPECT_THAT(refusal("abs(1, 2)"), HasSubstr("at character 6: ')' is missing"));
  EXPECT_THAT(refusal("abs"), HasSubstr("at character 4: '(' is missing"));
  EXPECT_THAT(refusal("* 3"), HasSubstr("at character 1: '*' begins nothing"));
  EXPECT_THAT(refusal("3 parsecs"), HasSubstr("'3 parsecs' at character 3"));
  EXPECT_NE(refusal("1.2.3"), "none");
}

TEST(Expression, IsNotNestedWithoutEnd) {
  const auto nested = [](const std::string& open, const std::string& close, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += open;
    text += "1";
    for (int i = 0; i < n; ++i) text += close;
    return text;
  };
  EXPECT_EQ(value(nested("(", ")", 60)), 1);
  EXPECT_EQ(value(nested("(1 + ", ")", 60)), 61);
  for (const auto& text : {nested("(", ")", 100'000), nested("-", "", 100'000), nested("1 + (", ")", 1000),
                           nested("abs(", ")", 1000), nested("1 ^ ", "", 100'000)})
    EXPECT_THAT(refusal(text), HasSubstr("it is nested too deeply; allowed: 64 levels"));
  EXPECT_EQ(value(nested("1 + ", "", 10'000)), 10'001) << "length is no depth";
}

TEST(Expression, DigestCountsWhatIsComputedNotHowItIsWritten) {
  const auto digest = [](const char* text) { return Expression::parse(text).digest(); };
  EXPECT_EQ(digest("due-now"), digest("(due)  - (now)"));
  EXPECT_EQ(digest("1 min"), digest("60"));
  EXPECT_NE(digest("due - now"), digest("now - due"));
  EXPECT_NE(digest("1"), digest("2"));
}

TEST(Expression, InAPlantIsRefusedWithItsLineAndKeptInItsText) {
  const auto plant = [](const std::string& rule) {
    return "stations:\n  mill: {queue: {rule: \"" + rule +
           "\"}}\nproducts: {p: {route: [{at: mill, time: 1 s}], arrivals: every 2 s}}\n";
  };
  try {
    (void)Plant::parse(plant("expr(due - nou)"), "shop.yaml");
    FAIL();
  } catch (const PlantError& error) {
    ASSERT_EQ(error.faults().size(), 1U);
    EXPECT_THAT(error.faults()[0].text(),
                AllOf(HasSubstr("shop.yaml:2:24: stations.mill.queue.rule: the formula cannot be read: 'due - nou' at "
                                "character 7: there is no 'nou'"),
                      HasSubstr("allowed: now, due")));
  }
  const Plant whole = Plant::parse(plant("expr(due - now)"));
  EXPECT_EQ(Plant::parse(whole.yaml()).digest(), whole.digest());
  EXPECT_EQ(Plant::parse(plant("expr( (due) -  now )")).digest(), whole.digest());
  EXPECT_NE(Plant::parse(plant("expr(now - due)")).digest(), whole.digest());
}

}  // namespace
}  // namespace twin
