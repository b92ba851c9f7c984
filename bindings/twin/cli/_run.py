"""``twin run``: simulate a plant and print its figures."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import _study
from .._plant import Plant, load
from .._values import readable
from ._shared import CHECK_FAILED, Json, PlantFile, Threads, add_row, changes_of, command, print_json, screen, table


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
    warmup: Annotated[str | None, typer.Option(help="Time that results leave out.", show_default="the plant's")] = None,
    threads: Threads = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit 1 when a figure is further from what the file expects than twice its interval."
        ),
    ] = False,
    all_figures: Annotated[bool, typer.Option("--all", help="Also show figures that are 0 in every run.")] = False,
    as_json: Json = False,
) -> None:
    """Simulate a plant from its beginning and print its figures with 95 % intervals."""
    shop = load(plant)
    if settings:
        shop = shop.change(changes_of(settings))
    result = _study.simulate(shop, replications, seed, warmup, until, threads)
    if as_json:
        print_json(result.to_dict())
    else:
        _show(shop, result, all_figures)
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


def _far(plant: Plant, result: _study.Result) -> bool:
    """Whether some figure is not what the file expects."""
    return any(
        not abs(result[name].mean - value) <= 2 * result[name].half_width + 1e-9 * abs(value)
        for name, value in plant.expect.items()
    )
