#!/usr/bin/env python3
# timeout: 200
"""Letters that together take all the memory there is for them, and are never finished: none of them waits for another for
ever, and other people's letters go on."""

import contextlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from suite import Suite, check, contains, equal  # noqa: E402
from town import Town, enter  # noqa: E402

enter()
suite = Suite()

IN_FLIGHT = 1_000_000  # octets


def half_a_letter(site, octets):
    """A connection in the middle of a letter."""
    sock = site.connect("mx", tls=False)
    for command, answer in (
        (b"", b"220 "),
        (b"EHLO x\r\n", b"250 "),
        (b"MAIL FROM:<a@b.tower>\r\n", b"250 "),
        (b"RCPT TO:<alice@one.tower>\r\n", b"250 "),
        (b"DATA\r\n", b"354 "),
    ):
        sock.sendall(command)
        contains(sock.recv(4096), answer, "the answer")
    sock.settimeout(1)  # it is not read once the memory is used up
    with contextlib.suppress(OSError):
        sock.sendall(b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * (octets // 78))
    return sock


@suite.test("letters that fill the memory give way after a while")
def _():
    settings = {"lines": ["[budget]", f"in_flight = {IN_FLIGHT}"]}
    with Town("") as town, town.site("one.tower", "127.0.0.2", ["alice"], **settings) as one:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(contextlib.closing(half_a_letter(one, 200_000))) for _ in range(6)]
            began = time.monotonic()
            one.send(letters.letter("through", 1000, to="alice@one.tower"))
            took = time.monotonic() - began
            check(took < 60, f"another letter waited for {took:.0f} s")
            answers = []
            for sock in held:
                sock.settimeout(0.5)
                with contextlib.suppress(OSError):
                    answers.append(sock.recv(4096))
            contains(b"".join(answers), b"421 4.3.2 Too many letters", "what those in the way were told")
        with one.imap("alice") as box:
            equal(box.counts()["MESSAGES"], 1, "letters that arrived")


suite.main()
