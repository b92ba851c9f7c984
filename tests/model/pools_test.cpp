// Operators, tools, materials, setups by kind, batches, patience and parallel branches, as a plant is read: what they
// are compiled to, and what is wrong with those that make no sense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "twin/base/error.hpp"
#include "twin/model/plant.hpp"

namespace twin {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> told(const std::string& yaml, const std::filesystem::path& folder = {}) {
  std::vector<std::string> out;
  try {
    (void)Plant::parse(yaml, "test.yaml", folder);
  } catch (const PlantError& error) {
    for (const auto& fault : error.faults()) out.push_back(fault.text());
  }
  return out;
}

/// A plant with these keys at its top, its station and its step.
std::string plant(const std::string& top, const std::string& station = "", const std::string& step = "") {
  return top + "\nstations: {mill: {" + station + "}, saw: {}}\nproducts: {p: {route: [{at: mill, time: 1 s" +
         (step.empty() ? "" : ", " + step) + "}], arrivals: every 2 s}}\n";
}
constexpr const char* kPools =
    "operators: {ann: {count: 2, skills: [any, mill]}, bob: {skills: any}}\ntools: {jig: 3}\n"
    "materials: {bar: 5, kit: {places: 9}}";

TEST(Pools, AreCompiledToCountsAndNeedsToTheirAlternatives) {
  const Plant p = Plant::parse(plant(kPools, "needs: {any: 1, jig: 2}, uses: bar", "makes: {kit: 4}"));
  const PlantData& d = p.data();
  EXPECT_THAT(d.pool_names, ElementsAre("ann", "bob", "jig", "bar", "kit"));
  EXPECT_EQ(d.pools[0].count, 2);
  EXPECT_EQ(d.pools[3].count, 5);
  EXPECT_TRUE(d.pools[3].material);
  EXPECT_EQ(d.pools[3].places, -1);
  EXPECT_EQ(d.pools[4].places, 9);
  const ChoiceData& choice = d.choices[0];
  const auto met = [&](Needs needs) {
    std::vector<std::string> out;
    for (std::uint32_t i = needs.first; i < needs.first + needs.count; ++i) {
      std::string one = std::to_string(d.needs[i].amount);
      for (std::uint32_t a = 0; a < d.needs[i].pool_count; ++a)
        one += " " + d.pool_names[d.need_pools[d.needs[i].first_pool + a]];
      out.push_back(one);
    }
    return out;
  };
  EXPECT_THAT(met(choice.needs), UnorderedElementsAre("1 ann bob", "2 jig"));
  EXPECT_THAT(met(choice.uses), ElementsAre("1 bar"));
  EXPECT_THAT(met(choice.makes), ElementsAre("4 kit"));
  EXPECT_FALSE(choice.is_bare());
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
}

TEST(Pools, OfAStepReplaceThoseOfItsStation) {
  const Plant p = Plant::parse(plant(kPools, "needs: {ann: 1}", "needs: jig"));
  ASSERT_EQ(p.data().choices[0].needs.count, 1U);
  EXPECT_EQ(p.data().need_pools[p.data().needs[p.data().choices[0].needs.first].first_pool], 2U);
  EXPECT_TRUE(
      Plant::parse(plant(kPools, "needs: {ann: 1}, uses: bar", "needs: {}, uses: {}")).data().choices[0].is_bare());
}

TEST(Pools, ThatAreUnknownAreAnsweredWithTheNearest) {
  EXPECT_THAT(told(plant(kPools, "needs: an")),
              ElementsAre(AllOf(HasSubstr("stations.mill.needs: there are no operators or tools 'an'"),
                                HasSubstr("did you mean"), HasSubstr("allowed: ann, any, bob, jig, mill"))));
  EXPECT_THAT(told(plant(kPools, "", "uses: {barr: 2}")),
              ElementsAre(AllOf(HasSubstr("there is no material 'barr' (did you mean 'bar'?)"),
                                HasSubstr("allowed: bar, kit"))));
  EXPECT_THAT(told(plant(kPools, "needs: bar")), ElementsAre(HasSubstr("there are no operators or tools 'bar'")));
  EXPECT_THAT(told(plant(kPools, "uses: jig")), ElementsAre(HasSubstr("there is no material 'jig'")));
  EXPECT_THAT(told(plant("", "needs: ann")), ElementsAre(HasSubstr("allowed: a name under operators or tools")));
  EXPECT_THAT(told(plant(kPools, "failures: [{after: 1 h, repair: 1 s, needs: smith}]")),
              ElementsAre(HasSubstr("there are no operators or tools 'smith'")));
}

TEST(Pools, MoreThanThereEverAreIsAFault) {
  EXPECT_THAT(told(plant(kPools, "needs: {ann: 3}")),
              ElementsAre(HasSubstr("3 of 'ann' are needed and there are never more than 2; allowed: at most 2")));
  EXPECT_THAT(told(plant(kPools, "needs: {any: 3}")), ElementsAre(HasSubstr("never more than 2")))
      << "those of one need are of one pool";
  EXPECT_THAT(told(plant(kPools, "uses: {bar: 9}")), ElementsAre()) << "material may come";
}

TEST(Pools, WrongNumbersAreNamedAllAtOnce) {
  EXPECT_THAT(
      told("operators: {ann: 0, bob: {count: many, calendar: nights}}\n"
           "tools: {jig: -1}\n"
           "materials: {bar: -5, kit: {level: 9, places: 4}, nut: {supply: {every: 0 s, lot: 0}}, oil: {supply: "
           "{lot: 2}}}\n" +
           plant("", "needs: {ann: none}")),
      UnorderedElementsAre(HasSubstr("operators.ann: "), HasSubstr("operators.bob.count: "),
                           HasSubstr("operators.bob.calendar: "), HasSubstr("tools.jig: "),
                           HasSubstr("materials.bar: "), HasSubstr("materials.kit.level: 9 do not fit into 4 places"),
                           HasSubstr("materials.nut.supply.every: deliveries that follow each other after no"),
                           HasSubstr("materials.nut.supply.lot: "), HasSubstr("materials.oil.supply.every: "),
                           HasSubstr("stations.mill.needs.ann: ")));
}

TEST(Pools, HaveNamesOfTheirOwn) {
  EXPECT_THAT(told(plant("operators: {p: 1}")), ElementsAre(HasSubstr("'p' is a product too")));
  EXPECT_THAT(told(plant("operators: {ann: 1}\ntools: {ann: 1}")), ElementsAre(HasSubstr("'ann' stands twice")));
}

TEST(Pools, OfOneOperationAreEightAtMost) {
  std::string names, needs;
  for (int i = 0; i < 9; ++i) {
    names += std::string(i > 0 ? ", " : "") + "t" + std::to_string(i) + ": 1";
    needs += std::string(i > 0 ? ", " : "") + "t" + std::to_string(i) + ": 1";
  }
  EXPECT_THAT(told(plant("tools: {" + names + "}", "needs: {" + needs + "}")),
              ElementsAre(HasSubstr("there are 9 needs; allowed: at most 8")));
}

TEST(Reorder, IsUpToALevelOrOfALot) {
  const Plant p = Plant::parse(plant(
      "materials: {bar: {level: 9, reorder: {at: -3, up_to: 40, review: 1 d, lead: exponential(3 d), cost: 64 EUR}, "
      "holding: 24 EUR/d, shortage: 9 EUR/d}, nut: {reorder: {at: 5, lot: 20}}}",
      "uses: bar"));
  ASSERT_EQ(p.data().reorders.size(), 2U);
  const ReorderData& bar = p.data().reorders[p.data().pools[0].reorder];
  EXPECT_EQ(bar.pool, 0U);
  EXPECT_EQ(bar.review, kDay);
  EXPECT_EQ(bar.amount(-2), 0);
  EXPECT_EQ(bar.amount(-3), 43);
  EXPECT_EQ(p.data().parameters.mean(bar.lead), 3 * 86400);
  EXPECT_EQ(p.data().order_cost[0], 64);
  EXPECT_DOUBLE_EQ(p.data().stock_cost[0], 24 / 86400.0);
  EXPECT_DOUBLE_EQ(p.data().short_cost[0], 9 / 86400.0);
  const ReorderData& nut = p.data().reorders[p.data().pools[1].reorder];
  EXPECT_FALSE(nut.lead.valid());
  EXPECT_EQ(nut.amount(6), 0);
  EXPECT_EQ(nut.amount(5), 20);
  EXPECT_EQ(nut.amount(-15), 40) << "25 are more than one lot of 20 can bring above 5";
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  for (const auto& [path, value] :
       std::vector<std::pair<std::string, std::string>>{{"materials.bar.reorder.at", "-4"},
                                                        {"materials.bar.reorder.up_to", "41"},
                                                        {"materials.nut.reorder.lot", "2"},
                                                        {"materials.bar.reorder.review", "2 d"},
                                                        {"materials.bar.reorder.cost", "6 EUR"},
                                                        {"materials.bar.holding", "6 EUR/d"},
                                                        {"materials.bar.shortage", "6 EUR/d"}})
    EXPECT_NE(p.change({{path, value}}).digest(), p.digest()) << path;
}

TEST(Reorder, ThatMakesNoSenseIsAFault) {
  const auto bar = [](const std::string& reorder, const std::string& more = "") {
    return told(plant("materials: {bar: {" + more + "reorder: {" + reorder + "}}}"));
  };
  EXPECT_THAT(bar("at: 3"), ElementsAre(HasSubstr("nothing says how much is ordered; allowed: up_to or lot")));
  EXPECT_THAT(bar("at: 3, up_to: 4, lot: 2"), ElementsAre(HasSubstr("up to a level, or of a lot")));
  EXPECT_THAT(bar("up_to: 4"), ElementsAre(HasSubstr("materials.bar.reorder.at: ")));
  EXPECT_THAT(
      bar("at: 3, up_to: 3"),
      ElementsAre(HasSubstr("an order up to 3 leaves no more than at which the next is due; allowed: above 3")));
  EXPECT_THAT(bar("at: 3, lot: 0"), ElementsAre(HasSubstr("materials.bar.reorder.lot: ")));
  EXPECT_THAT(bar("at: 3, up_to: 9", "places: 8, "),
              ElementsAre(HasSubstr("bring more than fits into 8 places; allowed: at most 8")));
  EXPECT_THAT(bar("at: 3, lot: 6", "places: 8, "), ElementsAre(HasSubstr("allowed: at most 5")));
  EXPECT_THAT(bar("at: 3, up_to: 9, review: 0 s"), ElementsAre(HasSubstr("needs no review")));
  EXPECT_THAT(bar("at: 3, up_to: 9, lead: soon"), ElementsAre(HasSubstr("materials.bar.reorder.lead: ")));
  EXPECT_THAT(bar("at: 3, up_to: 9, cost: 3 EUR/h"), ElementsAre(HasSubstr("materials.bar.reorder.cost: ")));
  EXPECT_THAT(bar("at: 3, up_to: 9, when: now"),
              ElementsAre(HasSubstr("'when' is no key of a reorder; allowed: at, up_to, lot, review, lead, cost")));
  EXPECT_THAT(bar("at: 3, up_to: 9", "supply: {every: 1 h}, "), ElementsAre(HasSubstr("supply or reorder")));
}

// ---- tools that lots hold -------------------------------------------------------------------------------------------

TEST(Carriers, AreToolsThatStepsHoldAndReturn) {
  const auto route = [](const std::string& first, const std::string& second, const std::string& station = "") {
    return "operators: {ann: {count: 2, skills: [any]}, bob: {skills: any}}\ntools: {pallet: 3, jig: {calendar: c}}\n"
           "calendars: {c: {daily: \"06:00-14:00\"}}\nmaterials: {bar: 5}\nstations: {mill: {" +
           station + "}}\nproducts: {p: {route: [{at: mill, op: a, time: 1 s" + first +
           "}, {at: mill, op: b, time: 1 s" + second + "}], arrivals: every 9 s}}\n";
  };
  const Plant p = Plant::parse(route(", holds: {pallet: 2}", ", returns: pallet"));
  EXPECT_THAT(p.data().carriers, ElementsAre(2U));
  EXPECT_EQ(p.data().choices[0].holds.count, 1U);
  EXPECT_EQ(p.data().choices[1].returns, 1U);
  EXPECT_TRUE(p.data().lots_carry_more);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  EXPECT_NE(Plant::parse(route(", holds: {pallet: 1}", ", returns: pallet")).digest(), p.digest());
  EXPECT_NE(Plant::parse(route(", holds: {pallet: 2}", "")).digest(), p.digest());
  EXPECT_THAT(told(route(", holds: {pallet: 4}", "")), ElementsAre(HasSubstr("never more than 3")));
  EXPECT_THAT(told(route(", holds: any", "")), ElementsAre(HasSubstr("a lot holds one kind of tool, not a skill")));
  EXPECT_THAT(told(route(", holds: bar", "")), ElementsAre(HasSubstr("there are no operators or tools 'bar'")));
  EXPECT_THAT(told(route(", holds: pallet", ", returns: palet")),
              ElementsAre(HasSubstr("there are no tools 'palet' (did you mean 'pallet'?)")));
  EXPECT_THAT(told(route("", ", returns: pallet")), ElementsAre(HasSubstr("'pallet' are given back and nobody holds")));
  EXPECT_THAT(told(route(", holds: pallet", ", returns: pallet", "needs: pallet")),
              ElementsAre(HasSubstr("'pallet' are held by lots and needed by machines or repairs")));
  EXPECT_THAT(told(route(", holds: jig", ", returns: jig")),
              ElementsAre(HasSubstr("'jig' are held by lots, and go home")));
}

// ---- tools that wear out --------------------------------------------------------------------------------------------

TEST(ToolLife, IsOfToolsThatMachinesNeed) {
  const auto plant = [](const std::string& tool, const std::string& station = "needs: t", const std::string& step = "",
                        const std::string& people = "1") {
    return "operators: {ann: " + people + "}\ntools: {t: {count: 2, " + tool + "}}\nstations: {mill: {" + station +
           "}}\nproducts: {p: {route: [{at: mill, time: 1 s" + step + "}], arrivals: every 9 s}}\n";
  };
  const Plant p = Plant::parse(plant("life: 20 h of work, regrind: 2 h, regrinds: 3, delivery: 1 d"));
  ASSERT_EQ(p.data().lives.size(), 1U);
  EXPECT_EQ(p.data().lives[0].ages, Ageing::kWork);
  EXPECT_EQ(p.data().lives[0].regrinds, 3U);
  EXPECT_EQ(p.data().unit_count, 2U);
  EXPECT_EQ(p.data().pools[1].first_unit, 0U);
  EXPECT_EQ(p.parameters().mean(p.distribution("tools.t.life")), 20 * 3600);
  EXPECT_EQ(p.parameters().mean(p.distribution("tools.t.regrind")), 2 * 3600);
  EXPECT_EQ(p.parameters().mean(p.distribution("tools.t.delivery")), 24 * 3600);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  const auto digest = [&](const std::string& tool) { return Plant::parse(plant(tool)).digest(); };
  EXPECT_NE(digest("life: 20 h of work, regrind: 2 h, regrinds: 2, delivery: 1 d"), p.digest());
  EXPECT_NE(digest("life: 20 of lots"), digest("life: 20 s of work"));
  EXPECT_EQ(Plant::parse(plant("life: 20 of lots")).data().lives[0].ages, Ageing::kLots);

  EXPECT_THAT(told(plant("life: 0 s of work")), ElementsAre(HasSubstr("tools that last for no time")));
  EXPECT_THAT(told(plant("life: 20 h of lots")),
              ElementsAre(HasSubstr("'h' is a unit where a plain number is needed")));
  EXPECT_THAT(told(plant("regrind: 2 h")), ElementsAre(HasSubstr("nothing says how long these tools last")));
  EXPECT_THAT(told(plant("life: 20 h, regrinds: 2")), ElementsAre(HasSubstr("nothing says how long a regrind takes")));
  EXPECT_THAT(told(plant("life: 20 h, regrind: 1 h, regrinds: 0")), ElementsAre(HasSubstr("from 1 to 1000000")));
  EXPECT_THAT(told("tools: {t: {count: 1001, life: 1 h}}\nstations: {m: {needs: t}}\nproducts: {p: {route: [{at: m, "
                   "time: 1 s}], arrivals: every 9 s}}\n"),
              ElementsAre(HasSubstr("at most 1000 of a kind")));
  EXPECT_THAT(told(plant("life: 20 h", "needs: t", "", "{life: 20 h}")),
              ElementsAre(HasSubstr("people are not reground")));
  EXPECT_THAT(told(plant("life: 20 h", "failures: [{after: 1 h, repair: 1 h, needs: t}]")),
              ElementsAre(HasSubstr("'t' wear out, and repairs need them")));
  EXPECT_THAT(told(plant("life: 20 h", "", ", holds: t")), ElementsAre(HasSubstr("'t' wear out, and lots hold them")));
}

// ---- operators who walk ---------------------------------------------------------------------------------------------

TEST(Walking, IsATableOfTimesBetweenStations) {
  const auto plant = [](const std::string& walking, const std::string& tool = "1", const std::string& failures = "") {
    return "operators: {op: {count: 2, walking: " + walking + "}}\ntools: {t: " + tool +
           "}\nstations: {saw: {needs: op}, mill: {needs: op" + failures +
           "}}\nproducts: {p: {route: [{at: saw, time: 1 s}, {at: mill, time: 1 s}], arrivals: every 9 s}}\n";
  };
  const Plant p = Plant::parse(plant("{saw: {mill: 40 s}}"));
  EXPECT_THAT(p.data().walks, ElementsAre(0, 40 * kSecond, 40 * kSecond, 0)) << "back as there";
  EXPECT_THAT(Plant::parse(plant("{saw: {mill: 40 s}, mill: {saw: 0 s}}")).data().walks,
              ElementsAre(0, 40 * kSecond, 0, 0));
  EXPECT_EQ(p.data().unit_count, 2U);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  EXPECT_NE(Plant::parse(plant("{saw: {mill: 41 s}}")).digest(), p.digest());
  EXPECT_THAT(told(plant("{saw: {mil: 40 s}}")),
              ElementsAre(HasSubstr("there is no station 'mil' (did you mean 'mill'?)")));
  EXPECT_THAT(told(plant("{saw: {saw: 40 s}}")), ElementsAre(HasSubstr("nobody walks from a station to itself")));
  EXPECT_THAT(told(plant("[saw, mill]")), ElementsAre(HasSubstr("{from: {to: time}} by stations")));
  EXPECT_THAT(told(plant("{saw: 4 s}")), ElementsAre(HasSubstr("{from: {to: time}} by stations")));
  EXPECT_THAT(told(plant("{saw: {mill: exponential(4 s)}}")), ElementsAre(HasSubstr("exponential(4 s)")));
  EXPECT_THAT(told(plant("{saw: {mill: 4 s}}", "{walking: {saw: {mill: 4 s}}}")),
              ElementsAre(HasSubstr("tools do not walk")));
  EXPECT_THAT(told(plant("{saw: {mill: 4 s}}", "1", ", failures: [{after: 1 h, repair: 1 h, needs: op}]")),
              ElementsAre(HasSubstr("'op' walk, and repairs need them")));
}

// ---- maintenance and states -----------------------------------------------------------------------------------------

TEST(Maintenance, IsAModeBehindTheFailures) {
  const Plant p = Plant::parse(
      plant(kPools,
            "failures: [{name: a, after: 1 h, repair: 1 s}, {after: 2 h, repair: 1 s}], machines: 2, "
            "maintenance: [{every: 100 h, takes: 1 h, window: 20 h, needs: ann, renews: [a, degradation]}, {every: "
            "500 of lots, takes: 1 h, window: 50}, {every: 1 w of calendar, takes: 1 h}, {every: 9 d of time, "
            "takes: 1 h}], degradation: [{state: good, lasts: 5 h of time}, {state: worn}]"));
  const PlantData& d = p.data();
  ASSERT_EQ(d.machines[1].mode_count, 7U);
  const std::uint32_t f = d.machines[1].first_mode;
  EXPECT_EQ(d.machines[1].wear, f + 2);
  EXPECT_EQ(d.modes[f + 2].ages, Ageing::kTime);
  EXPECT_EQ(d.modes[f + 2].first_level, 2U);
  const FailureModeData& care = d.modes[f + 3];
  EXPECT_TRUE(care.maintenance);
  EXPECT_EQ(care.ages, Ageing::kUse);
  EXPECT_EQ(care.window, 20 * kHour);
  EXPECT_EQ(care.crew.count, 1U);
  ASSERT_EQ(care.renewed_count, 2U);
  EXPECT_EQ(d.renewed[care.first_renewed], f);
  EXPECT_EQ(d.renewed[care.first_renewed + 1], f + 2);
  EXPECT_EQ(d.modes[f + 4].window, 50 * kSecond);
  EXPECT_TRUE(d.modes[f + 5].dated);
  EXPECT_TRUE(d.modes[f + 6].by_clock());
  EXPECT_TRUE(d.cares && d.wears);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  for (const auto& [path, value] :
       std::vector<std::pair<std::string, std::string>>{{"stations.mill.maintenance[0].window", "21 h"},
                                                        {"stations.mill.maintenance[0].renews", "a"},
                                                        {"stations.mill.maintenance[3].every", "9 d of calendar"},
                                                        {"stations.mill.degradation[1].speed", "0.5"},
                                                        {"stations.mill.degradation[1].scrap", "0.5"},
                                                        {"stations.mill.degradation[1].state", "bad"}})
    EXPECT_NE(p.change({{path, value}}).digest(), p.digest()) << path;
  Parameters changed = p.parameters();
  changed.set(p.distribution("stations.mill.maintenance[2].every"), Distribution::deterministic(86400));
  changed.set(p.distribution("stations.mill.degradation[0].lasts"), Distribution::deterministic(60));
  EXPECT_EQ(Plant::parse(p.with_parameters(changed).yaml()).parameters(), changed) << "units and ageing stay";
}

TEST(Maintenance, ThatMakesNoSenseIsAFault) {
  const auto mill = [](const std::string& keys) { return told(plant(kPools, "maintenance: [{" + keys + "}]")); };
  EXPECT_THAT(mill("every: exponential(9 h) of calendar, takes: 1 h"),
              ElementsAre(HasSubstr("dates in a calendar are certain; allowed: a time such as 1 w")));
  EXPECT_THAT(mill("every: 0 s of time, takes: 1 h"), ElementsAre(HasSubstr("allowed: a time above 0")));
  EXPECT_THAT(mill("every: 9 h of luck, takes: 1 h"), ElementsAre(HasSubstr("stations.mill.maintenance[0].every: ")));
  EXPECT_THAT(mill("every: 9 h"), ElementsAre(HasSubstr("stations.mill.maintenance[0].takes: ")));
  EXPECT_THAT(mill("every: 9 h, takes: 1 h, window: 9 h"), ElementsAre(HasSubstr("the window is open all the time")));
  EXPECT_THAT(mill("every: 9 of lots, takes: 1 h, window: 1 h"),
              ElementsAre(HasSubstr("stations.mill.maintenance[0].window: ")));
  EXPECT_THAT(mill("every: 9 h, takes: 1 h, renews: spindle"), ElementsAre(HasSubstr("there is no failure 'spindle'")));
  EXPECT_THAT(mill("every: 9 h, takes: 1 h, needs: nobody"), ElementsAre(HasSubstr("no operators or tools 'nobody'")));
  EXPECT_THAT(told(plant("", "maintenance: {every: 9 h}")), ElementsAre(HasSubstr("allowed: a list, as in")));
  EXPECT_THAT(told(plant("",
                         "failures: [{name: a, after: 1 h, repair: 1 s}, {name: a, after: 1 h, repair: 1 s}, {name: "
                         "degradation, after: 1 h, repair: 1 s}]")),
              ElementsAre(HasSubstr("the name 'a' is taken"), HasSubstr("the name 'degradation' is taken")));
}

TEST(Degradation, ThatMakesNoSenseIsAFault) {
  const auto mill = [](const std::string& states) { return told(plant(kPools, "degradation: [" + states + "]")); };
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, repair: 1 h}"), ElementsAre());
  EXPECT_THAT(mill("{state: good}"), ElementsAre(HasSubstr("there are 1 states; allowed: from 2 to 1000 states")));
  EXPECT_THAT(mill("{state: good}, {state: bad}"), ElementsAre(HasSubstr("nothing says how long this state lasts")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, lasts: 1 h}"),
              ElementsAre(HasSubstr("no other state follows")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, repair: 1 h}, {state: worse}"),
              ElementsAre(HasSubstr("states after a repair are never reached")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, lasts: 1 h of time}, {state: worse}"),
              ElementsAre(HasSubstr("all states of a machine are counted in the same")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h, repair: 1 h, when: free}, {state: bad}"),
              ElementsAre(HasSubstr("a machine begins in this state")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: good}"),
              ElementsAre(HasSubstr("the state 'good' stands twice")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: down}"),
              ElementsAre(HasSubstr("'down' means something else in results")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, when: free}"),
              ElementsAre(HasSubstr("nothing is repaired in this state")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, repair: 1 h, when: soon}"),
              ElementsAre(HasSubstr("'soon' is unknown; allowed: now, free")));
  EXPECT_THAT(mill("{state: good, lasts: 1 h}, {state: bad, scrap: 2}"),
              ElementsAre(HasSubstr("stations.mill.degradation[1].scrap: ")));
  EXPECT_THAT(mill("{state: good, lasts: 0 s}, {state: bad}"), ElementsAre(HasSubstr("the state is over at once")));
  EXPECT_THAT(mill("{lasts: 1 h}, {state: bad}"), ElementsAre(HasSubstr("stations.mill.degradation[0].state: ")));
}

