#include "post/directory/apply.h"

#include <gmock/gmock.h>

#include "post/directory/testing.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ApplyTest : public testing::DirectoryTest {
 protected:
  static Deadline soon() { return testing::soon(); }

  // What changed, a line each; or the error.
  std::vector<std::string> apply(std::string text, bool dry_run = false) {
    const auto differences = net::run(directory_->apply_text("test", std::move(text), dry_run, soon()));
    if (!differences) return {differences.error().describe()};
    std::vector<std::string> out;
    for (const auto& d : *differences) out.push_back(d.describe());
    return out;
  }
  std::string exported(bool hashes = false) { return *net::run(directory_->export_text({.hashes = hashes}, soon())); }
};

constexpr auto kText = R"(
[domains."Bücher.example"]
scram = false
separator = "-"

[domains."example.org"]

[accounts."Bob@example.org"]
name = "Bob \"the\" Builder"
quota = 1000000

[accounts."alice@bücher.example"]
enabled = false

[aliases."sales@example.org"]
targets = ["later@example.org", "someone@remote.example"]

[aliases."later@example.org"]
targets = ["bob@example.org"]
)";

TEST_F(ApplyTest, MakesWhatTheTextSays) {
  EXPECT_THAT(
      apply(kText),
      ElementsAre("+ domain example.org: scram=true scram_iterations=4096 separator=+ detail_is_folder=false",
                  "+ domain Bücher.example: scram=false scram_iterations=4096 separator=- detail_is_folder=false",
                  "+ account Bob@example.org: name=\"Bob \"the\" Builder\" enabled=true quota=1000000",
                  "+ account alice@bücher.example: name=\"\" enabled=false quota=0",
                  "+ alias later@example.org: bob@example.org",
                  "+ alias sales@example.org: later@example.org someone@remote.example"));
  EXPECT_EQ(resolve("sales@example.org"), "alias later@example.org someone@remote.example");
  EXPECT_THAT(apply(kText), IsEmpty());
  EXPECT_THAT(apply(exported()), IsEmpty());
}

TEST_F(ApplyTest, ExportIsTheSameEachTime) {
  apply(kText);
  const auto text = exported();
  EXPECT_EQ(text, R"(# The directory of Chappe: domains, accounts, aliases.

[domains."example.org"]
scram = true
scram_iterations = 4096
separator = "+"
detail_is_folder = false

[domains."Bücher.example"]
scram = false
scram_iterations = 4096
separator = "-"
detail_is_folder = false

[accounts."Bob@example.org"]
name = "Bob \"the\" Builder"
enabled = true
quota = 1000000

[accounts."alice@bücher.example"]
name = ""
enabled = false
quota = 0

[aliases."later@example.org"]
targets = ["bob@example.org"]

[aliases."sales@example.org"]
targets = ["later@example.org", "someone@remote.example"]
)");
  EXPECT_EQ(write_directory_text(*read_directory_text(text)), text);
}

TEST_F(ApplyTest, ADryRunOnlySays) {
  EXPECT_EQ(apply(kText, true).size(), 6U);
  EXPECT_TRUE(net::run(directory_->list_domains(soon()))->empty());
  EXPECT_TRUE(net::run(directory_->audit({}, 10, soon()))->empty());
  EXPECT_THAT(apply("[domains.\"example.org\"]\n[aliases.\"a@example.org\"]\ntargets = [\"x@example.org\"]", true),
              ElementsAre(HasSubstr("not_found: the target x@example.org of an alias is nobody's address")));
}

