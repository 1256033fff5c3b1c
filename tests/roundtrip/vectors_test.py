#!/usr/bin/env python3
# timeout: 600
"""Every public test letter, sent to each SMTP door and fetched again by IMAP: not an octet of it changes.

The letters are not part of this repository; they lie in $CHAPPE_VECTORS (default ../shared/vectors).
"""

import base64
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, ROOT, Server  # noqa: E402
from raw import Closed, Raw  # noqa: E402
from suite import Failure, Skip, Suite, check, equal, shown, succeed  # noqa: E402

VECTORS = pathlib.Path(os.environ.get("CHAPPE_VECTORS") or ROOT.parent / "shared" / "vectors")
ALICE = "alice@example.test"
# What src/proto/smtp/rules.cc and the exchanger say of a letter; anything else is no documented refusal.
RULES = {
    "letter.bare-lf": (550, "5.6.0 The letter has a <LF> without <CR>"),
    "letter.bare-cr": (550, "5.6.0 The letter has a <CR> without <LF>"),
    "letter.nul-in-header": (550, "5.6.0 The letter's header has a NUL octet"),
    "letter.line-too-long": (550, "5.6.0 The letter has a line longer"),
    "letter.header-too-large": (552, "5.3.4 The letter's header is larger"),
    "letter.too-large": (552, "5.3.4 The letter is larger"),
    "loop": (554, "5.4.6 The letter has "),
    "from.unclear": (550, "5.7.1 This letter does not say clearly who it is from"),
    "originator.not-allowed": (550, "5.7.1 You are logged in as alice@example.test, and "),  # a Sender without domain
    "from.many": (550, "5.7.1 This letter names over 20 originators"),
}
# RFC 6409 §8: what the submission door adds, by rule, in the order in which it adds it.
ADDED = {
    "header.date-added": b"date",
    "header.message-id-added": b"message-id",
    "header.from-added": b"from",
    "header.sender-added": b"sender",
}

suite = Suite()


def vectors():
    """[(name, octets)] of every letter."""
    folders = sorted(VECTORS.glob("mime-*"))
    if not folders:
        raise Skip(f"no vectors in {VECTORS.name}: set CHAPPE_VECTORS")
    out = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".eml", ".msg", ".txt") and path.name != "SOURCE.txt":
                out.append((f"{folder.name}/{path.name}", path.read_bytes()))
    return out


def rule_of(reply):
    """The rule that a refusal names by its words."""
    for rule, (code, text) in RULES.items():
        if reply[0] == code and reply[1].startswith(text):
            return rule
    raise Failure(f"a refusal that no document knows: {reply}")


class Door:
    """A connection to one SMTP door, kept over many letters."""

    def __init__(self, server, role):
        self.server = server
        self.role = role
        self.client = None

    def close(self):
        if self.client:
            self.client.close()

    def _open(self):
        self.client = Raw(self.server, self.role, timeout=60)
        self.client.greet()
        if self.role == "submissions":
            word = base64.b64encode(b"\0alice@example.test\0correct horse").decode()
            equal(self.client.smtp(f"AUTH PLAIN {word}")[0], 235, "the answer to AUTH")

    def give(self, octets, chunked=False):
        """One transaction with these octets; the reply to the letter."""
        for attempt in (1, 2):
            if self.client is None:
                self._open()
            try:
                sender = ALICE if self.role == "submissions" else "someone@elsewhere.test"
                self.client.envelope(to=ALICE, sender=sender)
                break
            except (Closed, Failure):
                # After many refusals the server closes; that is its right, and the next letter goes over a new one.
                self.client.close()
                self.client = None
                if attempt == 2:
                    raise
        if chunked:
            self.client.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
            return self.client.reply()
        equal(self.client.smtp("DATA")[0], 354, "the answer to DATA")
        self.client.send(letters.stuffed(octets) + b".\r\n")
        return self.client.reply()


def send_all(server, role, some, judge, chunked=False, prepare=letters.to_crlf):
    """Gives every letter to a door and fetches those that were taken. judge(name, reply, sent, fetched) is called for
    each of them. Gives {rule: names} of what was refused."""
    door = Door(server, role)
    taken, refused = [], {}
    try:
        with server.imap("alice", readonly=True) as box:
            first = box.counts()["UIDNEXT"]
            for name, octets in some:
                sent = prepare(octets)
                reply = door.give(sent, chunked)
                if reply[0] == 250:
                    taken.append((name, reply, sent))
                else:
                    refused.setdefault(rule_of(reply), []).append(name)
            box.ask("noop")
            got = box.letters(f"{first}:*") if taken else {}
            got = {uid: octets for uid, octets in got.items() if uid >= first}
            equal(len(got), len(taken), "the number of letters that arrived")
            for (name, reply, sent), uid in zip(taken, sorted(got)):
                try:
                    judge(name, reply, sent, got[uid])
                except Failure as why:
                    raise Failure(f"{name}: {why}") from None
    finally:
        door.close()
    return taken, refused


def split_trace(fetched, sent):
    """What stands above the letter as it was sent: (trace field names, other octets on top of it)."""
    if not fetched.endswith(sent):
        same = len(os.path.commonprefix([fetched[::-1], sent[::-1]]))
        here = slice(-same - 80, len(fetched) - same + 80 if same < 80 else -same + 80)
        raise Failure(f"changed {same} octets before its end: {shown(fetched[here])}, sent {shown(sent[here])}")
    above = fetched[: len(fetched) - len(sent)]
    trace, rest = letters.below_trace(above)
    return [name for name, _ in trace], rest


