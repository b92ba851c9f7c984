"""The engine against a second implementation: the same plants written in SimPy agree within statistical error."""

import numpy as np
import pytest

import twin

pytest.importorskip("simpy", reason="SimPy is not installed")

from reference import simpy_plants, simpy_routes, simpy_shops

REPLICATIONS = 30


@pytest.mark.parametrize(
    ("text", "run", "warmup", "until"),
    [
        pytest.param(simpy_shops.LINE, simpy_shops.line, 200, 3200, id="line"),
        pytest.param(simpy_shops.SHOP, simpy_shops.shop, 5 * 1440, 45 * 1440, id="shop"),
        pytest.param(simpy_plants.SKILLS, simpy_plants.skills, 1000, 12000, id="skills"),
        pytest.param(simpy_plants.OVEN, simpy_plants.oven, 1000, 16000, id="oven"),
        pytest.param(simpy_plants.ASSEMBLY, simpy_plants.assembly, 1000, 9000, id="assembly"),
        pytest.param(simpy_plants.SETUPS, simpy_plants.setups, 1000, 16000, id="setups"),
        pytest.param(simpy_plants.TARDINESS, simpy_plants.tardiness, 1000, 8000, id="tardiness"),
        pytest.param(simpy_plants.REENTRANT, simpy_plants.reentrant, 1000, 7000, id="reentrant"),
        pytest.param(simpy_plants.SHIFTS, simpy_plants.shifts, 5 * 1440, 65 * 1440, id="shifts"),
        pytest.param(simpy_routes.ROUTES, simpy_routes.routes, 1000, 9000, id="routes"),
        pytest.param(simpy_routes.WINDOW, simpy_routes.window, 1000, 9000, id="window"),
        pytest.param(simpy_plants.BRANCHES, simpy_plants.branches, 1000, 7000, id="branches"),
    ],
)
def test_simpy_agrees(text, run, warmup, until):
    plant = twin.parse(text)
    result = twin.simulate(plant, 300, seed=5, warmup=f"{warmup} min", until=f"{until} min", quantiles=False)
    theirs = [run(seed, warmup, until) for seed in range(REPLICATIONS)]
    far = {}
    for name in theirs[0]:
        a, b = result[name].sample, np.array([one[name] for one in theirs])
        error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        if abs(a.mean() - b.mean()) > 3.5 * error:
            far[name] = f"{a.mean():.6g} here, {b.mean():.6g} there: {(a.mean() - b.mean()) / error:+.1f} errors"
    assert not far
