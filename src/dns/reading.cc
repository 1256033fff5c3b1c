#include "dns/reading.h"

#include <algorithm>
#include <array>
#include <map>

namespace chappe::dns {
namespace {

// In the order of Said and of Flaw.
constexpr std::array<std::string_view, 11> kSaid = {"answer", "alias",   "nodata",  "nxdomain",    "referral", "lame",
                                                    "failed", "garbled", "timeout", "unreachable", "homeless"};
static_assert(kSaid.size() == static_cast<std::size_t>(Said::homeless) + 1);
constexpr std::array<std::string_view, 9> kFlaws = {"none",     "refused", "not_authoritative", "upward",    "itself",
                                                    "sideways", "circle",  "too_deep",          "no_address"};
static_assert(kFlaws.size() == static_cast<std::size_t>(Flaw::no_address) + 1);

Reading useless(Reading reading, Said said, Flaw flaw) {
  reading.said = said;
  reading.flaw = flaw;
  return reading;
}

// The message without what the server may not speak of.
Message believed(const Message& message, const Name& zone) {
  Message out;
  out.header = message.header;
  for (const Record& r : message.answer)
    if (r.name.under(zone)) out.answer.push_back(r);
  for (const Record& r : message.authority)
    if (r.name.under(zone)) out.authority.push_back(r);
  return out;
}

const Record* first_of(const std::vector<Record>& records, Type type) {
  const auto at = std::ranges::find(records, type, &Record::type);
  return at == records.end() ? nullptr : &*at;
}

void add_glue(const Record& r, const Name& zone, std::map<Name, NamedServer*>& servers) {
  if ((r.type != Type::a && r.type != Type::aaaa) || !r.name.under(zone)) return;
  const auto at = servers.find(r.name);
  if (at == servers.end() || at->second->addresses.size() == kMaxServerAddresses) return;
  if (const auto to = net::Endpoint::parse(rdata_to_text(r.type, r.rdata), kDnsPort))
    at->second->addresses.push_back(*to);
}

// What NS records in the authority section mean that came without an answer.
Reading read_referral(Reading out, const Message& message, const Question& question, const Name& zone,
                      const Name& cut) {
  if (cut == zone) return useless(std::move(out), Said::lame, Flaw::itself);
  if (zone.under(cut)) return useless(std::move(out), Said::lame, Flaw::upward);
  // RFC 4035 §3.1.4.1: a DS is known above the cut that it speaks of.
  const bool leads = question.name.under(cut) && (question.type != Type::ds || question.name != cut);
  if (!cut.under(zone) || !leads) return useless(std::move(out), Said::lame, Flaw::sideways);
  out.said = Said::referral;
  out.delegation = delegation_of(message, cut, zone);
  out.answer.ttl = out.delegation.ttl;
  return out;
}

Said said_of(Outcome outcome) {
  return outcome == Outcome::answer ? Said::answer : outcome == Outcome::nodata ? Said::nodata : Said::nxdomain;
}

}  // namespace

std::string_view said_name(Said said) { return kSaid[static_cast<std::size_t>(said)]; }
std::string_view flaw_name(Flaw flaw) { return kFlaws[static_cast<std::size_t>(flaw)]; }

Delegation delegation_of(const Message& message, const Name& cut, const Name& zone) {
  Delegation out;
  out.zone = cut;
  out.ttl = ~std::uint32_t{0};
  out.servers.reserve(kMaxServers);  // they are pointed to
  std::map<Name, NamedServer*> by_name;
  for (const Record& r : message.authority) {
    if (r.name != cut) continue;
    if (r.type == Type::ds) out.signed_below = true;
    if (r.type != Type::ns) continue;
    out.ttl = std::min(out.ttl, r.ttl);
    ++out.count;
    Name name = Ns::of(r.rdata).target;
    if (out.servers.size() == kMaxServers || by_name.contains(name)) continue;
    out.servers.push_back({name, {}});
    by_name.emplace(std::move(name), &out.servers.back());
  }
  for (const Record& r : message.additional) add_glue(r, zone, by_name);
  return out;
}

Reading read_reply(const Message& message, const Question& question, const Name& zone) {
  Reading out;
  out.answer = without_records(question, Outcome::servfail);
  const Rcode rcode = message.header.rcode;
  if (rcode == Rcode::refused || rcode == Rcode::notauth) return useless(std::move(out), Said::lame, Flaw::refused);
  if (rcode != Rcode::noerror && rcode != Rcode::nxdomain) return useless(std::move(out), Said::failed, Flaw::none);

  const Message known = believed(message, zone);
  const Record* soa = first_of(known.authority, Type::soa);
  const Record* ns = first_of(message.authority, Type::ns);
  Answer answer = answer_of(known, question);
  if (!answer && !answer.absent()) return useless(std::move(out), Said::garbled, Flaw::circle);
  const bool says_something = answer || !answer.chain.empty();

  // RFC 1034 §4.3.2 step 3b. Some servers set AA on what is a referral all the same.
  const bool refers = !says_something && rcode == Rcode::noerror && !soa && ns;
  if (refers && (!message.header.authoritative || ns->name != zone))
    return read_referral(std::move(out), message, question, zone, ns->name);
  if (!message.header.authoritative) return useless(std::move(out), Said::lame, Flaw::not_authoritative);

  out.said = said_of(answer.outcome);
  out.answer = std::move(answer);
  // At the end of a chain of aliases that leaves the zone, or ends in one that is delegated, others know more.
  if (out.answer.absent() && !out.answer.chain.empty() &&
      (!out.answer.canonical.under(zone) || (rcode == Rcode::noerror && !soa))) {
    out.said = Said::alias;
    out.answer.ttl = out.answer.chain.front().ttl;
    for (const Record& alias : out.answer.chain) out.answer.ttl = std::min(out.answer.ttl, alias.ttl);
  }
  return out;
}

}  // namespace chappe::dns
