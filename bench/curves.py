"""How cost grows: exponents of power laws, fitted to medians over rounds."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Curve:
    """Cost over the size of one thing: `BM_Growth/<benchmark>:<size>` for each size."""

    name: str
    benchmark: str
    sizes: tuple[int, ...]
    each: bool  # cost of an operation, else of the whole run
    least: float  # bounds of the exponent
    most: float


# With more machines and lots, or over a longer time, as many times more happens: the exponent is 1, a little more where
# what was in a cache is no longer. What an operation costs should depend neither on lots nor on products; where a queue
# is gone through for each dispatch, it grows with the queue.
CURVES = (
    Curve("growth.machines", "machines", (50, 100, 200, 500, 1000), each=False, least=0.8, most=1.35),
    Curve("growth.days", "days", (1, 2, 4, 8, 16), each=False, least=0.9, most=1.1),
    Curve("growth.lots", "lots", (500, 1000, 2000, 5000, 10_000, 20_000), each=True, least=-0.3, most=0.35),
    Curve("growth.lots.atc", "lots_atc", (500, 1000, 2000, 5000, 10_000, 20_000), each=True, least=-0.3, most=1.1),
    Curve("growth.products", "products", (20, 40, 80, 160, 320), each=True, least=-0.3, most=0.35),
)


def exponent(sizes, costs):
    """Return the slope of the line of least squares through (log size, log cost)."""
    x = [math.log(size) for size in sizes]
    y = [math.log(cost) for cost in costs]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


@dataclass
class Growth:
    """What was measured of one curve: costs in ns by size, a value a round."""

    curve: Curve
    costs: dict[int, list[float]] = field(default_factory=dict)

    def add(self, size, cpu_us, operations):
        """Take up what one round gave for one size."""
        cost = cpu_us * 1000 / (operations if self.curve.each else 1)
        self.costs.setdefault(size, []).append(cost)

    def medians(self):
        """Return the median cost by size."""
        return {size: sorted(values)[len(values) // 2] for size, values in self.costs.items()}

    def exponent(self):
        """Return the fitted exponent."""
        medians = self.medians()
        return exponent(list(medians), list(medians.values()))

    @property
    def good(self):
        """True when the exponent lies within its bounds."""
        return self.curve.least <= self.exponent() <= self.curve.most
