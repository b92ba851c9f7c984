/// Static lines without an event list.
///
/// Where lots of one product pass single machines one after the other, first come first served, the times of lot n
/// follow from those of the lots before it by maxima and sums:
///
///     start     = max(entry, departure of lot n-1 here)
///     end       = start + setup + work + repairs that the work meets
///     departure = max(end, start of lot n-B at the next machine),   B places in front of it
///
/// So such a plant needs no list of events. `advance_by_recursion` makes of a State what `advance` makes of it: the
/// draws have the same addresses, so that every operation begins and ends at the same tick. docs/concepts/recursion.md
/// tells why equal times cannot make a difference.
#pragma once
#include <string>
#include <vector>

#include "twin/sim/advance.hpp"

namespace twin {

/// How a plant is run.
enum class Method : std::uint8_t {
  kAuto = 0,      ///< by recursion where the plant and the state allow it, else by events
  kEvents = 1,    ///< by a list of events: any plant
  kRecursion = 2  ///< by recursion; what does not allow it is refused
};
[[nodiscard]] const char* name_of(Method method) noexcept;
/// \throws InvalidArgument  for anything but `auto`, `events`, `recursion`
[[nodiscard]] Method method_named(std::string_view name);

/// Why a plant cannot be run by recursion: one text for each key or fact that stands against it, with its place; none
/// where it can.
[[nodiscard]] std::vector<std::string> recursion_refusals(const Plant& plant);
/// The same for a state of a plant that can: work that stands, lots where the line has no place for them.
[[nodiscard]] std::vector<std::string> recursion_refusals(const Plant& plant, const State& state);

/// Whether to run by recursion. \param state  where to start; null: from the empty plant
/// \param what    begins the message
/// \throws InvalidArgument  the method is `recursion` and something stands against it; all of it is told
[[nodiscard]] bool runs_by_recursion(const Plant& plant, const State* state, Method method, const char* what);

/// Moves `state` forward as `advance` does. The digest of operations, all sums, counts and what `measure` reads are
/// the same to the bit, and so is every future of the state. Not the same are numbers that only tell equal things
/// apart: those of entries into queues and of scheduled events; and a condition that was interrupted for no time at all
/// may begin anew.
///
/// A log of `lots` is told of those that leave, in their order.
/// \return false if it was cancelled; the state is then of no use
/// \throws InvalidArgument  as `advance`; a plant or a state for which recursion_refusals() has reasons is not looked
///                          for: ask before
/// \note Cost: a draw and some 20 operations for each operation of the line.
bool advance_by_recursion(const Plant& plant, const Parameters& parameters, State& state, const Until& until);
bool advance_by_recursion(const Plant& plant, const Parameters& parameters, State& state, const Until& until,
                          LotLog& lots);
/// \param recorder  told of lots that leave, and of the operations that were under way at the beginning when they end;
///                  lot by lot, so not in order of time
bool advance_by_recursion(const Plant& plant, const Parameters& parameters, State& state, const Until& until,
                          Recorder& recorder);

}  // namespace twin
