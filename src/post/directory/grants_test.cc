#include "post/directory/grants.h"

#include <gmock/gmock.h>

#include "post/directory/rows.h"
#include "post/directory/testing.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::soon;

class GrantsTest : public testing::DirectoryTest {
 protected:
  void SetUp() override {
    for (const char* domain : {"example.org", "sales.example"}) add_domain(domain);
    for (const char* account : {"bob@example.org", "boss@example.org", "app@example.org"}) add_account(account);
    set_alias("info@example.org", {"boss@example.org"});
  }
  std::string grant(std::string account, std::string identity, SendRight right = SendRight::as) {
    return error(net::run(directory_->set_grant("test", std::move(account), std::move(identity), right, soon())));
  }
  std::string take(std::string account, std::string identity) {
    return error(net::run(directory_->remove_grant("test", std::move(account), std::move(identity), soon())));
  }
  SendRight may(std::string account, std::string address) {
    return *net::run(directory_->may_send({{}, std::move(account)}, std::move(address), soon()));
  }
  // "2 *@sales.example", "3 a@b on behalf"
  std::vector<std::string> list(std::string account = {}) {
    std::vector<std::string> out;
    for (const Grant& g : *net::run(directory_->list_grants(std::move(account), soon())))
      out.push_back(std::to_string(g.account.value) + " " + g.identity.written() +
                    (g.right == SendRight::as ? "" : " on behalf"));
    return out;
  }
  std::vector<std::string> apply(std::string text) {
    const auto differences = net::run(directory_->apply_text("test", std::move(text), false, soon()));
    if (!differences) return {differences.error().describe()};
    std::vector<std::string> out;
    for (const auto& d : *differences) out.push_back(d.describe());
    return out;
  }
  // The newest first: "grant.add bob@example.org: before -> after".
  std::vector<std::string> audit(std::size_t count) {
    std::vector<std::string> out;
    for (const AuditRow& row : *net::run(directory_->audit({}, count, soon())))
      out.push_back(row.what + " " + row.object + ": " + row.before + " -> " + row.after);
    return out;
  }
};

TEST_F(GrantsTest, AnAddressADomainAndEverybody) {
  EXPECT_EQ(may("bob@example.org", "info@example.org"), SendRight::none);
  EXPECT_EQ(grant("bob@example.org", "Info@Example.org"), "");
  EXPECT_EQ(may("bob@example.org", "info@example.org"), SendRight::as);
  EXPECT_EQ(may("bob@example.org", "INFO+spring@example.org"), SendRight::as) << "with detail";
  EXPECT_EQ(may("bob@example.org", "boss@example.org"), SendRight::none);
  EXPECT_EQ(may("app@example.org", "info@example.org"), SendRight::none) << "of another account";

  EXPECT_EQ(grant("app@example.org", "*@sales.example"), "");
  EXPECT_EQ(may("app@example.org", "nobody-has-this@SALES.example"), SendRight::as);
  EXPECT_EQ(may("app@example.org", "x@sub.sales.example"), SendRight::none) << "not of domains below";
  EXPECT_EQ(may("app@example.org", "x@example.org"), SendRight::none);
  EXPECT_EQ(may("app@example.org", "*@sales.example"), SendRight::none) << "no address";

  EXPECT_EQ(grant("boss@example.org", "*"), "");
  EXPECT_EQ(may("boss@example.org", "anybody@elsewhere.example"), SendRight::as);
  EXPECT_EQ(may("boss@example.org", "bob@example.org"), SendRight::as);
  EXPECT_THAT(list(), ElementsAre("1 Info@Example.org", "2 *", "3 *@sales.example"));
  EXPECT_THAT(list("app@example.org"), ElementsAre("3 *@sales.example"));
}

TEST_F(GrantsTest, ADetailThatSomebodyHasIsTheirs) {
  grant("bob@example.org", "info@example.org");
  add_account("info+x@example.org");
  EXPECT_EQ(may("bob@example.org", "info+x@example.org"), SendRight::none);
  EXPECT_EQ(may("bob@example.org", "info+y@example.org"), SendRight::as);
}

