#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "engine_impl.hpp"

namespace twin {
namespace {

using Names = std::vector<std::string>;

/// For each of `from`, its index in `to`, or kNone.
std::vector<std::uint32_t> match(const Names& from, const Names& to) {
  std::unordered_map<std::string_view, std::uint32_t> index;
  for (std::uint32_t i = 0; i < to.size(); ++i) index.emplace(to[i], i);
  std::vector<std::uint32_t> map(from.size(), kNone);
  for (std::uint32_t i = 0; i < from.size(); ++i)
    if (const auto found = index.find(from[i]); found != index.end()) map[i] = found->second;
  return map;
}

/// `flange/milling`: steps are known by product and step name.
Names step_paths(const PlantData& plant) {
  Names names;
  for (std::uint32_t i = 0; i < plant.steps.size(); ++i)
    names.push_back(plant.product_names[plant.steps[i].product.value] + "/" + plant.step_names[i]);
  return names;
}
/// Maintenance is known by machine, place in its list and how it counts; states of a machine by all their names.
std::string care_path(const PlantData& plant, std::uint32_t f) {
  const FailureModeData& mode = plant.modes[f];
  const std::string& machine = plant.machine_names[mode.machine.value];
  std::string path = fmt::format("{}/degradation of {}", machine, static_cast<int>(mode.ages));
  for (std::uint32_t l = mode.first_level; l < mode.first_level + mode.level_count; ++l)
    path += fmt::format(", {} {}", plant.level_names[l], static_cast<int>(plant.levels[l].care));
  if (mode.level_count > 0) return path;
  std::uint32_t place = 0;
  for (std::uint32_t g = plant.machines[mode.machine.value].first_mode; g < f; ++g)
    place += plant.modes[g].maintenance ? 1 : 0;
  return fmt::format("{}/maintenance {} of {}{}", machine, place, static_cast<int>(mode.ages),
                     mode.dated ? ", dated" : "");
}
/// What a repair needs.
Needs crew_of(const PlantData& plant, std::uint32_t f, const FailureState& failure) {
  const FailureModeData& mode = plant.modes[f];
  return mode.level_count == 0 ? mode.crew : plant.levels[mode.first_level + failure.level].crew;
}
/// `mill/0 of work`: failure modes are known by machine, place among its modes, and how they count.
Names mode_paths(const PlantData& plant) {
  Names names;
  for (std::uint32_t i = 0; i < plant.modes.size(); ++i) {
    const std::uint32_t m = plant.modes[i].machine.value;
    if (plant.modes[i].maintenance || plant.modes[i].level_count > 0) {
      names.push_back(care_path(plant, i));
      continue;
    }
    names.push_back(fmt::format("{}/{} of {}, {} times", plant.machine_names[m], i - plant.machines[m].first_mode,
                                plant.modes[i].ages == Ageing::kWork   ? "work"
                                : plant.modes[i].ages == Ageing::kTime ? "time"
                                                                       : "lots",
                                plant.modes[i].limit));
  }
  return names;
}

class Migration {
 public:
  Migration(const Plant& from, const Plant& to, const State& state, Disposition disposition)
      : a_(from.data()), b_(to.data()), old_(state), disposition_(disposition) {
    machines_ = match(a_.machine_names, b_.machine_names);
    stations_ = match(a_.station_names, b_.station_names);
    steps_ = match(step_paths(a_), step_paths(b_));
    modes_ = match(mode_paths(a_), mode_paths(b_));
    products_ = match(a_.product_names, b_.product_names);
    calendars_ = match(a_.calendar_names, b_.calendar_names);
    sources_ = match(a_.source_names, b_.source_names);
    pools_ = match(a_.pool_names, b_.pool_names);
    const auto orders = match(a_.order_names, b_.order_names);
    orders_ = orders;
    for (std::uint32_t o = 0; o < a_.orders.size(); ++o)
      if (orders[o] != kNone && products_[a_.orders[o].product.value] != b_.orders[orders[o]].product.value)
        orders_[o] = kNone;
    new_.plant = to.digest();
  }

