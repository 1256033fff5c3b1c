#!/usr/bin/env python3
"""tests/run.py counts what it should, and is not content with less."""

import contextlib
import io
import json
import os
import pathlib
import tempfile

import run

PROGRAM = run.Program("interop/x_test", "interop", [], 5)


def states(results):
    return [r.state for r in results]


def lines_are_counted():
    output = "hello\nok one\nskip two: no curl: here\nFAIL three: because\nnot ok\n"
    results = run.line_results(PROGRAM, output, 1)
    assert states(results) == ["passed", "skipped", "failed"]
    assert results[1].name == "interop/x_test two" and results[1].why == "no curl: here"


def silence_and_crashes_are_failures():
    assert states(run.line_results(PROGRAM, "", 0)) == ["failed"]
    assert states(run.line_results(PROGRAM, "ok one\n", 3)) == ["passed", "failed"]
    assert states(run.line_results(PROGRAM, "ok one\n", None)) == ["passed", "failed"]


def gtest_reports_are_read():
    suites = [
        {
            "testsuite": [
                {"classname": "A", "name": "good", "status": "RUN", "result": "COMPLETED"},
                {"classname": "A", "name": "bad", "status": "RUN", "result": "COMPLETED", "failures": [{"failure": "1 != 2"}]},
                {"classname": "A", "name": "idle", "status": "RUN", "result": "SKIPPED", "skipped": [{"message": "x:1\nno vectors"}]},
                {"classname": "A", "name": "off", "status": "NOTRUN", "result": "SUPPRESSED"},
            ]
        }
    ]
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        report.write_text(json.dumps({"testsuites": suites}))
        results = run.gtest_results(PROGRAM, report, 1)
        assert states(results) == ["passed", "failed", "skipped"]
        assert results[2].why == "no vectors"
        report.unlink()
        assert states(run.gtest_results(PROGRAM, report, -11)) == ["failed"]


def told(results, ci):
    """(exit code, last line)."""
    if ci:
        os.environ["CI"] = "1"
    else:
        os.environ.pop("CI", None)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run.tell(results)
    return code, out.getvalue().splitlines()[-1]


def skips_count_in_ci():
    good, skipped = run.Result("unit/x A.b", "passed"), run.Result("interop/x_test c", "skipped", "no curl")
    allowed = run.Result("unit/message Vectors.all", "skipped", "no vectors")
    assert told([good, skipped], ci=False) == (0, "1 passed, 0 failed, 1 skipped")
    assert told([good, skipped], ci=True) == (1, "1 passed, 1 failed, 1 skipped")
    assert told([good, allowed], ci=True) == (0, "1 passed, 0 failed, 1 skipped")
    assert told([run.Result("x", "failed")], ci=False) == (1, "0 passed, 1 failed, 0 skipped")


def a_build_is_read():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "src"
        path.mkdir()
        (path / "CTestTestfile.cmake").write_text(
            'add_test([=[unit/base]=] "/b/src/chappe_base_test")\n'
            'set_tests_properties([=[unit/base]=] PROPERTIES WORKING_DIRECTORY "/x")\n'
            'add_test([=[fuzz-seeds/codec/json]=] "/b/src/chappe_fuzz_codec_json" "/x/seeds")\n'
        )
        programs = list(run.ctest_programs(pathlib.Path(folder), 5))
        assert [(p.name, p.kind, p.command) for p in programs] == [
            ("unit/base", "unit", ["/b/src/chappe_base_test"]),
            ("fuzz-seeds/codec/json", "fuzz-seeds", ["/b/src/chappe_fuzz_codec_json", "/x/seeds"]),
        ]


def what_hangs_is_ended():
    program = run.Program("interop/y", "interop", ["/bin/sh", "-c", "echo ok a; sleep 60 & wait"], 5)
    results, output, seconds = run.run(program, os.environ)
    assert states(results) == ["passed", "failed"] and "ok a" in output and seconds < 50


def main():
    for test in (lines_are_counted, silence_and_crashes_are_failures, gtest_reports_are_read, skips_count_in_ci, a_build_is_read, what_hangs_is_ended):
        test()
        print(f"ok {test.__name__.replace('_', '-')}")


if __name__ == "__main__":
    main()
