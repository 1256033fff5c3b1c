#!/usr/bin/env python3
# timeout: 900
"""One site as four processes (mx, mda, msa, mta), beside another that is one: letters in, out and within; what each says
while another is down; each killed and started again in turn while letters flow."""

import base64
import contextlib
import json
import pathlib
import random
import smtplib
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, PASSWORD, ROOT, SLOW  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from raw import Raw  # noqa: E402
from suite import SHORT, Failure, Suite, check, contains, equal, needs, run, seed, shown, succeed, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

ZONE = """
one.tower.     MX 10 mx.one.tower.
msa.one.tower. A 127.0.0.21
mx.one.tower.  A 127.0.0.22
mda.one.tower. A 127.0.0.23
mta.one.tower. A 127.0.0.24
two.tower.     MX 10 mx.two.tower.
mx.two.tower.  A 127.0.0.3
bank.tower.    A 192.0.2.1
_dmarc.bank.tower. TXT "v=DMARC1; p=quarantine"
"""

MDA, RELAY = 'mda = "mda.one.tower:24"', 'relay = "127.0.0.24:25"'
# Who of the site may speak to its inner doors: connections on the loopback come from 127.0.0.1.
OWN = 'networks = ["127.0.0.1"]'

suite = Suite()


class Split:
    """The four processes of one.tower. alice and carol are of it; bob is of two.tower."""

    def __init__(self, town):
        def part(role, address, listen, *server, **settings):
            return town.site("one.tower", address, settings.pop("accounts", ()), host=role, listen=listen,
                             keeps=role == "mda", server=[f'roles = ["{role}"]', *server])  # fmt: skip

        self.mda = part("mda", "127.0.0.23", ("lmtp", "imaps"), RELAY, OWN, accounts=["alice", "carol"])
        self.mx = part("mx", "127.0.0.22", ("mx",), MDA, RELAY, 'networks = ["127.0.0.22"]')  # 127.0.0.1 is a stranger
        self.msa = part("msa", "127.0.0.21", ("submissions",), MDA, RELAY)
        self.mta = part("mta", "127.0.0.24", ("relay",), MDA, OWN)
        self.parts = {"mx": self.mx, "mda": self.mda, "msa": self.msa, "mta": self.mta}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for part in self.parts.values():
                stack.enter_context(part)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *how):
        return self.stack.__exit__(*how)

    def queued(self):
        return sum(len(queue(part)) for part in self.parts.values())


def queue(site):
    return json.loads(site.command("queue", "list", "--json"))["queue"]


def set_quota(site, address, octets):
    request = {"id": 1, "method": "account.set", "params": {"address": address, "quota": octets}}
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(30)
        control.connect(str(site.dir / "control.sock"))
        control.sendall(json.dumps(request).encode() + b"\n")
        contains(control.recv(4096), b'"result"', "the answer of the control socket")


def arrived(site, account, count, patience=30):
    """The letters of the INBOX once there are so many."""

    def look():
        with site.imap(account) as box:
            got = [bytes(octets) for octets in box.letters().values()] if box.counts()["MESSAGES"] else []
        return got if len(got) >= count else None

    return wait_until(look, patience, f"{count} letters of {account}")


def told(site, role, *commands, source=None, hello="EHLO"):
    """The replies to commands on one connection, greeting and hello aside: "250 2.1.5"."""
    with Raw(site, role, source) as raw:
        equal(raw.reply()[0], 220, "the greeting")
        equal(raw.smtp(f"{hello} client.test")[0], 250, hello)
        return [short(raw.smtp(command)) for command in commands]


def short(reply):
    return f"{reply[0]} {reply[1].split(' ')[0]}"


