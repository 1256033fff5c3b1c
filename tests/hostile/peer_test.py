#!/usr/bin/env python3
# timeout: 500
"""Mail servers that stall, drop, lie or babble at each step of a transfer: each letter is deferred or delivered as it
should be, the trail says why in words, memory stays bounded, and nobody else's letters wait meanwhile."""

import contextlib
import json
import pathlib
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import SANITIZED, SLOW  # noqa: E402
from peers import Deaf, Peer, drop, flood, reset, say, stall  # noqa: E402
from suite import Suite, check, equal, shown, succeed, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()
suite = Suite()

SHORT_TIMES = [
    "[limits]",
    'peer_connect_timeout = "1s"',
    'peer_reply_timeout = "1s"',
    'peer_data_timeout = "1s"',
    'peer_final_timeout = "2s"',
    'tls_handshake_timeout = "1s"',
]
LARGE = 5_000_000


def garbage(step):
    return {step: say(b"\0\xff\xfe\x16\x03\x01 what is this\r\n")}


NOT_SMTP = "not an SMTP reply"

# Name; what happens; what the letter comes to ("done", or "waiting" with these words on its trail).
CASES = [
    ("stall-greeting", {"greeting": stall}, "Waited 1 s for the greeting in vain"),
    ("stall-ehlo", {"EHLO": stall}, "Waited 1 s for the answer to EHLO in vain"),
    ("stall-starttls", {"STARTTLS": stall}, "Waited 1 s for the answer to STARTTLS in vain"),
    ("stall-handshake", {"handshake": stall}, None),  # in clear, on another connection
    ("stall-mail", {"MAIL": stall}, "Waited 1 s for the answer to MAIL in vain"),
    ("stall-rcpt", {"RCPT": stall}, "Waited 1 s for the answer to RCPT in vain"),
    ("stall-data", {"DATA": stall}, "Waited 1 s for the answer to DATA in vain"),
    ("stall-body", {"body": stall}, "Waited 1 s for the end of the letter in vain"),
    ("stall-dot", {"dot": stall}, "Waited 2 s for the answer to the letter in vain"),
    ("stall-quit", {"QUIT": stall}, None),
    ("drop-connect", {"connect": drop}, "The connection was lost before the greeting"),
    ("drop-greeting", {"greeting": reset}, "The connection was lost before the greeting"),
    ("drop-ehlo", {"EHLO": drop}, "The connection was lost before the answer to EHLO"),
    ("drop-starttls", {"STARTTLS": drop}, "The connection was lost before the answer to STARTTLS"),
    ("drop-handshake", {"handshake": drop}, None),
    ("drop-mail", {"MAIL": reset}, "The connection was lost before the answer to MAIL"),
    ("drop-rcpt", {"RCPT": drop}, "The connection was lost before the answer to RCPT"),
    ("drop-data", {"DATA": drop}, "The connection was lost before the answer to DATA"),
    ("drop-body", {"body": reset}, "The connection was lost before the end of the letter"),
    ("drop-dot", {"dot": drop}, "The connection was lost before the answer to the letter"),
    ("reset-dot", {"dot": reset}, "The connection was lost before the answer to the letter"),
    ("drop-quit", {"QUIT": drop}, None),
    ("garbage-greeting", garbage("greeting"), NOT_SMTP),
    ("garbage-ehlo", garbage("EHLO"), NOT_SMTP),
    ("garbage-starttls", garbage("STARTTLS"), NOT_SMTP),
    ("garbage-handshake", {"handshake": say(b"no TLS here\r\n")}, None),
    ("garbage-tls", {"handshake": say(b"\x16\x03\x03\0\x40\x0b\0\0\x3c" + b"no certificate at all " * 3)}, None),
    ("garbage-mail", garbage("MAIL"), NOT_SMTP),
    ("garbage-rcpt", garbage("RCPT"), NOT_SMTP),
    ("garbage-data", garbage("DATA"), NOT_SMTP),
    ("garbage-dot", garbage("dot"), NOT_SMTP),
    ("garbage-quit", garbage("QUIT"), None),
    ("line-greeting", {"greeting": say(b"220 " + b"x" * 1_000_000 + b"\r\n")}, "longer than 4096 octets"),
    ("line-dot", {"dot": say(b"250 " + b"x" * 1_000_000 + b"\r\n")}, "longer than 4096 octets"),
    ("endless-line", {"EHLO": flood(b"x" * 65536)}, NOT_SMTP + "|longer than 4096 octets"),
    ("endless-greeting", {"greeting": flood(b"220-and on and on\r\n")}, "longer than 65536 octets"),
    ("endless-ehlo", {"EHLO": flood(b"250-XMORE and more\r\n" * 100)}, "longer than 65536 octets"),
    ("endless-dot", {"dot": flood(b"250-and on\r\n")}, "longer than 65536 octets"),
    ("early", {"greeting": say(b"220 peer\r\n250 peer\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")}, "out of turn"),
    ("early-yes", {"MAIL": say(b"250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")}, "out of turn"),
    ("yes-to-data", {"DATA": say(b"250 taken already\r\n")}, "out of turn"),
    ("code-000", {"RCPT": say(b"000 nothing\r\n")}, NOT_SMTP),
    ("code-999", {"dot": say(b"999 everything\r\n")}, NOT_SMTP),
    ("code-3yz", {"MAIL": say(b"354 what\r\n")}, "out of turn"),
    ("421-greeting", {"greeting": say(b"421 4.3.2 not now\r\n")}, "421 4.3.2 not now"),
    ("554-greeting", {"greeting": say(b"554 5.3.2 no mail here\r\n")}, "554 5.3.2 no mail here"),
    ("421-rcpt", {"RCPT": say(b"421 4.3.2 tired\r\n")}, "421 4.3.2 tired"),
    ("enhanced-wrong", {"dot": say(b"250 5.1.1 taken all the same\r\n")}, None),
    ("codes-differ", {"EHLO": say(b"250-one\r\n550 two\r\n")}, "different codes"),
    ("injection", {"STARTTLS": say(b"220 go\r\n250 OK injected\r\n")}, "spoke on in clear after STARTTLS"),
]


