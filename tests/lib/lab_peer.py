"""Other people's mail servers, as hosts of the lab: what Postfix (lab_postfix.py) and Exim (lab_exim.py) have in common.

One server has several faces, each a mail domain with an address of its own, so that one process shows what many do:

    postfix.lab        everything that it can
    plain.postfix.lab  without STARTTLS
    old.postfix.lab    without SMTPUTF8, CHUNKING and DSN either
    grey.postfix.lab   says 450 to everybody until ripen()
    six.postfix.lab    by IPv6 only

It lets the desk send to anybody, and keeps letters as files, a folder for each user.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import smtplib
import subprocess
import tempfile

import lab
import letters
import town
from chappe import ROOT
from suite import Failure, Skip, wait_until

USERS = ["alice", "bob", "jörg", "δοκιμή"]
FACES = ["", "plain", "old", "grey", "six"]


class Peer:
    """One server. A form of it sets `package`, `user` and `net` (its addresses are 192.0.2.NET0 and on), and has
    configure(), and command()."""

    name = package = user = None
    net = 0

    def __init__(self, wire):
        self.wire = wire
        self.domain = f"{self.name}.{lab.TLD}"
        self.installed = ROOT / "build" / "peers" / self.package
        self.process = None

    @classmethod
    def addresses(cls):
        """{face: its address}"""
        return {face: f"2001:db8::{cls.net}{i}" if face == "six" else f"192.0.2.{cls.net}{i}" for i, face in enumerate(FACES)}

    @classmethod
    def zone(cls):
        """The records of its domain."""
        out = ""
        for face, address in cls.addresses().items():
            host = f"mx.{face}" if face else "mx"
            out += f"{face or '@'} MX 10 {host}\n{host} {'AAAA' if ':' in address else 'A'} {address}\n"
        return out

    def __enter__(self):
        if not self.installed.exists():
            raise Skip(f"{self.package} is not below build/peers (make test-deps)")
        lab.needs_users()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.folder.chmod(0o755)
        self.mail = lab.owned(self.folder / "mail", self.user, 0o700)
        town.make_certificate(self.folder, f"mx.{self.domain}")
        lab.own(self.folder / "key.pem", self.user)
        try:
            self.inside = self.wire.host(self.name, *self.addresses().values())
            self.ripen(False)
            self.configure()
            self.start()
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(self, kind, *ignored):
        if self.process:
            self.kill()
            self.wire.leave(self.name)
        if kind is not None:
            print(f"--- the end of {self.name}'s log\n{self.log()[-3000:]}\n---")
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                [*self.inside, *map(str, self.command())],
                env=os.environ | {"LD_LIBRARY_PATH": self.libraries()},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder, start_new_session=True,
            )  # fmt: skip

        def greeted():
            if self.process.poll() is not None:
                output = (self.folder / "output").read_text()
                raise Failure(f"{self.name} ended with {self.process.returncode}: {output[-1000:]} {self.log()[-1000:]}")
            try:
                with self.smtp():
                    return True
            except (OSError, smtplib.SMTPException):
                return False

        wait_until(greeted, 30, f"{self.name} is ready")

    def kill(self):
        """kill -9, all of its processes: they are of the session that start() began."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def libraries(self):
        return ":".join(str(path) for path in (self.installed / "usr/lib/x86_64-linux-gnu", self.installed / "usr/lib/postfix"))

    def ripen(self, ripe=True):
        """Whether grey. takes letters."""
        raise NotImplementedError

    # ---- looks

    def address(self, user, face=""):
        return f"{user}@{face}.{self.domain}" if face else f"{user}@{self.domain}"

    def log(self):
        raise NotImplementedError

    def arriving(self):
        """The octets of letters that lie half taken in its spool."""
        total = 0
        for file in self.spool().glob("**/*"):
            with contextlib.suppress(OSError):
                if file.is_file():
                    total += file.stat().st_size
        return total

    def spool(self):
        raise NotImplementedError

    def logged(self, *parts, patience=10):
        """The first line of the log that has all these parts, once it is there."""

        def look():
            return next((line for line in self.log().splitlines() if all(part in line for part in parts)), None)

        return wait_until(look, patience, f"{parts} in the log of {self.name}")

    def letters(self, user="bob"):
        """(name, octets) of the user's letters, the oldest first: what stands before the @ of the Message-ID, and all of
        it with its lines ended by CRLF again."""
        for file in sorted((self.mail / user).glob("new/*"), key=lambda file: file.stat().st_mtime_ns):
            octets = file.read_bytes().replace(b"\n", b"\r\n")
            yield (letters.message_id(octets[:8000]) or "").partition("@")[0], octets

    def copies(self, name, user="bob"):
        return [octets for own, octets in self.letters(user) if own == name]

    def received(self, name, user="bob", patience=20):
        """The letter of this name, once it is there."""
        return wait_until(lambda: self.copies(name, user), patience, f"{name} in the mailbox of {user} at {self.name}")[0]

    def smtp(self):
        client = smtplib.SMTP(self.addresses()[""], 25, timeout=60)
        client.ehlo(f"desk.{lab.TLD}")
        return client

    def send(self, sender, to, octets, options=()):
        """Hands a letter in from the desk, for anybody."""
        with self.smtp() as client:
            client.sendmail(sender, to, octets, mail_options=list(options))
