"""The scenarios that come with libtwin: each loads, gives what it says it gives, and the same bits wherever it runs."""

import concurrent.futures
import csv
import math
import multiprocessing
import platform
from pathlib import Path

import pytest
from helpers import shop

import twin
from twin import datasets

ROOT = datasets.scenario("queues/mm1.yaml").parents[1]
FILES = sorted(ROOT.rglob("*.yaml"))
PIECES = {"shops/emulated-floor.yaml"}  # included by others


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


RULES = [path for path in FILES if path.name.endswith("rules.yaml")]
PLANTS = [path for path in FILES if path not in RULES and name_of(path) not in PIECES]

#: Digest of `simulate(plant, 3, seed=1)` until the instant given, on any machine, by any compiler, with or without FMA;
#: tests/study/golden_test.cpp holds C++ against the same file.
with (Path(__file__).parents[1] / "golden.csv").open(encoding="utf-8") as golden:
    DIGESTS = {row["scenario"]: (row["until"], row["digest"]) for row in csv.DictReader(golden)}


@pytest.mark.parametrize("path", PLANTS, ids=name_of)
def test_scenario_is_a_plant(path):
    plant = twin.load(path)
    again = twin.parse(plant.yaml, name=plant.name)
    assert again == plant
    assert again.digest == plant.digest
    assert again.yaml == plant.yaml
    assert again.run == plant.run
    assert again.expect == plant.expect
    assert again.what_if == plant.what_if
    for changes in plant.what_if.values():
        assert plant.change(changes).digest != plant.digest


@pytest.mark.parametrize("path", RULES, ids=name_of)
def test_rules_load(path):
    assert twin.Rules.load(path).items["program_status"]


@pytest.mark.parametrize("path", [path for path in PLANTS if twin.load(path).expect], ids=name_of)
def test_scenario_gives_what_it_expects(path):
    plant = twin.load(path)
    result = twin.simulate(plant, max(30, plant.run["replications"]), seed=0, quantiles=False)
    errors = twin._core.student_t(0.95, result.replications - 1)  # of which a half-width is made
    for metric, value in plant.expect.items():
        figure = result[metric]
        assert figure.n >= 30
        allowed = 3.5 * figure.half_width / errors + 1e-9 * abs(value)  # a constant, as wip under conwip, has no error
        assert abs(figure.mean - value) <= allowed, f"{metric}: {figure.mean} instead of {value}"


def short_run(name: str, until: str, **options):
    return twin.simulate(twin.load(ROOT / name), 3, seed=1, warmup="0 s", until=until, quantiles=False, **options)


@pytest.mark.parametrize("name", DIGESTS)
def test_runs_have_the_same_bits_on_every_machine(name):
    until, digest = DIGESTS[name]
    result = short_run(name, until)
    assert result.digest == digest, f"on {platform.machine()}, {platform.python_compiler()}"
    assert short_run(name, until, threads=1).digest == short_run(name, until, threads=2).digest == digest
    assert result.values.tobytes() == short_run(name, until, threads=2).values.tobytes()


def test_orders_calendars_setups_and_rework_have_the_same_bits_on_every_machine():
    plant = shop()
    state = twin.State.initial(plant, seed=1).advance("5 h")
    for threads in (1, 2):
        assert twin.simulate(plant, 3, seed=1, threads=threads, quantiles=False).digest == "8d21371668818a66"
        assert twin.forecast(state, 20, threads=threads).digest == "4fb80a3068f55459"


def test_other_processes_give_the_same_bits():
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        for name in ("lines/unreliable2.yaml", "shops/emulated.yaml"):
            until, digest = DIGESTS[name]
            assert short_run(name, until, executor=pool).digest == digest


@pytest.mark.parametrize("name", DIGESTS)
def test_saved_states_run_on_with_the_same_bits(name, tmp_path):
    until, _ = DIGESTS[name]
    plant = twin.load(ROOT / name)
    whole = twin.State.initial(plant, seed=1)
    first = whole.copy()
    whole.advance(until=until)
    for share in (0.1, 0.35, 0.8):
        first.advance(until=share * (whole.now - plant.epoch))
        first.save(tmp_path / "state.twin")
        first = twin.State.load(tmp_path / "state.twin", plant)
    first.advance(until=until)
    assert first == whole
    assert first.digest == whole.digest
    assert first.history_digest == whole.history_digest


@pytest.mark.parametrize("name", ["queues/mm1.yaml", "lines/unreliable2.yaml", "networks/jackson-rework.yaml"])
def test_littles_law_holds(name):
    plant = twin.load(ROOT / name)
    result = twin.simulate(plant, 4, seed=3, quantiles=False)
    lots = result["plant.throughput"].mean * result["plant.cycle_time"].mean
    assert math.isclose(lots, result["plant.wip"].mean, rel_tol=0.01)
