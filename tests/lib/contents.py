"""All that an account shows by IMAP, as a value to compare."""

import hashlib
import re


def contents(server, account):
    """{mailbox: {"uidvalidity", "uidnext", "letters": {uid: [sum of its octets, size, flags, date]}}}"""
    out = {}
    with server.imap(account, mailbox=None) as box:
        names = [re.search(rb'"?([^" ]+)"?$', line)[1].decode() for line in box.ask("list")]
        for name in sorted(names):
            counts = box.counts(name)
            box.choose(name, readonly=True)
            shown = {}
            for part in box.ask("uid", "FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])") if counts["MESSAGES"] else ():
                if not isinstance(part, tuple):
                    continue
                head = part[0].decode()
                flags = re.search(r"FLAGS \(([^)]*)\)", head)[1].split()
                shown[re.search(r"UID (\d+)", head)[1]] = [
                    hashlib.sha256(part[1]).hexdigest(),
                    len(part[1]),
                    sorted(flag for flag in flags if flag != r"\Recent"),
                    re.search(r'INTERNALDATE "([^"]*)"', head)[1],
                ]
            out[name] = {"uidvalidity": counts["UIDVALIDITY"], "uidnext": counts["UIDNEXT"], "letters": shown}
    return out
