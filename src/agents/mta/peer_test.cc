// How a letter is handed over: the extensions that the other side offers, and the answers that it gives.
#include <gmock/gmock.h>

#include "agents/mta/testing.h"

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

namespace chappe::agents::mta::testing {
namespace {

class PeerTest : public MtaTest {
 protected:
  static constexpr const char* kZone = "one.net. A 127.0.0.21\n";
  static post::Letter eight_bit() {
    post::Letter letter;
    letter.eight_bit = true;
    letter.octets = ChunkList("Subject: x\r\n\r\nf\xc3\xbcr dich\r\n");
    return letter;
  }
};

TEST_F(PeerTest, CommandsTravelTogetherWherePipeliningIsOffered) {
  PlainServer& one = plain("127.0.0.21", {{"EHLO", "250-plain\r\n250 PIPELINING"}, {"DATA", "354 go"}});
  start(kZone);
  send({"bob@one.net", "eve@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.said(), Contains(AllOf(StartsWith("MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@one.net>\r\n"),
                                         HasSubstr("RCPT TO:<eve@one.net>\r\nDATA\r\n"))));
  EXPECT_THAT(one.letters(), ElementsAre("Subject: hello\r\n\r\nHello."));
}

TEST_F(PeerTest, AndOneAfterTheOtherWhereItIsNot) {
  PlainServer& one = plain("127.0.0.21", {{"DATA", "354 go"}});
  start(kZone);
  send({"bob@one.net", "eve@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.letters(), SizeIs(1));
  EXPECT_THAT(one.said(), Each(Not(HasSubstr("\r\n"
                                             "RCPT"))));
  EXPECT_THAT(one.said(), Contains("MAIL FROM:<alice@example.test>\r\n")) << "no parameters for who offers nothing";
}

TEST_F(PeerTest, EightBitsGoOnlyWhereTheyAreTaken) {  // RFC 6152 §3
  PlainServer& old = plain("127.0.0.21", {{"DATA", "354 go"}});
  PlainServer& fresh = plain("127.0.0.22", {{"EHLO", "250-plain\r\n250 8BITMIME"}, {"DATA", "354 go"}});
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  send({"bob@two.net"}, "alice@example.test", eight_bit());
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(fresh.said(), Contains("MAIL FROM:<alice@example.test> BODY=8BITMIME\r\n"));
  EXPECT_THAT(fresh.letters(), ElementsAre("Subject: x\r\n\r\nf\xc3\xbcr dich"));
  EXPECT_THAT(inbox(), IsEmpty());
  send({"bob@one.net"}, "alice@example.test", eight_bit());
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(old.letters(), IsEmpty());
  EXPECT_THAT(inbox(), ElementsAre(HasSubstr("Status: 5.6.3")));
}

TEST_F(PeerTest, InternationalLettersGoOnlyWhereTheyAreTaken) {  // RFC 6531 §3.5
  plain("127.0.0.21", {{"EHLO", "250-plain\r\n250 8BITMIME"}, {"DATA", "354 go"}});
  PlainServer& fresh = plain("127.0.0.22", {{"EHLO", "250-plain\r\n250-8BITMIME\r\n250 SMTPUTF8"}, {"DATA", "354 go"}});
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  send(
      {"b\xc3\xb6"
       "b@two.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(fresh.said(), Contains(HasSubstr("MAIL FROM:<alice@example.test> SMTPUTF8\r\n")));
  post::Letter letter;
  letter.smtputf8 = true;
  send({"bob@one.net"}, "alice@example.test", letter);
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(inbox(), ElementsAre(AllOf(HasSubstr("Status: 5.6.7"),
                                         HasSubstr("X-Chappe; the other side does not offer SMTPUTF8"))));
}

TEST_F(PeerTest, ALetterThatIsTooLargeIsNotBegun) {  // RFC 1870 §6.1
  PlainServer& one = plain("127.0.0.21", {{"EHLO", "250-plain\r\n250 SIZE 20"}, {"DATA", "354 go"}});
  start(kZone);
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.said(), Each(Not(HasSubstr("MAIL"))));
  EXPECT_THAT(inbox(), ElementsAre(HasSubstr("Status: 5.3.4")));
}

TEST_F(PeerTest, SizeIsDeclaredWhereItIsOffered) {
  PlainServer& one = plain("127.0.0.21", {{"EHLO", "250-plain\r\n250 SIZE 0"}, {"DATA", "354 go"}});
  start(kZone);
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.said(), Contains("MAIL FROM:<alice@example.test> SIZE=26\r\n"));
}

TEST_F(PeerTest, TheOctetsAreTheSameByDataAndByBdat) {
  FakeServer& data = server("127.0.0.21");
  data.offers = [](auto& options) { options.chunking = false; };
  FakeServer& bdat = server("127.0.0.22");
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  post::Letter letter;
  std::string octets = "Subject: x\r\n\r\n.\r\n..\r\n";
  while (octets.size() < 1'000'000) octets += ".a line that begins with a dot\r\n";
  letter.octets = ChunkList(octets);
  send({"bob@one.net", "bob@two.net"}, "alice@example.test", letter);
  EXPECT_THAT(settled(), IsEmpty());
  ASSERT_THAT(data.received(), SizeIs(1));
  ASSERT_THAT(bdat.received(), SizeIs(1));
  EXPECT_TRUE(data.received()[0].octets == octets);
  EXPECT_TRUE(bdat.received()[0].octets == octets);
}

TEST_F(PeerTest, AWordOfGoodbyeInTheMiddleCountsForWhoHasNoAnswerYet) {  // RFC 5321 §3.8
  server("127.0.0.21").on_rcpt = [](const std::string& to) {
    return to.starts_with("nobody") ? Reply(550, "5.1.1", "No such mailbox") : Reply(421, "4.3.2", "Going down");
  };
  start(kZone);
  send({"nobody@one.net", "bob@one.net"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].recipient, "bob@one.net");
  EXPECT_EQ(rows[0].last_error, "421 4.3.2 Going down");
  EXPECT_THAT(inbox(),
              ElementsAre(AllOf(HasSubstr("nobody@one.net\r\nAction: failed"), Not(HasSubstr("bob@one.net\r\n")))));
}

TEST_F(PeerTest, RepliesMayHaveSeveralLines) {
  plain("127.0.0.21", {{"greeting", "220-plain\r\n220-is\r\n220 here"},
                       {"MAIL", "250-one\r\n250 two"},
                       {"DATA", "354-go\r\n354 on"},
                       {".", "250-2.0.0 thank\r\n250 2.0.0 you"}});
  plain("127.0.0.22", {{"RCPT", "550-5.1.1 nobody\r\n550 5.1.1 here"}});
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  send({"bob@one.net", "bob@two.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(inbox(), ElementsAre(AllOf(HasSubstr("Status: 5.1.1"), HasSubstr("550-5.1.1 nobody"),
                                         HasSubstr("550 5.1.1 here"), Not(HasSubstr("bob@one.net\r\nAction")))));
}

TEST_F(PeerTest, TheCodeDecidesAndAnEnhancedOneThatContradictsItDoesNot) {  // RFC 3463 §2
  plain("127.0.0.21", {{"DATA", "354 go"}, {".", "250 5.1.1 taken"}});
  plain("127.0.0.22", {{"RCPT", "550 2.1.5 no"}});
  plain("127.0.0.23", {{"RCPT", "450 5.7.1 not yet"}});
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\nthree.net. A 127.0.0.23\n");
  send({"a@one.net", "b@two.net", "c@three.net"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].recipient, "c@three.net");
  EXPECT_THAT(inbox(), ElementsAre(HasSubstr("b@two.net\r\nAction: failed\r\nStatus: 5.0.0\r\n")));
}

TEST_F(PeerTest, AServerThatKnowsOnlyHeloGetsLettersToo) {
  PlainServer& one = plain("127.0.0.21", {{"EHLO", "500 what"}, {"DATA", "354 go"}});
  start(kZone);
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.said(), Contains("HELO mail.example.test\r\n"));
  EXPECT_THAT(one.letters(), SizeIs(1));
}

TEST_F(PeerTest, WhoTakesLongForEachReplyButNotTooLongIsWaitedFor) {
  FakeServer& one = server("127.0.0.21");
  one.thinks = 300ms;
  MtaOptions options;
  options.times.command = 100ms;  // but the letter has its own time
  start(kZone, std::move(options));
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(1));
}

TEST_F(PeerTest, WhatIsWaitedForInVainIsNamed) {
  server("127.0.0.21").mute = true;
  server("127.0.0.22").thinks = 2s;
  MtaOptions options;
  options.times.greeting = 100ms;
  options.times.final_dot = 100ms;
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n", std::move(options));
  send({"a@one.net", "b@two.net"});
  std::map<std::string, std::string> why;
  for (const auto& row : settled()) why[row.recipient] = row.last_error;
  EXPECT_EQ(why["a@one.net"], "Waited 1 s for the greeting in vain");
  EXPECT_EQ(why["b@two.net"], "Waited 1 s for the answer to the letter in vain");
}

}  // namespace
}  // namespace chappe::agents::mta::testing
