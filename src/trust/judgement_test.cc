#include "trust/judgement.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "trust/arc/seal.h"
#include "trust/dkim/sign.h"
#include "trust/dkim/testing.h"
#include "trust/testing.h"

namespace chappe::trust {
namespace {

using Strings = std::vector<std::string>;

constexpr Time kNow{1'700'000'000'000'000};
const std::string kLetter =
    "From: Teller <teller@bank.example>\r\nTo: list@list.example\r\nSubject: accounts\r\n"
    "Date: Thu, 26 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@bank.example>\r\n\r\nAll is well.\r\n";
const Envelope kEnvelope{.ip = "192.0.2.9", .helo = "mx.list.example", .mail_from = "bounce@list.example"};

class Judging : public ::testing::Test {
 protected:
  Judging() : key_(std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate_ed25519().value())) {
    text = "bank.example. TXT \"v=spf1 ip4:198.51.100.1 -all\"\n_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n";
    for (const char* domain : {"bank.example", "list.example", "two.example", "evil.example"})
      text += dkim::txt(fmt::format("s._domainkey.{}.", domain), dkim::key_record(*key_));
  }

  std::string signed_by_bank() const {
    const dkim::SigningKey key{key_, "bank.example", "s"};
    std::string out;
    for (const std::string& field : dkim::sign(message::Letter(kLetter), {&key, 1}, kNow, {}).value().fields)
      out += field;
    return out + kLetter;
  }
  // Handed on by a list that breaks signatures and seals what it found.
  std::string sealed(const std::string& bytes, const std::string& domain, std::string_view results,
                     arc::Status came = arc::Status::none) const {
    const message::Letter letter(bytes);
    const arc::SealOptions options;
    const dkim::BodyHashKind kind = options.body_kind();
    dkim::BodyHashes bodies({&kind, 1});
    bodies.feed(letter.body_bytes(letter.root()));
    bodies.finish();
    const auto made = arc::seal(letter.fields(), bodies, came, results, {key_, domain, "s"}, kNow, options);
    EXPECT_TRUE(made && *made);
    return (*made)->fields + bytes;
  }
  std::string list(std::string bytes, std::string_view results) const {
    return sealed(bytes + "-- \r\nthe list\r\n", "list.example", results);
  }

  Judgement judge(const std::string& bytes, JudgeOptions options, Envelope envelope = kEnvelope) const {
    const auto resolver = dkim::zone(text);
    options.receiver = "mx.here.example";
    options.now = kNow;
    const message::Letter letter(bytes);
    const dkim::BodyHashes bodies = dkim::body_hashes(letter);
    return run_now(task(resolver.get(), std::move(envelope), &letter, &bodies, std::move(options)));
  }
  // "action reason, reason of the trust: what was reported at i".
  std::string arc(const std::string& bytes, Strings trusted) const {
    const Judgement j = judge(bytes, {.receiver = {}, .now = {}, .trusted_sealers = std::move(trusted)});
    return fmt::format("{} {}, {}: {} at {}", action_name(j.decision.action), action_reason_row(j.decision.reason).id,
                       arc_trust_row(j.arc_trust.reason).id, outcome_name(j.arc_trust.knowledge.reported),
                       j.arc_trust.instance);
  }

  std::string text;

 private:
  static net::Task<Judgement> task(dns::Resolver* resolver, Envelope envelope, const message::Letter* letter,
                                   const dkim::BodyHashes* bodies, JudgeOptions options) {
    co_return co_await trust::judge(*resolver, std::move(envelope), *letter, *bodies, std::move(options),
                                    net::Deadline::in(std::chrono::seconds(10)));
  }

  std::shared_ptr<const crypto::PrivateKey> key_;
};

constexpr std::string_view kPassed = "mx.list.example; dmarc=pass header.from=bank.example";

// RFC 8617 §7.2
TEST_F(Judging, ATrustedListThatSawItPass) {
  const std::string letter = list(
      signed_by_bank(), "mx.list.example; arc=none smtp.remote-ip=198.51.100.1; dmarc=pass header.from=bank.example");
  EXPECT_EQ(arc(letter, {"list.example"}), "accept overridden, sealer-vouches: pass at 1");
  EXPECT_EQ(arc(letter, {}), "junk reject-alone, sealer-unknown: none at 0");
  EXPECT_EQ(arc(letter, {"example", "mx.list.example", "other.example"}),
            "junk reject-alone, sealer-unknown: none at 0");
  const Judgement j = judge(letter, {.receiver = {}, .now = {}, .trusted_sealers = {"list.example"}});
  ASSERT_EQ(j.decision.overrides.size(), 1u);
  EXPECT_EQ(override_name(j.decision.overrides[0].type), "local_policy");
  // RFC 8617 §7.2.2
  EXPECT_EQ(j.decision.overrides[0].comment, "arc=pass as[1].d=list.example as[1].s=s remote-ip[1]=198.51.100.1");
  EXPECT_EQ(j.arc_trust.sealer, "list.example");
}

TEST_F(Judging, ATrustedListThatDidNot) {
  const auto says = [&](std::string_view results) {
    return arc(list(signed_by_bank(), fmt::format("mx.list.example; {}", results)), {"list.example"});
  };
  const std::string fails = "junk reject-alone, sealer-does-not: ";
  EXPECT_EQ(says("dmarc=fail header.from=bank.example"), fails + "fail at 1");
  EXPECT_EQ(says("dmarc=none header.from=bank.example"), fails + "none at 1");
  EXPECT_EQ(says("none"), fails + "none at 1");
  EXPECT_EQ(says("dmarc=bestguesspass header.from=bank.example"), fails + "none at 1");
  // Of another domain, of no domain, and of both sorts.
  EXPECT_EQ(says("dmarc=pass header.from=evil.example"), fails + "none at 1");
  EXPECT_EQ(says("dmarc=pass header.from=sub.bank.example"), fails + "none at 1");
  EXPECT_EQ(says("dmarc=pass"), fails + "none at 1");
  EXPECT_EQ(says("dmarc=pass header.from=bank.example; dmarc=fail header.from=bank.example"), fails + "none at 1");
}

TEST_F(Judging, WithoutAResultOfDmarcTheIdentitiesCount) {
  const auto says = [&](std::string_view results) {
    return arc(list(signed_by_bank(), fmt::format("mx.list.example; {}", results)), {"list.example"});
  };
  const std::string good = "accept overridden, sealer-vouches: pass at 1",
                    fails = "junk reject-alone, sealer-does-not: ";
  EXPECT_EQ(says("dkim=pass header.d=bank.example"), good);
  EXPECT_EQ(says("dkim=pass header.d=mail.bank.example"), good);  // relaxed (RFC 9989 §3.2.10.1)
  EXPECT_EQ(says("spf=pass smtp.mailfrom=teller@bank.example"), good);
  EXPECT_EQ(
      says("spf=fail smtp.mailfrom=a@evil.example; dkim=fail header.d=evil.example; dkim=pass header.d=BANK.example"),
      good);
  EXPECT_EQ(says("dkim=fail header.d=bank.example"), fails + "none at 1");
  EXPECT_EQ(says("dkim=pass header.d=evil.example"), fails + "fail at 1");
  EXPECT_EQ(says("spf=pass smtp.mailfrom=a@evil.example"), fails + "fail at 1");
  EXPECT_EQ(says("spf=pass smtp.helo=bank.example"), fails + "none at 1");  // HELO is no identity of DMARC's
  EXPECT_EQ(says("dmarc=fail header.from=bank.example; dkim=pass header.d=bank.example"), fails + "fail at 1");
}

TEST_F(Judging, SetsBelowCountAsFarDownAsTheirSealersAreTrusted) {
  constexpr std::string_view kFailed = "mx.two.example; arc=pass; dmarc=fail header.from=bank.example";
  const std::string first = list(signed_by_bank(), kPassed);
  const std::string both = sealed(first, "two.example", kFailed, arc::Status::pass);
  EXPECT_EQ(arc(both, {"two.example", "list.example"}), "accept overridden, sealer-vouches: pass at 1");
  EXPECT_EQ(arc(both, {"two.example"}), "junk reject-alone, sealer-does-not: fail at 2");
  EXPECT_EQ(arc(both, {"list.example"}), "junk reject-alone, sealer-unknown: none at 0");
  // A forger seals a lie, and sends it by way of an honest list.
  const std::string lie = sealed(kLetter, "evil.example", "mx.bank.example; dmarc=pass header.from=bank.example");
  const std::string laundered = sealed(lie, "two.example", kFailed, arc::Status::pass);
  EXPECT_EQ(arc(laundered, {"two.example", "list.example"}), "junk reject-alone, sealer-does-not: fail at 2");
  const Strings all = {"two.example", "list.example", "evil.example"};
  const std::string three = sealed(laundered, "list.example", kFailed, arc::Status::pass);
  EXPECT_EQ(arc(three, {"list.example", "evil.example"}), "junk reject-alone, sealer-does-not: fail at 3");
  EXPECT_EQ(arc(three, all), "accept overridden, sealer-vouches: pass at 1");
}

TEST_F(Judging, AChainThatDoesNotHoldIsWorthNothing) {
  std::string letter = list(signed_by_bank(), kPassed);
  const std::string no_chain = "junk reject-alone, no-chain: none at 0";
  std::string changed = letter;
  changed.replace(changed.find("All is well"), 11, "All is lost");
  EXPECT_EQ(arc(changed, {"list.example"}), no_chain);
  std::string forged = list(signed_by_bank(), "mx.list.example; dmarc=fail header.from=bank.example");
  forged.replace(forged.find("dmarc=fail"), 10, "dmarc=pass");
  EXPECT_EQ(arc(forged, {"list.example"}), no_chain);
  const std::string failed = sealed(changed, "list.example", kPassed, arc::Status::fail);
  EXPECT_NE(failed.find("cv=fail"), std::string::npos);
  EXPECT_EQ(arc(failed, {"list.example"}), no_chain);
}

TEST_F(Judging, AListingIsEvidenceBesideDmarc) {
  const std::string came = "Received: from a by b; Thu, 26 Nov 2026 05:00:00 +0000\r\n" + kLetter;
  const ListRule rule{{.name = "bl", .zone = "bl.example"}, dmarc::Action::accept};
  const JudgeOptions options{.receiver = {}, .now = {}, .lists = {rule}};
  EXPECT_EQ(action_reason_row(judge(came, options).decision.reason).id, "reject-alone");
  text += "9.2.0.192.bl.example. A 127.0.0.2\n";
  const Judgement j = judge(came, options);
  EXPECT_EQ(action_reason_row(j.decision.reason).id, "reject-with-evidence");
  EXPECT_EQ(j.decision.evidence, std::vector{dmarc::Evidence::sender_listed});
  // Who proves to be from there is not concerned.
  EXPECT_EQ(action_name(judge(signed_by_bank(), options).decision.action), "accept");
  JudgeOptions rejects = options;
  rejects.lists[0].action = dmarc::Action::reject;
  EXPECT_EQ(action_reason_row(judge(signed_by_bank(), rejects).decision.reason).id, "sender-listed");
  rejects.knowledge.local_allow = "a rule of ours";
  EXPECT_EQ(action_name(judge(signed_by_bank(), rejects).decision.action), "accept");
}

TEST_F(Judging, AnAllowedDomainIsProvenByDmarc) {
  text += "bank.example.dbl.example. A 127.0.1.2\nbank.example.dwl.example. A 127.0.0.2\n";
  const ListRule dbl{{.name = "dbl", .zone = "dbl.example", .ipv4 = false, .domains = true}, dmarc::Action::reject};
  const ListRule dwl{{.name = "dwl", .zone = "dwl.example", .kind = List::Kind::allow, .ipv4 = false, .domains = true}};
  const JudgeOptions options{.receiver = {}, .now = {}, .lists = {dbl, dwl}};
  EXPECT_EQ(action_name(judge(signed_by_bank(), options).decision.action), "accept");
  EXPECT_EQ(action_reason_row(judge("List-Id: <l.example>\r\n" + kLetter, options).decision.reason).id,
            "reject-with-evidence");
}

TEST_F(Judging, TheNamesOfTheClientAreToldAndWeighNothing) {
  const std::string letter = signed_by_bank();
  EXPECT_EQ(action_name(judge(letter, {.receiver = {}, .now = {}}).decision.action), "accept");
  text +=
      "9.2.0.192.in-addr.arpa. PTR mx.list.example.\nmx.list.example. A 192.0.2.9\n9.2.0.192.bl.example. A 127.0.0.2\n"
      "9.2.0.192.wl.example. A 127.0.5.1\n";
  const auto told = [&](JudgeOptions options, Envelope envelope = kEnvelope) {
    const Judgement j = judge(letter, std::move(options), std::move(envelope));
    std::string out = authres::write(results_of(j, "mx.here.example"));
    std::erase_if(out, [](char c) { return c == '\r' || c == '\n' || c == '\t'; });
    return out;
  };
  const std::string good = told({.receiver = {}, .now = {}});
  EXPECT_NE(good.find("iprev=pass policy.iprev=192.0.2.9 policy.helo=resolves"), std::string::npos) << good;
  const std::string own =
      told({.receiver = {}, .now = {}}, {.ip = "192.0.2.9", .helo = "mx.here.example", .mail_from = ""});
  EXPECT_NE(own.find("policy.helo=own-name"), std::string::npos) << own;
  const ListRule block{{.name = "bl", .zone = "bl.example"}},
      allow{{.name = "wl", .zone = "wl.example", .kind = List::Kind::allow}};
  const std::string listed = told({.receiver = {}, .now = {}, .lists = {block}});
  EXPECT_NE(listed.find("policy.dns-list=bl"), std::string::npos) << listed;
  const std::string allowed = told({.receiver = {}, .now = {}, .lists = {block, allow}});
  EXPECT_EQ(allowed.find("policy.dns-list"), std::string::npos) << allowed;
  EXPECT_NE(allowed.find("dnswl=pass dns.zone=wl policy.ip=127.0.5.1"), std::string::npos) << allowed;
}

// What a sender puts above its letter pushes out nothing of what was found of it, in the field and in what is read
// back.
TEST_F(Judging, NoNumberOfSignaturesPushesOutTheResults) {
  const std::string chain =
      "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=x; b=AAAA\r\n"
      "ARC-Message-Signature: i=1; a=rsa-sha256; d=a.example; s=x; h=from; bh=AAAA; b=AAAA\r\n"
      "ARC-Authentication-Results: i=1; mx.a.example; none\r\n";
  // Each is as long as it can be written: of an i= of backslashes 400 octets are kept, and each is escaped.
  std::string backslashes;
  for (int i = 0; i < 1000; ++i) backslashes += "=5C";
  const std::string large =
      fmt::format("DKIM-Signature: v=1; a=rsa-sha256; d={0}; s={1}; i={2}@{0}; h=from; bh=AAAA; b=AAAA\r\n",
                  "a." + std::string(60, 'b') + ".example", std::string(60, 's'), backslashes);
  std::string authors = "From: teller@bank.example";
  for (int i = 1; i < 4; ++i) authors += fmt::format(",\r\n a@{}.{}.example", std::string(60, 'a'), i);
  const std::string rest = kLetter.substr(kLetter.find("\r\n"));
  for (const std::string& line : {std::string("DKIM-Signature: x\r\n"), large}) {
    std::string bytes = chain;
    for (int i = 0; i < 200; ++i) bytes += line;
    const Judgement j =
        judge(bytes + authors + rest, {.receiver = {}, .now = {}},
              {.ip = "192.0.2.9", .helo = "h.example", .mail_from = std::string(60, 'a') + "@bank.example"});
    const authres::Results all = results_of(j, "mx.here.example");
    const std::string field = authres::write(all);
    const auto back = authres::parse(std::string_view(field).substr(field.find(':') + 1));
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(back.results.results.size(), all.results.size()) << "something is left out";
    std::map<std::string, std::size_t> count;
    for (const authres::MethodResult& one : back.results.results) ++count[one.method];
    EXPECT_EQ(count,
              (std::map<std::string, std::size_t>{{"dmarc", 4}, {"spf", 2}, {"arc", 1}, {"iprev", 1}, {"dkim", 11}}));
    EXPECT_EQ(back.results.results.front().result, "fail");
    EXPECT_EQ(back.results.results.back().reason, "190 more, which were not looked at");
  }
}

}  // namespace
}  // namespace chappe::trust
