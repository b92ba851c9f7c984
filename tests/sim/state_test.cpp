// What every State promises, on many random plants: it is a value that can be copied, cut, saved and counted.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "random_plant.hpp"
#include "twin/state/lots.hpp"

namespace twin {
namespace {

constexpr unsigned kPlants = 200;

void run(const Plant& plant, State& state, Tick until, Recorder* recorder = nullptr) {
  ASSERT_TRUE(advance(plant, plant.parameters(), state, Until{.time = until}, recorder));
}

/// Everything that can be counted twice is.
void expect_sound(const Plant& plant, const State& state) {
  const PlantData& data = plant.data();
  for (std::uint32_t m = 0; m < state.machines.size(); ++m) {
    const MachineState& machine = state.machines[m];
    const Tick spent =
        std::accumulate(machine.in_condition.begin(), machine.in_condition.end(), state.now - machine.since);
    ASSERT_EQ(spent, state.now) << data.machine_names[m];
  }
  std::vector<std::uint64_t> by_product(state.products.size()), by_source(data.sources.size()),
      by_order(state.orders.size());
  std::uint32_t live = 0, queued = 0;
  for (const Lot& lot : state.lots) {
    if (lot.place == Place::kFree) continue;
    ++live;
    queued += lot.place == Place::kQueue ? 1 : 0;
    if (lot.whole != kNone) continue;  // a part of a lot that is counted
    ++by_product[data.steps[lot.step].product.value];
    ++(lot.source < by_source.size() ? by_source[lot.source] : by_order[lot.source - by_source.size()]);
  }
  ASSERT_EQ(live, state.lot_count);
  std::uint64_t open = 0;
  for (std::size_t o = 0; o < state.orders.size(); ++o) {
    ASSERT_EQ(by_order[o], state.orders[o].released - state.orders[o].finished - state.orders[o].scrapped);
    open += data.orders[o].quantity - state.orders[o].finished - state.orders[o].scrapped;
  }
  ASSERT_EQ(open, state.open_orders);
  for (std::size_t p = 0; p < by_product.size(); ++p) {
    const ProductTotals& t = state.products[p];
    ASSERT_EQ(by_product[p], t.in_process);
    ASSERT_EQ(t.released, t.completed + t.scrapped + t.in_process);
  }
  for (std::size_t i = 0; i < by_source.size(); ++i)
    if (data.sources[i].kind == SourceKind::kConwip) {
      ASSERT_EQ(by_source[i], data.sources[i].level);
    }
  std::uint32_t in_queues = 0;
  for (std::uint32_t s = 0; s < state.stations.size(); ++s) {
    const StationState& station = state.stations[s];
    in_queues += station.queued;
    ASSERT_EQ(queue_lots(state, s).size(), station.queued);
    std::uint32_t idle = 0, inbound = 0;
    for (std::uint32_t m = data.stations[s].first_machine;
         m < data.stations[s].first_machine + data.stations[s].machine_count; ++m)
      idle += state.machines[m].condition == Condition::kStarved ? 1 : 0;
    for (const Lot& lot : state.lots)
      inbound += lot.place == Place::kTransit && data.choices[lot.choice].station.value == s ? 1 : 0;
    for (std::size_t l = 0; l < state.more.size(); ++l)
      if (const LotMore& more = state.more[l]; state.lots[l].place == Place::kMachine && more.decided)
        inbound += more.follows_choice != kNone && data.choices[more.follows_choice].station.value == s &&
                           data.machines[state.lots[l].machine].station.value != s
                       ? 1
                       : 0;
    ASSERT_EQ(station.idle, idle);
    ASSERT_EQ(station.inbound, inbound);
    const StationData& at = data.stations[s];
    if (at.batch.least > 1 || at.cycle > 0) continue;
    for (const std::uint32_t l : queue_lots(state, s))
      for (std::uint32_t m = at.first_machine; m < at.first_machine + at.machine_count; ++m)
        ASSERT_FALSE(state.machines[m].condition == Condition::kStarved &&
                     may_do(data, state, m, state.lots[l].choice, state.lots[l].step, l))
            << "a machine idles before a lot that it does";
  }
  for (std::size_t p = 0; p < state.pools.size(); ++p) {
    const PoolState& pool = state.pools[p];
    ASSERT_GE(pool.level, 0) << data.pool_names[p];
    if (!data.pools[p].material) {
      ASSERT_LE(pool.level, data.pools[p].count) << data.pool_names[p];
    }
    if (data.pools[p].places >= 0) {
      ASSERT_LE(pool.level + pool.promised, data.pools[p].places) << data.pool_names[p];
    }
  }
  ASSERT_EQ(in_queues, queued);
}

TEST(State, AddsUpAtEveryInstant) {
  std::uint64_t operations = 0;
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    State state = State::initial(plant, Seed{seed});
    std::mt19937 random(seed);
    for (int i = 0; i < 40; ++i) {
      run(plant, state, state.now + static_cast<Tick>(random() % 14'400) * kSecond);
      expect_sound(plant, state);
      if (HasFatalFailure()) FAIL() << "plant " << seed;
    }
    for (const MachineState& machine : state.machines) operations += machine.visits;
  }
  EXPECT_GT(operations, 50'000U) << "these plants should not stand still";
}

/// Sums kept in the state against those taken from the events one by one.
struct Sums final : Recorder {
  std::map<std::uint32_t, std::pair<LevelRecord, Wide>> queue, wip;
  static void add(std::map<std::uint32_t, std::pair<LevelRecord, Wide>>& levels, const LevelRecord& r) {
    auto& [last, area] = levels.try_emplace(r.index, LevelRecord{r.index, 0, 0}, 0).first->second;
    area += Wide{last.level} * (r.time - last.time);
    last = r;
  }
  void on_queue(const LevelRecord& r) override { add(queue, r); }
  void on_wip(const LevelRecord& r) override { add(wip, r); }
  void on_lot(const LotRecord& r) override {
    if (!r.scrapped) cycle[r.product] += r.finish - r.release;
  }
  void on_operation(const OperationRecord& r) override { EXPECT_TRUE(r.ready <= r.start && r.start <= r.end); }
  std::map<std::uint32_t, Wide> cycle;
};

TEST(State, ItsIntegralsAreThoseOfTheSamplePath) {
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    State state = State::initial(plant, Seed{seed});
    Sums sums;
    // What happens at the epoch itself is not recorded, so levels begin as the state has them.
    for (std::uint32_t p = 0; p < state.products.size(); ++p)
      sums.wip[p] = {LevelRecord{p, static_cast<std::uint32_t>(state.products[p].in_process), 0}, 0};
    for (std::uint32_t s = 0; s < state.stations.size(); ++s)
      sums.queue[s] = {LevelRecord{s, state.stations[s].queued, 0}, 0};
    run(plant, state, 3 * kDay + 12'345, &sums);
    for (auto& [p, entry] : sums.wip) {
      const Wide area = entry.second + Wide{entry.first.level} * (state.now - entry.first.time);
      const ProductTotals& t = state.products[p];
      EXPECT_TRUE(area == t.wip_integral + Wide{t.in_process} * state.now) << "plant " << seed;
      EXPECT_TRUE(sums.cycle[p] == t.cycle_time) << "plant " << seed;
    }
    for (auto& [s, entry] : sums.queue) {
      const Wide area = entry.second + Wide{entry.first.level} * (state.now - entry.first.time);
      const StationState& station = state.stations[s];
      EXPECT_TRUE(area == station.queue_integral + Wide{station.queued} * state.now) << "plant " << seed;
      // Little's law of the sample path: area is the waiting of those served and, so far, of those still there.
      Wide waiting = station.queue_time;
      for (const std::uint32_t l : queue_lots(state, s)) waiting += state.now - state.lots[l].entered;
      if (station.overdue == 0) {
        EXPECT_TRUE(area == waiting) << "plant " << seed;
      }
    }
  }
}

TEST(State, ACopyRunsAsTheOriginal) {
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    State original = State::initial(plant, Seed{seed});
    run(plant, original, 20 * kHour);
    State copy = original;
    const std::uint64_t before = original.digest(plant);
    run(plant, copy, 3 * kDay);
    EXPECT_EQ(original.digest(plant), before) << "running a copy leaves the original alone";
    run(plant, original, 3 * kDay);
    EXPECT_EQ(copy.history, original.history);
    EXPECT_TRUE(equal(plant, copy, original)) << "plant " << seed;
  }
}

TEST(State, RunsTheSameInOneGoAndInPieces) {
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    State whole = State::initial(plant, Seed{seed});
    State pieces = whole;
    run(plant, whole, 3 * kDay);
    std::mt19937 random(seed);
    while (pieces.now < 3 * kDay)
      run(plant, pieces, std::min(3 * kDay, pieces.now + static_cast<Tick>(random() % 9000) * kSecond));
    EXPECT_TRUE(equal(plant, whole, pieces)) << "plant " << seed;
    EXPECT_EQ(whole.events, pieces.events);
  }
}

TEST(State, GoesOnFromWhatWasSavedAsIfNothingHadHappened) {
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    State through = State::initial(plant, Seed{seed});
    State saved = through;
    std::mt19937 random(seed);
    for (int i = 0; i < 12; ++i) {
      const Tick until = through.now + static_cast<Tick>(random() % 30'000) * kSecond;
      run(plant, through, until);
      run(plant, saved, until);
      const std::string bytes = saved.save(plant);
      State loaded;
      ASSERT_NO_THROW(loaded = State::load(bytes, plant)) << "plant " << seed;
      ASSERT_TRUE(equal(plant, loaded, saved)) << "plant " << seed;
      ASSERT_EQ(loaded.digest(plant), through.digest(plant)) << "whatever slots its lots have";
      ASSERT_EQ(loaded.save(plant), bytes);
      ASSERT_EQ(loaded.open_orders, through.open_orders);
      expect_sound(plant, loaded);
      saved = std::move(loaded);
    }
    EXPECT_EQ(saved.history, through.history);
  }
}

TEST(State, CanBeSavedWhereverARunStops) {
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    State state = State::initial(plant, Seed{seed});
    advance(plant, plant.parameters(), state, Until{.time = kWeek, .orders_done = true});
    State loaded;
    ASSERT_NO_THROW(loaded = State::load(state.save(plant), plant)) << "plant " << seed;
    run(plant, loaded, kWeek + kDay);
    run(plant, state, kWeek + kDay);
    EXPECT_TRUE(equal(plant, loaded, state)) << "plant " << seed;
  }
  // The last order is done at the very instant of closing, before the calendar is looked at.
  const Plant plant = Plant::parse(
      "calendars: {c: {daily: \"00:00-03:00\"}}\nstations: {a: {calendar: c}, b: {calendar: c}}\n"
      "products: {p: {route: [{at: a, time: 3 h}]}}\norders: [{id: O, product: p}]");
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.orders_done = true});
  EXPECT_EQ(state.now, 3 * kHour);
  EXPECT_TRUE(equal(plant, State::load(state.save(plant), plant), state));
}

