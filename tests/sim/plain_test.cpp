// A plain plant has an engine of its own, which asks for less: it must do the same. A run that is recorded in full
// always goes by the other one.
#include "../../libtwin/src/sim/plant_view_impl.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "random_line.hpp"
#include "trial.hpp"

namespace twin {
namespace {

/// A few stations in a row, some of several machines or in two alternatives; lots under way, sent back, scrapped, lost.
std::string random_plain(unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto chance = [&](unsigned percent) { return pick(100) < percent; };
  const bool whole = chance(40);  // much happens at once
  const auto time = [&](unsigned mean) {
    return fmt::format(fmt::runtime(whole ? "{} min" : "exponential({} min)"), 1 + pick(2 * mean));
  };
  const unsigned count = 1 + pick(5);
  std::string out = "stations:\n";
  std::string routes[2];
  for (unsigned s = 0; s < count; ++s) {
    out += fmt::format("  s{}: {{machines: {}", s, 1 + pick(3));
    // Places without limit where lots come back to, so that there is no circle of full stations.
    if (s > 0 && chance(60)) out += fmt::format(", queue: {{places: {}}}", pick(4));
    if (chance(50))
      out += fmt::format(", failures: [{{after: \"exponential({} min) of {}\", repair: \"{}\", lot: {}}}]",
                         20 + pick(60), chance(50) ? "work" : "time", time(6),
                         chance(50)   ? "resume"
                         : chance(50) ? "restart"
                                      : "scrap");
    out += "}\n";
  }
  for (unsigned p = 0; p < 2; ++p)
    for (unsigned s = p; s < count; ++s) {
      routes[p] +=
          fmt::format("      - {{at: s{}, time: \"{}\"{}", s, time(5), s > 0 && chance(25) ? ", transport: 3 min" : "");
      if (chance(25)) routes[p] += ", then: {pass: 0.8, scrap: 0.1, leave: 0.1}";
      routes[p] += "}\n";
    }
  out += "products:\n  a:\n    route:\n" + routes[0];
  out += chance(30) ? "    arrivals: saturate\n" : fmt::format("    arrivals: \"every {}\"\n", time(5));
  if (chance(50)) out += "    due: 1 h\n";
  if (count > 1 && chance(60))
    out += "  b:\n    route:\n" + routes[1] + fmt::format("    arrivals: \"every {}\"\n", time(7));
  return out;
}

/// \return whether the plant is plain
bool same_recorded_or_not(const std::string& yaml, Tick span) {
  const Plant plant = Plant::parse(yaml);
  State plain = State::initial(plant, Seed{3});
  State recorded = plain;
  History history;
  for (int piece = 1; piece <= 3; ++piece) {
    const Until until{.time = piece * span};
    advance(plant, plant.parameters(), plain, until);
    advance(plant, plant.parameters(), recorded, until, &history);
    EXPECT_EQ(plain.digest(plant), recorded.digest(plant)) << yaml;
    EXPECT_EQ(plain.history, recorded.history);
    EXPECT_EQ(plain.events, recorded.events);
    EXPECT_EQ(plain.queue.next_sequence(), recorded.queue.next_sequence());
  }
  return detail::is_plain(plant.data());
}

TEST(Plain, PlantsRunTheSameRecordedOrNot) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    EXPECT_TRUE(same_recorded_or_not(random_plain(seed), 20 * kHour)) << seed;
    if (::testing::Test::HasFailure()) return;
  }
}
TEST(Plain, LinesOfAnyKindRunTheSameRecordedOrNot) {
  int plain = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    if (same_recorded_or_not(RandomLine(seed).yaml(), 10 * kHour)) ++plain;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(plain, 10);
  EXPECT_LT(plain, 140);
}

/// Each of these asks for what the plain engine leaves out.
TEST(Plain, IsNoPlantThatAsksForMore) {
  const auto is_plain = [](const std::string& station, const std::string& step, const std::string& product) {
    const Plant plant = Plant::parse("stations: {m: {" + station + "}}\nproducts: {p: {route: [{at: m, time: 1 min" +
                                     step + "}], " + product + "}}\n");
    return detail::is_plain(plant.data());
  };
  const std::string every = "arrivals: every 2 min";
  EXPECT_TRUE(is_plain("", "", every));
  EXPECT_TRUE(is_plain("machines: 2, queue: {places: 3}, failures: [{after: 1 h of work, repair: 1 min}]", "",
                       "arrivals: saturate"));
  EXPECT_FALSE(is_plain("", "", "arrivals: conwip(3)"));
  EXPECT_FALSE(is_plain("", ", setup: 1 min", every));
  EXPECT_FALSE(is_plain("", ", max_wait: 3 min, if_overdue: leave", every));
  EXPECT_FALSE(is_plain("queue: {rule: spt}", "", every));
  EXPECT_FALSE(is_plain("queue: {rule: atc}", "", every));
  EXPECT_FALSE(is_plain("batch: {max: 3}", "", every));
  EXPECT_FALSE(is_plain("cycle: 1 min", "", every));
}

}  // namespace
}  // namespace twin
