#include "proto/smtp/server.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"

namespace chappe::proto::smtp {
namespace {

std::shared_ptr<ServerOptions> plain_door(Role role = Role::exchanger) {
  auto o = std::make_shared<ServerOptions>(default_options(role));
  o->hostname = "mx.example.test";
  return o;
}

// Says yes to everything and keeps the letters.
struct Yes {
  explicit Yes(std::shared_ptr<const ServerOptions> options) : machine(std::move(options)) { machine.greet(); }

  std::string say(ByteView octets) {
    machine.feed(octets);
    return run();
  }
  std::string run() {
    std::string out;
    for (int i = 0; i < 1'000'000; ++i) {
      Event e = machine.next();
      if (auto* d = std::get_if<Data>(&e)) letter += d->bytes.view();
      if (auto* d = std::get_if<DataEnd>(&e)) {
        facts = d->facts;
        letters.push_back(std::exchange(letter, {}));
      }
      if (std::holds_alternative<DataRefused>(e) || std::holds_alternative<Reset>(e)) letter.clear();
      if (auto* r = std::get_if<Refused>(&e)) refused.push_back(r->rule);
      if (auto* c = std::get_if<Close>(&e)) closed = *c;
      const bool question = e.index() >= Event(Hello{}).index() && e.index() <= Event(Vrfy{}).index();
      if (question) machine.accept();
      if (closed || std::holds_alternative<NeedInput>(e) || std::holds_alternative<NeedTls>(e)) break;
      if (std::holds_alternative<NeedFlush>(e)) out += machine.take_output();
    }
    return out + machine.take_output();
  }
  std::string begin() {
    run();
    return say("EHLO client.example\r\n") + say("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\n");
  }

  ServerMachine machine;
  std::string letter;
  std::vector<std::string> letters;
  std::vector<Rule> refused;
  LetterFacts facts;
  std::optional<Close> closed;
};

TEST(SmtpServer, TakesALetter) {
  Yes y(plain_door());
  EXPECT_EQ(y.run(), "220 mx.example.test ESMTP Chappe\r\n");
  EXPECT_EQ(y.say("HELO client.example\r\n"), "250 mx.example.test\r\n");
  EXPECT_EQ(y.say("MAIL FROM:<a@example.org>\r\n"), "250 2.1.0 Sender noted\r\n");
  EXPECT_EQ(y.say("RCPT TO:<b@example.test>\r\n"), "250 2.1.5 Recipient accepted\r\n");
  EXPECT_EQ(y.say("DATA\r\n"), "354 Send the letter, end it with <CRLF>.<CRLF>\r\n");
  EXPECT_EQ(y.say("Subject: x\r\n\r\n..dot\r\nend\r\n.\r\nQUIT\r\n"),
            "250 2.0.0 Letter accepted\r\n221 2.0.0 Goodbye\r\n");
  ASSERT_EQ(y.letters.size(), 1U);
  EXPECT_EQ(y.letters[0], "Subject: x\r\n\r\n.dot\r\nend\r\n");
  EXPECT_EQ(y.facts.size, y.letters[0].size());
  EXPECT_EQ(y.facts.header_size, 14U);
  EXPECT_EQ(y.facts.lines, 4U);
  EXPECT_EQ(y.facts.longest_line, 10U);
  ASSERT_TRUE(y.closed);
  EXPECT_EQ(y.closed->reason, CloseReason::quit);
}

TEST(SmtpServer, TakesALetterInChunks) {
  Yes y(plain_door());
  y.begin();
  EXPECT_EQ(y.say("BDAT 12\r\nSubject: x\r\nBDAT 7 LAST\r\n\r\n.\r\nhi"),
            "250 2.0.0 Chunk received\r\n250 2.0.0 Letter accepted\r\n");
  ASSERT_EQ(y.letters.size(), 1U);
  EXPECT_EQ(y.letters[0], "Subject: x\r\n\r\n.\r\nhi");
  EXPECT_FALSE(y.facts.ends_in_crlf);
}

}  // namespace
}  // namespace chappe::proto::smtp
