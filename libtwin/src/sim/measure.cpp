#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "twin/base/error.hpp"
#include "twin/sim/advance.hpp"

namespace twin {
namespace {

constexpr double kNoData = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kShareNames[kConditions] = {"share.starved", "share.working", "share.setup",  "share.blocked",
                                                  "share.down",    "share.off",     "share.waiting"};

double seconds(Wide ticks) noexcept { return static_cast<double>(ticks) * 1e-9; }
double ratio(double above, double below) noexcept { return below > 0 ? above / below : kNoData; }
double count(std::uint64_t before, std::uint64_t after) noexcept { return static_cast<double>(after - before); }

/// Time spent in each condition between two states.
struct Occupation {
  std::array<Wide, kConditions> in{};

  void add(const MachineState& machine, Tick now, int sign) noexcept {
    for (std::size_t c = 0; c < kConditions; ++c) in[c] += Wide{sign} * machine.in_condition[c];
    in[static_cast<std::size_t>(machine.condition)] += Wide{sign} * (now - machine.since);
  }
  [[nodiscard]] Wide total() const noexcept {
    Wide sum = 0;
    for (const Wide part : in) sum += part;
    return sum;
  }
};

/// Lots of one product, or of all, between two states.
struct Flow {
  double completed = 0, scrapped = 0, reworked = 0, lost = 0, late = 0, cancelled = 0;
  Wide wip = 0, cycle_time = 0, waiting = 0, tardiness = 0, carried = 0;

  void add(const ProductTotals& a, Tick from, const ProductTotals& b, Tick to) noexcept {
    completed += count(a.completed, b.completed);
    scrapped += count(a.scrapped, b.scrapped);
    reworked += count(a.reworked, b.reworked);
    lost += count(a.lost, b.lost);
    late += count(a.late, b.late);
    cancelled += count(a.cancelled, b.cancelled);
    wip += b.wip_integral + Wide{b.in_process} * to - a.wip_integral - Wide{a.in_process} * from;
    cycle_time += b.cycle_time - a.cycle_time;
    waiting += b.waiting - a.waiting;
    tardiness += b.tardiness - a.tardiness;
    carried += b.carried - a.carried;
  }
};

/// Walks through the figures of a plant in their order: add(what, quantity, unit, value). The names come from here
/// too, so that names and values cannot part.
template <class Add>
class Walk {
 public:
  Walk(const PlantData& plant, const State& begin, const State& end, Add add)
      : plant_(plant), begin_(begin), end_(end), span_(end.now - begin.now), add_(std::move(add)) {}

  void run() {
    products();
    orders();
    stations();
    pools();
    belts();
    fleets();
    whole();
  }

 private:
  void flow(const std::string& what, const Flow& f) {
    add_(what, "throughput", "1/s", ratio(f.completed, seconds(span_)));
    add_(what, "wip", "1", ratio(seconds(f.wip), seconds(span_)));
    add_(what, "cycle_time", "s", ratio(seconds(f.cycle_time), f.completed));
    add_(what, "waiting_time", "s", ratio(seconds(f.waiting), f.completed));
    if (plant_.has_carriers) add_(what, "transport_time", "s", ratio(seconds(f.carried), f.completed));
    add_(what, "tardiness", "s", ratio(seconds(f.tardiness), f.completed));
    add_(what, "late", "1", ratio(f.late, f.completed));
    add_(what, "completed", "1", f.completed);
    add_(what, "scrapped", "1", f.scrapped);
    add_(what, "reworked", "1", f.reworked);
    add_(what, "lost", "1", f.lost);
    if (!plant_.changes.empty()) add_(what, "cancelled", "1", f.cancelled);
  }
  /// Lots of an order that were cancelled in between, released or not.
  [[nodiscard]] double withdrawals(std::size_t o) const {
    return count(begin_.orders[o].cancelled, end_.orders[o].cancelled) +
           count(begin_.orders[o].withdrawn, end_.orders[o].withdrawn);
  }

  void products() {
    Flow all;
    for (std::size_t p = 0; p < plant_.products.size(); ++p) {
      Flow one;
      one.add(begin_.products[p], begin_.now, end_.products[p], end_.now);
      if (!plant_.changes.empty())
        for (std::size_t o = 0; o < plant_.orders.size(); ++o)
          if (plant_.orders[o].product.value == p)
            one.cancelled += count(begin_.orders[o].withdrawn, end_.orders[o].withdrawn);
      all.add(begin_.products[p], begin_.now, end_.products[p], end_.now);
      all.cancelled += one.cancelled - count(begin_.products[p].cancelled, end_.products[p].cancelled);
      flow(plant_.product_names[p], one);
    }
    flow(plant_name_, all);
  }

