// States: reading, saving and comparing them.
#include "twin/state/state.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "twin/base/error.hpp"
#include "twin/model/document.hpp"

namespace twin::python {
namespace {

const char* name_of_phase(Phase phase) noexcept {
  constexpr const char* kNames[] = {"idle", "setup", "processing", "blocked", "held", "roaming"};
  return kNames[static_cast<std::size_t>(phase)];
}
const char* name_of_place(Place place) noexcept {
  constexpr const char* kNames[] = {"outside", "queue", "machine", "transit", "free", "parted"};
  return kNames[static_cast<std::size_t>(place)];
}

/// Setup or processing that is left, as drawn; kNotATime when there is none.
Tick left_of(const State& state, const MachineState& machine) noexcept {
  if (machine.phase != Phase::kSetup && machine.phase != Phase::kProcessing) return kNotATime;
  return machine.running ? machine.left - (state.now - machine.run_since) : machine.left;
}

std::uint32_t station_of(const PlantData& d, const Lot& lot) noexcept {
  if (lot.machine != kNone) return d.machines[lot.machine].station.value;
  return lot.choice != kNone ? d.choices[lot.choice].station.value : kNone;
}

/// Slots in use, by order of release, then source and serial; a lot that has parted comes before its parts.
std::vector<std::uint32_t> lots_in_order(const State& state) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < state.lots.size(); ++i) {
    if (state.lots[i].place != Place::kFree) out.push_back(i);
  }
  std::ranges::sort(out, [&state](std::uint32_t i, std::uint32_t j) {
    const Lot &a = state.lots[i], &b = state.lots[j];
    return std::tie(a.release, a.source, a.serial, a.step) < std::tie(b.release, b.source, b.serial, b.step);
  });
  return out;
}

py::dict lots(const State& state, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> name, product, place, station, machine, step;
  std::vector<Tick> release, due, since, waiting, remaining;
  std::vector<std::int64_t> round, priority;
  std::vector<bool> blocked, reworked, part, overdue;
  for (const std::uint32_t i : lots_in_order(state)) {
    const Lot& lot = state.lots[i];
    const bool parted = lot.place == Place::kParted;
    const std::uint32_t at = parted ? kNone : station_of(d, lot);
    const MachineState* holder = lot.machine == kNone ? nullptr : &state.machines[lot.machine];
    const bool waits = lot.place == Place::kQueue;
    name.push_back(lot_name(d, lot.source, lot.serial));
    product.push_back(d.product_names[product_of_source(d, lot.source).value]);
    place.emplace_back(name_of_place(lot.place));
    station.push_back(at == kNone ? "" : d.station_names[at]);
    machine.push_back(holder ? d.machine_names[lot.machine] : "");
    step.push_back(lot.step == kNone ? "" : d.step_names[lot.step]);
    since.push_back(parted ? kNever : holder ? holder->started : lot.entered);
    remaining.push_back(holder ? left_of(state, *holder) : kNotATime);
    release.push_back(lot.release);
    due.push_back(lot.due);
    waiting.push_back(lot.waiting + (waits ? state.now - lot.entered : 0));
    round.push_back(lot.round);
    priority.push_back(lot.priority);
    blocked.push_back(lot.blocked);
    reworked.push_back(lot.reworked);
    part.push_back(lot.whole != kNone);
    overdue.push_back(lot.overdue);
  }
  return Columns()
      .add("lot", name)
      .add("product", product)
      .add("place", place)
      .add("station", station)
      .add("machine", machine)
      .add("step", step)
      .add_object("since", instants_of(d, std::move(since)))
      .add_object("remaining", spans_of(std::move(remaining)))
      .add_object("release", instants_of(d, std::move(release)))
      .add_object("due", instants_of(d, std::move(due)))
      .add_object("waiting", spans_of(std::move(waiting)))
      .add("round", std::move(round))
      .add("priority", std::move(priority))
      .add("blocked", std::move(blocked))
      .add("reworked", std::move(reworked))
      .add("part", std::move(part))
      .add("overdue", std::move(overdue))
      .take();
}

