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

/// One station, a range such as `m[1..20]`, or alternatives; none for a step of parallel branches.
struct StationNames {
  StationNames() = default;
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

/// A number of lots: a number, a distribution of numbers, or its text, which build() checks with the rest.
class CountText {
 public:
  CountText(int count) : text_(std::to_string(count)) {}               // NOLINT: meant to convert
  CountText(const Distribution& numbers) : text_(numbers.text("")) {}  // NOLINT
  CountText(std::string text) : text_(std::move(text)) {}              // NOLINT
  CountText(const char* text) : text_(text) {}                         // NOLINT
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// So much of each, by name: `"setter"`, or `{{"setter", 1}, {"bar", 2}}`. Nothing said unless given.
class Amounts {
 public:
  Amounts() = default;
  Amounts(std::initializer_list<std::pair<std::string, int>> all) : all_(std::in_place, all) {}
  Amounts(std::vector<std::pair<std::string, int>> all) : all_(std::move(all)) {}  // NOLINT: meant to convert
  Amounts(const char* name) : Amounts{{name, 1}} {}                                // NOLINT
  Amounts(const std::string& name) : Amounts{{name, 1}} {}                         // NOLINT
  /// Nothing at all, also where the station says something.
  [[nodiscard]] static Amounts none() { return std::vector<std::pair<std::string, int>>{}; }
  /// Empty where nothing was said.
  [[nodiscard]] const std::optional<std::vector<std::pair<std::string, int>>>& said() const noexcept { return all_; }

