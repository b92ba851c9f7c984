// Tools that lots take at one step and give back at a later one. Timelines are worked out by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

std::int64_t in_use(const Trial& run, std::size_t tool = 0) { return run.state.pools[tool].level; }

TEST(Carriers, StayWithTheirLotThroughQueuesAndTransport) {
  Trial run(R"(
tools: {pallet: 2}
stations: {load: {}, mill: {}, unload: {}}
products:
  p:
    route:
      - {at: load, time: 1 s, holds: pallet}
      - {at: mill, time: 5 s, transport: 2 s}
      - {at: unload, time: 1 s, transport: 2 s, returns: pallet}
orders: [{id: P, product: p, quantity: 3}]
)");
  run.until(2 * kSecond);
  EXPECT_EQ(in_use(run), 2);
  run.until(40 * kSecond);
  EXPECT_EQ(
      run.operations(),
      "P-01 load 0-1, P-02 load 1-2, P-01 mill 3-8, P-01 unload 10-11, P-03 load 2-12, P-02 mill 8-13, P-02 unload "
      "15-16, P-03 mill 14-19, P-03 unload 21-22")
      << "the third lot waits on its machine for the pallet that comes back at 11 s";
  EXPECT_EQ(run.conditions("load"), "working 0-2, waiting 2-11, working 11-12, starved 12-40");
  EXPECT_EQ(in_use(run), 0);
  EXPECT_DOUBLE_EQ(run.figure("pallet.utilisation"), (11 + 15 + 11) / 80.0);
}

TEST(Carriers, OfAScrappedLotComeBack) {
  Trial run(R"(
tools: {pallet: 1}
stations: {load: {}, mill: {failures: [{after: 2 s of work, repair: 1 s, lot: scrap, times: 1}]}}
products: {p: {route: [{at: load, time: 1 s, holds: pallet}, {at: mill, time: 5 s, returns: pallet}]}}
orders: [{id: P, product: p, quantity: 2}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 load 0-1, P-02 load 1-4, P-02 mill 4-9") << "scrapped at 3 s";
  EXPECT_EQ(in_use(run), 0);
}

TEST(Carriers, AreGivenBackByALotThatLeavesWithThem) {
  EXPECT_EQ(operations(R"(
tools: {pallet: 1}
stations: {load: {}, mill: {}}
products: {p: {route: [{at: load, time: 1 s, holds: pallet}, {at: mill, time: 5 s}]}}
orders: [{id: P, product: p, quantity: 2}]
)",
                       30),
            "P-01 load 0-1, P-01 mill 1-6, P-02 load 1-7, P-02 mill 7-12");
}

TEST(Carriers, AreNotTakenTwiceByALotThatIsSentBack) {
  Trial run(R"(
tools: {pallet: 1}
stations: {load: {}, mill: {}}
products: {p: {route: [{at: load, time: 1 s, holds: pallet}, {at: mill, time: 5 s, then: {rework: {load: 0.9999999}}}]}}
orders: [{id: P, product: p}]
)");
  run.until(8 * kSecond);
  EXPECT_EQ(run.operations(), "P load 0-1, P mill 1-6, P load 6-7");
  EXPECT_EQ(in_use(run), 1);
}

TEST(Carriers, OfABatchAreForEachOfItsLots) {
  Trial run(R"(
tools: {pallet: 5}
stations: {load: {batch: {max: 3, min: 3}}, mill: {}}
products: {p: {route: [{at: load, time: 1 s, holds: {pallet: 2}}, {at: mill, time: 5 s, returns: pallet}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  run.until(9 * kSecond);
  EXPECT_EQ(run.operations(), "") << "six are needed at once";
  Trial more(R"(
tools: {pallet: 6}
stations: {load: {batch: {max: 3, min: 3}}, mill: {}}
products: {p: {route: [{at: load, time: 1 s, holds: {pallet: 2}}, {at: mill, time: 5 s, returns: pallet}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  more.until(6 * kSecond);
  EXPECT_EQ(in_use(more), 4) << "the first lot has given back its two";
}

TEST(Carriers, StayWithALotThatPartsAndGoWithThePartThatTookThem) {
  Trial run(R"(
tools: {pallet: 2, box: 1}
stations: {load: {}, a: {}, b: {}, unload: {}}
products:
  p:
    route:
      - {at: load, time: 1 s, holds: pallet}
      - {op: split, parallel: {x: [{at: a, time: 3 s, holds: box}], y: [{at: b, time: 9 s}]}}
      - {at: unload, time: 1 s, returns: pallet}
orders: [{id: P, product: p}]
)");
  run.until(3 * kSecond);
  EXPECT_EQ(in_use(run, 0), 1) << "the whole holds it once";
  EXPECT_EQ(in_use(run, 1), 1);
  run.until(5 * kSecond);
  EXPECT_EQ(in_use(run, 1), 0) << "its part is through";
  EXPECT_EQ(in_use(run, 0), 1);
  run.until(20 * kSecond);
  EXPECT_EQ(in_use(run, 0), 0);
}

TEST(Carriers, AreKeptWhileTheMachineIsDownOrClosed) {
  Trial run(R"(
operators: {op: 1}
tools: {pallet: 1}
stations: {mill: {needs: op, failures: [{after: 2 s of work, repair: 3 s, times: 1}]}, saw: {needs: op}}
products: {p: {route: [{at: mill, time: 5 s, holds: pallet, returns: pallet}]}, q: {route: [{at: saw, time: 1 s}]}}
orders: [{id: P, product: p}, {id: Q, product: q}]
)");
  run.until(4 * kSecond);
  EXPECT_EQ(in_use(run, 1), 1);
  run.until(20 * kSecond);
  EXPECT_EQ(run.operations(), "Q saw 0-3, P mill 0-8") << "the operator is free at 2 s";
}

TEST(Carriers, AreHeldByLotsOfAChangedPlantToo) {
  const Plant plant = Plant::parse(R"(
tools: {box: 1, pallet: 2}
stations: {load: {}, mill: {}}
products: {p: {route: [{at: load, time: 1 s, holds: pallet}, {at: mill, time: 5 s, returns: pallet}]}}
orders: [{id: P, product: p, quantity: 4}]
)");
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = 2 * kSecond});
  EXPECT_EQ(state.pools[1].level, 2);
  for (const auto& [path, value, level] : std::vector<std::tuple<std::string, std::string, std::int64_t>>{
           {"tools.pallet", "3", 3}, {"tools.box", "4", 2}, {"stations.mill.machines", "1", 2}}) {
    const Plant to = plant.change({{path, value}});
    const State moved = migrate(plant, to, state);
    EXPECT_EQ(moved.pools[1].level, level) << path;
    EXPECT_TRUE(equal(to, State::load(moved.save(to), to), moved)) << path;
  }
}

}  // namespace
}  // namespace twin
