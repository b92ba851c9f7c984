"""The emulated shop as Python sees it."""

import numpy as np
import pandas as pd
import pytest

import twin
from twin import datasets


@pytest.fixture(scope="module")
def shop():
    return twin.load(datasets.scenario("shops/emulated.yaml"))


@pytest.fixture(scope="module")
def rules():
    return twin.Rules.load(datasets.scenario("shops/emulated-rules.yaml"))


def as_rows(frame):
    columns = ["part", "product", "operation", "machine", "start", "end", "outcome", "interruptions"]
    return frame[columns].sort_values(["start", "machine"]).reset_index(drop=True)


@pytest.mark.parametrize("defects", [{}, {"late": 0.03, "duplicates": 0.08}], ids=["clean", "late and repeated"])
def test_logs_give_back_the_truth(shop, rules, tmp_path, defects):
    emulation = twin.emulate(shop, seed=3, **defects)
    logs = twin.read_logs(emulation.write(tmp_path), rules)
    found = twin.infer_operations(logs, rules)
    pd.testing.assert_frame_equal(as_rows(found.frame), as_rows(emulation.operations), check_dtype=False)
    assert logs.counts["lines"].sum() == emulation.lines
    assert (logs.counts["late"].sum() > 0) == bool(defects)


def test_truth_is_what_the_files_say(shop, tmp_path):
    emulation = twin.emulate(shop, seed=3, until="3 d", duplicates=0.1)
    emulation.write(tmp_path)
    table = pd.read_csv(tmp_path / "truth.csv", parse_dates=["start", "end"])
    assert list(table["part"]) == list(emulation.operations["part"])
    assert (table["start"].dt.tz_localize(None) == emulation.operations["start"]).all()
    assert emulation.truth["seed"] == 3
    assert emulation.truth["defects"]["duplicates"] == 0.1
    assert emulation.truth["digest"] == shop.digest
    assert emulation.truth["orders"]["Housing"] is None  # still open


def test_run_is_that_of_the_engine(shop):
    history = twin.History()
    state = twin.State.initial(shop, seed=3)
    state.advance("4 d", history=history)
    truth = twin.emulate(shop, seed=3, until="4 d").operations
    done = truth[truth["outcome"] == "completed"]
    assert np.array_equal(np.sort(done["end"]), np.sort(history.operations["end"]))


def test_sheet_and_truth_are_the_same_shop_with_other_times(shop):
    sheet = twin.load(datasets.scenario("shops/emulated-sheet.yaml"))
    assert list(sheet.machines["machine"]) == list(shop.machines["machine"])
    assert sheet.steps[["product", "step", "station"]].equals(shop.steps[["product", "step", "station"]])
    ratio = sheet.steps["mean_s"] / shop.steps["mean_s"]
    assert ratio.min() < 0.85
    assert ratio.max() > 1.3
    assert len(sheet.what_if) == 3
    for changes in sheet.what_if.values():
        sheet.change(changes)


def test_bad_arguments_are_named(shop, tmp_path):
    with pytest.raises(twin.InvalidArgument, match=r"gaps is 2; allowed: 0 to 0\.9"):
        twin.emulate(shop, gaps=2)
    with pytest.raises(twin.InvalidArgument, match="max_late"):
        twin.emulate(shop, max_late="soon")
    (tmp_path / "Other.txt").write_text("")
    with pytest.raises(twin.InvalidArgument, match=r"Other\.txt of another run"):
        twin.emulate(shop, until="2 d").write(tmp_path)
