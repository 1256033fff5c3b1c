#include "post/keys/signer.h"

#include <gmock/gmock.h>

#include "dns/zone_resolver.h"
#include "message/letter.h"
#include "post/directory/testing.h"
#include "trust/dkim/verify.h"

namespace chappe::post {
namespace {

using ::testing::HasSubstr;
using testing::soon;

class SignerTest : public testing::DirectoryTest {
 protected:
  SignerTest() {
    clock_.jump({1'795'651'200'000'000});  // 2026-11-26
    EXPECT_EQ(add_domain("example.org"), "");
  }
  void key(std::string selector) {
    ASSERT_TRUE(net::run(keys_.generate("test", "example.org", selector, crypto::KeyKind::ed25519, 2048, soon())));
    ASSERT_TRUE(net::run(keys_.set_state("test", "example.org", selector, KeyState::signing, soon())));
  }
  // The fields for a letter with this From, or the error's name.
  Bytes sign(const std::string& from) {
    const trust::dkim::BodyHashKind kinds[] = {signed_body()};
    trust::dkim::BodyHashes hashes(kinds);
    hashes.feed(kBody);
    hashes.finish();
    const auto fields = net::run(signer_.sign({.account = "bob@example.org",
                                               .header = "From: " + from + "\r\nSubject: x\r\n",
                                               .body_hash = hashes.find(kinds[0])->hash},
                                              soon()));
    return fields ? *fields : error(fields);
  }

  static constexpr std::string_view kBody = "Hello.\r\n";
  Keys keys_{{.store = store_.get(), .commit = &commit_, .offload = &offload_, .clock = &clock_}};
  KeySigner signer_{keys_, offload_, clock_};
};

TEST_F(SignerTest, EachSigningKeyMakesASignatureThatVerifies) {
  EXPECT_EQ(sign("bob@example.org"), "") << "nobody signs";
  key("one");
  key("two");
  const Bytes fields = sign("bob@example.org");
  std::string zone;
  for (const DkimKey& k : *net::run(keys_.list("example.org", soon())))
    zone += k.selector + "._domainkey.example.org. TXT \"" + k.record() + "\"\n";
  const auto resolver = std::move(*dns::ZoneResolver::from_text(zone));
  const Bytes octets = fields + "From: bob@example.org\r\nSubject: x\r\n\r\n" + Bytes(kBody);
  const message::Letter letter(octets);
  trust::dkim::BodyHashes bodies(letter.fields());
  bodies.feed(kBody);
  bodies.finish();
  const auto verdict = net::run(trust::dkim::verify(*resolver, letter.fields(), bodies, clock_.now(), {}, soon()));
  ASSERT_EQ(verdict.signatures.size(), 2U);
  for (const auto& one : verdict.signatures) EXPECT_EQ(one.result(), trust::dkim::ResultCode::pass);
}

TEST_F(SignerTest, TheDomainAboveSignsAndNobodyForSeveralOrOthers) {
  key("one");
  EXPECT_THAT(sign("MAILER-DAEMON@mx.example.org"), HasSubstr("d=example.org"));
  EXPECT_THAT(sign("a@example.org, b@example.org"), HasSubstr("d=example.org")) << "two people, one domain";
  EXPECT_EQ(sign("a@example.org, b@elsewhere.example"), "");
  EXPECT_EQ(sign("a@elsewhere.example"), "");
  EXPECT_EQ(sign("nobody"), "");
}

}  // namespace
}  // namespace chappe::post
