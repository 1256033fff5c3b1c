#!/usr/bin/env python3
"""The mail clients of Python's standard library."""

import email
import email.message
import email.policy
import imaplib
import json
import pathlib
import poplib
import smtplib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import PASSWORD, Server  # noqa: E402
from suite import Failure, Suite, check, contains, equal  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"

suite = Suite()


def composed():
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"Alïce <{ALICE}>"
    message["To"] = BOB
    message["Subject"] = "Été: déjà vu — œuvre"
    message["Message-ID"] = "<composed@example.test>"
    message.set_content("Ça va ?\n.\n..points\n")
    message.add_alternative("<p>Ça va ?</p>", subtype="html")
    message.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="octet-stream", filename="é.bin")
    return message


@suite.test("smtplib sends at each door, with a letter that has parts and accents")
def _(server):
    message = composed()
    for role, account in (("submission", "alice"), ("submissions", "alice"), ("mx", None)):
        with server.smtp(role, account) as client:
            check("8bitmime" in client.esmtp_features, f"EHLO: {client.esmtp_features}")
            client.send_message(message)
    with server.imap("bob") as box:
        uids = box.uids()
        equal(len(uids), 3, "the number of letters")
        for octets in box.letters().values():
            got = email.message_from_bytes(octets, policy=email.policy.default)
            equal(got["Subject"], "Été: déjà vu — œuvre", "Subject")
            equal(got.get_body(("plain",)).get_content().replace("\r\n", "\n"), "Ça va ?\n.\n..points\n", "the text")
            equal(next(got.iter_attachments()).get_content(), bytes(range(256)) * 40, "the attachment")


@suite.test("smtplib's logins, right and wrong")
def _(server):
    with server.smtp("submissions") as client:
        for method in ("auth_plain", "auth_login"):
            with server.smtp("submissions") as client:
                client.user, client.password = ALICE, PASSWORD
                code, text = client.auth(method[5:].upper(), getattr(client, method))
                equal(code, 235, f"the answer to {method} {text}")
        with server.smtp("submissions") as client:
            try:
                client.login(ALICE, "wrong")
                raise Failure("a wrong password was taken")
            except smtplib.SMTPAuthenticationError as error:
                equal(error.smtp_code, 535, "the code")
                contains(error.smtp_error, b"5.7.8", "the answer")


@suite.test("smtplib sends to an address beyond ASCII only where it exists")
def _(server):
    with server.smtp() as client:
        client.command_encoding = "latin-1"
        code, text = client.docmd("MAIL", "FROM:<sömeone@elsewhere.test>")
        check(code in (500, 501, 553), f"an 8-bit sender that is no UTF-8: {code} {text}")
    with server.smtp() as client:
        client.command_encoding = "utf-8"
        code, text = client.mail("sömeone@elsewhere.test", ["SMTPUTF8", "BODY=8BITMIME"])
        equal(code, 250, f"MAIL with SMTPUTF8 {text}")
        code, text = client.rcpt("nöbody@example.test")
        equal(code, 550, f"RCPT of nobody {text}")


