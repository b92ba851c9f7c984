"""Eight plants with people, material, batches, setups, patience and parts, written a second time in SimPy.

By what the reference says and not by how the engine does it. Each function runs one replication, in minutes, and gives
figures by the names of the engine in SI.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import simpy

from reference.simpy_shops import gamma, lognormal

Process = Iterator[Any]

SKILLS = """
operators:
  turner: {count: 1, skills: [machinist]}
  miller: {count: 1, skills: [machinist]}
  fitter: 1
stations:
  turn:
    machines: 2
    needs: turner
    setup: 1 min
    failures: [{after: exponential(70 min) of work, repair: exponential(15 min), needs: fitter}]
  mill:
    machines: 2
    needs: machinist
    failures: [{after: exponential(50 min) of work, repair: "uniform(5, 20 min)", needs: fitter}]
products:
  shaft:
    route:
      - {at: turn, time: exponential(5 min)}
      - {at: mill, time: "lognormal(mean 7 min, cv 0.6)"}
    arrivals: every exponential(12 min)
"""

OVEN = """
stations:
  prepare: {time: exponential(4 min)}
  oven: {time: "uniform(20, 30 min)", batch: {max: 4, min: 3, wait: 40 min, by: family}}
products:
  bolt: {family: steel, route: [{at: prepare}, {at: oven}], arrivals: every exponential(18 min)}
  ring: {family: brass, route: [{at: prepare}, {at: oven}], arrivals: every exponential(40 min)}
"""

ASSEMBLY = """
materials:
  blank: {places: 3}
  screw: {level: 20, places: 30, supply: {every: exponential(60 min), lot: 25}}
stations:
  press: {}
  bench: {}
products:
  sheet:
    route: [{at: press, time: exponential(4 min), makes: blank}]
    arrivals: saturate
  cart:
    route: [{at: bench, time: "gamma(mean 3 min, cv 0.5)", uses: {blank: 1, screw: 2}}]
    arrivals: every exponential(8 min)
"""

SETUPS = """
stations:
  press:
    queue: {rule: min_setup}
    setup: {by: family, matrix: {red: {blue: 3 min, green: 6 min}, blue: {red: 2 min}}, otherwise: 9 min, same: 1 min}
products:
  tray: {family: red, route: [{at: press, time: exponential(5 min)}], arrivals: every exponential(24 min)}
  bowl: {family: blue, route: [{at: press, time: exponential(3 min)}], arrivals: every exponential(20 min)}
  lid: {family: green, route: [{at: press, time: "uniform(2, 6 min)"}], arrivals: every exponential(30 min)}
"""

TARDINESS = """
stations:
  saw: {queue: {rule: atc(k=3)}}
  mill: {queue: {rule: atc(k=3)}}
  grind: {queue: {rule: atc(k=3)}}
products:
  axle:
    priority: 3
    due: 60 min
    route:
      - {at: saw, time: exponential(4 min)}
      - {at: mill, time: exponential(8 min)}
      - {at: grind, time: exponential(3 min)}
    arrivals: every exponential(16 min)
  hub:
    priority: 1
    due: 45 min
    route:
      - {at: grind, time: exponential(9 min)}
      - {at: saw, time: exponential(5 min)}
      - {at: mill, time: exponential(2 min)}
    arrivals: every exponential(18 min)
"""

REENTRANT = """
stations:
  expose: {machines: 2}
  etch: {}
products:
  wafer:
    route:
      - {op: expose, at: expose, time: exponential(6 min)}
      - {op: etch, at: etch, time: exponential(4 min), max_wait: exponential(25 min), if_overdue: {rework: expose}}
      - {op: expose again, at: expose, time: "uniform(4, 9 min)", max_wait: 15 min, if_overdue: stay}
      - {op: etch again, at: etch, time: exponential(3 min), max_wait: 20 min, if_overdue: scrap}
    arrivals: every exponential(9 min)
"""

SHIFTS = """
epoch: 2026-03-02T00:00:00Z
calendars:
  early: {daily: "06:00-14:00"}
  late: {daily: "14:00-22:00"}
operators:
  ann: {count: 2, calendar: early, skills: [worker]}
  bob: {count: 1, calendar: late, skills: [worker]}
