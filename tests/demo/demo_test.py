#!/usr/bin/env python3
# timeout: 600
"""`chappe demo`, as a newcomer has it, as programs have it, and with each of its causes spoilt in turn."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from chappe import BINARY, SLOW  # noqa: E402
from suite import SHORT, Failure, Skip, Suite, check, contains, equal, needs, run, succeed, wait_until  # noqa: E402

ENOUGH = 60 * SLOW  # seconds for one demo, on a machine that has other things to do
MODES = ["namespace", "ports"]

suite = Suite()


def namespaces():
    return run("unshare", "-Urn", "true")[0] == 0


class Place:
    """A folder for the demos of one test, which must be left empty, and without processes that know of it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="chappe-demo-test-")
        os.chmod(self.folder.name, 0o777)  # as root, and without namespaces, a demo becomes nobody
        self.env = {"TMPDIR": self.folder.name}
        return self

    def __exit__(self, *ignored):
        self.folder.cleanup()

    def left(self):
        """What is there still: names in the folder, and processes."""
        return os.listdir(self.folder.name) + self.processes()

    def processes(self):
        out = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and f"TMPDIR={self.folder.name}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                    if state != "Z":
                        out.append(f"process {entry.name}: {(entry / 'cmdline').read_bytes()[:80]}")
        return out

    def empty(self):
        wait_until(lambda: not self.left(), 10 * SLOW, f"nothing is left behind: {self.left()}")

    def demo(self, *words):
        """(exit code, the JSON document)"""
        code, out, err = run(BINARY, "demo", "--headless", "--json", *words, env=self.env, timeout=ENOUGH)
        if code not in (0, 1):
            raise Failure(f"chappe demo {' '.join(words)} ended with {code}: {err[-500:]}")
        return code, json.loads(out)


def modes():
    return MODES if namespaces() else MODES[1:]


def failed_in(document):
    return [s["name"] for s in document["scenarios"] if not s["passed"]]


@suite.test("in a network namespace, every scenario is seen as expected")
def _():
    if not namespaces():
        raise Skip("this system refuses user namespaces")
    everything("namespace")


@suite.test("on high ports, every scenario is seen as expected")
def _():
    everything("ports")


def everything(mode):
    with Place() as place:
        code, document = place.demo("--mode", mode)
        equal(document["mode"], mode, "the mode")
        equal("why" in document, mode == "ports", "that a reason is given")
        wrong = [(s["name"], s["seen"]) for s in document["scenarios"] if not s["passed"]]
        equal(wrong, [], "what was seen otherwise")
        equal((code, document["failed"], document["passed"]), (0, 0, len(document["scenarios"])), "the outcome")
        check(len(document["scenarios"]) >= 28, f"only {len(document['scenarios'])} scenarios")
        for s in document["scenarios"]:
            check(s["name"] and s["title"] and s["expected"] and s["seen"] and s["ms"] >= 0, f"incomplete: {s}")
        print(f"  {mode}: {document['passed']} scenarios in {document['ms']} ms")
        evidence(document)
        place.empty()


# Of each letter that was judged: what was looked into, something that has to be said of it, and the rule.
EVIDENCE = [
    ("bank", "SPF", "« ip4:127.0.0.1 », bank.example", "RFC 7208 §5.6"),
    ("bank", "DKIM", "pass: d=bank.example", "RFC 6376"),
    ("bank", "DMARC", "v=DMARC1; p=reject", "RFC 9989 §5.3.5"),
    ("forged", "SPF", "fail: « -all », bank.example", "RFC 7208 §5.1"),
    ("forged", "DKIM", "nobody has signed it", ""),
    ("forged", "DMARC", "_dmarc.bank.example: « v=DMARC1; p=reject »", "RFC 9989"),
    ("forged", "Beside DMARC", "no-indirect-flow", "RFC 9989 §5.4"),
    ("hole", "SPF", "pass: « +all », crook.example", "RFC 7208 §5.1"),
    ("hole", "DMARC, SPF", "crook.example: It belongs to another organization", "RFC 9989"),
    ("hole", "SPF", "pass: « include:crowd.example », shop.example", "RFC 7208 §5.2"),
    ("hole", "DMARC, SPF", "shop.example: It is the author domain itself", "RFC 9989"),
    ("altered", "DKIM", "fail: d=trade.example", "RFC 6376 §6.1.3"),
    ("open-end", "DKIM", ": 48 octets behind it", "RFC 6376 §8.2"),
    ("short-key", "DKIM", "(512 bits)", "RFC 8301 §3.2"),
    ("forwarded", "SPF", "pass: « ip4:127.0.0.1 », lille.example", "RFC 7208 §5.6"),
    ("forwarded", "DMARC, SPF", "lille.example: It belongs to another organization", "RFC 9989"),
    ("forwarded", "DMARC, DKIM", "notary.example: It is the author domain itself", "RFC 9989"),
    ("sealed", "DKIM", "fail: d=guild.example", "RFC 6376 §6.1.3"),
    ("sealed", "ARC", "pass: d=list.example: A trusted sealer saw the letter pass", "RFC 8617 §7.2"),
    ("spf-limit", "SPF", "permerror: « a:h11.many.example », many.example", "RFC 7208 §4.6.4"),
    ("spf-limit", "SPF", "look-up 11", "RFC 7208 §4.6.4"),
    ("two-authors", "From", "several From fields", "RFC 9989 §11.5"),
    ("two-authors", "From", "another author's domain", "RFC 9989 §11.5"),
]  # fmt: skip


