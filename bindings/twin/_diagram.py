"""A run as text: a row for each machine and queue, a column for each step of time."""

from __future__ import annotations

import string
import textwrap
from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from . import _core
from ._errors import InvalidArgument
from ._values import Instant, Span, end_ns, span_ns

if TYPE_CHECKING:
    from ._history import History

#: What a machine is doing where no letter of a lot says it.
MARKS = {"starved": ".", "setup": "+", "blocked": "#", "down": "!", "off": "-", "waiting": "?"}
WORKING = "*"  # a lot beyond the letters
MOST_STEPS = 200
LINE = 100  # letters of a line of the legend


def diagram(
    history: History, step: Span, begin: Span | Instant | None = None, end: Span | Instant | None = None
) -> str:
    """See `History.diagram`."""
    plant, first, last = history._known()
    width = span_ns(step, "diagram: step")
    if width <= 0:
        raise InvalidArgument(f"diagram: the step is {step!r}; allowed: above 0")
    epoch = plant._core.epoch()
    low = first.now if begin is None else end_ns(begin, epoch, "diagram: begin")
    high = last.now if end is None else end_ns(end, epoch, "diagram: end")
    if not first.now <= low < high <= last.now:
        asked, kept = (
            " to ".join(_core.format_instant(epoch + t) for t in span) for span in ((low, high), (first.now, last.now))
        )
        raise InvalidArgument(f"diagram: from {asked}; allowed: within the record, {kept}")
    times = range(low, high, width)
    if len(times) > MOST_STEPS:
        raise InvalidArgument(f"diagram: {len(times)} steps; allowed: at most {MOST_STEPS}, so a longer step")

    spans: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    columns = history._core.conditions(plant._core, last)
    for machine, condition, start, stop in zip(
        columns["machine"], columns["condition"], _ticks(columns["start"], epoch), _ticks(columns["end"], epoch),
        strict=True,
    ):  # fmt: skip
        spans[machine].append((start, stop, condition))
    work: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    columns = history._core.operations(plant._core)
    for machine, lot, start, stop in zip(
        columns["machine"], columns["lot"], _ticks(columns["start"], epoch), _ticks(columns["end"], epoch), strict=True
    ):
        work[machine].append((start, stop, lot))
    columns = last.machines(plant._core)
    for machine, lot, start in zip(columns["machine"], columns["lot"], _ticks(columns["started"], epoch), strict=True):
        if lot and start >= 0:
            work[machine].append((start, high + 1, lot))

    begun: dict[str, int] = {}
    for start, stop, lot in sorted(entry for entries in work.values() for entry in entries):
        if start < high and stop > low:
            begun.setdefault(lot, start)
    letters = _letters(sorted(begun, key=lambda lot: (begun[lot], len(lot), lot)))
    machines = plant._core.machine_names()
    rows = [
        (_short(machines, name), "".join(_cell(spans[name], work[name], t, letters) for t in times))
        for name in machines
    ]
    rows += _queue_rows(history, epoch, times)
    margin = max(len(name) for name, _ in rows) + 2
    unit, size = next((u, n) for u, n in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1), ("ms", 1e-3), ("ns", 1e-9))
                      if width >= n * 10**9 or u == "ns")  # fmt: skip
    head = _scale([t / (size * 1e9) for t in times])
    lines = [unit.ljust(margin) + head, *(name.ljust(margin) + cells.rstrip() for name, cells in rows)]
    used = {cell for _, cells in rows[: len(machines)] for cell in cells}
    legend = [f"{mark} {name}" for name, mark in MARKS.items() if mark in used]
    legend += [f"{WORKING} working"] if WORKING in used else []
    legend += [f"{letter} {lot}" for lot, letter in letters.items() if letter in used and letter != lot]
    kept = "\N{NO-BREAK SPACE}"  # a sign stays with what it means
    said = textwrap.wrap(", ".join(item.replace(" ", kept) for item in legend), LINE, break_long_words=False)
    return "\n".join([*lines, *(["", *said] if said else [])]).replace(kept, " ")


def _ticks(column: object, epoch: int) -> list[int]:
    times = np.asarray(column).astype("M8[ns]")
    ns = times.astype(np.int64) - epoch
    return [-1 if np.isnat(t) else int(n) for t, n in zip(times, ns, strict=True)]


def _letters(lots: list[str]) -> dict[str, str]:
    """Name lots by one letter each: their own where that is one, else the next free one."""
    own = {lot for lot in lots if len(lot) == 1}
    free = [c for c in string.ascii_uppercase + string.ascii_lowercase if c not in own]
    given = {}
    for lot in lots:
        given[lot] = lot if lot in own else (free.pop(0) if free else WORKING)
    return given


def _short(names: list[str], name: str) -> str:
    """Drop `.1` of a machine that is the only one of its station."""
    station, _, number = name.rpartition(".")
    return station if number == "1" and f"{station}.2" not in names else name


def _cell(spans: list[tuple[int, int, str]], work: list[tuple[int, int, str]], t: int, letters: dict[str, str]) -> str:
    condition = next((c for start, stop, c in spans if start <= t < stop), "starved")
    if condition != "working":
        return MARKS.get(condition, "?")
    return next((letters.get(lot, WORKING) for start, stop, lot in work if start <= t < stop), WORKING)


def _queue_rows(history: History, epoch: int, times: range) -> list[tuple[str, str]]:
    """Lots in the queue of each station that ever had one, at the beginning of each step."""
    plant, first, _ = history._known()
    columns = history._core.queues(plant._core, first)
    changes: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for station, t, level in zip(columns["station"], _ticks(columns["time"], epoch), columns["level"], strict=True):
        changes[station][0].append(t)
        changes[station][1].append(int(level))
    rows = []
    for station in plant._core.station_names():
        at, levels = changes[station]
        shown = [levels[bisect_right(at, t) - 1] for t in times]
        if any(shown):
            rows.append((f"{station} queue", "".join("." if n == 0 else str(n) if n < 10 else "+" for n in shown)))
    return rows


def _scale(times: list[float]) -> str:
    """Write numbers above the columns, at every fifth where they fit."""
    line, each = "", 5 if len(times) <= 100 else 10
    for i in range(0, len(times), each):
        text = f"{times[i]:g}"
        if i >= len(line):
            line = line.ljust(i) + text + " "
    return line.rstrip()
