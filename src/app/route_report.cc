#include "app/route_report.h"

#include "codec/idna.h"
#include "codec/json.h"

namespace chappe::app {
namespace {

using agents::mta::MailRoute;
using codec::json::Writer;
using net::Task;

struct Host {
  agents::mta::MailHost host;
  agents::mta::HostAddresses found;
};

void write_verdict(Writer& w, const proto::smtp::Reply& verdict) {
  w.field("code", verdict.code).field("status", verdict.enhanced).field("why", verdict.text);
}

void write_host(Writer& w, const Host& h) {
  w.begin_object().field("preference", h.host.preference).field("name", h.host.name.domain());
  w.key("addresses").begin_array();
  for (const auto& at : h.found.addresses) w.value(at.ip());
  w.end_array();
  if (h.found.addresses.empty()) write_verdict(w, h.found.verdict);
  w.end_object();
}

// Where another host's letters go, as members of the object that is open.
Task<void> write_remote(const RouteSources* sources, Writer* writer, std::string address, net::Deadline deadline) {
  Writer& w = *writer;
  if (!sources->relay.empty()) {
    w.field("goes", "relay").field("relay", sources->relay).field("port", sources->port);
    co_return;
  }
  if (!sources->resolver) {
    w.field("goes", "waits");
    co_return;
  }
  std::string domain = address.substr(address.rfind('@') + 1);
  if (auto ascii = codec::domain_to_ascii(domain); ascii && !domain.starts_with('[')) domain = std::move(*ascii);
  const MailRoute route = co_await agents::mta::find_route(sources->resolver, &sources->random, &sources->self, domain,
                                                           sources->port, deadline);
  std::vector<Host> hosts;
  for (const auto& host : route.hosts)
    hosts.push_back({host, co_await agents::mta::find_addresses(sources->resolver, &sources->self, host.name,
                                                                sources->port, deadline)});
  w.field("domain", domain).field("dnssec", dns::security_name(route.mx.security));
  switch (route.end) {
    case MailRoute::End::never:
      w.field("goes", "nowhere");
      write_verdict(w, route.verdict);
      break;
    case MailRoute::End::later:
      w.field("goes", "later");
      write_verdict(w, route.verdict);
      break;
    case MailRoute::End::hosts:
      w.field("goes", "hosts").field("implicit", route.implicit).key("hosts").begin_array();
      if (route.is_literal) w.begin_object().field("name", route.literal.ip()).end_object();
      for (const Host& h : hosts) write_host(w, h);
      w.end_array();
      break;
  }
}

}  // namespace

Task<Result<std::string>> route_report(const RouteSources* sources, std::string address, net::Deadline deadline) {
  const auto route = CO_TRY(co_await post::route(&sources->directory, address, deadline));
  std::string out;
  Writer w(out);
  w.begin_object().field("address", address).key("ends").begin_array();
  for (const auto& end : route.ends) {
    w.begin_object().field("address", end.address);
    if (end.destination.kind == post::Destination::Kind::remote) {
      co_await write_remote(sources, &w, end.address, deadline);
    } else if (end.destination.kind == post::Destination::Kind::mda) {
      w.field("goes", "mda").field("mda", sources->mda.host).field("port", sources->mda.port);
    } else {
      const std::string& mailbox = end.destination.mailbox;
      w.field("goes", "mailbox").field("mailbox", mailbox.empty() ? std::string("INBOX") : mailbox);
    }
    w.end_object();
  }
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::app
