"""The benchmark models in cimba: Python that its wheel compiles for its engine in C.

    cimba_models.py W1 [CUSTOMERS]     M/M/1 at utilisation 0.9 as in its manual: customers are a number in a container
    cimba_models.py W1F [CUSTOMERS]    the same with customers that are followed: in a store, by the time they came
    cimba_models.py DELAY [SECONDS]    1,000 entities in a delay of 0 to 2,000 s each, again and again
    cimba_models.py SEIZE [SECONDS]    two entities take turns to hold a resource for a second

Compiling is not counted. Prints `RESULT` as bench/limit.cpp does: n items in `wall` seconds of CPU time, and the answer
(mean time in system in multiples of the service time; entities per second).
"""

import sys
import time

import cimba as cb
from cimba import inputs

RATE = 0.9


class Mm1(cb.Model):
    """Customers are counted."""

    interarrival: cb.Input[float] = inputs.dist.exponential(mean=1 / RATE)
    service: cb.Input[float] = inputs.dist.exponential(mean=1)
    queue: cb.Container
    mean_queue: cb.Output[float]

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(self.interarrival.next())
            self.queue.put(1)

    @cb.process
    def server(self):
        while True:
            self.queue.get(1)
            cb.hold(self.service.next())

    @cb.on_end
    def measure(self):
        self.mean_queue = self.queue.mean_level()


class Mm1Followed(cb.Model):
    """Each customer is known by the time it came."""

    interarrival: cb.Input[float] = inputs.dist.exponential(mean=1 / RATE)
    service: cb.Input[float] = inputs.dist.exponential(mean=1)
    queue: cb.Store[float]
    times: cb.Dataset
    mean_time: cb.Output[float]

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(self.interarrival.next())
            self.queue.put(cb.now())

    @cb.process
    def server(self):
        while True:
            arrived = self.queue.get()
            cb.hold(self.service.next())
            self.times.record(cb.now() - arrived)

    @cb.on_end
    def measure(self):
        self.mean_time = self.times.sample_mean()


class Delay(cb.Model):
    """Entities are delayed again and again."""

    span: cb.Input[float] = inputs.dist.uniform(low=0, high=2000)
    count: cb.Output[float] = 0.0

    @cb.process(copies=1000)
    def entity(self):
        while True:
            cb.hold(self.span.next())
            self.count += 1.0


class Seize(cb.Model):
    """Two entities take turns."""

    resource: cb.Resource
    count: cb.Output[float] = 0.0

    @cb.process(copies=2)
    def entity(self):
        while True:
            self.resource.acquire(1)
            cb.hold(1.0)
            self.resource.release(1)
            self.count += 1.0


def run(model, output, span):
    """Return the output of one replication and the CPU time it took."""

    def once(span):
        results = cb.Experiment(model, replications=1, window=cb.Window(warmup=0, duration=span), seed=1).run()
        return float(getattr(results[model], output).values.flat[0])

    once(10.0)  # compiles
    begin = time.process_time()
    value = once(span)
    return value, time.process_time() - begin


def main():
    work = sys.argv[1] if len(sys.argv) > 1 else "W1"
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    if work == "W1":
        queue, wall = run(Mm1(), "mean_queue", size / RATE)
        n, check = size, queue / RATE + 1  # by Little's law
    elif work == "W1F":
        check, wall = run(Mm1Followed(), "mean_time", size / RATE)
        n = size
    elif work in ("DELAY", "SEIZE"):
        n, wall = run({"DELAY": Delay, "SEIZE": Seize}[work](), "count", size + 0.5)
        check = n / size
    else:
        sys.exit(f"cimba_models: no work '{work}'; allowed: W1, W1F, DELAY, SEIZE")
    print(f"RESULT engine=cimba w={work} n={n:.0f} wall={wall:.6f} check={check:.5f}")


if __name__ == "__main__":
    main()
