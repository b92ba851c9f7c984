#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/strong_components.hpp>
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
                      : fleet_ids_.contains(name)   ? "a fleet"
                      : vehicle_ids_.contains(name) ? "a vehicle"
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
    if (step.rework_limit != UINT32_MAX) follow(step, step.beyond);
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b)
      follow(step, plant_.branches[b].target);
  }
}

// ---- vehicles -------------------------------------------------------------------------------------------------------

std::uint32_t PlantLoader::node(const std::string& name) {
  const auto [at, fresh] = node_ids_.emplace(name, static_cast<std::uint32_t>(plant_.node_names.size()));
  if (fresh) plant_.node_names.push_back(name);
  return at->second;
}

/// A point that a path leads to.
std::uint32_t PlantLoader::node_named(const Place& place) {
  if (!place || !scalar(place, Shape::kName)) return kNone;
  const auto found = node_ids_.find(place.node->scalar);
  if (found != node_ids_.end()) return found->second;
  fault(place,
        fmt::format("no path leads to '{}'{}", place.node->scalar, did_you_mean(place.node->scalar, plant_.node_names)),
        plant_.node_names.empty() ? "a point named under paths" : list_of(plant_.node_names));
  return kNone;
}

void PlantLoader::read_paths(const Place& place) {
  plant_.station_node.assign(plant_.stations.size(), kNone);
  if (!place) return;
  if (!place.node->is_sequence() || place.node->children.empty()) return wrong_kind(place, Shape::kPaths);
  for (std::size_t i = 0; i < place.node->children.size(); ++i)
    read_path({&place.node->children[i], fmt::format("{}[{}]", place.path, i)});
  for (std::uint32_t s = 0; s < plant_.stations.size(); ++s)
    if (const auto found = node_ids_.find(plant_.station_names[s]); found != node_ids_.end())
      plant_.station_node[s] = found->second;
  find_ways(place);
}

void PlantLoader::read_path(const Place& place) {
  if (place.node->is_null()) return wrong_kind(place, Shape::kPaths);
  if (!keys(place, Level::kPath, Shape::kPaths)) return;
  const auto metres_long = length(child(place, "length"));
  const auto capacity = integer(child(place, "capacity"), Shape::kCount, 1, 1'000'000).value_or(0);
  const auto between = child(place, "between");
  const auto from = child(place, "from"), to = child(place, "to");
  std::vector<std::string> ends;
  const auto add = [&](const Place& at) {
    if (at && scalar(at, Shape::kName) && good_name(at.node->mark, at.path, at.node->scalar))
      ends.push_back(at.node->scalar);
  };
  if (between) {
    if (from || to) fault(between, "'between' and 'from' or 'to' do not go together", "between, or from and to");
    if (!between.node->is_sequence() || between.node->children.size() != 2) return wrong_kind(between, Shape::kBetween);
    for (const auto& end : between.node->children) add({&end, between.path});
  } else {
    if (!from || !to) {
      fault(place, "the path does not say where it leads", "between: [one, other], or from and to");
      return;
    }
    add(from);
    add(to);
  }
  if (ends.size() != 2 || !metres_long) return;
  if (ends[0] == ends[1]) {
    fault(place, fmt::format("the path leads from '{}' to itself", ends[0]), "two different points");
    return;
  }
  room(plant_.edges.size(), place, "paths");
  const std::uint32_t a = node(ends[0]), b = node(ends[1]);
  const auto track = static_cast<std::uint32_t>(plant_.tracks.size());
  const auto micrometres = static_cast<std::int64_t>(std::llround(*metres_long * 1e6));
  plant_.tracks.push_back({static_cast<std::uint32_t>(capacity)});
  plant_.edges.push_back({a, b, track, micrometres});
  if (between) plant_.edges.push_back({b, a, track, micrometres});
}

