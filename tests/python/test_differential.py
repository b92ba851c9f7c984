"""The engine against a slow, plain simulator of the same rules: random plants without chance give equal histories."""

import json
from collections import Counter, defaultdict

import hypothesis
from hypothesis import strategies as st
from reference import plain

import twin

SPAN = 6 * 3600
RULES = ["fifo", "lifo", "spt", "spt(known)", "lpt", "edd", "slack", "cr", "mwkr", "lwkr", "mopnr", "priority"]


def theirs(document, until=SPAN):
    """Run the engine: operations, conditions and lots as plain numbers."""
    plant = twin.parse(json.dumps(document))
    history = twin.History()
    twin.State.initial(plant).advance(f"{until} s", history=history)

    def count(column):
        return [int(t) for t in (column - plant.epoch).dt.total_seconds()]

    frame = history.operations
    operations = zip(
        frame["lot"],
        frame["step"],
        frame["machine"],
        *(count(frame[c]) for c in ("ready", "start", "end")),
        strict=True,
    )
    frame = history.conditions
    conditions = zip(frame["machine"], frame["condition"], count(frame["start"]), count(frame["end"]), strict=True)
    frame = history.lots
    lots = zip(frame["lot"], count(frame["release"]), count(frame["finish"]), map(bool, frame["scrapped"]), strict=True)
    return sorted(operations), joined(conditions), sorted(lots)


def ours(document, until=SPAN):
    """Run the plain simulator: the same."""
    plant = plain.Plant(document).run(until)
    return sorted(plant.operations), joined(plant.conditions), sorted(plant.left)


def joined(conditions):
    """Join what follows in one condition; by machine."""
    machines = defaultdict(list)
    for machine, condition, start, end in sorted(conditions, key=lambda c: c[2:]):
        condition = {"processing": "working"}.get(condition, condition)
        if machines[machine] and machines[machine][-1][0] == condition:
            machines[machine][-1][2] = end
        else:
            machines[machine].append([condition, start, end])
    return dict(machines)


def minutes(low, high):
    return st.integers(low, high).map(lambda n: f"{n} min")


def sometimes(strategy, *, among=3):
    """Give a value once in a while, else None."""
    return st.integers(1, among).flatmap(lambda n: strategy if n == 1 else st.none())


def keys(**given):
    """Draw a dict without the keys that came out as None."""
    return st.fixed_dictionaries(given).map(lambda d: {k: v for k, v in d.items() if v is not None})


FAILURE = st.builds(
    lambda after, ages, more: {"after": f"{after} of {ages}"} | more,
    minutes(5, 90),
    st.sampled_from(["work", "time"]),
    keys(repair=minutes(1, 20), needs=sometimes(st.sampled_from(["ann", "any"])), times=sometimes(st.integers(1, 3))),
)
NEEDS = st.one_of(
    st.sampled_from(["ann", "any", "jig"]),
    st.sampled_from([{"any": 2}, {"ann": 1, "jig": 1}, {"jig": 1, "any": 1}, {"any": 1, "bob": 1}]),
)
BATCH = st.builds(
    lambda most, least, more: {"max": most, "min": min(most, least)} | more,
    st.integers(2, 4),
    st.integers(1, 3),
    keys(wait=minutes(0, 30), by=st.sampled_from(["op", "family", "product"])),
)
SETUP = st.one_of(
    minutes(0, 5),
    keys(
        by=sometimes(st.sampled_from(["family", "product", "op"]), among=2),
        same=sometimes(minutes(0, 3)),
        otherwise=minutes(1, 8),
        first=sometimes(minutes(1, 9)),
    ),
)


