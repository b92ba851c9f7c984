"""Everything a file says can be said in calls: the same plant, and the same state frames."""

import numpy as np
import pandas as pd
import pytest

import twin


def same(builder, text):
    built, read = builder.build(), twin.parse(text, name="shop")
    assert built == read, builder.yaml
    assert list(built.parameters) == list(read.parameters)
    assert twin.simulate(built, until="30 h").digest == twin.simulate(read, until="30 h").digest


def test_operators_tools_and_material():
    builder = (
        twin.PlantBuilder("shop")
        .calendar("early", {"daily": "06:00-14:00"})
        .operators("setter", 2, calendar="early", skills=["turning", "repair"])
        .operators("helper")
        .tools("fixture", 3)
        .material("bar", 5, places=40, supply=twin.Distribution.exponential(3600), lot=10)
        .material("blank")
    )
    builder.station("saw").time("5 min").needs("helper").uses("bar", 2).makes("blank", 4)
    lathe = builder.station("lathe").machine("L1").machine("L2")
    lathe.failure("20 h", "1 h", of_work=False, times=3, needs="repair", machine="L2")
    lathe.failure("9 h", "1 h", needs={"repair": 1, "fixture": 2})
    builder.product("cut").step("saw").arrivals_every("1 h", 3)
    flange = builder.product("flange").step("saw", needs={}, changeover="1 min")
    flange.step(
        ["lathe", "saw"],
        {"lathe": "10 min", "saw": twin.Distribution.exponential(600)},
        needs={"turning": 1, "fixture": 2},
        uses="blank",
        makes={},
    ).arrivals_every("2 h", twin.Distribution.uniform(1, 3))
    same(
        builder,
        """
calendars: {early: {daily: "06:00-14:00"}}
operators: {setter: {count: 2, calendar: early, skills: [turning, repair]}, helper: 1}
tools: {fixture: 3}
materials: {bar: {level: 5, places: 40, supply: {every: exponential(1 h), lot: 10}}, blank: 0}
stations:
  saw: {time: 5 min, needs: helper, uses: {bar: 2}, makes: {blank: 4}}
  lathe:
    machines: {L1: {}, L2: {failures: [{after: 20 h of time, repair: 1 h, times: 3, needs: repair}]}}
    failures: [{after: 9 h of work, repair: 1 h, needs: {repair: 1, fixture: 2}}]
products:
  cut: {route: [{at: saw}], arrivals: {every: 1 h, lots: 3}}
  flange:
    route:
      - {at: saw, needs: {}, changeover: 1 min}
      - at: [lathe, saw]
        time: {lathe: 10 min, saw: exponential(10 min)}
        needs: {turning: 1, fixture: 2}
        uses: blank
        makes: {}
    arrivals: {every: 2 h, lots: "uniform(1, 3)"}
""",
    )


def test_material_from_suppliers():
    builder = twin.PlantBuilder("shop")
    bar = twin.Reorder(1, up_to=8, review="6 h", lead=twin.Distribution.exponential(7200), cost="64 EUR")
    builder.material("bar", 3, reorder=bar, price="2 EUR", holding="1 EUR/d", shortage="9 EUR/d")
    builder.material("nut", reorder=twin.Reorder(-2, lot=5))
    builder.station("saw").uses("bar").product("part").step("saw", "20 min").arrivals_every("1 h")
    same(
        builder,
        """
materials:
  bar:
    level: 3
    reorder: {at: 1, up_to: 8, review: 6 h, lead: exponential(2 h), cost: 64 EUR}
    price: 2 EUR
    holding: 1 EUR/d
    shortage: 9 EUR/d
  nut: {reorder: {at: -2, lot: 5}}
stations: {saw: {uses: bar}}
products: {part: {route: [{at: saw, time: 20 min}], arrivals: every 1 h}}
""",
    )
    state = twin.State.initial(builder.build(), seed=1)
    state.advance("5 h")
    pools = state.pools.set_index("pool")
    assert list(pools["kind"]) == ["material", "material"]
    assert pools["level"]["bar"] + pools["on_order"]["bar"] - pools["asked"]["bar"] > -3