py::dict machines(const State& state, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> station, condition, phase, lot, step, level;
  std::vector<Tick> since, started, remaining;
  std::vector<std::int64_t> visits, failures, maintained, lots;
  std::vector<bool> open;
  for (std::size_t i = 0; i < state.machines.size(); ++i) {
    const MachineState& machine = state.machines[i];
    const MachineData& data = d.machines[i];
    const Lot* held = machine.lot == kNone ? nullptr : &state.lots[machine.lot];
    station.push_back(d.station_names[data.station.value]);
    condition.emplace_back(name_of(machine.condition));
    phase.emplace_back(name_of_phase(machine.phase));
    lot.push_back(held ? lot_name(d, held->source, held->serial) : "");
    lots.push_back(machine.held);
    step.push_back(held && held->step != kNone ? d.step_names[held->step] : "");
    since.push_back(machine.since);
    started.push_back(held ? machine.started : kNever);
    remaining.push_back(left_of(state, machine));
    visits.push_back(static_cast<std::int64_t>(machine.visits));
    open.push_back(machine.open);
    std::uint64_t failed = 0, cared = 0;
    for (std::uint32_t mode = data.first_mode; mode < data.first_mode + data.mode_count; ++mode)
      (d.modes[mode].maintenance ? cared : failed) += state.failures[mode].count;
    failures.push_back(static_cast<std::int64_t>(failed));
    maintained.push_back(static_cast<std::int64_t>(cared));
    level.push_back(
        data.wear == kNone ? "" : d.level_names[d.modes[data.wear].first_level + state.failures[data.wear].level]);
  }
  return Columns()
      .add("machine", d.machine_names)
      .add("station", station)
      .add("condition", condition)
      .add_object("since", instants_of(d, std::move(since)))
      .add("phase", phase)
      .add("lot", lot)
      .add("step", step)
      .add_object("started", instants_of(d, std::move(started)))
      .add_object("remaining", spans_of(std::move(remaining)))
      .add("open", std::move(open))
      .add("visits", std::move(visits))
      .add("failures", std::move(failures))
      .add("lots", std::move(lots))
      .add("maintained", std::move(maintained))
      .add("state", level)
      .take();
}

py::dict stations(const State& state, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::int64_t> queued, inbound, idle, working, blocked(d.stations.size()), visits, lost, overdue;
  for (const Lot& lot : state.lots) {
    if (lot.place == Place::kFree || !lot.blocked || lot.choice == kNone) continue;
    ++blocked[d.choices[lot.choice].station.value];
  }
  for (std::size_t s = 0; s < d.stations.size(); ++s) {
    const StationState& station = state.stations[s];
    const StationData& data = d.stations[s];
    queued.push_back(station.queued);
    inbound.push_back(station.inbound);
    idle.push_back(station.idle);
    visits.push_back(static_cast<std::int64_t>(station.visits));
    lost.push_back(static_cast<std::int64_t>(station.lost));
    overdue.push_back(static_cast<std::int64_t>(station.overdue));
    const auto first = state.machines.begin() + data.first_machine;
    working.push_back(std::count_if(first, first + data.machine_count,
                                    [](const MachineState& m) { return m.condition == Condition::kWorking; }));
  }
  return Columns()
      .add("station", d.station_names)
      .add("queued", std::move(queued))
      .add("inbound", std::move(inbound))
      .add("waiting_for_room", std::move(blocked))
      .add("working", std::move(working))
      .add("idle", std::move(idle))
      .add("visits", std::move(visits))
      .add("lost", std::move(lost))
      .add("overdue", std::move(overdue))
      .take();
}

/// How many machines and repairs wait in the line and need of each pool, alternatives counted with the rest.
std::vector<std::int64_t> waiting_for_pools(const State& state, const PlantData& d) {
  std::vector<std::int64_t> out(d.pools.size());
  for (const Waiting& waiting : state.waiting) {
    std::vector<bool> wanted(d.pools.size());
    const auto want = [&](Needs needs) {
      for (std::uint32_t n = needs.first; n < needs.first + needs.count; ++n) {
        const NeedData& need = d.needs[n];
        for (std::uint32_t i = 0; i < need.pool_count; ++i) wanted[d.need_pools[need.first_pool + i]] = true;
      }
    };
    if (waiting.who < d.machines.size()) {
      const MachineState& machine = state.machines[waiting.who];
      const ChoiceData& choice = d.choices[state.lots[machine.lot].choice];
      want(choice.needs);
      if (!machine.supplied) {
        want(choice.uses);
        want(choice.makes);
      }
    } else {
      want(d.modes[waiting.who - d.machines.size()].crew);
    }
    for (std::size_t p = 0; p < wanted.size(); ++p) out[p] += wanted[p] ? 1 : 0;
  }
  return out;
}

py::dict pools(const State& state, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> kind;
  std::vector<std::int64_t> level, lost, on_order, asked;
  std::vector<double> count;
  std::vector<bool> open;
  for (std::size_t p = 0; p < d.pools.size(); ++p) {
    const PoolData& data = d.pools[p];
    const bool known = plant.document().get(join_path("operators", d.pool_names[p])) != nullptr;
    kind.emplace_back(data.material ? "material" : known ? "operator" : "tool");
    level.push_back(state.pools[p].level);
    count.push_back(!data.material     ? data.count
                    : data.places >= 0 ? data.places
                                       : std::numeric_limits<double>::infinity());
    open.push_back(state.pools[p].open);
    lost.push_back(static_cast<std::int64_t>(state.pools[p].lost));
    on_order.push_back(state.pools[p].coming);
    asked.push_back(state.pools[p].asked);
  }
  return Columns()
      .add("pool", d.pool_names)
      .add("kind", kind)
      .add("level", std::move(level))
      .add("count", std::move(count))
      .add("waiting", waiting_for_pools(state, d))
      .add("open", std::move(open))
      .add("lost", std::move(lost))
      .add("on_order", std::move(on_order))
      .add("asked", std::move(asked))
      .take();
}

