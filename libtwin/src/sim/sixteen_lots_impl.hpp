/// What blocks of the recursion do for sixteen lots at one machine, in wide registers.
#pragma once
#include <cstdint>

#include "draw_ahead_impl.hpp"

namespace twin::detail {

/// Sum of the digests of sixteen operations.
/// \param lots   of each lot: hash of its source, and its index scattered
/// \param lanes  compute in registers so wide; requires that there are some
[[nodiscard]] std::uint64_t digest_sixteen(const std::uint64_t* lots, std::uint64_t step, std::uint64_t machine,
                                           const std::int64_t* starts, const std::int64_t* ends, Lanes lanes) noexcept;

}  // namespace twin::detail
