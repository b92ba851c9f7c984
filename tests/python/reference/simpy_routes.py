"""Two plants with routes that are not straight, written a second time in SimPy.

By what the reference says and not by how the engine does it. Each function runs one replication, in minutes, and gives
figures by the names of the engine in SI.
"""

from collections import Counter
from typing import Any

from reference.simpy_plants import Lot, Process, Queue, Trial

ROUTES = """
stations:
  coat: {}
  etch: {machines: {E1: {does: thin}, E2: {}, E3: {does: [thick]}}}
  look: {}
products:
  thin:
    route:
      - {at: coat, time: exponential(4 min)}
      - {at: etch, op: first, time: exponential(8 min)}
      - {at: look, time: exponential(6 min), sample: {every: 3}, then: {rework: {coat: 0.3}, limit: 1}}
      - {at: etch, op: second, time: exponential(5 min), same_as: first}
    arrivals: every exponential(10 min)
  thick:
    route:
      - {at: coat, time: exponential(4 min)}
      - {at: etch, op: first, time: exponential(8 min)}
      - {at: look, time: exponential(6 min), only: 0.4, then: {rework: {coat: 0.3}, limit: 1}}
      - {at: etch, op: second, time: exponential(5 min), same_as: first}
    arrivals: every exponential(20 min)
"""

WINDOW = """
stations:
  etch: {}
  wash: {}
  furnace: {}
products:
  wafer:
    route:
      - {at: etch, time: exponential(3 min)}
      - {at: wash, time: exponential(3 min)}
      - {at: furnace, time: "uniform(3, 9 min)", within: {of: etch, time: 12 min}, if_overdue: {rework: etch}}
    arrivals: every exponential(20 min)
"""


class _Etchers(Queue):
    """Machines that are asked in the order of the plant, not in that of becoming idle."""

    def look(self) -> None:
        self.asking.sort(key=lambda entry: entry[1])
        super().look()


def routes(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `ROUTES`: machines that do one product or both, a return to the machine, a look at some, one chance more."""
    trial = Trial(seed, warmup, until)
    able = {"thin": (1, 2), "thick": (2, 3)}

    def pick(waiting: list, who: Any) -> list:
        for entry in waiting:
            lot, _, (bound, _) = entry
            if who in able[lot.product] and bound in (None, who):
                return [entry]
        return []

    coat, etch, look = Queue(trial, "coat"), _Etchers(trial, "etch", pick), Queue(trial, "look")
    coat.machine(lambda *_: trial.exp(4))
    look.machine(lambda *_: trial.exp(6))

    def etcher(who: int) -> Process:
        while True:
            ((_, done, (_, mean)),) = yield etch.ask(who)
            key = object()
            trial.begin(f"E{who}.utilisation", key)
            yield trial.env.timeout(trial.exp(mean))
            trial.end(key)
            done.succeed(who)

    for who in (1, 2, 3):
        trial.env.process(etcher(who))
    came: Counter[str] = Counter()

    def journey(lot: Lot) -> Process:
        chances = 1
        while True:
            yield coat.wait(lot)
            who = yield etch.wait(lot, (None, 8))
            came[lot.product] += 1
            if came["thin"] % 3 == 0 if lot.product == "thin" else trial.rng.random() < 0.4:
                yield look.wait(lot)
                if trial.rng.random() < 0.3:
                    if chances == 0:
                        trial.scrapped(lot)
                        return
                    chances -= 1
                    lot.again = True
                    continue
            yield etch.wait(lot, (who, 5))
            trial.finished(lot)
            return

    trial.source("thin", 10, journey)
    trial.source("thick", 20, journey)
    queues = {f"{name}.queue_length": 1 for name in ("coat", "etch", "look")}
    counts = [f"{product}.{what}" for product in able for what in ("scrapped", "reworked")]
    return trial.run(list(able), queues | {f"E{who}.utilisation": 1 for who in (1, 2, 3)}, counts)


def window(seed: int, warmup: float, until: float) -> dict[str, float]:
    """Run `WINDOW`: what does not get into the furnace within 12 min of the etcher is etched anew."""
    trial = Trial(seed, warmup, until)
    env = trial.env
    etch, wash, furnace = (Queue(trial, name) for name in ("etch", "wash", "furnace"))
    etch.machine(lambda *_: trial.exp(3))
    wash.machine(lambda *_: trial.exp(3))
    furnace.machine(lambda *_: trial.rng.uniform(3, 9))

    def journey(lot: Lot) -> Process:
        while True:
            yield etch.wait(lot)
            last = env.now + 12
            yield wash.wait(lot)
            if env.now <= last:
                done = furnace.wait(lot)
                yield done | env.timeout(last - env.now)
                if not furnace.leave(lot):
                    if not done.triggered:
                        yield done
                    trial.finished(lot)
                    return
            trial.count("furnace.overdue")
            lot.again = True

    trial.source("wafer", 20, journey)
    queues = {f"{name}.queue_length": 1 for name in ("etch", "wash", "furnace")}
    busy = {f"{name}.utilisation": 1 for name in ("etch", "wash", "furnace")}
    return trial.run(["wafer"], queues | busy, ["wafer.reworked", "furnace.overdue"])
