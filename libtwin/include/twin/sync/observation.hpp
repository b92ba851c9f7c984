/// What a machine said: timed values of named items, as read from one source and ready for inference.
///
/// A log keeps the text it was read from and points into it, so that a million observations cost 24 bytes each and no
/// allocation. Nothing that came in is lost: a line is either observed, or a duplicate, or part of the protocol, or in
/// quarantine with its reason, and the counts add up.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twin/base/time.hpp"

namespace twin::sync {

/// One value of one item at one instant; names and values are looked up in the log it belongs to.
struct Observation {
  Tick time = 0;               ///< ns since 1970 UTC
  std::uint32_t item = 0;      ///< index into ObservationLog::items
  std::uint32_t value_at = 0;  ///< where the value stands in ObservationLog::text
  std::uint32_t value_size = 0;
  std::uint32_t line = 0;  ///< of the source, from 1
};

/// A line that could not be understood, kept so that it can be read back.
struct Quarantined {
  std::string source;
  std::uint32_t line = 0;  ///< from 1
  std::string text;        ///< as read, cut after 200 bytes
  std::string reason;
};

/// What became of the lines of a source: `lines = observed + quarantined + protocol + blank`, and the values found in
/// the observed lines are `values = observations kept + duplicates`.
struct LineCounts {
  std::size_t lines = 0;
  std::size_t observed = 0;     ///< gave at least one value
  std::size_t quarantined = 0;  ///< gave none, or a part of it could not be used
  std::size_t protocol = 0;     ///< commands, assets and heartbeats of the adapter
  std::size_t blank = 0;
  std::size_t values = 0;
  std::size_t duplicates = 0;  ///< same time, item and value as an earlier one; removed
  std::size_t late = 0;        ///< values earlier than one before them in the source; sorted in
};

/// The observations of one source in order of time; equal times keep the order of the source.
class ObservationLog {
 public:
  std::string source;
  std::string text;  ///< what values point into; must outlive nothing but the log
  std::vector<std::string> items;
  std::vector<Observation> observations;
  LineCounts counts;
  std::vector<Quarantined> quarantine;  ///< at most as many as the reader was told to keep; counts has them all

  [[nodiscard]] std::string_view value(const Observation& o) const noexcept {
    return std::string_view(text).substr(o.value_at, o.value_size);
  }
  [[nodiscard]] const std::string& item(const Observation& o) const noexcept { return items[o.item]; }
  /// Index of an item by name, if the log has it.
  [[nodiscard]] std::optional<std::uint32_t> find_item(std::string_view name) const noexcept;
  /// How many observations have time <= `until`: the part of the log that was known then.
  [[nodiscard]] std::size_t count_until(Tick until) const noexcept;
};

/// Reads a number as controllers write it: `12`, `12.000000`, `N120`, blanks around.
/// \return nothing when `text` is anything else, or not finite
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;

/// Whether two words are equal, capital letters or not (ASCII).
[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept;

}  // namespace twin::sync
