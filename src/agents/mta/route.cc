#include "agents/mta/route.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/text.h"
#include "net/connect.h"

namespace chappe::agents::mta {

using dns::Answer;
using dns::Outcome;
using net::Task;
using proto::smtp::Reply;

namespace {

bool contains(const auto& list, const auto& what) { return std::ranges::find(list, what) != list.end(); }

// RFC 3463 §3.5: x.4.3 is the directory (here: the DNS) that fails, x.4.4 that there is no way, x.4.6 a loop.
Reply dns_trouble(const Answer& answer) {
  return Reply(451, "4.4.3",
               fmt::format("The DNS gives no answer to {}: {}{}{}", answer.question.text(),
                           outcome_row(answer.outcome).name, answer.why.empty() ? "" : ", ", answer.why));
}

MailRoute never(MailRoute route, Reply verdict) {
  route.end = MailRoute::End::never;
  route.hosts.clear();
  route.verdict = std::move(verdict);
  return route;
}

MailRoute later(MailRoute route, Reply verdict) {
  route.end = MailRoute::End::later;
  route.hosts.clear();
  route.verdict = std::move(verdict);
  return route;
}

// Addresses of this machine itself, of nobody, or of many: a letter that goes there comes back, or goes nowhere.
// RFC 6890 §2.2.2 and §2.2.3 (this host, loopback, link local, reserved), RFC 5771, RFC 4291 §2.4 (multicast).
// Private addresses (RFC 1918, RFC 4193) are hosts like others: inside an organisation, that is where they are.
bool no_other_host(const net::Endpoint& at, const Self& self) {
  if (at.loopback()) return !self.loopback;
  const auto v4 = [](const std::uint8_t* a) { return a[0] == 0 || a[0] >= 224 || (a[0] == 169 && a[1] == 254); };
  if (at.raw()->sa_family == AF_INET)
    return v4(reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(at.raw())->sin_addr));
  const in6_addr& six = reinterpret_cast<const sockaddr_in6*>(at.raw())->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return v4(six.s6_addr + 12);
  return IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_MULTICAST(&six) || IN6_IS_ADDR_LINKLOCAL(&six);
}

// [192.0.2.1] and [IPv6:2001:db8::1] (RFC 5321 §4.1.3).
MailRoute to_literal(std::string_view domain, const Self& self, std::uint16_t port) {
  std::string_view ip = domain.substr(1, domain.size() - 2);
  if (istarts_with(ip, "IPv6:")) ip.remove_prefix(5);
  const auto at = net::Endpoint::parse(ip, port);
  if (!at) return never({}, Reply(550, "5.1.2", "The address literal names no IP address"));
  if (contains(self.addresses, at->ip()))
    return never({}, Reply(550, "5.4.6", "The address literal is this server itself"));
  if (no_other_host(*at, self))
    return never({}, Reply(550, "5.4.4", "The address literal is one that no other host can have"));
  MailRoute route;
  route.end = MailRoute::End::hosts;
  route.literal = *at;
  route.is_literal = true;
  return route;
}

bool is_self(const Self& self, const dns::Name& name) { return contains(self.names, name); }

// Sorted by preference, equal ones in random order: RFC 5321 §5.1 asks the sender to spread the load.
void order(std::vector<MailHost>& hosts, Random& random) {
  std::vector<std::pair<std::uint64_t, MailHost>> drawn;
  drawn.reserve(hosts.size());
  for (MailHost& host : hosts) drawn.emplace_back(random.u64(), std::move(host));
  std::ranges::sort(drawn, {}, [](const auto& d) { return std::pair(d.second.preference, d.first); });
  std::ranges::transform(drawn, hosts.begin(), [](auto& d) { return std::move(d.second); });
}

}  // namespace

