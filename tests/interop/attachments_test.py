#!/usr/bin/env python3
"""Programs that find the text of attachments: `chappe search` finds words that stand in a PDF alone, IMAP goes on looking
into the letters, and a program that fails or hangs keeps nobody waiting."""

import email.message
import json
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY  # noqa: E402
from suite import Skip, Suite, check, contains, equal, run, wait_until  # noqa: E402
from town import Town, as_nobody, enter  # noqa: E402

enter()

ZONE = """
one.tower.     MX 10 mx.one.tower.
mx.one.tower.  A 127.0.0.2
"""
PDFTOTEXT = "/usr/bin/pdftotext"

suite = Suite()


def pdf(text):
    """A page with one line of text (ISO 32000-1)."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)


def letter(subject, *attachments):
    """`attachments`: (type, octets, name)."""
    out = email.message.EmailMessage()
    out["From"], out["To"], out["Subject"] = "bob@elsewhere.test", "alice@one.tower", subject
    out.set_content("Please find attached.\n")
    for kind, octets, name in attachments:
        main, _, sub = kind.partition("/")
        out.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return out.as_bytes(policy=out.policy.clone(linesep="\r\n"))


class Scripts:
    """A folder of programs that anybody may run."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-scripts-"))
        self.folder.chmod(0o755)
        return self

    def __exit__(self, *ignored):
        shutil.rmtree(self.folder)

    def add(self, name, text):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path


def rows(*extractors):
    """Lines of the configuration. Each extractor: its types, its command, and further lines."""
    for types, command, *more in extractors:
        yield from ("[[search.extractor]]", f"types = {json.dumps(types)}", f"command = {json.dumps(command)}", *more)


def chappe(one, *words, code=0):
    got, out, err = run(*as_nobody(BINARY, *words, "--config", one.config, "--json"), timeout=60)
    equal(got, code, f"exit code of {' '.join(map(str, words))}: {err[-500:]} {out[-500:]}")
    return json.loads(out) if out else {}


def subjects(one, query):
    return sorted(hit["subject"]["text"] for hit in chappe(one, "search", one.address("alice"), query)["letters"])


def indexed(one):
    wait_until(lambda: chappe(one, "search", one.address("alice"), "attached")["pending"] == 0, 60, "the index")


@suite.test("a word that stands in a PDF alone is found; IMAP looks into the letter")
def _():
    if not pathlib.Path(PDFTOTEXT).exists():
        raise Skip("pdftotext is not installed")
    programs = rows((["application/pdf", ".pdf"], [PDFTOTEXT, "-enc", "UTF-8", "-", "-"]))
    with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"], lines=programs) as one:
        with one.imap("alice") as box:
            box.append("INBOX", None, None, letter("bill", ("application/pdf", pdf("Le zebre doit 42 euros"), "due.pdf")))
            box.append("INBOX", None, None, letter("sent as octets", ("application/octet-stream", pdf("zebres"), "x.PDF")))
            box.append("INBOX", None, None, letter("broken", ("application/pdf", b"%PDF-1.4 zebre", "b.pdf")))
            box.append("INBOX", None, None, letter("a picture", ("image/png", pdf("zebre"), "z.png")))
            indexed(one)
            equal(subjects(one, "zebre"), ["bill", "sent as octets"], "letters with the word")
            equal(subjects(one, '"doit 42"'), ["bill"], "letters with the phrase")
            box.select("INBOX")
            equal(box.search(None, "TEXT", "zebre")[1], [b""], "TEXT: what no letter says in its own words")
            equal(box.search(None, "TEXT", "due.pdf")[1], [b"1"], "TEXT: the name of the file")
            equal(box.search(None, "BODY", '"find attached"')[1], [b"1 2 3 4"], "BODY: the text beside it")
        index = chappe(one, "status")["index"]
        equal((index["attachments"], index["attachments_failed"]), (2, 1), "attachments")
        metrics = run(*as_nobody(BINARY, "metrics", "--config", one.config))[1].decode()
        contains(metrics, 'chappe_search_attachments_total{outcome="ok"} 2', "the metrics")
        contains(metrics, 'chappe_search_attachments_total{outcome="failed"} 1', "the metrics")
        contains(one.log(), "search.extractor", "the log")
        check("zebre" not in one.log(), "nothing of a letter is in the log")


