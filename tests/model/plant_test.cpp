#include "twin/model/plant.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/random.hpp"
#include "twin/model/document.hpp"

namespace twin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* kShop = R"yaml(stations:
  turning: {machines: {T1: {}, T2: {speed: 1.2, calendar: always}}, calendar: two-shifts, setup: 2 min}
  milling: {machines: 3, queue: {places: 4, rule: spt(known)}, failures: [{after: 10 h of time, repair: 5 min}]}
  inspect: {time: "triangular(2, 3, 6 min)", queue: {rule: "priority(bolt, flange)"}}
products:
  flange:
    family: A
    priority: 2
    due: 3 d
    route:
      - {at: turning, time: "lognormal(mean 12 min, cv 0.3)"}
      - {at: [milling, turning], time: {milling: 20 min, turning: 30 min}, choose: earliest_finish, transport: 1 min}
      - {at: inspect, then: {pass: 0.93, rework: {0.05: milling}, scrap: 0.02}}
    arrivals: every exponential(1 h)
  bolt:
    route: [{at: turning, op: OP1, time: 1 min}, {at: turning, op: OP2, time: 2 min, setup: 0}]
orders:
  - {id: late, product: bolt, quantity: 5, release: 2 d, due: 2000-01-08T12:00Z}
  - {id: early, product: flange, release: 1 h}
calendars: {two-shifts: {mon-fri: "06:00-14:00, 14:00-22:00"}}
run: {warmup: 1 h, until: 2000-01-10, replications: 3, seed: 7}
expect: {flange.cycle_time: 2 h, flange.throughput: 1 per h}
what_if:
  third turning machine: {stations.turning.machines.T3: {}}
  overtime: {calendars.two-shifts.sat: "06:00-14:00"}
)yaml";

std::vector<Fault> faults_of(const std::string& yaml) {
  try {
    (void)Plant::parse(yaml, "test.yaml");
  } catch (const PlantError& error) {
    return error.faults();
  }
  return {};
}

/// Text of the only fault of a plant of one mill and one part, with some of its text replaced.
std::string fault_with(const std::string& from, const std::string& to) {
  std::string yaml =
      "stations:\n  mill: {}\n  lathe: {}\nproducts:\n  part:\n    route: [{at: mill, time: 5 min}]\n"
      "    arrivals: every 6 min\ncalendars: {early: {mon: \"06:00-14:00\"}}\nrun: {until: 3 d}\n";
  const auto at = yaml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  yaml.replace(at, from.size(), to);
  const auto faults = faults_of(yaml);
  std::string all;
  for (const auto& fault : faults) all += (all.empty() ? "" : "\n") + fault.text();
  return all;
}