/// The shortest way between any two points, by the edge with which it begins.
void PlantLoader::find_ways(const Place& place) {
  constexpr std::size_t kMostNodes = 1'000;
  const std::size_t n = plant_.node_names.size();
  if (n > kMostNodes) {
    fault(place, fmt::format("the paths have {} points", n), fmt::format("at most {}", kMostNodes));
    return;
  }
  using Weighted = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                                         boost::property<boost::edge_weight_t, std::int64_t>>;
  Weighted back(n);  // against their direction: one search tells the ways from everywhere to one point
  for (const auto& edge : plant_.edges) add_edge(edge.to, edge.from, edge.length, back);
  std::vector<std::size_t> component(n);
  const auto components = boost::strong_components(
      back, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, back)));
  if (n > 0 && components > 1) {
    const auto other = static_cast<std::size_t>(
        std::ranges::find_if(component, [&](std::size_t c) { return c != component[0]; }) - component.begin());
    fault(place,
          fmt::format("vehicles cannot get from '{}' to '{}' and back", plant_.node_names[0], plant_.node_names[other]),
          "paths on which every point is reached from every other");
    return;
  }
  plant_.next_edge.assign(n * n, kNone);
  plant_.distance.assign(n * n, 0);
  for (std::size_t to = 0; to < n; ++to) {
    std::vector<std::int64_t> distance(n);
    boost::dijkstra_shortest_paths(
        back, to,
        boost::distance_map(boost::make_iterator_property_map(distance.begin(), get(boost::vertex_index, back))));
    for (std::size_t from = 0; from < n; ++from) plant_.distance[from * n + to] = distance[from];
    for (std::uint32_t e = 0; e < plant_.edges.size(); ++e) {  // among equal ways the one that is named first
      const EdgeData& edge = plant_.edges[e];
      std::uint32_t& next = plant_.next_edge[edge.from * n + to];
      if (edge.from != to && next == kNone && edge.length + distance[edge.to] == distance[edge.from]) next = e;
    }
  }
}

void PlantLoader::read_vehicles(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kFleets);
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    if (entry.is_null()) {
      wrong_kind(at, Shape::kFleets);
      continue;
    }
    auto fleet = keys(at, Level::kFleet, Shape::kFleets) ? read_fleet(at) : std::nullopt;
    for (const auto& name : members(entry.key_mark, at.path, entry.key)) {
      if (!name_carrier(at, name)) continue;
      room(plant_.vehicle_fleet.size(), at, "vehicles");
      const auto id = static_cast<std::uint32_t>(plant_.fleets.size());
      fleet_ids_.emplace(name, id);
      FleetData data = fleet.value_or(FleetData{});
      const auto path = join_path("vehicles", name);
      if (const auto load = delay(child(at, "load"))) data.load = intern(path + ".load", *load);
      if (const auto unload = delay(child(at, "unload"))) data.unload = intern(path + ".unload", *unload);
      data.first_vehicle = static_cast<std::uint32_t>(plant_.vehicle_fleet.size());
      for (std::uint32_t i = 1; i <= data.vehicle_count; ++i) {
        plant_.vehicle_names.push_back(fmt::format("{}.{}", name, i));
        vehicle_ids_.emplace(plant_.vehicle_names.back(), i);
        plant_.vehicle_fleet.push_back(id);
      }
      plant_.fleets.push_back(data);
      plant_.fleet_names.push_back(name);
    }
  }
}

