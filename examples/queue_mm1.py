"""A queue with a known answer: simulated figures beside the closed formulas.

    every exponential(60 s) ──▶ [ queue, unlimited ] ──▶ ( mill, exponential(48 s) ) ──▶ done

Expected output::

    30 replications, 3560826 parts
    figure             simulated   95 %       exact
    part.cycle_time      241.757 ± 2.384    240.000
    part.waiting_time    193.721 ± 2.353    192.000
    part.wip               4.026 ± 0.041      4.000
    mill.queue_length      3.226 ± 0.041      3.200
    mill.utilisation       0.800 ± 0.001      0.800
    digest 48f4b779dbd6ad50: the same for any number of threads
"""

import twin
from twin import datasets

plant = twin.load(datasets.scenario("queues/mm1.yaml"))
result = twin.simulate(plant, replications=30, seed=1)

arrival_s, work_s = 60.0, 48.0
busy = work_s / arrival_s
exact = {
    "part.cycle_time": work_s / (1 - busy),
    "part.waiting_time": busy * work_s / (1 - busy),
    "part.wip": busy / (1 - busy),
    "mill.queue_length": busy**2 / (1 - busy),
    "mill.utilisation": busy,
}

print(f"{result.replications} replications, {result.completed} parts")
print(f"{'figure':<18} {'simulated':>9}   {'95 %':<8} {'exact':>7}")
for name, value in exact.items():
    figure = result[name]
    print(f"{name:<18} {figure.mean:9.3f} ± {figure.half_width:<8.3f} {value:7.3f}")
print(f"digest {result.digest}: the same for any number of threads")