// ---- setups by kind -------------------------------------------------------------------------------------------------

std::string kinds(const std::string& setup) {
  return "stations: {mill: {setup: " + setup +
         "}, saw: {}}\nproducts:\n  a: {family: red, route: [{at: mill, time: 1 s}], arrivals: every 9 s}\n"
         "  b: {family: blue, route: [{at: mill, time: 1 s}, {at: saw, time: 1 s, family: green}]}\n";
}
/// Mean setup times [from][to] of the kinds of the mill, then those of a machine that has done nothing.
std::vector<double> table(const Plant& plant) {
  const PlantData& d = plant.data();
  const StationData& mill = d.stations[0];
  std::vector<double> out;
  for (std::uint32_t from = 0; from <= mill.kind_count; ++from)
    for (std::uint32_t to = 0; to < mill.kind_count; ++to) {
      const auto id = d.setup_between(StationId{0}, from, to);
      out.push_back(id.valid() ? d.parameters.mean(id) : 0);
    }
  return out;
}

TEST(SetupTable, IsFilledFromTheMatrixThenFromSameAndOtherwise) {
  const Plant p = Plant::parse(kinds("{matrix: {red: {blue: 3 s}}, same: 1 s, otherwise: 7 s, first: 2 s}"));
  EXPECT_THAT(std::vector<std::string>(p.data().kind_names), ElementsAre("red", "blue"));
  EXPECT_THAT(table(p), ElementsAre(1, 3, 7, 1, 2, 2));
  EXPECT_THAT(table(Plant::parse(kinds("{by: product, matrix: {a: {b: 3 s}}}"))), ElementsAre(0, 3, 0, 0, 0, 0));
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
  EXPECT_EQ(p.data().parameters.mean(p.distribution("stations.mill.setup.matrix.red.blue")), 3);
}

