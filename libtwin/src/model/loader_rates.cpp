#include "plant_loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <string_view>

namespace twin::model_detail {
namespace {

/// As twin::Condition numbers them.
constexpr std::array<std::string_view, kRateConditions> kConditionNames{"starved", "working", "setup",  "blocked",
                                                                        "down",    "off",     "waiting"};
constexpr std::size_t kWorking = 1, kSetup = 2;

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array<Unit, 4> kPowers{{{"W", 1}, {"kW", 1e3}, {"MW", 1e6}, {"mW", 1e-3}}};
constexpr std::array<Unit, 4> kMasses{{{"g", 1e-3}, {"kg", 1}, {"t", 1e3}, {"mg", 1e-6}}};
constexpr std::array<Unit, 4> kEnergies{{{"kWh", 3.6e6}, {"MWh", 3.6e9}, {"J", 1}, {"MJ", 1e6}}};

template <std::size_t N>
double factor_of(const std::array<Unit, N>& units, std::string_view name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  return found == units.end() ? 0 : found->factor;
}

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

/// A number with the unit that its shape asks for, in SI; 0 alone is 0 of anything.
std::optional<double> PlantLoader::rate(const Place& place, Shape shape) {
  if (!place || !scalar(place, shape)) return std::nullopt;
  const std::string_view text = trimmed(place.node->scalar);
  const auto end = std::min(text.find_first_of(" \tABCDFGHIJKLMNOPQRSTUVWXYZmkgt"), text.size());
  const std::string_view digits = trimmed(text.substr(0, end));
  const std::string_view unit = trimmed(text.substr(end));
  const auto refuse = [&]() -> std::optional<double> {
    fault(place, fmt::format("'{}' does not fit here", shown(*place.node)), allowed(shape));
    return std::nullopt;
  };
  if (!is_number(digits)) return refuse();
  const double value = read_number(digits);
  if (!(value >= 0) || value > 1e15) return refuse();
  if (value == 0 && unit.empty()) return 0;
  if (shape == Shape::kPower) {
    const double factor = factor_of(kPowers, unit);
    return factor > 0 ? std::optional(value * factor) : refuse();
  }
  const auto slash = unit.find('/');
  const std::string_view above = trimmed(unit.substr(0, slash));
  const std::string_view below = slash == std::string_view::npos ? std::string_view{} : trimmed(unit.substr(slash + 1));
  if (shape == Shape::kCarbon) {
    const double mass = factor_of(kMasses, above);
    const double energy = factor_of(kEnergies, below);
    return mass > 0 && energy > 0 ? std::optional(value * mass / energy) : refuse();
  }
  if (!is_currency(above)) return refuse();
  if (plant_.currency.empty()) plant_.currency = above;
  if (plant_.currency != above)
    fault(place, fmt::format("'{}' is not the currency of the costs before", above), plant_.currency);
  if (shape == Shape::kPrice) return below.empty() ? std::optional(value) : refuse();
  double seconds = 0;
  try {
    seconds = below.empty() ? 0 : read_seconds(fmt::format("1 {}", below));
  } catch (const TextFault&) {
    return refuse();
  }
  return seconds > 0 ? std::optional(value / seconds) : refuse();
}

/// One figure, which holds while a machine works (a cost also while it is set up), or one for each condition.
void PlantLoader::read_rates(const Place& place, Shape shape, std::array<double, kRateConditions>& rates) {
  if (!place) return;
  const Shape one = shape == Shape::kMachineCost ? Shape::kCostRate : shape;
  if (!place.node->is_mapping()) {
    rates[kWorking] = rate(place, one).value_or(0);
    if (shape == Shape::kMachineCost) rates[kSetup] = rates[kWorking];
    return;
  }
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    const auto found = std::ranges::find(kConditionNames, entry.key);
    if (found == kConditionNames.end()) {
      const std::vector<std::string> names(kConditionNames.begin(), kConditionNames.end());
      fault(entry.key_mark, at.path, entry.key,
            fmt::format("'{}' is nothing that a machine is doing{}", entry.key, did_you_mean(entry.key, names)),
            list_of(names));
      continue;
    }
    rates[static_cast<std::size_t>(found - kConditionNames.begin())] = rate(at, one).value_or(0);
  }
}

void PlantLoader::add_rates() {
  const auto said = [](const auto& spec) { return std::ranges::any_of(spec->power, [](double x) { return x != 0; }); };
  if (std::ranges::any_of(station_specs_, said))
    for (const auto& spec : station_specs_)
      plant_.power.insert(plant_.power.end(), spec->power.begin(), spec->power.end());
  if (plant_.currency.empty()) return;
  for (const auto& spec : station_specs_)
    plant_.machine_cost.insert(plant_.machine_cost.end(), spec->cost.begin(), spec->cost.end());
  plant_.pool_cost = pool_rates_;
  material_rates_.resize(plant_.pools.size());
  for (const MaterialRates& one : material_rates_) {
    plant_.order_cost.push_back(one.order);
    plant_.stock_cost.push_back(one.stock);
    plant_.short_cost.push_back(one.shortage);
  }
  plant_.holding_cost = holding_;
  plant_.lateness_cost = lateness_;
}

}  // namespace twin::model_detail
