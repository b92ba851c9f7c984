/// The loader: reads a document into a plant's arrays. Each part of a scenario file has a source of its own.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "calendar_impl.hpp"
#include "reader_impl.hpp"
#include "twin/base/distribution.hpp"
#include "twin/model/plant.hpp"

namespace twin::model_detail {

/// So many of one of several pools.
struct NeedSpec {
  std::vector<std::uint32_t> pools;
  std::int32_t amount = 1;
};

/// How a material is ordered.
struct ReorderSpec {
  ReorderData data;
  std::optional<Distribution> lead;
};
/// How tools wear out.
struct LifeSpec {
  LifeData data;
  std::optional<Distribution> life, regrind, delivery;
};
/// How long operators walk from one station to another.
struct WalkSpec {
  std::uint32_t pool = kNone;
  Place place;
};
/// Money: of a unit used, of an order, and per second of a unit at hand and of one that is short.
struct MaterialRates {
  double price = 0, order = 0, stock = 0, shortage = 0;
};

/// What makes kinds of work at a station.
enum class KindBy : unsigned char { kNone, kFamily, kProduct, kOp };

struct SetupCell {
  std::string from, to, path;
  Distribution time;
  const Node* node = nullptr;
};
struct SetupSpec {
  std::vector<SetupCell> cells;
  std::optional<Distribution> same, otherwise, first;
  std::optional<Distribution> teardown;  ///< of any kind
  std::vector<SetupCell> teardowns;      ///< by kind, in `from`
};

struct FailureSpec {
  Distribution after, repair;
  std::vector<NeedSpec> crew;
  Ageing ages = Ageing::kWork;
  Interruption lot = Interruption::kPause;
  std::uint64_t limit = UINT64_MAX;
  std::string name;
};

/// What is done regularly.
struct MaintenanceSpec {
  Distribution every, takes;
  std::vector<NeedSpec> crew;
  Ageing ages = Ageing::kUse;
  bool dated = false;
  Tick window = 0;
  std::vector<std::string> renews;
  Place renews_at;
};

/// One state that machines wear through.
struct DegradationSpec {
  std::string state;
  LevelData data;
  std::optional<Distribution> lasts, repair;
  std::vector<NeedSpec> crew;
};

struct MachineSpec {
  std::string name;
  std::optional<double> speed;
  std::optional<CalendarId> calendar;
  std::optional<std::vector<FailureSpec>> failures;
  std::optional<std::vector<const Node*>> does;
  std::string does_path;
};

/// What a station's keys say, before its group is told apart into members.
struct StationSpec {
  StationData data;
  std::vector<MachineSpec> machines;  ///< empty: `count` unnamed ones
  std::uint32_t count = 1;
  std::vector<FailureSpec> failures;
  std::vector<MaintenanceSpec> maintenance;
  std::vector<DegradationSpec> degradation;
  Ageing wears_by = Ageing::kWork;
  CalendarId calendar;
  std::optional<Distribution> time, setup, changeover, polling_change;
  std::optional<SetupSpec> setups;
  KindBy by = KindBy::kNone;
  std::vector<NeedSpec> needs, uses, makes;
  std::array<double, kRateConditions> power{}, cost{};  ///< W, and money per second, by condition
  double speed = 1;
};

enum class BranchKind : unsigned char { kPass, kRework, kGoto, kLeave, kScrap };

struct BranchSpec {
  std::string path;  ///< below the step: `then.rework.milling`
  double probability = 0;
  std::string target;  ///< of rework and goto
  const Node* node = nullptr;
  BranchKind kind = BranchKind::kPass;
};

struct StepSpec {
  std::vector<StationId> stations;  ///< alternatives; or the members of a range, one step each
  bool consecutive = false;
  std::vector<std::optional<Distribution>> times;  ///< by station
  bool times_by_station = false;
  std::optional<Distribution> setup, changeover, transport, patience;
  ChooseRule choose = ChooseRule::kShortestQueue;
  std::vector<BranchSpec> branches;
  std::optional<std::vector<NeedSpec>> needs, uses, makes;
  std::vector<NeedSpec> holds;
  std::vector<std::uint32_t> returns;  ///< pools
  Place returns_at;
  std::string family;
  std::uint32_t impatient = BranchData::kScrap;  ///< unless `overdue` names a step
  BranchSpec overdue;                            ///< rework of lots that waited too long; else without node
  std::vector<Place> parallel;                   ///< lists of steps
  Way way = Way::kDirect;
  std::vector<std::uint32_t> carriers;  ///< one for all stations, or one for each of a range
  Place sublot;                         ///< list of steps
  std::uint32_t sublots = 0;
  BranchSpec same_as, window_of, beyond;  ///< earlier steps, and where lots go that may not be sent back; or none
  bool same_station = false;
  bool passes_beyond = false;
  Tick window = kNever;
  double only = 1;
  std::uint32_t sample_every = 0, sample_first = 0;  ///< 0: all lots
  std::uint32_t rework_limit = UINT32_MAX;
  std::uint32_t beyond_target = BranchData::kScrap;  ///< unless `beyond` names a step, or it passes
  std::uint32_t choose_expression = kNone;
  const Node* node = nullptr;
  std::string path;
  bool valid = true;
};

/// The steps of one list, by name.
struct StepNames {
  std::unordered_map<std::string, std::uint32_t> ids;
  std::vector<std::string> names;
  std::vector<std::uint32_t> steps;
};

/// One reading of one document.
class PlantLoader : private Reader {
 public:
  PlantLoader(const Document& document, std::vector<Fault> found);

