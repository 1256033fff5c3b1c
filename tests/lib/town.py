"""A small Internet in a network namespace of the test's own, where ports 25 and 53 are real: a root name server (nsd) and
mail servers (`chappe serve`), each at an address of its own below 127.

    town.enter()                       # at the top of a test program: goes on inside, or skips
    with Town(zone) as town:
        with town.site("one.tower", "127.0.0.2", accounts=["alice"]) as one: ...
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time

import chappe
from chappe import BINARY, PASSWORD, ROOT, SLOW
from suite import Failure, Skip, shown, succeed, wait_until

NAMES = "127.0.0.53"
INSIDE = "CHAPPE_TEST_TOWN"


def enter(*ways):
    """Starts this program anew in a user and network namespace; nothing that it sends can leave it. `ways`: other options
    of unshare, of which the first that this system allows is taken."""
    if os.environ.get(INSIDE):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as start:
            start.write("0")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    for way in ways or [["-Urn"]]:
        if subprocess.run(["unshare", *way, "true"], capture_output=True).returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", ["unshare", *way, sys.executable, *sys.argv])
    print("skip a network of its own: this system refuses user namespaces")
    sys.exit(0)


def as_nobody(*command):
    """The command as who is not root, which the servers refuse to be."""
    return ["unshare", "-U", "--map-user=1000", "--map-group=1000", *map(str, command)]


def start_nsd(folder, address, zones, at=()):
    """nsd on port 53 of this address, with the zones {name: file below the folder}; its process. `at`: a command that
    leads to its host."""
    nsd = ROOT / "build" / "peers" / "nsd" / "usr"
    if not nsd.exists():
        raise Skip("nsd is not below build/peers (make test-deps)")
    own = folder / f"nsd-{address}"
    pathlib.Path(f"{own}.conf").write_text(
        f'server:\n  ip-address: {address}\n  username: ""\n  database: ""\n  zonesdir: "{folder}"\n'
        f'  zonelistfile: "{own}.list"\n  xfrdfile: "{own}.xfrd"\n  pidfile: "{own}.pid"\n'
        f'  logfile: "{own}.log"\n  server-count: 1\nremote-control:\n  control-enable: no\n'
        + "".join(f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n' for name, file in zones.items())
    )
    return subprocess.Popen(
        [*at, nsd / "sbin" / "nsd", "-d", "-c", f"{own}.conf"],
        env=os.environ | {"LD_LIBRARY_PATH": str(nsd / "lib" / "x86_64-linux-gnu")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def make_certificate(folder, *names):
    """A certificate that signs itself, for these names and addresses, as cert.pem and key.pem in the folder."""
    kinds = [f"IP:{name}" if name[-1].isdigit() else f"DNS:{name}" for name in names]
    succeed(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" + ",".join(kinds),
        "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
    )  # fmt: skip


def taken_as(words):
    """The id in the words of a site that took a letter: theirs to its client, and those on the client's trail."""
    found = re.search(r"Taken as (\w{26})", words)
    if not found:
        raise Failure(f"no id in {shown(words)}")
    return found[1]


class Town:
    """The name server. `zone`: records of the root, to which its own are added."""

    def __init__(self, zone):
        self.zone = zone
        self.process = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-town-"))
        (self.folder / "root.zone").write_text(
            f"$TTL 60\n. SOA ns.root. hostmaster.root. 1 3600 600 86400 60\n. NS ns.root.\nns.root. A {NAMES}\n{self.zone}\n"
        )
        (self.folder / "hints").write_text(f". 60 NS ns.root.\nns.root. 60 A {NAMES}\n")
        self.dns = f'root_hints = "{self.folder}/hints"\n'  # what its sites' configuration says of the DNS
        try:
            self.process = start_nsd(self.folder, NAMES, {".": "root.zone"})
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def site(self, domain, address, accounts=(), **settings):
        """`settings`: `listen`, the roles of its listeners; `host`, its first label; `server`, more lines of [server];
        `lines`, more lines at the end; `keeps` (True): it has domains and accounts."""
        return Site(self, domain, address, accounts, settings)


