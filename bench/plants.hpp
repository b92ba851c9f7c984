/// Plants that bench/plants.py makes, from the folder into which bench/run.py has it write them.
#pragma once
#include <filesystem>
#include <string>

#include "twin/sim/advance.hpp"

namespace bench {

/// \throws twin::InvalidArgument  the file is not there yet
inline twin::Plant made_plant(const std::string& name) {
  const std::filesystem::path file = "build/bench/plants/" + name + ".yaml";
  if (!std::filesystem::exists(file))
    throw twin::InvalidArgument(file.string() + " is not there; write it with bench/plants.py build/bench/plants");
  return twin::Plant::load(file);
}

/// Operations finished so far on all machines; each lot of a batch counts.
inline std::uint64_t operations(const twin::State& state) {
  std::uint64_t sum = 0;
  for (const twin::MachineState& machine : state.machines) sum += machine.visits;
  return sum;
}

/// A plant that has run for its warm-up.
struct Running {
  twin::Plant plant;
  twin::State warm;

  explicit Running(const std::string& name, twin::Tick until = twin::kNever)
      : plant(made_plant(name)), warm(twin::State::initial(plant, twin::Seed{1})) {
    advance(plant, plant.parameters(), warm, {.time = until < twin::kNever ? until : plant.run().warmup});
  }
};

}  // namespace bench
