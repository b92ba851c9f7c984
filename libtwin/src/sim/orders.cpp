#include "twin/sim/orders.hpp"

#include <fmt/format.h>

#include "engine_impl.hpp"

namespace twin {
namespace {

void apply(const Plant& plant, const Parameters& parameters, State& state, const char* what, const ChangeData& change) {
  check_plant(plant, state, what);
  check_parameters(plant, parameters);
  const PlantData& data = plant.data();
  const auto refuse = [&](const std::string& why) { throw InvalidArgument(fmt::format("{}: {}", what, why)); };
  const auto known = [&](std::int64_t order) {
    if (order < 0 || order >= static_cast<std::int64_t>(data.orders.size()))
      refuse(fmt::format("there is no order {}; allowed: below {}", order, data.orders.size()));
    return static_cast<std::uint32_t>(order);
  };
  const std::uint32_t order = known(change.order.value);
  const auto most = static_cast<std::int64_t>(most_lots(data, order));
  if (change.kind == ChangeKind::kQuantity && (change.value < 1 || change.value + state.orders[order].withdrawn > most))
    refuse(fmt::format("{} lots; allowed: from 1 to {}", change.value, most));
  if (change.kind == ChangeKind::kDue && (change.value < -kNever || change.value > kNever))
    refuse("the due date is more than 146 years from the epoch");
  if (change.kind == ChangeKind::kMove) {
    const std::uint32_t to = known(change.value);
    if (to == order || data.orders[to].product != data.orders[order].product)
      refuse(fmt::format("lots of '{}' cannot count for '{}'; allowed: another order of the same product",
                         data.order_names[order], data.order_names[to]));
    if (!data.lots_carry_more)
      refuse(
          "the lots of this plant do not carry which order they count for; allowed: plants in which a change of some "
          "order moves lots");
  }
  detail::Engine<detail::NoRecorder> engine(data, parameters, state, {});
  engine.change_order(change);
  engine.resolve();
  state.queue.settle();
  if (!engine.deadlock().empty()) throw DeadlockError(fmt::format("deadlock: {}", engine.deadlock()));
}

}  // namespace

void set_priority(const Plant& plant, const Parameters& parameters, State& state, OrderId order, std::int32_t priority,
                  std::uint32_t lots) {
  apply(plant, parameters, state, "set_priority", {order, state.now, ChangeKind::kPriority, lots, priority});
}
void set_due(const Plant& plant, const Parameters& parameters, State& state, OrderId order, Tick due,
             std::uint32_t lots) {
  apply(plant, parameters, state, "set_due", {order, state.now, ChangeKind::kDue, lots, due});
}
void cancel(const Plant& plant, const Parameters& parameters, State& state, OrderId order, Cancel how,
            std::uint32_t lots) {
  const ChangeKind kind = how == Cancel::kNow ? ChangeKind::kCancel : ChangeKind::kFinish;
  apply(plant, parameters, state, "cancel", {order, state.now, kind, lots, 0});
}
void set_quantity(const Plant& plant, const Parameters& parameters, State& state, OrderId order,
                  std::uint32_t quantity) {
  apply(plant, parameters, state, "set_quantity", {order, state.now, ChangeKind::kQuantity, 0, quantity});
}
void move_lots(const Plant& plant, const Parameters& parameters, State& state, OrderId from, OrderId to,
               std::uint32_t lots) {
  apply(plant, parameters, state, "move_lots", {from, state.now, ChangeKind::kMove, lots, to.value});
}

}  // namespace twin
