"""Production lines as finite Markov chains, solved directly."""

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve


def queue_with_stops(lam: float, mu: float, f: float, r: float) -> dict[str, float]:
    """M/M/1 whose machine stops by the clock at rate f, idle or not, and runs again at rate r; work is resumed.

    Truncated where almost no probability is left.
    """
    size = int(60 / (1 - lam / mu * (1 + f / r)))
    moves = []
    for n in range(size):
        up, down = 2 * n, 2 * n + 1
        moves += [(up, down, f), (down, up, r)]
        if n + 1 < size:
            moves += [(up, up + 2, lam), (down, down + 2, lam), (up + 2, up, mu)]
    p = _stationary(2 * size, moves)
    number = float(p @ np.repeat(np.arange(size), 2))
    return {"L": number, "W": number / lam, "down": f / (f + r)}


def assembly(
    lam: Sequence[float],
    mu: float,
    K: Sequence[int],  # noqa: N803, as the model is written
    in_work: bool = True,
) -> dict[str, float]:
    """Two Poisson streams into stores of K, what finds one full is lost; assembly takes one of each at rate mu.

    in_work: parts in assembly still stand in their stores (Som, Wilhelm and Disney 1994); else they have left them.
    """
    busy = (0,) if in_work else (0, 1)  # of the second kind: with parts that have left their stores
    states = [(i, j, b) for i in range(K[0] + 1) for j in range(K[1] + 1) for b in busy if in_work or b or not i * j]
    places = {state: n for n, state in enumerate(states)}

    def begun(i: int, j: int, b: int) -> int:
        return places[(i - 1, j - 1, 1) if not in_work and i * j > 0 and b == 0 else (i, j, b)]

    moves = []
    rates = np.zeros(len(states))
    for state, (i, j, b) in enumerate(states):
        if i < K[0]:
            moves.append((state, begun(i + 1, j, b), lam[0]))
        if j < K[1]:
            moves.append((state, begun(i, j + 1, b), lam[1]))
        if b or (in_work and i * j > 0):
            moves.append((state, begun(i, j, 0) if b else places[i - 1, j - 1, 0], mu))
            rates[state] = mu
    p = _stationary(len(states), moves)
    level = [float(p @ np.array(states)[:, k]) for k in (0, 1)]
    return {"throughput": float(p @ rates), "level_1": level[0], "level_2": level[1]}


def bernoulli_line(p: Sequence[float], N: Sequence[int]) -> dict[str, float]:  # noqa: N803, as the model is written
    """Machines that work in each slot with probability p[i], N[i] places between i and i + 1, blocked before service.

    The first is never starved, the last never blocked. A machine works if it is up, has a part before it, and behind
    it a place, or a machine that takes a part in the same slot.
    """
    machines = len(p)
    states = list(itertools.product(*(range(n + 1) for n in N)))
    places = {state: k for k, state in enumerate(states)}
    matrix = np.zeros((len(states), len(states)))
    rate = np.zeros(len(states))
    for state in states:
        for up in itertools.product((False, True), repeat=machines):
            chance = float(np.prod([p[i] if up[i] else 1 - p[i] for i in range(machines)]))
            works = [False] * machines
            for i in reversed(range(machines)):
                room = i == machines - 1 or state[i] < N[i] or works[i + 1]
                works[i] = up[i] and room and (i == 0 or state[i - 1] > 0)
            after = tuple(state[i] + works[i] - works[i + 1] for i in range(machines - 1))
            matrix[places[state], places[after]] += chance
            rate[places[state]] += chance * works[-1]
    q = _stationary_slots(matrix)
    return {"PR": float(q @ rate), "WIP": float(q @ np.array(states).sum(axis=1))}


def deterministic_line(
    p: Sequence[float],
    r: Sequence[float],
    N: int,  # noqa: N803, as the model is written
) -> dict[str, float]:
    """Two machines with unit cycles: failures p per cycle of work, repairs r per cycle (Gershwin 1994, chapter 3).

    In a cycle machines fail or are repaired first, then parts move; what was full or empty before that counts.
    """
    states = list(itertools.product(range(N + 1), (0, 1), (0, 1)))
    places = {state: k for k, state in enumerate(states)}
    matrix = np.zeros((len(states), len(states)))
    rate = np.zeros(len(states))
    for n, *up in states:
        may = (n < N, n > 0)
        for now in itertools.product((0, 1), (0, 1)):
            chance = 1.0
            for i in (0, 1):
                stays_up = 1 - p[i] if may[i] else 1.0
                chance *= (stays_up if now[i] else 1 - stays_up) if up[i] else (r[i] if now[i] else 1 - r[i])
            after = (n + (now[0] and may[0]) - (now[1] and may[1]), *now)
            if chance > 0:
                matrix[places[n, up[0], up[1]], places[after]] += chance
                rate[places[n, up[0], up[1]]] += chance * (now[1] and may[1])
    q = _stationary_slots(matrix)
    return {"throughput": float(q @ rate), "mean_buffer": float(q @ np.array(states)[:, 0])}


def _stationary_slots(matrix: np.ndarray) -> np.ndarray:
    """Solve q P = q, sum q = 1."""
    size = len(matrix)
    equations = np.vstack([(matrix.T - np.eye(size))[:-1], np.ones(size)])
    return np.linalg.solve(equations, np.eye(1, size, size - 1)[0])


WAITING, WORKING, DOWN, DONE = range(4)  # what a machine does; DONE: holds a finished part that has nowhere to go


