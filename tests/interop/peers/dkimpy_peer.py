"""dkimpy, one job a line on standard input, one answer a line: signs and verifies letters in files. For Debian's Python,
which has the module. A job: {"do": "sign"|"verify"|"arc", "letter": FILE, "keys": {NAME: RECORD}, ...}."""

import base64
import json
import sys

import dkim


def sign(job, octets):
    header, body = job["canon"].split("/")
    field = dkim.sign(
        octets,
        job["selector"].encode(),
        job["domain"].encode(),
        open(job["key"], "rb").read().strip() if job["algorithm"].startswith("ed") else open(job["key"], "rb").read(),
        canonicalize=(header.encode(), body.encode()),
        signature_algorithm=job["algorithm"].encode(),
        include_headers=[name.encode() for name in job["headers"]],
    )
    return base64.b64encode(field).decode()


def asked(job):
    keys = {name.encode() + b".": record.encode() for name, record in job["keys"].items()}
    return lambda name, timeout=5: keys.get(name)


def verify(job, octets):
    return bool(dkim.verify(octets, minkey=1024, dnsfunc=asked(job)))


def arc(job, octets):
    """What it makes of the chain, and how many sets it found."""
    status, sets, reason = dkim.arc_verify(octets, minkey=1024, dnsfunc=asked(job))
    return {"cv": status.decode(), "sets": len(sets), "reason": str(reason)}


DO = {"sign": sign, "verify": verify, "arc": arc}


for line in sys.stdin:
    job = json.loads(line)
    with open(job["letter"], "rb") as file:
        octets = file.read()
    try:
        answer = DO[job["do"]](job, octets)
    except Exception as error:  # noqa: BLE001 - told to the test
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
