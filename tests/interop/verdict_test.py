#!/usr/bin/env python3
"""chappe verify, spf, dmarc and sign: the members that docs/formats/verdict.md promises, exit codes, and what people
read. The judges themselves are tested beside their code."""

import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from suite import Suite, check, contains, equal, run, succeed  # noqa: E402

LETTER = (
    "From: Alice <alice@bank.example>\nTo: bob@example.net\nSubject: accounts\n"
    "Date: Thu, 26 Nov 2026 06:00:00 +0000\nMessage-ID: <1@bank.example>\n\nAll is well.\n"
)

suite = Suite()


class Place:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="chappe-test-")
        self.path = pathlib.Path(self.folder.name)

    def __enter__(self):
        self.pem, self.seed, self.record = made_key(self.path, "ed25519-sha256")
        self.zone = self.path / "zone"
        self.zone.write_text(
            "$ORIGIN bank.example.\n"
            '@ 300 IN TXT "v=spf1 ip4:192.0.2.0/28 include:_spf.example.net -all"\n'
            '_dmarc 300 IN TXT "v=DMARC1; p=reject; sp=quarantine; np=reject"\n'
            f'mail._domainkey 300 IN TXT "{self.record}"\n'
            "www 300 IN A 192.0.2.1\n"
            '_dmarc.uk.com. 300 IN TXT "v=DMARC1; p=reject"\n'
            '_spf.example.net. 300 IN TXT "v=spf1 ip4:198.51.100.7 ?all"\n'
            'wide.example. 300 IN TXT "v=spf1 a include:mid.example exists:%{i}.x.example ?all"\n'
            "wide.example. 300 IN A 192.0.2.80\n"
            'mid.example. 300 IN TXT "v=spf1 include:gone.example mx -all"\n'
            "$SERVFAIL *.broken.example.\n$TIMEOUT late.example.\n"
            "$SERVFAIL lost._domainkey.bank.example.\n$SERVFAIL _dmarc.mute.example.\n"
        )
        self.letter = self.write("letter.eml", LETTER)
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def ask(self, *words, code=0):
        got, out, err = run(BINARY, *words, "--zone", self.zone, "--json")
        equal(got, code, f"the exit code of {words}, {err}")
        return json.loads(out)

    def signed(self, *options, letter=None, selector="mail"):
        return succeed(
            BINARY, "sign", letter or self.letter, "--domain", "bank.example", "--selector", selector,
            "--key", self.pem, *options,
        )  # fmt: skip


@suite.test("a letter that proves itself is accepted")
def _(place):
    path = place.write("signed.eml", place.signed())
    said = place.ask("verify", path, "--ip", "203.0.113.5", "--helo", "mail.x.example", "--from", "alice@bank.example")
    equal(said["spf"]["result"], "fail", "spf.result")
    (signature,) = said["dkim"]
    equal(
        {name: signature[name] for name in ("result", "domain", "selector", "reason")},
        {"result": "pass", "domain": "bank.example", "selector": "mail", "reason": "verified"},
        "dkim[0]",
    )
    equal(
        {name: said["dmarc"][name] for name in ("result", "policy", "domain", "disposition")},
        {"result": "pass", "policy": "reject", "domain": "bank.example", "disposition": "none"},
        "dmarc",
    )
    equal(said["action"]["action"], "accept", "action")
    check(said["dkim_questions"] and said["dmarc"]["questions"], "the questions are told")


@suite.test("a forged letter is refused, with the evidence")
def _(place):
    said = place.ask("verify", place.letter, "--ip", "203.0.113.5", "--from", "alice@bank.example")
    equal((said["dmarc"]["result"], said["dmarc"]["disposition"]), ("fail", "reject"), "dmarc")
    equal((said["action"]["action"], said["action"]["evidence"]), ("reject", ["no-indirect-flow"]), "action")
    forwarded = place.write("forwarded.eml", "Received: from a by b; Thu, 26 Nov 2026 06:00:00 +0000\n" + LETTER)
    said = place.ask("verify", forwarded, "--ip", "203.0.113.5", "--from", "alice@bank.example")
    equal(said["action"]["action"], "junk", "without other evidence, p=reject does not reject (RFC 9989 §5.4)")
    out = succeed(BINARY, "verify", place.letter, "--zone", place.zone, "--lang", "fr").decode()
    contains(out, "→ reject : ", "what people read")


