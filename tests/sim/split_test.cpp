// Lots that are split into sublots and are whole again after the last of them. Timelines are worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "trial.hpp"
#include "twin/sim/recursion.hpp"
#include "twin/state/lots.hpp"

namespace twin {
namespace {

using ::testing::HasSubstr;

/// cut 1 s, then so many sublots through a route at a and b, then pack 1 s.
std::string plant(int sublots, const std::string& route, const std::string& orders = "{id: A, product: p}",
                  const std::string& a = "", const std::string& b = "", const std::string& pack = "") {
  return "stations: {cut: {}, a: {" + a + "}, b: {" + b +
         "}, pack: {}}\nproducts:\n  p:\n    route:\n      - {at: cut, time: 1 s}\n      - {op: lots, split: " +
         std::to_string(sublots) + ", route: [" + route + "]}\n      - {at: pack, time: 1 s" + pack + "}\norders: [" +
         orders + "]\n";
}
constexpr const char* kStreamed = "{at: a, time: 2 s}, {at: b, time: 2 s}";

TEST(Split, SublotsOverlapOnTheMachinesAndTheLotGoesOnWithTheLast) {
  Trial run(plant(3, kStreamed));
  run.until(2 * kSecond);
  EXPECT_EQ(run.state.lot_count, 4U) << "the lot and its sublots";
  EXPECT_EQ(run.totals("p").in_process, 1U) << "which count as one";
  run.until(20 * kSecond);
  // At 3, /1 goes to b before a takes /2; so at 5, when both end at once, b is first, and takes /2 when it comes from
  // a.
  EXPECT_EQ(run.operations(),
            "A cut 0-1, A/1 a 1-3, A/1 b 3-5, A/2 a 3-5, A/2 b 5-7, A/3 a 5-7, A/3 b 7-9, A pack 9-10");
  EXPECT_EQ(run.totals("p").released, 1U);
  EXPECT_EQ(run.totals("p").completed, 1U);
  EXPECT_EQ(run.totals("p").cycle_time, Wide{10 * kSecond});
  EXPECT_EQ(run.totals("p").waiting, Wide{4 * kSecond}) << "of the sublot that was through last";
  EXPECT_EQ(run.station("a").visits, 3U);
  EXPECT_EQ(run.state.lot_count, 0U);
}

TEST(Split, StreamsThroughALineAsTheFormulaHasIt) {
  // n equal sublots through machines in a row: the sum of the times, and n - 1 times the longest (Potts and Baker
  // 1989).
  for (int n = 2; n <= 9; ++n)
    for (const auto& [first, second] : {std::pair{2, 7}, std::pair{7, 2}, std::pair{4, 4}}) {
      Trial run(
          plant(n, "{at: a, time: " + std::to_string(first) + " s}, {at: b, time: " + std::to_string(second) + " s}"));
      run.until(kHour);
      EXPECT_EQ(run.state.orders[0].finish, (2 + first + second + (n - 1) * std::max(first, second)) * kSecond);
    }
}

TEST(Split, SublotsOfDifferentLotsMix) {
  // Two machines at a: B's first sublot comes at 2, when A's third waits before it.
  EXPECT_EQ(operations(plant(3, "{at: a, time: 3 s}", "{id: A, product: p}, {id: B, product: p}", "machines: 2"), 30),
            "A cut 0-1, B cut 1-2, A/1 a.1 1-4, A/2 a.2 1-4, A/3 a.1 4-7, B/1 a.2 4-7, A pack 7-8, B/2 a.1 7-10, "
            "B/3 a.2 7-10, B pack 10-11");
}

TEST(Split, DrawsAreTheSublotsOwnAndLeaveTheOthersAsTheyWere) {
  const std::string orders = "{id: O, product: p, quantity: 20}";
  const std::string time = "{at: a, time: \"uniform(1, 9 s)\"}";
  Trial split(plant(4, time, orders, "", "", ", setup: exponential(3 s)"));
  split.until(kHour);
  std::set<Tick> times;
  for (const auto& r : split.history.operations)
    if (r.machine == split.plant.machine("a.1").value) times.insert(r.end - r.start);
  EXPECT_EQ(times.size(), 80U);
  Trial plain(
      "stations: {cut: {}, pack: {}}\nproducts: {p: {route: [{at: cut, time: 1 s}, {at: pack, time: 1 s, setup: "
      "exponential(3 s)}]}}\norders: [" +
      orders + "]\n");
  plain.until(kHour);
  const auto packed = [](const Trial& run) {
    std::vector<Tick> out;
    for (const auto& r : run.history.operations)
      if (r.machine == run.plant.machine("pack.1").value) out.push_back(r.end - r.start);
    std::ranges::sort(out);
    return out;
  };
  EXPECT_EQ(packed(split), packed(plain));
  EXPECT_NE(Trial(plant(4, time, orders)).until(kHour).state.history,
            Trial(plant(5, time, orders)).until(kHour).state.history);
}

TEST(Split, ASublotThatIsScrappedScrapsTheLotWhenTheLastIsThrough) {
  // b takes /1 to 5; then /2, whose patience ends at that instant, is taken first; /3 has waited from 4 to 6.
  Trial run(plant(3, "{at: a, time: 1 s}, {at: b, time: 3 s, max_wait: 2 s}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A cut 0-1, A/1 a 1-2, A/2 a 2-3, A/3 a 3-4, A/1 b 2-5, A/2 b 5-8");
  EXPECT_EQ(run.totals("p").scrapped, 1U);
  EXPECT_EQ(run.totals("p").completed, 0U);
  EXPECT_EQ(run.state.orders[0].finish, 8 * kSecond);
  EXPECT_EQ(run.state.lot_count, 0U);
}

TEST(Split, SublotsBlockMachinesAsLotsDo) {
  Trial run(plant(3, "{at: a, time: 1 s}, {at: b, time: 4 s}", "{id: A, product: p}", "", "queue: {places: 0}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(),
            "A cut 0-1, A/1 a 1-2, A/2 a 2-3, A/1 b 2-6, A/3 a 6-7, A/2 b 6-10, A/3 b 10-14, A pack 14-15");
  EXPECT_EQ(run.conditions("a"), "starved 0-1, working 1-3, blocked 3-6, working 6-7, blocked 7-10, starved 10-20");
  EXPECT_EQ(run.conditions("cut"), "working 0-1, starved 1-20") << "where lots part, none is blocked";
}

TEST(Split, SublotsAreTakenTogetherByBatchesAndTravelAlone) {
  EXPECT_EQ(operations(plant(4, "{at: a, time: 3 s}", "{id: A, product: p}", "batch: {max: 2, min: 2}"), 20),
            "A cut 0-1, A/1 a 1-4, A/2 a 1-4, A/3 a 4-7, A/4 a 4-7, A pack 7-8");
  EXPECT_EQ(operations(plant(2, "{at: a, time: 2 s}, {at: b, time: 1 s, transport: 5 s}"), 20),
            "A cut 0-1, A/1 a 1-3, A/2 a 3-5, A/1 b 8-9, A/2 b 10-11, A pack 11-12");
}

TEST(Split, AFailureStopsTheSublotItHits) {
  // a fails after 3 s of work, at 4, in the midst of /2, for 5 s.
  EXPECT_EQ(
      operations(plant(2, kStreamed, "{id: A, product: p}", "failures: [{after: 3 s of work, repair: 5 s, times: 1}]"),
                 30),
      "A cut 0-1, A/1 a 1-3, A/1 b 3-5, A/2 a 3-10, A/2 b 10-12, A pack 12-13");
}

TEST(Split, MayBeWithinAnother) {
  Trial run(plant(2, "{at: a, time: 1 s}, {op: halves, split: 2, route: [{at: b, time: 1 s}]}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(),
            "A cut 0-1, A/1 a 1-2, A/1/1 b 2-3, A/2 a 2-3, A/1/2 b 3-4, A/2/1 b 4-5, A/2/2 b 5-6, A pack 6-7");
  EXPECT_EQ(run.totals("p").completed, 1U);
}

TEST(Split, MayHoldParallelBranchesAndBeInOne) {
  EXPECT_EQ(operations(plant(2, "{op: both, parallel: {x: [{at: a, time: 1 s}], y: [{at: b, time: 2 s}]}}"), 20),
            "A cut 0-1, A/1 a 1-2, A/1 b 1-3, A/2 a 2-3, A/2 b 3-5, A pack 5-6");
  EXPECT_EQ(
      operations("stations: {a: {}, b: {}}\nproducts: {p: {route: [{op: both, parallel: {x: [{split: 2, route: [{at: "
                 "a, time: 1 s}]}], y: [{at: b, time: 5 s}]}}]}}\norders: [{id: A, product: p}]\n",
                 20),
      "A/1 a 0-1, A/2 a 1-2, A b 0-5");
}

TEST(Split, IsDoneAnewByALotThatComesBack) {
  Trial run(plant(2, "{at: a, time: 1 s}", "{id: A, product: p}", "", "",
                  ", then: {rework: {lots: 1}, limit: 1, beyond: pass}"));
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A cut 0-1, A/1 a 1-2, A/2 a 2-3, A pack 3-4, A/1 a 4-5, A/2 a 5-6, A pack 6-7");
  EXPECT_EQ(run.totals("p").reworked, 1U);
}

TEST(Split, ReworkAndLoopsStayWithinTheSublot) {
  Trial run(plant(2, "{at: a, time: 1 s}, {at: b, time: 1 s, then: {rework: {a: 1}, limit: 1, beyond: pass}}"));
  run.until(20 * kSecond);
  // /1 comes back to a at 3, behind nobody, and is on b again from 4; /2 is on b from 3 to 4 and on a from 4 to 5.
  EXPECT_EQ(run.operations(),
            "A cut 0-1, A/1 a 1-2, A/1 b 2-3, A/2 a 2-3, A/2 b 3-4, A/1 a 3-4, A/1 b 4-5, A/2 a 4-5, A/2 b 5-6, "
            "A pack 6-7");
  EXPECT_EQ(run.totals("p").reworked, 1U);
}

TEST(Split, WorkAheadIsThatOfAllSublots) {
  const auto order = [](int sublots) {
    return operations(
        "stations: {cut: {queue: {rule: mwkr}}, a: {machines: 9}}\nproducts:\n  p: {route: [{at: cut, time: "
        "1 s}, {split: " +
            std::to_string(sublots) +
            ", route: [{at: a, time: 2 s}]}]}\n  q: {route: [{at: cut, time: 1 s}, {at: a, time: 5 "
            "s}]}\norders: [{id: X, product: q}, {id: P, product: p}, {id: Q, product: q}]\n",
        4);
  };
  EXPECT_THAT(order(3), HasSubstr("P cut 1-2")) << "6 s are ahead, more than Q's 5";
  EXPECT_THAT(order(2), HasSubstr("Q cut 1-2")) << "4 s are ahead";
}

TEST(Split, LotsOfSourcesAreNamedTheSameWay) {
  EXPECT_EQ(
      operations("stations: {a: {}}\nproducts: {p: {route: [{split: 2, route: [{at: a, time: 1 s}]}], arrivals: every "
                 "5 s}}\n",
                 12),
      "p#1/1 a 5-6, p#1/2 a 6-7, p#2/1 a 10-11, p#2/2 a 11-12");
}

// ---- saved, migrated, run by recursion ------------------------------------------------------------------------------

std::string told(const Plant& of, const State& state) {
  try {
    (void)State::load(state.save(of), of);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Split, SavedStatesTellSublotsApart) {
  Trial run(plant(3, kStreamed, "{id: A, product: p}", "machines: 3"));
  run.until(2 * kSecond);
  ASSERT_EQ(told(run.plant, run.state), "nothing");
  std::vector<std::uint32_t> parts;
  std::uint32_t whole = kNone;
  for (std::uint32_t l = 0; l < run.state.lots.size(); ++l) {
    if (run.state.lots[l].whole != kNone) parts.push_back(l);
    if (run.state.lots[l].place == Place::kParted) whole = l;
  }
  ASSERT_EQ(parts.size(), 3U);
  const auto with = [&](std::uint32_t lot, std::uint64_t serial) {
    State forged = run.state;
    forged.lots[lot].serial = serial;
    return told(run.plant, forged);
  };
  EXPECT_THAT(with(parts[1], sublot_serial(0, 4)), HasSubstr("a sublot belongs to another lot"));
  EXPECT_THAT(with(parts[1], 0), HasSubstr("a sublot belongs to another lot"));
  EXPECT_THAT(with(parts[1], sublot_serial(1, 2)), HasSubstr("a sublot belongs to another lot"));
  EXPECT_THAT(with(parts[1], sublot_serial(sublot_serial(0, 1), 1)), HasSubstr("a sublot belongs to another lot"));
  EXPECT_THAT(with(parts[1], run.state.lots[parts[0]].serial), HasSubstr("its lots are not in order"));
  EXPECT_THAT(with(whole, sublot_serial(0, 3)), HasSubstr("a sublot belongs to"));
}

TEST(Split, ASublotIsNotThereTwiceAtDifferentSteps) {
  Trial run(plant(2, kStreamed));
  run.until(4 * kSecond);  // /1 is on b, /2 on a
  ASSERT_EQ(told(run.plant, run.state), "nothing");
  for (Lot& lot : run.state.lots)
    if (lot.whole != kNone) lot.serial = sublot_serial(0, 1);
  EXPECT_THAT(told(run.plant, run.state), HasSubstr("a sublot is there twice"));
}

TEST(Split, SublotsUnderWayKeepTheirNumberInAChangedPlant) {
  const Plant three = Plant::parse(plant(3, kStreamed)), four = Plant::parse(plant(4, kStreamed));
  State state = State::initial(three);
  advance(three, three.parameters(), state, Until{.time = 2 * kSecond});
  try {
    (void)migrate(three, four, state);
    FAIL() << "there would be no fourth";
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(error.what(), HasSubstr("the sublots of step lots differ"));
  }
  const Plant fast = Plant::parse(plant(3, kStreamed, "{id: A, product: p}", "", "machines: 2"));
  State moved = migrate(three, fast, state);
  EXPECT_EQ(told(fast, moved), "nothing");
  advance(fast, fast.parameters(), moved, Until{.time = kMinute});
  EXPECT_EQ(moved.orders[0].finish, 10 * kSecond);
  State before = State::initial(three);  // the lot is still whole
  before = migrate(three, four, before);
  advance(four, four.parameters(), before, Until{.time = kMinute});
  EXPECT_EQ(before.orders[0].finish, 12 * kSecond);
}

TEST(Split, IsNotRunByRecursion) {
  const auto why = recursion_refusals(Plant::parse(
      "stations: {a: {}}\nproducts: {p: {route: [{split: 2, route: [{at: a, time: 1 s}]}], arrivals: every 9 s}}\n"));
  ASSERT_FALSE(why.empty());
  EXPECT_THAT(why.front(), HasSubstr("split"));
}

}  // namespace
}  // namespace twin
