#include "trust/arc/verify.h"

#include <gtest/gtest.h>

#include "trust/arc/seal.h"
#include "trust/arc/testing.h"

namespace chappe::trust::arc {
namespace {

constexpr Time kNow{1'700'000'000'000'000};
const std::string kLetter =
    "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=From; bh=x; b=QUJD\r\n"
    "From: Joe <joe@example.org>\r\nTo: list@example.net\r\nSubject: x\r\nDate: Fri, 20 Nov 2026 18:46:00 +0100\r\n\r\n"
    "Hello\r\n";

class Arc : public ::testing::Test {
 protected:
  Arc() {
    key = std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate_ed25519().value());
    text = dkim::txt("s._domainkey.example.net.", dkim::key_record(*key));
    resolver = dkim::zone(text);
  }
  std::optional<Sealed> try_seal(const std::string& bytes, Status came,
                                 std::string_view results = "mx.example.net; spf=pass") {
    const message::Letter letter(bytes);
    const SealOptions options;
    const dkim::BodyHashKind kinds[] = {options.body_kind()};
    dkim::BodyHashes bodies(kinds);
    bodies.feed(letter.body_bytes(letter.root()));
    bodies.finish();
    auto made = seal(letter.fields(), bodies, came, results, {key, "example.net", "s"}, kNow, options);
    EXPECT_TRUE(made) << made.error().text();
    return made ? std::move(*made) : std::nullopt;
  }
  std::string sealed(const std::string& bytes, Status came) {
    const auto made = try_seal(bytes, came);
    EXPECT_TRUE(made);
    return (made ? made->fields : "") + bytes;
  }
  // Sealed that many times.
  std::string chain(int sets, std::string bytes = kLetter) {
    for (int i = 0; i < sets; ++i) bytes = sealed(bytes, i == 0 ? Status::none : Status::pass);
    return bytes;
  }
  Verdict judge(const std::string& bytes) { return Judge(*resolver)(bytes); }
  std::string why(const std::string& bytes) { return std::string(reason_row(judge(bytes).reason).id); }

  std::shared_ptr<const crypto::PrivateKey> key;
  std::string text;
  std::unique_ptr<dns::ZoneResolver> resolver;
};

std::string replaced(std::string bytes, std::string_view from, std::string_view to) {
  const std::size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? bytes : bytes.replace(at, from.size(), to);
}
// Without the first field of that name.
std::string without(std::string bytes, const std::string& name) {
  const message::Letter letter(bytes);
  for (const message::Field& f : letter.fields())
    if (f.is(name)) return bytes.erase(f.offset(), f.raw().size());
  ADD_FAILURE() << "no " << name;
  return bytes;
}

TEST_F(Arc, ALetterWithoutAChain) {
  const Verdict v = judge(kLetter);
  EXPECT_EQ(v.status(), Status::none);
  EXPECT_TRUE(v.questions.empty());
}

TEST_F(Arc, ChainsHold) {
  for (const int sets : {1, 2, 3, 5}) {
    const Verdict v = judge(chain(sets));
    EXPECT_EQ(reason_row(v.reason).id, "verified") << v.detail;
    EXPECT_EQ(v.sets.size(), static_cast<std::size_t>(sets));
    EXPECT_EQ(v.questions.size(), 1u);  // one key, asked once
    EXPECT_EQ(v.oldest_pass, 0u);
    for (const Set& set : v.sets) EXPECT_TRUE(set.seal_looked_at && set.message_looked_at);
  }
}

TEST_F(Arc, FiftySetsAreAChainAndNoMoreAreAdded) {
  const std::string full = chain(50);
  EXPECT_EQ(why(full), "verified");
  EXPECT_FALSE(try_seal(full, Status::pass));
  EXPECT_EQ(why(replaced(full, "ARC-Seal: i=50", "ARC-Seal: i=51")), "bad-field");
}

TEST_F(Arc, ChangedLetters) {
  const std::string one = chain(1);
  EXPECT_EQ(why(replaced(one, "Hello", "hello")), "message-signature");
  EXPECT_EQ(why(replaced(one, "Subject: x", "Subject: y")), "message-signature");
  EXPECT_EQ(why(replaced(one, "spf=pass", "spf=fail")), "seal");
  EXPECT_EQ(why("Cc: x@example.com\r\n" + one), "message-signature");
  // Blanks may change.
  EXPECT_EQ(why(replaced(one, "Subject: x", "SUBJECT:\r\n x ")), "verified");
  EXPECT_EQ(why(replaced(one, "spf=pass", "  spf=pass ")), "verified");
}

TEST_F(Arc, AHopThatChangedTheLetterAndSealedItIsSeen) {
  const std::string changed = replaced(chain(2), "Hello", "[list] Hello");
  EXPECT_EQ(why(changed), "message-signature");
  // It sealed what it sent on: the chain holds, and tells since when the letter is as it is.
  const std::string again = sealed(changed, Status::pass);
  const Verdict v = judge(sealed(again, Status::pass));
  EXPECT_EQ(reason_row(v.reason).id, "verified");
  EXPECT_EQ(v.oldest_pass, 3u);
  EXPECT_EQ(v.sets[1].message->reason, dkim::Reason::body_differs);
  EXPECT_FALSE(v.sets[0].message_looked_at);
}

TEST_F(Arc, OlderSetsAreSealedToo) {
  const std::string three = chain(3);
  const message::Letter letter(three);
  // Each field of each set: any change is found by a seal, or by the signature that it is.
  for (const message::Field& f : letter.fields()) {
    if (!istarts_with(f.name(), "ARC-")) continue;
    std::string bent = three;
    const std::size_t at = f.offset() + f.raw().find(f.is("ARC-Authentication-Results") ? "spf=pass" : "t=1700000000");
    bent[at + 3] = bent[at + 3] == 'p' ? 'P' : '8';
    const Verdict v = judge(bent);
    EXPECT_EQ(v.status(), Status::fail) << f.raw();
  }
}

TEST_F(Arc, StructuresThatAreNone) {
  const std::string two = chain(2);
  EXPECT_EQ(why(without(two, "ARC-Seal")), "set-incomplete");
  EXPECT_EQ(why(without(two, "ARC-Message-Signature")), "set-incomplete");
  EXPECT_EQ(why(without(two, "ARC-Authentication-Results")), "set-incomplete");
  std::string gap = two;  // the older set is gone
  for (const char* name : {"ARC-Seal: i=1", "ARC-Message-Signature: i=1", "ARC-Authentication-Results: i=1"})
    gap = replaced(gap, name, "X: ");
  EXPECT_EQ(why(gap), "gap");
  EXPECT_EQ(why("ARC-Authentication-Results: i=2; x\r\n" + two), "set-twofold");
  EXPECT_EQ(why("ARC-Seal: i=2; cv=pass\r\n" + two), "set-twofold");
  for (const char* field : {"ARC-Authentication-Results: mx; spf=pass", "ARC-Authentication-Results: i=0; x",
                            "ARC-Authentication-Results: i=51; x", "ARC-Authentication-Results: i=3 x", "ARC-Seal: x",
                            "ARC-Seal: i=; cv=pass", "ARC-Message-Signature: i=1; i=1"})
    EXPECT_EQ(why(std::string(field) + "\r\n" + two), "bad-field") << field;
}

TEST_F(Arc, WhatSealsSayOfTheChain) {
  EXPECT_EQ(why(replaced(chain(1), "cv=none", "cv=pass")), "chain-value");
  EXPECT_EQ(why(replaced(chain(2), "cv=pass", "cv=none")), "chain-value");
  EXPECT_EQ(why(replaced(chain(2), "cv=none", "cv=fail")), "chain-value");
  // The newest one decides first, whatever else is wrong (RFC 8617 §5.2, step 2).
  const std::string failed = replaced(chain(2), "cv=pass", "cv=fail");
  EXPECT_EQ(why(failed), "failed-before");
  EXPECT_EQ(why(replaced(failed, "ARC-Seal: i=1", "X: ")), "failed-before");
}

TEST_F(Arc, TagsThatASealMayNotHave) {
  const Verdict v = judge(replaced(chain(1), "ARC-Seal: i=1;", "ARC-Seal: i=1; h=from;"));
  EXPECT_EQ(reason_row(v.reason).id, "seal");
  EXPECT_EQ(v.sets[0].seal->reason, dkim::Reason::tag_not_allowed);
}

TEST_F(Arc, TroubleWithTheDnsIsAFailureThatTellsItself) {
  const std::string one = chain(1);
  for (const char* fault : {"$TIMEOUT", "$SERVFAIL"}) {
    resolver = dkim::zone(std::string(fault) + " s._domainkey.example.net.\n");
    const Verdict v = judge(one);
    EXPECT_EQ(v.status(), Status::fail);  // RFC 8617 §5.2.1
    EXPECT_EQ(v.sets[0].message->reason, dkim::Reason::key_unavailable);
    EXPECT_EQ(v.at, 1u);
  }
}

TEST_F(Arc, KeysOfAChainAreLimited) {
  Judge judge(*resolver);
  judge.limits.keys = 0;
  EXPECT_EQ(judge(chain(1)).reason, Reason::too_many_keys);
}

TEST_F(Arc, WhatIsHashedIsLimited) {
  Judge judge(*resolver);
  judge.limits.signature.octets = 2000;
  const Verdict v = judge(chain(5));
  EXPECT_EQ(v.status(), Status::fail);
  EXPECT_EQ(v.sets[4].seal->reason, dkim::Reason::header_too_large);
}

// ---- sealing

TEST_F(Arc, SealingChangesNoEarlierSet) {
  const std::string two = chain(2);
  const std::string three = sealed(two, Status::pass);
  EXPECT_TRUE(three.ends_with(two));
}

TEST_F(Arc, AFailedChainIsSealedAsFailedAndThenNoMore) {
  const std::string broken = replaced(chain(2), "Hello", "hello");
  const auto made = try_seal(broken, Status::fail);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->instance, 3u);
  EXPECT_TRUE(made->fields.contains("cv=fail"));
  EXPECT_FALSE(made->fields.contains("cv=pass"));
  const std::string bytes = made->fields + broken;
  EXPECT_EQ(why(bytes), "failed-before");
  EXPECT_FALSE(try_seal(bytes, Status::fail));
  EXPECT_FALSE(try_seal(bytes, Status::pass));  // nor as anything else
  // A set in disorder gets the number behind the highest.
  const auto odd = try_seal(replaced(chain(2), "ARC-Seal: i=1", "X: "), Status::fail);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->instance, 3u);
}

