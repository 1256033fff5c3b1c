#!/usr/bin/env python3
# timeout: 300
"""What becomes of letters is remembered of who sends them: of the network always, of a domain only where it is proven, so
that forgers spoil no good name. After a restart, without a server and after a kill it is still there."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import json  # noqa: E402

from chappe import BINARY  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from suite import Suite, check, contains, equal, succeed, wait_until  # noqa: E402
from town import Town, as_nobody, enter  # noqa: E402

enter()

HERE = "127.0.0.2"
# Everybody else is a stranger, at networks of their own.
SITE = {"server": [f'networks = ["{HERE}"]']}
BANK, OPEN, FORGER, NOBODY = "127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.4.1"
TALLIES = "accepted junk refused deferred spam ham pass fail none temperror".split()

suite = Suite()


def zone(record):
    parts = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
    return f"""
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A {HERE}
bank.tower.    TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.bank.tower. TXT "v=DMARC1; p=reject"
_dmarc.news.bank.tower. TXT "v=DMARC1; p=reject"
mail._domainkey.bank.tower. TXT {parts}
open.tower.    TXT "v=spf1 ip4:{OPEN} -all"
_dmarc.open.tower. TXT "v=DMARC1; p=reject"
"""


def letter(author, name, above=""):
    return (
        f"{above}From: {author}\r\nTo: alice@one.tower\r\nSubject: accounts\r\n"
        f"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <{name}@test>\r\n\r\nAll is well.\r\n"
    ).encode()


class World:
    def __init__(self, site, pem, folder):
        self.site, self.pem, self.folder = site, pem, folder

    def sign(self, octets):
        path = self.folder / "letter.eml"
        path.write_bytes(octets)
        return succeed(BINARY, "sign", path, "--domain", "bank.tower", "--selector", "mail", "--key", self.pem)

    def send(self, octets, sender, source, answer=250):
        with self.site.smtp("mx", source=source) as client:
            client.ehlo("stranger.tower")
            equal(client.mail(sender)[0], 250, "MAIL")
            equal(client.rcpt("alice@one.tower")[0], 250, "RCPT")
            code, words = client.data(octets)
            equal(code, answer, f"the answer, {words}")
            return words.decode().split()[-1]

    def show(self, name):
        answer = json.loads(self.site.command("reputation", "show", name, "--json"))
        return {one["kind"]: one for one in answer["senders"]}

    def list(self, *options):
        return json.loads(self.site.command("reputation", "list", *options, "--json"))["senders"]

    def unknown(self, name):
        done = subprocess.run(
            as_nobody(BINARY, "reputation", "show", name, "--config", self.site.config), capture_output=True, text=True
        )
        check(done.returncode != 0, f"{name} is known: {done.stdout}")
        contains(done.stderr, "nothing is remembered of", "why")


def tallies(one, **wanted):
    """These tallies, and no others; what fades in the minutes of a test is less than a hundredth."""
    for tally in TALLIES:
        check(
            abs(one[tally] - wanted.get(tally, 0)) < 0.02 * max(1, wanted.get(tally, 0)),
            f"{one['kind']} {one['name']}: {tally} is {one[tally]}, not {wanted.get(tally, 0)}",
        )


def all_is_known(w):
    bank = w.show("bank.tower")
    equal(sorted(bank), ["author", "dkim"], "as what the bank is known")
    tallies(bank["author"], accepted=12, **{"pass": 12, "fail": 12})
    tallies(bank["dkim"], accepted=12, **{"pass": 12})
    check(abs(bank["author"]["score"] - 13 / 14) < 0.01, f"the score, {bank['author']}")
    opened = w.show("open.tower")
    equal(sorted(opened), ["author", "mail-from"], "as what open.tower is known")
    tallies(opened["author"], accepted=6, **{"pass": 6})
    tallies(opened["mail-from"], accepted=6, **{"pass": 6})
    forger = w.show(FORGER)["network"]
    equal(forger["name"], "127.0.3.0/24", "the network")
    tallies(forger, refused=8, junk=4, fail=12)
    check(forger["score"] < 0.1 and forger["confidence"] > 0.7, f"the forger's score, {forger}")
    tallies(w.show("127.0.4.0/24")["network"], accepted=2, none=2)
    tallies(w.show(BANK)["network"], accepted=12, **{"pass": 12})


def in_store(w):
    """Waits until everything is written: a list is of what is."""
    wait_until(lambda: sum(one["letters"] for one in w.list("--kind", "network")) > 31.9, 20, "the rows of 32 letters")


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        folder = pathlib.Path(name)
        pem, _, record = made_key(folder, "rsa-sha256")
        with Town(zone(record)) as town, town.site("one.tower", HERE, ["alice"], **SITE) as site:
            w = World(site, pem, folder)
            for n in range(12):
                # A subdomain with a record of its own is the same organization.
                author = "teller@bank.tower" if n < 10 else "letters@news.bank.tower"
                w.last = w.send(w.sign(letter(author, f"bank{n}")), "", BANK)
            for n in range(8):
                w.send(letter("teller@bank.tower", f"forged{n}"), "teller@bank.tower", FORGER, answer=550)
            for n in range(4):
                relayed = "Received: from a.tower by b.tower; Thu, 26 Nov 2026 05:00:00 +0000\r\n"
                w.send(letter("teller@bank.tower", f"junk{n}", relayed), "teller@bank.tower", FORGER)
            for n in range(6):
                w.send(letter("a@open.tower", f"open{n}"), "a@open.tower", OPEN)
            for n in range(2):
                w.send(letter(f"a@nowhere{n}.tower", f"nowhere{n}"), f"a@nowhere{n}.tower", NOBODY)
            yield w


@suite.test("each identity is known by its own letters, and forgers spoil no good name")
def _(w):
    all_is_known(w)
    w.unknown("nowhere0.tower")
    w.unknown("192.0.2.1")
    w.unknown("news.bank.tower")


@suite.test("the list is in the order that is asked for")
def _(w):
    in_store(w)
    equal(w.list("--worst", "--limit", "1")[0]["name"], "127.0.3.0/24", "the worst")
    names = {one["name"] for one in w.list("--most", "--limit", "4")}
    equal(names, {"bank.tower", "127.0.1.0/24", "127.0.3.0/24"}, "those with most letters")
    equal([one["name"] for one in w.list("--kind", "author")], ["bank.tower", "open.tower"], "the authors")
    equal(sorted({one["kind"] for one in w.list()}), ["author", "dkim", "mail-from", "network"], "the kinds")


@suite.test("people see a bar, in both languages")
def _(w):
    page = w.site.command("reputation", "show", FORGER).decode()
    contains(page, "127.0.3.0/24 (network)", "the page")
    contains(page, "░" * 20 + " 4 into Junk, 8 refused", "the page")
    contains(w.site.command("reputation", "show", "bank.tower").decode(), "█" * 20 + " 12 accepted", "the page")
    contains(w.site.command("reputation", "show", FORGER, "--lang", "fr").decode(), "refusées", "the page in French")
    contains(w.site.command("reputation", "list", "--lang", "fr").decode(), "EXPÉDITEUR", "the list in French")
    contains(w.site.command("reputation", "list", "--kind", "dkim").decode(), "bank.tower", "the list")


@suite.test("the trail has what was known when the letter came")
def _(w):
    (judged,) = [step for step in w.site.trail(w.last)["steps"] if step["event"] == "judged"]
    known = {(one["kind"], one["name"]): one for one in judged["reputation"]}
    equal(sorted(known), [("author", "bank.tower"), ("dkim", "bank.tower"), ("network", "127.0.1.0/24")], "who answered")
    check(abs(known["author", "bank.tower"]["score"] - 12 / 13) < 0.01, f"before the last of twelve, {known}")
    contains(w.site.command("trail", w.last).decode(), "author bank.tower scores 0.92", "the page")


@suite.test("the metrics count letters by what became of them")
def _(w):
    text = w.site.command("metrics").decode()
    for outcome, count in (("accepted", 20), ("junk", 4), ("refused", 8), ("deferred", 0)):
        contains(text, f'chappe_reputation_letters_total{{outcome="{outcome}"}} {count}\n', "the metrics")


@suite.test("it outlasts a restart, and is read without a server")
def _(w):
    w.site.stop()
    all_is_known(w)
    w.site.start()
    all_is_known(w)


@suite.test("a reader who moves a letter into Junk, or out of it, is heard; who throws it away is not")
def _(w):
    def author():
        return w.show("bank.tower")["author"]

    with w.site.imap("alice") as box:
        (uid,) = box.uids("HEADER", "Message-ID", "<bank3@")
        equal(box.uid("MOVE", str(uid), "Junk")[0], "OK", "MOVE")
        wait_until(lambda: author()["spam"] > 0.9, 20, "the vote")
        check(abs(author()["score"] - 12 / 14) < 0.01, f"the score with one letter less, {author()}")
        box.choose("Junk")
        (uid,) = box.uids("HEADER", "Message-ID", "<bank3@")
        equal(box.uid("COPY", str(uid), "Trash")[0], "OK", "COPY into Trash")
        equal(box.uid("MOVE", str(uid), "INBOX")[0], "OK", "MOVE back")
        wait_until(lambda: author()["ham"] > 0.9, 20, "the vote for it")
        tallies(author(), accepted=12, spam=1, ham=1, **{"pass": 12, "fail": 12})


@suite.test("after a kill only the last seconds are lost")
def _(w):
    w.send(letter("a@open.tower", "late"), "a@open.tower", OPEN)
    time.sleep(0.1)
    w.site.kill()
    w.site.start()
    check(5.9 < w.show("open.tower")["author"]["accepted"] < 7.1, "what was written is gone")


if __name__ == "__main__":
    suite.main(world)