  State run(const Parameters& parameters) {
    new_.now = old_.now;
    new_.seed = old_.seed;
    new_.replication = old_.replication;
    new_.key = old_.key;
    new_.arrivals = old_.arrivals;
    new_.events = old_.events;
    new_.history = old_.history;
    new_.machines.resize(b_.machines.size());
    new_.stations.resize(b_.stations.size());
    new_.failures.resize(b_.modes.size());
    new_.sources.resize(b_.sources.size());
    new_.orders.resize(b_.orders.size());
    new_.products.resize(b_.products.size());
    new_.pools.resize(b_.pools.size());
    new_.marks_per_lot = b_.marks_per_lot;
    new_.samples.resize(b_.samples);
    for (std::uint32_t i = 0; i < a_.steps.size(); ++i)
      if (const std::uint32_t to = steps_[i];
          to != kNone && a_.steps[i].sample != kNone && b_.steps[to].sample != kNone)
        new_.samples[b_.steps[to].sample] = old_.samples[a_.steps[i].sample];
    new_.level_time.resize(b_.levels.size());
    new_.queue = kernel::EventQueue(Slots(b_).lots);
    for (std::uint32_t p = 0; p < a_.products.size(); ++p)
      if (products_[p] != kNone) new_.products[products_[p]] = old_.products[p];
    move_orders();
    for (std::uint32_t i = 0; i < a_.sources.size(); ++i)
      if (sources_[i] != kNone) new_.sources[sources_[i]] = old_.sources[i];
    move_lots();
    if (!problems_.empty() && (disposition_ == Disposition::kRefuse || !may_scrap_)) refuse();
    move_machines();
    move_pools(parameters);
    move_stations(parameters);
    move_events(parameters);
    return std::move(new_);
  }

 private:
  [[noreturn]] void refuse() const {
    std::string all = "migrate: the changed plant has no place for what the state holds:";
    for (const auto& problem : problems_) all += "\n  " + problem;
    throw InvalidArgument(all + "\nallowed: keep these in the plant, " +
                          (may_scrap_ ? "or scrap the lots concerned" : "and order at least what is released"));
  }
  [[nodiscard]] std::uint32_t new_source(std::uint32_t source) const {
    const auto sources = static_cast<std::uint32_t>(a_.sources.size());
    if (source < sources) return sources_[source];
    const std::uint32_t order = orders_[source - sources];
    return order == kNone ? kNone : static_cast<std::uint32_t>(b_.sources.size()) + order;
  }

  void move_orders() {
    detail::Engine<detail::NoRecorder> engine(b_, b_.parameters, new_, {});
    for (std::uint32_t o = 0; o < b_.orders.size(); ++o) engine.begin_order(o);
    for (std::uint32_t o = 0; o < a_.orders.size(); ++o) {
      const OrderState& order = old_.orders[o];
      const std::uint32_t to = orders_[o];
      if (to == kNone) {
        const std::uint64_t open = order.in_process();
        if (open > 0)
          problems_.push_back(fmt::format("order {} is gone, with {} lots in process", a_.order_names[o], open));
        continue;
      }
      const OrderState given = new_.orders[to];
      if (!b_.lots_carry_more && order.given + order.taken > 0) {
        problems_.push_back(fmt::format("lots of order {} count for another; no change of the changed plant moves lots",
                                        a_.order_names[o]));
        may_scrap_ = false;
      }
      new_.orders[to] = order;
      carry_order(a_.orders[o], b_.orders[to], given, new_.orders[to]);
      if (order.accounted() > 0) engine.promise_order(to);
      if (order.accounted() + order.withdrawn > new_.orders[to].quantity) {
        problems_.push_back(fmt::format("order {} has released {} lots already; the changed plant orders {}",
                                        a_.order_names[o], order.released, b_.orders[to].quantity));
        may_scrap_ = false;
      }
    }
    for (std::uint32_t o = 0; o < b_.orders.size(); ++o) new_.open_orders += new_.orders[o].open();
  }
  /// What was changed while the plant ran stays, unless the changed plant orders something else than the old one did.
  void carry_order(const OrderData& from, const OrderData& to, const OrderState& given, OrderState& order) const {
    if (from.quantity != to.quantity) order.quantity = given.quantity;
    if (from.priority != to.priority) order.priority = given.priority;
    const auto drawn = [](const PlantData& plant, const OrderData& data) {
      return !data.own_due && plant.dues[data.product.value].rule == DueRule::kRandom;
    };
    if (from.due == to.due && drawn(a_, from) == drawn(b_, to)) return;
    order.due = given.due;
    order.promised = given.promised;
  }
  /// Changes of orders that the old state has done are done; others whose time has come are made now.
  void move_changes(detail::Engine<detail::NoRecorder>& engine) {
    const auto is_done = [&](ChangeData change) {
      for (std::uint32_t i = 0; i < old_.next_change; ++i) {
        ChangeData before = a_.changes[i];
        const auto known = [&](std::uint32_t order) { return orders_[order]; };
        before.order = OrderId{known(before.order.value)};
        if (before.kind == ChangeKind::kMove) before.value = known(static_cast<std::uint32_t>(before.value));
        if (before == change) return true;
      }
      return false;
    };
    std::vector<ChangeData> now;
    for (; new_.next_change < b_.changes.size() && b_.changes[new_.next_change].at <= new_.now; ++new_.next_change)
      if (!is_done(b_.changes[new_.next_change])) now.push_back(b_.changes[new_.next_change]);
    for (const ChangeData& change : now) engine.change_order(change);
    engine.schedule_changes();
  }