def evidence(document):
    rows = {s["name"]: s["evidence"] for s in document["scenarios"]}
    for name, of, text, rule in EVIDENCE:
        found = [e for e in rows[name] if e["of"] == of and text in e["text"] and e["rule"].startswith(rule)]
        check(found, f"{name}: no {of} with '{text}' ({rule}) among {rows[name]}")
    hashes = re.search(r"signed bh=(\S+), computed (\S+)\)", [e["text"] for e in rows["altered"] if e["of"] == "DKIM"][0])
    check(hashes and hashes[1] != hashes[2] and all(len(h) == 44 for h in hashes.groups()), f"two hashes: {rows['altered']}")
    check(not rows["letter"], f"evidence where nothing is judged: {rows['letter']}")


@suite.test("each scenario fails, and only that one, when its cause is spoilt")
def _():
    with Place() as place:
        names = [s["name"] for s in place.demo()[1]["scenarios"]]

        def spoil(job):
            name, mode = job
            code, document = place.demo("--break", name, "--mode", mode)
            seen = {s["name"]: s["seen"] for s in document["scenarios"]}
            return name, mode, code, failed_in(document), seen

        # In one mode each, taking turns: what is spoilt is the plan, which is the same for both.
        available = modes()
        jobs = [(name, available[i % len(available)]) for i, name in enumerate(names)]
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
            results = list(pool.map(spoil, jobs))
        problems = []
        for name, mode, code, failed, seen in results:
            if (code, failed) != (1, [name]):
                problems.append(f"--break {name} ({mode}): exit code {code}, failed: {[(n, seen[n]) for n in failed]}")
            else:
                print(f"  {name}: {seen[name]}")
        check(not problems, "; ".join(problems))
        print(f"  {len(results)} demos in {time.monotonic() - begin:.0f} s")
        place.empty()


SENTENCES = {
    "en": [
        "ns.root [127.1.0.1] ← nantes.example. MX → example NS ns.example",
        "secure",
        "A letter travels from Paris to Lille",
        "is a promise: the letter is on disk in Paris",
        "ns.lille.example ← lille.example. MX →",
        "It is handed to mx.lille.example [127.1.2.2], TLSv1.3",
        "250 2.0.0 Taken as ",
        "S: * 1 EXISTS",
        "550 5.7.1 This server does not relay",
        "535 5.7.8 Authentication failed",
        "X: From: Your bank <teller@bank.example>",
        "S: 550 5.7.1 This letter does not prove to be from bank.example",
        "• Decision: reject (reject-with-evidence): The letter fails DMARC, its domain wants it rejected",
        "• SPF: fail: « -all », bank.example: all matches every host (RFC 7208 §5.1)",
        "chappe verify LETTER --ip 127.1.9.1 --helo mail.bank.example --from teller@bank.example",
        "A second letter hidden in a first: refused",
        "chappe queue retry 01",
        "as expected, in ",
    ],
    "fr": [
        "Démonstration de Chappe",
        "Une lettre va de Paris à Lille",
        "est une promesse : la lettre est sur le disque à Paris",
        "Elle est remise à mx.lille.example [127.1.2.2], TLSv1.3",
        "Un inconnu veut passer par chez nous : refusé",
        "• SPF : fail : « -all », bank.example : all convient à tout hôte (RFC 7208 §5.1)",
        "prise avec 250 ; TLSv1.3 entre les serveurs ; classée dans INBOX ; annoncée par IDLE ; inchangée",
        "Une zone falsifiée : on ne la croit pas",
        "comme attendu, en ",
    ],
}


@suite.test("what happens is told in English and in French, in plain lines where nobody sits at a terminal")
def _():
    for lang, sentences in SENTENCES.items():
        with Place() as place:
            out = succeed(BINARY, "demo", "--lang", lang, env=place.env, timeout=ENOUGH).decode()
            contains(out.splitlines()[0], "mode", "the first line")
            for sentence in sentences:
                check(sentence in out, f"'{sentence}' is not in:\n{out[-3000:]}")
            check(not re.search(r"[\x00-\x09\x0b-\x1f]", out), "there are control characters")
            card = [line for line in out.splitlines() if line.startswith(("  ┌", "  │", "  └"))]
            equal({len(line) for line in card}, {len(card[0])}, "the widths of the score-card's lines")
            place.empty()


