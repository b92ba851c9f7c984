"""A floor from its case: what learn, forecast, whatif and backtest begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import datasets
from .._live import Twin
from .._logs import Rules
from .._plant import load
from .._state import State
from ._shared import case_of, need_file

SheetFile = Annotated[
    Path | None,
    typer.Option("--sheet", help="Order sheet: the plant as planned (YAML).", show_default="of the data set or folder"),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", help="A saved state, or logs to stand in.", show_default="the plant's beginning, or the data set"
    ),
]
At = Annotated[
    str | None, typer.Option("--at", help="Instant to stand at (ISO 8601).", show_default="the end of the logs")
]


def floor_of(case: datasets.Case) -> Twin:
    """Follow the logs of a case."""
    rules = Rules.load(need_file(case.rules, "--rules", "rules that say what the logs mean"))
    sheet = load(need_file(case.sheet, "--sheet", "order sheet"))
    return Twin(sheet, rules).observe(case.logs)


def state_of(target: str, source: str | None, at: str | None, rules: Path | None) -> State:
    """Find the state that a forecast or a what-if begins with.

    Parameters
    ----------
    target : str
        A data set, or a scenario file: the order sheet where `source` is logs.
    source : str, optional
        A saved state, or logs.
    at : str, optional
        Instant to stand at.

    Raises
    ------
    InvalidArgument
        No such file, folder or data set.
    """
    plant_file = Path(target)
    if not plant_file.is_file():
        if source is not None:
            return _standing(floor_of(case_of(source, rules, case_of(target).sheet)), at)
        return _standing(floor_of(case_of(target, rules)), at)
    plant = load(plant_file)
    if source is None:
        state = State.initial(plant)
    elif _is_state(Path(source)):
        state = State.load(source, plant)
    else:
        return _standing(floor_of(case_of(source, rules, plant_file)), at)
    return state.advance(until=at) if at is not None else state


def _standing(floor: Twin, at: str | None) -> State:
    return floor.state if at is None else floor.at(at)


def _is_state(file: Path) -> bool:
    """Whether the file begins with the mark of a saved state."""
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(8) == b"TWINSTAT"
