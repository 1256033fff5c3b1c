#!/usr/bin/env python3
"""SMTP clients that send too much, too long, or what has no place there."""

import base64
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import SLOW, Server  # noqa: E402
from raw import Closed, Raw  # noqa: E402
from suite import Suite, check, contains, equal  # noqa: E402
from watch import Watch  # noqa: E402

ALICE = "alice@example.test"
SENDER = "someone@elsewhere.test"

suite = Suite()


def one_of(reply, *codes):
    check(reply[0] in codes, f"answered with {reply}, not with one of {codes}")


@suite.test("a command line of 100 KB is refused once, and the next command is heard or the line is cut")
def _(server):
    with Watch(server):
        for command in (b"EHLO ", b"MAIL FROM:<", b"NOOP ", b"VRFY ", b"", b"AUTH PLAIN "):
            with Raw(server, "mx") as client:
                client.greet()
                client.send(command + b"a" * 20_000 + b"\r\n")
                code, text = client.reply()
                equal((code, text), (500, "5.5.2 Command line too long"), f"the reply to {command!r}")
                equal(client.smtp("NOOP")[0], 250, "the reply to the next command")
            with Raw(server, "mx") as client:
                client.greet()
                client.send(command + b"a" * 100_000 + b"\r\nNOOP\r\n")
                equal(client.reply()[0], 500, f"the reply to {command!r}")
                equal(client.reply(), (421, "4.7.0 No end of line in sight; closing"), "the second reply")
                check(client.closed(), "the connection stays open")


@suite.test("a line without end is cut off, at every door and stage")
def _(server):
    with Watch(server):
        for role in ("mx", "submission", "submissions"):
            with Raw(server, role) as client:
                client.reply()
                sent = 0
                while client.send(b"x" * 65536) and sent < 64 << 20:
                    sent += 65536
                check(sent < 16 << 20, f"{role} read {sent} octets of a line without end")
                answer = client.rest()
                contains(answer, b"500 5.5.2 Command line too long\r\n421 4.7.0 No end of line", f"{role}'s answer")


@suite.test("a letter of one endless line is refused, and does not stay in memory")
def _(server):
    with Watch(server):
        with Raw(server, "mx", timeout=60) as client:
            client.greet()
            client.envelope(to=ALICE)
            equal(client.smtp("DATA")[0], 354, "the answer to DATA")
            client.send(b"Subject: long\r\n\r\n")
            for _ in range(3000):  # 192 MB
                if not client.send(b"y" * 65536):
                    break
            client.send(b"\r\n.\r\n")
            code, text = client.reply()
            equal(code, 550, f"the reply {text}")
            contains(text, "5.6.0 The letter has a line longer than this server accepts")
            equal(client.smtp("NOOP")[0], 250, "the reply to the next command")


@suite.test("a letter without end is cut off")
def _(server):
    with Watch(server):
        with Raw(server, "mx", timeout=120) as client:
            client.greet()
            client.envelope(to=ALICE)
            client.smtp("DATA")
            line = (b"z" * 76 + b"\r\n") * 840
            sent = 0
            while client.send(line) and sent < 600 << 20:
                sent += len(line)
            check(sent < 500 << 20, f"{sent >> 20} MB of one letter were read")
            contains(client.rest(), b"552 5.3.4 The letter is larger than this server accepts\r\n421 ", "the answer")


@suite.test("a letter announced too large is refused at MAIL, and by its first chunk")
def _(server):
    with Raw(server, "mx") as client:
        client.greet()
        code, text = client.smtp(f"MAIL FROM:<{SENDER}> SIZE=9999999999")
        equal((code, text[:5]), (552, "5.3.4"), "the reply to MAIL")
        client.envelope(to=ALICE)
        client.send(b"BDAT 4294967296 LAST\r\n")
        code, text = client.reply()
        equal((code, text[:5]), (552, "5.3.4"), "the reply to BDAT")


