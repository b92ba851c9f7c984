"""What a run tells while it happens: operations, lots, conditions of machines, queues and work in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _core, _html, _plots
from ._errors import InvalidArgument
from ._values import frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

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
