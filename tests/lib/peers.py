"""Mail servers that misbehave: each listens on port 25 of an address of its own and speaks SMTP well, but for one step.

    with Peer("127.0.1.1", at={"MAIL": stall}) as peer: ...
    peer.letters        # what it took
    peer.said           # the lines that it was sent

Steps are, in their order: connect, greeting, EHLO, STARTTLS, handshake, MAIL, RCPT, DATA, body, dot, QUIT. What is done
at a step is a function of the connection; it may return octets that are sent instead of what is due, or None.
"""

import contextlib
import socket
import ssl
import threading
import time


class Over(Exception):
    """The connection is done with."""


def stall(talk):
    """Says nothing more, reads nothing more, and does not close."""
    talk.peer.ended.wait()
    raise Over


def drop(talk):
    raise Over


def reset(talk):
    """Closes so that the other side sees a reset."""
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raise Over


def say(octets):
    return lambda talk: octets


def flood(octets):
    """Sends the octets over and over, until nobody takes them."""

    def act(talk):
        with contextlib.suppress(OSError):
            while not talk.peer.ended.is_set():
                talk.sock.sendall(octets)
                talk.peer.flooded += len(octets)
        raise Over

    return act


class Talk:
    """One connection."""

    def __init__(self, peer, sock):
        self.peer = peer
        self.sock = sock
        self.rest = b""

    def step(self, name, due):
        act = self.peer.at.get(name)
        octets = act(self) if act else None
        self.sock.sendall(due if octets is None else octets)

    def line(self):
        line = self.line_raw().strip()
        self.peer.said.append(line.decode("latin-1"))
        return line

    def letter(self):
        octets = b""
        while not octets.endswith(b"\r\n.\r\n") and octets != b".\r\n":
            octets += self.line_raw()
        return octets[:-3]

    def line_raw(self):
        while b"\n" not in self.rest:
            more = self.sock.recv(65536)
            if not more:
                raise Over
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line + b"\n"

    def run(self):
        self.step("connect", b"")
        self.step("greeting", b"220 peer ESMTP\r\n")
        envelope = []
        while True:
            line = self.line()
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                lines = ["250-peer", *(f"250-{word}" for word in self.peer.offers), "250 SIZE 0"]
                self.step("EHLO", "".join(f"{x}\r\n" for x in lines).encode())
            elif verb == b"STAR":
                self.step("STARTTLS", b"220 go on\r\n")
                self.sock.recv(1, socket.MSG_PEEK)  # what is sent sooner is taken for an injection
                self.step("handshake", b"")
                if not self.peer.tls:
                    raise Over
                self.sock = self.peer.tls.wrap_socket(self.sock, server_side=True)
                self.rest = b""
            elif verb == b"MAIL":
                envelope = [line]
                self.step("MAIL", b"250 2.1.0 sender\r\n")
            elif verb == b"RCPT":
                envelope.append(line)
                self.step("RCPT", b"250 2.1.5 recipient\r\n")
            elif verb == b"DATA":
                self.step("DATA", b"354 go on\r\n")
                if "body" in self.peer.at:
                    self.step("body", b"")
                octets = self.letter()
                self.step("dot", b"250 2.0.0 taken\r\n")
                self.peer.letters.append((time.monotonic(), envelope, octets))
            elif verb == b"QUIT":
                self.step("QUIT", b"221 2.0.0 bye\r\n")
                raise Over
            else:
                self.step("other", b"250 2.0.0 as you like\r\n")


class Peer:
    def __init__(self, address, at=None, offers=(), tls=None):
        self.address = address
        self.at = at or {}
        self.offers = list(offers)
        self.tls = tls  # a context; its peer offers STARTTLS
        if tls or any(step in self.at for step in ("STARTTLS", "handshake")):
            self.offers.append("STARTTLS")
        self.letters = []
        self.said = []
        self.connections = 0
        self.flooded = 0
        self.ended = threading.Event()
        self.open = set()

    def __enter__(self):
        self.listener = socket.create_server((self.address, 25), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *ignored):
        self.ended.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in list(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        talk = Talk(self, sock)
        self.open.add(sock)
        try:
            talk.run()
        except (Over, OSError, ssl.SSLError, ValueError):
            pass
        finally:
            self.open.discard(sock)
            with contextlib.suppress(OSError):
                talk.sock.close()


class Deaf:
    """An address where connections are neither taken nor refused: the queue of its port is full."""

    def __init__(self, address):
        self.address = address

    def __enter__(self):
        self.listener = socket.socket()
        self.listener.bind((self.address, 25))
        self.listener.listen(0)
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self.address, 25))
            self.fillers.append(filler)
        return self

    def __exit__(self, *ignored):
        for sock in (*self.fillers, self.listener):
            sock.close()