TEST(SetupTable, KindsThatAreUnknownAreAnsweredWithTheNearest) {
  EXPECT_THAT(told(kinds("{matrix: {rde: {blue: 3 s}}}")),
              ElementsAre(AllOf(HasSubstr("stations.mill.setup.matrix: 'rde' is no kind of work here (did you mean "
                                          "'red'?)"),
                                HasSubstr("allowed: red, blue"))));
  EXPECT_THAT(told(kinds("{matrix: {red: {green: 3 s}}}")), ElementsAre())
      << "a kind of another station may stand in a table that stations share";
  EXPECT_THAT(told(kinds("{by: colour}")),
              ElementsAre(HasSubstr("'colour' makes no kinds of work; allowed: family, product, op")));
  EXPECT_THAT(told(kinds("{matrix: {red: {blue: fast}}}")),
              ElementsAre(HasSubstr("stations.mill.setup.matrix.red.blue: ")));
  EXPECT_THAT(told(kinds("{matrix: {red: 3 s}}")), ElementsAre(HasSubstr("stations.mill.setup.matrix.red: ")));
  EXPECT_THAT(told(kinds("{matrix: setups.csv}")),
              ElementsAre(HasSubstr("text that stands in no folder cannot name a file of setup times")));
}

class SetupFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("twin_pools_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) const { std::ofstream(folder_ / "setups.csv") << text; }
  [[nodiscard]] std::vector<std::string> faults(const std::string& text) const {
    write(text);
    return told(kinds("{matrix: setups.csv}"), folder_);
  }
  std::filesystem::path folder_;
};