TEST_F(GrantsTest, OnBehalfIsLessAndTheMostCounts) {
  grant("bob@example.org", "boss@example.org", SendRight::on_behalf);
  EXPECT_EQ(may("bob@example.org", "boss@example.org"), SendRight::on_behalf);
  grant("bob@example.org", "*@example.org");
  EXPECT_EQ(may("bob@example.org", "boss@example.org"), SendRight::as);
  EXPECT_EQ(take("bob@example.org", "*@example.org"), "");
  EXPECT_EQ(may("bob@example.org", "boss@example.org"), SendRight::on_behalf);
  grant("bob@example.org", "boss@example.org");
  EXPECT_THAT(list(), ElementsAre("1 boss@example.org")) << "replaced";
  EXPECT_EQ(may("bob@example.org", "bob@example.org"), SendRight::as) << "its own needs none";
}

TEST_F(GrantsTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(grant("nobody@example.org", "info@example.org"), "not_found");
  EXPECT_EQ(grant("info@example.org", "bob@example.org"), "not_found") << "an alias holds no grant";
  EXPECT_EQ(grant("bob@example.org", "info"), "invalid");
  EXPECT_EQ(take("bob@example.org", "info@example.org"), "not_found");
  EXPECT_EQ(error(net::run(directory_->list_grants("nobody@example.org", soon()))), "not_found");
}

TEST_F(GrantsTest, AnAccountHasALimit) {
  for (std::size_t i = 0; i < kMaxGrantsOfAccount; ++i)
    ASSERT_EQ(grant("bob@example.org", std::to_string(i) + "@elsewhere.example"), "");
  EXPECT_EQ(grant("bob@example.org", "more@elsewhere.example"), "too_large");
  EXPECT_EQ(grant("bob@example.org", "7@elsewhere.example", SendRight::on_behalf), "") << "to change one";
  EXPECT_EQ(grant("app@example.org", "more@elsewhere.example"), "");
}

TEST_F(GrantsTest, EachChangeIsInTheAuditLog) {
  grant("bob@example.org", "Info@example.org");
  grant("bob@example.org", "info@example.org");  // changes nothing
  grant("bob@example.org", "info@example.org", SendRight::on_behalf);
  take("bob@example.org", "info@example.org");
  EXPECT_THAT(audit(4), ElementsAre("grant.remove bob@example.org: send on behalf of info@example.org -> ",
                                    "grant.set bob@example.org: send as Info@example.org -> send on behalf of "
                                    "info@example.org",
                                    "grant.add bob@example.org:  -> send as Info@example.org",
                                    "alias.add info@example.org:  -> boss@example.org"));
}

TEST_F(GrantsTest, AGrantEndsWithItsAddressItsDomainAndItsHolder) {
  grant("bob@example.org", "info@example.org");
  grant("bob@example.org", "x@sales.example");
  grant("bob@example.org", "*@sales.example");
  grant("bob@example.org", "y@elsewhere.example");
  grant("app@example.org", "boss@example.org");
  EXPECT_EQ(error(net::run(directory_->remove_alias("test", "info@example.org", soon()))), "");
  EXPECT_EQ(audit(1), std::vector<std::string>{"grant.remove bob@example.org: send as info@example.org -> "});
  EXPECT_EQ(error(net::run(directory_->remove_domain("test", "sales.example", soon()))), "");
  EXPECT_THAT(list(), ElementsAre("1 y@elsewhere.example", "3 boss@example.org"));
  EXPECT_EQ(error(net::run(directory_->remove_account("test", "bob@example.org", soon()))), "");
  EXPECT_EQ(error(net::run(directory_->remove_account("test", "boss@example.org", soon()))), "");
  EXPECT_THAT(list(), IsEmpty());
  // Whoever has a name later owes nothing, and nobody inherits.
  add_account("boss@example.org");
  EXPECT_EQ(may("app@example.org", "boss@example.org"), SendRight::none);
}

TEST_F(GrantsTest, ARenamedAccountTakesTheGrantsOnItAlong) {
  grant("bob@example.org", "boss@example.org", SendRight::on_behalf);
  grant("boss@example.org", "info@sales.example");
  EXPECT_EQ(error(net::run(directory_->set_alias("test", "info@example.org", {"bob@example.org"}, soon()))), "");
  EXPECT_EQ(error(net::run(directory_->rename_account("test", "boss@example.org", "chief@example.org", soon()))), "");
  EXPECT_THAT(list(), ElementsAre("1 chief@example.org on behalf", "2 info@sales.example"));
  EXPECT_EQ(may("bob@example.org", "boss@example.org"), SendRight::none);
}