Task<MailRoute> find_route(dns::Resolver* resolver, Random* random, const Self* self, std::string domain,
                           std::uint16_t port, net::Deadline deadline) {
  if (domain.starts_with('[') && domain.ends_with(']')) co_return to_literal(domain, *self, port);
  const auto name = dns::Name::parse(domain);
  if (!name) co_return never({}, Reply(550, "5.1.2", "The domain is no name of the DNS: " + name.error().text()));

  MailRoute route;
  route.mx = co_await resolver->ask({*name, dns::Type::mx}, deadline);
  switch (route.mx.outcome) {
    case Outcome::answer:
      break;
    case Outcome::nodata:
      // RFC 5321 §5.1: the domain is then its own host, of preference 0.
      route.end = MailRoute::End::hosts;
      route.implicit = true;
      route.hosts.push_back({0, route.mx.canonical, route.mx.security});
      co_return route;
    case Outcome::nxdomain:
      co_return never(std::move(route), Reply(550, "5.1.2", fmt::format("The domain {} does not exist", domain)));
    case Outcome::servfail:
    case Outcome::timeout:
    case Outcome::bogus: {
      Reply verdict = dns_trouble(route.mx);
      co_return later(std::move(route), std::move(verdict));
    }
  }

  const auto records = route.mx.records.as<dns::Mx>();
  // RFC 7505 §3: one record, preference 0, the root as its host. Beside other records a root means nothing.
  if (records.size() == 1 && records.front().exchange.is_root())
    co_return never(std::move(route), Reply(556, "5.1.10", fmt::format("The domain {} takes no mail", domain)));
  for (const dns::Mx& mx : records)
    if (!mx.exchange.is_root()) route.hosts.push_back({mx.preference, mx.exchange, route.mx.security});
  order(route.hosts, *random);
  // RFC 5321 §5.1: if we are among them, only those before us may be tried, or the letter would go round in circles.
  const auto us = std::ranges::find_if(route.hosts, [self](const MailHost& h) { return is_self(*self, h.name); });
  if (us != route.hosts.end()) {
    const std::uint16_t ours = us->preference;
    std::erase_if(route.hosts, [ours](const MailHost& h) { return h.preference >= ours; });
    if (route.hosts.empty())
      co_return never(
          std::move(route),
          Reply(550, "5.4.6",
                fmt::format("The best mail exchanger of {} is this server, which does not serve it", domain)));
  }
  if (route.hosts.size() > kMaxHosts) route.hosts.resize(kMaxHosts);
  if (route.hosts.empty())
    co_return never(std::move(route), Reply(550, "5.4.4", fmt::format("No MX of {} names a host", domain)));
  route.end = MailRoute::End::hosts;
  co_return route;
}

Task<HostAddresses> find_addresses(dns::Resolver* resolver, const Self* self, dns::Name host, std::uint16_t port,
                                   net::Deadline deadline) {
  const dns::Addresses found = co_await dns::addresses_of(*resolver, host, deadline);
  HostAddresses out;
  std::string unusable;
  const auto add = [&out, &unusable, self, port](const std::string& ip) {
    const auto at = net::Endpoint::parse(ip, port);
    if (!at || out.addresses.size() >= kMaxAddresses) return;
    if (!contains(self->addresses, at->ip()) && no_other_host(*at, *self)) {
      unusable = ip;
    } else {
      out.addresses.push_back(*at);
    }
  };
  for (const dns::Aaaa& a : found.v6.records.as<dns::Aaaa>()) add(a.text());
  const std::size_t sixes = std::min(out.addresses.size(), kMaxAddresses / 2);
  out.addresses.resize(sixes);
  for (const dns::A& a : found.v4.records.as<dns::A>()) add(a.text());
  if (std::ranges::any_of(out.addresses,
                          [self](const net::Endpoint& e) { return contains(self->addresses, e.ip()); })) {
    out.addresses.clear();
    out.self = true;
    out.verdict = Reply(550, "5.4.6", fmt::format("{} is this server itself", host.domain()));
    co_return out;
  }
  if (!out.addresses.empty()) {
    out.addresses = net::interleave(std::move(out.addresses));
    co_return out;
  }
  for (const Answer* answer : {&found.v4, &found.v6}) {
    if (*answer || answer->absent()) continue;  // there are addresses, but of no use
    out.verdict = dns_trouble(*answer);
    co_return out;
  }
  out.verdict = Reply(
      550, "5.4.4",
      unusable.empty() ? fmt::format("{} has no address", host.domain())
                       : fmt::format("{} has the address {}, which no other host can have", host.domain(), unusable));
  co_return out;
}

Task<Result<std::vector<net::Endpoint>>> find_hop(dns::Resolver* resolver, NextHop hop, net::Deadline deadline) {
  if (const auto at = net::Endpoint::parse(hop.host == "localhost" ? "127.0.0.1" : hop.host, hop.port))
    co_return std::vector{*at};
  auto name = dns::Name::parse(hop.host);
  if (!name) co_return fail(Errc::unavailable, "{} is no name of a host", printable(hop.host, 80));
  // It may well be on this machine, behind another port.
  const Self nobody{.names = {}, .addresses = {}, .loopback = true};
  HostAddresses found = co_await find_addresses(resolver, &nobody, std::move(*name), hop.port, deadline);
  if (found.addresses.empty()) co_return fail(Errc::unavailable, "{}", found.verdict.text);
  co_return std::move(found.addresses);
}

}  // namespace chappe::agents::mta
