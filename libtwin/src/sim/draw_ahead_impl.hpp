/// Numbers drawn ahead: what lots of one source need at one step, sixteen serials at a time.
///
/// A draw is a function of its address, so drawing it early changes nothing: these are the same bits as drawn one at a
/// time, only that sixteen independent computations overlap in the processor. This is scratch, not part of a State.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "twin/base/distribution.hpp"
#include "twin/base/random.hpp"

namespace twin::detail {

/// The first word of draw_bits() for sixteen indices in a row, `(first + i) << shift`.
#if defined(__SSE2__)
/// Two lanes a register, four registers at a time, so that the multiplications of one round overlap.
inline void draw_bits16(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift,
                        std::array<std::uint64_t, 16>& out) noexcept {
  const __m128i low = _mm_set1_epi64x(0xffffffffLL);
  const __m128i m0 = _mm_set1_epi64x(0xD2511F53LL);
  const __m128i m1 = _mm_set1_epi64x(0xCD9E8D57LL);
  for (std::size_t block = 0; block < 16; block += 8) {
    __m128i c0[4], c1[4], c2[4], c3[4];
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint64_t even = (first + block + 2 * i) << shift;
      const std::uint64_t odd = (first + block + 2 * i + 1) << shift;
      const __m128i index = _mm_set_epi64x(static_cast<long long>(odd), static_cast<long long>(even));
      c0[i] = _mm_and_si128(index, low);
      c1[i] = _mm_srli_epi64(index, 32);
      c2[i] = _mm_set1_epi64x(static_cast<long long>(stream & 0xffffffffU));
      c3[i] = _mm_set1_epi64x(static_cast<long long>(stream >> 32));
    }
    auto k0 = static_cast<std::uint32_t>(key);
    auto k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const __m128i key0 = _mm_set1_epi64x(k0);
      const __m128i key1 = _mm_set1_epi64x(k1);
      for (std::size_t i = 0; i < 4; ++i) {
        const __m128i p0 = _mm_mul_epu32(c0[i], m0);
        const __m128i p1 = _mm_mul_epu32(c2[i], m1);
        c0[i] = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p1, 32), c1[i]), key0);
        c1[i] = _mm_and_si128(p1, low);
        c2[i] = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p0, 32), c3[i]), key1);
        c3[i] = _mm_and_si128(p0, low);
      }
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const __m128i word = _mm_or_si128(_mm_slli_epi64(c1[i], 32), c0[i]);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(&out[block + 2 * i]), word);
    }
  }
}
#else
inline void draw_bits16(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift,
                        std::array<std::uint64_t, 16>& out) noexcept {
  for (std::size_t i = 0; i < 16; ++i) out[i] = draw_bits(key, stream, (first + i) << shift)[0];
}
#endif

/// A cache of quantiles by (place, index), filled sixteen at a time where indices come in a row, one at a time where
/// they do not.
class DrawAhead {
 public:
  /// \param places  how many streams there are; beyond 1,024 they share entries
  explicit DrawAhead(std::size_t places) {
    std::size_t size = 1;
    while (size < places && size < 1024) size *= 2;
    entries_.resize(size);
  }

  /// quantile(d, table, draw_uniform(key, stream(), index << shift)).
  /// \param place   number of the stream
  /// \param stream  called for the stream's address when it is needed
  template <class Stream>
  [[nodiscard]] double draw(std::size_t place, std::uint64_t key, Stream stream, std::uint64_t index, unsigned shift,
                            const FlatDistribution& d, std::span<const double> table) noexcept {
    Entry& entry = entries_[place & (entries_.size() - 1)];
    const std::uint64_t block = index / 16;
    if (entry.place == place && entry.block == block) {
      ++entry.used;
      return entry.value[index % 16];
    }
    if (entry.used < 8) {  // the last block was hardly worth it
      ++entry.used;
      return quantile(d, table, draw_uniform(key, stream(), index << shift));
    }
    std::array<std::uint64_t, 16> bits;
    draw_bits16(key, stream(), 16 * block, shift, bits);
    for (std::size_t i = 0; i < 16; ++i) entry.value[i] = quantile(d, table, uniform_from_bits(bits[i]));
    entry.place = place;
    entry.block = block;
    entry.used = 1;
    return entry.value[index % 16];
  }

 private:
  struct Entry {
    std::size_t place = SIZE_MAX;
    std::uint64_t block = 0;
    unsigned used = 4;  ///< draws since filled
    std::array<double, 16> value;
  };
  std::vector<Entry> entries_;
};

}  // namespace twin::detail