TEST_F(ApplyTest, ChangesAndRemovesWithinListedDomainsOnly) {
  apply(kText);
  const auto bob = id("bob@example.org");
  // Bücher.example is not listed, and stays.
  EXPECT_THAT(apply(R"(
[domains."example.org"]
separator = ""
[accounts."bob@example.org"]
name = "Bob"
[accounts."sales@example.org"]
[aliases."later@example.org"]
targets = ["sales@example.org"]
)"),
              ElementsAre("- alias sales@example.org: later@example.org someone@remote.example",
                          "~ domain example.org: scram=true scram_iterations=4096 separator=+ detail_is_folder=false "
                          "-> scram=true scram_iterations=4096 separator=none detail_is_folder=false",
                          "~ account bob@example.org: name=\"Bob \"the\" Builder\" enabled=true quota=1000000 -> "
                          "name=\"Bob\" enabled=true quota=0",
                          "+ account sales@example.org: name=\"\" enabled=true quota=0",
                          "~ alias later@example.org: bob@example.org -> sales@example.org"));
  EXPECT_EQ(id("bob@example.org"), bob);
  EXPECT_NE(id("alice@bücher.example"), AccountId());
  EXPECT_THAT(apply("[domains.\"bücher.example\"]\nremoved = true"),
              ElementsAre(HasSubstr("- account alice@bücher.example"), HasSubstr("- domain Bücher.example")));
  EXPECT_THAT(apply("[domains.\"bücher.example\"]\nremoved = true"), IsEmpty());
  EXPECT_EQ(net::run(directory_->list_domains(soon()))->size(), 1U);
}

TEST_F(ApplyTest, WhatIsATargetElsewhereIsNotRemoved) {
  apply(kText);
  EXPECT_THAT(apply("[domains.\"bücher.example\"]\n[accounts.\"alice@bücher.example\"]\n"
                    "[aliases.\"x@bücher.example\"]\ntargets = [\"bob@example.org\"]"),
              ElementsAre(HasSubstr("~ domain"), HasSubstr("~ account"), HasSubstr("+ alias")));
  EXPECT_THAT(apply("[domains.\"example.org\"]"),
              ElementsAre("exists: Bob@example.org is still a target of the alias x@xn--bcher-kva.example"));
  EXPECT_NE(id("bob@example.org"), AccountId());
}

TEST_F(ApplyTest, HashesTravelOnlyWhenAskedFor) {
  add_domain("example.org");
  add_domain("plain.example", {.scram = false});
  add_account("bob@example.org", "secret");
  add_account("carol@plain.example", "secret2");
  add_account("nobody@example.org");
  EXPECT_THAT(exported(), Not(HasSubstr("argon2id")));
  const auto text = exported(true);
  EXPECT_THAT(text, HasSubstr("password_hash = \"$argon2id$v=19$"));
  EXPECT_THAT(text, HasSubstr("scram_sha_256 = \"4096$"));
  EXPECT_THAT(apply(text), IsEmpty());

  // Into another directory.
  store_ = store::make_memory();
  store::Commit commit(*store_, {.mode = store::Commit::Mode::in_line});
  auto other_parts = parts();
  other_parts.commit = &commit;
  directory_ = std::move(*net::run(Directory::open(other_parts, options_, soon())));
  EXPECT_THAT(apply(text), ::testing::Contains("+ password bob@example.org: by its hash"));
  EXPECT_THAT(apply(text), IsEmpty());
  EXPECT_EQ(exported(true), text);
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(login("nobody@example.org", ""), "unauthenticated");
  EXPECT_EQ(net::run(directory_->scram_verifier("bob@example.org", soon()))->account, AccountId{1});
  // A text without hashes leaves passwords as they are; one with another hash ends what was known.
  EXPECT_THAT(apply(exported()), IsEmpty());
  const std::string hash = *crypto::hash_password(crypto::Secret("third"), testing::kCheap, random_);
  EXPECT_THAT(apply("[domains.\"example.org\"]\n[accounts.\"nobody@example.org\"]\n[accounts.\"bob@example.org\"]\n"
                    "password_hash = \"" +
                    hash + "\""),
              ElementsAre("~ password bob@example.org: by its hash"));
  EXPECT_EQ(login("bob@example.org", "secret"), "unauthenticated");
  EXPECT_EQ(login("bob@example.org", "third"), "1");
  EXPECT_EQ(net::run(directory_->scram_verifier("bob@example.org", soon()))->account, AccountId());
  directory_.reset();
}