@suite.test("an altered body, an altered field, a signature of nobody")
def _(place):
    signed = place.signed()
    body = place.write("body.eml", signed.replace(b"All is well.", b"All is lost."))
    (signature,) = place.ask("verify", body)["dkim"]
    equal((signature["result"], signature["reason"]), ("fail", "body-differs"), "the body")
    check(signature["body"]["signed"] != signature["body"]["found"], "both hashes are told")
    field = place.write("field.eml", signed.replace(b"accounts", b"account5"))
    (signature,) = place.ask("verify", field)["dkim"]
    equal((signature["result"], signature["reason"]), ("fail", "signature-differs"), "the subject")
    added = place.write("added.eml", b"Subject: another one\r\n" + signed)
    (signature,) = place.ask("verify", added)["dkim"]
    equal(signature["result"], "fail", "a second subject")
    unknown = place.write("unknown.eml", place.signed(selector="other"))
    (signature,) = place.ask("verify", unknown)["dkim"]
    equal((signature["result"], signature["reason"]), ("permerror", "key-missing"), "a key that is not there")
    equal(place.ask("verify", place.letter)["dkim"], [], "no signature")


@suite.test("what the DNS keeps back is no verdict, and exits with 75")
def _(place):
    lost = place.write("lost.eml", place.signed(selector="lost"))
    said = place.ask("verify", lost, code=75)
    equal((said["dkim"][0]["result"], said["dmarc"]["result"]), ("temperror", "temperror"), "results")
    equal(said["action"]["action"], "defer", "action")
    equal(place.ask("spf", "192.0.2.1", "a@x.broken.example", code=75)["spf"]["result"], "temperror", "SERVFAIL")
    equal(place.ask("spf", "192.0.2.1", "a@late.example", code=75)["spf"]["result"], "temperror", "no answer")
    equal(place.ask("dmarc", "x.broken.example", code=75)["dmarc"]["result"], "temperror", "dmarc")


@suite.test("spf tells the term that decides")
def _(place):
    said = place.ask("spf", "198.51.100.7", "alice@bank.example")["spf"]
    equal((said["result"], said["decided_at"], said["decided_by"]), ("pass", "bank.example", "include:_spf.example.net"), "spf")
    equal(said["evaluation"]["steps"][1]["inside"]["record"], "v=spf1 ip4:198.51.100.7 ?all", "what the include led to")
    equal(place.ask("spf", "192.0.2.15", "bank.example")["spf"]["identity"], "helo", "a name alone")
    null = place.ask("spf", "192.0.2.15", "<>", "bank.example")["spf"]
    equal((null["identity"], null["sender"]), ("helo", "postmaster@bank.example"), "the null sender")
    equal(run(BINARY, "spf", "192.0.2.1", "<>", "--zone", place.zone)[0], 64, "a null sender without HELO")
    equal(place.ask("spf", "192.0.2.1", "<alice@bank.example>")["spf"]["sender"], "alice@bank.example", "brackets")


@suite.test("what is no address is an error of usage, and no verdict")
def _(place):
    said = place.ask("verify", place.letter, "--ip", "192.0.2.1", "--from", "<alice@bank.example>")
    equal((said["spf"]["result"], said["spf"]["sender"]), ("pass", "alice@bank.example"), "brackets")
    said = place.ask("verify", place.letter, "--ip", "192.0.2.1", "--helo", "bank.example", "--from", "<>")
    equal((said["spf"]["result"], said["spf"]["sender"]), ("pass", "postmaster@bank.example"), "the null sender")
    for words in (
        ("spf", "1.2.3", "a@bank.example"),
        ("spf", "banana", "a@bank.example"),
        ("spf", "192.0.2.1", "a b@c d"),
        ("spf", "192.0.2.1", "a@bank..example"),
        ("verify", str(place.letter), "--ip", "banana"),
        ("verify", str(place.letter), "--ip", "192.0.2.1", "--from", "alice"),
        ("verify", str(place.letter), "--ip", "192.0.2.1", "--from", "Alice <alice@bank.example>"),
    ):
        code, out, err = run(BINARY, *words, "--zone", place.zone)
        equal((code, out), (64, b""), f"{words}, {err}")


