// Hostile bytes must end in a plant or in a typed refusal, soon.
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "twin/base/error.hpp"
#include "twin/model/document.hpp"
#include "twin/model/plant.hpp"
#include "twin/model/quantity.hpp"

namespace twin {
namespace {

constexpr const char* kSeed = R"yaml(stations:
  turning: {machines: {T1: {}, T2: {speed: 1.2}}, calendar: day, queue: {places: 4, rule: "priority(a, b)"}}
  "m[1..4]": {failures: [{after: exponential(100 min) of work, repair: "uniform(1, 2 min)"}], time: 3 min}
products:
  a: &a
    route: [{at: turning, time: "lognormal(mean 12 min, cv 0.3)"}, {at: "m[1..4]", then: {rework: {0.1: turning}}}]
    arrivals: every exponential(60 s)
  b:
    route: [{at: [turning, m1], op: X, time: "discrete(1 min: 0.3, 2 min: 0.7)", choose: first}]
    arrivals: conwip(3)
orders: [{id: A, product: a, release: 2000-01-04T00:00Z, due: 3 d}]
calendars: {day: {mon-fri: "06:00-14:00", sun: "22:00-06:00"}}
run: {until: 20 h}
what_if: {x: {stations.turning.machines.T3: {}}}
)yaml";

/// True when it became a plant; a plant must write itself and read back the same.
bool digest(const std::string& bytes) {
  try {
    const auto plant = Plant::parse(bytes, "fuzz");
    const auto again = Plant::parse(plant.yaml(), "fuzz");
    EXPECT_EQ(again.digest(), plant.digest()) << bytes << "\n--- became\n" << plant.yaml();
    return true;
  } catch (const PlantError& error) {
    EXPECT_FALSE(error.faults().empty());
  } catch (const FormatError&) {
  }
  return false;
}

TEST(Fuzz, RandomBytesAreRefused) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (auto& c : bytes) c = static_cast<char>(random());
    digest(bytes);
  }
}

TEST(Fuzz, RandomYamlSignsAreRefused) {
  std::mt19937 random(2);
  const std::string signs = "{}[],:-?&*!|>'\"%@#~ \n\t01ab.";
  for (int i = 0; i < 10000; ++i) {
    std::string bytes(random() % 80, ' ');
    for (auto& c : bytes) c = signs[random() % signs.size()];
    digest(bytes);
  }
}

TEST(Fuzz, AMutatedPlantIsAPlantOrRefused) {
  std::mt19937 random(3);
  const std::string signs = "{}[],:-?&*!|>'\"%@#~ \n\t0123456789abemnrst.()";
  int plants = 0;
  for (int i = 0; i < 8000; ++i) {
    std::string bytes = kSeed;
    for (std::uint32_t n = 1 + random() % 4; n > 0; --n) {
      const auto at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = signs[random() % signs.size()];
          break;
        case 1:
          bytes.erase(at, 1 + random() % 8);
          break;
        case 2:
          bytes.insert(at, 1, signs[random() % signs.size()]);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
          break;
      }
    }
    plants += digest(bytes) ? 1 : 0;
  }
  EXPECT_GT(plants, 100);
}

TEST(Fuzz, QuantitiesAndPathsAreReadOrRefused) {
  std::mt19937 random(4);
  const std::string seed = "truncated(normal(mean 5 min, sd 2 min), 1 min, 9 min) discrete(1 s: 0.5, 2: 1e3)";
  auto document = Document::parse(kSeed);
  for (int i = 0; i < 20000; ++i) {
    std::string text = seed.substr(random() % seed.size(), 5 + random() % 60);
    for (int n = 0; n < 3; ++n)
      if (!text.empty()) text[random() % text.size()] = "()[],:.\" 0189einf-"[random() % 18];
    try {
      (void)parse_distribution(text);
    } catch (const InvalidArgument&) {
    }
    try {
      (void)document.get("stations." + text);
    } catch (const InvalidArgument&) {
    }
  }
}

TEST(Fuzz, ChangesAreMadeOrRefused) {
  std::mt19937 random(5);
  const auto plant = Plant::parse(kSeed);
  const std::string paths[] = {"stations.turning.machines.T3",
                               "stations.m2.queue.places",
                               "products.a.route.m3.time",
                               "products.a.route[1].then",
                               "calendars.day.sat",
                               "run.until",
                               "orders.A.due",
                               "stations.m[2..3].time",
                               "stations.turning.machines"};
  const std::string values[] = {"{}", "3",         "5 min",           "[]", "null", "{a: 1}", "\"06:00-07:00\"",
                                "x",  "{pass: 1}", "exponential(3 s)"};
  for (int i = 0; i < 2000; ++i) {
    std::string path = paths[random() % 9], value = values[random() % 10];
    if (random() % 2 == 0) path[random() % path.size()] = static_cast<char>('.' + random() % 60);
    if (random() % 4 == 0) value[random() % value.size()] = static_cast<char>(' ' + random() % 90);
    try {
      (void)plant.change({{path, value}});
    } catch (const PlantError&) {
    }
  }
}

}  // namespace
}  // namespace twin
