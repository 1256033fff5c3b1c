#include "trust/dmarc/evaluate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "dns/test_world.h"

using namespace std::chrono_literals;

namespace chappe::trust::dmarc {
namespace {

// "pass example.com", "pass example.com partial", "pass example.com helo"
struct Given {
  Authentication result{};
  std::string domain;
  std::string flag;
};
Given given(std::string_view text) {
  const auto words = split(text, ' ');
  Given out;
  for (int i = 0; i <= static_cast<int>(Authentication::permerror); ++i)
    if (authentication_name(static_cast<Authentication>(i)) == words[0]) out.result = static_cast<Authentication>(i);
  out.domain = words.size() > 1 ? words[1] : std::string_view();
  out.flag = words.size() > 2 ? words[2] : std::string_view();
  return out;
}

class World : public dns::TestWorld {
 public:
  Verdict evaluate(std::string_view zone, Input input, Duration limit = 5s) {
    const auto resolver = dns::zone_resolver(zone);
    return executor.run(evaluate_within(resolver.get(), std::move(input), limit));
  }

 private:
  static net::Task<Verdict> evaluate_within(dns::Resolver* resolver, Input input, Duration limit) {
    co_return co_await dmarc::evaluate(*resolver, std::move(input), net::Deadline::in(limit));
  }
};

Input input_of(std::string_view author, std::string_view spf, std::string_view dkim) {
  Input input{.author = std::string(author), .spf = {}, .dkim = {}};
  if (!spf.empty()) {
    const Given g = given(spf);
    input.spf = SpfIdentity{g.domain, g.result, g.flag == "helo" ? SpfScope::helo : SpfScope::mail_from};
  }
  if (!dkim.empty())
    for (const std::string_view one : split(dkim, ';')) {
      const Given g = given(trim(one));
      input.dkim.push_back({g.domain, "s", g.result, g.flag == "partial"});
    }
  return input;
}

std::set<std::string, std::less<>> told(const Verdict& v) {
  std::set<std::string, std::less<>> out;
  out.insert(std::string(outcome_name(v.result)));
  out.insert(std::string(reason_row(v.reason).id));
  if (v.policy) {
    out.insert(fmt::format("{}/{}", v.policy->domain, source_name(v.policy->source)));
    out.insert(fmt::format("{}={}>{}", tag_name(v.tag), policy_name(v.asked), policy_name(v.wanted)));
  } else {
    out.insert("no-policy");
  }
  out.insert(fmt::format("org={}", v.organization));
  out.insert(fmt::format("q={}", v.discovery.asked.size()));
  for (const Identifier& id : v.identifiers)
    out.insert(
        fmt::format("{}:{}:{}", id.method == Method::spf ? "spf" : "dkim", id.domain, alignment_row(id.alignment).id));
  if (v.author_walk) {
    const Walk& walk = v.discovery.walks[*v.author_walk];
    out.insert(fmt::format("walk={}/{}", walk_end_name(walk.end), choice_name(walk.choice)));
  }
  return out;
}

struct Case {
  std::string_view name, zone, author, spf, dkim;
  std::string_view expected;  // words, each of which the verdict must say
};

void expect(const Case& c) {
  World world;
  const auto words = told(world.evaluate(c.zone, input_of(c.author, c.spf, c.dkim)));
  for (const std::string_view word : split(c.expected, ' '))
    EXPECT_TRUE(words.contains(word)) << c.name << ": " << word << " is not in "
                                      << fmt::format("{}", fmt::join(words, " "));
}

constexpr std::string_view kReject = "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\nexample.com. A 192.0.2.1\n";
constexpr std::string_view kStrict =
    "_dmarc.example.com. TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\nexample.com. A 192.0.2.1\n";
// RFC 9989 appendix B.4.1, B.4.2
constexpr std::string_view kSigning =
    "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n_dmarc.signing.example.com. TXT \"v=DMARC1; p=none\"\n";
// RFC 9989 appendix B.4.3
constexpr std::string_view kBank =
    "_dmarc.bank.example. TXT \"v=DMARC1; p=none; sp=quarantine; psd=y\"\n"
    "_dmarc.giant.bank.example. TXT \"v=DMARC1; p=reject\"\nmega.bank.example. A 192.0.2.1\n"
    "mail.mega.bank.example. A 192.0.2.1\n";

TEST(Dmarc, ExamplesOfTheRfc) {
  const Case cases[] = {
      // §4.4, table 1
      {"table 1, relaxed", kReject, "news.example.com", "pass foo.example.com", "",
       "pass aligned spf:foo.example.com:same-organization org=example.com"},
      {"table 1, strict", kReject, "news.example.com", "pass news.example.com", "",
       "pass aligned spf:news.example.com:identical"},
      {"table 1, none", kReject, "news.example.com", "pass foo.example.net", "",
       "fail nothing-aligned spf:foo.example.net:other-organization p=reject>reject"},
      // Appendix B.1.1
      {"B.1.1-1", kReject, "example.com", "pass example.com", "", "pass spf:example.com:identical q=1"},
      {"B.1.1-2", kReject, "example.com", "pass child.example.com", "", "pass spf:child.example.com:same-organization"},
      {"B.1.1-3", kReject, "child.example.com", "pass example.net", "", "fail spf:example.net:other-organization"},
      // Appendix B.1.2
      {"B.1.2-1", kReject, "example.com", "", "pass example.com", "pass dkim:example.com:identical q=1"},
      {"B.1.2-2", kReject, "child.example.com", "", "pass example.com", "pass dkim:example.com:same-organization"},
      {"B.1.2-3", kReject, "child.example.com", "", "pass example.net", "fail dkim:example.net:other-organization"},
      // Appendix B.3.1
      {"B.3.1", kReject, "example.com", "pass mail.example.com", "pass example.com",
       "pass spf:mail.example.com:same-organization dkim:example.com:identical example.com/author"},
      // Appendix B.4.1: _dmarc.example.com, .com, .signing.example.com
      {"B.4.1", kSigning, "example.com", "pass example.com", "pass signing.example.com",
       "pass org=example.com spf:example.com:identical dkim:signing.example.com:same-organization q=3 "
       "example.com/author walk=top/fewest-labels"},
      // Appendix B.4.2: eight for the author, one more for the signature
      {"B.4.2", kSigning, "a.b.c.d.e.f.g.h.i.j.k.example.com", "pass example.com", "pass signing.example.com",
       "pass org=example.com spf:example.com:same-organization dkim:signing.example.com:same-organization q=9 "
       "example.com/organization p=reject>none"},
      // Appendix B.4.3
      {"B.4.3", kBank, "giant.bank.example", "pass mail.giant.bank.example", "pass mail.mega.bank.example",
       "pass org=giant.bank.example giant.bank.example/author spf:mail.giant.bank.example:same-organization "
       "dkim:mail.mega.bank.example:other-organization walk=psd-yes/below-psd"},
      {"B.4.3, the other bank", kBank, "mail.mega.bank.example", "", "pass mega.bank.example",
       "pass org=mega.bank.example bank.example/psd dkim:mega.bank.example:same-organization"},
      // §4.10.2, the examples at its end
      {"4.10.2-1",
       "_dmarc.mail.example.com. TXT \"v=DMARC1; p=none\"\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.mail.example.com", "", "", "org=example.com example.com/organization fail q=4"},
      {"4.10.2-2",
       "_dmarc.mail.example.com. TXT \"v=DMARC1; p=quarantine; psd=n\"\n"
       "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.mail.example.com", "", "", "org=mail.example.com mail.example.com/organization p=quarantine>quarantine q=2"},
      {"4.10.2-3", "_dmarc.com. TXT \"v=DMARC1; p=none; np=reject; psd=y\"\n", "a.mail.example.com", "", "",
       "org=example.com com/psd np=reject>reject"},
      // §11.8: the record between tells its organization apart only with psd=n
      {"11.8, unsafe",
       "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "evil.example.com", "pass mail.example.com", "", "pass org=example.com"},
      {"11.8, psd=n",
       "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject; psd=n\"\n"
       "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "evil.example.com", "pass mail.example.com", "", "fail org=example.com spf:mail.example.com:other-organization"},
  };
  for (const Case& c : cases) expect(c);
}

// §4.10: the names that are asked for, in order.
TEST(Dmarc, WalkOfTheRfc) {
  World world;
  const Verdict v = world.evaluate("x. A 192.0.2.1\n", input_of("a.b.c.d.e.f.g.h.i.j.mail.example.com", "", ""));
  std::vector<std::string> asked;
  for (const dns::Answer& a : v.discovery.asked) asked.push_back(a.question.text());
  EXPECT_EQ(asked,
            (std::vector<std::string>{"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com. TXT",
                                      "_dmarc.g.h.i.j.mail.example.com. TXT", "_dmarc.h.i.j.mail.example.com. TXT",
                                      "_dmarc.i.j.mail.example.com. TXT", "_dmarc.j.mail.example.com. TXT",
                                      "_dmarc.mail.example.com. TXT", "_dmarc.example.com. TXT", "_dmarc.com. TXT"}));
  EXPECT_EQ(v.result, Outcome::none);
}

TEST(Dmarc, Walks) {
  const Case cases[] = {
      {"one label", "x. A 192.0.2.1\n", "com", "", "", "none no-record no-policy org=com q=1 walk=top/itself"},
      {"seven labels", "x. A 192.0.2.1\n", "a.b.c.d.e.f.com", "", "", "none q=7"},
      {"eight labels", "x. A 192.0.2.1\n", "a.b.c.d.e.f.g.com", "", "", "none q=8"},
      {"nine labels", "x. A 192.0.2.1\n", "a.b.c.d.e.f.g.h.com", "", "", "none q=8"},
      {"a record that the walk jumps over", "_dmarc.b.c.d.e.f.g.h.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.b.c.d.e.f.g.h.com", "", "", "none no-record"},
      {"but not if it is the author's", "_dmarc.a.b.c.d.e.f.g.h.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.b.c.d.e.f.g.h.com", "", "", "fail a.b.c.d.e.f.g.h.com/author p=reject>reject q=1"},
      {"eight labels go to seven", "_dmarc.b.c.d.e.f.g.com. TXT \"v=DMARC1; p=reject\"\n", "a.b.c.d.e.f.g.com", "", "",
       "fail b.c.d.e.f.g.com/organization org=b.c.d.e.f.g.com"},
      {"own psd=n ends it",
       "_dmarc.a.example.com. TXT \"v=DMARC1; p=reject; psd=n\"\n_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n",
       "a.example.com", "pass example.com", "",
       "fail a.example.com/author org=a.example.com spf:example.com:other-organization q=1 walk=psd-no/psd-no"},
      {"own psd=y is no one's parent", "_dmarc.co.test. TXT \"v=DMARC1; p=reject; psd=y\"\n", "co.test",
       "pass sub.co.test", "",
       "fail co.test/author org=co.test spf:sub.co.test:other-organization walk=psd-yes/fewest-labels"},
      {"psd=y just above", "_dmarc.co.test. TXT \"v=DMARC1; p=none; sp=reject; psd=y\"\nmine.co.test. A 192.0.2.1\n",
       "mine.co.test", "pass co.test", "",
       "fail co.test/psd org=mine.co.test sp=reject>reject spf:co.test:other-organization"},
      {"two customers of one psd", "_dmarc.co.test. TXT \"v=DMARC1; p=reject; psd=y\"\n", "mine.co.test",
       "pass theirs.co.test", "", "fail org=mine.co.test spf:theirs.co.test:other-organization"},
      {"psd=y hides what is above",
       "_dmarc.co.test. TXT \"v=DMARC1; p=quarantine; psd=y\"\n_dmarc.test. TXT \"v=DMARC1; p=reject\"\n",
       "a.mine.co.test", "", "", "fail co.test/psd org=mine.co.test p=quarantine>quarantine q=3"},
      {"between organization and psd",
       "_dmarc.y.mine.co.test. TXT \"v=DMARC1; p=reject\"\n"
       "_dmarc.co.test. TXT \"v=DMARC1; p=quarantine; psd=y\"\n",
       "x.y.mine.co.test", "", "", "fail org=mine.co.test co.test/psd p=quarantine>quarantine"},
      {"a TLD without psd takes all",
       "_dmarc.test. TXT \"v=DMARC1; p=reject\"\n_dmarc.a.test. TXT \"v=DMARC1; p=reject\"\n", "a.test", "pass b.test",
       "", "pass org=test spf:b.test:same-organization"},
      {"psd=n protects from it",
       "_dmarc.test. TXT \"v=DMARC1; p=reject\"\n_dmarc.a.test. TXT \"v=DMARC1; p=reject; psd=n\"\n", "a.test",
       "pass b.test", "", "fail org=a.test spf:b.test:other-organization"},
      {"psd=u is nothing", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; psd=u\"\n", "a.example.com", "", "",
       "fail org=example.com example.com/organization walk=top/fewest-labels"},
      {"policy of the middle is not used",
       "_dmarc.b.example.com. TXT \"v=DMARC1; p=none\"\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.b.example.com", "", "", "fail example.com/organization p=reject>reject"},
      {"an identifier above the author", kReject, "a.b.example.com", "", "pass b.example.com",
       "pass dkim:b.example.com:same-organization"},
      {"an identifier that is the top level", kReject, "example.com", "pass com", "",
       "fail spf:com:other-organization"},
      {"no suffix without a dot", kReject, "example.com", "pass notexample.com", "",
       "fail spf:notexample.com:other-organization"},
      {"strangers cost no question", kReject, "example.com", "pass a.b.c.d.example.net",
       "pass x.example.org; pass example.info", "fail q=2"},
      {"nothing is asked twice", kReject, "a.example.com", "pass b.example.com",
       "pass b.example.com; pass c.b.example.com", "pass q=5"},
      {"upper case", kReject, "EXAMPLE.com", "pass Example.COM", "", "pass spf:example.com:identical"},
      {"U-labels", "_dmarc.xn--bcher-kva.example. TXT \"v=DMARC1; p=reject\"\n",
       "b\xc3\xbc"
       "cher.example",
       "pass xn--bcher-kva.example", "", "pass xn--bcher-kva.example/author"},
      {"underscores", kReject, "example.com", "pass em_1.example.com", "",
       "pass spf:em_1.example.com:same-organization"},
      {"by CNAME", "_dmarc.example.com. CNAME policy.example.net.\npolicy.example.net. TXT \"v=DMARC1; p=reject\"\n",
       "example.com", "", "", "fail example.com/author p=reject>reject"},
      {"wildcard TXT that is no record",
       "*.example.com. TXT \"v=spf1 -all\"\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n", "a.example.com", "", "",
       "fail example.com/organization"},
  };
  for (const Case& c : cases) expect(c);
}

TEST(Dmarc, Records) {
  const Case cases[] = {
      {"strings are joined without blanks", "_dmarc.example.com. TXT \"v=DMA\" \"RC1; p=rej\" \"ect\"\n", "example.com",
       "", "", "fail p=reject>reject"},
      {"among other texts", "_dmarc.example.com. TXT \"hello\"\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "example.com", "", "", "fail p=reject>reject"},
      {"two are none", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n",
       "example.com", "", "", "none several-records no-policy"},
      {"two are none, but the walk goes on",
       "_dmarc.a.example.com. TXT \"v=DMARC1; p=none\"\n_dmarc.a.example.com. TXT \"v=DMARC1; p=none; sp=none\"\n"
       "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.example.com", "", "", "fail example.com/organization p=reject>reject"},
      {"two with psd=n do not end it",
       "_dmarc.a.example.com. TXT \"v=DMARC1; p=none; psd=n\"\n_dmarc.a.example.com. TXT \"v=DMARC1; p=reject; "
       "psd=n\"\n"
       "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
       "a.example.com", "", "", "fail org=example.com"},
      {"another version is no record",
       "_dmarc.example.com. TXT \"v=DMARC2; p=reject\"\n_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n", "example.com",
       "", "", "fail p=none>none"},
      {"lower case version", "_dmarc.example.com. TXT \"v=dmarc1; p=reject\"\n", "example.com", "", "",
       "none no-record"},
      {"no p, with rua", "_dmarc.example.com. TXT \"v=DMARC1; rua=mailto:r@example.com\"\n", "example.com", "", "",
       "fail example.com/author p=none>none"},
      {"no p, no rua", "_dmarc.example.com. TXT \"v=DMARC1\"\n", "example.com", "pass example.com", "",
       "none record-without-policy spf:example.com:no-record"},
      {"bad p, with rua", "_dmarc.example.com. TXT \"v=DMARC1; p=x; rua=mailto:r@example.com\"\n", "example.com", "",
       "", "fail p=none>none"},
      {"bad p, no rua", "_dmarc.example.com. TXT \"v=DMARC1; p=x\"\n", "example.com", "", "",
       "permerror record-broken"},
      {"bad p is not passed over",
       "_dmarc.a.example.com. TXT \"v=DMARC1; p=x\"\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n", "a.example.com",
       "", "", "permerror record-broken a.example.com/author"},
      {"bad sp, with rua", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=x; rua=mailto:r@example.com\"\n",
       "a.example.com", "", "", "fail p=none>none"},
      {"bad np, no rua", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; np=x\"\n", "a.example.com", "", "",
       "permerror record-broken"},
      {"pct counts for nothing", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; pct=0\"\n", "example.com", "", "",
       "fail p=reject>reject"},
      {"an unknown tag", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; zz=1\"\n", "example.com", "", "",
       "fail p=reject>reject"},
      {"no author", kReject, "", "", "", "permerror author-invalid q=0"},
      {"an author that is no domain", kReject, "example.net(.example.com", "", "", "permerror author-invalid q=0"},
      {"an author that is an address literal", kReject, "[192.0.2.1]", "", "", "permerror author-invalid q=0"},
  };
  for (const Case& c : cases) expect(c);
}

TEST(Dmarc, Policies) {
  constexpr std::string_view zone =
      "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\nthere.example.com. A 192.0.2.1\n"
      "mx.example.com. MX 10 mail.example.net.\na.deep.example.com. A 192.0.2.1\nalias.example.com. CNAME "
      "gone.example.net.\n";
  const Case cases[] = {
      {"p", zone, "example.com", "", "", "fail p=reject>reject q=1"},
      {"sp", zone, "there.example.com", "", "", "fail sp=quarantine>quarantine"},
      {"np", zone, "gone.example.com", "", "", "fail np=none>none"},
      {"another type is enough to exist", zone, "mx.example.com", "", "", "fail sp=quarantine>quarantine"},
      {"an empty non-terminal exists", zone, "deep.example.com", "", "", "fail sp=quarantine>quarantine"},
      {"an alias that leads nowhere exists", zone, "alias.example.com", "", "", "fail sp=quarantine>quarantine"},
      {"no np, so sp", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine\"\n", "gone.example.com", "", "",
       "fail sp=quarantine>quarantine q=3"},
      {"no np, no sp, so p", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n", "gone.example.com", "", "",
       "fail p=reject>reject q=3"},
      {"np, no sp", "_dmarc.example.com. TXT \"v=DMARC1; p=none; np=reject\"\n", "gone.example.com", "", "",
       "fail np=reject>reject q=4"},
      {"np that says what sp says is not asked for",
       "_dmarc.example.com. TXT \"v=DMARC1; p=none; sp=reject; np=reject\"\n", "gone.example.com", "", "",
       "fail sp=reject>reject q=3"},
      {"own record: sp and np mean nothing", "_dmarc.a.example.com. TXT \"v=DMARC1; p=none; sp=reject; np=reject\"\n",
       "a.example.com", "", "", "fail a.example.com/author p=none>none q=1"},
      {"psd: sp", kBank, "mega.bank.example", "", "", "fail bank.example/psd sp=quarantine>quarantine"},
      {"t=y, reject", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; t=y\"\n", "example.com", "", "",
       "fail p=reject>quarantine"},
      {"t=y, quarantine", "_dmarc.example.com. TXT \"v=DMARC1; p=quarantine; t=y\"\n", "example.com", "", "",
       "fail p=quarantine>none"},
      {"t=y, none", "_dmarc.example.com. TXT \"v=DMARC1; p=none; t=y\"\n", "example.com", "", "", "fail p=none>none"},
      {"t=y, sp", "_dmarc.example.com. TXT \"v=DMARC1; p=none; sp=reject; t=y\"\n", "a.example.com", "", "",
       "fail sp=reject>quarantine"},
      {"nothing is wanted of what passes", kReject, "example.com", "pass example.com", "", "pass p=reject>none"},
  };
  for (const Case& c : cases) expect(c);
}

TEST(Dmarc, Identifiers) {
  const Case cases[] = {
      {"strict, the same", kStrict, "example.com", "pass example.com", "", "pass spf:example.com:identical"},
      {"strict, a subdomain", kStrict, "example.com", "pass mail.example.com", "pass mail.example.com",
       "fail nothing-aligned spf:mail.example.com:strict-differs dkim:mail.example.com:strict-differs q=1"},
      {"strict for SPF only", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; aspf=s\"\n", "example.com",
       "pass a.example.com", "pass a.example.com",
       "pass spf:a.example.com:strict-differs dkim:a.example.com:same-organization"},
      {"strict for DKIM only", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; adkim=s\"\n", "example.com",
       "pass a.example.com", "pass a.example.com",
       "pass spf:a.example.com:same-organization dkim:a.example.com:strict-differs"},
      {"strict below the record", kStrict, "a.example.com", "", "pass example.com; pass a.example.com",
       "pass dkim:example.com:strict-differs dkim:a.example.com:identical"},
      // CVE-2019-20790
      {"HELO never counts", kReject, "example.com", "pass example.com helo", "",
       "fail nothing-authenticated spf:example.com:helo"},
      // MAIL FROM:<> makes the HELO name the MAIL FROM identity (§3.2.4)
      {"the null sender's domain counts", kReject, "example.com", "pass mail.example.com", "", "pass"},
      {"nothing", kReject, "example.com", "", "", "fail nothing-authenticated"},
      {"nothing passes", kReject, "example.com", "softfail example.com", "fail example.com; permerror example.com",
       "fail nothing-authenticated spf:example.com:not-authenticated dkim:example.com:not-authenticated"},
      {"neutral is no pass", kReject, "example.com", "neutral example.com", "policy example.com",
       "fail nothing-authenticated"},
      {"l=", kReject, "example.com", "", "pass example.com partial",
       "fail nothing-authenticated dkim:example.com:partial-body"},
      {"one with l=, one without", kReject, "example.com", "", "pass example.com partial; pass example.com", "pass"},
      {"one of many", kReject, "example.com", "fail example.com",
       "fail example.com; pass example.net; pass example.com", "pass"},
      // CVE-2020-12272
      {"d= is no domain", kReject, "example.com", "", "pass example.net(.example.com",
       "fail dkim:example.net(.example.com:domain-invalid"},
      {"d= with a final dot is no domain", kReject, "example.com", "", "pass example.com.",
       "fail dkim:example.com.:domain-invalid"},
      {"d= is empty", kReject, "example.com", "pass ", "", "fail spf::domain-invalid"},
  };
  for (const Case& c : cases) expect(c);
}

TEST(Dmarc, Errors) {
  const Case cases[] = {
      {"SERVFAIL at the author", "$SERVFAIL _dmarc.example.com.\n", "example.com", "pass example.com", "",
       "temperror dns-error-policy q=1 spf:example.com:policy-unknown"},
      {"a forged answer", "_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n$BOGUS _dmarc.example.com.\n", "example.com",
       "pass example.com", "", "temperror dns-error-policy"},
      {"no answer", "$TIMEOUT _dmarc.example.com.\n", "example.com", "", "", "temperror dns-error-policy"},
      {"above the author, which has none",
       "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$SERVFAIL _dmarc.b.example.com.\n", "a.b.example.com", "", "",
       "temperror dns-error-policy walk=error/unknown q=2"},
      {"above the organization", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$SERVFAIL _dmarc.com.\n",
       "a.example.com", "fail a.example.com", "pass example.com",
       "temperror dns-error-policy spf:a.example.com:policy-unknown dkim:example.com:policy-unknown"},
      {"above psd=n nobody asks", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; psd=n\"\n$SERVFAIL _dmarc.com.\n",
       "a.example.com", "", "", "fail example.com/organization"},
      {"identical needs no walk", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$SERVFAIL _dmarc.com.\n",
       "example.com", "pass example.com", "", "pass q=1"},
      {"relaxed does", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$SERVFAIL _dmarc.com.\n", "example.com",
       "pass a.example.com", "", "temperror dns-error-alignment spf:a.example.com:organization-unknown"},
      {"another pass is enough", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$SERVFAIL _dmarc.com.\n",
       "example.com", "pass a.example.com", "pass example.com", "pass"},
      {"a stranger is a stranger", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$SERVFAIL _dmarc.com.\n",
       "example.com", "pass example.net", "", "fail nothing-aligned spf:example.net:other-organization"},
      {"the identifier's walk", "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n$TIMEOUT _dmarc.a.example.com.\n",
       "example.com", "pass a.example.com", "", "temperror dns-error-alignment"},
      {"strict asks nothing", "_dmarc.example.com. TXT \"v=DMARC1; p=reject; aspf=s\"\n$SERVFAIL _dmarc.com.\n",
       "example.com", "pass a.example.com", "", "fail"},
      {"SPF had a temporary error", kReject, "example.com", "temperror example.com", "",
       "temperror dns-error-authentication"},
      {"so had DKIM", kReject, "example.com", "fail example.com", "temperror a.example.com",
       "temperror dns-error-authentication"},
      {"of a stranger", kReject, "example.com", "", "temperror example.net", "fail nothing-authenticated"},
      {"but another passes", kReject, "example.com", "temperror example.com", "pass example.com", "pass"},
      {"whether it exists", "_dmarc.example.com. TXT \"v=DMARC1; p=none; np=reject\"\n$SERVFAIL a.example.com. A\n",
       "a.example.com", "", "", "temperror dns-error-existence"},
      {"which a pass does not need",
       "_dmarc.example.com. TXT \"v=DMARC1; p=none; np=reject\"\n$SERVFAIL a.example.com. A\n", "a.example.com",
       "pass a.example.com", "", "pass"},
  };
  for (const Case& c : cases) expect(c);
}

TEST(Dmarc, LimitOfWalks) {
  World world;
  std::string signatures;
  for (int i = 0; i < 30; ++i) signatures += fmt::format("{}pass a{}.x.y.z.example.com", i == 0 ? "" : ";", i);
  const Verdict v = world.evaluate(
      "_dmarc.example.com. TXT \"v=DMARC1; p=reject; psd=n\"\n_dmarc.z.example.com. TXT \"v=DMARC1; p=none; psd=n\"\n",
      input_of("example.com", "", signatures));
  EXPECT_EQ(v.result, Outcome::fail);
  EXPECT_EQ(v.discovery.walks.size(), kMaxWalks);
  EXPECT_EQ(v.identifiers[kMaxWalks - 2].alignment, Alignment::other_organization);
  EXPECT_EQ(v.identifiers[kMaxWalks - 1].alignment, Alignment::over_limit);
}

// A name so long that _dmarc does not fit before it.
TEST(Dmarc, LongNames) {
  std::string longest = std::string(57, 'a') + ".com";
  while (longest.size() + 64 <= 253) longest = std::string(63, 'b') + "." + longest;
  ASSERT_EQ(longest.size(), 253u);
  World world;
  const Verdict v = world.evaluate("_dmarc.com. TXT \"v=DMARC1; p=reject\"\n", input_of(longest, "pass com", ""));
  EXPECT_EQ(v.result, Outcome::pass);
  EXPECT_EQ(v.discovery.found[0].asked, Found::kNotAsked);
}

TEST(Dmarc, TheWholeReasoningIsThere) {
  World world;
  const Verdict v = world.evaluate(
      "_dmarc.example.com. TXT \"v=DMARC1; p=reject; pct=1\"\n_dmarc.a.example.com. TXT \" v=DMARC1; p=none\"\n",
      input_of("a.example.com", "pass b.example.com", ""));
  ASSERT_TRUE(v.policy);
  EXPECT_EQ(discovery_method_name(v.policy->method), "treewalk");
  const Discovery& d = v.discovery;
  EXPECT_TRUE(d.found[0].reading.has(Flaw::version_blank));
  EXPECT_EQ(d.found[0].texts, 1u);
  EXPECT_TRUE(d.found[v.policy->found].reading.has(Flaw::tag_obsolete));
  ASSERT_TRUE(v.identifiers[0].walk);
  EXPECT_EQ(d.walks[*v.identifiers[0].walk].start.domain(), "b.example.com");
  for (const Walk& walk : d.walks)
    for (const std::size_t step : walk.steps) EXPECT_EQ(d.asked[d.found[step].asked].question.type, dns::Type::txt);
  EXPECT_TRUE(v.aligned(Method::spf));
  EXPECT_FALSE(v.aligned(Method::dkim));
}

TEST(Dmarc, TablesAreInOrder) {
  for (int i = 0; i <= static_cast<int>(Alignment::policy_unknown); ++i) {
    const AlignmentRow& row = alignment_row(static_cast<Alignment>(i));
    EXPECT_EQ(static_cast<int>(row.alignment), i);
    EXPECT_NE(row.text(Lang::en), row.text(Lang::fr));
  }
  for (int i = 0; i <= static_cast<int>(Reason::dns_error_existence); ++i) {
    const ReasonRow& row = reason_row(static_cast<Reason>(i));
    EXPECT_EQ(static_cast<int>(row.reason), i);
    EXPECT_NE(row.text(Lang::en), row.text(Lang::fr));
  }
}

}  // namespace
}  // namespace chappe::trust::dmarc
