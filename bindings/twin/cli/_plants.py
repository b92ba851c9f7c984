"""``twin validate``, ``explain`` and ``schema``: what a scenario file says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from .._errors import Error, Fault, FormatError, PlantError
from .._plant import Plant, load, plant_schema
from .._study import is_metric
from ._shared import BAD_INPUT, CHECK_FAILED, Json, PlantFile, add_row, command, errors, print_json, screen, table


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate")(validate)
    app.command("explain")(explain)
    app.command("schema")(schema)


@command
def validate(
    plants: Annotated[list[Path], typer.Argument(metavar="PLANT...", help="Scenario files.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Check scenario files and list every fault with its line: exit 1 for faults, 2 for a file that cannot be read."""
    reports: list[dict[str, Any]] = []
    unreadable = False
    for file in plants:
        try:
            plant = load(file)
            check_promises(plant, str(file))
        except PlantError as error:
            faults = [{k: v for k, v in asdict(fault).items() if k != "_text"} for fault in error.faults]
            reports.append({"file": str(file), "valid": False, "faults": faults})
            if not as_json:
                screen().print("\n".join(escape(str(fault)) for fault in error.faults), soft_wrap=True, highlight=False)
        except (FormatError, OSError) as error:
            unreadable = True
            reports.append({"file": str(file), "valid": False, "faults": [{"file": str(file), "message": str(error)}]})
            errors().print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)
        else:
            reports.append({"file": str(file), "valid": True, "faults": []})
            if not as_json:
                facts = ", ".join(plant._facts())
                screen().print(
                    f"{escape(str(file))}: [green]valid[/], {escape(facts)}", soft_wrap=True, highlight=False
                )
    if as_json:
        print_json(reports)
    if not all(report["valid"] for report in reports):
        raise typer.Exit(BAD_INPUT if unreadable else CHECK_FAILED)


def check_promises(plant: Plant, file: str) -> None:
    """Check what a plant says of itself: that each what_if can be applied, and that expected figures exist.

    Raises
    ------
    PlantError
        All faults at once.
    """
    faults = []
    for name, changes in plant.what_if.items():
        try:
            plant.change(changes)
        except PlantError as error:
            for fault in error.faults:
                path = next((path for path in changes if _stands_under(fault.path, path)), None)
                keys = ["what_if", name] if path is None else ["what_if", name, path]
                faults.append(_fault(plant, file, keys, fault.value, str(fault), fault.allowed))
        except Error as error:
            faults.append(_fault(plant, file, ["what_if", name], "", str(error), ""))
    faults += [
        _fault(plant, file, ["expect", name], name, "is no figure of this plant", _FIGURES)
        for name in plant.expect
        if not is_metric(plant, name)
    ]
    if faults:
        raise PlantError("\n".join(map(str, faults)), faults)


_FIGURES = "names of figures, as twin run tells them"


def _stands_under(path: str, change: str) -> bool:
    return path == change or path.startswith((f"{change}.", f"{change}["))


def _fault(plant: Plant, file: str, keys: list[str], value: str, message: str, allowed: str) -> Fault:
    """Make a fault at the place where a chain of keys stands."""
    own_file, line, column = plant._core.mark(keys)
    file = own_file or file
    path = ".".join(keys[:2])
    end = f"; allowed: {allowed}" if allowed and allowed not in message else ""
    where = f"{file}:{line}:{column}" if line else file
    return Fault(file, line, column, path, value, message, allowed, f"{where}: {path}: {message}{end}")


@command
def explain(
    plant: PlantFile,
    path: Annotated[
        str, typer.Argument(metavar="[PATH]", help="What to explain, as stations.mill.", show_default="the whole plant")
    ] = "",
    as_json: Json = False,
) -> None:
    """Tell what holds at a path, defaults too, and where it was said."""
    rows = load(plant).explain(path)
    if as_json:
        print_json(rows.to_dict(orient="records"))
        return
    shown = table("path", "value", "from", "meaning", left=4)
    for row in rows.to_dict(orient="records"):
        add_row(shown, row["path"], row["value"], row["origin"], row["meaning"])
    screen().print(shown)
    if len(rows) == 1 and rows["allowed"][0]:
        screen().print(f"allowed: {escape(rows['allowed'][0])}", soft_wrap=True, highlight=False)


@command
def schema(as_json: Json = False) -> None:
    """Print the JSON Schema of scenario files, for editors: one JSON document, with ``--json`` or without."""
    print_json(plant_schema())
