"""Many writers at a time that note what was acknowledged to them, and the check that all of it is there.

A letter is acknowledged when its 250 (or OK to APPEND) has been read. What was sent and not acknowledged may be there or
not, but not twice, and not for one recipient only.
"""

import hashlib
import random
import re
import smtplib
import threading
import time

import letters
from chappe import DOMAIN
from raw import Raw
from suite import Failure, equal, wait_until

# Sizes in octets; most letters are small.
SIZES = [(0, 2_000)] * 6 + [(2_000, 20_000)] * 3 + [(20_000, 200_000)]
WRITERS = ["kept", "kept", "kept", "fresh", "bdat", "submission", "submission", "append", "append", "flags"]


class Sent:
    """One letter: its hash, to whom, and (after an APPEND) the UID that was promised."""

    __slots__ = ("digest", "to", "acknowledged", "uid", "how")

    def __init__(self, digest, to, how):
        self.digest = digest
        self.to = to
        self.how = how
        self.acknowledged = False
        self.uid = None


class Load:
    """Writers against one server. `name` makes letters' names unique; `source` decides everything but the timing."""

    def __init__(self, server, name, source, flag_uids=()):
        self.server = server
        self.name = name
        self.sent = {}
        self.flagged = {}  # uid: keyword that was acknowledged
        self.flag_uids = list(flag_uids)
        self.acknowledged = 0
        self.temporary = 0
        self.faults = []
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self._work, args=(kind, i, random.Random(f"{source.random()}")))
            for i, kind in enumerate(WRITERS)
            if kind != "flags" or self.flag_uids
        ]

    def start(self):
        for thread in self.threads:
            thread.start()

    def wait_for(self, count, timeout):
        wait_until(lambda: self.acknowledged >= count or self.faults, timeout, f"{count} acknowledgements")

    def join(self):
        """Call after the server is gone, or with `ending` set."""
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise Failure(f"a writer failed before the end: {self.faults[0]}")

    # ---- the writers

    def _work(self, kind, number, source):
        try:
            getattr(self, "_" + kind)(f"{self.name}-{number}", source)
        except Exception as error:  # noqa: BLE001 - what the end of the server looks like to its clients
            if not self.ending.is_set():
                # The end may have come between two looks at the flag.
                time.sleep(0.5)
                if not self.ending.is_set():
                    self.faults.append(f"{kind}: {type(error).__name__} {error}")

    def _letter(self, prefix, number, source, sender, to, how):
        name = f"{prefix}-{number}"
        octets = letters.letter(name, source.randint(*source.choice(SIZES)), sender=sender)
        self.sent[name] = sent = Sent(hashlib.sha256(octets).digest(), to, how)
        return octets, sent

    def _noted(self, sent):
        with self.lock:
            sent.acknowledged = True
            self.acknowledged += 1

    def _to(self, source):
        return ["alice", "bob"] if source.random() < 0.2 else ["alice"]

    def _transaction(self, client, prefix, number, source, sender, how):
        to = self._to(source)
        octets, sent = self._letter(prefix, number, source, sender, to, how)
        try:
            client.sendmail(sender, [f"{one}@{DOMAIN}" for one in to], octets)
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            if error.smtp_code // 100 != 4:
                raise
            self.temporary += 1
        else:
            self._noted(sent)

    def _kept(self, prefix, source):
        with self.server.smtp() as client:
            number = 0
            while not self.ending.is_set():
                self._transaction(client, prefix, number, source, letters.FROM, "exchanger")
                number += 1

    def _fresh(self, prefix, source):
        number = 0
        while not self.ending.is_set():
            with self.server.smtp() as client:
                self._transaction(client, prefix, number, source, letters.FROM, "exchanger")
            number += 1

    def _submission(self, prefix, source):
        with self.server.smtp("submission", "alice") as client:
            number = 0
            while not self.ending.is_set():
                self._transaction(client, prefix, number, source, f"alice@{DOMAIN}", "submission")
                number += 1

    def _bdat(self, prefix, source):
        """Letters in chunks (RFC 3030), the whole transaction in one write."""
        with Raw(self.server, "mx", timeout=60) as client:
            client.greet()
            number = 0
            while not self.ending.is_set():
                octets, sent = self._letter(prefix, number, source, letters.FROM, ["alice"], "bdat")
                half = source.randint(0, len(octets))
                client.send(
                    f"MAIL FROM:<{letters.FROM}>\r\nRCPT TO:<alice@{DOMAIN}>\r\nBDAT {half}\r\n".encode()
                    + octets[:half]
                    + f"BDAT {len(octets) - half} LAST\r\n".encode()
                    + octets[half:]
                )
                replies = [client.reply() for _ in range(4)]
                if all(code == 250 for code, _ in replies):
                    self._noted(sent)
                elif any(code // 100 == 5 for code, _ in replies):
                    raise Failure(f"{replies}")
                else:
                    self.temporary += 1
                number += 1

    def _append(self, prefix, source):
        box = self.server.imap("alice", mailbox=None)
        try:
            number = 0
            while not self.ending.is_set():
                octets, sent = self._letter(prefix, number, source, letters.FROM, ["alice"], "append")
                kind, data = box.append("INBOX", None, None, octets)
                if kind == "OK":
                    found = re.search(rb"\[APPENDUID (\d+) (\d+)\]", data[0] or b"")
                    sent.uid = int(found[2]) if found else None
                    self._noted(sent)
                elif kind == "NO" and b"[LIMIT]" in data[0]:
                    self.temporary += 1
                else:
                    raise Failure(f"APPEND: {kind} {data}")
                number += 1
        finally:
            box.shutdown()

    def _flags(self, prefix, source):
        box = self.server.imap("alice")
        try:
            number = 0
            while not self.ending.is_set():
                uid = source.choice(self.flag_uids)
                keyword = f"k{number % 20}"
                box.ask("uid", "STORE", str(uid), "+FLAGS.SILENT", f"({keyword})")
                self.flagged.setdefault(uid, set()).add(keyword)
                number += 1
        finally:
            box.shutdown()


class Books:
    """What must be in the mailboxes, kept over many loads and restarts."""

    def __init__(self):
        self.present = {"alice": {}, "bob": {}}  # account: {uid: (name, digest)}
        self.names = {"alice": set(), "bob": set()}
        self.next = {"alice": 1, "bob": 1}
        self.validity = {}
        self.lost_unacknowledged = 0

    def check(self, server, load):
        """Reads what came in since the last check; fails if anything acknowledged is missing, changed or twice."""
        arrived = {account: self._read(server, account, load) for account in self.present}
        for name, sent in load.sent.items():
            there = [account for account in sent.to if name in arrived[account]]
            if sent.acknowledged and there != sent.to:
                missing = set(sent.to) - set(there)
                raise Failure(f"LOST: {name} ({sent.how}) was acknowledged and is not with {missing}")
            if there and there != sent.to:
                raise Failure(f"half a letter: {name} ({sent.how}, not acknowledged) is only with {there}")
            if sent.uid is not None and arrived["alice"][name] != sent.uid:
                raise Failure(f"{name}: APPENDUID said {sent.uid}, it is {arrived['alice'][name]}")
            self.lost_unacknowledged += not there
        if load.flagged:
            with server.imap("alice", readonly=True) as box:
                flags = box.flags()
            for uid, keywords in load.flagged.items():
                if not keywords <= flags.get(uid, set()):
                    raise Failure(f"LOST: flags {keywords - flags.get(uid, set())} of {uid} were acknowledged")

    def _read(self, server, account, load):
        """{name: uid} of what is new in the account's mailbox."""
        new = {}
        with server.imap(account, readonly=True) as box:
            counts = box.counts()
            equal(counts["UIDVALIDITY"], self.validity.setdefault(account, counts["UIDVALIDITY"]), "UIDVALIDITY")
            first = self.next[account]
            got = box.letters(f"{first}:{counts['UIDNEXT'] - 1}") if counts["UIDNEXT"] > first else {}
            for uid, octets in got.items():
                name = letters.message_id(octets).partition("@")[0]
                sent = load.sent.get(name)
                if sent is None:
                    raise Failure(f"{account} has {name}, which was not sent in this round")
                if name in self.names[account] or name in new:
                    raise Failure(f"TWICE: {account} has {name} ({sent.how}) again as {uid}")
                own = letters.below_trace(octets)[1]
                if hashlib.sha256(own).digest() != sent.digest:
                    raise Failure(f"CHANGED: {name} ({sent.how}, {len(own)} octets)")
                new[name] = uid
                self.present[account][uid] = (name, sent.digest)
            self.names[account] |= set(new)
            equal(counts["MESSAGES"], len(self.present[account]), f"the number of {account}'s letters")
            self.next[account] = counts["UIDNEXT"]
        return new

    def check_all(self, server):
        """Every letter of every round once more, each octet of it."""
        total = 0
        for account, present in self.present.items():
            with server.imap(account, readonly=True) as box:
                uids = sorted(present)
                equal(box.uids(), uids, f"{account}'s UIDs")
                for i in range(0, len(uids), 500):
                    some = uids[i : i + 500]
                    for uid, octets in box.letters(f"{some[0]}:{some[-1]}").items():
                        own = letters.below_trace(octets)[1]
                        if hashlib.sha256(own).digest() != present[uid][1]:
                            raise Failure(f"CHANGED: {present[uid][0]}, long after it came")
                        total += 1
        return total
