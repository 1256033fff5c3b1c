#!/usr/bin/env python3
# timeout: 300
"""The exchanger judges who sent a letter before it answers: SPF, DKIM and DMARC over the DNS, what is refused, what goes
into Junk, what is written above the letter, what is taken out of it, and what the trail tells."""

import contextlib
import pathlib
import smtplib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from suite import Suite, check, contains, equal, succeed, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

HERE = "127.0.0.2"
# A stranger is at 127.0.0.1, which is no host of the site then.
STRANGERS = {"server": [f'networks = ["{HERE}"]']}

suite = Suite()


def zone(record):
    parts = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
    return f"""
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A {HERE}
bank.tower.    TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.bank.tower. TXT "v=DMARC1; p=reject; sp=quarantine"
mail._domainkey.bank.tower. TXT {parts}
news.bank.tower. A 192.0.2.7
open.tower.    TXT "v=spf1 ip4:127.0.0.0/8 -all"
_dmarc.open.tower. TXT "v=DMARC1; p=reject"
"""


class World:
    def __init__(self, site, pem, folder):
        self.site, self.pem, self.folder = site, pem, folder

    def sign(self, octets):
        path = self.folder / "letter.eml"
        path.write_bytes(octets)
        return succeed(BINARY, "sign", path, "--domain", "bank.tower", "--selector", "mail", "--key", self.pem)

    def send(self, octets, sender="teller@bank.tower", site=None):
        """The answer to the letter."""
        with (site or self.site).smtp("mx") as client:
            client.ehlo("stranger.tower")
            equal(client.mail(sender)[0], 250, "MAIL")
            equal(client.rcpt("alice@one.tower")[0], 250, "RCPT")
            return client.data(octets)

    def refused(self, octets, reason, **how):
        code, words = self.send(octets, **how)
        equal(code, 550, f"the answer, {words}")
        contains(words, f"({reason})".encode(), "its words")
        contains(words, b"5.7.1 ", "its words")

    def filed(self, octets, mailbox, site=None, **how):
        """The letter as it lies in this mailbox; it was sent just now, and lies in no other."""
        site = site or self.site
        boxes = {}
        for name in ("INBOX", "Junk"):
            with site.imap("alice", mailbox=name) as box:
                boxes[name] = box.counts(name)["MESSAGES"]
        code, words = self.send(octets, site=site, **how)
        equal(code, 250, f"the answer, {words}")
        self.letter = words.decode().split()[-1]

        def look():
            with site.imap("alice", mailbox=mailbox, readonly=True) as box:
                if box.counts(mailbox)["MESSAGES"] == boxes[mailbox]:
                    return None
                return bytes(list(box.letters().values())[-1])

        got = wait_until(look, 20, f"the letter in {mailbox}")
        other = "Junk" if mailbox == "INBOX" else "INBOX"
        with site.imap("alice", mailbox=other) as box:
            equal(box.counts(other)["MESSAGES"], boxes[other], other)
        return got


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        folder = pathlib.Path(name)
        pem, _, record = made_key(folder, "rsa-sha256")
        with Town(zone(record)) as town, town.site("one.tower", HERE, ["alice"], **STRANGERS) as site:
            made = World(site, pem, folder)
            made.town = town
            yield made


def letter(author="Teller <teller@bank.tower>", above="", subject="accounts"):
    return (
        f"{above}From: {author}\r\nTo: alice@one.tower\r\nSubject: {subject}\r\n"
        "Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@bank.tower>\r\n\r\nAll is well.\r\n"
    ).encode()


def results(octets):
    """The value of the Authentication-Results on top, unfolded."""
    head = octets.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    fields = [line for line in head if line.lower().startswith(b"authentication-results:")]
    check(fields, f"no Authentication-Results: {head}")
    return fields[0].partition(b":")[2].strip().decode()


@suite.test("a letter forged by hand is refused, and the trail says why")
def _(w):
    w.refused(letter(), "reject-with-evidence")
    # Refused letters are written down every second.
    refused = ("--refused", "--from", "teller@bank.tower")
    (found,) = wait_until(lambda: w.site.trail(*refused)["letters"], 20, "the letter on the trail")
    judged = [step for step in found["steps"] if step["event"] == "judged"]
    equal((judged[0]["action"], judged[0]["reason"]), ("reject", "reject-with-evidence"), "what was done")
    contains(judged[0]["authentication"], "dmarc=fail", "what was found")
    contains(judged[0]["authentication"], "spf=fail", "what was found")
    equal(judged[0]["evidence"], ["no-indirect-flow"], "the evidence")
    equal(judged[0]["dmarc"], {"domain": "bank.tower", "record": "_dmarc.bank.tower"}, "whose record")
    equal(judged[0]["spf"], {"decided_by": "-all", "decided_at": "bank.tower"}, "the term")
    page = w.site.command("trail", found["letter"]).decode()
    contains(page, "reject-with-evidence", "the page")
    contains(page, "evidence: no-indirect-flow; SPF by « -all », bank.tower; DMARC by _dmarc.bank.tower\n", "the page")
    contains(w.site.command("trail", found["letter"], "--lang", "fr").decode(), "indices : no-indirect-flow ; SPF par", "the page in French")
    contains(w.site.log(), "reason=reject-with-evidence evidence=no-indirect-flow", "the log")


