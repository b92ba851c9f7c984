/// Numbers drawn ahead: what lots of one source need at one step, sixteen serials at a time.
///
/// A draw is a function of its address, so drawing it early changes nothing: these are the same bits as drawn one at a
/// time, only that sixteen independent computations overlap in the processor. This is scratch, not part of a State.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "twin/base/distribution.hpp"
#include "twin/base/random.hpp"
#include "twin/model/plant.hpp"

namespace twin::detail {

/// How many words of 64 bits a register of the processor holds.
enum class Lanes : std::uint8_t { kTwo = 2, kFour = 4, kEight = 8 };
/// The most it has.
[[nodiscard]] Lanes widest_lanes() noexcept;

/// The span of time that so many seconds are.
[[nodiscard, gnu::always_inline]] inline Tick span_of(double seconds) noexcept {
  return std::max<Tick>(0, ticks_from_seconds(seconds));
}

/// quantile(d, table, draw_uniform(key, stream, (first + i) << shift)) for i in [0, 16), to the last bit, and the spans
/// that these are.
/// \param lanes  compute in registers so wide; requires that there are some
void draw_sixteen(std::uint64_t key, std::uint64_t stream, std::uint64_t first, unsigned shift,
                  const FlatDistribution& d, std::span<const double> table, double* out, Tick* out_ticks,
                  Lanes lanes) noexcept;

/// Sum of mix64(mix64(what) ^ (mix64(when) + end)) over sixteen: digests of operations.
[[nodiscard]] std::uint64_t digest_sixteen(const std::uint64_t* what, const std::uint64_t* when,
                                           const std::uint64_t* end, Lanes lanes) noexcept;

/// Operations whose digests are computed later, sixteen at a time. A digest is the hash of (lot, step, machine, start,
/// end); they are summed, so that the order in which operations finish does not matter.
class DigestsBehind {
 public:
  [[gnu::always_inline]] inline void add(std::uint64_t what, std::uint64_t when, std::uint64_t end,
                                         std::uint64_t& sum) noexcept {
    what_[count_] = what;
    when_[count_] = when;
    end_[count_] = end;
    if (++count_ == 16) [[unlikely]] {
      sum += digest_sixteen(what_.data(), when_.data(), end_.data(), lanes_);
      count_ = 0;
    }
  }
  /// Adds those that are still behind.
  void settle(std::uint64_t& sum) noexcept {
    for (std::uint32_t i = 0; i < count_; ++i) sum += mix64(mix64(what_[i]) ^ (mix64(when_[i]) + end_[i]));
    count_ = 0;
  }

 private:
  DigestsBehind(const DigestsBehind&) = delete;
  DigestsBehind& operator=(const DigestsBehind&) = delete;
  std::array<std::uint64_t, 16> what_, when_, end_;  ///< the first count_ of them
  std::uint32_t count_ = 0;
  Lanes lanes_ = widest_lanes();

 public:
  DigestsBehind() noexcept {}  // leaves the numbers as they are
};

/// A cache of spans by (place, index), filled sixteen at a time where indices come in a row, one at a time where they
/// do not.
class DrawAhead {
 public:
  /// \param places  how many streams there are; beyond 1,024 they share entries
  explicit DrawAhead(std::size_t places) : places_(places) {}
  DrawAhead(const DrawAhead&) = delete;
  DrawAhead& operator=(const DrawAhead&) = delete;

  /// span_of(parameters.quantile(d, draw_uniform(key, stream(), index << shift)) / speed).
  /// \param place   number of the stream
  /// \param stream  called for the stream's address when it is needed
  template <class Stream>
  [[nodiscard, gnu::always_inline]] Tick draw(std::size_t place, std::uint64_t key, Stream stream, std::uint64_t index,
                                              unsigned shift, const Parameters& parameters, DistributionId d,
                                              double speed) noexcept {
    Entry& entry = entries_[place & mask_];
    ++entry.used;
    if (entry.place != place || entry.block != index / 16) [[unlikely]] {
      if (entry.used <= 8) {  // the last block was hardly worth it
        const double value = parameters.quantile(d, draw_uniform(key, stream(), index << shift));
        return span_of(speed == 1 ? value : value / speed);
      }
      return fill(place, key, stream(), index, shift, parameters, d, speed);
    }
    return speed == 1 ? entry.span[index % 16] : span_of(entry.value[index % 16] / speed);
  }

 private:
  struct Entry {
    Entry() noexcept {}  // leaves the numbers as they are: `place` tells that there are none
    std::size_t place = SIZE_MAX;
    std::uint64_t block = 0;
    unsigned used = 4;  ///< draws since filled
    std::array<double, 16> value;
    std::array<Tick, 16> span;
  };
  [[gnu::noinline]] Tick fill(std::size_t place, std::uint64_t key, std::uint64_t stream, std::uint64_t index,
                              unsigned shift, const Parameters& parameters, DistributionId d, double speed) noexcept {
    if (many_.empty()) {
      std::size_t size = 1;
      while (size < places_ && size < 1024) size *= 2;
      many_.resize(size);
      entries_ = many_.data();
      mask_ = size - 1;
    }
    Entry& entry = entries_[place & mask_];
    draw_sixteen(key, stream, index / 16 * 16, shift, parameters.distributions[d.value], parameters.table,
                 entry.value.data(), entry.span.data(), lanes_);
    entry.place = place;
    entry.block = index / 16;
    entry.used = 1;
    return speed == 1 ? entry.span[index % 16] : span_of(entry.value[index % 16] / speed);
  }

  std::size_t places_;
  Entry first_;               ///< serves until some numbers are worth drawing ahead
  Entry* entries_ = &first_;  ///< mask_ + 1 of them
  std::size_t mask_ = 0;
  std::vector<Entry> many_;
  Lanes lanes_ = widest_lanes();
};

}  // namespace twin::detail
