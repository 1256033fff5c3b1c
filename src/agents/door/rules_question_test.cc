#include "agents/door/rules_question.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "post/address.h"
#include "proto/smtp/reply.h"

namespace chappe::agents {
namespace {

using post::Acquaintance;
using post::Known;
using post::KnownChain;
using post::RulesName;
using post::Scope;
using post::ScopeRules;
using ::testing::ElementsAre;

std::shared_ptr<const Known> known(Scope scope, std::string_view blocked) {
  ScopeRules rules;
  rules.known.insert(*post::parse_acquaintance(Acquaintance::Kind::block, blocked));
  return std::make_shared<const Known>(scope, std::move(rules));
}

// The words as the mda writes them and the mx reads them.
std::string over_the_wire(const std::string& words) {
  Bytes octets;
  proto::smtp::append_reply(octets, 250, "2.1.5", words);
  proto::smtp::ReplyParser parser({.line = proto::smtp::kMaxReplyLine, .reply = kMaxRulesWords});
  ByteView left(octets);
  const auto done = parser.feed(left);
  EXPECT_TRUE(done && *done && left.empty()) << (done ? "" : done.error().text());
  return parser.reply().text;
}

std::vector<std::vector<RulesName>> names_of(std::span<const KnownChain> chains) {
  std::vector<std::vector<RulesName>> out;
  for (const KnownChain& chain : chains) {
    out.emplace_back();
    for (const auto& one : chain) out.back().push_back(one->name());
  }
  return out;
}

TEST(RulesQuestion, ChainsAreNamedInTheReplyToRcpt) {
  const auto site = known(Scope::site(), "a.example"), domain = known(Scope::domain({3}), "b.example"),
             account = known(Scope::account({4'294'967'295}), "c.example");
  const std::vector<KnownChain> chains = {{account, domain, site}, {}, {domain, site}};
  const std::string words = "Recipient accepted" + named_rules(chains);
  EXPECT_EQ(words,
            fmt::format("Recipient accepted; rules a4294967295.{} d3.{} s0.{},, d3.{} s0.{}", account->name().digest,
                        domain->name().digest, site->name().digest, domain->name().digest, site->name().digest));
  EXPECT_EQ(*read_named_rules(over_the_wire(words)), names_of(chains));
}

TEST(RulesQuestion, ManyChainsAreReadFromFoldedLines) {
  std::vector<KnownChain> chains;
  for (std::uint32_t i = 0; i < kMaxChains; ++i)
    chains.push_back({known(Scope::account({1'000'000'000 + i}), "a.example"), known(Scope::site(), "b.example")});
  const std::string words = "Recipient accepted" + named_rules(chains);
  ASSERT_GT(words.size(), proto::smtp::kMaxReplyLine);
  EXPECT_EQ(*read_named_rules(over_the_wire(words)), names_of(chains));
  chains.push_back(chains.back());
  EXPECT_EQ(read_named_rules(named_rules(chains)).error().code(), Errc::too_large);
}

TEST(RulesQuestion, NothingIsSaidWhereNothingIsLaidDown) {
  EXPECT_EQ(named_rules(std::vector<KnownChain>(2)), "");
  EXPECT_THAT(*read_named_rules("Recipient accepted"), ElementsAre(std::vector<RulesName>()));
}

TEST(RulesQuestion, NamesThatAreNoneAreRefused) {
  const std::string digest(RulesName::kDigest, 'x');
  EXPECT_TRUE(read_named_rules("; rules s0." + digest));
  for (const std::string& word :
       {"x0." + digest, "s." + digest, "s-1." + digest, "a4294967296." + digest, std::string("s0"),
        "s0." + digest + "x", "s0." + digest.substr(1), "s0.!" + digest.substr(1), "." + digest})
    EXPECT_EQ(read_named_rules("; rules " + word).error().code(), Errc::invalid) << word;
}

TEST(RulesQuestion, AnAddressStandsForRules) {
  const RulesName name = known(Scope::account({17}), "a.example")->name();
  EXPECT_EQ(rules_address(name), "rules.a17." + name.digest + "@chappe.invalid");
  EXPECT_EQ(*parse_rules_address(rules_address(name)), name);
  for (const std::string_view other : {"", "rules.", "rules.@chappe.invalid", "signatures@chappe.invalid",
                                       "rules.chappe.invalid", "rules.a17@chappe.invalid"})
    EXPECT_FALSE(parse_rules_address(other)) << other;
}

TEST(RulesQuestion, RulesGoInTheWordsOfAReply) {
  ScopeRules rules;
  EXPECT_EQ(*read_rules(over_the_wire(written_rules(rules))), rules);
  rules.handling.rejected = trust::dmarc::Action::junk;
  rules.known.insert(*post::parse_acquaintance(Acquaintance::Kind::allow, "\"a b\"@zoë.example"));
  EXPECT_EQ(*read_rules(over_the_wire(written_rules(rules))), rules);
  EXPECT_EQ(read_rules("Taken").error().code(), Errc::invalid);
  EXPECT_EQ(read_rules("Rules\n!").error().code(), Errc::invalid);
}

// As many as may be, with names as long as they may be.
TEST(RulesQuestion, AllThatAScopeMayHaveFits) {
  ScopeRules rules;
  for (std::size_t i = 0; i < post::kMaxAcquaintances; ++i) {
    std::string id = fmt::format("{:04}", i);
    id.resize(post::kMaxAcquaintanceName - std::string_view("/example.org").size(), 'x');
    rules.known.insert(*post::parse_acquaintance(Acquaintance::Kind::list, id + "/example.org"));
  }
  ASSERT_EQ(rules.known.size(), post::kMaxAcquaintances);
  EXPECT_EQ(*read_rules(over_the_wire(written_rules(rules))), rules);
}

}  // namespace
}  // namespace chappe::agents
