/// What exists: stations, machines, products, routes, orders, calendars. Built once, never changed, shared.
///
/// A `Plant` is a handle on immutable flat arrays (`PlantData`), indexed by typed ids. How things behave in numbers
/// (distributions, probabilities, speeds) stands apart in `Parameters`, a flat value that learning may copy and change.
#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "twin/base/distribution.hpp"
#include "twin/base/ids.hpp"
#include "twin/base/time.hpp"
#include "twin/model/expression.hpp"

namespace twin {

class Document;  // model/document.hpp

/// Order in which a queue is served; equal keys are served in order of arrival. Work is meant as expected, at speed 1.
enum class QueueRule : std::uint8_t {
  kFifo = 0,
  kLifo = 1,
  kSpt = 2,         ///< shortest expected time at this step first
  kSptKnown = 3,    ///< shortest actual (drawn) time first, as queueing theory has it
  kEdd = 4,         ///< earliest due date first; lots without one last
  kPriority = 5,    ///< larger priority first
  kLpt = 6,         ///< longest expected time at this step first
  kSlack = 7,       ///< least slack first: due - now - work remaining
  kMwkr = 8,        ///< most work remaining first
  kLwkr = 9,        ///< least work remaining first
  kMopnr = 10,      ///< most operations remaining first
  kFddMwkr = 11,    ///< least ratio of flow due date (release + work up to this step, included) to work remaining
  kCr = 12,         ///< least critical ratio first: (due - now) / work remaining
  kAtc = 13,        ///< apparent tardiness cost: Vepsalainen and Morton, Management Science 33 (1987) 1035
  kCovert = 14,     ///< cost over time: Carroll, PhD thesis, MIT (1965)
  kMinSetup = 15,   ///< shortest expected setup from what the machine is set up for
  kCyclic = 16,     ///< the kind the machine is set up for while there is any, then the next in order
  kExpression = 17  ///< smallest value of the plant's own expression first
};
/// True where the order of two waiting lots may change while they wait, or depends on the machine that asks.
[[nodiscard]] constexpr bool is_dynamic(QueueRule rule) noexcept {
  return rule >= QueueRule::kCr && rule <= QueueRule::kCyclic;
}

/// Which of several stations a lot goes to. Stations with room come before full ones; ties go to the first named.
enum class ChooseRule : std::uint8_t {
  kShortestQueue = 0,   ///< fewest lots in queue, on the way and in process, per machine
  kEarliestFinish = 1,  ///< expected finish: work in front of it shared by the machines, plus its own time
  kFirst = 2,           ///< the first with room, in the order named
  kRandom = 3,          ///< each with the same probability
  kCost = 4,            ///< least expected cost of machine and material
  kExpression = 5,      ///< smallest value of the plant's own expression
};

/// What the life of a failure mode is counted in.
enum class Ageing : std::uint8_t {
  kWork = 0,  ///< time in which the machine processes
  kTime = 1,  ///< time on the clock while it is up
  kLots = 2,  ///< operations finished: a lot counts as a second
  kUse = 3,   ///< as kWork, but work is not stopped: maintenance, which waits until none is under way
};

/// What becomes of the lots on a machine that is interrupted.
enum class Interruption : std::uint8_t {
  kPause = 0,    ///< they are gone on with where they were left
  kFinish = 1,   ///< the operation is finished first (calendars only)
  kRestart = 2,  ///< the operation begins anew
  kScrap = 3,    ///< they are scrapped
};

/// How due dates are promised: release plus something that the lot's route tells, with work as expected at speed 1.
enum class DueRule : std::uint8_t {
  kUnsaid = 0,
  kConstant = 1,    ///< con: a span
  kTotalWork = 2,   ///< twk: so many times the work of the route
  kOperations = 3,  ///< nop: a span for each operation
  kSlack = 4,       ///< slk: the work, and a span
  kWaiting = 5,     ///< ppw, processing plus waiting: the work, and a span for each operation
  kRandom = 6,      ///< ran: drawn
};
struct DueData {
  DueRule rule = DueRule::kUnsaid;
  double factor = 0;      ///< twk only
  Tick span = 0;          ///< con, nop, slk, ppw
  DistributionId random;  ///< ran only
};

/// A machine that takes several lots of one kind at once.
struct BatchData {
  std::uint32_t most = 1;   ///< lots; 1: no batches
  std::uint32_t least = 1;  ///< fewer start only when one of them has waited for `wait`
  Tick wait = kNever;
};

/// How long a server that polls stays with one kind of work.
enum class Serve : std::uint8_t {
  kAny = 0,         ///< it does not poll
  kExhaustive = 1,  ///< until none is left
  kGated = 2,       ///< those that waited when it came
  kLimited = 3,     ///< so many at most
};
/// A machine that goes round its kinds of work, also when none waits.
struct PollingData {
  Serve serve = Serve::kAny;
  std::uint32_t limit = 1;  ///< kLimited: lots of each visit at most
  DistributionId change;    ///< seconds from one kind to the next
};

/// Whether a lot that comes before one under way takes its machine, and what becomes of the work done.
enum class Preemption : std::uint8_t {
  kOff = 0,
  kResume = 1,   ///< it is gone on with later
  kRestart = 2,  ///< it begins anew later, with the time once drawn
};

struct StationData {
  std::uint32_t first_machine = 0;
  std::uint32_t machine_count = 0;
  QueueRule rule = QueueRule::kFifo;
  std::int32_t places = -1;              ///< places of the queue, those in service not counted; -1 is unlimited
  bool lose_when_full = false;           ///< arrivals from outside at a full queue are lost instead of waiting outside
  std::uint32_t priority_table = kNone;  ///< rule `priority(A, B)`: row of PlantData::product_priority; kNone: the
                                         ///< lot's own priority
  double look_ahead = 2;                 ///< k of `atc` and `covert`
  std::uint32_t expression = kNone;      ///< rule `expr(...)`: index in PlantData::expressions
  std::uint32_t first_kind = 0, kind_count = 0;  ///< kinds of work done here, in PlantData::kind_names
  std::uint32_t setups = kNone;  ///< first of its setup times in PlantData::setups: [from][to], and a row more for a
                                 ///< machine that is set up for nothing; kNone: setups do not depend on kinds
  BatchData batch;
  Interruption when_closed = Interruption::kPause;  ///< what its machines' calendars do to work under way
  bool block_before = false;  ///< an operation begins only when there is room where its lots go next
  PollingData polling;
  Preemption preempt = Preemption::kOff;
  Tick cycle = 0;  ///< operations begin and end at multiples of it; 0: at any time
  /// A lot may go straight onto an idle machine, and a free machine may take any lot without looking further.
  bool direct = true;
  std::uint32_t room_of_idle = 1;  ///< lots for which an idle machine has room, beside the places
  /// The queue is looked through when a machine asks, instead of kept in order.
  bool scanned = false;
  /// Not every machine may take every lot: some do only some work, or lots come back to the machine they were on.
  bool selective = false;
  std::uint32_t min_run = 0;  ///< lots of one kind that a machine does at least, while there are any; 0: as they come
  std::uint32_t teardowns = kNone;  ///< first of its tear-down times by kind in PlantData::teardowns; kNone: none
  std::uint64_t hash = 0;
};

/// Something counted that operations need: operators, tools and crews come back, material is used up and made.
struct PoolData {
  std::int32_t count = 1;    ///< how many there are; of material: at the start
  std::int32_t places = -1;  ///< of material: most that fit; -1 is unlimited
  bool material = false;
  CalendarId calendar;    ///< invalid: always there
  DistributionId supply;  ///< of material: time between deliveries of `supply_lot`; what finds no place is lost
  std::int32_t supply_lot = 1;
  std::uint32_t keeper = kNone;      ///< of material: the source that makes more of it when there is too little
  std::uint32_t carrier = kNone;     ///< of a tool that lots hold from step to step: its place in PlantData::carriers
  std::uint32_t first_unit = kNone;  ///< where its units are told apart: the first of them in State::units
  std::uint32_t life = kNone;        ///< of tools that wear out: in PlantData::lives
  std::uint32_t walk = kNone;        ///< of operators who walk: first of their times in PlantData::walks, [from][to]
  std::uint32_t reorder = kNone;     ///< of material: how it is ordered from its supplier, in PlantData::reorders
  std::uint64_t hash = 0;
};

/// How material is ordered from a supplier. Its position is what is at hand and on order, less what operations that
/// wait ask for.
struct ReorderData {
  std::uint32_t pool = kNone;
  std::int64_t at = 0;     ///< ordered when the position is here or below
  std::int64_t up_to = 0;  ///< the position an order brings it to; unless `lot` is above 0
  std::int64_t lot = 0;    ///< orders are the least multiple of this that brings the position above `at`
  Tick review = 0;         ///< looked at each multiple of this since the epoch; 0: whenever the position falls
  DistributionId lead;     ///< seconds from order to delivery; invalid: at once
  /// How much is ordered at a position.
  [[nodiscard]] constexpr std::int64_t amount(std::int64_t position) const noexcept {
    if (position > at) return 0;
    return lot > 0 ? ((at - position) / lot + 1) * lot : up_to - position;
  }
};

/// How tools wear out. Each one does so for itself.
struct LifeData {
  std::uint32_t pool = kNone;
  Ageing ages = Ageing::kWork;          ///< kWork: time in which its machine processes, kLots: operations
  DistributionId life;                  ///< seconds, or lots
  DistributionId regrind;               ///< seconds; invalid: it is not reground
  DistributionId delivery;              ///< seconds until a new one is there; invalid: at once
  std::uint64_t regrinds = UINT64_MAX;  ///< times one is reground before it is replaced
};

/// So many of one pool, the first of several that has them.
struct NeedData {
  std::uint32_t first_pool = 0, pool_count = 0;  ///< in PlantData::need_pools
  std::int32_t amount = 1;
};
/// Needs of one operation or repair are contiguous.
struct Needs {
  std::uint32_t first = 0, count = 0;
};
inline constexpr std::size_t kRateConditions = 7;       ///< conditions of a machine, see twin/state/state.hpp
inline constexpr std::uint32_t kMaxNeeds = 8;           ///< of one operation
inline constexpr std::uint32_t kMaxCarriers = 8;        ///< kinds of tools that lots hold from step to step
inline constexpr std::uint32_t kMostHeld = 1000;        ///< of one kind by one lot
inline constexpr std::uint32_t kMaxAlternatives = 255;  ///< pools that can meet one need

struct MachineData {
  StationId station;
  CalendarId calendar;           ///< invalid: always open
  std::uint32_t first_mode = 0;  ///< failure modes of this machine are contiguous
  std::uint32_t mode_count = 0;
  std::uint32_t wear = kNone;  ///< the mode that has states
  std::uint64_t hash = 0;
};

/// One way in which one machine fails.
struct FailureModeData {
  MachineId machine;
  Ageing ages = Ageing::kWork;
  Interruption lot = Interruption::kPause;
  [[nodiscard]] bool by_clock() const noexcept { return ages == Ageing::kTime; }
  bool maintenance = false;  ///< begins only while no work is under way
  bool dated = false;        ///< maintenance: due at each multiple of `after` since the epoch
  Tick window = 0;           ///< maintenance: done so long before it is due, where the machine would not work anyway
  std::uint32_t first_renewed = 0, renewed_count = 0;  ///< in PlantData::renewed: modes whose lives begin anew after it
  std::uint32_t first_level = 0, level_count = 0;      ///< in PlantData::levels: states it wears through; 0: none
  /// Repairs have a slot of their own among the pending events, also beside other repairs.
  [[nodiscard]] bool apart() const noexcept { return by_clock() || maintenance || level_count > 0; }
  DistributionId after, repair;                       ///< seconds
  Needs crew;                                         ///< what the repair needs
  std::uint64_t limit = UINT64_MAX;                   ///< happens at most so often
  std::uint64_t after_stream = 0, repair_stream = 0;  ///< addresses of its draws; the index is the count of failures
};

/// What is done about a machine that has come to a state.
enum class Care : std::uint8_t {
  kIgnored = 0,  ///< it works on
  kAtOnce = 1,   ///< it stops, and is repaired
  kFree = 2,     ///< it is maintained as soon as no work is under way
};

/// One of the states that a machine wears through, from the first on; after a repair it is in the first again.
struct LevelData {
  DistributionId lasts;  ///< seconds, counted as the mode ages; invalid: for ever, unless it is repaired
  DistributionId repair;
  Needs crew;
  Care care = Care::kIgnored;
  double speed = 1;  ///< of operations whose processing begins in it
  double scrap = 0;  ///< probability that an operation that ends in it spoils its lot
  std::uint64_t lasts_stream = 0;
};

/// How lots come to a step from the place before, or from outside.
enum class Way : std::uint8_t {
  kDirect = 0,  ///< at once
  kDelay = 1,   ///< after StepData::transport, without limit on the number of carriers
  kBelt = 2,    ///< by the conveyor StepData::carrier
  kFleet = 3,   ///< by a vehicle of the fleet StepData::carrier
};

/// A conveyor: lots get on at one end, one behind the other, and off at the other end in the same order.
struct BeltData {
  std::uint32_t places = 1;  ///< lots that it holds
  Tick time = 0;             ///< from end to end while nothing is in the way
  Tick pitch = 0;            ///< in which a lot moves by the room of one: time / places, rounded up
  bool accumulating = true;  ///< lots close up behind one that cannot leave; else the whole belt stands
  bool slotted = false;      ///< lots get on only where a slot passes: each `pitch` of the time that it runs
  std::uint64_t hash = 0;
};

/// A way that vehicles may go, in one direction. Lengths are whole micrometres.
struct EdgeData {
  std::uint32_t from = 0, to = 0;  ///< nodes, in PlantData::node_names
  std::uint32_t track = 0;         ///< what it shares with the way back, in PlantData::tracks
  std::int64_t length = 0;
};
/// Vehicles that fit on a way at once, in both directions together; 0: any number.
struct TrackData {
  std::uint32_t capacity = 0;
};

/// Who gets whom: a free vehicle among the lots that wait, a lot among the free vehicles.
enum class Dispatch : std::uint8_t {
  kNearest = 0,         ///< the lot, or vehicle, with the shortest way to go
  kLongestWaiting = 1,  ///< the lot that called first; the vehicle that has been free for longest
  kLeastUsed = 2,       ///< the lot that called first; the vehicle that has carried fewest lots
  kExpression = 3,      ///< the lot with the least value of a formula; the nearest vehicle
};

/// Vehicles of one kind, on the paths of the plant.
struct FleetData {
  std::uint32_t first_vehicle = 0, vehicle_count = 0;
  double speed = 1;             ///< m/s
  DistributionId load, unload;  ///< seconds; invalid: 0
  std::uint32_t home = 0;       ///< node where its vehicles begin
  std::uint32_t entry = kNone;  ///< node where they fetch lots that come from outside
  bool goes_home = true;        ///< with nothing to do; else they stay where they are
  Dispatch dispatch = Dispatch::kNearest;
  std::uint32_t expression = kNone;     ///< in PlantData::expressions
  std::int64_t range = 0, reserve = 0;  ///< how far a full battery goes, and with what is left it is charged; 0: none
  std::uint32_t charger = kNone;        ///< node where it is charged
  Tick charge = 0;                      ///< from empty to full
};

/// One station that can do a step.
struct ChoiceData {
  StationId station;
  DistributionId time;         ///< seconds of processing at speed 1
  DistributionId setup;        ///< seconds of setup before each lot; invalid: none
  DistributionId changeover;   ///< instead of `setup` when the machine did another step before, or none; invalid:
                               ///< `setup` then too
  std::uint32_t kind = kNone;  ///< of this work among those of the station: what the machine is set up for, and what
                               ///< lots of one batch have in common
  Needs needs;                 ///< pools held while the operation runs
  Needs uses, makes;           ///< material taken at its start, and given at its end
  Needs holds;                 ///< tools that each lot takes at the start and holds over later steps
  std::uint32_t returns = 0;   ///< bits of the carriers that each lot gives back at the end
  std::uint32_t able = kNone;  ///< in PlantData::able, a flag for each machine of the station; kNone: all do it
  /// Neither needs, tools nor material.
  [[nodiscard]] bool is_bare() const noexcept {
    return needs.count + uses.count + makes.count + holds.count + returns == 0;
  }
};

/// Where a step leads with some probability (in Parameters).
struct BranchData {
  static constexpr std::uint32_t kLeave = UINT32_MAX;      ///< finished, good
  static constexpr std::uint32_t kScrap = UINT32_MAX - 1;  ///< finished, scrapped
  static constexpr std::uint32_t kJoin = UINT32_MAX - 2;   ///< waits for the branches beside it
  std::uint32_t target = kLeave;                           ///< a StepId value, kLeave, kScrap or kJoin
  bool rework = false;                                     ///< declared as rework, so counted as such
};

inline constexpr std::uint32_t kMaxSublots = 255;  ///< of one lot

struct StepData {
  ProductId product;
  std::uint32_t first_choice = 0, choice_count = 0;  ///< 0 choices: the step is where lots part into `forks`
  std::uint32_t first_branch = 0, branch_count = 0;  ///< 0 branches: on to `next`
  std::uint32_t next = BranchData::kLeave;           ///< as BranchData::target
  std::uint32_t within = kNone;                      ///< the step where lots part, of a step in a parallel branch
  std::uint32_t first_fork = 0, fork_count = 0;      ///< in PlantData::forks: first steps of what is done in parallel;
                                                     ///< of sublots the same step so many times
  ChooseRule choose = ChooseRule::kShortestQueue;
  Way way = Way::kDirect;
  std::uint32_t carrier = kNone;  ///< Way::kBelt: in PlantData::belts; Way::kFleet: in PlantData::fleets
  DistributionId transport;       ///< seconds from the place before (or from outside) to this step; invalid: none
  DistributionId patience;        ///< seconds a lot waits in the queue at most; invalid: for ever
  std::uint32_t impatient = BranchData::kScrap;  ///< where a lot goes that has waited so long, as BranchData::target;
                                                 ///< kStay: it stays in the queue and is counted
  static constexpr std::uint32_t kStay = UINT32_MAX - 3;
  std::uint32_t mark = kNone;       ///< place among State::marks of a lot, which remembers how it did this step
  std::uint32_t same_as = kNone;    ///< the step on whose machine this one is done
  bool same_station = false;        ///< at its station is enough
  std::uint32_t window_of = kNone;  ///< the step from whose end `window` counts
  Tick window = kNever;             ///< this step begins at most so long after it
  double only = 1;                  ///< probability with which a lot takes this step; else it passes by
  std::uint32_t sample = kNone;     ///< place in State::samples where lots that come here are counted
  std::uint32_t sample_every = 1, sample_first = 1;  ///< of them the first one taken, and then each so many
  std::uint32_t rework_limit = UINT32_MAX;           ///< times that a lot is sent back from here at most
  std::uint32_t beyond = BranchData::kScrap;         ///< where it goes instead, as BranchData::target
  std::uint32_t choose_expression = kNone;           ///< choose `expr(...)`: index in PlantData::expressions
  bool diverts = false;                              ///< lots part here, or some pass by
  bool splits = false;                               ///< they part into sublots, which are numbered
  bool limited = false;                              ///< a lot does not wait here for ever
  [[nodiscard]] bool optional() const noexcept { return only < 1 || sample != kNone; }
  std::uint64_t hash = 0;  ///< of product and step name
};

struct ProductData {
  std::uint32_t first_step = 0, step_count = 0;
  std::int32_t priority = 0;
  std::uint64_t hash = 0;
};

enum class SourceKind : std::uint8_t {
  kRenewal = 0,   ///< `every D`: a lot each interarrival time, the first after one
  kSaturate = 1,  ///< always a lot at hand when a machine of the first station is free; waits nowhere, adds no WIP
  kConwip = 2,    ///< so many lots in circulation: at the start, then one for each that leaves
  kKeep = 3,      ///< released whenever the material at hand and the lots in process together are fewer than so many
};

/// Where lots of a product come from when not ordered. Sources come first, orders after them, in one numbering.
struct SourceData {
  ProductId product;
  SourceKind kind = SourceKind::kRenewal;
  DistributionId interarrival;  ///< renewal only
  DistributionId batch;         ///< renewal only: lots at each arrival, rounded; invalid: one
  std::uint32_t level = 0;      ///< conwip: lots in circulation; keep: material and lots in process
  std::uint32_t pool = kNone;   ///< keep only: the material
  std::uint32_t first_profile = 0, profile_count = 0;  ///< renewal: how fast its clock runs, in PlantData::profiles
  Tick period = 0;                                     ///< of the profile
  static constexpr Tick kDrawn = -1;
  Tick due_after = kNever;  ///< due date is release plus this; kNever: none; kDrawn: drawn by its product's rule
  std::uint64_t hash = 0;
};

/// From an instant of each period on, a source's clock runs so many times as fast.
struct ProfileData {
  Tick from = 0;
  double times = 1;
};

/// So many lots of a product, released together.
struct OrderData {
  ProductId product;
  std::uint32_t quantity = 1;
  Tick release = 0;
  Tick due = kNever;     ///< kNever: none, or drawn at its release where the product's rule says so
  bool own_due = false;  ///< it gives its due date itself, instead of its product's rule
  std::int32_t priority = 0;
  std::uint64_t hash = 0;
};

enum class ChangeKind : std::uint8_t {
  kMove = 0,      ///< lots become those of another order of the same product: `value`
  kQuantity = 1,  ///< so many lots in all
  kPriority = 2,
  kDue = 3,
  kFinish = 4,  ///< what is not released is cancelled, what is in process is finished
  kCancel = 5,  ///< all is cancelled
};
/// What becomes of an order at an instant.
struct ChangeData {
  OrderId order;
  Tick at = 0;
  ChangeKind kind = ChangeKind::kPriority;
  std::uint32_t lots = 0;  ///< of its open lots the first so many, by number; 0: all
  std::int64_t value = 0;
  friend bool operator==(const ChangeData&, const ChangeData&) = default;
};

/// Open hours, repeating weekly: ticks since Monday 00:00 UTC, ascending: open, close, open, close ... Where a calendar
/// has exceptions, or follows a zone with summer time, the hours of a long time are told one by one.
struct CalendarData {
  std::uint32_t first_point = 0, point_count = 0;
  Tick told_from = kNever, told_until = kNever;  ///< from here, and before there, `told_points` hold
  std::uint32_t first_told = 0, told_count = 0;  ///< in PlantData::told_points
  std::uint64_t hash = 0;
};

/// What the file says about how to run it.
struct RunSettings {
  Tick warmup = 0;
  Tick until = kNever;  ///< kNever: until all orders are finished
  int replications = 1;
  std::uint64_t seed = 0;
};

/// The numbers of a plant: a flat value. Learning, calibration and sensitivity studies copy and change it.
struct Parameters {
  std::vector<FlatDistribution> distributions;  ///< by DistributionId
  std::vector<double> table;                    ///< values of empirical and discrete ones
  std::vector<double> branch_probability;       ///< by branch index
  std::vector<double> speed;                    ///< by MachineId; processing takes time / speed
  friend bool operator==(const Parameters&, const Parameters&) = default;

