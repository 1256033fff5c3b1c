#!/usr/bin/env python3
# timeout: 300
"""Large letters and many letters between Chappe and its peers, in both directions at once; each is accounted for by its
trail, and by the mailboxes."""

import pathlib
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import lab  # noqa: E402
import letters  # noqa: E402
from suite import SHORT, Suite, check, equal, wait_until  # noqa: E402
from lab_world import PEERS, World, with_each_peer  # noqa: E402

lab.enter()

LARGE = 50_000_000
MANY = 50 if SHORT else 200

suite = Suite()


def name_of(octets):
    return (letters.message_id(octets[:8000]) or "").partition("@")[0]


@with_each_peer(suite, "a letter of 50 MB in both directions, to the last octet")
def _(one, peer):
    there = letters.letter(f"there-large-{peer.name}", LARGE, to=peer.address("bob"), sender="alice@one.lab")
    began = time.monotonic()
    letter = one.submit("alice", [peer.address("bob")], there)
    submitted = time.monotonic()
    check(peer.received(f"there-large-{peer.name}", patience=120).endswith(there), "the letter came changed")
    arrived = time.monotonic()
    equal(one.followed(letter)["steps"][-1]["event"], "delivered", "the last step of its trail")
    back = letters.letter(f"back-large-{peer.name}", LARGE, to="alice@one.lab", sender=peer.address("bob"))
    peer.send(peer.address("bob"), ["alice@one.lab"], back)
    sent = time.monotonic()
    got = one.received("alice", f"back-large-{peer.name}", 120)
    check(got.endswith(back), "the letter came changed")
    print(
        f"  {len(there)} octets: submitted in {submitted - began:.1f} s, there {arrived - submitted:.1f} s later; "
        f"back in {time.monotonic() - sent:.1f} s"
    )


def inbox_of(site, account):
    """{name: the octets} of everything in the account's INBOX, which holds no name twice."""
    out = {}
    with site.imap(account) as box:
        got = box.letters() if box.counts()["MESSAGES"] else {}
    for octets in got.values():
        name = name_of(octets)
        check(name not in out, f"{name} is there twice")
        out[name] = bytes(octets)
    return out


def arrived(peer):
    """[(name, octets)] of these letters in bob's mailbox there."""
    return [(name, octets) for name, octets in peer.letters() if re.match(r"there-(Postfix|Exim)-", name)]


@suite.test(f"{MANY} letters in each direction with each peer at once, all accounted for")
def _(world):
    one = world.one
    peers = {name: world.peer(name) for name in PEERS}
    there, back, ids, faults = {}, {}, {}, []
    for name, peer in peers.items():
        for i in range(MANY):
            size = 50_000 if i % 20 == 0 else 2_000
            bob = peer.address("bob")
            there[f"there-{name}-{i}"] = letters.letter(f"there-{name}-{i}", size, to=bob, sender="alice@one.lab")
            back[f"back-{name}-{i}"] = letters.letter(f"back-{name}-{i}", size, to="bob@one.lab", sender=bob)

    def go(name, peer):
        with one.writer("alice") as client:
            for key in [key for key in there if key.startswith(f"there-{name}-")]:
                ids[key] = one.submit("alice", [peer.address("bob")], there[key], client=client)

    def come(name, peer):
        with peer.smtp() as client:
            for key in [key for key in back if key.startswith(f"back-{name}-")]:
                client.sendmail(peer.address("bob"), ["bob@one.lab"], back[key])

    def noting(function, *arguments):
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - told below
            faults.append(f"{function.__name__}: {type(error).__name__} {error}")

    began = time.monotonic()
    threads = [threading.Thread(target=noting, args=(f, *item)) for f in (go, come) for item in peers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(faults, [], "faults of those who handed in")
    handed_in = time.monotonic() - began

    # What went: each trail ends in a delivery, in the words of the peer, who has exactly these letters.
    listed = b'"queue":[]'
    wait_until(lambda: listed in one.command("queue", "list", "--json"), 120, "the queue is empty")
    for name, peer in peers.items():
        mine = {key: octets for key, octets in there.items() if key.startswith(f"there-{name}-")}
        trails = one.trail("--to", peer.address("bob"), "--limit", str(10 * MANY))["letters"]
        done = {found["letter"] for found in trails if found["state"] == "done"}
        equal([key for key in mine if ids[key] not in done], [], "letters whose trail does not end in a delivery")
        wait_until(lambda: len(arrived(peer)) >= MANY, 60, f"{MANY} letters at {name}")
        got = arrived(peer)
        equal(sorted(key for key, _ in got), sorted(mine), f"the letters at {name}")
        for key, octets in got:
            check(octets.endswith(mine[key]), f"{key} came changed")
        steps = [one.trail(ids[key])["steps"] for key in list(mine)[:: MANY // 20]]
        for some in steps:
            equal([step["event"] for step in some], ["accepted", "queued", "delivered"], "the steps of a letter")

    # What came: each is in the mailbox once, and its trail, found by the id in Received, says so.
    wait_until(lambda: len(inbox_of(one, "bob")) >= len(back), 120, f"{len(back)} letters here")
    took = time.monotonic() - began
    got = inbox_of(one, "bob")
    equal(sorted(got), sorted(back), "the letters here")
    filed = {
        found["letter"]: found["state"]
        for found in one.trail("--to", "bob@one.lab", "--limit", str(10 * MANY))["letters"]
    }
    for key, octets in got.items():
        check(octets.endswith(back[key]), f"{key} came changed")
        received = dict(reversed(letters.below_trace(octets)[0]))["received"]  # the first one is ours
        letter = re.search(rb"\sid (\w{26})", received)[1].decode()
        equal(filed.get(letter), "done", f"the trail of {key}, {letter}")
    print(
        f"  {len(there)} letters went and {len(back)} came: handed in within {handed_in:.1f} s, all there after {took:.1f} s; "
        f"none lost, none twice"
    )


if __name__ == "__main__":
    # 50 MB is the standard limit, and a letter grows by its trace fields.
    suite.main(World, lines=["[limits]", 'message_size = "64 MB"'])
