"""What callers may hand over as spans, instants and values of a scenario, and how figures are written."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

import numpy as np
import numpy.typing as npt

from . import _core
from ._errors import InvalidArgument

if TYPE_CHECKING:
    import pandas as pd


#: A span of time: ``"3 d"``, ``"1 h 30 min"``, a timedelta, or a ``numpy.timedelta64``.
Span: TypeAlias = str | dt.timedelta | np.timedelta64
#: An instant: an ISO 8601 text, a datetime (UTC where it has no zone), or a ``numpy.datetime64``.
Instant: TypeAlias = str | dt.datetime | np.datetime64
#: Column of instants or spans.
Times: TypeAlias = npt.NDArray[np.datetime64]

NOT_A_TIME = -(2**63)
_SPANS = "allowed: a text with units such as '3 d' or '90 s', a timedelta, or a numpy.timedelta64"
_INSTANTS = "allowed: a text such as '2017-02-01T06:00:00Z', a datetime, or a numpy.datetime64"


def need(value: object, kind: type | tuple[type, ...], name: str, allowed: str) -> None:
    """Check the kind of an argument; `name` stands for it in messages."""
    if not isinstance(value, kind):
        raise InvalidArgument(f"{name}: {value!r} ({type(value).__name__}); allowed: {allowed}")


def whole(value: int, name: str, least: int = 0) -> int:
    """Check a count or an address; `name` stands for the argument in messages."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or not least <= value < 2**64:
        raise InvalidArgument(f"{name}: {value!r}; allowed: a whole number, {least} or more")
    return int(value)


Method: TypeAlias = Literal["auto", "events", "recursion"]


def method_of(value: str) -> Method:
    """Check the name of a method."""
    for method in get_args(Method):
        if value == method:
            return cast(Method, method)
    raise InvalidArgument(f"method: {value!r}; allowed: {', '.join(get_args(Method))}")


def span_ns(value: Span, name: str) -> int:
    """Nanoseconds of a span; `name` stands for the argument in messages."""
    if isinstance(value, str):
        try:
            return _core.parse_duration(value)
        except InvalidArgument as error:
            raise InvalidArgument(f"{name}: {error}") from None
    if isinstance(value, dt.timedelta | np.timedelta64):
        import pandas as pd

        span = pd.Timedelta(value)
        if not pd.isna(span):
            return int(span.as_unit("ns").value)
    raise InvalidArgument(f"{name}: {value!r} is no span of time; {_SPANS}")


def instant_ns(value: Instant, name: str) -> int:
    """Nanoseconds since 1970 UTC of an instant; `name` stands for the argument in messages."""
    if isinstance(value, str):
        ns = _core.parse_instant(value)
        if ns is not None:
            return ns
    elif isinstance(value, dt.datetime | np.datetime64):
        import pandas as pd

        stamp = pd.Timestamp(value)
        if not pd.isna(stamp):
            if stamp.tzinfo is not None:
                stamp = stamp.tz_convert("UTC").tz_localize(None)
            return int(stamp.as_unit("ns").value)
    raise InvalidArgument(f"{name}: {value!r} is no instant; {_INSTANTS}")


def end_ns(value: Span | Instant, epoch_ns: int, name: str) -> int:
    """Nanoseconds since the epoch of an end given as an instant or as a span since the epoch."""
    if isinstance(value, str):
        ns = _core.parse_instant(value)
        return ns - epoch_ns if ns is not None else span_ns(value, name)
    if isinstance(value, dt.timedelta | np.timedelta64):
        return span_ns(value, name)
    return instant_ns(value, name) - epoch_ns


def instant64(ns: int) -> np.datetime64:
    """Make an instant of nanoseconds since 1970 UTC."""
    return np.datetime64("NaT", "ns") if ns == NOT_A_TIME else np.datetime64(ns, "ns")


def span64(ns: int) -> np.timedelta64:
    """Make a span of nanoseconds."""
    return np.timedelta64("NaT", "ns") if ns == NOT_A_TIME else np.timedelta64(ns, "ns")


def span64_of_seconds(seconds: float) -> np.timedelta64:
    """Make a span of seconds, rounded to nanoseconds; what is not finite is NaT."""
    return np.timedelta64(round(seconds * 1e9), "ns") if math.isfinite(seconds) else np.timedelta64("NaT", "ns")


def frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Make a table of columns as the engine gives them."""
    import pandas as pd

    table = pd.DataFrame(dict(columns))
    for name, values in columns.items():
        if isinstance(values, list):  # texts, also where there are none
            table[name] = pd.Series(values, dtype="str")
    return table


def yaml_text(value: Any) -> str:
    """Write a value as a scenario file would; text is taken as it stands, since it is YAML already."""
    return value if isinstance(value, str) else _flow(value)


def _flow(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise InvalidArgument(f"change: {value!r} is no value of a plant; allowed: finite numbers")
        return repr(float(value))
    if isinstance(value, _core.Distribution):
        return json.dumps(value.text())
    if isinstance(value, dt.timedelta | np.timedelta64):
        return json.dumps(_core.duration_text(span_ns(value, "change")))
    if isinstance(value, dt.datetime | np.datetime64):
        return json.dumps(_core.format_instant(instant_ns(value, "change")))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence | np.ndarray):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    raise InvalidArgument(
        f"change: {value!r} is no value of a plant; allowed: YAML text, numbers, truth values, Distribution, "
        "timedelta, datetime, and lists and mappings of these"
    )


_TIME_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))


def readable(mean: float, half_width: float, unit: str) -> tuple[str, str, str]:
    """Mean, half-width and unit as people read them."""
    factor, shown = 1.0, "" if unit == "1" else unit
    size = abs(mean)
    if unit == "s" and size > 0 and math.isfinite(size):
        factor, shown = next(((f, u) for f, u in _TIME_UNITS if size >= f), _TIME_UNITS[-1])
    elif unit == "1/s" and size > 0 and math.isfinite(size):
        factor, shown = next(
            ((1 / f, f"per {u}") for f, u in reversed(_TIME_UNITS[:-1]) if size * f >= 1), (1 / 86400.0, "per d")
        )
    return number(mean / factor), number(half_width / factor), shown


def number(value: float) -> str:
    """Four digits, more before the point; an en dash for no data."""
    if math.isnan(value):
        return "–"
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
