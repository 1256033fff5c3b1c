#!/usr/bin/env python3
# timeout: 300
"""`chappe store` while a server runs: letters come in from files and are seen by IMAP, go out, are deleted and come back."""

import json
import mailbox
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from suite import Suite, check, equal  # noqa: E402
from town import Town, enter  # noqa: E402

enter()

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
"""

suite = Suite()


def store(site, *words):
    return json.loads(site.command("store", *words, "--json"))


def subjects(site, user, box="INBOX"):
    with site.imap(user) as client:
        client.select(f'"{box}"')
        _, found = client.search(None, "ALL")
        out = []
        for number in found[0].split():
            _, data = client.fetch(number, "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            out.append((data[0][1].split(b":", 1)[1].strip().decode(), b"\\Seen" in data[0][0]))
        return out


@suite.test("a Maildir that Python made comes in, is seen by IMAP, goes out and is read by Python")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        folder = pathlib.Path(one.folder) / "python"
        made = mailbox.Maildir(folder)
        for i in range(3):
            letter = mailbox.MaildirMessage(f"Subject: letter {i}\n\nFrom here on\n")
            letter.set_subdir("cur")
            letter.set_flags("S" if i else "")
            made.add(letter)
        sent = made.add_folder("Work")
        sent.add("Subject: elsewhere\n\nx\n")
        told = store(one, "import", str(folder), "--account", "alice@one.tower")
        equal((told["imported"], told["skipped"]), (4, 0), "what came in")
        equal(sorted(subjects(one, "alice")), [("letter 0", False), ("letter 1", True), ("letter 2", True)], "by IMAP")
        equal(subjects(one, "alice", "Work"), [("elsewhere", False)], "the folder")
        again = store(one, "import", str(folder), "--account", "alice@one.tower")
        equal((again["imported"], again["duplicates"]), (0, 4), "the same once more")

        for form in ("maildir", "mbox"):
            out = pathlib.Path(one.folder) / form
            equal(store(one, "export", str(out), "--account", "alice@one.tower", "--format", form)["exported"], 4, form)
            read = mailbox.Maildir(out, create=False) if form == "maildir" else mailbox.mbox(out / "INBOX.mbox", create=False)
            equal(sorted(m["Subject"] for m in read), ["letter 0", "letter 1", "letter 2"], f"{form}, read by Python")
            check("S" in "".join(m.get_flags() if form == "maildir" else m.get_flags().replace("R", "S") for m in read), "flags")


@suite.test("what IMAP expunges comes back, with its flags, to a session that is open")
def _():
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"]) as one:
        path = pathlib.Path(one.folder) / "old.eml"
        path.write_text("Subject: precious\n\nx\n")
        store(one, "import", str(path), "--account", "alice@one.tower")
        with one.imap("alice") as client:
            client.select("INBOX")
            client.store("1", "+FLAGS", "(\\Seen \\Deleted)")
            client.expunge()
            equal(client.search(None, "ALL")[1], [b""], "it is gone")
            listed = store(one, "undelete", "alice@one.tower")["letters"]
            equal([x["subject"] for x in listed], ["precious"], "what is kept")
            equal(client.search(None, "ALL")[1], [b""], "listing brings nothing back")
            equal(store(one, "undelete", "alice@one.tower", "--yes")["letters"], 1, "brought back")
            client.noop()
            equal(client.search(None, "SEEN")[1], [b"1"], "it is there, seen")
            equal(client.search(None, "DELETED")[1], [b""], "and not to be expunged")


suite.main()
