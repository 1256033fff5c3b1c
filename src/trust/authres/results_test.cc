#include "trust/authres/results.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/text.h"
#include "message/letter.h"
#include "message/linear_testing.h"
#include "trust/authres/methods.h"

using namespace std::string_view_literals;

namespace chappe::trust::authres {
namespace {

constexpr std::string_view kId = "mx.example.org";

// "id: spf=pass smtp.mailfrom[x] (reason); ..."
std::string told(const Reading& reading) {
  std::string out = reading.results.authserv_id + ":";
  for (const MethodResult& r : reading.results.results) {
    out += fmt::format(" {}={}", r.method, r.result);
    if (r.version != 1) out += fmt::format("/{}", r.version);
    if (r.reason) out += fmt::format(" ({})", *r.reason);
    for (const Property& p : r.properties) out += fmt::format(" {}.{}[{}]", p.ptype, p.property, p.value);
    out += ";";
  }
  if (reading.fault) out += fmt::format(" !{}@{}", fault_row(*reading.fault).id, reading.at);
  if (reading.quirks.trailing_semicolon) out += " ~semicolon";
  if (reading.quirks.bare_value) out += " ~bare";
  if (reading.quirks.missing_ptype) out += " ~ptype";
  return out;
}

struct Case {
  std::string_view value, expected;
};

TEST(Authres, Reads) {
  const Case cases[] = {
      // RFC 8601 appendix B
      {" example.org 1; none", "example.org:"},
      {" example.com;\r\n\tspf=pass smtp.mailfrom=example.net", "example.com: spf=pass smtp.mailfrom[example.net];"},
      {" example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
       "example.com: auth=pass smtp.auth[sender@example.net]; spf=pass smtp.mailfrom[example.net];"},
      {" example.com; dkim=pass (good signature) header.d=example.com",
       "example.com: dkim=pass header.d[example.com];"},
      {" example.com; dkim=pass reason=\"good signature\" header.i=@mail-router.example.net; dkim=fail reason=\"bad "
       "signature\" "
       "header.i=@newyork.example.com",
       "example.com: dkim=pass (good signature) header.i[@mail-router.example.net]; dkim=fail (bad signature) "
       "header.i[@newyork.example.com];"},
      {" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy "
       "(A dot can "
       "go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
       "foo.example.net: dkim=fail policy.expired[1362471462];"},
      // forms
      {"example.org;none", "example.org:"},
      {"\"example.org\"; none", "example.org:"},
      {"(a (nested (comment))) example.org; NONE (b)", "example.org:"},
      {"example.org; SPF=Pass SMTP.MailFrom=A@Example.net", "example.org: spf=pass smtp.mailfrom[A@Example.net];"},
      {"example.org; spf=pass smtp.mailfrom=\"a b\"@example.net",
       "example.org: spf=pass smtp.mailfrom[\"a b\"@example.net];"},
      {"example.org; spf=pass smtp.mailfrom=\"ab\"@example.net",
       "example.org: spf=pass smtp.mailfrom[ab@example.net];"},
      {"example.org; spf=pass smtp.mailfrom=a+b/c=d@example.net",
       "example.org: spf=pass smtp.mailfrom[a+b/c=d@example.net];"},
      {"example.org; dkim=pass header.b=\"ab/=\"", "example.org: dkim=pass header.b[ab/=];"},
      {"example.org; dkim/2=pass", "example.org: dkim=pass/2;"},
      {"example.org; spf=pass reason=\"a\\\"b\\\\c\"", "example.org: spf=pass (a\"b\\c);"},
      {"example.org; spf=pass reason=\"\" x.y=\"\"", "example.org: spf=pass () x.y[];"},
      {"example.org; spf=pass x.y=\"a\"x.z=b", "example.org: spf=pass x.y[a] x.z[b];"},
      {"example.org; spf=pass x.y=p\xc3\xa9@example.net", "example.org: spf=pass x.y[p\xc3\xa9@example.net];"},
      // what is in quotes or comments is nothing but text
      {"example.org; spf=fail smtp.mailfrom=\"a) dmarc=pass (b\"@example.net",
       "example.org: spf=fail smtp.mailfrom[\"a) dmarc=pass (b\"@example.net];"},
      {"example.org; spf=fail (x; dmarc=pass) x.y=\"; dkim=pass\"", "example.org: spf=fail x.y[; dkim=pass];"},
      {"example.org; spf=fail (a \\) dmarc=pass; b)", "example.org: spf=fail;"},
      // the same method twice stays twice
      {"example.org; dmarc=fail; dmarc=pass", "example.org: dmarc=fail; dmarc=pass;"},
      // quirks
      {"example.org; spf=pass;", "example.org: spf=pass; ~semicolon"},
      {"example.org; dkim=pass header.b=ab/cd=", "example.org: dkim=pass header.b[ab/cd=]; ~bare"},
      {"example.org; iprev=pass policy.iprev=2001:db8::1", "example.org: iprev=pass policy.iprev[2001:db8::1]; ~bare"},
      {"example.org; dmarc=pass action=none header.from=example.net",
       "example.org: dmarc=pass .action[none] header.from[example.net]; ~ptype"},
      {"example.org; compauth=pass reason=100", "example.org: compauth=pass (100);"},
      // faults
      {"", ": !id-missing@0"},
      {" ", ": !id-missing@1"},
      {"; none", ": !id-missing@0"},
      {"\"\"; none", ": !id-missing@2"},
      {"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net; dkim=none", "spf: !id-missing@3"},
      {"example/net; dkim=pass", "example: !id-invalid@7"},
      {"example.org", "example.org: !nothing-said@11"},
      {"example.org;", "example.org: !nothing-said@12 ~semicolon"},
      {"example.org 2; none", "example.org: !version-invalid@13"},
      {"example.org x; none", "example.org: !id-invalid@12"},
      {"example.org; none; spf=pass", "example.org: !none-not-alone@19"},
      {"example.org; spf=pass; none", "example.org: spf=pass; !none-not-alone@27"},
      {"example.org; =pass", "example.org: !method-invalid@13"},
      {"example.org; spf", "example.org: !method-invalid@16"},
      {"example.org; spf=", "example.org: !result-invalid@17"},
      {"example.org; spf=\"pass\"", "example.org: !result-invalid@17"},
      {"example.org; spf=pass_x", "example.org: !separator-missing@21"},
      {"example.org;; spf=pass", "example.org: !method-invalid@12"},
      {"example.org; spf=pass smtp.mailfrom=", "example.org: !value-invalid@36"},
      {"example.org; spf=pass smtp.mailfrom=a@", "example.org: !value-invalid@38"},
      {"example.org; spf=pass smtp.=x", "example.org: !property-invalid@27"},
      {"example.org; spf=pass smtp mailfrom=x", "example.org: !property-invalid@27"},
      {"example.org; spf=pass x.y=z reason=w", "example.org: !reason-invalid@35"},
      {"example.org; spf=pass (x", "example.org: !comment-unclosed@24"},
      {"example.org; spf=pass x.y=\"z", "example.org: !quote-unclosed@28"},
      {"example.org; dkim=pass; spf=pass ! x", "example.org: dkim=pass; !property-invalid@33"},
  };
  for (const Case& c : cases) EXPECT_EQ(told(parse(c.value)), c.expected) << c.value;
  EXPECT_EQ(told(parse("example.org; spf=pass\0"sv)), ": !control-octets@0");
  EXPECT_EQ(told(parse("example.org; spf=pass\rx")), ": !control-octets@0");
}

TEST(Authres, Limits) {
  std::string many = "example.org";
  for (std::size_t i = 0; i <= Reading::kMaxResults; ++i) many += "; a=b";
  EXPECT_EQ(parse(many).fault, Fault::too_many_results);
  EXPECT_EQ(parse(many).results.results.size(), Reading::kMaxResults);
  std::string wide = "example.org; a=b";
  for (std::size_t i = 0; i <= Reading::kMaxProperties; ++i) wide += " c.d=e";
  EXPECT_EQ(parse(wide).fault, Fault::too_many_properties);
  EXPECT_EQ(parse(std::string(Reading::kMaxOctets + 1, 'a')).fault, Fault::too_long);
  for (const char* unit : {"(", "((", "\"", "; a=b", "a", ";", " c.d=e", "=?", "\\"}) {
    const auto make = [unit](int n) {
      std::string out = "x";
      for (int i = 0; i < n; ++i) out += unit;
      return out;
    };
    message::expect_linear(unit, 1'000, make, [](const std::string& value) { parse(value); });
    message::expect_linear(unit, 15'000, make, [](const std::string& value) { claims(value, kId); });
  }
}

// RFC 8601 §5: every form in which a field may be taken for ours.
TEST(Authres, Claims) {
  const std::string_view ours[] = {
      "mx.example.org; spf=pass",
      "mx.example.org;spf=pass",
      " mx.example.org 1; none",
      "MX.Example.ORG; none",
      "\"mx.example.org\"; none",
      "\"mx.exam\\ple.org\"; none",
      "\"MX.example.org\" 1; none",
      "(comment) mx.example.org; none",
      "(a (b) \\) c) mx.example.org(d); none",
      "\r\n mx.example.org; none",
      "(x)\r\n\tmx.example.org\r\n ; none",
      "mx.(x)example.org; none",
      "mx . example . org 1; none",
      "mx.example.\r\n org; none",
      "mx.example.org/4711; none",
      "mx.example.org 4711; none",
      "mx.example.org:25; none",
      "mx.example.org.; none",
      "mx.example.org, other.example; none",
      "other.example mx.example.org; none",
      "(mx.example.org) other.example; none",
      "mx.example.org",
      "mx.example.org none",
      "mx.example.org spf=pass",
      "mx.example.org; ???",
      "mx.example.org (unclosed; none",
      "other.example (mx.example.org",
      "\"mx.example.org; none",
      "=?utf-8?q?mx=2Eexample.org?=; none",
      "",
      "()",
      "; spf=pass",
      "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net",
      "\";\" mx.example.org; none",
      "other.example\r; none",
      "other.example\xff; none",
  };
  for (const auto value : ours) EXPECT_TRUE(claims(value, kId)) << value;
  EXPECT_TRUE(claims("mx\0.example.org; none"sv, kId));
  const std::string_view theirs[] = {
      "other.example; none",
      "example.org; none",
      "mx.example.org.evil.example; none",
      "a.mx.example.org; none",
      "mx.example.orgs; none",
      "xmx.example.org; none",
      "mx-example.org; none",
      "other.example; spf=pass smtp.mailfrom=a@mx.example.org",
      "other.example 1 (x); spf=pass (mx.example.org) x.y=\"mx.example.org\"",
      "\"other.example\"; mx.example.org; none",
  };
  for (const auto value : theirs) EXPECT_FALSE(claims(value, kId)) << value;

  EXPECT_TRUE(claims("xn--bcher-kva.example; none",
                     "b\xc3\xbc"
                     "cher.example"));
  EXPECT_TRUE(
      claims("b\xc3\xbc"
             "cher.example 1; none",
             "xn--bcher-kva.example"));
  EXPECT_TRUE(
      claims("B\xc3\x9c"
             "CHER.example; none",
             "xn--bcher-kva.example"));
  EXPECT_TRUE(claims("our host; none", "our host"));
}

TEST(Authres, ClaimsOfFields) {
  const message::Letter letter(
      "authentication-RESULTS : mx.example.org; none\r\nAuthentication-Results: other.example; none\r\n"
      "X-Authentication-Results: mx.example.org; none\r\n\r\n");
  ASSERT_EQ(letter.fields().size(), 3u);
  EXPECT_TRUE(claims(letter.fields()[0], kId));
  EXPECT_FALSE(claims(letter.fields()[1], kId));
  EXPECT_FALSE(claims(letter.fields()[2], kId));
}

Results ours(std::vector<MethodResult> results) {
  return {.authserv_id = std::string(kId), .results = std::move(results)};
}

TEST(Authres, Writes) {
  EXPECT_EQ(write(ours({})), "Authentication-Results: mx.example.org; none\r\n");
  EXPECT_EQ(write(ours({}), 3), "ARC-Authentication-Results: i=3; mx.example.org; none\r\n");
  EXPECT_EQ(write(ours({spf("pass", "pat@example.com", ""), auth("pass", "pat")})),
            "Authentication-Results: mx.example.org;\r\n    spf=pass smtp.mailfrom=pat@example.com;\r\n"
            "    auth=pass smtp.auth=pat\r\n");
  EXPECT_EQ(write(ours({iprev("pass", "2001:db8::1"), dnswl("pass", "list.dnswl.org", "127.0.9.2"),
                        arc("pass", "192.0.2.1", 0)})),
            "Authentication-Results: mx.example.org;\r\n    iprev=pass policy.iprev=\"2001:db8::1\";\r\n"
            "    dnswl=pass dns.zone=list.dnswl.org policy.ip=127.0.9.2;\r\n"
            "    arc=pass smtp.remote-ip=192.0.2.1 header.oldest-pass=0\r\n");
  EXPECT_EQ(
      write(ours(
          {dkim("fail", {"example.com", "sel", "@example.com", "rsa-sha256", "AbC/d+=="}, "body hash (mismatch)")})),
      "Authentication-Results: mx.example.org;\r\n    dkim=fail reason=\"body hash (mismatch)\" header.d=example.com "
      "header.s=sel\r\n    header.i=@example.com header.a=rsa-sha256 header.b=\"AbC/d+==\"\r\n");
  dmarc::Verdict verdict;
  verdict.author = "example.com";
  EXPECT_EQ(write(ours({dmarc(verdict)})),
            "Authentication-Results: mx.example.org;\r\n    dmarc=none header.from=example.com\r\n");
  verdict.policy.emplace();
  verdict.result = dmarc::Outcome::fail;
  verdict.asked = dmarc::Policy::reject;
  verdict.wanted = dmarc::Policy::quarantine;
  EXPECT_EQ(
      write(ours({dmarc(verdict)})),
      "Authentication-Results: mx.example.org;\r\n    dmarc=fail header.from=example.com policy.dmarc=quarantine\r\n");
}

// No text of the peer breaks out of its place (header injection in mail-auth 0.9.1).
TEST(Authres, TextsOfThePeerStayInTheirPlace) {
  const std::string_view hostile[] = {
      "a\r\nX-Evil: 1",
      "a; dmarc=pass header.from=bank.example",
      "a) dmarc=pass (b",
      "\"; dmarc=pass; x=\"",
      "\\",
      "a\\\"; dmarc=pass",
      "(",
      "=?utf-8?q?=0D=0A?=",
      "a\0b"sv,
      "a b@example.com",
      "\"a b\"@example.com",
      "a@b@c",
      "a@",
      "@",
      " lead and trail ",
      "\t",
      "",
      "p\xc3\xa9@b\xc3\xbc"
      "cher.example",
      "b\xc3\xbc"
      "cher.example",
      "\xff\xfe",
      "a@[192.0.2.1]",
      "example.net(.example.com",
  };
  for (const auto text : hostile) {
    MethodResult r = spf("fail", text, text);
    r.reason = std::string(text);
    Results results = ours({r, spf("pass", "x@example.com")});
    results.authserv_id = text;
    results.results[1].method = text;
    results.results[1].result = text;
    for (const Results& in : {ours({r}), results}) {
      const std::string field = write(in);
      const std::string bytes = field + "\r\n";
      const message::Letter letter(bytes);
      ASSERT_EQ(letter.fields().size(), 1u) << text;
      const Reading back = parse(letter.fields()[0].value());
      EXPECT_TRUE(back.strict()) << field;
      EXPECT_EQ(back.results, cleaned(in)) << field;
      EXPECT_EQ(back.results.results[0].method, "spf");
      EXPECT_EQ(back.results.results.size(), in.results.size()) << field;
    }
  }
  EXPECT_EQ(cleaned(ours({spf("pass",
                              "p\xc3\xa9@b\xc3\xbc"
                              "cher.example")}))
                .results[0]
                .properties[0]
                .value,
            "p\xc3\xa9@xn--bcher-kva.example");
  EXPECT_EQ(cleaned(ours({spf("pass", "a\r\nb\0c"sv)})).results[0].properties[0].value, "a??b?c");
}

// RFC 8617 §4.1.1, RFC 8601 §5
TEST(Authres, WhatAHostFoundBeforeStandsAboveTheFirstReceived) {
  const auto text = [](std::string_view header, std::string_view id = {}) {
    const std::string bytes = fmt::format("{}From: a@bank.example\r\n\r\n", header);
    const auto before = found_before(message::Letter(bytes).fields(), id);
    if (before) EXPECT_EQ(before->results, parse(before->text).results);
    return before ? before->text : "-";
  };
  const std::string ours = "Authentication-Results: mx.example; arc=pass;\r\n\tdmarc=pass header.from=bank.example\r\n";
  const std::string received = "Received: from x by mx.example\r\n";
  EXPECT_EQ(text(ours + received), "mx.example; arc=pass;\r\n\tdmarc=pass header.from=bank.example");
  EXPECT_EQ(text(ours + received, "MX.example"), text(ours + received));
  EXPECT_EQ(text(ours + received, "other.example"), "-");
  EXPECT_EQ(text(received + ours), "-") << "came with the letter";
  EXPECT_EQ(text(received + ours, "mx.example"), "-") << "came with the letter";
  EXPECT_EQ(text(""), "-");
  EXPECT_EQ(text("Authentication-Results: mx.example; arc=\r\n" + ours), "-") << "cannot be read";

  // Several fields of one host, comments and all; not those of others.
  const std::string spf = "Authentication-Results: mx.example (mail) 1; spf=pass (it is (really) one; of ours)\r\n";
  const std::string dkim =
      "Authentication-Results: MX.example;\r\n dkim=pass header.d=a.example (2048 bits) ; (end)\r\n";
  const std::string other = "Authentication-Results: filter.example; x-spam=no\r\n";
  const std::string none = "Authentication-Results: mx.example; none\r\n";
  EXPECT_EQ(text(spf + other + dkim + received + ours, "mx.example"),
            "mx.example (mail) 1; spf=pass (it is (really) one; of ours);\r\n dkim=pass header.d=a.example (2048 bits) "
            "; (end)");
  EXPECT_EQ(text(dkim + none + spf + received),
            "MX.example;\r\n dkim=pass header.d=a.example (2048 bits) ; (end) spf=pass (it is (really) one; of ours)");
  EXPECT_EQ(text(none + received), "mx.example; none");
  EXPECT_EQ(text("Authentication-Results: filter.example; x=\r\n" + spf, "mx.example"),
            "mx.example (mail) 1; spf=pass (it is (really) one; of ours)");
  // No more than is read of one field.
  std::string many;
  for (int i = 0; i < 201; ++i) many += "Authentication-Results: mx.example; spf=pass\r\n";
  EXPECT_EQ(text(many + received), "-");
}

TEST(Authres, LinesAreFolded) {
  std::vector<MethodResult> results;
  for (int i = 0; i < 20; ++i)
    results.push_back(
        dkim("pass", {fmt::format("signer-{}.example.com", i), "selector", "@example.com", "rsa-sha256", "abcdefgh"}));
  const std::string field = write(ours(std::move(results)));
  for (const std::string_view line : split(field, '\n')) EXPECT_LE(line.size(), kMaxColumns + 1) << line;  // its CR
  // A value that is longer stands on a line of its own, and is cut.
  const std::string longest = write(ours({spf("pass", std::string(2000, '"'))}));
  for (const std::string_view line : split(longest, '\n')) EXPECT_LE(line.size(), 998u);
  std::vector<MethodResult> many(1000, spf("pass", std::string(300, 'a')));
  EXPECT_LT(write(ours(std::move(many))).size(), kMaxWritten + 1000);
}

TEST(Authres, TableIsInOrder) {
  std::set<std::string_view> ids;
  for (int i = 0; i <= static_cast<int>(Fault::value_invalid); ++i) {
    const FaultRow& row = fault_row(static_cast<Fault>(i));
    EXPECT_EQ(static_cast<int>(row.fault), i);
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_NE(row.text(message::Lang::en), row.text(message::Lang::fr));
  }
}

// The fields of lieser/dkim_verifier's tests; what each holds is told by its name.
TEST(Authres, PublicVectors) {
  const char* set = std::getenv("CHAPPE_VECTORS");
  const auto folder = std::filesystem::path(set != nullptr ? set : "../shared/vectors") / "authres-headers";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "authres-headers: " << folder << " is not there";
  const std::map<std::string, std::vector<std::string>> expected = {
      {"alignment-auid_not_in_sdid",
       {"example.net: dkim=pass header.d[example.net] header.i[joe@football.example.com];"}},
      {"alignment-from_not_in_sdid", {"example.net: dkim=pass header.d[unrelated.com];"}},
      {"dkim-unknown_result", {"example.net: dkim=timeout header.d[example.com];"}},
      {"fakePayPal", {"example.net: dkim=pass header.d[unrelated.com];"}},
      {"multiple_arh-newest_no_authserv",
       {"dkim: !id-missing@", "unrelated.com: dkim=pass header.d[unrelated.com];", "dkim: !id-missing@"}},
      {"multiple_arh-newest_no_result",
       {"example.net:", "unrelated.com: dkim=pass header.d[unrelated.com];",
        "example.net: dkim=pass header.d[example.com];"}},
      {"multiple_arh-newest_parsing_error_01",
       {"example.net: dkim=pass header.d[error.example.com] header.b[/d5r]; ~bare",
        "unrelated.com: dkim=pass header.d[unrelated.com];", "example.net: dkim=pass header.d[example.com];"}},
      {"multiple_arh-newest_parsing_error_02",
       {"example: !id-invalid@", "unrelated.com: dkim=pass header.d[unrelated.com];", "example: !id-invalid@"}},
      {"multiple_arh-newest_unknown_method",
       {"example.net: foo=pass;", "unrelated.com: dkim=pass header.d[unrelated.com];",
        "example.net: dkim=pass header.d[example.com];"}},
      {"multiple_arh-same_and_different_authserv",
       {"example.net: spf=pass;", "example.net: dkim=pass header.d[example.com];",
        "example.net: dkim=pass header.d[football.example.com];",
        "foo.example.net: dkim=pass header.d[foo.example.com];", "unrelated.com: dkim=pass header.d[unrelated.com];",
        "dkim: !id-missing@", "example.net: dkim=pass header.d[last.example.com];"}},
      {"multiple_dkim_results",
       {"example.net: dkim=fail header.d[example.com]; dkim=pass header.d[unrelated.org]; dkim=pass "
        "header.d[example.com]; "
        "dkim=fail (test failure) header.d[example.com]; dkim=fail (test failure signed by unrelated) "
        "header.d[unrelated.org]; dkim=fail header.d[example.com]; dkim=pass header.d[example.org];"}},
      {"rfc6376-A.2-arh-failed",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=fail (bad signature) header.d[example.com];"}},
      {"rfc6376-A.2-arh-failed-no_reason",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=fail header.d[example.com];"}},
      {"rfc6376-A.2-arh-valid", {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass header.d[example.com];"}},
      {"rfc6376-A.2-arh-valid-a_tag",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass header.d[example.com] header.a[rsa-sha256];"}},
      {"rfc6376-A.2-arh-valid-a_tag_sha1",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass header.d[example.com] header.a[rsa-sha1];"}},
      {"rfc6376-A.2-arh-valid-auid",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass header.i[joe@football.example.com];"}},
      {"rfc6376-A.2-arh-valid-no_sdid_or_auid", {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass;"}},
      {"rfc6376-A.2-arh-valid-sdid_and_auid",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass header.d[example.com] "
        "header.i[joe@football.example.com];"}},
      {"rfc6376-A.2-arh-valid_relaxed",
       {"example.net: spf=pass smtp.mailfrom[example.com]; dkim=pass header.d[example.com]; ~semicolon"}},
      {"multiple_spf_and_dmarc_results", {}},  // below
  };
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".eml") continue;
    const std::string name = entry.path().stem();
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const message::Letter letter(bytes);
    std::vector<Reading> readings;
    for (const message::Field& f : letter.fields())
      if (f.id() == message::FieldName::authentication_results) readings.push_back(parse(f.value()));
    const auto known = expected.find(name);
    ASSERT_NE(known, expected.end()) << name;
    ++seen;
    if (name == "multiple_spf_and_dmarc_results") {
      ASSERT_EQ(readings.size(), 1u);
      EXPECT_TRUE(readings[0].ok());
      std::string results;
      for (const MethodResult& r : readings[0].results.results)
        if (r.method == "spf") results += r.result + " ";
      EXPECT_EQ(results, "fail pass none softfail policy neutral temperror permerror ");
      continue;
    }
    ASSERT_EQ(readings.size(), known->second.size()) << name;
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const std::string is = told(readings[i]);
      const std::string& should = known->second[i];
      if (should.ends_with('@')) {
        EXPECT_TRUE(is.starts_with(should)) << name << ": " << is;
      } else {
        EXPECT_EQ(is, should) << name;
      }
    }
  }
  EXPECT_EQ(seen, expected.size());
}

}  // namespace
}  // namespace chappe::trust::authres
