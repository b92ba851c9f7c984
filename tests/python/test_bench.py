"""What the benchmarks lean on: plants from counts, exponents, and the table of ratios."""

import itertools
import sys
from pathlib import Path

import pytest

import twin

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path += [str(BENCH), str(BENCH / "rivals")]

import curves  # noqa: E402
import plants  # noqa: E402
import ratios  # noqa: E402
import simpy_shop  # noqa: E402

FAB = plants.PLANTS["fab"]


def test_the_fab_has_the_counts_that_it_says():
    routes = FAB.routes()
    assert len(routes) == 10
    assert min(map(len, routes)) == 242
    assert max(map(len, routes)) == 583
    sizes, _ = FAB.sizes()
    assert len(sizes) == 105
    assert sum(machines for _, machines, _ in sizes) == 1000
    assert sum(FAB.shares()) == pytest.approx(1)

    plant = twin.parse(FAB.yaml(), name="fab")
    assert len(plant.stations) == 105
    assert len(plant.machines) == 1000


def test_steps_of_the_fab_are_marked_where_they_can_be_met():
    for route in FAB.routes():
        assert route[-1][2] == ""
        for before, step in itertools.pairwise(route):
            if step[2] == "!":
                assert before[1].name == "wet", "who waited too long is cleaned again"
            if step[2] == "<":
                assert before[1].name == "litho"


def test_no_family_of_the_fab_has_more_work_than_it_can_do():
    sizes, minutes_a_day = FAB.sizes()
    for (area, machines, minutes), work in zip(sizes, minutes_a_day, strict=True):
        load = minutes * work / area.batch / 1440 / machines
        available = 120 / (120 + 5) * 30 / (30 + 9 / 24)
        assert load < available, area.name


@pytest.mark.parametrize("name", ["jobshop", "shop1000", "growth-machines-50", "growth-products-320"])
def test_job_shops_spread_their_work_evenly(name):
    shop = plants.PLANTS[name]
    visits, load = [0] * shop.machines, [0] * shop.machines
    for route in shop.routes():
        assert len({machine for machine, _ in route}) == shop.steps, "no machine twice"
        for machine, ms in route:
            visits[machine] += 1
            load[machine] += ms
    assert set(visits) == {shop.products * shop.steps // shop.machines}
    assert max(load) - min(load) <= 2 * visits[0], "but for rounding to milliseconds"


def test_counts_that_do_not_spread_evenly_are_refused():
    with pytest.raises(ValueError, match="multiple of machines"):
        plants.JobShop(machines=30)
    with pytest.raises(ValueError, match="multiple of products"):
        plants.JobShop(lots=5001)


def test_the_same_counts_give_the_same_file(tmp_path):
    assert plants.JobShop().yaml() == plants.JobShop().yaml()
    assert plants.JobShop(seed=2).yaml() != plants.JobShop().yaml()
    plants.write(tmp_path, ["seize"])
    file = tmp_path / "seize.yaml"
    written = file.stat().st_mtime_ns
    plants.write(tmp_path, ["seize"])
    assert file.stat().st_mtime_ns == written, "a file that is as it should be is left alone"
    assert file.read_text() == plants.SEIZE.text


def test_every_plant_is_valid_and_the_small_ones_run():
    for name in ("delay", "create", "seize", "jobshop-cut", "growth-lots-500"):
        plant = twin.parse(plants.PLANTS[name].yaml(), name=name)
        state = twin.State.initial(plant)
        state.advance("1 h")


def test_apparent_tardiness_cost_is_that_of_the_formula_to_the_last_digit():
    shop = plants.JobShop(machines=10, lots=200, products=8, steps=5, chance=False, seed=3)
    days = 10
    history = twin.History()
    twin.State.initial(twin.parse(shop.yaml())).advance(f"{days} d", history=history)
    lots = history.lots
    cycle = (lots["finish"] - lots["release"]).dt.total_seconds() * 1000
    due = {f"p{number}": minutes * 60_000 for number, minutes in enumerate(shop.dues(), 1)}
    late = (cycle - lots["lot"].str.split("#").str[0].map(due)).clip(lower=0)

    other = simpy_shop.Shop(shop, start_together=True)
    other.env.run(until=days * 24 * 60 * simpy_shop.MINUTE + 0.5)
    assert len(lots) > 1000
    assert round(cycle.sum()) == other.time
    assert round(late.sum()) == other.late > 0


def test_exponents_are_those_of_power_laws():
    sizes = (10, 100, 1000, 5000)
    assert curves.exponent(sizes, [3 * size**1.5 for size in sizes]) == pytest.approx(1.5)
    assert curves.exponent(sizes, [7.0] * 4) == pytest.approx(0)

    growth = curves.Growth(curves.CURVES[0])
    for size in sizes:
        for noise in (0.5, 1.0, 9.0):
            growth.add(size, cpu_us=size * noise, operations=1)
    assert growth.exponent() == pytest.approx(1), "of medians"
    assert growth.good


def test_a_curve_that_grows_too_fast_is_told():
    growth = curves.Growth(curves.CURVES[0])
    for size in (10, 100, 1000):
        growth.add(size, cpu_us=size**2, operations=1)
    assert not growth.good


def test_only_what_moved_beyond_noise_is_told():
    stored = {"a": {"x": {"ratio": 2.0, "spread": 0.0}}, "b": {"x": {"ratio": 2.0, "spread": 0.1}}}

    def now(ratio):
        return {name: {"x": {"ratio": ratio, "spread": 0.0}} for name in ("a", "b", "new")}

    assert ratios.moved(stored, now(2.2)) == []
    assert ratios.moved(stored, now(2.4)) == [("a", "x", 2.0, 2.4)], "b is noisier"
    assert ratios.moved(stored, now(1.6)) == [("a", "x", 2.0, 1.6)]
    assert [name for name, *_ in ratios.moved(stored, now(1.0))] == ["a", "b"]


def test_stored_ratios_come_back_and_what_was_not_measured_stays(tmp_path):
    file = tmp_path / "ratios.json"
    assert ratios.load(file) == {}
    first = {"a": {"x": ratios.summary([1.0, 1.1, 5.0])}}
    assert first["a"]["x"] == {"ratio": 1.1, "spread": 0.091}
    ratios.store(file, first)
    ratios.store(file, {"b": {"x": ratios.summary([2.0])}})
    assert set(ratios.load(file)) == {"a", "b"}
    assert ratios.load(file)["a"] == first["a"]
