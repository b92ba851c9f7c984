/// Typed indices: dense numbers that cannot be mixed up. Names become ids once, at the edge.
#pragma once
#include <compare>
#include <cstdint>

namespace twin {

/// No such thing; also the default of every id.
inline constexpr std::uint32_t kNone = UINT32_MAX;

template <class Tag>
struct Id {
  std::uint32_t value = kNone;
  [[nodiscard]] constexpr bool valid() const noexcept { return value != kNone; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using StationId = Id<struct StationTag>;
using MachineId = Id<struct MachineTag>;
using ProductId = Id<struct ProductTag>;
using StepId = Id<struct StepTag>;
using OrderId = Id<struct OrderTag>;
using SourceId = Id<struct SourceTag>;
using CalendarId = Id<struct CalendarTag>;
using PoolId = Id<struct PoolTag>;
using DistributionId = Id<struct DistributionTag>;

}  // namespace twin
