// Machines that do only some work, steps that refer to earlier ones, optional steps and limits, as a plant is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin/base/error.hpp"
#include "twin/model/builder.hpp"
#include "twin/model/plant.hpp"

namespace twin {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> told(const std::string& yaml) {
  std::vector<std::string> out;
  try {
    (void)Plant::parse(yaml, "test.yaml");
  } catch (const PlantError& error) {
    for (const auto& fault : error.faults()) out.push_back(fault.text());
  }
  return out;
}

// ---- machines that do only some work --------------------------------------------------------------------------------

std::string mill(const std::string& machines) {
  return "stations: {mill: {machines: " + machines +
         "}}\nproducts:\n  a: {family: red, route: [{at: mill, op: cut, time: 1 s}], arrivals: every 9 s}\n  b: "
         "{route: "
         "[{at: mill, op: cut, time: 1 s}, {at: mill, op: trim, time: 1 s}]}\n";
}

TEST(Does, IsCompiledToAFlagForEachMachine) {
  const Plant p = Plant::parse(mill("{M1: {does: [red, trim]}, M2: {}, M3: {does: b}}"));
  const PlantData& d = p.data();
  const auto able = [&](std::size_t choice) {
    const auto row = d.able.begin() + d.choices[choice].able;
    return std::vector<int>(row, row + 3);
  };
  EXPECT_THAT(able(0), ElementsAre(1, 1, 0)) << "cut of a, which is red";
  EXPECT_THAT(able(1), ElementsAre(0, 1, 1)) << "cut of b";
  EXPECT_EQ(d.choices[2].able, kNone) << "trim of b: all do it";
  EXPECT_TRUE(d.stations[0].selective);
  EXPECT_FALSE(Plant::parse(mill("{M1: {does: [a, b]}, M2: {}}")).data().stations[0].selective);
  EXPECT_NE(p.digest(), Plant::parse(mill("{M1: {}, M2: {}, M3: {}}")).digest());
  EXPECT_NE(p.digest(), Plant::parse(mill("{M1: {does: [red, trim]}, M2: {does: b}, M3: {}}")).digest());
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
}

TEST(Does, OfNoMachineOfAStationIsAFault) {
  EXPECT_THAT(told(mill("{M1: {does: a}, M2: {does: trim}}")),
              ElementsAre(AllOf(HasSubstr("products.b.route.cut: no machine of 'mill' does 'cut' of 'b'"),
                                HasSubstr("allowed: its name, or that of its product or family"))));
}

TEST(Does, OfWhatDoesNotExistIsAFault) {
  EXPECT_THAT(told(mill("{M1: {does: [cutt]}, M2: {does: {a: 1}}, M3: {does: []}, M4: {}}")),
              UnorderedElementsAre(
                  AllOf(HasSubstr("stations.mill.machines.M1.does: 'cutt' is no step, product or family (did you mean "
                                  "'cut'?)"),
                        HasSubstr("allowed: ")),
                  AllOf(HasSubstr("stations.mill.machines.M2.does: "), HasSubstr("a list of names of steps")),
                  HasSubstr("stations.mill.machines.M3.does: a machine that does nothing is none")));
}

// ---- references to earlier steps ------------------------------------------------------------------------------------

/// Steps `etch` at E1 and E2, `mill`, and `last`, with these keys.
std::string route(const std::string& last, const std::string& etch = "at: e", const std::string& more = "") {
  return "stations: {e: {machines: {E1: {does: [etch]}, E2: {}}}, f: {}, mill: {}}\nproducts: {p: {route: [{" + etch +
         ", op: etch, time: 1 s}, {at: mill, time: 1 s}, {op: last, time: 1 s, " + last +
         "}], arrivals: every 9 s}}\n" + more;
}

TEST(SameAs, IsTheStepAndItsMark) {
  const Plant p = Plant::parse(route("at: [f, e], same_as: {station: etch}"));
  EXPECT_EQ(p.data().steps[2].same_as, 0U);
  EXPECT_TRUE(p.data().steps[2].same_station);
  EXPECT_EQ(p.data().steps[0].mark, 0U);
  EXPECT_EQ(p.data().steps[1].mark, kNone);
  EXPECT_EQ(p.data().marks_per_lot, 1U);
  EXPECT_NE(p.digest(), Plant::parse(route("at: [f, e]")).digest());
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
}

TEST(SameAs, OfWhatDoesNotFitIsAFault) {
  EXPECT_THAT(told(route("at: e, same_as: etch")),
              ElementsAre(HasSubstr("products.p.route.last.same_as: E1 does 'etch' but not 'last', which must be done "
                                    "on the same machine; allowed: machines that do both")));
  EXPECT_THAT(told(route("at: f, same_as: etch")),
              testing::Contains(HasSubstr("same_as: 'etch' may be done at 'e', and this step is not; allowed: all "
                                          "stations of that step")));
  EXPECT_THAT(told(route("at: f, same_as: last")), ElementsAre(HasSubstr("'last' does not come before this step")));
  EXPECT_THAT(told(route("at: f, same_as: etsh")),
              ElementsAre(AllOf(HasSubstr("there is no step 'etsh'"), HasSubstr("did you mean 'etch'?"))));
  EXPECT_THAT(told(route("at: f, same_as: {machine: etch}")),
              ElementsAre(HasSubstr("the name of an earlier step, or {station: step}")));
}

TEST(Within, OfWhatDoesNotFitIsAFault) {
  EXPECT_EQ(Plant::parse(route("at: f, within: {of: etch, time: 2 h}")).data().steps[2].window, 2 * kHour);
  EXPECT_THAT(told(route("at: f, within: {of: last, time: 2 h}")),
              ElementsAre(HasSubstr("within.of: 'last' does not come before this step; allowed: an earlier step")));
  EXPECT_THAT(told(route("at: f, within: {of: etch}")), ElementsAre(HasSubstr("within.time")));
  EXPECT_THAT(told(route("at: f, within: {of: etch, time: 2 h}, max_wait: 1 h")),
              ElementsAre(HasSubstr("allowed: one of max_wait and within")));
  EXPECT_THAT(told(route("at: f, within: {of: etch, time: 2 h}, if_overdue: {rework: mill}")),
              ElementsAre(AllOf(HasSubstr("the time counts from 'etch', which such lots would not do again"),
                                HasSubstr("allowed: 'etch', or a step before it"))));
  EXPECT_THAT(told(route("at: f, if_overdue: scrap")), ElementsAre(HasSubstr("nothing says how long a lot may wait")));
}

// ---- optional steps -------------------------------------------------------------------------------------------------

TEST(OptionalSteps, OfWhatDoesNotFitAreFaults) {
  EXPECT_EQ(Plant::parse(route("at: f, only: 0.25")).data().steps[2].only, 0.25);
  EXPECT_EQ(Plant::parse(route("at: f, only: 1")).digest(), Plant::parse(route("at: f")).digest());
  EXPECT_EQ(Plant::parse(route("at: f, sample: {every: 1}")).digest(), Plant::parse(route("at: f")).digest());
  EXPECT_EQ(Plant::parse(route("at: f, sample: {every: 5}")).data().samples, 1U);
  EXPECT_THAT(told(route("at: f, only: 2")), ElementsAre(HasSubstr("a probability from 0 to 1")));
  EXPECT_THAT(told(route("at: f, sample: {first: 2}")), ElementsAre(HasSubstr("sample.every")));
  EXPECT_THAT(told(route("at: f, sample: {every: 0}")), ElementsAre(HasSubstr("a whole number from 1")));
  EXPECT_THAT(told(route("at: f, sample: {every: 5}, only: 0.5")),
              ElementsAre(HasSubstr("allowed: one of only and sample")));
}

TEST(OptionalSteps, SupplyNoMachineAndLetNoLotCirculateWithoutTime) {
  const auto arrivals = [](const std::string& how, const std::string& step) {
    return "stations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s" + step + "}], arrivals: " + how + "}}\n";
  };
  EXPECT_THAT(told(arrivals("saturate", ", only: 0.5")),
              ElementsAre(HasSubstr("which some lots would pass by; allowed: a first step that all lots take")));
  EXPECT_THAT(told(arrivals("conwip(3)", ", only: 0.5")),
              ElementsAre(HasSubstr("lots that take no time would circulate without end")));
  EXPECT_THAT(told(arrivals("every 5 s", ", only: 0.5")), ElementsAre());
}

// ---- rework limits --------------------------------------------------------------------------------------------------

TEST(ReworkLimits, OfWhatDoesNotFitAreFaults) {
  const Plant p = Plant::parse(route("at: f, then: {rework: {etch: 0.1}, limit: 2, beyond: pass}"));
  EXPECT_EQ(p.data().steps[2].rework_limit, 2U);
  EXPECT_EQ(p.data().steps[2].beyond, BranchData::kLeave);
  EXPECT_EQ(p.data().steps[2].mark, 0U);
  EXPECT_EQ(
      Plant::parse(route("at: f, then: {rework: {etch: 0.1}, limit: 2, beyond: {goto: mill}}")).data().steps[2].beyond,
      1U);
  EXPECT_THAT(told(route("at: f, then: {scrap: 0.1, limit: 2}")),
              ElementsAre(HasSubstr("then.limit: no lot is sent back from here")));
  EXPECT_THAT(told(route("at: f, then: {rework: {etch: 0.1}, beyond: pass}")),
              ElementsAre(HasSubstr("then.beyond: nothing says how often lots are sent back")));
  EXPECT_THAT(told(route("at: f, then: {rework: {etch: 0.1}, limit: 2, beyond: stay}")),
              ElementsAre(HasSubstr("scrap, pass, leave, or {goto: step}")));
  EXPECT_THAT(told(route("at: f, then: {rework: {etch: 0.1}, limit: 2, beyond: {goto: mil}}")),
              ElementsAre(HasSubstr("there is no step 'mil'")));
  EXPECT_THAT(told(route("at: f, then: {rework: {etch: 0.1}, limit: 0}")),
              ElementsAre(HasSubstr("a whole number from 1")));
}

TEST(ReworkLimits, LetLotsLeaveWhatTheyWouldNeverLeave) {
  EXPECT_THAT(told(route("at: f, then: {rework: {etch: 1}}")), ElementsAre(HasSubstr("never leave the route")));
  EXPECT_THAT(told(route("at: f, then: {rework: {etch: 1}, limit: 3}")), ElementsAre());
}

TEST(ReworkLimits, LetNoPartOfALotLeaveAlone) {
  const auto branch = [](const std::string& beyond) {
    return "stations: {a: {}}\nproducts: {p: {route: [{op: both, parallel: {x: [{at: a, time: 1 s, then: {rework: 0.5, "
           "limit: 1, beyond: " +
           beyond + "}}], y: [{at: a, time: 1 s}]}}], arrivals: every 9 s}}\n";
  };
  EXPECT_THAT(told(branch("leave")), ElementsAre(HasSubstr("a part of a lot cannot leave alone")));
  EXPECT_THAT(told(branch("pass")), ElementsAre());
}

// ---- sublots
// ---------------------------------------------------------------------------------------------------------

std::string split(const std::string& step, const std::string& arrivals = "every 9 s") {
  return "stations: {a: {}, b: {}}\nproducts: {p: {route: [{" + step + "}, {at: b, time: 1 s}], arrivals: " + arrivals +
         "}}\n";
}

TEST(Split, HasStepsNamedAfterIt) {
  const Plant p = Plant::parse(split("split: 3, route: [{at: a, time: 1 s}, {op: x, at: b, time: 1 s}]"));
  EXPECT_THAT(p.data().step_names, ElementsAre("split", "split/a", "split/x", "b"));
  EXPECT_THAT(p.data().forks, ElementsAre(1U, 1U, 1U));
  EXPECT_TRUE(p.data().steps[0].splits);
  EXPECT_EQ(p.data().steps[0].next, 3U);
  EXPECT_EQ(p.data().steps[1].next, 2U);
  EXPECT_EQ(p.data().steps[2].next, BranchData::kJoin);
  EXPECT_EQ(p.data().steps[2].within, 0U);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  EXPECT_NE(Plant::parse(split("split: 2, route: [{at: a, time: 1 s}, {op: x, at: b, time: 1 s}]")).digest(),
            p.digest());
}

TEST(Split, ThatMakesNoSenseIsAFault) {
  const std::string route = "route: [{at: a, time: 1 s}]";
  EXPECT_THAT(told(split("split: 2, " + route)), ElementsAre());
  EXPECT_THAT(told(split("split: 255, " + route)), ElementsAre());
  for (const char* n : {"1", "256", "2.5", "some", "[2]"})
    EXPECT_THAT(told(split(std::string("split: ") + n + ", " + route)),
                ElementsAre(HasSubstr("a whole number from 2 to 255")))
        << n;
  EXPECT_THAT(told(split("split: 2")), ElementsAre(HasSubstr("nothing says what is done with the sublots")));
  EXPECT_THAT(told(split(route)), ElementsAre(HasSubstr("nothing says how many sublots go through these steps")));
  EXPECT_THAT(told(split("split: 2, route: []")), ElementsAre(HasSubstr("the route has no step")));
  EXPECT_THAT(told(split("split: 2, route: {at: a}")), ElementsAre(HasSubstr("route")));
  EXPECT_THAT(told(split("split: 2, time: 1 s, " + route)),
              ElementsAre(HasSubstr("'time' does not go with sublots; allowed: split, route, op, meta")));
  EXPECT_THAT(told(split("split: 2, at: a, " + route)), ElementsAre(HasSubstr("'at' does not go with sublots")));
  EXPECT_THAT(told(split("split: 2, " + route + ", parallel: {x: [{at: a, time: 1 s}], y: [{at: b, time: 1 s}]}")),
              ElementsAre(HasSubstr("'split' does not go with parallel branches"),
                          HasSubstr("'route' does not go with parallel branches")));
  EXPECT_THAT(told(split("split: 2, route: [{at: a, time: 1 s, then: {leave: 0.5}}]")),
              ElementsAre(HasSubstr("a part of a lot cannot leave alone")));
  EXPECT_THAT(told(split("split: 2, route: [{at: a, time: 1 s, then: {goto: b}}]")),
              ElementsAre(HasSubstr("there is no step 'b'")))
      << "a sublot stays in its route";
  EXPECT_THAT(told(split("split: 2, " + route, "saturate")), ElementsAre(HasSubstr("a saturating source")));
  EXPECT_THAT(told(split("split: 2, route: [{split: 2, " + route + "}]")), ElementsAre());
  EXPECT_THAT(told(split("split: 2, route: [{split: 2, route: [{split: 2, " + route + "}]}]")),
              ElementsAre(HasSubstr("two splits within each other")));
}

// ---- setups: least run and tear-down --------------------------------------------------------------------------------

TEST(Setups, KeepAKindAndTearItDown) {
  const auto with = [](const std::string& keys) {
    return "stations: {mill: {setup: {otherwise: 2 s" + keys +
           "}}}\nproducts:\n  a: {family: red, route: [{at: mill, time: 1 s}], arrivals: every 9 s}\n  b: {family: "
           "blue, "
           "route: [{at: mill, time: 1 s}]}\n";
  };
  const Plant p = Plant::parse(with(", min_run: 4, teardown: {red: 5 s, blue: 0 s}"));
  EXPECT_EQ(p.data().stations[0].min_run, 4U);
  EXPECT_TRUE(p.data().teardowns[0].valid());
  EXPECT_FALSE(p.data().teardowns[1].valid());
  EXPECT_NE(p.digest(), Plant::parse(with("")).digest());
  EXPECT_EQ(Plant::parse(with(", min_run: 1, teardown: 0 s")).digest(), Plant::parse(with("")).digest());
  EXPECT_THAT(told(with(", min_run: 0")), ElementsAre(HasSubstr("a whole number from 1")));
  EXPECT_THAT(told(with(", teardown: {rad: 5 s}")),
              ElementsAre(HasSubstr("setup.teardown: 'rad' is no kind of work here (did you mean 'red'?)")));
  EXPECT_THAT(told(with(", teardown: [5 s]")), ElementsAre(HasSubstr("setup.teardown")));
}

// ---- choice ---------------------------------------------------------------------------------------------------------

TEST(Choose, ByCostOrFormulaNeedsWhatTheseAsk) {
  EXPECT_THAT(told(route("at: [e, f], choose: cost")),
              ElementsAre(HasSubstr("nothing says what machines or materials cost")));
  EXPECT_THAT(told(route("at: [e, f], choose: \"expr(work + setup)\"")), ElementsAre());
  EXPECT_THAT(told(route("at: [e, f], choose: \"expr(wrk)\"")), ElementsAre(HasSubstr("the formula cannot be read")));
  EXPECT_THAT(told(route("at: [e, f], choose: cheapest")),
              ElementsAre(HasSubstr("shortest_queue, earliest_finish, first, random, cost, expr(formula)")));
}

// ---- builder --------------------------------------------------------------------------------------------------------

TEST(PlantBuilder, SaysRoutesAsAFileDoes) {
  PlantBuilder b{"shop"};
  b.station("etch")
      .machine("E1", {}, "", {"litho", "a/strip"})
      .machine("E2")
      .setup_by("family", {.otherwise = "9 min", .min_run = 3, .teardown = "2 min"});
  b.station("oven").setup_by("family", {.teardowns = {{"a", "3 min"}}});
  auto a = b.product("a");
  a.step({.at = "etch", .time = "5 min", .op = "litho"})
      .step({.at = {"etch", "oven"}, .time = "6 min", .op = "strip", .choose_by = "work + setup", .same_as = "litho"})
      .step({.at = "oven", .time = "1 h", .within = WithinOptions{"litho", std::chrono::hours{2}}})
      .step({.at = "oven", .time = "2 min", .op = "look", .only = 0.3})
      .step({.at = "oven",
             .time = "3 min",
             .op = "measure",
             .then = {.rework = {{"litho", 0.1}}, .limit = 2, .beyond_step = "last"},
             .sample = SampleOptions{5, 1}})
      .step({.at = {"etch", "oven"},
             .time = "4 min",
             .op = "last",
             .then = {.rework = {{"look", 0.1}}, .limit = 1, .beyond = "pass"},
             .same_station_as = "strip"})
      .arrivals_every("1 h");
  const Plant file = Plant::parse(R"(
stations:
  etch: {machines: {E1: {does: [litho, a/strip]}, E2: {}}, setup: {by: family, otherwise: 9 min, min_run: 3, teardown: 2 min}}
  oven: {setup: {by: family, teardown: {a: 3 min}}}
products:
  a:
    route:
      - {at: etch, op: litho, time: 5 min}
      - {at: [etch, oven], op: strip, time: 6 min, choose: expr(work + setup), same_as: litho}
      - {at: oven, time: 1 h, within: {of: litho, time: 2 h}}
      - {at: oven, op: look, time: 2 min, only: 0.3}
      - {at: oven, op: measure, time: 3 min, sample: {every: 5, first: 1}, then: {rework: {litho: 0.1}, limit: 2, beyond: {goto: last}}}
      - {at: [etch, oven], op: last, time: 4 min, same_as: {station: strip}, then: {rework: {look: 0.1}, limit: 1, beyond: pass}}
    arrivals: every 1 h
)",
                                  "shop");
  const auto said = [&] {
    try {
      return b.build().digest();
    } catch (const PlantError& error) {
      ADD_FAILURE() << error.what();
      return std::uint64_t{0};
    }
  }();
  EXPECT_EQ(said, file.digest()) << b.document().yaml();
}

}  // namespace
}  // namespace twin
