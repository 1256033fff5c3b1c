#include "proto/smtp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <tuple>

#include "base/random.h"
#include "proto/smtp/server.h"

namespace chappe::proto::smtp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A server of few words: what it says is written down; the client's lines are kept.
struct Scripted {
  explicit Scripted(ClientOptions o = {.name = "us.example"}) : client(std::move(o)) {}

  ClientEvent hear(ByteView octets) {
    client.feed(octets);
    return step();
  }
  ClientEvent step() {
    const ClientEvent e = client.next();
    said = client.take_output().flatten();
    return e;
  }
  ClientEvent greet(const std::string& keywords) {
    hear("220 them.example ESMTP\r\n");
    return hear(keywords.empty() ? "250 them.example\r\n" : "250-them.example\r\n" + keywords);
  }
  static Envelope envelope() { return {.from = "a@example.org", .recipients = {{.address = "b@example.test"}}}; }

  ClientMachine client;
  std::string said;
};

TEST(SmtpClient, ReadsWhatIsOffered) {
  Scripted s;
  EXPECT_EQ(s.step(), ClientEvent::need_input);
  EXPECT_EQ(s.said, "");
  EXPECT_EQ(s.hear("220-them.example\r\n220 hello\r\n"), ClientEvent::need_input);
  EXPECT_EQ(s.said, "EHLO us.example\r\n");
  EXPECT_EQ(
      s.hear("250-them.example\r\n250-size 1000\r\n250-pipelining\r\n250-AUTH PLAIN login\r\n250-AUTH=PLAIN NTLM\r\n"
             "250-DSN\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250 STARTTLS\r\n"),
      ClientEvent::done);
  EXPECT_TRUE(s.client.ok());
  const Extensions& e = s.client.extensions();
  EXPECT_TRUE(e.extended && e.pipelining && e.starttls && e.eight_bit && e.smtputf8 && e.chunking && e.binarymime &&
              e.dsn);
  EXPECT_EQ(e.size, 1000U);
  EXPECT_THAT(e.auth, ElementsAre("PLAIN", "LOGIN", "NTLM"));
  EXPECT_EQ(s.client.greeting(), "220-them.example\n220 hello");
}

TEST(SmtpClient, FallsBackToHelo) {  // RFC 5321 §3.2
  Scripted s;
  s.hear("220 them.example\r\n");
  EXPECT_EQ(s.hear("502 what?\r\n"), ClientEvent::need_input);
  EXPECT_EQ(s.said, "HELO us.example\r\n");
  EXPECT_EQ(s.hear("250 them.example\r\n"), ClientEvent::done);
  EXPECT_TRUE(s.client.ok());
  EXPECT_FALSE(s.client.extensions().extended);
  EXPECT_FALSE(s.client.starttls());
}

TEST(SmtpClient, ARefusedGreetingIsAnAnswer) {
  Scripted s;
  EXPECT_EQ(s.hear("554 5.7.1 not you\r\n"), ClientEvent::done);
  EXPECT_FALSE(s.client.ok());
  EXPECT_EQ(s.client.answer().reply.code, 554);
  s.client.quit();
  EXPECT_EQ(s.step(), ClientEvent::need_input);
  EXPECT_EQ(s.said, "QUIT\r\n");
  EXPECT_EQ(s.hear("221 bye\r\n"), ClientEvent::closed);
}