def untouched(name, reply, sent, fetched):
    names, rest = split_trace(fetched, sent)
    equal(names, ["return-path", "received"], "the trace fields")
    equal(rest, b"", "what stands between the trace and the letter")


def completed(name, reply, sent, fetched):
    """At the submission door: what was added is what the reply says, and nothing that was there."""
    said = re.search(r"; repaired: (.*)", reply[1])
    rules = said[1].split(", ") if said else []
    names, rest = split_trace(fetched, sent)
    equal(names[:2], ["return-path", "received"], "the trace fields")
    fields = re.findall(rb"(?m)^([!-9;-~]+):", rest)
    wanted = [ADDED[rule] for rule in rules if rule in ADDED]
    equal([field.lower() for field in fields], wanted, f"the fields added with {rules}")
    check(all(rule in ADDED or rule == "letter.bare-lf" for rule in rules), f"unknown rules in {rules}")
    header = sent.partition(b"\r\n\r\n")[0] if not sent.startswith(b"\r\n") else b""
    lines = header.split(b"\r\n") if header else []
    if all(re.match(rb"[!-9;-~]+[ \t]*:|[ \t]+\S", line) for line in lines):  # a header that nobody disputes
        has = {m[1].lower() for line in lines if (m := re.match(rb"([!-9;-~]+)[ \t]*:", line))}
        for rule, field in ADDED.items():
            if field != b"sender":
                equal(rule in rules, field not in has, f"{rule} of a header with {sorted(has)}")
        # RFC 5322 §3.6.2: alice may be anybody here, but several authors did not hand it in together.
        if "header.sender-added" in rules:
            check(b"sender" not in has, "a second Sender")
            check(re.search(rb"(?im)^from[ \t]*:.*(,|@.*@)", re.sub(rb"\r\n(?=[ \t])", b"", header)), "Sender for a single author")


def tell(taken, refused, total):
    for rule, names in sorted(refused.items()):
        print(f"  refused by {rule}: {len(names)} ({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})")
    print(f"  {len(taken)} of {total} came back as they were sent")
    check(len(taken) > 0.9 * total, f"{total - len(taken)} of {total} letters were refused, a tenth or more")


@suite.test("every letter goes through the exchanger unchanged")
def _(server):
    some = vectors()
    taken, refused = send_all(server, "mx", some, untouched)
    tell(taken, refused, len(some))
    for name in refused.get("letter.nul-in-header", []):
        octets = dict(some)[name]
        check(b"\0" in octets, f"{name} was refused for a NUL that it does not have")


@suite.test("every letter goes through the exchanger unchanged in chunks")
def _(server):
    some = vectors()
    taken, refused = send_all(server, "mx", some, untouched, chunked=True)
    tell(taken, refused, len(some))


@suite.test("every letter goes through submission, completed as the reply says")
def _(server):
    be_anybody(server)
    some = vectors()
    taken, refused = send_all(server, "submissions", some, completed)
    tell(taken, refused, len(some))


@suite.test("bare line ends are refused by the exchanger")
def _(server):
    some = [(name, octets) for name, octets in vectors() if has_bare_lf(octets)]
    check(some, "no letter with a bare LF among the vectors")

    def raw(octets):
        return octets if octets.endswith(b"\r\n") else octets + b"\r\n"

    def never(name, reply, sent, fetched):
        raise Failure(f"taken with {reply}")

    for chunked in (False, True):
        _, refused = send_all(server, "mx", some, never, chunked, raw)
        # What also has a NUL in its header or a bare CR may be told so.
        odd = sum(len(names) for rule, names in refused.items() if rule != "letter.bare-lf")
        print(f"  {len(refused['letter.bare-lf'])} refused by letter.bare-lf, {odd} by another rule")
        for rule, names in refused.items():
            for name in names:
                octets = dict(some)[name]
                why = {"letter.bare-lf": True, "letter.bare-cr": re.search(rb"\r(?!\n)", octets),
                       "letter.nul-in-header": b"\0" in octets}
                check(why.get(rule), f"{name} refused by {rule}")


@suite.test("bare line feeds are mended at submission, which says so")
def _(server):
    some = [
        (name, octets)
        for name, octets in vectors()
        if has_bare_lf(octets) and not re.search(rb"\r(?!\n)", octets)
    ]

    def raw(octets):
        return octets if octets.endswith(b"\r\n") else octets + b"\r\n"

    def mended(name, reply, sent, fetched):
        check("letter.bare-lf" in reply[1], f"the reply does not tell: {reply}")
        wanted = re.sub(rb"(?<!\r)\n", b"\r\n", sent)
        split_trace(fetched, wanted)

    be_anybody(server)
    for chunked in (False, True):
        taken, refused = send_all(server, "submissions", some, mended, chunked, raw)
        check(len(taken) > 0.9 * len(some), f"refused: {refused}")


def be_anybody(server):
    """Lets alice hand in letters of anybody."""
    succeed(BINARY, "grant", "add", ALICE, "*", "--data", server.dir)


def has_bare_lf(octets):
    return re.search(rb"(?<!\r)\n", octets) is not None


if __name__ == "__main__":
    suite.main(Server)
