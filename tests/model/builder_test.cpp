#include "twin/model/builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin/base/error.hpp"

namespace twin {
namespace {

using namespace std::chrono_literals;

TEST(PlantBuilder, SaysWhatAFileSays) {
  const auto built = PlantBuilder{"mm1"}
                         .station("mill")
                         .product("part")
                         .step({.at = "mill", .time = Distribution::exponential(48)})
                         .arrivals_every(Distribution::exponential(60))
                         .run({.warmup = 20h, .until = 2000h, .replications = 30})
                         .expect("part.cycle_time", 240)
                         .build();
  const auto loaded = Plant::load("scenarios/queues/mm1.yaml");
  EXPECT_EQ(built.digest(), loaded.digest());
  EXPECT_EQ(built.parameters(), loaded.parameters());
  EXPECT_EQ(built.data().expect, loaded.data().expect);
  EXPECT_EQ(built.run().until, loaded.run().until);

  const auto line = PlantBuilder{"line"}
                        .station("m[1..20]")
                        .queue_places(5)
                        .failure(Distribution::exponential(6000), Distribution::exponential(300))
                        .product("part")
                        .step({.at = "m[1..20]", .time = Distribution::exponential(60)})
                        .saturate()
                        .build();
  EXPECT_EQ(line.digest(), Plant::load("scenarios/lines/unreliable20.yaml").digest());
}

TEST(PlantBuilder, ReachesEveryKey) {
  PlantBuilder builder("shop");
  builder.calendar("day", {{"mon-fri", "08:00-16:00"}});
  builder.station("turning")
      .machine("T1")
      .machine("T2", 1.2, "day")
      .queue_rule(QueueRule::kEdd)
      .works_in("day")
      .speed(2);
  builder.station("milling")
      .machines(3)
      .setup(Distribution::deterministic(60))
      .time(Distribution::uniform(60, 120))
      .lose_when_full()
      .queue_places(4);
  builder.station("wash")
      .queue_priority({"bolt", "flange"})
      .failure(Distribution::exponential(9), Distribution::exponential(1), false);
  builder.product("flange")
      .step({.at = {"turning", "milling"}, .time = Distribution::erlang(3, 60), .choose = ChooseRule::kFirst})
      .step({.at = "wash",
             .time = Distribution::deterministic(5),
             .op = "clean",
             .transport = Distribution::deterministic(30),
             .then = {.rework = {{"turning", 0.1}}, .scrap = 0.05}})
      .conwip(4)
      .priority(3)
      .due(48h)
      .family("A");
  builder.product("bolt").step({.at = "milling"});
  builder.order({.id = "A1", .product = "bolt", .quantity = 7, .release = 1h, .due = 5h, .priority = 2});
  builder.set("stations.wash.queue.places", "9");
  const auto plant = builder.build();
  const auto& d = plant.data();
  EXPECT_EQ(d.machine_names, (std::vector<std::string>{"T1", "T2", "milling.1", "milling.2", "milling.3", "wash.1"}));
  EXPECT_EQ(d.parameters.speed[0], 2);
  EXPECT_EQ(d.parameters.speed[1], 1.2);
  EXPECT_EQ(d.stations[2].places, 9);
  EXPECT_EQ(d.product_priority, (std::vector<std::int32_t>{1, 2}));
  EXPECT_FALSE(d.modes[0].of_work);
  EXPECT_EQ(d.orders[0].quantity, 7U);
  EXPECT_EQ(d.sources[0].level, 4U);
  EXPECT_EQ(d.branches.size(), 3U);
  EXPECT_EQ(Plant::parse(plant.yaml(), "shop").digest(), plant.digest());
}

TEST(PlantBuilder, ReportsAllFaultsAtOnceAndStaysUsable) {
  PlantBuilder builder;
  builder.station("mill").machines(0).works_in("nowhere");
  builder.product("part").step({.at = "mil"}).conwip(0);
  try {
    (void)builder.build();
    FAIL();
  } catch (const PlantError& error) {
    EXPECT_EQ(error.faults().size(), 4U) << error.what();
    for (const auto& fault : error.faults()) EXPECT_EQ(fault.line, 0);
  }
  builder.set("stations.mill", "{}").set("products.part", "{route: [{at: mill, time: 1 s}], arrivals: saturate}");
  EXPECT_NO_THROW((void)builder.build());
}

TEST(PlantBuilder, ReportsAFaultyTimeWithAllOthers) {
  PlantBuilder builder("cell");
  builder.station("mill").setup("5 mni").failure("exponential(100 min)", "never");
  builder.product("part").step({.at = "mill", .time = "exponential(48 s"}).arrivals_every("60 s");
  builder.expect("part.cycle_time", "4 mins").expect("part.throughput", "1 per h");
  try {
    (void)builder.build();
    FAIL();
  } catch (const PlantError& error) {
    std::vector<std::string> paths;
    for (const auto& fault : error.faults()) paths.push_back(fault.path);
    EXPECT_THAT(paths, testing::UnorderedElementsAre("stations.mill.setup", "stations.mill.failures[0].repair",
                                                     "products.part.route.mill.time", "expect.\"part.cycle_time\""));
  }
}

}  // namespace
}  // namespace twin
