#!/usr/bin/env python3
# timeout: 600
"""Milters hear the letters of a served site: what each of their answers does, at the exchanger and at submission; what
becomes of letters when one is slow, dies or is not there; and rspamd and OpenDKIM in that part."""

import contextlib
import pathlib
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import SLOW  # noqa: E402
from fake_milter import (  # noqa: E402
    ACCEPT, DISCARD, GO_ON, LATER, REFUSED_RCPTS, REJECT, FakeMilter, add, add_rcpt, change, change_sender, insert, new_body,
    quarantine, remove_rcpt, reply,
)  # fmt: skip
from milter_test import GTUBE, World as Milters, free_port  # noqa: E402
from suite import Suite, check, contains, equal, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

HERE = "127.0.0.2"
# Port 53 of this address takes questions and gives no answer.
SILENT = "127.0.0.54"
STRANGER = "192.88.99.7"  # in this network of the test's own
ZONE = f"""
one.tower.      MX 10 mx.one.tower.
mx.one.tower.   A {HERE}
far.tower.      TXT "v=spf1 ip4:127.0.0.0/8 -all"
strict.tower.   TXT "v=spf1 -all"
_dmarc.strict.tower. TXT "v=DMARC1; p=quarantine"
"""
LETTER = (
    b"From: Far <far@far.tower>\r\nTo: alice@one.tower\r\nSubject: good day\r\nX-Old: first\r\nX-Old: second\r\n"
    b"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@far.tower>\r\n\r\nAll is well.\r\n"
)

suite = Suite()


def judge(milter, name="fake", doors='["mx", "submission"]', without="defer", step="3s", verdict="3s"):
    return (
        f'[[judge]]\nname = "{name}"\naddress = "{milter.address}"\ndoors = {doors}\nwithout = "{without}"\n'
        f'step = "{step}"\nverdict = "{verdict}"'
    )


class World:
    def __init__(self, site, milter):
        self.site, self.milter = site, milter

    def mail(self, octets=LETTER, to=("alice@one.tower",), sender="far@far.tower", site=None, source=None):
        """Every answer to a letter, up to the one that refuses it."""
        said = []
        with contextlib.suppress(smtplib.SMTPServerDisconnected), (site or self.site).smtp("mx", source=source) as client:
            said.append(client.mail(sender))
            said += [client.rcpt(one) for one in to] if said[-1][0] == 250 else []
            if any(code == 250 for code, _ in said[1:]):
                try:
                    said.append(client.data(octets))
                except smtplib.SMTPDataError as error:
                    said.append((error.smtp_code, error.smtp_error))
        return said

    def refused(self, code, words="", **how):
        got = self.mail(**how)[-1]
        equal(got[0], code, f"the answer, {got[1]}")
        contains(got[1].decode(), words, "its words")

    def filed(self, mailbox="INBOX", account="alice", site=None, **how):
        """The letter as it lies there, and nowhere else."""
        site = site or self.site
        before = self.counts(account, site)
        code, words = self.mail(site=site, **how)[-1]
        equal(code, 250, f"the answer, {words}")
        self.letter = words.decode().split()[-1]
        after = wait_until(lambda: self.counts(account, site) != before and self.counts(account, site), 20, "a letter")
        equal({name for name in after if after[name] != before[name]}, {mailbox}, "where it is")
        return self.last(mailbox, account, site)

    def counts(self, account="alice", site=None):
        with (site or self.site).imap(account, mailbox=None) as box:
            return {name: box.counts(name)["MESSAGES"] for name in ("INBOX", "Junk")}

    def last(self, mailbox="INBOX", account="alice", site=None):
        with (site or self.site).imap(account, mailbox=mailbox, readonly=True) as box:
            return bytes(list(box.letters().values())[-1])

    def heard(self, letter=None):
        """What the trail says that the judge made of the letter."""
        steps = self.site.trail(letter or self.letter)["steps"]
        (one,) = [step for step in steps if step["event"] == "heard"]
        return one


@contextlib.contextmanager
def world():
    with Town(ZONE) as town, FakeMilter() as milter:
        lines = [judge(milter)]
        with town.site("one.tower", HERE, ["alice", "bob"], server=[f'networks = ["{HERE}"]'], lines=lines) as site:
            made = World(site, milter)
            made.town = town
            yield made


