#!/usr/bin/env python3
# timeout: 300
"""What goes wrong between Chappe and Postfix, and Chappe and Exim: letters that wait, letters that go back, and servers that
die in the middle."""

import email
import email.policy
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import lab  # noqa: E402
import letters  # noqa: E402
from suite import Failure, Skip, Suite, check, contains, equal, wait_until  # noqa: E402
from lab_world import World, with_each_peer  # noqa: E402

lab.enter()

suite = Suite()


def report(octets):
    """A notification taken apart (RFC 3464): (of the letter, of its recipient, the original or its header), each
    {field, lower case: value} but for the last."""
    notice = email.message_from_bytes(octets, policy=email.policy.default)
    equal(notice.get_content_type(), "multipart/report", "the notification's type")
    equal(notice.get_param("report-type"), "delivery-status", "the report's type")
    parts = list(notice.iter_parts())
    status, original = parts[1], parts[2]
    check(status.get_content_type() in ("message/delivery-status", "message/global-delivery-status"), "no status")
    of_letter, of_recipient = (
        {name.lower(): str(value) for name, value in part.items()} for part in list(status.iter_parts())[:2]
    )
    return of_letter, of_recipient, original.as_bytes()


def notice_to(site, account, letter):
    """The notification that tells the account of this letter of its own."""
    last = site.followed(letter, "failed")["steps"][-1]
    equal(last["event"], "bounced", "the last step")
    site.followed(last["notice"])

    def look():
        with site.imap(account) as box:
            for octets in box.letters().values() if box.counts()["MESSAGES"] else []:
                if b"multipart/report" in octets and letter.encode() in octets:
                    return bytes(octets)

    return last, wait_until(look, 10, f"a notification of {letter} in the mailbox of {account}")


@with_each_peer(suite, "a letter that is told to come back later waits, and is taken when the time has come")
def _(one, peer):
    address = peer.address("bob", "grey")
    octets = letters.letter("grey", 2_000, to=address, sender="alice@one.lab")
    peer.ripen(False)
    letter = one.submit("alice", [address], octets)
    found = wait_until(lambda: (f := one.trail(letter))["steps"][-1]["event"] == "deferred" and f, 20, "it is deferred")
    step = found["steps"][-1]
    equal((found["state"], step["status"], step["host"]), ("waiting", "4.7.1", f"mx.grey.{peer.domain}"), "its trail")
    contains(step["words"], "Grey: come back later", "the peer's words")
    check(step["next"] > step["at"], "the next attempt is not later")
    contains(one.command("queue", "list", "--where", f"to={address}", "--json").decode(), letter, "the queue")
    equal(peer.copies("grey"), [], "what was taken already")
    peer.ripen()
    one.command("queue", "retry", letter)
    check(peer.received("grey").endswith(octets), "the letter came changed")
    events = [step["event"] for step in one.followed(letter)["steps"]]
    equal(events, ["accepted", "queued", "deferred", "retried", "delivered"], "its trail")


@with_each_peer(suite, "an unknown recipient there; the sender is told here")
def _(one, peer):
    address = peer.address("nobody")
    octets = letters.letter("ghost", 2_000, to=address, sender="alice@one.lab")
    letter = one.submit("alice", [address], octets)
    last, notice = notice_to(one, "alice", letter)
    equal((last["status"], last["host"]), ("5.1.1", f"mx.{peer.domain}"), "why")
    of_letter, of_recipient, original = report(notice)
    contains(of_letter["reporting-mta"], "mx.one.lab", "who reports")
    equal(of_recipient["final-recipient"].replace(" ", ""), f"rfc822;{address}", "the recipient")
    equal((of_recipient["action"], of_recipient["status"]), ("failed", "5.1.1"), "what happened")
    contains(of_recipient["remote-mta"], f"mx.{peer.domain}", "who said so")
    contains(of_recipient["diagnostic-code"], "550", "the peer's words")
    contains(original, b"<ghost@", "the original's header")
    check(octets.partition(b"\r\n\r\n")[2][:60] not in notice, "the text of the letter is in the notification")


def needs_dsn(site):
    with site.writer("alice") as client:
        if not client.has_extn("dsn"):
            raise Skip("this build does not offer DSN (RFC 3461)")


