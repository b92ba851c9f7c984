// A program outside the project: links the installed library and runs a plant, a fork and a what-if.
#include <cmath>
#include <cstdio>

#include <twin/twin.hpp>

int main() {
  using namespace std::chrono_literals;
  const auto plant = twin::Plant::parse(R"(
stations: {mill: {}}
products: {part: {route: [{at: mill, time: 40 s}], arrivals: every 60 s}}
run: {until: 100 h}
)");
  auto now = twin::State::initial(plant, twin::Seed{1});
  twin::advance(plant, plant.parameters(), now, 8h);
  auto copy = now;
  twin::advance(plant, plant.parameters(), copy, 1h);
  twin::advance(plant, plant.parameters(), now, 1h);
  if (!twin::equal(plant, now, copy)) return 1;

  const auto result = twin::simulate(plant, {.replications = 2, .threads = 2});
  std::printf("cycle time %.1f s\n", result["part.cycle_time"].mean);
  return std::abs(result["part.cycle_time"].mean - 40) < 1e-6 ? 0 : 1;
}
