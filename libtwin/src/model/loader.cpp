#include "loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "calendar_impl.hpp"
#include "keys_impl.hpp"
#include "names_impl.hpp"
#include "quantity_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/base/random.hpp"
#include "twin/model/quantity.hpp"

namespace twin::model_detail {
namespace {

constexpr std::size_t kMaxFaults = 200;
constexpr std::size_t kMaxEntities = 200'000;  // machines, steps, choices
constexpr double kProbabilityTolerance = 1e-9;

/// More faults than anyone reads: stop looking.
struct TooMany {};

/// A piece of the document and the path that leads there.
struct Place {
  const Node* node = nullptr;
  std::string path;
  explicit operator bool() const { return node != nullptr; }
};

struct FailureSpec {
  Distribution after, repair;
  bool of_work = true;
  std::uint64_t limit = UINT64_MAX;
};

struct MachineSpec {
  std::string name;
  std::optional<double> speed;
  std::optional<CalendarId> calendar;
  std::optional<std::vector<FailureSpec>> failures;
};

/// What a station's keys say, before its group is told apart into members.
struct StationSpec {
  StationData data;
  std::vector<MachineSpec> machines;  ///< empty: `count` unnamed ones
  std::uint32_t count = 1;
  std::vector<FailureSpec> failures;
  CalendarId calendar;
  std::optional<Distribution> time, setup, changeover;
  double speed = 1;
};

struct BranchSpec {
  std::string path;  ///< below the step: `then.rework.milling`
  double probability = 0;
  std::string target;  ///< of rework and goto
  const Node* node = nullptr;
  enum { kPass, kRework, kGoto, kLeave, kScrap } kind = kPass;
};

struct StepSpec {
  std::vector<StationId> stations;  ///< alternatives; or the members of a range, one step each
  bool consecutive = false;
  std::vector<std::optional<Distribution>> times;  ///< by station
  bool times_by_station = false;
  std::optional<Distribution> setup, changeover, transport;
  ChooseRule choose = ChooseRule::kShortestQueue;
  std::vector<BranchSpec> branches;
  const Node* node = nullptr;
  std::string path;
  bool valid = true;
};

class Loader {
 public:
  explicit Loader(const Document& document) : document_(document) {}

  PlantData run() {
    try {
      read_all();
    } catch (const TooMany&) {
      faults_.push_back({"", 0, 0, "", "", fmt::format("there are more than {} faults", kMaxFaults), ""});
    }
    if (!faults_.empty()) fail();
    plant_.digest = digest_of(plant_);
    return std::move(plant_);
  }

 private:
  // Faults ----------------------------------------------------------------------------------------------------------

  /// Throws what was found, in the order of the file.
  [[noreturn]] void fail() {
    std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
      return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
    });
    throw PlantError(std::move(faults_));
  }
  void fault(const Mark& mark, const std::string& path, std::string value, std::string message,
             std::string allowed_text) {
    const std::string file = mark.file ? *mark.file : std::string{};
    const auto identity =
        mark.line > 0 ? fmt::format("{}:{}:{}:{}", file, mark.line, mark.column, message) : path + ":" + message;
    if (!seen_.insert(identity).second) return;  // a group is read once, its members fail once
    faults_.push_back(
        {file, mark.line, mark.column, path, std::move(value), std::move(message), std::move(allowed_text)});
    if (faults_.size() >= kMaxFaults) throw TooMany{};
  }
  void fault(const Place& place, std::string message, std::string allowed_text) {
    fault(place.node->mark, place.path, shown(*place.node), std::move(message), std::move(allowed_text));
  }
  void fault(const Place& place, const TextFault& text) { fault(place, text.message, text.allowed); }

  static std::string shown(const Node& node) {
    if (node.is_scalar()) return node.scalar.size() > 80 ? node.scalar.substr(0, 77) + "..." : node.scalar;
    if (node.is_null()) return "null";
    if (node.children.empty()) return node.is_mapping() ? "{}" : "[]";
    return node.is_mapping() ? "{...}" : "[...]";
  }

  void wrong_kind(const Place& place, Shape shape) {
    fault(place, fmt::format("'{}' does not fit here", shown(*place.node)), allowed(shape));
  }

  // Reading pieces --------------------------------------------------------------------------------------------------

  /// The value of a key, unless absent or null.
  static Place child(const Place& place, const char* key) {
    const Node* node = place.node->find(key);
    if (node == nullptr || node->is_null()) return {};
    return {node, join_path(place.path, key)};
  }

  /// Checks that a mapping holds known keys only. \return false when it is no mapping
  bool keys(const Place& place, Level level, Shape shape) {
    if (place.node->is_null()) return true;
    if (!place.node->is_mapping()) {
      wrong_kind(place, shape);
      return false;
    }
    const auto names = key_names(level);
    for (const auto& value : place.node->children) {
      if (std::find(names.begin(), names.end(), value.key) != names.end()) continue;
      if (level == Level::kCalendar && !read_days(value.key).empty()) continue;
      fault(value.key_mark, join_path(place.path, value.key), value.key,
            fmt::format("'{}' is no key of a {}{}", value.key, name_of(level), did_you_mean(value.key, names)),
            list_of(names));
    }
    for (const auto& key : keys_of(level))
      if (key.required && !child(place, key.name))
        fault(place.node->mark, join_path(place.path, key.name), "",
              fmt::format("the {} has no '{}'", name_of(level), key.name), allowed(key.shape));
    return true;
  }

  bool scalar(const Place& place, Shape shape) {
    if (place.node->is_scalar()) return true;
    wrong_kind(place, shape);
    return false;
  }

  template <class Read>
  auto read(const Place& place, Shape shape, Read&& reading) -> std::optional<decltype(reading(std::string_view{}))> {
    if (!place || !scalar(place, shape)) return std::nullopt;
    try {
      return reading(std::string_view(place.node->scalar));
    } catch (const TextFault& text) {
      fault(place, text);
      return std::nullopt;
    }
  }

