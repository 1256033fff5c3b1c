#!/usr/bin/env python3
"""coverage.py BUILD: replays the fuzzers' seeds, and what `make soak` found, in a build made with CHAPPE_COVERAGE, and says
for each folder how much of its code they reach. A folder's own tests and fuzzers are not counted."""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


sys.path.insert(0, str(ROOT / "tests"))
import run  # noqa: E402  (tests/run.py knows how to read a build folder)


def fuzzers(build):
    """(folder below src, program, folders of inputs) for each fuzzer."""
    for test in run.ctest_programs(build, 0):
        if test.kind == "fuzz-seeds":
            program, seeds = test.command
            corpus = ROOT / "build" / "corpus" / pathlib.Path(program).name.removeprefix("chappe_fuzz_")
            folder = test.name.removeprefix("fuzz-seeds/").rpartition("/")[0]
            yield folder, program, [p for p in (seeds, str(corpus)) if os.path.isdir(p)]


def reached(profiles, programs, folder, build):
    """(lines reached, lines) of the folder."""
    merged = build / "merged.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *profiles], check=True)
    objects = [word for program in programs[1:] for word in ("-object", program)]
    report = subprocess.run(
        ["llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", programs[0], *objects],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [0, 0]
    for file in json.loads(report.stdout)["data"][0]["files"]:
        name = file["filename"]
        if f"/src/{folder}/" in name and not re.search(r"_(test|fuzz)\.cc$", name):
            lines[0] += file["summary"]["lines"]["covered"]
            lines[1] += file["summary"]["lines"]["count"]
    return lines


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    folders = {}
    for folder, program, inputs in fuzzers(build):
        folders.setdefault(folder, []).append((program, inputs))
    for folder, runs in sorted(folders.items()):
        profiles = []
        for program, inputs in runs:
            profile = build / (pathlib.Path(program).name + ".profraw")
            environment = os.environ | {"LLVM_PROFILE_FILE": str(profile)}
            subprocess.run([program, *inputs], env=environment, capture_output=True, cwd=ROOT, check=True)
            profiles.append(str(profile))
        covered, count = reached(profiles, [program for program, _ in runs], folder, build)
        print(f"{folder:16} {covered:6} of {count:6} lines  {100 * covered / max(count, 1):5.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
