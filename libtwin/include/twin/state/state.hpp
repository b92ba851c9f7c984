/// How a plant is at one instant: a value. Copying it forks the simulation.
///
/// Everything that the future depends on is in here as plain numbers in flat arrays: the clock, pending events, every
/// lot and machine, counts of draws, and running sums that never grow with the past. There are no pointers, so a copy
/// is a few memcpys. Lots are reached by slot in `lots`; which slot a lot has never matters to what happens.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "twin/base/random.hpp"
#include "twin/base/time.hpp"
#include "twin/kernel/event_queue.hpp"
#include "twin/model/plant.hpp"

namespace twin {

/// 128-bit sums: integrals of time over years do not overflow and do not depend on the order of adding.
__extension__ using Wide = __int128;

/// What a machine is doing, for accounting. Off wins over down, down over the rest; it waits when it holds a lot and
/// lacks an operator, a tool or material.
enum class Condition : std::uint8_t {
  kStarved = 0,
  kWorking = 1,
  kSetup = 2,
  kBlocked = 3,
  kDown = 4,
  kOff = 5,
  kWaiting = 6
};
inline constexpr std::size_t kConditions = kRateConditions;
[[nodiscard]] const char* name_of(Condition condition) noexcept;

/// How far a machine is with the lot it holds.
enum class Phase : std::uint8_t {
  kIdle = 0,
  kSetup = 1,
  kProcessing = 2,
  kBlocked = 3,
  kHeld = 4,    ///< has not begun, since there is no room where its lot goes next; where work is in cycles the lot is
                ///< still in the queue
  kRoaming = 5  ///< on its way to the next kind of work, with nothing on it
};

struct MachineState {
  Tick since = 0;                   ///< start of the present condition
  Tick left = 0;                    ///< setup or processing left when it last began to run or stopped
  Tick run_since = 0;               ///< when it last began to run; meaningful while running
  Tick total = 0;                   ///< whole duration of the present setup or processing, as drawn
  Tick started = 0;                 ///< when work on this lot began, setup included
  std::uint32_t lot = kNone;        ///< that it holds; of a batch the first, which leads to the others by Lot::child
  std::uint32_t held = 0;           ///< lots on it
  std::uint32_t kind = kNone;       ///< of the work it is set up for; kNone: nothing yet
  std::uint32_t last_step = kNone;  ///< of the lot it holds, else of the last it held
  std::uint32_t repairing = kNone;  ///< operation-dependent failure mode under repair
  std::uint32_t next_mode = kNone;  ///< failure mode that will end the present run; kNone: it ends by finishing
  std::uint32_t run = 0;            ///< lots of `kind` since it was set up for it; counted where a station asks
  std::uint16_t faults = 0;         ///< failure modes that hold it down
  Phase phase = Phase::kIdle;
  Condition condition = Condition::kStarved;
  bool open = true;                              ///< by its calendar
  bool running = false;                          ///< time is being worked off now
  bool believed = false;                         ///< `beliefs` holds an estimate of what is left
  bool changing = false;                         ///< the setup under way is a changeover
  bool tearing = false;                          ///< the setup under way is the tear-down before it
  bool supplied = false;                         ///< the material of the present operation has been taken
  bool waits = false;                            ///< stands in the line for pools
  bool holding = false;                          ///< `pools` are in use by it
  std::uint16_t pace = 0;                        ///< state in which the present processing began: says its speed
  bool late = false;                             ///< works on although its calendar has closed, until it is done
  bool walking = false;                          ///< its operators are on their way to it
  std::uint64_t pools = 0;                       ///< while running: which alternative meets each need, 8 bits a need
  std::array<Tick, kConditions> in_condition{};  ///< up to `since`
  std::uint64_t visits = 0;                      ///< operations finished
  std::uint64_t gate = 0;  ///< of one that polls: lots that entered the queue before are served (gated), or lots that
                           ///< may still be served before it goes on (limited)
  std::uint64_t changes = 0;  ///< of one that polls: ways to another kind so far: index of the draws
};

/// Where a lot is.
enum class Place : std::uint8_t {
  kOutside = 0,
  kQueue = 1,
  kMachine = 2,
  kTransit = 3,
  kFree = 4,
  kParted = 5,  ///< its parts are under way in parallel branches or as sublots
  kBelt = 6,    ///< on a conveyor; `blocked` when it is at the end and waits for room
  kVehicle = 7  ///< on a vehicle
};

struct Lot {
  Tick release = 0;
  Tick due = kNever;
  Tick entered = 0;               ///< when it entered the queue it is in, or began to wait outside
  Tick waiting = 0;               ///< waiting in queues so far, without the present one
  Tick left = 0;                  ///< in transit: whole duration of the trip; in a queue: its patience
  std::int64_t key = 0;           ///< place in the queue, smaller first; then by `arrival`
  std::uint64_t arrival = 0;      ///< running number of its entry into a queue or blocked list
  std::uint64_t serial = 0;       ///< running number at its source; of a sublot see sublot_serial()
  std::uint32_t source = kNone;   ///< sources first, then orders
  std::uint32_t step = kNone;     ///< where it is, or is going
  std::uint32_t choice = kNone;   ///< which alternative of that step
  std::uint32_t round = 0;        ///< times it was sent back: tells visits of a step apart
  std::uint32_t machine = kNone;  ///< that holds it, processed or blocked
  std::int32_t priority = 0;
  std::uint32_t next = kNone, child = kNone, previous = kNone;  ///< links of the list or heap it is in
  std::uint32_t whole = kNone;                                  ///< the lot of which this is a part
  std::uint32_t parts = 0;                                      ///< of this lot, still under way
  Place place = Place::kFree;
  bool blocked = false;  ///< waits for room at the station of `choice`
  bool reworked = false;
  bool overdue = false;    ///< has waited in the present queue for as long as it may
  bool doomed = false;     ///< some part of it was scrapped
  bool cancelled = false;  ///< leaves as soon as it is on no machine
};

/// What only some plants ask of a lot, beside it so that the others do not carry it: State::more, by the lot's slot.
struct LotMore {
  std::uint32_t sent_back = 0;           ///< times it was sent back as rework
  std::uint32_t order = kNone;           ///< that it counts for, where that is not the one it was released for
  std::uint32_t follows = kNone;         ///< where it goes after the operation under way, as BranchData::target
  std::uint32_t follows_choice = kNone;  ///< which alternative of that step; kNone: it needs no room
  bool decided = false;                  ///< these two hold, and the place there is kept for it
  bool follows_rework = false;           ///< that is declared as rework
  std::uint32_t worked_by = kNone;       ///< the machine that another lot took from it; kNone: none did
  Tick total = 0, left = 0;              ///< then: processing at that machine's speed, as drawn, and what is left of it
  std::uint32_t behind = kNone;          ///< on a belt: the next lot behind it
  std::uint32_t from = kNone;            ///< node where a vehicle fetches it
  bool called = false;                   ///< it has a place where it goes, and waits for a vehicle to come and load it
  Tick boarded = 0;                      ///< on a belt: its clock when the lot got on
  Tick carried = 0;                      ///< time on its ways so far, without the present one
  std::array<std::uint16_t, kMaxCarriers> held{};  ///< of each carrier, how many it holds
};

/// How a lot did one step that it remembers, for the sake of later ones.
struct StepDone {
  Tick end = kNever;              ///< when it last finished it; kNever: not yet
  std::uint32_t machine = kNone;  ///< on which it did so
  std::uint32_t times = 0;        ///< it has been sent back from there
  friend bool operator==(const StepDone&, const StepDone&) = default;
};

/// Lots in one station's queue and those waiting for room in it.
struct StationState {
  std::uint32_t head = kNone, tail = kNone;  ///< queue: list (FIFO, LIFO), or root of a heap in `head`
  std::uint32_t queued = 0;
  std::uint32_t inbound = 0;                                 ///< lots on the way, or under way elsewhere, that have a
                                                             ///< place reserved
  std::uint32_t idle = 0;                                    ///< machines that could start a lot now
  std::uint32_t blocked_head = kNone, blocked_tail = kNone;  ///< lots waiting for room, in order of waiting
  std::uint64_t visits = 0;                                  ///< lots that left the queue for a machine
  std::uint64_t lost = 0;
  std::uint64_t overdue = 0;  ///< lots that waited in its queue for as long as they may
  Wide queue_integral = 0;    ///< sum of leaving minus entering times; plus queued * now is the integral
  Wide queue_time = 0;        ///< waiting of the lots counted in `visits`
};

/// By a belt's clock, which begins at 0: before everything.
inline constexpr Tick kLongAgo = -kNever / 2;

/// A conveyor and the lots on it and in front of it. Its clock runs while it moves.
struct BeltState {
  Tick since = 0;                                ///< of the last change of `stands`
  Tick clock = 0;                                ///< up to `since`
  Tick last_on = kLongAgo, last_off = kLongAgo;  ///< by the clock: when a lot last got on, and off
  std::uint32_t head = kNone, tail = kNone;      ///< lots on it, first to arrive first: LotMore::behind
  std::uint32_t count = 0;
  std::uint32_t blocked_head = kNone, blocked_tail = kNone;  ///< lots waiting to get on, in order of waiting
  bool stands = false;                                       ///< its first lot cannot leave, and it does not accumulate
  std::uint64_t visits = 0;                                  ///< lots that got off
  Tick jammed = 0;                                           ///< time in which its first lot could not leave
  Tick jammed_since = kNever;                                ///< since when that is so now; kNever: it is not
  Wide integral = 0;  ///< sum of leaving minus boarding times; plus count * now is that of its level
};

/// What a vehicle is about.
enum class Task : std::uint8_t {
  kIdle = 0,
  kFetch = 1,  ///< drives to a lot
  kLoad = 2,
  kCarry = 3,  ///< drives with it
  kUnload = 4,
  kHome = 5,      ///< drives home with nothing to do
  kToCharge = 6,  ///< drives to where it is charged
  kCharge = 7
};
/// What its time goes into.
enum class Activity : std::uint8_t { kIdle = 0, kEmpty = 1, kLoaded = 2, kHandling = 3, kWaiting = 4, kCharging = 5 };
inline constexpr std::size_t kActivities = 6;
[[nodiscard]] const char* name_of(Task task) noexcept;

struct VehicleState {
  Tick since = 0;                         ///< of the last change of what it does
  std::array<Tick, kActivities> spent{};  ///< up to `since`
  Tick began = 0, span = 0;               ///< of the edge, loading, unloading or charging under way
  Tick free_since = 0;                    ///< when it last had nothing to do
  std::int64_t charge = 0;                ///< how far its battery goes; the edge under way is taken off
  std::int64_t driven = 0;                ///< edges done
  std::uint64_t trips = 0;                ///< lots that it has delivered
  std::uint64_t arrival = 0;              ///< running number since when it waits for a way
  std::uint32_t node = 0;                 ///< where it is, or comes to next
  std::uint32_t target = 0;               ///< node that it drives to
  std::uint32_t edge = kNone;  ///< on which it is, also at its end while it waits there; kNone: beside the ways
  std::uint32_t lot = kNone;   ///< that it fetches or carries
  Task task = Task::kIdle;
  bool moving = false;
  [[nodiscard]] bool drives() const noexcept {
    return task == Task::kFetch || task == Task::kCarry || task == Task::kHome || task == Task::kToCharge;
  }
  [[nodiscard]] bool waits() const noexcept { return drives() && !moving; }
  [[nodiscard]] Activity activity() const noexcept {
    if (task == Task::kIdle) return Activity::kIdle;
    if (task == Task::kCharge) return Activity::kCharging;
    if (!drives()) return Activity::kHandling;
    return !moving ? Activity::kWaiting : task == Task::kCarry ? Activity::kLoaded : Activity::kEmpty;
  }
};

struct FailureState {
  Tick left = 0;               ///< until the failure, in work as of the machine's last stop, or in lots of a second
  Tick drawn = 0;              ///< whole time to failure, or, while down, whole repair
  Tick began = 0;              ///< when the present life (by clock) or repair began
  std::uint64_t count = 0;     ///< failures so far: index of the draws
  std::uint32_t renewals = 0;  ///< times its life began anew after maintenance of another mode
  std::uint32_t level = 0;     ///< state of the machine, of those of the mode
  Tick level_since = 0;        ///< when it came to be in that state, or was last accounted
  std::uint64_t pools = 0;     ///< while under repair: which alternative meets each need, 8 bits a need
  bool down = false;
  bool waits = false;  ///< down, and in the line for its crew
};

/// Operators, tools, crews or material.
struct PoolState {
  std::int64_t level = 0;     ///< of material: at hand. Of others: in use
  std::int64_t promised = 0;  ///< of material: places kept for what operations under way will make
  std::uint64_t deliveries = 0, lost = 0;
  std::int64_t asked = 0;       ///< of material: units that operations which wait will take
  std::int64_t coming = 0;      ///< of material: units on order
  std::uint64_t ordered = 0;    ///< of material: orders so far
  std::uint64_t shortages = 0;  ///< of material: times an operation asked and there was too little
  std::uint64_t used = 0;       ///< of material: units in operations that have ended
  std::int64_t away = 0;        ///< of tools that wear out: being reground or delivered
  std::int64_t walking = 0;     ///< of operators who walk: in use by machines that wait until they are there
  Wide walk_integral = 0;       ///< of `walking` over time, up to `since`
  std::uint64_t reground = 0;   ///< of tools that wear out: times one was sent to be reground
  std::uint64_t replaced = 0;   ///< of tools that wear out: times one was replaced
  Wide away_integral = 0;       ///< of `away` over time, up to `since`
  Tick last = 0, drawn = 0;     ///< the last delivery, or the start, and the time from then to the next
  Tick since = 0;               ///< of the last change of `level` or `open`
  bool open = true;             ///< by its calendar
  Wide integral = 0;            ///< of `level` over time, up to `since`
  Wide short_integral = 0;      ///< of material: of units asked for and not there, up to `since`
  Wide short_time = 0;          ///< of material: in which any were, up to `since`
  Wide coming_integral = 0;     ///< of material: of units on order, up to `since`
  Wide open_time = 0;           ///< up to `since`
};

/// One of a pool whose units are told apart.
struct UnitState {
  Tick left = 0;                  ///< of its life, as of when its machine last stopped; a lot counts as a second
  Tick drawn = 0;                 ///< whole life; while it is away: how long it is away
  Tick began = 0;                 ///< while it is away: since when
  std::uint64_t lives = 0;        ///< that have ended: index of the draws
  std::uint64_t ground = 0;       ///< times it was reground since it was new
  std::uint32_t machine = kNone;  ///< that has it in use
  std::uint32_t at = kNone;       ///< of operators who walk: station where it is, or set out from; kNone: nowhere yet
  bool away = false;              ///< it is reground, or a new one is delivered in its place
};

/// Material on its way from its supplier.
struct Delivery {
  std::uint32_t pool = kNone;
  std::int64_t amount = 0;
  Tick ordered = 0, due = 0;
  std::uint64_t number = 0;  ///< of the order among those of its material: index of its draw
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

/// A machine (below the count of machines) or a failure mode (above) that waits for pools.
struct Waiting {
  std::uint32_t who = kNone;
  friend bool operator==(const Waiting&, const Waiting&) = default;
};

struct SourceState {
  std::uint64_t count = 0;  ///< lots or arrivals so far
  std::uint64_t gone = 0;   ///< constant WIP only: lots that have left
  Tick last = 0;            ///< the last arrival, or the start
  Tick drawn = 0;           ///< interarrival time under way
};

struct OrderState {
  std::uint32_t released = 0, finished = 0, scrapped = 0;
  Tick finish = 0;              ///< of the last of its lots so far
  std::uint32_t quantity = 0;   ///< lots ordered, as changed since
  std::uint32_t cancelled = 0;  ///< lots in process that left because they were cancelled
  std::uint32_t withdrawn = 0;  ///< lots cancelled before they were released
  std::uint32_t given = 0;      ///< lots in process or gone that it released and that count for other orders
  std::uint32_t taken = 0;      ///< the reverse
  std::int32_t priority = 0;
  Tick due = kNever;
  bool promised = true;  ///< `due` is known; not before the first release where it is drawn

