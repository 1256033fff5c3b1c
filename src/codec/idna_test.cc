#include "codec/idna.h"

#include <gtest/gtest.h>

namespace chappe::codec {
namespace {

TEST(ValidDomain, IsLettersDigitsHyphens) {
  for (const char* good : {"example.org", "localhost", "a.b.c.example", "xn--bcher-kva.example", "1.example",
                           "EXAMPLE.ORG", "a--b.example", "3com.com"})
    EXPECT_TRUE(valid_domain(good)) << good;
  // The parenthesis and the NUL are CVE-2020-12272: a name that ends early for whoever reads it as a comment or string.
  for (const char* bad : {"", ".", "example.org.", ".example.org", "a..b", "-a.example", "a-.example", "a_b.example",
                          "example.net(.example.com", "a b.example", "a@b.example", "192.0.2.1", "[192.0.2.1]",
                          "a\r\n.b", "b\xc3\xbc.example"})
    EXPECT_FALSE(valid_domain(bad)) << bad;
  EXPECT_FALSE(valid_domain(ByteView("example.net\0.example.com", 24)));
}

TEST(ValidDomain, Limits) {
  EXPECT_TRUE(valid_domain(std::string(63, 'a') + ".example"));
  EXPECT_FALSE(valid_domain(std::string(64, 'a') + ".example"));
  std::string longest;
  for (int i = 0; i < 3; ++i) longest += std::string(63, 'a') + ".";
  longest += std::string(61, 'a');
  ASSERT_EQ(longest.size(), 253U);
  EXPECT_TRUE(valid_domain(longest));
  EXPECT_FALSE(valid_domain(longest + "a"));
}

TEST(DomainToAscii, MakesTheKey) {
  EXPECT_EQ(domain_to_ascii("Example.ORG"), "example.org");
  EXPECT_EQ(domain_to_ascii("Bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain_to_ascii("BÜCHER.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain_to_ascii("bu\xcc\x88"
                            "cher.example"),
            "xn--bcher-kva.example");  // decomposed
  EXPECT_EQ(domain_to_ascii("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain_to_ascii("例え。テスト"), "xn--r8jz45g.xn--zckzah");  // ideographic full stop
  // Non-transitional: the sharp s is a letter of its own (RFC 5892 §2.6; IDNA2003 made it "ss").
  EXPECT_EQ(domain_to_ascii("faß.example"), "xn--fa-hia.example");
}

TEST(DomainToAscii, RefusesWhatIsNoName) {
  for (const char* bad : {"", "a..b", "bücher..example", "bü cher.example", "bü(.example", "\xff.example",
                          "a\xcc.example", "bücher.example.", "-bücher.example", "bü_cher.example"})
    EXPECT_FALSE(domain_to_ascii(bad).has_value()) << bad;
  EXPECT_FALSE(domain_to_ascii(ByteView("b\xc3\xbc\0.example", 12)).has_value());
  EXPECT_EQ(domain_to_ascii(std::string(1025, 'a')).error().code(), Errc::too_large);
  EXPECT_EQ(domain_to_ascii(std::string(254, 'a')).error().code(), Errc::too_large);
  std::string many;
  for (int i = 0; i < 60; ++i) many += "ü.";
  EXPECT_FALSE(domain_to_ascii(many + "example").has_value());
}

TEST(DomainToUnicode, ShowsOnlyWhatEncodesBack) {
  EXPECT_EQ(domain_to_unicode("xn--bcher-kva.example"), "bücher.example");
  EXPECT_EQ(domain_to_unicode("XN--BCHER-KVA.Example"), "bücher.Example");
  EXPECT_EQ(domain_to_unicode("example.org"), "example.org");
  EXPECT_EQ(domain_to_unicode("xn--999999999999.example"), "xn--999999999999.example");
  EXPECT_EQ(domain_to_unicode("xn--example-.org"), "xn--example-.org");
  EXPECT_EQ(domain_to_unicode("not a name"), "not a name");
  EXPECT_EQ(domain_to_unicode("xn--fa-hia.example"), "faß.example");
}

TEST(Normalization, FormC) {
  EXPECT_EQ(to_nfc("plain"), "plain");
  EXPECT_EQ(to_nfc("e\xcc\x81"), "\xc3\xa9");
  EXPECT_EQ(to_nfc("\xe2\x84\xab"), "\xc3\x85");      // ANGSTROM SIGN is a canonical equivalent of Å
  EXPECT_EQ(to_nfc("\xef\xac\x81"), "\xef\xac\x81");  // the ligature fi is only a compatibility one
  EXPECT_EQ(to_nfc("\xff").error().code(), Errc::invalid);
}

TEST(FoldCase, IsACanonicalCaselessMatch) {
  EXPECT_EQ(fold_case("Bob.SMITH"), "bob.smith");
  EXPECT_EQ(fold_case("ÉLISE"), fold_case("e\xcc\x81lise"));
  EXPECT_EQ(fold_case("Straße"), "strasse");
  EXPECT_EQ(fold_case("ΣΟΦΟΣ"), fold_case("σοφος"));
  EXPECT_EQ(fold_case("ΣΟΦΟΣ"), fold_case("σοφο\xcf\x82"));  // final sigma
  EXPECT_NE(fold_case("ı"), fold_case("i"));                 // no Turkish rules
  EXPECT_EQ(fold_case("\xc0\xaf").error().code(), Errc::invalid);
}

}  // namespace
}  // namespace chappe::codec
