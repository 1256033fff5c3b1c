#include "trust/sender_lists.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "dns/zone_resolver.h"
#include "trust/testing.h"

namespace chappe::trust {
namespace {

using dmarc::Action;
using Strings = std::vector<std::string>;

ListRule block(std::string zone, Action action = Action::accept, bool domains = false) {
  return {{.name = zone, .zone = zone, .ipv4 = !domains, .ipv6 = !domains, .domains = domains, .explain = true},
          action};
}
ListRule allow(std::string zone, bool domains = false) {
  ListRule rule = block(std::move(zone), Action::accept, domains);
  rule.list.kind = List::Kind::allow;
  return rule;
}

const SenderNames kNames{.ip = "192.0.2.9",
                         .helo = "mail.x.example",
                         .mail_from = "a@x.example",
                         .authors = {"author.example", "x.example"}};

class SenderLists : public ::testing::Test {
 protected:
  SenderListing of(std::string_view zone, std::vector<ListRule> rules, SenderNames names = kNames,
                   const Strings& proven = {}) {
    const auto resolver = dns::ZoneResolver::from_text(zone).value();
    SenderListing out = run_now(ask(resolver.get(), std::move(names), std::move(rules)));
    weigh(out, proven);
    return out;
  }
  // "list subject: state effect", without those that are not listed.
  static Strings told(const SenderListing& listing) {
    Strings out;
    for (const ListFinding& f : listing.findings)
      if (f.listing.state != ListingState::not_listed)
        out.push_back(fmt::format("{} {} {}: {} {}", listing.rule_of(f).list.name, list_subject_name(f.of), f.subject,
                                  listing_row(f.listing.state).id, list_effect_name(f.effect)));
    return out;
  }

