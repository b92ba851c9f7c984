"""Pictures, by matplotlib: Gantt charts, work in process, conditions, fans of futures, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import InvalidArgument

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ._forecast import Forecast
    from ._history import History
    from ._study import Comparison, Result

# Distinct also to the colour-blind (Okabe and Ito 2008).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#7F7F7F")
CONDITION_COLOURS = {
    "working": "#009E73",
    "setup": "#56B4E9",
    "blocked": "#E69F00",
    "down": "#D55E00",
    "waiting": "#CC79A7",
    "starved": "#D9D9D9",
    "off": "#F2F2F2",
}
_BLUE = _COLOURS[0]
_MOST_ROWS = 40
_HEAT_BINS = 120
_MOST_POINTS = 4000
_LEAST_ERROR = 0.01  # per cent: what a logarithmic axis shows of no error


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    if ax is None:
        from matplotlib import pyplot as plt

        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _dates(ax: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    ax.grid(axis="x", color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)


def _numbers(times: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Instants as matplotlib counts them: days since 1970."""
    return np.asarray(np.asarray(times, dtype="M8[ns]").astype(np.int64) / 86400e9)


def _legend(ax: Axes, columns: int) -> None:
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(columns, 6), frameon=False, borderaxespad=0.2)


def _rows(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)


def colours_of(names: Sequence[str]) -> dict[str, str]:
    return {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}


def gantt(history: History, ax: Axes | None, most: int | None = None) -> Axes:
    """Draw a row for each machine and a bar for each operation, coloured by product; lots named where there is room.

    Only the first `most` operations, where that is given.
    """
    operations = history.operations.iloc[:most]
    machines = history.plant._core.machine_names()
    ax = _axes(ax, 10, 1.2 + 0.35 * len(machines))
    colours = colours_of(history.plant._core.product_names())
    row = {name: i for i, name in enumerate(machines)}
    start, end = _numbers(operations["start"]), _numbers(operations["end"])
    for product, colour in colours.items():
        chosen = (operations["product"] == product).to_numpy()
        if chosen.any():
            at = [row[name] for name in operations["machine"][chosen]]
            width = end[chosen] - start[chosen]
            ax.barh(at, width, left=start[chosen], height=0.7, color=colour, edgecolor="white", lw=0.5, label=product)
    _gantt_labels(ax, operations, [row[name] for name in operations["machine"]], start, end)
    _rows(ax, machines)
    _dates(ax)
    if len(colours) > 1 and len(operations):
        _legend(ax, len(colours))
    return ax


def _gantt_labels(ax: Axes, operations: pd.DataFrame, rows: list[int], start: Any, end: Any) -> None:
    """Name the lots whose bar is wide enough."""
    if not len(operations):
        return
    whole = end.max() - start.min()
    room = 0.0075 * whole  # of a letter
    for lot, y, a, b in zip(operations["lot"], rows, start, end, strict=True):
        if b - a > room * len(lot):
            ax.text((a + b) / 2, y, lot, ha="center", va="center", fontsize=7, color="white", clip_on=True)


def _levels(frame: pd.DataFrame, what: str, end: np.datetime64) -> pd.DataFrame:
    """Columns of levels over time, the last of several changes at one instant counting."""
    import pandas as pd

    table = frame.pivot_table(index="time", columns=what, values="level", aggfunc="last", sort=True).ffill()
    if len(table) and table.index[-1] < end:
        table.loc[pd.Timestamp(end)] = table.iloc[-1]
    return table


def _end(history: History) -> np.datetime64:
    plant, _, end = history._known()
    return np.datetime64(plant._core.epoch() + end.now, "ns")