TEST_F(SetupFile, IsASquareWhoseLinesAreFromAndColumnsTo) {
  write("# minutes of the old sheet\nfrom,red,blue\nred,,3 s\n\"blue\",\"uniform(4, 6 s)\",1 s\n");
  EXPECT_THAT(table(Plant::parse(kinds("{matrix: setups.csv, same: 9 s}"), "test.yaml", folder_)),
              ElementsAre(9, 3, 5, 1, 0, 0))
      << "an empty field says nothing";
}

TEST_F(SetupFile, SpansOfBlanksAndLineEndsDoNotMatter) {
  write("\xEF\xBB\xBF from , red,blue \r\n red,1 s , 2 s\r\nblue, 3 s,4 s");
  EXPECT_THAT(table(Plant::parse(kinds("{matrix: setups.csv}"), "test.yaml", folder_)), ElementsAre(1, 2, 3, 4, 0, 0));
}

TEST_F(SetupFile, FaultsNameTheFileLineAndColumn) {
  EXPECT_THAT(faults("from,red,blue\nred,1 s\nblue,fast,1 s\n"),
              UnorderedElementsAre(AllOf(HasSubstr("setups.csv:2:5: stations.mill.setup.matrix: the line has 2 fields"),
                                         HasSubstr("allowed: 3, as in the first line")),
                                   AllOf(HasSubstr("setups.csv:3:6: "), HasSubstr("'fast'"))));
  EXPECT_THAT(faults("from,red,blue\nred,1 s,1 s\nred,2 s,2 s\n"),
              ElementsAre(HasSubstr("setups.csv:3:1: stations.mill.setup.matrix: the line 'red' stands twice")));
  EXPECT_THAT(faults("from,red,red\nred,1 s,1 s\n"), ElementsAre(HasSubstr("the column 'red' stands twice")));
  EXPECT_THAT(faults("from,red,pink\nred,1 s,1 s\n"),
              ElementsAre(AllOf(HasSubstr("setups.csv:2:"), HasSubstr("'pink' is no kind of work here"))));
  EXPECT_THAT(told(kinds("{matrix: none.csv}"), folder_),
              ElementsAre(AllOf(HasSubstr("test.yaml:1:"), HasSubstr("the file 'none.csv'"))));
}

