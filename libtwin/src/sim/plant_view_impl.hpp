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

/// A plain plant: lots come one by one and wait in order of arrival; machines do one lot at a time, are always open,
/// need nothing to be there, and fail or not. Its engine asks for nothing else, so it does less for each event.
struct PlainView : PlantView {
  using PlantView::PlantView;
  // NOLINTBEGIN(readability-identifier-naming): they stand for the members of PlantView
  static constexpr bool may_deadlock = false, counts_lots = false, keeps_runs = false, cares = false, wears = false,
                        holds_back = false, slotted = false, polls = false, preempts = false, has_orders = false,
                        tools_wear = false, walks = false, tells_apart = false, carries = false;
  // NOLINTEND(readability-identifier-naming)

  [[nodiscard]] static DistributionId setup_between(StationId, std::uint32_t, std::uint32_t) noexcept { return {}; }
};
[[nodiscard]] inline bool is_plain(const PlantData& plant) noexcept {
  if (plant.may_deadlock || plant.counts_lots || plant.keeps_runs || plant.cares || plant.wears || plant.holds_back ||
      plant.slotted || plant.polls || plant.preempts || plant.lots_carry_more || plant.marks_per_lot > 0 ||
      !plant.pools.empty() || !plant.belts.empty() || !plant.fleets.empty() || !plant.calendars.empty() ||
      !plant.orders.empty())
    return false;
  const auto all = [](const auto& items, auto holds) {
    for (const auto& item : items)
      if (!holds(item)) return false;
    return true;
  };
  return all(plant.stations,
             [](const StationData& s) {
               return s.rule == QueueRule::kFifo && s.direct && !s.scanned && !s.selective && s.batch.most == 1 &&
                      s.cycle == 0 && s.setups == kNone;
             }) &&
         all(plant.sources,
             [](const SourceData& s) {
               return (s.kind == SourceKind::kRenewal || s.kind == SourceKind::kSaturate) && !s.batch.valid() &&
                      s.profile_count == 0;
             }) &&
         all(plant.steps,
             [](const StepData& s) {
               return !s.diverts && !s.limited && s.mark == kNone && s.same_as == kNone && s.window_of == kNone &&
                      s.choice_count > 0;
             }) &&
         all(plant.choices,
             [](const ChoiceData& c) {
               return c.is_bare() && c.able == kNone && !c.setup.valid() && !c.changeover.valid();
             }) &&
         all(plant.modes, [](const FailureModeData& f) {
           return f.level_count == 0 && !f.maintenance && f.crew.count == 0 &&
                  (f.ages == Ageing::kWork || f.ages == Ageing::kTime);
         });
}

inline std::uint64_t hash_of_source(const PlantView& plant, std::uint32_t source) noexcept {
  return source < plant.sources.size() ? plant.sources[source].hash : plant.orders[source - plant.sources.size()].hash;
}
inline ProductId product_of_source(const PlantView& plant, std::uint32_t source) noexcept {
  return source < plant.sources.size() ? plant.sources[source].product
                                       : plant.orders[source - plant.sources.size()].product;
}

}  // namespace twin::detail
