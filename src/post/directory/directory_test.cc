#include "post/directory/directory.h"

#include <gmock/gmock.h>

#include "post/directory/rows.h"
#include "post/directory/testing.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DirectoryTest : public testing::DirectoryTest {
 protected:
  using testing::DirectoryTest::DirectoryTest;
  static Deadline soon() { return testing::soon(); }
};

TEST_F(DirectoryTest, DomainsAreMadeShownListed) {
  EXPECT_EQ(add_domain("Bücher.example"), "");
  EXPECT_EQ(add_domain("example.org", {.scram = false, .separator = '-'}), "");
  EXPECT_EQ(add_domain("XN--bcher-kva.EXAMPLE"), "exists");
  EXPECT_EQ(add_domain("example.net(.example.com"), "invalid");
  EXPECT_EQ(add_domain("x.example", {.scram_iterations = 4095}), "invalid");
  EXPECT_EQ(add_domain("x.example", {.separator = '@'}), "invalid");
  const auto shown = net::run(directory_->show_domain("bücher.example", soon()));
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->name, "xn--bcher-kva.example");
  EXPECT_EQ(shown->written, "Bücher.example");
  EXPECT_EQ(shown->created, clock_.now());
  const auto all = net::run(directory_->list_domains(soon()));
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[1].settings, (DomainSettings{.scram = false, .separator = '-'}));
  EXPECT_EQ(error(net::run(directory_->show_domain("example.net", soon()))), "not_found");
  EXPECT_EQ(error(net::run(directory_->set_domain("test", "example.net", {}, soon()))), "not_found");
}

TEST_F(DirectoryTest, ADomainInUseStays) {
  add_domain("example.org");
  add_account("bob@example.org");
  set_alias("sales@example.org", {"bob@example.org"});
  const auto refused = net::run(directory_->remove_domain("test", "example.org", soon()));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().describe(), "exists: the domain example.org still has 1 accounts and 1 aliases");
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "sales@example.org", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_account("test", "bob@example.org", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_domain("test", "example.org", soon()))), "");
  EXPECT_EQ(resolve("bob@example.org"), "remote");
  EXPECT_TRUE(net::run(directory_->list_domains(soon()))->empty());
}

TEST_F(DirectoryTest, AccountsAreMadeShownChanged) {
  add_domain("example.org");
  const auto made = net::run(directory_->add_account("test", "Bob@Example.org", crypto::Secret("secret"),
                                                     {.name = "Bob B.", .enabled = {}, .quota = 1000}, soon()));
  ASSERT_TRUE(made.has_value()) << made.error().describe();
  EXPECT_EQ(made->address.written(), "Bob@Example.org");
  const auto shown = net::run(directory_->show_account("bob@example.org", soon()));
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->id, made->id);
  EXPECT_EQ(shown->name, "Bob B.");
  EXPECT_EQ(shown->quota, 1000U);
  EXPECT_TRUE(shown->enabled);
  EXPECT_TRUE(shown->has_password);
  EXPECT_EQ(add_account("BOB@example.org"), "exists");
  EXPECT_EQ(add_account("bob@example.net"), "not_found");
  EXPECT_EQ(add_account("*@example.org"), "invalid");
  EXPECT_EQ(add_account("bob"), "invalid");
  EXPECT_EQ(add_account("x@example.org", "\x07"), "invalid");
  EXPECT_EQ(error(net::run(directory_->set_account("test", "bob@example.org",
                                                   {.name = "Robert", .enabled = false, .quota = {}}, soon()))),
            "");
  const auto changed = net::run(directory_->account(made->id, soon()));
  EXPECT_EQ(changed->name, "Robert");
  EXPECT_FALSE(changed->enabled);
  EXPECT_EQ(changed->quota, 1000U);
  const auto set_name = [&](std::string name) {
    return error(net::run(directory_->set_account("test", "bob@example.org",
                                                  {.name = std::move(name), .enabled = {}, .quota = {}}, soon())));
  };
  EXPECT_EQ(set_name("a\nb"), "invalid");
  EXPECT_EQ(set_name(std::string(257, 'a')), "too_large");
  EXPECT_EQ(set_name(std::string(256, 'a')), "");
  EXPECT_EQ(error(net::run(directory_->set_account("test", "bob@example.org",
                                                   {.name = {}, .enabled = {}, .quota = 1ULL << 63}, soon()))),
            "invalid");
  EXPECT_EQ(error(net::run(directory_->show_account("alice@example.org", soon()))), "not_found");
  EXPECT_EQ(error(net::run(directory_->account({99}, soon()))), "not_found");
}

