#include "twin/sim/recursion.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace twin {
namespace {

/// Small random lines that the recursion can do, as text.
class RandomLine {
 public:
  explicit RandomLine(unsigned seed) : random_(seed), whole_(chance(40)) {}

  [[nodiscard]] std::string yaml() {
    const int machines = chance(15) ? 1 : 1 + pick(9);
    std::string out = "stations:\n";
    std::string route;
    for (int i = 0; i < machines; ++i) {
      out += station(i);
      route += fmt::format("      - {{at: s{}, time: \"{}\"{}}}\n", i, time(6),
                           chance(10) ? ", setup: \"" + time(2) + "\"" : "");
    }
    if (chance(10)) out += "  spare: {}\n";
    out += "products:\n  part:\n    route:\n" + route;
    if (chance(50)) out += "    due: 40 min\n";
    if (chance(25)) return out + orders();
    if (chance(50)) return out + "    arrivals: saturate\n";
    if (chance(15))
      return out + "    arrivals: {every: \"" + time(7) +
             "\", profile: [{from: 0 h, times: 0.5}, {from: 3 h, times: 2}], period: 5 h}\n";
    return out + "    arrivals: \"every " + time(7) + "\"\n";
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return pick(100) < percent; }

  /// Whole minutes in a good part of the lines, so that much happens at once.
  std::string time(int mean) {
    if (whole_) {
      switch (pick(3)) {
        case 0:
          return fmt::format("{} min", 1 + pick(mean));
        case 1:
          return fmt::format("discrete({} min: 0.5, {} min: 0.3, 0 min: 0.2)", 1 + pick(mean), 1 + pick(2 * mean));
        default:
          return fmt::format("empirical({}, {}, {} min)", 1 + pick(mean), 1 + pick(mean), 1 + pick(mean));
      }
    }
    switch (pick(6)) {
      case 0:
        return fmt::format("{} min", 1 + pick(mean));
      case 1:
        return fmt::format("uniform({}, {} min)", mean / 2, mean * 2);
      case 2:
        return fmt::format("lognormal(mean {} min, cv 0.7)", mean);
      case 3:
        return fmt::format("gamma(mean {} min, cv 0.5)", mean);
      default:
        return fmt::format("exponential({} min)", mean);
    }
  }
  std::string station(int i) {
    std::string out = fmt::format("  s{}: {{", i);
    out += chance(20) ? "machines: {M" + std::to_string(i) + ": {speed: 1.3}}" : "machines: 1";
    if (chance(75)) out += fmt::format(", queue: {{places: {}}}", chance(20) ? 0 : chance(10) ? 40 : 1 + pick(6));
    if (chance(60)) {
      out += ", failures: [";
      for (int f = 0, n = 1 + pick(3); f < n; ++f)
        out += fmt::format("{}{{after: \"{} of work\", repair: \"{}\"{}{}}}", f > 0 ? ", " : "", time(60), time(9),
                           chance(25) ? ", times: 3" : "", chance(20) ? ", lot: restart" : "");
      out += "]";
    }
    if (chance(15)) {
      out += ", setup: \"" + time(2) + "\"";
    } else if (chance(10)) {
      out += ", setup: {by: product, same: \"" + time(2) + "\", first: 4 min}";
    }
    if (chance(15)) out += ", changeover: \"" + time(4) + "\"";
    return out + "}\n";
  }
  std::string orders() {
    std::string out = "orders:\n";
    for (int o = 0, n = 1 + pick(8); o < n; ++o)
      out +=
          fmt::format("  - {{id: O{}, product: part, quantity: {}, release: {} min, due: {} min, priority: {}}}\n", o,
                      chance(40) ? 1 + pick(200) : 1 + pick(5), chance(30) ? 0 : pick(600), 100 + pick(900), pick(3));
    return out;
  }

