"""States: how a plant is at one instant. A value; a copy is a fork."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core, _html
from ._errors import InvalidArgument
from ._history import History
from ._plant import Parameters, Plant
from ._values import Instant, Span, end_ns, frame, instant64, need, span64, span_ns, whole

if TYPE_CHECKING:
    import pandas as pd


class State:
    """How a plant is at one instant. Copy it to fork, `advance` it to simulate, compare and save it.

    Begin with `State.initial`. ``a == b`` says that both have the same past and the same future.

    Use one State in one thread at a time: `advance` changes it while other threads run. Give each thread a copy.
    """

    def __init__(self, plant: Plant, core: _core.State, parameters: Parameters | None = None) -> None:
        self._plant = plant
        self._core = core
        self._parameters = plant.parameters if parameters is None else parameters

    @staticmethod
    def initial(plant: Plant, seed: int = 0, replication: int = 0, *, parameters: Parameters | None = None) -> State:
        """Give the plant at its epoch: empty, machines idle, first arrivals and failures drawn.

        Parameters
        ----------
        plant : Plant
            What exists.
        seed, replication : int
            Address of its random numbers.
        parameters : Parameters, optional
            Numbers to use instead of the plant's own.
        """
        need(plant, Plant, "initial: plant", "a Plant, as twin.load gives it")
        whole(seed, "seed")
        whole(replication, "replication")
        numbers = plant.parameters if parameters is None else parameters
        return State(plant, _core.initial(plant._core, numbers._core, seed, replication), numbers)

    @property
    def plant(self) -> Plant:
        """The plant it is a state of."""
        return self._plant

    @property
    def parameters(self) -> Parameters:
        """The numbers by which it moves on."""
        return self._parameters

    def with_parameters(self, parameters: Parameters) -> State:
        """Give a copy that moves on by other numbers; what is already drawn stays."""
        self._plant.with_parameters(parameters)  # refuses what does not fit
        return State(self._plant, self._core.copy(), parameters)

    @property
    def now(self) -> np.datetime64:
        """The clock, UTC."""
        return instant64(self._plant._core.epoch() + self._core.now)

    @property
    def elapsed(self) -> np.timedelta64:
        """Time since the plant's epoch."""
        return span64(self._core.now)

    @property
    def seed(self) -> int:
        """Seed of its draws."""
        return self._core.seed

    @property
    def replication(self) -> int:
        """Replication of its draws."""
        return self._core.replication

    @property
    def events(self) -> int:
        """Events run so far."""
        return self._core.events

    @property
    def history_digest(self) -> str:
        """Hash of the operations finished so far, whatever their order."""
        return self._core.history

    @property
    def digest(self) -> str:
        """Hash of its canonical form: equal states have equal digests."""
        return self._core.digest(self._plant._core)

    def advance(
        self,
        span: Span | None = None,
        *,
        until: Instant | Span | None = None,
        history: History | None = None,
    ) -> State:
        """Move on by running events; events at the end itself still run.

        Parameters
        ----------
        span : str or timedelta
            How far: ``"3 d"``.
        until : datetime, timedelta or str
            Instead of `span`: an instant, or a span since the plant's epoch.
        history : History, optional
            Is told of everything that happens.

        Returns
        -------
        State
            This state, so that calls may be chained.

        Raises
        ------
        InvalidArgument
            Neither or both of `span` and `until`, or an end before `now`.
        KeyboardInterrupt
            Stopped by Ctrl-C; the state is then at the last event run, and usable.
        """
        if (span is None) == (until is None):
            raise InvalidArgument("advance: give either a span such as '3 d', or until=")
        if span is not None:
            ns = span_ns(span, "span")
            if ns < 0:
                raise InvalidArgument(f"advance: the span is {span!r}; allowed: 0 or more")
            end = self._core.now + ns
        else:
            assert until is not None
            end = end_ns(until, self._plant._core.epoch(), "until")
        self._run(end, False, history)
        return self

    def finish_orders(self, *, within: Span = "3650 d", history: History | None = None) -> State:
        """Move on until every ordered lot has left, or for as long as `within` says."""
        self._run(self._core.now + span_ns(within, "within"), True, history)
        return self

    def _run(self, end: int, orders_done: bool, history: History | None) -> None:
        record = None if history is None else history._start(self)
        try:
            _core.advance(self._plant._core, self._parameters._core, self._core, end, orders_done, record)
        finally:
            if history is not None:
                history._stop(self)

    def set_priority(self, order: str, priority: int, *, lots: int | None = None) -> State:
        """Give an order and its lots another priority, now; with `lots` only its first so many open lots.

        Queues are put into their new order at once. So does all that follows; each returns this state.
        """
        return self._change("priority", order, _integer(priority, "priority"), lots)

    def set_due(self, order: str, due: Instant | Span, *, lots: int | None = None) -> State:
        """Give an order and its lots another due date: an instant, or a span since the plant's epoch."""
        return self._change("due", order, end_ns(due, self._plant._core.epoch(), "due"), lots)

    def set_quantity(self, order: str, quantity: int) -> State:
        """Order so many lots in all, but not fewer than are released: those are not called back."""
        return self._change("quantity", order, whole(quantity, "quantity", 1), None)

    def cancel(self, order: str, how: str = "now", *, lots: int | None = None) -> State:
        """Cancel an order, or its first so many open `lots`.

        Parameters
        ----------
        how : {"now", "finish"}
            Lots leave at once, those on a machine when their operation ends; or what is in process is finished, and
            only what is not released is cancelled.
        """
        if how not in ("now", "finish"):
            raise InvalidArgument(f"cancel: {how!r}; allowed: 'now', 'finish'")
        return self._change("cancel" if how == "now" else "finish", order, 0, lots)

    def move_lots(self, order: str, to: str, *, lots: int | None = None) -> State:
        """Let lots of an order count for another one, by its due date and priority."""
        return self._change("move", order, self._plant._core.order(to), lots)

    def _change(self, what: str, order: str, value: int, lots: int | None) -> State:
        count = 0 if lots is None else whole(lots, "lots", 1)
        core = self._plant._core
        _core.change_order(core, self._parameters._core, self._core, what, core.order(order), value, count)
        return self

    def copy(self) -> State:
        """Give an exact copy, which goes on alike and independently."""
        return State(self._plant, self._core.copy(), self._parameters)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> State:
        return self.copy()

    def branch(self, replication: int) -> State:
        """Give a copy with its own luck: what is pending is drawn anew, given how long it has lasted.

        Scales that are not known (`Distribution.uncertain`) are drawn as well, and known from then on.
        """
        whole(replication, "replication")
        numbers = self._plant._core.realised(self._parameters._core, self.seed, replication)
        core = _core.branch(self._plant._core, numbers, self._core, replication)
        return State(self._plant, core, Parameters(self._plant, numbers))

    def migrate(self, plant: Plant, disposition: str = "refuse") -> State:
        """Move to a changed plant, by names.

        What was learned stays wherever the new plant declares the same.

        Parameters
        ----------
        plant : Plant
            Usually ``state.plant.change(...)``.
        disposition : {"refuse", "scrap"}
            What becomes of lots and work for which the new plant has no place.

        Raises
        ------
        InvalidArgument
            Lists everything removed that still holds lots or work.
        """
        core = _core.migrate(self._plant._core, plant._core, self._core, disposition)
        numbers = _core.carry_parameters(self._plant._core, self._parameters._core, plant._core)
        return State(plant, core, Parameters(plant, numbers))

    def to_bytes(self) -> bytes:
        """Give bytes that `from_bytes` turns into an equal state: versioned, with a checksum, the same everywhere."""
        return self._core.save(self._plant._core)

    @staticmethod
    def from_bytes(data: bytes, plant: Plant, *, parameters: Parameters | None = None) -> State:
        """Read what `to_bytes` gave.

        Raises
        ------
        FormatError
            Damaged, of another version or plant, or an impossible state.
        """
        return State(plant, _core.State.load(data, plant._core), parameters)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file."""
        Path(path).write_bytes(self.to_bytes())

    @staticmethod
    def load(path: str | os.PathLike[str], plant: Plant, *, parameters: Parameters | None = None) -> State:
        """Read it from a file; see `from_bytes`."""
        return State.from_bytes(Path(path).read_bytes(), plant, parameters=parameters)

    @property
    def lots(self) -> pd.DataFrame:
        """Lots in the plant: what is where, since when, and how much of its work is left (as drawn).

        A lot whose work is done in parallel branches or by sublots is at the place ``parted``; a row for each of its
        parts (``part`` is true) follows it, at the step of its branch. Sublots have names of their own, ``A-01/2``.
        """
        return frame(self._core.lots(self._plant._core))

    @property
    def machines(self) -> pd.DataFrame:
        """Machines: condition, lot and step in work, when it began, what is left (as drawn), visits, failures.

        One that is ``waiting`` holds a lot and lacks an operator, a tool or material. ``lots`` counts those it holds:
        more than one in a batch, of which ``lot`` is the first. ``maintained`` counts maintenance, and ``state`` is the
        one that the machine has worn into, empty where it has none.
        """
        return frame(self._core.machines(self._plant._core))

    @property
    def stations(self) -> pd.DataFrame:
        """Stations: lots queued, inbound and waiting for room, machines working and idle, visits, lost, overdue."""
        return frame(self._core.stations(self._plant._core))

    @property
    def pools(self) -> pd.DataFrame:
        """Operators, tools and material.

        Returns
        -------
        pandas.DataFrame
            Table of pool; kind (operator, tool, material); level, how many are in use, of material how much is at hand;
            count, how many there are, of material how much fits (infinite: unlimited); waiting, machines and repairs in
            the line that need it; open, whether its calendar has it at work; lost, material delivered that found no
            place; on_order, material on its way from its supplier; asked, material that machines in the line will take.
        """
        return frame(self._core.pools(self._plant._core))

    @property
    def conveyors(self) -> pd.DataFrame:
        """Conveyors.

        Returns
        -------
        pandas.DataFrame
            Table of conveyor; level, how many lots are on it; places, how many fit; waiting, lots that wait to get on;
            blocked, whether its first lot is at the end and finds no room; stands, whether the belt does not move
            therefore; visits, lots that got off.
        """
        return frame(self._core.conveyors(self._plant._core))

    @property
    def vehicles(self) -> pd.DataFrame:
        """Vehicles.

        Returns
        -------
        pandas.DataFrame
            Table of vehicle; fleet; task (idle, fetch, load, carry, unload, home, to charge, charge); at, the point
            where it is or comes to next; target, where it drives; lot, that it fetches or carries; moving; waits,
            whether it waits for a way; charge, share of its battery's range that is left (NaN: no battery); distance,
            driven so far [m]; trips, lots delivered.
        """
        return frame(self._core.vehicles(self._plant._core))

    @property
    def orders(self) -> pd.DataFrame:
        """Orders: quantity, released, finished, scrapped, open, release, due, finish, priority, cancelled."""
        return frame(self._core.orders(self._plant._core))

    @property
    def products(self) -> pd.DataFrame:
        """Lots of each product so far: released, completed, scrapped, in_process, reworked, lost, late, cancelled."""
        return frame(self._core.products(self._plant._core))

    def measure(self, since: State) -> dict[str, float]:
        """Give the figures of the time from an earlier state of the same run to this one, in SI.

        A figure without data is NaN. Names are those of results: ``part.cycle_time``, ``mill.utilisation``.
        """
        names = [name for name, _ in _core.metrics(self._plant._core)]
        values = _core.measure(self._plant._core, since._core, self._core)
        return dict(zip(names, values.tolist(), strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return self._plant.digest == other._plant.digest and self._core.same(other._core, self._plant._core)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (self._plant, self._parameters, self.to_bytes())

    def __repr__(self) -> str:
        return f"<twin.State of '{self._plant.name}' at {', '.join(self._facts())}>"

    def _facts(self) -> list[str]:
        facts = [
            _core.format_instant(self._plant._core.epoch() + self._core.now),
            f"{self._core.lot_count} lots in the plant",
        ]
        return (
            [*facts, f"{self._core.open_orders} ordered lots open"] if len(self._plant._core.order_names()) else facts
        )

    def _repr_html_(self) -> str:
        parts = [_html.heading(f"State of {self._plant.name}", *self._facts()), _html.short_frame(self.machines)]
        if len(pools := self.pools):
            parts.append(_html.short_frame(pools))
        if len(conveyors := self.conveyors):
            parts.append(_html.short_frame(conveyors))
        if len(vehicles := self.vehicles):
            parts.append(_html.short_frame(vehicles))
        if self._core.lot_count:
            parts.append(_html.short_frame(self.lots))
        return "".join(parts)


def _integer(value: int, name: str) -> int:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or abs(int(value)) > 10**9:
        raise InvalidArgument(f"{name}: {value!r}; allowed: a whole number from -1000000000 to 1000000000")
    return int(value)


def _unpickle(plant: Plant, parameters: Parameters, data: bytes) -> State:
    return State.from_bytes(data, plant, parameters=parameters)