  static net::Task<SenderListing> ask(dns::Resolver* resolver, SenderNames names, std::vector<ListRule> rules,
                                      Duration time = std::chrono::minutes(1)) {
    co_return co_await ask_sender_lists(*resolver, std::move(names), std::move(rules), net::Deadline::in(time));
  }
};

TEST_F(SenderLists, AskAboutEachSubjectOnce) {
  const SenderListing both = of("", {block("bl.example"), block("dbl.example", Action::accept, true)});
  Strings asked;
  for (const ListFinding& f : both.findings) asked.push_back(f.listing.questions.front().question.text());
  EXPECT_EQ(asked, (Strings{"9.2.0.192.bl.example. A", "author.example.dbl.example. A", "x.example.dbl.example. A",
                            "mail.x.example.dbl.example. A"}));
  EXPECT_TRUE(of("", {}).findings.empty());
  EXPECT_TRUE(of("", {block("dbl.example", Action::accept, true)}, {.ip = "192.0.2.9", .helo = "[192.0.2.9]"})
                  .findings.empty());
  const SenderListing six = of("", {block("bl.example")}, {.ip = "2001:db8::1"});
  ASSERT_EQ(six.findings.size(), 1u);
  EXPECT_EQ(six.findings[0].subject, "2001:db8::1");
}

TEST_F(SenderLists, ABlockListingCounts) {
  const std::string zone =
      "9.2.0.192.bl.example. A 127.0.0.2\n9.2.0.192.bl.example. TXT \"open relay\"\n"
      "x.example.dbl.example. A 127.0.1.2\n";
  const SenderListing listing = of(zone, {block("bl.example"), block("dbl.example", Action::junk, true)});
  EXPECT_EQ(told(listing),
            (Strings{"bl.example client 192.0.2.9: listed counts", "dbl.example author x.example: listed counts"}));
  ASSERT_NE(listing.against(), nullptr);
  EXPECT_EQ(listing.against()->subject, "x.example");  // the harsher action
  EXPECT_EQ(listing.findings[0].listing.text, "open relay");
  EXPECT_EQ(of(zone, {block("bl.example")}, {.ip = "192.0.2.8"}).against(), nullptr);
}

TEST_F(SenderLists, ASilentListIsNotWaitedForLong) {
  const auto resolver = dns::ZoneResolver::from_text("$TIMEOUT *.bl.example.\n").value();
  ManualClock clock;
  net::LocalExecutor executor(clock);
  const Steady began = clock.steady();
  const SenderListing listing = executor.run(ask(resolver.get(), kNames, {block("bl.example")}, std::chrono::hours(1)));
  EXPECT_EQ(listing_row(listing.findings.at(0).listing.state).id, "lookup-failed");
  EXPECT_EQ(clock.steady() - began, kListTime);
}

// RFC 5782 §7, and what public lists answer to whom they do not serve.
TEST_F(SenderLists, AnErrorIsNoListing) {
  for (const char* answer : {"9.2.0.192.bl.example. A 127.255.255.254\n", "9.2.0.192.bl.example. A 203.0.113.1\n",
                             "9.2.0.192.bl.example. A 127.0.0.1\n", "$SERVFAIL bl.example.\n$SERVFAIL *.bl.example.\n",
                             "$TIMEOUT 9.2.0.192.bl.example.\n"}) {
    const SenderListing listing = of(answer, {block("bl.example", Action::reject)});
    ASSERT_EQ(listing.findings.size(), 1u) << answer;
    EXPECT_TRUE(listing_row(listing.findings[0].listing.state).error) << answer;
    EXPECT_EQ(listing.findings[0].effect, ListEffect::none) << answer;
    EXPECT_EQ(listing.against(), nullptr) << answer;
  }
  // Nor does one of an allow list excuse anything.
  EXPECT_NE(of("9.2.0.192.bl.example. A 127.0.0.2\n9.2.0.192.wl.example. A 127.255.255.255\n",
               {block("bl.example"), allow("wl.example")})
                .against(),
            nullptr);
}

TEST_F(SenderLists, AnAllowListKnowsBetterOfTheSameSubject) {
  const std::string zone = "9.2.0.192.bl.example. A 127.0.0.2\n9.2.0.192.wl.example. A 127.0.5.1\n";
  const SenderListing listing = of(zone, {block("bl.example", Action::reject), allow("wl.example")});
  EXPECT_EQ(told(listing),
            (Strings{"bl.example client 192.0.2.9: listed overridden", "wl.example client 192.0.2.9: listed counts"}));
  EXPECT_EQ(listing.against(), nullptr);
  // It says nothing of the domain that the letter names.
  EXPECT_NE(of(zone + "x.example.dbl.example. A 127.0.1.2\n",
               {block("dbl.example", Action::reject, true), allow("wl.example")})
                .against(),
            nullptr);
}

TEST_F(SenderLists, AnAllowedDomainMustBeProven) {
  const std::string zone = "x.example.dbl.example. A 127.0.1.2\nx.example.dwl.example. A 127.0.0.2\n";
  const std::vector<ListRule> rules = {block("dbl.example", Action::reject, true), allow("dwl.example", true)};
  EXPECT_EQ(told(of(zone, rules)),
            (Strings{"dbl.example author x.example: listed counts", "dwl.example author x.example: listed unproven"}));
  EXPECT_EQ(told(of(zone, rules, kNames, {"author.example"})).back(), "dwl.example author x.example: listed unproven");
  EXPECT_EQ(told(of(zone, rules, kNames, {"x.example"})), (Strings{"dbl.example author x.example: listed overridden",
                                                                   "dwl.example author x.example: listed counts"}));
}

TEST_F(SenderLists, TheHarsherActionHolds) {
  const std::string zone = "9.2.0.192.bl.example. A 127.0.0.2\n";
  const auto decided = [&](Action list, Action dmarc, bool rejects = true) {
    dmarc::Decision decision;
    decision.action = dmarc;
    decision.reason = dmarc::ActionReason::passes;
    decision.disposition = dmarc::Disposition::pass;
    apply(of(zone, {block("bl.example", list)}), {.rejects = rejects}, decision);
    EXPECT_EQ(decision.disposition, dmarc::Disposition::pass);
    return fmt::format("{} {}", action_name(decision.action), action_reason_row(decision.reason).id);
  };
  EXPECT_EQ(decided(Action::accept, Action::accept), "accept passes");
  EXPECT_EQ(decided(Action::junk, Action::accept), "junk sender-listed");
  EXPECT_EQ(decided(Action::reject, Action::accept), "reject sender-listed");
  EXPECT_EQ(decided(Action::junk, Action::defer), "defer passes");
  EXPECT_EQ(decided(Action::reject, Action::defer), "reject sender-listed");
  EXPECT_EQ(decided(Action::reject, Action::reject), "reject passes");
  EXPECT_EQ(decided(Action::reject, Action::accept, false), "junk sender-listed");
}

}  // namespace
}  // namespace chappe::trust
