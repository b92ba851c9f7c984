// Lots that return to a machine, pass by steps, are sent back so often and no more, or must go on in time. Timelines
// are worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

// ---- dedication -----------------------------------------------------------------------------------------------------

/// Two etchers; a lot is etched 2 s, milled 1 s, and etched again 3 s. \param again  more keys of the last step
std::string etched(const std::string& again, const std::string& etch = "machines: {E1: {}, E2: {}}",
                   const std::string& orders = "{id: P, product: p, quantity: 3}") {
  return "stations: {etch: {" + etch +
         "}, mill: {}}\nproducts: {p: {route: [{at: etch, op: first, time: 2 s}, {at: mill, time: 1 s}, {at: etch, op: "
         "second, time: 3 s" +
         again + "}]}}\norders: [" + orders + "]\n";
}

TEST(Dedication, BringsALotBackToTheMachineThatDidTheStep) {
  EXPECT_EQ(operations(etched(", same_as: first"), 60),
            "P-01 E1 0-2, P-02 E2 0-2, P-01 mill 2-3, P-03 E1 2-4, P-02 mill 3-4, P-03 mill 4-5, P-01 E1 4-7, P-02 E2 "
            "4-7, P-03 E1 7-10")
      << "E2 stands idle from 2 to 4 while P-01 waits for E1";
  EXPECT_EQ(operations(etched(""), 60),
            "P-01 E1 0-2, P-02 E2 0-2, P-01 mill 2-3, P-03 E1 2-4, P-02 mill 3-4, P-03 mill 4-5, P-01 E2 3-6, P-02 E1 "
            "4-7, P-03 E2 6-9");
}

TEST(Dedication, WaitsWhileItsMachineIsDown) {
  EXPECT_EQ(operations(etched(", same_as: first",
                              "machines: {E1: {failures: [{after: 2 s of time, repair: 9 s, times: 1}]}, E2: {}}",
                              "{id: P, product: p}"),
                       60),
            "P E1 0-2, P mill 2-3, P E1 11-14");
}

TEST(Dedication, MayBeToTheStationOnly) {
  const auto run = [](const std::string& again) {
    return operations(R"(
stations: {x: {machines: 2}, y: {}, mill: {}}
products:
  p: {route: [{at: [x, y], op: first, time: 2 s, choose: first}, {at: mill, time: 1 s}, {at: [y, x], op: second, time: 3 s, choose: first)" +
                          again + R"(}]}
  z: {route: [{at: x, time: 10 s}]}
orders: [{id: P, product: p}, {id: Z, product: z, quantity: 2, release: 2 s}]
)",
                      60);
  };
  EXPECT_EQ(run(", same_as: {station: first}"), "P x.1 0-2, P mill 2-3, Z-01 x.1 2-12, Z-02 x.2 2-12, P x.1 12-15");
  EXPECT_EQ(run(""), "P x.1 0-2, P mill 2-3, P y 3-6, Z-01 x.1 2-12, Z-02 x.2 2-12");
}

TEST(Dedication, IsToTheLastMachineWhereTheStepWasDoneTwice) {
  // Z keeps E1 busy as P is etched anew, so that E2 does it then; and the last step follows E2.
  EXPECT_EQ(operations(R"(
stations: {etch: {machines: {E1: {}, E2: {}}}, mill: {}}
products:
  p: {route: [{at: etch, op: first, time: 2 s}, {at: mill, time: 1 s, then: {rework: {first: 1}, limit: 1, beyond: pass}}, {at: etch, op: last, time: 3 s, same_as: first}]}
  z: {route: [{at: etch, time: 4 s}]}
orders: [{id: P, product: p}, {id: Z, product: z, release: 2 s}]
)",
                       60),
            "P E1 0-2, P mill 2-3, P E2 3-5, Z E1 2-6, P mill 5-6, P E2 6-9");
}

TEST(Dedication, OfAStepThatWasPassedByIsToNoMachine) {
  EXPECT_EQ(operations(R"(
stations: {etch: {machines: {E1: {}, E2: {}}}}
products:
  p: {route: [{at: etch, op: first, time: 2 s, only: 0}, {at: etch, op: last, time: 3 s, same_as: first}]}
orders: [{id: P, product: p, quantity: 2}]
)",
                       60),
            "P-01 E1 0-3, P-02 E2 0-3");
}

