"""``twin learn``: the plant as its logs show it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import typer

from ._floor import QuarantineFile, SheetFile, floor_of
from ._shared import (
    Json,
    RulesFile,
    add_row,
    case_of,
    command,
    finite,
    note,
    print_json,
    rounded,
    screen,
    span_text,
    table,
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("learn")(learn)


@command
def learn(
    source: Annotated[str, typer.Argument(metavar="LOGS", help="A folder of logs, or a data set.", show_default=False)],
    sheet: SheetFile = None,
    rules: RulesFile = None,
    until: Annotated[
        str | None, typer.Option(help="Learn only from what was known at this instant.", show_default="all")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the learned plant (YAML).", show_default=False)
    ] = None,
    quarantine: QuarantineFile = None,
    as_json: Json = False,
) -> None:
    """Learn a plant from logs and an order sheet: distributions, with where each comes from."""
    floor = floor_of(case_of(source, rules, sheet), quarantine)
    plant = floor.learned(until)
    if out is not None:
        out.write_text(plant.yaml, encoding="utf-8")
        note(f"learned plant: {out}")
    facts = {row.pop("path"): row for row in floor.provenance(until).to_dict(orient="records")}
    numbers = plant.parameters.frame.to_dict(orient="records")
    for number in numbers:
        number["value"] = rounded(str(number["value"]))
    if as_json:
        print_json({"plant": plant.name, "digest": plant.digest, "parameters": _with_facts(numbers, facts)})
        return
    rows = table("path", "value", "mean", "n", "how", "KS p", left=2)
    for number in numbers:
        fact = facts.get(number["path"], {})
        add_row(
            rows,
            number["path"],
            number["value"],
            _mean(number["path"], number["mean"]),
            str(fact.get("n", "")),
            str(fact.get("method", "as planned")),
            f"{fact['ks_p']:.2f}" if fact.get("n") else "",
        )
    screen().print(rows)


def _with_facts(numbers: list[dict[Hashable, Any]], facts: dict[Any, Any]) -> dict[str, Any]:
    """Join values with where they come from; figures without data are null."""
    joined = {}
    for number in numbers:
        known = {
            key: finite(value) if isinstance(value, float) else value
            for key, value in {**number, **facts.get(number["path"], {})}.items()
        }
        joined[str(known.pop("path"))] = known
    return joined


def _mean(path: str, mean: float) -> str:
    """Read a mean: probabilities and speeds are plain numbers, all else is seconds."""
    import pandas as pd

    is_number = path.endswith(".speed") or ".then" in path or not mean < 1e9
    return f"{mean:.4g}" if is_number else span_text(pd.Timedelta(seconds=mean))
