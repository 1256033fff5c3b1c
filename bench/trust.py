#!/usr/bin/env python3
"""What it costs to judge and to sign letters, beside others. Letters are of 4 and 10 KB, with one signature of RSA-2048
that holds; SPF and DMARC pass. All is processor time of one machine in one run, so that ratios hold whatever else it
does.

1. The judges alone (chappe_trust_bench): the whole judgement, DKIM by itself and libopendkim's, against the bare
   cryptography; and signing.
2. rspamd's scan of such letters, with its modules dkim, spf and dmarc, and none else: no Redis, no network but a name
   server on loopback. It also reads the parts of the letter, and is asked over HTTP.
3. The exchanger that judges, that does not (mx.judge = false), and that does not but asks a milter, which hears each
   step and wants nothing: letters a second that it accepts durably from smtp-source, over ten kept connections, and
   what a letter costs it. The milter is a script, and what that takes of the machine is in the rate.

  bench/trust.py [--build build/release] [--letters N] [--rounds N] [--seconds S] [--dir FOLDER on a real disk]
                 [--json FILE]
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "interop")]

SIZES = (4096, 10240)
SESSIONS = 10
SENDER = "author.bench"
OUTSIDE = "192.0.2.25"  # rspamd does not judge its own host
SITES = {"judge": ("judges.bench", "127.0.0.2"), "not": ("trusts.bench", "127.0.0.3"), "milter": ("asks.bench", "127.0.0.5")}


def zone(record):
    parts = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
    rows = [f"{name}. MX 10 mx.{name}.\nmx.{name}. A {address}" for name, address in SITES.values()]
    return "\n".join(rows) + (
        f'\n{SENDER}. TXT "v=spf1 include:_spf.{SENDER} -all"\n'
        f'_spf.{SENDER}. TXT "v=spf1 ip4:127.0.0.0/8 ip4:{OUTSIDE} -all"\n'
        f'_dmarc.{SENDER}. TXT "v=DMARC1; p=reject"\nsel._domainkey.{SENDER}. TXT {parts}\n'
    )


def signed(folder, pem, size):
    """A file of a signed letter of about that size."""
    from chappe import BINARY
    from letters import letter
    from suite import succeed

    path = folder / f"{size}.eml"
    path.write_bytes(letter("judged", size - 700, sender=f"someone@{SENDER}"))
    octets = succeed(BINARY, "sign", path, "--domain", SENDER, "--selector", "sel", "--key", pem)
    path.write_bytes(octets)
    # smtp-source puts the CR in front of each line's end itself.
    path.with_suffix(".lf").write_bytes(octets.replace(b"\r\n", b"\n"))
    return path


# ---- the judges alone


def judges_alone(build, seconds):
    """{name: microseconds of the processor}, {name: the share that is cryptography}"""
    command = [
        build / "src" / "chappe_trust_bench", f"--benchmark_min_time={seconds}", "--benchmark_format=json",
        "--benchmark_filter=^(judge|dkim_verify|dkim_sign|opendkim_(verify|sign)|dkim_bare_(verify|sign))/rsa2048",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, timeout=1200)
    rows = json.loads(done.stdout)["benchmarks"]
    assert all(row["time_unit"] == "ns" for row in rows)
    shares = {row["name"]: row["crypto"] for row in rows if "crypto" in row}
    return {row["name"]: row["cpu_time"] / 1000 for row in rows}, shares


def show_alone(times, shares):
    bare = {"judge": "dkim_bare_verify", "dkim_verify": "dkim_bare_verify", "dkim_sign": "dkim_bare_sign",
            "opendkim_verify": "dkim_bare_verify", "opendkim_sign": "dkim_bare_sign"}  # fmt: skip
    print(f"\n{'alone':<28} {'us':>8} {'/s':>8} {'of bare RSA':>12} {'cryptography':>13}")
    for name, us in times.items():
        unit = times[bare.get(name.partition("/")[0], name.partition("/")[0]) + "/rsa2048"]
        share = f"{shares[name]:13.0%}" if name in shares else ""
        print(f"{name:<28} {us:>8.1f} {1e6 / us:>8.0f} {us / unit:>12.2f} {share}")


# ---- rspamd


def rspamd_scans(folder, files, count, name_server):
    """{size: microseconds of the processor for a scan}; empty when it cannot be had."""
    import filters
    import measure
    from suite import Skip

    peer = filters.Rspamd(
        folder, 'worker "normal" {\n  bind_socket = "127.0.0.1:{port}";\n  count = 1;\n}', filters="dkim",
        nameserver=f"{name_server}:53", level="error",
        modules={"spf": "enabled = true;", "dmarc": "enabled = true; reporting { enabled = false; }"},
    )  # fmt: skip
    out = {}
    try:
        with peer.running():
            for size, path in files.items():
                octets = path.read_bytes()
                for turn in range(2):  # the first fills its caches
                    before = measure.processor_seconds(peer.process.pid)
                    for _ in range(count if turn else 10):
                        said = peer.scan(octets, Ip=OUTSIDE, From=f"a@{SENDER}", Helo="mx", Rcpt="b@x.bench")
                    said = said["symbols"]
                    if not {"R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"} <= said.keys():
                        raise SystemExit(f"rspamd does not judge as it should: {sorted(said)}")
                    out[size] = (measure.processor_seconds(peer.process.pid) - before) / count * 1e6
    except Skip as why:
        print(f"skip rspamd: {why}")
    return out


# ---- the exchanger


def accept(site, domain, path, count):
    """(letters a second, milliseconds of the processor for each)"""
    import measure
    import postfix

    command = [postfix.tool("smtp-source"), "-d", "-s", str(SESSIONS), "-m", str(count), "-F", str(path.with_suffix(".lf")),
               "-f", f"someone@{SENDER}", "-t", f"alice@{domain}", f"{site.host}:25"]  # fmt: skip
    before, began = measure.processor_seconds(site.pid), time.monotonic()
    done = subprocess.run(command, env=postfix.environment(), capture_output=True, timeout=1200, check=False)
    took = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(f"smtp-source failed: {done.stderr.decode(errors='replace')[-500:]}")
    return count / took, (measure.processor_seconds(site.pid) - before) / count * 1e3


def exchanger_rows(town, files, count, rounds):
    import measure
    from fake_milter import FakeMilter

    rows, sent = [], dict.fromkeys(SITES, 0)
    with contextlib.ExitStack() as stack:
        milter = stack.enter_context(FakeMilter())
        lines = {kind: ["[mx]", f"judge = {'true' if kind == 'judge' else 'false'}"] for kind in SITES}
        lines["milter"] += ["[[judge]]", 'name = "idle"', f'address = "{milter.address}"', 'doors = ["mx"]']
        sites = {
            kind: stack.enter_context(
                town.site(domain, address, ["alice"], server=[f'networks = ["{address}"]'], lines=lines[kind])
            )
            for kind, (domain, address) in SITES.items()
        }
        heads = "".join(f"{kind:>9}" for kind in SITES)
        print(f"\n{'accepted':>8} {'letters/s':>27} {'cpu ms/letter':>27}\n{'octets':>8} {heads} {heads}")
        for size, path in files.items():
            runs = {kind: [] for kind in SITES}
            for turn in range(rounds):
                for kind in list(SITES)[:: 1 if turn % 2 == 0 else -1]:
                    runs[kind].append(accept(sites[kind], SITES[kind][0], path, count))
                    sent[kind] += count
                    milter.forget()
            rates, costs = ({kind: measure.median([run[i] for run in own]) for kind, own in runs.items()} for i in (0, 1))
            rows.append({"octets": size, "rate": rates, "cpu_ms": costs})
            print(f"{size:>8} " + "".join(f"{rates[kind]:>9.0f}" for kind in SITES) + " "
                  + "".join(f"{costs[kind]:>9.3f}" for kind in SITES), flush=True)  # fmt: skip
        for kind, site in sites.items():
            with site.imap("alice", readonly=True) as box:
                there = box.counts()["MESSAGES"]
            if there != sent[kind]:
                raise SystemExit(f"{there} of {sent[kind]} letters are in the inbox of {site.domain}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("CHAPPE_BUILD", "build/release"))
    parser.add_argument("--letters", type=int, default=2_000, help="for each row")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the exchangers; medians are printed")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each row of the first table")
    parser.add_argument("--dir", default="", help="a folder on a real disk (default: below build/)")
    parser.add_argument("--json", default="", help="write the numbers there too")
    options = parser.parse_args()

    os.environ["CHAPPE_BUILD"] = str((ROOT / options.build).resolve())
    import chappe
    import measure
    import postfix
    import town
    from dkim_peers_test import made_key
    from suite import Skip

    town.enter(["-nm"], ["-Urn"])
    place = pathlib.Path(options.dir or ROOT / "build")
    kind, syncs = measure.disk(place)
    times, shares = judges_alone(chappe.BUILD, options.seconds)
    show_alone(times, shares)
    facts = {"disk": kind, "syncs": syncs, "alone_us": times, "cryptography": shares}
    tempfile.tempdir = str(place)
    try:
        with tempfile.TemporaryDirectory(prefix="chappe-bench-") as name:
            folder = pathlib.Path(name)
            pem, _, record = made_key(folder, "rsa-sha256")
            files = {size: signed(folder, pem, size) for size in SIZES}
            with town.Town(zone(record)) as names:
                scans = rspamd_scans(folder, files, options.letters // 4, town.NAMES)
                for size, us in scans.items():
                    ours = times[f"judge/rsa2048/{size // 1024}k"]
                    print(f"rspamd scans {size} octets in {us:.0f} us; ours is {us / ours:.1f} times as fast")
                facts["rspamd_us"] = scans
                postfix.tool("smtp-source")
                facts["exchanger"] = exchanger_rows(names, files, options.letters, options.rounds)
    except Skip as why:
        print(f"skip trust: {why}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
