#include "post/keys/opendkim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/base64.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// An Ed25519 key in PKCS#8 (RFC 8410 §10.3).
constexpr std::string_view kKey = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
std::string key_in_pem(std::string_view base64) {
  return "-----BEGIN PRIVATE KEY-----" + std::string(base64) + "-----END PRIVATE KEY-----";
}

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

TEST(Opendkim, AKeyStandsInTheTableItself) {
  const auto table = parse_key_table(
      "one example.org:a:" + std::string(kKey) + "\ntwo example.org:b:" + key_in_pem(kKey) +
      "\nthree example.org:c:-----BEGIN PRIVATE KEY----- " + std::string(kKey.substr(0, 20)) + " " +
      std::string(kKey.substr(20)) + " -----END PRIVATE KEY-----\nfour example.org:d:./k\nfive %:e:../%/k\n");
  EXPECT_THAT(table.flaws, IsEmpty());
  ASSERT_EQ(table.rows.size(), 5u);
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(table.rows[n].file, "");
    ASSERT_TRUE(table.rows[n].der) << n;
    EXPECT_EQ(table.rows[n].der->reveal(), codec::base64_decode(kKey).value());
  }
  EXPECT_EQ(table.rows[3].file, "./k");
  EXPECT_FALSE(table.rows[3].der);
  const auto signing = parse_signing_table("*@example.net five\n*@example.com five\n*@example.org one\n");
  std::vector<OpendkimFlaw> flaws;
  const auto imports = opendkim_imports(table, &signing, flaws);
  EXPECT_THAT(flaws, IsEmpty());
  ASSERT_EQ(imports.size(), 6u);
  EXPECT_EQ(imports[0], (OpendkimImport{"example.org", "a", "", true, table.rows[0].der}));
  EXPECT_EQ(imports[3].file, "./k");
  EXPECT_EQ(imports[4].file, "../example.com/k");
  EXPECT_EQ(imports[5].file, "../example.net/k");
}

TEST(Opendkim, TheSameKeyTwiceIsOneAndAnotherIsLeftOut) {
  const std::string other = codec::base64_encode("another");
  const auto table =
      parse_key_table("one example.org:a:" + std::string(kKey) + "\ntwo example.org:a:" + key_in_pem(kKey) +
                      "\nthree example.org:a:" + other + "\nfour example.org:a:/k\n");
  std::vector<OpendkimFlaw> flaws;
  EXPECT_EQ(opendkim_imports(table, nullptr, flaws).size(), 1u);
  EXPECT_THAT(lines_of(flaws), ElementsAre(3, 4));
}

// Whatever is wrong with a line, what may be a private key is not in what is said of it.
TEST(Opendkim, NoFlawHoldsAKey) {
  const std::string key(kKey);
  std::string all;
  for (const std::string& line :
       {"one example.org:a:" + key + "!", "one example.org:a:" + key.substr(1), "one example.org:" + key, "one " + key,
        key, key + " " + key, "one " + key + ":a:/k", "one example.org:" + key + ":a", "one example.org:a:" + key + ":",
        "one :a:" + key, "one a_b:a:" + key, "one example.org::" + key, "one example.org:a:k/" + key + ".private",
        "one example.org:a:-----BEGIN PRIVATE KEY-----" + key, "one example.org:a:.-----BEGIN" + key, "one %:a:" + key,
        "two example.net:a:" + key, "two example.net:a:/" + std::string("k")})
    all += line + "\n";
  const auto keys = parse_key_table(all), other_way = parse_key_table("two example.net:a:/k\n");
  const auto signing =
      parse_signing_table(all + "x@example.net two\n*@example.net " + key + "\n*@example.net one:a:" + key + "\n");
  std::vector<OpendkimFlaw> flaws = keys.flaws;
  flaws.insert(flaws.end(), signing.flaws.begin(), signing.flaws.end());
  opendkim_imports(keys, &signing, flaws);
  opendkim_imports(other_way, &signing, flaws);
  EXPECT_GT(flaws.size(), 20u);
  for (const OpendkimFlaw& flaw : flaws) EXPECT_THAT(flaw.what, Not(HasSubstr(key.substr(1, 40)))) << flaw.line;
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
  EXPECT_THAT(lines_of(flaws), ElementsAre(5, 4, 5, 6, 6));
  for (const std::size_t n : {0u, 1u, 4u}) EXPECT_EQ(flaws[n].file, OpendkimFile::signing_table) << flaws[n].what;
  for (const std::size_t n : {2u, 3u}) EXPECT_EQ(flaws[n].file, OpendkimFile::key_table) << flaws[n].what;
  EXPECT_THAT(flaws[0].what, HasSubstr("elsewhere.example is signed with the key of example.org"));
  EXPECT_THAT(flaws[1].what, HasSubstr("one address of example.com"));
  EXPECT_THAT(flaws[2].what, HasSubstr("mail._domainkey.example.org has another key in a line before"));
  EXPECT_THAT(flaws[3].what, HasSubstr("the SigningTable names nobody"));
  EXPECT_THAT(flaws[4].what, HasSubstr("the KeyTable has no key of that name"));
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
