"""Pictures of a run: Gantt chart, work in process and conditions of the machines.

    state ──advance(history)──▶ History ──▶ operations, lots, queues ──▶ gantt.png

Writes ``gantt.png`` into the folder given, else into ``build/examples``.

Expected output::

    104 operations, 24 lots have left
    condition  down    off  setup  starved  working
    machine
    M1         1.28  47.25   1.78     0.00    21.69
    M2         0.40  47.25   3.23     0.38    20.73
    T1         0.00  47.25   1.00    15.08     8.67
    picture: gantt.png
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

import twin
from twin import datasets

plant = twin.load(datasets.scenario("shops/emulated.yaml"))
history = twin.History()
twin.State.initial(plant, seed=1).advance("3 d", history=history)

print(f"{len(history.operations)} operations, {len(history.lots)} lots have left")
spans = history.conditions
spans["hours"] = (spans["end"] - spans["start"]).dt.total_seconds() / 3600
hours = spans.pivot_table(index="machine", columns="condition", values="hours", aggfunc="sum", fill_value=0)
print(hours.round(2).to_string())

figure, (top, middle, low) = plt.subplots(3, 1, figsize=(12, 9), layout="constrained")
history.plot_gantt(top)
history.plot_wip(middle)
history.plot_conditions(low)
folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/examples")
folder.mkdir(parents=True, exist_ok=True)
figure.savefig(folder / "gantt.png", dpi=120)
print("picture: gantt.png")
