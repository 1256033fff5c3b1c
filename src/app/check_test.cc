#include "app/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/serve_user.h"
#include "crypto/certificate.h"
#include "dns/zone_resolver.h"
#include "net/acceptor.h"
#include "store/rocks.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace chappe::app {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

class Check : public testing::Test {
 protected:
  Check() {
    std::string name = (fs::temp_directory_path() / "chappe-check-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    dir = name;
    config.server.hostname = "mx.example.org";
    config.server.data_dir.value = dir;
  }
  ~Check() override {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }
  // "failure tls: text | fix" for each thing found.
  static std::vector<std::string> told(const CheckList& list) {
    static constexpr const char* kNames[] = {"ok", "warning", "failure"};
    std::vector<std::string> out;
    for (const Checked& c : list.list())
      out.push_back(fmt::format("{} {}: {} | {}", kNames[static_cast<int>(c.health)], c.what, c.text, c.fix));
    return out;
  }
  template <class F>
  std::vector<std::string> told_by(F check) {
    CheckList list(false);
    check(list);
    return told(list);
  }
  void certificate(std::vector<std::string> names, Duration age, Duration lifetime) {
    const auto made =
        crypto::make_self_signed({.names = std::move(names), .not_before = now + -age, .lifetime = lifetime});
    ASSERT_TRUE(made);
    std::ofstream(dir + "/cert.pem", std::ios::trunc) << made->certificate_pem;
    std::ofstream(dir + "/key.pem", std::ios::trunc) << made->key_pem.reveal();
    fs::permissions(dir + "/key.pem", fs::perms::owner_read | fs::perms::owner_write);
    config.tls.cert.value = dir + "/cert.pem";
    config.tls.key.value = dir + "/key.pem";
  }
  std::vector<std::string> certificates() {
    return told_by([&](CheckList& list) { check_certificates(list, config, now); });
  }

  std::string dir;
  Config config;
  const Time now = system_clock().now();
};

TEST_F(Check, Certificates) {
  certificate({"mx.example.org"}, 24h, 24h * 365);
  EXPECT_THAT(certificates(), Contains(HasSubstr("ok tls")).Times(1));
  EXPECT_THAT(certificates(), Contains(HasSubstr("signed by itself")).Times(1));

  certificate({"mx.example.org"}, 24h, 24h * 10 + 1h);
  EXPECT_THAT(certificates(), Contains(HasSubstr("expires in 9 days")));
  certificate({"mx.example.org"}, 48h, 24h);
  EXPECT_THAT(certificates(), Contains(StartsWith("failure tls: " + dir + "/cert.pem expired")));
  certificate({"mx.example.org"}, -48h, 24h * 90);
  EXPECT_THAT(certificates(), Contains(HasSubstr("not valid before")));
  certificate({"other.example.org"}, 24h, 24h * 365);
  EXPECT_THAT(certificates(), Contains(StartsWith("warning tls: " + dir + "/cert.pem is not for mx.example.org")));
}

TEST_F(Check, KeysThatDoNotFitAreFound) {
  certificate({"mx.example.org"}, 24h, 24h * 365);
  fs::rename(dir + "/key.pem", dir + "/old.pem");
  certificate({"mx.example.org"}, 24h, 24h * 365);
  config.tls.key.value = dir + "/old.pem";
  EXPECT_THAT(certificates(), Contains(HasSubstr("does not belong to the certificate")));
  config.tls.key.value = dir + "/missing.pem";
  EXPECT_THAT(certificates(), Contains(StartsWith("failure tls: key: cannot read")));
  config.tls.key.value = dir + "/key.pem";
  fs::permissions(dir + "/key.pem", fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(certificates(), Contains(HasSubstr("| chmod o-r " + dir + "/key.pem")));
  std::ofstream(dir + "/cert.pem", std::ios::trunc) << "nothing\n";
  EXPECT_THAT(certificates(), Contains(StartsWith("failure tls: certificate")));
}

TEST_F(Check, PortsAreFreeOrTheirHolderIsNamed) {
  auto held = net::ListenSocket::bind(*net::Endpoint::parse("127.0.0.1", 0));
  ASSERT_TRUE(held);
  const int port = held->at().port();
  config.listen = {{Role::imap, "127.0.0.1", Port{port}}, {Role::mx, "127.0.0.1", Port{0}}};
  const auto ports = [&](std::optional<Running> running) {
    return told_by([&](CheckList& list) { check_ports(list, config, running); });
  };
  EXPECT_THAT(ports({}), Contains(HasSubstr(fmt::format("127.0.0.1:{} is held by", port))));
  EXPECT_THAT(ports({}), Contains(HasSubstr(fmt::format("process {}", getpid())))) << "it is this one";
  EXPECT_THAT(ports({}), Contains(HasSubstr("ok ports: mx")));
  EXPECT_THAT(ports(Running{getpid(), {}}), Contains(HasSubstr("served by the running server")));
  EXPECT_THAT(ports(Running{1, {fmt::format("imap 127.0.0.1:{}", port)}}),
              Contains(HasSubstr("served by the running server")));
}

TEST_F(Check, TheFolder) {
  const auto folder = [&] { return told_by([&](CheckList& list) { check_data_dir(list, config); }); };
  EXPECT_THAT(folder(), Contains(HasSubstr("free")));
  const Size kept = std::exchange(config.limits.free_space, Size{std::uint64_t{1} << 60});
  EXPECT_THAT(folder(), Contains(HasSubstr("no mail is taken")));
  config.limits.free_space = kept;
  fs::permissions(dir, fs::perms::group_read, fs::perm_options::add);
  EXPECT_THAT(folder(), Contains(HasSubstr("| chmod 700 " + dir)));
  config.server.data_dir.value = dir + "/file";
  std::ofstream(dir + "/file") << "x";
  EXPECT_THAT(folder(), Contains(StartsWith("failure data")));
  config.server.data_dir.value = dir + "/missing";
  EXPECT_THAT(folder(), Contains(StartsWith("warning data")));
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give the folder away";
  config.server.data_dir.value = dir;
  ASSERT_EQ(chown(dir.c_str(), 1, 1), 0);
  EXPECT_THAT(folder(), Contains(HasSubstr("| chown -R root: " + dir)));
}

TEST_F(Check, TheStore) {
  const auto store = [&](std::optional<Running> running) {
    return told_by([&](CheckList& list) { check_store(list, config, running); });
  };
  EXPECT_THAT(store({}), Contains(HasSubstr("none yet")));
  EXPECT_FALSE(fs::exists(dir + "/store")) << "looking makes nothing";
  EXPECT_THAT(store(Running{42, {}}), Contains(HasSubstr("process 42")));
  {
    store::RocksOptions rocks;
    rocks.path = dir + "/store";
    auto held = store::open_rocks(std::move(rocks));
    ASSERT_TRUE(held);
    EXPECT_THAT(store({}), Contains(HasSubstr("another process owns")));
  }
  EXPECT_THAT(store({}), Contains(HasSubstr("store opens")));
  std::ofstream(dir + "/store/CURRENT", std::ios::trunc) << "rubbish";
  EXPECT_THAT(store({}), Contains(StartsWith("failure store")));
}

TEST(CheckList, ExitCodes) {
  CheckList list(true);
  list.add(Health::warning, "tls", {"en {}", "fr {}"}, 1);
  EXPECT_EQ(list.list()[0].text, "fr 1");
  EXPECT_EQ(list.exit_code(), 0);
  list.add(Health::failure, "ports", {"", ""});
  EXPECT_EQ(list.exit_code(), 69);
  list.add(Health::failure, "data", {"", ""});
  EXPECT_EQ(list.exit_code(), 78);
}

TEST(User, RootHasToBecomeSomebodyElse) {
  EXPECT_EQ(find_user("no-such-user-here").error().code(), Errc::config);
  EXPECT_EQ(user_name(0), "root");
  Config config;
  if (geteuid() != 0) {
    EXPECT_FALSE(user_to_become(config)->has_value());
    config.server.user = "root";
    EXPECT_EQ(user_to_become(config).error().code(), Errc::config) << "only root can become somebody else";
    return;
  }
  EXPECT_EQ(user_to_become(config).error().code(), Errc::config) << "nobody is named";
  config.server.user = "root";
  EXPECT_EQ(user_to_become(config).error().code(), Errc::config);
  config.server.user = "nobody";
  ASSERT_TRUE(user_to_become(config));
  EXPECT_EQ((*user_to_become(config))->name, "nobody");
}

TEST_F(Check, WhatAPartOfASiteNeeds) {
  const auto roles = [this] { return told_by([this](CheckList& list) { check_roles(list, config); }); };
  EXPECT_THAT(roles(), testing::ElementsAre("ok roles: plays mx, msa, mta, mda | "));
  config.server.roles = {Actor::mx};
  config.server.mda = {"mda.example.org", 24};
  EXPECT_THAT(roles(), testing::ElementsAre("ok roles: plays mx; the mda is mda.example.org:24 | "));
  config.server.mda_ca.value = dir + "/missing.pem";
  EXPECT_THAT(roles(), Contains(StartsWith("failure roles: server.mda_ca: ")));
  config.server.roles = {Actor::mda};
  config.server.mda = {};
  config.server.mda_ca = {};
  config.listen = {{Role::lmtp, "192.0.2.3", {}}};
  EXPECT_THAT(roles(), Contains(HasSubstr("warning roles: lmtp listens at 192.0.2.3, and server.networks holds the")));
  config.server.networks = {*net::Network::parse("192.0.2.0/28")};
  EXPECT_THAT(roles(), testing::SizeIs(1));
  config.server.networks = {*net::Network::parse("127.0.0.0/8")};
  config.listen = {{Role::lmtp, "127.0.0.1", {}}};
  EXPECT_THAT(roles(), testing::SizeIs(1));
}

// RFC 5782 §5, §7
TEST_F(Check, ListsThatAnswer) {
  const auto zone = dns::ZoneResolver::from_text(
      "2.0.0.127.good.test. 3600 A 127.0.0.2\n"
      "2.0.0.127.all.test. 3600 A 127.0.0.2\n1.0.0.127.all.test. 3600 A 127.0.0.2\n"
      "test.names.test. 3600 A 127.0.0.2\n"
      "2.0.0.127.quota.test. 3600 A 127.255.255.254\n");
  ASSERT_TRUE(zone);
  const auto list = [&](std::string name, bool domains) {
    config.mx.dns_lists = {{.zone = std::move(name), .name = {}, .codes = {}, .domains = domains}};
    return told_by([&](CheckList& out) { check_lists(out, config, **zone); });
  };
  using testing::ElementsAre;
  EXPECT_THAT(list("good.test", false), ElementsAre("ok lists: good.test answers as a list does | "));
  EXPECT_THAT(list("names.test", true), ElementsAre("ok lists: names.test answers as a list does | "));
  EXPECT_THAT(list("all.test", false), ElementsAre(StartsWith("failure lists: all.test holds 127.0.0.1")));
  EXPECT_THAT(list("gone.test", false),
              ElementsAre(testing::AllOf(StartsWith("warning lists: gone.test does not show 127.0.0.2"),
                                         HasSubstr(": not-listed. Letters go on"))));
  EXPECT_THAT(list("quota.test", false),
              ElementsAre(testing::AllOf(StartsWith("warning lists: quota.test does not show 127.0.0.2"),
                                         HasSubstr(": refused. Letters go on"))));
}

TEST_F(Check, JudgesThatAnswer) {
  const auto judges = [this] { return told_by([this](CheckList& list) { check_judges(list, config); }); };
  EXPECT_THAT(judges(), testing::IsEmpty());
  const auto listening = net::ListenSocket::bind(*net::Endpoint::parse("127.0.0.1", 0));
  ASSERT_TRUE(listening);
  const std::string there = fmt::format("inet:127.0.0.1:{}", listening->at().port());
  const std::string nowhere = "unix:" + dir + "/nobody.sock";
  config.judges = {{.name = "a", .address = {there}}};
  EXPECT_THAT(judges(), testing::ElementsAre("ok judge: a answers at " + there + " | "));
  config.judges[0].address.text = nowhere;
  EXPECT_THAT(judges(), testing::ElementsAre(HasSubstr("letters are deferred until it does")));
  config.judges[0].without = WithoutJudge::accept;
  EXPECT_THAT(judges(),
              testing::ElementsAre(testing::AllOf(StartsWith("warning judge: a does not answer at " + nowhere),
                                                  HasSubstr("letters go on without it"))));
}

TEST_F(Check, ProgramsForAttachments) {
  const auto search = [this] { return told_by([this](CheckList& list) { check_extractors(list, config); }); };
  EXPECT_THAT(search(), testing::IsEmpty());
  config.search.extractors = {{.types = {{"application/pdf", ".pdf"}}, .command = {{"/bin/sh", "-c"}}}};
  EXPECT_THAT(search(), testing::ElementsAre("ok search: /bin/sh for application/pdf .pdf | "));
  for (const std::string& program : {dir + "/missing", std::string("/etc/passwd"), std::string("/usr")}) {
    config.search.extractors[0].command.words[0] = program;
    EXPECT_THAT(search(), testing::ElementsAre(StartsWith("failure search: search.extractor: " + program)));
  }
}

}  // namespace
}  // namespace chappe::app
