"""Closed formulas of queueing theory. Each takes the parameters of a model and gives its exact figures by name.

W is the time in system, Wq the wait, L the number in system; lam are rates of arrival, mu of service, es and es2 the
first two moments of service. Nothing here looks at the engine.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import integrate


def mm1(lam: float, mu: float) -> dict[str, float]:
    """M/M/1. The variance constants are limits of span * var(mean over the span): Daley 1968, Whitt 1989."""
    rho = lam / mu
    w = 1 / (mu - lam)
    return {
        "L": rho / (1 - rho),
        "W": w,
        "Wq": rho * w,
        "W_q95": -math.log(0.05) * w,
        "var_const_L": 2 * rho * (1 + rho) / (1 - rho) ** 4 / mu,
        "var_const_Wq": rho * (2 + 5 * rho - 4 * rho**2 + rho**3) / (1 - rho) ** 4 / mu**2,
    }


def erlang_b(offered: float, c: int) -> float:
    """Share of arrivals that find all of c servers busy, with no queue."""
    b = 1.0
    for k in range(1, c + 1):
        b = offered * b / (k + offered * b)
    return b


def mmc(lam: float, mu: float, c: int) -> dict[str, float]:
    """M/M/c by Erlang C."""
    b, rho = erlang_b(lam / mu, c), lam / mu / c
    wait = b / (1 - rho * (1 - b))
    wq = wait / (c * mu - lam)
    return {"Pwait": wait, "Wq": wq, "L": lam * wq + lam / mu}


def mmcc(lam: float, mu: float, c: int) -> dict[str, float]:
    """M/M/c/c: Erlang B."""
    return {"Pblock": erlang_b(lam / mu, c)}


def mm1k(lam: float, mu: float, K: int) -> dict[str, float]:  # noqa: N803, as the model is written
    """M/M/1/K; K counts the customer in service, W is of those admitted."""
    p = (lam / mu) ** np.arange(K + 1)
    p /= p.sum()
    through, number = lam * (1 - p[-1]), float(p @ np.arange(K + 1))
    return {"Pblock": p[-1], "L": number, "throughput": through, "W": number / through}


def mg1(lam: float, es: float, cs2: float) -> dict[str, float]:
    """M/G/1 by Pollaczek and Khinchine; cs2 is the squared coefficient of variation of service."""
    wq = lam * es**2 * (1 + cs2) / 2 / (1 - lam * es)
    return {"Wq": wq, "W": wq + es, "L": lam * (wq + es)}


def gm1(kind: str, lam: float, mu: float) -> dict[str, float]:
    """GI/M/1: the root of r = A(mu (1 - r)), A the transform of the time between arrivals.

    kind: D at fixed times, E2 Erlang of two phases, U uniform from 0.
    """
    a = 1 / lam
    transform: Callable[[float], float] = {
        "D": lambda s: math.exp(-s * a),
        "E2": lambda s: (2 / (2 + s * a)) ** 2,
        "U": lambda s: (1 - math.exp(-2 * a * s)) / (2 * a * s),
    }[kind]
    r = 0.5
    for _ in range(10_000):
        r = transform(mu * (1 - r))
    w = 1 / mu / (1 - r)
    return {"Wq": r * w, "W": w}


def kingman(lam: float, va: float, es: float, vs: float) -> dict[str, float]:
    """G/G/1: an upper bound of the mean wait, from the variances between arrivals and of service."""
    return {"Wq_upper": lam * (va + vs) / 2 / (1 - lam * es)}


def mdc(lam: float, d: float, c: int) -> dict[str, float]:
    """M/D/c: the number in system seen every d is a chain (Crommelin), n' = max(n - c, 0) + Poisson(lam d)."""
    size = 60 * c + int(40 / (1 - lam * d / c))
    k = np.arange(size)
    poisson = np.exp(k * math.log(lam * d) - lam * d - np.array([math.lgamma(i + 1) for i in k]))
    step = np.zeros((size, size))
    for n in range(size):
        left = max(n - c, 0)
        step[n, left:] = poisson[: size - left]
    step[:, -1] += 1 - step.sum(axis=1)
    balance = np.vstack([step.T - np.eye(size), np.ones(size)])
    p = np.linalg.lstsq(balance, np.append(np.zeros(size), 1), rcond=None)[0]
    number = float(p @ k)
    return {"L": number, "Wq": number / lam - d}