  /// Copies each lot that has a place in the new plant, into the same slot.
  void move_lots() {
    new_.lots.resize(old_.lots.size());
    new_.carries_more = b_.lots_carry_more;
    if (new_.carries_more) new_.more.resize(old_.lots.size());
    new_.marks.resize(old_.lots.size() * new_.marks_per_lot);
    in_process_.resize(b_.sources.size());
    for (std::uint32_t l = 0; l < old_.lots.size(); ++l) {
      const Lot& lot = old_.lots[l];
      if (lot.place == Place::kFree) {
        scrapped_.push_back(l);
        continue;
      }
      std::string why;
      const Lot moved = translate(l, why);
      if (why.empty()) {
        new_.lots[l] = moved;
        if (new_.marks_per_lot > 0) move_marks(l);
        if (new_.carries_more && old_.carries_more) {
          new_.more[l] = translate(old_.more[l], lot);
          if (const std::uint32_t order = old_.more[l].order; order != kNone) new_.more[l].order = orders_[order];
        }
        if (moved.source < b_.sources.size() && moved.whole == kNone) ++in_process_[moved.source];
        ++new_.lot_count;
        continue;
      }
      problems_.push_back(lot_name(a_, lot.source, lot.serial) + ": " + why);
      if (lot.whole != kNone || lot.parts > 0) {
        problems_.back() += ", while its parts are under way";
        may_scrap_ = false;
        continue;
      }
      if (disposition_ == Disposition::kScrap) scrap(l);
      scrapped_.push_back(l);
    }
    for (const std::uint32_t l : scrapped_) {
      new_.lots[l].place = Place::kFree;
      new_.lots[l].next = new_.free_lot;
      new_.free_lot = l;
    }
  }
  /// What a lot remembers of the steps that are still remembered; it is bound to no machine that could not do the rest.
  void move_marks(std::uint32_t l) {
    const Lot& lot = new_.lots[l];
    const ProductData& product = a_.products[a_.steps[old_.lots[l].step].product.value];
    for (std::uint32_t i = product.first_step; i < product.first_step + product.step_count; ++i) {
      const std::uint32_t to = steps_[i];
      if (to == kNone || a_.steps[i].mark == kNone || b_.steps[to].mark == kNone) continue;
      StepDone mark = mark_of(old_, l, a_.steps[i].mark);
      const StepData& step = b_.steps[to];
      mark.times = step.rework_limit == UINT32_MAX ? 0 : std::min(mark.times, step.rework_limit);
      if (mark.machine != kNone) mark.machine = machines_[mark.machine];
      bool able = false;
      for (std::uint32_t c = step.first_choice; mark.machine != kNone && c < step.first_choice + step.choice_count; ++c)
        able = able || (b_.choices[c].station == b_.machines[mark.machine].station &&
                        may_do(b_, new_, mark.machine, c, to, kNone));
      if (!able) mark.machine = kNone;
      mark_of(new_, l, step.mark) = mark;
    }
    const StepData& step = b_.steps[lot.step];
    if (step.same_as == kNone || lot.choice == kNone) return;
    StepDone& mark = mark_of(new_, l, b_.steps[step.same_as].mark);
    const bool works = lot.machine != kNone && !lot.blocked;
    if (!may_choose(b_, new_, lot.choice, lot.step, l) ||
        (works && !may_do(b_, new_, lot.machine, lot.choice, lot.step, l)))
      mark.machine = kNone;
  }
  Lot translate(std::uint32_t slot, std::string& why) const {
    const Lot& lot = old_.lots[slot];
    Lot moved = lot;
    moved.source = new_source(lot.source);
    moved.step = steps_[lot.step];
    moved.next = moved.child = moved.previous = kNone;
    const std::string& step = a_.step_names[lot.step];
    if (moved.source == kNone) {
      why = "its source or order is gone";
    } else if (const std::uint32_t order = order_of(a_, old_, slot); order != kNone && orders_[order] == kNone) {
      why = "the order it counts for is gone";
    } else if (moved.step == kNone) {
      why = fmt::format("its step {} is gone", step);
    } else if (is_parted(a_, lot.step) || is_parted(b_, moved.step)) {
      if (!same_branches(lot.step, moved.step)) why = fmt::format("the parallel branches of step {} differ", step);
      moved.choice = kNone;
      if (lot.whole == kNone) promise(slot, moved);
    } else if ((a_.steps[lot.step].within == kNone) != (b_.steps[moved.step].within == kNone)) {
      why = fmt::format("step {} moved into parallel branches or out of them", step);
    } else {
      const std::uint32_t station = stations_[a_.choices[lot.choice].station.value];
      moved.choice = kNone;
      const StepData& data = b_.steps[moved.step];
      for (std::uint32_t c = data.first_choice; c < data.first_choice + data.choice_count; ++c)
        if (b_.choices[c].station.value == station) moved.choice = c;
      if (moved.choice == kNone)
        why =
            fmt::format("{} no longer does its step {}", a_.station_names[a_.choices[lot.choice].station.value], step);
      if (lot.machine != kNone) {
        moved.machine = machines_[lot.machine];
        if (moved.machine == kNone) {
          why = fmt::format("machine {}, which holds it, is gone", a_.machine_names[lot.machine]);
        } else if (b_.station_names[b_.machines[moved.machine].station.value] !=
                   a_.station_names[a_.machines[lot.machine].station.value]) {
          why = fmt::format("machine {}, which holds it, is at another station", a_.machine_names[lot.machine]);
        } else if (moved.choice != kNone && !lot.blocked && old_.machines[lot.machine].phase == Phase::kSetup &&
                   !has_setup(lot, moved)) {
          why = fmt::format("the setup under way on {} is gone", a_.machine_names[lot.machine]);
        } else if (moved.choice != kNone && !lot.blocked &&
                   !may_do(b_, new_, moved.machine, moved.choice, moved.step, kNone)) {
          why = fmt::format("machine {}, which holds it, no longer does its step {}", a_.machine_names[lot.machine],
                            step);
        }
      }
      promise(slot, moved);
      if (lot.place == Place::kTransit && !b_.steps[moved.step].transport.valid())
        why = fmt::format("it is on its way to {}, where there is no transport any more", step);
      const bool patient = b_.steps[moved.step].limited;
      if (lot.place == Place::kQueue && !patient) moved.overdue = false;
    }
    return moved;
  }
  /// What was decided about a lot under way stands, if the changed plant has the step and the station.
  [[nodiscard]] LotMore translate(LotMore more, const Lot& lot) const {
    if (more.worked_by != kNone) {
      more.worked_by = machines_[more.worked_by];
      const bool known =
          more.worked_by != kNone && b_.stations[b_.machines[more.worked_by].station.value].preempt != Preemption::kOff;
      if (!known) {
        more.worked_by = kNone;
        more.total = more.left = 0;
      }
    }
    if (!more.decided) return more;
    const LotMore was = more;
    more.follows = more.follows_choice = kNone;
    more.decided = more.follows_rework = false;
    const std::uint32_t step = steps_[lot.step];
    const std::uint32_t follows = was.follows < BranchData::kJoin ? steps_[was.follows] : was.follows;
    if (step == kNone || (follows == BranchData::kJoin && b_.steps[step].within == kNone)) return more;
    if (was.follows < BranchData::kJoin) {
      if (follows == kNone) return more;
      const StepData& data = b_.steps[follows];
      if (data.product != b_.steps[step].product || data.within != b_.steps[step].within) return more;
      if ((was.follows_choice == kNone) != data.diverts) return more;
      if (was.follows_choice != kNone) {
        const std::uint32_t station = stations_[a_.choices[was.follows_choice].station.value];
        for (std::uint32_t c = data.first_choice; c < data.first_choice + data.choice_count; ++c)
          if (b_.choices[c].station.value == station) more.follows_choice = c;
        if (more.follows_choice == kNone) return more;
      }
    }
    more.follows = follows;
    more.follows_rework = was.follows_rework;
    more.decided = true;
    return more;
  }
  /// Due date and priority are those that the changed plant gives.
  void promise(std::uint32_t slot, Lot& lot) const {
    if (lot.source >= b_.sources.size()) {
      const std::uint32_t before = order_of(a_, old_, slot);
      const OrderState& old_order = old_.orders[before];
      const OrderState& order = new_.orders[orders_[before]];
      if (lot.due == old_order.due) lot.due = order.due;  // else it is a lot's own
      if (lot.priority == old_order.priority) lot.priority = order.priority;
    } else {
      const SourceData& source = b_.sources[lot.source];
      lot.due = source.due_after < kNever ? lot.release + source.due_after : kNever;
      if (source.due_after == SourceData::kDrawn) {
        const double u = draw_uniform(new_.key, draw_stream(source.hash, Purpose::kDue), lot.serial);
        const Tick span = ticks_from_seconds(b_.parameters.quantile(b_.dues[source.product.value].random, u));
        lot.due = std::min(kNever, lot.release + std::max<Tick>(0, span));
      }
      lot.priority = b_.products[source.product.value].priority;
    }
  }
  [[nodiscard]] bool has_setup(const Lot& lot, const Lot& moved) const {
    const ChoiceData& choice = b_.choices[moved.choice];
    const MachineState& machine = old_.machines[lot.machine];
    if (machine.tearing) {
      const std::uint32_t teardowns = b_.stations[choice.station.value].teardowns;
      const std::uint32_t kind = new_kind(lot.machine);
      return teardowns != kNone && kind != kNone && kind != choice.kind && b_.teardowns[teardowns + kind].valid();
    }
    return (machine.changing ? choice.changeover : choice.setup).valid() ||
           b_.setup_between(choice.station, new_kind(lot.machine), choice.kind).valid();
  }
  /// What an old machine is set up for, as the changed plant numbers it; kNone where that is no kind there.
  [[nodiscard]] std::uint32_t new_kind(std::uint32_t old_machine) const {
    const std::uint32_t kind = old_.machines[old_machine].kind;
    const std::uint32_t station = stations_[a_.machines[old_machine].station.value];
    if (kind == kNone || station == kNone) return kNone;
    const StationData& to = b_.stations[station];
    const std::string& name = a_.kind_names[a_.stations[a_.machines[old_machine].station.value].first_kind + kind];
    for (std::uint32_t k = 0; k < to.kind_count; ++k)
      if (b_.kind_names[to.first_kind + k] == name) return k;
    return kNone;
  }
  [[nodiscard]] static bool is_parted(const PlantData& plant, std::uint32_t step) noexcept {
    return plant.steps[step].choice_count == 0;
  }
  [[nodiscard]] bool same_branches(std::uint32_t from, std::uint32_t to) const {
    const StepData &a = a_.steps[from], &b = b_.steps[to];
    if (a.fork_count != b.fork_count || !is_parted(b_, to)) return false;
    for (std::uint32_t i = 0; i < a.fork_count; ++i)
      if (steps_[a_.forks[a.first_fork + i]] != b_.forks[b.first_fork + i]) return false;
    return true;
  }
  void scrap(std::uint32_t slot) {
    const Lot& lot = old_.lots[slot];
    const std::uint32_t product = products_[a_.steps[lot.step].product.value];
    if (product != kNone) {
      ProductTotals& totals = new_.products[product];
      --totals.in_process;
      ++totals.scrapped;
      totals.wip_integral += new_.now;
    }
    const std::uint32_t before = order_of(a_, old_, slot);
    if (before != kNone && orders_[before] != kNone) {
      OrderState& order = new_.orders[orders_[before]];
      ++order.scrapped;
      order.finish = new_.now;
      --new_.open_orders;
    }
  }

