#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "twin/model/plant.hpp"

namespace twin {
namespace {

Plant with_calendar(const std::string& hours, const std::string& top = "") {
  return Plant::parse(top +
                      "stations: {a: {calendar: c}}\nproducts: {p: {route: [{at: a, time: 1 s}], arrivals: saturate}}\n"
                      "calendars: {c: {" +
                      hours + "}}");
}
constexpr CalendarId kCalendar{0};

TEST(Calendar, OpensAndClosesAtItsHours) {
  const auto plant = with_calendar("mon-fri: \"06:00-14:00, 14:00-22:00\", sat: \"06:00-14:00\"");
  const auto& d = plant.data();
  EXPECT_FALSE(d.open_at(kCalendar, 0));
  EXPECT_TRUE(d.open_at(kCalendar, 6 * kHour));
  EXPECT_TRUE(d.open_at(kCalendar, 14 * kHour));
  EXPECT_FALSE(d.open_at(kCalendar, 22 * kHour));
  EXPECT_EQ(d.next_change(kCalendar, 0), 6 * kHour);
  EXPECT_EQ(d.next_change(kCalendar, 6 * kHour), 22 * kHour);
  EXPECT_EQ(d.next_change(kCalendar, 5 * kDay + 14 * kHour), kWeek + 6 * kHour);
  EXPECT_EQ(d.open_between(kCalendar, 0, kWeek), 88 * kHour);
  EXPECT_EQ(d.open_between(kCalendar, 5 * kDay + 13 * kHour, kWeek + 7 * kHour), 2 * kHour);
}

TEST(Calendar, HoursMaySpanMidnightAndTheEndOfTheWeek) {
  const auto plant = with_calendar("sun: \"22:00-06:00\", mon: \"06:00-07:00\"");
  const auto& d = plant.data();
  EXPECT_TRUE(d.open_at(kCalendar, 0));
  EXPECT_TRUE(d.open_at(kCalendar, 6 * kHour));
  EXPECT_EQ(d.next_change(kCalendar, 0), 7 * kHour);
  EXPECT_EQ(d.next_change(kCalendar, kWeek - kHour), kWeek + 7 * kHour) << "midnight on Sunday is no change";
  EXPECT_EQ(d.open_between(kCalendar, 0, kWeek), 9 * kHour);
}

TEST(Calendar, OpenAllTheTimeNeverChanges) {
  const auto plant = with_calendar("daily: \"00:00-24:00\"");
  EXPECT_TRUE(plant.data().open_at(kCalendar, 12345));
  EXPECT_EQ(plant.data().next_change(kCalendar, 0), kNever);
  EXPECT_EQ(plant.data().open_between(kCalendar, 5, 5 + 3 * kWeek), 3 * kWeek);
  EXPECT_TRUE(plant.data().open_at(CalendarId{}, 0));
  EXPECT_EQ(plant.data().next_change(CalendarId{}, 0), kNever);
  EXPECT_EQ(plant.data().open_between(CalendarId{}, 3, 10), 7);
}

TEST(Calendar, ADaysOwnKeyCountsMoreThanASpanOfDays) {
  const auto plant = with_calendar("wed: closed, mon-fri: \"08:00-16:00\", daily: \"10:00-11:00\"");
  EXPECT_EQ(plant.data().open_between(kCalendar, 0, kWeek), 4 * 8 * kHour + 2 * kHour);
}

TEST(Calendar, FollowsTheEpochAndAFixedOffset) {
  const auto plant = with_calendar("mon: \"08:00-16:00\"", "epoch: 2017-02-01T00:00Z\ntime_zone: +01:00\n");
  const auto opens = plant.data().next_change(kCalendar, 0);
  EXPECT_EQ(format_wall_time(plant.wall(opens)), "2017-02-06T07:00:00Z");
  EXPECT_EQ(plant.ticks(plant.wall(opens)), opens);
  const auto local = with_calendar("mon: \"08:00-16:00\"", "epoch: 2017-02-01T06:00\ntime_zone: +01:00\n");
  EXPECT_EQ(format_wall_time(local.data().epoch), "2017-02-01T05:00:00Z");
}

/// The next openings and closings from an instant on, as they are on the wall in UTC.
std::vector<std::string> changes(const Plant& plant, const char* from, int count) {
  WallTime wall;
  EXPECT_TRUE(parse_wall_time(from, wall));
  std::vector<std::string> out;
  Tick t = plant.ticks(wall);
  while (static_cast<int>(out.size()) < count) {
    const Tick next = plant.data().next_change(kCalendar, t);
    if (plant.data().open_at(kCalendar, next) != plant.data().open_at(kCalendar, t))
      out.push_back(format_wall_time(plant.wall(next)));
    t = next;
  }
  return out;
}

TEST(Calendar, APlaceHasItsSummerTime) {
  const auto plant = with_calendar("mon-fri: \"06:00-14:00\"", "epoch: 2026-01-01T00:00\ntime_zone: Europe/Berlin\n");
  EXPECT_EQ(format_wall_time(plant.data().epoch), "2025-12-31T23:00:00Z");
  EXPECT_EQ(changes(plant, "2026-03-27T00:00Z", 4),
            (std::vector<std::string>{"2026-03-27T05:00:00Z", "2026-03-27T13:00:00Z", "2026-03-30T04:00:00Z",
                                      "2026-03-30T12:00:00Z"}));
  EXPECT_EQ(changes(plant, "2026-10-23T00:00Z", 3),
            (std::vector<std::string>{"2026-10-23T04:00:00Z", "2026-10-23T12:00:00Z", "2026-10-26T05:00:00Z"}));
}

TEST(Calendar, TheNightOfTheChangeIsAnHourShorterOrLonger) {
  const auto plant = with_calendar("sun: \"01:00-04:00\"", "epoch: 2026-01-01\ntime_zone: Europe/Berlin\n");
  const auto& d = plant.data();
  const auto open_in = [&](const char* from, const char* to) {
    WallTime a, b;
    EXPECT_TRUE(parse_wall_time(from, a) && parse_wall_time(to, b));
    return d.open_between(kCalendar, plant.ticks(a), plant.ticks(b));
  };
  EXPECT_EQ(open_in("2026-03-22", "2026-03-23"), 3 * kHour);
  EXPECT_EQ(open_in("2026-03-29", "2026-03-30"), 2 * kHour);
  EXPECT_EQ(open_in("2026-10-24T20:00Z", "2026-10-26"), 4 * kHour);
}

TEST(Calendar, ExceptionsCountMoreThanTheWeek) {
  const auto plant = with_calendar(
      "mon-fri: \"06:00-14:00\", exceptions: {2026-12-24: \"06:00-10:00\", 2026-12-25: closed, "
      "\"2026-12-28..2026-12-30\": closed, 2026-12-27: \"22:00-02:00\"}",
      "epoch: 2026-12-01\n");
  EXPECT_EQ(changes(plant, "2026-12-24", 6),
            (std::vector<std::string>{"2026-12-24T06:00:00Z", "2026-12-24T10:00:00Z", "2026-12-27T22:00:00Z",
                                      "2026-12-28T02:00:00Z", "2026-12-31T06:00:00Z", "2026-12-31T14:00:00Z"}));
}

TEST(Calendar, ItsThreeAnswersAgree) {
  std::mt19937_64 random(3);
  for (const char* hours :
       {"mon-fri: \"06:00-14:00, 15:30-22:00\", time_zone: America/New_York",
        "daily: \"22:00-06:00\", time_zone: Europe/Berlin, exceptions: {2017-02-10: closed}",
        "daily: \"22:00-06:00\", exceptions: {2017-02-10..2017-02-12: closed, 2017-02-20: \"01:00-02:00, "
        "05:00-04:00\"}",
        "daily: \"00:00-24:00\", exceptions: {2017-02-14: closed}", "mon-fri: \"06:00-14:00, 15:30-22:00\"",
        "daily: \"22:00-06:00\"", "sun: \"20:00-24:00\", mon: \"00:00-03:00\"", "tue: \"00:00-24:00\"",
        "mon: \"00:00-00:01\"", "sun: \"23:59-24:00\""}) {
    const auto plant = with_calendar(hours, "epoch: 2017-02-02T03:04:05Z\n");
    const auto& d = plant.data();
    for (int i = 0; i < 300; ++i) {
      const Tick from = static_cast<Tick>(random() % static_cast<std::uint64_t>(5 * kWeek)) - 2 * kWeek;
      const Tick to = from + static_cast<Tick>(random() % static_cast<std::uint64_t>(3 * kWeek));
      Tick open = 0;
      for (Tick t = from; t < to;) {
        const Tick next = std::min(to, d.next_change(kCalendar, t));
        ASSERT_GT(next, t);
        if (next < to && plant.data().told_points.empty()) {
          ASSERT_NE(d.open_at(kCalendar, next), d.open_at(kCalendar, t)) << hours;
        }
        if (d.open_at(kCalendar, t)) open += next - t;
        t = next;
      }
      ASSERT_EQ(d.open_between(kCalendar, from, to), open) << hours << " " << from << " " << to;
    }
  }
}

}  // namespace
}  // namespace twin
