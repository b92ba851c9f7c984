// What brings lots to steps, as a plant is read: what it is compiled to, and what is wrong where it makes no sense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin/base/error.hpp"
#include "twin/model/builder.hpp"
#include "twin/model/plant.hpp"

namespace twin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> told(const std::string& yaml) {
  std::vector<std::string> out;
  try {
    (void)Plant::parse(yaml, "test.yaml");
  } catch (const PlantError& error) {
    for (const auto& fault : error.faults()) out.push_back(fault.text());
  }
  return out;
}
/// A saw and a mill, the way between them, and more keys at the top.
std::string plant(const std::string& top, const std::string& transport, const std::string& arrivals = "every 2 s") {
  return top + "\nstations: {saw: {}, mill: {}}\nproducts: {p: {route: [{at: saw, time: 1 s}, {at: mill, time: 1 s, " +
         "transport: " + transport + "}], arrivals: " + arrivals + "}}\n";
}
BeltData belt(const std::string& keys) {
  return Plant::parse(plant("conveyors: {b: {" + keys + "}}", "b")).data().belts[0];
}

TEST(Conveyors, AreCompiledToPlacesAndTimes) {
  const Plant p = Plant::parse(plant("conveyors: {b: {length: 20 m, speed: 0.5 m/s, pitch: 500 mm}}", "b"));
  const PlantData& d = p.data();
  EXPECT_EQ(d.belts[0].places, 40U);
  EXPECT_EQ(d.belts[0].time, 40 * kSecond);
  EXPECT_EQ(d.belts[0].pitch, kSecond);
  EXPECT_TRUE(d.belts[0].accumulating);
  EXPECT_FALSE(d.belts[0].slotted);
  EXPECT_EQ(d.steps[0].way, Way::kDirect);
  EXPECT_EQ(d.steps[1].way, Way::kBelt);
  EXPECT_EQ(d.steps[1].carrier, 0U);
  EXPECT_TRUE(d.has_carriers && d.lots_carry_more);
  EXPECT_FALSE(Plant::parse(plant("", "5 s")).data().has_carriers);
  EXPECT_EQ(Plant::parse(plant("", "5 s")).data().steps[1].way, Way::kDelay);
}

