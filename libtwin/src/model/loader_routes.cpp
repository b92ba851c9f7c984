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
  marks_ = 0;
  const auto path = join_path(join_path("products", plant_.product_names[id.value]), "route");
  read_steps(place, path, id, product, "", kNone);
  product.step_count = static_cast<std::uint32_t>(plant_.steps.size()) - product.first_step;
  if (faults_.size() == before) check_leaving(place, product);
}

std::uint32_t PlantLoader::read_steps(const Place& place, const std::string& route_path, ProductId id,
                                      ProductData& product, const std::string& prefix, std::uint32_t within) {
  if (!place.node->is_sequence()) {
    wrong_kind(place, Shape::kRoute);
    return kNone;
  }
  if (place.node->children.empty()) {
    fault(place, "the route has no step", allowed(Shape::kRoute));
    return kNone;
  }
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
  StepNames known;
  std::vector<std::size_t> member(specs.size(), 0);
  for (const auto& name : names) {
    const StepSpec& spec = specs[name.item];
    if (!spec.valid) continue;
    good_name(spec.node->mark, spec.path, name.name);
    room(plant_.steps.size(), place, "steps");
    const auto step = static_cast<std::uint32_t>(plant_.steps.size());
    if (!known.ids.emplace(name.name, step).second)
      fault({spec.node, spec.path}, fmt::format("the step '{}' stands twice", name.name), "another name in op");
    known.names.push_back(name.name);
    known.steps.push_back(step);
    const auto step_path = join_path(route_path, name.name);
    add_step(spec, member[name.item]++, prefix + name.name, step_path, id, product);
    plant_.steps[step].within = within;
    std::vector<std::uint32_t> forks;
    for (const auto& branch : spec.parallel) {
      const auto first = read_steps(branch, join_path(step_path + ".parallel", branch.node->key), id, product,
                                    fmt::format("{}{}/{}/", prefix, name.name, branch.node->key), step);
      if (first != kNone) forks.push_back(first);
    }
    if (spec.sublots > 0) {
      std::uint32_t depth = 1;
      for (std::uint32_t outer = within; outer != kNone; outer = plant_.steps[outer].within)
        depth += plant_.steps[outer].splits ? 1 : 0;
      if (depth > 2)
        fault({spec.node, spec.path}, "sublots of sublots are split once more", "two splits within each other");
      plant_.steps[step].splits = plant_.splits = true;
      const auto first =
          read_steps(spec.sublot, step_path + ".route", id, product, fmt::format("{}{}/", prefix, name.name), step);
      if (first != kNone) forks.assign(spec.sublots, first);
    }
    plant_.steps[step].first_fork = static_cast<std::uint32_t>(plant_.forks.size());
    plant_.steps[step].fork_count = static_cast<std::uint32_t>(forks.size());
    plant_.forks.insert(plant_.forks.end(), forks.begin(), forks.end());
  }
  const std::uint32_t end = within == kNone ? BranchData::kLeave : BranchData::kJoin;
  for (std::size_t i = 0; i < known.steps.size(); ++i)
    plant_.steps[known.steps[i]].next = i + 1 < known.steps.size() ? known.steps[i + 1] : end;
  for (const auto& name : names)  // a step with a fault may be a target all the same
    if (!specs[name.item].valid) known.ids.emplace(name.name, BranchData::kLeave);
  std::size_t i = 0;
  for (const auto& name : names) {
    const StepSpec& spec = specs[name.item];
    if (spec.valid) {
      add_branches(spec, known.steps[i++], name.name, join_path(route_path, name.name), known);
    } else {
      for (const auto& branch : spec.branches)
        if (!branch.target.empty()) step_named(branch, branch.target, spec, known);
    }
  }
  return known.steps.empty() ? kNone : known.steps.front();
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
  const bool parts = read_parts(place, spec);
  if (!parts && !child(place, "at"))
    fault(place.node->mark, join_path(place.path, "at"), "", "the step has no 'at'", allowed(Shape::kStationsOf));
  if (const auto at = child(place, "at"); at && !parts) {
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
  read_choose(place, spec);
  spec.setup = distribution(child(place, "setup"));
  spec.changeover = distribution(child(place, "changeover"));
  read_transport(child(place, "transport"), spec);
  if (const auto then = child(place, "then")) {
    spec.branches = read_then(then);
    if (then.node->is_mapping()) read_limit(then, spec);
  }
  if (const auto needs = child(place, "needs")) spec.needs = read_needs(needs, false);
  read_carriers(place, spec);
  if (const auto uses = child(place, "uses")) spec.uses = read_needs(uses, true);
  if (const auto makes = child(place, "makes")) spec.makes = read_needs(makes, true);
  if (const auto family = child(place, "family"); family && scalar(family, Shape::kText))
    spec.family = family.node->scalar;
  spec.patience = distribution(child(place, "max_wait"));
  read_conditions(place, spec);
  read_overdue(place, spec);
  spec.valid = !spec.stations.empty() || !spec.parallel.empty() || spec.sublots > 0;
  read_times(place, spec);
  return spec;
}

bool PlantLoader::read_parts(const Place& place, StepSpec& spec) {
  const auto parallel = child(place, "parallel");
  const auto split = child(place, "split");
  const auto route = child(place, "route");
  const auto alone = [&](std::string_view what, const std::vector<std::string>& with) {
    for (const auto& value : place.node->children)
      if (std::ranges::find(with, value.key) == with.end() && !value.is_null())
        fault(value.key_mark, join_path(place.path, value.key), value.key,
              fmt::format("'{}' does not go with {}", value.key, what), list_of(with));
  };
  if (parallel && parallel.node->is_mapping()) {
    for (const auto& branch : parallel.node->children) {
      good_name(branch.key_mark, parallel.path, branch.key);
      spec.parallel.push_back({&branch, join_path(parallel.path, branch.key)});
    }
    if (spec.parallel.size() < 2) fault(parallel, "one branch alone is not parallel", allowed(Shape::kParallel));
    alone("parallel branches", {"parallel", "op", "meta"});
  } else if (parallel) {
    wrong_kind(parallel, Shape::kParallel);
  } else if (split) {
    const auto sublots = integer(split, Shape::kSublots, 2, kMaxSublots);
    if (!route) {
      fault(split, "nothing says what is done with the sublots", "route: beside it, as in route: [{at: mill}]");
    } else if (sublots) {
      spec.sublot = route;
      spec.sublots = static_cast<std::uint32_t>(*sublots);
    }
    alone("sublots", {"split", "route", "op", "meta"});
  } else if (route) {
    fault(route, "nothing says how many sublots go through these steps", "split: beside it, as in split: 4");
  }
  return parallel || split || route;
}

void PlantLoader::read_choose(const Place& place, StepSpec& spec) {
  const auto choose = child(place, "choose");
  if (!choose || !scalar(choose, Shape::kChoose)) return;
  const std::string_view text = trimmed(choose.node->scalar);
  if (text.starts_with("expr(") && text.ends_with(')')) {
    try {
      auto expression = Expression::parse(text.substr(5, text.size() - 6));
      spec.choose = ChooseRule::kExpression;
      spec.choose_expression = static_cast<std::uint32_t>(plant_.expressions.size());
      plant_.expressions.push_back(std::move(expression));
    } catch (const InvalidArgument& error) {
      fault(choose, fmt::format("the formula cannot be read: {}", error.what()), "");
    }
    return;
  }
  if (const auto rule = one_of<ChooseRule>(choose, Shape::kChoose,
                                           {ChooseRule::kShortestQueue, ChooseRule::kEarliestFinish, ChooseRule::kFirst,
                                            ChooseRule::kRandom, ChooseRule::kCost},
                                           &twin::name_of))
    spec.choose = *rule;
  if (spec.choose == ChooseRule::kCost && plant_.currency.empty())
    fault(choose, "nothing says what machines or materials cost", "cost: at stations, or price: at materials");
}

std::optional<BranchSpec> PlantLoader::step_under(const Place& place, const char* key, const std::string& path) {
  if (!place.node->is_mapping() || place.node->children.size() != 1) return std::nullopt;
  const Node& only = place.node->children.front();
  if (only.key != key || !only.is_scalar()) return std::nullopt;
  return BranchSpec{path + "." + key, 1, only.scalar, &only, BranchKind::kGoto};
}

/// Whether, where and until when a lot takes a step.
void PlantLoader::read_conditions(const Place& place, StepSpec& spec) {
  if (const auto same = child(place, "same_as")) {
    if (same.node->is_scalar()) {
      spec.same_as = {"same_as", 1, same.node->scalar, same.node, BranchKind::kGoto};
    } else if (const auto step = step_under(same, "station", "same_as")) {
      spec.same_as = *step;
      spec.same_station = true;
    } else {
      wrong_kind(same, Shape::kSameAs);
    }
  }
  if (const auto only = number(child(place, "only"), Shape::kProbability, 0, 1, false)) spec.only = *only;
  if (const auto sample = child(place, "sample"); sample && keys(sample, Level::kSample, Shape::kSample)) {
    const auto every = integer(child(sample, "every"), Shape::kCount, 1, 1'000'000);
    spec.sample_every = static_cast<std::uint32_t>(every.value_or(1));
    const auto first = integer(child(sample, "first"), Shape::kCount, 1, 1'000'000);
    spec.sample_first = static_cast<std::uint32_t>(first.value_or(spec.sample_every));
    if (child(place, "only")) fault(sample, "lots are drawn, or counted off, not both", "one of only and sample");
  }
  if (const auto within = child(place, "within"); within && keys(within, Level::kWithin, Shape::kWithin)) {
    const auto of = child(within, "of");
    if (of && scalar(of, Shape::kName)) spec.window_of = {"within.of", 1, of.node->scalar, of.node, BranchKind::kGoto};
    spec.window = duration(child(within, "time")).value_or(kNever);
    if (spec.patience) fault(within, "lots wait so long, or come so late, not both", "one of max_wait and within");
  }
}

/// How often a lot may be sent back, and what becomes of it then.
void PlantLoader::read_limit(const Place& then, StepSpec& spec) {
  const auto limit = child(then, "limit");
  const auto beyond = child(then, "beyond");
  const bool rework = std::ranges::any_of(spec.branches, [](const auto& b) { return b.kind == BranchKind::kRework; });
  if (const auto times = integer(limit, Shape::kCount, 1, 1'000'000)) {
    spec.rework_limit = static_cast<std::uint32_t>(*times);
    if (!rework) fault(limit, "no lot is sent back from here", "rework: beside it, as in rework: {milling: 0.05}");
  }
  if (!beyond) return;
  if (!limit) fault(beyond, "nothing says how often lots are sent back", "limit: beside it, as in limit: 2");
  for (const auto& [name, target] : {std::pair{"scrap", BranchData::kScrap}, std::pair{"leave", BranchData::kLeave},
                                     std::pair{"pass", BranchData::kLeave}})
    if (beyond.node->is_scalar() && beyond.node->scalar == name) {
      spec.beyond_target = target;
      spec.passes_beyond = beyond.node->scalar == "pass";
      spec.beyond = {"then.beyond", 1, "", beyond.node, BranchKind::kLeave};
      return;
    }
  if (const auto step = step_under(beyond, "goto", "then.beyond")) {
    spec.beyond = *step;
    return;
  }
  wrong_kind(beyond, Shape::kBeyond);
}

/// What becomes of a lot that has waited for as long as it may.
void PlantLoader::read_overdue(const Place& place, StepSpec& spec) {
  const auto overdue = child(place, "if_overdue");
  if (!overdue) return;
  if (!spec.patience && spec.window_of.node == nullptr)
    fault(overdue, "nothing says how long a lot may wait",
          "max_wait or within beside it, as in max_wait: 2 h, or within: {of: etch, time: 2 h}");
  if (overdue.node->is_mapping() && overdue.node->children.size() == 1 &&
      overdue.node->children.front().key == "rework" && overdue.node->children.front().is_scalar()) {
    if (spec.patience && !(spec.patience->mean() >= 1e-9))
      fault(overdue, "a lot that waits for no time and is sent back comes again without end", "max_wait above 0");
    spec.overdue = {"if_overdue.rework", 1, overdue.node->children.front().scalar, &overdue.node->children.front(),
                    BranchKind::kRework};
    return;
  }
  for (const auto& [name, target] : {std::pair{"scrap", BranchData::kScrap}, std::pair{"leave", BranchData::kLeave},
                                     std::pair{"stay", StepData::kStay}})
    if (overdue.node->is_scalar() && overdue.node->scalar == name) {
      spec.impatient = target;
      return;
    }
  wrong_kind(overdue, Shape::kOverdue);
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
  step.way = spec.way;
  if (spec.transport) step.transport = intern(path + ".transport", *spec.transport);
  if (!spec.carriers.empty()) step.carrier = spec.carriers[spec.carriers.size() > 1 ? member : 0];
  if (step.way >= Way::kBelt) plant_.has_carriers = plant_.lots_carry_more = true;
  if (spec.patience) step.patience = intern(path + ".max_wait", *spec.patience);
  step.impatient = spec.impatient;
  step.only = spec.only;
  step.choose_expression = spec.choose_expression;
  if (spec.sample_every > 1 || spec.sample_first > 1) {
    step.sample = plant_.samples++;
    step.sample_every = spec.sample_every;
    step.sample_first = spec.sample_first;
  }
  step_families_.push_back(spec.family);
  step_places_.emplace_back(spec.node, spec.path);
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
      if (own.setups || !(*spec.setup == Distribution::deterministic(0)))
        choice.setup = intern(path + ".setup", *spec.setup);
    } else if (own.setup) {
      choice.setup = intern(station_path + ".setup", *own.setup);
    }
    if (spec.changeover) {
      choice.changeover = intern(path + ".changeover", *spec.changeover);
    } else if (own.changeover) {
      choice.changeover = intern(station_path + ".changeover", *own.changeover);
    }
    choice.needs = add_needs(spec.needs ? *spec.needs : own.needs);
    choice.holds = add_needs(spec.holds);
    for (const std::uint32_t pool : spec.returns)
      if (const std::uint32_t carrier = plant_.pools[pool].carrier; carrier != kNone) choice.returns |= 1U << carrier;
    choice.uses = add_needs(spec.uses ? *spec.uses : own.uses);
    choice.makes = add_needs(spec.makes ? *spec.makes : own.makes);
    plant_.choices.push_back(choice);
  };
  if (spec.consecutive) {
    add_choice(member);
  } else {
    for (std::size_t i = 0; i < spec.stations.size(); ++i) add_choice(i);
  }
  step.choice_count = static_cast<std::uint32_t>(plant_.choices.size()) - step.first_choice;
  step.diverts = step.choice_count == 0 || step.optional();
  step.limited = step.patience.valid();
  plant_.steps.push_back(step);
  plant_.step_names.push_back(name);
}

