"""Twins of real floors: what is planned, what the machines said, and what follows for any instant."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core, _plots
from ._errors import InvalidArgument
from ._logs import Log, Operations, Rules, read_logs
from ._plant import Plant
from ._progress import ProgressOption, progress_of
from ._state import State
from ._values import Instant, frame, instant64, instant_ns, need, whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Standing:
    """The floor at one instant, told from what was known by then."""

    def __init__(self, core: _core.Standing) -> None:
        self._core = core
        self._plant = Plant(core.plant)

    @property
    def plant(self) -> Plant:
        """The order sheet with what was learnt by then; its YAML says where each number comes from."""
        return self._plant

    @property
    def state(self) -> State:
        """Which part is where, and what is left of the work under way."""
        return State(self._plant, self._core.state())

    @property
    def operations(self) -> Operations:
        """Everything that had started, work under way included."""
        return Operations(self._core.operations())

    @property
    def contradictions(self) -> pd.DataFrame:
        """Where floor and sheet contradict each other, and what was made of it."""
        return frame(self._core.contradictions())

    def __repr__(self) -> str:
        return f"<twin.Standing at {self.state.now}: {len(self.operations)} operations>"


class Followed:
    """One operation as it ran: when it was expected to end, again and again, and when it did.

    Attributes
    ----------
    frame : pandas.DataFrame
        Table of instant, p10, p50, p90 (predicted end).
    start, end : numpy.datetime64
        As it happened.
    """

    def __init__(self, core: dict[str, Any], title: str) -> None:
        self.start = instant64(core.pop("start"))
        self.end = instant64(core.pop("end"))
        self.frame = frame(core)
        self._title = title

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw predicted against actual finish as the operation runs."""
        return _plots.followed(self.frame, self.start, self.end, self._title, ax)


class Twin:
    """Follows a real floor: an order sheet, the rules that say what logs mean, and the logs.

    Asked for an instant, it reads nothing that is stamped later; a line that came in late counts by its stamp.

    Parameters
    ----------
    sheet : Plant
        Orders, routes, machines, calendars, and times as planned, with wide spreads; see ``scenarios/nist-box``.
    rules : Rules, str or Path, optional
        What the items of a log mean; else `Rules.generic`: one continuous log per machine, named after it, with the
        common names of items, which tells part and operation itself.
    """

    def __init__(self, sheet: Plant, rules: Rules | str | os.PathLike[str] | None = None) -> None:
        need(sheet, Plant, "Twin: sheet", "a Plant, as twin.load gives it")
        rules = Rules.generic() if rules is None else rules
        need(rules, (Rules, str, os.PathLike), "Twin: rules", "Rules, the path of a file of them, or None")
        self._sheet = sheet
        self._rules = rules if isinstance(rules, Rules) else Rules.load(rules)
        self._core = _core.Twin(sheet._core, self._rules._core)

    @property
    def sheet(self) -> Plant:
        """The plant as planned."""
        return self._sheet

    @property
    def rules(self) -> Rules:
        """What the logs mean."""
        return self._rules

    def observe(self, logs: Log | Iterable[Log] | str | os.PathLike[str]) -> Twin:
        """Take logs in: read ones, or a folder of them. Pieces of one log may come in any order.

        Returns
        -------
        Twin
            This twin, so that calls may be chained.

        Raises
        ------
        InvalidArgument
            No such folder, or no file in it matches the rules.
        """
        if isinstance(logs, str | os.PathLike):
            logs = read_logs(Path(logs), self._rules)
        need(logs, (Log, Iterable), "observe: logs", "a Log, several, or the path of a folder of them")
        given = [logs] if isinstance(logs, Log) else list(logs)
        for log in given:
            need(log, Log, "observe: logs", "a Log, several, or the path of a folder of them")
        self._core.observe([log._core for log in given])
        return self

    @property
    def period(self) -> tuple[np.datetime64, np.datetime64]:
        """First and last instant observed.

        Raises
        ------
        InvalidArgument
            Nothing was observed yet.
        """
        first, last = self._core.period()
        if last == 0:
            raise InvalidArgument("this twin has observed nothing yet; give it logs with observe()")
        return instant64(first), instant64(last)

    @property
    def state(self) -> State:
        """The floor as of the last observation."""
        return self.at(self.period[1])

    def operations(self, until: Instant | None = None) -> Operations:
        """Give the operations known at `until`; without it all, logs taken as ended."""
        return Operations(self._core.operations(None if until is None else instant_ns(until, "until")))

    def learned(self, until: Instant | None = None) -> Plant:
        """Give the sheet with what the operations up to `until` teach, provenance in its YAML.

        Parameters
        ----------
        until : datetime or str, optional
            Learn only from what was known then; else from everything.
        """
        return Plant(self._core.learned(self._instant(until)))

    def provenance(self, until: Instant | None = None) -> pd.DataFrame:
        """Tell where each learnt number comes from: path, n, first, last, method, family, aic, ks, ks_p."""
        import pandas as pd

        rows = [{"path": path, **facts} for path, facts in self._core.provenance(self._instant(until)).items()]
        table = pd.DataFrame(rows, columns=["path", "n", "first", "last", "method", "family", "aic", "ks", "ks_p"])
        for column in ("first", "last"):
            table[column] = pd.to_datetime(table[column].where(table["n"] > 0), unit="ns")
        return table

    def standing(self, at: Instant, *, use_progress: bool = True, seed: int = 0) -> Standing:
        """Stand at an instant: plant, state, operations and contradictions as known then.

        Parameters
        ----------
        at : datetime or str
            The instant; only observations up to it are read.
        use_progress : bool
            Tell what is left of work under way from how far its program has come, where earlier runs are known.
        seed : int
            Of the state's luck and that of its branches.
        """
        return Standing(self._core.at(instant_ns(at, "at"), use_progress, seed))

    def at(self, at: Instant, *, use_progress: bool = True, seed: int = 0) -> State:
        """Give the state of the floor at an instant, of the plant learnt by then; see `standing`."""
        return self.standing(at, use_progress=use_progress, seed=seed).state

    def follow(self, part: str, operation: str, points: int = 50) -> Followed:
        """Follow one completed operation: when it was expected to end, as it ran.

        Raises
        ------
        InvalidArgument
            The logs hold no such completed operation.
        """
        return Followed(self._core.follow(part, operation, points), f"{part} {operation}")

    def _instant(self, until: Instant | None) -> int:
        return int(self.period[1].astype(np.int64)) if until is None else instant_ns(until, "until")

    def __repr__(self) -> str:
        return f"<twin.Twin of '{self._sheet.name}': {self._core.logs()} logs>"


