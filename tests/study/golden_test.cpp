// Golden traces: runs of the scenarios have the digests of tests/golden.csv, as the Python tests find them too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "twin/model/quantity.hpp"
#include "twin/study/simulate.hpp"

namespace twin::study {
namespace {

TEST(Golden, ScenariosHaveTheDigestsThatPythonFinds) {
  std::ifstream file("tests/golden.csv");
  ASSERT_TRUE(file) << "run in the project's root";
  std::string line;
  std::getline(file, line);
  ASSERT_EQ(line, "scenario,until,digest");
  int rows = 0;
  for (; std::getline(file, line); ++rows) {
    const auto first = line.find(',');
    const auto second = line.find(',', first + 1);
    ASSERT_NE(second, std::string::npos) << line;
    SimulateOptions options;
    options.replications = 3;
    options.seed = Seed{1};
    options.warmup = 0;
    options.until = parse_duration(line.substr(first + 1, second - first - 1)).count();
    options.quantiles = false;
    const Result result = simulate(Plant::load("scenarios/" + line.substr(0, first)), options);
    EXPECT_EQ(fmt::format("{:016x}", result.digest), line.substr(second + 1)) << line;
  }
  EXPECT_GE(rows, 9);
}

}  // namespace
}  // namespace twin::study
