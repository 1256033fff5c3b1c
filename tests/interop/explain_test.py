#!/usr/bin/env python3
# timeout: 300
"""`chappe explain`: the way of a letter from the root, through zones with all kinds of trouble, in an Internet of its own."""

import contextlib
import json
import pathlib
import socket
import sys
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY, SLOW  # noqa: E402
from names import folder, nsd_serving, serving  # noqa: E402
from suite import Failure, Suite, check, equal, run  # noqa: E402
from town import Site, enter  # noqa: E402

enter()

suite = Suite()

ROOT, TLD, OCTO, PLAIN, BAD, TWO, MAIL = (f"127.0.0.{n}" for n in (10, 11, 12, 13, 14, 15, 2))
SILENT, ABSENT = "127.0.0.98", "127.0.0.99"


def zone_text(apex, server, more):
    return f"$ORIGIN {apex}\n$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 60\n@ NS ns\nns A {server}\n{more}"


class Internet:
    """A signed root and a signed TLD, and below it: octo.test., signed; plain.test. and others that are not (nsd); bad.test., whose
    DS is of another key; two.test., of whose servers one is silent and one does not exist; and worse."""

    def __init__(self, where, stack):
        self.where, self.stack = where, stack
        octo = self.serve(OCTO, ("octo.test.", f"""@ MX 10 mx
@ MX 20 second
@ TXT "v=spf1 mx -all"
@ TXT "something else"
_dmarc TXT "v=DMARC1; p=reject"
_mta-sts TXT "v=STSv1; id=1"
_25._tcp.mx TLSA 3 1 1 {"ab" * 32}
mx A {MAIL}
second A 127.0.0.3
alias MX 10 www
www CNAME mx
txt TXT "no mail"
"""))  # fmt: skip
        bad = self.serve(BAD, ("bad.test.", "@ MX 10 ns\n"))
        self.serve(TWO, ("two.test.", f"@ MX 10 ns\nabsent A {ABSENT}\nsilent A {SILENT}\n@ NS absent\n@ NS silent\n"), sign=False)
        names = [("plain", "@ MX 10 mail\nmail A 127.0.0.3\nmail AAAA ::1\n"), ("nomail", "@ MX 0 .\n"),
                 ("bare", "@ A 127.0.0.3\n"), ("glueless", "@ MX 10 mx.octo.test.\n"), ("homeless", "@ MX 10 nobody\n")]  # fmt: skip
        files = [(f"{name}.test", self.write(name, zone_text(f"{name}.test.", PLAIN, more))) for name, more in names]
        files.append(("out", self.write("out", zone_text("out.", PLAIN, f"h A {PLAIN}\n"))))
        stack.enter_context(nsd_serving(where, files, at=(PLAIN, 53)))
        silent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent.bind((SILENT, 53))
        cuts = "".join(f"{name} NS ns.{name}\nns.{name} A {PLAIN}\n" for name in ("plain", "nomail", "bare", "lame", "homeless"))
        cuts += f"octo NS ns.octo\nns.octo A {OCTO}\nocto DS {octo.zones['octo.test.']['ds']}\n"
        cuts += f"bad NS ns.bad\nns.bad A {BAD}\nbad DS {bad.zones['bad.test.']['ds'][:-4]}0000\n"
        cuts += f"two NS absent.two\ntwo NS silent.two\ntwo NS ns.two\nabsent.two A {ABSENT}\nsilent.two A {SILENT}\nns.two A {TWO}\n"
        cuts += f"gone NS ns.gone\nns.gone A {ABSENT}\n"
        cuts += "glueless NS h.out.\nleft NS ns.right\nright NS ns.left\n"
        tld = self.serve(TLD, ("test.", cuts))
        root = self.serve(ROOT, (".", f"test. NS ns.test.\nns.test. A {TLD}\nout. NS ns.out.\nns.out. A {PLAIN}\ntest. DS {tld.zones['test.']['ds']}\n"))
        self.write("hints", f". 3600000 NS ns.\nns. 3600000 A {ROOT}\n")
        self.write("anchor", f". IN DS {root.zones['.']['ds']}\n")

    def write(self, name, text):
        path = self.where / name
        path.write_text(text)
        return path

    def serve(self, address, *zones, sign=True):
        files = [self.write(f"zone-{name}", zone_text(name, address, more)) for name, more in zones]
        options = ["--sign", "nsec3"] if sign else []
        return self.stack.enter_context(serving(self.where, *files, listen=f"{address}:53", options=options))

    def run(self, address, *words, anchor=True):
        options = ["--root-hints", self.where / "hints"] + (["--anchor", self.where / "anchor"] if anchor else [])
        return run(BINARY, "explain", address, "--timeout", f"{30 * SLOW}s", *options, *words, timeout=40 * SLOW)

    def explain(self, address, *words, anchor=True):
        """The exit code, and what was said."""
        code, out, err = self.run(address, "--json", *words, anchor=anchor)
        if not out:
            raise Failure(f"explain {address}: exit {code}, {err.decode()}")
        return code, json.loads(out)

    def text(self, address, *words):
        code, out, err = self.run(address, *words)
        equal(err.decode(), "", "standard error")
        return " ".join(out.decode().replace("│", " ").split())


