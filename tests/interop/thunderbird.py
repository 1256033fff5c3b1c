#!/usr/bin/env python3
"""Thunderbird itself, without a screen, against `chappe local`: run by hand (apt install thunderbird, 300 MB).

It makes an account, lists the folders, downloads, flags, moves, deletes, searches on the server, sends with a copy in
Sent, and hears of new mail while it idles. Prints a line for each, as the tests do.
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import letters  # noqa: E402
from chappe import HOST, PASSWORD, Server  # noqa: E402
from suite import Failure, Skip, Suite, check, equal, wait_until  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"
# No update, no telemetry, no question at the first start; nothing is asked of the network beyond this machine.
PREFERENCES = {
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.update.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}

PRELUDE = """
const done = arguments[arguments.length - 1];
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const am = MailServices.accounts;
const pause = ms => new Promise(r => setTimeout(r, ms));
const inc = () => am.allServers.find(s => s.type == "imap");
const folder = name => inc().rootFolder.descendants.find(f => f.name == name || f.localizedName == name);
const inbox = () => inc().rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const listener = r => ({ QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]), OnStartRunningUrl() {},
  OnStopRunningUrl(url, status) { r(status); } });
const copied = r => ({ QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]), onStartCopy() {},
  onProgress() {}, setMessageKey() {}, getMessageId() { return null; }, onStopCopy(status) { r(status); } });
const update = f => new Promise(r => f.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, listener(r)));
const find = (f, subject) => [...f.messages].find(m => m.mime2DecodedSubject == subject);
"""


class Marionette:
    """Thunderbird's remote control: frames of LENGTH:JSON."""

    def __init__(self, port):
        self.number = 0
        self.buffer = b""

        def connected():
            with contextlib.suppress(OSError):
                return socket.create_connection((HOST, port), 120)

        self.sock = wait_until(connected, 60, "Thunderbird's remote control")
        self.receive()

    def receive(self):
        while b":" not in self.buffer:
            self.buffer += self.sock.recv(65536)
        size, rest = self.buffer.split(b":", 1)
        while len(rest) < int(size):
            rest += self.sock.recv(65536)
        self.buffer = rest[int(size) :]
        return json.loads(rest[: int(size)])

    def command(self, name, **parameters):
        self.number += 1
        octets = json.dumps([0, self.number, name, parameters]).encode()
        self.sock.sendall(b"%d:" % len(octets) + octets)
        answer = self.receive()
        if answer[2]:
            raise Failure(f"{name}: {answer[2]}")
        return answer[3]

    def run(self, code, *arguments):
        """The value of an async function body; `arguments[i]` are the arguments."""
        script = f"{PRELUDE}\nconst a = arguments; (async () => {{ {code} }})().then(done, e => done('ERROR ' + e + ' ' + e.stack));"
        value = self.command(
            "WebDriver:ExecuteAsyncScript", script=script, args=list(arguments), newSandbox=False, sandbox="system"
        )["value"]
        if isinstance(value, str) and value.startswith("ERROR "):
            raise Failure(value)
        return value


