"""Name servers for tests: `chappe dns serve`, and nsd beside it."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile

import dnswire
from chappe import BINARY, ROOT, SLOW
from suite import Skip, wait_until

NSD = ROOT / "build" / "peers" / "nsd" / "usr" / "sbin" / "nsd"


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="chappe-dns-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(command, **how):
    with subprocess.Popen([str(part) for part in command], **how) as child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()


class Served:
    """A running `chappe dns serve`: what it said at its start, and where it writes the questions."""

    def __init__(self, log):
        self.log = log
        lines = wait_until(self._started, 20 * SLOW, "the name server's start")
        self.zones = {line["zone"]: line for line in lines if "zone" in line}
        host, port = next(line["listening"] for line in lines if "listening" in line).rsplit(":", 1)
        self.at = (host, int(port))

    def _started(self):
        lines = self.lines()
        return lines if any("listening" in line for line in lines) else None

    def lines(self):
        text = self.log.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


@contextlib.contextmanager
def serving(where, *zones, listen="127.0.0.1:0", options=()):
    """`listen` with port 0 is a port of the system's choice."""
    if listen.endswith(":0"):
        listen = f"127.0.0.1:{free_port()}"
    log = pathlib.Path(tempfile.mkstemp(prefix="serve-", dir=where)[1])
    with log.open("w") as out:
        command = [BINARY, "dns", "serve", *zones, "--listen", listen, "--json", *options]
        with process(command, stdout=out, stderr=subprocess.STDOUT):
            yield Served(log)


def free_port():
    """A port that is free for UDP and TCP, below those that the system hands out by itself."""
    while True:
        port = random.SystemRandom().randrange(11_000, 31_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def nsd_serving(where, zones, at=None):
    """`zones`: name and file of each. `at`: an address and a port; by default a free one on 127.0.0.1."""
    if not NSD.exists():
        raise Skip("nsd is not unpacked (make test-deps)")
    at = at or ("127.0.0.1", free_port())
    (where / "nsd").mkdir()
    lines = ["server:", f"  ip-address: {at[0]}@{at[1]}", '  username: ""', '  database: ""', "  minimal-responses: yes",
             "  server-count: 1", "  rrl-ratelimit: 0", "  rrl-whitelist-ratelimit: 0"]
    lines += [f'  {key}: "{where}/nsd/{key}"' for key in ("zonelistfile", "xfrdfile", "pidfile", "logfile")]
    lines += [f'  zonesdir: "{where}"', f'  xfrdir: "{where}/nsd"', "remote-control:", "  control-enable: no"]
    for name, path in zones:
        lines += ["zone:", f"  name: {name}", f"  zonefile: {path}"]
    (where / "nsd.conf").write_text("\n".join(lines) + "\n")
    libraries = [str(p) for p in (NSD.parents[2]).rglob("*.so*")]
    env = os.environ | {"LD_LIBRARY_PATH": ":".join({str(pathlib.Path(p).parent) for p in libraries})}
    with process([NSD, "-d", "-c", where / "nsd.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env):
        wait_until(lambda: dnswire.ask_all(at, [dnswire.query(0, zones[0][0], "SOA")], patience=0.2)[0], 20, "nsd's start")
        yield at
