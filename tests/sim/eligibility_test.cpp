// Machines that do only some of the work of their station. Timelines are worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

/// a takes 5 s at the mill, b 3 s. \param mill  its machines and other keys
std::string mill(const std::string& keys, const std::string& orders) {
  return "stations: {mill: {" + keys +
         "}}\nproducts:\n  a: {route: [{at: mill, time: 5 s}]}\n  b: {route: [{at: mill, time: 3 s}]}\norders: [" +
         orders + "]\n";
}
constexpr const char* kOne = "machines: {M1: {does: a}, M2: {does: b}}";
constexpr const char* kSome = "machines: {M1: {does: a}, M2: {}}";

TEST(Eligibility, ALotTakesTheFirstIdleMachineThatDoesIt) {
  EXPECT_EQ(operations(mill(kSome, "{id: B, product: b}, {id: C, product: b}, {id: A, product: a}"), 60),
            "B M2 0-3, A M1 0-5, C M2 3-6")
      << "A starts at once although C waits: M1 cannot do C";
  EXPECT_EQ(operations(mill(kSome, "{id: A, product: a, quantity: 2}"), 60), "A-01 M1 0-5, A-02 M2 0-5");
}

TEST(Eligibility, AFreeMachinePassesOverWhatItCannotDo) {
  EXPECT_EQ(operations(mill(kOne, "{id: B, product: b, quantity: 3}, {id: A, product: a, quantity: 2}"), 60),
            "B-01 M2 0-3, A-01 M1 0-5, B-02 M2 3-6, B-03 M2 6-9, A-02 M1 5-10");
}

TEST(Eligibility, TheQueuesRuleHoldsAmongWhatTheMachineDoes) {
  // From 0 to 3 M2 does X; then A, B, C and D wait, of which only B, C and D are for it.
  const auto served = [](const std::string& rule) {
    return operations(
        mill("queue: {rule: " + rule + "}, machines: {M1: {does: a}, M2: {does: b}}",
             "{id: W, product: a}, {id: X, product: b}, {id: A, product: a, due: 1 s, priority: 9}, {id: "
             "B, product: b, due: 30 s, priority: 1}, {id: C, product: b, due: 10 s, priority: 2}, {id: D, "
             "product: b, due: 20 s, priority: 3}"),
        60);
  };
  EXPECT_EQ(served("edd"), "X M2 0-3, W M1 0-5, C M2 3-6, D M2 6-9, A M1 5-10, B M2 9-12");
  EXPECT_EQ(served("priority"), "X M2 0-3, W M1 0-5, D M2 3-6, C M2 6-9, A M1 5-10, B M2 9-12");
  EXPECT_EQ(served("lifo"), "X M2 0-3, W M1 0-5, D M2 3-6, C M2 6-9, A M1 5-10, B M2 9-12");
  EXPECT_EQ(served("spt"), "X M2 0-3, W M1 0-5, B M2 3-6, C M2 6-9, A M1 5-10, D M2 9-12");
  EXPECT_EQ(served("slack"), "X M2 0-3, W M1 0-5, C M2 3-6, D M2 6-9, A M1 5-10, B M2 9-12");
  EXPECT_EQ(served("cr"), "X M2 0-3, W M1 0-5, C M2 3-6, D M2 6-9, A M1 5-10, B M2 9-12");
}

TEST(Eligibility, GoesByStepProductFamilyOrProductAndStep) {
  constexpr const char* kPlant = R"(
stations: {mill: {machines: {M1: {does: [NAME]}, M2: {}}}}
products:
  p: {family: round, route: [{at: mill, op: rough, time: 2 s}, {at: mill, op: fine, time: 3 s, family: flat}]}
  q: {route: [{at: mill, op: rough, time: 4 s}]}
orders: [{id: Q, product: q}, {id: P, product: p}]
)";
  const auto with = [&](const std::string& name) {
    std::string yaml = kPlant;
    return operations(yaml.replace(yaml.find("NAME"), 4, name), 60);
  };
  EXPECT_EQ(with("rough"), "P M2 0-2, Q M1 0-4, P M2 2-5");
  EXPECT_EQ(with("p"), "P M1 0-2, Q M2 0-4, P M1 2-5");
  EXPECT_EQ(with("round"), "P M1 0-2, Q M2 0-4, P M2 4-7");
  EXPECT_EQ(with("flat"), "Q M2 0-4, P M2 4-6, P M1 6-9");
  EXPECT_EQ(with("q, p/fine"), "P M2 0-2, Q M1 0-4, P M2 2-5");
}

