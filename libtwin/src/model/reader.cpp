#include "reader_impl.hpp"

#include <algorithm>
#include <charconv>

#include "calendar_impl.hpp"
#include "document_impl.hpp"
#include "twin/model/quantity.hpp"

namespace twin::model_detail {

namespace {

constexpr std::size_t kMaxEntities = 200'000;  // machines, steps, choices

}  // namespace

void Reader::fail() {
  sort_faults(faults_);
  throw PlantError(std::move(faults_));
}

void Reader::fault(const Mark& mark, const std::string& path, std::string value, std::string message,
                   std::string allowed_text) {
  const std::string file = mark.file ? *mark.file : std::string{};
  const auto identity =
      mark.line > 0 ? fmt::format("{}:{}:{}:{}", file, mark.line, mark.column, message) : path + ":" + message;
  if (!seen_.insert(identity).second) return;  // a group is read once, its members fail once
  faults_.push_back(
      {file, mark.line, mark.column, path, std::move(value), std::move(message), std::move(allowed_text)});
  if (faults_.size() >= kMaxFaults) throw TooMany{};
}

void Reader::fault(const Place& place, std::string message, std::string allowed_text) {
  fault(place.node->mark, place.path, shown(*place.node), std::move(message), std::move(allowed_text));
}

void Reader::fault(const Place& place, const TextFault& text) { fault(place, text.message, text.allowed); }

std::string Reader::shown(const Node& node) {
  if (node.is_scalar()) return node.scalar.size() > 80 ? node.scalar.substr(0, 77) + "..." : node.scalar;
  if (node.is_null()) return "null";
  if (node.children.empty()) return node.is_mapping() ? "{}" : "[]";
  return node.is_mapping() ? "{...}" : "[...]";
}

void Reader::wrong_kind(const Place& place, Shape shape) {
  fault(place, fmt::format("'{}' does not fit here", shown(*place.node)), allowed(shape));
}

Place Reader::child(const Place& place, const char* key) {
  const Node* node = place.node->find(key);
  if (node == nullptr || node->is_null()) return {};
  return {node, join_path(place.path, key)};
}

bool Reader::keys(const Place& place, Level level, Shape shape) {
  if (place.node->is_null()) return true;
  if (!place.node->is_mapping()) {
    wrong_kind(place, shape);
    return false;
  }
  const auto names = key_names(level);
  for (const auto& value : place.node->children) {
    if (std::find(names.begin(), names.end(), value.key) != names.end()) continue;
    if (level == Level::kCalendar && !read_days(value.key).empty()) continue;
    fault(value.key_mark, join_path(place.path, value.key), value.key,
          fmt::format("'{}' is no key of a {}{}", value.key, name_of(level), did_you_mean(value.key, names)),
          list_of(names));
  }
  for (const auto& key : keys_of(level))
    if (key.required && !child(place, key.name))
      fault(place.node->mark, join_path(place.path, key.name), "",
            fmt::format("the {} has no '{}'", name_of(level), key.name), allowed(key.shape));
  return true;
}

bool Reader::scalar(const Place& place, Shape shape) {
  if (place.node->is_scalar()) return true;
  wrong_kind(place, shape);
  return false;
}

std::optional<std::int64_t> Reader::integer(const Place& place, Shape shape, std::int64_t low, std::int64_t high) {
  if (!place || !scalar(place, shape)) return std::nullopt;
  const auto text = place.node->scalar;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= low && value <= high) return value;
  fault(place, fmt::format("'{}' does not fit here", shown(*place.node)), allowed(shape));
  return std::nullopt;
}

std::optional<double> Reader::number(const Place& place, Shape shape, double low, double high, bool above_low) {
  if (!place || !scalar(place, shape)) return std::nullopt;
  double value = 0;
  try {
    value = read_number(place.node->scalar);
  } catch (const TextFault&) {
    fault(place, fmt::format("'{}' is no number", shown(*place.node)), allowed(shape));
    return std::nullopt;
  }
  if (value > high || value < low || (above_low && value <= low)) {
    fault(place, fmt::format("{} is outside the range", place.node->scalar), allowed(shape));
    return std::nullopt;
  }
  return value;
}

std::optional<Tick> Reader::duration(const Place& place) {
  auto seconds = read(place, Shape::kDuration, read_seconds);
  if (seconds && (*seconds < 0 || ticks_from_seconds(*seconds) >= kNever)) {
    fault(place, fmt::format("'{}' is no time that can pass", place.node->scalar), "from 0 to 146 years");
    return std::nullopt;
  }
  if (!seconds) return std::nullopt;
  return ticks_from_seconds(*seconds);
}

std::optional<Distribution> Reader::distribution(const Place& place) {
  return read(place, Shape::kDistribution, [](std::string_view text) { return read_distribution(text); });
}

std::optional<Distribution> Reader::delay(const Place& place) {
  auto d = distribution(place);
  if (d && *d == Distribution::deterministic(0)) d.reset();
  return d;
}

bool Reader::good_name(const Mark& mark, const std::string& path, const std::string& name) {
  const bool control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"'; });
  if (!name.empty() && name.size() <= 200 && !control && name.front() != ' ' && name.back() != ' ') return true;
  fault(mark, path, name, fmt::format("'{}' is no name", name),
        "1 to 200 characters without quotes, line ends or blanks around them");
  return false;
}

void Reader::not_reserved(const Mark& mark, const std::string& path, const std::string& name) {
  if (name == "plant" || name == "order")
    fault(mark, path, name, fmt::format("'{}' has a meaning of its own in results", name), "another name");
}

std::vector<std::string> Reader::members(const Mark& mark, const std::string& path, const std::string& name) {
  if (!good_name(mark, path, name)) return {};
  auto expansion = expand_name(name);
  if (!expansion.error.empty()) fault(mark, path, name, expansion.error, "a name, or a range such as m[1..20]");
  return std::move(expansion.names);
}

void Reader::room(std::size_t present, const Place& place, const char* what) {
  if (present < kMaxEntities) return;
  fault(place, fmt::format("the plant has too many {}", what), fmt::format("at most {}", kMaxEntities));
  fail();
}

}  // namespace twin::model_detail