  /// \throws PlantError with every fault found
  [[nodiscard]] PlantData run();

 private:
  // The whole: loader.cpp ---------------------------------------------------------------------------------------------

  void read_all();
  /// An instant, or a span since the epoch.
  std::optional<Tick> instant(const Place& place, Shape shape);
  DistributionId intern(const std::string& path, const Distribution& d);

  // Calendars: loader_calendars.cpp -----------------------------------------------------------------------------------

  void read_calendars(const Place& place);
  void read_calendar(const Place& place, CalendarData& calendar);
  /// Dates with hours of their own, by day since 1970.
  std::map<std::int64_t, DayHours> read_exceptions(const Place& place);
  void tell_hours(CalendarData& calendar, const Zone& zone, const std::vector<DayHours>& week,
                  const std::map<std::int64_t, DayHours>& exceptions);
  DayHours day_hours(const Place& place);
  std::optional<CalendarId> calendar(const Place& place);

  // Stations: loader_stations.cpp -------------------------------------------------------------------------------------

  void read_stations(const Place& place);
  StationSpec read_station(const Place& place);
  void read_queue(const Place& place, StationData& station);
  void read_rule(const Place& place, StationData& station);
  void read_setup(const Place& place, StationSpec& spec);
  void read_matrix(const Place& place, SetupSpec& setup);
  void read_batch(const Place& place, StationSpec& spec);
  void read_polling(const Place& place, StationSpec& spec);
  KindBy kind_by(const Place& place, KindBy otherwise);
  void read_product_priority(const Place& place, std::string_view text, StationData& station);
  std::vector<FailureSpec> read_failures(const Place& place);
  // Maintenance and states: loader_care.cpp
  std::vector<MaintenanceSpec> read_maintenance(const Place& place);
  void read_degradation(const Place& place, StationSpec& spec);
  void check_renewals(const StationSpec& spec, const std::vector<FailureSpec>& failures);
  void add_care(MachineData& data, const std::string& path, const StationSpec& spec,
                const std::vector<FailureSpec>& failures);
  void read_machines(const Place& place, StationSpec& spec);
  void read_does(const Place& place, MachineSpec& machine);
  void add_station(const Place& place, const std::string& name, const std::shared_ptr<const StationSpec>& shared);
  void add_machine(const Place& place, StationId station, const std::string& station_path, const std::string& name,
                   const StationSpec& spec, const MachineSpec& machine);
  std::vector<StationId> stations_named(const Place& place, const Node& node);

