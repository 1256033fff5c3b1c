"""A milter that does as it is told, in a thread: it speaks version 6 of the protocol and answers each command with the
packets that a test has set. What it was told stands in `heard`.

    with FakeMilter() as milter:
        milter.answers["E"] = add("X-Seen", " yes") + GO_ON
        ... address = milter.address
"""

import contextlib
import socket
import struct
import threading
import time


REFUSED_RCPTS = 0x800  # a step: it wants to hear of recipients that are refused already


def packet(data):
    return struct.pack(">I", len(data)) + data


def texts(*words):
    return b"".join(word.encode() + b"\0" for word in words)


GO_ON = packet(b"c")
ACCEPT = packet(b"a")
REJECT = packet(b"r")
LATER = packet(b"t")
DISCARD = packet(b"d")


def reply(text):
    return packet(b"y" + texts(text))


def add(name, value):
    return packet(b"h" + texts(name, value))


def insert(place, name, value):
    return packet(b"i" + struct.pack(">I", place) + texts(name, value))


def change(place, name, value):
    """Of the `place`th field of that name, from 1; no value removes it."""
    return packet(b"m" + struct.pack(">I", place) + texts(name, value))


def add_rcpt(address):
    return packet(b"+" + texts(address))


def remove_rcpt(address):
    return packet(b"-" + texts(address))


def change_sender(address):
    return packet(b"e" + texts(address))


def quarantine(reason):
    return packet(b"q" + texts(reason))


def new_body(octets):
    return packet(b"b" + octets)


class FakeMilter:
    def __init__(self):
        self.forget()

    def forget(self):
        """Goes on at everything, at once."""
        self.answers = {}  # {command: packets}
        self.thinks = {}  # {command: seconds before the answer}
        self.steps = 0  # that it wants otherwise, of the negotiation
        self.dies = ""  # commands at which it closes the connection instead
        self.heard = []  # (command, data)
        self.sizes = 0  # octets of bodies

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *ignored):
        self.close()

    def open(self, port=0):
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.address = f"inet:127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """As if it were killed: its listener and all of its connections."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in list(self.sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def again(self):
        self.open(self.port)

    def commands(self):
        return "".join(command for command, _ in list(self.heard) if command not in "OD")

    def last(self, command):
        return [data for kind, data in list(self.heard) if kind == command][-1]

    def macros(self, command):
        """{name: value} that came before the last such command."""
        data = [data for kind, data in list(self.heard) if kind == "D" and data[:1] == command.encode()][-1]
        words = data[1:].decode().split("\0")
        return dict(zip(words[::2], words[1::2]))

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.sockets.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                data = stream.read(struct.unpack(">I", head)[0])
                command = data[:1].decode()
                if command == "B":
                    self.sizes += len(data) - 1
                    self.heard.append((command, b""))
                else:
                    self.heard.append((command, data[1:]))
                if command in self.dies or command == "Q":
                    sock.shutdown(socket.SHUT_RDWR)
                    break
                if command in "DAK":
                    continue
                time.sleep(self.thinks.get(command, 0))
                negotiated = packet(b"O" + struct.pack(">III", 6, 0x1FF, self.steps))
                sock.sendall(negotiated if command == "O" else self.answers.get(command, GO_ON))
        self.sockets.discard(sock)
