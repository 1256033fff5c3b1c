// SEARCH over a mailbox that is partly in the search index says the same as without one, and reads fewer letters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/imap/testing.h"
#include "base/random.h"

namespace chappe::agents::imap {
namespace {

using testing::Client;
using testing::World;

const char* const kWords[] = {"letter",  "Lettre", "invoice", "été",          "cœur",
                              "running", "zebra",  "3.14",    "foo@bar.test", "中文"};

std::string some_words(Random& random, std::size_t most) {
  std::string out;
  for (std::size_t n = 1 + random.below(most); n > 0; --n)
    out += std::string(kWords[random.below(std::size(kWords))]) + " ";
  return out;
}

std::string some_letter(Random& random, int number) {
  const bool html = number % 3 == 0;
  std::string out =
      fmt::format("From: Person {0} <p{0}@example.test>\nSubject: {1}\nX-Number: no-{2}\nMIME-Version: 1.0\n",
                  number % 7, some_words(random, 3), number);
  out +=
      fmt::format("Content-Type: text/{}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", html ? "html" : "plain");
  if (number % 10 == 1) {
    const std::size_t at = out.find("Content-Type");
    return out.substr(0, at) + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + some_words(random, 4) +
           "\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; "
           "filename*=utf-8''%7Aebra.pdf\n\nx\n" +
           "--b\nContent-Type: message/rfc822\n\nSubject: " + some_words(random, 2) + "\nFrom: inner@zebra.test\n\n" +
           some_words(random, 4) + "\n--b--\n";
  }
  if (html) return out + "<html><style>hidden</style><p>" + some_words(random, 9) + "<b>bo</b>ld &eacute;clair</p>\n";
  return out + some_words(random, 12) + "\n";
}

TEST(ImapSearch, TheIndexChangesNothing) {
  World world;
  SeededRandom random(3);
  Client client(world);
  client.log_in();
  for (int i = 1; i <= 120; ++i) {
    EXPECT_TRUE(client.append("INBOX", some_letter(random, i)).starts_with("OK")) << i;
    if (i == 100) world.index();
  }
  client.command("SELECT INBOX");
  client.command("UID STORE 1:30 +FLAGS.SILENT (\\Deleted)");
  client.command("UID EXPUNGE 1:15");
  std::vector<std::string> programs;
  for (const char* key : {"SUBJECT", "BODY", "TEXT", "FROM"})
    for (const char* text : {"zebra",
                             "ebr",
                             "etter",
                             "lettre",
                             "\"running zebra\"",
                             "\"g zeb\"",
                             "hidden",
                             "bold",
                             "r",
                             "\"p3@exam\"",
                             "nowhere",
                             "inner",
                             "pdf",
                             "unning",
                             "ete",
                             "etter",
                             "\"subject: zebra\"",
                             "foo@bar",
                             "\"\"",
                             "html"})
      programs.push_back(std::string(key) + " " + text);
  for (const char* program :
       {"HEADER X-Number no-11", "HEADER X-Number \"\"", "HEADER X-Nothing \"\"", "NOT BODY zebra",
        "OR BODY zebra SUBJECT invoice", "BODY zebra DELETED", "NOT (BODY zebra TEXT running)",
        "BODY {7+}\r\n\xc3\x89"
        "CLAIR",
        "BODY {6+}\r\n\xe4\xb8\xad\xe6\x96\x87", "UID 60:* TEXT {5+}\r\n\xc3\xa9t\xc3\xa9", "ALL"})
    programs.emplace_back(program);
  for (const std::string& program : programs) {
    world.site->search = nullptr;
    const std::string without = client.command("UID SEARCH " + program);
    world.site->search = &world.search;
    const int before = world.letters.submitted;
    EXPECT_EQ(client.command("UID SEARCH " + program), without) << program;
    EXPECT_TRUE(without.ends_with("OK SEARCH completed")) << program << " " << without;
    if (program == "BODY zebra") EXPECT_GT(world.letters.submitted, before) << "the index was not asked";
  }
  EXPECT_THAT(client.command("UID SEARCH BODY hidden"), ::testing::Not(::testing::ContainsRegex("[0-9]")));
}

}  // namespace
}  // namespace chappe::agents::imap