@contextlib.contextmanager
def internet():
    with folder() as where, contextlib.ExitStack() as servers:
        yield Internet(where, servers)


def said(walk):
    """Of each step: who was asked as a server of what, what it said, and what DNSSEC makes of it."""
    return [(step["zone"], step.get("address"), step["said"], step["dnssec"]) for step in walk["steps"]]


def holds(text, *parts):
    for part in parts:
        check(part in text, f"not said: {part!r} in\n{text}")


@suite.test("a signed domain, from the root to the host, field by field")
def _(net):
    code, got = net.explain("bob@octo.test")
    equal(code, 0, "the exit code")
    equal((got["address"], got["domain"], got["validating"]), ("bob@octo.test", "octo.test", True), "what is explained")
    equal(got["roots"], str(net.where / "hints"), "where it begins")
    mx, a, aaaa = got["walks"]
    equal([w["question"] for w in got["walks"]], ["octo.test. MX", "mx.octo.test. A", "mx.octo.test. AAAA"], "the walks")
    equal(said(mx), [(".", ROOT, "referral", "secure"), ("test.", TLD, "referral", "secure"), ("octo.test.", OCTO, "answer", "secure")],
          "the way to the MX")  # fmt: skip
    equal((mx["end"], mx["outcome"], mx["dnssec"], mx["ttl"]), ("answered", "answer", "secure", 300), "its end")
    equal([(r["type"], r["data"]) for r in mx["records"]], [("MX", "10 mx.octo.test."), ("MX", "20 second.octo.test.")], "the MX")
    first = mx["steps"][0]
    equal({key: first[key] for key in ("depth", "question", "server", "rcode", "authoritative", "transport", "ttl")},
          {"depth": 0, "question": "octo.test. MX", "server": "ns.", "rcode": "NOERROR", "authoritative": False, "transport": "udp", "ttl": 300},
          "the first step")  # fmt: skip
    check(first["octets"] > 12 and 0 < first["ms"] < 30_000, f"octets and time: {first}")
    equal(first["referral"], {"zone": "test.", "ds": True, "count": 1, "servers": [{"name": "ns.test.", "addresses": [TLD]}]}, "the referral")
    equal(mx["steps"][2]["authoritative"], True, "the last one has authority")
    equal(said(a), [("octo.test.", OCTO, "answer", "secure")], "the host's zone is known already")
    equal(said(aaaa), [("octo.test.", OCTO, "nodata", "secure")], "there is no IPv6")
    (end,) = got["route"]["ends"]
    equal((end["goes"], end["dnssec"]), ("hosts", "secure"), "where the letter goes")
    equal([(h["preference"], h["name"], h["addresses"]) for h in end["hosts"]],
          [(10, "mx.octo.test", [MAIL]), (20, "second.octo.test", ["127.0.0.3"])], "the hosts")  # fmt: skip
    pledges = {p["kind"]: (p["question"], p["found"], p["security"]) for p in got["pledges"]}
    equal(pledges, {
        "spf": ("octo.test. TXT", ["v=spf1 mx -all"], "secure"),
        "dmarc": ("_dmarc.octo.test. TXT", ["v=DMARC1; p=reject"], "secure"),
        "mta-sts": ("_mta-sts.octo.test. TXT", ["v=STSv1; id=1"], "secure"),
        "tlsa": ("_25._tcp.mx.octo.test. TLSA", ["3 1 1 " + "ab" * 32], "secure"),
    }, "what the domain publishes")  # fmt: skip
    equal((got["reverse"]["address"], got["reverse"]["names"]), (MAIL, []), "the address's name")
    check("contact" not in got, "nobody asked to connect")


@suite.test("a domain alone, an unsigned one, and no trust anchor")
def _(net):
    code, got = net.explain("Plain.Test")
    equal((code, got["domain"]), (0, "plain.test"), "a domain")
    equal(said(got["walks"][0]), [(".", ROOT, "referral", "secure"), ("test.", TLD, "referral", "proven_unsigned"),
                                  ("plain.test.", PLAIN, "answer", "insecure")], "signed as far as it is")  # fmt: skip
    equal(got["walks"][0]["dnssec"], "insecure", "the whole")
    equal(got["route"]["ends"][0]["hosts"][0]["addresses"], ["::1", "127.0.0.3"], "both families")
    code, got = net.explain("bob@octo.test", anchor=False)
    equal((code, got["validating"]), (0, False), "without an anchor")
    equal({step["dnssec"] for walk in got["walks"] for step in walk["steps"]}, {"unchecked"}, "nothing is checked")


