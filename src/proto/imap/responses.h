// Untagged responses and response codes of more than one word (RFC 9051 §7), each appended to `out` with its CRLF
// (codes without, for write_status). Pure; nothing blocks. `utf8` as in write.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "proto/imap/command.h"
#include "proto/imap/sequence.h"

namespace chappe::proto::imap {

// "* CAPABILITY IMAP4rev1 ..."
void write_capability(Bytes& out, ByteView capabilities);
void write_enabled(Bytes& out, std::span<const Bytes> capabilities);
void write_id(Bytes& out, std::span<const std::pair<Bytes, Bytes>> fields);

// A row of LIST or LSUB (RFC 9051 §7.3.1).
struct ListRow {
  std::vector<ByteView> attributes;  // "\HasChildren", "\Sent"
  char separator = '/';
  ByteView mailbox;                   // UTF-8
  bool childinfo_subscribed = false;  // RFC 5258 §4: CHILDINFO ("SUBSCRIBED")
};
void write_list(Bytes& out, ByteView response, const ListRow& row, bool utf8);

// "* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)" (RFC 9051 §7.3.4). The value of MAILBOXID is `mailboxid`.
struct StatusRow {
  ByteView mailbox;
  std::span<const std::pair<StatusItem, std::uint64_t>> values;
  ByteView mailboxid;
};
void write_status_row(Bytes& out, const StatusRow& row, bool utf8);

// Personal, other users' and shared namespaces: prefix and separator (RFC 2342 §5).
using NamespaceRow = std::pair<Bytes, char>;
void write_namespace(Bytes& out, std::span<const NamespaceRow> personal, std::span<const NamespaceRow> others,
                     std::span<const NamespaceRow> shared, bool utf8);

// "* QUOTA "" (STORAGE 10 512)" (RFC 9208 §4.2.1). Resources without a limit are left out.
struct QuotaRow {
  ByteView resource;  // STORAGE, in units of 1024 octets, or MESSAGE
  std::uint64_t usage = 0;
  std::uint64_t limit = 0;
};
void write_quota(Bytes& out, ByteView root, std::span<const QuotaRow> resources);
// "* QUOTAROOT INBOX """ (RFC 9208 §4.2.2)
void write_quota_root(Bytes& out, ByteView mailbox, ByteView root, bool utf8);

// "* SEARCH 2 84 882", with "(MODSEQ n)" when given (RFC 3501 §7.2.5, RFC 7162 §3.1.5)
void write_search(Bytes& out, std::span<const std::uint32_t> ascending, std::optional<std::uint64_t> modseq);

// "* ESEARCH (TAG "A1") UID ALL 4:18" (RFC 9051 §7.3.4, RFC 4731 §3.1). `found` is ascending. MIN, MAX and ALL are left
// out when nothing was found.
void write_esearch(Bytes& out, ByteView tag, bool uid, const Search::Return& returns,
                   std::span<const std::uint32_t> found, std::optional<std::uint64_t> modseq);

// "* 23 EXISTS"
void write_numbered(Bytes& out, std::uint64_t number, ByteView name);
// "* 23 FETCH (", to be followed by items and ")" CRLF
void write_fetch_head(Bytes& out, std::uint32_t number);
// "* VANISHED (EARLIER) 41,43:116" (RFC 7162 §3.2.10)
void write_vanished(Bytes& out, bool earlier, std::span<const Range> uids);

// APPENDUID 38505 3955 (RFC 4315 §3)
Bytes append_uid_code(std::uint32_t uidvalidity, std::uint32_t uid);
// COPYUID 38505 304,319:320 3956:3958. Both have one number for each message, in the order of copying; ranges are
// joined only where both rise, so that the n-th of one is the n-th of the other.
Bytes copy_uid_code(std::uint32_t uidvalidity,
                    std::span<const std::pair<std::uint32_t, std::uint32_t>> source_to_target);

}  // namespace chappe::proto::imap