def test_maintenance_and_states():
    builder = twin.PlantBuilder("shop").operators("fitter")
    mill = builder.station("mill").failure("90 h", "2 h", name="spindle")
    mill.maintenance("100 h of work", "1 h", window="20 h", needs="fitter", renews=["spindle", "degradation"])
    mill.maintenance("500 of lots", twin.Distribution.exponential(60), window="50")
    states = [
        twin.Wear("good", "80 min"),
        twin.Wear("worn", "20 min", speed=0.8, scrap=0.05, repair="1 h", when="free"),
        twin.Wear("broken", repair="5 h", needs={"fitter": 1}),
    ]
    mill.degradation(states)
    builder.station("saw").degradation([twin.Wear("new", "1 h"), twin.Wear("old")], of_work=False)
    builder.product("part").step("mill", "9 min").step("saw", "1 min").conwip(1)
    same(
        builder,
        """
operators: {fitter: 1}
stations:
  mill:
    failures: [{after: 90 h of work, repair: 2 h, name: spindle}]
    maintenance:
      - {every: 100 h of work, takes: 1 h, window: 20 h, needs: fitter, renews: [spindle, degradation]}
      - {every: 500 of lots, takes: exponential(1 min), window: 50}
    degradation:
      - {state: good, lasts: 80 min}
      - {state: worn, lasts: 20 min, speed: 0.8, scrap: 0.05, repair: 1 h, when: free}
      - {state: broken, repair: 5 h, needs: fitter}
  saw: {degradation: [{state: new, lasts: 1 h of time}, {state: old}]}
products: {part: {route: [{at: mill, time: 9 min}, {at: saw, time: 1 min}], arrivals: conwip(1)}}
""",
    )
    with pytest.raises(twin.InvalidArgument, match="'now', 'free'"):
        mill.degradation([twin.Wear("good", when="soon")])
    state = twin.State.initial(builder.build(), seed=1).advance("85 min")
    machines = state.machines.set_index("machine")
    assert machines["state"]["saw.1"] == "old"
    assert machines["state"]["mill.1"] in ("good", "worn")


def test_pallets_over_several_steps():
    builder = twin.PlantBuilder("shop").tools("pallet", 2).tools("clamp", 8)
    builder.station("load").station("mill")
    part = builder.product("part").step("load", "2 min", holds={"pallet": 1, "clamp": 4}).step("mill", "9 min")
    part.step("load", "1 min", op="unload", returns=["pallet", "clamp"]).arrivals_every("8 min")
    same(
        builder,
        """
tools: {pallet: 2, clamp: 8}
stations: {load: {}, mill: {}}
products:
  part:
    route:
      - {at: load, time: 2 min, holds: {pallet: 1, clamp: 4}}
      - {at: mill, time: 9 min}
      - {at: load, op: unload, time: 1 min, returns: [pallet, clamp]}
    arrivals: every 8 min
""",
    )


def test_tools_that_wear_out():
    builder = twin.PlantBuilder("shop").tools(
        "mill10", 4, life="20 h of work", regrind="2 h", regrinds=5, delivery="uniform(1, 3 d)"
    )
    builder.tools("drill", 2, life="500 of lots").station("m").product("p").step("m", "1 min", needs="mill10").conwip(1)
    same(
        builder,
        """
tools:
  mill10: {count: 4, life: 20 h of work, regrind: 2 h, regrinds: 5, delivery: "uniform(1, 3 d)"}
  drill: {count: 2, life: 500 of lots}
stations: {m: {}}
products: {p: {route: [{at: m, time: 1 min, needs: mill10}], arrivals: conwip(1)}}
""",
    )
    with pytest.raises(twin.InvalidArgument, match="tools with a life"):
        twin.PlantBuilder().tools("drill", regrind="2 h")


