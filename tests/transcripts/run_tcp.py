#!/usr/bin/env python3
"""Plays transcripts to a running server over TCP or TLS. The format is in README.md beside this file.

    run_tcp.py --host 127.0.0.1 --door exchanger=2525 --door submission=2587 --door pop3=2110 \\
               --door imap=2143 [--cafile ca.pem | --insecure] [--implicit-tls submission] [--split N] FILE...

A transcript is skipped, with its reason, when its door has no port, or when it is marked @machine. Exit code 0: all that
were played went well; 1: some did not; 2: nothing was played.
"""
import argparse
import re
import socket
import ssl
import sys

TIMEOUT = 10


def unescape(text):
    out = bytearray()
    i = 0
    while i < len(text):
        c = text[i]
        if c != "\\" or i + 1 == len(text):
            out += c.encode("utf-8", "surrogateescape")
            i += 1
            continue
        c = text[i + 1]
        i += 2
        if c in "rnt":
            out += {"r": b"\r", "n": b"\n", "t": b"\t"}[c]
        elif c == "x":
            out.append(int(text[i:i + 2], 16))
            i += 2
        elif c == "{":
            close = text.index("}", i)
            count, part = text[i:close].split("*", 1)
            out += unescape(part) * int(count)
            i = close + 1
        else:
            out += c.encode("utf-8", "surrogateescape")
    return bytes(out)


def read(path):
    """(world, steps): steps are (kind, octets or words, line number)."""
    world, steps, joins = {}, [], False
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            if line.startswith("@"):
                key, _, value = line[1:].partition(" ")
                world[key] = value
                continue
            if line in ("TLS", "CLOSE", "C-close"):
                steps.append((line, b"", number))
                joins = False
                continue
            kind, _, rest = line.partition(":")
            rest = rest.removeprefix(" ")
            if kind in ("C", "C-raw"):
                octets = unescape(rest) + (b"\r\n" if kind == "C" else b"")
                if joins and steps[-1][0] == "C":
                    steps[-1] = ("C", steps[-1][1] + octets, steps[-1][2])
                else:
                    steps.append(("C", octets, number))
                joins = True
                continue
            joins = False
            if kind == "S":
                steps.append(("S", unescape(rest), number))
            elif kind in ("S-ehlo", "S-capa"):
                steps.append((kind, rest, number))
            elif kind not in ("L", "L-raw", "M"):
                raise ValueError(f"{path}:{number}: not of the format")
    return world, steps


def fits(pattern, text):
    parts = [re.escape(p) for p in pattern.split(b"*")]
    return re.fullmatch(b".*".join(parts), text, re.S) is not None


class Failure(Exception):
    pass


class Connection:
    def __init__(self, args, port, tls):
        self.args = args
        self.socket = socket.create_connection((args.host, port), TIMEOUT)
        self.socket.settimeout(TIMEOUT)
        self.got = b""
        if tls:
            self.start_tls()

    def start_tls(self):
        if self.got:
            raise Failure(f"octets before the handshake: {self.got[:80]!r}")
        context = ssl.create_default_context(cafile=self.args.cafile)
        if self.args.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=self.args.name)

    def send(self, octets):
        step = self.args.split or len(octets) or 1
        try:
            for at in range(0, len(octets), step):
                self.socket.sendall(octets[at:at + step])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may close before it has read all; what it said first is judged

    def fill(self):
        try:
            part = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False
        except TimeoutError:
            raise Failure(f"no reply in {TIMEOUT} s") from None
        self.got += part
        return bool(part)

    def line(self):
        while b"\r\n" not in self.got:
            if not self.fill():
                raise Failure(f"the server closed; it had said {self.got[:80]!r}")
        line, _, self.got = self.got.partition(b"\r\n")
        return line

    def closed(self):
        return not self.got and not self.fill() and not self.got


def check_list(kind, words, connection):
    lines = []
    while True:
        line = connection.line()
        if kind == "S-capa" and line == b".":
            break
        if kind == "S-ehlo" and not line.startswith(b"250"):
            raise Failure(f"not a 250: {line!r}")
        lines.append(line[4:] if kind == "S-ehlo" else line)
        if kind == "S-ehlo" and line[3:4] == b" ":
            break
    for word in (w.strip().encode() for w in words.split(",")):
        absent = word.startswith(b"!")
        found = any(fits(word.removeprefix(b"!"), line) for line in lines)
        if found == absent:
            raise Failure(("unwanted: " if absent else "missing: ") + word.decode())


def play(path, args):
    world, steps = read(path)
    if "machine" in world:
        return "only for the machine"
    door = world["door"]
    if door not in args.ports:
        return f"no port for the door {door}"
    tls = world.get("tls", "none" if door in ("exchanger", "lmtp") else "active")
    # The door stands in clear, and offers STARTTLS, unless it is said to be inside TLS.
    inside = door in args.implicit_tls
    if tls == "available" and inside:
        return "STARTTLS cannot be tried inside TLS"
    connection = Connection(args, args.ports[door], inside)
    if tls == "active" and not inside:
        upgrade(connection, door)
        steps = steps[1:]  # the greeting was heard in clear
    for kind, value, number in steps:
        try:
            if kind == "C":
                connection.send(value)
            elif kind == "S":
                line = connection.line()
                if not fits(value, line):
                    raise Failure(f"expected {value!r}, got {line!r}")
            elif kind in ("S-ehlo", "S-capa"):
                # A host that could offer STARTTLS may do so where the transcript knows of none.
                words = value if tls != "none" else ",".join(w for w in value.split(",") if "STARTTLS" not in w) or "*"
                check_list(kind, words, connection)
            elif kind == "TLS":
                connection.start_tls()
            elif kind == "CLOSE":
                if not connection.closed():
                    raise Failure(f"not closed, or it said more: {connection.got[:80]!r}")
            elif kind == "C-close":
                connection.socket.shutdown(socket.SHUT_WR)
        except Failure as failure:
            raise Failure(f"{path}:{number}: {failure}") from None
    return None


def upgrade(connection, door):
    """Greeting and STARTTLS or STLS, for transcripts that begin inside TLS."""
    connection.line()
    if door == "pop3":
        connection.send(b"STLS\r\n")
        connection.line()
    elif door == "imap":
        connection.send(b"upgrade STARTTLS\r\n")
        connection.line()
    else:
        connection.send(b"EHLO upgrade.example\r\n")
        while connection.line()[3:4] == b"-":
            pass
        connection.send(b"STARTTLS\r\n")
        connection.line()
    connection.start_tls()


def main():
    parser = argparse.ArgumentParser(description="Plays transcripts to a running server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--name", default="localhost", help="the name the server's certificate must have")
    parser.add_argument("--door", action="append", default=[], metavar="NAME=PORT")
    parser.add_argument("--implicit-tls", action="append", default=[], metavar="NAME")
    parser.add_argument("--cafile")
    parser.add_argument("--insecure", action="store_true")
    parser.add_argument("--split", type=int, default=0, metavar="N", help="send N octets at a time")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    args.ports = {name: int(port) for name, _, port in (d.partition("=") for d in args.door)}
    played = failed = skipped = 0
    for path in args.files:
        try:
            reason = play(path, args)
        except (Failure, OSError) as failure:
            print(f"FAILED  {path}: {failure}")
            failed += 1
            continue
        if reason:
            print(f"skipped {path}: {reason}")
            skipped += 1
        else:
            print(f"ok      {path}")
            played += 1
    print(f"{played} played, {failed} failed, {skipped} skipped")
    return 1 if failed else 0 if played else 2


if __name__ == "__main__":
    sys.exit(main())
