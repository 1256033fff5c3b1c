#!/usr/bin/env python3
# timeout: 300
"""What becomes of a judged letter, by the rules of its recipients: refused, into Junk, into quarantine, or taken; whom the
site, a domain and an account know; quarantine and its release; and all of it as one text."""

import contextlib
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from suite import Suite, check, contains, equal, run, succeed  # noqa: E402
from town import Town, as_nobody, enter  # noqa: E402

enter()

HERE = "127.0.0.2"
# A stranger is at 127.0.0.1, which is no host of the site then.
STRANGERS = {"server": [f'networks = ["{HERE}"]']}
MAILBOXES = ("INBOX", "Junk")

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
    def __init__(self, town, site, pem, folder):
        self.town, self.site, self.pem, self.folder = town, site, pem, folder

    def rule(self, *words):
        return self.site.command(*words).decode()

    def clear(self):
        """No rule of anybody is left."""
        for row in self.listed("policy", "list")["policies"]:
            self.rule("policy", "set", row["object"], "--rejected", "inherit", "--suspect", "inherit")
        for row in self.listed("know", "list")["known"]:
            self.rule("know", "remove", row["kind"], row["name"], "--for", row["for"])

    def listed(self, *words):
        return json.loads(self.rule(*words, "--json"))

    def sign(self, octets):
        path = self.folder / "letter.eml"
        path.write_bytes(octets)
        return succeed(BINARY, "sign", path, "--domain", "bank.tower", "--selector", "mail", "--key", self.pem)

    def counts(self):
        out = {}
        for account in ("alice", "bob"):
            with self.site.imap(account) as box:
                out |= {(account, name): box.counts(name)["MESSAGES"] for name in MAILBOXES}
        return out

    def send(self, octets, sender="teller@bank.tower", to=("alice",)):
        """The answer to the letter."""
        with self.site.smtp("mx") as client:
            client.ehlo("stranger.tower")
            equal(client.mail(sender)[0], 250, "MAIL")
            for one in to:
                equal(client.rcpt(f"{one}@one.tower")[0], 250, "RCPT")
            code, words = client.data(octets)
        self.letter = words.decode().split()[-1]
        return code, words.decode()

    def refused(self, octets, reason, **how):
        before = self.counts()
        code, words = self.send(octets, **how)
        equal(code, 550, f"the answer, {words}")
        contains(words, f"({reason})", "its words")
        equal(self.counts(), before, "the mailboxes")

    def filed(self, octets, *places, **how):
        """Sends the letter; it comes to just these places, each "account/mailbox", and the last one's is returned."""
        expected = self.counts()
        for place in places:
            expected[tuple(place.split("/"))] += 1
        code, words = self.send(octets, **how)
        equal(code, 250, f"the answer, {words}")
        equal(self.counts(), expected, "the mailboxes")
        return self.newest(*places[-1].split("/")) if places else None

    def newest(self, account, mailbox):
        with self.site.imap(account, mailbox=mailbox, readonly=True) as box:
            return bytes(list(box.letters().values())[-1])

    def judged(self):
        """What the trail says of the judgement of the letter that was taken last; of the whole, and of recipients."""
        steps = [step for step in self.site.trail(self.letter)["steps"] if step["event"] == "judged"]
        whole = [step for step in steps if "to" not in step]
        equal(len(whole), 1, "judgements")
        return whole[0], {step["to"]: step for step in steps if "to" in step}


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        folder = pathlib.Path(name)
        pem, _, record = made_key(folder, "rsa-sha256")
        with Town(zone(record)) as town, town.site("one.tower", HERE, ["alice", "bob"], **STRANGERS) as site:
            yield World(town, site, pem, folder)


def letter(author="Teller <teller@bank.tower>", above="", body="All is well."):
    return (
        f"{above}From: {author}\r\nTo: alice@one.tower\r\nSubject: accounts\r\n"
        f"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@bank.tower>\r\n\r\n{body}\r\n"
    ).encode()


NEWS = letter("<a@news.bank.tower>")


@suite.test("without any rule a forged letter is refused")
def _(w):
    w.refused(letter(), "reject-with-evidence")
    equal(w.listed("policy", "list"), {"policies": []}, "what is laid down")
    shown = w.listed("policy", "show", "alice@one.tower")
    equal(shown["effect"]["rejected"], {"from": "configuration"}, "who decides")