  void orders() {
    if (plant_.orders.empty()) return;
    double tardiness = 0, late = 0, with_due = 0;
    Tick last = 0;
    bool open = false, any = false;
    for (std::size_t o = 0; o < plant_.orders.size(); ++o) {
      const OrderState& state = end_.orders[o];
      const bool cancelled = state.finished + state.scrapped == 0;  // whole
      const bool done = state.open() == 0 && !cancelled;
      const bool due = state.due < kNever;
      const Tick over = done && due ? std::max<Tick>(state.finish - state.due, 0) : 0;
      open = open || state.open() > 0;
      any = any || done;
      if (done) last = std::max(last, state.finish);
      if (done && due) {
        with_due += 1;
        tardiness += seconds_from_ticks(over);
        late += over > 0 ? 1 : 0;
      }
      add_(plant_.order_names[o], "finish", "s", done ? seconds_from_ticks(state.finish) : kNoData);
      if (!plant_.changes.empty() && !names_a_product(plant_.order_names[o]))
        add_(plant_.order_names[o], "cancelled", "1", withdrawals(o));
      if (names_a_product(plant_.order_names[o])) continue;
      add_(plant_.order_names[o], "tardiness", "s", done && due ? seconds_from_ticks(over) : kNoData);
      add_(plant_.order_names[o], "late", "1", done && due ? (over > 0 ? 1.0 : 0.0) : kNoData);
    }
    add_(order_name_, "finish", "s", open || !any ? kNoData : seconds_from_ticks(last));
    add_(order_name_, "tardiness", "s", ratio(tardiness, with_due));
    add_(order_name_, "late", "1", ratio(late, with_due));
  }

  /// Energy and money of machines of a station in so much time in each condition.
  void rates(const std::string& what, std::size_t station, const Occupation& o) {
    const auto sum = [&](const std::vector<double>& by_condition) {
      double all = 0;
      for (std::size_t c = 0; c < kConditions; ++c) all += by_condition[station * kConditions + c] * seconds(o.in[c]);
      return all;
    };
    if (!plant_.power.empty()) {
      const double energy = sum(plant_.power);
      energy_ += energy;
      add_(what, "energy", "J", energy);
    }
    if (!plant_.machine_cost.empty()) {
      const double cost = sum(plant_.machine_cost);
      cost_ += cost;
      add_(what, "cost", plant_.currency.c_str(), cost);
    }
  }
  /// Of everything together.
  void whole() {
    if (!plant_.power.empty()) {
      add_(plant_name_, "energy", "J", energy_);
      if (plant_.carbon > 0) add_(plant_name_, "carbon", "kg", energy_ * plant_.carbon);
    }
    if (plant_.currency.empty()) return;
    for (std::size_t p = 0; p < plant_.products.size(); ++p) {
      Flow one;
      one.add(begin_.products[p], begin_.now, end_.products[p], end_.now);
      cost_ += seconds(one.wip) * plant_.holding_cost[p] + seconds(one.tardiness) * plant_.lateness_cost[p];
    }
    add_(plant_name_, "cost", plant_.currency.c_str(), cost_);
  }

  void occupation(const std::string& what, const Occupation& o) {
    const Wide total = o.total();
    const Wide open = total - o.in[static_cast<std::size_t>(Condition::kOff)];
    const Wide working = o.in[static_cast<std::size_t>(Condition::kWorking)];
    add_(what, "utilisation", "1", ratio(seconds(working), seconds(open)));
    for (std::size_t c = 0; c < kConditions; ++c) {
      if (c == static_cast<std::size_t>(Condition::kWaiting) && plant_.pools.empty()) continue;  // for what?
      add_(what, kShareNames[c], "1", ratio(seconds(o.in[c]), seconds(total)));
    }
  }

