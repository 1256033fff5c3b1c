#include "post/policy/rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "post/directory/testing.h"
#include "post/policy/weighing.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::soon;
using trust::dmarc::Action;
using Kind = Acquaintance::Kind;

// Counts what is read of the store.
class RulesTest : public testing::DirectoryTest {
 protected:
  RulesTest() {
    auto with_rules = parts();
    with_rules.changed = [this] { rules_.forget(); };
    directory_ = std::move(*net::run(Directory::open(with_rules, options_, soon())));
    EXPECT_EQ(add_domain("example.org") + add_domain("other.example"), "");
    EXPECT_EQ(add_account("bob@example.org") + add_account("ann@example.org") + add_account("eve@other.example"), "");
  }

  std::string set(std::string object, std::string_view rejected, std::string_view suspect = {}) {
    HandlingChange change;
    if (rejected == "inherit")
      change.rejected = std::optional<Action>();
    else if (!rejected.empty())
      change.rejected = *parse_rejected(rejected);
    if (!suspect.empty()) change.suspect = *parse_suspect(suspect);
    return error(net::run(rules_.set("test", std::move(object), change, soon())));
  }
  std::string add(std::string object, Kind kind, std::string_view name) {
    return error(net::run(rules_.add("test", std::move(object), *parse_acquaintance(kind, name), soon())));
  }
  std::string remove(std::string object, Kind kind, std::string_view name) {
    return error(net::run(rules_.remove("test", std::move(object), *parse_acquaintance(kind, name), soon())));
  }
  KnownChain chain(std::string address) { return net::run(rules_.of(id(std::move(address)), soon())).value(); }
  // "reject quarantine": what holds for letters to the address.
  std::string held(std::string address) {
    const auto policy = policy_of(chain(std::move(address)), {});
    return fmt::format("{} {}", action_name(policy.reject), action_name(policy.quarantine));
  }
  std::vector<std::string> known(std::string object = {}) {
    std::vector<std::string> out;
    for (const auto& e : net::run(rules_.known(std::move(object), soon())).value())
      out.push_back(e.object + ": " + in_words(e.known));
    return out;
  }
  std::vector<std::string> apply(std::string text) {
    const auto differences = net::run(directory_->apply_text("test", std::move(text), false, soon()));
    if (!differences) return {differences.error().describe()};
    std::vector<std::string> out;
    for (const auto& d : *differences) out.push_back(d.describe());
    return out;
  }
  std::string exported() { return *net::run(directory_->export_text({}, soon())); }

  LocalRules rules_{{store_.get(), &commit_, &clock_}};
};

TEST_F(RulesTest, TheMostSpecificHoldsFieldByField) {
  EXPECT_EQ(held("bob@example.org"), "reject junk") << "as the configuration says";
  EXPECT_EQ(set("site", "junk", "quarantine"), "");
  EXPECT_EQ(held("bob@example.org"), "junk quarantine");
  EXPECT_EQ(set("Example.ORG", "reject"), "");
  EXPECT_EQ(held("bob@example.org"), "reject quarantine");
  EXPECT_EQ(held("eve@other.example"), "junk quarantine");
  EXPECT_EQ(set("bob@example.org", "", "accept"), "");
  EXPECT_EQ(held("bob@example.org"), "reject accept");
  EXPECT_EQ(held("ann@example.org"), "reject quarantine");
  EXPECT_EQ(set("example.org", "inherit"), "");
  EXPECT_EQ(held("bob@example.org"), "junk accept");
  EXPECT_EQ(policy_of(net::run(rules_.of({}, soon())).value(), {}).reject, Action::junk) << "nobody's is the site's";
}

TEST_F(RulesTest, WhoeverDoesWithoutProofStillWantsAnAuthor) {
  EXPECT_EQ(set("site", "accept"), "");
  const auto policy = policy_of(chain("bob@example.org"), {});
  EXPECT_EQ(policy.reject, Action::accept);
  EXPECT_EQ(policy.no_author, Action::junk);
  EXPECT_EQ(policy.ambiguous, Action::junk);
}

