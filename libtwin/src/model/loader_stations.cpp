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
  spec.maintenance = read_maintenance(child(place, "maintenance"));
  read_degradation(child(place, "degradation"), spec);
  if (const auto id = calendar(child(place, "calendar"))) spec.calendar = *id;
  spec.time = distribution(child(place, "time"));
  if (const auto setup = child(place, "setup")) read_setup(setup, spec);
  spec.changeover = distribution(child(place, "changeover"));  // 0 too: it takes the place of the setup
  spec.speed = number(child(place, "speed"), Shape::kSpeed, 0, 1e6, true).value_or(1);
  if (const auto machines = child(place, "machines")) read_machines(machines, spec);
  spec.data.when_closed = interruption(child(place, "when_closed"), Shape::kWhenClosed);
  read_rates(child(place, "power"), Shape::kPower, spec.power);
  read_rates(child(place, "cost"), Shape::kMachineCost, spec.cost);
  spec.needs = read_needs(child(place, "needs"), false);
  spec.uses = read_needs(child(place, "uses"), true);
  spec.makes = read_needs(child(place, "makes"), true);
  if (const auto batch = child(place, "batch"); batch && keys(batch, Level::kBatch, Shape::kBatch))
    read_batch(batch, spec);
  if (const auto polling = child(place, "polling"); polling && keys(polling, Level::kPolling, Shape::kPolling))
    read_polling(polling, spec);
  if (const auto blocking = child(place, "blocking"); blocking && scalar(blocking, Shape::kBlocking)) {
    spec.data.block_before = blocking.node->scalar == "before";
    if (!spec.data.block_before && blocking.node->scalar != "after")
      fault(blocking, fmt::format("'{}' is unknown", shown(*blocking.node)), allowed(Shape::kBlocking));
  }
  if (spec.data.preempt != Preemption::kOff) {
    const auto preempt = child(child(place, "queue"), "preempt");
    for (const char* other : {"batch", "cycle", "polling"})
      if (child(place, other))
        fault(preempt, fmt::format("a machine with {} is taken from nobody", other), fmt::format("without {}", other));
  }
  if (const bool preempts = spec.data.preempt != Preemption::kOff; preempts || spec.data.polling.serve != Serve::kAny)
    for (const char* other : {"min_run", "teardown"})
      if (const auto setup = child(place, "setup"); setup && setup.node->is_mapping())
        if (const auto key = child(setup, other))
          fault(key,
                fmt::format("{} goes by runs of one kind, and {} ends them", other,
                            preempts ? "a lot that takes the machine" : "a machine that polls"),
                fmt::format("{} or {}, not both", other, preempts ? "preempt" : "polling"));
  if (const auto cycle = child(place, "cycle")) {
    spec.data.cycle = duration(cycle).value_or(1);
    if (spec.data.cycle <= 0) fault(cycle, "a cycle of no time never ends", allowed(Shape::kCycle));
    if (spec.data.polling.serve != Serve::kAny)
      fault(cycle, "a machine that polls is on its way at any time", "polling: or cycle:, not both");
    if (spec.data.places == 0)
      fault(child(child(place, "queue"), "places"),
            "where work is in cycles lots begin from the queue, which has no place", "1 or more");
  }
  if (spec.data.rule == QueueRule::kCyclic && spec.by == KindBy::kNone) spec.by = KindBy::kProduct;
  return spec;
}

/// What becomes of work that is interrupted; only a closing calendar can let it finish.
Interruption PlantLoader::interruption(const Place& place, Shape shape) {
  if (!place || !scalar(place, shape)) return Interruption::kPause;
  const bool calendar = shape == Shape::kWhenClosed;
  for (const auto& [name, what] :
       {std::pair{calendar ? "pause" : "resume", Interruption::kPause}, std::pair{"finish", Interruption::kFinish},
        std::pair{"restart", Interruption::kRestart}, std::pair{"scrap", Interruption::kScrap}})
    if (place.node->scalar == name && (calendar || what != Interruption::kFinish)) return what;
  fault(place, fmt::format("'{}' is unknown", shown(*place.node)), allowed(shape));
  return Interruption::kPause;
}

