#include "app/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "agents/mta/peer.h"
#include "app/route_report.h"
#include "base/text.h"
#include "codec/idna.h"
#include "dns/walk_trust.h"
#include "post/address.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using dns::Name;
using dns::Type;
using net::Deadline;
using net::Task;

constexpr std::uint16_t kSmtpPort = 25;
constexpr std::size_t kMaxFeatures = 100;  // lines of an EHLO reply that are kept

// Nobody is at home here: every address is looked at as the world would.
class Outside final : public post::RcptSource {
 public:
  Task<Result<post::RcptAnswer>> resolve_rcpt(std::string, Deadline) override {
    co_return post::RcptAnswer{.kind = post::RcptAnswer::Kind::remote, .account = {}, .mailbox = {}, .targets = {}};
  }
};

// Half of the time that is left: the walk may meet dead servers, and what comes after it needs some, too.
Deadline half_of(Deadline deadline) {
  const Steady now = net::Executor::current()->clock().steady();
  return deadline.at_most(std::max(Duration::zero(), (deadline.when - now) / 2));
}

bool is_literal(std::string_view domain) { return domain.starts_with('['); }

Result<std::string> domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos)
    return codec::domain_to_ascii(address.substr(0, address.size() - address.ends_with('.')));
  if (is_literal(std::string_view(address).substr(at + 1))) return address.substr(at + 1);
  return TRY(post::AddressKey::parse(address)).domain();
}

// The host that is tried first, as the route names it. Null: there is none.
const Value* first_host(const Value& route) {
  const Value* ends = route.find("ends");
  const Value* hosts = ends && !ends->items().empty() ? ends->items().front().find("hosts") : nullptr;
  return hosts && !hosts->items().empty() ? &hosts->items().front() : nullptr;
}

std::vector<std::string> addresses_of(const Value& host) {
  std::vector<std::string> out;
  const Value* addresses = host.find("addresses");
  if (!addresses) {  // a literal
    if (const auto ip = host.get_string("name"); ip && net::Endpoint::parse(*ip, kSmtpPort)) out.emplace_back(*ip);
    return out;
  }
  for (const Value& ip : addresses->items()) out.emplace_back(ip.as_string().value_or(""));
  return out;
}

class Explainer {
 public:
  Explainer(const ExplainSources* sources, Deadline deadline) : sources_(*sources), deadline_(deadline) {}

  Task<Result<Explanation>> run(std::string address) {
    out_.domain = CO_TRY(domain_of(address));
    out_.roots = sources_.roots;
    out_.validating = sources_.validating;
    const std::string recipient = address.contains('@') ? address : "postmaster@" + out_.domain;  // RFC 5321 §4.5.1
    out_.address = std::move(address);
    Name domain;  // the root for a literal, which the DNS is not asked about
    if (!is_literal(out_.domain)) {
      domain = CO_TRY(Name::parse(out_.domain));
      co_await walk(domain, Type::mx);
    }
    CO_TRY(co_await route(recipient));
    const Value* host = first_host(out_.route);
    std::vector<std::string> ips;
    std::optional<Name> name;
    if (host) {
      ips = addresses_of(*host);
      if (const auto parsed = Name::parse(host->get_string("name").value_or("")); parsed && !domain.is_root())
        name = *parsed;
    }
    if (name) {
      co_await walk(*name, Type::a);
      co_await walk(*name, Type::aaaa);
    }
    if (!ips.empty()) co_await look_back(ips.front());
    if (!domain.is_root()) co_await pledges(domain, name);
    if (sources_.connect && !ips.empty()) co_await contact(name ? name->domain() : ips.front(), ips);
    co_return std::move(out_);
  }

 private:
  Task<void> walk(Name name, Type type) {
    if (!sources_.walker) co_return;
    out_.walks.push_back(co_await sources_.walker->walk({std::move(name), type}, half_of(deadline_)));
    co_await dns::judge(sources_.resolver, sources_.validating, &out_.walks.back(), half_of(deadline_));
  }

  Task<Result<void>> route(std::string recipient) {
    Outside outside;
    const RouteSources sources{.directory = outside,
                               .resolver = sources_.resolver,
                               .random = system_random(),
                               .self = {.names = {}, .addresses = {}, .loopback = sources_.loopback},
                               .mda = {},
                               .relay = {},
                               .port = kSmtpPort};
    const std::string report = CO_TRY(co_await route_report(&sources, std::move(recipient), half_of(deadline_)));
    out_.route = CO_TRY(codec::json::parse(report));
    co_return Result<void>();
  }

  Task<void> look_back(std::string ip) {
    const auto name = dns::reverse_name(ip);
    out_.first_ip = std::move(ip);
    if (name) out_.reverse = co_await sources_.resolver->ask({*name, Type::ptr}, half_of(deadline_));
  }

