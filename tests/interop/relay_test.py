#!/usr/bin/env python3
"""Letters for other hosts: they wait in the queue, or go to the host that --relay names."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, Server  # noqa: E402
from suite import Suite, check, equal, succeed  # noqa: E402

DORA = "dora@elsewhere.test"

suite = Suite()


def submit(server, octets, to):
    with server.smtp("submission", "alice") as smtp:
        smtp.sendmail("alice@example.test", to, octets)


def arrived(server, account, count, patience=15):
    end = time.monotonic() + patience
    with server.imap(account) as box:
        while True:
            box.ask("noop")
            uids = box.uids()
            if len(uids) >= count or time.monotonic() > end:
                return [bytes(o) for o in box.letters(",".join(map(str, uids))).values()] if uids else []


@suite.test("a letter for another host goes to the relay, once and unchanged")
def _():
    with Server(accounts=(DORA,), name="next host") as hop:
        relay = ["--relay", f"127.0.0.1:{hop.ports['mx']}"]
        with Server(options=relay) as server:
            sent = [letters.letter(f"relay-{size}", size, to=DORA, sender="alice@example.test") for size in (0, 5_000, 3_000_000)]
            for octets in sent:
                submit(server, octets, [DORA, "bob@example.test"])
            got = arrived(hop, DORA, len(sent))
            equal(len(got), len(sent), "letters at the next host")
            for octets in sent:
                check(sum(g.endswith(octets) for g in got) == 1, "a letter is changed, doubled or lost on its way")
            for g in got:
                head = g.split(b"\r\n\r\n", 1)[0].lower()
                equal(head.count(b"return-path:"), 1, "Return-Path fields: the next host's, and no other")
                equal(head.count(b"received:"), 2, "Received fields")
            equal(len(arrived(server, "bob", len(sent))), len(sent), "letters to the recipient of this host")


@suite.test("without a relay it waits, and is there after a kill")
def _():
    with Server() as server:
        submit(server, letters.letter("waiting", 2000, to=DORA, sender="alice@example.test"), [DORA])
        server.kill()
        server.start()
        listed = succeed(BINARY, "queue", "list", "--data", server.dir, "--json")
        equal([row["recipient"] for row in json.loads(listed)["queue"]], [DORA], "the queue")


if __name__ == "__main__":
    suite.main()
