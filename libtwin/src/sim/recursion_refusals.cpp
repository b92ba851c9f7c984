// What stands against running a plant by recursion.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "twin/base/error.hpp"
#include "twin/model/document.hpp"
#include "twin/sim/recursion.hpp"
#include "twin/state/lots.hpp"

namespace twin {
namespace {

/// Most places of a queue for which the starts of so many lots are kept.
constexpr std::int32_t kMostPlaces = 1 << 20;

/// Looks at what the plant's text says. Every key that is not known here is a reason against: a rule that is new to
/// the engine is none that the recursion has.
class Keys {
 public:
  explicit Keys(std::vector<std::string>& reasons) : reasons_(reasons) {}

  void plant(const Node& root) {
    static constexpr std::string_view kKnown[] = {"include",  "name",     "description", "epoch",    "time_zone",
                                                  "stations", "products", "orders",      "run",      "expect",
                                                  "what_if",  "meta",     "provenance",  "calendars"};
    each(root, "", kKnown);
    members(root.find("stations"), "stations", &Keys::station);
    members(root.find("products"), "products", &Keys::product);
    if (const Node* calendars = root.find("calendars"); calendars != nullptr && !calendars->children.empty())
      refuse(*calendars, "calendars", "machines and operators whose hours are limited; allowed: none");
    if (const Node* orders = root.find("orders"); orders != nullptr)
      for (std::size_t i = 0; i < orders->children.size(); ++i) {
        static constexpr std::string_view kOrder[] = {"id",  "product",  "quantity", "release",
                                                      "due", "priority", "meta"};
        each(orders->children[i], fmt::format("orders[{}]", i), kOrder);
      }
  }

 private:
  using Look = void (Keys::*)(const Node&, const std::string&);

  void refuse(const Node& node, const std::string& path, std::string_view why) {
    const std::string place = node.key_mark.line > 0 ? node.key_mark.text() : node.mark.text();
    reasons_.push_back(place.empty() ? fmt::format("{}: {}", path, why) : fmt::format("{}: {}: {}", place, path, why));
  }
  void each(const Node& node, const std::string& path, std::span<const std::string_view> known) {
    if (!node.is_mapping()) return;
    for (const Node& child : node.children)
      if (!child.is_null() && std::ranges::find(known, child.key) == known.end())
        refuse(child, path.empty() ? child.key : join_path(path, child.key), "the recursion does not know this key");
  }
  void members(const Node* node, const std::string& path, Look look) {
    if (node == nullptr || !node->is_mapping()) return;
    for (const Node& child : node->children) (this->*look)(child, join_path(path, child.key));
  }
  void failures(const Node& owner, const std::string& path) {
    static constexpr std::string_view kKnown[] = {"after", "repair", "lot", "times", "meta"};
    const Node* failures = owner.find("failures");
    if (failures == nullptr) return;
    for (std::size_t i = 0; i < failures->children.size(); ++i)
      each(failures->children[i], fmt::format("{}.failures[{}]", path, i), kKnown);
  }
  void station(const Node& node, const std::string& path) {
    static constexpr std::string_view kKnown[] = {"machines",   "queue", "failures", "time", "setup",
                                                  "changeover", "speed", "cost",     "meta"};
    static constexpr std::string_view kQueue[] = {"places", "rule", "if_full"};
    static constexpr std::string_view kSetup[] = {"by", "matrix", "same", "otherwise", "first"};
    each(node, path, kKnown);
    failures(node, path);
    if (const Node* queue = node.find("queue")) each(*queue, path + ".queue", kQueue);
    if (const Node* setup = node.find("setup")) each(*setup, path + ".setup", kSetup);
    members(node.find("machines"), path + ".machines", &Keys::machine);
  }
  void machine(const Node& node, const std::string& path) {
    static constexpr std::string_view kKnown[] = {"speed", "failures", "meta"};
    each(node, path, kKnown);
    failures(node, path);
  }
  void product(const Node& node, const std::string& path) {
    static constexpr std::string_view kKnown[] = {"route",   "arrivals", "priority", "due",
                                                  "holding", "lateness", "family",   "meta"};
    static constexpr std::string_view kStep[] = {"at", "op", "time", "setup", "changeover", "choose", "family", "meta"};
    static constexpr std::string_view kArrivals[] = {"every", "profile", "period"};
    each(node, path, kKnown);
    if (const Node* arrivals = node.find("arrivals")) each(*arrivals, path + ".arrivals", kArrivals);
    if (const Node* route = node.find("route"))
      for (std::size_t i = 0; i < route->children.size(); ++i)
        each(route->children[i], fmt::format("{}.route[{}]", path, i), kStep);
  }

