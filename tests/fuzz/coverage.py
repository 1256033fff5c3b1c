#!/usr/bin/env python3
"""coverage.py [--soaked] BUILD: replays the fuzzers' seeds in a build made with CHAPPE_COVERAGE, and says how many lines of
each folder, and of each file in it, its own fuzzers reach. Tests and fuzzers themselves are not counted. With --soaked,
what `make soak` found (build/corpus) is replayed, too.

What is reached by less than 80 % must stand in coverage-reasons.txt beside this file, with the reason; else the exit code
is 1. It is 1, too, when a line there holds for no file any more."""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REASONS = pathlib.Path(__file__).with_name("coverage-reasons.txt")
ENOUGH = 80  # percent
FEW = 20  # lines; a file with fewer counts in its folder, and is not judged by itself

sys.path.insert(0, str(ROOT / "tests"))
import run  # noqa: E402  (tests/run.py knows how to read a build folder)


def fuzzers(build, soaked):
    """(folder below src, program, folders of inputs) for each fuzzer."""
    for test in run.ctest_programs(build, 0):
        if test.kind == "fuzz-seeds":
            program, seeds = test.command
            corpus = ROOT / "build" / "corpus" / pathlib.Path(program).name.removeprefix("chappe_fuzz_")
            folder = test.name.removeprefix("fuzz-seeds/").rpartition("/")[0]
            yield folder, program, [p for p in [seeds, str(corpus)][: 1 + soaked] if os.path.isdir(p)]


def replay(build, program, inputs):
    """Where it wrote what it reached."""
    profile = str(build / (pathlib.Path(program).name + ".profraw"))
    subprocess.run(
        [program, *inputs], env=os.environ | {"LLVM_PROFILE_FILE": profile}, capture_output=True, cwd=ROOT, check=True
    )
    return profile


def reached(profiles, programs, folder, build):
    """{file below src: (lines reached, lines)} of the folder."""
    merged = build / f"{folder.replace('/', '_')}.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *profiles], check=True)
    objects = [word for program in programs[1:] for word in ("-object", program)]
    report = subprocess.run(
        ["llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", programs[0], *objects],
        capture_output=True,
        text=True,
        check=True,
    )
    out = {}
    for file in json.loads(report.stdout)["data"][0]["files"]:
        name = os.path.relpath(file["filename"], ROOT / "src")
        lines = file["summary"]["lines"]
        if name.startswith(folder + "/") and not re.search(r"_(test|fuzz)\.cc$", name) and lines["count"] > 0:
            out[name] = (lines["covered"], lines["count"])
    return out


def percent(covered, count):
    return 100 * covered / count


def show(name, covered, count, indent=""):
    print(f"{indent + name:42} {covered:6} of {count:6} lines  {percent(covered, count):5.1f} %")


def read_reasons():
    """[(pattern, reason)]; of several that fit, the first holds."""
    out = []
    for line in REASONS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern, _, reason = line.partition(": ")
            out.append((pattern, reason.strip()))
    return out


def judge(files):
    """Prints what is reached too little, and why; gives the number of faults."""
    reasons, used, faults = read_reasons(), set(), 0
    print(f"\nUnder {ENOUGH} %:")
    for name, (covered, count) in sorted(files.items()):
        if count < FEW or percent(covered, count) >= ENOUGH:
            continue
        row = next((row for row in reasons if fnmatch.fnmatchcase(name, row[0])), None)
        used.add(row)
        faults += row is None
        print(f"  {percent(covered, count):5.1f} %  {name}: {row[1] if row else 'NO REASON GIVEN'}")
    for row in reasons:
        if row not in used:
            print(f"  {row[0]}: NOT NEEDED in {REASONS.name}")
            faults += 1
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[2])
    parser.add_argument("--soaked", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    folders, files = {}, {}
    for folder, program, inputs in fuzzers(build, arguments.soaked):
        folders.setdefault(folder, []).append((program, inputs))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for folder, runs in sorted(folders.items()):
            programs = [program for program, _ in runs]
            profiles = list(pool.map(lambda one: replay(build, *one), runs))
            own = reached(profiles, programs, folder, build)
            # A folder's rooms that have fuzzers of their own are counted there.
            own = {name: lines for name, lines in own.items()
                   if max((f for f in folders if name.startswith(f + "/")), key=len) == folder}  # fmt: skip
            show(folder, *map(sum, zip(*own.values())))
            for name, lines in sorted(own.items()):
                show(name.removeprefix(folder + "/"), *lines, indent="  ")
            files |= own
    bare = {"/".join(p.relative_to(ROOT / "src").parts[:-1]) for p in (ROOT / "src").rglob("*.cc")}
    bare = sorted(b for b in bare if not any(b == f or b.startswith(f + "/") for f in folders))
    print("\nWithout fuzzers: " + ", ".join(bare))
    return 1 if judge(files) else 0


if __name__ == "__main__":
    sys.exit(main())
