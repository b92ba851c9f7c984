// Machines that stay with a kind of work, tear-downs, and alternatives by cost or formula. Worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// a and b take 1 s at the mill, which needs 4 s between them. \param setup  more keys of its setup
Trial mill(const std::string& setup, const std::string& orders, const std::string& keys = "") {
  return Trial(
      "stations: {mill: {setup: {otherwise: 4 s" + setup + "}" + keys +
      "}}\nproducts:\n  a: {route: [{at: mill, time: 1 s}]}\n  b: {route: [{at: mill, time: 1 s}]}\norders: [" +
      orders + "]\n");
}
constexpr const char* kMixed = "{id: A, product: a}, {id: B, product: b}, {id: C, product: a}, {id: D, product: a}";

TEST(LeastRun, StaysWithAKindForSoManyLots) {
  EXPECT_EQ(mill("", kMixed).until(kMinute).operations(), "A mill 0-1, B mill 1-6, C mill 6-11, D mill 11-12");
  EXPECT_EQ(mill(", min_run: 2", kMixed).until(kMinute).operations(), "A mill 0-1, C mill 1-2, B mill 2-7, D mill 7-12")
      << "after two of a it is B's turn; then there is none of b";
  EXPECT_EQ(mill(", min_run: 3", kMixed).until(kMinute).operations(), "A mill 0-1, C mill 1-2, D mill 2-3, B mill 3-8");
}

TEST(LeastRun, DoesNotWaitForAKindThatIsNotThere) {
  EXPECT_EQ(
      mill(", min_run: 9", "{id: A, product: a}, {id: B, product: b, release: 3 s}, {id: C, product: a, release: 4 s}")
          .until(kMinute)
          .operations(),
      "A mill 0-1, B mill 3-8, C mill 8-13");
}

TEST(LeastRun, HoldsWithinTheQueuesRule) {
  EXPECT_EQ(mill(", min_run: 2",
                 "{id: A, product: a}, {id: B, product: b, due: 1 s}, {id: C, product: a, due: 9 s}, {id: D, product: "
                 "a, due: 5 s}",
                 ", queue: {rule: edd}")
                .until(kMinute)
                .operations(),
            "A mill 0-1, D mill 1-2, B mill 2-7, C mill 7-12");
}

TEST(LeastRun, CountsTheLotsOfABatch) {
  EXPECT_EQ(mill(", min_run: 3, by: product",
                 "{id: A, product: a, quantity: 2}, {id: B, product: b, quantity: 2}, {id: C, product: a, quantity: 3}",
                 ", batch: {max: 2, by: product}")
                .until(kMinute)
                .operations(),
            "A-01 mill 0-1, A-02 mill 1-2, C-01 mill 1-2, B-01 mill 2-7, B-02 mill 2-7, C-02 mill 7-12, C-03 mill 7-12")
      << "A-01 comes alone; with the two at 1 they are three";
}

TEST(TearDown, ComesBeforeTheSetupForAnotherKind) {
  Trial run =
      mill(", teardown: {a: 2 s}", "{id: A, product: a}, {id: B, product: b}, {id: C, product: a, quantity: 2}");
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "A mill 0-1, B mill 1-8, C-01 mill 8-13, C-02 mill 13-14");
  EXPECT_EQ(run.conditions("mill"), "working 0-1, setup 1-7, working 7-8, setup 8-12, working 12-14, starved 14-20");
  EXPECT_EQ(mill(", teardown: 3 s", "{id: A, product: a}, {id: B, product: b}").until(kMinute).operations(),
            "A mill 0-1, B mill 1-9");
  EXPECT_EQ(
      operations("stations: {mill: {setup: {teardown: 3 s}}}\nproducts:\n  a: {route: [{at: mill, time: 1 s}]}\n  "
                 "b: {route: [{at: mill, time: 1 s}]}\norders: [{id: A, product: a}, {id: B, product: b}]",
                 60),
      "A mill 0-1, B mill 1-5")
      << "without a setup after it";
}

