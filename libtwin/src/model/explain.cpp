#include <fmt/format.h>
#include <algorithm>
#include <optional>

#include "calendar_impl.hpp"
#include "keys_impl.hpp"
#include "names_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/model/document.hpp"
#include "twin/model/schema.hpp"

namespace twin {

using model_detail::did_you_mean;
using model_detail::Key;
using model_detail::keys_of;
using model_detail::Level;
using model_detail::list_of;
using model_detail::parse_path;
using model_detail::path_text;
using model_detail::PathPart;
using model_detail::Shape;

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
  if ((first == "operators" || first == "tools") && n == 2) return Level::kPool;
  if (first == "materials") {
    if (n == 2) return Level::kMaterial;
    if (n == 3 && is(2, "supply")) return Level::kSupply;
    if (n == 3 && is(2, "reorder")) return Level::kReorder;
  }
  if (first == "conveyors" && n == 2) return Level::kConveyor;
  if (first == "paths" && n == 2) return Level::kPath;
  if (first == "vehicles" && n == 2) return Level::kFleet;
  if (first == "vehicles" && n == 3 && is(2, "battery")) return Level::kBattery;
  if (first == "stations") {
    if (n == 2) return Level::kStation;
    if (n == 3 && is(2, "queue")) return Level::kQueue;
    if (n == 4 && is(2, "machines")) return Level::kMachine;
    if (n == 4 && is(2, "maintenance")) return Level::kMaintenance;
    if (n == 4 && is(2, "degradation")) return Level::kDegradation;
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

const Key* key_of(Level level, std::string_view name) {
  for (const auto& key : keys_of(level))
    if (key.name == name) return &key;
  return nullptr;
}

class Explainer {
 public:
  Explainer(const Plant& plant, std::string_view path)
      : document_(plant.document()), plant_(plant), path_(path), parts_(parse_path(path)) {}

  std::vector<Explained> run() {
    const Node* node = document_.get(path_);
    if (node == nullptr && !implied(parts_)) {
      if (!add_single(nullptr)) refuse();
      return std::move(out_);
    }
    const auto level = level_of(parts_);
    if (level && (node == nullptr || node->is_mapping() || node->is_null())) {
      add_keys(*level, node, path_);
    } else if (node != nullptr && node->is_mapping()) {
      for (const auto& child : node->children)
        out_.push_back({join_path(path_, child.key), shown(child), origin_of(child), "", ""});
    } else if (!add_single(node) && node != nullptr) {
      out_.push_back({path_, shown(*node), origin_of(*node), "", ""});
    }
    return std::move(out_);
  }

 private:
  /// Elements that exist without a text of their own: run, a queue, a counted machine, what follows a step.
  [[nodiscard]] bool implied(const std::vector<PathPart>& parts) const {
    const auto level = level_of(parts);
    if (!level) return false;
    const auto& d = plant_.data();
    switch (*level) {
      case Level::kTop:
      case Level::kRun:
        return true;
      case Level::kQueue:
        return document_.get(path_text(parts, 2)) != nullptr;
      case Level::kThen:
        return document_.get(path_text(parts, 4)) != nullptr;
      case Level::kMachine: {
        const auto found = std::find(d.machine_names.begin(), d.machine_names.end(), parts[3].name);
        if (found == d.machine_names.end()) return false;
        const auto& machine = d.machines[static_cast<std::size_t>(found - d.machine_names.begin())];
        return d.station_names[machine.station.value] == parts[1].name;
      }
      default:
        return false;
    }
  }

  [[noreturn]] void refuse() const {
    std::string above;
    const Node* node = &document_.root();
    std::vector<PathPart> found;
    std::string missing;
    for (const auto& part : parts_) {
      missing = part.index ? fmt::format("[{}]", *part.index) : part.name;
      found.push_back(part);
      const auto next = path_text(found, found.size());
      const Node* below = document_.get(next);
      if (below == nullptr && (!implied(found) || found.size() == parts_.size())) break;
      above = next;
      node = below;
    }
    found.pop_back();
    std::vector<std::string> names;
    if (const auto level = level_of(found)) names = model_detail::key_names(*level);
    if (names.empty() && node != nullptr && node->is_mapping())
      for (const auto& child : node->children) names.push_back(child.key);
    if (node != nullptr && node->is_sequence())
      for (const auto& step : model_detail::step_names(*node)) names.push_back(step.name);
    throw InvalidArgument(fmt::format("there is no '{}' in {}{}; allowed: {}", missing,
                                      above.empty() ? "the plant" : above, did_you_mean(missing, names),
                                      list_of(names)));
  }

  /// The key that the path ends with, of the element that the rest names. \return false when there is none
  bool add_single(const Node* node) {
    if (parts_.empty() || parts_.back().index) return false;
    auto above = parts_;
    above.pop_back();
    const auto level = level_of(above);
    const Key* key = level ? key_of(*level, parts_.back().name) : nullptr;
    if (key == nullptr) return false;
    const auto above_path = path_text(above, above.size());
    const Node* element = document_.get(above_path);
    if (element == nullptr ? !implied(above) : !element->is_mapping() && !element->is_null()) return false;
    add_key(*level, *key, node, element, path_);
    return true;
  }

  void add_keys(Level level, const Node* node, const std::string& path) {
    for (const auto& key : keys_of(level)) {
      const auto key_path = join_path(path, key.name);
      const Node* value = node == nullptr ? nullptr : node->find(key.name);
      if (level == Level::kStation && key.shape == Shape::kQueue)
        add_keys(Level::kQueue, value, key_path);
      else
        add_key(level, key, value, node, key_path);
    }
    if (node == nullptr || level != Level::kCalendar) return;
    for (const auto& child : node->children)  // other spans of days
      if (key_of(level, child.key) == nullptr)
        out_.push_back({join_path(path, child.key), shown(child), origin_of(child), "hours of these days",
                        model_detail::allowed(Shape::kHours)});
  }

  /// What holds for a key of an element: what is written there, else what it takes over, else the default.
  void add_key(Level level, const Key& key, const Node* value, const Node* element, const std::string& path) {
    if (value == nullptr || value->is_null()) value = taken_over(level, key.name, element);
    out_.push_back({path, value != nullptr ? shown(*value) : default_of(level, key),
                    value != nullptr ? origin_of(*value) : "default", key.meaning, model_detail::allowed(key.shape)});
  }

  /// A machine's or a step's key may stand at its station, an order's at its product, a day's at a span of days.
  [[nodiscard]] const Node* taken_over(Level level, const std::string& key, const Node* element) const {
    if (key == "meta") return nullptr;
    if (level == Level::kCalendar) return span_of(key, element);
    std::string other;
    if (level == Level::kMachine) {
      other = join_path("stations", parts_[1].name);
    } else if (level == Level::kOrder && key == "priority") {
      const Node* product = element == nullptr ? nullptr : element->find("product");
      if (product == nullptr || !product->is_scalar()) return nullptr;
      other = join_path("products", product->scalar);
    } else if (level == Level::kStep && (key == "time" || key == "setup" || key == "changeover")) {
      const Node* at = element == nullptr ? nullptr : element->find("at");
      if (at == nullptr || !at->is_scalar()) return nullptr;
      const auto members = model_detail::expand_name(at->scalar);
      if (members.names.empty()) return nullptr;
      const bool one_of_them = members.grouped && !parts_[3].index;
      other = join_path("stations", one_of_them ? parts_[3].name : members.names.front());
    } else {
      return nullptr;
    }
    const Node* found = document_.get(join_path(other, key));
    return found == nullptr || found->is_null() ? nullptr : found;
  }

  /// The hours of a day that stand under days of which it is one; those of every day count least.
  [[nodiscard]] static const Node* span_of(const std::string& key, const Node* calendar) {
    const auto day = model_detail::read_days(key);
    if (day.size() != 1 || calendar == nullptr) return nullptr;
    const Node* found = nullptr;
    for (const auto& child : calendar->children) {
      const auto days = model_detail::read_days(child.key);
      if (days.size() < 2 || std::find(days.begin(), days.end(), day.front()) == days.end()) continue;
      if (found == nullptr || found->key == "daily") found = &child;
    }
    return found;
  }

  [[nodiscard]] std::string default_of(Level level, const Key& key) const {
    if (level == Level::kTop && std::string_view(key.name) == "name") return plant_.data().name;
    const std::string_view fallback = key.fallback;
    const Key* of_other = nullptr;
    if (level == Level::kMachine || (level == Level::kStep && fallback == "the station's"))
      of_other = key_of(Level::kStation, key.name);
    if (level == Level::kOrder && fallback == "the product's") of_other = key_of(Level::kProduct, key.name);
    return of_other != nullptr ? of_other->fallback : key.fallback;
  }

  const Document& document_;
  const Plant& plant_;
  std::string path_;
  std::vector<PathPart> parts_;
  std::vector<Explained> out_;
};

}  // namespace

std::vector<Explained> explain(const Plant& plant, std::string_view path) { return Explainer(plant, path).run(); }

}  // namespace twin