  void stations() {
    for (std::size_t s = 0; s < plant_.stations.size(); ++s) {
      const StationData& station = plant_.stations[s];
      const StationState &a = begin_.stations[s], &b = end_.stations[s];
      const std::string& name = plant_.station_names[s];
      const Wide queued = b.queue_integral + Wide{b.queued} * end_.now - a.queue_integral - Wide{a.queued} * begin_.now;
      const double visits = count(a.visits, b.visits);
      add_(name, "queue_length", "1", ratio(seconds(queued), seconds(span_)));
      add_(name, "queue_time", "s", ratio(seconds(b.queue_time - a.queue_time), visits));
      add_(name, "visits", "1", visits);
      // A product of the same name has this figure already; all others differ in their names.
      if (std::ranges::find(plant_.product_names, name) == plant_.product_names.end())
        add_(name, "lost", "1", count(a.lost, b.lost));
      if (is_waited_impatiently(s)) add_(name, "overdue", "1", count(a.overdue, b.overdue));
      Occupation all;
      for (std::uint32_t m = station.first_machine; m < station.first_machine + station.machine_count; ++m) {
        all.add(begin_.machines[m], begin_.now, -1);
        all.add(end_.machines[m], end_.now, 1);
      }
      occupation(name, all);
      wear(name, station.first_machine, station.machine_count);
      rates(name, s, all);
      for (std::uint32_t m = station.first_machine; m < station.first_machine + station.machine_count; ++m) {
        if (station.machine_count == 1 && !has_its_own_name(m, name)) continue;
        Occupation one;
        one.add(begin_.machines[m], begin_.now, -1);
        one.add(end_.machines[m], end_.now, 1);
        add_(plant_.machine_names[m], "visits", "1", count(begin_.machines[m].visits, end_.machines[m].visits));
        occupation(plant_.machine_names[m], one);
        wear(plant_.machine_names[m], m, 1);
      }
    }
  }

  /// Time in each of the states that these machines, all alike, wear through.
  void wear(const std::string& what, std::uint32_t first, std::uint32_t machines) {
    if (plant_.machines[first].wear == kNone) return;
    const auto time_in = [&](const State& state, std::uint32_t m, std::uint32_t level) {
      const std::uint32_t f = plant_.machines[m].wear;
      const FailureState& failure = state.failures[f];
      return Wide{state.level_time[plant_.modes[f].first_level + level]} +
             (failure.level == level ? state.now - failure.level_since : 0);
    };
    const FailureModeData& mode = plant_.modes[plant_.machines[first].wear];
    for (std::uint32_t level = 0; level < mode.level_count; ++level) {
      Wide sum = 0;
      for (std::uint32_t m = first; m < first + machines; ++m)
        sum += time_in(end_, m, level) - time_in(begin_, m, level);
      const std::string quantity = "share." + plant_.level_names[mode.first_level + level];
      add_(what, quantity.c_str(), "1", ratio(seconds(sum), seconds(span_ * machines)));
    }
  }

