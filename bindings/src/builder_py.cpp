// PlantBuilder: in calls what a scenario file says in keys.
#include "twin/model/builder.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings_py.hpp"
#include "twin/base/error.hpp"

namespace twin::python {
namespace {

using Shares = std::vector<std::pair<std::string, double>>;
using Time = std::variant<Distribution, std::string>;  // a text is checked by build()

TimeText time_of(const Time& time) {
  return std::visit([](const auto& either) { return TimeText(either); }, time);
}
std::optional<TimeText> time_of(const std::optional<Time>& time) {
  return time ? std::optional(time_of(*time)) : std::nullopt;
}

template <class Rule>
Rule rule_of(const std::string& name, std::initializer_list<Rule> rules, const char* what) {
  std::string allowed;
  for (const Rule rule : rules) {
    if (name == name_of(rule)) return rule;
    allowed += (allowed.empty() ? "" : ", ") + std::string(name_of(rule));
  }
  throw InvalidArgument(std::string(what) + ": '" + name + "'; allowed: " + allowed);
}

QueueRule queue_rule_of(const std::string& name) {
  return rule_of(name,
                 {QueueRule::kFifo, QueueRule::kLifo, QueueRule::kSpt, QueueRule::kSptKnown, QueueRule::kEdd,
                  QueueRule::kPriority},
                 "queue_rule");
}
ChooseRule choose_rule_of(const std::string& name) {
  return rule_of(name,
                 {ChooseRule::kShortestQueue, ChooseRule::kEarliestFinish, ChooseRule::kFirst, ChooseRule::kRandom},
                 "choose");
}

void bind_station(py::module_& m) {
  using S = StationBuilder;
  py::class_<S>(m, "StationBuilder")
      .def("machines", [](S& s, int count) { s.machines(count); })
      .def("machine", [](S& s, const std::string& name, std::optional<double> speed,
                         const std::string& calendar) { s.machine(name, speed, calendar); })
      .def("queue_places", [](S& s, int places) { s.queue_places(places); })
      .def("queue_rule", [](S& s, const std::string& rule) { s.queue_rule(queue_rule_of(rule)); })
      .def("queue_priority", [](S& s, const std::vector<std::string>& products) { s.queue_priority(products); })
      .def("lose_when_full", [](S& s) { s.lose_when_full(); })
      .def("failure", [](S& s, const Time& after, const Time& repair,
                         bool of_work) { s.failure(time_of(after), time_of(repair), of_work); })
      .def("works_in", [](S& s, const std::string& calendar) { s.works_in(calendar); })
      .def("time", [](S& s, const Time& time) { s.time(time_of(time)); })
      .def("setup", [](S& s, const Time& setup) { s.setup(time_of(setup)); })
      .def("speed", [](S& s, double factor) { s.speed(factor); });
}

void bind_product(py::module_& m) {
  using P = ProductBuilder;
  py::class_<P>(m, "ProductBuilder")
      .def("step",
           [](P& p, const std::vector<std::string>& at, const std::optional<Time>& time, const std::string& op,
              const std::optional<Time>& setup, const std::optional<Time>& transport, const std::string& choose,
              const Shares& rework, const Shares& go_to, double leave, double scrap) {
             p.step({.at = at,
                     .time = time_of(time),
                     .op = op,
                     .setup = time_of(setup),
                     .transport = time_of(transport),
                     .choose = choose_rule_of(choose),
                     .then = {rework, go_to, leave, scrap}});
           })
      .def("arrivals_every", [](P& p, const Time& time) { p.arrivals_every(time_of(time)); })
      .def("saturate", [](P& p) { p.saturate(); })
      .def("conwip", [](P& p, int lots) { p.conwip(lots); })
      .def("priority", [](P& p, int value) { p.priority(value); })
      .def("due", [](P& p, Tick after_release) { p.due(Duration{after_release}); })
      .def("family", [](P& p, const std::string& name) { p.family(name); });
}

}  // namespace

void bind_builder(py::module_& m) {
  using B = PlantBuilder;
  bind_station(m);
  bind_product(m);
  py::class_<B>(m, "PlantBuilder")
      .def(py::init<std::string>())
      .def("station", &B::station, py::keep_alive<0, 1>())
      .def("product", &B::product, py::keep_alive<0, 1>())
      .def("calendar", [](B& b, const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& hours) { b.calendar(name, hours); })
      .def("order",
           [](B& b, const std::string& id, const std::string& product, int quantity, Tick release,
              std::optional<Tick> due, std::optional<int> priority) {
             b.order({id, product, quantity, Duration{release}, due ? std::optional(Duration{*due}) : std::nullopt,
                      priority});
           })
      .def("epoch", [](B& b, Tick wall) { b.epoch(WallTime{Duration{wall}}); })
      .def("run",
           [](B& b, Tick warmup, std::optional<Tick> until, int replications, std::uint64_t seed) {
             b.run({Duration{warmup}, until ? std::optional(Duration{*until}) : std::nullopt, replications, seed});
           })
      .def("expect", [](B& b, const std::string& metric, double value) { b.expect(metric, value); })
      .def("expect", [](B& b, const std::string& metric, const std::string& value) { b.expect(metric, value); })
      .def("set", [](B& b, const std::string& path, const std::string& yaml) { b.set(path, yaml); })
      .def("yaml", [](const B& b) { return b.document().yaml(); })
      .def("build", &B::build);
}

}  // namespace twin::python
