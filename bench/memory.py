#!/usr/bin/env python3
"""How much memory the server has held at most (VmHWM): while an mbox of many letters is imported, while they are taken
into the search index, and then while letters come in, are searched and are fetched at once.

The letters are text of words as a language has them (a few common ones, many rare ones), some of them HTML, some with an
attachment; `--letters` of them (98,000), about 8 KiB each.

  bench/memory.py [--build build/release] [--letters N] [--seconds S] [--dir FOLDER on a real disk] [--json FILE]
"""

import argparse
import base64
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

VOCABULARY = 60_000


def words(source, vocabulary, count):
    """Zipf's law: the n-th word comes with a frequency of about 1/n."""
    return b" ".join(vocabulary[int(VOCABULARY ** source.random()) - 1] for _ in range(count))


def write_mbox(path, count):
    source = random.Random(1)
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "on", "is")]
    vocabulary = ["".join(source.choices(syllables, k=1 + n % 4)).encode() for n in range(VOCABULARY)]
    with open(path, "wb") as out:
        for n in range(count):
            size = 40 + int(source.expovariate(1 / 300))
            kind = "html" if n % 3 == 0 else "plain"
            text = b"\r\n".join(words(source, vocabulary, 11) for _ in range(size // 11 + 1))
            if kind == "html":
                text = b"<html><body><p>" + text.replace(b"\r\n", b"</p>\r\n<p>") + b"</p></body></html>"
            head = (
                f"From MAILER-DAEMON Sat Aug  1 10:00:00 2026\r\nFrom: P{n % 700} <p{n % 700}@elsewhere.test>\r\n"
                f"To: alice@example.test\r\nDate: Sat, 1 Aug 2026 10:00:00 +0000\r\nMessage-ID: <{n}@elsewhere.test>\r\n"
                f"Subject: {words(source, vocabulary, 5).decode()}\r\nMIME-Version: 1.0\r\n"
            ).encode()
            part = f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n".encode() + text + b"\r\n"
            if n % 10 == 0:
                attached = base64.encodebytes(source.randbytes(int(source.expovariate(1 / 40_000)))).replace(b"\n", b"\r\n")
                part = (
                    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + part
                    + b'--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n'
                    + b'Content-Disposition: attachment; filename="data.bin"\r\n\r\n' + attached + b"--b--\r\n"
                )  # fmt: skip
            out.write(head + part + b"\r\n")
    return vocabulary


def highest(pid):
    """MiB."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


class Work:
    """One thing that is done again and again until the end; how often."""

    def __init__(self, do):
        self.done, self.failure = 0, None
        self.thread = threading.Thread(target=self._run, args=(do,), daemon=True)
        self.ending = threading.Event()
        self.thread.start()

    def _run(self, do):
        try:
            while not self.ending.is_set():
                do(self.done)
                self.done += 1
        except Exception as why:  # told by end()
            self.failure = why

    def end(self):
        self.ending.set()
        self.thread.join(60)
        if self.failure:
            raise self.failure
        return self.done


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("CHAPPE_BUILD", "build/release"))
    parser.add_argument("--letters", type=int, default=98_000)
    parser.add_argument("--seconds", type=float, default=30, help="of everything at once")
    parser.add_argument("--dir", default="", help="a folder on a real disk (default: below build/)")
    parser.add_argument("--json", default="", help="write the numbers there too")
    options = parser.parse_args()
    os.environ["CHAPPE_BUILD"] = options.build
    folder = pathlib.Path(options.dir or ROOT / "build" / "bench")
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)

    import chappe
    import letters

    facts = {"letters": options.letters}
    with chappe.Server(accounts=("alice",), options=["--no-limits"]) as server:
        pid = server.process.pid
        facts["idle_mib"] = highest(pid)
        mbox = server.folder / "all.mbox"
        vocabulary = write_mbox(mbox, options.letters)
        facts["octets"] = mbox.stat().st_size
        print(f"{options.letters} letters, {facts['octets'] / 1e6:.0f} MB; {facts['idle_mib']:.0f} MiB before", flush=True)

        def verb(*words, timeout=7200):
            done = subprocess.run(
                [chappe.BINARY, *words, "--json"], capture_output=True, timeout=timeout, check=True, text=True
            )
            return json.loads(done.stdout)

        began = time.monotonic()
        told = verb("store", "import", mbox, "--account", "alice@example.test", "--into", "INBOX", "--dir", server.dir)
        facts["import_s"] = time.monotonic() - began
        if told["imported"] != options.letters:
            raise SystemExit(f"imported: {told}")
        facts["import_mib"] = highest(pid)
        print(f"imported in {facts['import_s']:.0f} s; {facts['import_mib']:.0f} MiB", flush=True)

        def found(word):
            return verb("search", "--data", server.dir, "--limit", "50", "alice@example.test", word, timeout=60)

        waiting = re.compile(r"^chappe_search_accounts_waiting (\d+)", re.M)
        while True:
            text = subprocess.run([chappe.BINARY, "metrics", "--data", server.dir], capture_output=True, text=True, check=True)
            left = waiting.search(text.stdout)
            if left and int(left[1]) == 0:
                break
            time.sleep(1)
        facts["index_s"] = time.monotonic() - began
        facts["index_mib"] = highest(pid)
        print(f"in the index after {facts['index_s']:.0f} s; {facts['index_mib']:.0f} MiB", flush=True)

        with server.smtp() as sender, server.imap("alice", readonly=True) as box, server.imap("alice", readonly=True) as other:
            common, rare = vocabulary[3].decode(), vocabulary[4000].decode()
            works = {
                "delivered": Work(
                    lambda n: sender.sendmail(letters.FROM, ["alice@example.test"], letters.letter(f"d{n}", 20_000 if n % 5 else 2_000_000))
                ),
                "found": Work(lambda n: found(common if n % 2 else rare)),
                "searched": Work(lambda n: box.ask("uid", "SEARCH", "TEXT", f'"{rare}"')),
                "fetched": Work(lambda n: other.letters(f"{1 + n * 500 % options.letters}:{n * 500 % options.letters + 500}")),
            }
            time.sleep(options.seconds)
            for name, work in works.items():
                facts[name] = work.end()
        facts["all_mib"] = highest(pid)
        print(
            f"{options.seconds:.0f} s of everything: {facts['delivered']} letters delivered, {facts['found']} searches by "
            f"`chappe search`, {facts['searched']} by IMAP, {facts['fetched']} times 500 letters fetched; "
            f"{facts['all_mib']:.0f} MiB at most",
            flush=True,
        )
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
