// twin._core: the C++ engine as the Python package sees it. The package's modules give it its face.
#include <pybind11/pybind11.h>

#include <exception>

#include "bindings_py.hpp"
#include "twin/base/error.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::python {
namespace {

py::object error_type(const char* name) { return py::module_::import("twin._errors").attr(name); }

void set_error(const char* type, const std::exception& error) { PyErr_SetString(error_type(type).ptr(), error.what()); }

void set_plant_error(const PlantError& error) {
  py::list faults;
  const py::object fault = error_type("Fault");
  for (const Fault& f : error.faults()) {
    faults.append(fault(f.file, f.line, f.column, f.path, f.value, f.message, f.allowed, f.text()));
  }
  const py::object type = error_type("PlantError");
  PyErr_SetObject(type.ptr(), type(error.what(), faults).ptr());
}

/// Typed exceptions of the library become those of the package.
void translate(std::exception_ptr pointer) {
  try {
    if (pointer) std::rethrow_exception(pointer);
  } catch (const PlantError& error) {
    set_plant_error(error);
  } catch (const InvalidArgument& error) {
    set_error("InvalidArgument", error);
  } catch (const FormatError& error) {
    set_error("FormatError", error);
  } catch (const DeadlockError& error) {
    set_error("DeadlockError", error);
  } catch (const study::Cancelled& error) {
    set_error("Cancelled", error);
  } catch (const Error& error) {
    set_error("Error", error);
  }
}

}  // namespace

bool on_main_thread() {
  const auto threading = py::module_::import("threading");
  return threading.attr("current_thread")().is(threading.attr("main_thread")());
}

std::string hex(std::uint64_t digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[15 - i] = kDigits[(digest >> (4 * i)) & 15];
  return out;
}

}  // namespace twin::python

PYBIND11_MODULE(_core, m) {
  using namespace twin::python;
  m.doc() = "The C++ engine; use the package `twin`, which gives it its face.";
  m.attr("__version__") = TWIN_VERSION;
  py::register_exception_translator(translate);
  bind_base(m);
  bind_model(m);
  bind_builder(m);
  bind_state(m);
  bind_sim(m);
  bind_study(m);
  bind_sync(m);
  bind_gateway(m);
  bind_live(m);
  bind_emulate(m);
}