TEST(SmtpClient, SendsStepByStepWithoutPipelining) {
  Scripted s;
  s.greet("250 SIZE\r\n");
  Envelope e = Scripted::envelope();
  e.size = 5;
  e.recipients.push_back({.address = "c@example.test"});
  ASSERT_TRUE(s.client.send(e));
  s.step();
  EXPECT_EQ(s.said, "MAIL FROM:<a@example.org> SIZE=5\r\n");
  s.hear("250 ok\r\n");
  EXPECT_EQ(s.said, "RCPT TO:<b@example.test>\r\n");
  s.hear("550 5.1.1 unknown\r\n");
  EXPECT_EQ(s.said, "RCPT TO:<c@example.test>\r\n");
  s.hear("250 ok\r\n");
  EXPECT_EQ(s.said, "DATA\r\n");
  EXPECT_EQ(s.hear("354 go\r\n"), ClientEvent::need_letter);
  s.client.letter(Chunk::copy_of(".a\nb\r"));
  s.client.letter(Chunk::copy_of("c"));
  s.client.letter_end();
  EXPECT_EQ(s.step(), ClientEvent::need_input);
  EXPECT_EQ(s.said, "..a\r\nb\r\nc\r\n.\r\n");
  EXPECT_TRUE(s.client.altered());
  EXPECT_EQ(s.hear("250 2.0.0 queued as 1\r\n"), ClientEvent::done);
  EXPECT_TRUE(s.client.ok());
  ASSERT_EQ(s.client.results().size(), 2U);
  EXPECT_EQ(s.client.results()[0].words, "550 5.1.1 unknown");
  EXPECT_EQ(s.client.results()[0].reply.enhanced, "5.1.1");
  EXPECT_EQ(s.client.results()[1].words, "250 2.0.0 queued as 1");
}

TEST(SmtpClient, PipelinesTheWholeEnvelope) {
  Scripted s;
  s.greet("250 PIPELINING\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  EXPECT_EQ(s.said, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n250 ok\r\n354 go\r\n"), ClientEvent::need_letter);
}

TEST(SmtpClient, SendsNothingForNobody) {  // RFC 2920 §3.1
  Scripted s;
  s.greet("250 PIPELINING\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  EXPECT_EQ(s.hear("250 ok\r\n550 no\r\n354 go\r\n"), ClientEvent::need_input);
  EXPECT_EQ(s.said, ".\r\n");
  EXPECT_EQ(s.hear("554 nobody\r\n"), ClientEvent::done);
  EXPECT_FALSE(s.client.ok());
  EXPECT_EQ(s.client.results()[0].reply.code, 550);
}

TEST(SmtpClient, ResetsBeforeTheNextLetterWhenOneFailed) {
  for (const bool pipelining : {true, false}) {
    Scripted s;
    s.greet(pipelining ? "250 PIPELINING\r\n" : "");
    ASSERT_TRUE(s.client.send(Scripted::envelope()));
    s.step();
    if (pipelining) {
      EXPECT_EQ(s.hear("250 ok\r\n550 no\r\n503 no\r\n"), ClientEvent::done);
    } else {
      s.hear("250 ok\r\n");
      EXPECT_EQ(s.hear("550 no\r\n"), ClientEvent::done);
    }
    EXPECT_FALSE(s.client.ok());
    ASSERT_TRUE(s.client.send(Scripted::envelope()));
    s.step();
    EXPECT_THAT(s.said, testing::StartsWith("RSET\r\n"));
    s.hear("250 ok\r\n");
    if (!pipelining) EXPECT_EQ(s.said, "MAIL FROM:<a@example.org>\r\n");
    s.hear("250 ok\r\n");
    s.hear("250 ok\r\n");
    EXPECT_EQ(s.hear("354 go\r\n"), ClientEvent::need_letter);
  }
}

TEST(SmtpClient, ARefusedSenderIsEverybodysAnswer) {
  Scripted s;
  s.greet("250 PIPELINING\r\n");
  Envelope e = Scripted::envelope();
  e.recipients.push_back({.address = "c@example.test"});
  ASSERT_TRUE(s.client.send(e));
  s.step();
  EXPECT_EQ(s.hear("451 4.7.1 later\r\n503 x\r\n503 x\r\n503 x\r\n"), ClientEvent::done);
  EXPECT_EQ(s.client.results()[0].reply.code, 451);
  EXPECT_EQ(s.client.results()[1].reply.code, 451);
}

TEST(SmtpClient, SendsInChunks) {
  Scripted s({.name = "us.example", .chunk = 4});
  s.greet("250-PIPELINING\r\n250 CHUNKING\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  EXPECT_EQ(s.said, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n250 ok\r\n"), ClientEvent::need_letter);
  s.client.letter(Chunk::copy_of(".a\nb"));
  s.client.letter(Chunk::copy_of("c"));
  s.client.letter_end();
  s.step();
  EXPECT_EQ(s.said, "BDAT 5\r\n.a\r\nbBDAT 1 LAST\r\nc");
  EXPECT_EQ(s.hear("250 5\r\n250 all\r\n"), ClientEvent::done);
  EXPECT_EQ(s.client.results()[0].words, "250 all");
}

