#!/usr/bin/env python3
# timeout: 300
"""A store of each format that there ever was, as `kill -9` left it, is opened by the program of today: everything is
there, it is written to, killed and opened again."""

import json
import pathlib
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import letters  # noqa: E402
from chappe import DOMAIN, Server  # noqa: E402
from contents import contents  # noqa: E402
from suite import Suite, check, equal  # noqa: E402

suite = Suite()


class Old(Server):
    """A server on the folder that an older one left."""

    def __init__(self, archive):
        super().__init__(accounts=("alice", "bob", "carol"))
        self.archive = archive

    def start(self, timeout=30):
        if not self.dir.exists():
            with tarfile.open(self.archive) as archive:
                archive.extractall(self.folder, filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(
                    self.folder
                )
        return super().start(timeout)


def test_of(archive):
    @suite.test(f"a store of {archive.name.removesuffix('.tar.xz')} is opened, written to, killed and opened again")
    def _():
        expected = json.loads(archive.with_name(archive.name.replace(".tar.xz", ".json")).read_text())
        with Old(archive) as server:
            for account, shown in expected.items():
                equal(contents(server, account), shown, f"what {account} sees")
            new = letters.letter("new", 100_000, to=f"carol@{DOMAIN}")
            server.send(new, to=("carol",))
            with server.imap("alice", "INBOX") as box:
                box.ask("store", "1", "+FLAGS", r"(\Deleted)")
                box.ask("expunge")
            after = {account: contents(server, account) for account in expected}
            equal(len(after["carol"]["INBOX"]["letters"]), 1, "letters of carol")
            server.kill()
            server.start()
            for account, shown in after.items():
                equal(contents(server, account), shown, f"what {account} sees after a crash")
            server.stop()
            server.start()
            for account, shown in after.items():
                equal(contents(server, account), shown, f"what {account} sees after a restart")


archives = sorted(HERE.glob("format-*.tar.xz"))
check(len(archives) >= 2, "the stores of older formats are missing")
for archive in archives:
    test_of(archive)

suite.main()