  // Operators, tools, material, and kinds of work: loader_pools.cpp
  // ----------------------------------------------------

  void read_pools(const Place& place, bool tools);
  /// Walking times, once stations are known.
  void read_walks();
  std::optional<LifeSpec> read_life(const Place& place, bool tools, const PoolData& pool);
  void add_life(const std::string& path, std::uint32_t pool, const LifeSpec& spec);
  void read_materials(const Place& place);
  ReorderSpec read_reorder(const Place& place, const PoolData& pool, MaterialRates& rates);
  bool name_pool(const Place& place, const std::string& name, const PoolData& pool);
  std::vector<NeedSpec> read_needs(const Place& place, bool material);
  void read_carriers(const Place& place, StepSpec& spec);
  /// Tools that lots hold are no machine's, and come back; those that wear out are machines' only.
  void check_carriers(const Place& top);
  Needs add_needs(const std::vector<NeedSpec>& specs);
  /// Numbers the kinds of work of each station, once all steps are known.
  void number_kinds();
  [[nodiscard]] const std::string& kind_name(KindBy by, const StepData& step, std::uint32_t index) const;
  void add_setups(StationId station, const SetupSpec& setup);
  /// Energy and money: loader_rates.cpp
  void read_rates(const Place& place, Shape shape, std::array<double, kRateConditions>& rates);
  std::optional<double> rate(const Place& place, Shape shape);
  void add_rates();
  /// What the engine looks at before it looks closer.
  void summarise();

  // What brings lots to a step: loader_transport.cpp ------------------------------------------------------------------

  void read_conveyors(const Place& place);
  std::optional<BeltData> read_conveyor(const Place& place);
  void read_transport(const Place& place, StepSpec& spec);
  /// Once all steps are known: no machine waits for room on a belt before it begins.
  void check_conveyors(const Place& place);
  void read_paths(const Place& place);
  void read_path(const Place& place);
  void find_ways(const Place& place);
  void read_vehicles(const Place& place);
  std::optional<FleetData> read_fleet(const Place& place);
  void read_battery(const Place& place, FleetData& fleet);
  void read_dispatch(const Place& place, FleetData& fleet);
  /// Once all steps are known: vehicles get everywhere where they must, and back to be charged.
  void check_fleets(const Place& place);
  std::uint32_t node_named(const Place& place);
  std::uint32_t node(const std::string& name);
  /// In metres, or in metres per second.
  std::optional<double> length(const Place& place);
  std::optional<double> pace(const Place& place);
  bool flag(const Place& place, bool otherwise);
  /// A name for results of what is neither station nor machine.
  bool name_carrier(const Place& place, const std::string& name);

  // Products and arrivals: loader_products.cpp ------------------------------------------------------------------------

  void name_products(const Place& place);
  void read_products(const Place& place);
  void read_product(const Place& place, ProductId id);
  DueData read_due(const Place& place, ProductId id);
  void read_arrivals(const Place& place, ProductId id, bool good_route);
  Interruption interruption(const Place& place, Shape shape);
  void read_profile(const Place& place, SourceData& source);
  void read_keep(const Place& place, ProductId id, SourceData& source);
  void read_renewal(const Place& place, const std::string& path, SourceData& source);
  [[nodiscard]] bool takes_time(const StepData& step) const;
  void check_saturated(const Place& place, const StepData& first);
  void check_circulation(const Place& place, const ProductData& product);

  // Routes: loader_routes.cpp -----------------------------------------------------------------------------------------

