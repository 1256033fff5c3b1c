"""pyspf, one job a line on standard input, one answer a line: {"ip", "from", "helo", "zone": {"NAME TYPE": [DATA]}}.
For Debian's Python, which has the module."""

import json
import sys

import spf


def answers(zone):
    def look_up(name, qtype, tcpfallback=True, timeout=30):
        rows = zone.get(f"{name.rstrip('.').lower()} {qtype}", [])
        out = []
        for data in rows:
            if data == "TIMEOUT":
                raise spf.TempError("DNS timeout")
            if qtype in ("TXT", "SPF"):
                data = [part.encode() for part in data]
            elif qtype == "MX":
                data = tuple(data)
            out.append(((name, qtype), data))
        return out

    return look_up


for line in sys.stdin:
    job = json.loads(line)
    spf.DNSLookup = answers(job["zone"])
    try:
        result, _ = spf.check2(i=job["ip"], s=job["from"], h=job["helo"])
    except Exception as error:  # noqa: BLE001 - told to the test
        result = f"{type(error).__name__}: {error}"
    print(json.dumps(result), flush=True)