class Site(chappe.Server):
    """`chappe serve` for one domain at one address, with the standard ports. The helpers of chappe.Server work on it."""

    def __init__(self, town, domain, address, accounts, settings):
        super().__init__(accounts=accounts, name=domain)
        self.town = town
        self.domain = domain
        self.host = address
        self.settings = settings
        self.ports = chappe.PORTS | chappe.SITE_PORTS
        self.roles = settings.get("listen", ("mx", "submissions", "imaps"))

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-site-"))
        self.dir = self.folder / "data"
        self.config = self.folder / "chappe.toml"
        self.certificate = str(self.folder / "cert.pem")
        name = f"{self.settings.get('host', 'mx')}.{self.domain}"
        make_certificate(self.folder, name, "localhost", self.host)
        listeners = "".join(
            f'[[listen]]\nrole = "{role}"\naddress = "{self.host}"\n' for role in self.roles
        )
        server = "".join(f"{line}\n" for line in self.settings.get("server", ()))
        self.config.write_text(
            f'[server]\nhostname = "{name}"\ndata_dir = "data"\n{server}{listeners}'
            f'[tls]\ncert = "cert.pem"\nkey = "key.pem"\n[dns]\n{self.town.dns}'
            + ("loopback_exchangers = true\n" if self.settings.get("loopback", True) else "")
            + "".join(f"{line}\n" for line in self.settings.get("dns", ()))
            + '[log]\nfile = "chappe.log"\n' + "".join(f"{line}\n" for line in self.settings.get("lines", ()))
        )
        try:
            self.start()
            if self.settings.get("keeps", True):
                self.command("domain", "add", self.domain)
            for account in self.accounts:
                self.command("account", "add", self.address(account), "--password-file", "-", input=PASSWORD + "\n")
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def start(self, timeout=30):
        began = time.monotonic()
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.launched(BINARY, "serve", "--config", self.config),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=self.folder,
            )  # fmt: skip
        self.pid = self.process.pid
        while True:
            if self.process.poll() is not None:
                raise Failure(f"{self.domain} ended with {self.process.returncode}: {self.output()[-1000:]}")
            with contextlib.suppress(OSError, Failure):
                with self.connect(self.roles[0]) as sock:
                    if sock.recv(4) in (b"220 ", b"* OK"):
                        return time.monotonic() - began
            if time.monotonic() - began > timeout * SLOW:
                raise Failure(f"{self.domain} was not ready within {timeout * SLOW} s: {self.output()[-1000:]}")
            time.sleep(0.02)

    def launched(self, *command):
        """The command that starts the server where it lives."""
        return as_nobody(*command)

    def command(self, *words, input=None):
        return succeed(
            *as_nobody(BINARY, *words, "--config", self.config), input=input.encode() if input else None
        )

    def address(self, account):
        return account if "@" in account else f"{account}@{self.domain}"

    # ---- letters

    def writer(self, account):
        """A client at submissions that is logged in as the account, whose name may have any letters."""
        client = self.smtp("submissions")
        name = self.address(account)
        login = base64.b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()
        code, words = client.docmd("AUTH PLAIN", login)
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, words)
        return client

    def submit(self, account, to, octets, options=(), rcpt_options=(), client=None):
        """Hands a letter in as the account, over `client` or a connection of its own; the id that it gets. Raises
        smtplib.SMTPResponseException when it is refused."""
        if client is None:
            with self.writer(account) as client:
                return self.submit(account, to, octets, options, rcpt_options, client)
        replies = [client.mail(self.address(account), list(options))]
        replies += [client.rcpt(one, list(rcpt_options)) for one in to]
        replies.append(client.data(octets))
        for code, words in replies:
            if code != 250:
                raise smtplib.SMTPResponseException(code, words)
        return taken_as(replies[-1][1].decode())

    def trail(self, *words):
        return json.loads(self.command("trail", *words, "--json"))

    def followed(self, letter, state="done", patience=20):
        """The trail of a letter, once it is in this state."""

        def look():
            found = self.trail(letter)
            return found if found["state"] == state else None

        try:
            return wait_until(look, patience * SLOW, f"{letter} is {state}")
        except Failure as why:
            raise Failure(f"{why}: {self.trail(letter)}") from None

    def received(self, account, name, patience=20):
        """The letter whose Message-ID begins with this name, once it is in the account's INBOX."""

        def look():
            with self.imap(account) as box:
                uids = box.uids("HEADER", "Message-ID", f"<{name}@")
                return bytes(box.letters(str(uids[0]))[uids[0]]) if uids else None

        return wait_until(look, patience * SLOW, f"{name} in the mailbox of {account}")

    def log(self):
        with contextlib.suppress(OSError):
            return (self.folder / "chappe.log").read_text(errors="replace")
        return ""
