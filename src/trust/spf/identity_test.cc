// Whose sending is checked, and what is told to them: MAIL FROM, HELO, names in UTF-8, explanations.
#include "trust/spf/test_check.h"

namespace chappe::trust::spf {
namespace {

using Strings = std::vector<std::string>;

TEST_F(SpfCheck, TheNullSender) {
  spf("mx.sender.example", "v=spf1 exists:%{l}.%{o}.x.example -all");
  zone.address("postmaster.mx.sender.example.x.example", "127.0.0.2");
  const Verdict v = check_mail("");
  EXPECT_EQ(v.result, ResultCode::pass);
  EXPECT_EQ(v.identity, Identity::mail_from);
  EXPECT_TRUE(v.null_sender);
  EXPECT_EQ(v.sender, "postmaster@mx.sender.example");
  EXPECT_EQ(v.domain, "mx.sender.example");
  query.helo = "[192.0.2.1]";
  EXPECT_EQ(why(""), "none bad-domain");
}

TEST_F(SpfCheck, AnEmptyLocalPartIsPostmaster) {
  spf("octo.example", "v=spf1 exists:%{s}.x.example -all");
  zone.address("postmaster@octo.example.x.example", "127.0.0.2");
  EXPECT_EQ(why("@octo.example"), "pass name-exists");
}

// RFC 7208 §2.3: another identity, of which MAIL FROM is no part.
TEST_F(SpfCheck, Helo) {
  spf("mx.sender.example", "v=spf1 ip4:192.0.2.1 -all");
  spf("octo.example", "v=spf1 -all");
  query.ip = "192.0.2.1";
  query.mail_from = "bob@octo.example";
  const Verdict v = net::run(run_check(&zone, query, true));
  EXPECT_EQ(v.result, ResultCode::pass);
  EXPECT_EQ(v.identity, Identity::helo);
  EXPECT_EQ(v.domain, "mx.sender.example");
  EXPECT_EQ(v.sender, "postmaster@mx.sender.example");
  EXPECT_EQ(zone.asked, Strings{"mx.sender.example. TXT"});
  EXPECT_EQ(result(), "fail");
}

// RFC 7208 §4.3
TEST_F(SpfCheck, WhatIsNoDomain) {
  for (const char* domain :
       {"localhost", "[192.0.2.1]", "a..example", "", ".", "ex ample.com", "a/b.example", "octo.example..", "-"})
    EXPECT_EQ(why(std::string("b@") + domain), "none bad-domain") << domain;
  EXPECT_EQ(why("b@" + std::string(64, 'a') + ".example"), "none bad-domain");
  EXPECT_TRUE(zone.asked.empty());
  spf("octo.example", "v=spf1 -all");
  spf("a_b.example", "v=spf1 -all");
  EXPECT_EQ(why("b@octo.example."), "fail always");
  EXPECT_EQ(why("b@A_b.Example"), "fail always");
  EXPECT_EQ(why("b@octo.example", "not an address"), "none no-address");
  EXPECT_EQ(why("\"a@b\"@octo.example"), "fail always");
}

// RFC 8616 §4
TEST_F(SpfCheck, LocalPartsInUtf8MatchNothing) {
  spf("octo.example", "v=spf1 exists:%{l}.x.example exists:%{S}.x.example include:%{l}.x.example ?all");
  const Verdict v = check_mail("b\xc3\xb6@octo.example");
  EXPECT_EQ(v.result, ResultCode::neutral);
  ASSERT_EQ(v.evaluation.steps.size(), 4u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(v.evaluation.steps[static_cast<std::size_t>(i)].effect, Effect::no_match);
    EXPECT_EQ(v.evaluation.steps[static_cast<std::size_t>(i)].reason, Reason::utf8_local_part);
  }
  EXPECT_EQ(v.questions.size(), 1u);
  spf("r.example", "v=spf1 redirect=%{l}.x.example");
  EXPECT_EQ(why("b\xc3\xb6@r.example"), "neutral nothing-matched");
  // Terms that do not need it are as ever.
  spf("other.example", "v=spf1 exists:%{o}.x.example -all");
  zone.address("other.example.x.example", "127.0.0.2");
  EXPECT_EQ(why("b\xc3\xb6@other.example"), "pass name-exists");
}

TEST_F(SpfCheck, DomainsInUtf8BecomeALabels) {
  spf("xn--bcher-kva.example", "v=spf1 exists:%{o}.%{d}.example -all");
  zone.address("xn--bcher-kva.example.xn--bcher-kva.example.example", "127.0.0.2");
  const Verdict v = check_mail(
      "b@b\xc3\xbc"
      "cher.example");
  EXPECT_EQ(v.result, ResultCode::pass);
  EXPECT_EQ(v.domain, "xn--bcher-kva.example");
  EXPECT_EQ(v.sender, "b@xn--bcher-kva.example");
  EXPECT_EQ(why("b@\xff.example"), "none bad-domain");
}

// RFC 7208 §6.2
TEST_F(SpfCheck, Explanation) {
  query.now = {1'700'000'000'000'000};
  query.helo = "he\x1blo";
  spf("octo.example", "v=spf1 exp=why.%{d} -all");
  zone.txt("why.octo.example", {"%{i} is not ours; ", "ask %{r} at %{t}, %{h}"});
  const Verdict v = check_mail("b@octo.example");
  EXPECT_EQ(v.explanation, "192.0.2.1 is not ours; ask mx.us.example at 1700000000, he?lo");
  EXPECT_EQ(v.explanation_questions, std::vector<std::size_t>{1});
  EXPECT_EQ(v.lookups, 0u);
  // Only of fail.
  spf("soft.example", "v=spf1 exp=why.octo.example ~all");
  EXPECT_EQ(check_mail("b@soft.example").questions.size(), 1u);
  // Of what is included never, of where a redirect leads always.
  spf("inc.example", "v=spf1 include:octo.example -include:pass.example exp=own.example");
  spf("pass.example", "v=spf1 +all exp=why.octo.example");
  zone.txt("own.example", {"own"});
  EXPECT_EQ(check_mail("b@inc.example").explanation, "own");
  spf("red.example", "v=spf1 redirect=octo.example exp=own.example");
  EXPECT_TRUE(check_mail("b@red.example").explanation.starts_with("192.0.2.1 is not"));
  spf("bare.example", "v=spf1 -all");
  spf("red2.example", "v=spf1 redirect=bare.example exp=own.example");
  EXPECT_EQ(check_mail("b@red2.example").explanation, "");
}

TEST_F(SpfCheck, ExplanationsThatAreIgnored) {
  const auto explained = [&](const std::vector<std::string>& text) {
    zone = {};
    spf("octo.example", "v=spf1 exp=why.example -all");
    zone.txt("why.example", text);
    return check_mail("b@octo.example").explanation;
  };
  EXPECT_EQ(explained({"good"}), "good");
  zone.txt("why.example", {"second"});
  EXPECT_EQ(check_mail("b@octo.example").explanation, "");
  EXPECT_EQ(explained({"The %{x}-files"}), "");
  EXPECT_EQ(explained({"\xef\xbb\xbf"
                       "caf\xc3\xa9"}),
            "");
  EXPECT_EQ(explained({"250 ok\r\n550 no"}), "");
  EXPECT_EQ(explained({std::string(1000, 'x')}), std::string(kMaxExplanation, 'x'));
  zone = {};
  spf("octo.example", "v=spf1 exp=why.example -all");
  zone.trouble("why.example", dns::Outcome::timeout);
  EXPECT_EQ(why(), "fail always");
  EXPECT_EQ(check_mail("b@octo.example").explanation, "");
}

}  // namespace
}  // namespace chappe::trust::spf