TEST_F(DirectoryTest, IdsAreNeverGivenTwice) {
  add_domain("example.org");
  add_account("a@example.org");
  const auto first = id("a@example.org");
  EXPECT_EQ(*net::run(directory_->remove_account("test", "a@example.org", soon())), first);
  reopen();
  add_account("a@example.org");
  EXPECT_GT(id("a@example.org"), first);
}

TEST_F(DirectoryTest, ListsAccountsAndAliasesOfOneDomainOrAll) {
  add_domain("a.example");
  add_domain("b.example");
  add_account("x@a.example");
  add_account("y@b.example");
  set_alias("z@b.example", {"x@a.example", "Someone@Remote.example"});
  EXPECT_EQ(net::run(directory_->list_accounts("", soon()))->size(), 2U);
  const auto of_b = net::run(directory_->list_accounts("B.example", soon()));
  ASSERT_EQ(of_b->size(), 1U);
  EXPECT_EQ((*of_b)[0].address.written(), "y@b.example");
  EXPECT_EQ(error(net::run(directory_->list_accounts("c.example", soon()))), "not_found");
  EXPECT_TRUE(net::run(directory_->list_aliases("a.example", soon()))->empty());
  const auto aliases = net::run(directory_->list_aliases("", soon()));
  ASSERT_EQ(aliases->size(), 1U);
  EXPECT_EQ((*aliases)[0].address.written(), "z@b.example");
  EXPECT_EQ((*aliases)[0].targets.size(), 2U);
}

TEST_F(DirectoryTest, RenamingKeepsTheAccount) {
  add_domain("example.org");
  add_domain("example.net");
  add_account("bob@example.org", "secret");
  add_account("alice@example.org");
  const auto bob = id("bob@example.org");
  const auto rename = [&](std::string from, std::string to) {
    return error(net::run(directory_->rename_account("test", std::move(from), std::move(to), soon())));
  };
  EXPECT_EQ(rename("bob@example.org", "alice@example.org"), "exists");
  EXPECT_EQ(rename("bob@example.org", "robert@example.com"), "not_found");
  EXPECT_EQ(rename("bob@example.org", "Bob@example.org"), "");  // only the written form
  EXPECT_EQ(net::run(directory_->account(bob, soon()))->address.written(), "Bob@example.org");
  EXPECT_EQ(rename("bob@example.org", "robert@example.net"), "");
  EXPECT_EQ(id("robert@example.net"), bob);
  EXPECT_EQ(resolve("bob@example.org"), "unknown");
  EXPECT_EQ(login("robert@example.net", "secret"), std::to_string(bob.value));
  set_alias("r@example.org", {"robert@example.net"});
  EXPECT_EQ(rename("robert@example.net", "bob@example.net"), "exists");
}

TEST_F(DirectoryTest, AliasesNameWhatIsThere) {
  add_domain("example.org");
  add_account("bob@example.org");
  EXPECT_EQ(set_alias("sales@example.org", {"bob@example.org", "nobody@example.org"}), "not_found");
  EXPECT_EQ(set_alias("sales@example.org", {}), "invalid");
  EXPECT_EQ(set_alias("sales@example.org", {"SALES@example.org"}), "invalid");
  EXPECT_EQ(set_alias("bob@example.org", {"x@remote.example"}), "exists");
  EXPECT_EQ(set_alias("sales@other.example", {"bob@example.org"}), "not_found");
  EXPECT_EQ(set_alias("sales@example.org", {"bob+sales@example.org", "x@remote.example", "X@remote.example"}), "");
  EXPECT_EQ(resolve("sales@example.org"), "alias bob+sales@example.org x@remote.example");
  EXPECT_EQ(set_alias("sales@example.org", {"bob@example.org"}), "");  // replaces
  EXPECT_EQ(resolve("sales@example.org"), "alias bob@example.org");
  EXPECT_EQ(set_alias("s@example.org", {"sales@example.org"}), "");
  // What is a target stays.
  const auto refused = net::run(directory_->remove_account("test", "bob@example.org", soon()));
  EXPECT_EQ(refused.error().describe(), "exists: bob@example.org is still a target of the alias sales@example.org");
  EXPECT_NE(id("bob@example.org"), AccountId());
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "sales@example.org", soon()))), "exists");
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "s@example.org", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "s@example.org", soon()))), "not_found");
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "bob@example.org", soon()))), "not_found");
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "sales@example.org", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_account("test", "bob@example.org", soon()))), "");
}

TEST_F(DirectoryTest, AnAliasHasALimit) {
  add_domain("example.org");
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < kMaxTargetsOfAlias; ++i) targets.push_back("a" + std::to_string(i) + "@remote.example");
  EXPECT_EQ(set_alias("many@example.org", targets), "");
  targets.emplace_back("one@more.example");
  EXPECT_EQ(set_alias("many@example.org", targets), "too_large");
}

