#!/usr/bin/env python3
# timeout: 300
"""Who may write as whom: From, Sender and MAIL FROM of letters that our people hand in, grants and their end, the
directory as text, the audit, and the same where the submission server is a process of its own, whose letters, and whose
notifications, the mda signs."""

import contextlib
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, PASSWORD  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from judging_test import results  # noqa: E402
from signing_test import signatures, txt  # noqa: E402
from suite import Suite, check, contains, equal, needs, run, wait_until  # noqa: E402
from town import Town, as_nobody, enter  # noqa: E402

enter()

suite = Suite()

# No process of one.tower is a stranger to the others; all of it is one to two.tower.
ZONE = """
one.tower. MX 10 mx.one.tower.
mx.one.tower. A 127.0.0.2
mda.one.tower. A 127.0.0.23
two.tower. MX 10 mx.two.tower.
mx.two.tower. A 127.0.0.3
bank.tower. A 192.0.2.1
_dmarc.bank.tower. TXT "v=DMARC1; p=quarantine"
_dmarc.one.tower. TXT "v=DMARC1; p=reject"
"""


class World:
    def __init__(self, site):
        self.site = site

    def said(self, fields, mail="alice@one.tower", account="alice", to="alice@one.tower"):
        """The answers to MAIL and to a letter with these fields above its subject: "550 5.7.1"; and its words."""
        with self.site.writer(account) as client:
            code, words = client.mail(mail)
            if code != 250:
                return f"{code} {words.decode()[:5]} MAIL", words.decode()
            equal(client.rcpt(to)[0], 250, "RCPT")
            code, words = client.data(f"{fields}Subject: grants\r\n\r\nHello.\r\n".encode())
            return f"{code} {words.decode()[:5]}", words.decode()

    def taken(self, fields, **how):
        """The header of a letter that is taken."""
        code, words = self.said(fields, **how)
        equal(code, "250 2.0.0", f"the answer to {fields!r}, {words}")
        with self.site.imap("alice", readonly=True) as box:
            return bytes(list(box.letters().values())[-1]).split(b"\r\n\r\n")[0]

    def refused(self, fields, *words, **how):
        code, said = self.said(fields, **how)
        equal(code, "550 5.7.1", f"the answer to {fields!r}, {said}")
        for part in words:
            contains(said, part, "its words")

    def grant(self, *words, code=0):
        got, out, err = run(*as_nobody(BINARY, "grant", *words, "--json", "--config", self.site.config))
        equal(got, code, f"the exit code of grant {words}, {err}")
        return json.loads(out) if out else {}

    def people(self, *words):
        return run(*as_nobody(BINARY, *words, "--config", self.site.config))[1].decode()


@contextlib.contextmanager
def world():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice", "boss", "shop"]) as site:
        site.command("alias", "add", "team@one.tower", "alice@one.tower", "boss@one.tower")
        site.command("domain", "add", "sales.tower")
        yield World(site)


@suite.test("without a grant, everybody is their own address and their aliases, and nobody else")
def _(w):
    for own in ("alice@one.tower", "Alice+x@One.Tower", "team@one.tower"):
        head = w.taken(f"From: {own}\r\n", mail=own)
        check(b"Sender:" not in head, f"a Sender of {own}")
    for other in ("boss@one.tower", "nobody@one.tower", "x@bank.tower", "x@sales.tower"):
        w.refused(f"From: {other}\r\n", f"From names {other}", f"chappe grant add alice@one.tower {other}")
        w.refused(f"From: alice@one.tower\r\nSender: {other}\r\n", f"Sender names {other}")
        w.refused(f"From: alice@one.tower\r\nResent-From: {other}\r\n", f"Resent-From names {other}")
        equal(w.said("From: alice@one.tower\r\n", mail=other)[0], "553 5.7.1 MAIL", f"MAIL FROM:<{other}>")
    w.refused("From: boss@one.tower\r\nResent-From: alice@one.tower\r\n", "From names boss@one.tower")
    contains(w.taken("").decode(), "From: <alice@one.tower>", "From that is added")