KindBy PlantLoader::kind_by(const Place& place, KindBy otherwise) {
  if (!place || !scalar(place, Shape::kBy)) return otherwise;
  for (const auto& [name, by] :
       {std::pair{"family", KindBy::kFamily}, std::pair{"product", KindBy::kProduct}, std::pair{"op", KindBy::kOp}})
    if (place.node->scalar == name) return by;
  fault(place, fmt::format("'{}' makes no kinds of work", shown(*place.node)), allowed(Shape::kBy));
  return otherwise;
}

/// A time before each lot, or a table of times between kinds of work.
void PlantLoader::read_setup(const Place& place, StationSpec& spec) {
  if (!place.node->is_mapping()) {
    spec.setup = delay(place);
    return;
  }
  if (!keys(place, Level::kSetup, Shape::kSetup)) return;
  spec.by = kind_by(child(place, "by"), KindBy::kFamily);
  spec.setups.emplace();
  spec.setups->same = delay(child(place, "same"));
  spec.setups->otherwise = delay(child(place, "otherwise"));
  spec.setups->first = delay(child(place, "first"));
  if (const auto matrix = child(place, "matrix")) read_matrix(matrix, *spec.setups);
  if (const auto run = integer(child(place, "min_run"), Shape::kCount, 1, 1'000'000); run && *run > 1)
    spec.data.min_run = static_cast<std::uint32_t>(*run);
  const auto teardown = child(place, "teardown");
  if (!teardown) return;
  if (!teardown.node->is_mapping()) {
    spec.setups->teardown = delay(teardown);
    return;
  }
  for (const auto& entry : teardown.node->children)
    if (const auto time = distribution({&entry, join_path(teardown.path, entry.key)}))
      spec.setups->teardowns.push_back({entry.key, "", teardown.path, *time, &entry});
}

void PlantLoader::read_matrix(const Place& place, SetupSpec& setup) {
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kMatrix);
  for (const auto& row : place.node->children) {
    const Place from{&row, join_path(place.path, row.key)};
    if (!row.is_mapping()) {
      wrong_kind(from, Shape::kMatrix);
      continue;
    }
    for (const auto& cell : row.children)
      if (const auto time = distribution({&cell, join_path(from.path, cell.key)}))
        setup.cells.push_back({row.key, cell.key, from.path, *time, &cell});
  }
}

void PlantLoader::read_batch(const Place& place, StationSpec& spec) {
  BatchData& batch = spec.data.batch;
  const auto max = child(place, "max"), min = child(place, "min");
  batch.most = static_cast<std::uint32_t>(integer(max, Shape::kCount, 1, 1'000'000).value_or(1));
  batch.least = static_cast<std::uint32_t>(integer(min, Shape::kCount, 1, 1'000'000).value_or(1));
  if (batch.least > batch.most)
    fault(min, fmt::format("{} lots never fit into a batch of at most {}", batch.least, batch.most),
          fmt::format("at most {}", batch.most));
  batch.wait = duration(child(place, "wait")).value_or(kNever);
  const KindBy by = kind_by(child(place, "by"), spec.by == KindBy::kNone ? KindBy::kOp : spec.by);
  if (spec.by != KindBy::kNone && by != spec.by)
    fault(child(place, "by"), "setups and batches of one station go by the same", "what the setup goes by");
  spec.by = by;
}

