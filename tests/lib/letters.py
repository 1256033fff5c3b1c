"""Letters for tests: each with a name of its own, repeatable from a seed."""

import base64
import random

FROM = "someone@elsewhere.test"


def letter(name, size=0, to="alice@example.test", sender=FROM, seed=None, subject=None):
    """A letter of about `size` octets or a little more, lines ended by CRLF. `name` makes its Message-ID and subject;
    its text follows from `seed` (default: the name)."""
    head = (
        f"From: Some One <{sender}>\r\n"
        f"To: {to}\r\n"
        f"Subject: {subject or 'letter ' + name}\r\n"
        f"Date: Sat, 1 Aug 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{name}@elsewhere.test>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n"
        "\r\n"
    ).encode()
    missing = size - len(head)
    if missing <= 0:
        return head + b"Hello.\r\n"
    source = random.Random(name if seed is None else seed)
    text = base64.b64encode(source.randbytes(missing * 3 // 4 + 60))
    # Some lines begin with a dot, which SMTP must stuff and POP3 must stuff again.
    lines = [text[i : i + 74] for i in range(0, missing, 74)]
    for i in range(0, len(lines), 7):
        lines[i] = b"." + lines[i]
    return head + b"\r\n".join(lines) + b"\r\n"


def message_id(octets):
    """The Message-ID of a letter of this module, without its brackets; None if there is none."""
    head = octets.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.partition(b":")[2].strip().strip(b"<>").decode()
    return None


def to_crlf(octets):
    """What a client makes of a text with whatever line ends it finds: CRLF, also at the very end."""
    text = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if text and not text.endswith(b"\n"):
        text += b"\n"
    return text.replace(b"\n", b"\r\n")


def stuffed(octets):
    """The octets as DATA carries them, without the end marker (RFC 5321 §4.5.2)."""
    out = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + out if out.startswith(b".") else out


def below_trace(octets):
    """(the trace fields on top, by name, as a list of (name, whole field); what follows them)."""
    trace = []
    rest = octets
    while True:
        name = rest.partition(b":")[0].lower()
        if name not in (b"return-path", b"received", b"authentication-results", b"delivered-to"):
            return trace, rest
        end = 0
        while True:
            end = rest.find(b"\r\n", end) + 2
            if end < 2:
                return trace, rest
            if rest[end : end + 1] not in (b" ", b"\t"):
                break
        trace.append((name.decode(), rest[:end]))
        rest = rest[end:]
