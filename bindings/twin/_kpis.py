"""Key performance indicators by the names of ISO 22400-2, beside the plain ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _html
from ._errors import InvalidArgument
from ._history import History
from ._study import Estimate, estimate_of
from ._values import readable

if TYPE_CHECKING:
    import pandas as pd

    from ._forecast import Forecast
    from ._study import Result

_Values = npt.NDArray[np.float64]
_SHARES = ("working", "setup", "blocked", "starved", "down", "off", "waiting")
_FLOWS = ("throughput", "wip", "cycle_time", "waiting_time", "completed", "scrapped", "reworked")


@dataclass(frozen=True)
class _Kpi:
    """A name of the standard, its unit, and its formula in the standard's symbols."""

    name: str
    unit: str
    formula: str


# Of a work unit (a machine) or work centre (a station).
_AVAILABILITY = _Kpi("availability", "1", "APT / PBT")
_UTILIZATION = _Kpi("utilization_efficiency", "1", "APT / AUBT")
_ALLOCATION = _Kpi("allocation_efficiency", "1", "AUBT / PBT")
_TECHNICAL = _Kpi("technical_efficiency", "1", "APT / (APT + ADET)")
_SETUP = _Kpi("setup_ratio", "1", "AUST / AUPT")
# Of a product, and of the plant.
_THROUGHPUT = _Kpi("throughput_rate", "1/s", "PQ / period")
_QUALITY = _Kpi("quality_ratio", "1", "GQ / PQ")
_FIRST_PASS = _Kpi("first_pass_yield", "1", "GP / IP")
_SCRAP = _Kpi("scrap_ratio", "1", "SQ / PQ")
_REWORK = _Kpi("rework_ratio", "1", "RQ / PQ")
_EXECUTION = _Kpi("actual_order_execution_time", "s", "AOET")
_QUEUING = _Kpi("actual_queuing_time", "s", "AQT")
_TURNS = _Kpi("inventory_turns", "1/s", "TH / average inventory")
# Of the plant.
_PROCESS = _Kpi("production_process_ratio", "1", "sum of APT / sum of AOET")
_ALLOCATED = _Kpi("allocation_ratio", "1", "sum of AUBT / sum of AOET")


