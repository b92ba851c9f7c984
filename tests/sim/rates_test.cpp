// Energy, carbon and money: what a run costs, added up by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "twin/sim/advance.hpp"

namespace twin {
namespace {

constexpr const char* kCell = R"(
stations:
  mill:
    setup: 2 min
    power: {working: 6 kW, setup: 1 kW, starved: 100 W}
    cost: 60 EUR/h
    needs: smith
    uses: bar
operators: {smith: {count: 2, cost: 30 EUR/h}}
materials: {bar: {level: 10, price: 2.00 EUR}}
carbon: 360 g/kWh
products: {pin: {due: 20 min, holding: 1 EUR/h, lateness: 6 EUR/h, route: [{at: mill, time: 10 min}]}}
orders: [{id: batch, product: pin, quantity: 3}]
)";

std::map<std::string, double> figures(const Plant& plant, Tick from, Tick until) {
  State begin = State::initial(plant);
  advance(plant, plant.parameters(), begin, Until{.time = from});
  State end = begin;
  advance(plant, plant.parameters(), end, Until{.time = until});
  const auto names = metrics(plant);
  const auto values = measure(plant, begin, end);
  std::map<std::string, double> out;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i].name] = values[i];
  return out;
}

TEST(Rates, AddUpToWhatTheHourCosts) {
  // Three lots of 2 min setup and 10 min work, from 0 to 36 min; then the mill starves for 24 min.
  const auto of = figures(Plant::parse(kCell), 0, kHour);
  EXPECT_DOUBLE_EQ(of.at("mill.energy"), 6000 * 1800 + 1000 * 360 + 100 * 1440);
  EXPECT_DOUBLE_EQ(of.at("plant.energy"), of.at("mill.energy"));
  EXPECT_DOUBLE_EQ(of.at("plant.carbon"), of.at("mill.energy") / 3.6e6 * 0.36);
  EXPECT_DOUBLE_EQ(of.at("mill.cost"), 36);
  EXPECT_DOUBLE_EQ(of.at("smith.cost"), 60) << "two smiths, there for an hour";
  EXPECT_DOUBLE_EQ(of.at("bar.used"), 3);
  EXPECT_DOUBLE_EQ(of.at("bar.cost"), 6);
  // In process for 12 + 24 + 36 min; late by 0 + 4 + 16 min.
  EXPECT_DOUBLE_EQ(of.at("plant.cost"), 36 + 60 + 6 + 72 / 60.0 + 6 * 20 / 60.0);
}

TEST(Rates, CountFromTheEndOfTheWarmup) {
  const auto of = figures(Plant::parse(kCell), 30 * kMinute, kHour);
  EXPECT_DOUBLE_EQ(of.at("mill.cost"), 6);
  EXPECT_DOUBLE_EQ(of.at("bar.used"), 1) << "an operation uses what it has used when it ends";
}

TEST(Rates, AreNotThereWhereNobodySaidAny) {
  const auto of = figures(Plant::parse("stations: {mill: {}}\nproducts: {p: {route: [{at: mill, time: 1 s}], arrivals: "
                                       "saturate}}"),
                          0, kHour);
  EXPECT_EQ(of.count("plant.cost") + of.count("mill.energy"), 0U);
}

TEST(Rates, OfAnotherUnitOrCurrencyAreRefused) {
  const auto fault = [](const std::string& from, const std::string& to) {
    std::string text = kCell;
    text.replace(text.find(from), from.size(), to);
    try {
      (void)Plant::parse(text);
    } catch (const PlantError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(fault("cost: 60 EUR/h", "cost: 60 USD/h"), HasSubstr("is not the currency"));
  EXPECT_THAT(fault("cost: 60 EUR/h", "cost: 60 EUR"), HasSubstr("as in 60 EUR/h"));
  EXPECT_THAT(fault("starved: 100 W", "starved: 100"), HasSubstr("as in 5 kW"));
  EXPECT_THAT(fault("starved: 100 W", "idle: 100 W"), HasSubstr("allowed: starved, working"));
  EXPECT_THAT(fault("360 g/kWh", "360 g"), HasSubstr("as in 350 g/kWh"));
  EXPECT_THAT(fault("2.00 EUR", "-2 EUR"), HasSubstr("as in 2.50 EUR"));
}

}  // namespace
}  // namespace twin
