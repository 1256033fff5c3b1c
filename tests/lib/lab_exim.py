"""Debian's Exim as a host of the lab; see lab_peer.py."""

import pathlib

import lab
from lab_peer import FACES, USERS, Peer

# Where this build of Exim looks for it; /etc is the lab's own.
CONFIGURATION = pathlib.Path("/etc/exim4/exim4.conf")


class Exim(Peer):
    name = "exim"
    package = "exim4-daemon-light"
    user = "Debian-exim"
    net = 3

    def configure(self):
        addresses = self.addresses()
        lab.owned(self.folder / "spool", self.user, 0o750)
        lab.owned(self.folder / "log", self.user, 0o750)

        def unless(*faces):
            """Everybody, but for who came to one of these faces."""
            those = " ".join(f"{{eq{{$received_ip_address}}{{{addresses[face]}}}}}" for face in faces)
            return f"${{if or{{{those}}}{{}}{{*}}}}"

        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(f"""
exim_path = {self.installed}/usr/sbin/exim4
keep_environment = LD_LIBRARY_PATH
add_environment = PATH=/usr/bin:/bin
primary_hostname = mx.{self.domain}
spool_directory = {self.folder}/spool
log_file_path = {self.folder}/log/%slog
log_selector = +received_recipients +smtp_confirmation +8bitmime +incoming_interface
domainlist ours = {' : '.join(self.address('', face)[1:] for face in FACES)}
hostlist desk = <; {' ; '.join(lab.DESK)}
local_interfaces = <; {' ; '.join(addresses.values())}
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
remote_max_parallel = 20
message_size_limit = 0
tls_advertise_hosts = {unless('plain', 'old')}
tls_certificate = {self.folder}/cert.pem
tls_privatekey = {self.folder}/key.pem
smtputf8_advertise_hosts = {unless('old')}
chunking_advertise_hosts = {unless('old')}
dsn_advertise_hosts = {unless('old')}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept

begin acl
rcpt:
  defer domains = {self.address('', 'grey')[1:]}
        condition = ${{if exists{{{self.folder}/ripe}}{{no}}{{yes}}}}
        message = 4.7.1 Grey: come back later
  accept hosts = +desk
  require domains = +ours
          message = 5.7.1 Not relayed
  require verify = recipient
          message = 5.1.1 No such user
  accept

begin routers
here:
  driver = accept
  domains = +ours
  local_parts = {' : '.join(USERS)}
  transport = maildir
nobody:
  driver = redirect
  domains = +ours
  allow_fail
  data = :fail: 5.1.1 No such user
elsewhere:
  driver = dnslookup
  domains = ! +ours
  transport = smtp

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {self.mail}/$local_part_data
  user = {self.user}
  return_path_add
smtp:
  driver = smtp
  hosts_avoid_tls = 192.0.2.13

begin retry
* * F,1h,2s
""")

    def command(self):
        return [self.installed / "usr/sbin/exim4", "-bdf", "-q1s"]

    def ripen(self, ripe=True):
        (self.folder / "ripe").touch() if ripe else (self.folder / "ripe").unlink(missing_ok=True)

    def log(self):
        out = ""
        for name in ("mainlog", "paniclog"):
            try:
                out += (self.folder / "log" / name).read_text(errors="replace")
            except OSError:
                pass
        return out

    def spool(self):
        return self.folder / "spool" / "input"
