#include "post/keys/keys.h"

#include <gmock/gmock.h>

#include "codec/base64.h"
#include "post/directory/testing.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::soon;

constexpr auto kRsa = crypto::KeyKind::rsa;
constexpr auto kEd25519 = crypto::KeyKind::ed25519;

// An RSA key of 768 bits, of which no letter is signed: RFC 8301 §3.2 forbids it.
constexpr std::string_view kShort =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIB5QIBADANBgkqhkiG9w0BAQEFAASCAc8wggHLAgEAAmEAn39VLGwKAvQaLOAw\n"
    "uiz9+CppP8NQfO/6GnPq30J2VqtuAtx6w8yHxaWGxZZPevTxEivryXiLassFHkvc\n"
    "wnc4haidc0V4nTs5WaX2YxYMXKNWTm4CeE/HQrD7uRKgKPsbAgMBAAECYFD5+8s+\n"
    "2uJe/j8UX4jWOOba2W6nAeE8kTUG7xMEkkI0bPkE6UspNzFwdXkxdA7P9htyFKoj\n"
    "dbHAgQbLoRnV/vT5CTmMczjaeRjuwI1oi+5jlcxnlfNYV/RzpN3dNuT4oQIxAM5y\n"
    "yn7fOe3yCDMnNhq9RWQBVECZEvi89WDgKq5H+B8DNwe+3gX4+V9d4WQvEsWf6wIx\n"
    "AMXHo9MqRe4GE3mNfT4uKwcvuIZJK5T0LtlMRi1Mfs9OVZR1hwt6CkWAkFZNzql1\n"
    "kQIwC/rXS1Nyzh78YNOGrTiMfUgidnkrg6mbZ5q6f1CH0mziVZ26zofrGKCfAqxE\n"
    "n5kvAjEAw3cU/+NtjVpP8PfW6ZczSzzsfzrdaa8ShguN58MMKNHgXoLw3nTUpe/z\n"
    "tnfbYTshAjEAnwb/ypWU0zTXWJ80iLCqoNgLlX1dyU2jIkBSoBdDKtzWF9TDQBaV\n"
    "x3wtsTQnHyw7\n"
    "-----END PRIVATE KEY-----\n";

