// Studies: replications, forecasts, comparisons.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "interruptible_py.hpp"
#include "twin/base/error.hpp"
#include "twin/study/compare.hpp"
#include "twin/study/forecast.hpp"
#include "twin/study/simulate.hpp"

namespace twin::python {
namespace {

using study::Comparison;
using study::Estimate;
using study::Forecast;
using study::ForecastOptions;
using study::Result;
using study::SimulateOptions;

std::vector<std::pair<std::string, std::string>> pairs_of(const std::vector<Metric>& metrics) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Metric& metric : metrics) out.emplace_back(metric.name, metric.unit);
  return out;
}
std::vector<Metric> metrics_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<Metric> out;
  for (const auto& [name, unit] : pairs) out.push_back({name, unit});
  return out;
}

template <class T>
py::bytes bytes_of(const std::vector<T>& values) {
  return py::bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}
/// \throws FormatError  not `count` values
template <class T>
std::vector<T> values_of(const py::handle& bytes, std::size_t count) {
  const std::string text = bytes.cast<py::bytes>();
  if (text.size() != count * sizeof(T)) throw FormatError("pickled study: its values do not fit its names");
  std::vector<T> out(count);
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(out.data()));
  return out;
}
std::size_t count_of(const py::handle& number) {
  const int count = number.cast<int>();
  if (count < 0) throw FormatError("pickled study: a negative number of runs");
  return static_cast<std::size_t>(count);
}

/// Pieces of one study, in order of replication, as one.
Result merge(const std::vector<Result>& pieces) {
  if (pieces.empty()) throw InvalidArgument("merge: no result; allowed: one or more");
  Result out;
  out.method = pieces.front().method;
  out.metrics = pieces.front().metrics;
  for (const Result& piece : pieces) {
    if (pairs_of(piece.metrics) != pairs_of(out.metrics)) {
      throw InvalidArgument("merge: results of different plants; allowed: pieces of one study");
    }
    out.replications += piece.replications;
    out.values.insert(out.values.end(), piece.values.begin(), piece.values.end());
    out.completed += piece.completed;
    out.events += piece.events;
    out.cpu_s += piece.cpu_s;
    out.digest += piece.digest;
    out.unfinished += piece.unfinished;
  }
  std::vector<double> column(static_cast<std::size_t>(out.replications));
  for (std::size_t m = 0; m < out.metrics.size(); ++m) {
    for (std::size_t r = 0; r < column.size(); ++r) column[r] = out.values[r * out.metrics.size() + m];
    out.estimates.push_back(study::estimate(column));
  }
  return out;
}

py::tuple to_tuple(const Result& r) {
  return py::make_tuple(pairs_of(r.metrics), r.replications, bytes_of(r.values), r.completed, r.events, r.cpu_s,
                        r.digest, r.unfinished, std::string(name_of(r.method)));
}
Result result_of(const py::tuple& t) {
  if (t.size() != 9) throw FormatError("pickled Result: not made by this version");
  Result piece;
  piece.metrics = metrics_of(t[0].cast<std::vector<std::pair<std::string, std::string>>>());
  piece.replications = t[1].cast<int>();
  piece.values = values_of<double>(t[2], count_of(t[1]) * piece.metrics.size());
  piece.completed = t[3].cast<std::uint64_t>();
  piece.events = t[4].cast<std::uint64_t>();
  piece.cpu_s = t[5].cast<double>();
  piece.digest = t[6].cast<std::uint64_t>();
  piece.unfinished = t[7].cast<int>();
  piece.method = method_named(t[8].cast<std::string>());
  return merge({piece});
}

py::tuple to_tuple(const Forecast& f) {
  return py::make_tuple(f.now, f.horizon, f.futures, f.names, bytes_of(f.instants), pairs_of(f.metrics),
                        bytes_of(f.values), f.events, f.cpu_s, f.digest, std::string(name_of(f.method)));
}
Forecast forecast_of(const py::tuple& t) {
  if (t.size() != 11) throw FormatError("pickled Forecast: not made by this version");
  Forecast f;
  f.now = t[0].cast<Tick>();
  f.horizon = t[1].cast<Tick>();
  f.futures = t[2].cast<int>();
  f.names = t[3].cast<std::vector<std::string>>();
  f.instants = values_of<Tick>(t[4], count_of(t[2]) * f.names.size());
  f.metrics = metrics_of(t[5].cast<std::vector<std::pair<std::string, std::string>>>());
  f.values = values_of<double>(t[6], count_of(t[2]) * f.metrics.size());
  f.events = t[7].cast<std::uint64_t>();
  f.cpu_s = t[8].cast<double>();
  f.digest = t[9].cast<std::uint64_t>();
  f.method = method_named(t[10].cast<std::string>());
  return f;
}

