#!/usr/bin/env python3
# timeout: 900
"""DKIM, ARC and Authentication-Results against programs of others: OpenDKIM as a milter, rspamd over HTTP, dkimpy and
authres as libraries. They verify what we sign and seal, and we verify what they do, over the generated letters of
dkim_peers_test.py; each reads the results that the other writes.

$CHAPPE_LETTERS: how many letters for each test (240; 48 with CHAPPE_SHORT).
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

import filters  # noqa: E402
from chappe import BINARY  # noqa: E402
from dkim_peers_test import CANONS, DOMAIN, HEADERS, HERE, Peer, changed, has, letter, made_key  # noqa: E402
from milter_test import INSIDE, OUTSIDE, PROBE, field, probe  # noqa: E402
from suite import SHORT, Skip, Suite, check, contains, equal, seed, succeed, wait_until  # noqa: E402

LETTERS = int(os.environ.get("CHAPPE_LETTERS") or (48 if SHORT else 240))
ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
RSPAMD_SIGNS = "relaxed/relaxed"  # it has no other form for signing
ENVELOPE = {"From": f"alice@{DOMAIN}", "Helo": f"mx.{DOMAIN}", "Rcpt": "bob@elsewhere.test"}
SERVER = f"mx.{DOMAIN}"  # as whom results are told

suite = Suite()


class World:
    def __init__(self, folder):
        self.folder = folder
        self.keys = {algorithm: made_key(folder, algorithm) for algorithm in ALGORITHMS}
        self.records = {f"{a[:3]}._domainkey.{DOMAIN}": record for a, (_, _, record) in self.keys.items()}
        self.zone = folder / "zone"
        with open(self.zone, "w") as zone:
            zone.write(f"{DOMAIN}. 300 IN SOA ns.{DOMAIN}. host.{DOMAIN}. 1 3600 600 86400 60\n")
            zone.write(f"{DOMAIN}. 300 IN NS ns.{DOMAIN}.\nns.{DOMAIN}. 300 IN A 127.0.0.1\n")
            zone.write(f'{DOMAIN}. 300 IN TXT "v=spf1 ip4:{OUTSIDE} -all"\n')
            zone.write(f'_dmarc.{DOMAIN}. 300 IN TXT "v=DMARC1; p=reject"\n')
            for name, record in self.records.items():
                parts = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
                zone.write(f"{name}. 300 IN TXT {parts}\n")

    def file(self, octets):
        path = self.folder / "letter.eml"
        path.write_bytes(octets)
        return path

    def sign(self, octets, algorithm, canon):
        return succeed(
            BINARY, "sign", self.file(octets), "--domain", DOMAIN, "--selector", algorithm[:3],
            "--key", self.keys[algorithm][0], "--canon", canon,
        )  # fmt: skip

    def seal(self, octets, algorithm="rsa-sha256", as_whom=SERVER):
        return succeed(
            BINARY, "seal", self.file(octets), "--domain", DOMAIN, "--selector", algorithm[:3],
            "--key", self.keys[algorithm][0], "--authserv-id", as_whom, "--zone", self.zone,
        )  # fmt: skip

    def verdict(self, octets):
        return json.loads(succeed(BINARY, "verify", self.file(octets), "--zone", self.zone, "--json"))

    def signed_letters(self, source, count, make=letter):
        """(algorithm, form, the letter signed by us), through all of the eight."""
        for number in range(count):
            algorithm, canon = ALGORITHMS[number % 2], CANONS[(number // 2) % 4]
            yield algorithm, canon, self.sign(make(source), algorithm, canon)

    def holds(self, signed, what):
        (verdict,) = self.verdict(signed)["dkim"]
        equal(verdict["result"], "pass", f"{what}, {verdict}, {signed}")

    @contextlib.contextmanager
    def opendkim(self, canon="simple/simple", algorithm="rsa-sha256"):
        """Signs for INSIDE, verifies for everybody else."""
        if not PROBE.exists():
            raise Skip(f"no {PROBE.name} is built")
        (self.folder / "inside").write_text(INSIDE + "\n")
        (self.folder / "keys").write_text("".join(f"{name} {record}\n" for name, record in self.records.items()))
        address = f"inet:127.0.0.1:{filters.free_port()}"
        with filters.opendkim(
            self.folder, address, Domain=DOMAIN, Selector=algorithm[:3], KeyFile=self.keys[algorithm][0], Mode="sv",
            SignatureAlgorithm=algorithm, InternalHosts=self.folder / "inside", Canonicalization=canon,
            TestPublicKeys=self.folder / "keys", AuthservID=SERVER, AlwaysAddARHeader="yes",
        ):  # fmt: skip
            yield address

    def told(self, address, letters, client):
        """What OpenDKIM makes of them."""
        opinions, _ = probe(self.folder, address, *(one.decode("latin-1") for one in letters), client=client)
        return opinions

    @contextlib.contextmanager
    def rspamd(self, algorithm="rsa-sha256"):
        """Verifies, and signs for INSIDE; seals everything with the RSA key, which is all that it can."""

        def signing(kind, key):
            return f"""
  enabled = true; sign_local = true; sign_inbound = true; sign_networks = ["{INSIDE}"]; allow_username_mismatch = true;
  use_domain = "header"; use_esld = false; use_redis = false;
  domain {{ {DOMAIN} {{ selector = "{kind[:3]}"; path = "{key}"; }} }}"""

        with self.name_server() as port:
            peer = filters.Rspamd(
                self.folder, 'worker "normal" {\n  bind_socket = "127.0.0.1:{port}";\n  count = 1;\n}',
                filters="dkim", nameserver=f"127.0.0.1:{port}",
                modules={
                    "spf": "enabled = true;",
                    "dkim_signing": signing(algorithm, self.keys[algorithm][1]),
                    "arc": signing("rsa-sha256", self.keys["rsa-sha256"][1]),
                    "dmarc": "enabled = true; reporting { enabled = false; }",
                    "milter_headers": 'use = ["authentication-results"]; skip_local = false;',
                },
            )  # fmt: skip
            with peer.running():
                yield peer

    @contextlib.contextmanager
    def name_server(self):
        port = filters.free_port()
        with open(self.folder / "dns.log", "wb") as log:
            process = subprocess.Popen(
                [BINARY, "dns", "serve", self.zone, "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log
            )
        try:
            wait_until(lambda: b"listening" in (self.folder / "dns.log").read_bytes(), 20, "the name server")
            yield port
        finally:
            process.terminate()
            process.wait()

    def dkimpy(self):
        if not has("/usr/bin/python3", "-c", "import authres, dkim, nacl"):
            raise Skip("python3-dkim, python3-nacl or python3-authres is not installed")
        return contextlib.closing(Peer("dkimpy", "/usr/bin/python3", HERE / "peers/dkimpy_peer.py"))


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as folder:
        yield World(pathlib.Path(folder))


def value(octets, name):
    """The value of the first field of that name, unfolded."""
    head = re.sub(rb"\r\n([ \t])", rb"\1", octets.partition(b"\r\n\r\n")[0])
    found = re.search(rb"(?:^|\r\n)" + name.encode() + rb":[ \t]*([^\r\n]*)", head, re.I)
    check(found, f"no {name} in {head}")
    return found[1].decode()


def as_field(name, text):
    """A field whose value came with line ends of either kind."""
    return f"{name}: ".encode() + text.replace("\r\n", "\n").replace("\n", "\r\n").encode() + b"\r\n"


def letter_for_rspamd(source):
    """A letter whose body has no blanks at the end of its last line: Debian's rspamd leaves them there now and then, or a
    line of them (its issue 5590), where RFC 6376 §3.4.4 and all others leave none."""
    while True:
        octets = letter(source)
        if not octets.rstrip(b"\r\n").endswith((b" ", b"\t")):
            return octets


# ---- DKIM


@suite.test("OpenDKIM verifies what we sign")
def _(w):
    source = random.Random(seed())
    letters = [signed for _, _, signed in w.signed_letters(source, LETTERS)]
    broken = [one for one in (changed(source, signed) for signed in letters[:40]) if one]
    with w.opendkim() as address:
        for number, opinion in enumerate(w.told(address, letters, OUTSIDE)):
            contains(field(opinion, "Authentication-Results")["value"], "dkim=pass", f"letter {number}, {letters[number]}")
        for opinion in w.told(address, broken, OUTSIDE):
            check("dkim=pass" not in field(opinion, "Authentication-Results")["value"], "it is changed")


def signed_by_opendkim(w, canon, algorithm, letters):
    with w.opendkim(canon, algorithm) as address:
        opinions = w.told(address, letters, INSIDE)
    for octets, opinion in zip(letters, opinions, strict=True):
        # The value has the blank in front, as the milter protocol gives it.
        text = field(opinion, "DKIM-Signature")["value"].replace("\r\n", "\n").replace("\n", "\r\n")
        signed = f"DKIM-Signature:{text}\r\n".encode() + octets
        contains(signed, f"c={canon}".encode(), "its form")
        contains(signed, f"a={algorithm}".encode(), "its algorithm")
        yield signed


@suite.test("we verify what OpenDKIM signs")
def _(w):
    source = random.Random(seed())
    for canon in CANONS:
        letters = [letter(source) for _ in range(LETTERS // 4)]
        for number, signed in enumerate(signed_by_opendkim(w, canon, "rsa-sha256", letters)):
            w.holds(signed, f"letter {number} ({canon})")
            broken = changed(source, signed)
            if broken and number % 10 == 0:
                (verdict,) = w.verdict(broken)["dkim"]
                check(verdict["result"] in ("fail", "permerror"), f"it is changed, {verdict}")


@suite.test("what OpenDKIM signs with Ed25519 is to us what it is to others")
def _(w):
    # Debian's OpenDKIM signs so that nobody can verify it, OpenDKIM neither.
    (signed,) = signed_by_opendkim(w, "relaxed/relaxed", "ed25519-sha256", [letter(random.Random(1))])
    with w.opendkim() as address:
        (opinion,) = w.told(address, [signed], OUTSIDE)
    itself = "dkim=pass" in field(opinion, "Authentication-Results")["value"]
    with w.dkimpy() as peer:
        equal(peer.do(do="verify", letter=str(w.file(signed)), keys=w.records), itself, "what dkimpy says")
    (verdict,) = w.verdict(signed)["dkim"]
    equal(verdict["result"] == "pass", itself, "what we say")


@suite.test("rspamd verifies what we sign")
def _(w):
    source = random.Random(seed())
    with w.rspamd() as peer:
        for number, (algorithm, canon, signed) in enumerate(w.signed_letters(source, LETTERS, letter_for_rspamd)):
            said = peer.scan(signed, Ip=OUTSIDE, **ENVELOPE)["symbols"]
            check("R_DKIM_ALLOW" in said, f"letter {number} ({algorithm}, {canon}): {list(said)} {signed}")
            check("R_SPF_ALLOW" in said and "DMARC_POLICY_ALLOW" in said, f"letter {number}: {list(said)}")
            broken = changed(source, signed)
            if broken and number % 10 == 0:
                check("R_DKIM_ALLOW" not in peer.scan(broken, Ip=OUTSIDE, **ENVELOPE)["symbols"], "it is changed")


@suite.test("we verify what rspamd signs")
def _(w):
    source = random.Random(seed())
    for algorithm in ALGORITHMS:
        with w.rspamd(algorithm) as peer:
            for number in range(LETTERS // 2):
                octets = letter_for_rspamd(source)
                said = peer.scan(octets, Ip=INSIDE, **ENVELOPE)
                check("dkim-signature" in said, f"it does not sign: {list(said['symbols'])}")
                signed = as_field("DKIM-Signature", said["dkim-signature"]) + octets
                contains(signed, f"a={algorithm}".encode(), "its algorithm")
                contains(signed, f"c={RSPAMD_SIGNS}".encode(), "its form")
                w.holds(signed, f"letter {number} ({algorithm})")


# ---- ARC


def sealers(w, peer):
    """How a letter with so many sets is sealed by us and by dkimpy, which wants to read what was found above it."""

    def ours(octets, sets):
        return w.seal(octets)

    def theirs(octets, sets):
        found = f"{SERVER}; {'arc=pass; ' if sets else ''}spf=pass smtp.mailfrom=alice@{DOMAIN}"
        octets = as_field("Authentication-Results", found) + re.sub(rb"(?m)^Authentication-Results:.*\n", b"", octets)
        made = peer.do(
            do="seal", letter=str(w.file(octets)), key=str(w.keys["rsa-sha256"][1]), domain=DOMAIN, selector="rsa",
            authserv_id=SERVER, headers=HEADERS,
        )  # fmt: skip
        return base64.b64decode(made, validate=True) + octets

    return ours, theirs


@suite.test("chains of ARC that we and dkimpy seal by turns hold for both")
def _(w):
    source = random.Random(seed())
    counts = {}
    with w.dkimpy() as peer:
        ours, theirs = sealers(w, peer)
        for number in range(min(LETTERS, 200)):
            octets, sets = letter(source), number % 5 + 1
            makers = [source.choice((ours, theirs)) for _ in range(sets)]
            for at, maker in enumerate(makers):
                octets = maker(octets, at)
                contains(octets, f"i={at + 1};".encode(), f"set {at + 1}")
            who = "".join("o" if maker is ours else "t" for maker in makers)
            said = peer.do(do="verify-chain", letter=str(w.file(octets)), keys=w.records)
            verdict = w.verdict(octets)["arc"]
            equal(said["cv"], "pass", f"dkimpy of letter {number} ({who}), {said}, {octets}")
            equal((verdict["cv"], len(verdict["sets"])), ("pass", sets), f"ours of letter {number} ({who}), {verdict}, {octets}")
            counts[sets] = counts.get(sets, 0) + 1
            broken = changed(source, octets)
            if broken and number % 5 == 0:
                equal(w.verdict(broken)["arc"]["cv"], "fail", "it is changed")
                said = peer.do(do="verify-chain", letter=str(w.file(broken)), keys=w.records)
                check(said["cv"] != "pass", f"it is changed, {said}")
    print("  letters by sets: " + ", ".join(f"{sets} {count}" for sets, count in sorted(counts.items())))


@suite.test("rspamd seals behind us and we behind it")
def _(w):
    source = random.Random(seed())
    with w.rspamd() as peer:
        for number in range(min(LETTERS, 120)):
            octets = w.sign(letter_for_rspamd(source), "rsa-sha256", RSPAMD_SIGNS)
            for at in range(number % 4 + 1):
                # The third set of Debian's rspamd is sealed wrong (its issue 4449).
                if at >= 2 or source.random() < 0.5:
                    octets = w.seal(octets)
                else:
                    made = peer.scan(octets, Ip=OUTSIDE, **ENVELOPE)["milter"]["add_headers"]
                    names = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")
                    octets = b"".join(as_field(name, made[name]["value"]) for name in names) + octets
                verdict = w.verdict(octets)["arc"]
                equal((verdict["cv"], len(verdict["sets"])), ("pass", at + 1), f"letter {number}, {verdict}, {octets}")
                said = peer.scan(octets, Ip=OUTSIDE, **ENVELOPE)["symbols"]
                check("ARC_ALLOW" in said, f"letter {number}: {list(said)} {octets}")


# ---- Authentication-Results


def sealed_results(w, octets, name):
    """What our reader finds in the field above the letter, by what our sealer writes of it; without the instance."""
    return value(w.seal(octets, as_whom=name), "ARC-Authentication-Results").partition(";")[2]


def read(w, peer, text):
    return peer.do(do="results", letter=str(w.file(text.encode())))


@suite.test("authres reads the results that we write")
def _(w):
    with w.dkimpy() as peer:
        signed = w.sign(letter(random.Random(1)), "rsa-sha256", RSPAMD_SIGNS)
        name, results = read(w, peer, sealed_results(w, signed, SERVER))
        equal(name, SERVER, "authserv-id")
        by_method = {method: (result, properties) for method, result, properties in results}
        equal(by_method["dkim"][0], "pass", "dkim")
        equal(by_method["dkim"][1]["header.d"], DOMAIN, "header.d")
        equal(by_method["dmarc"], ("pass", {"header.from": DOMAIN, "policy.dmarc": "reject"}), "dmarc")
        # Once more, with a chain.
        _, results = read(w, peer, sealed_results(w, w.seal(signed), SERVER))
        check(["arc", "pass"] in [one[:2] for one in results], results)


@suite.test("we read the results that OpenDKIM and rspamd write")
def _(w):
    source = random.Random(seed())
    with w.dkimpy() as reader:
        letters = [signed for _, _, signed in w.signed_letters(source, 16)]
        letters += [changed(source, w.sign(letter(source), "rsa-sha256", RSPAMD_SIGNS)) or letters[0], letter(source)]
        fields = []
        with w.opendkim() as address:
            for octets, opinion in zip(letters, w.told(address, letters, OUTSIDE), strict=True):
                fields.append((octets, field(opinion, "Authentication-Results")["value"].strip()))
        with w.rspamd() as peer:
            for octets in letters:
                made = peer.scan(octets, Ip=OUTSIDE, **ENVELOPE)["milter"]["add_headers"]
                fields.append((octets, made["Authentication-Results"]["value"]))
        for octets, text in fields:
            unfolded = " ".join(text.split())
            theirs = read(w, reader, unfolded)
            check(isinstance(theirs, list), f"authres does not read {unfolded}: {theirs}")
            ours = read(w, reader, sealed_results(w, as_field("Authentication-Results", text) + octets, theirs[0]))
            equal(ours, theirs, f"what we read in {unfolded}")


if __name__ == "__main__":
    suite.main(world)
