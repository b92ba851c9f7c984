"""A report of a run: one HTML file with figures, pictures, and a player that replays a recorded run. No network."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core, _html, _plots
from ._errors import InvalidArgument
from ._history import History
from ._plant import Parameters, Plant
from ._values import Instant, Span, end_ns, need, readable, span_ns, whole
from ._warmup import record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._study import Result

_MOST_OPERATIONS = 20_000
_GANTT_OPERATIONS = 250
_MOST_ROWS = 60
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_CARDS = (
    ("plant.throughput", "throughput"),
    ("plant.cycle_time", "cycle time"),
    ("plant.cycle_time.p95", "95 % of lots within"),
    ("plant.wip", "lots in the plant"),
    ("plant.late", "share of lots late"),
    ("order.finish", "all orders done after"),
)


def write_report(
    path: str | os.PathLike[str],
    plant: Plant,
    result: Result,
    *,
    seed: int | None = None,
    warmup: Span | None = None,
    until: Span | Instant | None = None,
    parameters: Parameters | None = None,
    replication: int = 0,
    operations: int = _MOST_OPERATIONS,
) -> None:
    """Write a report of a run as one HTML file that needs no network.

    It has the figures with their intervals, the indicators of ISO 22400-2, conditions of all stations, and of one
    replication, run again from the warm-up on: a Gantt chart, lots in the plant and queues over time, and a player.

    Parameters
    ----------
    path : path
        Where; replaced if it is there.
    plant, result : Plant, Result
        The plant, and what `simulate` gave of it.
    seed, warmup, until, parameters
        As they were given to `simulate`.
    replication : int
        Which one to show.
    operations : int
        The record ends after about so many operations, if the run does not end before.

    Raises
    ------
    InvalidArgument
        The result is one of another plant.
    """
    need(plant, Plant, "write_report: plant", "a Plant, as twin.load gives it")
    known = {name for name, _ in _core.metrics(plant._core)}
    strange = next((name for name in result.metrics if name not in known and not _is_quantile(name, known)), None)
    if strange is not None:
        raise InvalidArgument(
            f"write_report: the result has '{strange}', which '{plant.name}' has not; allowed: a result of this plant"
        )
    run = plant._core.run()
    begin = int(run["warmup"]) if warmup is None else span_ns(warmup, "warmup")
    end = run["until"] if until is None else end_ns(until, plant._core.epoch(), "until")
    numbers = plant.parameters if parameters is None else parameters
    number = int(run["seed"]) if seed is None else whole(seed, "seed")
    most = whole(operations, "operations", 1)
    history = record(plant, numbers, number, begin, end, most, whole(replication, "replication"))
    Path(path).write_text(_page(plant, result, history, number, replication), encoding="utf-8")


def _is_quantile(name: str, known: set[str]) -> bool:
    return name.rpartition(".")[0] in known


def _page(plant: Plant, result: Result, history: History, seed: int, replication: int) -> str:
    drawing = _Drawing(plant, history)
    about = [*plant._facts(), *result._facts()[1:], f"seed {seed}"]
    begin, end = (_core.format_instant(plant._core.epoch() + state.now) for state in history._known()[1:])
    span = f"Replication {replication}, from {begin} to {end}, {len(history)} operations."
    title = escape(plant.name)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{title}</title>\n<style>\n{_file('report.css')}</style></head>\n<body>",
        f'<h1>{title}</h1>\n<p class="facts">{escape(" · ".join(about))}</p>',
        _cards(result),
        "<h2>Replay</h2>",
        f'<p class="note">{escape(span)}{escape(drawing.left_out)}</p>',
        drawing.player(),
        "<h2>Conditions of stations</h2>",
        _note_of_rows(plant, "that work most"),
        _chart("Share of time of each station in each condition", lambda ax: _plots.shares(result, ax, _MOST_ROWS)),
        "<h2>Lots in the plant</h2>",
        f'<p class="note">{escape(span)}</p>',
        _chart("Lots in the plant over time", lambda ax: _plots.wip(history, ax)),
        "<h2>Queues along the line</h2>",
        _note_of_rows(plant, "with the longest queues"),
        _chart(
            "Mean queue length of each station over time",
            lambda ax: _plots.heat(history, "queue_length", ax, _MOST_ROWS),
        ),
        "<h2>Work along the line</h2>",
        _note_of_rows(plant, "that work most"),
        _chart(
            "Share of time worked of each station over time", lambda ax: _plots.heat(history, "working", ax, _MOST_ROWS)
        ),
        "<h2>Gantt chart</h2>",
        _gantt(history),
        "<h2>Figures</h2>",
        _figures(result),
        "<h2>Indicators of ISO 22400-2</h2>",
        _folded("all", _html.table(("indicator", "mean", "95 %", "unit", "formula"), result.iso22400._rows())),
        f"<footer><p>{escape(_footer(plant, result))}</p></footer>",
        f'<script type="application/json" id="record">{drawing.json()}</script>',
        f"<script>\n{_file('player.js')}</script>\n</body></html>\n",
    ]
    return "\n".join(parts)


def _note_of_rows(plant: Plant, which: str) -> str:
    count = len(plant._core.station_names())
    return f'<p class="note">The {_MOST_ROWS} of {count} stations {which}.</p>' if count > _MOST_ROWS else ""


def _footer(plant: Plant, result: Result) -> str:
    digests = f"digest of the run {result.digest} · digest of the plant {plant.digest}"
    return f"libtwin {_core.__version__} · {digests} · intervals are 95 % over replications"


def _file(name: str) -> str:
    return resources.files(f"{__package__}.report").joinpath(name).read_text(encoding="utf-8")


def _cards(result: Result) -> str:
    cards = []
    for name, title in _CARDS:
        if name in result and result[name].n and (name != "plant.late" or "order.finish" in result):
            e = result[name]
            mean, half, unit = readable(e.mean, e.half_width, e.unit)
            cards.append((title, f"{mean} {unit}".strip(), "" if np.isnan(e.half_width) else f"± {half}"))
    busiest = max(
        (name for name in result.metrics if name.endswith(".utilisation") and result[name].n),
        key=lambda name: result[name].mean,
        default=None,
    )
    if busiest is not None:
        what = busiest.removesuffix(".utilisation")
        cards.append(("busiest", what, f"{100 * result[busiest].mean:.1f} % utilised"))
    cells = (
        f'<div class="card"><span>{escape(a)}</span><b>{escape(b)}</b><span>{escape(c)}</span></div>'
        for a, b, c in cards
    )
    return f'<div class="cards">{"".join(cells)}</div>'


def _figures(result: Result) -> str:
    rows = result._rows()
    first = [row for row in rows if row[0].startswith("plant.")]
    header = ("figure", "mean", "95 %", "unit")
    plain = {row[0] for row in rows}
    levels = []
    for name, unit in result._metrics:
        e = result[name]
        if name not in plain and e.n:
            mean, half, shown = readable(e.mean, e.half_width, unit)
            levels.append((name, mean, "" if np.isnan(e.half_width) else f"± {half}", shown))
    return (
        _html.table(header, first)
        + _folded("all figures", _html.table(header, rows))
        + (_folded("quantiles over lots", _html.table(header, levels)) if levels else "")
    )


def _folded(title: str, content: str) -> str:
    return f'<details><summary>{escape(title)}</summary><div class="scroll">{content}</div></details>'


def _gantt(history: History) -> str:
    machines = history.plant._core.machine_names()
    if not len(history) or len(machines) > _MOST_ROWS:
        return f'<p class="note">{len(history)} operations on {len(machines)} machines: no chart.</p>'
    shown = min(_GANTT_OPERATIONS, len(history))
    note = f'<p class="note">The first {shown} of {len(history)} operations that ended.</p>'
    return note + _chart("Operations of each machine over time", lambda ax: _plots.gantt(history, ax, shown))


def _chart(title: str, draw: Callable[[Axes | None], Axes]) -> str:
    """Draw and close it again; an image of its own, so that no names in it can clash."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "libtwin", "font.family": "DejaVu Sans"}):
        figure: Any = draw(None).figure
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    image = base64.b64encode(file.getvalue()).decode()
    return f'<img class="chart" alt="{escape(title)}" src="data:image/svg+xml;base64,{image}">'


