#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_plant.hpp"
#include "trial.hpp"
#include "twin/state/lots.hpp"

namespace twin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Changes = std::vector<std::pair<std::string, std::string>>;

/// A run of a plant up to an instant, and its future on a changed plant.
struct Changed {
  Plant from;
  Plant to;
  State state;
  History history;

  Changed(const std::string& yaml, Tick at, const Changes& changes, Disposition disposition = Disposition::kRefuse)
      : from(Plant::parse(yaml)), to(from.change(changes)), state(State::initial(from)) {
    advance(from, from.parameters(), state, Until{.time = at});
    state = migrate(from, to, state, disposition);
    EXPECT_TRUE(equal(to, State::load(state.save(to), to), state)) << "what migrates can be saved";
  }
  std::string until(Tick time) {
    advance(to, to.parameters(), state, Until{.time = time}, &history);
    std::string out;
    for (const auto& r : history.operations)
      out += fmt::format("{}{} {} {:g}-{:g}", out.empty() ? "" : ", ", lot_name(to.data(), r.source, r.serial),
                         to.data().machine_names[r.machine], seconds_from_ticks(r.start), seconds_from_ticks(r.end));
    return out;
  }
};

std::string refusal(const std::string& yaml, Tick at, const Changes& changes) {
  try {
    Changed(yaml, at, changes);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing";
}

constexpr const char* kMill = R"(
calendars: {c: {daily: "00:00-00:01"}}
stations: {mill: {machines: {M1: {}}}}
products: {long: {route: [{at: mill, time: 5 s}]}, short: {route: [{at: mill, time: 2 s}]}}
orders: [{id: A, product: long}, {id: B, product: long}, {id: C, product: short}, {id: D, product: short, due: 1 s, priority: 1}]
)";

TEST(Migrate, ToTheSamePlantHasTheSameFuture) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    const Plant plant = random_plant(seed);
    State state = State::initial(plant, Seed{seed});
    for (int i = 1; i <= 4; ++i) {
      advance(plant, plant.parameters(), state, Until{.time = i * 11 * kHour + i * kMinute});
      State moved = migrate(plant, plant, state);
      ASSERT_NO_THROW((void)State::load(moved.save(plant), plant)) << "plant " << seed;
      State original = state;
      for (State* s : {&moved, &original}) advance(plant, plant.parameters(), *s, Until{.time = 4 * kDay});
      ASSERT_EQ(moved.history, original.history) << "plant " << seed;
      ASSERT_EQ(moved.events, original.events) << "plant " << seed;
      ASSERT_EQ(moved.open_orders, original.open_orders);
    }
  }
}

TEST(Migrate, ANewMachineTakesWaitingLotsAtOnce) {
  Changed run(kMill, 3 * kSecond, {{"stations.mill.machines.M2", "{}"}});
  EXPECT_EQ(run.until(kMinute), "A M1 0-5, C M1 5-7, B M2 3-8, D M1 7-9");
}

TEST(Migrate, ANewRuleReordersTheQueue) {
  EXPECT_EQ(Changed(kMill, 3 * kSecond, {{"stations.mill.queue", "{rule: spt}"}}).until(kMinute),
            "A M1 0-5, C M1 5-7, D M1 7-9, B M1 9-14");
  EXPECT_EQ(Changed(kMill, 3 * kSecond, {{"stations.mill.queue", "{rule: edd}"}}).until(kMinute),
            "A M1 0-5, D M1 5-7, B M1 7-12, C M1 12-14");
  EXPECT_EQ(Changed(kMill, 3 * kSecond, {{"stations.mill.queue", "{rule: lifo}"}}).until(kMinute),
            "A M1 0-5, D M1 5-7, C M1 7-9, B M1 9-14");
  EXPECT_EQ(Changed(kMill, 3 * kSecond, {{"stations.mill.queue", "{rule: \"priority(short, long)\"}"}}).until(kMinute),
            "A M1 0-5, C M1 5-7, D M1 7-9, B M1 9-14");
}

TEST(Migrate, NewDueDatesAndPrioritiesHoldForLotsInProcess) {
  const std::string yaml = std::string(kMill).replace(std::string(kMill).find("{machines: {M1: {}}}"), 20,
                                                      "{machines: {M1: {}}, queue: {rule: priority}}");
  EXPECT_EQ(Changed(yaml, 3 * kSecond, {{"orders.C.priority", "7"}}).until(kMinute),
            "A M1 0-5, C M1 5-7, D M1 7-9, B M1 9-14");
  EXPECT_EQ(Changed(yaml, 3 * kSecond, {{"orders.C.due", "1 s"}}).state.lots.size(), 4U);
}

