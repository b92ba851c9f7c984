/// Saved states: a canonical form with lots in order of (source, serial, step), so that equal states have equal bytes.
///
/// Layout, little-endian: magic, version, plant digest, body, checksum of all before. Queues are saved as sequences of
/// lots and built anew when loaded; counts that follow from the rest (idle machines, lots under way) are not saved.
/// Bytes come from outside: every index, enumeration and time is checked before it is used.
#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <type_traits>

#include <fmt/format.h>

#include "twin/state/lots.hpp"

namespace twin {
namespace {

constexpr std::string_view kMagic = "TWINSTAT";
constexpr std::uint32_t kVersion = 4;
/// What is over lies after this, so that spans up to any clock stay in range.
constexpr Tick kOldest = -kNever / 2;
/// Of a material there is no more than this.
constexpr std::int64_t kMostMaterial = std::int64_t{1} << 50;
/// Sums kept in 128 bits lie within this of zero.
constexpr Wide kWidest = Wide{1} << 120;
/// Lots of one order: what it orders, and what others give it.
constexpr std::uint32_t kMostLots = 1U << 30;

std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t h = bytes.size();
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    h = hash_combine(h, word);
  }
  for (; i < bytes.size(); ++i) h = hash_combine(h, static_cast<unsigned char>(bytes[i]));
  return h;
}

class Writer {
 public:
  template <class T>
  void put(T value) {
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      bytes_.push_back(value ? '\1' : '\0');
    } else if constexpr (std::is_same_v<T, Wide>) {
      put(static_cast<std::uint64_t>(value));
      put(static_cast<std::uint64_t>(value >> 64));
    } else {
      auto u = static_cast<std::make_unsigned_t<T>>(value);
      for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes_.push_back(static_cast<char>(u & 0xffU));
        u = static_cast<std::make_unsigned_t<T>>(u >> (sizeof(T) > 1 ? 8 : 0));
      }
    }
  }
  template <class... T>
  void all(T... values) {
    (put(values), ...);
  }
  void text(std::string_view s) { bytes_ += s; }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

