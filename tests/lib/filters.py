"""OpenDKIM and rspamd from build/peers, started for a test or a benchmark on loopback. Neither asks a name server but the
one that it is told, and both lie in a folder of the caller's."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess

from chappe import ROOT
from suite import Failure, Skip, shown, wait_until

PEERS = ROOT / "build" / "peers"
NOBODY = "127.0.0.9"  # a name server that is not there


def libraries(peer):
    folders = {str(path.parent) for path in (PEERS / peer).rglob("*.so*")}
    return {"LD_LIBRARY_PATH": ":".join(sorted(folders))}


def program(peer, path):
    found = PEERS / peer / path
    if not found.exists():
        raise Skip(f"no {found.name} in build/peers (make test-deps)")
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def answers_at(address):
    kind, _, rest = address.partition(":")
    with socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET) as sock:
        host, _, port = rest.partition(":")
        return sock.connect_ex(rest if kind == "unix" else (host, int(port))) == 0


@contextlib.contextmanager
def running(folder, address, *command, env=None, patience=60):
    """A filter that is up while the context is open."""
    with open(folder / "filter.log", "ab") as log:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | (env or {}),
        )
    try:

        def up():
            if process.poll() is not None:
                said = (folder / "filter.log").read_text(errors="replace")[-500:]
                raise Failure(f"{command[0]} ended with {process.returncode}: {shown(said, 600)}")
            return answers_at(address)

        wait_until(up, patience, f"{command[0]} listens")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(1)  # libmilter looks up every five seconds
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def opendkim(folder, address, **settings):
    """OpenDKIM at this address. `settings`: lines of its configuration beside those that keep it to itself."""
    command = program("opendkim", "usr/sbin/opendkim")
    kind, _, rest = address.partition(":")
    host, _, port = rest.partition(":")
    lines = {
        "Socket": f"local:{rest}" if kind == "unix" else f"inet:{port}@{host}",
        "RequireSafeKeys": "no",
        "Nameservers": NOBODY,
        "Background": "no",
        "Syslog": "no",
        "TemporaryDirectory": folder,
    }
    config = folder / "opendkim.conf"
    config.write_text("".join(f"{name} {value}\n" for name, value in (lines | settings).items()))
    with running(folder, address, command, "-f", "-x", config, env=libraries("opendkim")):
        yield address


class Rspamd:
    """An rspamd that scans by itself and has what it is told: no rule of its own, no Redis, no network.

    `workers`: sections of its configuration; {port} in them is `port`. `modules`: names and settings of Lua modules;
    that of C (dkim) is in `filters`. `nameserver`: "127.0.0.1:PORT"."""

    def __init__(self, folder, workers, filters="", modules=None, nameserver=f"{NOBODY}:53", level="info",
                 test_patterns=False):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.workers = workers.replace("{port}", str(self.port))
        self.filters = filters
        self.modules = modules or {}
        self.level = level  # of its log
        self.nameserver = nameserver
        self.test_patterns = test_patterns  # those that mean less than a refusal, too

    def _configuration(self, share):
        (self.folder / "tld").write_text("com\nnet\norg\nexample\n")
        modules = "".join(f"{name} {{\n{settings}\n}}\n" for name, settings in self.modules.items())
        paths = "".join(f'  path = "{share}/plugins/{name}.lua";\n' for name in self.modules)
        lua = f'lua = "{share}/rules/rspamd.lua";\nmodules {{\n{paths}}}\n' if self.modules else ""
        return f"""
options {{
  filters = "{self.filters}";
  pidfile = "{self.folder}/rspamd.pid";
  control_socket = "{self.folder}/rspamd.sock mode=0600";
  tempdir = "{self.folder}";
  url_tld = "{self.folder}/tld";
  disable_hyperscan = true;
  enable_test_patterns = {str(self.test_patterns).lower()};
  dns {{ nameserver = ["{self.nameserver}"]; timeout = 1s; retransmits = 2; }}
}}
logging {{ type = "console"; level = "{self.level}"; }}
lang_detection {{ languages = "{share}/languages"; }}
metric {{ name = "default"; actions {{ reject = 15; add_header = 6; greylist = 4; }} }}
{lua}{modules}{self.workers}
"""

    @contextlib.contextmanager
    def running(self):
        command = program("rspamd", "usr/bin/rspamd")
        share = PEERS / "rspamd" / "usr" / "share" / "rspamd"
        config = self.folder / "rspamd.conf"
        config.write_text(self._configuration(share))
        folders = {
            "SHAREDIR": share,
            "LUALIBDIR": share / "lualib",
            "RULESDIR": share / "rules",
            "PLUGINSDIR": share / "plugins",
            "CONFDIR": PEERS / "rspamd" / "etc" / "rspamd",
            "RUNDIR": self.folder,
            "DBDIR": self.folder,
            "LOGDIR": self.folder,
        }
        words = [f"--var={name}={value}" for name, value in folders.items()]
        address = f"inet:127.0.0.1:{self.port}"
        with running(self.folder, address, command, "-f", "-i", "-c", config, *words, env=libraries("rspamd")) as process:
            self.process = process
            yield self

    def scan(self, octets, connection=None, **said):
        """What its /checkv2 says of a letter. `said`: its request's fields (Ip, From, Helo, Rcpt, User, …)."""
        client = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        client.request("POST", "/checkv2", octets, {name.replace("_", "-"): value for name, value in said.items()})
        answer = client.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise Failure(f"rspamd answers {answer.status}: {shown(text)}")
        return json.loads(text)
