"""``twin run``: simulate a plant and print its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import _study
from .._plant import Plant, load
from .._values import method_of, readable
from ._shared import (
    CHECK_FAILED,
    Json,
    PlantFile,
    Threads,
    add_row,
    changes_of,
    command,
    note,
    print_json,
    screen,
    table,
    warn,
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


@command
def run(
    plant: PlantFile,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change the plant; may be repeated.")
    ] = None,
    replications: Annotated[
        int | None, typer.Option(help="Independent runs.", show_default="the plant's", min=1)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random numbers.", show_default="the plant's", min=0)] = None,
    until: Annotated[
        str | None, typer.Option(help="End: '2000 h' or an ISO 8601 instant.", show_default="the plant's")
    ] = None,
    warmup: Annotated[
        str | None,
        typer.Option(
            help="Time that results leave out; 'check' looks whether the plant's is long enough (MSER-5).",
            show_default="the plant's",
        ),
    ] = None,
    threads: Threads = None,
    method: Annotated[
        str,
        typer.Option(
            help="How: 'auto', 'events', or 'recursion', which static lines allow and 'auto' then takes; "
            "the outcome is the same."
        ),
    ] = "auto",
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit 1 when a figure is further from what the file expects than twice its interval."
        ),
    ] = False,
    all_figures: Annotated[bool, typer.Option("--all", help="Also show figures that are 0 in every run.")] = False,
    iso22400: Annotated[
        bool, typer.Option("--iso22400", help="Show the indicators of ISO 22400-2 instead of the plain figures.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Also write a report: one HTML file with pictures and a player."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate a plant from its beginning and print its figures with 95 % intervals."""
    shop = load(plant)
    if settings:
        shop = shop.change(changes_of(settings))
    checked = warmup == "check"
    if checked:
        warmup = None
    result = _study.simulate(shop, replications, seed, warmup, until, threads, method=method_of(method))
    if as_json:
        print_json(result.to_dict())
    elif iso22400:
        _show_iso(result)
    else:
        _show(shop, result, all_figures)
    if checked or not as_json:
        _look_at_warm_up(shop, seed, warmup, until, checked)
    if report is not None:
        from .._report import write_report

        write_report(report, shop, result, seed=seed, warmup=warmup, until=until)
        note(f"report written to {report}")
    if check and _far(shop, result):
        raise typer.Exit(CHECK_FAILED)


def _show(plant: Plant, result: _study.Result, all_figures: bool) -> None:
    expected = plant.expect
    with_intervals = result.replications > 1
    columns = ("mean", "95 %", "") if with_intervals else ("mean", "")
    rows = table("figure", *columns, *(["expected"] if expected else []), left=1)
    hidden = 0
    for name, mean, half, unit in result._rows():
        more = []
        is_expected = name in expected or f"{name}.mean" in expected
        if not (all_figures or is_expected or result[name].sample.any()):
            hidden += 1
            continue
        if expected:
            value = expected.get(name, expected.get(f"{name}.mean"))
            more = ["" if value is None else " ".join(readable(value, 0.0, result[name].unit)[::2]).strip()]
        add_row(rows, name, mean, *([half] if with_intervals else []), unit, *more)
    console = screen()
    console.print(rows)
    if not with_intervals:
        console.print("one replication: no intervals", style="dim")
    if hidden:
        console.print(f"figures that are 0 in every run: {hidden}; --all shows them", style="dim")
    console.print(
        ", ".join(result._facts()), f"in {result.cpu_s:.2f} s of CPU time, digest {result.digest}", style="dim"
    )


def _show_iso(result: _study.Result) -> None:
    rows = table("indicator", "mean", "95 %", "", "formula", left=1)
    for row in result.iso22400._rows():
        add_row(rows, *row)
    console = screen()
    console.print(rows)
    console.print(", ".join(result._facts()), f"digest {result.digest}", style="dim")


def _look_at_warm_up(plant: Plant, seed: int | None, warmup: str | None, until: str | None, asked: bool) -> None:
    """Say when pilot runs take longer to settle than the run leaves out; unless asked to, look quickly, if at all."""
    if not asked and until is None and plant.run["until"] is None:
        return
    from .._warmup import too_short

    problem = too_short(plant, seed, warmup, until, quick=not asked)
    if problem is not None:
        (warn if asked else note)(problem)


def _far(plant: Plant, result: _study.Result) -> bool:
    """Whether some figure is not what the file expects."""
    return any(
        not abs(result[name].mean - value) <= 2 * result[name].half_width + 1e-9 * abs(value)
        for name, value in plant.expect.items()
    )
