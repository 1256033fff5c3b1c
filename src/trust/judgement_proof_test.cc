// What proves an author, and what does not.
#include "trust/judgement.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "trust/dkim/header_fields.h"
#include "trust/dkim/key.h"
#include "trust/dkim/testing.h"

namespace chappe::trust {
namespace {

constexpr Time kNow{1'700'000'000'000'000};
const std::string kLetter =
    "From: Joe <joe@bank.example>\r\nTo: you@example.org\r\nSubject: x\r\n"
    "Date: Fri, 20 Nov 2026 18:46:00 +0100\r\n\r\nHello\r\n";

net::Task<Judgement> judge_it(dns::Resolver* resolver, Envelope envelope, const message::Letter* letter,
                              const dkim::BodyHashes* bodies) {
  co_return co_await judge(*resolver, std::move(envelope), *letter, *bodies,
                           {.receiver = "mx.example.org", .now = kNow}, net::Deadline::in(std::chrono::seconds(10)));
}

Judgement judged(const std::string& zone, Envelope envelope, const std::string& bytes = kLetter) {
  const auto resolver = dkim::zone(zone);
  const message::Letter letter(bytes);
  const dkim::BodyHashes bodies = dkim::body_hashes(letter);
  ManualClock clock;
  net::LocalExecutor executor(clock);
  return executor.run(judge_it(resolver.get(), std::move(envelope), &letter, &bodies));
}

const std::string kReject = "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n";

// CVE-2019-20790: SPF of HELO is told, and proves no author.
TEST(Judgement, HeloProvesNoAuthor) {
  const std::string zone = kReject +
                           "bank.example. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                           "evil.example. TXT \"v=spf1 -all\"\nneutral.example. TXT \"v=spf1 ?all\"\n";
  for (const char* sender : {"eve@evil.example", "eve@neutral.example", "eve@none.example"}) {
    const Judgement j = judged(zone, {"192.0.2.1", "bank.example", sender});
    ASSERT_TRUE(j.helo) << sender;
    EXPECT_EQ(j.helo->result, spf::ResultCode::pass) << sender;
    EXPECT_NE(j.spf->result, spf::ResultCode::pass) << sender;
    ASSERT_TRUE(j.decisive()) << sender;
    EXPECT_EQ(j.decisive()->result, dmarc::Outcome::fail) << sender;
    EXPECT_EQ(j.decisive()->identifiers.size(), 1u) << sender;
  }
  // RFC 7208 §2.4: of the null sender, MAIL FROM is postmaster at the HELO name.
  const Judgement null = judged(zone, {"192.0.2.1", "bank.example", ""});
  EXPECT_TRUE(null.spf->null_sender);
  EXPECT_EQ(null.decisive()->result, dmarc::Outcome::pass);
}

// A signature by hand over From and the first seven octets of the body; our own signer never writes l=.
std::string signed_in_part(const crypto::PrivateKey& key, const std::string& letter) {
  const std::string start =
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=bank.example; s=s; h=From; l=7; bh=" +
      codec::base64_encode(crypto::sha256("Hello\r\n").view()) + "; b=";
  const std::string unsigned_letter = start + "\r\n" + letter;
  const message::Letter parsed(unsigned_letter);
  const dkim::HeaderFields header(parsed.fields());
  std::string text = header.canonical(dkim::Canon::relaxed, header.select(std::vector<std::string>{"From"}, 0));
  const message::Field& own = parsed.fields()[0];
  dkim::append_own(text, dkim::Canon::relaxed, own, own.value().size(), own.value().size());
  return start + codec::base64_encode(key.sign(crypto::sha256(text).view()).value()) + "\r\n" + letter;
}

// l= that covers all of the body counts; behind which somebody has added to it, it does not (RFC 6376 §8.2).
TEST(Judgement, WhatIsSignedInPartProvesNoAuthor) {
  const crypto::PrivateKey key = crypto::PrivateKey::generate_ed25519().value();
  const std::string zone = kReject + dkim::txt("s._domainkey.bank.example.", dkim::key_record(key));
  const std::string bytes = signed_in_part(key, kLetter);
  EXPECT_EQ(judged(zone, {}, bytes).decisive()->result, dmarc::Outcome::pass);
  const Judgement added = judged(zone, {}, bytes + "and more\r\n");
  EXPECT_EQ(added.dkim.result(), dkim::ResultCode::policy);
  EXPECT_EQ(added.decisive()->result, dmarc::Outcome::fail);
}

// The DNS kept back what could have changed the verdict; what could not have is not waited for.
TEST(Judgement, SaysWhetherTheDnsKeptItBack) {
  const Envelope envelope{"192.0.2.1", "mx.bank.example", "joe@bank.example"};
  EXPECT_TRUE(judged(kReject + "$SERVFAIL bank.example. TXT\n", envelope).kept_back());
  EXPECT_TRUE(judged("$TIMEOUT _dmarc.bank.example.\n", envelope).kept_back());
  EXPECT_FALSE(judged(kReject + "$SERVFAIL mx.bank.example. TXT\n", envelope).kept_back());
  EXPECT_FALSE(judged(kReject + "$SERVFAIL 1.2.0.192.in-addr.arpa.\n", envelope).kept_back());
}

}  // namespace
}  // namespace chappe::trust