def exponential_line(
    mu: Sequence[float],
    B: Sequence[int],  # noqa: N803, as the model is written
    f: Sequence[float] | None = None,
    r: Sequence[float] | None = None,
) -> dict[str, float]:
    """Machines in a row with exponential work, B[i] places between i and i + 1, blocking after service.

    The first is never starved, the last never blocked. f: failures per unit of work, r: repairs per unit of time; the
    part is kept and its work resumed. wip counts every part once, wherever it stands.
    """
    n = len(mu)
    f = [0.0] * n if f is None else f
    r = [1.0] * n if r is None else r
    start = _settle([WORKING] + [WAITING] * (n - 1), [0] * (n - 1), B)
    places, open_ones, moves = {start: 0}, [start], []
    while open_ones:
        state = open_ones.pop()
        machines, buffers = state
        for i, doing in enumerate(machines):
            for rate, then in _changes(doing, mu[i], f[i], r[i]):
                changed = [*machines[:i], then, *machines[i + 1 :]]
                after = _settle(changed, list(buffers), B)
                if after not in places:
                    places[after] = len(places)
                    open_ones.append(after)
                moves.append((places[state], places[after], rate))
    p = _stationary(len(places), moves)
    states = list(places)
    working = np.array([machines[-1] == WORKING for machines, _ in states])
    parts = np.array([sum(buffers) + sum(m != WAITING for m in machines) for machines, buffers in states])
    return {"throughput": float(mu[-1] * p @ working), "wip": float(p @ parts)}


def _changes(doing: int, mu: float, f: float, r: float) -> list[tuple[float, int]]:
    if doing == WORKING:
        return [(mu, DONE), (f, DOWN)] if f else [(mu, DONE)]
    return [(r, WORKING)] if doing == DOWN else []


def _settle(machines: list[int], buffers: list[int], limits: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Move parts until none can move."""
    last, moved = len(machines) - 1, True
    while moved:
        moved = False
        for i in range(last, -1, -1):
            if machines[i] == DONE and (i == last or buffers[i] < limits[i] or machines[i + 1] == WAITING):
                machines[i], moved = WAITING, True
                if i < last and machines[i + 1] == WAITING and buffers[i] == 0:
                    machines[i + 1] = WORKING
                elif i < last:
                    buffers[i] += 1
            if machines[i] == WAITING and (i == 0 or buffers[i - 1] > 0):
                machines[i], moved = WORKING, True
                if i:
                    buffers[i - 1] -= 1
    return tuple(machines), tuple(buffers)


def _stationary(size: int, moves: Sequence[tuple[int, int, float]]) -> np.ndarray:
    """Solve p Q = 0, sum p = 1; the last balance equation gives way to the sum."""
    source, target, rate = (np.array(column) for column in zip(*moves, strict=True))
    rows, columns = np.append(target, source), np.append(source, source)
    values = np.append(rate, -rate)
    kept = rows < size - 1
    rows = np.append(rows[kept], np.full(size, size - 1))
    columns = np.append(columns[kept], np.arange(size))
    values = np.append(values[kept], np.ones(size))
    return spsolve(csc_matrix((values, (rows, columns)), shape=(size, size)), np.eye(1, size, size - 1)[0])


def worn_machine(mu, f, speed, scrap, r, care=None, by="work"):
    """One machine, always busy, that wears through states with rates f and is repaired, at rate r, after the last.

    An operation has the speed of the state in which it began, and spoils its lot with the probability of that in which
    it ends. `care`: (state, rate): in that state the machine is maintained between operations, and as new afterwards.
    """
    n = len(f)
    states = [("work", level, pace) for level in range(n) for pace in range(n)]
    states += [("repair", n, pace) for pace in range(n)] + [("care", care[0] if care else 0, 0)]
    index = {state: i for i, state in enumerate(states)}
    q = np.zeros((len(states), len(states)))
    for kind, level, pace in states:
        i = index[kind, level, pace]
        if kind == "work":
            cared = care is not None and level == care[0]
            q[i, index["care", level, 0] if cared else index["work", level, level]] += mu * speed[pace]
            worse = ("work", level + 1, pace) if level + 1 < n else ("repair", n, pace)
            q[i, index[worse]] += f[level]
        elif kind == "repair":
            q[i, index["work", 0, pace]] += r
        else:
            q[i, index["work", 0, 0]] += care[1] if care else 1
    q -= np.diag(q.sum(axis=1))
    p = np.linalg.lstsq(np.vstack([q.T, np.ones(len(states))]), np.r_[np.zeros(len(states)), 1], rcond=None)[0]
    done = [p[index[s]] * mu * speed[s[2]] if s[0] == "work" else 0.0 for s in states]
    values = {
        "throughput": sum(x * (1 - scrap[s[1]]) for x, s in zip(done, states, strict=True) if s[0] == "work"),
        "scrapped": sum(x * scrap[s[1]] for x, s in zip(done, states, strict=True) if s[0] == "work"),
        "down": sum(p[index[s]] for s in states if s[0] != "work"),
    }
    return values | {f"in{k}": sum(p[index[s]] for s in states if s[1] == k) for k in range(n + 1)}


def maintained_machine(mu, every, takes, by="work"):
    """One machine, always busy, maintained for `takes` when the operation has ended in which `every` is over.

    By renewal: an exponential operation that is under way then lasts 1 / mu longer on average.
    """
    busy = every / mu if by == "lots" else every + 1 / mu
    return {"throughput": mu * busy / (busy + takes), "down": takes / (busy + takes)}
