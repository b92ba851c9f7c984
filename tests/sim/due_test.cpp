// Due dates by the field's rules. What they promise is worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "trial.hpp"

namespace twin {
namespace {

/// Work 10 + 20 min in two operations, and a rework of the second with probability 0.5: 20 min once more on average.
Plant shop(const std::string& due, const std::string& more = "") {
  return Plant::parse(R"(
stations: {saw: {}, mill: {}}
products:
  p:
    due: )" + due + R"(
    route: [{at: saw, time: 10 min}, {at: mill, time: 20 min, then: {rework: 0.5}}]
    arrivals: every 1 d
)" + more);
}
Tick after(const std::string& due) { return shop(due).data().sources[0].due_after; }

TEST(DueRule, PromisesByTheRouteOfTheProduct) {
  EXPECT_EQ(after("3 d"), 3 * kDay);
  EXPECT_EQ(after("con(3 d)"), 3 * kDay);
  EXPECT_NEAR(static_cast<double>(after("twk(5)")), 5.0 * 50 * kMinute, 10) << "10 + 20 / (1 - 0.5)";
  EXPECT_NEAR(static_cast<double>(after("nop(4 h)")), 3.0 * 4 * kHour, 100) << "1 + 1 / (1 - 0.5) operations";
  EXPECT_NEAR(static_cast<double>(after("slk(2 d)")), 2.0 * kDay + 50.0 * kMinute, 10);
  EXPECT_NEAR(static_cast<double>(after("ppw(1 h)")), 50.0 * kMinute + 3.0 * kHour, 100);
}

TEST(DueRule, AConstantIsTheSamePlantAsATime) {
  EXPECT_EQ(shop("3 d").digest(), shop("con(3 d)").digest());
  EXPECT_NE(shop("twk(5)").digest(), shop("twk(6)").digest());
  EXPECT_NE(shop("slk(5 h)").digest(), shop("ppw(5 h)").digest());
}

TEST(DueRule, CountsBranchesAndAlternatives) {
  const Plant plant = Plant::parse(R"(
stations: {a: {}, b: {}, c: {}}
products:
  p:
    due: twk(2)
    route:
      - {at: [a, b], time: {a: 10 min, b: 30 min}}
      - parallel: {x: [{at: b, time: 5 min}], y: [{at: c, time: 7 min}, {at: a, time: 8 min}]}
      - {at: c, time: 1 min}
    arrivals: every 1 d
)");
  EXPECT_EQ(plant.data().sources[0].due_after, 2 * (20 + 5 + 7 + 8 + 1) * kMinute);
}

TEST(DueRule, HoldsForOrdersThatGiveNone) {
  Trial run(R"(
stations: {mill: {}}
products: {p: {due: twk(3), route: [{at: mill, time: 10 s}]}}
orders: [{id: A, product: p, quantity: 4, release: 5 s}, {id: B, product: p, release: 5 s, due: 1 h}]
)");
  EXPECT_EQ(run.plant.data().orders[0].due, 35 * kSecond);
  EXPECT_EQ(run.plant.data().orders[1].due, kHour);
  run.until(kMinute);
  EXPECT_EQ(run.totals("p").late, 1U) << "A-04 is finished at 45 s, A-03 at 35 s";
  EXPECT_EQ(run.totals("p").tardiness, Wide{10 * kSecond});
  EXPECT_EQ(run.figure("A.tardiness"), 10);
}

TEST(DueRule, FollowsTheNumbersOfThePlant) {
  const Plant plant = shop("twk(5)");
  Parameters faster = plant.parameters();
  faster.set(plant.distribution("products.p.route.mill.time"), Distribution::deterministic(600));
  const Plant changed = plant.with_parameters(faster);
  EXPECT_EQ(changed.digest(), plant.digest());
  EXPECT_NEAR(static_cast<double>(changed.data().sources[0].due_after), 5.0 * 30 * kMinute, 10);
  EXPECT_EQ(Plant::parse(changed.yaml()).data().sources[0].due_after, changed.data().sources[0].due_after);
}

TEST(DueRule, ARandomOneIsDrawnForEachLotByItsOwnNumber) {
  const std::string yaml = R"yaml(
stations: {mill: {queue: {rule: edd}}}
products:
  p: {due: "ran(uniform(1, 3 h))", route: [{at: mill, time: 50 min}], arrivals: every 1 h}
orders: [{id: A, product: p, quantity: 2, release: 30 min}, {id: B, product: p, release: 30 min, due: 5 h}]
)yaml";
  const Plant plant = Plant::parse(yaml);
  LotLog log;
  State state = State::initial(plant, Seed{7});
  EXPECT_FALSE(state.orders[0].promised);
  EXPECT_TRUE(state.orders[1].promised);
  advance(plant, plant.parameters(), state, Until{.time = 400 * kHour}, log);
  double sum = 0;
  int lots = 0;
  Tick of_a = kNever;
  for (const LotRecord& lot : log.lots) {
    const Tick span = lot.due - lot.release;
    if (lot.source == 0) {
      EXPECT_GE(span, kHour);
      EXPECT_LE(span, 3 * kHour);
      sum += static_cast<double>(span) / static_cast<double>(kHour);
      ++lots;
      const double u = draw_uniform(state.key, draw_stream(hash_name("source:p"), Purpose::kDue), lot.serial);
      EXPECT_EQ(span, ticks_from_seconds(3600 * (1 + 2 * u)));
    } else if (lot.source == 1) {
      if (of_a < kNever) {
        EXPECT_EQ(lot.due, of_a) << "one draw for an order";
      }
      of_a = lot.due;
    }
  }
  ASSERT_GT(lots, 300);
  EXPECT_NEAR(sum / lots, 2.0, 4 * std::sqrt(1.0 / 3 / lots));
  EXPECT_EQ(state.orders[0].due, of_a);
  EXPECT_EQ(State::load(state.save(plant), plant).save(plant), state.save(plant));
}

TEST(DueRule, ARandomOneChangesNoOtherDraw) {
  const auto history = [](const std::string& due) {
    Trial run("stations: {mill: {}}\nproducts: {p: {due: \"" + due +
              "\", route: [{at: mill, time: exponential(50 s)}], arrivals: every exponential(60 s)}}\n");
    run.until(kDay);
    return run.state.history;
  };
  EXPECT_EQ(history("ran(exponential(1 h))"), history("1 h"));
}

TEST(DueRule, MigratesByTheNewRule) {
  const Plant from = shop("2 h");
  State state = State::initial(from);
  advance(from, from.parameters(), state, Until{.time = kDay + kMinute});
  ASSERT_EQ(state.lot_count, 1U);
  for (const char* rule : {"twk(5)", "ran(uniform(1, 3 h))"}) {
    const Plant to = from.change({{"products.p.due", rule}});
    const State moved = migrate(from, to, state);
    const Tick span = moved.lots[0].due - moved.lots[0].release;
    EXPECT_NE(span, 2 * kHour);
    EXPECT_EQ(State::load(moved.save(to), to).save(to), moved.save(to));
  }
}

TEST(DueRule, RefusesWhatIsNone) {
  using ::testing::HasSubstr;
  const auto said = [](const std::string& due) {
    try {
      (void)shop(due);
    } catch (const PlantError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(said("tkw(5)"), HasSubstr("'tkw(5)' is no rule for due dates (did you mean 'twk'?)"));
  EXPECT_THAT(said("twk(5 h)"), HasSubstr("a number from 0 to 1000000, as in twk(5)"));
  EXPECT_THAT(said("twk(-1)"), HasSubstr("a number from 0 to 1000000"));
  EXPECT_THAT(said("nop(4)"), HasSubstr("a number with a unit"));
  EXPECT_THAT(said("ran(4 apples)"), HasSubstr("products.p.due"));
  EXPECT_THAT(said("soon"), HasSubstr("products.p.due"));
}

}  // namespace
}  // namespace twin
