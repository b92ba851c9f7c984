"""``twin fmt``: a plant as canonical YAML, and files rewritten without saying less or something else."""

import json
import sys

import pytest

import twin
from twin import cli

HEAD = "# Cell 4\n# made by hand\n\n"
CELL = """\
stations:
    mill:   {machines:   2}
    'turn': {queue: {"rule": "priority(part)"}}
products:
    part:
        route:
          - at: mill
            time: 5   min
          - {at: turn, time: 3 min, op: 'turn #2'}
        arrivals: "every exponential(6 min)"
"""


@pytest.fixture
def run(monkeypatch, capfd):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["twin", "fmt", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return left.value.code or 0, out, err.replace("\n", " ")

    return call


@pytest.fixture
def cell(tmp_path):
    file = tmp_path / "cell.yaml"
    file.write_text(HEAD + CELL)
    file.chmod(0o640)
    return file


def test_prints_canonical_yaml_and_leaves_the_file(run, cell):
    code, out, _ = run(cell)
    plant = twin.load(cell)
    assert code == 0
    assert out == plant.yaml
    assert twin.parse(out, name="cell") == plant
    assert cell.read_text() == HEAD + CELL
    document = json.loads(run(cell, "--json")[1])
    assert document == {"file": str(cell), "changed": True, "yaml": plant.yaml}


def test_rewrites_a_file_that_loads_as_the_same_plant(run, cell):
    plant = twin.load(cell)
    code, out, err = run(cell, "--write")
    assert (code, out) == (0, "")
    assert "written" in err
    assert cell.read_text() == HEAD + plant.yaml
    assert twin.load(cell) == plant
    assert cell.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in cell.parent.iterdir()] == ["cell.yaml"]
    _, out, err = run(cell, "--write", "--json")
    assert "as it should be" in err
    assert not json.loads(out)["changed"]


def test_other_files_are_not_drawn_in(run, cell):
    setup = "{by: product, matrix: setups.csv}"
    text = CELL.replace("{machines:   2}", f"{{machines: 2, setup: {setup}}}")
    cell.write_text("include: hours.yaml\norders: orders.csv\n" + text)
    folder = cell.parent
    (folder / "hours.yaml").write_text("calendars: {day: {daily: '06:00-14:00'}}\n")
    (folder / "orders.csv").write_text("id,product\nA,part\n")
    (folder / "setups.csv").write_text("from,part\npart,2 min\n")
    before = cell.read_text()
    code, _, err = run(cell, "--write")
    assert code == 2
    for what in ("include names 'hours.yaml'", "setup.matrix names 'setups.csv'", "orders names 'orders.csv'"):
        assert what in err
    assert cell.read_text() == before
    code, out, _ = run(cell)
    assert code == 0
    assert twin.parse(out, name="cell") == twin.load(cell)


@pytest.mark.parametrize("comment", ["  # the new one", "\n# one more"])
def test_comments_are_not_lost_unless_told(run, cell, comment):
    text = HEAD + CELL.replace("machines:   2}", "machines: 2}" + comment)
    cell.write_text(text)
    code, _, err = run(cell, "--write")
    assert code == 2
    assert f"comments in line {5 + comment.count(chr(10))}," in err
    assert cell.read_text() == text
    assert run(cell, "--write", "--drop-comments")[0] == 0
    assert cell.read_text() == HEAD + twin.load(cell).yaml


def test_faults_are_told(run, cell):
    cell.write_text(CELL.replace("at: mill", "at: mil"))
    code, out, err = run(cell, "--write")
    assert (code, out) == (2, "")
    assert "there is no station 'mil'" in err
