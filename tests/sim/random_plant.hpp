/// Small random plants that use every rule of the engine, as text: what holds for all of them holds.
#pragma once
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "twin/sim/advance.hpp"

namespace twin {

class RandomPlant {
 public:
  /// \param rich  with operators, material, batches, setups by family, patience and parallel branches
  explicit RandomPlant(unsigned seed, bool rich)
      : random_(seed), later_(seed + 7919), more_(seed + 77), routes_(seed + 4242), rich_(rich) {}

  /// \param extra  more stations or products, as YAML lines for those sections
  [[nodiscard]] std::string yaml(const std::string& extra_stations = "", const std::string& extra_products = "") {
    stations_ = 2 + pick(4);
    std::string out =
        "calendars:\n  day: {mon-fri: \"06:00-14:00\", sat: \"07:00-10:00\"}\n  night: {daily: "
        "\"22:00-06:00\"}\n";
    if (rich_)
      out +=
          "operators: {ann: {count: 2, calendar: day, skills: [any]}, bob: {count: 1, skills: [any]}}\n"
          "tools: {jig: 2}\n"
          "materials: {bar: {level: 5, places: 14, supply: {every: exponential(9 min), lot: 2}}, kit: {level: 6, "
          "places: 9}" +
          reordered() + "}\n";
    out += "stations:\n";
    for (int s = 0; s < stations_; ++s) out += station(s);
    out += extra_stations + "products:\n";
    const int products = 1 + pick(3);
    for (int p = 0; p < products; ++p) out += product(p);
    for (int p = 0; p < products; ++p)
      out.replace(out.find(fmt::format("  p{}:\n", p)) + 6, 0, "    due: " + due() + "\n");
    out += extra_products + "orders:\n";
    std::string changed[4];
    int of[4];
    for (int o = 0; o < 4; ++o) {
      of[o] = pick(products);
      changed[o] = fmt::format("  - {{id: O{}, product: p{}, quantity: {}, release: {} h, due: {} h, priority: {}", o,
                               of[o], 1 + pick(12), pick(30), 10 + pick(50), pick(3));
    }
    for (int o = 0; o < 4; ++o) out += changed[o] + (rich_ ? changes(o, of) : "") + "}\n";
    return out + "run: {until: 4 d}\n";
  }

 private:
  /// What becomes of an order, half of them.
  std::string changes(int o, const int* of) {
    if (chance(50)) return "";
    std::string out;
    for (int i = 0, n = 1 + pick(3); i < n; ++i) {
      out += fmt::format("{}{{at: {} h", i > 0 ? ", " : "", pick(40));
      const int other = pick(4);
      const std::string lots = chance(50) ? fmt::format(", lots: {}", 1 + pick(4)) : "";
      switch (pick(5)) {
        case 0:
          out += fmt::format(", priority: {}", pick(9)) + lots;
          break;
        case 1:
          out += fmt::format(", due: {} h", pick(90)) + lots;
          break;
        case 2:
          out += fmt::format(", quantity: {}", 1 + pick(20));
          break;
        case 3:
          out += (chance(50) ? ", cancel: now" : ", cancel: finish") + lots;
          break;
        default:
          out += other != o && of[other] == of[o] ? fmt::format(", to: O{}", other) + lots : ", priority: 5";
      }
      out += "}";
    }
    return ", changes: [" + out + "]";
  }
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return pick(100) < percent; }
  /// Choices of what came later, drawn apart, so that the rest of the plants stays as it was.
  int pick_route(int n) { return static_cast<int>(routes_() % static_cast<unsigned>(n)); }
  bool also(int percent) { return rich_ && pick_route(100) < percent; }
  /// Choices that came later, so that they leave the others as they are.
  bool later(int percent) { return static_cast<int>(later_() % 100) < percent; }

  /// What is decided by these leaves what `pick` decides as it was.
  int pick_more(int n) { return static_cast<int>(more_() % static_cast<unsigned>(n)); }
  bool chance_more(int percent) { return pick_more(100) < percent; }

  /// Two materials that are ordered from suppliers.
  std::string reordered() {
    static constexpr const char* kLeads[] = {"", ", lead: exponential(2 h)", ", lead: \"uniform(10, 90 min)\"",
                                             ", lead: 45 min"};
    return fmt::format(
        ", oil: {{level: {}, reorder: {{at: {}, up_to: {}{}{}}}}}, nut: {{reorder: {{at: 4, lot: {}{}}}}}",
        pick_more(9), pick_more(5) - 2, 4 + pick_more(6), chance_more(50) ? ", review: 3 h" : "", kLeads[pick_more(4)],
        1 + pick_more(9), kLeads[pick_more(4)]);
  }

