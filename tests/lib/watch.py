"""What must hold while somebody misbehaves: other people's mail goes on, and the server's memory does not grow.

    with Watch(server) as watch:
        ...              # be hostile
    # leaving it fails if a letter of the canary was lost or late, or memory grew by more than the bound
"""

import itertools
import threading
import time

import letters
from chappe import SANITIZED, SLOW
from suite import Failure

CANARY_ADDRESS = "127.0.0.9"  # a neighbour of the attackers', who come from 127.0.0.1
_numbers = itertools.count()


class Watch:
    """The canary: once a second, a letter by SMTP on a new connection, and its fetch by IMAP on a session of its own."""

    def __init__(self, server, account="carol", latency=3.0, growth_mb=200, pause=1.0):
        self.server = server
        self.account = account
        self.latency = latency * SLOW
        # Sanitizers keep freed memory for a while.
        self.growth_mb = growth_mb * (4 if SANITIZED else 1)
        self.pause = pause
        self.worst = 0.0
        self.rounds = 0
        self.errors = []
        self.peak = 0
        self._end = threading.Event()

    def __enter__(self):
        self.before = self.peak = self.server.memory()
        self.box = self.server.imap(self.account, source=CANARY_ADDRESS)
        self.threads = [threading.Thread(target=self._sing), threading.Thread(target=self._weigh)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self._end.set()
        for thread in self.threads:
            thread.join()
        self.box.__exit__()
        growth = (self.peak - self.before) / 1024
        print(
            f"  canary: {self.rounds} letters, slowest {self.worst * 1000:.0f} ms; memory {self.before / 1024:.0f} MB, "
            f"grew by {growth:.0f} MB",
            flush=True,
        )
        if kind is not None:
            return
        if not self.server.alive():
            raise Failure(f"the server has died: {self.server.output()[-800:]}")
        if self.errors:
            raise Failure(f"the canary fell silent: {self.errors[0]}")
        if self.rounds == 0:
            raise Failure("the canary had no time for a single letter")
        if self.worst > self.latency:
            raise Failure(f"a letter of the canary took {self.worst:.1f} s, more than {self.latency:.0f} s")
        if growth > self.growth_mb:
            raise Failure(f"memory grew by {growth:.0f} MB, more than {self.growth_mb} MB")

    def _sing(self):
        while True:
            began = time.monotonic()
            try:
                self._one()
            except Exception as error:  # noqa: BLE001 - told at the end
                self.errors.append(f"{type(error).__name__} {error}")
                return
            self.rounds += 1
            took = time.monotonic() - began
            self.worst = max(self.worst, took)
            if self._end.wait(max(0.0, self.pause - took)):
                return

    def _one(self):
        name = f"canary-{next(_numbers)}"
        octets = letters.letter(name, 2000, to=self.server.address(self.account))
        self.server.send(octets, to=[self.account], source=CANARY_ADDRESS)
        end = time.monotonic() + self.latency
        while True:
            self.box.ask("noop")
            uids = self.box.uids("HEADER", "Message-ID", f"{name}@elsewhere.test")
            if uids or time.monotonic() > end:
                break
        if len(uids) != 1:
            raise Failure(f"{name} is there {len(uids)} times")
        got = self.box.letters(str(uids[0]))[uids[0]]
        if not got.endswith(octets):
            raise Failure(f"{name} came back changed")

    def _weigh(self):
        while not self._end.wait(0.1):
            try:
                self.peak = max(self.peak, self.server.memory())
            except (OSError, Failure):
                return
