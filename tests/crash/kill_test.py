#!/usr/bin/env python3
# timeout: 900
# serial
"""`kill -9` under load, again and again on the same folder: what was acknowledged is there, nothing is there twice, and
the store verifies clean each time: all rows, and the letters of the round; in the end, all letters.

$CHAPPE_CRASH_ROUNDS (50): how many times. After ROUNDS_A_FOLDER of them a new folder is begun, so that a round takes as
long in the thousandth as in the first.
"""

import datetime
import json
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY, SLOW, Server  # noqa: E402
from load import Books, Load  # noqa: E402
from suite import SHORT, Failure, Suite, check, contains, equal, run, seed  # noqa: E402

ROUNDS = int(os.environ.get("CHAPPE_CRASH_ROUNDS") or (8 if SHORT else 50))
ROUNDS_A_FOLDER = 25
ACKNOWLEDGEMENTS = 100  # before each kill, at least

suite = Suite()


def verified(server, since=None):
    """How many letters `chappe store verify` has read, of those that came since, when it finds no fault."""
    words = ("--since", since) if since else ()
    code, out, err = run(BINARY, "store", "verify", "--json", "--dir", server.dir, *words, timeout=120 * SLOW)
    found = json.loads(out) if out else {}
    if code != 0 or found.get("findings") != [] or not found.get("complete"):
        raise Failure(f"verify is not clean ({code}): {found.get('findings')} {err[-500:]}")
    return found["letters"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Sums:
    """What all rounds came to."""

    def __init__(self):
        self.rounds = self.acknowledged = self.temporary = self.lost_unacknowledged = 0
        self.read_back = self.verified = 0
        self.verifying = self.slowest_verify = self.slowest_start = 0.0

    def verify(self, server, since=None):
        began = time.monotonic()
        letters = verified(server, since)
        took = time.monotonic() - began
        self.verified += letters
        self.verifying += took
        self.slowest_verify = max(self.slowest_verify, took)
        return letters

    def told(self, seconds):
        return (
            f"{self.rounds} kills in {seconds:.0f} s: {self.acknowledged} letters acknowledged, {self.read_back} copies "
            f"read back, lost 0, doubled 0, {self.lost_unacknowledged} unacknowledged ones gone, {self.temporary} "
            f"refused for a while; verify clean each time ({self.verified} letters in {self.verifying:.0f} s, slowest "
            f"{self.slowest_verify:.2f} s); slowest start {self.slowest_start:.2f} s"
        )


@suite.test("kill -9 under load loses nothing that was acknowledged")
def _():
    source = random.Random(seed())
    sums = Sums()
    began = time.monotonic()
    while sums.rounds < ROUNDS:
        with Server() as server:
            kill_again_and_again(server, source, min(ROUNDS - sums.rounds, ROUNDS_A_FOLDER), sums)
        # Told folder by folder: a run of a thousand rounds that is broken off has shown what it has shown.
        print(f"  {sums.told(time.monotonic() - began)}", flush=True)


def kill_again_and_again(server, source, rounds, sums):
    books = Books()
    for number in range(rounds):
        flag_uids = sorted(books.present["alice"])[-200:]
        load = Load(server, f"r{number}", source, flag_uids)
        since = now()
        load.start()
        try:
            load.wait_for(ACKNOWLEDGEMENTS, 60 * SLOW)
            time.sleep(source.uniform(0, 0.3))
        finally:
            load.ending.set()
            server.kill()
        load.join()
        # It is the server itself that opens the folder as the kill has left it; verify asks it.
        sums.slowest_start = max(sums.slowest_start, server.start())
        try:
            books.check(server, load)
            letters = sums.verify(server, since)
            check(letters >= load.acknowledged, f"verify has read {letters} of {load.acknowledged} letters")
        except Failure as why:
            raise Failure(f"round {sums.rounds}: {why}") from None
        sums.rounds += 1
        sums.acknowledged += load.acknowledged
        sums.temporary += load.temporary
    sums.read_back += books.check_all(server)
    sums.lost_unacknowledged += books.lost_unacknowledged
    sums.verify(server)


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
