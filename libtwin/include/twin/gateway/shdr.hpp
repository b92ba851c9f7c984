/// Reads SHDR, the text that MTConnect adapters write: `time|item|value|item|value...`, a line per instant.
///
/// Real logs have late lines, duplicates, lines broken in the middle and bytes of no meaning. Content never throws:
/// what cannot be understood goes to quarantine with its reason, and every line is accounted for. Source: MTConnect
/// Institute, Adapter SHDR protocol (Part 5 / cppagent README): samples `time@duration`, conditions
/// `time|item|level|code|severity|qualifier|text`, messages `time|item|code|text`, assets, `*` commands.
#pragma once
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "twin/sync/observation.hpp"
#include "twin/sync/operations.hpp"
#include "twin/sync/rules.hpp"

namespace twin::gateway {

struct ShdrOptions {
  std::vector<std::string> known_items;   ///< empty: any item; else other items go to quarantine
  std::size_t keep_quarantined = 10'000;  ///< lines kept to be read back; all are counted
  std::size_t max_bytes =
      std::size_t{1} << 30;                   ///< of text after decompression, at most 4 GiB - 1; the rest is not read
  Tick earliest = 631'152'000LL * kSecond;    ///< 1990: a time before means that the clock was not set
  Tick max_late = 400 * kDay;                 ///< few lines (1 %) further than this from all others are wrong
  Tick max_ahead = kDay;                      ///< few lines further ahead than this of those after are wrong
  const std::atomic<bool>* cancel = nullptr;  ///< true stops reading
};

/// Reads SHDR out of memory.
/// \param source  name given to the log and to what is in quarantine
/// \throws study::Cancelled
/// \note Text longer than allowed is read up to its last whole line; the line after that is in quarantine.
[[nodiscard]] sync::ObservationLog parse_shdr(std::string text, std::string source, const ShdrOptions& options = {});

/// Reads an SHDR file, plain or gzip (told by its first bytes, not by its name).
/// \throws InvalidArgument  the file cannot be opened
/// \throws FormatError      it is a gzip file of which nothing can be read
/// \throws study::Cancelled
/// \note A gzip file that breaks off or is damaged gives the whole lines before that; the line at which reading ended
///       is in quarantine with the reason. What is decoded after damage looks sound for a while, and mostly only the
///       checksum at the end tells, so in damaged data reading ends at the first line that is not understood. Where
///       there is none, all lines are kept, and the quarantine says so as of the line after the last.
[[nodiscard]] sync::ObservationLog read_shdr(const std::filesystem::path& path, const ShdrOptions& options = {});

/// A file that was left out, and why.
struct SkippedFile {
  std::string path;
  std::string reason;
};

/// The logs of a folder, in order of their paths.
struct LogFolder {
  std::vector<sync::JobLog> logs;
  std::vector<SkippedFile> skipped;
};

/// Reads every log below a folder whose name matches the rules (or, for a single file, that file).
/// \throws InvalidArgument  no such folder, or no file in it matches
/// \throws study::Cancelled
/// \note A file that cannot be read is skipped with its reason; the others are read.
[[nodiscard]] LogFolder read_logs(const std::filesystem::path& path, const sync::Rules& rules,
                                  const ShdrOptions& options = {});

}  // namespace twin::gateway