void PlantLoader::add_branches(const StepSpec& spec, std::uint32_t step, const std::string& name,
                               const std::string& path, const StepNames& known) {
  StepData& data = plant_.steps[step];
  if (spec.overdue.node != nullptr) data.impatient = step_named(spec.overdue, spec.overdue.target, spec, known);
  add_references(spec, step, known);
  data.first_branch = static_cast<std::uint32_t>(plant_.branches.size());
  for (const auto& branch : spec.branches) {
    BranchData out;
    out.rework = branch.kind == BranchKind::kRework;
    switch (branch.kind) {
      case BranchKind::kPass:
        out.target = data.next;
        break;
      case BranchKind::kLeave:
        if (data.within != kNone)
          fault({branch.node, spec.path + "." + branch.path}, "a part of a lot cannot leave alone",
                "pass, rework, goto or scrap where lots are in parts");
        out.target = BranchData::kLeave;
        break;
      case BranchKind::kScrap:
        out.target = BranchData::kScrap;
        break;
      case BranchKind::kRework:
      case BranchKind::kGoto:
        out.target = step_named(branch, branch.target.empty() ? name : branch.target, spec, known);
        break;
    }
    plant_.branches.push_back(out);
    plant_.branch_paths.push_back(path + "." + branch.path);
    plant_.parameters.branch_probability.push_back(branch.probability);
  }
  data.branch_count = static_cast<std::uint32_t>(spec.branches.size());
}

