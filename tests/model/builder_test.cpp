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
  EXPECT_TRUE(d.modes[0].by_clock());
  EXPECT_EQ(d.orders[0].quantity, 7U);
  EXPECT_EQ(d.sources[0].level, 4U);
  EXPECT_EQ(d.branches.size(), 3U);
  EXPECT_EQ(Plant::parse(plant.yaml(), "shop").digest(), plant.digest());
}

/// Digest, numbers and their paths: what a file and calls must agree on.
void expect_same(const PlantBuilder& builder, const std::string& yaml) {
  const auto built = builder.build(), read = Plant::parse(yaml, "shop");
  EXPECT_EQ(built.digest(), read.digest()) << built.yaml();
  EXPECT_EQ(built.parameters(), read.parameters()) << built.yaml();
  EXPECT_EQ(built.data().distribution_paths, read.data().distribution_paths);
  auto numbers = built.parameters();
  for (std::uint32_t d = 0; d < numbers.distributions.size(); ++d)
    numbers.set(DistributionId{d}, Distribution::uniform(1, 2));
  const auto learned = built.with_parameters(numbers);
  EXPECT_EQ(Plant::parse(learned.yaml(), "shop").parameters(), numbers) << learned.yaml();
}

TEST(PlantBuilder, SaysOperatorsToolsAndMaterialAsAFileDoes) {
  PlantBuilder builder("shop");
  builder.calendar("early", {{"daily", "06:00-14:00"}});
  builder.operators("setter", 2, "early", {"turning", "repair"}).operators("helper").tools("fixture", 3);
  builder.material("bar", {.level = 5, .places = 40, .supply = Distribution::exponential(3600), .lot = 10});
  builder.material("blank");
  builder.station("saw").time("5 min").needs("helper").uses("bar", 2).makes("blank", 4);
  builder.station("lathe").machine("L1").machine("L2");
  builder.station("lathe").failure(
      {.after = "20 h", .repair = "1 h", .of_work = false, .times = 3, .needs = "repair", .machine = "L2"});
  builder.station("lathe").failure({.after = "9 h", .repair = "1 h", .needs = {{"repair", 1}, {"fixture", 2}}});
  builder.product("cut").step({.at = "saw"}).arrivals_every("1 h", 3);
  builder.product("flange")
      .step({.at = "saw", .needs = Amounts::none()})
      .step({.at = {"lathe", "saw"},
             .times = {{"lathe", "10 min"}, {"saw", Distribution::exponential(600)}},
             .needs = {{"turning", 1}, {"fixture", 2}},
             .uses = "blank",
             .makes = Amounts::none()})
      .arrivals_every("2 h", Distribution::uniform(1, 3));
  expect_same(builder, R"yaml(
calendars: {early: {daily: "06:00-14:00"}}
operators: {setter: {count: 2, calendar: early, skills: [turning, repair]}, helper: 1}
tools: {fixture: 3}
materials: {bar: {level: 5, places: 40, supply: {every: exponential(1 h), lot: 10}}, blank: 0}
stations:
  saw: {time: 5 min, needs: helper, uses: {bar: 2}, makes: {blank: 4}}
  lathe:
    machines:
      L1: {}
      L2: {failures: [{after: 20 h of time, repair: 1 h, times: 3, needs: repair}]}
    failures: [{after: 9 h of work, repair: 1 h, needs: {repair: 1, fixture: 2}}]
products:
  cut: {route: [{at: saw}], arrivals: {every: 1 h, lots: 3}}
  flange:
    route:
      - {at: saw, needs: {}}
      - at: [lathe, saw]
        time: {lathe: 10 min, saw: exponential(10 min)}
        needs: {turning: 1, fixture: 2}
        uses: blank
        makes: {}
    arrivals: {every: 2 h, lots: "uniform(1, 3)"}
)yaml");
}

