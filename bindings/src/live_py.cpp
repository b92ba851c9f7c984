// The twin of a real floor: learning, standing at an instant, and how good its forecasts would have been.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "interruptible_py.hpp"
#include "twin/sync/backtest.hpp"
#include "twin/sync/twin.hpp"

namespace twin::python {
namespace {

using sync::Backtest;
using sync::JobLog;
using sync::Standing;

py::dict provenance_of(const sync::Learned& learned) {
  py::dict out;
  for (const auto& [path, p] : learned.provenance) {
    py::dict one;
    one["n"] = p.n;
    one["first"] = p.first;
    one["last"] = p.last;
    one["method"] = p.method;
    one["family"] = p.family;
    one["aic"] = p.aic;
    one["ks"] = p.ks;
    one["ks_p"] = p.ks_p;
    out[py::str(path)] = one;
  }
  return out;
}

py::dict contradictions(const Standing& standing) {
  using sync::Contradiction;
  return Table(standing.contradictions)
      .add("part", &Contradiction::part)
      .add("operation", &Contradiction::operation)
      .add("machine", &Contradiction::machine)
      .add_wall_times("time", &Contradiction::time)
      .add("what", &Contradiction::what)
      .take();
}

py::dict score(const sync::Score& s) {
  py::dict out;
  out["coverage80"] = s.coverage80;
  out["crps"] = s.crps;
  out["mae"] = s.mae;
  out["median_error"] = s.median_error;
  out["n"] = s.n;
  return out;
}

py::dict scores(const sync::Scores& s) {
  py::dict naive;
  naive["past_mean"] = score(s.past_mean);
  naive["planned"] = score(s.planned);
  py::dict out;
  out["with_progress"] = score(s.with_progress);
  out["without_progress"] = score(s.without_progress);
  out["naive"] = naive;
  return out;
}

py::dict targets(const Backtest& b) {
  using sync::Target;
  return Table(b.targets)
      .add_wall_times("instant", &Target::instant)
      .add("part", &Target::part)
      .add("operation", &Target::operation)
      .add("machine", &Target::machine)
      .add("seen", &Target::seen)
      .add("in_work", &Target::in_work)
      .add_wall_times("actual", &Target::actual)
      .add_wall_times("p10", &Target::p10)
      .add_wall_times("p50", &Target::p50)
      .add_wall_times("p90", &Target::p90)
      .add_wall_times("past_mean", &Target::past_mean)
      .add_wall_times("planned", &Target::planned)
      .take();
}

py::dict half_way(const Backtest& b) {
  using sync::HalfWay;
  return Table(b.half_way)
      .add("part", &HalfWay::part)
      .add("operation", &HalfWay::operation)
      .add("machine", &HalfWay::machine)
      .add("predicted_s", &HalfWay::predicted_s)
      .add("actual_s", &HalfWay::actual_s)
      .add("naive_s", &HalfWay::naive_s)
      .add("duration_s", &HalfWay::duration_s)
      .add("error_share", &HalfWay::error_share)
      .add("naive_error_share", &HalfWay::naive_error_share)
      .take();
}

py::dict followed(const sync::Followed& f) {
  py::dict out;
  out["instant"] = wall_times_of(f.instants);
  out["p10"] = wall_times_of(f.p10);
  out["p50"] = wall_times_of(f.p50);
  out["p90"] = wall_times_of(f.p90);
  return out;
}

/// A twin whose logs may grow in one thread while others ask it: they do so without the GIL.
/// The lock is taken without the GIL only, so that nobody waits for one while holding the other.
class SharedTwin {
 public:
  SharedTwin(Plant sheet, sync::Rules rules) : twin_(std::move(sheet), std::move(rules)) {}

  void observe(std::vector<JobLog> logs) {
    const py::gil_scoped_release release;
    const std::unique_lock lock(mutex_);
    twin_.observe(std::move(logs));
  }
  /// What `ask(twin)` gives; it may use nothing of Python.
  template <class Ask>
  [[nodiscard]] auto read(Ask ask) const {
    const py::gil_scoped_release release;
    return read_without_gil(std::move(ask));
  }
  template <class Ask>
  [[nodiscard]] auto read_without_gil(Ask ask) const {
    const std::shared_lock lock(mutex_);
    return ask(twin_);
  }
  /// What `ask(twin, cancel)` gives, stopped by Ctrl-C; it may use nothing of Python.
  template <class Ask>
  [[nodiscard]] auto read_interruptibly(Ask ask) const {
    return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
      return read_without_gil([&](const sync::Twin& twin) { return ask(twin, cancel); });
    });
  }
  /// As it is now, for what takes long or tells Python of its progress, which may observe more. Without the GIL only.
  [[nodiscard]] sync::Twin copy_without_gil() const {
    return read_without_gil([](const sync::Twin& twin) { return twin; });
  }

