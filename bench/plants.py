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
        lines.append("run: {warmup: 30 d, until: 90 d}")
        return "\n".join(lines) + "\n"


PLANTS = {
    "jobshop": JobShop(),
    "jobshop-bottleneck": JobShop(bottleneck=1.25),
    "jobshop-cut": JobShop(machines=10, lots=200, products=8, steps=5, chance=False),
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
