#include <functional>
#include <vector>

#include "proto/milter/testing.h"

namespace chappe::proto::milter::testing {
namespace {

// What a filter may decide at each step.
struct Stage {
  const char* name;
  std::function<void(ClientMachine&)> begin;
  std::size_t before = 0;  // answers before the one that counts
};
const std::vector<Stage> kStages = {
    {"connect", [](ClientMachine& m) { m.connect({.name = "c", .ip = "192.0.2.1"}); }},
    {"hello", [](ClientMachine& m) { m.hello("c"); }},
    {"mail", [](ClientMachine& m) { m.mail("<>", {}); }},
    {"rcpt", [](ClientMachine& m) { m.rcpt("<a@b>", {}, false); }},
    {"data", [](ClientMachine& m) { m.data(); }},
    {"header", [](ClientMachine& m) { m.header({{.name = "A", .value = " b"}}); }},
    {"second field", [](ClientMachine& m) { m.header({{.name = "A", .value = " b"}, {.name = "A", .value = " b"}}); },
     1},
    {"end of header", [](ClientMachine& m) { m.header({}); }},
    {"body", [](ClientMachine& m) { m.body(ChunkList(Bytes(3 * kMaxBodyChunk, 'x'))); }, 1},
    {"end of body", [](ClientMachine& m) { m.end_of_body(); }},
};

TEST(MilterAnswers, EveryDecisionAtEveryStep) {
  for (const Stage& stage : kStages) {
    const bool early = stage.name == "connect"s || stage.name == "hello"s;
    const auto decides = [&](ByteView answer) -> std::string {
      Talk talk;
      stage.begin(talk.machine);
      talk.go(times(stage.before, kGoOn) + packet(answer));
      if (!talk.done()) return std::string(error_row(talk.machine.error().code()).name);
      EXPECT_EQ(talk.machine.next(), ClientEvent::done) << stage.name << ": nothing more is sent";
      EXPECT_TRUE(talk.machine.take_output().empty());
      constexpr const char* kNames[] = {"go on", "accept", "reject", "temporary", "discard", "reply code", "shutdown"};
      return kNames[static_cast<std::size_t>(talk.machine.decision())];
    };
    EXPECT_EQ(decides("a"), "accept") << stage.name;
    EXPECT_EQ(decides("r"), "reject") << stage.name;
    EXPECT_EQ(decides("t"), "temporary") << stage.name;
    EXPECT_EQ(decides("d"), early ? "invalid" : "discard") << stage.name;
    EXPECT_EQ(decides("4"), "shutdown") << stage.name;
    EXPECT_EQ(decides("y550 5.7.1 no\0"s), "reply code") << stage.name;
    EXPECT_EQ(decides("y250 2.0.0 yes\0"s), "invalid") << stage.name;
    EXPECT_EQ(decides("f"), "unavailable") << stage.name;
    EXPECT_EQ(decides("l"), "invalid") << stage.name;
    EXPECT_EQ(decides("O"), "invalid") << stage.name;
    EXPECT_EQ(decides("Z"), "invalid") << stage.name;
    EXPECT_EQ(decides("s"), "invalid") << stage.name << ": skip was not agreed on";
    EXPECT_EQ(decides("c?"), "invalid") << stage.name << ": data where there is none";
    EXPECT_EQ(decides("r\0"s), "invalid") << stage.name;
    if (stage.name != "end of body"s)
      for (const char* change : {"h", "i", "m", "e", "+", "2", "-", "b", "q"})
        EXPECT_EQ(decides(change), "invalid") << stage.name << ": changes come at the end";
  }
}

TEST(MilterAnswers, ClosedAtEveryStep) {
  for (const Stage& stage : kStages) {
    for (std::size_t n = 0; n <= stage.before; ++n) {
      Talk talk;
      stage.begin(talk.machine);
      talk.go(times(n, kGoOn));
      EXPECT_EQ(talk.failed(), Errc::closed) << stage.name;
      EXPECT_FALSE(talk.machine.reusable());
      talk.machine.mail("<>", {});
      EXPECT_EQ(talk.go(kGoOn), "");
      EXPECT_EQ(talk.failed(), Errc::closed) << "and so it stays";
    }
    Talk talk;
    stage.begin(talk.machine);
    talk.go(times(stage.before, kGoOn) + packet("c").substr(0, 3));
    EXPECT_EQ(talk.failed(), Errc::closed) << stage.name << ", in the middle of a packet";
  }
}

TEST(MilterAnswers, ProgressIsHeard) {
  Talk talk;
  const auto before = talk.machine.heard();
  talk.machine.end_of_body();
  talk.go(times(5, packet("p")) + kGoOn);
  EXPECT_TRUE(talk.done());
  EXPECT_EQ(talk.machine.heard() - before, 6u);
  talk.machine.end_of_body();
  talk.go(times(kMaxPackets + 1, packet("p")));
  EXPECT_EQ(talk.failed(), Errc::too_large) << "but not for ever";
}

TEST(MilterAnswers, WhatIsSaidUnasked) {
  Talk talk;
  talk.ahead = true;
  talk.machine.hello("x");
  talk.go(kGoOn + kGoOn);
  EXPECT_TRUE(talk.done());
  EXPECT_FALSE(talk.machine.reusable());
  talk.machine.mail("<>", {});
  EXPECT_EQ(talk.go(kGoOn), "");
  EXPECT_EQ(talk.failed(), Errc::invalid);
}

std::vector<Change> changes(Talk& talk, Bytes answers) {
  talk.machine.end_of_body();
  talk.go(std::move(answers));
  EXPECT_TRUE(talk.done());
  return talk.machine.changes();
}

TEST(MilterAnswers, EveryChangeAtEveryBoundary) {
  for (std::size_t piece = 0; piece < 12; ++piece) {
    Talk talk(kAgreed, piece);
    const auto got = changes(talk, packet("hX-A\0one\n\ttwo\0"s) + packet("i" + number(3) + "X-B\0x\0"s) +
                                       packet("m" + number(2) + "X-C\0y\0"s) + packet("m" + number(1) + "X-D\0\0"s) +
                                       packet("m" + number(0) + "X-E\0z\0"s) + packet("e<n@example.org>\0"s) +
                                       packet("e<n@example.org>\0SIZE=1\0"s) + packet("+<r@example.org>\0"s) +
                                       packet("2<s@example.org>\0NOTIFY=NEVER\0"s) + packet("2<t@example.org>\0"s) +
                                       packet("-<u@example.org>\0"s) + packet("qbad\0"s) + packet("p") + packet("a"));
    const std::vector<Change> wanted = {
        {.kind = Kind::add_header, .name = "X-A", .value = " one\r\n\ttwo"},
        {.kind = Kind::insert_header, .place = 3, .name = "X-B", .value = " x"},
        {.kind = Kind::change_header, .place = 2, .name = "X-C", .value = " y"},
        {.kind = Kind::change_header, .place = 1, .name = "X-D"},
        {.kind = Kind::change_header, .place = 1, .name = "X-E", .value = " z"},
        {.kind = Kind::change_from, .name = "<n@example.org>"},
        {.kind = Kind::change_from, .name = "<n@example.org>", .value = "SIZE=1"},
        {.kind = Kind::add_rcpt, .name = "<r@example.org>"},
        {.kind = Kind::add_rcpt, .name = "<s@example.org>", .value = "NOTIFY=NEVER"},
        {.kind = Kind::add_rcpt, .name = "<t@example.org>"},
        {.kind = Kind::delete_rcpt, .name = "<u@example.org>"},
        {.kind = Kind::quarantine, .value = "bad"},
    };
    EXPECT_EQ(got, wanted);
    EXPECT_EQ(talk.machine.decision(), Decision::accept);
    talk.machine.mail("<>", {});
    talk.go(kGoOn);
    EXPECT_TRUE(talk.machine.changes().empty()) << "they belong to one letter";
  }
}

TEST(MilterAnswers, ChangesThatCannotBeRead) {
  for (const Bytes& change : {"h"s,
                              "hX"s,
                              "hX\0"s,
                              "hX\0y"s,
                              "hX\0y\0z"s,
                              "i"s,
                              "iabc"s,
                              "i" + number(1) + "X\0"s,
                              "m" + number(1),
                              "e"s,
                              "e<a@b>"s,
                              "e<a@b>\0x\0y\0"s,
                              "+"s,
                              "+<a@b>"s,
                              "+<a@b>\0x\0"s,
                              "2"s,
                              "-"s,
                              "-<a@b>\0x"s,
                              "q"s,
                              "qx"s}) {
    Talk talk;
    talk.machine.end_of_body();
    talk.go(packet(change) + kGoOn);
    EXPECT_EQ(talk.failed(), Errc::invalid) << shown(change);
  }
}

TEST(MilterAnswers, ChangesThatWereNotAgreedOn) {
  Talk talk(agreed(6, action::kAddHeaders, 0));
  const auto got =
      changes(talk, packet("hX\0y\0"s) + packet("m" + number(1) + "X\0y\0"s) + packet("+<a@b>\0"s) + kGoOn);
  EXPECT_TRUE(got.at(0).agreed);
  EXPECT_FALSE(got.at(1).agreed);
  EXPECT_FALSE(got.at(2).agreed);
}

TEST(MilterAnswers, ANewBodyIsTakenNoteOfOnce) {
  Talk talk(agreed(6, 0xffff, 0));
  const auto got = changes(talk, times(50, packet("b" + Bytes(60'000, 'x'))) + packet("hX\0y\0"s) + kGoOn);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].kind, Kind::replace_body);
  EXPECT_FALSE(got[0].agreed) << "it is never offered";
}

TEST(MilterAnswers, LimitsOfChanges) {
  Talk talk;
  EXPECT_EQ(changes(talk, times(kMaxChanges + 7, packet("hX\0y\0"s)) + kGoOn).size(), kMaxChanges);
  EXPECT_EQ(talk.machine.more_changes(), 7u);
  const Bytes large = packet("hX\0"s + Bytes(100'000, 'y') + "\0"s);
  const std::size_t fit = kMaxChangeOctets / 100'002;
  EXPECT_EQ(changes(talk, times(fit + 3, large) + kGoOn).size(), fit);
  EXPECT_EQ(talk.machine.more_changes(), 3u);
}

TEST(MilterReplyCode, Reads) {
  const auto read = [](std::string_view s) { return parse_reply_code(s).value_or(ReplyCode{}); };
  EXPECT_EQ(read("550 5.7.1 no\0"s), (ReplyCode{550, "5.7.1", "no"}));
  EXPECT_EQ(read("550 no"), (ReplyCode{550, "", "no"}));
  EXPECT_EQ(read("451"), (ReplyCode{451, "", ""}));
  EXPECT_EQ(read("550 5.7.1"), (ReplyCode{550, "5.7.1", ""}));
  EXPECT_EQ(read("550-5.7.1 one\r\n550 5.7.1 two\0"s), (ReplyCode{550, "5.7.1", "one\ntwo"}));
  EXPECT_EQ(read("550 5.7.1 100%% spam, 5% ham\0"s), (ReplyCode{550, "5.7.1", "100% spam, 5% ham"}));
  EXPECT_EQ(read("550 5.7 no"), (ReplyCode{550, "", "5.7 no"}));
  for (const std::string_view bad :
       {"", "55", "250 ok", "350 x", "600 x", "5x0 x", "550x", "550-a\r\n551 b", "550-a\r\n551"})
    if (bad != "550-a\r\n") EXPECT_FALSE(parse_reply_code(bad)) << bad;
}

}  // namespace
}  // namespace chappe::proto::milter::testing
