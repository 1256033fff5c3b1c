// The ARC test suite of ValiMail: what each letter's chain is, and what sealers make of letters.
#include <yaml-cpp/yaml.h>

#include "trust/arc/seal.h"
#include "trust/arc/testing.h"
#include "trust/dkim/tag_list.h"

namespace chappe::trust::arc {
namespace {

// The resolver of a scenario.
std::unique_ptr<dns::ZoneResolver> zone_of(const YAML::Node& scenario) {
  std::string text = dkim::txt("nothing.example.", "x");
  for (const auto& record : scenario["txt-records"]) {
    std::string value;
    for (const char c : record.second.as<std::string>())
      if (c != '\n') value += c;
    text += dkim::txt(record.first.as<std::string>() + ".", value);
  }
  return dkim::zone(text);
}

TEST(ArcVectors, Validation) {
  const auto path = dkim::vectors() / "arc-valimail" / "arc-draft-validation-tests.half.yml";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no vectors at " << path;
  std::size_t count = 0;
  for (const YAML::Node& scenario : YAML::LoadAllFromFile(path.string())) {
    const auto resolver = zone_of(scenario);
    for (const auto& test : scenario["tests"]) {
      const auto name = test.first.as<std::string>();
      const std::string cv = to_lower(trim(test.second["cv"].as<std::string>("")));
      Judge judge(*resolver);
      const Verdict v = judge(dkim::crlf(test.second["message"].as<std::string>()));
      // Two say nothing: their newest seal has cv=fail.
      const std::string expected = cv.empty() ? "fail" : cv;
      EXPECT_EQ(status_name(v.status()), expected) << name << ": " << reason_row(v.reason).id << ' ' << v.detail;
      ++count;
    }
  }
  EXPECT_GE(count, 80u);
}

// A folded value of the suite as a field.
std::string field(std::string_view name, const YAML::Node& value) {
  std::string out = std::string(name) + ": ";
  const auto text = value.as<std::string>();
  for (const char c : trim(text)) out += c == '\n' ? std::string("\r\n ") : std::string(1, c);
  return out + "\r\n";
}

// A message signature as the suite's seals were made over it: with a b= that was not folded yet.
YAML::Node unfolded(const YAML::Node& value) {
  std::string text = value.as<std::string>();
  const std::size_t begin = text.find("b="), end = text.find(';', begin);
  const std::string whole = dkim::without_blanks(ByteView(text).substr(begin, end - begin));
  return YAML::Node(text.replace(begin, end - begin, whole));
}

// Whether the seal of the newest set holds over that set alone (RFC 8617 §5.1.2).
bool seals_its_own_set(std::string_view bytes, dns::Resolver& resolver) {
  const message::Letter letter(bytes);
  Chain chain = collect(letter.fields());
  Set& newest = chain.sets.back();
  dkim::KeyQuestions questions;
  EXPECT_TRUE(questions.add(newest.seal->signature));
  ManualClock clock;
  net::LocalExecutor executor(clock);
  const auto ask = [](dkim::KeyQuestions* q, dns::Resolver* r) -> net::Task<std::vector<dns::Answer>> {
    co_return co_await std::move(*q).ask(*r, net::Deadline::in(std::chrono::seconds(5)));
  };
  const auto answers = executor.run(ask(&questions, &resolver));
  std::vector<dkim::FitKey> fit;
  const dkim::Limits limits;
  EXPECT_FALSE(dkim::key_fault(*newest.seal, answers[0], limits, fit));
  const std::string text = sealed_text(letter.fields(), std::span(&newest, 1));
  dkim::decide_by_keys(*newest.seal, std::move(fit), text, limits);
  return newest.seal->reason == dkim::Reason::verified;
}

// The suite compares octets of b=, which hang on the order of tags in it, and that is anybody's choice. So: the sets
// that it expects hold by our verifier, and ours, made with its key, hold as well and say the same.
TEST(ArcVectors, Sealing) {
  const auto path = dkim::vectors() / "arc-valimail" / "arc-draft-sign-tests.half.yml";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no vectors at " << path;
  std::size_t count = 0;
  for (const YAML::Node& scenario : YAML::LoadAllFromFile(path.string())) {
    const auto resolver = zone_of(scenario);
    const auto secret = crypto::PrivateKey::from_pem(crypto::Secret(scenario["privatekey"].as<std::string>()));
    ASSERT_TRUE(secret);
    const dkim::SigningKey key{std::make_shared<const crypto::PrivateKey>(*secret),
                               scenario["domain"].as<std::string>(), scenario["sel"].as<std::string>()};
    for (const auto& test : scenario["tests"]) {
      const auto name = test.first.as<std::string>();
      const std::string bytes = dkim::crlf(test.second["message"].as<std::string>());
      Judge judge(*resolver);
      const Status came = judge(bytes).status();
      const std::string theirs = field("ARC-Seal", test.second["AS"]) +
                                 field("ARC-Message-Signature", unfolded(test.second["AMS"])) +
                                 field("ARC-Authentication-Results", test.second["AAR"]) + bytes;
      SealOptions options;
      options.names.clear();
      const auto signed_fields = test.second["sig-headers"].as<std::string>();
      for (const std::string_view n : split(signed_fields, ':')) options.names.push_back({std::string(n), 0});
      const message::Letter letter(bytes);
      const dkim::BodyHashKind kinds[] = {options.body_kind()};
      dkim::BodyHashes bodies(kinds);
      bodies.feed(letter.body_bytes(letter.root()));
      bodies.finish();
      std::string results(trim(std::string_view(test.second["AAR"].as<std::string>())));
      results = results.substr(results.find(';') + 1);
      std::ranges::replace(results, '\n', ' ');
      const auto made = seal(letter.fields(), bodies, came, results, key,
                             Time{test.second["t"].as<std::int64_t>() * 1'000'000}, options);
      ASSERT_TRUE(made) << name << ": " << made.error().text();
      ASSERT_TRUE(*made) << name;
      const std::string ours = (*made)->fields + bytes;
      const Verdict expected = judge(theirs), got = judge(ours);
      ASSERT_FALSE(expected.sets.empty()) << name;
      if (came == Status::fail) {
        EXPECT_EQ(reason_row(expected.reason).id, "failed-before") << name;
        EXPECT_TRUE(seals_its_own_set(theirs, *resolver)) << name;
        EXPECT_TRUE(seals_its_own_set(ours, *resolver)) << name;
      } else {
        EXPECT_EQ(reason_row(expected.reason).id, "verified") << name << ": " << expected.detail;
      }
      EXPECT_EQ(reason_row(got.reason).id, reason_row(expected.reason).id) << name << ": " << got.detail;
      ASSERT_EQ(got.sets.size(), expected.sets.size()) << name;
      const Set &a = got.sets.back(), &b = expected.sets.back();
      EXPECT_EQ(a.instance, b.instance) << name;
      EXPECT_EQ(a.seal->signature.chain, b.seal->signature.chain) << name;
      EXPECT_EQ(a.seal->signature.made, b.seal->signature.made) << name;
      EXPECT_EQ(a.message->signature.body_hash, b.message->signature.body_hash) << name;
      EXPECT_EQ(a.message->signature.fields, b.message->signature.fields) << name;
      std::string ours_aar, theirs_aar;
      dkim::append_canonical(ours_aar, dkim::Canon::relaxed, message::Letter(ours).fields()[*a.results]);
      dkim::append_canonical(theirs_aar, dkim::Canon::relaxed, message::Letter(theirs).fields()[*b.results]);
      EXPECT_EQ(ours_aar, theirs_aar) << name;
      ++count;
    }
  }
  EXPECT_GE(count, 9u);
}

}  // namespace
}  // namespace chappe::trust::arc
