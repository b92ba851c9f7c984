"""A plant built in calls, and the same plant as a file says it.

    every 6 min ──▶ saw ──▶ [ 3 places ] ──▶ mill (2 machines) ──▶ check ──▶ 0.95 good
                                ▲                                    ├────▶ 0.02 scrapped
                                └──────────────── 0.03 rework ───────┘

Expected output::

    stations:
      saw: {}
      mill:
        machines: 2
        queue: {places: 3}
        failures: [{after: exponential(8 h) of work, repair: "lognormal(mean 20 min, cv 0.8)"}]
      check: {}
    products:
      flange:
        route:
          - {at: saw, time: "triangular(3, 4, 7 min)"}
          - {at: mill, time: "gamma(mean 10 min, cv 0.5)", setup: 30 s}
          - at: check
            time: 2 min
            then: {rework: {mill: 0.03}, scrap: 0.02}
        arrivals: every exponential(6 min)
    run: {warmup: 86400 s, until: 2592000 s, replications: 10, seed: 7}

    reads back as the same plant: True
    flange.throughput  9.738 ± 0.0824 per h
    flange.cycle_time  1.208 ± 0.1898 h
    mill.utilisation   0.8587 ± 0.006449
    mill.share.down    0.03245 ± 0.003187
    saw.share.blocked  0.1136 ± 0.009092
    with a third mill: 27.26 ± 0.4017 min
    refused, 2 faults:
      stations.mill.queue.places: '-1' does not fit here; allowed: a whole number from 0 to 1000000000, or unlimited
      stations.mill.speed: 'fast' is no number; allowed: a number above 0, at most 1000000
"""

import twin

plant = (
    twin.PlantBuilder("cell")
    .station("saw")
    .station("mill")
    .machines(2)
    .queue_places(3)
    .failure("exponential(8 h)", "lognormal(mean 20 min, cv 0.8)")
    .station("check")
    .product("flange")
    .step("saw", "triangular(3, 4, 7 min)")
    .step("mill", "gamma(mean 10 min, cv 0.5)", setup="30 s")
    .step("check", "2 min", rework={"mill": 0.03}, scrap=0.02)
    .arrivals_every("exponential(6 min)")
    .run(warmup="1 d", until="30 d", replications=10, seed=7)
    .build()
)
print(plant.yaml)
print("reads back as the same plant:", twin.parse(plant.yaml, name="cell") == plant)

result = twin.simulate(plant)
for name in ("flange.throughput", "flange.cycle_time", "mill.utilisation", "mill.share.down", "saw.share.blocked"):
    print(f"{name:<18} {result[name]}")

# A plant never changes: `change` gives another. What makes no sense is refused, all faults at once.
wider = plant.change({"stations.mill.queue.places": 8, "stations.mill.machines": 3})
print(f"with a third mill: {twin.simulate(wider)['flange.cycle_time']}")
try:
    plant.change({"stations.mill.queue.places": -1, "stations.mill.speed": "fast"})
except twin.PlantError as error:
    print(f"refused, {len(error.faults)} faults:")
    for fault in error.faults:
        print(f"  {fault}")
