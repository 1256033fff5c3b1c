"""Just enough of DNS messages (RFC 1035 §4) to send questions and compare answers."""

import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "DNAME": 39,
         "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52, "ANY": 255, "CAA": 257}
NAMES = {number: name for name, number in TYPES.items()}
# Where names stand in RDATA that may be compressed: how many octets before, and how many names.
WITH_NAMES = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 39: (0, 1)}


def encode_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def query(ident, name, kind, dnssec=False, size=1232):
    """`size` None: without EDNS."""
    out = struct.pack(">HHHHHH", ident, 0, 1, 0, 0, 0 if size is None else 1)
    out += encode_name(name) + struct.pack(">HH", TYPES[kind], 1)
    if size is not None:
        out += b"\0" + struct.pack(">HHIH", 41, size, 0x8000 if dnssec else 0, 0)
    return out


def read_name(message, at):
    labels, after = [], None
    while True:
        size = message[at]
        if size >= 0xC0:
            if after is None:
                after = at + 2
            at = (size & 0x3F) << 8 | message[at + 1]
        elif size == 0:
            return ".".join(labels).lower() + ".", after if after is not None else at + 1
        else:
            labels.append(message[at + 1 : at + 1 + size].decode("latin-1"))
            at += 1 + size


def canonical_rdata(message, at, size, kind):
    if kind not in WITH_NAMES:
        return message[at : at + size].hex()
    end = at + size
    before, names = WITH_NAMES[kind]
    parts = [message[at : at + before].hex()]
    at += before
    for _ in range(names):
        name, at = read_name(message, at)
        parts.append(name)
    return " ".join(parts + [message[at:end].hex()])


class Answer:
    """rcode, flags and the three sections, each a sorted list of (name, type, ttl, rdata); OPT is not among them."""

    def __init__(self, message):
        ident, flags, questions, *counts = struct.unpack(">HHHHHH", message[:12])
        self.id, self.size = ident, len(message)
        self.rcode = flags & 15
        self.aa, self.tc, self.ra = bool(flags & 0x400), bool(flags & 0x200), bool(flags & 0x80)
        at = 12
        for _ in range(questions):
            _, at = read_name(message, at)
            at += 4
        sections = []
        self.edns = False
        for count in counts:
            section = []
            for _ in range(count):
                name, at = read_name(message, at)
                kind, _, ttl, size = struct.unpack(">HHIH", message[at : at + 10])
                at += 10
                if kind == 41:
                    self.edns = True
                else:
                    section.append((name, NAMES.get(kind, str(kind)), ttl, canonical_rdata(message, at, size, kind)))
                at += size
            sections.append(sorted(section))
        self.answer, self.authority, self.additional = sections


def ask_all(address, queries, window=50, patience=2.0):
    """Answers to queries whose ids are their places, as octets; None where none came, or nobody listens."""
    out = [None] * len(queries)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(address)
        sock.settimeout(patience)
        for begin in range(0, len(queries), window):
            waiting = set(range(begin, min(begin + window, len(queries))))
            try:
                for i in waiting:
                    sock.send(queries[i])
                while waiting:
                    message = sock.recv(65535)
                    place = int.from_bytes(message[:2], "big")
                    if place in waiting:
                        waiting.discard(place)
                        out[place] = message
            except (TimeoutError, ConnectionRefusedError):
                pass
    return out
