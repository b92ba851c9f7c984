"""Examples print what their heads say; blocks and tables of README and pages say what the library does."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_refresh() -> ModuleType:
    """Import docs/refresh.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["refresh"] = module
    spec.loader.exec_module(module)
    return module


refresh = load_refresh()
HINT = "the file is stale, or the library is wrong; `python docs/refresh.py` writes it anew"


def check(path: Path) -> None:
    try:
        text = refresh.fresh(path)
    except refresh.DataMissingError as missing:
        pytest.skip(str(missing))
    assert path.read_text(encoding="utf-8") == text, HINT


@pytest.mark.parametrize("path", refresh.EXAMPLES, ids=lambda path: path.stem)
def test_example_prints_what_its_head_says(path: Path) -> None:
    check(path)


@pytest.mark.parametrize("path", refresh.PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_page_shows_what_the_library_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_OFFLINE", "1")
    mpl.use("Agg")
    check(path)


def test_published_schema_is_that_of_the_library() -> None:
    check(refresh.SCHEMA)


def test_every_kind_of_mapping_and_every_command_is_documented() -> None:
    scenario = (ROOT / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
    assert [level for level in refresh.levels() if f"<!-- keys {level} -->" not in scenario] == []
    from typer.main import get_command

    from twin.cli import app

    page = (ROOT / "docs" / "reference" / "command.md").read_text(encoding="utf-8")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name in commands if f"<!-- options {name} -->" not in page] == []


def test_every_figure_is_documented() -> None:
    import twin

    plant = twin.parse(
        """
        stations: {mill: {machines: 2}}
        products: {part: {route: [{at: mill, time: 5 min}]}}
        orders: [{id: batch, product: part, quantity: 3, due: 1 d}]
        """
    )
    page = (ROOT / "docs" / "reference" / "results.md").read_text(encoding="utf-8")
    result = twin.simulate(plant, replications=2, quantiles=False)
    quantities = {name.split(".", 1)[1] for name in result.metrics}
    quantities = {name.removeprefix("1.").removeprefix("2.") for name in quantities}
    assert sorted(name for name in quantities if f"| `{name}` |" not in page) == []
