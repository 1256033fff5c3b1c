#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/nearest.h"

namespace chappe::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kSmall = R"([server]
hostname = "mx.example.org"
data_dir = "/var/lib/chappe"
[[listen]]
role = "mx"
)";

std::vector<std::string> errors(std::string_view toml) {
  std::vector<std::string> out;
  for (const auto& e : parse_config(toml, "etc/chappe.toml").errors) out.push_back(e.describe());
  return out;
}

TEST(Config, TheLeastThatIsNeeded) {
  const auto parsed = parse_config(kSmall, "chappe.toml");
  ASSERT_THAT(errors(kSmall), IsEmpty());
  EXPECT_EQ(parsed.config.server.hostname, "mx.example.org");
  EXPECT_EQ(parsed.config.listen[0].address, "::");
  EXPECT_EQ(parsed.config.listen[0].port.value, -1);
  EXPECT_GE(parsed.config.limits.recipients, 100u);                              // RFC 5321 §4.5.3.1.8
  EXPECT_GE(parsed.config.limits.smtp_timeout, std::chrono::minutes(5));         // RFC 5321 §4.5.3.2.7
  EXPECT_GE(parsed.config.limits.peer_reply_timeout, std::chrono::minutes(5));   // RFC 5321 §4.5.3.2.1 to 3
  EXPECT_GE(parsed.config.limits.peer_data_timeout, std::chrono::minutes(3));    // RFC 5321 §4.5.3.2.5
  EXPECT_GE(parsed.config.limits.peer_final_timeout, std::chrono::minutes(10));  // RFC 5321 §4.5.3.2.6
  EXPECT_FALSE(parsed.config.dns.loopback_exchangers);
  EXPECT_GE(parsed.config.limits.imap_timeout, std::chrono::minutes(30));  // RFC 9051 §5.4
  EXPECT_GE(parsed.config.limits.pop3_timeout, std::chrono::minutes(10));  // RFC 1939 §3
  EXPECT_EQ(parsed.config.budget_limits(), Budget::standard_limits());
}

TEST(Config, EveryKindOfValue) {
  const auto parsed = parse_config(R"(
[server]
hostname = "mx.example.org"
data_dir = "data"
user = "chappe"
shards = 3
relay = "[2001:db8::1]:2525"
[[listen]]
role = "imaps"
address = "127.0.0.1"
port = 1993
[[listen]]
role = "mx"
[tls]
cert = "tls/cert.pem"
key = "/etc/tls/key.pem"
[[tls.name]]
name = "mail.example.org"
cert = "a"
key = "b"
[dns]
[[dns.stub]]
zone = "corp.example.org"
server = "192.0.2.53:5300"
[[dns.stub]]
zone = "."
server = "[2001:db8::53]:53"
[mta]
port = 2525
[log]
format = "json"
level = "warning"
[limits]
message_size = "25 MiB"
smtp_timeout = "1h30m"
[budget]
in_flight = 1048576
)",
                                   "/etc/chappe/chappe.toml");
  for (const auto& e : parsed.errors) ADD_FAILURE() << e.describe();
  const Config& c = parsed.config;
  EXPECT_EQ(c.server.data_dir.value, "/etc/chappe/data");
  EXPECT_EQ(c.server.shards, 3u);
  EXPECT_EQ(c.server.relay.host, "2001:db8::1");
  EXPECT_EQ(c.server.relay.port, 2525);
  ASSERT_EQ(c.listen.size(), 2u);
  EXPECT_EQ(c.listen[0].role, Role::imaps);
  EXPECT_EQ(c.listen[0].port.value, 1993);
  EXPECT_EQ(c.tls.cert.value, "/etc/chappe/tls/cert.pem");
  EXPECT_EQ(c.tls.key.value, "/etc/tls/key.pem");
  ASSERT_EQ(c.tls.names.size(), 1u);
  EXPECT_EQ(c.tls.names[0].name, "mail.example.org");
  ASSERT_EQ(c.dns.stubs.size(), 2u);
  EXPECT_EQ(c.dns.stubs[0].zone, "corp.example.org");
  EXPECT_EQ(c.dns.stubs[0].server.port, 5300);
  EXPECT_EQ(c.dns.stubs[1].server.host, "2001:db8::53");
  EXPECT_EQ(c.mta.port, 2525u);
  EXPECT_EQ(c.log.format, LogFormat::json);
  EXPECT_EQ(c.log.level, Level::warning);
  EXPECT_EQ(c.limits.message_size.bytes, 25u << 20);
  EXPECT_EQ(c.limits.smtp_timeout, std::chrono::minutes(90));
  EXPECT_EQ(c.budget_limits()[static_cast<std::size_t>(Part::in_flight)], 1048576u);
}

