"""The emulated shop: a plant run as if it were the floor, with its machine logs and the truth beside them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _core
from ._plant import Plant
from ._progress import ProgressOption, progress_of
from ._values import Instant, Span, end_ns, frame, need, span_ns, whole

if TYPE_CHECKING:
    import pandas as pd


class Emulation:
    """What a run of an emulated shop said and did; make one with `emulate`."""

    def __init__(self, plant: Plant, core: _core.Emulation) -> None:
        self._plant = plant
        self._core = core

    @property
    def operations(self) -> pd.DataFrame:
        """The truth: part, product, operation, machine, start, end, outcome, interruptions, processing, loaded ..."""
        return frame(self._core.operations(self._plant._core))

    @property
    def truth(self) -> dict[str, Any]:
        """Seed, plant, parameters and defects really used, and when each order was finished."""
        truth: dict[str, Any] = json.loads(self._core.truth_json(self._plant._core))
        return truth

    @property
    def lines(self) -> int:
        """Lines of all logs."""
        return self._core.lines

    def write(self, folder: str | os.PathLike[str], *, speed: float = 0, progress: ProgressOption = None) -> Path:
        """Write ``<machine>.txt`` for each machine, ``truth.csv`` and ``truth.json``.

        Parameters
        ----------
        folder : path
            Made if missing.
        speed : float
            0 writes at once; else so many times faster than real time, each line as its instant comes.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        InvalidArgument
            The folder cannot be written, or holds logs of another run.
        """
        target = Path(folder)
        with progress_of(progress, "writing logs") as told:
            self._core.write(self._plant._core, target, speed, told)
        return target

    def __repr__(self) -> str:
        return f"<twin.Emulation of '{self._plant.name}': {len(self.operations)} operations, {self.lines} lines>"


def emulate(
    plant: Plant,
    *,
    seed: int = 0,
    until: Instant | Span | None = None,
    late: float = 0,
    max_late: Span = "3 min",
    duplicates: float = 0,
    gaps: float = 0,
    mean_gap: Span = "10 min",
    max_skew: Span = "0 s",
) -> Emulation:
    """Run a plant as if it were the floor: what its machines would say, and what truly happened.

    Parameters
    ----------
    plant : Plant
        The shop as it truly is.
    seed : int
        Of the run and of the defects.
    until : datetime, timedelta or str, optional
        End, as an instant or as a span since the plant's epoch; else as the plant's ``run`` says, else all orders
        have left.
    late, duplicates : float
        Share of instants told late and of lines told twice, by up to `max_late`, in [0, 1].
    gaps : float
        Share of time without connection, in [0, 0.9], in breaks of `mean_gap` on average.
    max_skew : str or timedelta
        Each machine's clock is wrong by a fixed span of at most this.

    Raises
    ------
    InvalidArgument
        A share or span outside its range, or no end.
    """
    need(plant, Plant, "emulate: plant", "a Plant, as twin.load gives it")
    end = None if until is None else end_ns(until, plant._core.epoch(), "until")
    core = _core.emulate(
        plant._core,
        whole(seed, "seed"),
        end,
        late,
        span_ns(max_late, "max_late"),
        duplicates,
        gaps,
        span_ns(mean_gap, "mean_gap"),
        span_ns(max_skew, "max_skew"),
    )
    return Emulation(plant, core)