@contextlib.contextmanager
def other_site(w, address, *more):
    """A site of its own, at both of whose doors the milter at this address hears the letters; `more` of its configuration."""
    lines = [f'[[judge]]\nname = "other"\naddress = "{address}"\ndoors = ["mx", "submission"]', *more]
    settings = {"server": ['networks = ["127.0.0.3"]'], "lines": lines}
    with w.town.site("two.tower", "127.0.0.3", ["alice"], **settings) as site:
        yield site


def fields(octets, name):
    head = octets.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    return [line.partition(b":")[2].strip().decode() for line in head if line.lower().startswith(name.encode() + b":")]


@suite.test("a milter that goes on hears everything, and the letter arrives as it came")
def _(w):
    w.milter.forget()
    got = w.filed()
    equal(w.milter.commands().rstrip("KQ"), "CHMRT" + "L" * 7 + "NBE", "commands")
    check(got.endswith(LETTER), f"the letter is changed: {got}")
    # Of 127.0.0.1 the resolver knows a name by itself (RFC 6761 §6.3), without asking the root of this town.
    equal(w.milter.macros("C")["{client_name}"], "localhost", "the client's name, there and back")
    equal((w.milter.last("C")[:11], w.milter.last("C")[-10:]), (b"localhost\0004", b"127.0.0.1\0"), "what CONNECT says")
    equal(w.milter.macros("M")["i"], w.letter, "the letter's id")
    heard = w.heard()
    equal((heard["judge"], heard["action"]), ("fake", "nothing"), "on the trail")
    check("failure" not in heard and heard["ms"] >= 0, heard)
    contains(w.site.command("trail", w.letter).decode(), "judge heard", "the page")
    contains(w.site.command("trail", w.letter, "--lang", "fr").decode(), "juge entendu", "the page")


@suite.test("a refusal at each step is said at that step")
def _(w):
    w.milter.forget()
    for command, steps in (("M", 1), ("R", 2), ("T", 3), ("L", 3), ("N", 3), ("B", 3), ("E", 3)):
        w.milter.answers = {command: REJECT}
        said = w.mail()
        equal((len(said), said[-1][0]), (steps, 550), f"rejected at {command}")
        w.milter.answers = {command: LATER}
        said = w.mail()
        equal((len(said), said[-1][0]), (steps, 451), f"deferred at {command}")
    w.milter.answers = {"E": reply("554 5.7.1 go away")}
    w.refused(554, "go away")
    (found,) = wait_until(
        lambda: [one for one in w.site.trail("--refused")["letters"] if "go away" in str(one)], 20, "the trail"
    )
    (heard,) = [step for step in found["steps"] if step["event"] == "heard"]
    equal((heard["action"], heard["step"], heard["reason"]), ("reject", "end", "go away"), "what was heard")
    # Who sent it was looked into all the same, and is remembered; nothing was decided.
    refused = 'chappe_reputation_letters_total{outcome="refused"} '

    def counted():
        return [int(line.split()[1]) for line in w.site.command("metrics").decode().splitlines() if line.startswith(refused)][0]

    before = counted()
    w.milter.answers = {"E": reply("554 5.7.1 and no bank")}
    w.refused(554, "and no bank", sender="far@far.tower", octets=LETTER.replace(b"far@far.tower", b"x@strict.tower"))
    (found,) = wait_until(
        lambda: [one for one in w.site.trail("--refused")["letters"] if "and no bank" in str(one)], 20, "the trail"
    )
    (judged,) = [step for step in found["steps"] if step["event"] == "judged"]
    check("action" not in judged and "reason" not in judged, judged)
    for part in ("spf=pass", "dmarc=fail"):
        contains(judged["authentication"], part, "what was found")
    contains(w.site.command("trail", found["letter"]).decode(), "dmarc=fail", "the page")
    equal(counted(), before + 1, "letters that were refused, as the reputation counts them")
    for command in "CH":
        w.milter.answers = {command: reply("550 5.7.1 not from there")}
        with contextlib.suppress(smtplib.SMTPServerDisconnected), smtplib.SMTP(HERE, 25, timeout=20) as client:
            equal(client.ehlo("stranger.tower")[0], 550, f"EHLO, refused at {command}")
            check(client.mail("far@far.tower")[0] >= 500, "MAIL after that")


