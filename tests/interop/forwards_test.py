#!/usr/bin/env python3
# timeout: 600
"""Aliases that lead to other hosts. A letter of a bank that is signed, one that SPF alone speaks for, one with a chain
that has failed: each goes to one.tower, whose alias leads to two.tower, which judges it; dkimpy verifies what arrived.
What cannot be delivered comes back to who wrote it, by the way that the letter went. Nobody uses that way who has not
been written to; letters that go round end in one notice; a site of several processes does as one of one."""

import contextlib
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY  # noqa: E402
from dkim_peers_test import HERE, Peer, has, made_key  # noqa: E402
from judging_test import results  # noqa: E402
from raw import Raw  # noqa: E402
from suite import Skip, Suite, check, contains, equal, succeed, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

suite = Suite()

# Servers speak to each other from 127.0.0.1 here; who writes to them is elsewhere, and a stranger to each.
STRANGER = "127.0.0.9"
KEYED = ("bank.tower", "one.tower", "two.tower")


def txt(record):
    return " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))


def zone(record):
    keys = "".join(f"mail._domainkey.{domain}. TXT {txt(record)}\n" for domain in KEYED)
    return keys + """
one.tower.      MX 10 mx.one.tower.
mx.one.tower.   A 127.0.0.2
one.tower.      TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.one.tower. TXT "v=DMARC1; p=none"
two.tower.      MX 10 mx.two.tower.
mx.two.tower.   A 127.0.0.3
two.tower.      TXT "v=spf1 ip4:127.0.0.1 -all"
three.tower.    MX 10 mx.three.tower.
mx.three.tower. A 127.0.0.4
mda.one.tower.  A 127.0.0.23
mta.one.tower.  A 127.0.0.24
loop.tower.     MX 10 mx.one.tower.
nomail.tower.   MX 0 .
bank.tower.     TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.bank.tower. TXT "v=DMARC1; p=reject"
plain.tower.    TXT "v=spf1 ip4:127.0.0.9 -all"
open.tower.     TXT "v=spf1 ip4:127.0.0.9 -all"
_dmarc.open.tower. TXT "v=DMARC1; p=reject"
"""


ALIASES = {
    "one.tower": {
        "friend": ["bob@two.tower"],
        "team": ["alice@one.tower", "bob@two.tower"],
        "gone": ["nobody@two.tower"],
        "far": ["on@two.tower"],
        "later": ["dead@two.tower"],
        "self": ["x@loop.tower"],
        "round": ["round@two.tower"],
    },
    "two.tower": {"on": ["carol@three.tower"], "dead": ["x@nomail.tower"], "round": ["round@one.tower"]},
}


def configure(site, key):
    for alias, targets in ALIASES.get(site.domain, {}).items():
        site.command("alias", "add", f"{alias}@{site.domain}", *targets)
    if key:
        site.command("key", "import", site.domain, "--selector", "mail", "--key", str(key))


class World:
    def one(self, key=True, **settings):
        """The forwarder, until the end of the block."""
        return self.site("one.tower", "127.0.0.2", ["alice"], key, **settings)

    @contextlib.contextmanager
    def site(self, domain, address, accounts, key=True, **settings):
        with self.town.site(domain, address, accounts, server=[f'networks = ["{address}"]'], **settings) as site:
            configure(site, self.pem if key and domain in KEYED else None)
            yield site

    def signed(self, name, author="Teller <teller@bank.tower>"):
        path = self.folder / "letter.eml"
        path.write_bytes(letter(name, author))
        return succeed(BINARY, "sign", path, "--domain", "bank.tower", "--selector", "mail", "--key", self.pem)

    def dkimpy(self, do, octets):
        """What dkimpy says of a letter as it arrived; nothing where it is not installed."""
        if self.peer is None:
            return None
        path = self.folder / "arrived.eml"
        path.write_bytes(octets)
        return self.peer.do(do=do, letter=str(path), keys={f"mail._domainkey.{d}": self.record for d in KEYED})


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name, contextlib.ExitStack() as stack:
        w = World()
        w.folder = pathlib.Path(name)
        w.folder.chmod(0o755)
        w.pem, _, w.record = made_key(w.folder, "rsa-sha256")
        for file in w.folder.iterdir():
            file.chmod(0o644)
        w.peer = None
        if has("/usr/bin/python3", "-c", "import dkim, nacl"):
            w.peer = Peer("dkimpy", "/usr/bin/python3", HERE / "peers/dkimpy_peer.py")
            stack.callback(w.peer.close)
        w.town = stack.enter_context(Town(zone(w.record)))
        w.two = stack.enter_context(w.site("two.tower", "127.0.0.3", ["bob"]))
        w.three = stack.enter_context(w.site("three.tower", "127.0.0.4", ["carol"]))
        yield w


