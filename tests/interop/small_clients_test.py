#!/usr/bin/env python3
"""Smaller clients, each for what it alone does: s-nail, mpop, fetchmail; and each version of TLS."""

import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import PASSWORD, Server  # noqa: E402
from raw import Raw  # noqa: E402
from suite import Suite, check, contains, equal, needs, run, succeed  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"
ENCODED = PASSWORD.replace(" ", "%20")

suite = Suite()


@suite.test("s-nail sends, and lists headers over IMAP and POP3")
def _(server):
    needs("s-nail")
    tls = ["-:/", "-Sv15-compat", f"-Stls-ca-file={server.certificate}", "-Stls-ca-no-defaults"]
    succeed(
        "s-nail", *tls, f"-Smta=smtp://alice%40example.test:{ENCODED}@localhost:{server.ports['submission']}",
        "-Ssmtp-use-starttls", "-Ssmtp-auth=login", f"-Sfrom={ALICE}", "-Ssendwait", "-s", "from s-nail", BOB,
        input=b"Hello.\n", timeout=60,
    )
    for scheme in ("imaps", "pop3s"):
        out = succeed(
            "s-nail", *tls, "-H", "-f", f"{scheme}://bob%40example.test:{ENCODED}@localhost:{server.ports[scheme]}/"
            + ("INBOX" if scheme == "imaps" else ""), timeout=60,
        )
        contains(out, b"from s-nail", f"headers by {scheme}")


@suite.test("mpop fetches each letter once")
def _(server):
    needs("mpop")
    octets = letters.letter("mpop-1", 3000)
    server.send(octets, to=["carol"])
    box = server.folder / "mpop"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    rc = server.folder / "mpoprc"
    rc.write_text(
        f"""account lab
host localhost
port {server.ports["pop3s"]}
tls on
tls_starttls off
tls_trust_file {server.certificate}
auth user
user carol@example.test
password "{PASSWORD}"
delivery maildir {box}
uidls_file {server.folder}/mpop-uidls
keep on
received_header off
"""
    )
    rc.chmod(0o600)
    for _ in range(2):
        succeed("mpop", "-C", rc, "-q", "lab")
        files = list((box / "new").iterdir())
        equal(len(files), 1, "the number of files")
    check(files[0].read_bytes().replace(b"\r\n", b"\n").endswith(octets.replace(b"\r\n", b"\n")), "changed")


@suite.test("fetchmail empties the mailbox")
def _(server):
    needs("fetchmail")
    for i in range(3):
        server.send(letters.letter(f"fetchmail-{i}", 2000), to=["dave"])
    got = server.folder / "fetched"
    rc = server.folder / "fetchmailrc"
    rc.write_text(
        f"""poll localhost proto POP3 port {server.ports["pop3s"]} uidl
  user "dave@example.test" password "{PASSWORD}" ssl sslcertfile {server.certificate} sslcertck
  fetchall nokeep mda "cat >> {got}"
"""
    )
    rc.chmod(0o600)
    environment = {"HOME": str(server.folder), "FETCHMAILHOME": str(server.folder)}
    succeed("fetchmail", "-f", rc, "--nosyslog", "-i", server.folder / "ids", env=environment)
    equal(got.read_bytes().count(b"Message-ID: <fetchmail-"), 3, "the letters fetched")
    code, _, _ = run("fetchmail", "-f", rc, "--nosyslog", "-i", server.folder / "ids", env=environment)
    equal(code, 1, "fetchmail's exit code when there is nothing")


@suite.test("TLS 1.2 and 1.3 at every door, and nothing older")
def _(server):
    begin = {"mx": b"STARTTLS", "submission": b"STARTTLS", "imap": b"a STARTTLS", "pop3": b"STLS"}
    versions = [(ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False),
                (ssl.TLSVersion.TLSv1, False)]  # fmt: skip
    for role in server.ports:
        for version, works in versions:
            context = server.tls()
            context.set_ciphers("ALL:@SECLEVEL=0" if not works else "DEFAULT")
            context.minimum_version = context.maximum_version = version
            with Raw(server, role, tls=False) as client:
                if role in begin:
                    client.line()
                    if begin[role] == b"STARTTLS":
                        client.smtp("EHLO client.test")
                    client.send(begin[role] + b"\r\n")
                    check(client.line().startswith((b"220", b"a OK", b"+OK")), f"{role} refuses STARTTLS")
                try:
                    with context.wrap_socket(client.sock, server_hostname="localhost") as secure:
                        got = secure.version()
                except (ssl.SSLError, ConnectionError) as error:
                    got = str(error)
                check(("TLSv1." in got and "ERROR" not in got.upper()) == works, f"{role} with {version.name}: {got}")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol", "dave"))