@suite.test("what does not say clearly who it is from is refused, and a null path excuses no From")
def _(w):
    w.refused("From: alice@one.tower\r\nFrom: boss@one.tower\r\n", "(several-fields)")
    w.refused("From: alice\r\n", "does not say clearly")
    w.refused("From: boss@one.tower\r\n", "From names boss@one.tower", mail="")
    w.taken("From: alice@one.tower\r\n", mail="")


@suite.test("a grant on an address, and its end")
def _(w):
    equal(w.grant("add", "alice@one.tower", "info@one.tower"), {}, "the answer")
    head = w.taken("From: info@one.tower\r\n", mail="info@one.tower")
    check(b"Sender:" not in head, "a Sender beside a granted From")
    w.taken("From: alice@one.tower\r\nSender: info@one.tower\r\n")
    w.refused("From: info@one.tower\r\n", account="shop", mail="shop@one.tower")
    w.grant("remove", "alice@one.tower", "info@one.tower")
    w.refused("From: info@one.tower\r\n")
    equal(w.grant("remove", "alice@one.tower", "info@one.tower", code=67), {}, "once more")


@suite.test("a grant on a domain, for an application, and one on everybody")
def _(w):
    w.grant("add", "shop@one.tower", "*@sales.tower")
    for number in range(3):
        w.taken(f"From: order-{number}@sales.tower\r\n", account="shop", mail="bounces@sales.tower")
    w.refused("From: x@bank.tower\r\n", account="shop", mail="shop@one.tower")
    w.grant("add", "shop@one.tower", "*")
    w.taken("From: x@bank.tower\r\n", account="shop", mail="x@bank.tower")
    w.taken("Resent-From: shop@one.tower\r\nFrom: x@bank.tower\r\n", account="shop", mail="shop@one.tower")
    w.grant("remove", "shop@one.tower", "*")
    w.refused("From: x@bank.tower\r\n", account="shop", mail="shop@one.tower")


@suite.test("on behalf of somebody, Sender names who it was, and MAIL FROM is their own")
def _(w):
    w.grant("add", "alice@one.tower", "boss@one.tower", "--on-behalf")
    head = w.taken("From: The Boss <boss@one.tower>\r\n")
    contains(head.decode(), "\r\nSender: <alice@one.tower>\r\n", "the Sender that is added")
    head = w.taken("From: boss@one.tower\r\nSender: team@one.tower\r\n")
    equal(head.count(b"Sender:"), 1, "Senders")
    w.refused("From: boss@one.tower\r\nSender: boss@one.tower\r\n", "not in Sender")
    equal(w.said("From: boss@one.tower\r\n", mail="boss@one.tower")[0], "553 5.7.1 MAIL", "MAIL FROM")


@suite.test("of several authors each must be allowed, and Sender says who it was")
def _(w):
    head = w.taken("From: alice@one.tower, boss@one.tower\r\n")  # on behalf, above
    contains(head.decode(), "\r\nSender: <alice@one.tower>\r\n", "Sender")
    head = w.taken("From: alice@one.tower, team@one.tower\r\nSender: alice@one.tower\r\n")
    equal(head.count(b"Sender:"), 1, "Senders")
    w.refused("From: alice@one.tower, shop@one.tower\r\nSender: alice@one.tower\r\n", "From names shop@one.tower")
    w.refused("From: alice@one.tower, x@bank.tower\r\n", "From names x@bank.tower")
    w.refused("From: " + ",\r\n ".join(["alice@one.tower"] * 21) + "\r\n", "over 20 originators")


@suite.test("verbs, for people and for programs")
def _(w):
    w.grant("add", "alice@one.tower", "press@one.tower")
    rows = {(g["account"], g["identity"]): g["on_behalf"] for g in w.grant("list")["grants"]}
    equal(
        rows,
        {
            ("alice@one.tower", "boss@one.tower"): True,
            ("alice@one.tower", "press@one.tower"): False,
            ("shop@one.tower", "*@sales.tower"): False,
        },
        "the list",
    )
    equal(len(w.grant("list", "shop@one.tower")["grants"]), 1, "of one account")
    contains(w.people("grant", "list"), "write on behalf of", "in English")
    contains(w.people("grant", "list", "--lang", "fr"), "écrire pour le compte de", "in French")
    contains(w.people("grant", "add", "alice@one.tower", "x@one.tower", "--lang", "fr"), "peut écrire en tant que", "")
    w.grant("remove", "alice@one.tower", "x@one.tower")
    w.grant("add", "nobody@one.tower", "info@one.tower", code=67)
    w.grant("add", "alice@one.tower", "info", code=65)


