/// Numbers drawn ahead: what lots of one source need at one step, sixteen serials at a time.
///
/// A draw is a function of its address, so drawing it early changes nothing: these are the same bits as drawn one at a
/// time, only that sixteen independent computations overlap in the processor. This is scratch, not part of a State.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "twin/base/distribution.hpp"
#include "twin/base/random.hpp"
#include "twin/model/plant.hpp"

namespace twin::detail {

/// Words of 64 bits in the widest registers of the processor: 2, 4 (AVX2) or 8 (AVX-512).
[[nodiscard]] unsigned widest_lanes() noexcept;

/// quantile(d, table, draw_uniform(key, stream, (first + i) << shift)) for i in [0, 16), to the last bit.
/// \param lanes  words in a register; at most widest_lanes()
void draw_sixteen(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift,
                  const FlatDistribution& d, std::span<const double> table, double* out, unsigned lanes) noexcept;

/// A cache of quantiles by (place, index), filled sixteen at a time where indices come in a row, one at a time where
/// they do not.
class DrawAhead {
 public:
  /// \param places  how many streams there are; beyond 1,024 they share entries
  explicit DrawAhead(std::size_t places) {
    std::size_t size = 1;
    while (size < places && size < 1024) size *= 2;
    entries_.resize(size);
    mask_ = size - 1;
  }

  /// parameters.quantile(d, draw_uniform(key, stream(), index << shift)).
  /// \param place   number of the stream
  /// \param stream  called for the stream's address when it is needed
  template <class Stream>
  [[nodiscard, gnu::always_inline]] double draw(std::size_t place, std::uint64_t key, Stream stream,
                                                std::uint64_t index, unsigned shift, const Parameters& parameters,
                                                DistributionId d) noexcept {
    Entry& entry = entries_[place & mask_];
    ++entry.used;
    if (entry.place != place || entry.block != index / 16) [[unlikely]] {
      if (entry.used <= 8)  // the last block was hardly worth it
        return parameters.quantile(d, draw_uniform(key, stream(), index << shift));
      draw_sixteen(key, stream(), index / 16 * 16, shift, parameters.distributions[d.value], parameters.table,
                   entry.value.data(), lanes_);
      entry.place = place;
      entry.block = index / 16;
      entry.used = 1;
    }
    return entry.value[index % 16];
  }

 private:
  struct Entry {
    Entry() noexcept {}  // leaves `value` as it is: `place` tells that there is none
    std::size_t place = SIZE_MAX;
    std::uint64_t block = 0;
    unsigned used = 4;  ///< draws since filled
    std::array<double, 16> value;
  };
  std::vector<Entry> entries_;
  std::size_t mask_ = 0;
  unsigned lanes_ = widest_lanes();
};

}  // namespace twin::detail
