import datetime as dt
import pickle

import numpy as np
import pandas as pd
import pytest
from helpers import line, shop
from hypothesis import given, settings
from hypothesis import strategies as st

import twin

SLOW = settings(max_examples=15, deadline=None)
HOURS = st.integers(0, 60)
SEEDS = st.integers(0, 2**64 - 1)


def at(plant, hours, seed=0):
    return twin.State.initial(plant, seed=seed).advance(dt.timedelta(hours=hours))


def test_clock_and_elapsed():
    plant = shop()
    state = twin.State.initial(plant, seed=1)
    assert state.now == plant.epoch
    assert state.now.dtype == np.dtype("M8[ns]")
    assert state.advance("1 h 30 min") is state
    assert state.elapsed == np.timedelta64(90, "m")
    assert state.now == np.datetime64("2026-03-02T07:30")
    assert "2026-03-02T07:30" in repr(state)
    assert "State of shop" in state._repr_html_()


@pytest.mark.parametrize(
    "until",
    [
        "2 d",
        dt.timedelta(days=2),
        np.timedelta64(48, "h"),
        "2026-03-04T06:00:00Z",
        dt.datetime(2026, 3, 4, 6),
        dt.datetime(2026, 3, 4, 7, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        np.datetime64("2026-03-04T06:00"),
        pd.Timestamp("2026-03-04T06:00Z"),
    ],
)
def test_ends_may_be_given_in_many_ways(until):
    assert at(shop(), 1).advance(until=until) == at(shop(), 48)


def test_ends_that_make_no_sense_are_refused():
    state = at(shop(), 5)
    before = state.copy()
    for bad in (
        lambda: state.advance(),
        lambda: state.advance("1 h", until="6 h"),
        lambda: state.advance(3600),
        lambda: state.advance("3600"),
        lambda: state.advance("-1 h"),
        lambda: state.advance(until="1 h"),
        lambda: state.advance(until="yesterday"),
        lambda: state.advance(np.timedelta64("NaT")),
    ):
        with pytest.raises(twin.InvalidArgument):
            bad()
    assert state == before


def test_frames_tell_what_is_where():
    state = at(shop(), 5, seed=2)
    lots, machines, orders = state.lots, state.machines, state.orders
    assert len(lots) == state.products["in_process"].sum()
    busy = machines[machines["phase"] == "processing"]
    held = lots[lots["place"] == "machine"].set_index("lot")
    assert set(busy["lot"]) <= set(held.index)
    for row in busy.itertuples():
        assert held.loc[row.lot, "machine"] == row.machine
        assert held.loc[row.lot, "remaining"] == row.remaining > pd.Timedelta(0)
        assert row.started <= state.now
    queued = lots[lots["place"] == "queue"].groupby("station").size()
    stations = state.stations.set_index("station")
    for name, count in queued.items():
        assert stations.loc[name, "queued"] == count
    assert set(machines["condition"]) <= {"working", "setup", "blocked", "down", "starved", "off"}
    assert orders["open"].sum() == 64 - orders["finished"].sum() - orders["scrapped"].sum()
    assert orders["due"].notna().all()


def test_empty_frames_have_their_columns():
    lots = twin.State.initial(line()).lots
    assert len(lots) == 0
    assert {"lot", "place", "remaining"} <= set(lots.columns)


@SLOW
@given(HOURS, SEEDS)
def test_a_copy_runs_as_the_original(hours, seed):
    state = at(shop(), hours, seed)
    copy = state.copy()
    assert copy == state
    copy.advance("9 h")
    assert (copy == state) == (copy.now == state.now)
    state.advance("4 h").advance("5 h")
    assert copy == state
    assert copy.digest == state.digest
    assert copy.history_digest == state.history_digest


@SLOW
@given(HOURS, SEEDS)
def test_saved_and_pickled_states_run_on_identically(hours, seed):
    plant = line()
    state = at(plant, hours, seed)
    others = [pickle.loads(pickle.dumps(state)), twin.State.from_bytes(state.to_bytes(), plant)]
    for other in others:
        assert other == state
        assert other.to_bytes() == state.to_bytes()
        other.advance("7 h")
    state.advance("7 h")
    assert all(other.digest == state.digest for other in others)


def test_save_and_load(tmp_path):
    plant = shop()
    state = at(plant, 20, seed=3)
    state.save(tmp_path / "monday.twin")
    assert twin.State.load(tmp_path / "monday.twin", plant) == state


def test_bytes_of_another_plant_or_damaged_are_refused():
    plant = shop()
    data = at(plant, 20).to_bytes()
    with pytest.raises(twin.FormatError):
        twin.State.from_bytes(data, line())
    for i in range(0, len(data), 97):
        damaged = bytearray(data)
        damaged[i] ^= 0x10
        with pytest.raises(twin.FormatError):
            twin.State.from_bytes(bytes(damaged), plant)
    with pytest.raises(twin.FormatError):
        twin.State.from_bytes(data[: len(data) // 2], plant)


@SLOW
@given(HOURS, SEEDS)
def test_lots_are_conserved(hours, seed):
    for plant in (shop(), line()):
        state = at(plant, hours, seed)
        p = state.products
        assert (p["released"] == p["completed"] + p["scrapped"] + p["in_process"]).all()
        assert len(state.lots[state.lots["place"] != "outside"]) <= p["in_process"].sum()


@SLOW
@given(SEEDS)
def test_time_never_goes_back(seed):
    plant = shop()
    history = twin.History()
    twin.State.initial(plant, seed).advance("30 h", history=history)
    o = history.operations
    assert (o["ready"] <= o["start"]).all()
    assert (o["start"] <= o["end"]).all()
    assert o["end"].is_monotonic_increasing
    for frame in (history.queues, history.wip):
        assert frame["time"].is_monotonic_increasing
        assert (frame["level"] >= 0).all()
    for _, own in history.conditions.groupby("machine"):
        own = own.sort_values("start")
        assert (own["end"].to_numpy()[:-1] <= own["start"].to_numpy()[1:]).all()
    for _, own in o.groupby("machine"):
        assert (own["end"].to_numpy()[:-1] <= own["start"].to_numpy()[1:]).all()


@SLOW
@given(SEEDS)
def test_an_idle_machine_changes_no_other_draw(seed):
    plant = line()
    wider = plant.change(
        {
            "stations.spare": {"failures": [{"after": "exponential(3 h) of time", "repair": "1 h"}]},
            "products.other": {"route": [{"at": "spare", "time": "1 min"}]},
        }
    )
    records = []
    for one in (plant, wider):
        history = twin.History()
        state = twin.State.initial(one, seed).advance("10 h", history=history)
        records.append((history.operations, state.history_digest))
    pd.testing.assert_frame_equal(records[0][0], records[1][0])
    assert records[0][1] == records[1][1]


def test_branches_have_their_own_luck():
    state = at(shop(), 10, seed=4)
    before = state.digest
    ends = {state.branch(i).finish_orders().now for i in range(8)}
    assert len(ends) == 8
    assert state.digest == before
    assert state.branch(7) == state.branch(7)
    assert state.branch(7).now == state.now
    assert state.branch(7).replication == 7


def test_migrate_keeps_what_is_where():
    plant = shop()
    state = at(plant, 5, seed=2)
    moved = state.migrate(plant.change(plant.what_if["third mill"]))
    assert moved.now == state.now
    assert set(moved.lots["lot"]) == set(state.lots["lot"])
    assert moved.finish_orders().now <= state.finish_orders().now + np.timedelta64(2, "D")


def test_migrate_lists_what_has_no_place():
    plant = shop()
    state = at(plant, 5, seed=2)
    fewer = twin.parse(plant.yaml.replace("M1: {}, ", ""), name="shop")
    assert "M1" not in set(fewer.machines["machine"])
    assert state.machines.set_index("machine").loc["M1", "phase"] != "idle"
    with pytest.raises(twin.InvalidArgument, match="M1"):
        state.migrate(fewer)
    assert state.migrate(fewer, "scrap").products["scrapped"].sum() >= 1
    with pytest.raises(twin.InvalidArgument, match="refuse, scrap"):
        state.migrate(fewer, "drop")


def test_migrate_carries_learned_numbers():
    plant = shop()
    path = "products.bracket.route.saw.time"
    learned = plant.with_parameters(plant.parameters.set(path, "7 min"))
    state = at(learned, 5)
    moved = state.migrate(learned.change({"stations.check.machines": 2}))
    assert moved.parameters[path] == twin.Distribution("7 min")
    assert state.with_parameters(plant.parameters).parameters[path] == twin.Distribution("5 min")


def test_measure_between_two_states():
    state = at(line(), 5)
    later = state.copy().advance("10 h")
    figures = later.measure(state)
    assert figures["part.completed"] == (later.products["completed"] - state.products["completed"]).iloc[0]
    assert 0 < figures["m1.utilisation"] < 1


def test_history_continues_and_belongs_to_one_run():
    plant = line()
    history, pieces = twin.History(), twin.History()
    whole = twin.State.initial(plant).advance("8 h", history=history)
    state = twin.State.initial(plant)
    for _ in range(4):
        state.advance("2 h", history=pieces)
    assert state == whole
    for name in ("operations", "lots", "conditions", "queues", "wip"):
        pd.testing.assert_frame_equal(getattr(history, name), getattr(pieces, name))
    assert len(history) == len(history.operations)
    spans = history.conditions
    total = (spans["end"] - spans["start"]).groupby(spans["machine"]).sum()
    assert (total == pd.Timedelta("8 h")).all()
    with pytest.raises(twin.InvalidArgument):
        twin.State.initial(shop()).advance("1 h", history=history)
    with pytest.raises(twin.InvalidArgument):
        _ = twin.History().operations


def test_history_agrees_with_state():
    history = twin.History()
    state = twin.State.initial(shop(), seed=5).finish_orders(history=history)
    assert state.orders["open"].sum() == 0
    assert len(history.lots) == 64
    assert history.lots["scrapped"].sum() == state.orders["scrapped"].sum()
    assert history.wip["level"].iloc[-1] == 0
    assert state.orders["finish"].max() == history.lots["finish"].max()
