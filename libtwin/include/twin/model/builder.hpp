/// Building a plant in calls that say what a scenario file says in keys.
///
///     const auto plant = PlantBuilder{"cell"}
///         .station("mill").machines(2).queue_places(5)
///         .product("part").step({.at = "mill", .time = Distribution::exponential(48)})
///                         .arrivals_every(Distribution::exponential(60))
///         .run({.until = 100h})
///         .build();
///
/// A builder fills in a `Document`; `build()` gives it to the same checks a file goes through, so all faults come at
/// once and a plant from code equals a plant from text. What has no call of its own is reached by `set(path, yaml)`.
#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "twin/base/distribution.hpp"
#include "twin/base/time.hpp"
#include "twin/model/document.hpp"
#include "twin/model/plant.hpp"

namespace twin {

/// One station, a range such as `m[1..20]`, or alternatives.
struct StationNames {
  StationNames(const char* name) : names{name} {}                                          // NOLINT: meant to convert
  StationNames(std::string name) : names{std::move(name)} {}                               // NOLINT
  StationNames(std::initializer_list<const char*> all) : names(all.begin(), all.end()) {}  // NOLINT
  StationNames(std::vector<std::string> all) : names(std::move(all)) {}                    // NOLINT
  std::vector<std::string> names;
};

/// A time: a distribution of seconds, or its text such as `exponential(48 s)`, which build() checks with the rest.
class TimeText {
 public:
  TimeText(const Distribution& seconds) : text_(seconds.text()) {}  // NOLINT: meant to convert
  TimeText(std::string text) : text_(std::move(text)) {}            // NOLINT
  TimeText(const char* text) : text_(text) {}                       // NOLINT
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Where lots go after a step; what is left of the probabilities passes.
struct ThenOptions {
  std::vector<std::pair<std::string, double>> rework = {};  ///< step, probability
  std::vector<std::pair<std::string, double>> go_to = {};   ///< step, probability
  double leave = 0;
  double scrap = 0;
};

struct StepOptions {
  StationNames at;
  std::optional<TimeText> time = {};  ///< at speed 1; else the station's
  std::string op = {};
  std::optional<TimeText> setup = {};
  std::optional<TimeText> changeover = {};  ///< instead of setup after another step
  std::optional<TimeText> transport = {};
  ChooseRule choose = ChooseRule::kShortestQueue;
  ThenOptions then = {};
};

struct OrderOptions {
  std::string id;
  std::string product;
  int quantity = 1;
  Duration release = {};             ///< since the epoch
  std::optional<Duration> due = {};  ///< since the epoch
  std::optional<int> priority = {};
};

struct RunOptions {
  Duration warmup = {};
  std::optional<Duration> until = {};
  int replications = 1;
  std::uint64_t seed = 0;
};

class StationBuilder;
class ProductBuilder;

/// Collects what exists. A value; it stays usable after `build()`, also when that throws.
class PlantBuilder {
 public:
  explicit PlantBuilder(std::string name = "plant") : document_(Node::mapping(), std::move(name)) {}

  /// The station of that name, made if new.
  StationBuilder station(const std::string& name);
  /// The product of that name, made if new.
  ProductBuilder product(const std::string& name);
  /// Hours by day or days: {{"mon-fri", "06:00-22:00"}, {"sat", "06:00-14:00"}}.
  PlantBuilder& calendar(const std::string& name, const std::vector<std::pair<std::string, std::string>>& hours);
  PlantBuilder& order(const OrderOptions& order);
  PlantBuilder& epoch(WallTime epoch);
  PlantBuilder& run(const RunOptions& run);
  /// A value in SI that a simulation must reproduce.
  PlantBuilder& expect(const std::string& metric, double value);
  /// The same with its unit: `240 s`.
  PlantBuilder& expect(const std::string& metric, const std::string& value);
  /// Anything, by its path and YAML text. \throws InvalidArgument \throws PlantError
  PlantBuilder& set(std::string_view path, std::string_view yaml);

  [[nodiscard]] const Document& document() const noexcept { return document_; }
  /// \throws PlantError with all faults
  [[nodiscard]] Plant build() const { return Plant::from_document(document_); }

 private:
  friend class StationBuilder;
  friend class ProductBuilder;
  Node& element(const char* collection, const std::string& name);
  Document document_;
};

/// The calls of the whole builder, so that a chain may go on to the next element.
template <class Self>
class BuilderLink {
 public:
  StationBuilder station(const std::string& name);
  ProductBuilder product(const std::string& name);
  PlantBuilder& calendar(const std::string& name, const std::vector<std::pair<std::string, std::string>>& hours) {
    return plant_->calendar(name, hours);
  }
  PlantBuilder& order(const OrderOptions& order) { return plant_->order(order); }
  PlantBuilder& run(const RunOptions& run) { return plant_->run(run); }
  PlantBuilder& set(std::string_view path, std::string_view yaml) { return plant_->set(path, yaml); }
  [[nodiscard]] Plant build() const { return plant_->build(); }

 protected:
  BuilderLink(PlantBuilder& plant, std::string name) : plant_(&plant), name_(std::move(name)) {}
  PlantBuilder* plant_;
  std::string name_;
};

/// Says more about one station. Holds a reference to its builder.
class StationBuilder : public BuilderLink<StationBuilder> {
 public:
  StationBuilder& machines(int count);
  /// Adds a machine by name.
  StationBuilder& machine(const std::string& name, std::optional<double> speed = {},
                          const std::string& calendar_name = "");
  StationBuilder& queue_places(int places);
  StationBuilder& queue_rule(QueueRule rule);
  /// Products in this order first, those not named last.
  StationBuilder& queue_priority(const std::vector<std::string>& products);
  StationBuilder& lose_when_full();
  /// Adds a way to fail; of work, or else of time on the clock.
  StationBuilder& failure(const TimeText& after, const TimeText& repair, bool of_work = true);
  StationBuilder& works_in(const std::string& calendar_name);
  StationBuilder& time(const TimeText& time);
  StationBuilder& setup(const TimeText& time);
  StationBuilder& changeover(const TimeText& time);
  StationBuilder& speed(double factor);

 private:
  friend class PlantBuilder;
  using BuilderLink::BuilderLink;
  Node& node() { return plant_->element("stations", name_); }
};

/// Says more about one product.
class ProductBuilder : public BuilderLink<ProductBuilder> {
 public:
  ProductBuilder& step(const StepOptions& step);
  ProductBuilder& arrivals_every(const TimeText& time);
  ProductBuilder& saturate();
  ProductBuilder& conwip(int lots);
  ProductBuilder& priority(int value);
  ProductBuilder& due(Duration after_release);
  ProductBuilder& family(const std::string& name);

 private:
  friend class PlantBuilder;
  using BuilderLink::BuilderLink;
  Node& node() { return plant_->element("products", name_); }
};

template <class Self>
StationBuilder BuilderLink<Self>::station(const std::string& name) {
  return plant_->station(name);
}
template <class Self>
ProductBuilder BuilderLink<Self>::product(const std::string& name) {
  return plant_->product(name);
}

}  // namespace twin