TEST(Dedication, GoesAlongIntoParallelBranches) {
  EXPECT_EQ(operations(R"(
stations: {etch: {machines: {E1: {}, E2: {}}}, mill: {}}
products:
  p: {route: [{op: both, parallel: {x: [{at: etch, op: first, time: 2 s}, {at: mill, time: 1 s}, {at: etch, op: again, time: 1 s, same_as: first}], y: [{at: etch, time: 9 s}]}}]}
orders: [{id: P, product: p}]
)",
                       60),
            "P E1 0-2, P mill 2-3, P E1 3-4, P E2 0-9");
}

TEST(Dedication, IsKeptBySavingAndByAChangedPlant) {
  const std::string yaml = etched(", same_as: first", "machines: {E1: {}, E2: {}}", "{id: P, product: p, quantity: 2}");
  Trial run(yaml);
  run.until(3 * kSecond);  // P-02 is milled, P-01 etched on E1 again
  State loaded = State::load(run.state.save(run.plant), run.plant);
  EXPECT_TRUE(equal(run.plant, loaded, run.state));
  const Plant slower = run.plant.change({{"products.p.route.second.time", "5 s"}, {"stations.etch.machines.E0", "{}"}});
  State moved = migrate(run.plant, slower, run.state);
  History history;
  advance(slower, slower.parameters(), moved, Until{.time = kMinute}, &history);
  std::string said;
  for (const auto& r : history.operations) said += slower.data().machine_names[r.machine] + " ";
  EXPECT_EQ(said, "mill.1 E1 E2 ");
  const Plant fewer = run.plant.change({{"stations.etch.machines", "{E1: {}, E3: {}}"}});
  moved = migrate(run.plant, fewer, run.state);
  history = {};
  advance(fewer, fewer.parameters(), moved, Until{.time = kMinute}, &history);
  said.clear();
  for (const auto& r : history.operations) said += fewer.data().machine_names[r.machine] + " ";
  EXPECT_EQ(said, "mill.1 E1 E3 ") << "P-02 was on E2, which is gone: it is bound to no machine";
}

// ---- steps that lots pass by ----------------------------------------------------------------------------------------

TEST(OptionalStep, TakesNoTimeNorPlaceOfWhoPassesBy) {
  EXPECT_EQ(operations(R"(
stations: {a: {}, check: {queue: {places: 0}}, b: {}}
products: {p: {route: [{at: a, time: 2 s}, {at: check, time: 50 s, transport: 9 s, only: 0}, {at: b, time: 3 s}]}}
orders: [{id: P, product: p, quantity: 2}]
)",
                       60),
            "P-01 a 0-2, P-02 a 2-4, P-01 b 2-5, P-02 b 5-8");
}

TEST(OptionalStep, AtTheEndOrTheBeginningOfARoute) {
  Trial run(R"(
stations: {a: {}}
products: {p: {route: [{at: a, op: one, time: 2 s, only: 0}, {at: a, op: two, time: 3 s}, {at: a, op: three, time: 2 s, only: 0}]}}
orders: [{id: P, product: p}]
)");
  run.until(kMinute);
  EXPECT_EQ(run.operations(), "P a 0-3");
  EXPECT_EQ(run.totals("p").completed, 1U);
  EXPECT_EQ(run.totals("p").cycle_time, Wide{3 * kSecond});
  Trial none("stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 2 s, only: 0}]}}\norders: [{id: P, product: p}]");
  none.until(kMinute);
  EXPECT_EQ(none.operations(), "");
  EXPECT_EQ(none.totals("p").completed, 1U);
}

