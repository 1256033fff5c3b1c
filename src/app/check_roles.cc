// The check of what a process plays of its site, and of how it reaches the others.
#include <algorithm>

#include "app/check.h"
#include "crypto/tls.h"
#include "net/endpoint.h"

namespace chappe::app {
namespace {

bool within_loopback(const Config& config) {
  return std::ranges::all_of(config.server.networks,
                             [](const net::Network& n) { return n.text() == "::1" || n.text().starts_with("127."); });
}

}  // namespace

void check_roles(CheckList& out, const Config& config) {
  const Config::Server& s = config.server;
  std::string roles;
  for (const Actor actor : s.roles) roles += (roles.empty() ? "" : ", ") + std::string(actor_name(actor));
  if (s.mda.host.empty()) {
    out.add(Health::ok, "roles", {"plays {}", "joue {}"}, roles);
  } else {
    const std::string mda = fmt::format("{}:{}", s.mda.host, s.mda.port);
    out.add(Health::ok, "roles", {"plays {}; the mda is {}", "joue {} ; le mda est {}"}, roles, mda);
  }
  if (!s.mda_ca.value.empty()) {
    if (const auto trust = crypto::TlsClient::trusting(s.mda_ca.value); !trust)
      out.add(Health::failure, "roles", {"server.mda_ca: {}", "server.mda_ca : {}"}, trust.error().text());
  }
  for (const Listener& l : config.listen) {
    if (l.role != Role::lmtp && l.role != Role::relay) continue;
    const auto at = net::Endpoint::parse(l.address, 0);
    if (!at || at->loopback() || !within_loopback(config)) continue;
    const std::string_view role = role_name(l.role);
    out.add(Health::warning, "roles",
            {"{} listens at {}, and server.networks holds the loopback only: no other host may speak there",
             "{} écoute sur {}, et server.networks ne contient que la boucle locale : aucune autre machine ne peut y "
             "parler"},
            role, l.address)
        .fix = "networks = [\"192.0.2.0/24\"]";
  }
}

}  // namespace chappe::app
