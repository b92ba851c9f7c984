// What becomes of work that is interrupted, failures that count lots, material that is kept, and arrivals by a profile.
// Timelines are worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// Open from 06:00 to 14:00; two lots of 5 h from 06:00 on: the second would end at 16:00.
std::string closing(const std::string& policy) {
  Trial run("calendars: {day: {daily: \"06:00-14:00\"}}\nstations: {mill: {calendar: day, when_closed: " + policy +
            "}}\nproducts: {p: {route: [{at: mill, time: 5 h}]}}\norders: [{id: A, product: p}, {id: B, product: p}, "
            "{id: C, product: p}]");
  return run.until(3 * kDay).operations(kHour);
}

TEST(Interruption, ByClosingPausesFinishesRestartsOrScraps) {
  EXPECT_EQ(closing("pause"), "A mill 6-11, B mill 11-32, C mill 32-37");
  EXPECT_EQ(closing("finish"), "A mill 6-11, B mill 11-16, C mill 30-35");
  EXPECT_EQ(closing("restart"), "A mill 6-11, B mill 11-35, C mill 35-59") << "B begins anew at 30, C at 54";
  EXPECT_EQ(closing("scrap"), "A mill 6-11, C mill 30-35");
}

TEST(Interruption, WorkFinishedAfterClosingIsAccountedAsWork) {
  Trial run(R"(
calendars: {day: {daily: "06:00-14:00"}}
stations: {mill: {calendar: day, when_closed: finish}}
products: {p: {route: [{at: mill, time: 9 h}]}}
orders: [{id: A, product: p}]
)");
  EXPECT_EQ(run.until(kDay).conditions("mill", kHour), "off 0-6, working 6-15, off 15-24");
}

/// The mill fails after 3 s of work, for 2 s.
std::string failing(const std::string& lot) {
  Trial run("stations: {mill: {failures: [{after: 3 s of work, repair: 2 s, lot: " + lot +
            ", times: 1}]}}\nproducts: {p: {route: [{at: mill, time: 4 s}]}}\n"
            "orders: [{id: A, product: p}, {id: B, product: p}]");
  run.until(kMinute);
  return run.operations() + "; scrapped " + std::to_string(run.totals("p").scrapped);
}

TEST(Interruption, ByFailureResumesRestartsOrScraps) {
  EXPECT_EQ(failing("resume"), "A mill 0-6, B mill 6-10; scrapped 0");
  EXPECT_EQ(failing("restart"), "A mill 0-9, B mill 9-13; scrapped 0");
  EXPECT_EQ(failing("scrap"), "B mill 5-9; scrapped 1");
}

TEST(Interruption, ByAFailureOfTimeIsTheSame) {
  Trial run(R"(
stations: {mill: {failures: [{after: 3 s of time, repair: 2 s, lot: scrap, times: 1}]}}
products: {p: {route: [{at: mill, time: 4 s}]}}
orders: [{id: A, product: p}, {id: B, product: p}]
)");
  EXPECT_EQ(run.until(kMinute).operations(), "B mill 5-9");
  EXPECT_EQ(run.conditions("mill"), "working 0-3, down 3-5, working 5-9, starved 9-60");
}

TEST(Interruption, ThatScrapsABatchScrapsAllOfIt) {
  Trial run(R"(
materials: {slab: {level: 0, places: 2}}
stations: {oven: {batch: {max: 2, min: 2}, makes: slab, failures: [{after: 3 s of work, repair: 2 s, lot: scrap, times: 1}]}}
products: {p: {route: [{at: oven, time: 4 s}]}}
orders: [{id: A, product: p, quantity: 4}]
)");
  EXPECT_EQ(run.until(kMinute).operations(), "A-03 oven 5-9, A-04 oven 5-9");
  EXPECT_EQ(run.totals("p").scrapped, 2U);
  EXPECT_EQ(run.state.pools[0].level, 2) << "places kept for what was scrapped are free again";
}

TEST(Failures, OfLotsComeAfterSoManyOperations) {
  Trial run(R"(
stations: {mill: {failures: [{after: 2 of lots, repair: 10 s}]}}
products: {p: {route: [{at: mill, time: 1 s}]}}
orders: [{id: A, product: p, quantity: 5}]
)");
  EXPECT_EQ(run.until(kMinute).operations(),
            "A-01 mill 0-1, A-02 mill 1-2, A-03 mill 12-13, A-04 mill 13-14, A-05 mill 24-25");
  EXPECT_EQ(run.conditions("mill"), "working 0-2, down 2-12, working 12-14, down 14-24, working 24-25, starved 25-60");
}

