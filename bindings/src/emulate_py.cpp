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
  using Op = EmulatedOperation;
  const PlantData& data = plant.data();
  return Table(emulation.operations)
      .add("part", &Op::part)
      .add("product", &Op::product)
      .add("operation", &Op::operation)
      .add("machine", &Op::machine)
      .add_instants("start", data, &Op::start)
      .add_instants("end", data, &Op::end)
      .add("outcome", [](const Op& op) { return op.completed ? "completed" : "in_progress"; })
      .add("interruptions", &Op::interruptions)
      .add_spans("processing", &Op::processing)
      .add_instants("loaded", data, &Op::loaded)
      .add_instants("ready", data, &Op::ready)
      .add("order", &Op::order)
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
