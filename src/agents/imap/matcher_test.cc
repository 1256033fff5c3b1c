#include "agents/imap/matcher.h"

#include <gtest/gtest.h>

#include "proto/imap/command_table.h"

namespace chappe::agents::imap {
namespace {

class MatcherTest : public ::testing::Test {
 protected:
  // The truth of `keys` for the candidate.
  Truth ask(const std::string& keys) {
    const std::string line = "a SEARCH " + keys;
    const proto::imap::Limits limits;
    proto::imap::Cursor cursor(line, limits, false);
    proto::imap::CommandHead head;
    auto command = proto::imap::parse_command(cursor, {.state = proto::imap::State::selected}, head);
    if (!command) {
      ADD_FAILURE() << keys;
      return Truth::unknown;
    }
    const auto& search = std::get<proto::imap::Search>(command->args);
    const Matcher::World world{.keywords = &keywords, .messages = 9, .last = {90}, .saved = &saved, .now = {now}};
    const auto matcher =
        Matcher::make(std::make_shared<proto::imap::SearchProgram>(search.program), search.charset.value_or(""), world);
    if (!matcher) {
      ADD_FAILURE() << matcher.error().text();
      return Truth::unknown;
    }
    return matcher->matches(candidate);
  }

  static constexpr std::int64_t now = 1'700'000'000'000'000;
  std::vector<std::string> keywords = {"$Junk", "Work"};
  post::UidSet saved = {30};
  Candidate candidate{.seq = 3, .state = {.uid = {30}, .flags = {post::Flag::seen}, .modseq = {5}, .keywords = {}}};
};

TEST_F(MatcherTest, FlagsDecideWithoutReading) {
  candidate.state.keywords.set(1);
  EXPECT_EQ(ask("SEEN"), Truth::yes);
  EXPECT_EQ(ask("UNSEEN"), Truth::no);
  EXPECT_EQ(ask("KEYWORD work"), Truth::yes);
  EXPECT_EQ(ask("UNKEYWORD $junk"), Truth::yes);
  EXPECT_EQ(ask("KEYWORD other"), Truth::no);
  EXPECT_EQ(ask("2:4"), Truth::yes);
  EXPECT_EQ(ask("*"), Truth::no);
  EXPECT_EQ(ask("UID 30,80:*"), Truth::yes);
  EXPECT_EQ(ask("$"), Truth::yes);
  EXPECT_EQ(ask("MODSEQ 6"), Truth::no);
  // One child that decides is enough.
  EXPECT_EQ(ask("UNSEEN BODY x"), Truth::no);
  EXPECT_EQ(ask("OR SEEN BODY x"), Truth::yes);
  EXPECT_EQ(ask("NOT (BODY x UNSEEN)"), Truth::yes);
  EXPECT_EQ(ask("SEEN BODY x"), Truth::unknown);
  EXPECT_EQ(ask("NOT BODY x"), Truth::unknown);
}

TEST_F(MatcherTest, RecordsDecideDatesAndSizes) {
  EXPECT_EQ(ask("SINCE 1-Jan-2020"), Truth::unknown);
  post::MessageRecord record;
  record.body.size = 1000;
  record.internal_date = {now - 10'000'000};  // 2023-11-14 22:13:10
  candidate.record = &record;
  EXPECT_EQ(ask("ON 14-Nov-2023"), Truth::yes);
  EXPECT_EQ(ask("BEFORE 14-Nov-2023"), Truth::no);
  EXPECT_EQ(ask("SINCE 14-Nov-2023"), Truth::yes);
  EXPECT_EQ(ask("LARGER 1000"), Truth::no);
  EXPECT_EQ(ask("SMALLER 1001"), Truth::yes);
  EXPECT_EQ(ask("YOUNGER 10"), Truth::yes);
  EXPECT_EQ(ask("OLDER 10"), Truth::no);
  EXPECT_EQ(ask("OLDER 9"), Truth::yes);
  EXPECT_EQ(ask("SAVEDON 1-Jan-1970"), Truth::yes);
}

TEST_F(MatcherTest, LettersDecideTheRest) {
  post::MessageRecord record;
  candidate.record = &record;
  const std::string text =
      "Date: Wed, 31 Dec 2025 23:30:00 -0500\r\nSubject: =?iso-8859-1?q?Stra=DFe?=\r\nContent-Type: text/plain; "
      "charset=iso-8859-1\r\n\r\nGr\xfc\xdf"
      "e\r\n";
  const message::Letter letter(text);
  candidate.header = &letter;
  // The day as the sender wrote it, though it was the next one in Greenwich.
  EXPECT_EQ(ask("SENTON 31-Dec-2025"), Truth::yes);
  EXPECT_EQ(ask("SENTBEFORE 31-Dec-2025"), Truth::no);
  EXPECT_EQ(ask("SUBJECT STRASSE"), Truth::yes);
  EXPECT_EQ(ask("SUBJECT nothing"), Truth::no);
  EXPECT_EQ(ask("BODY x"), Truth::unknown);
  candidate.letter = &letter;
  EXPECT_EQ(ask("BODY \"gr\xc3\xbc\xc3\x9f\""), Truth::yes);
  EXPECT_EQ(ask("TEXT stra"), Truth::yes);
  EXPECT_EQ(ask("BODY stra"), Truth::no);
}

TEST_F(MatcherTest, WhatTheIndexKnowsIsNotRead) {
  auto program = std::make_shared<proto::imap::SearchProgram>();
  using Kind = proto::imap::SearchKey::Kind;
  program->keys.resize(4);
  program->keys[0] = {.kind = Kind::disjunction, .children = {1, 2}};
  program->keys[1] = {.kind = Kind::body, .text = "Zebra"};
  program->keys[2] = {.kind = Kind::negation, .children = {3}};
  program->keys[3] = {.kind = Kind::header, .field = "X-Thing", .text = "one"};
  const Matcher::World world{.keywords = &keywords, .messages = 1, .last = {9}, .saved = &saved, .now = {}};
  Matcher matcher = Matcher::make(program, "", world).value();
  const auto texts = matcher.text_keys();
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0].pattern.text, "zebra");
  EXPECT_EQ(texts[0].pattern.fields, post::search::field_bit(post::search::Where::body));
  EXPECT_FALSE(texts[0].pattern.header);
  EXPECT_EQ(texts[1].pattern.field_name, "x-thing");
  EXPECT_TRUE(texts[1].pattern.header);
  Candidate c{.seq = 1, .state = {.uid = {9}, .flags = {}, .modseq = {}, .keywords = {}}};
  EXPECT_EQ(matcher.matches(c), Truth::unknown);
  matcher.narrow(1, {.absent = {9}, .present = {}});
  EXPECT_EQ(matcher.matches(c), Truth::unknown);
  matcher.narrow(3, {.absent = {8, 9}, .present = {}});
  EXPECT_EQ(matcher.matches(c), Truth::yes);
  matcher.narrow(3, {.absent = {8}, .present = {}});
  EXPECT_EQ(matcher.matches(c), Truth::unknown);
  matcher.narrow(3, {.absent = {8}, .present = {9}});
  EXPECT_EQ(matcher.matches(c), Truth::no);
  matcher.narrow(1, {.absent = {}, .present = {9}});
  EXPECT_EQ(matcher.matches(c), Truth::yes);
}

