"""The models of `queues` and `chains` as plants: from the same parameters to YAML, time unit a minute.

Each function gives the text, and how the figures of the model are read off a `twin.Result`: name -> one value per
replication, in minutes.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

import twin
from reference import stock

Reading = dict[str, Callable[[twin.Result], np.ndarray]]
MINUTE = 60.0


def mm1(lam, mu):
    return _single(lam, f"exponential(rate {mu} per min)"), _QUEUE | {"W_q95": _time("part.cycle_time.p95")}


def mmc(lam, mu, c):
    return _single(lam, f"exponential(rate {mu} per min)", f"machines: {c}"), _QUEUE


def mmcc(lam, mu, c):
    text = _single(lam, f"exponential(rate {mu} per min)", f"machines: {c}, queue: {{places: 0, if_full: lose}}")
    return text, {"Pblock": _lost}


def mm1k(lam, mu, K):  # noqa: N803, as the model is written
    text = _single(lam, f"exponential(rate {mu} per min)", f"queue: {{places: {K - 1}, if_full: lose}}")
    return text, {"Pblock": _lost, "throughput": _rate("part.throughput")} | _QUEUE


def mg1(lam, es, cs2):
    return _single(lam, span(es, cs2)), _QUEUE


def gm1(kind, lam, mu):
    between = {
        "D": f"{1 / lam} min",
        "E2": f"erlang(k 2, mean {1 / lam} min)",
        "U": f"uniform(0 min, {2 / lam} min)",
    }[kind]
    return _single(lam, f"exponential(rate {mu} per min)", between=between), _QUEUE


def kingman(lam, va, es, vs):
    """Build uniform times of these moments between arrivals and of service."""
    a, s = math.sqrt(3 * va), math.sqrt(3 * vs)
    between = f"uniform({1 / lam - a:.12g} min, {1 / lam + a:.12g} min)"
    return _single(lam, f"uniform({es - s:.12g} min, {es + s:.12g} min)", between=between), {"Wq_upper": _QUEUE["Wq"]}


def mdc(lam, d, c):
    return _single(lam, f"{d} min", f"machines: {c}"), _QUEUE


def priority(lams, es, es2):
    products = [
        f'  class{k + 1}: {{priority: {-k}, route: [{{at: mill, time: "{span(m, m2 / m**2 - 1, "gamma")}"}}], '
        f"arrivals: every exponential(rate {lam} per min)}}\n"
        for k, (lam, m, m2) in enumerate(zip(lams, es, es2, strict=True))
    ]
    text = "stations: {mill: {queue: {rule: priority}}}\nproducts:\n" + "".join(products)
    return text, {f"Wq_{k + 1}": _time(f"class{k + 1}.waiting_time") for k in range(len(lams))}


def last_come(lam, mu):
    return _single(lam, f"exponential(rate {mu} per min)", "queue: {rule: lifo}"), _QUEUE


def shortest_first(lam, mu):
    return _single(lam, f"exponential(rate {mu} per min)", "queue: {rule: spt(known)}"), _QUEUE


def shortest_expected_first(lams, es, es2):
    """Build the classes of `priority` for a rule that looks at their mean times, not at a priority."""
    text, reading = priority(lams, es, es2)
    return text.replace("rule: priority", "rule: spt"), reading


def queue_with_stops(lam, mu, f, r):
    fails = f"after: exponential(rate {f} per min) of time, repair: exponential(rate {r} per min)"
    text = _single(lam, f"exponential(rate {mu} per min)", f"failures: [{{{fails}}}]")
    return text, _QUEUE | {"down": _plain("mill.share.down")}


def breakdowns(lam, es, es2, f, er, er2):
    repair = span(er, er2 / er**2 - 1, "gamma")
    fails = f'failures: [{{after: exponential(rate {f} per min) of work, repair: "{repair}"}}]'
    text = _single(lam, span(es, es2 / es**2 - 1, "gamma"), fails)

    def availability(result):
        working, down = (result[f"mill.share.{condition}"].sample for condition in ("working", "down"))
        return working / (working + down)

    return text, {"W": _QUEUE["W"], "availability": availability}


def jackson(gamma, P, mu, c):  # noqa: N803, as the model is written
    """Build a product for each place where lots come in; all have the same steps, their own first."""
    n = len(mu)
    stations = "".join(f"  s{i + 1}: {{machines: {c[i]}}}\n" for i in range(n))
    products = ""
    entries = [i for i in range(n) if gamma[i] > 0]
    for entry in entries:
        products += f"  from{entry + 1}:\n    arrivals: every exponential(rate {gamma[entry]} per min)\n    route:\n"
        for i in (entry, *(j for j in range(n) if j != entry)):
            ways = ", ".join(f"s{j + 1}: {P[i][j]}" for j in range(n) if P[i][j] > 0)
            then = (f"goto: {{{ways}}}, " if ways else "") + f"leave: {round(1 - sum(P[i]), 12)}"
            products += f"      - {{at: s{i + 1}, time: exponential(rate {mu[i]} per min), then: {{{then}}}}}\n"

    def at(i):
        return lambda result: result[f"s{i + 1}.queue_length"].sample + c[i] * result[f"s{i + 1}.utilisation"].sample

    reading: Reading = {"L": _plain("plant.wip"), "W": _time("plant.cycle_time")}
    return f"stations:\n{stations}products:\n{products}", reading | {f"L_{i + 1}": at(i) for i in range(n)}


def closed(v, s, c, n):
    """Build stations in a circle; visits above one are repetitions."""
    stations = "".join(f"  s{i + 1}: {{machines: {servers}}}\n" for i, servers in enumerate(c))
    steps = "".join(
        f"      - {{at: s{i + 1}, time: exponential({s[i]} min), then: {{rework: {{s{i + 1}: {1 - 1 / v[i]}}}}}}}\n"
        if v[i] > 1
        else f"      - {{at: s{i + 1}, time: exponential({s[i]} min)}}\n"
        for i in range(len(v))
    )
    text = f"stations:\n{stations}products:\n  part:\n    arrivals: conwip({n})\n    route:\n{steps}"
    return text, {"throughput": _rate("part.throughput"), "cycle_time": _time("part.cycle_time")}


def conwip(mu, M, w):  # noqa: N803, as the model is written
    return closed([1] * M, [1 / mu] * M, [1] * M, w)


def batches(lam, mu, ex, ex2):
    """Build batches of one size, or of 1 and another where the moments ask for it."""
    lots = f"{ex}"
    if ex2 != ex**2:
        most = round((ex2 - 1) / (ex - 1)) - 1
        share = (ex - 1) / (most - 1)
        lots = f'"discrete(1: {1 - share}, {most}: {share})"'
    return _single(lam, f"exponential(rate {mu} per min)", lots=lots), _QUEUE


def impatient(lam, mu, c, theta):
    text = _single(lam, f"exponential(rate {mu} per min)", f"machines: {c}")
    text = text.replace("at: mill", f"at: mill, max_wait: exponential(rate {theta} per min)")

    def left(result):
        overdue = result["mill.overdue"].sample
        return overdue / (overdue + result["mill.visits"].sample)

    return text, {"Pabandon": left, "Lq": _plain("mill.queue_length")}


def fork_join(lam, mu):
    branches = ", ".join(f"{b}: [{{at: {b}, time: exponential(rate {mu} per min)}}]" for b in ("left", "right"))
    text = f"""
