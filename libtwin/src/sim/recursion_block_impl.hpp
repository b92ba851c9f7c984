/// Sixteen new lots at a time through the whole line. Part of recursion_impl.hpp.
///
/// What they draw stands ready before the first of them sets out. A block that turns out not to end by the end of the
/// run is taken back, and its lots are followed one by one.
#pragma once
#include "recursion_impl.hpp"  // IWYU pragma: keep
#include "sixteen_lots_impl.hpp"

namespace twin::detail {

/// Blocks take a line in which the lots of the beginning are through, and whose machines are set up.
template <class R>
bool Recursion<R>::may_run_blocks() const {
  if (in_blocks_) return true;
  return std::ranges::all_of(stages_, [&](const Stage& stage) {
    const MachineState& machine = s_.machines[stage.machine];
    const bool primed = machine.last_step == stage.step && machine.kind == p_.choices[stage.choice].kind;
    return stage.free != kBeyond && (!stage.has_setup || primed);
  });
}

/// Hands machines and lives over to the blocks: all sums are up to when each machine let go of its last lot.
template <class R>
void Recursion<R>::begin_blocks() {
  const std::size_t count = stages_.size();
  if (work_.empty()) {
    work_.resize(count * kBlockLots);
    setup_.resize(count * kBlockLots);
    starts_.resize(count * kBlockLots);
    ends_.resize(count * kBlockLots);
    paces_.resize(count);
    spent_.resize(count);
    cells_[0] = kPast;
    longest_ = kLongestBlocks / (4 * static_cast<Tick>(count + kBlockLots));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Stage& stage = stages_[i];
    MachineState& machine = s_.machines[stage.machine];
    machine.in_condition[static_cast<std::size_t>(machine.condition)] += stage.free - machine.since;
    machine.since = stage.free;
    Pace& pace = paces_[i];
    pace = {};
    pace.free = stage.free;
    pace.margin = INT64_MAX;
    for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f)
      pace.margin = std::min(pace.margin, s_.failures[f].left);
    spent_[i] = {};
    spent_[i].synced = pace.margin;
    spent_[i].began = pace.free;
    pace.record = stage.lag > 0 ? gates_.data() + stage.gate : &cells_[1];
    pace.mask = stage.mask;
    pace.pick = stage.no_places ? -1 : 0;
    const bool limited = i + 1 < count && stages_[i + 1].lag > 0;
    pace.next_room = limited ? gates_.data() + stages_[i + 1].gate : cells_.data();
    pace.next_lag = limited ? stages_[i + 1].lag : 0;
    pace.next_mask = limited ? stages_[i + 1].mask : 0;
  }
  in_blocks_ = true;
  any_block_ = false;
}
/// Hands them back.
template <class R>
void Recursion<R>::end_blocks() {
  in_blocks_ = false;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    Stage& stage = stages_[i];
    for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f)
      s_.failures[f].left -= spent_[i].synced - paces_[i].margin;
    if (!any_block_) continue;
    stage.free = paces_[i].free;
    MachineState& machine = s_.machines[stage.machine];
    machine.condition = Condition::kWorking;  // until it let go, and all of that is booked
    machine.since = stage.free;
    machine.phase = Phase::kIdle;
    machine.left = 0;
    machine.held = 0;
    machine.kind = p_.choices[stage.choice].kind;
    machine.last_step = stage.step;
    machine.changing = false;
  }
}

/// \return false when the lots have to be followed one by one; nothing has changed then
template <class R>
bool Recursion<R>::run_block() {
  over_ = false;
  if (!in_blocks_) begin_blocks();
  if (!peek_block() || !draw_block()) return false;
  saved_paces_ = paces_;
  saved_spent_ = spent_;
  saved_failures_ = s_.failures;
  block_events_ = 0;
  if (!(setups_ ? pass_lots<true>() : pass_lots<false>())) {
    paces_.swap(saved_paces_);
    spent_.swap(saved_spent_);
    s_.failures.swap(saved_failures_);
    return false;
  }
  commit_block();
  any_block_ = true;
  return true;
}

/// The lots of the block; those of a saturating source have no release yet.
template <class R>
bool Recursion<R>::peek_block() {
  one_source_ = source_ != kNone;
  if (source_ == kNone) {
    block_order_ = order_;
    block_serial_ = order_serial_;
    for (New& lot : lots_) {
      while (block_order_ < p_.orders.size() && block_serial_ >= p_.orders[block_order_].quantity) {
        ++block_order_;
        block_serial_ = block_order_ < p_.orders.size() ? s_.orders[block_order_].released : 0;
      }
      if (block_order_ == p_.orders.size()) {
        over_ = true;
        return false;
      }
      const OrderData& order = p_.orders[block_order_];
      lot = {static_cast<std::uint32_t>(p_.sources.size()) + block_order_, block_serial_++,
             std::max(order.release, s_.now), order.due, order.priority};
    }
    if (lots_.back().release > end_) over_ = true;
    return !over_;
  }
  const SourceData& source = p_.sources[source_];
  const std::uint64_t count = s_.sources[source_].count;
  if (!saturated_) {
    std::array<double, kBlockLots> seconds;
    std::array<Tick, kBlockLots> gaps;
    draw_sixteen(s_.key, draw_stream(source.hash, Purpose::kArrival), count + 1, 0,
                 q_.distributions[source.interarrival.value], q_.table, seconds.data(), gaps.data(), lanes_);
    arrivals_[0] = next_arrival_;
    for (std::size_t k = 0; k < kBlockLots; ++k) {
      if (arrivals_[k] > end_) {
        over_ = true;
        return false;
      }
      arrivals_[k + 1] =
          source.profile_count > 0 ? p_.data.profile_end(source, arrivals_[k], gaps[k]) : arrivals_[k] + gaps[k];
    }
  }
  for (std::size_t k = 0; k < kBlockLots; ++k) lots_[k] = {source_, count + k, arrivals_[k], kNever, 0};
  return true;
}

