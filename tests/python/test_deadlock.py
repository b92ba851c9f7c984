"""Plants that come to a standstill say so, with the circle, instead of running on."""

import pickle
import sys

import pytest

import twin
from twin import cli

CIRCLE = """
stations:
  mill: {queue: {places: 1}}
  turn: {queue: {places: 1}}
products:
  out: {route: [{at: mill, time: 10 min}, {at: turn, time: 10 min}], arrivals: every exponential(5 min)}
  back: {route: [{at: turn, time: 10 min}, {at: mill, time: 10 min}], arrivals: every exponential(5 min)}
run: {until: 100 h}
"""


def test_a_run_names_the_circle():
    plant = twin.parse(CIRCLE)
    with pytest.raises(twin.DeadlockError, match=r"deadlock at .*(mill.*turn|turn.*mill)") as caught:
        twin.simulate(plant)
    assert isinstance(caught.value, twin.Error)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_state_stays_at_the_standstill():
    state = twin.State.initial(twin.parse(CIRCLE))
    with pytest.raises(twin.DeadlockError):
        state.advance("100 h")
    assert state.elapsed < twin.State.initial(state.plant).elapsed + 100 * 3600 * 10**9
    assert (state.machines["condition"] == "blocked").all()
    assert twin.State.from_bytes(state.to_bytes(), state.plant) == state


def test_more_places_do_not_deadlock():
    plant = twin.parse(CIRCLE).change({"stations.mill.queue.places": "unlimited"})
    assert twin.simulate(plant, until="20 h")["out.throughput"].mean > 0


def test_the_command_exits_with_1(tmp_path, monkeypatch, capfd):
    file = tmp_path / "circle.yaml"
    file.write_text(CIRCLE)
    monkeypatch.setattr(sys, "argv", ["twin", "run", str(file)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    out, err = capfd.readouterr()
    assert left.value.code == 1
    assert out == ""
    assert "deadlock at" in err
    assert "Traceback" not in err
