/// Tools that wear out, each for itself, and are reground or replaced; operators who walk from station to station. Part
/// of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

template <class R>
void Engine<R>::begin_units(std::uint32_t p) {
  const PoolData& data = p_.pools[p];
  for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u) {
    s_.units[u] = UnitState{};
    if (data.life != kNone) begin_unit(p, u);
  }
}
/// A new life, of a new tool or one that was reground.
template <class R>
void Engine<R>::begin_unit(std::uint32_t p, std::uint32_t u) {
  UnitState& unit = s_.units[u];
  unit.away = false;
  unit.began = s_.now;
  unit.drawn = unit.left = draw(p_.lives[p_.pools[p].life].life, unit_stream(p, u, Purpose::kFailure), unit.lives);
}
/// Calls once for each pool, of those taken for some needs, whose units are told apart, with how many of it are taken.
template <class R>
template <class Call>
void Engine<R>::each_told_apart(Needs needs, std::uint64_t pools, Call&& call) {
  const auto pool_of = [&](std::uint32_t i) {
    return p_.need_pools[p_.needs[needs.first + i].first_pool + ((pools >> (8 * i)) & 0xffU)];
  };
  for (std::uint32_t i = 0; i < needs.count; ++i) {
    const std::uint32_t p = pool_of(i);
    if (p_.pools[p].first_unit == kNone) continue;
    bool known = false;
    std::int64_t amount = 0;
    for (std::uint32_t k = 0; k < needs.count; ++k) {
      if (pool_of(k) != p) continue;
      known = known || k < i;
      amount += p_.needs[needs.first + k].amount;
    }
    if (!known) call(p, amount);
  }
}
/// A machine takes the most worn of the tools at hand, the nearest of the operators, the first of equals. In a changed
/// plant it finds those that it had.
template <class R>
void Engine<R>::take_units(std::uint32_t m) {
  each_told_apart(choice_on(s_.machines[m]).needs, s_.machines[m].pools, [&](std::uint32_t p, std::int64_t amount) {
    const std::uint32_t first = p_.pools[p].first_unit;
    const std::uint32_t end = first + static_cast<std::uint32_t>(p_.pools[p].count);
    for (std::uint32_t u = first; u < end && amount > 0; ++u) amount -= s_.units[u].machine == m ? 1 : 0;
    const std::uint32_t s = station_of(m);
    const auto rank = [&](std::uint32_t u) {
      return std::pair(s_.units[u].machine != kNone, p_.pools[p].walk == kNone ? s_.units[u].left : walk_of(u, p, s));
    };
    for (; amount > 0; --amount) {
      std::uint32_t best = kNone;
      for (std::uint32_t u = first; u < end; ++u) {
        const UnitState& unit = s_.units[u];
        if (unit.away || (unit.machine != kNone && (unit.machine == m || s_.machines[unit.machine].holding))) continue;
        if (best == kNone || rank(u) < rank(best)) best = u;
      }
      TWIN_ASSERT(best != kNone);
      s_.units[best].machine = m;
    }
  });
}
/// What a machine lets go of is at hand again, unless its life is over.
template <class R>
void Engine<R>::return_units(std::uint32_t m) {
  each_told_apart(choice_on(s_.machines[m]).needs, s_.machines[m].pools, [&](std::uint32_t p, std::int64_t) {
    const PoolData& data = p_.pools[p];
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u) {
      if (s_.units[u].machine != m) continue;
      s_.units[u].machine = kNone;
      if (data.life != kNone && s_.units[u].left == 0) send_away(p, u);
    }
  });
}
/// \param done  work of the machine, or lots of a second each
template <class R>
void Engine<R>::age_units(std::uint32_t m, Ageing ages, Tick done) {
  each_told_apart(choice_on(s_.machines[m]).needs, s_.machines[m].pools, [&](std::uint32_t p, std::int64_t) {
    const PoolData& data = p_.pools[p];
    if (data.life == kNone || p_.lives[data.life].ages != ages) return;
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u)
      if (s_.units[u].machine == m) s_.units[u].left = std::max<Tick>(0, s_.units[u].left - done);
  });
}
/// How long an operator of a pool walks to a station.
template <class R>
Tick Engine<R>::walk_of(std::uint32_t u, std::uint32_t p, std::uint32_t s) const noexcept {
  const std::uint32_t at = s_.units[u].at;
  return at == kNone ? 0 : p_.data.walks[p_.pools[p].walk + at * p_.stations.size() + s];
}
/// The operators that a machine has taken go there. \return true: it waits for them
template <class R>
bool Engine<R>::set_out(std::uint32_t m) {
  if (!s_.machines[m].holding) return false;
  const std::uint32_t s = station_of(m);
  Tick longest = 0;
  each_told_apart(choice_on(s_.machines[m]).needs, s_.machines[m].pools, [&](std::uint32_t p, std::int64_t) {
    const PoolData& data = p_.pools[p];
    if (data.walk == kNone) return;
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u) {
      if (s_.units[u].machine != m) continue;
      longest = std::max(longest, walk_of(u, p, s));
    }
  });
  if (longest == 0) {
    be_there(m);
    return false;
  }
  s_.machines[m].walking = true;
  count_walking(m, 1);
  s_.queue.schedule(m, s_.now + longest, code(Priority::kTransport));
  return true;
}
/// The operators that a machine has are at its station.
template <class R>
void Engine<R>::be_there(std::uint32_t m) {
  each_told_apart(choice_on(s_.machines[m]).needs, s_.machines[m].pools, [&](std::uint32_t p, std::int64_t) {
    const PoolData& data = p_.pools[p];
    if (data.walk == kNone) return;
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u)
      if (s_.units[u].machine == m) s_.units[u].at = station_of(m);
  });
}
template <class R>
void Engine<R>::count_walking(std::uint32_t m, int sign) {
  each_told_apart(choice_on(s_.machines[m]).needs, s_.machines[m].pools, [&](std::uint32_t p, std::int64_t amount) {
    if (p_.pools[p].walk == kNone) return;
    book(p);
    s_.pools[p].walking += sign * amount;
  });
}
/// All operators are there: the work begins, or goes on.
template <class R>
void Engine<R>::get_there(std::uint32_t m) {
  count_walking(m, -1);
  s_.machines[m].walking = false;
  be_there(m);
  run_machine(m, choice_on(s_.machines[m]));
}
template <class R>
void Engine<R>::resume_walk(std::uint32_t m, std::uint64_t pools, Tick until) {
  MachineState& machine = s_.machines[m];
  const bool works = machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing;
  const Needs needs = works ? choice_on(machine).needs : Needs{};
  if (needs.count == 0 || !machine.open || machine.faults > 0 || !machine.supplied || !can_give_again(needs, pools)) {
    resume_run(m);
    return;
  }
  machine.pools = pools;
  machine.holding = true;
  take_pools(needs, pools, 1);
  take_units(m);
  machine.walking = true;
  count_walking(m, 1);
  s_.queue.schedule(m, until, code(Priority::kTransport));
}
/// To be reground, as often as that may be; then a new one takes its place.
template <class R>
void Engine<R>::send_away(std::uint32_t p, std::uint32_t u) {
  const LifeData& life = p_.lives[p_.pools[p].life];
  UnitState& unit = s_.units[u];
  PoolState& pool = s_.pools[p];
  const bool grinds = life.regrind.valid() && unit.ground < life.regrinds;
  unit.ground = grinds ? unit.ground + 1 : 0;
  ++(grinds ? pool.reground : pool.replaced);
  const std::uint64_t index = unit.lives++;
  const DistributionId takes = grinds ? life.regrind : life.delivery;
  if (!takes.valid()) {
    begin_unit(p, u);
    return;
  }
  book(p);
  ++pool.away;
  unit.away = true;
  unit.left = 0;
  unit.began = s_.now;
  unit.drawn = draw(takes, unit_stream(p, u, grinds ? Purpose::kRepair : Purpose::kLead), index);
  s_.queue.schedule(slots_.units + u, s_.now + unit.drawn, code(Priority::kRepair));
}
template <class R>
void Engine<R>::let_go(std::uint32_t u) {
  UnitState& unit = s_.units[u];
  if (unit.machine != kNone && s_.machines[unit.machine].holding) return;
  unit.machine = kNone;
  if (!unit.away && unit.left == 0 && unit.drawn > 0) send_away(pool_of_unit(u), u);
}
template <class R>
void Engine<R>::unit_event(std::uint32_t u) {
  const std::uint32_t p = pool_of_unit(u);
  book(p);
  --s_.pools[p].away;
  begin_unit(p, u);
  pools_freed_ = !s_.waiting.empty();
}
template <class R>
std::uint32_t Engine<R>::pool_of_unit(std::uint32_t u) const noexcept {
  const auto after =
      std::ranges::upper_bound(p_.lives, u, {}, [&](const LifeData& life) { return p_.pools[life.pool].first_unit; });
  return std::prev(after)->pool;
}
/// New luck for lives and for what is away; see redraw.
template <class R>
void Engine<R>::redraw_units() {
  for (const LifeData& life : p_.lives) {
    const PoolData& data = p_.pools[life.pool];
    for (std::uint32_t u = data.first_unit; u < data.first_unit + static_cast<std::uint32_t>(data.count); ++u) {
      UnitState& unit = s_.units[u];
      if (unit.away) {
        const bool grinds = unit.ground > 0;
        const Tick age = s_.now - unit.began;
        const Tick left =
            draw_left(grinds ? life.regrind : life.delivery,
                      unit_stream(life.pool, u, grinds ? Purpose::kRepair : Purpose::kLead), unit.lives - 1, age);
        unit.drawn = age + left;
        s_.queue.move(slots_.units + u, s_.now + left, code(Priority::kRepair));
      } else if (unit.left > 0) {
        const Tick age = unit.drawn - unit.left;
        unit.left = draw_left(life.life, unit_stream(life.pool, u, Purpose::kFailure), unit.lives, age);
        unit.drawn = age + unit.left;
      }
    }
  }
}

}  // namespace twin::detail