TEST(Config, APartOfASite) {
  const auto parsed = parse_config(R"([server]
hostname = "mx.example.org"
data_dir = "data"
roles = ["mx", "mta"]
mda = "[2001:db8::24]:24"
mda_ca = "ca.pem"
networks = ["192.0.2.0/28", "::1"]
[[listen]]
role = "mx"
[[listen]]
role = "relay"
address = "192.0.2.1"
port = 26
)",
                                   "chappe.toml");
  for (const auto& e : parsed.errors) ADD_FAILURE() << e.describe();
  const Config::Server& s = parsed.config.server;
  EXPECT_THAT(s.roles, ElementsAre(Actor::mx, Actor::mta));
  EXPECT_TRUE(s.plays(Actor::mta));
  EXPECT_FALSE(s.plays(Actor::mda));
  EXPECT_EQ(s.mda.host, "2001:db8::24");
  EXPECT_TRUE(s.networks[0].contains(*net::Endpoint::parse("192.0.2.15", 0)));
  EXPECT_FALSE(s.networks[0].contains(*net::Endpoint::parse("127.0.0.1", 0)));
  const Config standard;
  EXPECT_TRUE(standard.server.networks[0].contains(*net::Endpoint::parse("127.0.0.1", 0)));
  for (int i = 0; i < kActors; ++i) EXPECT_TRUE(standard.server.plays(static_cast<Actor>(i)));
}

std::string in_server(std::string_view lines, std::string_view listeners) {
  return fmt::format("[server]\nhostname = \"h\"\ndata_dir = \"d\"\n{}\n{}\n", lines, listeners);
}

TEST(Config, WhatDoesNotFitItsRolesIsRefusedAtItsLine) {
  constexpr std::string_view kMx = "[[listen]]\nrole = \"mx\"";
  constexpr std::string_view kLmtp = "[[listen]]\nrole = \"lmtp\"";
  const std::string others = "mda = \"m:24\"\nrelay = \"r:25\"\n";
  EXPECT_THAT(errors(in_server(others + "roles = [\"mx\"]", kMx)), IsEmpty());
  EXPECT_THAT(errors(in_server("roles = [\"mx\", \"msa\", \"mta\", \"mda\"]", kMx)), IsEmpty()) << "as without";
  EXPECT_THAT(errors(in_server("roles = [\"mda\"]\nrelay = \"r:25\"", kLmtp)), IsEmpty());
  EXPECT_THAT(errors(in_server("roles = [\"mx\", \"mda\", \"mta\"]", fmt::format("{}\n{}", kMx, kLmtp))), IsEmpty());
  EXPECT_THAT(
      errors(in_server("roles = [\"mx\"]", kMx)),
      ElementsAre(HasSubstr("chappe.toml:4: error: without \"mda\" among the 'roles', 'mda' must say where"),
                  HasSubstr("chappe.toml:4: error: without \"mta\" among the 'roles', 'relay' must say where")));
  EXPECT_THAT(
      errors(in_server(others + "roles = [\"msa\"]", kMx)),
      ElementsAre(HasSubstr("toml:6: error: 'roles' holds \"msa\", and no [[listen]] is for it: add one with the "
                            "role submission or submissions"),
                  HasSubstr("toml:7: error: a listener of the role mx is the mx's, which this process")));
  EXPECT_THAT(errors(in_server("roles = [\"mta\"]", kMx)),
              ElementsAre(HasSubstr("toml:4: error: 'roles' holds \"mta\""), HasSubstr("toml:5: error: a listener")));
  EXPECT_THAT(errors(in_server("mda = \"m:24\"", kMx)),
              ElementsAre(HasSubstr("toml:4: error: 'mda' names another host")));
  EXPECT_THAT(errors(in_server("mda_ca = \"m\"", kMx)),
              ElementsAre(HasSubstr("toml:4: error: 'mda_ca' means nothing")));
  EXPECT_THAT(errors(in_server("", fmt::format("{}\nport = 25", kLmtp))),
              ElementsAre(HasSubstr("toml:5: error: LMTP must not be spoken on port 25")));
  EXPECT_THAT(errors(in_server("roles = [\"mxx\"]", kMx)),
              ElementsAre(HasSubstr("toml:4: error: 'roles' cannot hold 'mxx', did you mean 'mx'?")));
  EXPECT_THAT(errors(in_server("roles = []", kMx)), ElementsAre(HasSubstr("'roles' is empty")));
  EXPECT_THAT(errors(in_server("roles = \"mx\"", kMx)), ElementsAre(HasSubstr("'roles' must be a list")));
  EXPECT_THAT(errors(in_server("networks = [\"10.0.0.1/8\"]", kMx)), ElementsAre(HasSubstr("bits behind its prefix")));
  EXPECT_THAT(errors(in_server("networks = [\"::1\", \"::1\"]", kMx)), ElementsAre(HasSubstr("'::1' twice")));
}

