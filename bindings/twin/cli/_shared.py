"""What all commands share: how they print, fail, and find what their arguments name."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec, TypeVar

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .. import _core, datasets
from .._errors import DeadlockError, Error, InvalidArgument, PlantError

if TYPE_CHECKING:
    import pandas as pd


FINE, CHECK_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

P = ParamSpec("P")
R = TypeVar("R")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
PlantFile = Annotated[Path, typer.Argument(metavar="PLANT", help="Scenario file (YAML).", show_default=False)]
Threads = Annotated[
    int | None, typer.Option(help="Threads; the outcome is the same for any number.", show_default="all", min=1)
]
Futures = Annotated[int, typer.Option(help="How many futures to run.", min=1)]
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", help="What the items of the logs mean (YAML).", show_default="of the data set or folder"),
]


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn what a caller did wrong into one message and exit code 2, a deadlock into 1, Ctrl-C into 130."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except PlantError as error:
            lines = [str(fault) for fault in error.faults] or [str(error)]
            fail("\n".join(lines))
        except BrokenPipeError:  # whoever read the answer has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CHECK_FAILED) from None
        except DeadlockError as error:  # the plant is well said, but comes to a standstill
            fail(str(error), CHECK_FAILED)
        except (Error, OSError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            errors().print("interrupted", style="yellow")
            raise typer.Exit(INTERRUPTED) from None

    return guarded


def fail(message: str, code: int = BAD_INPUT) -> NoReturn:
    """Say what is wrong and leave."""
    errors().print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)


def errors() -> Console:
    """Where messages go."""
    return Console(stderr=True)


def note(message: str) -> None:
    """Say something that is no part of the answer."""
    errors().print(escape(message), style="dim", soft_wrap=True, highlight=False)


def warn(message: str) -> None:
    """Say something that the answer may suffer from."""
    errors().print(f"[yellow]warning:[/] {escape(message)}", soft_wrap=True, highlight=False)


def screen() -> Console:
    """Where answers for people go; wide enough for tables when it is a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=1000)


def print_json(document: Any) -> None:
    """Print the one document; what is not finite is null."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=_plain) + "\n")
    sys.stdout.flush()  # a closed pipe is found here, not when the process ends


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is pd.NaT:
        return None
    if isinstance(value, np.datetime64 | pd.Timestamp):
        return iso(value)
    if isinstance(value, np.timedelta64):
        return seconds(value)
    if isinstance(value, np.integer | np.floating | np.bool_):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")


def iso(instant: np.datetime64 | pd.Timestamp) -> str | None:
    """ISO 8601 in UTC, with as many digits as needed; None for no instant."""
    import pandas as pd

    if pd.isna(instant):
        return None
    return _core.format_instant(int(pd.Timestamp(instant).as_unit("ns").value))


def seconds(span: np.timedelta64 | pd.Timedelta) -> float | None:
    """Seconds of a span; None for no span."""
    import pandas as pd

    return None if pd.isna(span) else pd.Timedelta(span).as_unit("ns").value / 1e9


def finite(value: float) -> float | None:
    """Give the number, or None where there is none."""
    return float(value) if np.isfinite(value) else None


def span_text(span: np.timedelta64 | pd.Timedelta) -> str:
    """Span in readable units."""
    import pandas as pd

    return "–" if pd.isna(span) else _core.format_duration(int(pd.Timedelta(span).as_unit("ns").value))


def instant_text(instant: np.datetime64 | pd.Timestamp) -> str:
    """Instant to the minute."""
    import pandas as pd

    return "–" if pd.isna(instant) else f"{pd.Timestamp(instant):%Y-%m-%d %H:%M}"


def rounded(text: str) -> str:
    """Write the numbers of a text with six digits, as YAML of plants has them."""
    return re.sub(r"\d+\.\d+(?:e[+-]?\d+)?", lambda found: f"{float(found[0]):.6g}", text)


def table(*columns: str, left: int = 1, title: str | None = None) -> Table:
    """Make a table; the first `left` columns are texts, the others figures."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        made.add_column(column, justify="left" if i < left else "right", overflow="fold")
    return made


def add_row(to: Table, *cells: str) -> None:
    """Add texts as they are: brackets in names are no markup."""
    to.add_row(*(escape(cell) for cell in cells))


def changes_of(settings: list[str]) -> dict[str, str]:
    """Read ``PATH=VALUE`` arguments; values are YAML."""
    changes = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not equals or not path.strip() or not value.strip():
            raise InvalidArgument(f"--set {setting}: allowed: PATH=VALUE, as in stations.mill.machines=2")
        changes[path.strip()] = value.strip()
    return changes


def case_of(target: str, rules: Path | None = None, sheet: Path | None = None) -> datasets.Case:
    """Find the logs that a folder, a file or the name of a data set stands for, and what goes with them.

    Rules and sheet given by the caller count more than ``rules.yaml`` and ``sheet.yaml`` in the folder.

    Raises
    ------
    InvalidArgument
        Neither a folder nor a data set.
    DatasetNotFound
        A data set that cannot be had.
    """
    folder = Path(target)
    if folder.exists():
        beside = folder if folder.is_dir() else folder.parent
        found = datasets.Case(folder, beside / "rules.yaml", beside / "sheet.yaml")
    elif target.lower() in datasets.available() and os.sep not in target:
        found = datasets.case(target)
        note(datasets.info(target).credit)
    else:
        known = ", ".join(datasets.available())
        raise InvalidArgument(f"no folder or file '{target}', and no data set of that name; data sets: {known}")
    return datasets.Case(found.logs, rules or found.rules, sheet or found.sheet)


def need_file(file: Path, option: str, what: str) -> Path:
    """Check that a file is there.

    Raises
    ------
    InvalidArgument
        It is not; tells which option names it.
    """
    if not file.is_file():
        raise InvalidArgument(f"no {what} at {file}; give {option} FILE")
    return file
