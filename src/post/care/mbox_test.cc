#include "post/care/mbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Read {
  std::optional<Time> date;
  std::string octets;
  FlagList flags;
  bool removed = false;
};

// As read from pieces of `size`.
std::vector<Read> read(std::string_view file, std::size_t size = 1'000'000, bool* foreign = nullptr) {
  MboxReader reader;
  std::vector<Read> out;
  const auto drain = [&] {
    while (auto event = reader.next()) {
      if (event->kind == MboxReader::Event::Kind::begin)
        out.push_back({.date = event->date, .octets = {}, .flags = {}});
      if (event->kind == MboxReader::Event::Kind::octets) out.back().octets += event->octets;
      if (event->kind == MboxReader::Event::Kind::end) {
        out.back().flags = event->flags;
        out.back().removed = event->removed;
      }
    }
  };
  for (std::size_t at = 0; at < file.size(); at += size) {
    reader.feed(file.substr(at, size));
    drain();
  }
  reader.finish();
  drain();
  if (foreign) *foreign = reader.foreign();
  return out;
}

std::vector<std::string> texts(std::string_view file, std::size_t size = 1'000'000) {
  std::vector<std::string> out;
  for (const Read& r : read(file, size)) out.push_back(r.octets);
  return out;
}

std::string write(std::string_view letter, Time date = {}, const FlagList& flags = {}, std::size_t size = 1'000'000) {
  LineEndsLook look;
  look.feed(letter);
  MboxWriter writer;
  std::string out = MboxWriter::begin(date, flags);
  writer.set_plain(look.plain());
  for (std::size_t at = 0; at < letter.size(); at += size) out += writer.feed(letter.substr(at, size));
  return out + writer.finish();
}

constexpr std::string_view kTwo =
    "From bob@example.org Mon Nov 23 10:00:00 2026\nSubject: one\n\nHello\n>From here\n>>From there\n\n"
    "From - Tue Nov  3 09:08:07 2026\nSubject: two\n\nFrom where?\nbye\n\n";

TEST(Mbox, LettersInARow) {
  for (std::size_t size = 1; size < 60; ++size)
    ASSERT_THAT(texts(kTwo, size), ElementsAre("Subject: one\r\n\r\nHello\r\nFrom here\r\n>From there\r\n",
                                               "Subject: two\r\n\r\nFrom where?\r\nbye\r\n"))
        << size;
  const auto all = read(kTwo);
  EXPECT_EQ(to_rfc3339(*all[0].date), "2026-11-23T10:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(*all[1].date), "2026-11-03T09:08:07.000000Z");
}

TEST(Mbox, OfWindows) {
  EXPECT_THAT(
      texts("From a Mon Nov 23 10:00:00 2026\r\nA: b\r\n\r\nx\r\n\r\nFrom b Mon Nov 23 10:00:00 2026\r\nC: d\r\n"),
      ElementsAre("A: b\r\n\r\nx\r\n", "C: d\r\n"));
}

// "From " in a body that nobody has quoted.
TEST(Mbox, ALineThatOnlyLooksLikeABeginning) {
  EXPECT_THAT(texts("From a Mon Nov 23 10:00:00 2026\nA: b\n\nx\n\nFrom now on\nFrom b Mon Nov 23 10:00:00 2026\n"),
              ElementsAre("A: b\r\n\r\nx\r\n\r\nFrom now on\r\nFrom b Mon Nov 23 10:00:00 2026\r\n"));
}

TEST(Mbox, FlagsAreTakenOutOfTheHeader) {
  const auto all = read(
      "From a Mon Nov 23 10:00:00 2026\nX-Keywords: work\n $Junk\nSubject: x\nStatus: RO\n folded\nX-Status: AFDT\n\n"
      "Status: body\n\n"
      "From a Mon Nov 23 10:00:00 2026\nX-Mozilla-Status: 0007\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: a  b\n\n\n"
      "From a Mon Nov 23 10:00:00 2026\nX-Mozilla-Status: 0009\nA: b\n");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].octets, "Subject: x\r\n folded\r\n\r\nStatus: body\r\n");
  EXPECT_EQ(all[0].flags.system.bits, kAllFlags);
  EXPECT_THAT(all[0].flags.keywords, ElementsAre("work", "$Junk"));
  EXPECT_EQ(all[1].octets, "\r\n");
  EXPECT_EQ(all[1].flags.system, (Flags{Flag::seen, Flag::answered, Flag::flagged}));
  EXPECT_THAT(all[1].flags.keywords, ElementsAre("a", "b"));
  EXPECT_FALSE(all[1].removed);
  EXPECT_TRUE(all[2].removed);
  // A letter that has been through Thunderbird, in a file that it has not written.
  EXPECT_FALSE(read("From a Mon Nov 23 10:00:00 2026\nStatus: O\nX-Mozilla-Status: 0008\n\n")[0].removed);
}

