#!/usr/bin/env python3
# timeout: 400
"""Name servers that lie, loop, stay silent or say too much: letters to their domains wait or go back as they should, the
trail says why, and no other domain's letters suffer."""

import contextlib
import json
import pathlib
import random
import socket
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import SANITIZED, SLOW  # noqa: E402
from dnswire import NAMES, TYPES, read_name  # noqa: E402
from peers import Peer  # noqa: E402
from suite import Suite, check, equal, shown, wait_until  # noqa: E402
from town import Town, enter  # noqa: E402

enter()
suite = Suite()

GOOD, LIAR = "127.0.0.5", "127.0.0.7"  # where letters should go, and where no letter should
SILENCE = None


def labels(name):
    parts = name if isinstance(name, list) else [p.encode() for p in name.split(".") if p]
    return b"".join(bytes([len(p)]) + p for p in parts) + b"\0"


def a(name, ip):
    return labels(name) + struct.pack(">HHIH", TYPES["A"], 1, 60, 4) + socket.inet_aton(ip)


def record(name, kind, rdata):
    return labels(name) + struct.pack(">HHIH", TYPES[kind], 1, 60, len(rdata)) + rdata


def mx(name, preference, host):
    return record(name, "MX", struct.pack(">H", preference) + labels(host))


def cname(name, to):
    return record(name, "CNAME", labels(to))


def ns(name, to):
    return record(name, "NS", labels(to))


def message(query, answers=(), authority=(), additional=(), rcode=0, tc=False, aa=True):
    _, end = read_name(query, 12)
    flags = 0x8000 | (0x0400 if aa else 0) | (0x0200 if tc else 0) | rcode
    head = query[:2] + struct.pack(">HHHHH", flags, 1, len(answers), len(authority), len(additional))
    return head + query[12 : end + 4] + b"".join([*answers, *authority, *additional])


