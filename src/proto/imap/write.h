// The lexical pieces of what a server says (RFC 9051 §9), each appended to `out`. Pure; nothing blocks.
//
// `utf8`: the client enabled IMAP4rev2 or UTF8=ACCEPT, so 8-bit text may stand in quoted strings (RFC 6855 §3) and
// mailbox names are UTF-8; others get 8-bit octets in literals and names in modified UTF-7.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "proto/imap/command.h"

namespace chappe::proto::imap {

// Longer strings go as literals: some clients read quoted strings into small buffers.
inline constexpr std::size_t kMaxQuoted = 1000;

void write_number(Bytes& out, std::uint64_t n);
// Quoted when it can be, else a literal. NUL, which neither may hold (RFC 9051 §4.3), is left out.
void write_string(Bytes& out, ByteView text, bool utf8);
// The same, or NIL for nothing.
void write_nstring(Bytes& out, std::optional<ByteView> text, bool utf8);
// An atom when it can be, else a string. Never the atom NIL.
void write_astring(Bytes& out, ByteView text, bool utf8);
// A name in UTF-8 as this client reads names.
void write_mailbox(Bytes& out, ByteView name, bool utf8);
// "(\Seen $Junk)"; the flags are taken as they are.
void write_flags(Bytes& out, std::span<const Bytes> flags);
// "17-Jul-1996 02:44:25 +0000" in quotes
void write_date_time(Bytes& out, Time time);
// {310} CRLF: exactly `size` octets must follow.
void write_literal_head(Bytes& out, std::uint64_t size);
// "MESSAGES"; lives for ever.
ByteView status_item_name(StatusItem item);

// A status response: "A1 NO [OVERQUOTA] text". `code` is without brackets and may be empty. Line ends in `text` become
// blanks, and octets above ASCII, which not every client may be sent (RFC 9051 §9 text), question marks.
void write_status(Bytes& out, ByteView tag, ByteView status, ByteView code, ByteView text);
inline void write_untagged(Bytes& out, ByteView status, ByteView code, ByteView text) {
  write_status(out, "*", status, code, text);
}

}  // namespace chappe::proto::imap
