/// What only some routes and stations ask: machines that do not do everything, lots that return to a machine, steps
/// that lots pass by, limits of rework and of the time between steps. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

// ---- machines that do not take every lot ----------------------------------------------------------------------------

/// The first idle machine that can do a lot, and that lots on their way can spare if there is one; kNone: none.
template <class R>
std::uint32_t Engine<R>::idle_for(std::uint32_t s, std::uint32_t l) {
  const StationData& data = p_.stations[s];
  const Lot& lot = s_.lots[l];
  std::uint32_t found = kNone;
  std::uint32_t unmet = 0;
  for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m) {
    if (s_.machines[m].condition != Condition::kStarved || !may_do(p_, s_, m, lot.choice, lot.step, l)) continue;
    if (data.places < 0 || s_.stations[s].inbound == 0) return m;
    if (found == kNone) {
      found = m;
      find_claims(s);
      unmet = unmet_claims(s, kNone);
    }
    if (unmet_claims(s, m) <= unmet) return m;
  }
  return found;
}
/// Lots that have a claim to idle machines or places of a station with limited ones: those on their way, those under
/// way elsewhere for which a place is kept, and where there are batches those in the queue too.
template <class R>
void Engine<R>::find_claims(std::uint32_t s) {
  claims_.clear();
  const StationState& station = s_.stations[s];
  if (p_.stations[s].batch.most > 1)
    for (std::uint32_t l = station.head; l != kNone; l = s_.lots[l].next) claims_.push_back(l);
  if (station.inbound == 0) return;
  for (std::uint32_t l = 0; l < s_.lots.size(); ++l)
    if (const std::uint32_t c = claim_of(l).choice; c != kNone && p_.choices[c].station.value == s)
      if (const Lot& lot = s_.lots[l];
          lot.place == Place::kTransit ||
          (lot.place == Place::kMachine && p_.holds_back && s_.more[l].decided && station_of(lot.machine) != s))
        claims_.push_back(l);
}
/// Gives a claim to an idle machine, moving others to other machines where that helps: one augmenting path.
template <class R>
bool Engine<R>::give_machine(std::uint32_t s, std::uint32_t claim, std::uint32_t without) {
  const StationData& data = p_.stations[s];
  const auto& [lot, choice, step] = claim_of(claim);
  for (std::uint32_t i = 0; i < data.machine_count; ++i) {
    const std::uint32_t m = data.first_machine + i;
    if (m == without || seen_[i] || s_.machines[m].condition != Condition::kStarved ||
        !may_do(p_, s_, m, choice, step, lot))
      continue;
    seen_[i] = true;
    if (given_[i].size() < data.batch.most) {
      given_[i].push_back(claim);
      return true;
    }
    for (std::size_t k = 0; k < given_[i].size(); ++k)
      if (give_machine(s, given_[i][k], without)) {
        given_[i][k] = claim;
        return true;
      }
  }
  return false;
}
/// How many of the claims get no idle machine, where as many as possible do. \param without  a machine left out
template <class R>
std::uint32_t Engine<R>::unmet_claims(std::uint32_t s, std::uint32_t without) {
  const StationData& data = p_.stations[s];
  given_.resize(std::max<std::size_t>(given_.size(), data.machine_count));
  for (std::uint32_t i = 0; i < data.machine_count; ++i) given_[i].clear();
  std::uint32_t unmet = 0;
  for (const std::uint32_t claim : claims_) {
    seen_.assign(data.machine_count, false);
    if (!give_machine(s, claim, without)) ++unmet;
  }
  return unmet;
}
/// Places of a queue that are not taken; those of lots with a claim are not counted as taken.
template <class R>
std::uint32_t Engine<R>::free_places(std::uint32_t s) const noexcept {
  const auto places = static_cast<std::uint32_t>(p_.stations[s].places);
  if (p_.stations[s].batch.most > 1) return places;
  return places - std::min(places, s_.stations[s].queued);
}
/// Whether a station with such machines has room for a lot: a place, or an idle machine that can do it, that nobody on
/// the way needs. \param l  kNone: a lot that is not there yet, at `step`
template <class R>
bool Engine<R>::has_room_for(std::uint32_t s, std::uint32_t c, std::uint32_t l, std::uint32_t step) {
  if (p_.stations[s].places < 0) return true;
  find_claims(s);
  newcomer_ = {l, c, step};
  const std::uint32_t unmet = unmet_claims(s, kNone);
  if (unmet < free_places(s)) return true;
  seen_.assign(p_.stations[s].machine_count, false);
  return give_machine(s, kNewcomer, kNone);
}
/// An idle machine of such a station is kept for lots on their way that would find no other place.
template <class R>
bool Engine<R>::is_kept(std::uint32_t m) {
  const std::uint32_t s = station_of(m);
  if (p_.stations[s].places < 0 || s_.stations[s].inbound == 0) return false;
  find_claims(s);
  return unmet_claims(s, m) > free_places(s) && unmet_claims(s, m) > unmet_claims(s, kNone);
}
/// Whether a lot may go there now: it has room, and nobody who waits longer has.
template <class R>
bool Engine<R>::may_go_among(std::uint32_t c, const Lot& lot, std::uint32_t l) {
  const std::uint32_t s = p_.choices[c].station.value;
  for (std::uint32_t b = s_.stations[s].blocked_head; b != kNone; b = s_.lots[b].next)
    if (b != l && has_room_for(s, s_.lots[b].choice, b, s_.lots[b].step)) return false;
  return has_room_for(s, c, l, lot.step);
}
/// Gives places and idle machines to the lots that have waited longest for them; who finds none is passed over.
template <class R>
void Engine<R>::admit_among(std::uint32_t s) {
  for (std::uint32_t l = s_.stations[s].blocked_head; l != kNone;) {
    Lot& lot = s_.lots[l];
    if (!has_room_for(s, lot.choice, l, lot.step)) {
      l = lot.next;
      continue;
    }
    blocked_remove(s_, s, l);
    if (lot.machine == kNone) lot.waiting += s_.now - lot.entered;
    go(l);
    l = s_.stations[s].blocked_head;
  }
}

