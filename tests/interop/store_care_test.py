#!/usr/bin/env python3
# timeout: 500
"""`chappe store verify`, `backup` and `restore` with a server that goes on, is killed, or has never run: what was
acknowledged is in the backup, a damaged octet is found, and what is restored is served."""

import contextlib
import json
import pathlib
import shutil
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import BINARY  # noqa: E402
from contents import contents  # noqa: E402
from suite import Suite, check, equal, run, wait_until  # noqa: E402
from town import Town, as_nobody, enter, taken_as  # noqa: E402

enter()

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
"""

suite = Suite()


def store(site, *words, code=0, where=None):
    """What `chappe store …` answers, and that its exit code is this one. `where`: options instead of the site's own."""
    where = where or ("--config", site.config)
    got, out, err = run(*as_nobody(BINARY, "store", *words, *where, "--json"), timeout=120)
    equal(got, code, f"exit code of store {' '.join(map(str, words))}: {err[-500:]} {out[-500:]}")
    return json.loads(out) if out else {}


@contextlib.contextmanager
def town_of(*accounts):
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", accounts, lines=["[limits]", "message_size = \"20 MB\""]) as one:
        yield one


class Writer(threading.Thread):
    """Hands letters to alice, one after another, until it is told to stop."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.taken, self.ending, self.failure = site, [], threading.Event(), None

    def run(self):
        try:
            with self.site.smtp() as client:
                while not self.ending.is_set():
                    name = f"w{len(self.taken)}"
                    octets = letters.letter(name, 2_000 + len(self.taken) % 7 * 9_000, to=self.site.address("alice"))
                    client.sendmail("someone@elsewhere.test", [self.site.address("alice")], octets)
                    self.taken.append(name)
        except Exception as why:  # told by stop()
            self.failure = why

    def stop(self):
        self.ending.set()
        self.join(30)
        if self.failure:
            raise self.failure


def names(site, account="alice"):
    with site.imap(account) as box:
        return [letters.message_id(bytes(octets)).split("@")[0] for octets in box.letters(item="BODY.PEEK[HEADER]").values()]


def serve_restored(one, folder):
    """Goes on with the server on the folder that was restored, and the configuration that is in it."""
    one.config = folder / "config" / "chappe.toml"
    one.start()


@suite.test("what was acknowledged when a backup began is in it, and is served from a bare folder")
def _():
    with town_of("alice", "bob") as one:
        writer = Writer(one)
        writer.start()
        wait_until(lambda: len(writer.taken) >= 30, 60, "thirty letters")
        acknowledged = list(writer.taken)
        backup = one.folder / "backup"
        first = store(one, "backup", backup)
        writer.stop()
        check(len(writer.taken) > len(acknowledged), "letters came during the backup")
        equal(first["copied"], first["octets"], "the first one copies all")
        generations = store(one, "backup", backup, "--list")["generations"]
        equal([g["generation"] for g in generations], [first["generation"]], "generations")

        restored = one.folder / "restored"
        store(one, "restore", backup, where=("--dir", restored))
        store(one, "restore", backup, code=65, where=("--dir", restored))  # never over something
        one.stop()
        equal(store(one, "verify", where=("--dir", restored))["faults"], 0, "faults of what was restored")
        serve_restored(one, restored)
        there = names(one)
        equal([name for name in acknowledged if name not in there], [], "letters that are missing")
        equal(len(there), len(set(there)), "no letter is there twice")
        check(set(there) <= set(writer.taken) | {f"w{len(writer.taken)}"}, "and none that was not sent")
        one.send(letters.letter("later", 50_000), to=("bob",))
        equal(names(one, "bob"), ["later"], "the restored server takes letters")


@suite.test("a second backup copies what is new, and comes back as it was; old generations go")
def _():
    with town_of("alice", "bob") as one:
        for n in range(5):
            one.send(letters.letter(f"large{n}", 6_000_000), to=("alice", "bob"))
        backup = one.folder / "backup"
        first = store(one, "backup", backup)
        one.send(letters.letter("small", 3_000), to=("bob",))
        with one.imap("bob") as box:
            box.ask("store", "2", "+FLAGS", r"(\Flagged forwarded)")
            box.ask("create", "Work")
            box.ask("copy", "1", "Work")
        expected = {account: contents(one, account) for account in one.accounts}
        second = store(one, "backup", backup)
        # Segments double in size at first, and the one that is written to is copied whole: four sevenths at most.
        check(second["copied"] < first["copied"] * 3 / 4, f"it copies {second['copied']} after {first['copied']} octets")
        one.stop()
        third = store(one, "backup", backup, "--keep", "2")  # without a server
        bare = store(one, "backup", one.folder / "bare", where=("--dir", one.dir))
        equal(
            [told["configuration"] for told in (first, second, third, bare)],
            [True, True, True, False],
            "whether the configuration is in it: of a data folder alone nobody knows one",
        )
        equal(
            [g["generation"] for g in store(one, "backup", backup, "--list")["generations"]],
            [second["generation"], third["generation"]],
            "the generations that stay",
        )
        for generation in (second, third):
            restored = one.folder / generation["generation"]
            store(one, "restore", backup, "--generation", generation["generation"], where=("--dir", restored))
            shutil.rmtree(one.dir, ignore_errors=True)  # nothing of it is needed,
            (one.folder / "key.pem").unlink(missing_ok=True)  # nor the files beside it
            serve_restored(one, restored)
            equal({account: contents(one, account) for account in one.accounts}, expected, "what is served")
            one.stop()


@suite.test("verify is clean after kill -9, with the server and without it")
def _():
    with town_of("alice") as one:
        writer = Writer(one)
        writer.start()
        wait_until(lambda: len(writer.taken) >= 20, 60, "twenty letters")
        equal(store(one, "verify")["faults"], 0, "faults under load")
        one.kill()
        writer.ending.set()
        writer.join(30)
        found = store(one, "verify")
        equal((found["faults"], found["findings"], found["complete"]), (0, [], True), "after kill -9")
        check(found["letters"] >= 20 and found["octets"] > 20 * 2_000, "all letters were read")
        one.start()
        equal(store(one, "verify", "--quick")["octets"], 0, "quick: no letter is read")
        equal(store(one, "verify", "--rate", "1000")["faults"], 0, "faults after the restart")


@suite.test("a damaged octet is found, with the letter and whose it is, and the letter comes back from a backup")
def _():
    with town_of("alice") as one:
        whole = letters.letter("whole", 100_000)
        one.send(whole, to=("alice",))
        precious = letters.letter("precious", 200_000)
        with one.smtp() as client:
            client.mail("someone@elsewhere.test")
            client.rcpt(one.address("alice"))
            _, words = client.data(precious)
        letter = taken_as(words.decode())
        backup = one.folder / "backup"
        store(one, "backup", backup)
        one.stop()
        middle = precious[100_000:100_060]
        flipped = 0
        for path in (one.dir / "store" / "log").iterdir():
            octets = bytearray(path.read_bytes())
            at = octets.find(middle)
            if at < 0:
                continue
            octets[at] ^= 1
            path.write_bytes(octets)
            flipped += 1
        equal(flipped, 1, "places where the letter stands")
        for live in (False, True):
            if live:
                one.start()
            found = store(one, "verify", code=65)
            equal([f["fault"] for f in found["findings"]], ["octets-damaged"], "what is found")
            told = found["findings"][0]
            check(letter in told["what"], f"the letter {letter} is named: {told}")
            equal(told.get("address"), one.address("alice"), "whose it is")
        brought = store(one, "restore", backup, "--account", one.address("alice"), "--letter", letter)
        equal((brought["imported"], brought["duplicates"]), (1, 0), "from the backup")
        with one.imap("alice") as box:
            newest = max(box.uids())
            equal(bytes(box.letters(str(newest))[newest]).endswith(precious), True, "octet for octet")
        out = store(one, "export", one.folder / "out", "--account", one.address("alice"), code=65)
        equal((out["exported"], out["skipped"]), (2, 1), "an export leaves out the damaged one alone")
        equal(store(one, "repair", code=65)["faults"], 1, "what a repair would mend")
        with one.imap("alice") as box:
            equal(len(box.uids()), 3, "it has changed nothing")
        mended = store(one, "repair", "--yes", "--aside", one.folder / "aside")
        equal((mended["faults"], mended["left"]), (1, 0), "what it mends when it is told to")
        check(list((one.folder / "aside").iterdir()), "what was taken away is kept")
        equal(store(one, "verify")["faults"], 0, "faults afterwards")
        equal(sorted(names(one)), ["precious", "whole"], "what alice has then")


@suite.test("a mailbox that was deleted comes back from a backup into the running server, once")
def _():
    with town_of("alice", "bob") as one:
        with one.imap("alice") as box:
            box.ask("create", "Work")
            for n in range(3):
                octets = letters.letter(f"work{n}", 1_500_000 if n == 2 else 900)
                box.ask("append", "Work", r"(\Seen)" if n else r"(\Flagged later)", f'"0{n + 1}-Aug-2026 10:00:00 +0000"', octets)
        before = contents(one, "alice")["Work"]["letters"]
        backup = one.folder / "backup"
        store(one, "backup", backup)
        with one.imap("alice") as box:
            box.ask("delete", "Work")
        words = ("restore", backup, "--account", one.address("alice"), "--mailbox", "Work")
        told = store(one, *words)
        equal((told["imported"], told["duplicates"], told["skipped"]), (3, 0, 0), "what came back")
        after = contents(one, "alice")["Work"]["letters"]
        equal(sorted(after.values()), sorted(before.values()), "octets, flags and dates")
        told = store(one, *words)
        equal((told["imported"], told["duplicates"]), (0, 3), "the same once more")
        told = store(one, *words, "--to", one.address("bob"))
        equal(told["imported"], 3, "for somebody else")
        equal(sorted(contents(one, "bob")["Work"]["letters"].values()), sorted(before.values()), "what bob has")
        store(one, "restore", backup, "--account", one.address("alice"), "--mailbox", "Nowhere", code=67)
        equal([p.name for p in one.dir.iterdir() if p.name.startswith("restoring")], [], "nothing is left beside the store")


suite.main()