TEST(PlantBuilder, SaysSetupsBatchesAndRulesAsAFileDoes) {
  PlantBuilder builder("shop");
  builder.station("paint")
      .setup_by("family", {.matrix = {{"red", {{"blue", "20 min"}, {"red", "1 min"}}}, {"blue", {{"red", "45 min"}}}},
                           .same = "30 s",
                           .otherwise = Distribution::exponential(900),
                           .first = "10 min"})
      .queue_rule("atc(k=2.5)");
  builder.station("oven").batch({.max = 6, .min = 4, .wait = 30min, .by = "family"}).queue_rule("fifo");
  builder.station("press").block_before().cycle(90s).batch({.max = 2}).queue_rule("expr(due - now - remaining_work)");
  builder.station("robot").polling("30 s", "limited(3)", "family").setup_by("family", {.same = "1 s"});
  builder.station("mill")
      .queue_rule(QueueRule::kMopnr)
      .queue_rule("priority(b, a)")
      .preempt("restart")
      .setup_by("op", {.first = "1 min"});
  builder.product("a")
      .family("red")
      .step({.at = "paint", .time = "5 min"})
      .step({.at = "oven", .time = "1 h", .family = "hot", .max_wait = "2 h", .if_overdue = "leave"})
      .step({.at = "press", .time = "1 h", .max_wait = Distribution::exponential(60)})
      .step({.at = "mill", .time = "1 h", .max_wait = "3 h", .if_overdue = OverdueRule::rework("paint")});
  builder.product("b").family("blue").step({.at = "paint", .time = "5 min"}).arrivals_every("1 h");
  expect_same(builder, R"yaml(
stations:
  paint:
    setup:
      by: family
      matrix: {red: {blue: 20 min, red: 1 min}, blue: {red: 45 min}}
      same: 30 s
      otherwise: exponential(15 min)
      first: 10 min
    queue: {rule: atc(2.5)}
  oven: {batch: {max: 6, min: 4, wait: 30 min, by: family}}
  press: {blocking: before, cycle: 90 s, batch: {max: 2}, queue: {rule: "expr(due - now - remaining_work)"}}
  robot: {polling: {change: 30 s, serve: limited(3), by: family}, setup: {by: family, same: 1 s}}
  mill: {queue: {rule: "priority(b, a)", preempt: restart}, setup: {by: op, first: 1 min}}
products:
  a:
    family: red
    route:
      - {at: paint, time: 5 min}
      - {at: oven, time: 1 h, family: hot, max_wait: 2 h, if_overdue: leave}
      - {at: press, time: 1 h, max_wait: exponential(1 min)}
      - {at: mill, time: 1 h, max_wait: 3 h, if_overdue: {rework: paint}}
  b: {family: blue, route: [{at: paint, time: 5 min}], arrivals: every 1 h}
)yaml");
}

TEST(PlantBuilder, SaysParallelBranchesAsAFileDoes) {
  const StepOptions spokes{.at = "saw", .time = "2 min"}, hub{.at = "mill", .time = "3 min"};
  PlantBuilder builder("shop");
  builder.station("saw").station("mill").product("bicycle").step(
      {.op = "make",
       .parallel = {{"frame", {{.at = "saw", .time = "9 min"}, {.at = "mill", .time = "4 min"}}},
                    {"wheels", {{.op = "parts", .parallel = {{"spokes", {spokes}}, {"hub", {hub}}}}}}}});
  builder.product("bicycle").step({.at = "mill", .time = "1 min"}).arrivals_every("1 h");
  expect_same(builder, R"yaml(
stations: {saw: {}, mill: {}}
products:
  bicycle:
    route:
      - op: make
        parallel:
          frame: [{at: saw, time: 9 min}, {at: mill, time: 4 min}]
          wheels:
            - {op: parts, parallel: {spokes: [{at: saw, time: 2 min}], hub: [{at: mill, time: 3 min}]}}
      - {at: mill, time: 1 min}
    arrivals: every 1 h
)yaml");
}

