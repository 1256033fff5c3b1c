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
    deep = "a." * 100 + "example"
    said = asked("dmarc", deep)["dmarc"]
    check(len(said["questions"]) <= 10, "a name of a hundred labels costs more than a walk")


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
    equal(said["cv"], "fail", "cv")
    check(len(said["questions"]) <= 60, "it asks without end")


if __name__ == "__main__":
    check(BINARY.exists(), "the program is built")
    succeed(BINARY, "--version")
    suite.main()
