"""Machine logs, the operations inferred from them, and what is left of operations under way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core, _html
from ._errors import InvalidArgument
from ._values import Instant, frame, instant64, instant_ns, need, span64, span64_of_seconds

if TYPE_CHECKING:
    import pandas as pd


_GENERIC = """
items:
  program_status: [Program_Status, execution, Execution]
  program: [Program_Name_Running, program, Program]
  tool: [Current_Tool, tool]
  block: [Block_Number, line, Line]
  part: Part_Id
  product: Part_Type
  operation: Operation
status:
  active: ACTIVE
  completed: PROGRAM_COMPLETED
  interruption: [FEED_HOLD, INTERRUPTED, OPTIONAL_STOP, PROGRAM_STOPPED, STOPPED]
  ignored: [READY, UNAVAILABLE]
files: ['(?<machine>.+)\\.(txt|log|shdr)(\\.gz)?']
"""


class Rules:
    """What the items of a log mean: roles, words of the status, names of part, operation and machine.

    Plain data read from a YAML file by `load`, or from text by `parse`.
    """

    def __init__(self, core: _core.Rules) -> None:
        self._core = core

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Rules:
        """Read rules from a file.

        Raises
        ------
        FormatError
            All faults at once, each with file, line, key, value and what is allowed.
        """
        return Rules(_core.load_rules(Path(path)))

    @staticmethod
    def parse(text: str, *, name: str = "rules") -> Rules:
        """Read rules from YAML text; `name` stands for the file in messages."""
        return Rules(_core.parse_rules(text, name))

    @staticmethod
    def generic() -> Rules:
        """Give rules for continuous logs in the words of MTConnect.

        One log per machine, named after it (``M1.txt``); items ``Program_Status`` or ``execution``, ``Part_Id``,
        ``Part_Type``, ``Operation``, and, where there are, program, tool and block. What ``twin emulate`` writes is
        such a log.
        """
        return Rules(_core.parse_rules(_GENERIC, "generic rules"))

    @property
    def items(self) -> dict[str, list[str]]:
        """Role -> names of the items that play it."""
        return self._core.items

    @property
    def files(self) -> list[str]:
        """Patterns of file names that tell a job."""
        return self._core.files

    def __repr__(self) -> str:
        return f"<twin.Rules: {', '.join(self.items)}>"


class Log:
    """The observations of one source, in order of time. Every line of the source is accounted for."""

    def __init__(self, core: _core.JobLog) -> None:
        self._core = core

    @property
    def source(self) -> str:
        """Where it was read from."""
        return self._core.source

    @property
    def ticket(self) -> dict[str, str]:
        """What the source's name told: part, product, operation, machine; empty where it did not."""
        core = self._core
        return {"part": core.part, "product": core.product, "operation": core.operation, "machine": core.machine}

    @property
    def items(self) -> list[str]:
        """Names of the items that occur."""
        return self._core.items

    @property
    def frame(self) -> pd.DataFrame:
        """Table of time, item, value (text), line."""
        return frame(self._core.observations())

    @property
    def counts(self) -> dict[str, int]:
        """What became of the lines: observed, quarantined, protocol, blank; values, duplicates, late."""
        return self._core.counts()

    @property
    def quarantine(self) -> pd.DataFrame:
        """Lines that could not be understood: source, line, reason, text."""
        return _quarantine([self])

    def for_job(self, *, machine: str, part: str = "", product: str = "", operation: str = "") -> Log:
        """Give the same log with the job it tells of, where the file's name did not say."""
        return Log(self._core.with_ticket(part, product, operation, machine))

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        return f"<twin.Log '{self.source}': {len(self)} observations>"

    def _repr_html_(self) -> str:
        return _html.heading("Log", self.source, f"{len(self)} observations") + _html.short_frame(self.frame.head(40))


def _quarantine(logs: Iterable[Log]) -> pd.DataFrame:
    import pandas as pd

    rows = [row for log in logs for row in log._core.quarantine()]
    table = pd.DataFrame(rows, columns=["source", "line", "reason", "text"])
    return table.astype({"source": "str", "line": "int64", "reason": "str", "text": "str"})


class Logs(Sequence[Log]):
    """Logs read together, as of a folder: a sequence of `Log`, with what was left out and why."""

    def __init__(self, logs: Iterable[Log], skipped: Iterable[tuple[str, str]] = ()) -> None:
        self._logs = tuple(logs)
        self._skipped = tuple(skipped)

    def __getitem__(self, index: Any) -> Any:
        return Logs(self._logs[index]) if isinstance(index, slice) else self._logs[index]

    def __len__(self) -> int:
        return len(self._logs)

    @property
    def counts(self) -> pd.DataFrame:
        """Table of source and what became of its lines."""
        import pandas as pd

        return pd.DataFrame([{"source": log.source, **log.counts} for log in self._logs])

    @property
    def quarantine(self) -> pd.DataFrame:
        """Lines that could not be understood: source, line, reason, text."""
        return _quarantine(self._logs)

    @property
    def skipped(self) -> pd.DataFrame:
        """Files that were left out: path, reason."""
        import pandas as pd

        return pd.DataFrame(self._skipped, columns=["path", "reason"], dtype="str")

    def __repr__(self) -> str:
        return f"<twin.Logs: {len(self)} logs, {sum(map(len, self._logs))} observations, {len(self._skipped)} skipped>"

    def _repr_html_(self) -> str:
        return _html.heading("Logs", repr(self)[12:-1]) + _html.short_frame(self.counts)


