"""Simulations against exact values: closed formulas and Markov chains of the same models.

The rule: at least 30 independent replications under a fixed seed, |mean - value| <= 3.5 standard errors. The formulas
themselves (tests/python/reference) are held against the published table where the data are at hand.
"""

import csv
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
from reference import chains, plants, queues, stock

import twin

#: Model -> its formula, its plant, and parameters: the first as in the table, then others.
MODELS = {
    "M/M/1": (
        queues.mm1,
        plants.mm1,
        [{"lam": 0.8, "mu": 1}, {"lam": 1.5, "mu": 2.5}, {"lam": 0.2, "mu": 1}, {"lam": 0.45, "mu": 0.5}],
    ),
    "M/M/c": (
        queues.mmc,
        plants.mmc,
        [{"lam": 4, "mu": 1, "c": 5}, {"lam": 1.4, "mu": 1, "c": 2}, {"lam": 9, "mu": 0.5, "c": 20}],
    ),
    "M/M/c/c": (
        queues.mmcc,
        plants.mmcc,
        [{"lam": 8, "mu": 1, "c": 10}, {"lam": 2, "mu": 1, "c": 1}, {"lam": 3, "mu": 1.5, "c": 3}],
    ),
    "M/M/1/K": (
        queues.mm1k,
        plants.mm1k,
        [{"lam": 0.9, "mu": 1, "K": 5}, {"lam": 1.3, "mu": 1, "K": 3}, {"lam": 2, "mu": 2, "K": 8}],
    ),
    "M/D/1": (
        queues.mg1,
        plants.mg1,
        [{"lam": 0.8, "es": 1, "cs2": 0}, {"lam": 0.3, "es": 2.5, "cs2": 0}],
    ),
    "M/G/1": (
        queues.mg1,
        plants.mg1,
        [{"lam": 0.7, "es": 1, "cs2": 2}, {"lam": 0.4, "es": 2, "cs2": 0.3}, {"lam": 1.2, "es": 0.5, "cs2": 1.5}],
    ),
    "GI/M/1": (
        queues.gm1,
        plants.gm1,
        [
            {"kind": "D", "lam": 0.8, "mu": 1},
            {"kind": "D", "lam": 1.2, "mu": 2},
            {"kind": "E2", "lam": 0.7, "mu": 1},
            {"kind": "U", "lam": 0.75, "mu": 1},
        ],
    ),
    "G/G/1 upper bound": (
        queues.kingman,
        plants.kingman,
        [
            {"lam": 0.8, "va": 0.5208333333333334, "es": 1, "vs": 0.3333333333333333},
            {"lam": 0.9, "va": 0.3, "es": 1, "vs": 0.2},
        ],
    ),
    "M/D/c": (
        queues.mdc,
        plants.mdc,
        [{"lam": 1.6, "d": 1, "c": 2}, {"lam": 1.7, "d": 1.5, "c": 3}, {"lam": 0.7, "d": 1, "c": 1}],
    ),
    "priority": (
        queues.priority,
        plants.priority,
        [
            {"lams": [0.3, 0.4], "es": [1, 1], "es2": [2, 2]},
            {"lams": [0.2, 0.15, 0.1], "es": [1, 2, 1.5], "es2": [1, 8, 4.5]},
        ],
    ),
    "last come first served": (queues.mm1, plants.last_come, [{"lam": 0.7, "mu": 1}]),
    "shortest first": (queues.shortest_first, plants.shortest_first, [{"lam": 0.8, "mu": 1}, {"lam": 1, "mu": 2}]),
    "shortest expected first": (
        queues.priority,
        plants.shortest_expected_first,
        [{"lams": [0.3, 0.2], "es": [0.8, 2], "es2": [1.28, 4]}],
    ),
    "stops by the clock": (
        chains.queue_with_stops,
        plants.queue_with_stops,
        [{"lam": 0.5, "mu": 1, "f": 0.05, "r": 0.2}, {"lam": 0.6, "mu": 1.5, "f": 0.1, "r": 0.3}],
    ),
    "breakdowns": (
        queues.breakdowns,
        plants.breakdowns,
        [
            {"lam": 0.5, "es": 1, "es2": 2, "f": 0.1, "er": 2, "er2": 8},
            {"lam": 0.3, "es": 1.5, "es2": 2.25, "f": 0.2, "er": 1, "er2": 1},
            {"lam": 0.4, "es": 1, "es2": 1.5, "f": 0.05, "er": 4, "er2": 24},
        ],
    ),
    "Jackson": (
        queues.jackson,
        plants.jackson,
        [
            {
                "gamma": [1, 0, 0],
                "P": [[0, 0.9, 0], [0, 0, 0.8], [0.1, 0.1, 0]],
                "mu": [2, 1.8, 1],
                "c": [1, 1, 2],
            },
            {
                "gamma": [0.4, 0.3],
                "P": [[0.2, 0.5], [0.3, 0]],
                "mu": [1.2, 0.6],
                "c": [1, 2],
            },
        ],
    ),
    "closed": (
        queues.closed,
        plants.closed,
        [
            {"v": [1, 1, 1], "s": [1, 1.5, 0.8], "c": [1, 1, 1], "n": 6},
            {"v": [1, 2, 1], "s": [1, 0.9, 3], "c": [1, 1, 2], "n": 9},
            {"v": [1, 1], "s": [2, 1], "c": [1, 1], "n": 1},
        ],
    ),
    "CONWIP": (
        queues.conwip,
        plants.conwip,
        [{"mu": 1, "M": 5, "w": 10}, {"mu": 2, "M": 8, "w": 3}],
    ),
    "machine repair": (
        queues.repair,
        plants.repair,
        [{"N": 6, "c": 1, "lam": 0.1, "mu": 1}, {"N": 10, "c": 3, "lam": 0.2, "mu": 0.8}],
    ),
    "machine repair by a crew": (
        queues.repair,
        plants.repair_by_crew,
        [{"N": 6, "c": 1, "lam": 0.1, "mu": 1}, {"N": 10, "c": 3, "lam": 0.2, "mu": 0.8}],
    ),
    "batch arrivals": (
        queues.batches,
        plants.batches,
        [
            {"lam": 0.2, "mu": 1, "ex": 3, "ex2": 9},
            {"lam": 0.3, "mu": 1.2, "ex": 2, "ex2": 6},
            {"lam": 0.04, "mu": 1, "ex": 12, "ex2": 144},
        ],
    ),
    "abandonment": (
        queues.impatient,
        plants.impatient,
        [
            {"lam": 10, "mu": 1, "c": 10, "theta": 0.5},
            {"lam": 3, "mu": 1, "c": 2, "theta": 0.25},
            {"lam": 0.9, "mu": 1, "c": 1, "theta": 2},
        ],
    ),
    "fork and join": (
        queues.fork_join,
        plants.fork_join,
        [{"lam": 0.5, "mu": 1}, {"lam": 1.6, "mu": 2}],
    ),
    "preemptive priority": (
        queues.preemptive_priority,
        plants.preemptive_priority,
        [
            {"lams": [0.3, 0.4], "es": [1, 1], "es2": [2, 2]},
            {"lams": [0.2, 0.15, 0.1], "es": [1, 2, 1.5], "es2": [1, 8, 4.5]},
            {"lams": [0.5, 0.1], "es": [0.5, 3], "es2": [0.5, 10]},
        ],
    ),
    "work that begins anew": (
        queues.restarted,
        plants.restarted,
        [{"lam": 0.3, "b": 1, "d": 2}, {"lam": 0.5, "b": 0.6, "d": 3}],
    ),
    "polling": (
        queues.polling,
        plants.polling,
        [
            {"N": 3, "lam": 0.2, "b": 1, "b2": 2, "r": 0.5, "var_r": 0, "kind": "exhaustive"},
            {"N": 5, "lam": 0.1, "b": 1.2, "b2": 1.44, "r": 0.3, "var_r": 0.09, "kind": "exhaustive"},
            {"N": 1, "lam": 0.6, "b": 1, "b2": 2, "r": 2, "var_r": 0, "kind": "exhaustive"},
            {"N": 3, "lam": 0.2, "b": 1, "b2": 2, "r": 0.5, "var_r": 0, "kind": "gated"},
            {"N": 2, "lam": 0.35, "b": 1, "b2": 1.5, "r": 1, "var_r": 0.5, "kind": "gated"},
            {"N": 4, "lam": 0.1, "b": 1, "b2": 2, "r": 0.4, "var_r": 0, "kind": "limited"},
        ],
    ),
    "Bernoulli line": (
        chains.bernoulli_line,
        plants.bernoulli_line,
        [
            {"p": [0.9, 0.9], "N": [3]},
            {"p": [0.9, 0.85, 0.95], "N": [2, 2]},
            {"p": [0.7, 0.8], "N": [1]},
            {"p": [0.8, 0.6, 0.7, 0.9], "N": [1, 3, 2]},
        ],
    ),
    "deterministic line": (
        chains.deterministic_line,
        plants.deterministic_line,
        [
            {"p": [0.01, 0.01], "r": [0.1, 0.1], "N": 10},
            {"p": [0.05, 0.02], "r": [0.3, 0.1], "N": 4},
            {"p": [0.1, 0.1], "r": [0.5, 0.4], "N": 1},
        ],
    ),
    "assembly of two streams": (
        chains.assembly,
        plants.assembly,
        [
            {"lam": [1, 1], "mu": 1.5, "K": [5, 5]},
            {"lam": [0.8, 1.1], "mu": 1, "K": [3, 6]},
            {"lam": [1, 1], "mu": 1.5, "K": [5, 5], "in_work": False},
            {"lam": [0.7, 1.2], "mu": 1, "K": [4, 1], "in_work": False},
        ],
    ),
    "two units, one repairer": (
        queues.two_units,
        plants.two_units,
        [{"lam": 0.01, "mu": 0.2}, {"lam": 0.5, "mu": 0.7}],
    ),
    "maintained machine": (
        chains.maintained_machine,
        plants.maintained_machine,
        [
            {"mu": 1, "every": 10, "takes": 2},
            {"mu": 0.5, "every": 3, "takes": 1.5, "by": "time"},
            {"mu": 2, "every": 7, "takes": 1, "by": "lots"},
        ],
    ),
    "worn machine": (
        chains.worn_machine,
        plants.worn_machine,
        [
            {"mu": 1, "f": [0.05, 0.1], "speed": [1, 0.6], "scrap": [0, 0.2], "r": 0.2},
            {"mu": 2, "f": [0.1, 0.2, 0.3], "speed": [1, 0.8, 0.4], "scrap": [0.01, 0.05, 0.3], "r": 0.5, "by": "time"},
            {"mu": 1, "f": [0.1, 0.1, 0.2], "speed": [1, 0.9, 0.5], "scrap": [0, 0, 0.5], "r": 0.1, "care": [1, 0.5]},
            {"mu": 0.5, "f": [0.2, 0.4], "speed": [1.5, 1], "scrap": [0, 0.1], "r": 0.3, "care": [1, 2], "by": "time"},
        ],
    ),
    "stock reviewed each period": (
        stock.reviewed,
        plants.reviewed,
        [
            {"mu": 10, "K": 64, "h": 1, "b": 9},
            {"mu": 20, "K": 64, "h": 1, "b": 9},
            {"mu": 3, "K": 5, "h": 2, "b": 4, "s": 4, "S": 5},
            {"mu": 6, "K": 30, "h": 1, "b": 5, "s": -3, "S": 12},
            {"mu": 5, "K": 30, "h": 2, "b": 5, "lead": 2},
        ],
    ),
    "stock watched always, lots": (
        stock.lots,
        plants.lots,
        [
            {"lam": 2, "K": 10, "h": 1, "b": 9, "s": 5, "Q": 4, "lead": 3},
            {"lam": 1.5, "K": 3, "h": 2, "b": 5, "s": -1, "Q": 6, "lead": 1},
        ],
    ),
    "stock ordered one for one": (
        stock.one_for_one,
        plants.one_for_one,
        [{"lam": 2, "S": 5, "lead": 2}, {"lam": 0.8, "S": 1, "lead": 3}],
    ),
    "exponential line": (
        chains.exponential_line,
        plants.exponential_line,
        [
            {"mu": [1, 1, 1], "B": [0, 0]},
            {"mu": [1, 1], "B": [2]},
            {"mu": [1, 1, 1, 1], "B": [1, 1, 1]},
            {"mu": [1, 1, 1, 1, 1, 1], "B": [0, 0, 0, 0, 0]},
            {"mu": [1, 1, 1, 1, 1], "B": [2, 2, 2, 2]},
            {"mu": [1.2, 0.9, 1.5], "B": [3, 0]},
            {"mu": [6, 7, 7], "B": [11, 7]},
            {"mu": [0.8, 1, 1.2, 0.9], "B": [0, 4, 1]},
        ],
    ),
    "unreliable exponential line": (
        chains.exponential_line,
        plants.exponential_line,
        [
            {"mu": [1, 1.2], "f": [0.01, 0.02], "r": [0.1, 0.1], "B": [5]},
            {"mu": [2, 1.5], "f": [0.1, 0.05], "r": [0.3, 0.5], "B": [0]},
            {"mu": [1, 1, 1.1], "f": [0.05, 0.02, 0.1], "r": [0.2, 0.3, 0.4], "B": [2, 3]},
        ],
    ),
}
CASES = [
    pytest.param(*MODELS[name][:2], given, id=f"{name}-{i}")
    for name in MODELS
    for i, given in enumerate(MODELS[name][2])
]