def test_operators_who_walk():
    builder = twin.PlantBuilder("shop").operators("op", 2, walking={"saw": {"mill": "40 s"}, "mill": {"saw": "50 s"}})
    builder.station("saw").needs("op").station("mill").needs("op")
    builder.product("p").step("saw", "1 min").step("mill", "1 min").conwip(1)
    same(
        builder,
        """
operators: {op: {count: 2, walking: {saw: {mill: 40 s}, mill: {saw: 50 s}}}}
stations: {saw: {needs: op}, mill: {needs: op}}
products: {p: {route: [{at: saw, time: 1 min}, {at: mill, time: 1 min}], arrivals: conwip(1)}}
""",
    )


def test_setups_batches_patience_and_rules():
    builder = twin.PlantBuilder("shop")
    matrix = {"red": {"blue": "20 min", "red": "1 min"}, "blue": {"red": "45 min"}}
    paint = builder.station("paint").setup_by("family", matrix, same="30 s", otherwise="15 min", first="10 min")
    paint.queue_rule("atc(k=2.5)")
    builder.station("oven").batch(6, min=4, wait="30 min", by="family").changeover("1 min")
    builder.station("press").batch(2).queue_rule(twin.rule(lambda lot: lot.due - lot.now - lot.remaining_work))
    (
        builder.product("a")
        .family("red")
        .step("paint", "5 min")
        .step("oven", "1 h", family="hot", max_wait="2 h", if_overdue="leave")
        .step("press", "1 h", max_wait=twin.Distribution.exponential(60))
        .step("paint", "1 h", op="touch up", max_wait="3 h", if_overdue={"rework": "press"})
        .arrivals_every("exponential(2 h)")
    )
    builder.product("b").family("blue").step("paint", "5 min").arrivals_every("1 h")
    same(
        builder,
        """
stations:
  paint:
    setup:
      by: family
      matrix: {red: {blue: 20 min, red: 1 min}, blue: {red: 45 min}}
      same: 30 s
      otherwise: 15 min
      first: 10 min
    queue: {rule: atc(2.5)}
  oven: {batch: {max: 6, min: 4, wait: 30 min, by: family}, changeover: 1 min}
  press: {batch: {max: 2}, queue: {rule: "expr(due - now - remaining_work)"}}
products:
  a:
    family: red
    route:
      - {at: paint, time: 5 min}
      - {at: oven, time: 1 h, family: hot, max_wait: 2 h, if_overdue: leave}
      - {at: press, time: 1 h, max_wait: exponential(1 min)}
      - {at: paint, op: touch up, time: 1 h, max_wait: 3 h, if_overdue: {rework: press}}
    arrivals: every exponential(2 h)
  b: {family: blue, route: [{at: paint, time: 5 min}], arrivals: every 1 h}
""",
    )


def test_split_lots():
    builder = twin.PlantBuilder("shop").station("saw").station("mill")
    halves = twin.Step(split=2, route=[twin.Step("mill", "4 min")])
    builder.product("bar").split(4, [twin.Step("saw", "9 min"), halves], op="lots").arrivals_every("1 h")
    same(
        builder,
        """
stations: {saw: {}, mill: {}}
products:
  bar:
    route:
      - {op: lots, split: 4, route: [{at: saw, time: 9 min}, {split: 2, route: [{at: mill, time: 4 min}]}]}
    arrivals: every 1 h
""",
    )
    with pytest.raises(twin.InvalidArgument, match="split"):
        builder.product("bar").split(1, [twin.Step("saw", "9 min")])


def bicycles():
    builder = twin.PlantBuilder("shop").station("saw").station("mill")
    inner = {"spokes": [twin.Step("saw", "2 min")], "hub": [twin.Step("mill", "3 min")]}
    branches = {
        "frame": [twin.Step("saw", "9 min"), twin.Step("mill", "4 min")],
        "wheels": [twin.Step(op="parts", parallel=inner)],
    }
    builder.product("bicycle").parallel(branches, op="make").step("mill", "1 min").arrivals_every("20 min")
    return builder


