#!/usr/bin/env python3
"""Holds docs/rfc-index.md to the code: every `RFC NNNN §x` below src/ stands in it, nothing stands in it that the code
does not cite, and every test that it names exists. `--write` brings the columns that follow from the code up to date;
title and status are written by hand."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INDEX = ROOT / "docs" / "rfc-index.md"

CITATION = re.compile(r"\bRFC (\d{3,5})((?:(?:,| and)? ?§§? ?[0-9A-Z][0-9A-Za-z.]*)*)")
SECTION = re.compile(r"§§? ?([0-9A-Z][0-9A-Za-z.]*)")
ROW = re.compile(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", re.M)
STATUSES = ("followed", "in part", "consulted")


def citations(text):
    """(number, section) for each citation; section is empty when none is named."""
    for number, tail in CITATION.findall(text):
        sections = [s.rstrip(".") for s in SECTION.findall(tail)]
        for section in sections or [""]:
            yield int(number), section


def is_test(path):
    return re.search(r"_(test|fuzz)\.(cc|py)$", path.name) is not None


def cited():
    """What the code cites: {number: set of sections}."""
    out = {}
    for path in (ROOT / "src").rglob("*"):
        if path.suffix in (".h", ".cc"):
            for number, section in citations(path.read_text()):
                out.setdefault(number, set()).add(section)
    return {number: sections - {""} for number, sections in out.items()}


def tests_of():
    """{number: the tests that cite it, and those that stand beside a file which does}."""
    out = {}
    for path in list((ROOT / "src").rglob("*")) + list((ROOT / "tests").rglob("*")):
        if path.suffix not in (".h", ".cc", ".py") or path == pathlib.Path(__file__).resolve():
            continue
        if is_test(path):
            tests = [path]
        else:
            beside = path.with_name(path.stem + "_test.cc")
            tests = [beside] if beside.exists() else []
        for number, _ in citations(path.read_text()):
            out.setdefault(number, set()).update(t.relative_to(ROOT).as_posix() for t in tests)
    return out


def section_key(section):
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in section.split(".")]


def listed():
    """{number: (title, status, sections, tests)} as the index says."""
    rows = {}
    for number, title, status, sections, tests in ROW.findall(INDEX.read_text()):
        rows[int(number)] = (
            title,
            status,
            set(re.findall(r"§([^\s,]+)", sections)),
            set(re.findall(r"`([^`]+)`", tests)),
        )
    return rows


def row_text(number, title, status, sections, tests):
    section_text = ", ".join("§" + s for s in sorted(sections, key=section_key)) or "–"
    test_text = ", ".join(f"`{t}`" for t in sorted(tests)) or "–"
    return f"| {number} | {title} | {status} | {section_text} | {test_text} |"


def write():
    old, code, tests = listed(), cited(), tests_of()
    rows = []
    for number in sorted(code):
        title, status = old[number][:2] if number in old else ("?", "in part")
        rows.append(row_text(number, title, status, code[number], tests.get(number, set())))
    text = INDEX.read_text()
    head = text[: text.index("| --- ")]
    rule = text[text.index("| --- ") :].splitlines()[0]
    INDEX.write_text(head + rule + "\n" + "\n".join(rows) + "\n")


def check(name, faults):
    for fault in faults:
        print(f"  {fault}")
    print(f"FAIL {name}: {len(faults)} to put right (`make rfc-index` does what follows from the code)" if faults else f"ok {name}")
    return not faults


def main():
    assert list(citations("RFC 3629 §3, §10 and RFC 5321 §4.5.3.1.8.")) == [
        (3629, "3"),
        (3629, "10"),
        (5321, "4.5.3.1.8"),
    ]
    if "--write" in sys.argv:
        write()
        return 0
    rows, code, tests = listed(), cited(), tests_of()
    good = check(
        "everything-cited-is-listed",
        [f"RFC {n} is not listed" for n in sorted(code.keys() - rows.keys())]
        + [f"RFC {n} §{s} is not listed" for n in sorted(code.keys() & rows.keys()) for s in sorted(code[n] - rows[n][2])],
    )
    good &= check(
        "everything-listed-is-cited",
        [f"RFC {n} is cited nowhere" for n in sorted(rows.keys() - code.keys())]
        + [f"RFC {n} §{s} is cited nowhere" for n in sorted(code.keys() & rows.keys()) for s in sorted(rows[n][2] - code[n])],
    )
    good &= check(
        "every-test-exists",
        [f"RFC {n}: no {t}" for n, row in sorted(rows.items()) for t in sorted(row[3]) if not (ROOT / t).is_file()]
        + [f"RFC {n}: {t} is not listed" for n, row in sorted(rows.items()) for t in sorted(tests.get(n, set()) - row[3])],
    )
    good &= check(
        "every-row-is-complete",
        [f"RFC {n}: title or status is missing" for n, row in sorted(rows.items()) if row[0] == "?" or row[1] not in STATUSES],
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
