"""Run the benchmarks beside their rivals: a table, and build/bench/summary.json.

Everything runs on one processor, in rounds: in each round every figure is measured once by ours and then by each rival
on the same work, so that noise of the machine falls on all alike. Figures are medians over the rounds and count CPU
time. Each program checks its own answer, and the answers are compared here; a wrong one, or a floor that is missed,
makes the exit status 1. What moved since bench/ratios.json was stored is told.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import curves
import plants
import ratios
from rich import box
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RIVALS = ROOT / "bench" / "rivals"
MAZAK = Path(os.environ.get("TWIN_DATA", "")) / "nist-mazak" / "Mazak01-20190417-20190418.txt.gz"

CUSTOMERS = {"hand-written": 1_000_000, "cimba": 1_000_000, "SimPy": 200_000, "nagasim": 20_000}
MINUTES = {"hand-written": 200_000, "SimPy": 10_000}
RATIOS = ROOT / "bench" / "ratios.json"
GROWTH_ROUNDS = 3
PROCESSORS = os.sched_getaffinity(0)
TO_US = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}


class FailedError(Exception):
    """A program that did not run to its end, or says that its answer is wrong."""


class SkippedError(Exception):
    """A benchmark that has nothing to work on here."""


@dataclass(frozen=True)
class Rival:
    """A command that prints a RESULT line, and how that becomes a figure in the unit of the case."""

    command: tuple[str, ...]
    figure: Callable[[dict[str, float]], float] = lambda result: result["n"] / result["wall"]


@dataclass(frozen=True)
class Case:
    """One figure: what gives it, with whom it is compared, and what it must reach."""

    name: str
    unit: str
    program: str
    benchmark: str
    counter: str | None = None  # None: CPU time of an iteration, where less is better
    rivals: dict[str, Rival] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)  # least speed in multiples of a rival's
    at_least: float | None = None  # of the figure itself
    at_most: float | None = None
    agree: dict[str, float] = field(default_factory=dict)  # largest relative difference of a rival's answer from ours
    rounds: int | None = None  # at most so many
    slow: bool = False  # left out of --quick
    alone: str | None = None  # runs on all processors; the counter that tells whether they were its own

    @property
    def less_is_better(self):
        return self.unit in ("us", "s", "bytes")


BUSY = 20.0  # times a second that another program took a processor away: from here on a speed-up is not judged


def limit(*arguments, figure=None):
    command = ("limit", *map(str, arguments))
    return Rival(command) if figure is None else Rival(command, figure)


def python(script, *arguments):
    return Rival((sys.executable, str(RIVALS / script), *map(str, arguments)))


def us_each(result):
    return result["wall"] / result["n"] * 1e6


MM1 = {
    "hand-written": limit("W1", CUSTOMERS["hand-written"]),
    "cimba": python("cimba_models.py", "W1", CUSTOMERS["cimba"]),
    "cimba, followed": python("cimba_models.py", "W1F", CUSTOMERS["cimba"]),
    "SimPy": python("simpy_models.py", "W1", CUSTOMERS["SimPy"]),
    "nagasim": python("naga_models.py", "W1", CUSTOMERS["nagasim"]),
}
LINE20 = {
    "hand-written": limit("W3", MINUTES["hand-written"]),
    "SimPy": python("simpy_models.py", "W3", MINUTES["SimPy"]),
    "SimPy, parts only counted": python("simpy_models.py", "W3M", MINUTES["SimPy"]),
}
LINE20_EVENTS = {
    "hand-written": limit("W3", MINUTES["hand-written"], figure=lambda result: result["events"] / result["wall"])
}
SHOP = {"hand-written": limit("W4", 1_000_000), "SimPy": python("simpy_shop.py", "jobshop", 50_000)}
SHOP_CUT = {"SimPy": python("simpy_shop.py", "jobshop-cut", "exact")}
FAB = {"SimPy": python("simpy_fab.py", 30)}
SNAPSHOT = {"hand-written": limit("SNAP", figure=us_each)}
FUTURES = {"hand-written": limit("FUTURES", 1000)}
DELAY = {"cimba": python("cimba_models.py", "DELAY", 1_000_000), "SimPy": python("simpy_models.py", "DELAY", 200_000)}
CREATE = {"SimPy": python("simpy_models.py", "CREATE", 200_000)}
SEIZE = {"cimba": python("cimba_models.py", "SEIZE", 1_000_000), "SimPy": python("simpy_models.py", "SEIZE", 200_000)}
YARDSTICK = limit("W2", 1000)

# Answers differ by chance: a mean time in system of 1e6 customers has a standard error of 1.9 %, of 2e5 4.2 %, of
# 2e4 13 %.
# Parts per minute over 2e5 min have one of 0.2 %, over 1e4 min of 1 % (and 0.5 % are missing while the line fills).
# Bounds are four standard errors of the difference. Futures start from two states that differ by chance. Operations
# per minute of a shop that is nearly always busy hardly differ; without chance nothing does.
CASES = [
    Case("mm1.customers", "customers/s", "sim", "BM_Mm1", "customers", MM1,
         {"hand-written": 0.4, "SimPy": 100, "cimba": 2},
         agree={"hand-written": 0.10, "cimba": 0.10, "cimba, followed": 0.10, "SimPy": 0.20, "nagasim": 0.55}),
    Case("mm1.events", "events/s", "sim", "BM_Mm1", "events"),
    Case("line20.parts", "parts/s", "sim", "BM_Line20", "parts", LINE20, {"hand-written": 0.55, "SimPy": 150},
         agree={"hand-written": 0.01, "SimPy": 0.05, "SimPy, parts only counted": 0.05}),
    Case("line20.events", "events/s", "sim", "BM_Line20", "events", LINE20_EVENTS),
    Case("mm1.customers.recursion", "customers/s", "sim", "BM_Mm1Recursion", "customers",
         {"hand-written": limit("W1", CUSTOMERS["hand-written"]), "hand-written, recursion": limit("W1L", 1_000_000)},
         {"hand-written": 0.4}, agree={"hand-written": 0.10, "hand-written, recursion": 0.10}),
    Case("line20.parts.recursion", "parts/s", "sim", "BM_Line20Recursion", "parts",
         {"hand-written": limit("W3", MINUTES["hand-written"]),
          "hand-written, recursion": limit("W3REC", MINUTES["hand-written"])},
         {"hand-written": 3}, agree={"hand-written": 0.01, "hand-written, recursion": 0.01}),
    Case("futures.line20.recursion", "futures/s", "sim", "BM_FuturesRecursion/line20", "futures", FUTURES,
         at_least=1000, agree={"hand-written": 0.15}),
    Case("futures.line20", "futures/s", "sim", "BM_Futures/line20", "futures", FUTURES, at_least=1000,
         agree={"hand-written": 0.15}),
    Case("threads.line20", "x", "study", "BM_Threads/iterations:1", "speedup", at_least=1.8, rounds=1, slow=True,
         alone="preempted"),
    Case("jobshop.atc", "operations/s", "sim", "BM_JobShop/atc", "operations", SHOP, at_least=1e6,
         agree={"hand-written": 0.1, "SimPy": 0.1}),
    Case("jobshop.atc.bottleneck", "operations/s", "sim", "BM_JobShop/bottleneck", "operations"),
    Case("jobshop.atc.cut", "operations/s", "sim", "BM_JobShop/cut", "operations", SHOP_CUT, agree={"SimPy": 0}),
    Case("fab.operations", "operations/s", "sim", "BM_Fab/days30/iterations:1", "operations", FAB,
         agree={"SimPy": 0.01}, rounds=2),
    Case("fab.years2", "s", "sim", "BM_Fab/years2/iterations:1", at_most=60, rounds=1, slow=True),
    Case("loop.delay", "entities/s", "sim", "BM_Loop/delay", "entities", DELAY, agree={"cimba": 0.01, "SimPy": 0.01}),
    Case("loop.create", "entities/s", "sim", "BM_Loop/create", "entities", CREATE, agree={"SimPy": 0}),
    Case("loop.seize", "entities/s", "sim", "BM_Loop/seize", "entities", SEIZE, agree={"cimba": 0, "SimPy": 0}),
    Case("copy.line20", "us", "state", "BM_CopyState/line20", None, SNAPSHOT, at_most=1.0),
    Case("copy.line20.reuse", "us", "state", "BM_CopyStateInto/line20", None, SNAPSHOT, at_most=1.0),
    Case("branch.line20", "us", "sim", "BM_BranchState/line20", None, SNAPSHOT, at_most=5.0),
    Case("branch.line20.reuse", "us", "sim", "BM_BranchStateInto/line20", None, SNAPSHOT, at_most=5.0),
    Case("save.line20", "us", "state", "BM_SaveState/line20"),
    Case("load.line20", "us", "state", "BM_LoadState/line20"),
    Case("digest.line20", "us", "state", "BM_DigestState/line20"),
    Case("plant.line20", "us", "model", "BM_LoadPlant/line20"),
    Case("copy.plant1000", "us", "state", "BM_CopyState/plant1000", at_most=200, rounds=3),
    Case("copy.plant1000.reuse", "us", "state", "BM_CopyStateInto/plant1000", at_most=200, rounds=3),
    Case("branch.plant1000", "us", "sim", "BM_BranchState/plant1000", rounds=3),
    Case("save.plant1000", "us", "state", "BM_SaveState/plant1000", rounds=3),
    Case("load.plant1000", "us", "state", "BM_LoadState/plant1000", rounds=3),
    Case("digest.plant1000", "us", "state", "BM_DigestState/plant1000", rounds=3),
    Case("memory.lot", "bytes", "state", "BM_LotMemory/iterations:1", "memory", at_most=128, rounds=1),
    Case("memory.lot.saved", "bytes", "state", "BM_LotMemory/iterations:1", "saved", rounds=1),
    *(
        Case(f"hold.{name}", "events/s", "kernel", f"BM_Hold/pending:{pending}/iterations:2", "events",
             {"hand-written": limit("W2", pending), "std::priority_queue": limit("W2STD", pending)},
             {"hand-written": floor})
        for name, pending, floor in (("1e3", 1_000, 0.8), ("1e5", 100_000, 0.8), ("1e6", 1_000_000, 1.0))
    ),
    Case("shdr.lines", "lines/s", "gateway", "BM_ReadShdr", "lines", {"Python": python("shdr.py", MAZAK)},
         agree={"Python": 0.001}),
]  # fmt: skip


class Runner:
    """Runs programs, each command once a round."""

    def __init__(self, build, min_time):
        self.folder = build / "bench"
        self.min_time = min_time
        self.round = {}

    def ours(self, program, benchmark, *, alone=False):
        program = str(self.folder / f"{program}_bench")
        text, _ = self._run((program, f"--benchmark_filter=^{re.escape(benchmark)}$", "--benchmark_format=json",
                             f"--benchmark_min_time={self.min_time}"), alone=alone)  # fmt: skip
        found = json.loads(text)["benchmarks"] if text.strip() else []
        if len(found) != 1:
            raise FailedError(f"{program} has no benchmark {benchmark}")
        entry = found[0]
        if entry.get("error_occurred"):
            message = entry["error_message"]
            raise (SkippedError if message.startswith("skipped") else FailedError)(message)
        return entry

    def rival(self, rival):
        command = rival.command
        if command[0] == "limit":
            command = (str(self.folder / "limit"), *command[1:])
        out, err = self._run(command)
        line = re.search(r"^RESULT (.*)$", out, re.MULTILINE)
        if line is None:
            raise FailedError(f"{' '.join(command)} printed no RESULT")
        fields = dict(pair.split("=", 1) for pair in line.group(1).split())
        result = {key: float(fields[key]) for key in ("n", "wall", "check")}
        if events := re.search(r"^events (\d+)$", err, re.MULTILINE):
            result["events"] = float(events.group(1))
        return result

    def _run(self, command, *, alone=False):
        if command not in self.round:
            if alone:
                os.sched_setaffinity(0, PROCESSORS)
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            os.sched_setaffinity(0, {max(PROCESSORS)})
            if done.returncode != 0:
                raise FailedError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
            self.round[command] = (done.stdout, done.stderr)
        return self.round[command]


class Figures:
    """What was measured for one case, a value a round."""

    def __init__(self, case):
        self.case = case
        self.values = []
        self.rivals = {name: [] for name in case.rivals}
        self.ratios = {name: [] for name in [*case.rivals] or ["yardstick"]}  # a value a round
        self.busy = False
        self.skipped = None
        self.faults = []

    def measure(self, runner):
        case = self.case
        try:
            entry = runner.ours(case.program, case.benchmark, alone=case.alone is not None)
            cpu_time = entry["cpu_time"] * TO_US[entry["time_unit"]] / TO_US.get(case.unit, 1)
            figure = cpu_time if case.counter is None else entry[case.counter]
            self.values.append(figure)
            self.busy = case.alone is not None and entry[case.alone] > BUSY
            if not case.rivals:
                yardstick = YARDSTICK.figure(runner.rival(YARDSTICK))
                self.ratios["yardstick"].append(self._against_yardstick(figure, yardstick))
            for name, rival in case.rivals.items():
                result = runner.rival(rival)
                theirs = rival.figure(result)
                self.rivals[name].append(theirs)
                self.ratios[name].append(theirs / figure if case.less_is_better else figure / theirs)
                if name in case.agree and not self._agrees(entry["answer"], result["check"], case.agree[name]):
                    self._fault(f"answer {entry['answer']:.4g}, {name} has {result['check']:.4g}")
        except SkippedError as reason:
            self.skipped = str(reason)
        except FailedError as reason:
            self._fault(str(reason))

    def _against_yardstick(self, figure, steps_a_second):
        if self.case.unit in ("bytes", "x"):  # no matter how fast the machine is
            return 1 / figure if self.case.less_is_better else figure
        speed = 1e6 / figure / TO_US[self.case.unit] if self.case.less_is_better else figure
        return speed / steps_a_second

    @staticmethod
    def _agrees(ours, theirs, tolerance):
        return abs(ours - theirs) <= tolerance * abs(theirs)

    def _fault(self, text):
        if text not in self.faults:
            self.faults.append(text)

    @property
    def value(self):
        return statistics.median(self.values) if self.values else None

    def rival_values(self):
        return {name: statistics.median(values) for name, values in self.rivals.items() if values}

    def ratio(self, name):
        """Our speed in multiples of the rival's."""
        return statistics.median(self.ratios[name])

    def floors(self):
        """(text, reached) for each floor."""
        if self.value is None:
            return [("not measured", False)] if self.faults else []
        found = [
            (f"{least:g} x {name}", bool(self.rivals[name]) and self.ratio(name) >= least)
            for name, least in self.case.floors.items()
        ]
        if self.case.at_least is not None and not self.busy:
            found.append((f">= {readable(self.case.at_least)}", self.value >= self.case.at_least))
        if self.case.at_most is not None:
            found.append((f"< {self.case.at_most:g} {self.case.unit}", self.value < self.case.at_most))
        return found

    @property
    def good(self):
        return not self.faults and all(reached for _, reached in self.floors())


