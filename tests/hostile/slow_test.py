#!/usr/bin/env python3
# timeout: 400
"""Clients that are slow, silent, many, or speak no known language; other people's mail goes on meanwhile."""

import contextlib
import pathlib
import random
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import HOST, PASSWORD, SANITIZED, SLOW, Server  # noqa: E402
from raw import Raw  # noqa: E402
from suite import SHORT, Failure, Suite, check, contains, equal, wait_until  # noqa: E402
from watch import Watch  # noqa: E402

CLEAR = ["mx", "submission", "imap", "pop3"]
TLS = ["submissions", "imaps", "pop3s"]
PER_NETWORK = 1000  # connections that `chappe local` takes from one address
GREETING = {"mx": b"220 ", "submission": b"220 ", "imap": b"* OK", "pop3": b"+OK"}

resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

# Connects for some seconds: every third connection is reset, every third reads the greeting.
FLOOD = """
import contextlib, socket, sys, time
end, count = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    with contextlib.suppress(OSError):
        sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
        if count % 3 == 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0")
        elif count % 3 == 1:
            sock.recv(100)
        sock.close()
        count += 1
print(count)
"""

suite = Suite()


@contextlib.contextmanager
def many(server, count, role, source=None, greeted=True):
    """So many open connections to a door, each with its greeting read."""
    socks = []
    try:
        for _ in range(count):
            socks.append(server.connect(role, source, tls=False))
        if greeted:
            for sock in socks:
                contains(sock.recv(4096), GREETING[role], "the greeting")
        yield socks
    finally:
        for sock in socks:
            sock.close()


@suite.test("800 idle connections change nothing, and cost little")
def _(server):
    with Watch(server, growth_mb=200):
        for role in CLEAR:
            before = server.memory()
            with many(server, 800, role) as socks:
                time.sleep(1)
                each = (server.memory() - before) / 800
                print(f"  {role}: {each:.1f} KB for an idle connection before login")
                check(each < 60 * (4 if SANITIZED else 1), f"{each:.0f} KB for each idle connection")
                # They still answer.
                for sock in socks[::100]:
                    sock.sendall({"imap": b"a NOOP\r\n", "pop3": b"CAPA\r\n"}.get(role, b"NOOP\r\n"))
                    check(sock.recv(4096), "no answer on an idle connection")
            wait_until(lambda: server.descriptors() < 200, 10 * SLOW, "connections given back")


@suite.test("200 sessions that are logged in and idle cost little, and all hear of new mail")
def _(server):
    count = 60 if SHORT else 200
    before = server.memory()
    boxes = []
    try:
        with Watch(server):
            for _ in range(count):
                client = Raw(server, "imaps")
                boxes.append(client)
                client.line()
                contains(client.imap(b"a", f'LOGIN alice@example.test "{PASSWORD}"'.encode())[0], b"a OK", "LOGIN")
                contains(client.imap(b"b", b"SELECT INBOX")[0], b"b OK", "SELECT")
                client.send(b"c IDLE\r\n")
                contains(client.line(), b"+ ", "IDLE")
            print(f"  {(server.memory() - before) / count:.0f} KB for a session in IDLE over TLS")
            began = time.monotonic()
            server.send(letters.letter("to-idlers"), to=["alice"])
            for client in boxes:
                while b"EXISTS" not in client.line():
                    pass
            print(f"  all {count} heard of a letter within {time.monotonic() - began:.2f} s")
            check(time.monotonic() - began < 5 * SLOW, "the last one heard late")
    finally:
        for client in boxes:
            client.close()


@suite.test("one octet a second from 300 clients delays nobody")
def _(server):
    lines = {"mx": b"EHLO slow.test\r\n", "submission": b"EHLO slow.test\r\n", "imap": b"a1 CAPABILITY\r\n",
             "pop3": b"CAPA\r\n"}
    with Watch(server), contextlib.ExitStack() as stack:
        everyone = [(role, sock) for role in CLEAR for sock in stack.enter_context(many(server, 75, role))]
        for i in range(6 if SHORT else 12):
            began = time.monotonic()
            for role, sock in everyone:
                sock.sendall(lines[role][i : i + 1])
            time.sleep(max(0, 1 - (time.monotonic() - began)))
        for role, sock in everyone[::25]:
            sock.sendall(lines[role][6 if SHORT else 12 :])
            check(sock.recv(4096), f"no answer at {role}")


@suite.test("a letter of one octet a second is read as patiently")
def _(server):
    with Watch(server), Raw(server, "mx") as client:
        client.greet()
        client.envelope()
        client.smtp("DATA")
        for octet in b"Subject: s\r\n":
            client.send(bytes([octet]))
            time.sleep(0.5)
        client.send(b"\r\nHello.\r\n.\r\n")
        equal(client.reply()[0], 250, "the reply")


@suite.test("a client that never reads stops being served, and costs nobody else")
def _(server):
    octets = letters.letter("big", 5_000_000)
    server.send(octets, to=["bob"])
    with Watch(server):
        clients = []
        try:
            for _ in range(20):
                client = Raw(server, "imaps")
                clients.append(client)
                client.line()
                contains(client.imap(b"a", f'LOGIN bob@example.test "{PASSWORD}"'.encode())[0], b"a OK", "LOGIN")
                client.imap(b"b", b"SELECT INBOX")
                client.sock.settimeout(2)
                with contextlib.suppress(socket.timeout, ssl.SSLError, OSError):
                    client.sock.sendall(b"c FETCH 1 BODY.PEEK[]\r\n" * 40)  # 200 MB each
            time.sleep(5)
        finally:
            for client in clients:
                client.close()
        # The same over SMTP: replies that nobody reads.
        with Raw(server, "mx") as client:
            client.sock.settimeout(3)
            with contextlib.suppress(socket.timeout, OSError):
                for _ in range(200):
                    client.sock.sendall(b"HELP\r\n" * 2_000)
            time.sleep(1)