void PlantLoader::mark(std::uint32_t step) {
  if (plant_.steps[step].mark == kNone) plant_.steps[step].mark = marks_++;
  plant_.marks_per_lot = std::max(plant_.marks_per_lot, marks_);
}

/// Other steps that a step names: that on whose machine it is done, that from which its time counts, and where lots go
/// that may not be sent back.
void PlantLoader::add_references(const StepSpec& spec, std::uint32_t step, const StepNames& known) {
  StepData& data = plant_.steps[step];
  const auto earlier = [&](const BranchSpec& reference) {
    if (reference.node == nullptr) return BranchData::kLeave;
    const std::uint32_t found = step_named(reference, reference.target, spec, known);
    if (found == BranchData::kLeave) return found;
    const Place place{reference.node, spec.path + "." + reference.path};
    if (found >= step) {
      fault(place, fmt::format("'{}' does not come before this step", reference.target), "an earlier step");
      return BranchData::kLeave;
    }
    if (plant_.steps[found].choice_count > 0) return found;
    fault(place, fmt::format("lots part at '{}', which is done on no machine", reference.target),
          "a step that is done at a station");
    return BranchData::kLeave;
  };
  if (const auto found = earlier(spec.same_as); found != BranchData::kLeave) {
    const StepData& before = plant_.steps[found];
    for (std::uint32_t c = before.first_choice; c < before.first_choice + before.choice_count; ++c) {
      bool here = false;
      for (std::uint32_t own = data.first_choice; own < data.first_choice + data.choice_count; ++own)
        here = here || plant_.choices[own].station == plant_.choices[c].station;
      if (!here)
        fault({spec.same_as.node, spec.path + "." + spec.same_as.path},
              fmt::format("'{}' may be done at '{}', and this step is not", spec.same_as.target,
                          plant_.station_names[plant_.choices[c].station.value]),
              "all stations of that step among those of this one");
    }
    data.same_as = found;
    data.same_station = spec.same_station;
    mark(found);
  }
  if (const auto found = earlier(spec.window_of); found != BranchData::kLeave) {
    data.window_of = found;
    data.window = spec.window;
    data.limited = true;
    mark(found);
    if (spec.overdue.node != nullptr && data.impatient > found)
      fault({spec.overdue.node, spec.path + ".if_overdue.rework"},
            fmt::format("the time counts from '{}', which such lots would not do again", spec.window_of.target),
            fmt::format("'{}', or a step before it", spec.window_of.target));
  }
  if (spec.rework_limit == UINT32_MAX) return;
  data.rework_limit = spec.rework_limit;
  mark(step);
  data.beyond = spec.beyond_target;
  if (spec.passes_beyond) data.beyond = data.next;
  if (spec.beyond.kind == BranchKind::kGoto && spec.beyond.node != nullptr)
    data.beyond = step_named(spec.beyond, spec.beyond.target, spec, known);
  if (data.within != kNone && spec.beyond.node != nullptr && spec.beyond.kind == BranchKind::kLeave &&
      !spec.passes_beyond && data.beyond == BranchData::kLeave)
    fault({spec.beyond.node, spec.path + ".then.beyond"}, "a part of a lot cannot leave alone",
          "scrap, pass or goto where lots are in parts");
}

