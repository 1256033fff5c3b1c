#include "dns/name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace chappe::dns {
namespace {

Name name(std::string_view text) {
  auto n = Name::parse(text);
  EXPECT_TRUE(n) << text << ": " << (n ? "" : n.error().text());
  return n ? *n : Name();
}

TEST(Name, TextGoesInAndOut) {
  EXPECT_EQ(name("Example.ORG").text(), "Example.ORG.");
  EXPECT_EQ(name("Example.ORG.").domain(), "example.org");
  EXPECT_EQ(name(".").text(), ".");
  EXPECT_EQ(name("a\\.b.c").labels().front(), "a.b");
  EXPECT_EQ(name("a\\.b.c").text(), "a\\.b.c.");
  EXPECT_EQ(name("a\\032b\\200.c").text(), "a\\032b\\200.c.");
  EXPECT_EQ(name("\\(\\@\\;\\\"\\$\\)").text(), "\\(\\@\\;\\\"\\$\\).");
}

TEST(Name, RelativeToAnOrigin) {
  const Name origin = name("example.org");
  EXPECT_EQ(Name::parse("www", origin)->text(), "www.example.org.");
  EXPECT_EQ(Name::parse("www.", origin)->text(), "www.");
  EXPECT_EQ(Name::parse("@", origin)->text(), "example.org.");
  EXPECT_EQ(name("a.b.example.org").text(origin), "a.b");
  EXPECT_EQ(origin.text(origin), "@");
  EXPECT_EQ(name("www.EXAMPLE.org").text(origin), "www.EXAMPLE.org.") << "its case must come back";
  EXPECT_EQ(name("example.net").text(origin), "example.net.");
  EXPECT_EQ(name("badexample.org").text(origin), "badexample.org.");
}

TEST(Name, Refuses) {
  for (const std::string_view bad : {"", "..", "a..b", ".a", "a\\", "a\\25", "a\\256", "a\\2x5"})
    EXPECT_FALSE(Name::parse(bad)) << bad;
}

TEST(Name, LimitsOfLabelAndName) {
  // RFC 1035 §2.3.4
  EXPECT_TRUE(Name::parse(std::string(63, 'a')));
  EXPECT_EQ(Name::parse(std::string(64, 'a')).error().code(), Errc::too_large);
  const std::string label63 = std::string(63, 'a') + '.';
  const std::string longest = label63 + label63 + label63 + std::string(61, 'a');
  EXPECT_EQ(name(longest).wire().size(), Name::kMaxWire);
  EXPECT_EQ(Name::parse(longest + 'a').error().code(), Errc::too_large);
  EXPECT_EQ(Name::parse("a", name(longest)).error().code(), Errc::too_large);
  EXPECT_FALSE(name(longest).child("a"));
}

TEST(Name, Utf8BecomesALabels) {
  EXPECT_EQ(name("Bücher.example").text(), "xn--bcher-kva.example.");
  EXPECT_EQ(name("_dmarc.bücher.example").text(), "_dmarc.xn--bcher-kva.example.");
  EXPECT_EQ(name("bücher\xe3\x80\x82"
                 "example")
                .text(),
            "xn--bcher-kva.example.")
      << "ideographic full stop";
  EXPECT_FALSE(Name::parse("\xff\xfe.example"));
}

TEST(Name, CaseDoesNotMatter) {
  EXPECT_EQ(name("A.b"), name("a.B"));
  EXPECT_EQ(name("A.b") <=> name("a.B"), std::weak_ordering::equivalent);
  EXPECT_NE(name("a.b"), name("a\\.b"));
}

TEST(Name, CanonicalOrder) {
  // The example of RFC 4034 §6.1.
  const std::vector<std::string_view> sorted = {"example",         "a.example",      "yljkjljk.a.example",
                                                "Z.a.example",     "zABC.a.EXAMPLE", "z.example",
                                                "\\001.z.example", "*.z.example",    "\\200.z.example"};
  std::vector<Name> names;
  for (const auto text : sorted) names.push_back(name(text));
  EXPECT_TRUE(std::ranges::is_sorted(names, [](const Name& a, const Name& b) { return (a <=> b) < 0; }));
}

TEST(Name, AncestorsAndEnds) {
  const Name n = name("a.b.example.org");
  EXPECT_TRUE(n.under(name("example.ORG")));
  EXPECT_TRUE(n.under(n));
  EXPECT_TRUE(n.under(Name()));
  EXPECT_FALSE(n.under(name("xample.org")));
  EXPECT_FALSE(name("org").under(name("example.org")));
  EXPECT_EQ(n.parent(), name("b.example.org"));
  EXPECT_EQ(Name().parent(), Name());
  EXPECT_EQ(n.suffix(2), name("example.org"));
  EXPECT_EQ(n.suffix(0), Name());
  EXPECT_EQ(n.suffix(9), n);
  EXPECT_EQ(n.label_count(), 4u);
  EXPECT_EQ(n.common_labels(name("x.example.org")), 2u);
  EXPECT_EQ(n.parent().wildcard()->text(), "*.b.example.org.");
  EXPECT_TRUE(n.wildcard()->is_wildcard());
  EXPECT_EQ(n.with_suffix(name("example.org"), name("net"))->text(), "a.b.net.");
}

TEST(Name, FromWire) {
  EXPECT_EQ(Name::from_wire(Bytes(name("a.b").wire()))->text(), "a.b.");
  for (const ByteView bad : {ByteView(), ByteView("\1", 1), ByteView("\1a", 2), ByteView("\1a\0x", 4),
                             ByteView("\xc0\0\0", 3), ByteView("\x40", 1)})
    EXPECT_FALSE(Name::from_wire(Bytes(bad)));
}

}  // namespace
}  // namespace chappe::dns
