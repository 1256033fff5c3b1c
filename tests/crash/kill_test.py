#!/usr/bin/env python3
# timeout: 900
# serial
"""`kill -9` under load, again and again on the same folder: what was acknowledged is there, and nothing is there twice.

$CHAPPE_CRASH_ROUNDS (50): how many times.
"""

import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import SLOW, Server  # noqa: E402
from load import Books, Load  # noqa: E402
from suite import SHORT, Failure, Suite, check, contains, equal, seed  # noqa: E402

ROUNDS = int(os.environ.get("CHAPPE_CRASH_ROUNDS") or (8 if SHORT else 50))
ACKNOWLEDGEMENTS = 100  # before each kill, at least

suite = Suite()


@suite.test("kill -9 under load loses nothing that was acknowledged")
def _():
    source = random.Random(seed())
    books = Books()
    acknowledged = temporary = 0
    slowest_start = 0.0
    began = time.monotonic()
    with Server() as server:
        for number in range(ROUNDS):
            flag_uids = sorted(books.present["alice"])[-200:]
            load = Load(server, f"r{number}", source, flag_uids)
            load.start()
            try:
                load.wait_for(ACKNOWLEDGEMENTS, 60 * SLOW)
                time.sleep(source.uniform(0, 0.3))
            finally:
                load.ending.set()
                server.kill()
            load.join()
            slowest_start = max(slowest_start, server.start())
            try:
                books.check(server, load)
            except Failure as why:
                raise Failure(f"round {number}: {why}") from None
            acknowledged += load.acknowledged
            temporary += load.temporary
        took = time.monotonic() - began
        total = books.check_all(server)
        print(
            f"  {ROUNDS} kills in {took:.0f} s: {acknowledged} letters acknowledged, {total} copies read back, "
            f"{books.lost_unacknowledged} unacknowledged ones gone, {temporary} refused for a while, "
            f"slowest start {slowest_start:.2f} s"
        )


@suite.test("kill -9 while it starts leaves a folder that it starts on")
def _():
    source = random.Random(seed())
    with Server(accounts=("alice", "bob", "carol")) as server:
        server.stop()
        # Also on a folder where nothing is finished yet.
        for number in range(6 if SHORT else 20):
            if number % 5 == 0:
                server.dir = server.folder / f"data{number}"
            start_and_kill(server, source.uniform(0.005, 0.4))
            if number % 5 == 4:
                server.start()
                server.send(b"Subject: here\r\n\r\nHello.\r\n", to=["carol"])
                with server.imap("carol") as box:
                    equal(box.counts()["MESSAGES"], 1, "the number of letters")
                server.stop()


def start_and_kill(server, after):
    def end():
        # The process exists as soon as start() has made it.
        time.sleep(after)
        if server.process.poll() is None:
            server.process.kill()

    before = server.process
    killer = threading.Thread(target=lambda: (wait_for_process(server, before), end()))
    killer.start()
    try:
        server.start()
    except Failure as why:
        contains(str(why), "ended with -9", "the failure")
    finally:
        killer.join()
        server.process.wait()


def wait_for_process(server, before):
    while server.process is before:
        time.sleep(0.001)


@suite.test("SIGTERM under load ends in under 5 s, and keeps what was acknowledged")
def _():
    source = random.Random(seed())
    books = Books()
    slowest = 0.0
    with Server() as server:
        for number in range(2 if SHORT else 5):
            load = Load(server, f"s{number}", source)
            load.start()
            try:
                load.wait_for(ACKNOWLEDGEMENTS, 60 * SLOW)
            finally:
                load.ending.set()
                seconds, code = server.stop()
            load.join()
            equal(code, 0, "the exit code")
            check(seconds < 5 * SLOW, f"it took {seconds:.1f} s to end")
            slowest = max(slowest, seconds)
            server.start()
            books.check(server, load)
        books.check_all(server)
    print(f"  slowest end {slowest:.2f} s")


if __name__ == "__main__":
    suite.main()
