"""``twin forecast`` and ``twin whatif``: many futures of one state."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from .. import _forecast
from .._errors import InvalidArgument
from .._plant import Plant
from .._state import State
from .._study import Comparison
from .._values import readable
from ._floor import At, From, state_of
from ._shared import (
    Futures,
    Json,
    RulesFile,
    Threads,
    add_row,
    command,
    finite,
    instant_text,
    iso,
    note,
    print_json,
    screen,
    seconds,
    table,
)

Target = Annotated[
    str,
    typer.Argument(metavar="PLANT|DATASET", help="Scenario file or order sheet, or a data set.", show_default=False),
]
Horizon = Annotated[
    str | None, typer.Option(help="How far to look, as in '3 d'.", show_default="until all orders have left")
]
Luck = Annotated[int | None, typer.Option("--seed", help="Of the futures' luck.", show_default="the state's", min=0)]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write a picture.", show_default=False)]


_MOST_PRODUCTS = 6


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("forecast")(forecast)
    app.command("whatif")(whatif)


@command
def forecast(
    target: Target,
    source: From = None,
    at: At = None,
    rules: RulesFile = None,
    futures: Futures = 1000,
    horizon: Horizon = None,
    seed: Luck = None,
    threads: Threads = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Say when each part, order and operation in work will be done, and how sure that is."""
    future = _forecast.forecast(state_of(target, source, at, rules), futures, horizon, seed=seed, threads=threads)
    if plot is not None:
        _save(future.plot(), plot)
    quantiles = future.table()
    if as_json:
        finish = {
            row["name"]: {
                "p10": iso(row["P10"]),
                "p50": iso(row["P50"]),
                "p90": iso(row["P90"]),
                "mean": iso(row["mean"]),
            }
            for row in quantiles.to_dict(orient="records")
        }
        document: dict[str, Any] = {
            "now": iso(future.now),
            "futures": future.futures,
            "finish": finish,
            "digest": future.digest,
        }
        if not finish:
            document["figures"] = {
                name: {key: finite(value) for key, value in zip(("mean", "p10", "p90"), figures, strict=True)}
                for name, figures in _figures(future).items()
            }
        print_json(document)
        return
    if len(quantiles):
        rows = table("finish (UTC)", "P10", "P50", "P90")
        for row in quantiles.to_dict(orient="records"):
            add_row(rows, row["name"], *(instant_text(row[p]) for p in ("P10", "P50", "P90")))
    else:
        rows = table("figure", "mean", "P10", "P90")
        for name, figures in _figures(future).items():
            add_row(rows, name, *(" ".join(readable(x, 0.0, future[name].unit)[::2]).strip() for x in figures))
    console = screen()
    console.print(rows)
    console.print(f"{future.futures} futures from {instant_text(future.now)} UTC", style="dim")


