"""What benchmarks measure with: the disk under them, the processor's time of a server with all its processes, and tables
of servers that took turns."""

import os
import pathlib
import statistics
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def disk(folder):
    """What the folder lies on, and its synced appends of 4 KiB a second from one writer."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        octets = os.urandom(4096)
        began = time.monotonic()
        count = 0
        while time.monotonic() - began < 1:
            os.write(file.fileno(), octets)
            os.fdatasync(file.fileno())
            count += 1
    syncs = count / (time.monotonic() - began)
    if kind in ("tmpfs", "ramfs", "overlayfs"):
        print(f"warning: {folder} is on {kind}: these numbers say nothing about a disk")
    print(f"disk: {kind}, {syncs:.0f} synced appends of 4 KiB a second; {os.cpu_count()} processors; "
          f"load before {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
    return kind, syncs


def processor_seconds(pid):
    """Of the process and all that it started, those that have ended and were waited for included."""
    spent, parents = {}, {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        one = int(stat.parent.name)
        parents[one] = int(fields[1])
        spent[one] = sum(map(int, fields[11:15]))
    family = {pid}
    while grown := {one for one, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(spent.get(one, 0) for one in family) / TICKS


def median(values):
    """None where one of them is None: it did not come to an end."""
    return None if not values or None in values else statistics.median(values)