py::dict orders(const State& state, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> product;
  std::vector<std::int64_t> quantity, released, finished, scrapped, open, cancelled, priority;
  std::vector<Tick> release, due, finish;
  for (std::size_t o = 0; o < d.orders.size(); ++o) {
    const OrderData& data = d.orders[o];
    const OrderState& order = state.orders[o];
    const std::uint64_t left = order.open();
    product.push_back(d.product_names[data.product.value]);
    quantity.push_back(order.quantity);
    released.push_back(order.released);
    finished.push_back(order.finished);
    scrapped.push_back(order.scrapped);
    open.push_back(static_cast<std::int64_t>(left));
    cancelled.push_back(std::int64_t{order.cancelled} + order.withdrawn);
    priority.push_back(order.priority);
    release.push_back(data.release);
    due.push_back(order.due);
    finish.push_back(left == 0 ? order.finish : kNever);
  }
  return Columns()
      .add("order", d.order_names)
      .add("product", product)
      .add("quantity", std::move(quantity))
      .add("released", std::move(released))
      .add("finished", std::move(finished))
      .add("scrapped", std::move(scrapped))
      .add("open", std::move(open))
      .add_object("release", instants_of(d, std::move(release)))
      .add_object("due", instants_of(d, std::move(due)))
      .add_object("finish", instants_of(d, std::move(finish)))
      .add("priority", std::move(priority))
      .add("cancelled", std::move(cancelled))
      .take();
}

py::dict products(const State& state, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::int64_t> released, completed, scrapped, reworked, lost, late, in_process, cancelled;
  for (const ProductTotals& p : state.products) {
    released.push_back(static_cast<std::int64_t>(p.released));
    completed.push_back(static_cast<std::int64_t>(p.completed));
    scrapped.push_back(static_cast<std::int64_t>(p.scrapped));
    reworked.push_back(static_cast<std::int64_t>(p.reworked));
    lost.push_back(static_cast<std::int64_t>(p.lost));
    late.push_back(static_cast<std::int64_t>(p.late));
    cancelled.push_back(static_cast<std::int64_t>(p.cancelled));
    in_process.push_back(static_cast<std::int64_t>(p.in_process));
  }
  return Columns()
      .add("product", d.product_names)
      .add("released", std::move(released))
      .add("completed", std::move(completed))
      .add("scrapped", std::move(scrapped))
      .add("in_process", std::move(in_process))
      .add("reworked", std::move(reworked))
      .add("lost", std::move(lost))
      .add("late", std::move(late))
      .add("cancelled", std::move(cancelled))
      .take();
}

void check(const State& state, const Plant& plant) {
  if (state.plant != plant.digest()) {
    throw InvalidArgument("state: it belongs to another plant (digest " + hex(state.plant) + "), not to '" +
                          plant.data().name + "' (" + hex(plant.digest()) + "); migrate it first");
  }
}

/// Checks that the state is one of the plant before its arrays are read by the plant's ids.
template <class F>
auto checked(F read) {
  return [read](const State& state, const Plant& plant) {
    check(state, plant);
    return read(state, plant);
  };
}

}  // namespace

void bind_state(py::module_& m) {
  py::class_<State>(m, "State")
      .def_property_readonly("now", [](const State& s) { return s.now; })
      .def_property_readonly("seed", [](const State& s) { return s.seed.value; })
      .def_property_readonly("replication", [](const State& s) { return s.replication; })
      .def_property_readonly("events", [](const State& s) { return s.events; })
      .def_property_readonly("history", [](const State& s) { return hex(s.history); })
      .def_property_readonly("open_orders", [](const State& s) { return s.open_orders; })
      .def_property_readonly("lot_count", [](const State& s) { return s.lot_count; })
      .def("copy", [](const State& s) { return State(s); })
      .def("with_seed",
           [](const State& s, std::uint64_t seed) {
             State out(s);
             out.seed = Seed{seed};
             return out;
           })
      .def("same", [](const State& a, const State& b, const Plant& plant) { return equal(plant, a, b); })
      .def("digest", checked([](const State& s, const Plant& plant) { return hex(s.digest(plant)); }))
      .def("save", checked([](const State& s, const Plant& plant) { return py::bytes(s.save(plant)); }))
      .def_static("load",
                  [](const py::bytes& bytes, const Plant& plant) { return State::load(std::string(bytes), plant); })
      .def("lots", checked(&lots))
      .def("machines", checked(&machines))
      .def("stations", checked(&stations))
      .def("pools", checked(&pools))
      .def("orders", checked(&orders))
      .def("products", checked(&products));
}

}  // namespace twin::python
