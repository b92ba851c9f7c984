/// Expected work of routes: what is left to do at each step, at speed 1, without setups and waiting.
#pragma once
#include <vector>

#include "twin/model/plant.hpp"

namespace twin {

/// From the means of some parameters; rework as often as it is expected, alternatives as their average, parallel
/// branches all together; a step that only some lots do counts by their share.
struct RouteWork {
  std::vector<double> work;         ///< by choice, seconds
  std::vector<double> work_after;   ///< by step, seconds: of all steps that follow
  std::vector<double> steps_after;  ///< by step: operations that follow
  std::vector<double> come_work;    ///< by step, seconds: of a lot that comes to it, also where some lots pass it by
  std::vector<double> come_steps;   ///< by step: operations of a lot that comes to it

  /// Of a step itself: the average of its alternatives.
  [[nodiscard]] double own(const PlantData& plant, std::uint32_t step) const noexcept;
  /// Of a whole route.
  [[nodiscard]] double of_route(const PlantData& plant, ProductId product) const noexcept;
  [[nodiscard]] double steps_of_route(const PlantData& plant, ProductId product) const noexcept;
};

/// \note Cost: what follows a step depends on later steps, and on earlier ones through rework, so the steps are swept
/// until the figures stand still, at most 1000 times.
[[nodiscard]] RouteWork route_work(const PlantData& plant, const Parameters& parameters);

}  // namespace twin