// ---- when operations begin -----------------------------------------------------------------------------------------

TEST(Starts, AreReadAndRefused) {
  EXPECT_THAT(told(plant("", "blocking: before, cycle: 1 min")), IsEmpty());
  EXPECT_THAT(told(plant("", "blocking: never")), ElementsAre(HasSubstr("'never' is unknown")));
  EXPECT_THAT(told(plant("", "cycle: 0 s")), ElementsAre(HasSubstr("a cycle of no time never ends")));
  EXPECT_THAT(told(plant("", "cycle: 1 min, queue: {places: 0}")), ElementsAre(HasSubstr("which has no place")));
}

/// One machine does a, the other everything.
std::string two_machines(const std::string& station) {
  return "stations: {m: {machines: {A: {does: a}, B: {}}, " + station +
         "}}\nproducts: {a: {route: [{at: m, time: 1 s}]}, b: {route: [{at: m, time: 1 s}]}}\norders: [{id: A, "
         "product: "
         "a}]\n";
}

TEST(Polling, IsReadAndRefused) {
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}")), IsEmpty());
  EXPECT_THAT(told(plant("", "polling: {serve: gated}")), testing::Contains(HasSubstr("stations.mill.polling.change")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s, serve: some}")), ElementsAre(HasSubstr("'some' is unknown")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s, serve: limited(0)}")), ElementsAre(HasSubstr("1 to 1000000")));
  EXPECT_THAT(told(plant("", "polling: {change: 0 s}")), ElementsAre(HasSubstr("goes round in no time")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}, cycle: 1 s")), ElementsAre(HasSubstr("not both")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}, batch: {max: 2}")), ElementsAre(HasSubstr("not both")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}, queue: {rule: cyclic}")),
              ElementsAre(HasSubstr("so does polling")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}, queue: {places: 0}")), ElementsAre(HasSubstr("has no place")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s, by: op}, setup: {by: family}")),
              ElementsAre(HasSubstr("go by the same")));
  EXPECT_THAT(told("stations: {m: {polling: {change: 1 s}}}\nproducts: {p: {route: [{at: m, time: 1 s}], arrivals: "
                   "saturate}}\n"),
              ElementsAre(HasSubstr("never supplies it")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}, setup: {by: product, same: 1 s, min_run: 3}")),
              ElementsAre(HasSubstr("min_run goes by runs of one kind, and a machine that polls ends them")));
  EXPECT_THAT(told(plant("", "polling: {change: 1 s}, setup: {by: product, teardown: 1 s}")),
              ElementsAre(HasSubstr("teardown or polling, not both")));
  EXPECT_THAT(told(two_machines("polling: {change: 1 s}")),
              ElementsAre(HasSubstr("machines that poll and do not all")));
}