TEST(Plant, CompilesAShop) {
  const auto plant = Plant::parse(kShop, "shop");
  const auto& d = plant.data();
  EXPECT_EQ(d.station_names, (std::vector<std::string>{"turning", "milling", "inspect"}));
  EXPECT_EQ(d.machine_names,
            (std::vector<std::string>{"T1", "T2", "milling.1", "milling.2", "milling.3", "inspect.1"}));
  EXPECT_EQ(d.parameters.speed, (std::vector<double>{1, 1.2, 1, 1, 1, 1}));
  EXPECT_TRUE(d.machines[0].calendar.valid());
  EXPECT_FALSE(d.machines[1].calendar.valid());
  EXPECT_EQ(d.stations[1].rule, QueueRule::kSptKnown);
  EXPECT_EQ(d.stations[1].places, 4);
  EXPECT_EQ(d.stations[0].places, -1);
  EXPECT_EQ(d.modes.size(), 3U);
  EXPECT_TRUE(d.modes[0].by_clock());
  EXPECT_EQ(d.modes[0].after, d.modes[1].after);
  EXPECT_NE(d.modes[0].after_stream, d.modes[1].after_stream);

  EXPECT_EQ(d.stations[2].rule, QueueRule::kPriority);
  ASSERT_EQ(d.stations[2].priority_table, 0U);
  EXPECT_EQ(d.product_priority, (std::vector<std::int32_t>{1, 2}));

  EXPECT_EQ(d.step_names, (std::vector<std::string>{"turning", "milling", "inspect", "OP1", "OP2"}));
  const auto& second = d.steps[plant.step("flange", "milling").value];
  EXPECT_EQ(second.choice_count, 2U);
  EXPECT_EQ(second.choose, ChooseRule::kEarliestFinish);
  EXPECT_EQ(d.parameters.mean(second.transport), 60);
  EXPECT_EQ(d.parameters.mean(d.choices[second.first_choice].time), 1200);
  EXPECT_EQ(d.parameters.mean(d.choices[second.first_choice + 1].time), 1800);
  EXPECT_FALSE(d.choices[second.first_choice].setup.valid());
  EXPECT_EQ(d.parameters.mean(d.choices[second.first_choice + 1].setup), 120);
  EXPECT_FALSE(d.choices[d.steps[plant.step("bolt", "OP2").value].first_choice].setup.valid());

  const auto& third = d.steps[plant.step("flange", "inspect").value];
  ASSERT_EQ(third.branch_count, 3U);
  EXPECT_EQ(d.branches[third.first_branch].target, BranchData::kLeave);
  EXPECT_EQ(d.branches[third.first_branch + 1].target, plant.step("flange", "milling").value);
  EXPECT_TRUE(d.branches[third.first_branch + 1].rework);
  EXPECT_EQ(d.branches[third.first_branch + 2].target, BranchData::kScrap);
  EXPECT_EQ(d.parameters.branch_probability, (std::vector<double>{0.93, 0.05, 0.02}));
  EXPECT_EQ(d.branch_paths[1], "products.flange.route.inspect.then.rework.milling");

  ASSERT_EQ(d.sources.size(), 1U);
  EXPECT_EQ(d.sources[0].due_after, 3 * kDay);
  EXPECT_EQ(d.order_names, (std::vector<std::string>{"early", "late"}));
  EXPECT_EQ(d.orders[0].release, kHour);
  EXPECT_EQ(d.orders[0].due, kHour + 3 * kDay);
  EXPECT_EQ(d.orders[0].priority, 2);
  EXPECT_EQ(d.orders[1].quantity, 5U);
  EXPECT_EQ(d.orders[1].due, 5 * kDay + 12 * kHour);
  EXPECT_EQ(d.run.warmup, kHour);
  EXPECT_EQ(d.run.until, kWeek);
  EXPECT_EQ(d.run.replications, 3);
  EXPECT_EQ(d.run.seed, 7U);
  EXPECT_EQ(d.expect.at("flange.cycle_time"), 7200);
  EXPECT_DOUBLE_EQ(d.expect.at("flange.throughput"), 1.0 / 3600);
  EXPECT_EQ(d.parameters.mean(plant.distribution("stations.inspect.time")), 220);
}

TEST(Plant, AGroupOfStationsMakesConsecutiveSteps) {
  const auto plant = Plant::load("scenarios/lines/unreliable20.yaml");
  const auto& d = plant.data();
  ASSERT_EQ(d.stations.size(), 20U);
  ASSERT_EQ(d.steps.size(), 20U);
  EXPECT_EQ(d.station_names[6], "m7");
  EXPECT_EQ(d.machine_names[6], "m7.1");
  EXPECT_EQ(d.choices[d.steps[6].first_choice].station, plant.station("m7"));
  EXPECT_EQ(d.modes.size(), 20U);
  EXPECT_FALSE(d.modes[3].by_clock());
  EXPECT_EQ(d.sources[0].kind, SourceKind::kSaturate);
  EXPECT_EQ(d.run.until, 200000 * kMinute);
}

TEST(Plant, HashesComeFromNamesAlone) {
  const auto plant = Plant::parse(kShop);
  const auto& d = plant.data();
  EXPECT_EQ(d.stations[1].hash, hash_name("station:milling"));
  EXPECT_EQ(d.machines[3].hash, hash_name("machine:milling.2"));
  EXPECT_EQ(d.products[1].hash, hash_name("product:bolt"));
  EXPECT_EQ(d.steps[3].hash, hash_combine(hash_name("product:bolt"), hash_name("OP1")));
  EXPECT_EQ(d.sources[0].hash, hash_name("source:flange"));
  EXPECT_EQ(d.orders[0].hash, hash_name("order:early"));
  EXPECT_EQ(d.modes[1].repair_stream, draw_stream(hash_combine(d.machines[3].hash, hash_name("0")), Purpose::kRepair));
}

