#include "plant_loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "twin/base/random.hpp"

namespace twin::model_detail {

void PlantLoader::read_stations(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kStations);
  if (place.node->children.empty()) fault(place, "there is no station", allowed(Shape::kStations));
  for (const auto& entry : place.node->children) {
    const Place station{&entry, join_path(place.path, entry.key)};
    const auto names = members(entry.key_mark, station.path, entry.key);
    const auto spec = std::make_shared<const StationSpec>(read_station(station));
    for (const auto& name : names) add_station(station, name, spec);
  }
  for (std::uint32_t s = 0; s < plant_.stations.size(); ++s) {
    const auto found = machine_ids_.find(plant_.station_names[s]);
    if (found == machine_ids_.end()) continue;
    const auto owner = plant_.machines[found->second].station.value;
    if (owner == s && plant_.stations[s].machine_count == 1) continue;
    fault(place,
          fmt::format("'{}' is a station and also a machine of '{}'", plant_.station_names[s],
                      plant_.station_names[owner]),
          "one meaning for each name");
  }
}

StationSpec PlantLoader::read_station(const Place& place) {
  StationSpec spec;
  if (!keys(place, Level::kStation, Shape::kStations) || place.node->is_null()) return spec;
  if (const auto queue = child(place, "queue"); queue && keys(queue, Level::kQueue, Shape::kQueue))
    read_queue(queue, spec.data);
  if (const auto failures = child(place, "failures")) spec.failures = read_failures(failures);
  if (const auto id = calendar(child(place, "calendar"))) spec.calendar = *id;
  spec.time = distribution(child(place, "time"));
  spec.setup = delay(child(place, "setup"));
  spec.changeover = delay(child(place, "changeover"));
  spec.speed = number(child(place, "speed"), Shape::kSpeed, 0, 1e6, true).value_or(1);
  if (const auto machines = child(place, "machines")) read_machines(machines, spec);
  return spec;
}

