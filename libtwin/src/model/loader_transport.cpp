#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "plant_loader_impl.hpp"
#include "twin/base/random.hpp"

namespace twin::model_detail {
namespace {

struct Unit {
  std::string_view name;
  double per_metre;  ///< dividing by it keeps decimal fractions exact
  double metres;
};
constexpr std::array<Unit, 4> kLengths{{{"m", 1, 1}, {"mm", 1000, 0}, {"cm", 100, 0}, {"km", 0, 1000}}};
constexpr double kLongest = 1e9;

std::optional<double> metres(double number, std::string_view unit) {
  const auto found = std::ranges::find(kLengths, unit, &Unit::name);
  if (found == kLengths.end()) return std::nullopt;
  return found->per_metre > 0 ? number / found->per_metre : number * found->metres;
}

/// `20 m` as its number and what follows.
std::pair<std::string_view, std::string_view> parted(std::string_view text) {
  text = trimmed(text);
  const auto end = std::min(text.find_first_of("abcdfghijklmnopqrstuvwxyz/ "), text.size());
  return {text.substr(0, end), trimmed(text.substr(end))};
}

}  // namespace

std::optional<double> PlantLoader::length(const Place& place) {
  if (!place || !scalar(place, Shape::kLength)) return std::nullopt;
  const auto [digits, unit] = parted(place.node->scalar);
  const auto value = is_number(digits) ? metres(read_number(digits), unit) : std::nullopt;
  if (value && *value >= 1e-6 && *value <= kLongest) return value;
  wrong_kind(place, Shape::kLength);
  return std::nullopt;
}

std::optional<double> PlantLoader::pace(const Place& place) {
  if (!place || !scalar(place, Shape::kPace)) return std::nullopt;
  const auto [digits, unit] = parted(place.node->scalar);
  const auto slash = unit.find('/');
  std::optional<double> value;
  if (is_number(digits) && slash != std::string_view::npos) {
    const auto way = metres(read_number(digits), trimmed(unit.substr(0, slash)));
    try {
      if (way) value = *way / read_seconds(fmt::format("1 {}", trimmed(unit.substr(slash + 1))));
    } catch (const TextFault&) {
      value.reset();
    }
  }
  if (value && *value >= 1e-6 && *value <= kLongest) return value;
  wrong_kind(place, Shape::kPace);
  return std::nullopt;
}

bool PlantLoader::flag(const Place& place, bool otherwise) {
  if (!place || !scalar(place, Shape::kFlag)) return otherwise;
  if (place.node->scalar == "true") return true;
  if (place.node->scalar == "false") return false;
  wrong_kind(place, Shape::kFlag);
  return otherwise;
}

bool PlantLoader::name_carrier(const Place& place, const std::string& name) {
  not_reserved(place.node->key_mark, place.path, name);
  const char* other = product_ids_.contains(name)   ? "a product"
                      : station_ids_.contains(name) ? "a station"
                      : machine_ids_.contains(name) ? "a machine"
                      : pool_ids_.contains(name)    ? "an operator, tool or material"
                      : belt_ids_.contains(name)    ? "a conveyor"
                                                    : nullptr;
  if (other == nullptr) return true;
  fault(place.node->key_mark, place.path, name, fmt::format("'{}' is {} already", name, other),
        "one meaning for each name");
  return false;
}

void PlantLoader::read_conveyors(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kConveyors);
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    if (entry.is_null()) {
      wrong_kind(at, Shape::kConveyors);
      continue;
    }
    const auto belt = keys(at, Level::kConveyor, Shape::kConveyors) ? read_conveyor(at) : std::nullopt;
    for (const auto& name : members(entry.key_mark, at.path, entry.key)) {
      if (!name_carrier(at, name)) continue;
      room(plant_.belts.size(), at, "conveyors");
      belt_ids_.emplace(name, static_cast<std::uint32_t>(plant_.belts.size()));
      plant_.belts.push_back(belt.value_or(BeltData{}));
      plant_.belts.back().hash = hash_name("belt:" + name);
      plant_.belt_names.push_back(name);
    }
  }
}

