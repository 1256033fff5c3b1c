#!/usr/bin/env python3
# timeout: 600
"""The transcripts of this folder, played to `chappe local`: in clear and by STARTTLS, inside TLS, and one octet at a time."""

import argparse
import contextlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import run_tcp  # noqa: E402
from chappe import Server  # noqa: E402
from suite import SHORT, Failure, Suite  # noqa: E402

ROLES = {"exchanger": "mx", "submission": "submission", "pop3": "pop3"}
IMPLICIT = {"submission": "submissions", "pop3": "pop3s"}
# Worlds that the program does not make: the machine is told another limit, or what `chappe local` always does otherwise.
OTHER_WORLD = {"errors", "size", "recipients", "refused", "flood", "header", "linelength", "bare-lf", "bare-cr", "no-dsn",
               "binarymime", "cleartext-auth", "no-chunking", "no-utf8", "machine"}  # fmt: skip

suite = Suite()


def mail_of(path):
    """The letters that a POP3 transcript wants in Alice's mailbox."""
    out, joins = [], False
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        if line.startswith("M:"):
            octets = run_tcp.unescape(line[2:].removeprefix(" ")) + b"\r\n"
            if joins:
                out[-1] += octets
            else:
                out.append(octets)
            joins = True
        elif line.startswith("@mail"):
            joins = False
        elif line:
            joins = joins and line.startswith("#")
    return out


def fill(server, letters):
    """Makes Alice's mailbox hold these and nothing else, and Bob's nothing."""
    for account, some in (("alice", letters), ("bob", [])):
        with server.imap(account) as box:
            if box.uids():
                box.ask("store", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
                box.ask("expunge")
            for octets in some:
                box.ask("append", "INBOX", None, None, octets)


def play(server, path, implicit=False, split=0):
    """Plays one; gives why it does not fit there, or None."""
    ports = {door: server.ports[IMPLICIT.get(door, role) if implicit else role] for door, role in ROLES.items()}
    arguments = argparse.Namespace(
        host="127.0.0.1", name="localhost", cafile=server.certificate, insecure=False, split=split, ports=ports,
        implicit_tls=set(IMPLICIT) if implicit else set(),
    )  # fmt: skip
    world, steps = run_tcp.read(path)
    if implicit and (world["door"] not in IMPLICIT or world.get("tls", "active") != "active"):
        return "does not begin inside TLS"
    if split and ("whole" in world or sum(len(octets) for kind, octets, _ in steps if kind == "C") > 20_000):
        return "must not be cut, or takes too long"
    if world["door"] == "pop3":
        fill(server, mail_of(path))
    try:
        return run_tcp.play(str(path), arguments)
    except (run_tcp.Failure, OSError) as why:
        raise Failure(str(why).removeprefix(str(HERE) + "/")) from None


def add(path):
    name = f"{path.parent.name} {path.stem}"
    ways = {"": {}, " inside TLS": {"implicit": True}}
    if not SHORT:
        ways[" by single octets"] = {"split": 1}

    @suite.test(name)
    def _(server):
        for way, how in ways.items():
            try:
                play(server, path, **how)
            except Failure as why:
                raise Failure(f"{why}{way}") from None


for folder in ("smtp", "pop3"):
    for transcript in sorted((HERE / folder).glob("*.txt")):
        transcript_world, _ = run_tcp.read(transcript)
        fits = not OTHER_WORLD & set(transcript_world) and transcript_world["door"] in ROLES
        if fits:
            add(transcript)


@contextlib.contextmanager
def world():
    """The one that README.md beside this file describes."""
    with Server(accounts=("alice", "bob"), options=["--no-limits"]) as server:
        yield server


if __name__ == "__main__":
    suite.main(world)
