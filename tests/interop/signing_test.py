#!/usr/bin/env python3
# timeout: 200
"""Keys and what they sign: a letter that one of our people hands in is signed by each signing key of its domain, and
another site accepts it by that; states of keys are heard at once; keys of OpenDKIM are taken over."""

import contextlib
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from dkim_peers_test import made_key  # noqa: E402
from judging_test import results  # noqa: E402
from suite import Suite, check, contains, equal, run, wait_until  # noqa: E402
from town import Town, as_nobody, enter  # noqa: E402

enter()

suite = Suite()


def txt(record):
    return " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))


def base64_of(pem):
    """What stands between the first line of a PEM and its last."""
    return "".join(pathlib.Path(pem).read_text().splitlines()[1:-1])


class World:
    def received(self, client_octets):
        """The letter as bob has it."""
        with self.two.imap("bob") as box:
            before = box.counts()["MESSAGES"]
        self.one.submit("alice", ["bob@two.tower"], client_octets)

        def look():
            with self.two.imap("bob", readonly=True) as box:
                return list(box.letters().values())[-1] if box.counts()["MESSAGES"] > before else None

        return bytes(wait_until(look, 20, "the letter of bob"))

    def key(self, *words, code=0):
        got, out, err = run(*as_nobody(BINARY, "key", *words, "--json", "--config", self.one.config))
        equal(got, code, f"the exit code of key {words}, {err}")
        return json.loads(out) if out else {}


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as name:
        w = World()
        w.folder = pathlib.Path(name)
        w.folder.chmod(0o755)
        w.rsa = made_key(w.folder, "rsa-sha256")
        w.ed25519 = made_key(w.folder, "ed25519-sha256")
        for file in w.folder.iterdir():
            file.chmod(0o644)
        zone = (
            "one.tower. MX 10 mx.one.tower.\nmx.one.tower. A 127.0.0.2\n"
            "two.tower. MX 10 mx.two.tower.\nmx.two.tower. A 127.0.0.3\n"
            '_dmarc.one.tower. TXT "v=DMARC1; p=reject"\n'
            f"r._domainkey.one.tower. TXT {txt(w.rsa[2])}\ne._domainkey.one.tower. TXT {txt(w.ed25519[2])}\n"
        )
        with Town(zone) as w.town, w.town.site("one.tower", "127.0.0.2", ["alice"]) as w.one:
            # The first site is a stranger to the second.
            with w.town.site("two.tower", "127.0.0.3", ["bob"], server=['networks = ["127.0.0.3"]']) as w.two:
                yield w


LETTER = (
    b"From: Alice <alice@one.tower>\r\nTo: bob@two.tower\r\nSubject: signed\r\n"
    b"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@one.tower>\r\n\r\nAll is well.\r\n"
)


def signatures(octets):
    return octets.split(b"\r\n\r\n")[0].count(b"DKIM-Signature:")


@suite.test("each key that signs makes a signature, and the other site accepts the letter by it")
def _(w):
    w.one.submit("alice", ["bob@two.tower"], LETTER)

    def junk():
        with w.two.imap("bob", mailbox="Junk", readonly=True) as box:
            return list(box.letters().values()) if box.counts("Junk")["MESSAGES"] else None

    contains(results(bytes(wait_until(junk, 20, "the unsigned letter in Junk")[0])), "dmarc=fail", "unsigned")
    w.key("import", "one.tower", "--selector", "r", "--key", str(w.rsa[0]))
    got = w.received(LETTER)
    contains(results(got), "dkim=pass", "by RSA")
    contains(results(got), "dmarc=pass", "by RSA")
    equal(signatures(got), 1, "one key")
    check(got.endswith(LETTER), "the letter is changed")
    w.key("import", "one.tower", "--selector", "e", "--key", str(w.ed25519[0]))
    got = w.received(LETTER)
    equal((signatures(got), results(got).count("dkim=pass")), (2, 2), "two keys")
    without = w.received(LETTER.replace(b"Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@one.tower>\r\n", b""))
    equal(results(without).count("dkim=pass"), 2, "with what was added to it")
    large = w.received(LETTER + b"a line of a large letter, again and again and again\r\n" * 60_000)
    equal(results(large).count("dkim=pass"), 2, "a large letter")


