"""Indicators of ISO 22400-2 against times counted by hand."""

import math
import pickle

import numpy as np
import pytest
from helpers import line, shop

import twin

# Minutes.  a: setup 0-2, works 2-8 | setup 8-10, works 10-16, blocked 16-18 (b is busy and has no queue)
#           b:                 works 8-18                                | works 18-28, the end
HAND = """
stations:
  a: {}
  b: {queue: {places: 0}}
products:
  part: {route: [{at: a, time: 6 min, setup: 2 min}, {at: b, time: 10 min}]}
orders: [{id: O, product: part, quantity: 2}]
run: {replications: 2}
"""
MINUTE = 60.0
EXPECTED = {
    "a.availability": 12 / 28,  # APT / PBT
    "a.utilization_efficiency": 12 / 18,  # AUBT: 12 work, 4 setup, 2 blocked
    "a.allocation_efficiency": 18 / 28,
    "a.technical_efficiency": 12 / 14,
    "a.setup_ratio": 4 / 16,
    "b.availability": 20 / 28,
    "b.utilization_efficiency": 1.0,
    "b.allocation_efficiency": 20 / 28,
    "b.technical_efficiency": 1.0,
    "b.setup_ratio": 0.0,
    "plant.throughput_rate": 2 / (28 * MINUTE),
    "plant.quality_ratio": 1.0,
    "plant.first_pass_yield": 1.0,
    "plant.scrap_ratio": 0.0,
    "plant.rework_ratio": 0.0,
    "plant.actual_order_execution_time": (18 + 28) / 2 * MINUTE,
    "plant.actual_queuing_time": 8 / 2 * MINUTE,  # the second waits for a, not while a holds it
    "plant.inventory_turns": 2 / (46 * MINUTE),  # TH over mean inventory: (2 / 28) / (46 / 28)
    "plant.production_process_ratio": 32 / 46,  # of 46 minutes spent by lots, 32 were worked
    "plant.allocation_ratio": 38 / 46,
}


def test_indicators_are_those_counted_by_hand():
    plant = twin.parse(HAND)
    kpis = twin.iso22400(twin.simulate(plant))
    history = twin.History()
    twin.State.initial(plant).finish_orders(history=history)
    of_record = history.iso22400
    for name, value in EXPECTED.items():
        assert kpis[name].mean == pytest.approx(value, abs=1e-12), name
        assert (kpis[name].half_width, kpis[name].n) == (pytest.approx(0, abs=1e-12), 2)
        assert of_record[name].mean == pytest.approx(value, abs=1e-12), name
        assert math.isnan(of_record[name].half_width)
    assert {name.replace("part.", "plant.") for name in kpis} == set(EXPECTED)


def test_closed_hours_are_not_planned_busy_time():
    plant = twin.parse(
        HAND.replace("b: {", "b: {calendar: early, ")
        + "calendars: {early: {mon: '00:00-00:13'}}\nepoch: 2024-01-01T00:00:00Z\n"
    )
    kpis = twin.simulate(plant, 1, until="20 min").iso22400
    assert kpis["b.availability"].mean == pytest.approx(5 / 13)  # works from 8 to 13, then it is closed
    assert kpis["b.allocation_efficiency"].mean == pytest.approx(5 / 13)


def test_scrap_and_rework_count_lots():
    plant = shop()
    history = twin.History()
    twin.State.initial(plant, seed=2).advance("3 d", history=history)
    lots = history.lots[history.lots["product"] == "flange"]
    kpis = history.iso22400
    assert lots["reworked"].any()
    assert lots["scrapped"].any()
    assert kpis["flange.scrap_ratio"].mean == lots["scrapped"].mean()
    assert kpis["flange.rework_ratio"].mean == lots["reworked"].mean()
    assert kpis["flange.first_pass_yield"].mean == (~lots["scrapped"] & ~lots["reworked"]).mean()
    assert kpis["flange.quality_ratio"].mean == 1 - kpis["flange.scrap_ratio"].mean


def test_first_pass_yield_of_a_result_says_nothing_where_it_does_not_follow():
    result = twin.simulate(shop(), 12, seed=1)
    kpi = result.iso22400["flange.first_pass_yield"]
    completed, scrapped, reworked = (result[f"flange.{q}"].sample for q in ("completed", "scrapped", "reworked"))
    both = (scrapped > 0) & (reworked > 0)
    assert 0 < both.sum() < 12
    np.testing.assert_array_equal(np.isnan(kpi.sample), both)
    only = scrapped == 0
    np.testing.assert_allclose(kpi.sample[only], ((completed - reworked) / completed)[only])


@pytest.mark.parametrize("plant", [shop, line])
def test_a_record_and_its_states_measure_the_same(plant):
    state = twin.State.initial(plant(), seed=5).advance("2 h")
    before, history = state.copy(), twin.History()
    state.advance("9 h", history=history)
    figures, kpis = state.measure(before), history.iso22400
    for name in kpis:
        what, _, kpi = name.rpartition(".")
        if kpi == "availability":
            assert kpis[name].mean == pytest.approx(figures[f"{what}.utilisation"], rel=1e-9), name
    assert kpis["plant.inventory_turns"].mean == pytest.approx(figures["plant.throughput"] / figures["plant.wip"])
    assert kpis["plant.actual_queuing_time"].mean == pytest.approx(figures["plant.waiting_time"])
    busy = sum(1 - figures[f"{m}.share.off"] - figures[f"{m}.share.starved"] for m in _machines(state, figures))
    assert kpis["plant.allocation_ratio"].mean == pytest.approx(busy / figures["plant.wip"])


def _machines(state, figures):
    """Machines by the names that figures have: that of the station where it is one with its machine."""
    table = state.plant.machines
    return [m if f"{m}.visits" in figures else s for m, s in zip(table["machine"], table["station"], strict=True)]


def test_kpis_have_a_table_and_intervals():
    result = twin.simulate(line())
    kpis = result.iso22400
    table = kpis.frame.set_index("name")
    assert table.loc["m1.availability", "formula"] == "APT / PBT"
    e, plain = kpis["m1.availability"], result["m1.utilisation"]  # no calendar: the same
    assert (e.mean, e.half_width) == (pytest.approx(plain.mean), pytest.approx(plain.half_width))
    assert result.to_dict()["iso22400"]["m1.availability"] == {"mean": e.mean, "half_width": e.half_width, "n": 4}
    assert "AUBT / PBT" in str(kpis)
    assert "<table>" in kpis._repr_html_()
    assert pickle.loads(pickle.dumps(kpis)) == kpis
    with pytest.raises(twin.InvalidArgument, match=r"m1\.availability"):
        kpis["m1.availabilty"]


def test_a_forecast_has_indicators_too():
    future = twin.forecast(twin.State.initial(shop(), seed=1).advance("4 h"), 10)
    assert future["mill.utilisation"].mean == pytest.approx(twin.iso22400(future)["mill.availability"].mean)
