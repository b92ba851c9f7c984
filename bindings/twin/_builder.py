"""Building a plant in calls that say what a scenario file says in keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _core
from ._plant import Plant
from ._values import Instant, Span, instant_ns, span_ns, yaml_text

_Time = _core.Distribution | str


class PlantBuilder:
    """Collects what exists; `build` checks it and reports all faults at once.

    Calls may be chained::

        plant = (
            twin.PlantBuilder("cell")
            .station("mill").machines(2).queue_places(5)
            .product("part").step("mill", "exponential(48 s)").arrivals_every("exponential(60 s)")
            .run(until="100 h")
            .build()
        )

    Times are a Distribution or its text, which `build` checks with everything else. What has no call of its own is
    reached by `set`.
    """

    def __init__(self, name: str = "plant") -> None:
        self._core = _core.PlantBuilder(name)

    @property
    def _builder(self) -> PlantBuilder:
        return self

    def station(self, name: str) -> StationBuilder:
        """Go on with the station of that name, made if new; ``m[1..20]`` is twenty."""
        return StationBuilder(self._builder, name)

    def product(self, name: str) -> ProductBuilder:
        """Go on with the product of that name, made if new."""
        return ProductBuilder(self._builder, name)

    def calendar(self, name: str, hours: Mapping[str, str]) -> PlantBuilder:
        """Add weekly hours by day or days: ``{"mon-fri": "06:00-22:00", "sat": "06:00-14:00"}``."""
        self._builder._core.calendar(name, list(hours.items()))
        return self._builder

    def order(
        self,
        id: str,  # noqa: A002, as the key of scenario files is called
        product: str,
        quantity: int = 1,
        *,
        release: Span = "0 s",
        due: Span | None = None,
        priority: int | None = None,
    ) -> PlantBuilder:
        """Add an order; `release` and `due` are spans since the epoch."""
        due_ns = None if due is None else span_ns(due, "due")
        self._builder._core.order(id, product, quantity, span_ns(release, "release"), due_ns, priority)
        return self._builder

    def epoch(self, instant: Instant) -> PlantBuilder:
        """Say at which instant simulated time is 0."""
        self._builder._core.epoch(instant_ns(instant, "epoch"))
        return self._builder

    def run(
        self, *, warmup: Span = "0 s", until: Span | None = None, replications: int = 1, seed: int = 0
    ) -> PlantBuilder:
        """Say how long and how often to simulate."""
        until_ns = None if until is None else span_ns(until, "until")
        self._builder._core.run(span_ns(warmup, "warmup"), until_ns, replications, seed)
        return self._builder

    def expect(self, metric: str, value: float | str) -> PlantBuilder:
        """State a figure that a simulation must reproduce: in SI, or with its unit as in ``"240 s"``."""
        self._builder._core.expect(metric, value)
        return self._builder

    def set(self, path: str, value: Any) -> PlantBuilder:
        """Put anything at a path; a text is YAML. See `Plant.change`."""
        self._builder._core.set(path, yaml_text(value))
        return self._builder

    @property
    def yaml(self) -> str:
        """What has been said so far, as a scenario file."""
        return self._builder._core.yaml()

    def build(self) -> Plant:
        """Make the plant.

        Raises
        ------
        PlantError
            All faults at once. The builder stays usable.
        """
        return Plant(self._builder._core.build())


class _Link(PlantBuilder):
    """Calls of the whole builder, so that a chain may go on to the next element."""

    def __init__(self, builder: PlantBuilder) -> None:
        self.__builder = builder

    @property
    def _builder(self) -> PlantBuilder:
        return self.__builder


class StationBuilder(_Link):
    """Says more about one station."""

    def __init__(self, builder: PlantBuilder, name: str) -> None:
        super().__init__(builder)
        self._station = builder._core.station(name)

    def machines(self, count: int) -> StationBuilder:
        """Say how many machines work in parallel."""
        self._station.machines(count)
        return self

    def machine(self, name: str, *, speed: float | None = None, calendar: str = "") -> StationBuilder:
        """Add a machine by name."""
        self._station.machine(name, speed, calendar)
        return self

    def queue_places(self, places: int) -> StationBuilder:
        """Limit how many lots may wait; those in service are not counted."""
        self._station.queue_places(places)
        return self

    def queue_rule(self, rule: str) -> StationBuilder:
        """Say who is served next: fifo, lifo, spt, spt(known), edd, priority."""
        self._station.queue_rule(rule)
        return self

    def queue_priority(self, products: Sequence[str]) -> StationBuilder:
        """Serve products in this order, those not named last."""
        self._station.queue_priority(list(products))
        return self

    def lose_when_full(self) -> StationBuilder:
        """Lose arrivals from outside at a full queue instead of letting them wait."""
        self._station.lose_when_full()
        return self

    def failure(self, after: _Time, repair: _Time, *, of_work: bool = True) -> StationBuilder:
        """Add a way to fail: after so much work, or else time on the clock while up."""
        self._station.failure(after, repair, of_work)
        return self

    def works_in(self, calendar: str) -> StationBuilder:
        """Open the station's machines in the hours of a calendar."""
        self._station.works_in(calendar)
        return self

    def time(self, time: _Time) -> StationBuilder:
        """Set the processing time of steps that give none."""
        self._station.time(time)
        return self

    def setup(self, time: _Time) -> StationBuilder:
        """Set the setup before each lot, of steps that give none."""
        self._station.setup(time)
        return self

    def speed(self, factor: float) -> StationBuilder:
        """Make processing take time / factor."""
        self._station.speed(factor)
        return self


