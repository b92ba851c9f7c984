"""Plants of the benchmarks that are too large to write by hand, made from stated counts.

    plants.py FOLDER [NAME ...]     write FOLDER/NAME.yaml, all unless named

The same counts and seed give the same file on every machine: only `random.Random(seed).random()` is drawn, and numbers
are rounded before they are written.
"""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path


def shuffled(draw, items):
    """Return the items in random order."""
    items = list(items)
    for i in range(len(items) - 1, 0, -1):
        j = int(draw() * (i + 1))
        items[i], items[j] = items[j], items[i]
    return items


@dataclass(frozen=True)
class JobShop:
    """A job shop in which a constant number of lots circulates.

    Products have routes over machines all different, in random order. Each machine is on as many routes as any other
    and has the same load from a lot of each product (`mean` minutes a visit), so that the lots spread over all queues.
    Due dates are 0.8 to 1.3 times the mean time in the shop, so that some lots are late and some are not. With a
    bottleneck most lots stand in one queue.
    """

    machines: int = 100
    lots: int = 5000
    products: int = 20
    steps: int = 25
    mean: float = 10.0  # minutes
    bottleneck: float = 1.0  # load of the first machine, in multiples of the others'
    rule: str = "atc(2)"
    chance: bool = True  # times are exponential, else as they are
    warmup: int = 30  # d
    seed: int = 1

    def __post_init__(self):
        """Refuse counts that do not spread evenly."""
        if self.products * self.steps % self.machines or self.steps > self.machines:
            raise ValueError("products * steps must be a multiple of machines, with at least as many machines as steps")
        if self.lots % self.products:
            raise ValueError("lots must be a multiple of products")

    def routes(self):
        """Return (machine, milliseconds) for each step, by product."""
        draw = random.Random(self.seed).random
        visits = []
        while len(visits) < self.products * self.steps:
            visits += shuffled(draw, range(self.machines))
            # Routes that go over the seam of two shuffles may meet a machine twice: those are shuffled again.
            for first in range(0, len(visits) // self.steps * self.steps, self.steps):
                if len(set(visits[first : first + self.steps])) < self.steps:
                    visits = visits[: -self.machines]
                    break
        weights = [2 + 18 * draw() for _ in visits]
        load = [0.0] * self.machines
        for machine, weight in zip(visits, weights, strict=True):
            load[machine] += weight
        whole = self.mean * len(visits) / self.machines * 60_000
        steps = [(m, round(w / load[m] * whole)) for m, w in zip(visits, weights, strict=True)]
        steps = [(m, round(ms * self.bottleneck) if m == 0 else ms) for m, ms in steps]
        return [steps[first : first + self.steps] for first in range(0, len(steps), self.steps)]

    def dues(self):
        """Return minutes from release to due date, by product."""
        draw = random.Random(self.seed + 1).random
        mean = self.lots * self.mean * self.steps / self.machines * self.bottleneck
        return [round(mean * (0.8 + 0.5 * draw())) for _ in range(self.products)]

    def yaml(self):
        """Return the scenario file."""
        counts = (
            f"{self.machines} machines, {self.products} products of {self.steps} steps, {self.lots} lots in process"
        )
        lines = [
            f"description: job shop, {counts}",
            "stations:",
            f'  m[1..{self.machines}]: {{queue: {{rule: "{self.rule}"}}}}',
            "products:",
        ]
        for number, (route, due) in enumerate(zip(self.routes(), self.dues(), strict=True), 1):
            lines += [f"  p{number}:", f"    arrivals: conwip({self.lots // self.products})", f"    due: {due} min"]
            lines += ["    route:"]
            for machine, ms in route:
                time = f"exponential({ms} ms)" if self.chance else f"{ms} ms"
                lines.append(f"      - {{at: m{machine + 1}, time: {time}}}")
        lines.append(f"run: {{warmup: {self.warmup} d, until: {3 * self.warmup} d}}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Area:
    """Families of machines that do one kind of work in a wafer fab."""

    name: str
    families: int
    minutes: tuple[float, float]  # of an operation, before all are scaled
    batch: int = 1  # lots at once
    setups: bool = False
    by_use: bool = False  # maintenance after so many lots, else by the clock


AREAS = (
    Area("litho", 10, (30, 60)),
    Area("lmet", 5, (10, 20)),
    Area("dry", 18, (30, 90), by_use=True),
    Area("wet", 12, (40, 80), batch=4),
    Area("diff", 14, (180, 480), batch=6),
    Area("imp", 8, (20, 40), setups=True),
    Area("film", 16, (30, 100), by_use=True),
    Area("fmet", 6, (10, 25)),
    Area("cmp", 7, (25, 50), by_use=True),
    Area("dmet", 5, (10, 30)),
    Area("epi", 4, (60, 120)),
)
# What a wafer goes through again and again. `?`: only some lots are measured; `!`: within a limited time; `<`: some
# go back to the step before.
MODULES = (
    ("wet", "diff!", "film", "fmet?", "dry"),
    ("film", "fmet?", "cmp", "dmet?", "wet"),
    ("litho", "lmet<", "imp", "wet"),
    ("litho", "lmet<", "dry", "wet", "dmet?", "film"),
    ("litho", "lmet<", "dry", "wet"),
    ("film", "cmp"),
    ("wet", "diff!"),
    ("imp", "epi"),
)


@dataclass(frozen=True)
class Fab:
    """A wafer fab with the counts of SMT2020's low volume, high mix model.

    About 1,000 machines in 105 families, ten products with routes of 242 to 583 steps, 57 lots a day, transport between
    all steps; batches by recipe, setups by species of ion, measurements of some lots, rework of lithography, limits on
    the time between cleaning and furnace (who is late is cleaned again), failures and maintenance by the clock and by
    use. How many machines a family has follows from its load and the utilisation it shall have; all times are scaled so
    that there are as many machines as said. Steps, times and shares are drawn: none are those of the testbed.

    Left out of what SMT2020 has: hot lots, lots of engineering, dedication of lithography, cascading machines.

    Source of the counts: D. Kopp, M. Hassoun, A. Kalir, L. Monch, SMT2020 - A Semiconductor Manufacturing Testbed,
    IEEE Transactions on Semiconductor Manufacturing 33 (2020) 522.
    """

    machines: int = 1000
    products: int = 10
    steps: tuple[int, int] = (242, 583)
    lots_a_day: float = 57
    seed: int = 1

    SAMPLED = 0.4  # share of lots that are measured
    REWORK = 0.02
    SETUP = 0.5  # h
    PER_SETUP = 3  # lots, for sizing
    FILL = 0.7  # of a batch, for sizing
    TRANSPORT = (5, 10)  # min
    LIMIT = 5  # h

    def routes(self):
        """Return the steps of each product: [family index, area, mark, factor, recipe]."""
        draw = random.Random(self.seed).random
        first, at = {}, 0
        for area in AREAS:
            first[area.name] = at
            at += area.families
        areas = {area.name: area for area in AREAS}
        low, high = self.steps
        routes = []
        for product in range(self.products):
            length = round(low + (high - low) * product / max(1, self.products - 1))
            route = []
            while len(route) < length:
                for token in MODULES[int(draw() * len(MODULES))]:
                    name = token.rstrip("?!<")
                    area = areas[name]
                    route.append((first[name] + int(draw() * area.families), area, token[len(name) :],
                                  0.8 + 0.4 * draw(), 1 + int(draw() * 4)))  # fmt: skip
            # The last step is no measurement, and none goes before a limit that has been cut off.
            route = route[:length]
            last = route[-1]
            if last[2]:
                film = areas["film"]
                route[-1] = (first["film"] + int(draw() * film.families), film, "", last[3], last[4])
            routes.append(route)
        return routes

    def shares(self):
        """Return the share of each product in the lots released."""
        weights = [1.3 - 0.6 * i / max(1, self.products - 1) for i in range(self.products)]
        return [w / sum(weights) for w in weights]

    @staticmethod
    def visits(route):
        """Return how often a lot comes to each step, breaches of limits not counted."""
        often = []
        for i, (_, _, mark, *_) in enumerate(route):
            again = i + 1 < len(route) and route[i + 1][2] == "<"
            often.append(
                Fab.SAMPLED if mark == "?" else 1 / (1 - Fab.REWORK) if mark == "<" or again else 1,
            )
        return often

    def sizes(self):
        """Return by family: area, machines, and minutes of an operation of factor 1; and the visits a day."""
        draw = random.Random(self.seed + 1).random
        families = []
        for area in AREAS:
            low, high = area.minutes
            families += [(area, low * (high / low) ** draw(), 0.75 + 0.17 * draw()) for _ in range(area.families)]
        minutes_a_day = [0.0] * len(families)  # in operations of factor 1
        visits_a_day = [0.0] * len(families)
        for route, share in zip(self.routes(), self.shares(), strict=True):
            for (family, _, _, factor, _), often in zip(route, self.visits(route), strict=True):
                minutes_a_day[family] += self.lots_a_day * share * often * factor
                visits_a_day[family] += self.lots_a_day * share * often

        def wanted(scale):
            machines = []
            for (area, minutes, most), work, visits in zip(families, minutes_a_day, visits_a_day, strict=True):
                load = scale * minutes * work / (1 if area.batch == 1 else area.batch * self.FILL)
                if area.setups:
                    load += visits / self.PER_SETUP * self.SETUP * 60
                machines.append(max(1, -int(-load / (most * 1440) // 1)))
            return machines

        low, high = 0.0, 100.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if sum(wanted(middle)) <= self.machines else (low, middle)
        scale = int(low * 1e6) / 1e6  # rounded down, so that there are not more
        machines = wanted(scale)
        for i in range(self.machines - sum(machines)):  # what rounding left over
            machines[i % len(machines)] += 1
        sized = [(area, n, round(scale * minutes, 3)) for (area, minutes, _), n in zip(families, machines, strict=True)]
        return sized, minutes_a_day

    def yaml(self):
        """Return the scenario file."""
        sizes, minutes_a_day = self.sizes()
        counts = f"{self.machines} machines in {len(sizes)} families, {self.lots_a_day} lots a day"
        lines = [f"description: wafer fab, {counts}", "stations:"]
        for number, (area, machines, minutes) in enumerate(sizes, 1):
            keys = [f"machines: {machines}"]
            if area.batch > 1:
                keys.append(f"batch: {{max: {area.batch}, min: {(area.batch + 1) // 2}, wait: 4 h, by: family}}")
            elif area.setups:
                keys.append(f"setup: {{by: family, otherwise: {self.SETUP} h}}, queue: {{rule: min_setup}}")
            else:
                keys.append("queue: {rule: cr}")
            care = (
                f'{{after: "uniform({9000 / minutes:.0f}, {11000 / minutes:.0f}) of lots", repair: "uniform(2, 6 h)"}}'
                if area.by_use
                else '{after: "uniform(25, 35 d) of time", repair: "uniform(6, 12 h)"}'
            )
            keys.append(f"failures: [{{after: exponential(120 h) of time, repair: exponential(5 h)}}, {care}]")
            lines.append(f"  {area.name}{number}: {{{', '.join(keys)}}}")
        lines.append("products:")
        for number, (route, share) in enumerate(zip(self.routes(), self.shares(), strict=True), 1):
            raw = sum(sizes[f][2] * factor + sum(self.TRANSPORT) / 2 for f, _, _, factor, _ in route)
            lines += [
                f"  p{number}:",
                f"    arrivals: every {86400 / (self.lots_a_day * share):.3f} s",
                f"    due: {raw * 2:.0f} min",
                "    route:",
            ]
            for i, (family, area, mark, factor, recipe) in enumerate(route, 1):
                minutes = sizes[family][2] * factor
                keys = [
                    f"at: {area.name}{family + 1}",
                    f"op: s{i}",
                    f'time: "uniform({0.95 * minutes:.3f}, {1.05 * minutes:.3f} min)"',
                    f'transport: "uniform({self.TRANSPORT[0]}, {self.TRANSPORT[1]} min)"',
                ]
                if area.batch > 1 or area.setups:
                    keys.append(f"family: r{recipe}")
                if mark == "!":
                    keys.append(f"max_wait: {self.LIMIT} h, if_overdue: {{rework: s{i - 1}}}")
                if mark == "<":
                    keys.append(f"then: {{rework: {{s{i - 1}: {self.REWORK}}}}}")
                elif i < len(route) and route[i][2] == "?":
                    keys.append(f"then: {{goto: {{s{i + 2}: {1 - self.SAMPLED}}}}}")
                lines.append(f"      - {{{', '.join(keys)}}}")
        lines.append("run: {warmup: 120 d, until: 730 d}")
        # Families that take one lot at a time work as long as lots come for; breaches of limits come on top where
        # cleaning and furnaces are, and those are in batches.
        lines.append("expect:")
        for number, (area, machines, minutes) in enumerate(sizes, 1):
            if area.batch == 1:
                lines.append(
                    f"  {area.name}{number}.utilisation: {minutes * minutes_a_day[number - 1] / 1440 / machines:.4f}"
                )
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Text:
    """A plant that is written out."""

    text: str

    def yaml(self):
        """Return the scenario file."""
        return self.text


# The three loops by which the makers of JaamSim compare simulators (jaamsim.blogspot.com, May and July 2014): N
# entities are delayed again and again by 0 to 2N seconds, so that one ends its delay each second; entities are made and
# leave at once; two entities take turns to hold a resource for a second. As no lot goes round for ever, one that has
# been delayed or has held the resource leaves, and another one comes.
DELAY = Text("""\
stations: {delay: {machines: 1000}}
products:
  entity:
    route: [{at: delay, time: "uniform(0, 2000 s)"}]
    arrivals: conwip(1000)
run: {warmup: 1 h, until: 1000 h}
""")
CREATE = Text("""\
stations: {sink: {}}
products:
  entity: {route: [{at: sink, time: 0 s}], arrivals: every 1 s}
run: {warmup: 1 h, until: 1000 h}
""")
SEIZE = Text("""\
stations: {resource: {}}
products:
  entity:
    route: [{at: resource, time: 1 s}]
    arrivals: conwip(2)
run: {warmup: 1 h, until: 1000 h}
""")

PLANTS: dict[str, JobShop | Fab | Text] = {
    "jobshop": JobShop(),
    "jobshop-bottleneck": JobShop(bottleneck=1.25),
    "shop1000": JobShop(machines=1000, lots=10_000, products=40, warmup=3),
    "shop1000-half": JobShop(machines=1000, lots=5_000, products=40, warmup=3),
    "fab": Fab(),
    "delay": DELAY,
    "create": CREATE,
    "seize": SEIZE,
    "jobshop-cut": JobShop(machines=10, lots=200, products=8, steps=5, chance=False),
}


# Job shops that differ in one number, for growth curves; queues first come first served unless said.
PLANTS |= {
    f"growth-machines-{n}": JobShop(machines=n, lots=20 * n, products=40, rule="fifo", warmup=4)
    for n in (50, 100, 200, 500, 1000)
}
for lots in (500, 1000, 2000, 5000, 10_000, 20_000):
    # Lots have gone through the shop once or twice.
    days = max(2, lots // 500)
    PLANTS[f"growth-lots-{lots}"] = JobShop(lots=lots, rule="fifo", warmup=days)
    PLANTS[f"growth-lots-atc-{lots}"] = JobShop(lots=lots, warmup=days)
PLANTS |= {
    f"growth-products-{n}": JobShop(products=n, lots=3200, rule="fifo", warmup=10) for n in (20, 40, 80, 160, 320)
}


def write(folder, names=()):
    """Write the named plants, all unless named; a file that is there already as it should be is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PLANTS:
        text, file = PLANTS[name].yaml(), folder / f"{name}.yaml"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *PLANTS], help=", ".join(PLANTS))
    options = parser.parse_args()
    write(options.folder, options.names)


if __name__ == "__main__":
    main()
