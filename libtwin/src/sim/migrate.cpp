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
/// `mill/0 of work`: failure modes are known by machine, place among its modes, and how they count.
Names mode_paths(const PlantData& plant) {
  Names names;
  for (std::uint32_t i = 0; i < plant.modes.size(); ++i) {
    const std::uint32_t m = plant.modes[i].machine.value;
    names.push_back(fmt::format("{}/{} of {}, {} times", plant.machine_names[m], i - plant.machines[m].first_mode,
                                plant.modes[i].of_work ? "work" : "time", plant.modes[i].limit));
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
    new_.queue = kernel::EventQueue(Slots(b_).lots);
    for (std::uint32_t p = 0; p < a_.products.size(); ++p)
      if (products_[p] != kNone) new_.products[products_[p]] = old_.products[p];
    move_orders();
    for (std::uint32_t i = 0; i < a_.sources.size(); ++i)
      if (sources_[i] != kNone) new_.sources[sources_[i]] = old_.sources[i];
    move_lots();
    if (!problems_.empty() && (disposition_ == Disposition::kRefuse || !may_scrap_)) refuse();
    move_machines();
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
    for (std::uint32_t o = 0; o < a_.orders.size(); ++o) {
      const OrderState& order = old_.orders[o];
      const std::uint32_t to = orders_[o];
      if (to == kNone) {
        const std::uint32_t open = order.released - order.finished - order.scrapped;
        if (open > 0)
          problems_.push_back(fmt::format("order {} is gone, with {} lots in process", a_.order_names[o], open));
        continue;
      }
      new_.orders[to] = order;
      if (order.released > b_.orders[to].quantity) {
        problems_.push_back(fmt::format("order {} has released {} lots already; the changed plant orders {}",
                                        a_.order_names[o], order.released, b_.orders[to].quantity));
        may_scrap_ = false;
      }
    }
    for (std::uint32_t o = 0; o < b_.orders.size(); ++o)
      new_.open_orders += b_.orders[o].quantity - new_.orders[o].finished - new_.orders[o].scrapped;
  }

  /// Copies each lot that has a place in the new plant, into the same slot.
  void move_lots() {
    new_.lots.resize(old_.lots.size());
    in_process_.resize(b_.sources.size());
    for (std::uint32_t l = 0; l < old_.lots.size(); ++l) {
      const Lot& lot = old_.lots[l];
      if (lot.place == Place::kFree) {
        scrapped_.push_back(l);
        continue;
      }
      std::string why;
      const Lot moved = translate(lot, why);
      if (why.empty()) {
        new_.lots[l] = moved;
        if (moved.source < b_.sources.size()) ++in_process_[moved.source];
        ++new_.lot_count;
        continue;
      }
      problems_.push_back(lot_name(a_, lot.source, lot.serial) + ": " + why);
      if (disposition_ == Disposition::kScrap) scrap(lot);
      scrapped_.push_back(l);
    }
    for (const std::uint32_t l : scrapped_) {
      new_.lots[l].place = Place::kFree;
      new_.lots[l].next = new_.free_lot;
      new_.free_lot = l;
    }
  }
  Lot translate(const Lot& lot, std::string& why) const {
    Lot moved = lot;
    moved.source = new_source(lot.source);
    moved.step = steps_[lot.step];
    moved.next = moved.child = kNone;
    const std::string& step = a_.step_names[lot.step];
    if (moved.source == kNone) {
      why = "its source or order is gone";
    } else if (moved.step == kNone) {
      why = fmt::format("its step {} is gone", step);
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
        }
      }
      promise(moved);
      if (lot.place == Place::kTransit && !b_.steps[moved.step].transport.valid())
        why = fmt::format("it is on its way to {}, where there is no transport any more", step);
    }
    return moved;
  }
  /// Due date and priority are those that the changed plant gives.
  void promise(Lot& lot) const {
    if (lot.source >= b_.sources.size()) {
      const OrderData& order = b_.orders[lot.source - b_.sources.size()];
      lot.due = order.due;
      lot.priority = order.priority;
    } else {
      const SourceData& source = b_.sources[lot.source];
      lot.due = source.due_after < kNever ? lot.release + source.due_after : kNever;
      lot.priority = b_.products[source.product.value].priority;
    }
  }
  [[nodiscard]] bool has_setup(const Lot& lot, const Lot& moved) const {
    const ChoiceData& choice = b_.choices[moved.choice];
    return (old_.machines[lot.machine].changing ? choice.changeover : choice.setup).valid();
  }
  void scrap(const Lot& lot) {
    const std::uint32_t product = products_[a_.steps[lot.step].product.value];
    if (product != kNone) {
      ProductTotals& totals = new_.products[product];
      --totals.in_process;
      ++totals.scrapped;
      totals.wip_integral += new_.now;
    }
    const std::uint32_t source = new_source(lot.source);
    if (source != kNone && source >= b_.sources.size()) {
      OrderState& order = new_.orders[source - b_.sources.size()];
      ++order.scrapped;
      order.finish = new_.now;
      --new_.open_orders;
    }
  }

  void move_machines() {
    for (std::uint32_t f = 0; f < a_.modes.size(); ++f)
      if (modes_[f] != kNone) new_.failures[modes_[f]] = old_.failures[f];
    for (std::uint32_t i = 0; i < a_.machines.size(); ++i) {
      if (machines_[i] == kNone) continue;
      MachineState m = old_.machines[i];
      if (m.running) book_work(i, m);
      m.running = false;
      m.next_mode = kNone;
      if (m.lot != kNone && new_.lots[m.lot].place == Place::kFree) {
        m.lot = kNone;
        m.phase = Phase::kIdle;
        m.believed = false;
      }
      m.last_step = m.last_step == kNone ? kNone : steps_[m.last_step];
      m.repairing = m.repairing == kNone ? kNone : modes_[m.repairing];
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
  /// Takes off what has been worked since the machine began to run.
  void book_work(std::uint32_t old_machine, MachineState& m) {
    const Tick done = old_.now - m.run_since;
    m.left -= done;
    if (m.phase != Phase::kProcessing) return;
    const MachineData& data = a_.machines[old_machine];
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
      if (a_.modes[f].of_work && modes_[f] != kNone) new_.failures[modes_[f]].left -= done;
  }

  /// Counts go along; queues are built anew in the order of the new rules.
  void move_stations(const Parameters& parameters) {
    detail::Engine<detail::NoRecorder> engine(b_, parameters, new_, {});
    for (std::uint32_t s = 0; s < a_.stations.size(); ++s) {
      const std::uint32_t to = stations_[s];
      if (to == kNone) continue;
      StationState& station = new_.stations[to];
      const StationState& before = old_.stations[s];
      station.visits = before.visits;
      station.lost = before.lost;
      station.queue_time = before.queue_time;
      station.queue_integral = before.queue_integral;
      for (const std::uint32_t l : queue_lots(old_, s)) {
        if (new_.lots[l].place == Place::kFree) {
          station.queue_integral += new_.now;
          continue;
        }
        new_.lots[l].key = engine.queue_key(b_.stations[to], new_.lots[l]);
        queue_push(new_, to, b_.stations[to].rule, l);
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
          new_.queue.schedule(m, e.time, e.priority());
        } else {
          engine.resume_run(m);
        }
      } else if (e.slot < from.sources) {
        const std::uint32_t f = modes_[e.slot - from.modes];
        if (f != kNone) new_.queue.schedule(to.modes + f, e.time, e.priority());
      } else if (e.slot < from.calendars) {
        const std::uint32_t i = sources_[e.slot - from.sources];
        if (i != kNone && is_same_kind(e.slot - from.sources))
          new_.queue.schedule(to.sources + i, e.time, e.priority());
      } else if (e.slot < from.order) {
        const std::uint32_t c = calendars_[e.slot - from.calendars];
        if (c != kNone) engine.schedule_calendar(c);
      } else if (e.slot == from.order) {
        engine.schedule_orders();
      } else if (e.slot >= from.lots && new_.lots[e.slot - from.lots].place == Place::kTransit) {
        const std::uint32_t l = e.slot - from.lots;
        ++new_.stations[b_.choices[new_.lots[l].choice].station.value].inbound;
        new_.queue.schedule(to.lots + l, e.time, e.priority());
      }
    }
    for (std::uint32_t m = 0; m < b_.machines.size(); ++m) engine.resume_run(m);
    begin_new(engine);
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
      const bool conwip = b_.sources[i].kind == SourceKind::kConwip;
      new_.sources[i].gone = conwip ? new_.sources[i].count - in_process_[i] : 0;
      if (!known[i]) {
        engine.begin_source(i);
      } else if (conwip) {
        engine.replenish(i);
      }
    }
    if (!new_.queue.pending(to.order)) engine.schedule_orders();
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
  std::vector<std::uint32_t> machines_, stations_, steps_, modes_, products_, calendars_, sources_, orders_;
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