// ---- steps that lots pass by ----------------------------------------------------------------------------------------

/// Whether a lot that comes to an optional step does it.
template <class R>
bool Engine<R>::takes_step(const Lot& lot) {
  const StepData& step = p_.steps[lot.step];
  if (step.sample != kNone) {
    const std::uint64_t n = ++s_.samples[step.sample];
    return n >= step.sample_first && (n - step.sample_first) % step.sample_every == 0;
  }
  return draw_uniform(s_.key, step_stream(p_, lot, Purpose::kOptional), lot_index(lot)) < step.only;
}
/// A lot comes to a step where lots part, or which some pass by. \return false: it does the step as any other
template <class R>
bool Engine<R>::divert(std::uint32_t l) {
  const StepData& step = p_.steps[s_.lots[l].step];
  if (step.choice_count == 0) {
    part(l);
    return true;
  }
  if (takes_step(s_.lots[l])) return false;
  move_on(l, step.next);
  return true;
}

// ---- what a lot remembers of steps ----------------------------------------------------------------------------------

template <class R>
void Engine<R>::remember(std::uint32_t l, std::uint32_t m) {
  StepDone& mark = mark_of(s_, l, p_.steps[s_.lots[l].step].mark);
  mark.end = s_.now;
  mark.machine = m;
}
/// A lot is to be sent back; where the limit has been reached it goes elsewhere. \return where
template <class R>
std::uint32_t Engine<R>::send_back(std::uint32_t l, const StepData& step, std::uint32_t target) {
  Lot& lot = s_.lots[l];
  if (step.rework_limit != UINT32_MAX) {
    StepDone& mark = mark_of(s_, l, step.mark);
    if (mark.times >= step.rework_limit) return step.beyond;
    ++mark.times;
  }
  lot.reworked = true;
  if (s_.carries_more) ++s_.more[l].sent_back;
  return target;
}
/// A lot comes to a step that must begin within a time from an earlier one, and may be too late. \return true: it is
/// gone elsewhere
template <class R>
bool Engine<R>::comes_too_late(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const StepData& step = p_.steps[lot.step];
  lot.overdue = window_end(p_, s_, l) < s_.now;
  if (!lot.overdue) return false;
  const std::uint32_t s = p_.choices[lot.choice].station.value;
  ++s_.stations[s].overdue;
  if (step.impatient == StepData::kStay) return false;
  lot.place = Place::kOutside;
  leave_overdue(l);
  const StationData& data = p_.stations[s];
  if (!saturating_.empty())  // they may have been kept for it
    for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
      if (s_.machines[m].condition == Condition::kStarved) free_machine(m);
  admit(s);
  return true;
}
/// Sends a lot that has waited for too long where its step says.
template <class R>
void Engine<R>::leave_overdue(std::uint32_t l) {
  Lot& lot = s_.lots[l];
  const StepData& step = p_.steps[lot.step];
  if (step.impatient < BranchData::kJoin) {
    lot.reworked = lot.reworked || step.impatient <= lot.step;
    if (step.window_of != kNone) mark_of(s_, l, p_.steps[step.window_of].mark).end = kNever;  // until it is done anew
  }
  move_on(l, step.impatient);
}

