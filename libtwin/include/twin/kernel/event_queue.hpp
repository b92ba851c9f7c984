/// Pending events in a total order, as plain data: copying the queue copies the future.
///
/// An event belongs to a slot (a machine, a source, a lot under way) and a slot has at most one pending event, so an
/// event can be cancelled or moved by its slot. Events run by (time, priority, sequence); sequence counts scheduling.
/// The queue is a 4-ary heap of 24-byte events with the position of each slot beside it.
#pragma once
#include <cstdint>
#include <vector>

#include "twin/base/error.hpp"
#include "twin/base/ids.hpp"
#include "twin/base/time.hpp"

namespace twin::kernel {

struct Event {
  Tick time = 0;
  std::uint64_t order = 0;  ///< priority in the upper 8 bits, sequence below
  std::uint32_t slot = kNone;
  std::uint32_t reserved = 0;

  [[nodiscard]] unsigned priority() const noexcept { return static_cast<unsigned>(order >> 56); }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return order & ((std::uint64_t{1} << 56) - 1); }
  friend bool operator==(const Event&, const Event&) = default;
};

class EventQueue {
 public:
  EventQueue() = default;
  /// Makes room for slots [0, count); grows by itself when a larger slot is scheduled.
  explicit EventQueue(std::size_t slots) : position_(slots, kNone) { heap_.reserve(slots + kPadding); }

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_ - (hole_ ? 1U : 0U); }
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_sequence_; }

  [[nodiscard]] bool pending(std::uint32_t slot) const noexcept {
    return slot < position_.size() && position_[slot] != kNone;
  }
  /// Time of the slot's pending event. Requires pending(slot).
  [[nodiscard]] Tick time_of(std::uint32_t slot) const noexcept { return heap_[position_[slot]].time; }

  /// Adds an event for a slot that has none. Cost: O(log n); after pop() it takes the place of the event popped.
  [[gnu::noinline]] void schedule(std::uint32_t slot, Tick time, unsigned priority) {
    if (slot >= position_.size()) [[unlikely]]
      position_.resize(slot + std::size_t{1}, kNone);
    insert({time, (std::uint64_t{priority} << 56) | next_sequence_++, slot, 0});
  }
  /// Moves the slot's event, or adds one; its sequence is new.
  void reschedule(std::uint32_t slot, Tick time, unsigned priority) {
    cancel(slot);
    schedule(slot, time, priority);
  }
  /// Moves the slot's event, which keeps its sequence: its place among equal ones. Requires pending(slot).
  void move(std::uint32_t slot, Tick time, unsigned priority) {
    fill_hole();
    const std::size_t at = position_[slot];
    place(at, {time, (std::uint64_t{priority} << 56) | heap_[at].sequence(), slot, 0});
  }
  /// Removes the slot's event if it has one.
  void cancel(std::uint32_t slot) {
    if (!pending(slot)) return;
    fill_hole();
    const std::size_t at = position_[slot];
    position_[slot] = kNone;
    const Event last = take_last();
    if (at < count_) place(at, last);
  }

  /// The first event. Requires !empty().
  [[nodiscard]] const Event& top() {
    fill_hole();
    return heap_.front();
  }
  /// The first event, or null if there is none; it stays where it is until the queue is touched again.
  [[nodiscard]] const Event* first() {
    fill_hole();
    return count_ == 0 ? nullptr : heap_.data();
  }
  /// Removes the event that first() has just told of. Cost: none, if the next thing is a schedule().
  void drop_first() noexcept {
    position_[heap_.front().slot] = kNone;
    hole_ = true;
  }
  /// Removes and returns the first event. Requires !empty().
  Event pop() {
    const Event event = top();
    drop_first();
    return event;
  }

  /// All pending events in no particular order.
  [[nodiscard]] std::vector<Event> events() {
    fill_hole();
    return {heap_.begin(), heap_.begin() + count_};
  }
  /// Puts back an event as it was saved. \throws InvalidArgument if its slot is taken or its sequence still to come
  void restore(const Event& event) {
    if (event.slot == kNone || pending(event.slot)) throw InvalidArgument("event queue: a slot has two events");
    if (event.sequence() >= next_sequence_) throw InvalidArgument("event queue: a sequence number lies ahead");
    if (event.slot >= position_.size()) position_.resize(event.slot + std::size_t{1}, kNone);
    insert(event);
  }
  void restore_sequence(std::uint64_t next) noexcept { next_sequence_ = next; }

  /// Removes the hole left by the last pop(), so that equal queues have equal bytes sooner.
  void settle() { fill_hole(); }

 private:
  __extension__ using Key = __int128;
  [[nodiscard]] static Key key(const Event& e) noexcept { return (Key{e.time} << 64) | Key{e.order}; }

  /// Behind the events stand so many that are later than all, so that any event with a child has four.
  static constexpr std::size_t kPadding = 3;
  static constexpr Event kEnd{INT64_MAX, UINT64_MAX, kNone, 0};

  [[gnu::always_inline]] inline void put(std::size_t at, const Event event) noexcept {
    heap_[at] = event;
    position_[event.slot] = static_cast<std::uint32_t>(at);
  }
  [[gnu::always_inline]] inline void insert(const Event event) {
    if (hole_) {
      hole_ = false;
      sink(0, event);
      return;
    }
    if (heap_.empty()) [[unlikely]]
      heap_.resize(kPadding, kEnd);
    heap_.push_back(kEnd);
    rise(count_++, event);
  }
  void fill_hole() noexcept {
    if (hole_) close_hole();
  }
  [[gnu::noinline]] void close_hole() noexcept {
    hole_ = false;
    const Event last = take_last();
    if (count_ > 0) sink(0, last);
  }
  Event take_last() noexcept {
    const Event last = heap_[--count_];
    heap_[count_] = kEnd;
    heap_.pop_back();
    return last;
  }
  [[gnu::noinline]] void place(std::size_t at, const Event& event) noexcept {
    if (at > 0 && key(event) < key(heap_[(at - 1) >> 2])) {
      rise(at, event);
    } else {
      sink(at, event);
    }
  }
  void rise(std::size_t at, const Event event) noexcept {
    const Key k = key(event);
    while (at > 0) {
      const std::size_t parent = (at - 1) >> 2;
      if (key(heap_[parent]) <= k) break;
      put(at, heap_[parent]);
      at = parent;
    }
    put(at, event);
  }
  [[gnu::always_inline]] inline void sink(std::size_t at, const Event event) noexcept {
    const Key k = key(event);
    const std::size_t n = count_;
    Event* const h = heap_.data();
    std::uint32_t* const position = position_.data();
    if (at == 0 && n == 2) {  // as in a plant of one machine
      if (k > key(h[1])) {
        h[0] = h[1];
        position[h[0].slot] = 0;
        at = 1;
      }
      h[at] = event;
      position[event.slot] = static_cast<std::uint32_t>(at);
      return;
    }
    for (std::size_t first = 4 * at + 1; first < n; first = 4 * at + 1) {
      // Which of two comes first is a coin toss, so no branches here.
      const std::size_t left = first + (key(h[first + 1]) < key(h[first]) ? 1U : 0U);
      const std::size_t right = first + 2 + (key(h[first + 3]) < key(h[first + 2]) ? 1U : 0U);
      const std::size_t best = key(h[right]) < key(h[left]) ? right : left;
      if (k <= key(h[best])) break;
      h[at] = h[best];
      position[h[at].slot] = static_cast<std::uint32_t>(at);
      at = best;
    }
    h[at] = event;
    position[event.slot] = static_cast<std::uint32_t>(at);
  }

  std::vector<Event> heap_;              ///< count_ events, then ends
  std::vector<std::uint32_t> position_;  ///< by slot; kNone: no event pending
  std::uint64_t next_sequence_ = 0;
  std::uint32_t count_ = 0;  ///< events in the heap, and the hole
  bool hole_ = false;        ///< heap_[0] was popped and not yet replaced
};

}  // namespace twin::kernel