  [[nodiscard]] double quantile(DistributionId id, double u) const noexcept {
    return twin::quantile(distributions[id.value], table, u);
  }
  [[nodiscard]] double mean(DistributionId id) const noexcept { return twin::mean(distributions[id.value], table); }
  [[nodiscard]] Distribution distribution(DistributionId id) const {
    const FlatDistribution& flat = distributions[id.value];
    return Distribution::from_flat(flat, std::span(table).subspan(flat.table_first, flat.table_count));
  }
  /// True when the scale of some distribution is not known (Distribution::uncertain).
  [[nodiscard]] bool uncertain() const noexcept;
  /// Replaces one distribution; its table, if any, is appended.
  void set(DistributionId id, const Distribution& distribution);
};

/// The compiled plant. Everything is reached by index; ranges are [first, first + count).
struct PlantData {
  std::vector<StationData> stations;
  std::vector<MachineData> machines;
  std::vector<FailureModeData> modes;
  std::vector<std::uint32_t> renewed;  ///< modes
  std::vector<LevelData> levels;       ///< by machine
  std::vector<ProductData> products;
  std::vector<StepData> steps;
  std::vector<ChoiceData> choices;
  std::vector<BranchData> branches;
  std::vector<SourceData> sources;
  std::vector<ProfileData> profiles;
  std::vector<OrderData> orders;    ///< ascending release, then as in the file
  std::vector<ChangeData> changes;  ///< of orders, ascending time, then as in the file
  std::vector<DueData> dues;        ///< by product
  std::vector<CalendarData> calendars;
  std::vector<Tick> calendar_points;
  std::vector<Tick> calendar_open;             ///< by point: open ticks of the week before it
  std::vector<Tick> told_points;               ///< ticks since the epoch: open, close, open, close ...
  std::vector<Tick> told_open;                 ///< by told point: open ticks since `told_from` before it
  std::vector<std::int32_t> product_priority;  ///< shape (tables, products): priority of each product, larger first
  std::vector<DistributionId> setups;          ///< invalid: no setup
  std::vector<DistributionId> teardowns;       ///< by station and kind; invalid: none
  std::vector<std::uint8_t> able;              ///< rows of flags, see ChoiceData::able
  std::vector<PoolData> pools;
  std::vector<ReorderData> reorders;
  std::vector<LifeData> lives;
  std::vector<Tick> walks;       ///< between stations, of pools whose operators walk
  std::uint32_t unit_count = 0;  ///< units of pools that are told apart
  std::vector<NeedData> needs;
  std::vector<std::uint32_t> need_pools;
  std::vector<std::uint32_t> carriers;  ///< pools that lots hold from step to step
  std::vector<std::uint32_t> forks;     ///< StepId values
  std::vector<BeltData> belts;
  std::vector<FleetData> fleets;
  std::vector<std::uint32_t> vehicle_fleet;  ///< by vehicle
  std::vector<EdgeData> edges;
  std::vector<TrackData> tracks;
  std::vector<std::uint32_t> station_node;  ///< by station; kNone: not on the paths
  std::vector<std::uint32_t> next_edge;     ///< [from][to] node: first edge of the shortest way; kNone: there is none
  std::vector<std::int64_t> distance;       ///< [from][to] node, along that way
  /// By station and condition of a machine, as `Condition` numbers them, kRateConditions a station; empty: none said.
  std::vector<double> power;          ///< W of each machine
  std::vector<double> machine_cost;   ///< of each machine, per second
  std::vector<double> pool_cost;      ///< of each operator or tool, per second that it is there; of a unit of material
  std::vector<double> order_cost;     ///< by pool, of each order of a material
  std::vector<double> stock_cost;     ///< by pool, of each unit of a material at hand, per second
  std::vector<double> short_cost;     ///< by pool, of each unit of a material that is short, per second
  std::vector<double> holding_cost;   ///< by product, of a lot in process, per second
  std::vector<double> lateness_cost;  ///< by product, per second of tardiness
  double carbon = 0;                  ///< kg per J of energy
  std::string currency;               ///< in which costs are; empty: none said
  std::vector<Expression> expressions;
  bool lots_carry_more = false;     ///< states keep a LotMore beside each lot
  std::uint32_t marks_per_lot = 0;  ///< steps of one product that its lots remember, at most
  std::uint32_t samples = 0;        ///< steps that some lots pass by in turn
  bool keeps_runs = false;          ///< some machine counts the lots of one kind that it does
  bool counts_lots = false;         ///< some failure counts operations, or maintenance waits for their ends
  bool cares = false;               ///< some machine is maintained while it does not work
  bool wears = false;               ///< some machine has states
  bool splits = false;              ///< some lots part into sublots
  bool holds_back = false;          ///< some station blocks before service
  bool slotted = false;             ///< some station works in cycles
  bool polls = false;               ///< some machine goes round its kinds of work
  bool preempts = false;            ///< some lots take machines from others
  bool plans_ahead = false;         ///< some rule looks at the work that remains
  bool may_deadlock = false;        ///< stations with finite queues, and belts, feed each other in a circle
  bool has_carriers = false;        ///< some step has its lots brought by a belt or by vehicles