def letter(name, author, above=""):
    return (
        f"{above}From: {author}\r\nTo: friend@one.tower\r\nSubject: {name}\r\n"
        f"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <{name}@bank.tower>\r\n\r\nAll is well.  \r\n\r\n"
    ).encode()


def write(site, octets, to="friend@one.tower", sender="teller@bank.tower"):
    """The answer to a stranger's letter."""
    with site.smtp("mx", source=STRANGER) as client:
        client.ehlo("stranger.tower")
        equal(client.mail(sender)[0], 250, "MAIL")
        code, words = client.rcpt(to)
        if code != 250:
            return code, words
        return client.data(octets)


def taken(site, octets, **how):
    code, words = write(site, octets, **how)
    equal(code, 250, f"the answer, {words}")


def arrived(site, account, name, mailbox="INBOX"):
    """The letter with this subject."""

    def look():
        with site.imap(account, mailbox=mailbox, readonly=True) as box:
            uids = box.uids("SUBJECT", name)
            return bytes(box.letters(str(uids[0]))[uids[0]]) if uids else None

    return wait_until(look, 40, f"{name} in {mailbox} of {account}")


def notices(site, account):
    with site.imap(account, readonly=True) as box:
        if not box.counts()["MESSAGES"]:
            return []
        return [bytes(o) for o in box.letters().values() if b"Content-Type: multipart/report" in bytes(o)]


def told(site, account, count, word):
    """The notices in a mailbox that hold this word, once there are so many."""

    def look():
        found = [n for n in notices(site, account) if word in n]
        return found if len(found) >= count else None

    return wait_until(look, 60, f"{count} notices to {account} with {word}")


