// For tests of the walk: an Internet without network, in which each address serves zones, or misbehaves as it is told.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "dns/test_world.h"
#include "dns/walk.h"
#include "dns/zone.h"
#include "dns/zone_file.h"

namespace chappe::dns {

class TestInternet final : public Exchange {
 public:
  using Misbehave = std::function<Result<Message>(const Message& query)>;

  // A zone served at these addresses.
  void serve(std::initializer_list<std::string_view> ips, std::string_view text) {
    for (const auto ip : ips) {
      auto zone = Zone::make(parse_zone_text(text).value().records);
      ASSERT_TRUE(zone) << zone.error().text();
      ASSERT_TRUE(zones_[std::string(ip)].add(std::move(*zone)));
    }
  }
  void misbehave(std::string_view ip, Misbehave how) { others_[std::string(ip)] = std::move(how); }
  void kill(std::string_view ip) {
    misbehave(ip, [](const Message&) { return fail(Errc::timeout, "nothing came"); });
  }
  void unroute(std::string_view ip) { unrouted_.insert(std::string(ip)); }

  bool reaches(const net::Endpoint& server) override { return !unrouted_.contains(server.ip()); }
  net::Task<Result<Exchanged>> ask(net::Endpoint server, Message query, net::Deadline deadline) override {
    asked.push_back(server.ip() + " " + query.question->text());
    EXPECT_FALSE(query.header.recursion_desired);
    EXPECT_TRUE(query.edns && query.edns->dnssec_ok);
    Result<Message> answer = say(server.ip(), query);
    if (!answer && answer.error().code() == Errc::timeout) (void)co_await net::sleep(deadline);
    if (!answer) co_return std::unexpected(answer.error());
    const Bytes octets = write_message(*answer);
    co_return Exchanged{parse_message(octets).value(), octets.size() > kEdnsUdp, octets.size()};
  }

  std::vector<std::string> asked;

 private:
  Result<Message> say(const std::string& ip, const Message& query) {
    if (const auto other = others_.find(ip); other != others_.end()) return other->second(query);
    const auto zones = zones_.find(ip);
    if (zones == zones_.end()) return fail(Errc::unavailable, "nobody listens there");
    Message out = query;
    out.header.response = true;
    const Zone* zone = zones->second.find(*query.question);
    if (!zone) {
      out.header.rcode = Rcode::refused;
      return out;
    }
    Zone::Lookup found = zone->look_up(*query.question, true);
    out.header.rcode = found.rcode;
    out.header.authoritative = found.authoritative;
    out.answer = std::move(found.answer);
    out.authority = std::move(found.authority);
    out.additional = std::move(found.additional);
    return out;
  }

  std::map<std::string, Zones> zones_;
  std::map<std::string, Misbehave> others_;
  std::set<std::string> unrouted_;
};

// An answer to `query` with this in its sections; records one a line.
inline Message reply_to(const Message& query, std::string_view authority, std::string_view additional = {},
                        std::string_view answer = {}, bool authoritative = false) {
  ZoneFileOptions options;
  options.default_ttl = 300;
  Message out = query;
  out.header.response = true;
  out.header.authoritative = authoritative;
  out.answer = parse_zone_text(answer, options).value().records;
  out.authority = parse_zone_text(authority, options).value().records;
  out.additional = parse_zone_text(additional, options).value().records;
  return out;
}

}  // namespace chappe::dns
