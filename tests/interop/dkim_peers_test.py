#!/usr/bin/env python3
# timeout: 600
"""DKIM against others: dkimpy and Mail::DKIM verify what we sign, and we verify what they sign, for all four pairs of
canonicalisation, RSA and Ed25519 (which Mail::DKIM may not have), over generated letters with folds, 8-bit octets, long
lines, empty bodies, bodies without a last line end, blanks where nobody wants them. An octet that is changed breaks
each of them.

$CHAPPE_LETTERS: how many letters (1000; 120 with CHAPPE_SHORT).
"""

import base64
import contextlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from suite import SHORT, Skip, Suite, check, equal, run, seed, succeed  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
LETTERS = int(os.environ.get("CHAPPE_LETTERS") or (120 if SHORT else 1000))
CANONS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
DOMAIN = "example.org"
# Of those that are there; what is shown and what the body is read by.
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]

suite = Suite()


class Peer:
    """A program of peers/ that does jobs."""

    def __init__(self, name, *command):
        self.name = name
        self.process = subprocess.Popen(
            [*command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def do(self, **job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        check(line, f"{self.name} has ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def has(*command):
    return run(*command)[0] == 0


def made_key(folder, algorithm):
    """The file of a private key for us and one for dkimpy, and what its record says."""
    pem = folder / f"{algorithm}.pem"
    if algorithm == "rsa-sha256":
        succeed("openssl", "genrsa", "-traditional", "-out", pem, "2048")
        public = succeed("openssl", "rsa", "-in", pem, "-pubout", "-outform", "DER")
        return pem, pem, "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    succeed("openssl", "genpkey", "-algorithm", "ed25519", "-out", pem)
    private = succeed("openssl", "pkey", "-in", pem, "-outform", "DER")
    public = succeed("openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER")
    seed_file = folder / f"{algorithm}.seed"
    seed_file.write_bytes(base64.b64encode(private[-32:]))
    return pem, seed_file, "v=DKIM1; k=ed25519; p=" + base64.b64encode(public[-32:]).decode()


class World:
    def __init__(self, folder):
        self.folder = folder
        self.keys = {a: made_key(folder, a) for a in ("rsa-sha256", "ed25519-sha256")}
        self.records = {f"{a[:3]}._domainkey.{DOMAIN}": record for a, (_, _, record) in self.keys.items()}
        self.zone = folder / "zone"
        with open(self.zone, "w") as zone:
            for name, record in self.records.items():
                parts = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
                zone.write(f"{name}. 300 IN TXT {parts}\n")
        self.peers = []

    def start_peers(self):
        if has("/usr/bin/python3", "-c", "import dkim, nacl"):
            self.peers.append((Peer("dkimpy", "/usr/bin/python3", HERE / "peers/dkimpy_peer.py"), True))
        if has("perl", "-MMail::DKIM", "-MNet::DNS", "-MJSON::PP", "-e1"):
            self.peers.append((Peer("Mail::DKIM", "perl", HERE / "peers/mail_dkim_peer.pl"), False))
        if not self.peers:
            raise Skip("neither dkimpy (python3-dkim, python3-nacl) nor Mail::DKIM (libmail-dkim-perl) is installed")

    def sign(self, letter, algorithm, canon):
        return succeed(
            BINARY, "sign", letter, "--domain", DOMAIN, "--selector", algorithm[:3], "--key", self.keys[algorithm][0],
            "--canon", canon,
        )  # fmt: skip

    def verdict(self, octets):
        path = self.folder / "to-verify.eml"
        path.write_bytes(octets)
        out = succeed(BINARY, "verify", path, "--zone", self.zone, "--json")
        return json.loads(out)["dkim"]


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as folder:
        made = World(pathlib.Path(folder))
        made.start_peers()
        try:
            yield made
        finally:
            for peer, _ in made.peers:
                peer.close()


WORDS = "telegraph tower signal lille paris mast arm evening fog reads sends returns again été élève".split()


def words(source, count):
    return " ".join(source.choice(WORDS) for _ in range(count))


def ascii_words(source, count):
    return words(source, count).encode("ascii", "ignore").decode()


def folded(source, text):
    """The text with folds at some of its blanks."""
    return "".join(
        source.choice(["\r\n ", "\r\n\t", "\r\n  "]) if c == " " and source.random() < 0.2 else c for c in text
    )


def header(source):
    blanks = source.choice(["", " ", "  ", "\t"])
    fields = [
        f"From:{blanks}{ascii_words(source, 2)} <alice@{DOMAIN}>",
        f"To: {folded(source, ', '.join(f'p{n}@elsewhere.test' for n in range(source.randrange(1, 30))))}",
        f"{source.choice(['Subject', 'SUBJECT', 'subject'])}: {folded(source, ascii_words(source, source.randrange(1, 25)))}",
        "Date: Thu, 26 Nov 2026 06:00:00 +0000",
        f"Message-ID: <{source.getrandbits(64):x}@{DOMAIN}>",
        "MIME-Version: 1.0",
        'Content-Type: text/plain;\r\n\tcharset="utf-8"',
        f"X-Trailing: blanks {source.choice(['', ' ', '   ', chr(9)])}",
        "X-Empty:",
    ]
    source.shuffle(fields)
    return "\r\n".join(fields) + "\r\n"


def line(source):
    kind = source.randrange(8)
    if kind == 0:
        return ""
    if kind == 1:
        return source.choice([" ", "\t", "   \t "])
    if kind == 2:
        return words(source, source.randrange(150, 400))  # over 998 octets
    if kind == 3:
        return "  ".join(words(source, 2) for _ in range(4)) + source.choice(["", " ", "\t"])
    if kind == 4:
        return "." + words(source, 2)
    return words(source, source.randrange(1, 12))


def body(source):
    if source.random() < 0.06:
        return source.choice(["", "\r\n", "\r\n\r\n\r\n", " \r\n", "\t\r\n \r\n"])
    text = "\r\n".join(line(source) for _ in range(source.randrange(1, 40)))
    return text + source.choice(["\r\n", "\r\n", "\r\n", "\r\n\r\n\r\n", " \r\n\r\n"])


def letter(source):
    return (header(source) + "\r\n" + body(source)).encode()


def changed(source, octets):
    """With one octet of the body, or of the subject, another one."""
    subject = re.search(rb"\r\nsubject:", octets, re.I)
    at = subject.end() if subject and source.random() < 0.5 else octets.find(b"\r\n\r\n") + 4
    while at < len(octets) and not octets[at : at + 1].isalpha():
        at += 1
    if at >= len(octets):
        return None
    return octets[:at] + (b"Q" if octets[at : at + 1] != b"Q" else b"Z") + octets[at + 1 :]


def case(source, number):
    return ("rsa-sha256", "ed25519-sha256")[number % 2], CANONS[(number // 2) % 4], letter(source)


@suite.test("others verify what we sign")
def _(w):
    source = random.Random(seed())
    counts = {}
    for number in range(LETTERS):
        algorithm, canon, octets = case(source, number)
        path = w.folder / "letter.eml"
        path.write_bytes(octets)
        signed = w.sign(path, algorithm, canon)
        check(signed.endswith(octets), "the letter itself is another one")
        path.write_bytes(signed)
        for peer, ed25519 in w.peers:
            if algorithm == "ed25519-sha256" and not ed25519:
                continue
            answer = peer.do(do="verify", letter=str(path), keys=w.records)
            check(answer is True, f"letter {number} ({algorithm}, {canon}): {peer.name} says {answer!r}: {signed!r}")
            counts[peer.name] = counts.get(peer.name, 0) + 1
        broken = changed(source, signed)
        if broken and number % 10 == 0:
            path.write_bytes(broken)
            for peer, ed25519 in w.peers:
                if algorithm == "rsa-sha256" or ed25519:
                    check(peer.do(do="verify", letter=str(path), keys=w.records) is not True, "it is changed")
    print("  " + ", ".join(f"{name} {count}" for name, count in counts.items()))


@suite.test("we verify what others sign")
def _(w):
    source = random.Random(seed())
    counts = {}
    for number in range(LETTERS):
        algorithm, canon, octets = case(source, number)
        for peer, ed25519 in w.peers:
            if algorithm == "ed25519-sha256" and not ed25519:
                continue
            path = w.folder / "letter.eml"
            path.write_bytes(octets)
            field = peer.do(
                do="sign", letter=str(path), algorithm=algorithm, canon=canon, domain=DOMAIN,
                selector=algorithm[:3], key=str(w.keys[algorithm][1]), headers=HEADERS,
            )  # fmt: skip
            signed = base64.b64decode(field, validate=True) + octets
            (verdict,) = w.verdict(signed)
            equal(verdict["result"], "pass", f"letter {number} of {peer.name} ({algorithm}, {canon}), {verdict}, {signed}")
            counts[peer.name] = counts.get(peer.name, 0) + 1
            broken = changed(source, signed)
            if broken and number % 10 == 0:
                (verdict,) = w.verdict(broken)
                check(verdict["result"] in ("fail", "permerror"), f"it is changed, {verdict}")
    print("  " + ", ".join(f"{name} {count}" for name, count in counts.items()))


if __name__ == "__main__":
    suite.main(world)
