"""Timing diagrams as text."""

import re

import pytest
from helpers import line

import twin

TEXT = """
stations: {saw: {}, mill: {queue: {places: 1}, failures: [{after: 12 min of time, repair: 3 min, times: 1}]}}
products: {part: {route: [{at: saw, time: 2 min}, {at: mill, time: 5 min, setup: 1 min}]}}
orders: [{id: A, product: part}, {id: B, product: part}, {id: C, product: part}, {id: D, product: part}]
"""


def run(text=TEXT, until="20 min"):
    history = twin.History()
    twin.State.initial(twin.parse(text)).advance(until, history=history)
    return history


def test_a_column_is_what_holds_at_the_beginning_of_its_step():
    assert run().diagram() == "\n".join(
        [
            "min         0    5    10   15",
            "saw         AABBCC##DD#######...",
            "mill        ..+AAAAA+BBB!!!BB+CC",
            "saw queue   33221111............",
            "mill queue  ....1111111111111111",
            "",
            ". starved, + setup, # blocked, ! down",
        ]
    )


def test_a_part_of_the_record_by_another_step():
    lines = run().diagram("30 s", "5 min", "10 min").splitlines()
    assert lines[0] == "s           300  450"
    assert lines[1] == "saw         CC####DDDD"[:22]
    assert lines[2] == "mill        AAAAAA++BB"


def test_lots_with_long_names_get_letters_and_a_legend():
    text = "stations: {mill: {}}\nproducts: {part: {route: [{at: mill, time: 2 min}], arrivals: every 3 min}}"
    shown = run(text, "12 min").diagram()
    assert "mill  ...AA.BB.CC." in shown
    assert shown.endswith(". starved, A part#1, B part#2, C part#3")


def test_calendars_operators_and_machines_of_one_station():
    text = """
calendars: {day: {daily: "00:04-24:00"}}
operators: {ann: 1}
stations: {mill: {machines: 2, needs: ann}, saw: {calendar: day}}
products: {part: {route: [{at: mill, time: 3 min}, {at: saw, time: 2 min}]}}
orders: [{id: A, product: part}, {id: B, product: part}]
"""
    shown = run(text, "9 min").diagram()
    assert "mill.1     AAA......" in shown
    assert "mill.2     ???BBB..." in shown
    assert "saw        ----AABB." in shown
    assert "? waiting" in shown


def test_what_cannot_be_drawn_is_refused():
    history = run()
    for arguments, message in (
        (("0 s",), "step is '0 s'; allowed: above 0"),
        (("1 s",), "1200 steps; allowed: at most 200"),
        (("1 min", "5 min", "30 min"), "allowed: within the record, 2000-01-03T00:00:00Z to 2000-01-03T00:20:00Z"),
    ):
        with pytest.raises(twin.InvalidArgument, match=re.escape(message)):
            history.diagram(*arguments)
    with pytest.raises(twin.InvalidArgument, match="nothing recorded yet"):
        twin.History().diagram()


def test_every_cell_agrees_with_the_tables():
    plant = line()
    history = twin.History()
    twin.State.initial(plant, seed=2).advance("100 min", history=history)
    rows = {row.split()[0]: row[row.index(" ") :].strip() for row in history.diagram().splitlines()[1:5]}
    conditions = history.conditions
    for machine, cells in rows.items():
        for minute, cell in enumerate(cells):
            now = plant.epoch + twin._values.span64(minute * 60 * 10**9)
            at = conditions[
                (conditions["machine"] == f"{machine}.1") & (conditions["start"] <= now) & (now < conditions["end"])
            ]
            want = {"starved": ".", "blocked": "#", "down": "!"}.get(at["condition"].item())
            assert cell == want if want else cell.isalpha() or cell == "*"
