/// Tools that lots take at one step and give back at a later one. Part of engine_impl.hpp.
#pragma once
#include "engine_impl.hpp"  // IWYU pragma: keep

namespace twin::detail {

/// Whether all lots on a machine can have what they do not hold yet.
template <class R>
bool Engine<R>::has_carriers(const MachineState& machine, const ChoiceData& choice) const noexcept {
  for (std::uint32_t i = choice.holds.first; i < choice.holds.first + choice.holds.count; ++i) {
    const NeedData& need = p_.needs[i];
    const std::uint32_t pool = p_.need_pools[need.first_pool];
    std::int64_t missing = 0;
    for (std::uint32_t l = machine.lot; l != kNone; l = s_.lots[l].child)
      missing += std::max(0, need.amount - s_.more[l].held[p_.pools[pool].carrier]);
    if (missing > 0 && !can_give(pool, missing)) return false;
  }
  return true;
}
template <class R>
void Engine<R>::take_carriers(const MachineState& machine, const ChoiceData& choice) {
  for (std::uint32_t i = choice.holds.first; i < choice.holds.first + choice.holds.count; ++i) {
    const NeedData& need = p_.needs[i];
    const std::uint32_t pool = p_.need_pools[need.first_pool];
    book(pool);
    for (std::uint32_t l = machine.lot; l != kNone; l = s_.lots[l].child) {
      std::uint16_t& held = s_.more[l].held[p_.pools[pool].carrier];
      if (held >= need.amount) continue;
      s_.pools[pool].level += need.amount - held;
      held = static_cast<std::uint16_t>(need.amount);
    }
  }
}
/// \param carriers  bits of those that are given back
template <class R>
void Engine<R>::give_back(std::uint32_t l, std::uint32_t carriers) {
  for (std::uint32_t c = 0; c < p_.data.carriers.size(); ++c) {
    std::uint16_t& held = s_.more[l].held[c];
    if (held == 0 || ((carriers >> c) & 1U) == 0) continue;
    const std::uint32_t pool = p_.data.carriers[c];
    book(pool);
    s_.pools[pool].level -= held;
    held = 0;
    pools_freed_ = !s_.waiting.empty();
  }
}

}  // namespace twin::detail
