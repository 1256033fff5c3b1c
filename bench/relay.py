#!/usr/bin/env python3
"""Letters through a server to others: accepted, found their way by the DNS, handed on. Chappe and Postfix take turns on one
machine, both durable, both as they come, each with an alias for every letter so that it leads elsewhere.

1. How many letters a second, from the first connection to the last delivery, and how much of the processor a letter costs
   (all processes of the server). smtp-source sends, smtp-sink takes, at several addresses.
2. Letters to many hosts, of which every tenth takes the connection and then says nothing, or nothing more after EHLO:
   how long until all letters to the other hosts are through, and how long when every host is well.

  bench/relay.py [--build build/release] [--rounds N] [--letters N] [--dir FOLDER on a real disk] [--json FILE] [--quick]

Everything happens in a network namespace, with a name server (nsd) for the root. Postfix needs root, for its users and for
/etc/resolv.conf in a mount namespace; without root, Chappe runs alone.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

RELAY = "relay.test"
SINKS = 5
SESSIONS = (1, 10, 50)
SIZES = (4096, 102400)
# Of --letters, so that no row takes much longer than another.
SHARES = {(1, 4096): 0.25, (1, 102400): 0.1, (10, 102400): 0.25, (50, 102400): 0.25}


def sink_address(i):
    return f"127.1.0.{i + 1}"


def host_address(i):
    return f"127.2.{i // 250}.{i % 250 + 1}"


def zone(hosts):
    rows = [(f"sink{i}.bench", sink_address(i)) for i in range(SINKS)]
    rows += [(f"host{i}.bench", host_address(i)) for i in range(hosts)]
    return "\n".join(f"{name}. MX 10 mx.{name}.\nmx.{name}. A {address}" for name, address in rows)


def aliases(kind, letters, many):
    """smtp-source -N puts a number from 1 on in front of each recipient."""
    return {f"{n}{kind}@{RELAY}": f"to@{kind}{n % many}.bench" for n in range(1, letters + 1)}


# ---- the servers

At = collections.namedtuple("At", "address port pid")


@contextlib.contextmanager
def chappe_server(town, forward):
    with town.site(RELAY, "127.0.0.2") as site:
        text = f'[domains."{RELAY}"]\n' + "".join(f'[aliases."{a}"]\ntargets = ["{t}"]\n' for a, t in forward.items())
        site.command("config", "apply", "-", input=text)
        yield At(site.host, 25, site.pid)


@contextlib.contextmanager
def postfix_server(_, forward):
    from postfix import Postfix

    settings = {
        "myhostname": f"mx.{RELAY}",
        "mynetworks": "127.0.0.0/8",
        "virtual_alias_domains": RELAY,
        "virtual_alias_maps": "texthash:{folder}/aliases",
        # Else a server that takes letters faster than it sends them waits a second before each.
        "in_flow_delay": "0",
    }
    files = {"aliases": "".join(f"{a} {t}\n" for a, t in forward.items())}
    with Postfix("127.0.0.4", 25, settings, files) as server:
        yield At(server.address, server.port, server.pid)


def every_user():
    """Whether this namespace has more users than the one it was made by; Postfix works as several."""
    return int(pathlib.Path("/proc/self/uid_map").read_text().split()[2]) > 1


def use_as_resolver(town):
    """For every program of this mount namespace; nobody else sees it."""
    import town as towns
    from suite import succeed

    own = town.folder / "resolv.conf"
    own.write_text(f"nameserver {towns.NAMES}\n")
    succeed("mount", "--bind", own, "/etc/resolv.conf")


# ---- both ends


def start_source(at, sessions, octets, count, to):
    import postfix

    command = [postfix.tool("smtp-source"), "-d", "-N", "-s", str(sessions), "-m", str(count), "-l", str(octets)]
    command += ["-f", "source@elsewhere.test", "-t", f"{to}@{RELAY}", f"{at.address}:{at.port}"]
    return subprocess.Popen(command, env=postfix.environment(), stderr=subprocess.PIPE)


def finish_source(process, patience):
    try:
        error = process.communicate(timeout=patience)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    if process.returncode != 0:
        raise SystemExit(f"smtp-source failed: {error.decode(errors='replace')[-500:]}")


class Sinks:
    """One smtp-sink for each address. What they took lies in files, in memory, until it has been counted."""

    def __enter__(self):
        import postfix
        from town import as_nobody

        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sinks-", dir="/dev/shm"))
        self.taken = [0] * SINKS
        self.last = 0.0
        self.processes = [
            subprocess.Popen(
                as_nobody(postfix.tool("smtp-sink"), "-c", "-D", self.folder / str(i), f"{sink_address(i)}:25", "1024"),
                env=postfix.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )
            for i in range(SINKS)
        ]  # fmt: skip
        self.threads = [threading.Thread(target=self._watch, args=(i,), daemon=True) for i in range(SINKS)]
        for thread in self.threads:
            thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *ignored):
        for process in self.processes:
            process.terminate()
            process.wait()
        for thread in self.threads:
            thread.join()
        shutil.rmtree(self.folder)

    def _watch(self, i):
        while some := os.read(self.processes[i].stdout.fileno(), 65536):
            # "sess=3 quit=2 mesg=17", again after each letter.
            counts = re.findall(rb"mesg=(\d+)\s", some)
            if counts and int(counts[-1]) > self.taken[i]:
                self.taken[i], self.last = int(counts[-1]), time.monotonic()

    def wait(self, count, patience):
        end = time.monotonic() + patience
        while sum(self.taken) < count and time.monotonic() < end:
            time.sleep(0.02)

    def empty(self):
        """How often each letter came, by its Message-Id; forgets them."""
        seen = collections.Counter()
        for path in self.folder.iterdir():
            with open(path, "rb") as lines:
                seen.update(line for line in lines if line.startswith(b"Message-Id:"))
            path.unlink()
        return seen


class Host(asyncio.Protocol):
    """A server that takes letters and throws them away, or stalls."""

    def __init__(self, stalls, came):
        self.stalls, self.came = stalls, came  # stalls: None, or before its "greeting", or after "EHLO"
        self.rest, self.in_letter = b"", False

    def connection_made(self, transport):
        self.transport = transport
        if self.stalls != "greeting":
            transport.write(b"220 host.bench ESMTP\r\n")

    def data_received(self, octets):
        if self.stalls:
            return  # the connection stays open, and nothing is said
        self.rest += octets
        while True:
            if self.in_letter:
                letter, end, rest = self.rest.partition(b"\r\n.\r\n")
                if not end:
                    return
                self.in_letter, self.rest = False, rest
                self.came(re.search(rb"^Message-Id: (.*)\r$", letter, re.M)[1])
                self.transport.write(b"250 2.0.0 Taken\r\n")
                continue
            line, end, rest = self.rest.partition(b"\r\n")
            if not end:
                return
            self.rest = rest
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.transport.write(b"250-host.bench\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                self.in_letter = True
                self.transport.write(b"354 Go on\r\n")
            elif verb == b"QUIT":
                self.transport.write(b"221 2.0.0 Bye\r\n")
                self.transport.close()
            else:
                self.transport.write(b"250 2.0.0 Well\r\n")


class Hosts:
    """Many of them, in a process of their own. Of those in `apart` no letter is counted, and they stall if they are to."""

    def __init__(self, count, apart, stall):
        self.count, self.apart, self.stall = count, apart, stall

    def __enter__(self):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=lambda: asyncio.run(self._serve(other)), daemon=True)
        self.process.start()
        self.pipe.recv()
        return self

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.join()

    def ask(self):
        """(letters, different letters, when the last different one came) so far."""
        self.pipe.send(None)
        return self.pipe.recv()

    async def _serve(self, pipe):
        seen, facts = set(), [0, 0, 0.0]

        def came(letter):
            facts[0] += 1
            if letter not in seen:
                seen.add(letter)
                facts[1:] = [len(seen), time.monotonic()]

        def how(i):
            if i not in self.apart:
                return lambda: Host(None, came)
            stalls = ("greeting", "EHLO")[i // 10 % 2] if self.stall else None
            return lambda: Host(stalls, lambda letter: None)

        loop = asyncio.get_running_loop()
        for i in range(self.count):
            await loop.create_server(how(i), host_address(i), 25, backlog=100)
        loop.add_reader(pipe.fileno(), lambda: pipe.send((pipe.recv(), facts)[1]))
        pipe.send(None)
        await asyncio.Event().wait()


# ---- the measurements


def relay(at, sinks, sessions, octets, count, patience):
    """One run: letters a second, milliseconds of the processor a letter, letters lost, letters that came again."""
    from measure import processor_seconds

    before, spent, began = sum(sinks.taken), processor_seconds(at.pid), time.monotonic()
    finish_source(start_source(at, sessions, octets, count, "sink"), patience)
    sinks.wait(before + count, patience)
    took = sinks.last - began
    time.sleep(0.5)  # the last ones are settled
    spent = processor_seconds(at.pid) - spent
    seen = sinks.empty()
    return {"rate": len(seen) / took, "cpu_ms": 1000 * spent / count, "lost": count - len(seen),
            "again": sum(seen.values()) - len(seen)}  # fmt: skip


def through(server, town, forward, hosts, apart, stall, count, patience):
    """One run on a server that is new: seconds until all letters to the hosts that are not apart are through (None: they
    were not within `patience`), how many were missing then, and how many came again."""
    wanted = sum(1 for n in range(1, count + 1) if n % hosts not in apart)
    with Hosts(hosts, apart, stall) as there, server(town, forward) as at:
        began = time.monotonic()
        source = start_source(at, 10, 4096, count, "host")
        while (facts := there.ask())[1] < wanted and time.monotonic() - began < patience:
            time.sleep(0.05)
        if facts[1] < wanted:
            source.kill()
            source.communicate()
        else:
            finish_source(source, patience)
    return {"seconds": facts[2] - began if facts[1] == wanted else None, "lost": wanted - facts[1],
            "again": facts[0] - facts[1]}  # fmt: skip


# ---- the tables


def number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def side_by_side(runs, names, key, digits):
    """The median of each server, and Chappe's over Postfix's."""
    from measure import median

    medians = [median([run[key] for run in runs[name]]) for name in names]
    ratio = medians[0] / medians[1] if len(names) == 2 and None not in medians else None
    return " ".join(f"{number(m, digits):>8}" for m in medians) + f" {number(ratio, 2):>6}"


def total(runs, key):
    return "/".join(str(sum(run[key] for run in own)) for own in runs.values())


def relay_rows(options, town, servers):
    rows = []
    print(f"\naccept, relay, smtp-sink ({' and '.join(servers)}, then the ratio)\n"
          f"{'octets':>7} {'sessions':>8} {'letters':>7}  {'letters/s':<24} {'cpu ms/letter':<24} lost again")  # fmt: skip
    with contextlib.ExitStack() as stack:
        sinks = stack.enter_context(Sinks())
        forward = aliases("sink", options.letters, SINKS)
        running = {name: stack.enter_context(server(town, forward)) for name, server in servers.items()}
        for octets in SIZES:
            for sessions in options.sessions:
                count = max(sessions, int(options.letters * SHARES.get((sessions, octets), 1)))
                runs = {name: [] for name in servers}
                for turn in range(options.rounds):
                    for name in list(servers)[:: 1 if turn % 2 == 0 else -1]:
                        runs[name].append(relay(running[name], sinks, sessions, octets, count, options.patience))
                rows.append({"octets": octets, "sessions": sessions, "letters": count, "runs": runs})
                print(f"{octets:>7} {sessions:>8} {count:>7} {side_by_side(runs, servers, 'rate', 0)} "
                      f"{side_by_side(runs, servers, 'cpu_ms', 2)} {total(runs, 'lost'):>5} {total(runs, 'again'):>5}",
                      flush=True)  # fmt: skip
    return rows


def through_rows(options, town, servers):
    hosts = options.hosts
    apart = frozenset(range(0, hosts, 10))
    forward = aliases("host", options.through, hosts)
    rows = []
    print(f"\n{options.through} letters to {hosts} hosts: seconds until those to {hosts - len(apart)} are through\n"
          f"{f'the other {len(apart)}':>24} {'seconds':<24} lost again")  # fmt: skip
    for stall in (False, True):
        runs = {name: [] for name in servers}
        for turn in range(options.rounds):
            for name in list(servers)[:: 1 if turn % 2 == 0 else -1]:
                runs[name].append(through(servers[name], town, forward, hosts, apart, stall, options.through, options.patience))
        rows.append({"stalled": len(apart) if stall else 0, "hosts": hosts, "letters": options.through, "runs": runs})
        print(f"{'stall' if stall else 'are well':>24} {side_by_side(runs, servers, 'seconds', 2)} "
              f"{total(runs, 'lost'):>5} {total(runs, 'again'):>5}", flush=True)  # fmt: skip
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("CHAPPE_BUILD", "build/release"))
    parser.add_argument("--letters", type=int, default=2_000, help="in the largest row of the first table")
    parser.add_argument("--through", type=int, default=5_000, help="letters of the second table")
    parser.add_argument("--hosts", type=int, default=500, help="hosts of the second table")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each server; medians are printed")
    parser.add_argument("--patience", type=float, default=120, help="seconds after which a run is given up")
    parser.add_argument("--dir", default="", help="a folder on a real disk (default: below build/)")
    parser.add_argument("--json", default="", help="write the numbers there too")
    parser.add_argument("--only", choices=("relay", "through"), help="one table")
    parser.add_argument("--quick", action="store_true", help="a few letters, to see that it works")
    options = parser.parse_args()
    options.sessions = SESSIONS
    if options.quick:
        options.letters, options.through, options.hosts, options.rounds, options.sessions = 100, 200, 40, 1, (10,)

    os.environ["CHAPPE_BUILD"] = str((ROOT / options.build).resolve())
    import measure
    import postfix
    import town
    from suite import Skip

    town.enter(["-nm"], ["-Urn"])
    folder = pathlib.Path(options.dir or ROOT / "build")
    tempfile.tempdir = str(folder)
    try:
        postfix.tool("smtp-source")
        servers = {"chappe": chappe_server}
        if every_user():
            servers["postfix"] = postfix_server
        else:
            print("skip postfix: it needs root")
        with town.Town(zone(options.hosts)) as names:
            if "postfix" in servers:
                use_as_resolver(names)
            kind, syncs = measure.disk(folder)
            rows = {} if options.only == "through" else {"relay": relay_rows(options, names, servers)}
            rows |= {} if options.only == "relay" else {"through": through_rows(options, names, servers)}
    except Skip as why:
        print(f"skip relay: {why}")
        sys.exit(0)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"disk": kind, "syncs": syncs} | rows, indent=2) + "\n")
    # Whatever Postfix does: what Chappe has accepted, and could deliver, has arrived.
    lost = sum(run["lost"] for table in rows.values() for row in table for run in row["runs"]["chappe"])
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
