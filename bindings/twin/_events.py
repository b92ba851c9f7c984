"""Event logs of a recorded run: one table of events, and the files that other tools read."""

from __future__ import annotations

import functools
import itertools
import json
import operator
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from xml.sax.saxutils import quoteattr

import numpy as np

from . import _core
from ._errors import InvalidArgument

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ._history import History

TABLES = ("events", "operations", "lots", "conditions", "queues", "wip")
_TEXTS = ("lot", "product", "order", "step", "station", "machine")
_START_OF_TIME = "1970-01-01T00:00:00Z"


def events(history: History) -> pd.DataFrame:
    """Table of everything that happened, in order; see `History.events`."""
    import pandas as pd

    operations, lots, conditions = history.operations, history.lots, history.conditions
    inside, in_work = _unfinished(history)
    count = len(operations)
    last = 2 * (count + len(in_work))
    orders = _orders(history)
    released = pd.concat([lots[["lot", "product", "release"]], inside], ignore_index=True)
    pieces = [
        _piece(released, "release", "release", -1),
        _piece(operations, "start", "start", np.arange(0, 2 * count, 2)),
        _piece(operations, "end", "complete", np.arange(1, 2 * count, 2)),
        _piece(in_work, "start", "start", np.arange(2 * count, last, 2)),
        _piece(
            lots, "finish", np.where(lots["cancelled"], "cancel", np.where(lots["scrapped"], "scrap", "finish")), last
        ),
        _piece(conditions, "start", conditions["condition"], last + 1),
    ]
    table = pd.concat(pieces, ignore_index=True)
    table = table.sort_values(["time", "_rank"], kind="stable", ignore_index=True).drop(columns="_rank")
    table["order"] = table["lot"].map(_of_sublots(table["lot"], orders)).fillna("").astype("str")
    return table[["time", "event", "lot", "product", "order", "step", "station", "machine", "round"]]


def _piece(of: pd.DataFrame, time: str, event: Any, rank: Any) -> pd.DataFrame:
    """Rows of one kind of event; `rank` orders those of one instant."""
    import pandas as pd

    columns = {name: of.get(name, "") for name in _TEXTS if name != "order"}
    made = pd.DataFrame({"time": of[time], "event": event, **columns, "_rank": rank}, index=of.index)
    made["round"] = of.get("round", 0)
    return made.astype(dict.fromkeys(("event", *columns), "str"))


