#include "twin/base/time.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace twin {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

WallTime parsed(std::string_view text) {
  WallTime time{};
  EXPECT_TRUE(parse_wall_time(text, time)) << text;
  return time;
}

bool refused(std::string_view text) {
  WallTime time{};
  return !parse_wall_time(text, time);
}

const WallTime kNoon = sys_days{std::chrono::year{2017} / 2 / 1} + 12h;

TEST(WallTime, ReadsIsoInItsUsualForms) {
  EXPECT_EQ(parsed("2017-02-01T12:00:00Z"), kNoon);
  EXPECT_EQ(parsed("2017-02-01 12:00:00"), kNoon);
  EXPECT_EQ(parsed("2017-02-01T12:00"), kNoon);
  EXPECT_EQ(parsed("2017-02-01"), kNoon - 12h);
  EXPECT_EQ(parsed("2017-02-01T12:00:00.1718750Z"), kNoon + 171'875us);
  EXPECT_EQ(parsed("2017-02-01T12:00:00.123456789999Z"), kNoon + 123'456'789ns);
}

TEST(WallTime, TakesOffTheZone) {
  EXPECT_EQ(parsed("2017-02-01T13:30:00+01:30"), kNoon);
  EXPECT_EQ(parsed("2017-02-01T07:00:00-0500"), kNoon);
  EXPECT_EQ(parsed("2017-02-01T14:00:00+02"), kNoon);
}

TEST(WallTime, RefusesAnythingElse) {
  for (const char* text :
       {"", "2017", "2017-2-1", "2017-02-30", "2017-13-01", "2017-02-01T", "2017-02-01T25:00:00", "2017-02-01T12:60:00",
        "2017-02-01T12:00:00.", "2017-02-01T12:00:00X", "2017-02-01T12:00:00ZZ", "2017-02-01T12:00:00+24:00",
        "1600-01-01", "2300-01-01", " 2017-02-01", "2017-02-01T12:00:00 ", "2017-02-01T12:00:00+1", "x017-02-01"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(WallTime, FormatsWithAsManyDigitsAsNeeded) {
  EXPECT_EQ(format_wall_time(kNoon), "2017-02-01T12:00:00Z");
  EXPECT_EQ(format_wall_time(kNoon + 170ms), "2017-02-01T12:00:00.170Z");
  EXPECT_EQ(format_wall_time(kNoon + 171'875us), "2017-02-01T12:00:00.171875Z");
  EXPECT_EQ(format_wall_time(kNoon + 1ns), "2017-02-01T12:00:00.000000001Z");
  EXPECT_EQ(format_wall_time(WallTime{} - 1ms), "1969-12-31T23:59:59.999Z");
}

TEST(WallTime, WhatIsFormattedReadsBack) {
  for (Tick t = -9'000'000'000'000'000'000; t < 9'000'000'000'000'000'000 - 123'456'789'012'345'678;
       t += 123'456'789'012'345'678) {
    const WallTime time{Duration{t}};
    EXPECT_EQ(parsed(format_wall_time(time)), time);
  }
}

TEST(Ticks, RoundToTheNearestNanosecond) {
  EXPECT_EQ(ticks_from_seconds(1.5), 1'500'000'000);
  EXPECT_EQ(ticks_from_seconds(0.6e-9), 1);
  EXPECT_EQ(ticks_from_seconds(-0.6e-9), -1);
  EXPECT_EQ(seconds_from_ticks(kHour), 3600);
  EXPECT_EQ(ticks_from_seconds(seconds_from_ticks(123'456'789'012)), 123'456'789'012);
}

TEST(Ticks, ClampWhatIsBeyondNever) {
  EXPECT_EQ(ticks_from_seconds(1e300), kNever);
  EXPECT_EQ(ticks_from_seconds(-1e300), -kNever);
  EXPECT_EQ(ticks_from_seconds(std::numeric_limits<double>::infinity()), kNever);
  EXPECT_EQ(ticks_from_seconds(std::numeric_limits<double>::quiet_NaN()), kNever);
}

TEST(Duration, FormatsInReadableUnits) {
  EXPECT_EQ(format_duration(0s), "0 s");
  EXPECT_EQ(format_duration(12ns), "12 ns");
  EXPECT_EQ(format_duration(1500ns), "1.5 us");
  EXPECT_EQ(format_duration(350ms), "350 ms");
  EXPECT_EQ(format_duration(48s), "48 s");
  EXPECT_EQ(format_duration(-48s), "-48 s");
  EXPECT_EQ(format_duration(12min + 30s), "12 min 30 s");
  EXPECT_EQ(format_duration(76h), "3 d 4 h");
}

}  // namespace
}  // namespace twin
