#include "plant_loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <set>

#include "twin/base/random.hpp"

namespace twin::model_detail {

bool PlantLoader::name_pool(const Place& place, const std::string& name, const PoolData& pool) {
  not_reserved(place.node->key_mark, place.path, name);
  const bool product = product_ids_.contains(name);
  if (!product && pool_ids_.emplace(name, static_cast<std::uint32_t>(plant_.pools.size())).second) {
    plant_.pools.push_back(pool);
    plant_.pools.back().hash = hash_name("pool:" + name);
    plant_.pool_names.push_back(name);
    return true;
  }
  fault(place.node->key_mark, place.path, name,
        product ? fmt::format("'{}' is a product too", name) : fmt::format("'{}' stands twice", name),
        "one meaning for each name");
  return false;
}

void PlantLoader::read_pools(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kPools);
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    PoolData pool;
    double cost = 0;
    std::vector<std::string> skills;
    if (entry.is_scalar()) {
      pool.count = static_cast<std::int32_t>(integer(at, Shape::kCount, 1, 1'000'000).value_or(1));
    } else if (keys(at, Level::kPool, Shape::kPools) && entry.is_mapping()) {
      pool.count = static_cast<std::int32_t>(integer(child(at, "count"), Shape::kCount, 1, 1'000'000).value_or(1));
      if (const auto id = calendar(child(at, "calendar"))) pool.calendar = *id;
      cost = rate(child(at, "cost"), Shape::kCostRate).value_or(0);
      if (const auto given = child(at, "skills"); given && given.node->is_sequence()) {
        for (const auto& skill : given.node->children)
          if (scalar({&skill, given.path}, Shape::kSkills)) skills.push_back(skill.scalar);
      } else if (given && scalar(given, Shape::kSkills)) {
        skills.push_back(given.node->scalar);
      }
    }
    for (const auto& name : members(entry.key_mark, at.path, entry.key)) {
      const auto id = static_cast<std::uint32_t>(plant_.pools.size());
      if (!name_pool(at, name, pool)) continue;
      pool_rates_.push_back(cost);
      pools_by_skill_[name].push_back(id);
      for (const auto& skill : skills)
        if (skill != name && std::ranges::find(pools_by_skill_[skill], id) == pools_by_skill_[skill].end())
          pools_by_skill_[skill].push_back(id);
    }
  }
}

void PlantLoader::read_materials(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kMaterials);
  constexpr std::int64_t kMost = 1'000'000'000;
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    PoolData pool;
    pool.material = true;
    pool.count = 0;
    std::optional<Distribution> supply;
    std::optional<ReorderSpec> reorder;
    MaterialRates rates;
    if (entry.is_scalar()) {
      pool.count = static_cast<std::int32_t>(integer(at, Shape::kLevel, 0, kMost).value_or(0));
    } else if (keys(at, Level::kMaterial, Shape::kMaterials) && entry.is_mapping()) {
      pool.count = static_cast<std::int32_t>(integer(child(at, "level"), Shape::kLevel, 0, kMost).value_or(0));
      if (const auto places = child(at, "places");
          places && !(places.node->is_scalar() && places.node->scalar == "unlimited"))
        pool.places = static_cast<std::int32_t>(integer(places, Shape::kPlaces, 0, kMost).value_or(-1));
      if (pool.places >= 0 && pool.count > pool.places)
        fault(child(at, "level"), fmt::format("{} do not fit into {} places", pool.count, pool.places),
              fmt::format("at most {}", pool.places));
      rates.price = rate(child(at, "price"), Shape::kPrice).value_or(0);
      rates.stock = rate(child(at, "holding"), Shape::kCostRate).value_or(0);
      rates.shortage = rate(child(at, "shortage"), Shape::kCostRate).value_or(0);
      if (const auto given = child(at, "supply"); given && keys(given, Level::kSupply, Shape::kSupply)) {
        supply = distribution(child(given, "every"));
        if (supply && !(supply->mean() > 0))
          fault(child(given, "every"), "deliveries that follow each other after no time never end", "a time above 0");
        pool.supply_lot =
            static_cast<std::int32_t>(integer(child(given, "lot"), Shape::kCount, 1, 1'000'000).value_or(1));
      }
      if (const auto given = child(at, "reorder"); given && keys(given, Level::kReorder, Shape::kReorder)) {
        reorder = read_reorder(given, pool, rates);
        if (supply) fault(given, "material is delivered by itself, or ordered", "supply or reorder");
      }
    }
    for (const auto& name : members(entry.key_mark, at.path, entry.key)) {
      if (supply) pool.supply = intern(join_path(place.path, name) + ".supply.every", *supply);
      const auto id = static_cast<std::uint32_t>(plant_.pools.size());
      if (!name_pool(at, name, pool)) continue;
      pool_rates_.push_back(rates.price);
      material_rates_.resize(plant_.pools.size());
      material_rates_.back() = rates;
      if (!reorder) continue;
      reorder->data.pool = id;
      reorder->data.lead =
          reorder->lead ? intern(join_path(place.path, name) + ".reorder.lead", *reorder->lead) : DistributionId{};
      plant_.pools[id].reorder = static_cast<std::uint32_t>(plant_.reorders.size());
      plant_.reorders.push_back(reorder->data);
    }
  }
}

