/// Pending events that are neither cancelled nor moved, for models with very many of them.
///
/// The same total order as EventQueue, and a value like it. Only events of the near future stand in a heap; those that
/// come later lie unsorted in buckets of equal spans of time, and what lies beyond these in a list. When the near
/// future is used up the next bucket becomes it; when the buckets are, the list is spread over new ones, which reach to
/// four times its median. So an event costs a few steps in a heap that fits the cache, however many are pending. Few
/// events, or many at one instant, all stand in the heap: that is the worst case. Source: the idea of W. T. Tang, R. S.
/// M. Goh, I. L.-J. Thng, Ladder queue, ACM TOMACS 15 (2005) 175.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "twin/kernel/event_queue.hpp"

namespace twin::kernel {

class ForwardQueue {
 public:
  ForwardQueue() = default;
  /// Nothing depends on the count: it is there so that queues are made alike.
  explicit ForwardQueue(std::size_t /*count*/) {}

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return near_count_ - (hole_ ? 1U : 0U) + away_; }
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_sequence_; }

  /// Adds an event. A slot is a label here: it may have any number of events.
  void schedule(std::uint32_t slot, Tick time, unsigned priority) {
    const Event event{time, (std::uint64_t{priority} << 56) | next_sequence_++, slot, 0};
    if (event.time <= near_end_) {
      insert(event);
    } else {
      ++away_;
      put_away(event);
    }
  }

  /// The first event, or null if there is none; it stays where it is until the queue is touched again.
  [[nodiscard]] const Event* first() {
    if (hole_) close_hole();
    if (near_count_ == 0) {
      if (away_ == 0) return nullptr;
      refill();
    }
    return near_.data();
  }
  /// Removes the event that first() has just told of.
  void drop_first() noexcept { hole_ = true; }
  /// The first event. Requires !empty().
  [[nodiscard]] const Event& top() { return *first(); }
  /// Removes and returns the first event. Requires !empty().
  Event pop() {
    const Event event = top();
    drop_first();
    return event;
  }
  /// All pending events in no particular order.
  [[nodiscard]] std::vector<Event> events() {
    if (hole_) close_hole();
    std::vector<Event> all(near_.begin(), near_.begin() + near_count_);
    for (std::size_t i = next_bucket_; i < buckets_.size(); ++i)
      all.insert(all.end(), buckets_[i].begin(), buckets_[i].end());
    all.insert(all.end(), far_.begin(), far_.end());
    return all;
  }

 private:
  __extension__ using Key = __int128;
  [[nodiscard]] static Key key(const Event& e) noexcept { return (Key{e.time} << 64) | Key{e.order}; }
  /// Behind the events of the heap stand so many that are later than all, so that any event with a child has four.
  static constexpr std::size_t kPadding = 3;
  static constexpr Event kEnd{INT64_MAX, UINT64_MAX, kNone, 0};
  static constexpr std::uint32_t kFew = 4096;  ///< so many are well kept in the heap
  static constexpr std::size_t kInBucket = 256;
  static constexpr std::size_t kLeastBuckets = 64, kMostBuckets = 8192;

  /// How much later one time is than another: a difference of any two fits.
  [[nodiscard]] static std::uint64_t gap(Tick from, Tick to) noexcept {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  }

  [[gnu::always_inline]] inline void insert(const Event& event) {
    if (hole_) {
      hole_ = false;
      sink(0, event);
      return;
    }
    if (near_.empty()) [[unlikely]]
      near_.resize(kPadding, kEnd);
    near_.push_back(kEnd);
    rise(near_count_++, event);
    if (near_count_ > kFew && near_end_ == INT64_MAX) [[unlikely]]
      part();
  }
  void put_away(const Event& event) {
    const std::uint64_t bucket = gap(base_, event.time) >> shift_;
    (bucket < buckets_.size() ? buckets_[bucket] : far_).push_back(event);
  }
  [[gnu::noinline]] void close_hole() noexcept {
    hole_ = false;
    const Event last = near_[--near_count_];
    near_[near_count_] = kEnd;
    near_.pop_back();
    if (near_count_ > 0) sink(0, last);
  }
  void rise(std::size_t at, const Event& event) noexcept {
    const Key k = key(event);
    while (at > 0) {
      const std::size_t parent = (at - 1) >> 2;
      if (key(near_[parent]) <= k) break;
      near_[at] = near_[parent];
      at = parent;
    }
    near_[at] = event;
  }
  [[gnu::always_inline]] inline void sink(std::size_t at, const Event event) noexcept {
    const Key k = key(event);
    const std::size_t n = near_count_;
    Event* const h = near_.data();
    for (std::size_t first = 4 * at + 1; first < n; first = 4 * at + 1) {
      // Which of two comes first is a coin toss, so no branches here.
      const std::size_t left = first + (key(h[first + 1]) < key(h[first]) ? 1U : 0U);
      const std::size_t right = first + 2 + (key(h[first + 3]) < key(h[first + 2]) ? 1U : 0U);
      const std::size_t best = key(h[right]) < key(h[left]) ? right : left;
      if (k <= key(h[best])) break;
      h[at] = h[best];
      at = best;
    }
    h[at] = event;
  }

  /// The heap has grown too large: all but the near future goes away.
  [[gnu::noinline]] void part() {
    far_.insert(far_.end(), near_.begin(), near_.begin() + near_count_);
    away_ += near_count_;
    near_.assign(kPadding, kEnd);
    near_count_ = 0;
    spread();
  }
  /// Lays the list into buckets, from its earliest event on. Requires that all buckets are empty, and the list is not.
  void spread() {
    const std::vector<Event> all = std::exchange(far_, {});
    base_ = std::ranges::min_element(all, {}, &Event::time)->time;
    std::vector<std::uint64_t> sample;
    constexpr std::size_t kSample = 255;
    const std::size_t stride = std::max<std::size_t>(1, all.size() / kSample);
    for (std::size_t i = 0; i < all.size(); i += stride) sample.push_back(gap(base_, all[i].time));
    const auto median = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
    std::ranges::nth_element(sample, median);
    constexpr std::uint64_t kWidest = std::uint64_t{1} << 60;
    const std::uint64_t span = 4 * std::clamp<std::uint64_t>(*median, 1, kWidest / 4);
    const std::size_t count = std::bit_ceil(std::clamp(all.size() / kInBucket, kLeastBuckets, kMostBuckets));
    shift_ = static_cast<unsigned>(std::bit_width(span / count));
    buckets_.resize(count);
    next_bucket_ = 0;
    spread_ = all.size();
    near_end_ = base_ == INT64_MIN ? INT64_MIN : base_ - 1;
    for (const Event& event : all) put_away(event);
  }
  /// Makes the next bucket the near future. Requires that the heap is empty and something is away.
  [[gnu::noinline]] void refill() {
    if (away_ > 4 * spread_) gather();
    while (next_bucket_ < buckets_.size() && buckets_[next_bucket_].empty()) ++next_bucket_;
    if (next_bucket_ == buckets_.size()) {
      spread();
      while (buckets_[next_bucket_].empty()) ++next_bucket_;
    }
    std::vector<Event>& bucket = buckets_[next_bucket_++];
    near_count_ = static_cast<std::uint32_t>(bucket.size());
    near_.assign(bucket.begin(), bucket.end());
    near_.resize(bucket.size() + kPadding, kEnd);
    bucket.clear();
    away_ -= near_count_;
    const std::uint64_t ahead = static_cast<std::uint64_t>(next_bucket_) << shift_;
    near_end_ = away_ == 0 || ahead > gap(base_, INT64_MAX)
                    ? INT64_MAX
                    : static_cast<Tick>(static_cast<std::uint64_t>(base_) + ahead - 1);
    for (std::size_t at = near_count_ < 2 ? 0 : (near_count_ - 2) / 4 + 1; at-- > 0;) sink(at, near_[at]);
  }
  /// There are many more than the buckets were made for: all go back to the list.
  void gather() {
    for (std::size_t i = next_bucket_; i < buckets_.size(); ++i) {
      far_.insert(far_.end(), buckets_[i].begin(), buckets_[i].end());
      buckets_[i].clear();
    }
    next_bucket_ = buckets_.size();
  }

  std::vector<Event> near_;  ///< a 4-ary heap: near_count_ events, then ends
  std::uint32_t near_count_ = 0;
  bool hole_ = false;            ///< near_[0] was removed and not yet replaced
  Tick near_end_ = INT64_MAX;    ///< the last instant whose events stand in the heap; at the end of time: all do
  std::size_t away_ = 0;         ///< events in buckets and list
  Tick base_ = 0;                ///< where the first bucket begins
  unsigned shift_ = 0;           ///< a bucket spans 2^shift_ ticks
  std::size_t next_bucket_ = 0;  ///< buckets before this one are used up
  std::size_t spread_ = 0;       ///< events when the buckets were made
  std::vector<std::vector<Event>> buckets_;
  std::vector<Event> far_;  ///< later than the buckets
  std::uint64_t next_sequence_ = 0;
};

}  // namespace twin::kernel
