// What the parts of a server are made from, read off its configuration. Internal to app/server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/door/site.h"
#include "agents/milter/milter.h"
#include "app/config.h"
#include "app/server.h"
#include "crypto/tls.h"
#include "dns/resolver.h"

namespace chappe::app {

std::vector<crypto::CertificateFiles> certificate_files(const Config& config);
// Nothing when none are configured: an exchanger may do without.
Result<std::shared_ptr<const crypto::TlsServer>> load_certificates(const std::vector<crypto::CertificateFiles>& files,
                                                                   const crypto::TicketKeys& tickets);
agents::SiteLimits site_limits(const Config& config);
trust::dmarc::LocalPolicy local_policy(const Config::Mx& config);
// The milters of the configuration, each with the doors where it hears letters.
struct ServedJudge {
  std::shared_ptr<post::Judge> judge;
  std::vector<JudgedDoor> doors;
};
Result<std::vector<ServedJudge>> make_judges(const Config& config, agents::Milter::Parts parts);
std::vector<std::shared_ptr<post::Judge>> judges_at(const std::vector<ServedJudge>& judges, JudgedDoor door);
Result<std::unique_ptr<Log>> open_log(const Config::Logging& config);
// `octets`: of its caches.
Result<std::unique_ptr<dns::Resolver>> live_resolver(const Config::Dns& config, std::size_t octets);
// Where other servers reach us: a letter must not be sent there.
Result<std::vector<std::string>> exchanger_addresses(const std::vector<Server::Bound>& bound, std::uint64_t port);
// The keys that differ and take effect after a restart only, with blanks between.
std::string needs_restart(const Config& old, const Config& fresh);

}  // namespace chappe::app
