/// Operations inferred from machine logs: which part was worked where, from when to when, with what trouble.
///
/// Start is the first active status, end the last completion at or after it; a log without an active status starts
/// with its first observation, one without completion ends with its last. Interruptions are the other values of the
/// status in between. Within an operation, time divides into processing (active), interrupted (any other status) and
/// stalled: active by status, but the control fell silent. Everything is computed from observations up to an instant,
/// so that standing in the past reads nothing of what came later.
#pragma once
#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "twin/sync/observation.hpp"
#include "twin/sync/rules.hpp"

namespace twin::sync {

/// A log and what its source's name told.
struct JobLog {
  ObservationLog log;
  Ticket ticket;
};

enum class Outcome : std::uint8_t {
  kCompleted,
  kNoCompletion,  ///< the log ended, or the machine went on to something else
  kInProgress,    ///< under way at the instant asked for
};
/// `completed`, `no_completion_event`, `in_progress`.
[[nodiscard]] const char* outcome_name(Outcome outcome) noexcept;

struct Interval {
  Tick begin = 0, end = 0;
  [[nodiscard]] Tick length() const noexcept { return end - begin; }
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// The program arrived at a block.
struct BlockMark {
  Tick time = 0;
  Tick processed = 0;  ///< processing time of the operation until then
  double block = 0;
  std::uint32_t pass = 0;  ///< counts restarts: it grows when the block number falls back for good
};

/// What goes on in an operation at its `last_known` instant.
enum class Activity : std::uint8_t { kProcessing, kInterrupted, kStalled, kEnded };

/// One operation on one part. All instants are ns since 1970 UTC.
struct Operation {
  std::string part, product, operation, machine;
  Tick start = 0, end = 0;  ///< end of one in progress: the instant asked for
  Outcome outcome = Outcome::kCompleted;
  int interruptions = 0;
  Tick first_seen = 0, last_seen = 0;  ///< first and last observation of the log (of this operation) that was used
  std::string source;
  std::vector<Interval> processing, interrupted, stalled;  ///< each ascending, together they cover [start, end]
  std::vector<std::string> programs;                       ///< as they started, without repetition in a row
  std::vector<std::string> tools;                          ///< in order of first use, each once
  std::vector<BlockMark> blocks;
  Activity activity = Activity::kEnded;
  Tick activity_since = 0;  ///< start of the current interval, for one in progress
  std::string status;       ///< last value of the status

  [[nodiscard]] Tick processing_time() const noexcept;
  [[nodiscard]] Tick interrupted_time() const noexcept;
  [[nodiscard]] Tick stalled_time() const noexcept;
};

struct InferOptions {
  std::optional<Tick> until;  ///< use only observations with time <= until; without it logs are taken as ended
  const std::atomic<bool>* cancel = nullptr;  ///< true stops the inference
};

/// Operations of all logs, in order of (start, part, operation, machine).
///
/// Logs with the same ticket are one log told in pieces; continuous logs of the same machine likewise. A log without
/// observations (up to `until`) gives no operation.
/// \note An operation without completion at `until` is in progress unless its machine has started another since.
/// \throws study::Cancelled
/// \note Cost: linear in the observations; those of a log that comes in pieces are sorted once.
[[nodiscard]] std::vector<Operation> infer_operations(std::span<const JobLog> logs, const Rules& rules,
                                                      const InferOptions& options = {});

}  // namespace twin::sync
