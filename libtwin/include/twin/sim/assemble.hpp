/// A State from facts: what was seen of a real floor at one instant, put together so that it can be advanced.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "twin/state/state.hpp"

namespace twin {

/// An ordered lot that has been released and has not left yet.
struct LotFact {
  OrderId order;
  std::uint32_t serial = 0;          ///< within the order, from 0
  StepId step;                       ///< that is under way or comes next
  Tick ready = 0;                    ///< when it became free for this step: its place in the queue
  std::uint32_t round = 0;           ///< times it was sent back
  MachineId machine;                 ///< that processes it now; invalid: it waits
  Tick started = 0;                  ///< on a machine: when work on it began
  Tick worked = 0;                   ///< on a machine: processing time so far, standstills not counted
  std::optional<Tick> stands_since;  ///< on a machine: it stands still since then, which counts as a failure
  /// On a machine: quantiles of the processing time left, at `kBeliefLevels`; none: from the distribution, given
  /// `worked`.
  std::optional<std::array<Tick, kBeliefLevels.size()>> left;
};

/// What is known of a machine beside the lot it holds.
struct MachineFact {
  Tick free_since = 0;  ///< end of its last operation: setup of the next has been under way since, in open time
  StepId last_step;     ///< of its last operation; invalid: none known
};

/// What was seen, as of `now`.
struct Facts {
  Tick now = 0;
  Seed seed;
  std::vector<OrderState> orders;     ///< by OrderId: lots released, finished and scrapped, and when last
  std::vector<LotFact> lots;          ///< every lot released and not finished
  std::vector<MachineFact> machines;  ///< by MachineId
};

/// Builds the state in which these facts hold. What nobody can see is drawn as at a start: lives of failure modes begin
/// now, sources of lots that are not ordered begin now. Idle machines with waiting lots begin to set up for the next.
///
/// Events and queue places get their sequence by (time, priority, name), so that the same facts in any order give the
/// same state.
/// \throws InvalidArgument  facts that contradict each other or the plant, named
[[nodiscard]] State assemble(const Plant& plant, const Parameters& parameters, const Facts& facts);

}  // namespace twin
