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
#include "twin/base/error.hpp"
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
  std::vector<Tick> time;
  std::vector<std::string> item, value;
  std::vector<std::int64_t> line;
  for (const sync::Observation& o : log.observations) {
    time.push_back(o.time);
    item.push_back(log.item(o));
    value.emplace_back(log.value(o));
    line.push_back(o.line);
  }
  return Columns()
      .add_object("time", wall_times_of(std::move(time)))
      .add("item", item)
      .add_object("value",
                  [&value] {
                    py::list out;  // bytes of no meaning may stand in a log
                    for (const std::string& v : value) {
                      out.append(py::reinterpret_steal<py::object>(
                          PyUnicode_DecodeUTF8(v.data(), static_cast<py::ssize_t>(v.size()), "replace")));
                    }
                    return py::object(out);
                  }())
      .add("line", std::move(line))
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
    const auto text = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(q.text.data(), static_cast<py::ssize_t>(q.text.size()), "replace"));
    out.append(py::make_tuple(q.source, q.line, q.reason, text));
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
  std::vector<Tick> time, processed;
  std::vector<double> block;
  std::vector<std::int64_t> pass;
  for (const sync::BlockMark& mark : operation.blocks) {
    time.push_back(mark.time);
    processed.push_back(mark.processed);
    block.push_back(mark.block);
    pass.push_back(mark.pass);
  }
  return Columns()
      .add_object("time", wall_times_of(std::move(time)))
      .add_object("processed", spans_of(std::move(processed)))
      .add("block", std::move(block))
      .add("pass", std::move(pass))
      .take();
}

using Operations = std::vector<Operation>;

py::dict frame(const Operations& operations) {
  std::vector<std::string> part, product, name, machine, outcome, activity, source;
  std::vector<Tick> start, end, processing, interrupted, stalled;
  std::vector<std::int64_t> interruptions;
  for (const Operation& o : operations) {
    part.push_back(o.part);
    product.push_back(o.product);
    name.push_back(o.operation);
    machine.push_back(o.machine);
    start.push_back(o.start);
    end.push_back(o.end);
    outcome.emplace_back(sync::outcome_name(o.outcome));
    interruptions.push_back(o.interruptions);
    processing.push_back(o.processing_time());
    interrupted.push_back(o.interrupted_time());
    stalled.push_back(o.stalled_time());
    activity.emplace_back(activity_name(o.activity));
    source.push_back(o.source);
  }
  return Columns()
      .add("part", part)
      .add("product", product)
      .add("operation", name)
      .add("machine", machine)
      .add_object("start", wall_times_of(std::move(start)))
      .add_object("end", wall_times_of(std::move(end)))
      .add("outcome", outcome)
      .add("interruptions", std::move(interruptions))
      .add_object("processing", spans_of(std::move(processing)))
      .add_object("interrupted", spans_of(std::move(interrupted)))
      .add_object("stalled", spans_of(std::move(stalled)))
      .add("activity", activity)
      .add("source", source)
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
          return interruptible(py::none(), [&](const std::atomic<bool>*, const Progress&) {
            std::vector<JobLog> logs;
            logs.reserve(given.size());
            for (const auto& log : given) logs.push_back(*log);
            return sync::infer_operations(logs, rules, {until});
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