def submit(site, to, octets):
    """A letter for each recipient; their ids."""
    ids = {}
    with site.smtp("submissions", "alice") as client:
        for one in to:
            client.mail("alice@one.tower")
            client.rcpt(one)
            reply = client.data(octets[one] if isinstance(octets, dict) else octets)
            equal(reply[0], 250, f"the answer to the letter for {one}")
            ids[one] = reply[1].decode().split("Taken as ")[1][:26]
    return ids


def trail(site, letter):
    return json.loads(site.command("trail", letter, "--json"))


def settled(site, letter, patience=60):
    """Its trail once it was tried."""

    def tried():
        found = trail(site, letter)
        return found if {"delivered", "deferred", "bounced", "silent"} & {s["event"] for s in found["steps"]} else None

    return wait_until(tried, patience * SLOW, f"{letter} was tried")


def small(name, to, size=500):
    return letters.letter(name, size, to=to, sender="alice@one.tower")


@contextlib.contextmanager
def cast(cases):
    """A zone, and a peer for each case, each at an address of its own."""
    with contextlib.ExitStack() as stack:
        peers, zone = {}, ""
        for i, (name, at, _) in enumerate(cases):
            address = f"127.1.{i // 250}.{i % 250 + 1}"
            zone += f"{name}.peer. A {address}\n"
            peers[name] = stack.enter_context(Peer(address, at))
        yield peers, zone


