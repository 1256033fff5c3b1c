#include "proto/milter/testing.h"

namespace chappe::proto::milter::testing {
namespace {

TEST(MilterClient, Negotiates) {
  ClientMachine machine;
  EXPECT_EQ(machine.next(), ClientEvent::need_input);
  EXPECT_EQ(machine.take_output().flatten(), packet("O" + number(6) + number(0x1fd) + number(0x1fffff)));
  EXPECT_EQ(machine.awaited(), "the answer to the negotiation");
  machine.feed(agreed(2, action::kAddHeaders, step::kNoHello));
  EXPECT_EQ(machine.next(), ClientEvent::done);
  EXPECT_EQ(machine.version(), 2u);
  EXPECT_EQ(machine.actions(), action::kAddHeaders);
  EXPECT_EQ(machine.steps(), step::kNoHello);
}

TEST(MilterClient, WhatCannotBeAgreedOn) {
  const auto error = [](Bytes answer) { return Talk(std::move(answer)).failed(); };
  EXPECT_EQ(error(agreed(1, 0, 0)), Errc::unsupported);
  EXPECT_EQ(error(agreed(7, 0, 0)), Errc::unsupported);
  EXPECT_EQ(error(agreed(6, 0, 0x200000)), Errc::unsupported) << "steps that were not offered";
  EXPECT_EQ(error(packet("O" + number(6) + number(0))), Errc::invalid) << "too short";
  EXPECT_EQ(error(agreed(6, 0, 0, number(0) + "j")), Errc::invalid) << "a list without end";
  EXPECT_EQ(error(agreed(6, 0, 0, "xy")), Errc::invalid);
  EXPECT_EQ(error(kGoOn), Errc::invalid);
  EXPECT_EQ(error(""), Errc::closed);
  EXPECT_EQ(error(number(0)), Errc::invalid) << "an empty packet";
  EXPECT_EQ(error(number(0xffffffff)), Errc::too_large);
  EXPECT_EQ(error(number(kMaxReplyData + 2)), Errc::too_large);
  EXPECT_EQ(error(agreed(6, 0xffffffff, 0)), Errc::bug) << "more wishes than are granted do no harm";
}

// A whole letter, and what it looks like on the wire.
std::string letter(Talk& talk) {
  auto& m = talk.machine;
  m.macros().set("j", "mx.example.org");
  m.macros().set("{client_addr}", "192.0.2.1");
  std::string said;
  m.connect({.name = "client.example.net", .ip = "192.0.2.1", .port = 0x4142});
  said += talk.go(kGoOn);
  m.macros().set("{tls_version}", "TLSv1.3");
  m.hello("client.example.net");
  said += talk.go(kGoOn);
  m.macros().set("i", "L1");
  m.macros().set("{mail_addr}", "a@example.net");
  m.mail("<a@example.net>", {"SIZE=1000", "BODY=8BITMIME"});
  said += talk.go(kGoOn);
  m.macros().set("{rcpt_addr}", "b@example.org");
  m.rcpt("<b@example.org>", {}, false);
  said += talk.go(kGoOn);
  m.data();
  said += talk.go(kGoOn);
  m.header({{.name = "Subject", .value = " a\r\n\tb"}, {.name = "X", .value = ""}});
  said += talk.go(times(3, kGoOn));
  m.body(ChunkList("one\r\n"));
  said += talk.go("");
  m.body(ChunkList("two\r\n"));
  said += talk.go("");
  m.end_of_body();
  said += talk.go(times(2, kGoOn));
  EXPECT_TRUE(talk.done()) << said;
  return said;
}

TEST(MilterClient, AWholeLetterAtEveryBoundary) {
  for (std::size_t piece = 0; piece < 20; ++piece) {
    Talk talk(kAgreed, piece);
    EXPECT_EQ(letter(talk),
              "DCj|mx.example.org|{client_addr}|192.0.2.1|\n"
              "Cclient.example.net|4AB192.0.2.1|\n"
              "DH{tls_version}|TLSv1.3|\n"
              "Hclient.example.net|\n"
              "DMi|L1|{mail_addr}|a@example.net|{client_addr}|192.0.2.1|\n"
              "M<a@example.net>|SIZE=1000|BODY=8BITMIME|\n"
              "DRi|L1|{rcpt_addr}|b@example.org|\n"
              "R<b@example.org>|\n"
              "DTi|L1|\n"
              "T\n"
              "LSubject|a\n\tb|\n"
              "LX||\n"
              "DNi|L1|\n"
              "N\n"
              "Bone\r\ntwo\r\n\n"
              "DEi|L1|\n"
              "E\n");
    EXPECT_EQ(talk.machine.decision(), Decision::go_on);
    EXPECT_TRUE(talk.machine.reusable());
  }
}

TEST(MilterClient, StepsThatAreNotWanted) {
  Talk talk(agreed(6, 0,
                   step::kNoConnect | step::kNoHello | step::kNoMail | step::kNoRcpt | step::kNoData |
                       step::kNoHeaders | step::kNoEndOfHeader | step::kNoBody));
  auto& m = talk.machine;
  m.macros().set("j", "mx");
  m.macros().set("i", "L1");
  m.connect({.name = "", .ip = "192.0.2.1"});
  EXPECT_EQ(talk.go(""), "DCj|mx|\n") << "the macros it may want later";
  m.hello("x");
  EXPECT_EQ(talk.go(""), "");
  m.mail("<>", {});
  EXPECT_EQ(talk.go(""), "DMi|L1|\n");
  m.rcpt("<b@c>", {}, false);
  EXPECT_EQ(talk.go(""), "DRi|L1|\n");
  m.data();
  EXPECT_EQ(talk.go(""), "DTi|L1|\n");
  m.header({{.name = "A", .value = " b"}});
  EXPECT_EQ(talk.go(""), "DNi|L1|\n");
  EXPECT_FALSE(m.wants_body());
  m.body(ChunkList(Bytes(100'000, 'x')));
  EXPECT_EQ(talk.go(""), "");
  m.end_of_body();
  EXPECT_EQ(talk.go(kGoOn), "DEi|L1|\nE\n");
  EXPECT_TRUE(talk.done());
}

TEST(MilterClient, StepsThatAreNotAnswered) {
  Talk talk(agreed(6, 0,
                   step::kSilentConnect | step::kSilentHello | step::kSilentMail | step::kSilentRcpt |
                       step::kSilentData | step::kSilentHeader | step::kSilentEndOfHeader | step::kSilentBody));
  auto& m = talk.machine;
  m.connect({.name = "", .ip = "2001:db8::1", .port = 0x4142});
  EXPECT_EQ(talk.go(""), "C[2001:db8::1]|6AB2001:db8::1|\n");
  m.hello("x");
  EXPECT_EQ(talk.go(""), "Hx|\n");
  m.mail("<>", {});
  EXPECT_EQ(talk.go(""), "M<>|\n");
  m.rcpt("<b@c>", {"NOTIFY=NEVER"}, false);
  EXPECT_EQ(talk.go(""), "R<b@c>|NOTIFY=NEVER|\n");
  m.data();
  EXPECT_EQ(talk.go(""), "T\n");
  m.header({{.name = "A", .value = " b"}});
  EXPECT_EQ(talk.go(""), "LA|b|\nN\n");
  m.body(ChunkList("x"));
  m.end_of_body();
  EXPECT_EQ(talk.go(kGoOn), "Bx\nE\n") << "the end of a letter is always answered";
  EXPECT_TRUE(talk.done());
}

TEST(MilterClient, OlderVersionsHearLess) {
  for (const std::uint32_t version : {2u, 3u}) {
    Talk talk(agreed(version, 0, 0));
    talk.machine.data();
    EXPECT_EQ(talk.go(""), "") << "DATA came with version 4";
    EXPECT_FALSE(talk.machine.reusable()) << "QUIT_NC came with version 6";
  }
  Talk talk(agreed(4, 0, 0));
  talk.machine.data();
  EXPECT_EQ(talk.go(kGoOn), "T\n");
}

TEST(MilterClient, LeadingSpaceOfFields) {
  Talk talk(agreed(6, action::kOffered, step::kLeadingSpace));
  auto& m = talk.machine;
  m.header({{.name = "A", .value = "  b"}, {.name = "C", .value = "\td"}});
  EXPECT_EQ(talk.go(times(3, kGoOn)), "LA|  b|\nLC|\td|\nN\n");
  m.end_of_body();
  talk.go(packet("hX\0 y\0"s) + packet("hX\0y\0"s) + kGoOn);
  EXPECT_EQ(m.changes().at(0).value, " y");
  EXPECT_EQ(m.changes().at(1).value, "y");
  Talk without;
  without.machine.header({{.name = "A", .value = "  b"}, {.name = "C", .value = "\td"}});
  EXPECT_EQ(without.go(times(3, kGoOn)), "LA| b|\nLC|\td|\nN\n") << "one space goes";
  without.machine.end_of_body();
  without.go(packet("hX\0y\0"s) + kGoOn);
  EXPECT_EQ(without.machine.changes().at(0).value, " y") << "and comes back";
}

TEST(MilterClient, MacrosByTheListsOfTheFilter) {
  Talk talk(agreed(
      6, action::kMacroList, 0,
      number(0) + "j, {client_addr}\0"s + number(2) + "{auth_authen}\0"s + number(5) + "\0"s + number(99) + "x\0"s));
  auto& m = talk.machine;
  for (const char* name : {"j", "i", "_", "{client_addr}", "{auth_authen}"}) m.macros().set(name, "v");
  m.connect({.name = "c", .ip = "192.0.2.1"});
  EXPECT_EQ(talk.go(kGoOn).substr(0, 25), "DCj|v|{client_addr}|v|\nCc");
  m.mail("<>", {});
  EXPECT_EQ(talk.go(kGoOn), "DM{auth_authen}|v|\nM<>|\n");
  m.rcpt("<b@c>", {}, false);
  EXPECT_EQ(talk.go(kGoOn), "DRi|v|\nR<b@c>|\n") << "the common list where it has none of its own";
  m.end_of_body();
  EXPECT_EQ(talk.go(kGoOn), "E\n");
  m.macros().set("i", "");
  m.rcpt("<b@c>", {}, false);
  EXPECT_EQ(talk.go(kGoOn), "R<b@c>|\n") << "taken away";
}

TEST(MilterClient, LimitsOfMacros) {
  Bytes names;
  for (std::size_t i = 0; i < kMaxMacros + 50; ++i) names += "m" + std::to_string(i) + " ";
  Talk talk(agreed(6, 0, 0, number(0) + names + "\0"s + number(1) + Bytes(kMaxMacroName + 1, 'n') + " k\0"s));
  EXPECT_EQ(talk.machine.macro_lists().of(MacroStep::connect).size(), kMaxMacros);
  EXPECT_EQ(talk.machine.macro_lists().of(MacroStep::hello), std::vector<std::string>{"k"});
  talk.machine.macros().set("k", "a\0b"s + Bytes(2 * kMaxMacroValue, 'v'));
  talk.machine.hello("x");
  const std::string said = talk.go(kGoOn);
  EXPECT_EQ(said.find("DHk|abv"), 0u) << "no NUL";
  EXPECT_LT(said.size(), kMaxMacroValue + 20);
  for (std::size_t i = 0; i < kMaxMacros; ++i)
    talk.machine.macros().set("m" + std::to_string(i), Bytes(kMaxMacroValue, 'v'));
  talk.machine.connect({.name = "c", .ip = "192.0.2.1"});
  talk.go(kGoOn);  // checks the size of each packet
  EXPECT_TRUE(talk.done());
}

TEST(MilterClient, TheBodyInPackets) {
  Talk talk(agreed(6, 0, 0));
  auto& m = talk.machine;
  m.mail("<>", {});
  talk.go(kGoOn);
  const Bytes whole(2 * kMaxBodyChunk + 10, 'x');
  for (std::size_t at = 0; at < whole.size(); at += 1000) {
    m.body(ChunkList(ByteView(whole).substr(at, 1000)));
    const auto said = talk.go(kGoOn);
    EXPECT_TRUE(said.empty() || said.size() == kMaxBodyChunk + 2) << said.size();
  }
  m.end_of_body();
  EXPECT_EQ(talk.go(times(2, kGoOn)), "Bxxxxxxxxxx\nE\n");
}

TEST(MilterClient, TheBodyIsNotCopied) {
  Talk talk(agreed(6, 0, step::kSilentBody));
  const Chunk chunk(Buffer::make(kMaxBodyChunk), 0, kMaxBodyChunk);
  ChunkList body;
  body.append(chunk);
  talk.machine.body(std::move(body));
  ASSERT_EQ(talk.machine.next(), ClientEvent::done);
  const ChunkList out = talk.machine.take_output();
  EXPECT_EQ(out.chunks().back().view().data(), chunk.view().data());
}

TEST(MilterClient, Skip) {
  Talk talk(agreed(6, 0, step::kSkip));
  auto& m = talk.machine;
  m.mail("<>", {});
  talk.go(kGoOn);
  m.body(ChunkList(Bytes(3 * kMaxBodyChunk, 'x')));
  EXPECT_EQ(talk.go(packet("s")).size(), kMaxBodyChunk + 2) << "only the first of three";
  EXPECT_TRUE(talk.done());
  EXPECT_EQ(m.decision(), Decision::go_on);
  EXPECT_FALSE(m.wants_body());
  m.body(ChunkList(Bytes(3 * kMaxBodyChunk, 'x')));
  EXPECT_EQ(talk.go(""), "");
  m.end_of_body();
  EXPECT_EQ(talk.go(kGoOn), "E\n");
  m.mail("<>", {});
  talk.go(kGoOn);
  EXPECT_TRUE(m.wants_body()) << "of the next letter";
  m.body(ChunkList("rest"));
  m.end_of_body();
  EXPECT_EQ(talk.go(packet("s") + kGoOn), "Brest\nE\n") << "of the last part";
  EXPECT_TRUE(talk.done());
}

TEST(MilterClient, RecipientsThatAreRefused) {
  Talk talk;
  talk.machine.rcpt("<a@b>", {}, true);
  EXPECT_EQ(talk.go(""), "");
  Talk wants(agreed(6, 0, step::kRefusedRcpt));
  wants.machine.rcpt("<a@b>", {}, true);
  EXPECT_EQ(wants.go(kGoOn), "R<a@b>|\n");
}

TEST(MilterClient, AbortQuitAndReuse) {
  Talk talk;
  auto& m = talk.machine;
  m.macros().set("{client_addr}", "192.0.2.1");
  m.mail("<>", {});
  talk.go(kGoOn);
  m.abort();
  EXPECT_EQ(talk.go(""), "A\n");
  EXPECT_TRUE(m.reusable());
  m.quit_nc();
  EXPECT_EQ(talk.go(""), "K\n");
  m.connect({.name = "c", .ip = "192.0.2.2"});
  EXPECT_EQ(talk.go(kGoOn).substr(0, 3), "Cc|") << "without the macros of the client before";
  m.quit();
  EXPECT_EQ(talk.go(""), "Q\n");
}

TEST(MilterClient, WhenAConnectionCanBeUsedAgain) {
  // Whether it can be after these operations, the last of which was answered so.
  const auto reusable = [](std::string_view operations, ByteView last, std::uint32_t steps = 0) {
    Talk talk(agreed(6, 0, steps));
    auto& m = talk.machine;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      switch (operations[i]) {
        case 'C':
          m.connect({.name = "c", .ip = "192.0.2.2"});
          break;
        case 'M':
          m.mail("<>", {});
          break;
        case 'R':
          m.rcpt("<a@b>", {}, false);
          break;
        case 'E':
          m.end_of_body();
          break;
        default:
          m.abort();
      }
      talk.go(i + 1 < operations.size() ? kGoOn : packet(last));
      EXPECT_TRUE(talk.done() || operations[i] == 'A');
    }
    return m.reusable();
  };
  EXPECT_FALSE(reusable("C", "c"));
  EXPECT_FALSE(reusable("CM", "c"));
  EXPECT_TRUE(reusable("CMRE", "c"));
  EXPECT_FALSE(reusable("CMRE", "a"));
  EXPECT_FALSE(reusable("CMRE", "r"));
  EXPECT_TRUE(reusable("CMA", ""));
  EXPECT_TRUE(reusable("CMRA", ""));
  EXPECT_FALSE(reusable("CA", ""));
  EXPECT_FALSE(reusable("CMREA", "")) << "of no letter";
  EXPECT_FALSE(reusable("CMREM", "r"));
  EXPECT_FALSE(reusable("CM", "r"));
  EXPECT_FALSE(reusable("CMR", "r"));
  EXPECT_TRUE(reusable("CMRMA", ""));
  EXPECT_FALSE(reusable("CMA", "", step::kNoMail)) << "which it did not hear of";
  EXPECT_TRUE(reusable("CMRA", "", step::kNoMail));
  EXPECT_FALSE(reusable("CMRA", "", step::kNoMail | step::kNoRcpt));
}

TEST(MilterClient, AbortInTheMiddleOfABody) {
  Talk talk;
  auto& m = talk.machine;
  m.mail("<>", {});
  talk.go(kGoOn);
  m.body(ChunkList("of the first letter"));
  talk.go("");
  m.abort();
  EXPECT_EQ(talk.go(""), "A\n");
  m.mail("<>", {});
  talk.go(kGoOn);
  m.end_of_body();
  EXPECT_EQ(talk.go(kGoOn), "E\n") << "nothing is left of it";
}

TEST(MilterClient, LongFieldsAreCut) {
  Talk talk(agreed(6, 0, step::kSilentHeader | step::kSilentEndOfHeader));
  const Bytes value(200'000, 'x');
  talk.machine.header({{.name = "A", .value = value}});
  const auto said = talk.go("");
  EXPECT_EQ(said.size(), 1 + kMaxSentData + 1 + 2) << "as much of it as libmilter reads";
}

}  // namespace
}  // namespace chappe::proto::milter::testing