std::optional<FleetData> PlantLoader::read_fleet(const Place& place) {
  const auto before = faults_.size();
  FleetData fleet;
  fleet.vehicle_count =
      static_cast<std::uint32_t>(integer(child(place, "count"), Shape::kCount, 1, 10'000).value_or(1));
  fleet.speed = pace(child(place, "speed")).value_or(1);
  fleet.home = node_named(child(place, "home"));
  fleet.entry = node_named(child(place, "entry"));
  if (const auto idle = child(place, "idle"); idle && scalar(idle, Shape::kWhenIdle)) {
    fleet.goes_home = idle.node->scalar == "home";
    if (!fleet.goes_home && idle.node->scalar != "stay") wrong_kind(idle, Shape::kWhenIdle);
  }
  read_dispatch(child(place, "dispatch"), fleet);
  read_battery(child(place, "battery"), fleet);
  if (faults_.size() > before || fleet.home == kNone) return std::nullopt;
  return fleet;
}

void PlantLoader::read_dispatch(const Place& place, FleetData& fleet) {
  if (!place || !scalar(place, Shape::kDispatch)) return;
  const std::string_view text = trimmed(place.node->scalar);
  if (text.starts_with("expr(") && text.back() == ')') {
    try {
      auto expression = Expression::parse(text.substr(5, text.size() - 6));
      fleet.dispatch = Dispatch::kExpression;
      fleet.expression = static_cast<std::uint32_t>(plant_.expressions.size());
      plant_.expressions.push_back(std::move(expression));
      plant_.plans_ahead = true;
    } catch (const InvalidArgument& error) {
      fault(place, fmt::format("the formula cannot be read: {}", error.what()), "");
    }
  } else if (text == "longest_waiting") {
    fleet.dispatch = Dispatch::kLongestWaiting;
  } else if (text == "least_used") {
    fleet.dispatch = Dispatch::kLeastUsed;
  } else if (text != "nearest") {
    wrong_kind(place, Shape::kDispatch);
  }
}

void PlantLoader::read_battery(const Place& place, FleetData& fleet) {
  if (!place || !keys(place, Level::kBattery, Shape::kBattery)) return;
  const auto range = length(child(place, "range"));
  const auto charge = duration(child(place, "charge"));
  const double below = number(child(place, "below"), Shape::kProbability, 0, 1, false).value_or(0.3);
  fleet.charger = node_named(child(place, "at"));
  if (charge && *charge < 1) fault(child(place, "charge"), "charging takes no time", "1 ns or more");
  if (!range || !charge) return;
  fleet.charge = *charge;
  fleet.range = static_cast<std::int64_t>(std::llround(*range * 1e6));
  fleet.reserve = static_cast<std::int64_t>(std::llround(*range * below * 1e6));
}

void PlantLoader::check_fleets(const Place& place) {
  if (plant_.fleets.empty() || !faults_.empty() || plant_.next_edge.empty()) return;
  const std::size_t n = plant_.node_names.size();
  const auto far = [&](std::uint32_t from, std::uint32_t to) { return plant_.distance[from * n + to]; };
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> trips(plant_.fleets.size());
  for (std::uint32_t i = 0; i < plant_.steps.size(); ++i) {
    const StepData& step = plant_.steps[i];
    if (step.way != Way::kFleet) continue;
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c) {
      const std::uint32_t s = plant_.choices[c].station.value;
      if (plant_.station_node[s] == kNone)
        fault(place,
              fmt::format("{} brings lots to '{}', to which no path leads", plant_.fleet_names[step.carrier],
                          plant_.station_names[s]),
              "a path to it");
    }
  }
  if (!faults_.empty()) return;
  const auto trip = [&](std::uint32_t to, std::uint32_t from_node, const std::string& from) {
    const StepData& step = plant_.steps[to];
    if (step.way != Way::kFleet) return;
    if (from_node == kNone) {
      fault(place, fmt::format("{} fetches lots {}, to which no path leads", plant_.fleet_names[step.carrier], from),
            from == "from outside" ? "a point in `entry`" : "a path to it");
      return;
    }
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
      trips[step.carrier].emplace_back(from_node, plant_.station_node[plant_.choices[c].station.value]);
  };
  // Where a lot may come from: the stations of each step that leads here, also through parallel branches.
  constexpr std::uint32_t kOutside = kNone;
  const auto each_target = [&](const StepData& step, auto&& call) {
    if (step.next < BranchData::kJoin) call(step.next);
    if (step.impatient < plant_.steps.size()) call(step.impatient);  // kStay is none
    if (step.rework_limit != UINT32_MAX && step.beyond < BranchData::kJoin) call(step.beyond);
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b)
      if (plant_.branches[b].target < BranchData::kJoin) call(plant_.branches[b].target);
  };
  std::vector<std::vector<std::uint32_t>> last(plant_.steps.size());  // stations after which a step's lots go on
  for (const auto& product : plant_.products) {
    const auto begin = [&](auto&& self, std::uint32_t target) -> void {
      const StepData& step = plant_.steps[target];
      if (step.optional()) last[target].push_back(kOutside);
      for (std::uint32_t f = step.first_fork; f < step.first_fork + step.fork_count; ++f) self(self, plant_.forks[f]);
    };
    if (product.step_count > 0) begin(begin, product.first_step);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (std::uint32_t i = 0; i < plant_.steps.size(); ++i) {
      const auto add = [&](std::uint32_t step, std::uint32_t station) {
        if (std::ranges::find(last[step], station) != last[step].end()) return;
        last[step].push_back(station);
        changed = true;
      };
      const StepData& step = plant_.steps[i];
      for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
        add(i, plant_.choices[c].station.value);
      if (step.within != kNone && step.choice_count > 0)
        for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
          add(step.within, plant_.choices[c].station.value);
      if (step.within != kNone && (step.choice_count == 0 || step.optional()))
        for (const std::uint32_t station : std::vector<std::uint32_t>(last[i])) add(step.within, station);
      // Lots that pass a step by go on from where they were before.
      const auto pass = [&](auto&& self, std::uint32_t target) -> void {
        const StepData& next = plant_.steps[target];
        if (next.optional())
          for (const std::uint32_t station : std::vector<std::uint32_t>(last[i])) add(target, station);
        for (std::uint32_t f = next.first_fork; f < next.first_fork + next.fork_count; ++f) self(self, plant_.forks[f]);
      };
      each_target(step, [&](std::uint32_t target) { pass(pass, target); });
    }
  }
  const auto lead = [&](std::uint32_t from, std::uint32_t to) {
    const auto into = [&](auto&& self, std::uint32_t target) -> void {
      const StepData& step = plant_.steps[target];
      for (const std::uint32_t station : last[from]) {
        if (station == kOutside) {
          if (step.way == Way::kFleet) trip(target, plant_.fleets[step.carrier].entry, "from outside");
        } else {
          trip(target, plant_.station_node[station], fmt::format("at '{}'", plant_.station_names[station]));
        }
      }
      for (std::uint32_t f = step.first_fork; f < step.first_fork + step.fork_count; ++f) self(self, plant_.forks[f]);
    };
    into(into, to);
  };
  for (std::uint32_t i = 0; i < plant_.steps.size(); ++i)
    each_target(plant_.steps[i], [&](std::uint32_t target) { lead(i, target); });
  for (const auto& product : plant_.products) {
    const auto into = [&](auto&& self, std::uint32_t target) -> void {
      const StepData& step = plant_.steps[target];
      if (step.way == Way::kFleet) trip(target, plant_.fleets[step.carrier].entry, "from outside");
      for (std::uint32_t f = step.first_fork; f < step.first_fork + step.fork_count; ++f) self(self, plant_.forks[f]);
    };
    if (product.step_count > 0) into(into, product.first_step);
  }
  if (!faults_.empty()) return;
  // Nobody stands empty on the way: with the reserve a vehicle fetches any lot, brings it, and gets to the charger.
  for (std::size_t f = 0; f < plant_.fleets.size(); ++f) {
    const FleetData& fleet = plant_.fleets[f];
    if (fleet.range == 0 || fleet.charger == kNone) continue;
    std::int64_t most = 0;
    for (const auto& [from, to] : trips[f]) {
      std::int64_t fetch = 0;
      for (std::uint32_t at = 0; at < n; ++at) fetch = std::max(fetch, far(at, from));
      most = std::max(
          {most, fetch + far(from, to) + far(to, fleet.charger), far(to, fleet.home) + far(fleet.home, fleet.charger)});
    }
    most = std::max(most, far(fleet.home, fleet.charger) + far(fleet.charger, fleet.home));
    if (fleet.reserve >= most) continue;
    const double needed = static_cast<double>(most) / 1e6;
    const Place at{document_.get(join_path("vehicles", plant_.fleet_names[f]) + ".battery"),
                   join_path("vehicles", plant_.fleet_names[f]) + ".battery"};
    fault(at ? at : place,
          fmt::format("a vehicle of {} that is not charged with {:g} m left may stand empty on its way",
                      plant_.fleet_names[f], static_cast<double>(fleet.reserve) / 1e6),
          fmt::format("range times below of at least {:g} m, the longest way to fetch a lot, bring it and get to be "
                      "charged",
                      needed));
  }
}

