#include "plant_loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/reverse_graph.hpp>

#include "twin/base/random.hpp"
#include "twin/model/quantity.hpp"

namespace twin::model_detail {

namespace {

constexpr double kProbabilityTolerance = 1e-9;

}  // namespace

void PlantLoader::read_route(const Place& place, ProductId id, ProductData& product) {
  const auto before = faults_.size();
  if (!place.node->is_sequence()) return wrong_kind(place, Shape::kRoute);
  if (place.node->children.empty()) return fault(place, "the route has no step", allowed(Shape::kRoute));
  std::vector<StepSpec> specs;
  const auto names = step_names(*place.node);
  std::vector<std::string> first_name(place.node->children.size());
  for (const auto& name : names)
    if (first_name[name.item].empty()) first_name[name.item] = name.name;
  for (std::size_t i = 0; i < place.node->children.size(); ++i) {
    const auto path =
        first_name[i].empty() ? fmt::format("{}[{}]", place.path, i) : join_path(place.path, first_name[i]);
    specs.push_back(read_step({&place.node->children[i], path}));
  }
  std::unordered_map<std::string, std::uint32_t> ids;
  std::vector<std::string> all_names;
  for (const auto& name : names) {
    if (!specs[name.item].valid) continue;
    good_name(specs[name.item].node->mark, specs[name.item].path, name.name);
    if (!ids.emplace(name.name, product.first_step + product.step_count).second)
      fault({specs[name.item].node, specs[name.item].path}, fmt::format("the step '{}' stands twice", name.name),
            "another name in op");
    all_names.push_back(name.name);
    ++product.step_count;
  }
  for (const auto& name : names)  // a step with a fault may be a target all the same
    if (!specs[name.item].valid) ids.emplace(name.name, BranchData::kLeave);
  std::vector<std::size_t> member(specs.size(), 0);
  const auto route_path = join_path(join_path("products", plant_.product_names[id.value]), "route");
  for (const auto& name : names)
    if (specs[name.item].valid) {
      room(plant_.steps.size(), place, "steps");
      add_step(specs[name.item], member[name.item]++, name.name, join_path(route_path, name.name), id, product);
    }
  std::uint32_t step = product.first_step;
  for (const auto& name : names)
    if (specs[name.item].valid) {
      add_branches(specs[name.item], step++, name.name, join_path(route_path, name.name), product, ids, all_names);
    } else {
      for (const auto& branch : specs[name.item].branches)
        if (!branch.target.empty()) step_named(branch, branch.target, specs[name.item], product, ids, all_names);
    }
  if (faults_.size() == before) check_leaving(place, product);
}

StepSpec PlantLoader::read_step(const Place& place) {
  StepSpec spec;
  spec.node = place.node;
  spec.path = place.path;
  spec.valid = false;
  if (place.node->is_null()) {
    wrong_kind(place, Shape::kRoute);
    return spec;
  }
  if (!keys(place, Level::kStep, Shape::kRoute)) return spec;
  if (const auto at = child(place, "at")) {
    if (at.node->is_sequence()) {
      if (at.node->children.empty()) fault(at, "the step has no station", allowed(Shape::kStationsOf));
      for (const auto& one : at.node->children)
        for (const auto station : stations_named(at, one)) spec.stations.push_back(station);
      auto sorted = spec.stations;
      std::sort(sorted.begin(), sorted.end());
      if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        fault(at, "a station stands twice", "each alternative once");
    } else {
      spec.consecutive = at.node->is_scalar() && expand_name(at.node->scalar).grouped;
      spec.stations = stations_named(at, *at.node);
      if (spec.consecutive && spec.stations.size() != expand_name(at.node->scalar).names.size()) spec.stations.clear();
    }
  }
  if (const auto op = child(place, "op"); op && scalar(op, Shape::kText))
    good_name(op.node->mark, op.path, op.node->scalar);
  if (const auto choose = one_of<ChooseRule>(
          child(place, "choose"), Shape::kChoose,
          {ChooseRule::kShortestQueue, ChooseRule::kEarliestFinish, ChooseRule::kFirst, ChooseRule::kRandom},
          &twin::name_of))
    spec.choose = *choose;
  spec.setup = distribution(child(place, "setup"));
  spec.changeover = distribution(child(place, "changeover"));
  spec.transport = delay(child(place, "transport"));
  if (const auto then = child(place, "then")) spec.branches = read_then(then);
  spec.valid = !spec.stations.empty();
  read_times(place, spec);
  return spec;
}

void PlantLoader::read_times(const Place& place, StepSpec& spec) {
  spec.times.resize(spec.stations.size());
  const auto time = child(place, "time");
  const auto before = faults_.size();
  if (time && time.node->is_mapping()) {
    spec.times_by_station = true;
    for (const auto& entry : time.node->children) {
      const Place at{&entry, join_path(time.path, entry.key)};
      const auto d = distribution(at);
      for (const auto& name : members(entry.key_mark, at.path, entry.key)) {
        const auto found = station_ids_.find(name);
        const auto where = found == station_ids_.end()
                               ? spec.stations.end()
                               : std::find(spec.stations.begin(), spec.stations.end(), StationId{found->second});
        if (where == spec.stations.end()) {
          std::vector<std::string> names;
          for (const auto station : spec.stations) names.push_back(plant_.station_names[station.value]);
          if (spec.valid)
            fault(entry.key_mark, at.path, name,
                  fmt::format("'{}' is no station of this step{}", name, did_you_mean(name, names)), list_of(names));
        } else if (d) {
          spec.times[static_cast<std::size_t>(where - spec.stations.begin())] = *d;
        }
      }
    }
  } else if (time) {
    const auto d = distribution(time);
    std::fill(spec.times.begin(), spec.times.end(), d);
  }
  if (faults_.size() != before) return;
  for (std::size_t i = 0; i < spec.stations.size(); ++i) {
    const auto station = spec.stations[i].value;
    if (spec.times[i] || station_specs_[station]->time) continue;
    fault(place.node->mark, join_path(place.path, "time"), "",
          fmt::format("the step has no time at '{}', and the station gives none", plant_.station_names[station]),
          allowed(Shape::kTimes));
  }
}

std::vector<BranchSpec> PlantLoader::read_then(const Place& place) {
  std::vector<BranchSpec> out;
  if (!keys(place, Level::kThen, Shape::kThen) || !place.node->is_mapping()) return out;
  const auto before = faults_.size();
  const auto outright = [&](const char* key, BranchKind kind) {
    const auto at = child(place, key);
    if (const auto p = number(at, Shape::kProbability, 0, 1, false))
      out.push_back({fmt::format("then.{}", key), *p, {}, at.node, kind});
  };
  outright("pass", BranchKind::kPass);
  targets(child(place, "rework"), BranchKind::kRework, out);
  targets(child(place, "goto"), BranchKind::kGoto, out);
  outright("leave", BranchKind::kLeave);
  outright("scrap", BranchKind::kScrap);
  if (faults_.size() != before) return out;  // whose targets are checked all the same
  double sum = 0;
  for (const auto& branch : out) sum += branch.probability;
  const bool passes = !out.empty() && out.front().kind == BranchKind::kPass;
  if (sum > 1 + kProbabilityTolerance || (passes && sum < 1 - kProbabilityTolerance)) {
    fault(place, fmt::format("the probabilities sum to {}", number_text(sum)),
          passes ? "a sum of 1" : "a sum of at most 1; the rest passes");
    return out;
  }
  if (!passes && sum < 1 - kProbabilityTolerance)
    out.insert(out.begin(), {"then.pass", 1 - sum, {}, place.node, BranchKind::kPass});
  if (out.size() == 1 && passes) out.clear();  // on to the next step, for sure
  return out;
}

void PlantLoader::targets(const Place& place, BranchKind kind, std::vector<BranchSpec>& out) {
  if (!place) return;
  const bool rework = kind == BranchKind::kRework;
  const auto shape = rework ? Shape::kThenRework : Shape::kThenGoto;
  const std::string path = rework ? "then.rework" : "then.goto";
  if (place.node->is_scalar()) {
    if (rework) {
      if (const auto p = number(place, shape, 0, 1, false)) out.push_back({path, *p, {}, place.node, kind});
    } else if (is_number(place.node->scalar)) {
      fault(place, "a probability alone names no step", allowed(shape));
    } else {
      out.push_back({path, 1, place.node->scalar, place.node, kind});
    }
    return;
  }
  if (!place.node->is_mapping()) return wrong_kind(place, shape);
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    if (!scalar(at, shape)) continue;
    const bool flipped = is_number(entry.key) && !is_number(entry.scalar);  // 0.05: milling
    Node probability = Node::text(flipped ? entry.key : entry.scalar);
    probability.mark = flipped ? entry.key_mark : entry.mark;
    const auto p = number({&probability, at.path}, Shape::kProbability, 0, 1, false);
    const auto& target = flipped ? entry.scalar : entry.key;
    out.push_back({join_path(path, target), p.value_or(0), target, &entry, kind});
  }
}

