/// How much is left of an operation under way, told from how far its program has come.
///
/// A program visits its blocks in the same order each time, so the block reached tells the position better than any
/// clock: what is left is what earlier runs needed from the same block on, times how fast this run has been so far.
/// Times here are *processing* times, without interruptions and stalls; these are predicted apart, from how often and
/// how long earlier runs stood still after the same block.
///
/// Runs that are alike count more: same pace over the last stretch of blocks, same pattern of block times (so the same
/// version of the program), same program name, more recent. How much the pace matters, and over which stretch, is
/// chosen by leaving out each earlier run in turn and predicting it from the others at the same block; the errors made
/// there are the spread reported. So the spread shrinks by itself as blocks pass.
/// Source: nearest-neighbour regression with leave-one-out choice of the smoothing (Hastie, Tibshirani, Friedman, The
/// Elements of Statistical Learning, ch. 6-7).
#pragma once
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "twin/sync/operations.hpp"

namespace twin::sync {

struct ProgressOptions {
  /// Of the quantiles returned, ascending in (0, 1).
  std::vector<double> probabilities = {0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.3,   0.4, 0.5,
                                       0.6,  0.7,   0.75, 0.8, 0.9, 0.95, 0.975, 0.99};
  double prior_error = 0.15;  ///< relative error expected before any is known, as a standard deviation
  double prior_weight = 1.0;  ///< what that expectation weighs, in runs
  std::size_t max_runs = 40;  ///< only the latest runs are compared
};

/// What is left of an operation at an instant.
struct Remaining {
  std::vector<double> processing_s;  ///< quantiles of the processing time left, at ProgressOptions::probabilities
  std::vector<double> elapsed_s;     ///< the same of the time until its end on the clock, standstills included
  double median_processing_s = 0;
  double median_elapsed_s = 0;
  double pace = 1;            ///< of this run over the last blocks: time taken / time of the runs alike
  double position = 0;        ///< share of the processing time that has passed, in [0, 1]
  std::size_t runs = 0;       ///< earlier runs that were compared
  double effective_runs = 0;  ///< how many of equal weight would be as informative
  bool by_block = false;      ///< false: no block known, told from the time spent alone
};

/// The earlier completed runs of one (product, operation, machine).
class ProgressProfile {
 public:
  /// Adds a completed operation; others tell nothing about the end and are ignored.
  void add(const Operation& operation);

  [[nodiscard]] std::size_t size() const noexcept { return runs_.size(); }

  /// What is left of `running`, an operation in progress with its observations up to now.
  /// \throws InvalidArgument  no run is known, or probabilities are not ascending in (0, 1)
  /// \note Cost: runs^2 * 64 look-ups in block tables.
  [[nodiscard]] Remaining remaining(const Operation& running, const ProgressOptions& options = {}) const;

  /// Processing time to reach `block`, in the runs that reach it: the learnt profile, for pictures.
  [[nodiscard]] std::vector<double> time_to_block_s(double block) const;

 private:
  /// One climb through the blocks, from the first to the highest reached; both ascend.
  struct Pass {
    std::vector<double> block, time_s;
    [[nodiscard]] bool covers(double b) const noexcept {
      return block.size() > 1 && block.front() <= b && b <= block.back();
    }
    [[nodiscard]] double time_at(double b) const noexcept;
  };
  struct Run {
    std::vector<Pass> passes;
    std::vector<std::string> programs;
    double total_s = 0;                                  ///< processing
    std::vector<std::pair<double, double>> standstills;  ///< (processing time when it began, length), seconds
    [[nodiscard]] const Pass* pass_at(double block) const noexcept;
    [[nodiscard]] double standing_after(double processed_s) const noexcept;
  };
  static Run make_run(const Operation& operation);

  std::vector<Run> runs_;  ///< in order of completion, as added
};

/// Profiles by (product, operation, machine).
using ProgressProfiles = std::map<std::tuple<std::string, std::string, std::string>, ProgressProfile>;

/// Profiles of all completed operations, added in order of their end.
[[nodiscard]] ProgressProfiles learn_progress(std::span<const Operation> operations);

}  // namespace twin::sync
