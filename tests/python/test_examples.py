"""Every example prints what its head says; what the README and the pages show runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from twin import datasets

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.name != "main_job.py")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run(*arguments: object, folder: Path) -> str:
    """Run Python in a folder and give what it prints."""
    environment = {**os.environ, "MPLBACKEND": "Agg", "TWIN_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected_output(example: Path) -> str:
    block = re.search(r'Expected output::\n\n((?: {4}.*\n|\n)+)"""', example.read_text(encoding="utf-8"))
    assert block, f"{example.name} does not say what it prints"
    return block[1]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_prints_what_its_head_says(example: Path, tmp_path: Path) -> None:
    printed = run(example, tmp_path, folder=ROOT)
    if printed.startswith("skipped: "):
        pytest.skip(printed.strip())
    assert lines(printed) == lines(expected_output(example))


def runnable_blocks(page: Path) -> list[str]:
    """Code blocks after a line ``<!-- runnable -->``; those after ``<!-- runnable: nist-box -->`` need that data."""
    found = []
    for data, code in re.findall(
        r"<!-- runnable(?:: ([\w-]+))? -->\n+```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M
    ):
        found.append(f"# needs {data}\n{code}" if data else code)
    return found


BLOCKS = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}:{i}")
    for page in PAGES
    if page.exists()
    for i, block in enumerate(runnable_blocks(page), start=1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_block_of_a_page_runs(block: str, tmp_path: Path) -> None:
    needs = re.match(r"# needs ([\w-]+)\n", block)
    if needs:
        try:
            datasets.path(needs[1], download=False)
        except datasets.DatasetNotFound as error:
            pytest.skip(str(error))
    (tmp_path / "block.py").write_text(block, encoding="utf-8")
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    run("block.py", folder=tmp_path)
