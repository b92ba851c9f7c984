"""What a run tells while it happens: operations, lots, conditions of machines, queues and work in process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from . import _core, _diagram, _events, _html, _plots
from ._errors import InvalidArgument
from ._values import Instant, Span, frame

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from matplotlib.axes import Axes

    from ._kpis import Kpis
    from ._plant import Plant
    from ._state import State


class History:
    """Keeps everything that happens while a state advances; hand it to `State.advance`.

    ::

        history = twin.History()
        state.advance("3 d", history=history)
        history.operations
        history.plot_gantt()

    It may be used for several calls of one state in turn; nothing of it is kept in the State.
    """

    def __init__(self) -> None:
        self._core = _core.History()
        self._plant: Plant | None = None
        self._begin: _core.State | None = None
        self._end: _core.State | None = None

    def _start(self, state: State) -> _core.History:
        if self._plant is None:
            self._plant, self._begin = state.plant, state._core.copy()
        elif self._plant.digest != state.plant.digest:
            raise InvalidArgument(
                f"history: it is one of plant '{self._plant.name}', not of '{state.plant.name}'; "
                "allowed: a new History for another plant"
            )
        elif self._end is not None and self._end.now != state._core.now:
            raise InvalidArgument("history: the state does not stand where the history ends; allowed: the same run")
        return self._core

    def _stop(self, state: State) -> None:
        self._end = state._core.copy()

    def _known(self) -> tuple[Plant, _core.State, _core.State]:
        if self._plant is None or self._begin is None:
            raise InvalidArgument("history: nothing recorded yet; hand it to State.advance first")
        return self._plant, self._begin, self._begin if self._end is None else self._end

    @property
    def plant(self) -> Plant:
        """The plant whose run it is."""
        return self._known()[0]

    @property
    def operations(self) -> pd.DataFrame:
        """Table of lot, product, step, station, machine, round, ready, start, end; in order of end.

        ``ready`` is when the lot entered the queue; ``start`` includes setup; blocking afterwards is not in it.
        """
        return frame(self._core.operations(self._known()[0]._core))

    @property
    def lots(self) -> pd.DataFrame:
        """Lots that left: lot, product, release, finish, due, cycle_time, waiting, scrapped, reworked."""
        return frame(self._core.lots(self._known()[0]._core))

    @property
    def conditions(self) -> pd.DataFrame:
        """Spans of machines: machine, condition, start, end; those that last end with the record."""
        plant, _, end = self._known()
        return frame(self._core.conditions(plant._core, end))

    @property
    def queues(self) -> pd.DataFrame:
        """Changes of queues: time, station, level; the first rows are how it began."""
        plant, begin, _ = self._known()
        return frame(self._core.queues(plant._core, begin))

    @property
    def wip(self) -> pd.DataFrame:
        """Changes of lots in the plant: time, product, level; the first rows are how it began."""
        plant, begin, _ = self._known()
        return frame(self._core.wip(plant._core, begin))

    @property
    def events(self) -> pd.DataFrame:
        """Table of time, event, lot, product, order, step, station, machine, round: everything, in order.

        ``release``, ``start`` and ``complete`` of operations, ``finish`` or ``scrap`` are of lots; a condition
        (``working``, ``down`` …) is what a machine enters. Lots inside when the record begins bring what is known of
        them: a release, or the start of an operation, may lie before it. Texts that do not apply are empty.
        """
        return _events.events(self)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write `events` as CSV: instants in ISO 8601, UTC, with nine digits."""
        _events.write_csv(self, path)

    def to_xes(self, path: str | os.PathLike[str]) -> None:
        """Write a trace for each lot as XES (IEEE 1849), for tools of process mining.

        Operations are events ``start`` and ``complete`` with ``org:resource``, the machine, and ``org:group``, the
        station. Instants have six digits. Machines have no traces: `to_ocel` keeps their conditions too.
        """
        _events.write_xes(self, path)

    def to_ocel(self, path: str | os.PathLike[str]) -> None:
        """Write an object-centric log as OCEL 2.0 (JSON): lots, machines and orders, and the events between them."""
        _events.write_ocel(self, path)

    def to_hdf5(self, path: str | os.PathLike[str]) -> None:
        """Write all tables as HDF5: a group for each, a compressed dataset for each column.

        Instants and spans are nanoseconds; texts are numbers of names, which the attribute ``names`` says where to
        find. Needs h5py (``pip install 'libtwin[logs]'``).
        """
        _events.write_hdf5(self, path)

    def to_arrow(self, table: str = "events") -> pa.Table:
        """Give a table for Arrow; instants are UTC, texts are dictionaries.

        Parameters
        ----------
        table : {"events", "operations", "lots", "conditions", "queues", "wip"}
            Needs pyarrow (``pip install 'libtwin[logs]'``).
        """
        return _events.arrow(self, table)

    def to_parquet(self, path: str | os.PathLike[str], table: str = "events") -> None:
        """Write a table as Parquet; see `to_arrow`."""
        _events.write_parquet(self, path, table)

    @property
    def iso22400(self) -> Kpis:
        """Indicators by the names of ISO 22400-2; see `twin.iso22400`."""
        from ._kpis import iso22400

        return iso22400(self)

    def diagram(
        self, step: Span = "1 min", begin: Span | Instant | None = None, end: Span | Instant | None = None
    ) -> str:
        """Give a timing diagram as text: a row for each machine and for each queue that was used.

        A machine shows the letter of the lot it processes, or ``.`` starved, ``+`` setup, ``#`` blocked, ``!`` down,
        ``-`` off, ``?`` waiting; a queue shows how many wait. A column is what holds at the beginning of its step,
        after everything that happens at that instant.

        Parameters
        ----------
        step : span
            Time of a column; at most 200 columns.
        begin, end : span since the epoch or instant, optional
            From and to; the whole record unless given.
        """
        return _diagram.diagram(self, step, begin, end)

    def plot_gantt(self, ax: Axes | None = None) -> Axes:
        """Draw a row for each machine and a bar for each operation, coloured by product."""
        return _plots.gantt(self, ax)

    def plot_wip(self, ax: Axes | None = None) -> Axes:
        """Draw the lots in the plant over time, stacked by product."""
        return _plots.wip(self, ax)

    def plot_queues(self, ax: Axes | None = None) -> Axes:
        """Draw the length of each queue over time."""
        return _plots.queues(self, ax)

    def plot_conditions(self, ax: Axes | None = None) -> Axes:
        """Draw the share of time of each machine in each condition."""
        return _plots.conditions(self, ax)

    def plot_heat(self, what: str = "queue_length", ax: Axes | None = None) -> Axes:
        """Draw a row for each station over time, coloured by its mean queue length or the share of a condition.

        Parameters
        ----------
        what : str
            ``queue_length``, or a condition of machines such as ``working`` or ``down``.
        ax : matplotlib.axes.Axes, optional
            Where; a new figure unless given.
        """
        return _plots.heat(self, what, ax)

    def _levels_mean(self, what: str) -> dict[str, float]:
        """Mean level over the record: ``wip`` by product, ``queues`` by station."""
        plant, begin, end = self._known()
        columns = (self._core.wip if what == "wip" else self._core.queues)(plant._core, begin)
        names = np.asarray(columns["product" if what == "wip" else "station"], dtype=object)
        times = np.asarray(columns["time"]).astype("M8[ns]").astype(np.int64) - plant._core.epoch()
        levels = np.asarray(columns["level"], dtype=np.int64)
        span = end.now - begin.now
        known = plant._core.product_names() if what == "wip" else plant._core.station_names()
        means = {}
        for name in known:
            of = names == name
            held = np.diff(np.append(times[of], end.now))
            means[name] = float((levels[of] * (held / span)).sum()) if span else np.nan
        return means

    def _shares(self) -> dict[str, dict[str, float]]:
        """Share of the record that each machine spent in each condition."""
        plant, begin, end = self._known()
        columns = self._core.conditions(plant._core, end)
        span = end.now - begin.now
        start, stop = (np.asarray(columns[name]).astype("M8[ns]").astype(np.int64) for name in ("start", "end"))
        inside = stop - np.maximum(start, plant._core.epoch() + begin.now)
        shares: dict[str, dict[str, float]] = {machine: {} for machine in plant._core.machine_names()}
        for machine, condition, ns in zip(columns["machine"], columns["condition"], inside.tolist(), strict=True):
            of = shares[machine]
            of[condition] = of.get(condition, 0.0) + (ns / span if span else np.nan)
        return shares

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        what = f" of '{self._plant.name}'" if self._plant is not None else ""
        return f"<twin.History{what}: {len(self)} operations>"

    def _repr_html_(self) -> str:
        if self._plant is None:
            return _html.heading("History", "empty")
        heading = _html.heading("History", self._plant.name, f"{len(self)} operations")
        return heading + _html.short_frame(self.operations)