/// Times of one stage for the lots of the block. \return false when one is too long for a block
template <class R>
bool Recursion<R>::draw_times(DistributionId id, std::uint64_t stream, Purpose purpose, const Stage& stage,
                              Tick* out) const {
  const double speed = purpose == Purpose::kService ? stage.speed : 1;
  std::array<double, kBlockLots> seconds;
  if (one_source_) {
    draw_sixteen(s_.key, stream, lots_[0].serial, kRoundBits, q_.distributions[id.value], q_.table, seconds.data(), out,
                 lanes_);
  } else {
    for (std::size_t k = 0; k < kBlockLots; ++k) {
      const std::uint64_t lots = draw_stream(hash_of_source(p_, lots_[k].source) + stage.step_hash, purpose);
      seconds[k] = q_.quantile(id, draw_uniform(s_.key, lots, lots_[k].serial << kRoundBits));
      out[k] = span_of(seconds[k]);
    }
  }
  if (speed != 1)
    for (std::size_t k = 0; k < kBlockLots; ++k) out[k] = span_of(seconds[k] / speed);
  return *std::max_element(out, out + kBlockLots) < longest_;
}
template <class R>
bool Recursion<R>::draw_block() {
  bool fits = true;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    fits = draw_times(stage.time, stage.service_stream, Purpose::kService, stage, &work_[i * kBlockLots]) && fits;
    if (stage.setup.valid())
      fits = draw_times(stage.setup, stage.setup_stream, Purpose::kSetup, stage, &setup_[i * kBlockLots]) && fits;
  }
  return fits;
}

/// The recursion. \return false when the last lot does not leave by the end
template <class R>
template <bool Setups>
bool Recursion<R>::pass_lots() {
  const std::size_t count = stages_.size();
  Pace* const paces = paces_.data();
  const Stage& first = stages_.front();
  for (std::size_t k = 0; k < kBlockLots; ++k) {
    const std::uint64_t n = next_ + k;
    if (saturated_) lots_[k].release = paces[0].free;
    Tick entry = saturated_ ? lots_[k].release : std::max(lots_[k].release, gate_of(first, n));
    Tick waited = entry - lots_[k].release;
    const Tick* work = work_.data() + k;
    const Tick* setup = setup_.data() + k;
    Tick* starts = starts_.data() + k;
    Tick* ends = ends_.data() + k;
    for (std::size_t i = 0; i < count; ++i) {
      Pace& pace = paces[i];
      const Tick start = entry > pace.free ? entry : pace.free;
      const Tick wait = start - entry;
      waited += wait;
      pace.queued += static_cast<std::uint64_t>(wait);
      Tick end = start;
      if constexpr (Setups) end += setup[i * kBlockLots];
      pace.margin -= work[i * kBlockLots];
      if (pace.margin < 0) [[unlikely]] {
        end = fail(i, end, work[i * kBlockLots]);
        if (over_) return false;
      } else {
        end += work[i * kBlockLots];
      }
      const Tick room = pace.next_room[(n - pace.next_lag) & pace.next_mask];
      const Tick departure = end > room ? end : room;
      pace.blocked += static_cast<std::uint64_t>(departure - end);
      pace.record[n & pace.mask] = start + ((departure - start) & pace.pick);
      pace.free = departure;
      starts[i * kBlockLots] = start;
      ends[i * kBlockLots] = end;
      entry = departure;
    }
    leaves_[k] = entry;
    waits_[k] = waited;
    if (entry > end_) {
      over_ = true;
      return false;
    }
  }
  return true;
}
/// An operation in which a mode fails. \param start  of processing \return when it ends
template <class R>
Tick Recursion<R>::fail(std::size_t i, Tick start, Tick work) {
  const Stage& stage = stages_[i];
  Pace& pace = paces_[i];
  Spent& spent = spent_[i];
  const Tick used = spent.synced - (pace.margin + work);
  spent.worked += static_cast<std::uint64_t>(used);
  for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f) s_.failures[f].left -= used;
  Tick now = start;
  for (Tick left = work;;) {
    Tick span = left;
    std::uint32_t next = kNone;
    for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f)
      if (s_.failures[f].left < span) {
        span = s_.failures[f].left;
        next = f;
      }
    now += span;
    spent.worked += static_cast<std::uint64_t>(span);
    left -= span;
    for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f) s_.failures[f].left -= span;
    if (next == kNone) break;
    const Tick repair = draw(p_.modes[next].repair, p_.modes[next].repair_stream, s_.failures[next].count);
    spent.down += static_cast<std::uint64_t>(repair);
    now += repair;
    if (now > end_) {
      over_ = true;
      return now;
    }
    block_events_ += 2;
    ++s_.failures[next].count;
    begin_life(next, now);
    if (p_.modes[next].lot == Interruption::kRestart) left = work;
  }
  pace.margin = INT64_MAX;
  for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f)
    pace.margin = std::min(pace.margin, s_.failures[f].left);
  spent.synced = pace.margin;
  return now;
}

