#include "keys_impl.hpp"

#include <array>

namespace twin::model_detail {

const std::vector<Key>& keys_of(Level level) {
  using S = Shape;
  static const std::array<std::vector<Key>, kLevels> tables{{
      // kTop
      {{"include", S::kFiles, "none",
        "files whose keys lie under those of this one; paths start at this file's folder"},
       {"name", S::kText, "the file's name", "what the plant is called"},
       {"description", S::kText, "", "what it shows, for readers"},
       {"epoch", S::kInstant, "2000-01-03T00:00Z", "the instant at which simulated time is 0; a Monday unless said"},
       {"time_zone", S::kTimeZone, "UTC", "in which calendars and times without a zone are meant"},
       {"stations", S::kStations, "none", "places where work is done, by name; m[1..20] makes twenty", true},
       {"products", S::kProducts, "none", "what is made, by name", true},
       {"orders", S::kOrders, "none", "lots to release at given times: a list, or a file of comma-separated values"},
       {"calendars", S::kCalendars, "none", "weekly opening hours, by name"},
       {"operators", S::kPools, "none", "people, by name: how many, and what they can do"},
       {"tools", S::kPools, "none", "fixtures, tools and other things of which there are so many, by name"},
       {"materials", S::kMaterials, "none", "what operations use up and make, by name: counted, not told apart"},
       {"conveyors", S::kConveyors, "none", "belts that bring lots to a step, by name; a step's transport names one"},
       {"paths", S::kPaths, "none", "ways between stations and other points, on which vehicles drive"},
       {"vehicles", S::kFleets, "none", "fleets that bring lots to a step, by name; a step's transport names one"},
       {"carbon", S::kCarbon, "0", "carbon dioxide of the energy used"},
       {"run", S::kRun, "see its keys", "how long and how often to simulate"},
       {"expect", S::kExpect, "none", "values that a simulation must reproduce, by metric"},
       {"what_if", S::kWhatIf, "none", "named changes: paths and the values to put there"},
       {"provenance", S::kFree, "none", "where learned numbers come from; not used in simulating"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kStation
      {{"machines", S::kMachines, "1", "how many machines work in parallel, or each by name"},
       {"queue", S::kQueue, "unlimited, first come first served", "where lots wait for a machine"},
       {"failures", S::kFailures, "none", "ways in which each machine fails, independently"},
       {"maintenance", S::kMaintenance, "none", "what is done regularly to each machine, between operations"},
       {"degradation", S::kDegradation, "none", "states that each machine wears through until it is repaired"},
       {"calendar", S::kName, "always", "when its machines work; work in progress pauses and resumes"},
       {"when_closed", S::kWhenClosed, "pause", "what its machines do with work under way when their calendar closes"},
       {"time", S::kDistribution, "none: each step says its own", "processing time of steps that give none"},
       {"setup", S::kSetup, "0",
        "setup before each lot, of steps that give none; or setup times between kinds of work"},
       {"changeover", S::kDistribution, "the setup",
        "setup where the machine did another step before, of steps that give none"},
       {"batch", S::kBatch, "one lot at a time", "each machine takes several lots of one kind at once"},
       {"needs", S::kNeeds, "none", "operators and tools held while a machine runs, of steps that give none"},
       {"uses", S::kUses, "none", "material taken as an operation begins, of steps that give none"},
       {"makes", S::kUses, "none", "material made as an operation ends, of steps that give none"},
       {"polling", S::kPolling, "none", "each machine goes round its kinds of work, also when none waits"},
       {"blocking", S::kBlocking, "after",
        "when a machine waits for room where its lot goes next: after its operation, or before it begins"},
       {"cycle", S::kCycle, "none", "operations begin and end at multiples of this time only"},
       {"speed", S::kSpeed, "1", "processing takes time / speed"},
       {"power", S::kPower, "0", "electric power of each machine: while it works, or by what it is doing"},
       {"cost", S::kMachineCost, "0", "cost of each machine: while it works or is set up, or by what it is doing"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kMachine
      {{"speed", S::kSpeed, "the station's", "processing takes time / speed"},
       {"does", S::kDoes, "all that is done at the station", "what it can do: steps, products or families, by name"},
       {"calendar", S::kName, "the station's", "when it works"},
       {"failures", S::kFailures, "the station's", "ways in which it fails"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kQueue
      {{"places", S::kPlaces, "unlimited",
        "lots that may wait, those in service not counted; a full queue blocks the machine before"},
       {"rule", S::kRule, "fifo", "who is served next"},
       {"if_full", S::kFull, "wait", "what arrivals from outside do at a full queue: wait outside, or are lost"},
       {"preempt", S::kPreempt, "never",
        "lots that come first by the rule take machines from others, whose work resumes or restarts"}},
      // kFailure
      {{"after", S::kAfter, "", "time from repair to failure: of work (default), or of time on the clock while up",
        true},
       {"repair", S::kDistribution, "", "time to repair", true},
       {"name", S::kName, "none", "what it is called, for maintenance that renews it"},
       {"needs", S::kNeeds, "none", "operators and tools that the repair waits for and holds"},
       {"lot", S::kOnFailure, "resume", "what becomes of the lot that was worked on"},
       {"times", S::kCount, "unlimited",
        "how often it happens at most: `{after: 0 of time, repair: 1 d, times: 1}` is one stop, from now on"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kProduct
      {{"route", S::kRoute, "", "steps in order", true},
       {"arrivals", S::kArrivals, "only as ordered", "where lots come from"},
       {"priority", S::kInteger, "0", "larger goes first where the queue's rule is priority"},
       {"due", S::kDue, "none",
        "due date: a time from release, or a rule: con(time), twk(times the work), nop(time each operation), slk(time "
        "beside the work), ppw(the work, and time each operation), ran(distribution)"},
       {"holding", S::kCostRate, "0", "cost of each lot in process"},
       {"lateness", S::kCostRate, "0", "cost of each lot that is late, for as long as it is"},
       {"family", S::kText, "the product's name", "kind of product, where setups or batches go by family"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kStep
      {{"at", S::kStationsOf, "", "the station; a list gives alternatives; a range makes one step at each"},
       {"parallel", S::kParallel, "none",
        "instead of a station: branches by name, each a list of steps, done at the same time; the lot goes on when all "
        "are done"},
       {"split", S::kSublots, "none",
        "instead of a station: how many sublots the lot parts into, each of which goes through `route` by itself; the "
        "lot goes on when all are done"},
       {"route", S::kRoute, "none", "with `split`: the steps of a sublot"},
       {"op", S::kText, "the station's name", "name of the step; a repeated name gets #2, #3"},
       {"time", S::kTimes, "the station's", "processing time at speed 1; by station where alternatives differ"},
       {"setup", S::kDistribution, "the station's", "setup before each lot"},
       {"changeover", S::kDistribution, "the station's, else the setup",
        "setup instead, where the machine did another step before"},
       {"choose", S::kChoose, "shortest_queue", "which of several stations a lot goes to"},
       {"same_as", S::kSameAs, "any machine", "an earlier step: done on the machine that did that, or at its station"},
       {"only", S::kProbability, "1", "probability with which a lot takes this step; else it goes on to the next"},
       {"sample", S::kSample, "all lots", "of the lots that come, one in so many takes this step"},
       {"transport", S::kTransport, "0",
        "way from the place before: a time, or the conveyor or the vehicles that it goes by"},
       {"needs", S::kNeeds, "the station's", "operators and tools held while the machine runs"},
       {"holds", S::kNeeds, "none",
        "tools, as pallets, that each lot takes as the operation begins and keeps over later steps"},
       {"returns", S::kSkills, "none", "tools that each lot gives back as the operation ends"},
       {"uses", S::kUses, "the station's", "material taken as the operation begins"},
       {"makes", S::kUses, "the station's", "material made as the operation ends"},
       {"family", S::kText, "the product's", "kind of work, where setups or batches go by family"},
       {"max_wait", S::kDistribution, "for ever", "how long a lot waits in the queue at most"},
       {"within", S::kWithin, "for ever", "how long after the end of an earlier step this one begins at most"},
       {"if_overdue", S::kOverdue, "scrap", "what happens to a lot that has waited so long, or comes too late"},
       {"then", S::kThen, "on to the next step", "where lots go afterwards, with which probability"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kThen
      {{"pass", S::kProbability, "the rest", "on to the next step; after the last: finished"},
       {"rework", S::kThenRework, "0",
        "back to a step, counted as reworked: {step: probability}; a number alone repeats this step"},
       {"goto", S::kThenGoto, "0", "on to a step by name: {step: probability}"},
       {"leave", S::kProbability, "0", "finished here, good"},
       {"scrap", S::kProbability, "0", "finished here, scrapped"},
       {"limit", S::kCount, "unlimited", "times that one lot is sent back from this step as rework, at most"},
       {"beyond", S::kBeyond, "scrap", "what becomes of a lot that would be sent back once more"}},
      // kOrder
      {{"id", S::kName, "", "name of the order, unique", true},
       {"product", S::kName, "", "what is ordered", true},
       {"quantity", S::kQuantity, "1",
        "lots, released together; 0 where lots of another order become those of this one"},
       {"release", S::kStart, "0", "when: an instant, or the time since the epoch"},
       {"due", S::kStart, "release and the product's due", "when it should be finished"},
       {"priority", S::kInteger, "the product's", "larger goes first where the queue's rule is priority"},
       {"changes", S::kChanges, "none", "what becomes of it later: a list of changes at instants"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kCalendar
      {{"mon", S::kHours, "closed", "hours of that day"},
       {"tue", S::kHours, "closed", "hours of that day"},
       {"wed", S::kHours, "closed", "hours of that day"},
       {"thu", S::kHours, "closed", "hours of that day"},
       {"fri", S::kHours, "closed", "hours of that day"},
       {"sat", S::kHours, "closed", "hours of that day"},
       {"sun", S::kHours, "closed", "hours of that day"},
       {"mon-fri", S::kHours, "closed",
        "hours of these days (any days first-last); a single day's own key counts more"},
       {"daily", S::kHours, "closed", "hours of all days without a key of their own"},
       {"exceptions", S::kExceptions, "none", "hours of single dates or spans of dates, holidays for one"},
       {"time_zone", S::kTimeZone, "the file's", "in which its hours are meant; a place has its summer time"}},
      // kRun
      {{"warmup", S::kDuration, "0", "time from the start that results leave out"},
       {"until", S::kEnd, "until all orders are finished", "end: a time since the epoch, or an instant"},
       {"replications", S::kCount, "1", "independent runs"},
       {"seed", S::kSeed, "0", "of the random numbers"}},
      // kPool
      {{"count", S::kCount, "1", "how many there are"},
       {"calendar", S::kName, "always", "when they are there; work that they do stands when they go"},
       {"cost", S::kCostRate, "0", "cost of each, as long as it is there"},
       {"skills", S::kSkills, "none", "what they can do beside what their name says; needs may name a skill"},
       {"walking", S::kWalking, "0",
        "of operators: time from station to station: {from: {to: time}}, or a file of comma-separated values"},
       {"life", S::kLife, "for ever",
        "of tools: how long each lasts, in work or operations; then it is reground or replaced"},
       {"regrind", S::kDistribution, "it is replaced", "of tools with a life: time until one is back with a new life"},
       {"regrinds", S::kCount, "unlimited", "of tools that are reground: how often one is before it is replaced"},
       {"delivery", S::kDistribution, "0", "of tools with a life: time until a new one is there"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kMaterial
      {{"level", S::kLevel, "0", "how much there is at the start"},
       {"places", S::kPlaces, "unlimited", "how much fits; an operation whose product finds no place does not begin"},
       {"price", S::kPrice, "0", "cost of each unit used"},
       {"supply", S::kSupply, "none", "deliveries from outside; what finds no place is lost"},
       {"reorder", S::kReorder, "none", "when and how much is ordered from a supplier, who delivers after a lead time"},
       {"holding", S::kCostRate, "0", "cost of each unit at hand"},
       {"shortage", S::kCostRate, "0", "cost of each unit that operations wait for, for as long as they do"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kSupply
      {{"every", S::kDistribution, "", "time between deliveries", true},
       {"lot", S::kCount, "1", "how much comes each time"}},
      // kSetup
      {{"by", S::kBy, "family", "what makes kinds of work"},
       {"matrix", S::kMatrix, "none", "setup times: {from: {to: time}}, or a file of comma-separated values"},
       {"same", S::kDistribution, "0", "setup between lots of one kind that the matrix does not give"},
       {"otherwise", S::kDistribution, "0", "setup between kinds that the matrix does not give"},
       {"first", S::kDistribution, "0", "setup of a machine that has done nothing yet"},
       {"min_run", S::kCount, "1", "lots of one kind that a machine does at least, as long as there are any"},
       {"teardown", S::kTeardown, "0", "time before the setup for another kind: one, or by the kind torn down"}},
      // kBatch
      {{"max", S::kCount, "", "lots that a machine takes at once, at most", true},
       {"min", S::kCount, "1", "lots with which it begins; fewer wait for more"},
       {"wait", S::kDuration, "for ever", "a lot that has waited so long is taken with fewer"},
       {"by", S::kBy, "op", "what the lots of a batch have in common"}},
      // kArrivals
      {{"every", S::kDistribution, "none", "time between arrivals, the first after one"},
       {"profile", S::kProfile, "none",
        "a list of {from, times}: from that time of each period the clock of arrivals runs so many times as fast"},
       {"period", S::kDuration, "24 h", "after which the profile repeats, beginning at the epoch"},
       {"keep", S::kCount, "none",
        "instead of every: released whenever the material `of` and the lots in process are fewer"},
       {"of", S::kName, "none", "the material that is kept"},
       {"lots", S::kDistribution, "1", "lots at each arrival: a number, or a distribution of numbers without unit"}},
      // kConveyor
      {{"length", S::kLength, "none: `time` says how long it takes", "from end to end"},
       {"speed", S::kPace, "none: `time` says how long it takes", "how fast it moves"},
       {"time", S::kDuration, "length / speed", "from end to end, while nothing is in the way"},
       {"pitch", S::kLength, "length / places", "room of a lot on it"},
       {"places", S::kCount, "length / pitch, rounded down", "lots that it holds"},
       {"accumulating", S::kFlag, "true; false with slots",
        "lots close up behind one that cannot leave; else the whole belt stands until it can"},
       {"slots", S::kFlag, "false", "its places are fixed on it: a lot gets on only where one passes"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kPath
      {{"between", S::kBetween, "none: from and to", "two stations or points; it leads both ways, on one track"},
       {"from", S::kName, "none: between", "where a way that leads one way only begins"},
       {"to", S::kName, "none: between", "where it ends"},
       {"length", S::kLength, "", "how long it is", true},
       {"capacity", S::kCount, "unlimited", "vehicles on it at once, in both directions together; others wait"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kFleet
      {{"count", S::kCount, "1", "how many vehicles there are"},
       {"speed", S::kPace, "", "how fast they drive", true},
       {"load", S::kDistribution, "0", "time to load a lot"},
       {"unload", S::kDistribution, "0", "time to unload it"},
       {"home", S::kName, "", "the point where they stand at first", true},
       {"idle", S::kWhenIdle, "home", "what a vehicle does without work: drives home, or stays where it is"},
       {"entry", S::kName, "none", "the point where they fetch lots that come from outside"},
       {"dispatch", S::kDispatch, "nearest", "which lot a free vehicle fetches, and which vehicle fetches a lot"},
       {"battery", S::kBattery, "none", "how far they get, and where they are charged"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kBattery
      {{"range", S::kLength, "", "way on a full battery", true},
       {"charge", S::kDuration, "", "time from empty to full", true},
       {"at", S::kName, "", "the point where they are charged", true},
       {"below", S::kProbability, "0.3", "share of the range with less of which a vehicle without a lot is charged"}},
      // kReorder
      {{"at", S::kInteger, "",
        "ordered when what is at hand and on order, less what operations wait for, is so much or less", true},
       {"up_to", S::kInteger, "none", "an order brings it up to this"},
       {"lot", S::kCount, "none",
        "instead of up_to: what is ordered is the least multiple of this that brings it above `at`"},
       {"review", S::kDuration, "always", "looked at only once each such time, first at the epoch"},
       {"lead", S::kDistribution, "0", "time from the order to the delivery"},
       {"cost", S::kPrice, "0", "cost of each order"}},
      // kMaintenance
      {{"every", S::kEvery, "",
        "when it is due: after so much work (default), time on the clock since the last, or operations; or at each "
        "multiple of a time since the epoch (of calendar)",
        true},
       {"takes", S::kDistribution, "", "how long it takes", true},
       {"window", S::kWindow, "0",
        "so long before it is due it is done already where the machine is idle, blocked, down or closed"},
       {"needs", S::kNeeds, "none", "operators and tools that it waits for and holds"},
       {"renews", S::kSkills, "none", "failures, by name, that age anew afterwards; degradation: the first state"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kDegradation
      {{"state", S::kName, "", "what it is called, in results too", true},
       {"lasts", S::kAfter, "for ever", "until the next state: work (default), or time on the clock"},
       {"speed", S::kSpeed, "1", "operations whose processing begins in it take time / speed"},
       {"scrap", S::kProbability, "0", "probability that an operation that ends in it spoils its lot"},
       {"repair", S::kDistribution, "none", "the machine is repaired for so long, and in the first state afterwards"},
       {"when", S::kCare, "now", "when it is repaired: now, or when no work is under way (free)"},
       {"needs", S::kNeeds, "none", "operators and tools that the repair waits for and holds"},
       {"meta", S::kFree, "none", "anything; not used in simulating"}},
      // kPolling
      {{"change", S::kDistribution, "", "time from one kind of work to the next", true},
       {"serve", S::kServe, "exhaustive", "how long it stays with one kind"},
       {"by", S::kBy, "product", "what makes kinds of work"}},
      // kSample
      {{"every", S::kCount, "", "one lot of so many that come takes the step", true},
       {"first", S::kCount, "as every", "the first lot that takes it, counted from 1"}},
      // kWithin
      {{"of", S::kName, "", "the step from whose end time counts", true},
       {"time", S::kDuration, "", "how long after it this step begins at most", true}},
      // kChange
      {{"at", S::kStart, "", "when: an instant, or the time since the epoch", true},
       {"priority", S::kInteger, "as it is", "of the order and its lots from then on"},
       {"due", S::kStart, "as it is", "due date of the order and its lots from then on"},
       {"quantity", S::kCount, "as it is", "lots in all; not fewer than are released by then"},
       {"cancel", S::kCancel, "none",
        "now: its lots leave, those on machines when their operations end; finish: only what is not released is "
        "cancelled"},
       {"to", S::kName, "none", "an order of the same product for which the lots count from then on"},
       {"lots", S::kCount, "all", "the change holds for so many open lots, the first by number"}},
  }};
  return tables[static_cast<std::size_t>(level)];
}

const char* name_of(Level level) noexcept {
  constexpr std::array names{"plant",   "station",     "machine",     "queue",    "failure", "product",  "step",
                             "then",    "order",       "calendar",    "run",      "pool",    "material", "supply",
                             "setup",   "batch",       "arrivals",    "conveyor", "path",    "fleet",    "battery",
                             "reorder", "maintenance", "degradation", "polling",  "sample",  "within",   "change"};
  static_assert(names.size() == kLevels);
  return names[static_cast<std::size_t>(level)];
}

std::vector<std::string> key_names(Level level) {
  std::vector<std::string> names;
  for (const auto& key : keys_of(level)) names.emplace_back(key.name);
  return names;
}

const char* allowed(Shape shape) noexcept {
  switch (shape) {
    case Shape::kText:
      return "text";
    case Shape::kName:
      return "a name";
    case Shape::kFiles:
      return "a file name or a list of them";
    case Shape::kInstant:
      return "an ISO 8601 time, as in 2017-02-01T06:00:00Z";
    case Shape::kTimeZone:
      return "UTC, an offset such as +01:00, or a place such as Europe/Berlin";
    case Shape::kFree:
      return "anything";
    case Shape::kInteger:
      return "a whole number from -1000000000 to 1000000000";
    case Shape::kCount:
      return "a whole number from 1 to 1000000";
    case Shape::kSeed:
      return "a whole number from 0 to 18446744073709551615";
    case Shape::kSpeed:
      return "a number above 0, at most 1000000";
    case Shape::kProbability:
      return "a probability from 0 to 1";
    case Shape::kDuration:
      return "a number with a unit: ns, us, ms, s, min, h, d, w";
    case Shape::kDistribution:
      return "a time such as 48 s, or a distribution such as lognormal(mean 12 min, cv 0.3)";
    case Shape::kDue:
      return "a time from release such as 3 d, or con(3 d), twk(5), nop(4 h), slk(2 d), ppw(4 h), ran(uniform(1, 3 d))";
    case Shape::kDueFactor:
      return "a number from 0 to 1000000, as in twk(5)";
    case Shape::kChanges:
      return "a list, as in [{at: 2 d, priority: 9}, {at: 4 d, cancel: now}]";
    case Shape::kCancel:
      return "now, finish, or true, which is now";
    case Shape::kQuantity:
      return "a whole number from 1 to 1000000, or 0 for an order that lots of others are moved to";
    case Shape::kTimes:
      return "a time, a distribution, or {station: distribution} for alternatives";
    case Shape::kRule:
      return "fifo, lifo, spt, spt(known), lpt, edd, slack, cr, atc(k), covert(k), mwkr, lwkr, mopnr, fdd_mwkr, "
             "min_setup, cyclic, priority, priority(first product, second, ...), expr(formula)";
    case Shape::kFull:
      return "wait, lose";
    case Shape::kChoose:
      return "shortest_queue, earliest_finish, first, random, cost, expr(formula)";
    case Shape::kArrivals:
      return "every <distribution>, saturate, conwip(<lots>), or keys, as in {every: exponential(5 min), lots: 3}";
    case Shape::kAfter:
      return "a distribution, then 'of work', 'of time' or 'of lots', as in exponential(100 min) of work, 50 of lots";
    case Shape::kWalking:
      return "{from: {to: time}} by stations, as in {saw: {mill: 40 s}}";
    case Shape::kLife:
      return "a distribution, then 'of work' or 'of lots', as in 20 h of work, 500 of lots";
    case Shape::kPlaces:
      return "a whole number from 0 to 1000000000, or unlimited";
    case Shape::kStart:
      return "an ISO 8601 time, or a time since the epoch such as 3 d";
    case Shape::kEnd:
      return "a time since the epoch such as 2000 h, or an ISO 8601 time";
    case Shape::kHours:
      return "hours, as in \"06:00-14:00, 14:30-22:00\", a list of such, or closed";
    case Shape::kStationsOf:
      return "a station's name, or a list of alternatives";
    case Shape::kThenGoto:
      return "{step: probability}, or a step's name";
    case Shape::kThenRework:
      return "{step: probability}, or a probability";
    case Shape::kStations:
      return "{name: station}";
    case Shape::kProducts:
      return "{name: product}";
    case Shape::kOrders:
      return "a list of orders, or the name of a file of comma-separated values";
    case Shape::kCalendars:
      return "{name: calendar}";
    case Shape::kExpect:
      return "{metric: value}, as in {part.cycle_time: 240 s}";
    case Shape::kWhatIf:
      return "{name: {path: value}}";
    case Shape::kMachines:
      return "a whole number from 1 to 100000, or {name: machine}";
    case Shape::kFailures:
      return "a list, as in [{after: exponential(100 min) of work, repair: 5 min}]";
    case Shape::kRoute:
      return "a list of steps, as in [{at: mill, time: 5 min}]";
    case Shape::kQueue:
      return "keys, as in {places: 5, rule: fifo}";
    case Shape::kThen:
      return "keys, as in {pass: 0.93, rework: {milling: 0.05}, scrap: 0.02}";
    case Shape::kRun:
      return "keys, as in {warmup: 20 h, until: 2000 h, replications: 30}";
    case Shape::kPools:
      return "{name: count}, or {name: {count: 2, calendar: early, skills: [turning]}}";
    case Shape::kMaterials:
      return "{name: level}, or {name: {level: 100, places: 200, supply: {every: 1 h, lot: 10}}}";
    case Shape::kSupply:
      return "keys, as in {every: 1 h, lot: 10}";
    case Shape::kSkills:
      return "a name or a list of names";
    case Shape::kNeeds:
      return "the name of operators, tools or a skill, or {name: amount}, 8 at most";
    case Shape::kUses:
      return "the name of a material, or {name: amount}";
    case Shape::kSetup:
      return "a time such as 48 s, a distribution, or keys, as in {by: family, matrix: {A: {B: 20 min}}}";
    case Shape::kMatrix:
      return "{from: {to: time}}, or the name of a file of comma-separated values";
    case Shape::kBy:
      return "family, product, op";
    case Shape::kBatch:
      return "keys, as in {max: 6, min: 4, wait: 30 min, by: op}";
    case Shape::kSublots:
      return "a whole number from 2 to 255";
    case Shape::kParallel:
      return "{name: list of steps}, two at least";
    case Shape::kOverdue:
      return "scrap, leave, stay, or {rework: step}";
    case Shape::kLevel:
      return "a whole number from 0 to 1000000000";
    case Shape::kExceptions:
      return "{date: hours}, as in {2026-12-25: closed, 2026-08-03..2026-08-14: closed}";
    case Shape::kPower:
      return "a power, as in 5 kW, or {working: 5 kW, setup: 3 kW, starved: 800 W}";
    case Shape::kMachineCost:
      return "a cost by time, as in 60 EUR/h, or {working: 60 EUR/h, down: 20 EUR/h}";
    case Shape::kCostRate:
      return "a cost by time, as in 60 EUR/h";
    case Shape::kPrice:
      return "a cost, as in 2.50 EUR";
    case Shape::kCarbon:
      return "mass by energy, as in 350 g/kWh";
    case Shape::kWhenClosed:
      return "pause, finish, restart, scrap";
    case Shape::kOnFailure:
      return "resume, restart, scrap";
    case Shape::kPreempt:
      return "never, resume, restart";
    case Shape::kPolling:
      return "keys, as in {change: 30 s, serve: exhaustive, by: product}";
    case Shape::kServe:
      return "exhaustive, gated, limited(lots)";
    case Shape::kDoes:
      return "a list of names of steps, products or families, as in [etch, clean]";
    case Shape::kSameAs:
      return "the name of an earlier step, or {station: step}";
    case Shape::kSample:
      return "keys, as in {every: 5}";
    case Shape::kWithin:
      return "keys, as in {of: etch, time: 2 h}";
    case Shape::kBeyond:
      return "scrap, pass, leave, or {goto: step}";
    case Shape::kTeardown:
      return "a time such as 5 min, a distribution, or {kind: time}";
    case Shape::kBlocking:
      return "after, before";
    case Shape::kCycle:
      return "a time above 0, as in 1 min";
    case Shape::kTimesAsFast:
      return "a number from 0 to 1000000";
    case Shape::kProfile:
      return "a list, as in [{from: 0 h, times: 0}, {from: 8 h, times: 2.5}]";
    case Shape::kTransport:
      return "a time such as 48 s, a distribution, or the name of a conveyor or of vehicles";
    case Shape::kConveyors:
      return "{name: keys}, as in {belt: {length: 20 m, speed: 0.5 m/s, pitch: 500 mm}}";
    case Shape::kLength:
      return "a length above 0, as in 20 m, 500 mm, 1.2 km";
    case Shape::kPace:
      return "a speed above 0, as in 0.5 m/s, 30 m/min, 6 km/h";
    case Shape::kFlag:
      return "true, false";
    case Shape::kPaths:
      return "a list, as in [{between: [saw, cross], length: 20 m}, {from: cross, to: mill, length: 5 m}]";
    case Shape::kFleets:
      return "{name: keys}, as in {agv: {count: 3, speed: 1 m/s, load: 20 s, unload: 20 s, home: park}}";
    case Shape::kBetween:
      return "two names, as in [saw, cross]";
    case Shape::kDispatch:
      return "nearest, longest_waiting, least_used, expr(formula)";
    case Shape::kBattery:
      return "keys, as in {range: 2 km, charge: 30 min, at: dock, below: 0.3}";
    case Shape::kWhenIdle:
      return "home, stay";
    case Shape::kMaintenance:
      return "a list, as in [{every: 100 h of work, takes: 1 h, window: 20 h, needs: fitter}]";
    case Shape::kWindow:
      return "a time such as 20 h; a whole number of lots where it is due after lots";
    case Shape::kEvery:
      return "a time, then 'of work', 'of time', 'of calendar' or 'of lots', as in 100 h of work, 500 of lots";
    case Shape::kDegradation:
      return "a list of states, as in [{state: good, lasts: exponential(80 h)}, {state: worn, repair: 2 h}]";
    case Shape::kCare:
      return "now, free";
    case Shape::kReorder:
      return "keys, as in {at: 20, up_to: 100, lead: 3 d}";
    case Shape::kArrivalKeys:
      return "keys, as in {every: exponential(5 min), lots: 3}";
  }
  return "";
}

}  // namespace twin::model_detail
