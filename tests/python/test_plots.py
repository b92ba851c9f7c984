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


def test_heat_maps_have_the_means_of_the_record(run):
    history = run[0]
    for what, name in (("queue_length", "queue_length"), ("working", "share.working"), ("down", "share.down")):
        ax = history.plot_heat(what)
        assert labels(ax) == ["saw", "mill", "check"]
        rows = ax.images[0].get_array()
        figures = run[1].measure(twin.State.initial(shop(), seed=1))
        for station, row in zip(labels(ax), rows, strict=True):
            assert row.mean() == pytest.approx(figures[f"{station}.{name}"], abs=1e-9)
    with pytest.raises(twin.InvalidArgument, match="'busy'; allowed: queue_length, working"):
        history.plot_heat("busy")


def test_long_records_are_drawn_by_means(run):
    history = twin.History()
    twin.State.initial(line(), seed=1).advance("200 h", history=history)
    ax = history.plot_wip()
    area = ax.collections[0].get_paths()[0].vertices
    assert len(area) < 10_000 < len(history.wip)
    level = history._levels_mean("wip")["part"]
    x, y = area[:, 0], area[:, 1]
    enclosed = (
        abs(
            (x * (y.take(range(1, len(y) + 1), mode="wrap"))).sum()
            - (y * x.take(range(1, len(x) + 1), mode="wrap")).sum()
        )
        / 2
    )
    assert enclosed / (x.max() - x.min()) == pytest.approx(level, rel=1e-6)


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
    ax = result.plot_conditions()
    assert labels(ax) == ["m1", "m2", "m3", "m4"]
    assert max(bar.get_x() + bar.get_width() for bar in ax.patches) == pytest.approx(100)
    ax = result.plot()
    assert labels(ax) == [f"m{i}.utilisation" for i in range(1, 5)]
    assert saved(ax.figure, tmp_path / "result.png")
    with pytest.raises(twin.InvalidArgument, match="unit"):
        result.plot(["part.cycle_time", "part.wip"])
    answer = twin.compare(line(), {"wide": {"stations.m2.queue.places": 20}, "fast": {"stations.m1.speed": 1.2}})
    assert labels(answer.plot("part.cycle_time")) == ["wide", "fast"]
