#include "trust/judgement.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/base64.h"
#include "trust/authres/methods.h"

namespace chappe::trust {
namespace {

// RFC 6008 §4: as much of b= as tells one signature from another.
constexpr std::size_t kSignatureOctets = 8;

dmarc::Authentication authentication(spf::ResultCode result) {
  switch (result) {
    case spf::ResultCode::none:
      return dmarc::Authentication::none;
    case spf::ResultCode::neutral:
      return dmarc::Authentication::neutral;
    case spf::ResultCode::pass:
      return dmarc::Authentication::pass;
    case spf::ResultCode::fail:
      return dmarc::Authentication::fail;
    case spf::ResultCode::softfail:
      return dmarc::Authentication::softfail;
    case spf::ResultCode::temperror:
      return dmarc::Authentication::temperror;
    case spf::ResultCode::permerror:
      return dmarc::Authentication::permerror;
  }
  std::unreachable();
}

dmarc::Authentication authentication(dkim::ResultCode result) {
  switch (result) {
    case dkim::ResultCode::none:
      return dmarc::Authentication::none;
    case dkim::ResultCode::pass:
      return dmarc::Authentication::pass;
    case dkim::ResultCode::fail:
      return dmarc::Authentication::fail;
    case dkim::ResultCode::policy:
      return dmarc::Authentication::policy;
    case dkim::ResultCode::neutral:
      return dmarc::Authentication::neutral;
    case dkim::ResultCode::temperror:
      return dmarc::Authentication::temperror;
    case dkim::ResultCode::permerror:
      return dmarc::Authentication::permerror;
  }
  std::unreachable();
}

dmarc::Input input_of(const Judgement& j, std::string author) {
  dmarc::Input input{.author = std::move(author), .spf = {}, .dkim = {}};
  if (j.spf) input.spf = dmarc::SpfIdentity{.domain = j.spf->domain, .result = authentication(j.spf->result)};
  for (const dkim::SignatureVerdict& v : j.dkim.signatures)
    input.dkim.push_back({.domain = v.signature.domain,
                          .selector = v.signature.selector,
                          .result = authentication(v.result()),
                          .partial = v.body && v.body->uncovered() > 0});
  return input;
}

spf::Query query_of(const Envelope& envelope, const JudgeOptions& options) {
  return {.ip = envelope.ip,
          .mail_from = envelope.mail_from,
          .helo = envelope.helo,
          .receiver = options.receiver,
          .now = options.now,
          .limits = options.spf};
}

net::Task<void> check_spf(dns::Resolver* resolver, Judgement* out, const JudgeOptions* options,
                          net::Deadline deadline) {
  out->spf = co_await spf::check(*resolver, query_of(out->envelope, *options), deadline);
}
net::Task<void> check_helo(dns::Resolver* resolver, Judgement* out, const JudgeOptions* options,
                           net::Deadline deadline) {
  out->helo = co_await spf::check_helo(*resolver, query_of(out->envelope, *options), deadline);
}
net::Task<void> look_up(dns::Resolver* resolver, Judgement* out, net::Deadline deadline) {
  out->iprev = co_await check_iprev(*resolver, out->envelope.ip, deadline);
}
net::Task<void> look_at_name(dns::Resolver* resolver, Judgement* out, const JudgeOptions* options,
                             net::Deadline deadline) {
  out->helo_name =
      co_await check_helo_name(*resolver, out->envelope.helo, out->envelope.ip, options->receiver, deadline);
}
net::Task<void> ask_lists_of(dns::Resolver* resolver, Judgement* out, const JudgeOptions* options,
                             net::Deadline deadline) {
  out->lists = co_await ask_sender_lists(*resolver,
                                         {.ip = out->envelope.ip,
                                          .helo = out->envelope.helo,
                                          .mail_from = out->envelope.mail_from,
                                          .authors = out->author.domains},
                                         options->lists, deadline);
}
net::Task<void> verify_chain(dns::Resolver* resolver, Judgement* out, const message::Letter* letter,
                             const dkim::BodyHashes* bodies, const JudgeOptions* options, net::Deadline deadline) {
  out->arc = co_await arc::verify(*resolver, letter->fields(), *bodies, options->now, options->arc, deadline);
}
net::Task<void> verify(dns::Resolver* resolver, Judgement* out, const message::Letter* letter,
                       const dkim::BodyHashes* bodies, const JudgeOptions* options, net::Deadline deadline) {
  out->dkim = co_await dkim::verify(*resolver, letter->fields(), *bodies, options->now, options->dkim, deadline);
}

// The domains that the letter proves to be from.
std::vector<std::string> proven_by(const Judgement& j) {
  std::vector<std::string> out;
  for (const dmarc::Verdict& v : j.dmarc)
    if (v.result == dmarc::Outcome::pass) out.push_back(v.author);
  for (const auto* spf : {&j.spf, &j.helo})
    if (*spf && (*spf)->result == spf::ResultCode::pass) out.push_back((*spf)->domain);
  return out;
}

// Whether anything tells that the letter came by a list, a forwarder or a gateway: each of them leaves a trace field at
// the least (RFC 5321 §4.4).
bool came_indirectly(const message::Letter& letter) {
  using message::FieldName;
  static constexpr FieldName kTraces[] = {FieldName::received,      FieldName::list_id,         FieldName::delivered_to,
                                          FieldName::return_path,   FieldName::resent_from,     FieldName::arc_seal,
                                          FieldName::resent_sender, FieldName::list_unsubscribe};
  return std::ranges::any_of(kTraces, [&](FieldName name) { return letter.find(name) != nullptr; });
}

// One result for each signature that was looked at, and one for all the others.
void add_signatures(authres::Results& out, const dkim::Verdict& verdict) {
  std::size_t more = 0;
  for (const dkim::SignatureVerdict& v : verdict.signatures) {
    if (v.reason == dkim::Reason::too_many_signatures) {
      ++more;
      continue;
    }
    const dkim::Signature& s = v.signature;
    out.results.push_back(
        authres::dkim(result_name(v.result()),
                      {.domain = s.domain,
                       .selector = s.selector,
                       .identity = s.domain.empty() ? std::string() : s.identity(),
                       .algorithm = s.algorithm,
                       .signature = codec::base64_encode(s.value).substr(0, kSignatureOctets)},
                      v.reason == dkim::Reason::verified ? std::string_view() : reason_row(v.reason).en));
  }
  if (more > 0)
    out.results.push_back(authres::dkim(result_name(reason_row(dkim::Reason::too_many_signatures).result), {},
                                        fmt::format("{} more, which were not looked at", more)));
}

}  // namespace

bool Judgement::kept_back() const {
  const dmarc::Verdict* const verdict = decisive();
  if (verdict) return verdict->result == dmarc::Outcome::temperror;
  return (spf && spf->result == spf::ResultCode::temperror) || dkim.result() == dkim::ResultCode::temperror;
}

dmarc::Decision Judgement::decide(const dmarc::Knowledge& known, const dmarc::LocalPolicy& policy) const {
  dmarc::Decision out = dmarc::decide(author, dmarc, known, policy);
  if (!known.local_allow && !known.trusted_forwarder) apply(lists, policy, out);
  return out;
}

net::Task<Judgement> judge(dns::Resolver& resolver, Envelope envelope, const message::Letter& letter,
                           const dkim::BodyHashes& bodies, JudgeOptions options, net::Deadline deadline) {
  Judgement out;
  out.envelope = std::move(envelope);
  out.author = decide_author(letter);
  {
    net::Scope scope;
    if (!out.envelope.ip.empty()) {
      scope.spawn(check_spf(&resolver, &out, &options, deadline));
      if (!out.envelope.helo.empty()) {
        scope.spawn(check_helo(&resolver, &out, &options, deadline));
        scope.spawn(look_at_name(&resolver, &out, &options, deadline));
      }
      scope.spawn(look_up(&resolver, &out, deadline));
    }
    if (!options.lists.empty()) scope.spawn(ask_lists_of(&resolver, &out, &options, deadline));
    scope.spawn(verify_chain(&resolver, &out, &letter, &bodies, &options, deadline));
    scope.spawn(verify(&resolver, &out, &letter, &bodies, &options, deadline));
    co_await scope.join();
  }
  for (const std::string& author : out.author.domains)
    out.dmarc.push_back(co_await dmarc::evaluate(resolver, input_of(out, author), deadline));
  out.arc_trust = co_await weigh_chain(resolver, out.arc, letter.fields(), out.author.domains,
                                       std::move(options.trusted_sealers), deadline);
  weigh(out.lists, proven_by(out));
  dmarc::Knowledge& knowledge = out.knowledge = std::move(options.knowledge);
  if (!knowledge.arc && out.arc_trust.knowledge.passes) knowledge.arc = out.arc_trust.knowledge;
  if (!came_indirectly(letter)) knowledge.against.push_back(dmarc::Evidence::no_indirect_flow);
  if (out.lists.against() != nullptr) knowledge.against.push_back(dmarc::Evidence::sender_listed);
  out.decision = out.decide(knowledge, options.policy);
  co_return out;
}

authres::Results results_of(const Judgement& j, std::string authserv_id) {
  authres::Results out{.authserv_id = std::move(authserv_id), .version = 1, .results = {}};
  for (const dmarc::Verdict& v : j.dmarc) out.results.push_back(authres::dmarc(v));
  if (j.dmarc.empty()) {
    const AuthorReasonRow& why = author_reason_row(j.author.reason);
    out.results.push_back(
        {.method = "dmarc", .version = 1, .result = "permerror", .reason = std::string(why.en), .properties = {}});
  }
  if (j.spf) {
    const bool null = j.spf->null_sender;
    out.results.push_back(authres::spf(result_row(j.spf->result).name, null ? std::string_view() : j.spf->sender,
                                       null ? std::string_view(j.envelope.helo) : std::string_view()));
  }
  if (j.helo && j.spf && !j.spf->null_sender)
    out.results.push_back(authres::spf(result_row(j.helo->result).name, {}, j.envelope.helo));
  if (j.arc.status() != arc::Status::none)
    out.results.push_back(authres::arc(status_name(j.arc.status()), j.envelope.ip, j.arc.oldest_pass));
  if (j.iprev && j.iprev->result() != IprevResult::none) {
    authres::MethodResult iprev = authres::iprev(iprev_result_name(j.iprev->result()), j.envelope.ip);
    // RFC 8601 §2.4: what local checks of the client came to, under names of our own.
    if (j.helo_name) iprev.properties.push_back({"policy", "helo", std::string(helo_row(j.helo_name->finding).id)});
    for (const ListFinding& finding : j.lists.findings)
      if (finding.effect == ListEffect::counts && j.lists.rule_of(finding).list.kind == List::Kind::block)
        iprev.properties.push_back({"policy", "dns-list", j.lists.rule_of(finding).list.name});
    out.results.push_back(std::move(iprev));
  }
  for (const ListFinding& finding : j.lists.findings)
    if (finding.effect == ListEffect::counts && j.lists.rule_of(finding).list.kind == List::Kind::allow)
      out.results.push_back(
          authres::dnswl("pass", j.lists.rule_of(finding).list.name, finding.listing.codes.front().text()));
  add_signatures(out, j.dkim);
  return out;
}

}  // namespace chappe::trust
