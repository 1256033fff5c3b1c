#!/usr/bin/env python3
"""IMAP clients that ask for the impossible, before and after they log in."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import PASSWORD, SLOW, Server  # noqa: E402
from raw import Closed, Raw  # noqa: E402
from suite import Failure, Suite, check, contains, shown  # noqa: E402
from watch import Watch  # noqa: E402

suite = Suite()


def stranger(server):
    client = Raw(server, "imaps")
    contains(client.line(), b"* OK", "the greeting")
    return client


def logged_in(server, mailbox=b"INBOX"):
    client = stranger(server)
    contains(client.imap(b"in", f'LOGIN alice@example.test "{PASSWORD}"'.encode())[0], b"in OK", "LOGIN")
    if mailbox:
        contains(client.imap(b"sel", b"SELECT " + mailbox)[0], b"sel OK", "SELECT")
    return client


def refusal(client, octets, tag=b"x"):
    """Sends the octets; what is said about them: the tagged line, or a BYE. Going on for ever, or OK, fails."""
    client.send(octets)
    try:
        while True:
            line = client.line()
            if line.startswith(tag + b" ") or line.startswith(b"* BYE"):
                break
            check(not line.startswith(b"+ "), f"asked to go on after {shown(octets, 80)}: {line}")
    except Closed as closed:
        raise Failure(f"closed without a word after {shown(octets, 80)}: {shown(closed.rest)}") from None
    check(line.startswith((tag + b" BAD", tag + b" NO", b"* BYE")), f"answered {shown(octets, 80)} with {line}")
    return line


@suite.test("literals announced at 4 GB and more")
def _(server):
    with Watch(server):
        for size in (b"4294967295", b"4294967296", b"99999999999999999999999999", b"2000000000"):
            for sign in (b"", b"+"):
                for command in (b"LOGIN ", b"x NOOP ", b"APPEND INBOX ", b"SEARCH SUBJECT ", b"SELECT ", b"ID "):
                    for client in (stranger(server), logged_in(server)):
                        with client:
                            refusal(client, b"x " + command + b"{" + size + sign + b"}\r\n")


@suite.test("literals that are no literals")
def _(server):
    for text in (b"{-1}", b"{}", b"{+}", b"{ 3}", b"{3 }", b"{03x}", b"{3+", b"{3}x", b"~{99999999999}", b"{1e9}"):
        with logged_in(server) as client:
            refusal(client, b"x SEARCH SUBJECT " + text + b"\r\n")


@suite.test("an APPEND a little larger than allowed is refused before its octets")
def _(server):
    with logged_in(server) as client:
        line = refusal(client, b"x APPEND INBOX {70000000}\r\n")
        contains(line, b"[TOOBIG]", "the answer")
        contains(client.imap(b"y", b"NOOP")[0], b"y OK", "NOOP after it")


@suite.test("endless lines, atoms, quotes and tags")
def _(server):
    with Watch(server):
        for start in (b"", b"x ", b"x LOGIN ", b'x LOGIN "', b"x NOOP ", b"x SEARCH SUBJECT ", b"x LIST ", b"x SELECT "):
            for make in (stranger, logged_in):
                with make(server) as client:
                    sent = 0
                    client.send(start)
                    while client.send(b"A" * 65536) and sent < 64 << 20:
                        sent += 65536
                    check(sent < 16 << 20, f"{sent} octets of a line that began with {start!r} were read")
                    contains(client.rest(), b"* BYE", "the answer")


@suite.test("ten thousand parentheses and NOTs")
def _(server):
    with Watch(server):
        for octets in (
            b"x SEARCH " + b"(" * 10_000 + b"ALL" + b")" * 10_000,
            b"x SEARCH " + b"(" * 30_000,
            b"x SEARCH " + b"NOT " * 10_000 + b"ALL",
            b"x SEARCH " + b"OR ALL " * 5_000 + b"ALL",
            b"x FETCH 1 " + b"(" * 10_000,
            b"x FETCH 1 (" + b"FLAGS " * 9_000 + b"FLAGS)",
            b"x STORE 1 +FLAGS (" + b"".join(b"f%d " % i for i in range(8_000)) + b"z)",
            b"x LIST (" + b"(" * 10_000,
            b"x ID (" + b'"a" "b" ' * 7_000 + b")",
            b"x ENABLE " + b"CONDSTORE " * 6_000,
            b"x FETCH 1 BODY[" + b"1." * 20_000 + b"1]",
            b"x FETCH 1 BODY[HEADER.FIELDS (" + b"a " * 20_000 + b"b)]",
        ):
            with logged_in(server) as client:
                client.send(octets + b"\r\n")
                began = time.monotonic()
                try:
                    line = client.imap(b"x")[0]
                except Closed as closed:
                    contains(closed.rest + b"* BYE", b"* BYE", "the answer")
                    line = b"x BAD closed"
                check(line[:5] in (b"x OK ", b"x NO ", b"x BAD"), f"{shown(octets, 60)} was answered with {line}")
                check(time.monotonic() - began < 3 * SLOW, f"{shown(octets, 60)} took {time.monotonic() - began:.1f} s")


@suite.test("many literals in one command")
def _(server):
    with Watch(server):
        with logged_in(server) as client:
            client.send(b"x SEARCH" + b" SUBJECT {1+}\r\na" * 5_000 + b"\r\n")
            try:
                line = client.imap(b"x")[0]
                check(line.startswith((b"x BAD", b"x NO [LIMIT]")), f"answered with {line}")
            except Closed as closed:
                contains(closed.rest, b"* BYE", "the answer")
        with logged_in(server) as client:
            client.send(b"x LOGIN" + b" {60000+}\r\n" + b"a" * 60_000 + b" {60000+}\r\n" + b"b" * 60_000 + b"\r\n")
            try:
                line = client.imap(b"x")[0]
                check(line.startswith((b"x BAD", b"x NO")), f"answered with {line}")
            except Closed as closed:
                contains(closed.rest, b"* BYE", "the answer")


@suite.test("sequence sets that are absurd")
def _(server):
    with Watch(server):
        for octets in (
            b"x FETCH 1:4294967295 FLAGS",
            b"x UID FETCH 1:* FLAGS",
            b"x UID FETCH 4294967295:1 FLAGS",
            b"x UID FETCH " + b",".join(b"%d:%d" % (i, i + 100_000) for i in range(1, 5_000)) + b" FLAGS",
            b"x UID SEARCH UID " + b",".join(b"1:4294967295" for _ in range(4_000)),
            b"x UID STORE 1:4294967295 +FLAGS.SILENT (\\Seen)",
        ):
            with logged_in(server) as client:
                began = time.monotonic()
                line = client.imap(b"x", octets[2:])[0]
                check(line[:5] in (b"x OK ", b"x NO ", b"x BAD"), f"{shown(octets, 60)} was answered with {line}")
                check(time.monotonic() - began < 3 * SLOW, f"{shown(octets, 60)} took {time.monotonic() - began:.1f} s")
        for octets in (b"x FETCH 0 FLAGS", b"x FETCH 99999999999 FLAGS", b"x FETCH -1 FLAGS", b"x FETCH 1,,2 FLAGS",
                       b"x FETCH 1: FLAGS", b"x FETCH : FLAGS", b"x FETCH ** FLAGS", b"x UID FETCH 1:x FLAGS"):
            with logged_in(server) as client:
                contains(client.imap(b"x", octets[2:])[0], b"x BAD", f"the answer to {octets!r}")


@suite.test("NUL, bare CR, bare LF and octets beyond ASCII")
def _(server):
    with Watch(server):
        for octets in (b"x NO\0OP\r\n", b"x NOOP\0\r\n", b"\0x NOOP\r\n", b"x NOOP\rfoo\r\n", b"x N\xffOP\r\n",
                       b"x SELECT \"IN\0BOX\"\r\n", b'x SELECT "IN\rBOX"\r\n'):
            with logged_in(server) as client:
                client.send(octets)
                try:
                    line = client.line()
                    check(b" BAD" in line or b" NO" in line or line.startswith(b"* BYE"), f"{octets!r}: {line}")
                except Closed as closed:
                    raise Failure(f"closed without a word after {octets!r} {closed.rest}") from None


@suite.test("bad commands in a row end the session")
def _(server):
    for make, most in ((stranger, 20), (logged_in, 100)):
        with make(server) as client:
            answers = 0
            try:
                for _ in range(500):
                    client.send(b"x XYZZY\r\n")
                    line = client.line()
                    if line.startswith(b"* BYE"):
                        break
                    contains(line, b" BAD", "the answer")
                    answers += 1
            except Closed:
                pass
            check(answers <= most, f"{answers} bad commands were answered")


@suite.test("mailboxes without number and names without end")
def _(server):
    with Watch(server), logged_in(server, mailbox=None) as client:
        # RFC 9051 §5.1: names are Net-Unicode, which has no control characters; "" names nothing.
        for name in (b'"' + b"n" * 5_000 + b'"', b'"' + b"a/" * 2_000 + b'b"', b'"&AAAA-"', b'"&"', b'"/"', b'""', b'"..\x01"'):
            line = client.imap(b"x", b"CREATE " + name)[0]
            check(line.startswith((b"x NO", b"x BAD")), f"CREATE {shown(name, 60)}: {line}")
        created = 0
        for i in range(3_000):
            if not client.imap(b"x", b"CREATE m%d" % i)[0].startswith(b"x OK"):
                break
            created += 1
        began = time.monotonic()
        client.imap(b"x", b'LIST "" "' + b"*%" * 100 + b'"')
        client.imap(b"x", b'LIST "" ' + b'"' + b"*m" * 40 + b'x"')
        took = time.monotonic() - began
        check(took < 3 * SLOW, f"LIST with many wildcards over {created} mailboxes took {took:.1f} s")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