@suite.test("what is forged is bogus, and the letter waits")
def _(net):
    code, got = net.explain("bob@bad.test")
    equal(code, 69, "the exit code")
    walk = got["walks"][0]
    equal(said(walk), [(".", ROOT, "referral", "secure"), ("test.", TLD, "referral", "secure"), ("bad.test.", BAD, "answer", "bogus")],
          "the answer is there, and is not to be used")  # fmt: skip
    check(walk["steps"][2]["dnssec_why"], "no reason is given")
    equal(got["route"]["ends"][0]["goes"], "later", "the letter")
    holds(net.text("bob@bad.test"), "DNSSEC: BOGUS, forged or broken; it must not be used:", "is tried again later: 451 4.4.3")


@suite.test("lame, dead and silent servers are named; living ones beside them are found")
def _(net):
    code, got = net.explain("bob@lame.test")
    equal(code, 69, "lame: the exit code")
    walk = got["walks"][0]
    equal((walk["end"], walk["outcome"]), ("nobody", "servfail"), "lame: the end")
    last = walk["steps"][-1]
    equal((last["address"], last["said"], last["flaw"], last["rcode"]), (PLAIN, "lame", "refused", "REFUSED"), "lame")
    holds(net.text("bob@lame.test"), "It is said to serve lame.test, but refuses to answer for it: a lame delegation.",
          "Here the walk ends: no name server is of use.")  # fmt: skip
    began = time.monotonic()
    code, got = net.explain("bob@two.test")
    equal(code, 0, "two: the exit code")
    steps = {step["address"]: step["said"] for step in got["walks"][0]["steps"][2:]}
    equal(steps[TWO], "answer", "the living one")
    equal({steps.get(ABSENT, "unreachable"), steps.get(SILENT, "timeout")}, {"unreachable", "timeout"}, "the others")
    check(len(steps) > 1 or list(steps) == [TWO], f"the steps: {steps}")
    check(time.monotonic() - began < 25 * SLOW, "it waits too long for the silent one")
    equal({s["address"] for s in got["walks"][1]["steps"]}, {TWO}, "the silent one is not asked again")
    code, got = net.explain("bob@gone.test")
    equal((code, said(got["walks"][0])[-1][:3]), (69, ("gone.test.", ABSENT, "unreachable")), "nobody is there")


@suite.test("no mail, no MX, no name, no host")
def _(net):
    for address, wanted, outcome in [("x@nomail.test", 67, "answer"), ("x@nothing.test", 67, "nxdomain"), ("x@homeless.test", 67, "answer"),
                                     ("x@bare.test", 0, "nodata"), ("x@txt.octo.test", 67, "nodata")]:  # fmt: skip
        code, got = net.explain(address)
        equal((code, got["walks"][0]["outcome"], got["walks"][0]["end"]), (wanted, outcome, "answered"), address)
    holds(net.text("x@nomail.test"), "goes back to its sender: 556 5.1.10")  # RFC 7505 §4
    holds(net.text("x@nothing.test"), "This server has test itself: there is no name nothing.test in it.",
          "DNSSEC: signed, and the signature holds.", "goes back to its sender: 550 5.1.2")  # fmt: skip
    _, got = net.explain("x@bare.test")
    equal((got["route"]["ends"][0]["implicit"], got["walks"][1]["question"]), (True, "bare.test. A"), "the domain is its own host")


@suite.test("aliases at the host, servers without glue, servers that lead to each other")
def _(net):
    code, got = net.explain("x@alias.octo.test")
    equal(code, 0, "an alias as the host")
    walk = got["walks"][1]
    equal((walk["question"], walk["canonical"], walk["chain"][0]["data"]), ("www.octo.test. A", "mx.octo.test.", "mx.octo.test."), "its walk")
    code, got = net.explain("x@glueless.test")
    equal(code, 0, "without glue")
    equal([(step["depth"], step["question"], step["said"]) for step in got["walks"][0]["steps"]],
          [(0, "glueless.test. MX", "referral"), (0, "glueless.test. MX", "referral"), (1, "h.out. A", "referral"),
           (1, "h.out. A", "answer"), (0, "glueless.test. MX", "answer")], "the walk within the walk")  # fmt: skip
    code, got = net.explain("x@left.test")
    equal((code, got["walks"][0]["end"]), (69, "nobody"), "a circle")
    check("circle" in [step.get("flaw") for step in got["walks"][0]["steps"]], "it does not say that it is a circle")


