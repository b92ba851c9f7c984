"""Whole runs, repeated: figures and how sure they are. Alternatives side by side, under the same luck."""

from __future__ import annotations

import concurrent.futures
import functools
import json
import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core, _html, _plots
from ._errors import InvalidArgument
from ._plant import Changes, Parameters, Plant
from ._progress import ProgressOption, progress_of
from ._values import Instant, Method, Span, end_ns, method_of, need, readable, span_ns, whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ._kpis import Kpis

_LEVELS = ("p05", "p10", "p50", "p90", "p95", "p99")
_PIECE_S = 0.2


@dataclass(frozen=True)
class Estimate:
    """A figure: its mean over replications and how sure that is.

    Attributes
    ----------
    name : str
        ``part.cycle_time``.
    mean, half_width : float
        In SI (see `unit`); half-width of the 95 % interval, NaN when `n` is below 2.
    n : int
        Replications that had data.
    unit : str
        ``s``, ``1/s`` or ``1``.
    sample : numpy.ndarray
        Shape (replications,): the figure of each; NaN where one had no data.
    quantiles : dict
        Estimates of the quantiles of single lots, where there are: ``p05`` to ``p99``; also attributes, as in
        ``result["part.cycle_time"].p95.mean``.
    """

    name: str
    mean: float
    half_width: float
    n: int
    unit: str
    sample: npt.NDArray[np.float64] = field(repr=False, compare=False)
    quantiles: dict[str, Estimate] = field(default_factory=dict, repr=False)

    def __getattr__(self, name: str) -> Estimate:
        quantiles: dict[str, Estimate] = self.__dict__.get("quantiles", {})
        if name in quantiles:
            return quantiles[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.quantiles]

    def __str__(self) -> str:
        mean, half_width, unit = readable(self.mean, self.half_width, self.unit)
        return f"{mean} ± {half_width} {unit}".rstrip()


