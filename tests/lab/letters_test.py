#!/usr/bin/env python3
# timeout: 300
"""Letters between Chappe and Postfix, and Chappe and Exim: in both directions, with TLS and without, in 8 bits, to addresses
in any letters, in chunks."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import lab  # noqa: E402
import letters  # noqa: E402
from suite import Suite, check, contains, equal  # noqa: E402
from lab_world import ONE_SIX, ZOË, World, with_each_peer  # noqa: E402

lab.enter()

suite = Suite()

BODY = "Déjà vu, naïve façade; Καλημέρα κόσμε; 🦉.\r\n.leading dot\r\n" * 50


def eight_bit(name, sender, to, subject="eight bits"):
    """A letter with octets above 127 in its text, and in its header where its subject has them."""
    head = letters.letter(name, 0, to=to, sender=sender, subject=subject).partition(b"\r\n\r\n")[0]
    return head.replace(b"us-ascii", b"utf-8") + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + BODY.encode()


def unchanged(got, sent):
    check(got.endswith(sent), f"the letter came changed: {got[-len(sent) :][:400]} instead of {sent[:400]}")


def top_received(octets):
    """The first Received field, unfolded."""
    field = re.search(rb"^Received:.*?\r\n(?![ \t])", octets, re.M | re.S)[0]
    return re.sub(rb"\s+", b" ", field).decode()


def there(one, peer, name, face="", user="bob", account="alice", octets=None, options=(), rcpt_options=()):
    """Sends a letter from Chappe to a peer; (the letter as it lies there, the step of the trail that says so)."""
    address = peer.address(user, face)
    name = f"{name}-{peer.name}"
    octets = octets or letters.letter(name, 3_000, to=address, sender=one.address(account))
    letter = one.submit(account, [address], octets, options, rcpt_options)
    got = peer.received(name, user)
    unchanged(got, octets)
    last = one.followed(letter)["steps"][-1]
    equal((last["event"], last["to"]), ("delivered", address), "the last step of its trail")
    return got, last


def back(one, peer, name, to="alice@one.lab", account="alice", octets=None, sender=None, options=()):
    """Sends a letter from a peer to Chappe; (the letter as it lies here, its trail, what the peer's log says of it)."""
    sender = sender or peer.address("bob")
    name = f"{name}-{peer.name}"
    octets = octets or letters.letter(name, 3_000, to=to, sender=sender)
    peer.send(sender, [to], octets, options)
    got = one.received(account, name)
    unchanged(got, octets)
    found = one.trail(re.search(r"id (\w{26})", top_received(got))[1])
    equal((found["state"], found["from"]), ("done", sender), "its trail")
    # The peer was told this very id.
    return got, found, peer.logged("Taken as " + found["letter"])


@with_each_peer(suite, "a letter goes there with TLS")
def _(one, peer):
    got, step = there(one, peer, "there-tls")
    equal((step["host"], step["peer"]), (f"mx.{peer.domain}", peer.addresses()[""]), "who took it")
    contains(step["tls"], "TLSv1.3 ", "the TLS on the trail")
    cipher = step["tls"].split()[1]
    received = top_received(got)
    if peer.name == "postfix":
        contains(received, f"(using TLSv1.3 with cipher {cipher} ", "Received")
        contains(received, "with ESMTPS id", "Received")
        identity = re.search(r"queued as (\w+)", step["words"])[1]
        peer.logged(f"{identity}: to=<bob@postfix.lab>", "status=sent")
    else:
        contains(received, "with esmtps (TLS1.3)", "Received")
        identity = re.search(r"id=([\w-]+)", step["words"])[1]
        peer.logged(identity, "<= alice@one.lab", "X=TLS1.3:")
        peer.logged(identity, "=> bob <bob@exim.lab>")
    contains(received, "mx.one.lab", "who handed it over")


@with_each_peer(suite, "a letter goes there in clear")
def _(one, peer):
    got, step = there(one, peer, "there-clear", face="plain")
    equal((step["host"], step["tls"]), (f"mx.plain.{peer.domain}", "none"), "the trail")
    received = top_received(got)
    contains(received.lower(), "with esmtp ", "Received")
    check("TLS" not in received, f"TLS in {received}")


@with_each_peer(suite, "a letter comes from there with TLS")
def _(one, peer):
    got, found, said = back(one, peer, "back-tls")
    contains(top_received(got), f"from mx.{peer.domain} ", "Received")
    contains(top_received(got), "by mx.one.lab (Chappe) with ESMTPS id", "Received")
    first = found["steps"][0]
    equal((first["door"], first["hello"]), ("mx", f"mx.{peer.domain}"), "how it came")
    contains(first["tls"], "TLSv1.3 ", "its TLS")
    equal([step["event"] for step in found["steps"]], ["accepted", "judged", "filed"], "its steps")
    if peer.name == "postfix":
        contains(said, "status=sent", "the peer's log")
        peer.logged("TLS connection established to mx.one.lab", "TLSv1.3")
    else:
        contains(said, "X=TLS1.3:", "the peer's log")


@with_each_peer(suite, "a letter comes from there in clear")
def _(one, peer):
    got, found, said = back(one, peer, "back-clear", to="alice@plain.one.lab")
    contains(top_received(got), "with ESMTP id", "Received")
    check(not found["steps"][0].get("tls"), f"TLS on the trail: {found['steps'][0]}")
    check("X=TLS" not in said, f"TLS in {said}")


@with_each_peer(suite, "8BITMIME in both directions, with TLS and in clear")
def _(one, peer):
    for face in ("", "plain"):
        name = f"eight-{face or 'tls'}"
        octets = eight_bit(f"there-{name}-{peer.name}", "alice@one.lab", peer.address("bob", face))
        there(one, peer, f"there-{name}", face=face, octets=octets, options=["BODY=8BITMIME"])
        to = f"alice@{face + '.' if face else ''}one.lab"
        octets = eight_bit(f"back-{name}-{peer.name}", peer.address("bob"), to)
        back(one, peer, f"back-{name}", to=to, octets=octets, options=["BODY=8BITMIME"])


@with_each_peer(suite, "SMTPUTF8, addresses in any letters in both directions")
def _(one, peer):
    options = ["SMTPUTF8", "BODY=8BITMIME"]
    for user in ("jörg", "δοκιμή"):
        name = f"utf8-{len(user)}"
        octets = eight_bit(f"there-{name}-{peer.name}", ZOË, peer.address(user), subject="Grüße")
        got, _ = there(one, peer, f"there-{name}", user=user, account=ZOË, octets=octets, options=options)
        # RFC 6531 §3.7.3 gives the words of Received.
        contains(top_received(got).lower(), "with utf8", "Received")
        contains(got.decode().lower(), f"return-path: <{ZOË}>", "the sender")
        octets = eight_bit(f"back-{name}-{peer.name}", peer.address(user), ZOË, subject="Réponse")
        got, _, _ = back(
            one, peer, f"back-{name}", to=ZOË, account=ZOË, octets=octets, sender=peer.address(user), options=options
        )
        contains(top_received(got), "with UTF8SMTPS id", "Received")


@with_each_peer(suite, "a peer without SMTPUTF8 is sent what it can take, and the rest goes back with 5.6.7")
def _(one, peer):
    # In clear and by DATA, too: this face offers neither STARTTLS nor CHUNKING.
    octets = eight_bit(f"there-old-{peer.name}", "alice@one.lab", peer.address("bob", "old"))
    there(one, peer, "there-old", face="old", octets=octets, options=["BODY=8BITMIME"])
    for to, sender in ((peer.address("jörg", "old"), "alice"), (peer.address("bob", "old"), ZOË)):
        octets = eight_bit("utf8-old", one.address(sender), to, subject="Grüße")
        letter = one.submit(sender, [to], octets, ["SMTPUTF8", "BODY=8BITMIME"])
        last = one.followed(letter, "failed")["steps"][-1]
        # RFC 6531 §3.5, RFC 3463 and its registry.
        equal((last["event"], last["status"], last["host"]), ("bounced", "5.6.7", f"mx.old.{peer.domain}"), "what became of it")
        notice = one.trail(last["notice"])
        equal((notice["state"], notice["to"]), ("done", [one.address(sender)]), "the notification")


@with_each_peer(suite, "BDAT in both directions as far as the peer speaks it")
def _(one, peer):
    octets = letters.letter(f"there-bdat-{peer.name}", 900_000, to=peer.address("bob"), sender="alice@one.lab")
    there(one, peer, "there-bdat", octets=octets)
    if peer.name == "postfix":
        # Its client has no BDAT; its server counts the commands when the connection ends.
        peer.logged("disconnect from", "bdat=", patience=15)
    else:
        peer.logged("<= alice@one.lab", " K ", f"there-bdat-{peer.name}@")
        octets = letters.letter(f"back-bdat-{peer.name}", 900_000, to="alice@one.lab", sender=peer.address("bob"))
        _, _, said = back(one, peer, "back-bdat", octets=octets)
        contains(said, " K ", "the peer's log")


@with_each_peer(suite, "by IPv6 alone, in both directions")
def _(one, peer):
    _, step = there(one, peer, "there-six", face="six")
    equal(step["peer"], peer.addresses()["six"], "the address")
    _, found, said = back(one, peer, "back-six", to="alice@six.one.lab")
    contains(found["steps"][0]["peer"], "2001:db8::3" if peer.name == "exim" else "2001:db8::2", "the peer's address")
    contains(said, f"[{ONE_SIX}]", "the peer's log")


if __name__ == "__main__":
    suite.main(World)
