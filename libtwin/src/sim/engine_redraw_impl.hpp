/// New luck for what is pending, given how long it has lasted: what `branch` does. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

template <class R>
void Engine<R>::redraw() {
  for (std::uint32_t m = 0; m < p_.machines.size(); ++m) redraw_machine(m);
  for (std::uint32_t f = 0; f < p_.modes.size(); ++f)
    if (p_.modes[f].apart()) redraw_apart(f);
  for (std::uint32_t i = 0; i < p_.sources.size(); ++i) {
    if (p_.sources[i].kind != SourceKind::kRenewal) continue;
    SourceState& source = s_.sources[i];
    const SourceData& data = p_.sources[i];
    const bool even = data.profile_count == 0;
    const Tick age = even ? s_.now - source.last : p_.data.profile_span(data, source.last, s_.now);
    Tick left = draw_left(data.interarrival, draw_stream(data.hash, Purpose::kArrival), source.count, age);
    if (!even) left = p_.data.profile_end(data, s_.now, left) - s_.now;
    source.drawn = s_.now - source.last + left;
    s_.queue.move(slots_.sources + i, s_.now + left, code(Priority::kArrival));
  }
  for (std::uint32_t p = 0; p < p_.pools.size(); ++p)
    if (p_.pools[p].supply.valid()) redraw_pool(p);
  redraw_deliveries();
  for (std::uint32_t l = 0; l < s_.lots.size(); ++l) redraw_lot(l);
  s_.queue.settle();
}

