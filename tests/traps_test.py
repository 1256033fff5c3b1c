#!/usr/bin/env python3
"""Holds docs/traps.md to the tests: each test that it names exists, and each of its rows names one."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAPS = ROOT / "docs" / "traps.md"

ROW = re.compile(r"^\| (?!What goes wrong|---)(.*) \| (.*?) \|$", re.M)
NAME = re.compile(r"`([^`]+)`")
GTEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.M)
PYTHON = re.compile(r'^@suite\.test\("([^"]+)"\)', re.M)


def known():
    """The names of all tests, as the table writes them."""
    names = set()
    for path in (ROOT / "src").rglob("*_test.cc"):
        names.update(f"{suite}.{name}" for suite, name in GTEST.findall(path.read_text()))
    for path in (ROOT / "tests").rglob("*_test.py"):
        where = path.relative_to(ROOT).as_posix()
        names.update(f"{where}: {name}" for name in PYTHON.findall(path.read_text()))
    return names


def check(name, faults):
    for fault in faults:
        print(f"  {fault}")
    print(f"FAIL {name}: {len(faults)} to put right in docs/traps.md" if faults else f"ok {name}")
    return not faults


def main():
    rows, names = ROW.findall(TRAPS.read_text()), known()
    good = check("there-are-rows", [] if len(rows) > 50 else [f"only {len(rows)} are found"])
    good &= check("every-row-names-a-test", [what for what, tests in rows if not NAME.search(tests)])
    good &= check("every-test-exists", [f"no {t}" for _, tests in rows for t in NAME.findall(tests) if t not in names])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