TEST(Eligibility, OfAllMachinesForAllWorkChangesNothing) {
  const auto run = [](const std::string& machines) {
    Trial trial("stations: {mill: {" + machines +
                ", queue: {places: 1}}, saw: {}}\nproducts: {p: {route: [{at: saw, time: exponential(1 s)}, {at: mill, "
                "time: exponential(3 s)}], arrivals: every exponential(1.4 s)}}\n");
    return trial.until(kHour).state.history;
  };
  EXPECT_EQ(run("machines: {A: {}, B: {}}"), run("machines: {A: {does: p}, B: {does: [mill]}}"));
}

// ---- room -----------------------------------------------------------------------------------------------------------

/// Lots come over saws (1 s) to a mill without places, where M1 does a (5 s) and M2 does b (3 s).
std::string line(const std::string& saw, const std::string& orders, const std::string& step = "",
                 const std::string& machines = "M1: {does: a}, M2: {does: b}") {
  return "stations: {saw: {" + saw + "}, mill: {machines: {" + machines +
         "}, queue: {places: 0}}}\nproducts:\n  a: {route: [{at: saw, time: 1 s}, {at: mill, time: 5 s" + step +
         "}]}\n  b: {route: [{at: saw, time: 1 s}, {at: mill, time: 3 s" + step + "}]}\norders: [" + orders + "]\n";
}

TEST(Eligibility, AnIdleMachineIsNoRoomForWhatItCannotDo) {
  Trial run(line("", "{id: A, product: a, quantity: 2}, {id: B, product: b}"));
  run.until(30 * kSecond);
  EXPECT_EQ(run.conditions("saw"), "working 0-2, blocked 2-6, working 6-7, starved 7-30");
  EXPECT_EQ(run.operations(), "A-01 saw 0-1, A-02 saw 1-2, A-01 M1 1-6, B saw 6-7, B M2 7-10, A-02 M1 6-11");
}

TEST(Eligibility, WhoFindsNoRoomIsPassedOverByWhoDoes) {
  Trial run(line("machines: 2", "{id: A, product: a, quantity: 2}, {id: B, product: b}"));
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "A-01 saw.1 0-1, A-02 saw.2 0-1, B saw.1 1-2, B M2 2-5, A-01 M1 1-6, A-02 M1 6-11");
  EXPECT_EQ(run.conditions("saw.2"), "working 0-1, blocked 1-6, starved 6-30");
}

TEST(Eligibility, APlaceOfTheQueueIsForAll) {
  Trial run(R"(
stations: {saw: {}, mill: {machines: {M1: {does: a}, M2: {does: b}}, queue: {places: 1}}}
products:
  a: {route: [{at: saw, time: 1 s}, {at: mill, time: 5 s}]}
  b: {route: [{at: saw, time: 1 s}, {at: mill, time: 3 s}]}
orders: [{id: A, product: a, quantity: 3}, {id: B, product: b}]
)");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(),
            "A-01 saw 0-1, A-02 saw 1-2, A-03 saw 2-3, A-01 M1 1-6, B saw 6-7, B M2 7-10, A-02 M1 6-11, A-03 M1 11-16");
  EXPECT_EQ(run.conditions("saw"), "working 0-3, blocked 3-6, working 6-7, starved 7-40");
}