void PlantLoader::read_polling(const Place& place, StationSpec& spec) {
  PollingData& polling = spec.data.polling;
  polling.serve = Serve::kExhaustive;
  if (const auto serve = child(place, "serve"); serve && scalar(serve, Shape::kServe)) {
    const std::string_view text = trimmed(serve.node->scalar);
    if (text == "gated") {
      polling.serve = Serve::kGated;
    } else if (text.starts_with("limited(") && text.back() == ')') {
      polling.serve = Serve::kLimited;
      Node lots = Node::text(std::string(trimmed(text.substr(8, text.size() - 9))));
      lots.mark = serve.node->mark;
      polling.limit = static_cast<std::uint32_t>(integer({&lots, serve.path}, Shape::kCount, 1, 1'000'000).value_or(1));
    } else if (text != "exhaustive") {
      fault(serve, fmt::format("'{}' is unknown", shown(*serve.node)), allowed(Shape::kServe));
    }
  }
  const auto change = child(place, "change");
  spec.polling_change = distribution(change).value_or(Distribution::deterministic(1));
  if (change && !(spec.polling_change->mean() >= 1e-9))
    fault(change, "a machine that goes round in no time never stops", "1 ns or more");
  const KindBy by = kind_by(child(place, "by"), spec.by == KindBy::kNone ? KindBy::kProduct : spec.by);
  if (spec.by != KindBy::kNone && by != spec.by)
    fault(child(place, "by"), "setups and polling of one station go by the same", "what the setup goes by");
  spec.by = by;
  if (spec.data.batch.most > 1)
    fault(place, "a machine that polls takes lots one by one", "polling: or batch:, not both");
  if (spec.data.rule == QueueRule::kCyclic || spec.data.rule == QueueRule::kMinSetup)
    fault(place, fmt::format("the rule {} chooses among kinds, and so does polling", twin::name_of(spec.data.rule)),
          "a rule that orders lots of one kind");
  if (spec.data.places == 0)
    fault(place, "lots are taken from the queue, which has no place", "places of the queue: 1 or more");
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
  const auto preempt = child(place, "preempt");
  if (!preempt || !scalar(preempt, Shape::kPreempt)) return;
  const std::string& text = preempt.node->scalar;
  station.preempt = text == "resume"    ? Preemption::kResume
                    : text == "restart" ? Preemption::kRestart
                                        : Preemption::kOff;
  if (station.preempt == Preemption::kOff) {
    if (text != "never") fault(preempt, fmt::format("'{}' is unknown", shown(*preempt.node)), allowed(Shape::kPreempt));
    return;
  }
  const bool formula = station.rule == QueueRule::kExpression && station.expression != kNone;
  if (station.rule == QueueRule::kFifo || station.rule == QueueRule::kLifo || is_dynamic(station.rule) ||
      (formula && (plant_.expressions[station.expression].is_dynamic() ||
                   plant_.expressions[station.expression].asks(Variable::kReady))))
    fault(preempt,
          fmt::format("by the rule {} no lot comes before another once and for all", twin::name_of(station.rule)),
          "priority, edd, spt, spt(known), lpt, slack, mwkr, lwkr, mopnr, fdd_mwkr, or a formula without now, setup, "
          "queue_length and ready");
}