TEST(State, OfRareEventsFarAwayCanBeSaved) {
  const Plant plant = Plant::parse(
      "stations: {a: {failures: [{after: \"exponential(400000 d) of time\", repair: 1 h}]}}\n"
      "products: {p: {route: [{at: a, time: 1 h}], arrivals: every 2 h}}");
  for (unsigned seed = 0; seed < 20; ++seed) {
    State state = State::initial(plant, Seed{seed});
    run(plant, state, 50 * kDay);
    EXPECT_TRUE(equal(plant, State::load(state.save(plant), plant), state));
    const State future = branch(plant, plant.parameters(), state, 1);
    EXPECT_TRUE(equal(plant, State::load(future.save(plant), plant), future));
  }
}

TEST(State, RunsAlikeInAnyNumberOfThreads) {
  std::vector<Plant> plants;
  std::vector<State> sequential, parallel;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    plants.push_back(random_plant(seed));
    parallel.push_back(State::initial(plants.back(), Seed{seed}));
  }
  sequential = parallel;
  for (std::size_t i = 0; i < plants.size(); ++i) run(plants[i], sequential[i], 4 * kDay);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < plants.size(); i += 4) run(plants[i], parallel[i], 4 * kDay);
      State shared = branch(plants[0], plants[0].parameters(), sequential[0], t);  // one state read by all
      run(plants[0], shared, 5 * kDay);
    });
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < plants.size(); ++i) EXPECT_TRUE(equal(plants[i], sequential[i], parallel[i]));
}