TEST(Config, AllErrorsAtOnceEachAtItsLine) {
  EXPECT_THAT(errors(R"([server]
hostnme = "mx.example.org"
data_dir = 5
shards = -1
[[listen]]
role = "imapz"
port = 70000
[limts]
[limits]
recipients = 99
smtp_timeout = "5 minutes"
message_size = "1"
free_space = "1 MiB"
xyzzy = 1
)"),
              ElementsAre("etc/chappe.toml:1: error: 'hostname' is missing in [server]",
                          "etc/chappe.toml:2: error: unknown key 'hostnme' in [server], did you mean 'hostname'?",
                          "etc/chappe.toml:3: error: 'data_dir' must be a path",
                          "etc/chappe.toml:4: error: 'shards' must be 0 at least and 1024 at most",
                          "etc/chappe.toml:6: error: 'role' cannot be 'imapz', did you mean 'imap'?",
                          "etc/chappe.toml:7: error: 'port' must be 0 at least and 65535 at most",
                          "etc/chappe.toml:8: error: unknown section 'limts', did you mean 'limits'?",
                          "etc/chappe.toml:10: error: 'recipients' must be 100 at least and 100000 at most",
                          "etc/chappe.toml:11: error: '5 minutes' is not a duration: write numbers with ms, s, m, h or "
                          "d, as in 1h30m",
                          "etc/chappe.toml:12: error: 'message_size' must be 64 KiB at least",
                          "etc/chappe.toml:13: error: 'free_space' must be 64 MiB at least",
                          "etc/chappe.toml:14: error: unknown key 'xyzzy' in [limits]"));
}

TEST(Config, WrongShapes) {
  EXPECT_THAT(errors("server = 1\n[listen]\nrole = \"mx\"\n"),
              ElementsAre("etc/chappe.toml:1: error: 'server' must be written [server]",
                          "etc/chappe.toml:2: error: 'listen' must be written [[listen]]"));
  EXPECT_THAT(errors("[server\n"), ElementsAre(testing::StartsWith("etc/chappe.toml:")));
  EXPECT_THAT(errors("[server]\nhostname = \"\"\ndata_dir = \"a\\nb\"\n[log]\nformat = \"xml\""),
              ElementsAre("etc/chappe.toml:2: error: 'hostname' is empty",
                          "etc/chappe.toml:3: error: 'data_dir' holds a control character",
                          "etc/chappe.toml:5: error: 'format' cannot be 'xml': write logfmt or json"));
  EXPECT_THAT(errors(std::string(kMaxConfigBytes + 1, '#')), ElementsAre(HasSubstr("larger than")));
}

TEST(Config, YesOrNo) {
  const std::string small(kSmall);
  EXPECT_TRUE(parse_config(small + "[dns]\nloopback_exchangers = true\n", "x").config.dns.loopback_exchangers);
  EXPECT_FALSE(parse_config(small + "[dns]\nloopback_exchangers = false\n", "x").config.dns.loopback_exchangers);
  EXPECT_THAT(errors(small + "[dns]\nloopback_exchangers = \"yes\"\n"),
              ElementsAre(HasSubstr("'loopback_exchangers' must be true or false")));
}