TEST_F(RulesTest, ObjectsMustBeHere) {
  EXPECT_EQ(set("nobody@example.org", "junk"), "not_found");
  EXPECT_EQ(set("elsewhere.example", "junk"), "not_found");
  EXPECT_EQ(set("a b", "junk"), "invalid");
  EXPECT_EQ(add("nobody@example.org", Kind::allow, "a.example"), "not_found");
  EXPECT_EQ(error(net::run(rules_.levels("nobody@example.org", soon()))), "not_found");
  EXPECT_EQ(error(net::run(rules_.known("elsewhere.example", soon()))), "not_found");
}

TEST_F(RulesTest, LevelsTellWhoLaidWhatDown) {
  clock_.jump({5'000'000});
  EXPECT_EQ(set("example.org", "junk"), "");
  const auto levels = net::run(rules_.levels("Bob@example.org", soon())).value();
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_EQ(levels[0].object, "bob@example.org");
  EXPECT_FALSE(levels[0].made);
  EXPECT_EQ(levels[1].object, "example.org");
  ASSERT_TRUE(levels[1].made);
  EXPECT_EQ(levels[1].made->who, "test");
  EXPECT_EQ(levels[1].made->when.us, 5'000'000);
  EXPECT_EQ(levels[2].object, "site");
  EXPECT_EQ(net::run(rules_.policies(soon())).value().size(), 1u);
  EXPECT_EQ(set("example.org", "inherit"), "");
  EXPECT_THAT(net::run(rules_.policies(soon())).value(), IsEmpty()) << "what says nothing is no row";
}

TEST_F(RulesTest, WhoIsKnownIsKnownOnce) {
  EXPECT_EQ(add("site", Kind::list, "lists.example.net"), "");
  EXPECT_EQ(add("site", Kind::list, "LISTS.example.net"), "exists");
  EXPECT_EQ(add("bob@example.org", Kind::block, "192.0.2.9/24"), "");
  EXPECT_EQ(add("example.org", Kind::allow, "a@b.example"), "");
  EXPECT_THAT(known(), ElementsAre("site: list lists.example.net", "example.org: allow a@b.example",
                                   "bob@example.org: block 192.0.2.0/24"));
  EXPECT_THAT(known("bob@example.org"), ElementsAre("bob@example.org: block 192.0.2.0/24"));
  EXPECT_EQ(chain("bob@example.org").size(), 3u);
  EXPECT_EQ(chain("eve@other.example").size(), 1u) << "scopes without rules are left out";
  EXPECT_EQ(chain("ann@example.org").front(), chain("bob@example.org").at(1)) << "read once";
  EXPECT_EQ(remove("bob@example.org", Kind::block, "192.0.2.0/24"), "");
  EXPECT_EQ(remove("bob@example.org", Kind::block, "192.0.2.0/24"), "not_found");
  EXPECT_EQ(chain("bob@example.org").size(), 2u) << "what is kept is not kept longer than it holds";
}

TEST_F(RulesTest, OneScopeKnowsSoMany) {
  std::string text = "[site]\nblock = [";
  for (std::size_t i = 0; i < kMaxAcquaintances; ++i) text += fmt::format("\"d{}.example\", ", i);
  EXPECT_EQ(apply(text + "]").size(), kMaxAcquaintances);
  EXPECT_EQ(add("site", Kind::list, "one.more.example"), "too_large");
  EXPECT_THAT(apply(text + "\"one.more.example\"]"), ElementsAre(HasSubstr("over 1000")));
  EXPECT_EQ(known().size(), kMaxAcquaintances);
}

TEST_F(RulesTest, EveryChangeIsOnTheAudit) {
  EXPECT_EQ(set("bob@example.org", "junk"), "");
  EXPECT_EQ(set("bob@example.org", "junk"), "") << "changes nothing";
  EXPECT_EQ(add("site", Kind::sealer, "a.example"), "");
  EXPECT_EQ(remove("site", Kind::sealer, "a.example"), "");
  std::vector<std::string> out;
  for (const AuditRow& row : net::run(directory_->audit({}, 3, soon())).value())
    out.push_back(fmt::format("{} {} {}: {} > {}", row.who, row.what, row.object, row.before, row.after));
  EXPECT_THAT(out, ElementsAre("test know.remove site: sealer a.example > ", "test know.add site:  > sealer a.example",
                               "test policy.set bob@example.org: rejected=inherited suspect=inherited > "
                               "rejected=junk suspect=inherited"));
}