  std::optional<std::int64_t> integer(const Place& place, Shape shape, std::int64_t low, std::int64_t high) {
    if (!place || !scalar(place, shape)) return std::nullopt;
    const auto text = place.node->scalar;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= low && value <= high) return value;
    fault(place, fmt::format("'{}' does not fit here", shown(*place.node)), allowed(shape));
    return std::nullopt;
  }

  std::optional<double> number(const Place& place, Shape shape, double low, double high, bool above_low) {
    if (!place || !scalar(place, shape)) return std::nullopt;
    double value = 0;
    try {
      value = read_number(place.node->scalar);
    } catch (const TextFault&) {
      fault(place, fmt::format("'{}' is no number", shown(*place.node)), allowed(shape));
      return std::nullopt;
    }
    if (value > high || value < low || (above_low && value <= low)) {
      fault(place, fmt::format("{} is outside the range", place.node->scalar), allowed(shape));
      return std::nullopt;
    }
    return value;
  }

  std::optional<Tick> duration(const Place& place) {
    auto seconds = read(place, Shape::kDuration, read_seconds);
    if (seconds && (*seconds < 0 || ticks_from_seconds(*seconds) >= kNever)) {
      fault(place, fmt::format("'{}' is no time that can pass", place.node->scalar), "from 0 to 146 years");
      return std::nullopt;
    }
    if (!seconds) return std::nullopt;
    return ticks_from_seconds(*seconds);
  }

  std::optional<Distribution> distribution(const Place& place) {
    return read(place, Shape::kDistribution, [](std::string_view text) { return read_distribution(text); });
  }
  /// A time that is left out when it is 0.
  std::optional<Distribution> delay(const Place& place) {
    auto d = distribution(place);
    if (d && *d == Distribution::deterministic(0)) d.reset();
    return d;
  }

  /// An instant, or a span since the epoch.
  std::optional<Tick> instant(const Place& place, Shape shape) {
    if (!place || !scalar(place, shape)) return std::nullopt;
    const std::string& text = place.node->scalar;
    constexpr Duration kFar{kNever};  // the epoch lies within it of 1970, so that these sums cannot overflow
    Tick tick = 0;
    try {
      if (WallTime wall; parse_wall_time(trimmed(text), wall)) {
        const auto far = plant_.epoch + kFar;
        tick = (std::clamp(read_wall_time(text, zone_), plant_.epoch - kFar, far) - plant_.epoch).count();
      } else {
        tick = ticks_from_seconds(read_seconds(text));
      }
    } catch (const TextFault& why) {
      fault(place, why.message, allowed(shape));
      return std::nullopt;
    }
    if (tick > -kNever && tick < kNever) return tick;
    fault(place, fmt::format("'{}' lies too far from the epoch", shown(*place.node)),
          fmt::format("at most 146 years from {}", format_wall_time(plant_.epoch)));
    return std::nullopt;
  }

  template <class Enum>
  std::optional<Enum> one_of(const Place& place, Shape shape, std::initializer_list<Enum> values,
                             const char* (*name)(Enum)) {
    if (!place || !scalar(place, shape)) return std::nullopt;
    std::vector<std::string> names;
    for (const auto value : values) {
      if (place.node->scalar == name(value)) return value;
      names.emplace_back(name(value));
    }
    fault(place, fmt::format("'{}' is unknown{}", shown(*place.node), did_you_mean(place.node->scalar, names)),
          allowed(shape));
    return std::nullopt;
  }

  bool good_name(const Mark& mark, const std::string& path, const std::string& name) {
    const bool control =
        std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"'; });
    if (!name.empty() && name.size() <= 200 && !control && name.front() != ' ' && name.back() != ' ') return true;
    fault(mark, path, name, fmt::format("'{}' is no name", name),
          "1 to 200 characters without quotes, line ends or blanks around them");
    return false;
  }

  /// Names under which results tell of everything together.
  void not_reserved(const Mark& mark, const std::string& path, const std::string& name) {
    if (name == "plant" || name == "order")
      fault(mark, path, name, fmt::format("'{}' has a meaning of its own in results", name), "another name");
  }

  /// Members of the name an entry stands under; faulty ranges are reported.
  std::vector<std::string> members(const Mark& mark, const std::string& path, const std::string& name) {
    if (!good_name(mark, path, name)) return {};
    auto expansion = expand_name(name);
    if (!expansion.error.empty()) fault(mark, path, name, expansion.error, "a name, or a range such as m[1..20]");
    return std::move(expansion.names);
  }

  DistributionId intern(const std::string& path, const Distribution& d) {
    const auto [at, fresh] =
        distribution_ids_.try_emplace(path, static_cast<std::uint32_t>(plant_.distribution_paths.size()));
    if (!fresh) return DistributionId{at->second};
    plant_.distribution_paths.push_back(path);
    plant_.parameters.distributions.emplace_back();
    const DistributionId id{at->second};
    plant_.parameters.set(id, d);
    return id;
  }

  // The whole -------------------------------------------------------------------------------------------------------

  void read_all() {
    const Place top{&document_.root(), ""};
    if (!keys(top, Level::kTop, Shape::kStations)) return;
    if (child(top, "include"))
      fault(child(top, "include"), "files are included only while a file is read", "the keys themselves");
    plant_.name = document_.name();
    if (const auto name = child(top, "name"); name && scalar(name, Shape::kText)) plant_.name = name.node->scalar;
    if (const auto zone = read(child(top, "time_zone"), Shape::kTimeZone, read_time_zone)) zone_ = *zone;
    plant_.epoch = WallTime{std::chrono::sys_days{std::chrono::year{2000} / 1 / 3}};
    if (const auto epoch =
            read(child(top, "epoch"), Shape::kInstant, [&](std::string_view t) { return read_wall_time(t, zone_); })) {
      if (const Tick since_1970 = epoch->time_since_epoch().count(); since_1970 >= -kNever && since_1970 <= kNever)
        plant_.epoch = *epoch;
      else
        fault(child(top, "epoch"), "the epoch lies too far from 1970", "years from 1824 to 2115");
    }
    const Tick monday = WallTime{std::chrono::sys_days{std::chrono::year{2000} / 1 / 3}}.time_since_epoch().count();
    plant_.epoch_in_week = ((plant_.epoch.time_since_epoch().count() - monday) % kWeek + kWeek) % kWeek;

    read_calendars(child(top, "calendars"));
    name_products(child(top, "products"));
    read_stations(child(top, "stations"));
    read_products(child(top, "products"));
    read_orders(child(top, "orders"));
    read_run(child(top, "run"));
    read_expect(child(top, "expect"));
    read_what_if(child(top, "what_if"));
    check_demand(top);
  }

  // Calendars -------------------------------------------------------------------------------------------------------

  void read_calendars(const Place& place) {
    if (!place) return;
    if (!place.node->is_mapping()) return wrong_kind(place, Shape::kCalendars);
    for (const auto& entry : place.node->children) {
      const Place calendar{&entry, join_path(place.path, entry.key)};
      if (!good_name(entry.key_mark, calendar.path, entry.key)) continue;
      if (entry.key == "always") {
        fault(entry.key_mark, calendar.path, entry.key, "'always' is there from the start and means open at all times",
              "another name");
        continue;
      }
      calendar_ids_[entry.key] = static_cast<std::uint32_t>(plant_.calendars.size());
      plant_.calendar_names.push_back(entry.key);
      plant_.calendars.emplace_back();
      plant_.calendars.back().hash = hash_name("calendar:" + entry.key);
      if (keys(calendar, Level::kCalendar, Shape::kHours)) read_calendar(calendar, plant_.calendars.back());
    }
  }

  void read_calendar(const Place& place, CalendarData& calendar) {
    const auto before = faults_.size();
    Tick zone = zone_;
    if (const auto own = read(child(place, "time_zone"), Shape::kTimeZone, read_time_zone)) zone = *own;
    std::vector<DayHours> days(7);
    std::vector<int> weight(7, 0);  // 1 daily, 2 a span of days, 3 the day itself
    for (const auto& entry : place.node->children) {
      const auto these = read_days(entry.key);
      if (these.empty()) continue;
      const Place at{&entry, join_path(place.path, entry.key)};
      const int own = these.size() == 1 ? 3 : entry.key == "daily" ? 1 : 2;
      const auto hours = day_hours(at);
      for (const int day : these) {
        const auto d = static_cast<std::size_t>(day);
        if (weight[d] == own) fault(at, "a day of it stands under another span of days too", "each day in one span");
        if (weight[d] >= own) continue;
        weight[d] = own;
        days[d] = hours;
      }
    }
    const auto points = week_points(days, zone);
    if (points.empty() && faults_.size() == before)
      fault(place, "the calendar never opens", "hours on at least one day; to close a station, remove it");
    calendar.first_point = static_cast<std::uint32_t>(plant_.calendar_points.size());
    calendar.point_count = static_cast<std::uint32_t>(points.size());
    Tick open = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (i % 2 == 1) open += points[i] - points[i - 1];
      plant_.calendar_points.push_back(points[i]);
      plant_.calendar_open.push_back(open);
    }
  }

  DayHours day_hours(const Place& place) {
    if (place.node->is_null()) return {};
    if (!place.node->is_sequence()) return read(place, Shape::kHours, read_hours).value_or(DayHours{});
    std::string all;
    for (const auto& piece : place.node->children) {
      if (!piece.is_scalar()) {
        wrong_kind({&piece, place.path}, Shape::kHours);
        return {};
      }
      all += (all.empty() ? "" : ", ") + piece.scalar;
    }
    if (all.empty()) return {};
    try {
      return read_hours(all);
    } catch (const TextFault& text) {
      fault(place, text);
      return {};
    }
  }

  std::optional<CalendarId> calendar(const Place& place) {
    if (!place || !scalar(place, Shape::kName)) return std::nullopt;
    if (place.node->scalar == "always") return CalendarId{};
    const auto found = calendar_ids_.find(place.node->scalar);
    if (found != calendar_ids_.end()) return CalendarId{found->second};
    auto names = plant_.calendar_names;
    names.emplace_back("always");
    fault(place,
          fmt::format("there is no calendar '{}'{}", shown(*place.node), did_you_mean(place.node->scalar, names)),
          list_of(names));
    return std::nullopt;
  }

  // Stations --------------------------------------------------------------------------------------------------------

  void read_stations(const Place& place) {
    if (!place) return;
    if (!place.node->is_mapping()) return wrong_kind(place, Shape::kStations);
    if (place.node->children.empty()) fault(place, "there is no station", allowed(Shape::kStations));
    for (const auto& entry : place.node->children) {
      const Place station{&entry, join_path(place.path, entry.key)};
      const auto names = members(entry.key_mark, station.path, entry.key);
      const auto spec = std::make_shared<const StationSpec>(read_station(station));
      for (const auto& name : names) add_station(station, name, spec);
    }
    for (std::uint32_t s = 0; s < plant_.stations.size(); ++s) {
      const auto found = machine_ids_.find(plant_.station_names[s]);
      if (found == machine_ids_.end()) continue;
      const auto owner = plant_.machines[found->second].station.value;
      if (owner == s && plant_.stations[s].machine_count == 1) continue;
      fault(place,
            fmt::format("'{}' is a station and also a machine of '{}'", plant_.station_names[s],
                        plant_.station_names[owner]),
            "one meaning for each name");
    }
  }

  StationSpec read_station(const Place& place) {
    StationSpec spec;
    if (!keys(place, Level::kStation, Shape::kStations) || place.node->is_null()) return spec;
    if (const auto queue = child(place, "queue"); queue && keys(queue, Level::kQueue, Shape::kQueue))
      read_queue(queue, spec.data);
    if (const auto failures = child(place, "failures")) spec.failures = read_failures(failures);
    if (const auto id = calendar(child(place, "calendar"))) spec.calendar = *id;
    spec.time = distribution(child(place, "time"));
    spec.setup = delay(child(place, "setup"));
    spec.changeover = delay(child(place, "changeover"));
    spec.speed = number(child(place, "speed"), Shape::kSpeed, 0, 1e6, true).value_or(1);
    if (const auto machines = child(place, "machines")) read_machines(machines, spec);
    return spec;
  }

  void read_queue(const Place& place, StationData& station) {
    if (const auto places = child(place, "places");
        places && !(places.node->is_scalar() && places.node->scalar == "unlimited"))
      station.places = static_cast<std::int32_t>(integer(places, Shape::kPlaces, 0, 1'000'000'000).value_or(-1));
    if (const auto full = child(place, "if_full"); full && scalar(full, Shape::kFull)) {
      station.lose_when_full = full.node->scalar == "lose";
      if (!station.lose_when_full && full.node->scalar != "wait")
        fault(full, fmt::format("'{}' is unknown", shown(*full.node)), allowed(Shape::kFull));
    }
    if (const auto rule = child(place, "rule"); rule && scalar(rule, Shape::kRule)) read_rule(rule, station);
  }

  void read_rule(const Place& place, StationData& station) {
    const std::string_view text = trimmed(place.node->scalar);
    if (text.rfind("priority(", 0) == 0 && text.back() == ')') return read_product_priority(place, text, station);
    if (const auto rule = one_of<QueueRule>(place, Shape::kRule,
                                            {QueueRule::kFifo, QueueRule::kLifo, QueueRule::kSpt, QueueRule::kSptKnown,
                                             QueueRule::kEdd, QueueRule::kPriority},
                                            &twin::name_of))
      station.rule = *rule;
  }

  void read_product_priority(const Place& place, std::string_view text, StationData& station) {
    std::vector<std::int32_t> table(plant_.product_names.size(), 0);
    auto rest = text.substr(9, text.size() - 10);
    const auto count = static_cast<std::int32_t>(1 + std::count(rest.begin(), rest.end(), ','));
    for (std::int32_t i = 0; i < count; ++i) {
      const auto comma = rest.find(',');
      const std::string name(trimmed(rest.substr(0, comma)));
      const auto found = product_ids_.find(name);
      if (found == product_ids_.end()) {
        fault(place, fmt::format("there is no product '{}'{}", name, did_you_mean(name, plant_.product_names)),
              list_of(plant_.product_names));
      } else if (table[found->second] != 0) {
        fault(place, fmt::format("the product '{}' stands twice", name), "each product once");
      } else {
        table[found->second] = count - i;
      }
      if (comma != std::string_view::npos) rest = rest.substr(comma + 1);
    }
    station.rule = QueueRule::kPriority;
    station.priority_table =
        plant_.product_names.empty()
            ? kNone
            : static_cast<std::uint32_t>(plant_.product_priority.size() / plant_.product_names.size());
    plant_.product_priority.insert(plant_.product_priority.end(), table.begin(), table.end());
  }

  std::vector<FailureSpec> read_failures(const Place& place) {
    std::vector<FailureSpec> out;
    if (!place.node->is_sequence()) {
      wrong_kind(place, Shape::kFailures);
      return out;
    }
    for (std::size_t i = 0; i < place.node->children.size(); ++i) {
      const Place mode{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
      if (!keys(mode, Level::kFailure, Shape::kFailures) || mode.node->is_null()) continue;
      FailureSpec spec;
      const auto after = child(mode, "after");
      const auto d = read(after, Shape::kAfter, [&](std::string_view text) {
        text = trimmed(text);
        for (const auto& [suffix, of_work] : {std::pair{" of work", true}, std::pair{" of time", false}})
          if (text.size() > 8 && text.substr(text.size() - 8) == suffix) {
            spec.of_work = of_work;
            text.remove_suffix(8);
          }
        return read_distribution(text);
      });
      if (const auto times = child(mode, "times"))
        spec.limit = static_cast<std::uint64_t>(integer(times, Shape::kCount, 1, 1'000'000'000).value_or(1));
      if (d && !(d->mean() > 0) && spec.limit == UINT64_MAX)
        fault(after, "a machine that fails after no time never works", "a time above 0, or `times: 1`");
      if (d) spec.after = *d;
      if (const auto repair = distribution(child(mode, "repair"))) spec.repair = *repair;
      out.push_back(std::move(spec));
    }
    return out;
  }

  void read_machines(const Place& place, StationSpec& spec) {
    if (place.node->is_scalar()) {
      spec.count = static_cast<std::uint32_t>(integer(place, Shape::kMachines, 1, 100'000).value_or(1));
      return;
    }
    if (!place.node->is_mapping()) return wrong_kind(place, Shape::kMachines);
    if (place.node->children.empty()) fault(place, "the station has no machines", allowed(Shape::kMachines));
    for (const auto& entry : place.node->children) {
      const Place machine{&entry, join_path(place.path, entry.key)};
      MachineSpec one;
      if (keys(machine, Level::kMachine, Shape::kMachines) && !entry.is_null()) {
        one.speed = number(child(machine, "speed"), Shape::kSpeed, 0, 1e6, true);
        one.calendar = calendar(child(machine, "calendar"));
        if (const auto failures = child(machine, "failures")) one.failures = read_failures(failures);
      }
      for (auto& name : members(entry.key_mark, machine.path, entry.key)) {
        not_reserved(entry.key_mark, machine.path, name);
        one.name = std::move(name);
        spec.machines.push_back(one);
      }
    }
  }

  void add_station(const Place& place, const std::string& name, const std::shared_ptr<const StationSpec>& shared) {
    const StationSpec& spec = *shared;
    const StationId id{static_cast<std::uint32_t>(plant_.stations.size())};
    not_reserved(place.node->key_mark, place.path, name);
    if (!station_ids_.emplace(name, id.value).second) {
      fault(place.node->key_mark, place.path, name, fmt::format("the station '{}' stands twice", name),
            "each name once");
      return;
    }
    StationData data = spec.data;
    data.first_machine = static_cast<std::uint32_t>(plant_.machines.size());
    data.hash = hash_name("station:" + name);
    const auto path = join_path("stations", name);
    if (spec.machines.empty()) {
      for (std::uint32_t i = 1; i <= spec.count; ++i)
        add_machine(place, id, path, fmt::format("{}.{}", name, i), spec, MachineSpec{});
      data.machine_count = spec.count;
    } else {
      for (const auto& machine : spec.machines) add_machine(place, id, path, machine.name, spec, machine);
      data.machine_count = static_cast<std::uint32_t>(plant_.machines.size()) - data.first_machine;
    }
    plant_.stations.push_back(data);
    plant_.station_names.push_back(name);
    station_specs_.push_back(shared);
  }

  void add_machine(const Place& place, StationId station, const std::string& station_path, const std::string& name,
                   const StationSpec& spec, const MachineSpec& machine) {
    room(plant_.machines.size(), place, "machines");
    if (!machine_ids_.emplace(name, static_cast<std::uint32_t>(plant_.machines.size())).second) {
      fault(place, fmt::format("the machine '{}' stands twice", name), "each name once in the plant");
      return;
    }
    MachineData data;
    data.station = station;
    data.calendar = machine.calendar.value_or(spec.calendar);
    data.first_mode = static_cast<std::uint32_t>(plant_.modes.size());
    data.hash = hash_name("machine:" + name);
    const MachineId id{static_cast<std::uint32_t>(plant_.machines.size())};
    const auto& failures = machine.failures ? *machine.failures : spec.failures;
    const auto path = machine.failures ? join_path(station_path + ".machines", name) : station_path;
    for (std::size_t i = 0; i < failures.size(); ++i) {
      FailureModeData mode;
      mode.machine = id;
      mode.of_work = failures[i].of_work;
      mode.limit = failures[i].limit;
      mode.after = intern(fmt::format("{}.failures[{}].after", path, i), failures[i].after);
      mode.repair = intern(fmt::format("{}.failures[{}].repair", path, i), failures[i].repair);
      const auto entity = hash_combine(data.hash, hash_name(std::to_string(i)));
      mode.after_stream = draw_stream(entity, Purpose::kFailure);
      mode.repair_stream = draw_stream(entity, Purpose::kRepair);
      plant_.modes.push_back(mode);
    }
    data.mode_count = static_cast<std::uint32_t>(failures.size());
    plant_.machines.push_back(data);
    plant_.machine_names.push_back(name);
    plant_.parameters.speed.push_back(machine.speed.value_or(spec.speed));
  }

  void room(std::size_t present, const Place& place, const char* what) {
    if (present < kMaxEntities) return;
    fault(place, fmt::format("the plant has too many {}", what), fmt::format("at most {}", kMaxEntities));
    fail();
  }

  std::vector<StationId> stations_named(const Place& place, const Node& node) {
    std::vector<StationId> out;
    if (!node.is_scalar()) {
      fault(node.mark, place.path, shown(node), fmt::format("'{}' does not fit here", shown(node)),
            allowed(Shape::kStationsOf));
      return out;
    }
    for (const auto& name : members(node.mark, place.path, node.scalar)) {
      const auto found = station_ids_.find(name);
      if (found != station_ids_.end()) {
        out.push_back(StationId{found->second});
      } else {
        fault(node.mark, place.path, node.scalar,
              fmt::format("there is no station '{}'{}", name, did_you_mean(name, plant_.station_names)),
              list_of(plant_.station_names));
      }
    }
    return out;
  }

  // Products --------------------------------------------------------------------------------------------------------

  void name_products(const Place& place) {
    if (!place) return;
    if (!place.node->is_mapping()) return wrong_kind(place, Shape::kProducts);
    if (place.node->children.empty()) fault(place, "there is no product", allowed(Shape::kProducts));
    for (const auto& entry : place.node->children) {
      const auto path = join_path(place.path, entry.key);
      for (const auto& name : members(entry.key_mark, path, entry.key)) {
        not_reserved(entry.key_mark, path, name);
        room(plant_.product_names.size(), {&entry, path}, "products");
        if (!product_ids_.emplace(name, static_cast<std::uint32_t>(plant_.product_names.size())).second) {
          fault(entry.key_mark, path, name, fmt::format("the product '{}' stands twice", name), "each name once");
          continue;
        }
        plant_.product_names.push_back(name);
        product_nodes_.push_back(&entry);
      }
    }
  }

  void read_products(const Place& place) {
    for (std::size_t p = 0; p < plant_.product_names.size(); ++p)
      read_product({product_nodes_[p], join_path(place.path, plant_.product_names[p])},
                   ProductId{static_cast<std::uint32_t>(p)});
  }

  void read_product(const Place& place, ProductId id) {
    ProductData product;
    const auto before = faults_.size();
    product.first_step = static_cast<std::uint32_t>(plant_.steps.size());
    product.hash = hash_name("product:" + plant_.product_names[id.value]);
    Tick due = kNever;
    if (keys(place, Level::kProduct, Shape::kProducts) && place.node->is_mapping()) {
      product.priority = static_cast<std::int32_t>(
          integer(child(place, "priority"), Shape::kInteger, -1'000'000'000, 1'000'000'000).value_or(0));
      due = duration(child(place, "due")).value_or(kNever);
      if (const auto family = child(place, "family")) scalar(family, Shape::kText);
      if (const auto route = child(place, "route")) read_route(route, id, product);
    }
    plant_.products.push_back(product);
    product_due_.push_back(due);
    if (!place.node->is_mapping()) return;
    if (const auto arrivals = child(place, "arrivals"); arrivals && scalar(arrivals, Shape::kArrivals))
      read_arrivals(arrivals, id, due, faults_.size() == before);
  }

  void read_route(const Place& place, ProductId id, ProductData& product) {
    const auto before = faults_.size();
    if (!place.node->is_sequence()) return wrong_kind(place, Shape::kRoute);
    if (place.node->children.empty()) return fault(place, "the route has no step", allowed(Shape::kRoute));
    std::vector<StepSpec> specs;
    const auto names = step_names(*place.node);
    std::vector<std::string> first_name(place.node->children.size());
    for (const auto& name : names)
      if (first_name[name.item].empty()) first_name[name.item] = name.name;
    for (std::size_t i = 0; i < place.node->children.size(); ++i) {
      const auto path =
          first_name[i].empty() ? fmt::format("{}[{}]", place.path, i) : join_path(place.path, first_name[i]);
      specs.push_back(read_step({&place.node->children[i], path}));
    }
    std::unordered_map<std::string, std::uint32_t> ids;
    std::vector<std::string> all_names;
    for (const auto& name : names) {
      if (!specs[name.item].valid) continue;
      good_name(specs[name.item].node->mark, specs[name.item].path, name.name);
      if (!ids.emplace(name.name, product.first_step + product.step_count).second)
        fault({specs[name.item].node, specs[name.item].path}, fmt::format("the step '{}' stands twice", name.name),
              "another name in op");
      all_names.push_back(name.name);
      ++product.step_count;
    }
    if (product.step_count == 0) return;
    std::vector<std::size_t> member(specs.size(), 0);
    const auto route_path = join_path(join_path("products", plant_.product_names[id.value]), "route");
    for (const auto& name : names)
      if (specs[name.item].valid) {
        room(plant_.steps.size(), place, "steps");
        add_step(specs[name.item], member[name.item]++, name.name, join_path(route_path, name.name), id, product);
      }
    std::uint32_t step = product.first_step;
    for (const auto& name : names)
      if (specs[name.item].valid)
        add_branches(specs[name.item], step++, name.name, join_path(route_path, name.name), product, ids, all_names);
    if (faults_.size() == before) check_leaving(place, product);
  }

  StepSpec read_step(const Place& place) {
    StepSpec spec;
    spec.node = place.node;
    spec.path = place.path;
    spec.valid = false;
    if (place.node->is_null()) {
      wrong_kind(place, Shape::kRoute);
      return spec;
    }
    if (!keys(place, Level::kStep, Shape::kRoute)) return spec;
    if (const auto at = child(place, "at")) {
      if (at.node->is_sequence()) {
        if (at.node->children.empty()) fault(at, "the step has no station", allowed(Shape::kStationsOf));
        for (const auto& one : at.node->children)
          for (const auto station : stations_named(at, one)) spec.stations.push_back(station);
        auto sorted = spec.stations;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
          fault(at, "a station stands twice", "each alternative once");
      } else {
        spec.consecutive = at.node->is_scalar() && expand_name(at.node->scalar).grouped;
        spec.stations = stations_named(at, *at.node);
        if (spec.consecutive && spec.stations.size() != expand_name(at.node->scalar).names.size())
          spec.stations.clear();
      }
    }
    if (const auto op = child(place, "op"); op && scalar(op, Shape::kText))
      good_name(op.node->mark, op.path, op.node->scalar);
    if (const auto choose = one_of<ChooseRule>(
            child(place, "choose"), Shape::kChoose,
            {ChooseRule::kShortestQueue, ChooseRule::kEarliestFinish, ChooseRule::kFirst, ChooseRule::kRandom},
            &twin::name_of))
      spec.choose = *choose;
    spec.setup = distribution(child(place, "setup"));
    spec.changeover = distribution(child(place, "changeover"));
    spec.transport = delay(child(place, "transport"));
    if (const auto then = child(place, "then")) spec.branches = read_then(then);
    spec.valid = !spec.stations.empty();
    read_times(place, spec);
    return spec;
  }

  void read_times(const Place& place, StepSpec& spec) {
    spec.times.resize(spec.stations.size());
    const auto time = child(place, "time");
    const auto before = faults_.size();
    if (time && time.node->is_mapping()) {
      spec.times_by_station = true;
      for (const auto& entry : time.node->children) {
        const Place at{&entry, join_path(time.path, entry.key)};
        const auto d = distribution(at);
        for (const auto& name : members(entry.key_mark, at.path, entry.key)) {
          const auto found = station_ids_.find(name);
          const auto where = found == station_ids_.end()
                                 ? spec.stations.end()
                                 : std::find(spec.stations.begin(), spec.stations.end(), StationId{found->second});
          if (where == spec.stations.end()) {
            std::vector<std::string> names;
            for (const auto station : spec.stations) names.push_back(plant_.station_names[station.value]);
            if (spec.valid)
              fault(entry.key_mark, at.path, name,
                    fmt::format("'{}' is no station of this step{}", name, did_you_mean(name, names)), list_of(names));
          } else if (d) {
            spec.times[static_cast<std::size_t>(where - spec.stations.begin())] = *d;
          }
        }
      }
    } else if (time) {
      const auto d = distribution(time);
      std::fill(spec.times.begin(), spec.times.end(), d);
    }
    if (faults_.size() != before) return;
    for (std::size_t i = 0; i < spec.stations.size(); ++i) {
      const auto station = spec.stations[i].value;
      if (spec.times[i] || station_specs_[station]->time) continue;
      fault(place.node->mark, join_path(place.path, "time"), "",
            fmt::format("the step has no time at '{}', and the station gives none", plant_.station_names[station]),
            allowed(Shape::kTimes));
    }
  }

  std::vector<BranchSpec> read_then(const Place& place) {
    std::vector<BranchSpec> out;
    if (!keys(place, Level::kThen, Shape::kThen) || !place.node->is_mapping()) return out;
    const auto before = faults_.size();
    const auto outright = [&](const char* key, auto kind) {
      const auto at = child(place, key);
      if (const auto p = number(at, Shape::kProbability, 0, 1, false))
        out.push_back({fmt::format("then.{}", key), *p, {}, at.node, kind});
    };
    outright("pass", BranchSpec::kPass);
    targets(child(place, "rework"), BranchSpec::kRework, out);
    targets(child(place, "goto"), BranchSpec::kGoto, out);
    outright("leave", BranchSpec::kLeave);
    outright("scrap", BranchSpec::kScrap);
    if (faults_.size() != before) return {};
    double sum = 0;
    for (const auto& branch : out) sum += branch.probability;
    const bool passes = !out.empty() && out.front().kind == BranchSpec::kPass;
    if (sum > 1 + kProbabilityTolerance || (passes && sum < 1 - kProbabilityTolerance)) {
      fault(place, fmt::format("the probabilities sum to {}", number_text(sum)),
            passes ? "a sum of 1" : "a sum of at most 1; the rest passes");
      return {};
    }
    if (!passes && sum < 1 - kProbabilityTolerance)
      out.insert(out.begin(), {"then.pass", 1 - sum, {}, place.node, BranchSpec::kPass});
    if (out.size() == 1 && passes) out.clear();  // on to the next step, for sure
    return out;
  }

  template <class Kind>
  void targets(const Place& place, Kind kind, std::vector<BranchSpec>& out) {
    if (!place) return;
    const bool rework = kind == BranchSpec::kRework;
    const auto shape = rework ? Shape::kThenRework : Shape::kThenGoto;
    const std::string path = rework ? "then.rework" : "then.goto";
    if (place.node->is_scalar()) {
      if (rework) {
        if (const auto p = number(place, shape, 0, 1, false)) out.push_back({path, *p, {}, place.node, kind});
      } else if (is_number(place.node->scalar)) {
        fault(place, "a probability alone names no step", allowed(shape));
      } else {
        out.push_back({path, 1, place.node->scalar, place.node, kind});
      }
      return;
    }
    if (!place.node->is_mapping()) return wrong_kind(place, shape);
    for (const auto& entry : place.node->children) {
      const Place at{&entry, join_path(place.path, entry.key)};
      if (!scalar(at, shape)) continue;
      const bool flipped = is_number(entry.key) && !is_number(entry.scalar);  // 0.05: milling
      Node probability = Node::text(flipped ? entry.key : entry.scalar);
      probability.mark = flipped ? entry.key_mark : entry.mark;
      const auto p = number({&probability, at.path}, Shape::kProbability, 0, 1, false);
      const auto& target = flipped ? entry.scalar : entry.key;
      if (p) out.push_back({join_path(path, target), *p, target, &entry, kind});
    }
  }

  void add_step(const StepSpec& spec, std::size_t member, const std::string& name, const std::string& path,
                ProductId id, const ProductData& product) {
    StepData step;
    step.product = id;
    step.choose = spec.choose;
    step.first_choice = static_cast<std::uint32_t>(plant_.choices.size());
    step.hash = hash_combine(product.hash, hash_name(name));
    if (spec.transport) step.transport = intern(path + ".transport", *spec.transport);
    const auto add_choice = [&](std::size_t i) {
      room(plant_.choices.size(), {spec.node, spec.path}, "alternatives");
      const StationId station = spec.stations[i];
      const auto& own = *station_specs_[station.value];
      const auto station_path = join_path("stations", plant_.station_names[station.value]);
      ChoiceData choice;
      choice.station = station;
      if (spec.times[i]) {
        const auto time_path = path + ".time";
        choice.time =
            intern(spec.times_by_station ? join_path(time_path, plant_.station_names[station.value]) : time_path,
                   *spec.times[i]);
      } else if (own.time) {
        choice.time = intern(station_path + ".time", *own.time);
      }
      if (spec.setup) {
        if (!(*spec.setup == Distribution::deterministic(0))) choice.setup = intern(path + ".setup", *spec.setup);
      } else if (own.setup) {
        choice.setup = intern(station_path + ".setup", *own.setup);
      }
      if (spec.changeover) {
        choice.changeover = intern(path + ".changeover", *spec.changeover);
      } else if (own.changeover) {
        choice.changeover = intern(station_path + ".changeover", *own.changeover);
      }
      plant_.choices.push_back(choice);
    };
    if (spec.consecutive) {
      add_choice(member);
    } else {
      for (std::size_t i = 0; i < spec.stations.size(); ++i) add_choice(i);
    }
    step.choice_count = static_cast<std::uint32_t>(plant_.choices.size()) - step.first_choice;
    plant_.steps.push_back(step);
    plant_.step_names.push_back(name);
  }

  void add_branches(const StepSpec& spec, std::uint32_t step, const std::string& name, const std::string& path,
                    const ProductData& product, const std::unordered_map<std::string, std::uint32_t>& ids,
                    const std::vector<std::string>& names) {
    StepData& data = plant_.steps[step];
    data.first_branch = static_cast<std::uint32_t>(plant_.branches.size());
    for (const auto& branch : spec.branches) {
      BranchData out;
      out.rework = branch.kind == BranchSpec::kRework;
      switch (branch.kind) {
        case BranchSpec::kPass:
          out.target = step + 1 < product.first_step + product.step_count ? step + 1 : BranchData::kLeave;
          break;
        case BranchSpec::kLeave:
          out.target = BranchData::kLeave;
          break;
        case BranchSpec::kScrap:
          out.target = BranchData::kScrap;
          break;
        case BranchSpec::kRework:
        case BranchSpec::kGoto:
          out.target = step_named(branch, branch.target.empty() ? name : branch.target, spec, product, ids, names);
          break;
      }
      plant_.branches.push_back(out);
      plant_.branch_paths.push_back(path + "." + branch.path);
      plant_.parameters.branch_probability.push_back(branch.probability);
    }
    data.branch_count = static_cast<std::uint32_t>(spec.branches.size());
  }

  std::uint32_t step_named(const BranchSpec& branch, const std::string& name, const StepSpec& spec,
                           const ProductData& product, const std::unordered_map<std::string, std::uint32_t>& ids,
                           const std::vector<std::string>& names) {
    if (const auto found = ids.find(name); found != ids.end()) return found->second;
    std::vector<std::uint32_t> at_station;  // a step may also be meant by its only station
    for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s)
      if (plant_.steps[s].choice_count == 1 &&
          plant_.station_names[plant_.choices[plant_.steps[s].first_choice].station.value] == name)
        at_station.push_back(s);
    if (at_station.size() == 1) return at_station.front();
    const Place place{branch.node, spec.path + "." + branch.path};
    if (at_station.empty()) {
      fault(place, fmt::format("there is no step '{}'{}", name, did_you_mean(name, names)), list_of(names));
    } else {
      fault(place, fmt::format("'{}' is the station of {} steps", name, at_station.size()),
            "a step's name: " + list_of(names));
    }
    return BranchData::kLeave;
  }

  /// Lots must be able to leave from wherever they can come.
  void check_leaving(const Place& place, const ProductData& product) {
    const std::size_t n = product.step_count;
    using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;
    Graph graph(n + 1);  // vertex n: outside
    for (std::uint32_t i = 0; i < n; ++i) {
      const StepData& step = plant_.steps[product.first_step + i];
      if (step.branch_count == 0) add_edge(i, i + 1, graph);
      for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
        if (!(plant_.parameters.branch_probability[b] > 0)) continue;
        const auto target = plant_.branches[b].target;
        add_edge(i, target >= BranchData::kScrap ? n : target - product.first_step, graph);
      }
    }
    const auto reach = [](const auto& g, std::size_t from) {
      std::vector<boost::default_color_type> color(num_vertices(g));
      boost::breadth_first_search(g, from, boost::color_map(color.data()));
      return color;
    };
    const auto forward = reach(graph, 0);
    const auto backward = reach(boost::make_reverse_graph(graph), n);
    for (std::size_t i = 0; i < n; ++i)
      if (forward[i] == boost::black_color && backward[i] != boost::black_color) {
        const auto& name = plant_.step_names[product.first_step + i];
        fault(place, fmt::format("lots that come to '{}' never leave the route", name),
              "probabilities with which every lot leaves in the end");
        return;
      }
  }

  void read_arrivals(const Place& place, ProductId id, Tick due, bool good_route) {
    const ProductData& product = plant_.products[id.value];
    const std::string_view text = trimmed(place.node->scalar);
    SourceData source;
    source.product = id;
    source.due_after = due;
    const auto& name = plant_.product_names[id.value];
    source.hash = hash_name("source:" + name);
    const auto path = join_path(join_path("products", name), "arrivals");
    if (text.rfind("every ", 0) == 0) {
      const auto d = read(place, Shape::kArrivals, [&](std::string_view) { return read_distribution(text.substr(6)); });
      if (d && !(d->mean() > 0)) fault(place, "lots that follow each other after no time never end", "a time above 0");
      if (d) source.interarrival = intern(path, *d);
    } else if (text == "saturate") {
      source.kind = SourceKind::kSaturate;
      if (good_route) check_saturated(place, plant_.steps[product.first_step]);
    } else if (text.rfind("conwip(", 0) == 0 && text.back() == ')') {
      source.kind = SourceKind::kConwip;
      Node level = Node::text(std::string(trimmed(text.substr(7, text.size() - 8))));
      level.mark = place.node->mark;
      source.level = static_cast<std::uint32_t>(integer({&level, place.path}, Shape::kCount, 1, 1'000'000).value_or(1));
      if (good_route) check_circulation(place, product);
    } else {
      fault(place,
            fmt::format("'{}' is no way to arrive{}", shown(*place.node),
                        did_you_mean(text.substr(0, text.find_first_of(" (")), {"every", "saturate", "conwip"})),
            allowed(Shape::kArrivals));
      return;
    }
    plant_.sources.push_back(source);
    plant_.source_names.push_back(name);
  }

  [[nodiscard]] bool takes_time(const StepData& step) const {
    const auto lasts = [&](DistributionId id) { return id.valid() && plant_.parameters.mean(id) > 0; };
    if (lasts(step.transport)) return true;
    for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
      if (!lasts(plant_.choices[c].time) && !lasts(plant_.choices[c].setup)) return false;
    return true;
  }

  void check_saturated(const Place& place, const StepData& first) {
    if (first.choice_count > 1)
      fault(place, "a saturating source cannot choose among the alternatives of its first step",
            "one station at the first step");
    if (first.transport.valid())
      fault(place,
            "a saturating source supplies the first machine directly, so there is no transport to the first step",
            "no transport at the first step");
    if (!takes_time(first))
      fault(place, "a first step that takes no time would take in lots without end",
            "a time above 0 at the first step");
  }

  void check_circulation(const Place& place, const ProductData& product) {
    for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s)
      if (takes_time(plant_.steps[s])) return;
    fault(place, "lots that take no time would circulate without end", "a time above 0 at some step");
  }

  // Orders, run, expectations ---------------------------------------------------------------------------------------

  void read_orders(const Place& place) {
    if (!place) return;
    if (!place.node->is_sequence()) return wrong_kind(place, Shape::kOrders);
    struct Named {
      OrderData data;
      std::string name;
      Place id;
    };
    std::vector<Named> orders;
    std::unordered_map<std::string, std::uint32_t> quantities;
    for (std::size_t i = 0; i < place.node->children.size(); ++i) {
      const Place order{&place.node->children[i], fmt::format("{}[{}]", place.path, i)};
      Named out;
      if (read_order(order, out.data, out.name)) {
        out.id = child(order, "id");
        if (!quantities.emplace(out.name, out.data.quantity).second)
          fault(out.id, fmt::format("the order '{}' stands twice", out.name), "each id once");
        orders.push_back(std::move(out));
      }
    }
    for (const auto& order : orders) {
      const auto dash = order.name.rfind('-');
      if (dash == std::string::npos) continue;
      const auto lots_of = quantities.find(order.name.substr(0, dash));
      if (lots_of == quantities.end() || !names_a_lot(std::string_view(order.name).substr(dash + 1), lots_of->second))
        continue;
      fault(order.id, fmt::format("the order '{}' has the name of a lot of the order '{}'", order.name, lots_of->first),
            "an id that is no other order's followed by - and the number of a lot");
    }
    std::stable_sort(orders.begin(), orders.end(),
                     [](const Named& a, const Named& b) { return a.data.release < b.data.release; });
    for (auto& order : orders) {
      plant_.orders.push_back(order.data);
      plant_.order_names.push_back(std::move(order.name));
    }
  }

  /// True when `digits` is how a lot of an order of so many is numbered (lot_name).
  static bool names_a_lot(std::string_view digits, std::uint32_t quantity) {
    if (quantity == 1 || digits.size() != std::max<std::size_t>(2, std::to_string(quantity).size())) return false;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() && number >= 1 && number <= quantity;
  }

  bool read_order(const Place& place, OrderData& order, std::string& name) {
    if (!keys(place, Level::kOrder, Shape::kOrders) || !place.node->is_mapping()) return false;
    const auto id = child(place, "id"), product = child(place, "product");
    if (!id || !product || !scalar(id, Shape::kName) || !scalar(product, Shape::kName)) return false;
    name = id.node->scalar;
    good_name(id.node->mark, id.path, name);
    not_reserved(id.node->mark, id.path, name);
    order.hash = hash_name("order:" + name);
    const auto found = product_ids_.find(product.node->scalar);
    if (found == product_ids_.end()) {
      fault(product,
            fmt::format("there is no product '{}'{}", shown(*product.node),
                        did_you_mean(product.node->scalar, plant_.product_names)),
            list_of(plant_.product_names));
      return false;
    }
    order.product = ProductId{found->second};
    order.quantity =
        static_cast<std::uint32_t>(integer(child(place, "quantity"), Shape::kCount, 1, 1'000'000).value_or(1));
    const auto release = child(place, "release"), due = child(place, "due");
    order.release = instant(release, Shape::kStart).value_or(0);
    if (order.release < 0) {
      fault(release, "the release lies before the epoch", fmt::format("from {}", format_wall_time(plant_.epoch)));
      order.release = 0;
    }
    const Tick after = product_due_[found->second];
    if (due)
      order.due = instant(due, Shape::kStart).value_or(kNever);
    else if (after < kNever)
      order.due = std::min(kNever, order.release + after);
    order.priority =
        static_cast<std::int32_t>(integer(child(place, "priority"), Shape::kInteger, -1'000'000'000, 1'000'000'000)
                                      .value_or(plant_.products[found->second].priority));
    return true;
  }

  void read_run(const Place& place) {
    if (!place || !keys(place, Level::kRun, Shape::kRun)) return;
    auto& run = plant_.run;
    run.warmup = duration(child(place, "warmup")).value_or(0);
    const auto until = child(place, "until");
    run.until = instant(until, Shape::kEnd).value_or(kNever);
    if (until && run.until <= 0)
      fault(until, "the run would end before it begins", "a time after the epoch");
    else if (run.until <= run.warmup)
      fault(until ? until : place, "the run ends before its warmup does",
            fmt::format("after {}", format_duration(Duration{run.warmup})));
    run.replications = static_cast<int>(integer(child(place, "replications"), Shape::kCount, 1, 1'000'000).value_or(1));
    if (const auto seed = child(place, "seed"); seed && scalar(seed, Shape::kSeed)) {
      const auto& text = seed.node->scalar;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), run.seed);
      if (error != std::errc{} || end != text.data() + text.size()) wrong_kind(seed, Shape::kSeed);
    }
  }

  void read_expect(const Place& place) {
    if (!place) return;
    if (!place.node->is_mapping()) return wrong_kind(place, Shape::kExpect);
    for (const auto& entry : place.node->children) {
      const Place at{&entry, join_path(place.path, entry.key)};
      if (const auto value = read(at, Shape::kExpect, read_si)) plant_.expect[entry.key] = *value;
      const auto dot = entry.key.rfind('.');
      if (dot == std::string::npos || dot == 0 || dot + 1 == entry.key.size())
        fault(entry.key_mark, at.path, entry.key, fmt::format("'{}' names no metric", entry.key),
              "what.quantity, as in part.cycle_time");
    }
  }

  void read_what_if(const Place& place) {
    if (!place) return;
    if (!place.node->is_mapping()) return wrong_kind(place, Shape::kWhatIf);
    const auto tops = key_names(Level::kTop);
    for (const auto& scenario : place.node->children) {
      const Place at{&scenario, join_path(place.path, scenario.key)};
      if (scenario.is_null()) continue;
      if (!scenario.is_mapping()) {
        wrong_kind(at, Shape::kWhatIf);
        continue;
      }
      for (const auto& change : scenario.children) {
        const auto refuse = [&](const std::string& message, const std::string& allowed_text) {
          fault(change.key_mark, at.path, change.key, message, allowed_text);
        };
        try {
          const auto parts = parse_path(change.key);
          if (parts.empty() || std::find(tops.begin(), tops.end(), parts.front().name) == tops.end())
            refuse(fmt::format("'{}' starts at no key of a plant{}", change.key,
                               did_you_mean(parts.empty() ? "" : parts.front().name, tops)),
                   list_of(tops));
        } catch (const InvalidArgument& error) {
          refuse(error.what(), "");
        }
      }
    }
  }

  /// A plant in which nothing can ever happen is a mistake.
  void check_demand(const Place& top) {
    const auto orders = child(top, "orders");
    const bool ordered = orders && !(orders.node->is_sequence() && orders.node->children.empty());
    const bool arriving = std::any_of(product_nodes_.begin(), product_nodes_.end(), [](const Node* product) {
      const Node* arrivals = product->find("arrivals");
      return arrivals != nullptr && !arrivals->is_null();
    });
    if (product_nodes_.empty() || ordered || arriving) return;
    fault(child(top, "products"), "no product is ever made: none has arrivals, and there are no orders",
          "arrivals: of a product, or orders:");
  }

  const Document& document_;
  PlantData plant_;
  std::vector<Fault> faults_;
  std::set<std::string> seen_;
  Tick zone_ = 0;
  std::unordered_map<std::string, std::uint32_t> calendar_ids_, station_ids_, machine_ids_, product_ids_,
      distribution_ids_;
  std::vector<const Node*> product_nodes_;
  std::vector<Tick> product_due_;
  std::vector<std::shared_ptr<const StationSpec>> station_specs_;
};

}  // namespace