def read_shdr(path: str | os.PathLike[str]) -> Log:
    """Read an SHDR file, plain or gzip. Its content never raises: what cannot be understood is in quarantine.

    Raises
    ------
    InvalidArgument
        The file cannot be opened.
    FormatError
        It is a gzip file of which nothing can be read.
    """
    return Log(_core.read_shdr(Path(path)))


def parse_shdr(text: str, *, source: str = "text") -> Log:
    """Read SHDR out of text."""
    return Log(_core.parse_shdr(text, source))


def read_logs(folder: str | os.PathLike[str], rules: Rules) -> Logs:
    """Read every log below a folder (or a single file) whose name matches the rules, in order of their paths.

    Raises
    ------
    InvalidArgument
        No such folder, or no file in it matches.
    """
    logs, skipped = _core.read_logs(Path(folder), rules._core)
    return Logs(map(Log, logs), skipped)


class Operation:
    """One operation on one part, as the log tells it."""

    def __init__(self, core: _core.Operation) -> None:
        self._core = core

    @property
    def part(self) -> str:
        """The part: ``Plate-01``."""
        return self._core.part

    @property
    def product(self) -> str:
        """Its kind: ``Plate``."""
        return self._core.product

    @property
    def operation(self) -> str:
        """Name of the operation: ``OP1``."""
        return self._core.operation

    @property
    def machine(self) -> str:
        """Where it was done."""
        return self._core.machine

    @property
    def start(self) -> np.datetime64:
        """First active status."""
        return instant64(self._core.start)

    @property
    def end(self) -> np.datetime64:
        """Completion; the instant asked for, while in progress."""
        return instant64(self._core.end)

    @property
    def outcome(self) -> str:
        """Completed, no_completion_event or in_progress."""
        return self._core.outcome

    @property
    def interruptions(self) -> int:
        """How often the status said so."""
        return self._core.interruptions

    @property
    def activity(self) -> str:
        """What goes on at the end: processing, interrupted, stalled; ended."""
        return self._core.activity

    @property
    def programs(self) -> list[str]:
        """Programs as they started."""
        return self._core.programs

    @property
    def tools(self) -> list[str]:
        """Tools in order of first use."""
        return self._core.tools

    @property
    def processing(self) -> npt.NDArray[np.datetime64]:
        """Shape (intervals, 2): from and to; with `interrupted` and `stalled` they cover start to end."""
        return self._core.processing()

    @property
    def interrupted(self) -> npt.NDArray[np.datetime64]:
        """Shape (intervals, 2): another status than active."""
        return self._core.interrupted()

    @property
    def stalled(self) -> npt.NDArray[np.datetime64]:
        """Shape (intervals, 2): active by status, but silent."""
        return self._core.stalled()

    @property
    def processing_time(self) -> np.timedelta64:
        """Sum of the processing intervals."""
        return span64(self._core.processing_time())

    @property
    def blocks(self) -> pd.DataFrame:
        """Blocks as the program reached them: time, processed (time worked until then), block, pass."""
        return frame(self._core.blocks())

    def to_dict(self) -> dict[str, Any]:
        """Give part, operation, machine, start, end (ISO 8601 UTC), outcome, interruptions."""
        core = self._core
        return {
            "part": core.part,
            "operation": core.operation,
            "machine": core.machine,
            "start": _core.format_instant(core.start),
            "end": _core.format_instant(core.end),
            "outcome": core.outcome,
            "interruptions": core.interruptions,
        }

    def __repr__(self) -> str:
        job = f"{self.part} {self.operation} on {self.machine}"
        return f"<twin.Operation {job}: {self.start} to {self.end}, {self.outcome}>"