@st.composite
def documents(draw):
    """Draw a plant of a few stations and products; lots go to later stations where queues are bounded."""
    count = draw(st.integers(2, 4))
    bounded = draw(st.booleans())
    names = [f"s{i}" for i in range(count)]
    stations = {}
    for name in names:
        station = draw(
            keys(
                machines=st.one_of(
                    st.integers(1, 3), st.just({f"{name}a": {}, f"{name}b": {"speed": 2, "calendar": "early"}})
                ),
                queue=keys(
                    rule=st.sampled_from(RULES),
                    places=st.integers(0, 2) if bounded else st.none(),
                    if_full=sometimes(st.just("lose")),
                ),
                speed=sometimes(st.sampled_from([0.5, 2])),
                calendar=sometimes(st.sampled_from(["day", "early", "night"])),
                failures=sometimes(st.lists(FAILURE, min_size=1, max_size=2)),
                setup=sometimes(SETUP),
                changeover=sometimes(minutes(1, 6), among=5),
                batch=sometimes(BATCH, among=4),
                needs=sometimes(NEEDS),
            )
        )
        if isinstance(station.get("setup"), dict):
            station["queue"]["rule"] = draw(st.sampled_from(["min_setup", "cyclic", *RULES]))
            station.pop("changeover", None)
        if "batch" in station and "setup" in station:
            del station["batch"]
        if "batch" in station and "places" in station["queue"]:
            station["queue"]["places"] += station["batch"]["max"] - 1
        stations[name] = station
    products, orders = {}, []
    for p in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["every", "lots", "conwip", "saturate", "orders"]))
        route, at = [], draw(st.integers(0, count - 1))
        for i in range(draw(st.integers(1, 4))):
            if bounded and i:
                at += 1
                if at >= count:
                    break
            if not bounded:
                at = draw(st.integers(0, count - 1))
            first = i == 0 and kind == "saturate"
            step = draw(
                keys(
                    time=minutes(0 if i or kind not in ("saturate", "conwip") else 1, 12),
                    setup=sometimes(minutes(0, 4), among=6),
                    transport=sometimes(minutes(0, 9)) if not first else st.none(),
                    max_wait=sometimes(minutes(1, 40), among=4),
                    if_overdue=sometimes(st.sampled_from(["stay", "scrap"]), among=2),
                    uses=sometimes(st.sampled_from(["bar", {"bar": 2, "kit": 1}]), among=4),
                    makes=sometimes(st.sampled_from(["kit", {"kit": 2}]), among=4),
                    choose=st.sampled_from(["first", "shortest_queue", "earliest_finish"]),
                )
            )
            both = [names[at]]
            if not first and at + 1 < count and draw(st.integers(1, 3)) == 1:
                both.append(names[at + 1])
                at += bounded
            if any("batch" in stations[name] or isinstance(stations[name].get("setup"), dict) for name in both):
                step.pop("setup", None)  # one way to say it at a time
            step |= {"op": f"o{i}", "at": both}
            if not bounded and not first and draw(st.integers(1, 4)) == 1:
                a, b, c = (draw(st.sampled_from(names)) for _ in range(3))
                branches = {
                    "x": [{"op": "a", "at": a, "time": draw(minutes(0, 9))}],
                    "y": [{"op": op, "at": n, "time": draw(minutes(0, 9))} for op, n in (("b", b), ("c", c))],
                }
                if draw(st.integers(1, 5)) == 1:
                    branches["x"][0]["then"] = {"scrap": 1}
                route.append({"op": f"part{i}", "parallel": branches})
            if not bounded and not first and draw(st.integers(1, 4)) == 1:
                through = [{"op": op, "at": draw(st.sampled_from(names)), "time": draw(minutes(0, 9))} for op in "abc"]
                through = through[: draw(st.integers(1, 3))]
                if draw(st.integers(1, 3)) == 1:
                    through[-1] = {"op": "again", "split": 2, "route": [through[-1]]}
                route.append({"op": f"lots{i}", "split": draw(st.integers(2, 4)), "route": through})
            route.append(step)
            if len(both) == 2 and draw(st.booleans()):
                step["time"] = {name: draw(minutes(1, 12)) for name in both}
            if i == 2 and draw(st.integers(1, 4)) == 1:
                before = [one for one in route if "at" in one][-2]
                before["then"] = draw(st.sampled_from([{"leave": 1}, {"scrap": 1}, {"goto": step["op"]}]))
            if first:
                step.pop("choose")
            if "max_wait" not in step:
                step.pop("if_overdue", None)
        if not bounded:
            for step in route[1:]:
                if "max_wait" in step and step.get("if_overdue") == "scrap":
                    step["if_overdue"] = {"rework": route[0]["op"]} if "at" in route[0] else "scrap"
                    step["max_wait"] = draw(minutes(5, 40))
        product = draw(
            keys(
                priority=sometimes(st.integers(-1, 2), among=2),
                due=sometimes(minutes(0, 300), among=2),
                family=sometimes(st.sampled_from(["f0", "f1"]), among=2),
            )
        )
        if kind == "orders":
            for o in range(draw(st.integers(1, 3))):
                more = draw(
                    keys(
                        quantity=st.integers(1, 12),
                        release=minutes(0, 400),
                        due=sometimes(minutes(0, 900)),
                        priority=sometimes(st.integers(0, 3)),
                    )
                )
                orders.append({"id": f"O{p}{o}", "product": f"p{p}"} | more)
        else:
            product["arrivals"] = {
                "every": f"every {draw(minutes(4, 40))}",
                "lots": {"every": draw(minutes(15, 90)), "lots": draw(st.integers(1, 5))},
                "conwip": f"conwip({draw(st.integers(1, 6))})",
                "saturate": "saturate",
            }[kind]
        products[f"p{p}"] = product | {"route": route}
    return {
        "calendars": {
            "day": {"daily": "01:00-04:00"},
            "early": {"mon": "00:00-02:00, 02:20-05:00"},
            "night": {"daily": "22:00-01:00"},
        },
        "operators": {
            "ann": draw(
                keys(
                    count=st.integers(1, 2),
                    skills=st.just(["any"]),
                    calendar=sometimes(st.sampled_from(["day", "early", "night"])),
                )
            ),
            "bob": draw(keys(count=st.integers(2, 3), skills=st.just("any"))),
        },
        "tools": {"jig": draw(st.integers(1, 3))},
        "materials": {
            "bar": draw(
                keys(
                    level=st.integers(0, 9),
                    places=sometimes(st.integers(9, 12)),
                    supply=keys(every=minutes(5, 30), lot=st.integers(1, 4)),
                )
            ),
            "kit": draw(keys(level=st.integers(0, 5), places=sometimes(st.integers(5, 12)))),
        },
        "stations": stations,
        "products": products,
        "orders": orders,
    }