@suite.test("grants go out and in as text, and each change is in the audit log")
def _(w):
    text = w.people("config", "export")
    contains(text, 'send_as = ["press@one.tower"]\nsend_on_behalf = ["boss@one.tower"]', "the text")
    w.grant("remove", "alice@one.tower", "press@one.tower")
    w.grant("add", "boss@one.tower", "*")
    path = w.site.folder / "directory.toml"
    path.write_text(text)
    path.chmod(0o644)
    said = w.people("config", "apply", path)
    contains(said, "+ grant alice@one.tower: send as press@one.tower", "what changed")
    contains(said, "- grant boss@one.tower: send as *", "what changed")
    contains(w.people("config", "apply", path), "Nothing changes", "once more")
    rows = json.loads(w.site.command("audit", "--json"))["audit"]
    whats = [(row["what"], row["object"], row["before"], row["after"]) for row in rows if row["what"].startswith("grant")]
    equal(whats[0], ("grant.remove", "boss@one.tower", "send as *", ""), "the newest row")
    check(("grant.add", "boss@one.tower", "", "send as *") in whats, "its beginning")


@suite.test("msmtp, swaks and curl hear what is wrong")
def _(w):
    needs("swaks", "curl")
    login = ["-a", "PLAIN", "-au", "alice@one.tower", "-ap", PASSWORD]
    swaks = ["swaks", "--server", "127.0.0.2", "--port", 465, "--tls-on-connect", "--timeout", "20s", *login,
             "--to", "alice@one.tower", "--from", "alice@one.tower"]  # fmt: skip
    code, out, err = run(*swaks, "--header", "From: shop@one.tower")
    check(code != 0, "swaks is content")
    contains((out + err).decode(), "550 5.7.1 You are logged in as alice@one.tower, and From names shop@one.tower", "swaks")
    equal(run(*swaks, "--header", "From: press@one.tower")[0], 0, "swaks, granted")
    path = w.site.folder / "letter.eml"
    for author, wanted in (("shop@one.tower", False), ("press@one.tower", True)):
        path.write_bytes(letters.letter("curl", 100, to="alice@one.tower", sender=author))
        code, out, err = run("curl", "-sS", "-k", "--url", "smtps://127.0.0.2", "-u", f"alice@one.tower:{PASSWORD}",
                             "--mail-from", "alice@one.tower", "--mail-rcpt", "alice@one.tower", "-T", path)  # fmt: skip
        equal(code == 0, wanted, f"curl as {author}, {err}")


@contextlib.contextmanager
def split(town):
    """one.tower as an mda, and an mx with an msa beside it; connections on the loopback come from 127.0.0.1."""
    def part(role, address, listen, *server, **settings):
        return town.site("one.tower", address, settings.pop("accounts", ()), host=role, listen=listen,
                         keeps=role == "mda", server=list(server), **settings)  # fmt: skip

    with (
        part("mda", "127.0.0.23", ("lmtp", "imaps"), 'roles = ["mda"]', 'networks = ["127.0.0.1"]',
             accounts=["alice", "boss"]) as mda,
        part("mx", "127.0.0.2", ("mx", "submissions"), 'roles = ["mx", "msa", "mta"]', 'mda = "mda.one.tower:24"',
             'networks = ["127.0.0.2"]') as mx,
    ):  # fmt: skip
        yield mda, mx


def box_of(site, account, mailbox, count=1):
    def look():
        with site.imap(account, mailbox=mailbox, readonly=True) as box:
            if box.counts(mailbox)["MESSAGES"] < count:
                return None
            return [bytes(octets) for octets in box.letters().values()]

    return wait_until(look, 30, f"{count} letters in {mailbox} of {account}")