@suite.test("one recipient is refused, the other has the letter")
def _(w):
    w.milter.forget()
    w.milter.steps = REFUSED_RCPTS
    w.milter.close()  # so that it is asked anew what it wants
    w.milter.again()
    before = w.counts("bob")
    with w.site.smtp("mx") as client:
        client.mail("far@far.tower")
        equal(client.rcpt("alice@one.tower")[0], 250, "RCPT")
        w.milter.answers = {"R": reply("550 5.7.1 not to bob")}
        code, words = client.rcpt("bob@one.tower")
        equal(code, 550, f"RCPT {words}")
        contains(words, b"not to bob")
        equal(client.rcpt("nobody@one.tower")[0], 550, "RCPT of nobody")
        equal(client.data(LETTER)[0], 250, "DATA")
    equal(w.milter.macros("R")["{rcpt_mailer}"], "error", "of nobody, of whom the milter is told")
    equal(w.counts("bob"), before, "what bob has")


@suite.test("a letter is thrown away with a word, and the trail says so")
def _(w):
    w.milter.forget()
    w.milter.answers = {"E": DISCARD}
    before = w.counts()
    code, words = w.mail()[-1]
    equal(code, 250, f"the answer, {words}")
    found = w.site.trail(words.decode().split()[-1])
    equal(found["state"], "discarded", "its state")
    equal(w.heard(found["letter"])["action"], "discard", "what was heard")
    (judged,) = [step for step in found["steps"] if step["event"] == "judged"]
    contains(judged["authentication"], "spf=pass", "who sent it")
    equal(w.counts(), before, "what alice has")
    contains(w.site.command("trail", found["letter"]).decode(), "thrown away", "the page")


@suite.test("fields are added, changed and taken out where the milter wants it")
def _(w):
    w.milter.forget()
    w.milter.answers = {
        "E": add("X-Below", "1")
        + insert(0, "X-Top", "2")
        + insert(2, "X-Second", "3")
        + change(2, "X-Old", "changed")
        + change(1, "Subject", "[suspect] good day")
        + change(1, "X-Old", "")
        + ACCEPT
    }
    got = w.filed()
    letter = got[got.index(b"X-Top:") :]
    equal(
        letter,
        b"X-Top: 2\r\nFrom: Far <far@far.tower>\r\nTo: alice@one.tower\r\nX-Second: 3\r\n"
        b"Subject: [suspect] good day\r\nX-Old: changed\r\nDate: Thu, 26 Nov 2026 06:00:00 +0000\r\n"
        b"Message-ID: <1@far.tower>\r\nX-Below: 1\r\n\r\nAll is well.\r\n",
        "the letter",
    )
    with w.site.imap("alice", readonly=True) as box:
        uid = box.uids()[-1]
        equal(box.uids("SUBJECT", '"[suspect]"')[-1], uid, "what a search finds")
        contains(str(box.ask("uid", "FETCH", str(uid), "(ENVELOPE RFC822.SIZE)")[0]), "[suspect] good day", "ENVELOPE")
        contains(str(box.ask("uid", "FETCH", str(uid), "(RFC822.SIZE)")[0]), f"RFC822.SIZE {len(got)}", "size")


@suite.test("structure is told rightly behind a header that was changed")
def _(w):
    w.milter.forget()
    w.milter.answers = {"E": change(1, "Subject", "x" * 300) + add("X-More", "y") + GO_ON}
    letter = (
        b"From: far@far.tower\r\nTo: alice@one.tower\r\nSubject: s\r\nMIME-Version: 1.0\r\nMessage-ID: <2@far.tower>\r\n"
        b"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nfirst part\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>second\r\n--b--\r\n"
    )
    for body in (b"", b"an epilogue\r\n" * 60_000):  # in a row, and in extents
        got = w.filed(octets=letter + body)
        check(got.endswith(b"X-More: y\r\n\r\n" + (letter + body).split(b"\r\n\r\n", 1)[1]), got[-300:])
        with w.site.imap("alice", readonly=True) as box:
            uid = str(box.uids()[-1])
            for part, text in (("1", b"first part"), ("2", b"<p>second"), ("HEADER.FIELDS (X-MORE)", b"X-More: y")):
                found = box.letters(uid, f"BODY.PEEK[{part}]")
                equal(bytes(list(found.values())[0]).strip(), text, f"BODY[{part}]")


