/// Declared rules that say what a log means: which items play which role, what a status value tells, and where the
/// names of part, operation and machine come from.
///
/// Controllers differ in the names of their items and words, never in the questions asked of them, so a rule set is
/// plain data: read it from YAML (twin/gateway/rules.hpp) or fill it in. Two kinds of logs exist, and one rule set may
/// serve both: a log per operation, whose file name tells the job like the ticket at the machine, and a continuous log
/// per machine, in which operations are cut out between the program becoming active and its completion.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twin/base/time.hpp"

namespace twin::sync {

/// What an item tells. The order is that of `kRoleNames`.
enum class Role : std::uint8_t {
  kProgramStatus,
  kProgram,
  kTool,
  kBlock,
  kPartCount,
  kRuntime,
  kFeed,
  kFeedOverride,
  kRapidOverride,
  kPart,
  kProduct,
  kOperation,
};
inline constexpr std::size_t kRoleCount = 12;
inline constexpr std::array<std::string_view, kRoleCount> kRoleNames = {
    "program_status", "program",       "tool",           "block", "part_count", "runtime",
    "feed",           "feed_override", "rapid_override", "part",  "product",    "operation"};

/// What a value of the program status says.
enum class Status : std::uint8_t { kUnknown, kActive, kCompleted, kInterruption, kIgnored };

/// How letters of a name are written.
enum class Letters : std::uint8_t { kAsWritten, kUpper, kLower, kCapitalised };

/// A file name that tells a job: a regular expression (ECMAScript) with named groups `(?<machine>...)`, matched against
/// the whole name, capital letters or not. Known groups: part, product, operation, machine, number.
class FilePattern {
 public:
  FilePattern() = default;
  /// \throws InvalidArgument  no such expression, an unknown group, or the same group twice
  explicit FilePattern(std::string pattern);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Whether it tells part and operation, so that one file is one operation.
  [[nodiscard]] bool is_ticket() const noexcept;
  [[nodiscard]] const std::vector<std::string>& groups() const noexcept { return groups_; }
  [[nodiscard]] const std::string& expression() const noexcept { return expression_; }
  friend bool operator==(const FilePattern&, const FilePattern&) = default;

 private:
  std::string text_, expression_;
  std::vector<std::string> groups_;  ///< name of each capturing group, empty where it has none
};

/// What a source tells by its name.
struct Ticket {
  std::string part;       ///< `Plate-01`; empty in a continuous log
  std::string product;    ///< `Plate`
  std::string operation;  ///< `OP1`; empty in a continuous log
  std::string machine;    ///< `Hurco04`
  [[nodiscard]] bool is_operation() const noexcept { return !part.empty() && !operation.empty(); }
  friend bool operator==(const Ticket&, const Ticket&) = default;
};

/// A set of rules; the defaults are those of an MTConnect adapter.
struct Rules {
  std::array<std::vector<std::string>, kRoleCount> items;  ///< names of the items that play each role
  std::vector<std::string> active{"ACTIVE"};
  std::vector<std::string> completed{"PROGRAM_COMPLETED"};
  std::vector<std::string> interruption;  ///< empty: every value that is nothing else
  std::vector<std::string> ignored;       ///< status values that say nothing, as UNAVAILABLE; an empty one always is
  bool count_whole_log = false;           ///< interruptions before start and after end count too (as in set-up)
  std::vector<FilePattern> files;         ///< tried in order; none given: every file is a continuous log of a machine
  std::string part_name = "{product}-{number}";  ///< part from the groups of a file name or program
  FilePattern part_pattern;                      ///< reads product (and number) out of a part's name; may be empty
  Letters product_letters = Letters::kAsWritten;
  Letters operation_letters = Letters::kUpper;
  Letters machine_letters = Letters::kAsWritten;
  std::string default_operation = "OP1";  ///< of a continuous log that has no operation item
  Tick silence = 0;                       ///< an active program that says nothing for longer stands still; 0: never
  Tick identity_within = 2 * kSecond;     ///< part and operation may be told this long after the start
  std::vector<std::string> known_items;   ///< empty: any; else lines about other items go to quarantine

  [[nodiscard]] Status status(std::string_view value) const noexcept;
  [[nodiscard]] bool plays(Role role, std::string_view item) const noexcept;
};

/// What the name of a source tells by the first pattern that matches.
/// \param file_name  without its folder; names longer than 255 bytes match nothing
[[nodiscard]] std::optional<Ticket> read_ticket(std::string_view file_name, const Rules& rules);

}  // namespace twin::sync
