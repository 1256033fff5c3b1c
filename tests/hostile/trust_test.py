#!/usr/bin/env python3
# timeout: 200
"""Letters and zones that want the judges to work: thousands of signatures, tag lists of a megabyte, records of 64 KB,
includes that fan out, aliases in a circle, enormous keys, headers that are read in two ways. Each ends soon, in little
memory, with a reason that has a name."""

import base64
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY, SLOW  # noqa: E402
from suite import Suite, check, equal, succeed  # noqa: E402

SOON = 5 * SLOW  # seconds
MEMORY = 512 * 1024 * 1024  # octets of address space beyond what the program has anyhow
LETTER = b"From: a@bank.example\r\nSubject: x\r\n\r\nbody\r\n"

suite = Suite()


def asked(*words, letter=None, zone=""):
    """What the verb answers, with the seconds that it took."""
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        folder = pathlib.Path(name)
        (folder / "zone").write_text(zone)
        if letter is not None:
            (folder / "letter").write_bytes(letter)
            words = (*words, folder / "letter")
        began = time.monotonic()
        done = subprocess.run(
            [BINARY, *words, "--zone", folder / "zone", "--json"], capture_output=True, timeout=60 * SLOW,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)),
        )  # fmt: skip
        took = time.monotonic() - began
        check(done.returncode in (0, 75), f"{words[0]} ends with {done.returncode}: {done.stderr[-300:]}")
        check(took < SOON, f"{words[0]} took {took:.1f} s")
        return json.loads(done.stdout)


def signature(domain="bank.example", selector="s", more=""):
    zeros = base64.b64encode(bytes(32)).decode()
    return f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s={selector}; h=from; bh={zeros};{more} b={zeros}\r\n".encode()


@suite.test("10,000 signatures")
def _():
    said = asked("verify", letter=b"".join(signature(selector=f"s{n}") for n in range(5_000)) + LETTER)
    reasons = {one["reason"] for one in said["dkim"]}
    check("too-many-signatures" in reasons, reasons)
    check(len(said["dkim_questions"]) <= 10, "more keys are asked for than signatures verified")
    said = asked("verify", letter=b"".join(signature(selector=f"s{n}") for n in range(10_000)) + LETTER)
    check(len(said["dkim"]) >= 1000, "they are told")


@suite.test("tag lists of a megabyte")
def _():
    for more in ("x" * 900_000, " z=" + "a:b|" * 200_000 + ";", " x=1;" * 100_000, " =;" * 200_000, ";" * 800_000):
        said = asked("verify", letter=signature(more=" " + more) + LETTER)
        for one in said["dkim"]:
            check(one["result"] != "pass" and one["reason"], one)
    names = ":".join(f"x{n}" for n in range(100_000))
    said = asked("verify", letter=signature(more=f" h={names};") + LETTER)
    check(all(one["result"] != "pass" for one in said["dkim"]), "none holds")


@suite.test("records of 64 KB")
def _():
    long = " ".join('"' + "p" * 250 + '"' for _ in range(250))
    zone = f's._domainkey.bank.example. TXT "v=DKIM1; p=" {long}\n'
    (one,) = asked("verify", letter=signature() + LETTER, zone=zone)["dkim"]
    equal((one["result"], one["reason"]), ("permerror", "key-malformed"), "a key")
    terms = " ".join('"' + "ip4:192.0.2.1 " * 17 + '"' for _ in range(250))
    said = asked("spf", "198.51.100.1", "a@bank.example", zone=f'bank.example. TXT "v=spf1 " {terms} "-all"\n')["spf"]
    equal(said["result"], "fail", "SPF of 4,000 terms that ask nothing")
    tags = " ".join('"' + "x=y;" * 60 + '"' for _ in range(250))
    said = asked("dmarc", "bank.example", zone=f'_dmarc.bank.example. TXT "v=DMARC1;p=reject;" {tags}\n')["dmarc"]
    equal(said["policy"], "reject", "DMARC of 15,000 tags")


@suite.test("a key of 16,384 bits is not computed with")
def _():
    # The modulus is any odd number: nobody must try to use it.
    inner = bytes.fromhex("0282080a00") + b"\xff" * 2057 + bytes.fromhex("0203010001")
    der = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    text = "v=DKIM1; p=" + base64.b64encode(der).decode()
    parts = " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
    (one,) = asked("verify", letter=signature() + LETTER, zone=f"s._domainkey.bank.example. TXT {parts}\n")["dkim"]
    equal((one["result"], one["reason"]), ("permerror", "key-too-large"), "the key")


