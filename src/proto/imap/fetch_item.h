// What FETCH can ask for (RFC 9051 §6.4.5, RFC 3501 §6.4.5), and how an answer names it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace chappe::proto::imap {

// A part of a letter: BODY[1.2.HEADER.FIELDS (From To)]
struct Section {
  enum class What : std::uint8_t { all, header, header_fields, header_fields_not, text, mime };
  std::vector<std::uint32_t> part{};  // 1.2.3; empty: the letter
  What what = What::all;
  std::vector<Bytes> fields{};  // of header_fields and header_fields_not, as written
};

// <offset.size>, in octets
struct Partial {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct FetchItem {
  enum class Kind : std::uint8_t {
    envelope,
    flags,
    internaldate,
    rfc822_size,
    uid,
    body_structure,  // BODYSTRUCTURE
    body,            // BODY without a section: the structure without extension data
    section,         // BODY[...]
    rfc822,          // BODY[]
    rfc822_header,   // BODY.PEEK[HEADER]
    rfc822_text,     // BODY[TEXT]
    binary,          // RFC 3516: the part, its transfer encoding undone
    binary_size,
    modseq,    // RFC 7162 §3.1.5
    emailid,   // RFC 8474 §5.1
    threadid,  // RFC 8474 §5.2
    preview,   // RFC 8970
    savedate,  // RFC 8514
  };
  Kind kind = Kind::flags;
  bool peek = false;  // does not set \Seen
  bool lazy = false;  // PREVIEW (LAZY): only when it costs nothing
  Section section{};
  std::optional<Partial> partial{};

  // Whether answering sets \Seen (RFC 9051 §6.4.5).
  bool sets_seen() const {
    return !peek &&
           (kind == Kind::section || kind == Kind::rfc822 || kind == Kind::rfc822_text || kind == Kind::binary);
  }
};

// The item as the response names it: "BODY[1.HEADER.FIELDS (From)]<0>"; a partial names its origin only.
void write_item_name(Bytes& out, const FetchItem& item);

}  // namespace chappe::proto::imap