def estimate_of(name: str, sample: npt.NDArray[np.float64], unit: str) -> Estimate:
    """Make an estimate of independent values; those that are not finite have no data and are left out."""
    known = sample[np.isfinite(sample)]
    n = len(known)
    mean = float(known.mean()) if n else math.nan
    half = _core.student_t(0.95, n - 1) * float(known.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    return Estimate(name, mean, half, n, unit, sample)


def is_metric(plant: Plant, name: str) -> bool:
    """Whether a plant has a figure of that name: ``part.cycle_time``, with ``.mean`` or ``.p95`` too."""
    base, _, statistic = name.rpartition(".")
    known = {metric for metric, _ in _core.metrics(plant._core)}
    return name in known or (base in known and (statistic == "mean" or statistic in _LEVELS))


def _is_quantile(metric: str) -> bool:
    return metric.rpartition(".")[2] in _LEVELS


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


class Result:
    """Figures of all replications of a run.

    ``result["part.cycle_time"]`` is an `Estimate`; `kpis` are all of them as a frame, `values` all replications.
    """

    def __init__(self, core: _core.Result, plant_name: str) -> None:
        self._core = core
        self._plant_name = plant_name
        self._metrics = core.metrics
        self._places = {name: i for i, (name, _) in enumerate(self._metrics)}

    @property
    def metrics(self) -> list[str]:
        """Names of the figures: the columns of `values`."""
        return [name for name, _ in self._metrics]

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Shape (replications, metrics), in SI; NaN where a replication has no data."""
        return self._core.values

    @property
    def replications(self) -> int:
        """How many."""
        return self._core.replications

    @property
    def completed(self) -> int:
        """Good lots after the warm-up, all replications."""
        return self._core.completed

    @property
    def events(self) -> int:
        """Events run, warm-up included, all replications."""
        return self._core.events

    @property
    def cpu_s(self) -> float:
        """CPU time of advancing, all threads."""
        return self._core.cpu_s

    @property
    def digest(self) -> str:
        """Hash of every operation of every replication."""
        return self._core.digest

    @property
    def method(self) -> str:
        """How it was run: ``events`` or ``recursion``."""
        return self._core.method

    @property
    def unfinished(self) -> int:
        """Replications to be run until all orders had left that came to a standstill."""
        return self._core.unfinished

    @property
    def kpis(self) -> pd.DataFrame:
        """Table of name, mean, half_width, n, unit; in SI, as `unit` says."""
        import pandas as pd

        estimates = self._core.estimates
        return pd.DataFrame(
            {
                "name": pd.Series(self.metrics, dtype="str"),
                "mean": [e.mean for e in estimates],
                "half_width": [e.half_width for e in estimates],
                "n": [e.n for e in estimates],
                "unit": pd.Series([unit for _, unit in self._metrics], dtype="str"),
            }
        )

    @property
    def iso22400(self) -> Kpis:
        """Indicators by the names of ISO 22400-2; see `twin.iso22400`."""
        from ._kpis import iso22400

        return iso22400(self)

    def __getitem__(self, name: str) -> Estimate:
        if name not in self._places and name.endswith(".mean"):
            name = name.removesuffix(".mean")
        quantiles = {} if _is_quantile(name) else {level: f"{name}.{level}" for level in _LEVELS}
        return self._estimate(name, {k: self._estimate(v, {}) for k, v in quantiles.items() if v in self._places})

    def _estimate(self, name: str, quantiles: dict[str, Estimate]) -> Estimate:
        place = self._core.index(name)
        e = self._estimates[place]
        sample = self._values[:, place].copy()
        return Estimate(name, e.mean, e.half_width, e.n, self._metrics[place][1], sample, quantiles)

    @functools.cached_property
    def _estimates(self) -> list[_core.Estimate]:
        return self._core.estimates

    @functools.cached_property
    def _values(self) -> npt.NDArray[np.float64]:
        return self._core.values

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def to_dict(self) -> dict[str, Any]:
        """Give what ``twin run --json`` prints.

        Returns
        -------
        dict
            ``{"metrics": {name: {"mean", "half_width", "n"}}, "iso22400", "completed", "events", "cpu_s", "method",
            "digest"}``;
            names say the statistic (``part.cycle_time.mean``, ``part.cycle_time.p95``), numbers are SI, no data is
            None. ``iso22400`` has the same three numbers by the names of ISO 22400-2 (``mill.availability``).
        """

        def numbers(e: _core.Estimate | Estimate) -> dict[str, float | int | None]:
            return {"mean": _or_none(e.mean), "half_width": _or_none(e.half_width), "n": e.n}

        estimates = zip(self.metrics, self._core.estimates, strict=True)
        return {
            "metrics": {(name if _is_quantile(name) else f"{name}.mean"): numbers(e) for name, e in estimates},
            "iso22400": {name: numbers(e) for name, e in self.iso22400.items()},
            "completed": self.completed,
            "events": self.events,
            "cpu_s": self.cpu_s,
            "method": self.method,
            "digest": self.digest,
        }

    def to_json(self) -> str:
        """Give `to_dict` as text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)

    def plot(self, metrics: list[str] | None = None, ax: Axes | None = None) -> Axes:
        """Draw figures with their 95 % intervals.

        Parameters
        ----------
        metrics : list of str, optional
            Of one unit; the utilisation of each station unless given.
        ax : matplotlib.axes.Axes, optional
            Where; a new figure unless given.
        """
        return _plots.estimates(self, metrics, ax)

    def plot_conditions(self, ax: Axes | None = None) -> Axes:
        """Draw the share of time of each station in each condition, mean over replications."""
        return _plots.shares(self, ax)

    def _rows(self) -> list[tuple[str, str, str, str]]:
        """Figures that have data, quantiles apart, as people read them."""
        rows = []
        for (name, unit), e in zip(self._metrics, self._core.estimates, strict=True):
            if e.n and not _is_quantile(name):
                mean, half_width, shown = readable(e.mean, e.half_width, unit)
                rows.append((name, mean, "" if math.isnan(e.half_width) else f"± {half_width}", shown))
        return rows

    def _facts(self) -> list[str]:
        count = f"{self.replications} replication" + ("" if self.replications == 1 else "s")
        facts = [self._plant_name, count, f"{self.completed} lots completed", f"{self.events} events"]
        return [*facts, f"{self.unfinished} unfinished"] if self.unfinished else facts

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, (self._core, self._plant_name)

    def __repr__(self) -> str:
        return f"<twin.Result of '{self._plant_name}': {', '.join(self._facts()[1:])}>"

    def __str__(self) -> str:
        rows = self._rows()
        wide = max((len(row[0]) for row in rows), default=0)
        lines = [f"{name:<{wide}}  {mean:>10} {half:>11} {unit}".rstrip() for name, mean, half, unit in rows]
        return "\n".join([", ".join(self._facts()), *lines])

    def _repr_html_(self) -> str:
        head = _html.heading("Result", *self._facts())
        return head + _html.table(("figure", "mean", "95 %", "unit"), self._rows())