[[noreturn]] void refuse(const std::string& why) { throw FormatError("saved state: " + why); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  [[nodiscard]] T get() {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(get<std::underlying_type_t<T>>());
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto byte = get<std::uint8_t>();
      if (byte > 1) refuse("a flag is neither 0 nor 1");
      return byte == 1;
    } else if constexpr (std::is_same_v<T, Wide>) {
      const auto low = get<std::uint64_t>();
      const auto high = get<std::uint64_t>();
      const Wide value = (static_cast<Wide>(static_cast<std::int64_t>(high)) << 64) | static_cast<Wide>(low);
      if (value < -kWidest || value > kWidest) refuse("a sum is out of range");
      return value;
    } else {
      if (bytes_.size() < sizeof(T)) refuse("it ends too early");
      std::uint64_t u = 0;
      for (std::size_t i = 0; i < sizeof(T); ++i) u |= std::uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
      bytes_.remove_prefix(sizeof(T));
      return static_cast<T>(u);
    }
  }
  template <class... T>
  void all(T&... values) {
    ((values = get<T>()), ...);
  }
  /// An instant or span in [low, high].
  void ticks(Tick& value, Tick low, Tick high) {
    value = get<Tick>();
    if (value < low || value > high) refuse(fmt::format("a time of {} ns is out of range", value));
  }
  void span(Tick& value) { ticks(value, 0, kNever); }
  void past(Tick& value, Tick now) { ticks(value, kOldest, now); }
  /// An index below `limit`, or kNone where that is allowed.
  void index(std::uint32_t& value, std::size_t limit, bool none_allowed = false) {
    value = get<std::uint32_t>();
    if (value >= limit && !(none_allowed && value == kNone))
      refuse(fmt::format("index {} is out of range (below {})", value, limit));
  }
  /// How many items of at least `size` bytes follow.
  [[nodiscard]] std::size_t count(std::size_t size) {
    const auto n = get<std::uint32_t>();
    if (n > bytes_.size() / size) refuse("a count is larger than what follows");
    return n;
  }
  [[nodiscard]] std::string_view take(std::size_t n) {
    if (bytes_.size() < n) refuse("it ends too early");
    const auto front = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return front;
  }
  [[nodiscard]] bool done() const noexcept { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

/// Live lots in canonical order, and the place of each slot in it.
struct Canonical {
  std::vector<std::uint32_t> order;  ///< slots
  std::vector<std::uint32_t> rank;   ///< by slot; kNone if free
  explicit Canonical(const State& state) : rank(state.lots.size(), kNone) {
    for (std::uint32_t l = 0; l < state.lots.size(); ++l)
      if (state.lots[l].place != Place::kFree) order.push_back(l);
    std::ranges::sort(order, {}, [&](std::uint32_t l) {
      return std::tuple(state.lots[l].source, state.lots[l].serial, state.lots[l].step);
    });
    for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  }
  [[nodiscard]] std::uint32_t operator()(std::uint32_t slot) const { return slot == kNone ? kNone : rank[slot]; }
};

void write_more(Writer& w, const LotMore& more) {
  w.all(more.sent_back, more.follows, more.follows_choice, more.decided, more.follows_rework, more.worked_by,
        more.total, more.left, more.order, more.from, more.called, more.boarded, more.carried);
  for (const std::uint16_t held : more.held) w.put(held);
}
void write_marks(Writer& w, const State& state, std::uint32_t lot) {
  for (std::uint32_t k = 0; k < state.marks_per_lot; ++k) {
    const StepDone& mark = mark_of(state, lot, k);
    w.all(mark.end, mark.machine, mark.times);
  }
}

std::string body(const PlantData& plant, const State& state) {
  const Canonical canonical(state);
  const Slots slots(plant);
  Writer w;
  w.all(state.now, state.seed.value, state.replication, state.arrivals, state.events, state.history, state.next_order,
        state.next_change);
  for (const MachineState& m : state.machines) {
    w.all(m.since, m.left, m.run_since, m.total, m.started, m.kind, m.last_step, m.repairing, m.next_mode, m.faults,
          m.phase, m.condition, m.open, m.running, m.believed, m.changing, m.supplied, m.waits, m.holding, m.pace,
          m.late, m.walking, m.pools, m.visits, m.gate, m.changes);
    for (const Tick t : m.in_condition) w.put(t);
    if (plant.keeps_runs) w.all(m.run, m.tearing);
    w.put(m.held);
    for (std::uint32_t l = m.lot; l != kNone; l = state.lots[l].child) w.put(canonical(l));
  }
  for (const FailureState& f : state.failures)
    w.all(f.left, f.drawn, f.began, f.count, f.renewals, f.level, f.level_since, f.pools, f.down, f.waits);
  for (const Tick t : state.level_time) w.put(t);
  for (const PoolState& p : state.pools)
    w.all(p.level, p.promised, p.deliveries, p.lost, p.asked, p.coming, p.ordered, p.shortages, p.used, p.last, p.drawn,
          p.since, p.open, p.integral, p.short_integral, p.short_time, p.coming_integral, p.open_time, p.away,
          p.reground, p.replaced, p.away_integral, p.walking, p.walk_integral);
  for (const UnitState& u : state.units) w.all(u.left, u.drawn, u.began, u.lives, u.ground, u.machine, u.at, u.away);
  w.put(static_cast<std::uint32_t>(state.deliveries.size()));
  for (const Delivery& d : state.deliveries) w.all(d.pool, d.amount, d.ordered, d.due, d.number);
  w.put(static_cast<std::uint32_t>(state.waiting.size()));
  for (const Waiting& one : state.waiting) w.put(one.who);
  for (const SourceState& s : state.sources) w.all(s.count, s.gone, s.last, s.drawn);
  for (const OrderState& o : state.orders)
    w.all(o.released, o.finished, o.scrapped, o.finish, o.quantity, o.cancelled, o.withdrawn, o.given, o.taken,
          o.priority, o.due, o.promised);
  for (const ProductTotals& p : state.products)
    w.all(p.released, p.completed, p.scrapped, p.reworked, p.lost, p.late, p.in_process, p.wip_integral, p.cycle_time,
          p.waiting, p.tardiness, p.cancelled);
  if (plant.has_carriers)
    for (const ProductTotals& p : state.products) w.put(p.carried);
  for (const std::uint64_t n : state.samples) w.put(n);
  w.put(static_cast<std::uint32_t>(canonical.order.size()));
  for (const std::uint32_t l : canonical.order) {
    const Lot& lot = state.lots[l];
    w.all(lot.release, lot.due, lot.entered, lot.waiting, lot.left, lot.key, lot.arrival, lot.serial, lot.source,
          lot.step, lot.choice, lot.round, lot.machine, lot.priority, canonical(lot.whole), lot.parts, lot.place,
          lot.blocked, lot.reworked, lot.overdue, lot.doomed, lot.cancelled);
    if (state.carries_more) write_more(w, state.more[l]);
    write_marks(w, state, l);
  }
  for (std::uint32_t s = 0; s < state.stations.size(); ++s) {
    const StationState& station = state.stations[s];
    w.all(station.visits, station.lost, station.overdue, station.queue_integral, station.queue_time);
    for (const auto& lots : {queue_lots(state, s), blocked_lots(state, s)}) {
      w.put(static_cast<std::uint32_t>(lots.size()));
      for (const std::uint32_t l : lots) w.put(canonical(l));
    }
  }
  for (std::uint32_t b = 0; b < state.belts.size(); ++b) {
    const BeltState& belt = state.belts[b];
    w.all(belt.since, belt.clock, belt.last_on, belt.last_off, belt.stands, belt.visits, belt.jammed, belt.jammed_since,
          belt.integral);
    for (const auto& lots : {belt_lots(state, b), belt_blocked_lots(state, b)}) {
      w.put(static_cast<std::uint32_t>(lots.size()));
      for (const std::uint32_t l : lots) w.put(canonical(l));
    }
  }
  for (const VehicleState& v : state.vehicles) {
    w.all(v.since, v.began, v.span, v.free_since, v.charge, v.driven, v.trips, v.arrival, v.node, v.target, v.edge,
          canonical(v.lot), v.task, v.moving);
    for (const Tick t : v.spent) w.put(t);
  }
  if (!plant.fleets.empty()) {
    w.put(static_cast<std::uint32_t>(state.calls.size()));
    for (const std::uint32_t l : state.calls) w.put(canonical(l));
  }
  w.put(static_cast<std::uint32_t>(state.beliefs.size()));
  for (const Belief& b : state.beliefs) {
    w.all(b.machine, b.at_left);
    for (const Tick q : b.quantiles) w.put(q);
  }
  kernel::EventQueue queue = state.queue;
  std::vector<kernel::Event> events = queue.events();
  for (kernel::Event& e : events)
    if (e.slot >= slots.lots) e.slot = slots.lots + canonical(e.slot - slots.lots);
  std::ranges::sort(events, {}, [](const kernel::Event& e) { return std::pair(e.time, e.order); });
  w.put(queue.next_sequence());
  w.put(static_cast<std::uint32_t>(events.size()));
  for (const kernel::Event& e : events) w.all(e.time, e.order, e.slot);
  return w.bytes();
}

void read_machine(Reader& r, const PlantData& plant, Tick now, MachineState& m) {
  r.past(m.since, now);
  r.span(m.left);
  r.past(m.run_since, std::max<Tick>(now, 0));
  r.span(m.total);
  r.past(m.started, std::max<Tick>(now, 0));
  r.all(m.kind);
  r.index(m.last_step, plant.steps.size(), true);
  r.index(m.repairing, plant.modes.size(), true);
  r.index(m.next_mode, plant.modes.size(), true);
  r.all(m.faults, m.phase, m.condition, m.open, m.running, m.believed, m.changing, m.supplied, m.waits, m.holding,
        m.pace, m.late, m.walking, m.pools, m.visits, m.gate, m.changes);
  Tick before = m.since - kOldest;
  for (Tick& t : m.in_condition) {
    r.ticks(t, 0, before);
    before -= t;
  }
  if (plant.keeps_runs) r.all(m.run, m.tearing);
  if (m.phase > Phase::kRoaming || static_cast<std::size_t>(m.condition) >= kConditions)
    refuse("a machine is in no known phase or condition");
  m.held = static_cast<std::uint32_t>(r.count(4));
}
/// The lots on a machine become the chain that leads through them. They are read before the lots themselves.
void read_load(Reader& r, MachineState& m, std::vector<std::uint32_t>& load) {
  load.resize(m.held);
  for (std::uint32_t& l : load) l = r.get<std::uint32_t>();
  m.lot = load.empty() ? kNone : load.front();
}

void read_lot(Reader& r, const PlantData& plant, Tick now, Lot& lot) {
  r.past(lot.release, now);
  r.ticks(lot.due, -kNever, kNever);
  r.past(lot.entered, now);
  r.ticks(lot.waiting, 0, now - kOldest);
  r.span(lot.left);
  r.all(lot.key, lot.arrival, lot.serial);
  r.index(lot.source, plant.sources.size() + plant.orders.size());
  r.index(lot.step, plant.steps.size());
  r.index(lot.choice, plant.choices.size(), true);
  r.all(lot.round);
  r.index(lot.machine, plant.machines.size(), true);
  r.all(lot.priority, lot.whole, lot.parts, lot.place, lot.blocked, lot.reworked, lot.overdue, lot.doomed,
        lot.cancelled);
  const StepData& step = plant.steps[lot.step];
  if ((lot.place == Place::kParted) != (step.choice_count == 0) || (lot.whole != kNone) != (step.within != kNone))
    refuse("a lot is in parts where none are made, or whole where it is");
  if (lot.place == Place::kParted && (lot.parts == 0 || lot.parts > step.fork_count))
    refuse("a lot has more parts than branches");
  if (lot.place == Place::kParted ? lot.choice != kNone && lot.choice >= plant.choices.size() : lot.choice == kNone)
    refuse("a lot goes to no station");
  if (lot.place != Place::kParted && lot.choice < step.first_choice)
    refuse("a lot goes to a station that its step does not name");
  if (lot.place != Place::kParted && lot.choice >= step.first_choice + step.choice_count)
    refuse("a lot goes to a station that its step does not name");
  if (step.product != product_of_source(plant, lot.source)) refuse("a lot stands in the route of another product");
  if (lot.place == Place::kBelt && step.way != Way::kBelt) refuse("a lot is on a belt where there is none");
  if (lot.place == Place::kVehicle && step.way != Way::kFleet) refuse("a lot is on a vehicle where there is none");
  if (lot.place == Place::kFree || lot.place > Place::kVehicle) refuse("a lot is in no known place");
  const bool waits_for_carrier = step.way >= Way::kBelt;  // then it goes on to the end of its trip
  if (lot.cancelled &&
      (lot.source < plant.sources.size() || lot.place == Place::kQueue ||
       (!waits_for_carrier && (lot.place == Place::kOutside || (lot.place == Place::kMachine && lot.blocked)))))
    refuse("a lot that is cancelled has not left");
  const bool waits = lot.place == Place::kQueue || lot.place == Place::kOutside;
  if (waits && lot.waiting > lot.entered - kOldest) refuse("a lot has waited since before time began");
}

void read_more(Reader& r, const PlantData& plant, Tick now, const Lot& lot, LotMore& more) {
  r.all(more.sent_back, more.follows, more.follows_choice, more.decided, more.follows_rework);
  r.index(more.worked_by, plant.machines.size(), true);
  r.span(more.total);
  r.span(more.left);
  if (more.worked_by != kNone) {
    const StationId station = plant.machines[more.worked_by].station;
    if (plant.stations[station.value].preempt == Preemption::kOff || lot.place == Place::kParted ||
        plant.choices[lot.choice].station != station || (lot.place != Place::kQueue && lot.place != Place::kMachine) ||
        more.left > more.total)
      refuse("work was left where no lot takes a machine from another");
  } else if (more.total != 0 || more.left != 0) {
    refuse("work was left by no machine");
  }
  r.index(more.order, plant.orders.size(), true);
  if (more.order != kNone && (lot.source < plant.sources.size() || lot.source - plant.sources.size() == more.order ||
                              plant.orders[more.order].product != plant.steps[lot.step].product))
    refuse("a lot counts for an order that is not one of its product");
  r.index(more.from, plant.node_names.size(), true);
  r.all(more.called);
  if (more.called && (plant.steps[lot.step].way != Way::kFleet || more.from == kNone || lot.blocked ||
                      (lot.place != Place::kMachine && lot.place != Place::kOutside)))
    refuse("a lot waits for a vehicle where none comes");
  r.ticks(more.boarded, 0, now - kOldest);
  r.ticks(more.carried, 0, now - kOldest);
  for (std::size_t c = 0; c < kMaxCarriers; ++c) {
    r.all(more.held[c]);
    if (more.held[c] > (c < plant.carriers.size() ? kMostHeld : 0)) refuse("a lot holds more tools than it may");
  }
  if (!more.decided) {
    if (more.follows != kNone || more.follows_choice != kNone || more.follows_rework)
      refuse("what follows an operation is half decided");
    return;
  }
  if (lot.place != Place::kMachine) refuse("it is decided what follows an operation that is not under way");
  const StepData& step = plant.steps[lot.step];
  bool fits = more.follows_choice == kNone && more.follows >= BranchData::kJoin && more.follows <= BranchData::kLeave &&
              (more.follows != BranchData::kJoin || lot.whole != kNone);
  if (more.follows < plant.steps.size()) {
    const StepData& next = plant.steps[more.follows];
    const bool there =
        more.follows_choice >= next.first_choice && more.follows_choice < next.first_choice + next.choice_count;
    fits = next.product == step.product && next.within == step.within &&
           (next.diverts ? more.follows_choice == kNone : there);
  }
  if (!fits) refuse("it is decided that a lot goes where it cannot go");
}

bool is_called(const State& state, std::uint32_t l) { return state.carries_more && state.more[l].called; }
/// For each product the steps that its lots remember, by mark.
std::vector<std::vector<std::uint32_t>> marked_steps(const PlantData& plant) {
  std::vector<std::vector<std::uint32_t>> out(plant.products.size());
  if (plant.marks_per_lot == 0) return out;
  for (std::uint32_t i = 0; i < plant.steps.size(); ++i) {
    if (plant.steps[i].mark == kNone) continue;
    auto& steps = out[plant.steps[i].product.value];
    steps.resize(std::max<std::size_t>(steps.size(), plant.steps[i].mark + 1), kNone);
    steps[plant.steps[i].mark] = i;
  }
  return out;
}
/// What a lot remembers of steps must be what they can leave behind.
void read_marks(Reader& r, const PlantData& plant, State& state, std::uint32_t l,
                const std::vector<std::vector<std::uint32_t>>& marked) {
  const auto& steps = marked[plant.steps[state.lots[l].step].product.value];
  for (std::uint32_t k = 0; k < state.marks_per_lot; ++k) {
    StepDone& mark = mark_of(state, l, k);
    r.ticks(mark.end, kOldest, kNever);
    r.index(mark.machine, plant.machines.size(), true);
    r.all(mark.times);
    if (mark.end > state.now && mark.end != kNever) refuse("a lot did a step in the future");
    if (mark == StepDone{}) continue;
    if (k >= steps.size()) refuse("a lot remembers a step that it does not have");
    const StepData& step = plant.steps[steps[k]];
    if (mark.times > step.rework_limit || (step.rework_limit == UINT32_MAX && mark.times > 0))
      refuse("a lot was sent back more often than it may");
    if (mark.machine == kNone) continue;
    bool able = false;
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
      able = able || (plant.choices[c].station == plant.machines[mark.machine].station &&
                      may_do(plant, state, mark.machine, c, steps[k], kNone));
    if (!able) refuse("a lot did a step on a machine that does not do it");
  }
}

template <class Fault>
void check_setup(const PlantData& plant, const MachineState& m, const ChoiceData& choice, const Fault& fault) {
  if (m.tearing) {
    const StationData& station = plant.stations[choice.station.value];
    if (station.teardowns == kNone || m.kind == kNone || m.kind == choice.kind ||
        !plant.teardowns[station.teardowns + m.kind].valid())
      fault("it tears down what needs no tear-down");
    return;
  }
  if ((m.changing ? choice.changeover : choice.setup).valid()) return;
  if (!plant.setup_between(choice.station, m.kind, choice.kind).valid()) fault("it sets up where there is none");
}
/// What a machine has of pools and material must be what its work needs.
template <class Fault>
void check_pools(const PlantData& plant, const State& state, std::uint32_t i, const Fault& fault) {
  const MachineState& m = state.machines[i];
  const bool works = m.phase == Phase::kSetup || m.phase == Phase::kProcessing;
  const ChoiceData* choice = works ? &plant.choices[state.lots[m.lot].choice] : nullptr;
  if (m.running && choice == nullptr && m.phase != Phase::kRoaming) fault("it runs without work");
  if (m.waits && (choice == nullptr || choice->is_bare() || !m.open || m.faults > 0)) fault("it waits for nothing");
  if (m.walking && (plant.walks.empty() || choice == nullptr || choice->needs.count == 0 || m.running || m.waits ||
                    !m.open || m.faults > 0))
    fault("operators are on their way to where none are needed");
  if (m.holding != ((m.running || m.walking) && choice != nullptr && choice->needs.count > 0))
    fault("it holds pools it does not need, or needs some");
  if ((m.running || m.walking) && choice != nullptr && !choice->is_bare() && !m.supplied)
    fault("it works without its material");
  if (!m.holding) return;
  for (std::uint32_t k = 0; k < choice->needs.count; ++k)
    if (((m.pools >> (8 * k)) & 0xffU) >= plant.needs[choice->needs.first + k].pool_count)
      fault("it holds a pool that does not do");
}
/// What a repair needs.
Needs crew_of(const PlantData& plant, const State& state, std::size_t f) noexcept {
  const FailureModeData& mode = plant.modes[f];
  return mode.level_count == 0 ? mode.crew : plant.levels[mode.first_level + state.failures[f].level].crew;
}
/// The line for pools and the levels of pools must be what machines and failures say.
void check_line(const PlantData& plant, const State& state) {
  std::vector<std::int64_t> in_use(plant.pools.size(), 0);
  std::vector<std::int64_t> promised(plant.pools.size(), 0);
  std::vector<std::int64_t> asked(plant.pools.size(), 0);
  const auto add = [&](Needs needs, std::uint64_t held) {
    for (std::uint32_t k = 0; k < needs.count; ++k) {
      const NeedData& need = plant.needs[needs.first + k];
      const std::uint64_t alternative = (held >> (8 * k)) & 0xffU;
      if (alternative >= need.pool_count) refuse("a repair holds a pool that does not do");
      in_use[plant.need_pools[need.first_pool + alternative]] += need.amount;
    }
  };
  std::vector<bool> in_line(plant.machines.size() + plant.modes.size(), false);
  for (const Waiting& one : state.waiting) {
    if (in_line[one.who]) refuse("someone stands in the line for pools twice");
    in_line[one.who] = true;
  }
  for (std::size_t i = 0; i < state.machines.size(); ++i) {
    const MachineState& m = state.machines[i];
    if (m.waits != in_line[i]) refuse("the line for pools is not of those who wait");
    if (m.lot == kNone) continue;
    const ChoiceData& choice = plant.choices[state.lots[m.lot].choice];
    if (m.holding) add(choice.needs, m.pools);
    if (m.waits && !m.supplied)
      for (std::uint32_t k = choice.uses.first; k < choice.uses.first + choice.uses.count; ++k)
        asked[plant.need_pools[plant.needs[k].first_pool]] += std::int64_t{plant.needs[k].amount} * m.held;
    if (m.supplied && (m.phase == Phase::kSetup || m.phase == Phase::kProcessing))
      for (std::uint32_t k = choice.makes.first; k < choice.makes.first + choice.makes.count; ++k)
        promised[plant.need_pools[plant.needs[k].first_pool]] += std::int64_t{plant.needs[k].amount} * m.held;
  }
  for (std::size_t f = 0; f < state.failures.size(); ++f) {
    if (state.failures[f].waits != in_line[plant.machines.size() + f])
      refuse("the line for pools is not of those who wait");
    if (state.failures[f].down && !state.failures[f].waits) add(crew_of(plant, state, f), state.failures[f].pools);
  }
  for (const LotMore& more : state.more)
    for (std::size_t c = 0; c < plant.carriers.size(); ++c) in_use[plant.carriers[c]] += more.held[c];
  for (std::size_t p = 0; p < plant.pools.size(); ++p) {
    const PoolState& pool = state.pools[p];
    const bool fits = plant.pools[p].material
                          ? pool.level >= 0 && pool.level <= kMostMaterial && pool.promised == promised[p]
                          : pool.level == in_use[p] && pool.promised == 0;
    if (pool.asked != asked[p]) refuse(fmt::format("pool {} is asked for by nobody", plant.pool_names[p]));
    if (!fits) refuse(fmt::format("pool {} has another level than what is in use says", plant.pool_names[p]));
  }
}
/// Tools that wear out are with the machines that hold them, or away, or at hand.
void check_units(const PlantData& plant, const State& state) {
  const Slots slots(plant);
  for (std::size_t p = 0; p < plant.pools.size(); ++p)
    if (plant.pools[p].life == kNone && state.pools[p].away != 0) refuse("tools are away that do not wear out");
  std::vector<std::int64_t> walking(plant.pools.size(), 0);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> held;  // by machine and pool
  for (std::uint32_t m = 0; m < state.machines.size(); ++m) {
    if (!state.machines[m].holding) continue;
    const Needs needs = plant.choices[state.lots[state.machines[m].lot].choice].needs;
    for (std::uint32_t k = 0; k < needs.count; ++k) {
      const NeedData& need = plant.needs[needs.first + k];
      const std::uint32_t pool = plant.need_pools[need.first_pool + ((state.machines[m].pools >> (8 * k)) & 0xffU)];
      if (plant.pools[pool].first_unit != kNone) held[{m, pool}] += need.amount;
      if (plant.pools[pool].walk != kNone && state.machines[m].walking) walking[pool] += need.amount;
    }
  }
  for (const LifeData& life : plant.lives) {
    const PoolData& data = plant.pools[life.pool];
    std::int64_t away = 0;
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u) {
      const UnitState& unit = state.units[u];
      if (unit.at != kNone || unit.left > unit.drawn || unit.ground > life.regrinds ||
          (unit.away && (unit.machine != kNone || unit.left > 0)))
        refuse("a tool has more life than it had, or is in two places");
      const bool grinds = unit.ground > 0;
      if (unit.away && (unit.lives == 0 || !(grinds ? life.regrind : life.delivery).valid()))
        refuse("a tool is away where none is");
      if (state.queue.pending(slots.units + u) != unit.away ||
          (unit.away && state.queue.time_of(slots.units + u) != unit.began + unit.drawn))
        refuse("a pending event does not fit: a tool that comes back");
      away += unit.away ? 1 : 0;
      if (unit.machine != kNone) --held[{unit.machine, life.pool}];
    }
    if (state.pools[life.pool].away != away) refuse("more or fewer tools are away than is said");
  }
  for (std::uint32_t p = 0; p < plant.pools.size(); ++p) {
    const PoolData& data = plant.pools[p];
    if (state.pools[p].walking != walking[p]) refuse("more or fewer operators are on their way than is said");
    if (data.first_unit == kNone || data.life != kNone) continue;
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u) {
      const UnitState& unit = state.units[u];
      if (unit.left != 0 || unit.drawn != 0 || unit.began != 0 || unit.lives != 0 || unit.ground != 0 || unit.away ||
          state.queue.pending(slots.units + u))
        refuse("an operator wears out");
      if (unit.machine == kNone) continue;
      if (!state.machines[unit.machine].walking && unit.at != plant.machines[unit.machine].station.value)
        refuse("an operator works where he is not");
      --held[{unit.machine, p}];
    }
  }
  for (const auto& [who, missing] : held)
    if (missing != 0) refuse("a machine holds other tools than it says");
}
/// The lots on machines become chains; each is on one machine only.
void chain_loads(State& state, const std::vector<std::vector<std::uint32_t>>& loads) {
  std::vector<bool> loaded(state.lots.size(), false);
  for (std::uint32_t i = 0; i < loads.size(); ++i)
    for (std::size_t k = 0; k < loads[i].size(); ++k) {
      const std::uint32_t l = loads[i][k];
      if (l >= state.lots.size()) refuse("a machine holds a lot that does not exist");
      const Lot& lot = state.lots[l];
      if (loaded[l] || lot.machine != i || lot.place != Place::kMachine)
        refuse("a machine holds a lot that is elsewhere");
      loaded[l] = true;
      state.lots[l].child = k + 1 < loads[i].size() ? loads[i][k + 1] : kNone;
    }
  for (std::size_t l = 0; l < state.lots.size(); ++l)
    if ((state.lots[l].machine != kNone) != loaded[l]) refuse("a lot is on a machine that holds another");
}