TEST(DirectoryText, SaysWhereItIsWrong) {
  const std::string domain = "[domains.\"example.org\"]\n";
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"[domains", "line 1: "},
      {"x = 1", "line 1: a table expected"},
      {"[strange]", "line 1: unknown section strange"},
      {"[domains.\"a b\"]", "line 1: not a domain name: a b"},
      {"[domains.\"example.org\"]\nspf = true", "line 2: unknown key spf"},
      {domain + "scram = 1", "line 2: true or false expected"},
      {domain + "scram_iterations = -1", "line 2: a number from 0 to 1000000 expected"},
      {domain + "separator = \"++\"", "line 2: a separator is one character or none"},
      {domain + "[domains.\"EXAMPLE.org\"]", "line 1: the domain example.org is listed twice"},
      {"[accounts.\"bob@example.org\"]", "bob@example.org: its domain is not listed"},
      {domain + "removed = true\n[accounts.\"bob@example.org\"]", "bob@example.org: its domain is to be removed"},
      {domain + "[accounts.bob]", "line 2: an address without domain: bob"},
      {domain + "[accounts.\"bob@example.org\"]\nname = 3", "line 3: a text expected"},
      {domain + "[accounts.\"bob@example.org\"]\nquota = -3", "line 3: a number"},
      {domain + "[accounts.\"bob@example.org\"]\nadmin = true", "line 3: unknown key admin"},
      {domain + "[accounts.\"bob@example.org\"]\npassword_hash = \"x\"", "line 3: not an argon2id hash"},
      {domain + "[accounts.\"b@example.org\"]\nscram_sha_256 = \"1$YQ==$a$b\"", "line 3: SCRAM iterations"},
      {domain + "[accounts.\"b@example.org\"]\nscram_sha_256 = \"4096$YQ==$a$b\"", "line 3: not a SCRAM key"},
      {domain + "[accounts.\"b@example.org\"]\nscram_sha_256 = \"4096$$a$b\"", "line 3: not a SCRAM salt"},
      {domain + "[accounts.\"b@example.org\"]\nscram_sha_256 = \"x\"", "line 3: a SCRAM verifier is"},
      {domain + "[accounts.\"b@example.org\"]\nscram_sha_256 = \"4096$YQ==$" + std::string(43, 'A') + "=$" +
           std::string(43, 'A') + "=\"",
       "line 2: scram_sha_256 without password_hash"},
      {domain + "[accounts.\"b@example.org\"]\n[accounts.\"B@example.org\"]",
       "line 2: the account b@example.org is listed twice"},
      {domain + "[aliases.\"a@example.org\"]", "line 2: an alias needs targets"},
      {domain + "[aliases.\"a@example.org\"]\ntargets = \"b@example.org\"", "line 3: a list of addresses expected"},
      {domain + "[aliases.\"a@example.org\"]\ntargets = [\"b\"]", "line 3: an address without domain: b"},
      {domain + "[aliases.\"a@example.org\"]\ntargets = [3]", "line 3: a text expected"},
      {domain + "[aliases.\"a@example.org\"]\nto = [3]", "line 3: unknown key to"},
      {domain + "[aliases.\"a@example.org\"]\ntargets=[\"x@a.example\"]\n[aliases.\"A@example.org\"]\n"
                "targets=[\"x@a.example\"]",
       "line 2: the alias a@example.org is listed twice"},
      {domain + "[accounts.\"a@example.org\"]\n[aliases.\"a@example.org\"]\ntargets = [\"b@example.org\"]",
       "a@example.org is an account and an alias"},
  };
  for (const auto& [text, message] : bad) {
    const auto read = read_directory_text(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code(), Errc::invalid) << text;
    EXPECT_THAT(read.error().text(), StartsWith(message)) << text;
  }
}

TEST(DirectoryText, HasLimits) {
  EXPECT_EQ(read_directory_text(std::string(kMaxDirectoryText + 1, ' ')).error().code(), Errc::too_large);
  std::string deep = "x = ";
  for (int i = 0; i < 100'000; ++i) deep += '[';
  EXPECT_EQ(read_directory_text(deep).error().code(), Errc::invalid);
  std::string many = "[domains.\"example.org\"]\n[aliases.\"a@example.org\"]\ntargets = [";
  for (std::size_t i = 0; i <= kMaxTargetsOfAlias; ++i) many += "\"x@remote.example\",";
  EXPECT_EQ(read_directory_text(many + "]").error().code(), Errc::invalid);
}

}  // namespace
}  // namespace chappe::post
