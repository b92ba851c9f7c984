/// Small random plants that use every rule of the engine, as text: what holds for all of them holds.
#pragma once
#include <fmt/format.h>

#include <random>
#include <string>

#include "twin/sim/advance.hpp"

namespace twin {

class RandomPlant {
 public:
  explicit RandomPlant(unsigned seed) : random_(seed) {}

  /// \param extra  more stations or products, as YAML lines for those sections
  [[nodiscard]] std::string yaml(const std::string& extra_stations = "", const std::string& extra_products = "") {
    stations_ = 2 + pick(4);
    std::string out =
        "calendars:\n  day: {mon-fri: \"06:00-14:00\", sat: \"07:00-10:00\"}\n  night: {daily: "
        "\"22:00-06:00\"}\nstations:\n";
    for (int s = 0; s < stations_; ++s) out += station(s);
    out += extra_stations + "products:\n";
    const int products = 1 + pick(3);
    for (int p = 0; p < products; ++p) out += product(p);
    out += extra_products + "orders:\n";
    for (int o = 0; o < 4; ++o)
      out += fmt::format("  - {{id: O{}, product: p{}, quantity: {}, release: {} h, due: {} h, priority: {}}}\n", o,
                         pick(products), 1 + pick(12), pick(30), 10 + pick(50), pick(3));
    return out + "run: {until: 4 d}\n";
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return pick(100) < percent; }

  std::string time(int scale) {
    const int mean = scale / 2 + 1 + pick(scale);
    switch (pick(7)) {
      case 0:
        return fmt::format("{} min", mean);
      case 1:
        return fmt::format("uniform({}, {} min)", mean / 2, mean * 2);
      case 2:
        return fmt::format("exponential({} min)", mean);
      case 3:
        return fmt::format("lognormal(mean {} min, cv 0.7)", mean);
      case 4:
        return fmt::format("weibull(mean {} min, cv 0.6)", mean);
      case 5:
        return fmt::format("empirical({}, {}, {}, {} min)", mean, mean * 3, mean / 2, mean);
      default:
        return fmt::format("triangular({}, {}, {} min)", mean / 2, mean, mean * 2);
    }
  }
  std::string failures() {
    std::string out;
    for (int i = 0, n = 1 + pick(2); i < n; ++i)
      out += fmt::format("{}{{after: \"{} of {}\", repair: \"{}\"{}}}", i > 0 ? ", " : "", time(300),
                         chance(50) ? "work" : "time", time(40), chance(20) ? ", times: 2" : "");
    return "[" + out + "]";
  }
  std::string station(int s) {
    static constexpr const char* kRules[] = {
        "fifo", "lifo", "spt", "spt(known)", "edd", "priority", "\"priority(p1, p0)\""};
    std::string out = fmt::format("  s{}: {{", s);
    if (chance(30)) {
      out += "machines: {A" + std::to_string(s) + ": {}, B" + std::to_string(s) + ": {speed: 1.7" +
             (chance(40) ? ", calendar: night" : "") + "}}";
    } else {
      out += fmt::format("machines: {}", 1 + pick(3));
    }
    int rule = pick(7);
    if (rule == 6) rule = 5;  // the products p0, p1 need not exist
    out += fmt::format(", queue: {{rule: {}", kRules[rule]);
    if (chance(50)) out += fmt::format(", places: {}", pick(4));
    if (chance(30)) out += ", if_full: lose";
    out += "}";
    if (chance(50)) out += ", failures: " + failures();
    if (chance(40)) out += ", calendar: day";
    if (chance(30)) out += ", setup: \"" + time(4) + "\"";
    if (chance(30)) out += ", changeover: \"" + time(9) + "\"";
    return out + "}\n";
  }
  std::string product(int p) {
    std::string out = fmt::format("  p{}:\n    priority: {}\n    due: 9 h\n    route:\n", p, pick(3));
    const int steps = 1 + pick(4);
    const bool saturate = chance(25);
    for (int i = 0; i < steps; ++i) {
      const int first = pick(stations_);
      std::string at = fmt::format("s{}", first);
      if (chance(35) && !(saturate && i == 0)) at = fmt::format("[s{}, s{}]", first, (first + 1) % stations_);
      out += fmt::format("      - {{op: o{}, at: {}, time: \"{}\"", i, at, time(20));
      static constexpr const char* kChoose[] = {"first", "random", "shortest_queue", "earliest_finish"};
      if (at[0] == '[') out += fmt::format(", choose: {}", kChoose[pick(4)]);
      if (chance(30) && !(saturate && i == 0)) out += ", transport: \"" + time(15) + "\"";
      if (chance(40))
        out += fmt::format(", then: {{pass: 0.8, rework: {{o{}: 0.1}}, scrap: 0.06, leave: 0.04}}", pick(i + 1));
      out += "}\n";
    }
    out += "    arrivals: ";
    if (saturate) return out + "saturate\n";
    if (chance(40)) return out + fmt::format("conwip({})\n", 1 + pick(6));
    return out + "every " + time(60) + "\n";
  }

  std::mt19937 random_;
  int stations_ = 0;
};

inline Plant random_plant(unsigned seed) {
  return Plant::parse(RandomPlant(seed).yaml(), "random" + std::to_string(seed));
}

}  // namespace twin