@suite.test("spf lint draws the tree with what each branch costs, and says what is wrong")
def _(place):
    said = place.ask("spf", "lint", "wide.example")["spf"]
    equal((said["lookups"], said["limit"], said["state"]), (5, 10, "good"), "the whole")
    branches = {one["term"]: one for one in said["tree"]["branches"]}
    equal({term: one["lookups"] for term, one in branches.items()}, {"a": 1, "include:mid.example": 3, "exists:%{i}.x.example": 1, "?all": 0}, "costs")
    equal(branches["include:mid.example"]["inside"]["branches"][0]["inside"]["state"], "no-domain", "below")
    check(branches["exists:%{i}.x.example"]["varies"], "what depends on the letter")
    found = {one["finding"]: one for one in said["findings"]}
    check("include-broken" in found and "all-neutral" in found, f"{list(found)}")
    equal(found["all-neutral"]["domain"], "wide.example", "where")
    page = succeed(BINARY, "spf", "lint", "wide.example", "--zone", place.zone).decode()
    for line in (
        "├─ a  1 lookup, void for IPv6\n",
        "├─ include:mid.example  3 lookups\n",
        "│  ├─ include:gone.example  1 lookup, void, this domain does not exist\n",
        "│  ├─ mx  1 lookup, void\n",
        "│  └─ -all\n",
        "└─ ?all\n",
        "5 of 10 lookups; ",
    ):
        contains(page, line, "the tree")
    contains(succeed(BINARY, "spf", "lint", "wide.example", "--zone", place.zone, "--lang", "fr").decode(), "5 recherches sur 10", "in French")
    equal(place.ask("spf", "lint", "nowhere.example")["spf"]["state"], "no-domain", "no such domain")
    equal(place.ask("spf", "lint", "x.broken.example", code=75)["spf"]["state"], "failed", "SERVFAIL")
    equal(run(BINARY, "spf", "lint", "a b", "--zone", place.zone)[0], 64, "no domain")


@suite.test("dmarc advises who publishes the record")
def _(place):
    findings = [one["finding"] for one in place.ask("dmarc", "bank.example")["lint"]]
    equal(findings, ["rua-missing", "subdomains-weaker"], "lint")
    page = succeed(BINARY, "dmarc", "bank.example", "--zone", place.zone).decode()
    equal(len([line for line in page.splitlines() if line.startswith(("warn: ", "note: ", "danger: "))]), 2, f"{page}")
    equal(place.ask("dmarc", "elsewhere.example")["lint"], [], "no record")


@suite.test("dmarc warns where the Public Suffix List names another organization")
def _(place):
    said = place.ask("dmarc", "www.bank.example")["psl"]
    equal((said["organization"], said["tree_walk"], said["differs"]), ("bank.example", "bank.example", False), "they agree")
    check(said["list"] and "text" not in said, said)
    # uk.com is a registry by the list; nothing in the DNS says so.
    said = place.ask("dmarc", "mail.shop.uk.com")["psl"]
    equal((said["organization"], said["tree_walk"], said["choice"], said["differs"]), ("shop.uk.com", "uk.com", "fewest-labels", True), "they differ")
    for lang, words in (("en", "\nwarn: mail.shop.uk.com belongs to the organization uk.com "), ("fr", "relève de l'organisation uk.com ")):
        contains(succeed(BINARY, "dmarc", "mail.shop.uk.com", "--zone", place.zone, "--lang", lang).decode(), words, lang)
    check("Public Suffix" not in succeed(BINARY, "dmarc", "bank.example", "--zone", place.zone).decode(), "they agree")


@suite.test("dmarc finds the record that counts")
def _(place):
    for domain, tag, policy in (
        ("bank.example", "p", "reject"),
        ("www.bank.example", "sp", "quarantine"),
        ("nowhere.bank.example", "np", "reject"),
    ):
        said = place.ask("dmarc", domain)["dmarc"]
        equal((said["policy"], said["record"]["tag"]), (policy, tag), domain)
        equal(said["record"]["domain"], "bank.example", "where it stands")
    equal(place.ask("dmarc", "elsewhere.example")["dmarc"]["result"], "none", "no record")
    for lang, domain, head in (
        ("en", "bank.example", "DMARC policy of bank.example: p=reject, by the record at _dmarc.bank.example; a letter without proof would be refused if "),
        ("fr", "bank.example", "Politique DMARC de bank.example : p=reject, par l'enregistrement à _dmarc.bank.example ; une lettre sans preuve serait "),
        ("en", "www.bank.example", "DMARC policy of www.bank.example: sp=quarantine, by the record at _dmarc.bank.example; "),
        ("en", "elsewhere.example", "DMARC policy of elsewhere.example: none. "),
    ):
        page = succeed(BINARY, "dmarc", domain, "--zone", place.zone, "--lang", lang).decode()
        check(page.startswith(head) and "DMARC fail" not in page, page)
    said = place.ask("dmarc", "bank.example")["dmarc"]
    equal((said["result"], said["disposition"]), ("fail", "reject"), "of a letter without proof, as the format says")
    equal(run(BINARY, "dmarc", "a b", "--zone", place.zone)[0], 64, "no domain")


