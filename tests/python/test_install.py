"""The wheel as its users hold it: installed alone in a fresh environment, imported, its command run."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel():
    wheels = sorted((ROOT / "build" / "dist").glob("libtwin-*.whl"))
    if not wheels:
        pytest.skip("no wheel in build/dist: run make wheel")
    return wheels[-1]


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """Make an environment whose dependencies are those of this one and whose twin is the wheel's."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    # After the environment's own folder on the path, so that only what the wheel lacks comes from there.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", "--ignore-installed", str(wheel)], check=True)
    return folder


def run(fresh, *command):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(fresh / "bin" / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=fresh,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_wheel_imports_in_fresh_environment(fresh):
    where = run(fresh, "python", "-c", "import twin, twin._core; print(twin.__file__); print(twin._core.__file__)")
    for line in where.splitlines():
        assert Path(line).is_relative_to(fresh)


@pytest.mark.slow
def test_wheel_has_version_types_and_no_cpp_library(fresh):
    listing = run(
        fresh, "python", "-c", "import importlib.metadata as m; print(*m.files('libtwin'), m.version('libtwin'))"
    )
    *files, version = listing.split()
    assert f"VERSION {version}" in (ROOT / "CMakeLists.txt").read_text()
    assert {"twin/py.typed", "twin/_core.pyi"} <= set(files)
    assert not [file for file in files if file.endswith((".a", ".hpp", ".cmake"))]


@pytest.mark.slow
def test_command_of_wheel_runs(fresh):
    assert "Usage" in run(fresh, "twin", "--help")
