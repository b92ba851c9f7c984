#include "plant_loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

#include "twin/base/random.hpp"
#include "twin/model/quantity.hpp"

namespace twin::model_detail {

void PlantLoader::read_orders(const Place& place) {
  if (!place) return;
  if (!place.node->is_sequence()) return wrong_kind(place, Shape::kOrders);
  struct Named {
    OrderData data;
    std::string name;
    Place id, place;
  };
  std::vector<Named> orders;
  std::unordered_map<std::string, std::uint32_t> quantities;
  for (std::size_t i = 0; i < place.node->children.size(); ++i) {
    const Place order{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
    Named out;
    if (read_order(order, out.data, out.name)) {
      out.id = child(order, "id");
      out.place = order;
      if (!quantities.emplace(out.name, out.data.quantity).second)
        fault(out.id, fmt::format("the order '{}' stands twice", out.name), "each id once");
      orders.push_back(std::move(out));
    }
  }
  for (const auto& order : orders) {
    const auto dash = order.name.rfind('-');
    if (dash == std::string::npos) continue;
    const auto lots_of = quantities.find(order.name.substr(0, dash));
    if (lots_of == quantities.end() || !names_a_lot(std::string_view(order.name).substr(dash + 1), lots_of->second))
      continue;
    fault(order.id, fmt::format("the order '{}' has the name of a lot of the order '{}'", order.name, lots_of->first),
          "an id that is no other order's followed by - and the number of a lot");
  }
  std::stable_sort(orders.begin(), orders.end(),
                   [](const Named& a, const Named& b) { return a.data.release < b.data.release; });
  for (auto& order : orders) {
    plant_.orders.push_back(order.data);
    plant_.order_names.push_back(order.name);
  }
  std::unordered_map<std::string, std::uint32_t> ids;
  for (std::uint32_t o = 0; o < orders.size(); ++o) ids.emplace(orders[o].name, o);
  for (std::uint32_t o = 0; o < orders.size(); ++o)
    if (const auto changes = child(orders[o].place, "changes")) read_changes(changes, OrderId{o}, ids);
  std::stable_sort(plant_.changes.begin(), plant_.changes.end(),
                   [](const ChangeData& a, const ChangeData& b) { return a.at < b.at; });
  for (std::uint32_t o = 0; o < orders.size(); ++o) {
    const bool filled = std::any_of(plant_.changes.begin(), plant_.changes.end(), [&](const ChangeData& change) {
      return change.kind == ChangeKind::kMove && change.value == o;
    });
    if (orders[o].data.quantity == 0 && !filled)
      fault(child(orders[o].place, "quantity"), "'0' does not fit here: no lots of another order are moved to it",
            "1 or more, or a change of another order with to:");
    plant_.lots_carry_more = plant_.lots_carry_more || filled;
  }
}

void PlantLoader::read_changes(const Place& place, OrderId order,
                               const std::unordered_map<std::string, std::uint32_t>& orders) {
  if (!place.node->is_sequence()) return wrong_kind(place, Shape::kChanges);
  for (std::size_t i = 0; i < place.node->children.size(); ++i) {
    const Place at{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
    if (keys(at, Level::kChange, Shape::kChanges) && at.node->is_mapping()) read_change(at, order, orders);
  }
}

void PlantLoader::read_change(const Place& place, OrderId order,
                              const std::unordered_map<std::string, std::uint32_t>& orders) {
  const auto priority = child(place, "priority"), due = child(place, "due"), quantity = child(place, "quantity"),
             cancel = child(place, "cancel"), to = child(place, "to"), lots = child(place, "lots");
  const auto at = child(place, "at");
  ChangeData change;
  change.order = order;
  change.at = instant(at, Shape::kStart).value_or(0);
  if (change.at < 0)
    fault(at, "the change lies before the epoch", fmt::format("from {}", format_wall_time(plant_.epoch)));
  change.lots = static_cast<std::uint32_t>(integer(lots, Shape::kCount, 1, 1'000'000).value_or(0));
  if (!priority && !due && !quantity && !cancel && !to)
    fault(place, "nothing changes", "priority, due, quantity, cancel or to");
  if (lots && quantity)
    fault(lots, "the quantity is that of the whole order", "lots: with priority, due, cancel or to");
  if ((to && (priority || due || quantity || cancel)) || (cancel && (priority || due || quantity)))
    fault(to ? to : cancel, "lots that leave their order change in nothing else",
          to ? "to and lots alone; they take due date and priority of that order" : "cancel and lots alone");
  const auto add = [&](ChangeKind kind, std::int64_t value) {
    change.kind = kind;
    change.value = value;
    plant_.changes.push_back(change);
  };
  if (quantity) add(ChangeKind::kQuantity, integer(quantity, Shape::kCount, 1, 1'000'000).value_or(1));
  if (priority)
    add(ChangeKind::kPriority, integer(priority, Shape::kInteger, -1'000'000'000, 1'000'000'000).value_or(0));
  if (due) add(ChangeKind::kDue, instant(due, Shape::kStart).value_or(0));
  if (cancel && scalar(cancel, Shape::kCancel)) {
    const auto& how = cancel.node->scalar;
    if (how != "now" && how != "finish" && how != "true")
      fault(cancel, fmt::format("'{}' is unknown", shown(*cancel.node)), allowed(Shape::kCancel));
    add(how == "finish" ? ChangeKind::kFinish : ChangeKind::kCancel, 0);
  }
  if (!to || !scalar(to, Shape::kName)) return;
  const auto found = orders.find(to.node->scalar);
  if (found == orders.end()) {
    fault(to,
          fmt::format("there is no order '{}'{}", shown(*to.node), did_you_mean(to.node->scalar, plant_.order_names)),
          "the id of another order of the same product");
  } else if (OrderId{found->second} == order ||
             plant_.orders[found->second].product != plant_.orders[order.value].product) {
    fault(to, fmt::format("lots cannot come to count for '{}'", shown(*to.node)),
          "the id of another order of the same product");
  } else {
    add(ChangeKind::kMove, found->second);
  }
}

bool PlantLoader::names_a_lot(std::string_view digits, std::uint32_t quantity) {
  if (quantity == 1 || digits.size() != std::max<std::size_t>(2, std::to_string(quantity).size())) return false;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() && number >= 1 && number <= quantity;
}

std::optional<ProductId> PlantLoader::product_of(const Place& place) {
  if (!place || !scalar(place, Shape::kName)) return std::nullopt;
  const auto found = product_ids_.find(place.node->scalar);
  if (found != product_ids_.end()) return ProductId{found->second};
  fault(place,
        fmt::format("there is no product '{}'{}", shown(*place.node),
                    did_you_mean(place.node->scalar, plant_.product_names)),
        list_of(plant_.product_names));
  return std::nullopt;
}

bool PlantLoader::read_order(const Place& place, OrderData& order, std::string& name) {
  if (!keys(place, Level::kOrder, Shape::kOrders) || !place.node->is_mapping()) return false;
  const auto id = child(place, "id");
  const bool named = id && scalar(id, Shape::kName);
  if (named) {
    name = id.node->scalar;
    good_name(id.node->mark, id.path, name);
    not_reserved(id.node->mark, id.path, name);
    order.hash = hash_name("order:" + name);
  }
  const auto product = product_of(child(place, "product"));
  if (product) order.product = *product;
  order.quantity =
      static_cast<std::uint32_t>(integer(child(place, "quantity"), Shape::kQuantity, 0, 1'000'000).value_or(1));
  const auto release = child(place, "release"), due = child(place, "due");
  order.release = instant(release, Shape::kStart).value_or(0);
  if (order.release < 0) {
    fault(release, "the release lies before the epoch", fmt::format("from {}", format_wall_time(plant_.epoch)));
    order.release = 0;
  }
  order.own_due = bool(due);
  if (due) order.due = instant(due, Shape::kStart).value_or(kNever);
  order.priority =
      static_cast<std::int32_t>(integer(child(place, "priority"), Shape::kInteger, -1'000'000'000, 1'000'000'000)
                                    .value_or(product ? plant_.products[product->value].priority : 0));
  return named;
}

}  // namespace twin::model_detail
