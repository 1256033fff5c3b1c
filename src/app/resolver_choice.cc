#include "app/resolver_choice.h"

#include <unistd.h>

#include "dns/zone_resolver.h"

namespace chappe::app {
namespace {

// Where Debian's dns-root-data has the key of the root.
constexpr const char* kSystemAnchor = "/usr/share/dns/root.key";

// A root of one's own may be on this machine, and serve what is private elsewhere.
void take_root(const std::string& hints, dns::LiveOptions& options) {
  options.root_hints = hints;
  options.ask_loopback = true;
  options.unlocked = dns::lab_names();
}

}  // namespace

Result<dns::LiveOptions> live_options(const Config::Dns& config) {
  dns::LiveOptions out;
  if (!config.root_hints.value.empty()) take_root(config.root_hints.value, out);
  if (!config.trust_anchor.value.empty()) {
    out.trust_anchors.push_back(config.trust_anchor.value);
  } else if (out.root_hints.empty() && access(kSystemAnchor, R_OK) == 0) {
    out.trust_anchors.emplace_back(kSystemAnchor);  // it is the key of the Internet's root, and of no other
  }
  if (!config.forward.host.empty()) {
    out.forward.push_back(TRY(net::Endpoint::parse(config.forward.host, config.forward.port)));
    out.ask_loopback = true;
  }
  for (const DnsStub& stub : config.stubs) {
    const auto zone = TRY(dns::Name::parse(stub.zone));
    out.stubs.push_back({zone, TRY(net::Endpoint::parse(stub.server.host, stub.server.port))});
    out.ask_loopback = true;
  }
  return out;
}

void take_options(const Invocation& invocation, dns::LiveOptions& options) {
  if (const auto hints = invocation.value("root-hints")) {
    take_root(*hints, options);
    options.trust_anchors.clear();
  }
  if (invocation.has("anchor")) options.trust_anchors = invocation.values("anchor");
}

Result<Config> config_of(const Invocation& invocation) {
  const std::string path = *invocation.value("config");
  if (!invocation.has("config") && access(path.c_str(), R_OK) != 0) return Config{};
  return load_config(path);
}

Result<std::unique_ptr<dns::Resolver>> resolver_of(const Invocation& invocation, const Config::Dns& config) {
  if (const auto zone = invocation.value("zone")) return TRY(dns::ZoneResolver::from_file(*zone));
  dns::LiveOptions options = TRY(live_options(config));
  take_options(invocation, options);
  return TRY(dns::LiveResolver::start(options));
}

}  // namespace chappe::app