/// Machines, their lots and failure modes must agree with each other and with the pending events.
void check_machines(const PlantData& plant, State& state) {
  for (std::uint32_t i = 0; i < state.machines.size(); ++i) {
    const MachineState& m = state.machines[i];
    const MachineData& data = plant.machines[i];
    const auto fault = [&](const char* why) { refuse(fmt::format("machine {}: {}", plant.machine_names[i], why)); };
    const auto own_mode = [&](std::uint32_t f) {
      return f >= data.first_mode && f < data.first_mode + data.mode_count;
    };
    if (m.pace >= std::max(1U, data.wear == kNone ? 0U : plant.modes[data.wear].level_count))
      fault("it works at the speed of a state that it does not have");
    const StationData& station = plant.stations[data.station.value];
    if (m.phase == Phase::kRoaming && (station.polling.serve == Serve::kAny || m.kind == kNone))
      fault("it is on its way between kinds of work where there is none");
    const bool empty = m.phase == Phase::kIdle || m.phase == Phase::kRoaming ||
                       (m.phase == Phase::kHeld && station.cycle > 0 && m.lot == kNone);
    if (empty != (m.lot == kNone)) fault("its phase does not fit the lot it holds");
    if (m.kind != kNone && m.kind >= plant.stations[data.station.value].kind_count)
      fault("it is set up for a kind of work that it does not do");
    if (m.held > std::max(1U, plant.stations[data.station.value].batch.most))
      fault("it holds more lots than a batch has");
    for (std::uint32_t l = m.lot; l != kNone; l = state.lots[l].child) {
      const Lot& lot = state.lots[l];
      if ((lot.blocked || is_called(state, l)) != (m.phase == Phase::kBlocked))
        fault("its phase does not fit that of its lot");
      if (!lot.blocked && !is_called(state, l) && plant.choices[lot.choice].station != data.station)
        fault("it works for another station");
      if (state.carries_more && state.more[l].decided && m.phase >= Phase::kBlocked)
        fault("it is decided what follows an operation that has not begun, or is over");
      if (!lot.blocked && !is_called(state, l) && !may_do(plant, state, i, lot.choice, lot.step, l))
        fault("it does work that it does not do");
    }
    if (m.tearing && m.phase != Phase::kSetup) fault("it tears down without setting up");
    if (m.run > 0 && (m.kind == kNone || plant.stations[data.station.value].min_run == 0))
      fault("it counts lots of no kind");
    if (m.phase == Phase::kSetup) check_setup(plant, m, plant.choices[state.lots[m.lot].choice], fault);
    check_pools(plant, state, i, fault);
    unsigned down = 0;
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f) {
      down += state.failures[f].down ? 1 : 0;
      if (state.failures[f].down && !plant.modes[f].apart() && m.repairing != f) fault("nobody repairs a failure");
      if (state.failures[f].down && state.failures[f].count == 0) fault("it failed without failing");
      if (state.failures[f].waits && (!state.failures[f].down || crew_of(plant, state, f).count == 0))
        fault("it waits for a crew that it does not need");
    }
    if (down != m.faults) fault("its faults do not add up");
    if (m.repairing != kNone &&
        (!own_mode(m.repairing) || plant.modes[m.repairing].apart() || !state.failures[m.repairing].down))
      fault("it repairs what has not failed");
    const bool works = m.phase == Phase::kSetup || m.phase == Phase::kProcessing || m.phase == Phase::kRoaming;
    if (m.running != (works && m.open && m.faults == 0 && !m.waits && !m.walking))
      fault("it runs when it should stand, or stands when it should run");
    if (m.next_mode != kNone && (!m.running || m.phase != Phase::kProcessing || !own_mode(m.next_mode) ||
                                 plant.modes[m.next_mode].ages != Ageing::kWork))
      fault("its next failure is impossible");
    if (m.left > m.total) fault("more is left than there was");
    const bool repairs = m.repairing != kNone && !state.failures[m.repairing].waits;
    if (state.queue.pending(i) != (m.running || m.walking || repairs)) fault("its pending event does not fit");
    if (m.running) {
      const Tick run = m.next_mode == kNone ? m.left : state.failures[m.next_mode].left;
      if (run > m.left || m.run_since > state.now || state.queue.time_of(i) != m.run_since + run)
        fault("its work does not end when it is done");
      if (m.phase == Phase::kProcessing)
        for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f)
          if (plant.modes[f].ages == Ageing::kWork && state.failures[f].left < run)
            fault("a failure has been passed over");
    } else if (repairs) {
      const FailureState& failure = state.failures[m.repairing];
      if (state.queue.time_of(i) != failure.began + failure.drawn) fault("its repair does not end when it is done");
    }
    const Condition condition = !m.open                         ? Condition::kOff
                                : m.faults > 0                  ? Condition::kDown
                                : m.phase == Phase::kBlocked    ? Condition::kBlocked
                                : m.phase == Phase::kHeld       ? Condition::kBlocked
                                : works && !m.running           ? Condition::kWaiting
                                : m.phase == Phase::kProcessing ? Condition::kWorking
                                : works                         ? Condition::kSetup
                                                                : Condition::kStarved;
    if (m.condition != condition) fault("its condition does not fit its phase");
    const std::uint32_t change = Slots(plant).calendars + data.calendar.value;
    const bool changes_now =
        data.calendar.valid() && state.queue.pending(change) && state.queue.time_of(change) == state.now;
    if (m.late &&
        (!m.open || m.phase == Phase::kIdle || plant.stations[data.station.value].when_closed != Interruption::kFinish))
      fault("it works on after closing where it should not");
    if (!changes_now && !m.late && m.open != plant.open_at(data.calendar, state.now))
      fault("it is open when its calendar is closed, or the reverse");
    if (condition == Condition::kStarved) {
      ++state.stations[data.station.value].idle;
      if (state.stations[data.station.value].queued > 0 && station.direct)
        for (const std::uint32_t l : queue_lots(state, data.station.value))
          if (may_do(plant, state, i, state.lots[l].choice, state.lots[l].step, l))
            fault("it is idle while lots wait for it");
      if (station.polling.serve != Serve::kAny && station.kind_count > 0) fault("it polls and stands still");
    }
    if (m.believed && m.phase != Phase::kProcessing) fault("an estimate belongs to no work");
    const auto belief = std::ranges::find(state.beliefs, i, &Belief::machine);
    if (m.believed != (belief != state.beliefs.end())) fault("its estimate is missing");
    if (m.believed && (belief->at_left < m.left || belief->at_left > m.total))
      fault("its estimate was made when more was left than there was, or less than there is");
  }
}

