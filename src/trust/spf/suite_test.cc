// The suites of openspf.org for RFC 7208 and RFC 4408. Where we come to something else, kDifferences names the case and
// says why; a difference that is not listed fails, and so does a listed one that is gone.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "trust/spf/check.h"
#include "trust/spf/test_zone.h"

namespace chappe::trust::spf {
namespace {

namespace fs = std::filesystem;

fs::path suite(std::string_view file) {
  const char* set = std::getenv("CHAPPE_VECTORS");
  return (set != nullptr ? fs::path(set) : fs::path("../shared/vectors")) / "spf-openspf" / file;
}

using Differences = std::map<std::string, std::string_view>;

std::vector<std::string> strings_of(const YAML::Node& node) {
  if (node.IsSequence()) return node.as<std::vector<std::string>>();
  return {node.as<std::string>()};
}

void add_records(TestZone& zone, const std::string& owner, const YAML::Node& entries) {
  // What is written as type SPF stands for a TXT record, unless the name says what its TXT records are.
  bool own_txt = false;
  for (const YAML::Node& entry : entries)
    if (entry.IsMap() && entry.begin()->first.as<std::string>() == "TXT") own_txt = true;
  zone.exists(owner);
  for (const YAML::Node& entry : entries) {
    if (entry.IsScalar()) {
      ASSERT_EQ(entry.as<std::string>(), "TIMEOUT") << owner;
      zone.trouble(owner, dns::Outcome::timeout);
      continue;
    }
    const auto type = entry.begin()->first.as<std::string>();
    const YAML::Node value = entry.begin()->second;
    if (type == "SPF" || type == "TXT") {
      if (value.IsScalar() && value.as<std::string>() == "NONE") continue;
      if (type == "SPF") zone.txt(owner, strings_of(value), dns::Type::spf);
      if (type == "TXT" || !own_txt) zone.txt(owner, strings_of(value));
    } else if (type == "A" || type == "AAAA") {
      zone.address(owner, value.as<std::string>());
    } else if (type == "MX") {
      zone.mx(owner, value[0].as<unsigned>(), value[1].as<std::string>());
    } else if (type == "PTR" || type == "CNAME") {
      zone.pointer(owner, type == "PTR" ? dns::Type::ptr : dns::Type::cname, value.as<std::string>());
    } else {
      FAIL() << owner << " has a record of type " << type;
    }
  }
}

net::Task<Verdict> run_check(dns::Resolver* resolver, Query query) {
  co_return co_await check(*resolver, std::move(query), net::Deadline::in(std::chrono::hours(1)));
}

// Runs every case of a suite; returns how many there are.
std::size_t run_suite(const fs::path& file, const Differences& listed) {
  std::size_t cases = 0;
  std::set<std::string> differing;
  for (const YAML::Node& scenario : YAML::LoadAllFromFile(file.string())) {
    if (!scenario.IsMap()) continue;
    TestZone zone;
    for (const auto& owner : scenario["zonedata"])
      if (TestZone::possible(owner.first.as<std::string>()))
        add_records(zone, owner.first.as<std::string>(), owner.second);
    for (const auto& entry : scenario["tests"]) {
      ++cases;
      const auto id = entry.first.as<std::string>();
      const YAML::Node& test = entry.second;
      Query query;
      query.ip = test["host"].as<std::string>();
      query.mail_from = test["mailfrom"].as<std::string>();
      query.helo = test["helo"].as<std::string>();
      query.receiver = "receiver.example";
      const Verdict verdict = net::run(run_check(&zone, query));
      const auto result = std::string(result_row(verdict.result).name);
      const std::vector<std::string> allowed = strings_of(test["result"]);
      std::string difference;
      if (std::find(allowed.begin(), allowed.end(), result) == allowed.end()) difference = "is " + result;
      if (test["explanation"]) {
        auto expected = test["explanation"].as<std::string>();
        if (expected == "DEFAULT") expected.clear();  // RFC 7208 §6.2: ours is empty
        if (verdict.explanation != expected) difference += " explained by '" + verdict.explanation + "'";
      }
      if (difference.empty()) continue;
      differing.insert(id);
      EXPECT_TRUE(listed.contains(id)) << id << " " << difference << ": " << describe(verdict);
    }
  }
  for (const auto& [id, reason] : listed) EXPECT_TRUE(differing.contains(id)) << id << " is listed, but agrees";
  return cases;
}

TEST(SpfSuite, Rfc7208) {
  const fs::path file = suite("rfc7208-tests.yml");
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  EXPECT_EQ(run_suite(file, {}), 203u);
}

TEST(SpfSuite, Rfc4408) {
  const fs::path file = suite("rfc4408-tests.yml");
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  EXPECT_EQ(run_suite(file, {}), 191u);
}

}  // namespace
}  // namespace chappe::trust::spf
