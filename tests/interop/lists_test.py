#!/usr/bin/env python3
# timeout: 300
"""DNS lists and trusted sealers at the exchanger: who is in a block list is refused, goes into Junk, or is only noted; an
allow list knows better; a list that does not serve us does nothing and is told of; and a letter that a trusted list has
changed is taken. A DNS that does not answer keeps a letter waiting no longer than limits.judging_timeout."""

import contextlib
import json
import pathlib
import re
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY, SLOW  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from judging_test import World, letter, results, zone  # noqa: E402
from suite import Suite, check, contains, equal, run, succeed, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

HERE = "127.0.0.2"
# A stranger is at 127.0.0.1, which is no host of the site then.
STRANGERS = [f'networks = ["{HERE}"]']
CLIENT = "1.0.0.127"
# Port 53 of this address takes questions and gives no answer.
SILENT = "127.0.0.54"

RELAYED = "Received: from a.tower by b.tower; Thu, 26 Nov 2026 05:00:00 +0000\r\n"

LISTS = f"""
{CLIENT}.bl.list.       A   127.0.0.2
{CLIENT}.bl.list.       TXT "you sent \\"spam\\", ask http://bl.list"
{CLIENT}.secretkey1234.zen.list. A  127.0.0.2
{CLIENT}.secretkey1234.zen.list. TXT "see {CLIENT}.secretkey1234.zen.list"
{CLIENT}.codes.list.    A   127.0.0.9
{CLIENT}.wl.list.       A   127.0.5.1
{CLIENT}.refuses.list.  A   127.255.255.254
{CLIENT}.sold.list.     A   203.0.113.9
evil.tower.dbl.list.    A   127.0.1.2
news.deep.tower.        TXT "v=spf1 ip4:127.0.0.0/8 -all"
_dmarc.news.deep.tower. TXT "v=DMARC1; p=reject"
open.tower.dbl.list.    A   127.0.1.2
open.tower.dwl.list.    A   127.0.0.2
"""

suite = Suite()


def block(list_zone, *more):
    return ["[[mx.dns_list]]", f'zone = "{list_zone}"', *more]


def allow(list_zone, *more):
    return block(list_zone, 'kind = "allow"', *more)


REJECT, JUNK, DOMAINS = 'action = "reject"', 'action = "junk"', "domains = true"


@contextlib.contextmanager
def served(w, *lines, dns=()):
    w.site = w.town.site("one.tower", HERE, ["alice"], server=STRANGERS, lines=list(lines), dns=dns)
    with w.site:
        yield w.site


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        folder = pathlib.Path(name)
        pem, _, record = made_key(folder, "rsa-sha256")
        parts = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
        sealers = "".join(f"arc._domainkey.{domain}. TXT {parts}\n" for domain in ("list.tower", "evil.tower"))
        text = zone(record) + LISTS + sealers
        with Town(text) as town:
            made = World(None, pem, folder)
            made.town = town
            made.zone = folder / "zone"
            made.zone.write_text(text)
            yield made


# It passes DMARC by SPF.
GOOD = {"octets": letter("<a@open.tower>"), "sender": "a@open.tower"}


@suite.test("who is in a block list that rejects is refused, in the words of the list")
def _(w):
    with served(w, *block("bl.list", 'name = "The List"', REJECT)) as site:
        code, words = w.send(**GOOD)
        equal(code, 550, f"the answer, {words}")
        words = words.decode().replace("\n", " ")
        contains(words, "5.7.1 ", "its words")
        contains(words, "127.0.0.1 is in the list The List", "its words")
        contains(words, "\"you sent 'spam', ask http://The List\"", "the list's own words, quoted, without its zone")
        contains(words, "(sender-listed)", "its words")
        check("bl.list," not in words and ".bl.list" not in words, f"the zone is told: {words}")
        wait_until(lambda: "reason=sender-listed" in site.log(), 20, "the log tells")
        contains(site.log(), 'list="The List"', "the log")
        (found,) = wait_until(lambda: site.trail("--refused", "--from", "a@open.tower")["letters"], 20, "the trail")
        judged = [step for step in found["steps"] if step["event"] == "judged"]
        equal((judged[0]["action"], judged[0]["reason"]), ("reject", "sender-listed"), "what was done")
        contains(judged[0]["authentication"], 'policy.dns-list="The List"', "what was found")
    contains(succeed(BINARY, "explain", "sender-listed"), b"block list", "the reason is explained")