// ---- kinds of work that are kept and torn down
// -----------------------------------------------------------------------

template <class R>
DistributionId Engine<R>::teardown_of(std::uint32_t s, std::uint32_t from, std::uint32_t to) const noexcept {
  const std::uint32_t first = p_.stations[s].teardowns;
  return first == kNone || from == kNone || from == to ? DistributionId{} : p_.data.teardowns[first + from];
}
template <class R>
DistributionId Engine<R>::setup_under_way(std::uint32_t m) const noexcept {
  const MachineState& machine = s_.machines[m];
  const ChoiceData& choice = choice_on(machine);
  return machine.tearing ? teardown_of(station_of(m), machine.kind, choice.kind) : setup_of(machine, choice);
}
/// Before the first lot of another kind. \return false: there is nothing to tear down
template <class R>
bool Engine<R>::begin_teardown(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  const Lot& lot = s_.lots[machine.lot];
  const ChoiceData& choice = p_.choices[lot.choice];
  const DistributionId teardown = teardown_of(station_of(m), machine.kind, choice.kind);
  machine.tearing = teardown.valid();
  if (!machine.tearing) return false;
  machine.phase = Phase::kSetup;
  machine.total = machine.left = draw(teardown, step_stream(p_, lot, Purpose::kTeardown), lot_index(lot));
  run_machine(m, choice);
  return true;
}
template <class R>
void Engine<R>::count_run(std::uint32_t m) {
  MachineState& machine = s_.machines[m];
  if (p_.stations[station_of(m)].min_run == 0) return;
  machine.run = machine.kind == choice_on(machine).kind ? machine.run + machine.held : machine.held;
}
/// Whether a machine goes on with the kind of work it is set up for, if there is any.
template <class R>
bool Engine<R>::stays_with_kind(std::uint32_t m) const noexcept {
  const MachineState& machine = s_.machines[m];
  return machine.kind != kNone && machine.run < p_.stations[station_of(m)].min_run;
}

// ---- deadlock -------------------------------------------------------------------------------------------------------

