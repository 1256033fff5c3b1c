#include "proto/imap/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/random.h"
#include "base/text.h"
#include "proto/imap/test_session.h"

namespace chappe::proto::imap {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Session = TestSession;

TEST(Receiver, TakesLines) {
  Session s;
  s.feed("a NOOP\r\nb CAPABILITY\r\nc FETCH 1 FLAGS\r\n");
  EXPECT_EQ(s.out, "a OK NOOP\r\nb OK CAPABILITY\r\nc BAD FETCH needs a login first\r\n");
  s.out.clear();
  s.feed("d NOOP\n");  // typed into a terminal
  EXPECT_EQ(s.out, "d OK NOOP\r\n");
}

TEST(Receiver, AnswersUntaggedWithoutATag) {
  Session s;
  s.feed("\r\n(x) NOOP\r\n");
  EXPECT_THAT(s.out, StartsWith("* BAD "));
}

TEST(Receiver, AsksForSynchronizingLiterals) {
  Session s;
  s.feed("a LOGIN {3}\r\n");
  EXPECT_EQ(s.out, "+ OK\r\n");
  s.feed("bob {6}\r\n");
  EXPECT_EQ(s.out, "+ OK\r\n+ OK\r\n");
  EXPECT_EQ(s.commands, 0);
  s.feed("secret\r\n");
  EXPECT_EQ(s.commands, 1);
  EXPECT_THAT(s.out, HasSubstr("a OK LOGIN\r\n"));
}

TEST(Receiver, TakesLiteralsThatDoNotWait) {
  Session s;
  s.feed("a LOGIN {3+}\r\nbob {0+}\r\n\r\nb NOOP\r\n");
  EXPECT_EQ(s.out, "a OK LOGIN\r\nb OK NOOP\r\n");
}

TEST(Receiver, RefusesHugeLiteralsAtOnce) {
  Session s;
  s.feed("a LOGIN {4294967296}\r\n");
  EXPECT_EQ(s.out, "a NO [TOOBIG] the literal is too large\r\n");
  s.out.clear();
  s.feed("b NOOP\r\n");  // the client, refused, goes on with its next command
  EXPECT_EQ(s.out, "b OK NOOP\r\n");
  s.out.clear();
  s.feed("c LOGIN {99999999999999999999999}\r\n");
  EXPECT_THAT(s.out, StartsWith("c NO [TOOBIG]"));
  s.out.clear();
  s.feed("d LOGIN {4294967296+}\r\n");
  EXPECT_THAT(s.out, StartsWith("* BYE [TOOBIG]"));
  EXPECT_TRUE(s.closed);
  s.feed("e NOOP\r\n");
  EXPECT_EQ(s.commands, 1);
}

TEST(Receiver, DropsARefusedLiteralThatDidNotWait) {
  Session s;
  s.log_in();
  s.feed("a CREATE {100000+}\r\n");
  EXPECT_EQ(s.out, "");
  for (int i = 0; i < 100; ++i) s.feed(Bytes(999, 'x') + "\n");
  EXPECT_EQ(s.out, "");
  s.feed(" {4+}\r\nmore x\r\nb NOOP\r\n");
  EXPECT_EQ(s.out, "a NO [TOOBIG] the literal is too large\r\nb OK NOOP\r\n");
  // A command that is refused anyway must not have its literal read as commands.
  s.out.clear();
  s.feed("c BOGUS {12+}\r\nd DELETE x\r\n\r\ne NOOP\r\n");
  EXPECT_EQ(s.out, "c BAD no such command: BOGUS\r\ne OK NOOP\r\n");
}

TEST(Receiver, RefusesAWrongCommandBeforeItsLiteral) {
  Session s;
  s.feed("a FETCH {5}\r\n");
  EXPECT_EQ(s.out, "a BAD FETCH needs a login first\r\n");
  s.out.clear();
  s.feed("b LOGIN ~{5}\r\n");  // RFC 9051 §9: literal8 is not for strings
  EXPECT_EQ(s.out, "b BAD a binary literal has no place here\r\n");
}

TEST(Receiver, EndsOverlongLines) {
  Session s;
  s.feed("a " + Bytes(Limits::kLineBeforeLogin - 2, 'x') + "\r\n");
  EXPECT_FALSE(s.closed);
  s.feed("a " + Bytes(Limits::kLineBeforeLogin, 'x'));
  EXPECT_TRUE(s.closed);
  EXPECT_THAT(s.out, HasSubstr("* BYE [TOOBIG]"));
  Session in;
  in.log_in();
  in.feed("a " + Bytes(Limits::kLine - 2, 'x') + "\r\n");
  EXPECT_FALSE(in.closed);
  in.feed("a " + Bytes(Limits::kLine, 'x'));
  EXPECT_TRUE(in.closed);
}

TEST(Receiver, EndsOverlongCommands) {
  Session s;
  s.log_in();
  s.feed("a SELECT x\r\n");
  s.out.clear();
  s.feed("a SEARCH");
  int asked = 0;
  for (int i = 0; i < 10 && !s.closed; ++i) {
    s.feed(" TEXT {60000}\r\n");
    if (s.out != "+ OK\r\n") break;
    ++asked;
    s.out.clear();
    s.feed(Bytes(60000, 'x'));
  }
  EXPECT_EQ(asked, 4);
  EXPECT_THAT(s.out, StartsWith("a NO [TOOBIG]"));
  Session many;
  many.log_in();
  many.feed("a CREATE x\r\n");
  Bytes line = "a ID (";
  for (int i = 0; i <= Limits::kLiterals; ++i) line += "{1+}\r\nx ";
  many.feed(line + "x)\r\n");
  EXPECT_THAT(many.out, HasSubstr("a NO [LIMIT] more than 100 literals"));
}

TEST(Receiver, EndsStreamsOfNonsense) {
  Session s;
  for (int i = 0; i < 10; ++i) s.feed("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(s.closed);
  EXPECT_EQ(std::ranges::count(s.out, '\n'), Limits::kBadBeforeLogin + 2);
  Session in;
  in.log_in();
  for (int i = 0; i < Limits::kBad; ++i) in.feed("x y\r\n");
  EXPECT_FALSE(in.closed);
  in.feed("a NOOP\r\n");  // a good one starts the count again
  for (int i = 0; i < Limits::kBad; ++i) in.feed("x y\r\n");
  EXPECT_FALSE(in.closed);
  in.feed("\r\n");
  EXPECT_TRUE(in.closed);
}

TEST(Receiver, StreamsLetters) {
  Session s;
  s.log_in();
  s.feed("a APPEND Sent (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {10}\r\n");
  EXPECT_EQ(s.out, "+ OK\r\n");
  s.feed("01234");
  EXPECT_EQ(s.letter, "01234");
  s.feed("56789\r\nb NOOP\r\n");
  EXPECT_THAT(s.letters, ElementsAre("0123456789"));
  EXPECT_EQ(s.out, "+ OK\r\na OK APPEND\r\nb OK NOOP\r\n");
}

TEST(Receiver, LettersMayNotWait) {
  Session s;
  s.log_in();
  s.feed("a APPEND {4+}\r\nSent {5+}\r\na\r\nb\n\r\nb NOOP\r\n");
  EXPECT_THAT(s.letters, ElementsAre("a\r\nb\n"));
  EXPECT_EQ(s.out, "a OK APPEND\r\nb OK NOOP\r\n");
}

TEST(Receiver, TakesUtf8AndBinaryLetters) {
  Session s;
  s.log_in();
  s.feed("a APPEND x UTF8 (~{3+}\r\n\0bc)\r\nb APPEND x ~{1+}\r\nz\r\n"sv);
  EXPECT_THAT(s.letters, ElementsAre("\0bc"sv, "z"));
  s.out.clear();
  s.feed("c APPEND x UTF8 ({3}\r\n");  // RFC 6855 §4: literal8
  EXPECT_THAT(s.out, StartsWith("c BAD"));
}

TEST(Receiver, RefusesLetters) {
  Session s;
  s.log_in();
  s.feed("a APPEND refused {10}\r\nb NOOP\r\n");
  EXPECT_EQ(s.out, "a NO [TRYCREATE] no such mailbox\r\nb OK NOOP\r\n");
  s.out.clear();
  s.feed("c APPEND refused {12+}\r\nd DELETE x\r\n");
  EXPECT_EQ(s.out, "");
  s.feed("\r\ne NOOP\r\n");
  EXPECT_EQ(s.out, "c NO [TRYCREATE] no such mailbox\r\ne OK NOOP\r\n");
  EXPECT_TRUE(s.letters.empty());
}

TEST(Receiver, RefusesLettersByTheirSize) {
  Limits limits;
  limits.append = 100;
  limits.discard = 200;
  Session s(limits);
  s.log_in();
  s.feed("a APPEND x {101}\r\nb NOOP\r\n");
  EXPECT_EQ(s.out, "a NO [TOOBIG] a letter has at most 100 octets\r\nb OK NOOP\r\n");
  s.out.clear();
  s.feed("c APPEND x {150+}\r\n" + Bytes(150, 'x') + "\r\nd NOOP\r\n");
  EXPECT_EQ(s.out, "c NO [TOOBIG] a letter has at most 100 octets\r\nd OK NOOP\r\n");
  s.feed("e APPEND x {201+}\r\n");
  EXPECT_TRUE(s.closed);
  EXPECT_TRUE(s.letters.empty());
}

TEST(Receiver, AbortsALetterWithATail) {
  Session s;
  s.log_in();
  s.feed("a APPEND x {1+}\r\nz more\r\nb NOOP\r\n");
  EXPECT_EQ(s.aborted, 1);
  EXPECT_EQ(s.out, "a BAD an APPEND ends behind its letter\r\nb OK NOOP\r\n");
  s.out.clear();
  s.feed("c APPEND x {1+}\r\nz {8+}\r\nd NOOP\r\n\r\ne NOOP\r\n");
  EXPECT_EQ(s.aborted, 2);
  EXPECT_TRUE(s.letters.empty());
  EXPECT_EQ(s.out, "c BAD an APPEND ends behind its letter\r\ne OK NOOP\r\n");
  s.out.clear();
  s.feed("f APPEND x\r\ng APPEND x (\\Seen\r\nh APPEND x y {3}\r\n");
  EXPECT_EQ(std::ranges::count(s.out, '\n'), 3);
  EXPECT_THAT(s.out, HasSubstr("h BAD"));
}

TEST(Receiver, RunsSasl) {
  Session s;
  s.feed("b AUTHENTICATE SCRAM-SHA-256\r\n*\r\n");
  EXPECT_EQ(s.out, "+ d2hv\r\nb BAD cancelled\r\n");
  s.feed("c AUTHENTICATE SCRAM-SHA-256\r\n!!\r\n");
  EXPECT_THAT(s.out, HasSubstr("c BAD cancelled"));
  s.feed("a AUTHENTICATE SCRAM-SHA-256\r\nYm9i\r\n");
  EXPECT_EQ(s.sasl, "bob");
  Session empty;
  empty.sasl = "x";
  empty.feed("d AUTHENTICATE SCRAM-SHA-256\r\n\r\n");
  EXPECT_EQ(empty.sasl, "");
  Session endless;
  endless.feed("e AUTHENTICATE SCRAM-SHA-256\r\n" + Bytes(Limits::kSaslLine + 2, 'A'));
  EXPECT_TRUE(endless.closed);
}

TEST(Receiver, Idles) {
  Session s;
  s.log_in();
  s.feed("a IDLE\r\n");
  EXPECT_EQ(s.out, "+ idling\r\n");
  EXPECT_FALSE(s.receiver.between_commands());
  s.feed("done\r\nb IDLE\r\nc NOOP\r\n");
  EXPECT_EQ(s.out, "+ idling\r\na OK IDLE\r\n+ idling\r\nb BAD expected DONE\r\n");
  EXPECT_TRUE(s.receiver.between_commands());
}

TEST(Receiver, StarttlsForgetsWhatCameInTheClear) {
  Session s;
  s.feed("a STARTTLS\r\nb LOGIN eve x\r\nc LOGIN {3}\r\n");
  EXPECT_EQ(s.out, "a OK STARTTLS\r\n");
  EXPECT_EQ(s.commands, 1);
  s.feed("d NOOP\r\n");
  EXPECT_EQ(s.out, "a OK STARTTLS\r\nd OK NOOP\r\n");
}

// All of the machine's modes in one stream.
Bytes everything() {
  return "a CAPABILITY\r\nb AUTHENTICATE X\r\n*\r\nc LOGIN {3}\r\nbob {2+}\r\npw\r\nd SELECT \"INBOX\"\r\n"
         "e SEARCH OR FROM {5}\r\nsmith TEXT \"x\"\r\nf FETCH 1:* (FLAGS BODY[HEADER.FIELDS (From)])\r\nbogus\r\n"
         "g APPEND x {12}\r\n0123\r\n4567\r\n\r\nh APPEND x (\\Seen) {3+}\r\nabc oops {4+}\r\n1234\r\n"
         "i IDLE\r\nDONE\r\nj BOGUS {6+}\r\nk NOOP\r\nl CREATE {70000+}\r\n" +
         Bytes(70000, '\n') + "\r\nm STARTTLS\r\nn LOGOUT\r\n\r\n\r\n";
}

TEST(Receiver, ChunksDoNotMatter) {
  Session whole;
  whole.feed(everything());
  const Bytes text = everything();
  Session single;
  for (const char c : text) single.feed(ByteView(&c, 1));
  EXPECT_EQ(single.out, whole.out);
  EXPECT_EQ(single.letters, whole.letters);
  EXPECT_THAT(whole.letters, ElementsAre("0123\r\n4567\r\n"));
  EXPECT_EQ(whole.aborted, 1);
  EXPECT_THAT(whole.out, HasSubstr("n OK LOGOUT"));
  for (std::size_t cut = 0; cut < 700; ++cut) {
    Session halves;
    halves.feed(ByteView(text).substr(0, cut));
    halves.feed(ByteView(text).substr(cut));
    ASSERT_EQ(halves.out, whole.out) << cut;
    ASSERT_EQ(halves.letters, whole.letters) << cut;
  }
  SeededRandom random(7);
  for (int round = 0; round < 50; ++round) {
    Session parts;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random.below(5000);
      parts.feed(ByteView(text).substr(at, size));
      at += size;
    }
    ASSERT_EQ(parts.out, whole.out);
  }
}

TEST(Receiver, IsLinearInSmallChunks) {
  // A line of the largest size in single octets, many times; quadratic work would take minutes.
  const auto start = std::chrono::steady_clock::now();
  Session s;
  s.log_in();
  const Bytes line = "a CREATE " + Bytes(Limits::kLine - 9, 'x') + "\r\n";
  for (int i = 0; i < 5; ++i)
    for (const char c : line) s.feed(ByteView(&c, 1));
  EXPECT_EQ(s.commands, 5);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Receiver, AnswersHoldNoLineEndsOfTheirOwn) {
  Session s;
  s.feed("a LOGIN {3}\rbob x\r\nb LOGIN \xff\xfe\r\n");
  EXPECT_EQ(std::ranges::count(s.out, '\r'), 2);
  EXPECT_EQ(std::ranges::count(s.out, '\n'), 2);
  EXPECT_TRUE(std::ranges::none_of(s.out, is_8bit));
}

TEST(Receiver, NulIsNothing) {
  Session s;
  s.feed("a\0b NOOP\r\n\0\0\0\r\na NOOP\0\r\n"sv);
  EXPECT_EQ(s.commands, 0);
  EXPECT_EQ(std::ranges::count(s.out, '\n'), 3);
  EXPECT_FALSE(s.out.contains('\0'));
}

}  // namespace
}  // namespace chappe::proto::imap
