#!/usr/bin/env python3
"""STARTTLS with plaintext pushed in behind it: nothing said in clear counts inside TLS (RFC 3207 §4.2, RFC 9051 §6.2.1,
RFC 2595 §4)."""

import pathlib
import socket
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import SLOW, Server  # noqa: E402
from raw import Closed, Raw  # noqa: E402
from suite import Suite, check, contains, equal  # noqa: E402

suite = Suite()


def upgraded(client):
    """Whether the handshake succeeds after the injection; both answers are safe."""
    try:
        client.buffer = b""
        client.upgrade()
        return True
    except (ssl.SSLError, ConnectionError, socket.timeout, OSError):
        return False


def quiet(client, seconds=0.5):
    """Nothing comes that was not asked for inside TLS."""
    client.sock.settimeout(seconds * SLOW)
    try:
        octets = client.sock.recv(4096)
    except (socket.timeout, TimeoutError, ssl.SSLWantReadError):
        return
    except (ConnectionError, ssl.SSLError):
        return
    finally:
        client.patience(20)
    equal(octets, b"", "what came without being asked for")


@suite.test("smtp")
def _(server):
    for role in ("mx", "submission"):
        for injected in (
            b"RSET\r\n",
            b"NOOP\r\n",
            b"EHLO injected.test\r\n",
            b"EHLO i.test\r\nMAIL FROM:<boss@example.test>\r\nRCPT TO:<alice@example.test>\r\n",
            b"\r\n",
            b"X",
        ):
            with Raw(server, role) as client:
                client.greet()
                client.send(b"STARTTLS\r\n" + injected)
                code, text = client.reply()
                check(code in (220, 421), f"STARTTLS with {injected!r}: {code} {text}")
                if code == 421 or not upgraded(client):
                    continue
                quiet(client)
                # The session has been forgotten: no hello, no sender (RFC 3207 §4.2).
                equal(client.smtp("RCPT TO:<alice@example.test>")[0], 503, "RCPT after the injection")
                equal(client.smtp("EHLO client.test")[0], 250, "EHLO inside TLS")
                equal(client.smtp("NOOP")[0], 250, "NOOP inside TLS")
    with server.imap("alice", readonly=True) as box:
        equal(box.counts()["MESSAGES"], 0, "alice's letters")


@suite.test("smtp forgets what was said before TLS")
def _(server):
    with Raw(server, "mx") as client:
        client.greet("before.test")
        client.envelope()
        code, _ = client.smtp("STARTTLS")
        equal(code, 220, "the reply to STARTTLS")
        client.upgrade()
        equal(client.smtp("DATA")[0], 503, "DATA inside TLS")
        hello = client.smtp("EHLO after.test")[1]
        check("STARTTLS" not in hello, "STARTTLS is offered inside TLS")
        equal(client.smtp("STARTTLS")[0], 503, "STARTTLS inside TLS")
    with Raw(server, "mx") as client:
        client.greet()
        equal(client.smtp("STARTTLS now")[0], 501, "STARTTLS with an argument")


@suite.test("imap")
def _(server):
    for injected in (b"a2 NOOP\r\n", b"a2 LOGIN alice@example.test secret\r\n", b"a2 CAPABILITY\r\n", b"\r\n", b"X"):
        with Raw(server, "imap") as client:
            contains(client.line(), b"* OK", "the greeting")
            client.send(b"a1 STARTTLS\r\n" + injected)
            try:
                answer = client.imap(b"a1")[0]
            except Closed:
                continue
            check(answer.startswith((b"a1 OK", b"a1 BAD")), f"STARTTLS with {injected!r}: {answer}")
            if answer.startswith(b"a1 BAD") or not upgraded(client):
                continue
            quiet(client)
            client.send(b"a3 NOOP\r\n")
            equal(client.line()[:5], b"a3 OK", "the first answer inside TLS")


@suite.test("imap forgets what was said before TLS")
def _(server):
    with Raw(server, "imap") as client:
        contains(client.line(), b"LOGINDISABLED", "the greeting")
        contains(client.imap(b"a0", b"LOGIN alice@example.test x")[0], b"a0 NO [PRIVACYREQUIRED]", "LOGIN in clear")
        contains(client.imap(b"a1", b"STARTTLS")[0], b"a1 OK", "STARTTLS")
        client.upgrade()
        capability = b" ".join(client.imap(b"a2", b"CAPABILITY")[1])
        check(b"LOGINDISABLED" not in capability and b"STARTTLS" not in capability, f"inside TLS: {capability}")
        check(client.imap(b"a3", b"STARTTLS")[0].startswith(b"a3 BAD"), "STARTTLS inside TLS")


@suite.test("pop3")
def _(server):
    for injected in (b"NOOP\r\n", b"USER alice@example.test\r\n", b"CAPA\r\n", b"\r\n", b"X"):
        with Raw(server, "pop3") as client:
            contains(client.line(), b"+OK", "the greeting")
            client.send(b"STLS\r\n" + injected)
            try:
                answer = client.line()
            except Closed:
                continue
            check(answer.startswith((b"+OK", b"-ERR")), f"STLS with {injected!r}: {answer}")
            if answer.startswith(b"-ERR") or not upgraded(client):
                continue
            quiet(client)
            # USER before TLS counts no more: PASS has nothing to stand on.
            client.send(b"PASS x\r\n")
            contains(client.line(), b"-ERR", "PASS after the injection")


@suite.test("pop3 takes no password in clear")
def _(server):
    with Raw(server, "pop3") as client:
        client.line()
        client.send(b"USER alice@example.test\r\n")
        contains(client.line(), b"-ERR", "USER in clear")
        client.send(b"STLS\r\n")
        contains(client.line(), b"+OK", "STLS")
        client.upgrade()
        client.send(b"STLS\r\n")
        contains(client.line(), b"-ERR", "STLS inside TLS")


if __name__ == "__main__":
    suite.main(Server)
