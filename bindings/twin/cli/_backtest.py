"""``twin backtest``: forecasts of the past against what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .._live import backtest as run_backtest
from .._values import number
from ._floor import QuarantineFile, SheetFile, floor_of
from ._shared import Json, RulesFile, add_row, case_of, command, note, print_json, screen, table


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


@command
def backtest(
    source: Annotated[str, typer.Argument(metavar="LOGS", help="A folder of logs, or a data set.", show_default=False)],
    sheet: SheetFile = None,
    rules: RulesFile = None,
    instants: Annotated[int, typer.Option(help="Instants to stand at.", min=1)] = 60,
    futures: Annotated[int, typer.Option(help="Futures from each.", min=2)] = 300,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write a picture.", show_default=False)] = None,
    quarantine: QuarantineFile = None,
    as_json: Json = False,
) -> None:
    """Stand at instants of the past, learn from what was known, forecast, and compare with what happened."""
    outcome = run_backtest(floor_of(case_of(source, rules, sheet), quarantine), instants=instants, futures=futures)
    if plot is not None:
        outcome.plot(plot)
        note(f"picture: {plot}")
    report = outcome.to_dict()
    if as_json:
        print_json(report)
        return
    rows = table("forecast", "coverage of 80 %", "CRPS", "mean error", "median error")
    for kind in ("seen", "in_work", "unseen"):
        for name, figures in _flat(report.get(kind, {})):
            add_row(
                rows,
                f"{kind.replace('_', ' ')}, {name.replace('_', ' ')}",
                _cell(figures.get("coverage80"), "{:.0%}", 1),
                _cell(figures.get("crps"), "{} min", 60),
                _cell(figures.get("mae"), "{} min", 60),
                _cell(figures.get("median_error"), "{} min", 60),
            )
    console = screen()
    console.print(rows)
    console.print(
        "seen: kinds of operation done before; in work: those of them under way. Means, and CRPS with them, are "
        "dominated by a few long standstills.",
        style="dim",
    )
    half = report.get("half_way", {})
    share, naive = half.get("median_error_share"), half.get("naive")
    if share is not None:
        beside = f", {naive:.2%} by the mean of the past" if isinstance(naive, float) else ""
        console.print(
            f"half-way through an operation: median error of the remaining time {share:.2%} of its duration{beside}"
        )


def _flat(kinds: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rows = []
    for name, figures in kinds.items():
        if name == "naive":
            rows += [(f"naive: {which}", naive) for which, naive in figures.items()]
        elif isinstance(figures, dict):
            rows.append((name, figures))
    return rows


def _cell(value: float | None, form: str, unit: float) -> str:
    return "–" if value is None else form.format(value / unit if "%" in form else number(value / unit))
