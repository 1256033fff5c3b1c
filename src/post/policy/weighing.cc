#include "post/policy/weighing.h"

#include <fmt/format.h>

#include <algorithm>

#include "message/address.h"
#include "message/ids.h"
#include "post/address.h"
#include "trust/mail_domain.h"

namespace chappe::post {

using trust::dmarc::Action;
using trust::dmarc::Knowledge;
using trust::dmarc::LocalPolicy;
using Kind = Acquaintance::Kind;

namespace {

// An address is more exact than any domain, a domain than any network.
constexpr std::size_t kExactAddress = 1000;
// Authors of one letter that are looked for by their addresses.
constexpr std::size_t kMaxAuthors = 100;

std::string told(const Known& known, Kind kind, std::string_view name) {
  return fmt::format("{} {}, known to the {}", acquaintance_row(kind).id, name, scope_name(known.of()));
}

bool within(std::string_view domain, std::string_view above) {
  return domain == above ||
         (domain.size() > above.size() && domain.ends_with(above) && domain[domain.size() - above.size() - 1] == '.');
}

void add(std::vector<std::string>& to, const Result<std::string>& name) {
  if (name && std::ranges::find(to, *name) == to.end()) to.push_back(*name);
}

// An address as those who are known are named.
Result<std::string> name_of(const AddressKey& address) {
  return TRY(parse_acquaintance(Kind::allow, address.written())).name;
}

std::vector<AddressKey> authors_of(const message::Letter& letter) {
  std::vector<AddressKey> out;
  const message::Field* const from = letter.find(message::FieldName::from);
  if (!from) return out;
  const message::AddressList list = message::parse_addresses(from->value());
  for (const message::Address& one : list.entries) {
    if (!one.is_mailbox() || out.size() >= kMaxAuthors) continue;
    if (auto key = AddressKey::of(one.local, one.domain)) out.push_back(std::move(*key));
  }
  return out;
}

}  // namespace

std::vector<std::string> sealers_of(const std::vector<KnownChain>& chains) {
  std::vector<std::string> out;
  for (const KnownChain& chain : chains)
    for (const auto& known : chain)
      for (std::string& name : known->names(Kind::sealer)) out.push_back(std::move(name));
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

LocalPolicy policy_of(const KnownChain& chain, const LocalPolicy& standard) {
  LocalPolicy out = standard;
  Handling handling;
  for (const auto& known : chain) {
    if (!handling.rejected) handling.rejected = known->rules().handling.rejected;
    if (!handling.suspect) handling.suspect = known->rules().handling.suspect;
  }
  if (handling.rejected) {
    out.reject = *handling.rejected;
    // Who does without proof does not want letters whose author nobody can tell.
    out.no_author = out.ambiguous = std::max(*handling.rejected, Action::junk);
  }
  if (handling.suspect) out.quarantine = *handling.suspect;
  return out;
}

LetterAnswer answer_to(std::vector<trust::dmarc::Decision>& decisions, const std::vector<bool>& has_junk) {
  const auto is = [](Action action) { return [action](const auto& d) { return d.action == action; }; };
  if (std::ranges::all_of(decisions, is(Action::reject))) return LetterAnswer::refuse;
  if (std::ranges::any_of(decisions, is(Action::defer))) return LetterAnswer::defer;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    trust::dmarc::Decision& d = decisions[i];
    if (d.action != Action::reject) continue;
    d.action = has_junk[i] ? Action::junk : Action::quarantine;
    d.overrides.push_back({trust::dmarc::OverrideType::local_policy, "taken for another recipient"});
    if (d.disposition == trust::dmarc::Disposition::reject) d.disposition = trust::dmarc::Disposition::quarantine;
  }
  return LetterAnswer::take;
}

Weighing::Weighing(const trust::Judgement& j, const message::Letter& letter, std::span<const std::string> sealers)
    : judgement_(j), sealers_(sealers), client_(trust::Ip::of_client(j.envelope.ip)) {
  for (const auto* const spf : {&j.spf, &j.helo})
    if (*spf && (*spf)->result == trust::spf::ResultCode::pass) add(proven_, trust::mail_domain((*spf)->domain));
  for (const trust::dkim::SignatureVerdict& v : j.dkim.signatures)
    // RFC 6376 §8.2: what l= leaves out may be anybody's.
    if (v.result() == trust::dkim::ResultCode::pass && !(v.body && v.body->uncovered() > 0))
      add(proven_, trust::mail_domain(v.signature.domain));

  const std::vector<AddressKey> authors = authors_of(letter);
  for (const AddressKey& one : authors) add(addresses_, name_of(one));
  domains_ = j.author.domains;
  const std::string& from = j.envelope.mail_from;
  if (const auto key = AddressKey::parse(from)) add(addresses_, name_of(*key));
  if (const auto at = from.rfind('@'); at != from.npos)
    add(domains_, trust::mail_domain(ByteView(from).substr(at + 1)));
  if (j.author.class_() == trust::AuthorClass::one && j.dmarc.size() == 1) {
    const std::string& domain = j.author.domains.front();
    const trust::dmarc::Outcome result = j.dmarc.front().result;
    const bool same = result != trust::dmarc::Outcome::fail && std::ranges::find(proven_, domain) != proven_.end();
    if (result == trust::dmarc::Outcome::pass || same) {
      author_domain_ = domain;
      if (authors.size() == 1)
        if (auto name = name_of(authors.front())) author_ = std::move(*name);
    }
  }
  if (const message::Field* const field = letter.find(message::FieldName::list_id))
    if (auto id = message::parse_list_id(field->value())) list_id_ = std::move(id->id);
  if (!j.arc.sets.empty() && j.arc.sets.back().seal)
    sealer_ = trust::mail_domain(j.arc.sets.back().seal->signature.domain).value_or("");
}

std::optional<std::string> Weighing::by_proof(const Known& known, Kind kind) const {
  for (const std::string& domain : proven_)
    if (const auto name = known.domain(kind, domain)) return told(known, kind, *name);
  return std::nullopt;
}

std::optional<std::string> Weighing::list(const Known& known) const {
  if (list_id_)
    for (const Known::List& one : known.lists())
      if (one.id == *list_id_ && std::ranges::any_of(proven_, [&](const auto& d) { return within(d, one.domain); }))
        return told(known, Kind::list, one.name);
  return by_proof(known, Kind::list);
}

std::optional<std::string> Weighing::forwarder(const Known& known) const {
  if (client_)
    if (const auto network = known.network(Kind::forwarder, *client_)) return told(known, Kind::forwarder, *network);
  return by_proof(known, Kind::forwarder);
}

std::optional<Weighing::Match> Weighing::allowed(const Known& known) const {
  if (author_ && known.has(Kind::allow, *author_)) return Match{told(known, Kind::allow, *author_), kExactAddress};
  if (author_domain_)
    if (const auto name = known.domain(Kind::allow, *author_domain_))
      return Match{told(known, Kind::allow, *name), name->size()};
  return std::nullopt;
}

std::optional<Weighing::Match> Weighing::blocked(const Known& known) const {
  for (const std::string& address : addresses_)
    if (known.has(Kind::block, address)) return Match{told(known, Kind::block, address), kExactAddress};
  std::optional<Match> best;
  for (const std::string& domain : domains_)
    if (const auto name = known.domain(Kind::block, domain); name && (!best || name->size() > best->exact))
      best = Match{told(known, Kind::block, *name), name->size()};
  if (!best && client_)
    if (const auto network = known.network(Kind::block, *client_)) best = Match{told(known, Kind::block, *network), 0};
  return best;
}

Knowledge Weighing::knowledge(const KnownChain& chain) const {
  Knowledge out = judgement_.knowledge;
  // The judgement knows the sealers of all recipients: the newest one, and the one whose word counts.
  const std::string& speaker = judgement_.arc_trust.sealer.empty() ? sealer_ : judgement_.arc_trust.sealer;
  const auto by_all = [this](const std::string& who) { return std::ranges::find(sealers_, who) != sealers_.end(); };
  bool newest = by_all(sealer_), heard = by_all(speaker);
  for (const auto& known : chain) {
    if (!out.mailing_list) out.mailing_list = list(*known);
    if (!out.trusted_forwarder) out.trusted_forwarder = forwarder(*known);
    newest = newest || known->has(Kind::sealer, sealer_);
    heard = heard || known->has(Kind::sealer, speaker);
    if (out.local_allow || out.local_block) continue;
    const auto allow = allowed(*known);
    const auto block = blocked(*known);
    if (block && (!allow || block->exact >= allow->exact))
      out.local_block = block->text;
    else if (allow)
      out.local_allow = allow->text;
  }
  if (out.arc) out.arc->trusted = out.arc->trusted && newest && heard;
  return out;
}

trust::dmarc::Decision Weighing::decide(const KnownChain& chain, const LocalPolicy& standard) const {
  return judgement_.decide(knowledge(chain), policy_of(chain, standard));
}

}  // namespace chappe::post
