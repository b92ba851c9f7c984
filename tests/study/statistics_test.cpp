#include "twin/study/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "twin/base/error.hpp"
#include "twin/base/random.hpp"

namespace twin::study {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST(Statistics, QuantilesOfStudentAreThoseOfTables) {
  EXPECT_NEAR(student_t(0.95, 1), 12.7062047, 1e-6);
  EXPECT_NEAR(student_t(0.95, 9), 2.2621572, 1e-6);
  EXPECT_NEAR(student_t(0.95, 29), 2.0452296, 1e-6);
  EXPECT_NEAR(student_t(0.99, 1000), 2.5807547, 1e-6);
}

TEST(Statistics, QuantileInterpolatesBetweenOrderStatistics) {
  const std::vector<double> sample{1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(quantile(sample, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(sample, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(sample, 0.1), 1.3);
  EXPECT_DOUBLE_EQ(quantile(sample, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(sample, 7), 4);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

TEST(Statistics, QuantileNextToInfinityIsNotNaN) {
  const std::vector<double> sample{1, 2, kInfinite, kInfinite};
  EXPECT_DOUBLE_EQ(quantile(sample, 1.0 / 3), 2);
  EXPECT_EQ(quantile(sample, 0.5), kInfinite);
  EXPECT_EQ(quantile(sample, 0.9), kInfinite);
}

TEST(Statistics, EstimateLeavesOutWhatHasNoData) {
  const std::vector<double> sample{1, kNaN, 3, kInfinite, 5};
  const Estimate e = estimate(sample);
  EXPECT_EQ(e.n, 3);
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_NEAR(e.half_width, 4.3026527 * 2 / std::sqrt(3.0), 1e-6);
}

TEST(Statistics, EstimateOfOneValueHasNoWidth) {
  const std::vector<double> one{7};
  EXPECT_EQ(estimate(one).n, 1);
  EXPECT_DOUBLE_EQ(estimate(one).mean, 7);
  EXPECT_TRUE(std::isnan(estimate(one).half_width));
  EXPECT_TRUE(std::isnan(estimate({}).mean));
}

TEST(Statistics, VarianceKeepsItsDigitsFarFromZero) {
  const std::vector<double> sample{1.5e9 + 1, 1.5e9 + 2, 1.5e9 + 3};
  EXPECT_DOUBLE_EQ(mean(sample), 1.5e9 + 2);
  EXPECT_DOUBLE_EQ(variance(sample), 1);
}

TEST(Statistics, IntervalsCoverTheTruthInNinetyFivePercentOfStudies) {
  constexpr int kStudies = 4000, kRuns = 10;
  int covered = 0;
  for (std::uint64_t study = 0; study < kStudies; ++study) {
    std::vector<double> sample;
    for (std::uint64_t run = 0; run < kRuns; ++run) {
      double sum = 0;  // of twelve uniforms: nearly normal, mean 6
      for (std::uint64_t i = 0; i < 12; ++i) sum += draw_uniform(study, run, i);
      sample.push_back(sum);
    }
    const Estimate e = estimate(sample);
    if (std::abs(e.mean - 6) <= e.half_width) ++covered;
  }
  EXPECT_NEAR(covered / double{kStudies}, 0.95, 3.5 * std::sqrt(0.95 * 0.05 / kStudies));
}

TEST(Statistics, CrpsIsTheAbsoluteErrorOfASingleValue) {
  const std::vector<double> one{4};
  EXPECT_DOUBLE_EQ(crps(one, 7), 3);
  EXPECT_TRUE(std::isnan(crps({}, 7)));
}

TEST(Statistics, CrpsEqualsItsDefinitionByPairs) {
  const std::vector<double> x{1, 2, 4, 8, 8.5};
  const double y = 3;
  double error = 0, spread = 0;
  for (const double a : x) {
    error += std::abs(a - y) / 5;
    for (const double b : x) spread += std::abs(a - b) / 50;
  }
  EXPECT_NEAR(crps(x, y), error - spread, 1e-12);
}

TEST(Statistics, CorrelationIsOneOfALineAndRefusesUnequalLengths) {
  const std::vector<double> a{1, 2, 3}, b{5, 7, 9}, falling{3, 2, 1}, flat{2, 2, 2};
  EXPECT_DOUBLE_EQ(correlation(a, b), 1);
  EXPECT_DOUBLE_EQ(correlation(a, falling), -1);
  EXPECT_TRUE(std::isnan(correlation(a, flat)));
  EXPECT_THROW((void)correlation(a, std::vector<double>{1}), InvalidArgument);
  EXPECT_THROW((void)student_t(1, 4), InvalidArgument);
  EXPECT_THROW((void)student_t(0.95, 0), InvalidArgument);
}

}  // namespace
}  // namespace twin::study
