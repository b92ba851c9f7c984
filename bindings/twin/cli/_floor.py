"""A floor from its case: what learn, forecast, whatif and backtest begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import datasets
from .._live import Twin
from .._logs import Logs, Rules, read_logs
from .._plant import load
from .._state import State
from ._shared import case_of, need_file, note, warn

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
QuarantineFile = Annotated[
    Path | None,
    typer.Option("--quarantine", help="Write the lines that were not understood (CSV).", show_default=False),
]

_NAMES_SHOWN = 3


def tell_defects(logs: Logs, quarantine: Path | None = None) -> None:
    """Say what was read, what was left out and why; write all lines in quarantine to a file where one is named."""
    counts = logs.counts
    parts = [f"{len(logs)} logs, {counts['lines'].sum()} lines"]
    for column, what in (("late", "late"), ("duplicates", "duplicates"), ("quarantined", "in quarantine")):
        if n := counts[column].sum():
            parts.append(f"{n} {what}")
    note(", ".join(parts))
    skipped = logs.skipped
    unmatched = skipped["reason"].str.contains("matches no pattern")
    if unmatched.any():
        names = [Path(path).name for path in skipped["path"][unmatched]]
        more = ", …" if len(names) > _NAMES_SHOWN else ""
        note(f"names that match no pattern of the rules: {len(names)}: {', '.join(names[:_NAMES_SHOWN])}{more}")
    for path, reason in skipped[~unmatched].astype(object).to_numpy().tolist():
        warn("left out: " + (reason if path in reason else f"{path}: {reason}"))
    rejected = logs.quarantine
    for reason in rejected["reason"].unique().tolist():
        lines = rejected[rejected["reason"] == reason]
        first = lines.iloc[0]
        note(f"in quarantine: {len(lines)}: {reason}, as {Path(first['source']).name}:{first['line']}: {first['text']}")
    for log in counts[2 * counts["quarantined"] > counts["lines"]].to_dict(orient="records"):
        warn(f"{log['source']}: {log['quarantined']} of {log['lines']} lines were not understood")
    if quarantine is not None:
        rejected.to_csv(quarantine, index=False)
        note(f"quarantine: {quarantine}")


def floor_of(case: datasets.Case, quarantine: Path | None = None) -> Twin:
    """Follow the logs of a case, and say what of them was left out."""
    rules = Rules.load(need_file(case.rules, "--rules", "rules that say what the logs mean"))
    sheet = load(need_file(case.sheet, "--sheet", "order sheet"))
    logs = read_logs(case.logs, rules)
    tell_defects(logs, quarantine)
    return Twin(sheet, rules).observe(logs)


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
