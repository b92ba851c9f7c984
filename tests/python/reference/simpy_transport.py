"""Plants with carriers written a second time, in SimPy, by what the reference says and not by how the engine does it.

Each function runs one replication, in minutes, and gives the figures by the names of the engine in SI.
"""

import random
from collections import deque
from collections.abc import Iterator

import simpy

from .simpy_shops import lognormal

BELTS = """
conveyors:
  feed: {length: 12 m, speed: 6 m/min, pitch: 1500 mm}
  back: {places: 4, time: 1 min, accumulating: false}
  chain: {places: 5, time: 2 min, slots: true}
stations:
  saw: {failures: [{after: exponential(50 min) of work, repair: exponential(5 min)}]}
  mill: {queue: {places: 0}, failures: [{after: exponential(60 min) of work, repair: exponential(6 min)}]}
  drill: {queue: {places: 1}}
  check: {queue: {places: 0}}
products:
  part:
    route:
      - {at: saw, time: "lognormal(mean 0.9 min, cv 0.6)"}
      - {at: mill, time: exponential(0.8 min), transport: feed}
      - {at: drill, time: exponential(0.85 min), transport: back}
      - {at: check, time: "uniform(0.2, 1.2 min)", transport: chain}
    arrivals: saturate
"""

_NEAR = 1e-9  # minutes: positions as close as this are the same


class Belt:
    """A belt: each lot has a position, in minutes from the beginning, and moves until something is in its way."""

    def __init__(self, env: simpy.Environment, time: float, places: int, kind: str) -> None:
        self.env, self.time, self.places, self.kind = env, time, places, kind
        self.pitch = time / places
        self.lots: list[list] = []  # [position, lot], first to arrive first
        self.line: deque = deque()  # (event, lot) of who wants to get on
        self.clock = 0.0
        self.since = 0.0
        self.came: simpy.Event = env.event()
        self.change: simpy.Event = env.event()
        env.process(self._run())

    def stands(self) -> bool:
        return self.kind != "accumulating" and bool(self.lots) and self.lots[0][0] >= self.time - _NEAR

    def moving(self) -> list[bool]:
        if self.stands():
            return [False] * len(self.lots)
        out: list[bool] = []
        for i, (x, _) in enumerate(self.lots):
            limit = self.time if i == 0 else self.lots[i - 1][0] - self.pitch
            out.append(x < limit - _NEAR or (i > 0 and out[i - 1]))
        return out

    def catch_up(self) -> None:
        passed = self.env.now - self.since
        if passed > 0:
            self.clock += passed * (not self.stands())
            for lot, moves in zip(self.lots, self.moving(), strict=True):
                lot[0] += passed * moves
        self.since = self.env.now

    def stir(self) -> None:
        if not self.change.triggered:
            self.change.succeed()

    def get_on(self, lot: dict) -> simpy.Event:
        self.catch_up()
        done = self.env.event()
        self.line.append((done, lot))
        self.stir()
        return done

    def take(self) -> dict:
        self.catch_up()
        lot = self.lots.pop(0)[1]
        self.came = self.env.event()
        self.stir()
        return lot

    def _until_entry(self) -> float:
        wait = max(0.0, self.pitch - self.lots[-1][0]) if self.lots else 0.0
        if self.kind == "slots":
            past = (self.clock + wait) % self.pitch
            if min(past, self.pitch - past) > _NEAR:
                wait += self.pitch - past
        return wait if wait > _NEAR else 0.0

    def _run(self) -> Iterator[simpy.Event]:
        while True:
            self.catch_up()
            if self.lots and self.lots[0][0] >= self.time - _NEAR and not self.came.triggered:
                self.came.succeed()
                yield self.env.timeout(0)  # it may be taken at once, before the belt stands
                yield self.env.timeout(0)
                continue
            moving = self.moving()
            free = not self.stands() and len(self.lots) < self.places
            if self.line and free and self._until_entry() == 0:
                done, lot = self.line.popleft()
                self.lots.append([0.0, lot])
                lot["on"] = self.env.now
                done.succeed()
                continue
            gaps = []
            for i, (x, _) in enumerate(self.lots):
                if moving[i] and (i == 0 or not moving[i - 1]):
                    gaps.append((self.time if i == 0 else self.lots[i - 1][0] - self.pitch) - x)
            if self.line and free and (not self.lots or moving[-1]):
                gaps.append(self._until_entry())
            self.change = self.env.event()
            yield self.change | self.env.timeout(max(_NEAR / 10, min(gaps))) if gaps else self.change


