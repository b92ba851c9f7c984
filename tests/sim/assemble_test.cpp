#include "twin/sim/assemble.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "trial.hpp"

namespace twin {
namespace {

using ::testing::HasSubstr;

constexpr const char* kShop = R"yaml(
calendars: {day: {daily: "06:00-14:00"}}
stations:
  saw: {calendar: day, machines: {S: {}}}
  mill: {machines: {M1: {}, M2: {}}, queue: {rule: edd}, changeover: 30 min, failures: [{after: 100 h of work, repair: 1 h}]}
products:
  p: {route: [{at: saw, time: 1 h}, {at: mill, time: "uniform(1, 3 h)"}]}
orders:
  - {id: A, product: p, quantity: 3, due: 90 h}
  - {id: B, product: p, quantity: 2, release: 1 h, due: 80 h}
  - {id: C, product: p, quantity: 1, release: 60 h}
)yaml";

/// At 31:00, a Tuesday: A-01 finished, A-02 on M1 for an hour, A-03 and B-02 wait for the mill, B-01 is on the saw,
/// halfway.
Facts facts(const Plant& plant) {
  Facts f;
  f.now = 31 * kHour;
  f.seed = Seed{5};
  f.orders = {{.released = 3, .finished = 1, .finish = 20 * kHour}, {.released = 2}, {}};
  f.machines.resize(plant.data().machines.size());
  const auto lot = [&](const char* order, std::uint32_t serial, const char* step, Tick ready) {
    LotFact fact;
    fact.order = plant.order(order);
    fact.serial = serial;
    fact.step = plant.step("p", step);
    fact.ready = ready;
    f.lots.push_back(fact);
  };
  lot("A", 1, "mill", 29 * kHour);
  f.lots.back().machine = plant.machine("M1");
  f.lots.back().started = 30 * kHour;
  f.lots.back().worked = kHour;
  lot("A", 2, "mill", 30 * kHour + 45 * kMinute);
  lot("B", 0, "saw", 2 * kHour);
  f.lots.back().machine = plant.machine("S");
  f.lots.back().started = 30 * kHour + 30 * kMinute;
  f.lots.back().worked = 30 * kMinute;
  lot("B", 1, "mill", 30 * kHour + 50 * kMinute);
  f.machines[plant.machine("M2").value] = {.free_since = 30 * kHour + 55 * kMinute,
                                           .last_step = plant.step("p", "mill")};
  return f;
}
State assembled(const Plant& plant, const Facts& f) {
  const State state = assemble(plant, plant.parameters(), f);
  EXPECT_TRUE(equal(plant, State::load(state.save(plant), plant), state)) << "what is assembled can be saved";
  return state;
}

TEST(Assemble, MakesTheStateInWhichTheFactsHold) {
  const Plant plant = Plant::parse(kShop);
  const State state = assembled(plant, facts(plant));
  EXPECT_EQ(state.now, 31 * kHour);
  EXPECT_EQ(state.open_orders, 2U + 2U + 1U);
  EXPECT_EQ(state.products[0].in_process, 4U);
  EXPECT_EQ(state.products[0].completed, 1U);
  const MachineState& m1 = state.machines[plant.machine("M1").value];
  EXPECT_EQ(m1.started, 30 * kHour);
  EXPECT_EQ(m1.left, kHour) << "uniform on 1 to 3 h, 1 h worked: the median of what is left";
  EXPECT_EQ(m1.total, 2 * kHour);
  const MachineState& m2 = state.machines[plant.machine("M2").value];
  EXPECT_EQ(m2.phase, Phase::kProcessing) << "it did the same step before, so it need not be set up";
  EXPECT_EQ(lot_name(plant.data(), state.lots[m2.lot].source, state.lots[m2.lot].serial), "B-02") << "due first";
  EXPECT_EQ(state.machines[plant.machine("S").value].left, 30 * kMinute);
}

TEST(Assemble, GoesOnFromThere) {
  const Plant plant = Plant::parse(kShop);
  State state = assembled(plant, facts(plant));
  History history;
  advance(plant, plant.parameters(), state, Until{.orders_done = true}, &history);
  std::vector<std::string> lots;
  for (const auto& r : history.lots) lots.push_back(lot_name(plant.data(), r.source, r.serial));
  EXPECT_THAT(lots, ::testing::UnorderedElementsAre("A-02", "A-03", "B-01", "B-02", "C"));
  for (const auto& r : history.operations)
    if (r.source == 2 && r.serial == 0 && r.step == 0) {
      EXPECT_GE(r.start, 60 * kHour);
    }
  EXPECT_GT(state.now, 61 * kHour);
}

TEST(Assemble, FactsInAnyOrderGiveAnEqualState) {
  const Plant plant = Plant::parse(kShop);
  const State state = assembled(plant, facts(plant));
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    Facts f = facts(plant);
    std::ranges::shuffle(f.lots, random);
    EXPECT_TRUE(equal(plant, assemble(plant, plant.parameters(), f), state));
  }
}

