#include "trust/dmarc/discover.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "dns/test_world.h"
#include "trust/dmarc/evaluate.h"

using namespace std::chrono_literals;

namespace chappe::trust::dmarc {
namespace {

// Records by domain: 'u', 'y' or 'n' for their psd.
using Records = std::map<std::string, char>;

std::string zone_of(const Records& records) {
  std::string out = "x.invalid. A 192.0.2.1\n";
  for (const auto& [domain, psd] : records)
    out += fmt::format("_dmarc.{}. TXT \"v=DMARC1; p=reject; psd={}\"\n", domain, psd);
  return out;
}

// RFC 9989 §4.10 and §4.10.2 once more, step by step on text, without any of the code under test.
std::string organization_of(const Records& records, const std::string& domain) {
  std::vector<std::string> targets;
  std::string target = domain;
  while (true) {
    targets.push_back(target);
    const auto found = records.find(target);
    if (found != records.end() && found->second != 'u') break;
    const auto x = std::count(target.begin(), target.end(), '.') + 1;
    if (x == 1) break;
    auto drop = x < 8 ? 1 : x - 7;
    while (drop-- > 0) target.erase(0, target.find('.') + 1);
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto found = records.find(targets[i]);
    if (found == records.end()) continue;
    if (found->second == 'n') return targets[i];
    if (found->second == 'y' && i > 0) {
      // One label more of the domain that was asked about.
      const std::size_t dot = domain.rfind('.', domain.size() - targets[i].size() - 2);
      return dot == std::string::npos ? domain : domain.substr(dot + 1);
    }
  }
  for (auto it = targets.rbegin(); it != targets.rend(); ++it)
    if (records.contains(*it)) return *it;
  return domain;
}

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int roll(int sides) { return static_cast<int>(engine_() % static_cast<unsigned>(sides)); }
  std::string domain() {
    std::string out(1, "tu"[roll(2)]);
    for (int i = roll(10); i > 0; --i) out = std::string(1, "ab"[roll(2)]) + "." + out;
    return out;
  }

 private:
  std::mt19937 engine_;
};

class DmarcDiscovery : public ::testing::Test, public dns::TestWorld {
 protected:
  std::string organization(dns::Resolver& resolver, const std::string& domain) {
    return executor.run(walk(&resolver, dns::name(domain)));
  }
  Verdict judge(dns::Resolver& resolver, Input input) { return executor.run(evaluated(&resolver, std::move(input))); }

 private:
  static net::Task<std::string> walk(dns::Resolver* resolver, dns::Name start) {
    Discoverer discoverer(*resolver, net::Deadline::in(5s));
    const std::size_t index = co_await discoverer.walk(start);
    EXPECT_EQ(co_await discoverer.walk(start), index);
    const Discovery out = discoverer.take();
    EXPECT_LE(out.asked.size(), kMaxWalkQueries);
    EXPECT_EQ(out.walks[index].steps.size(), out.asked.size());
    co_return out.walks[index].organization->domain();
  }
  static net::Task<Verdict> evaluated(dns::Resolver* resolver, Input input) {
    co_return co_await evaluate(*resolver, std::move(input), net::Deadline::in(5s));
  }
};

// Over many trees: the organization is the one that the RFC's steps lead to, and no identifier is aligned or not for
// another reason than that its own walk says so, though most walks are not made.
TEST_F(DmarcDiscovery, AgreesWithTheStepsOfTheRfc) {
  Dice dice(1);
  int aligned = 0, foreign = 0;
  for (int round = 0; round < 400; ++round) {
    Records records;
    const std::string author = dice.domain(), other = dice.domain();
    // On the way up from one of them, where records matter.
    for (std::string way : {author, other})
      for (;; way.erase(0, way.find('.') + 1)) {
        if (dice.roll(3) == 0) records.emplace(way, "uuuyn"[dice.roll(5)]);
        if (way.find('.') == std::string::npos) break;
      }
    const auto resolver = dns::zone_resolver(zone_of(records));
    const std::string author_organization = organization_of(records, author);
    const std::string other_organization = organization_of(records, other);
    ASSERT_EQ(organization(*resolver, author), author_organization) << author << "\n" << zone_of(records);
    ASSERT_EQ(organization(*resolver, other), other_organization) << other << "\n" << zone_of(records);

    Input input{.author = author, .spf = {}, .dkim = {}};
    input.dkim.push_back({other, "s", Authentication::pass, false});
    const Verdict verdict = judge(*resolver, std::move(input));
    if (verdict.result == Outcome::none) continue;
    const bool should = author == other || author_organization == other_organization;
    ASSERT_EQ(verdict.result == Outcome::pass, should) << author << " " << other << "\n" << zone_of(records);
    ++(should ? aligned : foreign);
  }
  EXPECT_GT(aligned, 40);
  EXPECT_GT(foreign, 40);
}

TEST_F(DmarcDiscovery, TheRoot) {
  const auto resolver = dns::zone_resolver("x.invalid. A 192.0.2.1\n");
  EXPECT_EQ(organization(*resolver, "."), dns::Name().domain());
}

TEST_F(DmarcDiscovery, Names) {
  EXPECT_EQ(walk_end_name(WalkEnd::psd_yes), "psd-yes");
  EXPECT_EQ(walk_end_name(WalkEnd::top), "top");
  EXPECT_EQ(choice_name(Choice::below_psd), "below-psd");
  EXPECT_EQ(choice_name(Choice::unknown), "unknown");
}

}  // namespace
}  // namespace chappe::trust::dmarc