def belts(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `BELTS` once: an accumulating belt, one that stands as a whole, and one with slots, in a line."""
    rng, env = random.Random(seed), simpy.Environment()
    feed = Belt(env, 2.0, 8, "accumulating")
    back = Belt(env, 1.0, 4, "standing")
    chain = Belt(env, 2.0, 5, "slots")
    done = {"n": 0, "carried": 0.0, "cycle": 0.0}
    levels = {"feed": 0.0, "back": 0.0, "chain": 0.0}
    blocked = {"saw": 0.0, "mill": 0.0, "drill": 0.0}

    def within(begin: float, end: float) -> float:
        return max(0.0, min(end, until) - max(begin, warmup))

    def get_on(machine: str, belt: Belt, lot: dict) -> Iterator[simpy.Event]:
        begin = env.now
        yield belt.get_on(lot)
        blocked[machine] += within(begin, env.now)

    def deliver(name: str, belt: Belt, room: simpy.Container, queue: simpy.Store) -> Iterator[simpy.Event]:
        while True:
            yield belt.came
            yield room.get(1)
            lot = belt.take()
            lot["carried"] += env.now - lot["on"]
            levels[name] += within(lot["on"], env.now)
            yield queue.put(lot)

    class Life:
        def __init__(self, after: float, repair: float) -> None:
            self.after, self.repair = after, repair
            self.left = rng.expovariate(1 / after)

        def work(self, time: float) -> Iterator[simpy.Event]:
            while time > self.left:
                time -= self.left
                yield env.timeout(self.left)
                yield env.timeout(rng.expovariate(1 / self.repair))
                self.left = rng.expovariate(1 / self.after)
            self.left -= time
            yield env.timeout(time)

    def saw() -> Iterator[simpy.Event]:
        life = Life(50, 5)
        while True:
            lot = {"begin": env.now, "carried": 0.0}
            yield from life.work(lognormal(rng, 0.9, 0.6))
            yield from get_on("saw", feed, lot)

    def mill(room: simpy.Container, queue: simpy.Store) -> Iterator[simpy.Event]:
        life = Life(60, 6)
        while True:
            lot = yield queue.get()
            yield from life.work(rng.expovariate(1 / 0.8))
            yield from get_on("mill", back, lot)
            yield room.put(1)

    def drill(room: simpy.Container, queue: simpy.Store) -> Iterator[simpy.Event]:
        while True:
            lot = yield queue.get()
            yield env.timeout(rng.expovariate(1 / 0.85))
            yield from get_on("drill", chain, lot)
            yield room.put(1)

    def check(room: simpy.Container, queue: simpy.Store) -> Iterator[simpy.Event]:
        while True:
            lot = yield queue.get()
            yield env.timeout(rng.uniform(0.2, 1.2))
            yield room.put(1)
            if env.now > warmup:
                done["n"] += 1
                done["carried"] += lot["carried"]
                done["cycle"] += env.now - lot["begin"]

    env.process(saw())
    for name, belt, station, room in (
        ("feed", feed, mill, 1),
        ("back", back, drill, 2),
        ("chain", chain, check, 1),
    ):
        tokens, queue = simpy.Container(env, init=room), simpy.Store(env)
        env.process(deliver(name, belt, tokens, queue))
        env.process(station(tokens, queue))
    env.run(until)
    for name, belt in (("feed", feed), ("back", back), ("chain", chain)):
        levels[name] += sum(within(lot["on"], until) for _, lot in belt.lots)
    span = until - warmup
    return {
        "part.throughput": done["n"] / span / 60,
        "part.cycle_time": 60 * done["cycle"] / done["n"],
        "part.transport_time": 60 * done["carried"] / done["n"],
        **{f"{name}.level": level / span for name, level in levels.items()},
        **{f"{name}.share.blocked": time / span for name, time in blocked.items()},
    }


VEHICLES = """
paths:
  - {between: [gate, cross], length: 30 m}
  - {between: [cross, mill], length: 20 m, capacity: 1}
  - {between: [cross, drill], length: 25 m}
  - {from: drill, to: pack, length: 15 m}
  - {from: pack, to: gate, length: 20 m}
vehicles:
  agv:
    count: 2
    speed: 30 m/min
    load: exponential(0.3 min)
    unload: 0.2 min
    home: cross
    entry: gate
    idle: stay
    dispatch: longest_waiting
    battery: {range: 1 km, charge: 9 min, at: cross, below: 0.3}
stations:
  mill: {queue: {places: 2}, failures: [{after: exponential(60 min) of work, repair: exponential(6 min)}]}
  drill: {machines: 2}
  pack: {}
products:
  part:
    route:
      - {at: mill, time: exponential(4 min), transport: agv}
      - {at: drill, time: "lognormal(mean 7 min, cv 0.6)", transport: agv}
      - {at: pack, time: "uniform(2, 6 min)", transport: agv}
    arrivals: every exponential(8 min)
"""


def vehicles(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `VEHICLES` once: two vehicles with batteries, single track to the mill, called first come first served."""
    rng, env = random.Random(seed), simpy.Environment()
    speed, full, reserve, charging = 30.0, 1000.0, 300.0, 9.0
    lengths = {("gate", "cross"): 30, ("cross", "mill"): 20, ("cross", "drill"): 25}
    lengths |= {(b, a): length for (a, b), length in lengths.items()}
    lengths |= {("drill", "pack"): 15, ("pack", "gate"): 20}
    track = simpy.Resource(env)
    calls, room = simpy.Store(env), simpy.Container(env, init=3)
    queues = {name: simpy.Store(env) for name in ("mill", "drill", "pack")}
    spent = dict.fromkeys(("idle", "empty", "loaded", "handling", "waiting", "charging"), 0.0)
    blocked = {"mill": 0.0, "drill": 0.0}
    seen = {"n": 0, "cycle": 0.0, "carried": 0.0, "waiting": 0.0, "distance": 0.0}

    def within(begin: float, end: float) -> float:
        return max(0.0, min(end, until) - max(begin, warmup))

    def way(a: str, b: str) -> list[str]:
        best: dict[str, tuple[float, list[str]]] = {a: (0.0, [a])}
        for _ in lengths:
            for (p, q), length in lengths.items():
                if p in best and (q not in best or best[p][0] + length < best[q][0]):
                    best[q] = (best[p][0] + length, [*best[p][1], q])
        return best[b][1]

    def spend(what: str, event: simpy.Event) -> Iterator[simpy.Event]:
        begin = env.now
        yield event
        spent[what] += within(begin, env.now)

    def vehicle() -> Iterator[simpy.Event]:
        at, left = "cross", full

        def drive(to: str, what: str) -> Iterator[simpy.Event]:
            nonlocal at, left
            held = None
            for a, b in zip(way(at, to), way(at, to)[1:], strict=False):
                request = None
                if {a, b} == {"cross", "mill"}:
                    request = track.request()
                    yield from spend("waiting", request)
                if held is not None:
                    track.release(held)
                held = request
                left -= lengths[a, b]
                yield from spend(what, env.timeout(lengths[a, b] / speed))
                seen["distance"] += lengths[a, b] * (env.now > warmup)
            if held is not None:
                track.release(held)
            at = to

        while True:
            if left < reserve:
                yield from drive("cross", "empty")
                yield from spend("charging", env.timeout(charging * (full - left) / full))
                left = full
            get = calls.get()
            yield from spend("idle", get)
            lot, origin, to, loaded = get.value
            yield from drive(origin, "empty")
            yield from spend("handling", env.timeout(rng.expovariate(1 / 0.3)))
            loaded.succeed()
            begin = env.now
            yield from drive(to, "loaded")
            yield from spend("handling", env.timeout(0.2))
            lot["carried"] += env.now - begin
            lot["entered"] = env.now
            yield queues[to].put(lot)

    def call(lot: dict, origin: str, to: str) -> simpy.Event:
        loaded = env.event()
        calls.put((lot, origin, to, loaded))
        return loaded

    def arrive(lot: dict) -> Iterator[simpy.Event]:
        begin = env.now
        yield room.get(1)
        yield call(lot, "gate", "mill")
        lot["waiting"] += env.now - begin

    def source() -> Iterator[simpy.Event]:
        while True:
            yield env.timeout(rng.expovariate(1 / 8))
            env.process(arrive({"begin": env.now, "carried": 0.0, "waiting": 0.0}))

    def mill() -> Iterator[simpy.Event]:
        life = rng.expovariate(1 / 60)
        while True:
            lot = yield queues["mill"].get()
            lot["waiting"] += env.now - lot["entered"]
            work = rng.expovariate(1 / 4)
            while work > life:
                work -= life
                yield env.timeout(life)
                yield env.timeout(rng.expovariate(1 / 6))
                life = rng.expovariate(1 / 60)
            life -= work
            yield env.timeout(work)
            begin = env.now
            yield call(lot, "mill", "drill")
            blocked["mill"] += within(begin, env.now)
            yield room.put(1)

    def drill() -> Iterator[simpy.Event]:
        while True:
            lot = yield queues["drill"].get()
            lot["waiting"] += env.now - lot["entered"]
            yield env.timeout(lognormal(rng, 7, 0.6))
            begin = env.now
            yield call(lot, "drill", "pack")
            blocked["drill"] += within(begin, env.now) / 2

    def pack() -> Iterator[simpy.Event]:
        while True:
            lot = yield queues["pack"].get()
            lot["waiting"] += env.now - lot["entered"]
            yield env.timeout(rng.uniform(2, 6))
            if env.now > warmup:
                seen["n"] += 1
                seen["cycle"] += env.now - lot["begin"]
                seen["carried"] += lot["carried"]
                seen["waiting"] += lot["waiting"]

    for process in (source, mill, drill, drill, pack, vehicle, vehicle):
        env.process(process())
    env.run(until)
    span = until - warmup
    return {
        "part.throughput": seen["n"] / span / 60,
        "part.cycle_time": 60 * seen["cycle"] / seen["n"],
        "part.transport_time": 60 * seen["carried"] / seen["n"],
        "part.waiting_time": 60 * seen["waiting"] / seen["n"],
        "agv.distance": seen["distance"],
        **{f"{name}.share.blocked": time / span for name, time in blocked.items()},
        **{f"agv.share.{what}": time / span / 2 for what, time in spent.items() if what != "idle"},
    }
