/// Orders that change while a plant runs: what a file says under `changes`, done to a State now.
///
/// For what-ifs and for following a real floor: a customer calls, an order is rushed, cut or cancelled. Queues are put
/// into their new order at once, machines that become free take their next lots in the same instant.
#pragma once
#include "twin/state/state.hpp"

namespace twin {

/// What becomes of lots that are in process when their order is cancelled.
enum class Cancel : std::uint8_t {
  kNow = 0,     ///< they leave: those that wait at once, those on a machine when its operation ends
  kFinish = 1,  ///< they are finished; only what is not released is cancelled
};

/// Each works on the first `lots` open lots by number, or on all (0), and on the order itself where it is all of it.
/// \throws InvalidArgument  the state is of another plant, or there is no such order; in set_quantity also a quantity
/// of
///                          0 or above most_lots; in move_lots also orders of different products, one order with
///                          itself, or a plant without a change that moves lots, whose lots do not carry what order
///                          they count for
void set_priority(const Plant& plant, const Parameters& parameters, State& state, OrderId order, std::int32_t priority,
                  std::uint32_t lots = 0);
void set_due(const Plant& plant, const Parameters& parameters, State& state, OrderId order, Tick due,
             std::uint32_t lots = 0);
void cancel(const Plant& plant, const Parameters& parameters, State& state, OrderId order, Cancel how = Cancel::kNow,
            std::uint32_t lots = 0);
/// So many lots in all, but not fewer than are released: those are not called back.
void set_quantity(const Plant& plant, const Parameters& parameters, State& state, OrderId order,
                  std::uint32_t quantity);
/// Lots that count for another order from now on, by its due date and priority; those in process come first.
void move_lots(const Plant& plant, const Parameters& parameters, State& state, OrderId from, OrderId to,
               std::uint32_t lots = 0);

}  // namespace twin
