import json
import pickle

import numpy as np
import pytest

import twin

RULES = r"""
items: {program_status: status, block: block, program: program}
files: ['(?<product>[A-Za-z]+)-(?<operation>OP\d+)-(?<machine>[A-Za-z]+\d+)-(?<number>\d+)\.txt']
names: {part: '{product}-{number}', operation: upper}
"""


def log_text(start_minute, blocks=10, complete=True, pace=6):
    second = start_minute * 60
    lines = [f"{stamp(second)}|status|ACTIVE|program|P1"]
    for block in range(1, blocks + 1):
        second += pace
        lines.append(f"{stamp(second)}|block|{block}")
    if complete:
        lines.append(f"{stamp(second + 1)}|status|PROGRAM_COMPLETED")
    return "\n".join(lines) + "\n"


def stamp(second):
    return f"2026-03-02T{6 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


@pytest.fixture
def folder(tmp_path):
    for i in range(5):
        (tmp_path / f"Plate-op1-M1-{i:02d}.txt").write_text(log_text(5 * i, pace=6 + i % 2))
    (tmp_path / "notes.md").write_text("not a log")
    return tmp_path


@pytest.fixture
def rules():
    return twin.Rules.parse(RULES)


def test_a_log_accounts_for_every_line():
    log = twin.parse_shdr(log_text(0) + "broken\n\n2026-03-02T06:00:06Z|block|1\n", source="M1")
    counts = log.counts
    assert counts["lines"] == sum(counts[key] for key in ("observed", "quarantined", "protocol", "blank"))
    assert counts["duplicates"] == 1
    assert log.quarantine["text"].tolist() == ["broken"]
    assert log.quarantine["reason"].iloc[0]
    frame = log.frame
    assert frame["time"].dtype == np.dtype("M8[ns]")
    assert frame["time"].is_monotonic_increasing
    assert len(frame) == len(log) == counts["values"] - counts["duplicates"]
    assert "M1" in repr(log)


def test_operations_of_a_folder(folder, rules):
    logs = twin.read_logs(folder, rules)
    assert len(logs) == 5
    assert logs[0].ticket == {"part": "Plate-00", "product": "Plate", "operation": "OP1", "machine": "M1"}
    operations = twin.infer_operations(logs, rules)
    frame = operations.frame
    assert frame["part"].tolist() == [f"Plate-{i:02d}" for i in range(5)]
    assert frame["start"].iloc[1] == np.datetime64("2026-03-02T06:05")
    assert set(frame["outcome"]) == {"completed"}
    document = json.loads(json.dumps(operations.to_dicts()))
    assert document[0] == {
        "part": "Plate-00",
        "operation": "OP1",
        "machine": "M1",
        "start": "2026-03-02T06:00:00Z",
        "end": "2026-03-02T06:01:01Z",
        "outcome": "completed",
        "interruptions": 0,
    }
    assert operations[0].end == np.datetime64("2026-03-02T06:01:01")
    assert operations[0].blocks["block"].tolist() == list(range(1, 11))
    assert len(logs.counts) == 5
    assert len(logs.quarantine) == 0
    assert len(operations[1:3]) == 2


def test_standing_in_the_past_reads_nothing_later(folder, rules):
    logs = twin.read_logs(folder, rules)
    early = twin.infer_operations(logs, rules, until="2026-03-02T06:10:30Z")
    assert [o.outcome for o in early] == ["completed", "completed", "in_progress"]
    assert early[2].end == np.datetime64("2026-03-02T06:10:30")


def test_progress_tells_what_is_left(folder, rules):
    logs = twin.read_logs(folder, rules)
    early = twin.infer_operations(logs, rules, until="2026-03-02T06:20:30Z")
    profiles = twin.learn_progress(early[:4])
    assert profiles["Plate", "OP1", "M1"] == 4
    left = profiles.remaining(early[4])
    assert left.by_block
    assert left.runs == 4
    assert np.timedelta64(20, "s") < left.median_processing < np.timedelta64(50, "s")
    assert (np.diff(left.elapsed) >= np.timedelta64(0, "s")).all()
    assert 0.3 < left.position < 0.7
    with pytest.raises(twin.InvalidArgument, match="Plate OP1 M1"):
        twin.learn_progress(early[:0]).remaining(early[4])


def test_bad_rules_and_missing_folders_are_named(tmp_path, rules):
    with pytest.raises(twin.FormatError, match="my rules"):
        twin.Rules.parse("items: {nonsense: x}", name="my rules")
    with pytest.raises(twin.InvalidArgument):
        twin.read_logs(tmp_path / "nowhere", rules)
    with pytest.raises(twin.InvalidArgument):
        twin.read_shdr(tmp_path / "nothing.txt")


def test_faults_pickle():
    error = twin.FormatError("x")
    assert str(pickle.loads(pickle.dumps(error))) == "x"