  std::vector<std::string> station_names, machine_names, product_names, step_names, source_names, order_names,
      calendar_names, pool_names, kind_names, level_names, belt_names, fleet_names, vehicle_names, node_names;
  std::vector<std::string> distribution_paths;  ///< by DistributionId: `products.part.route.mill.time`
  std::vector<std::string> branch_paths;        ///< by branch: `products.part.route.mill.then.rework`

  WallTime epoch{};        ///< the instant of tick 0, at most kNever from 1970 (1824..2115)
  Tick epoch_in_week = 0;  ///< ticks from the last Monday 00:00 UTC to the epoch
  Parameters parameters;   ///< as declared
  RunSettings run;
  std::map<std::string, double> expect;  ///< metric -> value in SI: what tests compare with
  std::string name;                      ///< file stem, or as given
  std::uint64_t digest = 0;              ///< of everything that changes a run, parameters not counted

  /// These numbers as one replication has them: scales that are not known are drawn, by name, and known then.
  /// \param key  of the replication's draws (draw_key)
  [[nodiscard]] Parameters realised(const Parameters& parameters_of_plant, std::uint64_t key) const;

  /// Works out the due dates that follow from routes, by its own parameters.
  void promise();

  /// True while the calendar is open at `t`; an instant of change belongs to what follows it.
  [[nodiscard]] bool open_at(CalendarId calendar, Tick t) const noexcept;
  /// First instant after `t` at which the calendar opens or closes; kNever if it never does.
  [[nodiscard]] Tick next_change(CalendarId calendar, Tick t) const noexcept;
  /// Open time between two instants, from <= to; calendar invalid: to - from.
  [[nodiscard]] Tick open_between(CalendarId calendar, Tick from, Tick to) const noexcept;
  /// The same as far as the week alone tells.
  [[nodiscard]] Tick next_weekly_change(const CalendarData& calendar, Tick t) const noexcept;
  [[nodiscard]] Tick open_weekly(const CalendarData& calendar, Tick from, Tick to) const noexcept;