  std::vector<std::string>& reasons_;
};

/// Looks at the plant that was made of it.
void look_at_plant(const PlantData& data, std::vector<std::string>& reasons) {
  const auto refuse = [&reasons](const std::string& path, const std::string& why) {
    reasons.push_back(path + ": " + why);
  };
  if (data.products.size() != 1)
    refuse("products", fmt::format("{} products share the stations; allowed: one", data.products.size()));
  for (std::size_t s = 0; s < data.stations.size(); ++s) {
    const StationData& station = data.stations[s];
    const std::string path = "stations." + data.station_names[s];
    if (station.machine_count != 1)
      refuse(path + ".machines",
             fmt::format("{} machines, of which lots take the first that is free; allowed: 1", station.machine_count));
    if (station.rule != QueueRule::kFifo || station.scanned)
      refuse(path + ".queue.rule", fmt::format("{}; allowed: fifo", name_of(station.rule)));
    if (station.lose_when_full && station.places >= 0)
      refuse(path + ".queue.if_full", "arrivals are lost where the queue is full; allowed: wait");
    if (station.places > kMostPlaces)
      refuse(path + ".queue.places", fmt::format("{}; allowed: up to {}, or unlimited", station.places, kMostPlaces));
    if (station.batch.most != 1) refuse(path + ".batch", "lots are taken together; allowed: one at a time");
  }
  for (const FailureModeData& mode : data.modes) {
    const std::string path = "machine " + data.machine_names[mode.machine.value] + ", failures";
    if (mode.ages == Ageing::kTime)
      refuse(path + ".after", "a life of time, which goes on while the machine stands; allowed: of work");
    if (mode.ages == Ageing::kLots) refuse(path + ".after", "a life of lots; allowed: of work");
    if (mode.ages == Ageing::kUse || mode.maintenance || mode.level_count > 0)
      refuse(path, "maintenance or states of wear; allowed: failures");
    if (mode.crew.count > 0) refuse(path + ".needs", "the repair waits for a crew; allowed: nobody");
    if (mode.lot == Interruption::kScrap) refuse(path + ".lot", "scrap; allowed: resume, restart");
  }
  std::vector<bool> visited(data.stations.size(), false);
  for (std::size_t i = 0; i < data.steps.size(); ++i) {
    const StepData& step = data.steps[i];
    const std::string path = "products." + data.product_names[step.product.value] + ".route." + data.step_names[i];
    if (step.choice_count != 1) {
      refuse(path + ".at", fmt::format("{} stations; allowed: one", step.choice_count));
      continue;
    }
    if (step.branch_count > 0) refuse(path + ".then", "lots go different ways; allowed: on to the next step");
    const bool last = i + 1 == data.steps.size();
    if (step.branch_count == 0 && step.next != (last ? BranchData::kLeave : i + 1))
      refuse(path, "the next step is not the one that follows in the route");
    const std::size_t station = data.choices[step.first_choice].station.value;
    if (visited[station]) refuse(path + ".at", "lots come back to " + data.station_names[station] + "; allowed: once");
    visited[station] = true;
  }
  for (std::size_t i = 0; i < data.sources.size(); ++i) {
    const SourceData& source = data.sources[i];
    const std::string path = "products." + data.product_names[source.product.value] + ".arrivals";
    if (source.kind != SourceKind::kRenewal && source.kind != SourceKind::kSaturate)
      refuse(path, fmt::format("{}; allowed: every, saturate", name_of(source.kind)));
    if (source.batch.valid()) refuse(path + ".lots", "several lots come at once; allowed: one");
  }
  if (data.sources.size() > 1) refuse("products", fmt::format("{} sources; allowed: one", data.sources.size()));
  if (!data.sources.empty() && !data.orders.empty())
    refuse("orders", "lots come from a source too; allowed: one of both");
  if (data.sources.empty() && data.orders.empty()) refuse("products", "no lots come; allowed: a source, or orders");
  const bool more = !data.pools.empty() || !data.forks.empty() || !data.calendars.empty() ||
                    !data.expressions.empty() || !data.power.empty() || data.lots_carry_more || data.counts_lots ||
                    data.plans_ahead;
  if (reasons.empty() && more) refuse("plant", "it has rules that the recursion does not know");
}

std::string joined(const std::vector<std::string>& reasons) {
  constexpr std::size_t kMost = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(reasons.size(), kMost); ++i) out += "\n  " + reasons[i];
  if (reasons.size() > kMost) out += fmt::format("\n  and {} more", reasons.size() - kMost);
  return out;
}

}  // namespace