@suite.test("no milter can forge our results, rewrite a body or change what the body rests on")
def _(w):
    w.milter.forget()
    w.milter.answers = {
        "E": insert(0, "Authentication-Results", "mx.one.tower; dmarc=pass header.from=bank.tower")
        + add("Authentication-Results", "(a) MX.one.Tower ; spf=pass")
        + add("Authentication-Results", "filter.tower; dkim=none")
        + change(1, "Content-Type", "text/html")
        + new_body(b"another\r\n")
        + ACCEPT
    }
    got = w.filed()
    check(got.endswith(b"\r\n\r\nAll is well.\r\n"), got)
    results = fields(got, "authentication-results")
    equal(len(results), 2, f"results {results}")
    contains(results[0], "spf=pass", "ours")
    equal(results[1], "filter.tower; dkim=none", "the filter's own")
    check(b"bank.tower" not in got, got)
    equal(fields(got, "content-type"), [], "Content-Type")
    undone = w.heard()["undone"]
    equal(sorted(one.split()[0] for one in undone), ["body", "forged", "forged", "reserved"], "what was left undone")


@suite.test("recipients and the sender are changed where that leads somewhere")
def _(w):
    w.milter.forget()
    w.milter.answers = {
        "E": remove_rcpt("<alice@one.tower>")
        + add_rcpt("<bob@one.tower>")
        + add_rcpt("<nobody@one.tower>")
        + change_sender("<other@far.tower>")
        + GO_ON
    }
    got = w.filed(account="bob")
    equal(fields(got, "return-path"), ["<other@far.tower>"], "Return-Path")
    equal(w.heard()["undone"], ["no-destination nobody@one.tower"], "what was left undone")
    # Of many the trail keeps twenty, the log each.
    w.milter.answers = {"E": b"".join(add_rcpt(f"<many{n}@one.tower>") for n in range(25)) + GO_ON}
    w.filed()
    equal(w.heard()["undone"], [f"no-destination many{n}@one.tower" for n in range(20)], "what the trail keeps")
    wait_until(lambda: w.site.log().count("why=no-destination what=many") == 25, 20, "all of them in the log")
    before = w.counts()
    w.milter.answers = {"E": remove_rcpt("<alice@one.tower>") + GO_ON}
    code, words = w.mail()[-1]
    equal(code, 250, f"the answer, {words}")
    equal(w.site.trail(words.decode().split()[-1])["state"], "discarded", "a letter without recipients")
    equal(w.counts(), before, "what alice has")


@suite.test("what a milter marks as spam goes into Junk")
def _(w):
    for answer in (add("X-Spam", "Yes"), add("X-Spam-Status", "Yes, score=7.1 required=5.0")):
        w.milter.forget()
        w.milter.answers = {"E": answer + GO_ON}
        w.filed("Junk")
    w.milter.answers = {"E": add("X-Spam", "No") + GO_ON}
    w.filed()


@suite.test("what a milter holds back is in quarantine until somebody releases it")
def _(w):
    w.milter.forget()
    w.milter.answers = {"E": quarantine("odd") + GO_ON}
    before = w.counts()
    code, words = w.mail()[-1]
    equal(code, 250, f"the answer, {words}")
    letter = words.decode().split()[-1]
    equal(w.heard(letter)["reason"], "odd", "why")
    equal(w.site.trail(letter)["state"], "waiting", "its state")
    contains(w.site.command("queue", "list").decode(), "in quarantine (judge-set-apart)", "the queue")
    equal(w.counts(), before, "the mailboxes")
    w.site.command("queue", "release", letter)
    before["INBOX"] += 1
    wait_until(lambda: w.counts() == before, 20, "the letter in the inbox")


