#include "trust/dkim/verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/digest.h"
#include "trust/dkim/header_fields.h"
#include "trust/dkim/testing.h"

namespace chappe::trust::dkim {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
const std::string kFields = "From: Joe <joe@example.org>\r\nTo: a@example.net\r\nSubject: x\r\n";
const std::string kBody = "Hello\r\n";

const crypto::PrivateKey& ed_key() {
  static const crypto::PrivateKey key = crypto::PrivateKey::generate_ed25519().value();
  return key;
}
const crypto::PrivateKey& rsa_key() {
  static const crypto::PrivateKey key = crypto::PrivateKey::generate_rsa(1024).value();
  return key;
}

// A signature by hand, so that it may hold anything: `tags` and, behind them, bh= and b=.
struct Hand {
  std::string tags = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=e; h=From:To:Subject";
  const crypto::PrivateKey* key = &ed_key();
  std::string signed_body = kBody;  // what bh= is of, before canonicalisation
  std::string fields = kFields;

  std::string field() const {
    const auto written = [this](std::string_view hash, std::string_view value) {
      return "DKIM-Signature: " + tags + ";\r\n bh=" + std::string(hash) + "; b=" + std::string(value) + "\r\n";
    };
    std::string header = written(codec::base64_encode(std::string(32, 'x')), "QUJD") + fields + "\r\n";
    const Signature s = parse_signature(message::Letter(header).fields()[0]);
    std::string body = plain_canon(s.body_canon, signed_body);
    if (s.length) body = body.substr(0, *s.length);
    const std::string hash = codec::base64_encode(crypto::sha256(body).view());
    header = written(hash, "") + fields + "\r\n";
    const message::Letter letter(header);
    const message::Field& own = letter.fields()[0];
    std::string text =
        HeaderFields(letter.fields()).canonical(s.header_canon, HeaderFields(letter.fields()).select(s.fields, 0));
    append_own(text, s.header_canon, own, own.value().size(), own.value().size());
    return written(hash, codec::base64_encode(key->sign(crypto::sha256(text).view()).value()));
  }
  std::string letter(std::string_view body) const { return field() + fields + "\r\n" + std::string(body); }
  std::string letter() const { return letter(signed_body); }
};
Hand hand(std::string_view more, std::string_view instead_of = "") {
  Hand out;
  if (instead_of.empty())
    out.tags += "; " + std::string(more);
  else
    out.tags.replace(out.tags.find(instead_of), instead_of.size(), more);
  return out;
}

std::string record(const crypto::PrivateKey& key) { return key_record(key); }
std::string zone_with(std::string_view selector, std::string_view text) {
  return txt(std::string(selector) + "._domainkey.example.org.", text);
}
std::string usual_zone() { return zone_with("e", record(ed_key())) + zone_with("r1", record(rsa_key())); }

SignatureVerdict one(const std::string& bytes, const std::string& zone_text = usual_zone(), std::int64_t now = kNow) {
  const auto resolver = zone(zone_text);
  Judge judge(*resolver, now);
  Verdict v = judge(bytes);
  EXPECT_EQ(v.signatures.size(), 1u);
  return v.signatures.empty() ? SignatureVerdict{} : std::move(v.signatures[0]);
}
std::string why(const SignatureVerdict& v) { return std::string(reason_row(v.reason).id); }

TEST(DkimVerify, AGoodSignatureTellsEverything) {
  const auto resolver = zone(usual_zone());
  Judge judge(*resolver);
  const Verdict v = judge(hand("i=joe@sub.example.org").letter());
  EXPECT_EQ(v.result(), ResultCode::pass);
  ASSERT_EQ(v.questions.size(), 1u);
  EXPECT_EQ(v.questions[0].question.text(), "e._domainkey.example.org. TXT");
  ASSERT_EQ(v.signatures.size(), 1u);
  const SignatureVerdict& s = v.signatures[0];
  EXPECT_EQ(s.result(), ResultCode::pass);
  EXPECT_EQ(s.field, 0u);
  EXPECT_EQ(s.question, 0u);
  EXPECT_EQ(s.signature.domain, "example.org");
  EXPECT_EQ(s.signature.identity(), "joe@sub.example.org");
  EXPECT_EQ(s.bits(), 256u);
  EXPECT_FALSE(s.testing());
  EXPECT_EQ(s.signed_fields, (std::vector<std::uint32_t>{1, 2, 3}));
  ASSERT_TRUE(s.body);
  EXPECT_EQ(s.body->octets, kBody.size());
}

TEST(DkimVerify, ALetterWithoutSignatures) {
  const auto resolver = zone(usual_zone());
  Counting counting(*resolver);
  Judge judge(counting);
  for (const std::string& bytes : {kFields + "\r\n", std::string(), std::string("body only")}) {
    const Verdict v = judge(bytes);
    EXPECT_EQ(v.result(), ResultCode::none);
    EXPECT_TRUE(v.signatures.empty() && v.questions.empty());
  }
  EXPECT_TRUE(counting.asked.empty());
}

TEST(DkimVerify, ABodyThatDiffersIsKeptBesideTheOneThatWasSigned) {
  const SignatureVerdict v = one(hand("t=1").letter("Other\r\n"));
  EXPECT_EQ(why(v), "body-differs");
  EXPECT_EQ(v.result(), ResultCode::fail);
  EXPECT_EQ(v.signature.body_hash, Bytes(crypto::sha256("Hello\r\n").view()));
  ASSERT_TRUE(v.body);
  EXPECT_EQ(v.body->hash, Bytes(crypto::sha256("Other\r\n").view()));
  EXPECT_EQ(v.bits(), 256u);
}

TEST(DkimVerify, ItsOwnTagsAreSigned) {
  std::string bytes = hand("t=1700000000").letter();
  bytes.replace(bytes.find("t=1700000000"), 12, "t=1699999999");
  EXPECT_EQ(why(one(bytes)), "signature-differs");
  // So are tags that nobody knows, and those that look like b=.
  bytes = hand("bb=x; ba=y").letter();
  EXPECT_EQ(why(one(bytes)), "verified");
  bytes.replace(bytes.find("bb=x"), 4, "bb=z");
  EXPECT_EQ(why(one(bytes)), "signature-differs");
}

TEST(DkimVerify, TheSignatureMayBeFoldedAnywhere) {
  std::string bytes = hand("t=1").letter();
  const std::size_t b = bytes.find(" b=");
  for (const std::size_t at : {b + 60, b + 20, b + 4, b + 3}) bytes.insert(at, "\r\n\t ");
  EXPECT_EQ(why(one(bytes)), "verified");
  // In the simple form too: the value is taken out with its blanks.
  Hand simple = hand("c=simple/simple", "c=relaxed/relaxed");
  bytes = simple.letter();
  bytes.insert(bytes.find(" b=") + 10, "\r\n  ");
  EXPECT_EQ(why(one(bytes)), "verified");
  // Blanks around the name are not.
  bytes.insert(bytes.find(" b=") + 2, " ");
  EXPECT_EQ(why(one(bytes)), "signature-differs");
}

TEST(DkimVerify, ALetterThatEndsInItsHeader) {
  // The signature stands last, without a line end.
  for (const char* c : {"c=simple/simple", "c=relaxed/relaxed"}) {
    Hand h = hand(c, "c=relaxed/relaxed");
    h.signed_body = "";
    const std::string field = h.field();
    const std::string bytes = kFields + field.substr(0, field.size() - 2);
    EXPECT_EQ(why(one(bytes)), "verified") << c;
  }
}

TEST(DkimVerify, AMissingFinalLineEnd) {
  EXPECT_EQ(why(one(hand("t=1").letter("Hello"))), "verified");
  // l=5 covers all but the CRLF that canonicalisation adds; l=7 covers it.
  const SignatureVerdict part = one(hand("l=5").letter("Hello"));
  EXPECT_EQ(why(part), "body-partly-signed");
  EXPECT_EQ(part.body->uncovered(), 2u);
  EXPECT_EQ(why(one(hand("l=7").letter("Hello"))), "verified");
}

TEST(DkimVerify, ALengthThatLeavesTheRestUnsigned) {
  EXPECT_EQ(why(one(hand("l=7").letter("Hello\r\n"))), "verified");
  const SignatureVerdict more = one(hand("l=7").letter("Hello\r\nand more\r\n"));
  EXPECT_EQ(why(more), "body-partly-signed");
  EXPECT_EQ(more.result(), ResultCode::policy);
  EXPECT_EQ(more.body->uncovered(), 10u);
  EXPECT_EQ(more.detail, "10 of 17 octets are not signed");
  EXPECT_EQ(why(one(hand("l=0").letter("Anything\r\n"))), "body-partly-signed");
  EXPECT_EQ(why(one(hand("l=7").letter("Hellx\r\nand more\r\n"))), "body-differs");
  EXPECT_EQ(why(one(hand("l=8").letter("Hello\r\n"))), "body-shorter");
}

TEST(DkimVerify, TimesHaveSomeSkew) {
  const auto at = [](const char* tags, std::int64_t now) { return why(one(hand(tags).letter(), usual_zone(), now)); };
  EXPECT_EQ(at("t=1000000; x=1000100", 1'000'050), "verified");
  EXPECT_EQ(at("t=1000000; x=1000100", 1'000'100 + 900), "verified");
  EXPECT_EQ(at("t=1000000; x=1000100", 1'000'100 + 901), "expired");
  EXPECT_EQ(at("t=1000000", 1'000'000 - 900), "verified");
  EXPECT_EQ(at("t=1000000", 1'000'000 - 901), "in-future");
  EXPECT_EQ(at("t=999999999999", kNow), "in-future");
  EXPECT_EQ(at("x=999999999999", kNow), "verified");
}

TEST(DkimVerify, NothingIsAskedOfWhatIsLostAnyway) {
  const auto resolver = zone(usual_zone());
  Counting counting(*resolver);
  Judge judge(counting);
  for (const Hand& h : {hand("v=2", "v=1"), hand("h=To", "h=From:To:Subject"), hand("x=1"), hand("i=@example.com")})
    judge(h.letter());
  EXPECT_TRUE(counting.asked.empty());
}

TEST(DkimVerify, KeysThatAreNotThere) {
  const auto with = [](const std::string& text) { return one(hand("t=1").letter(), text); };
  const std::string name = "e._domainkey.example.org.";
  EXPECT_EQ(why(with(txt("other.example.org.", "x"))), "key-missing");
  EXPECT_EQ(why(with(name + " A 192.0.2.1\n")), "key-missing");
  EXPECT_EQ(with("$TIMEOUT " + name + "\n").result(), ResultCode::temperror);
  EXPECT_EQ(why(with("$SERVFAIL " + name + "\n")), "key-unavailable");
  EXPECT_EQ(why(with("$BOGUS " + name + "\n")), "key-unavailable");
  EXPECT_EQ(why(with(zone_with("e", "v=DKIM1; p="))), "key-revoked");
  EXPECT_EQ(why(with(zone_with("e", "v=spf1 -all"))), "key-malformed");
  EXPECT_EQ(why(with(zone_with("e", record(rsa_key())))), "key-type");
  EXPECT_EQ(why(with(zone_with("e", record(ed_key()) + "; s=tlsrpt"))), "key-service");
  EXPECT_EQ(why(with(zone_with("e", record(ed_key()) + "; h=sha1"))), "key-hash");
  EXPECT_EQ(why(with(zone_with("e", "k=ed25519; p=QUJD"))), "key-unusable");
  EXPECT_EQ(why(with(zone_with("e", "k=ed25519; p=" + codec::base64_encode(std::string(32, '\x02'))))),
            "signature-differs");
  // An alias leads to the key as well.
  EXPECT_EQ(why(with(name + " CNAME k.example.net.\n" + txt("k.example.net.", record(ed_key())))), "verified");
}

TEST(DkimVerify, KeysInPiecesAndWithBlanks) {
  std::string text = record(ed_key());
  text.insert(text.size() - 10, "  ");
  EXPECT_EQ(why(one(hand("t=1").letter(), zone_with("e", text))), "verified");
  // Strings are joined without anything between them (RFC 6376 §3.6.2.2).
  const std::string whole = record(ed_key());
  EXPECT_EQ(why(one(hand("t=1").letter(),
                    "e._domainkey.example.org. TXT \"" + whole.substr(0, 30) + "\" \"" + whole.substr(30) + "\"\n")),
            "verified");
}

TEST(DkimVerify, SeveralRecordsAtOneName) {
  const std::string good = zone_with("e", record(ed_key()));
  const std::string other = zone_with("e", record(crypto::PrivateKey::generate_ed25519().value()));
  for (const std::string& text : {good + other, other + good, zone_with("e", "v=spf1 -all") + good,
                                  zone_with("e", "p=") + good, zone_with("e", record(rsa_key())) + good}) {
    const SignatureVerdict v = one(hand("t=1").letter(), text);
    EXPECT_EQ(why(v), "verified");
    EXPECT_EQ(v.keys.size(), 2u);
  }
  const SignatureVerdict none = one(hand("t=1").letter(), other + zone_with("e", "rubbish"));
  EXPECT_EQ(why(none), "signature-differs");
  // Only so many are tried.
  std::string many;
  for (int i = 0; i < 5; ++i) many += zone_with("e", record(crypto::PrivateKey::generate_ed25519().value()));
  const SignatureVerdict tried = one(hand("t=1").letter(), many);
  EXPECT_EQ(why(tried), "signature-differs");
  EXPECT_EQ(std::ranges::count_if(tried.keys, [](const KeyTried& k) { return k.bits > 0; }), 3);
  EXPECT_EQ(tried.detail, "2 of 5 keys at this name were not tried");
  EXPECT_EQ(none.detail, "");
}

TEST(DkimVerify, TestingIsToldAndChangesNothing) {
  const std::string text = zone_with("e", record(ed_key()) + "; t=y");
  const SignatureVerdict good = one(hand("t=1").letter(), text);
  EXPECT_EQ(why(good), "verified");
  EXPECT_TRUE(good.testing());
  const SignatureVerdict bad = one(hand("t=1").letter("Other\r\n"), text);
  EXPECT_EQ(why(bad), "body-differs");
  EXPECT_TRUE(bad.testing());
}

TEST(DkimVerify, StrictKeysWantTheDomainItself) {
  const std::string text = zone_with("e", record(ed_key()) + "; t=s");
  EXPECT_EQ(why(one(hand("i=joe@example.org").letter(), text)), "verified");
  EXPECT_EQ(why(one(hand("t=1").letter(), text)), "verified");
  EXPECT_EQ(why(one(hand("i=joe@sub.example.org").letter(), text)), "key-strict");
}

TEST(DkimVerify, SizesOfKeys) {
  Hand rsa = hand("a=rsa-sha256", "a=ed25519-sha256");
  rsa.tags.replace(rsa.tags.find("s=e;"), 4, "s=r1;");
  rsa.key = &rsa_key();
  const SignatureVerdict v = one(rsa.letter());
  EXPECT_EQ(why(v), "verified");
  EXPECT_EQ(v.bits(), 1024u);
  // RFC 8301 §3.2
  const auto small =
      crypto::PrivateKey::from_pem(crypto::Secret("-----BEGIN RSA PRIVATE KEY-----\n"
                                                  "MIIBOgIBAAJBAJZDjs6HrtqglRql7/msKHwqxZh50s3uwwITRLQoTwLtRroSEcPH\n"
                                                  "du0gDx93xeieiH1lOUiT9tIXZdgLKSvVyK8CAwEAAQJAVBF0AkSTJSoWgZQ5EJyr\n"
                                                  "Ad0EM+xkbmaYn76b/5dVrTKrly051a//6AqtWtg62uKkObR9teAFOOjp7WC5rkoX\n"
                                                  "4QIhAMZgaofBIQQTrSJweo1KCKPjtsXfkfOREhkzMq9pT5x3AiEAweloMRwfGXdc\n"
                                                  "y8Yk6JzQzIKbrGiBzXVl9y7ReOo5m4kCIQCkuqmbw1b8QK6Tm51YuDKGjXBXzfgv\n"
                                                  "rra9sFMVcDjIrwIgATsaDjW/fMnlLOX1FgTozmOF2XJQYJ1+KDOD4OCbvQECIBPS\n"
                                                  "g6I3Ol7220rQNLKryHKyMc6ZKrAQemFmgdSJEAvv\n"
                                                  "-----END RSA PRIVATE KEY-----\n"));
  ASSERT_TRUE(small);
  rsa.key = &*small;
  const SignatureVerdict weak = one(rsa.letter(), zone_with("r1", record(*small)));
  EXPECT_EQ(why(weak), "key-too-short");
  EXPECT_EQ(weak.result(), ResultCode::policy);
  EXPECT_EQ(weak.bits(), 512u);
  // A modulus of 8200 bits is not computed with: SEQUENCE { INTEGER, 65537 }.
  const std::string large = std::string("\x30\x82\x04\x0a\x02\x82\x04\x01", 8) + std::string(1025, '\x7f') +
                            std::string("\x02\x03\x01\x00\x01", 5);
  EXPECT_EQ(why(one(rsa.letter(), zone_with("r1", "p=" + codec::base64_encode(large)))), "key-too-large");
}

// RFC 8301 §3.1. Nothing here signs with SHA-1, so this one was made elsewhere.
TEST(DkimVerify, Sha1NeverPasses) {
  const std::string key =
      "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDSFv/F39b7qktghZvRIRuIAfY5PBkTUx9TOZ25rnyWl0rUuxxXGtWOnW+23VVS"
      "p869CKhLX/e8vU+ykEeS+jyENtBOTwGcpt+4dXN5wI6AQ4CgeZP5mw3W1m/0Q76yY8l05dg/QoPABKPrUnmLqwMZkMep3x2yDoqT"
      "r6pWbLVgQQIDAQAB";
  const std::string value =
      "fO1MM/a76/7t6p9Bg1bDvhUcuPwjl3EPoQHrevour335TKrg3SkSOlQr1tlMc3kdYhOsc60/LijAxky6WFfEn9SBJod31j4620Hk"
      "0ckcQ/QvnHptk2Ckdr/Q1YS/BXi9xmkYuzKxhtwBVVxIS85wPiQdrheF2ki3qwXoM+FkU54=";
  const std::string bytes =
      "DKIM-Signature: v=1; a=rsa-sha1; d=example.org; s=old; h=From; bh=/t0YeXgRpK9llnjqXbYY+NyRSAs=; b=" + value +
      "\r\nFrom: Joe <joe@example.org>\r\n\r\n";
  const std::string text = zone_with("old", "p=" + key);
  const SignatureVerdict holds = one(bytes + "Hello\r\n", text);
  EXPECT_EQ(why(holds), "sha1");
  EXPECT_EQ(holds.result(), ResultCode::policy);
  EXPECT_EQ(why(one(bytes + "Other\r\n", text)), "body-differs");
  EXPECT_EQ(why(one("From: Eve <eve@example.org>\r\n" + bytes + "Hello\r\n", text)), "sha1");
  std::string bent = bytes + "Hello\r\n";
  bent.replace(bent.find("Joe"), 3, "Eve");
  EXPECT_EQ(why(one(bent, text)), "signature-differs");
}

TEST(DkimVerify, FieldsAreTakenFromTheBottomUp) {
  Hand h;
  h.fields = "Subject: one\r\nFrom: joe@example.org\r\nSubject: two\r\n";
  h.tags.replace(h.tags.find("h=From:To:Subject"), 17, "h=Subject:From");
  const SignatureVerdict v = one(h.letter());
  EXPECT_EQ(why(v), "verified");
  EXPECT_EQ(v.signed_fields, (std::vector<std::uint32_t>{3, 2}));
  std::string bytes = h.letter();
  bytes.replace(bytes.find("Subject: one"), 12, "Subject: uno");  // not signed
  EXPECT_EQ(why(one(bytes)), "verified");
  bytes.replace(bytes.find("Subject: two"), 12, "Subject: due");
  EXPECT_EQ(why(one(bytes)), "signature-differs");
}

TEST(DkimVerify, EachKeyIsAskedForOnce) {
  const auto resolver = zone(usual_zone());
  Counting counting(*resolver);
  Judge judge(counting);
  Hand second = hand("s=none", "s=e");
  const std::string bytes = hand("t=1").field() + second.field() + hand("t=2").letter();
  const Verdict v = judge(bytes);
  ASSERT_EQ(v.signatures.size(), 3u);
  EXPECT_EQ(counting.asked,
            (std::vector<std::string>{"e._domainkey.example.org. TXT", "none._domainkey.example.org. TXT"}));
  EXPECT_EQ(v.signatures[0].question, 0u);
  EXPECT_EQ(v.signatures[1].question, 1u);
  EXPECT_EQ(v.signatures[2].question, 0u);
  EXPECT_EQ(why(v.signatures[0]), "verified");
  EXPECT_EQ(why(v.signatures[1]), "key-missing");
  EXPECT_EQ(why(v.signatures[2]), "verified");
  EXPECT_EQ(v.result(), ResultCode::pass);
}

TEST(DkimVerify, KeysAreAskedForAtTheSameTime) {
  std::string text;
  std::string bytes;
  for (int i = 0; i < 5; ++i) {
    const std::string selector = fmt::format("e{}", i);
    text += zone_with(selector, record(ed_key())) + "$DELAY 3000ms " + selector + "._domainkey.example.org.\n";
    bytes += hand("s=" + selector, "s=e").field();
  }
  const auto resolver = zone(text);
  Judge judge(*resolver);  // which waits for ten seconds
  const Verdict v = judge(bytes + kFields + "\r\n" + kBody);
  for (const SignatureVerdict& s : v.signatures) EXPECT_EQ(why(s), "verified");
}

TEST(DkimVerify, SignaturesAreLimited) {
  const auto resolver = zone(usual_zone());
  Judge judge(*resolver);
  std::string bytes;
  for (int i = 0; i < 12; ++i) bytes += hand("t=1").field();
  const Verdict v = judge(bytes + kFields + "\r\n" + kBody);
  ASSERT_EQ(v.signatures.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(why(v.signatures[i]), i < 10 ? "verified" : "too-many-signatures");
  EXPECT_EQ(v.signatures[11].signature.domain, "example.org");
  judge.limits.signatures = 0;
  EXPECT_EQ(judge(bytes + kFields + "\r\n" + kBody).result(), ResultCode::neutral);
}

TEST(DkimVerify, WhatIsHashedIsLimited) {
  const auto resolver = zone(usual_zone());
  Judge judge(*resolver);
  const std::string bytes = hand("t=1").field() + hand("t=2").letter();
  judge.limits.octets = bytes.size() - kBody.size();
  const Verdict v = judge(bytes);
  EXPECT_EQ(why(v.signatures[0]), "verified");
  EXPECT_EQ(why(v.signatures[1]), "header-too-large");
}

TEST(DkimVerify, BodiesThatNobodyHashedAreTold) {
  std::string bytes;
  for (int i = 1; i <= 5; ++i) bytes += hand(fmt::format("l={}", i)).field();
  const auto resolver = zone(usual_zone());
  Judge judge(*resolver);
  const Verdict v = judge(bytes + kFields + "\r\n" + kBody);
  EXPECT_EQ(why(v.signatures[3]), "body-partly-signed");
  EXPECT_EQ(why(v.signatures[4]), "too-many-bodies");
}

TEST(DkimVerify, ANameThatCannotBeAsked) {
  const std::string label(60, 'a');
  const std::string selector = label + '.' + label + '.' + label + '.' + label;
  EXPECT_EQ(why(one(hand("s=" + selector, "s=e").letter())), "selector-invalid");
}

TEST(DkimVerify, TheBestResultIsThatOfTheLetter) {
  const auto result = [](std::initializer_list<Reason> reasons) {
    Verdict v;
    for (const Reason r : reasons) v.signatures.emplace_back().reason = r;
    return result_name(v.result());
  };
  EXPECT_EQ(result({Reason::version, Reason::body_differs, Reason::verified}), "pass");
  EXPECT_EQ(result({Reason::body_differs, Reason::key_unavailable}), "temperror");
  EXPECT_EQ(result({Reason::sha1, Reason::body_differs, Reason::expired}), "fail");
  EXPECT_EQ(result({Reason::version, Reason::expired}), "permerror");
  EXPECT_EQ(result({}), "none");
}

}  // namespace
}  // namespace chappe::trust::dkim
