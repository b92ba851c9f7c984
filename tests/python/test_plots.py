import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from helpers import line, shop

import twin


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    with mpl.rc_context():
        plt.switch_backend("Agg")
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def run():
    history = twin.History()
    state = twin.State.initial(shop(), seed=1).advance("9 h", history=history)
    return history, state


def labels(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def saved(figure, path):
    figure.savefig(path)
    return path.stat().st_size > 5000


def test_gantt_has_a_row_for_each_machine(run, tmp_path):
    ax = run[0].plot_gantt()
    assert labels(ax) == ["saw.1", "saw.2", "M1", "M2", "check.1"]
    assert len(ax.patches) == len(run[0])
    assert saved(ax.figure, tmp_path / "gantt.png")


def test_charts_of_a_history(run, tmp_path):
    history = run[0]
    for name, ax in {
        "wip": history.plot_wip(),
        "queues": history.plot_queues(),
        "conditions": history.plot_conditions(),
    }.items():
        assert ax.get_legend() is not None
        assert saved(ax.figure, tmp_path / f"{name}.png")


def test_condition_shares_fill_each_row(run):
    ax = run[0].plot_conditions()
    right = {}
    for bar in ax.patches:
        row = round(bar.get_y() + bar.get_height() / 2)
        right[row] = max(right.get(row, 0), bar.get_x() + bar.get_width())
    assert all(end == pytest.approx(100) for end in right.values())


def test_charts_of_a_forecast(run, tmp_path):
    future = twin.forecast(run[1], 50)
    figure = future.plot()
    assert len(figure.axes) == 2
    assert saved(figure, tmp_path / "forecast.png")
    assert labels(future.plot_finishes(["order.finish", "F1.finish"])) == ["order", "F1"]
    with pytest.raises(twin.InvalidArgument, match="nothing"):
        future.plot_finishes(["nothing"])


def test_charts_go_where_they_are_told(run):
    ax = plt.figure().add_subplot()
    assert run[0].plot_wip(ax) is ax


def test_charts_of_studies(tmp_path):
    result = twin.simulate(line())
    ax = result.plot()
    assert labels(ax) == [f"m{i}.utilisation" for i in range(1, 5)]
    assert saved(ax.figure, tmp_path / "result.png")
    with pytest.raises(twin.InvalidArgument, match="unit"):
        result.plot(["part.cycle_time", "part.wip"])
    answer = twin.compare(line(), {"wide": {"stations.m2.queue.places": 20}, "fast": {"stations.m1.speed": 1.2}})
    assert labels(answer.plot("part.cycle_time")) == ["wide", "fast"]