 private:
  std::optional<std::vector<std::pair<std::string, int>>> all_;
};

/// What becomes of a lot that has waited for too long: `scrap`, `leave` or `stay`, or back to a step.
class OverdueRule {
 public:
  OverdueRule(const char* rule) : text_(rule) {}             // NOLINT: meant to convert
  OverdueRule(std::string rule) : text_(std::move(rule)) {}  // NOLINT
  [[nodiscard]] static OverdueRule rework(std::string step) {
    OverdueRule rule(std::move(step));
    rule.is_step_ = true;
    return rule;
  }
  [[nodiscard]] bool is_step() const noexcept { return is_step_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  bool is_step_ = false;
};

/// Where lots go after a step; what is left of the probabilities passes.
struct ThenOptions {
  std::vector<std::pair<std::string, double>> rework = {};  ///< step, probability
  std::vector<std::pair<std::string, double>> go_to = {};   ///< step, probability
  double leave = 0;
  double scrap = 0;
  std::optional<int> limit = {};  ///< times that one lot is sent back from here at most; unlimited unless given
  std::string beyond = {};        ///< what becomes of it then: scrap (unless given), pass, leave
  std::string beyond_step = {};   ///< or the step to which it goes
};

/// One lot of so many takes a step: of those that come, the `first`, and each so many after it.
struct SampleOptions {
  int every = 1;
  std::optional<int> first = {};  ///< as `every` unless given
};

/// How long after the end of a step another one begins at most.
struct WithinOptions {
  std::string of;
  Duration time{};
};

struct StepOptions {
  StationNames at = {};
  std::optional<TimeText> time = {};  ///< at speed 1; else the station's
  std::string op = {};
  std::optional<TimeText> setup = {};
  std::optional<TimeText> changeover = {};  ///< instead of setup after another step
  std::optional<TimeText> transport = {};
  ChooseRule choose = ChooseRule::kShortestQueue;
  ThenOptions then = {};
  std::vector<std::pair<std::string, TimeText>> times = {};  ///< by station, instead of `time`
  Amounts needs = {};                                        ///< operators and tools held while a machine runs
  Amounts uses = {}, makes = {};                             ///< material taken and made
  std::string family = {};                                   ///< kind of work; else the product's
  std::optional<TimeText> max_wait = {};                     ///< in the queue; for ever unless given
  std::optional<OverdueRule> if_overdue = {};                ///< scrap unless given
  std::string choose_by = {};                                ///< formula among alternatives, instead of `choose`
  std::string same_as = {};                                  ///< an earlier step: done on the machine that did that
  std::string same_station_as = {};                          ///< or at its station
  std::optional<double> only = {};                           ///< probability with which a lot takes this step
  std::optional<SampleOptions> sample = {};                  ///< or one lot in so many
  std::optional<WithinOptions> within = {};                  ///< instead of `max_wait`: from the end of a step
  /// Instead of a station: branches by name, each with its steps, done at the same time.
  std::vector<std::pair<std::string, std::vector<StepOptions>>> parallel = {};
};

/// A way to fail.
struct FailureOptions {
  TimeText after;              ///< from repair to failure
  TimeText repair;             ///< how long it takes
  bool of_work = true;         ///< `after` is time of work, else of time on the clock
  std::optional<int> times{};  ///< how often at most; for ever unless given
  Amounts needs = {};          ///< operators and tools that the repair waits for and holds
  std::string machine = {};    ///< of this machine, named before; else of each of the station's
  std::string name = {};       ///< for maintenance that renews it
};

/// What is done regularly to a machine, between operations.
struct MaintenanceOptions {
  std::string every;                     ///< as a file has it: `100 h of work`, `1 w of calendar`, `500 of lots`
  TimeText takes;                        ///< how long it takes
  std::string window = {};               ///< done so long before it is due while the machine does not work: `20 h`
  Amounts needs = {};                    ///< operators and tools that it waits for and holds
  std::vector<std::string> renews = {};  ///< failures that age anew afterwards
};

/// One of the states that a machine wears through.
struct WearState {
  std::string state;
  std::optional<TimeText> lasts = {};   ///< until the next; for ever unless given
  double speed = 1;                     ///< of operations that begin in it
  double scrap = 0;                     ///< probability that an operation that ends in it spoils its lot
  std::optional<TimeText> repair = {};  ///< the machine is repaired for so long
  bool when_free = false;               ///< as soon as no work is under way, else at once
  Amounts needs = {};                   ///< operators and tools that the repair waits for and holds
};

/// Setup times by kind of work before and after: {{"A", {{"B", "20 min"}, {"C", "5 min"}}}}.
using SetupMatrix = std::vector<std::pair<std::string, std::vector<std::pair<std::string, TimeText>>>>;

struct SetupOptions {
  SetupMatrix matrix = {};
  std::optional<TimeText> same = {};       ///< between lots of one kind that the matrix does not give; else 0
  std::optional<TimeText> otherwise = {};  ///< between kinds that the matrix does not give; else 0
  std::optional<TimeText> first = {};      ///< of a machine that has done nothing yet; else 0
  int min_run = 1;                         ///< lots of one kind that a machine does at least, while there are any
  std::optional<TimeText> teardown = {};   ///< before the setup for another kind; else 0
  std::vector<std::pair<std::string, TimeText>> teardowns = {};  ///< by the kind torn down, instead
};

struct BatchOptions {
  int max = 1;                        ///< lots that a machine takes at once
  int min = 1;                        ///< lots with which it begins; fewer wait for more
  std::optional<Duration> wait = {};  ///< a lot that has waited so long is taken with fewer; for ever unless given
  std::string by = {};                ///< what its lots have in common: op (unless given), product, family
};

/// When and how much of a material is ordered from its supplier: up to a level, or of a lot.
struct ReorderOptions {
  int at = 0;                           ///< ordered when what is at hand and on order is so much or less
  std::optional<int> up_to = {};        ///< an order brings it up to this
  std::optional<int> lot = {};          ///< instead: the least multiple of this that brings it above `at`
  std::optional<Duration> review = {};  ///< looked at only once each such time; always unless given
  std::optional<TimeText> lead = {};    ///< from the order to the delivery; none unless given
  std::string cost = {};                ///< of each order, as in `64 EUR`
};

struct MaterialOptions {
  int level = 0;                        ///< at the start
  std::optional<int> places = {};       ///< how much fits; unlimited unless given
  std::optional<TimeText> supply = {};  ///< time between deliveries; none unless given
  int lot = 1;                          ///< how much comes each time
  std::optional<ReorderOptions> reorder = {};
  std::string price = {}, holding = {}, shortage = {};  ///< costs, as in `2 EUR` and `1 EUR/d`; none unless given
};

/// What becomes of an order at an instant.
struct OrderChange {
  Duration at = {};                  ///< since the epoch
  std::optional<int> priority = {};  ///< from then on
  std::optional<Duration> due = {};  ///< since the epoch
  std::optional<int> quantity = {};  ///< lots in all
  std::string cancel = {};           ///< now or finish
  std::string to = {};               ///< an order for which the lots count from then on
  std::optional<int> lots = {};      ///< of the open lots the first so many; all unless given
};

struct OrderOptions {
  std::string id;
  std::string product;
  int quantity = 1;
  Duration release = {};             ///< since the epoch
  std::optional<Duration> due = {};  ///< since the epoch
  std::optional<int> priority = {};
  std::vector<OrderChange> changes = {};
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
  /// People by name: how many, when they are there (always unless given), what they can do beside what their name says.
  PlantBuilder& operators(const std::string& name, int count = 1, const std::string& calendar_name = "",
                          const std::vector<std::string>& skills = {});
  /// Fixtures, tools and other things of which there are so many; as operators.
  PlantBuilder& tools(const std::string& name, int count = 1, const std::string& calendar_name = "",
                      const std::vector<std::string>& skills = {});
  /// What operations use up and make.
  PlantBuilder& material(const std::string& name, const MaterialOptions& material = {});
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
  void pool(const char* collection, const std::string& name, int count, const std::string& calendar_name,
            const std::vector<std::string>& skills);
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
  PlantBuilder& operators(const std::string& name, int count = 1, const std::string& calendar_name = "",
                          const std::vector<std::string>& skills = {}) {
    return plant_->operators(name, count, calendar_name, skills);
  }
  PlantBuilder& tools(const std::string& name, int count = 1, const std::string& calendar_name = "",
                      const std::vector<std::string>& skills = {}) {
    return plant_->tools(name, count, calendar_name, skills);
  }
  PlantBuilder& material(const std::string& name, const MaterialOptions& material = {}) {
    return plant_->material(name, material);
  }
  PlantBuilder& order(const OrderOptions& order) { return plant_->order(order); }
  PlantBuilder& epoch(WallTime epoch) { return plant_->epoch(epoch); }
  PlantBuilder& run(const RunOptions& run) { return plant_->run(run); }
  PlantBuilder& expect(const std::string& metric, double value) { return plant_->expect(metric, value); }
  PlantBuilder& expect(const std::string& metric, const std::string& value) { return plant_->expect(metric, value); }
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
                          const std::string& calendar_name = "", const std::vector<std::string>& does = {});
  StationBuilder& queue_places(int places);
  StationBuilder& queue_rule(QueueRule rule);
  /// The same as a file has it: `atc(k=2)`, `expr(due - now - remaining_work)`.
  StationBuilder& queue_rule(const std::string& rule);
  /// Products in this order first, those not named last.
  StationBuilder& queue_priority(const std::vector<std::string>& products);
  StationBuilder& lose_when_full();
  /// Lots that come first by the rule take machines from others. \param then  what becomes of these: resume, restart
  StationBuilder& preempt(const std::string& then = "resume");
  /// Adds a way to fail; of work, or else of time on the clock.
  StationBuilder& failure(const TimeText& after, const TimeText& repair, bool of_work = true);
  StationBuilder& failure(const FailureOptions& failure);
  StationBuilder& maintenance(const MaintenanceOptions& maintenance);
  /// States in their order, counted in work, or else in time on the clock.
  StationBuilder& degradation(const std::vector<WearState>& states, bool of_work = true);
  StationBuilder& works_in(const std::string& calendar_name);
  StationBuilder& time(const TimeText& time);
  StationBuilder& setup(const TimeText& time);
  StationBuilder& changeover(const TimeText& time);
  /// Setup times between kinds of work, by family, product or op; instead of one time before each lot.
  StationBuilder& setup_by(const std::string& by, const SetupOptions& setup);
  /// Lets each machine take several lots of one kind at once.
  StationBuilder& batch(const BatchOptions& batch);
  /// Adds operators or tools held while a machine runs, of steps that say nothing of them.
  StationBuilder& needs(const std::string& name, int amount = 1);
  /// Adds material taken as an operation begins, of steps that say nothing of it.
  StationBuilder& uses(const std::string& material, int amount = 1);
  /// Adds material made as an operation ends, of steps that say nothing of it.
  StationBuilder& makes(const std::string& material, int amount = 1);
  /// Lets each machine go round its kinds of work, also when none waits. \param serve  `gated`, `limited(3)`
  StationBuilder& polling(const TimeText& change, const std::string& serve = "exhaustive", const std::string& by = "");
  /// Begins an operation only when there is room where its lot goes next.
  StationBuilder& block_before();
  /// Begins and ends operations at multiples of this time only.
  StationBuilder& cycle(Duration cycle);
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
  /// So many lots each time.
  ProductBuilder& arrivals_every(const TimeText& time, const CountText& lots);
  ProductBuilder& saturate();
  ProductBuilder& conwip(int lots);
  ProductBuilder& priority(int value);
  ProductBuilder& due(Duration after_release);
  /// The same as a file has it: `twk(5)`, `slk(2 d)`, `ran(uniform(1, 3 d))`.
  ProductBuilder& due(const std::string& rule);
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
