#include "loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <bit>

#include "plant_loader_impl.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/random.hpp"

namespace twin::model_detail {

PlantLoader::PlantLoader(const Document& document, std::vector<Fault> found)
    : document_(document), whole_(found.empty()) {
  faults_ = std::move(found);
}

PlantData PlantLoader::run() {
  try {
    if (faults_.size() > kMaxFaults) faults_.resize(kMaxFaults);
    if (faults_.size() == kMaxFaults) throw TooMany{};
    read_all();
  } catch (const TooMany&) {
    faults_.push_back({"", 0, 0, "", "", fmt::format("there are more than {} faults", kMaxFaults), ""});
  }
  if (!faults_.empty()) fail();
  plant_.digest = digest_of(plant_);
  return std::move(plant_);
}

void PlantLoader::read_all() {
  const Place top{&document_.root(), ""};
  if (!keys(top, Level::kTop, Shape::kStations)) return;
  if (child(top, "include"))
    fault(child(top, "include"), "files are included only while a file is read", "the keys themselves");
  plant_.name = document_.name();
  if (const auto name = child(top, "name"); name && scalar(name, Shape::kText)) plant_.name = name.node->scalar;
  if (const auto zone = read(child(top, "time_zone"), Shape::kTimeZone, read_time_zone)) zone_ = *zone;
  plant_.epoch = WallTime{std::chrono::sys_days{std::chrono::year{2000} / 1 / 3}};
  if (const auto epoch =
          read(child(top, "epoch"), Shape::kInstant, [&](std::string_view t) { return read_wall_time(t, zone_); })) {
    if (const Tick since_1970 = epoch->time_since_epoch().count(); since_1970 >= -kNever && since_1970 <= kNever)
      plant_.epoch = *epoch;
    else
      fault(child(top, "epoch"), "the epoch lies too far from 1970", "years from 1824 to 2115");
  }
  const Tick monday = WallTime{std::chrono::sys_days{std::chrono::year{2000} / 1 / 3}}.time_since_epoch().count();
  plant_.epoch_in_week = ((plant_.epoch.time_since_epoch().count() - monday) % kWeek + kWeek) % kWeek;

  read_calendars(child(top, "calendars"));
  name_products(child(top, "products"));
  read_pools(child(top, "operators"));
  read_pools(child(top, "tools"));
  read_materials(child(top, "materials"));
  read_stations(child(top, "stations"));
  read_products(child(top, "products"));
  number_kinds();
  number_abilities();
  plant_.carbon = rate(child(top, "carbon"), Shape::kCarbon).value_or(0);
  add_rates();
  summarise();
  read_orders(child(top, "orders"));
  if (faults_.empty()) plant_.promise();
  read_run(child(top, "run"));
  read_expect(child(top, "expect"));
  read_what_if(child(top, "what_if"));
  if (whole_) check_demand(top);
}

std::optional<Tick> PlantLoader::instant(const Place& place, Shape shape) {
  if (!place || !scalar(place, shape)) return std::nullopt;
  const std::string& text = place.node->scalar;
  constexpr Duration kFar{kNever};  // the epoch lies within it of 1970, so that these sums cannot overflow
  Tick tick = 0;
  try {
    if (WallTime wall; parse_wall_time(trimmed(text), wall)) {
      const auto far = plant_.epoch + kFar;
      tick = (std::clamp(read_wall_time(text, zone_), plant_.epoch - kFar, far) - plant_.epoch).count();
    } else {
      tick = ticks_from_seconds(read_seconds(text));
    }
  } catch (const TextFault& why) {
    fault(place, why.message, allowed(shape));
    return std::nullopt;
  }
  if (tick > -kNever && tick < kNever) return tick;
  fault(place, fmt::format("'{}' lies too far from the epoch", shown(*place.node)),
        fmt::format("at most 146 years from {}", format_wall_time(plant_.epoch)));
  return std::nullopt;
}

DistributionId PlantLoader::intern(const std::string& path, const Distribution& d) {
  const auto [at, fresh] =
      distribution_ids_.try_emplace(path, static_cast<std::uint32_t>(plant_.distribution_paths.size()));
  if (!fresh) return DistributionId{at->second};
  plant_.distribution_paths.push_back(path);
  plant_.parameters.distributions.emplace_back();
  const DistributionId id{at->second};
  plant_.parameters.set(id, d);
  return id;
}

PlantData compile(const Document& document, std::vector<Fault> found) {
  return PlantLoader(document, std::move(found)).run();
}

std::uint64_t digest_of(const PlantData& p) {
  std::uint64_t h = hash_name("twin plant 2");
  const auto add = [&](auto value) { h = hash_combine(h, static_cast<std::uint64_t>(value)); };
  const auto add_names = [&](const std::vector<std::string>& names) {
    add(names.size());
    for (const auto& name : names) add(hash_name(name));
  };
  for (const auto* names :
       {&p.station_names, &p.machine_names, &p.product_names, &p.step_names, &p.source_names, &p.order_names,
        &p.calendar_names, &p.distribution_paths, &p.branch_paths, &p.pool_names, &p.kind_names})
    add_names(*names);
  for (const auto& s : p.stations) {
    add(s.first_machine), add(s.machine_count), add(s.rule), add(s.places), add(s.lose_when_full),
        add(s.priority_table);
    add(std::bit_cast<std::uint64_t>(s.look_ahead)), add(s.expression), add(s.first_kind), add(s.kind_count),
        add(s.setups);
    add(s.batch.most), add(s.batch.least), add(s.batch.wait), add(s.when_closed);
    if (s.preempt != Preemption::kOff) add(hash_name("preempts")), add(s.preempt);
    if (s.polling.serve != Serve::kAny)
      add(hash_name("polls")), add(s.polling.serve), add(s.polling.limit), add(s.polling.change.value);
    if (s.block_before || s.cycle > 0) add(hash_name("starts")), add(s.block_before), add(s.cycle);
  }
  // What few plants say is told apart by what it is, so that the digests of others do not depend on it.
  const auto add_rare = [&](std::size_t where, const char* what, auto value) {
    add(hash_name(what)), add(where), add(value);
  };
  for (std::size_t i = 0; i < p.stations.size(); ++i) {
    if (p.stations[i].min_run > 0) add_rare(i, "min_run", p.stations[i].min_run);
    if (p.stations[i].teardowns != kNone) add_rare(i, "teardowns", p.stations[i].teardowns);
  }
  for (const auto d : p.teardowns) add(d.value);
  for (const auto flag : p.able) add(flag);
  for (std::size_t i = 0; i < p.choices.size(); ++i)
    if (p.choices[i].able != kNone) add_rare(i, "able", p.choices[i].able);
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    const StepData& s = p.steps[i];
    if (s.mark != kNone) add_rare(i, "mark", s.mark);
    if (s.same_as != kNone) add_rare(i, s.same_station ? "same station" : "same machine", s.same_as);
    if (s.window_of != kNone) add_rare(i, "window", hash_combine(s.window_of, static_cast<std::uint64_t>(s.window)));
    if (s.only < 1) add_rare(i, "only", std::bit_cast<std::uint64_t>(s.only));
    if (s.sample != kNone) add_rare(i, "sample", hash_combine(s.sample_every, s.sample_first));
    if (s.rework_limit != UINT32_MAX) add_rare(i, "limit", hash_combine(s.rework_limit, s.beyond));
    if (s.choose_expression != kNone) add_rare(i, "choose", s.choose_expression);
  }
  const auto add_needs = [&](Needs needs) { add(needs.first), add(needs.count); };
  for (const auto& m : p.machines) add(m.station.value), add(m.calendar.value), add(m.first_mode), add(m.mode_count);
  for (const auto& m : p.modes)
    add(m.ages), add(m.lot), add(m.limit), add(m.after.value), add(m.repair.value), add_needs(m.crew);
  for (std::size_t f = 0; f < p.modes.size(); ++f) {
    const FailureModeData& m = p.modes[f];
    if (!m.maintenance && m.level_count == 0) continue;
    add(f), add(m.maintenance), add(m.dated), add(m.window), add(m.first_renewed), add(m.renewed_count),
        add(m.first_level), add(m.level_count);
  }
  for (const auto m : p.renewed) add(m);
  for (const auto& x : p.levels)
    add(x.lasts.value), add(x.repair.value), add_needs(x.crew), add(x.care), add(std::bit_cast<std::uint64_t>(x.speed)),
        add(std::bit_cast<std::uint64_t>(x.scrap));
  for (const auto& name : p.level_names) add(hash_name(name));
  for (const auto& x : p.products) add(x.first_step), add(x.step_count), add(x.priority);
  for (const auto& s : p.steps) {
    add(s.product.value), add(s.first_choice), add(s.choice_count), add(s.first_branch), add(s.branch_count),
        add(s.choose);
    add(s.transport.value), add(s.next), add(s.within), add(s.first_fork), add(s.fork_count), add(s.patience.value),
        add(s.impatient);
  }
  for (const auto& c : p.choices) {
    add(c.station.value), add(c.time.value), add(c.setup.value), add(c.changeover.value), add(c.kind);
    add_needs(c.needs), add_needs(c.uses), add_needs(c.makes);
  }
  for (const auto& x : p.pools)
    add(x.count), add(x.places), add(x.material), add(x.calendar.value), add(x.supply.value), add(x.supply_lot);
  for (const auto& x : p.reorders) add(x.pool), add(x.at), add(x.up_to), add(x.lot), add(x.review), add(x.lead.value);
  for (const auto* rates : {&p.order_cost, &p.stock_cost, &p.short_cost})
    for (std::size_t i = 0; i < rates->size(); ++i)
      if ((*rates)[i] != 0) add(rates - &p.order_cost), add(i), add(std::bit_cast<std::uint64_t>((*rates)[i]));
  for (const auto& n : p.needs) add(n.first_pool), add(n.pool_count), add(n.amount);
  for (const auto n : p.need_pools) add(n);
  for (const auto f : p.forks) add(f);
  for (const auto d : p.setups) add(d.value);
  for (const auto& e : p.expressions) add(e.digest());
  for (const auto* rates : {&p.power, &p.machine_cost, &p.pool_cost, &p.holding_cost, &p.lateness_cost})
    for (const double x : *rates) add(std::bit_cast<std::uint64_t>(x));
  add(std::bit_cast<std::uint64_t>(p.carbon)), add(hash_name(p.currency));
  // Due dates that follow from parameters, which are not counted; their rules are.
  const auto follows = [&](ProductId product) { return p.dues[product.value].rule > DueRule::kConstant; };
  for (const auto& b : p.branches) add(b.target), add(b.rework);
  for (const auto& s : p.sources)
    add(s.product.value), add(s.kind), add(s.interarrival.value), add(s.batch.value), add(s.level),
        add(follows(s.product) ? kNever : s.due_after), add(s.pool), add(s.first_profile), add(s.profile_count),
        add(s.period);
  for (const auto& x : p.profiles) add(x.from), add(std::bit_cast<std::uint64_t>(x.times));
  for (const auto& o : p.orders)
    add(o.product.value), add(o.quantity), add(o.release), add(!o.own_due && follows(o.product) ? kNever : o.due),
        add(o.priority);
  for (const auto& c : p.changes) add(c.order.value), add(c.at), add(c.kind), add(c.lots), add(c.value);
  for (const auto& d : p.dues)
    if (d.rule > DueRule::kConstant)
      add(&d - p.dues.data()), add(d.rule), add(std::bit_cast<std::uint64_t>(d.factor)), add(d.span),
          add(d.random.value);
  for (const auto& c : p.calendars) add(c.first_point), add(c.point_count), add(c.told_from), add(c.told_until);
  for (const auto t : p.told_points) add(t);
  for (const auto t : p.calendar_points) add(t);
  for (const auto v : p.product_priority) add(v);
  add(p.epoch.time_since_epoch().count());
  return h;
}

}  // namespace twin::model_detail