TEST_F(GrantsTest, GoOutAndInAsText) {
  grant("app@example.org", "*@sales.example");
  grant("app@example.org", "info@example.org");
  grant("app@example.org", "boss@example.org", SendRight::on_behalf);
  grant("boss@example.org", "*");
  const std::string text = *net::run(directory_->export_text({.hashes = false}, soon()));
  EXPECT_THAT(text, HasSubstr("send_as = [\"info@example.org\", \"*@sales.example\"]\n"
                              "send_on_behalf = [\"boss@example.org\"]\n"));
  EXPECT_THAT(text, HasSubstr("send_as = [\"*\"]\n"));
  EXPECT_THAT(apply(text), IsEmpty());
  take("boss@example.org", "*");
  grant("app@example.org", "boss@example.org");
  grant("bob@example.org", "info@example.org");
  EXPECT_THAT(apply(text),
              ElementsAre("~ grant app@example.org: send as boss@example.org -> send on behalf of boss@example.org",
                          "- grant bob@example.org: send as info@example.org", "+ grant boss@example.org: send as *"));
  EXPECT_EQ(*net::run(directory_->export_text({.hashes = false}, soon())), text);
  EXPECT_THAT(list("bob@example.org"), IsEmpty());
}

TEST_F(GrantsTest, ATextThatTakesAnAddressAwayAndGrantsItIsTheSameTheSecondTime) {
  const std::string text =
      "[domains.\"example.org\"]\n[accounts.\"bob@example.org\"]\nsend_as = [\"info@example.org\"]\n";
  EXPECT_THAT(apply(text), Not(IsEmpty()));
  EXPECT_THAT(list(), ElementsAre("1 info@example.org"));
  EXPECT_THAT(apply(text), IsEmpty());
}

TEST(GrantsText, SaysWhereItIsWrong) {
  const std::string before = "[domains.\"example.org\"]\n[accounts.\"bob@example.org\"]\n";
  const std::pair<std::string, std::string> bad[] = {
      {"send_as = \"info@example.org\"", "line 3: a list of identities expected"},
      {"send_as = [3]", "line 3: a text expected"},
      {"send_as = [\"info\"]", "line 3: an address without domain: info"},
      {"send_as = [\"a@b.example\", \"A@B.example\"]", "line 3: A@B.example is listed twice"},
      {"send_as = [\"a@b.example\"]\nsend_on_behalf = [\"a@b.example\"]", "line 4: a@b.example is listed twice"},
  };
  for (const auto& [line, message] : bad) {
    const auto read = read_directory_text(before + line);
    ASSERT_FALSE(read.has_value()) << line;
    EXPECT_EQ(read.error().text(), message);
  }
  std::string many = before + "send_as = [";
  for (std::size_t i = 0; i <= kMaxGrantsOfAccount; ++i) many += "\"" + std::to_string(i) + "@b.example\",";
  EXPECT_THAT(read_directory_text(many + "]").error().text(), HasSubstr("over 1000 grants"));
}

TEST(GrantsRow, ReadsWhatItWrote) {
  for (const char* written : {"Info@Example.org", "*@sales.example", "*"}) {
    const Grant grant{.account = {7},
                      .identity = *parse_identity(written),
                      .right = SendRight::on_behalf,
                      .created = {1'800'000'000'000'000}};
    const auto read = rows::decode_grant(rows::grant_key({7}, grant.identity), rows::encode(grant));
    ASSERT_TRUE(read.has_value()) << read.error().describe();
    EXPECT_EQ(read->account, AccountId{7});
    EXPECT_EQ(read->identity, grant.identity);
    EXPECT_EQ(read->identity.written(), written);
    EXPECT_EQ(read->right, SendRight::on_behalf);
    EXPECT_EQ(read->created, grant.created);
    Bytes wrong = rows::encode(grant);
    wrong[1] = 3;
    EXPECT_EQ(rows::decode_grant(rows::grant_key({7}, grant.identity), wrong).error().code(), Errc::corrupt);
  }
}

}  // namespace
}  // namespace chappe::post
