"""``twin emulate``: a plant run as if it were the floor, which writes logs and the truth beside them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import datasets
from .._emulate import emulate as run_emulation
from .._plant import load
from ._shared import Json, PlantFile, command, instant_text, note, print_json, rounded, screen


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("emulate")(emulate)


@command
def emulate(
    plant: PlantFile,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to; made if missing.", show_default=False)],
    seed: Annotated[int, typer.Option(help="Of the run and of the defects.", min=0)] = 0,
    speed: Annotated[
        float, typer.Option(help="0: all at once; else so many times faster than real time, lines as they come.", min=0)
    ] = 0,
    until: Annotated[
        str | None, typer.Option(help="End: '3 d' or an ISO 8601 instant.", show_default="the plant's")
    ] = None,
    late: Annotated[float, typer.Option(help="Share of instants told late.", min=0, max=1)] = 0,
    max_late: Annotated[str, typer.Option(help="By how much at most.")] = "3 min",
    duplicates: Annotated[float, typer.Option(help="Share of lines told twice.", min=0, max=1)] = 0,
    gaps: Annotated[float, typer.Option(help="Share of time without connection.", min=0, max=0.9)] = 0,
    mean_gap: Annotated[str, typer.Option(help="Mean length of such a break.")] = "10 min",
    skew: Annotated[str, typer.Option(help="How wrong a machine's clock is at most.")] = "0 s",
    as_json: Json = False,
) -> None:
    """Run a plant as if it were the floor: write its machines' logs, their rules, and the truth beside them."""
    emulation = run_emulation(
        load(plant),
        seed=seed,
        until=until,
        late=late,
        max_late=max_late,
        duplicates=duplicates,
        gaps=gaps,
        mean_gap=mean_gap,
        max_skew=skew,
    )
    if speed > 0 and not as_json:
        note(f"writing {emulation.lines} lines to {out} as they come, {speed:g} times faster than real time")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(datasets.scenario("shops/emulated-rules.yaml"), out / "rules.yaml")  # first: logs may be followed
    emulation.write(out, speed=speed)
    if as_json:
        print_json({"folder": str(out), **_rounded(emulation.truth)})
        return
    operations = emulation.operations
    last = operations["end"].max() if len(operations) else None
    screen().print(
        f"{out}: {len(operations)} operations in {emulation.lines} lines"
        + (f", the last until {instant_text(last)} UTC" if last is not None else "")
        + "; truth.csv, truth.json and rules.yaml beside them",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _rounded(value: Any) -> Any:
    """Round the numbers in texts, such as distributions."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return rounded(value) if isinstance(value, str) and "(" in value else value