def test_parallel_branches():
    same(
        bicycles(),
        """
stations: {saw: {}, mill: {}}
products:
  bicycle:
    route:
      - op: make
        parallel:
          frame: [{at: saw, time: 9 min}, {at: mill, time: 4 min}]
          wheels: [{op: parts, parallel: {spokes: [{at: saw, time: 2 min}], hub: [{at: mill, time: 3 min}]}}]
      - {at: mill, time: 1 min}
    arrivals: every 20 min
""",
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: b.product("p").step("mill", if_overdue={"goto": "saw"}), "if_overdue.*allowed: 'scrap'"),
        (lambda b: b.product("p").step("mill", needs={"setter": 0}), "needs: setter: 0; allowed"),
        (lambda b: b.product("p").step("mill", uses=["bar"]), "uses.*a name, or amounts"),
        (lambda b: b.operators("setter", skills="turning"), r"skills.*\['turning'\]"),
        (lambda b: b.station("mill").batch(4, wait="soon"), "wait: .*soon"),
    ],
)
def test_what_no_file_could_say_is_refused_at_once(call, message):
    with pytest.raises(twin.InvalidArgument, match=message):
        call(twin.PlantBuilder())


def test_a_faulty_rule_is_told_with_all_others():
    builder = twin.PlantBuilder().station("mill").queue_rule("fofi").machines(0).needs("nobody")
    with pytest.raises(twin.PlantError) as caught:
        builder.product("part").step("mill", "1 min").conwip(1).build()
    paths = {fault.path for fault in caught.value.faults}
    assert paths >= {"stations.mill.queue.rule", "stations.mill.machines", "stations.mill.needs.nobody"}


def test_parts_of_a_lot_are_told_with_their_branches():
    state = twin.State.initial(bicycles().build()).advance("25 min")
    lots = state.lots
    whole = lots[lots["place"] == "parted"]
    assert whole["lot"].tolist() == ["bicycle#1", "bicycle#1"]  # within a branch it parts again
    assert whole["step"].tolist() == ["make", "make/wheels/parts"]
    assert whole["station"].tolist() == ["", ""]
    assert whole["since"].isna().all()
    parts = lots[lots["part"] & (lots["place"] != "parted")].set_index("step")
    assert parts.loc["make/frame/saw", ["place", "station"]].tolist() == ["machine", "saw"]
    assert parts.loc["make/wheels/parts/spokes/saw", "place"] == "queue"
    assert "make/wheels/parts/hub/mill" not in parts.index  # done by now
    assert "parted" in state._repr_html_()


def test_pools_tell_who_is_busy_and_who_waits():
    plant = twin.parse(
        """
operators: {setter: {count: 1, skills: [turning]}, "helper[1..2]": 1}
tools: {fixture: 3}
materials: {bar: {level: 1, places: 4, supply: {every: 1 h, lot: 10}}, blank: 0}
stations:
  lathe[1..3]: {needs: {turning: 1, fixture: 1}, time: 50 min}
  saw: {uses: bar, makes: blank, time: 10 min}
products:
  a[1..3]: {route: [{at: "lathe[1..3]"}], arrivals: conwip(3)}
  b: {route: [{at: saw}], arrivals: every 15 min}
"""
    )
    state = twin.State.initial(plant).advance("40 min")
    pools = state.pools.set_index("pool")
    assert pools["kind"].to_dict() == {
        "setter": "operator",
        "helper1": "operator",
        "helper2": "operator",
        "fixture": "tool",
        "bar": "material",
        "blank": "material",
    }
    assert pools.loc["setter", ["level", "count"]].tolist() == [1, 1]
    machines = state.machines.set_index("machine")
    waiting = machines[machines["condition"] == "waiting"].index.str.split(".").str[0].tolist()
    assert pools.loc["setter", "waiting"] == sum(name.startswith("lathe") for name in waiting)
    assert pools.loc["fixture", ["level", "waiting"]].tolist() == [1, pools.loc["setter", "waiting"]]
    assert pools.loc["bar", ["level", "waiting"]].tolist() == [0, 1]  # the saw has had the only bar
    assert pools.loc["blank", "level"] == 1
    assert np.isinf(pools.loc["blank", "count"])
    assert "saw" in waiting
    assert "setter" in state._repr_html_()
    state.advance("30 min")
    assert state.pools.set_index("pool").loc["bar", "lost"] == 6