TEST(Conveyors, TakeLengthsAndSpeedsInTheirUnits) {
  EXPECT_EQ(belt("length: 1.2 km, speed: 6 km/h, pitch: 100 cm").time, 720 * kSecond);
  EXPECT_EQ(belt("length: 1.2 km, speed: 6 km/h, pitch: 100 cm").places, 1200U);
  EXPECT_EQ(belt("length: 10m, speed: 30 m/min, places: 3").time, 20 * kSecond);
  EXPECT_EQ(belt("length: 10 m, speed: 1 m/s, pitch: 3 m").places, 3U) << "rounded down";
  EXPECT_EQ(belt("length: 300 mm, speed: 1 m/s, pitch: 100 mm").places, 3U) << "not 2, for want of a bit";
  EXPECT_EQ(belt("places: 3, time: 10 s").pitch, 3'333'333'334) << "rounded up";
  EXPECT_FALSE(belt("places: 3, time: 10 s, slots: true").accumulating);
  EXPECT_FALSE(belt("places: 3, time: 10 s, accumulating: false").accumulating);
}

TEST(Conveyors, ComeInRangesAsStationsDo) {
  const PlantData d = Plant::parse(R"(
conveyors: {"b[1..2]": {places: 3, time: 6 s}}
stations: {"m[1..2]": {}}
products: {p: {route: [{at: "m[1..2]", time: 1 s, transport: "b[1..2]"}], arrivals: every 9 s}}
)")
                          .data();
  EXPECT_THAT(d.belt_names, ElementsAre("b1", "b2"));
  EXPECT_EQ(d.steps[0].carrier, 0U);
  EXPECT_EQ(d.steps[1].carrier, 1U);
}

TEST(Conveyors, ChangeThePlantsDigestAndOthersKeepTheirs) {
  const auto digest = [](const std::string& keys) {
    return Plant::parse(plant("conveyors: {b: {" + keys + "}}", "b")).digest();
  };
  const auto plain = digest("places: 3, time: 6 s");
  for (const char* other : {"places: 4, time: 6 s", "places: 3, time: 7 s", "places: 3, time: 6 s, accumulating: false",
                            "places: 3, time: 6 s, slots: true"})
    EXPECT_NE(digest(other), plain) << other;
}

TEST(Conveyors, ThatMakeNoSenseAreRefused) {
  const auto one = [](const std::string& keys) { return told(plant("conveyors: {b: {" + keys + "}}", "b")); };
  EXPECT_THAT(one("time: 5 s"), ElementsAre(HasSubstr("nothing says how many lots it holds; allowed: length and pitch, "
                                                      "or places")));
  EXPECT_THAT(one("places: 5"), ElementsAre(HasSubstr("nothing says how long its lots take")));
  EXPECT_THAT(one("length: 5 m, pitch: 1 m"), ElementsAre(HasSubstr("nothing says how long its lots take")));
  EXPECT_THAT(one("length: 1 m, speed: 1 m/s, pitch: 2 m"), ElementsAre(HasSubstr("0 lots fit on it")));
  EXPECT_THAT(one("places: 5, time: 0 s"), ElementsAre(HasSubstr("would take no time")));
  EXPECT_THAT(one("places: 5, time: 1 s, speed: 1 m/s"), ElementsAre(HasSubstr("'time' and 'speed' both say it")));
  EXPECT_THAT(one("places: 5, time: 1 s, pitch: 1 m"), ElementsAre(HasSubstr("'places' and 'pitch' both say it")));
  EXPECT_THAT(one("places: 0, time: 1 s"), ElementsAre(HasSubstr("allowed: a whole number from 1 to 1000000")));
  EXPECT_THAT(one("places: 5, time: 1 s, slots: true, accumulating: true"),
              ElementsAre(HasSubstr("lots cannot close up where places are fixed on the belt")));
  EXPECT_THAT(one("places: 5, time: 1 s, slots: yes"), ElementsAre(HasSubstr("allowed: true, false")));
  EXPECT_THAT(one("length: 5, speed: 1 m/s, places: 2"), ElementsAre(HasSubstr("allowed: a length above 0")));
  EXPECT_THAT(one("length: -5 m, speed: 1 m/s, places: 2"), ElementsAre(HasSubstr("allowed: a length above 0")));
  EXPECT_THAT(one("length: 5 m, speed: 1 m, places: 2"), ElementsAre(HasSubstr("allowed: a speed above 0")));
  EXPECT_THAT(one("length: 5 m, speed: 1 m/kg, places: 2"), ElementsAre(HasSubstr("allowed: a speed above 0")));
  EXPECT_THAT(one("places: 5, time: 1 s, gap: 2"), ElementsAre(HasSubstr("'gap'")));
  EXPECT_THAT(told(plant("conveyors: {saw: {places: 2, time: 1 s}}", "5 s")),
              ElementsAre(HasSubstr("'saw' is a station already")));
  EXPECT_THAT(told(plant("conveyors: {plant: {places: 2, time: 1 s}}", "5 s")),
              ElementsAre(HasSubstr("'plant' has a meaning of its own in results")));
  EXPECT_THAT(
      told("conveyors: {b: {places: 2, time: 1 s}}\nstations: {saw: {blocking: before}, mill: {}}\nproducts: {p: "
           "{route: [{at: saw, time: 1 s}, {at: mill, time: 1 s, transport: b}], arrivals: every 2 s}}\n"),
      ElementsAre(HasSubstr("machines of 'saw' would have to wait for room on b before they begin")));
  EXPECT_THAT(told(plant("conveyors: [b]", "5 s")), ElementsAre(HasSubstr("allowed: {name: keys}")));
  EXPECT_THAT(told(plant("conveyors: {b: }", "5 s")), ElementsAre(HasSubstr("allowed: {name: keys}")));
}

TEST(Conveyors, OfAStepMustExistAndLeadToWhatWaitsForThem) {
  const std::string top = "conveyors: {belt: {places: 2, time: 1 s}, \"b[1..3]\": {places: 2, time: 1 s}}";
  EXPECT_THAT(told(plant(top, "bell")),
              ElementsAre(HasSubstr("'bell' is no time, no conveyor and no vehicles (did you mean 'belt'?)")));
  EXPECT_THAT(told(plant("", "belt")), ElementsAre(HasSubstr("'belt' is no time, no conveyor and no vehicles")));
  EXPECT_THAT(told(plant(top, "\"b[1..3]\"")), ElementsAre(HasSubstr("3 conveyors do not lead to 1 steps")));
  EXPECT_THAT(told(plant(top, "\"b[2..4]\"")), testing::Contains(HasSubstr("there is no conveyor 'b4'")));
  EXPECT_THAT(told(top + "\nstations: {a: {}}\nproducts: {p: {route: [{at: a, time: 1 s, transport: belt}], arrivals: "
                         "saturate}}\n"),
              ElementsAre(HasSubstr("there is no transport to the first step")));
  EXPECT_THAT(told(plant(top, "exponential(x)")), ElementsAre(HasSubstr("has no number before")));
}

TEST(Conveyors, CloseCirclesInWhichLotsMayBeStuck) {
  const auto may = [](const std::string& places, const std::string& back) {
    return Plant::parse("conveyors: {b: {places: 2, time: 1 s}}\nstations: {saw: {queue: {places: " + places +
                        "}}, mill: {}}\nproducts: {p: {route: [{op: a, at: saw, time: 1 s}, {op: b, at: " + back +
                        ", time: 1 s, transport: b}], arrivals: every 9 s}}\n")
        .data()
        .may_deadlock;
  };
  EXPECT_TRUE(may("1", "saw")) << "a belt back to the station that feeds it";
  EXPECT_FALSE(may("unlimited", "saw"));
  EXPECT_FALSE(may("1", "mill"));
}

TEST(Conveyors, AreSaidByTheBuilderAsByAFile) {
  PlantBuilder builder("line");
  builder.conveyor("belt", {.length = "20 m", .speed = "0.5 m/s", .pitch = "500 mm"});
  builder.conveyor("chain", {.time = Duration{40 * kSecond}, .places = 8, .slots = true});
  builder.station("saw").station("mill").station("drill");
  builder.product("p")
      .step({.at = "saw", .time = Distribution::deterministic(1)})
      .step({.at = "mill", .time = Distribution::deterministic(1), .transport = "belt"})
      .step({.at = "drill", .time = Distribution::deterministic(1), .transport = "chain"})
      .saturate();
  EXPECT_EQ(builder.build().digest(), Plant::parse(R"(
conveyors:
  belt: {length: 20 m, speed: 0.5 m/s, pitch: 500 mm}
  chain: {places: 8, time: 40 s, slots: true}
stations: {saw: {}, mill: {}, drill: {}}
products:
  p:
    route: [{at: saw, time: 1 s}, {at: mill, time: 1 s, transport: belt}, {at: drill, time: 1 s, transport: chain}]
    arrivals: saturate
)",
                                                   "line")
                                          .digest());
}