  /// The first review of a material after an instant.
  [[nodiscard]] static Tick next_review(const ReorderData& reorder, Tick t) noexcept {
    const Tick into = t % reorder.review;
    return t + (into < 0 ? -into : reorder.review - into);
  }

  /// When a source's clock, which runs by its profile, has gone on for so long; kNever: never.
  [[nodiscard]] Tick profile_end(const SourceData& source, Tick from, Tick span) const noexcept;
  /// How far it goes on between two instants.
  [[nodiscard]] Tick profile_span(const SourceData& source, Tick from, Tick to) const noexcept;

  /// Setup before work of a kind by the station's table; invalid: none. \param from  kNone: set up for nothing
  [[nodiscard]] DistributionId setup_between(StationId station, std::uint32_t from, std::uint32_t to) const noexcept {
    const StationData& data = stations[station.value];
    if (data.setups == kNone) return {};
    return setups[data.setups + std::min(from, data.kind_count) * data.kind_count + to];
  }
};

/// A plant: what exists. A cheap handle; copies share one immutable PlantData.
class Plant {
 public:
  /// Reads a scenario file. \throws PlantError with all faults; FormatError if it cannot be read at all.
  [[nodiscard]] static Plant load(const std::filesystem::path& file);
  /// The same from text; `name` stands for the file in messages, relative includes start at `folder`.
  [[nodiscard]] static Plant parse(std::string_view yaml, const std::string& name = "plant",
                                   const std::filesystem::path& folder = {});
  /// The same from a document tree. \throws PlantError
  [[nodiscard]] static Plant from_document(const Document& document);