TEST(Mbox, WhatIsNoMbox) {
  bool foreign = false;
  EXPECT_THAT(read("Subject: x\n\nhello\n", 100, &foreign), IsEmpty());
  EXPECT_TRUE(foreign);
  EXPECT_THAT(read("", 100, &foreign), IsEmpty());
  EXPECT_FALSE(foreign);
  EXPECT_FALSE(looks_like_mbox("From nobody knows when\n"));
  EXPECT_TRUE(looks_like_mbox(kTwo));
}

// A line without end takes no more memory than what is fed at a time.
TEST(Mbox, ALineWithoutEnd) {
  MboxReader reader;
  reader.feed("From a Mon Nov 23 10:00:00 2026\nA: b\n\n");
  const std::string piece(64 * 1024, 'x');
  std::size_t got = 0, most = 0;
  for (int i = 0; i < 100; ++i) {
    reader.feed(piece);
    while (auto event = reader.next()) {
      got += event->octets.size();
      most = std::max(most, event->octets.size());
    }
  }
  reader.finish();
  EXPECT_EQ(got, 100 * piece.size() + 8);
  EXPECT_LE(most, piece.size() + 1024);
}

TEST(Mbox, DatesOfFromLines) {
  const auto date = [](std::string_view line) {
    const auto t = parse_from_line(line);
    return t ? to_rfc3339(*t).substr(0, 19) : "-";
  };
  EXPECT_EQ(date("From a b Fri Jul  8 12:08:34 2011"), "2011-07-08T12:08:34");
  EXPECT_EQ(date("From a Fri Jul 8 12:08 2011"), "2011-07-08T12:08:00");
  EXPECT_EQ(date("From a Fri Jul  8 12:08:34 CET 2011"), "2011-07-08T12:08:34");
  EXPECT_EQ(date("From a Fri Jul  8 12:08:34 2011 +0200"), "2011-07-08T10:08:34");
  EXPECT_EQ(date("From a Fri Jul 38 12:08:34 2011"), "-");
  EXPECT_EQ(date("From a Fri Jul  8 12:08:34"), "-");
  EXPECT_EQ(date("From "), "-");
}

TEST(Mbox, WrittenAndReadBack) {
  const FlagList flags{{Flag::answered, Flag::seen}, {"$Forwarded", "todo"}};
  const Time when{1'700'000'000'000'000};
  for (const std::string_view letter :
       {"", "\r\n", "Subject: x\r\n", "Subject: x\r\n\r\n", "A: b\r\n\r\nFrom me\r\n>From you\r\n>>>From all\r\n",
        "A: b\r\n\r\nx\r\n\r\nFrom b Mon Nov 23 10:00:00 2026\r\n\r\n\r\n", " begins with a blank\r\n",
        "F\r\nFr\r\nFrom\r\n", "From x Mon Nov 23 10:00:00 2026\r\nA: b\r\n", "A: b\r\n\r\nlone \r CR\r\n",
        "A: b\r\n\r\ndouble\r\r\n", "A: b\r\n\r\nbare\nLF\r\n", ">\r\n>>\r\n>F\r\n"}) {
    for (std::size_t size = 1; size < 8; ++size) {
      const auto all = read(write(letter, when, flags, size) + write("second\r\n"), size);
      ASSERT_EQ(all.size(), 2u) << letter;
      EXPECT_EQ(all[0].octets, letter);
      EXPECT_EQ(all[0].date, when);
      EXPECT_EQ(all[0].flags.system, flags.system);
      EXPECT_EQ(all[0].flags.keywords, flags.keywords);
      EXPECT_EQ(all[1].octets, "second\r\n");
    }
  }
  // Without a last line end it gets one; LineEndsLook::closed() tells.
  EXPECT_EQ(read(write("A: b\r\n\r\nend"))[0].octets, "A: b\r\n\r\nend\r\n");
}

TEST(Mbox, ALetterWithFieldsOfItsOwnIsTold) {
  const auto found = [](std::string_view letter) {
    MboxFieldLook look;
    for (const char c : letter) look.feed({&c, 1});
    return look.found();
  };
  EXPECT_TRUE(found("Subject: x\r\nstatus: R\r\n\r\n"));
  EXPECT_TRUE(found("X-Mozilla-Keys : \r\n"));
  EXPECT_FALSE(found("Subject: x\r\n\r\nStatus: R\r\n"));
  EXPECT_FALSE(found("X-Statuses: x\r\n\r\n"));
}

TEST(LineEnds, GoOutAndComeBack) {
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string letter;
    for (std::size_t n = random.below(12); n > 0; --n) letter += std::string_view("\r\nab")[random.below(4)];
    LineEndsLook look;
    look.feed(letter);
    Bytes file;
    if (look.plain()) {
      LineEndsOut out;
      for (const char c : letter) out.feed({&c, 1}, file);
      out.finish(file);
      EXPECT_EQ(file.find("\r\n"), file.npos);
    } else {
      file = letter;
    }
    LineEndsIn in;
    Bytes back;
    for (const char c : file) in.feed({&c, 1}, back);
    if (look.exact()) {
      ASSERT_EQ(back, letter);
    }
  }
}

}  // namespace
}  // namespace chappe::post