TEST(Conveyors, AreReachedByPathsOfChanges) {
  const Plant p = Plant::parse(plant("conveyors: {b: {places: 3, time: 6 s}}", "b"));
  EXPECT_EQ(p.change({{"conveyors.b.places", "5"}}).data().belts[0].places, 5U);
  EXPECT_EQ(Plant::parse(p.yaml()).digest(),
            Plant::parse(plant("conveyors: {b: {places: 3, time: 6 s}}", "b")).digest());
}

/// Two stations and a park, a fleet, and the way between the stations.
std::string shop(const std::string& fleet,
                 const std::string& paths = "{between: [saw, mill], length: 10 m}, {between: [park, saw], length: 5 m}",
                 const std::string& more = "") {
  return "paths: [" + paths + "]\nvehicles: {agv: {" + fleet +
         "}}\nstations: {saw: {}, mill: {}}\nproducts: {p: {route: [{at: saw, time: 1 s" + more +
         "}, {at: mill, time: 1 s, transport: agv}], arrivals: every 2 s}}\n";
}

TEST(Vehicles, AreCompiledToNodesEdgesAndShortestWays) {
  const Plant p =
      Plant::parse(shop("count: 2, speed: 1.5 m/s, load: 20 s, home: park",
                        "{between: [saw, mill], length: 10 m, capacity: 1}, {from: saw, to: park, length: 5 "
                        "m}, {from: park, to: mill, length: 4 m}, {from: mill, to: park, length: 30 m}"));
  const PlantData& d = p.data();
  EXPECT_THAT(d.node_names, ElementsAre("saw", "mill", "park"));
  EXPECT_THAT(d.vehicle_names, ElementsAre("agv.1", "agv.2"));
  ASSERT_EQ(d.edges.size(), 5U);
  EXPECT_EQ(d.edges[0].track, d.edges[1].track);
  EXPECT_EQ(d.tracks[0].capacity, 1U);
  EXPECT_EQ(d.tracks[1].capacity, 0U);
  EXPECT_EQ(d.edges[2].length, 5'000'000);
  EXPECT_THAT(d.station_node, ElementsAre(0U, 1U));
  EXPECT_EQ(d.distance[0 * 3 + 1], 9'000'000) << "by the park";
  EXPECT_EQ(d.next_edge[0 * 3 + 1], 2U);
  EXPECT_EQ(d.distance[1 * 3 + 2], 15'000'000) << "back by the saw";
  EXPECT_EQ(d.next_edge[1 * 3 + 2], 1U);
  EXPECT_EQ(d.next_edge[2 * 3 + 2], kNone);
  EXPECT_EQ(d.fleets[0].home, 2U);
  EXPECT_EQ(d.steps[1].way, Way::kFleet);
  EXPECT_TRUE(d.has_carriers && d.lots_carry_more);
  EXPECT_NE(p.digest(), p.change({{"paths[0].length", "11 m"}}).digest());
  EXPECT_NE(p.digest(), p.change({{"vehicles.agv.dispatch", "least_used"}}).digest());
}

