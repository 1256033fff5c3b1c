#!/usr/bin/env python3
"""msmtp, which stands in for sendmail on many machines."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import PASSWORD, Server  # noqa: E402
from suite import Suite, check, contains, equal, needs, run, succeed  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"

suite = Suite()


def rc(server, role, auth="plain", password=PASSWORD):
    """The path of a configuration for one door."""
    needs("msmtp")
    path = server.folder / f"msmtprc-{role}-{auth}"
    path.write_text(
        f"""defaults
tls on
tls_starttls {"off" if role.endswith("s") else "on"}
tls_trust_file {server.certificate}
logfile -
account lab
host localhost
port {server.ports[role]}
from {ALICE}
auth {auth}
user {ALICE}
password "{password}"
account default : lab
"""
    )
    path.chmod(0o600)
    return path


@suite.test("sends by each door and with each way to log in")
def _(server):
    for role, auth in (
        ("submission", "plain"),
        ("submission", "login"),
        ("submission", "scram-sha-256"),
        ("submissions", "on"),
    ):
        name = f"msmtp-{role}-{auth}"
        octets = letters.letter(name, 5000, to=BOB, sender=ALICE)
        succeed("msmtp", "-C", rc(server, role, auth), BOB, input=octets.replace(b"\r\n", b"\n"))
        with server.imap("bob") as box:
            uid = box.uids("HEADER", "Message-ID", name)
            equal(len(uid), 1, f"letters by {name}")
            check(box.letters(str(uid[0]))[uid[0]].endswith(octets), "the letter came back changed")


@suite.test("takes the recipients from the letter, Bcc included, which nobody sees")
def _(server):
    text = f"From: {ALICE}\nTo: {BOB}\nBcc: carol@example.test\nSubject: to both\n\nHello.\n.\nbye\n"
    succeed("msmtp", "-C", rc(server, "submission"), "-t", input=text.encode())
    for account in ("bob", "carol"):
        with server.imap(account) as box:
            uid = box.uids("SUBJECT", '"to both"')
            equal(len(uid), 1, f"{account}'s letters")
            octets = box.letters(str(uid[0]))[uid[0]]
            check(b"carol" not in octets.lower(), "Bcc is told")
            contains(octets, b"\r\n\r\nHello.\r\n.\r\nbye\r\n", "the letter")
            # RFC 6409 §8: what this letter had not.
            for field in (b"\r\nDate: ", b"\r\nMessage-ID: <"):
                contains(octets, field, "the letter")


@suite.test("shows what the server offers")
def _(server):
    out = succeed("msmtp", "-C", rc(server, "submission"), "--serverinfo", "--tls-certcheck=on")
    for text in (b"SIZE", b"PIPELINING", b"AUTH", b"STARTTLS", b"SCRAM-SHA-256"):
        contains(out, text, "serverinfo")


@suite.test("is refused with a wrong password, and for an unknown recipient")
def _(server):
    code, _, err = run("msmtp", "-C", rc(server, "submission", "login", "wrong"), BOB, input=b"Subject: x\n\nx\n")
    equal(code, 77, "the exit code (EX_NOPERM)")
    contains(err, b"535", "msmtp's complaint")
    code, _, err = run("msmtp", "-C", rc(server, "submission"), "nobody@example.test", input=b"Subject: x\n\nx\n")
    equal(code, 65, "the exit code (EX_DATAERR)")
    contains(err, b"5.1.1", "msmtp's complaint")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