TEST(SmtpClient, StopsAfterAFailedChunk) {  // RFC 3030 §2
  Scripted s({.name = "us.example", .chunk = 1});
  s.greet("250-PIPELINING\r\n250 CHUNKING\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  s.hear("250 ok\r\n250 ok\r\n");
  s.client.letter(Chunk::copy_of("a"));
  s.client.letter(Chunk::copy_of("b"));
  s.step();
  EXPECT_EQ(s.hear("452 4.3.1 full\r\n"), ClientEvent::need_input);
  s.client.letter(Chunk::copy_of("c"));
  EXPECT_EQ(s.hear("503 no\r\n"), ClientEvent::done);
  EXPECT_EQ(s.said, "");
  EXPECT_EQ(s.client.results()[0].reply.code, 452);
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  EXPECT_THAT(s.said, testing::StartsWith("RSET\r\n"));
}

TEST(SmtpClient, LmtpHasAnAnswerForEach) {  // RFC 2033 §4.2
  Scripted s({.name = "us.example", .lmtp = true});
  s.hear("220 them LMTP\r\n");
  EXPECT_EQ(s.said, "LHLO us.example\r\n");
  s.hear("250-them\r\n250 PIPELINING\r\n");
  Envelope e = Scripted::envelope();
  e.recipients.push_back({.address = "c@example.test"});
  e.recipients.push_back({.address = "d@example.test"});
  ASSERT_TRUE(s.client.send(e));
  s.step();
  EXPECT_EQ(s.hear("250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n"), ClientEvent::need_letter);
  s.client.letter_end();
  s.step();
  EXPECT_EQ(s.said, ".\r\n");
  EXPECT_EQ(s.hear("452 4.2.2 full\r\n"), ClientEvent::need_input);
  EXPECT_EQ(s.hear("250 yes\r\n"), ClientEvent::done);
  EXPECT_TRUE(s.client.ok());
  EXPECT_EQ(s.client.results()[0].reply.code, 452);
  EXPECT_EQ(s.client.results()[1].reply.code, 550);
  EXPECT_EQ(s.client.results()[2].reply.code, 250);
}

TEST(SmtpClient, AFolderIsNamedWhereItIsOffered) {
  for (const bool offered : {true, false}) {
    Scripted s({.name = "us.example", .lmtp = true});
    s.hear("220 them LMTP\r\n");
    s.hear(offered ? "250-them\r\n250-PIPELINING\r\n250 XFOLDER\r\n" : "250-them\r\n250 PIPELINING\r\n");
    Envelope e;
    e.recipients.push_back({.address = "c@example.test", .folder = "Junk mail"});
    e.recipients.push_back({.address = "d@example.test"});
    ASSERT_TRUE(s.client.ask(e));
    s.step();
    EXPECT_EQ(s.said, std::string("MAIL FROM:<>\r\nRCPT TO:<c@example.test>") +
                          (offered ? " XFOLDER=Junk+20mail" : "") + "\r\nRCPT TO:<d@example.test>\r\nRSET\r\n");
  }
}

TEST(SmtpClient, AnswersThatCameBeforeTheConnectionWasLostCount) {  // RFC 2033 §5
  Scripted s({.name = "us.example", .lmtp = true});
  s.hear("220 them LMTP\r\n");
  s.hear("250-them\r\n250 PIPELINING\r\n");
  Envelope e = Scripted::envelope();
  e.recipients.push_back({.address = "c@example.test"});
  ASSERT_TRUE(s.client.send(e));
  s.step();
  s.hear("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  s.client.letter_end();
  s.step();
  s.hear("250 yes\r\n");
  s.client.feed_end();
  EXPECT_EQ(s.step(), ClientEvent::closed);
  EXPECT_TRUE(s.client.ok());
  EXPECT_EQ(s.client.results()[0].words, "250 yes");
  EXPECT_EQ(s.client.results()[1].reply.code, 421);
}

TEST(SmtpClient, AsksWithoutALetter) {
  for (const bool pipelining : {true, false}) {
    Scripted s({.name = "us.example", .lmtp = true});
    s.hear("220 them LMTP\r\n");
    s.hear(pipelining ? "250-them\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n" : "250-them\r\n250 AUTH PLAIN\r\n");
    Envelope e;
    e.recipients = {{.address = "b@example.test"}, {.address = "c@example.test"}};
    ASSERT_TRUE(s.client.ask(e));
    s.step();
    if (pipelining) {
      EXPECT_EQ(s.said, "MAIL FROM:<>\r\nRCPT TO:<b@example.test>\r\nRCPT TO:<c@example.test>\r\nRSET\r\n");
      s.hear("250 ok\r\n250 2.1.5 her\r\n550 5.1.1 nobody\r\n");
    } else {
      EXPECT_EQ(s.said, "MAIL FROM:<>\r\n");
      s.hear("250 ok\r\n");
      s.hear("250 2.1.5 her\r\n");
      EXPECT_EQ(s.hear("550 5.1.1 nobody\r\n"), ClientEvent::need_input);
      EXPECT_EQ(s.said, "RSET\r\n");
    }
    EXPECT_EQ(s.hear("250 ok\r\n"), ClientEvent::done);
    EXPECT_TRUE(s.client.ok());
    EXPECT_EQ(s.client.results()[0].words, "250 2.1.5 her");
    EXPECT_EQ(s.client.results()[1].reply.enhanced, "5.1.1");

    // About a sender; then a letter, which is not taken for a question.
    ASSERT_TRUE(s.client.ask({.from = "x@example.test", .recipients = {}, .auth = "a@example.test"}));
    s.step();
    EXPECT_THAT(s.said, testing::StartsWith("MAIL FROM:<x@example.test> AUTH=a@example.test\r\n"));
    s.hear("553 5.7.1 not yours\r\n");
    EXPECT_EQ(s.hear("250 ok\r\n"), ClientEvent::done);
    EXPECT_FALSE(s.client.ok());
    EXPECT_EQ(s.client.answer().reply.enhanced, "5.7.1");
    ASSERT_TRUE(s.client.send(Scripted::envelope()));
    s.step();
    s.hear("250 ok\r\n");
    s.hear("250 ok\r\n");
    EXPECT_EQ(s.hear("354 go\r\n"), ClientEvent::need_letter);
  }
}

TEST(SmtpClient, WantsTlsAndForgets) {
  Scripted s;
  s.greet("250-AUTH PLAIN\r\n250 STARTTLS\r\n");
  ASSERT_TRUE(s.client.starttls());
  s.step();
  EXPECT_EQ(s.said, "STARTTLS\r\n");
  EXPECT_EQ(s.hear("220 go\r\n"), ClientEvent::need_tls);
  s.client.tls_started();
  s.step();
  EXPECT_EQ(s.said, "EHLO us.example\r\n");
  EXPECT_EQ(s.hear("250 them\r\n"), ClientEvent::done);
  EXPECT_TRUE(s.client.extensions().auth.empty());
  EXPECT_FALSE(s.client.starttls());
}

TEST(SmtpClient, ResponseInjectionEndsTheConnection) {  // RFC 3207 §4.2
  Scripted s;
  s.greet("250 STARTTLS\r\n");
  ASSERT_TRUE(s.client.starttls());
  s.step();
  EXPECT_EQ(s.hear("220 go\r\n250 evil\r\n"), ClientEvent::closed);
  EXPECT_EQ(s.client.answer().reply.code, 421);
}

TEST(SmtpClient, Authenticates) {
  Scripted s;
  s.greet("250 AUTH PLAIN SCRAM-SHA-256\r\n");
  EXPECT_FALSE(s.client.auth("LOGIN", std::nullopt));
  ASSERT_TRUE(s.client.auth("plain", ByteView("\0a\0b", 4)));
  s.step();
  EXPECT_EQ(s.said, "AUTH PLAIN AGEAYg==\r\n");
  EXPECT_EQ(s.hear("535 5.7.8 no\r\n"), ClientEvent::done);
  EXPECT_FALSE(s.client.ok());
  ASSERT_TRUE(s.client.auth("SCRAM-SHA-256", ""));
  s.step();
  EXPECT_EQ(s.said, "AUTH SCRAM-SHA-256 =\r\n");
  EXPECT_EQ(s.hear("334 aGVsbG8=\r\n"), ClientEvent::challenge);
  EXPECT_EQ(s.client.challenge_octets(), "hello");
  s.client.respond("ok");
  s.step();
  EXPECT_EQ(s.said, "b2s=\r\n");
  EXPECT_EQ(s.hear("334 !!!\r\n"), ClientEvent::need_input);  // not base64: the exchange is given up
  EXPECT_EQ(s.said, "*\r\n");
  EXPECT_EQ(s.hear("501 cancelled\r\n"), ClientEvent::done);
  ASSERT_TRUE(s.client.auth("PLAIN", std::nullopt));
  s.hear("334 \r\n");
  s.client.respond(ByteView("\0a\0b", 4));
  EXPECT_EQ(s.hear("235 2.7.0 yes\r\n"), ClientEvent::done);
  EXPECT_TRUE(s.client.authenticated());
  Envelope e = Scripted::envelope();
  e.auth = "";
  ASSERT_TRUE(s.client.send(e));
  s.step();
  EXPECT_EQ(s.said, "MAIL FROM:<a@example.org> AUTH=<>\r\n");
}

TEST(SmtpClient, RefusesWhatCannotBeSent) {
  Scripted s;
  s.greet("250 SIZE 100\r\n");
  Envelope e = Scripted::envelope();
  e.body = Body::eight_bit;
  EXPECT_EQ(s.client.send(e).error().code(), Errc::unsupported);
  e.body = Body::binary;
  EXPECT_EQ(s.client.send(e).error().code(), Errc::unsupported);
  e = Scripted::envelope();
  e.from = "caf\xc3\xa9@example.org";
  EXPECT_EQ(s.client.send(e).error().code(), Errc::unsupported);
  e = Scripted::envelope();
  e.size = 101;
  EXPECT_EQ(s.client.send(e).error().code(), Errc::too_large);
  for (const char* evil :
       {"b@example.test>\r\nRCPT TO:<c@example.test", "b@example.test> NOTIFY=NEVER", "", "b@x y", "b"}) {
    e = Scripted::envelope();
    e.recipients[0].address = evil;
    EXPECT_EQ(s.client.send(e).error().code(), Errc::invalid) << evil;
  }
  e = Scripted::envelope();
  e.ret = "HDRS\r\nRSET";
  EXPECT_EQ(s.client.send(e).error().code(), Errc::invalid);
  e = Scripted::envelope();
  e.recipients.clear();
  EXPECT_EQ(s.client.send(e).error().code(), Errc::invalid);
}

TEST(SmtpClient, SaysEverythingThatIsOffered) {
  Scripted s;
  s.greet("250-SIZE 0\r\n250-DSN\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n");
  Envelope e{.from = "caf\xc3\xa9@example.org", .recipients = {{"b@example.test", "SUCCESS", "rfc822;b@example.test"}}};
  e.size = 10;
  e.body = Body::eight_bit;
  e.ret = "HDRS";
  e.envid = "a+b";
  ASSERT_TRUE(s.client.send(e));
  s.step();
  EXPECT_EQ(s.said, "MAIL FROM:<caf\xc3\xa9@example.org> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb\r\n");
  s.hear("250 ok\r\n");
  EXPECT_EQ(s.said, "RCPT TO:<b@example.test> NOTIFY=SUCCESS ORCPT=rfc822;b@example.test\r\n");
}

TEST(SmtpClient, ALostConnectionIsEverybodysAnswer) {
  Scripted s;
  s.greet("250 PIPELINING\r\n");
  Envelope e = Scripted::envelope();
  e.recipients.push_back({.address = "c@example.test"});
  ASSERT_TRUE(s.client.send(e));
  s.step();
  s.hear("250 ok\r\n550 no\r\n");
  s.client.feed_end();
  EXPECT_EQ(s.step(), ClientEvent::closed);
  EXPECT_FALSE(s.client.ok());
  EXPECT_EQ(s.client.results()[0].reply.code, 550);
  EXPECT_EQ(s.client.results()[1].reply.code, 421);
  EXPECT_EQ(s.client.results()[1].words, "");
}

TEST(SmtpClient, SaysWhatItWaitsFor) {
  Scripted s;
  EXPECT_EQ(s.client.awaited(), "the greeting");
  s.greet("250 SIZE 0\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  EXPECT_EQ(s.client.awaited(), "the answer to MAIL");
  s.hear("250 ok\r\n");
  EXPECT_EQ(s.client.awaited(), "the answer to RCPT");
  s.hear("250 ok\r\n");
  EXPECT_EQ(s.client.awaited(), "the answer to DATA");
  s.hear("354 go\r\n");
  EXPECT_EQ(s.client.awaited(), "the end of the letter");
  s.client.letter_end();
  s.step();
  EXPECT_EQ(s.client.awaited(), "the answer to the letter");
  EXPECT_EQ(s.client.replies(), 5U);
  s.client.feed_end();
  s.step();
  EXPECT_EQ(s.client.results()[0].reply.text, "The connection was lost before the answer to the letter");
}

TEST(SmtpClient, AnEnvelopeIdMayHaveBlanks) {  // RFC 3461 §4.4: it travels as xtext
  Scripted s;
  s.greet("250 DSN\r\n");
  Envelope e = Scripted::envelope();
  e.envid = "a b";
  ASSERT_TRUE(s.client.send(e));
  s.step();
  EXPECT_NE(s.said.find(" ENVID=a+20b\r\n"), std::string::npos) << s.said;
}

TEST(SmtpClient, AYesOutOfTurnIsNoPromise) {
  Scripted s;
  s.greet("250 PIPELINING\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  EXPECT_EQ(s.hear("250 ok\r\n250 ok\r\n354 go\r\n250 thanks\r\n"), ClientEvent::closed);
  EXPECT_FALSE(s.client.ok());
  EXPECT_EQ(s.client.results()[0].reply.code, 421);
}

TEST(SmtpClient, AYesToDataIsNoPromise) {  // only 354 lets a letter go, and only what follows it counts
  for (const char* answers : {"250 ok\r\n250 ok\r\n250 ok\r\n", "250 ok\r\n354 go\r\n", "354 go\r\n"}) {
    Scripted s;
    s.greet("250 PIPELINING\r\n");
    ASSERT_TRUE(s.client.send(Scripted::envelope()));
    s.step();
    EXPECT_EQ(s.hear(answers), ClientEvent::closed) << answers;
    EXPECT_FALSE(s.client.ok());
    EXPECT_EQ(s.client.results()[0].reply.code, 421);
  }
}

TEST(SmtpClient, ANoInTheMiddleOfTheLetterIsHeard) {
  Scripted s;
  s.greet("250 PIPELINING\r\n");
  ASSERT_TRUE(s.client.send(Scripted::envelope()));
  s.step();
  s.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  s.client.letter(Chunk::copy_of("a\r\n"));
  EXPECT_EQ(s.hear("552 5.3.4 too much\r\n"), ClientEvent::closed);
  EXPECT_EQ(s.client.results()[0].words, "552 5.3.4 too much");
}

TEST(SmtpClient, NoiseIsNotSmtp) {
  Scripted s;
  EXPECT_EQ(s.hear("HTTP/1.1 400 Bad Request\r\n"), ClientEvent::closed);
  EXPECT_FALSE(s.client.ok());
  Scripted endless;
  EXPECT_EQ(endless.hear("220 " + std::string(100'000, 'x')), ClientEvent::closed);
}

TEST(SmtpClient, KeepsAliveAndResets) {
  Scripted s;
  s.greet("");
  s.client.noop();
  s.step();
  EXPECT_EQ(s.said, "NOOP\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n"), ClientEvent::done);
  s.client.reset();
  s.step();
  EXPECT_EQ(s.said, "RSET\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n"), ClientEvent::done);
  EXPECT_EQ(s.hear("421 4.4.2 bored\r\n"), ClientEvent::closed);
  EXPECT_EQ(s.client.answer().words, "421 4.4.2 bored");
}

// The two machines speak to each other; what goes in comes out, however the octets are cut.
using Way = std::tuple<bool, bool, bool>;  // pipelining, chunking, LMTP
class SmtpBothSides : public testing::TestWithParam<Way> {};

TEST_P(SmtpBothSides, ALetterSurvivesTheWay) {
  const auto [pipelining, chunking, lmtp] = GetParam();
  SeededRandom random(7);
  for (int round = 0; round < 60; ++round) {
    std::string letter;
    const char* parts[] = {"\r\n", ".", "a", "..", "Subject: x\r\n", "\r\n.\r\n", "word ", "\xc3\xa9", "\r\n\r\n"};
    for (std::uint64_t n = random.below(60); n > 0; --n) letter += parts[random.below(std::size(parts))];
    letter += "\r\n";

    auto options = std::make_shared<ServerOptions>(default_options(lmtp ? Role::lmtp : Role::exchanger));
    options->chunking = chunking;
    options->refuse_early_commands = false;
    ServerMachine server(options);
    ClientMachine client({.name = "us", .lmtp = lmtp, .pipelining = pipelining, .rcpt_group = 2, .chunk = 7});
    server.greet();
    std::string got, to_client, to_server = {};
    bool sent = false, ended = false;
    std::size_t given = 0;
    for (int i = 0; i < 100'000 && !ended; ++i) {
      const Event e = server.next();
      to_client += server.take_output();
      if (const auto* d = std::get_if<Data>(&e)) got += d->bytes.view();
      const bool question = e.index() >= Event(Hello{}).index() && e.index() <= Event(Vrfy{}).index();
      if (const auto* r = std::get_if<Rcpt>(&e); r != nullptr && r->path.local == "no") {
        server.reject({550, "5.1.1", "no"});
      } else if (question) {
        server.accept();
      }
      const auto cut = [&](std::string& from) {
        std::string part = from.substr(0, 1 + random.below(40));
        from.erase(0, part.size());
        return part;
      };
      client.feed(cut(to_client));
      switch (client.next()) {
        case ClientEvent::done:
          ASSERT_TRUE(client.ok()) << client.answer().words;
          if (sent) {
            ended = true;
          } else {
            sent = true;
            ASSERT_TRUE(client.send({.from = "a@example.org",
                                     .recipients = {{"b@example.test"}, {"no@example.test"}, {"c@example.test"}}}));
          }
          break;
        case ClientEvent::need_letter: {
          const std::size_t n = std::min<std::size_t>(letter.size() - given, 1 + random.below(20));
          client.letter(Chunk::copy_of(ByteView(letter).substr(given, n)));
          given += n;
          if (given == letter.size()) client.letter_end();
          break;
        }
        case ClientEvent::closed:
          FAIL() << client.answer().words;
          break;
        default:
          break;
      }
      to_server += client.take_output().flatten();
      if (std::holds_alternative<NeedInput>(e)) server.feed(cut(to_server));
    }
    ASSERT_TRUE(ended);
    EXPECT_EQ(got, letter);
    EXPECT_FALSE(client.altered());
    ASSERT_EQ(client.results().size(), 3U);
    EXPECT_EQ(client.results()[0].reply.code, 250);
    EXPECT_EQ(client.results()[1].reply.code, 550);
    EXPECT_EQ(client.results()[2].reply.code, 250);
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, SmtpBothSides, testing::Combine(testing::Bool(), testing::Bool(), testing::Bool()));

}  // namespace
}  // namespace chappe::proto::smtp