TEST(Plant, EveryScenarioLoadsAndItsYamlIsTheSamePlant) {
  int count = 0;
  for (const char* folder : {"scenarios/queues", "scenarios/lines", "scenarios/networks"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto plant = Plant::load(entry.path());
      const auto again = Plant::parse(plant.yaml(), plant.data().name);
      EXPECT_EQ(again.digest(), plant.digest()) << entry.path();
      EXPECT_EQ(again.parameters(), plant.parameters()) << entry.path();
      EXPECT_EQ(again.data().expect, plant.data().expect) << entry.path();
      ++count;
    }
  EXPECT_GE(count, 20);
}

TEST(Plant, NoScenarioHasNamesThatResultsWouldConfuse) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator("scenarios")) {
    if (entry.path().extension() != ".yaml") continue;
    try {
      (void)Plant::load(entry.path());
    } catch (const PlantError& error) {  // rules of logs, and parts that others include
      EXPECT_THAT(error.what(), HasSubstr("the plant has no 'products'"));
      EXPECT_THAT(error.what(), testing::Not(HasSubstr("meaning")));
      EXPECT_THAT(error.what(), testing::Not(HasSubstr("name of a lot")));
    }
  }
}

TEST(Plant, TellsAllFaultsAtOnceWithTheirPlaces) {
  const auto faults = faults_of(
      "stations:\n"
      "  mill: {queue: {rule: fofi, placs: 3}}\n"
      "  mill2: {machines: 0, speed: -1}\n"
      "products:\n"
      "  part:\n"
      "    route: [{at: mil, time: 5 min}, {at: mill}, {at: mill, time: 48}]\n"
      "    arrivals: sometimes\n"
      "orders: [{id: A, product: prt}]\n"
      "calendars: {never: {}}\n"
      "run: {until: 5 parsec}\n"
      "colour: red\n");
  std::string all;
  for (const auto& fault : faults) all += fault.text() + "\n";
  EXPECT_THAT(
      all,
      HasSubstr(
          "test.yaml:2:24: stations.mill.queue.rule: 'fofi' is unknown (did you mean 'fifo'?); allowed: fifo, lifo"));
  EXPECT_THAT(all, HasSubstr("stations.mill.queue.placs: 'placs' is no key of a queue (did you mean 'places'?); "
                             "allowed: places, rule, if_full"));
  EXPECT_THAT(
      all, HasSubstr("test.yaml:3:21: stations.mill2.machines: '0' does not fit here; allowed: a whole number from 1"));
  EXPECT_THAT(all, HasSubstr("stations.mill2.speed: -1 is outside the range; allowed: a number above 0"));
  EXPECT_THAT(all, HasSubstr("there is no station 'mil' (did you mean 'mill'?); allowed: mill, mill2"));
  EXPECT_THAT(all, HasSubstr("the step has no time at 'mill', and the station gives none"));
  EXPECT_THAT(all, HasSubstr("48 has no unit; allowed: a number with a unit: ns, us, ms, s, min, h, d, w"));
  EXPECT_THAT(all,
              HasSubstr("'sometimes' is no way to arrive; allowed: every <distribution>, saturate, conwip(<lots>)"));
  EXPECT_THAT(all, HasSubstr("there is no product 'prt' (did you mean 'part'?); allowed: part"));
  EXPECT_THAT(all, HasSubstr("test.yaml:9:20: calendars.never: the calendar never opens"));
  EXPECT_THAT(all, HasSubstr("run.until: 'parsec' is no unit of time"));
  EXPECT_THAT(all, HasSubstr("test.yaml:11:1: colour: 'colour' is no key of a plant"));
  EXPECT_EQ(faults.size(), 12U) << all;
  for (const auto& fault : faults) {
    EXPECT_EQ(fault.file, "test.yaml");
    EXPECT_GT(fault.line, 0);
    EXPECT_GT(fault.column, 0);
    EXPECT_FALSE(fault.path.empty());
    EXPECT_FALSE(fault.allowed.empty()) << fault.text();
  }
}