TEST(State, IsNotChangedByWhatHasNothingToDoWithIt) {
  for (unsigned seed = 1; seed <= kPlants; ++seed) {
    const Plant plant = random_plant(seed);
    const Plant more = random_plant(
        seed, "  idle: {machines: 3, failures: [{after: 50 min of time, repair: 7 min}], calendar: night}\n",
        "  other: {route: [{at: idle, time: exponential(9 min)}], arrivals: every exponential(11 min)}\n");
    State a = State::initial(plant, Seed{seed}), b = State::initial(more, Seed{seed});
    History of_a, of_b;
    run(plant, a, 2 * kDay, &of_a);
    run(more, b, 2 * kDay, &of_b);
    using Line = std::tuple<std::string, std::string, Tick, Tick, Tick>;
    const auto lines = [](const Plant& p, const History& history) {
      std::vector<Line> out;
      for (const auto& r : history.operations)
        if (!p.data().machine_names[r.machine].starts_with("idle"))
          out.emplace_back(lot_name(p.data(), r.source, r.serial), p.data().machine_names[r.machine], r.ready, r.start,
                           r.end);
      return out;
    };
    EXPECT_EQ(lines(plant, of_a), lines(more, of_b)) << "plant " << seed;
  }
}

TEST(Advance, RefusesToGoBackAndStatesOfOtherPlants) {
  const Plant plant = random_plant(1), other = random_plant(2);
  State state = State::initial(plant);
  run(plant, state, kHour);
  const std::uint64_t digest = state.digest(plant);
  EXPECT_THROW(advance(plant, plant.parameters(), state, Until{.time = kHour - 1}), InvalidArgument);
  EXPECT_THROW(advance(plant, plant.parameters(), state, Duration{-1}), InvalidArgument);
  EXPECT_THROW(advance(other, other.parameters(), state, Until{.time = kDay}), InvalidArgument);
  EXPECT_EQ(state.digest(plant), digest);
  const std::atomic<bool> cancel = true;
  EXPECT_FALSE(advance(plant, plant.parameters(), state, Until{.time = 1000 * kWeek, .cancel = &cancel}));
  EXPECT_LT(state.now, 1000 * kWeek);
}

