"""Debian's Postfix as a host of the lab; see lab_peer.py."""

import lab
from lab_peer import FACES, USERS, Peer

# What of EHLO a face keeps to itself.
HIDDEN = {"plain": "starttls", "old": "starttls,smtputf8,chunking,dsn"}
UNIX_SERVICES = [
    # name, private, wakeup, limit, command
    ("cleanup", "n", "-", 0, "cleanup"),
    ("qmgr", "n", "300", 1, "qmgr"),
    ("tlsmgr", "y", "1000?", 1, "tlsmgr"),
    ("rewrite", "y", "-", "-", "trivial-rewrite"),
    ("bounce", "y", "-", 0, "bounce"),
    ("defer", "y", "-", 0, "bounce"),
    ("trace", "y", "-", 0, "bounce"),
    ("verify", "y", "-", 1, "verify"),
    ("flush", "n", "1000?", 0, "flush"),
    ("proxymap", "y", "-", "-", "proxymap"),
    ("smtp", "y", "-", "-", "smtp"),
    ("showq", "n", "-", "-", "showq"),
    ("error", "y", "-", "-", "error"),
    ("retry", "y", "-", "-", "error"),
    ("virtual", "y", "-", "-", "virtual"),
    ("anvil", "y", "-", 1, "anvil"),
    ("scache", "y", "-", 1, "scache"),
]


class Postfix(Peer):
    name = package = user = "postfix"
    net = 2

    def configure(self):
        self.conf = self.folder / "conf"
        self.conf.mkdir()
        queue = self.folder / "queue"
        queue.mkdir()
        for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split():
            lab.owned(queue / name, "postfix", 0o700)
        lab.owned(queue / "maildrop", "postfix", 0o730)
        lab.owned(queue / "public", "postfix", 0o710)
        lab.owned(queue / "pid", "root", 0o755)
        lab.owned(self.folder / "data", "postfix", 0o700)
        self.mailboxes = "".join(f"{self.address(user, face)} {user}/\n" for face in FACES for user in USERS)
        (self.conf / "mailboxes").write_text(self.mailboxes)
        number = lab.USERS["postfix"]
        (self.conf / "main.cf").write_text(f"""
compatibility_level = 3.6
config_directory = {self.conf}
meta_directory = {self.installed}/usr/share/postfix
shlib_directory = {self.installed}/usr/lib/postfix
command_directory = {self.installed}/usr/sbin
daemon_directory = {self.installed}/usr/lib/postfix/sbin
queue_directory = {queue}
data_directory = {self.folder}/data
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
export_environment = MAIL_CONFIG LD_LIBRARY_PATH
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.folder}/log
maillog_file_prefixes = /run
myhostname = mx.{self.domain}
mydestination =
alias_maps =
mynetworks = {' '.join(f'[{a}]' if ':' in a else a for a in lab.DESK)}
inet_protocols = all
smtp_address_preference = any
smtputf8_enable = yes
virtual_mailbox_domains = {' '.join(self.address('', face)[1:] for face in FACES)}
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = texthash:{self.conf}/mailboxes
virtual_uid_maps = static:{number}
virtual_gid_maps = static:{number}
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 0
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = {self.folder}/cert.pem
smtpd_tls_key_file = {self.folder}/key.pem
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtp_tls_security_level = may
smtp_tls_policy_maps = inline:{{plain.one.lab=none}}
smtp_tls_loglevel = 1
in_flow_delay = 0
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 1s
""")
        services = "postlog unix-dgram n - n - 1 postlogd\npickup unix n - n 60 1 pickup\n"
        for face, address in self.addresses().items():
            at = f"[{address}]" if ":" in address else address
            services += f"{at}:smtp inet n - n - - smtpd -o myhostname=mx.{self.address('', face)[1:]}\n"
            if face in HIDDEN:
                services += f"  -o smtpd_discard_ehlo_keywords={HIDDEN[face]}\n"
            if face == "grey":
                services += "  -o smtpd_recipient_restrictions=check_policy_service,unix:private/policy\n"
        for name, private, wakeup, limit, command in UNIX_SERVICES:
            unprivileged = "n" if command == "virtual" else "-"
            services += f"{name} unix {private} {unprivileged} n {wakeup} {limit} {command}\n"
        # A policy server (Postfix's SMTPD_POLICY_README): each question is some lines and an empty one.
        answer = f'while read -r line; do [ -n "$line" ] || cat {self.folder}/grey; done'
        (self.folder / "policy").write_text(answer + "\n")
        services += f"policy unix - n n - 0 spawn user=nobody argv=/bin/sh {self.folder}/policy\n"
        (self.conf / "master.cf").write_text(services)

    def command(self):
        return [self.installed / "usr/lib/postfix/sbin/master", "-d", "-c", self.conf]

    def ripen(self, ripe=True):
        action = "dunno" if ripe else "450 4.7.1 Grey: come back later"
        (self.folder / "grey").write_text(f"action={action}\n\n")

    def log(self):
        try:
            return (self.folder / "log").read_text(errors="replace")
        except OSError:
            return ""

    def spool(self):
        return self.folder / "queue" / "incoming"