def _unfinished(history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lots in the plant at the end (lot, product, release), and the operations that they are in."""
    import pandas as pd

    from ._values import frame

    plant, _, end = history._known()
    lots, machines = frame(end.lots(plant._core)), frame(end.machines(plant._core))
    inside = lots.drop_duplicates("lot")[["lot", "product", "release"]]
    started = dict(zip(machines["machine"], machines["started"], strict=True))
    at = lots[(lots["place"] == "machine") & ~lots["blocked"].astype(bool)].copy()
    at["start"] = pd.Series([started[name] for name in at["machine"]], index=at.index, dtype="datetime64[ns]")
    columns = ["lot", "product", "step", "station", "machine", "round", "start"]
    return inside, at.loc[at["start"].notna(), columns].sort_values("start", kind="stable", ignore_index=True)


def _orders(history: History) -> dict[str, str]:
    """Lot -> the order that it belongs to; lots of other sources are not in it, nor are sublots."""
    table = history.plant.orders
    orders = {}
    for name, quantity in zip(table["order"], table["quantity"], strict=True):
        if quantity == 1:
            orders[name] = name
        else:
            wide = max(2, len(str(quantity)))
            orders.update({f"{name}-{serial:0{wide}}": name for serial in range(1, quantity + 1)})
    return orders


def _of_sublots(lots: pd.Series[Any], orders: dict[str, str]) -> dict[str, str]:
    """Add the sublots among some lots, ``A-01/2``, which belong to the order of their lot."""
    known = dict(orders)
    for lot in lots.unique():
        whole = lot
        while whole not in orders and "/" in whole:
            whole = whole.rpartition("/")[0]
        if lot != whole and whole in orders:
            known[lot] = orders[whole]
    return known


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Give rows with the columns as attributes."""
    return iter(table.itertuples(index=False))


def _iso(times: pd.Series[Any], unit: str) -> list[str]:
    """ISO 8601 in UTC with that many digits; digits beyond are cut."""
    return [f"{text}Z" for text in np.datetime_as_string(times.to_numpy(dtype="M8[ns]").astype(f"M8[{unit}]"))]


def write_csv(history: History, path: str | os.PathLike[str]) -> None:
    """Write the events; see `History.to_csv`."""
    table = events(history)
    table["time"] = _iso(table["time"], "ns")
    table.to_csv(path, index=False, lineterminator="\n")


# ---- XES -------------------------------------------------------------------------------------------------------------

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XES_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <string key="lifecycle:transition" value="complete"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000Z"/>
  </global>
  <classifier name="Activity" keys="concept:name"/>
  <classifier name="Activity and lifecycle" keys="concept:name lifecycle:transition"/>
"""


@functools.lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", text))


def _attribute(kind: str, key: str, value: object, wide: int) -> str:
    return f"{' ' * wide}<{kind} key={_quoted(key)} value={_quoted(str(value))}/>\n"


def write_xes(history: History, path: str | os.PathLike[str]) -> None:
    """Write a trace for each lot; see `History.to_xes`."""
    table = events(history)
    table = table[table["lot"] != ""]
    table["time"] = _iso(table["time"], "us")
    lots = history.lots.drop_duplicates("lot")
    due = ["" if text.startswith("NaT") else text for text in _iso(lots["due"], "us")]
    ends = dict(zip(lots["lot"], zip(due, lots["scrapped"], lots["reworked"], strict=True), strict=True))
    by_lot = np.argsort(table.groupby("lot", sort=False).ngroup().to_numpy(), kind="stable")
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        file.write(_XES_HEAD)
        file.write(_attribute("string", "concept:name", history.plant.name, 2))
        file.write(_attribute("string", "lifecycle:model", "standard", 2))
        for lot, of in itertools.groupby(_rows(table.iloc[by_lot]), key=operator.attrgetter("lot")):
            file.write(_trace(lot, list(of), ends.get(lot)))
        file.write("</log>\n")


def _trace(lot: str, of: list[Any], end: tuple[str, bool, bool] | None) -> str:
    """Write a lot with its events; `end` is its due date or nothing, and whether it was scrapped and reworked."""
    parts = ["  <trace>\n", _attribute("string", "concept:name", lot, 4)]
    parts.append(_attribute("string", "product", of[0].product, 4))
    if of[0].order:
        parts.append(_attribute("string", "order", of[0].order, 4))
    if end is not None:
        due, *flags = end
        if due:
            parts.append(_attribute("date", "due", due, 4))
        for key, flag in zip(("scrapped", "reworked"), flags, strict=True):
            parts.append(_attribute("boolean", key, "true" if flag else "false", 4))
    for row in of:
        is_work = row.event in ("start", "complete")
        parts.append("    <event>\n")
        parts.append(_attribute("string", "concept:name", row.step if is_work else row.event, 6))
        parts.append(_attribute("string", "lifecycle:transition", row.event if is_work else "complete", 6))
        parts.append(f'      <date key="time:timestamp" value="{row.time}"/>\n')
        if is_work:
            parts.append(_attribute("string", "org:resource", row.machine, 6))
            parts.append(_attribute("string", "org:group", row.station, 6))
            parts.append(_attribute("int", "round", row.round, 6))
        parts.append("    </event>\n")
    parts.append("  </trace>\n")
    return "".join(parts)


# ---- OCEL ------------------------------------------------------------------------------------------------------------


def write_ocel(history: History, path: str | os.PathLike[str]) -> None:
    """Write lots, machines and orders with their events; see `History.to_ocel`."""
    table = events(history)
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        file.write('{\n"objectTypes": ')
        json.dump(_OCEL_OBJECT_TYPES, file)
        file.write(',\n"eventTypes": ')
        json.dump(_event_types(table), file, ensure_ascii=False)
        _write_list(file, "objects", _objects(history, table))
        _write_list(file, "events", _ocel_events(table))
        file.write("\n}\n")


def _write_list(file: TextIO, name: str, items: Iterable[dict[str, Any]]) -> None:
    file.write(f',\n"{name}": [')
    for i, item in enumerate(items):
        file.write(",\n" if i else "\n")
        file.write(json.dumps(item, ensure_ascii=False))
    file.write("\n]")


def _typed(**attributes: str) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in attributes.items()]


_OCEL_OBJECT_TYPES = [
    {"name": "lot", "attributes": _typed(product="string", scrapped="boolean", reworked="boolean")},
    {"name": "machine", "attributes": _typed(station="string", condition="string")},
    {"name": "order", "attributes": _typed(product="string", quantity="integer", release="time", due="time")},
]


def _activity(event: str, step: str, lot: str) -> str:
    """Name an event: its step and its phase, or what becomes of a lot or a machine."""
    if step:
        return f"{step} {event}"
    return f"lot {event}" if lot else f"machine {event}"


def _event_types(table: pd.DataFrame) -> list[dict[str, Any]]:
    kinds = table[["event", "step", "lot"]].copy()
    kinds["lot"] = np.where(kinds["lot"] != "", "lot", "")
    of_work = _typed(station="string", round="integer")
    return [
        {"name": _activity(row.event, row.step, row.lot), "attributes": of_work if row.step else []}
        for row in _rows(kinds.drop_duplicates())
    ]


def _stated(name: str, value: Any, time: str = _START_OF_TIME) -> dict[str, Any]:
    return {"name": name, "time": time, "value": value}


def _objects(history: History, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    import pandas as pd

    plant = history.plant
    conditions = table[(table["lot"] == "") & (table["machine"] != "")].copy()
    conditions["time"] = _iso(conditions["time"], "us")
    of_machine = dict(iter(conditions.groupby("machine", sort=False)))
    for machine, station in zip(plant._core.machine_names(), plant._core.machine_stations(), strict=True):
        attributes = [_stated("station", station)]
        if machine in of_machine:
            rows = of_machine[machine]
            attributes += [_stated("condition", c, t) for c, t in zip(rows["event"], rows["time"], strict=True)]
        yield {"id": f"machine:{machine}", "type": "machine", "attributes": attributes, "relationships": []}
    for order in _rows(plant.orders):
        attributes = [_stated("product", order.product), _stated("quantity", int(order.quantity))]
        for name in ("release", "due"):
            instant = getattr(order, name)
            if not pd.isna(instant):
                attributes.append(_stated(name, _iso(pd.Series([instant]), "us")[0]))
        yield {"id": f"order:{order.order}", "type": "order", "attributes": attributes, "relationships": []}
    left = history.lots.drop_duplicates("lot").set_index("lot")
    finish = dict(zip(left.index, _iso(left["finish"], "us"), strict=True))
    flags = {name: dict(zip(left.index, left[name].tolist(), strict=True)) for name in ("scrapped", "reworked")}
    for row in _rows(table[table["lot"] != ""].drop_duplicates("lot")):
        attributes = [_stated("product", row.product)]
        if row.lot in finish:
            attributes += [_stated(name, flags[name][row.lot], finish[row.lot]) for name in flags]
        of = [{"objectId": f"order:{row.order}", "qualifier": "of"}] if row.order else []
        yield {"id": f"lot:{row.lot}", "type": "lot", "attributes": attributes, "relationships": of}


def _ocel_events(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    times = _iso(table["time"], "us")
    for i, (time, row) in enumerate(zip(times, _rows(table), strict=True), 1):
        attributes = []
        if row.step:
            attributes = [{"name": "station", "value": row.station}, {"name": "round", "value": int(row.round)}]
        objects = [(kind, getattr(row, kind)) for kind in ("lot", "machine", "order")]
        yield {
            "id": f"e{i}",
            "type": _activity(row.event, row.step, row.lot),
            "time": time,
            "attributes": attributes,
            "relationships": [{"objectId": f"{kind}:{name}", "qualifier": kind} for kind, name in objects if name],
        }


# ---- HDF5 and Arrow --------------------------------------------------------------------------------------------------


def _table(history: History, name: str) -> pd.DataFrame:
    if name not in TABLES:
        raise InvalidArgument(f"history: no table '{name}'; allowed: {', '.join(TABLES)}")
    table: pd.DataFrame = getattr(history, name)
    return table


def write_hdf5(history: History, path: str | os.PathLike[str]) -> None:
    """Write all tables; see `History.to_hdf5`."""
    try:
        import h5py
    except ImportError:
        raise InvalidArgument("to_hdf5: h5py is not installed; allowed after: pip install 'libtwin[logs]'") from None

    import pandas as pd

    packed = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
    with h5py.File(path, "w") as file:
        plant, begin, end = history._known()
        file.attrs.update(
            {
                "format": "libtwin history",
                "format_version": 1,
                "plant": plant.name,
                "plant_digest": plant.digest,
                "library_version": _core.__version__,
                "begin_ns": plant._core.epoch() + begin.now,
                "end_ns": plant._core.epoch() + end.now,
            }
        )
        names = file.create_group("names")
        for name in TABLES:
            table = _table(history, name)
            group = file.create_group(name)
            group.attrs["columns"] = list(table.columns)
            for column in table.columns:
                values = table[column]
                if values.dtype.kind in "Mm":
                    numbers = values.to_numpy().astype(np.int64)  # NaT is the least number
                    data = group.create_dataset(column, data=numbers, **packed)
                    of = "ns since 1970-01-01T00:00:00Z" if values.dtype.kind == "M" else "ns"
                    data.attrs["unit"] = of
                elif values.dtype.kind in "iub":
                    group.create_dataset(column, data=values.to_numpy(), **packed)
                else:
                    codes, known = pd.factorize(values)
                    data = group.create_dataset(column, data=codes.astype(np.int32), **packed)
                    texts = names.create_dataset(
                        f"{name}.{column}", data=list(known), shape=(len(known),), dtype=h5py.string_dtype()
                    )
                    data.attrs["names"] = texts.name


def arrow(history: History, name: str) -> pa.Table:
    """Give a table of `pyarrow`; see `History.to_arrow`."""
    try:
        import pyarrow as pa
    except ImportError:
        raise InvalidArgument(
            "to_arrow: pyarrow is not installed; allowed after: pip install 'libtwin[logs]'"
        ) from None

    table = _table(history, name)
    columns = {}
    for column in table.columns:
        values = table[column]
        if values.dtype.kind == "M":
            columns[column] = pa.array(values.to_numpy(), type=pa.timestamp("ns")).cast(pa.timestamp("ns", "UTC"))
        elif values.dtype.kind in "miub":
            columns[column] = pa.array(values.to_numpy())
        else:
            columns[column] = pa.array(values.tolist(), type=pa.string()).dictionary_encode()
    plant = history.plant
    about = {"plant": plant.name, "plant_digest": plant.digest, "library_version": _core.__version__}
    return pa.table(columns).replace_schema_metadata(about)


def write_parquet(history: History, path: str | os.PathLike[str], name: str) -> None:
    """Write a table as Parquet; see `History.to_parquet`."""
    table = arrow(history, name)
    import pyarrow.parquet as pq

    pq.write_table(table, os.fspath(path), compression="zstd")