@dataclass(frozen=True)
class _Options:
    """Options of `simulate` as the engine takes them: plain data that may go to another process."""

    seed: int | None
    warmup: int | None
    until: int | None
    quantiles: bool
    method: str


def _options(
    plant: Plant, seed: int | None, warmup: Span | None, until: Span | Instant | None, q: bool, method: str
) -> _Options:
    return _Options(
        None if seed is None else whole(seed, "seed"),
        None if warmup is None else span_ns(warmup, "warmup"),
        None if until is None else end_ns(until, plant._core.epoch(), "until"),
        q,
        method_of(method),
    )


def _run(
    plant: Plant, parameters: Parameters, o: _Options, first: int, n: int, threads: int, told: Any
) -> _core.Result:
    return _core.simulate(
        plant._core, parameters._core, n, o.seed, o.warmup, o.until, threads, first, o.quantiles, o.method, told
    )


def _piece(plant: Plant, parameters: Parameters, options: _Options, first: int, n: int) -> _core.Result:
    """Do a range of replications; what an executor's task does."""
    return _run(plant, parameters, options, first, n, 1, None)


def _spread(
    executor: concurrent.futures.Executor, plant: Plant, parameters: Parameters, options: _Options, n: int, told: Any
) -> _core.Result:
    """Run replications in pieces that are worth a task; the first one, here, tells how many that are."""
    began = time.perf_counter()
    pieces = [_piece(plant, parameters, options, 0, 1)]
    each_s = max(time.perf_counter() - began, 1e-6)
    workers = int(getattr(executor, "_max_workers", 0) or 8)
    size = max(1, min(math.ceil(_PIECE_S / each_s), math.ceil((n - 1) / workers)))
    tasks = [
        executor.submit(_piece, plant, parameters, options, first, min(size, n - first)) for first in range(1, n, size)
    ]
    done = 1
    try:
        for task in tasks:
            piece = task.result()
            pieces.append(piece)
            done += piece.replications
            if told is not None:
                told(done, n)
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
    return _core.merge(pieces)


def simulate(
    plant: Plant,
    replications: int | None = None,
    seed: int | None = None,
    warmup: Span | None = None,
    until: Span | Instant | None = None,
    threads: int | None = None,
    progress: ProgressOption = None,
    *,
    parameters: Parameters | None = None,
    quantiles: bool = True,
    method: Method = "auto",
    executor: concurrent.futures.Executor | None = None,
) -> Result:
    """Run a plant from its beginning, so many times, and measure.

    Parameters
    ----------
    plant : Plant
        What exists.
    replications, seed, warmup, until
        As the plant's ``run`` says unless given; without an end, until all orders have left. Figures count from the
        warm-up on. With ``warmup="check"`` the plant's own is used, and a `WarmUpWarning` given if pilot runs take
        longer to settle (see `warm_up`).
    threads : int, optional
        As many as the hardware runs unless given. The outcome is the same bits for any number.
    progress : bool or callable, optional
        A bar on a terminal or in a notebook unless False; or a function of (done, total).
    parameters : Parameters, optional
        Numbers to use instead of the plant's own.
    quantiles : bool
        Also quantiles over lots, such as ``part.cycle_time.p95``.
    method : {"auto", "events", "recursion"}
        By a list of events, or without one where the plant is a static line. ``auto`` takes the faster one that the
        plant allows; the outcome is the same bits.
    executor : concurrent.futures.Executor, optional
        Runs the replications in tasks: processes, a cluster. The outcome is the same bits, CPU time apart.

    Returns
    -------
    Result

    Raises
    ------
    InvalidArgument
        No end, a warm-up at or after it, numbers out of range, or a method that the plant does not allow; all that
        stands against it is told.
    KeyboardInterrupt
        Stopped by Ctrl-C.
    """
    need(plant, Plant, "simulate: plant", "a Plant, as twin.load gives it")
    numbers = plant.parameters if parameters is None else parameters
    if isinstance(warmup, str) and warmup == "check":
        from ._warmup import WarmUpWarning, too_short

        warmup = None
        problem = too_short(plant, seed, None, until, numbers)
        if problem is not None:
            warnings.warn(problem, WarmUpWarning, stacklevel=2)
    options = _options(plant, seed, warmup, until, quantiles, method)
    n = _count(replications, "replications")
    with progress_of(progress, "simulating") as told:
        if executor is None:
            core = _run(plant, numbers, options, 0, n, _count(threads, "threads"), told)
        else:
            core = _spread(executor, plant, numbers, options, n or plant.run["replications"], told)
    return Result(core, plant.name)


