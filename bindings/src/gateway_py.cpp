// Readers of machine logs and of the rules that say what they mean.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings_py.hpp"
#include "interruptible_py.hpp"
#include "twin/gateway/rules.hpp"
#include "twin/gateway/shdr.hpp"

namespace twin::python {
namespace {

using sync::JobLog;

using Folder = std::pair<std::vector<std::shared_ptr<JobLog>>, std::vector<std::pair<std::string, std::string>>>;

Folder read_folder(const std::filesystem::path& path, const sync::Rules& rules) {
  return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
    gateway::LogFolder folder = gateway::read_logs(path, rules, {.known_items = {}, .cancel = cancel});
    Folder out;
    for (JobLog& log : folder.logs) out.first.push_back(std::make_shared<JobLog>(std::move(log)));
    for (const gateway::SkippedFile& skipped : folder.skipped) out.second.emplace_back(skipped.path, skipped.reason);
    return out;
  });
}

}  // namespace

void bind_gateway(py::module_& m) {
  m.def("load_rules", &gateway::load_rules, py::arg("path"));
  m.def("parse_rules", &gateway::parse_rules, py::arg("yaml"), py::arg("name"));
  m.def(
      "read_shdr",
      [](const std::filesystem::path& path) {
        return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
          return std::make_shared<JobLog>(JobLog{gateway::read_shdr(path, {.known_items = {}, .cancel = cancel}), {}});
        });
      },
      py::arg("path"));
  m.def(
      "parse_shdr",
      [](const std::string& text, const std::string& source) {
        return interruptible(py::none(), [&](const std::atomic<bool>* cancel, const Progress&) {
          return std::make_shared<JobLog>(
              JobLog{gateway::parse_shdr(text, source, {.known_items = {}, .cancel = cancel}), {}});
        });
      },
      py::arg("text"), py::arg("source"));
  m.def("read_logs", &read_folder, py::arg("path"), py::arg("rules"));
}

}  // namespace twin::python
