"""The job shop of bench/plants.py in SimPy: lots are processes, machines keep a list of who waits.

    simpy_shop.py PLANT [OPERATIONS]    about so many, from lots at all steps of their routes
    simpy_shop.py PLANT exact           to the end of its run, times as they are: what is finished is compared

Apparent tardiness cost is worked out for all who wait whenever a machine is free, as its formula says. Prints `RESULT`
as bench/limit.cpp does: operations in `wall` seconds of CPU time, and the answer: operations per minute, or for `exact`
the sum of all times in the shop and all tardiness, in milliseconds.
"""

import math
import random
import sys
import time
from pathlib import Path

import simpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import plants

LOOK_AHEAD = 2.0
MINUTE = 60_000  # in milliseconds, in which all times are


class Machine:
    """One machine and the lots that wait for it, first come first."""

    def __init__(self, env):
        self.env = env
        self.busy = False
        self.waiting = []  # of [event, work, remaining, due]

    def take(self):
        """Give the machine to the waiting lot with the largest index; among equals to the first."""
        if not self.waiting:
            self.busy = False
            return
        now, exp = self.env.now, math.exp
        mean = sum(entry[1] for entry in self.waiting) / len(self.waiting)
        scale = -1.0 / (LOOK_AHEAD * mean)
        best, most = 0, -1.0
        for i, (_, work, remaining, due) in enumerate(self.waiting):
            slack = due - now - remaining
            index = exp(slack * scale) / work if slack > 0 else 1.0 / work
            if index > most:
                best, most = i, index
        self.waiting.pop(best)[0].succeed()


class Shop:
    """The whole shop."""

    def __init__(self, shop, start_together):
        self.env = simpy.Environment()
        self.machines = [Machine(self.env) for _ in range(shop.machines)]
        self.operations = self.time = self.late = 0
        draw = random.Random(1).expovariate
        self.draw = (lambda ms: draw(1.0 / ms)) if shop.chance else (lambda ms: ms)
        for route, due in zip(shop.routes(), shop.dues(), strict=True):
            for i in range(shop.lots // shop.products):
                self.env.process(self.lot(route, due * MINUTE, 0 if start_together else i % shop.steps))

    def lot(self, route, allowed, first):
        """Go round: a lot that is finished makes room for the next of its product."""
        env = self.env
        release = -allowed * first // len(route)
        while True:
            due = release + allowed
            remaining = sum(ms for _, ms in route[first:])
            for number, ms in route[first:]:
                machine = self.machines[number]
                if machine.busy:
                    turn = env.event()
                    machine.waiting.append([turn, ms, remaining, due])
                    yield turn
                machine.busy = True
                yield env.timeout(self.draw(ms))
                self.operations += 1
                remaining -= ms
                machine.take()
            self.time += env.now - release
            self.late += max(0, env.now - due)
            release, first = env.now, 0


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in plants.PLANTS:
        sys.exit(f"simpy_shop: name a plant of bench/plants.py: {', '.join(plants.PLANTS)}")
    shop = plants.PLANTS[sys.argv[1]]
    size = sys.argv[2] if len(sys.argv) > 2 else "50000"
    run = Shop(shop, start_together=size == "exact")
    begin = time.process_time()
    if size == "exact":
        run.env.run(until=90 * 24 * 60 * MINUTE + 0.5)  # what happens at the end still happens
        operations, check = run.operations, f"{run.time + run.late}"
    else:
        span = int(size) * shop.mean / shop.machines * MINUTE
        run.env.run(until=span)
        operations = run.operations
        check = f"{operations / span * MINUTE:.5f}"
    wall = time.process_time() - begin
    print(f"RESULT engine=simpy w={sys.argv[1]} n={operations} wall={wall:.6f} check={check}")


if __name__ == "__main__":
    main()