def _count(value: int | None, name: str) -> int:
    """0 is the engine's word for what is not given."""
    return 0 if value is None else whole(value, name, 1)


def compare(
    plant: Plant | Mapping[str, Plant],
    scenarios: Mapping[str, Changes] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    warmup: Span | None = None,
    until: Span | Instant | None = None,
    threads: int | None = None,
    progress: ProgressOption = None,
    quantiles: bool = True,
    method: Method = "auto",
) -> Comparison:
    """Run the same replications of several plants from their beginning, under the same luck.

    Parameters
    ----------
    plant : Plant or mapping of Plant
        One plant to change, or alternatives by name.
    scenarios : mapping, optional
        Name -> changes, as for `Plant.change`; the plant's ``what_if`` block unless given. The plant as it is comes
        first, called ``as is``, unless a scenario without changes is among them.
    replications, seed, warmup, until, threads, progress, quantiles, method
        See `simulate`; of the first plant unless given.

    Returns
    -------
    Comparison
    """
    if isinstance(plant, Plant):
        wanted = with_baseline(plant.what_if if scenarios is None else scenarios)
        plants = {name: plant.change(changes) if changes else plant for name, changes in wanted.items()}
    else:
        if scenarios is not None:
            raise InvalidArgument("compare: scenarios belong to one plant; allowed: a Plant, or a mapping alone")
        need(plant, Mapping, "compare: plant", "a Plant, or a mapping of names to Plants")
        plants = dict(plant)
        for name, one in plants.items():
            need(one, Plant, f"compare: '{name}'", "a Plant")
    if not plants:
        raise InvalidArgument("compare: no alternative; allowed: one or more")
    first = next(iter(plants.values()))
    o = _options(first, seed, warmup, until, quantiles, method)
    given = [(name, one._core, one._core.parameters()) for name, one in plants.items()]
    with progress_of(progress, "comparing") as told:
        core = _core.compare_plants(
            given,
            _count(replications, "replications"),
            o.seed,
            o.warmup,
            o.until,
            _count(threads, "threads"),
            o.quantiles,
            o.method,
            told,
        )
    return Comparison(core, plants)


def with_baseline(scenarios: Mapping[str, Changes]) -> dict[str, Changes]:
    """Put the plant as it is first, unless it is among the scenarios."""
    need(
        scenarios,
        Mapping,
        "scenarios",
        "a mapping of names to changes, as {'two mills': {'stations.mill.machines': 2}}",
    )
    for name, changes in scenarios.items():
        is_state = type(changes).__name__ == "State"
        if not is_state:
            need(changes, Mapping, f"scenarios: '{name}'", "changes, as {'stations.mill.machines': 2}, or a State")
    if all(scenarios.values()):
        return {"as is": {}, **scenarios}
    return dict(scenarios)


