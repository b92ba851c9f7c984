"""Event logs: what happened, once, in order, and read back by the tools that they are for."""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers import line, shop

import twin


@pytest.fixture(scope="module")
def history():
    """Part of a run of a shop: lots are inside when it begins and when it ends."""
    state = twin.State.initial(shop(), seed=2).advance("2 h")
    history = twin.History()
    state.advance("6 h", history=history)
    return history


@pytest.fixture(scope="module")
def pm4py():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield pytest.importorskip("pm4py")


def test_events_are_everything_once_and_in_order(history):
    events = history.events
    assert events["time"].is_monotonic_increasing
    counts = events["event"].value_counts()
    state = history._known()[2]
    inside = state.lots(history.plant._core)
    assert counts["complete"] == len(history.operations)
    assert counts["start"] == len(history.operations) + sum(
        place == "machine" and not blocked for place, blocked in zip(inside["place"], inside["blocked"], strict=True)
    )
    assert counts["release"] == len(history.lots) + len(inside["lot"])
    assert counts["finish"] + counts.get("scrap", 0) == len(history.lots)
    assert counts[["working", "starved", "blocked", "setup"]].sum() <= len(history.conditions)
    conditions = events[(events["lot"] == "")]
    pd.testing.assert_series_equal(
        conditions["event"].value_counts(), history.conditions["condition"].value_counts(), check_names=False
    )