TEST(Config, ProgramsForAttachments) {
  const auto wrong = [](const std::string& lines) {
    return errors(std::string(kSmall) + "[[search.extractor]]\n" + lines + "\n");
  };
  const std::string types = "types = [\"application/pdf\"]\n", command = "command = [\"/bin/cat\"]\n";
  EXPECT_THAT(wrong(types + command), IsEmpty());
  EXPECT_THAT(wrong(types), ElementsAre(HasSubstr("'command' is missing")));
  EXPECT_THAT(wrong(command), ElementsAre(HasSubstr("'types' is missing")));
  EXPECT_THAT(wrong(types + "command = \"/bin/cat\""), ElementsAre(HasSubstr("'command' must be a program and")));
  EXPECT_THAT(wrong(types + "command = []"), ElementsAre(HasSubstr("'command' must be a program and")));
  EXPECT_THAT(wrong(types + "command = [\"cat\"]"), ElementsAre(HasSubstr("begins with 'cat', which is not an abs")));
  EXPECT_THAT(wrong(types + "command = [\"/bin/cat\", \"a\\nb\"]"), ElementsAre(HasSubstr("a control character")));
  EXPECT_THAT(wrong("types = [\"pdf\"]\n" + command), ElementsAre(HasSubstr("cannot hold 'pdf': write a media type")));
  EXPECT_THAT(wrong(types + command + "time = \"0s\""), ElementsAre(HasSubstr("'time' must not be nothing")));
  EXPECT_THAT(wrong(types + command + "memory = \"1 MB\""), ElementsAre(HasSubstr("must be 16 MiB at least")));
}

TEST(Config, DnsLists) {
  const auto wrong = [](const std::string& lines) {
    return errors(std::string(kSmall) + "[[mx.dns_list]]\n" + lines + "\n");
  };
  const std::string zone = "zone = \"bl.example\"\n";
  EXPECT_THAT(wrong(zone), IsEmpty());
  EXPECT_THAT(wrong("name = \"x\""), ElementsAre(HasSubstr("'zone' is missing")));
  EXPECT_THAT(wrong("zone = \"a..b\""), ElementsAre(HasSubstr("'a..b' is not the name of the zone of a DNS list")));
  EXPECT_THAT(wrong(zone + "kind = \"grey\""), ElementsAre(HasSubstr("'kind' cannot be 'grey'")));
  EXPECT_THAT(wrong(zone + "action = \"drop\""), ElementsAre(HasSubstr("'action' cannot be 'drop'")));
  EXPECT_THAT(wrong(zone + "codes = []"), ElementsAre(HasSubstr("'codes' is empty")));
  EXPECT_THAT(wrong(zone + "codes = [\"10.0.0.1\"]"), ElementsAre(HasSubstr("'10.0.0.1' is no code of a DNS list")));
  EXPECT_THAT(wrong(zone + "codes = [\"::1\"]"), ElementsAre(HasSubstr("'::1' is no code of a DNS list")));
  EXPECT_THAT(wrong(zone + "codes = [\"126.0.0.0/7\"]"), ElementsAre(HasSubstr("'126.0.0.0/7' is no code")));
  EXPECT_THAT(wrong(zone + "kind = \"allow\"\naction = \"junk\""), ElementsAre(HasSubstr("allows, so it takes no")));
  EXPECT_THAT(wrong(zone + "[[mx.dns_list]]\n" + zone), ElementsAre(HasSubstr("are called bl.example")));
  EXPECT_THAT(wrong(zone + "[[mx.dns_list]]\n" + zone + "name = \"other\""), IsEmpty());
  std::string many = zone;
  for (std::size_t i = 1; i <= kMaxDnsLists; ++i) many += fmt::format("[[mx.dns_list]]\nzone = \"b{}.example\"\n", i);
  EXPECT_THAT(wrong(many), ElementsAre(HasSubstr("more than 20 [[mx.dns_list]] blocks")));
}

TEST(Config, TrustedSealers) {
  const std::string mx = std::string(kSmall) + "[mx]\ntrusted_sealers = ";
  EXPECT_THAT(parse_config(mx + "[\"Lists.Example\", \"bücher.example\"]\n", "x").config.mx.trusted_sealers.list,
              ElementsAre("lists.example", "xn--bcher-kva.example"));
  EXPECT_THAT(errors(mx + "[\"a b\"]\n"), ElementsAre(HasSubstr("a b")));
  EXPECT_THAT(errors(mx + "[\"x.example\", \"X.example\"]\n"), ElementsAre(HasSubstr("twice")));
  EXPECT_THAT(errors(mx + "\"x.example\"\n"), ElementsAre(HasSubstr("must be a list")));
}

