#!/usr/bin/env python3
"""Reads the #include lines of src/ and fails on any that leads to a floor which its folder may not use, or that brings a
heavy library into a file where it does not belong. docs/architecture.md draws the floors."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

GROUND = ["base", "crypto", "codec"]  # open to all

# What a folder may use, beside the ground floor and itself. The longest name that fits holds.
MAY_USE = {
    "base": [],
    "crypto": [],
    "codec": [],
    "message": [],
    "proto": ["message"],
    "net": [],
    "dns": ["net"],
    "fetch": ["proto", "net"],
    "trust": ["fetch", "dns", "proto", "message", "net/task.h"],
    "store": ["fetch", "net"],
    "post": ["store", "fetch", "dns", "trust", "proto", "message", "net/task.h"],
    "estate": ["post", "fetch", "dns", "trust", "store", "message", "net/task.h"],
    # Agents do not include each other, except the room that they share (docs/decisions/0004, 0006).
    "agents": ["agents/door", "estate", "post", "fetch", "dns", "trust", "proto", "message", "net"],
    "app": ["*"],
}

# Folders whose rooms are apart: a file uses its own room only, not its neighbour's.
APART = ["proto", "agents"]

# A heavy header, and the files that may include it. None of them is a header, so the weight goes no further.
HEAVY = {
    r"asio.*": ["net/*.cc"],
    r"toml\+\+/.*": ["app/config.cc", "post/directory/text.cc"],
    r"simdjson\.h": ["codec/json.cc"],
    r"rocksdb/.*": ["store/rocks*.cc", "store/rocks_db.h"],
    r"unicode/.*": ["codec/charset.cc", "codec/idna.cc", "trust/sasl_prep.cc", "post/search/tokens.cc"],
    r"libstemmer\.h": ["post/search/stems.cc"],
    r"unbound.*\.h": ["dns/live.cc"],
    r"ldns/.*": ["dns/sign.cc"],
    r"idn2\.h": ["codec/idna.cc"],
    r"libpsl\.h": ["trust/dmarc/suffix_list.cc"],
    r"argon2\.h": ["crypto/password.cc"],
    r"archive(_entry)?\.h": ["app/archive/zip_*.cc"],
    r"openssl/.*": ["crypto/*.cc", "net/*.cc"],
    r"fmt/(?!core\.h).*": ["*.cc"],
    r"(iostream|regex|spdlog/.*|boost/.*|CLI/.*|nlohmann/.*)": [],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def is_test(name):
    """Tests, and the headers that only tests include."""
    return re.search(r"(_(test|fuzz|bench)\.cc|/(testing|test_\w+)\.h)$", name) is not None


def below(target, row):
    """Whether `target` stands on a floor below that of the row; MAY_USE is in that order."""
    rows = list(MAY_USE)
    return row_of(target.rpartition("/")[0]) in rows[: rows.index(row)]


def row_of(folder):
    """The row of MAY_USE that holds for a folder: "agents/mx" stands in the row of "agents"."""
    while folder:
        if folder in MAY_USE:
            return folder
        folder = folder.rpartition("/")[0]
    return None


def room_of(folder):
    """What a file may use as its own: its row, or in APART only its room."""
    parts = folder.split("/")
    return "/".join(parts[:2]) if parts[0] in APART else parts[0]


def within(path, folder):
    return path == folder or path.startswith(folder + "/")


def floor_fault(name, target):
    """Why the file `name` may not include `target`; None if it may."""
    folder = name.rpartition("/")[0]
    row = row_of(folder)
    if row is None:
        return f"the folder {folder} stands on no floor"
    if is_test(name) and ("tests/" in target or below(target, row)):
        return None  # a test builds by itself what the code is handed
    open_to_it = GROUND + [room_of(folder)] + MAY_USE[row]
    if "*" in open_to_it or any(within(target, f) for f in open_to_it):
        return None
    return f"{room_of(folder)} may not use {target}"


def heavy_fault(name, target):
    for header, places in HEAVY.items():
        if re.fullmatch(header, target) and not any(pathlib.PurePath(name).match(p) for p in places):
            return f"<{target}> belongs in {', '.join(places) or 'no file'}"
    return None


def faults():
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(SRC).as_posix()
        text = path.read_text()
        for ours, theirs in INCLUDE.findall(text):
            fault = floor_fault(name, ours) if ours else None if is_test(name) else heavy_fault(name, theirs)
            if fault:
                line = text[: text.index(ours or theirs)].count("\n") + 1
                yield f"src/{name}:{line}: {fault}"
        if path.suffix == ".h" and "#pragma once" not in text:
            yield f"src/{name}: no #pragma once"


def self_test():
    """The rules find what they are for."""
    assert floor_fault("base/log.cc", "base/log.h") is None
    assert floor_fault("base/log.cc", "codec/json.h") is None  # the ground floor is one
    assert floor_fault("message/letter.cc", "net/task.h")
    assert floor_fault("trust/spf.cc", "net/task.h") is None
    assert floor_fault("trust/spf.cc", "net/stream.h")
    assert floor_fault("post/queue/queue.cc", "store/store.h") is None
    assert floor_fault("store/store.h", "post/types.h")
    assert floor_fault("agents/mx/mx.cc", "agents/door/door.h") is None
    assert floor_fault("agents/mx/mx.cc", "agents/msa/msa.h")
    assert floor_fault("agents/mx/mx.cc", "store/store.h")
    assert floor_fault("proto/imap/server.cc", "proto/smtp/path.h")
    assert floor_fault("app/main.cc", "store/rocks.h") is None
    assert floor_fault("cellar/x.cc", "base/log.h")
    assert floor_fault("proto/smtp/x_test.cc", "../../../tests/transcripts/transcript.h") is None
    assert floor_fault("proto/smtp/x.cc", "../../../tests/transcripts/transcript.h")
    assert floor_fault("agents/imap/x_test.cc", "store/memory.h") is None
    assert floor_fault("agents/imap/testing.h", "store/memory.h") is None
    assert floor_fault("agents/imap/x_test.cc", "agents/pop3/pop3.h")
    assert floor_fault("agents/imap/x_test.cc", "app/server.h")
    assert floor_fault("post/x_test.cc", "net/offload_pool.h") is None
    assert heavy_fault("net/shard.h", "asio.hpp")
    assert heavy_fault("net/shard.cc", "asio.hpp") is None
    assert heavy_fault("base/log.cc", "fmt/format.h") is None
    assert heavy_fault("base/log.h", "fmt/format.h")
    assert heavy_fault("base/log.h", "fmt/core.h") is None
    assert heavy_fault("base/text.cc", "iostream")


def main():
    self_test()
    print("ok rules")
    found = list(faults())
    for fault in found:
        print(f"  {fault}")
    if found:
        print(f"FAIL includes: {len(found)} lead where they may not")
        return 1
    print("ok includes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
