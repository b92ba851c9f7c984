/// A clock and an event queue that move any copyable model: the part of the engine that knows no factory.
#pragma once
#include <concepts>
#include <type_traits>
#include <utility>

#include "twin/kernel/event_queue.hpp"
#include "twin/kernel/forward_queue.hpp"

namespace twin::kernel {

template <class Model, class Queue>
concept Handles = requires(Model model, const Event& event, Queue& queue) {
  model.handle(event, queue);
};

/// A model reacts to an event and may schedule others, and cancel them where it takes an EventQueue. One that only
/// schedules takes a ForwardQueue, which is faster where very many are pending. Being copyable makes a running
/// simulation a value.
template <class Model>
concept SimulationModel = std::copyable<Model> &&(Handles<Model, EventQueue> || Handles<Model, ForwardQueue>);

/// A running simulation of `Model`. Copying it forks it: both copies go on alike and independently.
template <SimulationModel Model>
class Simulation {
 public:
  using Queue = std::conditional_t<Handles<Model, EventQueue>, EventQueue, ForwardQueue>;

  explicit Simulation(Model model, std::size_t slots = 0) : model_(std::move(model)), queue_(slots) {}

  [[nodiscard]] Tick now() const noexcept { return now_; }
  [[nodiscard]] const Model& model() const noexcept { return model_; }
  [[nodiscard]] Model& model() noexcept { return model_; }
  [[nodiscard]] Queue& queue() noexcept { return queue_; }

  /// Runs every event up to and including `until`, then sets the clock to it.
  /// \return the number of events run
  /// \throws InvalidArgument  `until` lies before now()
  std::uint64_t run(Tick until) {
    if (until < now_) throw InvalidArgument("Simulation::run: the end lies before the clock");
    std::uint64_t count = 0;
    for (const Event* next = queue_.first(); next != nullptr && next->time <= until; next = queue_.first()) {
      const Event event = *next;
      queue_.drop_first();
      now_ = event.time;
      model_.handle(event, queue_);
      ++count;
    }
    now_ = until;
    return count;
  }

 private:
  Model model_;
  Queue queue_;
  Tick now_ = 0;
};

}  // namespace twin::kernel
