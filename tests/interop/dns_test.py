#!/usr/bin/env python3
"""The name server beside nsd and under delv, and the resolver in an Internet of its own (in a network namespace)."""
# timeout: 300

import contextlib
import json
import pathlib
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import dnswire  # noqa: E402
from chappe import BINARY, SLOW  # noqa: E402
from names import folder, free_port, nsd_serving, process, serving  # noqa: E402
from suite import SHORT, Failure, Skip, Suite, check, equal, needs, run, seed, succeed, wait_until  # noqa: E402

QUERIES = 4_000 if SHORT else 20_000

suite = Suite()


# ---- zones made up at random

LABELS = ["a", "b", "c", "mail", "www", "x", "deep", "Mixed", "_tcp"]


def made_up_zone(source, apex):
    """A zone with everything in it that a name server can get wrong; and the names that questions are made of."""
    rows = [f"$ORIGIN {apex}", "$TTL 300", "@ SOA ns1 hostmaster 1 7200 3600 1209600 60", "@ NS ns1", "@ NS ns.elsewhere.test.",
            "ns1 A 192.0.2.1", "@ MX 10 mail", '@ TXT "v=spf1 -all"', "@ CAA 0 issue \"ca.test\""]
    taken = {"", "ns1"}
    closed = []  # at and below these nothing more may be put: cuts and redirections
    for _ in range(120):
        name = ".".join(source.choice(LABELS) + str(source.choice(["", 1, 2])) for _ in range(source.randrange(1, 4)))
        low = name.lower()
        if low in taken or any(low == c or low.endswith("." + c) or c.endswith("." + low) for c in closed):
            continue
        kind = source.choices(["plain", "alias", "wild", "wild-alias", "cut", "signed-cut", "redirect"], [10, 3, 2, 1, 2, 2, 1])[0]
        if kind in ("cut", "signed-cut", "redirect") and any(t.endswith("." + low) for t in taken):
            continue
        if kind.startswith("wild"):
            name = "*." + name
            if name.lower() in taken:
                continue
        taken.add(name.lower())
        if kind in ("plain", "wild"):
            rows += source.sample([f"{name} A 192.0.2.{source.randrange(256)}", f"{name} AAAA 2001:db8::{source.randrange(9999)}",
                                   f"{name} MX 5 mail", f'{name} TXT "text of {name}"', f"{name} SRV 0 1 25 mail"],
                                  source.randrange(1, 4))
        elif kind.endswith("alias"):
            rows.append(f"{name} CNAME {source.choice(['mail', 'nowhere', 'www.b', 'outside.test.', 'x.deep.a'])}")
        elif kind == "redirect":
            rows.append(f"{name} DNAME {source.choice(['deep', 'outside.test.', 'a'])}")
            closed.append(low)
        else:
            rows += [f"{name} NS ns.{name}", f"ns.{name} A 198.51.100.{source.randrange(256)}", f"{name} NS ns1"]
            if kind == "signed-cut":
                rows.append(f"{name} DS 4711 13 2 {'ab' * 32}")
            closed.append(low)
    return "\n".join(rows) + "\n", sorted(taken)


def made_up_queries(source, apex, names, count):
    out = []
    for place in range(count):
        name = source.choice(names)
        change = source.random()
        if change < 0.25:
            name = source.choice(LABELS) + "." + name
        elif change < 0.3:
            name = "*." + name
        elif change < 0.4 and "." in name:
            name = name.split(".", 1)[1]
        elif change < 0.45:
            name = name + source.choice(LABELS)
        name = f"{name}.{apex}".strip(".").replace("..", ".")
        if source.random() < 0.2:
            name = "".join(c.upper() if source.random() < 0.5 else c for c in name)
        kind = source.choices(["A", "AAAA", "MX", "TXT", "NS", "SOA", "CNAME", "DS", "DNSKEY", "DNAME", "SRV", "NSEC", "CAA", "ANY",
                               "RRSIG"],
                              [8, 3, 4, 4, 3, 2, 2, 4, 1, 1, 1, 1, 1, 1, 1])[0]
        dnssec = source.random() < 0.6
        size = None if not dnssec and source.random() < 0.3 else source.choice([512, 1232, 4096])
        out.append((name, kind, dnssec, size, dnswire.query(place, name, kind, dnssec, size)))
    return out


