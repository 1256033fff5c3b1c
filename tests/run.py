#!/usr/bin/env python3
"""Runs the tests of one build folder, several at a time, and counts them.

Kinds of tests:
  unit         gtest programs, as ctest knows them
  fuzz-seeds   each fuzzer over its seeds (ctest)
  house        checks of the tree itself (ctest)
  interop, hostile, crash, …
               any folder with tests/KIND/*_test.py: programs that print `ok NAME`, `FAIL NAME: why` or `skip NAME: why` for each test
               and exit with 1 if any failed. They find the build in $CHAPPE_BUILD, and are to be short when
               $CHAPPE_SHORT is set. A line `# serial` near the top says that nothing else may run meanwhile,
               `# timeout: SECONDS` that it may take longer than others.

The last line says `N passed, N failed, N skipped`. The exit code is 1 when a test failed, or, with $CI set, when one was
skipped that no pattern of tests/skips-allowed.txt allows.
"""

import argparse
import concurrent.futures
import dataclasses
import fnmatch
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON_KINDS = sorted({path.parent.name for path in (ROOT / "tests").glob("*/*_test.py")})
KINDS = ["house", "unit", "fuzz-seeds"] + PYTHON_KINDS
RESULT_LINE = re.compile(r"^(ok|FAIL|skip) ([^:\n]+?)(?:: (.*))?$", re.M)


@dataclasses.dataclass
class Program:
    """One process that runs one or more tests."""

    name: str  # "unit/base", "interop/curl_test"
    kind: str
    command: list
    timeout: float
    serial: bool = False


@dataclasses.dataclass
class Result:
    name: str
    state: str  # passed, failed, skipped
    why: str = ""


# ctest --show-only tells the commands of tests that are built already, and no others.
CTEST_LINE = re.compile(r"^add_test\((?:\[=\[)?(.*?)(?:\]=\])? (\".*\")\)$", re.M)


def ctest_programs(build, timeout):
    for path in sorted(build.rglob("CTestTestfile.cmake")):
        for name, command in CTEST_LINE.findall(path.read_text()):
            yield Program(name, name.split("/")[0], re.findall(r'"([^"]*)"', command), timeout)


def python_programs(kinds, timeout):
    for kind in kinds:
        for path in sorted((ROOT / "tests" / kind).glob("*_test.py")):
            head = path.read_text().splitlines()[:12]
            own = [int(m[1]) for line in head if (m := re.match(r"# timeout: (\d+)", line))]
            yield Program(
                f"{kind}/{path.stem}",
                kind,
                [sys.executable, str(path)],
                max(own + [timeout]),
                serial="# serial" in head,
            )


def execute(program, environment):
    """(exit code or None after the timeout, what it printed)."""
    process = subprocess.Popen(
        program.command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=program.timeout)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the session that was started above, and what it started
        output, _ = process.communicate()
        return None, output


def end_of(code, program):
    return f"took longer than {program.timeout:.0f} s" if code is None else f"ended with {code}"


def gtest_results(program, report, code):
    """The results in gtest's report; one failed result when it ended before writing it."""
    try:
        suites = json.loads(pathlib.Path(report).read_text())["testsuites"]
    except (OSError, ValueError):
        return [Result(program.name, "failed", end_of(code, program))]
    results = []
    for suite in suites:
        for test in suite["testsuite"]:
            name = f"{program.name} {test['classname']}.{test['name']}"
            if test["result"] == "SKIPPED":
                why = "; ".join(s.get("message", "").splitlines()[-1] for s in test.get("skipped", [])[:1])
                results.append(Result(name, "skipped", why))
            elif test.get("failures"):
                results.append(Result(name, "failed", test["failures"][0]["failure"]))
            elif test["status"] == "RUN":
                results.append(Result(name, "passed"))
    if code != 0 and all(r.state != "failed" for r in results):
        results.append(Result(program.name, "failed", end_of(code, program)))
    return results


def line_results(program, output, code):
    states = {"ok": "passed", "FAIL": "failed", "skip": "skipped"}
    results = [
        Result(f"{program.name} {name}", states[word], why or "") for word, name, why in RESULT_LINE.findall(output)
    ]
    if code != 0 and all(r.state != "failed" for r in results):
        results.append(Result(program.name, "failed", end_of(code, program)))
    if not results:
        results.append(Result(program.name, "failed", "said nothing of any test"))
    return results