/// When and how much is ordered, and what an order costs.
ReorderSpec PlantLoader::read_reorder(const Place& place, const PoolData& pool, MaterialRates& rates) {
  constexpr std::int64_t kMost = 1'000'000'000;
  ReorderSpec spec;
  ReorderData& data = spec.data;
  data.at = integer(child(place, "at"), Shape::kInteger, -kMost, kMost).value_or(0);
  const auto up_to = child(place, "up_to"), lot = child(place, "lot");
  data.up_to = integer(up_to, Shape::kInteger, -kMost, kMost).value_or(data.at + 1);
  data.lot = integer(lot, Shape::kCount, 1, 1'000'000).value_or(0);
  if (static_cast<bool>(up_to) == static_cast<bool>(lot))
    fault(place, up_to ? "an order is up to a level, or of a lot" : "nothing says how much is ordered", "up_to or lot");
  if (up_to && data.up_to <= data.at)
    fault(up_to, fmt::format("an order up to {} leaves no more than at which the next is due", data.up_to),
          fmt::format("above {}", data.at));
  if (pool.places >= 0 && (up_to ? data.up_to : data.at + data.lot) > pool.places)
    fault(up_to ? up_to : lot, fmt::format("orders bring more than fits into {} places", pool.places),
          fmt::format("at most {}", up_to ? pool.places : pool.places - data.at));
  if (const auto review = child(place, "review")) {
    data.review = duration(review).value_or(kHour);
    if (data.review <= 0) fault(review, "material that is looked at all the time needs no review", "a time above 0");
  }
  spec.lead = delay(child(place, "lead"));
  rates.order = rate(child(place, "cost"), Shape::kPrice).value_or(0);
  return spec;
}

