#include <fmt/format.h>
#include <algorithm>
#include <optional>

#include "keys_impl.hpp"
#include "names_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/model/document.hpp"
#include "twin/model/schema.hpp"

namespace twin {

using model_detail::did_you_mean;
using model_detail::keys_of;
using model_detail::Level;
using model_detail::list_of;
using model_detail::parse_path;
using model_detail::PathPart;

namespace {

/// What kind of mapping a path leads to, as far as it can be told from its parts; nothing for collections and values.
std::optional<Level> level_of(const std::vector<PathPart>& parts) {
  if (parts.empty()) return Level::kTop;
  const auto& first = parts[0].name;
  const auto is = [&](std::size_t i, const char* name) { return parts.size() > i && parts[i].name == name; };
  const auto n = parts.size();
  if (first == "run" && n == 1) return Level::kRun;
  if (first == "orders" && n == 2) return Level::kOrder;
  if (first == "calendars" && n == 2) return Level::kCalendar;
  if (first == "stations") {
    if (n == 2) return Level::kStation;
    if (n == 3 && is(2, "queue")) return Level::kQueue;
    if (n == 4 && is(2, "machines")) return Level::kMachine;
    if ((n == 4 && is(2, "failures")) || (n == 6 && is(4, "failures"))) return Level::kFailure;
  }
  if (first == "products") {
    if (n == 2) return Level::kProduct;
    if (n == 4 && is(2, "route")) return Level::kStep;
    if (n == 5 && is(4, "then")) return Level::kThen;
  }
  return std::nullopt;
}

std::string origin_of(const Node& node) {
  const Mark& mark = node.key_mark.line > 0 ? node.key_mark : node.mark;
  const auto text = mark.text();
  return text.empty() ? "set in code" : text;
}

std::string shown(const Node& node) {
  constexpr std::size_t kShown = 100;
  auto text = node.is_scalar() ? node.scalar : to_yaml_line(node);
  return text.size() > kShown ? text.substr(0, kShown - 4) + " ..." : text;
}

class Explainer {
 public:
  Explainer(const Plant& plant, std::string_view path)
      : document_(plant.document()), plant_(plant), path_(path), parts_(parse_path(path)) {}

  std::vector<Explained> run() {
    const Node* node = document_.get(path_);
    const auto level = level_of(parts_);
    if (node == nullptr && !implied()) refuse();
    if (level && (node == nullptr || node->is_mapping() || node->is_null())) {
      add_keys(*level, node, std::string(path_));
      return std::move(out_);
    }
    if (node != nullptr && node->is_mapping()) {
      for (const auto& child : node->children)
        out_.push_back({join_path(path_, child.key), shown(child), origin_of(child), ""});
    } else if (node != nullptr) {
      out_.push_back({std::string(path_), shown(*node), origin_of(*node), meaning_of_last()});
    }
    return std::move(out_);
  }

 private:
  /// Elements that exist without a text of their own: run, a queue, a counted machine, a key with its default.
  [[nodiscard]] bool implied() const {
    if (parts_.empty()) return true;
    const auto& names = plant_.data().machine_names;
    if (level_of(parts_) == Level::kMachine)
      return std::find(names.begin(), names.end(), parts_[3].name) != names.end() &&
             plant_.data().station_names[plant_.data().machines[plant_.machine(parts_[3].name).value].station.value] ==
                 parts_[1].name;
    if (level_of(parts_) == Level::kRun) return true;
    return level_of(parts_) == Level::kQueue && document_.get(join_path("stations", parts_[1].name)) != nullptr;
  }

  [[noreturn]] void refuse() const {
    std::string above;
    const Node* node = &document_.root();
    std::string missing;
    for (const auto& part : parts_) {
      missing = part.index ? fmt::format("[{}]", *part.index) : part.name;
      const auto next = part.index ? fmt::format("{}[{}]", above, *part.index) : join_path(above, part.name);
      const Node* below = document_.get(next);
      if (below == nullptr) break;
      above = next;
      node = below;
    }
    std::vector<std::string> names;
    if (node->is_mapping())
      for (const auto& child : node->children) names.push_back(child.key);
    if (node->is_sequence())
      for (const auto& step : model_detail::step_names(*node)) names.push_back(step.name);
    throw InvalidArgument(fmt::format("there is no '{}' in {}{}; allowed: {}", missing,
                                      above.empty() ? "the plant" : above, did_you_mean(missing, names),
                                      list_of(names)));
  }

  [[nodiscard]] std::string meaning_of_last() const {
    auto above = parts_;
    above.pop_back();
    if (const auto level = level_of(above))
      for (const auto& key : keys_of(*level))
        if (key.name == parts_.back().name) return key.meaning;
    return "";
  }

  void add_keys(Level level, const Node* node, const std::string& path) {
    for (const auto& key : keys_of(level)) {
      const auto key_path = join_path(path, key.name);
      const Node* value = node == nullptr ? nullptr : node->find(key.name);
      if (value != nullptr && value->is_null()) value = nullptr;
      if (level == Level::kStation && key.shape == model_detail::Shape::kQueue) {
        add_keys(Level::kQueue, value, key_path);
      } else if (value != nullptr) {
        out_.push_back({key_path, shown(*value), origin_of(*value), key.meaning});
      } else if (const auto inherited = from_station(level, key.name, node)) {
        out_.push_back({key_path, shown(**inherited), origin_of(**inherited), key.meaning});
      } else {
        out_.push_back({key_path, default_of(level, key), "default", key.meaning});
      }
    }
    if (node == nullptr || level != Level::kCalendar) return;
    for (const auto& child : node->children)  // other spans of days
      if (std::none_of(out_.begin(), out_.end(),
                       [&](const Explained& e) { return e.path == join_path(path, child.key); }))
        out_.push_back({join_path(path, child.key), shown(child), origin_of(child), "hours of these days"});
  }

  /// A machine's or a step's key may stand at its station.
  [[nodiscard]] std::optional<const Node*> from_station(Level level, const std::string& key, const Node* node) const {
    std::string station;
    if (level == Level::kMachine) {
      station = parts_[1].name;
    } else if (level == Level::kStep && (key == "time" || key == "setup" || key == "changeover")) {
      const Node* at = node == nullptr ? nullptr : node->find("at");
      if (at == nullptr || !at->is_scalar()) return std::nullopt;
      const auto members = model_detail::expand_name(at->scalar);
      if (members.names.empty()) return std::nullopt;
      station = members.grouped && !parts_[3].index ? parts_[3].name : members.names.front();
    } else {
      return std::nullopt;
    }
    if (key == "meta") return std::nullopt;
    const Node* found = document_.get(join_path("stations", station) + "." + key);
    return found == nullptr || found->is_null() ? std::nullopt : std::optional(found);
  }

  [[nodiscard]] static std::string default_of(Level level, const model_detail::Key& key) {
    const bool inherits =
        level == Level::kMachine || (level == Level::kStep && std::string_view(key.fallback) == "the station's");
    if (!inherits) return key.fallback;
    for (const auto& own : keys_of(Level::kStation))
      if (std::string_view(own.name) == key.name) return own.fallback;
    return key.fallback;
  }

  const Document& document_;
  const Plant& plant_;
  std::string_view path_;
  std::vector<PathPart> parts_;
  std::vector<Explained> out_;
};

}  // namespace

std::vector<Explained> explain(const Plant& plant, std::string_view path) { return Explainer(plant, path).run(); }

}  // namespace twin