def test_machines_tell_how_many_lots_a_batch_has():
    plant = twin.parse(
        """
stations: {oven: {batch: {max: 4, min: 3}}}
products: {part: {route: [{at: oven, time: 1 h}], arrivals: {every: 30 min, lots: 3}}}
"""
    )
    state = twin.State.initial(plant).advance("31 min")
    assert state.machines["lots"].tolist() == [3]
    assert (state.lots["machine"] == "oven.1").all()
    assert len(state.lots) == 3
    assert (state.lots["remaining"] == pd.Timedelta(59, "min")).all()


def test_stations_count_lots_that_waited_for_too_long():
    plant = twin.parse(
        """
stations: {mill: {}}
products:
  part: {route: [{at: mill, time: 1 h, max_wait: 5 min, if_overdue: stay}], arrivals: {every: 30 min, lots: 2}}
"""
    )
    state = twin.State.initial(plant).advance("36 min")
    assert state.stations["overdue"].tolist() == [1]
    assert state.lots["overdue"].tolist() == [False, True]


def test_conveyors_are_said_by_the_builder_and_seen_in_a_state():
    built = (
        twin.PlantBuilder("line")
        .conveyor("belt", length="6 m", speed="1 m/s", pitch="2 m")
        .conveyor("chain", time="8 s", places=4, slots=True)
        .conveyor("roller", time="8 s", places=4, accumulating=False)
        .station("saw")
        .station("mill")
        .queue_places(0)
        .product("part")
        .step("saw", "1 s")
        .step("mill", "6 s", transport="belt")
        .order("P", "part", 6)
        .build()
    )
    assert built == twin.parse(
        """
name: line
conveyors:
  belt: {length: 6 m, speed: 1 m/s, pitch: 2 m}
  chain: {time: 8 s, places: 4, slots: true}
  roller: {time: 8 s, places: 4, accumulating: false}
stations: {saw: {}, mill: {queue: {places: 0}}}
products: {part: {route: [{at: saw, time: 1 s}, {at: mill, time: 6 s, transport: belt}]}}
orders: [{id: P, product: part, quantity: 6}]
"""
    )
    state = twin.State.initial(built).advance("12 s")
    conveyors = state.conveyors.set_index("conveyor")
    assert conveyors.loc["belt"].tolist() == [3, 3, 1, True, False, 1]
    assert conveyors.loc["chain", "level"] == 0
    assert (state.lots["place"] == "belt").sum() == 3
    assert "belt" in state._repr_html_()


