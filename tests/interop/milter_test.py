#!/usr/bin/env python3
# timeout: 300
"""The milter client against milters that others wrote: OpenDKIM, which signs and verifies; rspamd's proxy; and a filter
on Sendmail's libmilter. The exchanger's part is played by a probe (src/agents/milter/probe_test.cc), which tells a
letter and writes down what the milter makes of it."""

import base64
import contextlib
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import filters  # noqa: E402
from chappe import BUILD  # noqa: E402
from dkim_peers_test import HERE, Peer, has  # noqa: E402
from filters import PEERS, free_port, running  # noqa: E402
from suite import Skip, Suite, check, contains, equal, shown, succeed  # noqa: E402

PROBE = BUILD / "src" / "chappe_agents_milter_test"
INSIDE, OUTSIDE = "192.0.2.1", "198.51.100.7"  # who hands letters in; nothing is sent there
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
LETTER = (
    "From: Alice <alice@example.org>\r\nTo: bob@example.org\r\nSubject:   blanks\t in  front\r\n  and a fold \r\n"
    "Date: Thu, 26 Nov 2026 07:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nX-Empty:\r\n\r\n"
    "Hello\r\n.\r\n\tblanks \r\n\r\n\r\n"
)

suite = Suite()


def probe(folder, address, *letters, client=INSIDE, sender="alice@example.org", to="b@example.org"):
    """What the milter makes of the letters, each in a session of its own; and the client's metrics."""
    files = []
    for number, letter in enumerate(letters):
        files.append(folder / f"{number}.eml")
        files[-1].write_bytes(letter.encode("latin-1"))
    answers = folder / "answers.json"
    answers.unlink(missing_ok=True)
    succeed(
        PROBE,
        "--gtest_also_run_disabled_tests",
        "--gtest_filter=MilterProbe.DISABLED_Tells",
        env={
            "CHAPPE_MILTER": address,
            "CHAPPE_MILTER_LETTERS": ":".join(str(f) for f in files),
            "CHAPPE_MILTER_CLIENT": client,
            "CHAPPE_MILTER_FROM": sender,
            "CHAPPE_MILTER_TO": to,
            "CHAPPE_MILTER_ANSWERS": str(answers),
        },
    )
    said = json.loads(answers.read_text())
    for opinion in said["letters"]:
        equal(opinion["failure"], "", "failure")
        equal(opinion["unheeded"], [], "what is left undone")
    return said["letters"], said["metrics"]


def connections(metrics, how):
    return int(re.search(rf'^chappe_milter_connections_total{{milter="probe",how="{how}"}} (\d+)$', metrics, re.M)[1])


def field(opinion, name):
    found = [f for f in opinion["fields"] if f["name"] == name]
    check(len(found) == 1, f"{len(found)} fields {name}: {shown(opinion)}")
    return found[0]


def with_field(letter, change):
    equal((change["kind"], change["place"]), ("insert", 0), "place")
    return f"{change['name']}:{change['value']}\r\n{letter}"


class World:
    def __init__(self, folder):
        self.folder = folder
        self.key = folder / "key.pem"
        succeed("openssl", "genrsa", "-traditional", "-out", self.key, "2048")
        public = succeed("openssl", "rsa", "-in", self.key, "-pubout", "-outform", "DER")
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()

    def opendkim(self, address, domain="example.org"):
        """Signs for INSIDE and who is logged in, verifies for everybody else; asks no name server."""
        (self.folder / "inside").write_text(INSIDE + "\n")
        (self.folder / "keys").write_text(f"s._domainkey.{domain} {self.record}\n")
        return filters.opendkim(
            self.folder, address, Domain=domain, Selector="s", AuthservID="filter.tower", KeyFile=self.key, Mode="sv",
            InternalHosts=self.folder / "inside", Canonicalization="simple/simple", TestPublicKeys=self.folder / "keys",
        )  # fmt: skip

    @contextlib.contextmanager
    def rspamd(self, test_patterns=False):
        """Its proxy, which scans by itself, without modules: what is left is what it is sure of."""
        worker = """worker "rspamd_proxy" {
  bind_socket = "127.0.0.1:{port}";
  milter = yes;
  timeout = 10s;
  count = 1;
  upstream "local" { default = yes; self_scan = yes; }
}"""
        with filters.Rspamd(self.folder, worker, test_patterns=test_patterns).running() as peer:
            yield f"inet:127.0.0.1:{peer.port}"

    @contextlib.contextmanager
    def libmilter(self):
        found = [*pathlib.Path("/usr/lib").glob("*/libmilter.so.1.0.1"), *PEERS.glob("*/usr/lib/*/libmilter.so.1.0.1")]
        if not found:
            raise Skip("no libmilter here")
        port = free_port()
        peer = HERE / "peers" / "libmilter_peer.py"
        command = [sys.executable, peer, found[0], f"inet:{port}@127.0.0.1"]
        address = f"inet:127.0.0.1:{port}"
        with running(self.folder, address, *command):
            yield address