TEST(Vehicles, ThatMakeNoSenseAreRefused) {
  const std::string good = "speed: 1 m/s, home: park";
  EXPECT_THAT(told(shop(good)), testing::IsEmpty());
  EXPECT_THAT(told(shop("home: park")), ElementsAre(HasSubstr("speed")));
  EXPECT_THAT(told(shop("speed: 1 m/s")), ElementsAre(HasSubstr("home")));
  EXPECT_THAT(told(shop("speed: 1 m/s, home: bark")),
              ElementsAre(HasSubstr("no path leads to 'bark' (did you mean 'park'?)")));
  EXPECT_THAT(told(shop(good + ", dispatch: soonest")), ElementsAre(HasSubstr("nearest, longest_waiting, least_used")));
  EXPECT_THAT(told(shop(good + ", dispatch: expr(due +)")), ElementsAre(HasSubstr("the formula cannot be read")));
  EXPECT_THAT(told(shop(good + ", idle: sleep")), ElementsAre(HasSubstr("allowed: home, stay")));
  EXPECT_THAT(told(shop(good + ", count: 0")), ElementsAre(HasSubstr("allowed: a whole number from 1")));
  EXPECT_THAT(told(shop(good, "{between: [saw, mill], length: 10 m}, {from: saw, to: park, length: 5 m}")),
              ElementsAre(HasSubstr("vehicles cannot get from 'saw' to 'park' and back")));
  EXPECT_THAT(told(shop(good, "{between: [saw, park], length: 10 m}")),
              ElementsAre(HasSubstr("agv brings lots to 'mill', to which no path leads")));
  EXPECT_THAT(told(shop(good, "{between: [mill, park], length: 10 m}")),
              ElementsAre(HasSubstr("agv fetches lots at 'saw', to which no path leads")));
  EXPECT_THAT(
      told(shop(good, "{between: [saw, mill], length: 10 m}, {between: [park, saw], length: 5 m}", ", transport: agv")),
      ElementsAre(HasSubstr("agv fetches lots from outside, to which no path leads; allowed: a point in "
                            "`entry`")));
  EXPECT_THAT(told(shop(good, "{between: [saw, saw], length: 10 m}")),
              testing::Contains(HasSubstr("the path leads from 'saw' to itself")));
  EXPECT_THAT(told(shop(good, "{between: [saw], length: 10 m}")), testing::Contains(HasSubstr("two names")));
  EXPECT_THAT(told(shop(good, "{from: saw, length: 10 m}")),
              testing::Contains(HasSubstr("the path does not say where it leads")));
  EXPECT_THAT(told(shop(good, "{between: [saw, mill], from: saw, length: 10 m}")),
              testing::Contains(HasSubstr("do not go together")));
  EXPECT_THAT(told(shop(good, "{between: [saw, mill], length: 10}")), testing::Contains(HasSubstr("a length above 0")));
}

