/// Real logs: a box order of 184 operations, two machine days, a lathe at full rate. Skipped where they are absent.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "twin/gateway/rules.hpp"
#include "twin/gateway/shdr.hpp"
#include "twin/sync/progress.hpp"

namespace twin::gateway {
namespace {

using sync::Operation;
using sync::Outcome;

class RealLogs : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TWIN_DATA");
    if (!folder || !std::filesystem::exists(std::filesystem::path(folder) / "nist-box" / "telemetry")) {
      GTEST_SKIP() << "the real logs are absent: TWIN_DATA names no folder with nist-box/telemetry in it";
    }
    data_ = folder;
  }
  [[nodiscard]] LogFolder box_order() const { return read_logs(data_ / "nist-box" / "telemetry", rules()); }
  [[nodiscard]] static sync::Rules rules() { return load_rules("scenarios/nist-box/rules.yaml"); }
  std::filesystem::path data_;
};

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> out;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) out.push_back(cell);
  return out;
}

double seconds_off(const std::string& text, Tick time) {
  WallTime wall;
  if (!parse_wall_time(text, wall)) return 1e9;
  return std::abs(seconds_from_ticks(wall.time_since_epoch().count() - time));
}

TEST_F(RealLogs, OfTheBoxOrderAgreeWithTheEventLogInEveryRow) {
  const LogFolder folder = box_order();
  EXPECT_TRUE(folder.skipped.empty());
  std::size_t lines = 0, quarantined = 0;
  for (const auto& job : folder.logs) {
    lines += job.log.counts.lines;
    quarantined += job.log.counts.quarantined;
  }
  EXPECT_EQ(lines, 1'206'738u);
  EXPECT_EQ(quarantined, 80u);
  std::map<std::pair<std::string, std::string>, Operation> found;
  for (auto& op : infer_operations(folder.logs, rules())) found[{op.part, op.operation}] = op;
  EXPECT_EQ(found.size(), 184u);
  std::ifstream in(data_ / "nist-box" / "event_log.csv");
  std::string line;
  std::getline(in, line);
  int right = 0, rows = 0;
  while (std::getline(in, line)) {
    const auto row = columns(line);
    const Operation& op = found[{row[0], row[2]}];
    const bool is_right = op.product == row[1] && op.machine == row[3] && seconds_off(row[4], op.start) < 1 &&
                          seconds_off(row[5], op.end) < 1 && row[8] == outcome_name(op.outcome) &&
                          std::to_string(op.interruptions) == row[9];
    EXPECT_TRUE(is_right) << line;
    right += is_right;
    ++rows;
  }
  std::cout << right << " of " << rows << " operations right\n";
  EXPECT_EQ(rows, 184);
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x.empty() ? 0 : 0.5 * (x[(x.size() - 1) / 2] + x[x.size() / 2]);
}

TEST_F(RealLogs, TellHalfWayWhatIsLeftOfAnOperationWithinTwoPercent) {
  const LogFolder folder = box_order();
  const auto all = infer_operations(folder.logs, rules());
  std::map<std::string, std::vector<double>> errors, naive;
  int inside = 0, cases = 0;
  for (const Operation& op : all) {
    if (op.outcome != Outcome::kCompleted) continue;
    const Tick now = op.start + (op.end - op.start) / 2;
    std::vector<Operation> past;
    double mean = 0;
    for (const Operation& p : all) {
      if (p.outcome != Outcome::kCompleted || p.end > now || p.product != op.product || p.operation != op.operation)
        continue;
      past.push_back(p);
      mean += seconds_from_ticks(p.end - p.start);
    }
    if (past.size() < 3) continue;
    const auto log = std::find_if(folder.logs.begin(), folder.logs.end(), [&](const sync::JobLog& j) {
      return j.ticket.part == op.part && j.ticket.operation == op.operation;
    });
    const auto state = infer_operations(std::span(&*log, 1), rules(), {.until = now});
    ASSERT_EQ(state.size(), 1u);
    if (state[0].outcome != Outcome::kInProgress) continue;  // it had ended once, and began again later
    const auto left = learn_progress(past).begin()->second.remaining(state[0]);
    const double actual = seconds_from_ticks(op.end - now), duration = seconds_from_ticks(op.end - op.start);
    mean /= static_cast<double>(past.size());
    for (const auto& name : {op.product + " " + op.operation, std::string("pooled")}) {
      errors[name].push_back(std::abs(left.median_elapsed_s - actual) / duration);
      naive[name].push_back(std::abs(mean - duration / 2 - actual) / duration);
    }
    ++cases;
    inside += left.elapsed_s[3] <= actual && actual <= left.elapsed_s[13];
  }
  for (const auto& [name, list] : errors) {
    std::cout << name << ": " << list.size() << " operations, median error " << 100 * median(list)
              << " % of the duration; mean of the past " << 100 * median(naive[name]) << " %\n";
  }
  std::cout << "80 % intervals hold the truth in " << 100 * inside / cases << " %\n";
  EXPECT_GE(cases, 150);
  EXPECT_LT(median(errors["pooled"]), 0.005);
  EXPECT_LT(median(errors["Plate OP1"]), 0.03);
  EXPECT_GT(inside, 0.7 * cases);
}

TEST_F(RealLogs, OfMachineDaysGiveOperationsFromExecutionAndProgram) {
  const auto rules = parse_rules(R"(
items: {program_status: execution, program: program, tool: Tool_number, block: line}
status: {active: ACTIVE, completed: READY, ignored: UNAVAILABLE}
files: '(?<machine>[A-Za-z]+\d+)-.*\.txt\.gz'
)");
  const LogFolder folder = read_logs(data_ / "nist-mazak", rules);
  for (const auto& job : folder.logs) {
    const auto& c = job.log.counts;
    EXPECT_EQ(c.lines, c.observed + c.quarantined + c.protocol + c.blank);
    EXPECT_EQ(c.quarantined, 0u) << job.log.source;
    EXPECT_GT(c.late, 0u) << job.log.source;
  }
  const auto operations = infer_operations(folder.logs, rules);
  EXPECT_GT(operations.size(), 10u);
  for (const Operation& op : operations) {
    EXPECT_LE(op.start, op.end);
    EXPECT_FALSE(op.product.empty());
  }
}

TEST_F(RealLogs, OfALatheAtFullRateAreReadWithoutABadLine) {
  const auto log = read_shdr(data_ / "okuma" / "okuma.shdr.txt.gz");
  EXPECT_EQ(log.counts.quarantined, 0u) << log.quarantine.front().text << ": " << log.quarantine.front().reason;
  EXPECT_GT(log.counts.values, 15'000u);
  EXPECT_TRUE(log.find_item("pexecution"));
  EXPECT_TRUE(log.find_item("p1BlockNumber"));
}

}  // namespace
}  // namespace twin::gateway