def distance(sample: np.ndarray, value: float) -> float:
    """Distance of the mean of replications from a value, in standard errors."""
    assert len(sample) >= 30
    assert np.isfinite(sample).all()
    return float((sample.mean() - value) / (sample.std(ddof=1) / np.sqrt(len(sample))))


@pytest.mark.parametrize(("exact", "build", "given"), CASES)
def test_simulation_gives_the_exact_value(exact, build, given):
    text, reading = build(**given)
    rates = [*np.atleast_1d(given.get("mu", 1)), *np.atleast_1d(given.get("lam", 1))]
    slowest, fastest = min([*rates, *np.atleast_1d(given.get("f", 1))]), max(rates)
    minutes = round(30_000 / max(slowest, 0.05) ** 0.5 / max(fastest / 2, 1))
    plant = twin.parse(text)
    result = twin.simulate(
        plant, 32, seed=0, warmup=f"{minutes // 10} min", until=f"{minutes} min", quantiles="W_q95" in reading
    )
    values = exact(**given)
    compared = set(values) & set(reading)
    assert compared
    for name in compared:
        z = distance(reading[name](result), values[name])
        if name.endswith("_upper"):
            assert z <= 3.5, f"{name}: {z:.2f} standard errors above the bound {values[name]}"
        else:
            assert abs(z) <= 3.5, f"{name}: {z:+.2f} standard errors from {values[name]}"