def test_each_lot_is_released_worked_and_gone_in_this_order(history):
    events = history.events
    for lot, of in events[events["lot"] != ""].groupby("lot"):
        names = of["event"].tolist()
        assert names[0] == "release", lot
        assert "release" not in names[1:]
        if names[-1] in ("finish", "scrap"):
            names.pop()
        work = names[1:]
        assert work == ["start", "complete"] * (len(work) // 2) + ["start"] * (len(work) % 2), lot
        starts = of[of["event"] == "start"]["step"].tolist()
        ends = of[of["event"] == "complete"]["step"].tolist()
        assert starts[: len(ends)] == ends
    assert set(events["order"]) <= {"", "F1", "B1"}
    assert (events["order"] == events["lot"].str.split("-").str[0]).all()


def test_orders_of_one_lot_and_lots_of_sources_are_told_apart():
    one = twin.parse(
        "stations: {a: {time: 1 min}}\nproducts: {p: {route: [{at: a}], arrivals: every 7 min}}\n"
        "orders: [{id: p-01, product: p, quantity: 1}, {id: q, product: p, quantity: 120}]"
    )
    history = twin.History()
    twin.State.initial(one).advance("30 min", history=history)
    lots = history.events.drop_duplicates("lot").set_index("lot")["order"]
    assert (lots["p-01"], lots["q-001"], lots["p#1"]) == ("p-01", "q", "")


def test_csv_has_every_event(history, tmp_path):
    history.to_csv(tmp_path / "log.csv")
    text = (tmp_path / "log.csv").read_text()
    assert text.splitlines()[0] == "time,event,lot,product,order,step,station,machine,round"
    back = pd.read_csv(tmp_path / "log.csv", keep_default_na=False)
    back["time"] = pd.to_datetime(back["time"]).dt.tz_localize(None)
    assert (back.astype(str) == history.events.astype(str)).all(axis=None)


def test_pm4py_reads_xes(history, tmp_path, pm4py):
    history.to_xes(tmp_path / "log.xes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log = pm4py.read_xes(str(tmp_path / "log.xes"))
    events = history.events[history.events["lot"] != ""]
    assert len(log) == len(events)
    assert set(log["case:concept:name"]) == set(events["lot"])
    done = log[(log["lifecycle:transition"] == "complete") & log["org:resource"].notna()]
    own = history.operations
    assert len(done) == len(own)
    merged = done.merge(
        own,
        left_on=["case:concept:name", "concept:name", "round"],
        right_on=["lot", "step", "round"],
        validate="one_to_one",
    )
    assert (merged["org:resource"] == merged["machine"]).all()
    assert (merged["org:group"] == merged["station"]).all()
    assert (merged["time:timestamp"].dt.tz_localize(None) == merged["end"].dt.floor("us")).all()
    scrapped = log.groupby("case:concept:name")["case:scrapped"].first().dropna()
    assert scrapped.astype(bool).sum() == history.lots["scrapped"].sum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        completed = log[log["lifecycle:transition"] == "complete"]
        followed, first, last = pm4py.discover_dfg(completed)
    assert set(first) == {"release"}
    assert followed["saw", "mill"] > 0
    assert "finish" in last


def test_pm4py_reads_ocel(history, tmp_path, pm4py):
    history.to_ocel(tmp_path / "log.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log = pm4py.read_ocel2_json(str(tmp_path / "log.json"))
    events = history.events
    assert len(log.events) == len(events)
    kinds = log.objects.groupby("ocel:type").size()
    assert kinds["lot"] == events["lot"].nunique() - 1  # without the empty text
    assert kinds["machine"] == 5
    assert kinds["order"] == 2  # the third has not begun
    activities = log.events["ocel:activity"].value_counts()
    assert activities["mill complete"] == (history.operations["step"] == "mill").sum()
    assert activities["lot release"] == (events["event"] == "release").sum()
    assert activities["machine working"] == (events["event"] == "working").sum()
    with_machine = log.relations[log.relations["ocel:type"] == "machine"]
    assert len(with_machine) == (events["machine"] != "").sum()
    with_lot = log.relations[log.relations["ocel:type"] == "lot"]
    assert len(with_lot) == (events["lot"] != "").sum()


def test_ocel_keeps_to_its_own_declarations(history, tmp_path):
    """What the schema of OCEL 2.0 cannot say: types and objects are declared, ids are unique, values fit."""
    history.to_ocel(tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text())
    assert list(log) == ["objectTypes", "eventTypes", "objects", "events"]
    kinds = {"string": str, "boolean": bool, "integer": int, "time": str}
    for types, items, timed in (("objectTypes", "objects", True), ("eventTypes", "events", False)):
        declared = {t["name"]: {a["name"]: kinds[a["type"]] for a in t["attributes"]} for t in log[types]}
        assert len({item["id"] for item in log[items]}) == len(log[items])
        for item in log[items]:
            for attribute in item["attributes"]:
                assert set(attribute) == {"name", "value"} | ({"time"} if timed else set())
                assert type(attribute["value"]) is declared[item["type"]][attribute["name"]]
    objects = {item["id"] for item in log["objects"]}
    related = {r["objectId"] for item in (*log["objects"], *log["events"]) for r in item["relationships"]}
    assert related <= objects
    times = [event["time"] for event in log["events"]]
    assert times == sorted(times)
    changes = [a for item in log["objects"] for a in item["attributes"] if a["name"] == "condition"]
    assert len(changes) == len(history.conditions)


def test_names_with_marks_of_xml_and_json_survive(tmp_path, pm4py):
    plant = twin.parse(
        'stations: {"a <&>": {time: 1 min}}\nproducts: {"Bär & Söhne": {route: [{at: "a <&>"}]}}\n'
        'orders: [{id: "x<\\uFFFFy", product: "Bär & Söhne", quantity: 1}]'
    )
    history = twin.History()
    twin.State.initial(plant).finish_orders(history=history)
    history.to_xes(tmp_path / "log.xes")
    history.to_ocel(tmp_path / "log.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log = pm4py.read_xes(str(tmp_path / "log.xes"))
        objects = pm4py.read_ocel2_json(str(tmp_path / "log.json"))
    assert log["case:concept:name"].iloc[0] == "x<\ufffdy"  # XML cannot say the other
    assert log["case:product"].iloc[0] == "Bär & Söhne"
    assert "a <&> complete" in set(objects.events["ocel:activity"])


def test_hdf5_has_all_tables(history, tmp_path):
    h5py = pytest.importorskip("h5py")
    history.to_hdf5(tmp_path / "log.h5")
    with h5py.File(tmp_path / "log.h5") as file:
        assert file.attrs["plant"] == "shop"
        assert file.attrs["end_ns"] - file.attrs["begin_ns"] == 6 * 3600 * 10**9
        for name in ("events", "operations", "lots", "conditions", "queues", "wip"):
            table = getattr(history, name)
            assert list(file[name].attrs["columns"]) == list(table.columns)
            for column in table:
                data = file[name][column]
                assert data.compression == "gzip"
                if "names" in data.attrs:
                    texts = file[data.attrs["names"]].asstr()[:]
                    assert (texts[data[:]] == table[column].to_numpy(dtype=object)).all()
                elif table[column].dtype.kind in "Mm":
                    np.testing.assert_array_equal(data[:], table[column].to_numpy().view("i8"))
                else:
                    np.testing.assert_array_equal(data[:], table[column].to_numpy())


def test_arrow_and_parquet_have_the_same_tables(history, tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    for name in ("events", "operations", "lots", "conditions", "queues", "wip"):
        table = getattr(history, name)
        made = history.to_arrow(name)
        assert made.num_rows == len(table)
        back = made.to_pandas()
        for column in table:
            values = back[column]
            if table[column].dtype.kind == "M":
                values = values.dt.tz_localize(None)
            assert (values.astype(table[column].dtype).to_numpy() == table[column].to_numpy())[
                table[column].notna()
            ].all()
        history.to_parquet(tmp_path / "log.parquet", name)
        assert pq.read_table(tmp_path / "log.parquet").equals(made)
    assert history.to_arrow().schema.metadata[b"plant"] == b"shop"
    with pytest.raises(twin.InvalidArgument, match="'lot'; allowed: events, operations"):
        history.to_arrow("lot")


@pytest.mark.parametrize(("method", "package"), [("to_hdf5", "h5py"), ("to_parquet", "pyarrow")])
def test_what_is_not_installed_is_named(history, tmp_path, monkeypatch, method, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(twin.InvalidArgument, match=rf"{package} is not installed.*libtwin\[logs\]"):
        getattr(history, method)(tmp_path / "file")


def test_a_record_of_nothing_is_an_empty_log(tmp_path, pm4py):
    history = twin.History()
    twin.State.initial(line()).advance("0 s", history=history)
    assert (history.events["event"] == "starved").all()
    history.to_csv(tmp_path / "log.csv")
    history.to_xes(tmp_path / "log.xes")
    history.to_ocel(tmp_path / "log.json")
    assert json.loads((tmp_path / "log.json").read_text())["objects"]
