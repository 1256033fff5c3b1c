// Large letters at the IMAP door: work on them leaves the shard, and their memory is asked for first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/imap/testing.h"
#include "codec/base64.h"

namespace chappe::agents::imap {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::Client;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::World;

// A letter of about `size` octets: a text in base64 with a word at its end, and an attachment.
std::string letter(std::size_t size, const std::string& word) {
  std::string text;
  while (text.size() < size / 2) text += "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n";
  const auto wrapped = [](const std::string& octets) {
    const std::string all = codec::base64_encode(octets);
    std::string out;
    for (std::size_t at = 0; at < all.size(); at += 76) out += all.substr(at, 76) + "\n";
    return out;
  };
  return "From: Bob <bob@example.test>\nSubject: large\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
         "boundary=b\n\n"
         "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" +
         wrapped(text + word) + "--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" +
         wrapped(std::string(size / 8, '\0')) + "--b--\n";
}

TEST(ImapLarge, WorkOnLargeLettersLeavesTheShard) {
  World world;
  Client c(world);
  c.log_in();
  const std::string large = letter(400'000, "NADEL im Heuhaufen");
  ASSERT_THAT(c.append("INBOX", letter(2'000, "nadel")), StartsWith("OK [APPENDUID"));
  ASSERT_THAT(c.append("INBOX", large), StartsWith("OK [APPENDUID"));
  ASSERT_THAT(c.append("INBOX", letter(300'000, "nichts")), StartsWith("OK [APPENDUID"));
  ASSERT_THAT(c.command("SELECT INBOX"), EndsWith("OK [READ-WRITE] SELECT completed"));
  const auto aside = [&](const std::string& command) {
    const int before = world.letters.submitted;
    const std::string answer = c.command(command);
    EXPECT_THAT(answer, HasSubstr("OK ")) << command;
    return std::pair(world.letters.submitted - before, answer);
  };

  EXPECT_EQ(aside("SEARCH SUBJECT large").first, 0) << "headers are small";
  EXPECT_EQ(aside("SEARCH 1 BODY nadel"), std::pair(0, std::string("* SEARCH 1\nOK SEARCH completed")));
  // Each of the two is parsed there, and searched there.
  EXPECT_EQ(aside("SEARCH BODY nadel"), std::pair(4, std::string("* SEARCH 1 2\nOK SEARCH completed")));
  EXPECT_EQ(aside("SEARCH TEXT \"bob@example.test\"").second, "* SEARCH 1 2 3\nOK SEARCH completed");

  // What FETCH tells comes from the summary, and parts are read and decoded a stretch at a time.
  const auto [works, structure] = aside("FETCH 2 (ENVELOPE BODYSTRUCTURE PREVIEW)");
  EXPECT_EQ(works, 0);
  EXPECT_THAT(structure, AllOf(HasSubstr("\"large\""), HasSubstr("\"OCTET-STREAM\""), HasSubstr("\"MIXED\"")));
  const auto [decoded, binary] = aside("FETCH 2 (BINARY.SIZE[2] BINARY.PEEK[2]<0.3> BINARY.PEEK[2])");
  EXPECT_EQ(decoded, 0);
  EXPECT_THAT(binary, AllOf(HasSubstr("BINARY.SIZE[2] 50000 "), HasSubstr("BINARY[2]<0> ~{3}"),
                            HasSubstr(std::string("~{50000}\n") + std::string(50'000, '\0'))));
}

// Of a part that is larger than what is sent at a time: every octet, whole and in stretches, whether it has a summary
// or must be looked into.
TEST(ImapLarge, PartsAreStreamed) {
  World world;
  Client c(world);
  c.log_in();
  std::string data;
  for (std::uint32_t i = 0; data.size() < 900'000; ++i) data += fmt::format("{:07}\n", i);
  const std::string encoded = codec::base64_encode(data);
  std::string body;
  for (std::size_t at = 0; at < encoded.size(); at += 76) body += encoded.substr(at, 76) + "\n";
  const std::string head =
      "Subject: parts\nX-Own: yes\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n"
      "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n";
  ASSERT_THAT(c.append("INBOX", head + body + "--b--\n"), StartsWith("OK [APPENDUID"));
  std::string crlf;
  for (const char ch : body.substr(0, body.size() - 1)) crlf += ch == '\n' ? "\r\n" : std::string(1, ch);
  ASSERT_THAT(c.command("SELECT INBOX"), HasSubstr("OK [READ-WRITE]"));
  for (const bool with_summary : {true, false}) {
    if (!with_summary) {
      store::Batch batch;
      batch.remove(store::KeyWriter(store::kSystemAccount, store::Space::body_summary).range());
      ASSERT_TRUE(
          net::run(world.store->write(std::move(batch), net::Deadline{system_clock().steady() + testing::kSoon})));
    }
    EXPECT_THAT(c.command("FETCH 1 BODY.PEEK[2]"), HasSubstr(fmt::format("BODY[2] {{{}}}\n{})", crlf.size(), crlf)));
    EXPECT_THAT(c.command("FETCH 1 BODY.PEEK[2]<600000.70000>"),
                HasSubstr(fmt::format("BODY[2]<600000> {{70000}}\n{})", crlf.substr(600'000, 70'000))));
    EXPECT_THAT(c.command("FETCH 1 BINARY.PEEK[2]"), HasSubstr(fmt::format("{{{}}}\n{})", data.size(), data)));
    EXPECT_THAT(c.command("FETCH 1 BINARY.PEEK[2]<300001.90000>"),
                HasSubstr(fmt::format("BINARY[2]<300001> {{90000}}\n{})", data.substr(300'001, 90'000))));
    EXPECT_THAT(c.command("FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject X-Own)]"),
                HasSubstr("\nSubject: parts\r\nX-Own: yes\r\n\r\n)"));
    EXPECT_THAT(c.command("FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]"), HasSubstr("\nSubject: parts\r\n\r\n)"));
    EXPECT_THAT(c.command("FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (Subject Content-Type)]"),
                HasSubstr("\nX-Own: yes\r\n\r\n)"));
    EXPECT_THAT(c.command("FETCH 1 PREVIEW"), HasSubstr("PREVIEW \"hello\""));
    EXPECT_THAT(c.command("FETCH 1 BODY.PEEK[3]"), HasSubstr("BODY[3] NIL"));
  }
}

Budget::Limits with_in_flight(std::size_t octets) {
  Budget::Limits limits = Budget::standard_limits();
  limits[static_cast<std::size_t>(Part::in_flight)] = octets;
  return limits;
}

TEST(ImapLarge, LettersThatComeTogetherWaitForEachOther) {
  World world(with_in_flight(700'000));
  Client first(world);
  Client second(world);
  first.log_in();
  second.log_in();
  const std::string octets = std::string(900'000 - 2, 'x') + "\r\n";
  first.send("a APPEND INBOX {900000}\r\n");
  EXPECT_THAT(first.line(), StartsWith("+ "));
  EXPECT_EQ(world.budget.used(Part::in_flight), 2 * store::Flow::kExtent) << "before the first octet, and no more";
  second.send("b APPEND INBOX {900000}\r\n");
  // Were both let in, each would hold memory that the other needs.
  first.send(octets + "\r\n");
  EXPECT_THAT(first.answer("a"), StartsWith("OK [APPENDUID"));
  EXPECT_THAT(second.line(), StartsWith("+ "));
  second.send(octets + "\r\n");
  EXPECT_THAT(second.answer("b"), StartsWith("OK [APPENDUID"));
  EXPECT_EQ(world.budget.used(Part::in_flight), 0u);
}

TEST(ImapLarge, ALetterForWhichThereIsNoMemoryIsRefused) {
  World world(with_in_flight(700'000));
  world.site->limits.memory = 50ms;
  Client first(world);
  Client second(world);
  first.log_in();
  second.log_in();
  first.send("a APPEND INBOX {900000}\r\n");
  EXPECT_THAT(first.line(), StartsWith("+ "));
  EXPECT_THAT(second.command("APPEND INBOX {900000}"), StartsWith("NO [LIMIT] "));
  EXPECT_THAT(second.append("INBOX", std::string(200'000, 'x')), StartsWith("NO [LIMIT] ")) << "it does not ask first";
  EXPECT_THAT(second.append("INBOX", "small"), StartsWith("OK [APPENDUID"));
  first.send(std::string(900'000, 'x') + "\r\n");
  EXPECT_THAT(first.answer("a"), StartsWith("OK [APPENDUID"));
}

}  // namespace
}  // namespace chappe::agents::imap