  /// A new plant with values at paths replaced or added: {"stations.mill.machines", "2"}. Values are YAML text.
  /// \throws PlantError naming a path that does not exist, or any fault of the result
  [[nodiscard]] Plant change(const std::vector<std::pair<std::string, std::string>>& changes) const;

  [[nodiscard]] const PlantData& data() const noexcept { return *data_; }
  [[nodiscard]] const Parameters& parameters() const noexcept { return data_->parameters; }
  /// The same plant with other numbers. \throws InvalidArgument when shapes do not fit
  [[nodiscard]] Plant with_parameters(Parameters parameters) const;
  /// The text it was made from; parameters changed since are not in it, but in `yaml()`.
  [[nodiscard]] const Document& document() const noexcept { return *document_; }
  /// The scenario as YAML that loads as the same plant.
  [[nodiscard]] std::string yaml() const;
  [[nodiscard]] const RunSettings& run() const noexcept { return data_->run; }
  [[nodiscard]] std::uint64_t digest() const noexcept { return data_->digest; }

  // Names to ids. \throws InvalidArgument naming the unknown name and the nearest or allowed ones
  [[nodiscard]] StationId station(std::string_view name) const;
  [[nodiscard]] MachineId machine(std::string_view name) const;
  [[nodiscard]] ProductId product(std::string_view name) const;
  [[nodiscard]] OrderId order(std::string_view name) const;
  [[nodiscard]] DistributionId distribution(std::string_view path) const;
  /// Step by product and step name, `flange`, `milling`; a repeated station gets `milling#2`.
  [[nodiscard]] StepId step(std::string_view product, std::string_view step) const;

