"""Follow a shop through its logs alone, and compare the forecast with a truth that the twin does not see.

    emulated shop ──▶ logs (late lines, duplicates, gaps) ──▶ Twin(sheet, rules) ──▶ state at t ──▶ futures
          └─────────▶ truth ───────────────────────────────────────────────────▶ compared with ◀──────┘

Expected output::

    41099 lines; 232 operations inferred of 232
    in work at noon: Bracket-08 OP1 on M1, processing
    in work at noon: Bracket-07 OP2 on T1, processing
    in work at noon: Housing-05 OP4 on M2, processing
    learnt by then: 16 numbers, from 1 to 61 observations each
    Housing  P10 10 Mar 07:31  P50 10 Mar 12:08  P90 11 Mar 12:14  truly 11 Mar 06:51
    Lid      P10 04 Mar 13:54  P50 04 Mar 13:54  P90 04 Mar 13:54  truly 04 Mar 13:54
    Bracket  P10 06 Mar 09:01  P50 06 Mar 09:32  P90 06 Mar 10:10  truly 06 Mar 09:21
"""

import tempfile

import pandas as pd

import twin
from twin import datasets

shop = twin.load(datasets.scenario("shops/emulated.yaml"))
emulation = twin.emulate(shop, seed=3, late=0.01, duplicates=0.02, gaps=0.001)

sheet = twin.load(datasets.scenario("shops/emulated-sheet.yaml"))
floor = twin.Twin(sheet, datasets.scenario("shops/emulated-rules.yaml"))
with tempfile.TemporaryDirectory() as folder:
    floor.observe(emulation.write(folder, progress=False))

print(f"{emulation.lines} lines; {len(floor.operations())} operations inferred of {len(emulation.operations)}")

at = "2026-03-05T12:00:00Z"
standing = floor.standing(at)
for op in standing.operations:
    if op.outcome == "in_progress":
        print(f"in work at noon: {op.part} {op.operation} on {op.machine}, {op.activity}")
learnt = floor.provenance(at)
print(f"learnt by then: {len(learnt)} numbers, from {learnt['n'].min()} to {learnt['n'].max()} observations each")

future = twin.forecast(standing.state, futures=500)
for order in sheet.orders["order"]:
    quantiles = future[f"{order}.finish"].quantile([0.1, 0.5, 0.9])
    low, middle, high, truly = (
        f"{pd.Timestamp(t):%d %b %H:%M}" for t in (*quantiles, emulation.truth["orders"][order])
    )
    print(f"{order:<8} P10 {low}  P50 {middle}  P90 {high}  truly {truly}")
