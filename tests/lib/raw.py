"""A client that sends exactly the octets it is told, good or bad."""

import contextlib
import re
import socket
import ssl

from chappe import SLOW
from suite import Failure, shown


class Closed(Exception):
    """The server has closed the connection; `rest` is what it had said."""

    def __init__(self, rest=b""):
        super().__init__(f"connection closed after {shown(rest)}")
        self.rest = rest


class Raw:
    def __init__(self, server, role, source=None, tls=None, timeout=20):
        self.server = server
        self.sock = server.connect(role, source, timeout, tls)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()

    def patience(self, seconds):
        self.sock.settimeout(seconds * SLOW)

    # ---- octets

    def send(self, octets):
        """All of them. A server that closes meanwhile is not an error here: what it said is read next."""
        try:
            self.sock.sendall(octets)
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False

    def more(self):
        try:
            octets = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError, BrokenPipeError):
            octets = b""
        except (socket.timeout, TimeoutError):
            raise Failure(f"no answer in time; before: {shown(self.buffer)}") from None
        if not octets:
            raise Closed(self.buffer)
        self.buffer += octets

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def rest(self):
        """Everything until the server closes."""
        with contextlib.suppress(Closed):
            while True:
                self.more()
        rest, self.buffer = self.buffer, b""
        return rest

    def closed(self):
        """Whether the server has closed, or closes within the patience."""
        try:
            while True:
                self.more()
        except Closed:
            return True
        except Failure:
            return False

    # ---- SMTP

    def reply(self):
        """One reply: (code, text with LF between its lines)."""
        lines = []
        while True:
            line = self.line().decode("latin-1")
            if not re.match(r"\d\d\d([ -]|$)", line):
                raise Failure(f"not a reply: {shown(line)}")
            lines.append(line[4:])
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(lines)

    def smtp(self, command):
        if isinstance(command, str):
            command = command.encode()
        self.send(command + b"\r\n")
        return self.reply()

    def greet(self, name="client.test"):
        greeting = self.reply()
        if greeting[0] != 220:
            raise Failure(f"greeted with {greeting}")
        hello = self.smtp(f"EHLO {name}")
        if hello[0] != 250:
            raise Failure(f"EHLO: {hello}")
        return hello[1]

    def envelope(self, to="alice@example.test", sender="someone@elsewhere.test"):
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>"):
            reply = self.smtp(command)
            if reply[0] != 250:
                raise Failure(f"{command}: {reply}")

    def data(self, octets, **envelope):
        """MAIL, RCPT, DATA and these octets as they are, end marker included by the caller; the reply."""
        self.envelope(**envelope)
        go = self.smtp("DATA")
        if go[0] != 354:
            raise Failure(f"DATA: {go}")
        self.send(octets)
        return self.reply()

    # ---- IMAP, POP3

    def imap(self, tag, command=b""):
        """Sends `tag command` (nothing if empty) and reads to the tagged answer: (that line, the lines before it)."""
        if command:
            self.send(tag + b" " + command + b"\r\n")
        before = []
        while True:
            try:
                line = self.line()
            except Closed as closed:
                raise Closed(b"\r\n".join(before + [closed.rest])) from None
            if line.startswith(tag + b" "):
                return line, before
            before.append(line)

    def upgrade(self):
        self.sock = self.server.tls().wrap_socket(self.sock, server_hostname="localhost")