TEST(Assemble, ASetupHasBeenUnderWaySinceTheMachineWasFree) {
  const Plant plant = Plant::parse(kShop);
  Facts f = facts(plant);
  f.machines[plant.machine("M2").value].last_step = StepId{};
  const State state = assembled(plant, f);
  const MachineState& m2 = state.machines[plant.machine("M2").value];
  EXPECT_EQ(m2.phase, Phase::kSetup);
  EXPECT_EQ(m2.started, 30 * kHour + 55 * kMinute);
  EXPECT_EQ(m2.total - m2.left, 5 * kMinute);
}

TEST(Assemble, WhatStandsStillIsUnderRepair) {
  const Plant plant = Plant::parse(kShop);
  Facts f = facts(plant);
  f.lots[0].stands_since = 30 * kHour + 40 * kMinute;
  const State state = assembled(plant, f);
  const MachineState& m1 = state.machines[plant.machine("M1").value];
  EXPECT_EQ(m1.condition, Condition::kDown);
  EXPECT_EQ(state.queue.time_of(plant.machine("M1").value), 31 * kHour + 40 * kMinute) << "repairs take one hour";
}

TEST(Assemble, TakesTheBeliefOfWhatIsLeft) {
  const Plant plant = Plant::parse(kShop);
  Facts f = facts(plant);
  std::array<Tick, kBeliefLevels.size()> left{};
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = static_cast<Tick>(i + 1) * kMinute;
  f.lots[0].left = left;
  const State state = assembled(plant, f);
  ASSERT_EQ(state.beliefs.size(), 1U);
  EXPECT_EQ(state.machines[plant.machine("M1").value].left, 9 * kMinute) << "the median";
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Tick drawn = branch(plant, plant.parameters(), state, i).machines[plant.machine("M1").value].left;
    EXPECT_TRUE(drawn >= kMinute && drawn <= 17 * kMinute);
  }
}

TEST(Assemble, AClosedMachineKeepsItsLotUntilItOpens) {
  const Plant plant = Plant::parse(kShop);
  Facts f = facts(plant);
  f.now = 39 * kHour;  // 15:00
  State state = assembled(plant, f);
  EXPECT_EQ(state.machines[plant.machine("S").value].condition, Condition::kOff);
  advance(plant, plant.parameters(), state, Until{.time = 54 * kHour + 29 * kMinute});
  EXPECT_EQ(state.machines[plant.machine("S").value].visits, 0U);
  advance(plant, plant.parameters(), state, Until{.time = 54 * kHour + 30 * kMinute});
  EXPECT_EQ(state.machines[plant.machine("S").value].visits, 1U);
}

