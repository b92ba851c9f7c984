/// Weekly hours as people write them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "twin/base/time.hpp"

namespace date {
class time_zone;
}

namespace twin::model_detail {

/// A fixed offset, or a place of the time zone database with its summer times.
struct Zone {
  Tick offset = 0;  ///< east of UTC
  const date::time_zone* rules = nullptr;
};

/// Open from one tick of a day to another; the end may lie in the next day.
using DayHours = std::vector<std::pair<Tick, Tick>>;

/// Reads `06:00-14:00, 14:00-22:00`, `22:00-06:00`, `closed`. \throws TextFault
[[nodiscard]] DayHours read_hours(std::string_view text);
/// Days, Monday being 0, that a key means: `mon`, `mon-fri`, `daily`; empty when it means none.
[[nodiscard]] std::vector<int> read_days(std::string_view key);
/// `UTC`, `Z`, `+01:00`, `Europe/Berlin`. \throws TextFault
[[nodiscard]] Zone read_time_zone(std::string_view text);
/// The instant of a local time, both in ticks since 1970. A time that comes twice is the earlier one; one that is
/// skipped is the instant of skipping.
[[nodiscard]] Tick utc_of(const Zone& zone, Tick local) noexcept;
/// Offset east of UTC at an instant, in ticks since 1970.
[[nodiscard]] Tick offset_at(const Zone& zone, Tick utc) noexcept;
/// Reads `2026-12-24` or `2026-08-03..2026-08-14`: first and last day since 1970. \throws TextFault
[[nodiscard]] std::pair<std::int64_t, std::int64_t> read_dates(std::string_view text);
/// An instant; text without a zone is in the zone given. \throws TextFault
[[nodiscard]] WallTime read_wall_time(std::string_view text, const Zone& zone);

/// Points of a week, open, close, open ..., from hours by day; joined where they touch, moved by the zone.
[[nodiscard]] std::vector<Tick> week_points(const std::vector<DayHours>& days, Tick zone);

}  // namespace twin::model_detail
