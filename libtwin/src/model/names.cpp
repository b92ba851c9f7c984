#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <unordered_map>

#include "names_impl.hpp"
#include "twin/base/error.hpp"

namespace twin::model_detail {
namespace {

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `[1..20]` at the front of `text`: its length with brackets, else 0.
std::size_t range_length(std::string_view text) {
  const auto close = text.find(']');
  if (text.empty() || text[0] != '[' || close == std::string_view::npos) return 0;
  const auto inside = text.substr(1, close - 1);
  const auto dots = inside.find("..");
  if (dots == std::string_view::npos) return 0;
  return digits(inside.substr(0, dots)) && digits(inside.substr(dots + 2)) ? close + 1 : 0;
}

bool plain_part(std::string_view name) {
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '[') {
      const auto length = range_length(name.substr(i));
      if (length == 0) return false;
      i += length - 1;
    } else if (name[i] == '.' || name[i] == ']' || name[i] == '"') {
      return false;
    }
  }
  return true;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

}  // namespace

Expansion expand_name(std::string_view name) {
  Expansion out;
  const auto open = name.find('[');
  if (open == std::string_view::npos) {
    out.names.emplace_back(name);
    return out;
  }
  out.grouped = true;
  const auto length = range_length(name.substr(open));
  if (length == 0 || name.find('[', open + length) != std::string_view::npos) {
    out.error = "brackets in a name hold one range of numbers, as in m[1..20]";
    return out;
  }
  const auto inside = name.substr(open + 1, length - 2);
  const auto dots = inside.find("..");
  const auto first_text = inside.substr(0, dots), last_text = inside.substr(dots + 2);
  std::size_t first = 0, last = 0;
  const bool read =
      std::from_chars(first_text.data(), first_text.data() + first_text.size(), first).ec == std::errc{} &&
      std::from_chars(last_text.data(), last_text.data() + last_text.size(), last).ec == std::errc{};
  if (!read || last < first || last - first >= kMaxRange) {
    out.error =
        fmt::format("the range {}..{} must ascend and have at most {} members", first_text, last_text, kMaxRange);
    return out;
  }
  const std::size_t width = first_text.size() > 1 && first_text[0] == '0' ? first_text.size() : 1;
  if (width > 20) {
    out.error = "a number in a range has at most 20 digits";
    return out;
  }
  for (std::size_t i = first; i <= last; ++i)
    out.names.push_back(fmt::format("{}{:0{}}{}", name.substr(0, open), i, width, name.substr(open + length)));
  return out;
}

std::vector<PathPart> parse_path(std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    throw InvalidArgument(
        fmt::format("'{}' is no path: {}; allowed: names joined by dots, as in stations.mill.queue.places,"
                    " \"quoted\" where they hold a dot, and [0] for items of a list",
                    path, why));
  };
  std::vector<PathPart> parts;
  if (path.empty()) return parts;
  std::size_t i = 0;
  while (true) {
    if (i >= path.size()) refuse("it ends with a dot");
    std::string name;
    if (path[i] == '"') {
      const auto close = path.find('"', i + 1);
      if (close == std::string_view::npos) refuse("a quote is not closed");
      name = path.substr(i + 1, close - i - 1);
      i = close + 1;
      parts.push_back({std::move(name), {}});
    } else {
      while (i < path.size() && path[i] != '.') {
        if (path[i] == '"' || path[i] == ']') refuse("a quote or bracket stands inside a name");
        std::size_t take = 1;
        if (path[i] == '[') {
          take = range_length(path.substr(i));
          if (take == 0) break;  // an index
        }
        name += path.substr(i, take);
        i += take;
      }
      if (name.empty() && !(i < path.size() && path[i] == '[' && !parts.empty())) refuse("a name is empty");
      if (!name.empty()) parts.push_back({std::move(name), {}});
    }
    while (i < path.size() && path[i] == '[') {
      const auto close = path.find(']', i);
      std::size_t index = 0;
      const auto inside = path.substr(i + 1, close == std::string_view::npos ? 0 : close - i - 1);
      if (!digits(inside) || std::from_chars(inside.data(), inside.data() + inside.size(), index).ec != std::errc{})
        refuse("brackets hold an index from 0 or a range");
      parts.push_back({{}, index});
      i = close + 1;
    }
    if (i == path.size()) return parts;
    if (path[i] != '.') refuse("parts are joined by dots");
    ++i;
  }
}

std::string path_text(const std::vector<PathPart>& parts, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out = parts[i].index ? fmt::format("{}[{}]", out, *parts[i].index) : join_path(out, parts[i].name);
  return out;
}

std::vector<StepName> step_names(const Node& route) {
  std::vector<StepName> out;
  std::unordered_map<std::string, std::size_t> count;
  const auto add = [&](const std::string& base, std::size_t item, std::string station) {
    const auto n = ++count[base];
    out.push_back({n == 1 ? base : fmt::format("{}#{}", base, n), item, std::move(station)});
  };
  if (!route.is_sequence()) return out;
  for (std::size_t item = 0; item < route.children.size(); ++item) {
    const Node* at = route.children[item].find("at");
    const Node* op = route.children[item].find("op");
    const auto parts_by = [&](const char* key) {
      const Node* parts = route.children[item].find(key);
      return parts != nullptr && !parts->is_null();
    };
    const char* const key = parts_by("parallel") ? "parallel" : parts_by("split") ? "split" : nullptr;
    if (key != nullptr) {
      add(op != nullptr && op->is_scalar() && !op->scalar.empty() ? op->scalar : key, item, {});
      continue;
    }
    const bool several = at != nullptr && at->is_sequence();
    if (several) at = at->children.empty() ? nullptr : &at->children.front();
    if (at == nullptr || !at->is_scalar()) continue;
    const auto stations = expand_name(at->scalar);
    if (stations.names.empty()) continue;
    const bool named = op != nullptr && op->is_scalar() && !op->scalar.empty();
    if (several || !stations.grouped) {
      add(named ? op->scalar : stations.names.front(), item, {});
    } else {
      for (const auto& station : stations.names) add(named ? op->scalar : station, item, station);
    }
  }
  return out;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = (name.size() < 4 ? 1 : std::max<std::size_t>(2, name.size() / 3)) + 1;
  if (name.size() > 100) return {};
  for (const auto& candidate : candidates) {
    if (candidate.size() > name.size() + best_distance || name.size() > candidate.size() + best_distance) continue;
    const auto d = distance(name, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = &candidate;
    }
  }
  return best == nullptr ? std::string{} : *best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const auto guess = nearest(name, candidates);
  return guess.empty() ? std::string{} : fmt::format(" (did you mean '{}'?)", guess);
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 20;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) out += fmt::format(" and {} more", names.size() - kShown);
  return out;
}

}  // namespace twin::model_detail

namespace twin {

std::string join_path(std::string_view parent, std::string_view name) {
  std::string out(parent);
  if (!out.empty()) out += '.';
  if (model_detail::plain_part(name)) return out += name;
  out += '"';
  out += name;
  return out += '"';
}

}  // namespace twin