/// A time, or what lots are brought by.
void PlantLoader::read_transport(const Place& place, StepSpec& spec) {
  if (!place || !scalar(place, Shape::kTransport)) return;
  const std::string& text = place.node->scalar;
  const auto group = expand_name(text);
  if (const auto fleet = fleet_ids_.find(text); fleet != fleet_ids_.end()) {
    spec.way = Way::kFleet;
    spec.carriers.push_back(fleet->second);
    return;
  }
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
    if (spec.carriers.size() > 1 && spec.carriers.size() != spec.stations.size())
      spec.carriers.erase(spec.carriers.begin() + 1, spec.carriers.end());
    return;
  }
  const bool word = !text.empty() && text.find_first_of("(0123456789") != 0 && text.find('(') == std::string::npos;
  if (word) {
    std::vector<std::string> carriers = plant_.belt_names;
    carriers.insert(carriers.end(), plant_.fleet_names.begin(), plant_.fleet_names.end());
    fault(place, fmt::format("'{}' is no time, no conveyor and no vehicles{}", text, did_you_mean(text, carriers)),
          carriers.empty() ? allowed(Shape::kTransport) : "a time, or " + list_of(carriers));
    return;
  }
  spec.transport = delay(place);
  if (spec.transport) spec.way = Way::kDelay;
}

}  // namespace twin::model_detail