@suite.test("the site, a domain and an account lay down what becomes of it, the most specific first")
def _(w):
    w.clear()
    w.rule("policy", "set", "--rejected", "junk")
    w.filed(letter(), "alice/Junk")
    w.rule("policy", "set", "one.tower", "--rejected", "reject")
    w.refused(letter(), "reject-with-evidence")
    w.rule("policy", "set", "one.tower", "--rejected", "junk")
    got = w.filed(letter(), "alice/Junk")
    contains(got.decode(), "dmarc=fail", "Authentication-Results")
    w.rule("policy", "set", "alice@one.tower", "--rejected", "accept")
    got = w.filed(letter(), "alice/INBOX")
    contains(got.decode(), "dmarc=fail", "Authentication-Results")
    whole, apart = w.judged()
    equal((whole["action"], whole["reason"], apart), ("accept", "reject-not-done", {}), "what was decided")
    contains(whole["overrides"], "local_policy: ", "the override")
    shown = w.listed("policy", "show", "alice@one.tower")
    equal(shown["effect"]["rejected"], {"action": "accept", "from": "alice@one.tower"}, "who decides")
    equal(shown["effect"]["suspect"], {"from": "configuration"}, "who decides")
    contains(w.rule("policy", "show", "bob@one.tower", "--lang", "fr"), "one.tower", "the page")
    # No author is no matter of proof.
    w.filed(letter().replace(b"From:", b"X-From:"), "alice/Junk")


@suite.test("two recipients with two policies get one answer, and nothing is lost")
def _(w):
    w.clear()
    w.rule("policy", "set", "alice@one.tower", "--rejected", "accept")
    w.filed(letter(), "alice/INBOX", "bob/Junk", to=("alice", "bob"))
    whole, apart = w.judged()
    equal((whole["action"], list(apart)), ("junk", ["alice@one.tower"]), "what was decided")
    contains(whole["overrides"], "taken for another recipient", "the override")
    equal(apart["alice@one.tower"]["action"], "accept", "what was decided for alice")
    w.refused(letter(), "reject-with-evidence", to=("bob",))
    contains(w.site.log(), "mx.judged_apart", "the log")


@suite.test("a list that is known and proven saves a letter whose signature it broke")
def _(w):
    w.clear()
    changed = w.sign(letter()).replace(b"All is well.", b"All is well.\r\n-- \r\nThe list")
    through = b"List-Id: Talk <talk.open.tower>\r\n" + changed
    w.refused(changed, "reject-with-evidence", sender="talk-bounces@open.tower")
    w.filed(through, "alice/Junk", sender="talk-bounces@open.tower")
    w.rule("know", "add", "list", "talk.open.tower/open.tower")
    w.filed(through, "alice/INBOX", sender="talk-bounces@open.tower")
    whole, _ = w.judged()
    equal(whole["reason"], "overridden", "why")
    equal(whole["overrides"], "mailing_list: list talk.open.tower/open.tower, known to the site", "who knew")
    # Its List-Id alone is anybody's.
    w.filed(through, "alice/Junk", sender="teller@bank.tower")


@suite.test("a forwarder is known by its network, to whom it is known")
def _(w):
    w.clear()
    w.rule("know", "add", "forwarder", "127.0.0.0/30", "--for", "alice@one.tower")
    w.filed(letter(), "alice/INBOX")
    contains(w.judged()[0]["overrides"], "trusted_forwarder: forwarder 127.0.0.0/30, known to the account", "who knew")
    w.refused(letter(), "reject-with-evidence", to=("bob",))


@suite.test("who is blocked is refused though all is proven, and who is allowed is not")
def _(w):
    w.clear()
    proven, sender = letter("<a@open.tower>"), "a@open.tower"
    w.filed(proven, "alice/INBOX", sender=sender)
    w.rule("know", "add", "block", "open.tower")
    w.refused(proven, "local-block", sender=sender)
    contains(succeed(BINARY, "explain", "local-block").decode(), "rule of this host", "the explanation")
    w.rule("know", "add", "allow", "a@open.tower", "--for", "alice@one.tower")
    w.filed(proven, "alice/INBOX", sender=sender)
    w.refused(letter("<b@open.tower>"), "local-block", sender="b@open.tower")
    w.refused(proven, "local-block", sender=sender, to=("bob",))
    # Where nothing is rejected, it is out of the way.
    w.rule("policy", "set", "bob@one.tower", "--rejected", "accept")
    w.filed(proven, "bob/Junk", sender=sender, to=("bob",))
    w.clear()
    w.rule("know", "add", "block", "127.0.0.1")
    w.refused(proven, "local-block", sender=sender)


