#include "post/care/file_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "post/mailbox/mailbox.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FileNames, MailboxesInAMaildir) {
  EXPECT_EQ(*maildir_folder("INBOX"), "");
  EXPECT_EQ(*maildir_folder("Work/2026"), ".Work.2026");
  EXPECT_EQ(*maildir_folder("INBOX/old"), ".INBOX.old");
  EXPECT_EQ(*maildir_folder("a.b\\c"), ".a\\2eb\\5cc");
  EXPECT_EQ(*maildir_folder("Été & co"), ".&AMk-t&AOk- &- co");
  EXPECT_EQ(maildir_folder(std::string(255, 'x')).error().code(), Errc::too_large);
  EXPECT_EQ(mailbox_of_maildir_folder(".Work.2026"), "Work/2026");
  EXPECT_EQ(mailbox_of_maildir_folder(".inbox.old"), "INBOX/old");
  EXPECT_EQ(mailbox_of_maildir_folder(".caf\xc3\xa9"), "café") << "of a Dovecot that writes UTF-8";
  EXPECT_EQ(mailbox_of_maildir_folder(".caf\xe9"), "café");
  EXPECT_EQ(mailbox_of_maildir_folder(".A\\zz"), "A\\zz");
  EXPECT_FALSE(mailbox_of_maildir_folder("Work"));
  EXPECT_FALSE(mailbox_of_maildir_folder("."));
  EXPECT_FALSE(mailbox_of_maildir_folder(".."));
  EXPECT_FALSE(mailbox_of_maildir_folder(".a..b"));
  EXPECT_FALSE(mailbox_of_maildir_folder(".a\x01"));
}

TEST(FileNames, MailboxesInATree) {
  EXPECT_THAT(tree_path("Work/2026"), ElementsAre("Work", "2026"));
  EXPECT_THAT(tree_path("a:b/../CON?."), ElementsAre("a%3Ab", "%2E%2E", "CON%3F%2E"));
  EXPECT_THAT(tree_path("x.mbox/y.SBD"), ElementsAre("x%2Embox", "y%2ESBD"));
  EXPECT_EQ(mailbox_of_tree_path({"a%2", "%zz"}), "a%2/%zz");
  EXPECT_EQ(mailbox_of_tree_path({"a%2Fb"}), "a_b") << "a level is a level";
  EXPECT_FALSE(mailbox_of_tree_path({}));
  EXPECT_FALSE(mailbox_of_tree_path({"a%0Ab"}));
  for (const std::string& folder : tree_path("up/" + std::string(990, '.'))) EXPECT_LE(folder.size(), kMaxFileName);
}

// Any name that a mailbox can have comes back.
TEST(FileNames, EveryMailboxComesBack) {
  SeededRandom random(5);
  const std::vector<std::string> parts{
      "a",  "B", "/", ".", "\\", "%",     "%2e",  "\\2e", "&",     "é",
      "漢", "𝄞", " ", ":", "~",  ".mbox", ".sbd", "%+",   "INBOX", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
  int tried = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string name;
    for (std::size_t n = 1 + random.below(20); n > 0; --n) name += parts[random.below(parts.size())];
    const auto mailbox = canonical_mailbox_name(name);
    if (!mailbox) continue;
    ++tried;
    const auto path = tree_path(*mailbox);
    ASSERT_EQ(mailbox_of_tree_path(path), *mailbox);
    for (const std::string& folder : path) {
      ASSERT_LE(folder.size(), kMaxFileName);
      ASSERT_EQ(folder.find('/'), folder.npos);
      ASSERT_NE(folder, "..");
    }
    const auto folder = maildir_folder(*mailbox);
    if (folder && !folder->empty()) {
      ASSERT_EQ(mailbox_of_maildir_folder(*folder), *mailbox);
    }
  }
  EXPECT_GT(tried, 1000);
}

TEST(FileNames, LettersInAMaildir) {
  const MaildirName one = parse_maildir_name("1700000000.M1P2.host,S=12,W=13:2,FRSac");
  EXPECT_EQ(one.unique, "1700000000.M1P2.host,S=12,W=13");
  EXPECT_EQ(one.flags, (Flags{Flag::flagged, Flag::answered, Flag::seen}));
  EXPECT_EQ(one.keywords, "ac");
  EXPECT_EQ(one.arrived->us, 1'700'000'000'000'000);
  EXPECT_TRUE(parse_maildir_name("x;2,P").forwarded);
  EXPECT_EQ(parse_maildir_name("x!2,T").flags, Flags{Flag::deleted});
  EXPECT_EQ(parse_maildir_name("plain").unique, "plain");
  EXPECT_EQ(parse_maildir_name("plain").flags, Flags{});
  EXPECT_EQ(parse_maildir_name(":2,S").flags, Flags{});
  EXPECT_EQ(maildir_name("u", {Flag::seen, Flag::draft}, {0, 25, 26}), "u:2,DSaz");
}

TEST(FileNames, Keywords) {
  EXPECT_THAT(parse_keyword_table("0 work\n2 $Junk\r\nx y\n999 z\n3\n"), ElementsAre("work", "", "$Junk"));
  EXPECT_THAT(parse_keyword_table(""), IsEmpty());
  EXPECT_EQ(keyword_table({"a", "b"}), "0 a\n1 b\n");
}

TEST(FileNames, LettersInATree) {
  const EmlName name{.date = {1'700'000'000'123'456}, .flags = {Flag::seen, Flag::flagged}, .keywords = {0, 30}};
  const std::string text = eml_name({42}, name);
  EXPECT_EQ(text, "0000000042_20231114T221320.123456Z_FS_0.30.eml");
  const auto back = parse_eml_name(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->date, name.date);
  EXPECT_EQ(back->flags, name.flags);
  EXPECT_EQ(back->keywords, name.keywords);
  EXPECT_TRUE(parse_eml_name("1_20231114T221320.123456Z_.eml"));
  for (const char* foreign :
       {"letter.eml", "1_20231114T221320.123456Z_X.eml", "1_2_S.eml", "_20231114T221320.123456Z_.eml",
        "1_20231314T221320.123456Z_.eml", "1_20231114T221320.123456Z_S_200.eml"})
    EXPECT_FALSE(parse_eml_name(foreign)) << foreign;
}

}  // namespace
}  // namespace chappe::post