TEST(Plant, RefusesWhatMakesNoSense) {
  const auto expect_fault = [](const std::string& from, const std::string& to, const std::string& said) {
    EXPECT_THAT(fault_with(from, to), HasSubstr(said)) << to;
  };
  expect_fault("every 6 min", "conwip(0)", "'0' does not fit here");
  expect_fault("every 6 min", "every 0 s", "never end");
  expect_fault("every 6 min", "every 6", "6 has no unit");
  expect_fault("[{at: mill, time: 5 min}]\n    arrivals: every 6 min",
               "[{at: [mill, lathe], time: 5 min}]\n    arrivals: saturate", "cannot choose among the alternatives");
  expect_fault("time: 5 min}]\n    arrivals: every 6 min", "time: 0}]\n    arrivals: saturate", "without end");
  expect_fault("time: 5 min}]\n    arrivals: every 6 min", "time: 0}]\n    arrivals: conwip(3)",
               "circulate without end");
  expect_fault("{at: mill, time: 5 min}", "{at: mill, time: 5 min, then: {rework: 1}}", "never leave");
  expect_fault("{at: mill, time: 5 min}", "{at: mill, time: 5 min, then: {pass: 0.5, scrap: 0.6}}", "sum to 1.1");
  expect_fault("{at: mill, time: 5 min}", "{at: mill, time: 5 min, then: {pass: 0.5}}", "sum to 0.5");
  expect_fault("{at: mill, time: 5 min}", "{at: mill, time: 5 min, then: {rework: {mil: 0.1}}}", "did you mean 'mill'");
  expect_fault("{at: mill, time: 5 min}", "{at: mill, time: 5 min, then: {scrap: 2}}", "outside the range");
  expect_fault("{at: mill, time: 5 min}", "{at: mill, time: \"normal(mean 5 min, cv 2)\"}", "normal(mean, sd)");
  expect_fault("[{at: mill, time: 5 min}]", "[]", "the route has no step");
  expect_fault("[{at: mill, time: 5 min}]", "mill", "'mill' does not fit here");
  expect_fault("    arrivals: every 6 min\n", "", "no product is ever made");
  expect_fault("  mill: {}\n", "  mill: {machines: {}}\n", "the station has no machines");
  expect_fault("  mill: {}\n", "  mill: {calendar: erly}\n", "did you mean 'early'");
  expect_fault("  mill: {}\n", "  mill: {failures: [{after: 0 s, repair: 1 s}]}\n", "never works");
  expect_fault("  mill: {}\n", "  mill: {failures: [{after: 5 s}]}\n", "the failure has no 'repair'");
  expect_fault("  mill: {}\n", "  mill: {}\n  \"m[1..2]\": {machines: {X: {}}}\n", "the machine 'X' stands twice");
  expect_fault("  mill: {}\n", "  mill: {}\n  \"m[5..2]\": {}\n", "must ascend");
  expect_fault("  mill: {}\n", "  mill: {}\n  \"m[1..99999999]\": {}\n", "at most 10000 members");
  expect_fault("  mill: {}\n", "  mill: {}\n  order: {}\n", "a meaning of its own");
  expect_fault("mon: \"06:00-14:00\"", "mon: \"06:00-25:00\"", "no time of day");
  expect_fault("mon: \"06:00-14:00\"", "mon: \"06:00-14:00, 13:00-15:00\"", "overlaps");
  expect_fault("mon: \"06:00-14:00\"", "mon: \"06:00-14:00\", time_zone: Europe/Berlyn",
               "a place such as Europe/Berlin");
  expect_fault("run: {until: 3 d}", "run: {until: 3 d, warmup: 4 d}", "ends before its warmup");
  expect_fault("run: {until: 3 d}", "run: {until: 1999-01-01}", "before it begins");
  expect_fault("run: {until: 3 d}", "expect: {cycle: 3 s}", "names no metric");
  expect_fault("run: {until: 3 d}", "what_if: {x: {station.mill: {}}}", "did you mean 'stations'");
  expect_fault("run: {until: 3 d}", "orders: [{id: A, product: part}, {id: A, product: part}]",
               "the order 'A' stands twice");
  expect_fault("run: {until: 3 d}", "orders: [{id: A, product: part, release: 1999-12-31}]", "before the epoch");
  expect_fault("run: {until: 3 d}", "orders: [{id: A, product: part, quantity: 0}]", "'0' does not fit here");
  EXPECT_THAT(fault_with("stations:\n  mill: {}\n  lathe: {}\n", ""), HasSubstr("the plant has no 'stations'"));
  EXPECT_FALSE(faults_of("").empty());
  EXPECT_FALSE(faults_of("[]").empty());
}

