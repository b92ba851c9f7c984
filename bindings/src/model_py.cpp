// Plants and their parameters.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <array>
#include <filesystem>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "twin/base/error.hpp"
#include "twin/base/random.hpp"
#include "twin/model/document.hpp"
#include "twin/model/plant.hpp"
#include "twin/model/schema.hpp"

namespace twin::python {
namespace {

bool same(const Parameters& a, const Parameters& b) {
  if (a.distributions.size() != b.distributions.size() || a.branch_probability != b.branch_probability ||
      a.speed != b.speed) {
    return false;
  }
  for (std::uint32_t d = 0; d < a.distributions.size(); ++d) {
    if (a.distribution(DistributionId{d}) != b.distribution(DistributionId{d})) return false;
  }
  return true;
}

void check_index(std::size_t index, std::size_t size, const char* what) {
  if (index >= size) {
    throw InvalidArgument("parameters: no " + std::string(what) + " " + std::to_string(index) + "; there are " +
                          std::to_string(size));
  }
}

/// The same numbers with a table that has no forgotten parts.
Parameters assembled(const std::vector<Distribution>& distributions, std::vector<double> branch_probability,
                     std::vector<double> speed) {
  Parameters out;
  out.distributions.resize(distributions.size());
  for (std::uint32_t d = 0; d < distributions.size(); ++d) out.set(DistributionId{d}, distributions[d]);
  out.branch_probability = std::move(branch_probability);
  out.speed = std::move(speed);
  return out;
}

std::vector<Distribution> distributions_of(const Parameters& parameters) {
  std::vector<Distribution> out;
  for (std::uint32_t d = 0; d < parameters.distributions.size(); ++d) {
    out.push_back(parameters.distribution(DistributionId{d}));
  }
  return out;
}

void bind_parameters(py::module_& m) {
  py::class_<Parameters>(m, "Parameters")
      .def("distribution",
           [](const Parameters& p, std::uint32_t index) {
             check_index(index, p.distributions.size(), "distribution");
             return p.distribution(DistributionId{index});
           })
      .def("set_distribution",
           [](Parameters& p, std::uint32_t index, const Distribution& distribution) {
             check_index(index, p.distributions.size(), "distribution");
             p.set(DistributionId{index}, distribution);
           })
      .def("branch",
           [](const Parameters& p, std::size_t index) {
             check_index(index, p.branch_probability.size(), "branch");
             return p.branch_probability[index];
           })
      .def("set_branch",
           [](Parameters& p, std::size_t index, double probability) {
             check_index(index, p.branch_probability.size(), "branch");
             p.branch_probability[index] = probability;
           })
      .def("speed",
           [](const Parameters& p, std::size_t index) {
             check_index(index, p.speed.size(), "machine");
             return p.speed[index];
           })
      .def("set_speed",
           [](Parameters& p, std::size_t index, double speed) {
             check_index(index, p.speed.size(), "machine");
             p.speed[index] = speed;
           })
      .def("copy", [](const Parameters& p) { return Parameters(p); })
      .def("same", &same)
      .def(py::pickle(
          [](const Parameters& p) { return py::make_tuple(distributions_of(p), p.branch_probability, p.speed); },
          [](const py::tuple& t) {
            if (t.size() != 3) throw FormatError("pickled Parameters: not made by this version");
            return assembled(t[0].cast<std::vector<Distribution>>(), t[1].cast<std::vector<double>>(),
                             t[2].cast<std::vector<double>>());
          }));
}

py::dict stations(const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::int64_t> machines;
  std::vector<double> places;
  std::vector<std::string> rules;
  std::vector<bool> lose;
  for (const StationData& s : d.stations) {
    machines.push_back(s.machine_count);
    places.push_back(s.places < 0 ? std::numeric_limits<double>::infinity() : s.places);
    rules.emplace_back(name_of(s.rule));
    lose.push_back(s.lose_when_full);
  }
  return Columns()
      .add("station", d.station_names)
      .add("machines", std::move(machines))
      .add("rule", rules)
      .add("places", std::move(places))
      .add("lose_when_full", std::move(lose))
      .take();
}

py::dict machines(const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> station, calendar;
  std::vector<std::int64_t> modes;
  std::vector<double> speed;
  for (std::size_t i = 0; i < d.machines.size(); ++i) {
    const MachineData& one = d.machines[i];
    station.push_back(d.station_names[one.station.value]);
    calendar.push_back(one.calendar.valid() ? d.calendar_names[one.calendar.value] : "");
    modes.push_back(one.mode_count);
    speed.push_back(plant.parameters().speed[i]);
  }
  return Columns()
      .add("machine", d.machine_names)
      .add("station", station)
      .add("speed", std::move(speed))
      .add("calendar", calendar)
      .add("failure_modes", std::move(modes))
      .take();
}

std::string source_text(const PlantData& d, std::uint32_t product) {
  std::string out;
  for (const SourceData& s : d.sources) {
    if (s.product.value == product) out += (out.empty() ? "" : ", ") + std::string(name_of(s.kind));
  }
  return out;
}

py::dict products(const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::int64_t> steps, priority, ordered(d.products.size());
  std::vector<std::string> arrivals;
  for (std::uint32_t p = 0; p < d.products.size(); ++p) {
    steps.push_back(d.products[p].step_count);
    priority.push_back(d.products[p].priority);
    arrivals.push_back(source_text(d, p));
  }
  for (const OrderData& o : d.orders) ordered[o.product.value] += o.quantity;
  return Columns()
      .add("product", d.product_names)
      .add("steps", std::move(steps))
      .add("arrivals", arrivals)
      .add("ordered", std::move(ordered))
      .add("priority", std::move(priority))
      .take();
}

/// One row for each station that can do a step.
py::dict steps(const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> product, name, station, time;
  std::vector<double> mean;
  for (std::size_t s = 0; s < d.steps.size(); ++s) {
    const StepData& step = d.steps[s];
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c) {
      product.push_back(d.product_names[step.product.value]);
      name.push_back(d.step_names[s]);
      station.push_back(d.station_names[d.choices[c].station.value]);
      const Distribution distribution = plant.parameters().distribution(d.choices[c].time);
      time.push_back(distribution.text());
      mean.push_back(distribution.mean());
    }
  }
  return Columns()
      .add("product", product)
      .add("step", name)
      .add("station", station)
      .add("time", time)
      .add("mean_s", std::move(mean))
      .take();
}

py::dict orders(const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> product;
  std::vector<std::int64_t> quantity, priority;
  std::vector<Tick> release, due;
  for (const OrderData& o : d.orders) {
    product.push_back(d.product_names[o.product.value]);
    quantity.push_back(o.quantity);
    priority.push_back(o.priority);
    release.push_back(o.release);
    due.push_back(o.due);
  }
  return Columns()
      .add("order", d.order_names)
      .add("product", product)
      .add("quantity", std::move(quantity))
      .add_object("release", instants_of(d, std::move(release)))
      .add_object("due", instants_of(d, std::move(due)))
      .add("priority", std::move(priority))
      .take();
}

/// Open hours of each calendar, as spans since Monday 00:00 UTC.
py::dict calendars(const Plant& plant) {
  const PlantData& d = plant.data();
  std::vector<std::string> name;
  std::vector<Tick> opens, closes;
  for (std::size_t c = 0; c < d.calendars.size(); ++c) {
    const CalendarData& calendar = d.calendars[c];
    for (std::uint32_t p = 0; p + 1 < calendar.point_count; p += 2) {
      name.push_back(d.calendar_names[c]);
      opens.push_back(d.calendar_points[calendar.first_point + p]);
      closes.push_back(d.calendar_points[calendar.first_point + p + 1]);
    }
  }
  return Columns()
      .add("calendar", name)
      .add_object("opens", spans_of(std::move(opens)))
      .add_object("closes", spans_of(std::move(closes)))
      .take();
}

using Changes = std::vector<std::pair<std::string, std::string>>;

std::vector<std::pair<std::string, Changes>> what_if(const Plant& plant) {
  std::vector<std::pair<std::string, Changes>> out;
  const Node* block = plant.document().root().find("what_if");
  if (block == nullptr) return out;
  for (const Node& scenario : block->children) {
    Changes changes;
    for (const Node& value : scenario.children) changes.emplace_back(value.key, to_yaml_line(value));
    out.emplace_back(scenario.key, std::move(changes));
  }
  return out;
}

/// File, line and column of the key that a chain of keys leads to; "", 0, 0 when nothing was written there.
std::tuple<std::string, int, int> mark(const Plant& plant, const std::vector<std::string>& keys) {
  const Node* node = &plant.document().root();
  for (const std::string& key : keys) {
    node = node->find(key);
    if (node == nullptr) return {"", 0, 0};
  }
  const Mark& at = node->key_mark;
  return {at.file ? *at.file : std::string(), at.line, at.column};
}

/// Path, file and line of each place where a scenario's text names another file.
std::vector<std::tuple<std::string, std::string, int>> files_named(const std::string& yaml, const std::string& name) {
  std::vector<std::tuple<std::string, std::string, int>> out;
  const Node root = parse_yaml(yaml, name);
  const auto note = [&out](const std::string& path, const Node& node) {
    if (node.is_scalar()) out.emplace_back(path, node.scalar, node.mark.line);
    for (const Node& one : node.children)
      if (one.is_scalar()) out.emplace_back(path, one.scalar, one.mark.line);
  };
  if (const Node* include = root.find("include")) note("include", *include);
  if (const Node* stations = root.find("stations"))
    for (const Node& station : stations->children)
      if (const Node* setup = station.find("setup"))
        if (const Node* matrix = setup->find("matrix"); matrix != nullptr && matrix->is_scalar())
          note(join_path("stations", station.key) + ".setup.matrix", *matrix);
  if (const Node* orders = root.find("orders"); orders != nullptr && orders->is_scalar()) note("orders", *orders);
  return out;
}

py::dict run_settings(const RunSettings& run) {
  py::dict out;
  out["warmup"] = run.warmup;
  out["until"] = run.until >= kNever ? py::object(py::none()) : py::int_(run.until);
  out["replications"] = run.replications;
  out["seed"] = run.seed;
  return out;
}

}  // namespace