void PlantLoader::add_step(const StepSpec& spec, std::size_t member, const std::string& name, const std::string& path,
                           ProductId id, const ProductData& product) {
  StepData step;
  step.product = id;
  step.choose = spec.choose;
  step.first_choice = static_cast<std::uint32_t>(plant_.choices.size());
  step.hash = hash_combine(product.hash, hash_name(name));
  if (spec.transport) step.transport = intern(path + ".transport", *spec.transport);
  const auto add_choice = [&](std::size_t i) {
    room(plant_.choices.size(), {spec.node, spec.path}, "alternatives");
    const StationId station = spec.stations[i];
    const auto& own = *station_specs_[station.value];
    const auto station_path = join_path("stations", plant_.station_names[station.value]);
    ChoiceData choice;
    choice.station = station;
    if (spec.times[i]) {
      const auto time_path = path + ".time";
      choice.time =
          intern(spec.times_by_station ? join_path(time_path, plant_.station_names[station.value]) : time_path,
                 *spec.times[i]);
    } else if (own.time) {
      choice.time = intern(station_path + ".time", *own.time);
    }
    if (spec.setup) {
      if (!(*spec.setup == Distribution::deterministic(0))) choice.setup = intern(path + ".setup", *spec.setup);
    } else if (own.setup) {
      choice.setup = intern(station_path + ".setup", *own.setup);
    }
    if (spec.changeover) {
      choice.changeover = intern(path + ".changeover", *spec.changeover);
    } else if (own.changeover) {
      choice.changeover = intern(station_path + ".changeover", *own.changeover);
    }
    plant_.choices.push_back(choice);
  };
  if (spec.consecutive) {
    add_choice(member);
  } else {
    for (std::size_t i = 0; i < spec.stations.size(); ++i) add_choice(i);
  }
  step.choice_count = static_cast<std::uint32_t>(plant_.choices.size()) - step.first_choice;
  plant_.steps.push_back(step);
  plant_.step_names.push_back(name);
}

