import concurrent.futures
import json
import math
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pandas as pd
import pytest
from helpers import SHOP, line, shop
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import twin


@pytest.fixture(scope="module")
def result():
    return twin.simulate(line())


@pytest.fixture(scope="module")
def now():
    return twin.State.initial(shop(), seed=1).advance("4 h")


@pytest.fixture(scope="module")
def future(now):
    return twin.forecast(now, futures=60)


@pytest.fixture(scope="module")
def answer(now):
    return twin.what_if(now, futures=60)


def test_a_result_is_a_table_of_figures(result):
    kpis = result.kpis
    assert list(kpis.columns) == ["name", "mean", "half_width", "n", "unit"]
    row = kpis.set_index("name").loc["part.cycle_time"]
    estimate = result["part.cycle_time"]
    assert (estimate.mean, estimate.half_width, estimate.n) == (row["mean"], row["half_width"], 4)
    assert estimate.unit == row["unit"] == "s"
    assert result.values.shape == (4, len(kpis))
    np.testing.assert_array_equal(estimate.sample, result.values[:, result.metrics.index("part.cycle_time")])
    assert estimate.mean == pytest.approx(estimate.sample.mean())


def test_quantiles_are_grouped(result):
    e = result["part.cycle_time"]
    assert e.p05.mean < e.p50.mean < e.p95.mean < e.p99.mean
    assert result["part.cycle_time.p95"].mean == e.p95.mean
    assert result["part.cycle_time.mean"].mean == e.mean
    assert "p95" in dir(e)
    with pytest.raises(AttributeError):
        _ = e.p42
    assert "part.cycle_time.p95" not in twin.simulate(line(), quantiles=False)


def test_quantiles_have_intervals_over_replications(result):
    for level in ("p05", "p50", "p95"):
        e = result[f"part.cycle_time.{level}"]
        half_width = stats.t.ppf(0.975, 3) * e.sample.std(ddof=1) / 2
        assert (e.mean, e.half_width, e.n) == (pytest.approx(e.sample.mean()), pytest.approx(half_width), 4)
        assert result["part.cycle_time"].quantiles[level].half_width == e.half_width
        assert result.to_dict()["metrics"][e.name] == {"mean": e.mean, "half_width": e.half_width, "n": 4}
    history = twin.History()
    state = twin.State.initial(line(), seed=3, replication=2)
    state.advance("60 h", history=history)
    cycle_times = history.lots["cycle_time"].dt.total_seconds()
    assert result["part.cycle_time.p95"].sample[2] == pytest.approx(np.quantile(cycle_times, 0.95))


def test_an_unknown_figure_names_near_ones(result):
    with pytest.raises(twin.InvalidArgument, match=r"part\.cycle_time"):
        result["part.cycletime"]


def test_json_is_the_published_form(result):
    document = json.loads(result.to_json())
    assert set(document) == {"metrics", "iso22400", "completed", "events", "cpu_s", "method", "digest"}
    assert document == json.loads(json.dumps(result.to_dict()))
    for figure in document["metrics"].values():
        assert set(figure) == {"mean", "half_width", "n"}
    assert document["metrics"]["part.cycle_time.mean"]["n"] == 4
    assert "part.cycle_time.p95" in document["metrics"]
    assert "m1.utilisation.mean" in document["metrics"]
    one = twin.simulate(line(), replications=1).to_dict()
    assert one["metrics"]["part.cycle_time.mean"]["half_width"] is None


def test_results_print_and_pickle(result):
    assert "part.cycle_time" in str(result)
    assert "4 replications" in repr(result)
    assert "<table>" in result._repr_html_()
    back = pickle.loads(pickle.dumps(result))
    assert back.digest == result.digest
    np.testing.assert_array_equal(back.values, result.values)
    pd.testing.assert_frame_equal(back.kpis, result.kpis)
    assert str(result["part.cycle_time"]).endswith("min")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(2, 5))
def test_threads_change_nothing_and_seeds_do(seed, threads):
    plant = line()
    a = twin.simulate(plant, 5, seed, until="6 h", threads=1)
    b = twin.simulate(plant, 5, seed, until="6 h", threads=threads)
    assert a.digest == b.digest
    assert a.values.tobytes() == b.values.tobytes()
    assert twin.simulate(plant, 5, seed ^ 1, until="6 h").digest != a.digest


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_executors_give_the_same_bits(result, kind):
    plant = line()
    here = twin.simulate(plant, 7)
    if kind == "thread":
        pool = concurrent.futures.ThreadPoolExecutor(2)
    else:
        import multiprocessing

        pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    told = []
    with pool:
        there = twin.simulate(plant, 7, executor=pool, progress=lambda done, total: told.append((done, total)))
    assert there.digest == here.digest
    assert there.values.tobytes() == here.values.tobytes()
    pd.testing.assert_frame_equal(there.kpis, here.kpis)
    assert (there.completed, there.events) == (here.completed, here.events)
    assert told[-1] == (7, 7)


