// Addresses in header fields (RFC 5322 §3.4, obsolete forms of §4.4, UTF-8 of RFC 6532). The one parser of From, To and
// their like, for transport, DMARC, storage and display: what it cannot read without guessing it reports as a finding.
// Pure; linear in the size of the value; never fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "message/findings.h"

namespace chappe::message {

struct Address {
  enum class Kind : std::uint8_t {
    mailbox,
    group_begin,  // only the names are set: what follows, up to group_end, is in the group
    group_end,
  };

  Kind kind = Kind::mailbox;
  std::string name;      // display name for people: UTF-8, one line, encoded words decoded; empty if there is none
  std::string raw_name;  // the same without quotes and folding but with its encoded words, as ENVELOPE wants it
  std::string comment;   // text of the comments beside it, decoded ("pat@x (Pat)" has its name there)
  std::string route;     // "@a,@b" of a source route (RFC 5322 §4.4)
  std::string local;     // local part as it is meant: without quotes and backslashes
  std::string domain;    // as written without comments and blanks; a literal keeps its brackets; empty if there is none

  bool is_mailbox() const { return kind == Kind::mailbox; }
  // local@domain, the local part quoted if it must be (RFC 5321 §4.1.2). Never CR, LF or NUL.
  std::string spec() const;
  // The name, or the comment when there is no name.
  const std::string& display() const { return name.empty() ? comment : name; }
};

struct AddressList {
  // Entries of one field, five times the recipients that one letter may have; what follows is left out, as
  // address_invalid. A megabyte of "g:" would else become half a million of them, read again at each FETCH.
  static constexpr std::size_t kMax = 5'000;
  // Words of a name or local part. Of more the first ones and the last one are kept, as address_invalid.
  static constexpr std::size_t kMaxWords = 500;

  std::vector<Address> entries;  // in order, groups as brackets
  Findings findings;

  std::size_t mailboxes() const;
  // The first mailbox; nullptr if there is none.
  const Address* first() const;
};

AddressList parse_addresses(ByteView value);

// Whether `domain` is what may follow an "@": dot-separated labels of letters, digits, hyphens and UTF-8 (underscores
// are seen and let pass), each up to 63 octets and 255 together, or an address literal in brackets (RFC 5321 §4.1.2).
bool plausible_domain(std::string_view domain);

// Whether `local` can be written without quotes (RFC 5322 §3.2.3 dot-atom).
bool is_dot_atom(std::string_view local);

}  // namespace chappe::message
