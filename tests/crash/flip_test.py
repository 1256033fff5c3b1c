#!/usr/bin/env python3
# timeout: 300
"""A flipped bit in any file of a store: `chappe store verify --dir` finds what keeps the store from opening or a letter
from being read, `chappe store repair --yes` saves the rest, and the server serves it.

src/post/care/flip_test.cc does the same within a process, over everything that a store holds. Here a bit goes where it
hurts, in each kind of file, with the program as people call it. $CHAPPE_FLIPS (0): so many more, anywhere.
"""

import json
import os
import pathlib
import random
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY, Server  # noqa: E402
from suite import SHORT, Failure, Suite, check, equal, run, seed  # noqa: E402

MORE = int(os.environ.get("CHAPPE_FLIPS") or 0)

suite = Suite()


def store(server, *words):
    """The exit code of `chappe store …`, what it answers, and what it complains of."""
    code, out, err = run(BINARY, "store", *words, "--json", "--dir", server.dir, timeout=120)
    return code, json.loads(out) if out else {}, err.decode(errors="replace")


def fill(server):
    for n in range(12):
        server.send(letters.letter(f"small{n}", 1_000 + 700 * n), to=("alice", "bob"))
    for n in range(3):
        server.send(letters.letter(f"large{n}", 150_000 + 200_000 * n), to=("alice",))
    with server.imap("alice") as box:
        box.ask("store", "1:4", "+FLAGS", r"(\Flagged work)")
        box.ask("create", "Kept")
        box.ask("copy", "2,13", "Kept")
        box.ask("store", "5", "+FLAGS", r"(\Deleted)")
        box.ask("expunge")


def held(server):
    """What everybody has: {(account, mailbox, uid): octets}."""
    out = {}
    for account, mailboxes in (("alice", ("INBOX", "Kept")), ("bob", ("INBOX",))):
        for mailbox in mailboxes:
            with server.imap(account, mailbox=mailbox, readonly=True) as box:
                for uid, octets in box.letters().items():
                    out[account, mailbox, uid] = bytes(octets)
    return out


def flip(path, at, bit):
    octets = bytearray(path.read_bytes())
    octets[at] ^= 1 << bit
    path.write_bytes(octets)


def one(pattern, folder, largest=False):
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_size)
    if not found:
        raise Failure(f"there is no {pattern} in {folder}")
    return found[-1 if largest else 0]


def mended(server, before, lost, where):
    """Verifies, repairs, serves; `lost`: how many letters the bit stood in. Whether it was found."""
    code, found, why = store(server, "verify")
    check(code == 65, f"{where}: verify ends with {code}: {found} {why}")
    check(found.get("findings") or why, f"{where}: nothing is told")
    code, _, _ = store(server, "repair")
    equal(code, 65, f"{where}: the exit code of a repair that may do nothing")
    code, done, why = store(server, "repair", "--yes")
    equal((code, done.get("left"), done.get("complete")), (0, 0, True), f"{where}: what the repair says, {done} {why}")
    code, found, why = store(server, "verify")
    equal((code, found.get("findings")), (0, []), f"{where}: afterwards, {why}")
    serves(server, before, lost, where)


def serves(server, before, lost, where):
    server.start()
    now = held(server)
    gone = {before[key] for key in before if now.get(key) != before[key]}
    check(len(gone) <= lost, f"{where}: {len(gone)} letters are lost")
    server.send(letters.letter("later", 30_000), to=("bob",))
    server.stop()


class Folder:
    """A store that a server has left, again and again."""

    def __init__(self, server, killed=False):
        fill(server)
        self.before = held(server)
        if killed:
            # What came last cannot be told from a torn end: what is flipped is before it.
            server.send(letters.letter("last", 500), to=("bob",))
            server.kill()
        else:
            server.stop()
        self.server, self.copy = server, server.folder / "as-it-was"
        shutil.copytree(server.dir, self.copy, symlinks=True, ignore=lambda _, names: [n for n in names if n.endswith("sock")])

    def again(self):
        shutil.rmtree(self.server.dir)
        shutil.copytree(self.copy, self.server.dir, symlinks=True)
        return self.server.dir / "store"


@suite.test("a flipped bit in any kind of file is found, and the rest is saved")
def _():
    with Server() as server:
        folder = Folder(server)
        cases = [
            ("CURRENT", lambda at: (at / "CURRENT", 10, 1), 0),
            ("the MANIFEST", lambda at: (one("MANIFEST-*", at), 30, 2), 0),
            ("a file of rows", lambda at: (one("*.sst", at, True), one("*.sst", at, True).stat().st_size // 3, 5), 0),
            ("its end", lambda at: (one("*.sst", at, True), one("*.sst", at, True).stat().st_size - 20, 0), 0),
            ("a letter", lambda at: in_letter(at, b"large2"), 1),
        ]
        for where, place, lost in cases:
            at = folder.again()
            flip(*place(at))
            mended(server, folder.before, lost, where)
        check((server.dir / "store").exists(), "the store")


@suite.test("a flipped bit in what a killed server had not yet flushed is found, and the rest is saved")
def _():
    with Server() as server:
        folder = Folder(server, killed=True)
        for where, word, more in (("a batch", b"small7", 100), ("the header of its record", b"small7", None)):
            at = folder.again()
            path, offset, bit = in_letter(at, word)
            if more is None:
                octets = path.read_bytes()
                offset = octets.rfind(b"CHPR", 0, offset) + 9
            flip(path, offset, bit)
            mended(server, folder.before, 0 if more else 1, where)


def in_letter(at, word):
    for path in sorted((at / "log").glob("*.seg")):
        place = path.read_bytes().find(b"<" + word + b"@")
        if place >= 0:
            return path, place + 400, 3
    raise Failure(f"{word} is in no segment")


@suite.test("of bits flipped anywhere, what is not found changes nothing")
def _():
    source = random.Random(seed())
    with Server() as server:
        folder = Folder(server)
        found = 0
        rounds = MORE or (1 if SHORT else 3)
        for number in range(rounds):
            at = folder.again()
            files = [path for path in sorted(at.rglob("*")) if path.is_file() and path.stat().st_size]
            kind = source.choice(sorted({path.suffix or path.name.split("-")[0] for path in files}))
            path = source.choice([p for p in files if (p.suffix or p.name.split("-")[0]) == kind])
            offset, bit = source.randrange(path.stat().st_size), source.randrange(8)
            where = f"round {number}: {path.relative_to(at)} octet {offset} bit {bit}"
            flip(path, offset, bit)
            code, _, _ = store(server, "verify")
            if code == 65:
                found += 1
                mended(server, folder.before, 1, where)
            else:
                equal(code, 0, f"{where}: verify")
                serves(server, folder.before, 0, where)
    print(f"  {rounds} bits, {found} found")


if __name__ == "__main__":
    suite.main()
