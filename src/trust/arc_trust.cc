#include "trust/arc_trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "trust/authres/results.h"
#include "trust/ip.h"
#include "trust/mail_domain.h"

namespace chappe::trust {
namespace {

using dmarc::Outcome;

constexpr std::array<ArcTrustRow, 4> kRows = {{
    {ArcTrustReason::no_chain, "no-chain", "RFC 8617 §5.2", "There is no chain of seals that holds",
     "Il n'y a pas de chaîne de sceaux qui tienne"},
    {ArcTrustReason::sealer_unknown, "sealer-unknown", "RFC 8617 §9.4",
     "The newest sealer is not one that this host trusts",
     "Ce serveur ne se fie pas à qui a posé le sceau le plus récent"},
    {ArcTrustReason::sealer_vouches, "sealer-vouches", "RFC 8617 §7.2",
     "A trusted sealer saw the letter pass when it came there",
     "Un scelleur de confiance a vu la lettre satisfaire à DMARC en arrivant chez lui"},
    {ArcTrustReason::sealer_does_not, "sealer-does-not", "RFC 8617 §7.2",
     "No trusted sealer says that the letter passed when it came there",
     "Aucun scelleur de confiance ne dit que la lettre satisfaisait à DMARC en arrivant chez lui"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].reason) != i) return false;
  return true;
}
static_assert(in_order(), "kRows must stand in the order of ArcTrustReason");

// What a set says was found when the letter came to its sealer; nothing: it cannot be read.
std::optional<authres::Results> told_by(const arc::Set& set, std::span<const message::Field> header) {
  if (!set.results) return std::nullopt;
  const auto text = arc::results_text(header[*set.results].value());
  if (!text) return std::nullopt;
  authres::Reading reading = authres::parse(*text);
  if (!reading.ok()) return std::nullopt;
  return std::move(reading.results);
}

// The domain of a value that is an address, or a domain alone; empty: it is neither.
std::string domain_of(std::string_view value) {
  const auto at = value.rfind('@');
  return mail_domain(at == value.npos ? value : value.substr(at + 1)).value_or("");
}

std::optional<Outcome> outcome_named(std::string_view name) {
  for (const Outcome o : {Outcome::none, Outcome::pass, Outcome::fail, Outcome::temperror, Outcome::permerror})
    if (name == outcome_name(o)) return o;
  return std::nullopt;
}

// What it says of DMARC for this very domain; nothing: it does not.
std::optional<Outcome> dmarc_of(const authres::Results& told, std::string_view author) {
  std::optional<Outcome> out;
  for (const authres::MethodResult& result : told.results) {
    if (result.method != "dmarc") continue;
    const auto from = result.value("header", "from");
    if (!from || domain_of(*from) != author) continue;
    const Outcome said = outcome_named(result.result).value_or(Outcome::none);
    out = !out || *out == said ? said : Outcome::none;
  }
  return out;
}

dmarc::Input identities_of(const authres::Results& told, std::string author) {
  dmarc::Input input{.author = std::move(author), .spf = {}, .dkim = {}};
  for (const authres::MethodResult& result : told.results) {
    if (result.result != "pass") continue;
    if (const auto from = result.value("smtp", "mailfrom"); result.method == "spf" && from)
      input.spf = dmarc::SpfIdentity{.domain = domain_of(*from), .result = dmarc::Authentication::pass};
    const auto signer = result.value("header", "d");
    if (result.method == "dkim" && signer && input.dkim.size() < authres::Reading::kMaxResults)
      input.dkim.push_back({.domain = domain_of(*signer), .selector = {}, .result = dmarc::Authentication::pass});
  }
  return input;
}

net::Task<Outcome> reported(dns::Resolver* resolver, const authres::Results* told, const std::string* author,
                            net::Deadline deadline) {
  if (const auto said = dmarc_of(*told, *author)) co_return *said;
  dmarc::Input input = identities_of(*told, *author);
  if (!input.spf && input.dkim.empty()) co_return Outcome::none;
  co_return (co_await dmarc::evaluate(*resolver, std::move(input), deadline)).result;
}

// The address from which the letter came to the first sealer, as that says.
std::optional<Ip> first_ip(const arc::Verdict& chain, std::span<const message::Field> header) {
  const auto told = chain.sets.empty() ? std::nullopt : told_by(chain.sets.front(), header);
  if (!told) return std::nullopt;
  for (const authres::MethodResult& result : told->results)
    for (const auto& [ptype, property] : {std::pair("smtp", "remote-ip"), std::pair("policy", "iprev")})
      if (const auto value = result.value(ptype, property))
        if (const auto ip = Ip::parse(*value)) return ip;
  return std::nullopt;
}

}  // namespace

const ArcTrustRow& arc_trust_row(ArcTrustReason reason) { return kRows[static_cast<std::size_t>(reason)]; }
std::span<const ArcTrustRow> arc_trust_rows() { return kRows; }

std::string arc_comment(const arc::Verdict& chain, std::span<const message::Field> header) {
  std::string out = fmt::format("arc={}", status_name(chain.status()));
  for (auto set = chain.sets.rbegin(); set != chain.sets.rend(); ++set) {
    if (!set->seal) continue;
    const dkim::Signature& s = set->seal->signature;
    out += fmt::format(" as[{0}].d={1} as[{0}].s={2}", set->instance, s.domain, s.selector);
  }
  if (const auto ip = first_ip(chain, header)) out += fmt::format(" remote-ip[1]={}", ip->text());
  return out;
}

net::Task<ArcTrust> weigh_chain(dns::Resolver& resolver, const arc::Verdict& chain,
                                std::span<const message::Field> header, std::vector<std::string> authors,
                                std::vector<std::string> trusted, net::Deadline deadline) {
  ArcTrust out;
  if (chain.status() != arc::Status::pass) co_return out;
  out.knowledge.passes = true;
  out.knowledge.comment = arc_comment(chain, header);
  out.reason = ArcTrustReason::sealer_unknown;
  for (auto set = chain.sets.rbegin(); set != chain.sets.rend(); ++set) {
    const std::string& sealer = set->seal->signature.domain;
    if (std::ranges::find(trusted, sealer) == trusted.end()) break;
    out.knowledge.trusted = true;
    out.reason = ArcTrustReason::sealer_does_not;
    const auto told = told_by(*set, header);
    // The letter passes if every author does (RFC 9989 §11.5).
    Outcome all = told && !authors.empty() ? Outcome::pass : Outcome::none;
    for (const std::string& author : authors)
      if (all == Outcome::pass) all = co_await reported(&resolver, &*told, &author, deadline);
    if (out.instance != 0 && all != Outcome::pass) continue;
    out.instance = set->instance;
    out.sealer = sealer;
    out.knowledge.reported = all;
    if (all != Outcome::pass) continue;
    out.reason = ArcTrustReason::sealer_vouches;
    break;
  }
  co_return out;
}

}  // namespace chappe::trust