/// Where lots take machines from others, those under way must be able to stand in the queue.
void check_ranks(const PlantData& plant, const State& state) {
  for (std::uint32_t s = 0; s < plant.stations.size(); ++s) {
    const StationData& data = plant.stations[s];
    if (data.preempt == Preemption::kOff) continue;
    std::vector<std::uint64_t> arrivals;
    for (const std::uint32_t l : queue_lots(state, s)) arrivals.push_back(state.lots[l].arrival);
    for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
      if (const MachineState& machine = state.machines[m]; machine.lot != kNone && machine.phase != Phase::kBlocked)
        arrivals.push_back(state.lots[machine.lot].arrival);
    std::ranges::sort(arrivals);
    if (std::ranges::adjacent_find(arrivals) != arrivals.end() ||
        (!arrivals.empty() && arrivals.back() >= state.arrivals))
      refuse(fmt::format("lots under way at {} have no place in its queue", plant.station_names[s]));
  }
}

/// A belt, the lots on it and those that wait to get on. The first one on it stands in a station's line if it waits.
void read_belt(Reader& r, const PlantData& plant, State& state, std::uint32_t b, std::vector<bool>& placed) {
  BeltState& belt = state.belts[b];
  const BeltData& data = plant.belts[b];
  const auto fault = [&](const char* why) { refuse(fmt::format("conveyor {}: {}", plant.belt_names[b], why)); };
  r.past(belt.since, state.now);
  r.ticks(belt.clock, 0, belt.since - kOldest);
  const Tick longest = belt.clock + (state.now - belt.since);
  r.ticks(belt.last_on, kLongAgo, longest);
  r.ticks(belt.last_off, kLongAgo, longest);
  r.all(belt.stands, belt.visits);
  r.ticks(belt.jammed, 0, state.now - kOldest);
  belt.jammed_since = r.get<Tick>();
  if (belt.jammed_since != kNever &&
      (belt.jammed_since < kOldest || belt.jammed_since > state.now || belt.jammed > belt.jammed_since - kOldest))
    fault("its first lot has waited since before time began");
  r.all(belt.integral);
  const Tick clock = belt.stands ? belt.clock : longest;
  if (belt.last_on > clock || belt.last_off > clock) fault("it has run longer than its clock says");
  const auto own = [&](std::uint32_t l) {
    const StepData& step = plant.steps[state.lots[l].step];
    return step.way == Way::kBelt && step.carrier == b;
  };
  Tick boarded = 0;
  for (std::size_t i = 0, n = r.count(4); i < n; ++i) {
    std::uint32_t l = 0;
    r.index(l, state.lots.size());
    const Lot& lot = state.lots[l];
    const Tick on = state.carries_more ? state.more[l].boarded : 0;
    if (!own(l) || lot.place != Place::kBelt || (placed[l] && !(i == 0 && lot.blocked)) || (lot.blocked && i > 0) ||
        lot.blocked != placed[l] || on < boarded || on > belt.last_on)
      fault("the lots on it are impossible");
    boarded = on;
    placed[l] = true;
    belt_append(state, b, l);
  }
  if (belt.count > data.places) fault("it holds more lots than there are places");
  const bool jammed = belt.head != kNone && state.lots[belt.head].blocked;
  if (belt.stands != (jammed && !data.accumulating) || jammed != (belt.jammed_since != kNever))
    fault("it stands where it should move, or moves where it should stand");
  std::uint64_t last = 0;
  for (std::size_t i = 0, n = r.count(4); i < n; ++i) {
    std::uint32_t l = 0;
    r.index(l, state.lots.size());
    const Lot& lot = state.lots[l];
    if (!own(l) || placed[l] || !lot.blocked || lot.place == Place::kBelt || (i > 0 && lot.arrival <= last) ||
        lot.arrival >= state.arrivals)
      fault("the lots in front of it are impossible");
    last = lot.arrival;
    placed[l] = true;
    belt_push(state, b, l);
  }
}
/// The events of a belt: its first lot comes to the end, and the next one that waits may get on.
template <class Expect>
void check_belt(const PlantData& plant, const State& state, std::uint32_t b, const Expect& expect) {
  const BeltState& belt = state.belts[b];
  const BeltData& data = plant.belts[b];
  const std::uint32_t slot = Slots(plant).belts + 2 * b;
  const Tick clock = belt.clock + (belt.stands ? 0 : state.now - belt.since);
  const bool comes = belt.head != kNone && !state.lots[belt.head].blocked;
  Tick left = 0;
  if (comes)
    left = std::max<Tick>(
        0, std::max(data.time - (clock - state.more[belt.head].boarded), data.pitch - (clock - belt.last_off)));
  expect(slot, comes, "the end of a belt", state.now + left);
  Tick wait = std::max<Tick>(0, data.pitch - (clock - belt.last_on));
  if (const Tick past = (clock + wait) % data.pitch; data.slotted && past > 0) wait += data.pitch - past;
  const bool may = belt.blocked_head != kNone && !belt.stands && belt.count < data.places;
  const bool at_once = wait == 0 && comes && left == 0;  // after the lot that comes to the end at this instant
  const bool now = state.queue.pending(slot + 1) && state.queue.time_of(slot + 1) == state.now;
  expect(slot + 1, now || (may && !at_once), "the beginning of a belt", now ? state.now : state.now + wait);
}

