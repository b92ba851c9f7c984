"""Bars for long calls: on a terminal or in a notebook, on stderr, and only for what takes a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

#: ``None`` shows a bar where somebody can see it, True always, False never; a function is called with (done, total).
ProgressOption: TypeAlias = bool | Callable[[int, int], None] | None

_WAIT_S = 0.3


class _Bar:
    """Appears once the work has lasted `_WAIT_S`; goes away when it is done."""

    def __init__(self, what: str, console: Console) -> None:
        self._what = what
        self._console = console
        self._began = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._shown is None:
            if time.monotonic() - self._began < _WAIT_S:
                return
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            bar = Progress(*columns, console=self._console, transient=True)
            bar.start()
            self._shown = bar, bar.add_task(self._what, total=total)
        bar, task = self._shown
        bar.update(task, completed=done, total=total)

    def close(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()


@contextmanager
def progress_of(option: ProgressOption, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Give what the engine is to call, or None."""
    if callable(option):
        yield option
        return
    console = Console(stderr=True)
    if option is False or (option is None and not (console.is_terminal or console.is_jupyter)):
        yield None
        return
    bar = _Bar(what, console)
    try:
        yield bar
    finally:
        bar.close()