TEST_F(DirectoryTest, ResolvesAddresses) {
  add_domain("example.org");
  add_domain("plain.example", {.separator = '\0'});
  add_domain("folders.example", {.separator = '-', .detail_is_folder = true});
  add_account("bob@example.org");
  add_account("bob+odd@plain.example");
  add_account("bob@folders.example");
  EXPECT_EQ(resolve("BOB@EXAMPLE.ORG"), "account 1");
  EXPECT_EQ(resolve("\"bob\"@example.org"), "account 1");
  EXPECT_EQ(resolve("bob+Lists@example.org"), "account 1");
  EXPECT_EQ(resolve("alice@example.org"), "unknown");
  EXPECT_EQ(resolve("+x@example.org"), "unknown");
  EXPECT_EQ(resolve("\"a b\"@example.org"), "unknown");
  EXPECT_EQ(resolve("a b@example.org"), "unknown");
  EXPECT_EQ(resolve("bob+odd@plain.example"), "account 2");
  EXPECT_EQ(resolve("bob+odd+x@plain.example"), "unknown");
  EXPECT_EQ(resolve("Bob-Lists-C@folders.example"), "account 3 Lists-C");
  EXPECT_EQ(resolve("bob@folders.example"), "account 3");
  // What is not ours is for others to judge.
  EXPECT_EQ(resolve("bob@remote.example"), "remote");
  EXPECT_EQ(resolve("bob@[192.0.2.1]"), "remote");
  EXPECT_EQ(resolve("bob@odd_name.example"), "remote");
  EXPECT_EQ(resolve("bob"), "invalid");
  EXPECT_EQ(resolve("postmaster"), "unknown");
}

TEST_F(DirectoryTest, ACatchAllComesLast) {
  add_domain("example.org");
  add_account("bob@example.org");
  EXPECT_EQ(set_alias("*@example.org", {"bob@example.org"}), "");
  EXPECT_EQ(resolve("anybody@example.org"), "alias bob@example.org");
  EXPECT_EQ(resolve("bob+x@example.org"), "account 1");
  // So whatever is a target in that domain is somebody's.
  EXPECT_EQ(set_alias("sales@example.org", {"whoever@example.org"}), "");
}

class PostmasterTest : public DirectoryTest {
 protected:
  PostmasterTest() : DirectoryTest({.argon2 = testing::kCheap, .postmaster = "root@example.org"}) {}
};

// RFC 5321 §4.5.1
TEST_F(PostmasterTest, IsAlwaysSomebody) {
  add_domain("example.org");
  add_domain("other.example");
  add_account("root@example.org");
  EXPECT_EQ(resolve("Postmaster@other.example"), "alias root@example.org");
  EXPECT_EQ(resolve("POSTMASTER"), "alias root@example.org");
  add_account("postmaster@other.example");
  EXPECT_EQ(resolve("postmaster@other.example"), "account 2");
  EXPECT_EQ(resolve("postmaster@remote.example"), "remote");
}

TEST_F(DirectoryTest, SendsAsItselfAndItsAliases) {
  add_domain("example.org");
  add_account("bob@example.org");
  add_account("alice@example.org");
  set_alias("sales@example.org", {"bob@example.org", "x@remote.example"});
  set_alias("all@example.org", {"sales@example.org"});
  set_alias("*@example.org", {"bob@example.org"});
  const auto may = [&](std::string address) {
    return *net::run(directory_->may_send_as(id("bob@example.org"), std::move(address), soon()));
  };
  EXPECT_EQ(SendRight::as, may("bob@example.org"));
  EXPECT_EQ(SendRight::as, may("Bob+lists@example.org"));
  EXPECT_EQ(SendRight::as, may("sales@example.org"));
  EXPECT_EQ(SendRight::as, may("sales+x@example.org"));
  EXPECT_EQ(SendRight::none, may("alice@example.org"));
  EXPECT_EQ(SendRight::none, may("all@example.org"));
  EXPECT_EQ(SendRight::none, may("anybody@example.org"));
  EXPECT_EQ(SendRight::none, may("*@example.org"));
  EXPECT_EQ(SendRight::none, may("x@remote.example"));
  EXPECT_EQ(SendRight::none, may("bob"));
  EXPECT_EQ(SendRight::none, *net::run(directory_->may_send_as({77}, "sales@example.org", soon())));
}