@suite.test("the zone of a list with a name is told nobody, neither the client nor the trail nor in a verdict")
def _(w):
    lines = block("secretkey1234.zen.list", 'name = "zen"', REJECT)
    with served(w, *lines) as site:
        code, words = w.send(**GOOD)
        check(code == 550 and b"in the list zen, which says" in words.replace(b"\n", b" ") and b"secretkey" not in words.lower(), f"{code} {words}")
        (found,) = wait_until(lambda: site.trail("--refused", "--from", "a@open.tower")["letters"], 20, "the trail")
        check("secretkey" not in json.dumps(found).lower() and "secretkey" not in site.log().lower(), "the trail and the log")
    path = w.folder / "asked.eml"
    path.write_bytes(letter())
    config = w.folder / "keyed.toml"
    config.write_text('[server]\nhostname = "mx.one.tower"\ndata_dir = "data"\n[[listen]]\nrole = "mx"\n' + "\n".join(lines) + "\n")
    for options in (("--json",), (), ("--lang", "fr")):
        out = succeed(BINARY, "verify", path, "--ip", "127.0.0.1", "--zone", w.zone, "--list", "zen", "--config", config, *options)
        check(b"zen" in out and b"secretkey" not in out.lower(), out.decode())


@suite.test("junk goes into Junk, note only notes, and codes and mx.reject are heard")
def _(w):
    for lines, mailbox in (
        (block("bl.list", JUNK), "Junk"),
        (block("bl.list"), "INBOX"),
        (block("codes.list", REJECT, 'codes = ["127.0.0.2", "127.0.0.4/30"]'), "INBOX"),
        (block("codes.list", JUNK, 'codes = ["127.0.0.2", "127.0.0.8/30"]'), "Junk"),
        (["[mx]", "reject = false", *block("bl.list", REJECT)], "Junk"),
    ):
        with served(w, *lines):
            said = results(w.filed(mailbox=mailbox, **GOOD))
            contains(said, "dmarc=pass", f"{lines}")
            equal("policy.dns-list=" in said, "codes" not in lines[1] or mailbox == "Junk", f"{lines}: {said}")


@suite.test("a listing is evidence against a letter that fails DMARC")
def _(w):
    with served(w, *block("bl.list")):
        w.refused(letter(above=RELAYED), "reject-with-evidence")


@suite.test("an allow list knows better, and is told of")
def _(w):
    with served(w, *block("bl.list", REJECT), *allow("wl.list")):
        said = results(w.filed(mailbox="INBOX", **GOOD))
        contains(said, "dnswl=pass dns.zone=wl.list policy.ip=127.0.5.1", "Authentication-Results")
        check("policy.dns-list" not in said, said)


@suite.test("domains are looked up in lists that hold them, and an allowed one must be proven")
def _(w):
    with served(w, *block("dbl.list", REJECT, DOMAINS)):
        code, words = w.send(letter("<a@evil.tower>"), sender="a@evil.tower")
        equal(code, 550, f"the author's, {words}")
        contains(words, b"evil.tower is in the list dbl.list", "its words")
        equal(w.send(letter("<a@nowhere.tower>"), sender="a@evil.tower")[0], 550, "that of MAIL FROM")
        equal(w.send(letter("<a@nowhere.tower>"), sender="a@nowhere.tower")[0], 250, "neither")
    with served(w, *block("dbl.list", REJECT, DOMAINS), *allow("dwl.list", DOMAINS)):
        contains(results(w.filed(mailbox="INBOX", **GOOD)), "dnswl=pass", "it proves to be from there")
        # Without the listing beside it, the failure of DMARC would only mean Junk.
        w.refused(letter("<a@open.tower>", above=RELAYED), "reject-with-evidence", sender="a@nowhere.tower")


