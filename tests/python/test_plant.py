import datetime as dt
import json
import pickle

import numpy as np
import pytest
from helpers import SHOP, line, shop

import twin


def test_what_a_plant_says_about_itself():
    plant = shop()
    assert plant.name == "shop"
    assert repr(plant) == "<twin.Plant 'shop': 3 stations, 5 machines, 2 products, 3 orders>"
    assert list(plant.stations["station"]) == ["saw", "mill", "check"]
    assert list(plant.stations["places"]) == [np.inf, 6, np.inf]
    assert {"M1", "M2"} <= set(plant.machines["machine"])
    assert list(plant.orders["quantity"].sort_values()) == [10, 24, 30]
    assert plant.orders["release"].iloc[0] == np.datetime64("2026-03-02T06:00")
    assert plant.calendars["calendar"].unique().tolist() == ["day"]
    assert plant.epoch == np.datetime64("2026-03-02T06:00")
    assert plant.products["steps"].tolist() == [3, 3]
    assert "Plant shop" in plant._repr_html_()


def test_yaml_is_the_same_plant():
    plant = shop()
    again = twin.parse(plant.yaml, name="shop")
    assert again == plant
    assert hash(again) == hash(plant)
    assert again.digest == plant.digest


def test_loads_a_file(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    assert twin.load(file) == shop()
    assert twin.Plant.load(str(file)) == shop()


def test_pickles_with_its_parameters():
    plant = shop()
    other = plant.with_parameters(plant.parameters.set("products.bracket.route.saw.time", "7 min"))
    back = pickle.loads(pickle.dumps(other))
    assert back == other
    assert back != plant
    assert back.name == "shop"
    assert pickle.loads(pickle.dumps(other.parameters)) == other.parameters


def test_change_takes_python_values_and_yaml():
    plant = shop()
    two = plant.change({"stations.check.machines": 2, "stations.saw.time": twin.Distribution.exponential(300)})
    assert len(two.machines) == 6
    assert two.parameters["stations.saw.time"] == twin.Distribution("exponential(5 min)")
    assert plant.change({"stations.check.machines": "2"}).digest == plant.change({"stations.check.machines": 2}).digest
    third = plant.change({"stations.mill.machines.M3": {"speed": 0.9}, "run.until": dt.timedelta(days=3)})
    assert "M3" in set(third.machines["machine"])
    assert third.run["until"] == np.timedelta64(3, "D")
    assert len(plant.machines) == 5


def test_change_refuses_what_is_no_value():
    with pytest.raises(twin.InvalidArgument, match="object"):
        shop().change({"stations.check.machines": object()})


def test_a_bad_plant_tells_all_faults_with_their_lines():
    text = SHOP.replace("rule: edd", "rule: fofi").replace("quantity: 30", "quantity: none")
    with pytest.raises(twin.PlantError) as caught:
        twin.parse(text, name="shop.yaml")
    faults = caught.value.faults
    lines = {line: number for number, line in enumerate(text.splitlines(), 1)}
    wanted = [number for line, number in lines.items() if "fofi" in line or "none" in line]
    assert sorted(fault.line for fault in faults) == wanted
    rule = next(fault for fault in faults if fault.value == "fofi")
    assert rule.path == "stations.mill.queue.rule"
    assert "fifo" in rule.allowed
    assert rule.column > 0
    assert f"shop.yaml:{rule.line}:{rule.column}" in str(rule)
    assert str(rule) in str(caught.value)
    assert isinstance(caught.value, twin.Error)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.faults == faults


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(twin.Error, match=r"nothing\.yaml"):
        twin.load(tmp_path / "nothing.yaml")


def test_an_unknown_path_is_named():
    with pytest.raises(twin.Error, match=r"stations\.mil"):
        shop().change({"stations.mil.machines": 2})


def test_parameters_are_a_mapping_of_paths():
    parameters = shop().parameters
    assert parameters["products.flange.route.mill.time"].mean == pytest.approx(22 * 60)
    assert parameters["stations.mill.machines.M2.speed"] == 1.1
    assert parameters["products.flange.route.check.then.scrap"] == 0.03
    assert len(list(parameters)) == len(parameters)
    assert "nothing" not in parameters
    assert parameters.get("nothing") is None
    with pytest.raises(twin.InvalidArgument, match=r"products\.flange\.route\.mill\.time"):
        parameters["products.flange.route.mill.tim"]
    assert {"path", "value", "mean", "sd"} == set(parameters.frame.columns)
    assert "numbers" in repr(parameters)


def test_parameters_never_change():
    plant = shop()
    before = plant.parameters
    then = "products.flange.route.check.then."
    after = before.set("stations.mill.machines.M2.speed", 2.0).change({then + "scrap": 0.0, then + "pass": 0.94})
    assert before == plant.parameters
    assert after != before
    assert after["stations.mill.machines.M2.speed"] == 2
    assert plant.with_parameters(after).parameters == after
    assert plant.with_parameters(after).digest == plant.digest
    with pytest.raises(twin.InvalidArgument, match=r"sum to 0\.97"):
        plant.with_parameters(before.set(then + "scrap", 0.0))
    for bad in (-1, 1.5, "x"):
        with pytest.raises(twin.InvalidArgument, match="scrap"):
            before.set("products.flange.route.check.then.scrap", bad)


def test_a_mode_declared_once_is_set_for_all_machines():
    plant = line().change({"stations.m1.machines": 3})
    other = plant.with_parameters(plant.parameters.set("stations.m1.failures[0].repair", "1 h"))
    more, fewer = twin.simulate(other), twin.simulate(plant)
    down = [f"m1.{i}.share.down" for i in (1, 2, 3)]
    assert all(more[name].mean > 2 * fewer[name].mean for name in down)


def test_what_if_block_is_ready_for_questions():
    plant = shop()
    assert list(plant.what_if) == ["third mill", "faster saw"]
    for changes in plant.what_if.values():
        assert plant.change(changes).digest is not None
    assert plant.change(plant.what_if["third mill"]).machines["machine"].tolist().count("M3") == 1


def test_explain_tells_defaults_and_where_values_come_from():
    table = shop().explain("stations.mill.queue")
    rule = table[table["path"] == "stations.mill.queue.rule"].iloc[0]
    assert rule["value"] == "edd"
    assert rule["origin"].startswith("shop:")
    full = table[table["path"] == "stations.mill.queue.if_full"].iloc[0]
    assert full["origin"] == "default"
    setup = shop().explain("stations.check.setup").iloc[0]
    assert (setup["value"], setup["origin"]) == ("0", "default")
    assert "48 s" in setup["allowed"]
    with pytest.raises(twin.InvalidArgument):
        shop().explain("stations.nowhere")


def test_schema_is_json():
    schema = twin.plant_schema()
    assert "stations" in json.dumps(schema)
    assert schema["$schema"].startswith("https://json-schema.org")


def test_builder_says_what_yaml_says():
    built = (
        twin.PlantBuilder("cell")
        .station("mill")
        .machines(2)
        .queue_places(5)
        .failure("exponential(100 min)", "exponential(5 min)")
        .product("part")
        .step("mill", twin.Distribution.exponential(48))
        .step("mill", "90 s", rework={"mill": 0.1}, scrap=0.05)
        .arrivals_every("exponential(3 min)")
        .run(until="100 h", warmup=dt.timedelta(hours=1), replications=3, seed=5)
        .build()
    )
    text = twin.parse(
        """
stations:
  mill:
    machines: 2
    queue: {places: 5}
    failures: [{after: exponential(100 min) of work, repair: exponential(5 min)}]
products:
  part:
    route: [{at: mill, time: exponential(48 s)}, {at: mill, time: 90 s, then: {rework: {mill: 0.1}, scrap: 0.05}}]
    arrivals: every exponential(3 min)
run: {until: 100 h, warmup: 1 h, replications: 3, seed: 5}
""",
        name="cell",
    )
    assert built.digest == text.digest
    assert built.run == text.run
    assert built == twin.parse(built.yaml, name="cell")
    assert twin.simulate(built).digest == twin.simulate(text).digest


def test_builder_with_orders_calendars_and_priorities():
    builder = twin.PlantBuilder("shop").epoch("2026-03-02T06:00:00Z")
    builder.calendar("day", {"mon-fri": "06:00-14:00"})
    builder.station("mill").machine("M1", speed=1.2).works_in("day").queue_priority(["b", "a"]).time("10 min")
    builder.product("a").step("mill").due("2 d").priority(1).family("x")
    builder.product("b").step("mill", setup="1 min", transport="30 s")
    builder.order("A", "a", 3, due="1 d").order("B", "b", 2, release="1 h", priority=4)
    builder.set("stations.mill.queue.places", 9)
    plant = builder.build()
    assert plant.orders["order"].tolist() == ["A", "B"]
    state = twin.State.initial(plant).finish_orders()
    assert state.orders["finished"].tolist() == [3, 2]


def test_builder_reports_all_faults():
    builder = twin.PlantBuilder().station("mill").machines(0).product("part").step("mil", "1 min")
    with pytest.raises(twin.PlantError) as caught:
        builder.build()
    assert len(caught.value.faults) >= 2


def test_builder_reports_faulty_texts_of_times_with_all_others():
    builder = twin.PlantBuilder()
    builder.station("mill").time("5 mni").setup(twin.Distribution.exponential(9)).machines(0)
    builder.product("part").step("mill", "exponential(48 s", transport="far").arrivals_every("often")
    builder.expect("part.cycle_time", "4 mins")
    with pytest.raises(twin.PlantError) as caught:
        builder.build()
    assert {fault.path for fault in caught.value.faults} == {
        "stations.mill.time",
        "stations.mill.machines",
        "products.part.route.mill.time",
        "products.part.route.mill.transport",
        "products.part.arrivals",
        'expect."part.cycle_time"',
    }
    assert "'mni' is no unit of time" in str(caught.value)


def test_builder_expects_figures_with_units():
    builder = twin.PlantBuilder().station("mill").product("part").step("mill", "1 min").arrivals_every("2 min")
    plant = builder.expect("part.cycle_time", "4 min").expect("part.throughput", 0.5).build()
    assert plant.expect == {"part.cycle_time": 240, "part.throughput": 0.5}
