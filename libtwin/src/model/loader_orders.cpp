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
    Place id;
  };
  std::vector<Named> orders;
  std::unordered_map<std::string, std::uint32_t> quantities;
  for (std::size_t i = 0; i < place.node->children.size(); ++i) {
    const Place order{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
    Named out;
    if (read_order(order, out.data, out.name)) {
      out.id = child(order, "id");
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
    plant_.order_names.push_back(std::move(order.name));
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
      static_cast<std::uint32_t>(integer(child(place, "quantity"), Shape::kCount, 1, 1'000'000).value_or(1));
  const auto release = child(place, "release"), due = child(place, "due");
  order.release = instant(release, Shape::kStart).value_or(0);
  if (order.release < 0) {
    fault(release, "the release lies before the epoch", fmt::format("from {}", format_wall_time(plant_.epoch)));
    order.release = 0;
  }
  const Tick after = product ? product_due_[product->value] : kNever;
  if (due)
    order.due = instant(due, Shape::kStart).value_or(kNever);
  else if (after < kNever)
    order.due = std::min(kNever, order.release + after);
  order.priority =
      static_cast<std::int32_t>(integer(child(place, "priority"), Shape::kInteger, -1'000'000'000, 1'000'000'000)
                                    .value_or(product ? plant_.products[product->value].priority : 0));
  return named;
}

}  // namespace twin::model_detail
