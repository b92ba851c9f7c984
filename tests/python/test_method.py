"""By events and by recursion: the same outcome, and a refusal that says why."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import twin

ROOT = Path(__file__).resolve().parents[2]

MM1 = """
stations: {mill: {}}
products: {part: {route: [{at: mill, time: exponential(48 s)}], arrivals: every exponential(60 s)}}
run: {warmup: 20 h, until: 1000 h, replications: 20, seed: 1}
"""
TANDEM = """
stations: {a: {}, b: {}}
products:
  part: {route: [{at: a, time: exponential(40 s)}, {at: b, time: exponential(48 s)}], arrivals: every exponential(60 s)}
run: {warmup: 20 h, until: 1000 h, replications: 20, seed: 2}
"""
NO_PLACE = """
stations: {a: {}, b: {queue: {places: 0}}}
products:
  part: {route: [{at: a, time: exponential(60 s)}, {at: b, time: exponential(60 s)}], arrivals: saturate}
run: {warmup: 20 h, until: 1000 h, replications: 20, seed: 3}
"""
LINES = {
    "M/M/1": (MM1, {"part.cycle_time": 240.0, "mill.utilisation": 0.8}),  # 1 / (mu - lambda), rho
    "tandem": (TANDEM, {"part.cycle_time": 360.0, "b.queue_time": 192.0}),  # Burke: each is M/M/1 by itself
    "no place": (NO_PLACE, {"part.throughput": 2 / 3 / 60}),  # two equal machines without a buffer: 2/3 of one's rate
}
SHOP = (
    "stations: {mill: {machines: 2}}\n"
    "products: {part: {route: [{at: mill, time: 1 min}], arrivals: every exponential(60 s)}}\n"
    "run: {until: 5 h}\n"
)


@pytest.mark.parametrize("name", LINES)
def test_both_methods_agree_with_the_formula_and_with_each_other(name):
    text, truth = LINES[name]
    plant = twin.parse(text)
    events = twin.simulate(plant, method="events")
    recursion = twin.simulate(plant, method="recursion")
    assert (events.method, recursion.method, twin.simulate(plant).method) == ("events", "recursion", "recursion")
    assert events.digest == recursion.digest
    assert events.events == recursion.events
    assert events.to_dict()["metrics"] == recursion.to_dict()["metrics"]
    for metric, value in truth.items():
        estimate = recursion[metric]
        assert abs(estimate.mean - value) <= 2 * estimate.half_width, metric
    assert pickle.loads(pickle.dumps(recursion)).method == "recursion"


def test_futures_are_the_same():
    state = twin.State.initial(twin.load(ROOT / "scenarios/lines/unreliable20.yaml"))
    state.advance("1000 min")
    events = twin.forecast(state, futures=20, horizon="8 h", method="events")
    recursion = twin.forecast(state, futures=20, horizon="8 h")
    assert (events.method, recursion.method) == ("events", "recursion")
    assert events.names == recursion.names
    assert (events._core.values == recursion._core.values).all()
    assert events._core.digest == recursion._core.digest


def test_a_plant_that_does_not_allow_it_is_told_why():
    plant = twin.parse(SHOP)
    assert twin.simulate(plant).method == "events"
    with pytest.raises(twin.InvalidArgument, match=r"stations\.mill\.machines: 2 machines"):
        twin.simulate(plant, method="recursion")
    with pytest.raises(twin.InvalidArgument, match="allowed: auto, events, recursion"):
        twin.simulate(plant, method="magic")


def test_the_command_takes_a_method(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    command = [sys.executable, "-c", "from twin import cli; cli.main()", "run", str(file), "--method"]
    refused = subprocess.run([*command, "recursion"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "stations.mill.machines" in refused.stderr
    done = subprocess.run([*command, "events", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["method"] == "events"