TEST(Eligibility, LotsOnTheirWayHoldTheMachinesTheyNeed) {
  // A-01 is on its way from 1 to 3, B from 2 to 4: each has a machine. A-02 finds none at 3, before A-01 has come.
  EXPECT_EQ(
      operations(line("", "{id: A, product: a}, {id: B, product: b}, {id: C, product: a}", ", transport: 2 s"), 60),
      "A saw 0-1, B saw 1-2, C saw 2-3, B M2 4-7, A M1 3-8, C M1 10-15");
  // M1 does both: B, which sets out first, leaves it to A, for which there is no other.
  EXPECT_EQ(
      operations(line("", "{id: B, product: b}, {id: A, product: a}", ", transport: 2 s", "M1: {}, M2: {does: b}"), 60),
      "B saw 0-1, A saw 1-2, B M2 3-6, A M1 4-9");
}

TEST(Eligibility, ArrivalsAreLostWhereNoMachineIsForThem) {
  Trial lost(R"(
stations: {mill: {machines: {M1: {does: a}, M2: {does: b}}, queue: {places: 0, if_full: lose}}}
products:
  a: {route: [{at: mill, time: 5 s}], arrivals: every 2 s}
  b: {route: [{at: mill, time: 3 s}], arrivals: every 4 s}
)");
  lost.until(9 * kSecond);
  EXPECT_EQ(lost.operations(), "a#1 M1 2-7, b#1 M2 4-7");
  EXPECT_EQ(lost.totals("a").lost, 2U) << "at 4 and 6";
  EXPECT_EQ(lost.totals("b").lost, 0U);
}

// ---- with everything else -------------------------------------------------------------------------------------------

TEST(Eligibility, ASaturatingSourceSuppliesWhoDoesItsProduct) {
  constexpr const char* kPlant = R"(
stations: {mill: {machines: {M1: {does: a}, M2: {does: [a, b]}}}}
products:
  a: {route: [{at: mill, time: 2 s}], arrivals: saturate}
  b: {route: [{at: mill, time: 3 s}], arrivals: saturate}
)";
  EXPECT_EQ(operations(kPlant, 6), "a#1 M1 0-2, b#1 M2 0-3, a#2 M1 2-4, b#2 M2 3-6, a#3 M1 4-6");
}

TEST(Eligibility, ABatchIsOfWhatItsMachineDoes) {
  EXPECT_EQ(operations(mill("machines: {O1: {does: a}, O2: {}}, batch: {max: 2, min: 2, by: product}",
                            "{id: B, product: b}, {id: A, product: a}, {id: C, product: b}, {id: D, product: a}"),
                       60),
            "B O2 0-3, C O2 0-3, A O1 0-5, D O1 0-5");
  EXPECT_EQ(operations(mill("machines: {O1: {does: a}, O2: {does: b}}, batch: {max: 2, min: 2, by: product, wait: 4 s}",
                            "{id: B, product: b}, {id: A, product: a, quantity: 3}"),
                       60),
            "A-01 O1 0-5, A-02 O1 0-5, B O2 4-7, A-03 O1 5-10");
}

TEST(Eligibility, ABatchMachineIsRoomForItsOwnWorkOnly) {
  // The oven has no places: O1 may take two of a, and O2 two of b. The third a finds no room before 6.
  constexpr const char* kPlant = R"(
stations: {saw: {}, oven: {machines: {O1: {does: a}, O2: {does: b}}, queue: {places: 0}, batch: {max: 2, min: 2, by: product}}}
products:
  a: {route: [{at: saw, time: 1 s}, {at: oven, time: 4 s}]}
  b: {route: [{at: saw, time: 1 s}, {at: oven, time: 9 s}]}
orders: [{id: B, product: b}, {id: A, product: a, quantity: 4}, {id: C, product: b}]
)";
  Trial run(kPlant);
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(),
            "B saw 0-1, A-01 saw 1-2, A-02 saw 2-3, A-03 saw 3-4, A-01 O1 3-7, A-02 O1 3-7, A-04 saw 7-8, C saw 8-9, "
            "A-03 O1 8-12, A-04 O1 8-12, B O2 9-18, C O2 9-18");
  EXPECT_EQ(run.conditions("saw"), "working 0-4, blocked 4-7, working 7-9, starved 9-40");
}