def names(octets):
    return [line.split(b":")[0] for line in octets.split(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"]


def mail_from(octets):
    return re.match(rb"Return-Path: <(.*)>", octets)[1].decode()


def queue(site):
    return json.loads(site.command("queue", "list", "--json"))["queue"]


def parts(said, *wanted):
    for part in wanted:
        contains(said, part, "what was found")


@suite.test("a bank's letter survives its forwarding and is sealed, for others too; the local copy is the same")
def _(w):
    octets = w.signed("bank-1")
    with w.one() as one:
        taken(one, octets, to="team@one.tower")
        got = arrived(w.two, "bob", "bank-1")
        own = arrived(one, "alice", "bank-1")
    check(got.endswith(octets), "it is changed")
    check(own.endswith(octets), "the local copy is changed")
    contains(own, b"ARC-Seal: i=1;", "the local copy")
    check(re.fullmatch(r"SRS0=\w{8}=\w\w=bank\.tower=teller@one\.tower", mail_from(got)), mail_from(got))
    parts(results(got), "dkim=pass", "dmarc=pass", "header.from=bank.tower", "spf=pass", f"smtp.mailfrom={mail_from(got)}",
          "arc=pass")  # fmt: skip
    equal(names(got)[:8], [b"Return-Path", b"Authentication-Results", b"Received", b"ARC-Seal", b"ARC-Message-Signature",
                           b"ARC-Authentication-Results", b"Authentication-Results", b"Received"], "the trace")  # fmt: skip
    flat = got.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    contains(flat, b"ARC-Authentication-Results: i=1; mx.one.tower;", "what one.tower found")
    copied = re.search(rb"ARC-Authentication-Results: i=1; *(.*)\r\n", flat)[1]
    written = re.search(rb"\r\nAuthentication-Results: *(mx\.one\.tower;.*)\r\n", flat)[1]
    equal(re.sub(rb" +", b" ", copied), re.sub(rb" +", b" ", written), "the copy in the seal")
    if w.peer is None:
        raise Skip("dkimpy (python3-dkim, python3-nacl) is not installed")
    equal(w.dkimpy("verify", got), True, "the signature, for dkimpy")
    chain = w.dkimpy("verify-chain", got)
    equal((chain["cv"], chain["sets"]), ("pass", 1), f"the chain, for dkimpy: {chain}")
    broken = w.dkimpy("verify-chain", got.replace(b"All is well", b"All is bad"))
    equal(broken["cv"], "fail", "a changed letter, for dkimpy")


@suite.test("where SPF alone speaks for a letter, it speaks for the forwarder, and the seal tells what it was")
def _(w):
    with w.one() as one:
        taken(one, letter("plain-1", "a@plain.tower"), sender="a@plain.tower")
        got = arrived(w.two, "bob", "plain-1")
        parts(results(got), "spf=pass", f"smtp.mailfrom={mail_from(got)}", "arc=pass")
        check(mail_from(got).startswith("SRS0="), mail_from(got))
        # Its domain wants what fails here rejected; that it was forwarded shows, and the seal says that it passed.
        taken(one, letter("open-1", "a@open.tower"), sender="a@open.tower")
        got = arrived(w.two, "bob", "open-1", mailbox="Junk")
        parts(results(got), "dmarc=fail", "arc=pass", "spf=pass")
        sealed = got.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"ARC-Authentication-Results:")[1].split(b"\r\n")[0]
        contains(sealed, b"dmarc=pass", "what the seal tells")


@suite.test("two forwarders make a chain of two, and both are on the way back")
def _(w):
    with w.one() as one:
        octets = w.signed("far-1")
        taken(one, octets, to="far@one.tower")
        got = arrived(w.three, "carol", "far-1")
    check(got.endswith(octets), "it is changed")
    check(re.fullmatch(r"SRS1=\w{8}=one\.tower==\w{8}=\w\w=bank\.tower=teller@two\.tower", mail_from(got)), mail_from(got))
    parts(results(got), "dkim=pass", "dmarc=pass", "arc=pass", "spf=pass")
    equal(got.count(b"ARC-Seal: i="), 2, "seals")
    if w.peer is not None:
        chain = w.dkimpy("verify-chain", got)
        equal((chain["cv"], chain["sets"]), ("pass", 2), f"the chain, for dkimpy: {chain}")


@suite.test("what cannot be delivered is told to who wrote it, from near and from far")
def _(w):
    with w.one() as one:
        hello = letters.letter("hello", 100, to="gone@one.tower", sender="carol@three.tower")
        w.three.submit("carol", ["gone@one.tower"], hello)
        (near,) = told(w.three, "carol", 1, b"Final-Recipient: rfc822; nobody@two.tower")
        contains(near, b"Reporting-MTA: dns; mx.one.tower", "who tells of what two.tower refused")
        # two.tower takes the letter, and finds out later.
        w.three.submit("carol", ["later@one.tower"], hello)
        (far,) = told(w.three, "carol", 1, b"Final-Recipient: rfc822; x@nomail.tower")
        contains(far, b"Reporting-MTA: dns; mx.two.tower", "who tells of what it took")
        contains(far, b"by mx.one.tower (Chappe)", "the way back")
        contains(far, b"Return-Path: <>", "a notice")
        equal(queue(one) + queue(w.two), [], "the queues")


@suite.test("nobody writes by the way back but who has something to tell, and nobody makes one")
def _(w):
    with w.one() as one:
        octets = letters.letter("back", 100, to="friend@one.tower", sender="carol@three.tower")
        w.three.submit("carol", ["friend@one.tower"], octets)
        got = w.two.received("bob", "back")
        way = mail_from(got)
        check(way.startswith("SRS0=") and way.endswith("=three.tower=carol@one.tower"), way)

        def ask(sender, *recipients):
            with Raw(one, "mx", STRANGER) as raw:
                equal(raw.reply()[0], 220, "the greeting")
                equal(raw.smtp("EHLO stranger.tower")[0], 250, "EHLO")
                equal(raw.smtp(f"MAIL FROM:<{sender}>")[0], 250, "MAIL")
                replies = [raw.smtp(f"RCPT TO:<{r}>") for r in recipients]
                return [f"{code} {text.split(' ')[0]}" for code, text in replies], replies

        forged = way[:5] + ("b" if way[5] != "b" else "c") + way[6:]
        codes, replies = ask("", way, way.lower(), forged, way.replace("carol", "dan"), way.replace("@one", "@two"))
        equal(codes, ["250 2.1.5", "250 2.1.5", "550 5.1.1", "550 5.1.1", "550 5.7.1"], f"a notice: {replies}")
        contains(replies[2][1], "did not rewrite", "the words")
        codes, replies = ask("a@plain.tower", way, forged)
        equal(codes, ["550 5.7.1", "550 5.1.1"], f"a letter: {replies}")
        contains(replies[0][1], "notifications only", "the words")
        # A notice by somebody else than us.
        taken(one, letter("told", "postmaster@plain.tower"), to=way, sender="")
        contains(arrived(w.three, "carol", "told"), b"ARC-Seal: i=1;", "the notice")


@suite.test("who only claims to be one of the forwarder's own is not forwarded")
def _(w):
    with w.one() as one:
        forged = letter("forged-1", "ceo@one.tower")
        code, words = write(one, forged, sender="a@plain.tower")
        equal(code, 550, f"the answer, {words}")
        contains(words, b"5.7.1 This letter does not prove to be from one.tower", "the words")
        taken(one, forged, to="alice@one.tower", sender="a@plain.tower")
        one.submit("alice", ["friend@one.tower"], letters.letter("own", 100, to="bob@two.tower", sender="alice@one.tower"))
        got = w.two.received("bob", "own")
        equal(mail_from(got), "alice@one.tower", "the sender of one of our own")
        equal(got.count(b"ARC-Seal:"), 0, "seals: it is an original")
        parts(results(got), "dkim=pass", "dmarc=pass")


BROKEN = (
    "ARC-Seal: i=1; a=rsa-sha256; cv={}; d=plain.tower; s=x; b=AAAA\r\n"
    "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=plain.tower; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    "ARC-Authentication-Results: i=1; mx.plain.tower; none\r\n"
)


@suite.test("a chain that failed stays so, and behind a seal that says it there is no other")
def _(w):
    with w.one() as one:
        taken(one, letter("broken-1", "a@plain.tower", BROKEN.format("none")), sender="a@plain.tower")
        got = arrived(w.two, "bob", "broken-1")
        seal = re.search(rb"ARC-Seal: i=2;[^\r]*(\r\n[ \t][^\r]*)*", got)
        check(seal, f"no second seal: {names(got)}")
        contains(seal[0], b"cv=fail", "our seal")
        parts(results(got), "arc=fail")
        taken(one, letter("broken-2", "a@plain.tower", BROKEN.format("fail")), sender="a@plain.tower")
        equal(arrived(w.two, "bob", "broken-2").count(b"ARC-Seal:"), 1, "seals behind one that says cv=fail")
        wait_until(lambda: "chain has failed before" in one.log(), 10, "it stands in the log")


@suite.test("without a key there is no seal, and without mx.srs the sender stays")
def _(w):
    with w.one(key=False, lines=["[mx]", "srs = false"]) as one:
        taken(one, letter("without", "a@plain.tower"), sender="a@plain.tower")
        got = arrived(w.two, "bob", "without")
        equal(mail_from(got), "a@plain.tower", "the sender")
        equal(got.count(b"ARC-"), 0, "fields of ARC")
        parts(results(got), "spf=fail")
        wait_until(lambda: "has no key that signs" in one.log(), 10, "it stands in the log")


@suite.test("a sender that is too long leaves as the alias")
def _(w):
    with w.one() as one:
        sender = "a-very-long-address-of-a-list-1234567890@plain.tower"
        taken(one, letter("long", sender), sender=sender)
        got = arrived(w.two, "bob", "long")
        equal(mail_from(got), "friend@one.tower", "the sender")
        parts(results(got), "spf=pass")


@suite.test("letters that lead back to us, or go round between two, end in one notice each")
def _(w):
    with w.one() as one:
        for alias in ("self", "round"):
            w.three.submit("carol", [f"{alias}@one.tower"], letters.letter(alias, 100, sender="carol@three.tower"))
        (mine,) = told(w.three, "carol", 1, b"Final-Recipient: rfc822; x@loop.tower")
        contains(mine, b"Status: 5.4.6", "of a host that is us")
        (theirs,) = told(w.three, "carol", 1, b"Final-Recipient: rfc822; round@one.tower")
        contains(theirs, b"Status: 5.4.6", "of two hosts")
        # 50 seals are on it by then (RFC 8617 §4.2.1).
        wait_until(lambda: "as long as can be" in one.log(), 10, "it stands in the log")
        wait_until(lambda: queue(one) + queue(w.two) == [], 20, "empty queues")
        equal(len([n for n in notices(w.three, "carol") if b"Status: 5.4.6" in n]), 2, "notices")


@contextlib.contextmanager
def split(w):
    """one.tower as an mx, an mda and an mta."""
    mda_at, relay = 'mda = "mda.one.tower:24"', 'relay = "127.0.0.24:25"'
    own = 'networks = ["127.0.0.1"]'

    def part(role, address, listen, *server, **settings):
        return w.town.site("one.tower", address, settings.pop("accounts", ()), host=role, listen=listen,
                           keeps=role == "mda", server=[f'roles = ["{role}"]', own, *server])  # fmt: skip

    with contextlib.ExitStack() as stack:
        mda = stack.enter_context(part("mda", "127.0.0.23", ("lmtp", "imaps"), relay, accounts=["alice"]))
        configure(mda, w.pem)
        mx = stack.enter_context(part("mx", "127.0.0.2", ("mx",), mda_at, relay))
        mta = stack.enter_context(part("mta", "127.0.0.24", ("relay",), mda_at))
        yield mx, mda, mta


@suite.test("on a site of several processes the mda seals by what the mx found, and knows the way back")
def _(w):
    with split(w) as (mx, mda, mta):
        octets = w.signed("split-1")
        taken(mx, octets, to="team@one.tower")
        got = arrived(w.two, "bob", "split-1")
        check(got.endswith(octets), "it is changed")
        arrived(mda, "alice", "split-1")
        way = mail_from(got)
        check(way.startswith("SRS0="), way)
        parts(results(got), "dkim=pass", "dmarc=pass", "spf=pass", "arc=pass")
        flat = got.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
        contains(flat, b"ARC-Authentication-Results: i=1; mx.one.tower;", "who found it")
        if w.peer is not None:
            chain = w.dkimpy("verify-chain", got)
            equal((chain["cv"], chain["sets"]), ("pass", 1), f"the chain, for dkimpy: {chain}")

        # What the mda reads of the mx is whole, whatever stands above the letter.
        refused = "This letter does not prove to be from one.tower"
        for count, above in enumerate(("", "DKIM-Signature: x\r\n" * 200), 1):
            taken(mx, letter("split-forged", "ceo@one.tower", above), to="team@one.tower", sender="a@plain.tower")
            wait_until(lambda n=count: mda.log().count(refused) == n, 20, f"refusal {count} by the mda")

        forged = way[:5] + ("b" if way[5] != "b" else "c") + way[6:]
        for sender, to, expected in (("", way, 250), ("a@plain.tower", way, 550), ("", forged, 550)):
            with mx.smtp("mx", source=STRANGER) as client:
                client.mail(sender)
                equal(client.rcpt(to)[0], expected, f"from <{sender}> to {to}")
        hello = letters.letter("hello-split", 100, to="later@one.tower", sender="carol@three.tower")
        w.three.submit("carol", ["later@one.tower"], hello)
        w.three.submit("carol", ["gone@one.tower"], hello)

        def both():
            found = [n for n in notices(w.three, "carol") if b"hello-split" in n]
            return found if len(found) >= 2 else None

        found = wait_until(both, 60, "the notices of carol")
        told_by = sorted(re.search(rb"Reporting-MTA: dns; (\S+)", n)[1] for n in found)
        equal(told_by, [b"mta.one.tower", b"mx.two.tower"], "who tells")
        wait_until(lambda: queue(mx) + queue(mda) + queue(mta) == [], 20, "empty queues")


if __name__ == "__main__":
    suite.main(world)
