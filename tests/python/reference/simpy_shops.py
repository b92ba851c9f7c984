"""Two plants written a second time, in SimPy, by what the reference says and not by how the engine does it.

Each function runs one replication, in minutes, and gives the figures by the names of the engine in SI.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterator

import simpy

LINE = """
stations:
  saw:
    failures: [{after: exponential(40 min) of work, repair: exponential(6 min)}]
  mill:
    machines: 2
    queue: {places: 2}
    failures: [{after: "gamma(mean 60 min, cv 0.5) of work", repair: "lognormal(mean 9 min, cv 0.8)"}]
  wash: {queue: {places: 1}}
  check:
    queue: {places: 0}
    failures: [{after: exponential(50 min) of time, repair: 4 min}]
products:
  part:
    route:
      - {at: saw, time: "lognormal(mean 1 min, cv 0.6)"}
      - {at: mill, time: exponential(1.7 min)}
      - {at: wash, time: "uniform(0.4, 1.2 min)"}
      - {at: check, time: "triangular(0.3, 0.6, 1.8 min)"}
    arrivals: saturate
"""

SHOP = """
epoch: 2026-03-02T00:00:00Z
calendars:
  day: {daily: "06:00-11:30, 12:00-20:00"}
stations:
  turn: {machines: 2, calendar: day, queue: {rule: priority}}
  mill: {calendar: day, queue: {rule: priority}}
  check: {machines: 2}
products:
  valve:
    priority: 2
    route:
      - {op: rough, at: turn, time: "lognormal(mean 20 min, cv 0.5)", setup: 3 min}
      - {op: slot, at: mill, time: "gamma(mean 16 min, cv 0.4)", setup: 1 min, changeover: "uniform(4, 8 min)"}
      - {op: finish, at: turn, time: exponential(14 min), setup: 3 min}
      - {op: test, at: check, time: 10 min, then: {rework: {finish: 0.15}, scrap: 0.05}}
    arrivals: every exponential(110 min)
  flange:
    priority: 1
    route:
      - {op: turn, at: turn, time: "uniform(10, 26 min)", setup: 2 min}
      - {op: drill, at: mill, time: "triangular(5, 9, 25 min)", setup: 1 min, changeover: "uniform(4, 8 min)"}
      - {op: look, at: check, time: exponential(6 min), then: {rework: {drill: 0.1}}}
    arrivals: every exponential(75 min)
