// DMARC for one author domain (RFC 9989 §5.3): which record applies, which authenticated identifiers are aligned, what
// the domain wishes to be done. The verdict carries the whole of it: the questions, the walks, why each identifier
// counts or not, and how the policy came to be. What to do about it is local policy: action.h.
//
// Rules beside the RFC's text:
//   - Only an SPF result for the MAIL FROM identity counts, never one for HELO (§4.4.2), and no DKIM signature that
//     leaves a part of the body unsigned (l=).
//   - An organizational domain is equal to the domain it belongs to, or above it. So an identifier that is not at or
//     below the author's organizational domain is not aligned, and no walk is made for it.
//   - An identifier whose check ended with temperror, and that would have been aligned, makes the whole a temperror
//     unless another one passes (§5.3.6). So does a walk that failed, if its outcome could have been a pass.
//   - With t=y the policy is one step lower (§4.7).
//
// Pure but for the resolver's questions; not more than kMaxWalks walks of kMaxWalkQueries questions and one more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trust/dmarc/discover.h"

namespace chappe::trust::dmarc {

// Walks for one letter: the author's and those of identifiers. Each identifier beyond is not looked at.
inline constexpr std::size_t kMaxWalks = 12;

// How an authentication ended (RFC 8601 §2.7.1, §2.7.2).
enum class Authentication : std::uint8_t { none, pass, fail, softfail, neutral, policy, temperror, permerror };
std::string_view authentication_name(Authentication result);

enum class SpfScope : std::uint8_t { mail_from, helo };

struct SpfIdentity {
  std::string domain;  // of MAIL FROM; with the null reverse-path that of HELO (RFC 7208 §2.4)
  Authentication result = Authentication::none;
  SpfScope scope = SpfScope::mail_from;
};
struct DkimIdentity {
  std::string domain;    // d=
  std::string selector;  // s=
  Authentication result = Authentication::none;
  bool partial = false;  // l= left something of the body out
};

struct Input {
  std::string author;  // trust/author.h
  std::optional<SpfIdentity> spf;
  std::vector<DkimIdentity> dkim;
};

enum class Method : std::uint8_t { spf, dkim };

// Why an identifier is aligned, or is not. The numbers are no promise, the ids in the table (reasons.cc) are.
enum class Alignment : std::uint8_t {
  identical,          // RFC 9989 §3.2.10.2
  same_organization,  // RFC 9989 §3.2.10.1
  strict_differs,     // the record wants them to be identical
  other_organization,
  organization_unknown,  // a walk failed
  not_authenticated,
  helo,
  partial_body,
  domain_invalid,
  over_limit,
  no_record,       // nobody looked: DMARC does not apply
  policy_unknown,  // nobody looked: it is not known whether it does
};
struct AlignmentRow {
  Alignment alignment;
  std::string_view id;
  std::string_view en, fr;

  std::string_view text(Lang lang) const { return lang == Lang::fr ? fr : en; }
};
const AlignmentRow& alignment_row(Alignment alignment);
std::span<const AlignmentRow> alignment_rows();

struct Identifier {
  Method method{};
  std::string domain;    // A-label form; as given if that is no domain
  std::string selector;  // of DKIM
  Authentication result{};
  Alignment alignment = Alignment::no_record;
  std::optional<std::size_t> walk;  // into Discovery::walks
  std::string organization;         // if a walk found it

  // It and the author agree.
  bool agrees() const { return alignment == Alignment::identical || alignment == Alignment::same_organization; }
  // It makes the letter pass.
  bool aligned() const { return agrees() && result == Authentication::pass; }
};

// The result of DMARC as Authentication-Results has it.
enum class Outcome : std::uint8_t { none, pass, fail, temperror, permerror };  // RFC 9989 §9.2
std::string_view outcome_name(Outcome result);

// Why the result is what it is.
enum class Reason : std::uint8_t {
  no_record,
  several_records,
  record_without_policy,
  record_broken,
  author_invalid,
  aligned,
  nothing_authenticated,
  nothing_aligned,
  dns_error_policy,
  dns_error_alignment,
  dns_error_authentication,
  dns_error_existence,
};
struct ReasonRow {
  Reason reason;
  std::string_view id;
  std::string_view section;  // "RFC 9989 §…"
  std::string_view en, fr;

  std::string_view text(Lang lang) const { return lang == Lang::fr ? fr : en; }
};
const ReasonRow& reason_row(Reason reason);
std::span<const ReasonRow> reason_rows();

// Where the record that applies was found (RFC 9989 §4.10.1).
enum class Source : std::uint8_t { author, organization, psd };
// Which tag of it says what to do; p stands in for sp, and either for np, where they are not there. Whether the author
// domain exists is asked only where np says something else.
enum class Tag : std::uint8_t { p, sp, np };
// How the record was found (RFC 9990 §3.1.1.5). An old list of public suffixes is not used here.
enum class DiscoveryMethod : std::uint8_t { psl, treewalk };
std::string_view source_name(Source source);
std::string_view tag_name(Tag tag);
std::string_view discovery_method_name(DiscoveryMethod method);

struct PolicyRecord {
  std::size_t found = 0;  // into Discovery::found
  std::string domain;     // the DMARC Policy Domain
  Source source{};
  Record record;
  DiscoveryMethod method = DiscoveryMethod::treewalk;
};

struct Verdict {
  Outcome result = Outcome::none;
  Reason reason = Reason::no_record;
  std::string author;  // A-label form
  std::optional<PolicyRecord> policy;
  std::string organization;                // of the author; empty: nobody needed it, or it is unknown
  std::optional<std::size_t> author_walk;  // into discovery.walks
  Existence existence = Existence::unasked;
  std::vector<Identifier> identifiers;  // SPF first, then DKIM as given

  Tag tag = Tag::p;
  Policy asked = Policy::none;   // what the tag says
  Policy wanted = Policy::none;  // after t=y; none unless the result is fail
  bool lowered = false;          // by t=y

  Discovery discovery;

  bool aligned(Method method) const;
};

net::Task<Verdict> evaluate(dns::Resolver& resolver, Input input, net::Deadline deadline);

}  // namespace chappe::trust::dmarc
