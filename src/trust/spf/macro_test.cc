#include "trust/spf/macro.h"

#include <gtest/gtest.h>

namespace chappe::trust::spf {
namespace {

using Kind = MacroString::Kind;

MacroValues values(std::string_view ip = "192.0.2.3") {
  MacroValues out;
  out.local = "strong-bad";
  out.sender_domain = "email.example.com";
  out.domain = "email.example.com";
  out.helo = "mx.example.net";
  out.receiver = "mx.receiver.example";
  out.ip = Ip::parse(ip).value();
  out.now = {1'700'000'000'999'999};
  out.validated = "mx.example.org";
  return out;
}

std::string text(std::string_view macros, const MacroValues& with = values()) {
  const auto parsed = MacroString::parse(macros, Kind::explain_string);
  return parsed ? expand_text(*parsed, with, 4096) : "fault: " + std::string(flaw_row(parsed.error().flaw).id);
}

std::string domain(std::string_view macros, const MacroValues& with = values()) {
  const auto parsed = MacroString::parse(macros, Kind::domain_spec);
  return parsed ? expand_domain(*parsed, with) : "fault: " + std::string(flaw_row(parsed.error().flaw).id);
}

// "id at+size" of what is wrong; "" if nothing is.
std::string wrong(std::string_view macros, Kind kind) {
  const auto parsed = MacroString::parse(macros, kind);
  if (parsed) return "";
  return fmt::format("{} {}+{}", flaw_row(parsed.error().flaw).id, parsed.error().at, parsed.error().size);
}

// RFC 7208 §7.4
TEST(SpfMacro, TheExamplesOfTheRfc) {
  const std::pair<std::string_view, std::string_view> singles[] = {
      {"%{s}", "strong-bad@email.example.com"},
      {"%{o}", "email.example.com"},
      {"%{d}", "email.example.com"},
      {"%{d4}", "email.example.com"},
      {"%{d3}", "email.example.com"},
      {"%{d2}", "example.com"},
      {"%{d1}", "com"},
      {"%{dr}", "com.example.email"},
      {"%{d2r}", "example.email"},
      {"%{l}", "strong-bad"},
      {"%{l-}", "strong.bad"},
      {"%{lr}", "strong-bad"},
      {"%{lr-}", "bad.strong"},
      {"%{l1r-}", "strong"},
  };
  for (const auto& [macro, expected] : singles) EXPECT_EQ(text(macro), expected) << macro;
  EXPECT_EQ(domain("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(domain("%{lr-}.lp._spf.%{d2}"), "bad.strong.lp._spf.example.com");
  EXPECT_EQ(domain("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}"), "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(domain("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}"), "3.2.0.192.in-addr.strong.lp._spf.example.com");
  EXPECT_EQ(domain("%{d2}.trusted-domains.example.net"), "example.com.trusted-domains.example.net");
  const auto name = query_name(domain("%{ir}.%{v}._spf.%{d2}", values("2001:db8::cb01")));
  EXPECT_EQ(name->domain(), "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
}

TEST(SpfMacro, TheLettersOfExplanations) {
  EXPECT_EQ(text("%{c} %{r} %{t} %{h} %{p} %{v}"),
            "192.0.2.3 mx.receiver.example 1700000000 mx.example.net mx.example.org in-addr");
  EXPECT_EQ(text("%{c}", values("2001:db8::1")), "2001:db8::1");
  EXPECT_EQ(text("%{v}", values("2001:db8::1")), "ip6");
  MacroValues nobody = values();
  nobody.receiver.clear();
  nobody.validated.clear();
  EXPECT_EQ(text("%{r} %{p}", nobody), "unknown unknown");  // RFC 7208 §7.3
  for (const std::string_view macro : {"%{c}", "%{r}", "%{t}", "%{C}"}) {
    EXPECT_EQ(wrong(macro, Kind::domain_spec), "exp-only-macro 0+4") << macro;
    EXPECT_EQ(wrong(macro, Kind::macro_string), "exp-only-macro 0+4") << macro;
  }
}

TEST(SpfMacro, UpperCaseIsEscapedForUrls) {
  MacroValues odd = values();
  odd.local = "~jack&jill=up-a_b3.c \xc3\xa9";
  EXPECT_EQ(text("%{L}", odd), "~jack%26jill%3Dup-a_b3.c%20%C3%A9");
  EXPECT_EQ(text("%{l}", odd), odd.local);
  EXPECT_EQ(text("%{S}"), "strong-bad%40email.example.com");
  EXPECT_EQ(text("%{DR}"), "com.example.email");
}

TEST(SpfMacro, Percent) {
  EXPECT_EQ(text("%%%_%-"), "% %20");
  EXPECT_EQ(wrong("a%(ir).x.y", Kind::domain_spec), "bad-percent 1+1");
  EXPECT_EQ(wrong("a.example%", Kind::domain_spec), "bad-percent 9+1");
  EXPECT_EQ(wrong("x%{d", Kind::domain_spec), "open-macro 1+3");
  EXPECT_EQ(wrong("%{", Kind::domain_spec), "open-macro 0+2");
  EXPECT_EQ(wrong("%{}", Kind::domain_spec), "bad-macro-letter 0+3");
  EXPECT_EQ(wrong("%{x}", Kind::domain_spec), "bad-macro-letter 0+4");
}

TEST(SpfMacro, Transformers) {
  EXPECT_EQ(wrong("%{d0}", Kind::domain_spec), "bad-transformer 0+5");
  EXPECT_EQ(wrong("%{d00r}", Kind::domain_spec), "bad-transformer 0+7");
  EXPECT_EQ(wrong("%{d!}", Kind::domain_spec), "bad-transformer 0+5");
  EXPECT_EQ(wrong("%{dr2}", Kind::domain_spec), "bad-transformer 0+6");
  EXPECT_EQ(wrong("%{d2rr}", Kind::domain_spec), "bad-transformer 0+7");
  EXPECT_EQ(domain("%{d127}"), "email.example.com");
  EXPECT_EQ(domain("%{d99999999999999999999}"), "email.example.com");
  EXPECT_EQ(domain("%{d02}"), "example.com");
}

TEST(SpfMacro, Delimiters) {
  MacroValues with = values();
  with.local = "foo-bar+zip+quux";
  EXPECT_EQ(text("%{l2r+-}", with), "bar.foo");
  EXPECT_EQ(text("%{l+}", with), "foo-bar.zip.quux");
  // No delimiter in the value: nothing is cut.
  EXPECT_EQ(text("%{l/}", with), "foo-bar+zip+quux");
  EXPECT_EQ(text("%{l1r/}", with), "foo-bar+zip+quux");
  // Delimiters at the ends and side by side make empty parts.
  with.local = "-a--b-";
  EXPECT_EQ(text("%{l-}", with), ".a..b.");
  EXPECT_EQ(text("%{l2-}", with), "b.");
  // Given delimiters stand instead of the dot.
  with.local = "a.b-c";
  EXPECT_EQ(text("%{l1-}", with), "c");
  EXPECT_EQ(text("%{lr-}", with), "c.a.b");
  EXPECT_EQ(text("%{l.-+,/_=}", with), "a.b.c");
}

TEST(SpfMacro, HowADomainSpecEnds) {
  for (const std::string_view good : {"a.example", "example.com.", "_spf.%{d}", "%{d}.example", "x%%", "a.x1", "a.1-2",
                                      "foo:bar/baz.example.com", "a..example", "foo.example.xn--zckzah", "%{d}.com."})
    EXPECT_EQ(wrong(good, Kind::domain_spec), "") << good;
  for (const std::string_view bad : {"museum", "museum.", "abc.123", "example.-com", "example.com-", "example.com:8080",
                                     "foo.example.com/24", "%{d}com", "a.example..", "."})
    EXPECT_EQ(wrong(bad, Kind::domain_spec).substr(0, 14), "bad-domain-end") << bad;
  EXPECT_EQ(wrong("", Kind::domain_spec), "argument-missing 0+0");
  EXPECT_EQ(wrong("192.0.2.1", Kind::domain_spec), "address-as-domain 0+9");
  EXPECT_EQ(wrong("", Kind::macro_string), "");
  EXPECT_EQ(wrong("anything", Kind::macro_string), "");
}

TEST(SpfMacro, OnlyVisibleAscii) {
  for (const std::string_view bad : {"a\x80.example", "a\t.example", "a\r\n.example", "a\x7f.example"}) {
    EXPECT_EQ(wrong(bad, Kind::domain_spec), "bad-character 1+1");
    EXPECT_EQ(wrong(bad, Kind::explain_string), "bad-character 1+1");
  }
  EXPECT_EQ(wrong(std::string_view("a\0.example", 10), Kind::domain_spec), "bad-character 1+1");
  EXPECT_EQ(wrong("a b", Kind::macro_string), "bad-character 1+1");
  EXPECT_EQ(wrong("a b", Kind::explain_string), "");
}

TEST(SpfMacro, TooLongNamesLoseLabelsOnTheLeft) {
  MacroValues with = values();
  with.domain = std::string(60, 'b') + '.' + std::string(60, 'c') + '.' + std::string(60, 'd');  // 182
  const std::string fits = std::string(63, 'a') + ".xx.com";                                     // 70
  EXPECT_EQ(domain("%{d}." + fits, with), with.domain + '.' + fits);                             // 253
  EXPECT_EQ(domain("%{d}." + fits + '.', with), with.domain + '.' + fits);
  EXPECT_EQ(domain("x.%{d}." + fits, with), with.domain + '.' + fits);
  EXPECT_EQ(domain("x%{d}." + fits, with), with.domain.substr(61) + '.' + fits);
  EXPECT_EQ(domain("%{d}.x" + fits, with), with.domain.substr(61) + ".x" + fits);
  EXPECT_EQ(domain("y.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}", with), with.domain.substr(122) + "." + with.domain);
  with.local = std::string(300, 'l');
  EXPECT_EQ(domain("%{l}", with), "");
  EXPECT_EQ(domain("%{l}.example.com", with), "example.com");
}

// What is repeated a thousand times costs no more than what is kept of it.
TEST(SpfMacro, NoMoreIsExpandedThanIsKept) {
  std::string many;
  for (int i = 0; i < 16'000; ++i) many += "%{s}";
  EXPECT_LE(domain(many).size(), kMaxTarget);
  EXPECT_EQ(expand_text(*MacroString::parse(many, Kind::explain_string), values(), 100).size(), 100u);
}

TEST(SpfMacro, NamesToAskFor) {
  EXPECT_EQ(query_name("Example.COM")->text(), "Example.COM.");
  EXPECT_EQ(query_name("foo:bar/baz.example.com")->label_count(), 3u);
  // No escapes: what looks like one is octets (RFC 7208 §4.8).
  EXPECT_EQ(query_name("a\\.example")->label_count(), 2u);
  EXPECT_EQ(query_name("\\065.example")->labels().front(), "\\065");
  for (const std::string_view bad : {"", ".", "a..b", ".a.b", "a.b."}) EXPECT_FALSE(query_name(bad)) << bad;
  EXPECT_TRUE(query_name(std::string(63, 'a') + ".example"));
  EXPECT_FALSE(query_name(std::string(64, 'a') + ".example"));
  std::string longest;
  for (int i = 0; i < 3; ++i) longest += std::string(63, 'a') + '.';
  EXPECT_TRUE(query_name(longest + std::string(61, 'a')));
  EXPECT_FALSE(query_name(longest + std::string(62, 'a')));
}

TEST(SpfMacro, WhatAStringUses) {
  const auto parsed = MacroString::parse("%{ir}.%{L}.example", Kind::domain_spec);
  EXPECT_TRUE(parsed->uses('i') && parsed->uses('l') && !parsed->uses('s') && !parsed->literal());
  EXPECT_EQ(parsed->text(), "%{ir}.%{L}.example");
  EXPECT_TRUE(MacroString::parse("a%%b.example", Kind::domain_spec)->literal());
}

}  // namespace
}  // namespace chappe::trust::spf