stations:
  mill: {machines: 3, needs: worker}
products:
  part:
    route: [{at: mill, time: "gamma(mean 50 min, cv 0.7)", setup: 5 min}]
    arrivals: every exponential(90 min)
"""

BRANCHES = """
stations:
  cut: {}
  weld: {}
  paint: {machines: 2}
  turn: {}
  fit: {}
products:
  cart:
    route:
      - {at: cut, time: exponential(6 min)}
      - op: build
        parallel:
          frame: [{at: weld, time: exponential(7 min)}, {at: paint, time: exponential(9 min)}]
          wheels: [{at: turn, time: exponential(5 min), then: {rework: 0.25, scrap: 0.02}}]
      - {at: fit, time: exponential(4 min), then: {rework: {build: 0.1}, scrap: 0.03}}
    arrivals: every exponential(12 min)
"""


class Lot:
    """A lot, or a part of one, under way."""

    def __init__(self, product: str, now: float, due: float = math.inf) -> None:
        self.product, self.born, self.due = product, now, due
        self.waited = self.entered = 0.0
        self.again = False


class Trial:
    """One replication: its clock, its luck and its sums over what lies between warm-up and end."""

    def __init__(self, seed: int, warmup: float, until: float) -> None:
        self.rng, self.env = random.Random(seed), simpy.Environment()
        self.warmup, self.until = warmup, until
        self.sums: dict[str, float] = defaultdict(float)
        self.counts: Counter[str] = Counter()
        self.pending: dict[object, tuple[str, float]] = {}

    def exp(self, mean: float) -> float:
        return self.rng.expovariate(1 / mean)

    def begin(self, what: str, who: object) -> None:
        """Begin to count time under a name."""
        self.pending[who] = what, self.env.now

    def end(self, who: object) -> float:
        what, since = self.pending.pop(who)
        self.sums[what] += max(0.0, min(self.env.now, self.until) - max(since, self.warmup))
        return self.env.now - since

    def count(self, what: str, amount: float = 1) -> None:
        if self.env.now > self.warmup:
            self.sums[what] += amount

    def finished(self, lot: Lot) -> None:
        self.count(f"{lot.product}.n")
        self.count(f"{lot.product}.cycle", self.env.now - lot.born)
        self.count(f"{lot.product}.wait", lot.waited)
        self.count(f"{lot.product}.tardiness", max(0.0, self.env.now - lot.due))
        self.count(f"{lot.product}.late", lot.due < self.env.now)
        self.count(f"{lot.product}.reworked", lot.again)

    def scrapped(self, lot: Lot) -> None:
        self.count(f"{lot.product}.scrapped")
        self.count(f"{lot.product}.reworked", lot.again)

    def source(self, product: str, mean: float, journey: Callable[[Lot], Process], due: float = math.inf) -> None:
        """Let lots of a product set out for their journeys."""

        def arrive() -> Process:
            while True:
                yield self.env.timeout(self.exp(mean))
                self.env.process(journey(Lot(product, self.env.now, self.env.now + due)))

        self.env.process(arrive())

    def run(self, products: list[str], shares: dict[str, float], counts: Sequence[str] = ()) -> dict[str, float]:
        """Run to the end; `shares` are sums over time and by how many to divide them, `counts` plain sums."""
        self.env.run(self.until)
        for who in list(self.pending):
            self.end(who)
        figures = {}
        for product in products:
            n = self.sums[f"{product}.n"]
            figures[f"{product}.cycle_time"] = 60 * self.sums[f"{product}.cycle"] / n
            figures[f"{product}.waiting_time"] = 60 * self.sums[f"{product}.wait"] / n
            figures[f"{product}.throughput"] = n / (self.until - self.warmup) / 60
        figures |= {name: self.sums[name] / (self.until - self.warmup) / by for name, by in shares.items()}
        return figures | {name: self.sums[name] for name in counts}


class Queue:
    """Lots that wait for machines, each of which asks when it is free; `pick` says what it gets."""

    def __init__(self, trial: Trial, name: str, pick: Callable[[list, Any], list] | None = None) -> None:
        self.trial, self.name = trial, name
        self.pick = pick or (lambda waiting, _: waiting[:1])
        self.waiting: list[tuple[Lot, simpy.Event, Any]] = []
        self.asking: list[tuple[simpy.Event, Any]] = []

    def wait(self, lot: Lot, what: Any = None) -> simpy.Event:
        """Put a lot into the queue; the event comes when it has been through its operation."""
        done = self.trial.env.event()
        lot.entered = self.trial.env.now
        self.trial.begin(f"{self.name}.queue_length", lot)
        self.waiting.append((lot, done, what))
        self.look()
        return done

    def leave(self, lot: Lot) -> bool:
        """Take an impatient lot out if it still waits."""
        for entry in self.waiting:
            if entry[0] is lot:
                self.waiting.remove(entry)
                lot.waited += self.trial.end(lot)
                return True
        return False

    def ask(self, who: Any = None) -> simpy.Event:
        event = self.trial.env.event()
        self.asking.append((event, who))
        self.look()
        return event

    def look(self) -> None:
        for entry in list(self.asking):
            if not self.waiting:
                return
            taken = self.pick(self.waiting, entry[1])
            if taken:
                self.asking.remove(entry)
                for one in taken:
                    self.waiting.remove(one)
                    one[0].waited += self.trial.end(one[0])
                entry[0].succeed(taken)

    def machine(self, time: Callable[[list, Any], float], who: Any = None) -> None:
        """Add a machine that does nothing but work."""

        def work() -> Process:
            while True:
                taken = yield self.ask(who)
                key = object()
                self.trial.begin(f"{self.name}.utilisation", key)
                yield self.trial.env.timeout(time(taken, who))
                self.trial.end(key)
                for _, done, _ in taken:
                    done.succeed()

        self.trial.env.process(work())


class Pools:
    """People, each able to do some things; who waits longer is asked first."""

    def __init__(self, trial: Trial, counts: dict[str, int], able: dict[str, list[str]]) -> None:
        self.trial, self.free, self.able = trial, dict(counts), able
        self.away: set[str] = set()
        self.line: list[tuple[simpy.Event, str]] = []
        self.holders: dict[str, list[simpy.Process]] = {name: [] for name in counts}

    def ask(self, need: str) -> simpy.Event:
        event = self.trial.env.event()
        self.line.append((event, need))
        self.look()
        return event

    def look(self) -> None:
        for entry in list(self.line):
            for name in self.able[entry[1]]:
                if self.free[name] > 0 and name not in self.away:
                    self.free[name] -= 1
                    self.line.remove(entry)
                    key = object()
                    self.trial.begin(f"{name}.utilisation", key)
                    entry[0].succeed((name, key))
                    break

    def give(self, held: tuple[str, object]) -> None:
        self.free[held[0]] += 1
        self.trial.end(held[1])
        self.look()


def skills(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `SKILLS`: a turner who can mill too, a miller, and one fitter for all four machines."""
    trial = Trial(seed, warmup, until)
    env, rng = trial.env, trial.rng
    people = Pools(
        trial,
        {"turner": 1, "miller": 1, "fitter": 1},
        {"turner": ["turner"], "machinist": ["turner", "miller"], "fitter": ["fitter"]},
    )
    queues = {name: Queue(trial, name) for name in ("turn", "mill")}

    def machine(name: str) -> Process:
        need = {"turn": "turner", "mill": "machinist"}[name]
        mean = {"turn": 70, "mill": 50}[name]
        life, key = trial.exp(mean), object()
        while True:
            ((_, done, _),) = yield queues[name].ask()
            trial.begin(f"{name}.share.waiting", key)
            held = yield people.ask(need)
            trial.end(key)
            if name == "turn":
                yield env.timeout(1)
            left = trial.exp(5) if name == "turn" else lognormal(rng, 7, 0.6)
            while life < left:
                yield env.timeout(life)
                left -= life
                people.give(held)
                trial.begin(f"{name}.share.down", key)
                fitter = yield people.ask("fitter")
                yield env.timeout(trial.exp(15) if name == "turn" else rng.uniform(5, 20))
                people.give(fitter)
                trial.end(key)
                life = trial.exp(mean)
                trial.begin(f"{name}.share.waiting", key)
                held = yield people.ask(need)
                trial.end(key)
            yield env.timeout(left)
            life -= left
            people.give(held)
            done.succeed()
            yield env.timeout(1e-9)  # first the lot goes on, and may ask for the same people

    for name in ("turn", "turn", "mill", "mill"):
        env.process(machine(name))

    def journey(lot: Lot) -> Process:
        for queue in queues.values():
            yield queue.wait(lot)
        trial.finished(lot)

    trial.source("shaft", 12, journey)
    people_use = {f"{name}.utilisation": 1 for name in people.free}
    stations = {f"{name}.{what}": 2 for name in queues for what in ("share.waiting", "share.down")}
    return trial.run(["shaft"], people_use | stations | {"turn.queue_length": 1, "mill.queue_length": 1})


