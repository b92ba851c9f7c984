/// What each file of the extension adds to it.
#pragma once
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

namespace twin::python {

namespace py = pybind11;

void bind_base(py::module_& m);
void bind_model(py::module_& m);
void bind_builder(py::module_& m);
void bind_state(py::module_& m);
void bind_sim(py::module_& m);
void bind_study(py::module_& m);
void bind_sync(py::module_& m);
void bind_gateway(py::module_& m);
void bind_live(py::module_& m);
void bind_emulate(py::module_& m);

/// Whether this is the thread on which Python runs signal handlers.
[[nodiscard]] bool on_main_thread();

/// A digest as people read it: 16 hexadecimal digits.
[[nodiscard]] std::string hex(std::uint64_t digest);

}  // namespace twin::python