@pytest.mark.parametrize("rates", [[1, 0.5, 0.25], [2, 2], [0.7, 0.9, 1.1, 1.3]])
def test_order_is_finished_when_its_last_branch_is(rates):
    """Parallel branches: the longest of exponential times."""
    names = [f"b{i}" for i in range(len(rates))]
    stations = ", ".join(f"{name}: {{}}" for name in names)
    products = "".join(
        f"  {name}: {{route: [{{at: {name}, time: exponential(rate {rate} per min)}}]}}\n"
        for name, rate in zip(names, rates, strict=True)
    )
    orders = "".join(f"  - {{id: {name.upper()}, product: {name}}}\n" for name in names)
    plant = twin.parse(f"stations: {{{stations}}}\nproducts:\n{products}orders:\n{orders}")
    finish = twin.simulate(plant, 4000, seed=0, quantiles=False)["order.finish"].sample / 60
    assert abs(distance(finish, queues.longest(rates))) <= 3.5


@pytest.mark.parametrize("rates", [[1, 0.5, 0.25], [0.7, 0.9, 1.1, 1.3]])
def test_lot_goes_on_when_its_last_part_is_through(rates):
    branches = ", ".join(f"b{i}: [{{at: b{i}, time: exponential(rate {r} per min)}}]" for i, r in enumerate(rates))
    stations = ", ".join(f"b{i}: {{}}" for i in range(len(rates)))
    plant = twin.parse(
        f"stations: {{{stations}}}\nproducts: {{part: {{route: [{{parallel: {{{branches}}}}}]}}}}\n"
        "orders: [{id: A, product: part}]\n"
    )
    finish = twin.simulate(plant, 4000, seed=0, quantiles=False)["order.finish"].sample / 60
    assert abs(distance(finish, queues.longest(rates))) <= 3.5