py::list to_list(const Comparison& c) {
  py::list out;
  for (const auto& entry : c.entries) {
    const bool whole = std::holds_alternative<Result>(entry.outcome);
    out.append(
        py::make_tuple(entry.name, whole, std::visit([](const auto& one) { return to_tuple(one); }, entry.outcome)));
  }
  return out;
}
Comparison comparison_of(const py::list& entries) {
  Comparison out;
  for (const py::handle& item : entries) {
    const auto t = item.cast<py::tuple>();
    if (t.size() != 3) throw FormatError("pickled Comparison: not made by this version");
    if (t[1].cast<bool>()) {
      out.entries.push_back({t[0].cast<std::string>(), result_of(t[2])});
    } else {
      out.entries.push_back({t[0].cast<std::string>(), forecast_of(t[2])});
    }
  }
  return out;
}

void bind_result(py::module_& m) {
  py::class_<Estimate>(m, "Estimate")
      .def_readonly("mean", &Estimate::mean)
      .def_readonly("half_width", &Estimate::half_width)
      .def_readonly("n", &Estimate::n);
  py::class_<Result>(m, "Result")
      .def_readonly("replications", &Result::replications)
      .def_readonly("completed", &Result::completed)
      .def_readonly("events", &Result::events)
      .def_readonly("cpu_s", &Result::cpu_s)
      .def_readonly("unfinished", &Result::unfinished)
      .def_readonly("estimates", &Result::estimates)
      .def_property_readonly("digest", [](const Result& r) { return hex(r.digest); })
      .def_property_readonly("method", [](const Result& r) { return std::string(name_of(r.method)); })
      .def_property_readonly("metrics", [](const Result& r) { return pairs_of(r.metrics); })
      .def_property_readonly("values",
                             [](const Result& r) {
                               return matrix_of(r.values, static_cast<std::size_t>(r.replications), r.metrics.size());
                             })
      .def("index", [](const Result& r, const std::string& name) { return r.index(name); })
      .def(py::pickle([](const Result& r) { return to_tuple(r); }, &result_of));
  m.def("merge", &merge, py::arg("pieces"));
}

SimulateOptions simulate_options(int replications, std::optional<std::uint64_t> seed, std::optional<Tick> warmup,
                                 std::optional<Tick> until, int threads, std::uint64_t first_replication,
                                 bool quantiles, const std::string& method) {
  SimulateOptions options;
  options.method = method_named(method);
  options.replications = replications;
  if (seed) options.seed = Seed{*seed};
  options.warmup = warmup;
  options.until = until;
  options.threads = threads;
  options.first_replication = first_replication;
  options.quantiles = quantiles;
  return options;
}

ForecastOptions forecast_options(int futures, std::optional<Tick> horizon, int threads, std::uint64_t first_replication,
                                 const std::string& method) {
  ForecastOptions options;
  options.method = method_named(method);
  options.futures = futures;
  if (horizon) options.horizon = *horizon;
  options.threads = threads;
  options.first_replication = first_replication;
  return options;
}

/// Runs `work(options)` with cancellation and progress filled in.
template <class Options, class Work>
auto study(py::object progress, Options options, Work work) {
  return interruptible(std::move(progress), [&](const std::atomic<bool>* cancel, Progress told) {
    options.cancel = cancel;
    options.progress = std::move(told);
    return work(options);
  });
}

void bind_simulate(py::module_& m) {
  m.def(
      "simulate",
      [](const Plant& plant, const Parameters& parameters, int replications, std::optional<std::uint64_t> seed,
         std::optional<Tick> warmup, std::optional<Tick> until, int threads, std::uint64_t first_replication,
         bool quantiles, const std::string& method, py::object progress) {
        return study(std::move(progress),
                     simulate_options(replications, seed, warmup, until, threads, first_replication, quantiles, method),
                     [&](const SimulateOptions& options) { return study::simulate(plant, parameters, options); });
      },
      py::arg("plant"), py::arg("parameters"), py::arg("replications"), py::arg("seed"), py::arg("warmup"),
      py::arg("until"), py::arg("threads"), py::arg("first_replication"), py::arg("quantiles"), py::arg("method"),
      py::arg("progress"));
}

