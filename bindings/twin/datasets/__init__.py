"""Data sets by name: where they are on this machine, or where they come from.

A data set is looked for in ``$TWIN_DATA/<name>``, then in the user's cache (``$TWIN_CACHE``, else the usual place for
caches), and is else downloaded from its public address, each file checked by its SHA-256. ``TWIN_OFFLINE=1`` forbids
downloads. Nothing of the data is part of libtwin.

``nist-box``: one real order, 20 boxes, 20 covers and 20 plates machined on two mills in February 2017; 184 logs.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pooch

from .._errors import Error, InvalidArgument

__all__ = ["Case", "DataSet", "DatasetNotFound", "available", "case", "fetch", "info", "path", "scenario", "verify"]


class DatasetNotFound(Error, FileNotFoundError):  # noqa: N818, it is said as a fact
    """A data set is not on this machine and was not, or could not be, downloaded."""


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set.

    Attributes
    ----------
    name, title : str
        How it is called, and what it is.
    url : str
        Public address of its files.
    licence, credit : str
        On which terms it may be used, and whom to name.
    logs : str
        Folder of the machine logs in it.
    scenario : str
        Folder of the scenarios that go with it: ``rules.yaml``, ``order.yaml``.
    """

    name: str
    title: str
    url: str
    licence: str
    credit: str
    logs: str
    scenario: str


@dataclass(frozen=True)
class Case:
    """What is needed to follow a floor: its logs, the rules that say what they mean, the order sheet."""

    logs: Path
    rules: Path
    sheet: Path


_SETS = {
    "nist-box": DataSet(
        name="nist-box",
        title="One real order: 20 boxes, 20 covers and 20 plates on two mills, February 2017; 184 SHDR logs",
        url="https://raw.githubusercontent.com/usnistgov/smstestbed/968279f14ebe96c03c8877eeb1901cf6b4c8fbab/tdp/mtc/Split/",
        licence="NIST public information: free to use with credit, no NIST logo",
        credit="Data: NIST Smart Manufacturing Systems Test Bed; box-assembly data by NIST and the Manufacturing "
        "Technology Centre (MTC).",
        logs="telemetry",
        scenario="nist-box",
    )
}


def available() -> list[str]:
    """Names of the data sets there are, here or in public."""
    return sorted(_SETS)


def info(name: str) -> DataSet:
    """Tell what is known of a data set: title, address, licence, credit.

    Raises
    ------
    InvalidArgument
        No such data set; names those there are.
    """
    try:
        return _SETS[name.lower()]
    except (AttributeError, KeyError):
        raise InvalidArgument(f"no data set {name!r}; allowed: {', '.join(available())}") from None


def path(name: str, *, download: bool = True) -> Path:
    """Find the folder of a data set.

    Parameters
    ----------
    name : str
        One of `available`.
    download : bool
        Fetch it into the cache when it is not on this machine; ``TWIN_OFFLINE=1`` forbids that all the same.

    Raises
    ------
    InvalidArgument
        No such data set.
    DatasetNotFound
        It is not on this machine and was not downloaded; says how to get it.
    """
    data = info(name)
    name = data.name
    looked = []
    for folder in (_data_folder(name), _cache() / name):
        if folder is None:
            continue
        if _has_logs(folder, data):
            return folder
        looked.append(str(folder))
    if not download or _offline():
        why = "TWIN_OFFLINE is set" if download else "downloading was not asked for"
        raise DatasetNotFound(
            f"the data set '{name}' is not on this machine (looked in {' and '.join(looked)}){_not_in_data(name)}, "
            f"and {why}. Either set "
            f"TWIN_DATA to the folder that holds '{name}/{data.logs}', or download it: "
            f"python -c \"import twin.datasets as d; d.fetch('{name}')\""
        )
    return fetch(name)


