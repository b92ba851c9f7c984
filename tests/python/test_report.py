"""Reports: one file that needs nothing else, and a player that shows what the record says."""

import base64
import html.parser
import json
import re

import numpy as np
import pytest
from helpers import line, shop

import twin
from twin._report import _Drawing
from twin._warmup import record

# Batches, branches in parallel, more stations than a row has, and one that is never used.
MIXED = """
stations:
  oven: {machines: 2, batch: {max: 4, min: 2, wait: 20 min}}
  s[1..7]: {}
  spare: {}
products:
  part:
    route:
      - {at: oven, time: 30 min}
      - parallel: {left: [{at: s1, time: exponential(5 min)}], right: [{at: s2, time: exponential(5 min)}]}
      - {at: "s[3..7]", time: exponential(4 min)}
    arrivals: every exponential(6 min)
run: {warmup: 1 h, until: 20 h}
"""
PLANTS = {
    "shop": shop,
    "line": line,
    "late": lambda: line().change({"run.warmup": "20 h"}),
    "mixed": lambda: twin.parse(MIXED, name="mixed"),
}


class Page(html.parser.HTMLParser):
    """Elements that are open, ids, and what is fetched."""

    VOID = ("meta", "img", "input", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.fetched, self.tags = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.fetched += [value for name, value in attrs if name in ("src", "href", "xlink:href", "data", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module", params=PLANTS)
def report(request, tmp_path_factory):
    plant = PLANTS[request.param]()
    result = twin.simulate(plant, 3)
    path = tmp_path_factory.mktemp("report") / "out.html"
    twin.write_report(path, plant, result, operations=800)
    return plant, result, path.read_text(encoding="utf-8")


def embedded(text):
    return json.loads(re.search(r'<script type="application/json" id="record">(.*?)</script>', text, re.S)[1])


def script(text):
    return re.findall(r"<script>(.*?)</script>", text, re.S)[-1]


@pytest.fixture
def player(report):
    """Run the page's own JavaScript on its data, in an engine without a page."""
    quickjs = pytest.importorskip("quickjs")
    engine = quickjs.Context()
    engine.eval(script(report[2]))
    engine.set("data", json.dumps(embedded(report[2])))
    engine.eval("const run = twinRecord(JSON.parse(data));")
    return lambda text: json.loads(engine.eval(f"JSON.stringify({text})"))


def of_report(plant):
    """Make the record again that the report was made of."""
    run = plant._core.run()
    return record(plant, plant.parameters, run["seed"], run["warmup"], run["until"], 800)


def test_a_report_is_one_file_that_fetches_nothing(report):
    plant, result, text = report
    page = Page(text)
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.fetched)
    assert page.tags.count("img") == 5
    for source in page.fetched:
        assert base64.b64decode(source.partition(",")[2]).startswith(b"<?xml")
    outside = re.sub(r"data:image[^\"]*", "", text)
    assert not re.search(r"https?://|@import|fetch\(|XMLHttpRequest", outside)
    assert "default-src 'none'" in text
    assert result.digest in text
    assert plant.digest in text


def test_a_report_has_figures_with_intervals(report):
    _, result, text = report
    for name, mean, half, _ in result._rows():
        if name.startswith("plant."):
            assert f"{name}</td>" in text
            assert f">{mean}</td>" in text
            assert half in text
    assert "availability</td>" in text
    assert "plant.cycle_time.p95</td>" in text


def test_the_player_shows_what_the_record_says(report, player):
    plant = report[0]
    history = of_report(plant)
    data = embedded(report[2])
    begin, end = (state.now for state in history._known()[1:])
    assert data["span_ms"] == (end - begin) // 10**6
    origin = np.datetime64(plant._core.epoch() + begin, "ns")
    random = np.random.default_rng(1)
    instants = sorted({0, data["span_ms"], *random.integers(0, data["span_ms"], 60).tolist()})
    machines = plant._core.machine_names()
    queues, wip, lots, conditions = history.queues, history.wip, history.lots, history.conditions
    for ms in instants:
        now = origin + np.timedelta64(ms, "ms")
        shown = player(f"run.at({ms})")
        for table, what, names, key in (
            (queues, "station", plant._core.station_names(), "queues"),
            (wip, "product", plant._core.product_names(), "wip"),
        ):
            before = table[table["time"] <= now].groupby(what)["level"].last()
            assert shown[key] == [before.get(name, 0) for name in names], (key, ms)
        at = conditions[conditions["start"] <= now].groupby("machine")["condition"].last()
        assert shown["conditions"] == [at[name] for name in machines], ms
        good = lots[(lots["finish"] <= now) & ~lots["scrapped"]]
        assert shown["done"] == [int((good["product"] == name).sum()) for name in plant._core.product_names()], ms


def test_lots_move_along_their_routes(report, player):
    plant = report[0]
    history = of_report(plant)
    data = embedded(report[2])
    shown = player(f"run.moving({data['span_ms']}, {data['span_ms'] + 1})")
    operations = history.operations.sort_values(["lot", "start", "end"])
    same = operations["lot"].to_numpy()[1:] == operations["lot"].to_numpy()[:-1]
    stations = plant._core.station_names()
    pairs = zip(operations["station"].to_numpy()[:-1][same], operations["station"].to_numpy()[1:][same], strict=True)
    assert sorted((stations[a], stations[b]) for a, b, _, _ in shown) == sorted(pairs)
    assert all(0 <= share <= 1 for *_, share in shown)


def test_the_page_follows_its_slider(report):
    """Run the whole script on a page made of stand-ins, as a browser would."""
    quickjs = pytest.importorskip("quickjs")
    plant, _, text = report
    data = embedded(text)
    engine = quickjs.Context()
    engine.eval("""
      const items = {};
      const make = () => ({attributes: {}, heard: {}, textContent: "", innerHTML: "", value: "",
        setAttribute(name, value) { this.attributes[name] = value; },
        addEventListener(name, what) { this.heard[name] = what; }});
      const frames = [];
      const requestAnimationFrame = (what) => frames.push(what);
      const document = {getElementById: (id) => items[id] ?? null};
    """)
    for name in Page(text).ids:
        engine.eval(f"items[{json.dumps(name)}] = make();")
    engine.set("data", json.dumps(data))
    engine.eval('items.record.textContent = data; items.speed.value = "1";')
    engine.eval(script(text))
    half = data["span_ms"] // 2
    engine.eval(f"items.slider.value = '{half}'; items.slider.heard.input();")
    at = json.loads(engine.eval(f"JSON.stringify(twinRecord(JSON.parse(data)).at({half}))"))
    assert int(engine.eval("items.wip.textContent")) == sum(at["wip"])
    assert int(engine.eval("items.done.textContent")) == sum(at["done"])
    for s in range(len(plant._core.station_names())):
        assert int(engine.eval(f"items['queue-{s}'].textContent")) == at["queues"][s]
    for m, condition in enumerate(at["conditions"]):
        assert engine.eval(f"items['machine-{m}'].attributes.class") == condition
    engine.eval("items.slider.value = '0'; items.slider.heard.input(); items.play.heard.click();")
    engine.eval("for (let i = 0; i < 31; ++i) frames.shift()(1000 * i);")  # thirty seconds after the first frame
    assert float(engine.eval("items.slider.value")) == pytest.approx(half, rel=0.03)
    engine.eval("for (let i = 31; i < 70 && frames.length; ++i) frames.shift()(1000 * i);")
    assert int(engine.eval("items.slider.value")) == data["span_ms"]
    assert "play" in engine.eval("items.play.textContent")


def test_the_drawing_begins_as_the_record_does(report, player):
    plant, _, text = report
    first = player("run.at(0)")
    for s in range(len(plant._core.station_names())):
        assert int(re.search(rf'id="queue-{s}"[^>]*>(\d+)<', text)[1]) == first["queues"][s]
    for m, condition in enumerate(first["conditions"]):
        assert f'id="machine-{m}" class="{condition}"' in text


def test_stations_stand_apart_in_the_order_of_routes(report):
    drawing = _Drawing(report[0], of_report(report[0]))
    places = list(drawing._places.values())
    for i, p in enumerate(places):
        for q in places[i + 1 :]:
            assert abs(p.x - q.x) >= 150 or p.y + p.height < q.y or q.y + q.height < p.y
    steps = report[0].steps
    route = steps[steps["product"] == steps["product"].iloc[0]]["station"]
    order = [(drawing._places[s].row, drawing._places[s].x) for s in (drawing._index[name] for name in route)]
    assert order == sorted(order)


def test_names_cannot_break_out_of_the_page(tmp_path):
    plant = twin.parse(
        'stations: {"</script><em>": {time: 1 min}}\nproducts: {"<i>&": {route: [{at: "</script><em>"}]}}\n'
        'orders: [{id: "x<y", product: "<i>&", quantity: 3}]',
        name="<u>",
    )
    twin.write_report(tmp_path / "out.html", plant, twin.simulate(plant, 2))
    page = Page((tmp_path / "out.html").read_text())
    assert page.open == []
    assert not {"em", "u"} & set(page.tags)


def test_a_result_of_another_plant_is_refused(tmp_path):
    with pytest.raises(twin.InvalidArgument, match=r"'part\.throughput', which 'shop' has not"):
        twin.write_report(tmp_path / "out.html", shop(), twin.simulate(line(), 1, until="1 h"))
