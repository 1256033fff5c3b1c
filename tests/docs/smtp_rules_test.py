#!/usr/bin/env python3
"""docs/smtp-rules.md lists every rule by which a letter or a command is refused or mended, as the program has it.

Run with --write to make the table anew from the source; the text around the table is written by hand.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / "docs/smtp-rules.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def rules():
    source = (ROOT / "src/proto/smtp/rules.cc").read_text()
    row = re.compile(r'\{\w+,\s*"([^"]+)",\s*(\d+),\s*"([^"]*)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}')
    for rule_id, code, enhanced, text in row.findall(source):
        sentence = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"').replace("\\\\", "\\")
        yield rule_id, code, enhanced, sentence


def table():
    lines = ["| rule | code | enhanced | what is said |", "| --- | --- | --- | --- |"]
    for rule_id, code, enhanced, sentence in rules():
        lines.append(f"| `{rule_id}` | {code} | {enhanced} | {sentence.replace('|', chr(92) + '|').replace('<', '&lt;')} |")
    return "\n".join(lines) + "\n"


def repairs():
    header = (ROOT / "src/agents/msa/repairs.cc").read_text()
    return set(re.findall(r'"((?:header|letter)\.[a-z-]+)"', header))


def main():
    text = DOC.read_text()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    if "--write" in sys.argv:
        DOC.write_text(before + BEGIN + table() + END + after)
        return 0
    failed = 0

    def check(name, good, why):
        nonlocal failed
        print(f"ok {name}" if good else f"FAIL {name}: {why}")
        failed += not good

    check("docs/smtp-rules: table", old == table(), "the table differs from src/proto/smtp/rules.cc; run this with --write")
    check("docs/smtp-rules: rules found", len(list(rules())) > 50, "too few rules were found in the source")
    missing = sorted(r for r in repairs() if f"`{r}`" not in before + after)
    check("docs/smtp-rules: repairs", not missing and len(repairs()) >= 5, f"not described: {missing}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
