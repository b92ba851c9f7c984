/// Time: integer nanoseconds. An instant is counted from the plant's epoch or, on the wall, from 1970 UTC.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace twin {

/// Nanoseconds as a bare number: an instant since the plant's epoch, or a span. What flat arrays hold.
using Tick = std::int64_t;

/// A span of time; converts implicitly from `8h`, `90s`.
using Duration = std::chrono::nanoseconds;

/// An instant on the wall, in UTC.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

inline constexpr Tick kSecond = 1'000'000'000;
inline constexpr Tick kMinute = 60 * kSecond;
inline constexpr Tick kHour = 60 * kMinute;
inline constexpr Tick kDay = 24 * kHour;
inline constexpr Tick kWeek = 7 * kDay;
/// Later than anything that happens; about 146 years, so that sums of two do not overflow.
inline constexpr Tick kNever = INT64_MAX / 2;

/// Seconds to ticks, rounded to nearest; clamped to [-kNever, kNever]. NaN gives kNever.
[[nodiscard]] constexpr Tick ticks_from_seconds(double seconds) noexcept {
  const double ns = seconds * 1e9;
  if (!(ns < static_cast<double>(kNever))) return kNever;
  if (ns < -static_cast<double>(kNever)) return -kNever;
  return static_cast<Tick>(ns < 0 ? ns - 0.5 : ns + 0.5);
}
[[nodiscard]] constexpr double seconds_from_ticks(Tick ticks) noexcept { return static_cast<double>(ticks) * 1e-9; }

/// Reads `2017-02-01T13:59:35.1718750Z`: date, `T` or a space, time, a fraction of up to 9 digits (further ones are
/// cut), then nothing, `Z`, or `+hh:mm`; a date alone is midnight. Without a zone it is UTC.
/// \return false when `text` is anything else, or lies outside 1678..2261
[[nodiscard]] bool parse_wall_time(std::string_view text, WallTime& out) noexcept;

/// ISO 8601 in UTC with as many digits of the second as needed (0, 3, 6 or 9): `2017-02-01T13:59:35.171875Z`.
[[nodiscard]] std::string format_wall_time(WallTime time);

/// A span in readable units: `350 ms`, `48 s`, `12 min 30 s`, `3 d 4 h`.
[[nodiscard]] std::string format_duration(Duration span);

}  // namespace twin