PlantData compile(const Document& document) { return Loader(document).run(); }

std::uint64_t digest_of(const PlantData& p) {
  std::uint64_t h = hash_name("twin plant 1");
  const auto add = [&](auto value) { h = hash_combine(h, static_cast<std::uint64_t>(value)); };
  const auto add_names = [&](const std::vector<std::string>& names) {
    add(names.size());
    for (const auto& name : names) add(hash_name(name));
  };
  for (const auto* names : {&p.station_names, &p.machine_names, &p.product_names, &p.step_names, &p.source_names,
                            &p.order_names, &p.calendar_names, &p.distribution_paths, &p.branch_paths})
    add_names(*names);
  for (const auto& s : p.stations) {
    add(s.first_machine), add(s.machine_count), add(s.rule), add(s.places), add(s.lose_when_full),
        add(s.priority_table);
  }
  for (const auto& m : p.machines) add(m.station.value), add(m.calendar.value), add(m.first_mode), add(m.mode_count);
  for (const auto& m : p.modes) add(m.of_work), add(m.limit), add(m.after.value), add(m.repair.value);
  for (const auto& x : p.products) add(x.first_step), add(x.step_count), add(x.priority);
  for (const auto& s : p.steps) {
    add(s.product.value), add(s.first_choice), add(s.choice_count), add(s.first_branch), add(s.branch_count),
        add(s.choose);
    add(s.transport.value);
  }
  for (const auto& c : p.choices) add(c.station.value), add(c.time.value), add(c.setup.value), add(c.changeover.value);
  for (const auto& b : p.branches) add(b.target), add(b.rework);
  for (const auto& s : p.sources)
    add(s.product.value), add(s.kind), add(s.interarrival.value), add(s.level), add(s.due_after);
  for (const auto& o : p.orders) add(o.product.value), add(o.quantity), add(o.release), add(o.due), add(o.priority);
  for (const auto& c : p.calendars) add(c.first_point), add(c.point_count);
  for (const auto t : p.calendar_points) add(t);
  for (const auto v : p.product_priority) add(v);
  add(p.epoch.time_since_epoch().count());
  return h;
}

}  // namespace twin::model_detail