@suite.test("two hundred signatures above a forged letter hide nothing of what was found")
def _(w):
    above = "Received: from a.tower by b.tower; Thu, 26 Nov 2026 05:00:00 +0000\r\n" + "DKIM-Signature: x\r\n" * 200
    said = results(w.filed(letter(above=above), "Junk"))
    equal(said.count("dkim="), 11, f"results of signatures in {said}")
    (judged,) = [step for step in w.site.trail(w.letter)["steps"] if step["event"] == "judged"]
    equal(judged["dkim"], ["not-a-tag-list"] * 10 + ["too-many-signatures"], "reasons of signatures")
    for part in ("dmarc=fail", "spf=fail", "190 more"):
        contains(said, part, "Authentication-Results")
        contains(judged["authentication"], part, "the trail")


@suite.test("the same letter by way of somebody goes into Junk, with what was found above it")
def _(w):
    got = w.filed(letter(above="Received: from a.tower by b.tower; Thu, 26 Nov 2026 05:00:00 +0000\r\n"), "Junk")
    said = results(got)
    check(said.startswith("mx.one.tower;"), said)
    for part in ("dmarc=fail", "header.from=bank.tower", "spf=fail", "smtp.mailfrom=teller@bank.tower"):
        contains(said, part, "Authentication-Results")
    top = [line.split(b":")[0] for line in got.split(b"\r\n") if line[:1] not in b" \t"][:3]
    equal(top, [b"Return-Path", b"Authentication-Results", b"Received"], "the fields on top")


@suite.test("a letter that is signed arrives, however large")
def _(w):
    said = results(w.filed(w.sign(letter()), "INBOX"))
    for part in ("dkim=pass", "header.d=bank.tower", "header.s=mail", "dmarc=pass"):
        contains(said, part, "Authentication-Results")
    large = letter() + (b"one line of many, 64 octets long with its end, as it may well be\r\n" * 100_000)
    signed = w.sign(large)
    got = w.filed(signed, "INBOX")
    check(got.endswith(signed), "it is changed")
    contains(results(got), "dkim=pass", "of the large one")
    changed = signed[:-20] + b"Z" + signed[-19:]
    w.refused(changed, "reject-with-evidence")


@suite.test("SPF alone is proof enough")
def _(w):
    said = results(w.filed(letter("<a@open.tower>"), "INBOX", sender="a@open.tower"))
    contains(said, "spf=pass", "Authentication-Results")
    contains(said, "dmarc=pass", "Authentication-Results")
    w.refused(letter("<a@bank.tower>"), "reject-with-evidence", sender="a@open.tower")


@suite.test("a subdomain that its domain wants quarantined goes into Junk")
def _(w):
    contains(results(w.filed(letter("<a@news.bank.tower>"), "Junk")), "header.from=news.bank.tower", "who is judged")


@suite.test("who is from nowhere is judged by nobody")
def _(w):
    contains(results(w.filed(letter("<a@nowhere.tower>"), "INBOX", sender="a@nowhere.tower")), "dmarc=none", "the result")


@suite.test("a letter without one clear author is refused")
def _(w):
    w.refused(letter().replace(b"From:", b"X-From:"), "from-missing")
    w.refused(letter(above="From: a@open.tower\r\n"), "several-fields", sender="a@open.tower")
    w.refused(letter('"x <a@open.tower>"@bank.tower'), "read-differently")


@suite.test("words that claim to be ours are taken out, those of others stay, and the signature holds")
def _(w):
    forged = (
        "Authentication-Results: mx.one.tower; dmarc=pass header.from=bank.tower\r\n"
        "Authentication-Results: (a comment) MX.ONE.TOWER ; dkim=pass\r\n"
        "AUTHENTICATION-RESULTS:\r\n mx.one.tower 1; spf=pass\r\n"
    )
    others = "Authentication-Results: mx.two.tower; dkim=pass header.d=two.tower\r\n"
    signed = w.sign(letter(above=others))
    got = w.filed(forged.encode() + signed, "INBOX")
    check(got.endswith(signed), "more is changed than the forged fields")
    equal(got.lower().count(b"authentication-results:"), 2, "how many fields there are")
    contains(results(got), "dkim=pass", "the result")


@suite.test("the site's own hosts are not judged, and mx.judge and mx.reject are heard")
def _(w):
    w.site.__exit__(None, None, None)  # its address is wanted
    for settings, mailbox, fields in (
        ({}, "INBOX", 0),
        (STRANGERS | {"lines": ["[mx]", "judge = false"]}, "INBOX", 0),
        (STRANGERS | {"lines": ["[mx]", "reject = false"]}, "Junk", 1),
    ):
        with w.town.site("one.tower", HERE, ["alice"], **settings) as w.site:
            got = w.filed(letter(), mailbox)
            equal(got.count(b"Authentication-Results:"), fields, f"{settings}")


if __name__ == "__main__":
    suite.main(world)
