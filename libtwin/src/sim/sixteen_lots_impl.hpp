/// What blocks of the recursion do for sixteen lots at one machine, in wide registers.
#pragma once
#include <cstdint>

namespace twin::detail {

/// Sum of the digests of sixteen operations.
/// \param lots   of each lot: hash of its source, and its index scattered
/// \param lanes  words in a register; at most widest_lanes()
[[nodiscard]] std::uint64_t digest_sixteen(const std::uint64_t* lots, std::uint64_t step, std::uint64_t machine,
                                           const std::int64_t* starts, const std::int64_t* ends,
                                           unsigned lanes) noexcept;

/// Longest time in nanoseconds that `ticks_of_sixteen` takes.
inline constexpr double kLongestOfSixteen = 0x1p51;
/// max(0, ticks_from_seconds(s)) of sixteen times.
/// \param longest  in nanoseconds, at most kLongestOfSixteen
/// \return false when one of them is not shorter than `longest`, or no number
[[nodiscard]] bool ticks_of_sixteen(const double* seconds, double longest, std::int64_t* out, unsigned lanes) noexcept;

}  // namespace twin::detail
