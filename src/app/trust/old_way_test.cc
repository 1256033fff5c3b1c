#include "app/trust/old_way.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "dns/zone_resolver.h"

using namespace std::chrono_literals;

namespace chappe::app {
namespace {

namespace dmarc = trust::dmarc;
using testing::HasSubstr;

class OldWayTest : public testing::Test {
 protected:
  OldWayTest() {
    std::ofstream(path_) << "// ===BEGIN ICANN DOMAINS===\nexample\nco.example\n// ===END ICANN DOMAINS===\n";
    list_.emplace(dmarc::SuffixList::from_file(path_).value());
  }
  ~OldWayTest() override { std::filesystem::remove(path_); }

  OldWay ask(std::string domain, std::string_view zone) {
    const auto resolver = dns::ZoneResolver::from_text(zone).value();
    return net::run(found(resolver.get(), std::move(domain), &*list_));
  }

 private:
  static net::Task<OldWay> found(dns::Resolver* resolver, std::string domain, const dmarc::SuffixList* list) {
    const auto verdict = co_await dmarc::evaluate(*resolver, {.author = std::move(domain), .spf = {}, .dkim = {}},
                                                  net::Deadline::in(5s));
    co_return co_await old_way(*resolver, verdict, *list, net::Deadline::in(5s));
  }

  std::string path_ = testing::TempDir() + "chappe_suffixes.dat";
  std::optional<dmarc::SuffixList> list_;
};

constexpr std::string_view kRecord = "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n";

TEST_F(OldWayTest, IsToldWhereItDiffers) {
  // The same, whether a walk was needed or not.
  for (const auto* domain : {"bank.example", "mail.bank.example"}) {
    const OldWay way = ask(domain, kRecord);
    EXPECT_EQ(way.organization, "bank.example");
    EXPECT_EQ(way.by_walk, "bank.example");
    EXPECT_FALSE(way.differs());
    EXPECT_EQ(old_way_text(way, false), "");
  }
  // psd=n makes an organization of a subdomain.
  const OldWay part =
      ask("x.part.bank.example", std::string(kRecord) + "_dmarc.part.bank.example. TXT \"v=DMARC1; p=none; psd=n\"\n");
  EXPECT_TRUE(part.differs());
  EXPECT_EQ(part.by_walk, "part.bank.example");
  EXPECT_EQ(part.organization, "bank.example");
  for (const bool french : {false, true}) {
    EXPECT_THAT(old_way_text(part, french), HasSubstr("part.bank.example"));
    EXPECT_THAT(old_way_text(part, french), HasSubstr("_dmarc.bank.example"));
  }
  // The list knows of a registry that has no record with psd=y.
  const OldWay suffix = ask("co.example", "_dmarc.co.example. TXT \"v=DMARC1; p=reject\"\n");
  EXPECT_TRUE(suffix.differs());
  EXPECT_EQ(suffix.organization, "");
  EXPECT_THAT(old_way_text(suffix, false), HasSubstr("public suffix"));
  const OldWay below = ask("a.co.example", "_dmarc.co.example. TXT \"v=DMARC1; p=reject\"\n");
  EXPECT_TRUE(below.differs());
  EXPECT_EQ(below.by_walk, "co.example");
  EXPECT_EQ(below.organization, "a.co.example");
  EXPECT_THAT(old_way_text(below, false), HasSubstr("do not look at _dmarc.co.example"));
}

TEST_F(OldWayTest, WithoutARecordOrAnAnswerNothingIsSaid) {
  const OldWay none = ask("a.b.other.example", "");
  EXPECT_FALSE(none.differs());
  EXPECT_EQ(none.organization, "other.example");
  EXPECT_EQ(none.choice, dmarc::Choice::itself);
  const OldWay failed = ask("a.broken.example", "$SERVFAIL _dmarc.broken.example.\n");
  EXPECT_FALSE(failed.differs());
  EXPECT_EQ(failed.by_walk, "");
  EXPECT_EQ(old_way_text(failed, false), "");
}

TEST_F(OldWayTest, IsWrittenAsItsFormatSays) {
  std::string out;
  codec::json::Writer w(out);
  write_old_way(w, ask("bank.example", kRecord));
  EXPECT_THAT(out, testing::MatchesRegex(R"(\{"list":".*chappe_suffixes.dat","organization":"bank.example",)"
                                         R"("tree_walk":"bank.example","choice":"fewest-labels","differs":false\})"));
}

}  // namespace
}  // namespace chappe::app