@suite.test("a From that can be read in two ways is decided before DMARC")
def _(place):
    two = place.write("two.eml", "From: eve@evil.example\n" + LETTER)
    said = place.ask("verify", two, "--ip", "192.0.2.1", "--from", "alice@bank.example")
    equal((said["from"]["class"], said["from"]["reason"]), ("ambiguous", "several-fields"), "from")
    equal((said["dmarc"]["result"], said["action"]["action"]), ("permerror", "reject"), "what comes of it")
    equal((said["dmarc"]["policy"], said["dmarc"]["disposition"]), ("", "none"), "what the domain wants: there is none")
    equal(said["dmarc_by_author"], [], "nobody is judged")
    none = place.write("none.eml", LETTER.replace("From:", "X-From:"))
    equal(place.ask("verify", none)["from"]["class"], "no-author", "no From")


@suite.test("what people read of letters without an author, a client or a sender is said once, and plainly")
def _(place):
    def page(name, text, *words):
        return succeed(BINARY, "verify", place.write(name, text), "--zone", place.zone, *words).decode()

    empty = page("empty.eml", LETTER.replace("Alice <alice@bank.example>", ""))
    check("\nFrom names nobody.\n" in empty and "From From" not in empty, empty)
    two = page("two.eml", "From: eve@evil.example\n" + LETTER)
    check("\nThere are several From fields.\n" in two, two)
    snow = page("snow.eml", LETTER.replace("alice@bank.example", "a@\u2603.example"))
    check(snow.startswith("→ reject: What follows the @ in From is no domain name, or ") and "IDNA" in snow, snow)
    check("Readers would differ" not in snow and snow.count("IDNA") == 1, snow)
    said = place.ask("verify", place.path / "snow.eml")
    equal((said["action"]["text"], said["from"]["reason"]), (said["from"]["text"], "domain-invalid"), "in JSON, too")
    nobody = page("nobody.eml", LETTER, "--ip", "192.0.2.1")
    check("postmaster@" not in nobody and "<>, and no HELO that names a host" in nobody, nobody)
    twice = place.write("once.eml", place.signed())
    twice = place.signed(letter=twice, selector="other")
    both = page("twice.eml", twice)
    for line in ("DKIM bank.example (s=mail) pass: ", "DKIM bank.example (s=other) permerror: "):
        contains(both, line, "which signature")
    place.zone.write_text(place.zone.read_text() + '_dmarc.old.example. 300 IN TXT "v=DMARC1; p=none; pct=0"\n')
    for lang, line in (("en", "removed from DMARC in 2026, and is ignored: pct=0\n"), ("fr", "elle est ignorée : pct=0\n")):
        contains(succeed(BINARY, "dmarc", "old.example", "--zone", place.zone, "--lang", lang).decode(), line, lang)


@suite.test("a letter that is handed on is sealed, and the seal holds")
def _(place):
    seal = (
        "seal", "--domain", "bank.example", "--selector", "mail", "--key", str(place.pem), "--authserv-id", "mx.bank.example",
        "--zone", str(place.zone),
    )  # fmt: skip
    first = place.write("first.eml", succeed(BINARY, *seal, place.write("s.eml", place.signed())))
    said = place.ask("verify", first)
    equal((said["arc"]["cv"], said["arc"]["reason"]), ("pass", "verified"), "one seal")
    contains(first.read_bytes().replace(b"\r\n ", b" "), b"dkim=pass", "what the seal tells")
    second = place.write("second.eml", succeed(BINARY, *seal, place.write("list.eml", b"List-Id: <l.example>\r\n" + first.read_bytes())))
    said = place.ask("verify", second)
    equal((said["arc"]["cv"], len(said["arc"]["sets"])), ("pass", 2), "two")
    broken = place.write("broken.eml", second.read_bytes().replace(b"All is well.", b"All is lost."))
    equal(place.ask("verify", broken)["arc"]["cv"], "fail", "changed since")
    third = place.write("third.eml", succeed(BINARY, *seal, broken))
    contains(third.read_bytes(), b"cv=fail", "it is sealed as broken")
    equal(succeed(BINARY, *seal, third), third.read_bytes(), "and once only")
    code, out, err = run(BINARY, *seal, "--at", "1960-01-01T00:00:00Z", first)
    equal((code, out), (65, b""), "a time that t= cannot say")
    contains(err.decode(), "1970", "why")
    equal(place.ask("verify", place.letter)["arc"]["cv"], "none", "no chain")


