#include "agents/mta/mta.h"

#include <gmock/gmock.h>

#include <map>

#include "agents/mta/testing.h"

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace chappe::agents::mta::testing {
namespace {

TEST_F(MtaTest, GoesByMxAndRecipientsOfADomainTravelTogether) {
  FakeServer& one = server("127.0.0.21");
  FakeServer& two = server("127.0.0.22");
  start("one.net. MX 10 mx.one.net.\nmx.one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  send({"bob@one.net", "eve@ONE.net", "dan@two.net"});
  EXPECT_THAT(settled(), IsEmpty());
  ASSERT_THAT(one.received(), SizeIs(1));
  EXPECT_EQ(one.received()[0].sender, "alice@example.test");
  EXPECT_THAT(one.received()[0].recipients, ElementsAre("bob@one.net", "eve@ONE.net"));
  EXPECT_EQ(one.received()[0].octets, "Subject: hello\r\n\r\nHello.\r\n");
  ASSERT_THAT(two.received(), SizeIs(1));
  EXPECT_THAT(inbox(), IsEmpty());
}

TEST_F(MtaTest, TheNextHostIsTriedWhenOneIsDown) {
  FakeServer& backup = server("127.0.0.22");
  start("one.net. MX 10 a.one.net.\none.net. MX 20 b.one.net.\na.one.net. A 127.0.0.29\nb.one.net. A 127.0.0.22\n");
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(backup.received(), SizeIs(1));
}

TEST_F(MtaTest, WhoIsRefusedForGoodGoesBackToTheSender) {
  FakeServer& one = server("127.0.0.21");
  one.on_rcpt = [](const std::string& to) {
    return to.starts_with("nobody") ? Reply(550, "5.1.1", "No such mailbox") : Reply(250, "2.1.5", "ok");
  };
  start("one.net. A 127.0.0.21\n");
  send({"bob@one.net", "nobody@one.net", "nobody2@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received()[0].recipients, ElementsAre("bob@one.net"));
  ASSERT_THAT(inbox(), SizeIs(1));
  EXPECT_THAT(inbox()[0], HasSubstr("Return-Path: <>\r\n"));
  EXPECT_THAT(inbox()[0], HasSubstr("Final-Recipient: rfc822; nobody@one.net\r\nAction: failed\r\nStatus: 5.1.1"));
  EXPECT_THAT(inbox()[0], HasSubstr("Final-Recipient: rfc822; nobody2@one.net"));
  EXPECT_THAT(inbox()[0], HasSubstr("Diagnostic-Code: smtp; 550 5.1.1 No such mailbox"));
  EXPECT_THAT(inbox()[0], HasSubstr("Subject: hello"));
}

// Whoever is told is the sender, whatever MAIL FROM said.
TEST_F(MtaTest, AForwardLeavesWithASenderOfItsOwnAndItsFailureIsToldToTheSender) {
  FakeServer& one = server("127.0.0.21");
  one.on_rcpt = [](const std::string& to) {
    return to.starts_with("nobody") ? Reply(550, "5.1.1", "No such mailbox") : Reply(250, "2.1.5", "ok");
  };
  start("one.net. A 127.0.0.21\n");
  post::Letter letter;
  const std::vector<std::pair<std::string, std::string>> leading = {{"bob@one.net", "SRS0=a@x.test"},
                                                                    {"eve@one.net", "SRS0=a@x.test"},
                                                                    {"dan@one.net", "SRS0=b@y.test"},
                                                                    {"nobody@one.net", "SRS0=b@y.test"}};
  for (const auto& [to, mail_from] : leading)
    letter.recipients.push_back({to, {post::Destination::Kind::remote, {}, ""}, 0, "", "x@x.test", mail_from});
  send({"carol@one.net"}, "alice@example.test", std::move(letter));
  EXPECT_THAT(settled(), IsEmpty());
  std::map<std::string, std::vector<std::string>> came;
  for (const auto& received : one.received()) came[received.sender] = received.recipients;
  EXPECT_THAT(came, ElementsAre(Pair("SRS0=a@x.test", ElementsAre("bob@one.net", "eve@one.net")),
                                Pair("SRS0=b@y.test", ElementsAre("dan@one.net")),
                                Pair("alice@example.test", ElementsAre("carol@one.net"))));
  ASSERT_THAT(inbox(), SizeIs(1));
  EXPECT_THAT(inbox()[0], HasSubstr("Final-Recipient: rfc822; nobody@one.net\r\nAction: failed\r\nStatus: 5.1.1"));
}

TEST_F(MtaTest, ANotificationIsNotAnsweredByAnother) {
  server("127.0.0.21").on_rcpt = [](const std::string&) { return Reply(550, "5.1.1", "No such mailbox"); };
  start("one.net. A 127.0.0.21\n");
  send({"nobody@one.net"}, "");
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(inbox(), IsEmpty());
  send({"nobody@one.net"}, "gone@example.test");
  EXPECT_THAT(settled(), IsEmpty()) << "a sender that leads nowhere";
}

TEST_F(MtaTest, WhoIsRefusedForNowWaits) {
  server("127.0.0.21").on_letter = [] { return Reply(451, "4.7.1", "Come back later"); };
  start("one.net. A 127.0.0.21\n");
  send({"bob@one.net"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].last_error, "451 4.7.1 Come back later");
  EXPECT_EQ(rows[0].attempts, 1u);
  EXPECT_GT(rows[0].next_attempt, system_clock().now() + Duration(50s));
}

TEST_F(MtaTest, WhatTheDnsSaysDecides) {
  server("127.0.0.21");
  start("none.net. MX 0 .\n$SERVFAIL ill.net.\n$BOGUS forged.net.\nus.net. MX 10 mail.example.test.\n",
        {.self = {{*dns::Name::parse("mail.example.test")}, {}}});
  send({"bob@none.net", "bob@nowhere.net", "bob@ill.net", "bob@forged.net", "bob@us.net"});
  const auto rows = settled();
  std::vector<std::string> waiting;
  for (const auto& row : rows) waiting.push_back(row.recipient);
  EXPECT_THAT(waiting, UnorderedElementsAre("bob@ill.net", "bob@forged.net"));
  std::string told;
  for (const Bytes& letter : inbox()) told += letter;
  EXPECT_THAT(told, HasSubstr("bob@none.net\r\nAction: failed\r\nStatus: 5.1.10"));
  EXPECT_THAT(told, HasSubstr("bob@nowhere.net\r\nAction: failed\r\nStatus: 5.1.2"));
  EXPECT_THAT(told, HasSubstr("bob@us.net\r\nAction: failed\r\nStatus: 5.4.6"));
}

TEST_F(MtaTest, AConnectionServesManyLetters) {
  FakeServer& one = server("127.0.0.21");
  start("one.net. A 127.0.0.21\n");
  for (int i = 0; i < 30; ++i) send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(30));
  EXPECT_LE(one.connections, 20);
}

TEST_F(MtaTest, AClosedConnectionAfterTheFinalDotMeansLater) {
  server("127.0.0.21").drops_dot = true;
  start("one.net. A 127.0.0.21\n");
  send({"bob@one.net"});
  ASSERT_THAT(settled(), SizeIs(1));
  EXPECT_THAT(settled()[0].last_error, HasSubstr("lost"));
}

TEST_F(MtaTest, BrokenTlsIsDoneWithout) {
  FakeServer& one = server("127.0.0.21");
  one.breaks_tls = true;
  start("one.net. A 127.0.0.21\n");
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(1));
  EXPECT_EQ(one.connections, 2);
}

TEST_F(MtaTest, AStalledDestinationHoldsUpNobodyElse) {
  server("127.0.0.21").mute = true;
  FakeServer& good = server("127.0.0.22");
  start("mute.net. A 127.0.0.21\ngood.net. A 127.0.0.22\n");
  for (int i = 0; i < 20; ++i) send({"bob@mute.net"});
  for (int i = 0; i < 5; ++i) send({"bob@good.net"});
  for (int i = 0; i < 1000 && good.received().size() < 5; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_THAT(good.received(), SizeIs(5));
  EXPECT_THAT(queued(), SizeIs(20));
}

TEST_F(MtaTest, AnIdleConnectionMakesRoomForWhoHasNone) {
  FakeServer& one = server("127.0.0.21");
  start("$ORIGIN net.\na MX 10 a\na A 127.0.0.21\nb A 127.0.0.21\nc A 127.0.0.21\nd A 127.0.0.21\ne A 127.0.0.21\n",
        {.limits = {.connections = 1, .idle = 1min}});
  for (int round = 0; round < 3; ++round)
    for (const char* domain : {"a", "b", "c", "d", "e"}) send({std::string("bob@") + domain + ".net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(15));
}

TEST_F(MtaTest, TheRecipientsOfALetterAreSettledTogether) {
  FakeServer& one = server("127.0.0.21");
  start("one.net. A 127.0.0.21\n");
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back(std::to_string(i) + "@one.net");
  const auto before = groups();
  send(many);
  EXPECT_THAT(settled(), IsEmpty());
  ASSERT_THAT(one.received(), SizeIs(1));
  EXPECT_THAT(one.received()[0].recipients, SizeIs(100));
  EXPECT_LT(groups() - before, 50u) << "syncs";
}

TEST_F(MtaTest, TheWholeLineOfADeadDestinationIsPutOffAtOnce) {
  server("127.0.0.21");
  start("dead.net. A 127.0.0.29\n");
  for (int i = 0; i < 20; ++i) send({"bob@dead.net"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(20));
  for (const auto& row : rows) EXPECT_EQ(row.attempts, 1u);
}

TEST_F(MtaTest, WhoAsksForARetryIsNotToldThatTheDestinationWasDownAMomentAgo) {
  server("127.0.0.21");
  start("dead.net. A 127.0.0.29\n");
  const auto first = send({"bob@dead.net"});
  ASSERT_THAT(settled(), SizeIs(1));
  FakeServer& back = server("127.0.0.29");
  send({"bob@dead.net"});
  EXPECT_THAT(settled(), SizeIs(2));
  EXPECT_EQ(back.connections, 0);
  ASSERT_TRUE(retry(first));
  EXPECT_THAT(settled(), SizeIs(1));
  EXPECT_THAT(back.received(), SizeIs(1));
}

TEST_F(MtaTest, ARelayGetsEverything) {
  FakeServer& relay = server("127.0.0.21");
  start("smart.example. A 127.0.0.21\n", {.relay = {"smart.example", server_port()}});
  send({"bob@one.net", "eve@two.net"});
  EXPECT_THAT(settled(), IsEmpty());
  ASSERT_THAT(relay.received(), SizeIs(1));
  EXPECT_THAT(relay.received()[0].recipients, ElementsAre("bob@one.net", "eve@two.net"));
}

TEST_F(MtaTest, WhatTheMdaKeepsGoesThereByLmtpWithAVerdictForEach) {
  FakeServer& mda = server("127.0.0.21");
  mda.lmtp = true;
  mda.on_rcpt = [](const std::string& to) {
    return to.starts_with("gone") ? Reply(550, "5.1.1", "Nobody") : Reply(250, "2.1.5", "ok");
  };
  mda.on_each = [](const std::string& to) {
    return to.starts_with("full") ? Reply(452, "4.2.2", "Full") : Reply(250, "2.0.0", "taken");
  };
  start("mda.test. A 127.0.0.21\n", {.mda = {"mda.test", server_port()}});
  send_to_mda({"bob@one.test", "full@two.test", "gone@one.test", "eve@one.test"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].recipient, "full@two.test");
  EXPECT_EQ(rows[0].last_error, "452 4.2.2 Full");
  EXPECT_TRUE(rows[0].to_mda);
  ASSERT_THAT(mda.received(), SizeIs(1)) << "domains do not part what goes to one host";
  EXPECT_THAT(mda.received()[0].recipients, ElementsAre("bob@one.test", "full@two.test", "eve@one.test"));
  ASSERT_THAT(inbox(), SizeIs(1));
  EXPECT_THAT(inbox()[0], HasSubstr("Final-Recipient: rfc822; gone@one.test\r\nAction: failed\r\nStatus: 5.1.1"));
}

TEST_F(MtaTest, LettersWaitForAnMdaThatIsAway) {
  server("127.0.0.21");
  for (const char* host : {"127.0.0.29", "nowhere.test", "not a name"}) {
    start("one.net. A 127.0.0.21\n", {.mda = {host, server_port()}});
    send_to_mda({"bob@one.test"});
    const auto rows = settled();
    ASSERT_THAT(rows, SizeIs(1)) << host;
    EXPECT_EQ(rows[0].attempts, 1u);
    EXPECT_THAT(inbox(), IsEmpty());
    drop(rows[0].key);
  }
}

TEST_F(MtaTest, AnswersThatCameBeforeTheMdaWentCount) {  // RFC 2033 §5
  FakeServer& mda = server("127.0.0.21");
  mda.lmtp = true;
  mda.on_each = [](const std::string&) { return Reply(250, "2.0.0", "taken"); };
  mda.drops_after = 1;
  start("", {.mda = {"127.0.0.21", server_port()}});
  send_to_mda({"bob@one.test", "eve@one.test"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].recipient, "eve@one.test");
}

TEST_F(MtaTest, AnMdaMustShowItsCertificateWhereOneIsAskedFor) {
  FakeServer& mda = server("127.0.0.21");
  mda.lmtp = true;
  start("", {.mda = {"127.0.0.21", server_port()}, .mda_trust = *crypto::TlsClient::opportunistic()});
  send_to_mda({"bob@one.test"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_THAT(rows[0].last_error, HasSubstr("does not offer STARTTLS"));
  EXPECT_THAT(mda.received(), IsEmpty());
}

}  // namespace
}  // namespace chappe::agents::mta::testing