TEST(PlantBuilder, SaysHowMaterialIsOrderedAsAFileDoes) {
  PlantBuilder builder("shop");
  builder
      .material("bar", {.level = 9,
                        .reorder = ReorderOptions{.at = 6, .up_to = 40, .review = 24h, .lead = "3 d", .cost = "64 EUR"},
                        .price = "2 EUR",
                        .holding = "1 EUR/d",
                        .shortage = "9 EUR/d"})
      .material("nut", {.reorder = ReorderOptions{.at = -5, .lot = 20}});
  builder.station("saw").uses("bar").product("part").step({.at = "saw", .time = "1 min"}).conwip(1);
  expect_same(builder, R"yaml(
materials:
  bar:
    level: 9
    reorder: {at: 6, up_to: 40, review: 1 d, lead: 3 d, cost: 64 EUR}
    price: 2 EUR
    holding: 1 EUR/d
    shortage: 9 EUR/d
  nut: {reorder: {at: -5, lot: 20}}
stations: {saw: {uses: bar}}
products: {part: {route: [{at: saw, time: 1 min}], arrivals: conwip(1)}}
)yaml");
}

TEST(PlantBuilder, SaysMaintenanceAndStatesAsAFileDoes) {
  PlantBuilder builder("shop");
  builder.operators("fitter");
  builder.station("mill")
      .failure({.after = "90 h", .repair = "2 h", .name = "spindle"})
      .maintenance({.every = "100 h of work",
                    .takes = "1 h",
                    .window = "20 h",
                    .needs = "fitter",
                    .renews = {"spindle", "degradation"}})
      .maintenance({.every = "500 of lots", .takes = Distribution::exponential(60), .window = "50"})
      .degradation({{.state = "good", .lasts = "80 h"},
                    {.state = "worn", .lasts = "20 h", .speed = 0.8, .scrap = 0.05, .repair = "1 h", .when_free = true},
                    {.state = "broken", .repair = "5 h", .needs = {{"fitter", 1}}}});
  builder.station("saw").degradation({{.state = "new", .lasts = "1 w"}, {.state = "old"}}, false);
  builder.product("part").step({.at = "mill", .time = "1 min"}).step({.at = "saw", .time = "1 min"}).conwip(1);
  expect_same(builder, R"yaml(
operators: {fitter: 1}
stations:
  mill:
    failures: [{after: 90 h of work, repair: 2 h, name: spindle}]
    maintenance:
      - {every: 100 h of work, takes: 1 h, window: 20 h, needs: fitter, renews: [spindle, degradation]}
      - {every: 500 of lots, takes: exponential(1 min), window: 50}
    degradation:
      - {state: good, lasts: 80 h}
      - {state: worn, lasts: 20 h, speed: 0.8, scrap: 0.05, repair: 1 h, when: free}
      - {state: broken, repair: 5 h, needs: fitter}
  saw: {degradation: [{state: new, lasts: 1 w of time}, {state: old}]}
products: {part: {route: [{at: mill, time: 1 min}, {at: saw, time: 1 min}], arrivals: conwip(1)}}
)yaml");
}

TEST(PlantBuilder, TakesTheLastWordOfWhatIsSaidInTwoWays) {
  PlantBuilder builder;
  builder.station("mill").machines(3).machine("M1").setup("1 min").setup_by("product", {.otherwise = "2 min"});
  builder.set("stations.mill.needs", "setter").station("mill").needs("helper");
  builder.operators("helper").product("part").step({.at = "mill", .time = "1 min"}).conwip(1);
  expect_same(builder, R"yaml(
operators: {helper: 1}
stations: {mill: {machines: {M1: {}}, setup: {by: product, otherwise: 2 min}, needs: helper}}
products: {part: {route: [{at: mill, time: 1 min}], arrivals: conwip(1)}}
)yaml");
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
