#include "twin/sync/observation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace twin::sync {

std::optional<std::uint32_t> ObservationLog::find_item(std::string_view name) const noexcept {
  const auto at = std::find(items.begin(), items.end(), name);
  if (at == items.end()) return std::nullopt;
  return static_cast<std::uint32_t>(at - items.begin());
}

std::size_t ObservationLog::count_until(Tick until) const noexcept {
  const auto at = std::upper_bound(observations.begin(), observations.end(), until,
                                   [](Tick t, const Observation& o) { return t < o.time; });
  return static_cast<std::size_t>(at - observations.begin());
}

std::optional<double> parse_number(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (!text.empty() && (text.front() == 'N' || text.front() == 'n' || text.front() == '+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace twin::sync