TEST(Migrate, MorePlacesLetBlockedLotsIn) {
  constexpr const char* kLine = R"(
stations: {a: {}, b: {queue: {places: 0}}}
products: {p: {route: [{at: a, time: 1 s}, {at: b, time: 9 s}]}}
orders: [{id: O, product: p, quantity: 3}]
)";
  Changed run(kLine, 5 * kSecond, {{"stations.b.queue.places", "1"}});
  EXPECT_EQ(run.until(kMinute), "O-03 a.1 5-6, O-01 b.1 1-10, O-02 b.1 10-19, O-03 b.1 19-28");
}

TEST(Migrate, RefusesAndListsAllThatHasNoPlaceAnyMore) {
  constexpr const char* kShop = R"(
stations: {a: {machines: {A1: {}, A2: {}}}, b: {machines: {B1: {}}}, c: {}}
products:
  p: {route: [{at: a, time: 9 s}, {at: c, time: 1 s}]}
  q: {route: [{at: b, time: 9 s}, {at: c, time: 1 s}]}
orders: [{id: P, product: p, quantity: 2}, {id: Q, product: q, quantity: 2}]
)";
  const std::string said =
      refusal(kShop, kSecond, {{"stations.a.machines", "{A1: {}}"}, {"stations.b.machines", "{B2: {}}"}});
  EXPECT_THAT(said, HasSubstr("P-02: machine A2, which holds it, is gone"));
  EXPECT_THAT(said, HasSubstr("Q-01: machine B1, which holds it, is gone"));
  EXPECT_THAT(said, Not(HasSubstr("P-01")));
  EXPECT_THAT(said, Not(HasSubstr("Q-02"))) << "it only waits, and b is still there";
  EXPECT_THAT(refusal(kShop, kSecond, {{"orders", "[{id: P, product: p, quantity: 2}]"}}),
              HasSubstr("order Q is gone, with 2 lots in process"));
  EXPECT_THAT(refusal(kShop, kSecond, {{"products.q.route", "[{at: a, time: 1 s}, {at: c, time: 1 s}]"}}),
              HasSubstr("its step b is gone"));
  EXPECT_THAT(refusal(kShop, kSecond, {{"orders.P.quantity", "1"}}), HasSubstr("has released 2 lots already"));
  EXPECT_EQ(refusal(kShop, 30 * kSecond, {{"stations.a.machines", "{A1: {}}"}}), "nothing")
      << "once they are idle they may go";
  EXPECT_EQ(refusal(kShop, 30 * kSecond, {{"orders", "[{id: P, product: p, quantity: 2}]"}}), "nothing");
}

TEST(Migrate, ScrapsWhatHasNoPlaceWhenAsked) {
  constexpr const char* kShop = R"(
stations: {a: {machines: {A1: {}, A2: {}}}}
products: {p: {route: [{at: a, time: 9 s}]}}
orders: [{id: P, product: p, quantity: 3}]
)";
  Changed run(kShop, kSecond, {{"stations.a.machines", "{A1: {}}"}}, Disposition::kScrap);
  EXPECT_EQ(run.state.orders[0].scrapped, 1U);
  EXPECT_EQ(run.state.products[0].scrapped, 1U);
  EXPECT_EQ(run.state.open_orders, 2U);
  EXPECT_EQ(run.until(kMinute), "P-01 A1 0-9, P-03 A1 9-18");
  EXPECT_EQ(run.state.open_orders, 0U);
}

constexpr const char* kLoop = R"(
stations: {a: {machines: {A1: {}}}, b: {machines: {B1: {}, B2: {}}}}
products: {p: {route: [{at: a, time: 2 s}, {at: b, time: 3 s}], arrivals: conwip(4)}}
)";

TEST(Migrate, ScrappedLotsOfAConstantNumberAreReplaced) {
  Changed run(kLoop, 10 * kSecond, {{"stations.b.machines", "{B2: {}}"}}, Disposition::kScrap);
  EXPECT_EQ(run.state.products[0].scrapped, 1U);
  EXPECT_EQ(run.state.products[0].in_process, 4U);
  run.until(kMinute);
  EXPECT_EQ(run.state.products[0].in_process, 4U);
}

TEST(Migrate, AConstantNumberOfLotsGrowsAtOnceAndShrinksAsLotsLeave) {
  Changed more(kLoop, 10 * kSecond, {{"products.p.arrivals", "conwip(7)"}});
  EXPECT_EQ(more.state.products[0].in_process, 7U);
  more.until(kMinute);
  EXPECT_EQ(more.state.products[0].in_process, 7U);
  Changed fewer(kLoop, 10 * kSecond, {{"products.p.arrivals", "conwip(2)"}});
  EXPECT_EQ(fewer.state.products[0].in_process, 4U);
  fewer.until(kMinute);
  EXPECT_EQ(fewer.state.products[0].in_process, 2U);
}

