"""The benchmark models in SimPy, as its documentation would have one write them.

    simpy_models.py W1 [CUSTOMERS]    M/M/1 at utilisation 0.9
    simpy_models.py W3 [MINUTES]      line of 20 unreliable machines; a part is a process, as a customer is in W1
    simpy_models.py W3M [MINUTES]     the same line; a machine is a process, and parts are only counted
    simpy_models.py DELAY [SECONDS]   1,000 entities in a delay of 0 to 2,000 s each, again and again
    simpy_models.py CREATE [SECONDS]  an entity each second, which leaves at once
    simpy_models.py SEIZE [SECONDS]   two entities take turns to hold a resource for a second

Prints `RESULT engine=simpy w=... n=... wall=... check=...` as bench/limit.cpp does: n items in `wall` seconds of CPU
time, and the answer (mean time in system; parts per minute; entities per second).
"""

import random
import sys
import time

import simpy


def report(work, n, seconds, check):
    print(f"RESULT engine=simpy w={work} n={n} wall={seconds:.6f} check={check:.5f}")


def mm1(customers):
    draw = random.Random(1).expovariate
    env = simpy.Environment()
    server = simpy.Resource(env, capacity=1)
    total = 0.0

    def customer():
        nonlocal total
        arrived = env.now
        with server.request() as turn:
            yield turn
            yield env.timeout(draw(1.0))
        total += env.now - arrived

    def source():
        for _ in range(customers):
            yield env.timeout(draw(0.9))
            env.process(customer())

    begin = time.process_time()
    env.process(source())
    env.run()
    report("W1", customers, time.process_time() - begin, total / customers)


class Line:
    """What both lines share: machines that fail after so much work and go on with the part when repaired."""

    def __init__(self, machines=20):
        self.env = simpy.Environment()
        self.draw = random.Random(1).expovariate
        self.life = [self.draw(1 / 100) for _ in range(machines)]
        self.machines = machines
        self.done = 0

    def work(self, i):
        env, draw = self.env, self.draw
        work = draw(1.0)
        while work > self.life[i]:  # fails before it is done: repair, then go on with the rest
            yield env.timeout(self.life[i])
            work -= self.life[i]
            yield env.timeout(draw(1 / 5))
            self.life[i] = draw(1 / 100)
        yield env.timeout(work)
        self.life[i] -= work

    def run(self, name, minutes):
        begin = time.process_time()
        self.env.run(until=minutes)
        report(name, self.done, time.process_time() - begin, self.done / minutes)


def line_of_parts(minutes, places=5):
    line = Line()
    env, last = line.env, line.machines - 1
    machines = [simpy.Resource(env, capacity=1) for _ in range(line.machines)]
    buffers = [simpy.Resource(env, capacity=places) for _ in range(line.machines)]

    def part():
        machine = machines[0].request()
        yield machine
        env.process(part())  # the next one stands ready
        for i in range(line.machines):
            yield from line.work(i)
            if i < last:
                place = buffers[i + 1].request()
                yield place  # none is free: blocked after service
                machines[i].release(machine)
                machine = machines[i + 1].request()
                yield machine
                buffers[i + 1].release(place)
        machines[last].release(machine)
        line.done += 1

    env.process(part())
    line.run("W3", minutes)


def line_of_machines(minutes, places=5):
    line = Line()
    env, last = line.env, line.machines - 1
    buffers = [simpy.Store(env, capacity=places) for _ in range(last)]

    def machine(i):
        while True:
            if i > 0:
                yield buffers[i - 1].get()
            yield from line.work(i)
            if i < last:
                yield buffers[i].put(True)  # full: blocked after service
            else:
                line.done += 1

    for i in range(line.machines):
        env.process(machine(i))
    line.run("W3M", minutes)


def loop(work, seconds):
    """Run one of the three loops of JaamSim's benchmarks, as bench/plants.py describes them."""
    env = simpy.Environment()
    uniform = random.Random(1).uniform
    resource = simpy.Resource(env, capacity=1)
    count = 0

    def delayed():
        nonlocal count
        while True:
            yield env.timeout(uniform(0, 2000))
            count += 1

    def entity():
        nonlocal count
        yield env.timeout(0)
        count += 1

    def source():
        while True:
            yield env.timeout(1)
            env.process(entity())

    def turns():
        nonlocal count
        while True:
            with resource.request() as turn:
                yield turn
                yield env.timeout(1)
            count += 1

    for process, number in {"DELAY": [(delayed, 1000)], "CREATE": [(source, 1)], "SEIZE": [(turns, 2)]}[work]:
        for _ in range(number):
            env.process(process())
    begin = time.process_time()
    env.run(until=seconds + 0.5)
    report(work, count, time.process_time() - begin, count / seconds)


def main():
    work = sys.argv[1] if len(sys.argv) > 1 else "W1"
    size = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if work == "W1":
        mm1(size or 50_000)
    elif work == "W3":
        line_of_parts(size or 4_000)
    elif work == "W3M":
        line_of_machines(size or 4_000)
    elif work in ("DELAY", "CREATE", "SEIZE"):
        loop(work, size or 100_000)
    else:
        sys.exit(f"simpy_models: no work '{work}'; allowed: W1, W3, W3M, DELAY, CREATE, SEIZE")


if __name__ == "__main__":
    main()