@suite.test("includes that fan out, and circles")
def _():
    zone = ""
    for level in range(12):
        for n in range(5):
            parts = " ".join(f"include:l{level + 1}n{k}.example" for k in range(5))
            zone += f'l{level}n{n}.example. TXT "v=spf1 {parts} -all"\n'
    said = asked("spf", "192.0.2.1", "a@l0n0.example", zone=zone)["spf"]
    equal((said["result"], said["reason"]), ("permerror", "too-many-lookups"), "fan")
    check(said["lookups"] <= 11, said["lookups"])
    said = asked("spf", "192.0.2.1", "a@c.example", zone='c.example. TXT "v=spf1 include:c.example -all"\n')["spf"]
    equal(said["result"], "permerror", "a record that includes itself")
    zone = "a.example. CNAME b.example.\nb.example. CNAME a.example.\n"
    equal(asked("spf", "192.0.2.1", "x@a.example", zone=zone)["spf"]["result"], "temperror", "aliases in a circle")


def ring(count, name="n{}.example."):
    """Aliases that lead around in a circle."""
    return "".join(f"{name.format(n)} CNAME {name.format((n + 1) % count)}\n" for n in range(count))


@suite.test("aliases in a circle, wherever a name is looked up")
def _():
    for count in (1, 2, 3, 100):
        zone = ring(count) + "bank.example. TXT \"v=spf1 a:n0.example mx:n0.example include:n0.example -all\"\n"
        said = asked("spf", "192.0.2.1", "x@n0.example", zone=zone)["spf"]
        equal((said["result"], said["reason"]), ("temperror", "lookup-failed"), f"SPF, {count} aliases")
        said = asked("spf", "192.0.2.1", "x@bank.example", zone=zone)["spf"]
        equal((said["result"], said["reason"]), ("temperror", "lookup-failed"), f"a term of SPF, {count} aliases")
        said = asked("dmarc", "bank.example", zone=ring(count, "n{}._dmarc.bank.example.")
                     + "_dmarc.bank.example. CNAME n0._dmarc.bank.example.\n")["dmarc"]  # fmt: skip
        equal((said["result"], said["reason"]), ("temperror", "dns-error-policy"), f"DMARC, {count} aliases")
        zone = ring(count) + "s._domainkey.bank.example. CNAME n0.example.\n"
        (one,) = asked("verify", letter=signature() + LETTER, zone=zone)["dkim"]
        equal((one["result"], one["reason"]), ("temperror", "key-unavailable"), f"DKIM, {count} aliases")
    # A chain that ends is followed, but not for ever.
    zone = "".join(f"n{n}.example. CNAME n{n + 1}.example.\n" for n in range(200)) + 'n200.example. TXT "v=spf1 +all"\n'
    equal(asked("spf", "192.0.2.1", "x@n0.example", zone=zone)["spf"]["result"], "temperror", "200 aliases")
    equal(asked("spf", "192.0.2.1", "x@n195.example", zone=zone)["spf"]["result"], "pass", "five aliases")


@suite.test("chains of redirect, of include and of both")
def _():
    for words, reason in (("redirect=n{}.example", "pass"), ("include:n{}.example ?all", "pass"),
                          ("include:n{0}.example redirect=n{0}.example", "pass")):  # fmt: skip
        zone = "".join(f'n{n}.example. TXT "v=spf1 {words.format(n + 1)}"\n' for n in range(500))
        zone += 'n500.example. TXT "v=spf1 +all"\n'
        said = asked("spf", "192.0.2.1", "a@n0.example", zone=zone)["spf"]
        equal((said["result"], said["reason"]), ("permerror", "too-many-lookups"), f"{words} 500 times")
        check(said["lookups"] <= 11, said["lookups"])
        said = asked("spf", "192.0.2.1", "a@n492.example", zone=zone)["spf"]
        equal(said["result"], reason, f"{words} eight times")


