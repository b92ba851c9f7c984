"""Reading of an SHDR log in plain Python: (time, item, value) of every line, in order of time, duplicates removed.

    shdr.py FILE.gz

Prints `RESULT engine=python w=SHDR n=... wall=... check=...`: n lines in `wall` seconds of CPU time.
"""

import gzip
import sys
import time
from datetime import datetime


def read(path):
    seen = set()
    observations = []
    lines = 0
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            lines += 1
            stamp, *rest = line.rstrip("\n").split("|")
            try:
                at = datetime.fromisoformat(stamp)
            except ValueError:
                continue
            for item, value in zip(rest[::2], rest[1::2], strict=False):
                observation = (at, item, value)
                if observation not in seen:
                    seen.add(observation)
                    observations.append(observation)
    observations.sort(key=lambda observation: observation[0])
    return lines, observations


def main():
    begin = time.process_time()
    lines, _ = read(sys.argv[1])
    print(f"RESULT engine=python w=SHDR n={lines} wall={time.process_time() - begin:.6f} check={lines:.5f}")


if __name__ == "__main__":
    main()