const char* name_of(Method method) noexcept {
  switch (method) {
    case Method::kAuto:
      return "auto";
    case Method::kEvents:
      return "events";
    case Method::kRecursion:
      return "recursion";
  }
  return "?";
}
Method method_named(std::string_view name) {
  for (const Method method : {Method::kAuto, Method::kEvents, Method::kRecursion})
    if (name == name_of(method)) return method;
  throw InvalidArgument(fmt::format("method is '{}'; allowed: auto, events, recursion", name));
}

std::vector<std::string> recursion_refusals(const Plant& plant) {
  std::vector<std::string> reasons;
  Keys(reasons).plant(plant.document().root());
  look_at_plant(plant.data(), reasons);
  return reasons;
}

std::vector<std::string> recursion_refusals(const Plant& plant, const State& state) {
  check_plant(plant, state, "recursion");
  const PlantData& data = plant.data();
  std::vector<std::string> reasons;
  const auto refuse = [&](std::uint32_t machine, const char* why) {
    reasons.push_back("machine " + data.machine_names[machine] + ": " + why);
  };
  if (!state.beliefs.empty()) reasons.emplace_back("estimates of work under way; allowed: drawn times");
  std::size_t found = 0;
  for (std::uint32_t i = 0; i < data.steps.size(); ++i) {
    const std::uint32_t s = data.choices[data.steps[i].first_choice].station.value;
    const std::uint32_t m = data.stations[s].first_machine;
    const MachineState& machine = state.machines[m];
    const StationState& station = state.stations[s];
    if (!machine.open || machine.late) refuse(m, "it is closed");
    const bool works = machine.phase == Phase::kSetup || machine.phase == Phase::kProcessing;
    if (works != (machine.running || machine.repairing != kNone)) refuse(m, "its work stands, or it is down without");
    if (machine.faults != (machine.repairing != kNone ? 1 : 0)) refuse(m, "several failures hold it");
    if (machine.phase == Phase::kSetup && machine.repairing != kNone) refuse(m, "it is down during a setup");
    if (machine.phase == Phase::kIdle && (station.queued > 0 || station.blocked_head != kNone))
      refuse(m, "it is idle while lots wait");
    if (machine.lot != kNone) {
      const Lot& lot = state.lots[machine.lot];
      const std::uint32_t at = machine.phase == Phase::kBlocked ? i + 1 : i;
      if (machine.held != 1 || lot.step != at) refuse(m, "it has a lot of another step");
      ++found;
    }
    for (const std::uint32_t l : queue_lots(state, s)) {
      if (state.lots[l].step != i) refuse(m, "a lot of another step waits for it");
      ++found;
    }
    for (const std::uint32_t l : blocked_lots(state, s)) {
      if (state.lots[l].machine != kNone) continue;
      if (i > 0) refuse(m, "a lot waits outside for it");
      ++found;
    }
  }
  if (found != state.lot_count) reasons.emplace_back("lots that are in no queue and on no machine of the line");
  return reasons;
}

bool runs_by_recursion(const Plant& plant, const State* state, Method method, const char* what) {
  if (method == Method::kEvents) return false;
  std::vector<std::string> reasons = recursion_refusals(plant);
  if (reasons.empty() && state != nullptr) reasons = recursion_refusals(plant, *state);
  if (reasons.empty()) return true;
  if (method == Method::kAuto) return false;
  throw InvalidArgument(
      fmt::format("{}: method is recursion, and plant '{}' does not allow it; allowed: events, auto{}", what,
                  plant.data().name, joined(reasons)));
}

}  // namespace twin