@suite.test("names of a hundred labels cost one walk each")
def _():
    deep = "a." * 100 + "bank.example"
    said = asked("dmarc", deep)["dmarc"]
    check(len(said["questions"]) <= 8, f"{len(said['questions'])} questions")
    # Signatures in such names have no walk of their own unless they hold.
    letter = b"".join(signature(domain=f"{n}." + deep) for n in range(200))
    letter += f"From: a@{deep}\r\nSubject: x\r\n\r\nbody\r\n".encode()
    zone = '_dmarc.bank.example. TXT "v=DMARC1; p=reject"\n'
    said = asked("verify", letter=letter, zone=zone)
    check(len(said["dkim_questions"]) <= 10, "keys")
    check(len(said["dmarc"]["questions"]) <= 8, f"{len(said['dmarc']['questions'])} questions")
    equal(said["dmarc"]["result"], "fail", "DMARC")
    # A name that is no name is asked about nowhere.
    said = asked("verify", letter=f"From: a@{'a.' * 200}example\r\n\r\nx\r\n".encode())
    equal(said["from"]["reason"], "domain-invalid", "a name that is too long")


@suite.test("headers that two parsers read differently")
def _():
    forms = [
        b"From: a@bank.example\r\nFrom: b@evil.example\r\n",
        b"From: a@bank.example, b@evil.example, c@other.example, d@x.example, e@y.example\r\n",
        b'From: "a@bank.example" <b@evil.example>, <c@bank.example\r\n',
        b"From: a@bank.example\0@evil.example\r\n",
        b"From: <@evil.example:a@bank.example>\r\n",
        b"From: a@bank.example (b@evil.example)(\r\n",
        b"From: =?utf-8?q?a=40evil.example?= <a@bank.example\r\n",
        b"From: " + b"(" * 100_000 + b"a@bank.example\r\n",
        b"From: " + b"<a@bank.example>," * 50_000 + b"\r\n",
        b"From: a@bank.example\r\nnot a field\r\nFrom: b@evil.example\r\n",
    ]
    for form in forms:
        said = asked("verify", letter=form + b"\r\nbody\r\n", zone='_dmarc.bank.example. TXT "v=DMARC1; p=reject"\n')
        check(said["action"]["action"] in ("reject", "junk"), f"{form[:60]}: {said['from']} {said['action']}")
        check(said["from"]["reason"], form[:60])


@suite.test("10,000 ARC sets, and sets that are no chain")
def _():
    fields = b"".join(
        f"ARC-Seal: i={n}; a=rsa-sha256; cv=pass; d=x.example; s=s; b=AAAA\r\n"
        f"ARC-Message-Signature: i={n}; a=rsa-sha256; d=x.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
        f"ARC-Authentication-Results: i={n}; x.example; none\r\n".encode()
        for n in range(3_000)
    )
    said = asked("verify", letter=fields + LETTER)["arc"]
    equal((said["cv"], said["reason"]), ("fail", "bad-field"), "no chain")
    equal(said["questions"], [], "what is asked for what is no chain")


def sets(count, domain):
    zeros = base64.b64encode(bytes(32)).decode()
    for n in range(count, 0, -1):
        d = domain.format(n)
        yield (
            f"ARC-Seal: i={n}; a=rsa-sha256; cv={'none' if n == 1 else 'pass'}; d={d}; s=s{n}; b=AAAA\r\n"
            f"ARC-Message-Signature: i={n}; a=rsa-sha256; d={d}; s=m{n}; h=from; bh={zeros}; b=AAAA\r\n"
            f"ARC-Authentication-Results: i={n}; {d}; none\r\n"
        ).encode()


@suite.test("a chain of fifty sets with a hundred keys")
def _():
    said = asked("verify", letter=b"".join(sets(50, "d{}.example")) + LETTER)["arc"]
    equal((said["cv"], said["reason"], said["questions"]), ("fail", "too-many-keys", []), "fifty")
    said = asked("verify", letter=b"".join(sets(15, "d{}.example")) + LETTER)["arc"]
    equal((said["cv"], said["at"], len(said["questions"])), ("fail", 15, 30), "fifteen")
    said = asked("verify", letter=b"".join(sets(51, "d{}.example")) + LETTER)["arc"]
    equal((said["cv"], said["reason"], said["questions"]), ("fail", "bad-field", []), "one more")
    huge = b"".join(sets(50, "d{}.example")).replace(b"; none", b"; none (" + b"x" * 20_000 + b")")
    equal(asked("verify", letter=huge + LETTER)["arc"]["cv"], "fail", "a chain of a megabyte")


if __name__ == "__main__":
    check(BINARY.exists(), "the program is built")
    succeed(BINARY, "--version")
    suite.main()
