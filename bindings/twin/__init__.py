"""Digital twins of manufacturing: a plant as a value, its state as a value, questions as functions over them.

::

    plant = twin.load("shop.yaml")                   # what exists
    result = twin.simulate(plant, replications=30)   # whole runs
    now = twin.State.initial(plant, seed=1)          # how it is at one instant
    now.advance("3 d")
    future = twin.forecast(now)                      # what happens next
    answer = twin.what_if(now)                       # alternatives under the same luck
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._builder import PlantBuilder, ProductBuilder, Reorder, StationBuilder, Step, Wear
    from ._core import Distribution, __version__
    from ._emulate import Emulation, emulate
    from ._errors import Cancelled, DeadlockError, Error, Fault, FormatError, InvalidArgument, PlantError
    from ._forecast import Finish, Forecast, Quantity, forecast, what_if
    from ._history import History
    from ._kpis import Kpis, iso22400
    from ._live import Backtest, Followed, Standing, Twin, backtest
    from ._logs import (
        Log,
        Logs,
        Operation,
        Operations,
        ProgressProfiles,
        Remaining,
        Rules,
        infer_operations,
        learn_progress,
        parse_shdr,
        read_logs,
        read_shdr,
    )
    from ._plant import Parameters, Plant, load, parse, plant_schema
    from ._report import write_report
    from ._rule import Formula, Lot, maximum, minimum, rule, where
    from ._state import State
    from ._study import Comparison, Estimate, Result, compare, simulate
    from ._warmup import Mser, WarmUp, WarmUpWarning, mser5, warm_up

__all__ = [
    "Backtest",
    "Cancelled",
    "Comparison",
    "DeadlockError",
    "Distribution",
    "Emulation",
    "Error",
    "Estimate",
    "Fault",
    "Finish",
    "Followed",
    "Forecast",
    "FormatError",
    "Formula",
    "History",
    "InvalidArgument",
    "Kpis",
    "Log",
    "Logs",
    "Lot",
    "Mser",
    "Operation",
    "Operations",
    "Parameters",
    "Plant",
    "PlantBuilder",
    "PlantError",
    "ProductBuilder",
    "ProgressProfiles",
    "Quantity",
    "Remaining",
    "Reorder",
    "Result",
    "Rules",
    "Standing",
    "State",
    "StationBuilder",
    "Step",
    "Twin",
    "WarmUp",
    "WarmUpWarning",
    "Wear",
    "__version__",
    "backtest",
    "compare",
    "emulate",
    "forecast",
    "infer_operations",
    "iso22400",
    "learn_progress",
    "load",
    "maximum",
    "minimum",
    "mser5",
    "parse",
    "parse_shdr",
    "plant_schema",
    "read_logs",
    "read_shdr",
    "rule",
    "simulate",
    "warm_up",
    "what_if",
    "where",
    "write_report",
]

# Modules are loaded when one of their names is first asked for: `import twin` is over at once, whatever it offers.
_NAMES = {
    "_builder": "PlantBuilder ProductBuilder Reorder StationBuilder Step Wear",
    "_core": "Distribution __version__",
    "_emulate": "Emulation emulate",
    "_errors": "Cancelled DeadlockError Error Fault FormatError InvalidArgument PlantError",
    "_forecast": "Finish Forecast Quantity forecast what_if",
    "_history": "History",
    "_kpis": "Kpis iso22400",
    "_live": "Backtest Followed Standing Twin backtest",
    "_logs": "Log Logs Operation Operations ProgressProfiles Remaining "
    "Rules infer_operations learn_progress parse_shdr read_logs read_shdr",
    "_plant": "Parameters Plant load parse plant_schema",
    "_report": "write_report",
    "_rule": "Formula Lot maximum minimum rule where",
    "_state": "State",
    "_study": "Comparison Estimate Result compare simulate",
    "_warmup": "Mser WarmUp WarmUpWarning mser5 warm_up",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