  void move_machines() {
    for (std::uint32_t f = 0; f < a_.modes.size(); ++f)
      if (modes_[f] != kNone) {
        FailureState& failure = new_.failures[modes_[f]] = old_.failures[f];
        failure.pools = new_pools(crew_of(a_, f, failure), crew_of(b_, modes_[f], failure), failure.pools);
        for (std::uint32_t l = 0; l < a_.modes[f].level_count; ++l)
          new_.level_time[b_.modes[modes_[f]].first_level + l] = old_.level_time[a_.modes[f].first_level + l];
      }
    for (std::uint32_t i = 0; i < a_.machines.size(); ++i) {
      if (machines_[i] == kNone) continue;
      MachineState m = old_.machines[i];
      if (m.running) book_work(i, m);
      m.running = false;
      m.next_mode = kNone;
      m.waits = m.holding = false;
      m.pools = 0;
      m.kind = new_kind(i);
      const std::uint32_t station = stations_[a_.machines[i].station.value];
      if (m.kind == kNone || station == kNone || b_.stations[station].min_run == 0) m.run = 0;
      move_load(i, m);
      const StationData& from = a_.stations[a_.machines[i].station.value];
      const StationData& to = b_.stations[b_.machines[machines_[i]].station.value];
      const bool roams = m.phase == Phase::kRoaming && to.polling.serve != Serve::kAny && m.kind != kNone;
      if (from.polling.serve != to.polling.serve)
        m.gate = to.polling.serve == Serve::kGated     ? old_.arrivals
                 : to.polling.serve == Serve::kLimited ? to.polling.limit
                                                       : 0;
      if (m.lot == kNone && m.phase != Phase::kIdle && !roams) {
        m.phase = Phase::kIdle;
        m.believed = false;
        m.tearing = false;
      }
      m.last_step = m.last_step == kNone ? kNone : steps_[m.last_step];
      m.repairing = m.repairing == kNone ? kNone : modes_[m.repairing];
      const std::uint32_t wear = b_.machines[machines_[i]].wear;
      if (m.pace >= (wear == kNone ? 0 : b_.modes[wear].level_count)) m.pace = 0;
      new_.machines[machines_[i]] = m;
      if (m.believed)
        for (Belief belief : old_.beliefs)
          if (belief.machine == i) {
            belief.machine = machines_[i];
            new_.beliefs.push_back(belief);
          }
    }
    std::ranges::sort(new_.beliefs, {}, &Belief::machine);
  }
  [[nodiscard]] Needs old_needs(const MachineState& machine) const {
    return a_.choices[old_.lots[machine.lot].choice].needs;
  }
  [[nodiscard]] Needs new_needs(std::uint32_t m) const {
    const std::uint32_t l = new_.machines[m].lot;
    return l == kNone ? Needs{} : b_.choices[new_.lots[l].choice].needs;
  }
  /// The alternatives that meet some needs, as the changed plant numbers them; those it does not know are the first.
  [[nodiscard]] std::uint64_t new_pools(Needs from, Needs to, std::uint64_t pools) const {
    std::uint64_t out = 0;
    for (std::uint32_t i = 0; i < std::min(from.count, to.count); ++i) {
      const NeedData& need = b_.needs[to.first + i];
      const std::uint32_t pool =
          pools_[a_.need_pools[a_.needs[from.first + i].first_pool + ((pools >> (8 * i)) & 0xffU)]];
      for (std::uint32_t a = 0; a < need.pool_count; ++a)
        if (b_.need_pools[need.first_pool + a] == pool) out |= std::uint64_t{a} << (8 * i);
    }
    return out;
  }
  /// The chain of the lots that are still there.
  void move_load(std::uint32_t old_machine, MachineState& m) {
    std::uint32_t last = m.lot = kNone;
    m.held = 0;
    for (std::uint32_t l = old_.machines[old_machine].lot; l != kNone; l = old_.lots[l].child) {
      if (new_.lots[l].place == Place::kFree) continue;
      (last == kNone ? m.lot : new_.lots[last].child) = l;
      last = l;
      ++m.held;
    }
  }
  /// Material stays; operators and tools are taken again by the work that goes on.
  void move_pools(const Parameters& parameters) {
    detail::Engine<detail::NoRecorder> engine(b_, parameters, new_, {});
    std::vector<bool> known(b_.pools.size(), false);
    for (std::uint32_t p = 0; p < a_.pools.size(); ++p) {
      const std::uint32_t to = pools_[p];
      if (to == kNone || a_.pools[p].material != b_.pools[to].material) continue;
      known[to] = true;
      PoolState& pool = new_.pools[to];
      pool = old_.pools[p];
      const Tick span = new_.now - pool.since;
      pool.integral += Wide{pool.level} * span;
      if (pool.asked > pool.level) {
        pool.short_integral += Wide{pool.asked - pool.level} * span;
        pool.short_time += span;
      }
      pool.coming_integral += Wide{pool.coming} * span;
      if (pool.open) pool.open_time += new_.now - pool.since;
      pool.since = new_.now;
      pool.promised = pool.asked = 0;
      move_deliveries(p, to);
      if (!b_.pools[to].material) pool.level = 0;
      pool.open = b_.open_at(b_.pools[to].calendar, new_.now);
      if (b_.pools[to].supply.valid() && !a_.pools[p].supply.valid()) engine.begin_supply(to);
    }
    for (std::uint32_t p = 0; p < b_.pools.size(); ++p)
      if (!known[p]) engine.begin_pool(p);
    for (const MachineState& m : new_.machines) {
      if (m.lot == kNone || !m.supplied || (m.phase != Phase::kSetup && m.phase != Phase::kProcessing)) continue;
      engine.promise(b_.choices[new_.lots[m.lot].choice], m.held);
    }
  }
  /// Orders under way arrive as they would have; where the material is not ordered any more, they are called off.
  void move_deliveries(std::uint32_t from, std::uint32_t to) {
    new_.pools[to].coming = 0;
    if (b_.pools[to].reorder == kNone) return;
    const auto place = std::ranges::lower_bound(new_.deliveries, to, {}, &Delivery::pool);
    std::vector<Delivery> moved;
    for (Delivery delivery : old_.deliveries)
      if (delivery.pool == from) {
        new_.pools[to].coming += delivery.amount;
        delivery.pool = to;
        moved.push_back(delivery);
      }
    new_.deliveries.insert(place, moved.begin(), moved.end());
  }
  /// Takes off what has been worked since the machine began to run.
  void book_work(std::uint32_t old_machine, MachineState& m) {
    const Tick done = old_.now - m.run_since;
    m.left -= done;
    if (m.phase != Phase::kProcessing) return;
    const MachineData& data = a_.machines[old_machine];
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
      if ((a_.modes[f].ages == Ageing::kWork || a_.modes[f].ages == Ageing::kUse) && modes_[f] != kNone) {
        Tick& left = new_.failures[modes_[f]].left;
        left = std::max<Tick>(0, left - done);
      }
  }