  /// Operators, tools and crews: their share of open time in use. Material: its mean level, and what found no place.
  void pools() {
    for (std::size_t p = 0; p < plant_.pools.size(); ++p) {
      const PoolData& data = plant_.pools[p];
      const PoolState &a = begin_.pools[p], &b = end_.pools[p];
      const std::string& name = plant_.pool_names[p];
      const Wide level =
          b.integral + Wide{b.level} * (end_.now - b.since) - a.integral - Wide{a.level} * (begin_.now - a.since);
      if (data.material) {
        add_(name, "level", "1", ratio(seconds(level), seconds(span_)));
        add_(name, "used", "1", count(a.used, b.used));
        material(p, level);
        continue;
      }
      const Wide open =
          b.open_time + (b.open ? end_.now - b.since : 0) - a.open_time - (a.open ? begin_.now - a.since : 0);
      add_(name, "utilisation", "1", ratio(seconds(level), seconds(open * data.count)));
      if (data.walk != kNone) {
        const auto walked = [](const PoolState& pool, const State& state) {
          return pool.walk_integral + Wide{pool.walking} * (state.now - pool.since);
        };
        add_(name, "walking", "1", ratio(seconds(walked(b, end_) - walked(a, begin_)), seconds(span_)));
      }
      if (data.life != kNone) {
        const auto away = [](const PoolState& pool, const State& state) {
          return pool.away_integral + Wide{pool.away} * (state.now - pool.since);
        };
        add_(name, "regrinds", "1", count(a.reground, b.reground));
        add_(name, "replaced", "1", count(a.replaced, b.replaced));
        add_(name, "away", "1", ratio(seconds(away(b, end_) - away(a, begin_)), seconds(span_)));
      }
      if (!plant_.currency.empty()) pool_cost(name, seconds(open * data.count) * plant_.pool_cost[p]);
    }
  }
  /// What is short of a material, what is on order, and what it costs.
  void material(std::size_t p, Wide level) {
    const PoolData& data = plant_.pools[p];
    const PoolState &a = begin_.pools[p], &b = end_.pools[p];
    const std::string& name = plant_.pool_names[p];
    const auto until = [](const PoolState& pool, const State& state, Wide sum, std::int64_t now) {
      return sum + Wide{now} * (state.now - pool.since);
    };
    const auto lacking = [](const PoolState& pool) { return std::max<std::int64_t>(pool.asked - pool.level, 0); };
    const Wide lack = until(b, end_, b.short_integral, lacking(b)) - until(a, begin_, a.short_integral, lacking(a));
    const Wide lack_time =
        until(b, end_, b.short_time, lacking(b) > 0) - until(a, begin_, a.short_time, lacking(a) > 0);
    add_(name, "shortages", "1", count(a.shortages, b.shortages));
    add_(name, "short", "1", ratio(seconds(lack), seconds(span_)));
    add_(name, "share.short", "1", ratio(seconds(lack_time), seconds(span_)));
    if (data.reorder != kNone) {
      add_(name, "orders", "1", count(a.ordered, b.ordered));
      const Wide coming = until(b, end_, b.coming_integral, b.coming) - until(a, begin_, a.coming_integral, a.coming);
      add_(name, "on_order", "1", ratio(seconds(coming), seconds(span_)));
    }
    if (!plant_.currency.empty())
      pool_cost(name, count(a.used, b.used) * plant_.pool_cost[p] + count(a.ordered, b.ordered) * plant_.order_cost[p] +
                          seconds(level) * plant_.stock_cost[p] + seconds(lack) * plant_.short_cost[p]);
    if (data.supply.valid() || (data.reorder != kNone && data.places >= 0))
      add_(name, "lost", "1", count(a.lost, b.lost));
  }
  void pool_cost(const std::string& name, double cost) {
    cost_ += cost;
    add_(name, "cost", plant_.currency.c_str(), cost);
  }

  /// Conveyors: lots on them, and the time in which the first one could not leave.
  void belts() {
    const auto jammed = [](const BeltState& belt, Tick now) {
      return belt.jammed + (belt.jammed_since == kNever ? 0 : now - belt.jammed_since);
    };
    for (std::size_t b = 0; b < plant_.belts.size(); ++b) {
      const BeltState &from = begin_.belts[b], &to = end_.belts[b];
      const std::string& name = plant_.belt_names[b];
      const Wide level = to.integral + Wide{to.count} * end_.now - from.integral - Wide{from.count} * begin_.now;
      add_(name, "level", "1", ratio(seconds(level), seconds(span_)));
      add_(name, "utilisation", "1", ratio(seconds(level), seconds(span_) * plant_.belts[b].places));
      add_(name, "visits", "1", count(from.visits, to.visits));
      add_(name, "share.blocked", "1",
           ratio(seconds(Wide{jammed(to, end_.now)} - jammed(from, begin_.now)), seconds(span_)));
    }
  }

