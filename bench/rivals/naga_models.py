"""The benchmark models in nagasim, built as its manual does.

    naga_models.py W1 [CUSTOMERS]     M/M/1 at utilisation 0.9: create, process, dispose

Without its logs of each event, which leaves all its statistics. Prints `RESULT` as bench/limit.cpp does: customers in
`wall` seconds of CPU time, and the answer: their mean time in system.
"""

import sys
import tempfile
import time
from pathlib import Path

from nagasim import api
from nagasim import build as nb


def main():
    work = sys.argv[1] if len(sys.argv) > 1 else "W1"
    customers = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    if work != "W1":
        sys.exit(f"naga_models: no work '{work}'; allowed: W1")
    model = nb.Model(time_limit=customers / 0.9, warmup=0, replications=1)
    model.add_resource(name="server")
    arrive = model.create(distribution=nb.Exponential(rate=0.9))
    serve = model.process(resource_name="server", distribution=nb.Exponential(rate=1.0))
    arrive >> serve >> model.dispose()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "mm1.json")
        model.save(file)
        begin = time.process_time()
        results = api.run_model(file, replications=1, seed=1, record_logs=False)
        wall = time.process_time() - begin
    kpis = results.kpis().set_index("metric")["mean"]
    done = kpis["system/Total Entities Completed"]
    print(f"RESULT engine=nagasim w=W1 n={done:.0f} wall={wall:.6f} check={kpis['system/Avg Throughput Time']:.5f}")


if __name__ == "__main__":
    main()
