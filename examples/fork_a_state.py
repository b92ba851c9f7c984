"""A state is a value: a copy goes on alike, a branch has its own luck, a file brings it back.

                                ┌─ copy ─────▶ the same future
    initial ──2 d──▶ Wednesday ─┼─ branch 7 ─▶ another future from the same instant
                                └─ save ─────▶ wednesday.twin ──▶ the same future, in another process

Expected output::

    <twin.State of 'emulated' at 2026-03-04T09:00:00Z, 57 lots in the plant, 57 ordered lots open>
    machine condition        lot step
         M1   working Housing-23  OP1
         M2   working     Lid-12  OP3
         T1   starved
    a copy is equal: True
    and independent: True - 173 events later
    the same end in one step or two: True
    branch 1: the lids are done Wed 04 Mar 13:11
    branch 2: the lids are done Wed 04 Mar 13:22
    branch 3: the lids are done Wed 04 Mar 13:26
    branch 4: the lids are done Wed 04 Mar 12:56
    branch 5: the lids are done Wed 04 Mar 13:35
    loaded state is equal: True
    and goes on alike: True
"""

import tempfile
from pathlib import Path

import twin
from twin import datasets

plant = twin.load(datasets.scenario("shops/emulated.yaml"))
now = twin.State.initial(plant, seed=1).advance("2 d 10 h")
print(now)
print(now.machines[["machine", "condition", "lot", "step"]].to_string(index=False))

copy = now.copy()
print("a copy is equal:", copy == now)
copy.advance("2 d")
print("and independent:", copy != now, f"- {copy.events - now.events} events later")

again = now.copy().advance("1 d").advance("1 d")
print("the same end in one step or two:", again == copy)

ends = {i: now.branch(i).finish_orders().orders.set_index("order")["finish"]["Lid"] for i in range(1, 6)}
for i, finish in ends.items():
    print(f"branch {i}: the lids are done {finish:%a %d %b %H:%M}")

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "wednesday.twin"
    now.save(file)
    loaded = twin.State.load(file, plant)
    print("loaded state is equal:", loaded == now)
    print("and goes on alike:", loaded.advance("2 d").digest == copy.digest)