@suite.test("a seal has what its server found, as it was written, and nothing that came with the letter")
def _(place):
    def sealed(above):
        octets = succeed(
            BINARY, "seal", place.write("found.eml", above + LETTER), "--domain", "bank.example", "--selector", "mail", "--key",
            place.pem, "--authserv-id", "mx.bank.example", "--zone", place.zone,
        )  # fmt: skip
        path = place.write("sealed.eml", octets)
        equal(place.ask("verify", path)["arc"]["cv"], "pass", "the seal")
        return octets.replace(b"\r\n ", b" ").split(b"ARC-Authentication-Results: ")[1].split(b"\r\n")[0].decode()

    received = "Received: from x by mx.bank.example; Thu, 26 Nov 2026 06:00:00 +0000\n"
    ours = "Authentication-Results: mx.bank.example; spf=pass (ok; \\(truly)\n"
    forged = "Authentication-Results: mx.bank.example; dmarc=pass header.from=bank.example\n"
    equal(sealed(ours + received + forged), "i=1; mx.bank.example; spf=pass (ok; \\(truly)", "with a comment")
    said = sealed(received + forged)
    contains(said, "dmarc=fail", "what is found now")
    check("dmarc=pass" not in said, said)
    # Many signatures push nothing out of what is found now.
    contains(sealed("DKIM-Signature: x\n" * 200), "dmarc=fail", "below two hundred signatures")


@suite.test("of two author domains each has its verdict, and one of them governs")
def _(place):
    for authors in (["bank.example", "open.example"], ["open.example", "bank.example"]):
        both = place.write("both.eml", LETTER.replace("Alice <alice@bank.example>", ", ".join(f"a@{domain}" for domain in authors)))
        said = place.ask("verify", both, "--ip", "203.0.113.5", "--from", "alice@bank.example")
        equal(said["from"]["domains"], authors, "the authors")
        equal([one["domain"] for one in said["dmarc_by_author"]], authors, "in their order")
        verdicts = {one["domain"]: one for one in said["dmarc_by_author"]}
        equal({name: one["result"] for name, one in verdicts.items()}, {"bank.example": "fail", "open.example": "none"}, "each")
        equal(said["dmarc"], verdicts["bank.example"], "the one that governs")
    said = place.ask("verify", place.letter)
    equal(said["dmarc_by_author"], [said["dmarc"]], "of one")


@suite.test("where it is not known whether DMARC applies, that is said")
def _(place):
    letter = place.write("mute.eml", LETTER.replace("bank.example", "mute.example"))
    words = ("--ip", "203.0.113.5", "--from", "a@mute.example")
    said = place.ask("verify", letter, *words, code=75)["dmarc"]
    equal((said["result"], said["reason"]), ("temperror", "dns-error-policy"), "the verdict")
    equal([one["alignment"] for one in said["identifiers"]], ["policy-unknown"], "the alignment")
    page = run(BINARY, "verify", letter, *words, "--zone", place.zone)[1].decode()
    contains(page, "Nobody looked, since it could not be found out whether DMARC applies.", "the page")