# ---- player ----------------------------------------------------------------------------------------------------------

_BOX, _GAP_X, _GAP_Y, _MARGIN = 150, 42, 34, 22
_HEAD = 46  # of a box, above its machines
_CELL, _IN_ROW = 11, 12
_COLUMNS = 6
_MOST_STATIONS = 200
_MOST_WAYS = 150
_SVG_STYLE = (
    "text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#222}.box{fill:#fff;stroke:#888}"
    ".way{fill:none;stroke:#bbb}.level{fill:#0072b2}.count{text-anchor:end;font-weight:600}"
)


@dataclass(frozen=True)
class _Place:
    """Where a station is drawn."""

    x: float
    y: float
    height: float
    row: int

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + _BOX / 2, self.y + self.height / 2


class _Drawing:
    """The plant drawn with its stations in the order of the routes, and the record that the player replays on it."""

    def __init__(self, plant: Plant, history: History) -> None:
        self._plant = plant
        self._history = history
        self._stations = plant._core.station_names()
        self._machines: list[list[int]] = [[] for _ in self._stations]
        index = {name: i for i, name in enumerate(self._stations)}
        for m, station in enumerate(plant._core.machine_stations()):
            self._machines[index[station]].append(m)
        self._index = index
        self._moves = _moves(history, index)
        self._shown = self._most_used()
        self._places = self._placed()
        self._record = self._recorded()

    @property
    def left_out(self) -> str:
        """What is not drawn, in words."""
        more = len(self._stations) - len(self._shown)
        return f" The {len(self._shown)} stations with most operations are drawn, {more} are not." if more else ""

    def json(self) -> str:
        """Give the record as it stands in the page."""
        text = json.dumps(self._record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.replace("<", "\\u003c")

    def player(self) -> str:
        """Draw the plant as the record begins, with the controls."""
        legend = "".join(
            f'<span><i style="background:{colour}"></i>{name}</span>'
            for name, colour in _plots.CONDITION_COLOURS.items()
            if name in set(self._history.conditions["condition"])
        )
        products = self._plant._core.product_names()
        if len(products) <= 8:
            legend += "".join(
                f'<span><i style="background:{colour};border-radius:50%"></i>{escape(name)}</span>'
                for name, colour in zip(products, self._record["colours"], strict=True)
            )
        return (
            '<div class="controls"><button id="play" type="button">▶ play</button>'
            f'<input id="slider" type="range" min="0" max="{self._record["span_ms"]}" value="0" step="1" '
            'aria-label="time"><label>speed <select id="speed"><option value="0.1">0.1</option>'
            '<option value="0.3">0.3</option><option value="1" selected>1</option><option value="3">3</option>'
            '</select></label></div><div class="controls"><output id="clock"></output>'
            '<span>in the plant: <b id="wip"></b></span><span>finished since: <b id="done"></b></span></div>'
            f'{self._svg()}<div class="legend">{legend}</div>'
        )

    def _most_used(self) -> list[int]:
        used = np.zeros(len(self._stations))
        for name, count in self._history.operations["station"].value_counts().items():
            used[self._index[str(name)]] = count
        chosen = np.argsort(-used, kind="stable")[:_MOST_STATIONS]
        return sorted(chosen.tolist())

    def _placed(self) -> dict[int, _Place]:
        """Columns by the earliest place of a station in any route; long lines go on in a row below."""
        columns: dict[int, list[int]] = {}
        ranks = _ranks(self._plant, self._index)
        for s in self._shown:
            columns.setdefault(ranks[s], []).append(s)
        ordered = [columns[rank] for rank in sorted(columns)]
        places: dict[int, _Place] = {}
        top = float(_MARGIN)
        for row, first in enumerate(range(0, len(ordered), _COLUMNS)):
            bottom = top
            for i, column in enumerate(ordered[first : first + _COLUMNS]):
                y = top
                for s in column:
                    height = _HEAD + _CELL * max(1, -(-len(self._machines[s]) // _IN_ROW)) + 6
                    places[s] = _Place(_MARGIN + i * (_BOX + _GAP_X), y, height, row)
                    y += height + 16
                bottom = max(bottom, y)
            top = bottom + _GAP_Y
        return places

    def _svg(self) -> str:
        width = max(p.x for p in self._places.values()) + _BOX + _MARGIN
        height = max(p.y + p.height for p in self._places.values()) + _MARGIN
        styles = "".join(f".{name}{{fill:{colour}}}" for name, colour in _plots.CONDITION_COLOURS.items())
        boxes = "".join(self._box(s, place) for s, place in self._places.items())
        return (
            f'<svg class="plant" viewBox="0 0 {width:g} {height:g}" style="max-width:{1.3 * width:.0f}px" role="img" '
            'aria-label="stations of the plant">'
            f"<style>{_SVG_STYLE}{styles}</style><defs>"
            '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" '
            'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#aaa"/></marker></defs>'
            f'{self._ways()}{boxes}<g id="dots"></g></svg>'
        )

    def _ways(self) -> str:
        """Draw an arrow for each way that lots took, the wider the more of them; of very many the widest."""
        _, start, end, _ = self._moves
        pairs, counts = np.unique(np.column_stack([start, end]), axis=0, return_counts=True)
        out = []
        most = np.argsort(-counts, kind="stable")[:_MOST_WAYS]
        for (a, b), count in zip(pairs[most].tolist(), counts[most].tolist(), strict=True):
            if a == b or a not in self._places or b not in self._places:
                continue
            wide = 1 + 4 * (count / counts.max()) ** 0.5
            out.append(
                f'<path class="way" stroke-width="{wide:.1f}" marker-end="url(#tip)" '
                f'd="{_way(self._places[a], self._places[b])}"/>'
            )
        return "".join(out)

    def _box(self, s: int, place: _Place) -> str:
        x, y = place.x, place.y
        name = self._stations[s]
        queued = self._record["queues"][s][1][0]
        first = [self._record["condition_names"][self._record["conditions"][m][1][0]] for m in self._machines[s]]
        cells = "".join(
            f'<rect id="machine-{m}" class="{condition}" x="{x + 8 + _CELL * (i % _IN_ROW):g}" '
            f'y="{y + _HEAD + _CELL * (i // _IN_ROW):g}" width="{_CELL - 2}" height="{_CELL - 2}" stroke="#888" '
            f'stroke-width="0.5"><title>{escape(self._plant._core.machine_names()[m])}</title></rect>'
            for i, (m, condition) in enumerate(zip(self._machines[s], first, strict=True))
        )
        short = name if len(name) <= 20 else name[:19] + "…"
        wide = (_BOX - 50) * queued / max(1, self._record["most_queued"][s])
        return (
            f'<g><title>{escape(name)}</title><rect class="box" x="{x:g}" y="{y:g}" width="{_BOX}" '
            f'height="{place.height:g}" rx="5"/><text x="{x + 8:g}" y="{y + 17:g}">{escape(short)}</text>'
            f'<rect id="bar-{s}" class="level" x="{x + 8:g}" y="{y + 27:g}" width="{wide:g}" height="9"/>'
            f'<text id="queue-{s}" class="count" x="{x + _BOX - 8:g}" y="{y + 36:g}">{queued}</text>{cells}</g>'
        )

    def _recorded(self) -> dict[str, Any]:
        """Make what the player reads. Milliseconds are rounded up: at each, what is shown is what had happened."""
        history, plant = self._history, self._plant
        core, begin, end = history._known()
        origin = core._core.epoch() + begin.now
        products = plant._core.product_names()
        names = list(_plots.CONDITION_COLOURS)
        conditions = history.conditions
        conditions["number"] = conditions["condition"].map({name: i for i, name in enumerate(names)})
        lots = history.lots
        done = lots[~(lots["scrapped"] | lots["cancelled"]).astype(bool)]
        queues = _series(history.queues, "station", "time", "level", self._stations, origin)
        moves, start, stop, product = self._moves
        colours = _plots.colours_of(products)
        return {
            "span_ms": int((end.now - begin.now) // 10**6),
            "begin_ms": int(origin // 10**6),
            "condition_names": names,
            "queues": queues,
            "most_queued": [max(levels) for _, levels in queues],
            "conditions": _series(conditions, "machine", "start", "number", plant._core.machine_names(), origin),
            "wip": _series(history.wip, "product", "time", "level", products, origin),
            "done": [_steps(_ms(done.loc[done["product"] == name, "finish"], origin)) for name in products],
            "moves": [_steps(_ms(moves, origin)), start.tolist(), stop.tolist(), [products.index(p) for p in product]],
            "places": [self._places[s].centre if s in self._places else None for s in range(len(self._stations))],
            "colours": [colours[name] for name in products],
            "bar_width": _BOX - 50,
        }


def _way(p: _Place, q: _Place) -> str:
    """Draw a curve from one station to another: from side to side, to another row from below to above or back."""
    if p.row != q.row:
        x0, x1 = p.centre[0], q.centre[0]
        y0, y1, bend = (p.y + p.height, q.y, 34.0) if p.row < q.row else (p.y, q.y + q.height, -34.0)
        return f"M{x0:g} {y0:g}C{x0:g} {y0 + bend:g} {x1:g} {y1 - bend:g} {x1:g} {y1:g}"
    y0, y1 = p.centre[1], q.centre[1]
    if p.x == q.x:
        x0 = p.x + _BOX
        return f"M{x0:g} {y0:g}C{x0 + 30:g} {y0:g} {x0 + 30:g} {y1:g} {x0:g} {y1:g}"
    sign = 1.0 if q.x > p.x else -1.0
    x0, x1 = (p.x + _BOX, q.x) if sign > 0 else (p.x, q.x + _BOX)
    bend = sign * max(24.0, abs(x1 - x0) / 3)
    sag = 0.0 if 0 < q.x - p.x < 1.5 * (_BOX + _GAP_X) else 40.0  # around what stands between
    return f"M{x0:g} {y0:g}C{x0 + bend:g} {y0 + sag:g} {x1 - bend:g} {y1 + sag:g} {x1:g} {y1:g}"


def _ranks(plant: Plant, index: Mapping[str, int]) -> list[int]:
    """Earliest place of each station in any route; those that no route names come last."""
    ranks = [-1] * len(index)
    place, before = -1, ("", "")
    steps = plant.steps
    for product, step, station in zip(steps["product"], steps["step"], steps["station"], strict=True):
        if (product, step) != before:
            place = place + 1 if product == before[0] else 0
            before = (product, step)
        s = index[station]
        ranks[s] = place if ranks[s] < 0 else min(ranks[s], place)
    last = max(ranks, default=0) + 1
    return [last if rank < 0 else rank for rank in ranks]


def _moves(
    history: History, index: Mapping[str, int]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[np.int64], list[str]]:
    """Trips of lots between stations: when they set out, from where, to where, and of which product."""
    operations = history.operations
    order = operations.sort_values(["lot", "start", "end"], kind="stable")
    lot = order["lot"].to_numpy(dtype=object)
    same = np.flatnonzero(lot[1:] == lot[:-1])
    station = np.array([index[name] for name in order["station"]], dtype=np.int64)
    leave = order["end"].to_numpy().astype("M8[ns]")[same]
    ready = order["ready"].to_numpy().astype("M8[ns]")[same + 1]
    when = np.maximum(leave, np.minimum(ready, order["start"].to_numpy().astype("M8[ns]")[same + 1]))
    by_time = np.argsort(when, kind="stable")
    product = order["product"].to_numpy(dtype=object)[same][by_time].tolist()
    return when[by_time], station[same][by_time], station[same + 1][by_time], product


def _ms(times: Any, origin: int) -> npt.NDArray[np.int64]:
    ns = np.asarray(times).astype("M8[ns]").astype(np.int64) - origin
    return np.maximum(0, -(-ns // 10**6))


def _steps(times: npt.NDArray[np.int64]) -> list[int]:
    steps: list[int] = np.diff(times, prepend=0).tolist()
    return steps


def _series(table: Any, what: str, time: str, value: str, names: Sequence[str], origin: int) -> list[list[list[int]]]:
    """Give steps of time and values of each name, the last of one instant counting."""
    groups = dict(iter(table.groupby(what, sort=False)))
    out = []
    for name in names:
        if name not in groups:
            out.append([[0], [0]])
            continue
        of = groups[name].sort_values(time, kind="stable")
        times = _ms(of[time], origin)
        values = of[value].to_numpy(dtype=np.int64)
        last = np.append(times[1:] != times[:-1], True)
        times, values = times[last], values[last]
        changed = np.append(True, values[1:] != values[:-1])
        times, values = times[changed], values[changed]
        times[0] = 0
        out.append([_steps(times), values.tolist()])
    return out
