#!/usr/bin/env python3
# timeout: 300
"""Who may write as whom: From, Sender and MAIL FROM of letters that our people hand in, grants and their end, the
directory as text, and the audit. roles_test.py has the same over a split site."""

import contextlib
import json
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, PASSWORD  # noqa: E402
from suite import Suite, check, contains, equal, needs, run  # noqa: E402
from town import Town, as_nobody, enter  # noqa: E402

enter()

suite = Suite()

ZONE = """
one.tower. MX 10 mx.one.tower.
mx.one.tower. A 127.0.0.2
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


def asked(site, method):
    """What the control socket says."""
    with socket.socket(socket.AF_UNIX) as control, control.makefile("rb") as answers:
        control.settimeout(30)
        control.connect(str(site.dir / "control.sock"))
        control.sendall(json.dumps({"id": 1, "method": method}).encode() + b"\n")
        return json.loads(answers.readline())["result"]


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
    rows = asked(w.site, "audit.list")["audit"]
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


if __name__ == "__main__":
    suite.main(world)
