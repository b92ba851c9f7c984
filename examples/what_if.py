"""What if: three ways to change a running order, compared from one state under the same luck.

                          ┌─ as is ──────────────────┐
    Tuesday, 10 o'clock ──┼─ second roughing mill ───┼──▶ 500 futures each ──▶ differences, future by future
    (one state)           ├─ lids first ─────────────┤
                          └─ saturday shift ─────────┘

Expected output::

    Housing  P10 10 Mar 14:00  P50 11 Mar 06:39  P90 11 Mar 08:41  on time 100%
    Lid      P10 04 Mar 12:29  P50 04 Mar 12:57  P90 04 Mar 13:33  on time 100%
    Bracket  P10 06 Mar 08:59  P50 06 Mar 10:02  P90 06 Mar 12:17  on time 100%

    order.finish              difference [h]   best
    as is                                        0%
    second roughing mill       -39.40 ± 0.69   100%
    lids first                  +0.00 ± 0.00     0%
    saturday shift             -17.23 ± 0.60     0%

    Lid.finish                difference [h]   best
    as is                                       33%
    second roughing mill       +19.74 ± 0.12     0%
    lids first                  -0.00 ± 0.00    34%
    saturday shift              +0.00 ± 0.00    33%
"""

import pandas as pd

import twin
from twin import datasets

plant = twin.load(datasets.scenario("shops/emulated.yaml"))
now = twin.State.initial(plant, seed=1).advance("1 d 10 h")

future = twin.forecast(now, futures=500)
due = plant.orders.set_index("order")["due"]
for order in due.index:
    finish = future[f"{order}.finish"]
    low, middle, high = (pd.Timestamp(t) for t in finish.quantile([0.1, 0.5, 0.9]))
    on_time = finish.probability_before(due[order])
    print(f"{order:<8} P10 {low:%d %b %H:%M}  P50 {middle:%d %b %H:%M}  P90 {high:%d %b %H:%M}  on time {on_time:4.0%}")

answer = twin.what_if(now, plant.what_if, futures=500)
hour = pd.Timedelta("1h")
for metric in ("order.finish", "Lid.finish"):
    print(f"\n{metric:<22} {'difference [h]':>17} {'best':>6}")
    for row in answer.compare(metric).itertuples(index=False):
        difference = f"{row.difference / hour:+.2f} ± {row.difference_half_width / hour:.2f}"
        print(f"{row.name:<22} {'' if row.name == answer.names[0] else difference:>17} {row.best:6.0%}")
