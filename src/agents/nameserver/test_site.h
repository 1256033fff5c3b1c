// A small world of zones for tests, served on loopback, with a key for each signed one.
#pragma once

#include <gtest/gtest.h>

#include "agents/nameserver/nameserver.h"
#include "dns/sign.h"
#include "dns/zone_file.h"

namespace chappe::agents::nameserver {

inline dns::Name name(std::string_view text) { return dns::Name::parse(text).value(); }

inline std::vector<dns::Record> records(std::string_view text) { return dns::parse_zone_text(text).value().records; }

inline dns::ZoneKey key_of(std::uint64_t seed) {
  SeededRandom random(seed);
  return dns::ZoneKey::make(random).value();
}

// From `from` until `until`, relative to now.
inline std::vector<dns::Record> signed_records(const std::vector<dns::Record>& plain, const dns::ZoneKey& key,
                                               dns::SignOptions::Proof proof, Duration from = -std::chrono::hours(1),
                                               Duration until = std::chrono::hours(24)) {
  const Time now = system_clock().now();
  dns::SignOptions options;
  options.proof = proof;
  options.from = now + from;
  options.until = now + until;
  return dns::sign_zone(plain, key, options).value();
}

inline void add_zone(dns::Zones& zones, const std::vector<dns::Record>& all) {
  EXPECT_TRUE(zones.add(dns::Zone::make(all).value()));
}

class TestServer {
 public:
  explicit TestServer(dns::Zones zones, NameServerOptions options = {}, NameServer::Watcher watcher = {},
                      const char* ip = "127.0.0.1") {
    options.listen = {*net::Endpoint::parse(ip, 0)};
    server = NameServer::open({&shards, &system_clock()}, std::move(options),
                              std::make_shared<const dns::Zones>(std::move(zones)), std::move(watcher))
                 .value();
    server->start();
  }
  ~TestServer() {
    server->stop();
    shards.stop();
  }
  net::Endpoint at() const { return server->at().front(); }

  net::Shards shards{1};
  std::unique_ptr<NameServer> server;
};

}  // namespace chappe::agents::nameserver