def fetch(name: str) -> Path:
    """Download a data set into the cache, as far as it is not there, checking each file.

    Returns
    -------
    Path
        Its folder in the cache.

    Raises
    ------
    DatasetNotFound
        ``TWIN_OFFLINE`` is set, the address cannot be reached, or a file is not what it should be.
    """
    data = info(name)
    name = data.name
    if _offline():
        raise DatasetNotFound(f"the data set '{name}' was not downloaded from {data.url}: TWIN_OFFLINE is set")
    registry = _registry(name)
    folder = _cache() / name
    store = pooch.create(
        path=folder,
        base_url=data.url,
        registry=registry,
        urls={file: data.url + file.rsplit("/", 1)[-1] for file in registry},
        retry_if_failed=2,
    )
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    complete = folder / ".complete"
    complete.unlink(missing_ok=True)
    try:
        for file in registry:
            store.fetch(file)
        complete.touch()
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong hash is a ValueError
        raise DatasetNotFound(
            f"the data set '{name}' could not be downloaded from {data.url}: {_short(error)}{_not_in_data(name)}"
        ) from error
    finally:
        logger.setLevel(level)
    return folder


def verify(name: str) -> list[str]:
    """Compare the files of a data set on this machine with what was published.

    Returns
    -------
    list of str
        Files that are missing or different; none when all is well. Packed files (``.gz``) count by their contents.
    """
    folder = path(name, download=False)
    name = info(name).name
    return [file for file, known in _registry(name).items() if _sha256(folder / file) != known.removeprefix("sha256:")]


def scenario(name: str) -> Path:
    """Find a scenario that comes with libtwin: ``shops/emulated.yaml``.

    Raises
    ------
    InvalidArgument
        There is none of that name.
    """
    root = _scenarios()
    file = root / name
    if file.exists():
        return file
    known = sorted(str(found.relative_to(root)) for found in root.rglob("*.yaml"))
    raise InvalidArgument(f"no scenario '{name}' comes with libtwin; allowed: {', '.join(known)}")


def case(name: str, *, download: bool = True) -> Case:
    """Find logs, rules and order sheet of a data set; see `path` for arguments and errors."""
    data = info(name)
    logs = path(name, download=download) / data.logs
    return Case(logs, scenario(f"{data.scenario}/rules.yaml"), scenario(f"{data.scenario}/order.yaml"))


def _data_folder(name: str) -> Path | None:
    root = os.environ.get("TWIN_DATA")
    return Path(root) / name if root else None


def _not_in_data(name: str) -> str:
    """Say that the folder of the caller's own data lacks a data set."""
    root = os.environ.get("TWIN_DATA")
    return f"; TWIN_DATA is set to {root}, which does not hold it ('{name}' is no folder of logs there)" if root else ""


def _short(error: Exception) -> str:
    """Give the cause of a failed download on one line: what is innermost, not the whole chain."""
    cause: BaseException = error
    while True:
        inner = cause.__cause__ or next(
            (a for a in (getattr(cause, "reason", None), *cause.args) if isinstance(a, BaseException)), None
        )
        if inner is None:
            break
        cause = inner
    return " ".join((str(cause) or type(cause).__name__).split())


def _cache() -> Path:
    return Path(os.environ.get("TWIN_CACHE") or pooch.os_cache("libtwin"))


def _offline() -> bool:
    return os.environ.get("TWIN_OFFLINE", "0") not in {"", "0"}


def _has_logs(folder: Path, data: DataSet) -> bool:
    """Whether the logs are there; in the cache, all of them."""
    logs = folder / data.logs
    is_there = logs.is_dir() and any(logs.iterdir())
    return is_there and (folder != _cache() / data.name or (folder / ".complete").exists())


def _registry(name: str) -> dict[str, str]:
    text = resources.files(__package__).joinpath(f"{name}.txt").read_text(encoding="ascii")
    files = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            file, digest = line.split()
            files[file] = digest
    return files


def _sha256(file: Path) -> str | None:
    packed = file.with_name(file.name + ".gz")
    if file.exists():
        content = file.read_bytes()
    elif packed.exists():
        content = gzip.decompress(packed.read_bytes())
    else:
        return None
    return hashlib.sha256(content).hexdigest()


def _scenarios() -> Path:
    """Beside the package's modules once installed; at the project's root when run from there."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent.parent / "scenarios"