@suite.test("the first line is there at once")
def _():
    with Place() as place:
        begin = time.monotonic()
        with subprocess.Popen(
            [BINARY, "demo", "--headless"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=os.environ | place.env
        ) as process:
            contains(process.stdout.readline(), b"Chappe demo", "the first line")
            first = time.monotonic() - begin
            process.stdout.read()
            process.wait(ENOUGH)
        print(f"  first line after {first * 1000:.0f} ms, everything after {time.monotonic() - begin:.1f} s")
        check(first < 5, f"the first line took {first:.1f} s")
        place.empty()


@contextlib.contextmanager
def at_a_terminal(place, *words, columns=80):
    """The demo with somebody sitting before it: (process, a function that reads until some words are there)."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [BINARY, "demo", *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=os.environ | place.env | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = bytearray()

    def until(words, timeout=ENOUGH):
        end = time.monotonic() + timeout
        while words.encode() not in shown:
            check(time.monotonic() < end, f"'{words}' was not shown: {bytes(shown[-2000:])}")
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    shown.extend(os.read(ours, 65536))
                except OSError:
                    raise Failure(f"it ended before '{words}': {bytes(shown[-2000:])}") from None
        return bytes(shown).decode(errors="replace")

    try:
        yield process, until, ours
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


@suite.test("at a terminal it fits the screen, stays up, and a mail program from outside can join in until q")
def _():
    needs("curl")
    for mode in modes():
        with Place() as place, at_a_terminal(place, "--mode", mode) as (process, until, keyboard):
            shown = until("stays up until q or Ctrl-C")
            story = shown[: shown.index("Join in with your own mail program")]
            plain = re.sub(r"\x1b\[[0-9;]*m", "", story).replace("\r", "")
            check("\x1b[" in story, "no colours")
            check("\x1b" not in plain, "more than colours")
            long = [line for line in plain.splitlines() if len(line) > 80]
            equal(long, [], "lines that do not fit")
            rows = {m[1]: m for m in re.finditer(r"^(\S+@\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\S+)\r?$", shown, re.M)}
            alice, bob = rows["alice@paris.example"], rows["bob@lille.example"]
            letter = pathlib.Path(place.folder.name) / "letter.eml"
            letter.write_bytes(b"From: alice@paris.example\r\nTo: bob@lille.example\r\nSubject: From outside\r\n\r\nHello.\r\n")
            succeed(
                "curl", "-s", "--cacert", alice[6], "--ssl-reqd", f"smtp://localhost:{alice[2]}",
                "-u", "alice@paris.example:correct horse", "--mail-from", "alice@paris.example", "--mail-rcpt", "bob@lille.example",
                "-T", letter,
            )  # fmt: skip
            letter.unlink()

            def arrived():
                found = run("curl", "-s", "--cacert", bob[6], "-u", "bob@lille.example:correct horse",
                            f"imaps://localhost:{bob[4]}/INBOX", "-X", "SEARCH SUBJECT outside")[1]  # fmt: skip
                return re.search(rb"SEARCH \d", found)

            wait_until(arrived, 20 * SLOW, "the letter from outside arrives")
            os.write(keyboard, b"q")
            equal(process.wait(20 * SLOW), 0, "the exit code")
            place.empty()


@suite.test("Ctrl-C and kill -9, in the middle and at the end, leave no process and no folder behind")
def _():
    for mode in modes():
        for words, how in [("mail servers:", signal.SIGKILL), ("2. A letter", signal.SIGINT), ("stays up", signal.SIGKILL),
                           ("stays up", signal.SIGINT)]:  # fmt: skip
            if SHORT and words == "mail servers:":
                continue
            with Place() as place, at_a_terminal(place, "--mode", mode) as (process, until, _):
                until(words)
                check(len(place.processes()) > 3, "there are servers to be left behind")
                process.send_signal(how)
                process.wait(20 * SLOW)
                place.empty()


@suite.test("what cannot be is said plainly")
def _():
    code, _, err = run(BINARY, "demo", "--break", "nul-mx")
    equal(code, 64, "the exit code")
    contains(err, b"null-mx", "the hint")
    code, _, err = run(BINARY, "demo", "--headless", env={"TMPDIR": "/nonexistent"})
    check(code != 0 and b"/nonexistent" in err, f"{code}: {err}")


@suite.test("where namespaces are refused, it says so and goes on on high ports")
def _():
    refuse = ["unshare", "-U", "--map-user=1000", "--map-group=1000", "--keep-caps", "sh", "-c",
              'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"]  # fmt: skip
    if run(*refuse, "true")[0] != 0:
        raise Skip("namespaces cannot be refused here")
    code, _, err = run(*refuse, BINARY, "demo", "--headless", "--mode", "namespace")
    equal(code, 69, "the exit code where nothing else will do")
    contains(err, b"no namespace of our own", "the reason")
    with Place() as place:
        code, out, err = run(*refuse, BINARY, "demo", "--headless", "--json", env=place.env, timeout=ENOUGH)
        document = json.loads(out)
        equal((document["mode"], failed_in(document), code), ("ports", [], 0), "the mode, what failed, and the exit code")
        contains(document["why"], "no namespace of our own", "the reason")
        out = succeed(*refuse, BINARY, "demo", "--headless", env=place.env, timeout=ENOUGH).decode()
        contains(out.splitlines()[0], "mode: ports", "the first line")
        contains(out.splitlines()[0], "no namespace of our own", "the first line")
        place.empty()


suite.main()