TEST(Plant, RefusesNamesThatResultsWouldConfuse) {
  const auto expect_fault = [](const std::string& from, const std::string& to, const std::string& part) {
    EXPECT_THAT(fault_with(from, to), HasSubstr(part)) << to;
  };
  const std::string run = "run: {until: 3 d}";
  expect_fault("  part:", "  order:", "'order' has a meaning of its own in results");
  expect_fault("lathe: {}", "lathe: {machines: {plant: {}}}", "machines.plant: 'plant' has a meaning of its own");
  expect_fault(run, "orders: [{id: order, product: part}]", "orders[0].id: 'order' has a meaning of its own");
  expect_fault(run, "orders: [{id: plant, product: part}]", "'plant' has a meaning of its own");
  const auto with_a = [&](const std::string& quantity, const std::string& id) {
    return fault_with(run, "orders: [{id: " + id + ", product: part}, {id: A, product: part, quantity: " + quantity +
                               "}, {id: mill, product: part}, {id: part, product: part}]");
  };
  EXPECT_THAT(with_a("3", "A-01"), HasSubstr("orders[0].id: the order 'A-01' has the name of a lot of the order 'A'"));
  EXPECT_THAT(with_a("3", "A-03"), HasSubstr("lot of the order 'A'"));
  EXPECT_THAT(with_a("250", "A-007"), HasSubstr("lot of the order 'A'"));
  EXPECT_EQ(with_a("3", "A-04"), "");
  EXPECT_EQ(with_a("3", "A-00"), "");
  EXPECT_EQ(with_a("3", "A-1"), "");
  EXPECT_EQ(with_a("3", "A-0x"), "");
  EXPECT_EQ(with_a("3", "B-01"), "");
  EXPECT_EQ(with_a("1", "A-01"), "") << "a lone lot has the name of its order";
  EXPECT_EQ(with_a("250", "A-07"), "");
}

TEST(Plant, InstantsFarAwayAreFaultsAndNeverOverflow) {
  const std::string run = "run: {until: 3 d}";
  const auto said = [&](const std::string& to) { return fault_with(run, to); };
  for (const char* epoch : {"1678-01-01", "1823-01-01T00:00Z", "2117-01-01", "2261-12-31T23:59:60-23:59"})
    EXPECT_THAT(said("epoch: " + std::string(epoch)), HasSubstr("too far from 1970; allowed: years from 1824 to 2115"));
  for (const char* epoch : {"1824-01-01", "2115-12-31T23:59:59.999999999Z"}) {
    EXPECT_EQ(said("epoch: " + std::string(epoch)), "");
    const auto plant = Plant::parse("epoch: " + std::string(epoch) +
                                    "\nstations: {m: {}}\nproducts: {p: {route: [{at: m, time: 1 s}], arrivals: "
                                    "every 2 s}}\n");
    EXPECT_EQ(plant.ticks(WallTime::min()), -kNever);
    EXPECT_EQ(plant.ticks(WallTime::max()), kNever);
    EXPECT_EQ(plant.ticks(plant.wall(INT64_MAX)), kNever);
    EXPECT_EQ(plant.ticks(plant.wall(INT64_MIN)), -kNever);
    EXPECT_EQ(plant.ticks(plant.wall(12345)), 12345);
  }
  const auto order = [&](const std::string& keys) {
    return said("epoch: 2115-12-31\norders: [{id: A, product: part, " + keys + "}]");
  };
  EXPECT_THAT(order("release: 1678-01-01"), HasSubstr("orders[0].release: '1678-01-01' lies too far from the epoch"));
  EXPECT_THAT(order("due: 1678-01-01"), HasSubstr("allowed: at most 146 years from 2115-12-31T00:00:00Z"));
  EXPECT_THAT(order("release: 1e30 s"), HasSubstr("too far from the epoch"));
  EXPECT_THAT(order("release: 2115-12-30"), HasSubstr("the release lies before the epoch"));
  EXPECT_THAT(said("run: {until: 2261-01-01}"), HasSubstr("run.until: '2261-01-01' lies too far"));
  EXPECT_THAT(said("epoch: 2115-12-31\nrun: {until: 1678-01-01}"), HasSubstr("too far"));
  const auto faults = faults_of(
      "stations: {m: {}}\nproducts: {p: {due: 50000 d, route: [{at: m, time: 1 s}]}}\n"
      "orders: [{id: A, product: p, release: -50000 d}, {id: B, product: p, release: -1e300 d}]\n");
  EXPECT_EQ(faults.size(), 2u);
}

TEST(Plant, AnUnknownTimeZoneIsAnsweredWithWhatIsKnown) {
  EXPECT_THAT(
      fault_with("run:", "time_zone: Europe/Berlyn\nrun:"),
      HasSubstr("time_zone: 'Europe/Berlyn' is no time zone of this machine's database; allowed: UTC, an offset "
                "such as +01:00, or a place such as Europe/Berlin"));
}