  std::mt19937 random_;
  bool whole_;
};

Plant random_line(unsigned seed) { return Plant::parse(RandomLine(seed).yaml(), "line" + std::to_string(seed)); }

/// Bits, so that figures without data are equal too.
std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> out(values.size());
  std::memcpy(out.data(), values.data(), values.size() * sizeof(double));
  return out;
}
void expect_same(const Plant& plant, const State& begin_a, const State& a, const State& begin_b, const State& b,
                 const std::string& what) {
  const auto names = metrics(plant);
  const auto x = measure(plant, begin_a, a);
  const auto y = measure(plant, begin_b, b);
  for (std::size_t i = 0; i < names.size(); ++i)
    ASSERT_EQ(bits({x[i]}), bits({y[i]})) << what << ": " << names[i].name << " " << x[i] << " " << y[i];
  ASSERT_EQ(a.history, b.history) << what;
  ASSERT_EQ(a.events, b.events) << what;
  ASSERT_EQ(a.now, b.now) << what;
  ASSERT_EQ(a.open_orders, b.open_orders) << what;
  ASSERT_EQ(a.lot_count, b.lot_count) << what;
  ASSERT_EQ(a.queue.size(), b.queue.size()) << what;
}
std::vector<LotRecord> by_serial(std::vector<LotRecord> lots) {
  std::ranges::sort(lots, {}, [](const LotRecord& l) { return std::tuple(l.source, l.serial); });
  return lots;
}

TEST(Recursion, GivesWhatEventsGiveOnRandomLines) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Plant plant = random_line(seed);
    SCOPED_TRACE(plant.yaml());
    ASSERT_EQ(recursion_refusals(plant), std::vector<std::string>{});
    std::mt19937 random(seed);
    const Tick warm = static_cast<Tick>(random() % 300) * kMinute;
    const Tick end = warm + 1 + static_cast<Tick>(random() % 3000) * kMinute;
    State events = State::initial(plant, Seed{seed}, 3);
    State recursion = events;
    const Until first{.time = warm, .orders_done = seed % 3 == 0 && !plant.data().orders.empty()};
    Until last = first;
    last.time = end;
    ASSERT_EQ(recursion_refusals(plant, recursion), std::vector<std::string>{});
    const State begin = events;
    ASSERT_TRUE(advance(plant, plant.parameters(), events, first));
    ASSERT_TRUE(advance_by_recursion(plant, plant.parameters(), recursion, first));
    ASSERT_NO_FATAL_FAILURE(expect_same(plant, begin, events, begin, recursion, "at the warm-up"));
    ASSERT_EQ(recursion_refusals(plant, recursion), std::vector<std::string>{});
    const State warm_events = events;
    const State warm_recursion = recursion;
    LotLog log_events;
    LotLog log_recursion;
    ASSERT_TRUE(advance(plant, plant.parameters(), events, last, log_events));
    ASSERT_TRUE(advance_by_recursion(plant, plant.parameters(), recursion, last, log_recursion));
    ASSERT_NO_FATAL_FAILURE(expect_same(plant, warm_events, events, warm_recursion, recursion, "after the warm-up"));
    ASSERT_EQ(by_serial(log_events.lots), by_serial(log_recursion.lots));
    // Its bytes are those of a possible state.
    ASSERT_TRUE(equal(plant, State::load(recursion.save(plant), plant), recursion));
  }
}

TEST(Recursion, LeavesAStateThatGoesOnAsTheOther) {
  for (unsigned seed = 500; seed < 700; ++seed) {
    const Plant plant = random_line(seed);
    SCOPED_TRACE(plant.yaml());
    std::mt19937 random(seed);
    State events = State::initial(plant, Seed{seed});
    State mixed = events;
    for (int piece = 0; piece < 6; ++piece) {
      const Until until{.time =
                            events.now + static_cast<Tick>(random() % 400) * kMinute + static_cast<Tick>(random() % 2)};
      const State before_events = events;
      const State before_mixed = mixed;
      advance(plant, plant.parameters(), events, until);
      if (random() % 2 == 0) {
        advance(plant, plant.parameters(), mixed, until);
      } else {
        advance_by_recursion(plant, plant.parameters(), mixed, until);
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(plant, before_events, events, before_mixed, mixed, "piece"));
      State luck = branch(plant, plant.parameters(), events, 7);
      State same_luck = branch(plant, plant.parameters(), mixed, 7);
      const State luck_begin = luck;
      const Until ahead{.time = luck.now + 500 * kMinute};
      advance(plant, plant.parameters(), luck, ahead);
      advance_by_recursion(plant, plant.parameters(), same_luck, ahead);
      ASSERT_NO_FATAL_FAILURE(expect_same(plant, luck_begin, luck, luck_begin, same_luck, "branch"));
    }
  }
}

}  // namespace
}  // namespace twin