std::vector<NeedSpec> PlantLoader::read_needs(const Place& place, bool material) {
  std::vector<NeedSpec> out;
  if (!place) return out;
  const Shape shape = material ? Shape::kUses : Shape::kNeeds;
  const auto add = [&](const Place& at, const Mark& mark, const std::string& name, std::int64_t amount) {
    NeedSpec need;
    need.amount = static_cast<std::int32_t>(amount);
    std::vector<std::string> known;
    if (material) {
      if (const auto found = pool_ids_.find(name); found != pool_ids_.end() && plant_.pools[found->second].material)
        need.pools = {found->second};
      for (std::size_t p = 0; p < plant_.pools.size(); ++p)
        if (plant_.pools[p].material) known.push_back(plant_.pool_names[p]);
    } else {
      if (const auto found = pools_by_skill_.find(name); found != pools_by_skill_.end()) need.pools = found->second;
      for (const auto& [skill, pools] : pools_by_skill_) known.push_back(skill);
      std::ranges::sort(known);
    }
    if (need.pools.empty()) {
      fault(mark, at.path, name,
            fmt::format("there {} '{}'{}", material ? "is no material" : "are no operators or tools", name,
                        did_you_mean(name, known)),
            known.empty() ? (material ? "a name under materials" : "a name under operators or tools") : list_of(known));
      return;
    }
    std::int64_t most = 0;
    for (const std::uint32_t pool : need.pools) most = std::max<std::int64_t>(most, plant_.pools[pool].count);
    if (!material && amount > most)
      fault(mark, at.path, name,
            fmt::format("{} of '{}' are needed and there are never more than {}", amount, name, most),
            fmt::format("at most {}", most));
    if (need.pools.size() > kMaxAlternatives) {
      fault(mark, at.path, name, fmt::format("{} pools have the skill '{}'", need.pools.size(), name),
            fmt::format("at most {}; a pool may have a count", kMaxAlternatives));
      need.pools.resize(kMaxAlternatives);
    }
    out.push_back(std::move(need));
  };
  if (place.node->is_scalar()) {
    add(place, place.node->mark, place.node->scalar, 1);
  } else if (place.node->is_mapping()) {
    for (const auto& entry : place.node->children) {
      const Place at{&entry, join_path(place.path, entry.key)};
      if (const auto amount = integer(at, Shape::kCount, 1, 1'000'000)) add(at, entry.key_mark, entry.key, *amount);
    }
  } else {
    wrong_kind(place, shape);
  }
  if (out.size() > kMaxNeeds) {
    fault(place, fmt::format("there are {} needs", out.size()), fmt::format("at most {}", kMaxNeeds));
    out.resize(kMaxNeeds);
  }
  return out;
}

Needs PlantLoader::add_needs(const std::vector<NeedSpec>& specs) {
  const Needs needs{static_cast<std::uint32_t>(plant_.needs.size()), static_cast<std::uint32_t>(specs.size())};
  auto sorted = specs;  // the choosiest first, so that {any: 1, ann: 1} leaves ann to the need that names her
  std::ranges::stable_sort(sorted, {}, [](const NeedSpec& spec) { return spec.pools.size(); });
  for (const auto& spec : sorted) {
    plant_.needs.push_back({static_cast<std::uint32_t>(plant_.need_pools.size()),
                            static_cast<std::uint32_t>(spec.pools.size()), spec.amount});
    plant_.need_pools.insert(plant_.need_pools.end(), spec.pools.begin(), spec.pools.end());
  }
  return specs.empty() ? Needs{} : needs;
}

const std::string& PlantLoader::kind_name(KindBy by, const StepData& step, std::uint32_t index) const {
  if (by == KindBy::kOp) return plant_.step_names[index];
  if (by == KindBy::kProduct) return plant_.product_names[step.product.value];
  if (!step_families_[index].empty()) return step_families_[index];
  const auto& family = families_[step.product.value];
  return family.empty() ? plant_.product_names[step.product.value] : family;
}

void PlantLoader::number_kinds() {
  std::vector<std::vector<std::string>> kinds(plant_.stations.size());
  for (std::uint32_t i = 0; i < plant_.steps.size(); ++i) {
    const StepData& step = plant_.steps[i];
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c) {
      const std::uint32_t station = plant_.choices[c].station.value;
      const KindBy by = station_specs_[station]->by;
      if (by == KindBy::kNone) continue;
      const auto& name = kind_name(by, step, i);
      auto& known = kinds[station];
      const auto found = std::ranges::find(known, name);
      plant_.choices[c].kind = static_cast<std::uint32_t>(found - known.begin());
      if (found == known.end()) known.push_back(name);
    }
  }
  for (std::uint32_t s = 0; s < plant_.stations.size(); ++s) {
    plant_.stations[s].first_kind = static_cast<std::uint32_t>(plant_.kind_names.size());
    plant_.stations[s].kind_count = static_cast<std::uint32_t>(kinds[s].size());
    plant_.kind_names.insert(plant_.kind_names.end(), kinds[s].begin(), kinds[s].end());
    if (station_specs_[s]->setups) add_setups(StationId{s}, *station_specs_[s]->setups);
  }
}

