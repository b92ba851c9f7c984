"""How long a run takes to forget how it began: MSER-5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._errors import InvalidArgument
from ._history import History
from ._plant import Parameters, Plant
from ._values import NOT_A_TIME, Instant, Span, end_ns, need, span64, span_ns, whole

_BATCH = 5
_SLOTS = 1000
_PILOTS = 5
_MOST_OPERATIONS = 40_000
_FEW_OPERATIONS = 10_000


class WarmUpWarning(UserWarning):
    """The warm-up that a run leaves out is shorter than pilot runs needed."""


@dataclass(frozen=True)
class Mser:
    """Where a series settles, by MSER-5.

    Attributes
    ----------
    truncation : int
        Observations to leave out, a multiple of 5.
    enough : bool
        False when this is more than half of the series: it is then too short to say where it settles.
    mean : float
        Of what is kept.
    statistic : float
        The least value of the rule: variance of the kept batch means over their number.
    n : int
        Observations given.
    """

    truncation: int
    enough: bool
    mean: float
    statistic: float
    n: int


def mser5(series: npt.ArrayLike) -> Mser:
    """Find how many of the first observations to leave out, so that the mean of the others is known best.

    Observations are averaged in batches of 5; of all d, the one is taken for which the squared standard error of the
    mean of the batches after the first d is least. The last five batches are always kept.

    Parameters
    ----------
    series : array_like
        Shape (n,): observations in order of time, at least 50, finite.

    Returns
    -------
    Mser

    Raises
    ------
    InvalidArgument
        Too few observations, or some not finite.

    Notes
    -----
    Sources: K. P. White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69
    (1997); S. C. Spratt, Heuristics for the startup problem, University of Virginia (1998).
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1 or len(values) < 10 * _BATCH:
        raise InvalidArgument(f"mser5: a series of shape {values.shape}; allowed: one dimension, {10 * _BATCH} or more")
    if not np.isfinite(values).all():
        place = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InvalidArgument(f"mser5: observation {place} is {values[place]}; allowed: finite numbers")
    count = len(values) // _BATCH
    batches = values[: count * _BATCH].reshape(count, _BATCH).mean(axis=1)
    centre = batches[count // 2 :].mean()  # sums of squares of what is near 0 lose no digits
    kept = np.arange(count, 0, -1, dtype=np.float64)
    tail = np.cumsum((batches - centre)[::-1])[::-1]
    squares = np.cumsum(((batches - centre) ** 2)[::-1])[::-1]
    statistic = (np.maximum(squares - tail**2 / kept, 0.0) / kept**2)[: count - 4]
    place = int(np.argmin(statistic))
    return Mser(
        truncation=place * _BATCH,
        enough=place <= count / 2,
        mean=float(values[place * _BATCH :].mean()),
        statistic=float(statistic[place]),
        n=len(values),
    )


@dataclass(frozen=True)
class WarmUp:
    """How long pilot runs took to settle.

    Attributes
    ----------
    needed : numpy.timedelta64
        Time since the epoch: the later of `wip` and `cycle_time`.
    wip, cycle_time : numpy.timedelta64
        By lots in the plant, averaged over slots of time; by the cycle times of lots in order of finish. NaT where
        there were too few.
    enough : bool
        False when the pilot runs were too short to say.
    span : numpy.timedelta64
        How long each pilot run was.
    """

    needed: np.timedelta64
    wip: np.timedelta64
    cycle_time: np.timedelta64
    enough: bool
    span: np.timedelta64


def warm_up(
    plant: Plant,
    *,
    seed: int | None = None,
    until: Span | Instant | None = None,
    parameters: Parameters | None = None,
    pilots: int = _PILOTS,
    operations: int = _MOST_OPERATIONS,
) -> WarmUp:
    """Estimate by MSER-5 how long a plant takes to settle, from pilot runs that start at its beginning.

    The rule looks at the mean over the runs: in one run the luck of a busy hour is as large as what it began with.

    Parameters
    ----------
    plant : Plant
        What exists.
    seed, until
        As the plant's ``run`` says unless given.
    parameters : Parameters, optional
        Numbers to use instead of the plant's own.
    pilots : int
        How many, the replications from 0 on.
    operations : int
        They end after about so many operations each, if the run's end does not come first.

    Raises
    ------
    InvalidArgument
        No end: a run until all orders have left never settles.
    """
    need(plant, Plant, "warm_up: plant", "a Plant, as twin.load gives it")
    run = plant._core.run()
    end = run["until"] if until is None else end_ns(until, plant._core.epoch(), "until")
    if end is None:
        raise InvalidArgument("warm_up: the run has no end, so it never settles; allowed: a plant with run.until")
    numbers = plant.parameters if parameters is None else parameters
    number = int(run["seed"]) if seed is None else whole(seed, "seed")
    histories = [record(plant, numbers, number, 0, end, whole(operations, "operations", 1))]
    span = histories[0]._known()[2].now
    others = range(1, whole(pilots, "pilots", 1))
    histories += [record(plant, numbers, number, 0, span, 2**62, replication) for replication in others]
    wip, wip_enough = _settled([_wip_series(history) for history in histories])
    cycle, cycle_enough = _settled([_cycle_series(history) for history in histories])
    return WarmUp(
        needed=span64(max(wip or 0, cycle or 0)),
        wip=span64(NOT_A_TIME if wip is None else wip),
        cycle_time=span64(NOT_A_TIME if cycle is None else cycle),
        enough=wip_enough and cycle_enough,
        span=span64(span),
    )


def too_short(
    plant: Plant,
    seed: int | None,
    warmup: Span | None,
    until: Span | Instant | None,
    parameters: Parameters | None = None,
    *,
    quick: bool = False,
) -> str | None:
    """Say what is wrong with the warm-up of a run, if anything is; `quick` looks at less and says less."""
    most = _FEW_OPERATIONS if quick else _MOST_OPERATIONS
    found = warm_up(plant, seed=seed, until=until, parameters=parameters, operations=most)
    declared = int(plant._core.run()["warmup"]) if warmup is None else span_ns(warmup, "warmup")
    span = _core.format_duration(_ns(found.span))
    if not found.enough:
        if quick:
            return None
        return f"warm-up: pilot runs of {span} are too short to say how long the plant takes to settle (MSER-5)"
    if _ns(found.needed) <= declared:
        return None
    had = _core.format_duration(declared) if declared else "none"
    return (
        f"warm-up: {had} is left out, but pilot runs of {span} took about "
        f"{_core.format_duration(_ns(found.needed))} to settle (MSER-5)"
    )


def _ns(span: np.timedelta64) -> int:
    return int(span.astype("m8[ns]").astype(np.int64))


def record(
    plant: Plant, parameters: Parameters, seed: int, begin: int, end: int | None, operations: int, replication: int = 0
) -> History:
    """Record a run from `begin` (ns since the epoch), until `end`, or about so many operations; None: orders done."""
    from ._state import State

    state = State.initial(plant, seed, replication, parameters=parameters)
    if begin > 0:
        state._run(begin, False, None)
    history = History()
    history._start(state)
    horizon = end if end is not None else begin + 3650 * 86400 * 10**9
    piece, now = max(1, (horizon - begin) // 65536), begin
    while now < horizon and len(history) < operations:
        before = len(history)
        now = min(now + piece, horizon)
        state._run(now, end is None, history)
        if end is None and state._core.open_orders == 0:
            break
        now = max(now, state._core.now)
        if len(history) - before < operations // 16:
            piece *= 2
    history._stop(state)
    return history


_Series = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]


def _settled(series: list[_Series]) -> tuple[int | None, bool]:
    """Find the instant from which the mean of series counts; None where they are too short to look at."""
    length = min(len(values) for _, values in series)
    if length < 10 * _BATCH:
        return None, True
    found = mser5(np.mean([values[:length] for _, values in series], axis=0))
    if not found.truncation:
        return 0, found.enough
    return int(np.mean([times[found.truncation - 1] for times, _ in series])), found.enough


def _relative(history: History, column: Any) -> npt.NDArray[np.int64]:
    return np.asarray(column).astype("M8[ns]").astype(np.int64) - history.plant._core.epoch()


def _wip_series(history: History) -> _Series:
    """Give ends of slots of equal length, and the mean number of lots in the plant in each."""
    plant, begin, end = history._known()
    columns = history._core.wip(plant._core, begin)
    times = _relative(history, columns["time"])
    levels = np.asarray(columns["level"], dtype=np.int64)
    places = {name: i for i, name in enumerate(plant._core.product_names())}
    products = np.fromiter((places[name] for name in columns["product"]), dtype=np.int64, count=len(levels))
    change = np.zeros(len(levels), dtype=np.int64)
    for product in range(len(places)):
        of = np.flatnonzero(products == product)
        change[of] = np.diff(levels[of], prepend=0)
    edges = np.linspace(begin.now, end.now, _SLOTS + 1)
    total = np.cumsum(change).astype(np.float64)
    held = np.append(np.diff(times), end.now - times[-1]).astype(np.float64) if len(times) else np.zeros(0)
    area = np.concatenate(([0.0], np.cumsum(total * held)))
    if end.now == begin.now or not len(times):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    at = np.interp(edges, np.append(times, end.now).astype(np.float64), area)
    return edges[1:].astype(np.int64), np.diff(at) / np.diff(edges)


def _cycle_series(history: History) -> _Series:
    """Give instants of finish, and cycle times in seconds."""
    columns = history._core.lots(history.plant._core)
    good = ~(np.asarray(columns["scrapped"], dtype=bool) | np.asarray(columns["cancelled"], dtype=bool))
    cycle = np.asarray(columns["cycle_time"]).astype("m8[ns]").astype(np.int64)[good] * 1e-9
    return _relative(history, columns["finish"])[good], cycle