void bind_model(py::module_& m) {
  bind_parameters(m);
  py::class_<Plant>(m, "Plant")
      .def_static(
          "load",
          [](const std::filesystem::path& path) {
            const py::gil_scoped_release release;
            return Plant::load(path);
          },
          py::arg("path"))
      .def_static("parse", &Plant::parse, py::arg("yaml"), py::arg("name"), py::arg("folder"))
      .def("change", &Plant::change, py::arg("changes"))
      .def("with_parameters", &Plant::with_parameters, py::arg("parameters"))
      .def("parameters", [](const Plant& p) { return Parameters(p.parameters()); })
      .def("realised",
           [](const Plant& p, const Parameters& parameters, std::uint64_t seed, std::uint64_t replication) {
             return p.data().realised(parameters, draw_key(Seed{seed}, replication));
           })
      .def("yaml", &Plant::yaml)
      .def("digest", [](const Plant& p) { return hex(p.digest()); })
      .def("name", [](const Plant& p) { return p.data().name; })
      .def("epoch", [](const Plant& p) { return p.data().epoch.time_since_epoch().count(); })
      .def("run", [](const Plant& p) { return run_settings(p.run()); })
      .def("expect", [](const Plant& p) { return p.data().expect; })
      .def("what_if", &what_if)
      .def("mark", &mark, py::arg("keys"))
      .def("station_names", [](const Plant& p) { return p.data().station_names; })
      .def("machine_names", [](const Plant& p) { return p.data().machine_names; })
      .def("product_names", [](const Plant& p) { return p.data().product_names; })
      .def("order", [](const Plant& p, const std::string& name) { return p.order(name).value; })
      .def("order_names", [](const Plant& p) { return p.data().order_names; })
      .def("machine_stations",
           [](const Plant& p) {
             std::vector<std::string> out;
             for (const MachineData& one : p.data().machines) out.push_back(p.data().station_names[one.station.value]);
             return out;
           })
      .def("distribution_paths", [](const Plant& p) { return p.data().distribution_paths; })
      .def("branch_paths", [](const Plant& p) { return p.data().branch_paths; })
      .def("explain",
           [](const Plant& p, const std::string& path) {
             std::vector<std::array<std::string, 5>> out;
             for (Explained& e : explain(p, path)) {
               out.push_back({std::move(e.path), std::move(e.value), std::move(e.origin), std::move(e.meaning),
                              std::move(e.allowed)});
             }
             return out;
           })
      .def("stations", &stations)
      .def("machines", &machines)
      .def("products", &products)
      .def("steps", &steps)
      .def("orders", &orders)
      .def("calendars", &calendars);
  m.def("plant_schema", &plant_schema);
  m.def("files_named", &files_named, py::arg("yaml"), py::arg("file"));
  m.def("join_path", [](const std::string& parent, const std::string& name) { return join_path(parent, name); });
}

}  // namespace twin::python
