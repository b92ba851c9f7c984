#include "twin/model/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>

#include "twin/base/error.hpp"
#include "twin/model/document.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

TEST(Schema, IsJsonThatNamesEveryKindOfElement) {
  const auto text = plant_schema();
  const Node schema = parse_yaml(text);  // JSON is YAML
  EXPECT_EQ(schema.find("$schema")->scalar, "https://json-schema.org/draft/2020-12/schema");
  for (const char* name :
       {"station", "machine", "queue", "failure", "product", "step", "then", "order", "calendar", "run"})
    EXPECT_NE(schema.find("$defs")->find(name), nullptr) << name;
  EXPECT_NE(schema.find("properties")->find("stations"), nullptr);
}

const Explained& named(const std::vector<Explained>& all, const std::string& path) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Explained& e) { return e.path == path; });
  if (found == all.end()) throw std::runtime_error("not explained: " + path);
  return *found;
}

TEST(Explain, TellsEachKeyWithItsValueAndOrigin) {
  const auto plant = Plant::parse(
      "stations:\n  mill: {machines: {M1: {}, M2: {speed: 3}}, speed: 2, time: 5 min, queue: {places: 4}}\n  m[1..3]: "
      "{setup: 9 s}\n"
      "products:\n  part:\n    route: [{at: mill}, {at: \"m[1..3]\", time: 1 s}]\n    arrivals: saturate\n",
      "shop.yaml");
  const auto mill = explain(plant, "stations.mill");
  EXPECT_EQ(named(mill, "stations.mill.queue.places").value, "4");
  EXPECT_EQ(named(mill, "stations.mill.queue.places").origin, "shop.yaml:2:77");
  EXPECT_EQ(named(mill, "stations.mill.queue.rule").value, "fifo");
  EXPECT_EQ(named(mill, "stations.mill.queue.rule").origin, "default");
  EXPECT_EQ(named(explain(plant, "stations.mill.machines.M1"), "stations.mill.machines.M1.speed").value, "2");
  EXPECT_EQ(named(explain(plant, "stations.mill.machines.M2"), "stations.mill.machines.M2.speed").value, "3");
  EXPECT_EQ(named(explain(plant, "stations.m2.machines.\"m2.1\""), "stations.m2.machines.\"m2.1\".speed").value, "1");
  EXPECT_EQ(named(explain(plant, "products.part.route.mill"), "products.part.route.mill.time").value, "5 min");
  EXPECT_EQ(named(explain(plant, "products.part.route.m3"), "products.part.route.m3.setup").value, "9 s");
  EXPECT_EQ(named(explain(plant, "run"), "run.replications").value, "1");
  EXPECT_EQ(explain(plant, "stations").size(), 2U);
  EXPECT_GE(explain(plant).size(), 10U);
  EXPECT_THAT(explain(plant, "stations.mill.speed")[0].meaning, HasSubstr("time / speed"));
  try {
    (void)explain(plant, "stations.mil");
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no 'mil' in stations (did you mean 'mill'?)"));
  }
}

TEST(Explain, AnswersASingleKeyWhetherItIsWrittenOrNot) {
  const auto plant = Plant::parse(
      "stations: {mill: {machines: 2, speed: 2, setup: 9 s}, saw: }\n"
      "products: {part: {priority: 3, route: [{at: mill, time: 1 s}, {at: saw, time: 1 s}]}}\n"
      "orders: [{id: A, product: part}]\n"
      "calendars: {day: {daily: \"06:00-14:00\", mon-fri: \"06:00-22:00\", sun: closed}}\n",
      "shop.yaml");
  const auto one = [&](const std::string& path) {
    const auto rows = explain(plant, path);
    if (rows.size() != 1 || rows[0].path != path || rows[0].meaning.empty() || rows[0].allowed.empty())
      return "not one full row for " + path;
    return rows[0].value + " | " + rows[0].origin;
  };
  EXPECT_EQ(one("stations.mill.setup"), "9 s | shop.yaml:1:42");
  EXPECT_EQ(one("stations.saw.setup"), "0 | default");
  EXPECT_EQ(one("stations.saw.queue.rule"), "fifo | default");
  EXPECT_EQ(one("run.seed"), "0 | default");
  EXPECT_EQ(one("products.part.priority"), "3 | shop.yaml:2:19");
  EXPECT_EQ(one("products.part.due"), "none | default");
  EXPECT_EQ(one("products.part.route.mill.setup"), "9 s | shop.yaml:1:42");
  EXPECT_EQ(one("products.part.route.saw.then.scrap"), "0 | default");
  EXPECT_EQ(one("stations.mill.machines.\"mill.1\".speed"), "2 | shop.yaml:1:32");
  EXPECT_EQ(one("stations.saw.machines"), "1 | default");
  EXPECT_EQ(one("orders.A.priority"), "3 | shop.yaml:2:19");
  EXPECT_EQ(one("calendars.day.tue"), "06:00-22:00 | shop.yaml:4:41");
  EXPECT_EQ(one("calendars.day.sat"), "06:00-14:00 | shop.yaml:4:19");
  EXPECT_EQ(one("calendars.day.sun"), "closed | shop.yaml:4:65");
  EXPECT_THAT(explain(plant, "stations.saw.queue.rule")[0].allowed, HasSubstr("spt(known)"));
  const auto refused = [&](const std::string& path) -> std::string {
    try {
      (void)explain(plant, path);
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_THAT(refused("stations.saw.stup"), HasSubstr("there is no 'stup' in stations.saw (did you mean 'setup'?)"));
  EXPECT_THAT(refused("stations.saw.queue.rul"), HasSubstr("did you mean 'rule'?"));
  EXPECT_THAT(refused("stations.mill.machines.\"mill.3\".speed"), HasSubstr("there is no 'mill.3'"));
  EXPECT_THAT(refused("stations.mill.speed.x"), HasSubstr("there is no 'x' in stations.mill.speed"));
  EXPECT_THAT(refused("products.prt.priority"), HasSubstr("did you mean 'part'?"));
}

}  // namespace
}  // namespace twin
