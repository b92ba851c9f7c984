"""Data sets by name, without any network."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import pytest

import twin
from twin import datasets


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Neither data nor cache of this machine, and no downloads."""
    monkeypatch.delenv("TWIN_DATA", raising=False)
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TWIN_OFFLINE", "1")


@pytest.fixture
def published(monkeypatch, tmp_path):
    """Make a data set of two files, and an address on this machine that has them."""
    site = tmp_path / "site"
    site.mkdir()
    files = {"telemetry/A-OP1-M-01of02.txt": b"one\n", "telemetry/A-OP1-M-02of02.txt": b"two\r\n"}
    for name, content in files.items():
        (site / Path(name).name).write_bytes(content)
    registry = {name: "sha256:" + hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(datasets, "_registry", lambda name: registry)
    return site, files


def fake_download(site):
    def download(url, output_file, pooch):
        shutil.copyfile(site / url.rsplit("/", 1)[-1], output_file)

    return download


def test_available_sets_have_title_address_and_credit():
    assert datasets.available() == ["nist-box"]
    data = datasets.info("nist-box")
    assert data.url.startswith("https://")
    assert "968279f" in data.url
    assert "NIST" in data.credit


def test_registry_lists_every_log_once():
    registry = datasets._registry("nist-box")
    assert len(registry) == 184
    assert all(name.startswith("telemetry/") and name.endswith("of20.txt") for name in registry)
    assert all(len(digest) == len("sha256:") + 64 for digest in registry.values())


def test_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(twin.InvalidArgument, match="no data set 'nist-bxo'; allowed: nist-box"):
        datasets.path("nist-bxo")


def test_absent_set_says_where_it_looked_and_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    with pytest.raises(datasets.DatasetNotFound) as caught:
        datasets.path("nist-box")
    message = str(caught.value)
    for part in (
        str(tmp_path / "nist-box"),
        str(tmp_path / "cache"),
        "TWIN_OFFLINE",
        "TWIN_DATA",
        "d.fetch('nist-box')",
    ):
        assert part in message
    with pytest.raises(datasets.DatasetNotFound, match="not asked for"):
        datasets.path("nist-box", download=False)
    with pytest.raises(datasets.DatasetNotFound, match="TWIN_OFFLINE is set"):
        datasets.fetch("nist-box")


def test_folder_of_environment_comes_first(monkeypatch, tmp_path):
    logs = tmp_path / "data" / "nist-box" / "telemetry"
    logs.mkdir(parents=True)
    (logs / "Box-OP1-Hurco02-01of20.txt").write_text("2017-02-01T00:00:00Z|Program_Status|ACTIVE\n")
    monkeypatch.setenv("TWIN_DATA", str(tmp_path / "data"))
    assert datasets.path("nist-box") == logs.parent
    assert datasets.verify("nist-box")[0] == "telemetry/Box-OP1-Hurco02-01of20.txt"
    assert len(datasets.verify("nist-box")) == 184


def test_packed_files_count_by_their_contents(monkeypatch, tmp_path, published):
    _, files = published
    for name, content in files.items():
        file = tmp_path / "data" / "nist-box" / (name + ".gz")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(content))
    monkeypatch.setenv("TWIN_DATA", str(tmp_path / "data"))
    assert datasets.verify("nist-box") == []


def test_download_is_checked_kept_and_not_repeated(monkeypatch, tmp_path, published):
    site, files = published
    monkeypatch.setenv("TWIN_OFFLINE", "0")
    monkeypatch.setattr("pooch.core.choose_downloader", lambda *_, **__: fake_download(site))
    folder = datasets.path("nist-box")
    assert folder == tmp_path / "cache" / "nist-box"
    for name, content in files.items():
        assert (folder / name).read_bytes() == content
    shutil.rmtree(site)
    assert datasets.path("nist-box") == folder


def test_wrong_bytes_are_refused(monkeypatch, published):
    site, _ = published
    (site / "A-OP1-M-02of02.txt").write_bytes(b"tampered\n")
    monkeypatch.setenv("TWIN_OFFLINE", "0")
    monkeypatch.setattr("pooch.core.choose_downloader", lambda *_, **__: fake_download(site))
    with pytest.raises(datasets.DatasetNotFound, match="hash"):
        datasets.fetch("nist-box")
    with pytest.raises(datasets.DatasetNotFound):  # half a data set is none
        datasets.path("nist-box", download=False)


def test_scenarios_come_with_the_package():
    assert twin.load(datasets.scenario("queues/mm1.yaml")).name == "mm1"
    with pytest.raises(twin.InvalidArgument, match=r"allowed: .*queues/mm1\.yaml"):
        datasets.scenario("queues/mm7.yaml")


REAL = os.environ.get("TWIN_DATA", "")


@pytest.mark.skipif(not Path(REAL, "nist-box", "telemetry").is_dir(), reason="data set nist-box absent: set TWIN_DATA")
def test_real_files_are_those_published(monkeypatch):
    monkeypatch.setenv("TWIN_DATA", REAL)
    assert datasets.verify("nist-box") == []


def test_names_count_in_any_case_and_a_wrong_twin_data_is_named(monkeypatch, tmp_path):
    assert datasets.info("NIST-Box") is datasets.info("nist-box")
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TWIN_OFFLINE", "1")
    with pytest.raises(datasets.DatasetNotFound, match=r"TWIN_DATA is set to .* which does not hold it"):
        datasets.path("NIST-box")