class Comparison:
    """Runs of several alternatives: `compare` sets them side by side in one figure.

    ``comparison["second mill"]`` is the `Result` or `Forecast` of one alternative.
    """

    def __init__(self, core: _core.Comparison, plants: Mapping[str, Plant], states: Mapping[str, Any] | None = None):
        self._core = core
        self._plants = dict(plants)
        self._states = None if states is None else dict(states)

    @property
    def names(self) -> list[str]:
        """The alternatives; the first is the baseline unless said otherwise."""
        return self._core.names

    def __getitem__(self, name: str) -> Any:
        from ._forecast import Forecast

        outcome = self._core.outcome(name)
        if isinstance(outcome, _core.Result):
            return Result(outcome, self._plants[name].name)
        assert self._states is not None
        return Forecast(outcome, self._states[name])

    def sample(self, name: str, metric: str) -> npt.NDArray[np.float64]:
        """Give a figure of an alternative in each run, in SI; an instant in seconds since the state's clock."""
        return self._core.sample(name, metric)

    def compare(self, metric: str, baseline: str | None = None, *, smaller_is_better: bool = True) -> pd.DataFrame:
        """Set all alternatives side by side in one figure.

        Parameters
        ----------
        metric : str
            ``order.finish``, ``part.cycle_time``.
        baseline : str, optional
            What differences are taken to; the first alternative unless given.
        smaller_is_better : bool
            For ``best``.

        Returns
        -------
        pandas.DataFrame
            Table of name; mean and half_width of its 95 % interval, n; difference to the baseline, run by run, with
            difference_half_width; best: share of runs in which it is the best; correlation with the baseline. Instants
            are datetime64, times are timedelta64, other figures SI.
        """
        import pandas as pd

        rows = self._core.compare(metric, baseline or "", smaller_is_better)
        kind = self._kind(metric)
        means = [row.value.mean for row in rows]
        columns: dict[str, Any] = {"name": pd.Series([row.name for row in rows], dtype="str")}
        columns["mean"] = self._instants(means) if kind == "instant" else _column(means, kind)
        columns["half_width"] = _column([row.value.half_width for row in rows], kind)
        columns["n"] = [row.value.n for row in rows]
        columns["difference"] = _column([row.difference.mean for row in rows], kind)
        columns["difference_half_width"] = _column([row.difference.half_width for row in rows], kind)
        columns["best"] = [row.best for row in rows]
        columns["correlation"] = [row.correlation for row in rows]
        return pd.DataFrame(columns)

    def plot(self, metric: str | None = None, baseline: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the difference of each alternative to the baseline, with its 95 % interval."""
        return _plots.differences(self, self._default_metric() if metric is None else metric, baseline, ax)

    def _default_metric(self) -> str:
        known = self._known()
        return next(name for name in ("order.finish", "plant.cycle_time", *known) if name in known)

    def _known(self) -> dict[str, str]:
        """Figures of the first alternative, with their units; ``instant`` for instants."""
        outcome = self._core.outcome(self.names[0])
        known = dict(outcome.metrics)
        if isinstance(outcome, _core.Forecast):
            known = dict.fromkeys(outcome.names, "instant") | known
        return known

    def _kind(self, metric: str) -> str:
        return self._known().get(metric, "1")

    def _instants(self, seconds: list[float]) -> pd.Series[Any]:
        import pandas as pd

        assert self._states is not None
        now = next(iter(self._states.values())).now
        return pd.Series(now + _column(seconds, "s").to_numpy(), dtype="datetime64[ns]")

    def _rows(self, metric: str) -> list[tuple[str, ...]]:
        """Alternatives as people read them: name, value, difference to the first, share of runs in which it is best."""
        rows: list[tuple[str, ...]] = []
        instants = self._kind(metric) == "instant"
        kind = "s" if instants else self._kind(metric)
        for i, row in enumerate(self._core.compare(metric, "", True)):
            mean, half, unit = readable(row.value.mean, row.value.half_width, kind)
            value = f"{mean} ± {half} {unit}".rstrip()
            if instants:
                value = str(self._instants([row.value.mean]).iloc[0])[:16]
            change, half, unit = readable(row.difference.mean, row.difference.half_width, kind)
            sign = "+" if row.difference.mean > 0 else ""
            difference = f"{sign}{change} ± {half} {unit}".rstrip() if i else "–"
            if i and row.difference.mean == 0 and row.difference.half_width == 0:
                difference = "no change"
            rows.append((row.name, value, difference, f"{row.best:.0%}"))
        return rows

    def __reduce__(self) -> tuple[Any, ...]:
        return Comparison, (self._core, self._plants, self._states)

    def __repr__(self) -> str:
        return f"<twin.Comparison of {', '.join(repr(name) for name in self.names)}>"

    def __str__(self) -> str:
        metric = self._default_metric()
        return _html.text_table(("scenario", f"mean of {metric}", "difference", "best"), self._rows(metric))

    def _repr_html_(self) -> str:
        metric = self._default_metric()
        header = ("scenario", f"mean of {metric}", "difference", "best")
        return _html.heading("Comparison", *self.names) + _html.table(header, self._rows(metric))


def _column(values: list[float], kind: str) -> pd.Series[Any]:
    """Make a column: times as timedelta64[ns], other figures as they are."""
    import pandas as pd

    if kind not in ("s", "instant"):
        return pd.Series(values, dtype="float64")
    ns = np.array([round(v * 1e9) if math.isfinite(v) else np.iinfo(np.int64).min for v in values], dtype=np.int64)
    return pd.Series(ns.view("m8[ns]"))
