"""Draws the pictures of the pages, from runs of the emulated shop, when the documentation is built."""

from __future__ import annotations

import tempfile
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

import twin
from twin import datasets

mpl.rcParams["svg.hashsalt"] = "libtwin"


def save(folder: Path, name: str) -> None:
    plt.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close("all")


def draw(folder: Path) -> None:
    """Write all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shop = twin.load(datasets.scenario("shops/emulated.yaml"))
    history = twin.History()
    twin.State.initial(shop, seed=1).advance("1 d 10 h").advance("1 d", history=history)
    plt.figure(figsize=(10, 2.8))
    history.plot_gantt(plt.gca())
    save(folder, "gantt")

    sheet = twin.load(datasets.scenario("shops/emulated-sheet.yaml"))
    floor = twin.Twin(sheet, datasets.scenario("shops/emulated-rules.yaml"))
    emulation = twin.emulate(shop, seed=3, late=0.01, duplicates=0.02, gaps=0.001)
    with tempfile.TemporaryDirectory() as logs:
        floor.observe(emulation.write(logs, progress=False))
    twin.forecast(floor.at("2026-03-05T12:00:00Z"), futures=500, progress=False).plot()
    save(folder, "forecast")
    floor.follow("Housing-20", "OP1").plot()
    save(folder, "progress")
    twin.backtest(floor, instants=40, futures=200, progress=False).plot()
    save(folder, "backtest")