@suite.test("imaplib with mailboxes, flags, copies, moves and expunges")
def _(server):
    octets = [letters.letter(f"py-imap-{i}", 5000 * i, subject=f"number {i}") for i in range(1, 6)]
    for one in octets:
        server.send(one, to=["carol"])
    with server.imap("carol") as box:
        equal(box.counts(items="MESSAGES UNSEEN"), {"MESSAGES": 5, "UNSEEN": 5}, "STATUS")
        uids = box.uids()
        equal([box.letters(str(uid))[uid].endswith(one) for uid, one in zip(uids, octets)], [True] * 5, "the letters")
        box.ask("uid", "STORE", f"{uids[0]},{uids[1]}", "+FLAGS", r"(\Flagged $Work)")
        equal(box.uids("FLAGGED"), uids[:2], "SEARCH FLAGGED")
        equal(box.uids("KEYWORD", "$Work"), uids[:2], "SEARCH KEYWORD")
        equal(box.uids("SUBJECT", '"number 3"'), [uids[2]], "SEARCH SUBJECT")
        equal(box.uids("LARGER", "17500"), uids[3:], "SEARCH LARGER")

        box.ask("create", "Kept/2026")
        names = b" ".join(part for part in box.ask("list") if part)
        contains(names, b"Kept/2026", "LIST")
        box.ask("uid", "COPY", f"{uids[0]}", "Kept/2026")
        box.ask("uid", "MOVE", f"{uids[1]}", "Kept/2026")
        equal(box.counts("Kept/2026", "MESSAGES"), {"MESSAGES": 2}, "STATUS of the copy")
        equal(box.uids(), [uids[0]] + uids[2:], "what is left after MOVE")
        box.ask("uid", "STORE", f"{uids[4]}", "+FLAGS", r"(\Deleted)")
        box.ask("expunge")
        equal(box.uids(), [uids[0]] + uids[2:4], "what is left after EXPUNGE")

        box.choose("Kept/2026")
        flags = list(box.flags().values())
        check(all({r"\Flagged", "$Work"} <= f for f in flags), f"flags of the copies: {flags}")
        box.ask("create", '"&AMk-t&AOk-"')  # Été
        box.ask("rename", "Kept/2026", "Kept/older")
        equal(box.counts("Kept/older", "MESSAGES"), {"MESSAGES": 2}, "STATUS after RENAME")
        box.choose("INBOX")
        box.ask("delete", "Kept/older")
        kind, _ = box.select("Kept/older")
        equal(kind, "NO", "SELECT of what was deleted")


@suite.test("imaplib appends a letter with flags and a date")
def _(server):
    octets = letters.letter("py-append", 70_000)
    with server.imap("alice", mailbox=None) as box:
        when = imaplib.Time2Internaldate(1_000_000_000)
        box.ask("create", "Appended")
        box.ask("append", "Appended", r"(\Seen \Draft)", when, octets)
        equal(box.choose("Appended"), 1, "EXISTS")
        equal(box.letters(), {1: octets}, "the letter")
        equal(box.flags()[1] - {r"\Recent"}, {r"\Seen", r"\Draft"}, "flags")
        date = box.ask("fetch", "1", "(INTERNALDATE RFC822.SIZE)")[0]
        equal(time.mktime(imaplib.Internaldate2tuple(date)), 1_000_000_000, "INTERNALDATE")
        contains(date, f"RFC822.SIZE {len(octets)}".encode(), "FETCH")
        kind, data = box.append("Nowhere", None, None, octets)
        equal(kind, "NO", "APPEND to a mailbox that does not exist")
        contains(data[0], b"[TRYCREATE]", "the answer")


@suite.test("imaplib over STARTTLS, and no login before it")
def _(server):
    with server.imap("alice", role="imap") as box:
        box.ask("noop")
    box = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20)
    try:
        check("LOGINDISABLED" in box.capabilities, f"CAPABILITY in clear: {box.capabilities}")
        box.login(ALICE, PASSWORD)
        raise Failure("LOGIN in clear was taken")
    except imaplib.IMAP4.error as error:
        contains(str(error), "PRIVACYREQUIRED", "the refusal")
    finally:
        box.shutdown()


@suite.test("imaplib logs in by AUTHENTICATE PLAIN, and not with a wrong password")
def _(server):
    box = imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=server.tls())
    box.authenticate("PLAIN", lambda _: f"\0{ALICE}\0{PASSWORD}".encode())
    equal(box.state, "AUTH", "the state")
    box.logout()
    box = imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=server.tls())
    try:
        box.login(ALICE, "wrong")
        raise Failure("a wrong password was taken")
    except imaplib.IMAP4.error as error:
        contains(str(error), "AUTHENTICATIONFAILED", "the refusal")
    finally:
        box.shutdown()