@suite.test("whatever goes wrong at a step, the letter waits or goes through, and its trail says why")
def _():
    with cast(CASES) as (peers, zone), Peer("127.0.0.5") as good, Deaf("127.0.0.6"):
        zone += "good.tower. A 127.0.0.5\ndeaf.tower. A 127.0.0.6\n"
        with Town(zone) as town, town.site("one.tower", "127.0.0.2", ["alice"], lines=SHORT_TIMES) as one:
            rest = one.memory("VmHWM")
            to = {name: f"x@{name}.peer" for name, _, _ in CASES} | {"deaf": "x@deaf.tower"}
            octets = {address: small(name, address, LARGE if "body" in name else 500) for name, address in to.items()}
            ids = submit(one, octets, octets)
            began = time.monotonic()
            submit(one, ["bob@good.tower"] * 20, small("good", "bob@good.tower"))
            wait_until(lambda: len(good.letters) == 20, 20 * SLOW, "letters to a healthy server")
            print(f"  20 letters to a healthy server took {time.monotonic() - began:.2f} s beside {len(CASES)} bad ones")
            wrong = []
            for name, _, words in [*CASES, ("deaf", {}, "Waited 1 s for a connection in vain")]:
                found = settled(one, ids[to[name]])
                step = found["steps"][-1]
                if words is None:
                    if found["state"] != "done":
                        wrong.append(f"{name}: {found['state']}: {step.get('words')}")
                    elif len(peers[name].letters) != 1:
                        wrong.append(f"{name}: it took {len(peers[name].letters)} letters")
                elif found["state"] != "waiting":
                    wrong.append(f"{name}: {found['state']}: {step.get('words')}")
                elif not any(w in step["words"] for w in words.split("|")) or not step["status"].startswith("4."):
                    wrong.append(f"{name}: {step['status']} {shown(step['words'])}")
            check(not wrong, "; ".join(wrong))
            grown = (one.memory("VmHWM") - rest) / 1024
            print(f"  memory grew by {grown:.0f} MB at most")
            check(grown < 150 * (6 if SANITIZED else 1), f"memory grew by {grown:.0f} MB")
            for name in ("endless-line", "endless-greeting", "endless-ehlo", "endless-dot"):
                check(peers[name].flooded < 50_000_000, f"{name} could send {peers[name].flooded} octets")


@suite.test("twenty destinations that stall hold up none of ten that do not, and may stall for long")
def _():
    with contextlib.ExitStack() as stack:
        zone = ""
        steps = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot", "connect"]
        for i in range(20):
            stack.enter_context(Peer(f"127.1.0.{i + 1}", {steps[i % len(steps)]: stall}))
            zone += f"s{i}.peer. A 127.1.0.{i + 1}\n"
        good = []
        for i in range(10):
            good.append(stack.enter_context(Peer(f"127.2.0.{i + 1}")))
            zone += f"g{i}.peer. A 127.2.0.{i + 1}\n"
        town = stack.enter_context(Town(zone))
        one = stack.enter_context(town.site("one.tower", "127.0.0.2", ["alice"]))
        stalled = [f"x@s{i % 20}.peer" for i in range(100)]
        submit(one, stalled, small("stalled", "x@peer"))
        began = time.monotonic()
        healthy = [f"x@g{i % 10}.peer" for i in range(100)]
        submit(one, healthy, small("healthy", "x@peer"))
        handed_in = time.monotonic()
        wait_until(lambda: sum(len(p.letters) for p in good) == 100, 30 * SLOW, "letters to those that work")
        last = max(when for peer in good for when, _, _ in peer.letters)
        print(f"  handed in within {handed_in - began:.2f} s, the last was there {max(0, last - handed_in):.2f} s later")
        check(last - handed_in < 5 * SLOW, "healthy destinations waited for stalled ones")
        status = json.loads(one.command("status", "--json"))
        equal(status["transfer"]["delivered"], 100, "delivered, as status says")
        check(status["queue"]["leased"] > 0, f"nothing is on its way: {status['queue']}")
        metrics = one.command("metrics").decode()
        check('chappe_mta_recipients_total{end="delivered"} 100' in metrics, "the metrics do not count what was delivered")
        check("chappe_queue_recipients{state=" in metrics, "the metrics do not count the queue")
        check('chappe_dns_answers_total{outcome="answer"}' in metrics, "the metrics do not count the DNS")


@suite.test("a certificate of somebody else is better than none")
def _():
    with contextlib.ExitStack() as stack:
        town = stack.enter_context(Town("odd.peer. A 127.1.0.1\n"))
        one = stack.enter_context(town.site("one.tower", "127.0.0.2", ["alice"], lines=SHORT_TIMES))
        key, cert = town.folder / "odd.key", town.folder / "odd.pem"
        succeed("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "1", "-subj", "/CN=somebody.else", "-keyout", key, "-out", cert)  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        peer = stack.enter_context(Peer("127.1.0.1", tls=context))
        ids = submit(one, ["x@odd.peer"], small("odd", "x@odd.peer"))
        found = settled(one, ids["x@odd.peer"])
        equal(found["state"], "done", "its state")
        check(found["steps"][-1]["tls"].startswith("TLSv1.3 "), f"it went without TLS: {found['steps'][-1]}")
        equal(peer.connections, 1, "connections")


suite.main()
