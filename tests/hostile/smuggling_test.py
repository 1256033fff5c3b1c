#!/usr/bin/env python3
"""Everything that some server somewhere has taken for the end of a letter, and is none: nothing is smuggled behind it.

RFC 5321 §4.1.1.4: the end is <CRLF>.<CRLF> and nothing else.
"""

import base64
import itertools
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import Server  # noqa: E402
from raw import Closed, Raw  # noqa: E402
from suite import Suite, check, equal  # noqa: E402
from watch import Watch  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"
ENDS = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\r\n\0", b"\0", b"\x85", b"\x0b", b"\x0c", b"\xe2\x80\xa8"]
# What follows the look-alike: a whole transaction of an attacker, in one piece.
SMUGGLED = (
    b"MAIL FROM:<boss@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n"
    b"From: boss@example.test\r\nSubject: smuggled\r\n\r\nPay.\r\n.\r\n"
)

suite = Suite()


def look_alikes():
    """Every X . Y of two line ends of some kind, but the one true end; and some that are longer."""
    for before, after in itertools.product(ENDS, ENDS):
        if not (before.endswith(b"\r\n") and after.startswith(b"\r\n")):
            yield before + b"." + after
    yield from (
        b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n..\r\n", b"\r\n. \r\n", b"\r\n.\t\r\n", b"\r\n .\r\n", b"\r\n.\r\r\n",
        b"\r\r\n.\r\r\n", b"\r\n.\r\0\n", b"\n\n.\n\n", b"\r\r.\r\r", b"\n.\r\n.\n", b"\r\n.\n.\r", b"\r\n\x80.\r\n",
    )  # fmt: skip


def attempt(server, octets, role="mx"):
    """One connection: a letter with `octets` inside, the smuggled transaction, the true end, QUIT. The replies."""
    with Raw(server, role) as client:
        client.greet()
        client.envelope(to=ALICE)
        equal(client.smtp("DATA")[0], 354, "the answer to DATA")
        client.send(b"From: someone@elsewhere.test\r\nSubject: outer\r\n\r\nHello." + octets + SMUGGLED + b"\r\n.\r\nQUIT\r\n")
        replies = []
        try:
            while True:
                replies.append(client.reply())
        except Closed:
            return replies


@suite.test("no look-alike of CRLF.CRLF ends a letter")
def _(server):
    with Watch(server), server.imap("alice", readonly=True) as box:
        count = 0
        for octets in look_alikes():
            before = box.counts()["MESSAGES"]
            replies = attempt(server, octets)
            box.ask("noop")
            arrived = box.counts()["MESSAGES"] - before
            # The smuggled commands must have been octets of the outer letter: then its own "CRLF.CRLF" is the first true
            # end, and what follows is "CRLF.CRLF", an empty unknown command, and QUIT.
            first = replies[0]
            clean = not any(octet in octets.replace(b"\r\n", b"") for octet in b"\r\n")
            if clean:  # data like any other
                equal(first[0], 250, f"the reply to {octets!r} {replies}")
                equal(arrived, 1, f"the letters that arrived with {octets!r}")
            else:
                check(
                    first[0] == 550 and ("<LF> without <CR>" in first[1] or "<CR> without <LF>" in first[1]),
                    f"{octets!r} was answered with {replies}",
                )
                equal(arrived, 0, f"the letters that arrived with {octets!r}")
            check(sum(code == 354 for code, _ in replies) == 0, f"{octets!r} let a second DATA in: {replies}")
            count += 1
        equal(box.uids("FROM", "boss"), [], "smuggled letters")
        print(f"  {count} look-alikes")


@suite.test("a look-alike that arrives in two pieces ends no letter either")
def _(server):
    with server.imap("alice", readonly=True) as box:
        for octets in (b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\r\n"):
            for cut in range(1, len(octets)):
                before = box.counts()["MESSAGES"]
                with Raw(server, "mx") as client:
                    client.greet()
                    client.envelope(to=ALICE)
                    equal(client.smtp("DATA")[0], 354, "the answer to DATA")
                    client.send(b"Subject: outer\r\n\r\nHello." + octets[:cut])
                    time.sleep(0.01)
                    client.send(octets[cut:] + SMUGGLED)
                    code, text = client.reply()
                    equal(code, 550, f"the reply to {octets!r} cut at {cut} {text}")
                box.ask("noop")
                equal(box.counts()["MESSAGES"], before, f"the letters after {octets!r} cut at {cut}")


@suite.test("submission mends a bare LF, and it ends no letter there")
def _(server):
    with server.imap("bob") as box:
        for octets in (b"\n.\n", b"\n.\r\n", b"\r\n.\n"):
            with Raw(server, "submissions") as client:
                client.greet()
                client.smtp(b"AUTH PLAIN " + base64.b64encode(b"\0alice@example.test\0correct horse"))
                client.envelope(to=BOB, sender=ALICE)
                client.smtp("DATA")
                client.send(b"From: alice@example.test\r\nSubject: outer\r\n\r\nHello." + octets + b"QUIT\r\n.\r\n")
                code, text = client.reply()
                equal(code, 250, f"the reply to {octets!r} {text}")
                check("letter.bare-lf" in text, f"the repair is not told: {text}")
            box.ask("noop")
            uid = box.uids()[-1]
            body = box.letters(str(uid))[uid].partition(b"Hello.")[2]
            # The dot after a bare LF is the letter's own: the line end did not count when dots were unstuffed.
            equal(body, octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"QUIT\r\n"
                  if octets != b"\r\n.\n" else b"\r\n\r\nQUIT\r\n", f"what came of {octets!r}")


@suite.test("a chunk's octets are never commands")
def _(server):
    with server.imap("alice", readonly=True) as box:
        before = box.counts()["MESSAGES"]
        text = b"Subject: chunk\r\n\r\nHello.\r\n.\r\n" + SMUGGLED
        with Raw(server, "mx") as client:
            client.greet()
            client.envelope(to=ALICE)
            client.send(b"BDAT %d LAST\r\n" % len(text) + text)
            equal(client.reply()[0], 250, "the reply to BDAT")
            equal(client.smtp("QUIT")[0], 221, "the reply to QUIT")
        box.ask("noop")
        equal(box.counts()["MESSAGES"], before + 1, "the letters that arrived")
        uid = box.uids()[-1]
        check(box.letters(str(uid))[uid].endswith(text), "the letter came back changed")


@suite.test("commands behind DATA's go-ahead or before the greeting close the connection")
def _(server):
    with Raw(server, "mx") as client:
        client.greet()
        client.envelope(to=ALICE)
        client.send(b"DATA\r\nSubject: too early\r\n\r\nHello.\r\n.\r\n")
        code, text = client.reply()
        equal(code, 421, f"the reply to what came too early {text}")
        check(client.closed(), "the connection stays open")
    with Raw(server, "mx") as client:
        client.greet()
        client.send(b"EHLO again\r\nMAIL FROM:<a@b.test>\r\n")
        code, text = client.reply()
        equal(code, 421, f"the reply to what came too early {text}")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