@suite.test("poplib lists, retrieves, looks at tops, deletes, and takes it back")
def _(server):
    octets = [letters.letter(f"py-pop-{i}", 2000 * i) for i in range(1, 4)]
    for one in octets:
        server.send(one, to=["dave"])
    for role in ("pop3", "pop3s"):
        client = server.pop("dave", role)
        count, size = client.stat()
        equal(count, 3, "STAT")
        sizes = [int(line.split()[1]) for line in client.list()[1]]
        equal(sum(sizes), size, "the sum of LIST")
        for number, one in enumerate(octets, 1):
            got = b"\r\n".join(client.retr(number)[1]) + b"\r\n"
            check(got.endswith(one), f"letter {number} came back changed")
            equal(len(got), sizes[number - 1], "the size")
        uidl = [line.split()[1] for line in client.uidl()[1]]
        equal(len(set(uidl)), 3, "the number of different UIDLs")
        top = b"\r\n".join(client.top(1, 2)[1])
        contains(top, b"Message-ID: <py-pop-1@", "TOP")
        equal(len(top.partition(b"\r\n\r\n")[2].split(b"\r\n")), 2, "the lines of TOP")
        client.dele(1)
        client.rset()
        client.dele(2)
        client.close()  # without QUIT nothing is deleted (RFC 1939 §6)
    client = server.pop("dave")
    equal(client.stat()[0], 3, "STAT after a lost connection")
    client.dele(2)
    client.quit()
    client = server.pop("dave")
    equal(client.stat()[0], 2, "STAT after DELE and QUIT")
    equal([line.split()[1] for line in client.uidl()[1]], [uidl[0], uidl[2]], "UIDLs that stay")
    client.quit()


@suite.test("poplib with a wrong password is refused")
def _(server):
    client = poplib.POP3_SSL("127.0.0.1", server.ports["pop3s"], context=server.tls())
    client.user(ALICE)
    try:
        client.pass_("wrong")
        raise Failure("a wrong password was taken")
    except poplib.error_proto as error:
        contains(str(error), "[AUTH]", "the refusal")
    finally:
        client.close()


@suite.test("one mailbox is seen alike by IMAP and POP3 while both are open")
def _(server):
    server.send(letters.letter("py-both"), to=["erin"])
    with server.imap("erin") as box:
        client = server.pop("erin")
        equal(client.stat()[0], 1, "STAT")
        client.dele(1)
        client.quit()
        box.ask("noop")
        equal(box.uids(), [], "what IMAP sees after POP3 deleted it")


@suite.test("what SMTP has acknowledged is seen by the next NOOP, SELECT, STATUS and POP3 session")
def _(server):
    with server.imap("fred") as box, server.imap("fred", mailbox=None) as other, server.smtp() as client:
        for i in range(1, 101):
            client.sendmail("someone@elsewhere.test", "fred@example.test", letters.letter(f"py-seen-{i}"))
            box.ask("noop")
            equal(len(box.uids()), i, "the letters that SEARCH finds after NOOP")
            equal(other.counts("INBOX", "MESSAGES"), {"MESSAGES": i}, "STATUS")
            equal(other.choose("INBOX"), i, "EXISTS at SELECT")
            other.ask("unselect")
        pop = server.pop("fred")
        equal(pop.stat()[0], 100, "POP3's STAT")
        pop.quit()


@suite.test("a mailbox that is full is told at RCPT, and takes letters again once it has room")
def _(server):
    def quota(octets):
        request = {"id": 1, "method": "account.set", "params": {"address": "gina@example.test", "quota": octets}}
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(30)
            control.connect(str(server.dir / "control.sock"))
            control.sendall(json.dumps(request).encode() + b"\n")
            contains(control.recv(4096), b'"result"', "the answer of the control socket")

    server.send(letters.letter("py-quota"), to=["gina"])
    for role, account in (("mx", None), ("submission", "alice")):
        quota(100)
        with server.smtp(role, account) as client:
            client.mail(ALICE)
            code, text = client.rcpt("gina@example.test")
            equal((code, text[:5]), (452, b"4.2.2"), "the reply to RCPT")
            equal(client.rcpt(BOB)[0], 250, "the reply to RCPT for somebody else")
            client.rset()
            quota(100_000)
            client.mail(ALICE, ["size=99900"])
            equal(client.rcpt("gina@example.test")[0], 452, "the reply for a size that does not fit beside the others")
            client.rset()
            client.mail(ALICE, ["size=100001"])
            equal(client.rcpt("gina@example.test")[0], 552, "the reply for a size that never fits")
            client.rset()
            client.mail(ALICE, ["size=1000"])
            equal(client.rcpt("gina@example.test")[0], 250, "the reply once there is room")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol", "dave", "erin", "fred", "gina"))
