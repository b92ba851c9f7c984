"""The table of ratios that a new run is compared with: what became faster or slower, beyond noise.

A ratio is our speed over a rival's in the same round, so that the machine cancels out; a benchmark without a rival is
compared with a yardstick, the hand-written hold model. `bench/ratios.json` keeps for each its median and its spread:
the median distance from it over the rounds, as a share.
"""

import json
import statistics

LEAST = 0.15  # differences below are noise on a machine that does other things too
SPREADS = 4


def summary(values):
    """Return median and spread of the ratios of all rounds."""
    middle = statistics.median(values)
    spread = statistics.median(abs(value / middle - 1) for value in values)
    return {"ratio": float(f"{middle:.4g}"), "spread": float(f"{spread:.3f}")}


def moved(stored, now):
    """Return (name, rival, stored ratio, ratio now) of what differs by more than noise, worst first."""
    found = []
    for name, rivals in now.items():
        for rival, measured in rivals.items():
            before = stored.get(name, {}).get(rival)
            if before is None:
                continue
            bound = max(LEAST, SPREADS * (before["spread"] + measured["spread"]))
            change = measured["ratio"] / before["ratio"]
            if not 1 / (1 + bound) <= change <= 1 + bound:
                found.append((name, rival, before["ratio"], measured["ratio"]))
    return sorted(found, key=lambda entry: entry[3] / entry[2])


def load(file):
    """Return the stored table; an empty one where there is none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def store(file, now):
    """Put what was measured now into the table; what was not measured stays."""
    table = load(file) | now
    file.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n", encoding="utf-8")
