#!/usr/bin/env python3
# timeout: 120
"""The benchmarks that need other servers still run; what they measure is for people (`make bench`)."""

import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BUILD, ROOT  # noqa: E402
from suite import Skip, Suite, check, contains, equal, run  # noqa: E402

suite = Suite()


@suite.test("relay")
def _():
    with tempfile.TemporaryDirectory() as folder:
        figures = pathlib.Path(folder) / "figures.json"
        code, out, err = run(
            sys.executable, ROOT / "bench" / "relay.py", "--quick", "--build", BUILD, "--json", figures, timeout=100
        )
        words = (out + err).decode()
        for line in words.splitlines():
            if line.startswith("skip relay") or line.startswith("skip a town"):
                raise Skip(line.partition(": ")[2])
        equal(code, 0, f"its exit code after {words[-1500:]}")
        found = json.loads(figures.read_text())
        servers = ["chappe", "postfix"] if os.geteuid() == 0 else ["chappe"]
        for row in found["relay"] + found["through"]:
            equal(list(row["runs"]), servers, "who took part")
            for one in row["runs"]["chappe"]:
                equal((one["lost"], one["again"]), (0, 0), f"letters lost and twice in {row}")
        check(all(run["rate"] > 0 and run["cpu_ms"] > 0 for row in found["relay"] for runs in row["runs"].values() for run in runs),
              "a run without figures")  # fmt: skip
        equal([row["stalled"] for row in found["through"]], [0, 4], "hosts that stalled")
        contains(words, "letters/s", "the table")


if __name__ == "__main__":
    suite.main()