def test_plain_simulator_gives_the_same_history():
    seen: Counter[str] = Counter()

    @hypothesis.given(documents())
    @hypothesis.settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate,),
    )
    def check(document):
        try:
            there = theirs(document)
        except twin.Error as error:
            if not str(error).startswith("deadlock"):
                raise
            seen["deadlock"] += 1
            hypothesis.reject()
        here = ours(document)
        for what, a, b in zip(("operations", "conditions", "lots"), there, here, strict=True):
            assert a == b, f"{what} of {json.dumps(document)}"
        seen["operations"] += len(here[0])
        seen["scrapped"] += sum(scrapped for *_, scrapped in here[2])
        seen.update(condition for conditions in here[1].values() for condition, *_ in conditions)

    check()
    assert seen["operations"] > 5000
    for condition in ("working", "setup", "waiting", "blocked", "starved", "down", "off", "scrapped"):
        assert seen[condition] > 50, condition


def test_plain_simulator_agrees_with_a_hand_made_trace():
    """So that both cannot be wrong in the same way: a line of two, one place between, by hand."""
    document = {
        "stations": {"a": {}, "b": {"queue": {"places": 1}}},
        "products": {
            "p": {"route": [{"at": "a", "time": "1 min"}, {"at": "b", "time": "3 min"}], "arrivals": "saturate"}
        },
    }
    operations = [
        ("p#1", "a", "a.1", 0, 0, 60),
        ("p#1", "b", "b.1", 60, 60, 240),
        ("p#2", "a", "a.1", 60, 60, 120),
        ("p#2", "b", "b.1", 120, 240, 420),
        ("p#3", "a", "a.1", 120, 120, 180),
        ("p#3", "b", "b.1", 240, 420, 600),
        ("p#4", "a", "a.1", 240, 240, 300),
        ("p#5", "a", "a.1", 420, 420, 480),
    ]
    for run in (ours, theirs):
        there = run(document, 600)
        assert there[0] == operations
        assert (
            there[1]["a.1"]
            == [
                ["working", 0, 180],
                ["blocked", 180, 240],
                ["working", 240, 300],
                ["blocked", 300, 420],
                ["working", 420, 480],
                ["blocked", 480, 600],
                ["working", 600, 600],
            ][:6]
        )