void PlantLoader::read_rule(const Place& place, StationData& station) {
  const std::string_view text = trimmed(place.node->scalar);
  if (text.rfind("priority(", 0) == 0 && text.back() == ')') return read_product_priority(place, text, station);
  if (text.rfind("expr(", 0) == 0 && text.back() == ')') {
    try {
      auto expression = Expression::parse(text.substr(5, text.size() - 6));
      station.rule = QueueRule::kExpression;
      station.expression = static_cast<std::uint32_t>(plant_.expressions.size());
      plant_.expressions.push_back(std::move(expression));
    } catch (const InvalidArgument& error) {
      fault(place, fmt::format("the formula cannot be read: {}", error.what()), "");
    }
    return;
  }
  for (const auto rule : {QueueRule::kAtc, QueueRule::kCovert}) {  // atc, atc(2), atc(k=2)
    const std::string_view name = twin::name_of(rule);
    if (text.substr(0, name.size()) != name || text.substr(name.size(), 1) != "(" || text.back() != ')') continue;
    auto inside = trimmed(text.substr(name.size() + 1, text.size() - name.size() - 2));
    if (inside.starts_with('k')) {
      inside = trimmed(inside.substr(1));
      if (inside.starts_with('=') || inside.starts_with(' ')) inside = trimmed(inside.substr(1));
    }
    if (!is_number(inside) || !(read_number(inside) > 0) || read_number(inside) > 1e6) {
      fault(place, fmt::format("'{}' is no look-ahead factor", inside), "a number above 0, as in atc(k=2)");
      return;
    }
    station.rule = rule;
    station.look_ahead = read_number(inside);
    return;
  }
  if (const auto rule =
          one_of<QueueRule>(place, Shape::kRule,
                            {QueueRule::kFifo, QueueRule::kLifo, QueueRule::kSpt, QueueRule::kSptKnown, QueueRule::kEdd,
                             QueueRule::kPriority, QueueRule::kLpt, QueueRule::kSlack, QueueRule::kMwkr,
                             QueueRule::kLwkr, QueueRule::kMopnr, QueueRule::kFddMwkr, QueueRule::kCr, QueueRule::kAtc,
                             QueueRule::kCovert, QueueRule::kMinSetup, QueueRule::kCyclic},
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
      for (const auto& [suffix, ages] : {std::pair{" of work", Ageing::kWork}, std::pair{" of time", Ageing::kTime},
                                         std::pair{" of lots", Ageing::kLots}})
        if (text.size() > 8 && text.substr(text.size() - 8) == suffix) {
          spec.ages = ages;
          text.remove_suffix(8);
        }
      return read_distribution(text, spec.ages != Ageing::kLots);
    });
    spec.lot = interruption(child(mode, "lot"), Shape::kOnFailure);
    if (const auto name = child(mode, "name"); name && scalar(name, Shape::kName)) {
      spec.name = name.node->scalar;
      if (spec.name == "degradation" || std::ranges::find(out, spec.name, &FailureSpec::name) != out.end())
        fault(name, fmt::format("the name '{}' is taken", spec.name), "one name for each failure, not degradation");
    }
    if (const auto times = child(mode, "times"))
      spec.limit = static_cast<std::uint64_t>(integer(times, Shape::kCount, 1, 1'000'000'000).value_or(1));
    if (d && !(d->mean() > 0) && spec.limit == UINT64_MAX)
      fault(after, "a machine that fails after no time never works", "a time above 0, or `times: 1`");
    if (d) spec.after = *d;
    if (const auto repair = distribution(child(mode, "repair"))) spec.repair = *repair;
    spec.crew = read_needs(child(mode, "needs"), false);
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
      if (const auto does = child(machine, "does")) read_does(does, one);
    }
    for (auto& name : members(entry.key_mark, machine.path, entry.key)) {
      not_reserved(entry.key_mark, machine.path, name);
      one.name = std::move(name);
      spec.machines.push_back(one);
    }
  }
}

/// What a machine can do, by name; the names are looked up once all steps are known.
void PlantLoader::read_does(const Place& place, MachineSpec& machine) {
  machine.does.emplace();
  machine.does_path = place.path;
  if (place.node->is_scalar()) {
    machine.does->push_back(place.node);
  } else if (place.node->is_sequence()) {
    for (const auto& name : place.node->children)
      if (scalar({&name, place.path}, Shape::kDoes)) machine.does->push_back(&name);
    if (place.node->children.empty()) fault(place, "a machine that does nothing is none", allowed(Shape::kDoes));
  } else {
    wrong_kind(place, Shape::kDoes);
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
  if (spec.polling_change) data.polling.change = intern(path + ".polling.change", *spec.polling_change);
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
    mode.ages = failures[i].ages;
    mode.lot = failures[i].lot;
    plant_.counts_lots = plant_.counts_lots || mode.ages == Ageing::kLots;
    mode.limit = failures[i].limit;
    mode.after = intern(fmt::format("{}.failures[{}].after", path, i), failures[i].after);
    mode.repair = intern(fmt::format("{}.failures[{}].repair", path, i), failures[i].repair);
    mode.crew = add_needs(failures[i].crew);
    const auto entity = hash_combine(data.hash, hash_name(std::to_string(i)));
    mode.after_stream = draw_stream(entity, Purpose::kFailure);
    mode.repair_stream = draw_stream(entity, Purpose::kRepair);
    plant_.modes.push_back(mode);
  }
  add_care(data, station_path, spec, failures);
  data.mode_count = static_cast<std::uint32_t>(plant_.modes.size()) - data.first_mode;
  plant_.machines.push_back(data);
  machine_specs_.push_back(machine.does ? &machine : nullptr);
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