def readable(value):
    for size, suffix in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


def print_table(console, measured, rounds):
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, justify in (("benchmark", "left"), ("ours", "right"), ("unit", "left"), ("rival", "left"),
                             ("rival's", "right"), ("ours / rival", "right"), ("floor", "left")):  # fmt: skip
        table.add_column(heading, justify=justify, no_wrap=heading != "floor")
    for figures in measured:
        case = figures.case
        if figures.value is None:
            table.add_row(case.name, "–", case.unit, "", "", "", figures.skipped or "[red]failed[/]")
            continue
        rivals = figures.rival_values()
        beside, own = {}, []  # floors in multiples of a rival stand beside it
        for text, reached in figures.floors():
            mark = f"{text} [green]pass[/]" if reached else f"{text} [red]FAIL[/]"
            of = next((name for name in rivals if text.endswith(f" x {name}")), None)
            if of is None:
                own.append(mark)
            else:
                beside[of] = mark
        if figures.busy:
            own.append("not judged: other programs took the processors")
        first = (case.name, readable(figures.value), case.unit)
        for name, theirs in [*rivals.items()] or [("", None)]:
            table.add_row(
                *first,
                name,
                "" if theirs is None else readable(theirs),
                "" if theirs is None else f"{figures.ratio(name):.3g} x",
                beside.get(name) or (own.pop(0) if own else ""),
            )
            first = ("", "", "")
        for mark in own:
            table.add_row("", "", "", "", "", "", mark)
    console.print(table)
    console.print(f"Medians of {rounds} rounds, CPU time, one processor; ours / rival is a ratio of speeds.")


