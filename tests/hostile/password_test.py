#!/usr/bin/env python3
"""Somebody who guesses passwords: slowed down, then turned away; whose account it is comes in from elsewhere."""

import base64
import imaplib
import pathlib
import poplib
import smtplib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import PASSWORD, SLOW, Server  # noqa: E402
from raw import Closed, Raw  # noqa: E402
from suite import Failure, Suite, check, contains, equal  # noqa: E402
from watch import Watch  # noqa: E402

suite = Suite()


def guess(server, source, account="alice", password="wrong"):
    """One AUTH PLAIN on a new connection: the reply."""
    with Raw(server, "submissions", source=source) as client:
        client.greet()
        word = base64.b64encode(f"\0{account}@example.test\0{password}".encode())
        return client.smtp(b"AUTH PLAIN " + word)


@suite.test("a guesser is slowed down and then turned away, by a reply of its own")
def _(server):
    with Watch(server):
        replies = []
        began = time.monotonic()
        for _ in range(16):
            start = time.monotonic()
            replies.append((guess(server, "127.0.0.11"), time.monotonic() - start))
            if replies[-1][0][0] != 535:
                break
        wrong = [seconds for (code, _), seconds in replies if code == 535]
        print(f"  {len(wrong)} guesses in {time.monotonic() - began:.1f} s, delays "
              + " ".join(f"{seconds:.1f}" for seconds in wrong))
        check(5 <= len(wrong) <= 15, f"{len(wrong)} guesses were answered")
        check(wrong[-1] > 1, "later guesses are no slower")
        code, text = replies[-1][0]
        equal(code, 454, f"the reply to one guess too many {text}")
        contains(text, "4.7.0 Too many failed logins", "the reply")
        # The right password from the same address gets the same clear reply for a while, at every door.
        equal(guess(server, "127.0.0.11", password=PASSWORD)[0], 454, "the right password from the guesser's address")
        try:
            server.imap("alice", source="127.0.0.11").logout()
            raise Failure("IMAP lets the guesser in")
        except imaplib.IMAP4.error as error:
            contains(str(error).upper(), "TOO MANY FAILED LOGINS", "IMAP's answer")
        # The account's owner, who is somewhere else, comes in; and so does somebody else from the guesser's address.
        equal(guess(server, "127.0.0.12", password=PASSWORD)[0], 235, "the right password from elsewhere")
        equal(guess(server, "127.0.0.11", "bob", PASSWORD)[0], 235, "another account from the same address")


@suite.test("a guesser of names is told nothing of who exists")
def _(server):
    answers = {}
    for account in ("bob", "nobody", "carol", "root", ""):
        start = time.monotonic()
        answers[account] = guess(server, "127.0.0.13", account), time.monotonic() - start
    equal(len({reply for reply, _ in answers.values()}), 1, f"the number of different replies {answers}")
    times = [seconds for _, seconds in answers.values()]
    print("  seconds: " + " ".join(f"{account or 'empty'} {took:.2f}" for account, (_, took) in answers.items()))
    check(max(times) - min(times) < 0.25 * SLOW, f"the time tells them apart: {answers}")


@suite.test("three guesses on one connection are the last")
def _(server):
    with Raw(server, "submissions", source="127.0.0.14") as client:
        client.greet()
        try:
            for i in range(30):
                word = base64.b64encode(f"\0name{i}@example.test\0wrong".encode())
                code, text = client.smtp(b"AUTH PLAIN " + word)
                if code == 421:
                    break
        except Closed:
            pass
        check(i <= 5, f"{i} guesses on one connection")
    with Raw(server, "imaps", source="127.0.0.14") as client:
        client.line()
        answers = 0
        try:
            for i in range(30):
                line = client.imap(b"x", b"LOGIN name%d@example.test wrong" % i)[0]
                check(line.startswith(b"x NO"), f"LOGIN: {line}")
                answers += 1
        except Closed as closed:
            contains(closed.rest, b"* BYE", "IMAP's last words")
        check(answers <= 10, f"{answers} guesses on one IMAP connection")
    with Raw(server, "pop3s", source="127.0.0.14") as client:
        client.line()
        answers = 0
        try:
            for i in range(30):
                client.send(b"USER name%d@example.test\r\n" % i)
                if not client.line().startswith(b"+OK"):
                    break
                client.send(b"PASS wrong\r\n")
                contains(client.line(), b"-ERR", "PASS")
                answers += 1
        except Closed:
            pass
        check(answers <= 10, f"{answers} guesses on one POP3 connection")


@suite.test("a storm of guesses at every door delays nobody's mail")
def _(server):
    with Watch(server, latency=5):
        stop = time.monotonic() + 8

        def storm(number):
            source = f"127.0.1.{number}"
            while time.monotonic() < stop:
                try:
                    if number % 3 == 0:
                        guess(server, source, f"name{number}")
                    elif number % 3 == 1:
                        server_box = imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=server.tls())
                        server_box.login(f"name{number}@example.test", "wrong")
                    else:
                        pop = poplib.POP3_SSL("127.0.0.1", server.ports["pop3s"], context=server.tls(), timeout=20)
                        pop.user(f"name{number}@example.test")
                        pop.pass_("wrong")
                except (imaplib.IMAP4.error, poplib.error_proto, smtplib.SMTPException, OSError, Closed, Failure):
                    pass

        threads = [threading.Thread(target=storm, args=(i,)) for i in range(1, 31)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    equal(guess(server, "127.0.0.15", "bob", PASSWORD)[0], 235, "the right password after the storm")


@suite.test("AUTH exchanges that are broken off, repeated or nonsense")
def _(server):
    bad = [b"", b"\0", b"\0\0", b"\0\0\0", b"alice", b"\0alice@example.test", b"\0\xff\xfe\0x", b"bob@example.test\0alice@example.test\0" + PASSWORD.encode(),
           b"\0alice@example.test\0" + b"p" * 4000, b"\0" + b"u" * 4000 + b"\0p"]  # fmt: skip
    for octets in bad:
        with Raw(server, "submissions", source="127.0.0.16") as client:
            client.greet()
            code, text = client.smtp(b"AUTH PLAIN " + (base64.b64encode(octets) or b"="))
            check(code in (501, 535, 454, 421, 500), f"AUTH PLAIN {octets[:30]!r}: {code} {text}")
    for first in (b"n,,n=alice@example.test,r=abc", b"y,,n=,r=", b"p=tls-unique,,n=a,r=b", b"n,a=bob,n=alice,r=x", b"n,,m=x,n=a,r=b",
                  b"garbage", b"n,,n=a=2Gb,r=x"):  # fmt: skip
        with Raw(server, "submissions", source="127.0.0.17") as client:
            client.greet()
            code, text = client.smtp(b"AUTH SCRAM-SHA-256 " + base64.b64encode(first))
            if code == 334:  # a challenge is given for any name, so that names stay secret
                nonce = base64.b64decode(text.split()[-1]).split(b",")[0]
                last = b"c=biws," + nonce + b",p=" + base64.b64encode(b"x" * 32)
                code, text = client.smtp(base64.b64encode(last))
            check(code in (501, 535, 454, 421, 500), f"SCRAM {first!r}: {code} {text}")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