class LyingServer:
    """Serves one zone at one address. `answer(query, name, kind, tcp)` gives the message, or None for silence."""

    def __init__(self, address, answer, tcp=True):
        self.answer = answer
        self.asked = 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        threading.Thread(target=self._datagrams, daemon=True).start()
        self.tcp = socket.create_server((address, 53), backlog=50) if tcp else None
        if self.tcp:
            threading.Thread(target=self._streams, daemon=True).start()

    def close(self):
        self.udp.close()
        if self.tcp:
            self.tcp.close()

    def _reply(self, query, tcp):
        name, end = read_name(query, 12)
        kind = NAMES.get(int.from_bytes(query[end : end + 2], "big"), "?")
        self.asked += 1
        return self.answer(query, name, kind, tcp)

    def _datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                query, client = self.udp.recvfrom(4096)
                octets = self._reply(query, False)
                if octets is not None:
                    if len(octets) > 1232 and octets[2] & 0x80:
                        octets = message(query, tc=True)
                    self.udp.sendto(octets, client)

    def _streams(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.tcp.accept()
                threading.Thread(target=self._stream, args=(sock,), daemon=True).start()

    def _stream(self, sock):
        with contextlib.suppress(OSError, struct.error), sock:
            while True:
                size = sock.recv(2, socket.MSG_WAITALL)
                if len(size) < 2:
                    return
                query = sock.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
                octets = self._reply(query, True)
                if octets is None:
                    return
                sock.sendall(len(octets).to_bytes(2, "big") + octets)


def table(rows):
    """A server that tells the truth about these: (name, type) → records; what is not there has no such records."""

    def answer(query, name, kind, tcp):
        found = rows.get((name, kind)) or rows.get((name, "CNAME"))
        if found:
            return message(query, found)
        zone = ".".join(name.split(".")[-3:])
        soa = record(zone, "SOA", labels("ns." + zone) + labels("x." + zone) + struct.pack(">IIIII", 1, 60, 60, 60, 60))
        return message(query, authority=[soa])

    return answer


def endless_aliases(query, name, kind, tcp):
    first, _, rest = name.partition(".")
    number = int(first[1:]) if first[:1] == "n" and first[1:].isdigit() else 0
    zone = rest if number else name
    return message(query, [cname(name, f"n{number + 1}.{zone}")])


def back_to_the_root(query, name, kind, tcp):
    return message(query, authority=[ns("", "ns.root")], additional=[a("ns.root", "127.0.0.53")], aa=False)


def wrong_names(query, name, kind, tcp):
    return message(query, [mx("elsewhere.example", 1, "liar.elsewhere.example"), a("liar.elsewhere.example", LIAR)])


def poison(query, name, kind, tcp):
    # True about itself, and more than it was asked.
    more = [a("good.tower", LIAR), a("mx.good.tower", LIAR), ns("tower", "ns.poison.lies")]
    if kind == "MX":
        return message(query, [mx(name, 1, "mx.good.tower")], [ns("tower", "ns.poison.lies")], more)
    return message(query, [], [], more)


def garbage(query, name, kind, tcp):
    return query[:2] + b"\x84\0" + random.Random(name + kind).randbytes(200)


def other_id(query, name, kind, tcp):
    return bytes([query[0] ^ 1]) + message(query, [mx(name, 1, "liar.lies"), a("liar.lies", LIAR)])[1:]


def pointer_loop(query, name, kind, tcp):
    at = len(message(query))
    return message(query)[:6] + b"\0\1\0\0\0\0" + message(query)[12:] + struct.pack(">H", 0xC000 | at) + b"\0\x0f\0\1\0\0\0\1\0\2\0\0"


def truncated(query, name, kind, tcp):
    return message(query, tc=True)


def two_hundred():
    zone = "mx200.lies."
    hosts = [f"h{i}.{zone}" for i in range(200)]
    rows = {(zone, "MX"): [mx(zone, i + 1, host) for i, host in enumerate(hosts)]}
    for i, host in enumerate(hosts):
        rows[(host, "A")] = [a(host, GOOD if i == 3 else "127.0.0.9")]  # nobody listens at the first three
    return table(rows)


def very_large():
    zone = "large.lies."
    rows = {(zone, "MX"): [mx(zone, 1, f"{'x' * 50}{i}.{zone}") for i in range(650)]}
    rows |= {(f"{'x' * 50}{i}.{zone}", "A"): [a(f"{'x' * 50}{i}.{zone}", GOOD)] for i in range(650)}
    return table(rows)


ODD = [b"\xff \0.\"\\", b"odd", b"lies"]


def odd_label(query, name, kind, tcp):
    if kind == "MX":
        return message(query, [mx("odd.lies", 1, ODD)])
    return message(query, [a(ODD, GOOD)] if kind == "A" else [])


# Name of the zone; who serves it; what a letter comes to: the state (or several), and words of its trail.
CASES = [
    ("timeout", lambda *_: SILENCE, "waiting", "timeout"),
    ("servfail", lambda query, *_: message(query, rcode=2), "waiting", "servfail"),
    ("refused", lambda query, *_: message(query, rcode=5), "waiting", "servfail"),
    ("selfalias", table({("selfalias.lies.", "CNAME"): [cname("selfalias.lies", "selfalias.lies")]}), "waiting", "servfail"),
    ("loop", lambda query, name, *_: message(query, [cname(name, "b.loop.lies" if name.startswith("loop") else "loop.lies")]),
     "waiting", "servfail"),
    ("aliases", endless_aliases, "waiting", "servfail"),
    ("referral", back_to_the_root, "waiting", "servfail"),
    ("garbage", garbage, "waiting", "servfail"),
    ("pointer", pointer_loop, "waiting", "servfail"),
    ("otherid", other_id, "waiting", "timeout|servfail"),
    ("truncated", truncated, "waiting", "servfail"),
    ("wrongname", wrong_names, "waiting failed", ""),
    ("poison", poison, "done", ""),
    ("mxalias", table({("mxalias.lies.", "MX"): [mx("mxalias.lies", 1, "a.mxalias.lies")],
                       ("a.mxalias.lies.", "CNAME"): [cname("a.mxalias.lies", "b.mxalias.lies")],
                       ("b.mxalias.lies.", "A"): [a("b.mxalias.lies", GOOD)]}), "done", ""),
    ("mx200", two_hundred(), "done", ""),
    ("large", very_large(), "done", ""),
    ("odd", odd_label, "done", ""),
    ("iptext", table({("iptext.lies.", "MX"): [mx("iptext.lies", 1, "127.0.0.5")]}), "failed", "127.0.0.5 has no address"),
    ("zero", table({("zero.lies.", "A"): [a("zero.lies", "0.0.0.0")]}), "failed", "zero.lies has the address 0.0.0.0"),
    ("broad", table({("broad.lies.", "A"): [a("broad.lies", "255.255.255.255")]}), "failed", "no other host can have"),
    ("mxroot", table({("mxroot.lies.", "MX"): [mx("mxroot.lies", 1, ""), mx("mxroot.lies", 2, "")]}), "failed", "names a host"),
]  # fmt: skip
BOGUS = ("bogus", table({("bogus.lies.", "A"): [a("bogus.lies", LIAR)]}), "waiting", "bogus")


def submit(site, to):
    ids = {}
    with site.smtp("submissions", "alice") as client:
        for one in to:
            client.mail("alice@one.tower")
            client.rcpt(one)
            reply = client.data(letters.letter("lie", 500, to=one, sender="alice@one.tower"))
            equal(reply[0], 250, f"the answer to the letter for {one}")
            ids[one] = reply[1].decode().split("Taken as ")[1][:26]
    return ids


def settled(site, letter, patience=100):
    def tried():
        found = json.loads(site.command("trail", letter, "--json"))
        return found if {"delivered", "deferred", "bounced", "silent"} & {s["event"] for s in found["steps"]} else None

    return wait_until(tried, patience * SLOW, f"{letter} was tried")


@suite.test("a letter waits, goes back or arrives as the DNS deserves to be believed")
def _():
    cases = [*CASES, BOGUS]
    with contextlib.ExitStack() as stack:
        zone = f"good.tower. MX 1 mx.good.tower.\nmx.good.tower. A {GOOD}\n"
        # The name servers of each are known by the other one only.
        zone += "circle.lies. NS ns.round.lies.\nround.lies. NS ns.circle.lies.\n"
        for i, (name, answer, _, _) in enumerate(cases):
            address = f"127.66.0.{i + 1}"
            zone += f"{name}.lies. NS ns.{name}.lies.\nns.{name}.lies. A {address}\n"
            stack.enter_context(contextlib.closing(LyingServer(address, answer, tcp=name != "truncated")))
        good = stack.enter_context(Peer(GOOD))
        liar = stack.enter_context(Peer(LIAR))
        town = stack.enter_context(Town(zone))
        # Nothing in that zone is signed, as this says it is.
        anchor = town.folder / "anchor"
        anchor.write_text("bogus.lies. 60 IN DS 12345 13 2 " + "ab" * 32 + "\n")
        lines = ['trust_anchor = "%s"' % anchor]
        one = stack.enter_context(town.site("one.tower", "127.0.0.2", ["alice"], dns=lines))
        rest = one.memory("VmHWM")
        cases.append(("circle", None, "waiting", "servfail"))
        ids = submit(one, [f"x@{name}.lies" for name, *_ in cases])
        submit(one, ["bob@good.tower"] * 5)
        # "poison" comes first, so that good.tower is asked for afterwards.
        wait_until(lambda: sum("bob@good.tower" in str(envelope) for _, envelope, _ in good.letters) == 5, 10 * SLOW,
                   "letters to a domain that is honest")  # fmt: skip
        wrong = []
        for name, _, states, words in cases:
            found = settled(one, ids[f"x@{name}.lies"])
            step = found["steps"][-1]
            if found["state"] not in states.split() or not any(w in step.get("words", "") for w in words.split("|")):
                wrong.append(f"{name}: {found['state']} {step.get('status')} {shown(step.get('words'))}")
            if found["state"] == "waiting" and step["status"] != "4.4.3":
                wrong.append(f"{name}: waits with {step['status']}")
        check(not wrong, "; ".join(wrong))
        equal(len(liar.letters) + liar.connections, 0, "letters and connections to where no letter should go")
        grown = (one.memory("VmHWM") - rest) / 1024
        print(f"  memory grew by {grown:.0f} MB at most")
        check(grown < 150 * (6 if SANITIZED else 1), f"memory grew by {grown:.0f} MB")
        submit(one, ["bob@good.tower"])
        wait_until(lambda: sum("bob@good.tower" in str(envelope) for _, envelope, _ in good.letters) == 6, 10 * SLOW,
                   "a letter after all of them")  # fmt: skip


@suite.test("a domain whose mail server is said to be on this machine sends no letter round in circles")
def _():
    zone = "here.peer. MX 1 localhost.peer.\nlocalhost.peer. A 127.0.0.1\nus.peer. MX 1 us.peer.\nus.peer. A 127.0.0.2\n"
    with Town(zone) as town, Peer("127.0.0.1") as local:
        with town.site("one.tower", "127.0.0.2", ["alice"], loopback=False) as one:
            for to, status in (("x@here.peer", "5.4.4"), ("x@us.peer", "5.4.6")):
                found = settled(one, submit(one, [to])[to])
                equal((found["state"], found["steps"][-1]["status"]), ("failed", status), f"the letter to {to}")
            equal(local.connections, 0, "connections to this machine")


suite.main()
