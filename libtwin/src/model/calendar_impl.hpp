/// Weekly hours as people write them.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "twin/base/time.hpp"

namespace twin::model_detail {

/// Open from one tick of a day to another; the end may lie in the next day.
using DayHours = std::vector<std::pair<Tick, Tick>>;

/// Reads `06:00-14:00, 14:00-22:00`, `22:00-06:00`, `closed`. \throws TextFault
[[nodiscard]] DayHours read_hours(std::string_view text);
/// Days, Monday being 0, that a key means: `mon`, `mon-fri`, `daily`; empty when it means none.
[[nodiscard]] std::vector<int> read_days(std::string_view key);
/// Offset east of UTC: `UTC`, `Z`, `+01:00`. \throws TextFault
[[nodiscard]] Tick read_time_zone(std::string_view text);
/// An instant; text without a zone is in the zone given. \throws TextFault
[[nodiscard]] WallTime read_wall_time(std::string_view text, Tick zone);

/// Points of a week, open, close, open ..., from hours by day; joined where they touch, moved by the zone.
[[nodiscard]] std::vector<Tick> week_points(const std::vector<DayHours>& days, Tick zone);

}  // namespace twin::model_detail
