/// Quantities and distributions as people write them: `90 s`, `1.5 h`, `lognormal(mean 12 min, cv 0.3)`.
///
/// A span of time is a number with one of the units ns, us, ms, s, min, h, d, w (or the full words); several may stand
/// side by side, as in `1 h 30 min`. A bare number is refused where a time is needed, except 0. In a list of times the
/// last unit counts for the bare numbers before it: `triangular(2, 3, 6 min)`.
#pragma once
#include <string>
#include <string_view>

#include "twin/base/distribution.hpp"
#include "twin/base/time.hpp"

namespace twin {

/// Reads `90 s`, `1 h 30 min`, `0`. \throws InvalidArgument naming text and allowed units
[[nodiscard]] double parse_seconds(std::string_view text);
/// The same in ticks.
[[nodiscard]] Duration parse_duration(std::string_view text);

/// Reads a distribution of a time, in seconds, that cannot be negative; a bare `normal(...)` is truncated at 0.
/// \throws InvalidArgument naming the part at fault and what is allowed
[[nodiscard]] Distribution parse_distribution(std::string_view text);
/// Reads a distribution of a plain number.
[[nodiscard]] Distribution parse_number_distribution(std::string_view text);

/// Reads a value with an optional unit as SI: `240 s`, `4 min` -> 240; `0.75 per min`, `0.75/min` -> 0.0125; `93 %` ->
/// 0.93; `4` -> 4.
[[nodiscard]] double parse_si(std::string_view text);

/// `nan`-free shortest decimal that reads back as the same number.
[[nodiscard]] std::string number_text(double value);
/// The span as exact text: `90 s`, `0.25 s`.
[[nodiscard]] std::string duration_text(Tick span);

}  // namespace twin
