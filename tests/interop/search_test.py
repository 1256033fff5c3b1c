#!/usr/bin/env python3
"""The search index of a running server: `chappe search`, IMAP SEARCH beside it, and a restart in between."""

import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY, Server  # noqa: E402
from suite import Suite, check, contains, equal  # noqa: E402

suite = Suite()

LETTER = """From: {sender}
To: alice@example.test
Subject: {subject}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{body}
"""


def letter(subject, body, sender="Bob <bob@example.test>"):
    return LETTER.format(sender=sender, subject=subject, body=body).replace("\n", "\r\n").encode()


def run(server, *arguments):
    done = subprocess.run([BINARY, *arguments, "--data", str(server.dir)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def find(server, *query, wait_for=None):
    """The answer to a query; asked again for a while until it has found so many letters."""
    for _ in range(100):
        code, out, err = run(server, "search", "alice@example.test", *query, "--json")
        equal(code, 0, f"the exit status ({err})")
        answer = json.loads(out)
        if wait_for is None or (answer["total"] == wait_for and answer["pending"] == 0):
            return answer
        time.sleep(0.1)
    equal(answer, wait_for, f"letters found by {query}")


@suite.test("letters are found soon after they came, with the words marked")
def _(server):
    with server.imap("alice") as box:
        for message in (
            letter("Réunion de lundi", "Les factures sont dans le dossier bleu."),
            letter("Lunch", "Shall we look at the invoices over lunch?", "Carol <carol@example.org>"),
            letter("Nothing", "hay hay hay"),
        ):
            box.append("INBOX", None, None, message)
    answer = find(server, "facture", wait_for=1)
    hit = answer["letters"][0]
    equal(hit["places"], [{"mailbox": "INBOX", "uid": 1}], "the place")
    text, marks = hit["snippet"]["text"].encode(), hit["snippet"]["marks"]
    equal([text[b:e].decode() for b, e in marks], ["factures"], "the marks")
    equal(hit["subject"]["text"], "Réunion de lundi", "the subject")
    equal(find(server, "from:carol")["letters"][0]["places"][0]["uid"], 2, "the sender's letter")
    equal(find(server, "reunion", "OR", "lunch")["total"], 2, "letters with either word")
    equal(find(server, "look -invoice")["total"], 0, "letters without a word")


@suite.test("people get a page, and are told what is wrong with a query")
def _(server):
    code, out, _ = run(server, "search", "alice@example.test", "lunch")
    equal(code, 0, "the exit status")
    contains(out, "*Lunch*", "the page")
    contains(out, "INBOX/2", "the page")
    code, out, _ = run(server, "search", "alice@example.test", "nosuchword", "--lang", "fr")
    contains(out, "Aucune lettre", "the page")
    code, _, err = run(server, "search", "alice@example.test", '"open')
    check(code != 0, "an open quote was taken")
    contains(err, "quote", "the complaint")
    code, _, err = run(server, "search", "nobody@example.test", "x")
    check(code != 0, "an account that is not there was searched")


@suite.test("the index goes on after a restart, and follows removals")
def _(server):
    server.kill()
    server.start()
    equal(find(server, "facture", wait_for=1)["total"], 1, "letters after a restart")
    with server.imap("alice") as box:
        box.select("INBOX")
        equal(box.search(None, "BODY", "actur")[1], [b"1"], "SEARCH BODY")
        equal(box.search(None, "TEXT", "nowhere")[1], [b""], "SEARCH TEXT")
        box.store("1", "+FLAGS.SILENT", "\\Deleted")
        box.expunge()
        box.append("Archive", None, None, letter("Autre", "Une facture de plus"))
    for _ in range(100):
        places = [p["mailbox"] for h in find(server, "facture")["letters"] for p in h["places"]]
        if places == ["Archive"]:
            break
        time.sleep(0.1)
    equal(places, ["Archive"], "where the letter is")
    code, out, _ = run(server, "status", "--json")
    equal(json.loads(out)["index"]["failures"], 0, "failures of the index")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob"))
