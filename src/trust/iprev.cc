#include "trust/iprev.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::trust {
namespace {

constexpr std::array<IprevRow, 7> kIprev = {{
    {IprevReason::confirmed, IprevResult::pass, "confirmed", "RFC 8601 §3", "A name of the address leads back to it",
     "Un nom de l'adresse ramène à elle"},
    {IprevReason::other_addresses, IprevResult::fail, "other-addresses", "RFC 8601 §2.7.3",
     "The names of the address lead to other addresses", "Les noms de l'adresse mènent à d'autres adresses"},
    {IprevReason::no_addresses, IprevResult::fail, "no-addresses", "RFC 8601 §2.7.3",
     "The names of the address have no addresses", "Les noms de l'adresse n'ont pas d'adresse"},
    {IprevReason::no_names, IprevResult::permerror, "no-names", "RFC 8601 §2.7.3", "The address has no name",
     "L'adresse n'a pas de nom"},
    {IprevReason::reverse_failed, IprevResult::temperror, "reverse-failed", "RFC 8601 §2.7.3",
     "The DNS gave no usable answer about the address", "Le DNS n'a pas donné de réponse utilisable sur l'adresse"},
    {IprevReason::forward_failed, IprevResult::temperror, "forward-failed", "RFC 8601 §2.7.3",
     "The DNS gave no usable answer about a name of the address",
     "Le DNS n'a pas donné de réponse utilisable sur un nom de l'adresse"},
    {IprevReason::no_address, IprevResult::none, "no-address", "RFC 8601 §3", "The client has no IP address",
     "Le client n'a pas d'adresse IP"},
}};

constexpr std::array<HeloRow, 11> kHelo = {{
    {HeloFinding::resolves, "resolves", "RFC 5321 §4.1.4", "The name leads to the address of the client",
     "Le nom mène à l'adresse du client"},
    {HeloFinding::other_addresses, "other-addresses", "RFC 5321 §4.1.4", "The name leads to other addresses",
     "Le nom mène à d'autres adresses"},
    {HeloFinding::no_addresses, "no-addresses", "RFC 5321 §2.3.5", "The name has no such addresses",
     "Le nom n'a pas de telles adresses"},
    {HeloFinding::no_name, "no-name", "RFC 5321 §2.3.5", "The name does not exist", "Le nom n'existe pas"},
    {HeloFinding::lookup_failed, "lookup-failed", "RFC 5321 §4.1.4", "The DNS gave no usable answer about the name",
     "Le DNS n'a pas donné de réponse utilisable sur le nom"},
    {HeloFinding::literal, "literal", "RFC 5321 §4.1.3", "The client gives its own address instead of a name",
     "Le client donne sa propre adresse au lieu d'un nom"},
    {HeloFinding::other_literal, "other-literal", "RFC 5321 §4.1.3", "The client gives an address that is not its own",
     "Le client donne une adresse qui n'est pas la sienne"},
    {HeloFinding::bad_literal, "bad-literal", "RFC 5321 §4.1.3", "What stands in brackets is no address",
     "Ce qui est entre crochets n'est pas une adresse"},
    {HeloFinding::dotless, "dotless", "RFC 5321 §2.3.5", "The name has no dot, so it is not fully qualified",
     "Le nom n'a pas de point, il n'est donc pas pleinement qualifié"},
    {HeloFinding::own_name, "own-name", "RFC 5321 §4.1.4", "The client gives our own name",
     "Le client donne notre nom"},
    {HeloFinding::bad_name, "bad-name", "RFC 5321 §4.1.1.1", "What the client gives is no domain name",
     "Ce que donne le client n'est pas un nom de domaine"},
}};

template <class Rows, class Key>
constexpr bool in_order(const Rows& rows, Key key) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].*key) != i) return false;
  return true;
}
static_assert(in_order(kIprev, &IprevRow::reason), "kIprev must stand in the order of IprevReason");
static_assert(in_order(kHelo, &HeloRow::finding), "kHelo must stand in the order of HeloFinding");

net::Task<void> ask_into(dns::Resolver* resolver, dns::Question question, net::Deadline deadline, dns::Answer* out) {
  *out = co_await resolver->ask(std::move(question), deadline);
}

