#include "app/server_settings.h"

#include <algorithm>

#include "app/resolver_choice.h"
#include "dns/live.h"
#include "net/endpoint.h"

namespace chappe::app {

std::vector<crypto::CertificateFiles> certificate_files(const Config& config) {
  std::vector<crypto::CertificateFiles> files;
  if (!config.tls.cert.value.empty()) files.push_back({config.tls.cert.value, config.tls.key.value});
  for (const auto& name : config.tls.names) files.push_back({name.cert.value, name.key.value});
  return files;
}

Result<std::shared_ptr<const crypto::TlsServer>> load_certificates(const std::vector<crypto::CertificateFiles>& files,
                                                                   const crypto::TicketKeys& tickets) {
  if (files.empty()) return nullptr;
  return crypto::TlsServer::load(files, tickets);
}

agents::SiteLimits site_limits(const Config& config) {
  const auto& l = config.limits;
  agents::SiteLimits out;
  out.tls_handshake = l.tls_handshake_timeout;
  out.login = l.login_timeout;
  out.judging = l.judging_timeout;
  out.smtp = l.smtp_timeout;
  out.imap = l.imap_timeout;
  out.pop3 = l.pop3_timeout;
  out.letter = l.message_size.bytes;
  out.recipients = static_cast<std::uint32_t>(l.recipients);
  out.bad_commands = static_cast<std::uint32_t>(l.bad_commands);
  return out;
}

trust::dmarc::LocalPolicy local_policy(const Config::Mx& config) {
  trust::dmarc::LocalPolicy out;
  out.rejects = config.reject;
  if (!config.reject) out.no_author = out.ambiguous = trust::dmarc::Action::junk;
  return out;
}

Result<std::unique_ptr<Log>> open_log(const Config::Logging& config) {
  auto sink =
      config.file.value.empty() ? Result<std::unique_ptr<LogSink>>(stderr_sink()) : file_sink(config.file.value);
  if (!sink) return std::unexpected(std::move(sink.error()));
  return std::make_unique<Log>(std::move(*sink), Log::Options{.format = config.format, .level = config.level});
}

Result<std::unique_ptr<dns::Resolver>> live_resolver(const Config::Dns& config, std::size_t octets) {
  dns::LiveOptions options = TRY(live_options(config));
  options.cache_octets = octets / 3 * 2;  // of records; messages get half of that beside
  return TRY(dns::LiveResolver::start(options));
}

Result<std::vector<std::string>> exchanger_addresses(const std::vector<Server::Bound>& bound, std::uint64_t port) {
  std::vector<std::string> out;
  for (const Server::Bound& b : bound) {
    if (b.role != Role::mx || b.port != port) continue;
    if (b.address != "::" && b.address != "0.0.0.0") {
      out.push_back(b.address);
      continue;
    }
    const auto all = TRY(net::own_addresses());
    out.insert(out.end(), all.begin(), all.end());
  }
  return out;
}

std::string needs_restart(const Config& old, const Config& fresh) {
  std::string keys;
  const auto differs = [&keys](std::string_view name, bool changed) {
    if (changed) keys += (keys.empty() ? "" : " ") + std::string(name);
  };
  differs("server.hostname", fresh.server.hostname != old.server.hostname);
  differs("server.data_dir", fresh.server.data_dir.value != old.server.data_dir.value);
  differs("server.user", fresh.server.user != old.server.user);
  differs("server.postmaster", fresh.server.postmaster != old.server.postmaster);
  differs("server.relay",
          fresh.server.relay.host != old.server.relay.host || fresh.server.relay.port != old.server.relay.port);
  differs("dns.root_hints", fresh.dns.root_hints.value != old.dns.root_hints.value);
  differs("dns.trust_anchor", fresh.dns.trust_anchor.value != old.dns.trust_anchor.value);
  differs("dns.forward",
          fresh.dns.forward.host != old.dns.forward.host || fresh.dns.forward.port != old.dns.forward.port);
  differs("server.roles", fresh.server.roles != old.server.roles);
  differs("server.mda", fresh.server.mda.host != old.server.mda.host || fresh.server.mda.port != old.server.mda.port);
  differs("server.mda_ca", fresh.server.mda_ca.value != old.server.mda_ca.value);
  differs("server.networks", fresh.server.networks != old.server.networks);
  differs("dns.loopback_exchangers", fresh.dns.loopback_exchangers != old.dns.loopback_exchangers);
  differs("dns.stub", !std::equal(fresh.dns.stubs.begin(), fresh.dns.stubs.end(), old.dns.stubs.begin(),
                                  old.dns.stubs.end(), [](const DnsStub& a, const DnsStub& b) {
                                    return a.zone == b.zone && a.server.host == b.server.host &&
                                           a.server.port == b.server.port;
                                  }));
  differs("search.extractor", fresh.search.extractors != old.search.extractors);
  differs("mx.judge", fresh.mx.judge != old.mx.judge);
  differs("mx.reject", fresh.mx.reject != old.mx.reject);
  differs("mx.trusted_sealers", fresh.mx.trusted_sealers != old.mx.trusted_sealers);
  differs("mx.dns_list", fresh.mx.dns_lists != old.mx.dns_lists);
  differs("mta.port", fresh.mta.port != old.mta.port);
  differs("server.shards", fresh.server.shards != old.server.shards);
  differs("log.file", fresh.log.file.value != old.log.file.value);
  differs("log.format", fresh.log.format != old.log.format);
  differs("listen", !std::equal(fresh.listen.begin(), fresh.listen.end(), old.listen.begin(), old.listen.end(),
                                [](const Listener& a, const Listener& b) {
                                  return a.role == b.role && a.address == b.address && a.port.value == b.port.value;
                                }));
  return keys;
}

}  // namespace chappe::app
