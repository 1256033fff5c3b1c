"""A small Internet in a network namespace of the test's own, where ports 25 and 53 are real: a root name server (nsd) and
mail servers (`chappe serve`), each at an address of its own below 127.

    town.enter()                       # at the top of a test program: goes on inside, or skips
    with Town(zone) as town:
        with town.site("one.tower", "127.0.0.2", accounts=["alice"]) as one: ...
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import chappe
from chappe import BINARY, PASSWORD, ROOT, SLOW
from suite import Failure, Skip, succeed

NAMES = "127.0.0.53"
INSIDE = "CHAPPE_TEST_TOWN"


def enter():
    """Starts this program anew in a user and network namespace; nothing that it sends can leave it."""
    if os.environ.get(INSIDE):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as start:
            start.write("0")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    probe = subprocess.run(["unshare", "-Urn", "true"], capture_output=True)
    if probe.returncode != 0:
        print("skip a town of its own: this system refuses user namespaces")
        sys.exit(0)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-Urn", sys.executable, *sys.argv])


def as_nobody(*command):
    """The command as who is not root, which the servers refuse to be."""
    return ["unshare", "-U", "--map-user=1000", "--map-group=1000", *map(str, command)]


class Town:
    """The name server. `zone`: records of the root, to which its own are added."""

    def __init__(self, zone):
        self.zone = zone
        self.process = None

    def __enter__(self):
        nsd = ROOT / "build" / "peers" / "nsd" / "usr" / "sbin" / "nsd"
        if not nsd.exists():
            raise Skip("nsd is not below build/peers (make test-deps)")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-town-"))
        (self.folder / "root.zone").write_text(
            f"$TTL 60\n. SOA ns.root. hostmaster.root. 1 3600 600 86400 60\n. NS ns.root.\nns.root. A {NAMES}\n{self.zone}\n"
        )
        (self.folder / "hints").write_text(f". 60 NS ns.root.\nns.root. 60 A {NAMES}\n")
        (self.folder / "nsd.conf").write_text(
            f'server:\n  ip-address: {NAMES}\n  username: ""\n  database: ""\n  zonesdir: "{self.folder}"\n'
            f'  zonelistfile: "{self.folder}/list"\n  xfrdfile: "{self.folder}/xfrd"\n  pidfile: "{self.folder}/pid"\n'
            f'  logfile: "{self.folder}/log"\n  server-count: 1\nremote-control:\n  control-enable: no\n'
            f'zone:\n  name: "."\n  zonefile: root.zone\n'
        )
        self.process = subprocess.Popen(
            [nsd, "-d", "-c", self.folder / "nsd.conf"],
            env=os.environ | {"LD_LIBRARY_PATH": str(ROOT / "build/peers/nsd/usr/lib/x86_64-linux-gnu")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def site(self, domain, address, accounts=(), **settings):
        return Site(self, domain, address, accounts, settings)


class Site(chappe.Server):
    """`chappe serve` for one domain at one address, with the standard ports. The helpers of chappe.Server work on it."""

    def __init__(self, town, domain, address, accounts, settings):
        super().__init__(accounts=accounts, name=domain)
        self.town = town
        self.domain = domain
        self.host = address
        self.settings = settings
        self.ports = dict(chappe.PORTS)

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-site-"))
        self.dir = self.folder / "data"
        self.certificate = str(self.folder / "cert.pem")
        succeed(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN=mx.{self.domain}", "-addext", f"subjectAltName=DNS:mx.{self.domain},DNS:localhost,IP:{self.host}",
            "-keyout", self.folder / "key.pem", "-out", self.certificate,
        )  # fmt: skip
        listeners = "".join(
            f'[[listen]]\nrole = "{role}"\naddress = "{self.host}"\n' for role in ("mx", "submissions", "imaps")
        )
        (self.folder / "chappe.toml").write_text(
            f'[server]\nhostname = "mx.{self.domain}"\ndata_dir = "data"\n{listeners}'
            f'[tls]\ncert = "cert.pem"\nkey = "key.pem"\n[dns]\nroot_hints = "{self.town.folder}/hints"\n'
            f'[log]\nfile = "chappe.log"\n' + "".join(f"{line}\n" for line in self.settings.get("lines", ()))
        )
        try:
            self.start()
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
                as_nobody(BINARY, "serve", "--config", self.folder / "chappe.toml"),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=self.folder,
            )  # fmt: skip
        self.pid = self.process.pid
        while True:
            if self.process.poll() is not None:
                raise Failure(f"{self.domain} ended with {self.process.returncode}: {self.output()[-1000:]}")
            with contextlib.suppress(OSError, Failure):
                with self.connect("mx", tls=False) as sock:
                    if sock.recv(4) == b"220 ":
                        return time.monotonic() - began
            if time.monotonic() - began > timeout * SLOW:
                raise Failure(f"{self.domain} was not ready within {timeout * SLOW} s: {self.output()[-1000:]}")
            time.sleep(0.02)

    def command(self, *words, input=None):
        return succeed(
            *as_nobody(BINARY, *words, "--config", self.folder / "chappe.toml"), input=input.encode() if input else None
        )

    def address(self, account):
        return account if "@" in account else f"{account}@{self.domain}"

    def log(self):
        with contextlib.suppress(OSError):
            return (self.folder / "chappe.log").read_text(errors="replace")
        return ""