TEST(Plant, ReportsAFaultOfAGroupOnce) {
  EXPECT_EQ(faults_of("stations: {\"m[1..9]\": {queue: {places: -3}}}\nproducts: {p: {route: [{at: \"m[1..9]\", time: "
                      "1 s}], arrivals: saturate}}")
                .size(),
            1U);
}

TEST(Plant, ProbabilitiesMayBeWrittenEitherWayRoundAndTheRestPasses) {
  const auto make = [](const std::string& then) {
    return Plant::parse(
        "stations: {a: {}, b: {}}\nproducts: {p: {route: [{at: a, time: 1 s}, {at: b, time: 1 s, then: " + then +
        "}], arrivals: saturate}}");
  };
  const auto plain = make("{pass: 0.9, rework: {a: 0.1}}");
  EXPECT_EQ(make("{rework: {0.1: a}}").digest(), plain.digest());
  EXPECT_EQ(make("{rework: {0.1: a}}").parameters(), plain.parameters());
  const auto skips = Plant::parse(
      "stations: {a: {}, b: {}, c: {}}\nproducts: {p: {route: [{at: a, time: 1 s, then: {goto: c}}, "
      "{at: b, time: 1 s}, {at: c, time: 1 s}], arrivals: saturate}}");
  ASSERT_EQ(skips.data().branches.size(), 1U);
  EXPECT_EQ(skips.data().branches[0].target, skips.step("p", "c").value);
  EXPECT_EQ(Plant::parse(skips.yaml()).digest(), skips.digest());
}

/// `line: path: message` of each fault.
std::vector<std::string> told(const std::vector<Fault>& faults) {
  std::vector<std::string> out;
  for (const auto& fault : faults) out.push_back(std::to_string(fault.line) + ": " + fault.path + ": " + fault.message);
  return out;
}

TEST(Plant, AKeyThatStandsTwiceDoesNotHideOtherFaults) {
  EXPECT_THAT(told(faults_of("stations:\n"
                             "  mill: {machines: 2, machines: none}\n"
                             "  mill: {}\n"
                             "  saw: {speed: -1}\n"
                             "products: {part: {route: [{at: mill, time: 1 s}], arrivals: saturat}}\n")),
              ElementsAre(HasSubstr("2: stations.mill.machines: the key 'machines' stands twice"),
                          HasSubstr("3: stations.mill: the key 'mill' stands twice"),
                          HasSubstr("4: stations.saw.speed: -1 is outside"),
                          HasSubstr("5: products.part.arrivals: 'saturat' is no way to arrive")));
  EXPECT_THAT(told(faults_of("stations: {}\nstations: {}\nrun: [1, 2}\n")),
              ElementsAre(HasSubstr("2: stations: the key"), HasSubstr("3: : this is no YAML")));
}

TEST(Plant, AnOrderWithAFaultHasItsOtherFaultsTold) {
  EXPECT_THAT(
      told(faults_of("stations: {mill: {}}\nproducts: {part: {route: [{at: mill, time: 1 s}]}}\norders:\n"
                     "  - {id: A, product: prt, quantity: 0,\n     release: soon, due: x, priority: high,\n"
                     "     colour: red}\n"
                     "  - {id: A, product: part}\n"
                     "  - {product: part, quantity: many}\n")),
      UnorderedElementsAre(HasSubstr("4: orders[0].product: there is no product 'prt' (did you mean 'part'?)"),
                           HasSubstr("4: orders[0].quantity: "), HasSubstr("5: orders[0].release: "),
                           HasSubstr("5: orders[0].due: "), HasSubstr("5: orders[0].priority: "),
                           HasSubstr("6: orders[0].colour: 'colour' is no key of a order"),
                           HasSubstr("7: orders[1].id: the order 'A' stands twice"),
                           HasSubstr("8: orders[2].id: the order has no 'id'"), HasSubstr("8: orders[2].quantity: ")));
}