/// Books a block that is over.
template <class R>
void Recursion<R>::commit_block() {
  std::array<std::uint64_t, kBlockLots> lot_hash;
  for (std::size_t k = 0; k < kBlockLots; ++k)
    lot_hash[k] = hash_of_source(p_, lots_[k].source) + (lots_[k].serial << kRoundBits) * 0x9e3779b97f4a7c15ULL;
  std::uint64_t history = 0;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    Pace& pace = paces_[i];
    Spent& spent = spent_[i];
    const Tick* const starts = starts_.data() + i * kBlockLots;
    const Tick* const ends = ends_.data() + i * kBlockLots;
    history += digest_sixteen(lot_hash.data(), stage.step_hash, stage.machine_hash, starts, ends, lanes_);
    if (stage.setup.valid()) {
      for (std::size_t k = 0; k < kBlockLots; ++k)
        spent.set_up += static_cast<std::uint64_t>(setup_[i * kBlockLots + k]);
      block_events_ += kBlockLots;
    }
    const auto worked = static_cast<Tick>(spent.worked + static_cast<std::uint64_t>(spent.synced - pace.margin));
    const auto set_up = static_cast<Tick>(spent.set_up);
    const auto down = static_cast<Tick>(spent.down);
    const auto blocked = static_cast<Tick>(pace.blocked);
    MachineState& machine = s_.machines[stage.machine];
    const auto add = [&](Condition condition, Tick span) {
      machine.in_condition[static_cast<std::size_t>(condition)] += span;
    };
    add(Condition::kWorking, worked);
    add(Condition::kSetup, set_up);
    add(Condition::kDown, down);
    add(Condition::kBlocked, blocked);
    add(Condition::kStarved, pace.free - spent.began - worked - set_up - down - blocked);
    machine.visits += kBlockLots;
    StationState& station = s_.stations[stage.station];
    station.visits += kBlockLots;
    station.queue_time += static_cast<Tick>(pace.queued);
    station.queue_integral += static_cast<Tick>(pace.queued);
    pace.queued = pace.blocked = 0;
    // Lives are brought up to date only now and then, so what has been worked since is counted from the new margin.
    for (std::uint32_t f = stage.first_mode; f < stage.end_mode; ++f) s_.failures[f].left -= spent.synced - pace.margin;
    if (stage.first_mode == stage.end_mode) pace.margin = INT64_MAX;
    spent = {};
    spent.synced = pace.margin;
    spent.began = pace.free;
  }
  history_ += history;
  events_ += block_events_ + stages_.size() * kBlockLots;

  ProductTotals& totals = s_.products[0];
  const Tick due_after = source_ == kNone ? kNever : p_.sources[source_].due_after;
  for (std::size_t k = 0; k < kBlockLots; ++k) {
    const New& lot = lots_[k];
    const Tick due = source_ == kNone ? lot.due : due_after < kNever ? lot.release + due_after : kNever;
    const Tick now = leaves_[k];
    totals.cycle_time += now - lot.release;
    totals.wip_integral += now - lot.release;
    totals.waiting += waits_[k];
    if (due < now) {
      ++totals.late;
      totals.tardiness += now - due;
    }
    if constexpr (R::kLots) r_.on_lot({lot.source, 0, lot.serial, lot.release, due, now, waits_[k], false, false});
    if (source_ != kNone) continue;
    OrderState& order = s_.orders[lot.source - p_.sources.size()];
    ++order.released;
    ++order.finished;
    order.finish = now;
    --s_.open_orders;
    if (lot.release != last_order_event_) ++events_;
    last_order_event_ = lot.release;
  }
  totals.released += kBlockLots;
  totals.completed += kBlockLots;
  next_ += kBlockLots;
  if (source_ == kNone) {
    order_ = block_order_;
    order_serial_ = block_serial_;
    return;
  }
  s_.sources[source_].count += kBlockLots;
  if (saturated_) return;
  s_.sources[source_].last = arrivals_[kBlockLots - 1];
  next_arrival_ = arrivals_[kBlockLots];
  events_ += kBlockLots;
}

}  // namespace twin::detail
