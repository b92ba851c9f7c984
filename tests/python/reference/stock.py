"""Exact cost of inventory policies. Nothing here looks at the engine.

h and b are the cost of a unit at hand, and short, for a period; K that of an order.
"""

import functools

import numpy as np
from scipy import stats


def _cost_of(position: np.ndarray, demand: float, h: float, b: float) -> np.ndarray:
    """Give expected h * (position - D)+ + b * (D - position)+ for Poisson demand D."""
    ks = np.arange(int(demand + 40 * np.sqrt(demand) + 60))
    p = stats.poisson.pmf(ks, demand)
    over = position[:, None] - ks[None, :]
    return (np.where(over > 0, h * over, -b * over) * p).sum(axis=1)


def reviewed(
    mu: float,
    K: float,  # noqa: N803, as the model is written
    h: float,
    b: float,
    s: int | None = None,
    S: int | None = None,  # noqa: N803
    lead: int = 0,
) -> dict[str, float]:
    """Periodic review, Poisson(mu) demand each period, backlog; the best (s, S) unless given.

    Ordered up to S where the position is s or less, before the demand of the period; delivered `lead` periods later.
    Source: Y.-S. Zheng and A. Federgruen, Operations Research 39 (1991) 654: cost by the renewal of demands.
    """
    span = 12 * int(mu + np.sqrt(2 * K * mu / h) + 10)
    low = -span // 3
    cost = _cost_of(np.arange(low, span), mu * (lead + 1), h, b)
    p = stats.poisson.pmf(np.arange(span), mu)
    m = np.zeros(span)  # expected visits of S - j in a cycle
    m[0] = 1 / (1 - p[0])
    for j in range(1, span):
        m[j] = (m[:j][::-1] @ p[1 : j + 1]) / (1 - p[0])

    @functools.cache
    def long_run(low_level: int, level: int) -> float:
        j = np.arange(level - low_level)
        return (K + m[j] @ cost[level - j - low]) / m[j].sum()

    if s is None or S is None:
        _, s, S = min(  # noqa: N806
            (long_run(i, j), i, j) for i in range(low, int(mu * (lead + 2)) + 1) for j in range(i + 1, i + span // 4)
        )
    return {"cost": long_run(s, S), "s": s, "S": S}


def lots(lam: float, K: float, h: float, b: float, s: int, Q: int, lead: float) -> dict[str, float]:  # noqa: N803
    """Watched always, Poisson demand of single units: lots of Q ordered at s, delivered after a fixed lead time.

    Source: G. Hadley and T. Whitin, Analysis of Inventory Systems (1963), ch. 4: the position is uniform on s+1 .. s+Q.
    """
    ks = np.arange(int(lam * lead + 40 * np.sqrt(lam * lead) + 60))
    p = stats.poisson.pmf(ks, lam * lead)
    over = np.arange(s + 1, s + Q + 1)[:, None] - ks[None, :]
    level = (np.maximum(over, 0) * p).sum() / Q
    short = (np.maximum(-over, 0) * p).sum() / Q
    none_at_hand = ((over <= 0) * p).sum() / Q
    return {
        "level": level,
        "short": short,
        "asked_in_vain": none_at_hand * lam,
        "orders": lam / Q,
        "on_order": lam * lead,
        "cost": K * lam / Q + h * level + b * short,
    }


def one_for_one(lam: float, S: int, lead: float) -> dict[str, float]:  # noqa: N803
    """Serve from base stock S, Poisson demand, lead times of any distribution that may overtake each other.

    Source: C. Palm 1938 (what is on order is Poisson whatever the distribution of lead times).
    """
    ks = np.arange(int(lam * lead + 40 * np.sqrt(lam * lead) + 60))
    p = stats.poisson.pmf(ks, lam * lead)
    return {
        "level": (np.maximum(S - ks, 0) * p).sum(),
        "short": (np.maximum(ks - S, 0) * p).sum(),
        "share_short": (p * (ks > S)).sum(),
        "on_order": lam * lead,
    }