"""


class _Machine:
    """A machine of the line: works, fails, holds a finished part until the next station has room."""

    def __init__(
        self,
        work: Callable[[], float],
        after: Callable[[], float],
        repair: Callable[[], float],
        ages: str = "work",
    ) -> None:
        self.work, self.ages, self.after, self.repair = work, ages, after, repair
        self.left, self.down = after(), False


def line(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `LINE` once: finite buffers, blocking after service, failures of work and of time, two mills side by side."""
    rng, env = random.Random(seed), simpy.Environment()
    stations = [
        [_Machine(lambda: lognormal(rng, 1, 0.6), lambda: rng.expovariate(1 / 40), lambda: rng.expovariate(1 / 6))],
        [
            _Machine(lambda: rng.expovariate(1 / 1.7), lambda: gamma(rng, 60, 0.5), lambda: lognormal(rng, 9, 0.8))
            for _ in range(2)
        ],
        [_Machine(lambda: rng.uniform(0.4, 1.2), lambda: math.inf, lambda: 0.0)],
        [_Machine(lambda: rng.triangular(0.3, 1.8, 0.6), lambda: rng.expovariate(1 / 50), lambda: 4.0, "time")],
    ]
    places = [None, 2, 1, 0]
    queues: list[deque[None]] = [deque() for _ in stations]
    waiting: list[list[simpy.Event]] = [[] for _ in stations]  # idle machines, each wants a part
    blocked: list[deque[simpy.Event]] = [deque() for _ in stations]  # machines that hold a part for this station
    seen = {"done": 0, "parts": 0.0, "blocked": [0.0] * 4, "down": [0.0] * 4}
    level, since = 0, 0.0

    def count(change: int) -> None:
        nonlocal level, since
        seen["parts"] += level * max(0.0, min(env.now, until) - max(since, warmup))
        level, since = level + change, env.now

    def book(what: str, i: int, begin: float) -> None:
        seen[what][i] += max(0.0, min(env.now, until) - max(begin, warmup)) / len(stations[i])

    def offer(i: int) -> bool:
        """Take a part into the station if it has room."""
        if waiting[i]:
            waiting[i].pop(0).succeed()
        elif len(queues[i]) < places[i]:
            queues[i].append(None)
        else:
            return False
        return True

    def take_now(i: int) -> bool:
        """Take a part from the queue, whose place goes to one that is blocked, or straight from the machine before."""
        if queues[i]:
            queues[i].popleft()
            if blocked[i]:
                queues[i].append(None)
                blocked[i].popleft().succeed()
        elif blocked[i]:
            blocked[i].popleft().succeed()
        else:
            return False
        return True

    def machine(i: int, me: _Machine) -> Iterator[simpy.Event]:
        while True:
            if i == 0:
                count(1)
            elif not take_now(i):
                want = env.event()
                waiting[i].append(want)
                yield want
            left = me.work()
            while left > 0:
                step = min(left, me.left)
                yield env.timeout(step)
                left -= step
                me.left -= step
                if me.left <= 0:
                    begin = env.now
                    yield env.timeout(me.repair())
                    book("down", i, begin)
                    me.left = me.after()
            if i + 1 < len(stations):
                if not offer(i + 1):
                    begin, room = env.now, env.event()
                    blocked[i + 1].append(room)
                    yield room
                    book("blocked", i, begin)
            else:
                count(-1)
                seen["done"] += env.now > warmup

    def machine_of_time(i: int, me: _Machine) -> Iterator[simpy.Event]:
        """Fails by the clock, whatever it does; a part that comes while it is down waits outside or in the queue."""
        work: list[float] = []
        more = [env.event()]

        def breaks() -> Iterator[simpy.Event]:
            while True:
                yield env.timeout(me.after())
                begin = env.now
                me.down = True
                process.interrupt()
                yield env.timeout(me.repair())
                book("down", i, begin)
                me.down = False
                more[0].succeed()
                more[0] = env.event()

        def works() -> Iterator[simpy.Event]:
            while True:
                try:
                    while me.down:
                        yield more[0]
                    if not work:
                        if not take_now(i):
                            want = env.event()
                            waiting[i].append(want)
                            try:
                                yield want
                            except simpy.Interrupt:
                                if not want.triggered:
                                    waiting[i].remove(want)
                                    continue
                        work.append(me.work())
                        if me.down:
                            continue
                    begin = env.now
                    try:
                        yield env.timeout(work[0])
                    except simpy.Interrupt:
                        work[0] -= env.now - begin
                        continue
                    work.clear()
                    count(-1)
                    seen["done"] += env.now > warmup
                except simpy.Interrupt:
                    continue

        process = env.process(works())
        env.process(breaks())
        yield process

    for i, machines in enumerate(stations):
        for one in machines:
            env.process((machine if one.ages == "work" else machine_of_time)(i, one))
    env.run(until)
    count(0)
    span = until - warmup
    figures = {"part.throughput": seen["done"] / span / 60, "part.wip": seen["parts"] / span}
    for i, name in enumerate(("saw", "mill", "wash")):
        figures[f"{name}.share.blocked"] = seen["blocked"][i] / span
        if name != "wash":
            figures[f"{name}.share.down"] = seen["down"][i] / span
    return figures


OPEN = ((360, 690), (720, 1200))  # minutes of each day


def is_open(now: float) -> bool:
    """Tell whether the day calendar of `SHOP` is open; a window includes its beginning, not its end."""
    return any(begin <= now % 1440 < end for begin, end in OPEN)


def next_opening(now: float) -> float:
    """Tell when it opens next; `now` where it is open."""
    if is_open(now):
        return now
    day = now - now % 1440
    return min(day + d + begin for d in (0, 1440) for begin, _ in OPEN if day + d + begin > now)


def end_of_work(now: float, work: float) -> float:
    """Tell when work that rests while it is closed is done."""
    while True:
        now = next_opening(now)
        closing = now - now % 1440 + next(end for begin, end in OPEN if begin <= now % 1440 < end)
        if now + work <= closing:
            return now + work
        work -= closing - now
        now = closing


