"""`chappe local` as a test has it: started on free ports, stopped by its pid whatever happens, killed and started again.

    with Server() as server:
        with server.imap("alice") as box: ...

Also small helpers on imaplib, poplib and smtplib.
"""

import contextlib
import imaplib
import json
import os
import pathlib
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time

from suite import Failure

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CHAPPE_BUILD") or ROOT / "build" / "release")
if not BUILD.is_absolute():
    BUILD = ROOT / BUILD
BINARY = BUILD / "chappe"
SANITIZED = BUILD.name in ("asan", "tsan")
# How much longer everything may take when every access to memory is checked.
SLOW = 6 if SANITIZED else 1

DOMAIN = "example.test"
PASSWORD = "correct horse"
HOST = "127.0.0.1"
PORTS = {"mx": 25, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}
SITE_PORTS = {"lmtp": 24, "relay": 25}  # of listeners for the hosts of a site

imaplib._MAXLINE = poplib._MAXLINE = 10_000_000  # hostile letters have long lines


def free_base():
    """A port base whose seven ports are free now, below those that the system hands out by itself."""
    source = random.SystemRandom()
    for _ in range(100):
        base = source.randrange(11_000, 31_000)
        with contextlib.ExitStack() as stack:
            try:
                for port in PORTS.values():
                    probe = stack.enter_context(socket.socket())
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((HOST, base + port))
                return base
            except OSError:
                continue
    raise Failure("no free ports")


class Server:
    """One `chappe local`. `options`: more of its arguments, as strings."""

    host = HOST

    def __init__(self, accounts=("alice", "bob"), options=(), name="server"):
        self.accounts = accounts
        self.options = list(options)
        self.name = name
        self.process = None
        self.folder = None
        self.ports = {}

    # ---- life

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-test-"))
        self.dir = self.folder / "data"
        try:
            for attempt in range(5):
                self.base = free_base()
                try:
                    self.start()
                    return self
                except AddressInUse:
                    continue
            raise Failure("every port base was taken by somebody else")
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(self, kind, error, trace):
        try:
            if self.process and self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(10 * SLOW)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            if SANITIZED and self.output() and re.search(r"ERROR: \w*Sanitizer|runtime error:", self.output()):
                print(self.output()[-6000:], flush=True)
                if kind is None:
                    raise Failure("the server's sanitizer spoke; see above")
            if kind is not None and not issubclass(kind, (SystemExit, KeyboardInterrupt)):
                print(f"--- {self.name}'s output and the end of its log\n{self.output()[-1500:]}\n{self.log()[-3000:]}\n---")
        finally:
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, timeout=30):
        """Starts it on the folder and the ports that it has, and waits until every port answers."""
        if not BINARY.exists():
            raise Failure(f"{BINARY} is not built")
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [str(BINARY), "local", "--dir", str(self.dir), "--port-base", str(self.base), "--domain", DOMAIN]
        for account in self.accounts:
            command += ["--account", f"{account}:{PASSWORD}"]
        command += ["--ready-file", str(ready), "--json"] + self.options
        began = time.monotonic()
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=self.folder
            )
        while not ready.exists():
            if self.process.poll() is not None:
                text = self.output()
                if "in use" in text[-2000:]:
                    (self.folder / "output").unlink()
                    raise AddressInUse(text)
                raise Failure(f"{self.name} ended with {self.process.returncode} at its start: {text[-1000:]}")
            if time.monotonic() - began > timeout * SLOW:
                self.process.kill()
                self.process.wait()
                raise Failure(f"{self.name} was not ready within {timeout * SLOW} s: {self.output()[-1000:]}")
            time.sleep(0.01)
        self.facts = json.loads(ready.read_text())
        self.ports = self.facts["ports"]
        self.certificate = self.facts["certificate"]
        self.pid = self.process.pid
        return time.monotonic() - began

    def stop(self):
        """Asks it to end; (seconds that took, exit code)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"{self.name} did not end within {30 * SLOW} s of SIGTERM")
        return time.monotonic() - began, code

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def alive(self):
        return self.process.poll() is None

    # ---- looks from outside

    def output(self):
        try:
            return (self.folder / "output").read_text(errors="replace")
        except OSError:
            return ""

    def log(self):
        try:
            return (self.dir / "chappe.log").read_text(errors="replace")
        except OSError:
            return ""

    def memory(self, field="VmRSS"):
        """Its memory in KB, as /proc tells: VmRSS now, VmHWM at its highest."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise Failure(f"no {field} of process {self.pid}")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    # ---- clients

    def address(self, account):
        return account if "@" in account else f"{account}@{DOMAIN}"

    def tls(self):
        """A client's TLS that trusts this server's certificate and nothing else."""
        context = ssl.create_default_context(cafile=self.certificate)
        return context

    def connect(self, role, source=None, timeout=20, tls=None):
        """A bare connection; TLS where the role begins with it, unless told otherwise."""
        sock = socket.create_connection(
            (self.host, self.ports[role]), timeout=timeout * SLOW, source_address=(source, 0) if source else None
        )
        if role.endswith("s") if tls is None else tls:
            try:
                sock = self.tls().wrap_socket(sock, server_hostname="localhost")
            except BaseException:
                sock.close()
                raise
        return sock

    def smtp(self, role="mx", account=None, source=None, timeout=60):
        """smtplib, greeted, with TLS and logged in if an account is given."""
        how = {"timeout": timeout * SLOW, "source_address": (source, 0) if source else None}
        if role == "submissions":
            client = smtplib.SMTP_SSL(self.host, self.ports[role], context=self.tls(), **how)
        else:
            client = smtplib.SMTP(self.host, self.ports[role], **how)
        client.ehlo("client.test")
        if role == "submission":
            client.starttls(context=self.tls())
            client.ehlo("client.test")
        if account:
            client.login(self.address(account), PASSWORD)
        return client

    def send(self, octets, to=("alice",), sender="someone@elsewhere.test", source=None):
        """Hands one letter to the exchanger."""
        with self.smtp(source=source) as client:
            client.sendmail(sender, [self.address(one) for one in to], octets)

    def imap(self, account="alice", mailbox="INBOX", readonly=False, source=None, role="imaps", timeout=60):
        """imaplib's client, logged in, with the mailbox selected (None: none)."""
        box = (ImapTls if role == "imaps" else ImapClear)(self, source, timeout * SLOW)
        try:
            if role == "imap":
                box.starttls(self.tls())
            name = self.address(account)
            if name.isascii():
                box.login(name, PASSWORD)
            else:
                box.authenticate("PLAIN", lambda _: f"\0{name}\0{PASSWORD}".encode())
            if mailbox:
                box.choose(mailbox, readonly)
            return box
        except BaseException:
            box.shutdown()
            raise

    def pop(self, account="alice", role="pop3s"):
        if role == "pop3s":
            client = poplib.POP3_SSL(self.host, self.ports[role], context=self.tls(), timeout=60 * SLOW)
        else:
            client = poplib.POP3(self.host, self.ports[role], timeout=60 * SLOW)
            client.stls(context=self.tls())
        client.user(self.address(account))
        client.pass_(PASSWORD)
        return client


