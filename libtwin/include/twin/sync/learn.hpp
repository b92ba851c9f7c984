/// An order sheet meets what happened: the plant with its numbers learnt, and where each comes from.
///
/// A sheet is a scenario file whose times are plans with a stated, wide prior (`lognormal(median 25 min, sigma 0.6)`).
/// Each time that the sheet plans (of a product's operation at a station; steps and machines that share a plan share
/// what is learnt) meets the processing times, free of interruptions and off-hours, of completed operations; setups and
/// changeovers from the gaps between operations in open time; failures of work from the interruptions and standstills
/// inside operations. What has no data keeps its plan.
#pragma once
#include <atomic>
#include <map>
#include <span>
#include <string>

#include "twin/model/plant.hpp"
#include "twin/sync/fit.hpp"
#include "twin/sync/operations.hpp"

namespace twin::sync {

struct LearnOptions {
  FitOptions fit = {};
  /// Part of a plan's spread that is between operations of one kind; the rest is how little the plan knows.
  double within = 0.2;
  /// Setups and repairs differ among themselves nearly as much as plans of them do.
  double within_handling = 0.9;
  /// A failure as declared counts as so many that were seen.
  double failure_weight = 1.0;
  /// Shorter standstills are part of processing, not failures.
  Tick shortest_stop = 5 * kSecond;
  const std::atomic<bool>* cancel = nullptr;  ///< true stops the learning
};

/// A sheet with learnt numbers.
struct Learned {
  Plant plant;                                   ///< its YAML carries `provenance`
  std::map<std::string, Provenance> provenance;  ///< by path of the distribution
  std::size_t unknown = 0;                       ///< operations that the sheet does not know
};

/// Learns from the operations that ended at or before `until` (ns since 1970 UTC).
/// \throws PlantError  the sheet refuses a learnt value (a fault of ours)
/// \throws study::Cancelled
[[nodiscard]] Learned learn(const Plant& sheet, std::span<const Operation> operations, Tick until,
                            const LearnOptions& options = {});

/// The step and alternative of a plant that an operation is; choice is kNone where the plant does not know it.
struct StepOf {
  StepId step;
  std::uint32_t choice = kNone;
  MachineId machine;
};
[[nodiscard]] StepOf find_step(const PlantData& plant, const Operation& operation) noexcept;

}  // namespace twin::sync