TEST_F(DirectoryTest, EveryChangeIsInTheAuditLog) {
  clock_.jump({1'800'000'000'000'000});
  (void)net::run(directory_->add_domain("uid 0", "example.org", {}, soon()));
  (void)net::run(directory_->add_account("uid 0", "bob@example.org", crypto::Secret("hush"), {}, soon()));
  (void)net::run(
      directory_->set_account("admin", "bob@example.org", {.name = "Bob", .enabled = {}, .quota = {}}, soon()));
  (void)net::run(
      directory_->set_account("admin", "bob@example.org", {.name = "Bob", .enabled = {}, .quota = {}}, soon()));
  (void)net::run(directory_->set_password("admin", "bob@example.org", crypto::Secret("hush2"), soon()));
  (void)net::run(directory_->set_alias("admin", "a@example.org", {"nobody@example.org"}, soon()));  // fails
  const auto rows = net::run(directory_->audit({}, 100, soon()));
  ASSERT_TRUE(rows.has_value());
  std::vector<std::string> lines;
  for (const auto& row : *rows) {
    lines.push_back(
        fmt::format("{} {} {} {}: {} -> {}", row.seq, row.who, row.what, row.object, row.before, row.after));
    EXPECT_EQ(row.when, clock_.now());
  }
  constexpr auto kSettings = "scram=true scram_iterations=4096 separator=+ detail_is_folder=false";
  EXPECT_THAT(lines,
              ElementsAre("5 admin account.password bob@example.org: password 1 with SCRAM (4096 iterations) -> "
                          "password 2 with SCRAM (4096 iterations)",
                          "4 admin account.set bob@example.org: name=\"\" enabled=true quota=0 -> "
                          "name=\"Bob\" enabled=true quota=0",
                          "3 uid 0 account.password bob@example.org:  -> password 1 with SCRAM (4096 iterations)",
                          "2 uid 0 account.add bob@example.org:  -> name=\"\" enabled=true quota=0",
                          fmt::format("1 uid 0 domain.add example.org:  -> {}", kSettings)));
  const auto some = net::run(directory_->audit(3, 1, soon()));
  ASSERT_EQ(some->size(), 1U);
  EXPECT_EQ((*some)[0].seq, 2U);
  EXPECT_TRUE(net::run(directory_->audit({}, 0, soon()))->empty());
}

TEST_F(DirectoryTest, AWriteThatFailsLeavesNothing) {
  add_domain("example.org");
  disk_.set_fate([](std::uint64_t) { return store::MemoryDisk::Fate::no_space; });
  EXPECT_EQ(add_account("bob@example.org"), "no_space");
  disk_.set_fate({});
  EXPECT_EQ(resolve("bob@example.org"), "unknown");
  EXPECT_EQ(net::run(directory_->audit({}, 100, soon()))->size(), 1U);
  EXPECT_EQ(add_account("bob@example.org"), "");
}

TEST(DirectoryRows, ComeBackAsTheyWere) {
  const auto address = *AddressKey::parse("Élise@Bücher.example");
  const Account account{.id = {7},
                        .domain = {3},
                        .address = address,
                        .name = "É",
                        .enabled = false,
                        .quota = 1ULL << 40,
                        .quota_messages = 12,
                        .created = {123},
                        .has_password = true};
  const auto back = rows::decode_account(rows::encode(account));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->id, account.id);
  EXPECT_EQ(back->address, address);
  EXPECT_EQ(back->address.written(), address.written());
  EXPECT_EQ(back->quota, account.quota);
  EXPECT_EQ(back->quota_messages, 12u);
  // The first version ends before the last number, which is one octet here.
  Bytes old = rows::encode(account);
  old.front() = 1;
  old.pop_back();
  EXPECT_EQ(rows::decode_account(old)->quota_messages, 0u);
  EXPECT_EQ(rows::decode_account(old)->quota, account.quota);
  EXPECT_FALSE(back->enabled);
  EXPECT_TRUE(back->has_password);
  const Credential credential{
      .serial = 9,
      .hash = "$x",
      .scram = trust::ScramVerifier{
          .salt = "s", .iterations = 5000, .stored_key = crypto::sha256("a"), .server_key = crypto::sha256("b")}};
  const auto back_credential = rows::decode_credential(rows::encode(credential));
  EXPECT_EQ(back_credential->serial, 9U);
  EXPECT_EQ(back_credential->scram, credential.scram);
}

TEST(DirectoryRows, DamageIsToldFromNewerVersions) {
  const auto code = [](Bytes record) { return rows::decode_entry(record).error().code(); };
  Bytes record = rows::encode(rows::Entry{
      .account = {}, .targets = {*AddressKey::parse("a@b.example")}, .written = "x@b.example", .created = {5}});
  ASSERT_TRUE(rows::decode_entry(record).has_value());
  for (std::size_t size = 0; size < record.size(); ++size) EXPECT_EQ(code(record.substr(0, size)), Errc::corrupt);
  EXPECT_EQ(code(record + "x"), Errc::corrupt);
  record[0] = 2;
  EXPECT_EQ(code(record), Errc::unsupported);
}

}  // namespace
}  // namespace chappe::post
