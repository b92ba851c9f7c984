/// Rules of inference as a YAML file: one document that says what the items of a log mean.
///
/// ```yaml
/// items:                                  # role: one name or several, since controllers differ
///   program_status: Program_Status
///   block: [Block_Number, line]
/// status: {active: ACTIVE, completed: PROGRAM_COMPLETED}     # every other value is an interruption
/// files:                                  # how a file name tells the job; without part and operation: a continuous
/// log
///   - (?<product>\w+)-(?<operation>OP\d+)-(?<machine>\w+)-(?<number>\d+)of\d+\.txt(\.gz)?
/// names: {part: "{product}-{number}", operation: upper}
/// stall: {silence: 10 s}                  # active but silent for longer: standing still
/// ```
#pragma once
#include <filesystem>
#include <string>

#include "twin/sync/rules.hpp"

namespace twin::gateway {

/// Reads rules from a file.
/// \throws InvalidArgument  the file cannot be opened
/// \throws FormatError      not YAML, or rules that make no sense: all faults at once, each with file, line, key, value
///                          and what is allowed
[[nodiscard]] sync::Rules load_rules(const std::filesystem::path& path);

/// The same from memory; `name` stands for the file in messages.
[[nodiscard]] sync::Rules parse_rules(const std::string& yaml, const std::string& name = "rules");

}  // namespace twin::gateway