@suite.test("of 10,000 recipients those beyond the limit are put off, and the letter still arrives once")
def _(server):
    with Watch(server), Raw(server, "mx", timeout=60) as client:
        client.greet()
        client.smtp(f"MAIL FROM:<{SENDER}>")
        replies = {}
        for _ in range(100):
            client.send(b"RCPT TO:<alice@example.test>\r\n" * 100)
            for _ in range(100):
                reply = client.reply()
                replies[reply] = replies.get(reply, 0) + 1
        codes = {code: 0 for code, _ in replies}
        for (code, _), count in replies.items():
            codes[code] += count
        equal(set(codes), {250, 452}, "the codes")
        check(codes[250] >= 100, "RFC 5321 §4.5.3.1.8 asks for 100")
        equal(codes[250], 1000, "accepted recipients")
        contains(str([text for code, text in replies if code == 452]), "4.5.3 Too many recipients", "the refusal")
        with server.imap("alice", readonly=True) as box:
            before = box.counts()["MESSAGES"]
            equal(client.smtp("DATA")[0], 354, "the answer to DATA")
            client.send(letters.letter("ten-thousand") + b".\r\n")
            equal(client.reply()[0], 250, "the reply to the letter")
            box.ask("noop")
            equal(box.counts()["MESSAGES"] - before, 1, "alice's copies")


@suite.test("somebody who tries 10,000 names is turned away")
def _(server):
    with Watch(server), Raw(server, "mx", timeout=60) as client:
        client.greet()
        client.smtp(f"MAIL FROM:<{SENDER}>")
        refused = 0
        try:
            for i in range(10_000):
                code, text = client.smtp(f"RCPT TO:<name{i}@example.test>")
                if code == 421:
                    break
                equal((code, text[:5]), (550, "5.1.1"), "the reply to RCPT")
                refused += 1
        except Closed:
            pass
        check(refused <= 1000, f"{refused} names were answered")
        equal((code, text), (421, "4.7.0 Too many unknown recipients; closing"), "the last reply")