def oven(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `OVEN`: three or four of a family at once, or fewer once one has waited 40 min."""
    trial = Trial(seed, warmup, until)

    def pick(waiting: list, _: Any) -> list:
        families: dict[str, list] = {}
        for entry in waiting:
            families.setdefault(entry[0].product, []).append(entry)
        for entries in families.values():
            if len(entries) >= 3 or trial.env.now >= entries[0][0].entered + 40:
                return entries[:4]
        return []

    prepare, heat = Queue(trial, "prepare"), Queue(trial, "oven", pick)
    prepare.machine(lambda *_: trial.exp(4))
    heat.machine(lambda *_: trial.rng.uniform(20, 30))

    def journey(lot: Lot) -> Process:
        yield prepare.wait(lot)
        done = heat.wait(lot)
        late = trial.env.timeout(40)
        late.callbacks.append(lambda _: heat.look())
        yield done
        trial.finished(lot)

    trial.source("bolt", 18, journey)
    trial.source("ring", 40, journey)
    return trial.run(["bolt", "ring"], {"oven.utilisation": 1, "oven.queue_length": 1, "prepare.queue_length": 1})


def assembly(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `ASSEMBLY`: a press fills three places, a bench takes a blank and two screws at once."""
    trial = Trial(seed, warmup, until)
    env, queue = trial.env, Queue(trial, "bench")
    stock = {"blank": 0, "promised": 0, "screw": 20}
    changed = [env.event()]
    trial.begin("blank.level 0", "blank")
    levels = Counter()

    def put(**changes: int) -> None:
        trial.end("blank")
        for name, amount in changes.items():
            stock[name] += amount
        levels[f"blank.level {stock['blank']}"] += 1
        trial.begin(f"blank.level {stock['blank']}", "blank")
        before, changed[0] = changed[0], env.event()
        before.succeed()

    def until_true(what: Callable[[], bool]) -> Process:
        while not what():
            yield changed[0]

    def press() -> Process:
        while True:
            trial.begin("press.share.waiting", press)
            yield from until_true(lambda: stock["blank"] + stock["promised"] < 3)
            trial.end(press)
            put(promised=1)
            yield env.timeout(trial.exp(4))
            put(promised=-1, blank=1)
            trial.count("made")

    def bench() -> Process:
        while True:
            ((_, done, _),) = yield queue.ask()
            trial.begin("bench.share.waiting", bench)
            yield from until_true(lambda: stock["blank"] >= 1 and stock["screw"] >= 2)
            trial.end(bench)
            put(blank=-1, screw=-2)
            yield env.timeout(gamma(trial.rng, 3, 0.5))
            done.succeed()

    def supply() -> Process:
        while True:
            yield env.timeout(trial.exp(60))
            taken = min(25, 30 - stock["screw"])
            trial.count("screw.lost", 25 - taken)
            put(screw=taken)

    def journey(lot: Lot) -> Process:
        yield queue.wait(lot)
        trial.finished(lot)

    for process in (press, bench, supply):
        env.process(process())
    trial.source("cart", 8, journey)
    shares = {"press.share.waiting": 1, "bench.share.waiting": 1, "bench.queue_length": 1}
    figures = trial.run(["cart"], shares, ["screw.lost"])
    span = until - warmup
    figures["blank.level"] = sum(trial.sums[name] * int(name.split()[1]) for name in [*levels, "blank.level 0"]) / span
    figures["sheet.throughput"] = trial.sums["made"] / span / 60
    return figures


def setups(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `SETUPS`: of those waiting the one with the shortest setup, of equal ones the first."""
    trial = Trial(seed, warmup, until)
    matrix = {("red", "blue"): 3, ("red", "green"): 6, ("blue", "red"): 2}
    family = {"tray": "red", "bowl": "blue", "lid": "green"}
    machine: dict[str, str] = {}

    def setup(lot: Lot) -> float:
        last, kind = machine.get("kind"), family[lot.product]
        return 0 if last is None else matrix.get((last, kind), 1 if last == kind else 9)

    def work(taken: list, _: Any) -> float:
        lot = taken[0][0]
        first = setup(lot)
        machine["kind"] = family[lot.product]
        times = {"tray": lambda: trial.exp(5), "bowl": lambda: trial.exp(3), "lid": lambda: trial.rng.uniform(2, 6)}
        return first + times[lot.product]()

    queue = Queue(trial, "press", lambda waiting, _: [min(waiting, key=lambda entry: setup(entry[0]))])
    queue.machine(work)

    def journey(lot: Lot) -> Process:
        yield queue.wait(lot)
        trial.finished(lot)

    for product, mean in (("tray", 24), ("bowl", 20), ("lid", 30)):
        trial.source(product, mean, journey)
    figures = trial.run(["tray", "bowl", "lid"], {"press.queue_length": 1, "press.utilisation": 1})
    del figures["press.utilisation"]  # of which the setups are no part
    return figures


def tardiness(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `TARDINESS`: the apparent tardiness cost, w / p exp(-max(0, due - now - remaining) / (k mean p))."""
    trial = Trial(seed, warmup, until)
    routes = {"axle": [("saw", 4), ("mill", 8), ("grind", 3)], "hub": [("grind", 9), ("saw", 5), ("mill", 2)]}
    weight = {"axle": 3, "hub": 1}

    def pick(waiting: list, _: Any) -> list:
        mean = sum(p for *_, (p, _) in waiting) / len(waiting)

        def index(entry: tuple) -> float:
            lot, _, (p, left) = entry
            slack = max(0.0, lot.due - trial.env.now - left)
            return weight[lot.product] / p * math.exp(-slack / (3 * mean))

        return [max(waiting, key=index)]

    queues = {name: Queue(trial, name, pick) for name in ("saw", "mill", "grind")}
    for queue in queues.values():
        queue.machine(lambda taken, _: trial.exp(taken[0][2][0]))

    def journey(lot: Lot) -> Process:
        route = routes[lot.product]
        for i, (station, mean) in enumerate(route):
            yield queues[station].wait(lot, (mean, sum(p for _, p in route[i:])))
        trial.finished(lot)

    trial.source("axle", 16, journey, due=60)
    trial.source("hub", 18, journey, due=45)
    figures = trial.run(["axle", "hub"], {f"{name}.queue_length": 1 for name in queues})
    for product in routes:
        for name, factor in (("tardiness", 60), ("late", 1)):
            figures[f"{product}.{name}"] = factor * trial.sums[f"{product}.{name}"] / trial.sums[f"{product}.n"]
    return figures


def reentrant(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `REENTRANT`: lots come back, and go back, leave or are only counted where they have waited too long."""
    trial = Trial(seed, warmup, until)
    env = trial.env
    expose, etch = Queue(trial, "expose"), Queue(trial, "etch")
    for queue in (expose, expose, etch):
        queue.machine(lambda taken, _: taken[0][2]())

    def wait(queue: Queue, lot: Lot, time: Callable[[], float], patience: float) -> Process:
        """Give whether the operation was done before the lot lost patience."""
        done = queue.wait(lot, time)
        yield done | env.timeout(patience)
        if not done.triggered and queue.leave(lot):
            trial.count(f"{queue.name}.overdue")
            return False
        yield done
        return True

    def journey(lot: Lot) -> Process:
        while True:
            yield expose.wait(lot, lambda: trial.exp(6))
            if (yield from wait(etch, lot, lambda: trial.exp(4), trial.exp(25))):
                break
            lot.again = True
        done = expose.wait(lot, lambda: trial.rng.uniform(4, 9))
        late = env.timeout(15)
        late.callbacks.append(lambda _: trial.count("expose.overdue", any(lot is e[0] for e in expose.waiting)))
        yield done
        if (yield from wait(etch, lot, lambda: trial.exp(3), 20)):
            trial.finished(lot)
        else:
            trial.scrapped(lot)

    trial.source("wafer", 9, journey)
    return trial.run(
        ["wafer"],
        {"expose.queue_length": 1, "etch.queue_length": 1, "expose.utilisation": 2, "etch.utilisation": 1},
        ["etch.overdue", "expose.overdue", "wafer.scrapped", "wafer.reworked"],
    )


def shifts(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `SHIFTS`: three mills, two people early, one late, none by night; work is handed over."""
    trial = Trial(seed, warmup, until)
    env, queue = trial.env, Queue(trial, "mill")
    people = Pools(trial, {"ann": 2, "bob": 1}, {"worker": ["ann", "bob"]})
    people.away = {"ann", "bob"}

    def mill(key: object) -> Process:
        me = processes[key]
        while True:
            ((_, done, _),) = yield queue.ask()
            left, held = 5 + gamma(trial.rng, 50, 0.7), None
            while left > 0:
                trial.begin("mill.share.waiting", key)
                held = yield people.ask("worker")
                trial.end(key)
                people.holders[held[0]].append(me)
                begin = env.now
                try:
                    yield env.timeout(left)
                    left = 0
                except simpy.Interrupt:
                    left -= env.now - begin
                people.holders[held[0]].remove(me)
                people.give(held)
            done.succeed()

    def shift(name: str, begin: float, end: float) -> Process:
        yield env.timeout(begin)
        while True:
            people.away.discard(name)
            people.look()
            yield env.timeout(end - begin)
            people.away.add(name)
            for process in list(people.holders[name]):
                process.interrupt()
            yield env.timeout(1440 - end + begin)

    processes: dict[object, simpy.Process] = {}
    for i in range(3):
        processes[i] = env.process(mill(i))
    env.process(shift("bob", 840, 1320))
    env.process(shift("ann", 360, 840))

    def journey(lot: Lot) -> Process:
        yield queue.wait(lot)
        trial.finished(lot)

    trial.source("part", 90, journey)
    shares = {"mill.queue_length": 1, "mill.share.waiting": 3, "ann.utilisation": 2 / 3, "bob.utilisation": 1 / 3}
    return trial.run(["part"], shares)


def branches(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `BRANCHES`: frame and wheels are made at the same time; some carts are built again."""
    trial = Trial(seed, warmup, until)
    env, rng = trial.env, trial.rng
    means = {"cut": 6, "weld": 7, "paint": 9, "turn": 5, "fit": 4}
    queues = {name: Queue(trial, name) for name in means}
    for name in (*means, "paint"):
        queues[name].machine(lambda *_, mean=means[name]: trial.exp(mean))

    def frame(lot: Lot) -> Process:
        for name in ("weld", "paint"):
            yield queues[name].wait(lot)
        return "good"

    def wheels(lot: Lot) -> Process:
        while True:
            yield queues["turn"].wait(lot)
            u = rng.random()
            if u >= 0.25:
                return "scrap" if u < 0.27 else "good"
            lot.again = True

    def journey(lot: Lot) -> Process:
        yield queues["cut"].wait(lot)
        while True:
            parts = [Lot(lot.product, env.now), Lot(lot.product, env.now)]
            made = yield simpy.AllOf(env, [env.process(frame(parts[0])), env.process(wheels(parts[1]))])
            lot.again = lot.again or parts[1].again
            if "scrap" in made.values():
                trial.scrapped(lot)
                return
            yield queues["fit"].wait(lot)
            u = rng.random()
            if u >= 0.13:
                trial.finished(lot)
                return
            if u >= 0.1:
                trial.scrapped(lot)
                return
            lot.again = True

    trial.source("cart", 12, journey)
    figures = trial.run(["cart"], {f"{name}.queue_length": 1 for name in means}, ["cart.scrapped", "cart.reworked"])
    del figures["cart.waiting_time"]  # of the whole: where its parts waited is another question
    return figures
