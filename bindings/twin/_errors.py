"""Errors a caller can cause, each naming the culprit, its value and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


class Error(Exception):
    """Base of every exception that libtwin raises on purpose."""


class InvalidArgument(Error, ValueError):  # noqa: N818, the same name as in C++
    """An argument is outside its allowed range. Nothing was changed."""


class FormatError(Error):
    """Bytes or text from outside cannot be understood: a saved State, a log, a file."""


class DeadlockError(Error):
    """Lots wait in a circle for each other's places, so that nothing can free them; the message names the circle.

    A State that was advanced is then at the instant at which the plant came to a standstill.
    """


class Cancelled(Error):  # noqa: N818, the same name as in C++
    """A study was told to stop. Its arguments are unchanged and nothing of it remains."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a plant.

    Attributes
    ----------
    file : str
        Empty when the plant was built in code.
    line, column : int
        From 1; 0 when unknown.
    path : str
        What is meant: ``stations.mill.queue.rule``.
    value : str
        What was found, as written.
    message : str
        What is wrong with it.
    allowed : str
        What would be right.
    """

    file: str
    line: int
    column: int
    path: str
    value: str
    message: str
    allowed: str
    _text: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return self._text or self.message


class PlantError(Error):
    """A plant that makes no sense, with all its faults at once.

    Attributes
    ----------
    faults : tuple of Fault
        In the order of the file.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)

    def __reduce__(self) -> tuple[type[PlantError], tuple[str, tuple[Fault, ...]]]:
        return type(self), (str(self), self.faults)
