#!/usr/bin/env python3
"""How many letters a second come into a mailbox, durably: Chappe's exchanger, Postfix's smtp-sink, which throws them
away, and Postfix with its virtual delivery agent and a Maildir.

The generator is Postfix's smtp-source for all (`make test-deps` unpacks it below build/peers). What Chappe has accepted
is counted again by IMAP after a kill -9, so that no number here is owed to a letter that only looked accepted. Of
Postfix the time ends when the last letter is in the Maildir.

Last: how long it takes to start again after a kill -9 under full load, a few times.

  bench/smtp_accept.py [--build build/release] [--letters N] [--dir FOLDER on a real disk] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import pathlib
import pwd
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

RECOVERIES = 5

# (sessions, octets, one connection for many letters, share of --letters)
ROWS = [
    (1, 4096, True, 0.2),
    (10, 4096, True, 1),
    (20, 4096, True, 1),
    (50, 4096, True, 1),
    (10, 4096, False, 0.5),
    (50, 4096, False, 0.5),
    (10, 102400, True, 0.2),
    (50, 102400, True, 0.2),
]


def source(port, sessions, octets, kept, count, address="127.0.0.1"):
    import postfix

    command = [postfix.tool("smtp-source")] + (["-d"] if kept else [])
    command += ["-s", str(sessions), "-m", str(count), "-l", str(octets), "-f", "source@elsewhere.test"]
    return command + ["-t", "alice@example.test", f"{address}:{port}"]


def generate(port, sessions, octets, kept, count, address="127.0.0.1"):
    """Letters a second, from the first connection to the last reply."""
    import postfix

    began = time.monotonic()
    command = source(port, sessions, octets, kept, count, address)
    done = subprocess.run(command, env=postfix.environment(), capture_output=True, timeout=1200, check=False)
    took = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(f"smtp-source failed: {done.stderr.decode(errors='replace')[-500:]}")
    return count / took


@contextlib.contextmanager
def sink(port):
    import postfix

    command = [postfix.tool("smtp-sink")] + (["-u", "nobody"] if os.geteuid() == 0 else []) + [f"127.0.0.1:{port}", "256"]
    process = subprocess.Popen(command, env=postfix.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


class Maildir:
    """A Postfix that files letters in a Maildir; nothing when it cannot be had."""

    SHARE = 0.2  # of the letters: it is slower

    def __init__(self, stack):
        import postfix
        from suite import Skip

        self.why = ""
        nobody = pwd.getpwnam("nobody")
        settings = {
            "myhostname": "mx.peer.test",
            "virtual_mailbox_domains": "example.test",
            "virtual_mailbox_base": "{folder}/mail",
            "virtual_mailbox_maps": "static:box/",
            "virtual_uid_maps": f"static:{nobody.pw_uid}",
            "virtual_gid_maps": f"static:{nobody.pw_gid}",
            "virtual_minimum_uid": "1",
            "in_flow_delay": "0",  # which favours it
            "smtpd_client_connection_count_limit": "0",
            "smtpd_client_connection_rate_limit": "0",
            "smtpd_client_message_rate_limit": "0",
        }
        try:
            self.server = stack.enter_context(postfix.Postfix("127.0.0.4", 2525, settings))
        except Skip as why:
            self.why = str(why)
            return
        self.box = self.server.folder / "mail" / "box"
        self.box.parent.mkdir()
        os.chown(self.box.parent, nobody.pw_uid, nobody.pw_gid)

    def there(self):
        return sum(1 for _ in os.scandir(self.box / "new")) if (self.box / "new").exists() else 0

    def rate(self, sessions, octets, kept, count):
        count = max(sessions, int(count * self.SHARE))
        before = self.there()
        began = time.monotonic()
        generate(2525, sessions, octets, kept, count, "127.0.0.4")
        while self.there() < before + count:
            if time.monotonic() - began > 300:
                raise SystemExit(f"Postfix lost letters: {self.there() - before} of {count}")
            time.sleep(0.01)
        return count / (time.monotonic() - began)


def recovery(server, seconds):
    """From a kill -9 after so many seconds of full load until every port answers again, in seconds."""
    import postfix

    load = subprocess.Popen(source(server.ports["mx"], 50, 4096, True, 10_000_000), env=postfix.environment(),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(seconds)
    server.kill()
    load.terminate()
    load.wait()
    return server.start()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("CHAPPE_BUILD", "build/release"))
    parser.add_argument("--letters", type=int, default=10_000, help="in the largest row")
    parser.add_argument("--dir", default="", help="a folder on a real disk (default: below build/)")
    parser.add_argument("--json", default="", help="write the numbers there too")
    options = parser.parse_args()

    os.environ["CHAPPE_BUILD"] = str((ROOT / options.build).resolve())
    import chappe
    import measure
    import postfix
    from suite import Skip

    try:
        postfix.tool("smtp-source")
    except Skip as why:
        print(f"skip smtp_accept: {why}")
        sys.exit(0)
    folder = pathlib.Path(options.dir or ROOT / "build")
    kind, syncs = measure.disk(folder)
    tempfile.tempdir = str(folder)

    print(f"{'sessions':>8} {'octets':>7} {'connection':>10} {'letters':>8} {'chappe/s':>9} {'sink/s':>8} {'ratio':>6} "
          f"{'maildir/s':>9} {'ratio':>6}")
    rows = []
    with contextlib.ExitStack() as stack, chappe.Server(accounts=("alice",), options=["--no-limits"]) as server:
        port = chappe.free_base() + 25
        maildir = Maildir(stack)
        if maildir.why:
            print(f"skip Postfix: {maildir.why}")
        with sink(port):
            total = 0
            for sessions, octets, kept, share in ROWS:
                count = max(sessions, int(options.letters * share))
                ours = generate(server.ports["mx"], sessions, octets, kept, count)
                total += count
                theirs = generate(port, sessions, octets, kept, count)
                filed = maildir.rate(sessions, octets, kept, count) if not maildir.why else 0
                rows.append({"sessions": sessions, "octets": octets, "kept": kept, "letters": count, "chappe": ours,
                             "sink": theirs, "maildir": filed})  # fmt: skip
                print(f"{sessions:>8} {octets:>7} {'kept' if kept else 'new':>10} {count:>8} {ours:>9.0f} {theirs:>8.0f} "
                      f"{ours / theirs:>6.2f} " + (f"{filed:>9.0f} {ours / filed:>6.1f}" if filed else ""),
                      flush=True)  # fmt: skip
            memory = server.memory("VmHWM") // 1024
            server.kill()
        restart = server.start()
        with server.imap("alice", readonly=True) as box:
            there = box.counts()["MESSAGES"]
        print(f"after kill -9: {there} of {total} accepted letters there; started again in {restart:.2f} s; "
              f"at most {memory} MB of memory")
        recoveries = [recovery(server, 3 + 0.7 * n) for n in range(RECOVERIES)]
        print("started again after a kill -9 at full load in " + ", ".join(f"{s:.2f}" for s in recoveries) + " s")
    if options.json:
        facts = {"disk": kind, "syncs": syncs, "rows": rows, "accepted": total, "there": there, "restart": restart,
                 "recoveries": recoveries}  # fmt: skip
        pathlib.Path(options.json).write_text(json.dumps(facts, indent=2) + "\n")
    sys.exit(0 if there == total else 1)


if __name__ == "__main__":
    main()
