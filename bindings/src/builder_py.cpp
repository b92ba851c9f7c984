// PlantBuilder: in calls what a scenario file says in keys.
#include "twin/model/builder.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings_py.hpp"
#include "twin/base/error.hpp"
#include "twin/model/expression.hpp"

namespace twin::python {
namespace {

using Shares = std::vector<std::pair<std::string, double>>;
using Time = std::variant<Distribution, std::string>;  // a text is checked by build()
using Times = std::vector<std::pair<std::string, Time>>;
using NamedCounts = std::optional<std::vector<std::pair<std::string, int>>>;
using Branches = std::vector<std::pair<std::string, std::vector<StepOptions>>>;

TimeText time_of(const Time& time) {
  return std::visit([](const auto& either) { return TimeText(either); }, time);
}
std::optional<TimeText> time_of(const std::optional<Time>& time) {
  return time ? std::optional(time_of(*time)) : std::nullopt;
}
std::vector<std::pair<std::string, TimeText>> times_of(const Times& times) {
  std::vector<std::pair<std::string, TimeText>> out;
  for (const auto& [name, time] : times) out.emplace_back(name, time_of(time));
  return out;
}

Amounts amounts_of(const NamedCounts& amounts) { return amounts ? Amounts(*amounts) : Amounts(); }

CountText count_of(const std::variant<Distribution, int, std::string>& lots) {
  return std::visit([](const auto& either) { return CountText(either); }, lots);
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

ChooseRule choose_rule_of(const std::string& name) {
  return rule_of(name,
                 {ChooseRule::kShortestQueue, ChooseRule::kEarliestFinish, ChooseRule::kFirst, ChooseRule::kRandom,
                  ChooseRule::kCost},
                 "choose");
}

void bind_station(py::module_& m) {
  using S = StationBuilder;
  py::class_<WearState>(m, "Wear").def(
      py::init([](const std::string& state, const std::optional<Time>& lasts, double speed, double scrap,
                  const std::optional<Time>& repair, bool when_free, const NamedCounts& needs) {
        return WearState{state, time_of(lasts), speed, scrap, time_of(repair), when_free, amounts_of(needs)};
      }));
  py::class_<S>(m, "StationBuilder")
      .def("machines", [](S& s, int count) { s.machines(count); })
      .def("machine",
           [](S& s, const std::string& name, std::optional<double> speed, const std::string& calendar,
              const std::vector<std::string>& does) { s.machine(name, speed, calendar, does); })
      .def("queue_places", [](S& s, int places) { s.queue_places(places); })
      .def("queue_rule", [](S& s, const std::string& rule) { s.queue_rule(rule); })
      .def("queue_priority", [](S& s, const std::vector<std::string>& products) { s.queue_priority(products); })
      .def("lose_when_full", [](S& s) { s.lose_when_full(); })
      .def("failure",
           [](S& s, const Time& after, const Time& repair, bool of_work, std::optional<int> times,
              const NamedCounts& needs, const std::string& machine, const std::string& name) {
             s.failure({.after = time_of(after),
                        .repair = time_of(repair),
                        .of_work = of_work,
                        .times = times,
                        .needs = amounts_of(needs),
                        .machine = machine,
                        .name = name});
           })
      .def("maintenance",
           [](S& s, const std::string& every, const Time& takes, const std::string& window, const NamedCounts& needs,
              const std::vector<std::string>& renews) {
             s.maintenance({every, time_of(takes), window, amounts_of(needs), renews});
           })
      .def("degradation",
           [](S& s, const std::vector<WearState>& states, bool of_work) { s.degradation(states, of_work); })
      .def("works_in", [](S& s, const std::string& calendar) { s.works_in(calendar); })
      .def("time", [](S& s, const Time& time) { s.time(time_of(time)); })
      .def("setup", [](S& s, const Time& setup) { s.setup(time_of(setup)); })
      .def("changeover", [](S& s, const Time& time) { s.changeover(time_of(time)); })
      .def("setup_by",
           [](S& s, const std::string& by, const std::vector<std::pair<std::string, Times>>& matrix,
              const std::optional<Time>& same, const std::optional<Time>& otherwise, const std::optional<Time>& first,
              int min_run, const std::optional<Time>& teardown, const Times& teardowns) {
             SetupMatrix all;
             for (const auto& [from, row] : matrix) all.emplace_back(from, times_of(row));
             s.setup_by(by, {std::move(all), time_of(same), time_of(otherwise), time_of(first), min_run,
                             time_of(teardown), times_of(teardowns)});
           })
      .def("batch",
           [](S& s, int max, int min, std::optional<Tick> wait, const std::string& by) {
             s.batch({max, min, wait ? std::optional(Duration{*wait}) : std::nullopt, by});
           })
      .def("needs", [](S& s, const std::string& name, int amount) { s.needs(name, amount); })
      .def("uses", [](S& s, const std::string& material, int amount) { s.uses(material, amount); })
      .def("makes", [](S& s, const std::string& material, int amount) { s.makes(material, amount); })
      .def("preempt", [](S& s, const std::string& then) { s.preempt(then); })
      .def("polling", [](S& s, const Time& change, const std::string& serve,
                         const std::string& by) { s.polling(time_of(change), serve, by); })
      .def("block_before", [](S& s) { s.block_before(); })
      .def("cycle", [](S& s, Tick cycle) { s.cycle(Duration{cycle}); })
      .def("speed", [](S& s, double factor) { s.speed(factor); });
}

/// A step as the package's Step has it.
StepOptions step_of(const std::vector<std::string>& at, const std::optional<Time>& time, const Times& times,
                    const std::string& op, const std::optional<Time>& setup, const std::optional<Time>& changeover,
                    const std::optional<Time>& transport, const std::string& choose, const Shares& rework,
                    const Shares& go_to, double leave, double scrap, const NamedCounts& needs, const NamedCounts& uses,
                    const NamedCounts& makes, const std::string& family, const std::optional<Time>& max_wait,
                    const std::optional<std::string>& if_overdue, bool overdue_rework, const Branches& parallel,
                    const std::string& choose_by, const std::string& same_as, const std::string& same_station_as,
                    std::optional<double> only, std::optional<std::pair<int, std::optional<int>>> sample,
                    std::optional<std::pair<std::string, Tick>> within, std::optional<int> limit,
                    const std::string& beyond, const std::string& beyond_step) {
  StepOptions step{.at = at,
                   .time = time_of(time),
                   .op = op,
                   .setup = time_of(setup),
                   .changeover = time_of(changeover),
                   .transport = time_of(transport),
                   .choose = choose_rule_of(choose),
                   .then = {rework, go_to, leave, scrap, limit, beyond, beyond_step},
                   .times = times_of(times),
                   .needs = amounts_of(needs),
                   .uses = amounts_of(uses),
                   .makes = amounts_of(makes),
                   .family = family,
                   .max_wait = time_of(max_wait),
                   .choose_by = choose_by,
                   .same_as = same_as,
                   .same_station_as = same_station_as,
                   .only = only,
                   .parallel = parallel};
  if (sample) step.sample = SampleOptions{sample->first, sample->second};
  if (within) step.within = WithinOptions{within->first, Duration{within->second}};
  if (if_overdue) step.if_overdue = overdue_rework ? OverdueRule::rework(*if_overdue) : OverdueRule(*if_overdue);
  return step;
}

void bind_product(py::module_& m) {
  using P = ProductBuilder;
  py::class_<StepOptions>(m, "Step").def(
      py::init(&step_of), py::kw_only(), py::arg("at"), py::arg("time"), py::arg("times"), py::arg("op"),
      py::arg("setup"), py::arg("changeover"), py::arg("transport"), py::arg("choose"), py::arg("rework"),
      py::arg("go_to"), py::arg("leave"), py::arg("scrap"), py::arg("needs"), py::arg("uses"), py::arg("makes"),
      py::arg("family"), py::arg("max_wait"), py::arg("if_overdue"), py::arg("overdue_rework"), py::arg("parallel"),
      py::arg("choose_by"), py::arg("same_as"), py::arg("same_station_as"), py::arg("only"), py::arg("sample"),
      py::arg("within"), py::arg("limit"), py::arg("beyond"), py::arg("beyond_step"));
  py::class_<P>(m, "ProductBuilder")
      .def("step", [](P& p, const StepOptions& step) { p.step(step); })
      .def("arrivals_every", [](P& p, const Time& time) { p.arrivals_every(time_of(time)); })
      .def("arrivals_every",
           [](P& p, const Time& time, const std::variant<Distribution, int, std::string>& lots) {
             p.arrivals_every(time_of(time), count_of(lots));
           })
      .def("saturate", [](P& p) { p.saturate(); })
      .def("conwip", [](P& p, int lots) { p.conwip(lots); })
      .def("priority", [](P& p, int value) { p.priority(value); })
      .def("due", [](P& p, Tick after_release) { p.due(Duration{after_release}); })
      .def("due", [](P& p, const std::string& rule) { p.due(rule); })
      .def("family", [](P& p, const std::string& name) { p.family(name); });
}

/// Value of a formula: of each variable that it asks, its value must be given.
double evaluate(const std::string& text, const std::map<std::string, double>& values) {
  const Expression expression = Expression::parse(text);
  Expression::Values all{};
  for (std::size_t i = 0; i < kVariables; ++i) {
    const auto variable = static_cast<Variable>(i);
    if (!expression.asks(variable)) continue;
    const auto found = values.find(name_of(variable));
    if (found == values.end())
      throw InvalidArgument("'" + text + "': there is no value of '" + name_of(variable) +
                            "'; allowed: a number for each variable that the formula asks");
    all[i] = found->second;
  }
  return expression.evaluate(all);
}

void bind_expression(py::module_& m) {
  m.def("expression_variables", &variable_names);
  m.def("check_expression", [](const std::string& text) { static_cast<void>(Expression::parse(text)); });
  m.def("evaluate_expression", &evaluate, py::arg("text"), py::arg("values"));
}

}  // namespace

void bind_builder(py::module_& m) {
  using B = PlantBuilder;
  using Names = std::vector<std::string>;
  bind_expression(m);
  bind_station(m);
  bind_product(m);
  py::class_<OrderChange>(m, "OrderChange")
      .def(py::init([](Tick at, std::optional<int> priority, std::optional<Tick> due, std::optional<int> quantity,
                       const std::string& cancel, const std::string& to, std::optional<int> lots) {
        return OrderChange{Duration{at}, priority, due ? std::optional(Duration{*due}) : std::nullopt, quantity, cancel,
                           to,           lots};
      }));
  py::class_<ReorderOptions>(m, "Reorder")
      .def(py::init([](int at, std::optional<int> up_to, std::optional<int> lot, std::optional<Tick> review,
                       const std::optional<Time>& lead, const std::string& cost) {
        return ReorderOptions{at,  up_to, lot, review ? std::optional(Duration{*review}) : std::nullopt, time_of(lead),
                              cost};
      }));
  py::class_<B>(m, "PlantBuilder")
      .def(py::init<std::string>())
      .def("station", &B::station, py::keep_alive<0, 1>())
      .def("product", &B::product, py::keep_alive<0, 1>())
      .def("calendar", [](B& b, const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& hours) { b.calendar(name, hours); })
      .def("operators", [](B& b, const std::string& name, int count, const std::string& calendar,
                           const Names& skills) { b.operators(name, count, calendar, skills); })
      .def("tools", [](B& b, const std::string& name, int count, const std::string& calendar,
                       const Names& skills) { b.tools(name, count, calendar, skills); })
      .def("material",
           [](B& b, const std::string& name, int level, std::optional<int> places, const std::optional<Time>& supply,
              int lot, const std::optional<ReorderOptions>& reorder, const std::string& price,
              const std::string& holding, const std::string& shortage) {
             b.material(name, {level, places, time_of(supply), lot, reorder, price, holding, shortage});
           })
      .def("order",
           [](B& b, const std::string& id, const std::string& product, int quantity, Tick release,
              std::optional<Tick> due, std::optional<int> priority, const std::vector<OrderChange>& changes) {
             b.order({id, product, quantity, Duration{release}, due ? std::optional(Duration{*due}) : std::nullopt,
                      priority, changes});
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