TEST(Preemption, IsReadAndRefused) {
  EXPECT_THAT(told(plant("", "queue: {rule: priority, preempt: resume}")), IsEmpty());
  EXPECT_THAT(told(plant("", "queue: {preempt: never}")), IsEmpty());
  EXPECT_THAT(told(plant("", "queue: {rule: priority, preempt: always}")),
              ElementsAre(HasSubstr("'always' is unknown")));
  for (const char* rule : {"fifo", "lifo", "cr", "min_setup", "\"expr(due - now)\"", "\"expr(ready)\""})
    EXPECT_THAT(told(plant("", std::string("queue: {preempt: resume, rule: ") + rule + "}")),
                ElementsAre(HasSubstr("no lot comes before another")))
        << rule;
  EXPECT_THAT(told(plant("", "queue: {rule: edd, preempt: resume}, batch: {max: 2}")),
              ElementsAre(HasSubstr("a machine with batch")));
  EXPECT_THAT(told(plant("", "queue: {rule: edd, preempt: resume}, cycle: 1 s")),
              ElementsAre(HasSubstr("a machine with cycle")));
  EXPECT_THAT(told(plant(kPools, "queue: {rule: edd, preempt: resume}, uses: bar")),
              ElementsAre(HasSubstr("use or make material")));
  EXPECT_THAT(told(plant("", "queue: {rule: edd, preempt: resume}, setup: {by: product, same: 1 s, min_run: 3}")),
              ElementsAre(HasSubstr("a lot that takes the machine ends them")));
  EXPECT_THAT(told(plant("", "queue: {rule: edd, preempt: restart}, setup: {by: product, teardown: {p: 1 s}}")),
              ElementsAre(HasSubstr("teardown or preempt, not both")));
  EXPECT_THAT(told(two_machines("queue: {rule: edd, preempt: resume}")),
              ElementsAre(HasSubstr("stations.m.queue.preempt")));
}