void PlantLoader::read_queue(const Place& place, StationData& station) {
  if (const auto places = child(place, "places");
      places && !(places.node->is_scalar() && places.node->scalar == "unlimited"))
    station.places = static_cast<std::int32_t>(integer(places, Shape::kPlaces, 0, 1'000'000'000).value_or(-1));
  if (const auto full = child(place, "if_full"); full && scalar(full, Shape::kFull)) {
    station.lose_when_full = full.node->scalar == "lose";
    if (!station.lose_when_full && full.node->scalar != "wait")
      fault(full, fmt::format("'{}' is unknown", shown(*full.node)), allowed(Shape::kFull));
  }
  if (const auto rule = child(place, "rule"); rule && scalar(rule, Shape::kRule)) read_rule(rule, station);
}

void PlantLoader::read_rule(const Place& place, StationData& station) {
  const std::string_view text = trimmed(place.node->scalar);
  if (text.rfind("priority(", 0) == 0 && text.back() == ')') return read_product_priority(place, text, station);
  if (const auto rule = one_of<QueueRule>(place, Shape::kRule,
                                          {QueueRule::kFifo, QueueRule::kLifo, QueueRule::kSpt, QueueRule::kSptKnown,
                                           QueueRule::kEdd, QueueRule::kPriority},
                                          &twin::name_of))
    station.rule = *rule;
}

void PlantLoader::read_product_priority(const Place& place, std::string_view text, StationData& station) {
  std::vector<std::int32_t> table(plant_.product_names.size(), 0);
  auto rest = text.substr(9, text.size() - 10);
  const auto count = static_cast<std::int32_t>(1 + std::count(rest.begin(), rest.end(), ','));
  for (std::int32_t i = 0; i < count; ++i) {
    const auto comma = rest.find(',');
    const std::string name(trimmed(rest.substr(0, comma)));
    const auto found = product_ids_.find(name);
    if (found == product_ids_.end()) {
      fault(place, fmt::format("there is no product '{}'{}", name, did_you_mean(name, plant_.product_names)),
            list_of(plant_.product_names));
    } else if (table[found->second] != 0) {
      fault(place, fmt::format("the product '{}' stands twice", name), "each product once");
    } else {
      table[found->second] = count - i;
    }
    if (comma != std::string_view::npos) rest = rest.substr(comma + 1);
  }
  station.rule = QueueRule::kPriority;
  station.priority_table =
      plant_.product_names.empty()
          ? kNone
          : static_cast<std::uint32_t>(plant_.product_priority.size() / plant_.product_names.size());
  plant_.product_priority.insert(plant_.product_priority.end(), table.begin(), table.end());
}

std::vector<FailureSpec> PlantLoader::read_failures(const Place& place) {
  std::vector<FailureSpec> out;
  if (!place.node->is_sequence()) {
    wrong_kind(place, Shape::kFailures);
    return out;
  }
  for (std::size_t i = 0; i < place.node->children.size(); ++i) {
    const Place mode{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
    if (!keys(mode, Level::kFailure, Shape::kFailures) || mode.node->is_null()) continue;
    FailureSpec spec;
    const auto after = child(mode, "after");
    const auto d = read(after, Shape::kAfter, [&](std::string_view text) {
      text = trimmed(text);
      for (const auto& [suffix, of_work] : {std::pair{" of work", true}, std::pair{" of time", false}})
        if (text.size() > 8 && text.substr(text.size() - 8) == suffix) {
          spec.of_work = of_work;
          text.remove_suffix(8);
        }
      return read_distribution(text);
    });
    if (const auto times = child(mode, "times"))
      spec.limit = static_cast<std::uint64_t>(integer(times, Shape::kCount, 1, 1'000'000'000).value_or(1));
    if (d && !(d->mean() > 0) && spec.limit == UINT64_MAX)
      fault(after, "a machine that fails after no time never works", "a time above 0, or `times: 1`");
    if (d) spec.after = *d;
    if (const auto repair = distribution(child(mode, "repair"))) spec.repair = *repair;
    out.push_back(std::move(spec));
  }
  return out;
}

void PlantLoader::read_machines(const Place& place, StationSpec& spec) {
  if (place.node->is_scalar()) {
    spec.count = static_cast<std::uint32_t>(integer(place, Shape::kMachines, 1, 100'000).value_or(1));
    return;
  }
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kMachines);
  if (place.node->children.empty()) fault(place, "the station has no machines", allowed(Shape::kMachines));
  for (const auto& entry : place.node->children) {
    const Place machine{&entry, join_path(place.path, entry.key)};
    MachineSpec one;
    if (keys(machine, Level::kMachine, Shape::kMachines) && !entry.is_null()) {
      one.speed = number(child(machine, "speed"), Shape::kSpeed, 0, 1e6, true);
      one.calendar = calendar(child(machine, "calendar"));
      if (const auto failures = child(machine, "failures")) one.failures = read_failures(failures);
    }
    for (auto& name : members(entry.key_mark, machine.path, entry.key)) {
      not_reserved(entry.key_mark, machine.path, name);
      one.name = std::move(name);
      spec.machines.push_back(one);
    }
  }
}

void PlantLoader::add_station(const Place& place, const std::string& name,
                              const std::shared_ptr<const StationSpec>& shared) {
  const StationSpec& spec = *shared;
  const StationId id{static_cast<std::uint32_t>(plant_.stations.size())};
  not_reserved(place.node->key_mark, place.path, name);
  if (!station_ids_.emplace(name, id.value).second) {
    fault(place.node->key_mark, place.path, name, fmt::format("the station '{}' stands twice", name), "each name once");
    return;
  }
  StationData data = spec.data;
  data.first_machine = static_cast<std::uint32_t>(plant_.machines.size());
  data.hash = hash_name("station:" + name);
  const auto path = join_path("stations", name);
  if (spec.machines.empty()) {
    for (std::uint32_t i = 1; i <= spec.count; ++i)
      add_machine(place, id, path, fmt::format("{}.{}", name, i), spec, MachineSpec{});
    data.machine_count = spec.count;
  } else {
    for (const auto& machine : spec.machines) add_machine(place, id, path, machine.name, spec, machine);
    data.machine_count = static_cast<std::uint32_t>(plant_.machines.size()) - data.first_machine;
  }
  plant_.stations.push_back(data);
  plant_.station_names.push_back(name);
  station_specs_.push_back(shared);
}

void PlantLoader::add_machine(const Place& place, StationId station, const std::string& station_path,
                              const std::string& name, const StationSpec& spec, const MachineSpec& machine) {
  room(plant_.machines.size(), place, "machines");
  if (!machine_ids_.emplace(name, static_cast<std::uint32_t>(plant_.machines.size())).second) {
    fault(place, fmt::format("the machine '{}' stands twice", name), "each name once in the plant");
    return;
  }
  MachineData data;
  data.station = station;
  data.calendar = machine.calendar.value_or(spec.calendar);
  data.first_mode = static_cast<std::uint32_t>(plant_.modes.size());
  data.hash = hash_name("machine:" + name);
  const MachineId id{static_cast<std::uint32_t>(plant_.machines.size())};
  const auto& failures = machine.failures ? *machine.failures : spec.failures;
  const auto path = machine.failures ? join_path(station_path + ".machines", name) : station_path;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    FailureModeData mode;
    mode.machine = id;
    mode.of_work = failures[i].of_work;
    mode.limit = failures[i].limit;
    mode.after = intern(fmt::format("{}.failures[{}].after", path, i), failures[i].after);
    mode.repair = intern(fmt::format("{}.failures[{}].repair", path, i), failures[i].repair);
    const auto entity = hash_combine(data.hash, hash_name(std::to_string(i)));
    mode.after_stream = draw_stream(entity, Purpose::kFailure);
    mode.repair_stream = draw_stream(entity, Purpose::kRepair);
    plant_.modes.push_back(mode);
  }
  data.mode_count = static_cast<std::uint32_t>(failures.size());
  plant_.machines.push_back(data);
  plant_.machine_names.push_back(name);
  plant_.parameters.speed.push_back(machine.speed.value_or(spec.speed));
}

std::vector<StationId> PlantLoader::stations_named(const Place& place, const Node& node) {
  std::vector<StationId> out;
  if (!node.is_scalar()) {
    fault(node.mark, place.path, shown(node), fmt::format("'{}' does not fit here", shown(node)),
          allowed(Shape::kStationsOf));
    return out;
  }
  for (const auto& name : members(node.mark, place.path, node.scalar)) {
    const auto found = station_ids_.find(name);
    if (found != station_ids_.end()) {
      out.push_back(StationId{found->second});
    } else {
      fault(node.mark, place.path, node.scalar,
            fmt::format("there is no station '{}'{}", name, did_you_mean(name, plant_.station_names)),
            list_of(plant_.station_names));
    }
  }
  return out;
}

}  // namespace twin::model_detail
