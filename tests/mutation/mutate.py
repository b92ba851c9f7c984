"""Mutation testing of the engine's rules: how many small faults the tests notice.

    make mutation                                        # a sample, with its score
    .venv/bin/python tests/mutation/mutate.py --sample 0 # all mutants (hours)

Every mutant is one small fault in the rules: another comparison, `+` for `-`, `&&` for `||`, `true` for `false`, a call
left out. All of them are compiled into one program, each behind a switch that the environment sets, so that the rules
are built once. A mutant is killed when a test fails, crashes or takes far too long; one that lives is printed with its
place, to be read: either no test looks there, or it changes nothing that can be seen.

The score is killed / all of the sample, with the 95 % interval of Wilson. The report is build/mutation/report.json.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import math
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clang import cindex

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutation"
SOURCES = ("libtwin", "tests", "cmake", "examples", "scenarios", "CMakeLists.txt")
#: A source that includes all the rules, and the files of rules themselves.
UNIT = "libtwin/src/sim/advance.cpp"
RULES = "libtwin/src/sim/engine_*_impl.hpp"
MORE_RULES = ("libtwin/src/sim/engine_impl.hpp",)
SWITCH = """/// Which mutant is switched on: tests/mutation/mutate.py.
#pragma once
#include <cstdlib>
inline const int twin_mutant_on = std::getenv("TWIN_MUTANT") ? std::atoi(std::getenv("TWIN_MUTANT")) : -1;
inline bool twin_mutant(int number) noexcept { return number == twin_mutant_on; }
"""
PAIRS = (("<", "<="), (">", ">="), ("==", "!="), ("&&", "||"), ("+", "-"), ("+=", "-="))
OTHER = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
K = cindex.CursorKind


@dataclass(eq=False)
class Mutant:
    """One fault: what stands at [start, end) of a file, and what would stand there instead."""

    file: str
    start: int
    end: int
    kind: str
    instead: str
    number: int = -1
    line: int = 0
    text: str = ""


def mutants_of(cursor: Any, source: str, file: str) -> Iterator[Mutant]:
    """Find the faults that the expressions of a function's body allow."""
    kind, (start, end) = cursor.kind, (cursor.extent.start.offset, cursor.extent.end.offset)
    children = list(cursor.get_children())
    text = source[start:end]

    def found(name: str, instead: str) -> Mutant:
        return Mutant(file, start, end, name, instead, line=cursor.extent.start.line, text=text)

    if kind in (K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
        left, right = (source[c.extent.start.offset : c.extent.end.offset] for c in children)
        operator = source[children[0].extent.end.offset : children[1].extent.start.offset].strip()
        other = OTHER.get(operator)
        arithmetic = operator not in ("+", "-", "+=", "-=") or is_number(cursor.type)
        if other and arithmetic and left and right:
            yield found(f"{operator} to {other}", f"({left} {other} {right})")
    elif kind == K.UNARY_OPERATOR and len(children) == 1:
        operand = source[children[0].extent.start.offset : children[0].extent.end.offset]
        if text.startswith("!"):
            yield found("! left out", f"static_cast<bool>({operand})")
        elif text.startswith(("++", "--")) and is_number(cursor.type):
            yield found(f"{text[:2]} turned round", ("--" if text[0] == "+" else "++") + operand)
    elif kind == K.CXX_BOOL_LITERAL_EXPR and text in ("true", "false"):
        yield found(f"{text} turned round", "false" if text == "true" else "true")


def is_number(kind: Any) -> bool:
    """Tell whether a type is one of numbers, as far as is known before a template is used."""
    canonical = kind.get_canonical().kind
    return cindex.TypeKind.BOOL.value <= canonical.value <= cindex.TypeKind.LONGDOUBLE.value


def walk(cursor: Any, source: str, file: str) -> Iterator[Mutant]:
    """Go through the statements of a body."""
    yield from mutants_of(cursor, source, file)
    children = list(cursor.get_children())
    for i, child in enumerate(children):
        if child.kind in (K.CASE_STMT,) and cursor.kind == K.CASE_STMT:
            yield from walk(child, source, file)
            continue
        if cursor.kind == K.CASE_STMT and i == 0:  # the label
            continue
        if (
            cursor.kind == K.IF_STMT
            and i == 0
            and "constexpr" in source[cursor.extent.start.offset : child.extent.start.offset]
        ):
            continue
        if cursor.kind == K.FOR_STMT and child.kind == K.UNARY_OPERATOR:  # the step of a loop: it would never end
            continue
        if cursor.kind == K.COMPOUND_STMT and child.kind == K.CALL_EXPR:
            start, end = child.extent.start.offset, child.extent.end.offset
            if source[end : end + 1] == ";":
                text = source[start:end]
                yield Mutant(file, start, end, "call left out", "(void)0", line=child.extent.start.line, text=text)
        yield from walk(child, source, file)


def bodies(unit: Any, names: set[str]) -> Iterator[tuple[str, Any]]:
    """Bodies of all functions of the files that are not evaluated by the compiler."""
    seen: set[tuple[str, int]] = set()

    def below(cursor: Any) -> Iterator[tuple[str, Any]]:
        for child in cursor.get_children():
            where = child.location.file
            if child.kind == K.NAMESPACE or child.kind in (K.CLASS_TEMPLATE, K.CLASS_DECL, K.STRUCT_DECL):
                yield from below(child)
            elif where and where.name in names and child.kind in (K.FUNCTION_TEMPLATE, K.CXX_METHOD, K.FUNCTION_DECL):
                body = next((c for c in child.get_children() if c.kind == K.COMPOUND_STMT), None)
                if body is None or (where.name, body.extent.start.offset) in seen:
                    continue
                seen.add((where.name, body.extent.start.offset))
                head = Path(where.name).read_text(encoding="utf-8")[
                    child.extent.start.offset : body.extent.start.offset
                ]
                if "constexpr" not in head:
                    yield where.name, body

    yield from below(unit.cursor)


def find_mutants(root: Path) -> list[Mutant]:
    """Give all mutants, numbered in the order of files and places."""
    files = sorted(str(path) for path in [*root.glob(RULES), *(root / name for name in MORE_RULES)])
    asked = subprocess.run(["clang++", "-print-resource-dir"], capture_output=True, text=True, check=True)
    resources = asked.stdout.strip()
    unit = cindex.Index.create().parse(
        str(root / UNIT),
        [
            "-std=c++20",
            f"-I{root / 'libtwin/include'}",
            f"-I{root / 'libtwin/src/sim'}",
            "-resource-dir",
            resources,
        ],
    )
    errors = [d.spelling for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
    if errors:
        raise SystemExit(f"mutate: {UNIT} cannot be read: {errors[0]}")
    found: dict[tuple[str, int, int, str], Mutant] = {}
    for name, body in bodies(unit, set(files)):
        source = Path(name).read_text(encoding="utf-8")
        for mutant in walk(body, source, name):
            found.setdefault((mutant.file, mutant.start, mutant.end, mutant.kind), mutant)
    ordered = sorted(found.values(), key=lambda m: (m.file, m.start, -m.end, m.kind))
    for number, mutant in enumerate(ordered):
        mutant.number = number
    return ordered


def instrument(root: Path, mutants: list[Mutant]) -> None:
    """Put all mutants into the sources, each behind its switch; a switched-off one is what stood there."""
    (root / "libtwin/src/sim/mutant_switch.hpp").write_text(SWITCH, encoding="utf-8")
    for file in sorted({m.file for m in mutants}):
        source = Path(file).read_text(encoding="utf-8")
        text = source.encode()
        if len(text) != len(source):
            raise SystemExit(f"mutate: {file} is not plain ASCII")

        def render(start: int, end: int, inside: list[Mutant], source: str = source) -> str:
            out, at = [], start
            while inside:
                first = inside[0]
                own = [m for m in inside if m.start >= first.start and m.end <= first.end and m is not first]
                inside = [m for m in inside if m is not first and m not in own]
                out.append(source[at : first.start])
                normal = render(first.start, first.end, own)
                normal = f"(void)({normal})" if first.instead == "(void)0" else f"({normal})"
                out.append(f"(twin_mutant({first.number}) ? {first.instead} : {normal})")
                at = first.end
            out.append(source[at:end])
            return "".join(out)

        mine = sorted((m for m in mutants if m.file == file), key=lambda m: (m.start, -m.end, m.number))
        new = render(0, len(source), mine)
        Path(file).write_text(
            new.replace("#pragma once", '#pragma once\n#include "mutant_switch.hpp"', 1), encoding="utf-8"
        )


def copy_tree(root: Path) -> None:
    """Copy what is built, so that the checkout stays as it is."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)


def build(root: Path, programs: list[str]) -> None:
    """Build the tests with all mutants in them."""
    common = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -w", "-DCMAKE_CXX_FLAGS=-D_GLIBCXX_ASSERTIONS"]
    subprocess.run(["cmake", "-S", root, "-B", WORK / "build", "-G", "Ninja", "-DTWIN_BUILD_TESTS=ON", *common],
                   check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    subprocess.run(["cmake", "--build", WORK / "build", "--target", *programs], check=True, stdout=subprocess.DEVNULL)


def run(root: Path, programs: list[str], number: int, limit: float) -> str:
    """Run the tests with one mutant switched on; give `lives`, or what killed it."""
    environment = os.environ | {"TWIN_MUTANT": str(number)}
    for program in programs:
        command = [
            "prlimit",
            f"--as={4 << 30}",
            str(WORK / "build" / "tests" / program),
            "--gtest_fail_fast",
            "--gtest_brief=1",
        ]
        try:
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return "time"
        if done.returncode < 0:
            return "crash"
        if done.returncode != 0:
            return "test"
    return "lives"


def wilson(killed: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion."""
    z, p = 1.959964, killed / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=300, help="mutants to try, drawn evenly; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--tests", default="sim_tests,study_tests", help="test programs, separated by commas")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--least", type=float, default=0.8, help="score below which the exit status is 1")
    options = parser.parse_args()
    programs = options.tests.split(",")
    root = WORK / "source"
    copy_tree(root)
    mutants = find_mutants(root)
    instrument(root, mutants)
    print(f"{len(mutants)} mutants of {len({m.file for m in mutants})} files; building", flush=True)
    build(root, programs)
    start = time.monotonic()
    if run(root, programs, -1, 1800) != "lives":
        raise SystemExit("mutate: the tests fail without a mutant")
    limit = max(60.0, 10 * (time.monotonic() - start))
    chosen = mutants
    if 0 < options.sample < len(mutants):
        chosen = sorted(random.Random(options.seed).sample(mutants, options.sample), key=lambda m: m.number)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda m: run(root, programs, m.number, limit), chosen))
    for mutant, outcome in zip(chosen, outcomes, strict=True):
        if outcome == "lives":
            where = f"{Path(mutant.file).relative_to(root)}:{mutant.line}"
            print(f"lives: {where}: {mutant.kind}: {' '.join(mutant.text.split())[:110]}")
    counts = Counter(outcomes)
    killed = len(chosen) - counts["lives"]
    low, high = wilson(killed, len(chosen))
    report = {
        "mutants": len(mutants), "tried": len(chosen), "killed": killed, "score": killed / len(chosen),
        "interval": [low, high], "by": dict(counts),
        "alive": [{"file": str(Path(m.file).relative_to(root)), "line": m.line, "kind": m.kind, "text": m.text}
                  for m, o in zip(chosen, outcomes, strict=True) if o == "lives"],
    }  # fmt: skip
    (WORK / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"{killed} of {len(chosen)} mutants killed ({dict(counts)}): score {killed / len(chosen):.3f}, "
          f"95 % {low:.3f} to {high:.3f}")  # fmt: skip
    return 0 if killed / len(chosen) >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
