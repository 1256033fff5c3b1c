"""A larger Internet than the town's: a network namespace for each host, joined by a wire; signed zones on a root, a TLD
and a leaf name server (nsd); sites of Chappe that validate from that root's key. lab_postfix.py and lab_exim.py put their
hosts there.

    lab.enter()                        # at the top of a test program: goes on inside, or skips
    with Lab({"one.lab": ONE}) as wire:
        with wire.site("one.lab", "192.0.2.11", ["alice"]) as one: ...

Everything is in namespaces of the test's own (network, mounts, processes, and users where it is not root), and its files are
on a /run of its own: whatever way the test ends, nothing is left. The test itself is a host, too: the desk.
"""

import os
import pathlib
import pwd
import re
import shutil
import tempfile

import town
from suite import Failure, Skip, needs, run, succeed, wait_until

# Documentation addresses (RFC 5737, RFC 3849); every host reaches them all directly, and nothing else.
NETWORKS = ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]
DESK = ["192.0.2.9", "2001:db8::9"]
ROOT_SERVER, TLD_SERVER, LEAF_SERVER = "198.51.100.1", "198.51.100.2", "198.51.100.3"
# It has every zone, for who cannot look for himself from the root: the C library of the peers.
RESOLVER = "198.51.100.53"
TLD = "lab"

# As root, the users of this machine are at hand. Else those that /etc/subuid lends (newuidmap), or one user only.
PRIVATE = ["-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc"]
USERS = {"postfix": 7001, "postdrop": 7002, "Debian-exim": 7003}  # of the peers' packages, which are not installed


