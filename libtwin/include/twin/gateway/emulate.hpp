/// A plant run as if it were the floor: it writes the machine logs a real one would, and the truth beside them.
///
/// The demo and the tests follow such a shop instead of a real one, with a truth that the twin does not see. Each
/// machine has one continuous SHDR log, `<machine>.txt`, in the words of a milling control:
///
/// | item | says |
/// |---|---|
/// | `Part_Type`, `Part_Id`, `Operation` | what is about to be worked on, told as it starts |
/// | `Program_Status` | `READY` at first, `ACTIVE` while a program runs, `PROGRAM_COMPLETED` |
/// | the same, with a part on the machine | `FEED_HOLD` while it is down, `PROGRAM_STOPPED` while the shop is closed |
/// | `Program_Name_Running`, `Block_Number`, `Current_Tool` | how far the program has come |
/// | `Part_Count` | operations completed |
///
/// A program is made up for each product and step: so many blocks as fit its mean time, some slow and some fast, the
/// same ones each time, so that the block reached tells how much is left. Loading (setup) comes before the start and
/// leaves no trace; neither does an operation that takes no time.
/// On request the logs have the defects of real ones: late and repeated lines, broken connections, wrong clocks.
#pragma once
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "twin/base/random.hpp"
#include "twin/model/plant.hpp"

namespace twin::gateway {

struct EmulateOptions {
  Seed seed = {};       ///< of the run and, apart from it, of the defects
  Tick until = kNever;  ///< end, since the epoch; what happens at it is told; kNever: as the plant's `run` says, else
                        ///< all orders have left
  double late = 0;      ///< share of instants told late, in [0, 1]: the order of lines is disturbed
  Tick max_late = 3 * kMinute;   ///< by up to so much, evenly
  double duplicates = 0;         ///< share of lines told again, up to `max_late` later, in [0, 1]
  double gaps = 0;               ///< share of time without connection, in [0, 0.9]: what is said then is lost
  Tick mean_gap = 10 * kMinute;  ///< mean length of such a break, exponential; a snapshot of all items follows it
  Tick max_skew = 0;             ///< each machine's clock is wrong by a fixed span, evenly in [-max_skew, max_skew]
  double block_s = 10;           ///< mean time of a block
  double block_noise = 0.02;     ///< relative spread of a block's time from run to run, the pace of the run apart
  const std::atomic<bool>* cancel = nullptr;  ///< true stops the run
};

/// One operation as it truly was. Times are ticks since the epoch.
struct EmulatedOperation {
  std::string part, product, operation, machine, order;  ///< order: name of the order or source
  Tick ready = 0;                                        ///< when the part came into the queue
  Tick loaded = 0;                                       ///< when work on it began, setup included
  Tick start = 0;                                        ///< when the program started
  Tick end = 0;                                          ///< when it was completed; of one in progress: end of the run
  Tick processing = 0;                                   ///< time in which the program ran
  int interruptions = 0;  ///< spans between start and end in which the machine was down or the shop closed
  bool completed = true;  ///< false: in progress at the end of the run
};

/// A line as it comes in: at `written`, which is later than its stamp when the line is late.
struct EmulatedLine {
  Tick written = 0;  ///< true time since the epoch
  std::uint32_t machine = 0;
  std::string text;  ///< `2026-02-02T06:00:00Z|Program_Status|ACTIVE`
};

/// What a run of the emulated shop said and did.
struct Emulation {
  std::vector<EmulatedOperation> operations;  ///< ascending start, then machine
  std::vector<EmulatedLine> lines;            ///< in the order written
  std::vector<Tick> clock_skew;               ///< by machine: its stamps are so much later than true
  std::vector<Tick> order_finish;             ///< by order: when its last lot left; kNever: some are still open
  EmulateOptions options;                     ///< with the end really used
  Tick end = 0;
  std::size_t late = 0;        ///< lines with a stamp before that of an earlier line of their machine
  std::size_t duplicates = 0;  ///< lines told twice
  std::size_t lost = 0;        ///< lines said while there was no connection
};

/// Runs a plant and tells what its machines would say.
/// \throws InvalidArgument  a share or span outside its range; no end: neither `until` nor orders, or orders still open
///                          after ten years; a name that cannot stand in a log or file name
/// \throws Cancelled        when cancelled
/// \note Same plant, options and seed give the same lines. Defects do not change what happens.
[[nodiscard]] Emulation emulate(const Plant& plant, const EmulateOptions& options = {});

struct WriteOptions {
  double speed = 0;  ///< 0: at once; else so many times faster than real time, lines as they come
  const std::atomic<bool>* cancel = nullptr;  ///< true stops writing
  std::function<void(int done, int total)>
      progress;  ///< lines written; called on the calling thread; may throw to stop
};

/// Writes `<machine>.txt` for each machine, `truth.csv` (the operations) and `truth.json` (seed, plant, parameters and
/// defects really used, finish of the orders) into a folder, made if missing.
/// \throws InvalidArgument  the folder or a file cannot be written, or the folder has other logs (`*.txt`); the speed
/// is
///                          negative
/// \throws Cancelled        when cancelled
void write_emulation(const Plant& plant, const Emulation& emulation, const std::filesystem::path& folder,
                     const WriteOptions& options = {});

/// The truth as text: a row for each operation, times in ISO 8601, spans in seconds.
[[nodiscard]] std::string truth_csv(const Plant& plant, const Emulation& emulation);
[[nodiscard]] std::string truth_json(const Plant& plant, const Emulation& emulation);

}  // namespace twin::gateway