  /// Vehicles, each and all of a fleet: what their time goes into, and how far they have come.
  void fleets() {
    constexpr std::array names{"share.idle",     "share.empty",   "share.loaded",
                               "share.handling", "share.waiting", "share.charging"};
    static_assert(names.size() == kActivities);
    const auto tell = [&](const std::string& what, std::uint32_t first, std::uint32_t vehicles, bool charges) {
      std::array<Wide, kActivities> spent{};
      double driven = 0;
      double trips = 0;
      for (std::uint32_t v = first; v < first + vehicles; ++v) {
        const VehicleState &a = begin_.vehicles[v], &b = end_.vehicles[v];
        for (std::size_t i = 0; i < kActivities; ++i) spent[i] += Wide{b.spent[i]} - a.spent[i];
        spent[static_cast<std::size_t>(b.activity())] += end_.now - b.since;
        spent[static_cast<std::size_t>(a.activity())] -= begin_.now - a.since;
        driven += static_cast<double>(b.driven - a.driven) * 1e-6;
        trips += count(a.trips, b.trips);
      }
      Wide all = 0;
      for (const Wide part : spent) all += part;
      const Wide rest =
          spent[static_cast<std::size_t>(Activity::kIdle)] + spent[static_cast<std::size_t>(Activity::kCharging)];
      add_(what, "utilisation", "1", ratio(seconds(all - rest), seconds(all)));
      for (std::size_t i = 0; i < kActivities; ++i)
        if (charges || i != static_cast<std::size_t>(Activity::kCharging))
          add_(what, names[i], "1", ratio(seconds(spent[i]), seconds(all)));
      add_(what, "distance", "m", driven);
      add_(what, "trips", "1", trips);
    };
    for (std::size_t f = 0; f < plant_.fleets.size(); ++f) {
      const FleetData& fleet = plant_.fleets[f];
      const bool charges = fleet.range > 0;
      tell(plant_.fleet_names[f], fleet.first_vehicle, fleet.vehicle_count, charges);
      if (fleet.vehicle_count < 2) continue;
      for (std::uint32_t v = fleet.first_vehicle; v < fleet.first_vehicle + fleet.vehicle_count; ++v)
        tell(plant_.vehicle_names[v], v, 1, charges);
    }
  }

  /// True for a station whose queue some lots leave when they have waited long enough.
  [[nodiscard]] bool is_waited_impatiently(std::size_t station) const {
    return std::ranges::any_of(plant_.steps, [&](const StepData& step) {
      for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
        if (plant_.choices[c].station.value == station && step.limited) return true;
      return false;
    });
  }

  [[nodiscard]] bool names_a_product(const std::string& name) const {
    return std::find(plant_.product_names.begin(), plant_.product_names.end(), name) != plant_.product_names.end();
  }

  /// False for a machine that is called as its station, or `<station>.1` because nobody named it.
  [[nodiscard]] bool has_its_own_name(std::uint32_t machine, const std::string& station) const {
    const std::string_view name = plant_.machine_names[machine];
    if (!name.starts_with(station)) return true;
    const std::string_view rest = name.substr(station.size());
    return !rest.empty() && rest != ".1";
  }

  const PlantData& plant_;
  const State& begin_;
  const State& end_;
  Wide span_;
  Add add_;
  double energy_ = 0, cost_ = 0;  ///< of all stations and pools so far
  const std::string plant_name_ = "plant", order_name_ = "order";
};

bool fits(const PlantData& plant, const State& state) noexcept {
  return state.machines.size() == plant.machines.size() && state.stations.size() == plant.stations.size() &&
         state.products.size() == plant.products.size() && state.orders.size() == plant.orders.size() &&
         state.pools.size() == plant.pools.size() && state.belts.size() == plant.belts.size() &&
         state.vehicles.size() == plant.vehicle_fleet.size() && state.failures.size() == plant.modes.size() &&
         state.level_time.size() == plant.levels.size() && state.units.size() == plant.unit_count;
}

}  // namespace

std::vector<Metric> metrics(const Plant& plant) {
  const PlantData& data = plant.data();
  State blank;
  blank.machines.resize(data.machines.size());
  blank.stations.resize(data.stations.size());
  blank.products.resize(data.products.size());
  blank.orders.resize(data.orders.size());
  blank.pools.resize(data.pools.size());
  blank.units.resize(data.unit_count);
  blank.failures.resize(data.modes.size());
  blank.level_time.resize(data.levels.size());
  blank.belts.resize(data.belts.size());
  blank.vehicles.resize(data.vehicle_fleet.size());
  std::vector<Metric> out;
  Walk(data, blank, blank, [&out](const std::string& what, const char* quantity, const char* unit, double) {
    out.push_back({what + "." + quantity, unit});
  }).run();
  return out;
}

std::vector<double> measure(const Plant& plant, const State& begin, const State& end) {
  if (!fits(plant.data(), begin) || !fits(plant.data(), end)) {
    throw InvalidArgument("measure: a state is not one of the plant '" + plant.data().name + "'");
  }
  if (end.now < begin.now) {
    throw InvalidArgument("measure: the end, " + format_duration(Duration{end.now}) + ", lies before the beginning, " +
                          format_duration(Duration{begin.now}) + "; allowed: two states of one run in their order");
  }
  std::vector<double> out;
  Walk(plant.data(), begin, end, [&out](const std::string&, const char*, const char*, double value) {
    out.push_back(value);
  }).run();
  return out;
}

}  // namespace twin
