"""The command: exit codes, one JSON document, messages that name the culprit."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import twin
from twin import cli, datasets

MM1 = str(datasets.scenario("queues/mm1.yaml"))
SHEET = str(datasets.scenario("shops/emulated-sheet.yaml"))
SHOP = str(datasets.scenario("shops/emulated.yaml"))
RULES = str(datasets.scenario("shops/emulated-rules.yaml"))
SHORT = ["--set", "run.until=20 h", "--set", "run.warmup=1 h"]


@pytest.fixture
def run(monkeypatch, capfd):
    """Run the command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("TWIN_OFFLINE", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["twin", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return left.value.code or 0, out, err

    return call


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Write logs of the emulated shop, with defects, their rules beside them."""
    folder = tmp_path_factory.mktemp("emulated") / "logs"
    shop = twin.load(SHOP)
    twin.emulate(shop, seed=1, late=0.02, duplicates=0.05).write(folder)
    (folder / "rules.yaml").write_text(Path(RULES).read_text())
    return folder


def test_run_prints_figures(run):
    code, out, _ = run("run", MM1, *SHORT, "--replications", 3, "--seed", 1)
    assert code == 0
    assert "part.cycle_time" in out
    assert "3 replications" in out


def test_run_prints_indicators_of_iso22400(run):
    code, out, _ = run("run", MM1, *SHORT, "--replications", 2, "--iso22400")
    assert code == 0
    assert "mill.allocation_efficiency" in out
    assert "AUBT / PBT" in out


def test_run_writes_a_report(run, tmp_path):
    path = tmp_path / "out.html"
    code, out, err = run("run", MM1, *SHORT, "--replications", 2, "--json", "--report", path)
    assert code == 0
    assert json.loads(out)["digest"] in path.read_text()
    assert "report written to" in err
    code, _, err = run("run", MM1, *SHORT, "--replications", 1, "--report", tmp_path / "no" / "out.html")
    assert code == 2
    assert "No such file" in err


def test_run_tells_of_a_warm_up_that_is_too_short(run):
    code, _, err = run("run", MM1, "--set", "run.until=400 h", "--replications", 1, "--warmup", "check")
    assert code == 0
    assert "warm-up" not in err
    empty = ["--set", "run.until=30 h", "--set", "run.warmup=0 s", "--replications", 1, "--warmup", "check"]
    code, _, err = run("run", MM1, "--set", "products.part.route=[{at: mill, time: exponential(59 s)}]", *empty)
    assert code == 0
    assert "warning: warm-up" in err


def test_run_prints_one_document(run):
    code, out, _ = run("run", MM1, *SHORT, "--replications", 3, "--seed", 1, "--json")
    document = json.loads(out)
    assert code == 0
    assert set(document) == {"metrics", "iso22400", "completed", "events", "cpu_s", "method", "digest"}
    assert set(document["metrics"]["part.cycle_time.mean"]) == {"mean", "half_width", "n"}
    assert document["metrics"]["part.cycle_time.mean"]["n"] == 3


def test_run_takes_changes_and_ends(run):
    def digest(*more):
        code, out, _ = run(
            "run", MM1, "--replications", 1, "--seed", 1, "--until", "20 h", "--warmup", "1 h", "--json", *more
        )
        assert code == 0
        return json.loads(out)["digest"]

    assert digest() == digest("--threads", 2)
    assert digest() != digest("--set", "stations.mill.machines=2")


def test_check_compares_with_what_the_file_expects(run, tmp_path):
    right = run("run", MM1, "--replications", 8, "--seed", 1, "--check")
    assert right[0] == 0
    wrong = run("run", MM1, "--replications", 8, "--seed", 1, "--check", "--set", "expect={part.cycle_time: 100 s}")
    assert wrong[0] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", MM1, "--set", "stations.mill"], "allowed: PATH=VALUE"),
        (["run", MM1, "--set", "stations.mill.machines=many"], "machines"),
        (["run", MM1, "--until", "later"], "later"),
        (["run", MM1, "--replications", "0"], "replications"),
        (["run"], "Missing argument"),
        (["fly"], "fly"),
        (["explain", MM1, "stations.lathe"], "lathe"),
        (["operations", "nist-bxo"], "data sets: nist-box"),
        (["emulate", SHOP, "--out", "x", "--gaps", "2"], "gaps"),
        (["emulate", MM1, "--out", "{tmp}/x", "--until", "-1 d"], "until"),
        (["whatif", MM1], "no what_if block"),
        (["forecast", MM1], "order"),
    ],
)
def test_bad_input_is_told_and_exits_with_2(run, tmp_path, arguments, message):
    code, out, err = run(*(a.replace("{tmp}", str(tmp_path)) for a in arguments))
    assert code == 2
    assert out == ""
    assert message in err


def test_faults_of_a_plant_are_told_with_their_lines(run, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("stations:\n  mill: {queue: {rule: fofi}}\nproducts:\n  part: {route: [{at: mil, time: 1 s}]}\n")
    code, out, err = run("run", file)
    assert code == 2
    assert out == ""
    assert f"{file}:2:" in err
    assert "fofi" in err
    assert f"{file}:4:" in err


def test_validate_lists_faults(run, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("stations:\n  mill: {queue: {rule: fofi}}\nproducts:\n  part: {route: [{at: mil, time: 1 s}]}\n")
    code, out, _ = run("validate", MM1)
    assert (code, "valid" in out) == (0, True)
    code, out, _ = run("validate", MM1, file, "--json")
    good, bad = json.loads(out)
    assert code == 1
    assert good == {"file": MM1, "valid": True, "faults": []}
    assert {"file", "line", "column", "path", "value", "message", "allowed"} == set(bad["faults"][0])
    assert bad["faults"][0]["line"] == 2
    assert run("validate", tmp_path / "none.yaml")[0] == 2


@pytest.mark.parametrize("folder", ["queues", "lines", "networks", "shops"])
def test_shipped_scenarios_are_valid(run, folder):
    files = [
        f
        for f in sorted(datasets.scenario(folder).glob("*.yaml"))
        if f.stem not in {"emulated-rules", "emulated-floor"}
    ]
    if not files:
        pytest.skip(f"no scenario in {folder}")
    code, out, _ = run("validate", *files)
    assert code == 0, out


def test_explain_tells_value_and_origin(run):
    code, out, _ = run("explain", MM1, "stations.mill", "--json")
    rows = {row["path"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["stations.mill.machines"]["origin"] == "default"
    code, out, _ = run("explain", MM1, "products.part")
    assert code == 0
    assert "mm1.yaml:" in out


def test_schema_is_a_json_schema(run):
    code, out, _ = run("schema")
    assert code == 0
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")


def test_emulate_writes_logs_rules_and_truth(run, tmp_path):
    out = tmp_path / "logs"
    code, printed, _ = run("emulate", SHOP, "--seed", 4, "--until", "3 d", "--out", out, "--late", 0.02, "--json")
    truth = json.loads(printed)
    assert code == 0
    assert truth["folder"] == str(out)
    assert truth["seed"] == 4
    assert {f.name for f in out.iterdir()} == {"M1.txt", "M2.txt", "T1.txt", "truth.csv", "truth.json", "rules.yaml"}


def test_operations_of_emulated_logs_are_the_truth(run, logs):
    code, out, err = run("operations", logs, "--rules", RULES, "--json")
    found = json.loads(out)
    truth = (logs / "truth.csv").read_text().splitlines()
    header = truth[0].split(",")
    wanted = [dict(zip(header, line.split(","), strict=True)) for line in truth[1:]]
    assert code == 0
    assert "late" in err
    assert "duplicates" in err
    assert len(found) == len(wanted)
    for one, true in zip(found, sorted(wanted, key=lambda row: row["start"]), strict=True):
        assert one == {**{k: true[k] for k in one}, "interruptions": int(true["interruptions"])}


def test_operations_find_rules_beside_the_logs(run, logs, tmp_path):
    code, out, _ = run("operations", logs, "--until", "2026-03-03T09:00:00Z")
    assert code == 0
    assert "in progress" in out
    (tmp_path / "M1.txt").write_text("2026-03-02T06:00:00Z|Program_Status|ACTIVE\n")
    code, _, err = run("operations", tmp_path)
    assert code == 2
    assert "--rules" in err


def test_absent_data_set_is_told(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    code, out, err = run("operations", "nist-box", "--json")
    assert code == 2
    assert out == ""
    assert "TWIN_DATA" in err


@pytest.mark.skipif(
    not Path(os.environ.get("TWIN_DATA", ""), "nist-box").is_dir(), reason="data set nist-box absent: set TWIN_DATA"
)
def test_operations_of_the_real_order(run):
    code, out, err = run("operations", "nist-box", "--json")
    found = json.loads(out)
    assert code == 0
    assert "NIST" in err
    assert len(found) == 184
    assert sum(one["outcome"] == "completed" for one in found) == 181
    assert found[0]["start"].endswith("Z")


def test_forecast_and_whatif_from_the_beginning(run, tmp_path):
    code, out, _ = run("forecast", SHOP, "--futures", 20, "--json", "--plot", tmp_path / "fan.png")
    finish = json.loads(out)["finish"]
    assert code == 0
    assert finish["order.finish"]["p10"] <= finish["order.finish"]["p50"] <= finish["order.finish"]["p90"]
    assert (tmp_path / "fan.png").stat().st_size > 1000
    code, out, _ = run("whatif", SHOP, "--at", "2026-03-03T12:00:00Z", "--futures", 20, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["alternatives"] == [
        "as is",
        "second roughing mill",
        "lids first",
        "saturday shift",
    ]
    assert list(answer["metrics"]) == ["order.finish", "Housing.finish", "Lid.finish", "Bracket.finish"]
    assert answer["metrics"]["order.finish"][1]["difference"] < 0
    code, out, _ = run("whatif", SHOP, "--futures", 10, "--set", "fast:stations.roughing.machines.M1.speed=2")
    assert code == 0
    assert "fast" in out


def test_saved_state_is_forecast(run, tmp_path):
    state = twin.State.initial(twin.load(SHOP), seed=2)
    state.advance("3 d")
    state.save(tmp_path / "monday.twin")
    code, out, _ = run("forecast", SHOP, "--from", tmp_path / "monday.twin", "--futures", 5, "--json")
    assert code == 0
    assert json.loads(out)["now"] == "2026-03-04T23:00:00Z"


def test_learn_tells_what_the_logs_teach(run, logs, tmp_path):
    out = tmp_path / "learned.yaml"
    code, printed, _ = run("learn", logs, "--sheet", SHEET, "--until", "2026-03-06T16:00:00Z", "--out", out, "--json")
    learned = json.loads(printed)["parameters"]
    assert code == 0
    first = learned["products.Housing.route.OP1.time"]
    assert first["n"] == 24
    assert first["mean"] == pytest.approx(48 * 60, rel=0.1)  # planned: 60 min and more
    assert twin.load(out).digest == json.loads(printed)["digest"]
    code, printed, err = run("learn", logs, "--sheet", SHEET)
    assert code == 0
    assert "products.Lid.route.OP2.time" in printed
    code, _, err = run("learn", logs)
    assert code == 2
    assert "--sheet" in err


def test_forecast_and_whatif_from_logs(run, logs):
    where = [SHEET, "--from", logs, "--at", "2026-03-05T09:00:00Z", "--futures", 50, "--json"]
    code, out, _ = run("forecast", *where)
    finish = json.loads(out)["finish"]
    assert code == 0
    assert "2026-03-09" <= finish["order.finish"]["p50"] <= "2026-03-13"  # truly on the 11th
    assert any(name.startswith("operation.M1") for name in finish)
    code, out, _ = run("whatif", *where)
    answer = json.loads(out)
    assert code == 0
    assert answer["metrics"]["order.finish"][1]["name"] == "second roughing mill"
    assert answer["metrics"]["order.finish"][1]["difference"] < 0


@pytest.mark.slow
def test_backtest_of_emulated_logs(run, logs):
    code, out, _ = run("backtest", logs, "--sheet", SHEET, "--instants", 6, "--futures", 20, "--json")
    report = json.loads(out)
    assert code == 0
    assert report["instants"] == 6
    assert {"coverage80", "crps", "mae"} <= set(report["seen"]["with_progress"])
    assert {"past_mean", "planned"} <= set(report["seen"]["naive"])
    assert report["half_way"]["median_error_share"] < 0.02


def test_help_of_every_command(run):
    code, out, _ = run("--help")
    assert code == 0
    for name in (
        "run",
        "validate",
        "explain",
        "schema",
        "operations",
        "learn",
        "forecast",
        "whatif",
        "backtest",
        "emulate",
    ):
        assert name in out
        assert run(name, "--help")[0] == 0
    assert run("--version")[1].strip() == twin.__version__


def test_interrupt_exits_with_130(tmp_path):
    command = [
        sys.executable,
        "-c",
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from twin.cli import main; main()",
        "emulate",
        SHOP,
        "--speed",
        "1",
        "--out",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "M1.txt").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert out == ""


def test_interrupt_while_modules_load_exits_with_130(tmp_path):
    script = """
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
        from twin.cli import main
        print("ready", flush=True)
        main()
    """
    for delay in (0.005, 0.03, 0.08, 0.15, 0.25, 0.4):
        command = [sys.executable, "-c", textwrap.dedent(script), "emulate", SHOP, "--speed", "1", "--out", tmp_path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 130, (delay, err)
        assert "Traceback" not in err, delay


def test_importing_loads_nothing_before_it_is_needed():
    script = """
        import sys, twin
        print("numpy" in sys.modules)
        twin.simulate(twin.load(sys.argv[1]), 2, until="1000 h")
        import twin.cli
        assert twin.cli.app.info.name == "twin"
        print("pandas" in sys.modules, "matplotlib" in sys.modules)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), MM1]
    assert subprocess.check_output(command, text=True).split() == ["False"] * 3
    assert set(twin.__all__) <= set(dir(twin))
    for name in twin.__all__:
        assert getattr(twin, name) is not None
    with pytest.raises(AttributeError, match="'twin' has no attribute 'simulat'"):
        _ = twin.simulat