def shop(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `SHOP` once: lots come back, priorities, two machines, setups, shifts that pause work, rework and scrap."""
    rng, env = random.Random(seed), simpy.Environment()
    setup = 1.0, lambda: rng.uniform(4, 8)
    routes = {  # step: station, setup (or setup, changeover), work, what follows with which probability
        "valve": [
            ("turn", (3.0, None), lambda: lognormal(rng, 20, 0.5)),
            ("mill", setup, lambda: gamma(rng, 16, 0.4)),
            ("turn", (3.0, None), lambda: rng.expovariate(1 / 14)),
            ("check", (0.0, None), lambda: 10.0),
        ],
        "flange": [
            ("turn", (2.0, None), lambda: rng.uniform(10, 26)),
            ("mill", setup, lambda: rng.triangular(5, 25, 9)),
            ("check", (0.0, None), lambda: rng.expovariate(1 / 6)),
        ],
    }
    priority = {"valve": 2, "flange": 1}
    machines = {"turn": 2, "mill": 1, "check": 2}
    queues: dict[str, list] = {name: [] for name in machines}
    wanted: dict[str, list[simpy.Event]] = {name: [] for name in machines}
    last: dict[str, tuple[str, int] | None] = dict.fromkeys(machines)  # step done before; only the mill's matters
    numbers = iter(range(1 << 62))
    figures = {name: dict.fromkeys(("n", "time", "wait", "scrapped", "reworked"), 0.0) for name in routes}
    busy, queued = dict.fromkeys(machines, 0.0), dict.fromkeys(machines, 0.0)

    def within(begin: float, end: float) -> float:
        return max(0.0, min(end, until) - max(begin, warmup))

    def put(lot: dict) -> None:
        station = routes[lot["product"]][lot["step"]][0]
        rank = -priority[lot["product"]] if station != "check" else 0
        lot["entered"] = env.now
        heapq.heappush(queues[station], (rank, next(numbers), lot))
        while wanted[station]:
            wanted[station].pop().succeed()

    def source(product: str, mean: float) -> Iterator[simpy.Event]:
        while True:
            yield env.timeout(rng.expovariate(1 / mean))
            put({"product": product, "step": 0, "born": env.now, "waited": 0.0, "again": False})

    def leave(lot: dict) -> None:
        """Send a lot on after a step."""
        figure, counted = figures[lot["product"]], env.now > warmup
        if lot["step"] == len(routes[lot["product"]]) - 1:
            u = rng.random()
            again = 0.15 if lot["product"] == "valve" else 0.1
            if u < again:
                lot["again"] = True
                lot["step"] = 2 if lot["product"] == "valve" else 1
                put(lot)
                return
            figure["reworked"] += counted * lot["again"]
            if lot["product"] == "valve" and u < again + 0.05:
                figure["scrapped"] += counted
            elif counted:
                figure["n"] += 1
                figure["time"] += env.now - lot["born"]
                figure["wait"] += lot["waited"]
            return
        lot["step"] += 1
        put(lot)

    def machine(station: str) -> Iterator[simpy.Event]:
        shifts = station != "check"
        while True:
            if shifts and not is_open(env.now):
                yield env.timeout(next_opening(env.now) - env.now)
            if not queues[station]:
                want = env.event()
                wanted[station].append(want)
                yield want
                continue
            lot = heapq.heappop(queues[station])[2]
            queued[station] += within(lot["entered"], env.now)
            lot["waited"] += env.now - lot["entered"]
            _, (plain, changeover), work = routes[lot["product"]][lot["step"]]
            step = lot["product"], lot["step"]
            first = changeover() if changeover and last[station] != step else plain
            last[station] = step
            for left in (first, work()):
                end = end_of_work(env.now, left) if shifts else env.now + left
                busy[station] += left * (left is not first and env.now >= warmup)
                yield env.timeout(end - env.now)
            leave(lot)

    for station, count in machines.items():
        for _ in range(count):
            env.process(machine(station))
    env.process(source("valve", 110))
    env.process(source("flange", 75))
    env.run(until)
    for station in machines:
        queued[station] += sum(within(lot["entered"], until) for *_, lot in queues[station])
    span = until - warmup
    open_time = {name: span * (810 / 1440 if name != "check" else 1) for name in machines}
    result = {f"{name}.utilisation": busy[name] / open_time[name] / machines[name] for name in machines}
    result |= {f"{name}.queue_length": queued[name] / span for name in machines}
    for name, figure in figures.items():
        result[f"{name}.cycle_time"] = 60 * figure["time"] / figure["n"]
        result[f"{name}.waiting_time"] = 60 * figure["wait"] / figure["n"]
        result[f"{name}.reworked"] = figure["reworked"]
    result["valve.scrapped"] = figures["valve"]["scrapped"]
    return result


def lognormal(rng: random.Random, mean: float, cv: float) -> float:
    """Draw by mean and coefficient of variation."""
    variance = math.log(1 + cv**2)
    return rng.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))


def gamma(rng: random.Random, mean: float, cv: float) -> float:
    """Draw by mean and coefficient of variation."""
    return rng.gammavariate(1 / cv**2, mean * cv**2)
