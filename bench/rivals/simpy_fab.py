"""The wafer fab of bench/plants.py in SimPy: lots are processes, families of machines keep a list of who waits.

    simpy_fab.py [DAYS]     from the empty fab

Rules are those of the plant: critical ratio, least setup, batches by recipe with a longest wait, limits on waiting
after which a lot is cleaned again, failures that stop the work, maintenance by the clock and by use. Prints `RESULT` as
bench/limit.cpp does: operations of lots in `wall` seconds of CPU time, and as answer operations a day.
"""

import random
import sys
import time
from pathlib import Path

import simpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import plants

HOUR, DAY = 60.0, 1440.0  # in minutes, in which all times are
BATCH_WAIT = 4 * HOUR


class Machine:
    """One machine of a family."""

    __slots__ = ("busy", "down", "down_since", "down_time", "left", "recipe")

    def __init__(self):
        self.busy = False
        self.down = 0  # failures that hold it
        self.down_since = self.down_time = 0.0
        self.left = None  # lots until maintenance
        self.recipe = None

    def stopped(self, now):
        return self.down_time + (now - self.down_since if self.down else 0.0)


class Entry:
    """A lot that waits."""

    __slots__ = ("event", "lot", "recipe", "remaining", "since")

    def __init__(self, event, lot, recipe, remaining, since):
        self.event, self.lot, self.recipe, self.remaining, self.since = event, lot, recipe, remaining, since


class Family:
    """Machines of one kind and what waits for them."""

    def __init__(self, fab, area, count, minutes):
        self.fab, self.env, self.area = fab, fab.env, area
        self.machines = [Machine() for _ in range(count)]
        self.waiting = []
        self.between = (9000 / minutes, 11000 / minutes)
        for machine in self.machines:
            self.env.process(self.failures(machine))
            if area.by_use:
                machine.left = fab.between(*self.between)
            else:
                self.env.process(self.maintenance(machine))

    def failures(self, machine):
        exponential = self.fab.random.expovariate
        while True:
            yield self.env.timeout(exponential(1 / (120 * HOUR)))
            yield from self.repair(machine, exponential(1 / (5 * HOUR)))

    def maintenance(self, machine):
        while True:
            yield self.env.timeout(self.fab.between(25 * DAY, 35 * DAY))
            yield from self.repair(machine, self.fab.between(6 * HOUR, 12 * HOUR))

    def repair(self, machine, span):
        if machine.down == 0:
            machine.down_since = self.env.now
        machine.down += 1
        yield self.env.timeout(span)
        machine.down -= 1
        if machine.down == 0:
            machine.down_time += self.env.now - machine.down_since
            self.dispatch(machine)

    def arrive(self, lot, recipe, remaining):
        """Let a lot wait; return what tells it that it is done, or has to go."""
        entry = Entry(self.env.event(), lot, recipe, remaining, self.env.now)
        self.waiting.append(entry)
        for machine in self.machines:
            if not machine.busy and not machine.down:
                self.dispatch(machine)
                break
        if self.area.batch > 1 and not entry.event.triggered and entry in self.waiting:
            self.env.process(self.patience(entry))
        return entry

    def patience(self, entry):
        yield self.env.timeout(BATCH_WAIT)
        if entry in self.waiting:
            for machine in self.machines:
                if not machine.busy and not machine.down:
                    self.dispatch(machine)
                    break

    def dispatch(self, machine):
        """Give a free machine its next work, if there is any."""
        if machine.busy or machine.down or not self.waiting:
            return
        now, waiting = self.env.now, self.waiting
        if self.area.batch > 1:
            chosen = self.batch(now)
            if not chosen:
                return
            self.waiting = [entry for entry in waiting if entry not in chosen]
        else:
            if self.area.setups:
                best = next((i for i, e in enumerate(waiting) if e.recipe == machine.recipe), 0)
            else:
                best = min(range(len(waiting)), key=lambda i: (waiting[i].lot.due - now) / waiting[i].remaining)
            chosen = [waiting.pop(best)]
        machine.busy = True
        self.env.process(self.work(machine, chosen))

    def batch(self, now):
        kinds = {}
        for entry in self.waiting:
            kinds.setdefault(entry.recipe, []).append(entry)
        for entries in kinds.values():
            if len(entries) >= (self.area.batch + 1) // 2 or now - entries[0].since >= BATCH_WAIT:
                return entries[: self.area.batch]
        return []

    def work(self, machine, chosen):
        env, fab = self.env, self.fab
        left = fab.between(*chosen[0].lot.times())
        if self.area.setups and machine.recipe not in (None, chosen[0].recipe):
            left += plants.Fab.SETUP * HOUR
        machine.recipe = chosen[0].recipe
        for entry in chosen:
            entry.event.succeed(True)
        while left > 0:  # what a failure took comes on top
            before = machine.stopped(env.now)
            yield env.timeout(left)
            left = machine.stopped(env.now) - before
        fab.operations += len(chosen)
        machine.busy = False
        for entry in chosen:
            entry.lot.done.succeed()
        if machine.left is not None:
            machine.left -= len(chosen)
            if machine.left <= 0:
                machine.left = fab.between(*self.between)
                yield from self.repair(machine, fab.between(2 * HOUR, 6 * HOUR))
                return
        self.dispatch(machine)


class Lot:
    """What goes through the fab."""

    __slots__ = ("done", "due", "factor", "family")

    def times(self):
        minutes = self.family.minutes * self.factor
        return 0.95 * minutes, 1.05 * minutes


class Fab:
    """The whole fab."""

    def __init__(self, fab):
        self.env = simpy.Environment()
        self.random = random.Random(1)
        self.operations = 0
        sizes, _ = fab.sizes()
        self.families = []
        for area, count, minutes in sizes:
            family = Family(self, area, count, minutes)
            family.minutes = minutes
            self.families.append(family)
        for route, share in zip(fab.routes(), fab.shares(), strict=True):
            self.env.process(self.source(route, DAY / (fab.lots_a_day * share)))

    def between(self, low, high):
        return low + (high - low) * self.random.random()

    def source(self, route, every):
        whole = [self.families[family].minutes * factor for family, _, _, factor, _ in route]
        after = [sum(whole[i:]) for i in range(len(route))]
        due = 2 * (after[0] + 7.5 * len(route))
        while True:
            yield self.env.timeout(every)
            self.env.process(self.lot(route, after, due))

    def lot(self, route, after, allowed):
        env, draw = self.env, self.random.random
        lot = Lot()
        lot.due = env.now + allowed
        i = 0
        while i < len(route):
            number, _, mark, factor, recipe = route[i]
            if mark == "?" and draw() >= plants.Fab.SAMPLED:
                i += 1
                continue
            yield env.timeout(self.between(*plants.Fab.TRANSPORT))
            lot.family, lot.factor, lot.done = self.families[number], factor, env.event()
            entry = lot.family.arrive(lot, recipe, after[i])
            if mark == "!":
                yield entry.event | env.timeout(plants.Fab.LIMIT * HOUR)
                if not entry.event.triggered:
                    lot.family.waiting.remove(entry)
                    i -= 1
                    continue
            yield lot.done
            i += -1 if mark == "<" and draw() < plants.Fab.REWORK else 1


def main():
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    fab = Fab(plants.PLANTS["fab"])
    begin = time.process_time()
    fab.env.run(until=days * DAY)
    wall = time.process_time() - begin
    print(f"RESULT engine=simpy w=fab n={fab.operations} wall={wall:.6f} check={fab.operations / days:.3f}")


if __name__ == "__main__":
    main()
