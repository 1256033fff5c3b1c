"""dkimpy and authres, one job a line on standard input, one answer a line: signs, seals and verifies letters in files,
reads Authentication-Results. For Debian's Python, which has the modules. A job: {"do": NAME OF A FUNCTION BELOW,
"letter": FILE, "keys": {NAME: RECORD}, ...}."""

import base64
import json
import sys

import authres
import dkim


def keys_of(job):
    keys = {name.encode() + b".": record.encode() for name, record in job["keys"].items()}
    return lambda name, timeout=5: keys.get(name)


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
    return bool(dkim.verify(octets, minkey=1024, dnsfunc=keys_of(job)))


def seal(job, octets):
    """The fields of a new ARC set; empty: it adds none. It seals what Authentication-Results of `authserv_id` say."""
    with open(job["key"], "rb") as key:
        fields = dkim.arc_sign(
            octets, job["selector"].encode(), job["domain"].encode(), key.read(), job["authserv_id"].encode(),
            include_headers=[name.encode() for name in job["headers"]],
        )  # fmt: skip
    return base64.b64encode(b"".join(fields)).decode()


def verify_chain(job, octets):
    """What it makes of the chain, how many sets it found, and why."""
    cv, sets, why = dkim.arc_verify(octets, minkey=1024, dnsfunc=keys_of(job))
    return {"cv": cv and cv.decode(), "sets": len(sets), "reason": str(why)}


def results(job, octets):
    """What the value of an Authentication-Results field says, as [authserv-id, [[method, result, {property: value}]]]."""
    read = authres.AuthenticationResultsHeader.parse("Authentication-Results: " + octets.decode())
    told = [[r.method, r.result, {f"{p.type}.{p.name}": p.value for p in r.properties}] for r in read.results]
    return [read.authserv_id, told]


JOBS = {"sign": sign, "verify": verify, "seal": seal, "verify-chain": verify_chain, "results": results}

for line in sys.stdin:
    job = json.loads(line)
    with open(job["letter"], "rb") as file:
        octets = file.read()
    try:
        answer = JOBS[job["do"]](job, octets)
    except Exception as error:  # noqa: BLE001 - told to the test
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