class AddressInUse(Exception):
    pass


class Letters:
    """What the helpers add to imaplib."""

    def choose(self, mailbox, readonly=False):
        """Selects it and gives the number of its letters."""
        kind, data = self.select(mailbox, readonly)
        if kind != "OK":
            raise Failure(f"SELECT {mailbox}: {kind} {data}")
        return int(data[0])

    def ask(self, command, *arguments):
        """The answer's data of a command that must succeed."""
        method = getattr(self, command)
        kind, data = method(*arguments)
        if kind != "OK":
            raise Failure(f"{command} {arguments}: {kind} {data}")
        return data

    def counts(self, mailbox="INBOX", items="MESSAGES UIDNEXT UNSEEN UIDVALIDITY"):
        data = self.ask("status", mailbox, f"({items})")
        found = re.search(rb"\(([^()]*)\)\s*$", data[-1])
        words = found[1].split()
        return {words[i].decode(): int(words[i + 1]) for i in range(0, len(words), 2)}

    def uids(self, *criteria):
        return [int(uid) for uid in self.ask("uid", "SEARCH", *(criteria or ("ALL",)))[0].split()]

    def letters(self, uids="1:*", item="BODY.PEEK[]"):
        """{uid: octets} of what is fetched."""
        out = {}
        for part in self.ask("uid", "FETCH", uids, f"(UID {item})"):
            if isinstance(part, tuple):
                out[int(re.search(rb"UID (\d+)", part[0])[1])] = part[1]
        return out

    def flags(self):
        """{uid: set of flags} of the mailbox."""
        out = {}
        for part in self.ask("uid", "FETCH", "1:*", "(UID FLAGS)"):
            line = part[0] if isinstance(part, tuple) else part
            if line:
                uid = int(re.search(rb"UID (\d+)", line)[1])
                out[uid] = set(re.search(rb"FLAGS \(([^)]*)\)", line)[1].decode().split())
        return out

    def __exit__(self, *ignored):
        with contextlib.suppress(Exception):
            self.logout()
        with contextlib.suppress(Exception):
            self.shutdown()


class ImapTls(Letters, imaplib.IMAP4_SSL):
    def __init__(self, server, source, timeout):
        self.source, self.at = source, server.host
        imaplib.IMAP4_SSL.__init__(
            self, "localhost", server.ports["imaps"], ssl_context=server.tls(), timeout=timeout
        )

    def _create_socket(self, timeout):
        source = (self.source, 0) if self.source else None
        sock = socket.create_connection((self.at, self.port), timeout, source_address=source)
        return self.ssl_context.wrap_socket(sock, server_hostname=self.host)


class ImapClear(Letters, imaplib.IMAP4):
    def __init__(self, server, source, timeout):
        self.source, self.at = source, server.host
        imaplib.IMAP4.__init__(self, "localhost", server.ports["imap"], timeout=timeout)

    def _create_socket(self, timeout):
        source = (self.source, 0) if self.source else None
        return socket.create_connection((self.at, self.port), timeout, source_address=source)