@suite.test("a letter in quarantine is out of reach, over a restart, until it is released")
def _(w):
    w.clear()
    w.filed(NEWS, "alice/Junk")
    w.rule("policy", "set", "one.tower", "--suspect", "quarantine")
    w.rule("policy", "set", "bob@one.tower", "--suspect", "accept")
    w.filed(NEWS, "bob/INBOX", to=("alice", "bob"))
    taken = w.letter
    equal(w.site.trail(taken)["state"], "waiting", "its state")
    w.site.stop()
    w.site.start()
    (row,) = w.listed("queue", "list")["queue"]
    equal((row["letter"], row["recipient"], row["state"]), (taken, "alice@one.tower", "held"), "the row")
    equal(row["reason"], "quarantine-wanted", "why")
    contains(w.rule("queue", "list"), "in quarantine (quarantine-wanted)", "the list")
    contains(w.rule("queue", "list", "--lang", "fr"), "en quarantaine", "the list")
    before = w.counts()
    equal(json.loads(w.rule("queue", "release", taken, "--json")), {"recipients": 1}, "what is released")
    before["alice", "INBOX"] += 1
    equal(w.counts(), before, "the mailboxes")
    contains(w.newest("alice", "INBOX").decode(), "dmarc=fail", "Authentication-Results")
    found = w.site.followed(taken)
    equal([step["event"] for step in found["steps"]][-2:], ["held", "filed"], "its way")
    equal(w.listed("queue", "list"), {"queue": []}, "the queue")
    succeed(*as_nobody(BINARY, "store", "verify", "--config", w.site.config))


@suite.test("a letter in quarantine is dropped")
def _(w):
    w.clear()
    w.rule("policy", "set", "--suspect", "quarantine")
    w.filed(NEWS)
    w.rule("queue", "drop", w.letter)
    equal(w.listed("queue", "list"), {"queue": []}, "the queue")
    equal(w.site.trail(w.letter)["state"], "failed", "its state")


@suite.test("what nobody should say is refused, with a reason")
def _(w):
    for words, why in (
        (("know", "add", "sealer", "a@b.example"), "DOMAIN"),
        (("know", "add", "allow", "192.0.2.0/24"), "ADDRESS or DOMAIN"),
        (("know", "add", "list", "a.example", "--for", "nobody@one.tower"), "no such account"),
        (("policy", "set", "elsewhere.tower", "--rejected", "junk"), "no such domain"),
        (("policy", "set", "one.tower"), "must be given"),
        (("policy", "set", "--rejected", "quarantine"), "cannot be 'quarantine', only"),
    ):
        code, _, error = run(*as_nobody(BINARY, *words, "--config", w.site.config))
        check(code != 0, f"{words} succeeds")
        contains(error.decode(), why, f"{words}")


@suite.test("the rules go out and in with the directory, and hold at once")
def _(w):
    w.clear()
    w.rule("policy", "set", "--rejected", "junk")
    w.rule("know", "add", "list", "lists.example")
    w.rule("know", "add", "block", "open.tower", "--for", "alice@one.tower")
    text = w.rule("config", "export")
    for part in ('[site]\nrejected = "junk"\nlist = ["lists.example"]', 'block = ["open.tower"]'):
        contains(text, part, "the text")
    path = w.folder / "directory.toml"
    path.write_text(text.replace('rejected = "junk"', 'rejected = "accept"').replace('block = ["open.tower"]\n', ""))
    w.filed(letter(), "alice/Junk")
    w.rule("config", "apply", str(path))
    w.filed(letter(), "alice/INBOX")
    equal([row["kind"] for row in w.listed("know", "list")["known"]], ["list"], "who is known")
    (row,) = w.listed("know", "list", "list", "--for", "site")["known"]
    check(row["who"] and row["since"], f"nobody laid it down: {row}")


if __name__ == "__main__":
    suite.main(world)