/// Which machines can do which alternatives. A machine that says what it does is tested against the names of the step,
/// its product and its family.
void PlantLoader::number_abilities() {
  std::set<std::string> known;
  for (std::uint32_t i = 0; i < plant_.steps.size(); ++i) {
    const StepData& step = plant_.steps[i];
    const std::array<std::string, 4> names{plant_.step_names[i], plant_.product_names[step.product.value],
                                           kind_name(KindBy::kFamily, step, i),
                                           plant_.product_names[step.product.value] + "/" + plant_.step_names[i]};
    known.insert(names.begin(), names.end());
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c) {
      const std::uint32_t s = plant_.choices[c].station.value;
      StationData& station = plant_.stations[s];
      if (step.same_as != kNone && !step.same_station && station.machine_count > 1) station.selective = true;
      std::vector<std::uint8_t> row(station.machine_count, 1);
      for (std::uint32_t k = 0; k < station.machine_count; ++k)
        if (const MachineSpec* machine = machine_specs_[station.first_machine + k])
          row[k] = std::ranges::any_of(
              *machine->does, [&](const Node* name) { return std::ranges::find(names, name->scalar) != names.end(); });
      const auto able = std::ranges::count(row, 1);
      if (able == 0)
        fault({step_places_[i].first, step_places_[i].second},
              fmt::format("no machine of '{}' does '{}' of '{}'", plant_.station_names[s], plant_.step_names[i],
                          plant_.product_names[step.product.value]),
              "its name, or that of its product or family, in does of a machine there");
      if (able == std::ssize(row)) continue;
      plant_.choices[c].able = static_cast<std::uint32_t>(plant_.able.size());
      plant_.able.insert(plant_.able.end(), row.begin(), row.end());
      station.selective = true;
    }
  }
  for (std::uint32_t s = 0; s < plant_.stations.size(); ++s) {
    const StationData& station = plant_.stations[s];
    if (!station.selective) continue;
    const auto refuse = [&](bool used, const char* key, const char* machines, const char* allowed) {
      if (used)
        fault({}, join_path("stations", plant_.station_names[s]) + key, "",
              fmt::format("machines that {} and do not all do the same, or to which lots must return", machines),
              fmt::format("a station for those that do the same, or {}", allowed));
    };
    refuse(station.cycle > 0, ".cycle", "work in cycles", "no cycle");
    refuse(station.polling.serve != Serve::kAny, ".polling", "poll", "no polling");
    refuse(station.preempt != Preemption::kOff, ".queue.preempt", "are taken from lots", "preempt: never");
  }
  for (std::uint32_t m = 0; m < machine_specs_.size(); ++m) {
    if (machine_specs_[m] == nullptr) continue;
    for (const Node* name : *machine_specs_[m]->does)
      if (!known.contains(name->scalar)) {
        const std::vector<std::string> names(known.begin(), known.end());
        fault(name->mark, machine_specs_[m]->does_path, name->scalar,
              fmt::format("'{}' is no step, product or family{}", name->scalar, did_you_mean(name->scalar, names)),
              list_of(names));
      }
  }
  // A machine that did the first step must be able to do the one that follows on it.
  for (std::uint32_t i = 0; i < plant_.steps.size(); ++i) {
    const StepData& step = plant_.steps[i];
    if (step.same_as == kNone || step.same_station) continue;
    const StepData& before = plant_.steps[step.same_as];
    for (std::uint32_t c = before.first_choice; c < before.first_choice + before.choice_count; ++c)
      for (std::uint32_t own = step.first_choice; own < step.first_choice + step.choice_count; ++own) {
        if (plant_.choices[c].station != plant_.choices[own].station) continue;
        const StationData& station = plant_.stations[plant_.choices[c].station.value];
        const auto does = [&](std::uint32_t choice, std::uint32_t k) {
          return plant_.choices[choice].able == kNone || plant_.able[plant_.choices[choice].able + k] != 0;
        };
        for (std::uint32_t k = 0; k < station.machine_count; ++k)
          if (does(c, k) && !does(own, k))
            fault({step_places_[i].first, step_places_[i].second + ".same_as"},
                  fmt::format("{} does '{}' but not '{}', which must be done on the same machine",
                              plant_.machine_names[station.first_machine + k], plant_.step_names[step.same_as],
                              plant_.step_names[i]),
                  "machines that do both");
      }
  }
}