def compare(question, ours, theirs):
    """What differs between two answers, as words; None if nothing does."""
    if ours is None or theirs is None:
        return f"no answer: ours {ours is not None}, nsd's {theirs is not None}"
    mine, other = dnswire.Answer(ours), dnswire.Answer(theirs)
    for part in ("rcode", "aa", "ra", "edns"):
        if getattr(mine, part) != getattr(other, part):
            return f"{part}: {getattr(mine, part)}, nsd {getattr(other, part)}"
    if mine.tc or other.tc:  # how much is left of a cut answer is everybody's own affair
        return None if mine.tc == other.tc or question[3] != 1232 else f"tc: {mine.tc}, nsd {other.tc}"
    if question[1] == "ANY":  # RFC 8482 §4.1: one set is enough, and any will do
        return None if bool(mine.answer) == bool(other.answer) else f"answer: {mine.answer}, nsd {other.answer}"
    for part in ("answer", "authority", "additional"):
        here, there = getattr(mine, part), getattr(other, part)
        # Outside of referrals the additional section is a courtesy, which we do not pay.
        if part == "additional" and mine.aa:
            continue
        # For a wildcard asked by its own name nsd proves more than RFC 5155 §7.2.3 asks for.
        if part == "authority" and question[0].startswith("*.") and all(row in there for row in here):
            continue
        # Where a DNAME leads, nsd proves too little, or what was not asked (RFC 4035 §3.1.3). live_test.cc has that case,
        # and delv below.
        if part == "authority" and any(row[1] == "DNAME" for row in mine.answer):
            continue
        if here != there:
            return f"{part}: only ours {[r for r in here if r not in there]}, only nsd's {[r for r in there if r not in here]}"
    return None


def compare_all(source, where, apex, zone_file, names):
    with serving(where, zone_file) as server, nsd_serving(where, [(apex, zone_file)]) as nsd:
        queries = made_up_queries(source, apex, names, QUERIES)
        octets = [q[-1] for q in queries]
        ours, theirs = dnswire.ask_all(server.at, octets), dnswire.ask_all(nsd, octets)
        differ = [(q[:4], why) for q, a, b in zip(queries, ours, theirs) if (why := compare(q, a, b))]
        for question, why in differ[:5]:
            print(f"  {question}: {why}"[:500])
        check(not differ, f"{len(differ)} of {len(queries)} answers are not nsd's")


@suite.test("an unsigned zone is answered as nsd does")
def _():
    source = random.Random(seed())
    with folder() as where:
        text, names = made_up_zone(source, "example.")
        (where / "plain.zone").write_text(text)
        compare_all(source, where, "example.", where / "plain.zone", names)