@suite.test("what is mended at the door is signed as it was mended, 8-bit octets and long lines too")
def _(w):
    for odd in (b"bare\nline ends\n\n", "été \t\r\n".encode(), b"\xe9t\xe9\r\n", b"x" * 5_000 + b"\r\n",
                b".\r\n..\r\n\t \r\n\r\n\r\n"):  # fmt: skip
        got = w.received(LETTER.replace(b"All is well.\r\n", odd))
        check(b"\n" not in got.replace(b"\r\n", b""), f"a bare LF is left of {odd[:20]}")
        equal(results(got).count("dkim=pass"), signatures(got), f"signatures that hold, {odd[:20]}")
        check(signatures(got) > 0, "it is signed")


@suite.test("states of keys are heard at once, and a revoked key is gone")
def _(w):
    made = w.key("new", "one.tower", "--algorithm", "ed25519", "--selector", "new")["keys"][0]
    equal((made["state"], made["name"]), ("next", "new._domainkey.one.tower"), "a new key")
    equal(signatures(w.received(LETTER)), 2, "a new key does not sign")
    w.key("set", "one.tower", "r", "retiring")
    got = w.received(LETTER)
    equal(signatures(got), 1, "a retiring key does not sign")
    contains(got, b"s=e;", "which one does")
    w.key("set", "one.tower", "e", "revoked")
    w.key("set", "one.tower", "e", "signing", code=77)
    w.key("set", "one.tower", "r", "signing")
    contains(results(w.received(LETTER)), "dmarc=pass", "back again")
    states = {key["selector"]: key["state"] for key in w.key("list", "one.tower")["keys"]}
    equal(states, {"e": "revoked", "new": "next", "r": "signing"}, "the list")
    w.key("remove", "one.tower", "new")
    w.key("remove", "one.tower", "r", code=77)


@suite.test("what is to be published is told, with what stands there now")
def _(w):
    words = (BINARY, "dns", "records", "one.tower", "--config", w.one.config)
    code, out, err = run(*as_nobody(*words, "--json"))
    equal(code, 0, f"the exit code, {err}")
    told = {record["name"]: record for record in json.loads(out)["records"]}
    equal(told["r._domainkey.one.tower."]["now"], "same", "the key that is published")
    equal(told["e._domainkey.one.tower."]["now"], "other", "the key that is revoked and still published")
    equal(told["one.tower."]["now"], "absent", "SPF")
    equal((told["_dmarc.one.tower."]["now"], told["_dmarc.one.tower."]["text"]), ("same", "v=DMARC1; p=reject"), "DMARC")
    text = run(*as_nobody(*words))[1].decode()
    contains(text, "e._domainkey.one.tower. 3600 IN TXT \"v=DKIM1; k=ed25519; p=\"\n", "the zone file")
    contains(text, f"signs; the private key lies in {w.one.dir / 'store'}\n", "where a private key lies")
    contains(text, "revoked: revoked, without private key\n", "a key without one")