  /// Maintenance and states of machines.
  std::string care() {
    static constexpr const char* kEvery[] = {"9 h of work", "14 h of time", "11 h of calendar", "20 of lots"};
    std::string out;
    const bool wears = chance_more(30);
    if (wears) {
      static constexpr const char* kLasts[] = {"exponential(3 h)", "\"uniform(1, 9 h) of time\""};
      const char* lasts = kLasts[pick_more(2)];
      out += fmt::format(
          ", degradation: [{{state: good, lasts: {0}}}, {{state: worn, lasts: {0}, speed: 0.7, scrap: 0.1{1}}}, "
          "{{state: bad, repair: 40 min{2}}}]",
          lasts, chance_more(50) ? ", repair: 20 min, when: free" : "", chance_more(50) ? ", needs: any" : "");
    }
    if (!chance_more(40)) return out;
    const int every = pick_more(4);
    out += fmt::format(", maintenance: [{{every: {}, takes: exponential(30 min){}{}{}}}", kEvery[every],
                       chance_more(60) ? every == 3 ? ", window: 6" : ", window: 3 h" : "",
                       chance_more(40) ? ", needs: any" : "", wears && chance_more(50) ? ", renews: degradation" : "");
    return out + (chance_more(30) ? ", {every: 30 h of work, takes: 1 h, window: 9 h}]" : "]");
  }

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
      out += fmt::format("{}{{after: \"{} of {}\", repair: \"{}\"{}{}", i > 0 ? ", " : "", time(300),
                         chance(50) ? "work" : "time", time(40), chance(20) ? ", times: 2" : "",
                         rich_ && chance(40) ? ", needs: {any: 1}" : "") +
             (rich_ && chance(40) ? (chance(50) ? ", lot: restart}" : ", lot: scrap}") : "}");
    if (rich_ && chance(40)) out += fmt::format(", {{after: \"{} of lots\", repair: \"{}\"}}", 2 + pick(9), time(20));
    return "[" + out + "]";
  }
  /// A rule by which lots may take machines from others.
  static bool ranks_once(std::string_view rule) {
    for (const char* other : {"fifo", "lifo", "cr", "atc", "covert", "min_setup", "cyclic", "now", "ready"})
      if (rule.find(other) != std::string_view::npos) return false;
    return true;
  }
  std::string station(int s) {
    static constexpr const char* kRules[] = {
        "fifo", "lifo", "spt", "spt(known)", "edd", "priority", "\"priority(p1, p0)\""};
    std::string out = fmt::format("  s{}: {{", s);
    if (chance(30)) {
      // B does everything, so that A may do as little as it likes.
      const std::string does = also(50) ? fmt::format("does: {}", also(50) ? "f0" : "o0") : "";
      by_step_ = by_step_ || does == "does: o0";
      out += "machines: {A" + std::to_string(s) + ": {" + does + "}, B" + std::to_string(s) + ": {speed: 1.7" +
             (chance(40) ? ", calendar: night" : "") + "}";
      if (also(30)) out += ", C" + std::to_string(s) + ": {does: [p0]}";
      out += "}";
    } else {
      out += fmt::format("machines: {}", 1 + pick(3));
    }
    int rule = pick(7);
    if (rule == 6) rule = 5;  // the products p0, p1 need not exist
    static constexpr const char* kMore[] = {"lpt",
                                            "slack",
                                            "cr",
                                            "atc(k=3)",
                                            "covert(2)",
                                            "mwkr",
                                            "lwkr",
                                            "mopnr",
                                            "fdd_mwkr",
                                            "min_setup",
                                            "cyclic",
                                            "\"expr(max(due - now, 0) / remaining_work + 10 * setup)\"",
                                            "\"expr(if(priority > 1, release, ready) - work ^ 2)\""};
    rule_ = rich_ && chance(60) ? kMore[pick(13)] : kRules[rule];
    out += fmt::format(", queue: {{rule: {}", rule_);
    const bool batch = rich_ && chance(25);
    bool cramped = false;
    if (chance(50)) {
      const int places = pick(4) + (batch ? 3 : 0);
      cramped = places == 0;
      out += fmt::format(", places: {}", places);
    }
    if (chance(30)) out += ", if_full: lose";
    const bool alike = out.find("does:") == std::string::npos;
    const bool preempts = rich_ && !batch && alike && ranks_once(rule_) && later(40);
    if (preempts) out += later(50) ? ", preempt: resume" : ", preempt: restart";
    preempts_.push_back(preempts);
    out += "}";
    if (chance(50)) out += ", failures: " + failures();
    if (chance(40)) {
      static constexpr const char* kClosed[] = {"pause", "finish", "restart", "scrap"};
      out += ", calendar: day";
      if (rich_) out += fmt::format(", when_closed: {}", kClosed[pick(4)]);
    }
    if (rich_ && chance(40)) {
      out += ", setup: {by: family, matrix: {f0: {f0: \"" + time(6) + "\"}}, otherwise: 2 min, first: 3 min";
      if (also(40)) out += preempts ? "" : fmt::format(", min_run: {}", 2 + pick_route(4));
      if (also(40) && !preempts) out += also(50) ? ", teardown: {f0: 1 min}" : ", teardown: exponential(2 min)";
      out += "}";
    } else if (chance(30)) {
      out += ", setup: \"" + time(4) + "\"";
    }
    if (batch) out += fmt::format(", batch: {{max: 4, min: {}, wait: {} min, by: family}}", 1 + pick(3), 10 + pick(50));
    if (rich_ && chance(40)) out += chance(50) ? ", needs: any" : ", needs: {any: 1, jig: 1}";
    if (chance(30)) out += ", changeover: \"" + time(9) + "\"";
    if (rich_ && later(30)) out += ", blocking: before";
    const bool runs = out.find("min_run") != std::string::npos || out.find("teardown") != std::string::npos;
    const bool polls = rich_ && !batch && !preempts && !cramped && alike && !runs &&
                       std::string_view(rule_).find("cyclic") == std::string_view::npos &&
                       std::string_view(rule_).find("min_setup") == std::string_view::npos && later(15);
    static constexpr const char* kServe[] = {"exhaustive", "gated", "limited(2)"};
    if (polls)
      out += fmt::format(", polling: {{change: \"exponential(2 min)\", by: family, serve: {}}}", kServe[later_() % 3]);
    polls_.push_back(polls);
    if (rich_ && !polls && !preempts && later(20) && !cramped && alike) {
      cycled_ = true;
      out += later(50) ? ", cycle: 90 s" : ", cycle: 7 min";
    }
    return out + (rich_ ? care() : "") + "}\n";
  }
  std::string product(int p) {
    std::string out = fmt::format("  p{}:\n    priority: {}\n    family: f{}\n    route:\n", p, pick(3), p);
    const int steps = 1 + pick(4);
    const bool saturate = chance(25);
    std::vector<std::string> places;
    for (int i = 0; i < steps; ++i) {
      if (rich_ && chance(20) && !(saturate && i == 0)) {
        out += fmt::format(
            "      - {{op: split{}, parallel: {{x: [{{at: s{}, time: \"{}\", then: {{scrap: 0.1}}}}], y: ", i,
            pick(stations_), time(15));
        out += fmt::format(
            "[{{op: a, at: s{}, time: \"{}\"}}, {{op: b, at: s{}, time: \"{}\", then: {{rework: {{a: 0.2}}}}}}]}}}}\n",
            pick(stations_), time(9), pick(stations_), time(9));
      }
      int first = pick(stations_);
      for (int tried = 0; saturate && i == 0 && polls_[static_cast<std::size_t>(first)] && tried < stations_; ++tried)
        first = (first + 1) % stations_;
      std::string at = fmt::format("s{}", first);
      if (chance(35) && !(saturate && i == 0)) at = fmt::format("[s{}, s{}]", first, (first + 1) % stations_);
      const int earlier = i > 0 ? pick_route(i) : 0;
      bool returns = i > 0 && also(20) && !by_step_ && !cycled_;  // a machine must be able to do both
      const bool chooses = at[0] == '[';
      const auto among = [this](const std::vector<bool>& which, const std::string& place) {
        for (std::size_t s = 0; s < which.size(); ++s)
          if (which[s] && place.find(fmt::format("s{}", s)) != std::string::npos) return true;
        return false;
      };
      if (returns) {
        const std::string& before = places[static_cast<std::size_t>(earlier)];
        returns = !among(preempts_, before) && !among(polls_, before);
        if (returns) at = before;
      }
      places.push_back(at);
      out += fmt::format("      - {{op: o{}, at: {}, time: \"{}\"", i, at, time(20));
      if (returns) out += (also(60) ? ", same_as: o" : ", same_as: {station: o") + std::to_string(earlier);
      if (returns && out[out.rfind("same_as") + 9] == '{') out += "}";
      static constexpr const char* kChoose[] = {"first", "random", "shortest_queue", "earliest_finish"};
      const char* const choose = chooses ? kChoose[pick(4)] : "first";
      if (at[0] == '[')
        out +=
            fmt::format(", choose: {}", also(25) ? "\"expr(queue_length * work + setup - remaining_steps)\"" : choose);
      if (i > 0 && also(25)) out += also(50) ? ", only: 0.4" : ", sample: {every: 3}";
      if (chance(30) && !(saturate && i == 0)) out += ", transport: \"" + time(15) + "\"";
      const bool taken = among(preempts_, at);
      if (rich_ && chance(25)) {
        const std::string uses = chance(50) ? ", uses: bar" : ", uses: {kit: 1}, makes: {kit: 1}";
        if (!taken) out += uses;
      } else if (rich_ && chance_more(30)) {
        const std::string uses = chance_more(50) ? ", uses: oil" : ", uses: {oil: 2, nut: 1}";
        if (!taken) out += uses;
      }
      if (rich_ && chance(25)) {
        out += ", max_wait: \"" + time(60) + "\", if_overdue: ";
        out += chance(30) ? "stay" : chance(50) ? "scrap" : fmt::format("{{rework: o{}}}", i);
      } else if (i > 0 && also(25)) {
        const int of = pick_route(i);
        static constexpr const char* kLate[] = {"scrap", "leave", "stay"};
        out += fmt::format(", within: {{of: o{}, time: {} min}}, if_overdue: ", of, 20 + pick_route(90));
        out += also(50) ? fmt::format("{{rework: o{}}}", pick_route(of + 1)) : kLate[pick_route(3)];
      }
      if (chance(40)) {
        out += fmt::format(", then: {{pass: 0.8, rework: {{o{}: 0.1}}, scrap: 0.06, leave: 0.04", pick(i + 1));
        if (also(40)) {
          static constexpr const char* kBeyond[] = {"scrap", "pass", "leave", "{goto: o0}"};
          out += fmt::format(", limit: {}, beyond: {}", 1 + pick_route(2), kBeyond[pick_route(4)]);
        }
        out += "}";
      }
      out += "}\n";
    }
    out += "    arrivals: ";
    if (saturate) return out + "saturate\n";
    if (chance(40)) return out + fmt::format("conwip({})\n", 1 + pick(6));
    if (rich_ && chance(40)) return out + "{every: \"" + time(90) + "\", lots: \"discrete(0: 0.2, 1: 0.3, 4: 0.5)\"}\n";
    if (rich_ && chance(40))
      return out + "{every: \"" + time(60) +
             "\", profile: [{from: 0 h, times: 0.5}, {from: 7 h, times: 2}, {from: 20 h, times: 0}]}\n";
    return out + "every " + time(60) + "\n";
  }
  /// A due date, by one of the rules.
  std::string due() {
    static constexpr const char* kDues[] = {
        "9 h", "con(9 h)", "twk(4)", "nop(2 h)", "slk(5 h)", "ppw(3 h)", "\"ran(uniform(2, 20 h))\""};
    return rich_ ? kDues[pick(7)] : "9 h";
  }

  std::mt19937 random_, later_, more_, routes_;
  bool rich_;
  bool by_step_ = false, cycled_ = false;
  int stations_ = 0;
  const char* rule_ = "";       ///< of the station that is made
  std::vector<bool> preempts_;  ///< by station
  std::vector<bool> polls_;     ///< by station
};

/// One that cannot come to a deadlock: where stations with finite queues feed each other in a circle, the next is
/// taken.
inline Plant random_plant(unsigned seed, const std::string& extra_stations = "",
                          const std::string& extra_products = "") {
  for (unsigned attempt = 0;; ++attempt) {
    Plant plant = Plant::parse(RandomPlant(seed + 1000 * attempt, seed % 2 == 1).yaml(extra_stations, extra_products),
                               "random" + std::to_string(seed));
    if (!plant.data().may_deadlock) return plant;
  }
}

}  // namespace twin
