/// The tables of a plant as the rules reach them: one load to an element, and sizes without a division.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "twin/model/plant.hpp"
#include "twin/state/state.hpp"

namespace twin::detail {

/// Named as in PlantData, which it borrows.
struct PlantView {
  const PlantData& data;
  std::span<const StationData> stations{data.stations};
  std::span<const MachineData> machines{data.machines};
  std::span<const FailureModeData> modes{data.modes};
  std::span<const LevelData> levels{data.levels};
  std::span<const ProductData> products{data.products};
  std::span<const StepData> steps{data.steps};
  std::span<const ChoiceData> choices{data.choices};
  std::span<const BranchData> branches{data.branches};
  std::span<const SourceData> sources{data.sources};
  std::span<const OrderData> orders{data.orders};
  std::span<const PoolData> pools{data.pools};
  std::span<const ReorderData> reorders{data.reorders};
  std::span<const LifeData> lives{data.lives};
  std::span<const NeedData> needs{data.needs};
  std::span<const std::uint32_t> need_pools{data.need_pools};
  std::span<const std::uint32_t> forks{data.forks};
  std::span<const BeltData> belts{data.belts};
  std::span<const FleetData> fleets{data.fleets};
  std::span<const Expression> expressions{data.expressions};
  std::span<const std::int32_t> product_priority{data.product_priority};
  std::span<const CalendarData> calendars{data.calendars};
  std::span<const std::uint8_t> able{data.able};
  std::span<const std::string> machine_names{data.machine_names};
  std::span<const std::string> station_names{data.station_names};
  bool may_deadlock = data.may_deadlock;
  bool counts_lots = data.counts_lots;
  bool has_orders = !data.orders.empty();
  bool keeps_runs = data.keeps_runs;
  bool cares = data.cares;
  bool tools_wear = !data.lives.empty();
  bool walks = !data.walks.empty();
  bool tells_apart = data.unit_count > 0;
  bool carries = !data.carriers.empty();
  bool wears = data.wears;
  bool holds_back = data.holds_back;
  bool slotted = data.slotted;
  bool polls = data.polls;
  bool preempts = data.preempts;

  explicit PlantView(const PlantData& plant) noexcept : data(plant) {}

  [[nodiscard]] bool open_at(CalendarId calendar, Tick t) const noexcept { return data.open_at(calendar, t); }
  [[nodiscard]] Tick next_change(CalendarId calendar, Tick t) const noexcept { return data.next_change(calendar, t); }
  [[nodiscard]] DistributionId setup_between(StationId station, std::uint32_t from, std::uint32_t to) const noexcept {
    return stations[station.value].setups == kNone ? DistributionId{} : data.setup_between(station, from, to);
  }
};

inline std::uint64_t hash_of_source(const PlantView& plant, std::uint32_t source) noexcept {
  return source < plant.sources.size() ? plant.sources[source].hash : plant.orders[source - plant.sources.size()].hash;
}
inline ProductId product_of_source(const PlantView& plant, std::uint32_t source) noexcept {
  return source < plant.sources.size() ? plant.sources[source].product
                                       : plant.orders[source - plant.sources.size()].product;
}

}  // namespace twin::detail