TEST(TearDown, GoesOnWithWhatWasLeftAfterAStop) {
  EXPECT_EQ(mill(", teardown: 2 s", "{id: A, product: a}, {id: B, product: b}",
                 ", failures: [{after: 2 s of time, repair: 5 s, times: 1}]")
                .until(kMinute)
                .operations(),
            "A mill 0-1, B mill 1-13")
      << "torn down 1-2 and 7-8, set up 8-12";
  EXPECT_EQ(mill(", teardown: 2 s", "{id: A, product: a}, {id: B, product: b}, {id: C, product: a}",
                 ", failures: [{after: 2 s of time, repair: 5 s, times: 1, lot: scrap}]")
                .until(kMinute)
                .operations(),
            "A mill 0-1, C mill 7-8")
      << "B is scrapped; the mill is set up for a as before";
}

TEST(TearDown, IsSavedBranchedAndMovedToAChangedPlant) {
  Trial run = mill(", min_run: 5, teardown: 2 s", "{id: A, product: a}, {id: B, product: b}");
  run.until(kSecond + kSecond / 2);
  EXPECT_TRUE(run.state.machines[0].tearing);
  EXPECT_EQ(run.state.machines[0].run, 1U);
  const State loaded = State::load(run.state.save(run.plant), run.plant);
  EXPECT_TRUE(equal(run.plant, loaded, run.state));
  State future = branch(run.plant, run.plant.parameters(), run.state, 7);
  advance(run.plant, run.plant.parameters(), future, Until{.time = kMinute});
  run.until(kMinute);
  EXPECT_EQ(future.history, run.state.history) << "nothing here is left to chance";
  Trial again = mill(", min_run: 5, teardown: 2 s", "{id: A, product: a}, {id: B, product: b}");
  again.until(kSecond + kSecond / 2);
  const Plant changed = again.plant.change({{"stations.mill.setup.otherwise", "9 s"}});
  State moved = migrate(again.plant, changed, again.state);
  advance(changed, changed.parameters(), moved, Until{.time = 13 * kSecond - 1});
  EXPECT_EQ(moved.products[1].completed, 0U);
  advance(changed, changed.parameters(), moved, Until{.time = 13 * kSecond});
  EXPECT_EQ(moved.products[1].completed, 1U) << "torn down to 3, set up to 12 as the changed plant has it, and done";
}

// ---- alternatives ---------------------------------------------------------------------------------------------------

/// 4 s at the fast one, at 2 EUR a second; 6 s at the slow one, at 1 EUR a second.
std::string shop(const std::string& fast = "", const std::string& slow = "", const std::string& choose = "cost") {
  return operations("materials: {ink: {level: 9, price: 3 EUR}}\nstations: {fast: {cost: 7200 EUR/h" + fast +
                        "}, slow: {cost: 3600 EUR/h" + slow +
                        "}}\nproducts: {p: {route: [{at: [fast, slow], time: {fast: 4 s, slow: 6 s}, choose: \"" +
                        choose + "\"}]}}\norders: [{id: P, product: p, quantity: 2}]\n",
                    60);
}

TEST(Choose, ByCostTakesTheCheapestThatHasRoom) {
  EXPECT_EQ(shop(), "P-01 slow 0-6, P-02 slow 6-12") << "6 EUR are less than 8, also where one has to wait";
  EXPECT_EQ(shop("", ", queue: {places: 0}"), "P-02 fast 0-4, P-01 slow 0-6");
  EXPECT_EQ(shop(", speed: 2"), "P-01 fast 0-2, P-02 fast 2-4") << "4 EUR";
  EXPECT_EQ(shop("", ", setup: 3 s"), "P-01 fast 0-4, P-02 fast 4-8") << "9 EUR with the setup";
  EXPECT_EQ(shop(", speed: 2, uses: ink"), "P-01 slow 0-6, P-02 slow 6-12") << "7 EUR with the ink";
}

TEST(Choose, ByFormulaTakesTheLeast) {
  EXPECT_EQ(shop("", "", "expr(work)"), "P-01 fast 0-4, P-02 fast 4-8");
  EXPECT_EQ(shop("", "", "expr(-work)"), "P-01 slow 0-6, P-02 slow 6-12");
  EXPECT_EQ(shop(", setup: 3 s", "", "expr(work + setup)"), "P-01 slow 0-6, P-02 slow 6-12");
  EXPECT_EQ(shop("", "", "expr(ready - now)"), "P-01 fast 0-4, P-02 fast 4-8") << "both are 0: the first named";
}

}  // namespace
}  // namespace twin
