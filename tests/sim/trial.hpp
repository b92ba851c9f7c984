/// Runs a plant given as text and says in words what happened, so that a test can state a timeline.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "twin/sim/advance.hpp"

namespace twin {

struct Trial {
  Plant plant;
  State state;
  History history;

  explicit Trial(const std::string& yaml, Seed seed = {})
      : plant(Plant::parse(yaml)), state(State::initial(plant, seed)) {}
  Trial& until(Tick time) {
    advance(plant, plant.parameters(), state, Until{.time = time}, &history);
    return *this;
  }
  [[nodiscard]] const ProductTotals& totals(std::string_view product) const {
    return state.products[plant.product(product).value];
  }
  [[nodiscard]] const StationState& station(std::string_view name) const {
    return state.stations[plant.station(name).value];
  }

  /// `A mill 0-5, B mill 5-9`: lot, machine (`T2`; the station's name where it has one machine), start and end.
  [[nodiscard]] std::string operations(Tick unit = kSecond) const {
    std::string out;
    for (const OperationRecord& r : history.operations)
      add(out, fmt::format("{} {} {}", lot_name(plant.data(), r.source, r.serial), machine_name(r.machine),
                           span(r.start, r.end, unit)));
    return out;
  }
  /// `starved 0-5, working 5-9`, up to the clock; spans of one condition that touch are one.
  [[nodiscard]] std::string conditions(std::string_view machine, Tick unit = kSecond) const {
    History all = history;
    all.finish(state);
    std::vector<ConditionRecord> joined;
    for (const ConditionRecord& r : all.conditions) {
      if (machine_name(r.machine) != machine) continue;
      if (!joined.empty() && joined.back().condition == r.condition && joined.back().end == r.start) {
        joined.back().end = r.end;
      } else {
        joined.push_back(r);
      }
    }
    std::string out;
    for (const ConditionRecord& r : joined)
      add(out, fmt::format("{} {}", name_of(r.condition), span(r.start, r.end, unit)));
    return out;
  }
  /// One figure of `measure`, from the start to the clock; NaN if there is none of that name.
  [[nodiscard]] double figure(std::string_view name) const {
    const auto names = metrics(plant);
    const auto values = measure(plant, State::initial(plant, state.seed), state);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i].name == name) return values[i];
    return std::nan("");
  }

 private:
  [[nodiscard]] std::string machine_name(std::uint32_t m) const {
    const PlantData& data = plant.data();
    const std::uint32_t s = data.machines[m].station.value;
    return data.stations[s].machine_count == 1 ? data.station_names[s] : data.machine_names[m];
  }
  static std::string span(Tick start, Tick end, Tick unit) {
    const auto number = [unit](Tick t) { return static_cast<double>(t) / static_cast<double>(unit); };
    return fmt::format("{:g}-{:g}", number(start), number(end));
  }
  static void add(std::string& out, const std::string& item) { out += (out.empty() ? "" : ", ") + item; }
};

/// The operations of a plant up to a number of seconds.
inline std::string operations(const std::string& yaml, Tick seconds) {
  return Trial(yaml).until(seconds * kSecond).operations();
}

}  // namespace twin
