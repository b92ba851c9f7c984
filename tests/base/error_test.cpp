#include "twin/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twin {
namespace {

TEST(Fault, TextSaysWhereWhatAndWhatWouldBeRight) {
  const Fault fault{"shop.yaml", 12, 9, "stations.mill.queue.rule", "fofi", "'fofi' is no queue rule", "fifo, lifo"};
  EXPECT_EQ(fault.text(), "shop.yaml:12:9: stations.mill.queue.rule: 'fofi' is no queue rule; allowed: fifo, lifo");
}

TEST(Fault, TextLeavesOutWhatIsUnknown) {
  const Fault fault{"", 0, 0, "products.part", "", "has no route", ""};
  EXPECT_EQ(fault.text(), "products.part: has no route");
}

TEST(PlantError, MessageListsAllFaultsAtOnce) {
  const PlantError error({{"a.yaml", 1, 2, "x", "", "is wrong", ""}, {"", 0, 0, "y", "", "too", "less"}});
  EXPECT_STREQ(error.what(), "the plant has 2 faults:\n  a.yaml:1:2: x: is wrong\n  y: too; allowed: less");
  EXPECT_EQ(error.faults().size(), 2U);
}

TEST(PlantError, IsCaughtAsAnErrorOfTheLibrary) {
  EXPECT_THROW(throw PlantError({{"", 0, 0, "x", "", "is wrong", ""}}), Error);
  EXPECT_THROW(throw InvalidArgument("x"), Error);
  EXPECT_THROW(throw FormatError("x"), Error);
}

TEST(AssertDeathTest, NamesTheBrokenInvariant) {
  EXPECT_DEATH(TWIN_ASSERT(1 + 1 == 3), "1 \\+ 1 == 3 does not hold");
  TWIN_ASSERT(1 + 1 == 2);
}

}  // namespace
}  // namespace twin