def test_vehicles_are_said_by_the_builder_and_seen_in_a_state():
    built = (
        twin.PlantBuilder("cell")
        .path("a", "b", "10 m", capacity=1)
        .path("park", "a", "5 m")
        .vehicles(
            "agv",
            2,
            speed="1 m/s",
            load="2 s",
            unload="3 s",
            home="park",
            idle="stay",
            dispatch="least_used",
            battery={"range": "100 m", "charge": "1 min", "at": "park", "below": 0.5},
        )
        .station("a")
        .station("b")
        .product("part")
        .step("a", "4 s")
        .step("b", "1 s", transport="agv")
        .order("P", "part", 2)
        .build()
    )
    assert built == twin.parse(
        """
name: cell
paths: [{between: [a, b], length: 10 m, capacity: 1}, {between: [park, a], length: 5 m}]
vehicles:
  agv: {count: 2, speed: 1 m/s, load: 2 s, unload: 3 s, home: park, idle: stay, dispatch: least_used,
        battery: {range: 100 m, charge: 1 min, at: park, below: 0.5}}
stations: {a: {}, b: {}}
products: {part: {route: [{at: a, time: 4 s}, {at: b, time: 1 s, transport: agv}]}}
orders: [{id: P, product: part, quantity: 2}]
"""
    )
    state = twin.State.initial(built).advance("12 s")
    vehicles = state.vehicles.set_index("vehicle")
    assert vehicles["task"].tolist() == ["carry", "idle"]
    assert vehicles.loc["agv.1", ["at", "target", "lot"]].tolist() == ["b", "b", "P-01"]
    assert vehicles["charge"].tolist() == [0.85, 1.0]
    assert vehicles["distance"].tolist() == [5.0, 0.0]
    assert (state.lots["place"] == "vehicle").sum() == 1
    assert "agv.1" in state._repr_html_()
    with pytest.raises(twin.InvalidArgument, match="idle"):
        twin.PlantBuilder().vehicles("agv", speed="1 m/s", home="park", idle="sleep")
    with pytest.raises(twin.InvalidArgument, match="battery"):
        twin.PlantBuilder().vehicles("agv", speed="1 m/s", home="park", battery={"range": "1 km"})


def test_routes():
    builder = twin.PlantBuilder("shop")
    etch = builder.station("etch").machine("E1", does=["litho", "a/strip"]).machine("E2", speed=2)
    etch.setup_by("family", otherwise="9 min", min_run=3, teardown="2 min")
    builder.station("oven").setup_by(teardown={"a": "3 min"})
    route = builder.product("a").step("etch", "5 min", op="litho")
    route.step(["etch", "oven"], "6 min", op="strip", choose="expr(work + setup)", same_as="litho")
    route.step("oven", "1 h", within=("litho", "2 h"), if_overdue={"rework": "litho"})
    route.step("oven", "2 min", op="look", only=0.3)
    route.step(
        "oven",
        "3 min",
        op="measure",
        sample={"every": 5, "first": 1},
        rework={"litho": 0.1},
        rework_limit=2,
        beyond={"goto": "last"},
    )
    route.step(
        ["etch", "oven"],
        "4 min",
        op="last",
        same_as={"station": "strip"},
        sample=2,
        rework={"look": 0.1},
        rework_limit=1,
        beyond="pass",
    ).arrivals_every("1 h")
    same(
        builder,
        """
stations:
  etch:
    machines: {E1: {does: [litho, a/strip]}, E2: {speed: 2}}
    setup: {by: family, otherwise: 9 min, min_run: 3, teardown: 2 min}
  oven: {setup: {by: family, teardown: {a: 3 min}}}
products:
  a:
    route:
      - {at: etch, op: litho, time: 5 min}
      - {at: [etch, oven], op: strip, time: 6 min, choose: expr(work + setup), same_as: litho}
      - {at: oven, time: 1 h, within: {of: litho, time: 2 h}, if_overdue: {rework: litho}}
      - {at: oven, op: look, time: 2 min, only: 0.3}
      - at: oven
        op: measure
        time: 3 min
        sample: {every: 5, first: 1}
        then: {rework: {litho: 0.1}, limit: 2, beyond: {goto: last}}
      - at: [etch, oven]
        op: last
        time: 4 min
        same_as: {station: strip}
        sample: {every: 2}
        then: {rework: {look: 0.1}, limit: 1, beyond: pass}
    arrivals: every 1 h
""",
    )
    with pytest.raises(twin.InvalidArgument, match="beyond"):
        builder.product("b").step("oven", "1 s", beyond={"step": "oven"})
    with pytest.raises(twin.InvalidArgument, match="sample"):
        builder.product("b").step("oven", "1 s", sample={"first": 1})
