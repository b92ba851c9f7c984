// How a service holds the library: a plant loaded once and shared, a state per request, no global, no lock.
//
//   requests ──▶ worker 1 ─┐
//            ──▶ worker 2 ─┼─▶ shared Plant (immutable) ──▶ own State, forecast ──▶ answer or typed error
//            ──▶ worker 3 ─┘
//
// CMake of such a service:
//   find_package(twin REQUIRED)
//   target_link_libraries(service PRIVATE twin::twin)
//
// Expected output:
// done in 3.25 h (P10 2.94, P90 3.63)
// done in 2.26 h (P10 2.06, P90 2.52)
// refused: the plant has a fault:
//   stations.mill.machines: 'none' does not fit here; allowed: a whole number from 1 to 100000, or {name: machine}
// refused: saved state: the checksum does not fit: the bytes are damaged or cut off
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "twin/twin.hpp"

namespace {

struct Request {
  std::string snapshot;  ///< bytes of a saved state, as they came over the wire
  std::string change;    ///< path of the plant to change; empty: as it is
  std::string value;
};

/// What a handler does: from bytes to a sentence. Every fault of the caller is a twin::Error with a message.
std::string answer(const twin::Plant& shared, const Request& request) {
  try {
    twin::State state = twin::State::load(request.snapshot, shared);
    twin::Plant plant = shared;  // a handle: copying it shares the plant
    if (!request.change.empty()) {
      plant = shared.change({{request.change, request.value}});
      state = twin::migrate(shared, plant, state);
    }
    // One thread for each request: the service has its own. The answer is the same bits for any number.
    const auto future = twin::forecast(plant, plant.parameters(), state, {.futures = 200, .threads = 1});
    const auto hours = [&](double p) {
      return static_cast<double>(future.quantile("order.finish", p) - state.now) / 3.6e12;
    };
    return fmt::format("done in {:.2f} h (P10 {:.2f}, P90 {:.2f})", hours(0.5), hours(0.1), hours(0.9));
  } catch (const twin::Error& error) {
    return fmt::format("refused: {}", error.what());
  }
}

}  // namespace

int main() {
  using namespace std::chrono_literals;
  using twin::Distribution;
  const auto plant = twin::PlantBuilder{"cell"}
                         .station("mill")
                         .machines(2)
                         .failure(Distribution::exponential(8 * 3600), Distribution::lognormal_mean_cv(1200, 0.8))
                         .station("wash")
                         .product("part")
                         .step({.at = "mill", .time = Distribution::gamma_mean_cv(900, 0.3)})
                         .step({.at = "wash", .time = Distribution::deterministic(240)})
                         .set("orders", "[{id: batch, product: part, quantity: 40}]")
                         .build();

  auto state = twin::State::initial(plant, twin::Seed{5});
  twin::advance(plant, plant.parameters(), state, 2h);
  const std::string snapshot = state.save(plant);

  std::string damaged = snapshot;
  damaged[damaged.size() / 2] ^= 1;
  const std::vector<Request> requests{
      {snapshot, "", ""},
      {snapshot, "stations.mill.machines", "3"},
      {snapshot, "stations.mill.machines", "none"},
      {damaged, "", ""},
  };

  std::vector<std::string> answers(requests.size());
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    workers.emplace_back([&, i] { answers[i] = answer(plant, requests[i]); });
  }
  for (auto& worker : workers) worker.join();
  for (const auto& text : answers) fmt::print("{}\n", text);
}
