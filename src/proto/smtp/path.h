// Envelope addresses: the paths of MAIL and RCPT (RFC 5321 §4.1.2, RFC 6531 §3.3). A path is not a header's mailbox:
// no comments, no folding, no display name. Values; pure functions.
//
// Taken although the grammar says no, because real mail has it: dots at the edges of a local part or next to each
// other, underscores in domains, blanks between the colon and the path, local parts over 64 octets (VERP, SRS).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::proto::smtp {

// RFC 5321 §4.5.3.1.1 asks for 64 at least, and no limit where that is possible.
inline constexpr std::size_t kMaxLocalPart = 256;
inline constexpr std::size_t kMaxDomain = 255;  // RFC 5321 §4.5.3.1.2

struct Path {
  std::string local;     // unquoted: `"a b"@x` has a local part of three octets, `a b`
  std::string domain;    // as written, without brackets for a literal; empty for <> and <postmaster>
  bool literal = false;  // domain is an address literal: "192.0.2.1", "IPv6:2001:db8::1"
  bool utf8 = false;     // local part or domain has octets beyond ASCII (valid UTF-8)
  std::string raw;       // as it stood between the angle brackets, a source route included

  // The null reverse-path, RFC 5321 §4.5.5.
  bool null() const { return local.empty() && domain.empty() && raw.empty(); }
  // "local@domain", the local part quoted where it must be, the source route dropped; empty for the null path.
  std::string address() const;

  bool operator==(const Path&) const = default;
};

struct PathAndRest {
  Path path;
  std::string_view rest;  // what follows the closing bracket; a view into the input
};

// `<...>` at the front of `s`. A reverse-path may be empty. Errc::invalid when it breaks the grammar.
Result<PathAndRest> parse_reverse_path(std::string_view s);
// A forward-path is never empty, and may be `<Postmaster>` in any case (RFC 5321 §4.1.1.3).
Result<PathAndRest> parse_forward_path(std::string_view s);
// A mailbox without brackets, the whole of `s`: "bob@example.org". For AUTH= and for configuration.
Result<Path> parse_mailbox(std::string_view s);

// A domain (RFC 5321 §4.1.2; U-labels too) or, in brackets, an address literal: the argument of EHLO.
bool valid_domain(std::string_view s);
bool valid_address_literal(std::string_view bracketed);

}  // namespace chappe::proto::smtp