std::uint32_t PlantLoader::step_named(const BranchSpec& branch, const std::string& name, const StepSpec& spec,
                                      const StepNames& known) {
  if (const auto found = known.ids.find(name); found != known.ids.end()) return found->second;
  std::vector<std::uint32_t> at_station;  // a step may also be meant by its only station
  for (const std::uint32_t s : known.steps)
    if (plant_.steps[s].choice_count == 1 &&
        plant_.station_names[plant_.choices[plant_.steps[s].first_choice].station.value] == name)
      at_station.push_back(s);
  if (at_station.size() == 1) return at_station.front();
  const Place place{branch.node, spec.path + "." + branch.path};
  if (at_station.empty()) {
    fault(place, fmt::format("there is no step '{}'{}", name, did_you_mean(name, known.names)), list_of(known.names));
  } else {
    fault(place, fmt::format("'{}' is the station of {} steps", name, at_station.size()),
          "a step's name: " + list_of(known.names));
  }
  return BranchData::kLeave;
}

void PlantLoader::check_leaving(const Place& place, const ProductData& product) {
  const std::size_t n = product.step_count;
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;
  Graph graph(n + 1);  // vertex n: outside
  for (std::uint32_t i = 0; i < n; ++i) {
    const StepData& step = plant_.steps[product.first_step + i];
    const auto follow = [&](std::uint32_t target) {
      std::uint32_t at = product.first_step + i;
      while (target == BranchData::kJoin) {  // on from where the lot parted
        at = plant_.steps[at].within;
        target = plant_.steps[at].next;
      }
      add_edge(i, target >= BranchData::kScrap ? n : target - product.first_step, graph);
    };
    for (std::uint32_t f = step.first_fork; f < step.first_fork + step.fork_count; ++f)
      add_edge(i, plant_.forks[f] - product.first_step, graph);
    if ((step.branch_count == 0 && step.fork_count == 0) || step.optional()) follow(step.next);
    if (step.rework_limit != UINT32_MAX) follow(step.beyond);
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
      if (!(plant_.parameters.branch_probability[b] > 0)) continue;
      follow(plant_.branches[b].target);
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
