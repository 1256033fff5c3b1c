#!/usr/bin/env python3
# timeout: 300
"""Letters between servers that find each other by the DNS, from the root, on port 25."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from suite import Suite, check, contains, equal, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
two.tower.     MX 20 mx.two.tower.
two.tower.     MX 10 down.two.tower.
mx.two.tower.  A 127.0.0.3
down.two.tower. A 127.0.0.9
bare.tower.    A 127.0.0.3
nomail.tower.  MX 0 .
dead.tower.    A 127.0.0.9
loop.tower.    MX 10 mx.one.tower.
"""

suite = Suite()


def inbox(site, account, count, patience=20):
    """The letters of the INBOX once there are so many."""

    def look():
        with site.imap(account) as box:
            got = [bytes(octets) for octets in box.letters().values()] if box.counts()["MESSAGES"] else []
        return got if len(got) >= count else None

    return wait_until(look, patience, f"{count} letters of {account}")


@suite.test("letters go both ways by MX, the second host where the first is down, with TLS")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]) as two:
            there = letters.letter("there", 5_000, to="bob@two.tower", sender="alice@one.tower")
            large = letters.letter("large", 20_000_000, to="bob@two.tower", sender="alice@one.tower")
            one.submit("alice", ["bob@two.tower"], there)
            one.submit("alice", ["bob@two.tower"], large)
            got = inbox(two, "bob", 2)
            for octets in (there, large):
                check(sum(g.endswith(octets) for g in got) == 1, "a letter is changed, doubled or lost on its way")
            contains(got[0], b"with ESMTPS id", "how it was received")
            contains(got[0], b"by mx.two.tower", "who received it")
            back = letters.letter("back", 100, to="alice@one.tower", sender="bob@two.tower")
            two.submit("bob", ["alice@one.tower"], back)
            check(inbox(one, "alice", 1)[0].endswith(back), "the answer is changed")
            contains(one.command("queue", "list", "--json"), b'"queue":[]', "the queue")


@suite.test("what cannot be delivered goes back with a reason, and what may be waits")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]):
            fates = {
                "nobody@two.tower": b"5.1.1",
                "x@nomail.tower": b"5.1.10",
                "x@nowhere.tower": b"5.1.2",
                "x@loop.tower": b"5.4.6",
                "x@bare.tower": b"5.7.1",
            }
            octets = letters.letter("fate", 100, to="x@tower", sender="alice@one.tower")
            one.submit("alice", [*fates, "x@dead.tower"], octets)
            told = b"".join(inbox(one, "alice", len(fates)))
            for address, status in fates.items():
                contains(told, b"Final-Recipient: rfc822; " + address.encode() + b"\r\nAction: failed\r\nStatus: " + status,
                         "the notifications")  # fmt: skip
            waiting = one.command("queue", "list", "--json")
            contains(waiting, b"x@dead.tower", "the queue")
            contains(waiting, b'"attempts":1', "the queue")
            contains(one.command("route", "x@two.tower", "--lang", "en"), b"MX  10  down.two.tower  127.0.0.9", "a route")
            contains(one.command("route", "x@nomail.tower", "--json"), b'"goes":"nowhere","code":556', "no route")
            contains(one.command("route", "alice@one.tower", "--json"), b'"goes":"mailbox"', "a route that ends here")
            hold = one.command("queue", "hold", "--where", "domain=dead.tower", "--json")
            contains(hold, b'{"recipients":1}', "what was held")
            contains(one.command("queue", "list", "--where", "state=held", "--json"), b"x@dead.tower", "what is held")
            one.command("queue", "drop", "--where", "to=*@dead.tower")
            contains(one.command("queue", "list", "--json"), b'"queue":[]', "the queue")


@suite.test("what was on its way when the server was killed arrives after its restart")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]) as two:
            names = [f"kept-{i}" for i in range(60)]
            for name in names:
                octets = letters.letter(name, 30_000, to="bob@two.tower", sender="alice@one.tower")
                one.submit("alice", ["bob@two.tower"], octets)
            one.kill()
            one.start()
            got = inbox(two, "bob", len(names), patience=60)
            ids = [letters.message_id(octets) for octets in got]
            missing = [name for name in names if not any(i.startswith(name + "@") for i in ids)]
            equal(missing, [], "letters that were lost")
            print(f"  {len(got) - len(names)} of {len(names)} came twice (RFC 5321 §6.1 allows it)")


suite.main()