def enter():
    town.enter(*([PRIVATE] if os.geteuid() == 0 else [["--map-auto", "-Ur", *PRIVATE], ["-Ur", *PRIVATE]]))
    for command in (
        ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"],
        ["cp", "-a", "/etc", "/run/etc"],
        ["mount", "--bind", "/run/etc", "/etc"],
    ):
        # What not everybody may read is not copied, and not missed.
        code, _, error = run(*command)
        if code != 0 and command[0] != "cp":
            raise Failure(f"{' '.join(command)}: {error.decode()}")
    tempfile.tempdir = "/run"
    for path in ("/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts"):
        pathlib.Path(path).unlink(missing_ok=True)
    pathlib.Path("/etc/resolv.conf").write_text(f"nameserver {RESOLVER}\noptions timeout:2\n")
    pathlib.Path("/etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    pathlib.Path("/etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    for name, number in USERS.items():
        for path, line in (
            ("/etc/passwd", f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"),
            ("/etc/group", f"{name}:x:{number}:\n"),
        ):
            text = pathlib.Path(path).read_text()
            if not re.search(rf"^{name}:", text, re.M):
                pathlib.Path(path).write_text(text + line)


def needs_users():
    """Skips what needs several users unless there are some."""
    mapped = [line.split() for line in pathlib.Path("/proc/self/uid_map").read_text().splitlines()]
    if sum(int(count) for *_, count in mapped) < 10_000:
        raise Skip("needs several users: run it as root, or with newuidmap and a range in /etc/subuid")


def own(path, user):
    """Gives it to this user."""
    os.chown(path, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)


def owned(path, user, mode):
    """A new folder that belongs to this user."""
    path.mkdir()
    own(path, user)
    path.chmod(mode)
    return path


class Lab:
    """The wire and the name servers. `zones`: {a zone right below the TLD: its records, as a zone file has them}; those in
    `unsigned` have no keys, those in `bogus` have a record that was changed after it was signed."""

    def __init__(self, zones, unsigned=(), bogus=()):
        self.zones = zones
        self.unsigned = unsigned
        self.bogus = bogus
        self.hosts = []
        self.processes = []

    def __enter__(self):
        needs("ip", "nsenter", "ldns-keygen", "ldns-signzone")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lab-"))
        self.folder.chmod(0o755)
        try:
            succeed("ip", "netns", "add", "wire")
            succeed("ip", "-n", "wire", "link", "add", "name", "bridge", "type", "bridge", "mcast_snooping", "0")
            succeed("ip", "-n", "wire", "link", "set", "bridge", "up")
            self._join("desk", [], DESK)
            self._publish()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *ignored):
        for process in self.processes:
            process.terminate()
            process.wait()
        for name in list(self.hosts):
            self.leave(name)
        run("ip", "netns", "delete", "wire")
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- hosts

    def host(self, name, *addresses):
        """A new host with these addresses; the command that leads to it."""
        succeed("ip", "netns", "add", name)
        self.hosts.append(name)
        self._join(name, ["-n", name], addresses)
        inside = ["nsenter", f"--net=/run/netns/{name}"]
        succeed(*inside, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start")
        return inside

    def leave(self, name):
        """Takes a host away, whose processes are gone."""
        run("ip", "netns", "delete", name)
        self.hosts.remove(name)

    def _join(self, name, at, addresses):
        """Gives a host its end of the wire. A first label of 15 octets at most."""
        end = f"to-{name}"[:15]
        place = ["netns", name] if at else []
        succeed("ip", "link", "add", "eth0", *place, "type", "veth", "peer", "name", end, "netns", "wire")
        succeed("ip", "-n", "wire", "link", "set", end, "master", "bridge", "up")
        batch = ["link set lo up", "link set eth0 up"]
        batch += [f"address add {address} dev eth0 {'nodad' if ':' in address else ''}" for address in addresses]
        families = {":" in address for address in addresses}
        batch += [f"route add {network} dev eth0" for network in NETWORKS if (":" in network) in families]
        succeed("ip", *at, "-batch", "-", input="\n".join(batch).encode())

    def site(self, domain, address, accounts=(), also=(), **settings):
        """`also`: more addresses, where it takes letters."""
        lines = list(settings.pop("lines", ()))
        for more in also:
            lines += ["[[listen]]", 'role = "mx"', f'address = "{more}"']
        return LabSite(self, domain, address, accounts, settings | {"lines": lines}, also)

    # ---- names

    def _publish(self):
        """Signs the zones from the leaves up, and starts the name servers."""
        delegations = ""
        for name, records in self.zones.items():
            key = self._sign(
                name, f"@ NS leaf.{TLD}.\n{records}", signed=name not in self.unsigned, bogus=name in self.bogus
            )
            delegations += f"{name}. NS leaf.{TLD}.\n{key}"
        key = self._sign(
            TLD, f"@ NS tld.{TLD}.\ntld A {TLD_SERVER}\nleaf A {LEAF_SERVER}\n{delegations}", signed=True
        )
        anchor = self._sign(
            "", f"@ NS ns.root.\nns.root. A {ROOT_SERVER}\n{TLD}. NS tld.{TLD}.\ntld.{TLD}. A {TLD_SERVER}\n{key}", signed=True
        )
        (self.folder / "hints").write_text(f". 60 NS ns.root.\nns.root. 60 A {ROOT_SERVER}\n")
        (self.folder / "anchor").write_text(anchor)
        self.dns = f'root_hints = "{self.folder}/hints"\ntrust_anchor = "{self.folder}/anchor"\n'

        leaves = {name: f"{name}.zone" for name in self.zones}
        self._serve("root", ROOT_SERVER, {".": ".zone"})
        self._serve("tld", TLD_SERVER, {TLD: f"{TLD}.zone"})
        self._serve("leaf", LEAF_SERVER, leaves)
        self._serve("resolver", RESOLVER, {".": ".zone", TLD: f"{TLD}.zone", **leaves})

    def _serve(self, name, address, zones):
        process = town.start_nsd(self.folder, address, zones, self.host(name, address))
        self.processes.append(process)
        log = self.folder / f"nsd-{address}.log"
        wait_until(lambda: log.exists() and "nsd started" in log.read_text(), 20, f"the name server at {address}")

    def _sign(self, name, records, signed, bogus=False):
        """Writes the zone's file; its DS record (the root: the same, as the anchor)."""
        file = self.folder / f"{name}.zone"
        file.write_text(
            f"$ORIGIN {name}.\n$TTL 60\n@ SOA leaf.{TLD}. hostmaster.{TLD}. 1 3600 600 86400 60\n{records}\n"
        )
        if not signed:
            return ""
        key = succeed("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", f"{name}.", cwd=self.folder).decode().strip()
        succeed("ldns-signzone", "-n", "-f", file, file, key, cwd=self.folder)
        if bogus:
            file.write_text(re.sub(r"\tMX\t(\d+)", lambda m: f"\tMX\t{int(m[1]) + 1}", file.read_text()))
        return (self.folder / f"{key}.ds").read_text()


class LabSite(town.Site):
    """A site on a host of its own, that has the first label of the domain for its name."""

    def __init__(self, lab, domain, address, accounts, settings, also):
        super().__init__(lab, domain, address, accounts, settings)
        self.at = domain.partition(".")[0]
        self.also = also

    def __enter__(self):
        self.inside = self.town.host(self.at, self.host, *self.also)
        return super().__enter__()

    def __exit__(self, *how):
        super().__exit__(*how)
        self.town.leave(self.at)

    def launched(self, *command):
        return [*self.inside, *super().launched(*command)]
