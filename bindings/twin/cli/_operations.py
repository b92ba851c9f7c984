"""``twin operations``: what machine logs say was done."""

from __future__ import annotations

from typing import Annotated

import typer

from .._logs import Operations, Rules, infer_operations, read_logs
from ._floor import QuarantineFile, tell_defects
from ._shared import (
    Json,
    RulesFile,
    add_row,
    case_of,
    command,
    instant_text,
    need_file,
    print_json,
    screen,
    span_text,
    table,
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("operations")(operations)


@command
def operations(
    source: Annotated[
        str, typer.Argument(metavar="DATASET|FOLDER", help="Name of a data set, or logs.", show_default=False)
    ],
    rules: RulesFile = None,
    until: Annotated[
        str | None, typer.Option(help="Use only what was known at this instant (ISO 8601).", show_default="all")
    ] = None,
    quarantine: QuarantineFile = None,
    as_json: Json = False,
) -> None:
    """Infer operations from machine logs: part, operation, machine, start, end, outcome, interruptions."""
    case = case_of(source, rules)
    meaning = Rules.load(need_file(case.rules, "--rules", "rules that say what the logs mean"))
    logs = read_logs(case.logs, meaning)
    found = infer_operations(logs, meaning, until)
    tell_defects(logs, quarantine)
    if as_json:
        print_json(found.to_dicts())
    else:
        _show(found)


def _show(found: Operations) -> None:
    rows = table(
        "part", "operation", "machine", "start (UTC)", "lasted", "processing", "outcome", "interruptions", left=4
    )
    for row in found.frame.to_dict(orient="records"):
        add_row(
            rows,
            row["part"],
            row["operation"],
            row["machine"],
            instant_text(row["start"]),
            span_text(row["end"] - row["start"]),
            span_text(row["processing"]),
            row["outcome"].replace("_", " "),
            str(row["interruptions"]),
        )
    console = screen()
    console.print(rows)
    outcomes = found.frame["outcome"].str.replace("_", " ").value_counts()
    console.print(f"{len(found)} operations: " + ", ".join(f"{n} {what}" for what, n in outcomes.items()), style="dim")