void PlantLoader::add_setups(StationId station, const SetupSpec& setup) {
  StationData& data = plant_.stations[station.value];
  const std::size_t kinds = data.kind_count;
  if (kinds > 2'000) {
    fault({}, join_path("stations", plant_.station_names[station.value]) + ".setup", "",
          fmt::format("there are {} kinds of work", kinds),
          "at most 2000 kinds of work at a station with setups by kind");
    return;
  }
  const auto path = join_path("stations", plant_.station_names[station.value]) + ".setup";
  const auto named = [&](const std::optional<Distribution>& d, const char* key) {
    return d ? intern(path + "." + key, *d) : DistributionId{};
  };
  const DistributionId same = named(setup.same, "same");
  const DistributionId otherwise = named(setup.otherwise, "otherwise");
  const DistributionId first = named(setup.first, "first");
  data.setups = static_cast<std::uint32_t>(plant_.setups.size());
  for (std::size_t from = 0; from <= kinds; ++from)
    for (std::size_t to = 0; to < kinds; ++to)
      plant_.setups.push_back(from == kinds ? first : from == to ? same : otherwise);
  if (setup.teardown || !setup.teardowns.empty()) {
    data.teardowns = static_cast<std::uint32_t>(plant_.teardowns.size());
    plant_.teardowns.insert(plant_.teardowns.end(), kinds, named(setup.teardown, "teardown"));
  }
  const auto begin = plant_.kind_names.begin() + data.first_kind;
  const auto kind_of = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(begin, begin + data.kind_count, name) - begin);
  };
  const auto check_kind = [&](const SetupCell& cell, const char* key, const std::string& name) {
    if (kind_of(name) < kinds) return;
    std::vector<std::string> known(begin, begin + data.kind_count);
    const bool elsewhere = std::ranges::find(families_, name) != families_.end() ||
                           std::ranges::find(step_families_, name) != step_families_.end() ||
                           std::ranges::find(plant_.step_names, name) != plant_.step_names.end() ||
                           product_ids_.contains(name);
    if (!elsewhere)
      fault(cell.node->key_mark, path + key, name,
            fmt::format("'{}' is no kind of work here{}", name, did_you_mean(name, known)), list_of(known));
  };
  for (const auto& cell : setup.teardowns) {
    check_kind(cell, ".teardown", cell.from);
    if (kind_of(cell.from) < kinds && !(cell.time == Distribution::deterministic(0)))
      plant_.teardowns[data.teardowns + kind_of(cell.from)] =
          intern(join_path(path + ".teardown", cell.from), cell.time);
  }
  for (const auto& cell : setup.cells) {
    for (const auto& name : {cell.from, cell.to}) check_kind(cell, ".matrix", name);
    if (kind_of(cell.from) >= kinds || kind_of(cell.to) >= kinds) continue;
    const bool none = cell.time == Distribution::deterministic(0);
    plant_.setups[data.setups + kind_of(cell.from) * kinds + kind_of(cell.to)] =
        none ? DistributionId{} : intern(join_path(join_path(path + ".matrix", cell.from), cell.to), cell.time);
  }
}

