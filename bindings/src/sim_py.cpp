// Moving states forward, and what a run tells while it happens.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "interruptible_py.hpp"
#include "twin/base/error.hpp"
#include "twin/sim/advance.hpp"
#include "twin/sim/orders.hpp"
#include "twin/sim/recorder.hpp"

namespace twin::python {
namespace {

bool run(const Plant& plant, const Parameters& parameters, State& state, std::optional<Tick> until, bool orders_done,
         History* history) {
  Until end;
  end.orders_done = orders_done;
  if (until) end.time = *until;
  return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
    end.cancel = cancel;
    return advance(plant, parameters, state, end, history);
  });
}

Disposition disposition_of(const std::string& name) {
  if (name == "refuse") return Disposition::kRefuse;
  if (name == "scrap") return Disposition::kScrap;
  throw InvalidArgument("disposition: '" + name + "'; allowed: refuse, scrap");
}

void change_order(const Plant& plant, const Parameters& parameters, State& state, const std::string& what,
                  std::uint32_t order, std::int64_t value, std::uint32_t lots) {
  const OrderId id{order};
  if (what == "priority") return set_priority(plant, parameters, state, id, static_cast<std::int32_t>(value), lots);
  if (what == "due") return set_due(plant, parameters, state, id, value, lots);
  if (what == "quantity")
    return set_quantity(plant, parameters, state, id,
                        static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX)));
  if (what == "move") return move_lots(plant, parameters, state, id, OrderId{static_cast<std::uint32_t>(value)}, lots);
  cancel(plant, parameters, state, id, what == "finish" ? Cancel::kFinish : Cancel::kNow, lots);
}

py::dict operations(const History& history, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> lot, product, step, station, machine;
  std::vector<std::int64_t> round;
  std::vector<Tick> ready, start, end;
  for (const OperationRecord& r : history.operations) {
    lot.push_back(lot_name(d, r.source, r.serial));
    product.push_back(d.product_names[product_of_source(d, r.source).value]);
    step.push_back(d.step_names[r.step]);
    station.push_back(d.station_names[d.machines[r.machine].station.value]);
    machine.push_back(d.machine_names[r.machine]);
    round.push_back(r.round);
    ready.push_back(r.ready);
    start.push_back(r.start);
    end.push_back(r.end);
  }
  return Columns()
      .add("lot", lot)
      .add("product", product)
      .add("step", step)
      .add("station", station)
      .add("machine", machine)
      .add("round", std::move(round))
      .add_object("ready", instants_of(d, std::move(ready)))
      .add_object("start", instants_of(d, std::move(start)))
      .add_object("end", instants_of(d, std::move(end)))
      .take();
}

py::dict lots(const History& history, const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> lot, product;
  std::vector<Tick> release, finish, due, cycle_time, waiting;
  std::vector<bool> scrapped, reworked, cancelled;
  for (const LotRecord& r : history.lots) {
    lot.push_back(lot_name(d, r.source, r.serial));
    product.push_back(d.product_names[r.product]);
    release.push_back(r.release);
    finish.push_back(r.finish);
    due.push_back(r.due);
    cycle_time.push_back(r.finish - r.release);
    waiting.push_back(r.waiting);
    scrapped.push_back(r.scrapped && !r.cancelled);
    cancelled.push_back(r.cancelled);
    reworked.push_back(r.reworked);
  }
  return Columns()
      .add("lot", lot)
      .add("product", product)
      .add_object("release", instants_of(d, std::move(release)))
      .add_object("finish", instants_of(d, std::move(finish)))
      .add_object("due", instants_of(d, std::move(due)))
      .add_object("cycle_time", spans_of(std::move(cycle_time)))
      .add_object("waiting", spans_of(std::move(waiting)))
      .add("scrapped", std::move(scrapped))
      .add("reworked", std::move(reworked))
      .add("cancelled", std::move(cancelled))
      .take();
}

/// Closed spans, and those that last in `state`.
py::dict conditions(const History& history, const Plant& plant, const State& state) {
  const PlantData& d = plant.data();
  History open;
  open.finish(state);
  std::vector<std::string> machine, condition;
  std::vector<Tick> start, end;
  for (const std::vector<ConditionRecord>* records : {&history.conditions, &std::as_const(open).conditions}) {
    for (const ConditionRecord& r : *records) {
      machine.push_back(d.machine_names[r.machine]);
      condition.emplace_back(name_of(r.condition));
      start.push_back(r.start);
      end.push_back(r.end);
    }
  }
  return Columns()
      .add("machine", machine)
      .add("condition", condition)
      .add_object("start", instants_of(d, std::move(start)))
      .add_object("end", instants_of(d, std::move(end)))
      .take();
}

py::dict levels(const std::vector<LevelRecord>& records, const std::vector<std::uint32_t>& before, Tick begin,
                const PlantData& d, const char* what, const std::vector<std::string>& names) {
  std::vector<std::string> name = names;
  std::vector<Tick> time(names.size(), begin);
  std::vector<std::int64_t> level(before.begin(), before.end());
  for (const LevelRecord& r : records) {
    name.push_back(names[r.index]);
    time.push_back(r.time);
    level.push_back(r.level);
  }
  return Columns()
      .add_object("time", instants_of(d, std::move(time)))
      .add(what, name)
      .add("level", std::move(level))
      .take();
}

py::dict queues(const History& history, const Plant& plant, const State& begin) {
  std::vector<std::uint32_t> before;
  for (const StationState& station : begin.stations) before.push_back(station.queued);
  return levels(history.queues, before, begin.now, plant.data(), "station", plant.data().station_names);
}

py::dict wip(const History& history, const Plant& plant, const State& begin) {
  std::vector<std::uint32_t> before;
  for (const ProductTotals& p : begin.products) before.push_back(static_cast<std::uint32_t>(p.in_process));
  return levels(history.wip, before, begin.now, plant.data(), "product", plant.data().product_names);
}

std::vector<std::pair<std::string, std::string>> metric_names(const Plant& plant) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Metric& metric : metrics(plant)) out.emplace_back(metric.name, metric.unit);
  return out;
}

}  // namespace

void bind_sim(py::module_& m) {
  py::class_<History>(m, "History")
      .def(py::init<>())
      .def("copy", [](const History& h) { return History(h); })
      .def("operations", &operations)
      .def("lots", &lots)
      .def("conditions", &conditions)
      .def("queues", &queues)
      .def("wip", &wip)
      .def("__len__", [](const History& h) { return h.operations.size(); });
  m.def("initial", [](const Plant& plant, const Parameters& parameters, std::uint64_t seed, std::uint64_t replication) {
    return State::initial(plant, parameters, Seed{seed}, replication);
  });
  m.def("advance", &run, py::arg("plant"), py::arg("parameters"), py::arg("state"), py::arg("until"),
        py::arg("orders_done"), py::arg("history").none(true));
  m.def("branch", [](const Plant& plant, const Parameters& parameters, const State& state, std::uint64_t replication) {
    return branch(plant, parameters, state, replication);
  });
  m.def("migrate", [](const Plant& from, const Plant& to, const State& state, const std::string& disposition) {
    return migrate(from, to, state, disposition_of(disposition));
  });
  m.def("change_order", &change_order);
  m.def("metrics", &metric_names);
  m.def("measure",
        [](const Plant& plant, const State& begin, const State& end) { return array_of(measure(plant, begin, end)); });
}

}  // namespace twin::python