@suite.test("a list that does not serve us does nothing; it is counted, and told of once")
def _(w):
    rules = (*block("refuses.list", REJECT), *block("sold.list", REJECT), *block("silent.list", REJECT))
    stub = ("[[dns.stub]]", 'zone = "silent.list"', f'server = "{SILENT}:53"')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT, 53))
        with served(w, *rules, *stub) as site:
            for _ in range(2):
                began = time.monotonic()
                w.filed(mailbox="INBOX", **GOOD)
                took = time.monotonic() - began
                check(took < 20 * SLOW, f"it took {took:.1f} s: the silent list is waited for too long")
            wait_until(lambda: site.log().count("mx.list_unusable") >= 3, 20, "the log tells")
            told = re.findall(r"mx.list_unusable.* list=(\S+) state=(\S+)", site.log())
            equal(
                sorted(told),
                [("refuses.list", "refused"), ("silent.list", "lookup-failed"), ("sold.list", "foreign-answer")],
                "once each",
            )
            counted = site.command("metrics").decode()
            contains(counted, 'chappe_list_answers_total{list="refuses.list",state="refused"} 2', "the metrics")


@suite.test("a DNS that does not answer keeps a letter waiting no longer than it may")
def _(w):
    stub = ("[[dns.stub]]", 'zone = "bank.tower"', f'server = "{SILENT}:53"')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT, 53))
        with served(w, *stub, "[limits]", 'judging_timeout = "2s"'):
            began = time.monotonic()
            code, words = w.send(letter())
            took = time.monotonic() - began
            equal(code, 451, f"the answer, {words}")
            contains(words, b"4.7.0 ", "its words")
            contains(words, b"(dns-error)", "its words")
            check(1.5 < took < 8 * SLOW, f"it took {took:.1f} s")


@suite.test("who an author belongs to keeps no letter waiting for long")
def _(w):
    # DMARC passes by the author's own record; only what is remembered of the sender asks above it.
    stub = ("[[dns.stub]]", 'zone = "_dmarc.deep.tower"', f'server = "{SILENT}:53"')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT, 53))
        with served(w, *stub, "[limits]", 'judging_timeout = "60s"'):
            began = time.monotonic()
            said = results(w.filed(letter("<a@news.deep.tower>"), "INBOX", sender="a@news.deep.tower"))
            took = time.monotonic() - began
            contains(said, "dmarc=pass", "what was found")
            check(1.5 < took < 6 * SLOW, f"it took {took:.1f} s")


def sealed(w, octets, domain, authserv="mx.list.tower", said=None):
    """The letter as a list leaves it that breaks its signature and tells what it saw before."""
    path = w.folder / "sealed.eml"
    if said:
        octets = f"Authentication-Results: {authserv}; {said}\r\n".encode() + octets
    path.write_bytes(octets)
    return succeed(
        BINARY, "seal", path, "--domain", domain, "--selector", "arc", "--key", w.pem, "--authserv-id", authserv,
        "--zone", w.zone,
    )  # fmt: skip


def by_list(w, domain="list.tower", said="dkim=pass header.d=bank.tower; dmarc=pass header.from=bank.tower"):
    changed = w.sign(letter()).replace(b"All is well.", b"All is well.\r\n-- \r\nthe list")
    return sealed(w, b"Received: from bank.tower by mx.list.tower; Thu, 26 Nov 2026 05:00:00 +0000\r\n" + changed, domain, said=said)


@suite.test("a letter that a trusted list has changed is taken as it came there; others are not")
def _(w):
    with served(w, "[mx]", 'trusted_sealers = ["list.tower"]'):
        said = results(w.filed(by_list(w), "INBOX", sender="bounce@list.tower"))
        for part in ("dmarc=fail", "arc=pass"):
            contains(said, part, "what was found")
        w.filed(by_list(w, domain="evil.tower"), "Junk", sender="bounce@list.tower")
        w.filed(by_list(w, said="dmarc=fail header.from=bank.tower"), "Junk", sender="bounce@list.tower")
        broken = by_list(w).replace(b"the list", b"a forger")
        w.filed(broken, "Junk", sender="bounce@list.tower")
        # A lie below an honest seal.
        lie = by_list(w, domain="evil.tower")
        honest = sealed(w, lie, "list.tower", authserv="mx.honest.tower", said="arc=pass; dmarc=fail header.from=bank.tower")
        equal(honest.lower().count(b"arc-seal:"), 2, "seals")
        w.filed(honest, "Junk", sender="bounce@list.tower")
    with served(w):
        w.filed(by_list(w), "Junk", sender="bounce@list.tower")