@suite.test("seal and sign give their fields as arrays, and tell what they found")
def _(place):
    seal = ("seal", place.write("s.eml", place.signed()), "--domain", "bank.example", "--selector", "mail", "--key", str(place.pem),
            "--authserv-id", "mx.bank.example")  # fmt: skip
    said = place.ask(*seal)
    equal([field.split(":")[0] for field in said["fields"]], ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"], "fields")
    check(all(field.endswith("\r\n") for field in said["fields"]), said["fields"])
    equal((said["sealed"], said["instance"], said["cv"]), (True, 1, "none"), "the seal")
    equal((said["arc"]["cv"], said["arc"]["reason"], said["arc"]["sets"]), ("none", "no-sets", []), "what came")
    sign = ("sign", place.letter, "--domain", "bank.example", "--key", place.pem)
    said = place.ask(*sign, "--selector", "mail")
    equal((len(said["fields"]), said["dkim"][0]["result"], said["unfit"]), (1, "pass", False), "the key that stands there fits")
    said = place.ask(*sign, "--selector", "other")
    equal((said["dkim"][0]["reason"], said["dkim"][0]["rule"]), ("key-missing", "RFC 6376 §6.1.2"), "no key stands there")
    code, out, err = run(BINARY, *sign, "--selector", "other", "--zone", place.zone)
    check(code == 0 and out.startswith(b"DKIM-Signature: ") and b"(key-missing)" in err, err)
    check("dkim" not in json.loads(place.signed("--json")), "without --zone nobody is asked")


@suite.test("a rule has one form, whoever has it")
def _(place):
    rules = set()

    def gather(value):
        if isinstance(value, dict):
            if value.get("rule"):
                rules.add(value["rule"])
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                gather(one)

    path = place.write("signed.eml", place.signed())
    gather(place.ask("verify", path, "--ip", "203.0.113.5", "--helo", "mail.x.example", "--from", "alice@bank.example"))
    gather(place.ask("dmarc", "bank.example"))
    gather(place.ask("spf", "lint", "wide.example"))
    check(len(rules) > 5, rules)
    for rule in rules:
        check(re.fullmatch(r"RFC \d{4} §[\d.]+(, §[\d.]+)*", rule), rule)


@suite.test("ids of reasons are expanded, with who can do what")
def _(place):
    page = succeed(BINARY, "explain", "Reject-With-Evidence").decode()
    for line in ("Decision: ", "\n  The letter: ", "\n  Its sender: ", "\n  Here: ", "chappe policy set", "chappe know add"):
        contains(page, line, "in English")
    page = succeed(BINARY, "explain", "reject-with-evidence", "--lang", "fr").decode()
    for line in ("Décision : ", "\n  La lettre : ", "\n  L'expéditeur : ", "\n  Ici : "):
        contains(page, line, "in French")
    found = json.loads(succeed(BINARY, "explain", "body-differs", "--json", "--lang", "fr"))["reasons"]
    equal([one["subject"] for one in found], ["DKIM"], "of what")
    check(found[0]["rule"].startswith("RFC 6376") and found[0]["sender"].startswith("Signer "), found)
    for known in ("policy-none", "wide-network", "no-indirect-flow", "mailing_list", "overridden", "psd-yes", "softfail"):
        succeed(BINARY, "explain", known)
    for word, holds in (("reject", b"reject-with-evidence"), ("body-difers", b"body-differs"), ("com", b"no id"), ("5.7.1", b"RFC 3463")):
        code, out, err = run(BINARY, "explain", word)
        equal((code, out), (64, b""), word)
        contains(err, holds, word)


@suite.test("sign takes what it is told, and says what it cannot")
def _(place):
    at = ("--at", "2026-11-26T06:00:00Z")
    equal(place.signed(*at), place.signed(*at), "Ed25519, twice the same")
    for canon in ("simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed"):
        path = place.write("canon.eml", place.signed("--canon", canon))
        (signature,) = place.ask("verify", path)["dkim"]
        equal(signature["result"], "pass", canon)
        equal(signature["canonicalization"], canon if "/" in canon else canon + "/simple", "c=")
    seed = succeed(BINARY, "sign", place.letter, "--domain", "bank.example", "--selector", "mail", "--key", place.seed, *at)
    equal(seed, place.signed(*at), "the key as 32 octets")
    listed = json.loads(place.signed("--headers", "from:subject:from", "--json"))["fields"][0]
    contains(listed.replace("\r\n ", ""), "h=from:from:subject", "h=")
    for wrong in (
        ("--canon", "loose"),
        ("--headers", "subject"),
        ("--domain", "a b"),
        ("--selector", ""),
        ("--algorithm", "rsa-sha256"),
        ("--key", "/nonexistent"),
        ("--at", "tomorrow"),
        ("--at", "1969-12-31T23:59:59Z"),
        ("--identity", "bob@elsewhere.example"),
    ):
        code, out, err = run(
            BINARY, "sign", place.letter, "--domain", "bank.example", "--selector", "mail", "--key", place.pem, *wrong
        )
        check(code in (64, 65, 66) and not out and err, f"{wrong} ends with {code}: {err}")
    key = place.write("empty", "")
    equal(run(BINARY, "sign", place.letter, "--domain", "d.example", "--selector", "s", "--key", key)[0], 65, "no key")


if __name__ == "__main__":
    suite.main(Place)