TEST(Plant, TargetsAreCheckedWhateverTheProbabilitiesAndTheStepItself) {
  const auto then = [](const std::string& text) {
    return told(
        faults_of("stations: {a: {}, b: {}}\nproducts:\n  p:\n    arrivals: saturate\n    route:\n"
                  "      - {at: a, time: 1 s}\n      - {" +
                  text + "}\n"));
  };
  EXPECT_THAT(then("at: b, time: 1 s, then: {pass: 0.5, rework: {aa: 0.1}, goto: {c: 0.1}}"),
              UnorderedElementsAre(HasSubstr("then: the probabilities sum to 0.7"),
                                   HasSubstr("then.rework.aa: there is no step 'aa' (did you mean 'a'?)"),
                                   HasSubstr("then.goto.c: there is no step 'c'")));
  EXPECT_THAT(then("at: b, time: 1 s, then: {rework: {aa: lots}}"),
              UnorderedElementsAre(HasSubstr("'lots' is no number"), HasSubstr("there is no step 'aa'")));
  EXPECT_THAT(then("at: bb, op: x, time: 1 s, then: {rework: {aa: 0.1, x: 0.1}}"),
              UnorderedElementsAre(HasSubstr("there is no station 'bb'"), HasSubstr("there is no step 'aa'")));
}

