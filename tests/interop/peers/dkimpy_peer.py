"""dkimpy, one job a line on standard input, one answer a line: signs and verifies letters in files. For Debian's Python,
which has the module. A job: {"do": "sign"|"verify", "letter": FILE, "keys": {NAME: RECORD}, ...}."""

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


def verify(job, octets):
    keys = {name.encode() + b".": record.encode() for name, record in job["keys"].items()}
    return bool(dkim.verify(octets, minkey=1024, dnsfunc=lambda name, timeout=5: keys.get(name)))


for line in sys.stdin:
    job = json.loads(line)
    with open(job["letter"], "rb") as file:
        octets = file.read()
    try:
        answer = sign(job, octets) if job["do"] == "sign" else verify(job, octets)
    except Exception as error:  # noqa: BLE001 - told to the test
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