bool contains(const std::vector<Ip>& addresses, const Ip& ip) {
  return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

// From the questions about the names.
IprevReason judge(const Iprev& found) {
  bool failed = false, addresses = false;
  for (const IprevName& name : found.names) {
    if (name.confirmed) return IprevReason::confirmed;
    addresses |= name.outcome == dns::Outcome::answer;
    failed |= !found.questions[name.question] && !found.questions[name.question].absent();
  }
  return failed ? IprevReason::forward_failed : addresses ? IprevReason::other_addresses : IprevReason::no_addresses;
}

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// RFC 5321 §4.1.3
std::optional<Ip> literal(std::string_view helo) {
  constexpr std::string_view kIpv6 = "IPv6:";
  if (!helo.ends_with(']')) return std::nullopt;
  std::string_view inside = helo.substr(1, helo.size() - 2);
  const bool tagged = istarts_with(inside, kIpv6);
  if (tagged) inside.remove_prefix(kIpv6.size());
  const auto ip = Ip::parse(inside);
  if (!ip || ip->v4() == tagged) return std::nullopt;
  return Ip::of_client(inside);
}

}  // namespace

std::string_view iprev_result_name(IprevResult result) {
  switch (result) {
    case IprevResult::none:
      return "none";
    case IprevResult::pass:
      return "pass";
    case IprevResult::fail:
      return "fail";
    case IprevResult::temperror:
      return "temperror";
    case IprevResult::permerror:
      return "permerror";
  }
  return {};
}

const IprevRow& iprev_row(IprevReason reason) { return kIprev[static_cast<std::size_t>(reason)]; }
std::span<const IprevRow> iprev_rows() { return kIprev; }
const HeloRow& helo_row(HeloFinding finding) { return kHelo[static_cast<std::size_t>(finding)]; }
std::span<const HeloRow> helo_rows() { return kHelo; }

net::Task<Iprev> check_iprev(dns::Resolver& resolver, std::string ip, net::Deadline deadline) {
  Iprev out;
  out.reason = IprevReason::no_address;
  const auto client = Ip::of_client(ip);
  if (!client) co_return out;
  dns::Name reverse = dns::reverse_name(client->text()).value();
  out.questions.push_back(co_await resolver.ask({std::move(reverse), dns::Type::ptr}, deadline));
  const dns::Answer& names = out.questions.front();
  if (!names) {
    out.reason = names.absent() ? IprevReason::no_names : IprevReason::reverse_failed;
    co_return out;
  }
  std::vector<dns::Ptr> pointers = names.records.as<dns::Ptr>();
  out.name_count = pointers.size();
  if (pointers.size() > kMaxIprevNames) pointers.resize(kMaxIprevNames);  // RFC 8601 §3
  for (dns::Ptr& pointer : pointers) {
    IprevName& name = out.names.emplace_back();
    name.name = std::move(pointer.target);
    name.question = out.names.size();
  }
  out.questions.resize(1 + out.names.size());
  net::Scope all;
  for (const IprevName& name : out.names)
    all.spawn(ask_into(&resolver, {name.name, client->record_type()}, deadline, &out.questions[name.question]));
  co_await all.join();
  for (IprevName& name : out.names) {
    name.outcome = out.questions[name.question].outcome;
    name.addresses = ips_of(out.questions[name.question].records);
    name.confirmed = contains(name.addresses, *client);
  }
  out.reason = judge(out);
  for (const IprevName& name : out.names)
    if (name.confirmed) {
      out.name = name.name;
      break;
    }
  co_return out;
}

net::Task<HeloCheck> check_helo_name(dns::Resolver& resolver, std::string helo, std::string ip, std::string own_name,
                                     net::Deadline deadline) {
  HeloCheck out;
  const auto client = Ip::of_client(ip);
  if (helo.starts_with('[')) {
    const auto given = literal(helo);
    if (given) out.addresses = {*given};
    out.finding = !given                        ? HeloFinding::bad_literal
                  : client && *client == *given ? HeloFinding::literal
                                                : HeloFinding::other_literal;
    co_return out;
  }
  const std::string_view name = without_dot(helo);
  if (!name.contains('.') && codec::valid_domain(name)) {
    out.finding = HeloFinding::dotless;
    co_return out;
  }
  // An underscore is no letter of a host name (RFC 1123 §2.1).
  const auto parsed = codec::valid_domain(name) ? dns::Name::parse(name) : fail(Errc::invalid, "no domain name");
  if (!parsed) {
    out.finding = HeloFinding::bad_name;
    co_return out;
  }
  if (iequals(name, without_dot(own_name))) {
    out.finding = HeloFinding::own_name;
    co_return out;
  }
  const dns::Type type = client ? client->record_type() : dns::Type::a;
  out.questions.push_back(co_await resolver.ask({*parsed, type}, deadline));
  const dns::Answer& answer = out.questions.front();
  out.addresses = ips_of(answer.records);
  if (!answer)
    out.finding = answer.outcome == dns::Outcome::nxdomain ? HeloFinding::no_name
                  : answer.absent()                        ? HeloFinding::no_addresses
                                                           : HeloFinding::lookup_failed;
  else
    out.finding = client && contains(out.addresses, *client) ? HeloFinding::resolves : HeloFinding::other_addresses;
  co_return out;
}

}  // namespace chappe::trust
