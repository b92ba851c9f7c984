#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "plant_loader_impl.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/random.hpp"

namespace twin::model_detail {
namespace {

constexpr std::array<std::string_view, 13> kTaken{"starved", "working",   "setup", "blocked", "down",
                                                  "off",     "waiting",   "short", "queue",   "machine",
                                                  "all",     "undefined", "none"};

}  // namespace

std::vector<MaintenanceSpec> PlantLoader::read_maintenance(const Place& place) {
  std::vector<MaintenanceSpec> out;
  if (!place) return out;
  if (!place.node->is_sequence()) {
    wrong_kind(place, Shape::kMaintenance);
    return out;
  }
  for (std::size_t i = 0; i < place.node->children.size(); ++i) {
    const Place one{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
    if (!keys(one, Level::kMaintenance, Shape::kMaintenance) || one.node->is_null()) continue;
    MaintenanceSpec spec;
    const auto at = child(one, "every");
    const auto every = read(at, Shape::kEvery, [&](std::string_view text) {
      text = trimmed(text);
      using Unit = std::pair<std::string_view, Ageing>;
      for (const auto& [suffix, ages] : {Unit{" of work", Ageing::kUse}, Unit{" of time", Ageing::kTime},
                                         Unit{" of calendar", Ageing::kTime}, Unit{" of lots", Ageing::kLots}})
        if (text.ends_with(suffix)) {
          spec.ages = ages;
          spec.dated = suffix == " of calendar";
          text.remove_suffix(suffix.size());
        }
      return read_distribution(text, spec.ages != Ageing::kLots);
    });
    const bool lots = spec.ages == Ageing::kLots;
    if (every) {
      spec.every = *every;
      if (!(every->mean() > 0))
        fault(at, "a machine that is maintained after no time never works",
              lots ? "a number of lots" : "a time above 0");
      if (spec.dated && *every != Distribution::deterministic(every->mean()))
        fault(at, "dates in a calendar are certain", "a time such as 1 w");
    }
    if (const auto takes = distribution(child(one, "takes"))) spec.takes = *takes;
    if (const auto window = child(one, "window")) {
      spec.window =
          lots ? kSecond * integer(window, Shape::kCount, 0, 1'000'000).value_or(0) : duration(window).value_or(0);
      if (every && *every == Distribution::deterministic(every->mean()) &&
          seconds_from_ticks(spec.window) >= every->mean())
        fault(window, "the window is open all the time", "less than `every`");
    }
    spec.crew = read_needs(child(one, "needs"), false);
    spec.renews_at = child(one, "renews");
    if (const auto& given = spec.renews_at; given && given.node->is_sequence()) {
      for (const auto& name : given.node->children)
        if (scalar({&name, given.path}, Shape::kSkills)) spec.renews.push_back(name.scalar);
    } else if (given && scalar(given, Shape::kSkills)) {
      spec.renews.push_back(given.node->scalar);
    }
    out.push_back(std::move(spec));
  }
  return out;
}

void PlantLoader::read_degradation(const Place& place, StationSpec& spec) {
  if (!place) return;
  if (!place.node->is_sequence()) return wrong_kind(place, Shape::kDegradation);
  const std::size_t count = place.node->children.size();
  if (count < 2 || count > 1000) fault(place, fmt::format("there are {} states", count), "from 2 to 1000 states");
  std::optional<Ageing> ages;
  for (std::size_t i = 0; i < count; ++i) {
    const Place one{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
    if (!keys(one, Level::kDegradation, Shape::kDegradation) || one.node->is_null()) continue;
    DegradationSpec state;
    if (const auto name = child(one, "state"); name && scalar(name, Shape::kName)) {
      state.state = name.node->scalar;
      good_name(name.node->mark, name.path, state.state);
      if (std::ranges::find(kTaken, state.state) != kTaken.end())
        fault(name, fmt::format("'{}' means something else in results", state.state), "another name");
      if (std::ranges::find(spec.degradation, state.state, &DegradationSpec::state) != spec.degradation.end())
        fault(name, fmt::format("the state '{}' stands twice", state.state), "each name once");
    }
    const auto at = child(one, "lasts");
    auto counted = Ageing::kWork;
    state.lasts = read(at, Shape::kAfter, [&](std::string_view text) {
      text = trimmed(text);
      using Unit = std::pair<std::string_view, Ageing>;
      for (const auto& [suffix, by] : {Unit{" of work", Ageing::kWork}, Unit{" of time", Ageing::kTime}})
        if (text.ends_with(suffix)) {
          counted = by;
          text.remove_suffix(suffix.size());
        }
      return read_distribution(text, true);
    });
    if (at && ages.value_or(counted) != counted)
      fault(at, "all states of a machine are counted in the same", "all of work, or all of time");
    if (at) ages = counted;
    if (state.lasts && !(state.lasts->mean() > 0)) fault(at, "the state is over at once", "a time above 0");
    state.data.speed = number(child(one, "speed"), Shape::kSpeed, 0, 1e6, true).value_or(1);
    state.data.scrap = number(child(one, "scrap"), Shape::kProbability, 0, 1, false).value_or(0);
    state.repair = distribution(child(one, "repair"));
    const auto when = child(one, "when"), needs = child(one, "needs");
    if (state.repair) state.data.care = Care::kAtOnce;
    if (when && scalar(when, Shape::kCare)) {
      if (when.node->scalar == "free") state.data.care = state.repair ? Care::kFree : Care::kIgnored;
      if (when.node->scalar != "free" && when.node->scalar != "now")
        fault(when, fmt::format("'{}' is unknown", shown(*when.node)), allowed(Shape::kCare));
    }
    if (!child(one, "repair"))
      for (const auto& odd : {when, needs})
        if (odd) fault(odd, "nothing is repaired in this state", "with repair only");
    if (i == 0 && state.repair) fault(child(one, "repair"), "a machine begins in this state", "no repair here");
    const bool ends = i + 1 == count || state.data.care == Care::kAtOnce;
    if (ends && at) fault(at, "no other state follows", state.repair ? "repair alone" : "no `lasts` in the last state");
    if (!ends && !child(one, "lasts")) fault(one, "nothing says how long this state lasts", "`lasts`");
    if (i + 1 < count && state.data.care == Care::kAtOnce)
      fault(one, "states after a repair are never reached", "the last state, or `when: free`");
    state.crew = read_needs(needs, false);
    spec.degradation.push_back(std::move(state));
  }
  spec.wears_by = ages.value_or(Ageing::kWork);
}

/// Maintenance renews what the machines have.
void PlantLoader::check_renewals(const StationSpec& spec, const std::vector<FailureSpec>& failures) {
  std::vector<std::string> known;
  for (const auto& failure : failures)
    if (!failure.name.empty()) known.push_back(failure.name);
  if (!spec.degradation.empty()) known.emplace_back("degradation");
  for (const auto& one : spec.maintenance)
    for (const auto& name : one.renews)
      if (std::ranges::find(known, name) == known.end())
        fault(one.renews_at, fmt::format("there is no failure '{}'{}", name, did_you_mean(name, known)),
              known.empty() ? "the name of a failure" : list_of(known));
}

/// Modes of one machine that are no failures, behind those that are.
void PlantLoader::add_care(MachineData& data, const std::string& path, const StationSpec& spec,
                           const std::vector<FailureSpec>& failures) {
  const MachineId id{static_cast<std::uint32_t>(plant_.machines.size())};
  check_renewals(spec, failures);
  if (!spec.degradation.empty()) {
    FailureModeData mode;
    mode.machine = id;
    mode.ages = spec.wears_by;
    mode.first_level = static_cast<std::uint32_t>(plant_.levels.size());
    mode.level_count = static_cast<std::uint32_t>(spec.degradation.size());
    const auto entity = hash_combine(data.hash, hash_name("degradation"));
    mode.repair_stream = draw_stream(entity, Purpose::kRepair);
    for (std::size_t i = 0; i < spec.degradation.size(); ++i) {
      const DegradationSpec& state = spec.degradation[i];
      const auto at = fmt::format("{}.degradation[{}]", path, i);
      LevelData level = state.data;
      if (state.lasts) level.lasts = intern(at + ".lasts", *state.lasts);
      if (state.repair) level.repair = intern(at + ".repair", *state.repair);
      level.crew = add_needs(state.crew);
      level.lasts_stream = draw_stream(hash_combine(entity, hash_name(state.state)), Purpose::kFailure);
      plant_.levels.push_back(level);
      plant_.level_names.push_back(state.state);
      plant_.cares = plant_.cares || level.care == Care::kFree;
      plant_.counts_lots = plant_.counts_lots || level.care == Care::kFree;
    }
    data.wear = static_cast<std::uint32_t>(plant_.modes.size());
    plant_.wears = true;
    plant_.modes.push_back(mode);
  }
  for (std::size_t i = 0; i < spec.maintenance.size(); ++i) {
    const MaintenanceSpec& one = spec.maintenance[i];
    FailureModeData mode;
    mode.machine = id;
    mode.ages = one.ages;
    mode.maintenance = true;
    mode.dated = one.dated;
    mode.window = one.window;
    mode.after = intern(fmt::format("{}.maintenance[{}].every", path, i), one.every);
    mode.repair = intern(fmt::format("{}.maintenance[{}].takes", path, i), one.takes);
    mode.crew = add_needs(one.crew);
    const auto entity = hash_combine(data.hash, hash_name(fmt::format("maintenance {}", i)));
    mode.after_stream = draw_stream(entity, Purpose::kFailure);
    mode.repair_stream = draw_stream(entity, Purpose::kRepair);
    mode.first_renewed = static_cast<std::uint32_t>(plant_.renewed.size());
    for (const auto& name : one.renews) {
      const auto found = std::ranges::find(failures, name, &FailureSpec::name);
      if (found != failures.end())
        plant_.renewed.push_back(data.first_mode + static_cast<std::uint32_t>(found - failures.begin()));
      else if (name == "degradation" && data.wear != kNone)
        plant_.renewed.push_back(data.wear);
    }
    mode.renewed_count = static_cast<std::uint32_t>(plant_.renewed.size()) - mode.first_renewed;
    plant_.cares = plant_.counts_lots = true;
    plant_.modes.push_back(mode);
  }
}

/// What lots take along from this step on, and what they give back after it.
void PlantLoader::read_carriers(const Place& place, StepSpec& spec) {
  const auto carrier = [&](const Place& at, std::uint32_t pool) {
    if (plant_.pools[pool].carrier != kNone) return;
    if (plant_.carriers.size() == kMaxCarriers) {
      fault(at, "lots hold too many kinds of tools", fmt::format("at most {} kinds in a plant", kMaxCarriers));
      return;
    }
    plant_.pools[pool].carrier = static_cast<std::uint32_t>(plant_.carriers.size());
    plant_.carriers.push_back(pool);
    plant_.lots_carry_more = true;
  };
  if (const auto holds = child(place, "holds")) {
    spec.holds = read_needs(holds, false);
    for (const NeedSpec& need : spec.holds) {
      if (need.pools.size() > 1) fault(holds, "a lot holds one kind of tool, not a skill", "the name of tools");
      if (need.amount > static_cast<std::int32_t>(kMostHeld))
        fault(holds, fmt::format("a lot holds {} of them", need.amount), fmt::format("at most {}", kMostHeld));
      carrier(holds, need.pools.front());
    }
  }
  spec.returns_at = child(place, "returns");
  const auto& returns = spec.returns_at;
  if (!returns) return;
  const auto add = [&](const Node& name) {
    if (!scalar({&name, returns.path}, Shape::kSkills)) return;
    const auto found = pool_ids_.find(name.scalar);
    if (found == pool_ids_.end() || plant_.pools[found->second].material) {
      std::vector<std::string> known;
      for (const std::uint32_t pool : plant_.carriers) known.push_back(plant_.pool_names[pool]);
      fault(returns, fmt::format("there are no tools '{}'{}", name.scalar, did_you_mean(name.scalar, known)),
            known.empty() ? "tools that a step before holds" : list_of(known));
      return;
    }
    carrier(returns, found->second);
    spec.returns.push_back(found->second);
  };
  if (returns.node->is_sequence()) {
    for (const auto& name : returns.node->children) add(name);
  } else {
    add(*returns.node);
  }
}

void PlantLoader::check_carriers(const Place& top) {
  if (plant_.carriers.empty() && plant_.unit_count == 0) return;
  std::vector<bool> held(plant_.pools.size(), false), needed(plant_.pools.size(), false);
  const auto mark = [&](std::vector<bool>& marked, Needs needs) {
    for (std::uint32_t i = needs.first; i < needs.first + needs.count; ++i)
      for (std::uint32_t a = 0; a < plant_.needs[i].pool_count; ++a)
        marked[plant_.need_pools[plant_.needs[i].first_pool + a]] = true;
  };
  for (const ChoiceData& choice : plant_.choices) {
    mark(held, choice.holds);
    mark(needed, choice.needs);
  }
  std::vector<bool> repairs(plant_.pools.size(), false);
  for (const FailureModeData& mode : plant_.modes) mark(repairs, mode.crew);
  for (const LevelData& level : plant_.levels) mark(repairs, level.crew);
  for (const LifeData& life : plant_.lives)
    if (repairs[life.pool] || plant_.pools[life.pool].carrier != kNone)
      fault(child(top, "tools"),
            fmt::format("'{}' wear out, and {}", plant_.pool_names[life.pool],
                        repairs[life.pool] ? "repairs need them" : "lots hold them"),
            "a life of tools that machines need");
  for (std::size_t p = 0; p < plant_.pools.size(); ++p)
    if (plant_.pools[p].walk != kNone && (repairs[p] || plant_.pools[p].carrier != kNone))
      fault(child(top, "operators"),
            fmt::format("'{}' walk, and {}", plant_.pool_names[p], repairs[p] ? "repairs need them" : "lots hold them"),
            "walking of operators that only machines need");
  for (const std::uint32_t pool : plant_.carriers) {
    const std::string& name = plant_.pool_names[pool];
    if (needed[pool] || repairs[pool])
      fault(child(top, "products"), fmt::format("'{}' are held by lots and needed by machines or repairs", name),
            "tools of one kind for lots, of another for machines");
    if (!held[pool])
      fault(child(top, "products"), fmt::format("'{}' are given back and nobody holds them", name),
            "holds at a step before");
    if (plant_.pools[pool].calendar.valid())
      fault(child(top, "products"), fmt::format("'{}' are held by lots, and go home", name),
            "tools without a calendar");
  }
}

/// How long tools last, and what is done when their life is over.
std::optional<LifeSpec> PlantLoader::read_life(const Place& place, bool tools, const PoolData& pool) {
  const auto life = child(place, "life"), regrind = child(place, "regrind"), regrinds = child(place, "regrinds"),
             delivery = child(place, "delivery");
  for (const auto& at : {life, regrind, regrinds, delivery}) {
    if (!at) continue;
    if (!tools) {
      fault(at, "people are not reground", "life, regrind, regrinds and delivery of tools");
      return std::nullopt;
    }
    if (!life) {
      fault(at, "nothing says how long these tools last", "life: beside it, as in life: 20 h of work");
      return std::nullopt;
    }
  }
  if (!life) return std::nullopt;
  LifeSpec spec;
  const auto lasts = read(life, Shape::kLife, [&](std::string_view text) {
    text = trimmed(text);
    for (const auto& [suffix, ages] :
         {std::pair<std::string_view, Ageing>{" of work", Ageing::kWork}, {" of lots", Ageing::kLots}})
      if (text.ends_with(suffix)) {
        spec.data.ages = ages;
        text.remove_suffix(suffix.size());
      }
    return read_distribution(text, spec.data.ages != Ageing::kLots);
  });
  if (lasts && !(lasts->mean() > 0))
    fault(life, "tools that last for no time", spec.data.ages == Ageing::kLots ? "a number of lots" : "a time above 0");
  spec.life = lasts;
  spec.regrind = distribution(regrind);
  spec.delivery = delay(delivery);
  if (regrinds) {
    spec.data.regrinds = static_cast<std::uint64_t>(integer(regrinds, Shape::kCount, 1, 1'000'000).value_or(1));
    if (!regrind) fault(regrinds, "nothing says how long a regrind takes", "regrind: beside it, as in regrind: 2 h");
  }
  constexpr std::int32_t kMost = 1000;
  if (pool.count > kMost)
    fault(life, fmt::format("{} tools wear out one by one", pool.count), fmt::format("at most {} of a kind", kMost));
  return lasts && pool.count <= kMost ? std::optional(spec) : std::nullopt;
}

void PlantLoader::add_life(const std::string& path, std::uint32_t pool, const LifeSpec& spec) {
  LifeData data = spec.data;
  data.pool = pool;
  data.life = intern(path + ".life", *spec.life);
  if (spec.regrind) data.regrind = intern(path + ".regrind", *spec.regrind);
  if (spec.delivery) data.delivery = intern(path + ".delivery", *spec.delivery);
  plant_.pools[pool].life = static_cast<std::uint32_t>(plant_.lives.size());
  plant_.pools[pool].first_unit = plant_.unit_count;
  plant_.unit_count += static_cast<std::uint32_t>(plant_.pools[pool].count);
  plant_.lives.push_back(data);
}

void PlantLoader::read_walks() {
  const std::size_t n = plant_.stations.size();
  for (const auto& [pool, place] : walk_specs_) {
    if (!place.node->is_mapping()) {
      wrong_kind(place, Shape::kWalking);
      continue;
    }
    constexpr std::int32_t kMost = 1000;
    if (n > kMost || plant_.pools[pool].count > kMost) {
      fault(place, fmt::format("{} operators walk between {} stations", plant_.pools[pool].count, n),
            fmt::format("at most {} of each", kMost));
      continue;
    }
    std::vector<Tick> times(n * n, -1);
    const auto station = [&](const Node& node, const std::string& path) {
      const auto found = station_ids_.find(node.key);
      if (found != station_ids_.end()) return found->second;
      fault(node.key_mark, path, node.key,
            fmt::format("there is no station '{}'{}", node.key, did_you_mean(node.key, plant_.station_names)),
            list_of(plant_.station_names));
      return kNone;
    };
    for (const auto& row : place.node->children) {
      const Place at{&row, join_path(place.path, row.key)};
      const std::uint32_t from = station(row, at.path);
      if (!row.is_mapping()) {
        wrong_kind(at, Shape::kWalking);
        continue;
      }
      for (const auto& cell : row.children) {
        const Place there{&cell, join_path(at.path, cell.key)};
        const std::uint32_t to = station(cell, there.path);
        const auto time = duration(there);
        if (time && from == to && from != kNone)
          fault(there, "nobody walks from a station to itself", "another station");
        if (time && from != kNone && to != kNone) times[from * n + to] = *time;
      }
    }
    PoolData& data = plant_.pools[pool];
    data.walk = static_cast<std::uint32_t>(plant_.walks.size());
    data.first_unit = plant_.unit_count;
    plant_.unit_count += static_cast<std::uint32_t>(data.count);
    for (std::size_t from = 0; from < n; ++from)
      for (std::size_t to = 0; to < n; ++to) {
        const Tick there = times[from * n + to];
        plant_.walks.push_back(std::max<Tick>(0, there >= 0 ? there : times[to * n + from]));  // back as there
      }
  }
}

}  // namespace twin::model_detail
