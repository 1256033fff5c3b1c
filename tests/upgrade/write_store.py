#!/usr/bin/env python3
"""Writes the small store that upgrade_test.py keeps for a format: run once, with the program that writes it, before the
format changes.

    CHAPPE_BUILD=build/release tests/upgrade/write_store.py format-2

makes format-2.tar.xz, a data folder as `kill -9` left it, and format-2.json, what can be read from it."""

import json
import pathlib
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from chappe import DOMAIN, Server  # noqa: E402
from contents import contents  # noqa: E402


def letter(name, size):
    """Text that takes little room in an archive."""
    lines = [f"Subject: {name}", f"To: alice@{DOMAIN}", f"Message-ID: <{name}@elsewhere.test>", ""]
    lines += [f"Line {n} of letter {name}, which is a bit longer than it would have to be." for n in range(size // 72)]
    return "\r\n".join(lines).encode() + b"\r\n"


def main(name):
    with Server(accounts=("alice", "bob", "carol")) as server:
        for number, size in enumerate((300, 3_000, 15_000, 40_000, 700_000, 1_500_000)):
            server.send(letter(f"{number}", size), to=("alice", "bob"))
        with server.imap("alice") as box:
            box.ask("create", "Projects/2026")
            box.ask("create", "Empty")
            box.ask("append", "Projects/2026", r"(\Seen $Forwarded)", None, letter("appended", 2_000))
            box.ask("append", "Projects/2026", r"(\Flagged)", None, letter("large", 90_000))
            box.ask("store", "1:2", "+FLAGS", r"(\Seen work)")
            box.ask("copy", "4:5", "Archive")
            box.ask("store", "3", "+FLAGS", r"(\Deleted)")
            box.ask("expunge")
            box.ask("rename", "Projects/2026", "Work/Old")
        with server.smtp("submission", "bob") as client:  # for nobody here: it waits
            client.sendmail(f"bob@{DOMAIN}", ["far@elsewhere.test"], letter("waits", 20_000))
        expected = {account: contents(server, account) for account in server.accounts}
        server.kill()
        with tarfile.open(HERE / f"{name}.tar.xz", "w:xz") as archive:
            archive.add(server.dir, arcname="data", filter=lambda m: None if m.issym() or "sock" in m.name else m)
        (HERE / f"{name}.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


main(*sys.argv[1:])