TEST_F(RulesTest, WhoGoesTakesItsRulesAlong) {
  EXPECT_EQ(set("bob@example.org", "junk"), "");
  EXPECT_EQ(add("bob@example.org", Kind::block, "a.example"), "");
  EXPECT_EQ(add("other.example", Kind::block, "a.example"), "");
  EXPECT_EQ(error(net::run(directory_->remove_account("test", "bob@example.org", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_account("test", "eve@other.example", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_domain("test", "other.example", soon()))), "");
  EXPECT_THAT(known(), IsEmpty());
  for (const auto& range : {rows::all_handlings(), rows::all_acquaintances()})
    EXPECT_THAT(net::run(store::scan_all(store_.get(), range, soon())).value(), IsEmpty());
}

TEST_F(RulesTest, WhoMovesHasTheRulesOfTheNewDomain) {
  EXPECT_EQ(set("other.example", "accept"), "");
  const AccountId bob = id("bob@example.org");
  EXPECT_EQ(held("bob@example.org"), "reject junk");
  EXPECT_EQ(error(net::run(directory_->rename_account("test", "bob@example.org", "bob@other.example", soon()))), "");
  EXPECT_EQ(policy_of(net::run(rules_.of(bob, soon())).value(), {}).reject, Action::accept);
}

constexpr auto kText = R"(
[site]
rejected = "junk"
list = ["lists.example.net", "dev.example.net/example.net"]

[domains."example.org"]
suspect = "quarantine"
forwarder = ["192.0.2.1/24"]

[domains."other.example"]

[accounts."bob@example.org"]
rejected = "accept"
allow = ["a@b.example"]
block = ["b.example"]

[accounts."ann@example.org"]

[accounts."eve@other.example"]
)";

TEST_F(RulesTest, AnEstateIsOneText) {
  EXPECT_EQ(add("eve@other.example", Kind::allow, "a.example"), "");
  EXPECT_THAT(apply(kText),
              ElementsAre("~ policy site: rejected=inherited suspect=inherited -> rejected=junk "
                          "suspect=inherited",
                          "+ known site: list dev.example.net/example.net", "+ known site: list lists.example.net",
                          "~ policy example.org: rejected=inherited suspect=inherited -> "
                          "rejected=inherited suspect=quarantine",
                          "+ known example.org: forwarder 192.0.2.0/24",
                          "~ policy bob@example.org: rejected=inherited suspect=inherited -> "
                          "rejected=accept suspect=inherited",
                          "+ known bob@example.org: allow a@b.example", "+ known bob@example.org: block b.example",
                          "- known eve@other.example: allow a.example"));
  EXPECT_EQ(held("bob@example.org"), "accept quarantine") << "what was kept is forgotten";
  EXPECT_THAT(apply(kText), IsEmpty());
  const std::string text = exported();
  EXPECT_THAT(text, HasSubstr("[site]\nrejected = \"junk\"\nlist = [\"dev.example.net/example.net\", "
                              "\"lists.example.net\"]\n"));
  EXPECT_THAT(apply(text), IsEmpty());
  // What is not named goes, but for the site's.
  EXPECT_EQ(apply("[domains.\"example.org\"]\n[accounts.\"bob@example.org\"]\n[accounts.\"ann@example.org\"]").size(),
            5u);
  EXPECT_EQ(held("bob@example.org"), "junk junk");
  EXPECT_THAT(apply("[site]\n"),
              ElementsAre(HasSubstr("~ policy site"), HasSubstr("- known site"), HasSubstr("- known site")));
}

TEST_F(RulesTest, TextsWithWrongRulesAreRefused) {
  for (const auto* const text :
       {"[site]\nrejected = \"quarantine\"", "[site]\nsuspect = \"no\"", "[site]\nrejected = 1",
        "[site]\nlist = \"a.b\"", "[site]\nlist = [1]", "[site]\nlist = [\"a b\"]",
        "[site]\nsealer = [\"a@b.example\"]", "[site]\nfriend = []", "site = 1"})
    EXPECT_THAT(apply(text), ElementsAre(HasSubstr("line "))) << text;
}

}  // namespace
}  // namespace chappe::post