TEST(Config, Judges) {
  const auto wrong = [](const std::string& lines) {
    return errors(std::string(kSmall) + "[[judge]]\n" + lines + "\n");
  };
  const std::string name = "name = \"rspamd\"\n", address = "address = \"inet:127.0.0.1:11332\"\n";
  const auto parsed = parse_config(std::string(kSmall) + "[[judge]]\n" + name + address +
                                       "doors = [\"mx\", \"submission\"]\nwithout = \"accept\"\nstep = \"2s\"\n",
                                   "x");
  ASSERT_TRUE(parsed.errors.empty()) << parsed.errors[0].describe();
  ASSERT_EQ(parsed.config.judges.size(), 1u);
  const JudgeRow& row = parsed.config.judges[0];
  EXPECT_EQ(row.address.text, "inet:127.0.0.1:11332");
  EXPECT_THAT(row.doors, ElementsAre(JudgedDoor::mx, JudgedDoor::submission));
  EXPECT_EQ(row.without, WithoutJudge::accept);
  EXPECT_EQ(row.step, Duration(std::chrono::seconds(2)));
  EXPECT_EQ(row.verdict, Duration(std::chrono::minutes(1)));
  EXPECT_EQ(parse_config(write_config(parsed.config), "x").config.judges, parsed.config.judges);

  EXPECT_THAT(wrong(name), ElementsAre(HasSubstr("'address' is missing")));
  EXPECT_THAT(wrong(address), ElementsAre(HasSubstr("'name' is missing")));
  EXPECT_THAT(wrong(name + "address = \"filter.example.org:11332\""),
              ElementsAre(HasSubstr("inet:host:port or unix:")));
  EXPECT_THAT(wrong(name + "address = \"inet:filter.example.org:1\""),
              ElementsAre(HasSubstr("names are not looked up")));
  EXPECT_THAT(wrong(name + "address = \"unix:run/x\""), ElementsAre(HasSubstr("begins with a slash")));
  EXPECT_THAT(wrong(name + address + "doors = [\"imap\"]"), ElementsAre(HasSubstr("cannot hold 'imap'")));
  EXPECT_THAT(wrong(name + address + "doors = []"), ElementsAre(HasSubstr("'doors' is empty")));
  EXPECT_THAT(wrong(name + address + "without = \"reject\""), ElementsAre(HasSubstr("write accept or defer")));
  EXPECT_THAT(wrong(name + address + "step = \"0s\""), ElementsAre(HasSubstr("'step' must not be nothing")));
  EXPECT_THAT(wrong(name + address + "verdict = \"4m\""), ElementsAre(HasSubstr("all judges together have 3m")));
  EXPECT_THAT(wrong("name = \"R D\"\n" + address), ElementsAre(HasSubstr("'R D' is no name of a judge")));
  EXPECT_THAT(wrong(name + address + "[[judge]]\n" + name + address),
              ElementsAre(HasSubstr("two [[judge]] blocks have the name rspamd")));
  const std::string list = "[[mx.dns_list]]\nzone = \"zen.example.net\"\nname = \"zen\"\n";
  EXPECT_THAT(errors(std::string(kSmall) + list + list),
              ElementsAre("etc/chappe.toml:9: error: two [[mx.dns_list]] blocks are called zen"));
}

TEST(Config, TheWholeMustMakeSense) {
  EXPECT_THAT(errors(""), ElementsAre(HasSubstr("nothing to serve"), HasSubstr("[server] is missing")));
  const std::string small(kSmall);
  EXPECT_THAT(
      errors(small + "[[listen]]\nrole = \"imap\"\n"),
      ElementsAre("etc/chappe.toml:6: error: the role imap needs a certificate: set 'cert' and 'key' in [tls]"));
  EXPECT_THAT(errors(small + "[[listen]]\nrole = \"mx\"\nport = 25\n"), ElementsAre(HasSubstr("share :: port 25")));
  EXPECT_THAT(errors(small + "[[listen]]\nrole = \"mx\"\nport = 0\n[[listen]]\nrole = \"mx\"\nport = 0\n"), IsEmpty());
  EXPECT_THAT(errors(small + "address = \"localhost\"\n"), ElementsAre(HasSubstr("'localhost' is not an IP address")));
  EXPECT_THAT(errors(small + "[tls]\ncert = \"x\"\n"), ElementsAre(HasSubstr("both 'cert' and 'key'")));
}