TEST(Eligibility, WorkOfAMachineThatIsDownOrClosedWaitsForIt) {
  EXPECT_EQ(operations(mill("machines: {M1: {does: a, failures: [{after: 0 s of time, repair: 4 s, times: 1}]}, M2: "
                            "{does: b}}",
                            "{id: A, product: a}, {id: B, product: b, quantity: 2}"),
                       60),
            "B-01 M2 0-3, B-02 M2 3-6, A M1 4-9");
  EXPECT_EQ(operations("calendars: {late: {daily: \"00:01-24:00\"}}\n" +
                           mill("machines: {M1: {does: a, calendar: late}, M2: {does: b}}",
                                "{id: A, product: a}, {id: B, product: b}"),
                       100),
            "B M2 0-3, A M1 60-65");
}

TEST(Eligibility, AlternativesCountTheMachinesThatDoTheStep) {
  constexpr const char* kPlant = R"(
stations: {mill: {machines: {M1: {does: a}, M2: {does: b}}}, saw: {}}
products:
  a: {route: [{at: [mill, saw], time: 5 s, choose: CHOOSE}]}
  b: {route: [{at: mill, time: 9 s}]}
orders: [{id: A, product: a, quantity: 4}]
)";
  for (const std::string rule : {"shortest_queue", "earliest_finish"}) {
    std::string yaml = kPlant;
    EXPECT_EQ(operations(yaml.replace(yaml.find("CHOOSE"), 6, rule), 60),
              "A-01 M1 0-5, A-02 saw 0-5, A-03 M1 5-10, A-04 saw 5-10")
        << rule << ": with M2 the mill would have half as much in front of A-04";
  }
}

// ---- deadlock -------------------------------------------------------------------------------------------------------

std::string crossing(const std::string& machines) {
  return "stations: {a: {machines: {" + machines +
         "}, queue: {places: 0}}, b: {queue: {places: 0}}}\nproducts:\n  p: {route: [{at: a, time: 2 s}, {at: b, time: "
         "9 s}]}\n  q: {route: [{at: b, time: 3 s}, {at: a, time: 9 s}]}\n  z: {route: [{at: a, time: 1 s}]}\norders: "
         "[{id: P, product: p}, {id: Q, product: q}]\n";
}

TEST(Eligibility, AnIdleMachineThatCannotHelpOpensNoRing) {
  Trial run(crossing("A1: {does: [p, q]}, A2: {does: z}"));
  try {
    run.until(kHour);
    FAIL();
  } catch (const DeadlockError& error) {
    EXPECT_THAT(error.what(), HasSubstr("deadlock at 3 s"));
    EXPECT_THAT(error.what(),
                HasSubstr("A1 holds P, which waits for room at b, b.1 holds Q, which waits for room at a"));
  }
  EXPECT_EQ(operations(crossing("A1: {does: [p, q]}, A2: {does: [z, q]}"), 60),
            "P A1 0-2, Q b 0-3, Q A2 3-12, P b 3-12");
}

// ---- save, branch, migrate ------------------------------------------------------------------------------------------

TEST(Eligibility, HoldsInAChangedPlant) {
  const Plant before = Plant::parse(mill("machines: {M1: {}, M2: {}}",
                                         "{id: B, product: b}, {id: A, product: a, "
                                         "quantity: 2}, {id: C, product: b, quantity: 2}"));
  State state = State::initial(before);
  advance(before, before.parameters(), state, Until{.time = kSecond});  // B on M1 to 3, A-01 on M2 to 5
  const Plant after = before.change({{"stations.mill.machines.M2.does", "a"}});
  State moved = migrate(before, after, state);
  History history;
  advance(after, after.parameters(), moved, Until{.time = kMinute}, &history);
  std::string said;
  for (const auto& r : history.operations)
    said += lot_name(after.data(), r.source, r.serial) + " " + after.data().machine_names[r.machine] + " ";
  EXPECT_EQ(said, "B M1 A-01 M2 A-02 M1 C-01 M1 C-02 M1 ");
  try {
    (void)migrate(before, before.change({{"stations.mill.machines.M2.does", "b"}}), state);
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(error.what(), HasSubstr("A-01: machine M2, which holds it, no longer does its step mill"));
  }
}

}  // namespace
}  // namespace twin