// ---- batches, patience, branches ------------------------------------------------------------------------------------

TEST(Batches, ThatNeverFillAreAFault) {
  EXPECT_THAT(told(plant("", "batch: {max: 3, min: 4}")),
              ElementsAre(HasSubstr("4 lots never fit into a batch of at most 3")));
  EXPECT_THAT(told(plant("", "batch: {min: 2}")), testing::Contains(HasSubstr("stations.mill.batch.max")));
  EXPECT_THAT(told(plant("", "batch: {max: 0}")), ElementsAre(HasSubstr("stations.mill.batch.max: ")));
  EXPECT_THAT(told(plant("", "batch: {max: 2, by: size}")), ElementsAre(HasSubstr("'size' makes no kinds of work")));
  EXPECT_THAT(told(plant("", "batch: {max: 2, by: op}, setup: {by: family, same: 1 s}")),
              ElementsAre(HasSubstr("setups and batches of one station go by the same")));
  const Plant p = Plant::parse(plant("", "batch: {max: 6, min: 4, wait: 30 min}"));
  EXPECT_EQ(p.data().stations[0].batch.most, 6U);
  EXPECT_EQ(p.data().stations[0].batch.least, 4U);
  EXPECT_EQ(p.data().stations[0].batch.wait, 30 * kMinute);
}

TEST(Patience, NeedsATimeAndKnowsWhatComesThen) {
  const auto target = [](const std::string& step) {
    return Plant::parse(plant("", "", step)).data().steps[0].impatient;
  };
  EXPECT_EQ(target("max_wait: 1 h"), BranchData::kScrap);
  EXPECT_EQ(target("max_wait: 1 h, if_overdue: scrap"), BranchData::kScrap);
  EXPECT_EQ(target("max_wait: 1 h, if_overdue: leave"), BranchData::kLeave);
  EXPECT_EQ(target("max_wait: 1 h, if_overdue: stay"), StepData::kStay);
  EXPECT_EQ(target("max_wait: 1 h, if_overdue: {rework: mill}"), 0U);
  EXPECT_THAT(told(plant("", "", "if_overdue: leave")), ElementsAre(HasSubstr("nothing says how long a lot may wait")));
  EXPECT_THAT(told(plant("", "", "max_wait: 1 h, if_overdue: wait")),
              ElementsAre(HasSubstr("allowed: scrap, leave, stay, or {rework: step}")));
  EXPECT_THAT(told(plant("", "", "max_wait: 1 h, if_overdue: {rework: mil}")),
              ElementsAre(HasSubstr("there is no step 'mil' (did you mean 'mill'?)")));
  EXPECT_THAT(told(plant("", "", "max_wait: long")), ElementsAre(HasSubstr("route.mill.max_wait: ")));
}