def priority(lams: Sequence[float], es: Sequence[float], es2: Sequence[float]) -> dict[str, float]:
    """M/G/1, classes served in their order without interruption: Cobham 1954."""
    busy = np.concatenate([[0], np.cumsum(np.multiply(lams, es))])
    rest = np.dot(lams, es2) / 2
    return {f"Wq_{k + 1}": rest / (1 - busy[k]) / (1 - busy[k + 1]) for k in range(len(lams))}


def shortest_first(lam: float, mu: float) -> dict[str, float]:
    """M/M/1, of those waiting the one with the shortest time first, without interruption: Phipps 1956."""

    def wait(s: float) -> float:
        busy = lam / mu * (1 - (1 + mu * s) * math.exp(-mu * s))  # with lots no longer than s
        return lam / mu**2 / (1 - busy) ** 2 * mu * math.exp(-mu * s)

    wq = integrate.quad(wait, 0, math.inf)[0]
    return {"Wq": wq, "W": wq + 1 / mu, "L": lam * (wq + 1 / mu)}


def breakdowns(lam: float, es: float, es2: float, f: float, er: float, er2: float) -> dict[str, float]:
    """M/G/1 whose machine fails f times per unit of work and resumes after repair: Avi-Itzhak and Naor 1963."""
    stretch = 1 + f * er
    first, second = es * stretch, es2 * stretch**2 + es * f * er2
    return {"W": lam * second / 2 / (1 - lam * first) + first, "availability": 1 / stretch}


def jackson(
    gamma: Sequence[float],
    P: Sequence[Sequence[float]],  # noqa: N803, as the model is written
    mu: Sequence[float],
    c: Sequence[int],
) -> dict[str, float]:
    """Open network of M/M/c stations; P[i][j] from i to j, the rest leaves: Jackson 1957."""
    lam = np.linalg.solve(np.eye(len(mu)) - np.array(P).T, gamma)
    numbers = [mmc(rate, m, k)["L"] for rate, m, k in zip(lam, mu, c, strict=True)]
    total = sum(numbers)
    return {"L": total, "W": total / sum(gamma)} | {f"L_{i + 1}": n for i, n in enumerate(numbers)}


def closed(v: Sequence[float], s: Sequence[float], c: Sequence[int], n: int) -> dict[str, float]:
    """Circulate n jobs among stations of c servers, v visits of mean s each: Buzen's convolution."""
    g = np.eye(1, n + 1)[0]
    for visits, mean, servers in zip(v, s, c, strict=True):
        factor = np.ones(n + 1)
        for k in range(1, n + 1):
            factor[k] = factor[k - 1] * visits * mean / min(k, servers)
        g = np.convolve(g, factor)[: n + 1]
    rate = g[n - 1] / g[n]
    return {"throughput": rate, "cycle_time": n / rate}


def conwip(mu: float, M: int, w: int) -> dict[str, float]:  # noqa: N803, as the model is written
    """Circulate w lots in a line of M equal exponential stations: the practical worst case of Hopp and Spearman."""
    rate = mu * w / (w + M - 1)
    return {"throughput": rate, "cycle_time": w / rate}


def repair(N: int, c: int, lam: float, mu: float) -> dict[str, float]:  # noqa: N803, as the model is written
    """N machines that fail at rate lam while up, c repairers: Palm's machine interference."""
    p = np.ones(N + 1)
    for k in range(1, N + 1):
        p[k] = p[k - 1] * (N - k + 1) * lam / (min(k, c) * mu)
    p /= p.sum()
    down = float(p @ np.arange(N + 1))
    return {
        "mean_down": down,
        "availability": 1 - down / N,
        "crew_util": float(p @ np.minimum(np.arange(N + 1), c)) / c,
        "mean_downtime": down / (lam * (N - down)),
    }


