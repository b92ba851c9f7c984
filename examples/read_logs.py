"""A real order's machine logs: lines, operations, and what is left of the work under way.

    184 SHDR logs ──rules──▶ observations ──▶ operations ──▶ progress profiles ──▶ what is left

Needs the data set `nist-box` (see the reference page of data sets); says so and stops where it is not at hand.
Data: NIST Smart Manufacturing Systems Test Bed; box-assembly data by NIST and the Manufacturing Technology Centre
(MTC).

Expected output::

    184 logs, 1206658 observations, 80 lines in quarantine
      Box-OP1-Hurco02-03of20.txt.gz:11193: no item: the line has no '|'
      Box-OP1-Hurco02-05of20.txt.gz:11391: no item: the line has no '|'
      Box-OP1-Hurco02-06of20.txt.gz:11196: no item: the line has no '|'
    outcome
    completed              181
    no_completion_event      3
                       count   min   50%    max
    product operation
    Box     OP1         20.0   3.0  29.6   60.1
            OP2         20.0   1.6   1.9    1.9
            OP3         20.0   5.7   6.5   14.5
            OP4          1.0   7.1   7.1    7.1
            OP5         20.0  80.0  80.1  269.2
    Cover   OP1         20.0  14.3  20.0   57.6
            OP2         20.0  14.3  16.1   19.4
            OP3         20.0   1.3   1.3    1.3
    Plate   OP1         20.0  15.1  19.6   58.0
            OP2         20.0   0.8   0.9    1.3
    Box-12 OP5 half-way: <twin.Remaining: 40 min 1 s, 50% done, from 11 runs>
    left by the twin: 40.02 min
    left in truth:    40.02 min
"""

import sys

import twin
from twin import datasets

try:
    case = datasets.case("nist-box", download=False)
except datasets.DatasetNotFound as error:
    print(f"skipped: {error}")
    sys.exit(0)

rules = twin.Rules.load(case.rules)
logs = twin.read_logs(case.logs, rules)
print(f"{len(logs)} logs, {sum(map(len, logs))} observations, {len(logs.quarantine)} lines in quarantine")
for line in logs.quarantine.head(3).itertuples():
    print(f"  {line.source.rsplit('/')[-1]}:{line.line}: {line.reason}")

operations = twin.infer_operations(logs, rules)
table = operations.frame
print(table["outcome"].value_counts().to_string())
minutes = (table["end"] - table["start"]).dt.total_seconds() / 60
kinds = minutes[table["outcome"] == "completed"].groupby([table["product"], table["operation"]])
print(kinds.describe()[["count", "min", "50%", "max"]].round(1).to_string())

# Stand in the middle of one operation, with nothing read that came later.
whole = next(op for op in operations if (op.part, op.operation) == ("Box-12", "OP5"))
middle = whole.start + (whole.end - whole.start) / 2
known = twin.infer_operations(logs, rules, until=middle)
running = next(op for op in known if (op.part, op.operation) == ("Box-12", "OP5"))
left = twin.learn_progress(known).remaining(running)
minute = 60 * 10**9
print(f"Box-12 OP5 half-way: {left}")
print(f"left by the twin: {left.median_elapsed.astype(int) / minute:.2f} min")
print(f"left in truth:    {(whole.end - middle).astype(int) / minute:.2f} min")
