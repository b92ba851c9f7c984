// Observations, the operations inferred from them, and the progress of operations under way.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays_py.hpp"
#include "bindings_py.hpp"
#include "interruptible_py.hpp"
#include "twin/study/cancelled.hpp"
#include "twin/sync/observation.hpp"
#include "twin/sync/operations.hpp"
#include "twin/sync/progress.hpp"
#include "twin/sync/rules.hpp"

namespace twin::python {
namespace {

using sync::JobLog;
using sync::ObservationLog;
using sync::Operation;

py::dict observations(const ObservationLog& log) {
  using sync::Observation;
  py::list values;
  for (const Observation& o : log.observations) values.append(text_of(log.value(o)));
  return Table(log.observations)
      .add_wall_times("time", &Observation::time)
      .add("item", [&log](const Observation& o) -> const std::string& { return log.item(o); })
      .add_object("value", std::move(values))
      .add("line", &Observation::line)
      .take();
}

py::dict counts(const sync::LineCounts& c) {
  py::dict out;
  out["lines"] = c.lines;
  out["observed"] = c.observed;
  out["quarantined"] = c.quarantined;
  out["protocol"] = c.protocol;
  out["blank"] = c.blank;
  out["values"] = c.values;
  out["duplicates"] = c.duplicates;
  out["late"] = c.late;
  return out;
}

py::list quarantine(const ObservationLog& log) {
  py::list out;
  for (const sync::Quarantined& q : log.quarantine) {
    out.append(py::make_tuple(q.source, q.line, q.reason, text_of(q.text)));
  }
  return out;
}

const char* activity_name(sync::Activity activity) noexcept {
  constexpr const char* kNames[] = {"processing", "interrupted", "stalled", "ended"};
  return kNames[static_cast<std::size_t>(activity)];
}

py::array intervals(const std::vector<sync::Interval>& given) {
  std::vector<Tick> out;
  for (const sync::Interval& i : given) {
    out.push_back(i.begin);
    out.push_back(i.end);
  }
  return matrix_of(std::move(out), given.size(), 2).attr("view")("M8[ns]");
}

py::dict blocks(const Operation& operation) {
  using sync::BlockMark;
  return Table(operation.blocks)
      .add_wall_times("time", &BlockMark::time)
      .add_spans("processed", &BlockMark::processed)
      .add("block", &BlockMark::block)
      .add("pass", &BlockMark::pass)
      .take();
}

using Operations = std::vector<Operation>;

py::dict frame(const Operations& operations) {
  return Table(operations)
      .add("part", &Operation::part)
      .add("product", &Operation::product)
      .add("operation", &Operation::operation)
      .add("machine", &Operation::machine)
      .add_wall_times("start", &Operation::start)
      .add_wall_times("end", &Operation::end)
      .add("outcome", [](const Operation& o) { return sync::outcome_name(o.outcome); })
      .add("interruptions", &Operation::interruptions)
      .add_spans("processing", &Operation::processing_time)
      .add_spans("interrupted", &Operation::interrupted_time)
      .add_spans("stalled", &Operation::stalled_time)
      .add("activity", [](const Operation& o) { return activity_name(o.activity); })
      .add("source", &Operation::source)
      .take();
}

void bind_logs(py::module_& m) {
  py::class_<sync::Rules>(m, "Rules")
      .def_property_readonly("items",
                             [](const sync::Rules& r) {
                               py::dict out;
                               for (std::size_t i = 0; i < sync::kRoleCount; ++i) {
                                 if (!r.items[i].empty()) {
                                   out[py::str(sync::kRoleNames[i].data(), sync::kRoleNames[i].size())] =
                                       py::cast(r.items[i]);
                                 }
                               }
                               return out;
                             })
      .def_property_readonly("files", [](const sync::Rules& r) {
        std::vector<std::string> out;
        for (const sync::FilePattern& pattern : r.files) out.push_back(pattern.text());
        return out;
      });
  py::class_<JobLog, std::shared_ptr<JobLog>>(m, "JobLog")
      .def_property_readonly("source", [](const JobLog& l) { return l.log.source; })
      .def_property_readonly("part", [](const JobLog& l) { return l.ticket.part; })
      .def_property_readonly("product", [](const JobLog& l) { return l.ticket.product; })
      .def_property_readonly("operation", [](const JobLog& l) { return l.ticket.operation; })
      .def_property_readonly("machine", [](const JobLog& l) { return l.ticket.machine; })
      .def_property_readonly("items", [](const JobLog& l) { return l.log.items; })
      .def("__len__", [](const JobLog& l) { return l.log.observations.size(); })
      .def("with_ticket",
           [](const JobLog& l, std::string part, std::string product, std::string operation, std::string machine) {
             return std::make_shared<JobLog>(
                 JobLog{l.log, {std::move(part), std::move(product), std::move(operation), std::move(machine)}});
           })
      .def("counts", [](const JobLog& l) { return counts(l.log.counts); })
      .def("quarantine", [](const JobLog& l) { return quarantine(l.log); })
      .def("observations", [](const JobLog& l) { return observations(l.log); });
}

void bind_operations(py::module_& m) {
  py::class_<Operation>(m, "Operation")
      .def_readonly("part", &Operation::part)
      .def_readonly("product", &Operation::product)
      .def_readonly("operation", &Operation::operation)
      .def_readonly("machine", &Operation::machine)
      .def_readonly("start", &Operation::start)
      .def_readonly("end", &Operation::end)
      .def_property_readonly("outcome", [](const Operation& o) { return sync::outcome_name(o.outcome); })
      .def_readonly("interruptions", &Operation::interruptions)
      .def_readonly("source", &Operation::source)
      .def_readonly("programs", &Operation::programs)
      .def_readonly("tools", &Operation::tools)
      .def_readonly("status", &Operation::status)
      .def_property_readonly("activity", [](const Operation& o) { return activity_name(o.activity); })
      .def_readonly("activity_since", &Operation::activity_since)
      .def("processing", [](const Operation& o) { return intervals(o.processing); })
      .def("interrupted", [](const Operation& o) { return intervals(o.interrupted); })
      .def("stalled", [](const Operation& o) { return intervals(o.stalled); })
      .def("processing_time", &Operation::processing_time)
      .def("interrupted_time", &Operation::interrupted_time)
      .def("stalled_time", &Operation::stalled_time)
      .def("blocks", &blocks);
  m.def("operations_frame", &frame);
  m.def("infer_operations",
        [](const std::vector<std::shared_ptr<JobLog>>& given, const sync::Rules& rules, std::optional<Tick> until) {
          return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
            std::vector<JobLog> logs;
            logs.reserve(given.size());
            for (const auto& log : given) {
              study::check_cancelled(cancel, "infer_operations");
              logs.push_back(*log);
            }
            return sync::infer_operations(logs, rules, {.until = until, .cancel = cancel});
          });
        });
}

