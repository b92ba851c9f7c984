#include <date/tz.h>
#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "calendar_impl.hpp"
#include "quantity_impl.hpp"
#include "twin/model/plant.hpp"

namespace twin::model_detail {
namespace {

constexpr const char* kHoursAllowed = "hours from-to, as in \"06:00-14:00, 14:30-22:00\" or \"22:00-06:00\"; or closed";

bool two_digits(std::string_view text, int& out) {
  if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return false;
  out = (text[0] - '0') * 10 + (text[1] - '0');
  return true;
}

Tick read_clock(std::string_view text, std::string_view all) {
  text = trimmed(text);
  int hour = 0, minute = 0, second = 0;
  const auto padded = text.size() == 4 && text[1] == ':' ? "0" + std::string(text) : std::string(text);
  const std::string_view t = padded;
  const bool read = (t.size() == 5 || (t.size() == 8 && t[5] == ':' && two_digits(t.substr(6), second))) &&
                    t[2] == ':' && two_digits(t.substr(0, 2), hour) && two_digits(t.substr(3, 2), minute);
  const bool valid = read && minute < 60 && second < 60 && (hour < 24 || (hour == 24 && minute == 0 && second == 0));
  if (!valid) throw TextFault{fmt::format("'{}' in '{}' is no time of day", text, all), kHoursAllowed};
  return hour * kHour + minute * kMinute + second * kSecond;
}

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

int day_of(std::string_view name) {
  const auto found = std::find(kDays.begin(), kDays.end(), name);
  return found == kDays.end() ? -1 : static_cast<int>(found - kDays.begin());
}

}  // namespace

DayHours read_hours(std::string_view text) {
  DayHours out;
  text = trimmed(text);
  if (text == "closed") return out;
  auto rest = text;
  while (true) {
    const auto comma = rest.find(',');
    const auto piece = trimmed(rest.substr(0, comma));
    const auto dash = piece.find('-');
    if (dash == std::string_view::npos) throw TextFault{fmt::format("'{}' names no hours", text), kHoursAllowed};
    const Tick from = read_clock(piece.substr(0, dash), text);
    Tick to = read_clock(piece.substr(dash + 1), text);
    if (from == to || from == kDay)
      throw TextFault{fmt::format("'{}' is open for no time", piece), "all day is 00:00-24:00"};
    if (to < from) to += kDay;
    for (const auto& [other_from, other_to] : out)
      if (from < other_to && other_from < to)
        throw TextFault{fmt::format("'{}' overlaps hours before it in '{}'", piece, text), "hours that do not overlap"};
    out.emplace_back(from, to);
    if (comma == std::string_view::npos) return out;
    rest = rest.substr(comma + 1);
  }
}

std::vector<int> read_days(std::string_view key) {
  if (key == "daily") return {0, 1, 2, 3, 4, 5, 6};
  const auto dash = key.find('-');
  const int first = day_of(key.substr(0, dash));
  if (first < 0) return {};
  if (dash == std::string_view::npos) return {first};
  const int last = day_of(key.substr(dash + 1));
  if (last < 0 || last == first) return {};
  std::vector<int> days;
  for (int day = first;; day = (day + 1) % 7) {
    days.push_back(day);
    if (day == last) return days;
  }
}

Zone read_time_zone(std::string_view text) {
  if (text == "UTC" || text == "Z" || text == "utc") return {};
  int hour = 0, minute = 0;
  const bool read = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                    two_digits(text.substr(1, 2), hour) && two_digits(text.substr(4, 2), minute);
  constexpr const char* kAllowed = "UTC, an offset such as +01:00, or a place such as Europe/Berlin";
  if (read && hour <= 14 && minute <= 59)
    return {(text[0] == '-' ? -1 : 1) * (hour * kHour + minute * kMinute), nullptr};
  if (text.empty() || read) throw TextFault{fmt::format("'{}' is no time zone", text), kAllowed};
  try {
    return {0, date::locate_zone(text)};
  } catch (const std::exception&) {
    throw TextFault{fmt::format("'{}' is no time zone of this machine's database", text), kAllowed};
  }
}

Tick utc_of(const Zone& zone, Tick local) noexcept {
  if (zone.rules == nullptr) return local - zone.offset;
  const auto sys = zone.rules->to_sys(date::local_time<std::chrono::nanoseconds>{std::chrono::nanoseconds{local}},
                                      date::choose::earliest);
  return sys.time_since_epoch().count();
}

Tick offset_at(const Zone& zone, Tick utc) noexcept {
  if (zone.rules == nullptr) return zone.offset;
  const auto info =
      zone.rules->get_info(date::sys_seconds{std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds{utc})});
  return std::chrono::nanoseconds{info.offset}.count();
}

std::pair<std::int64_t, std::int64_t> read_dates(std::string_view text) {
  const auto one = [&](std::string_view day) {
    WallTime wall;
    day = trimmed(day);
    if (day.size() != 10 || !parse_wall_time(day, wall))
      throw TextFault{fmt::format("'{}' is no date", text),
                      "a date such as 2026-12-24, or dates such as 2026-08-03..2026-08-14"};
    return std::chrono::floor<std::chrono::days>(wall).time_since_epoch().count();
  };
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) return {one(text), one(text)};
  const std::pair<std::int64_t, std::int64_t> days{one(text.substr(0, dots)), one(text.substr(dots + 2))};
  if (days.second < days.first || days.second - days.first > 3660)
    throw TextFault{fmt::format("'{}' are no dates that follow each other", text),
                    "a first and a last date, at most ten years apart"};
  return days;
}

