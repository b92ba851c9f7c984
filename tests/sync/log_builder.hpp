/// Logs made by hand, for tests of what is inferred from them.
#pragma once
#include <algorithm>
#include <string>
#include <utility>

#include "twin/sync/operations.hpp"

namespace twin::sync {

/// 2017-02-01 00:00 UTC plus seconds.
inline Tick at(double seconds) { return 1'485'907'200LL * kSecond + ticks_from_seconds(seconds); }

/// Collects observations and gives them as a log.
class LogBuilder {
 public:
  LogBuilder& add(double seconds, const std::string& item, const std::string& value) {
    auto id = log_.find_item(item);
    if (!id) {
      log_.items.push_back(item);
      id = static_cast<std::uint32_t>(log_.items.size() - 1);
    }
    log_.observations.push_back({at(seconds), *id, static_cast<std::uint32_t>(log_.text.size()),
                                 static_cast<std::uint32_t>(value.size()), ++line_});
    log_.text += value + "\n";
    return *this;
  }
  LogBuilder& status(double seconds, const std::string& value) { return add(seconds, "Status", value); }
  LogBuilder& block(double seconds, int number) { return add(seconds, "Block", std::to_string(number)); }

  [[nodiscard]] JobLog job(const std::string& part, const std::string& operation = "OP1",
                           const std::string& machine = "M1") const {
    return {sorted(), {part, part.substr(0, part.find('-')), operation, machine}};
  }
  [[nodiscard]] JobLog continuous(const std::string& machine = "M1") const { return {sorted(), {"", "", "", machine}}; }

 private:
  [[nodiscard]] ObservationLog sorted() const {
    ObservationLog log = log_;
    std::stable_sort(log.observations.begin(), log.observations.end(),
                     [](const Observation& a, const Observation& b) { return a.time < b.time; });
    return log;
  }
  ObservationLog log_;
  std::uint32_t line_ = 0;
};

inline Rules test_rules() {
  Rules rules;
  const auto set = [&](Role role, const char* name) { rules.items[static_cast<std::size_t>(role)] = {name}; };
  set(Role::kProgramStatus, "Status");
  set(Role::kProgram, "Program");
  set(Role::kTool, "Tool");
  set(Role::kBlock, "Block");
  set(Role::kPart, "Part_Id");
  set(Role::kOperation, "Operation");
  rules.silence = 15 * kSecond;
  return rules;
}

}  // namespace twin::sync