TEST(OptionalStep, IsTakenWithItsProbabilityByADrawOfItsOwn) {
  const auto plant = [](const std::string& only) {
    return "stations: {a: {}, check: {}, b: {}}\nproducts: {p: {route: [{at: a, time: exponential(1 s)}, {at: check, "
           "time: 1 ms" +
           only + "}, {at: b, time: exponential(1 s)}]}}\norders: [{id: P, product: p, quantity: 4000}]\n";
  };
  Trial some(plant(", only: 0.3")), all(plant(""));
  some.until(3 * kHour);
  all.until(3 * kHour);
  const double mean = 4000 * 0.3;
  EXPECT_NEAR(static_cast<double>(some.station("check").visits), mean, 4 * std::sqrt(mean * 0.7));
  const auto spans = [](const Trial& run) {
    std::vector<std::tuple<std::uint64_t, Tick>> out;
    for (const auto& r : run.history.operations)
      if (run.plant.data().machine_names[r.machine] != "check.1") out.emplace_back(r.serial, r.end - r.start);
    std::ranges::sort(out);
    return out;
  };
  EXPECT_EQ(spans(some), spans(all)) << "no other draw is another for it";
}

TEST(OptionalStep, MayBeCountedOff) {
  const auto checked = [](const std::string& sample) {
    Trial run(
        "stations: {a: {}, check: {}}\nproducts: {p: {route: [{at: a, time: 1 s}, {at: check, time: 1 ms, sample: " +
        sample + "}]}}\norders: [{id: P, product: p, quantity: 9}]\n");
    run.until(kMinute);
    std::string out;
    for (const auto& r : run.history.operations)
      if (run.plant.data().machine_names[r.machine] == "check.1") out += std::to_string(r.serial + 1) + " ";
    return out;
  };
  EXPECT_EQ(checked("{every: 3}"), "3 6 9 ");
  EXPECT_EQ(checked("{every: 3, first: 1}"), "1 4 7 ");
  EXPECT_EQ(checked("{every: 4, first: 6}"), "6 ");
  EXPECT_EQ(checked("{every: 1}"), "1 2 3 4 5 6 7 8 9 ");
}

TEST(OptionalStep, CountsTheLotsOfEachProductAndSavesTheCount) {
  constexpr const char* kPlant = R"(
stations: {a: {}, check: {}}
products:
  p: {route: [{at: a, time: 1 s}, {at: check, time: 1 ms, sample: {every: 2}}]}
  q: {route: [{at: a, time: 1 s}, {at: check, time: 1 ms, sample: {every: 2}}]}
orders: [{id: P, product: p, quantity: 3}, {id: Q, product: q, quantity: 3}]
)";
  Trial run(kPlant);
  run.until(kSecond);
  State loaded = State::load(run.state.save(run.plant), run.plant);
  EXPECT_EQ(loaded.samples, (std::vector<std::uint64_t>{1, 0}));
  const Plant slower = run.plant.change({{"products.p.route.a.time", "2 s"}});
  EXPECT_EQ(migrate(run.plant, slower, run.state).samples, loaded.samples);
  run.until(kMinute);
  std::string out;
  for (const auto& r : run.history.operations)
    if (run.plant.data().machine_names[r.machine] == "check.1")
      out += lot_name(run.plant.data(), r.source, r.serial) + " ";
  EXPECT_EQ(out, "P-02 Q-02 ");
}

TEST(OptionalStep, OfAParallelBranchJoinsAtOnce) {
  EXPECT_EQ(operations(R"(
stations: {a: {}, b: {}, c: {}}
products: {p: {route: [{op: both, parallel: {x: [{at: a, time: 2 s}], y: [{at: b, time: 9 s, only: 0}]}}, {at: c, time: 1 s}]}}
orders: [{id: P, product: p}]
)",
                       60),
            "P a 0-2, P c 2-3");
}