void read_vehicle(Reader& r, const PlantData& plant, State& state, std::uint32_t i, std::vector<bool>& served) {
  VehicleState& v = state.vehicles[i];
  const std::uint32_t f = plant.vehicle_fleet[i];
  const FleetData& fleet = plant.fleets[f];
  const auto fault = [&](const char* why) { refuse(fmt::format("vehicle {}: {}", plant.vehicle_names[i], why)); };
  constexpr std::int64_t kFarthest = std::int64_t{1} << 60;
  r.past(v.since, state.now);
  r.past(v.began, state.now);
  r.span(v.span);
  r.past(v.free_since, state.now);
  r.ticks(v.charge, -kFarthest, fleet.range);
  r.ticks(v.driven, 0, kFarthest);
  r.all(v.trips, v.arrival);
  r.index(v.node, plant.node_names.size());
  r.index(v.target, plant.node_names.size());
  r.index(v.edge, plant.edges.size(), true);
  r.index(v.lot, state.lots.size(), true);
  r.all(v.task, v.moving);
  Tick before = v.since - kOldest;
  for (Tick& t : v.spent) {
    r.ticks(t, 0, before);
    before -= t;
  }
  if (v.task > Task::kCharge || v.arrival > state.arrivals) fault("it is about nothing known");
  const bool with_lot = v.task >= Task::kFetch && v.task <= Task::kUnload;
  if (with_lot != (v.lot != kNone)) fault("its task does not fit its lot");
  if (v.edge != kNone && (!v.drives() || plant.edges[v.edge].to != v.node))
    fault("it is on a way that it does not drive");
  if (v.moving && v.edge == kNone) fault("it moves beside the ways");
  if (!v.drives() && v.node != v.target && v.task != Task::kIdle) fault("it is not where it is to be");
  const bool charges = v.task == Task::kToCharge || v.task == Task::kCharge;
  if (charges && (fleet.range == 0 || v.target != fleet.charger)) fault("it is charged where nothing charges it");
  if (v.task == Task::kHome && v.target != fleet.home) fault("it drives home elsewhere");
  if (v.edge != kNone) ++state.tracks[plant.edges[v.edge].track];
  if (!with_lot) return;
  const Lot& lot = state.lots[v.lot];
  const StepData& step = plant.steps[lot.step];
  if (served[v.lot] || step.way != Way::kFleet || step.carrier != f) fault("it serves a lot of others");
  served[v.lot] = true;
  const bool fetches = v.task == Task::kFetch || v.task == Task::kLoad;
  if (fetches ? !state.more[v.lot].called || v.target != state.more[v.lot].from
              : lot.place != Place::kVehicle || v.target != plant.station_node[plant.choices[lot.choice].station.value])
    fault("its lot is elsewhere");
}
/// Vehicles, and the lots that wait for one: each has one that comes, or stands in the line.
void read_vehicles(Reader& r, const PlantData& plant, State& state) {
  if (plant.fleets.empty()) return;
  std::vector<bool> served(state.lots.size(), false);
  for (std::uint32_t v = 0; v < plant.vehicle_fleet.size(); ++v) read_vehicle(r, plant, state, v, served);
  std::vector<bool> wanted(plant.fleets.size(), false);
  for (std::size_t n = r.count(4); n > 0; --n) {
    std::uint32_t l = 0;
    r.index(l, state.lots.size());
    if (served[l] || !is_called(state, l)) refuse("the line of lots that wait for vehicles is impossible");
    served[l] = true;
    wanted[plant.steps[state.lots[l].step].carrier] = true;
    state.calls.push_back(l);
  }
  for (std::size_t l = 0; l < state.lots.size(); ++l)
    if (served[l] != (is_called(state, static_cast<std::uint32_t>(l)) || state.lots[l].place == Place::kVehicle))
      refuse("a lot has no vehicle, or needs none");
  const std::size_t nodes = plant.node_names.size();
  for (std::uint32_t i = 0; i < plant.vehicle_fleet.size(); ++i) {
    const VehicleState& v = state.vehicles[i];
    const auto fault = [&](const char* why) { refuse(fmt::format("vehicle {}: {}", plant.vehicle_names[i], why)); };
    const std::uint32_t f = plant.vehicle_fleet[i];
    const bool free = v.task == Task::kIdle || (v.task == Task::kHome && v.moving);
    if (free && wanted[f] && v.charge >= plant.fleets[f].reserve) fault("it has nothing to do while lots wait for it");
    if (!v.waits()) continue;
    const std::uint32_t next = plant.next_edge[v.node * nodes + v.target];
    if (next == kNone) fault("it waits where it is to be");
    const std::uint32_t track = plant.edges[next].track;
    if (v.edge != kNone && plant.edges[v.edge].track == track) fault("it waits for the way that it has");
    if (plant.tracks[track].capacity == 0 || state.tracks[track] < plant.tracks[track].capacity)
      fault("it waits for a way that is free");
  }
}
void read_queues(Reader& r, const PlantData& plant, State& state) {
  std::vector<bool> placed(state.lots.size(), false);
  for (std::uint32_t s = 0; s < plant.stations.size(); ++s) {
    StationState& station = state.stations[s];
    r.all(station.visits, station.lost, station.overdue, station.queue_integral, station.queue_time);
    for (const bool blocked : {false, true}) {
      std::uint64_t last = 0;
      const std::size_t n = r.count(4);
      for (std::size_t i = 0; i < n; ++i) {
        std::uint32_t l = 0;
        r.index(l, state.lots.size());
        Lot& lot = state.lots[l];
        if (placed[l] || lot.blocked != blocked || lot.place == Place::kParted ||
            (plant.steps[lot.step].way == Way::kBelt && blocked && lot.place != Place::kBelt) ||
            plant.choices[lot.choice].station.value != s || (!blocked && lot.place != Place::kQueue) ||
            (i > 0 && lot.arrival <= last) || lot.arrival >= state.arrivals)
          refuse(fmt::format("the queue of {} is impossible", plant.station_names[s]));
        placed[l] = true;
        last = lot.arrival;
        if (blocked) {
          blocked_push(state, s, l);
        } else {
          queue_push(state, s, kept_by(plant.stations[s]), l);
        }
      }
    }
  }
  for (std::uint32_t b = 0; b < plant.belts.size(); ++b) read_belt(r, plant, state, b, placed);
  read_vehicles(r, plant, state);
  for (std::uint32_t l = 0; l < state.lots.size(); ++l) {
    const Lot& lot = state.lots[l];
    const bool waits = lot.place == Place::kBelt || lot.place == Place::kQueue || lot.blocked ||
                       (lot.place == Place::kOutside && !is_called(state, l));
    if (waits != placed[l]) refuse("a lot waits nowhere, or in two places");
    if (lot.blocked && lot.place != Place::kMachine && lot.place != Place::kOutside && lot.place != Place::kBelt)
      refuse("a lot is blocked in a queue");
    if (lot.place == Place::kOutside && !lot.blocked && !is_called(state, l))
      refuse("a lot stands outside for no reason");
    if (lot.place != Place::kParted && !may_choose(plant, state, lot.choice, lot.step, l))
      refuse("a lot goes to another station than that to which it must return");
    if ((lot.machine != kNone) != (lot.place == Place::kMachine)) refuse("a lot is on a machine and elsewhere");
  }
}