def run(program, environment):
    """(the results, the output if it is worth showing, seconds)"""
    begin = time.monotonic()
    if not pathlib.Path(program.command[0]).exists():
        return [Result(program.name, "failed", "is not built")], "", 0.0
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        if program.kind == "unit":
            program.command = program.command + [f"--gtest_output=json:{report}", "--gtest_brief=1"]
        code, output = execute(program, environment)
        if program.kind == "unit":
            results = gtest_results(program, report, code)
        elif program.kind == "fuzz-seeds":
            results = [Result(program.name, "passed" if code == 0 else "failed", end_of(code, program))]
        else:
            results = line_results(program, output, code)
    failed = any(r.state == "failed" for r in results)
    return results, output if failed else "", time.monotonic() - begin


def run_all(programs, environment, jobs):
    """Runs the serial ones after all others; prints one line for each as it ends."""
    results = []

    def note(program, outcome):
        some, output, seconds = outcome
        results.extend(some)
        count = {s: sum(r.state == s for r in some) for s in ("passed", "failed", "skipped")}
        words = ", ".join(f"{n} {s}" for s, n in count.items() if n)
        print(f"{'FAIL' if count['failed'] else 'ok  '} {program.name}: {words} ({seconds:.1f} s)", flush=True)
        if output:
            print("\n".join("     | " + line for line in output.splitlines()[-60:]), flush=True)

    # The long ones first, so that none of them is left alone at the end.
    order = sorted((p for p in programs if not p.serial), key=lambda p: (p.kind not in PYTHON_KINDS, p.name))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(run, program, environment): program for program in order}
        for future in concurrent.futures.as_completed(running):
            note(running[future], future.result())
    for program in programs:
        if program.serial:
            note(program, run(program, environment))
    return results


def allowed_skips():
    path = ROOT / "tests" / "skips-allowed.txt"
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def tell(results):
    """Prints what failed and what was skipped; gives the exit code."""
    failed = [r for r in results if r.state == "failed"]
    skipped = sorted((r for r in results if r.state == "skipped"), key=lambda r: r.name)
    for r in skipped:
        print(f"skipped {r.name}: {r.why}")
    if os.environ.get("CI"):
        patterns = allowed_skips()
        for r in skipped:
            if not any(fnmatch.fnmatchcase(r.name, pattern) for pattern in patterns):
                failed.append(Result(r.name, "failed", "skipped, which tests/skips-allowed.txt does not allow"))
    for r in failed:
        print(f"FAILED {r.name}: {r.why}")
    passed = sum(r.state == "passed" for r in results)
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("CHAPPE_BUILD", "build/release"), help="the build folder")
    parser.add_argument("--kinds", default=",".join(KINDS), help="kinds of tests, with commas between")
    parser.add_argument("--only", default="", help="only programs whose name matches this regular expression")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one program")
    parser.add_argument("--short", action="store_true", help="let long tests be shorter")
    parser.add_argument("--print-targets", action="store_true", help="print what must be built, and run nothing")
    options = parser.parse_args()

    build = (ROOT / options.build).resolve()
    kinds = options.kinds.split(",")
    programs = [p for p in ctest_programs(build, options.timeout) if p.kind in kinds and re.search(options.only, p.name)]
    if options.print_targets:
        print(*sorted({pathlib.Path(p.command[0]).name for p in programs if p.kind != "house"}))
        return 0
    programs += [
        p for p in python_programs([k for k in PYTHON_KINDS if k in kinds], options.timeout) if re.search(options.only, p.name)
    ]
    environment = os.environ | {"CHAPPE_BUILD": str(build), "PYTHONDONTWRITEBYTECODE": "1"}
    if options.short:
        environment["CHAPPE_SHORT"] = "1"
    begin = time.monotonic()
    results = run_all(programs, environment, options.jobs)
    print(f"{len(programs)} programs in {time.monotonic() - begin:.0f} s")
    return tell(results)


if __name__ == "__main__":
    sys.exit(main())