def measure_all(runner, cases, growths, rounds):
    """Measure each case and each point of each curve once a round."""
    progress = Console(stderr=True)

    def tell(number, name):
        if sys.stderr.isatty():
            progress.print(f"round {number + 1} of {rounds}: {name:<40}", end="\r")

    measured = [Figures(case) for case in cases]
    faults = []
    for number in range(rounds):
        runner.round = {}
        for figures in measured:
            if number < (figures.case.rounds or rounds):
                tell(number, figures.case.name)
                figures.measure(runner)
        for growth in growths if number < GROWTH_ROUNDS else ():
            for size in growth.curve.sizes:
                tell(number, f"{growth.curve.name}:{size}")
                try:
                    entry = runner.ours("sim", f"BM_Growth/{growth.curve.benchmark}:{size}")
                    growth.add(size, entry["cpu_time"] * TO_US[entry["time_unit"]], entry["operations"])
                except FailedError as reason:
                    faults.append(f"{growth.curve.name}: {reason}")
    return measured, faults


def print_growth(console, growths):
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, justify in (("growth", "left"), ("cost", "left"), ("exponent", "right"), ("expected", "left"),
                             ("size: cost", "left")):  # fmt: skip
        table.add_column(heading, justify=justify)
    for growth in growths:
        curve = growth.curve
        unit, scale = ("ns an operation", 1) if curve.each else ("ms", 1e-6)
        mark = "[green]pass[/]" if growth.good else "[red]FAIL[/]"
        points = ", ".join(f"{size}: {readable(cost * scale)}" for size, cost in growth.medians().items())
        table.add_row(curve.name, unit, f"{growth.exponent():.2f}", f"{curve.least:g} to {curve.most:g} {mark}", points)
    console.print(table)


