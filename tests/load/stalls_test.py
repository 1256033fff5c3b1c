#!/usr/bin/env python3
# timeout: 300
# serial
"""No turn of a shard takes more than 20 ms, whatever the letters are and whatever is asked about them.

The server says itself what its turns took (`chappe metrics`). A turn that was long because other programs had the
processor is not its fault, and not counted here.
"""

import pathlib
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, SANITIZED, SLOW, Server  # noqa: E402
from load import Load  # noqa: E402
from suite import SHORT, Failure, Suite, seed  # noqa: E402

suite = Suite()


def stalls(server):
    """{cause: how many turns of all shards}, and the longest turn in milliseconds."""
    text = subprocess.run(
        [BINARY, "metrics", "--data", server.dir], capture_output=True, text=True, check=True, timeout=30 * SLOW
    ).stdout
    found = {"busy": 0, "blocked": 0, "preempted": 0}
    for cause, count in re.findall(r'^chappe_shard_stalls_total\{shard="\d+",cause="(\w+)"\} (\d+)', text, re.M):
        found[cause] += int(count)
    longest = max(int(us) for us in re.findall(r"^chappe_shard_longest_turn_microseconds\{.*\} (\d+)", text, re.M))
    return found, longest / 1000


class Turns:
    """Fails at its end when a shard was held up meanwhile."""

    def __init__(self, server, what):
        self.server, self.what = server, what

    def __enter__(self):
        self.before, _ = stalls(self.server)

    def __exit__(self, kind, error, trace):
        if kind is not None:
            return
        after, longest = stalls(self.server)
        more = {cause: after[cause] - self.before[cause] for cause in after}
        print(f"  {self.what}: {more}, longest turn so far {longest:.0f} ms", flush=True)
        # Checked memory is slow memory: under a sanitizer this only looks whether the counting works.
        if not SANITIZED and more["busy"] + more["blocked"] > 0:
            raise Failure(f"{self.what} held a shard up: {more}")


# Letters that are work to read, as their structure or as their text.
ODD = {
    "many parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\ny\r\n" * 50_000,
    "many levels": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(5_000)
    ),
    "many groups": b"To: " + b"g:;" * 100 + b"".join(b"\r\n g:" for _ in range(100_000)) + b"\r\n\r\nx\r\n",
    "many brackets": b"From: " + b"\r\n ".join(b"<" * 900 for _ in range(300)) + b"\r\n\r\nx\r\n",
    "many comments": b"To: " + b"\r\n ".join(b"(" * 900 for _ in range(300)) + b" a@example.org\r\n\r\nx\r\n",
    "many encoded words": b"Subject: " + b"\r\n ".join(b"=?utf-8?q?=C3=A9?=" for _ in range(20_000)) + b"\r\n\r\nx\r\n",
    "many parameters": b"Content-Type: text/plain" + b"".join(b";\r\n a*%d=b" % i for i in range(30_000)) + b"\r\n\r\nx\r\n",
    "many fields": b"".join(b"X-%d: y\r\n" % i for i in range(50_000)) + b"\r\nx\r\n",
    "much base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + (b"QUJD" * 19 + b"\r\n") * 120_000,
    "much quoted-printable": b"Content-Type: text/html; charset=iso-8859-15\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + (b"=E9=3C" * 12 + b"=\r\n") * 80_000,
    "much text": b"Subject: long\r\n\r\n" + (b"word " * 15 + b"\r\n") * 200_000,
}


@suite.test("letters that are work to read hold nobody up")
def _():
    odd = dict(list(ODD.items())[::3]) if SHORT else ODD
    with Server(options=["--no-limits"]) as server:
        faults = []
        for name, octets in odd.items():
            try:
                with Turns(server, f"{name} ({len(octets) // 1024} KB)"):
                    with server.smtp() as client:
                        client.sendmail("someone@elsewhere.test", ["alice@example.test"], octets)
                    with server.imap("alice") as box:
                        last = str(max(box.uids()))
                        box.ask("uid", "FETCH", last, "(ENVELOPE BODYSTRUCTURE RFC822.SIZE)")
                        box.ask("uid", "FETCH", last, "(BODY.PEEK[1] BODY.PEEK[HEADER] BODY.PEEK[TEXT]<1000000.1000>)")
                        box.uids("TEXT", "nowhere-to-be-found")
                        box.uids("HEADER", "To", "nobody")
            except Failure as why:
                faults.append(str(why))
        if faults:
            raise Failure("; ".join(faults))


@suite.test("many writers and a large mailbox hold nobody up")
def _():
    with Server(options=["--no-limits"]) as server:
        load = Load(server, "stall", random.Random(seed()))
        with Turns(server, "many writers"):
            load.start()
            try:
                load.wait_for(500 if SHORT else 3000, 120 * SLOW)
            finally:
                load.ending.set()
            load.join()
        with Turns(server, "a large mailbox"), server.imap("alice") as box:
            began = time.monotonic()
            box.ask("uid", "FETCH", "1:*", "(FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE)")
            box.uids("TEXT", "nowhere-to-be-found")
            box.uids("OR", "FROM", "nobody", "SUBJECT", "nothing")
            box.ask("uid", "STORE", "1:*", "+FLAGS.SILENT", r"(\Seen)")
            box.ask("create", "Copies")
            box.ask("uid", "COPY", "1:*", "Copies")
            box.ask("uid", "STORE", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
            box.ask("expunge")
            print(f"  a large mailbox: {time.monotonic() - began:.1f} s for all that was asked")


suite.main()
