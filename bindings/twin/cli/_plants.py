"""``twin validate``, ``explain``, ``fmt`` and ``schema``: what a scenario file says."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from .. import _core
from .._errors import Error, Fault, FormatError, InvalidArgument, PlantError
from .._plant import Plant, load, parse, plant_schema
from .._study import is_metric
from ._shared import BAD_INPUT, CHECK_FAILED, Json, PlantFile, add_row, command, errors, note, print_json, screen, table


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate")(validate)
    app.command("explain")(explain)
    app.command("fmt")(fmt)
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
def fmt(
    plant: PlantFile,
    write: Annotated[bool, typer.Option("--write", help="Rewrite the file instead of printing.")] = False,
    drop_comments: Annotated[
        bool, typer.Option("--drop-comments", help="With --write: lose comments that are not at the head of the file.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a plant as canonical YAML, with what its file includes inside."""
    shop = load(plant)
    text = shop.yaml
    before = plant.read_text(encoding="utf-8")
    if write:
        text = _head(before) + text
        _check_rewritable(plant, before, shop, text, drop_comments)
        if text != before:
            _replace(plant, text)
        note(f"{plant}: {'written' if text != before else 'as it should be'}")
    if as_json:
        print_json({"file": str(plant), "changed": text != before, "yaml": text})
    elif not write:
        sys.stdout.write(text)
        sys.stdout.flush()


def _head(text: str) -> str:
    """Comments and empty lines before the first key."""
    found = re.match(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*", text.removeprefix("\ufeff"))
    head = "" if found is None else found[0].replace("\r\n", "\n")
    return head if "#" in head else ""


def _check_rewritable(file: Path, before: str, plant: Plant, after: str, drop_comments: bool) -> None:
    """Refuse to rewrite a file that would say less, or something else, afterwards."""
    named = _core.files_named(before, str(file))
    if named:
        lines = "; ".join(f"line {line}: {path} names '{name}'" for path, name, line in named)
        raise InvalidArgument(
            f"{file}: {lines}; --write would put what these files hold into this one; "
            "allowed: fmt without --write, whose output may go to another file"
        )
    comments = _comments(before)
    if comments and not drop_comments:
        lines = ", ".join(map(str, comments[:8])) + (" ..." if len(comments) > 8 else "")
        raise InvalidArgument(
            f"{file}: there are comments in line {lines}, which --write would lose; "
            "allowed: comments at the head of the file, or --drop-comments"
        )
    again = parse(after, name=plant.name)
    if again != plant:
        raise InvalidArgument(f"{file}: its canonical form is another plant; nothing was written")


def _comments(text: str) -> list[int]:
    """Lines behind the head that hold a comment, or what looks like one."""
    first = _head(text).count("\n") + 1
    lines = text.splitlines()
    quoted = r"""(?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^"'#]|(?<=\S)#)*"""
    return [
        number
        for number, line in enumerate(lines, 1)
        if number >= first and "#" in line and not re.fullmatch(quoted, line)
    ]


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    target = file.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    except BaseException:
        draft.unlink()
        raise


@command
def schema(as_json: Json = False) -> None:
    """Print the JSON Schema of scenario files, for editors: one JSON document, with ``--json`` or without."""
    print_json(plant_schema())
