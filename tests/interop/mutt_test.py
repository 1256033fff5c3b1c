#!/usr/bin/env python3
"""mutt, on a terminal that nobody looks at: its index, flags, copies, and new mail while it idles."""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import PASSWORD, SLOW, Server  # noqa: E402
from suite import Failure, Suite, contains, equal, needs, run, succeed, wait_until  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"

suite = Suite()


def rc(server, account, more=""):
    needs("mutt", "tmux")
    path = server.folder / f"muttrc-{account}"
    path.write_text(
        f"""set ssl_ca_certificates_file={server.certificate} ssl_starttls=yes ssl_force_tls=yes
set imap_user="{account}@example.test" imap_pass="{PASSWORD}"
set folder="imaps://localhost:{server.ports["imaps"]}/" spoolfile="+INBOX" record="+Sent" postponed="+Drafts"
set smtp_url="smtp://{account}%40example.test@localhost:{server.ports["submission"]}/" smtp_pass="{PASSWORD}"
set from="{account}@example.test" realname="{account.title()}" use_from=yes use_domain=no
set header_cache="" message_cachedir="" sleep_time=0 wait_key=no quit=yes delete=yes move=no resolve=no
set imap_idle=yes timeout=2 mail_check=1 beep=no confirmcreate=no confirmappend=no copy=yes
{more}
"""
    )
    return path


@contextlib.contextmanager
def screen(server, name, *command):
    """A terminal of 120 by 40; gives (what is shown, a way to press keys)."""
    socket = ["tmux", "-L", f"{server.folder.name}-{name}"]
    environment = {"TERM": "xterm-256color", "HOME": str(server.folder), "LC_ALL": "C.UTF-8", "TMUX": ""}
    words = " ".join(f"'{word}'" for word in command)
    succeed(*socket, "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", words, env=environment)

    def shown():
        return run(*socket, "capture-pane", "-p")[1].decode(errors="replace")

    def press(*keys):
        succeed(*socket, "send-keys", *keys)

    try:
        yield shown, press
    finally:
        run(*socket, "kill-server")


def until(shown, what, seconds=20):
    """Waits for a text on the screen, or for a condition."""
    try:
        wait_until((lambda: what in shown()) if isinstance(what, str) else what, seconds * SLOW, str(what))
    except Failure as why:
        raise Failure(f"{why}; the screen: {' / '.join(line for line in shown().splitlines() if line.strip())}") from None


@suite.test("sends a letter, and keeps a copy in Sent")
def _(server):
    succeed("mutt", "-F", rc(server, "alice"), "-s", "from mutt", BOB, input=b"Hello.\n.\nbye\n", timeout=60)
    with server.imap("bob") as box:
        uid = box.uids("SUBJECT", '"from mutt"')
        equal(len(uid), 1, "bob's letters")
        contains(box.letters(str(uid[0]))[uid[0]], b"\r\n\r\nHello.\r\n.\r\nbye\r\n", "the letter")
    with server.imap("alice", mailbox="Sent") as box:
        equal(len(box.uids("SUBJECT", '"from mutt"')), 1, "copies in Sent")


@suite.test("shows the mailbox, opens a letter, flags and copies one")
def _(server):
    for i in range(3):
        server.send(letters.letter(f"mutt-{i}", 900, subject=f"paper {i}"), to=["carol"])
    with server.imap("carol", mailbox=None) as box:
        box.create("Archive")
    with screen(server, "carol", "mutt", "-F", rc(server, "carol")) as (shown, press):
        for i in range(3):
            until(shown, f"paper {i}")
        contains(shown(), "Some One", "the index")
        press("Home", "Enter")
        until(shown, "Subject: paper 0")
        press("q")
        press("/", "~s 'paper 1'", "Enter")
        press("F")
        press("C")
        until(shown, "Copy to mailbox")
        press("C-u", "=Archive", "Enter")
        press("$")
        until(shown, "paper 2")

        def arrived():
            with server.imap("carol", readonly=True) as box:
                return (
                    box.counts("Archive")["MESSAGES"] == 1
                    and len(box.uids("FLAGGED", "SUBJECT", '"paper 1"')) == 1
                    and len(box.uids("SEEN", "SUBJECT", '"paper 0"')) == 1
                )

        wait_until(arrived, 15 * SLOW, "the copy and the flags")
        press("q")


@suite.test("hears of new mail while it idles, and of what others delete")
def _(server):
    server.send(letters.letter("idle-0", subject="there already"), to=["dave"])
    with screen(server, "dave", "mutt", "-F", rc(server, "dave")) as (shown, press):
        until(shown, "there already")
        server.send(letters.letter("idle-1", subject="just come"), to=["dave"])
        until(shown, "just come", 15)
        with server.imap("dave") as box:
            uid = str(box.uids()[0])
            box.ask("uid", "STORE", uid, "+FLAGS", r"(\Flagged)")
            until(shown, lambda: any("!" in line and "there already" in line for line in shown().splitlines()), 15)
            box.ask("uid", "STORE", uid, "+FLAGS", r"(\Deleted)")
            box.ask("expunge")
            until(shown, lambda: "there already" not in shown(), 15)
        press("q")


if __name__ == "__main__":
    suite.main(Server, accounts=("alice", "bob", "carol", "dave"))
