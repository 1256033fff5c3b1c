#include "agents/door/originators.h"

#include <gmock/gmock.h>

#include <map>

namespace chappe::agents {
namespace {

using post::SendRight;
using ::testing::HasSubstr;

// alice may send as alice@ and info@, and on behalf of boss@.
class Rights final : public post::SenderSource {
 public:
  net::Task<Result<SendRight>> may_send(post::LoggedIn, std::string address, net::Deadline) override {
    ++asked;
    if (ill) co_return fail(Errc::unavailable, "ill");
    const auto at = rights.find(address);
    co_return at == rights.end() ? SendRight::none : at->second;
  }
  std::map<std::string, SendRight> rights = {{"alice@example.test", SendRight::as},
                                             {"info@example.test", SendRight::as},
                                             {"boss@example.test", SendRight::on_behalf}};
  std::size_t asked = 0;
  bool ill = false;
};

class OriginatorsTest : public ::testing::Test {
 protected:
  Result<Originators> check(const std::string& fields) {
    const Bytes octets = fields + "To: x@example.test\r\n\r\n";
    const message::Letter header(octets);
    return net::run(check_originators(&rights_, {{}, "alice@example.test"}, &header,
                                      {.when = system_clock().steady() + std::chrono::seconds(60)}));
  }
  // "ok", "wants a sender", or the words of the refusal.
  std::string said(const std::string& fields) {
    const auto found = check(fields);
    if (!found) return found.error().describe();
    if (!found->refusal) return found->wants_sender ? "wants a sender" : "ok";
    EXPECT_EQ(found->refusal->code, 550);
    EXPECT_EQ(found->refusal->enhanced, "5.7.1");
    return found->refusal->text;
  }
  Rights rights_;
};

TEST_F(OriginatorsTest, OneOfTheirOwn) {
  EXPECT_EQ(said("From: Alice <alice@example.test>\r\n"), "ok");
  EXPECT_EQ(said("From: info@example.test\r\nSender: alice@example.test\r\n"), "ok");
  EXPECT_EQ(said(""), "ok") << "one is added";
}

TEST_F(OriginatorsTest, OnBehalfOfSomebodyWantsASender) {
  EXPECT_EQ(said("From: boss@example.test\r\n"), "wants a sender");
  EXPECT_THAT(said("From: boss@example.test\r\nSender: boss@example.test\r\n"), HasSubstr("not in Sender"));
}

TEST_F(OriginatorsTest, NobodyElses) {
  for (const char* address : {"carol@example.test", "x@elsewhere.test", "nobody@example.test"}) {
    const std::string words = said("From: " + std::string(address) + "\r\n");
    EXPECT_THAT(words, HasSubstr("From names " + std::string(address)));
    EXPECT_THAT(words, HasSubstr("chappe grant add alice@example.test " + std::string(address)));
    EXPECT_THAT(said("From: alice@example.test\r\nSender: " + std::string(address) + "\r\n"),
                HasSubstr("Sender names " + std::string(address)));
  }
}

TEST_F(OriginatorsTest, OfSeveralAuthorsEachMustBeAllowed) {
  EXPECT_EQ(said("From: alice@example.test, info@example.test\r\n"), "wants a sender");  // RFC 5322 §3.6.2
  EXPECT_EQ(said("From: alice@example.test, boss@example.test\r\n"), "wants a sender");
  EXPECT_THAT(said("From: alice@example.test, carol@example.test\r\nSender: alice@example.test\r\n"),
              HasSubstr("From names carol@example.test"));
  EXPECT_THAT(said("From: carol@example.test, alice@example.test\r\n"), HasSubstr("From names carol@example.test"));
}

TEST_F(OriginatorsTest, ALetterThatIsSentAgainExcusesNothing) {
  const std::string mine = "From: alice@example.test\r\n";
  EXPECT_EQ(said("Resent-From: info@example.test\r\n" + mine), "ok");
  EXPECT_THAT(said("Resent-From: alice@example.test\r\nFrom: x@elsewhere.test\r\n"),
              HasSubstr("From names x@elsewhere"));
  EXPECT_THAT(said("Resent-From: carol@example.test\r\n" + mine), HasSubstr("Resent-From names carol@example.test"));
  EXPECT_THAT(said("Resent-Sender: carol@example.test\r\n" + mine), HasSubstr("Resent-Sender names carol"));
  EXPECT_THAT(said("Resent-From: boss@example.test\r\n" + mine), HasSubstr("not in Resent-From"));
}

TEST_F(OriginatorsTest, WhatIsNotClearIsNobodys) {
  EXPECT_THAT(said("From: alice@example.test\r\nFrom: carol@example.test\r\n"), HasSubstr("(several-fields)"));
  EXPECT_THAT(said("From: alice\r\n"), HasSubstr("does not say clearly who it is from"));
  EXPECT_THAT(said("From:\r\n"), HasSubstr("(from-empty)"));
  EXPECT_THAT(said("From: \"x <carol@bank.test>\"@example.test\r\n"), HasSubstr("(read-differently)"));
  EXPECT_THAT(said("From: alice@example.test, carol\r\n"), HasSubstr("From names carol"));
}

TEST_F(OriginatorsTest, ThereIsALimit) {
  std::string from = "From: alice@example.test";
  for (std::size_t i = 1; i < kMaxOriginators; ++i) from += ",\r\n alice@example.test";
  EXPECT_EQ(said(from + "\r\n"), "wants a sender");
  EXPECT_EQ(rights_.asked, kMaxOriginators);
  EXPECT_THAT(said(from + "\r\nSender: alice@example.test\r\n"), HasSubstr("over 20 originators"));
  EXPECT_EQ(rights_.asked, kMaxOriginators) << "nobody was asked";
}

TEST_F(OriginatorsTest, WithoutAnAnswerThereIsNone) {
  rights_.ill = true;
  EXPECT_EQ(check("From: alice@example.test\r\n").error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace chappe::agents