  /// Lots released that count for it.
  [[nodiscard]] std::uint64_t accounted() const noexcept { return std::uint64_t{released} + taken - given; }
  /// Lots still to be released.
  [[nodiscard]] std::uint64_t unreleased() const noexcept { return quantity - withdrawn - accounted(); }
  /// Lots released or not that have not left.
  [[nodiscard]] std::uint64_t open() const noexcept {
    return std::uint64_t{quantity} - withdrawn - finished - scrapped - cancelled;
  }
  [[nodiscard]] std::uint64_t in_process() const noexcept { return accounted() - finished - scrapped - cancelled; }
};

struct ProductTotals {
  std::uint64_t released = 0, completed = 0, scrapped = 0, reworked = 0, lost = 0, late = 0;
  std::uint64_t in_process = 0;
  std::uint64_t cancelled = 0;  ///< lots that left because their order was cancelled
  Wide wip_integral = 0;        ///< sum of leaving minus release times; plus in_process * now is the integral
  Wide cycle_time = 0, waiting = 0, tardiness = 0;  ///< sums over completed lots
  Wide carried = 0;                                 ///< the same, of time on their ways; where plants have belts
};

/// An estimate, made elsewhere, of what is left of the processing under way: quantiles at `kBeliefLevels`.
inline constexpr std::array<double, 17> kBeliefLevels{0.0, 0.01, 0.025, 0.05, 0.1,  0.2,   0.3,  0.4, 0.5,
                                                      0.6, 0.7,  0.8,   0.9,  0.95, 0.975, 0.99, 1.0};
struct Belief {
  std::uint32_t machine = kNone;
  std::uint32_t reserved = 0;
  Tick at_left = 0;  ///< MachineState::left when the estimate was made; the time passed is the difference
  std::array<Tick, kBeliefLevels.size()> quantiles{};  ///< ascending
  friend bool operator==(const Belief&, const Belief&) = default;
};

/// Slots of pending events: machines, failure modes, sources, calendars, pools (deliveries), stations (batches that
/// wait no longer), stations again (cycles), reviews of material, units of pools, belts (two each: the first lot comes
/// to the end, and the next one may get on), vehicles, the next order, the next change of an order, then lots under way
/// or in a queue they may leave.
struct Slots {
  std::uint32_t modes, sources, calendars, pools, stations, cycles, reviews, units, belts, vehicles, order, change,
      lots;
  explicit Slots(const PlantData& plant) noexcept;
};

/// Order of events at one instant, first to last.
enum class Priority : std::uint8_t {
  kFinish = 0,     ///< a machine finishes setup or processing
  kRepair = 1,     ///< a repair ends
  kFailure = 2,    ///< a failure begins
  kCalendar = 3,   ///< a calendar opens or closes, an order changes
  kTransport = 4,  ///< a lot arrives from transport, or may get on a belt, or a vehicle gets where it goes
  kReview = 5,     ///< material is looked at, and ordered
  kArrival = 6,    ///< a lot arrives from a source or an order, material from its supply
  kPatience = 7,   ///< a lot has waited for as long as it may
  kBatch = 8,      ///< a batch waits no longer for more lots
  kCycle = 9,      ///< a cycle begins
};

/// See the head of this file. Plain data: read it as you like; to change it use the functions of twin/sim.
struct State {
  Tick now = 0;
  Seed seed;
  std::uint64_t replication = 0;
  std::uint64_t key = 0;           ///< of all draws: made of seed and replication
  std::uint64_t plant = 0;         ///< digest of the plant it belongs to
  std::uint64_t arrivals = 0;      ///< next Lot::arrival
  std::uint64_t events = 0;        ///< events run so far
  std::uint64_t history = 0;       ///< digest of the operations finished so far
  std::uint64_t open_orders = 0;   ///< ordered lots not yet finished or scrapped, released or not
  std::uint32_t free_lot = kNone;  ///< head of the list of free slots in `lots`
  std::uint32_t lot_count = 0;
  std::uint32_t next_order = 0;   ///< orders before this one are released whole
  std::uint32_t next_change = 0;  ///< changes of orders before this one are done
  bool carries_more = false;      ///< as PlantData::lots_carry_more
  std::vector<MachineState> machines;
  std::vector<StationState> stations;
  std::vector<FailureState> failures;
  std::vector<SourceState> sources;
  std::vector<OrderState> orders;
  std::vector<ProductTotals> products;
  std::vector<Lot> lots;
  std::vector<LotMore> more;           ///< by slot of `lots`; empty unless PlantData::lots_carry_more
  std::uint32_t marks_per_lot = 0;     ///< as PlantData has it
  std::vector<StepDone> marks;         ///< shape (lots, marks_per_lot), row = slot of `lots`
  std::vector<std::uint64_t> samples;  ///< lots that have come to each step that some pass by in turn
  std::vector<PoolState> pools;
  std::vector<UnitState> units;  ///< by PoolData::first_unit
  std::vector<BeltState> belts;
  std::vector<VehicleState> vehicles;
  std::vector<std::uint32_t> tracks;  ///< by track: vehicles on it
  std::vector<std::uint32_t> calls;   ///< lots to which no vehicle goes yet, longest first
  std::vector<Waiting> waiting;       ///< for pools, longest first
  std::vector<Tick> level_time;       ///< by PlantData::levels: time in that state, before the present stay
  std::vector<Delivery> deliveries;   ///< of ordered material, by pool, due date and number
  std::vector<Belief> beliefs;        ///< ascending machine
  kernel::EventQueue queue;