TEST_F(Arc, AChainThatIsNotTheOneThatCameIsNotSealed) {
  const auto code = [&](const std::string& bytes, Status came, Time at = kNow) {
    const message::Letter letter(bytes);
    const SealOptions options;
    const dkim::BodyHashKind kinds[] = {options.body_kind()};
    dkim::BodyHashes bodies(kinds);
    bodies.finish();
    const auto made = seal(letter.fields(), bodies, came, "mx; spf=pass", {key, "example.net", "s"}, at, options);
    return made ? std::string("sealed") : std::string(error_row(made.error().code()).name);
  };
  EXPECT_EQ(code(kLetter, Status::pass), "invalid");
  EXPECT_EQ(code(chain(1), Status::none), "invalid");
  EXPECT_EQ(code(without(chain(1), "ARC-Seal"), Status::pass), "invalid");
  EXPECT_EQ(code(chain(1), Status::pass), "sealed");
  EXPECT_EQ(code(chain(1), Status::pass, {-1}), "invalid") << "before 1970 there is no t= (RFC 6376 §3.5)";
}

TEST_F(Arc, ResultsStayInTheirField) {
  const auto refused = [&](std::string_view results) {
    const message::Letter letter(kLetter);
    const SealOptions options;
    const dkim::BodyHashKind kinds[] = {options.body_kind()};
    dkim::BodyHashes bodies(kinds);
    bodies.finish();
    return !seal(letter.fields(), bodies, Status::none, results, {key, "example.net", "s"}, kNow, options);
  };
  for (const char* results : {"", "  ", "mx; spf=pass\r\nFrom: x", "mx; spf=pass\nX: y", "mx;\rx", "mx; \x01"})
    EXPECT_TRUE(refused(results)) << results;
  // Comments are copied as they are, folds too.
  for (const char* results :
       {"mx; dkim=pass (1024-bit; key) header.i=@x; spf=none reason=\"a; b\"", "mx;\r\n\tspf=pass;\r\n dkim=none"}) {
    const auto made = try_seal(kLetter, Status::none, results);
    ASSERT_TRUE(made);
    EXPECT_EQ(why(made->fields + kLetter), "verified") << made->fields;
  }
}

