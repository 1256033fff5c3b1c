#!/usr/bin/env python3
# timeout: 400
# serial
"""A small file system that is filled to the brim under load: refusals that pass, nothing lost that was acknowledged, and
letters are taken again when there is space, without a restart. It is ext4 in a file where this system lets us mount that,
else tmpfs in a namespace of our own."""

import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import DOMAIN, SLOW, Server  # noqa: E402
from load import Books, Load  # noqa: E402
from suite import Suite, check, equal, run, seed, wait_until  # noqa: E402

SIZE = 640  # MiB of the file system
RESERVE = 256  # MiB: limits.free_space
REFUSALS = 30  # are waited for, each time

suite = Suite()


class SmallDisk:
    """A mounted file system, empty but for the server's folder."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-disk-"))
        self.at = self.folder / "at"
        self.at.mkdir()
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(SIZE << 20)
        made = run("mkfs.ext4", "-q", "-m", "0", image)[0] == 0 and run("mount", "-o", "loop", image, self.at)[0] == 0
        self.kind = "ext4" if made else "tmpfs"
        if not made:
            code, _, err = run("mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", self.at)
            equal(code, 0, f"mounting tmpfs: {err}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.at], check=True)
        (self.folder / "image").unlink()
        self.at.rmdir()
        self.folder.rmdir()

    def free(self):
        space = os.statvfs(self.at)
        return space.f_bavail * space.f_frsize >> 20

    def leave(self, left):
        """So many MiB stay free; what takes the others is `ballast`."""
        ballast = self.at / "ballast"
        ballast.unlink(missing_ok=True)
        with open(ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(self.free() - left, 1) << 20)

    def brim(self):
        """Not an octet is left."""
        with open(self.at / "brim", "wb", buffering=0) as file:
            for piece in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"x" * piece)
                except OSError:
                    pass

    def give_back(self):
        for name in ("ballast", "brim"):
            (self.at / name).unlink(missing_ok=True)


def enter():
    """A mount namespace of our own: whatever happens, nothing stays mounted."""
    if os.environ.get("CHAPPE_OWN_MOUNTS"):
        return
    os.environ["CHAPPE_OWN_MOUNTS"] = "1"
    for way in ("-m", "-Urm"):
        if subprocess.run(["unshare", way, "true"], capture_output=True).returncode == 0:
            os.execvp("unshare", ["unshare", way, sys.executable, *sys.argv])
    print("skip a mount of its own: this system refuses namespaces")
    sys.exit(0)


def fill(load, disk):
    refused = load.temporary
    wait_until(lambda: load.temporary >= refused + REFUSALS or load.faults, 120 * SLOW, f"{REFUSALS} refusals")
    return disk.free()


def goes_on(load, what):
    taken = load.acknowledged
    wait_until(lambda: load.acknowledged >= taken + 100 or load.faults, 60 * SLOW, f"letters are taken again, {what}")


@suite.test("filled under load twice, it refuses for a while, loses nothing, and goes on without a restart")
def _():
    source = random.Random(seed())
    books = Books()
    with SmallDisk() as disk, Server(accounts=("alice", "bob", "carol")) as server:
        server.stop()
        server.dir = disk.at / "data"
        server.start()
        server.send(letters.letter("early", 1000), to=["carol"])
        # Letters fill it down to the reserve.
        load = Load(server, "full", source)
        disk.leave(RESERVE + 70)
        load.start()
        reserve = fill(load, disk)
        check(load.acknowledged > 100, f"{load.acknowledged} letters were taken before")
        equal(refusal(server), (452, b"4.3.1"), "the refusal")
        with server.imap("carol") as box:  # who makes space is not refused
            box.ask("store", "1", "+FLAGS.SILENT", r"(\Deleted)")
            box.ask("expunge")
            equal(box.counts()["MESSAGES"], 0, "carol's letters")
        disk.give_back()
        goes_on(load, "after the reserve was reached")
        # Others fill it to the last octet, under load.
        disk.leave(RESERVE + 10)
        disk.brim()
        fill(load, disk)
        brim = disk.free()
        with server.imap("alice") as box:
            check(box.letters(f"{box.uids()[-1]}"), "letters are read on a full disk")
        disk.give_back()
        goes_on(load, "after the disk was full")
        load.ending.set()
        server.kill()
        load.join()
        seconds = server.start()
        books.check(server, load)
        print(
            f"  {disk.kind}: {load.acknowledged} letters acknowledged, {load.temporary} refused; {reserve} MiB free when it "
            f"refused, {brim} at the brim; started again in {seconds:.2f} s"
        )
        server.stop()


def refusal(server):
    """Code and enhanced code that one more letter gets."""
    with server.smtp() as client:
        code, words = client.mail(letters.FROM)
        if code == 250:
            client.rcpt(f"alice@{DOMAIN}")
            code, words = client.data(letters.letter("refused", 1000))
        return code, words.split()[0]


if __name__ == "__main__":
    enter()
    suite.main()