class Kpis(Mapping[str, Estimate]):
    """Indicators by the names of ISO 22400-2: ``kpis["mill.availability"]`` is an `Estimate`; `frame` is a table.

    What each is in terms of what a run measures stands in the reference of results.
    """

    def __init__(self, name: str, estimates: Mapping[str, Estimate], formulas: Mapping[str, str]) -> None:
        self._name = name
        self._estimates = dict(estimates)
        self._formulas = dict(formulas)

    @property
    def frame(self) -> pd.DataFrame:
        """Table of name, mean, half_width, n, unit (SI), and formula in the symbols of the standard."""
        import pandas as pd

        estimates = list(self.values())
        return pd.DataFrame(
            {
                "name": pd.Series(list(self), dtype="str"),
                "mean": [e.mean for e in estimates],
                "half_width": [e.half_width for e in estimates],
                "n": [e.n for e in estimates],
                "unit": pd.Series([e.unit for e in estimates], dtype="str"),
                "formula": pd.Series(list(self._formulas.values()), dtype="str"),
            }
        )

    def __getitem__(self, name: str) -> Estimate:
        try:
            return self._estimates[name]
        except KeyError:
            import difflib

            near = ", ".join(difflib.get_close_matches(name, list(self), n=3, cutoff=0.3)) or "none"
            raise _UnknownKpi(f"no indicator '{name}'; nearest: {near}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._estimates)

    def __len__(self) -> int:
        return len(self._estimates)

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        """Those that have data, as people read them."""
        rows = []
        for name, e in self.items():
            if e.n:
                mean, half_width, unit = readable(e.mean, e.half_width, e.unit)
                half = "" if np.isnan(e.half_width) else f"± {half_width}"
                rows.append((name, mean, half, unit, self._formulas[name]))
        return rows

    def __repr__(self) -> str:
        return f"<twin.Kpis of '{self._name}': {len(self)} indicators of ISO 22400-2>"

    def __str__(self) -> str:
        return _html.text_table(("indicator", "mean", "95 %", "unit", "formula"), self._rows())

    def _repr_html_(self) -> str:
        head = _html.heading("Indicators of ISO 22400-2", self._name)
        return head + _html.table(("indicator", "mean", "95 %", "unit", "formula"), self._rows())


class _UnknownKpi(InvalidArgument, KeyError):  # noqa: N818, as its base
    """Also a KeyError, so that ``in`` and ``get`` work as for any mapping."""

    def __str__(self) -> str:
        return Exception.__str__(self)


def iso22400(of: Result | Forecast | History) -> Kpis:
    """Give the indicators of ISO 22400-2 that follow from what was measured.

    Parameters
    ----------
    of : Result, Forecast or History
        A History is one run: its indicators have no intervals.

    Returns
    -------
    Kpis
        Of every station and machine: ``availability``, ``utilization_efficiency``, ``allocation_efficiency``,
        ``technical_efficiency``, ``setup_ratio``. Of every product and ``plant``: ``throughput_rate``,
        ``quality_ratio``, ``first_pass_yield``, ``scrap_ratio``, ``rework_ratio``, ``actual_order_execution_time``,
        ``actual_queuing_time``, ``inventory_turns``. Of ``plant``: ``production_process_ratio``,
        ``allocation_ratio``.

    Notes
    -----
    Source: ISO 22400-2, Automation systems and integration, Key performance indicators (KPIs) for manufacturing
    operations management, definitions and descriptions.
    """
    if isinstance(of, History):
        return _Indicators(of.plant.name, _figures_of(of)).kpis()
    name = getattr(of, "_plant_name", None) or of.plant.name  # type: ignore[union-attr]
    values = of._core.values
    return _Indicators(name, {metric: values[:, i] for i, (metric, _) in enumerate(of._core.metrics)}).kpis()


class _Indicators:
    """Makes indicators of plain figures: name -> the figure of each replication."""

    def __init__(self, name: str, figures: Mapping[str, _Values]) -> None:
        self._name = name
        self._figures = figures
        self._estimates: dict[str, Estimate] = {}
        self._formulas: dict[str, str] = {}

    def kpis(self) -> Kpis:
        with np.errstate(divide="ignore", invalid="ignore"):
            for name in _ending(self._figures, ".share.working"):
                self._work_unit(name)
            for name in _ending(self._figures, ".cycle_time"):
                self._flow(name)
            self._plant()
        return Kpis(self._name, self._estimates, self._formulas)

    def _add(self, what: str, kpi: _Kpi, sample: _Values) -> None:
        name = f"{what}.{kpi.name}"
        self._estimates[name] = estimate_of(name, np.where(np.isfinite(sample), sample, np.nan), kpi.unit)
        self._formulas[name] = kpi.formula

    def _times(self, name: str) -> tuple[_Values, _Values, _Values, _Values]:
        """APT, AUST, ADET and PBT of a work unit, as shares of all time."""
        share = {s: self._figures.get(f"{name}.share.{s}", np.zeros(1)) for s in _SHARES}
        return share["working"], share["setup"], share["blocked"] + share["down"] + share["waiting"], 1 - share["off"]

    def _work_unit(self, name: str) -> None:
        production, setup, delay, planned = self._times(name)
        busy = production + setup + delay
        self._add(name, _AVAILABILITY, production / planned)
        self._add(name, _UTILIZATION, production / busy)
        self._add(name, _ALLOCATION, busy / planned)
        self._add(name, _TECHNICAL, production / (production + delay))
        self._add(name, _SETUP, setup / (production + setup))

    def _flow(self, name: str) -> None:
        f = {quantity: self._figures[f"{name}.{quantity}"] for quantity in _FLOWS}
        good, scrapped, reworked = f["completed"], f["scrapped"], f["reworked"]
        produced = good + scrapped
        self._add(name, _THROUGHPUT, f["throughput"] * produced / good)
        self._add(name, _QUALITY, good / produced)
        self._add(name, _FIRST_PASS, self._first_pass(name, good, scrapped, reworked) / produced)
        self._add(name, _SCRAP, scrapped / produced)
        self._add(name, _REWORK, reworked / produced)
        self._add(name, _EXECUTION, f["cycle_time"])
        self._add(name, _QUEUING, f["waiting_time"])
        self._add(name, _TURNS, f["throughput"] / f["wip"])

    def _first_pass(self, name: str, good: _Values, scrapped: _Values, reworked: _Values) -> _Values:
        """Good lots never sent back. Of figures alone it is known unless lots were both scrapped and reworked."""
        known = self._figures.get(f"{name}.first_pass")
        if known is not None:
            return known
        return np.where(reworked == 0, good, np.where(scrapped == 0, good - reworked, np.nan))

    def _plant(self) -> None:
        """Add those of the plant: sums of shares of time over the mean number of lots; the period cancels."""
        times = [self._times(name) for name in _machines(self._figures)]
        wip = self._figures["plant.wip"]
        zero = np.zeros_like(wip)
        self._add("plant", _PROCESS, sum((t[0] for t in times), zero) / wip)
        self._add("plant", _ALLOCATED, sum((t[0] + t[1] + t[2] for t in times), zero) / wip)


def _ending(figures: Mapping[str, Any], suffix: str) -> list[str]:
    return [name.removesuffix(suffix) for name in figures if name.endswith(suffix)]


def _machines(figures: Mapping[str, Any]) -> list[str]:
    """Find what stands for single machines: those after their station, or a station that is one machine."""
    groups: list[list[str]] = []
    for name in figures:
        if name.endswith(".queue_length"):
            groups.append([])
        elif name.endswith(".share.working"):
            groups[-1].append(name.removesuffix(".share.working"))
    return [name for group in groups for name in (group[1:] or group)]


def _figures_of(history: History) -> dict[str, _Values]:
    """Plain figures of a record, by the names of results, and the good lots of each product never sent back."""
    plant, begin, end = history._known()
    span = end.now - begin.now
    figures: dict[str, float] = {}
    columns = history._core.lots(plant._core)
    products = np.asarray(columns["product"], dtype=object)
    scrapped, reworked = np.asarray(columns["scrapped"], dtype=bool), np.asarray(columns["reworked"], dtype=bool)
    cycle, waiting = (np.asarray(columns[name]).astype("m8[ns]").astype(np.int64) for name in ("cycle_time", "waiting"))
    wip = history._levels_mean("wip")
    for name in [*plant._core.product_names(), "plant"]:
        of = np.ones(len(products), dtype=bool) if name == "plant" else products == name
        good = of & ~scrapped & ~np.asarray(columns["cancelled"], dtype=bool)
        count = int(good.sum())
        figures[f"{name}.throughput"] = count / (span * 1e-9) if span else np.nan
        figures[f"{name}.wip"] = sum(wip.values()) if name == "plant" else wip[name]
        figures[f"{name}.cycle_time"] = cycle[good].mean() * 1e-9 if count else np.nan
        figures[f"{name}.waiting_time"] = waiting[good].mean() * 1e-9 if count else np.nan
        figures[f"{name}.completed"] = count
        figures[f"{name}.scrapped"] = int((of & scrapped).sum())
        figures[f"{name}.reworked"] = int((of & reworked).sum())
        figures[f"{name}.first_pass"] = int((good & ~reworked).sum())
    shares = history._shares()
    stations: dict[str, list[str]] = {station: [] for station in plant._core.station_names()}
    for machine, station in zip(plant._core.machine_names(), plant._core.machine_stations(), strict=True):
        stations[station].append(machine)
    for station, machines in stations.items():
        figures[f"{station}.queue_length"] = np.nan
        for condition in _SHARES:
            mean = sum(shares[machine].get(condition, 0.0) for machine in machines) / max(1, len(machines))
            figures[f"{station}.share.{condition}"] = mean
        for machine in machines:
            if len(machines) > 1 or machine not in (station, f"{station}.1"):
                figures.update({f"{machine}.share.{c}": shares[machine].get(c, 0.0) for c in _SHARES})
    return {name: np.array([value], dtype=np.float64) for name, value in figures.items()}