  struct Wanted {
    Pledge what;
    Type type;
    std::string_view prefix;  // of a TXT
    Result<Name> name;
  };
  Task<void> pledges(Name domain, std::optional<Name> host) {
    const auto below = [](const Name& name, std::string_view labels) {
      return Name::parse(fmt::format("{}.{}", labels, name.text()));
    };
    std::vector<Wanted> wanted = {
        {Pledge::spf, Type::txt, "v=spf1", domain},                          // RFC 7208 §4.5
        {Pledge::dmarc, Type::txt, "v=DMARC1", below(domain, "_dmarc")},     // RFC 9989
        {Pledge::mta_sts, Type::txt, "v=STSv1", below(domain, "_mta-sts")},  // RFC 8461 §3.1
    };
    if (host) wanted.push_back({Pledge::tlsa, Type::tlsa, "", below(*host, "_25._tcp")});  // RFC 7672 §2.2
    out_.pledges.resize(wanted.size());
    net::Scope all;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      all.spawn(ask_pledge(&wanted[i], half_of(deadline_), &out_.pledges[i]));
    co_await all.join();
  }

  Task<void> ask_pledge(const Wanted* wanted, Deadline deadline, PledgeFound* found) {
    found->what = wanted->what;
    if (!wanted->name) {  // too long for the DNS: so there is none
      found->answer.outcome = dns::Outcome::nxdomain;
      co_return;
    }
    found->answer = co_await sources_.resolver->ask({*wanted->name, wanted->type}, deadline);
    for (const Bytes& rdata : found->answer.records.rdata) {
      std::string text = wanted->type == Type::txt ? dns::Txt::joined(rdata) : rdata_to_text(wanted->type, rdata);
      if (wanted->type == Type::txt && !is_of_kind(text, wanted->prefix)) continue;
      found->texts.push_back(std::move(text));
    }
  }

  static bool is_of_kind(std::string_view text, std::string_view prefix) {
    if (!istarts_with(text, prefix)) return false;
    return text.size() == prefix.size() || text[prefix.size()] == ' ' || text[prefix.size()] == ';';
  }

  Task<void> contact(std::string host, std::vector<std::string> ips) {
    Contact& to = out_.contact.emplace();
    to.host = host;
    auto tls = crypto::TlsClient::opportunistic();
    if (!tls) {
      to.error = tls.error().text();
      co_return;
    }
    std::vector<net::Endpoint> addresses;
    for (const std::string& ip : ips)
      if (const auto at = net::Endpoint::parse(ip, kSmtpPort)) addresses.push_back(*at);
    const Clock& clock = net::Executor::current()->clock();
    const Steady began = clock.steady();
    const Duration left = std::max(Duration::zero(), deadline_.when - began);
    agents::mta::PeerOptions options{.hostname = sources_.hostname, .tls = std::move(*tls), .times = {}};
    options.times.connect = std::min(options.times.connect, left / 2);
    options.times.greeting = options.times.command = left / 4;
    auto peer = co_await agents::mta::Peer::open(&options, std::move(host), std::move(addresses), deadline_);
    to.took = clock.steady() - began;
    if (!peer) {
      to.error = peer.error().text();
      co_return;
    }
    to.at = (*peer)->at().ip();
    to.greeting = (*peer)->greeting();
    to.tls = (*peer)->tls();
    for (const std::string_view line : split((*peer)->hello_words(), '\n'))
      if (line.size() > 4 && to.features.size() < kMaxFeatures) to.features.emplace_back(line.substr(4));  // "250-"
    if (auto facts = (*peer)->certificate()) to.certificate = std::move(*facts);
    co_await (*peer)->quit();
  }

  const ExplainSources& sources_;
  const Deadline deadline_;
  Explanation out_;
};

}  // namespace

Task<Result<Explanation>> explain(const ExplainSources* sources, std::string address, Deadline deadline) {
  Explainer explainer(sources, deadline);
  co_return co_await explainer.run(std::move(address));
}

int exit_code(const Explanation& explanation) {
  const int unknown = error_row(Errc::unavailable).exit, never = error_row(Errc::not_found).exit;
  const Value* ends = explanation.route.find("ends");
  if (!ends || ends->items().empty()) return unknown;
  const Value& end = ends->items().front();
  const std::string_view goes = end.get_string("goes").value_or("");
  if (goes == "nowhere") return never;
  if (goes != "hosts") return unknown;
  if (!explanation.walks.empty() && explanation.walks.front().end != dns::WalkEnd::answered) return unknown;
  if (explanation.contact && !explanation.contact->error.empty()) return unknown;
  bool hope = false;  // that a host which has no address now will have one later
  for (const Value& host : end.find("hosts")->items()) {
    if (!addresses_of(host).empty()) return 0;
    hope = hope || host.get_int("code").value_or(0) / 100 == 4;
  }
  return hope ? unknown : never;
}

}  // namespace chappe::app