TEST(Advance, ToTheEndOfTimeStopsWithTheLastEvent) {
  const Plant plant =
      Plant::parse("stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 4 s}]}}\norders: [{id: O, product: p}]");
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Duration::max());
  EXPECT_EQ(state.now, 4 * kSecond);
  EXPECT_TRUE(advance(plant, plant.parameters(), state, Until{.time = INT64_MAX}));
  EXPECT_EQ(state.now, 4 * kSecond);
}

TEST(State, OfAnotherPlantIsRefusedByEveryUse) {
  const Plant plant = random_plant(1), other = random_plant(2);
  const State state = State::initial(plant);
  const auto said = [](const auto& use) {
    try {
      use();
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  using ::testing::HasSubstr;
  const std::string both = fmt::format("belongs to another plant (digest {:016x}, this plant has {:016x}); migrate it",
                                       plant.digest(), other.digest());
  EXPECT_THAT(said([&] { (void)state.save(other); }), HasSubstr("save: the state " + both));
  EXPECT_THAT(said([&] { (void)state.digest(other); }), HasSubstr("digest: the state " + both));
  EXPECT_THAT(said([&] { (void)equal(other, State::initial(other), state); }), HasSubstr("equal: the state " + both));
  EXPECT_THAT(said([&] { (void)branch(other, other.parameters(), state, 1); }), HasSubstr("branch: the state " + both));
  EXPECT_THAT(said([&] { (void)migrate(other, plant, state); }),
              HasSubstr(fmt::format("migrate: the state belongs to another plant (digest {:016x}) than it is said to "
                                    "come from (digest {:016x})",
                                    plant.digest(), other.digest())));
  EXPECT_EQ(said([&] { (void)equal(plant, state, state); }), "nothing");
}

TEST(Parameters, OfAnotherPlantAreRefused) {
  const Plant plant = Plant::parse(R"yaml(
stations: {a: {}, b: {}}
products:
  p:
    route: [{at: a, time: "empirical(1, 2 s)", then: {pass: 0.5, scrap: 0.5}}, {at: b, time: 1 s}]
    arrivals: every 5 s
)yaml");
  const auto said = [&](const std::function<void(Parameters&)>& change, bool cheap) {
    Parameters parameters = plant.parameters();
    change(parameters);
    State state = State::initial(plant);
    const auto refusal = [&](const auto& use) {
      try {
        use();
      } catch (const InvalidArgument& error) {
        return std::string(error.what());
      }
      return std::string("nothing");
    };
    const std::string why = refusal([&] { check_parameters(plant, parameters); });
    EXPECT_EQ(refusal([&] { (void)State::initial(plant, parameters, Seed{1}); }), why);
    EXPECT_EQ(refusal([&] { (void)branch(plant, parameters, state, 1); }), why);
    if (cheap) {
      EXPECT_EQ(refusal([&] { advance(plant, parameters, state, Until{.time = kMinute}); }), why);
      EXPECT_EQ(refusal([&] { branch_into(plant, parameters, State::initial(plant), 1, state); }), why);
    }
    return why;
  };
  using ::testing::HasSubstr;
  EXPECT_EQ(said([](Parameters&) {}, true), "nothing");
  EXPECT_THAT(said([](Parameters& p) { p.distributions.pop_back(); }, true),
              HasSubstr("the parameters have 2 distributions; allowed: 3, as plant 'plant' has"));
  EXPECT_THAT(said([](Parameters& p) { p.branch_probability.clear(); }, true),
              HasSubstr("0 branch probabilities; allowed: 2"));
  EXPECT_THAT(said([](Parameters& p) { p.speed.push_back(1); }, true), HasSubstr("3 speeds; allowed: 2"));
  EXPECT_THAT(said([](Parameters& p) { p.table.clear(); }, false),
              HasSubstr("the table of distribution 'products.p.route.a.time' ends at 2; allowed: at most 0"));
  EXPECT_THAT(said(
                  [&](Parameters& p) {
                    for (FlatDistribution& d : p.distributions) d.table_count = 0;
                  },
                  false),
              HasSubstr("'products.p.route.a.time' has 0 numbers; allowed: 1 or more"));
  EXPECT_THAT(
      said([&](Parameters& p) { p.set(plant.data().sources[0].interarrival, Distribution::deterministic(0)); }, false),
      HasSubstr("is 0 s; allowed: above 0"));
}

}  // namespace
}  // namespace twin