class KeysTest : public testing::DirectoryTest {
 protected:
  KeysTest() {
    clock_.jump({1'795'651'200'000'000});  // 2026-11-26
    EXPECT_EQ(add_domain("example.org"), "");
  }

  // The selector, or the error's name.
  std::string make(std::string domain, std::string selector = "", crypto::KeyKind kind = kEd25519,
                   std::uint32_t bits = 2048) {
    const auto made = net::run(keys_.generate("test", std::move(domain), std::move(selector), kind, bits, soon()));
    return made ? made->selector : error(made);
  }
  std::string set(std::string selector, KeyState state) {
    return error(net::run(keys_.set_state("test", "example.org", std::move(selector), state, soon())));
  }
  std::string remove(std::string selector) {
    return error(net::run(keys_.remove("test", "example.org", std::move(selector), soon())));
  }
  std::string import(std::string selector, ByteView pem, KeyState state = KeyState::signing) {
    return error(
        net::run(keys_.import("test", "example.org", std::move(selector), crypto::Secret(pem), state, soon())));
  }
  std::vector<std::string> all(std::string domain = {}) {
    std::vector<std::string> out;
    for (const auto& key : net::run(keys_.list(std::move(domain), soon())).value())
      out.push_back(key.selector + " " + std::string(key_state_row(key.state).id));
    return out;
  }
  std::vector<std::string> signers(std::string domain) {
    std::vector<std::string> out;
    for (const auto& s : *net::run(keys_.signers(std::move(domain), soon())).value())
      out.push_back(s.selector + "@" + s.domain);
    return out;
  }
  std::vector<std::string> audit() {
    std::vector<std::string> out;
    for (const auto& row : net::run(directory_->audit({}, 100, soon())).value())
      if (row.what.starts_with("key."))
        out.push_back(row.what + " " + row.object + ": " + row.before + " > " + row.after);
    return out;
  }

  Keys keys_{{.store = store_.get(), .commit = &commit_, .offload = &offload_, .clock = &clock_}};
};

TEST_F(KeysTest, AKeyGoesThroughItsStates) {
  EXPECT_EQ(make("example.org"), "e20261126");
  EXPECT_THAT(signers("example.org"), IsEmpty());
  EXPECT_EQ(set("e20261126", KeyState::published), "");
  EXPECT_THAT(signers("example.org"), IsEmpty());
  EXPECT_EQ(set("E20261126", KeyState::signing), "");
  EXPECT_THAT(signers("example.org"), ElementsAre("e20261126@example.org"));
  EXPECT_EQ(set("e20261126", KeyState::next), "denied") << "others may know of it";
  EXPECT_EQ(set("e20261126", KeyState::retiring), "");
  EXPECT_THAT(signers("example.org"), IsEmpty());
  EXPECT_EQ(remove("e20261126"), "denied");
  EXPECT_EQ(set("e20261126", KeyState::signing), "") << "back again";
  EXPECT_EQ(set("e20261126", KeyState::revoked), "");
  EXPECT_EQ(set("e20261126", KeyState::signing), "denied");
  EXPECT_THAT(all(), ElementsAre("e20261126 revoked"));
  EXPECT_EQ(remove("e20261126"), "");
  EXPECT_THAT(all(), IsEmpty());
  EXPECT_EQ(audit().front(), "key.remove e20261126._domainkey.example.org: revoked ed25519 256 > ");
  EXPECT_EQ(audit().back(), "key.add e20261126._domainkey.example.org:  > next ed25519 256");
  EXPECT_EQ(audit().size(), 7u);
}

TEST_F(KeysTest, ARevokedKeyHasNoPrivatePart) {
  ASSERT_EQ(make("example.org", "one"), "one");
  const Bytes at = rows::dkim_secret_key({1}, "one");
  const auto secret = net::run(store_->get(at, soon())).value();
  ASSERT_TRUE(secret);
  EXPECT_THAT(std::string(rows::dkim_key_key({1}, "one")), Not(at));
  EXPECT_EQ(set("one", KeyState::revoked), "");
  EXPECT_FALSE(net::run(store_->get(at, soon())).value());
  EXPECT_EQ(net::run(keys_.list("example.org", soon())).value().front().record(), "v=DKIM1; k=ed25519; p=");
}

TEST_F(KeysTest, SeveralOfADay) {
  EXPECT_EQ(make("example.org"), "e20261126");
  EXPECT_EQ(make("example.org"), "e20261126b");
  EXPECT_EQ(make("example.org", "", kRsa, 1024), "r20261126");
  EXPECT_EQ(make("example.org", "E20261126"), "exists");
  EXPECT_EQ(make("example.net"), "not_found");
  EXPECT_EQ(make("example.org", "a b"), "invalid");
  EXPECT_EQ(make("example.org", std::string(240, 'a')), "too_large");
  EXPECT_EQ(make("example.org", "", kRsa, 512), "invalid") << "RFC 8301";
  EXPECT_EQ(make("example.org", "", kRsa, 8192), "invalid");
  for (std::size_t n = 3; n < Keys::kMaxOfDomain; ++n)
    EXPECT_EQ(make("example.org", fmt::format("k{}", n)).size(), n < 10 ? 2u : 3u);
  EXPECT_EQ(make("example.org"), "too_large");
}

TEST_F(KeysTest, RecordsAreWhatSignaturesAreMadeWith) {
  ASSERT_EQ(make("example.org", "r", kRsa, 1024), "r");
  ASSERT_EQ(make("example.org", "e"), "e");
  ASSERT_EQ(set("r", KeyState::signing), "");
  ASSERT_EQ(set("e", KeyState::signing), "");
  const auto listed = net::run(keys_.list("example.org", soon())).value();
  const auto signing = net::run(keys_.signers("example.org", soon())).value();
  ASSERT_EQ(listed.size(), 2u);
  ASSERT_EQ(signing->size(), 2u);
  const Bytes digest(32, 'd');
  for (std::size_t n = 0; n < 2; ++n) {
    const std::string record = listed[n].record();
    const std::string tag = listed[n].kind == kRsa ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p=";
    ASSERT_TRUE(record.starts_with(tag)) << record;
    const Bytes p = codec::base64_decode(record.substr(tag.size())).value();
    const auto key = listed[n].kind == kRsa ? crypto::PublicKey::from_rsa(p) : crypto::PublicKey::from_ed25519(p);
    const auto signature = (*signing)[n].key.sign(digest);
    EXPECT_EQ((*signing)[n].selector, listed[n].selector);
    EXPECT_TRUE(key->verify(crypto::DigestKind::sha256, digest, *signature));
  }
}

TEST_F(KeysTest, ImportedKeysAreThoseThatWereMade) {
  const auto key = crypto::PrivateKey::generate_rsa(1024).value();
  const crypto::Secret pem = key.pem();
  EXPECT_EQ(import("mail", pem.reveal()), "");
  EXPECT_EQ(import("mail", pem.reveal()), "exists");
  EXPECT_EQ(import("", pem.reveal()), "invalid") << "the record has a name";
  EXPECT_EQ(import("b", "no key at all"), "invalid");
  EXPECT_EQ(import("c", pem.reveal(), KeyState::revoked), "invalid");
  EXPECT_EQ(import("d", kShort), "invalid");
  const crypto::Secret large = crypto::PrivateKey::generate_rsa(Keys::kMostBits + 8).value().pem();
  const auto refused = net::run(keys_.import("test", "example.org", "e", large.clone(), KeyState::signing, soon()));
  EXPECT_EQ(refused.error().text(), "an RSA key of 4104 bits; at most 4096 are taken");
  const auto listed = net::run(keys_.list("example.org", soon())).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].public_octets, key.public_octets());
  EXPECT_EQ(listed[0].bits, 1024u);
  EXPECT_EQ(listed[0].created, clock_.now());
  EXPECT_THAT(signers("example.org"), ElementsAre("mail@example.org"));
}

