#include "sixteen_lots_impl.hpp"

#include <cstddef>
#include <cstdint>

namespace twin::detail {
namespace {

#define TWIN_LANES_NAME narrow
#define TWIN_LANES 2
#include "sixteen_lots_body_impl.hpp"
#undef TWIN_LANES_NAME
#undef TWIN_LANES

#if defined(__x86_64__)
// As draw_sixteen.cpp has them.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define TWIN_LANES_NAME wide
#define TWIN_LANES 4
#include "sixteen_lots_body_impl.hpp"
#undef TWIN_LANES_NAME
#undef TWIN_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,prefer-vector-width=512")
#endif
#define TWIN_LANES_NAME widest
#define TWIN_LANES 8
#include "sixteen_lots_body_impl.hpp"
#undef TWIN_LANES_NAME
#undef TWIN_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

}  // namespace

std::uint64_t digest_sixteen(const std::uint64_t* lots, std::uint64_t step, std::uint64_t machine,
                             const std::int64_t* starts, const std::int64_t* ends,
                             [[maybe_unused]] Lanes lanes) noexcept {
#if defined(__x86_64__)
  if (lanes == Lanes::kEight) return widest::digest(lots, step, machine, starts, ends);
  if (lanes == Lanes::kFour) return wide::digest(lots, step, machine, starts, ends);
#endif
  return narrow::digest(lots, step, machine, starts, ends);
}

}  // namespace twin::detail
