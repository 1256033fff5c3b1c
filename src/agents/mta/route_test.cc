#include "agents/mta/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/zone_resolver.h"

using testing::ElementsAre;
using testing::UnorderedElementsAre;

namespace chappe::agents::mta {
namespace {

constexpr const char* kZone = R"(
$ORIGIN example.
$TTL 300
several     MX 20 backup.several
            MX 10 one.several
            MX 10 two.several
one.several A 192.0.2.1
            AAAA 2001:db8::1
            A 192.0.2.2
alone       A 192.0.2.9
nomail      MX 0 .
odd         MX 0 .
            MX 10 one.several
alias       CNAME several
aliasalone  CNAME alone
us          MX 10 one.several
            MX 20 mail.us
            MX 30 backup.several
onlyus      MX 10 MAIL.us
mail.us     A 192.0.2.100
gone        MX 10 nowhere.gone
text        TXT "no mail here"
slow        MX 10 mail.slow
zero.lies   A 0.0.0.0
local.lies  A 127.0.0.1
linked.lies A 169.254.1.1
many.lies   A 224.0.0.1
broad.lies  A 255.255.255.255
six.lies    AAAA ::
sixlocal.lies AAAA ::1
mapped.lies AAAA ::ffff:127.0.0.1
sixlinked.lies AAAA fe80::1
mixed.lies  A 127.0.0.1
            A 192.0.2.8
private.lies A 10.0.0.1
            A 172.16.0.1
            A 192.168.0.1
            AAAA fd00::1
$SERVFAIL fails.example.
$BOGUS forged.example.
$TIMEOUT mute.example.
$SERVFAIL mail.slow.example. AAAA
$SECURE signed.example.
signed      MX 10 mail.signed
)";

class RouteTest : public testing::Test {
 protected:
  MailRoute route(std::string domain) { return executor_.run(find(this, std::move(domain))); }
  HostAddresses addresses(const char* host) { return executor_.run(look(this, host)); }
  static std::vector<std::string> names(const MailRoute& route) {
    std::vector<std::string> out;
    for (const MailHost& h : route.hosts) out.push_back(h.name.domain());
    return out;
  }
  static std::vector<std::string> ips(const HostAddresses& found) {
    std::vector<std::string> out;
    for (const auto& at : found.addresses) out.push_back(at.describe());
    return out;
  }

  const std::unique_ptr<dns::ZoneResolver> resolver_ = std::move(*dns::ZoneResolver::from_text(kZone));
  SeededRandom random_{1};
  Self self_{{*dns::Name::parse("mail.us.example")}, {"192.0.2.100"}};