TEST_F(KeysTest, SubdomainsAreSignedForByTheDomainAbove) {
  ASSERT_EQ(add_domain("sub.example.org"), "");
  ASSERT_EQ(make("example.org", "top"), "top");
  ASSERT_EQ(set("top", KeyState::signing), "");
  EXPECT_THAT(signers("sub.example.org"), ElementsAre("top@example.org"));
  EXPECT_THAT(signers("deep.down.example.org"), ElementsAre("top@example.org"));
  EXPECT_THAT(signers("example.com"), IsEmpty());
  EXPECT_THAT(signers("otherexample.org"), IsEmpty());
  ASSERT_EQ(make("sub.example.org", "own"), "own");
  EXPECT_THAT(signers("sub.example.org"), ElementsAre("top@example.org")) << "it does not sign yet";
  ASSERT_TRUE(net::run(keys_.set_state("test", "sub.example.org", "own", KeyState::signing, soon())));
  EXPECT_THAT(signers("sub.example.org"), ElementsAre("own@sub.example.org"));
  EXPECT_THAT(all("sub.example.org"), ElementsAre("own signing"));
  EXPECT_THAT(all(), ElementsAre("top signing", "own signing"));
}

TEST_F(KeysTest, KeysAreParsedOnce) {
  ASSERT_EQ(make("example.org", "one"), "one");
  ASSERT_EQ(set("one", KeyState::signing), "");
  offload_.count = 0;
  for (int n = 0; n < 3; ++n) EXPECT_THAT(signers("example.org"), ElementsAre("one@example.org"));
  EXPECT_EQ(offload_.count, 1);
  ASSERT_EQ(make("example.org", "two"), "two");
  ASSERT_EQ(set("two", KeyState::signing), "");
  EXPECT_THAT(signers("example.org"), ElementsAre("one@example.org", "two@example.org"));
}

TEST_F(KeysTest, ADomainWithKeysStays) {
  ASSERT_EQ(make("example.org", "one"), "one");
  EXPECT_EQ(error(net::run(directory_->remove_domain("test", "example.org", soon()))), "exists");
  EXPECT_EQ(remove("one"), "");
  EXPECT_EQ(error(net::run(directory_->remove_domain("test", "example.org", soon()))), "");
}

TEST(DkimKey, RowsReadBack) {
  DkimKey key{.domain = {7},
              .selector = "s1.mail",
              .kind = kEd25519,
              .bits = 256,
              .state = KeyState::retiring,
              .created = {1},
              .since = {2},
              .public_octets = Bytes(32, '\0')};
  const Bytes row = rows::encode(key);
  const auto back = rows::decode_dkim_key(rows::dkim_key_key(key.domain, key.selector), row);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->domain, key.domain);
  EXPECT_EQ(back->selector, key.selector);
  EXPECT_EQ(back->kind, key.kind);
  EXPECT_EQ(back->state, key.state);
  EXPECT_EQ(back->public_octets, key.public_octets);
  for (std::size_t n = 0; n < row.size(); ++n)
    EXPECT_FALSE(rows::decode_dkim_key(rows::dkim_key_key(key.domain, key.selector), row.substr(0, n)));
  for (const std::size_t at : {1u, 4u}) {
    Bytes wrong = row;
    wrong[at] = 9;  // a kind, a state that nobody knows
    EXPECT_FALSE(rows::decode_dkim_key(rows::dkim_key_key(key.domain, key.selector), wrong));
  }
}

TEST(DkimKey, Selectors) {
  EXPECT_EQ(parse_selector("MAIL", "example.org").value(), "mail");
  EXPECT_EQ(parse_selector("2026", "example.org").value(), "2026");
  EXPECT_EQ(parse_selector("a.b-c", "example.org").value(), "a.b-c");
  for (const char* wrong : {"", ".", "a..b", "-a", "a b", "a_b", "a;b", "é"})
    EXPECT_EQ(parse_selector(wrong, "example.org").error().code(), Errc::invalid) << wrong;
}

}  // namespace
}  // namespace chappe::post
