#include "trust/listing.h"

#include <gtest/gtest.h>

#include <set>

#include "dns/zone_resolver.h"
#include "trust/testing.h"

using namespace std::chrono_literals;

namespace chappe::trust {
namespace {

net::Task<std::vector<Listing>> ask(dns::Resolver* resolver, std::string subject, std::vector<List> lists,
                                    Duration time) {
  co_return co_await ask_lists(*resolver, std::move(subject), std::move(lists), net::Deadline::in(time));
}
net::Task<std::vector<ListTest>> test(dns::Resolver* resolver, std::vector<List> lists) {
  co_return co_await test_lists(*resolver, std::move(lists), net::Deadline::in(5s));
}

std::unique_ptr<dns::ZoneResolver> zone(std::string_view text) { return dns::ZoneResolver::from_text(text).value(); }

Listing one(std::string_view text, std::string subject, List list) {
  const auto resolver = zone(text);
  return run_now(ask(resolver.get(), std::move(subject), {std::move(list)}, 5s)).at(0);
}
std::string state(std::string_view text, std::string subject = "192.0.2.99",
                  List list = {.name = "", .zone = "bl.example"}) {
  return std::string(listing_row(one(text, std::move(subject), std::move(list)).state).id);
}

ListCode code(std::string_view network, unsigned prefix, std::string meaning, int weight) {
  return {Ip::parse(network).value(), prefix, std::move(meaning), weight};
}

// RFC 5782 §2.1
TEST(Listing, Ipv4) {
  const std::string text = "99.2.0.192.bl.example. A 127.0.0.2\n99.2.0.192.bl.example. TXT \"see \" \"there\"\n";
  const Listing listing =
      one(text, "192.0.2.99", {.name = "bl.example", .zone = "bl.example", .weight = 5, .explain = true});
  EXPECT_EQ(listing.state, ListingState::listed);
  EXPECT_EQ(listing.weight, 5);
  EXPECT_EQ(listing.text, "see there");
  ASSERT_EQ(listing.codes.size(), 1u);
  EXPECT_EQ(listing.codes[0].text(), "127.0.0.2");
  ASSERT_EQ(listing.questions.size(), 2u);
  EXPECT_EQ(listing.questions[0].question.text(), "99.2.0.192.bl.example. A");
  EXPECT_EQ(listing.questions[1].question.text(), "99.2.0.192.bl.example. TXT");
  EXPECT_EQ(state(text, "192.0.2.98"), "not-listed");
  EXPECT_EQ(state(text, "::ffff:192.0.2.99"), "listed");
  EXPECT_EQ(one(text, "192.0.2.98", {.name = "", .zone = "bl.example", .weight = 5, .explain = true}).weight, 0);
  EXPECT_EQ(one(text, "192.0.2.98", {.name = "", .zone = "bl.example", .explain = true}).questions.size(), 1u);
  EXPECT_EQ(one(text, "192.0.2.99", {.name = "", .zone = "bl.example"}).questions.size(), 1u);
}

// RFC 5782 §2.4
TEST(Listing, Ipv6) {
  const std::string text = "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example. A 127.0.0.2\n";
  const List six{.name = "", .zone = "bl.example.", .ipv6 = true};
  EXPECT_EQ(state(text, "2001:db8::567:89ab", six), "listed");
  EXPECT_EQ(state(text, "2001:db8::567:89ac", six), "not-listed");
  EXPECT_EQ(state(text, "2001:db8::567:89ab"), "not-asked");
}

// RFC 5782 §3
TEST(Listing, Domains) {
  const std::string text =
      "bad.example.dbl.example. A 127.0.1.2\nxn--bcher-kva.example.dbl.example. A 127.0.1.2\n"
      "99.2.0.192.dbl.example. A 127.0.1.2\n";
  const List dbl{.name = "", .zone = "dbl.example", .ipv4 = false, .domains = true};
  EXPECT_EQ(state(text, "Bad.Example", dbl), "listed");
  EXPECT_EQ(state(text, "good.example", dbl), "not-listed");
  EXPECT_EQ(state(text,
                  "b\xc3\xbc"
                  "cher.example",
                  dbl),
            "listed");
  // A list of domains is never asked about an address, nor the other way.
  EXPECT_EQ(state(text, "192.0.2.99", dbl), "not-asked");
  EXPECT_EQ(state(text, "bad.example"), "not-asked");
  for (const char* bad : {"", "a..b", "bad example", "bad.example\n"})
    EXPECT_EQ(state(text, bad, dbl), "bad-name") << bad;
  std::string longest = std::string(60, 'a');
  while (longest.size() < 245) longest += '.' + std::string(60, 'a');
  EXPECT_EQ(state(text, longest.substr(0, 250), dbl), "bad-name");
}

TEST(Listing, WhatIsNoListing) {
  const auto answers = [](std::string_view code) { return state("99.2.0.192.bl.example. A " + std::string(code)); };
  EXPECT_EQ(answers("127.0.0.2"), "listed");
  EXPECT_EQ(answers("127.255.0.1"), "listed");
  EXPECT_EQ(answers("127.0.0.1"), "reserved-answer");
  for (const char* refused :
       {"127.255.255.252", "127.255.255.253", "127.255.255.254", "127.255.255.255", "127.255.255.250"})
    EXPECT_EQ(answers(refused), "refused") << refused;
  for (const char* foreign : {"192.0.2.1", "126.255.255.255", "128.0.0.1", "0.0.0.0", "10.0.0.1"})
    EXPECT_EQ(answers(foreign), "foreign-answer") << foreign;
  // One wrong answer spoils those beside it, whatever the list says that its codes are.
  const List all{.name = "", .zone = "bl.example", .codes = {code("0.0.0.0", 0, "anything", 9)}, .weight = 9};
  for (const char* beside : {"192.0.2.1", "127.0.0.1", "127.255.255.254"}) {
    const Listing listing =
        one(std::string("99.2.0.192.bl.example. A 127.0.0.2\n99.2.0.192.bl.example. A ") + beside, "192.0.2.99", all);
    EXPECT_TRUE(listing_row(listing.state).error) << beside;
    EXPECT_EQ(listing.weight, 0);
    EXPECT_TRUE(listing.meanings.empty());
  }
  for (const std::string fault : {"$TIMEOUT", "$SERVFAIL", "$BOGUS"})
    EXPECT_EQ(state(fault + " 99.2.0.192.bl.example."), "lookup-failed") << fault;
}

TEST(Listing, Codes) {
  const List list{.name = "",
                  .zone = "bl.example",
                  .codes = {code("127.0.0.2", 32, "spam", 4), code("127.0.0.8", 29, "exploited", 6),
                            code("127.0.2.0", 24, "policy", -1)},
                  .weight = 100};
  const auto with = [&](std::vector<std::string> codes) {
    std::string text;
    for (const std::string& c : codes) text += "99.2.0.192.bl.example. A " + c + '\n';
    return one(text, "192.0.2.99", list);
  };
  EXPECT_EQ(with({"127.0.0.2"}).meanings, std::vector<std::size_t>{0});
  EXPECT_EQ(with({"127.0.0.2"}).weight, 4);
  EXPECT_EQ(with({"127.0.0.9"}).weight, 6);
  const Listing several = with({"127.0.0.2", "127.0.0.9", "127.0.0.10", "127.0.0.77"});
  EXPECT_EQ(several.meanings, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(several.codes.size(), 4u);
  EXPECT_EQ(several.weight, 6);
  EXPECT_EQ(with({"127.0.2.5"}).weight, -1);
  const Listing other = with({"127.0.0.77"});
  EXPECT_EQ(other.state, ListingState::other_code);
  EXPECT_EQ(other.weight, 0);
}

TEST(Listing, WordsArePrintableAndCapped) {
  const List list{.name = "", .zone = "bl.example", .explain = true};
  const auto said = [&](std::string_view txt) {
    return one("99.2.0.192.bl.example. A 127.0.0.2\n" + std::string(txt), "192.0.2.99", list).text;
  };
  EXPECT_EQ(said("99.2.0.192.bl.example. TXT \"a\\013\\010b\\200\""), "a??b?");
  const std::string string(200, 'x');
  EXPECT_EQ(said("99.2.0.192.bl.example. TXT \"" + string + "\" \"" + string + "\""), std::string(kMaxListText, 'x'));
  EXPECT_EQ(said(""), "");
}

// Some lists give each customer a zone with a key in it.
TEST(Listing, TheZoneOfAListWithANameIsNotTold) {
  const std::string text =
      "99.2.0.192.SecretKey1234.zen.example. A 127.0.0.2\n"
      "99.2.0.192.SecretKey1234.zen.example. TXT \"99.2.0.192.secretkey1234.ZEN.example \" \"key=SECRETKEY1234 end\"\n";
  const List list{.name = "zen", .zone = "secretkey1234.zen.example.", .explain = true};
  const Listing listing = one(text, "192.0.2.99", list);
  EXPECT_EQ(listing.state, ListingState::listed);
  EXPECT_EQ(listing.text, "99.2.0.192.zen key=zen end");
  ASSERT_EQ(listing.questions.size(), 2u);
  for (const dns::Answer& answer : listing.questions) {
    EXPECT_EQ(answer.question.name.text(), "99.2.0.192.zen.");
    EXPECT_EQ(answer.canonical.text(), "99.2.0.192.zen.");
    EXPECT_EQ(answer.records.name.text(), "99.2.0.192.zen.");
  }
  EXPECT_EQ(dns::Txt::joined(listing.questions[1].records.rdata.at(0)), "99.2.0.192.zen key=zen end");
  EXPECT_EQ(one(text, "192.0.2.98", list).questions.at(0).question.name.text(), "98.2.0.192.zen.");
  // An alias would tell it, too.
  const Listing alias =
      one("99.2.0.192.secretkey1234.zen.example. CNAME x.secretkey1234.zen.example.\n"
          "x.secretkey1234.zen.example. A 127.0.0.2\n",
          "192.0.2.99", list);
  EXPECT_EQ(alias.state, ListingState::listed);
  EXPECT_TRUE(alias.questions.at(0).chain.empty());
  EXPECT_EQ(alias.questions.at(0).canonical.text(), "x.zen.");
  // A name that is none of the DNS is still no reason to tell the zone.
  const Listing odd = one(text, "192.0.2.99", {.name = "our list.", .zone = list.zone, .explain = true});
  EXPECT_EQ(odd.questions.at(0).question.name.text().find("ecret"), std::string::npos);
  // Without a name, or with the zone as its name, there is nothing to hide.
  EXPECT_EQ(one(text, "192.0.2.99", {.name = "", .zone = list.zone, .explain = true}).questions.at(0).question.name,
            dns::Name::parse("99.2.0.192.secretkey1234.zen.example.").value());
}

TEST(Listing, ListsAreAskedAtTheSameTime) {
  const auto resolver = zone(
      "99.2.0.192.a.example. A 127.0.0.2\n99.2.0.192.b.example. A 127.0.0.2\n99.2.0.192.c.example. A 127.0.0.2\n"
      "$DELAY 2s 99.2.0.192.a.example.\n$DELAY 2s 99.2.0.192.b.example.\n$TIMEOUT 99.2.0.192.c.example.\n");
  const std::vector<List> lists = {{.name = "a", .zone = "a.example"},
                                   {.name = "b", .zone = "b.example", .kind = List::Kind::allow},
                                   {.name = "c", .zone = "c.example"}};
  ManualClock clock;
  net::LocalExecutor executor(clock);
  const Time before = clock.now();
  const auto listings = executor.run(ask(resolver.get(), "192.0.2.99", lists, 3s));
  EXPECT_EQ(clock.now() - before, 3s);
  ASSERT_EQ(listings.size(), 3u);
  EXPECT_EQ(listings[0].state, ListingState::listed);
  EXPECT_EQ(listings[1].state, ListingState::listed);
  EXPECT_EQ(listings[2].state, ListingState::lookup_failed);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(listings[i].list, i);
  EXPECT_TRUE(executor.run(ask(resolver.get(), "192.0.2.99", {}, 3s)).empty());
}

// RFC 5782 §5
TEST(Listing, TestEntries) {
  const std::string nibbles = "0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
  const auto results = [](std::string_view text) {
    const auto resolver = zone(text);
    std::string out;
    for (const ListTest& t : run_now(test(resolver.get(), {{.name = "",
                                                            .zone = "all.example",
                                                            .ipv6 = true,
                                                            .domains = true,
                                                            .codes = {code("127.0.0.3", 32, "spam", 1)}}})))
      out += fmt::format("{} {} {}; ", t.subject, t.passed() ? "good" : "bad", listing_row(t.listing.state).id);
    return out;
  };
  EXPECT_EQ(results("2.0.0.127.all.example. A 127.0.0.2\n2.0.0.0." + nibbles + ".all.example. A 127.0.0.3\n" +
                    "test.all.example. A 127.0.0.2\n"),
            "127.0.0.2 good other-code; 127.0.0.1 good not-listed; ::ffff:127.0.0.2 good listed; "
            "::ffff:127.0.0.1 good not-listed; test good other-code; invalid good not-listed; ");
  // A list that answers everything is no list.
  EXPECT_EQ(results("*.all.example. A 127.0.0.3\n"),
            "127.0.0.2 good listed; 127.0.0.1 bad listed; ::ffff:127.0.0.2 good listed; ::ffff:127.0.0.1 bad listed; "
            "test good listed; invalid bad listed; ");
  EXPECT_EQ(results("*.all.example. A 192.0.2.1\n").find("good"), std::string::npos);
  EXPECT_EQ(results("*.all.example. A 127.255.255.254\n").find("good"), std::string::npos);
  EXPECT_EQ(results("$SERVFAIL *.all.example.\n").find("good"), std::string::npos);
  // Only what stands in a list is tested.
  const auto resolver = zone("x.example. TXT x");
  EXPECT_EQ(run_now(test(resolver.get(), {{.name = "", .zone = "four.example"}})).size(), 2u);
}

TEST(Listing, EveryStateIsToldInBothLanguages) {
  std::set<std::string_view> ids;
  for (const ListingRow& row : listing_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second);
    EXPECT_FALSE(row.en.empty() || row.fr.empty() || row.en == row.fr) << row.id;
  }
}

}  // namespace
}  // namespace chappe::trust