  /// Instants since the epoch and on the wall; what lies further than kNever from the epoch is moved there.
  [[nodiscard]] Tick ticks(WallTime time) const noexcept {
    const Duration never{kNever};
    return (std::clamp(time, data_->epoch - never, data_->epoch + never) - data_->epoch).count();
  }
  [[nodiscard]] WallTime wall(Tick tick) const noexcept {
    return data_->epoch + Duration{std::clamp(tick, -kNever, kNever)};
  }

 private:
  Plant(std::shared_ptr<const PlantData> data, std::shared_ptr<const Document> document)
      : data_(std::move(data)), document_(std::move(document)) {}
  [[nodiscard]] Document with_declared_parameters() const;
  std::shared_ptr<const PlantData> data_;
  std::shared_ptr<const Document> document_;
};

/// A named change that a scenario file proposes: paths and the YAML text to put there, as `Plant::change` takes them.
struct WhatIf {
  std::string name;
  std::vector<std::pair<std::string, std::string>> changes;
};
/// What stands under `what_if:`, in the order of the file.
[[nodiscard]] std::vector<WhatIf> what_ifs(const Plant& plant);

[[nodiscard]] const char* name_of(QueueRule rule) noexcept;
[[nodiscard]] const char* name_of(ChooseRule rule) noexcept;
[[nodiscard]] const char* name_of(SourceKind kind) noexcept;
[[nodiscard]] const char* name_of(DueRule rule) noexcept;

}  // namespace twin
