/// The engine in one include: plants, states, the rules that move them, and studies of them.
///
///     const auto plant = twin::Plant::load("shop.yaml");           // shared, immutable
///     auto now = twin::State::initial(plant, twin::Seed{1});
///     twin::advance(plant, plant.parameters(), now, 8h);
///     auto copy = now;                                             // one flat copy
///     const auto result = twin::simulate(plant, {.replications = 30, .threads = 2});
///
/// What follows a real floor stands above it, in twin/sync and twin/gateway.
#pragma once
#include "twin/base/distribution.hpp"
#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/ids.hpp"
#include "twin/base/math.hpp"
#include "twin/base/random.hpp"
#include "twin/base/time.hpp"
#include "twin/kernel/event_queue.hpp"
#include "twin/kernel/simulation.hpp"
#include "twin/model/builder.hpp"
#include "twin/model/document.hpp"
#include "twin/model/expression.hpp"
#include "twin/model/plant.hpp"
#include "twin/model/quantity.hpp"
#include "twin/model/schema.hpp"
#include "twin/sim/advance.hpp"
#include "twin/sim/assemble.hpp"
#include "twin/sim/recorder.hpp"
#include "twin/state/lots.hpp"
#include "twin/state/state.hpp"
#include "twin/study/cancelled.hpp"
#include "twin/study/compare.hpp"
#include "twin/study/forecast.hpp"
#include "twin/study/simulate.hpp"
#include "twin/study/statistics.hpp"

namespace twin {

using study::Cancelled;
using study::carry_parameters;
using study::compare_plants;
using study::compare_states;
using study::Comparison;
using study::Estimate;
using study::Forecast;
using study::forecast;
using study::ForecastOptions;
using study::Result;
using study::Scenario;
using study::simulate;
using study::SimulateOptions;
using study::what_if;
using study::WhatIfOptions;

}  // namespace twin