@suite.test("connections beyond the limit are told so, others are served, and room comes back")
def _(server):
    with Watch(server):
        with many(server, PER_NETWORK, "imap", source="127.0.0.5", greeted=False) as socks:
            wait_until(lambda: server.descriptors() > PER_NETWORK, 20 * SLOW, "accepting them all")
            for role, words in (("mx", b"421 4.7.0 Too many connections"), ("submission", b"421 4.7.0 Too many"),
                                ("imap", b"* BYE"), ("pop3", b"-ERR")):
                sock = server.connect(role, "127.0.0.5", tls=False)
                with sock:
                    contains(sock.recv(4096), words, f"what {role} says to one more")
                    equal(sock.recv(4096), b"", "what follows")
            with server.connect("imaps", "127.0.0.5", tls=False) as sock:
                equal(sock.recv(10), b"", "what a TLS port says to one more")
            with server.connect("mx", "127.0.0.6") as sock:
                contains(sock.recv(4096), b"220 ", "the greeting of somebody else")
            contains(socks[0].recv(4096), b"* OK", "the greeting of one of them")

        def room():
            with server.connect("mx", "127.0.0.5") as sock:
                return sock.recv(4096).startswith(b"220 ")

        wait_until(room, 10 * SLOW, "room after they left")


@suite.test("a flood of connections that come and go")
def _(server):
    with Watch(server) as watch:
        # Processes of their own, so that the canary does not wait for this one's interpreter.
        ports = [server.ports[role] for role in CLEAR] * 2
        floods = [
            subprocess.Popen([sys.executable, "-c", FLOOD, str(port), str(4 if SHORT else 8)], stdout=subprocess.PIPE)
            for port in ports
        ]
        print(f"  {sum(int(flood.communicate()[0]) for flood in floods)} connections")
        check(watch.rounds > 0, "the canary had no chance")
    wait_until(lambda: server.descriptors() < 200, 10 * SLOW, "descriptors given back")


@suite.test("garbage on the TLS ports, and TLS on the clear ones")
def _(server):
    source = random.Random(1)
    junk = [b"GET / HTTP/1.0\r\n\r\n", b"EHLO me\r\n", b"\0" * 1000, source.randbytes(5000), b"\x16\x03\x01\xff\xff" + b"A" * 70_000,
            b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", b"\x80\x2e\x01\x00\x02" + b"\0" * 50, b"\x15\x03\x01\x00\x02\x02\x28"]
    with Watch(server):
        for role in TLS:
            for octets in junk:
                with server.connect(role, tls=False) as sock:
                    with contextlib.suppress(OSError):
                        sock.sendall(octets)
                        sock.shutdown(socket.SHUT_WR)
                    sock.settimeout(10 * SLOW)
                    answer = b""
                    with contextlib.suppress(ConnectionError):
                        while chunk := sock.recv(4096):
                            answer += chunk
                    check(len(answer) < 200 and answer[:1] in (b"", b"\x15"), f"{role} answered junk with {answer[:60]}")
        for role in CLEAR:
            sock = server.connect(role, tls=False)
            try:
                server.tls().wrap_socket(sock, server_hostname="localhost")
                raise Failure(f"TLS from the start at {role}")
            except (ssl.SSLError, OSError):
                pass
            finally:
                sock.close()


@suite.test("TLS handshakes that never end are ended, and delay nobody")
def _(server):
    context = server.tls()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        hello.do_handshake()
    octets = outgoing.read()
    with Watch(server):
        socks = []
        try:
            began = time.monotonic()
            for role in TLS:
                for i in range(60):
                    sock = server.connect(role, tls=False)
                    socks.append(sock)
                    sock.sendall(octets[: (0, 3, len(octets) // 2, len(octets))[i % 4]])
            if SHORT:
                return
            # The configuration gives a handshake 30 s.
            for sock in socks:
                sock.settimeout(max(0.1, 40 * SLOW - (time.monotonic() - began)))
                try:
                    with contextlib.suppress(ConnectionError):
                        while sock.recv(65536):
                            pass
                except (socket.timeout, TimeoutError):
                    raise Failure("a handshake is still waited for after 40 s") from None
            check(time.monotonic() - began > 5, "handshakes were given less than 5 s")
        finally:
            for sock in socks:
                sock.close()


@suite.test("a client that renews its TLS keys for ever gains nothing")
def _(server):
    # Renegotiation is a thing of TLS 1.2; a server that lets clients begin one gives work away for nothing.
    if not shutil.which("openssl"):
        return
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{HOST}:{server.ports['imaps']}", "-tls1_2", "-CAfile", server.certificate],
        input=b"R\n" * 3, capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    text = done.stdout + done.stderr
    check(b"RENEGOTIATING" not in text or b"no renegotiation" in text or b"handshake failure" in text
          or b"write:errno" in text or b"unexpected" in text or b"wrong" in text.lower(),
          f"renegotiation: {text[-400:]}")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol"))