@pytest.mark.parametrize("given", [{"lam": 0.01, "mu": 0.2}, {"lam": 0.5, "mu": 0.7}])
def test_time_until_both_units_are_down(given):
    """One unit runs, one stands by: the first instant at which none runs, from the conditions of the one place."""
    plant = twin.parse(plants.two_units(**given)[0])
    exact, first = queues.two_units(**given)["MTTF"], []
    for replication in range(200):
        history = twin.History()
        state = twin.State.initial(plant, seed=3, replication=replication)
        starved = []
        while not starved:
            state.advance(f"{exact} min", history=history)
            conditions = history.conditions
            at = (conditions["machine"] == "s1.1") & (conditions["condition"] == "starved")
            starved = list((conditions["start"][at] - plant.epoch).dt.total_seconds() / 60)
        first.append(starved[0])
    assert abs(distance(np.array(first), exact)) <= 3.5


def test_share_of_lots_that_wait():
    """The share of lots that wait at all, in M/M/c, from the history of each lot."""
    given = {"lam": 4, "mu": 1, "c": 5}
    plant = twin.parse(plants.mmc(**given)[0])
    shares = []
    for replication in range(30):
        history = twin.History()
        state = twin.State.initial(plant, seed=1, replication=replication).advance("500 min")
        state.advance("3000 min", history=history)
        operations = history.operations
        shares.append((operations["start"] > operations["ready"]).mean())
    assert abs(distance(np.array(shares), queues.mmc(**given)["Pwait"])) <= 3.5