def two_units(lam: float, mu: float) -> dict[str, float]:
    """Two units of which one runs while the other stands by, one repairer: up while one runs."""
    share = lam / mu
    return {"availability": (1 + share) / (1 + share + share**2), "MTTF": (2 * lam + mu) / lam**2}


def batches(lam: float, mu: float, ex: float, ex2: float) -> dict[str, float]:
    """M^X/M/1: lam batches a time of X lots, first two moments ex and ex2; W of a lot (Gross et al., bulk input)."""
    rho = lam * ex / mu
    number = rho * (1 + ex2 / ex) / 2 / (1 - rho)
    return {"L": number, "W": number / lam / ex}


def impatient(lam: float, mu: float, c: int, theta: float) -> dict[str, float]:
    """M/M/c+M: who waits leaves at rate theta; Palm's Erlang A, as in Garnett, Mandelbaum and Reiman 2002."""
    n = np.arange(1, int(c + 40 + 20 * lam / min(mu, theta)))
    logs = np.cumsum(np.log(lam / (np.minimum(n, c) * mu + np.maximum(n - c, 0) * theta)))
    p = np.exp(np.append(0, logs) - max(0, logs.max()))
    p /= p.sum()
    waiting = float(p[1:] @ np.maximum(n - c, 0))
    return {"Pabandon": theta * waiting / lam, "Lq": waiting}


def fork_join(lam: float, mu: float) -> dict[str, float]:
    """Each arrival puts a task before each of two M/M/1 and leaves when both are done: Flatto and Hahn 1984."""
    return {"R": (12 - lam / mu) / 8 / (mu - lam)}


def longest(rates: Sequence[float]) -> float:
    """Mean of the longest of independent exponential times, by inclusion and exclusion."""
    sets = itertools.chain.from_iterable(itertools.combinations(rates, k) for k in range(1, len(rates) + 1))
    return sum((-1) ** (len(some) + 1) / sum(some) for some in sets)


def polling(
    N: int,  # noqa: N803, as the model is written
    lam: float,
    b: float,
    b2: float,
    r: float,
    var_r: float = 0,
    kind: str = "exhaustive",
) -> dict[str, float]:
    """Wait in N queues alike, served in turn, with the way r from each to the next (Takagi 1986).

    kind: exhaustive, gated, or limited, which is one customer of each visit.
    """
    rho = N * lam * b
    if kind == "exhaustive":
        wait = (N * lam * b2 + r * (N - rho)) / (2 * (1 - rho))
    elif kind == "gated":
        wait = (N * lam * b2 + r * (N + rho)) / (2 * (1 - rho))
    else:
        wait = (N * lam * b2 + r * (N + rho) + N * lam * var_r) / (2 * (1 - rho - N * lam * r))
    return {"Wq": var_r / (2 * r) + wait}


def preemptive_priority(lams: Sequence[float], es: Sequence[float], es2: Sequence[float]) -> dict[str, float]:
    """Time in system by class, class 1 first, which takes the server; others resume (White and Christie 1958)."""
    out = {}
    for k in range(len(lams)):
        before = sum(lam * s for lam, s in zip(lams[:k], es[:k], strict=True))
        through = before + lams[k] * es[k]
        left = sum(lam * s2 for lam, s2 in zip(lams[: k + 1], es2[: k + 1], strict=True)) / 2
        out[f"W_{k + 1}"] = es[k] / (1 - before) + left / ((1 - before) * (1 - through))
    return out


def restarted(lam: float, b: float, d: float) -> dict[str, float]:
    """Rate of jobs of constant work d that begin anew whenever Poisson customers of mean work b take the server."""
    return {"throughput": 1 / (math.expm1(lam * d) * (1 / lam + b / (1 - lam * b)))}