stations: {{left: {{}}, right: {{}}}}
products: {{part: {{route: [{{parallel: {{{branches}}}}}], arrivals: every exponential(rate {lam} per min)}}}}
"""
    return text, {"R": _time("part.cycle_time")}


def assembly(lam, mu, K, in_work=True):  # noqa: N803, as the model is written
    """Build stores as material; where parts in work still stand in them they are looked at first and taken last."""
    stores = "".join(
        f"  m{i + 1}: {{places: {k}, supply: {{every: exponential(rate {rate} per min)}}}}\n"
        for i, (rate, k) in enumerate(zip(lam, K, strict=True))
    )
    both = "{m1: 1, m2: 1}"
    mount = f"op: mount, at: bench, time: exponential(rate {mu} per min)"
    steps = [f"{mount}, uses: {both}"]
    if in_work:
        look, back = (
            f"op: {op}, at: bench, time: 0 s, {how}: {both}" for op, how in (("look", "uses"), ("back", "makes"))
        )
        steps = [look, back, mount, look.replace("look", "take")]
    route = "".join(f"      - {{{step}}}\n" for step in steps)
    text = f"materials:\n{stores}stations: {{bench: {{}}}}\nproducts:\n  part:\n    arrivals: conwip(1)\n"
    levels: Reading = {f"level_{i}": _plain(f"m{i}.level") for i in (1, 2)}
    return f"{text}    route:\n{route}", {"throughput": _rate("part.throughput")} | levels


def repair_by_crew(N, c, lam, mu):  # noqa: N803, as the model is written
    """Build machines that fail by the clock and wait for a repairer."""
    fails = f"after: exponential(rate {lam} per min) of time, repair: exponential(rate {mu} per min), needs: crew"
    text = f"""