  void read_route(const Place& place, ProductId id, ProductData& product);
  /// Steps of a route, or of one of its parallel branches. \return the first, kNone where all are faulty
  std::uint32_t read_steps(const Place& place, const std::string& path, ProductId id, ProductData& product,
                           const std::string& prefix, std::uint32_t within);
  StepSpec read_step(const Place& place);
  /// Whether a step is done on no machine, since lots part there.
  bool read_parts(const Place& place, StepSpec& spec);
  void read_overdue(const Place& place, StepSpec& spec);
  void read_choose(const Place& place, StepSpec& spec);
  void read_conditions(const Place& place, StepSpec& spec);
  void read_limit(const Place& then, StepSpec& spec);
  /// Where a mapping names a step under this key, and nothing else.
  std::optional<BranchSpec> step_under(const Place& place, const char* key, const std::string& path);
  void add_references(const StepSpec& spec, std::uint32_t step, const StepNames& known);
  /// Lets lots of the product remember a step.
  void mark(std::uint32_t step);
  /// Which machine can do what, once all steps are known.
  void number_abilities();
  void read_times(const Place& place, StepSpec& spec);
  std::vector<BranchSpec> read_then(const Place& place);
  void targets(const Place& place, BranchKind kind, std::vector<BranchSpec>& out);
  void add_step(const StepSpec& spec, std::size_t member, const std::string& name, const std::string& path,
                ProductId id, const ProductData& product);
  void add_branches(const StepSpec& spec, std::uint32_t step, const std::string& name, const std::string& path,
                    const StepNames& known);
  std::uint32_t step_named(const BranchSpec& branch, const std::string& name, const StepSpec& spec,
                           const StepNames& known);
  /// Lots must be able to leave from wherever they can come.
  void check_leaving(const Place& place, const ProductData& product);

  // Orders: loader_orders.cpp -----------------------------------------------------------------------------------------

  void read_orders(const Place& place);
  /// True when `digits` is how a lot of an order of so many is numbered (lot_name).
  static bool names_a_lot(std::string_view digits, std::uint32_t quantity);
  std::optional<ProductId> product_of(const Place& place);
  /// \return false when it is no order that others could be told apart from
  bool read_order(const Place& place, OrderData& order, std::string& name);
  /// What becomes of an order, once all orders are known by name.
  void read_changes(const Place& place, OrderId order, const std::unordered_map<std::string, std::uint32_t>& orders);
  void read_change(const Place& place, OrderId order, const std::unordered_map<std::string, std::uint32_t>& orders);

  // Run, expectations, what-ifs: loader_settings.cpp ------------------------------------------------------------------

  void read_run(const Place& place);
  void read_expect(const Place& place);
  void read_what_if(const Place& place);
  /// A plant in which nothing can ever happen is a mistake.
  void check_demand(const Place& top);

  const Document& document_;
  bool whole_;  ///< the document says all that its text says
  PlantData plant_;
  Zone zone_;
  std::unordered_map<std::string, std::uint32_t> calendar_ids_, station_ids_, machine_ids_, product_ids_,
      distribution_ids_, pool_ids_, belt_ids_, fleet_ids_, vehicle_ids_, node_ids_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> pools_by_skill_;  ///< a pool's own name is a skill too
  std::vector<WalkSpec> walk_specs_;
  std::vector<double> pool_rates_, holding_, lateness_;
  std::vector<MaterialRates> material_rates_;  ///< by pool, as far as the last material
  std::vector<std::string> families_;          ///< by product
  std::vector<std::string> step_families_;     ///< by step; empty: the product's
  std::vector<const Node*> product_nodes_;
  std::vector<std::shared_ptr<const StationSpec>> station_specs_;
  std::vector<const MachineSpec*> machine_specs_;                 ///< by machine; null where nothing was said
  std::vector<std::pair<const Node*, std::string>> step_places_;  ///< by step
  std::uint32_t marks_ = 0;                                       ///< steps that lots of the product at hand remember
};

}  // namespace twin::model_detail
