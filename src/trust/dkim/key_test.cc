#include "trust/dkim/key.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace chappe::trust::dkim {
namespace {

std::string malformed(std::string_view record) {
  const auto key = parse_key(record);
  if (key) return "none";
  EXPECT_EQ(key.error().reason, Reason::key_malformed);
  return key.error().detail;
}

TEST(Key, ReadsAllTags) {
  const auto key = parse_key("v=DKIM1; h=sha1 : SHA256; k=Ed25519; n=a=20note; s=email:x; t=y:s:z; p=QU JD; future=1");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->type, "ed25519");
  EXPECT_EQ(key->hashes, (std::vector<std::string>{"sha1", "SHA256"}));
  EXPECT_EQ(key->services, (std::vector<std::string>{"email", "x"}));
  EXPECT_TRUE(key->testing);
  EXPECT_TRUE(key->strict);
  EXPECT_EQ(key->notes, "a note");
  EXPECT_EQ(key->data, "ABC");
}

TEST(Key, Defaults) {
  const auto key = parse_key("p=QUJD");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->type, "rsa");
  EXPECT_TRUE(key->hashes.empty() && key->services.empty());
  EXPECT_FALSE(key->testing || key->strict || key->revoked());
}

TEST(Key, AnEmptyKeyIsRevoked) {
  for (const char* record : {"p=", "v=DKIM1; p=; t=y", "p= ;"}) {
    const auto key = parse_key(record);
    ASSERT_TRUE(key) << record;
    EXPECT_TRUE(key->revoked());
    EXPECT_EQ(unfit(*key, Signature{})->reason, Reason::key_revoked);
  }
}

TEST(Key, WhatIsNone) {
  EXPECT_NE(malformed(""), "none");
  EXPECT_NE(malformed("v=spf1 -all"), "none");
  EXPECT_EQ(malformed("v=DKIM1; k=rsa"), "p= is missing");
  EXPECT_EQ(malformed("p=QUJD; v=DKIM1"), "v= is not the first tag");
  EXPECT_EQ(malformed("v=DKIM2; p=QUJD"), "v=DKIM2");
  EXPECT_EQ(malformed("v=dkim1; p=QUJD"), "v=dkim1");
  EXPECT_EQ(malformed("v=DKIM1.0; p=QUJD"), "v=DKIM1.0");
  EXPECT_EQ(malformed("p=QUJD; p=QUJD"), "a tag stands twice: p (octet 8)");
  EXPECT_EQ(malformed("p=QU-D"), "p= is no base64");
  EXPECT_EQ(malformed("h=; p=QUJD"), "h= is no list");
  EXPECT_EQ(malformed("s=; p=QUJD"), "s= is no list");
  EXPECT_EQ(malformed("t=y:; p=QUJD"), "t= is no list");
  EXPECT_EQ(malformed("t=; p=QUJD"), "none");
  EXPECT_EQ(malformed("p=" + std::string(kMaxKeyRecord, 'A')), "more octets than are read");
}

TEST(Key, WhatFitsASignature) {
  const auto why = [](std::string_view record, const Signature& s) -> std::string {
    const auto fault = unfit(*parse_key(record), s);
    return fault ? std::string(reason_row(fault->reason).id) : "fits";
  };
  Signature rsa;
  rsa.domain = rsa.identity_domain = "example.org";
  Signature ed = rsa, sha1 = rsa, sub = rsa, arc = rsa;
  ed.key_kind = crypto::KeyKind::ed25519;
  sha1.digest_kind = crypto::DigestKind::sha1;
  sub.identity_domain = "sub.example.org";
  arc.form = Form::arc_message;
  arc.identity_domain.clear();
  EXPECT_EQ(why("p=QUJD", rsa), "fits");
  EXPECT_EQ(why("k=rsa; p=QUJD", ed), "key-type");
  EXPECT_EQ(why("k=ed25519; p=QUJD", rsa), "key-type");
  EXPECT_EQ(why("k=ed25519; p=QUJD", ed), "fits");
  EXPECT_EQ(why("k=new; p=QUJD", ed), "key-type");
  EXPECT_EQ(why("h=sha1; p=QUJD", rsa), "key-hash");
  EXPECT_EQ(why("h=sha1; p=QUJD", sha1), "fits");
  EXPECT_EQ(why("h=sha256:x; p=QUJD", sha1), "key-hash");
  EXPECT_EQ(why("h=x:sha256; p=QUJD", rsa), "fits");
  EXPECT_EQ(why("s=tlsrpt; p=QUJD", rsa), "key-service");
  EXPECT_EQ(why("s=tlsrpt:*; p=QUJD", rsa), "fits");
  EXPECT_EQ(why("s=email; p=QUJD", rsa), "fits");
  EXPECT_EQ(why("t=s; p=QUJD", rsa), "fits");
  EXPECT_EQ(why("t=s; p=QUJD", sub), "key-strict");
  EXPECT_EQ(why("t=y; p=QUJD", sub), "fits");
  EXPECT_EQ(why("t=s; p=QUJD", arc), "fits");
}

TEST(Key, ARecordIsReadAgain) {
  const crypto::PrivateKey rsa = crypto::PrivateKey::generate_rsa(1024).value();
  const crypto::PrivateKey ed = crypto::PrivateKey::generate_ed25519().value();
  for (const crypto::PrivateKey* secret : {&rsa, &ed}) {
    const std::string record = key_record(*secret, true);
    EXPECT_TRUE(record.starts_with("v=DKIM1; k="));
    const auto key = parse_key(record);
    ASSERT_TRUE(key) << record;
    EXPECT_TRUE(key->testing);
    const auto known = public_key(*key);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->kind(), secret->kind());
    EXPECT_EQ(known->bits(), secret->bits());
  }
}

}  // namespace
}  // namespace chappe::trust::dkim