class ProductBuilder(_Link):
    """Says more about one product."""

    def __init__(self, builder: PlantBuilder, name: str) -> None:
        super().__init__(builder)
        self._product = builder._core.product(name)

    def step(
        self,
        at: str | Sequence[str],
        time: _Time | None = None,
        *,
        op: str = "",
        setup: _Time | None = None,
        transport: _Time | None = None,
        choose: str = "shortest_queue",
        rework: Mapping[str, float] | None = None,
        goto: Mapping[str, float] | None = None,
        leave: float = 0,
        scrap: float = 0,
    ) -> ProductBuilder:
        """Add a step to the route.

        Parameters
        ----------
        at : str or sequence of str
            The station, a range such as ``m[1..20]``, or alternatives.
        time : Distribution or str, optional
            At speed 1; else the station's.
        op : str
            Name of the step; the station's unless given.
        setup, transport : Distribution or str, optional
            Before each lot; from the place before.
        choose : str
            Among alternatives: shortest_queue, earliest_finish, first, random.
        rework, goto : mapping, optional
            Step -> probability of going there afterwards; rework is counted as such.
        leave, scrap : float
            Probabilities of leaving the plant here, good or scrapped.
        """
        stations = [at] if isinstance(at, str) else list(at)
        self._product.step(
            stations,
            time,
            op,
            setup,
            transport,
            choose,
            list((rework or {}).items()),
            list((goto or {}).items()),
            leave,
            scrap,
        )
        return self

    def arrivals_every(self, time: _Time) -> ProductBuilder:
        """Let a lot arrive each interarrival time."""
        self._product.arrivals_every(time)
        return self

    def saturate(self) -> ProductBuilder:
        """Let a lot always be at hand when a machine of the first station is free."""
        self._product.saturate()
        return self

    def conwip(self, lots: int) -> ProductBuilder:
        """Keep so many lots in circulation."""
        self._product.conwip(lots)
        return self

    def priority(self, value: int) -> ProductBuilder:
        """Set the priority; larger goes first."""
        self._product.priority(value)
        return self

    def due(self, after_release: Span) -> ProductBuilder:
        """Set the due date, counted from release."""
        self._product.due(span_ns(after_release, "due"))
        return self

    def family(self, name: str) -> ProductBuilder:
        """Say what kind of product it is."""
        self._product.family(name)
        return self