TEST(Failures, OfLotsCountABatchAsItsLotsAndWaitForTheirCrew) {
  Trial run(R"(
operators: {fitter: 1}
stations:
  oven: {batch: {max: 3}, failures: [{after: 4 of lots, repair: 5 s, needs: fitter}]}
  bench: {needs: fitter}
products:
  p: {route: [{at: oven, time: 2 s}]}
  q: {route: [{at: bench, time: 3 s}]}
orders: [{id: A, product: p, quantity: 7}, {id: Q, product: q, release: 3 s}]
)");
  // 1 + 3 lots until 4 s (the first comes alone): down, while the fitter is at the bench until 6 s; repaired at 11 s.
  run.until(kMinute);
  EXPECT_EQ(run.operations(),
            "A-01 oven 0-2, A-02 oven 2-4, A-03 oven 2-4, A-04 oven 2-4, Q bench 3-6, A-05 oven 11-13, "
            "A-06 oven 11-13, A-07 oven 11-13");
}

TEST(Batch, OfVeryManyLotsIsLoaded) {
  Trial run(R"(
stations: {oven: {batch: {max: 200000}}}
products: {p: {route: [{at: oven, time: 1 h}], arrivals: saturate}}
)");
  EXPECT_EQ(run.until(kHour).totals("p").completed, 200'000U);
}

TEST(Keep, ReleasesALotForEachPieceTaken) {
  Trial run(R"(
materials: {blank: 0}
stations: {saw: {}, mill: {uses: blank}}
products:
  blanks: {route: [{at: saw, time: 2 s, makes: blank}], arrivals: {keep: 2, of: blank}}
  part: {route: [{at: mill, time: 1 s}]}
orders: [{id: A, product: part, quantity: 2, release: 10 s}]
)");
  // Two blanks are there at 4 s. Each that the mill takes, at 10 s and 11 s, is made up for at once.
  run.until(kMinute);
  EXPECT_EQ(run.operations(),
            "blanks#1 saw 0-2, blanks#2 saw 2-4, A-01 mill 10-11, blanks#3 saw 10-12, A-02 mill 11-12, "
            "blanks#4 saw 12-14");
  EXPECT_EQ(run.state.pools[0].level, 2);
}

TEST(Profile, RunsTheClockOfArrivalsFasterSlowerOrNotAtAll) {
  Trial run(R"(
stations: {mill: {}}
products: {p: {route: [{at: mill, time: 1 min}], arrivals: {every: 2 h, period: 12 h,
  profile: [{from: 0 h, times: 1}, {from: 3 h, times: 0}, {from: 6 h, times: 4}, {from: 8 h, times: 0.5}]}}}
)");
  // 2 h; then an hour until 3, nothing until 6, and the other hour by 6:15; then each half hour until 7:45. Of the next
  // two hours one has gone by at 8, the other takes two, until 10. Of the next, one by 12, and one more by 13.
  run.until(14 * kHour);
  std::string arrivals;
  for (const OperationRecord& r : run.history.operations) {
    if (!arrivals.empty()) arrivals += ", ";
    arrivals += format_duration(Duration{r.ready});
  }
  EXPECT_EQ(arrivals, "2 h, 6 h 15 min, 6 h 45 min, 7 h 15 min, 7 h 45 min, 10 h, 13 h");
}

TEST(Profile, SpanAndEndAreInverse) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {}}
products: {p: {route: [{at: mill, time: 1 min}], arrivals: {every: 2 h, period: 7 h,
  profile: [{from: 0 h, times: 0}, {from: 1 h, times: 3}, {from: 5 h, times: 0.25}]}}}
)");
  const SourceData& source = plant.data().sources[0];
  for (Tick from = -20 * kHour; from < 20 * kHour; from += 37 * kMinute)
    for (Tick span = kMinute; span < 40 * kHour; span += 91 * kMinute) {
      const Tick end = plant.data().profile_end(source, from, span);
      ASSERT_NEAR(static_cast<double>(plant.data().profile_span(source, from, end)), static_cast<double>(span), 10.0);
    }
}

