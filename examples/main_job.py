"""The main job: an order's machine logs in, a decision out.

    logs ──▶ operations ──▶ plant, learnt ──▶ state at an instant ──▶ 1,000 futures ──▶ what-ifs

With the data set at hand (``TWIN_DATA``) the logs are those of a real order: 20 boxes, 20 covers and 20 plates on two
mills in February 2017. Without it an emulated shop is run first, and its logs are read as if it were the floor.

Prints tables and writes ``build/demo/main_job.png`` and ``build/demo/progress.png``.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from rich.console import Console
from rich.table import Table

import twin
from twin import datasets

mpl.use("Agg")
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Floor:
    """A floor to follow, and where to stand."""

    name: str
    logs: Path
    rules: Path
    sheet: Path
    now: str
    watched: tuple[str, str]  # part and operation that the progress picture follows


def real_order() -> Floor:
    case = datasets.case("nist-box", download=False)
    return Floor(
        "the real order of 20 boxes, 20 covers and 20 plates (data set nist-box)",
        case.logs,
        case.rules,
        case.sheet,
        now="2017-02-06T10:52:00Z",
        watched=("Plate-17", "OP1"),
    )


def emulated_shop(folder: Path) -> Floor:
    """Run the emulated shop as if it were the floor; the twin sees its logs and order sheet, never its truth."""
    plant = twin.load(datasets.scenario("shops/emulated.yaml"))
    emulation = twin.emulate(plant, seed=7, late=0.01, duplicates=0.02, gaps=0.001)
    emulation.write(folder, progress=False)
    done = emulation.operations.sort_values("start", ignore_index=True)
    middle = done.iloc[len(done) // 2]
    longest = done.iloc[len(done) // 2 :].assign(length=lambda d: d["end"] - d["start"]).nlargest(1, "length").iloc[0]
    now = middle["start"] + (middle["end"] - middle["start"]) / 2
    return Floor(
        "an emulated shop, since the data set nist-box is not at hand (TWIN_DATA)",
        folder,
        datasets.scenario("shops/emulated-rules.yaml"),
        datasets.scenario("shops/emulated-sheet.yaml"),
        now=pd.Timestamp(now).isoformat() + "Z",
        watched=(str(longest["part"]), str(longest["operation"])),
    )


def choose_floor(folder: Path, emulated: bool) -> Floor:
    if not emulated:
        try:
            return real_order()
        except datasets.DatasetNotFound:
            pass
    return emulated_shop(folder / "emulated")


def show(title: str, header: list[str], rows: list[list[str]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def minute(instant: object) -> str:
    return "–" if pd.isna(instant) else pd.Timestamp(instant).strftime("%a %d %b %H:%M")


def hours(span: object) -> str:
    return f"{pd.Timedelta(span) / pd.Timedelta('1h'):.1f} h"


def show_standing(standing: twin.Standing) -> None:
    rows = [
        [op.machine, f"{op.part} {op.operation}", minute(op.start), op.activity]
        for op in standing.operations
        if op.outcome == "in_progress"
    ]
    show(
        f"Standing at {minute(standing.state.now)}: in work",
        ["machine", "operation", "since", "doing"],
        rows or [["–", "nothing", "", ""]],
    )


def show_forecast(future: twin.Forecast) -> None:
    quantiles = future.table().set_index("name")
    spread = (quantiles["P90"] - quantiles["P10"]).sort_values()
    names = [n for n in spread.index if n.startswith("operation.") or "-" not in n]
    parts = [n for n in spread.index if n not in names]
    chosen = names + parts[:: max(1, len(parts) // 8)]
    rows = [[name, *(minute(quantiles.loc[name, p]) for p in ("P10", "P50", "P90"))] for name in chosen]
    show(f"{future.futures} futures: when is it done?", ["finish of", "P10", "P50", "P90"], rows)


def show_answer(answer: twin.Comparison, metrics: list[str]) -> None:
    rows = []
    for metric in metrics:
        for row in answer.compare(metric).itertuples(index=False):
            first = row.name == answer.names[0]
            difference = "" if first else f"{hours(row.difference)} ± {hours(row.difference_half_width)}"
            rows.append([row.name, metric, minute(row.mean), difference, f"{row.best:.0%}"])
    show(
        "What if? Differences future by future, 95 % intervals",
        ["scenario", "figure", "mean", "difference", "best"],
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--emulated", action="store_true", help="use the emulated shop even if the real order is here")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder of the pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()

    floor = choose_floor(options.out, options.emulated)
    console.print(f"Reading the logs of {floor.name}.")
    live = twin.Twin(twin.load(floor.sheet), floor.rules).observe(floor.logs)
    operations = live.operations()
    completed = sum(op.outcome == "completed" for op in operations)
    console.print(
        f"{len(operations)} operations, {completed} completed, {minute(live.period[0])} to {minute(live.period[1])}."
    )

    standing = live.standing(floor.now)
    learnt = live.provenance(floor.now)
    console.print(
        f"Learnt by then: {len(learnt)} numbers of the plant, from {int(learnt['n'].max())} operations at most."
    )
    show_standing(standing)

    future = twin.forecast(standing.state, futures=1000)
    show_forecast(future)

    scenarios = {"as is": {}, **standing.plant.what_if}
    answer = twin.what_if(standing.state, scenarios, futures=1000)
    orders = [f"{order}.finish" for order in standing.plant.orders["order"]]
    moved = [m for m in orders if m in future and np.ptp(future[m].samples).astype(np.int64) > 0]
    show_answer(answer, ["order.finish", *moved[:2]])

    figure = plt.figure(figsize=(13, 9), layout="constrained")
    grid = figure.add_gridspec(2, 2)
    future.plot_fan(figure.add_subplot(grid[0, :]))
    future.plot_finishes(ax=figure.add_subplot(grid[1, 0]))
    answer.plot("order.finish", ax=figure.add_subplot(grid[1, 1]))
    figure.savefig(options.out / "main_job.png", dpi=120)
    live.follow(*floor.watched).plot().figure.savefig(options.out / "progress.png", dpi=120)
    console.print(
        f"Pictures: {options.out / 'main_job.png'} and {options.out / 'progress.png'} "
        f"(predicted against actual finish of {' '.join(floor.watched)}). {time.perf_counter() - began:.1f} s."
    )


if __name__ == "__main__":
    main()