def at_the_mx(split, *recipients, sender="x@example.net"):
    return told(split.mx, "mx", f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{r}>" for r in recipients))[1:]


@suite.test("letters in, out and within go by the four, and the trail of each says how")
def _():
    with Town(ZONE) as town, Split(town) as one, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
        there = letters.letter("there", 5_000, to="bob@two.tower", sender="alice@one.tower")
        one.msa.submit("alice", ["bob@two.tower", "carol@one.tower"], there)
        got = arrived(two, "bob", 1)[0]
        check(got.endswith(there), "the letter is changed on its way")
        for hop in (b"by mx.two.tower", b"by mta.one.tower (Chappe) with ESMTP", b"by msa.one.tower (Chappe) with ESMTPSA id"):
            contains(got, hop, "the way out")
        within = arrived(one.mda, "carol", 1)[0]
        contains(within, b"by mda.one.tower (Chappe) with LMTPS id", "the way within")
        check(b"mta.one.tower" not in within, "a letter within the site has left it")

        large = letters.letter("large", 8_000_000, to="alice@one.tower", sender="bob@two.tower")
        two.submit("bob", ["alice@one.tower", "carol@one.tower"], large)
        got = arrived(one.mda, "alice", 1)[0]
        check(got.endswith(large), "the letter is changed on its way in")
        for hop in (b"by mx.one.tower (Chappe) with ESMTPS id", b"by mda.one.tower (Chappe) with LMTPS id"):
            contains(got, hop, "the way in")
        arrived(one.mda, "carol", 2)

        (step,) = json.loads(one.mx.command("trail", "--to", "alice@*", "--json"))["letters"]
        delivered = [s for s in step["steps"] if s["event"] == "delivered"]
        equal({s["host"] for s in delivered}, {"mda.one.tower"}, "who took it from the mx")
        contains(delivered[0]["words"].encode(), b"Taken as", "its words")
        contains(one.mx.command("route", "alice@one.tower", "--lang", "en"), b"mda of the site, mda.one.tower:24", "a route")
        contains(one.mx.command("route", "alice@one.tower", "--json"), b'"goes":"mda"', "a route")
        wait_until(lambda: one.queued() == 0, 20, "empty queues")


@suite.test("a forged letter goes into Junk, whatever it says; those of our people, as whom they may write, are signed by the mda")
def _():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        pem, _, record = made_key(path, "ed25519-sha256")
        pathlib.Path(pem).chmod(0o644)
        zone = ZONE + f'k._domainkey.one.tower. TXT "{record}"\n'
        with Town(zone) as town, Split(town) as one, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
            forged = (
                b"Authentication-Results: mx.one.tower; dmarc=pass header.from=bank.tower\r\n"
                b"Authentication-Results: mda.one.tower; dmarc=pass header.from=bank.tower\r\n"
                b"From: teller@bank.tower\r\nTo: alice@one.tower\r\nSubject: forged\r\n\r\nPay.\r\n"
            )
            one.mx.send(forged, to=["alice@one.tower", "carol@one.tower"], sender="teller@bank.tower")
            for account in ("alice", "carol"):

                def junk():
                    with one.mda.imap(account, mailbox="Junk", readonly=True) as box:
                        return [bytes(x) for x in box.letters().values()] if box.counts("Junk")["MESSAGES"] else None

                got = wait_until(junk, 30, f"the letter in Junk of {account}")[0]
                contains(got, b"Authentication-Results: mx.one.tower;", "what the mx found")
                check(b"mx.one.tower; dmarc=pass" not in got, "the forged field is there")
                with one.mda.imap(account) as box:
                    equal(box.counts()["MESSAGES"], 0, f"the INBOX of {account}")

            one.mda.command("key", "import", "one.tower", "--selector", "k", "--key", str(pem))
            one.mda.command("grant", "add", "alice@one.tower", "*@one.tower", "--on-behalf")
            one.mda.command("grant", "add", "alice@one.tower", "info@one.tower")
            for sent, author in enumerate(("alice@one.tower", "info@one.tower", "carol@one.tower"), 1):
                octets = letters.letter(f"signed-{sent}", 3_000, to="bob@two.tower", sender=author)
                one.msa.submit("alice", ["bob@two.tower", "carol@one.tower"], octets)
                for site, account in ((two, "bob"), (one.mda, "carol")):
                    got = arrived(site, account, sent)[-1]
                    check(got.endswith(octets), "the letter is changed")
                    equal(proved(got, path, record), ["pass"], f"what the signatures as {author} prove to {account}")
                    equal(b"\r\nSender: <alice@one.tower>\r\n" in got, author == "carol@one.tower", f"Sender as {author}")
            with one.msa.writer("alice") as client:
                equal(client.mail("carol@one.tower")[0], 553, "MAIL FROM of somebody on whose behalf one writes")
                client.mail("alice@one.tower")
                client.rcpt("carol@one.tower")
                equal(client.data(b"From: x@bank.tower\r\n\r\nx\r\n")[0], 550, "a From that nobody granted")

            # Of a letter that the mda refuses behind the mx, its sender elsewhere is told, signed.
            one.mda.command("account", "add", "dan@one.tower", "--password-file", "-", input="dan dan dan\n")
            equal(at_the_mx(one, "dan@one.tower"), ["250 2.1.5"], "RCPT")
            one.mda.command("account", "remove", "dan@one.tower")
            late = letters.letter("late", 100, to="dan@one.tower", sender="bob@two.tower")
            one.mx.send(late, to=["dan@one.tower"], sender="bob@two.tower")
            back = arrived(two, "bob", 4)[-1]
            contains(back, b"Final-Recipient: rfc822; dan@one.tower", "the notification")
            equal(proved(back, path, record), ["pass"], "the signature of the notification")

            # Without the mda no letter leaves unsigned: it is to be handed in again.
            with one.msa.writer("alice") as client:
                equal(client.mail("alice@one.tower")[0], 250, "MAIL")
                equal(client.rcpt("bob@two.tower")[0], 250, "RCPT")
                one.mda.kill()
                code, words = client.data(letters.letter("unsigned", 100, sender="alice@one.tower"))
                equal(code, 451, f"the answer without the mda, {words}")


def proved(octets, folder, record):
    """What each signature of a letter comes to."""
    folder.joinpath("letter.eml").write_bytes(octets)
    folder.joinpath("zone").write_text(f'k._domainkey.one.tower. 60 TXT "{record}"\n')
    said = run(BINARY, "verify", folder / "letter.eml", "--zone", folder / "zone", "--json")[1]
    return [one["result"] for one in json.loads(said)["dkim"]]


@suite.test("the mx refuses whom the mda does not know, and tells why; without the mda it says neither yes nor no")
def _():
    with Town(ZONE) as town, Split(town) as one:
        one.msa.submit("alice", ["carol@one.tower"], b"Subject: more than one octet\r\n\r\nx\r\n")
        arrived(one.mda, "carol", 1)
        set_quota(one.mda, "carol@one.tower", 1)
        equal(
            at_the_mx(one, "alice@one.tower", "nobody@one.tower", "bob@two.tower", "ALICE@One.Tower"),
            ["250 2.1.5", "550 5.1.1", "550 5.7.1", "250 2.1.5"],
            "with the mda up",
        )
        equal(at_the_mx(one, "carol@one.tower"), ["452 4.2.2"], "a full mailbox")
        one.mda.kill()
        equal(
            at_the_mx(one, "alice@one.tower", "other@one.tower", "dan@two.tower", "carol@one.tower"),
            ["250 2.1.5", "451 4.4.3", "550 5.7.1", "451 4.4.3"],
            "with the mda down: known, unknown, of a domain that is not ours, known to be full once",
        )
        one.mx.send(letters.letter("waits", 100, to="alice@one.tower"), to=["alice@one.tower"])
        wait_until(lambda: queue(one.mx) and queue(one.mx)[0]["attempts"] > 0, 20, "it waits in the queue of the mx")
        # A fresh mx remembers nothing.
        one.mx.kill()
        one.mx.start()
        equal(at_the_mx(one, "alice@one.tower", "nobody@one.tower"), ["451 4.4.3", "451 4.4.3"], "with nothing cached")
        one.mda.start()
        time.sleep(1.1)
        equal(at_the_mx(one, "alice@one.tower", "nobody@one.tower"), ["250 2.1.5", "550 5.1.1"], "with the mda back")
        one.mx.command("queue", "retry", "--where", "to=*")
        arrived(one.mda, "alice", 1)
        contains(one.mx.command("metrics"), b'chappe_mda_questions_total{answer="asked"}', "the metrics")


@suite.test("logins at the msa are checked by the mda, word for word, and no secret is written down")
def _():
    with Town(ZONE) as town, Split(town) as one:
        plain = base64.b64encode(b"\0alice@one.tower\0" + PASSWORD.encode()).decode()
        wrong = base64.b64encode(b"\0alice@one.tower\0wrong horse").decode()
        b64 = {w: base64.b64encode(w.encode()).decode() for w in ("alice@one.tower", PASSWORD)}
        equal(told(one.msa, "submissions", f"AUTH PLAIN {plain}"), ["235 2.7.0"], "PLAIN")
        equal(told(one.msa, "submissions", "AUTH LOGIN", b64["alice@one.tower"], b64[PASSWORD]),
              ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0"], "LOGIN")  # fmt: skip
        equal(told(one.msa, "submissions", f"AUTH PLAIN {wrong}", "MAIL FROM:<alice@one.tower>"),
              ["535 5.7.8", "530 5.7.0"], "a wrong password")  # fmt: skip
        equal(told(one.msa, "submissions", "AUTH LOGIN", "*"), ["334 VXNlcm5hbWU6", "501 5.7.0"], "given up")
        equal(told(one.msa, "submissions", f"AUTH PLAIN {plain}", "MAIL FROM:<carol@one.tower>", "MAIL FROM:<alice@one.tower>",
                   "RCPT TO:<nobody@one.tower>", "RCPT TO:<carol@one.tower>"),
              ["235 2.7.0", "553 5.7.1", "250 2.1.0", "550 5.1.1", "250 2.1.5"], "who may send as whom, and to whom")  # fmt: skip
        with one.msa.smtp("submissions", "alice") as client:  # smtplib takes the best that is offered
            stolen = b"From: carol@one.tower\r\nSubject: x\r\n\r\nx\r\n"
            try:
                client.sendmail("alice@one.tower", ["carol@one.tower"], stolen)
                raise Failure("a stolen From was taken")
            except smtplib.SMTPDataError as refused:
                equal(refused.smtp_code, 550, "a stolen From")
        for site in (one.msa, one.mda):
            for secret in (plain, PASSWORD, b64[PASSWORD]):
                check(secret not in site.log(), f"a secret stands in the log of the {site.settings['host']}")
        contains(one.msa.log().encode(), b"account=alice@one.tower", "the log of the msa")
        one.mda.kill()
        equal(told(one.msa, "submissions", f"AUTH PLAIN {plain}"), ["454 4.7.0"], "with the mda down")
        one.mda.start()
        equal(told(one.msa, "submissions", f"AUTH PLAIN {plain}"), ["235 2.7.0"], "with the mda back")


@suite.test("what cannot be delivered comes back to the sender's mailbox, from whichever part gives up")
def _():
    with Town(ZONE) as town, Split(town) as one, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
        octets = letters.letter("fate", 100, to="x@tower", sender="alice@one.tower")
        one.msa.submit("alice", ["nobody@two.tower", "x@nowhere.tower"], octets)
        back = b"".join(arrived(one.mda, "alice", 2))
        for address, status in {b"nobody@two.tower": b"5.1.1", b"x@nowhere.tower": b"5.1.2"}.items():
            contains(back, b"Final-Recipient: rfc822; " + address + b"\r\nAction: failed\r\nStatus: " + status, "the notices")
        contains(back, b"by mda.one.tower (Chappe) with LMTPS", "how they came")
        # The account goes while its letter waits at the mx; the sender elsewhere hears of it, by the mta.
        one.mda.command("account", "add", "dan@one.tower", "--password-file", "-", input="dan dan dan\n")
        equal(at_the_mx(one, "dan@one.tower", sender="bob@two.tower"), ["250 2.1.5"], "RCPT")
        one.mda.kill()
        one.mx.send(letters.letter("late", 100, to="dan@one.tower"), to=["dan@one.tower"], sender="bob@two.tower")
        wait_until(lambda: queue(one.mx) and queue(one.mx)[0]["attempts"] > 0, 20, "it waits")
        one.mda.start()
        one.mda.command("account", "remove", "dan@one.tower")
        one.mx.kill()  # forgets that the mda could not be reached
        one.mx.start()
        one.mx.command("queue", "retry", "--where", "to=*")
        back = arrived(two, "bob", 1)[0]
        contains(back, b"Final-Recipient: rfc822; dan@one.tower\r\nAction: failed\r\nStatus: 5.1.1", "the notice")
        wait_until(lambda: one.queued() == 0, 20, "empty queues")


@suite.test("the mda's door gives each recipient its own answer, and the inner doors turn strangers away")
def _():
    with Town(ZONE) as town, Split(town) as one:
        set_quota(one.mda, "carol@one.tower", 3000)
        with Raw(one.mda, "lmtp") as raw:
            equal(raw.reply()[0], 220, "the greeting")
            equal(raw.smtp("EHLO x")[0], 500, "EHLO")
            offered = raw.smtp("LHLO client.test")[1]
            for extension in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE", "STARTTLS"):
                contains(offered.encode(), extension.encode(), "LHLO's reply")
            for command in ("MAIL FROM:<x@example.net>", "RCPT TO:<alice@one.tower>", "RCPT TO:<carol@one.tower>",
                            "RCPT TO:<postmaster@one.tower>", "DATA"):  # fmt: skip
                raw.send(command.encode() + b"\r\n")
            equal([raw.reply()[0] for _ in range(5)], [250, 250, 250, 550, 354], "the envelope")
            raw.send(b"Subject: too much for carol\r\n\r\n" + b"x" * 70 + b"\r\n" * 3000 + b".\r\n")
            equal([short(raw.reply()) for _ in range(2)], ["250 2.0.0", "552 5.2.2"], "an answer for each")
        arrived(one.mda, "alice", 1)
        trail = json.loads(one.mda.command("trail", "--json"))["letters"][0]
        contains(json.dumps(trail).encode(), b"larger than all that the mailbox may keep", "the trail of the mda")

        for site, role in ((one.mda, "lmtp"), (one.mta, "relay")):
            with Raw(site, role, source="127.0.0.99") as raw:
                equal(raw.reply(), (421, "4.7.1 Only the hosts of this site may speak here (server.networks)"), f"at {role}")
                check(raw.closed(), "the connection stays open")
        wait_until(
            lambda: b'"network"' in one.mta.command("trail", "--connections", "--json"), 10, "it is on the trail"
        )

        needs("swaks")
        code, out, err = run("swaks", "--protocol", "LMTP", "--server", "127.0.0.23", "--port", "24", "--timeout", "20s",
                             "--from", "x@example.net", "--to", "alice@one.tower,nobody@one.tower")  # fmt: skip
        text = out + err
        if b"requires perl module" not in text:
            contains(text, b"LHLO", "swaks")
            contains(text, b"550 5.1.1", "swaks")
            arrived(one.mda, "alice", 2)

        # Postfix's own client, on two connections.
        postfix = ROOT / "build" / "peers" / "postfix" / "usr"
        if (postfix / "sbin" / "smtp-source").exists():
            succeed(postfix / "sbin" / "smtp-source", "-L", "-s", 2, "-m", 20, "-l", 3000, "-f", "x@example.net",
                    "-t", "alice@one.tower", "inet:127.0.0.23:24",
                    env={"LD_LIBRARY_PATH": str(postfix / "lib" / "postfix")})  # fmt: skip
            arrived(one.mda, "alice", 21)

        # Accounts are the mda's: elsewhere they are not made by mistake.
        for part in (one.mx, one.msa, one.mta):
            for words in (("domain", "add", "three.tower"), ("know", "add", "block", "x.tower"), ("policy", "list")):
                try:
                    part.command(*words)
                    raise Failure(f"{words} does something where nobody asks for it")
                except Failure as refused:
                    contains(str(refused).encode(), b"keeps no domains and accounts", words[0])


@suite.test("rules of the site, a domain and an account, which the mda keeps, hold at the mx")
def _():
    with Town(ZONE) as town, Split(town) as one:
        for words in (
            ("know", "add", "block", "worst.tower"),
            ("know", "add", "block", "worse.tower", "--for", "one.tower"),
            ("know", "add", "block", "bad.tower", "--for", "alice@one.tower"),
            ("policy", "set", "carol@one.tower", "--suspect", "accept"),
            ("alias", "add", "team@one.tower", "alice@one.tower", "carol@one.tower"),
        ):
            one.mda.command(*words)

        def answer(author, *to):
            octets = letters.letter(f"{author} {to}", 100, to=f"{to[0]}@one.tower", sender=author)
            try:
                one.mx.send(octets, to=[f"{name}@one.tower" for name in to], sender=author)
            except smtplib.SMTPDataError as refused:
                contains(refused.smtp_error, b"(local-block)", "the answer")
                return refused.smtp_code
            return 250

        def kept(account, mailbox):
            with one.mda.imap(account, mailbox=mailbox, readonly=True) as box:
                return box.counts(mailbox)["MESSAGES"]

        def where(inbox, junk, what):
            """How many letters alice and carol have by now."""
            wait_until(lambda: one.queued() == 0, 20, "empty queues")
            equal([kept(a, "INBOX") for a in ("alice", "carol")], inbox, f"INBOX after {what}")
            equal([kept(a, "Junk") for a in ("alice", "carol")], junk, f"Junk after {what}")

        for author in ("x@worst.tower", "x@worse.tower"):
            equal([answer(author, "alice"), answer(author, "carol"), answer(author, "team")], [550] * 3, author)
        equal(answer("x@bad.tower", "alice"), 550, "whom alice has blocked")
        equal(answer("x@bad.tower", "carol"), 250, "to carol")
        where([0, 1], [0, 0], "a letter to carol")
        equal(answer("x@bad.tower", "alice", "carol"), 250, "to both")
        where([0, 2], [1, 0], "one to both")
        equal(answer("x@bad.tower", "team"), 250, "to what leads to both")
        where([1, 3], [1, 0], "one to what leads to both: the mildest rule holds")
        equal(answer("teller@bank.tower", "alice", "carol"), 250, "a forged letter")
        where([1, 4], [2, 0], "a forged one: the policy of an account")
        trail = json.loads(one.mx.command("trail", "--from", "teller@bank.tower", "--json"))["letters"][0]
        contains(json.dumps(trail).encode(), b"carol@one.tower", "what the trail says of carol")
        # Of an address with more rules behind it than are told (16), the first ones hold.
        crowd = [f"p{i}@one.tower" for i in range(18)]
        for person in crowd:
            one.mda.command("account", "add", person, "--password-file", "-", input="one of a crowd\n")
            one.mda.command("know", "add", "block", "crowd.tower", "--for", person)
        one.mda.command("alias", "add", "crowd@one.tower", *crowd)
        equal(answer("x@crowd.tower", "crowd"), 550, "whom each of a crowd has blocked")
        equal(answer("x@open.tower", "crowd"), 250, "to a crowd")
        # What changes is heard of within five minutes; a fresh mx asks at once.
        one.mda.command("know", "remove", "block", "bad.tower", "--for", "alice@one.tower")
        one.mx.kill()
        one.mx.start()
        equal(answer("x@bad.tower", "alice"), 250, "whom alice has not blocked any more")
        where([2, 4], [2, 0], "that")


@suite.test("with server.mda_ca, an mda that cannot prove its name is not believed")
def _():
    with Town(ZONE) as town, Split(town) as one:
        for trusted, answer in ((one.mda, "250 2.1.5"), (one.msa, "451 4.4.3")):
            path = one.mx.folder / "chappe.toml"
            kept = [line for line in path.read_text().split("\n") if not line.startswith("mda_ca")]
            path.write_text("\n".join(kept).replace(MDA, f'{MDA}\nmda_ca = "{trusted.certificate}"'))
            one.mx.kill()
            one.mx.start()
            equal(at_the_mx(one, "alice@one.tower"), [answer], f"with the certificate of the {trusted.settings['host']}")
        one.mx.kill()


class Flow:
    """Letters of one sender, again and again, each until somebody takes it; what was taken is written down."""

    def __init__(self, name, site, sender, to):
        self.name, self.site, self.sender, self.to = name, site, sender, to
        self.taken, self.repeated = [], 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        number = 0
        while not self.ending.is_set():
            name = f"{self.name}-{number}"
            octets = letters.letter(name, 2_000, to=self.to[0], sender=f"{self.sender}@{self.site.domain}")
            number += 1
            while True:
                try:
                    self.site.submit(self.sender, self.to, octets)
                    self.taken.append(name)
                    break
                except (OSError, smtplib.SMTPException):
                    self.repeated += 1
                    if self.ending.is_set():
                        break
                    time.sleep(0.1)
            time.sleep(0.05)


@suite.test("each part is killed and started again while letters flow; all arrive, twice only where a kill allows it")
def _():
    source = random.Random(seed())
    rounds = 1 if SHORT else 3
    with Town(ZONE) as town, Split(town) as one, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
        flows = [
            Flow("in", two, "bob", ["alice@one.tower"]),
            Flow("out", one.msa, "alice", ["bob@two.tower", "carol@one.tower"]),
        ]
        for flow in flows:
            flow.thread.start()
        kills = 0
        try:
            for _ in range(rounds):
                for name in source.sample(sorted(one.parts), 4):
                    time.sleep(source.uniform(0.5, 2))
                    one.parts[name].kill()
                    time.sleep(source.uniform(0.1, 1.5))
                    one.parts[name].start()
                    kills += 1
            time.sleep(1)
        finally:
            for flow in flows:
                flow.ending.set()
            for flow in flows:
                flow.thread.join()
        sites = [*one.parts.values(), two]

        def drained():
            for site in sites:
                if queue(site):
                    with contextlib.suppress(Failure):
                        site.command("queue", "retry", "--where", "to=*")
            return not any(queue(site) for site in sites)

        # A destination that could not be reached is left alone for half a minute, doubling.
        deadline = time.monotonic() + 300 * SLOW
        while not drained():
            if time.monotonic() > deadline:
                raise Failure(f"queues do not empty: {shown([queue(site) for site in sites], 2000)}")
            time.sleep(1)
        doubles = 0
        for site, account, flow in ((one.mda, "alice", flows[0]), (two, "bob", flows[1]), (one.mda, "carol", flows[1])):
            ids = [letters.message_id(octets).split("@")[0] for octets in arrived(site, account, len(set(flow.taken)))]
            missing = sorted(set(flow.taken) - set(ids))
            equal(missing, [], f"letters for {account} that were lost")
            strange = [i for i in ids if not i.startswith(flow.name + "-")]
            equal(strange, [], f"what came to {account} beside them")
            doubles += len(ids) - len(set(ids))
        print(
            f"  {kills} kills: {len(flows[0].taken)} letters in, {len(flows[1].taken)} out and within, none lost; "
            f"{flows[0].repeated + flows[1].repeated} submissions were repeated, {doubles} copies came twice (RFC 5321 §6.1)"
        )
        check(all(len(flow.taken) > 10 for flow in flows), "hardly a letter flowed")


suite.main()