def test_littles_law_on_a_long_run():
    result = twin.simulate(line(), 4, warmup="10 h", until="2000 h", quantiles=False)
    lots = result["part.throughput"].mean * result["part.cycle_time"].mean
    assert lots == pytest.approx(result["part.wip"].mean, rel=0.01)
    for station in ("m1", "m2", "m3", "m4"):
        visits = result[f"{station}.visits"].mean / (1990 * 3600)
        assert visits * result[f"{station}.queue_time"].mean == pytest.approx(
            result[f"{station}.queue_length"].mean, rel=0.01, abs=1e-3
        )


def test_parameters_replace_those_of_the_plant():
    plant = line()
    path = "products.part.arrivals"
    slow = plant.parameters.set(path, "10 min")
    a, b = twin.simulate(plant, parameters=slow), twin.simulate(plant.with_parameters(slow))
    assert a.digest == b.digest
    assert a["part.throughput"].mean < twin.simulate(plant)["part.throughput"].mean / 3


def test_options_out_of_range_are_named():
    plant = line()
    for words, options in {
        "replications: 0": {"replications": 0},
        "threads: -1": {"threads": -1},
        "warmup": {"warmup": "100 h"},
        "until": {"until": 3600},
    }.items():
        with pytest.raises(twin.InvalidArgument, match=words):
            twin.simulate(plant, **options)
    endless = twin.parse(plant.yaml.replace("until: 60 h, ", ""), name="endless")
    with pytest.raises(twin.InvalidArgument, match="until"):
        twin.simulate(endless)