@suite.test("what the DNS has is not made worse by what is told of it")
def _(w):
    def told(zone, code, *words):
        file = w.folder / "records.zone"
        file.write_text(zone)
        file.chmod(0o644)
        # The folder of the data is enough, as it is for the keys.
        command = (BINARY, "dns", "records", "one.tower", "--data", w.one.dir, "--zone", file)
        got, out, err = run(*as_nobody(*command, *words))
        equal(got, code, f"the exit code of {zone!r}, {err}")
        text = out.decode()
        listed = json.loads(run(*as_nobody(*command, "--json"))[1])["records"]
        return text, {record["name"]: record for record in listed}

    text, records = told("$SERVFAIL one.tower.\n$SERVFAIL *.one.tower.\n", 75)
    check("IN TXT" not in text, f"a record is proposed where nobody knows what stands there: {text}")
    contains(text, "publish nothing here until it is", "what is not known")
    equal({(r["now"], r["text"]) for r in records.values()}, {("unknown", "")}, "what is not known")
    french = told("$SERVFAIL one.tower.\n", 75, "--lang", "fr")[0]
    contains(french, "n'y publiez rien d'ici là", "the same in French")

    text, records = told(
        'one.tower. TXT "v=spf1 mx -all"\none.tower. TXT "v=spf1 a -all"\n_dmarc.one.tower. TXT "v=DMARC1; p=foo"\n', 0
    )
    contains(text, "merge them into one\n;   v=spf1 mx -all\n;   v=spf1 a -all\n", "two records of SPF")
    contains(text, "what stands there is wrong", "a wrong record of DMARC")
    contains(text, "danger: The policy (p) is not none, quarantine or reject. (foo)", "what is wrong with it")
    check("one.tower. 3600 IN TXT \"v=spf1" not in text and "IN TXT \"v=DMARC1" not in text, f"another beside: {text}")
    equal((records["one.tower."]["now"], records["_dmarc.one.tower."]["now"]), ("several", "wrong"), "what stands there")
    contains([f["finding"] for f in records["_dmarc.one.tower."]["findings"]], "p-invalid", "the findings")

    text, records = told(
        "one.tower. SOA ns.one.tower. h.one.tower. 1 1 1 1 1\none.tower. NS ns.one.tower.\n"
        "_domainkey.one.tower. SOA ns.keys.test. h.keys.test. 1 1 1 1 1\n_domainkey.one.tower. NS ns.keys.test.\n",
        0,
    )
    contains(text, "; one.tower: in the zone one.tower., served by ns.one.tower\n", "the zone of the domain")
    contains(text, "._domainkey.one.tower: in the zone _domainkey.one.tower., served by ns.keys.test\n", "that of the keys")
    contains(text, "; _dmarc.one.tower: in the zone one.tower., served by ns.one.tower\n", "and back")
    equal(records["e._domainkey.one.tower."]["servers"], ["ns.keys.test"], "who serves it")


@suite.test("keys of OpenDKIM are taken over, and what cannot be is told")
def _(w):
    for name in ("KeyTable", "SigningTable"):
        (w.folder / name).write_text(
            f"one one.tower:od1:{w.rsa[0]}\ntwo one.tower:od2:{w.ed25519[0]}\nno nowhere.tower:x:{w.rsa[0]}\nbad line\n"
            # Keys that stand in the table itself: PKCS#1, PKCS#8, and one that is none.
            f"three one.tower:od3:{base64_of(w.rsa[0])}\nfour one.tower:od4:{base64_of(w.ed25519[0])}\n"
            f"five one.tower:od5:!{base64_of(w.ed25519[0])}\n"
            if name == "KeyTable"
            else "*@one.tower one\n\nbob@one.tower three\n"
        )
        (w.folder / name).chmod(0o644)
    said = w.key(
        "import", "--opendkim", str(w.folder / "KeyTable"), "--signing-table", str(w.folder / "SigningTable"), code=65
    )
    equal(said["imported"], [f"od{n}._domainkey.one.tower" for n in (1, 2, 3, 4)], "what is taken over")
    equal(len(said["refused"]), 4, f"what is not, {said['refused']}")
    check(base64_of(w.ed25519[0])[4:] not in str(said), "a private key is told")
    contains(" ".join(said["refused"]), "SigningTable:3: it signs for one address of one.tower", "the table of a flaw")
    states = {key["selector"]: key["state"] for key in w.key("list", "one.tower")["keys"]}
    equal([states[f"od{n}"] for n in (1, 2, 3, 4)], ["signing", "published", "signing", "published"], "their states")
    records = {key["selector"]: key["record"] for key in w.key("list", "one.tower")["keys"]}
    equal((records["od3"], records["od4"]), (w.rsa[2], w.ed25519[2]), "the keys that stood in the table")


if __name__ == "__main__":
    suite.main(world)
