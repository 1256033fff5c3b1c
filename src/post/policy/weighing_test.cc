#include "post/policy/weighing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace chappe::post {
namespace {

using trust::dmarc::Action;
using trust::dmarc::Decision;
using trust::dmarc::Outcome;
using Kind = Acquaintance::Kind;

std::shared_ptr<const Known> knows(Scope::Of of, std::vector<std::pair<Kind, std::string>> names,
                                   Handling handling = {}) {
  ScopeRules rules{.handling = handling, .known = {}};
  for (const auto& [kind, name] : names) rules.known.insert(parse_acquaintance(kind, name).value());
  return std::make_shared<const Known>(Scope{of, 0}, std::move(rules));
}

// A letter that fails, of a domain that wants it rejected, and which nobody passed on.
struct Case {
  std::string from = "Teller <teller@bank.example>";
  std::string above = {};
  std::string mail_from = "teller@bank.example";
  std::string ip = "192.0.2.7";
  std::string spf = {};   // the domain that it proves
  std::string dkim = {};  // the same
  Outcome dmarc = Outcome::fail;
  std::string sealer = {};

  // "accept overridden mailing_list(list x, known to the site)"
  std::string decided(const KnownChain& chain) const {
    const std::string header = above + "From: " + from + "\r\n\r\n";
    const message::Letter letter{ByteView(header)};
    trust::Judgement j;
    j.envelope = {.ip = ip, .helo = "mail.example", .mail_from = mail_from};
    j.author = trust::decide_author(letter);
    if (!spf.empty()) {
      j.spf.emplace();
      j.spf->result = trust::spf::ResultCode::pass;
      j.spf->domain = spf;
    }
    if (!dkim.empty()) {
      j.dkim.signatures.emplace_back();
      j.dkim.signatures.back().signature.domain = dkim;
      j.dkim.signatures.back().reason = trust::dkim::Reason::verified;
    }
    for (const std::string& domain : j.author.domains) {
      trust::dmarc::Verdict v;
      v.result = dmarc;
      v.author = domain;
      v.asked = trust::dmarc::Policy::reject;
      v.wanted = dmarc == Outcome::fail ? trust::dmarc::Policy::reject : trust::dmarc::Policy::none;
      j.dmarc.push_back(v);
    }
    j.knowledge.against = {trust::dmarc::Evidence::no_indirect_flow};
    if (!sealer.empty()) {
      j.arc.sets.emplace_back();
      j.arc.sets.back().seal.emplace();
      j.arc.sets.back().seal->signature.domain = sealer;
      j.knowledge.arc = trust::dmarc::ArcKnowledge{true, true, Outcome::pass, "arc=pass"};
    }
    const Decision d = Weighing(j, letter).decide(chain, {});
    std::string out = fmt::format("{} {}", action_name(d.action), action_reason_row(d.reason).id);
    for (const auto& o : d.overrides) out += fmt::format(" {}({})", override_name(o.type), o.comment);
    return out;
  }
  std::string decided(Kind kind, std::string name) const { return decided({knows(Scope::Of::site, {{kind, name}})}); }
};

constexpr auto kRejected = "reject reject-with-evidence";

TEST(Weighing, WithoutRulesTheJudgementStands) {
  EXPECT_EQ(Case().decided({}), kRejected);
  EXPECT_EQ(Case{.dmarc = Outcome::pass}.decided({}), "accept passes");
}

// A List-Id is what anybody may write.
TEST(Weighing, AListMustBeProven) {
  const std::string id = "List-Id: Devs <dev.lists.example>\r\n";
  EXPECT_EQ((Case{.above = id}.decided(Kind::list, "lists.example")), kRejected);
  EXPECT_EQ((Case{.above = id}.decided(Kind::list, "dev.lists.example/lists.example")), kRejected);
  const auto saved = [](std::string_view name) {
    return fmt::format("accept overridden mailing_list(list {}, known to the site)", name);
  };
  EXPECT_EQ((Case{.above = id, .dkim = "lists.example"}.decided(Kind::list, "lists.example")), saved("lists.example"));
  EXPECT_EQ((Case{.spf = "bounces.lists.example"}.decided(Kind::list, "lists.example")), saved("lists.example"));
  EXPECT_EQ((Case{.spf = "evillists.example"}.decided(Kind::list, "lists.example")), kRejected);
  EXPECT_EQ((Case{.spf = "example"}.decided(Kind::list, "lists.example")), kRejected);
  const std::string both = "dev.lists.example/example";
  EXPECT_EQ((Case{.above = id, .dkim = "bounces.example"}.decided(Kind::list, both)), saved(both));
  EXPECT_EQ((Case{.dkim = "example"}.decided(Kind::list, both)), kRejected) << "another list of that domain";
  EXPECT_EQ((Case{.above = "List-Id: <x.lists.example>\r\n", .dkim = "example"}.decided(Kind::list, both)), kRejected);
}

TEST(Weighing, AForwarderIsKnownByItsNetworkOrProven) {
  const auto saved = [](std::string_view name) {
    return fmt::format("accept overridden trusted_forwarder(forwarder {}, known to the site)", name);
  };
  EXPECT_EQ(Case().decided(Kind::forwarder, "192.0.2.0/29"), saved("192.0.2.0/29"));
  EXPECT_EQ(Case().decided(Kind::forwarder, "192.0.2.8/29"), kRejected);
  EXPECT_EQ((Case{.ip = "::ffff:192.0.2.7"}.decided(Kind::forwarder, "192.0.2.7")), saved("192.0.2.7/32"));
  EXPECT_EQ((Case{.ip = "2001:db8::1"}.decided(Kind::forwarder, "2001:db8::/32")), saved("2001:db8::/32"));
  EXPECT_EQ((Case{.spf = "fwd.example"}.decided(Kind::forwarder, "fwd.example")), saved("fwd.example"));
  EXPECT_EQ(Case().decided(Kind::forwarder, "bank.example"), kRejected) << "the author's domain proves nothing";
}

TEST(Weighing, WhoIsBlockedNeedsNoProofAndNoFailure) {
  const auto blocked = [](std::string_view name) {
    return fmt::format("reject local-block local_policy(block {}, known to the site)", name);
  };
  const Case passes{.mail_from = "b@send.example", .dmarc = Outcome::pass};
  EXPECT_EQ(passes.decided(Kind::block, "Teller@bank.example"), blocked("teller@bank.example"));
  EXPECT_EQ(passes.decided(Kind::block, "b@send.example"), blocked("b@send.example"));
  EXPECT_EQ(passes.decided(Kind::block, "send.example"), blocked("send.example"));
  EXPECT_EQ(passes.decided(Kind::block, "example"), blocked("example")) << "and what is below it";
  EXPECT_EQ(passes.decided(Kind::block, "192.0.2.0/24"), blocked("192.0.2.0/24"));
  EXPECT_EQ(passes.decided(Kind::block, "cashier@bank.example"), "accept passes");
  EXPECT_EQ((Case{.from = "\"A b\"@bank.example", .dmarc = Outcome::pass}.decided(Kind::block, "\"a B\"@bank.example")),
            blocked("\"a b\"@bank.example"));
  EXPECT_EQ(passes.decided(Kind::block, "192.0.3.0/24"), "accept passes");
  EXPECT_EQ(
      (Case{.from = "a@one.example, b@two.example", .dmarc = Outcome::pass}.decided(Kind::block, "b@two.example")),
      blocked("b@two.example"));
}

// The narrower scope, then the more exact name, then block.
TEST(Weighing, AllowAndBlock) {
  using Of = Scope::Of;
  const Case passes{.dmarc = Outcome::pass};
  const auto block = [](Of of, std::string name) { return knows(of, {{Kind::block, std::move(name)}}); };
  const auto allow = [](Of of, std::string name) { return knows(of, {{Kind::allow, std::move(name)}}); };
  EXPECT_EQ(passes.decided({allow(Of::account, "bank.example"), block(Of::site, "teller@bank.example")}),
            "accept passes");
  EXPECT_EQ(passes.decided({block(Of::account, "bank.example"), allow(Of::site, "teller@bank.example")}),
            "reject local-block local_policy(block bank.example, known to the account)");
  const auto in_one = [&](std::string allowed, std::string blocked) {
    return passes.decided({knows(Of::site, {{Kind::allow, std::move(allowed)}, {Kind::block, std::move(blocked)}})});
  };
  EXPECT_EQ(in_one("teller@bank.example", "bank.example"), "accept passes");
  EXPECT_EQ(in_one("bank.example", "example"), "accept passes");
  EXPECT_EQ(in_one("bank.example", "192.0.2.0/24"), "accept passes");
  EXPECT_EQ(in_one("bank.example", "teller@bank.example"),
            "reject local-block local_policy(block teller@bank.example, known to the site)");
  EXPECT_EQ(in_one("bank.example", "bank.example"),
            "reject local-block local_policy(block bank.example, known to the site)");
}

// Who is welcome must be himself.
TEST(Weighing, AllowCountsForTheProvenOnly) {
  const KnownChain chain = {knows(Scope::Of::account, {{Kind::allow, "bank.example"}}),
                            knows(Scope::Of::site, {{Kind::block, "192.0.2.0/24"}})};
  constexpr auto kBlocked = "reject local-block local_policy(block 192.0.2.0/24, known to the site)";
  EXPECT_EQ(Case().decided(chain), kBlocked);
  EXPECT_EQ((Case{.dmarc = Outcome::none}.decided(chain)), kBlocked);
  EXPECT_EQ((Case{.spf = "bank.example", .dmarc = Outcome::none}.decided(chain)), "accept dmarc-absent");
  EXPECT_EQ((Case{.spf = "x.example", .dmarc = Outcome::none}.decided(chain)), kBlocked);
  EXPECT_EQ((Case{.dmarc = Outcome::pass}.decided(chain)), "accept passes");
}

// RFC 6376 §8.2: somebody may have added to what is signed.
TEST(Weighing, ASignatureOfAPartProvesNothing) {
  const std::string header = "From: teller@bank.example\r\n\r\n";
  const message::Letter letter{ByteView(header)};
  trust::Judgement j;
  j.author = trust::decide_author(letter);
  j.dmarc.emplace_back();
  j.dmarc.back().result = Outcome::fail;
  j.dmarc.back().wanted = trust::dmarc::Policy::reject;
  j.dkim.signatures.emplace_back();
  auto& signature = j.dkim.signatures.back();
  signature.signature.domain = "lists.example";
  signature.reason = trust::dkim::Reason::verified;
  signature.body.emplace();
  signature.body->octets = 10;
  const KnownChain chain = {knows(Scope::Of::site, {{Kind::list, "lists.example"}})};
  EXPECT_EQ(Weighing(j, letter).decide(chain, {}).action, Action::accept);
  signature.body->kind.length = 5;
  EXPECT_EQ(Weighing(j, letter).decide(chain, {}).action, Action::junk);
}

TEST(Weighing, ASealerCountsForWhomItIsKnown) {
  const auto sealer = [](std::string name) { return KnownChain{knows(Scope::Of::domain, {{Kind::sealer, name}})}; };
  const Case sealed{.sealer = "seal.example"};
  EXPECT_EQ(sealed.decided(sealer("seal.example")), "accept overridden local_policy(arc=pass)");
  EXPECT_EQ(sealed.decided(sealer("example")), kRejected) << "a seal is by one domain";
  EXPECT_EQ(sealed.decided({}), kRejected) << "another recipient's sealer";
  EXPECT_EQ(sealers_of({sealer("b.example"), {}, sealer("a.example"), sealer("b.example")}),
            (std::vector<std::string>{"a.example", "b.example"}));
}

TEST(Weighing, PoliciesComeFromTheNearestScope) {
  const auto rules = [](std::optional<Action> rejected, std::optional<Action> suspect) {
    return knows(Scope::Of::site, {}, {.rejected = rejected, .suspect = suspect});
  };
  EXPECT_EQ(Case().decided({rules(Action::junk, {})}), "junk reject-not-done local_policy(no rejection by DMARC)");
  EXPECT_EQ(Case().decided({rules({}, Action::quarantine), rules(Action::accept, Action::junk)}),
            "accept reject-not-done local_policy(no rejection by DMARC)");
  EXPECT_EQ((Case{.from = ""}.decided({rules(Action::accept, {})})), "junk author-missing");
}

// --- all recipients together

Decision with(Action action) {
  Decision d;
  d.action = action;
  return d;
}
std::string together(std::vector<Action> actions, std::vector<bool> has_junk = {}) {
  std::vector<Decision> decisions;
  for (const Action action : actions) decisions.push_back(with(action));
  has_junk.resize(actions.size(), true);
  constexpr std::string_view kAnswers[] = {"take", "defer", "refuse"};
  std::string out(kAnswers[static_cast<std::size_t>(answer_to(decisions, has_junk))]);
  for (const Decision& d : decisions) out += " " + std::string(action_name(d.action));
  return out;
}

TEST(Weighing, OneAnswerForAll) {
  using enum Action;
  EXPECT_EQ(together({reject, reject}), "refuse reject reject");
  EXPECT_EQ(together({reject, accept, quarantine, junk}), "take junk accept quarantine junk");
  EXPECT_EQ(together({accept, reject}, {true, false}), "take accept quarantine") << "at another host nobody has a Junk";
  EXPECT_EQ(together({accept, defer, reject}), "defer accept defer reject");
  EXPECT_EQ(together({accept, junk}), "take accept junk");
}

TEST(Weighing, WhatIsTakenForAnotherIsToldSo) {
  std::vector<Decision> decisions = {with(Action::reject), with(Action::accept)};
  decisions[0].disposition = trust::dmarc::Disposition::reject;
  EXPECT_EQ(answer_to(decisions, {true, true}), LetterAnswer::take);
  ASSERT_EQ(decisions[0].overrides.size(), 1u);
  EXPECT_EQ(decisions[0].overrides[0].comment, "taken for another recipient");
  EXPECT_EQ(decisions[0].disposition, trust::dmarc::Disposition::quarantine);
  EXPECT_TRUE(decisions[1].overrides.empty());
}

}  // namespace
}  // namespace chappe::post
