// Distributions, and times as text.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "twin/base/distribution.hpp"
#include "twin/base/error.hpp"
#include "twin/base/random.hpp"
#include "twin/base/time.hpp"
#include "twin/model/quantity.hpp"

namespace twin::python {
namespace {

py::tuple to_tuple(const Distribution& distribution) {
  const FlatDistribution& f = distribution.flat();
  return py::make_tuple(static_cast<int>(f.family), f.truncated, f.shift, f.lower, f.upper, f.lower_cdf, f.upper_cdf,
                        std::array<double, 4>{f.p[0], f.p[1], f.p[2], f.p[3]}, distribution.table(), f.level_sd);
}

Distribution from_tuple(const py::tuple& t) {
  if (t.size() != 10) throw FormatError("pickled Distribution: not made by this version");
  const int family = t[0].cast<int>();
  if (family < 0 || family > static_cast<int>(Family::kGeometric)) {
    throw FormatError("pickled Distribution: no family " + std::to_string(family));
  }
  FlatDistribution f;
  f.family = static_cast<Family>(family);
  f.truncated = t[1].cast<bool>();
  f.shift = t[2].cast<double>();
  f.lower = t[3].cast<double>();
  f.upper = t[4].cast<double>();
  f.lower_cdf = t[5].cast<double>();
  f.upper_cdf = t[6].cast<double>();
  const auto p = t[7].cast<std::array<double, 4>>();
  std::ranges::copy(p, f.p);
  f.level_sd = t[9].cast<double>();
  const auto table = t[8].cast<std::vector<double>>();
  f.table_count = static_cast<std::uint32_t>(table.size());
  return Distribution::from_flat(f, table);
}

py::array_t<double> sample(const Distribution& distribution, py::ssize_t size, std::uint64_t seed,
                           const std::string& name) {
  if (size < 0) throw InvalidArgument("sample: size is " + std::to_string(size) + "; allowed: 0 or more");
  const std::uint64_t key = draw_key(Seed{seed}, 0);
  const std::uint64_t stream = draw_stream(hash_name(name), Purpose::kService);
  std::vector<double> out(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = distribution.quantile(draw_uniform(key, stream, i));
  return array_of(std::move(out));
}

void bind_distribution(py::module_& m) {
  using D = Distribution;
  py::class_<D>(m, "Distribution", R"doc(A probability distribution of one quantity; of a time, in seconds.

A value: compare, pickle, print. Make one by a factory (``Distribution.lognormal_mean_cv(720, 0.3)``) or read it as
scenario files write it (``Distribution("lognormal(mean 12 min, cv 0.3)")``). Functions take numbers or arrays.

Parameters
----------
text : str
    A time or a distribution of a time, as in scenario files.

Raises
------
InvalidArgument
    Naming the part at fault and what is allowed.)doc")
      .def(py::init([](const std::string& text) { return parse_distribution(text); }), py::arg("text"))
      .def_static("deterministic", &D::deterministic, py::arg("value"), "Always `value`.")
      .def_static("uniform", &D::uniform, py::arg("low"), py::arg("high"), "Any value from `low` to `high` alike.")
      .def_static("triangular", &D::triangular, py::arg("low"), py::arg("mode"), py::arg("high"),
                  "A triangle over [low, high] with its top at `mode`.")
      .def_static("exponential", &D::exponential, py::arg("mean"), "Without memory, with this mean.")
      .def_static("gamma", &D::gamma, py::arg("shape"), py::arg("scale"), "Gamma by shape and scale.")
      .def_static("gamma_mean_cv", &D::gamma_mean_cv, py::arg("mean"), py::arg("cv"),
                  "Gamma by mean and coefficient of variation.")
      .def_static("erlang", &D::erlang, py::arg("k"), py::arg("mean"), "Sum of `k` equal phases with this mean.")
      .def_static("weibull", &D::weibull, py::arg("shape"), py::arg("scale"), "Weibull by shape and scale.")
      .def_static("weibull_mean_cv", &D::weibull_mean_cv, py::arg("mean"), py::arg("cv"),
                  "Weibull by mean and coefficient of variation.")
      .def_static("lognormal", &D::lognormal, py::arg("mu"), py::arg("sigma"),
                  "Its logarithm is normal with mean `mu` and standard deviation `sigma`.")
      .def_static("lognormal_mean_cv", &D::lognormal_mean_cv, py::arg("mean"), py::arg("cv"),
                  "Lognormal by mean and coefficient of variation.")
      .def_static("normal", &D::normal, py::arg("mean"), py::arg("sd"), "Normal; may be negative unless truncated.")
      .def_static("beta", &D::beta, py::arg("a"), py::arg("b"), py::arg("low") = 0.0, py::arg("high") = 1.0,
                  "Beta on [low, high].")
      .def_static("empirical", &D::empirical, py::arg("observations"),
                  "What was observed, straight lines between the sorted observations.")
      .def_static("discrete", &D::discrete, py::arg("values"), py::arg("weights"),
                  "These values, with probabilities in proportion to their weights.")
      .def_static("geometric", &D::geometric, py::arg("probability"), py::arg("unit") = 1.0,
                  "Trials up to and with the first success, each as long as `unit`.")
      .def("shifted", &D::shifted, py::arg("by"), "This plus a constant.")
      .def("truncated", &D::truncated, py::arg("lower"), py::arg("upper"),
           "This, given that it lies in [lower, upper].")
      .def("uncertain", &D::uncertain, py::arg("sigma"),
           "This with a scale that is not known: one factor for all values of a replication, its logarithm normal.")
      .def_property_readonly(
          "level_sd", [](const D& d) { return d.flat().level_sd; }, "Sigma of the unknown scale; 0 where it is known.")
      .def("scaled", &D::scaled, py::arg("factor"), "All values multiplied by a positive factor.")
      .def("density", py::vectorize([](const D* d, double x) { return d->density(x); }), py::arg("x"),
           "Probability density at `x`; where values have mass, that mass.")
      .def("pdf", py::vectorize([](const D* d, double x) { return d->density(x); }), py::arg("x"),
           "The same as `density`, by the name SciPy gives it.")
      .def("cdf", py::vectorize([](const D* d, double x) { return d->cdf(x); }), py::arg("x"),
           "Probability of a value of at most `x`.")
      .def("quantile", py::vectorize([](const D* d, double u) { return d->quantile(u); }), py::arg("u"),
           "Smallest value whose cdf is at least `u`; 0 and 1 give the least and the greatest value.")
      .def("residual", py::vectorize([](const D* d, double age, double u) { return d->residual(age, u); }),
           py::arg("age"), py::arg("u"),
           "Quantile at `u` of what is left of something that has lasted `age`; 0 where it is overdue.")
      .def("sample", &sample, py::arg("size"), py::arg("seed") = 0, py::arg("name") = "sample",
           R"(Draw variates; the i-th is a function of seed, name and i.

Returns
-------
numpy.ndarray
    Shape (size,).)")
      .def_property_readonly("mean", &D::mean, "Expected value.")
      .def_property_readonly("variance", &D::variance, "Variance.")
      .def_property_readonly(
          "sd", [](const D& d) { return std::sqrt(d.variance()); }, "Standard deviation.")
      .def_property_readonly("min", &D::min, "Smallest possible value.")
      .def_property_readonly("max", &D::max, "Greatest possible value.")
      .def_property_readonly(
          "family", [](const D& d) { return family_name(d.flat().family); }, "Name of the family as in scenario files.")
      .def("text", &D::text, py::arg("unit") = "s", "As scenario files write it; reads back as the same distribution.")
      .def("__str__", [](const D& d) { return d.text(); })
      .def("__repr__", [](const D& d) { return "Distribution('" + d.text() + "')"; })
      .def(
          "__eq__", [](const D& a, const D& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const D& d) { return py::hash(py::str(d.text())); })
      .def(py::pickle(&to_tuple, &from_tuple))
      .attr("__module__") = "twin";
}

}  // namespace

void bind_base(py::module_& m) {
  bind_distribution(m);
  m.def(
      "parse_duration", [](const std::string& text) { return parse_duration(text).count(); }, py::arg("text"));
  m.def("parse_seconds", &parse_seconds, py::arg("text"));
  m.def("parse_number_distribution", &parse_number_distribution, py::arg("text"));
  m.def("parse_si", &parse_si, py::arg("text"));
  m.def(
      "parse_instant",
      [](const std::string& text) -> std::optional<Tick> {
        WallTime time;
        if (!parse_wall_time(text, time)) return std::nullopt;
        return time.time_since_epoch().count();
      },
      py::arg("text"));
  m.def(
      "format_duration", [](Tick ns) { return format_duration(Duration{ns}); }, py::arg("ns"));
  m.def(
      "format_instant", [](Tick ns) { return format_wall_time(WallTime{Duration{ns}}); }, py::arg("ns"));
  m.def("duration_text", &duration_text, py::arg("ns"));
}

}  // namespace twin::python
