#include "post/keys/opendkim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::size_t> lines_of(const std::vector<OpendkimFlaw>& flaws) {
  std::vector<std::size_t> out;
  for (const auto& flaw : flaws) out.push_back(flaw.line);
  return out;
}

TEST(Opendkim, KeyTable) {
  const auto table = parse_key_table(
      "# keys\n"
      "mail._domainkey.example.org example.org:mail:/etc/dkimkeys/mail.private\n"
      "\n"
      "two\tBÜCHER.example:S2.Mail:/k/a b.private  # with a blank in its name\r\n"
      "everybody %:def:/k/def.private\n");
  EXPECT_THAT(table.flaws, IsEmpty());
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].name, "mail._domainkey.example.org");
  EXPECT_EQ(table.rows[0].domain, "example.org");
  EXPECT_EQ(table.rows[0].selector, "mail");
  EXPECT_EQ(table.rows[0].file, "/etc/dkimkeys/mail.private");
  EXPECT_EQ(table.rows[0].line, 2u);
  EXPECT_EQ(table.rows[1].domain, "xn--bcher-kva.example");
  EXPECT_EQ(table.rows[1].selector, "s2.mail");
  EXPECT_EQ(table.rows[1].file, "/k/a b.private");
  EXPECT_EQ(table.rows[2].domain, "%");
}

TEST(Opendkim, FlawsAreToldWithTheirLines) {
  const auto table = parse_key_table(
      "one\n"
      "two example.org:mail\n"
      "three example.org:mail:\n"
      "four ex ample:mail:/k\n"
      "five example.org:ma_il:/k\n" +
      std::string(kMaxOpendkimLine + 1, 'x') +
      "\n"
      "six example.org:mail:/k");
  EXPECT_THAT(lines_of(table.flaws), ElementsAre(1, 2, 3, 4, 5, 6));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].line, 7u);
}

TEST(Opendkim, SigningTable) {
  const auto table = parse_signing_table(
      "*@example.org one\n"
      "example.net two\n"
      "bob@example.com three more\n"
      ".example.edu four\n"
      "* five\n"
      "*@*.example.org six\n"
      "example.org\n");
  EXPECT_THAT(lines_of(table.flaws), ElementsAre(5, 6, 7));
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_EQ(table.rows[0].domain, "example.org");
  EXPECT_TRUE(table.rows[0].whole);
  EXPECT_EQ(table.rows[1].domain, "example.net");
  EXPECT_TRUE(table.rows[1].whole);
  EXPECT_EQ(table.rows[2].key, "three");
  EXPECT_FALSE(table.rows[2].whole);
  EXPECT_EQ(table.rows[3].domain, "example.edu");
}

TEST(Opendkim, BothTablesTogether) {
  const auto keys = parse_key_table(
      "one example.org:mail:/k/one\n"
      "idle example.org:old:/k/old\n"
      "all %:def:/k/def\n"
      "again example.org:mail:/k/one\n"
      "other example.org:mail:/k/other\n"
      "nobody %:none:/k/none\n");
  const auto signing = parse_signing_table(
      "*@example.org one\n"
      "*@sub.example.org one\n"
      "*@example.net all\n"
      "bob@example.com all\n"
      "*@elsewhere.example one\n"
      "*@example.org missing\n");
  std::vector<OpendkimFlaw> flaws;
  EXPECT_THAT(opendkim_imports(keys, &signing, flaws),
              ElementsAre(OpendkimImport{"example.org", "mail", "/k/one", true},
                          OpendkimImport{"example.org", "old", "/k/old", false},
                          OpendkimImport{"example.com", "def", "/k/def", true},
                          OpendkimImport{"example.net", "def", "/k/def", true}));
  ASSERT_EQ(flaws.size(), 5u);
  EXPECT_THAT(flaws[0].what, HasSubstr("elsewhere.example is signed with the key of example.org"));
  EXPECT_THAT(flaws[1].what, HasSubstr("one address of example.com"));
  EXPECT_THAT(flaws[2].what, HasSubstr("has two files: /k/other"));
  EXPECT_THAT(flaws[3].what, HasSubstr("names nobody"));
  EXPECT_THAT(flaws[4].what, HasSubstr("no key has the name missing"));
}

TEST(Opendkim, WithoutSigningTableEveryKeySigns) {
  const auto keys = parse_key_table("one example.org:mail:/k/one\n");
  std::vector<OpendkimFlaw> flaws;
  EXPECT_THAT(opendkim_imports(keys, nullptr, flaws),
              ElementsAre(OpendkimImport{"example.org", "mail", "/k/one", true}));
  EXPECT_THAT(flaws, IsEmpty());
}

}  // namespace
}  // namespace chappe::post
