/// Who of many waiting lots is first by a rule whose order changes while they wait, without looking at each of them.
///
/// The lots of one queue stand in blocks by the instant from which they are late. A block knows the least and greatest
/// of what its lots are ranked by, so that most blocks are passed over: by the bound that these give. Within a block
/// ranks are computed side by side and nearly; only the lots that come out first, to within the error, are ranked as
/// the rule says, the last digit included. So who is first never depends on how the lots stand here: this is scratch,
/// made anew from a State when it is asked for.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "twin/base/ids.hpp"
#include "twin/state/state.hpp"

namespace twin::detail {

/// Rules that rank so.
[[nodiscard]] constexpr bool has_ranks(QueueRule rule) noexcept {
  return rule == QueueRule::kCr || rule == QueueRule::kAtc || rule == QueueRule::kCovert;
}

/// What a lot is ranked by, as it stays while it waits: `late_from`, in seconds, and two numbers of the rule.
struct RankOf {
  double late_from = 0, a = 0, b = 0;
};

/// A rule that ranks by these: lower first, nearly.
///   atc     max(0, late_from - now) * scale - a
///   cr      (late_from - now) * a, where late_from is the due date
///   covert  -b * max(0, 1 - max(0, late_from - now) * a)
struct NearRank {
  QueueRule rule;
  double now, scale;

  [[nodiscard, gnu::always_inline]] double operator()(double late_from, double a, double b) const noexcept {
    const double ahead = late_from - now;
    const double late = ahead > 0 ? ahead : 0;
    if (rule == QueueRule::kAtc) return late * scale - a;
    if (rule == QueueRule::kCr) return ahead * a;
    const double urgent = 1 - late * a;
    return -b * (urgent > 0 ? urgent : 0);
  }
};

class Ranks {
 public:
  /// With fewer lots in the queue it is as well to look at each.
  static constexpr std::uint32_t kFew = 12;

  explicit Ranks(std::size_t stations) : lines_(stations) {}

  [[nodiscard]] bool holds(std::uint32_t station) const noexcept {
    return station < lines_.size() && lines_[station].whole;
  }
  [[nodiscard]] std::uint32_t count(std::uint32_t station) const noexcept { return lines_[station].count; }
  /// Sum of the work that add() was told of.
  [[nodiscard]] Wide work(std::uint32_t station) const noexcept { return lines_[station].work; }
  /// Greatest of what RankOf::b is.
  [[nodiscard]] double most_b(std::uint32_t station) const noexcept {
    double most = 0;
    for (const std::uint32_t number : lines_[station].blocks) most = std::max(most, blocks_[number].most_b);
    return most;
  }
  /// Begins with an empty queue.
  void begin(std::uint32_t station) {
    forget(station);
    lines_[station].whole = true;
  }
  void forget(std::uint32_t station) noexcept {
    Line& line = lines_[station];
    free_.insert(free_.end(), line.blocks.begin(), line.blocks.end());
    line = {};
  }

  void add(std::uint32_t station, std::uint32_t lot, std::uint64_t arrival, const RankOf& rank, Tick work) {
    Line& line = lines_[station];
    ++line.count;
    line.work += work;
    if (line.blocks.empty()) {
      line.blocks.push_back(take_block());
      blocks_[line.blocks[0]].from = -std::numeric_limits<double>::infinity();
    }
    std::size_t at = place_of(line, rank.late_from);
    if (blocks_[line.blocks[at]].count == kSize) {
      split(line, at);
      at = place_of(line, rank.late_from);
    }
    put(line.blocks[at], lot, arrival, rank);
  }
  void remove(std::uint32_t station, std::uint32_t lot, Tick work) noexcept {
    Line& line = lines_[station];
    --line.count;
    line.work -= work;
    const std::uint32_t number = where_[lot] / kSize;
    const std::uint32_t i = where_[lot] % kSize;
    Block& block = blocks_[number];
    const std::uint32_t last = --block.count;
    block.late_from[i] = block.late_from[last];
    block.a[i] = block.a[last];
    block.b[i] = block.b[last];
    block.arrival[i] = block.arrival[last];
    block.lot[i] = block.lot[last];
    where_[block.lot[i]] = number * kSize + i;
    block.clear(last);
    if (block.count > 0) {
      block.bound();
    } else if (line.blocks.size() > 1) {
      const auto found = std::ranges::find(line.blocks, number);
      if (found == line.blocks.begin()) blocks_[line.blocks[1]].from = block.from;
      line.blocks.erase(found);
      free_.push_back(number);
    }
  }

  /// The lot that is first; of equal ones who came first. Requires that the queue is not empty.
  /// \param error  of `near` at most, in units of 1 + its least
  /// \param exact  called with a lot, its `late_from` and its `a`: its rank as the rule has it
  template <class Exact>
  [[nodiscard]] std::uint32_t first(std::uint32_t station, const NearRank& near, double error, Exact exact) const {
    const Line& line = lines_[station];
    double least = std::numeric_limits<double>::infinity();
    std::array<double, kSize> rank;
    for (const std::uint32_t number : line.blocks) {
      const Block& block = blocks_[number];
      if (block.least(near) > least) continue;
      block.ranks(near, rank);
      std::array<double, 4> of{rank[0], rank[1], rank[2], rank[3]};
      for (std::size_t i = 4; i < kSize; i += 4)
        for (std::size_t k = 0; k < 4; ++k) of[k] = rank[i + k] < of[k] ? rank[i + k] : of[k];
      least = std::min({least, of[0], of[1], of[2], of[3]});
    }
    const double enough = std::isfinite(least) ? least + error * (1 + std::fabs(least)) : least;
    std::uint32_t best = kNone;
    double best_rank = 0;
    std::uint64_t best_arrival = 0;
    for (const std::uint32_t number : line.blocks) {
      const Block& block = blocks_[number];
      if (block.least(near) > enough) continue;
      block.ranks(near, rank);
      for (std::uint32_t i = 0; i < block.count; ++i) {
        if (rank[i] > enough) continue;  // one that is no number is asked
        const double value = exact(block.lot[i], block.late_from[i], block.a[i]);
        if (best != kNone && (value > best_rank || (value == best_rank && block.arrival[i] > best_arrival))) continue;
        best = block.lot[i];
        best_rank = value;
        best_arrival = block.arrival[i];
      }
    }
    return best;
  }

