#include "twin/sync/observation.hpp"

#include <gtest/gtest.h>

#include "log_builder.hpp"

namespace twin::sync {
namespace {

TEST(ParseNumber, ReadsWhatControllersWriteAndNothingElse) {
  EXPECT_EQ(parse_number("12"), 12.0);
  EXPECT_EQ(parse_number(" 12.000000 "), 12.0);
  EXPECT_EQ(parse_number("N120"), 120.0);
  EXPECT_EQ(parse_number("-175.5"), -175.5);
  for (const char* text : {"", "N", "UNAVAILABLE", "12a", "1e999", "nan", "inf", "1 2"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(ObservationLog, CountsWhatWasKnownAtAnInstant) {
  const JobLog job = LogBuilder().block(1, 1).block(2, 2).block(2, 3).block(5, 4).job("A-01");
  EXPECT_EQ(job.log.count_until(at(0)), 0u);
  EXPECT_EQ(job.log.count_until(at(2)), 3u);
  EXPECT_EQ(job.log.count_until(at(9)), 4u);
  EXPECT_EQ(job.log.value(job.log.observations[2]), "3");
  EXPECT_EQ(job.log.find_item("Block"), 0u);
  EXPECT_FALSE(job.log.find_item("block"));
}

}  // namespace
}  // namespace twin::sync