@suite.test("NUL, bare CR and bare LF are refused in every command")
def _(server):
    commands = [b"EHLO client.test", b"MAIL FROM:<a@b.test>", b"RCPT TO:<alice@example.test>", b"NOOP x", b"RSET",
                b"DATA", b"VRFY alice", b"QUIT", b"HELP"]
    with Watch(server):
        for command in commands:
            for octet, code, words in (
                (b"\0", 500, "A NUL has no place in a command"),
                (b"\r", 500, "A bare <CR> has no place in a command"),
                (b"\n", 500, "A command line must end in <CRLF>"),
            ):
                for at in (0, 1, 4, len(command) // 2, len(command)):
                    with Raw(server, "mx") as client:
                        client.greet()
                        client.send(command[:at] + octet + command[at:] + b"\r\n")
                        reply = client.reply()
                        bad = f"{octet!r} at {at} of {command!r}"
                        equal(reply[0], code, f"the reply to {bad} {reply[1]}")
                        contains(reply[1], words, f"the reply to {bad}")
                        # The remainder is no command of its own: the next reply is NOOP's.
                        equal(client.smtp("NOOP")[0], 250, f"the reply after {bad}")


@suite.test("NUL, bare CR and bare LF in a letter, at every place of it")
def _(server):
    octets = letters.letter("places", 600)
    body = octets.index(b"\r\n\r\n") + 4
    places = sorted({0, 1, 5, 40, octets.index(b"\r\n"), octets.index(b"\r\n") + 1, octets.index(b"\r\n") + 2, body - 4,
                     body - 3, body - 2, body - 1, body, body + 1, body + 80, len(octets) - 2, len(octets) - 1,
                     len(octets)})  # fmt: skip
    with Watch(server), server.imap("bob") as box:
        for octet in (b"\0", b"\r", b"\n"):
            for at in places:
                bad = octets[:at] + octet + octets[at:]
                before = box.counts()["MESSAGES"]
                with Raw(server, "mx") as client:
                    client.greet()
                    reply = client.data(letters.stuffed(bad) + (b".\r\n" if bad.endswith(b"\r\n") else b"\r\n.\r\n"),
                                        to="bob@example.test")
                    code, text = reply
                    where = f"{octet!r} at {at}"
                    bare = bad.replace(b"\r\n", b"")
                    if b"\r" in bare or b"\n" in bare:
                        equal(code, 550, f"the reply to {where} {text}")
                        check("<LF> without <CR>" in text or "<CR> without <LF>" in text, f"{where}: {text}")
                    elif octet == b"\0" and b"\r\n\r\n" not in bad[:at]:
                        equal((code, text), (550, "5.6.0 The letter's header has a NUL octet"), f"the reply to {where}")
                    elif octet == b"\0":
                        equal(code, 250, f"the reply to {where} {text}")
                    equal(client.smtp("NOOP")[0], 250, "the reply to the next command")
                box.ask("noop")
                arrived = box.counts()["MESSAGES"] - before
                equal(arrived, 1 if code == 250 else 0, f"the letters that arrived with {where}")
                if arrived:
                    uid = box.uids()[-1]
                    check(bad in box.letters(str(uid))[uid], f"{where} came back changed")


@suite.test("twenty-odd bad commands are enough")
def _(server):
    for role in ("mx", "submission"):
        with Raw(server, role) as client:
            client.greet()
            for i in range(200):
                code, text = client.smtp("XYZZY")
                if code == 421:
                    break
                equal((code, text), (500, "5.5.2 Command not recognised"), "the reply")
            check(i < 100, f"{i} bad commands were answered")
            equal(text, "4.7.0 Too many errors; closing", "the last reply")
            check(client.closed(), "the connection stays open")


@suite.test("an hour of NOOPs is not needed by anybody")
def _(server):
    with Raw(server, "mx", timeout=60) as client:
        client.greet()
        client.send(b"NOOP\r\n" * 2000)
        replies = client.rest().split(b"\r\n")
        check(replies.count(b"250 2.0.0 OK") <= 1000, f"{len(replies)} NOOPs were answered")
        contains(replies[-2], b"421 4.7.0 Too many commands without a letter", "the last reply")


@suite.test("a web browser is shown the door")
def _(server):
    for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nEHLO\r\n"):
        with Raw(server, "mx") as client:
            client.reply()
            client.send(request)
            contains(client.rest(), b"421 4.7.0 ", "the answer")


@suite.test("a header of 1 MB and more is refused, one of 900 KB is taken")
def _(server):
    with Watch(server):
        line = b"X-Filler: " + b"f" * 60 + b"\r\n"
        for size, code in ((900_000, 250), (1_200_000, 552)):
            with Raw(server, "mx", timeout=60) as client:
                client.greet()
                octets = line * (size // len(line)) + b"Subject: long header\r\n\r\nHello.\r\n.\r\n"
                reply = client.data(octets, to="bob@example.test")
                equal(reply[0], code, f"the reply to a header of {size} octets {reply[1]}")
        # Whoever reads it must not be slowed down by it.
        with server.imap("bob", timeout=30) as box:
            began = time.monotonic()
            uid = box.uids()[-1]
            box.ask("uid", "FETCH", str(uid), "(ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            check(time.monotonic() - began < 5 * SLOW, f"FETCH took {time.monotonic() - began:.1f} s")


@suite.test("a letter with 200 Received fields is in a loop")
def _(server):
    with Raw(server, "mx") as client:
        client.greet()
        octets = b"Received: by loop.test; Sat, 1 Aug 2026 10:00:00 +0000\r\n" * 200 + b"Subject: loop\r\n\r\n.\r\n"
        code, text = client.data(octets)
        equal((code, text[:5]), (554, "5.4.6"), "the reply")


@suite.test("AUTH with what is no base64, endless, or cut off")
def _(server):
    with Watch(server):
        with Raw(server, "submissions") as client:
            client.greet()
            one_of(client.smtp("AUTH PLAIN ***"), 501)
            equal(client.smtp("AUTH PLAIN")[0], 334, "the answer to AUTH PLAIN")
            one_of(client.smtp("*"), 501)
            one_of(client.smtp("AUTH NONSENSE"), 504)
            equal(client.smtp("NOOP")[0], 250, "the reply to NOOP")
        with Raw(server, "submissions") as client:
            client.greet()
            one_of(client.smtp(b"AUTH PLAIN " + base64.b64encode(b"\0" * 6000)), 501, 535)
        with Raw(server, "submissions") as client:
            client.greet()
            client.smtp("AUTH PLAIN")
            client.send(b"A" * 400_000)
            answer = client.rest()
            contains(answer, b"500 5.5.6 Authentication line too long", "the answer")
            contains(answer, b"421 4.7.0", "the answer")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
