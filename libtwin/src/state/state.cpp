#include "twin/state/state.hpp"

#include <fmt/format.h>

namespace twin {

Slots::Slots(const PlantData& plant) noexcept {
  const auto count = [](const auto& items) { return static_cast<std::uint32_t>(items.size()); };
  modes = count(plant.machines);
  sources = modes + count(plant.modes);
  calendars = sources + count(plant.sources);
  pools = calendars + count(plant.calendars);
  stations = pools + count(plant.pools);
  cycles = stations + count(plant.stations);
  reviews = cycles + count(plant.stations);
  units = reviews + count(plant.reorders);
  belts = units + plant.unit_count;
  vehicles = belts + 2 * count(plant.belts);
  order = vehicles + count(plant.vehicle_fleet);
  change = order + 1;
  lots = change + 1;
}

const char* name_of(Condition condition) noexcept {
  switch (condition) {
    case Condition::kStarved:
      return "starved";
    case Condition::kWorking:
      return "working";
    case Condition::kSetup:
      return "setup";
    case Condition::kBlocked:
      return "blocked";
    case Condition::kDown:
      return "down";
    case Condition::kOff:
      return "off";
    case Condition::kWaiting:
      return "waiting";
  }
  return "?";
}

const char* name_of(Task task) noexcept {
  switch (task) {
    case Task::kIdle:
      return "idle";
    case Task::kFetch:
      return "fetch";
    case Task::kLoad:
      return "load";
    case Task::kCarry:
      return "carry";
    case Task::kUnload:
      return "unload";
    case Task::kHome:
      return "home";
    case Task::kToCharge:
      return "to charge";
    case Task::kCharge:
      return "charge";
  }
  return "?";
}

std::string lot_name(const PlantData& plant, std::uint32_t source, std::uint64_t serial) {
  if (const std::uint64_t whole = serial_of_whole(plant, serial); whole != serial) {
    const std::uint64_t numbers = serial >> kSerialBits;
    std::string name = fmt::format("{}/{}", lot_name(plant, source, whole), numbers & kMaxSublots);
    if (numbers > kMaxSublots) name += fmt::format("/{}", numbers >> kSublotBits);
    return name;
  }
  if (source < plant.sources.size())
    return fmt::format("{}#{}", plant.product_names[plant.sources[source].product.value], serial + 1);
  const std::size_t order = source - plant.sources.size();
  const std::uint32_t quantity = plant.orders[order].quantity;
  if (quantity == 1) return plant.order_names[order];
  const auto width = std::max<std::size_t>(2, std::to_string(quantity).size());
  return fmt::format("{}-{:0{}}", plant.order_names[order], serial + 1, width);
}

}  // namespace twin
