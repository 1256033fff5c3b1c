#include "app/explain.h"

#include <gtest/gtest.h>

#include "app/explain_print.h"
#include "base/error.h"
#include "dns/test_internet.h"

namespace chappe::app {
namespace {

using namespace std::chrono_literals;
using codec::json::Value;
using dns::Flaw;
using dns::Said;
using dns::Trust;

net::Task<Result<Explanation>> within(const ExplainSources* sources, std::string address) {
  co_return co_await explain(sources, std::move(address), net::Deadline::in(30s));
}

class ExplainTest : public ::testing::Test, public dns::TestWorld {
 protected:
  Result<Explanation> explained(std::string address, std::string_view zone, dns::Walker* walker = nullptr) {
    const auto resolver = dns::zone_resolver(fmt::format("$TTL 300\n{}", zone));
    const ExplainSources sources{
        .resolver = resolver.get(), .validating = walker != nullptr, .walker = walker, .roots = {}};
    return executor.run(within(&sources, std::move(address)));
  }
  int code(std::string address, std::string_view zone) {
    return exit_code(explained(std::move(address), zone).value());
  }
};

std::string text(const Explanation& e, bool french) {
  const std::vector<std::string> words = {"explain", "x", "--lang", french ? "fr" : "en"};
  return explanation_text(parse_command_line(words, "")->invocation, e);
}

Value json(const Explanation& e) {
  std::string out;
  codec::json::Writer w(out);
  write_explanation(w, e);
  return codec::json::parse(out).value();
}

TEST_F(ExplainTest, TheExitCodeTellsTheTruth) {
  EXPECT_EQ(code("x@a.example", "a.example. MX 10 m.a.example.\nm.a.example. A 192.0.2.1\n"), 0);
  EXPECT_EQ(code("x@a.example", "a.example. A 192.0.2.1\n"), 0);
  EXPECT_EQ(code("x@[192.0.2.1]", ""), 0);
  EXPECT_EQ(code("x@a.example", "a.example. MX 0 .\n"), 67);
  EXPECT_EQ(code("x@a.example", ""), 67);
  EXPECT_EQ(code("x@a.example", "a.example. MX 10 m.a.example.\n"), 67);
  EXPECT_EQ(code("x@a.example", "a.example. TXT nothing\n"), 67);
  EXPECT_EQ(code("x@a.example", "$SERVFAIL a.example. MX\n"), 69);
  EXPECT_EQ(code("x@a.example", "$TIMEOUT a.example.\n"), 69);
  EXPECT_EQ(code("x@a.example", "$BOGUS a.example. MX\n"), 69);
  EXPECT_EQ(code("x@a.example", "a.example. MX 10 m.a.example.\n$SERVFAIL m.a.example.\n"), 69);
  // One of two hosts is enough.
  EXPECT_EQ(code("x@a.example",
                 "a.example. MX 10 gone.a.example.\na.example. MX 20 m.a.example.\nm.a.example. AAAA 2001:db8::1\n"),
            0);
}

TEST_F(ExplainTest, WhatIsNoAddressIsRefused) {
  for (const auto* bad : {"", "x@", "@a.example", "x@a..example", "a b", "x@a.example.", "x@-", "[192.0.2.1"})
    EXPECT_FALSE(explained(bad, "")) << bad;
  EXPECT_EQ(explained("BÜCHER.example.", "")->domain, "xn--bcher-kva.example");
  EXPECT_EQ(explained("x@Bücher.example", "")->domain, "xn--bcher-kva.example");
}

TEST_F(ExplainTest, WhatADomainPublishes) {
  const auto got = explained("a.example",
                             "a.example. MX 1 m.a.example.\nm.a.example. A 192.0.2.1\na.example. TXT \"v=spf1 -all\"\n"
                             "a.example. TXT \"v=spf10 is something else\"\na.example. TXT other\n"
                             "_dmarc.a.example. TXT \"v=DMARC1;\" \"p=none\"\n$SERVFAIL _mta-sts.a.example.\n"
                             "_25._tcp.m.a.example. TLSA 3 1 1 aabb\n1.2.0.192.in-addr.arpa. PTR mail.a.example.\n");
  ASSERT_TRUE(got) << got.error().text();
  ASSERT_EQ(got->pledges.size(), kPledges);
  EXPECT_EQ(got->pledges[0].texts, std::vector<std::string>{"v=spf1 -all"});
  EXPECT_EQ(got->pledges[1].texts, std::vector<std::string>{"v=DMARC1;p=none"});
  EXPECT_TRUE(got->pledges[2].texts.empty());
  EXPECT_EQ(got->pledges[3].texts, std::vector<std::string>{"3 1 1 aabb"});
  const std::string english = text(*got, false), french = text(*got, true);
  for (const auto* part : {"SPF      which hosts may send as this domain (RFC 7208)\n           v=spf1 -all\n",
                           "not known: the DNS gives no answer", "192.0.2.1 is called mail.a.example (PTR)",
                           "There is no walk: name servers are not asked for this."})
    EXPECT_NE(english.find(part), std::string::npos) << part << "\n" << english;
  for (const auto* part : {"quelles machines peuvent envoyer en son nom", "on ne sait pas : le DNS ne répond pas",
                           "192.0.2.1 s'appelle mail.a.example (PTR)"})
    EXPECT_NE(french.find(part), std::string::npos) << part << "\n" << french;
}

TEST_F(ExplainTest, AWalkThatFailsIsNoSuccess) {
  dns::TestInternet silence;
  silence.kill("192.0.2.1");
  dns::Walker walker(silence, {{dns::name("ns.root"), {*net::Endpoint::parse("192.0.2.1", dns::kDnsPort)}}});
  const auto got = explained("x@a.example", "a.example. MX 1 m.a.example.\nm.a.example. A 192.0.2.1\n", &walker);
  ASSERT_TRUE(got);
  EXPECT_EQ(exit_code(*got), 69);
  EXPECT_EQ(got->walks.size(), 3u);
  EXPECT_EQ(json(*got).find("walks")->items()[0].get_string("end").value(), "nobody");
  EXPECT_NE(text(*got, false).find("It does not answer."), std::string::npos);
  EXPECT_NE(text(*got, true).find("Ici finit la marche : aucun serveur de noms n'est utile."), std::string::npos);
}

TEST_F(ExplainTest, EveryStepHasASentenceInBothLanguages) {
  dns::Walk walk;
  walk.question = {dns::name("octo.test"), dns::Type::mx};
  std::set<std::string> seen;
  const auto told = [&](Said said, Flaw flaw, Trust trust, bool french) {
    dns::WalkStep step{
        .question = walk.question, .zone = dns::name("test"), .server = dns::name("ns.test"), .at = {}, .reading = {}};
    step.reading.said = said;
    step.reading.flaw = flaw;
    step.reading.answer = dns::without_records(walk.question, dns::Outcome::servfail);
    step.reading.delegation = {dns::name("octo.test"), 300, {{dns::name("ns.octo.test"), {}}}, 1, false};
    step.trust = trust;
    walk.steps = {step};
    return walk_text(walk, french);
  };
  for (const bool french : {false, true}) {
    walk.end = dns::WalkEnd::answered;
    for (auto said = Said::answer; said <= Said::homeless; said = static_cast<Said>(static_cast<int>(said) + 1)) {
      const Flaw flaw = said == Said::lame ? Flaw::refused : said == Said::homeless ? Flaw::no_address : Flaw::none;
      EXPECT_TRUE(seen.insert(told(said, flaw, Trust::unchecked, french)).second) << said_name(said);
    }
    for (auto flaw = Flaw::not_authoritative; flaw < Flaw::no_address;
         flaw = static_cast<Flaw>(static_cast<int>(flaw) + 1))
      EXPECT_TRUE(seen.insert(told(Said::lame, flaw, Trust::unchecked, french)).second) << flaw_name(flaw);
    for (auto trust = Trust::secure; trust <= Trust::unknown; trust = static_cast<Trust>(static_cast<int>(trust) + 1))
      EXPECT_TRUE(seen.insert(told(Said::answer, Flaw::none, trust, french)).second) << trust_name(trust);
    for (auto end = dns::WalkEnd::nobody; end <= dns::WalkEnd::time;
         end = static_cast<dns::WalkEnd>(static_cast<int>(end) + 1)) {
      walk.end = end;
      EXPECT_TRUE(seen.insert(told(Said::failed, Flaw::none, Trust::unchecked, french)).second) << walk_end_name(end);
    }
  }
}

TEST_F(ExplainTest, WhatOthersSaySpoilsNoTerminal) {
  Explanation e;
  e.address = e.domain = "a.example";
  e.contact.emplace();
  e.contact->host = "m.a.example";
  e.contact->greeting = "220 \x1b[2J hello\nworld";
  e.contact->features = {"m", "\x1b]0;title\x07"};
  e.contact->tls = "none";
  e.pledges.resize(1);
  e.pledges[0].texts = {"v=spf1 \x1b[31m"};
  for (const bool french : {false, true}) EXPECT_EQ(text(e, french).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace chappe::app
