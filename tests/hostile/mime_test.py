#!/usr/bin/env python3
"""Letters that are built to make whoever reads them work, or fall: sent, then asked for in every way."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import SLOW, Server  # noqa: E402
from raw import Raw  # noqa: E402
from suite import Suite, check, contains, equal  # noqa: E402
from watch import Watch  # noqa: E402

HEAD = b"From: someone@elsewhere.test\r\nTo: alice@example.test\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n"



def nested(levels):
    out = [HEAD]
    for i in range(levels):
        out.append(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i))
    out.append(b"Content-Type: text/plain\r\n\r\nHello.\r\n")
    out += [b"--b%d--\r\n" % i for i in reversed(range(levels))]
    return b"".join(out)


def same_boundary(levels):
    part = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    return HEAD + part * levels + b"\r\nHello.\r\n" + b"--b--\r\n" * levels


def messages(levels):
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * levels + b"Subject: innermost\r\n\r\nHello.\r\n"


HOSTILE = {
    "10,000 multiparts inside each other": nested(10_000),
    "10,000 multiparts with one boundary": same_boundary(10_000),
    "10,000 messages inside each other": messages(10_000),
    "100,000 empty parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100_000 + b"--b--\r\n",
    "100,000 fields of one name": HEAD + b"".join(b"X: %d\r\n" % i for i in range(90_000)) + b"\r\nHello.\r\n",
    "one field folded 100,000 times": HEAD + b"To: x@y.test,\r\n" + b"\tx@y.test,\r\n" * 70_000 + b"\tz@y.test\r\n\r\nHello.\r\n",
    "an address in 100,000 brackets": HEAD + b"Cc: " + b"<" * 300_000 + b"\r\n\r\nHello.\r\n",
    "a comment 300,000 deep": HEAD + b"Cc: " + b"(" * 300_000 + b"\r\n\r\nHello.\r\n",
    "half a group, 100,000 times": HEAD + b"Cc: " + b"g:" * 150_000 + b"\r\n\r\nHello.\r\n",
    "20,000 encoded words": HEAD + b"Cc: " + b"=?utf-8?q?=41?=\r\n " * 20_000 + b"x@y.test\r\n\r\nHello.\r\n",
    "20,000 references": HEAD + b"References: " + b"<a@b.test>\r\n " * 20_000 + b"<a@b.test>\r\n\r\nHello.\r\n",
    "30,000 parameters": HEAD + b"Content-Type: text/plain" + b"".join(b";\r\n p%d*0*=us'en'x" % i for i in range(30_000))
    + b"\r\n\r\nHello.\r\n",
    "a boundary of 100,000 octets": HEAD + b'Content-Type: multipart/mixed; boundary="' + b"b" * 100_000 + b'"\r\n\r\n--'
    + b"b" * 100_000 + b"\r\n\r\nHello.\r\n",
    "1,000,000 lines that almost are boundaries": HEAD + b"Content-Type: multipart/mixed; boundary=bbbbbbbbbb\r\n\r\n"
    + b"--bbbbbbbbb\r\n" * 1_000_000,
    "no header at all": b"\r\nHello.\r\n",
    "nothing at all": b"",
    "only a header": HEAD,
    "a header of colons": b":\r\n" * 50_000 + b"\r\nHello.\r\n",
}  # fmt: skip

ASKED = [
    "(FLAGS ENVELOPE BODYSTRUCTURE)",
    "(BODY RFC822.SIZE INTERNALDATE)",
    "(BODY.PEEK[HEADER.FIELDS (SUBJECT FROM CC)] BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[TEXT]<0.100>)",
    "(BODY.PEEK[" + "1." * 50 + "1])",
]

suite = Suite()


@suite.test("each is taken or refused with a reason, and can be read as it came")
def _(server):
    with Watch(server):
        for name, octets in HOSTILE.items():
            with Raw(server, "mx", timeout=60) as client:
                client.greet()
                began = time.monotonic()
                stuffed = octets.replace(b"\r\n.", b"\r\n..")
                code, text = client.data(stuffed + b".\r\n")
                took = time.monotonic() - began
                check(code == 250 or text.startswith(("5.6.0 ", "5.3.4 ")), f"{name}: {code} {text}")
                check(took < 5 * SLOW, f"{name}: it took {took:.1f} s to take")
                print(f"  {name}: {code}, {len(octets)} octets, {took * 1000:.0f} ms", end="", flush=True)
            if code != 250:
                print()
                continue
            with server.imap("alice", readonly=True, timeout=60) as box:
                uid = str(box.uids()[-1])
                for item in ASKED:
                    began = time.monotonic()
                    kind, data = box.uid("FETCH", uid, item)
                    took = time.monotonic() - began
                    check(kind in ("OK", "NO", "BAD"), f"{name}: {item} was answered with {kind} {data}")
                    check(took < 5 * SLOW, f"{name}: {item} took {took:.1f} s")
                    print(f", {took * 1000:.0f}", end="", flush=True)
                print(" ms")
                got = box.letters(uid)[int(uid)]
                check(got.endswith(octets), f"{name} came back changed")
                for search in (("TEXT", "absentword"), ("SUBJECT", "hostile"), ("HEADER", "References", "a@b.test")):
                    began = time.monotonic()
                    box.uids("UID", uid, *search)
                    took = time.monotonic() - began
                    check(took < 10 * SLOW, f"{name}: SEARCH {search} took {took:.1f} s")


@suite.test("the deepest structure is cut off somewhere, not followed")
def _(server):
    with Watch(server):
        server.send(nested(10_000), to=["bob"])
        with Raw(server, "imaps", timeout=60) as client:
            client.line()
            client.imap(b"a", b'LOGIN bob@example.test "correct horse"')
            client.imap(b"b", b"SELECT INBOX")
            tagged, lines = client.imap(b"c", b"FETCH 1 BODYSTRUCTURE")
            contains(tagged, b"c OK", "the answer")
            depth = most = 0
            for octet in b"".join(lines):
                depth += (octet == ord("(")) - (octet == ord(")"))
                most = max(most, depth)
            equal(depth, 0, "parentheses left open")
            check(2 <= most <= 2_000, f"the structure is {most} deep")
            print(f"  {most} parentheses deep")


@suite.test("a header that submission would have to hold and repair has an end")
def _(server):
    with Watch(server), server.smtp("submission", "alice") as client:
        # A header with more fields than are looked at may name another author behind them.
        few, many = b"X: " + b"y" * 900 + b"\r\n", b"X: y\r\n"
        for field, size, expected in ((many, 1 << 20, 552), (few, 1 << 20, 552), (many, 900_000, 550), (few, 900_000, 250)):
            client.mail("alice@example.test")
            client.rcpt("bob@example.test")
            octets = HEAD.replace(b"someone@elsewhere.test", b"alice@example.test") + field * (size // len(field) + 1) + b"\r\nHello.\r\n"
            code, words = client.data(octets)
            equal(code, expected, f"the answer to a header of {size} octets: {words}")


@suite.test("POP3 gives them too")
def _(server):
    with Watch(server):
        pop = server.pop("alice")
        count = pop.stat()[0]
        for number in range(1, count + 1):
            top = pop.top(number, 1)
            check(top[0].startswith(b"+OK"), f"TOP {number}: {top[0]}")
        pop.quit()


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