@suite.test("the harshest of DMARC and the milter holds")
def _(w):
    w.milter.forget()
    strict = LETTER.replace(b"far@far.tower>", b"far@strict.tower>", 1)
    w.filed("Junk", octets=strict, sender="far@strict.tower")
    w.milter.answers = {"E": ACCEPT}
    w.filed("Junk", octets=strict, sender="far@strict.tower")
    # Whom the milter adds has it where the letter as a whole goes.
    w.milter.answers = {"E": remove_rcpt("<alice@one.tower>") + add_rcpt("<bob@one.tower>") + GO_ON}
    w.filed("Junk", account="bob", octets=strict, sender="far@strict.tower")
    w.milter.answers = {"E": REJECT}
    w.refused(550, octets=strict, sender="far@strict.tower")


@suite.test("without an answer a letter is deferred, or goes on, as configured")
def _(w):
    w.milter.forget()
    with FakeMilter() as other:
        lenient = judge(other, name="lenient", doors='["mx"]', without="accept", step="1s", verdict="1s")
        settings = {"server": ['networks = ["127.0.0.3"]'], "lines": [lenient]}
        with w.town.site("two.tower", "127.0.0.3", ["alice"], **settings) as site:
            for command in "MRTNBE":
                for milter, place in ((w.milter, None), (other, site)):
                    milter.forget()
                    milter.thinks = {command: 30} if milter is other else {}
                    milter.dies = command if milter is w.milter else ""
                w.refused(451)
                w.filed(site=site, to=["alice@two.tower"])
                if command in "RNE":  # three failures in a row, and it would be left alone
                    w.milter.forget()
                    other.forget()
                    w.filed()
                    w.filed(site=site, to=["alice@two.tower"])
            slow = w.filed(site=site, to=["alice@two.tower"])
            check(slow.endswith(LETTER), slow)
    w.milter.forget()
    w.filed()
    w.milter.thinks = {"E": 2}
    w.filed()
    check(w.heard()["ms"] >= 2000, w.heard())


@suite.test("our own people's letters are heard, changed and signed as they leave")
def _(w):
    w.milter.forget()
    w.milter.answers = {"E": add("X-Seen", "yes") + change(1, "Subject", "[out] hello") + GO_ON}
    letter = b"From: alice@one.tower\r\nTo: bob@one.tower\r\nSubject: hello\r\n\r\nHello Bob.\r\n"
    before = w.counts("bob")
    id = w.site.submit("alice", ["bob@one.tower"], letter)
    wait_until(lambda: w.counts("bob") != before, 20, "the letter")
    got = w.last("INBOX", "bob")
    equal(fields(got, "subject"), ["[out] hello"], "Subject")
    equal(fields(got, "x-seen"), ["yes"], "X-Seen")
    equal((len(fields(got, "date")), len(fields(got, "message-id"))), (1, 1), "what was repaired")
    macros = w.milter.macros("M")
    equal((macros["{auth_authen}"], macros["{auth_type}"]), ("alice@one.tower", "PLAIN"), "who it is from")
    equal(w.milter.macros("H")["{tls_version}"], "TLSv1.3", "TLS")
    equal(w.heard(id)["judge"], "fake", "on the trail")
    w.milter.answers = {"E": reply("550 5.7.1 not that")}
    try:
        w.site.submit("alice", ["bob@one.tower"], letter)
        raise AssertionError("it was taken")
    except smtplib.SMTPResponseException as error:
        equal(error.smtp_code, 550, "the answer")


@suite.test("a letter of 20 MB is heard whole in bounded memory")
def _(w):
    w.milter.forget()
    w.milter.answers = {"E": add("X-Seen", "yes") + GO_ON}
    body = b"one line of many, 64 octets long with its end, as it may well be\r\n" * 310_000
    # Not its highest mark: logins have set that.
    before, seen, done = w.site.memory(), [], threading.Event()

    def look():
        while not done.wait(0.01):
            seen.append(w.site.memory())

    watcher = threading.Thread(target=look)
    watcher.start()
    code = w.mail(LETTER + body)[-1][0]
    done.set()
    watcher.join()
    equal(code, 250, "the answer")
    more = (max(seen) - before) / 1024
    got = wait_until(lambda: (got := w.last()).endswith(body) and got, 20, "the letter")
    equal(w.milter.sizes, len(body) + len(b"All is well.\r\n"), "octets of body that were heard")
    equal(fields(got, "x-seen"), ["yes"], "X-Seen")
    check(more < 12, f"20 MB need {more:.0f} MiB more than before")


