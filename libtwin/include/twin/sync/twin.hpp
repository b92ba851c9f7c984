/// A twin of a real floor: what is planned, what was said by the machines, and what follows for any instant.
///
/// A `Twin` owns an order sheet (a plant whose numbers are plans), the rules that say what logs mean, and the logs. It
/// answers for an instant t from observations stamped up to t alone, whenever they came in: which operations were done,
/// what the plant's numbers are by then, and the State in which the floor stood, ready to be branched. It does no input
/// or output.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "twin/sim/assemble.hpp"
#include "twin/sync/learn.hpp"
#include "twin/sync/progress.hpp"

namespace twin::sync {

/// Where floor and sheet contradict each other, and what was made of it.
struct Contradiction {
  std::string part, operation, machine;
  Tick time = 0;  ///< ns since 1970 UTC
  std::string what;
};

struct StandOptions {
  bool use_progress = true;  ///< tell what is left of work under way from its progress, where profiles know it
  Seed seed = {};            ///< of the state: its pending luck and that of its branches
  LearnOptions learn = {};
  const std::atomic<bool>* cancel = nullptr;  ///< true stops it, learning included
};

/// The floor at one instant.
struct Standing {
  Plant plant;  ///< the sheet with what was learnt by then
  State state;
  std::vector<Operation> operations;  ///< everything that had started, work under way included
  std::vector<Contradiction> contradictions;
};

class Twin {
 public:
  /// \param sheet  orders, routes, machines, calendars, planned times
  Twin(Plant sheet, Rules rules) : sheet_(std::move(sheet)), rules_(std::move(rules)) {}

  /// Takes logs in. Those of one ticket or machine may come in pieces and in any order.
  void observe(std::vector<JobLog> logs);

  [[nodiscard]] const Plant& sheet() const noexcept { return sheet_; }
  [[nodiscard]] const Rules& rules() const noexcept { return rules_; }
  [[nodiscard]] const std::vector<JobLog>& logs() const noexcept { return logs_; }
  /// First and last instant observed, ns since 1970 UTC; both 0 when nothing was.
  [[nodiscard]] Period period() const noexcept;

  /// Operations known at `until` (ns since 1970 UTC); without it all, logs taken as ended.
  /// \throws study::Cancelled  `cancel` became true
  [[nodiscard]] std::vector<Operation> operations(std::optional<Tick> until = {},
                                                  const std::atomic<bool>* cancel = nullptr) const;

  /// The sheet with what operations up to `until` teach. \throws as `learn`
  [[nodiscard]] Learned learned(Tick until, const LearnOptions& options = {}) const;

  /// The floor as it stood at `until`.
  ///
  /// A part stands at the step after its last operation, on the machine of an operation in progress, or at the first
  /// step once its order is released. Where floor and sheet contradict, the floor is right: a step passed over counts
  /// as done, an operation that the sheet does not know is noted and passes by, an order seen before its release is
  /// released.
  /// \throws InvalidArgument  `until` lies outside the years a plant can count
  /// \throws study::Cancelled
  [[nodiscard]] Standing at(Tick until, const StandOptions& options = {}) const;

 private:
  Plant sheet_;
  Rules rules_;
  std::vector<JobLog> logs_;
};

/// What is left of the processing of an operation in progress, at `kBeliefLevels`, by the profile of its kind; nothing
/// where no earlier run, or no block of this one, is known.
[[nodiscard]] std::optional<std::array<Tick, kBeliefLevels.size()>> left_by_progress(const ProgressProfiles& profiles,
                                                                                     const Operation& operation);

}  // namespace twin::sync
