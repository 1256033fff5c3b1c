#!/usr/bin/env python3
"""mbsync (isync): two-way between a Maildir and the server, by UIDPLUS."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import PASSWORD, Server  # noqa: E402
from suite import Suite, check, equal, needs, succeed  # noqa: E402

suite = Suite()


class Maildir:
    """One account's folders on this side."""

    def __init__(self, server, account):
        needs("mbsync")
        self.server = server
        self.account = account
        self.path = server.folder / f"maildir-{account}"
        self.path.mkdir()
        self.rc = server.folder / f"mbsyncrc-{account}"
        self.rc.write_text(
            f"""IMAPStore far
Host localhost
Port {server.ports["imaps"]}
User {account}@example.test
Pass "{PASSWORD}"
SSLType IMAPS
CertificateFile {server.certificate}

MaildirStore near
Path {self.path}/
Inbox {self.path}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
Remove None
SyncState *
Sync All
"""
        )

    def sync(self):
        return succeed("mbsync", "-V", "-c", self.rc, "all", timeout=120)

    def files(self, folder="INBOX"):
        return sorted(p for part in ("cur", "new") for p in (self.path / folder / part).iterdir())

    def add(self, octets, folder="INBOX", flags=""):
        name = letters.message_id(octets) + (f":2,{flags}" if flags else "")
        (self.path / folder / ("cur" if flags else "new") / name).write_bytes(octets.replace(b"\r\n", b"\n"))

    def find(self, name, folder="INBOX"):
        return [p for p in self.files(folder) if f"<{name}@".encode() in p.read_bytes()]


def without_tuid(octets):
    """The letter without the field by which mbsync finds its copies again."""
    return re.sub(rb"(?m)^X-TUID: .*\n", b"", octets)


def flags_of(path):
    return set(path.name.partition(":2,")[2])


@suite.test("brings every letter here, and does nothing the second time")
def _(server):
    octets = [letters.letter(f"sync-{i}", 3000 * i) for i in range(1, 21)]
    for one in octets:
        server.send(one, to=["alice"])
    near = Maildir(server, "alice")
    near.sync()
    files = near.files()
    equal(len(files), 20, "the number of files")
    for i, one in enumerate(octets, 1):
        found = near.find(f"sync-{i}")
        equal(len(found), 1, f"files of sync-{i}")
        check(without_tuid(found[0].read_bytes()).endswith(one.replace(b"\r\n", b"\n")), f"sync-{i} came here changed")
    names = [p.name for p in files]
    near.sync()
    equal([p.name for p in near.files()], names, "the files after a second run")
    with server.imap("alice", readonly=True) as box:
        equal(box.counts()["MESSAGES"], 20, "the letters after a second run")


@suite.test("takes letters and folders from here")
def _(server):
    near = Maildir(server, "bob")
    near.sync()
    octets = letters.letter("sync-up", 10_000)
    near.add(octets, flags="FS")
    for part in ("cur", "new", "tmp"):
        (near.path / "Travel" / part).mkdir(parents=True)
    near.add(letters.letter("sync-travel"), "Travel")
    near.sync()
    near.sync()
    with server.imap("bob", readonly=True) as box:
        equal(box.counts()["MESSAGES"], 1, "the letters of INBOX")
        equal(box.counts("Travel")["MESSAGES"], 1, "the letters of Travel")
        uid = box.uids()[0]
        got = box.letters(str(uid))[uid]
        equal(without_tuid(got), octets, "the letter")
        equal(box.flags()[uid] - {r"\Recent"}, {r"\Seen", r"\Flagged"}, "its flags")
    equal(len(near.files()), 1, "the files here")


@suite.test("carries flags both ways, and what is deleted")
def _(server):
    for i in range(4):
        server.send(letters.letter(f"flags-{i}"), to=["carol"])
    near = Maildir(server, "carol")
    near.sync()
    with server.imap("carol") as box:
        uids = box.uids()
        box.ask("uid", "STORE", str(uids[0]), "+FLAGS", r"(\Answered \Seen)")
        box.ask("uid", "STORE", str(uids[1]), "+FLAGS", r"(\Deleted)")
        box.ask("uid", "EXPUNGE", str(uids[1]))
    here = near.find("flags-2")[0]
    seen = near.path / "INBOX" / "cur" / (here.name.partition(":2,")[0] + ":2,FS")
    here.rename(seen)
    gone = near.find("flags-3")[0]
    gone.rename(near.path / "INBOX" / "cur" / (gone.name.partition(":2,")[0] + ":2,T"))
    near.sync()
    near.sync()
    equal(flags_of(near.find("flags-0")[0]), {"R", "S"}, "flags that were set there")
    equal(near.find("flags-1"), [], "what was expunged there")
    with server.imap("carol", readonly=True) as box:
        equal(box.uids(), [uids[0], uids[2]], "what is left there")
        equal(box.flags()[uids[2]] - {r"\Recent"}, {r"\Flagged", r"\Seen"}, "flags that were set here")
    equal(len(near.files()), 2, "the files here")


@suite.test("goes on after the server was killed between two runs")
def _(server):
    server.send(letters.letter("kill-1", 20_000), to=["dave"])
    near = Maildir(server, "dave")
    near.sync()
    near.add(letters.letter("kill-2"))
    near.sync()
    server.kill()
    server.start()
    server.send(letters.letter("kill-3"), to=["dave"])
    near.sync()
    near.sync()
    equal(len(near.files()), 3, "the files here")
    with server.imap("dave", readonly=True) as box:
        equal(box.counts()["MESSAGES"], 3, "the letters there")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol", "dave"))