TEST(Plant, ALineOfOrdersWithAWrongNumberOfFieldsDoesNotHideTheRest) {
  const auto folder = std::filesystem::temp_directory_path() / ("twin_plant_test_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "orders.csv") << "id,product,quantity\nA,part,1,000\nB,part\nC,prt,2\nD,part,none\n";
  std::ofstream(folder / "shop.yaml") << "stations: {mill: {speed: 0}}\nproducts: {part: {route: [{at: mill, time: 1 "
                                         "s}]}}\norders: orders.csv\n";
  std::vector<Fault> faults;
  try {
    (void)Plant::load(folder / "shop.yaml");
  } catch (const PlantError& error) {
    faults = error.faults();
  }
  std::filesystem::remove_all(folder);
  EXPECT_THAT(told(faults), ElementsAre("2: orders: the line has 4 fields", "3: orders: the line has 2 fields",
                                        HasSubstr("4: orders[0].product: there is no product 'prt'"),
                                        HasSubstr("5: orders[1].quantity: 'none'"),
                                        HasSubstr("1: stations.mill.speed: 0 is outside")));
  ASSERT_FALSE(faults.empty());
  EXPECT_THAT(faults[0].text(), HasSubstr("orders.csv:2:10: orders: the line has 4 fields; allowed: 3, as in"));
}

TEST(Plant, ChangeSetsWhatPathsName) {
  const auto plant = Plant::parse(kShop, "shop");
  const auto more = plant.change({{"stations.turning.machines.T3", "{}"}});
  EXPECT_EQ(more.data().stations[0].machine_count, 3U);
  EXPECT_NE(more.digest(), plant.digest());
  EXPECT_EQ(plant.change({{"stations.milling.machines", "2"}}).data().stations[1].machine_count, 2U);
  EXPECT_EQ(plant.change({{"stations.milling.machines.M4", "{speed: 2}"}}).data().stations[1].machine_count, 4U);
  const auto slow = plant.change({{"stations.milling.machines.\"milling.2\".speed", "0.5"}});
  EXPECT_EQ(slow.parameters().speed[3], 0.5);
  EXPECT_EQ(slow.data().machine_names, plant.data().machine_names);
  EXPECT_EQ(slow.digest(), plant.digest()) << "a speed is a parameter";
  const auto rework = plant.change({{"products.flange.route.inspect.then", "{rework: {milling: 0.2}}"}});
  EXPECT_EQ(rework.parameters().branch_probability, (std::vector<double>{0.8, 0.2}));
  EXPECT_EQ(plant.change({{"stations.inspect.queue.rule", "priority(flange, bolt)"}}).data().product_priority,
            (std::vector<std::int32_t>{2, 1}));
  const auto overtime = plant.change(what_ifs(plant).at(1).changes);
  EXPECT_EQ(overtime.data().calendar_points.size(), plant.data().calendar_points.size() + 2);
  EXPECT_EQ(plant.change({}).digest(), plant.digest());
}

TEST(Plant, ChangeRefusesPathsThatDoNotExistNamingTheNearest) {
  const auto plant = Plant::parse(kShop, "shop");
  const auto said = [&](const std::string& path, const std::string& value) {
    try {
      (void)plant.change({{path, value}});
    } catch (const PlantError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(said("stations.turnin.machines", "3"),
              HasSubstr("there is no 'turnin' in stations (did you mean 'turning'?)"));
  EXPECT_THAT(said("stations.turning.machines.T9.speed", "3"),
              HasSubstr("there is no 'T9' in stations.turning.machines"));
  EXPECT_THAT(said("stations.turning.machnes", "3"), HasSubstr("did you mean 'machines'?"));
  EXPECT_THAT(said("products.flange.route.milling2.time", "3 s"), HasSubstr("did you mean 'milling'?"));
  EXPECT_THAT(said("station.turning.machines", "3"), HasSubstr("did you mean 'stations'?"));
  EXPECT_THAT(said("stations..x", "3"), HasSubstr("is no path"));
  EXPECT_THAT(said("stations.turning.machines", "'1"), HasSubstr("no YAML"));
  EXPECT_THAT(said("stations.turning.machines", "many"),
              HasSubstr("stations.turning.machines: 'many' does not fit here"));
}

TEST(Plant, ParametersChangeNumbersAndNothingElse) {
  const auto plant = Plant::parse(kShop, "shop");
  auto parameters = plant.parameters();
  const auto time = plant.distribution("products.flange.route.turning.time");
  parameters.set(time, Distribution::empirical({60, 70, 95}));
  parameters.set(plant.distribution("products.flange.arrivals"), Distribution::exponential(1234.5));
  parameters.set(plant.distribution("stations.milling.failures[0].after"), Distribution::exponential(777));
  parameters.branch_probability = {0.9, 0.06, 0.04};
  parameters.speed[4] = 1.5;
  const auto learned = plant.with_parameters(parameters);
  EXPECT_EQ(learned.digest(), plant.digest());
  EXPECT_EQ(learned.parameters().distribution(time), Distribution::empirical({60, 70, 95}));

  const auto again = Plant::parse(learned.yaml(), "shop");
  EXPECT_EQ(again.parameters().distribution(time), Distribution::empirical({60, 70, 95}));
  EXPECT_EQ(again.parameters().mean(again.distribution("products.flange.arrivals")), 1234.5);
  EXPECT_EQ(again.parameters().mean(again.distribution("stations.milling.failures[0].after")), 777);
  EXPECT_EQ(again.parameters().branch_probability, parameters.branch_probability);
  EXPECT_EQ(again.parameters().speed, parameters.speed);
  EXPECT_EQ(again.digest(), plant.digest());
  EXPECT_EQ(learned.change({{"run.seed", "9"}}).parameters().speed, parameters.speed);

  auto wrong = plant.parameters();
  wrong.speed.pop_back();
  EXPECT_THROW((void)plant.with_parameters(wrong), InvalidArgument);
  wrong = plant.parameters();
  wrong.speed[0] = 0;
  EXPECT_THROW((void)plant.with_parameters(wrong), InvalidArgument);
  wrong = plant.parameters();
  wrong.branch_probability[0] = 0.5;
  EXPECT_THROW((void)plant.with_parameters(wrong), InvalidArgument);
  EXPECT_THROW(wrong.set(DistributionId{9999}, Distribution::exponential(1)), InvalidArgument);
}

TEST(Plant, LearnedNumbersOfOneMemberOfAGroupAreWrittenForThatMemberAlone) {
  const auto plant = Plant::load("scenarios/lines/unreliable20.yaml");
  auto parameters = plant.parameters();
  parameters.set(plant.distribution("products.part.route.m7.time"), Distribution::exponential(75));
  parameters.set(plant.distribution("stations.m3.failures[0].repair"), Distribution::exponential(99));
  const auto learned = plant.with_parameters(parameters);
  const auto again = Plant::parse(learned.yaml());
  EXPECT_EQ(again.digest(), plant.digest());
  EXPECT_EQ(again.parameters(), parameters);
}

TEST(Plant, UnknownNamesAreAnsweredWithTheNearest) {
  const auto plant = Plant::parse(kShop);
  EXPECT_EQ(plant.machine("T2").value, 1U);
  EXPECT_EQ(plant.order("late").value, 1U);
  try {
    (void)plant.station("turnin");
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(
        error.what(),
        HasSubstr("there is no station 'turnin' (did you mean 'turning'?); allowed: turning, milling, inspect"));
  }
  EXPECT_THROW((void)plant.step("flange", "OP1"), InvalidArgument);
}

TEST(Plant, DigestCountsStructureAndNotNumbers) {
  const auto digest = [](const std::string& time, const std::string& name) {
    return Plant::parse("stations: {" + name + ": {}}\nproducts: {p: {route: [{at: " + name + ", time: " + time +
                        "}], arrivals: saturate}}")
        .digest();
  };
  EXPECT_EQ(digest("1 s", "a"), digest("exponential(3 s)", "a"));
  EXPECT_NE(digest("1 s", "a"), digest("1 s", "b"));
}

}  // namespace
}  // namespace twin