operators: {{crew: {c}}}
stations: {{shop: {{machines: {N}, failures: [{{{fails}}}]}}}}
products: {{part: {{route: [{{at: shop, time: 10 min}}], arrivals: saturate}}}}
"""
    down = _plain("shop.share.down")
    return text, {
        "mean_down": lambda result: N * down(result),
        "availability": lambda result: 1 - down(result),
        "crew_util": _plain("crew.utilisation"),
        "mean_downtime": lambda result: down(result) / (1 - down(result)) / lam,
    }


def repair(N, c, lam, mu):  # noqa: N803, as the model is written
    """Build machines as lots that circle between running and repair."""
    text, _ = closed([1, 1], [1 / lam, 1 / mu], [N, c], N)

    def down(result):
        return result["s2.queue_length"].sample + c * result["s2.utilisation"].sample

    return text, {
        "mean_down": down,
        "availability": lambda result: 1 - down(result) / N,
        "crew_util": _plain("s2.utilisation"),
        "mean_downtime": lambda result: down(result) / result["part.throughput"].sample / MINUTE,
    }


def two_units(lam, mu):
    """Build units as lots: one place to run, one to be repaired."""
    text, _ = closed([1, 1], [1 / lam, 1 / mu], [1, 1], 2)
    return text, {"availability": _plain("s1.utilisation")}


def exponential_line(mu, B, f=None, r=None):  # noqa: N803, as the model is written
    stations = ""
    for i in range(len(mu)):
        keys = [f"queue: {{places: {B[i - 1]}}}"] if i else []
        if f is not None:
            after = f"exponential(rate {f[i]} per min) of work"
            keys.append(f"failures: [{{after: {after}, repair: exponential(rate {r[i]} per min)}}]")
        stations += f"  m{i + 1}: {{{', '.join(keys)}}}\n"
    steps = "".join(f"      - {{at: m{i + 1}, time: exponential(rate {rate} per min)}}\n" for i, rate in enumerate(mu))
    text = f"stations:\n{stations}products:\n  part:\n    arrivals: saturate\n    route:\n{steps}"
    return text, {"throughput": _rate("part.throughput"), "wip": _plain("part.wip")}


def preemptive_priority(lams, es, es2):
    """Build the classes of `priority`, the first of which take the machine from the others."""
    text, _ = priority(lams, es, es2)
    text = text.replace("rule: priority", "rule: priority, preempt: resume")
    assert "preempt" in text
    return text, {f"W_{k + 1}": _time(f"class{k + 1}.cycle_time") for k in range(len(lams))}


def restarted(lam, b, d):
    """Build a source that always has a job, and customers who go before."""
    text = f"""
stations: {{mill: {{queue: {{rule: "priority(quick, slow)", preempt: restart}}}}}}
products:
  quick: {{arrivals: every exponential(rate {lam} per min), route: [{{at: mill, time: exponential({b} min)}}]}}
  slow: {{arrivals: saturate, route: [{{at: mill, time: {d} min}}]}}