class Operations(Sequence[Operation]):
    """Operations in order of start: a sequence of `Operation`, and a `frame`."""

    def __init__(self, core: Sequence[_core.Operation]) -> None:
        self._core = list(core)

    def __getitem__(self, index: Any) -> Any:
        return Operations(self._core[index]) if isinstance(index, slice) else Operation(self._core[index])

    def __len__(self) -> int:
        return len(self._core)

    def __iter__(self) -> Iterator[Operation]:
        return map(Operation, self._core)

    @property
    def frame(self) -> pd.DataFrame:
        """Table of part, product, operation, machine, start, end, outcome, interruptions, and how the time divides."""
        return frame(_core.operations_frame(self._core))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Give what ``twin operations --json`` prints; see `Operation.to_dict`."""
        return [operation.to_dict() for operation in self]

    def __repr__(self) -> str:
        return f"<twin.Operations: {len(self)}>"

    def _repr_html_(self) -> str:
        return _html.heading("Operations", str(len(self))) + _html.short_frame(self.frame)


def infer_operations(
    logs: Log | Iterable[Log] | str | os.PathLike[str],
    rules: Rules | str | os.PathLike[str],
    until: Instant | None = None,
) -> Operations:
    """Infer operations from logs.

    Parameters
    ----------
    logs : Log, Logs, iterable of Log, or path
        What the machines said, or a folder of it. Logs with the same ticket are one log told in pieces.
    rules : Rules or path
        What it means.
    until : datetime or str, optional
        Use only what was known then; without it logs are taken as ended.

    Returns
    -------
    Operations
        In order of start, part, operation, machine.
    """
    if isinstance(rules, str | os.PathLike):
        rules = Rules.load(rules)
    need(rules, Rules, "infer_operations: rules", "Rules, or the path of a file of them")
    if isinstance(logs, str | os.PathLike):
        logs = read_logs(logs, rules)
    need(logs, (Log, Iterable), "infer_operations: logs", "a Log, several, or the path of a folder of them")
    given = [logs] if isinstance(logs, Log) else list(logs)
    for log in given:
        need(log, Log, "infer_operations: logs", "a Log, several, or the path of a folder of them")
    end = None if until is None else instant_ns(until, "until")
    return Operations(_core.infer_operations([log._core for log in given], rules._core, end))


class Remaining:
    """What is left of an operation at an instant."""

    def __init__(self, core: _core.Remaining, probabilities: Sequence[float]) -> None:
        self._core = core
        self.probabilities = np.asarray(probabilities, dtype=np.float64)

    @property
    def processing(self) -> npt.NDArray[np.timedelta64]:
        """Quantiles, at `probabilities`, of the processing time left."""
        return _spans(self._core.processing_s)

    @property
    def elapsed(self) -> npt.NDArray[np.timedelta64]:
        """The same of the time until its end on the clock, standstills included."""
        return _spans(self._core.elapsed_s)

    @property
    def median_processing(self) -> np.timedelta64:
        """Median of the processing time left."""
        return span64_of_seconds(self._core.median_processing_s)

    @property
    def median_elapsed(self) -> np.timedelta64:
        """Median of the time until its end on the clock."""
        return span64_of_seconds(self._core.median_elapsed_s)

    @property
    def pace(self) -> float:
        """Time taken over the last blocks, in times of the runs alike."""
        return self._core.pace

    @property
    def position(self) -> float:
        """Share of the processing time that has passed."""
        return self._core.position

    @property
    def runs(self) -> int:
        """Earlier runs that were compared."""
        return self._core.runs

    @property
    def by_block(self) -> bool:
        """Told from the block reached; else from the time spent alone."""
        return self._core.by_block

    def __repr__(self) -> str:
        left = _core.format_duration(round(self._core.median_elapsed_s * 1e9))
        return f"<twin.Remaining: {left}, {self.position:.0%} done, from {self.runs} runs>"


def _spans(seconds: Sequence[float]) -> npt.NDArray[np.timedelta64]:
    return np.array([span64_of_seconds(s) for s in seconds], dtype="m8[ns]")


_PROBABILITIES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


class ProgressProfiles(Mapping[tuple[str, str, str], int]):
    """What earlier runs tell about operations under way: (product, operation, machine) -> number of runs known."""

    def __init__(self, core: Mapping[tuple[str, str, str], _core.ProgressProfile]) -> None:
        self._core = dict(core)

    def __getitem__(self, key: tuple[str, str, str]) -> int:
        return len(self._core[key])

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        return iter(self._core)

    def __len__(self) -> int:
        return len(self._core)

    def remaining(self, operation: Operation, probabilities: Sequence[float] = _PROBABILITIES) -> Remaining:
        """Tell what is left of an operation in progress.

        Raises
        ------
        InvalidArgument
            No run of its kind is known, or probabilities are not ascending in (0, 1).
        """
        key = (operation.product, operation.operation, operation.machine)
        if key not in self._core:
            raise InvalidArgument(f"remaining: no earlier run of {' '.join(key)}; known: {len(self)} kinds")
        return Remaining(self._core[key].remaining(operation._core, list(probabilities)), probabilities)


def learn_progress(operations: Operations) -> ProgressProfiles:
    """Learn progress profiles from completed operations."""
    return ProgressProfiles(_core.learn_progress(operations._core))