@suite.test("a DNS that does not tell the client's name keeps it waiting five seconds, and the milter hears of none")
def _(w):
    subprocess.run(["ip", "address", "add", f"{STRANGER}/32", "dev", "lo"], check=True)
    silent = [f'[[dns.stub]]\nzone = "99.88.192.in-addr.arpa"\nserver = "{SILENT}:53"', '[limits]\njudging_timeout = "1s"']
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody, FakeMilter() as milter:
        nobody.bind((SILENT, 53))
        with other_site(w, milter.address, *silent) as site:
            began = time.monotonic()
            w.mail(site=site, to=["alice@two.tower"], source=STRANGER)
            took = time.monotonic() - began
            equal(milter.last("C").split(b"\0")[0], f"[{STRANGER}]".encode(), "the name of the client")
            check(4.5 < took < 5 + 4 * SLOW, f"it took {took:.1f} s")


@suite.test("a header that is too large to be held back takes fields on top only")
def _(w):
    w.milter.forget()
    w.milter.answers = {"E": add("X-Seen", "yes") + change(1, "Subject", "other") + GO_ON}
    large = b"".join(b"X-Large-%d: %s\r\n" % (i, b"y" * 900) for i in range(200)) + LETTER
    got = w.filed(octets=large)
    check(got.endswith(large), "it is changed")
    equal(fields(got, "x-seen"), ["yes"], "X-Seen")
    equal(w.heard()["undone"], ["too-large Subject"], "what was left undone")


@suite.test("two hundred letters over twenty sessions while the milter is killed")
def _(w):
    w.milter.forget()
    answers, lock, half = [], threading.Lock(), threading.Event()

    def work():
        for _ in range(10):
            code = w.mail()[-1][0]
            with lock:
                answers.append(code)
                if len(answers) == 60:
                    half.set()

    threads = [threading.Thread(target=work) for _ in range(20)]
    before = w.counts()["INBOX"]
    for thread in threads:
        thread.start()
    half.wait(60)
    w.milter.close()
    for thread in threads:
        thread.join()
    w.milter.again()
    equal(len(answers), 200, "answers")
    equal(set(answers) - {250, 451}, set(), "kinds of answers")
    good = answers.count(250)
    check(good >= 60 and 451 in answers, f"{good} were taken")
    wait_until(lambda: w.counts()["INBOX"] == before + good, 30, f"{good} letters")


@suite.test("rspamd refuses GTUBE, marks spam, which goes into Junk, and lets the rest through")
def _(w):
    with tempfile.TemporaryDirectory(prefix="chappe-milter-") as folder:
        made = Milters(pathlib.Path(folder))
        with made.rspamd(test_patterns=True) as address, other_site(w, address) as site:
            to = {"site": site, "to": ["alice@two.tower"]}
            w.refused(554, "Gtube", octets=LETTER + GTUBE.encode() + b"\r\n", **to)
            spam = w.filed("Junk", octets=LETTER + GTUBE.replace("X", "Y", 1).encode() + b"\r\n", **to)
            equal(fields(spam, "x-spam"), ["Yes"], "X-Spam")
            check(w.filed(**to).endswith(LETTER), "a harmless letter is changed")


@suite.test("OpenDKIM signs what our own people hand in, and verifies what strangers send")
def _(w):
    with tempfile.TemporaryDirectory(prefix="chappe-milter-") as folder:
        made = Milters(pathlib.Path(folder))
        with made.opendkim(f"inet:127.0.0.1:{free_port()}", "two.tower") as address, other_site(w, address) as site:
            letter = LETTER.replace(b"Far <far@far.tower>", b"alice@two.tower", 1)
            site.submit("alice", ["alice@two.tower"], letter)
            wait_until(lambda: w.counts(site=site)["INBOX"] == 1, 20, "the letter")
            got = w.last(site=site)
            signed = got[got.index(b"DKIM-Signature:") :]
            check(signed.endswith(letter), got)
            to = {"site": site, "to": ["alice@two.tower"]}
            for octets, result in ((signed, "dkim=pass"), (signed.replace(b"All is", b"Nothing is"), "dkim=fail")):
                found = [one for one in fields(w.filed(octets=octets, **to), "authentication-results")]
                check(any(result in one for one in found[1:]), f"what OpenDKIM says of it: {found}")


suite.main(world)