"""
    return text, {"throughput": _rate("slow.throughput")}


def polling(N, lam, b, b2, r, var_r=0, kind="exhaustive"):  # noqa: N803, as the model is written
    """Build a product for each queue."""
    change = span(r, var_r / r**2, "gamma")
    serve = "limited(1)" if kind == "limited" else kind
    text = f'stations: {{server: {{polling: {{change: "{change}", serve: {serve}}}}}}}\nproducts:\n'
    time = span(b, b2 / b**2 - 1, "gamma")
    for i in range(N):
        text += (
            f'  q{i}: {{arrivals: every exponential(rate {lam} per min), route: [{{at: server, time: "{time}"}}]}}\n'
        )

    def wait(result):
        return sum(result[f"q{i}.waiting_time"].sample for i in range(N)) / N / MINUTE

    return text, {"Wq": wait}


def bernoulli_line(p, N):  # noqa: N803, as the model is written
    """Build machines that are up in each slot by chance, and take a part only in a slot in which they work."""
    stations = ""
    for i, up in enumerate(p):
        keys = ["cycle: 1 min", "blocking: before"]
        if i:
            keys.append(f"queue: {{places: {N[i - 1]}}}")
        if up < 1:
            after = f"geometric({1 - up!r}, 1 min) of time"
            keys.append(f'failures: [{{after: "{after}", repair: "geometric({up!r}, 1 min)"}}]')
        stations += f"  m{i + 1}: {{{', '.join(keys)}}}\n"
    steps = "".join(f"      - {{at: m{i + 1}, time: 1 min}}\n" for i in range(len(p)))
    text = f"stations:\n{stations}products:\n  part:\n    arrivals: saturate\n    route:\n{steps}"

    def wip(result):
        return sum(
            result[f"m{i}.queue_length"].sample + result[f"m{i}.share.working"].sample for i in range(2, len(p) + 1)
        )

    return text, {"PR": _rate("part.throughput"), "WIP": wip}


def deterministic_line(p, r, N):  # noqa: N803, as the model is written
    """Build two machines of which the second holds one of the N parts."""
    stations = ""
    for i in (0, 1):
        after = f"geometric({p[i]!r}, 1 min) of work"
        keys = [f'failures: [{{after: "{after}", repair: "geometric({r[i]!r}, 1 min)"}}]', "blocking: before"]
        if i:
            keys.append(f"queue: {{places: {N - 1}}}")
        if N > 1:
            keys.append("cycle: 1 min")
        stations += f"  m{i + 1}: {{{', '.join(keys)}}}\n"
    steps = "".join(f"      - {{at: m{i + 1}, time: 1 min}}\n" for i in (0, 1))
    text = f"stations:\n{stations}products:\n  part:\n    arrivals: saturate\n    route:\n{steps}"

    def buffer(result):
        return sum(result[f"m2.{figure}"].sample for figure in ("queue_length", "share.working", "share.down"))

    return text, {"throughput": _rate("part.throughput"), "mean_buffer": buffer}


def span(mean: float, cv2: float, family: str = "lognormal") -> str:
    """Give a time of this mean and squared coefficient of variation."""
    if abs(cv2) < 1e-12:
        return f"{mean} min"
    if family == "gamma" and abs(cv2 - 1) < 1e-12:
        return f"exponential({mean} min)"
    return f"{family}(mean {mean} min, cv {math.sqrt(cv2)})"


def reviewed(mu, K, h, b, s=None, S=None, lead=0):  # noqa: N803
    """Build Poisson demand each minute, just after the review; what is not at hand is waited for."""
    best = stock.reviewed(mu, K, h, b, s, S, lead)
    s, S = best["s"], best["S"]  # noqa: N806
    n = int(mu + 12 * math.sqrt(mu) + 12)
    lots = ", ".join(f"{k}: {p:.17g}" for k, p in enumerate(stats.poisson.pmf(range(n), mu)))
    policy = f"at: {s}, up_to: {S}, review: 1 min, lead: {lead} min, cost: {K} EUR"
    return _shop(f"level: {max(S, 0)}, reorder: {{{policy}}}", h, b, f'{{every: 1 min, lots: "discrete({lots})"}}'), {
        "cost": _per_minute("plant.cost")
    }


def lots(lam, K, h, b, s, Q, lead):  # noqa: N803
    policy = f"level: {max(s + Q, 0)}, reorder: {{at: {s}, lot: {Q}, lead: {lead} min, cost: {K} EUR}}"
    return _shop(policy, h, b, f'"every exponential(rate {lam} per min)"'), _STOCK | {
        "cost": _per_minute("plant.cost"),
        "orders": _per_minute("stock.orders"),
        "asked_in_vain": _per_minute("stock.shortages"),
    }


def one_for_one(lam, S, lead):  # noqa: N803
    policy = f"level: {S}, reorder: {{at: {S - 1}, up_to: {S}, lead: exponential({lead} min)}}"
    return _shop(policy, 0, 0, f'"every exponential(rate {lam} per min)"'), _STOCK | {
        "share_short": _plain("stock.share.short")
    }


def worn_machine(mu, f, speed, scrap, r, care=None, by="work"):
    states = []
    for k, rate in enumerate(f):
        free = f", repair: exponential(rate {care[1]} per min), when: free" if care and care[0] == k else ""
        lasts = f"exponential(rate {rate} per min) of {by}"
        states.append(f'{{state: in{k}, lasts: "{lasts}", speed: {speed[k]}, scrap: {scrap[k]}{free}}}')
    states.append(f"{{state: in{len(f)}, repair: exponential(rate {r} per min)}}")
    text = (
        f"stations: {{mill: {{degradation: [{', '.join(states)}]}}}}\n"
        f"products: {{part: {{route: [{{at: mill, time: exponential(rate {mu} per min)}}], arrivals: saturate}}}}\n"
    )
    return text, {
        "throughput": _rate("part.throughput"),
        "scrapped": lambda r: (
            r["part.scrapped"].sample * r["part.throughput"].sample * MINUTE / r["part.completed"].sample
        ),
        "down": _plain("mill.share.down"),
    } | {f"in{k}": _plain(f"mill.share.in{k}") for k in range(len(f) + 1)}


def maintained_machine(mu, every, takes, by="work"):
    due = f"{every} of lots" if by == "lots" else f"{every} min of {by}"
    text = (
        f"stations: {{mill: {{maintenance: [{{every: {due}, takes: exponential({takes} min)}}]}}}}\n"
        f"products: {{part: {{route: [{{at: mill, time: exponential(rate {mu} per min)}}], arrivals: saturate}}}}\n"
    )
    return text, {"throughput": _rate("part.throughput"), "down": _plain("mill.share.down")}


def _shop(material: str, h: float, b: float, arrivals: str) -> str:
    """Give customers who take a unit each as soon as there is one; all who wait stand at the desk."""
    return (
        f"materials: {{stock: {{{material}, holding: {h} EUR/min, shortage: {b} EUR/min}}}}\n"
        "stations: {desk: {machines: 400, uses: stock}}\n"
        f"products: {{customer: {{route: [{{at: desk, time: 0 s}}], arrivals: {arrivals}}}}}\n"
    )


def _per_minute(metric: str) -> Callable[[twin.Result], np.ndarray]:
    """Give a sum by time measured, which the throughput of customers tells."""
    return lambda r: (
        r[metric].sample * r["customer.throughput"].sample * MINUTE / np.maximum(r["customer.completed"].sample, 1)
    )


def _single(lam: float, time: str, station: str = "", between: str = "", lots: str = "") -> str:
    between = between or f"exponential(rate {lam} per min)"
    arrivals = f'{{every: "{between}", lots: {lots}}}' if lots else f'"every {between}"'
    return (
        f"stations: {{mill: {{{station}}}}}\n"
        f'products: {{part: {{route: [{{at: mill, time: "{time}"}}], arrivals: {arrivals}}}}}\n'
    )


def _plain(metric: str) -> Callable[[twin.Result], np.ndarray]:
    return lambda result: result[metric].sample


def _time(metric: str) -> Callable[[twin.Result], np.ndarray]:
    return lambda result: result[metric].sample / MINUTE


def _rate(metric: str) -> Callable[[twin.Result], np.ndarray]:
    return lambda result: result[metric].sample * MINUTE


def _lost(result: twin.Result) -> np.ndarray:
    lost = result["mill.lost"].sample
    return lost / (lost + result["mill.visits"].sample)


_STOCK: Reading = {
    "level": _plain("stock.level"),
    "short": _plain("stock.short"),
    "on_order": _plain("stock.on_order"),
}
_QUEUE: Reading = {"L": _plain("part.wip"), "W": _time("part.cycle_time"), "Wq": _time("part.waiting_time")}
