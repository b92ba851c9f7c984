// The emulated shop: a plant run as if it were the floor, with its machine logs and the truth beside them.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "interruptible_py.hpp"
#include "twin/gateway/emulate.hpp"

namespace twin::python {
namespace {

using gateway::EmulatedOperation;
using gateway::Emulation;

std::shared_ptr<Emulation> emulate(const Plant& plant, std::uint64_t seed, std::optional<Tick> until, double late,
                                   Tick max_late, double duplicates, double gaps, Tick mean_gap, Tick max_skew) {
  return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
    gateway::EmulateOptions options;
    options.seed = Seed{seed};
    if (until) options.until = *until;
    options.late = late;
    options.max_late = max_late;
    options.duplicates = duplicates;
    options.gaps = gaps;
    options.mean_gap = mean_gap;
    options.max_skew = max_skew;
    options.cancel = cancel;
    return std::make_shared<Emulation>(gateway::emulate(plant, options));
  });
}

void write(const Emulation& emulation, const Plant& plant, const std::filesystem::path& folder, double speed,
           py::object progress) {
  interruptible(std::move(progress), [&](const std::atomic<bool>* cancel, Progress told) {
    gateway::write_emulation(plant, emulation, folder, {.speed = speed, .cancel = cancel, .progress = std::move(told)});
  });
}

py::dict operations(const Emulation& emulation, const Plant& plant) {
  std::vector<std::string> part, product, name, machine, outcome, order;
  std::vector<Tick> start, end, processing, loaded, ready;
  std::vector<std::int64_t> interruptions;
  for (const EmulatedOperation& op : emulation.operations) {
    part.push_back(op.part);
    product.push_back(op.product);
    name.push_back(op.operation);
    machine.push_back(op.machine);
    start.push_back(op.start);
    end.push_back(op.end);
    outcome.emplace_back(op.completed ? "completed" : "in_progress");
    interruptions.push_back(op.interruptions);
    processing.push_back(op.processing);
    loaded.push_back(op.loaded);
    ready.push_back(op.ready);
    order.push_back(op.order);
  }
  const PlantData& data = plant.data();
  return Columns()
      .add("part", part)
      .add("product", product)
      .add("operation", name)
      .add("machine", machine)
      .add_object("start", instants_of(data, std::move(start)))
      .add_object("end", instants_of(data, std::move(end)))
      .add("outcome", outcome)
      .add("interruptions", std::move(interruptions))
      .add_object("processing", spans_of(std::move(processing)))
      .add_object("loaded", instants_of(data, std::move(loaded)))
      .add_object("ready", instants_of(data, std::move(ready)))
      .add("order", order)
      .take();
}

}  // namespace

void bind_emulate(py::module_& m) {
  py::class_<Emulation, std::shared_ptr<Emulation>>(m, "Emulation")
      .def_property_readonly("lines", [](const Emulation& e) { return e.lines.size(); })
      .def_readonly("late", &Emulation::late)
      .def_readonly("duplicates", &Emulation::duplicates)
      .def_readonly("lost", &Emulation::lost)
      .def_readonly("end", &Emulation::end)
      .def("operations", &operations, py::arg("plant"))
      .def("truth_json", [](const Emulation& e, const Plant& plant) { return gateway::truth_json(plant, e); })
      .def("write", &write, py::arg("plant"), py::arg("folder"), py::arg("speed"), py::arg("progress"));
  m.def("emulate", &emulate, py::arg("plant"), py::arg("seed"), py::arg("until"), py::arg("late"), py::arg("max_late"),
        py::arg("duplicates"), py::arg("gaps"), py::arg("mean_gap"), py::arg("max_skew"));
}

}  // namespace twin::python
