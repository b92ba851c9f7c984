"""Rules traced from functions: the text they become, what it gives, and what is refused."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin import _core

VARIABLES = _core.expression_variables()


def plant(rule):
    return twin.parse(
        f"""
stations: {{mill: {{queue: {{rule: "{rule}"}}}}}}
products: {{part: {{route: [{{at: mill, time: 50 s}}], due: 1 h, arrivals: every exponential(60 s)}}}}
run: {{until: 20 h}}
"""
    )


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (lambda lot: lot.due - lot.now - lot.remaining_work, "due - now - remaining_work"),
        (lambda lot: lot.due - (lot.now - lot.work), "due - (now - work)"),
        (lambda lot: -(lot.priority**2) * 3, "-priority ^ 2 * 3"),
        (lambda lot: (-lot.priority) ** 2, "(-priority) ^ 2"),
        (lambda lot: 2**-lot.rework, "2 ^ -rework"),
        (lambda lot: twin.where(lot.setup > 0, lot.setup, 0) + lot.work, "if(setup > 0, setup, 0) + work"),
        (lambda lot: twin.maximum(lot.due, lot.now, 5.5), "max(max(due, now), 5.5)"),
        (lambda lot: abs(lot.ready - lot.release) / 1e-5, "abs(ready - release) / 0.00001"),
        (lambda lot: np.exp(-np.maximum(lot.due - lot.now, 0) / lot.work), "exp(-max(due - now, 0) / work)"),
        (lambda lot: np.where(lot.queue_length >= 3, np.sqrt(lot.work), 1), "if(queue_length >= 3, sqrt(work), 1)"),
        (lambda lot: np.float64(2) * lot.remaining_steps, "2 * remaining_steps"),
        (lambda lot: lot.work + "30 min" - dt.timedelta(seconds=1), "work + 30 min - 1"),
        (lambda lot: (lot.rework > 0) & (lot.work < 60), "min(rework > 0, work < 60)"),
        (lambda lot: math.inf - lot.work, "1 / 0 - work"),
        (lambda lot: 0, "0"),
    ],
)
def test_a_traced_rule_is_the_formula(function, formula):
    rule = twin.rule(function)
    assert plant(rule).digest == plant(f"expr({formula})").digest
    changed = plant("fifo").change({"stations.mill.queue.rule": rule})
    assert changed.digest == plant(rule).digest


def test_a_rule_stands_wherever_a_rule_may():
    rule = twin.rule(lambda lot: lot.due - lot.now)
    built = (
        twin.PlantBuilder()
        .station("mill")
        .queue_rule(rule)
        .product("part")
        .step("mill", "50 s")
        .due("1 h")
        .arrivals_every("exponential(60 s)")
        .run(until="20 h")
        .build()
    )
    assert built.digest == plant("expr(due - now)").digest
    scenarios = {"as is": {}, "by due date": {"stations.mill.queue.rule": rule}}
    answer = twin.compare(plant("lifo"), scenarios, replications=2)
    assert answer.names == ["as is", "by due date"]
    earliest = twin.simulate(plant("edd"), replications=2)["part.cycle_time"].sample
    assert (answer.sample("by due date", "part.cycle_time") == earliest).all()


def test_a_lot_has_every_variable():
    lot = twin.Lot()
    assert [getattr(lot, name)._text for name in VARIABLES] == VARIABLES


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda lot: lot.due if lot.due > lot.now else 0, "twin.where"),
        (lambda lot: lot.due and lot.now, "twin.where"),
        (lambda lot: min(lot.due, lot.now), "twin.minimum"),
        (lambda lot: 0 < lot.due < 5, "twin.where"),
        (lambda lot: lot.colour, "a lot has no 'colour'; allowed: now, due"),
        (lambda lot: lot.due.seconds, "a formula has no 'seconds'"),
        (lambda lot: lot.due(), "is a number, no function"),
        (lambda lot: math.sqrt(lot.work), "has no value yet"),
        (lambda lot: int(lot.work), "has no value yet"),
        (lambda lot: lot.work % 2, "has no value yet"),
        (lambda lot: sum(lot.work), "has no value yet"),
        (lambda lot: np.sin(lot.work), r"numpy\.sin cannot"),
        (lambda lot: np.add.reduce(lot.work), r"numpy\.add cannot"),
        (lambda lot: np.cumsum(lot.work), "cannot|no value"),
        (lambda lot: lot.work + "soon", "'soon'"),
        (lambda lot: lot.work + np.ones(3), "cannot be part"),
        (lambda lot: lot.work * math.nan, "nan"),
        (lambda lot: None, "gives None"),
        (lambda lot: [lot.work], "cannot be part"),
        ("edd", "a function of a lot"),
    ],
)
def test_what_cannot_be_traced_is_refused(function, message):
    with pytest.raises(twin.InvalidArgument, match=message):
        twin.rule(function)


def test_nesting_has_an_end():
    def deep(lot):
        value = lot.work
        for _ in range(80):
            value = 1 - (1 - value)
        return value

    with pytest.raises(twin.InvalidArgument, match="nested too deeply"):
        twin.rule(deep)
    long = twin.rule(lambda lot: sum((lot.work * i for i in range(500)), start=lot.due))
    assert len(plant(long).digest) == 16


def smaller(a, b):
    return np.where(b < a, b, a)


def larger(a, b):
    return np.where(b > a, b, a)


# Name -> the same on formulas and on numbers, where every bit is fixed.
BINARY = {
    "add": (lambda a, b: a + b, np.add),
    "subtract": (lambda a, b: a - b, np.subtract),
    "multiply": (lambda a, b: a * b, np.multiply),
    "divide": (lambda a, b: a / b, np.divide),
    "min": (twin.minimum, smaller),
    "max": (np.maximum, larger),
    "less": (lambda a, b: a < b, np.less),
    "at most": (lambda a, b: a <= b, np.less_equal),
    "greater": (lambda a, b: a > b, np.greater),
    "at least": (lambda a, b: a >= b, np.greater_equal),
    "equal": (lambda a, b: a == b, np.equal),
    "other": (lambda a, b: a != b, np.not_equal),
    "and": (np.logical_and, np.logical_and),
    "or": (np.logical_or, np.logical_or),
}
UNARY = {
    "negative": (lambda a: -a, np.negative),
    "absolute": (abs, np.abs),
    "sqrt": (np.sqrt, np.sqrt),
    "not": (np.logical_not, np.logical_not),
}
NUMBERS = st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6), st.sampled_from([1e-300, 1e300, math.inf, -0.0]))
LEAVES = st.one_of(st.tuples(st.just("variable"), st.sampled_from(VARIABLES)), st.tuples(st.just("number"), NUMBERS))
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), below),
        st.tuples(st.sampled_from(sorted(BINARY)), below, below),
        st.tuples(st.just("where"), below, below, below),
    ),
    max_leaves=12,
)


def formula_of(tree, lot):
    kind, *below = tree
    if kind == "variable":
        return getattr(lot, below[0])
    if kind == "number":
        return twin.where(1, below[0], 0)  # a formula, so that all operators are those of formulas
    parts = [formula_of(one, lot) for one in below]
    if kind == "where":
        return twin.where(*parts)
    return (UNARY[kind] if len(parts) == 1 else BINARY[kind])[0](*parts)


def value_of(tree, values):
    kind, *below = tree
    if kind == "variable":
        return np.float64(values[below[0]])
    if kind == "number":
        return np.float64(below[0])
    parts = [value_of(one, values) for one in below]
    if kind == "where":
        return parts[1] if parts[0] != 0 else parts[2]
    return np.float64((UNARY[kind] if len(parts) == 1 else BINARY[kind])[1](*parts))


@settings(max_examples=400, deadline=None)
@given(TREES, st.lists(st.floats(-1e9, 1e9) | st.just(math.inf), min_size=11, max_size=11))
def test_traced_formulas_give_what_numpy_gives(tree, numbers):
    values = dict(zip(VARIABLES, numbers, strict=True))
    text = twin.rule(lambda lot: formula_of(tree, lot)).removeprefix("expr(").removesuffix(")")
    with np.errstate(all="ignore"):
        expected = value_of(tree, values)
    np.testing.assert_equal(_core.evaluate_expression(text, values), float(expected))


@given(st.floats(-20, 20), st.floats(0.01, 50))
def test_transcendental_functions_are_those_of_numpy(x, y):
    text = twin.rule(lambda lot: np.exp(lot.work) + lot.due**lot.work + np.log(lot.due)).removeprefix("expr")
    expected = np.exp(x) + np.power(y, x) + np.log(y)
    assert _core.evaluate_expression(text, {"work": x, "due": y}) == pytest.approx(expected, rel=1e-13)


def test_a_value_is_needed_for_what_is_asked():
    assert _core.evaluate_expression("due * 2", {"due": 3, "work": 1}) == 6
    with pytest.raises(twin.InvalidArgument, match="'due'"):
        _core.evaluate_expression("due * 2", {"work": 3})
