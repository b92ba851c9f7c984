#include "twin/sim/recursion.hpp"

#include <fmt/format.h>

#include "recursion_impl.hpp"

namespace twin {
namespace {

template <class R>
bool run(const Plant& plant, const Parameters& parameters, State& state, const Until& until, R recorder) {
  check_plant(plant, state, "advance");
  check_parameters(plant, parameters);
  if (until.time < state.now)
    throw InvalidArgument(fmt::format("advance: the end {} lies before the state's clock {}",
                                      format_wall_time(plant.wall(until.time)),
                                      format_wall_time(plant.wall(state.now))));
  Until end = until;
  end.time = std::min(end.time, kNever);
  return detail::Recursion<R>(plant.data(), parameters, state, recorder).run(end);
}

}  // namespace

bool advance_by_recursion(const Plant& plant, const Parameters& parameters, State& state, const Until& until) {
  return run(plant, parameters, state, until, detail::NoRecorder{});
}
bool advance_by_recursion(const Plant& plant, const Parameters& parameters, State& state, const Until& until,
                          LotLog& lots) {
  return run(plant, parameters, state, until, detail::LotLogAdapter{lots});
}
bool advance_by_recursion(const Plant& plant, const Parameters& parameters, State& state, const Until& until,
                          Recorder& recorder) {
  return run(plant, parameters, state, until, detail::RecorderAdapter{recorder});
}

}  // namespace twin