std::optional<BeltData> PlantLoader::read_conveyor(const Place& place) {
  const auto before = faults_.size();
  const auto either = [&](const char* one, const char* other) {
    if (child(place, one) && child(place, other))
      fault(child(place, one), fmt::format("'{}' and '{}' both say it", one, other),
            fmt::format("{} or {}", one, other));
  };
  either("time", "speed");
  either("places", "pitch");
  BeltData belt;
  const auto metres_long = length(child(place, "length"));
  const auto speed = pace(child(place, "speed"));
  const auto pitch = length(child(place, "pitch"));
  const auto time = duration(child(place, "time"));
  const auto places = integer(child(place, "places"), Shape::kCount, 1, 1'000'000);
  belt.slotted = flag(child(place, "slots"), false);
  belt.accumulating = flag(child(place, "accumulating"), !belt.slotted);
  if (belt.slotted && belt.accumulating)
    fault(child(place, "accumulating"), "lots cannot close up where places are fixed on the belt",
          "accumulating: false with slots");
  if (faults_.size() > before) return std::nullopt;
  if (!time && !(metres_long && speed)) {
    fault(place, "nothing says how long its lots take", "length and speed, or time");
    return std::nullopt;
  }
  if (!places && !(metres_long && pitch)) {
    fault(place, "nothing says how many lots it holds", "length and pitch, or places");
    return std::nullopt;
  }
  belt.time = time ? *time : ticks_from_seconds(*metres_long / *speed);
  if (belt.time < 1 || belt.time > kNever / 4) {
    fault(child(place, time ? "time" : "speed"), "its lots would take no time, or for ever", "from 1 ns to 36 years");
    return std::nullopt;
  }
  const double fit = places ? static_cast<double>(*places) : std::floor(*metres_long / *pitch * (1 + 1e-12));
  if (fit < 1 || fit > 1e6) {
    fault(child(place, "pitch"), fmt::format("{:g} lots fit on it", fit), "1 to 1000000 lots");
    return std::nullopt;
  }
  belt.places = static_cast<std::uint32_t>(fit);
  belt.pitch = (belt.time + belt.places - 1) / belt.places;
  return belt;
}

void PlantLoader::check_conveyors(const Place& place) {
  if (plant_.belts.empty()) return;
  const auto follow = [&](const StepData& step, std::uint32_t target) {
    if (target >= BranchData::kJoin || plant_.steps[target].way != Way::kBelt) return;
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c) {
      const std::uint32_t s = plant_.choices[c].station.value;
      if (plant_.stations[s].block_before)
        fault(place,
              fmt::format("machines of '{}' would have to wait for room on {} before they begin",
                          plant_.station_names[s], plant_.belt_names[plant_.steps[target].carrier]),
              "blocking: after in front of a conveyor, which keeps no places for lots to come");
    }
  };
  for (const auto& step : plant_.steps) {
    if (step.branch_count == 0) follow(step, step.next);
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b)
      follow(step, plant_.branches[b].target);
  }
}

/// A time, or what lots are brought by.
void PlantLoader::read_transport(const Place& place, StepSpec& spec) {
  if (!place || !scalar(place, Shape::kTransport)) return;
  const std::string& text = place.node->scalar;
  const auto group = expand_name(text);
  const auto known = [&](const std::string& name) { return belt_ids_.contains(name); };
  if (group.error.empty() && !group.names.empty() && std::ranges::any_of(group.names, known)) {
    for (const auto& name : group.names) {
      if (known(name)) {
        spec.carriers.push_back(belt_ids_.at(name));
      } else {
        fault(place, fmt::format("there is no conveyor '{}'", name), list_of(plant_.belt_names));
      }
    }
    spec.way = Way::kBelt;
    if (group.grouped && (!spec.consecutive || group.names.size() != spec.stations.size()))
      fault(place,
            fmt::format("{} conveyors do not lead to {} steps", group.names.size(),
                        spec.consecutive ? spec.stations.size() : std::size_t{1}),
            "one conveyor, or one for each station of a range");
    if (spec.carriers.size() > 1 && spec.carriers.size() != spec.stations.size()) spec.carriers.resize(1);
    return;
  }
  const bool word = !text.empty() && text.find_first_of("(0123456789") != 0 && text.find('(') == std::string::npos;
  if (word) {
    fault(place, fmt::format("'{}' is no time, and no conveyor{}", text, did_you_mean(text, plant_.belt_names)),
          plant_.belt_names.empty() ? allowed(Shape::kTransport) : "a time, or " + list_of(plant_.belt_names));
    return;
  }
  spec.transport = delay(place);
  if (spec.transport) spec.way = Way::kDelay;
}

}  // namespace twin::model_detail
