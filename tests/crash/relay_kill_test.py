#!/usr/bin/env python3
# timeout: 600
"""`kill -9` of the sender, the receiver or both while letters go from one to the other, again and again: what was
acknowledged arrives, unchanged; and what arrives twice does so because a kill came after the receiver had it and before the
sender had written that down, which RFC 5321 §6.1 allows.

$CHAPPE_CRASH_ROUNDS (20, short 6): how many times.
"""

import hashlib
import os
import pathlib
import random
import re
import smtplib
import sys
import threading
import time
from datetime import datetime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import SLOW  # noqa: E402
from suite import SHORT, Suite, check, equal, seed, wait_until  # noqa: E402
from town import Town, enter, taken_as  # noqa: E402

enter()

ROUNDS = int(os.environ.get("CHAPPE_CRASH_ROUNDS") or (6 if SHORT else 20))
WRITERS = 4
ACKNOWLEDGEMENTS = 20  # before each kill, at least
SIZES = [(0, 2_000)] * 6 + [(2_000, 20_000)] * 3 + [(20_000, 200_000)]

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
two.tower.     MX 10 mx.two.tower.
mx.two.tower.  A 127.0.0.3
"""

suite = Suite()


class Writers:
    """Clients of the sender, who come back when it does. A letter that was not acknowledged is not sent again."""

    def __init__(self, site, source):
        self.site = site
        self.digests = {}  # name: of the letter
        self.acknowledged = {}  # name: the id that it was given
        self.faults = []
        self.ending = threading.Event()
        self.threads = [
            threading.Thread(target=self._work, args=(i, random.Random(source.random()))) for i in range(WRITERS)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *ignored):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def _work(self, number, source):
        count = 0
        while not self.ending.is_set():
            try:
                with self.site.writer("alice") as client:
                    while not self.ending.is_set():
                        name = f"w{number}-{count}"
                        count += 1
                        size = source.randint(*source.choice(SIZES))
                        octets = letters.letter(name, size, to="bob@two.tower", sender="alice@one.tower")
                        self.digests[name] = hashlib.sha256(octets).digest()
                        self.acknowledged[name] = self.site.submit("alice", ["bob@two.tower"], octets, client=client)
            except (OSError, smtplib.SMTPException) as why:
                # It is gone, or going, unless it says no.
                if getattr(why, "smtp_code", 0) >= 500:
                    self.faults.append(str(why))
                    return
                time.sleep(0.02)


class Kill:
    def __init__(self, victims):
        self.victims = victims
        self.begin = time.time()
        for site in victims:
            site.process.kill()
        for site in victims:
            site.process.wait()
        self.end = time.time()


def ids_of(octets):
    """(the receiver's id of a letter, the sender's), from its Received fields."""
    fields = [field for name, field in letters.below_trace(octets)[0] if name == "received"]
    return tuple(re.search(rb"\sid (\w{26})", field)[1].decode() for field in fields[:2])


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def explain(name, copies, one, two, kills):
    """Fails unless every copy but the last was taken before a kill, and the next one after it, and the sender did not know."""
    equal(len({sender for _, sender in copies}), 1, f"ids that the sender gave to {name}")
    steps = one.trail(copies[0][1])["steps"]
    known = [taken_as(step["words"]) for step in steps if step["event"] == "delivered"]
    taken = sorted((instant(two.trail(receiver)["steps"][0]["at"]), receiver) for receiver, _ in copies)
    equal(known, [taken[-1][1]], f"deliveries of {name} that the sender has written down")
    for (before, _), (after, _) in zip(taken, taken[1:]):
        check(
            any(before <= kill.end and kill.begin <= after for kill in kills),
            f"{name} came twice, at {before} and {after}, without a kill in between: {steps}",
        )


@suite.test("kill -9 during relay loses nothing, and what comes twice was cut off after the final dot")
def _():
    source = random.Random(seed())
    kills = []
    began = time.monotonic()
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]) as two:
            with Writers(one, source) as writers:
                for _ in range(ROUNDS):
                    enough = len(writers.acknowledged) + ACKNOWLEDGEMENTS
                    wait_until(lambda: len(writers.acknowledged) >= enough or writers.faults, 60 * SLOW, "letters to kill")
                    time.sleep(source.uniform(0, 0.3))
                    kills.append(Kill(source.choice([[one], [two], [one, two]])))
                    for site in source.sample(kills[-1].victims, len(kills[-1].victims)):
                        site.start()
                    one.command("queue", "retry", "--where", "state=waiting")
            equal(writers.faults, [], "refusals")
            submitted = time.monotonic() - began

            def drained():
                one.command("queue", "retry", "--where", "state=waiting")
                return b'"queue":[]' in one.command("queue", "list", "--json")

            wait_until(drained, 120 * SLOW, "the queue is empty")
            took = time.monotonic() - began
            check_all(one, two, writers, kills, f"submitted for {submitted:.0f} s, all there after {took:.0f} s")


def check_all(one, two, writers, kills, times):
    copies = {}  # name: [(receiver's id, sender's id)]
    with two.imap("bob", readonly=True) as box:
        uids = box.uids()
        for i in range(0, len(uids), 500):
            part = uids[i : i + 500]
            for octets in box.letters(f"{part[0]}:{part[-1]}").values():
                name = letters.message_id(octets).partition("@")[0]
                own = letters.below_trace(octets)[1]
                check(name in writers.digests, f"{name} was never sent")
                check(hashlib.sha256(own).digest() == writers.digests[name], f"CHANGED: {name}")
                copies.setdefault(name, []).append(ids_of(octets))
    lost = [name for name in writers.acknowledged if name not in copies]
    equal(lost, [], "LOST: letters that were acknowledged and did not arrive")
    with one.imap("alice") as box:
        equal(box.counts()["MESSAGES"], 0, "notifications of failure")
    # The sender's trail of each letter ends in its delivery, too.
    trails = one.trail("--from", "alice@one.tower", "--limit", str(2 * len(writers.digests)))["letters"]
    done = {found["letter"] for found in trails if found["state"] == "done"}
    endless = [name for name, letter in writers.acknowledged.items() if letter not in done]
    equal(endless, [], "letters whose trail does not end in a delivery")
    doubled = {name: found for name, found in copies.items() if len(found) > 1}
    for name, found in doubled.items():
        explain(name, found, one, two, kills)
    victims = [" and ".join(site.domain.partition(".")[0] for site in kill.victims) for kill in kills]
    print(
        f"  {len(kills)} kills ({', '.join(f'{victims.count(v)} of {v}' for v in sorted(set(victims)))}); {times}\n"
        f"  {len(writers.acknowledged)} letters acknowledged, all arrived; {len(set(copies) - set(writers.acknowledged))} of "
        f"{len(writers.digests) - len(writers.acknowledged)} others arrived, too\n"
        f"  {sum(len(found) - 1 for found in doubled.values())} second copies of {len(doubled)} letters, each cut off by a kill "
        f"after the receiver had it and before the sender knew (RFC 5321 §6.1)"
    )


if __name__ == "__main__":
    suite.main()