TEST_F(MatcherTest, HtmlIsWhatItShows) {
  post::MessageRecord record;
  const message::Letter letter(
      "Content-Type: text/html\r\n\r\n<p class=\"secret\">caf&eacute; <b>cr</b>&egrave;me</p><!-- note -->");
  candidate.record = &record;
  candidate.header = candidate.letter = &letter;
  EXPECT_EQ(ask("BODY \"caf\xc3\xa9 cr\xc3\xa8me\""), Truth::yes);
  EXPECT_EQ(ask("BODY secret"), Truth::no);
  EXPECT_EQ(ask("BODY note"), Truth::no);
}

TEST_F(MatcherTest, KnowsCharsets) {
  const auto program = std::make_shared<proto::imap::SearchProgram>();
  program->keys.push_back({.kind = proto::imap::SearchKey::Kind::text});
  program->keys[0].text = "\xff";
  const Matcher::World world{.keywords = &keywords, .messages = 0, .last = {}, .saved = &saved, .now = {}};
  EXPECT_EQ(Matcher::make(program, "X-NONE", world).error().code(), Errc::unsupported);
  EXPECT_EQ(Matcher::make(program, "", world).error().code(), Errc::invalid);
  EXPECT_TRUE(Matcher::make(program, "ISO-8859-1", world));
}

}  // namespace
}  // namespace chappe::agents::imap
