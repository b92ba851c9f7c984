"""The command ``twin``: run plants, read logs, look ahead.

Exit codes: 0 fine, 1 a check failed, 2 bad input (one clear message), 130 interrupted. ``--json`` prints exactly one
document on standard output; messages and bars go to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from ._app import app

INTERRUPTED = 130

__all__ = ["app", "main"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:  # what takes long to load comes when it is asked for
        if name != "app":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from ._app import app

        return app


def main() -> None:
    """Run the command with the arguments of the process."""
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else a caller wants it otherwise
    try:
        if raises:
            signal.signal(signal.SIGINT, _leave)
        from ._app import app

        if raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    # While modules are being loaded there is nothing to clean up, and one of them might take an exception for its own.
    os._exit(INTERRUPTED)
