#include "plant_loader_impl.hpp"

#include <fmt/format.h>

#include "twin/base/random.hpp"

namespace twin::model_detail {

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
  Tick zone = zone_;
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
  const auto points = week_points(days, zone);
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