@contextlib.contextmanager
def world():
    if not PROBE.exists():
        raise Skip(f"no {PROBE.name} in {BUILD.name}")
    with tempfile.TemporaryDirectory(prefix="chappe-milter-") as folder:
        yield World(pathlib.Path(folder))


@suite.test("OpenDKIM signs")
def _(w):
    with w.opendkim(f"inet:127.0.0.1:{free_port()}") as address:
        (opinion,), _ = probe(w.folder, address, LETTER)
    equal(opinion["action"], "accept", "action")
    contains(field(opinion, "DKIM-Signature")["value"], "d=example.org;")


@suite.test("what OpenDKIM signed is the letter, octet by octet")
def _(w):
    if not has("/usr/bin/python3", "-c", "import dkim"):
        raise Skip("python3-dkim not installed")
    with w.opendkim(f"inet:127.0.0.1:{free_port()}") as address:
        (opinion,), _ = probe(w.folder, address, LETTER)
    signed = with_field(LETTER, field(opinion, "DKIM-Signature"))
    contains(signed, "c=simple/simple")
    dkimpy = Peer("dkimpy", "/usr/bin/python3", HERE / "peers" / "dkimpy_peer.py")
    try:
        for letter, holds in ((signed, True), (signed.replace("  and", " and"), False)):
            file = w.folder / "signed.eml"
            file.write_bytes(letter.encode("latin-1"))
            job = {"do": "verify", "letter": str(file), "keys": {"s._domainkey.example.org": w.record}}
            equal(dkimpy.do(**job), holds, "what dkimpy says")
    finally:
        dkimpy.close()


@suite.test("OpenDKIM verifies, over a Unix-domain socket")
def _(w):
    with w.opendkim(f"unix:{w.folder}/opendkim.sock") as address:
        (opinion,), _ = probe(w.folder, address, LETTER)
        signed = with_field(LETTER, field(opinion, "DKIM-Signature"))
        (good, bad, none), _ = probe(
            w.folder, address, signed, signed.replace("Hello", "Hallo"), LETTER, client=OUTSIDE
        )
    contains(field(good, "Authentication-Results")["value"], "dkim=pass")
    contains(field(bad, "Authentication-Results")["value"], "dkim=fail")
    check(not any("dkim=pass" in f["value"] for f in none["fields"]), f"what is not signed passes: {shown(none)}")


@suite.test("rspamd refuses GTUBE and nothing else")
def _(w):
    with w.rspamd() as address:
        spam = LETTER + GTUBE + "\r\n"
        (first, second, third), _ = probe(w.folder, address, spam, LETTER, spam)
    for opinion in (first, third):
        equal((opinion["action"], opinion["at"], opinion["code"]), ("reject", "end", 554), "verdict")
        contains(opinion["text"], "Gtube")
    check(second["action"] in ("nothing", "accept"), f"a harmless letter: {shown(second)}")


@suite.test("libmilter hears several sessions over one connection")
def _(w):
    with w.libmilter() as address:
        opinions, metrics = probe(w.folder, address, LETTER, LETTER, LETTER)
    for opinion in opinions:
        equal(opinion["action"], "nothing", "action")
        equal(field(opinion, "X-Client")["value"], " " + INSIDE, "the macro that it asked for")
        equal(field(opinion, "X-Port")["value"], " none", "the macro that it did not ask for")
    equal(connections(metrics, "new"), 1, "new connections")
    equal(connections(metrics, "kept"), 2, "kept connections")


@suite.test("libmilter refuses a recipient")
def _(w):
    with w.libmilter() as address:
        opinions, metrics = probe(w.folder, address, LETTER, LETTER, to="nobody@example.org")
    for opinion in opinions:
        contains(opinion["refused"], "rcpt: 550 5.7.1")
    equal(connections(metrics, "kept"), 1, "kept connections, after a letter that was given up")


if __name__ == "__main__":
    suite.main(world)