  /// The plant at its epoch: empty, machines idle, first arrivals and failures drawn, lots of CONWIP released.
  /// Defined in twin/sim, because beginning is a rule.
  [[nodiscard]] static State initial(const Plant& plant, Seed seed = {}, std::uint64_t replication = 0);
  [[nodiscard]] static State initial(const Plant& plant, const Parameters& parameters, Seed seed,
                                     std::uint64_t replication = 0);

  /// Bytes that `load` turns into an equal state: versioned, with a checksum, the same on every machine.
  /// \throws InvalidArgument  the state belongs to another plant; `digest` and `equal` throw it too
  [[nodiscard]] std::string save(const Plant& plant) const;
  /// \throws FormatError when the bytes are damaged, of another version or plant, or describe an impossible state
  [[nodiscard]] static State load(std::string_view bytes, const Plant& plant);

  /// Hash of the canonical form: equal states have equal digests.
  [[nodiscard]] std::uint64_t digest(const Plant& plant) const;
};

/// Same future and same past, whatever slots the lots happen to have.
[[nodiscard]] bool equal(const Plant& plant, const State& a, const State& b);

/// Refuses a state of another plant. \param what  begins the message: what was to be done with the state
/// \throws InvalidArgument  with both digests
void check_plant(const Plant& plant, const State& state, const char* what);

/// Serials of sublots: that of the lot, and above it the sublot's number, from 1; a sublot that is split again has the
/// second number above the first. All that a lot draws and all that tells it apart goes by the serial, so sublots have
/// luck of their own. A source whose lots are split numbers 2^32 of them apart.
inline constexpr unsigned kSerialBits = 32;
inline constexpr unsigned kSublotBits = 8;
static_assert(kMaxSublots < 1U << kSublotBits);
[[nodiscard]] constexpr std::uint64_t sublot_serial(std::uint64_t whole, std::uint32_t number) noexcept {
  return whole | std::uint64_t{number} << (whole >> kSerialBits == 0 ? kSerialBits : kSerialBits + kSublotBits);
}
/// Serial of the lot to which a sublot belongs.
[[nodiscard]] constexpr std::uint64_t serial_of_whole(const PlantData& plant, std::uint64_t serial) noexcept {
  return plant.splits ? serial & ((std::uint64_t{1} << kSerialBits) - 1) : serial;
}

/// Name of a lot: `<order>-07` for ordered lots (as wide as the order's quantity), `<product>#123` for others; of its
/// second sublot `<order>-07/2`.
[[nodiscard]] std::string lot_name(const PlantData& plant, std::uint32_t source, std::uint64_t serial);

/// Product of the lots that come from a source or order.
[[nodiscard]] inline ProductId product_of_source(const PlantData& plant, std::uint32_t source) noexcept {
  return source < plant.sources.size() ? plant.sources[source].product
                                       : plant.orders[source - plant.sources.size()].product;
}
/// The order that a lot counts for; kNone where it is not ordered.
[[nodiscard]] inline std::uint32_t order_of(const PlantData& plant, const State& state, std::uint32_t lot) noexcept {
  if (!state.more.empty() && state.more[lot].order != kNone) return state.more[lot].order;
  const std::uint32_t source = state.lots[lot].source;
  return source < plant.sources.size() ? kNone : source - static_cast<std::uint32_t>(plant.sources.size());
}

/// Stable hash of a source or order: part of the address of its lots' draws.
[[nodiscard]] inline std::uint64_t hash_of_source(const PlantData& plant, std::uint32_t source) noexcept {
  return source < plant.sources.size() ? plant.sources[source].hash : plant.orders[source - plant.sources.size()].hash;
}

}  // namespace twin
