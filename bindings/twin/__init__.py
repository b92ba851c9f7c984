"""Digital twins of manufacturing: a plant as a value, its state as a value, questions as functions over them.

::

    plant = twin.load("shop.yaml")                   # what exists
    result = twin.simulate(plant, replications=30)   # whole runs
    now = twin.State.initial(plant, seed=1)          # how it is at one instant
    now.advance("3 d")
    future = twin.forecast(now)                      # what happens next
    answer = twin.what_if(now)                       # alternatives under the same luck
"""

from ._builder import PlantBuilder, ProductBuilder, StationBuilder
from ._core import Distribution, __version__
from ._emulate import Emulation, emulate
from ._errors import Cancelled, Error, Fault, FormatError, InvalidArgument, PlantError
from ._forecast import Finish, Forecast, Quantity, forecast, what_if
from ._history import History
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
from ._state import State
from ._study import Comparison, Estimate, Result, compare, simulate

__all__ = [
    "Backtest",
    "Cancelled",
    "Comparison",
    "Distribution",
    "Emulation",
    "Error",
    "Estimate",
    "Fault",
    "Finish",
    "Followed",
    "Forecast",
    "FormatError",
    "History",
    "InvalidArgument",
    "Log",
    "Logs",
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
    "Result",
    "Rules",
    "Standing",
    "State",
    "StationBuilder",
    "Twin",
    "__version__",
    "backtest",
    "compare",
    "emulate",
    "forecast",
    "infer_operations",
    "learn_progress",
    "load",
    "parse",
    "parse_shdr",
    "plant_schema",
    "read_logs",
    "read_shdr",
    "simulate",
    "what_if",
]
