// check_host() of SPF (RFC 7208 §4): may this client send with that identity? The verdict carries the whole way to it:
// every question with its answer, and every term that was looked at, with the domains that it led to.
//
// Pure but for the Resolver, which the caller owns and which must outlive the task; runs on the caller's executor.
// Nothing blocks. Never fails: what goes wrong is a result. A check asks at most
// 1 + lookups * (1 + max(mx_names, ptr_names)) + 1 questions and ends by its deadline.
//
// Where the RFC leaves a choice:
//   - An mx term with more MX records than allowed is permerror whether or not an early one matches (§4.6.4), so that
//     the order in which records come decides nothing.
//   - A term is counted as void once, for the question about its own target-name; addresses of MX and PTR names are not
//     counted, because hosts without AAAA records would make a record fail for IPv6 clients only (§4.6.4).
//   - A target-name of which no question can be made does not match; it is permerror in include and redirect (§4.8).
//   - %{p} is no term, so it does not count towards the lookups. The names of the client are looked up once a check.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "dns/resolver.h"
#include "net/task.h"
#include "trust/spf/reasons.h"
#include "trust/spf/record.h"

namespace chappe::trust::spf {

// RFC 7208 §4.6.4
struct Limits {
  unsigned lookups = 10;    // terms that ask the DNS
  unsigned voids = 2;       // of these, how many may ask for what does not exist
  unsigned mx_names = 10;   // MX records of one mx term
  unsigned ptr_names = 10;  // names of the client; those behind are ignored
  Duration time = std::chrono::seconds(20);
};

// How much of an explanation is kept: with what stands before it, a line of an SMTP reply holds it (RFC 5321
// §4.5.3.1.5).
inline constexpr std::size_t kMaxExplanation = 400;

struct Query {
  std::string ip;         // of the client; an IPv4-mapped IPv6 address counts as IPv4
  std::string mail_from;  // "local@domain" without angle brackets; empty: the null reverse-path
  std::string helo;       // as the client gave it
  std::string receiver;   // our own host name, for %{r}
  Time now;               // for %{t}
  Limits limits = {};
};

enum class Identity : std::uint8_t { mail_from, helo };

enum class Effect : std::uint8_t { match, no_match, error };

struct Evaluation;

// One term that was looked at.
struct Step {
  std::size_t term = 0;  // in Evaluation::record.terms
  std::string target;    // the target-name; empty: the term has none
  Effect effect = Effect::no_match;
  ResultCode error = ResultCode::none;  // with effect error: temperror or permerror
  Reason reason{};
  std::vector<std::size_t> questions;  // in Verdict::questions
  std::vector<Evaluation> inside;      // of include and redirect: one
};

// check_host() of one domain.
struct Evaluation {
  std::string domain;
  std::vector<std::size_t> questions;  // for its record
  Record record;                       // empty unless there is exactly one
  std::vector<Step> steps;             // those that were looked at, in order; the last one decides
  ResultCode result = ResultCode::none;
  Reason reason{};
};

struct Verdict {
  ResultCode result = ResultCode::none;
  Identity identity{};
  bool null_sender = false;  // the reverse-path is null, and the identity is postmaster@HELO (RFC 7208 §2.4)
  std::string sender;        // <sender>, its domain in A-labels
  std::string domain;        // its domain, which the result is about; as it was given if it is none
  // What decided: the reason of the last step, or of the domain where there was none; where it stands, and the term as
  // it is written there. An include that matches is named itself, a redirect is followed.
  Reason reason{};
  std::string decided_at;
  std::string decided_by;
  // Of fail: what the domain says about it by exp, printable ASCII only. Words of a third party (RFC 7208 §6.2).
  std::string explanation;
  unsigned lookups = 0;                // terms that asked the DNS
  unsigned voids = 0;                  // those that asked for what does not exist
  std::vector<dns::Answer> questions;  // in order
  std::vector<std::size_t> explanation_questions;
  Evaluation evaluation;  // of `domain`
};

// The MAIL FROM identity (RFC 7208 §2.4).
net::Task<Verdict> check(dns::Resolver& resolver, Query query, net::Deadline deadline);
// The HELO identity, of which mail_from plays no part (RFC 7208 §2.3). Its pass says nothing of who wrote the letter.
net::Task<Verdict> check_helo(dns::Resolver& resolver, Query query, net::Deadline deadline);

// One English sentence: "pass: example.org: ip4:192.0.2.0/24: the host is in this network".
std::string describe(const Verdict& verdict);

}  // namespace chappe::trust::spf
