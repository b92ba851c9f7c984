#include "twin/base/time.hpp"

#include <fmt/format.h>
#include <array>
#include <cstdlib>

namespace twin {
namespace {

/// Reads exactly `digits` decimal digits at the front of `text` and removes them.
bool take_digits(std::string_view& text, int digits, int& out) noexcept {
  if (text.size() < static_cast<std::size_t>(digits)) return false;
  int value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') return false;
    value = 10 * value + (c - '0');
  }
  text.remove_prefix(static_cast<std::size_t>(digits));
  out = value;
  return true;
}

bool take_char(std::string_view& text, char wanted) noexcept {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool parse_wall_time(std::string_view text, WallTime& out) noexcept {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (!take_digits(text, 4, y) || !take_char(text, '-') || !take_digits(text, 2, mo) || !take_char(text, '-') ||
      !take_digits(text, 2, d))
    return false;
  std::int64_t fraction = 0;
  int offset_minutes = 0;
  if (!text.empty()) {
    if (!take_char(text, 'T') && !take_char(text, ' ')) return false;
    if (!take_digits(text, 2, h) || !take_char(text, ':') || !take_digits(text, 2, mi)) return false;
    if (take_char(text, ':') && !take_digits(text, 2, s)) return false;
    if (take_char(text, '.')) {
      std::int64_t unit = kSecond;
      if (text.empty() || text.front() < '0' || text.front() > '9') return false;
      while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        unit /= 10;
        fraction += unit * (text.front() - '0');
        text.remove_prefix(1);
      }
    }
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
      const int sign = text.front() == '-' ? -1 : 1;
      text.remove_prefix(1);
      int oh = 0, om = 0;
      if (!take_digits(text, 2, oh)) return false;
      take_char(text, ':');
      if (!text.empty() && !take_digits(text, 2, om)) return false;
      if (oh > 23 || om > 59) return false;
      offset_minutes = sign * (60 * oh + om);
    } else {
      take_char(text, 'Z');
    }
  }
  if (!text.empty() || h > 23 || mi > 59 || s > 60 || y < 1678 || y > 2261) return false;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok()) return false;
  const auto days = sys_days{date};
  out = WallTime{days} + hours{h} + minutes{mi - offset_minutes} + seconds{s} + nanoseconds{fraction};
  return true;
}

std::string format_wall_time(WallTime time) {
  using namespace std::chrono;
  const auto midnight = floor<days>(time);
  const year_month_day date{midnight};
  const hh_mm_ss clock{time - midnight};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto ns = clock.subseconds().count();
  if (ns % 1'000'000 == 0) {
    if (ns != 0) text += fmt::format(".{:03}", ns / 1'000'000);
  } else if (ns % 1000 == 0) {
    text += fmt::format(".{:06}", ns / 1000);
  } else {
    text += fmt::format(".{:09}", ns);
  }
  return text + "Z";
}

std::string format_duration(Duration span) {
  Tick left = span.count();
  if (left == 0) return "0 s";
  std::string text = left < 0 ? "-" : "";
  left = std::llabs(left);
  if (left < 1000) return text + fmt::format("{} ns", left);
  if (left < kSecond / 1000) return text + fmt::format("{:.4g} us", static_cast<double>(left) / 1e3);
  if (left < kSecond) return text + fmt::format("{:.4g} ms", static_cast<double>(left) / 1e6);
  if (left < kMinute) return text + fmt::format("{:.4g} s", seconds_from_ticks(left));
  struct Unit {
    Tick ticks;
    const char* name;
  };
  static constexpr std::array<Unit, 4> units{{{kDay, "d"}, {kHour, "h"}, {kMinute, "min"}, {kSecond, "s"}}};
  int parts = 0;
  for (const auto& unit : units) {
    const Tick n = left / unit.ticks;
    left %= unit.ticks;
    if (n > 0 && parts < 2) text += fmt::format("{}{} {}", parts > 0 ? " " : "", n, unit.name);
    if (n > 0 || parts > 0) ++parts;
  }
  return text;
}

}  // namespace twin