 private:
  sync::Twin twin_;
  mutable std::shared_mutex mutex_;
};

}  // namespace

void bind_live(py::module_& m) {
  py::class_<Standing>(m, "Standing")
      .def_property_readonly("plant", [](const Standing& s) { return s.plant; })
      .def("state", [](const Standing& s) { return s.state; })
      .def("operations", [](const Standing& s) { return s.operations; })
      .def("contradictions", &contradictions);
  py::class_<Backtest>(m, "Backtest")
      .def("seen", [](const Backtest& b) { return scores(b.seen); })
      .def("unseen", [](const Backtest& b) { return scores(b.unseen); })
      .def("in_work", [](const Backtest& b) { return scores(b.in_work); })
      .def_readonly("median_error_share", &Backtest::median_error_share)
      .def_readonly("naive_median_error_share", &Backtest::naive_median_error_share)
      .def_readonly("inside", &Backtest::inside)
      .def("instants", [](const Backtest& b) { return wall_times_of(b.instants); })
      .def("targets", &targets)
      .def("half_way", &half_way);
  py::class_<SharedTwin>(m, "Twin")
      .def(py::init<Plant, sync::Rules>())
      .def("observe",
           [](SharedTwin& twin, const std::vector<std::shared_ptr<JobLog>>& given) {
             std::vector<JobLog> logs;
             logs.reserve(given.size());
             for (const auto& log : given) logs.push_back(*log);
             twin.observe(std::move(logs));
           })
      .def("logs",
           [](const SharedTwin& twin) { return twin.read([](const sync::Twin& t) { return t.logs().size(); }); })
      .def("period",
           [](const SharedTwin& twin) {
             const sync::Period period = twin.read([](const sync::Twin& t) { return t.period(); });
             return std::pair(period.first, period.last);
           })
      .def("operations",
           [](const SharedTwin& twin, std::optional<Tick> until) {
             return twin.read_interruptibly(
                 [until](const sync::Twin& t, const std::atomic<bool>* cancel) { return t.operations(until, cancel); });
           })
      .def("learned",
           [](const SharedTwin& twin, Tick until) {
             return twin.read_interruptibly([&](const sync::Twin& t, const std::atomic<bool>* cancel) {
               return t.learned(until, {.cancel = cancel}).plant;
             });
           })
      .def("provenance",
           [](const SharedTwin& twin, Tick until) {
             return provenance_of(twin.read_interruptibly([&](const sync::Twin& t, const std::atomic<bool>* cancel) {
               return t.learned(until, {.cancel = cancel});
             }));
           })
      .def("at",
           [](const SharedTwin& twin, Tick until, bool use_progress, std::uint64_t seed) {
             return twin.read_interruptibly([&](const sync::Twin& t, const std::atomic<bool>* cancel) {
               return t.at(until, {.use_progress = use_progress, .seed = Seed{seed}, .learn = {}, .cancel = cancel});
             });
           })
      .def("backtest",
           [](const SharedTwin& twin, int instants, int futures, std::uint64_t seed, py::object progress) {
             return interruptible(std::move(progress), [&](const std::atomic<bool>* cancel, const Progress& tell) {
               sync::BacktestOptions options;
               options.instants = instants;
               options.futures = futures;
               options.seed = Seed{seed};
               options.cancel = cancel;
               options.progress = tell;
               return sync::backtest(twin.copy_without_gil(), options);
             });
           })
      .def("follow", [](const SharedTwin& twin, const std::string& part, const std::string& operation, int points) {
        const sync::Followed result =
            twin.read_interruptibly([&](const sync::Twin& t, const std::atomic<bool>* cancel) {
              return sync::follow(t, part, operation, points, cancel);
            });
        py::dict out = followed(result);
        out["start"] = result.start;
        out["end"] = result.end;
        return out;
      });
}

}  // namespace twin::python
