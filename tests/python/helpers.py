"""Plants that several tests share."""

import twin

SHOP = """
epoch: 2026-03-02T06:00:00Z
calendars:
  day: {mon-fri: "06:00-22:00", sat: "06:00-14:00"}
stations:
  saw: {machines: 2, time: "gamma(mean 9 min, cv 0.4)"}
  mill:
    machines: {M1: {}, M2: {speed: 1.1}}
    calendar: day
    queue: {places: 6, rule: edd}
    failures: [{after: exponential(30 h) of work, repair: "lognormal(mean 45 min, cv 0.8)"}]
  check: {time: "triangular(2, 3, 6 min)"}
products:
  flange:
    route:
      - {at: saw}
      - {at: mill, time: "lognormal(mean 22 min, cv 0.3)", setup: 4 min}
      - {at: check, then: {rework: {mill: 0.06}, scrap: 0.03}}
  bracket:
    route:
      - {at: saw, time: 5 min}
      - {at: mill, time: "weibull(mean 14 min, cv 0.5)"}
      - {at: check}
orders:
  - {id: F1, product: flange, quantity: 24, due: 2 d}
  - {id: B1, product: bracket, quantity: 30, release: 3 h, due: 3 d}
  - {id: F2, product: flange, quantity: 10, release: 1 d, due: 4 d}
what_if:
  third mill: {stations.mill.machines.M3: {}}
  faster saw: {stations.saw.speed: 1.5}
"""

LINE = """
stations:
  m[1..4]:
    queue: {places: 3}
    failures: [{after: exponential(100 min) of work, repair: exponential(5 min)}]
products:
  part:
    route: [{at: "m[1..4]", time: exponential(1 min)}]
    arrivals: every exponential(2 min)
run: {until: 60 h, replications: 4, seed: 3}
"""


def shop() -> twin.Plant:
    """Orders, calendars, failures, rework, scrap."""
    return twin.parse(SHOP, name="shop")


def line() -> twin.Plant:
    """Arrivals, blocking, failures."""
    return twin.parse(LINE, name="line")