def test_schema_takes_json_too(run):
    assert run("schema", "--json") == run("schema")


def test_what_was_left_out_is_told(run, logs, tmp_path):
    folder = shutil.copytree(logs, tmp_path / "logs")
    (folder / "notes.md").write_text("lunch")
    (folder / "Q.txt").write_text("no line\n" * 10 + "2026-03-02T06:00:00Z|Program_Status|READY\n")
    code, _, err = run("operations", folder, "--quarantine", tmp_path / "bad.csv")
    assert code == 0
    assert "match no pattern of the rules: 4: notes.md, rules.yaml, truth.csv, …" in err
    assert "in quarantine: 10: no item" in err
    assert "Q.txt:1: no line" in err
    assert "10 of 11 lines were not understood" in err
    assert len((tmp_path / "bad.csv").read_text().splitlines()) == 11


def test_plants_without_orders_have_figures(run):
    code, out, _ = run("forecast", MM1, "--horizon", "10 h", "--futures", 20, "--json")
    figures = json.loads(out)["figures"]
    assert code == 0
    assert figures["part.throughput"]["p10"] < figures["part.throughput"]["mean"] < figures["part.throughput"]["p90"]
    arguments = ("whatif", MM1, "--horizon", "10 h", "--futures", 20, "--set", "two:stations.mill.machines=2")
    code, out, _ = run(*arguments, "--json")
    assert code == 0
    assert list(json.loads(out)["metrics"]) == ["part.throughput", "part.cycle_time"]
    code, out, err = run(*arguments, "--metric", "part.cycletime")
    assert (code, out) == (2, "")
    assert "part.cycle_time" in err