TEST(Assemble, NamesFactsThatContradictEachOther) {
  const Plant plant = Plant::parse(kShop);
  const auto said = [&](const std::function<void(Facts&)>& change) {
    Facts f = facts(plant);
    change(f);
    try {
      (void)assemble(plant, plant.parameters(), f);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(said([](Facts&) {}), "nothing");
  EXPECT_THAT(said([](Facts& f) { f.orders.pop_back(); }), HasSubstr("facts of 2 orders; the plant has 3"));
  EXPECT_THAT(said([](Facts& f) { f.machines.clear(); }), HasSubstr("facts of 0 machines; the plant has 3"));
  EXPECT_THAT(said([](Facts& f) { f.lots.pop_back(); }),
              HasSubstr("order B: 2 released, 0 finished, 0 scrapped and 1 under way"));
  EXPECT_THAT(said([](Facts& f) { f.orders[0].finished = 2; }), HasSubstr("order A: 3 released, 2 finished"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].serial = 1; }), HasSubstr("lot 2 of order A is in two places"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].serial = 3; }),
              HasSubstr("A-04 is in process; order A has released 3 lots"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].order = OrderId{2}; }),
              HasSubstr("is in process; order C has released 0 lots"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].order = OrderId{9}; }), HasSubstr("belongs to no order"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].step = StepId{7}; }), HasSubstr("A-03 stands at no step of its product"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].machine = f.lots[0].machine; }), HasSubstr("another lot are both on M1"));
  EXPECT_THAT(said([](Facts& f) { f.lots[2].step = f.lots[0].step; }),
              HasSubstr("B-01 is on S, which does not do mill"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].machine = MachineId{99}; }), HasSubstr("A-03 is on no machine"));
  EXPECT_THAT(said([](Facts& f) { f.lots[0].started = f.now + 1; }), HasSubstr("A-02 was worked on in the future"));
  EXPECT_THAT(said([](Facts& f) { f.machines[1].last_step = StepId{50}; }),
              HasSubstr("M1 did a step that does not exist"));
}

TEST(Assemble, RefusesTimesThatNoSavedStateCanHold) {
  const Plant plant = Plant::parse(kShop);
  const auto said = [&](const std::function<void(Facts&)>& change) {
    Facts f = facts(plant);
    change(f);
    try {
      (void)assemble(plant, plant.parameters(), f);
    } catch (const InvalidArgument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(said([](Facts& f) { f.now = kNever / 2; }), HasSubstr("now is 2305843009213693951 ns from"));
  EXPECT_THAT(said([](Facts& f) { f.now = -kNever; }), HasSubstr("now is -4611686018427387903 ns from"));
  EXPECT_THAT(said([](Facts& f) { f.lots[0].started = -kNever; }), HasSubstr("A-02 was worked on before time began"));
  EXPECT_THAT(said([](Facts& f) { f.lots[0].stands_since = INT64_MIN; }), HasSubstr("worked on before time began"));
  EXPECT_THAT(said([](Facts& f) { f.lots[1].ready = -kNever; }), HasSubstr("A-03 became ready before time began"));
}

TEST(Assemble, KeepsWhatTakesForeverInRange) {
  const Plant plant = Plant::parse(kShop);
  Parameters endless = plant.parameters();
  for (std::uint32_t i = 0; i < endless.distributions.size(); ++i)
    endless.set(DistributionId{i}, Distribution::deterministic(1e12));
  Facts f = facts(plant);
  f.lots[0].stands_since = f.now - kMinute;
  f.machines[plant.machine("M2").value].last_step = StepId{};
  for (const bool believed : {false, true}) {
    if (believed) {
      f.lots[0].left.emplace().fill(INT64_MAX);
      f.lots[0].left->front() = 0;
    }
    const State state = assemble(plant, endless, f);
    EXPECT_TRUE(equal(plant, State::load(state.save(plant), plant), state));
    for (std::uint64_t i = 0; i < 20; ++i) {
      const State future = branch(plant, endless, state, i);
      EXPECT_TRUE(equal(plant, State::load(future.save(plant), plant), future));
      const MachineState& m1 = future.machines[plant.machine("M1").value];
      EXPECT_LE(m1.total, kNever);
      EXPECT_EQ(m1.total - m1.left, kHour) << "as long as it has been worked on";
    }
  }
}

TEST(Assemble, ASavedBeliefFitsTheWorkItIsAbout) {
  const Plant plant = Plant::parse(kShop);
  Facts f = facts(plant);
  f.lots[0].left.emplace().fill(10 * kMinute);
  const State good = assembled(plant, f);
  const MachineState& m1 = good.machines[plant.machine("M1").value];
  for (const Tick at_left : {m1.left - 1, Tick{0}, m1.total + 1, kNever}) {
    State bad = good;
    bad.beliefs[0].at_left = at_left;
    EXPECT_THROW((void)State::load(bad.save(plant), plant), FormatError) << at_left;
  }
  State later = good;
  advance(plant, plant.parameters(), later, Until{.time = f.now + kMinute});
  EXPECT_NO_THROW((void)State::load(branch(plant, plant.parameters(), later, 1).save(plant), plant));
}

}  // namespace
}  // namespace twin
