#include <gtest/gtest.h>

#include "app/dns_print.h"
#include "app/dns_query_verb.h"
#include "app/resolver_choice.h"
#include "dns/zone_resolver.h"

namespace chappe::app {
namespace {

net::Task<dns::Answer> ask(dns::Resolver* resolver, std::string owner, dns::Type type) {
  co_return co_await resolver->ask({*dns::Name::parse(owner), type}, net::Deadline::in(std::chrono::seconds(5)));
}

dns::Answer answer(std::string_view owner, dns::Type type) {
  const auto zone = dns::ZoneResolver::from_text(R"($ORIGIN example.org.
$TTL 300
www  CNAME host
host A 192.0.2.1
$SECURE example.org.
$SERVFAIL broken
)");
  return net::run(ask(zone->get(), std::string(owner), type));
}

std::string json(const dns::Answer& a) {
  std::string out;
  codec::json::Writer writer(out);
  write_answer(writer, a);
  return out;
}

TEST(DnsVerbs, AnswersForPeople) {
  EXPECT_EQ(answer_text(answer("www.example.org", dns::Type::a), false),
            ";; www.example.org. A: there are records\n"
            ";; secure: signed, up to the trust anchor\n"
            "www.example.org. 300 CNAME host.example.org.\n"
            "host.example.org. 300 A 192.0.2.1\n");
  EXPECT_EQ(
      answer_text(answer("broken.example.org", dns::Type::a), true),
      ";; broken.example.org. A: ses serveurs de noms ne donnent pas de réponse utilisable (the zone text says so)\n");
}

TEST(DnsVerbs, AnswersForPrograms) {
  EXPECT_EQ(json(answer("host.example.org", dns::Type::a)),
            R"({"question":"host.example.org. A","outcome":"answer","security":"secure","ttl":300,)"
            R"("canonical":"host.example.org.","chain":[],)"
            R"("records":[{"name":"host.example.org.","ttl":300,"type":"A","data":"192.0.2.1"}]})");
  EXPECT_EQ(json(answer("broken.example.org", dns::Type::a)),
            R"({"question":"broken.example.org. A","outcome":"servfail","security":"indeterminate","ttl":0,)"
            R"("canonical":"broken.example.org.","chain":[],"records":[],"why":"the zone text says so"})");
}

TEST(DnsVerbs, NameServersAreAddresses) {
  EXPECT_EQ(parse_name_server("192.0.2.1")->describe(), "192.0.2.1:53");
  EXPECT_EQ(parse_name_server("192.0.2.1:5300")->describe(), "192.0.2.1:5300");
  EXPECT_EQ(parse_name_server("2001:db8::1")->describe(), "[2001:db8::1]:53");
  EXPECT_EQ(parse_name_server("[2001:db8::1]:5300")->describe(), "[2001:db8::1]:5300");
  for (const std::string_view bad : {"", "ns.example.org", "192.0.2.1:", "192.0.2.1:99999", "ns.example.org:53"})
    EXPECT_EQ(parse_name_server(bad).error().code(), Errc::usage) << bad;
}

TEST(DnsVerbs, TheAnchorOfOneRootIsNotTakenForAnother) {
  Config::Dns config;
  config.root_hints.value = "/lab/hints";
  auto options = live_options(config);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->root_hints, "/lab/hints");
  EXPECT_TRUE(options->trust_anchors.empty());
  EXPECT_TRUE(options->ask_loopback);
  EXPECT_FALSE(options->unlocked.empty());
  config.trust_anchor.value = "/lab/anchor";
  options = live_options(config);
  EXPECT_EQ(options->trust_anchors, std::vector<std::string>{"/lab/anchor"});

  const auto given = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"dns", "query", "x", "A"});
    dns::LiveOptions out = *options;
    take_options(parse_command_line(words, "")->invocation, out);
    return out;
  };
  EXPECT_EQ(given({}).root_hints, "/lab/hints");
  EXPECT_EQ(given({}).trust_anchors.size(), 1u);
  EXPECT_EQ(given({"--root-hints", "/other"}).root_hints, "/other");
  EXPECT_TRUE(given({"--root-hints", "/other"}).trust_anchors.empty());
  EXPECT_EQ(given({"--anchor", "/a", "--anchor", "/b"}).trust_anchors, (std::vector<std::string>{"/a", "/b"}));

  Config::Dns forwarding;
  forwarding.forward = {"192.0.2.53", 53};
  EXPECT_EQ(live_options(forwarding)->forward.at(0).describe(), "192.0.2.53:53");
  forwarding.forward.host = "no address";
  EXPECT_FALSE(live_options(forwarding));
}

}  // namespace
}  // namespace chappe::app