 private:
  static net::Task<MailRoute> find(RouteTest* t, std::string domain) {
    co_return co_await find_route(t->resolver_.get(), &t->random_, &t->self_, std::move(domain), 25,
                                  net::Deadline::in(std::chrono::seconds(5)));
  }
  static net::Task<HostAddresses> look(RouteTest* t, std::string host) {
    co_return co_await find_addresses(t->resolver_.get(), &t->self_, *dns::Name::parse(host), 25,
                                      net::Deadline::in(std::chrono::seconds(5)));
  }
  ManualClock clock_;
  net::LocalExecutor executor_{clock_};
};

using enum MailRoute::End;

TEST_F(RouteTest, PreferenceFirstAndEqualOnesInAnyOrder) {
  std::set<std::vector<std::string>> seen;
  for (int i = 0; i < 50; ++i) {
    const MailRoute found = route("several.example");
    ASSERT_EQ(found.end, hosts);
    ASSERT_EQ(found.hosts.size(), 3u);
    EXPECT_EQ(found.hosts[2].name.domain(), "backup.several.example");
    seen.insert(names(found));
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(RouteTest, WithoutMxTheDomainIsTheHost) {
  EXPECT_THAT(names(route("alone.example")), ElementsAre("alone.example"));
  EXPECT_TRUE(route("alone.example").implicit);
  EXPECT_THAT(names(route("aliasalone.example")), ElementsAre("alone.example")) << "where the alias leads";
  EXPECT_THAT(names(route("alias.example")),
              UnorderedElementsAre("one.several.example", "two.several.example", "backup.several.example"));
}

TEST_F(RouteTest, NullMxTakesNoMail) {
  const MailRoute found = route("nomail.example");
  EXPECT_EQ(found.end, never);
  EXPECT_EQ(found.verdict.code, 556);  // RFC 7505 §4.1
  EXPECT_EQ(found.verdict.enhanced, "5.1.10");
  EXPECT_THAT(names(route("odd.example")), ElementsAre("one.several.example")) << "beside others it means nothing";
}

TEST_F(RouteTest, NoLetterComesBackToUs) {
  EXPECT_THAT(names(route("us.example")), ElementsAre("one.several.example")) << "only those before us";
  const MailRoute found = route("onlyus.example");
  EXPECT_EQ(found.end, never);
  EXPECT_EQ(found.verdict.enhanced, "5.4.6");
  EXPECT_TRUE(addresses("mail.us.example").self);
  EXPECT_EQ(addresses("mail.us.example").verdict.enhanced, "5.4.6");
  EXPECT_EQ(route("[192.0.2.100]").end, never);
}

TEST_F(RouteTest, TroubleIsNotAbsence) {
  EXPECT_EQ(route("nowhere.example").end, never);
  EXPECT_EQ(route("nowhere.example").verdict.enhanced, "5.1.2");
  for (const char* domain : {"fails.example", "forged.example", "mute.example"}) {
    const MailRoute found = route(domain);
    EXPECT_EQ(found.end, later) << domain;
    EXPECT_EQ(found.verdict.enhanced, "4.4.3") << domain;
  }
  EXPECT_EQ(route("not..a.name").end, never);
  EXPECT_EQ(route("signed.example").hosts[0].security, dns::Security::secure);
}

TEST_F(RouteTest, AddressesOfAHost) {
  EXPECT_THAT(ips(addresses("one.several.example")), ElementsAre("[2001:db8::1]:25", "192.0.2.1:25", "192.0.2.2:25"));
  EXPECT_EQ(addresses("nowhere.gone.example").verdict.code, 550);
  EXPECT_EQ(addresses("text.example").verdict.enhanced, "5.4.4");
  EXPECT_EQ(addresses("mail.slow.example").verdict.code, 451) << "one family is absent, the other is not known";
}

// A domain may say anything about its hosts; the letter must not come back to us, nor go nowhere.
TEST_F(RouteTest, AddressesThatNoOtherHostCanHaveAreNotUsed) {
  for (const char* host : {"zero", "local", "linked", "many", "broad", "six", "sixlocal", "mapped", "sixlinked"}) {
    const HostAddresses found = addresses((std::string(host) + ".lies.example").c_str());
    EXPECT_THAT(found.addresses, testing::IsEmpty()) << host;
    EXPECT_EQ(found.verdict.code, 550) << host;
    EXPECT_EQ(found.verdict.enhanced, "5.4.4") << host;
  }
  EXPECT_THAT(ips(addresses("mixed.lies.example")), ElementsAre("192.0.2.8:25"));
  EXPECT_THAT(ips(addresses("private.lies.example")), testing::SizeIs(4)) << "hosts like others";
  EXPECT_EQ(route("[127.0.0.1]").verdict.enhanced, "5.4.4");
  EXPECT_EQ(route("[IPv6:::1]").verdict.enhanced, "5.4.4");
  self_.loopback = true;
  EXPECT_THAT(ips(addresses("local.lies.example")), ElementsAre("127.0.0.1:25"));
  EXPECT_THAT(addresses("zero.lies.example").addresses, testing::IsEmpty());
}

TEST_F(RouteTest, AddressLiterals) {
  const MailRoute found = route("[192.0.2.7]");
  EXPECT_TRUE(found.is_literal);
  EXPECT_EQ(found.literal.describe(), "192.0.2.7:25");
  EXPECT_EQ(route("[IPv6:2001:db8::7]").literal.describe(), "[2001:db8::7]:25");
  EXPECT_EQ(route("[nonsense]").end, never);
}

TEST_F(RouteTest, ADomainMayNameAnyNumberOfHosts) {
  std::string zone = "$TTL 60\n";
  for (int i = 0; i < 200; ++i)
    zone += "many.example. MX " + std::to_string(i) + " h" + std::to_string(i) + ".example.\n";
  for (int i = 0; i < 200; ++i) zone += "host.example. A 192.0.2." + std::to_string(i) + "\n";
  const auto resolver = std::move(*dns::ZoneResolver::from_text(zone));
  net::LocalExecutor executor;
  const auto ask = [](dns::Resolver* r, Random* random,
                      const Self* self) -> net::Task<std::pair<std::size_t, std::size_t>> {
    const auto deadline = net::Deadline::in(std::chrono::seconds(5));
    const MailRoute found = co_await find_route(r, random, self, "many.example", 25, deadline);
    const HostAddresses there = co_await find_addresses(r, self, *dns::Name::parse("host.example"), 25, deadline);
    co_return std::pair{found.hosts.size(), there.addresses.size()};
  };
  EXPECT_EQ(executor.run(ask(resolver.get(), &random_, &self_)), std::pair(kMaxHosts, kMaxAddresses));
}

}  // namespace
}  // namespace chappe::agents::mta