def test_progress_is_told_and_may_stop():
    told = []
    twin.simulate(line(), 6, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (6, 6)
    assert told == sorted(told)

    def stop(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        twin.simulate(line(), 100, until="2000 h", progress=stop)


def test_a_bar_can_be_shown(capfd):
    twin.simulate(line(), 3, progress=True)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "call",
    [
        "twin.simulate(plant, 1000, until='100000 h')",
        "twin.simulate(plant, 1, until='1000000 h', threads=1)",
        "twin.State.initial(plant).advance('50000 d')",
        "twin.forecast(twin.State.initial(plant), 1000, '100000 h')",
    ],
)
def test_ctrl_c_stops_long_calls(call):
    script = f"""
        import signal, sys, twin
        signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
        plant = twin.parse({line().yaml!r})
        print("ready", flush=True)
        try:
            {call}
        except KeyboardInterrupt:
            sys.exit(77)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        threading.Event().wait(0.5)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(timeout=20) == 77
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def test_other_threads_run_meanwhile():
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.wait(0.005):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    twin.simulate(line(), 4, until="20000 h", quantiles=False)
    stop.set()
    thread.join()
    assert len(ticks) >= 3


def test_forecast_tells_instants(future, now):
    assert {"order.finish", "F1.finish", "B1.finish"} <= set(future.names)
    finish = future["order.finish"]
    low, middle, high = finish.quantile([0.1, 0.5, 0.9])
    assert now.now < low < middle < high
    assert finish.quantile(0.5) == middle
    assert finish.samples.dtype == np.dtype("M8[ns]")
    assert finish.samples.shape == (60,)
    assert abs(finish.mean - finish.samples.astype("i8").mean().astype("M8[ns]")) < np.timedelta64(1, "us")
    assert finish.probability_before(middle) == pytest.approx(0.5, abs=0.02)
    assert finish.probability_before(finish.samples.max()) == 1
    assert finish.probability_before("1 h") == 0
    assert (future["order.finish"].samples >= future["F1.finish"].samples).all()
    with pytest.raises(twin.InvalidArgument, match="shares"):
        finish.quantile(1.5)
    with pytest.raises(twin.InvalidArgument, match=r"order\.finish"):
        future["order.finsh"]
    assert "order.finish" in future
    assert "P50" in repr(finish)


def test_forecast_has_a_table_and_figures(future):
    table = future.table()
    assert list(table.columns) == ["name", "P10", "P50", "P90", "mean"]
    assert len(table) == len(future.names)
    assert table["P10"].dtype == np.dtype("M8[ns]")
    assert (table["P10"] <= table["P90"]).all()
    assert future["plant.completed"].mean > 0
    assert "P50" in future._repr_html_()
    assert "60 futures" in repr(future)


def test_forecast_of_a_horizon_leaves_open_what_is_not_reached(now):
    future = twin.forecast(now, 20, "1 h")
    finish = future["order.finish"]
    assert np.isnat(finish.quantile(0.5))
    assert np.isnat(finish.mean)
    assert np.isnat(finish.samples).all()
    assert finish.probability_before("100 d") == 0


def test_forecast_is_a_function_of_state_and_seed(now, future):
    assert twin.forecast(now, 60, threads=1).digest == future.digest
    assert twin.forecast(now, 60, threads=3).digest == future.digest
    assert twin.forecast(now, 60, seed=9).digest != future.digest
    back = pickle.loads(pickle.dumps(future))
    assert back.digest == future.digest
    pd.testing.assert_frame_equal(back.table(), future.table())


def test_forecast_of_uncertain_parameters(now):
    path = "products.bracket.route.mill.time"
    sets = [now.parameters.set(path, f"{m} min") for m in (5, 60)]
    finish = twin.forecast(now, 40, parameters=sets)["B1.finish"].samples
    assert finish[0::2].max() < finish[1::2].min()


def test_what_if_compares_under_the_same_luck(answer, now):
    assert answer.names == ["as is", "third mill", "faster saw"]
    table = answer.compare("order.finish")
    assert table["name"].tolist() == answer.names
    assert table["mean"].dtype == np.dtype("M8[ns]")
    assert table["difference"].dtype == table["half_width"].dtype == np.dtype("m8[ns]")
    assert table["difference"].iloc[0] == pd.Timedelta(0)
    assert table["difference"].iloc[1] < pd.Timedelta(0)
    assert table["best"].sum() == pytest.approx(1)
    same = answer["as is"]
    assert same.digest == twin.forecast(now, 60).digest
    a, b = (answer.sample(name, "order.finish") for name in ("as is", "third mill"))
    assert (b - a).mean() == pytest.approx(table["difference"].iloc[1].total_seconds())
    other = answer.compare("order.finish", baseline="third mill")
    assert other["difference"].iloc[0] == -table["difference"].iloc[1]


def test_what_if_takes_figures_and_states(answer, now):
    assert answer.compare("plant.cycle_time")["mean"].dtype == np.dtype("m8[ns]")
    assert answer.compare("mill.utilisation")["mean"].dtype == np.float64
    with pytest.raises(twin.InvalidArgument, match="third mill"):
        answer["third mil"]
    with pytest.raises(twin.InvalidArgument, match=r"order\.finish"):
        answer.compare("order.finsh")
    again = twin.what_if(now, {"x": {}, "y": now.branch(3)}, futures=5)
    assert again.names == ["x", "y"]
    with pytest.raises(twin.InvalidArgument, match="instants"):
        twin.what_if(now, {"x": {}, "y": now.copy().advance("1 h")}, futures=5)


def test_comparisons_print_and_pickle(answer):
    assert "third mill" in repr(answer)
    assert "order.finish" in answer._repr_html_()
    back = pickle.loads(pickle.dumps(answer))
    pd.testing.assert_frame_equal(back.compare("order.finish"), answer.compare("order.finish"))


def test_what_if_refuses_what_makes_no_sense(now):
    with pytest.raises(twin.PlantError):
        twin.what_if(now, {"bad": {"stations.mill.queue.rule": "fofi"}}, futures=5)


def test_whole_runs_are_compared():
    plant = twin.parse(SHOP + "run: {replications: 12, seed: 2}\n", name="shop")
    answer = twin.compare(plant)
    table = answer.compare("plant.cycle_time")
    assert table["name"].tolist() == ["as is", "third mill", "faster saw"]
    assert (table["n"] == 12).all()
    assert table["difference"].iloc[1] < pd.Timedelta(0)
    assert answer["as is"].digest == twin.simulate(plant).digest
    named = twin.compare({"a": plant, "b": plant.change({"stations.check.machines": 2})}, replications=3)
    assert named.names == ["a", "b"]
    assert answer.compare("order.finish")["mean"].iloc[0] > pd.Timedelta(0)
    assert "plant.cycle_time" in named._repr_html_() or "order.finish" in named._repr_html_()
    assert math.isnan(table["correlation"].iloc[0])


@pytest.mark.parametrize(
    ("call", "culprit"),
    [
        (lambda p, s: twin.simulate("shop.yaml"), "'shop.yaml'"),
        (lambda p, s: twin.simulate(p, seed=-1), "seed: -1"),
        (lambda p, s: twin.simulate(p, replications=2.5), "replications: 2.5"),
        (lambda p, s: twin.forecast(p), "forecast: state"),
        (lambda p, s: twin.what_if(s, {"a": 3}), "'a': 3"),
        (lambda p, s: s.branch(-1), "replication: -1"),
        (lambda p, s: twin.State.initial("shop.yaml"), "'shop.yaml'"),
        (lambda p, s: twin.compare("shop.yaml"), "'shop.yaml'"),
        (lambda p, s: twin.Twin("shop.yaml"), "'shop.yaml'"),
        (lambda p, s: twin.infer_operations(3, twin.Rules.generic()), "logs: 3"),
        (lambda p, s: twin.emulate(p, seed=1.5), "seed: 1.5"),
    ],
)
def test_wrong_arguments_are_named(call, culprit):
    plant = shop()
    with pytest.raises(twin.InvalidArgument, match=re.escape(culprit)) as error:
        call(plant, twin.State.initial(plant))
    assert "allowed: " in str(error.value)