def as_author(author):
    return letters.letter("split", 300, to="bob@two.tower", sender=author)


@suite.test("over a split site: grants, signatures of letters and of notifications, and Junk")
def _(_):
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        pem, _, record = made_key(folder, "ed25519-sha256")
        pathlib.Path(pem).chmod(0o644)
        zone = ZONE + f"k._domainkey.one.tower. TXT {txt(record)}\n"
        with (
            Town(zone) as town,
            split(town) as (mda, mx),
            town.site("two.tower", "127.0.0.3", ["bob"], server=['networks = ["127.0.0.3"]']) as two,
        ):
            mda.command("grant", "add", "alice@one.tower", "*@one.tower", "--on-behalf")
            mda.command("grant", "add", "alice@one.tower", "info@one.tower")
            mda.command("key", "import", "one.tower", "--selector", "k", "--key", str(pem))
            w = World(mx)
            w.refused("From: x@bank.tower\r\n", "From names x@bank.tower")
            equal(w.said("From: x@one.tower\r\n", mail="boss@one.tower")[0], "553 5.7.1 MAIL", "on behalf only")

            for sent, author in enumerate(("alice@one.tower", "info@one.tower", "boss@one.tower"), 1):
                mx.submit("alice", ["bob@two.tower"], as_author(author))
                got = box_of(two, "bob", "INBOX", sent)[-1]
                equal(signatures(got), 1, f"signatures as {author}")
                contains(results(got), "dkim=pass", f"as {author}")
                contains(results(got), "dmarc=pass", f"as {author}")
                equal(b"\r\nSender: <alice@one.tower>\r\n" in got, author == "boss@one.tower", f"Sender as {author}")

            # A notification to somebody elsewhere, of a letter that the mda refuses behind the mx.
            mda.command("account", "add", "gone@one.tower", "--password-file", "-", input="gone gone\n")
            with mx.smtp("mx") as client:
                client.ehlo("mx.two.tower")
                equal(client.mail("bob@two.tower")[0], 250, "MAIL")
                equal(client.rcpt("gone@one.tower")[0], 250, "RCPT")
                mda.command("account", "remove", "gone@one.tower")
                equal(client.data(as_author("bob@two.tower"))[0], 250, "the letter")
            back = box_of(two, "bob", "INBOX", 4)[-1]
            contains(back.decode(errors="replace"), "Final-Recipient: rfc822; gone@one.tower", "the notification")
            contains(results(back), "dkim=pass", "of the notification")
            contains(results(back), "header.d=one.tower", "of the notification")

            # Forged: p=quarantine. The stranger's own words on the folder and on the verdict do not count.
            forged = (
                b"Authentication-Results: mx.one.tower; dmarc=pass header.from=bank.tower\r\n"
                b"From: teller@bank.tower\r\nTo: boss@one.tower\r\nSubject: forged\r\n\r\nPay.\r\n"
            )
            with mx.smtp("mx") as client:
                client.ehlo("stranger.tower")
                equal(client.docmd("MAIL", "FROM:<teller@bank.tower>")[0], 250, "MAIL")
                equal(client.docmd("RCPT", "TO:<boss@one.tower> XFOLDER=INBOX")[0], 555, "XFOLDER at the mx")
                equal(client.docmd("RCPT", "TO:<boss@one.tower>")[0], 250, "RCPT")
                equal(client.data(forged)[0], 250, "the letter")
            junk = box_of(mda, "boss", "Junk")[0]
            equal(junk.lower().count(b"authentication-results:"), 1, "what says something of it")
            contains(results(junk), "dmarc=fail", "what is said")
            with mda.imap("boss") as box:
                equal(box.counts()["MESSAGES"], 0, "the INBOX")

            # Without the mda no letter leaves unsigned: it is to be handed in again.
            with mx.writer("alice") as client:
                equal(client.mail("alice@one.tower")[0], 250, "MAIL")
                equal(client.rcpt("bob@two.tower")[0], 250, "RCPT")
                mda.kill()
                code, words = client.data(as_author("alice@one.tower"))
                equal(code, 451, f"the answer without the mda, {words}")


if __name__ == "__main__":
    suite.main(world)
