#!/usr/bin/env python3
# timeout: 300
# serial
"""A letter of 150 MB goes in by SMTP, is carried to another site, and comes out by POP and IMAP, octet for octet; none of
the servers needs more than a few MB for it."""

import hashlib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import PASSWORD, SANITIZED  # noqa: E402
from suite import SHORT, Suite, check, contains, equal, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()
suite = Suite()

SIZE = 20_000_000 if SHORT else 150_000_000
# KB of memory that a server may take more: a few MB on the way, and for the index, which reads the first 8 MiB.
MORE = 40 * 1024
LINE = b"%07d " + b"x" * 68 + b"\r\n"

ZONE = """
one.tower. IN MX 10 mx.one.tower.
mx.one.tower. IN A 127.0.0.2
two.tower. IN MX 10 mx.two.tower.
mx.two.tower. IN A 127.0.0.3
"""


def lines():
    """The body, piece by piece; no line of it is like another."""
    for first in range(0, SIZE // 78, 10_000):
        yield b"".join(LINE % n for n in range(first, min(first + 10_000, SIZE // 78)))


class Sum:
    """Of the body of a letter that comes in pieces."""

    def __init__(self):
        self.size, self.sum, self.head = 0, hashlib.sha256(), b""

    def add(self, piece):
        if self.head is not None:
            self.head += piece
            if b"\r\n\r\n" not in self.head:
                return
            piece, self.head = self.head.split(b"\r\n\r\n", 1)[1], None
        self.size += len(piece)
        self.sum.update(piece)

    def shown(self):
        return self.size, self.sum.hexdigest()


def expected():
    whole = Sum()
    whole.head = None
    for piece in lines():
        whole.add(piece)
    return whole.shown()


def exchange(sock, line, answer):
    sock.sendall(line)
    contains(sock.recv(4096), answer, f"the answer to {line}")


def by_pop(site, account):
    sock = site.connect("pop3s", timeout=120)
    for line in (f"USER {site.address(account)}\r\n", f"PASS {PASSWORD}\r\n"):
        exchange(sock, line.encode(), b"+OK")
    sock.sendall(b"RETR 1\r\n")
    with sock.makefile("rb") as stream:
        contains(stream.readline(), b"+OK", "the answer to RETR")
        found = Sum()
        for line in stream:
            if line == b".\r\n":
                return found.shown()
            found.add(line)


def by_imap(site, account):
    sock = site.connect("imaps", timeout=120)
    contains(sock.recv(4096), b"* OK", "the greeting")
    exchange(sock, f'a LOGIN {site.address(account)} "{PASSWORD}"\r\n'.encode(), b"a OK")
    with sock.makefile("rb") as stream:
        sock.sendall(b"b EXAMINE INBOX\r\n")
        while not stream.readline().startswith(b"b OK"):
            pass
        sock.sendall(b"c FETCH 1 BODY.PEEK[]\r\n")
        left = int(re.search(rb"\{(\d+)\}", stream.readline())[1])
        found = Sum()
        while left > 0:
            piece = stream.read(min(left, 65536))
            check(piece, "the connection ended")
            left -= len(piece)
            found.add(piece)
        return found.shown()


@suite.test("a letter of 150 MB costs a few MB, in, through and out")
def _():
    settings = {"listen": ("mx", "submissions", "imaps", "pop3s"), "lines": ["[limits]", 'message_size = 200_000_000']}
    with (
        Town(ZONE) as town,
        town.site("one.tower", "127.0.0.2", ["alice"], **settings) as one,
        town.site("two.tower", "127.0.0.3", ["bob"], **settings) as two,
    ):
        sites = {"one": one, "two": two}
        before = {name: site.memory("VmHWM") for name, site in sites.items()}
        with one.smtp("submissions", "alice", timeout=120) as client:
            client.docmd("MAIL", "FROM:<alice@one.tower>")
            client.docmd("RCPT", "TO:<bob@two.tower>")
            equal(client.docmd("DATA")[0], 354, "the answer to DATA")
            client.sock.sendall(b"Subject: large\r\nFrom: alice@one.tower\r\nTo: bob@two.tower\r\n\r\n")
            for piece in lines():
                client.sock.sendall(piece)
            client.sock.sendall(b".\r\n")
            equal(client.getreply()[0], 250, "the answer to the letter")
        with two.imap("bob", mailbox=None) as box:
            wait_until(lambda: box.counts()["MESSAGES"] == 1, 100, "the letter at its site")
        wanted = expected()
        equal(by_pop(two, "bob"), wanted, "what POP gives")
        equal(by_imap(two, "bob"), wanted, "what IMAP gives")
        for name, site in sites.items():
            more = site.memory("VmHWM") - before[name]
            print(f"  {name}: {before[name] // 1024} MB before, {more / 1024:.1f} MB more at its highest")
            if not SANITIZED:
                check(more < MORE, f"{name} took {more / 1024:.1f} MB more")


suite.main()
