"""What happens next, and what if: many futures of one state, each with its own luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from . import _core, _html, _plots
from ._errors import InvalidArgument
from ._plant import Changes, Parameters, Plant
from ._progress import ProgressOption, progress_of
from ._state import State
from ._study import Comparison, _count, with_baseline
from ._values import Instant, Method, Span, end_ns, instant64, method_of, need, span_ns, whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Finish:
    """When one thing happens, over all futures."""

    def __init__(self, forecast: Forecast, name: str) -> None:
        self._forecast = forecast
        self.name = name

    @property
    def samples(self) -> npt.NDArray[np.datetime64]:
        """Shape (futures,), datetime64[ns]; NaT where it does not happen by the horizon."""
        return self._forecast._core.instants_of(self.name, self._forecast.plant._core)

    @overload
    def quantile(self, p: float) -> np.datetime64: ...
    @overload
    def quantile(self, p: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.datetime64]: ...
    def quantile(
        self, p: float | Sequence[float] | npt.NDArray[np.float64]
    ) -> np.datetime64 | npt.NDArray[np.datetime64]:
        """Give the instant by which it has happened in a share `p` of the futures.

        Returns
        -------
        numpy.datetime64 or numpy.ndarray
            Of the shape of `p`, datetime64[ns]; NaT where that is beyond the horizon.

        Raises
        ------
        InvalidArgument
            A share outside [0, 1].
        """
        shares = np.asarray(p, dtype=np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise InvalidArgument(f"quantile: {p!r}; allowed: shares from 0 to 1")
        core, plant = self._forecast._core, self._forecast.plant._core
        ns = np.array([core.quantile(self.name, float(share), plant) for share in shares.ravel()], dtype=np.int64)
        out = ns.view("M8[ns]").reshape(shares.shape)
        return out if shares.ndim else out[()]

    @property
    def mean(self) -> np.datetime64:
        """Mean instant; NaT when some future does not reach it by the horizon."""
        return instant64(self._forecast._core.mean(self.name, self._forecast.plant._core))

    def probability_before(self, instant: Instant | Span) -> float:
        """Give the share of futures in which it has happened at an instant (or so long after the epoch) or before."""
        epoch = self._forecast.plant._core.epoch()
        ns = end_ns(instant, epoch, "instant") + epoch
        return self._forecast._core.probability_before(self.name, ns, self._forecast.plant._core)

    def __repr__(self) -> str:
        low, middle, high = (_minute(t) for t in self.quantile([0.1, 0.5, 0.9]))
        return f"<{self.name}: P10 {low}, P50 {middle}, P90 {high}>"


class Quantity:
    """A number at the end of each future."""

    def __init__(self, name: str, unit: str, samples: npt.NDArray[np.float64]) -> None:
        self.name = name
        self.unit = unit
        self.samples = samples

    def quantile(self, p: float | Sequence[float]) -> npt.NDArray[np.float64]:
        """Give quantiles over the futures, in SI."""
        return np.asarray(np.nanquantile(self.samples, p))

    @property
    def mean(self) -> float:
        """Mean over the futures, in SI."""
        return float(np.nanmean(self.samples))

    def __repr__(self) -> str:
        return f"<{self.name}: mean {self.mean:g}, unit {self.unit}>"


def _minute(instant: np.datetime64) -> str:
    return "not by the horizon" if np.isnat(instant) else str(instant.astype("M8[m]")).replace("T", " ")


class Forecast:
    """Instants and figures of many futures of a state.

    ``forecast["order.finish"].quantile([0.1, 0.5, 0.9])`` gives instants; `names` tells what there is:
    ``Box-07.finish`` for lots, ``operation.Hurco02.finish`` for what is in work, ``Box.finish`` for orders and
    ``order.finish`` for everything ordered. Figures such as ``plant.throughput`` may be asked for as well.
    """

    def __init__(self, core: _core.Forecast, state: State) -> None:
        self._core = core
        self._state = state

    @property
    def plant(self) -> Plant:
        """The plant of the state."""
        return self._state.plant

    @property
    def state(self) -> State:
        """The state that the futures begin with."""
        return self._state

    @property
    def names(self) -> list[str]:
        """Of the instants."""
        return self._core.names

    @property
    def metrics(self) -> list[str]:
        """Of the figures that each future ends with."""
        return [name for name, _ in self._core.metrics]

    @property
    def futures(self) -> int:
        """How many."""
        return self._core.futures

    @property
    def now(self) -> np.datetime64:
        """The state's clock."""
        return instant64(self.plant._core.epoch() + self._core.now)

    @property
    def method(self) -> str:
        """How the futures were run: ``events`` or ``recursion``."""
        return self._core.method

    @property
    def digest(self) -> str:
        """Hash of every operation of every future."""
        return self._core.digest

    @property
    def events(self) -> int:
        """Events run, all futures."""
        return self._core.events

    @property
    def cpu_s(self) -> float:
        """CPU time of branching and advancing, all threads."""
        return self._core.cpu_s

    def __getitem__(self, name: str) -> Any:
        if self._core.has(name):
            return Finish(self, name)
        samples = self._core.sample(name)  # names what there is, when there is none
        return Quantity(name, dict(self._core.metrics)[name], samples)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (self._core.has(name) or name in dict(self._core.metrics))

    def table(self, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Give quantiles of all instants.

        Returns
        -------
        pandas.DataFrame
            Table of name, then a column for each quantile (P10, P50, P90), then mean.
        """
        import pandas as pd

        columns: dict[str, Any] = {"name": pd.Series(self.names, dtype="str")}
        rows = [self[name].quantile(list(quantiles)) for name in self.names]
        for i, p in enumerate(quantiles):
            columns[f"P{100 * p:g}"] = pd.Series([row[i] for row in rows], dtype="datetime64[ns]")
        columns["mean"] = pd.Series([self[name].mean for name in self.names], dtype="datetime64[ns]")
        return pd.DataFrame(columns)

    def plot(self, names: Sequence[str] | None = None) -> Figure:
        """Draw the fan of lots done over time, and below it when each thing finishes.

        Parameters
        ----------
        names : sequence of str, optional
            What the lower part shows; orders and operations in work unless given, lots where these are few.
        """
        return _plots.forecast(self, names)

    def plot_fan(self, ax: Axes | None = None) -> Axes:
        """Draw how many lots are done over time: the median, and the bands of 50 % and 80 % of the futures."""
        return _plots.fan(self, ax)

    def plot_finishes(self, names: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Draw P10 to P90 of each instant, with the median."""
        return _plots.finishes(self, names, ax)

    def __reduce__(self) -> tuple[Any, ...]:
        return Forecast, (self._core, self._state)

    def _facts(self) -> list[str]:
        return [f"{self.futures} futures", f"from {_minute(self.now)}", f"{len(self.names)} instants"]

    def __repr__(self) -> str:
        return f"<twin.Forecast of '{self.plant.name}': {', '.join(self._facts())}>"

    def _repr_html_(self) -> str:
        rows = [[name, *map(_minute, self[name].quantile([0.1, 0.5, 0.9]))] for name in self.names]
        heading = _html.heading("Forecast", self.plant.name, *self._facts())
        return heading + _html.table(("finish", "P10", "P50", "P90"), rows[-30:])


def forecast(
    state: State,
    futures: int = 1000,
    horizon: Span | None = None,
    *,
    seed: int | None = None,
    threads: int | None = None,
    progress: ProgressOption = None,
    parameters: Sequence[Parameters] | None = None,
    first_replication: int = 1,
    method: Method = "auto",
) -> Forecast:
    """Run many futures of a state ahead.

    Parameters
    ----------
    state : State
        Start; unchanged, since each future runs on its own branch.
    futures : int
        At least 1.
    horizon : str or timedelta, optional
        How far to look; until every ordered lot has left, unless given.
    seed : int, optional
        Of the futures' luck; the state's unless given.
    threads, progress
        See `simulate`. The outcome is the same bits for any number of threads.
    parameters : sequence of Parameters, optional
        Where the numbers are uncertain themselves: future i takes set i modulo their number.
    first_replication : int
        Future i draws as replication ``first_replication + i``.
    method : {"auto", "events", "recursion"}
        See `simulate`.

    Returns
    -------
    Forecast

    Raises
    ------
    InvalidArgument
        Fewer than 1 future, a horizon that is not positive, or none although no order is open.
    KeyboardInterrupt
        Stopped by Ctrl-C.
    """
    need(state, State, "forecast: state", "a State, as twin.State.initial(plant) gives it")
    numbers = [state.parameters._core] if parameters is None else [one._core for one in parameters]
    start = State(state.plant, _seeded(state, seed), state.parameters)
    with progress_of(progress, "looking ahead") as told:
        core = _core.forecast(
            state.plant._core,
            numbers,
            start._core,
            _count(futures, "futures"),
            None if horizon is None else span_ns(horizon, "horizon"),
            _count(threads, "threads"),
            whole(first_replication, "first_replication"),
            method_of(method),
            told,
        )
    return Forecast(core, start)


def _seeded(state: State, seed: int | None) -> _core.State:
    return state._core.copy() if seed is None else state._core.with_seed(whole(seed, "seed"))


def what_if(
    state: State,
    scenarios: Mapping[str, Changes | State] | None = None,
    futures: int = 1000,
    horizon: Span | None = None,
    *,
    disposition: str = "refuse",
    seed: int | None = None,
    threads: int | None = None,
    progress: ProgressOption = None,
    method: Method = "auto",
) -> Comparison:
    """Run the same futures of several alternatives from one state, under the same luck.

    Parameters
    ----------
    state : State
        Start of all; unchanged.
    scenarios : mapping, optional
        Name -> changes, as for `Plant.change`, or a State made otherwise; the plant's ``what_if`` block unless given.
        The state as it is comes first, called ``as is``, unless a scenario without changes is among them.
    futures, horizon, seed, threads, progress, method
        See `forecast`.
    disposition : {"refuse", "scrap"}
        What becomes of lots and work for which a changed plant has no place.

    Returns
    -------
    Comparison

    Raises
    ------
    PlantError
        A scenario that makes no sense.
    InvalidArgument
        Something removed still holds lots or work, and `disposition` is to refuse.
    """
    need(state, State, "what_if: state", "a State, as twin.State.initial(plant) gives it")
    wanted = with_baseline(state.plant.what_if if scenarios is None else scenarios)  # type: ignore[arg-type]
    states: dict[str, State] = {}
    for name, changes in wanted.items():
        if isinstance(changes, State):
            states[name] = changes
        else:
            states[name] = state.migrate(state.plant.change(changes), disposition) if changes else state
    if any(one.now != state.now for one in states.values()):
        raise InvalidArgument("what_if: alternatives stand at different instants; allowed: states of one instant")
    states = {name: State(one.plant, _seeded(one, seed), one.parameters) for name, one in states.items()}
    given = [(name, one.plant._core, one.parameters._core, one._core) for name, one in states.items()]
    with progress_of(progress, "comparing") as told:
        core = _core.compare_states(
            given,
            _count(futures, "futures"),
            None if horizon is None else span_ns(horizon, "horizon"),
            _count(threads, "threads"),
            1,
            method_of(method),
            told,
        )
    return Comparison(core, {name: one.plant for name, one in states.items()}, states)
