// Who a letter says that it is from: the author domain that DMARC judges, or why there is none (RFC 9989 §5.3.1,
// §11.5). The decision stands before DMARC, and rests on the one parser of addresses (message/address.h): the From that
// is judged is the From that is stored and shown.
//
// The rule, in this order:
//   1. A header that ends where other readers may read on, or that was too long to be read to its end, may hold another
//      From: ambiguous.
//   2. There is exactly one From field (RFC 5322 §3.6). None: no author. Several: ambiguous, whatever they say; so is
//      one that begins behind a CR alone in some field.
//   3. NUL, a CR without LF and control characters in an address: ambiguous.
//   4. Every mailbox in it, in a group or not, is an author. Without any, or with none that has a domain: no author. An
//      address literal is no domain: no author, or ambiguous beside other authors. What follows "@" and is no domain
//      name, or has dots that are not ASCII: ambiguous.
//   5. Where the parser had to guess, or others are known to read something else (routes, comments that hold an "@" or
//      stand inside an address, "@" in quoted local parts, encoded words in local parts, in quotes lone parentheses or
//      "@" beside brackets, commas and backslashes, groups, what is not closed, octets that are not UTF-8), every text
//      behind an "@" anywhere in the field is taken, in quotes, comments and decoded words too. If all are the one
//      domain of the author, every reader comes to it; else: ambiguous. In comments and decoded words an "@" counts
//      only between something and a domain with a dot: "(Alice @ work)" holds no address.
//   6. A name with encoded words, in which another address stands: ambiguous if a reader that decodes before it parses
//      would take what is decoded for structure (brackets, parentheses, commas, colons, semicolons, quotes,
//      backslashes), or if the address is all of the name. Else it is a name, as a quoted one is.
//   7. One domain, of one author or several: it is the author domain. Several domains: each is to be judged (§11.5), up
//      to kMaxAuthorDomains; more: ambiguous.
//
// A display name that looks like another address ("x@bank.example" <y@list.example>) is in the findings and no reason:
// every reader of addresses sees the same one. Names beyond ASCII must be written in encoded words (RFC 2047 §5 (3)),
// so those of lists ("'x@bank.example' via Größe") are no reason either.
//
// Pure; any thread; linear in the header; never fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "message/findings.h"
#include "message/letter.h"

namespace chappe::trust {

// Domains that are judged for one letter; each may cost a tree walk.
inline constexpr std::size_t kMaxAuthorDomains = 4;

enum class AuthorClass : std::uint8_t {
  one,        // judge domains[0]
  several,    // judge each of domains; the strictest failure counts
  no_author,  // there is nothing to judge: reject, RFC 5322 wants an author
  ambiguous,  // reject: readers differ in who the author is
};

// The numbers are no promise, the ids in the table (author_reasons.cc) are.
enum class AuthorReason : std::uint8_t {
  single,
  same_domain,
  several_domains,
  from_missing,
  from_empty,
  without_domain,
  address_literal,
  header_cut,
  header_limit,
  several_fields,
  control_octets,
  domain_invalid,
  domain_dots,
  read_differently,
  too_many_domains,
};
struct AuthorReasonRow {
  AuthorReason reason;
  AuthorClass class_;
  std::string_view id;
  std::string_view en, fr;

  std::string_view text(message::Lang lang) const { return lang == message::Lang::fr ? fr : en; }
};
const AuthorReasonRow& author_reason_row(AuthorReason reason);
std::span<const AuthorReasonRow> author_reason_rows();

struct Author {
  AuthorReason reason = AuthorReason::from_missing;
  std::vector<std::string> domains;  // A-labels, each once, in order; only of classes one and several
  std::size_t mailboxes = 0;         // that From names
  std::size_t fields = 0;            // called From
  message::Findings findings;        // of the From field that was read
  // Of read_differently: a domain that another reader may take for the author's. Fit to be printed.
  std::string other;

  AuthorClass class_() const { return author_reason_row(reason).class_; }
};

// Of the letter itself, not of messages inside it. Works with outlines, too.
Author decide_author(const message::Letter& letter);

}  // namespace chappe::trust
