#include "proto/smtp/path.h"

#include <gtest/gtest.h>

#include "proto/smtp/parameters.h"

namespace chappe::proto::smtp {
namespace {

TEST(SmtpPath, KnowsItsParts) {
  const auto p = parse_reverse_path("<\"a\\\"b c\"@Example.ORG> SIZE=1");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->path.local, "a\"b c");
  EXPECT_EQ(p->path.domain, "Example.ORG");
  EXPECT_EQ(p->path.raw, "\"a\\\"b c\"@Example.ORG");
  EXPECT_EQ(p->path.address(), "\"a\\\"b c\"@Example.ORG");
  EXPECT_EQ(p->rest, " SIZE=1");
  EXPECT_FALSE(p->path.literal || p->path.utf8 || p->path.null());
}

TEST(SmtpPath, SourceRoutesAreDropped) {  // RFC 5321 appendix C
  const auto p = parse_forward_path("<@a.example,@b.example:bob@c.example>");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->path.address(), "bob@c.example");
  EXPECT_EQ(p->path.raw, "@a.example,@b.example:bob@c.example");
}

TEST(SmtpPath, NullAndPostmaster) {
  ASSERT_TRUE(parse_reverse_path("<>"));
  EXPECT_TRUE(parse_reverse_path("<>")->path.null());
  EXPECT_EQ(parse_reverse_path("<>")->path.address(), "");
  EXPECT_FALSE(parse_forward_path("<>"));
  ASSERT_TRUE(parse_forward_path("<PostMaster>"));
  EXPECT_EQ(parse_forward_path("<PostMaster>")->path.address(), "PostMaster");
  EXPECT_FALSE(parse_reverse_path("<postmaster>"));
  EXPECT_FALSE(parse_forward_path("<postmasters>"));
}

TEST(SmtpPath, Literals) {
  for (const char* good : {"[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::ffff:192.0.2.1]", "[IPv6:::]"})
    EXPECT_TRUE(valid_address_literal(good)) << good;
  using namespace std::string_view_literals;
  for (const std::string_view bad : {"[]"sv, "[1.2.3]"sv, "[1.2.3.256]"sv, "[2001:db8::1]"sv, "[IPv6:1.2.3.4]"sv,
                                     "[x:y]"sv, "[1.2.3.4"sv, "1.2.3.4]"sv, "[1.2.3.4\0]"sv, "[IPv6:::1\0]"sv})
    EXPECT_FALSE(valid_address_literal(bad)) << bad;
  const auto p = parse_mailbox("a@[IPv6:2001:db8::1]");
  ASSERT_TRUE(p);
  EXPECT_TRUE(p->literal);
  EXPECT_EQ(p->domain, "IPv6:2001:db8::1");
  EXPECT_EQ(p->address(), "a@[IPv6:2001:db8::1]");
}

TEST(SmtpPath, Domains) {
  for (const char* good : {"a", "a.b", "xn--bcher-kva.example", "1.2.3", "a_b.example",
                           "b\xc3\xbc"
                           "cher.example"})
    EXPECT_TRUE(valid_domain(good)) << good;
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a@b", "a\xff", "[1.2.3.4]"})
    EXPECT_FALSE(valid_domain(bad)) << bad;
  EXPECT_TRUE(valid_domain(std::string(63, 'a')));
  EXPECT_FALSE(valid_domain(std::string(64, 'a')));
  std::string longest;  // RFC 5321 §4.5.3.1.2: 255 octets
  for (int i = 0; i < 127; ++i) longest += "a.";
  EXPECT_TRUE(valid_domain(longest + "a"));
  EXPECT_FALSE(valid_domain(longest + "aa"));
}

TEST(SmtpPath, LocalPartsHaveALimit) {
  EXPECT_TRUE(parse_mailbox(std::string(kMaxLocalPart, 'a') + "@b"));
  EXPECT_FALSE(parse_mailbox(std::string(kMaxLocalPart + 1, 'a') + "@b"));
}

TEST(SmtpPath, QuotesOnlyWhereNeeded) {
  EXPECT_EQ(parse_mailbox("\"plain\"@b")->address(), "plain@b");
  EXPECT_EQ(parse_mailbox("\"\"@b")->address(), "\"\"@b");
  EXPECT_EQ(parse_mailbox("\"a@b\"@c")->address(), "\"a@b\"@c");
  EXPECT_FALSE(parse_mailbox("\"a\\\xc3\xa9\"@b"));
  EXPECT_FALSE(parse_mailbox("\"a\tb\"@c"));
  EXPECT_FALSE(parse_mailbox("a@b c"));
  EXPECT_FALSE(parse_mailbox("a@b>"));
  EXPECT_TRUE(parse_mailbox("\xe9\x98\xbf@b")->utf8);
}

TEST(SmtpParameters, AreListed) {
  const auto p = parse_parameters("  SIZE=100   body=8BITMIME SMTPUTF8 ");
  ASSERT_TRUE(p);
  ASSERT_EQ(p->size(), 3U);
  EXPECT_EQ((*p)[0].keyword, "SIZE");
  EXPECT_EQ((*p)[0].value, "100");
  EXPECT_FALSE((*p)[2].value);
  for (const char* bad : {"X", " A= ", " =a", " -A", " A_B", " A=\x01", " A a", " A=1 a=2"})
    EXPECT_FALSE(parse_parameters(bad)) << bad;
  std::string many;
  for (std::size_t i = 0; i <= kMaxParameters; ++i) many += " A" + std::to_string(i);
  EXPECT_FALSE(parse_parameters(many));
}

TEST(SmtpParameters, Xtext) {  // RFC 3461 §4
  EXPECT_EQ(xtext_decode("a+2Bb+3D"), "a+b=");
  EXPECT_EQ(xtext_encode("a+b= \xff"), "a+2Bb+3D+20+FF");
  for (const char* bad : {"a+2", "a+2b", "a+", "a=b", "a b"}) EXPECT_FALSE(xtext_decode(bad)) << bad;
}

}  // namespace
}  // namespace chappe::proto::smtp
