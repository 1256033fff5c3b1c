#include "trust/dmarc/record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "message/linear_testing.h"

using namespace std::string_view_literals;

namespace chappe::trust::dmarc {
namespace {

std::string flaws_of(const Reading& reading) {
  std::string out;
  for (const Flawed& f : reading.flaws)
    out += fmt::format("{}{}@{}", out.empty() ? "" : " ", flaw_row(f.flaw).id, f.at);
  return out;
}

std::string told(const Reading& reading) {
  if (!reading.record) return "no record";
  const Record& r = *reading.record;
  const auto policy = [](const std::optional<Policy>& p) { return p ? policy_name(*p) : "-"; };
  std::string out = fmt::format("p={} sp={} np={}", policy(r.p), policy(r.sp), policy(r.np));
  if (r.psd != Psd::unsaid) out += r.psd == Psd::yes ? " psd=y" : " psd=n";
  if (r.test) out += " t=y";
  if (r.adkim == Mode::strict) out += " adkim=s";
  if (r.aspf == Mode::strict) out += " aspf=s";
  for (const Uri& u : r.rua) out += fmt::format(" rua={}@{}", u.text, u.domain);
  for (const Uri& u : r.ruf) out += fmt::format(" ruf={}@{}", u.text, u.domain);
  if (!(r.fo == FailureOptions{}))
    out += fmt::format(" fo={}{}{}{}", r.fo.all_fail ? "0" : "", r.fo.any_fails ? "1" : "", r.fo.dkim ? "d" : "",
                       r.fo.spf ? "s" : "");
  if (r.standing == Standing::taken_as_none) out += " as-none";
  if (r.standing == Standing::without_policy) out += " without-policy";
  if (r.standing == Standing::broken) out += " broken";
  return out;
}

struct Case {
  std::string_view text, record, flaws;
};

// RFC 9989 §4.7, §4.8, §4.10.1, appendix B.2
constexpr Case kCases[] = {
    // Appendix B.2.1, B.2.2, B.2.3, B.2.5
    {"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com",
     "p=none sp=- np=- rua=mailto:dmarc-feedback@example.com@example.com", ""},
    {"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@thirdparty.example.net",
     "p=none sp=- np=- rua=mailto:dmarc-feedback@example.com@example.com "
     "ruf=mailto:auth-reports@thirdparty.example.net@thirdparty.example.net",
     ""},
    {"v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
     "p=quarantine sp=- np=- t=y rua=mailto:dmarc-feedback@example.com@example.com "
     "rua=mailto:tld-test@thirdparty.example.net@thirdparty.example.net",
     ""},
    {"v=DMARC1;", "p=- sp=- np=- without-policy", "p-missing@0 not-applied@0"},
    // the version
    {"v=DMARC1;p=reject", "p=reject sp=- np=-", ""},
    {"v=DMARC1;p=reject;", "p=reject sp=- np=-", ""},
    {"v = DMARC1 ; p = reject ; ", "p=reject sp=- np=-", ""},
    {"v\t=\tDMARC1;p=reject", "p=reject sp=- np=-", ""},
    {"V=DMARC1;p=reject", "p=reject sp=- np=-", "tag-case@0"},
    {" v=DMARC1; p=reject", "no record", "version-blank@0"},
    {"v=dmarc1; p=reject", "no record", "version-case@0"},
    {"v=DMARC1 p=reject", "no record", "version-other@0"},
    {"v=DMARC2; p=reject", "no record", "version-other@0"},
    {"v=DMARC12; p=reject", "no record", "version-other@0"},
    {"p=reject; v=DMARC1", "no record", "version-late@9"},
    {"p=reject", "no record", "not-dmarc@0"},
    {"v=spf1 -all", "no record", "version-other@0"},
    {"", "no record", "not-dmarc@0"},
    {"some text", "no record", "not-dmarc@0"},
    {"xv=DMARC1; p=reject", "no record", "not-dmarc@0"},
    {"v=DMARC1\r\n; p=reject", "no record", "version-other@0"},
    // policies
    {"v=DMARC1; p=Reject; sp=QUARANTINE; np=None", "p=reject sp=quarantine np=none", ""},
    {"v=DMARC1; P=reject", "p=reject sp=- np=-", "tag-case@10"},
    {"v=DMARC1; p=bogus", "p=- sp=- np=- broken", "p-invalid@10 not-applied@0"},
    {"v=DMARC1; p=", "p=- sp=- np=- broken", "p-invalid@10 not-applied@0"},
    {"v=DMARC1; p=bogus; rua=mailto:a@example.com", "p=- sp=- np=- rua=mailto:a@example.com@example.com as-none",
     "p-invalid@10 read-as-none@0"},
    {"v=DMARC1; rua=mailto:a@example.com", "p=- sp=- np=- rua=mailto:a@example.com@example.com as-none",
     "p-missing@0 read-as-none@0"},
    {"v=DMARC1; rua=nonsense", "p=- sp=- np=- without-policy", "uri-invalid@10 p-missing@0 not-applied@0"},
    {"v=DMARC1; p=reject; sp=bogus", "p=reject sp=- np=- broken", "sp-invalid@20 not-applied@0"},
    {"v=DMARC1; p=reject; sp=bogus; rua=mailto:a@example.com",
     "p=reject sp=- np=- rua=mailto:a@example.com@example.com as-none", "sp-invalid@20 read-as-none@0"},
    {"v=DMARC1; p=reject; np=bogus", "p=reject sp=- np=- broken", "np-invalid@20 not-applied@0"},
    {"v=DMARC1; sp=reject", "p=- sp=reject np=- without-policy", "p-missing@0 not-applied@0"},
    // flags
    {"v=DMARC1; p=none; psd=y", "p=none sp=- np=- psd=y", ""},
    {"v=DMARC1; p=none; psd=N", "p=none sp=- np=- psd=n", ""},
    {"v=DMARC1; p=none; psd=u", "p=none sp=- np=-", ""},
    {"v=DMARC1; p=none; psd=x", "p=none sp=- np=-", "psd-invalid@18"},
    {"v=DMARC1; p=none; t=Y", "p=none sp=- np=- t=y", ""},
    {"v=DMARC1; p=none; t=s", "p=none sp=- np=-", "t-invalid@18"},
    {"v=DMARC1; p=none; adkim=s; aspf=S", "p=none sp=- np=- adkim=s aspf=s", ""},
    {"v=DMARC1; p=none; adkim=strict; aspf=", "p=none sp=- np=-", "adkim-invalid@18 aspf-invalid@32"},
    // fo
    {"v=DMARC1; p=none; fo=1:d:s", "p=none sp=- np=- fo=1ds", ""},
    {"v=DMARC1; p=none; fo=d", "p=none sp=- np=- fo=d", ""},
    {"v=DMARC1; p=none; fo=s:0:d", "p=none sp=- np=- fo=0ds", ""},
    {"v=DMARC1; p=none; fo=0:1", "p=none sp=- np=-", "fo-invalid@18"},
    {"v=DMARC1; p=none; fo=d:d", "p=none sp=- np=-", "fo-invalid@18"},
    {"v=DMARC1; p=none; fo=1:x", "p=none sp=- np=-", "fo-invalid@18"},
    {"v=DMARC1; p=none; fo=", "p=none sp=- np=-", "fo-invalid@18"},
    // form
    {"v=DMARC1;; p=none", "p=none sp=- np=-", "tag-empty@9"},
    {"v=DMARC1; p=none; nonsense", "p=none sp=- np=-", "tag-malformed@18"},
    {"v=DMARC1; p none", "p=- sp=- np=- without-policy", "tag-malformed@10 p-missing@0 not-applied@0"},
    {"v=DMARC1; p=none; a_b=c", "p=none sp=- np=-", "tag-malformed@18"},
    {"v=DMARC1; p=none; =c", "p=none sp=- np=-", "tag-malformed@18"},
    {"v=DMARC1; p=reject; p=none", "p=reject sp=- np=-", "tag-duplicate@20"},
    {"v=DMARC1; p=none; v=DMARC1", "p=none sp=- np=-", "tag-duplicate@18"},
    {"v=DMARC1; p=none; pct=50; rf=afrf; ri=86400", "p=none sp=- np=-",
     "tag-obsolete@18 tag-obsolete@26 tag-obsolete@35"},
    {"v=DMARC1; p=none; foo=bar; x=y=z", "p=none sp=- np=-", "tag-unknown@18 tag-unknown@27"},
    {"v=DMARC1; p=rej\xc3\xa9t; rua=mailto:a@example.com", "p=- sp=- np=- rua=mailto:a@example.com@example.com as-none",
     "tag-octets@10 p-invalid@10 read-as-none@0"},
    {"v=DMARC1; p=none; t=y\n", "p=none sp=- np=-", "tag-octets@18 t-invalid@18"},
    // addresses for reports
    {"v=DMARC1; p=none; rua=mailto:a@example.com!10m", "p=none sp=- np=- rua=mailto:a@example.com@example.com",
     "uri-size@18"},
    {"v=DMARC1; p=none; rua=mailto:a@example.com!10mb", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a@example.com!", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=https://example.com/r", "p=none sp=- np=- rua=https://example.com/r@", "uri-scheme@18"},
    {"v=DMARC1; p=none; rua= mailto:a@EXAMPLE.com , mailto:b@example.net",
     "p=none sp=- np=- rua=mailto:a@EXAMPLE.com@example.com rua=mailto:b@example.net@example.net", ""},
    {"v=DMARC1; p=none; rua=a@example.com", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:@example.com", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a@exa(mple.com", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a%2cb@example.com", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a%2bb@example.com", "p=none sp=- np=- rua=mailto:a%2bb@example.com@example.com", ""},
    {"v=DMARC1; p=none; rua=mailto:p%c3%a9@example.com", "p=none sp=- np=-", "uri-invalid@18"},  // RFC 8616 §6
    {"v=DMARC1; p=none; rua=mailto:a%0d%0ab@example.com", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a%2@example.com", "p=none sp=- np=-", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a@example.com,,mailto:b@example.com",
     "p=none sp=- np=- rua=mailto:a@example.com@example.com rua=mailto:b@example.com@example.com", "uri-invalid@18"},
    {"v=DMARC1; p=none; rua=mailto:a@example.com?subject=x",
     "p=none sp=- np=- rua=mailto:a@example.com?subject=x@example.com", ""},
};

TEST(DmarcRecord, Reads) {
  for (const Case& c : kCases) {
    const Reading reading = parse_record(c.text);
    EXPECT_EQ(told(reading), c.record) << c.text;
    EXPECT_EQ(flaws_of(reading), c.flaws) << c.text;
  }
}

TEST(DmarcRecord, NulIsAnOctetAsAnyOther) {
  EXPECT_FALSE(parse_record("v=DMARC1\0; p=reject"sv).record);
  const Reading reading = parse_record("v=DMARC1; p=reject\0; rua=mailto:a@example.com"sv);
  ASSERT_TRUE(reading.record);
  EXPECT_EQ(reading.record->standing, Standing::taken_as_none);
}

// "pct" and the size are gone (RFC 9989 appendix C.4, C.5.2).
TEST(DmarcRecord, Advice) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"v=DMARC1; p=reject; rua=mailto:a@example.com", ""},
      {"v=DMARC1; p=none", "monitoring-blind@0"},
      {"v=DMARC1; p=none; rua=mailto:a@example.com", "policy-none@0"},
      {"v=DMARC1; p=reject", "rua-missing@0"},
      {"v=DMARC1; p=reject; sp=none; rua=mailto:a@example.com", "subdomains-weaker@0"},
      {"v=DMARC1; p=reject; np=quarantine; rua=mailto:a@example.com", "nonexistent-weaker@0"},
      {"v=DMARC1; p=none; t=y; rua=mailto:a@example.com", "policy-none@0 test-without-effect@0"},
      {"v=DMARC1; p=none; sp=reject; t=y; rua=mailto:a@example.com", "policy-none@0"},
      {"v=DMARC1; p=reject; pct=20; rua=mailto:a@example.com", "tag-obsolete@20 pct-lost@0"},
      {"v=DMARC1; p=reject; pct=100; rua=mailto:a@example.com", "tag-obsolete@20"},
      {"v=DMARC1; p=reject; fo=1; rua=mailto:a@example.com", "fo-without-ruf@0"},
      {"v=DMARC1; p=reject; psd=y; rua=mailto:a@example.com", "psd-yes@0"},
      {"v=DMARC1; p=x", "p-invalid@10 not-applied@0"},
      {"p=reject", "not-dmarc@0"},
  };
  for (const auto& [text, flaws] : cases) EXPECT_EQ(flaws_of(lint(text)), flaws) << text;
}