void PlantLoader::add_branches(const StepSpec& spec, std::uint32_t step, const std::string& name,
                               const std::string& path, const ProductData& product,
                               const std::unordered_map<std::string, std::uint32_t>& ids,
                               const std::vector<std::string>& names) {
  StepData& data = plant_.steps[step];
  data.first_branch = static_cast<std::uint32_t>(plant_.branches.size());
  for (const auto& branch : spec.branches) {
    BranchData out;
    out.rework = branch.kind == BranchKind::kRework;
    switch (branch.kind) {
      case BranchKind::kPass:
        out.target = step + 1 < product.first_step + product.step_count ? step + 1 : BranchData::kLeave;
        break;
      case BranchKind::kLeave:
        out.target = BranchData::kLeave;
        break;
      case BranchKind::kScrap:
        out.target = BranchData::kScrap;
        break;
      case BranchKind::kRework:
      case BranchKind::kGoto:
        out.target = step_named(branch, branch.target.empty() ? name : branch.target, spec, product, ids, names);
        break;
    }
    plant_.branches.push_back(out);
    plant_.branch_paths.push_back(path + "." + branch.path);
    plant_.parameters.branch_probability.push_back(branch.probability);
  }
  data.branch_count = static_cast<std::uint32_t>(spec.branches.size());
}

std::uint32_t PlantLoader::step_named(const BranchSpec& branch, const std::string& name, const StepSpec& spec,
                                      const ProductData& product,
                                      const std::unordered_map<std::string, std::uint32_t>& ids,
                                      const std::vector<std::string>& names) {
  if (const auto found = ids.find(name); found != ids.end()) return found->second;
  std::vector<std::uint32_t> at_station;  // a step may also be meant by its only station
  for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s)
    if (plant_.steps[s].choice_count == 1 &&
        plant_.station_names[plant_.choices[plant_.steps[s].first_choice].station.value] == name)
      at_station.push_back(s);
  if (at_station.size() == 1) return at_station.front();
  const Place place{branch.node, spec.path + "." + branch.path};
  if (at_station.empty()) {
    fault(place, fmt::format("there is no step '{}'{}", name, did_you_mean(name, names)), list_of(names));
  } else {
    fault(place, fmt::format("'{}' is the station of {} steps", name, at_station.size()),
          "a step's name: " + list_of(names));
  }
  return BranchData::kLeave;
}

void PlantLoader::check_leaving(const Place& place, const ProductData& product) {
  const std::size_t n = product.step_count;
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;
  Graph graph(n + 1);  // vertex n: outside
  for (std::uint32_t i = 0; i < n; ++i) {
    const StepData& step = plant_.steps[product.first_step + i];
    if (step.branch_count == 0) add_edge(i, i + 1, graph);
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
      if (!(plant_.parameters.branch_probability[b] > 0)) continue;
      const auto target = plant_.branches[b].target;
      add_edge(i, target >= BranchData::kScrap ? n : target - product.first_step, graph);
    }
  }
  const auto reach = [](const auto& g, std::size_t from) {
    std::vector<boost::default_color_type> color(num_vertices(g));
    boost::breadth_first_search(g, from, boost::color_map(color.data()));
    return color;
  };
  const auto forward = reach(graph, 0);
  const auto backward = reach(boost::make_reverse_graph(graph), n);
  for (std::size_t i = 0; i < n; ++i)
    if (forward[i] == boost::black_color && backward[i] != boost::black_color) {
      const auto& name = plant_.step_names[product.first_step + i];
      fault(place, fmt::format("lots that come to '{}' never leave the route", name),
            "probabilities with which every lot leaves in the end");
      return;
    }
}

}  // namespace twin::model_detail