TEST(Migrate, AnotherKindOfArrivalKeepsTheLotsInProcess) {
  Changed run(kLoop, 10 * kSecond, {{"products.p.arrivals", "every 100 s"}});
  EXPECT_EQ(run.state.products[0].in_process, 4U);
  run.until(109 * kSecond);
  EXPECT_EQ(run.state.products[0].in_process, 0U);
  run.until(111 * kSecond);
  EXPECT_EQ(run.state.products[0].in_process, 1U);
  Changed back("stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 7 s}], arrivals: every 5 s}}", 30 * kSecond,
               {{"products.p.arrivals", "conwip(4)"}});
  EXPECT_EQ(back.state.products[0].in_process, 4U);
  back.until(kMinute);
  EXPECT_EQ(back.state.products[0].in_process, 4U);
}

TEST(Migrate, AClosedCalendarPausesWorkAndAnOpenOneResumesIt) {
  Changed run(kMill, 3 * kSecond, {{"stations.mill.calendar", "c"}, {"calendars.c", "{daily: \"00:01-00:02\"}"}});
  EXPECT_EQ(run.state.machines[0].condition, Condition::kOff);
  EXPECT_EQ(run.state.machines[0].left, 2 * kSecond);
  EXPECT_EQ(run.until(65 * kSecond), "A M1 0-62");
  const std::string closed =
      std::string(kMill)
          .replace(std::string(kMill).find("{machines: {M1: {}}}"), 20, "{machines: {M1: {}}, calendar: c}")
          .replace(std::string(kMill).find("00:00-00:01"), 11, "01:00-02:00");
  EXPECT_EQ(Changed(closed, 3 * kSecond, {{"calendars.c", "{daily: \"00:00-24:00\"}"}}).until(9 * kSecond), "A M1 3-8");
}

TEST(Migrate, NewWaysToFailBeginNowAndKnownOnesGoOn) {
  Changed down(kMill, 3 * kSecond, {{"stations.mill.failures", "[{after: 0 of time, repair: 10 s, times: 1}]"}});
  EXPECT_EQ(down.until(20 * kSecond), "A M1 0-15, B M1 15-20") << "down from 3 to 13";
  Changed worn(kMill, 3 * kSecond, {{"stations.mill.failures", "[{after: 4 s of work, repair: 1 s}]"}});
  EXPECT_EQ(worn.until(12 * kSecond), "A M1 0-5, B M1 5-11") << "4 s of work from 3 on, so at 7; repaired at 8";

  const std::string failing =
      std::string(kMill).replace(std::string(kMill).find("{machines: {M1: {}}}"), 20,
                                 "{machines: {M1: {}}, failures: [{after: 4 s of work, repair: 5 s}]}");
  Changed same(failing, 3 * kSecond, {{"stations.mill.queue", "{rule: spt}"}});
  EXPECT_EQ(same.until(11 * kSecond), "A M1 0-10") << "it still fails at 4";
  Changed repaired(failing, 6 * kSecond, {{"stations.mill.failures", "[]"}});
  EXPECT_EQ(repaired.until(8 * kSecond), "A M1 0-7") << "a way to fail that is gone holds nobody any more";
  Changed replaced(failing, 3 * kSecond, {{"stations.mill.failures", "[{after: 0 of time, repair: 10 s, times: 1}]"}});
  EXPECT_EQ(replaced.until(16 * kSecond), "A M1 0-15") << "another kind of failure at its place is another failure";
}

TEST(Migrate, OrdersComeAndGo) {
  Changed added(
      kMill, 30 * kSecond,
      {{"orders",
        "[{id: A, product: long}, {id: E, product: short, release: 1 s}, {id: F, product: short, release: 40 s}]"}});
  EXPECT_EQ(added.until(kMinute), "E M1 30-32, F M1 40-42") << "what should have been released already is released now";
}

TEST(Migrate, RefusesAStateOfAnotherPlant) {
  const Plant a = random_plant(1), b = random_plant(2);
  EXPECT_THROW((void)migrate(b, a, State::initial(a)), InvalidArgument);
}

TEST(Migrate, AnOrderSmallerThanWhatItReleasedIsListedAndNeverScrapped) {
  constexpr const char* kShop = R"(
stations: {a: {machines: {A1: {}, A2: {}}}}
products: {p: {route: [{at: a, time: 9 s}]}}
orders: [{id: P, product: p, quantity: 3}, {id: Q, product: p, quantity: 1}]
)";
  const Plant from = Plant::parse(kShop);
  const Plant to = from.change({{"stations.a.machines", "{A1: {}}"}, {"orders.P.quantity", "1"}});
  State state = State::initial(from);
  advance(from, from.parameters(), state, Until{.time = kSecond});
  for (const Disposition disposition : {Disposition::kRefuse, Disposition::kScrap}) {
    std::string said = "nothing";
    try {
      (void)migrate(from, to, state, disposition);
    } catch (const InvalidArgument& error) {
      said = error.what();
    }
    EXPECT_THAT(said, HasSubstr("order P has released 3 lots already; the changed plant orders 1"));
    EXPECT_THAT(said, HasSubstr("P-02: machine A2, which holds it, is gone")) << "all problems at once";
    EXPECT_THAT(said, HasSubstr("order at least what is released"));
  }
}

}  // namespace
}  // namespace twin