std::string parting(const std::string& step) {
  return "stations: {a: {}, b: {}}\nproducts: {p: {route: [{at: a, op: first, time: 1 s}, {" + step +
         "}], arrivals: every 9 s}}\n";
}

TEST(Branches, HaveStepsNamedAfterThem) {
  const Plant p = Plant::parse(
      parting("op: split, parallel: {left: [{at: a, time: 1 s}], right: [{at: b, op: x, time: 1 s}, {at: b, time: 2 "
              "s}]}"));
  EXPECT_THAT(p.data().step_names, ElementsAre("first", "split", "split/left/a", "split/right/x", "split/right/b"));
  EXPECT_EQ(p.data().steps[1].choice_count, 0U);
  EXPECT_THAT(p.data().forks, ElementsAre(2U, 3U));
  EXPECT_EQ(p.data().steps[2].next, BranchData::kJoin);
  EXPECT_EQ(p.data().steps[3].next, 4U);
  EXPECT_EQ(p.data().steps[4].within, 1U);
  EXPECT_EQ(p.data().steps[1].next, BranchData::kLeave);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(), p.digest());
}

TEST(Branches, ThatMakeNoSenseAreFaults) {
  EXPECT_THAT(told(parting("op: split, parallel: {left: [{at: a, time: 1 s}]}")),
              ElementsAre(HasSubstr("one branch alone is not parallel")));
  EXPECT_THAT(
      told(parting("op: split, time: 3 s, parallel: {left: [{at: a, time: 1 s}], right: [{at: b, time: 1 s}]}")),
      ElementsAre(HasSubstr("'time' does not go with parallel branches; allowed: parallel, op, meta")));
  EXPECT_THAT(told(parting("op: split, parallel: {left: [{at: a, time: 1 s}], right: [{at: c, time: 1 s}]}")),
              ElementsAre(HasSubstr("there is no station 'c'")));
  EXPECT_THAT(told(parting("op: split, parallel: {left: [{at: a, time: 1 s}], right: []}")),
              ElementsAre(HasSubstr("the route has no step")));
  EXPECT_THAT(told(parting("op: split, parallel: [a, b]")),
              ElementsAre(HasSubstr("allowed: {name: list of steps}, two")));
  EXPECT_THAT(
      told(parting(
          "op: split, parallel: {left: [{at: a, time: 1 s, then: {leave: 0.5}}], right: [{at: b, time: 1 s}]}")),
      ElementsAre(HasSubstr("a part of a lot cannot leave alone")));
  EXPECT_THAT(told(parting("op: split, parallel: {left: [{at: a, time: 1 s, then: {rework: {first: 0.5}}}], right: "
                           "[{at: b, time: 1 s}]}")),
              ElementsAre(HasSubstr("there is no step 'first'")))
      << "a part stays in its branch";
}

TEST(Arrivals, OfSeveralLotsAreNumbers) {
  const auto lots = [](const std::string& text) {
    return told("stations: {mill: {}}\nproducts: {p: {route: [{at: mill, time: 1 s}], arrivals: {every: 1 h, lots: " +
                text + "}}}\n");
  };
  EXPECT_THAT(lots("3"), ElementsAre());
  EXPECT_THAT(lots("\"discrete(0: 0.5, 4: 0.5)\""), ElementsAre());
  EXPECT_THAT(lots("0"), ElementsAre(HasSubstr("'0' is no number of lots; allowed: from 0 to 1000000")));
  EXPECT_THAT(lots("\"uniform(-3, 9)\""), ElementsAre(HasSubstr("is no number of lots")));
  EXPECT_THAT(lots("3 s"), ElementsAre(HasSubstr("products.p.arrivals.lots: ")));
}

TEST(Rules, WithAFactorRefuseWhatIsNone) {
  const auto rule = [](const std::string& text) { return told(plant("", "queue: {rule: \"" + text + "\"}")); };
  for (const char* good :
       {"atc", "atc(3)", "atc(k=3)", "atc(k = 0.5)", "covert(2)", "lpt", "min_setup", "cyclic", "fdd_mwkr"})
    EXPECT_THAT(rule(good), ElementsAre()) << good;
  EXPECT_EQ(Plant::parse(plant("", "queue: {rule: \"covert(k=0.5)\"}")).data().stations[0].look_ahead, 0.5);
  EXPECT_THAT(rule("atc(0)"), ElementsAre(HasSubstr("'0' is no look-ahead factor; allowed: a number above 0")));
  EXPECT_THAT(rule("covert(k=x)"), ElementsAre(HasSubstr("'x' is no look-ahead factor")));
  EXPECT_THAT(rule("act(2)"), ElementsAre(HasSubstr("stations.mill.queue.rule: ")));
  EXPECT_THAT(rule("expr()"), ElementsAre(HasSubstr("it ends too early")));
}

}  // namespace
}  // namespace twin
