#include "twin/base/error.hpp"

#include <fmt/format.h>
#include <cstdio>
#include <cstdlib>

namespace twin {

std::string Fault::text() const {
  std::string where;
  if (!file.empty()) where = file + ":";
  if (line > 0) where += fmt::format("{}:{}:", line, column);
  if (!where.empty()) where += " ";
  if (!path.empty()) where += path + ": ";
  std::string what = message;
  if (!allowed.empty()) what += "; allowed: " + allowed;
  return where + what;
}

namespace {
std::string join(const std::vector<Fault>& faults) {
  std::string all =
      faults.size() == 1 ? "the plant has a fault:" : fmt::format("the plant has {} faults:", faults.size());
  for (const auto& fault : faults) all += "\n  " + fault.text();
  return all;
}
}  // namespace

PlantError::PlantError(std::vector<Fault> faults) : Error(join(faults)), faults_(std::move(faults)) {}

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "libtwin: %s:%d: %s does not hold (a bug in libtwin)\n", file, line, condition);
  std::abort();
}

}  // namespace twin