def test_intervals_cover_and_variances_are_those_of_the_process():
    """Of 400 repeats, 90 to 98 % of the 95 % intervals hold the true value; spans vary as theory has it."""
    given = {"lam": 0.8, "mu": 1}
    plant = twin.parse(plants.mm1(**given)[0])
    exact = queues.mm1(**given)
    repeats, n, span = 400, 10, 3600
    result = twin.simulate(plant, repeats * n, seed=7, warmup="400 min", until=f"{400 + span} min", quantiles=False)
    t = twin._core.student_t(0.95, n - 1)
    for metric, value in (("part.wip", exact["L"]), ("part.cycle_time", 60 * exact["W"])):
        groups = result[metric].sample.reshape(repeats, n)
        half_width = t * groups.std(axis=1, ddof=1) / np.sqrt(n)
        covered = (np.abs(groups.mean(axis=1) - value) <= half_width).mean()
        assert 0.9 <= covered <= 0.98, metric
    level = result["part.wip"].sample
    assert span * level.var(ddof=1) == pytest.approx(exact["var_const_L"], rel=0.15)
    wait = result["part.waiting_time"].sample / 60
    assert span * given["lam"] * wait.var(ddof=1) == pytest.approx(exact["var_const_Wq"], rel=0.15)


def test_half_width_is_that_of_the_t_interval():
    plant = twin.parse(plants.mm1(lam=0.5, mu=1)[0])
    one = twin.simulate(plant, 30, seed=1, until="500 min")["part.cycle_time"]
    expected = twin._core.student_t(0.95, 29) * one.sample.std(ddof=1) / np.sqrt(30)
    assert one.half_width == pytest.approx(expected, rel=1e-12)