@command
def whatif(
    target: Target,
    source: From = None,
    at: At = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME:PATH=VALUE",
            help="A change of the scenario NAME; may be repeated.",
            show_default="the plant's what_if",
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="Figure to compare; may be repeated.",
            show_default="the finish of each order; without orders, throughput and cycle time",
        ),
    ] = None,
    rules: RulesFile = None,
    futures: Futures = 1000,
    horizon: Horizon = None,
    seed: Luck = None,
    threads: Threads = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Compare scenarios from one state under the same luck, with paired 95 % intervals."""
    state = state_of(target, source, at, rules)
    scenarios = _scenarios(settings) if settings else state.plant.what_if
    if not scenarios:
        raise InvalidArgument(f"{target} has no what_if block; give --set NAME:PATH=VALUE")
    answer = _forecast.what_if(state, scenarios, futures, horizon, seed=seed, threads=threads)
    chosen = metrics or _defaults(answer, state)
    known = answer._known()
    for metric in chosen:
        if metric not in known:
            near = difflib.get_close_matches(metric, known, 5, 0.5) or list(known)[:10]
            raise InvalidArgument(f"--metric {metric}: no such figure; allowed are such as: {', '.join(near)}")
    if plot is not None:
        _save(answer.plot(chosen[0]).figure, plot)
    if as_json:
        figures = {metric: _alternatives(answer, metric) for metric in chosen}
        print_json({"now": iso(state.now), "futures": futures, "alternatives": answer.names, "metrics": figures})
        return
    console = screen()
    for metric in chosen:
        rows = table("scenario", f"mean of {metric}", "difference", "best")
        for cells in answer._rows(metric):
            add_row(rows, *cells)
        console.print(rows, "")
    console.print(
        f"{futures} futures each from {instant_text(state.now)} UTC; differences to '{answer.names[0]}', future by "
        "future, 95 % intervals; best: share of futures in which it is the best",
        style="dim",
        markup=False,
    )


def _ends(plant: Plant, known: Iterable[str]) -> list[str]:
    """Figures of a plant without orders: throughput and time in the plant of each product, if these are few."""
    products = plant._core.product_names()
    wanted = [f"{name}.{what}" for name in products for what in ("throughput", "cycle_time")]
    names = set(known)
    return [name for name in wanted if name in names][: 2 * _MOST_PRODUCTS]


def _figures(future: _forecast.Forecast) -> dict[str, tuple[float, float, float]]:
    """Mean, P10 and P90 of each figure; without data not a number."""
    figures = {}
    for name in _ends(future.plant, future.metrics):
        sample = future[name].samples
        sample = sample[np.isfinite(sample)]
        low, high = np.quantile(sample, [0.1, 0.9]) if len(sample) else (math.nan, math.nan)
        figures[name] = (float(sample.mean()) if len(sample) else math.nan, float(low), float(high))
    return figures


def _defaults(answer: Comparison, state: State) -> list[str]:
    """Finish of everything ordered, then of each order that some alternative may still change, if these are few."""
    known = answer._known()
    if "order.finish" not in known:
        return _ends(state.plant, known)
    orders = [name for order in state.plant.orders["order"] if (name := f"{order}.finish") in known]
    open_ = [name for name in orders if answer.sample(answer.names[0], name).max() > 0]
    return ["order.finish", *(open_ if 1 < len(open_) <= 6 else [])]


def _scenarios(settings: list[str]) -> dict[str, dict[str, str]]:
    scenarios: dict[str, dict[str, str]] = {}
    for setting in settings:
        name, colon, change = setting.partition(":")
        path, equals, value = change.partition("=")
        if not (colon and equals and name.strip() and path.strip() and value.strip()):
            raise InvalidArgument(
                f"--set {setting}: allowed: NAME:PATH=VALUE, as in two mills:stations.mill.machines=2"
            )
        scenarios.setdefault(name.strip(), {})[path.strip()] = value.strip()
    return scenarios


def _alternatives(answer: Comparison, metric: str) -> list[dict[str, Any]]:
    compared = answer.compare(metric)
    is_instant, is_span = compared["mean"].dtype.kind == "M", compared["half_width"].dtype.kind == "m"

    def figure(value: Any) -> float | None:
        return seconds(value) if is_span else finite(value)

    return [
        {
            "name": row["name"],
            "mean": iso(row["mean"]) if is_instant else figure(row["mean"]),
            "half_width": figure(row["half_width"]),
            "n": int(row["n"]),
            "difference": figure(row["difference"]),
            "difference_half_width": figure(row["difference_half_width"]),
            "best": finite(row["best"]),
            "correlation": finite(row["correlation"]),
        }
        for row in compared.to_dict(orient="records")
    ]


def _save(figure: Any, file: Path) -> None:
    try:
        figure.savefig(file, dpi=150)
    except ValueError as error:  # no such format
        raise InvalidArgument(f"--plot {file}: {error}") from None
    note(f"picture: {file}")