void read_events(Reader& r, const PlantData& plant, State& state) {
  const Slots slots(plant);
  const std::size_t limit = slots.lots + state.lots.size();
  const auto next = r.get<std::uint64_t>();
  if (next >> 55 != 0) refuse("its sequence number is out of range");
  state.queue = kernel::EventQueue(limit);
  state.queue.restore_sequence(next);
  std::vector<std::uint64_t> sequences;
  std::pair<Tick, std::uint64_t> last{state.now, 0};
  for (std::size_t n = r.count(20); n > 0; --n) {
    kernel::Event event;
    r.ticks(event.time, state.now, state.now + kNever);
    r.all(event.order);
    r.index(event.slot, limit);
    if (event.priority() > static_cast<unsigned>(Priority::kCycle)) refuse("an event has no known priority");
    if (state.queue.pending(event.slot) || event.sequence() >= next || std::pair(event.time, event.order) < last)
      refuse("an event is there twice, or out of order");
    last = {event.time, event.order};
    sequences.push_back(event.sequence());
    state.queue.restore(event);
  }
  std::ranges::sort(sequences);
  if (std::ranges::adjacent_find(sequences) != sequences.end()) refuse("two events have one sequence number");
}

/// Where work is in cycles, whoever could begin with the next one has it pending.
void check_cycles(const PlantData& plant, const State& state) {
  const Slots slots(plant);
  std::vector<bool> saturated(plant.stations.size(), false);
  for (const SourceData& source : plant.sources)
    if (source.kind == SourceKind::kSaturate)
      saturated[plant.choices[plant.steps[plant.products[source.product.value].first_step].first_choice]
                    .station.value] = true;
  for (std::uint32_t s = 0; s < plant.stations.size(); ++s) {
    const StationData& data = plant.stations[s];
    const bool pending = state.queue.pending(slots.cycles + s);
    if (pending && (data.cycle == 0 || state.queue.time_of(slots.cycles + s) % data.cycle != 0))
      refuse("a cycle begins where or when none does");
    if (pending || data.cycle == 0) continue;
    for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m) {
      const bool idle = state.machines[m].condition == Condition::kStarved;
      if (state.machines[m].phase == Phase::kHeld ||
          (idle && (saturated[s] || (state.stations[s].queued > 0 && data.batch.most == 1))))
        refuse("a machine waits for a cycle that does not begin");
    }
  }
}