@suite.test("chappe verify comes to the same verdict")
def _(w):
    def ask(octets, *options):
        path = w.folder / "asked.eml"
        path.write_bytes(octets)
        code, out, err = run(BINARY, "verify", path, "--ip", "127.0.0.1", "--helo", "stranger.tower", "--zone", w.zone, *options, "--json")
        equal(code, 0, f"the exit code, {err}")
        return json.loads(out)

    said = ask(letter(), "--list", "bl.list", "--list", "wl.list", "--list", "refuses.list")
    equal(
        [(one["list"], one["of"], one["subject"], one["state"], one["effect"]) for one in said["lists"] if one["state"] != "not-listed"],
        [
            ("bl.list", "client", "127.0.0.1", "listed", "counts"),
            ("wl.list", "client", "127.0.0.1", "listed", "counts"),
            ("refuses.list", "client", "127.0.0.1", "refused", "none"),
        ],
        "the lists",
    )  # fmt: skip
    contains(said["lists"][0]["text"], "you sent", "the words of the list")
    equal(said["lists"][0]["codes"], ["127.0.0.2"], "its codes")
    check("sender-listed" in said["action"]["evidence"], f"{said['action']}")
    equal((said["iprev"]["reason"], said["helo_name"]["finding"]), ("no-names", "no-name"), "the client")
    vouched = ask(by_list(w), "--trust-sealer", "List.Tower")
    equal(
        (vouched["action"]["action"], vouched["action"]["reason"], vouched["action"]["overrides"]),
        ("accept", "overridden", [{"type": "local_policy", "comment": "arc=pass as[1].d=list.tower as[1].s=arc"}]),
        "what is done",
    )
    trust = vouched["arc"]["trust"]
    equal(
        (trust["trusted"], trust["reason"], trust["instance"], trust["sealer"], trust["reported"]),
        (True, "sealer-vouches", 1, "list.tower", "pass"),
        "arc.trust",
    )
    equal(ask(by_list(w))["arc"]["trust"]["reason"], "sealer-unknown", "without the option")
    config = w.folder / "chappe.toml"
    config.write_text(
        '[server]\nhostname = "mx.one.tower"\ndata_dir = "data"\n[[listen]]\nrole = "mx"\n'
        '[[mx.dns_list]]\nzone = "wl.list"\nname = "good"\nkind = "allow"\n'
        '[[mx.dns_list]]\nzone = "bl.list"\nname = "bad"\naction = "reject"\n'
    )
    said = ask(w.sign(letter()), "--list", "bad", "--config", config)
    equal((said["action"]["action"], said["action"]["reason"]), ("reject", "sender-listed"), "as the configuration has it")
    said = ask(w.sign(letter()), "--list", "bad", "--list", "good", "--config", config)
    equal((said["action"]["action"], said["lists"][0]["effect"]), ("accept", "overridden"), "with the allow list")
    path = w.folder / "asked.eml"
    for lang, words in (
        ("en", ("block list bl.list: 127.0.0.1: It is in the list", "iprev permerror", "HELO stranger.tower:", "A trusted sealer saw")),
        ("fr", ("liste de blocage bl.list", "cela compte", "Un scelleur de confiance")),
    ):
        path.write_bytes(by_list(w))
        page = succeed(
            BINARY, "verify", path, "--ip", "127.0.0.1", "--helo", "stranger.tower", "--zone", w.zone, "--list", "bl.list",
            "--trust-sealer", "list.tower", "--lang", lang,
        ).decode()  # fmt: skip
        for part in words:
            contains(page, part, f"what people read, {lang}")
    # A list that nobody has is no list that does not hold the client.
    for wrong in (("--trust-sealer", "a b"), ("--list", "a..b"), ("--list", "bad zone"), ("--list", "bl"), ("--list", "bl.lits")):
        code, out, err = run(BINARY, "verify", path, "--ip", "127.0.0.1", "--zone", w.zone, *wrong)
        equal((code, out), (64, b""), f"{wrong}, {err}")


if __name__ == "__main__":
    suite.main(world)