def test_best_allocation_of_rates_and_buffers():
    """Three machines, rates and buffers sum to 20: simulation too finds the published best the best."""
    best = chains.exponential_line([6, 7, 7], [11, 7])["throughput"]
    assert best == pytest.approx(5.77612175146, rel=1e-10)
    assert chains.exponential_line([7, 7, 6], [7, 11])["throughput"] == pytest.approx(best, rel=1e-10)
    alternatives = {
        f"{6 + a},{7 + b},{7 - a - b}": [6 + a, 7 + b, 7 - a - b] for a, b in ((0, 0), (1, 0), (2, 0), (0, 1))
    }
    text = {name: plants.exponential_line(mu, [11, 7])[0] for name, mu in alternatives.items()}
    answer = twin.compare(
        {name: twin.parse(t) for name, t in text.items()},
        replications=30,
        seed=1,
        warmup="100 min",
        until="3000 min",
        quantiles=False,
    )
    table = answer.compare("part.throughput", smaller_is_better=False).set_index("name")
    assert table["mean"].idxmax() == "6,7,7"
    for name, mu in alternatives.items():
        exact = (chains.exponential_line(mu, [11, 7])["throughput"] - best) / 60
        assert abs(table["difference"][name] - exact) <= 3.5 / 2.045 * table["difference_half_width"][name] + 1e-15


def _published():
    root = os.environ.get("TWIN_DATA")
    file = Path(root) / "ground_truth.csv" if root else None
    if file is None or not file.exists():
        pytest.skip("the table of exact values is not at hand: TWIN_DATA does not hold ground_truth.csv")
    with file.open() as rows:
        return list(csv.DictReader(rows))


#: How the table names the models that can be told as plants.
PREFIXES = {
    "mm1_": queues.mm1,
    "mmc_": queues.mmc,
    "erlb_": queues.mmcc,
    "mm1k_": queues.mm1k,
    "md1_": queues.mg1,
    "mg1_": queues.mg1,
    "dm1_": queues.gm1,
    "kb_": queues.kingman,
    "md2_": queues.mdc,
    "prio_": queues.priority,
    "bd_": queues.breakdowns,
    "jack_": queues.jackson,
    "closed_": queues.closed,
    "conwip_": queues.conwip,
    "repair_": queues.repair,
    "rel_": queues.two_units,
    "batch_": queues.batches,
    "erlA_": queues.impatient,
    "fj_": queues.fork_join,
    "asm_": chains.assembly,
    "hb": chains.exponential_line,
    "exp2u_": chains.exponential_line,
    "sS_": stock.reviewed,
    "poll_": queues.polling,
    "bern": chains.bernoulli_line,
    "geo2_": chains.deterministic_line,
}


def test_formulas_are_those_of_the_published_table():
    checked, simulated = set(), list(itertools.chain.from_iterable(given for *_, given in MODELS.values()))
    for row in _published():
        if row["id"] == "san_a.mean":
            assert queues.longest(json.loads(row["params"])["rates"]) == pytest.approx(float(row["value"]))
            checked.add(row["id"])
        prefix = next((p for p in PREFIXES if row["id"].startswith(p)), None)
        if prefix is None:
            continue
        given = json.loads(row["params"])
        if isinstance(given.get("B"), int):
            given["B"] = [given["B"]]
        value = PREFIXES[prefix](**given)[row["metric"]]
        assert value == pytest.approx(float(row["value"]), rel=1e-8), row["id"]
        assert given in simulated, f"{row['id']} is not simulated"
        checked.add(row["id"])
    assert len(checked) >= 66