@suite.test("for people, in English and French")
def _(net):
    holds(net.text("bob@octo.test"), "How a letter to bob@octo.test finds its way", "signatures are checked.",
          "Who takes the mail of octo.test? (octo.test. MX)", f"├ the root: ns [{ROOT}]",
          "The root does not know octo.test, but it knows who answers for test: one name server, ns.test.",
          "DNSSEC: signed; test vouches for the key of octo.test.",
          "The servers of test do not have the records of octo.test, but they know who does: one name server, ns.octo.test.",
          "This server has octo.test itself: here is the answer.", "octo.test MX 10 mx.octo.test.", "This may be remembered for 300 s.",
          "Where is mx.octo.test? (mx.octo.test. A)", "goes to the first of these that answers (DNSSEC: secure)",
          f"MX 10 mx.octo.test {MAIL}", "SPF which hosts may send as this domain (RFC 7208) v=spf1 mx -all")  # fmt: skip
    french = net.text("bob@octo.test", "--lang", "fr")
    holds(french, "Comment une lettre pour bob@octo.test trouve son chemin", "Qui prend le courrier de octo.test ?",
          "La racine ne connaît pas octo.test, mais elle sait qui répond pour test : un serveur de noms, ns.test.",
          "DNSSEC : signé ; test garantit la clé de octo.test.", "Ce serveur a octo.test lui-même : voici la réponse.",
          "Cela peut être retenu pendant 300 s.", "va à la première de ces machines qui répond",
          "quelles machines peuvent envoyer en son nom (RFC 7208)")  # fmt: skip


@suite.test("--connect says what the host offers, and leaves no letter")
def _(net):
    town = types.SimpleNamespace(dns=f'root_hints = "{net.where}/hints"\n')
    with Site(town, "octo.test", MAIL, ["bob"], {}) as site:
        code, got = net.explain("bob@octo.test", "--connect")
        equal(code, 0, "the exit code")
        contact = got["contact"]
        equal((contact["host"], contact["address"]), ("mx.octo.test", MAIL), "who answered")
        check(contact["greeting"].startswith("220 mx.octo.test"), f"the greeting: {contact['greeting']}")
        check(contact["tls"].startswith("TLSv1.3 "), f"TLS: {contact['tls']}")
        check("PIPELINING" in contact["features"] and contact["features"][0].startswith("mx.octo.test"), f"{contact['features']}")
        certificate = contact["certificate"]
        equal((certificate["names"], certificate["covers_host"], certificate["self_signed"]), (["mx.octo.test", "localhost"], True, True),
              "the certificate")  # fmt: skip
        equal(json.loads(site.command("trail", "--json"))["letters"], [], "the letters")
        holds(net.text("octo.test", "--connect"), "What mx.octo.test says on port 25", "names this host")
    code, got = net.explain("bob@octo.test", "--connect")
    equal(code, 69, "nobody listens: the exit code")
    check(got["contact"]["error"], "nobody listens: no reason")
    code, got = net.explain("bob@[127.0.0.2]")
    equal((code, got["walks"], got["route"]["ends"][0]["hosts"][0]["name"]), (0, [], MAIL), "an address literal needs no DNS")


@suite.test("a zone text instead of the DNS, a configuration, and words that are no address")
def _(net):
    where = net.where
    zone = net.write("text", "$TTL 300\nocto.test. MX 5 a.octo.test.\na.octo.test. A 192.0.2.1\n")
    code, out, _ = run(BINARY, "explain", "bob@octo.test", "--zone", zone, "--json")
    got = json.loads(out)
    equal((code, got["walks"], got["route"]["ends"][0]["hosts"][0]["addresses"]), (0, [], ["192.0.2.1"]), "a zone text")
    config = net.write("chappe.toml", f'[server]\nhostname = "mx.one.test"\ndata_dir = "data"\n[[listen]]\nrole = "mx"\n'
                              f'[dns]\nroot_hints = "{where}/hints"\ntrust_anchor = "{where}/anchor"\nloopback_exchangers = true\n')  # fmt: skip
    code, out, err = run(BINARY, "explain", "bob@octo.test", "--config", config, "--json")
    equal((code, err), (0, b""), "a configuration")
    equal((json.loads(out)["walks"][0]["dnssec"], json.loads(out)["roots"]), ("secure", f"{where}/hints"), "its root and its anchor")
    for words in (["bob@"], ["@octo.test"], ["bob@octo..test"], ["octo test"], ["bob@octo.test", "--root-hints", "/nowhere"],
                  ["bob@octo.test", "--timeout", "x"], ["bob@octo.test", "--config", "/nowhere"]):  # fmt: skip
        code, out, err = run(BINARY, "explain", *words)
        check(code not in (0, 70) and err and not out, f"{words}: exit {code}, {out.decode()[:300]}, {err.decode()}")


suite.main(internet)