def ldns_signed(where, text, *options):
    """The zone signed by ldns-signzone, which is not the code that `dns serve --sign` runs, but the same library's."""
    needs("ldns-keygen", "ldns-signzone")
    (where / "plain.zone").write_text(text)
    key = succeed("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "example.", cwd=where).decode().strip()
    succeed("ldns-signzone", *options, "-f", "signed.zone", "plain.zone", key, cwd=where)
    return where / "signed.zone"


for title, signing in (("NSEC", ()), ("NSEC3", ("-n", "-t", "3", "-s", "aabb")), ("NSEC3 with opt-out", ("-n", "-p"))):

    @suite.test(f"a zone signed with {title} is answered as nsd does")
    def _(signing=signing):
        source = random.Random(seed())
        with folder() as where:
            text, names = made_up_zone(source, "example.")
            compare_all(source, where, "example.", ldns_signed(where, text, *signing), names)


# ---- validation by others

ZONE = """$ORIGIN example.
$TTL 300
@       SOA   ns1 hostmaster 7 7200 3600 1209600 60
@       NS    ns1
@       MX    10 mail
ns1     A     192.0.2.1
mail    A     192.0.2.2
www     CNAME mail
*.wild  TXT   "wild"
a.deep  A     192.0.2.4
old     DNAME new
x.new   A     192.0.2.5
*.new   TXT   "wild"
"""

# What delv says of each.
VALIDATED = [
    ("mail.example", "A", "fully validated"),
    ("example", "MX", "fully validated"),
    ("www.example", "A", "fully validated"),
    ("x.y.wild.example", "TXT", "fully validated"),
    ("x.old.example", "A", "fully validated"),
    ("y.old.example", "TXT", "fully validated"),
    ("z.y.old.example", "A", "fully validated"),
    ("mail.example", "MX", "negative response, fully validated"),
    ("deep.example", "A", "negative response, fully validated"),
    ("x.wild.example", "MX", "negative response, fully validated"),
    ("nothing.example", "A", "negative response, fully validated"),
    ("a.b.c.example", "A", "negative response, fully validated"),
]


for proof in ("nsec", "nsec3"):

    @suite.test(f"delv validates what is signed here with {proof}")
    def _(proof=proof):
        needs("delv")
        with folder() as where:
            (where / "zone").write_text(ZONE)
            with serving(where, where / "zone", options=["--sign", proof]) as server:
                tag, algorithm, kind, digest = server.zones["example."]["ds"].split()
                anchor = f'trust-anchors {{ "example." static-ds {tag} {algorithm} {kind} "{digest}"; }};\n'
                (where / "anchor").write_text(anchor)
                for name, kind, wanted in VALIDATED:
                    code, out, err = run("delv", f"@{server.at[0]}", "-p", server.at[1], "-a", where / "anchor",
                                         "+root=example", name, kind)  # fmt: skip
                    check(f"; {wanted}" in (out + err).decode(), f"{name} {kind} is not \"{wanted}\": {out} {err}")


@suite.test("drill and dig understand the answers")
def _():
    needs("drill", "dig")
    with folder() as where:
        (where / "zone").write_text(ZONE)
        with serving(where, where / "zone") as server:
            host, port = server.at
            out = succeed("drill", "-p", port, "www.example", f"@{host}", "A").decode()
            check(re.search(r"mail\.example\.\s+300\s+IN\s+A\s+192\.0\.2\.2", out), out)
            out = succeed("dig", f"@{host}", "-p", port, "+tcp", "+keepopen", "mail.example", "A", "x.wild.example", "TXT").decode()
            check("192.0.2.2" in out and '"wild"' in out, out)
            out = succeed("dig", f"@{host}", "-p", port, "example", "AXFR").decode()
            check("Transfer failed" in out or "REFUSED" in out, out)


@suite.test("zones are read anew, and bad ones do not take the place of good ones")
def _():
    with folder() as where:
        (where / "zone").write_text(ZONE)
        port = free_port()
        command = [BINARY, "dns", "serve", where / "zone", "--listen", f"127.0.0.1:{port}", "--json"]
        with process(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            at = ("127.0.0.1", port)

            def serial():
                answer = dnswire.ask_all(at, [dnswire.query(0, "example", "SOA")], patience=0.3)[0]
                return int(dnswire.Answer(answer).answer[0][3].split()[-1][:8], 16) if answer else None

            wait_until(lambda: serial() == 7, 20 * SLOW, "the start")
            (where / "zone").write_text(ZONE.replace("hostmaster 7", "hostmaster 8"))
            server.send_signal(1)
            wait_until(lambda: serial() == 8, 20 * SLOW, "the new zone")
            (where / "zone").write_text("nonsense\n")
            server.send_signal(1)
            time.sleep(0.3)
            equal(serial(), 8, "the serial after a zone file that cannot be read")
            equal(server.poll(), None, "the server's exit code")


# ---- an Internet of its own: this file runs itself in a namespace, where port 53 is real


def zone_text(apex, more, servers):
    return f"$ORIGIN {apex}\n$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 60\n@ NS ns\nns A {servers}\n{more}"


def inside(where):
    """A signed root, a TLD, and below it domains with all kinds of trouble. Prints the result of each question."""
    where = pathlib.Path(where)
    succeed("ip", "link", "set", "lo", "up")
    for last in range(1, 8):
        succeed("ip", "address", "add", f"10.53.0.{last}/32", "dev", "lo")

    def write(name, text):
        (where / name).write_text(text)
        return where / name

    leaf = "@ MX 10 mail\nmail A 192.0.2.1\nmail AAAA 2001:db8::1\nwww CNAME mail\n*.wild TXT wild\n"
    with contextlib.ExitStack() as stack:

        def serve(last, *zones, sign=True):
            options = ["--sign", "nsec3"] if sign else []
            return stack.enter_context(serving(where, *zones, listen=f"10.53.0.{last}:53", options=options))

        good = serve(3, write("good", zone_text("octo.test.", leaf, "10.53.0.3")))
        serve(4, write("plain", zone_text("plain.test.", leaf, "10.53.0.4")), sign=False)
        bad = serve(5, write("bad", zone_text("bad.test.", leaf, "10.53.0.5")))
        more = "".join(f"{name} NS ns.{name}\nns.{name} A 10.53.0.{last}\n"
                       for name, last in (("octo", 3), ("plain", 4), ("bad", 5), ("gone", 6), ("lame", 4)))  # fmt: skip
        more += f"octo DS {good.zones['octo.test.']['ds']}\n"
        more += f"bad DS {bad.zones['bad.test.']['ds'][:-4]}0000\n"
        tld = serve(2, write("tld", zone_text("test.", more, "10.53.0.2")))
        more = f"test. NS ns.test.\nns.test. A 10.53.0.2\ntest. DS {tld.zones['test.']['ds']}\n"
        root = serve(1, write("root", zone_text(".", more, "10.53.0.1")))
        hints = write("hints", ". 3600000 NS ns.\nns. 3600000 A 10.53.0.1\n")
        anchor = write("anchor", f". IN DS {root.zones['.']['ds']}\n")
        results = {}
        for name, kind in [("octo.test", "MX"), ("www.octo.test", "A"), ("x.wild.octo.test", "TXT"), ("octo.test", "TXT"),
                           ("nothing.octo.test", "A"), ("plain.test", "MX"), ("nothing.plain.test", "A"), ("bad.test", "MX"),
                           ("gone.test", "A"), ("lame.test", "A"), ("nothing.test", "A"), ("nothing", "A")]:  # fmt: skip
            code, out, err = run(BINARY, "dns", "query", name, kind, "--root-hints", hints, "--anchor", anchor,
                                 "--timeout", f"{2 * SLOW}s", "--json")  # fmt: skip
            answer = json.loads(out) if out else {"outcome": err.decode(), "security": ""}
            results[f"{name} {kind}"] = [answer["outcome"], answer["security"], code]
        asked = [line["question"] for server in (root, tld, good) for line in server.lines() if "question" in line]
        print(json.dumps({"results": results, "asked": asked}), flush=True)


WANTED = {
    "octo.test MX": ["answer", "secure", 0],
    "www.octo.test A": ["answer", "secure", 0],
    "x.wild.octo.test TXT": ["answer", "secure", 0],
    "octo.test TXT": ["nodata", "secure", 67],
    "nothing.octo.test A": ["nxdomain", "secure", 67],
    "plain.test MX": ["answer", "insecure", 0],
    "nothing.plain.test A": ["nxdomain", "insecure", 67],
    "bad.test MX": ["bogus", "indeterminate", 69],
    "gone.test A": ["timeout", "indeterminate", 75],
    "lame.test A": ["servfail", "indeterminate", 69],
    "nothing.test A": ["nxdomain", "secure", 67],
    "nothing A": ["nxdomain", "secure", 67],
}


@suite.test("from a root of our own, down to the letter's MX")
def _():
    needs("unshare", "ip")
    if run("unshare", "-Urn", "true")[0] != 0:
        raise Skip("no network namespaces here")
    with folder() as where:
        code, out, err = run("unshare", "-Urn", sys.executable, __file__, "--inside", where, timeout=200)
        if code != 0:
            raise Failure(f"inside the namespace: {err.decode()[-1500:]} {out.decode()[-500:]}")
        told = json.loads(out.decode().splitlines()[-1])
        equal(told["results"], WANTED, "what the resolver says")
        check("octo.test. MX" in told["asked"], f"the domain's server was not asked: {told['asked']}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2])
    else:
        suite.main()
