/// A clock and an event queue that move any copyable model: the part of the engine that knows no factory.
#pragma once
#include <concepts>
#include <utility>

#include "twin/kernel/event_queue.hpp"

namespace twin::kernel {

/// A model reacts to an event and may schedule or cancel others. Being copyable makes a running simulation a value.
template <class Model>
concept SimulationModel = std::copyable<Model> && requires(Model model, const Event& event, EventQueue& queue) {
  model.handle(event, queue);
};

/// A running simulation of `Model`. Copying it forks it: both copies go on alike and independently.
template <SimulationModel Model>
class Simulation {
 public:
  explicit Simulation(Model model, std::size_t slots = 0) : model_(std::move(model)), queue_(slots) {}

  [[nodiscard]] Tick now() const noexcept { return now_; }
  [[nodiscard]] const Model& model() const noexcept { return model_; }
  [[nodiscard]] Model& model() noexcept { return model_; }
  [[nodiscard]] EventQueue& queue() noexcept { return queue_; }

  /// Runs every event up to and including `until`, then sets the clock to it.
  /// \return the number of events run
  /// \throws InvalidArgument  `until` lies before now()
  std::uint64_t run(Tick until) {
    if (until < now_) throw InvalidArgument("Simulation::run: the end lies before the clock");
    std::uint64_t count = 0;
    while (!queue_.empty() && queue_.top().time <= until) {
      const Event event = queue_.pop();
      now_ = event.time;
      model_.handle(event, queue_);
      ++count;
    }
    now_ = until;
    return count;
  }

 private:
  Model model_;
  EventQueue queue_;
  Tick now_ = 0;
};

}  // namespace twin::kernel
