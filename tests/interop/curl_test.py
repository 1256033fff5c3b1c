#!/usr/bin/env python3
"""curl, at every door that it can speak to."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import PASSWORD, Server  # noqa: E402
from suite import Suite, check, contains, equal, needs, run, succeed  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"

suite = Suite()


def curl(server, scheme, role, path, *arguments, user=ALICE, password=PASSWORD, secure=None):
    needs("curl")
    url = f"{scheme}://localhost:{server.ports[role]}/{path}"
    if secure is None:
        secure = ["--ssl-reqd"] if not scheme.endswith("s") else []
    return ["curl", "-sS", "--max-time", "30", "-4", "--cacert", server.certificate, *secure, url] + (
        ["-u", f"{user}:{password}"] if user else []
    ) + list(arguments)


def send(server, scheme, role, name, to=(BOB,), **how):
    """Sends a letter named `name` from alice; gives its octets."""
    octets = letters.letter(name, 4000, to=to[0], sender=ALICE)
    path = server.folder / f"{name}.eml"
    path.write_bytes(octets)
    recipients = [word for one in to for word in ("--mail-rcpt", one)]
    succeed(*curl(server, scheme, role, "client.test", "--mail-from", ALICE, *recipients, "-T", path, **how))
    return octets


def newest(server, account="bob"):
    with server.imap(account) as box:
        uid = box.uids()[-1]
        return box.letters(str(uid))[uid]


@suite.test("smtp with STARTTLS at the submission door")
def _(server):
    octets = send(server, "smtp", "submission", "curl-587")
    check(newest(server).endswith(octets), "the letter came back changed")


@suite.test("smtps at the submission door")
def _(server):
    octets = send(server, "smtps", "submissions", "curl-465")
    check(newest(server).endswith(octets), "the letter came back changed")


@suite.test("smtp at the exchanger, in clear and with STARTTLS, without a login")
def _(server):
    for name, secure in (("curl-25", []), ("curl-25-tls", ["--ssl-reqd"])):
        octets = send(server, "smtp", "mx", name, user=None, secure=secure)
        check(newest(server).endswith(octets), "the letter came back changed")


@suite.test("smtp with each way to log in")
def _(server):
    for way in ("PLAIN", "LOGIN"):
        octets = letters.letter(f"curl-{way}", 100, sender=ALICE)
        path = server.folder / "way.eml"
        path.write_bytes(octets)
        envelope = ["--mail-from", ALICE, "--mail-rcpt", BOB, "-T", path]
        succeed(*curl(server, "smtp", "submission", "client.test", "--login-options", f"AUTH={way}", *envelope))
        check(newest(server).endswith(octets), f"AUTH={way}: the letter came back changed")


@suite.test("smtp with several recipients is one letter to each")
def _(server):
    octets = send(server, "smtp", "submission", "curl-both", to=(BOB, ALICE))
    for account in ("alice", "bob"):
        check(newest(server, account).endswith(octets), f"{account}'s letter came back changed")


@suite.test("smtp with a wrong password is refused")
def _(server):
    path = server.folder / "refused.eml"
    path.write_bytes(letters.letter("refused"))
    envelope = ["--mail-from", ALICE, "--mail-rcpt", BOB, "-T", path]
    code, _, _ = run(*curl(server, "smtp", "submission", "client.test", *envelope, password="wrong"))
    equal(code, 67, "curl's exit code (login denied)")


@suite.test("imap and imaps list, select, count and search")
def _(server):
    octets = letters.letter("curl-search", 2000, subject="needle in the hay")
    server.send(octets, to=["alice"])
    for scheme, role in (("imap", "imap"), ("imaps", "imaps")):
        contains(succeed(*curl(server, scheme, role, "")), b'INBOX', "LIST")
        status = succeed(*curl(server, scheme, role, "", "-X", "STATUS INBOX (MESSAGES UIDNEXT)"))
        contains(status, b"* STATUS INBOX (MESSAGES ", "STATUS")
        contains(succeed(*curl(server, scheme, role, "INBOX", "-X", "NOOP")), b"", "NOOP")
        found = succeed(*curl(server, scheme, role, "INBOX?SUBJECT%20needle"))
        check(found.strip().split()[:2] == [b"*", b"SEARCH"] and len(found.split()) == 3, f"SEARCH: {found}")
        nothing = succeed(*curl(server, scheme, role, "INBOX?SUBJECT%20absentword"))
        equal(nothing.split(), [b"*", b"SEARCH"], "SEARCH for nothing")


@suite.test("imaps fetches the whole letter and its sections")
def _(server):
    octets = letters.letter("curl-fetch", 3000, subject="for the fetch")
    server.send(octets, to=["alice"])
    with server.imap() as box:
        uid = box.uids()[-1]
    whole = succeed(*curl(server, "imaps", "imaps", f"INBOX;UID={uid}"))
    check(whole.endswith(octets), "the whole letter came back changed")
    subject = succeed(*curl(server, "imaps", "imaps", f"INBOX;UID={uid};SECTION=HEADER.FIELDS%20(SUBJECT)"))
    equal(subject, b"Subject: for the fetch\r\n\r\n", "the section")
    text = succeed(*curl(server, "imaps", "imaps", f"INBOX;UID={uid};SECTION=TEXT"))
    equal(text, octets.partition(b"\r\n\r\n")[2], "the text")


@suite.test("imaps appends a letter to a mailbox it made")
def _(server):
    octets = letters.letter("curl-append", 5000)
    path = server.folder / "append.eml"
    path.write_bytes(octets)
    succeed(*curl(server, "imaps", "imaps", "", "-X", "CREATE Kept"))
    succeed(*curl(server, "imaps", "imaps", "Kept", "-T", path))
    status = succeed(*curl(server, "imaps", "imaps", "", "-X", "STATUS Kept (MESSAGES)"))
    contains(status, b"* STATUS Kept (MESSAGES 1)", "STATUS")
    equal(succeed(*curl(server, "imaps", "imaps", "Kept;UID=1")), octets, "the letter")


@suite.test("imaps with a wrong password is refused")
def _(server):
    code, _, _ = run(*curl(server, "imaps", "imaps", "INBOX", password="wrong"))
    equal(code, 67, "curl's exit code (login denied)")


@suite.test("pop3 and pop3s list, retrieve, and delete")
def _(server):
    user = "carol@example.test"
    first, second = letters.letter("curl-pop-1", 3000), letters.letter("curl-pop-2", 300)
    for scheme, role in (("pop3", "pop3"), ("pop3s", "pop3s")):
        server.send(first, to=["carol"])
        server.send(second, to=["carol"])
        listing = succeed(*curl(server, scheme, role, "", user=user)).split(b"\r\n")
        equal([line.split()[0] for line in listing if line], [b"1", b"2"], "LIST")
        check(succeed(*curl(server, scheme, role, "1", user=user)).endswith(first), "the letter came back changed")
        uidl = succeed(*curl(server, scheme, role, "", "-X", "UIDL", user=user)).split()
        equal(len(set(uidl[1::2])), 2, "the number of different UIDLs")
        for number in ("2", "1"):
            succeed(*curl(server, scheme, role, number, "-X", "DELE", "-l", user=user))
        equal(succeed(*curl(server, scheme, role, "", user=user)).strip(), b"", "LIST after DELE")


@suite.test("pop3s with a wrong password is refused")
def _(server):
    code, _, _ = run(*curl(server, "pop3s", "pop3s", "", password="wrong"))
    equal(code, 67, "curl's exit code (login denied)")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