def wip(history: History, ax: Axes | None) -> Axes:
    """Draw the lots in the plant over time, stacked by product."""
    ax = _axes(ax, 10, 3.5)
    table = _levels(history.wip, "product", _end(history))
    products = [name for name in history.plant._core.product_names() if name in table.columns]
    colours = colours_of(products)
    times, levels = _numbers(table.index), [table[name].to_numpy() for name in products]
    if len(table) > _MOST_POINTS:  # more than can be seen: means over short times
        edges = np.linspace(times[0], times[-1], _MOST_POINTS // 4 + 1)
        levels = [_in_bins(times[:-1], times[1:], level[:-1], edges) for level in levels]
        times, levels = edges, [np.append(level, level[-1]) for level in levels]
    ax.stackplot(times, levels, step="post", labels=products, colors=[colours[n] for n in products], alpha=0.85)
    ax.set_ylabel("lots in the plant")
    ax.set_ylim(bottom=0)
    ax.margins(x=0)
    _dates(ax)
    if len(products) > 1:
        _legend(ax, len(products))
    return ax


def queues(history: History, ax: Axes | None) -> Axes:
    """Draw the length of each queue over time."""
    ax = _axes(ax, 10, 3.5)
    table = _levels(history.queues, "station", _end(history))
    stations = [name for name in history.plant._core.station_names() if name in table.columns]
    for name, colour in colours_of(stations).items():
        ax.step(_numbers(table.index), table[name], where="post", label=name, color=colour, lw=1.2)
    ax.set_ylabel("lots in queue")
    ax.set_ylim(bottom=0)
    ax.margins(x=0)
    _dates(ax)
    if len(table.columns) > 1:
        _legend(ax, len(table.columns))
    return ax


def conditions(history: History, ax: Axes | None) -> Axes:
    """Draw the share of time of each machine in each condition."""
    frame = history.conditions
    machines = history.plant._core.machine_names()
    frame["span"] = (frame["end"] - frame["start"]).dt.total_seconds()
    table = frame.pivot_table(index="machine", columns="condition", values="span", aggfunc="sum").reindex(machines)
    table = table.fillna(0.0).div(table.sum(axis=1).replace(0.0, 1.0), axis=0)
    ax = _axes(ax, 8, 1.2 + 0.32 * len(machines))
    left = np.zeros(len(machines))
    for condition, colour in CONDITION_COLOURS.items():
        if condition not in table.columns:
            continue
        share = 100 * table[condition].to_numpy()
        edge = "0.6" if condition == "off" else "white"
        ax.barh(range(len(machines)), share, left=left, height=0.7, color=colour, label=condition, ec=edge, lw=0.5)
        left += share
    _rows(ax, machines)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of time [%]")
    _legend(ax, 6)
    return ax


def _largest(names: Sequence[str], values: Sequence[float], most: int) -> list[str]:
    """Keep the names with the largest values, in the order they have."""
    kept = np.sort(np.argsort(-np.asarray(values, dtype=np.float64), kind="stable")[:most])
    return [names[i] for i in kept]


def shares(result: Result, ax: Axes | None, most: int | None = None) -> Axes:
    """Draw the share of time of each station in each condition, mean over replications.

    Only the `most` that work most, where that is given.
    """
    suffix = ".share.working"
    # A station's figures begin with its queue; those of its machines follow them.
    stations = [name.removesuffix(suffix) for name in result.metrics if name.endswith(suffix)]
    stations = [name for name in stations if f"{name}.queue_length" in result]
    if most is not None:
        stations = _largest(stations, [np.nan_to_num(result[name + suffix].mean) for name in stations], most)
    ax = _axes(ax, 8, 1.2 + 0.32 * len(stations))
    left = np.zeros(len(stations))
    for condition, colour in CONDITION_COLOURS.items():
        names = [f"{station}.share.{condition}" for station in stations]
        share = np.array([100 * result[name].mean if name in result else 0.0 for name in names])
        if not np.nan_to_num(share).any():
            continue
        edge = "0.6" if condition == "off" else "white"
        ax.barh(range(len(stations)), share, left=left, height=0.7, color=colour, label=condition, ec=edge, lw=0.5)
        left += np.nan_to_num(share)
    _rows(ax, stations)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of time [%]")
    _legend(ax, 7)
    return ax


def _in_bins(start: Any, end: Any, weight: Any, edges: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean of a step function, given by its pieces, in bins of equal length."""
    width = edges[1] - edges[0]
    total = np.zeros(len(edges))
    for instants, sign in ((start, 1.0), (end, -1.0)):
        instants = np.clip(np.asarray(instants, dtype=np.float64), edges[0], edges[-1])
        place = np.minimum(((instants - edges[0]) / width).astype(np.int64), len(edges) - 2)
        rest = edges[place + 1] - instants  # of the bin in which it begins, or ends
        np.add.at(total, place, sign * weight * rest)
        np.add.at(total, place + 1, sign * weight * (width - rest))  # carried on by the sum below
    return np.asarray(np.cumsum(total)[:-1] / width)


def heat(history: History, what: str, ax: Axes | None, most: int | None = None) -> Axes:
    """Draw a row for each station over time, coloured by its mean queue length or the share of a condition.

    Only the `most` stations with the largest means, where that is given.
    """
    allowed = ["queue_length", *CONDITION_COLOURS]
    if what not in allowed:
        raise InvalidArgument(f"plot_heat: {what!r}; allowed: {', '.join(allowed)}")
    plant, begin, end = history._known()
    stations = plant._core.station_names()
    epoch = plant._core.epoch()
    edges = np.linspace(begin.now, max(end.now, begin.now + 1), _HEAT_BINS + 1)
    table = history.queues if what == "queue_length" else history.conditions
    machine_stations = plant._core.machine_stations()
    of_machine = dict(zip(plant._core.machine_names(), machine_stations, strict=True))
    rows = {}
    for station in stations:
        if what == "queue_length":
            of = table[table["station"] == station]
            start = of["time"].to_numpy().astype("M8[ns]").astype(np.int64) - epoch
            rows[station] = _in_bins(start, np.append(start[1:], end.now), of["level"].to_numpy(), edges)
        else:
            of = table[(table["machine"].map(of_machine) == station) & (table["condition"] == what)]
            start, stop = (of[n].to_numpy().astype("M8[ns]").astype(np.int64) - epoch for n in ("start", "end"))
            rows[station] = _in_bins(start, stop, 1.0 / machine_stations.count(station), edges)
    if most is not None:
        stations = _largest(stations, [row.mean() for row in rows.values()], most)
    ax = _axes(ax, 10, 1.4 + 0.3 * len(stations))
    left, right = _numbers((edges[[0, -1]] + epoch).astype(np.int64).astype("M8[ns]"))
    place = (left, right, len(stations) - 0.5, -0.5)
    mesh = ax.imshow(
        np.array([rows[name] for name in stations]),
        extent=place,
        aspect="auto",
        interpolation="nearest",
        cmap="viridis",
        vmin=0,
    )
    label = "mean queue length" if what == "queue_length" else f"share {what}"
    ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.01)
    _rows(ax, stations)
    _dates(ax)
    ax.grid(visible=False)
    return ax


def _lot_names(forecast: Forecast) -> list[str]:
    """Instants of single lots: neither of operations nor of orders of several lots."""
    orders = forecast.state.orders
    several = {f"{name}.finish" for name in orders["order"][orders["quantity"] > 1]} | {"order.finish"}
    done = {f"{name}.finish" for name in orders["order"][orders["open"] == 0]}
    names = forecast.names
    return [n for n in names if not n.startswith("operation.") and n not in several and n not in done]


def fan(forecast: Forecast, ax: Axes | None) -> Axes:
    """Draw how many lots are done over time: the median, and the bands of 50 % and 80 % of the futures."""
    names = _lot_names(forecast)
    if not names:
        raise InvalidArgument("plot_fan: no lot is open; allowed: a state with lots in the plant or ordered")
    ax = _axes(ax, 9, 4)
    orders = forecast.state.orders
    before = int((orders["finished"] + orders["scrapped"]).sum())
    core = forecast._core
    instants = np.sort(np.column_stack([_numbers(forecast[name].samples) for name in names]), axis=1)
    instants[instants < 0] = np.inf  # NaT counts as the least number
    begin = float(_numbers(forecast.now))
    last = float(np.quantile(instants.max(axis=1), 0.95, method="inverted_cdf"))  # a few bad futures stretch nothing
    if not np.isfinite(last):
        last = begin + (core.horizon - core.now) / 86400e9
    grid = np.linspace(begin, last, 400)
    done = before + np.array([np.searchsorted(row, grid, side="right") for row in instants])
    low, low_half, middle, high_half, high = np.quantile(done, [0.1, 0.25, 0.5, 0.75, 0.9], axis=0)
    ax.fill_between(grid, low, high, step="post", color=_BLUE, alpha=0.2, lw=0, label="80 % of the futures")
    ax.fill_between(grid, low_half, high_half, step="post", color=_BLUE, alpha=0.35, lw=0, label="50 %")
    ax.step(grid, middle, where="post", color=_BLUE, lw=1.8, label="median")
    if low[0] == high[-1]:
        ax.set_ylim(max(0, before - 1), before + 1)
    ax.set_ylabel("lots done")
    ax.set_xlim(begin, last)
    _dates(ax)
    _legend(ax, 3)
    return ax


def _shown(forecast: Forecast, names: Sequence[str] | None) -> list[str]:
    if names is not None:
        return list(names)
    lots = set(_lot_names(forecast))
    orders = forecast.state.orders
    done = {f"{name}.finish" for name in orders["order"][orders["open"] == 0]}
    chosen = [n for n in forecast.names if n not in done]
    if len(chosen) > _MOST_ROWS:
        single = {f"{name}.finish" for name in orders["order"]}
        chosen = [n for n in chosen if n not in lots or n in single]
    return chosen[-_MOST_ROWS:]


def finishes(forecast: Forecast, names: Sequence[str] | None, ax: Axes | None) -> Axes:
    """Draw P10 to P90 of each instant, with the median."""
    shown = _shown(forecast, names)
    if not shown:
        raise InvalidArgument("plot_finishes: nothing is open; allowed: names of instants of the forecast")
    quantiles = {name: forecast[name].quantile([0.1, 0.5, 0.9]) for name in shown}
    if names is None:
        shown.sort(key=lambda name: (np.isnat(quantiles[name][1]), quantiles[name][1]))
    ax = _axes(ax, 9, 1 + 0.28 * len(shown))
    end = np.datetime64(forecast.plant._core.epoch() + forecast._core.horizon, "ns")
    for row, name in enumerate(shown):
        low, middle, high = quantiles[name]
        if not np.isnat(low):
            left, right = _numbers([low, end if np.isnat(high) else high])
            ax.plot([left, right], [row, row], color=_BLUE, alpha=0.35, lw=7, solid_capstyle="butt")
        if not np.isnat(middle):
            ax.plot(_numbers([middle]), [row], "|", color=_BLUE, ms=11, mew=2.5)
    _rows(ax, [name.removesuffix(".finish") for name in shown])
    if names is None and all(np.isnat(quantiles[name][0]) for name in shown):
        ax.set_xlim(*_numbers([forecast.now, end]))
        ax.text(0.5, 0.5, "nothing finishes by the horizon", transform=ax.transAxes, ha="center", color="0.4")
    ax.set_title("finish: P10 to P90, median", fontsize="medium", loc="left")
    _dates(ax)
    return ax


def forecast(forecast: Forecast, names: Sequence[str] | None) -> Figure:
    """Draw the fan of lots done over time, and below it when each thing finishes."""
    from matplotlib import pyplot as plt

    rows = len(_shown(forecast, names))
    with_fan = len(_lot_names(forecast)) > 1
    if not with_fan:
        figure, ax = plt.subplots(figsize=(9, 1 + 0.28 * rows), layout="constrained")
        finishes(forecast, names, ax)
        return figure
    heights = (3.2, 0.8 + 0.26 * rows)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(9, sum(heights) + 0.4), height_ratios=heights, sharex=True, layout="constrained"
    )
    fan(forecast, above)
    above.tick_params(labelbottom=False)
    above.xaxis.get_offset_text().set_visible(False)
    finishes(forecast, names, below)
    return figure


def estimates(result: Result, metrics: list[str] | None, ax: Axes | None) -> Axes:
    """Draw figures with their 95 % intervals."""
    chosen = [n for n in result.metrics if n.endswith(".utilisation")][:_MOST_ROWS] if metrics is None else metrics
    shown = [result[name] for name in chosen]
    units = {e.unit for e in shown}
    if len(units) != 1:
        raise InvalidArgument(f"plot: figures of units {sorted(units)}; allowed: figures of one unit")
    ax = _axes(ax, 8, 1 + 0.32 * len(shown))
    half = [0.0 if np.isnan(e.half_width) else e.half_width for e in shown]
    ax.barh(range(len(shown)), [e.mean for e in shown], xerr=half, height=0.65, color=_BLUE, alpha=0.8, ecolor="0.2")
    _rows(ax, [e.name for e in shown])
    unit = units.pop()
    ax.set_xlabel("mean and 95 % interval" + ("" if unit == "1" else f" [{unit}]"))
    ax.set_xlim(left=min(0.0, *(e.mean for e in shown)) if shown else 0)
    ax.grid(axis="x", color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    return ax


def differences(comparison: Comparison, metric: str, baseline: str | None, ax: Axes | None) -> Axes:
    """Draw the difference of each alternative to the baseline, with its 95 % interval."""
    base = comparison.names[0] if baseline is None else baseline
    rows = [row for row in comparison._core.compare(metric, base, True) if row.name != base]
    kind = comparison._kind(metric)
    means, half = np.array([r.difference.mean for r in rows]), np.array([r.difference.half_width for r in rows])
    unit = ""
    if kind in ("s", "instant"):
        size = np.nanmax(np.abs(means) + half, initial=0.0)
        factor, unit = next(((f, u) for f, u in ((86400, "d"), (3600, "h"), (60, "min")) if size > 2 * f), (1, "s"))
        means, half = means / factor, half / factor
    elif kind != "1":
        unit = kind
    ax = _axes(ax, 8, 1.1 + 0.45 * len(rows))
    ax.axvline(0, color="0.4", lw=1)
    ax.errorbar(means, range(len(rows)), xerr=half, fmt="o", color=_BLUE, capsize=4, lw=2, ms=6)
    _rows(ax, [row.name for row in rows])
    ax.set_xlabel(f"{metric}: difference to '{base}'" + (f" [{unit}]" if unit else "") + ", 95 % interval")
    ax.grid(axis="x", color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    return ax


def followed(table: pd.DataFrame, start: np.datetime64, end: np.datetime64, title: str, ax: Axes | None) -> Axes:
    """Draw the predicted end of an operation, as it ran, against its actual end."""
    ax = _axes(ax, 8, 4)
    minute = np.timedelta64(60, "s") / np.timedelta64(1, "ns")
    elapsed = (table["instant"].to_numpy() - start).astype(np.int64) / minute
    low, middle, high = ((table[name].to_numpy() - end).astype(np.int64) / minute for name in ("p10", "p50", "p90"))
    ax.fill_between(elapsed, low, high, color=_BLUE, alpha=0.25, lw=0, label="P10 to P90")
    ax.plot(elapsed, middle, color=_BLUE, lw=2, label="P50")
    ax.axhline(0, color="0.3", lw=1, ls="--", label="actual end")
    length = (end - start).astype("m8[ns]").astype(np.int64) / minute
    ax.set_xlim(0, float(length))
    ax.set_xlabel(f"{title}: minutes since its start (it took {length:.1f})")
    ax.set_ylabel("predicted end − actual end [min]")
    ax.grid(color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    _legend(ax, 3)
    return ax


def backtest(targets: pd.DataFrame, half_way: pd.DataFrame) -> Figure:
    """Draw forecast errors of operations in work, and the error half-way by kind of operation."""
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
    minute = np.timedelta64(60, "s") / np.timedelta64(1, "ns")
    work = targets[targets["in_work"].to_numpy(dtype=bool)]
    names = (
        ("p50", "with progress", _BLUE),
        ("past_mean", "mean of the past", _COLOURS[1]),
        ("planned", "planned minutes", _COLOURS[7]),
    )
    for name, label, colour in names:
        errors = np.sort(np.abs((work[name].to_numpy() - work["actual"].to_numpy()).astype(np.int64) / minute))
        left.plot(
            np.maximum(errors, 0.001),
            np.arange(1, len(errors) + 1) / max(1, len(errors)),
            color=colour,
            label=label,
            lw=2,
        )
    left.set_xscale("log")
    left.set_xlabel("error of the predicted end of an operation in work [min]")
    left.set_ylabel("share of forecasts with at most this error")
    left.grid(color="0.9", lw=0.8)
    left.legend(frameon=False, loc="upper left")
    kinds = half_way.assign(kind=half_way["part"].str.rsplit("-", n=1).str[0] + " " + half_way["operation"])
    medians = kinds.groupby("kind")[["error_share", "naive_error_share"]].median() * 100
    medians = medians.clip(lower=_LEAST_ERROR)
    rows = np.arange(len(medians))
    right.barh(rows - 0.2, medians["error_share"], 0.38, color=_BLUE, label="by progress")
    right.barh(rows + 0.2, medians["naive_error_share"], 0.38, color=_COLOURS[1], label="by the mean of the past")
    _rows(right, list(medians.index))
    right.set_xscale("log")
    right.set_xlim(left=_LEAST_ERROR / 2)
    right.set_xlabel("median error of the time left, half-way [% of the duration]")
    right.grid(axis="x", color="0.9", lw=0.8)
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    return figure