TEST(OptionalStep, HoldsForTheWorkThatIsLeft) {
  // Both wait for the mill at 0; q has 1 + 10 s left, p 1 + 0.25 * 20 s: mwkr takes q first.
  const auto first = [](const std::string& only) {
    return operations(R"(
stations: {mill: {queue: {rule: mwkr}}, saw: {}}
products:
  x: {route: [{at: mill, time: 2 s}]}
  p: {route: [{at: mill, time: 1 s}, {at: saw, time: 20 s, only: )" +
                          only + R"(}]}
  q: {route: [{at: mill, time: 1 s}, {at: saw, time: 10 s}]}
orders: [{id: X, product: x}, {id: P, product: p}, {id: Q, product: q}]
)",
                      4);
  };
  EXPECT_EQ(first("0.25"), "X mill 0-2, Q mill 2-3, P mill 3-4");
  EXPECT_EQ(first("0.75"), "X mill 0-2, P mill 2-3, Q mill 3-4");
}

// ---- rework limits --------------------------------------------------------------------------------------------------

/// Made in 2 s and tested in 1 s; the test never passes. \param then  more of what follows it
Trial tested(const std::string& then) {
  Trial run(
      "stations: {make: {}, test: {}, mend: {}}\nproducts: {p: {route: [{at: make, time: 2 s}, {at: test, time: 1 s, "
      "then: {rework: {make: 1}" +
      then + "}}, {at: mend, time: 5 s}]}}\norders: [{id: P, product: p}]\n");
  run.until(kMinute);
  return run;
}

TEST(ReworkLimit, SendsALotBackSoOftenAndThenScrapsIt) {
  const Trial run = tested(", limit: 2");
  EXPECT_EQ(run.operations(), "P make 0-2, P test 2-3, P make 3-5, P test 5-6, P make 6-8, P test 8-9");
  EXPECT_EQ(run.totals("p").scrapped, 1U);
  EXPECT_EQ(run.totals("p").reworked, 1U);
}

TEST(ReworkLimit, OrLetsItPassLeaveOrGoElsewhere) {
  EXPECT_EQ(tested(", limit: 1, beyond: pass").operations(),
            "P make 0-2, P test 2-3, P make 3-5, P test 5-6, P mend 6-11");
  const Trial leaves = tested(", limit: 1, beyond: leave");
  EXPECT_EQ(leaves.operations(), "P make 0-2, P test 2-3, P make 3-5, P test 5-6");
  EXPECT_EQ(leaves.totals("p").completed, 1U);
  EXPECT_EQ(tested(", limit: 1, beyond: {goto: mend}").operations(),
            "P make 0-2, P test 2-3, P make 3-5, P test 5-6, P mend 6-11");
}

TEST(ReworkLimit, HoldsForEachStepOfALotByItself) {
  EXPECT_EQ(operations(R"(
stations: {make: {}, look: {}, test: {}}
products: {p: {route: [{at: make, time: 2 s}, {at: look, time: 1 s, then: {rework: {make: 1}, limit: 1, beyond: pass}}, {at: test, time: 1 s, then: {rework: {make: 1}, limit: 1, beyond: pass}}]}}
orders: [{id: P, product: p}]
)",
                       60),
            "P make 0-2, P look 2-3, P make 3-5, P look 5-6, P test 6-7, P make 7-9, P look 9-10, P test 10-11")
      << "the look has sent it back once and does so no more, the test once more";
}

TEST(ReworkLimit, LeavesOtherProbabilitiesAlone) {
  // Of 4000 lots half pass; the rest goes back, and of these the half that fails again is scrapped.
  Trial run(
      "stations: {make: {}, test: {}}\nproducts: {p: {route: [{at: make, time: 1 s}, {at: test, time: 1 s, then: "
      "{rework: {make: 0.5}, limit: 1}}]}}\norders: [{id: P, product: p, quantity: 4000}]\n");
  run.until(4 * kHour);
  EXPECT_NEAR(static_cast<double>(run.totals("p").scrapped), 1000, 4 * std::sqrt(4000 * 0.25 * 0.75));
  EXPECT_NEAR(static_cast<double>(run.totals("p").reworked), 2000, 4 * std::sqrt(4000 * 0.5 * 0.5));
  EXPECT_EQ(run.totals("p").completed + run.totals("p").scrapped, 4000U);
}

TEST(ReworkLimit, HoldsForTheWorkThatIsLeft) {
  // p: test 1 s, then with 1: once more (1 + 1 s), then leaves: 2 s after the test. q: 3 s after it.
  EXPECT_EQ(operations(R"(
stations: {mill: {queue: {rule: mwkr}}, saw: {}}
products:
  x: {route: [{at: mill, time: 2 s}]}
  p: {route: [{at: mill, time: 1 s, then: {rework: 1, limit: 2, beyond: leave}}]}
  q: {route: [{at: mill, time: 1 s}, {at: saw, time: 3 s}]}
  r: {route: [{at: mill, time: 1 s}, {at: saw, time: 1 s}]}
orders: [{id: X, product: x}, {id: R, product: r}, {id: P, product: p}, {id: Q, product: q}]
)",
                       4),
            "X mill 0-2, Q mill 2-3, P mill 3-4");
}