void bind_forecast(py::module_& m) {
  py::class_<Forecast>(m, "Forecast")
      .def_readonly("now", &Forecast::now)
      .def_readonly("horizon", &Forecast::horizon)
      .def_readonly("futures", &Forecast::futures)
      .def_readonly("names", &Forecast::names)
      .def_readonly("events", &Forecast::events)
      .def_readonly("cpu_s", &Forecast::cpu_s)
      .def_property_readonly("digest", [](const Forecast& f) { return hex(f.digest); })
      .def_property_readonly("method", [](const Forecast& f) { return std::string(name_of(f.method)); })
      .def_property_readonly("metrics", [](const Forecast& f) { return pairs_of(f.metrics); })
      .def_property_readonly(
          "values",
          [](const Forecast& f) { return matrix_of(f.values, static_cast<std::size_t>(f.futures), f.metrics.size()); })
      .def("has", [](const Forecast& f, const std::string& name) { return f.has(name); })
      .def("index", [](const Forecast& f, const std::string& name) { return f.index(name); })
      .def("sample", [](const Forecast& f, const std::string& name) { return array_of(f.sample(name)); })
      .def("instants_of", [](const Forecast& f, const std::string& name,
                             const Plant& plant) { return instants_of(plant.data(), f.instants_of(name)); })
      .def("quantile", [](const Forecast& f, const std::string& name, double p,
                          const Plant& plant) { return wall_tick(plant.data(), f.quantile(name, p)); })
      .def("mean", [](const Forecast& f, const std::string& name,
                      const Plant& plant) { return wall_tick(plant.data(), f.mean(name)); })
      .def("probability_before",
           [](const Forecast& f, const std::string& name, Tick wall, const Plant& plant) {
             return f.probability_before(name, plant.ticks(WallTime{Duration{wall}}));
           })
      .def(py::pickle([](const Forecast& f) { return to_tuple(f); }, &forecast_of));
  m.def(
      "forecast",
      [](const Plant& plant, const std::vector<Parameters>& parameters, const State& state, int futures,
         std::optional<Tick> horizon, int threads, std::uint64_t first_replication, const std::string& method,
         py::object progress) {
        return study(std::move(progress), forecast_options(futures, horizon, threads, first_replication, method),
                     [&](const ForecastOptions& options) {
                       return study::forecast(plant, std::span(parameters), state, options);
                     });
      },
      py::arg("plant"), py::arg("parameters"), py::arg("state"), py::arg("futures"), py::arg("horizon"),
      py::arg("threads"), py::arg("first_replication"), py::arg("method"), py::arg("progress"));
}

void bind_comparison(py::module_& m) {
  py::class_<study::Compared>(m, "Compared")
      .def_readonly("name", &study::Compared::name)
      .def_readonly("value", &study::Compared::value)
      .def_readonly("difference", &study::Compared::difference)
      .def_readonly("correlation", &study::Compared::correlation)
      .def_readonly("variance_ratio", &study::Compared::variance_ratio)
      .def_readonly("best", &study::Compared::best);
  py::class_<Comparison>(m, "Comparison")
      .def_property_readonly("names",
                             [](const Comparison& c) {
                               std::vector<std::string> out;
                               for (const auto& entry : c.entries) out.push_back(entry.name);
                               return out;
                             })
      .def("outcome",
           [](const Comparison& c, const std::string& name) -> std::variant<Result, Forecast> {
             return c[name].outcome;
           })
      .def("sample", [](const Comparison& c, const std::string& name,
                        const std::string& metric) { return array_of(c.sample(name, metric)); })
      .def("compare", [](const Comparison& c, const std::string& metric, const std::string& baseline,
                         bool smaller_is_better) { return c.compare(metric, baseline, smaller_is_better); })
      .def(py::pickle(&to_list, &comparison_of));
}

using StateAlternative = std::tuple<std::string, Plant, Parameters, State>;
using PlantAlternative = std::tuple<std::string, Plant, Parameters>;

void bind_compare(py::module_& m) {
  m.def("carry_parameters", &study::carry_parameters, py::arg("from_"), py::arg("learned"), py::arg("to"));
  m.def(
      "compare_states",
      [](const std::vector<StateAlternative>& given, int futures, std::optional<Tick> horizon, int threads,
         std::uint64_t first_replication, const std::string& method, py::object progress) {
        std::vector<study::Alternative> alternatives;
        for (const auto& [name, plant, parameters, state] : given) {
          alternatives.push_back({name, plant, parameters, state});
        }
        return study(std::move(progress), forecast_options(futures, horizon, threads, first_replication, method),
                     [&](const ForecastOptions& options) { return study::compare_states(alternatives, options); });
      },
      py::arg("alternatives"), py::arg("futures"), py::arg("horizon"), py::arg("threads"), py::arg("first_replication"),
      py::arg("method"), py::arg("progress"));
  m.def(
      "compare_plants",
      [](const std::vector<PlantAlternative>& given, int replications, std::optional<std::uint64_t> seed,
         std::optional<Tick> warmup, std::optional<Tick> until, int threads, bool quantiles, const std::string& method,
         py::object progress) {
        std::vector<study::PlantAlternative> alternatives;
        for (const auto& [name, plant, parameters] : given) alternatives.push_back({name, plant, parameters});
        return study(std::move(progress),
                     simulate_options(replications, seed, warmup, until, threads, 0, quantiles, method),
                     [&](const SimulateOptions& options) { return study::compare_plants(alternatives, options); });
      },
      py::arg("alternatives"), py::arg("replications"), py::arg("seed"), py::arg("warmup"), py::arg("until"),
      py::arg("threads"), py::arg("quantiles"), py::arg("method"), py::arg("progress"));
}

}  // namespace

void bind_study(py::module_& m) {
  bind_result(m);
  bind_simulate(m);
  bind_forecast(m);
  bind_comparison(m);
  bind_compare(m);
  m.def("student_t", &study::student_t, py::arg("confidence"), py::arg("degrees_of_freedom"));
  m.def("crps", [](std::vector<double> sample, double observed) {
    std::ranges::sort(sample);
    return study::crps(sample, observed);
  });
}

}  // namespace twin::python