class World:
    """The server, and a Thunderbird beside it with a profile of its own."""

    def __enter__(self):
        if not shutil.which("thunderbird"):
            raise Skip("thunderbird not installed")
        self.stack = contextlib.ExitStack()
        try:
            self.server = self.stack.enter_context(Server())
            profile = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="chappe-thunderbird-")))
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                port = probe.getsockname()[1]
            preferences = PREFERENCES | {"marionette.port": port}
            lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in preferences.items()]
            (profile / "user.js").write_text("\n".join(lines) + "\n")
            process = subprocess.Popen(
                ["thunderbird", "--headless", "--profile", profile, "--marionette", "--remote-allow-system-access", "--no-remote"],
                env=os.environ | {"MOZ_HEADLESS": "1", "HOME": str(profile)},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self.stack.callback(self.end, process)
            self.remote = Marionette(port)
            self.remote.command("WebDriver:NewSession")
            self.remote.command("Marionette:SetContext", value="chrome")
            self.remote.command("WebDriver:SetTimeouts", script=60_000)
            return self
        except BaseException:
            self.stack.close()
            raise

    def end(self, process):
        with contextlib.suppress(Exception):
            self.remote.command("Marionette:Quit", flags=["eForceQuit"])
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __exit__(self, *why):
        self.stack.__exit__(*why)


suite = Suite()


@suite.test("makes an account, and lists its folders")
def _(world):
    pem = pathlib.Path(world.server.certificate).read_text()
    der = re.sub(r"-----[^-]+-----|\s", "", pem)
    world.remote.run(
        """
        Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(a[0], "CTu,CTu,CTu");
        const service = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
        const cert = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).constructX509FromBase64(a[0]);
        for (const port of [a[1], a[2]]) service.rememberValidityOverride("localhost", port, {}, cert, true);
        const inc = am.createIncomingServer(a[3], "localhost", "imap");
        inc.port = a[1]; inc.socketType = Ci.nsMsgSocketType.SSL;
        inc.authMethod = Ci.nsMsgAuthMethod.passwordCleartext; inc.password = a[4];
        const account = am.createAccount(); account.incomingServer = inc;
        const id = am.createIdentity(); id.email = a[3]; id.fullName = "Alice";
        const out = (MailServices.outgoingServer || MailServices.smtp).createServer("smtp");
        out.QueryInterface(Ci.nsISmtpServer);
        out.hostname = "localhost"; out.port = a[2]; out.socketType = Ci.nsMsgSocketType.alwaysSTARTTLS;
        out.authMethod = Ci.nsMsgAuthMethod.passwordCleartext; out.username = a[3]; out.password = a[4];
        id.smtpServerKey = out.key; account.addIdentity(id); am.defaultAccount = account;
        inc.performExpand(null); await pause(3000);
        """,
        der, world.server.ports["imaps"], world.server.ports["submission"], ALICE, PASSWORD,
    )  # fmt: skip
    bits = {"inbox": 0x1000, "sent": 0x200, "drafts": 0x400, "trash": 0x100, "junk": 0x40000000, "archive": 0x4000}

    def known():
        found = world.remote.run("return inc().rootFolder.descendants.map(f => [f.name, f.flags])")
        missing = [name for name, bit in bits.items() if not any(flags & bit for _, flags in found)]
        known.state = f"folders {[name for name, _ in found]}, without a role of {missing}"
        return not missing

    try:
        wait_until(known, 20, "a folder for each role (SPECIAL-USE)")
    except Failure as why:
        raise Failure(f"{why}; {known.state}") from None


@suite.test("downloads letters whole")
def _(world):
    octets = [letters.letter(f"tb-{i}", 30_000 * i, subject=f"paper {i}") for i in range(3)]
    for one in octets:
        world.server.send(one)
    subjects = world.remote.run(
        "await update(inbox()); await pause(500); return [...inbox().messages].map(m => m.mime2DecodedSubject)"
    )
    equal(sorted(subjects), [f"paper {i}" for i in range(3)], "the subjects")
    source = world.remote.run(
        """
        const uri = inbox().getUriForMsg(find(inbox(), "paper 2"));
        const service = MailServices.messageServiceFromURI(uri);
        const text = await new Promise((resolve, reject) => {
          let all = "";
          service.streamMessage(uri, { QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]), onStartRequest() {},
            onStopRequest(r, status) { status ? reject(status) : resolve(all); },
            onDataAvailable(r, stream, offset, count) {
              const s = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
              s.setInputStream(stream); all += s.readBytes(count); } }, null, null, false, "", false);
        });
        return btoa(text);
        """
    )
    got = base64.b64decode(source).replace(b"\r\n", b"\n")
    check(got.endswith(octets[2].replace(b"\r\n", b"\n")), "the letter came changed")


@suite.test("flags a letter, and sees a flag that another client set")
def _(world):
    world.remote.run('inbox().markMessagesFlagged([find(inbox(), "paper 0")], true); await pause(1500); return 0')
    with world.server.imap() as box:
        uid = box.uids("SUBJECT", '"paper 0"')
        wait_until(lambda: box.noop() and r"\Flagged" in box.flags()[uid[0]], 10, "the flag on the server")
        other = box.uids("SUBJECT", '"paper 1"')[0]
        box.ask("uid", "STORE", str(other), "+FLAGS", r"(\Seen)")
    seen = world.remote.run('await update(inbox()); await pause(1000); return find(inbox(), "paper 1").isRead')
    equal(seen, True, "whether the other's flag is seen")


@suite.test("hears of new mail while it idles")
def _(world):
    world.server.send(letters.letter("tb-push", subject="just come"))
    began = time.monotonic()
    wait_until(lambda: world.remote.run('return !!find(inbox(), "just come")'), 20, "the new letter")
    print(f"  within {time.monotonic() - began:.1f} s")


@suite.test("moves a letter to a folder it makes, and deletes one")
def _(world):
    world.remote.run(
        """
        inc().rootFolder.createSubfolder("Kept", null); await pause(2000);
        const status = await new Promise(r => MailServices.copy.copyMessages(inbox(), [find(inbox(), "paper 0")],
          folder("Kept"), true, copied(r), null, false));
        await pause(1500);
        await new Promise(r => inbox().deleteMessages([find(inbox(), "paper 1")], null, true, false, copied(r), false));
        await new Promise(r => inbox().QueryInterface(Ci.nsIMsgImapMailFolder).expunge(listener(r), null)).catch(() => 0);
        await pause(1500);
        return status;
        """
    )
    with world.server.imap(readonly=True) as box:
        equal(box.counts("Kept")["MESSAGES"], 1, "the letters of Kept")
        equal(box.uids("SUBJECT", '"paper 0"'), [], "what was moved")
        equal(box.uids("UNDELETED", "SUBJECT", '"paper 1"'), [], "what was deleted")


@suite.test("searches on the server")
def _(world):
    found = world.remote.run(
        """
        const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
        session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, inbox());
        const term = session.createTerm(); const value = term.value;
        value.attrib = Ci.nsMsgSearchAttrib.Subject; value.str = "paper 2"; term.value = value;
        term.attrib = Ci.nsMsgSearchAttrib.Subject; term.op = Ci.nsMsgSearchOp.Contains; term.booleanAnd = true;
        session.appendTerm(term);
        const hits = [];
        await new Promise(r => { session.registerListener({ QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
          onSearchHit(header) { hits.push(header.mime2DecodedSubject); }, onSearchDone() { r(); }, onNewSearch() {} });
          session.search(null); });
        return hits;
        """
    )
    equal(found, ["paper 2"], "what was found")


@suite.test("sends a letter, and keeps a copy in Sent")
def _(world):
    status = world.remote.run(
        """
        const id = am.defaultAccount.defaultIdentity;
        const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
        fields.from = id.email; fields.to = a[0]; fields.subject = "Été, from Thunderbird";
        const { MessageSend } = ChromeUtils.importESModule("resource:///modules/MessageSend.sys.mjs");
        const status = await new Promise(r => new MessageSend().createAndSendMessage(null, id, am.defaultAccount.key, fields,
          false, false, Ci.nsIMsgCompDeliverMode.Now, null, "text/plain", "Hello.\\r\\n.\\r\\nbye\\r\\n", null, null,
          { QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener"]), onStartSending() {}, onSendProgress() {},
            onProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed(x, s) { r(s); },
            onTransportSecurityError(x, s) { r(s); }, onStopSending(i, s) { r(s); } }, "", Ci.nsIMsgCompType.New));
        await pause(3000);
        return status;
        """,
        BOB,
    )
    equal(status, 0, "the status")
    with world.server.imap("bob", readonly=True) as box:
        equal(box.counts()["MESSAGES"], 1, "bob's letters")
    with world.server.imap("alice", mailbox="Sent", readonly=True) as box:
        equal(len(box.uids("ALL")), 1, "copies in Sent")


if __name__ == "__main__":
    suite.main(World)