@suite.test("a program that fails, hangs, or writes without end costs the text of its attachment alone")
def _():
    with Scripts() as scripts:
        hangs = scripts.add("hangs", "trap '' TERM\nsleep 1000 &\nwait\nsleep 1000\n")
        programs = rows(
            (["application/x-fails"], [str(scripts.add("fails", "cat; exit 3\n"))]),
            (["application/x-hangs"], [str(hangs)], 'time = "1s"'),
            (["application/x-endless"], [str(scripts.add("endless", "exec yes zebra\n"))], 'output = "10 kB"'),
            (["application/x-gone"], [str(scripts.folder / "gone")]),
            (["application/x-fine"], [str(scripts.add("fine", "echo zebra; printf '\\377\\376 '; cat\n"))]),
        )
        kinds = ("fails", "hangs", "endless", "gone", "fine")
        with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"], lines=programs) as one:
            with one.imap("alice") as box:
                for kind in kinds:
                    box.append("INBOX", None, None, letter(kind, (f"application/x-{kind}", b"zebra lion", kind)))
            indexed(one)
            equal(subjects(one, "attached"), sorted(kinds), "letters by their own words")
            equal(subjects(one, "zebra"), ["endless", "fine"], "letters by words of attachments")
            equal(subjects(one, "lion"), ["fine"], "letters by a word of the one that is fine")
            index = chappe(one, "status")["index"]
            equal((index["attachments"], index["attachments_failed"]), (2, 3), "attachments")
            equal(index["failures"], 0, "failures of the index")
            found = chappe(one, "check", code=78)["checks"]
            contains(" ".join(c["text"] for c in found if c["what"] == "search" and c["state"] == "failure"), "gone", "check")


@suite.test("the end of the server does not wait for a program, and the text is found after the next start")
def _():
    with Scripts() as scripts:
        flag = scripts.folder / "hang"
        flag.touch()
        slow = scripts.add("slow", f"test -e {flag} && sleep 1000\ncat\n")
        programs = rows((["application/x-slow"], [str(slow)], 'time = "1h"'))
        with Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice"], lines=programs) as one:
            with one.imap("alice") as box:
                box.append("INBOX", None, None, letter("slow", ("application/x-slow", b"zebra", "a")))
            running = lambda: run("pgrep", "-f", f"{slow}")[0] == 0  # noqa: E731
            wait_until(running, 20, "the program")
            seconds, code = one.stop()
            equal(code, 0, "exit code")
            check(seconds < 10, f"the end took {seconds:.1f} s")
            check(not running(), "the program is still there")
            flag.unlink()
            one.start()
            indexed(one)
            equal(subjects(one, "zebra"), ["slow"], "letters with the word")


@suite.test("letters from before are taken in anew by store reindex, with a server or without")
def _():
    with Scripts() as scripts, Town(ZONE) as town, town.site("one.tower", "127.0.0.2", ["alice", "bob"]) as one:
        with one.imap("alice") as box:
            box.append("INBOX", None, None, letter("before", ("application/x-fine", b"zebra", "a")))
            box.append("INBOX", None, None, letter("other"))
        indexed(one)
        one.stop()
        with open(one.config, "a") as config:
            config.write("\n".join(rows((["application/x-fine"], [str(scripts.add("fine", "cat\n"))]))) + "\n")
        one.start()
        equal(subjects(one, "zebra"), [], "before")
        equal(chappe(one, "store", "reindex", one.address("alice")),
              {"accounts": 1, "messages": 2, "complete": True}, "reindex")  # fmt: skip
        equal(subjects(one, "zebra"), ["before"], "after")
        equal(chappe(one, "store", "reindex"), {"accounts": 2, "messages": 2, "complete": True}, "of all")
        chappe(one, "store", "reindex", "nobody@one.tower", code=67)
        one.stop()
        equal(chappe(one, "store", "reindex"), {"accounts": 2, "messages": 0, "complete": False}, "without a server")
        one.start()
        indexed(one)
        equal(subjects(one, "zebra"), ["before"], "at last")


if __name__ == "__main__":
    suite.main()
