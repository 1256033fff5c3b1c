#!/usr/bin/env python3
"""swaks, which knows every corner of SMTP."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import PASSWORD, Server  # noqa: E402
from suite import Failure, Skip, Suite, contains, equal, needs, run, shown  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"

suite = Suite()


def swaks(server, role, *arguments):
    """(exit code, the conversation)"""
    needs("swaks")
    code, out, err = run(
        "swaks", "--server", "127.0.0.1", "--port", server.ports[role], "--ehlo", "client.test", "--timeout", "20s",
        "--tls-ca-path", server.certificate, *arguments,
    )
    text = (out + err).decode(errors="replace")
    if "requires perl module" in text or "TLS not available" in text or "is not available" in text:
        raise Skip("a perl module of swaks is not installed " + shown(text, 200))
    return code, text


def taken(server, role, *arguments):
    """A conversation that must end with the letter taken, and arrived."""
    with server.imap("bob") as box:
        before = box.counts()["MESSAGES"]
        code, text = swaks(server, role, "--from", ALICE, "--to", BOB, *arguments)
        if code != 0:
            raise Failure(f"swaks ended with {code}: {shown(text[-900:], 1000)}")
        contains(text, "250 2.0.0", "the conversation")
        box.ask("noop")
        equal(box.counts()["MESSAGES"], before + 1, "the number of letters")
    return text


def refused(server, role, pattern, *arguments):
    code, text = swaks(server, role, *arguments)
    if code == 0 or not re.search(pattern, text):
        raise Failure(f"swaks ended with {code}, without {pattern}: {shown(text[-900:], 1000)}")
    return text


LOGIN = ["-au", ALICE, "-ap", PASSWORD]


@suite.test("the exchanger, in clear")
def _(server):
    text = taken(server, "mx")
    for extension in ("PIPELINING", "SIZE", "STARTTLS", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "CHUNKING"):
        contains(text, extension, "EHLO's reply")


@suite.test("the exchanger, with STARTTLS and a checked certificate")
def _(server):
    text = taken(server, "mx", "--tls", "--tls-verify", "--tls-sni", "localhost")
    contains(text, "TLS started with cipher TLSv1.3", "the conversation")


@suite.test("AUTH PLAIN, LOGIN and what swaks prefers, after STARTTLS")
def _(server):
    for way in ("PLAIN", "LOGIN"):
        taken(server, "submission", "--tls", "-a", way, *LOGIN)
    taken(server, "submission", "--tls", "-a", *LOGIN)


@suite.test("TLS on connect")
def _(server):
    taken(server, "submissions", "--tls-on-connect", "-a", "PLAIN", *LOGIN)


@suite.test("pipelining, HELO and several recipients")
def _(server):
    taken(server, "mx", "--pipeline")
    taken(server, "mx", "--protocol", "SMTP")
    taken(server, "mx", "--to", f"{ALICE},{BOB}")


@suite.test("no AUTH before TLS at the submission door")
def _(server):
    refused(server, "submission", r"530 5\.7\.0|504|no such|not offered|did not advertise", "-a", "PLAIN", *LOGIN,
            "--from", ALICE, "--to", BOB)


@suite.test("a wrong password is refused")
def _(server):
    refused(server, "submission", r"<\*\* ?535|<~\* 535 5\.7\.8", "--tls", "-a", "PLAIN", "-au", ALICE, "-ap", "wrong",
            "--from", ALICE, "--to", BOB)


@suite.test("no letter without a login at the submission door")
def _(server):
    refused(server, "submission", r"530 5\.7\.0 Authentication required", "--tls", "--from", ALICE, "--to", BOB)


@suite.test("the exchanger does not relay")
def _(server):
    elsewhere = ["--from", "someone@elsewhere.test"]
    for to in ("someone@third.test", "someone%third.test@elsewhere.test"):
        refused(server, "mx", r"<\*\* 550 5\.7\.1", *elsewhere, "--to", to, "--quit-after", "RCPT")
    refused(server, "mx", r"<\*\* 550 5\.1\.1", *elsewhere, "--to", "nobody@example.test", "--quit-after", "RCPT")
    # A percent hack or a source route names nobody else's mailbox.
    refused(server, "mx", r"<\*\* 55[03]", *elsewhere, "--to", "someone%third.test@example.test",
            "--quit-after", "RCPT")


@suite.test("a sender must be one's own at the submission door")
def _(server):
    refused(server, "submission", r"<~\* 553 5\.7\.1", "--tls", "-a", "PLAIN", *LOGIN, "--from", BOB, "--to", BOB)


if __name__ == "__main__":
    suite.main(Server)