TEST(ReworkLimit, IsKeptBySavingAndBoundedByAChangedPlant) {
  Trial run(
      "stations: {make: {}, test: {}}\nproducts: {p: {route: [{at: make, time: 2 s}, {at: test, time: 1 s, then: "
      "{rework: {make: 1}, limit: 5}}]}}\norders: [{id: P, product: p}]\n");
  run.until(7 * kSecond);  // sent back at 3 and 6
  State loaded = State::load(run.state.save(run.plant), run.plant);
  EXPECT_EQ(loaded.marks[0].times, 2U);
  const Plant strict = run.plant.change({{"products.p.route.test.then.limit", "1"}});
  State moved = migrate(run.plant, strict, run.state);
  advance(strict, strict.parameters(), moved, Until{.time = kMinute});
  EXPECT_EQ(moved.products[0].scrapped, 1U);
  EXPECT_EQ(moved.stations[1].visits, 3U) << "it is through with the test at 9, and with its chances";
}

// ---- a limit of time over several steps -----------------------------------------------------------------------------

/// A is etched to 2 s, washed for 1 s, and must be in the furnace in time, which X leaves at 10 s.
Trial furnace(const std::string& step, const std::string& wash = "1 s") {
  Trial run(R"(
stations: {etch: {}, wash: {}, furnace: {}}
products:
  x: {route: [{at: furnace, time: 10 s}]}
  a: {route: [{at: etch, time: 2 s}, {at: wash, time: )" +
            wash + "}, {at: furnace, time: 4 s, " + step + R"(}]}
orders: [{id: X, product: x}, {id: A, product: a}]
)");
  run.until(kMinute);
  return run;
}

TEST(Window, ALotThatDoesNotBeginInTimeIsScrapped) {
  const Trial run = furnace("within: {of: etch, time: 5 s}");
  EXPECT_EQ(run.operations(), "A etch 0-2, A wash 2-3, X furnace 0-10");
  EXPECT_EQ(run.totals("a").scrapped, 1U);
  EXPECT_EQ(run.station("furnace").overdue, 1U);
  EXPECT_EQ(run.station("furnace").queue_integral, Wide{4 * kSecond}) << "from 3 to 7";
}

TEST(Window, AMachineThatIsFreeAtThatInstantWins) {
  EXPECT_EQ(furnace("within: {of: etch, time: 8 s}").operations(),
            "A etch 0-2, A wash 2-3, X furnace 0-10, A furnace 10-14");
  EXPECT_EQ(furnace("within: {of: etch, time: 7999 ms}").totals("a").scrapped, 1U);
}

TEST(Window, ALotThatComesTooLateDoesNotEnter) {
  const Trial run = furnace("within: {of: etch, time: 5 s}", "9 s");
  EXPECT_EQ(run.operations(), "A etch 0-2, X furnace 0-10, A wash 2-11") << "the furnace is free, and A is not let in";
  EXPECT_EQ(run.totals("a").scrapped, 1U);
  EXPECT_EQ(run.station("furnace").overdue, 1U);
  EXPECT_EQ(furnace("within: {of: etch, time: 9 s}", "9 s").totals("a").completed, 1U) << "just in time";
}

TEST(Window, OrLeavesStaysOrGoesBack) {
  EXPECT_EQ(furnace("within: {of: etch, time: 5 s}, if_overdue: leave").totals("a").completed, 1U);
  const Trial stays = furnace("within: {of: etch, time: 5 s}, if_overdue: stay");
  EXPECT_EQ(stays.operations(), "A etch 0-2, A wash 2-3, X furnace 0-10, A furnace 10-14");
  EXPECT_EQ(stays.station("furnace").overdue, 1U);
  const Trial late = furnace("within: {of: etch, time: 5 s}, if_overdue: stay", "9 s");
  EXPECT_EQ(late.operations(), "A etch 0-2, X furnace 0-10, A wash 2-11, A furnace 11-15");
  EXPECT_EQ(late.station("furnace").overdue, 1U);
  const Trial back = furnace("within: {of: etch, time: 5 s}, if_overdue: {rework: etch}");
  EXPECT_EQ(back.operations(), "A etch 0-2, A wash 2-3, A etch 7-9, X furnace 0-10, A wash 9-10, A furnace 10-14")
      << "sent back at 7; from 9 on it has 5 s again";
  EXPECT_EQ(back.totals("a").reworked, 1U);
}

TEST(Window, CountsWhereverTheLotIs) {
  // On the way, and outside a full queue: it is looked at when it comes into the queue.
  EXPECT_EQ(furnace("transport: 6 s, within: {of: etch, time: 5 s}").operations(),
            "A etch 0-2, A wash 2-3, X furnace 0-10");
  Trial run(R"(
stations: {etch: {}, furnace: {queue: {places: 0}}}
products:
  x: {route: [{at: furnace, time: 10 s}]}
  a: {route: [{at: etch, time: 2 s}, {at: furnace, time: 4 s, within: {of: etch, time: 5 s}}]}
orders: [{id: X, product: x}, {id: A, product: a}, {id: B, product: a, release: 9 s}]
)");
  run.until(kMinute);
  EXPECT_EQ(run.operations(), "A etch 0-2, X furnace 0-10, B etch 10-12, B furnace 12-16")
      << "A stands on the etcher until 10, and is too late then";
  EXPECT_EQ(run.conditions("furnace"), "working 0-10, starved 10-12, working 12-16, starved 16-60");
}

TEST(Window, DoesNotHoldForWhoPassedTheFirstStepBy) {
  Trial run(R"(
stations: {etch: {}, furnace: {}}
products:
  x: {route: [{at: furnace, time: 10 s}]}
  a: {route: [{at: etch, time: 2 s, only: 0}, {at: furnace, time: 4 s, within: {of: etch, time: 5 s}}]}
orders: [{id: X, product: x}, {id: A, product: a}]
)");
  run.until(kMinute);
  EXPECT_EQ(run.operations(), "X furnace 0-10, A furnace 10-14");
}

TEST(Window, GivesUpTheMachineThatWasKeptForIt) {
  // S saturates the furnace, which is kept for A on its way from 3 on; A comes too late at 9.
  Trial run(R"(
stations: {etch: {}, furnace: {queue: {places: 0}}}
products:
  s: {route: [{at: furnace, time: 3 s}], arrivals: saturate}
  a: {route: [{at: etch, time: 2 s}, {at: furnace, time: 4 s, transport: 6 s, within: {of: etch, time: 5 s}}]}
orders: [{id: A, product: a}]
)");
  run.until(13 * kSecond);
  EXPECT_EQ(run.operations(), "A etch 0-2, s#1 furnace 0-3, s#2 furnace 9-12");
}

TEST(Window, IsKeptBySavingAndByAChangedPlant) {
  Trial run(R"(
stations: {etch: {}, furnace: {}}
products:
  x: {route: [{at: furnace, time: 10 s}]}
  a: {route: [{at: etch, time: 2 s}, {at: furnace, time: 4 s, within: {of: etch, time: 5 s}}]}
orders: [{id: X, product: x}, {id: A, product: a}]
)");
  run.until(4 * kSecond);
  State loaded = State::load(run.state.save(run.plant), run.plant);
  EXPECT_TRUE(equal(run.plant, loaded, run.state));
  for (const auto& [time, completed] : {std::pair{"8 s", 1U}, std::pair{"7 s", 0U}, std::pair{"1 s", 0U}}) {
    const Plant changed = run.plant.change({{"products.a.route.furnace.within.time", time}});
    State moved = migrate(run.plant, changed, run.state);
    EXPECT_NO_THROW((void)State::load(moved.save(changed), changed));
    advance(changed, changed.parameters(), moved, Until{.time = kMinute});
    EXPECT_EQ(moved.products[1].completed, completed) << time;
  }
}

}  // namespace
}  // namespace twin
