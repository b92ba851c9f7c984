"""MSER-5 against its definition, a series whose bias is known, and a queue that starts empty."""

import numpy as np
import pytest
from helpers import line, shop
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin._warmup import _wip_series, record

MM1 = """
stations: {mill: {}}
products: {part: {route: [{at: mill, time: exponential(48 s)}], arrivals: every exponential(60 s)}}
run: {until: 30 h}
"""


def by_definition(series):
    """Batch means of 5; for each d the variance of the rest over its length; the least."""
    batches = series[: len(series) // 5 * 5].reshape(-1, 5).mean(axis=1)
    statistic = [np.var(batches[d:]) / (len(batches) - d) for d in range(len(batches) - 4)]
    return 5 * int(np.argmin(statistic)), min(statistic)


def autoregressive(seed, start, n=3000, phi=0.9):
    noise = np.random.default_rng(seed).normal(size=n)
    x = np.empty(n)
    level = start
    for i in range(n):
        level = phi * level + noise[i]
        x[i] = level
    return x


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.integers(50, 400))
def test_it_is_the_rule_as_published(seed, start, n):
    series = 1e4 + autoregressive(seed, start, n)
    found = twin.mser5(series)
    truncation, statistic = by_definition(series)
    assert (found.truncation, found.n) == (truncation, n)
    assert found.statistic == pytest.approx(statistic, rel=1e-6)
    assert found.mean == pytest.approx(series[truncation:].mean())


def test_an_autoregressive_series_is_cut_where_its_start_is_forgotten():
    cut = [twin.mser5(autoregressive(seed, start=100.0)) for seed in range(40)]
    assert all(c.enough for c in cut)
    # 100 * 0.9^n is below one standard deviation (2.3) at 36 and below a hundredth of it at 80.
    assert all(c.truncation >= 20 for c in cut)
    assert 35 <= np.median([c.truncation for c in cut]) <= 80
    kept, whole = [c.mean for c in cut], [autoregressive(seed, 100.0).mean() for seed in range(40)]
    assert np.mean(whole) == pytest.approx(1000 / 3000, abs=0.1)  # the bias: 100 / (1 - 0.9) / n
    assert np.mean(kept) == pytest.approx(0, abs=0.1)


def test_a_series_that_never_settles_is_not_enough():
    found = twin.mser5(np.arange(200.0))
    assert not found.enough
    assert found.truncation > 100


@pytest.mark.parametrize(
    ("series", "words"),
    [(np.zeros(49), r"\(49,\).*50 or more"), (np.zeros((10, 10)), r"\(10, 10\)"), ([1.0] * 60 + [np.nan], "60 is nan")],
)
def test_series_that_make_no_sense_are_refused(series, words):
    with pytest.raises(twin.InvalidArgument, match=words):
        twin.mser5(series)


def test_a_queue_that_starts_empty_is_known_better_without_its_start():
    """M/M/1 at 0.8, mean over 200 runs: four lots in the end, none at first, and 1.2 h to forget that."""
    plant = twin.parse(MM1)
    runs = []
    for replication in range(200):
        history = record(plant, plant.parameters, 1, 0, 30 * 3600 * 10**9, 2**62, replication)
        _, levels = _wip_series(history)
        assert levels.mean() == pytest.approx(history._levels_mean("wip")["part"])
        runs.append(levels)
    mean = np.mean(runs, axis=0)
    found = twin.mser5(mean)
    assert found.enough
    assert 0.5 < found.truncation * 30 / len(mean) < 5
    assert abs(found.mean - 4) < abs(mean.mean() - 4)


def test_a_warm_up_that_is_too_short_is_told():
    plant = line().change({"run.until": "400 h", "products.part.arrivals": "conwip(40)"})
    needed = twin.warm_up(plant)
    assert needed.enough
    assert np.timedelta64(0) < needed.needed < np.timedelta64(40, "h")
    with pytest.warns(twin.WarmUpWarning, match=r"none is left out, but pilot runs of .* to settle"):
        a = twin.simulate(plant, 2, warmup="check")
    assert a.digest == twin.simulate(plant, 2).digest
    twin.simulate(plant.change({"run.warmup": "40 h"}), 2, warmup="check")  # a warning would fail the test


def test_a_run_until_orders_are_done_never_settles():
    with pytest.raises(twin.InvalidArgument, match="has no end"):
        twin.warm_up(shop())