TEST(Interruption, LeavesWorkThatDoesNotRunAsItIs) {
  // Down at closing: the operation is gone on with at opening. Waiting for an operator at closing: it has not begun.
  for (const char* policy : {"finish", "restart", "scrap"}) {
    Trial down(std::string(R"(
calendars: {day: {daily: "00:00-08:00"}}
stations: {mill: {calendar: day, failures: [{after: 7 h of work, repair: 2 h, times: 1}], when_closed: )") +
               policy + R"(}}
products: {p: {route: [{at: mill, time: 10 h}]}}
orders: [{id: A, product: p}]
)");
    EXPECT_EQ(down.until(2 * kDay).operations(kHour), "A mill 0-27") << policy;
    Trial waiting(std::string(R"(
calendars: {day: {daily: "00:00-08:00"}, late: {daily: "12:00-20:00, 00:00-06:00", exceptions: {2000-01-03: "12:00-20:00"}}}
operators: {ann: {calendar: late}}
stations: {mill: {calendar: day, needs: ann, when_closed: )") +
                  policy + R"(}}
products: {p: {route: [{at: mill, time: 2 h}]}}
orders: [{id: A, product: p}]
)");
    EXPECT_EQ(waiting.until(2 * kDay).operations(kHour), "A mill 0-26") << policy;
  }
}

TEST(Interruption, AMachineThatWorksLateMovesToAChangedPlant) {
  const Plant plant = Plant::parse(R"(
calendars: {day: {daily: "00:00-08:00"}}
stations: {mill: {calendar: day, when_closed: finish}}
products: {p: {route: [{at: mill, time: 10 h}]}}
orders: [{id: A, product: p}]
)");
  State state = State::initial(plant);
  advance(plant, plant.parameters(), state, Until{.time = 9 * kHour});
  State moved = migrate(plant, plant, state);
  EXPECT_TRUE(equal(plant, State::load(moved.save(plant), plant), moved));
  advance(plant, plant.parameters(), moved, Until{.time = kDay});
  EXPECT_EQ(moved.orders[0].finish, 10 * kHour);
}

TEST(Interruption, ScrappedWorkHasUsedItsMaterial) {
  Trial run(R"(
materials: {blank: 10}
calendars: {day: {daily: "00:00-08:00"}}
stations: {mill: {calendar: day, when_closed: scrap, uses: blank}}
products: {p: {route: [{at: mill, time: 10 h}]}}
orders: [{id: A, product: p}]
)");
  run.until(kDay);
  EXPECT_EQ(run.state.pools[0].level, 9);
  EXPECT_EQ(run.state.pools[0].used, 1U);
}

TEST(Migrate, PatienceThatIsOverAndMaterialThatGetsASupply) {
  const Plant from = Plant::parse(R"(
materials: {bar: 70}
stations: {mill: {uses: bar}}
products: {p: {route: [{at: mill, time: 10 h}]}}
orders: [{id: A, product: p, quantity: 3}]
)");
  const Plant to = from.change(
      {{"products.p.route.mill.max_wait", "1 h"}, {"materials.bar", "{level: 100, supply: {every: 1 h, lot: 5}}"}});
  State state = State::initial(from);
  advance(from, from.parameters(), state, Until{.time = 5 * kHour});
  State moved = migrate(from, to, state);
  EXPECT_EQ(moved.pools[0].level, 69) << "what is there stays";
  EXPECT_TRUE(equal(to, State::load(moved.save(to), to), moved));
  advance(to, to.parameters(), moved, Until{.time = 6 * kHour});
  EXPECT_EQ(moved.orders[0].scrapped, 2U) << "they have waited for five hours";
  EXPECT_EQ(moved.pools[0].level, 74);
}

TEST(Interruption, FaultsOfItsKeysAreTold) {
  const auto fault = [](const std::string& station, const std::string& arrivals) {
    try {
      (void)Plant::parse("materials: {bar: 1}\nstations: {m: {" + station +
                         "}}\nproducts: {p: {route: [{at: m, time: 1 s}], arrivals: " + arrivals + "}}");
    } catch (const PlantError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(fault("when_closed: stop", "saturate"), HasSubstr("allowed: pause, finish, restart, scrap"));
  EXPECT_THAT(fault("failures: [{after: 1 s, repair: 1 s, lot: finish}]", "saturate"),
              HasSubstr("allowed: resume, restart, scrap"));
  EXPECT_THAT(fault("", "{keep: 3, of: iron}"), HasSubstr("there is no material of that name"));
  EXPECT_THAT(fault("", "{keep: 3, of: bar, lots: 2}"), HasSubstr("'lots' does not go with keeping material"));
  EXPECT_THAT(fault("", "{lots: 2}"), HasSubstr("no 'every'"));
  EXPECT_THAT(fault("", "{every: 1 s, profile: [{from: 1 h, times: 1}]}"), HasSubstr("begin at 0 and ascend"));
  EXPECT_THAT(fault("", "{every: 1 s, profile: [{from: 0 h, times: 0}]}"), HasSubstr("never runs"));
  EXPECT_THAT(fault("", "{every: 1 s, period: 3 h}"), HasSubstr("there is no profile"));
  EXPECT_THAT(fault("", "every 0.1 ns"), HasSubstr("1 ns or more"));
  const auto impatient = [](const std::string& step, const std::string& arrivals) {
    try {
      (void)Plant::parse("stations: {m: {}}\nproducts: {p: {route: [{at: m, time: 1 s, max_wait: 0 s" + step +
                         "}], arrivals: " + arrivals + "}}");
    } catch (const PlantError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(impatient(", if_overdue: {rework: m}", "every 1 s"), HasSubstr("comes again without end"));
  EXPECT_THAT(impatient("", "conwip(3)"), HasSubstr("come again without end"));
  EXPECT_EQ(impatient("", "every 1 s"), "none") << "lots that never wait";
  EXPECT_THAT(fault("", "{every: 1 us, profile: [{from: 0 h, times: 3000}]}"), HasSubstr("1 ns or more"));
}

}  // namespace
}  // namespace twin