 private:
  static constexpr std::uint32_t kSize = 32;

  struct Block {
    std::array<double, kSize> late_from, a, b;  ///< behind those that are there stand some that are last
    std::array<std::uint64_t, kSize> arrival;
    std::array<std::uint32_t, kSize> lot;
    std::uint32_t count = 0;
    double from = 0;  ///< all are late from here on or later
    double earliest = 0, least_a = 0, most_a = 0, most_b = 0;

    void clear(std::uint32_t i) noexcept {
      late_from[i] = std::numeric_limits<double>::infinity();
      a[i] = b[i] = 0;
    }
    void bound() noexcept {
      earliest = late_from[0];
      least_a = most_a = a[0];
      most_b = b[0];
      for (std::uint32_t i = 1; i < count; ++i) {
        earliest = std::min(earliest, late_from[i]);
        least_a = std::min(least_a, a[i]);
        most_a = std::max(most_a, a[i]);
        most_b = std::max(most_b, b[i]);
      }
    }
    /// No lot's rank is lower, rounding included: it is the rank that one with the best of each would have.
    [[nodiscard]] double least(const NearRank& near) const noexcept {
      const bool low = near.rule == QueueRule::kCovert || (near.rule == QueueRule::kCr && earliest > near.now);
      return near(earliest, low ? least_a : most_a, most_b);
    }
    [[gnu::always_inline]] inline void ranks(const NearRank& near, std::array<double, kSize>& out) const noexcept {
      const auto all = [&](const NearRank& by) {
        for (std::size_t i = 0; i < kSize; ++i) out[i] = by(late_from[i], a[i], b[i]);
      };
      if (near.rule == QueueRule::kAtc) {
        all({QueueRule::kAtc, near.now, near.scale});
      } else if (near.rule == QueueRule::kCr) {
        all({QueueRule::kCr, near.now, near.scale});
      } else {
        all({QueueRule::kCovert, near.now, near.scale});
      }
    }
  };
  struct Line {
    std::vector<std::uint32_t> blocks;  ///< ascending `from`
    Wide work = 0;
    std::uint32_t count = 0;
    bool whole = false;  ///< holds every lot of the queue
  };

  [[nodiscard]] std::uint32_t take_block() {
    if (free_.empty()) {
      blocks_.emplace_back();
      free_.push_back(static_cast<std::uint32_t>(blocks_.size() - 1));
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    Block& block = blocks_[number];
    block.count = 0;
    for (std::uint32_t i = 0; i < kSize; ++i) block.clear(i);
    return number;
  }
  [[nodiscard]] std::size_t place_of(const Line& line, double late_from) const noexcept {
    const auto after = std::upper_bound(line.blocks.begin() + 1, line.blocks.end(), late_from,
                                        [&](double x, std::uint32_t number) { return x < blocks_[number].from; });
    return static_cast<std::size_t>(after - line.blocks.begin()) - 1;
  }
  void put(std::uint32_t number, std::uint32_t lot, std::uint64_t arrival, const RankOf& rank) {
    Block& block = blocks_[number];
    const std::uint32_t i = block.count++;
    block.late_from[i] = rank.late_from;
    block.a[i] = rank.a;
    block.b[i] = rank.b;
    block.arrival[i] = arrival;
    block.lot[i] = lot;
    if (lot >= where_.size()) where_.resize(std::max<std::size_t>(lot + std::size_t{1}, 2 * where_.size()), 0);
    where_[lot] = number * kSize + i;
    if (i == 0) {
      block.bound();
      return;
    }
    block.earliest = std::min(block.earliest, rank.late_from);
    block.least_a = std::min(block.least_a, rank.a);
    block.most_a = std::max(block.most_a, rank.a);
    block.most_b = std::max(block.most_b, rank.b);
  }
  /// Half of a full block, those that are late last, go into one behind it.
  void split(Line& line, std::size_t at) {
    const std::uint32_t upper = take_block();  // may move blocks
    const std::uint32_t number = line.blocks[at];
    const Block old = blocks_[number];
    std::array<std::uint32_t, kSize> order;
    for (std::uint32_t i = 0; i < kSize; ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return old.late_from[i]; });
    blocks_[number].count = 0;
    for (std::uint32_t i = 0; i < kSize; ++i) blocks_[number].clear(i);
    blocks_[upper].from = old.late_from[order[kSize / 2]];
    line.blocks.insert(line.blocks.begin() + static_cast<std::ptrdiff_t>(at) + 1, upper);
    for (std::uint32_t k = 0; k < kSize; ++k) {
      const std::uint32_t i = order[k];
      put(k < kSize / 2 ? number : upper, old.lot[i], old.arrival[i], {old.late_from[i], old.a[i], old.b[i]});
    }
  }

  std::vector<Line> lines_;  ///< by station
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> free_;   ///< blocks in no line
  std::vector<std::uint32_t> where_;  ///< by lot: block and place in it
};

}  // namespace twin::detail
