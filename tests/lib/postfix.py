"""Postfix, as Debian builds it and unpacked below build/peers (`make test-deps`): its server with a configuration of its
own in a temporary folder, and its tools smtp-source and smtp-sink.

    with Postfix("127.0.0.4", 2525, settings={"mynetworks": "127.0.0.0/8"}) as server: ...

The server needs root, for it works as three users. It is durable as it comes: a letter is synced before its 250.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from chappe import ROOT, SLOW
from suite import Failure, Skip, succeed

PEER = ROOT / "build" / "peers" / "postfix" / "usr"
DAEMONS = PEER / "lib" / "postfix" / "sbin"

# Users of every Debian system that do nothing else here. Postfix wants three that differ: the owner of the queue, the
# group that may drop letters into it, and who has no rights at all.
OWNER, DROP_GROUP, NOBODY = "daemon", "mail", "nobody"

# As in Debian's master.cf, without chroot and without what only local mail needs.
SERVICES = """
{listener} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
"""


def tool(name):
    path = PEER / "sbin" / name
    if not path.exists():
        raise Skip(f"no {name} in build/peers (make test-deps)")
    return path


def environment():
    return os.environ | {"LD_LIBRARY_PATH": f"{PEER}/lib/postfix:{PEER}/lib/x86_64-linux-gnu"}


class Postfix:
    """One Postfix that listens at `address` and `port`. `settings`: more of its main.cf. `files`: {name: text}, put
    beside it; {folder} in a setting is where."""

    def __init__(self, address, port, settings=(), files=()):
        if os.geteuid() != 0:
            raise Skip("Postfix needs root")
        tool("postqueue")
        self.address, self.port = address, port
        self.settings, self.files = dict(settings), dict(files)
        self.process = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        try:
            self._configure()
            self._start()
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(self, *ignored):
        if self.process and self.process.poll() is None:
            self.process.terminate()  # the master ends its children
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _configure(self):
        for name in ("conf", "spool", "spool/pid", "data"):
            (self.folder / name).mkdir()
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"):
            self._give(self.folder / "spool" / name, 0o700)
        self._give(self.folder / "spool" / "maildrop", 0o730, DROP_GROUP)
        self._give(self.folder / "spool" / "public", 0o710, DROP_GROUP)
        shutil.chown(self.folder / "data", OWNER)
        for name, text in self.files.items():
            (self.folder / name).write_text(text)
        main = {
            "compatibility_level": "3.6",
            "command_directory": PEER / "sbin",
            "daemon_directory": DAEMONS,
            "shlib_directory": PEER / "lib" / "postfix",
            "queue_directory": self.folder / "spool",
            "data_directory": self.folder / "data",
            "mail_owner": OWNER,
            "setgid_group": DROP_GROUP,
            "default_privs": NOBODY,
            "import_environment": "LD_LIBRARY_PATH MAIL_CONFIG TZ LANG=C",
            "maillog_file": self.folder / "log",
            "maillog_file_prefixes": self.folder,
            "inet_interfaces": self.address,
            "mydestination": "",
            "alias_maps": "",
            "local_recipient_maps": "",
        } | self.settings
        (self.folder / "conf" / "main.cf").write_text(
            "".join(f"{key} = {str(value).replace('{folder}', str(self.folder))}\n" for key, value in main.items())
        )
        (self.folder / "conf" / "master.cf").write_text(SERVICES.format(listener=f"{self.address}:{self.port}"))

    def _give(self, folder, mode, group=None):
        folder.mkdir()
        shutil.chown(folder, OWNER, group)
        folder.chmod(mode)

    def _start(self, timeout=30):
        # It listens only where an interface has the address by name.
        succeed("ip", "address", "replace", f"{self.address}/8", "dev", "lo")
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                [DAEMONS / "master", "-d", "-c", self.folder / "conf"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment(),
            )  # fmt: skip
        self.pid = self.process.pid
        end = time.monotonic() + timeout * SLOW
        while True:
            try:
                with socket.create_connection((self.address, self.port), timeout=5) as sock:
                    if sock.recv(4) == b"220 ":
                        return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"Postfix is not ready: {self.log()[-1500:]}")
            time.sleep(0.05)

    def log(self):
        return "".join(
            (self.folder / name).read_text(errors="replace") for name in ("output", "log") if (self.folder / name).exists()
        )

    def queued(self):
        """How many letters it has, wherever in the queue."""
        spool = self.folder / "spool"
        return sum(
            1
            for name in ("maildrop", "incoming", "active", "deferred", "hold")
            for path in (spool / name).rglob("*")
            if re.fullmatch(r"[0-9A-Za-z]{6,}", path.name) and path.is_file()
        )