TEST(Config, Sizes) {
  EXPECT_EQ(parse_size("50 MB")->bytes, 50'000'000u);
  EXPECT_EQ(parse_size("64KiB")->bytes, 65'536u);
  EXPECT_EQ(parse_size("7")->bytes, 7u);
  EXPECT_EQ(parse_size("16777215 TiB")->bytes, 16777215ull << 40);
  for (std::string_view bad : {"", "MB", "-1", "1.5 MB", "5 XB", "16777216 TiB", "99999999999999999999", "1 MB x"})
    EXPECT_FALSE(parse_size(bad)) << bad;
  for (std::uint64_t bytes : {0ull, 1ull, 1000ull, 1024ull, 1025ull, 50'000'000ull, 134217728ull, 1ull << 50})
    EXPECT_EQ(parse_size(format_size({bytes}))->bytes, bytes) << format_size({bytes});
}

TEST(Config, Durations) {
  EXPECT_EQ(*parse_duration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(*parse_duration("5m"), std::chrono::minutes(5));
  EXPECT_EQ(*parse_duration("1h 30m"), std::chrono::minutes(90));
  EXPECT_EQ(*parse_duration("2d"), std::chrono::hours(48));
  for (std::string_view bad : {"", "5", "m", "5 fortnights", "-5m", "5m5", "99999999999d", "1e3s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
  for (std::int64_t us : {1ll, 1500ll, 30'000'000ll, 5'400'000'000ll, 86'400'000'001ll})
    EXPECT_EQ(parse_duration(format_duration(Duration(us)))->count(), us) << format_duration(Duration(us));
}

TEST(Config, HostsAndPorts) {
  EXPECT_EQ(parse_host_port("mail.example.org:25")->host, "mail.example.org");
  EXPECT_EQ(parse_host_port("[::1]:2525")->port, 2525);
  for (std::string_view bad : {"", "host", ":25", "host:", "host:0", "host:65536", "::1:25", "a b:25", "[]:25"})
    EXPECT_FALSE(parse_host_port(bad)) << bad;
}

TEST(Config, WhatDescribeShowsCanBeRead) {
  for (bool french : {false, true}) {
    const std::string text = describe_config(french);
    const auto parsed = parse_config(text, "described.toml");
    for (const auto& e : parsed.errors) ADD_FAILURE() << e.describe();
    EXPECT_EQ(parsed.config.limits.smtp_timeout, Config().limits.smtp_timeout);
  }
  // What it shows as comments can be read as well, once they are none; but for another mda, beside the role of one.
  for (bool french : {false, true}) {
    std::string text = describe_config(french);
    for (std::size_t at = 0; (at = text.find("\n#", at)) != text.npos; ++at)
      if (text[at + 2] != ' ' && text.compare(at + 2, 3, "mda") != 0) text.erase(at + 1, 1);
    for (const auto& e : parse_config(text, "described.toml").errors) ADD_FAILURE() << e.describe();
  }
  EXPECT_THAT(describe_config(false), HasSubstr("smtp_timeout = \"5m\""));
  EXPECT_THAT(describe_config(true), HasSubstr("(durée)"));
}

TEST(Config, EveryKeyIsExplainedInBothLanguages) {
  for (const auto& key : config_keys()) {
    EXPECT_FALSE(key.doc.empty() || key.doc_fr.empty()) << key.name;
    if (key.name != "format") EXPECT_NE(key.doc, key.doc_fr) << key.name;
  }
}

TEST(Config, IsWrittenAsItWasRead) {
  const std::string text = std::string(kSmall) + R"(
[[listen]]
role = "mx"
address = "::1"
port = 0
[[tls.name]]
name = "mail.example.org"
cert = "/etc/a \"b\"/c\\d.pem"
key = "/etc/key.pem"
[dns]
forward = "[2001:db8::53]:5353"
[[dns.stub]]
zone = "corp.example.org"
server = "192.0.2.53:53"
[mx]
trusted_sealers = ["lists.example.org", "x.example"]
[[mx.dns_list]]
zone = "key.bl.example"
name = "bl"
codes = ["127.0.0.2", "127.0.0.4/30"]
action = "reject"
[[mx.dns_list]]
zone = "dwl.example"
kind = "allow"
domains = true
[[search.extractor]]
types = ["application/pdf", ".pdf"]
command = ["/usr/bin/pdftotext", "-a \"b\"", "-", "-"]
memory = "1 GiB"
[[search.extractor]]
types = ["application/*"]
command = ["/opt/any"]
[limits]
deleted_mail = "0s"
message_size = "20 MiB"
trail_age = "1h30m"
[log]
level = "warning"
)";
  const ParsedConfig first = parse_config(text, "/etc/x.toml");
  ASSERT_TRUE(first.errors.empty()) << first.errors.front().describe();
  const std::string written = write_config(first.config);
  const ParsedConfig second = parse_config(written, "/elsewhere/x.toml");
  ASSERT_TRUE(second.errors.empty()) << second.errors.front().describe() << "\n" << written;
  EXPECT_EQ(write_config(second.config), written);
  const Config& c = second.config;
  EXPECT_EQ(c.listen.size(), first.config.listen.size());
  EXPECT_EQ(c.listen.back().port.value, 0);
  EXPECT_EQ(c.tls.names.at(0).cert.value, "/etc/a \"b\"/c\\d.pem");
  EXPECT_EQ(c.dns.forward.host, "2001:db8::53");
  EXPECT_EQ(c.dns.forward.port, 5353);
  EXPECT_EQ(c.dns.stubs.at(0).server.host, "192.0.2.53");
  EXPECT_THAT(c.mx.trusted_sealers.list, ElementsAre("lists.example.org", "x.example"));
  EXPECT_EQ(c.mx.dns_lists, first.config.mx.dns_lists);
  ASSERT_EQ(c.mx.dns_lists.size(), 2u);
  EXPECT_EQ(c.mx.dns_lists[0].action, ListAction::reject);
  EXPECT_EQ(c.mx.dns_lists[1].kind, ListKind::allow);
  EXPECT_EQ(c.search.extractors, first.config.search.extractors);
  ASSERT_EQ(c.search.extractors.size(), 2u);
  EXPECT_THAT(c.search.extractors[0].command.words, ElementsAre("/usr/bin/pdftotext", "-a \"b\"", "-", "-"));
  EXPECT_EQ(c.search.extractors[0].memory.bytes, 1u << 30);
  EXPECT_EQ(c.search.extractors[1].time, Duration(std::chrono::seconds(10)));
  EXPECT_EQ(c.limits.deleted_mail, Duration(0));
  EXPECT_EQ(c.limits.message_size.bytes, 20u * 1024 * 1024);
  EXPECT_EQ(c.limits.trail_age, Duration(std::chrono::minutes(90)));
  EXPECT_EQ(c.log.level, Level::warning);
  EXPECT_THAT(written, testing::Not(HasSubstr("smtp_timeout"))) << "what is as it is by itself is not written";
}

TEST(Config, OnlySomeTimesMayBeNothing) {
  for (const char* key : {"smtp_timeout", "judging_timeout", "trail_age", "history_age"}) {
    const auto parsed = parse_config(fmt::format("{}\n[limits]\n{} = \"0s\"\n", kSmall, key), "x");
    ASSERT_EQ(parsed.errors.size(), 1u);
    EXPECT_THAT(parsed.errors[0].text, HasSubstr("must not be nothing"));
  }
}

TEST(Config, LoadsAFileAndSaysWhyNot) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("chappe-config-{}.toml", ::getpid());
  std::ofstream(path) << kSmall;
  EXPECT_TRUE(load_config(path));
  std::ofstream(path) << "[server]\nhostnme = 1\n";
  const auto failed = load_config(path);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Errc::config);
  EXPECT_THAT(failed.error().text(), HasSubstr(".toml:2: error: unknown key 'hostnme'"));
  std::filesystem::remove(path);
  EXPECT_EQ(load_config(path).error().code(), Errc::config);
}

TEST(Nearest, CountsLettersAndSwaps) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("hostnme", "hostname"), 1u);
  EXPECT_EQ(edit_distance("qeueu", "queue"), 2u);
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  constexpr std::string_view kWords[] = {"serve", "check", "queue"};
  EXPECT_EQ(nearest("srve", kWords), "serve");
  EXPECT_EQ(nearest("chekc", kWords), "check");
  EXPECT_EQ(nearest("banana", kWords), "");
  EXPECT_EQ(did_you_mean("banana", kWords), "");
}

}  // namespace
}  // namespace chappe::app
