#include "twin/sim/assemble.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine_impl.hpp"

namespace twin {
namespace {

class Assembly {
 public:
  Assembly(const Plant& plant, const Parameters& parameters, const Facts& facts)
      : p_(plant.data()), q_(parameters), facts_(facts), engine_(p_, q_, s_, {}) {
    s_.now = facts.now;
    s_.seed = facts.seed;
    s_.key = draw_key(facts.seed, 0);
    s_.plant = plant.digest();
  }

  State run() {
    check();
    s_.machines.resize(p_.machines.size());
    s_.stations.resize(p_.stations.size());
    s_.failures.resize(p_.modes.size());
    s_.sources.resize(p_.sources.size());
    s_.products.resize(p_.products.size());
    s_.pools.resize(p_.pools.size());
    s_.level_time.resize(p_.levels.size());
    s_.orders = facts_.orders;
    s_.carries_more = p_.lots_carry_more;
    s_.marks_per_lot = p_.marks_per_lot;
    s_.samples.resize(p_.samples);
    s_.queue = kernel::EventQueue(Slots(p_).lots);
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m) engine_.begin_machine(m);
    for (std::uint32_t f = 0; f < p_.modes.size(); ++f) engine_.begin_mode(f);
    for (std::uint32_t i = 0; i < p_.pools.size(); ++i) engine_.begin_pool(i);
    for (std::uint32_t o = 0; o < p_.orders.size(); ++o) engine_.begin_order(o);
    while (s_.next_change < p_.changes.size() && p_.changes[s_.next_change].at <= s_.now)
      engine_.change_order(p_.changes[s_.next_change++]);  // lots that are there in spite of it are seen, so they stay
    s_.open_orders = 0;
    for (std::uint32_t o = 0; o < p_.orders.size(); ++o) add_order(o);
    std::vector<const LotFact*> lots;
    for (const LotFact& lot : facts_.lots) lots.push_back(&lot);
    std::ranges::sort(lots, {}, [&](const LotFact* lot) {
      return std::tuple(lot->ready, std::string_view(p_.order_names[lot->order.value]), lot->serial);
    });
    for (const LotFact* lot : lots)
      if (lot->machine.valid()) add_working(*lot);
    for (const LotFact* lot : lots)
      if (!lot->machine.valid()) add_waiting(*lot);
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m)
      if (s_.machines[m].last_step == kNone) s_.machines[m].last_step = facts_.machines[m].last_step.value;
    for (std::uint32_t c = 0; c < p_.calendars.size(); ++c) engine_.schedule_calendar(c);
    for (std::uint32_t i = 0; i < p_.sources.size(); ++i) engine_.begin_source(i);
    engine_.schedule_orders();
    engine_.schedule_changes();
    engine_.begin_reviews();
    engine_.settle();
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m) age_setup(m);
    s_.queue.settle();
    return std::move(s_);
  }

 private:
  [[noreturn]] static void refuse(const std::string& why) { throw InvalidArgument("assemble: " + why); }
  [[nodiscard]] std::string name(const LotFact& lot) const { return lot_name(p_, source_of(lot), lot.serial); }
  [[nodiscard]] std::uint32_t source_of(const LotFact& lot) const noexcept {
    return static_cast<std::uint32_t>(p_.sources.size()) + lot.order.value;
  }

  /// Times further off would leave the range of what can be saved.
  [[nodiscard]] static bool is_far(Tick t) noexcept { return t <= -kNever / 2 || t >= kNever / 2; }

  void check() const {
    if (is_far(facts_.now))
      refuse(fmt::format("now is {} ns from the plant's epoch; allowed: less than {} ns before or after", facts_.now,
                         kNever / 2));
    if (facts_.orders.size() != p_.orders.size())
      refuse(fmt::format("facts of {} orders; the plant has {}", facts_.orders.size(), p_.orders.size()));
    if (facts_.machines.size() != p_.machines.size())
      refuse(fmt::format("facts of {} machines; the plant has {}", facts_.machines.size(), p_.machines.size()));
    for (std::uint32_t m = 0; m < p_.machines.size(); ++m)
      if (const StepId last = facts_.machines[m].last_step; last.valid() && last.value >= p_.steps.size())
        refuse(fmt::format("{} did a step that does not exist", p_.machine_names[m]));
    std::vector<std::uint64_t> open(p_.orders.size(), 0);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
    std::vector<bool> busy(p_.machines.size(), false);
    for (const LotFact& lot : facts_.lots) {
      if (lot.order.value >= p_.orders.size()) refuse("a lot belongs to no order");
      if (lot.serial >= facts_.orders[lot.order.value].released)
        refuse(fmt::format("{} is in process; order {} has released {} lots", name(lot),
                           p_.order_names[lot.order.value], facts_.orders[lot.order.value].released));
      if (lot.step.value >= p_.steps.size() || p_.steps[lot.step.value].product != p_.orders[lot.order.value].product)
        refuse(fmt::format("{} stands at no step of its product", name(lot)));
      if (p_.steps[lot.step.value].within != kNone || p_.steps[lot.step.value].choice_count == 0)
        refuse(fmt::format("{} stands in the parallel branches of step {}; allowed: steps that a lot does as a whole",
                           name(lot), p_.step_names[lot.step.value]));
      seen.emplace_back(lot.order.value, lot.serial);
      ++open[lot.order.value];
      if (lot.ready <= -kNever / 2) refuse(fmt::format("{} became ready before time began", name(lot)));
      if (!lot.machine.valid()) continue;
      if (lot.machine.value >= p_.machines.size()) refuse(fmt::format("{} is on no machine of the plant", name(lot)));
      if (busy[lot.machine.value])
        refuse(fmt::format("{} and another lot are both on {}", name(lot), p_.machine_names[lot.machine.value]));
      busy[lot.machine.value] = true;
      if (choice_of(lot) == kNone)
        refuse(fmt::format("{} is on {}, which does not do {}", name(lot), p_.machine_names[lot.machine.value],
                           p_.step_names[lot.step.value]));
      if (lot.started > facts_.now || lot.worked < 0 || lot.stands_since.value_or(facts_.now) > facts_.now)
        refuse(fmt::format("{} was worked on in the future", name(lot)));
      if (is_far(lot.started) || is_far(lot.stands_since.value_or(0)))
        refuse(fmt::format("{} was worked on before time began", name(lot)));
    }
    std::ranges::sort(seen);
    if (const auto twice = std::ranges::adjacent_find(seen); twice != seen.end())
      refuse(fmt::format("lot {} of order {} is in two places", twice->second + 1, p_.order_names[twice->first]));
    for (std::size_t o = 0; o < open.size(); ++o) {
      const OrderState& order = facts_.orders[o];
      if (order.released > p_.orders[o].quantity || std::uint64_t{order.finished} + order.scrapped > order.released ||
          open[o] != std::uint64_t{order.released} - order.finished - order.scrapped)
        refuse(fmt::format("order {}: {} released, {} finished, {} scrapped and {} under way do not add up to {}",
                           p_.order_names[o], order.released, order.finished, order.scrapped, open[o],
                           p_.orders[o].quantity));
    }
  }
  [[nodiscard]] std::uint32_t choice_of(const LotFact& lot) const noexcept {
    const StepData& step = p_.steps[lot.step.value];
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
      if (p_.choices[c].station == p_.machines[lot.machine.value].station &&
          may_do(p_, s_, lot.machine.value, c, lot.step.value, kNone))
        return c;
    return kNone;
  }

  void add_order(std::uint32_t o) {
    const OrderState& order = s_.orders[o];
    if (order.released > 0) engine_.promise_order(o);
    ProductTotals& totals = s_.products[p_.orders[o].product.value];
    totals.released += order.released;
    totals.completed += order.finished;
    totals.scrapped += order.scrapped;
    s_.open_orders += order.open();
  }
  std::uint32_t make(const LotFact& fact) {
    const std::uint32_t l = take_lot_slot(s_);
    const OrderData& order = p_.orders[fact.order.value];
    Lot& lot = s_.lots[l];
    lot.release = std::min(order.release, facts_.now);
    lot.due = s_.orders[fact.order.value].due;
    lot.entered = std::min(fact.ready, facts_.now);
    lot.serial = fact.serial;
    lot.source = source_of(fact);
    lot.step = fact.step.value;
    lot.round = fact.round;
    lot.reworked = fact.round > 0;
    lot.priority = s_.orders[fact.order.value].priority;
    ProductTotals& totals = s_.products[order.product.value];
    ++totals.in_process;
    totals.wip_integral -= lot.release;
    return l;
  }
  void add_working(const LotFact& fact) {
    const std::uint32_t l = make(fact);
    const std::uint32_t m = fact.machine.value;
    Lot& lot = s_.lots[l];
    lot.choice = choice_of(fact);
    lot.place = Place::kMachine;
    lot.machine = m;
    MachineState& machine = s_.machines[m];
    machine.lot = l;
    machine.held = 1;
    machine.last_step = lot.step;
    machine.kind = p_.choices[lot.choice].kind;
    machine.supplied = true;  // its material has been taken before
    engine_.promise(p_.choices[lot.choice], 1);
    machine.started = fact.started;
    machine.phase = Phase::kProcessing;
    if (const StationData& station = p_.stations[p_.machines[m].station.value]; station.preempt != Preemption::kOff) {
      lot.arrival = s_.arrivals++;
      lot.key = engine_.queue_key(station, lot);
    }
    const Distribution time = q_.distribution(p_.choices[lot.choice].time);
    const double speed = q_.speed[m];
    machine.left = fact.left ? (*fact.left)[kBeliefLevels.size() / 2]
                             : ticks_from_seconds(time.residual(seconds_from_ticks(fact.worked) * speed, 0.5) / speed);
    const Tick worked = std::min(fact.worked, kNever);
    machine.left = std::clamp<Tick>(machine.left, 0, kNever - worked);
    machine.total = worked + machine.left;
    if (fact.left) {
      Belief belief{.machine = m, .at_left = machine.left, .quantiles = *fact.left};
      Tick last = 0;
      for (Tick& q : belief.quantiles) last = q = std::clamp(q, last, kNever);
      s_.beliefs.push_back(belief);
      std::ranges::sort(s_.beliefs, {}, &Belief::machine);
      machine.believed = true;
    }
    if (fact.stands_since) stand_still(m, *fact.stands_since);
    engine_.resume_run(m);
  }
  /// The machine's first failure mode by work has it down since `since`.
  void stand_still(std::uint32_t m, Tick since) {
    const MachineData& data = p_.machines[m];
    for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f) {
      if (p_.modes[f].apart()) continue;
      FailureState& failure = s_.failures[f];
      failure.down = true;
      failure.count = 1;
      failure.left = 0;
      // Nobody repairs while the shop is closed: the repair is as old as the open time it has had.
      const Tick age = p_.open_between(data.calendar, since, facts_.now);
      failure.began = facts_.now - age;
      const double rest = q_.distribution(p_.modes[f].repair).residual(seconds_from_ticks(age), 0.5);
      const Tick left = std::clamp<Tick>(ticks_from_seconds(rest), 0, kNever - age);
      failure.drawn = age + left;
      s_.machines[m].repairing = f;
      ++s_.machines[m].faults;
      if (engine_.resume_repair(f)) s_.queue.schedule(m, facts_.now + left, detail::code(Priority::kRepair));
      return;
    }
  }
  void add_waiting(const LotFact& fact) { engine_.enter_observed(make(fact)); }

  /// A setup that settle() has just begun has really been under way since the machine became free.
  void age_setup(std::uint32_t m) {
    MachineState& machine = s_.machines[m];
    if (machine.phase != Phase::kSetup || machine.started != facts_.now) return;
    const Tick ready = s_.lots[machine.lot].entered;
    const Tick since =
        std::clamp(std::max(facts_.machines[m].free_since, ready), std::min(ready, facts_.now), facts_.now);
    const Tick age = p_.open_between(p_.machines[m].calendar, since, facts_.now);
    machine.started = since;
    machine.total = std::min(machine.total + age, kNever);
  }

  const PlantData& p_;
  const Parameters& q_;
  const Facts& facts_;
  State s_;
  detail::Engine<detail::NoRecorder> engine_;
};

}  // namespace

State assemble(const Plant& plant, const Parameters& parameters, const Facts& facts) {
  check_parameters(plant, parameters);
  return Assembly(plant, parameters, facts).run();
}

}  // namespace twin
