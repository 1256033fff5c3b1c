#include "proto/smtp/reply.h"

#include <gtest/gtest.h>

namespace chappe::proto::smtp {
namespace {

Bytes wire(const Reply& r) {
  Bytes out;
  append_reply(out, r);
  return out;
}

TEST(SmtpReply, IsWritten) {
  EXPECT_EQ(wire({250, "2.0.0", "OK"}), "250 2.0.0 OK\r\n");
  EXPECT_EQ(wire({354, "", "Go"}), "354 Go\r\n");
  EXPECT_EQ(wire({250, "", ""}), "250 \r\n");
  EXPECT_EQ(wire({250, "", "a\nb\nc"}), "250-a\r\n250-b\r\n250 c\r\n");
  EXPECT_EQ(wire({550, "5.1.1", "a\nb"}), "550-5.1.1 a\r\n550 5.1.1 b\r\n");
}

TEST(SmtpReply, NoTextCanEndALine) {
  EXPECT_EQ(wire({550, "5.1.1", "x\r"}), "550 5.1.1 x\\x0d\r\n");
  EXPECT_EQ(wire({550, "5.1.1", "caf\xc3\xa9\t\x7f"}), "550 5.1.1 caf\\xc3\\xa9\\x09\\x7f\r\n");
  EXPECT_EQ(wire({550, "5.1.1", "x\r\n250 2.0.0 OK"}), "550-5.1.1 x\\x0d\r\n550 5.1.1 250 2.0.0 OK\r\n");
}

TEST(SmtpReply, LinesHaveAtMost512Octets) {  // RFC 5321 §4.5.3.1.5
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  for (const std::string& text : {words, std::string(2000, 'x'), std::string(1000, ' ')}) {
    const Bytes out = wire({550, "5.7.1", text});
    for (std::size_t at = 0, end = 0; at < out.size(); at = end + 2) {
      end = out.find("\r\n", at);
      EXPECT_LE(end + 2 - at, kMaxReplyLine);
      EXPECT_EQ(out.substr(at, 3), "550");
      EXPECT_EQ(out[at + 3], end + 2 == out.size() ? ' ' : '-');
    }
  }
}

TEST(SmtpReply, EveryRuleHasItsReply) {
  for (int i = 0; i < kRuleCount; ++i) {
    const RuleRow& row = rule_row(static_cast<Rule>(i));
    EXPECT_FALSE(row.id.empty());
    const Bytes out = wire(Reply(static_cast<Rule>(i)));
    EXPECT_LE(out.size(), kMaxReplyLine);
    for (int k = 0; k < i; ++k) EXPECT_NE(row.id, rule_row(static_cast<Rule>(k)).id);
  }
}

TEST(SmtpReply, ErrorsSpeakByTheTable) {
  const Reply r(Error(Errc::over_quota, "mailbox full"));
  EXPECT_EQ(wire(r), "552 5.2.2 mailbox full\r\n");
  EXPECT_TRUE(r.permanent());
}

struct Read {
  Result<bool> complete;
  Reply reply;
  std::string words;
};
Read read(ByteView octets, std::size_t piece) {
  ReplyParser parser({.line = 100, .reply = 300});
  Read out{false, {}, {}};
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    ByteView part = octets.substr(at, piece);
    out.complete = parser.feed(part);
    if (!out.complete || *out.complete) break;
  }
  out.reply = parser.reply();
  out.words = parser.words();
  return out;
}

TEST(SmtpReplyParser, ReadsHoweverItIsCut) {
  const ByteView octets = "550-5.1.1 first\r\n550-second\n550 5.1.1 third\r\n";
  for (std::size_t piece = 1; piece <= octets.size(); ++piece) {
    const Read r = read(octets, piece);
    ASSERT_TRUE(r.complete && *r.complete);
    EXPECT_EQ(r.reply.code, 550);
    EXPECT_EQ(r.reply.enhanced, "5.1.1");
    EXPECT_EQ(r.reply.text, "first\nsecond\nthird");
    EXPECT_EQ(r.words, "550-5.1.1 first\n550-second\n550 5.1.1 third");
  }
}

TEST(SmtpReplyParser, TakesWhatRealServersSend) {
  EXPECT_TRUE(*read("220\r\n", 9).complete);
  EXPECT_EQ(read("250 2.1.5\r\n", 20).reply.enhanced, "2.1.5");
  EXPECT_EQ(read("250 2.1.5000 x\r\n", 20).reply.enhanced, "");
  EXPECT_EQ(read("250 2.1.5.4 x\r\n", 20).reply.text, "2.1.5.4 x");
  EXPECT_EQ(read("250 10.1.5 x\r\n", 20).reply.enhanced, "");
}

TEST(SmtpReplyParser, RefusesWhatIsNot) {
  for (const ByteView bad : {"hello\r\n", "25\r\n", "2500 x\r\n", "150 x\r\n", "650 x\r\n", "\r\n", "250_x\r\n",
                             "250-a\r\n251 b\r\n", "250-a\r\nb\r\n"})
    EXPECT_FALSE(read(bad, 50).complete) << bad;
  EXPECT_EQ(read("250 " + std::string(200, 'x') + "\r\n", 7).complete.error().code(), Errc::too_large);
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "250-more\r\n";
  EXPECT_EQ(read(endless, 7).complete.error().code(), Errc::too_large);
}

TEST(SmtpReplyParser, StaysFailed) {
  ReplyParser parser;
  ByteView bad = "x\r\n250 ok\r\n";
  EXPECT_FALSE(parser.feed(bad));
  EXPECT_FALSE(parser.feed(bad));
}

}  // namespace
}  // namespace chappe::proto::smtp
