/// Small random lines that can be run by recursion, as text: what holds for all of them holds.
#pragma once
#include <fmt/format.h>

#include <random>
#include <string>

#include "twin/sim/advance.hpp"

namespace twin {

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

inline Plant random_line(unsigned seed) { return Plant::parse(RandomLine(seed).yaml(), "line" + std::to_string(seed)); }

}  // namespace twin
