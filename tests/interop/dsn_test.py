#!/usr/bin/env python3
# timeout: 300
"""What a sender asked to be told (RFC 3461), through the whole program: of mailboxes here and elsewhere, of servers that
know nothing of it, of aliases; and that notifications never answer notifications."""

import contextlib
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from peers import Peer, say  # noqa: E402
from suite import Suite, check, contains, equal, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()
suite = Suite()

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
two.tower.     MX 10 mx.two.tower.
mx.two.tower.  A 127.0.0.3
plain.peer.    A 127.1.0.1
strict.peer.   A 127.1.0.2
"""


def submit(site, account, to, mail=(), rcpt=(), role="submissions", sender=None):
    sender = site.address(account) if sender is None else sender
    with site.smtp(role, account) as client:
        client.ehlo("desk.test")
        check(client.has_extn("dsn"), "DSN is not offered")
        equal(client.mail(sender, list(mail))[0], 250, "MAIL")
        equal(client.rcpt(to, list(rcpt))[0], 250, "RCPT")
        reply = client.data(letters.letter("told", 300, to=to, sender=sender or "nobody@tower"))
        equal(reply[0], 250, "the letter")
        return reply[1].decode().split("Taken as ")[1][:26]


def inbox(site, account, count, patience=20):
    def look():
        with site.imap(account) as box:
            got = [bytes(octets) for octets in box.letters().values()] if box.counts()["MESSAGES"] else []
        return got if len(got) >= count else None

    return wait_until(look, patience, f"{count} letters of {account}")


def trail(site, letter):
    return json.loads(site.command("trail", letter, "--json"))


def came_to(site, letter, state):
    return wait_until(lambda: (found := trail(site, letter))["state"] == state and found, 20, f"{letter} is {state}")


@contextlib.contextmanager
def world():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice", "carol"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]) as two:
            yield one, two


ASKED = ("RET=HDRS", "ENVID=QQ+2B314+3D1")


@suite.test("what was asked at submission travels to the last server, which tells of the mailbox")
def _(site):
    one, two = site
    submit(one, "alice", "bob@two.tower", ASKED, ("NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Bob+2BX@two.tower"))
    (told,) = inbox(one, "alice", 1)
    for part in (
        b"Reporting-MTA: dns; mx.two.tower\r\n",
        b"Original-Envelope-Id: QQ+314=1\r\n",
        b"Original-Recipient: rfc822;Bob+X@two.tower\r\n",
        b"Final-Recipient: rfc822; bob@two.tower\r\nAction: delivered\r\nStatus: 2.0.0\r\n",
        b"Return-Path: <>\r\n",
        b"Subject: ",
    ):
        contains(told, part, "the notification")


@suite.test("a mailbox on the same server is told of at once")
def _(site):
    one, _two = site
    submit(one, "alice", "carol@one.tower", ASKED, ("NOTIFY=SUCCESS",))
    contains(inbox(one, "alice", 2)[1], b"rfc822; carol@one.tower\r\nAction: delivered\r\n", "the notification")


@suite.test("a server without DSN gets no parameters, and its letters are told of as relayed")
def _(site):
    one, _two = site
    with Peer("127.1.0.1") as plain:
        sent = submit(one, "alice", "x@plain.peer", ASKED, ("NOTIFY=SUCCESS", "ORCPT=rfc822;x@plain.peer"))
        step = came_to(one, sent, "done")["steps"][-1]
        equal((step["event"], bool(step.get("notice"))), ("delivered", True), "its last step")
        contains(inbox(one, "alice", 3)[2], b"rfc822; x@plain.peer\r\nAction: relayed\r\n", "the notification")
        equal(plain.letters[0][1][1:], [b"RCPT TO:<x@plain.peer>"], "what it was told")


@suite.test("an alias for several is told of as expanded, and none of them tells of success")
def _(site):
    one, _two = site
    one.command("alias", "add", "team@one.tower", "carol@one.tower", "bob@two.tower")
    sent = submit(one, "alice", "team@one.tower", ASKED, ("NOTIFY=SUCCESS",))
    came_to(one, sent, "done")
    contains(inbox(one, "alice", 4)[3], b"rfc822; team@one.tower\r\nAction: expanded\r\n", "the notification")


@suite.test("an alias for one passes on what was asked")
def _(site):
    one, _two = site
    one.command("alias", "add", "rob@one.tower", "bob@two.tower")
    submit(one, "alice", "rob@one.tower", (), ("NOTIFY=SUCCESS", "ORCPT=rfc822;rob@one.tower"))
    told = inbox(one, "alice", 5)[4]
    contains(told, b"Original-Recipient: rfc822;rob@one.tower\r\nFinal-Recipient: rfc822; bob@two.tower\r\nAction: delivered", "told")


@suite.test("who asked for nothing is told nothing, be it of a failure with NEVER or of success without SUCCESS")
def _(site):
    one, _two = site
    never = submit(one, "alice", "nobody@two.tower", (), ("NOTIFY=NEVER",))
    came_to(one, never, "failed")
    quiet = submit(one, "alice", "bob@two.tower", (), ("NOTIFY=FAILURE,DELAY",))
    came_to(one, quiet, "done")
    asked = submit(one, "alice", "nobody@two.tower", ("RET=FULL",), ("NOTIFY=FAILURE",))
    came_to(one, asked, "failed")
    got = inbox(one, "alice", 6)
    equal(len(got), 6, "letters of alice")
    contains(got[5], b"Action: failed\r\nStatus: 5.1.1\r\n", "the only notification")
    contains(got[5], b"Content-Type: message/rfc822", "the whole letter")


@suite.test("a notification that is refused ends there")
def _(site):
    one, _two = site
    refuse = {"RCPT": say(b"550 5.1.1 not here\r\n")}
    with Peer("127.1.0.1", refuse), Peer("127.1.0.2", refuse) as strict:
        one.command("alias", "add", "away@one.tower", "x@plain.peer")
        sent = submit(one, None, "away@one.tower", role="mx", sender="y@strict.peer")
        notice = came_to(one, sent, "failed")["steps"][-1]["notice"]
        last = came_to(one, notice, "failed")["steps"][-1]
        equal((last["event"], last["host"]), ("silent", "strict.peer"), "the end of the notification")
        equal([line for line in strict.said if line.startswith("MAIL")][0].split()[1], "FROM:<>", "its sender")
        equal(json.loads(one.command("queue", "list", "--json"))["queue"], [], "the queue")
        equal(len(strict.letters), 0, "letters that it took")


suite.main(world)