def test_validate_tries_what_a_plant_promises(run, tmp_path):
    file = tmp_path / "promises.yaml"
    file.write_text(
        "stations: {mill: {}}\n"
        "products: {part: {route: [{at: mill, time: 1 min}], arrivals: every 2 min}}\n"
        "run: {until: 10 h}\n"
        "expect: {part.cycle_time.p95: 1 min, part.cycle: 1 min}\n"
        "what_if: {two: {stations.mill.machines: 2}, none: {stations.mil.machines: 2}}\n"
    )
    code, out, _ = run("validate", file, "--json")
    faults = json.loads(out)[0]["faults"]
    assert code == 1
    assert [fault["path"] for fault in faults] == ["what_if.none", "expect.part.cycle"]
    lines = {line.split(":")[0]: number for number, line in enumerate(file.read_text().splitlines(), 1)}
    assert [fault["line"] for fault in faults] == [lines["what_if"], lines["expect"]]
    assert all(fault["column"] > 1 for fault in faults)
    assert "mill" in faults[0]["allowed"] + faults[0]["message"]


def test_one_replication_has_no_intervals(run):
    code, out, _ = run("run", MM1, "--replications", 1, "--until", "400 h")
    assert code == 0
    assert "±" not in out
    assert out.count("no intervals") == 1
    assert "part.scrapped" not in out
    assert "part.scrapped" in run("run", MM1, "--replications", 1, "--until", "400 h", "--all")[1]
