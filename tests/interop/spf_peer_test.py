#!/usr/bin/env python3
# timeout: 300
"""SPF against pyspf: random records in random zones, with all mechanisms, includes, redirects and macros; both must come
to the same result. Where the two read the RFC differently on purpose, the case is left out by a rule that stands here.

$CHAPPE_CASES: how many (600; 100 with CHAPPE_SHORT).
"""

import json
import os
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from dkim_peers_test import HERE, Peer, has  # noqa: E402
from suite import SHORT, Skip, Suite, equal, seed, succeed  # noqa: E402

CASES = int(os.environ.get("CHAPPE_CASES") or (100 if SHORT else 600))
NAMES = [f"d{n}.example.com" for n in range(5)]

suite = Suite()


def address(source):
    return f"192.0.2.{source.randrange(8)}"


def domain_spec(source):
    return source.choice(
        [
            source.choice(NAMES),
            source.choice(NAMES),
            "nowhere.example.com",
            "%{d}",
            "%{d2}",
            "%{i}.ip.example.com",
            "%{ir}.ip.example.com",
            "%{l}.user.example.com",
            "%{l1r-}.user.example.com",
            "%{h}",
            "%{o}",
        ]
    )


def mechanism(source, others):
    qualifier = source.choice(["", "", "", "-", "~", "?", "+"])
    kind = source.randrange(9)
    if kind <= 1:
        return qualifier + f"ip4:{address(source)}" + source.choice(["", "/32", "/30", "/29"])
    if kind == 2:
        return qualifier + source.choice(["ip6:2001:db8::/32", "ip6:2001:db8::1"])
    if kind == 3:
        return qualifier + "a" + source.choice(["", ":" + domain_spec(source), "/30", ":" + source.choice(NAMES) + "/29"])
    if kind == 4:
        return qualifier + "mx" + source.choice(["", ":" + source.choice(NAMES), "/30"])
    if kind <= 6:
        return qualifier + "include:" + source.choice(others)
    if kind == 7:
        return qualifier + "exists:" + domain_spec(source)
    return qualifier + source.choice(["a:", "exists:"]) + domain_spec(source)


def record(source, owner):
    # pyspf finds a record that includes itself without coming to that term.
    others = [name for name in NAMES if name != owner]
    if source.random() < 0.04:
        return source.choice(["v=spf1 ip4:192.0.2", "v=spf1 a:", "v=spf1 all:x", "v=spf1 nonsense", "v=spf10 -all"])
    terms = [mechanism(source, others) for _ in range(source.randrange(0, 4))]
    end = source.randrange(4)
    if end == 0:
        terms.append("redirect=" + source.choice(others))
    elif end < 3:
        terms.append(source.choice(["-all", "~all", "?all"]))
    return " ".join(["v=spf1", *terms])


def zone(source):
    out = {}
    for name in NAMES:
        if source.random() < 0.9:
            out[f"{name} TXT"] = [[record(source, name)]]
        if source.random() < 0.06:
            # Two records that are the same are one (RFC 2181 §5).
            second = [record(source, name)]
            if second not in out.setdefault(f"{name} TXT", []):
                out[f"{name} TXT"].append(second)
        out[f"{name} A"] = [address(source) for _ in range(source.randrange(1, 3))]
        if source.random() < 0.6:
            out[f"{name} MX"] = [[10 * n, source.choice(NAMES)] for n in range(source.randrange(1, 3))]
    for name in ("2.2.0.192.ip.example.com", "192.0.2.3.ip.example.com", "alice.user.example.com"):
        out[f"{name} A"] = ["127.0.0.2"]
    return out


def as_text(rows):
    lines = []
    for key, data in rows.items():
        name, kind = key.split()
        for one in data:
            value = f'"{one[0]}"' if kind == "TXT" else f"{one[0]} {one[1]}." if kind == "MX" else one
            lines.append(f"{name}. 300 IN {kind} {value}")
    return "\n".join(lines) + "\n"


def differs_on_purpose(verdict):
    """What is void is counted in another way (RFC 7208 §4.6.4 leaves that open)."""
    return verdict["voids"] > 1


@suite.test("pyspf comes to the same result")
def _():
    if not has("/usr/bin/python3", "-c", "import spf"):
        raise Skip("pyspf (python3-spf) not installed")
    source = random.Random(seed())
    peer = Peer("pyspf", "/usr/bin/python3", HERE / "peers/pyspf_peer.py")
    left_out, results = 0, {}
    with tempfile.TemporaryDirectory(prefix="chappe-test-") as folder:
        path = pathlib.Path(folder) / "zone"
        for number in range(CASES):
            rows = zone(source)
            path.write_text(as_text(rows))
            ip, sender, helo = address(source), f"{source.choice(['alice', 'a-b'])}@{source.choice(NAMES)}", source.choice(NAMES)
            theirs = peer.do(ip=ip, helo=helo, zone=rows, **{"from": sender})
            ours = json.loads(succeed(BINARY, "spf", ip, sender, helo, "--zone", path, "--json"))["spf"]
            if differs_on_purpose(ours):
                left_out += 1
                continue
            equal(ours["result"], theirs, f"case {number}, {sender} from {ip}: {ours['text']}\n{as_text(rows)}\nresult")
            results[theirs] = results.get(theirs, 0) + 1
    peer.close()
    print(f"  {sum(results.values())} the same ({results}), {left_out} left out")


if __name__ == "__main__":
    suite.main()
