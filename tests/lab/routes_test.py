#!/usr/bin/env python3
# timeout: 300
"""The ways of letters between sites: what the DNS says, signed or not or forged, hosts that are down, addresses that lead
nowhere."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import lab  # noqa: E402
import letters  # noqa: E402
from chappe import SLOW  # noqa: E402
from suite import Suite, check, contains, equal, wait_until  # noqa: E402

lab.enter()

ONE, ONE_SIX = "192.0.2.11", "2001:db8::11"
TWO, TWO_SIX = "192.0.2.12", "2001:db8::12"
NOBODY, NOBODY_SIX = "192.0.2.99", "2001:db8::99"  # no host has them: what is sent there gets no answer
CLOSED = "198.51.100.1"  # a host where nobody listens at port 25
DOMAINS = {
    # domain: what the zone says of it
    "two.lab": f"@ MX 10 mx\nmx A {TWO}\n",
    "six.lab": f"@ MX 10 mx\nmx AAAA {TWO_SIX}\n",
    "dual.lab": f"@ MX 10 mx\nmx AAAA {NOBODY_SIX}\nmx A {TWO}\n",
    "backup.lab": f"@ MX 10 first\n@ MX 20 second\nfirst A {CLOSED}\nsecond A {TWO}\n",
    "silent.lab": f"@ MX 10 first\n@ MX 20 second\nfirst A {NOBODY}\nsecond A {TWO}\n",
    "bare.lab": f"@ A {TWO}\n",
    "unsigned.lab": f"@ MX 10 mx\nmx A {TWO}\n",
    "forged.lab": f"@ MX 10 mx\nmx A {TWO}\n",
}
ZONES = DOMAINS | {
    "one.lab": f"@ MX 10 mx\nmx A {ONE}\n",
    "null.lab": f"@ MX 0 .\n@ A {TWO}\n",
    "self.lab": "@ MX 10 mx.one.lab.\n",
    "before.lab": "@ MX 10 mx.two.lab.\n@ MX 20 mx.one.lab.\n",
    "us.lab": f"@ MX 10 mx\nmx A {ONE}\n",
}

suite = Suite()


class Sites:
    def __enter__(self):
        self.wire = lab.Lab(ZONES, unsigned={"unsigned.lab"}, bogus={"forged.lab"})
        self.wire.__enter__()
        try:
            self.one = self.wire.site("one.lab", ONE, ["alice"], also=[ONE_SIX]).__enter__()
            self.two = self.wire.site("two.lab", TWO, ["bob"], also=[TWO_SIX]).__enter__()
            for domain in [*DOMAINS, "before.lab"]:
                if domain != "two.lab":
                    self.two.command("domain", "add", domain)
                    self.two.command("alias", "add", f"bob@{domain}", "bob@two.lab")
            return self
        except BaseException:
            self.wire.__exit__()
            raise

    def __exit__(self, *how):
        self.two.__exit__(*how)
        self.one.__exit__(*how)
        self.wire.__exit__(*how)


def arrives(sites, domain, patience=20):
    """Sends a letter there; (the last step of its trail, the seconds from its submission to its delivery)."""
    octets = letters.letter(f"to-{domain}", 500, to=f"bob@{domain}", sender="alice@one.lab")
    began = time.monotonic()
    letter = sites.one.submit("alice", [f"bob@{domain}"], octets)
    last = sites.one.followed(letter, patience=patience)["steps"][-1]
    took = time.monotonic() - began
    check(sites.two.received("bob", f"to-{domain}").endswith(octets), "the letter came changed")
    equal(last["event"], "delivered", "its last step")
    return last, took


def dnssec(sites, domain):
    """What the sender's resolver thinks of the domain's MX."""
    return json.loads(sites.one.command("route", f"bob@{domain}", "--json"))["ends"][0]["dnssec"]


def fails(sites, domain, status):
    octets = letters.letter(f"to-{domain}", 500, to=f"bob@{domain}", sender="alice@one.lab")
    letter = sites.one.submit("alice", [f"bob@{domain}"], octets)
    last = sites.one.followed(letter, "failed")["steps"][-1]
    equal((last["event"], last["status"]), ("bounced", status), "its last step")


@suite.test("by MX, on names that the root's key vouches for")
def _(sites):
    last, _ = arrives(sites, "two.lab")
    equal(last["host"], "mx.two.lab", "who took it")
    equal(dnssec(sites, "two.lab"), "secure", "the route")


@suite.test("by MX, on a zone without keys")
def _(sites):
    arrives(sites, "unsigned.lab")
    equal(dnssec(sites, "unsigned.lab"), "insecure", "the route")


@suite.test("nowhere on an answer that was changed after it was signed; the letter waits")
def _(sites):
    octets = letters.letter("forged", 500, to="bob@forged.lab", sender="alice@one.lab")
    letter = sites.one.submit("alice", ["bob@forged.lab"], octets)
    step = wait_until(lambda: (s := sites.one.trail(letter)["steps"][-1])["event"] != "queued" and s, 30, "an attempt")
    equal((step["event"], step["status"]), ("deferred", "4.4.3"), "what the trail says")
    contains(step["words"], "bogus", "why")
    sites.one.command("queue", "drop", letter)


@suite.test("to a domain that has an address and no MX")
def _(sites):
    last, _ = arrives(sites, "bare.lab")
    equal(last["host"], "bare.lab", "who took it")


@suite.test("to a host that has IPv6 alone")
def _(sites):
    last, _ = arrives(sites, "six.lab")
    equal(last["peer"], TWO_SIX, "the address")


@suite.test("to a host whose IPv6 is dead, by its IPv4 and without delay")
def _(sites):
    last, took = arrives(sites, "dual.lab")
    equal(last["peer"], TWO, "the address")
    print(f"  delivered {took:.2f} s after its submission")
    # The kernel gives a neighbour up after 3 s, and a connection after two minutes.
    check(took < 2.5 * SLOW, f"it took {took:.2f} s")


@suite.test("to the second MX at once where the first refuses connections")
def _(sites):
    last, took = arrives(sites, "backup.lab")
    equal(last["host"], "second.backup.lab", "who took it")
    print(f"  delivered {took:.2f} s after its submission")


@suite.test("to the second MX where the first does not answer")
def _(sites):
    last, took = arrives(sites, "silent.lab", patience=60)
    equal(last["host"], "second.silent.lab", "who took it")
    print(f"  delivered {took:.2f} s after its submission")


@suite.test("to hosts before ours in the MX list, and never to ours")
def _(sites):
    last, _ = arrives(sites, "before.lab")
    equal(last["host"], "mx.two.lab", "who took it")


@suite.test("back to the sender at once, where there is no way")
def _(sites):
    fails(sites, "null.lab", "5.1.10")  # RFC 7505 §4
    fails(sites, "self.lab", "5.4.6")
    fails(sites, "us.lab", "5.4.6")
    fails(sites, "nowhere.lab", "5.1.2")
    fails(sites, "no.such.tld", "5.1.2")


if __name__ == "__main__":
    suite.main(Sites)