TEST(Vehicles, MustNotStandEmptyOnTheirWay) {
  const auto below = [](const std::string& share) {
    return told(
        shop("speed: 1 m/s, home: park, battery: {range: 100 m, charge: 1 min, at: park, below: " + share + "}"));
  };
  // At worst it is at the mill: 10 m to the saw, 10 m with the lot, 15 m to the park.
  EXPECT_THAT(below("0.35"), testing::IsEmpty());
  EXPECT_THAT(below("0.34"), ElementsAre(HasSubstr("not charged with 34 m left may stand empty on its way; allowed: "
                                                   "range times below of at least 35 m")));
  EXPECT_THAT(told(shop("speed: 1 m/s, home: park, battery: {range: 100 m, charge: 0 s, at: park}")),
              ElementsAre(HasSubstr("charging takes no time")));
}

TEST(Vehicles, AreSaidByTheBuilderAsByAFile) {
  PlantBuilder builder("shop");
  builder.path({.from = "saw", .to = "mill", .length = "10 m", .capacity = 1});
  builder.path({.from = "mill", .to = "park", .length = "5 m", .both_ways = false});
  builder.path({.from = "park", .to = "saw", .length = "5 m", .both_ways = false});
  builder.vehicles("agv", {.count = 2,
                           .speed = "1 m/s",
                           .load = "20 s",
                           .unload = Distribution::exponential(9),
                           .home = "park",
                           .stay = true,
                           .entry = "park",
                           .dispatch = "least_used",
                           .battery = BatteryOptions{"1 km", Duration{kHour}, "park", 0.25}});
  builder.station("saw").station("mill");
  builder.product("p")
      .step({.at = "saw", .time = Distribution::deterministic(1), .transport = "agv"})
      .step({.at = "mill", .time = Distribution::deterministic(1), .transport = "agv"})
      .arrivals_every(Distribution::deterministic(60));
  EXPECT_EQ(builder.build().digest(), Plant::parse(R"(
paths:
  - {between: [saw, mill], length: 10 m, capacity: 1}
  - {from: mill, to: park, length: 5 m}
  - {from: park, to: saw, length: 5 m}
vehicles:
  agv:
    {count: 2, speed: 1 m/s, load: 20 s, unload: exponential(9 s), home: park, idle: stay, entry: park, dispatch: least_used,
     battery: {range: 1 km, charge: 1 h, at: park, below: 0.25}}
stations: {saw: {}, mill: {}}
products:
  p: {route: [{at: saw, time: 1 s, transport: agv}, {at: mill, time: 1 s, transport: agv}], arrivals: every 60 s}
)",
                                                   "shop")
                                          .digest());
}

}  // namespace
}  // namespace twin