  /// Counts go along; queues are built anew in the order of the new rules.
  void move_stations(const Parameters& parameters) {
    detail::Engine<detail::NoRecorder> engine(b_, parameters, new_, {});
    for (std::uint32_t i = 0; i < a_.machines.size(); ++i) {  // lots under way may be ranked against those that come
      const std::uint32_t l = machines_[i] == kNone ? kNone : new_.machines[machines_[i]].lot;
      if (l == kNone || new_.machines[machines_[i]].phase == Phase::kBlocked) continue;
      const StationData& to = b_.stations[b_.machines[machines_[i]].station.value];
      if (to.preempt == Preemption::kOff) continue;
      new_.lots[l].key = engine.queue_key(to, new_.lots[l]);
      if (a_.stations[a_.machines[i].station.value].preempt == Preemption::kOff) new_.lots[l].arrival = new_.arrivals++;
    }
    for (std::uint32_t s = 0; s < a_.stations.size(); ++s) {
      const std::uint32_t to = stations_[s];
      if (to == kNone) continue;
      StationState& station = new_.stations[to];
      const StationState& before = old_.stations[s];
      station.visits = before.visits;
      station.lost = before.lost;
      station.overdue = before.overdue;
      station.queue_time = before.queue_time;
      station.queue_integral = before.queue_integral;
      for (const std::uint32_t l : queue_lots(old_, s)) {
        if (new_.lots[l].place == Place::kFree) {
          station.queue_integral += new_.now;
          continue;
        }
        new_.lots[l].key = engine.queue_key(b_.stations[to], new_.lots[l]);
        queue_push(new_, to, kept_by(b_.stations[to]), l);
      }
      for (const std::uint32_t l : blocked_lots(old_, s))
        if (new_.lots[l].place != Place::kFree) blocked_push(new_, to, l);
    }
  }

