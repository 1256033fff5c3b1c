#!/usr/bin/env python3
# timeout: 300
"""What became of a letter: `chappe trail`, for letters that arrive, wait, go back, are refused or break off."""

import base64
import pathlib
import smtplib
import socket
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from suite import Suite, check, contains, equal, wait_until  # noqa: E402
from town import Town, enter, taken_as  # noqa: E402

enter()

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
two.tower.     MX 10 mx.two.tower.
mx.two.tower.  A 127.0.0.3
dead.tower.    A 127.0.0.9
"""

suite = Suite()


def events(found):
    return [(step["event"], step.get("to", "")) for step in found["steps"]]


@suite.test("a letter can be followed from its submission to the mailbox at the other end")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]) as two:
            octets = letters.letter("way", 5_000, to="bob@two.tower", sender="alice@one.tower")
            with one.smtp("submissions", "alice") as client:
                client.ehlo("desk.one.tower")
                sent = one.submit("alice", ["bob@two.tower", "alice@one.tower"], octets, client=client)
            found = one.followed(sent)
            equal(found["from"], "alice@one.tower", "its sender")
            equal(found["to"], ["bob@two.tower", "alice@one.tower"], "its recipients")
            equal(
                events(found),
                [("accepted", ""), ("queued", "bob@two.tower"), ("filed", "alice@one.tower"), ("delivered", "bob@two.tower")],
                "its steps",
            )
            first, last = found["steps"][0], found["steps"][-1]
            equal((first["door"], first["account"], first["hello"]), ("submissions", "alice@one.tower", "desk.one.tower"), "how it came")
            contains(first["tls"].encode(), b"TLSv1.3 ", "its TLS")
            equal((last["host"], last["peer"]), ("mx.two.tower", "127.0.0.3"), "who took it")
            contains(last["tls"].encode(), b"TLSv1.3 ", "the TLS between the servers")
            # The words of the other side name the letter there, and so on to the mailbox.
            there = two.trail(taken_as(last["words"]))
            equal((there["state"], events(there)), ("done", [("accepted", ""), ("filed", "bob@two.tower")]), "at the other end")
            equal((there["steps"][0]["door"], there["steps"][0]["hello"]), ("mx", "mx.one.tower"), "how it came there")
            page = one.command("trail", sent, "--lang", "fr").decode()
            for words in (sent, "acceptée", "mise en file", "transmise", "mx.two.tower [127.0.0.3]", "└"):
                check(words in page, f"'{words}' is not in:\n{page}")
            # By sender, recipient and time.
            equal([x["letter"] for x in one.trail("--to", "BOB@*")["letters"]], [sent], "by recipient")
            equal([x["letter"] for x in one.trail("--from", "alice@one.tower", "--since", "1h")["letters"]], [sent], "by sender")
            equal(one.trail("--from", "bob@*")["letters"], [], "of somebody else")
            equal(one.trail("--since", "2100-01-01")["letters"], [], "in the future")
            check(b"LETTER" in one.command("trail"), "the table")


@suite.test("what waits, goes back or is taken out says so, and the notification names the letter that it tells of")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        with town.site("two.tower", "127.0.0.3", ["bob"]):
            octets = letters.letter("fate", 100, to="x@tower", sender="alice@one.tower")
            with one.smtp("submissions", "alice") as client:
                sent = one.submit("alice", ["nobody@two.tower", "x@dead.tower"], octets, client=client)
            found = wait_until(
                lambda: len((found := one.trail(sent))["steps"]) == 5 and found, 20, f"both were tried: {one.trail(sent)}"
            )
            equal(found["state"], "waiting", "one of them waits")
            steps = {step["event"]: step for step in found["steps"]}
            bounced, deferred = steps["bounced"], steps["deferred"]
            equal((bounced["to"], bounced["host"], bounced["status"]), ("nobody@two.tower", "mx.two.tower", "5.1.1"), "bounced")
            contains(bounced["words"].encode(), b"550 5.1.1 No such mailbox", "the words of the other side")
            equal((deferred["to"], deferred["status"]), ("x@dead.tower", "4.4.1"), "deferred")
            check(deferred["next"] > deferred["at"], "the next attempt is later")
            notice = one.trail(bounced["notice"])
            equal((notice["from"], notice["to"], notice["state"]), ("", ["alice@one.tower"], "done"), "the notification")
            equal((notice["steps"][0]["door"], notice["steps"][0]["about"]), ("notice", sent), "what it tells of")
            for verb in ("hold", "release", "drop"):
                one.command("queue", verb, sent)
            after = one.trail(sent)
            equal(after["state"], "failed", "nothing waits any more")
            acts = [(step["event"], bool(step["who"])) for step in after["steps"] if "who" in step]
            equal(acts[0], ("held", True), "who held it")
            equal(acts[-1], ("dropped", True), "who took it out")


@suite.test("refused letters are on the trail, with what the client was told; so is one that breaks off")
def _():
    with Town(ZONE) as town, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
        with two.smtp("mx", None) as client:
            client.ehlo("stranger.example")
            equal(client.mail("spam@example.org")[0], 250, "MAIL")
            equal(client.rcpt("bob@elsewhere.example")[0], 550, "relaying")
            equal(client.rcpt("bob@two.tower")[0], 250, "RCPT")
            equal(client.data(b"Received: by a\r\n" * 101 + b"\r\nround\r\n")[0], 554, "a loop")
            equal(client.mail("probe@example.org")[0], 250, "MAIL")
            equal(client.rcpt("ghost@two.tower")[0], 550, "RCPT")
            client.rset()
            client.mail("broken@example.org")
            client.rcpt("bob@two.tower")
            client.putcmd("data")
            client.getreply()
            client.send(b"Subject: half a letter\r\n")
            client.sock.shutdown(socket.SHUT_RDWR)

        def all_three():
            found = two.trail("--refused")["letters"]
            got = two.trail("--from", "broken@*")["letters"]
            return (found, got) if len(found) == 3 and got else None

        (_, probe, loop), (broken,) = wait_until(all_three, 20, "three letters on the trail")
        equal((loop["from"], loop["state"]), ("spam@example.org", "refused"), "the loop")
        first = loop["steps"][0]
        equal((first["event"], first["code"], first["status"], first["hello"]), ("refused", 554, "5.4.6", "stranger.example"), "why")
        equal([s["to"] for s in loop["steps"][1:]], ["bob@elsewhere.example"], "who else was refused")
        equal((probe["from"], probe["to"], probe["state"]), ("probe@example.org", ["ghost@two.tower"], "refused"), "the probe")
        contains(probe["steps"][1]["words"].encode(), b"No such mailbox", "why")
        equal(broken["state"], "abandoned", "half a letter")


@suite.test("connections that are turned away are counted by network and reason")
def _():
    with Town(ZONE) as town, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
        for _ in range(3):
            try:
                with two.smtp("submissions", None) as client:
                    client.docmd("AUTH PLAIN", base64.b64encode(b"\0bob@two.tower\0wrong").decode())
            except (smtplib.SMTPException, OSError):
                pass
        with two.connect("submissions", tls=False) as sock:
            sock.sendall(b"this is no TLS\r\n\r\n")
            try:
                sock.recv(100)
            except (OSError, ssl.SSLError):
                pass
        with two.smtp("mx", None) as client:
            try:
                for _ in range(30):
                    client.docmd("NONSENSE")
            except (smtplib.SMTPException, OSError):
                pass

        def counts():
            rows = two.trail("--connections")["connections"]
            return {(r["door"], r["reason"]): r["count"] for r in rows} if len(rows) == 3 else None

        equal(
            wait_until(counts, 20, "three kinds of refusals"),
            {("submissions", "login"): 3, ("submissions", "tls"): 1, ("mx", "rules"): 1},
            "what was counted",
        )
        check(b"127.0.0" in two.command("trail", "--connections"), "the table")


@suite.test("the trail outlives a kill -9, and what is older than limits.trail_age is forgotten")
def _():
    with Town(ZONE) as town, town.site("two.tower", "127.0.0.3", ["bob"]) as two:
        with two.smtp("mx", None) as client:
            client.ehlo("stranger.example")
            sent = two.submit("a@example.org", ["bob@two.tower"], b"Subject: x\r\n\r\nx\r\n", client=client)
        two.process.kill()
        two.process.wait()
        two.start()
        equal(two.trail(sent)["state"], "done", "after the restart")
        two.process.kill()
        two.process.wait()
        path = two.folder / "chappe.toml"
        path.write_text(path.read_text() + '[limits]\ntrail_age = "1ms"\n')
        two.start()
        wait_until(lambda: not two.trail()["letters"], 20, "it is forgotten")


suite.main()
