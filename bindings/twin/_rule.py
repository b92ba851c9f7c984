"""Queue rules as functions: called once, with a lot that writes down what is asked of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn, TypeAlias

import numpy as np

from . import _core
from ._errors import InvalidArgument
from ._values import span_ns

#: What a formula is made of: formulas, numbers, and spans of time, which count in seconds.
Term: TypeAlias = "Formula | float | str | dt.timedelta | np.timedelta64"

_ALLOWED = (
    "allowed: + - * / **, comparisons, abs, twin.where(condition, a, b), twin.minimum, twin.maximum, "
    "numpy.exp, log, sqrt, and & | ~ between comparisons"
)
# How tightly an operator binds, loosest first.
_COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)


class Formula:
    """A number that a lot will give when its queue is looked through; arithmetic on it makes larger formulas."""

    __slots__ = ("_strength", "_text")
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(self, text: str, strength: int) -> None:
        self._text = text
        self._strength = strength

    def _within(self, strength: int) -> str:
        """Text as part of an operator that binds so tightly."""
        return self._text if self._strength >= strength else f"({self._text})"

    def __add__(self, other: Term) -> Formula:
        return _binary(self, "+", other, _SUM)

    def __radd__(self, other: Term) -> Formula:
        return _binary(other, "+", self, _SUM)

    def __sub__(self, other: Term) -> Formula:
        return _binary(self, "-", other, _SUM)

    def __rsub__(self, other: Term) -> Formula:
        return _binary(other, "-", self, _SUM)

    def __mul__(self, other: Term) -> Formula:
        return _binary(self, "*", other, _PRODUCT)

    def __rmul__(self, other: Term) -> Formula:  # type: ignore[misc]
        return _binary(other, "*", self, _PRODUCT)

    def __truediv__(self, other: Term) -> Formula:
        return _binary(self, "/", other, _PRODUCT)

    def __rtruediv__(self, other: Term) -> Formula:
        return _binary(other, "/", self, _PRODUCT)

    def __pow__(self, other: Term) -> Formula:
        return _power(self, other)

    def __rpow__(self, other: Term) -> Formula:
        return _power(other, self)

    def __neg__(self) -> Formula:
        return Formula(f"-{self._within(_SIGN)}", _SIGN)

    def __pos__(self) -> Formula:
        return self

    def __abs__(self) -> Formula:
        return _function("abs", self)

    def __lt__(self, other: Term) -> Formula:  # type: ignore[misc]
        return _compare(self, "<", other)

    def __le__(self, other: Term) -> Formula:  # type: ignore[misc]
        return _compare(self, "<=", other)

    def __gt__(self, other: Term) -> Formula:  # type: ignore[misc]
        return _compare(self, ">", other)

    def __ge__(self, other: Term) -> Formula:  # type: ignore[misc]
        return _compare(self, ">=", other)

    def __eq__(self, other: object) -> Formula:  # type: ignore[override]
        return _compare(self, "==", other)

    def __ne__(self, other: object) -> Formula:  # type: ignore[override]
        return _compare(self, "!=", other)

    def __and__(self, other: Term) -> Formula:
        return _function("min", _condition(self), _condition(other))

    def __or__(self, other: Term) -> Formula:
        return _function("max", _condition(self), _condition(other))

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Formula:
        return _compare(self, "==", 0)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Formula:
        known = _UFUNCS.get(ufunc.__name__)
        if known is None or method != "__call__" or options:
            _refuse(f"numpy.{ufunc.__name__} cannot be part of a formula")
        return known(*inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Formula:
        name = getattr(function, "__name__", str(function))
        if name == "where" and len(inputs) == 3 and not options:
            return where(*inputs)
        if name != "clip" or len(inputs) != 3 or options:
            _refuse(f"numpy.{name} cannot be part of a formula")
        return minimum(maximum(inputs[0], inputs[1]), inputs[2])

    def __bool__(self) -> NoReturn:
        _refuse(
            f"'{self._text}' has no value yet, so `if`, `and`, `or`, `not`, min() and max() cannot look at it; "
            "use twin.where(condition, a, b), & | ~, twin.minimum and twin.maximum"
        )

    def _no_number(self, *_: object) -> NoReturn:
        _refuse(f"'{self._text}' has no value yet, so it is no number for Python's own functions")

    __float__ = __int__ = __index__ = __complex__ = __round__ = __floor__ = __ceil__ = __trunc__ = _no_number
    __len__ = __iter__ = __contains__ = __getitem__ = __array__ = _no_number
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _no_number
    __matmul__ = __rmatmul__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __xor__ = __rxor__ = _no_number

    def __call__(self, *_: object, **__: object) -> NoReturn:
        _refuse(f"'{self._text}' is a number, no function; write it without ()")

    def __getattr__(self, name: str) -> NoReturn:
        raise _UnknownAttribute(f"rule: a formula has no '{name}'; {_ALLOWED}")

    def __repr__(self) -> str:
        return f"<formula {self._text}>"


class _UnknownAttribute(InvalidArgument, AttributeError):  # noqa: N818, as its base
    """Also an AttributeError, so that ``hasattr`` works."""


class Lot:
    """What a queue rule may ask of a lot that waits; times are in seconds, instants in seconds since the epoch."""

    __slots__ = ()

    @property
    def now(self) -> Formula:
        """The clock."""
        return Formula("now", _ATOM)

    @property
    def due(self) -> Formula:
        """Due date; infinity if it has none."""
        return Formula("due", _ATOM)

    @property
    def release(self) -> Formula:
        """When it was released."""
        return Formula("release", _ATOM)

    @property
    def ready(self) -> Formula:
        """When it entered this queue."""
        return Formula("ready", _ATOM)

    @property
    def work(self) -> Formula:
        """Expected processing time of this step at speed 1."""
        return Formula("work", _ATOM)

    @property
    def remaining_work(self) -> Formula:
        """The same, of this and all steps to come."""
        return Formula("remaining_work", _ATOM)

    @property
    def remaining_steps(self) -> Formula:
        """Expected number of operations left, this one counted."""
        return Formula("remaining_steps", _ATOM)

    @property
    def setup(self) -> Formula:
        """Expected setup on the machine that asks."""
        return Formula("setup", _ATOM)

    @property
    def priority(self) -> Formula:
        """Its priority."""
        return Formula("priority", _ATOM)

    @property
    def queue_length(self) -> Formula:
        """Lots waiting at this station."""
        return Formula("queue_length", _ATOM)

    @property
    def rework(self) -> Formula:
        """Times it was sent back."""
        return Formula("rework", _ATOM)

    def __getattr__(self, name: str) -> NoReturn:
        known = ", ".join(_core.expression_variables())
        raise _UnknownAttribute(f"rule: a lot has no '{name}'; allowed: {known}")


def rule(function: Callable[[Lot], Term]) -> str:
    """Make a queue rule of a function: the lot for which it is smallest is served first.

    The function is called once, with a lot whose attributes are formulas; what it does with them is written down as
    ``expr(...)``, which the engine runs natively.

    Parameters
    ----------
    function : callable
        Takes a `Lot` and gives a formula: ``lambda lot: lot.due - lot.now - lot.remaining_work``. It may use
        ``+ - * / **``, comparisons (1 or 0), ``& | ~`` between them, `abs`, `where`, `minimum`, `maximum`, and NumPy's
        `exp`, `log`, `sqrt`, `where`, `minimum`, `maximum`, `clip`. Spans such as ``"30 min"`` count in seconds.

    Returns
    -------
    str
        Rule as a scenario file has it; for ``queue_rule``, ``plant.change`` and what-ifs.

    Raises
    ------
    InvalidArgument
        The function decides by the value of a formula (``if``, ``and``, ``min``), asks what no lot has, calls what
        cannot be part of a formula, or gives none.
    """
    if not callable(function):
        raise InvalidArgument(f"rule: {function!r}; allowed: a function of a lot, as in lambda lot: lot.due - lot.work")
    found = function(Lot())
    if found is None:
        raise InvalidArgument(f"rule: {function!r} gives None; allowed: a formula of the lot")
    text = _term(found)._text
    _core.check_expression(text)
    return f"expr({text})"


def where(condition: Term, a: Term, b: Term) -> Formula:
    """Make a formula that is `a` where the condition holds (is not 0), else `b`; for rules."""
    return _function("if", condition, a, b)


def minimum(first: Term, *others: Term) -> Formula:
    """Make a formula of the smallest of its arguments; for rules."""
    return _fold("min", (first, *others))


def maximum(first: Term, *others: Term) -> Formula:
    """Make a formula of the largest of its arguments; for rules."""
    return _fold("max", (first, *others))


def _fold(name: str, terms: Sequence[Term]) -> Formula:
    made = _term(terms[0])
    for term in terms[1:]:
        made = _function(name, made, term)
    return made


def _refuse(why: str) -> NoReturn:
    raise InvalidArgument(f"rule: {why}; {_ALLOWED}")


def _term(value: Any) -> Formula:
    """Make a formula of whatever may stand in one."""
    if isinstance(value, Formula):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, str | dt.timedelta | np.timedelta64):
        return _number(span_ns(value, "rule") / 1e9)
    if isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating):
        return _number(float(value))
    _refuse(f"{value!r} ({type(value).__name__}) cannot be part of a formula; numbers, spans and the lot's own can")


def _number(value: float) -> Formula:
    if math.isnan(value):
        _refuse("nan is no number to order lots by")
    if math.copysign(1.0, value) < 0:
        return -_number(-value)
    if math.isinf(value):
        return Formula("1 / 0", _PRODUCT)
    return Formula(str(int(value)) if value.is_integer() and value < 1e15 else repr(value), _ATOM)


def _binary(left: Any, sign: str, right: Any, strength: int) -> Formula:
    return Formula(f"{_term(left)._within(strength)} {sign} {_term(right)._within(strength + 1)}", strength)


def _power(left: Any, right: Any) -> Formula:
    return Formula(f"{_term(left)._within(_ATOM)} ^ {_term(right)._within(_SIGN)}", _POWER)


def _compare(left: Any, sign: str, right: Any) -> Formula:
    return Formula(f"{_term(left)._within(_SUM)} {sign} {_term(right)._within(_SUM)}", _COMPARISON)


def _function(name: str, *terms: Any) -> Formula:
    return Formula(f"{name}({', '.join(_term(term)._text for term in terms)})", _ATOM)


def _condition(value: Any) -> Formula:
    """Make 1 or 0 of a term: what is not 0 holds."""
    term = _term(value)
    is_one = term._strength == _COMPARISON or term._text in ("0", "1")
    return term if is_one else _compare(term, "!=", 0)


def _named(name: str) -> Callable[..., Formula]:
    return lambda *terms: _function(name, *terms)


_UFUNCS: dict[str, Callable[..., Formula]] = {
    "add": lambda a, b: _binary(a, "+", b, _SUM),
    "subtract": lambda a, b: _binary(a, "-", b, _SUM),
    "multiply": lambda a, b: _binary(a, "*", b, _PRODUCT),
    "divide": lambda a, b: _binary(a, "/", b, _PRODUCT),
    "power": _power,
    "float_power": _power,
    "negative": lambda a: -_term(a),
    "positive": _term,
    "absolute": _named("abs"),
    "fabs": _named("abs"),
    "exp": _named("exp"),
    "log": _named("log"),
    "sqrt": _named("sqrt"),
    "minimum": _named("min"),
    "maximum": _named("max"),
    "square": lambda a: _power(a, 2),
    "less": lambda a, b: _compare(a, "<", b),
    "less_equal": lambda a, b: _compare(a, "<=", b),
    "greater": lambda a, b: _compare(a, ">", b),
    "greater_equal": lambda a, b: _compare(a, ">=", b),
    "equal": lambda a, b: _compare(a, "==", b),
    "not_equal": lambda a, b: _compare(a, "!=", b),
    "logical_and": lambda a, b: _function("min", _condition(a), _condition(b)),
    "logical_or": lambda a, b: _function("max", _condition(a), _condition(b)),
    "logical_not": lambda a: _compare(a, "==", 0),
    "bitwise_and": lambda a, b: _function("min", _condition(a), _condition(b)),
    "bitwise_or": lambda a, b: _function("max", _condition(a), _condition(b)),
}
