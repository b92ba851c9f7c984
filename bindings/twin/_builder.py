"""Building a plant in calls that say what a scenario file says in keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import _core
from ._errors import InvalidArgument
from ._plant import Plant
from ._values import Instant, Span, instant_ns, need, span_ns, whole, yaml_text

_Time = _core.Distribution | str
_Amounts = str | Mapping[str, int]


def _amounts(said: _Amounts | None, name: str) -> list[tuple[str, int]] | None:
    """Make pairs of what may be one name, or amounts by name; None where nothing was said."""
    if said is None:
        return None
    if isinstance(said, str):
        return [(said, 1)]
    need(said, Mapping, name, "a name, or amounts by name as in {'setter': 1}")
    return [(key, whole(amount, f"{name}: {key}", 1)) for key, amount in said.items()]


def _only(said: Mapping[str, str], key: str, name: str, allowed: str) -> str:
    """Give the only value of a mapping, which must stand under this key."""
    if list(said) != [key]:
        raise InvalidArgument(f"{name}: {dict(said)!r}; allowed: {allowed}")
    return said[key]


def _sample(said: int | Mapping[str, int] | None) -> tuple[int, int | None] | None:
    """Make (every, first) of a number or of keys."""
    if said is None:
        return None
    keys = said if isinstance(said, Mapping) else {"every": said}
    if "every" not in keys or set(keys) - {"every", "first"}:
        raise InvalidArgument(f"sample: {said!r}; allowed: a number of lots, or {{'every': 5, 'first': 1}}")
    first = whole(keys["first"], "sample: first", 1) if "first" in keys else None
    return whole(keys["every"], "sample: every", 1), first


@dataclass(frozen=True)
class Step:
    """One step of a route, for the branches of `ProductBuilder.parallel` and the sublots of `ProductBuilder.split`.

    Its arguments are those of `ProductBuilder.step`; ``parallel`` instead of a station parts the lot once more, and so
    does ``split`` with ``route``.
    """

    at: str | Sequence[str] = ()
    time: _Time | Mapping[str, _Time] | None = None
    op: str = field(default="", kw_only=True)
    setup: _Time | None = field(default=None, kw_only=True)
    changeover: _Time | None = field(default=None, kw_only=True)
    transport: _Time | None = field(default=None, kw_only=True)
    choose: str = field(default="shortest_queue", kw_only=True)
    rework: Mapping[str, float] | None = field(default=None, kw_only=True)
    goto: Mapping[str, float] | None = field(default=None, kw_only=True)
    leave: float = field(default=0, kw_only=True)
    scrap: float = field(default=0, kw_only=True)
    needs: _Amounts | None = field(default=None, kw_only=True)
    holds: _Amounts | None = field(default=None, kw_only=True)
    returns: Sequence[str] = field(default=(), kw_only=True)
    uses: _Amounts | None = field(default=None, kw_only=True)
    makes: _Amounts | None = field(default=None, kw_only=True)
    family: str = field(default="", kw_only=True)
    max_wait: _Time | None = field(default=None, kw_only=True)
    if_overdue: str | Mapping[str, str] | None = field(default=None, kw_only=True)
    same_as: str | Mapping[str, str] | None = field(default=None, kw_only=True)
    only: float | None = field(default=None, kw_only=True)
    sample: int | Mapping[str, int] | None = field(default=None, kw_only=True)
    within: tuple[str, Span] | None = field(default=None, kw_only=True)
    rework_limit: int | None = field(default=None, kw_only=True)
    beyond: str | Mapping[str, str] = field(default="", kw_only=True)
    parallel: Mapping[str, Sequence[Step]] | None = field(default=None, kw_only=True)
    split: int | None = field(default=None, kw_only=True)
    route: Sequence[Step] = field(default=(), kw_only=True)

    def _made(self) -> _core.Step:
        by_station = isinstance(self.time, Mapping)
        overdue, overdue_rework = self.if_overdue, isinstance(self.if_overdue, Mapping)
        if isinstance(overdue, Mapping):
            overdue = _only(overdue, "rework", "if_overdue", "'scrap', 'leave', 'stay', or {'rework': step}")
        same, same_station = "", ""
        if isinstance(self.same_as, Mapping):
            same_station = _only(self.same_as, "station", "same_as", "an earlier step, or {'station': step}")
        else:
            same = self.same_as or ""
        beyond, beyond_step = "", ""
        if isinstance(self.beyond, Mapping):
            beyond_step = _only(self.beyond, "goto", "beyond", "'scrap', 'pass', 'leave', or {'goto': step}")
        else:
            beyond = self.beyond
        by_formula = self.choose.startswith("expr(") and self.choose.endswith(")")
        return _core.Step(
            at=[self.at] if isinstance(self.at, str) else list(self.at),
            time=None if isinstance(self.time, Mapping) else self.time,
            times=list(self.time.items()) if by_station else [],  # type: ignore[union-attr]
            op=self.op,
            setup=self.setup,
            changeover=self.changeover,
            transport=self.transport,
            choose="shortest_queue" if by_formula else self.choose,
            choose_by=self.choose[5:-1] if by_formula else "",
            same_as=same,
            same_station_as=same_station,
            only=self.only,
            sample=_sample(self.sample),
            within=None if self.within is None else (self.within[0], span_ns(self.within[1], "within")),
            limit=self.rework_limit,
            beyond=beyond,
            beyond_step=beyond_step,
            rework=list((self.rework or {}).items()),
            go_to=list((self.goto or {}).items()),
            leave=self.leave,
            scrap=self.scrap,
            needs=_amounts(self.needs, "needs"),
            holds=_amounts(self.holds, "holds"),
            returns=_names(self.returns, "returns"),
            uses=_amounts(self.uses, "uses"),
            makes=_amounts(self.makes, "makes"),
            family=self.family,
            max_wait=self.max_wait,
            if_overdue=overdue,
            overdue_rework=overdue_rework,
            parallel=[(name, [step._made() for step in steps]) for name, steps in (self.parallel or {}).items()],
            split=0 if self.split is None else whole(self.split, "split", 2),
            route=[step._made() for step in self.route],
        )


@dataclass(frozen=True)
class Reorder:
    """When and how much of a material is ordered from its supplier, for `PlantBuilder.material`.

    Parameters
    ----------
    at : int
        Ordered when what is at hand and on order, less what operations wait for, is so much or less.
    up_to, lot : int, optional
        An order brings it up to a level, or is the least multiple of a lot that brings it above `at`; one of them.
    review : str or timedelta, optional
        Looked at only once each such time, first at the epoch; always unless given.
    lead : Distribution or str, optional
        Time from the order to the delivery; none unless given.
    cost : str
        Cost of each order, as in ``"64 EUR"``.
    """

    at: int
    up_to: int | None = field(default=None, kw_only=True)
    lot: int | None = field(default=None, kw_only=True)
    review: Span | None = field(default=None, kw_only=True)
    lead: _Time | None = field(default=None, kw_only=True)
    cost: str = field(default="", kw_only=True)

    def _made(self) -> _core.Reorder:
        review = None if self.review is None else span_ns(self.review, "review")
        return _core.Reorder(self.at, self.up_to, self.lot, review, self.lead, self.cost)


@dataclass(frozen=True)
class Wear:
    """One of the states that machines wear through, for `StationBuilder.degradation`.

    Parameters
    ----------
    state : str
        What it is called, in results too.
    lasts : Distribution or str, optional
        Until the next state; for ever unless given.
    speed : float
        Operations whose processing begins in it take time / speed.
    scrap : float
        Probability that an operation that ends in it spoils its lot.
    repair : Distribution or str, optional
        The machine is repaired for so long, and in the first state afterwards.
    when : {"now", "free"}
        When it is repaired: at once, or when no work is under way.
    needs : str or mapping, optional
        Operators and tools that the repair waits for and holds.
    """

    state: str
    lasts: _Time | None = None
    speed: float = field(default=1, kw_only=True)
    scrap: float = field(default=0, kw_only=True)
    repair: _Time | None = field(default=None, kw_only=True)
    when: str = field(default="now", kw_only=True)
    needs: _Amounts | None = field(default=None, kw_only=True)

    def _made(self) -> _core.Wear:
        if self.when not in ("now", "free"):
            raise InvalidArgument(f"when: {self.when!r}; allowed: 'now', 'free'")
        needs = _amounts(self.needs, "needs")
        return _core.Wear(self.state, self.lasts, self.speed, self.scrap, self.repair, self.when == "free", needs)


def _names(names: Sequence[str], what: str) -> list[str]:
    if isinstance(names, str):
        raise InvalidArgument(f"{what}: {names!r}; allowed: a list of names, as in [{names!r}]")
    return list(names)


def _change(change: Mapping[str, Any]) -> _core.OrderChange:
    keys = ("at", "priority", "due", "quantity", "cancel", "to", "lots")
    unknown = [key for key in change if key not in keys]
    if unknown or "at" not in change:
        raise InvalidArgument(f"changes: {dict(change)!r}; allowed: at, and some of {', '.join(keys[1:])}")
    due = change.get("due")
    return _core.OrderChange(
        span_ns(change["at"], "changes: at"),
        change.get("priority"),
        None if due is None else span_ns(due, "changes: due"),
        change.get("quantity"),
        change.get("cancel", ""),
        change.get("to", ""),
        change.get("lots"),
    )


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

    def operators(
        self,
        name: str,
        count: int = 1,
        *,
        calendar: str = "",
        skills: Sequence[str] = (),
        walking: Mapping[str, Mapping[str, str]] | None = None,
    ) -> PlantBuilder:
        """Add people who are needed at machines and repairs.

        Parameters
        ----------
        name : str
            What they are called; ``setter[1..4]`` are four groups.
        count : int
            How many there are.
        calendar : str
            When they are there; always unless given.
        skills : sequence of str
            What they can do beside what their name says; `needs` may name a skill.
        walking : mapping, optional
            Station -> station -> time to walk there, as in ``{"saw": {"mill": "40 s"}}``; back it takes as long unless
            given, and between others no time.
        """
        rows = [(source, list(row.items())) for source, row in (walking or {}).items()]
        self._builder._core.operators(name, count, calendar, _names(skills, "skills"), rows)
        return self._builder

    def tools(
        self,
        name: str,
        count: int = 1,
        *,
        calendar: str = "",
        skills: Sequence[str] = (),
        life: str = "",
        regrind: _Time | None = None,
        regrinds: int | None = None,
        delivery: _Time | None = None,
    ) -> PlantBuilder:
        """Add fixtures, tools and other things of which there are so many.

        Parameters
        ----------
        name, count, calendar, skills
            As of `operators`.
        life : str
            How long each lasts: ``20 h of work``, ``500 of lots``; for ever unless given.
        regrind : Distribution or str, optional
            Time until one whose life is over is back with a new one; it is replaced unless given.
        regrinds : int, optional
            How often one is reground before it is replaced; always unless given.
        delivery : Distribution or str, optional
            Time until a new one is there; at once unless given.

        Raises
        ------
        InvalidArgument
            A time or count of regrinding or delivery without `life`.
        """
        if not life and (regrind is not None or regrinds is not None or delivery is not None):
            raise InvalidArgument(
                "tools: regrind, regrinds and delivery are of tools with a life; allowed: life, as in '20 h of work'"
            )
        self._builder._core.tools(name, count, calendar, _names(skills, "skills"), life, regrind, regrinds, delivery)
        return self._builder

    def material(
        self,
        name: str,
        level: int = 0,
        *,
        places: int | None = None,
        supply: _Time | None = None,
        lot: int = 1,
        reorder: Reorder | None = None,
        price: str = "",
        holding: str = "",
        shortage: str = "",
    ) -> PlantBuilder:
        """Add material that operations use up and make: counted, not told apart.

        Parameters
        ----------
        name : str
            What it is called.
        level : int
            How much there is at the start.
        places : int, optional
            How much fits; unlimited unless given.
        supply : Distribution or str, optional
            Time between deliveries from outside; none unless given.
        lot : int
            How much comes each time.
        reorder : Reorder, optional
            How it is ordered from a supplier instead; not at all unless given.
        price, holding, shortage : str
            Cost of each unit used, at hand, and waited for: ``"2 EUR"``, ``"1 EUR/d"``, ``"9 EUR/d"``.
        """
        made = None if reorder is None else reorder._made()
        self._builder._core.material(name, level, places, supply, lot, made, price, holding, shortage)
        return self._builder

    def conveyor(
        self,
        name: str,
        *,
        length: str = "",
        speed: str = "",
        time: Span | None = None,
        pitch: str = "",
        places: int | None = None,
        accumulating: bool | None = None,
        slots: bool = False,
    ) -> PlantBuilder:
        """Add a belt; a step whose `transport` names it has its lots brought by it.

        Parameters
        ----------
        name : str
            What it is called.
        length, speed : str
            With their units: ``"20 m"``, ``"0.5 m/s"``; or `time`.
        time : str or timedelta, optional
            From end to end while nothing is in the way; length / speed unless given.
        pitch : str
            Room of a lot: ``"500 mm"``; or `places`.
        places : int, optional
            Lots that it holds; length / pitch unless given.
        accumulating : bool, optional
            Whether lots close up behind one that cannot leave, or the whole belt stands; they do unless it has slots.
        slots : bool
            Whether lots get on only where a place passes.
        """
        time_ns = None if time is None else span_ns(time, "time")
        self._builder._core.conveyor(name, length, speed, time_ns, pitch, places, accumulating, slots)
        return self._builder

    def path(
        self, start: str, end: str, length: str, *, both_ways: bool = True, capacity: int | None = None
    ) -> PlantBuilder:
        """Add a way on which vehicles drive, between stations or other points.

        Parameters
        ----------
        start, end : str
            Stations, or points of any name.
        length : str
            With its unit: ``"20 m"``.
        both_ways : bool
            Whether it leads both ways, on one track, or from `start` to `end` only.
        capacity : int, optional
            Vehicles on it at once, in both directions together; any number unless given.
        """
        self._builder._core.path(start, end, length, both_ways, capacity)
        return self._builder

    def vehicles(
        self,
        name: str,
        count: int = 1,
        *,
        speed: str,
        home: str,
        load: _Time | None = None,
        unload: _Time | None = None,
        idle: str = "home",
        entry: str = "",
        dispatch: str = "",
        battery: Mapping[str, Any] | None = None,
    ) -> PlantBuilder:
        """Add a fleet; a step whose `transport` names it has its lots brought by its vehicles.

        Parameters
        ----------
        name : str
            What it is called; its vehicles are ``<name>.1`` and so on.
        count : int
            How many vehicles there are.
        speed : str
            With its unit: ``"1 m/s"``.
        home : str
            The point where they stand at first.
        load, unload : Distribution or str, optional
            Times to load and unload a lot; 0 unless given.
        idle : {"home", "stay"}
            What a vehicle does without work.
        entry : str
            The point where they fetch lots that come from outside.
        dispatch : str
            Which lot a free vehicle fetches, and which vehicle fetches a lot: nearest (unless given), longest_waiting,
            least_used, or a formula as in ``expr(due - now)``.
        battery : mapping, optional
            ``{"range": "2 km", "charge": "30 min", "at": "dock", "below": 0.3}``.
        """
        if idle not in ("home", "stay"):
            raise InvalidArgument(f"idle: {idle!r}; allowed: 'home', 'stay'")
        made = None
        if battery is not None:
            allowed = {"range", "charge", "at", "below"}
            if not {"range", "charge", "at"} <= set(battery) <= allowed:
                raise InvalidArgument(f"battery: {battery!r}; allowed: range, charge, at, and below if wanted")
            made = (battery["range"], span_ns(battery["charge"], "charge"), battery["at"], battery.get("below"))
        self._builder._core.vehicles(name, count, speed, load, unload, home, idle == "stay", entry, dispatch, made)
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
        changes: Sequence[Mapping[str, Any]] = (),
    ) -> PlantBuilder:
        """Add an order; `release` and `due` are spans since the epoch.

        `changes` are what becomes of it later, as a file has them: ``[{"at": "2 d", "priority": 9}, {"at": "4 d",
        "cancel": "now"}]``, with ``due``, ``quantity``, ``to`` and ``lots`` as further keys.
        """
        due_ns = None if due is None else span_ns(due, "due")
        made = [_change(change) for change in changes]
        self._builder._core.order(id, product, quantity, span_ns(release, "release"), due_ns, priority, made)
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

    def machine(
        self, name: str, *, speed: float | None = None, calendar: str = "", does: Sequence[str] = ()
    ) -> StationBuilder:
        """Add a machine by name.

        Parameters
        ----------
        name : str
            What it is called.
        speed : float, optional
            Processing takes time / speed; the station's unless given.
        calendar : str
            When it works; the station's unless given.
        does : sequence of str
            Steps, products or families that it can do; all that is done at the station unless given.
        """
        self._station.machine(name, speed, calendar, _names(does, "does"))
        return self

    def queue_places(self, places: int) -> StationBuilder:
        """Limit how many lots may wait; those in service are not counted."""
        self._station.queue_places(places)
        return self

    def queue_rule(self, rule: str) -> StationBuilder:
        """Say who is served next, as a scenario file does: ``edd``, ``atc(k=2)``, or a formula by `twin.rule`."""
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

    def failure(
        self,
        after: _Time,
        repair: _Time,
        *,
        of_work: bool = True,
        times: int | None = None,
        needs: _Amounts | None = None,
        machine: str = "",
        name: str = "",
    ) -> StationBuilder:
        """Add a way to fail.

        Parameters
        ----------
        after : Distribution or str
            Time from repair to failure.
        repair : Distribution or str
            Time to repair.
        of_work : bool
            Whether `after` is time of work, or else time on the clock while up.
        times : int, optional
            How often it happens at most.
        needs : str or mapping, optional
            Operators and tools that the repair waits for and holds: ``"crew"``, ``{"crew": 2}``.
        machine : str
            The machine that fails so; each of the station's unless given.
        name : str
            What it is called, for maintenance that renews it.
        """
        self._station.failure(after, repair, of_work, times, _amounts(needs, "needs"), machine, name)
        return self

    def maintenance(
        self,
        every: str,
        takes: _Time,
        *,
        window: str = "",
        needs: _Amounts | None = None,
        renews: Sequence[str] = (),
    ) -> StationBuilder:
        """Add what is done regularly to each machine, between operations.

        Parameters
        ----------
        every : str
            When it is due: ``"100 h of work"``, ``"30 d of time"``, ``"1 w of calendar"``, ``"500 of lots"``.
        takes : Distribution or str
            How long it takes.
        window : str
            So long before it is due it is done already where the machine does not work: ``"20 h"``, ``"50"`` lots.
        needs : str or mapping, optional
            Operators and tools that it waits for and holds.
        renews : sequence of str
            Failures, by name, that age anew afterwards; ``"degradation"`` for the first state.
        """
        self._station.maintenance(every, takes, window, _amounts(needs, "needs"), _names(renews, "renews"))
        return self

    def degradation(self, states: Sequence[Wear], *, of_work: bool = True) -> StationBuilder:
        """Set the states that each machine wears through, counted in work, or else in time on the clock."""
        self._station.degradation([state._made() for state in states], of_work)
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

    def changeover(self, time: _Time) -> StationBuilder:
        """Set the setup where the machine did another step before, of steps that give none."""
        self._station.changeover(time)
        return self

    def setup_by(
        self,
        by: str = "family",
        matrix: Mapping[str, Mapping[str, _Time]] | None = None,
        *,
        same: _Time | None = None,
        otherwise: _Time | None = None,
        first: _Time | None = None,
        min_run: int = 1,
        teardown: _Time | Mapping[str, _Time] | None = None,
    ) -> StationBuilder:
        """Set setup times between kinds of work.

        Parameters
        ----------
        by : {"family", "product", "op"}
            What makes kinds of work.
        matrix : mapping, optional
            From -> to -> time: ``{"red": {"blue": "20 min"}}``.
        same, otherwise : Distribution or str, optional
            Between lots of one kind, or of two, where the matrix gives nothing; 0 unless given.
        first : Distribution or str, optional
            Of a machine that has done nothing yet; 0 unless given.
        min_run : int
            Lots of one kind that a machine does at least, as long as there are any.
        teardown : Distribution or str, or mapping, optional
            Before the setup for another kind, for all kinds or by the kind torn down; 0 unless given.
        """
        rows = [(source, list(row.items())) for source, row in (matrix or {}).items()]
        by_kind = list(teardown.items()) if isinstance(teardown, Mapping) else []
        one = None if isinstance(teardown, Mapping) else teardown
        self._station.setup_by(by, rows, same, otherwise, first, min_run, one, by_kind)
        return self

    def batch(self, max: int, *, min: int = 1, wait: Span | None = None, by: str = "") -> StationBuilder:  # noqa: A002
        """Let each machine take several lots of one kind at once.

        Parameters
        ----------
        max : int
            Lots that a machine takes at once, at most.
        min : int
            Lots with which it begins; fewer wait for more.
        wait : str or timedelta, optional
            A lot that has waited so long is taken with fewer; for ever unless given.
        by : {"op", "product", "family"}
            What the lots of a batch have in common.
        """
        self._station.batch(max, min, None if wait is None else span_ns(wait, "wait"), by)
        return self

    def needs(self, name: str, amount: int = 1) -> StationBuilder:
        """Add operators or tools held while a machine runs, of steps that say nothing of them."""
        self._station.needs(name, amount)
        return self

    def uses(self, material: str, amount: int = 1) -> StationBuilder:
        """Add material taken as an operation begins, of steps that say nothing of it."""
        self._station.uses(material, amount)
        return self

    def makes(self, material: str, amount: int = 1) -> StationBuilder:
        """Add material made as an operation ends, of steps that say nothing of it."""
        self._station.makes(material, amount)
        return self

    def preempt(self, then: str = "resume") -> StationBuilder:
        """Let lots that come first by the rule take machines from others, whose work resumes or restarts."""
        self._station.preempt(then)
        return self

    def polling(self, change: _Time, *, serve: str = "exhaustive", by: str = "") -> StationBuilder:
        """Let each machine go round its kinds of work, also when none waits.

        Parameters
        ----------
        change : Distribution or str
            Time from one kind to the next.
        serve : str
            How long it stays with one kind: ``"exhaustive"``, ``"gated"``, ``"limited(3)"``.
        by : {"product", "family", "op"}
            What makes kinds of work.
        """
        self._station.polling(change, serve, by)
        return self

    def block_before(self) -> StationBuilder:
        """Begin an operation only when there is room where its lot goes next."""
        self._station.block_before()
        return self

    def cycle(self, cycle: Span) -> StationBuilder:
        """Begin and end operations at multiples of this time only."""
        self._station.cycle(span_ns(cycle, "cycle"))
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
        time: _Time | Mapping[str, _Time] | None = None,
        *,
        op: str = "",
        setup: _Time | None = None,
        changeover: _Time | None = None,
        transport: _Time | None = None,
        choose: str = "shortest_queue",
        rework: Mapping[str, float] | None = None,
        goto: Mapping[str, float] | None = None,
        leave: float = 0,
        scrap: float = 0,
        needs: _Amounts | None = None,
        holds: _Amounts | None = None,
        returns: Sequence[str] = (),
        uses: _Amounts | None = None,
        makes: _Amounts | None = None,
        family: str = "",
        max_wait: _Time | None = None,
        if_overdue: str | Mapping[str, str] | None = None,
        same_as: str | Mapping[str, str] | None = None,
        only: float | None = None,
        sample: int | Mapping[str, int] | None = None,
        within: tuple[str, Span] | None = None,
        rework_limit: int | None = None,
        beyond: str | Mapping[str, str] = "",
    ) -> ProductBuilder:
        """Add a step to the route.

        Parameters
        ----------
        at : str or sequence of str
            The station, a range such as ``m[1..20]``, or alternatives.
        time : Distribution or str, or mapping, optional
            At speed 1, for all alternatives or by station; else the station's.
        op : str
            Name of the step; the station's unless given.
        setup, changeover, transport : Distribution or str, optional
            Before each lot; instead, after another step; from the place before, or the conveyor or vehicles that
            lots come by.
        choose : str
            Among alternatives: shortest_queue, earliest_finish, first, random, cost, or a formula as in
            ``expr(setup + work)``.
        rework, goto : mapping, optional
            Step -> probability of going there afterwards; rework is counted as such.
        leave, scrap : float
            Probabilities of leaving the plant here, good or scrapped.
        needs : str or mapping, optional
            Operators and tools held while the machine runs: ``"setter"``, ``{"setter": 1, "fixture": 2}``; ``{}`` is
            none, where the station needs some.
        holds : str or mapping, optional
            Tools, as pallets, that each lot takes as the operation begins and keeps over later steps.
        returns : sequence of str
            Tools that each lot gives back as the operation ends.
        uses, makes : str or mapping, optional
            Material taken as the operation begins, and made as it ends.
        family : str
            Kind of work, where setups or batches go by family; the product's unless given.
        max_wait : Distribution or str, optional
            How long a lot waits in the queue at most.
        if_overdue : str or mapping, optional
            What becomes of it then: scrap (unless given), leave, stay, ``{"rework": step}``.
        same_as : str or mapping, optional
            An earlier step: done on the machine that did that one, or with ``{"station": step}`` at its station.
        only : float, optional
            Probability with which a lot takes this step; else it goes on to the next.
        sample : int or mapping, optional
            One lot in so many takes this step: ``5``, or ``{"every": 5, "first": 1}``.
        within : tuple of str and span, optional
            An earlier step, and how long after its end this one begins at most: ``("etch", "2 h")``.
        rework_limit : int, optional
            Times that one lot is sent back from this step at most.
        beyond : str or mapping
            What becomes of a lot that would be sent back once more: scrap (unless given), pass, leave,
            ``{"goto": step}``.
        """
        step = Step(
            at,
            time,
            op=op,
            setup=setup,
            changeover=changeover,
            transport=transport,
            choose=choose,
            rework=rework,
            goto=goto,
            leave=leave,
            scrap=scrap,
            needs=needs,
            holds=holds,
            returns=returns,
            uses=uses,
            makes=makes,
            family=family,
            max_wait=max_wait,
            if_overdue=if_overdue,
            same_as=same_as,
            only=only,
            sample=sample,
            within=within,
            rework_limit=rework_limit,
            beyond=beyond,
        )
        self._product.step(step._made())
        return self

    def parallel(self, branches: Mapping[str, Sequence[Step]], *, op: str = "") -> ProductBuilder:
        """Add a step at which the lot parts; it goes on when all branches are done.

        Parameters
        ----------
        branches : mapping
            Name -> steps: ``{"frame": [twin.Step("saw", "5 min")], "wheels": [twin.Step("lathe", "9 min")]}``.
        op : str
            Name of the step.
        """
        self._product.step(Step(op=op, parallel=branches)._made())
        return self

    def split(self, into: int, route: Sequence[Step], *, op: str = "") -> ProductBuilder:
        """Add a step at which the lot parts into sublots; it goes on when all of them are through.

        Parameters
        ----------
        into : int
            How many sublots, from 2 to 255.
        route : sequence of Step
            What is done with each of them: ``[twin.Step("mill", "5 min"), twin.Step("drill", "2 min")]``.
        op : str
            Name of the step.
        """
        self._product.step(Step(op=op, split=into, route=route)._made())
        return self

    def arrivals_every(self, time: _Time, lots: int | _Time | None = None) -> ProductBuilder:
        """Let lots arrive each interarrival time: one, so many, or a number drawn (a distribution without unit)."""
        if lots is None:
            self._product.arrivals_every(time)
        else:
            self._product.arrivals_every(time, lots)
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
        """Set the due date: a span from release, or a rule such as ``"twk(5)"`` or ``"ran(uniform(1, 3 d))"``."""
        if isinstance(after_release, str) and "(" in after_release:
            self._product.due(after_release)
        else:
            self._product.due(span_ns(after_release, "due"))
        return self

    def family(self, name: str) -> ProductBuilder:
        """Say what kind of product it is."""
        self._product.family(name)
        return self