/// What is left of something of this distribution that has lasted `age`, under this replication's luck.
template <class R>
Tick Engine<R>::draw_left(DistributionId id, std::uint64_t stream, std::uint64_t index, Tick age,
                          double speed) const noexcept {
  const double u = draw_uniform(s_.key, draw_stream(stream, Purpose::kResidual), index);
  const double left = residual(q_.distributions[id.value], q_.table, seconds_from_ticks(age) * speed, u) / speed;
  return std::clamp<Tick>(ticks_from_seconds(left), 0, kNever - std::clamp<Tick>(age, 0, kNever));
}
template <class R>
void Engine<R>::redraw_pool(std::uint32_t p) {
  PoolState& pool = s_.pools[p];
  const Tick age = s_.now - pool.last;
  const Tick left =
      draw_left(p_.pools[p].supply, draw_stream(p_.pools[p].hash, Purpose::kArrival), pool.deliveries, age);
  pool.drawn = age + left;
  s_.queue.move(slots_.pools + p, s_.now + left, code(Priority::kArrival));
}
template <class R>
void Engine<R>::redraw_lot(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  if (p_.preempts && lot.place != Place::kFree && s_.more[l].worked_by != kNone) redraw_preempted(l);
  if (!s_.queue.pending(slots_.lots + l)) return;
  const bool moves = lot.place == Place::kTransit;
  const StepData& step = p_.steps[lot.step];
  if (!moves && !step.patience.valid()) return;  // a limit that is certain
  const Tick age = s_.now - lot.entered;
  const Tick left =
      draw_left(moves ? step.transport : step.patience,
                step_stream(p_, lot, moves ? Purpose::kTransport : Purpose::kPatience), lot_index(lot), age);
  lot.left = age + left;
  s_.queue.move(slots_.lots + l, s_.now + left, code(moves ? Priority::kTransport : Priority::kPatience));
}
template <class R>
void Engine<R>::redraw_machine(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const MachineData& data = p_.machines[m];
  const bool was_running = machine.running;
  if (was_running) {
    stop_running(m);
    machine.next_mode = kNone;
  }
  for (std::uint32_t f = data.first_mode; f < data.first_mode + data.mode_count; ++f) {
    FailureState& failure = s_.failures[f];
    if (p_.modes[f].apart() && (p_.modes[f].ages != Ageing::kWork || failure.down)) continue;
    if (failure.waits) {
      failure.drawn = draw(p_.modes[f].repair, p_.modes[f].repair_stream, failure.count - 1);
    } else if (failure.down) {
      const Tick age = s_.now - failure.began;
      const Tick left = draw_left(p_.modes[f].repair, p_.modes[f].repair_stream, failure.count - 1, age);
      failure.drawn = age + left;
      s_.queue.move(m, s_.now + left, code(Priority::kRepair));
    } else if (!is_spent(f)) {
      const Tick age = failure.drawn - failure.left;
      failure.left = draw_left(life_of(f), life_stream(f), life_index(failure), age);
      failure.drawn = age + failure.left;
    }
  }
  if (machine.phase == Phase::kRoaming) return redraw_roaming(m, was_running);
  if (machine.phase != Phase::kSetup && machine.phase != Phase::kProcessing) return;
  const Lot& lot = s_.lots[machine.lot];
  const ChoiceData& choice = p_.choices[lot.choice];
  const bool setup = machine.phase == Phase::kSetup;
  const Tick age = machine.total - machine.left;
  const std::uint64_t stream =
      step_stream(p_, lot, setup ? machine.tearing ? Purpose::kTeardown : Purpose::kSetup : Purpose::kService);
  machine.left =
      machine.believed
          ? believed_left(m, age, draw_uniform(s_.key, draw_stream(stream, Purpose::kResidual), lot_index(lot)))
          : draw_left(setup ? setup_under_way(m) : choice.time, stream, lot_index(lot), age, setup ? 1 : speed_of(m));
  machine.total = age + machine.left;
  if (!was_running) return;
  const Tick span = begin_run(m);
  s_.queue.move(m, s_.now + span, end_of_run(machine));
}
/// What is left by the machine's belief, given the work done since it was formed, which is part of `age`.
template <class R>
Tick Engine<R>::believed_left(std::uint32_t m, Tick age, double u) {
  const auto found = std::ranges::find(s_.beliefs, m, &Belief::machine);
  TWIN_ASSERT(found != s_.beliefs.end());
  Belief& belief = *found;
  const Tick passed = belief.at_left - s_.machines[m].left;
  const double at = level_of(belief, passed);
  const Tick left = std::clamp<Tick>(value_at(belief, at + u * (1 - at)) - passed, 0, kNever - age);
  belief.at_left = left + passed;
  return left;
}
/// Share of a belief's probability at or below a span, by straight lines between its quantiles.
template <class R>
double Engine<R>::level_of(const Belief& belief, Tick span) noexcept {
  const auto& q = belief.quantiles;
  if (span < q.front()) return 0;
  std::size_t i = q.size() - 1;
  while (i > 0 && q[i] > span) --i;
  if (i + 1 == q.size()) return 1;
  const double width = static_cast<double>(q[i + 1] - q[i]);
  return kBeliefLevels[i] + (kBeliefLevels[i + 1] - kBeliefLevels[i]) * static_cast<double>(span - q[i]) / width;
}
template <class R>
Tick Engine<R>::value_at(const Belief& belief, double level) noexcept {
  std::size_t i = 0;
  while (i + 2 < kBeliefLevels.size() && kBeliefLevels[i + 1] <= level) ++i;
  const double share = (level - kBeliefLevels[i]) / (kBeliefLevels[i + 1] - kBeliefLevels[i]);
  const double width = static_cast<double>(belief.quantiles[i + 1] - belief.quantiles[i]);
  return belief.quantiles[i] + static_cast<Tick>(std::clamp(share, 0.0, 1.0) * width);
}
template <class R>
void Engine<R>::redraw_apart(std::uint32_t f) {
  FailureState& failure = s_.failures[f];
  const FailureModeData& mode = p_.modes[f];
  if (is_spent(f)) return;
  if (failure.waits) {
    failure.drawn = draw(repair_of(f), mode.repair_stream, failure.count - 1);
    return;
  }
  if (!failure.down && (mode.maintenance || !mode.by_clock())) return;  // certain; or redrawn with the machine's work
  const Tick age = s_.now - failure.began;
  const Tick left = failure.down ? draw_left(repair_of(f), mode.repair_stream, failure.count - 1, age)
                                 : draw_left(life_of(f), life_stream(f), life_index(failure), age);
  failure.drawn = age + left;
  if (!failure.down) failure.left = failure.drawn;
  s_.queue.move(slots_.modes + f, s_.now + left, code(failure.down ? Priority::kRepair : Priority::kFailure));
}

}  // namespace twin::detail