TEST(DmarcRecord, Limits) {
  std::string tags = "v=DMARC1; p=reject";
  for (std::size_t i = 0; i < Record::kMaxTags; ++i) tags += "; x=y";
  const Reading many = parse_record(tags + "; sp=none");
  ASSERT_TRUE(many.record);
  EXPECT_TRUE(many.has(Flaw::tags_too_many));
  EXPECT_FALSE(many.record->sp);

  std::string uris = "v=DMARC1; p=reject; rua=mailto:a@example.com";
  for (std::size_t i = 0; i < Record::kMaxUris + 5; ++i) uris += ",mailto:a@example.com";
  const Reading wide = parse_record(uris);
  EXPECT_EQ(wide.record->rua.size(), Record::kMaxUris);
  EXPECT_TRUE(wide.has(Flaw::uris_too_many));

  std::string bad = "v=DMARC1; p=reject";
  for (int i = 0; i < 3; ++i) bad += "; rua=" + std::string(Record::kMaxUris, ',') + "; ruf=" + std::string(300, ',');
  EXPECT_LE(parse_record(bad).flaws.size(), Reading::kMaxFlaws);
}

TEST(DmarcRecord, LinearTime) {
  for (const char* unit : {"; x=y", ";", "=", "; rua=mailto:a@b.example,", ",", "!1", "%41", " "}) {
    const auto make = [unit](int n) {
      std::string out = "v=DMARC1; rua=mailto:";
      for (int i = 0; i < n; ++i) out += unit;
      return out;
    };
    message::expect_linear(unit, 50'000, make, [](const std::string& text) { lint(text); });
  }
}

TEST(DmarcRecord, TableIsInOrder) {
  std::set<std::string_view> ids;
  for (int i = 0; i < kFlawCount; ++i) {
    const FlawRow& row = flaw_row(static_cast<Flaw>(i));
    EXPECT_EQ(static_cast<int>(row.flaw), i);
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_FALSE(row.text(Lang::en).empty());
    EXPECT_FALSE(row.text(Lang::fr).empty());
  }
}

}  // namespace
}  // namespace chappe::trust::dmarc