WallTime read_wall_time(std::string_view text, const Zone& zone) {
  text = trimmed(text);
  WallTime out;
  if (!parse_wall_time(text, out))
    throw TextFault{fmt::format("'{}' is no instant", text), "an ISO 8601 time, as in 2017-02-01T06:00:00Z"};
  const bool has_clock = text.size() > 10;
  const bool has_zone =
      has_clock && (text.back() == 'Z' || text.back() == 'z' || text.find_first_of("+-", 11) != std::string_view::npos);
  return has_zone ? out : WallTime{Duration{utc_of(zone, out.time_since_epoch().count())}};
}

std::vector<Tick> week_points(const std::vector<DayHours>& days, Tick zone) {
  std::vector<std::pair<Tick, Tick>> spans;
  const auto add = [&](Tick from, Tick to) {
    if (from < to) spans.emplace_back(from, to);
  };
  for (std::size_t day = 0; day < days.size(); ++day)
    for (const auto& [from, to] : days[day]) {
      const Tick start = ((static_cast<Tick>(day) * kDay + from - zone) % kWeek + kWeek) % kWeek;
      const Tick end = start + (to - from);
      add(start, std::min(end, kWeek));
      add(0, end - kWeek);
    }
  std::sort(spans.begin(), spans.end());
  std::vector<Tick> points;
  for (const auto& [from, to] : spans) {
    if (!points.empty() && from <= points.back()) {
      points.back() = std::max(points.back(), to);
    } else {
      points.push_back(from);
      points.push_back(to);
    }
  }
  return points;
}

}  // namespace twin::model_detail

namespace twin {
namespace {

struct InWeek {
  Tick start;   ///< of the week, in ticks since the epoch
  Tick offset;  ///< in the week
};

InWeek in_week(Tick epoch_in_week, Tick t) noexcept {
  Tick offset = (t % kWeek + epoch_in_week) % kWeek;
  if (offset < 0) offset += kWeek;
  return {t - offset, offset};
}

}  // namespace

bool PlantData::open_at(CalendarId calendar, Tick t) const noexcept {
  if (!calendar.valid()) return true;
  const CalendarData& c = calendars[calendar.value];
  if (t >= c.told_from && t < c.told_until) {
    const auto begin = told_points.begin() + c.first_told;
    return (std::upper_bound(begin, begin + c.told_count, t) - begin) % 2 == 1;
  }
  const auto first = calendar_points.begin() + c.first_point, last = first + c.point_count;
  return (std::upper_bound(first, last, in_week(epoch_in_week, t).offset) - first) % 2 == 1;
}

Tick PlantData::next_change(CalendarId calendar, Tick t) const noexcept {
  if (!calendar.valid() || t >= kNever) return kNever;
  const CalendarData& c = calendars[calendar.value];
  if (t >= c.told_from && t < c.told_until) {
    const auto begin = told_points.begin() + c.first_told, end = begin + c.told_count;
    const auto next = std::upper_bound(begin, end, t);
    return next == end ? c.told_until : std::min(*next, c.told_until);
  }
  const Tick weekly = next_weekly_change(c, t);
  return t < c.told_from ? std::min(weekly, c.told_from) : weekly;
}

Tick PlantData::next_weekly_change(const CalendarData& c, Tick t) const noexcept {
  const auto first = calendar_points.begin() + c.first_point, last = first + c.point_count;
  if (c.point_count == 0 || (c.point_count == 2 && *first == 0 && *(first + 1) == kWeek)) return kNever;
  const bool joined = *first == 0 && *(last - 1) == kWeek;  // open across the end of the week: no change there
  const auto [start, offset] = in_week(epoch_in_week, t);
  auto next = std::upper_bound(first, last, offset);
  if (next == last || (joined && next == last - 1)) return start + kWeek + (joined ? *(first + 1) : *first);
  return start + *next;
}

Tick PlantData::open_between(CalendarId calendar, Tick from, Tick to) const noexcept {
  if (!calendar.valid()) return to - from;
  const CalendarData& c = calendars[calendar.value];
  if (c.told_from == kNever) return open_weekly(c, from, to);
  const auto told = [&](Tick t) {  // open ticks from told_from to t
    const auto begin = told_points.begin() + c.first_told;
    const auto next = std::upper_bound(begin, begin + c.told_count, t);
    if (next == begin) return Tick{0};
    const Tick before = told_open[static_cast<std::size_t>(next - 1 - told_points.begin())];
    return (next - begin) % 2 == 1 ? before + (t - *(next - 1)) : before;
  };
  Tick sum = 0;
  if (from < c.told_from) sum += open_weekly(c, from, std::min(to, c.told_from));
  if (to > c.told_until) sum += open_weekly(c, std::max(from, c.told_until), to);
  const Tick a = std::clamp(from, c.told_from, c.told_until), b = std::clamp(to, c.told_from, c.told_until);
  return sum + (told(b) - told(a));
}

Tick PlantData::open_weekly(const CalendarData& c, Tick from, Tick to) const noexcept {
  const auto first = calendar_points.begin() + c.first_point, last = first + c.point_count;
  if (c.point_count == 0) return 0;
  const auto open_before = [&](Tick offset) {  // of the week, up to an offset in it
    const auto next = std::upper_bound(first, last, offset);
    if (next == first) return Tick{0};
    const Tick before = calendar_open[static_cast<std::size_t>(next - 1 - calendar_points.begin())];
    return (next - first) % 2 == 1 ? before + (offset - *(next - 1)) : before;
  };
  const auto a = in_week(epoch_in_week, from), b = in_week(epoch_in_week, to);
  const Tick weeks = (b.start - a.start) / kWeek;
  const Tick week_open = calendar_open[c.first_point + c.point_count - 1];
  return weeks * week_open + open_before(b.offset) - open_before(a.offset);
}

}  // namespace twin
