#include "trust/dkim/signature.h"

#include <gtest/gtest.h>

#include "trust/dkim/testing.h"

namespace chappe::trust::dkim {
namespace {

constexpr std::string_view kHash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

Signature parse(std::string value, Form form = Form::dkim) {
  const std::string bytes = "DKIM-Signature: " + value + "\r\n\r\n";
  const message::Letter letter(bytes);
  EXPECT_EQ(letter.fields().size(), 1u) << value;
  return parse_signature(letter.fields()[0], form);
}

// A good one, with tags replaced ("d=x"), taken out ("-d") or added.
std::string with(std::initializer_list<std::string> changes) {
  std::vector<std::string> tags = {
      "v=1", "a=rsa-sha256", "d=example.org", "s=sel", "h=From:To", "bh=" + std::string(kHash), "b=QUJD"};
  for (const std::string& change : changes) {
    const bool drop = change.starts_with('-');
    const std::string name = drop ? change.substr(1) + "=" : change.substr(0, change.find('=') + 1);
    const auto at = std::ranges::find_if(tags, [&](const std::string& t) { return t.starts_with(name); });
    if (at != tags.end() && drop)
      tags.erase(at);
    else if (at != tags.end())
      *at = change;
    else
      tags.push_back(change);
  }
  std::string out;
  for (const std::string& tag : tags) out += (out.empty() ? "" : "; ") + tag;
  return out;
}

std::string fault_of(const Signature& s) { return s.fault ? std::string(reason_row(s.fault->reason).id) : "none"; }
std::string fault(std::initializer_list<std::string> changes) { return fault_of(parse(with(changes))); }

TEST(Signature, ReadsAllTags) {
  const Signature s = parse(
      "v=1; a=RSA-SHA256; c=relaxed/simple; d=Example.ORG; s=Sel.a_b;\r\n i=joe=20x@Sub.example.org; l=12; q=dns/txt;"
      " t=1000; x=2000; z=From:x|To:y;\r\n\th=From :\r\n To:to;\r\n bh=47DEQpj8HBSa+/TImW+5\r\n "
      "JCeuQeRkm5NMpJWZG3hSuFU=;"
      " b=QU\r\n\tJD; unknown=x");
  EXPECT_EQ(fault_of(s), "none") << s.fault->detail;
  EXPECT_EQ(s.algorithm, "RSA-SHA256");
  EXPECT_EQ(s.key_kind, crypto::KeyKind::rsa);
  EXPECT_EQ(s.digest_kind, crypto::DigestKind::sha256);
  EXPECT_EQ(s.header_canon, Canon::relaxed);
  EXPECT_EQ(s.body_canon, Canon::simple);
  EXPECT_EQ(s.domain, "example.org");
  EXPECT_EQ(s.selector, "sel.a_b");
  EXPECT_EQ(s.identity(), "joe x@sub.example.org");
  EXPECT_EQ(s.fields, (std::vector<std::string>{"From", "To", "to"}));
  EXPECT_EQ(s.body_hash.size(), 32u);
  EXPECT_EQ(s.value, "ABC");
  EXPECT_EQ(s.length, 12u);
  EXPECT_EQ(s.made, 1000u);
  EXPECT_EQ(s.expires, 2000u);
}

TEST(Signature, Defaults) {
  const Signature s = parse(with({}));
  EXPECT_EQ(fault_of(s), "none");
  EXPECT_EQ(s.header_canon, Canon::simple);
  EXPECT_EQ(s.body_canon, Canon::simple);
  EXPECT_EQ(s.identity(), "@example.org");
  EXPECT_FALSE(s.length || s.made || s.expires);
}

TEST(Signature, OneWordOfCanonicalisationIsThatOfTheHeader) {
  const Signature s = parse(with({"c=relaxed"}));
  EXPECT_EQ(s.header_canon, Canon::relaxed);
  EXPECT_EQ(s.body_canon, Canon::simple);
  for (const char* pair : {"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"}) {
    const Signature both = parse(with({std::string("c=") + pair}));
    EXPECT_EQ(std::string(canon_name(both.header_canon)) + '/' + std::string(canon_name(both.body_canon)), pair);
  }
}

TEST(Signature, ThePlaceOfItsValue) {
  const std::string bytes = "DKIM-Signature: bh=x; b = QU\r\n JD ; bb=y\r\n\r\n";
  const message::Letter letter(bytes);
  const Signature s = parse_signature(letter.fields()[0]);
  EXPECT_EQ(letter.fields()[0].value().substr(s.b_begin, s.b_end - s.b_begin), " QU\r\n JD ");
}

TEST(Signature, WhatCannotBeRead) {
  EXPECT_EQ(fault_of(parse("")), "not-a-tag-list");
  EXPECT_EQ(fault_of(parse("rubbish")), "not-a-tag-list");
  EXPECT_EQ(fault_of(parse(with({}) + "; d=example.org")), "duplicate-tag");
  for (const char* tag : {"-v", "-a", "-d", "-s", "-h", "-bh", "-b"}) EXPECT_EQ(fault({tag}), "missing-tag") << tag;
  for (const char* v : {"v=", "v=2", "v=1.0", "v=01", "v=DKIM1"}) EXPECT_EQ(fault({v}), "version") << v;
  for (const char* a : {"a=", "a=rsa", "a=rsa-md5", "a=ed25519-sha1", "a=rsa-sha256x"})
    EXPECT_EQ(fault({a}), "algorithm-unknown") << a;
  for (const char* c : {"c=", "c=nowsp", "c=/relaxed", "c=relaxed/", "c=relaxed/nowsp", "c=relaxed/simple/simple"})
    EXPECT_EQ(fault({c}), "canon-unknown") << c;
  for (const char* d :
       {"d=", "d=org", "d=.example.org", "d=example.org.", "d=exa mple.org", "d=example.net(.example.com",
        "d=example..org", "d=[192.0.2.1]", "d=_x.example.org", "d=example.123"})
    EXPECT_EQ(fault({d}), "domain-invalid") << d;
  for (const char* s : {"s=", "s=.a", "s=a.", "s=a..b", "s=a b", "s=a/b", "s=-a", "s=a-"})
    EXPECT_EQ(fault({s}), "selector-invalid") << s;
  for (const char* i : {"i=", "i=example.org", "i=joe@", "i=joe@x=20y.example.org", "i==G0@example.org"})
    EXPECT_EQ(fault({i}), "identity-invalid") << i;
  for (const char* h : {"h=", "h=:", "h=From:", "h=From::To", "h=From:a b", "h=From:\xc3\xa9"})
    EXPECT_EQ(fault({h}), "fields-invalid") << h;
  for (const char* b : {"b=", "b=!", "b=QUI=x", "bh=", "bh=QUJD", "l=", "l=-1", "l=1x", "l=0x10"})
    EXPECT_EQ(fault({b}), "bad-value") << b;
  for (const char* q : {"q=", "q=http", "q=dns", "q=dns/txt:"}) EXPECT_EQ(fault({q}), "query-unknown") << q;
  for (const char* t : {"t=", "t=-1", "t=now", "t=1234567890123", "x=", "x=1e9"})
    EXPECT_EQ(fault({t}), "time-invalid") << t;
}

TEST(Signature, WhatMayNotBe) {
  EXPECT_EQ(fault({"h=To:Subject"}), "from-not-signed");
  EXPECT_EQ(fault({"h=to:FROM"}), "none");
  EXPECT_EQ(fault({"i=joe@example.com"}), "identity-elsewhere");
  EXPECT_EQ(fault({"i=@notexample.org"}), "identity-elsewhere");
  EXPECT_EQ(fault({"i=@sub.example.org"}), "none");
  EXPECT_EQ(fault({"t=10", "x=10"}), "expires-too-soon");
  EXPECT_EQ(fault({"t=10", "x=9"}), "expires-too-soon");
  EXPECT_EQ(fault({"t=10", "x=11"}), "none");
}

TEST(Signature, ABrokenOneStillTellsWhoseItIs) {
  const Signature s = parse(with({"v=2", "h="}));
  EXPECT_EQ(fault_of(s), "version");
  EXPECT_EQ(s.domain, "example.org");
  EXPECT_EQ(s.selector, "sel");
  EXPECT_EQ(s.algorithm, "rsa-sha256");
}

TEST(Signature, InternationalNames) {
  const Signature s =
      parse(with({"d=b\xc3\xbc"
                  "cher.example",
                  "s=\xc3\xa9t\xc3\xa9",
                  "i=@x.B\xc3\x9c"
                  "CHER.example"}));
  EXPECT_EQ(fault_of(s), "none");
  EXPECT_EQ(s.domain, "xn--bcher-kva.example");
  EXPECT_EQ(s.selector, "xn--t-9fab");
  EXPECT_EQ(s.identity_domain, "x.xn--bcher-kva.example");
}

TEST(Signature, SelectorsOfDigitsAndUnderscoresAreNames) {
  for (const char* name : {"20230601", "s1", "a.b.c", "k_1", "2007-00"}) EXPECT_EQ(selector_name(name), name);
  EXPECT_FALSE(selector_name(std::string(64, 'a')));
  EXPECT_FALSE(selector_name(std::string(300, 'a')));
}

TEST(Signature, ALengthBeyondAllNumbersIsTheLargest) {
  EXPECT_EQ(parse(with({"l=" + std::string(76, '9')})).length, UINT64_MAX);
  EXPECT_EQ(fault({"l=" + std::string(77, '9')}), "bad-value");
}

TEST(Signature, TheListOfFieldsHasALimit) {
  std::string h = "h=From";
  for (std::size_t i = 1; i < kMaxSignedFields; ++i) h += ":To";
  EXPECT_EQ(fault({h}), "none");
  EXPECT_EQ(fault({h + ":To"}), "fields-invalid");
}

TEST(Signature, MessageSignaturesOfArc) {
  // RFC 8617 §4.1.2: i= is the instance, v= is nothing.
  const Signature s = parse(with({"v=7", "i=12"}), Form::arc_message);
  EXPECT_EQ(fault_of(s), "none");
  EXPECT_EQ(s.instance, 12u);
  EXPECT_EQ(fault_of(parse(with({"-v"}), Form::arc_message)), "missing-tag");
  for (const char* i : {"i=0", "i=51", "i=-1", "i=", "i=x", "i=001"})
    EXPECT_EQ(fault_of(parse(with({i}), Form::arc_message)), "instance-invalid") << i;
  EXPECT_EQ(fault_of(parse(with({"i=1", "h=From:ARC-Seal"}), Form::arc_message)), "fields-invalid");
}

TEST(Signature, Seals) {
  const std::string good = "i=1; a=rsa-sha256; d=example.org; s=sel; t=12; cv=none; b=QUJD";
  const Signature s = parse(good, Form::arc_seal);
  EXPECT_EQ(fault_of(s), "none");
  EXPECT_EQ(s.chain, "none");
  EXPECT_EQ(s.header_canon, Canon::relaxed);
  EXPECT_EQ(fault_of(parse(good + "; h=From", Form::arc_seal)), "tag-not-allowed");
  EXPECT_EQ(fault_of(parse(good + "; bh=x", Form::arc_seal)), "tag-not-allowed");
  EXPECT_EQ(fault_of(parse("i=1; a=rsa-sha256; d=example.org; s=sel; cv=; b=QUJD", Form::arc_seal)), "bad-value");
  EXPECT_EQ(fault_of(parse("i=1; a=rsa-sha256; d=example.org; s=sel; b=QUJD", Form::arc_seal)), "missing-tag");
}

TEST(Signature, DomainsUnderDomains) {
  EXPECT_TRUE(is_under("a.example.org", "example.org"));
  EXPECT_TRUE(is_under("example.org", "example.org"));
  EXPECT_FALSE(is_under("aexample.org", "example.org"));
  EXPECT_FALSE(is_under("org", "example.org"));
}

TEST(Reasons, EachHasARowWithWordsAndAnIdOfItsOwn) {
  std::vector<std::string_view> ids;
  for (int i = 0; i <= static_cast<int>(Reason::header_too_large); ++i) {
    const ReasonRow& row = reason_row(static_cast<Reason>(i));
    EXPECT_FALSE(row.en.empty() || row.fr.empty()) << row.id;
    ids.push_back(row.id);
  }
  EXPECT_EQ(ids.size(), reason_rows().size());
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

}  // namespace
}  // namespace chappe::trust::dkim