void bind_progress(py::module_& m) {
  using sync::Remaining;
  py::class_<Remaining>(m, "Remaining")
      .def_readonly("processing_s", &Remaining::processing_s)
      .def_readonly("elapsed_s", &Remaining::elapsed_s)
      .def_readonly("median_processing_s", &Remaining::median_processing_s)
      .def_readonly("median_elapsed_s", &Remaining::median_elapsed_s)
      .def_readonly("pace", &Remaining::pace)
      .def_readonly("position", &Remaining::position)
      .def_readonly("runs", &Remaining::runs)
      .def_readonly("effective_runs", &Remaining::effective_runs)
      .def_readonly("by_block", &Remaining::by_block);
  py::class_<sync::ProgressProfile>(m, "ProgressProfile")
      .def(py::init<>())
      .def("add", &sync::ProgressProfile::add)
      .def("__len__", &sync::ProgressProfile::size)
      .def("remaining",
           [](const sync::ProgressProfile& profile, const Operation& running, std::vector<double> probabilities) {
             sync::ProgressOptions options;
             options.probabilities = std::move(probabilities);
             return profile.remaining(running, options);
           })
      .def("time_to_block_s", &sync::ProgressProfile::time_to_block_s);
  m.def("learn_progress", [](const Operations& operations) { return sync::learn_progress(operations); });
}

}  // namespace

void bind_sync(py::module_& m) {
  bind_logs(m);
  bind_operations(m);
  bind_progress(m);
}

}  // namespace twin::python
