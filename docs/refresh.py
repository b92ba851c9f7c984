"""Writes what pages and examples show but do not say themselves, so that they cannot disagree with the library.

    python docs/refresh.py            # write
    python docs/refresh.py --check    # only tell what is stale; exit 1 if anything is

* ``examples/*.py``: what an example prints, after "Expected output::" in its head;
* README and pages: what a block ```` ```python runnable ```` (or ``bash``) prints, in the ``text`` block right after;
  the blocks of one page run in order and share their variables, in a folder of their own with ``scenarios`` in it; a
  block ```` ```yaml file=cell.yaml ```` is that file; a page with ``<!-- needs: nist-box -->`` needs that data set;
* pages: tables between ``<!-- keys LEVEL -->`` or ``<!-- options COMMAND -->`` and ``<!-- end -->``;
* ``docs/reference/plant.schema.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "docs" / "reference" / "plant.schema.json"
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.name != "main_job.py")
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if page.exists() and re.search(r"^```\w+ runnable$|<!-- (keys|options) ", page.read_text(encoding="utf-8"), re.M)
]

BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<mark>[^\n]+))?\n(?P<code>.*?)^```$", re.S | re.M)
TABLE = re.compile(r"<!-- (?P<kind>keys|options) (?P<name>\w+) -->\n.*?<!-- end -->", re.S)


class DataMissingError(Exception):
    """What is to be run needs a data set that is not on this machine."""


def environment() -> dict[str, str]:
    fixed = {"MPLBACKEND": "Agg", "TWIN_OFFLINE": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    return {**{k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}, **fixed}


def stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def example(path: Path) -> str:
    """Text of an example as it should be."""
    text = path.read_text(encoding="utf-8")
    head = re.search(r'Expected output::\n\n(.*?)"""', text, re.S)
    if head is None:
        raise ValueError(f"{path.name} has no 'Expected output::' in its head")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(path), folder]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{path.name}: {done.stderr}")
    if done.stdout.startswith("skipped: "):
        raise DataMissingError(done.stdout.strip())
    printed = "\n".join(f"    {line}".rstrip() for line in stripped(done.stdout).splitlines())
    return text[: head.start(1)] + printed + "\n" + text[head.end(1) :]


def page(path: Path) -> str:
    """Text of a page as it should be."""
    text = TABLE.sub(lambda m: table(m["kind"], m["name"]), path.read_text(encoding="utf-8"))
    if not re.search(r"^```\w+ runnable$", text, re.M):
        return text
    for data in re.findall(r"<!-- needs: ([\w-]+) -->", text):
        from twin import datasets

        try:
            datasets.path(data, download=False)
        except datasets.DatasetNotFound as error:
            raise DataMissingError(str(error)) from None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scenarios").symlink_to(ROOT / "scenarios")
        (folder / "docs" / "images").mkdir(parents=True)
        with contextlib.chdir(folder):
            return run_blocks(text, path.name)


def run_blocks(text: str, name: str) -> str:
    pieces: list[str] = []
    at = 0
    printed: str | None = None  # by the block before, if that ran
    shared: dict[str, object] = {"__name__": "page"}
    for block in BLOCK.finditer(text):
        language, mark, code = block["language"], block["mark"] or "", block["code"]
        between = text[at : block.start()].removeprefix("```")
        pieces.append(text[at : block.start("code")])
        at = block.end("code")
        if mark.startswith("file="):
            Path(mark.removeprefix("file=")).write_text(code, encoding="utf-8")
        if language == "text" and not mark and printed is not None and not between.strip():
            code = stripped(printed) + "\n"
        printed = None
        if mark == "runnable":
            printed = run_python(code, name, shared) if language == "python" else run_shell(code, name)
        pieces.append(code)
    return "".join([*pieces, text[at:]])


def run_python(code: str, name: str, shared: dict[str, object]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, name, "exec"), shared)
    return out.getvalue()


def run_shell(code: str, name: str) -> str:
    command = shlex.quote(sys.executable) + " -c 'from twin.cli import main; main()'"
    script = f'twin() {{ {command} "$@"; }}\n{code}'
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {code}{done.stderr}")
    return done.stdout


def table(kind: str, name: str) -> str:
    rows = key_rows(name) if kind == "keys" else option_rows(name)
    header = ("key", "meaning", "unless given") if kind == "keys" else ("argument or option", "meaning", "unless given")
    lines = [f"<!-- {kind} {name} -->", "", row(header), "|---|---|---|", *map(row, rows), "", "<!-- end -->"]
    return "\n".join(lines)


def row(cells: tuple[str, str, str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def schema() -> dict[str, object]:
    import twin

    return twin.plant_schema()


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def levels() -> dict[str, dict[str, object]]:
    """Kinds of mappings in a scenario file: name -> JSON Schema."""
    whole = schema()
    return {"plant": whole, **whole["$defs"]}  # type: ignore[dict-item]


def key_rows(level: str) -> Iterator[tuple[str, str, str]]:
    found = levels()[level]
    required = found.get("required", ["stations", "products"] if level == "plant" else [])
    for key, what in found["properties"].items():  # type: ignore[attr-defined]
        meaning, _, fallback = what.get("description", "").partition(". Default: ")
        yield f"`{key}`", meaning, "**required**" if key in required else fallback


def command(name: str) -> Any:
    import typer

    from twin.cli import app

    return typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]


def option_rows(name: str) -> Iterator[tuple[str, str, str]]:
    for option in command(name).params:
        if option.name == "help":
            continue
        value = option.metavar or option.name.upper()
        if option.param_type_name == "argument":
            title = value
        else:
            title = ", ".join(option.opts) + ("" if option.is_flag else f" {value}")
        shown = option.show_default
        fallback = shown if isinstance(shown, str) else option.default if option.default not in (None, False) else ""
        yield f"`{title}`", option.help or "", "**required**" if option.required else str(fallback)


def fresh(path: Path) -> str:
    """Text of a file as it should be."""
    if path == SCHEMA:
        return schema_text()
    return example(path) if path.suffix == ".py" else page(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything is stale")
    only_check = parser.parse_args().check
    stale = False
    for path in [SCHEMA, *EXAMPLES, *PAGES]:
        try:
            text = fresh(path)
        except DataMissingError as error:
            print(f"{path.relative_to(ROOT)}: left out: {error}")
            continue
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale = True
            print(f"{path.relative_to(ROOT)}: {'stale' if only_check else 'written'}")
            if not only_check:
                path.write_text(text, encoding="utf-8")
    return 1 if only_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
