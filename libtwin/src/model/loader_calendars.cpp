#include "plant_loader_impl.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "twin/base/random.hpp"

namespace twin::model_detail {
namespace {

/// Years from the epoch for which the hours of a zone with summer time are told.
constexpr int kToldYears = 20;

}  // namespace

void PlantLoader::read_calendars(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kCalendars);
  for (const auto& entry : place.node->children) {
    const Place calendar{&entry, join_path(place.path, entry.key)};
    if (!good_name(entry.key_mark, calendar.path, entry.key)) continue;
    if (entry.key == "always") {
      fault(entry.key_mark, calendar.path, entry.key, "'always' is there from the start and means open at all times",
            "another name");
      continue;
    }
    calendar_ids_[entry.key] = static_cast<std::uint32_t>(plant_.calendars.size());
    plant_.calendar_names.push_back(entry.key);
    plant_.calendars.emplace_back();
    plant_.calendars.back().hash = hash_name("calendar:" + entry.key);
    if (keys(calendar, Level::kCalendar, Shape::kHours)) read_calendar(calendar, plant_.calendars.back());
  }
}

void PlantLoader::read_calendar(const Place& place, CalendarData& calendar) {
  const auto before = faults_.size();
  Zone zone = zone_;
  if (const auto own = read(child(place, "time_zone"), Shape::kTimeZone, read_time_zone)) zone = *own;
  std::vector<DayHours> days(7);
  std::vector<int> weight(7, 0);  // 1 daily, 2 a span of days, 3 the day itself
  for (const auto& entry : place.node->children) {
    const auto these = read_days(entry.key);
    if (these.empty()) continue;
    const Place at{&entry, join_path(place.path, entry.key)};
    const int own = these.size() == 1 ? 3 : entry.key == "daily" ? 1 : 2;
    const auto hours = day_hours(at);
    for (const int day : these) {
      const auto d = static_cast<std::size_t>(day);
      if (weight[d] == own) fault(at, "a day of it stands under another span of days too", "each day in one span");
      if (weight[d] >= own) continue;
      weight[d] = own;
      days[d] = hours;
    }
  }
  const auto exceptions = read_exceptions(child(place, "exceptions"));
  const Tick later = (plant_.epoch + std::chrono::years{kToldYears}).time_since_epoch().count();
  const auto points = week_points(days, offset_at(zone, later));
  if (points.empty() && faults_.size() == before)
    fault(place, "the calendar never opens", "hours on at least one day; to close a station, remove it");
  calendar.first_point = static_cast<std::uint32_t>(plant_.calendar_points.size());
  calendar.point_count = static_cast<std::uint32_t>(points.size());
  Tick open = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i % 2 == 1) open += points[i] - points[i - 1];
    plant_.calendar_points.push_back(points[i]);
    plant_.calendar_open.push_back(open);
  }
  if (zone.rules != nullptr || !exceptions.empty()) tell_hours(calendar, zone, days, exceptions);
}

std::map<std::int64_t, DayHours> PlantLoader::read_exceptions(const Place& place) {
  std::map<std::int64_t, DayHours> out;
  if (!place) return out;
  if (!place.node->is_mapping()) {
    wrong_kind(place, Shape::kExceptions);
    return out;
  }
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    try {
      const auto [first, last] = read_dates(entry.key);
      const auto hours = day_hours(at);
      for (std::int64_t day = first; day <= last; ++day)
        if (!out.emplace(day, hours).second)
          fault(entry.key_mark, at.path, entry.key, "a day of it stands under other dates too", "each day once");
    } catch (const TextFault& text) {
      fault(entry.key_mark, at.path, entry.key, text.message, text.allowed);
    }
  }
  return out;
}

void PlantLoader::tell_hours(CalendarData& calendar, const Zone& zone, const std::vector<DayHours>& week,
                             const std::map<std::int64_t, DayHours>& exceptions) {
  const auto day_of = [](WallTime t) { return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count(); };
  std::int64_t first = day_of(plant_.epoch) - 370;
  std::int64_t last = day_of(plant_.epoch + std::chrono::years{kToldYears});
  if (zone.rules == nullptr) {  // only around the exceptions
    first = exceptions.begin()->first - 1;
    last = exceptions.rbegin()->first + 2;
  } else if (!exceptions.empty()) {
    first = std::min(first, exceptions.begin()->first - 1);
    last = std::max(last, exceptions.rbegin()->first + 2);
  }
  const Tick epoch = plant_.epoch.time_since_epoch().count();
  const auto at = [&](std::int64_t day, Tick clock) { return utc_of(zone, day * kDay + clock) - epoch; };
  calendar.told_from = at(first, 0);
  calendar.told_until = at(last, 0);
  std::vector<std::pair<Tick, Tick>> spans;
  for (std::int64_t day = first - 1; day < last; ++day) {
    const auto exception = exceptions.find(day);
    const auto weekday = static_cast<std::size_t>(((day + 3) % 7 + 7) % 7);  // 1970 began on a Thursday
    for (const auto& [from, to] : exception == exceptions.end() ? week[weekday] : exception->second) {
      const Tick begin = std::max(at(day, from), calendar.told_from);
      const Tick end = std::min(at(day, to), calendar.told_until);
      if (begin < end) spans.emplace_back(begin, end);
    }
  }
  std::ranges::sort(spans);
  calendar.first_told = static_cast<std::uint32_t>(plant_.told_points.size());
  Tick open = 0;
  for (const auto& [from, to] : spans) {
    const bool joined = plant_.told_points.size() > calendar.first_told && from <= plant_.told_points.back();
    if (joined) {
      const Tick more = std::max<Tick>(0, to - plant_.told_points.back());
      plant_.told_points.back() += more;
      plant_.told_open.back() += more;
      open += more;
      continue;
    }
    plant_.told_points.insert(plant_.told_points.end(), {from, to});
    plant_.told_open.push_back(open);
    open += to - from;
    plant_.told_open.push_back(open);
  }
  calendar.told_count = static_cast<std::uint32_t>(plant_.told_points.size()) - calendar.first_told;
}

DayHours PlantLoader::day_hours(const Place& place) {
  if (place.node->is_null()) return {};
  if (!place.node->is_sequence()) return read(place, Shape::kHours, read_hours).value_or(DayHours{});
  std::string all;
  for (const auto& piece : place.node->children) {
    if (!piece.is_scalar()) {
      wrong_kind({&piece, place.path}, Shape::kHours);
      return {};
    }
    all += (all.empty() ? "" : ", ") + piece.scalar;
  }
  if (all.empty()) return {};
  try {
    return read_hours(all);
  } catch (const TextFault& text) {
    fault(place, text);
    return {};
  }
}

std::optional<CalendarId> PlantLoader::calendar(const Place& place) {
  if (!place || !scalar(place, Shape::kName)) return std::nullopt;
  if (place.node->scalar == "always") return CalendarId{};
  const auto found = calendar_ids_.find(place.node->scalar);
  if (found != calendar_ids_.end()) return CalendarId{found->second};
  auto names = plant_.calendar_names;
  names.emplace_back("always");
  fault(place, fmt::format("there is no calendar '{}'{}", shown(*place.node), did_you_mean(place.node->scalar, names)),
        list_of(names));
  return std::nullopt;
}

}  // namespace twin::model_detail