/// A lot has just been blocked, or a machine held back: tells, in `deadlock_`, whether that can never end. A machine
/// comes free in the end unless some lot of it finds no room in the end; a lot finds room where a machine that comes
/// free takes it, or one of those in the queue before it, or where one of these leaves the queue by itself. \param lot
/// that is blocked, or kNone  \param machine  that is held back, or kNone
template <class R>
void Engine<R>::look_for_deadlock(std::uint32_t lot, std::uint32_t machine) {
  std::vector<bool> seen(p_.stations.size(), false);
  std::vector<bool> comes_free(p_.machines.size(), false);
  std::vector<std::uint32_t> reached;
  const auto reach = [&](std::uint32_t s) {
    if (!seen[s]) reached.push_back(s);
    seen[s] = true;
  };
  const auto find_machine = [&](std::uint32_t station, auto&& call) {
    const StationData& data = p_.stations[station];
    for (std::uint32_t m = data.first_machine; m < data.first_machine + data.machine_count; ++m)
      if (call(m)) return m;
    return kNone;
  };
  const auto station_at = [&](std::uint32_t c) { return p_.choices[c].station.value; };
  // Calls for each alternative to which a lot on a machine may go, with its step; not at all where it needs no room.
  const auto each_way = [&](std::uint32_t m, std::uint32_t l, auto&& call) {
    if (s_.machines[m].phase == Phase::kHeld) {
      bool rework = false;
      const std::uint32_t target = target_of(s_.lots[l], rework);
      if (target >= BranchData::kJoin || p_.steps[target].diverts) return;
      const StepData& step = p_.steps[target];
      for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c) call(c, target);
    } else {
      call(s_.lots[l].choice, s_.lots[l].step);
    }
  };
  const auto each_lot = [&](std::uint32_t m, auto&& call) {
    const std::uint32_t s = station_of(m);
    if (s_.machines[m].lot == kNone && s_.stations[s].queued > 0) {  // held back: its lot is in the queue
      if (const std::uint32_t l = p_.stations[s].scanned ? pick(m) : s_.stations[s].head; l != kNone) call(l);
      return;
    }
    for (std::uint32_t l = s_.machines[m].lot; l != kNone; l = s_.lots[l].child) call(l);
  };
  const auto finds_room = [&](std::uint32_t l, std::uint32_t c, std::uint32_t step) {
    const std::uint32_t at = station_at(c);
    if (find_machine(at, [&](std::uint32_t m) { return comes_free[m] && may_do(p_, s_, m, c, step, l); }) != kNone)
      return true;
    for (const std::uint32_t w : queue_lots(s_, at)) {
      const Lot& other = s_.lots[w];
      const StepData& data = p_.steps[other.step];
      if (data.limited && data.impatient != StepData::kStay && s_.queue.pending(slots_.lots + w)) return true;
      if (find_machine(at, [&](std::uint32_t m) {
            return comes_free[m] && may_do(p_, s_, m, other.choice, other.step, w);
          }) != kNone)
        return true;
    }
    return false;
  };
  const auto can_go = [&](std::uint32_t m, std::uint32_t l) {
    const bool held = s_.machines[m].phase == Phase::kHeld;
    if (!held && !s_.lots[l].blocked) return false;
    bool any = false;
    bool some = false;
    each_way(m, l, [&](std::uint32_t c, std::uint32_t step) {
      some = true;
      any = any || finds_room(l, c, step);
    });
    return any || (held && !some);
  };
  reach(lot != kNone ? station_at(s_.lots[lot].choice) : station_of(machine));
  for (std::size_t i = 0; i < reached.size(); ++i)
    (void)find_machine(reached[i], [&](std::uint32_t m) {
      const Phase phase = s_.machines[m].phase;
      comes_free[m] = phase != Phase::kBlocked && phase != Phase::kHeld;
      if (!comes_free[m])
        each_lot(
            m, [&](std::uint32_t l) { each_way(m, l, [&](std::uint32_t c, std::uint32_t) { reach(station_at(c)); }); });
      return false;
    });
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::uint32_t at : reached)
      (void)find_machine(at, [&](std::uint32_t m) {
        if (comes_free[m]) return false;
        bool free = true;
        each_lot(m, [&](std::uint32_t l) { free = free && can_go(m, l); });
        if (free) comes_free[m] = changed = true;
        return false;
      });
  }
  if (lot != kNone ? finds_room(lot, s_.lots[lot].choice, s_.lots[lot].step) : comes_free[machine]) return;
  std::vector<bool> told(p_.machines.size(), false);
  std::uint32_t m = machine;
  if (lot != kNone)
    m = find_machine(station_at(s_.lots[lot].choice), [&](std::uint32_t one) {
      return may_do(p_, s_, one, s_.lots[lot].choice, s_.lots[lot].step, lot);
    });
  while (m != kNone && !told[m]) {
    told[m] = true;
    std::uint32_t stuck = kNone;
    each_lot(m, [&](std::uint32_t l) {
      if (stuck == kNone && !can_go(m, l)) stuck = l;
    });
    if (stuck == kNone) break;
    std::uint32_t next = kNone;
    std::uint32_t there = kNone;
    each_way(m, stuck, [&](std::uint32_t c, std::uint32_t step) {
      if (there != kNone) return;
      there = station_at(c);
      next = find_machine(there, [&](std::uint32_t one) { return may_do(p_, s_, one, c, step, stuck); });
    });
    if (there == kNone) break;
    if (!deadlock_.empty()) deadlock_ += ", ";
    deadlock_ += p_.machine_names[m] + " holds " + lot_name(p_.data, s_.lots[stuck].source, s_.lots[stuck].serial) +
                 ", which waits for room at " + p_.station_names[there];
    m = next;
  }
}

}  // namespace twin::detail
