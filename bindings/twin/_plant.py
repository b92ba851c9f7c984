"""Plants: what exists, immutable once built, and the numbers beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from . import _core, _html
from ._errors import InvalidArgument
from ._values import frame, instant64, span64, yaml_text

if TYPE_CHECKING:
    import pandas as pd


#: A question to a plant: paths and the values to put there. An empty one is the plant as it is.
Changes = Mapping[str, Any]


class Run(TypedDict):
    """How a scenario says it is to be run; ``until`` None is until all orders are finished."""

    warmup: np.timedelta64
    until: np.timedelta64 | None
    replications: int
    seed: int


class Parameters(Mapping[str, "_core.Distribution | float"]):
    """The numbers of a plant, by path: distributions, branch probabilities, speeds. A value that never changes.

    ``parameters["products.part.route.mill.time"]`` is a Distribution, ``...then.rework`` a probability,
    ``stations.mill.machines.M1.speed`` a factor. `set` and `change` give a new value; ``plant.with_parameters``
    takes it.
    """

    def __init__(self, plant: Plant, core: _core.Parameters | None = None) -> None:
        self._plant = plant
        self._core = plant._core.parameters() if core is None else core
        self._index = plant._parameter_index()

    def __getitem__(self, path: str) -> _core.Distribution | float:
        kind, places = self._find(path)
        if kind == "distribution":
            return self._core.distribution(places[0])
        return self._core.branch(places[0]) if kind == "branch" else self._core.speed(places[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and self._index == other._index and self._core.same(other._core)

    __hash__ = None  # type: ignore[assignment]

    def set(self, path: str, value: _core.Distribution | str | float) -> Parameters:
        """Give the same parameters with one number replaced.

        Parameters
        ----------
        path : str
            One of the keys.
        value : Distribution, str or float
            A distribution (its text will do), or a number for a probability or speed.

        Raises
        ------
        InvalidArgument
            No such path, or a value that cannot stand there.
        """
        return self.change({path: value})

    def change(self, values: Mapping[str, _core.Distribution | str | float]) -> Parameters:
        """Give the same parameters with several numbers replaced; see `set`."""
        core = self._core.copy()
        for path, value in values.items():
            kind, places = self._find(path)
            for place in places:
                if kind == "distribution":
                    core.set_distribution(place, _distribution(path, value))
                elif kind == "branch":
                    core.set_branch(place, _number(path, value, 1.0))
                else:
                    core.set_speed(place, _number(path, value, float("inf")))
        return Parameters(self._plant, core)

    @property
    def frame(self) -> pd.DataFrame:
        """Table of path, text, mean and sd (of times in seconds)."""
        import pandas as pd

        rows: list[tuple[str, str, float, float]] = []
        for path, value in self.items():
            if isinstance(value, _core.Distribution):
                rows.append((path, value.text(), value.mean, value.sd))
            else:
                rows.append((path, f"{value:g}", value, 0.0))
        return pd.DataFrame(rows, columns=["path", "value", "mean", "sd"])

    def _find(self, path: str) -> tuple[str, tuple[int, ...]]:
        try:
            return self._index[path]
        except KeyError:
            near = ", ".join(_nearest(path, self._index)) or "none"
            raise _UnknownPath(f"parameters: no number at '{path}'; nearest: {near}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameters, (self._plant, self._core)

    def __repr__(self) -> str:
        return f"<twin.Parameters of '{self._plant.name}': {len(self)} numbers>"

    def _repr_html_(self) -> str:
        return _html.heading("Parameters", self._plant.name) + _html.short_frame(self.frame)


class _UnknownPath(InvalidArgument, KeyError):  # noqa: N818, as its base
    """Also a KeyError, so that ``path in parameters`` and ``parameters.get`` work as for any mapping."""

    def __str__(self) -> str:
        return Exception.__str__(self)


def _nearest(path: str, known: Mapping[str, Any]) -> list[str]:
    import difflib

    return difflib.get_close_matches(path, list(known), n=3, cutoff=0.3)


def _distribution(path: str, value: object) -> _core.Distribution:
    if isinstance(value, _core.Distribution):
        return value
    if isinstance(value, str):
        return _core.Distribution(value)
    raise InvalidArgument(f"{path}: {value!r}; allowed: a Distribution or its text, such as 'exponential(48 s)'")


def _number(path: str, value: object, most: float) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and 0 <= value <= most:
        return float(value)
    allowed = "a number from 0 to 1" if most == 1 else "a number above 0"
    raise InvalidArgument(f"{path}: {value!r}; allowed: {allowed}")


class Plant:
    """What exists: stations, machines, products, routes, orders, calendars. Immutable; copies share it.

    Read one with `load` or `parse`, or build one with `PlantBuilder`.
    """

    def __init__(self, core: _core.Plant) -> None:
        self._core = core
        self._index: dict[str, tuple[str, tuple[int, ...]]] | None = None

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Plant:
        """Read a scenario file; see `twin.load`."""
        return load(path)

    @property
    def name(self) -> str:
        """The file's stem, or the name given."""
        return self._core.name()

    @property
    def digest(self) -> str:
        """Hash of everything that changes a run, parameters apart: 16 hexadecimal digits."""
        return self._core.digest()

    @property
    def epoch(self) -> np.datetime64:
        """The instant at which simulated time is 0."""
        return instant64(self._core.epoch())

    @property
    def stations(self) -> pd.DataFrame:
        """Table of station, machines, rule, places (infinite: unlimited), lose_when_full."""
        return frame(self._core.stations())

    @property
    def machines(self) -> pd.DataFrame:
        """Table of machine, station, speed, calendar (empty: always open), failure_modes."""
        return frame(self._core.machines())

    @property
    def products(self) -> pd.DataFrame:
        """Table of product, steps, arrivals, ordered (lots), priority."""
        return frame(self._core.products())

    @property
    def steps(self) -> pd.DataFrame:
        """Table of product, step, station, time, mean_s: a row for each station that can do a step."""
        return frame(self._core.steps())

    @property
    def orders(self) -> pd.DataFrame:
        """Table of order, product, quantity, release, due, priority; ascending release."""
        return frame(self._core.orders())

    @property
    def calendars(self) -> pd.DataFrame:
        """Table of calendar, opens, closes: spans since Monday 00:00 UTC."""
        return frame(self._core.calendars())

    @property
    def parameters(self) -> Parameters:
        """The numbers of the plant as declared."""
        return Parameters(self)

    def with_parameters(self, parameters: Parameters) -> Plant:
        """Give the same plant with other numbers.

        Raises
        ------
        InvalidArgument
            They are the numbers of a plant of another shape.
        """
        return Plant(self._core.with_parameters(parameters._core))

    def change(self, changes: Changes) -> Plant:
        """Give a new plant with values at paths replaced or added.

        Parameters
        ----------
        changes : mapping
            ``{"stations.mill.machines": 2}``. A text is YAML, as in a scenario file; numbers, truth values,
            Distribution, timedelta, datetime, lists and mappings are written as YAML for you.

        Raises
        ------
        PlantError
            A path that cannot be followed, or any fault of the result.
        """
        return Plant(self._core.change([(path, yaml_text(value)) for path, value in changes.items()]))

    @property
    def yaml(self) -> str:
        """The scenario as YAML that loads as the same plant."""
        return self._core.yaml()

    @property
    def run(self) -> Run:
        """How the scenario says it is to be run."""
        run = self._core.run()
        until = run["until"]
        return {
            "warmup": span64(run["warmup"]),
            "until": None if until is None else span64(until),
            "replications": run["replications"],
            "seed": run["seed"],
        }

    @property
    def expect(self) -> dict[str, float]:
        """Figures in SI that a simulation must reproduce, as the scenario says."""
        return self._core.expect()

    @property
    def what_if(self) -> dict[str, dict[str, str]]:
        """The scenario's ``what_if`` block: name -> path -> YAML text; for `twin.what_if` and `twin.compare`."""
        return {name: dict(changes) for name, changes in self._core.what_if()}

    def explain(self, path: str = "") -> pd.DataFrame:
        """Tell every key of what stands at a path, its defaults too.

        Parameters
        ----------
        path : str
            A station, ``stations.mill.queue``, a step, ``run``, or one key such as ``run.seed``, written or not; empty
            for the whole plant.

        Returns
        -------
        pandas.DataFrame
            Table of path, value, origin (``shop.yaml:12:9``, ``default``), meaning, allowed.

        Raises
        ------
        InvalidArgument
            Nothing stands there; names what does.
        """
        import pandas as pd

        columns = ["path", "value", "origin", "meaning", "allowed"]
        return pd.DataFrame(self._core.explain(path), columns=columns, dtype="str")

    def _parameter_index(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Path -> kind and indices; equal paths (a mode declared once for many machines) stand for all."""
        if self._index is None:
            found: dict[str, tuple[str, list[int]]] = {}
            speeds = [
                _core.join_path(_core.join_path(_core.join_path("stations", station), "machines"), machine) + ".speed"
                for machine, station in zip(self._core.machine_names(), self._core.machine_stations(), strict=True)
            ]
            kinds = (
                ("distribution", self._core.distribution_paths()),
                ("branch", self._core.branch_paths()),
                ("speed", speeds),
            )
            for kind, paths in kinds:
                for i, path in enumerate(paths):
                    found.setdefault(path, (kind, []))[1].append(i)
            self._index = {path: (kind, tuple(places)) for path, (kind, places) in found.items()}
        return self._index

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Plant)
            and self.digest == other.digest
            and self._core.parameters().same(other._core.parameters())
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (self.yaml, self.name, self._core.parameters())

    def __repr__(self) -> str:
        return f"<twin.Plant '{self.name}': {', '.join(self._facts())}>"

    def _facts(self) -> list[str]:
        def count(n: int, noun: str) -> str:
            return f"{n} {noun}" + ("" if n == 1 else "s")

        facts = [
            count(len(self._core.station_names()), "station"),
            count(len(self._core.machine_names()), "machine"),
            count(len(self._core.product_names()), "product"),
        ]
        orders = len(self._core.order_names())
        return [*facts, count(orders, "order")] if orders else facts

    def _repr_html_(self) -> str:
        parts = [_html.heading(f"Plant {self.name}", *self._facts()), _html.short_frame(self.stations)]
        parts.append(_html.short_frame(self.steps))
        if len(self.orders):
            parts.append(_html.short_frame(self.orders))
        return "".join(parts)


def _unpickle(yaml: str, name: str, parameters: _core.Parameters) -> Plant:
    return Plant(_core.Plant.parse(yaml, name, Path()).with_parameters(parameters))


def load(path: str | os.PathLike[str]) -> Plant:
    """Read a scenario file, with the files it includes.

    Raises
    ------
    PlantError
        All faults at once, each with file, line, value and what is allowed.
    FormatError
        The file cannot be read.
    """
    return Plant(_core.Plant.load(Path(path)))


def parse(text: str, *, name: str = "plant", folder: str | os.PathLike[str] | None = None) -> Plant:
    """Read a scenario from text.

    Parameters
    ----------
    text : str
        YAML, as in a file.
    name : str
        Stands for the file in messages.
    folder : path, optional
        Where files that the text names are looked for; without it such text is refused.

    Raises
    ------
    PlantError
        All faults at once.
    """
    return Plant(_core.Plant.parse(text, name, Path() if folder is None else Path(folder)))


def plant_schema() -> dict[str, Any]:
    """JSON Schema of scenario files, for editors."""
    schema: dict[str, Any] = json.loads(_core.plant_schema())
    return schema