void check_events(const PlantData& plant, State& state) {
  const Slots slots(plant);
  const auto expect = [&](std::uint32_t slot, bool wanted, const char* what, Tick time) {
    if (state.queue.pending(slot) != wanted || (wanted && state.queue.time_of(slot) != time))
      refuse(fmt::format("a pending event does not fit: {}", what));
  };
  for (std::uint32_t f = 0; f < plant.modes.size(); ++f) {
    const FailureModeData& mode = plant.modes[f];
    const FailureState& failure = state.failures[f];
    const std::uint32_t slot = slots.modes + f;
    const Tick end = failure.began + failure.drawn;
    if (failure.down) {
      expect(slot, mode.apart() && !failure.waits, "a repair", end);
    } else if (mode.maintenance) {  // no more once it is due and waits for work to end
      const bool now = state.queue.pending(slot) && state.queue.time_of(slot) == state.now;
      const Tick opens = end - std::clamp<Tick>(mode.window, 0, std::max<Tick>(failure.drawn - 1, 0));
      if (!mode.by_clock() || !now)
        expect(slot, mode.by_clock() && end > state.now && end<kNever, "maintenance", opens> state.now ? opens : end);
    } else {
      const bool lasts = mode.level_count == 0 || plant.levels[mode.first_level + failure.level].lasts.valid();
      expect(slot, mode.by_clock() && failure.count < mode.limit && lasts, "a failure", end);
    }
  }
  for (std::uint32_t i = 0; i < plant.sources.size(); ++i)
    expect(slots.sources + i, plant.sources[i].kind == SourceKind::kRenewal, "an arrival",
           state.sources[i].last + state.sources[i].drawn);
  for (std::uint32_t c = 0; c < plant.calendars.size(); ++c) {
    const Tick next = plant.next_change(CalendarId{c}, state.now);
    const std::uint32_t slot = slots.calendars + c;
    const bool now = state.queue.pending(slot) && state.queue.time_of(slot) == state.now;  // stopped within an instant
    expect(slot, next < kNever, "a calendar", now ? state.now : next);
  }
  const bool release = state.next_order < plant.orders.size();
  expect(slots.order, release, "the next order",
         release ? std::max(plant.orders[state.next_order].release, state.now) : 0);
  const bool change = state.next_change < plant.changes.size();
  expect(slots.change, change, "a change of an order", change ? plant.changes[state.next_change].at : 0);
  for (std::uint32_t p = 0; p < plant.pools.size(); ++p)
    if (plant.pools[p].reorder == kNone)
      expect(slots.pools + p, plant.pools[p].supply.valid(), "a delivery", state.pools[p].last + state.pools[p].drawn);
  for (std::uint32_t r = 0; r < plant.reorders.size(); ++r) {
    const ReorderData& reorder = plant.reorders[r];
    const auto first = std::ranges::lower_bound(state.deliveries, reorder.pool, {}, &Delivery::pool);
    const bool coming = first != state.deliveries.end() && first->pool == reorder.pool;
    expect(slots.pools + reorder.pool, coming, "a delivery", coming ? first->due : 0);
    if (reorder.review == 0) {
      expect(slots.reviews + r, false, "a review", 0);
      continue;
    }
    const std::uint32_t slot = slots.reviews + r;
    const bool now = state.queue.pending(slot) && state.queue.time_of(slot) == state.now;  // stopped within an instant
    const Tick next = now ? state.now : PlantData::next_review(reorder, state.now);
    expect(slot, next < kNever, "a review", next);
  }
  for (std::uint32_t s = 0; s < plant.stations.size(); ++s)
    if (state.queue.pending(slots.stations + s) && plant.stations[s].batch.wait == kNever)
      refuse("a batch that waits for ever gives up waiting");
  check_cycles(plant, state);
  for (std::uint32_t b = 0; b < plant.belts.size(); ++b) check_belt(plant, state, b, expect);
  for (std::uint32_t i = 0; i < plant.vehicle_fleet.size(); ++i) {
    const VehicleState& v = state.vehicles[i];
    const bool busy = v.drives() ? v.moving : v.task != Task::kIdle;
    expect(slots.vehicles + i, busy, "a vehicle", v.began + v.span);
  }
  for (std::uint32_t l = 0; l < state.lots.size(); ++l) {
    const Lot& lot = state.lots[l];
    if (state.carries_more && state.more[l].decided && state.more[l].follows_choice != kNone) {
      const StationId to = plant.choices[state.more[l].follows_choice].station;
      if (to != plant.machines[lot.machine].station) ++state.stations[to.value].inbound;
    }
    const bool moving = lot.place == Place::kTransit;
    const StepData& step = plant.steps[lot.step];
    const bool ends = step.patience.valid() || window_end(plant, state, l) < kNever;
    const bool patient = lot.place == Place::kQueue && !lot.overdue && ends;
    const Tick end = lot.left < kNever - lot.entered ? lot.entered + lot.left : kNever;
    expect(slots.lots + l, moving || patient, "a trip, or a lot's patience", end);
    if (lot.place == Place::kVehicle || is_called(state, l))
      ++state.stations[plant.choices[lot.choice].station.value].inbound;
    if (!moving) continue;
    if (!plant.steps[state.lots[l].step].transport.valid()) refuse("a lot travels where there is no way");
    ++state.stations[plant.choices[state.lots[l].choice].station.value].inbound;
  }
}

/// States of machines exist, and those who are in one that is repaired at once are being repaired.
void check_levels(const PlantData& plant, const State& state) {
  for (std::size_t f = 0; f < plant.modes.size(); ++f) {
    const FailureModeData& mode = plant.modes[f];
    const FailureState& failure = state.failures[f];
    if (failure.level >= std::max(1U, mode.level_count)) refuse("a machine is in a state that it does not have");
    if (mode.level_count == 0) continue;
    const LevelData& level = plant.levels[mode.first_level + failure.level];
    if (failure.down ? level.care == Care::kIgnored : level.care == Care::kAtOnce)
      refuse("a machine is repaired in a state in which it is not, or the reverse");
  }
}
/// What is on its way, of materials that are ordered, in order; as much as the pools say.
void read_deliveries(Reader& r, const PlantData& plant, State& state) {
  std::vector<std::int64_t> coming(plant.pools.size(), 0);
  std::vector<std::pair<std::uint32_t, std::uint64_t>> numbers;
  for (const PoolState& pool : state.pools)
    if (pool.ordered >> 62 != 0) refuse("a count of orders is out of range");
  for (std::size_t n = r.count(36); n > 0; --n) {
    Delivery d;
    r.index(d.pool, plant.pools.size());
    r.all(d.amount);
    r.past(d.ordered, state.now);
    r.ticks(d.due, state.now, state.now + kNever);
    r.all(d.number);
    const auto rank = [](const Delivery& one) { return std::tuple(one.pool, one.due, one.number); };
    if (plant.pools[d.pool].reorder == kNone || d.amount < 1 || d.amount > kMostMaterial ||
        d.number >= state.pools[d.pool].ordered ||
        (!state.deliveries.empty() && rank(state.deliveries.back()) >= rank(d)))
      refuse("a delivery of material is impossible");
    coming[d.pool] = std::min(coming[d.pool] + d.amount, 2 * kMostMaterial);
    state.deliveries.push_back(d);
    numbers.emplace_back(d.pool, d.number);
  }
  std::ranges::sort(numbers);
  if (std::ranges::adjacent_find(numbers) != numbers.end()) refuse("one order is delivered twice");
  for (std::size_t p = 0; p < plant.pools.size(); ++p)
    if (state.pools[p].coming != coming[p] || coming[p] > kMostMaterial)
      refuse(fmt::format("pool {} has another amount on order than is on its way", plant.pool_names[p]));
}

void read_totals(Reader& r, const PlantData& plant, State& state) {
  for (FailureState& f : state.failures) {
    r.span(f.left);
    r.span(f.drawn);
    r.past(f.began, state.now);
    r.all(f.count, f.renewals, f.level);
    r.past(f.level_since, state.now);
    r.all(f.pools, f.down, f.waits);
  }
  for (Tick& t : state.level_time) r.ticks(t, 0, state.now - kOldest);
  check_levels(plant, state);
  for (PoolState& p : state.pools) {
    r.all(p.level, p.promised, p.deliveries, p.lost, p.asked, p.coming, p.ordered, p.shortages, p.used);
    r.past(p.last, state.now);
    r.span(p.drawn);
    r.past(p.since, state.now);
    r.all(p.open, p.integral, p.short_integral, p.short_time, p.coming_integral, p.open_time, p.away, p.reground,
          p.replaced, p.away_integral, p.walking, p.walk_integral);
  }
  for (UnitState& u : state.units) {
    r.span(u.left);
    r.span(u.drawn);
    r.past(u.began, state.now);
    r.all(u.lives, u.ground);
    r.index(u.machine, plant.machines.size(), true);
    r.index(u.at, plant.stations.size(), true);
    r.all(u.away);
  }
  read_deliveries(r, plant, state);
  for (std::size_t n = r.count(4); n > 0; --n) {
    Waiting one;
    r.index(one.who, plant.machines.size() + plant.modes.size());
    state.waiting.push_back(one);
  }
  for (SourceState& s : state.sources) {
    r.all(s.count, s.gone);
    if (s.count >> (plant.splits ? kSerialBits - 1 : 62U) != 0)
      refuse("a count of lots is out of range");  // see sublot_serial()
    r.past(s.last, state.now);
    r.span(s.drawn);
  }
  for (std::size_t i = 0; i < state.orders.size(); ++i) {
    OrderState& o = state.orders[i];
    r.all(o.released, o.finished, o.scrapped);
    r.ticks(o.finish, kOldest, kNever);
    r.all(o.quantity, o.cancelled, o.withdrawn, o.given, o.taken, o.priority);
    r.ticks(o.due, -kNever, kNever);
    r.all(o.promised);
    const bool moved = o.given > 0 || o.taken > 0;
    if (o.quantity > most_lots(plant, static_cast<std::uint32_t>(i)) || o.released > kMostLots || o.taken > kMostLots ||
        o.given > std::uint64_t{o.released} + o.taken || (moved && !plant.lots_carry_more) ||
        std::uint64_t{o.finished} + o.scrapped + o.cancelled > o.accounted() ||
        std::uint64_t{o.withdrawn} + o.accounted() > o.quantity)
      refuse(fmt::format("order {} has more lots than it ordered", plant.order_names[i]));
    const bool drawn = !plant.orders[i].own_due && plant.dues[plant.orders[i].product.value].rule == DueRule::kRandom;
    if (!o.promised && (!drawn || o.due != kNever || o.accounted() > 0))
      refuse(fmt::format("order {} has no due date where it should have one", plant.order_names[i]));
    state.open_orders += o.open();
  }
  for (std::uint32_t i = 0; i < state.next_order; ++i)
    if (state.orders[i].unreleased() > 0) refuse("an order was passed over");
  if (state.next_order < plant.orders.size() && state.orders[state.next_order].unreleased() == 0)
    refuse("an order is released twice");
  for (ProductTotals& p : state.products)
    r.all(p.released, p.completed, p.scrapped, p.reworked, p.lost, p.late, p.in_process, p.wip_integral, p.cycle_time,
          p.waiting, p.tardiness, p.cancelled);
  if (plant.has_carriers)
    for (ProductTotals& p : state.products) r.all(p.carried);
  state.samples.resize(plant.samples);
  for (std::uint64_t& n : state.samples) r.all(n);
}