  /// Events under way keep their times and their order among each other; what is new begins.
  void move_events(const Parameters& parameters) {
    detail::Engine<detail::NoRecorder> engine(b_, parameters, new_, {});
    const Slots from(a_);
    const Slots to(b_);
    begin_new_modes(engine);
    for (std::uint32_t l = 0; l < new_.more.size(); ++l) {
      const Lot& lot = new_.lots[l];
      if (lot.place != Place::kMachine || !new_.more[l].decided || new_.more[l].follows_choice == kNone) continue;
      const StationId next = b_.choices[new_.more[l].follows_choice].station;
      if (next != b_.machines[lot.machine].station) ++new_.stations[next.value].inbound;
    }
    std::vector<bool> known_machine(b_.machines.size(), false);
    for (const std::uint32_t m : machines_)
      if (m != kNone) known_machine[m] = true;
    for (std::uint32_t m = 0; m < b_.machines.size(); ++m) {
      if (known_machine[m]) {
        engine.rejoin_machine(m);
      } else {
        engine.begin_machine(m);
      }
    }
    kernel::EventQueue queue = old_.queue;
    std::vector<kernel::Event> events = queue.events();
    std::ranges::sort(events, {}, [](const kernel::Event& e) { return std::pair(e.time, e.order); });
    for (const kernel::Event& e : events) {
      if (e.slot < from.modes) {
        const std::uint32_t m = machines_[e.slot];
        if (m == kNone) continue;
        if (new_.machines[m].repairing != kNone) {
          if (engine.resume_repair(new_.machines[m].repairing)) new_.queue.schedule(m, e.time, e.priority());
        } else {
          const MachineState& before = old_.machines[e.slot];
          engine.resume_with(m, before.holding ? new_pools(old_needs(before), new_needs(m), before.pools) : 0);
        }
      } else if (e.slot < from.sources) {
        const std::uint32_t f = modes_[e.slot - from.modes];
        if (f == kNone) continue;
        if (!new_.failures[f].down && b_.modes[f].maintenance) {
          engine.schedule_care(f);
        } else if (!new_.failures[f].down || engine.resume_repair(f)) {
          new_.queue.schedule(to.modes + f, e.time, e.priority());
        }
      } else if (e.slot < from.calendars) {
        const std::uint32_t i = sources_[e.slot - from.sources];
        if (i != kNone && is_same_kind(e.slot - from.sources))
          new_.queue.schedule(to.sources + i, e.time, e.priority());
      } else if (e.slot >= from.pools && e.slot < from.stations) {
        const std::uint32_t p = pools_[e.slot - from.pools];
        if (p == kNone || new_.queue.pending(to.pools + p)) continue;
        if (b_.pools[p].supply.valid() && a_.pools[e.slot - from.pools].supply.valid())
          new_.queue.schedule(to.pools + p, e.time, e.priority());
        if (b_.pools[p].reorder != kNone) engine.schedule_delivery(p);
      } else if (e.slot >= from.reviews && e.slot < from.order) {
        const ReorderData& before = a_.reorders[e.slot - from.reviews];
        const std::uint32_t p = pools_[before.pool];
        const std::uint32_t r = p == kNone ? kNone : b_.pools[p].reorder;
        if (r != kNone && b_.reorders[r].review == before.review)
          new_.queue.schedule(to.reviews + r, e.time, e.priority());
      } else if (e.slot >= from.cycles && e.slot < from.reviews) {
        const std::uint32_t s = stations_[e.slot - from.cycles];
        if (s != kNone && b_.stations[s].cycle == a_.stations[e.slot - from.cycles].cycle)
          new_.queue.reschedule(to.cycles + s, e.time, e.priority());
      } else if (e.slot >= from.stations && e.slot < from.cycles) {
        const std::uint32_t s = stations_[e.slot - from.stations];
        if (s != kNone && b_.stations[s].batch.wait < kNever)
          new_.queue.schedule(to.stations + s, e.time, e.priority());
      } else if (e.slot < from.order) {
        const std::uint32_t c = calendars_[e.slot - from.calendars];
        if (c != kNone) engine.schedule_calendar(c);
      } else if (e.slot == from.order) {
        engine.schedule_orders();
      } else if (e.slot >= from.lots && new_.lots[e.slot - from.lots].place == Place::kTransit) {
        const std::uint32_t l = e.slot - from.lots;
        ++new_.stations[b_.choices[new_.lots[l].choice].station.value].inbound;
        new_.queue.schedule(to.lots + l, e.time, e.priority());
      } else if (e.slot >= from.lots && new_.lots[e.slot - from.lots].place == Place::kQueue) {
        const std::uint32_t l = e.slot - from.lots;
        const StepData& step = b_.steps[new_.lots[l].step];
        if (step.patience.valid() && !new_.lots[l].overdue) {
          new_.queue.schedule(to.lots + l, e.time, e.priority());
        } else if (step.limited && !new_.lots[l].overdue) {
          engine.schedule_patience(l);
        }
      }
    }
    for (std::uint32_t l = 0; l < new_.lots.size(); ++l) {
      const Lot& lot = new_.lots[l];
      if (lot.place == Place::kQueue && b_.steps[lot.step].limited && !lot.overdue && !new_.queue.pending(to.lots + l))
        engine.schedule_patience(l);
    }
    for (const Waiting& one : old_.waiting) {
      const auto machines = static_cast<std::uint32_t>(a_.machines.size());
      if (one.who < machines) {
        if (machines_[one.who] != kNone) engine.resume_run(machines_[one.who]);
      } else if (const std::uint32_t f = modes_[one.who - machines]; f != kNone) {
        if (engine.resume_repair(f)) engine.schedule_repair(f);
      }
    }
    for (std::uint32_t m = 0; m < b_.machines.size(); ++m) engine.resume_run(m);
    begin_new(engine);
    engine.begin_reviews();
    engine.settle();
    new_.queue.settle();
  }
  void begin_new_modes(detail::Engine<detail::NoRecorder>& engine) {
    std::vector<bool> known(b_.modes.size(), false);
    for (const std::uint32_t f : modes_)
      if (f != kNone) known[f] = true;
    for (std::uint32_t f = 0; f < b_.modes.size(); ++f)
      if (!known[f]) engine.begin_mode(f);
  }
  void begin_new(detail::Engine<detail::NoRecorder>& engine) {
    const Slots to(b_);
    for (std::uint32_t c = 0; c < b_.calendars.size(); ++c)
      if (!new_.queue.pending(to.calendars + c)) engine.schedule_calendar(c);
    std::vector<bool> known(b_.sources.size(), false);
    for (std::uint32_t i = 0; i < a_.sources.size(); ++i)
      if (sources_[i] != kNone) known[sources_[i]] = is_same_kind(i);
    for (std::uint32_t i = 0; i < b_.sources.size(); ++i) {
      const bool conwip = b_.sources[i].kind == SourceKind::kConwip || b_.sources[i].kind == SourceKind::kKeep;
      new_.sources[i].gone = conwip ? new_.sources[i].count - in_process_[i] : 0;
      if (!known[i]) {
        engine.begin_source(i);
      } else if (conwip) {
        engine.replenish(i);
      }
    }
    if (!new_.queue.pending(to.order)) engine.schedule_orders();
    move_changes(engine);
  }
  [[nodiscard]] bool is_same_kind(std::uint32_t source) const noexcept {
    return b_.sources[sources_[source]].kind == a_.sources[source].kind;
  }

  const PlantData& a_;
  const PlantData& b_;
  const State& old_;
  Disposition disposition_;
  State new_;
  std::vector<std::string> problems_;
  bool may_scrap_ = true;  ///< all problems are such that scrapping lots solves them
  std::vector<std::uint32_t> machines_, stations_, steps_, modes_, products_, calendars_, sources_, orders_, pools_;
  std::vector<std::uint32_t> scrapped_;
  std::vector<std::uint64_t> in_process_;  ///< lots by source of the changed plant
};

}  // namespace

State migrate(const Plant& from, const Plant& to, const State& state, Disposition disposition) {
  if (state.plant != from.digest())
    throw InvalidArgument(fmt::format(
        "migrate: the state belongs to another plant (digest {:016x}) than it is said to come from (digest {:016x})",
        state.plant, from.digest()));
  return Migration(from, to, state, disposition).run(to.parameters());
}

}  // namespace twin