class Backtest:
    """How good the forecasts of a twin would have been; make one with `backtest`."""

    def __init__(self, core: _core.Backtest) -> None:
        self._core = core

    @property
    def instants(self) -> npt.NDArray[np.datetime64]:
        """Where it stood."""
        return self._core.instants()

    @property
    def targets(self) -> pd.DataFrame:
        """Every forecast: instant, part, operation, machine, seen, in_work, actual end, p10, p50, p90, naive ones."""
        return frame(self._core.targets())

    @property
    def half_way(self) -> pd.DataFrame:
        """Operations with three or more earlier runs, told at the middle: predicted, actual and naive time left."""
        return frame(self._core.half_way())

    def to_dict(self) -> dict[str, Any]:
        """Give the figures as one document; figures without data are None.

        ``seen`` and ``unseen`` part the kinds of operation of which one had been completed before from the others;
        ``in_work`` are those of the seen that were under way. Scores are in seconds, but `coverage80`, a share. A
        naive forecast is one instant, which no interval surrounds, so it covers nothing.
        """
        report = {
            "seen": self._core.seen(),
            "unseen": self._core.unseen(),
            "in_work": self._core.in_work(),
            "half_way": {
                "median_error_share": self._core.median_error_share,
                "naive": self._core.naive_median_error_share,
                "n": len(self.half_way),
            },
            "instants": len(self.instants),
            "inside": self._core.inside,
        }
        cleaned: dict[str, Any] = _without_nan(report)
        return cleaned

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw forecasts against what happened, and the errors half-way by kind; also into a file."""
        figure = _plots.backtest(self.targets, self.half_way)
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    def __repr__(self) -> str:
        share = self._core.median_error_share
        return f"<twin.Backtest: {len(self.instants)} instants, half-way median error {share:.2%}>"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def backtest(
    floor: Twin,
    instants: int = 60,
    futures: int = 300,
    *,
    seed: int = 0,
    progress: ProgressOption = None,
) -> Backtest:
    """Stand at instants of the past, learn from what was known, forecast, and compare with what happened.

    Parameters
    ----------
    floor : Twin
        With the logs of the whole order.
    instants : int
        Placed by operations: two in three inside one, the others just after an end.
    futures : int
        Branches at each.

    Raises
    ------
    InvalidArgument
        Fewer than 1 instant or 2 futures, or logs without a completed operation.
    KeyboardInterrupt
        Stopped by Ctrl-C.
    """
    need(floor, Twin, "backtest: floor", "a Twin that has observed logs")
    for value, name, least in ((instants, "instants", 1), (futures, "futures", 2), (seed, "seed", 0)):
        whole(value, name, least)
    with progress_of(progress, "backtest") as tell:
        return Backtest(floor._core.backtest(instants, futures, seed, tell))