TEST_F(Arc, FoldedBehindSemicolonsOutsideOfCommentsAndQuotes) {
  const auto made = try_seal(kLetter, Status::none, "mx; dkim=pass (a; b) x=\"c; d\"; spf=none");
  ASSERT_TRUE(made);
  EXPECT_TRUE(
      made->fields.ends_with("ARC-Authentication-Results: i=1; mx;\r\n dkim=pass (a; b) x=\"c; d\";\r\n spf=none\r\n"))
      << made->fields;
}

TEST_F(Arc, MessageSignaturesCoverDkimSignaturesAndNothingOfArc) {
  const Verdict v = judge(chain(1));
  const auto& fields = v.sets[0].message->signature.fields;
  EXPECT_EQ(std::ranges::count(fields, "DKIM-Signature"), 1);
  EXPECT_TRUE(std::ranges::none_of(fields, [](const std::string& f) { return istarts_with(f, "ARC-"); }));
  EXPECT_TRUE(std::ranges::none_of(fields, [](const std::string& f) { return iequals(f, "Authentication-Results"); }));
}

TEST_F(Arc, InstancesOfResults) {
  EXPECT_EQ(results_instance(" i=1; mx"), 1u);
  EXPECT_EQ(results_instance("\r\n\ti = 50 (c) ; mx"), 50u);
  for (const char* wrong : {"", "mx", "i=1", "i=; mx", "i=1 mx;", "i=0; x", "i=51; x", "i=1x; y", "I=1; x", "i=-1; x"})
    EXPECT_FALSE(results_instance(wrong)) << wrong;
}

TEST(ArcReasons, EachHasARowWithWordsAndAnIdOfItsOwn) {
  std::vector<std::string_view> ids;
  for (int i = 0; i <= static_cast<int>(Reason::too_many_keys); ++i) {
    const ReasonRow& row = reason_row(static_cast<Reason>(i));
    EXPECT_FALSE(row.en.empty() || row.fr.empty()) << row.id;
    ids.push_back(row.id);
  }
  EXPECT_EQ(ids.size(), reason_rows().size());
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

}  // namespace
}  // namespace chappe::trust::arc
