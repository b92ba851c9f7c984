"""A slow, plain simulator of plants without chance, written from the reference and not from the engine.

It reads the document of a plant as a dict (times as text such as `5 min`), runs it event by event with lists that are
searched through, and gives what happened: operations, conditions of machines and lots that left. Nothing is clever
here, so that where it differs from the engine one can say who is right.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7 * 86400
FINISH, REPAIR, FAILURE, CALENDAR, TRANSPORT, ARRIVAL, PATIENCE, BATCH = range(8)  # what runs first at one instant


def seconds(text: Any) -> int:
    """Read `1 h 30 min`; no number but 0 comes without a unit."""
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+) ?([a-z]+)", str(text)))


@dataclass(eq=False)
class Step:
    """An operation, or a parting into branches, with what follows it."""

    op: str
    product: str
    keys: dict[str, Any]
    at: list[str]
    branches: list["Step"] = field(default_factory=list)
    number: int = 0
    then: Any = "finished"  # a step, or "finished", "scrapped", "joined"
    within: "Step | None" = None  # the parting whose branch this step belongs to


@dataclass(eq=False)
class Lot:
    """A lot, or the part of one that goes through a branch."""

    name: str
    product: str
    source: "Source | None"
    release: int
    due: float
    priority: int
    step: Step
    whole: "Lot | None" = None
    parts: int = 0
    doomed: bool = False
    machine: "Machine | None" = None
    station: "Station | None" = None
    entered: int = 0
    number: int = 0  # of its arrival among all that came to wait
    patience: list | None = None
    sent_back: int = 0


@dataclass(eq=False)
class Source:
    """Where lots of a product come from."""

    product: str
    kind: str
    every: int = 0
    lots: int = 1
    count: int = 0


@dataclass(eq=False)
class Pool:
    """Operators, tools or material."""

    name: str
    count: int
    calendar: str | None
    level: int = 0
    places: float = math.inf
    promised: int = 0
    supply: tuple[int, int] | None = None
    open: bool = True


@dataclass(eq=False)
class Mode:
    """A way in which a machine fails."""

    machine: "Machine"
    after: int
    of_work: bool
    repair: int
    needs: dict[str, int]
    times: float
    left: float = 0
    count: int = 0
    held: list = field(default_factory=list)


@dataclass(eq=False)
class Machine:
    """A machine and what it is doing."""

    name: str
    station: "Station"
    speed: float
    calendar: str | None
    modes: list[Mode] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    phase: str = "idle"
    open: bool = True
    faults: int = 0
    idle: bool = False  # could take a lot that comes
    running: bool = False
    since: int = 0
    left: int = 0
    started: int = 0
    event: list | None = None
    held: list[tuple[Pool, int]] = field(default_factory=list)
    holding: bool = False
    supplied: bool = False
    last_step: Step | None = None
    kind: str | None = None
    condition: str = ""
    changed: int = 0


@dataclass(eq=False)
class Station:
    """A station with its queue."""

    name: str
    keys: dict[str, Any]
    places: float
    rule: str
    most: int
    machines: list[Machine] = field(default_factory=list)
    queue: list[Lot] = field(default_factory=list)
    blocked: list[Lot] = field(default_factory=list)  # lots that wait for room, on machines or outside
    inbound: int = 0
    event: list | None = None


class Plant:
    """A plant at an instant. Call `run`, then read `operations`, `conditions`, `left`."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Read the document; it is taken to be without fault."""
        self.now = 0
        self.operations: list[tuple] = []  # lot, op, machine, ready, start, end
        self.conditions: list[tuple] = []  # machine, condition, start, end
        self.left: list[tuple] = []  # lot, release, end, scrapped
        self._events: list[list] = []
        self._sequence = 0
        self._arrivals = 0
        self._freed: list[Machine] = []
        self._line: list[Machine | Mode] = []  # those who wait for pools
        self._given = False  # something has come free that those in the line may want
        self._document = document
        self.calendars = {name: windows(keys) for name, keys in document.get("calendars", {}).items()}
        self.pools: dict[str, Pool] = {}
        self.able: dict[str, list[Pool]] = {}  # name or skill -> who can
        self._read_pools(document)
        self.stations = {name: self._station(name, keys or {}) for name, keys in document["stations"].items()}
        self.machines = [machine for station in self.stations.values() for machine in station.machines]
        self.routes = {name: self._route(name, keys) for name, keys in document["products"].items()}
        self.sources = [
            source for name, keys in document["products"].items() if (source := self._source(name, keys)) is not None
        ]

    # ---- reading ----------------------------------------------------------------------------------------------------

    def _read_pools(self, document: dict[str, Any]) -> None:
        for section in ("operators", "tools"):
            for name, given in document.get(section, {}).items():
                keys = given if isinstance(given, dict) else {"count": given}
                pool = self.pools[name] = Pool(name, keys.get("count", 1), keys.get("calendar"))
                for able in (name, *listed(keys.get("skills", []))):
                    self.able.setdefault(able, []).append(pool)
        for name, given in document.get("materials", {}).items():
            keys = given if isinstance(given, dict) else {"level": given}
            pool = self.pools[name] = Pool(name, 0, None, keys.get("level", 0), number(keys.get("places")))
            if "supply" in keys:
                pool.supply = seconds(keys["supply"]["every"]), keys["supply"].get("lot", 1)

    def _station(self, name: str, keys: dict[str, Any]) -> Station:
        queue = keys.get("queue", {})
        most = keys.get("batch", {}).get("max", 1)
        station = Station(name, keys, number(queue.get("places")), queue.get("rule", "fifo"), most)
        machines = keys.get("machines", 1)
        if isinstance(machines, int):
            machines = {f"{name}.{i + 1}": {} for i in range(machines)}
        for own, its in machines.items():
            both = keys | its
            machine = Machine(own, station, both.get("speed", 1), both.get("calendar"))
            for mode in both.get("failures", []):
                after, _, ages = mode["after"].partition(" of ")
                crew = needed(mode.get("needs", {}))
                machine.modes.append(
                    Mode(
                        machine,
                        seconds(after),
                        ages != "time",
                        seconds(mode["repair"]),
                        crew,
                        number(mode.get("times")),
                    )
                )
            station.machines.append(machine)
        return station

    def _route(self, product: str, keys: dict[str, Any]) -> list[Step]:
        steps: list[Step] = []
        named: Counter[str] = Counter()

        def walk(items: Iterable[dict[str, Any]], end: Any, within: Step | None, path: str) -> Step:
            row: list[Step] = []
            for item in items:
                at = listed(item.get("at", []))
                name = path + item.get("op", at[0] if at else "split" if "split" in item else "parallel")
                named[name] += 1
                step = Step(name if named[name] == 1 else f"{name}#{named[name]}", product, item, at, within=within)
                step.number = len(steps)
                steps.append(step)
                row.append(step)
                for branch, its in item.get("parallel", {}).items():
                    step.branches.append(walk(its, "joined", step, f"{step.op}/{branch}/"))
                if "split" in item:
                    step.branches = [walk(item["route"], "joined", step, f"{step.op}/")] * item["split"]
            for one, following in zip(row, [*row[1:], end], strict=True):
                one.then = following
            return row[0]

        walk(keys["route"], "finished", None, "")
        by_name = {step.op: step for step in steps}
        for step in steps:
            for how, where in step.keys.get("then", {}).items():
                if how == "goto":
                    step.then = by_name[where if isinstance(where, str) else next(iter(where))]
                elif how == "leave":
                    step.then = "finished"
                elif how == "scrap":
                    step.then = "scrapped"
        return steps

    def _source(self, product: str, keys: dict[str, Any]) -> Source | None:
        given = keys.get("arrivals")
        if given is None:
            return None
        if isinstance(given, dict):
            return Source(product, "every", seconds(given["every"]), given.get("lots", 1))
        if given.startswith("conwip"):
            return Source(product, "conwip", lots=int(given[7:-1]))
        return Source(product, "saturate") if given == "saturate" else Source(product, "every", seconds(given[6:]))

    def key(self, step: Step, station: Station, name: str, default: Any = None) -> Any:
        """Give what a step says, else its station."""
        return step.keys.get(name, station.keys.get(name, default))

    def work(self, step: Step, station: Station) -> int:
        """Give the time of a step at a station at speed 1."""
        given = self.key(step, station, "time")
        return seconds(given[station.name] if isinstance(given, dict) else given)

    def kind(self, step: Step, station: Station, by: str) -> str:
        """Tell the kind of work a step is at a station."""
        family = step.keys.get("family", self._document["products"][step.product].get("family", step.product))
        return {"family": family, "product": step.product, "op": step.op}[by]

    # ---- time -------------------------------------------------------------------------------------------------------

    def at(self, time: float, priority: int, call: Any, *args: Any) -> list:
        """Schedule a call; of equal ones the one scheduled first runs first."""
        self._sequence += 1
        event = [time, priority, self._sequence, call, args]
        self._events.append(event)
        return event

    def run(self, until: int) -> "Plant":
        """Run from the epoch to an instant, whose events run too."""
        for machine in self.machines:
            machine.open = self.is_open(machine.calendar)
            machine.condition, machine.changed = self.condition(machine), 0
            machine.idle = machine.open
        for machine in self.machines:
            for mode in machine.modes:
                mode.left = mode.after if mode.count < mode.times else math.inf
                self.clock(mode)
        for name in self.calendars:
            self.next_change(name)
        for pool in self.pools.values():
            pool.open = self.is_open(pool.calendar)
            if pool.supply:
                self.at(pool.supply[0], ARRIVAL, self.supply, pool)
        for source in self.sources:
            if source.kind == "every":
                self.at(source.every, ARRIVAL, self.arrival, source)
            elif source.kind == "conwip":
                for _ in range(source.lots):
                    self.release(source)
        orders = self._document.get("orders", [])
        for release in sorted({seconds(order.get("release", 0)) for order in orders}):
            self.at(release, ARRIVAL, self.order, [o for o in orders if seconds(o.get("release", 0)) == release])
        for machine in self.machines:
            if machine.idle:
                machine.idle = False
                self._freed.append(machine)
        self.settle()
        while self._events:
            event = min(self._events, key=lambda e: e[:3])
            if event[0] > until:
                break
            self._events.remove(event)
            self.now = event[0]
            event[3](*event[4])
            self.settle()
        self.now = until
        for machine in self.machines:
            self.note(machine, "")
        return self

    def settle(self) -> None:
        """Let what has happened cause what it causes: pools first, then machines in the order they let go."""
        while self._given or self._freed:
            if self._given:
                self.wake()
            else:
                self.take_next(self._freed.pop(0))
        for machine in self.machines:
            self.note(machine, self.condition(machine))

    def condition(self, machine: Machine) -> str:
        """Tell the condition a machine is in."""
        if not machine.open:
            return "off"
        if machine.faults:
            return "down"
        if machine.phase in ("idle", "blocked"):
            return "starved" if machine.phase == "idle" else "blocked"
        return "waiting" if not machine.running else machine.phase

    def note(self, machine: Machine, condition: str) -> None:
        """Record the condition that ends now."""
        if condition == machine.condition:
            return
        if self.now > machine.changed:
            self.conditions.append((machine.name, machine.condition, machine.changed, self.now))
        machine.condition, machine.changed = condition, self.now

    # ---- calendars --------------------------------------------------------------------------------------------------

    def is_open(self, calendar: str | None) -> bool:
        """Tell whether it is open now; an instant of change belongs to what follows it."""
        return calendar is None or any(begin <= self.now % WEEK < end for begin, end in self.calendars[calendar])

    def changes(self, calendar: str) -> int:
        """Tell when it opens or closes next."""
        week = sorted({t % WEEK for window in self.calendars[calendar] for t in window})
        base = self.now - self.now % WEEK
        return min(base + w + t for w in (0, WEEK) for t in week if base + w + t > self.now)

    def next_change(self, calendar: str) -> None:
        if self.calendars[calendar] and self.calendars[calendar] != [(0, WEEK)]:
            self.at(self.changes(calendar), CALENDAR, self.turn, calendar)

    def turn(self, calendar: str) -> None:
        """Open or close: people first, then machines."""
        is_open = self.is_open(calendar)
        for pool in self.pools.values():
            if pool.calendar != calendar or pool.open == is_open:
                continue
            pool.open = is_open
            if is_open:
                self._given = True
                continue
            for machine in self.machines:
                if any(held is pool for held, _ in machine.held):
                    self.pause(machine)
                    self.go_on(machine)
        for machine in self.machines:
            if machine.calendar == calendar and machine.open != is_open:
                machine.open = is_open
                if is_open:
                    self.resume(machine)
                else:
                    self.pause(machine)
        self.next_change(calendar)

    def closes_now(self, machine: Machine) -> bool:
        return machine.calendar is not None and not self.is_open(machine.calendar)

    # ---- failures ---------------------------------------------------------------------------------------------------

    def clock(self, mode: Mode) -> None:
        """Pend a failure by the clock."""
        if not mode.of_work and mode.left < math.inf:
            self.at(self.now + mode.left, FAILURE, self.fail_by_clock, mode)

    def fail_by_clock(self, mode: Mode) -> None:
        mode.machine.faults += 1
        self.pause(mode.machine)
        self.fail(mode)

    def fail(self, mode: Mode) -> None:
        """Begin the repair, or the wait for a crew."""
        mode.count += 1
        if mode.needs:
            if self._given:
                self.wake()
            found = self.find(mode.needs)
            if found is None:
                self._line.append(mode)
                return
            self.take(found)
            mode.held = found
        self.at(self.now + mode.repair, REPAIR, self.repaired, mode)

    def repaired(self, mode: Mode) -> None:
        self.give_back(mode.held)
        mode.held = []
        mode.left = mode.after if mode.count < mode.times else math.inf
        self.clock(mode)
        mode.machine.faults -= 1
        if mode.machine.faults == 0:
            self.resume(mode.machine)

    # ---- machines ---------------------------------------------------------------------------------------------------

    def start(self, machine: Machine, lots: list[Lot]) -> None:
        """Put lots onto a machine and begin: the first says what is done."""
        machine.idle = False
        machine.lots = lots
        for lot in lots:
            lot.machine = machine
        step, station = lots[0].step, machine.station
        machine.started, machine.supplied = self.now, False
        setup = self.setup(machine, lots[0])
        machine.last_step = step
        if not setup:
            self.process(machine)
        else:
            machine.phase, machine.left = "setup", setup
            self.go_on(machine)
        assert station is machine.station

    def setup(self, machine: Machine, lot: Lot) -> int | None:
        """Give the time of the setup a lot needs on a machine; None where there is none to do."""
        step, station = lot.step, machine.station
        table = station.keys.get("setup")
        changeover = self.key(step, station, "changeover")
        if changeover is not None and machine.last_step is not step:
            return seconds(changeover)
        own = step.keys.get("setup", None if isinstance(table, dict) else table)
        if own is not None:
            return seconds(own)
        if not isinstance(table, dict):
            return None
        kind = self.kind(step, station, table.get("by", "family"))
        if machine.kind is None:
            return seconds(table["first"]) if "first" in table else None
        given = table.get("matrix", {}).get(machine.kind, {}).get(kind)
        if given is None:
            given = table.get("same" if machine.kind == kind else "otherwise")
        return None if given is None else seconds(given)

    def process(self, machine: Machine) -> None:
        """Begin the processing; the machine is now set up for this kind of work."""
        lot, station = machine.lots[0], machine.station
        table = station.keys.get("setup")
        by = station.keys.get("batch", {}).get("by", "op") if station.most > 1 else "family"
        machine.kind = self.kind(lot.step, station, table.get("by", "family") if isinstance(table, dict) else by)
        machine.phase = "processing"
        machine.left = round(self.work(lot.step, station) / machine.speed)
        self.go_on(machine)

    def go_on(self, machine: Machine) -> None:
        """Work off what is left, if calendar, faults and pools let it."""
        if machine.open and machine.faults == 0 and (machine.holding or self.obtain(machine)):
            self.begin_run(machine)

    def begin_run(self, machine: Machine) -> None:
        machine.running, machine.since = True, self.now
        first = None
        span: float = machine.left
        if machine.phase == "processing":
            for mode in machine.modes:
                if mode.of_work and mode.left < span:
                    first, span = mode, mode.left
        if first is None:
            machine.event = self.at(self.now + span, FINISH, self.done, machine)
        else:
            machine.event = self.at(self.now + span, FAILURE, self.fail_at_work, machine, first)

    def stop(self, machine: Machine) -> None:
        """Book what has been worked."""
        machine.running, machine.event = False, None
        worked = self.now - machine.since
        machine.left -= worked
        if machine.phase == "processing":
            for mode in machine.modes:
                if mode.of_work:
                    mode.left -= worked

    def pause(self, machine: Machine) -> None:
        machine.idle = False
        if machine.running:
            self._events.remove(machine.event)
            self.stop(machine)
            self.let_go(machine)
        elif machine in self._line:
            self._line.remove(machine)

    def resume(self, machine: Machine) -> None:
        if machine.phase in ("setup", "processing"):
            self.go_on(machine)
        elif machine.phase == "idle" and machine.open and machine.faults == 0:
            self._freed.append(machine)

    def fail_at_work(self, machine: Machine, mode: Mode) -> None:
        self.stop(machine)
        self.let_go(machine)
        self.fail(mode)
        machine.faults += 1

    def done(self, machine: Machine) -> None:
        """End a setup or an operation."""
        self.stop(machine)
        if machine.phase == "setup":
            self.process(machine)
            return
        self.let_go(machine)
        step, station = machine.lots[0].step, machine.station
        for name, amount in needed(self.key(step, station, "makes", {})).items():
            self.pools[name].promised -= amount * len(machine.lots)
            self.pools[name].level += amount * len(machine.lots)
            self._given = True
        machine.phase = "blocked"  # until all its lots have left
        for lot in list(machine.lots):
            self.operations.append((lot.name, lot.step.op, machine.name, lot.entered, machine.started, self.now))
            self.move_on(lot, lot.step.then)

    # ---- pools ------------------------------------------------------------------------------------------------------

    def obtain(self, machine: Machine) -> bool:
        """Take all that an operation needs at once, or a place in the line."""
        step, station = machine.lots[0].step, machine.station
        names = ("needs", "uses", "makes")
        if not any(needed(self.key(step, station, name, {})) for name in names):
            return True
        if machine in self._line:
            return False
        if self._given:
            self.wake()
        if self.obtain_now(machine):
            return True
        self._line.append(machine)
        return False

    def obtain_now(self, machine: Machine) -> bool:
        step, station, lots = machine.lots[0].step, machine.station, len(machine.lots)
        uses = needed(self.key(step, station, "uses", {})).items()
        makes = needed(self.key(step, station, "makes", {})).items()
        if not machine.supplied:
            if any(self.pools[name].level < amount * lots for name, amount in uses):
                return False
            for name, amount in makes:
                pool = self.pools[name]
                taken = dict(uses).get(name, 0)  # it is taken first
                if pool.level + pool.promised + (amount - taken) * lots > pool.places:
                    return False
        found = self.find(needed(self.key(step, station, "needs", {})))
        if found is None:
            return False
        self.take(found)
        machine.held, machine.holding = found, bool(found)
        if not machine.supplied:
            for name, amount in uses:
                self.pools[name].level -= amount * lots
                self._given = True
            for name, amount in makes:
                self.pools[name].promised += amount * lots
        machine.supplied = True
        return True

    def find(self, needs: dict[str, int]) -> list[tuple[Pool, int]] | None:
        """Find for each need the first pool that has enough."""
        found: list[tuple[Pool, int]] = []
        for name, amount in needs.items():
            for pool in self.able[name]:
                before = sum(n for other, n in found if other is pool)
                if pool.open and pool.level + before + amount <= pool.count:
                    found.append((pool, amount))
                    break
            else:
                return None
        return found

    def take(self, found: list[tuple[Pool, int]]) -> None:
        for pool, amount in found:
            pool.level += amount

    def give_back(self, held: list[tuple[Pool, int]]) -> None:
        for pool, amount in held:
            pool.level -= amount
            self._given = True

    def let_go(self, machine: Machine) -> None:
        self.give_back(machine.held)
        machine.held, machine.holding = [], False

    def wake(self) -> None:
        """Ask those in the line, longest first, as long as that sets anything free."""
        while self._given:
            self._given = False
            for who in list(self._line):
                if isinstance(who, Machine):
                    if self.obtain_now(who):
                        self._line.remove(who)
                        self.begin_run(who)
                elif (found := self.find(who.needs)) is not None:
                    self._line.remove(who)
                    self.take(found)
                    who.held = found
                    self.at(self.now + who.repair, REPAIR, self.repaired, who)

    def supply(self, pool: Pool) -> None:
        """Deliver; what finds no place is lost."""
        assert pool.supply is not None
        taken = min(pool.supply[1], max(0, pool.places - pool.level - pool.promised))
        pool.level += int(taken)
        self._given = self._given or taken > 0
        self.at(self.now + pool.supply[0], ARRIVAL, self.supply, pool)

    # ---- queues -----------------------------------------------------------------------------------------------------

    def take_next(self, machine: Machine) -> None:
        """Let a machine that has become free take what comes next."""
        station = machine.station
        if machine.open and self.closes_now(machine):
            machine.open = False  # it begins nothing at the instant it closes
        if machine.phase != "idle" or not machine.open or machine.faults:
            return
        if station.queue and self.serve(machine):
            self.admit(station)
            return
        machine.idle = True
        if station.blocked:
            self.admit(station)
            if machine.phase != "idle":
                return
        idle = sum(m.idle for m in station.machines)
        if station.inbound >= station.places + idle:
            return  # an idle machine is kept for each lot on its way that has no other place
        supplies = [
            source
            for source in self.sources
            if source.kind == "saturate" and self.routes[source.product][0].at[0] == station.name
        ]
        if supplies:
            source = min(supplies, key=lambda s: s.count)
            lots = [self.make(source) for _ in range(station.most)]
            for lot in lots:
                lot.station, lot.entered = station, self.now
            self.start(machine, lots)

    def serve(self, machine: Machine) -> bool:
        """Let a free machine take from its queue what comes next, if anything does."""
        station = machine.station
        ranked = sorted(station.queue, key=lambda lot: (self.rank(machine, lot), lot.number))
        batch = ranked[:1] if station.most == 1 else self.batch(station, ranked)
        for lot in batch:
            station.queue.remove(lot)
            if lot.patience is not None and lot.patience in self._events:
                self._events.remove(lot.patience)
        if batch:
            self.start(machine, batch)
        return bool(batch)

    def batch(self, station: Station, ranked: list[Lot]) -> list[Lot]:
        """Of the kinds that are enough, or have waited long enough, take the one whose best lot is best."""
        keys = station.keys["batch"]
        kinds: dict[str, list[Lot]] = {}
        for lot in ranked:
            kinds.setdefault(self.kind(lot.step, station, keys.get("by", "op")), []).append(lot)
        until = math.inf
        for lots in kinds.values():
            ends = min(lot.entered for lot in lots) + (seconds(keys["wait"]) if "wait" in keys else math.inf)
            if len(lots) >= keys.get("min", 1) or self.now >= ends:
                return lots[: station.most]
            until = min(until, ends)
        if until < math.inf:
            if station.event is not None and station.event in self._events:
                self._events.remove(station.event)
            station.event = self.at(until, BATCH, self.batch_waited, station)
        return []

    def batch_waited(self, station: Station) -> None:
        served = False
        for machine in station.machines:
            if machine.idle and station.queue:
                served = self.serve(machine) or served
        if served:
            self.admit(station)

    def rank(self, machine: Machine, lot: Lot) -> Any:
        """Tell the place of a waiting lot in the eyes of a machine that asks: smaller first."""
        step, station = lot.step, machine.station
        work = self.work(step, station)
        left = work + self.work_after(step)
        rule = station.rule
        if rule == "lifo":
            return -lot.number
        if rule == "spt(known)":
            return round(work / station.machines[0].speed)
        if rule == "min_setup":
            return self.setup(machine, lot) or 0
        if rule == "cr":
            return (lot.due - self.now) / max(left, 1e-9)
        if rule == "cyclic":
            table = station.keys["setup"]
            kinds = self.kinds_of(station, table.get("by", "family"))
            own = kinds.index(self.kind(step, station, table.get("by", "family")))
            return (own - (0 if machine.kind is None else kinds.index(machine.kind))) % len(kinds)
        return {
            "fifo": 0,
            "spt": work,
            "lpt": -work,
            "edd": lot.due,
            "priority": -lot.priority,
            "slack": lot.due - left,
            "mwkr": -left,
            "lwkr": left,
            "mopnr": -self.steps_after(step),
        }[rule]

    def kinds_of(self, station: Station, by: str) -> list[str]:
        """List the kinds of work done at a station in the order of the file."""
        kinds = []
        for steps in self.routes.values():
            kinds += [self.kind(step, station, by) for step in steps if station.name in step.at]
        return list(dict.fromkeys(kinds))

    def mean_work(self, step: Step) -> float:
        works = [self.work(step, self.stations[name]) for name in step.at]
        return sum(works) / len(works) if works else 0

    def after(self, step: Step, *, joined: bool = True) -> list[Step]:
        """List all steps that a lot at a step still has before it, those of all branches included."""
        steps: list[Step] = []
        doomed = False
        for one in step.branches:
            steps += [one, *self.after(one, joined=False)]
            doomed = doomed or steps[-1].then == "scrapped"
        if doomed:
            return steps  # what a part is scrapped in comes to nothing
        then, at = step.then, step
        while joined and then == "joined":
            assert at.within is not None
            at = at.within
            then = at.then
        if isinstance(then, Step):
            steps += [then, *self.after(then, joined=joined)]
        return steps

    def work_after(self, step: Step) -> float:
        return sum(self.mean_work(one) for one in self.after(step))

    def steps_after(self, step: Step) -> int:
        return sum(not one.branches for one in self.after(step))

    def has_room(self, station: Station) -> bool:
        idle = sum(machine.idle for machine in station.machines)
        return len(station.queue) + station.inbound < station.places + idle * station.most

    def may_go(self, lot: Lot, station: Station) -> bool:
        """Tell whether a lot may go to a station now; one that its own machine holds always may."""
        if lot.machine is not None and lot.machine.station is station:
            return True
        return not station.blocked and self.has_room(station)

    def admit(self, station: Station) -> None:
        """Give the places that are free to the lots that have waited longest for them."""
        while station.blocked and self.has_room(station):
            self.go(station.blocked.pop(0))

    # ---- lots -------------------------------------------------------------------------------------------------------

    def choose(self, lot: Lot) -> Station:
        step = lot.step
        stations = [self.stations[name] for name in step.at]
        stations = [s for s in stations if self.may_go(lot, s)] or stations
        rule = step.keys.get("choose", "shortest_queue")
        if rule == "first":
            return stations[0]
        if rule == "earliest_finish":
            return min(stations, key=lambda station: self.expected_finish(lot, station))

        def crowd(station: Station) -> float:
            busy = sum(len(m.lots) for m in station.machines if lot not in m.lots)
            return (len(station.queue) + station.inbound + busy) / len(station.machines)

        return min(stations, key=crowd)

    def expected_finish(self, lot: Lot, station: Station) -> float:
        """Tell how long the work in front takes all machines, and the lot's own."""

        def own(step: Step) -> float:
            setup = step.keys.get("setup", station.keys.get("setup", 0))
            return self.work(step, station) + (0 if isinstance(setup, dict) else seconds(setup))

        speed = sum(machine.speed for machine in station.machines)
        wait = 0.0
        if station.queue or not any(machine.idle for machine in station.machines):
            for machine in station.machines:
                if machine.lots and lot not in machine.lots and machine.phase != "blocked":
                    left = machine.left - (self.now - machine.since if machine.running else 0)
                    setting_up = machine.phase == "setup"
                    wait += left + self.work(machine.lots[0].step, station) if setting_up else left * machine.speed
            wait += (sum(own(other.step) for other in station.queue) + station.inbound * own(lot.step)) / station.most
        return (wait + own(lot.step) * len(station.machines)) / speed

    def route(self, lot: Lot) -> None:
        """Send a lot to the step it stands at."""
        if lot.step.branches:
            self.part(lot)
            return
        station = lot.station = self.choose(lot)
        if self.may_go(lot, station):
            self.go(lot)
            return
        lot.entered = self.now
        station.blocked.append(lot)

    def go(self, lot: Lot) -> None:
        """Move a lot that has room where it goes."""
        self.leave_machine(lot)
        assert lot.station is not None
        if way := seconds(lot.step.keys.get("transport", 0)):
            lot.station.inbound += 1
            self.at(self.now + way, TRANSPORT, self.come, lot)
        else:
            self.enter(lot)

    def come(self, lot: Lot) -> None:
        assert lot.station is not None
        lot.station.inbound -= 1
        self.enter(lot)

    def leave_machine(self, lot: Lot) -> None:
        machine, lot.machine = lot.machine, None
        if machine is None:
            return
        machine.lots.remove(lot)
        if not machine.lots:
            machine.phase = "idle"
            self._freed.append(machine)

    def enter(self, lot: Lot) -> None:
        """Start on an idle machine, else join the queue."""
        station = lot.station
        assert station is not None
        lot.entered = self.now
        idle = [machine for machine in station.machines if machine.idle]
        if idle and not station.queue and station.most == 1:
            self.start(idle[0], [lot])
            return
        self._arrivals += 1
        lot.number = self._arrivals
        station.queue.append(lot)
        if "max_wait" in lot.step.keys:
            lot.patience = self.at(self.now + seconds(lot.step.keys["max_wait"]), PATIENCE, self.overdue, lot)
        if idle and station.most > 1:
            self.serve(idle[0])

    def overdue(self, lot: Lot) -> None:
        """Do with a lot that has waited in the queue for as long as it may what the step says."""
        how = lot.step.keys.get("if_overdue", "scrap")
        station = lot.station
        assert station is not None
        if how == "stay":
            return
        station.queue.remove(lot)
        if isinstance(how, dict):
            where = next(step for step in self.routes[lot.product] if step.op == how["rework"])
            self.move_on(lot, where)
        else:
            self.move_on(lot, "scrapped" if how == "scrap" else "finished")
        self.admit(station)

    def part(self, lot: Lot) -> None:
        """Part a lot: each branch is gone through by a part of it, a route by each sublot."""
        self.leave_machine(lot)
        lot.parts = len(lot.step.branches)
        for number, branch in enumerate(lot.step.branches, 1):
            name = f"{lot.name}/{number}" if "split" in lot.step.keys else lot.name
            part = Lot(name, lot.product, lot.source, lot.release, lot.due, lot.priority, branch, whole=lot)
            self.route(part)

    def move_on(self, lot: Lot, where: Any) -> None:
        """Send a lot on: to a step, to those it was parted from, or out of the plant."""
        if isinstance(where, Step):
            lot.sent_back += where.number <= lot.step.number
            lot.step = where
            self.route(lot)
            return
        self.leave_machine(lot)
        whole = lot.whole
        if whole is None:
            self.leave(lot, where == "scrapped")
            return
        whole.parts -= 1
        whole.doomed = whole.doomed or where == "scrapped"
        if whole.parts == 0:
            self.move_on(whole, "scrapped" if whole.doomed else whole.step.then)

    def leave(self, lot: Lot, scrapped: bool) -> None:
        self.left.append((lot.name, lot.release, self.now, scrapped))
        if lot.source is not None and lot.source.kind == "conwip":
            self.release(lot.source)

    def make(self, source: Source) -> Lot:
        source.count += 1
        keys = self._document["products"][source.product]
        due = self.now + seconds(keys["due"]) if "due" in keys else math.inf
        name = f"{source.product}#{source.count}"
        first = self.routes[source.product][0]
        return Lot(name, source.product, source, self.now, due, keys.get("priority", 0), first)

    def release(self, source: Source) -> None:
        """Let a lot in, unless it finds no room where what comes from outside is lost."""
        first = self.routes[source.product][0]
        nobody = Lot("", source.product, None, 0, 0, 0, first)
        stations = [self.stations[name] for name in first.at]
        loses = [s.keys.get("queue", {}).get("if_full") == "lose" and not self.may_go(nobody, s) for s in stations]
        if source.kind == "every" and loses and all(loses):
            source.count += 1
            return
        self.route(self.make(source))

    def arrival(self, source: Source) -> None:
        for _ in range(source.lots):
            self.release(source)
        self.at(self.now + source.every, ARRIVAL, self.arrival, source)

    def order(self, orders: list[dict[str, Any]]) -> None:
        """Release all lots of the orders of this instant, in the order of the file."""
        for order in orders:
            keys = self._document["products"][order["product"]]
            quantity = order.get("quantity", 1)
            due = seconds(order["due"]) if "due" in order else math.inf
            if "due" not in order and "due" in keys:
                due = self.now + seconds(keys["due"])
            for i in range(quantity):
                name = order["id"] if quantity == 1 else f"{order['id']}-{i + 1:0{max(2, len(str(quantity)))}}"
                priority = order.get("priority", keys.get("priority", 0))
                self.route(Lot(name, order["product"], None, self.now, due, priority, self.routes[order["product"]][0]))


def windows(keys: dict[str, Any]) -> list[tuple[int, int]]:
    """Read opening hours as seconds of the week from Monday; what touches is joined."""
    out = []
    for i, day in enumerate(DAYS):
        text = keys.get(day, keys.get("mon-fri") if i < 5 else None)
        for hours in (text or keys.get("daily", "")).split(","):
            if not hours.strip() or hours == "closed":
                continue
            begin, end = (3600 * int(h) + 60 * int(m) for h, m in re.findall(r"(\d+):(\d+)", hours))
            begin, end = i * 86400 + begin, i * 86400 + end + (86400 if end <= begin else 0)
            out += [(begin, end)] if end <= WEEK else [(begin, WEEK), (0, end - WEEK)]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(out):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return joined


def listed(given: Any) -> list[str]:
    """Read a name or a list of names."""
    return [given] if isinstance(given, str) else list(given)


def needed(given: Any) -> dict[str, int]:
    """Read a name, or amounts by name."""
    return {given: 1} if isinstance(given, str) else given


def number(given: Any) -> float:
    """Read a count, without limit where none is given."""
    return math.inf if given is None or given == "unlimited" else given
