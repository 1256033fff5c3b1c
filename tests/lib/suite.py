"""How a test program says what happened: `ok NAME`, `FAIL NAME: why` or `skip NAME: why`, a line for each test.

    suite = Suite()

    @suite.test("a letter comes through")
    def _():
        assert ...

    suite.main()
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback

SHORT = bool(os.environ.get("CHAPPE_SHORT"))


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


class Failure(Exception):
    """A failed check whose text says everything that is to be said."""


def check(condition, why):
    if not condition:
        raise Failure(why)


def equal(got, wanted, what="value"):
    if got != wanted:
        raise Failure(f"{what} is {shown(got)}, not {shown(wanted)}")


def contains(text, part, what="answer"):
    if part not in text:
        raise Failure(f"{what} has no {shown(part)}: {shown(text)}")


def shown(value, limit=300):
    text = repr(value)
    return text if len(text) <= limit else text[: limit // 2] + " ... " + text[-limit // 2 :]


def needs(*programs):
    """Skips the test unless these programs are installed."""
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} not installed")


def run(*command, input=None, timeout=60, env=None, cwd=None):
    """Runs a client to its end; (exit code, standard output, standard error), as bytes."""
    done = subprocess.run(
        [str(part) for part in command],
        input=input,
        stdin=None if input is not None else subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env=None if env is None else os.environ | env,
        cwd=cwd,
    )
    return done.returncode, done.stdout, done.stderr


def succeed(*command, **how):
    """The same for a client that must succeed; gives its standard output."""
    code, out, err = run(*command, **how)
    if code != 0:
        raise Failure(f"{command[0]} ended with {code}: {shown(err[-600:], 700)} {shown(out[-300:])}")
    return out


def wait_until(condition, timeout, what):
    """The first true value of condition(), asked some twenty times a second."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {timeout:.0f} s")
        time.sleep(0.05)


def seed():
    """The seed of this run: $CHAPPE_SEED, or a fresh one, which is printed so that the run can be repeated."""
    value = int(os.environ.get("CHAPPE_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {value} (set CHAPPE_SEED to repeat)", flush=True)
    return value


class Suite:
    def __init__(self):
        self.tests = []

    def test(self, name):
        assert ":" not in name and "\n" not in name

        def add(function):
            self.tests.append((name, function))
            return function

        return add

    def main(self, fixture=None, *arguments, **options):
        """Runs the tests and exits. `fixture`: a context manager that is opened once around all of them; each test
        is called with what it gives. A failure of the fixture itself is a failure of its own."""
        # So that servers are stopped and folders removed when the test is told to end.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        wanted = sys.argv[1:]  # words: only the tests that have one of them in their name
        tests = [t for t in self.tests if not wanted or any(word in t[0] for word in wanted)]
        failed = False
        try:
            if fixture is None:
                failed = self._run(tests, ())
            else:
                with fixture(*arguments, **options) as value:
                    failed = self._run(tests, (value,))
        except Skip as reason:
            print(f"skip {fixture.__name__}: {one_line(reason)}", flush=True)
        except Exception as error:  # noqa: BLE001 - told like any failure
            traceback.print_exc(file=sys.stdout)
            print(f"FAIL {fixture.__name__ if fixture else 'suite'}: {one_line(error)}", flush=True)
            failed = True
        sys.exit(1 if failed else 0)

    @staticmethod
    def _run(tests, arguments):
        failed = False
        for name, function in tests:
            begin = time.monotonic()
            try:
                function(*arguments)
                print(f"ok {name}", flush=True)
            except Skip as reason:
                print(f"skip {name}: {one_line(reason)}", flush=True)
            except Failure as why:
                print(f"FAIL {name}: {one_line(why)}", flush=True)
                failed = True
            except Exception as error:  # noqa: BLE001
                traceback.print_exc(file=sys.stdout)
                print(f"FAIL {name}: {type(error).__name__} {one_line(error)}", flush=True)
                failed = True
            took = time.monotonic() - begin
            if took > 5:
                print(f"  ({took:.1f} s)", flush=True)
        return failed


def one_line(text):
    return " ".join(str(text).split())
