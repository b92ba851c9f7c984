#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "draw_ahead_impl.hpp"
#include "twin/base/math_tables.hpp"

namespace twin::detail {
namespace {

// What every processor of the kind has.
#define TWIN_LANES_NAME narrow
#define TWIN_LANES 2
#if defined(__x86_64__)
#define TWIN_LANES_MULTIPLY(a, b) ((Words)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#else
#define TWIN_LANES_MULTIPLY(a, b) (((a)&0xffffffffU) * (b))  // the second is below 2^32
#endif
#define TWIN_LANES_TAKE(base, at) \
  (Doubles{*(const double*)((const char*)(base) + (at)[0]), *(const double*)((const char*)(base) + (at)[1])})
#include "draw_sixteen_impl.hpp"
#undef TWIN_LANES_NAME
#undef TWIN_LANES
#undef TWIN_LANES_MULTIPLY
#undef TWIN_LANES_TAKE

#if defined(__x86_64__)
// AVX2, asked for when the program runs. Fused multiply-add is not among it, so the bits are the same.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define TWIN_LANES_NAME wide
#define TWIN_LANES 4
#define TWIN_LANES_MULTIPLY(a, b) ((Words)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#define TWIN_LANES_TAKE(base, at) ((Doubles)_mm256_i64gather_pd((base), (__m256i)(at), 1))
#include "draw_sixteen_impl.hpp"
#undef TWIN_LANES_NAME
#undef TWIN_LANES
#undef TWIN_LANES_MULTIPLY
#undef TWIN_LANES_TAKE
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

// AVX-512 likewise. It has fused multiply-add, which -ffp-contract=off keeps out.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,prefer-vector-width=512")
#endif
#define TWIN_LANES_NAME widest
#define TWIN_LANES 8
#define TWIN_LANES_MULTIPLY(a, b) ((Words)_mm512_maskz_mul_epu32(0xff, (__m512i)(a), (__m512i)(b)))
#define TWIN_LANES_TAKE(base, at) ((Doubles)_mm512_mask_i64gather_pd(__m512d{}, 0xff, (__m512i)(at), (base), 1))
#include "draw_sixteen_impl.hpp"
#undef TWIN_LANES_NAME
#undef TWIN_LANES
#undef TWIN_LANES_MULTIPLY
#undef TWIN_LANES_TAKE
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

}  // namespace

Lanes widest_lanes() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0) return Lanes::kEight;
  if (__builtin_cpu_supports("avx2") != 0) return Lanes::kFour;
#endif
  return Lanes::kTwo;
}

std::uint64_t digest_sixteen(const std::uint64_t* what, const std::uint64_t* when, const std::uint64_t* end,
                             [[maybe_unused]] Lanes lanes) noexcept {
#if defined(__x86_64__)
  if (lanes == Lanes::kEight) return widest::digests(what, when, end);
  if (lanes == Lanes::kFour) return wide::digests(what, when, end);
#endif
  return narrow::digests(what, when, end);
}

void draw_sixteen(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift,
                  const FlatDistribution& d, std::span<const double> table, double* out, Tick* out_ticks,
                  [[maybe_unused]] Lanes lanes) noexcept {
  auto uniforms = narrow::uniforms;
  auto exponentials = narrow::exponentials;
  auto ticks = narrow::ticks;
#if defined(__x86_64__)
  if (lanes == Lanes::kEight) {
    uniforms = widest::uniforms;
    exponentials = widest::exponentials;
    ticks = widest::ticks;
  } else if (lanes == Lanes::kFour) {
    uniforms = wide::uniforms;
    exponentials = wide::exponentials;
    ticks = wide::ticks;
  }
#endif
  if (d.family == Family::kExponential && !d.truncated) {
    exponentials(key, stream, first, shift, d.shift, d.p[0], out);
  } else if (d.family == Family::kDeterministic) {
    for (std::size_t i = 0; i < 16; ++i) out[i] = d.shift + d.p[0];
  } else {
    uniforms(key, stream, first, shift, out);
    for (std::size_t i = 0; i < 16; ++i) out[i] = quantile(d, table, out[i]);
  }
  ticks(out, out_ticks);
}

}  // namespace twin::detail