@with_each_peer(suite, "what the sender asks of notifications is obeyed when a letter fails")
def _(one, peer):
    needs_dsn(one)
    address = peer.address("nobody")
    octets = letters.letter("silent", 2_000, to=address, sender="bob@one.lab")
    letter = one.submit("bob", [address], octets, rcpt_options=["NOTIFY=NEVER"])
    equal(one.followed(letter, "failed")["steps"][-1]["event"], "silent", "the last step")
    octets = letters.letter("whole", 2_000, to=address, sender="bob@one.lab")
    options = ["RET=FULL", "ENVID=QQ314159"]
    letter = one.submit("bob", [address], octets, options, ["NOTIFY=FAILURE", f"ORCPT=rfc822;old+2Bname@{peer.domain}"])
    _, notice = notice_to(one, "bob", letter)
    check(octets in notice, "the letter is not in the notification")
    of_letter, of_recipient, _ = report(notice)
    equal(of_letter["original-envelope-id"], "QQ314159", "ENVID")
    equal(of_recipient["original-recipient"].replace(" ", ""), f"rfc822;old+name@{peer.domain}", "ORCPT")


@with_each_peer(suite, "who asks to hear of the delivery is told by the peer, who is told so by Chappe")
def _(one, peer):
    needs_dsn(one)
    address = peer.address("bob")
    octets = letters.letter("success", 2_000, to=address, sender="bob@one.lab")
    envelope = f"there-{peer.name}"
    one.submit("bob", [address], octets, [f"ENVID={envelope}"], ["NOTIFY=SUCCESS,FAILURE"])

    def look():
        with one.imap("bob") as box:
            for text in box.letters().values() if box.counts()["MESSAGES"] else []:
                if envelope.encode() in text and b"multipart/report" in text:
                    return bytes(text)

    of_letter, of_recipient, _ = report(wait_until(look, 20, "a notification of success"))
    contains(of_letter["reporting-mta"], f"mx.{peer.domain}", "who reports")
    contains(of_recipient["final-recipient"], address, "the recipient")
    equal(of_recipient["action"], "delivered", "what happened")


@with_each_peer(suite, "an unknown recipient here; the peer tells the sender, who is one of ours")
def _(one, peer):
    octets = letters.letter("lost", 2_000, to="ghost@one.lab", sender="alice@one.lab")
    peer.send("alice@one.lab", ["ghost@one.lab"], octets)

    def look():
        with one.imap("alice") as box:
            for text in box.letters().values() if box.counts()["MESSAGES"] else []:
                if b"<lost@" in text and peer.domain.encode() in text:
                    return bytes(text)

    notice = wait_until(look, 20, "the peer's notification")
    check(notice.startswith(b"Return-Path: <>\r\n"), f"its sender: {notice[:60]}")
    of_letter, of_recipient, _ = report(notice)
    contains(of_letter["reporting-mta"], f"mx.{peer.domain}", "who reports")
    contains(of_recipient["final-recipient"], "ghost@one.lab", "the recipient")
    equal(of_recipient["action"], "failed", "what happened")
    # Our refusal of RCPT is on our trail.
    def refused():
        found = one.trail("--to", "ghost@one.lab", "--refused")["letters"]
        return any(one.trail(f["letter"])["steps"][0]["hello"] == f"mx.{peer.domain}" for f in found)

    wait_until(refused, 20, "the refusal is on the trail")


@with_each_peer(suite, "a peer that dies in the middle of a letter and returns gets it once, and whole")
def _(one, peer):
    address = peer.address("bob")
    for attempt in range(5):
        name = f"cut-{attempt}"
        octets = letters.letter(name, 30_000_000, to=address, sender="alice@one.lab")
        letter = one.submit("alice", [address], octets)
        end = time.monotonic() + 20
        while peer.arriving() < 1_000_000 and time.monotonic() < end:
            time.sleep(0.001)
        peer.kill()
        steps = wait_until(lambda: (s := one.trail(letter)["steps"])[-1]["event"] != "queued" and s, 20, "an attempt")
        peer.start()
        if steps[-1]["event"] == "delivered":
            continue  # it was too quick for us
        equal(steps[-1]["event"], "deferred", "what the trail says")
        # Over a connection that had been kept, the letter is tried once more at once: then nobody answers.
        check(steps[-1]["status"] in ("4.4.2", "4.4.1"), f"the reason: {steps[-1]}")
        one.command("queue", "retry", letter)
        check(peer.received(name).endswith(octets), "the letter came changed")
        one.followed(letter)
        equal(len(peer.copies(name)), 1, "copies")
        return
    raise Failure("the peer was never cut off in the middle of a letter")


@with_each_peer(suite, "what a peer sends while Chappe is down comes when it is back")
def _(one, peer):
    one.kill()
    octets = letters.letter(f"patient-{peer.name}", 2_000, to="bob@one.lab", sender=peer.address("alice"))
    peer.send(peer.address("alice"), ["bob@one.lab"], octets)
    peer.logged("bob@one.lab", "onnection refused")
    one.start()
    check(one.received("bob", f"patient-{peer.name}", 40).endswith(octets), "the letter came changed")


if __name__ == "__main__":
    suite.main(World)