def print_moved(console, measured, store):
    """Say what moved since the table of ratios was stored, or store it anew."""
    now = {
        f.case.name: {name: ratios.summary(values) for name, values in f.ratios.items() if values}
        for f in measured
        if f.value is not None and not f.busy
    }
    if store:
        ratios.store(RATIOS, now)
        console.print(f"Stored the ratios of {len(now)} benchmarks in {RATIOS.relative_to(ROOT)}.")
        return
    moved = ratios.moved(ratios.load(RATIOS), now)
    for name, rival, before, after in moved:
        word = "[red]slower[/]" if after < before else "[green]faster[/]"
        console.print(f"{word}: {name} against {rival}: {before:.3g} when stored, {after:.3g} now")
    if not moved:
        console.print("Nothing moved beyond noise since the ratios were stored.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", help="folder of the build")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench" / "summary.json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--min-time", type=float, default=0.2, help="seconds a round for each of our benchmarks")
    parser.add_argument("--quick", action="store_true", help="one short round, without what takes long")
    parser.add_argument("--only", default="", help="benchmarks whose name begins so")
    parser.add_argument("--store", action="store_true", help="keep the ratios as those to compare with from now on")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.quick:
        options.rounds, options.min_time = 1, min(options.min_time, 0.1)
    cases = [case for case in CASES if case.name.startswith(options.only) and not (options.quick and case.slow)]
    growths = [curves.Growth(c) for c in curves.CURVES if c.name.startswith(options.only) and not options.quick]
    if not cases and not growths:
        names = [case.name for case in CASES] + [curve.name for curve in curves.CURVES]
        parser.error(f"--only: no benchmark begins with '{options.only}'; there are {', '.join(names)}")
    if not (options.build / "bench" / "limit").exists():
        parser.error(f"--build: no benchmarks in {options.build}; build with TWIN_BUILD_BENCHMARKS=ON")

    plants.write(ROOT / "build" / "bench" / "plants")
    os.sched_setaffinity(0, {max(PROCESSORS)})
    runner = Runner(options.build.resolve(), options.min_time)
    measured, faults = measure_all(runner, cases, growths, options.rounds)
    growths = [growth for growth in growths if set(growth.costs) == set(growth.curve.sizes)]
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    if measured:
        print_table(console, measured, options.rounds)
    if growths:
        print_growth(console, growths)
    faults += [f"{figures.case.name}: {fault}" for figures in measured for fault in figures.faults]
    for fault in faults:
        console.print(f"[red]{fault}[/]")
    print_moved(console, measured, options.store)

    summary = [
        {"name": f.case.name, "unit": f.case.unit, "value": f.value, "rivals": f.rival_values()}
        for f in measured
        if f.value is not None
    ]
    summary += [{"name": g.curve.name, "unit": "exponent", "value": g.exponent(), "rivals": {}} for g in growths]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    bad = [figures.case.name for figures in measured if not figures.good]
    bad += [growth.curve.name for growth in growths if not growth.good]
    failed = bool(bad or faults)
    console.print(f"[red]failed: {', '.join(bad)}[/]" if failed else "All answers agree and all floors are reached.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
