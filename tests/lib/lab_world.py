"""The world of tests/lab: a site of Chappe, Postfix and Exim on one wire.

    suite = Suite()

    @with_each_peer(suite, "letters go there")      # a test with Postfix, and one with Exim
    def _(one, peer): ...

    suite.main(World)

The site's domain has faces as the peers' have (lab_peer.py): one.lab, plain.one.lab (where the peers are told to do without
TLS) and six.one.lab (by IPv6 only); bücher.lab is served there, too.
"""

import contextlib

import lab
from chappe import PASSWORD
from lab_exim import Exim
from lab_postfix import Postfix
from suite import Skip

PEERS = {"Postfix": Postfix, "Exim": Exim}
ONE, ONE_PLAIN, ONE_SIX = "192.0.2.11", "192.0.2.13", "2001:db8::11"
ZONES = {
    "one.lab": f"@ MX 10 mx\nmx A {ONE}\nmx AAAA {ONE_SIX}\n"
    f"plain MX 10 mx.plain\nmx.plain A {ONE_PLAIN}\nsix MX 10 mx.six\nmx.six AAAA {ONE_SIX}\n",
    "xn--bcher-kva.lab": "@ MX 10 mx.one.lab.\n",
    "postfix.lab": Postfix.zone(),
    "exim.lab": Exim.zone(),
}
ZOË = "zoë@bücher.lab"


class World:
    def __init__(self, **settings):
        self.stack = contextlib.ExitStack()
        self.settings = settings
        self.peers = {}

    def __enter__(self):
        try:
            self.wire = self.stack.enter_context(lab.Lab(ZONES))
            self.one = self.stack.enter_context(
                self.wire.site("one.lab", ONE, ["alice", "bob"], also=[ONE_PLAIN, ONE_SIX], **self.settings)
            )
            for domain in ("plain.one.lab", "six.one.lab", "bücher.lab"):
                self.one.command("domain", "add", domain)
            for face in ("plain", "six"):
                self.one.command("alias", "add", f"alice@{face}.one.lab", "alice@one.lab")
            self.one.command("account", "add", ZOË, "--password-file", "-", input=PASSWORD + "\n")
            return self
        except BaseException:
            self.stack.close()
            raise

    def __exit__(self, *how):
        return self.stack.__exit__(*how)

    def peer(self, name):
        """The peer, started when it is first asked for; skips where it cannot be."""
        if name not in self.peers:
            try:
                self.peers[name] = self.stack.enter_context(PEERS[name](self.wire))
            except Skip as reason:
                self.peers[name] = reason
        if isinstance(self.peers[name], Skip):
            raise self.peers[name]
        return self.peers[name]


def with_each_peer(suite, name):
    """A test for each peer; it is called with the site and the peer."""

    def add(function):
        for peer in PEERS:
            suite.test(f"{name} ({peer})")(lambda world, peer=peer: function(world.one, world.peer(peer)))
        return function

    return add