/// True for the serials of the sublots of a lot.
bool is_sublot(const PlantData& plant, const Lot& whole, std::uint64_t serial) {
  const std::uint32_t most = plant.steps[whole.step].fork_count;
  for (std::uint32_t number = 1; number <= most; ++number)
    if (serial == sublot_serial(whole.serial, number)) return true;
  return false;
}

/// Lots in process, by product and by order, must be as many as the counts say.
void check_lots(const PlantData& plant, const State& state) {
  std::vector<std::uint64_t> by_product(plant.products.size(), 0);
  std::vector<std::uint64_t> by_source(plant.sources.size(), 0);
  std::vector<std::uint64_t> by_order(plant.orders.size(), 0);
  std::vector<std::uint32_t> parts(state.lots.size(), 0);
  std::vector<std::uint64_t> last(state.lots.size(), 0);  // serial of the last sublot of each lot
  for (std::size_t i = 0; i < state.lots.size(); ++i) {
    const Lot& lot = state.lots[i];
    const auto rank = [](const Lot& l) { return std::tuple(l.source, l.serial, l.step); };
    if (i > 0 && rank(state.lots[i - 1]) >= rank(lot)) refuse("its lots are not in order");
    if (lot.whole != kNone) {
      if (lot.whole >= state.lots.size()) refuse("a part belongs to nothing");
      const Lot& whole = state.lots[lot.whole];
      if (whole.source != lot.source || whole.step != plant.steps[lot.step].within ||
          (!plant.steps[whole.step].splits && whole.serial != lot.serial))
        refuse("a part belongs to another lot");
      if (plant.steps[whole.step].splits) {
        if (!is_sublot(plant, whole, lot.serial)) refuse("a sublot belongs to another lot");
        if (lot.serial <= last[lot.whole]) refuse("a sublot is there twice");
        last[lot.whole] = lot.serial;
      }
      ++parts[lot.whole];
      continue;
    }
    ++by_product[plant.steps[lot.step].product.value];
    const std::size_t order = lot.source - plant.sources.size();
    const bool ordered = lot.source >= plant.sources.size();
    ++(ordered ? by_order[order_of(plant, state, static_cast<std::uint32_t>(i))] : by_source[lot.source]);
    if (lot.serial >= (ordered ? state.orders[order].released : state.sources[lot.source].count))
      refuse("a lot is in process before its release");
  }
  for (std::size_t i = 0; i < state.lots.size(); ++i)
    if (parts[i] != state.lots[i].parts) refuse("the parts of a lot do not add up");
  for (std::size_t i = 0; i < by_product.size(); ++i)
    if (by_product[i] != state.products[i].in_process)
      refuse(fmt::format("{} has {} lots in process, not {}", plant.product_names[i], by_product[i],
                         state.products[i].in_process));
  for (std::size_t i = 0; i < plant.sources.size(); ++i)
    if ((plant.sources[i].kind == SourceKind::kConwip || plant.sources[i].kind == SourceKind::kKeep) &&
        state.sources[i].count - state.sources[i].gone != by_source[i])
      refuse(fmt::format("source {} has lost lots", plant.source_names[i]));
  for (std::size_t i = 0; i < by_order.size(); ++i)
    if (by_order[i] != state.orders[i].in_process())
      refuse(fmt::format("order {} has another number of lots in process than it released", plant.order_names[i]));
}

void read_beliefs(Reader& r, const PlantData& plant, State& state) {
  for (std::size_t n = r.count(8); n > 0; --n) {
    Belief b;
    r.index(b.machine, plant.machines.size());
    r.span(b.at_left);
    for (Tick& q : b.quantiles) r.span(q);
    if (!std::ranges::is_sorted(b.quantiles) || (!state.beliefs.empty() && state.beliefs.back().machine >= b.machine))
      refuse("an estimate is out of order");
    state.beliefs.push_back(b);
  }
}

}  // namespace

void check_plant(const Plant& plant, const State& state, const char* what) {
  if (state.plant != plant.digest())
    throw InvalidArgument(
        fmt::format("{}: the state belongs to another plant (digest {:016x}, this plant has {:016x}); migrate it first",
                    what, state.plant, plant.digest()));
}

std::string State::save(const Plant& of) const {
  check_plant(of, *this, "save");
  Writer w;
  w.text(kMagic);
  w.all(kVersion, of.digest());
  w.text(body(of.data(), *this));
  w.put(checksum(w.bytes()));
  return w.bytes();
}

State State::load(std::string_view bytes, const Plant& of) {
  if (bytes.size() < kMagic.size() + 20 || bytes.substr(0, kMagic.size()) != kMagic)
    refuse("these bytes are no saved state (it begins with TWINSTAT)");
  Reader head(bytes.substr(kMagic.size(), 12));
  const auto version = head.get<std::uint32_t>();
  if (version != kVersion) refuse(fmt::format("version {} cannot be read; allowed: {}", version, kVersion));
  const auto digest = head.get<std::uint64_t>();
  const std::string_view covered = bytes.substr(0, bytes.size() - 8);
  if (Reader(bytes.substr(bytes.size() - 8)).get<std::uint64_t>() != checksum(covered))
    refuse("the checksum does not fit: the bytes are damaged or cut off");
  if (digest != of.digest())
    refuse(fmt::format("it belongs to another plant (digest {:016x}, this plant has {:016x})", digest, of.digest()));

  const PlantData& data = of.data();
  Reader r(covered.substr(kMagic.size() + 12));
  State state;
  state.plant = digest;
  r.ticks(state.now, kOldest, kNever);
  r.all(state.seed.value, state.replication, state.arrivals, state.events, state.history);
  if (state.arrivals >> 62 != 0) refuse("its count of arrivals is out of range");
  r.index(state.next_order, data.orders.size() + 1);
  r.index(state.next_change, data.changes.size() + 1);
  state.key = draw_key(state.seed, state.replication);
  state.machines.resize(data.machines.size());
  state.stations.resize(data.stations.size());
  state.failures.resize(data.modes.size());
  state.level_time.resize(data.levels.size());
  state.sources.resize(data.sources.size());
  state.orders.resize(data.orders.size());
  state.products.resize(data.products.size());
  state.pools.resize(data.pools.size());
  state.belts.resize(data.belts.size());
  state.vehicles.resize(data.vehicle_fleet.size());
  state.tracks.resize(data.tracks.size());
  state.units.resize(data.unit_count);
  std::vector<std::vector<std::uint32_t>> loads(data.machines.size());
  for (std::uint32_t i = 0; i < state.machines.size(); ++i) {
    read_machine(r, data, state.now, state.machines[i]);
    read_load(r, state.machines[i], loads[i]);
  }
  read_totals(r, data, state);
  state.lots.resize(r.count(80));
  state.carries_more = data.lots_carry_more;
  state.marks_per_lot = data.marks_per_lot;
  if (state.carries_more) state.more.resize(state.lots.size());
  state.marks.resize(state.lots.size() * state.marks_per_lot);
  const auto marked = marked_steps(data);
  for (std::uint32_t l = 0; l < state.lots.size(); ++l) {
    read_lot(r, data, state.now, state.lots[l]);
    if (state.carries_more) read_more(r, data, state.now, state.lots[l], state.more[l]);
    read_marks(r, data, state, l, marked);
  }
  state.lot_count = static_cast<std::uint32_t>(state.lots.size());
  check_lots(data, state);
  chain_loads(state, loads);
  read_queues(r, data, state);
  read_beliefs(r, data, state);
  read_events(r, data, state);
  if (!r.done()) refuse("something follows its end");
  check_machines(data, state);
  check_line(data, state);
  check_ranks(data, state);
  check_units(data, state);
  check_events(data, state);
  return state;
}

std::uint64_t State::digest(const Plant& p) const {
  check_plant(p, *this, "digest");
  return checksum(body(p.data(), *this));
}

bool equal(const Plant& plant, const State& a, const State& b) {
  check_plant(plant, a, "equal");
  check_plant(plant, b, "equal");
  return body(plant.data(), a) == body(plant.data(), b);
}

}  // namespace twin