void PlantLoader::summarise() {
  for (auto& station : plant_.stations) {
    const bool formula = station.rule == QueueRule::kExpression && station.expression != kNone;
    plant_.keeps_runs = plant_.keeps_runs || station.min_run > 0 || station.teardowns != kNone;
    station.scanned = is_dynamic(station.rule) || station.batch.most > 1 || station.selective || station.min_run > 0 ||
                      (formula && plant_.expressions[station.expression].is_dynamic());
    const bool preempts = station.preempt != Preemption::kOff;
    plant_.preempts = plant_.preempts || preempts;
    plant_.lots_carry_more = plant_.lots_carry_more || preempts;
    const bool polls = station.polling.serve != Serve::kAny;
    station.scanned = station.scanned || polls;
    station.direct = station.batch.most == 1 && station.cycle == 0 && !polls && !preempts;
    plant_.polls = plant_.polls || polls;
    station.room_of_idle = station.cycle > 0 ? 0 : station.batch.most;
    plant_.holds_back = plant_.holds_back || station.block_before;
    plant_.slotted = plant_.slotted || station.cycle > 0;
    plant_.lots_carry_more = plant_.lots_carry_more || station.block_before;
    switch (station.rule) {
      case QueueRule::kSlack:
      case QueueRule::kMwkr:
      case QueueRule::kLwkr:
      case QueueRule::kMopnr:
      case QueueRule::kFddMwkr:
      case QueueRule::kCr:
      case QueueRule::kAtc:
      case QueueRule::kCovert:
      case QueueRule::kExpression:
        plant_.plans_ahead = true;
        break;
      default:
        break;
    }
  }
  for (const ChoiceData& choice : plant_.choices)
    if (plant_.stations[choice.station.value].preempt != Preemption::kOff && choice.uses.count + choice.makes.count > 0)
      fault({}, join_path("stations", plant_.station_names[choice.station.value]) + ".queue.preempt", "",
            "operations that use or make material are not taken from their machine",
            "preempt: never, or no uses and makes at this station");
  for (const auto& step : plant_.steps) plant_.plans_ahead = plant_.plans_ahead || step.choose_expression != kNone;
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
  Graph graph(plant_.stations.size());
  const auto each_station = [&](std::uint32_t step, auto&& call) {
    const StepData& data = plant_.steps[step];
    for (std::uint32_t c = data.first_choice; c < data.first_choice + data.choice_count; ++c)
      call(plant_.choices[c].station.value);
  };
  const auto full = [&](std::uint32_t station) { return plant_.stations[station].places >= 0; };
  const auto feed = [&](std::uint32_t from, std::uint32_t to) {
    each_station(from, [&](std::uint32_t a) {
      each_station(to, [&](std::uint32_t b) {
        if (a != b && full(a) && full(b)) add_edge(a, b, graph);
      });
    });
  };
  for (std::uint32_t i = 0; i < plant_.steps.size(); ++i) {
    const StepData& step = plant_.steps[i];
    const auto follow = [&](std::uint32_t target) {  // also past steps that lots may pass by
      for (; target < BranchData::kJoin; target = plant_.steps[target].next) {
        feed(i, target);
        if (!plant_.steps[target].optional()) break;
      }
    };
    if (step.branch_count == 0) follow(step.next);
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b)
      follow(plant_.branches[b].target);
    if (step.rework_limit != UINT32_MAX) follow(step.beyond);
  }
  std::vector<std::size_t> component(plant_.stations.size());
  const auto components = boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph)));
  plant_.may_deadlock = static_cast<std::size_t>(components) < plant_.stations.size();
}

}  // namespace twin::model_detail
