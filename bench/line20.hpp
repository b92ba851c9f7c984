/// The 20-machine unreliable line, as the benchmarks of several modules hold it.
#pragma once
#include "twin/sim/advance.hpp"

namespace bench {

struct Line20 {
  twin::Plant plant = twin::Plant::load("scenarios/lines/unreliable20.yaml");
  twin::State warm = twin::State::initial(plant, twin::Seed{1});  ///< as it is after 1000 min: buffers partly full

  Line20() { advance(plant, plant.parameters(), warm, std::chrono::minutes{1000}); }
  [[nodiscard]] std::uint64_t completed(const twin::State& state) const { return state.products[0].completed; }
};

}  // namespace bench
