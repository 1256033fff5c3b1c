#include "trust/dkim/sign.h"

#include <gtest/gtest.h>

#include "trust/dkim/field_writer.h"
#include "trust/dkim/key.h"
#include "trust/dkim/testing.h"

namespace chappe::trust::dkim {
namespace {

constexpr Time kNow{1'700'000'000'000'000};

class Sign : public ::testing::Test {
 protected:
  Sign() {
    static const auto rsa_key =
        std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate_rsa(2048).value());
    static const auto ed_key =
        std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate_ed25519().value());
    rsa = {rsa_key, "example.org", "r"};
    ed = {ed_key, "example.org", "e"};
    resolver = zone(txt("r._domainkey.example.org.", key_record(*rsa_key)) +
                    txt("e._domainkey.example.org.", key_record(*ed_key)));
  }

  std::vector<std::string> fields_of(const std::string& bytes, const SignOptions& options = {}) {
    const message::Letter letter(bytes);
    const SigningKey keys[] = {rsa, ed};
    auto made = sign(letter, keys, kNow, options);
    EXPECT_TRUE(made) << (made ? "" : made.error().text());
    return made ? made->fields : std::vector<std::string>{};
  }
  std::string signed_letter(const std::string& bytes, const SignOptions& options = {}) {
    std::string out;
    for (const std::string& field : fields_of(bytes, options)) out += field;
    return out + bytes;
  }
  std::string verdict(const std::string& bytes) {
    Judge judge(*resolver);
    const Verdict v = judge(bytes);
    std::string out;
    for (const SignatureVerdict& s : v.signatures) out += std::string(reason_row(s.reason).id) + ' ';
    return out;
  }
  Errc error_of(std::span<const SigningKey> keys, const std::string& bytes, const SignOptions& options = {}) {
    const auto made = sign(message::Letter(bytes), keys, kNow, options);
    EXPECT_FALSE(made);
    return made ? Errc::bug : made.error().code();
  }

  SigningKey rsa, ed;
  std::unique_ptr<dns::ZoneResolver> resolver;
};

const std::string kLetter =
    "Received: from a by b; Fri, 20 Nov 2026 18:46:00 +0100\r\n"
    "From: Joe <joe@example.org>\r\nTo: a@example.net,\r\n b@example.net\r\nSubject:  two  words\r\n"
    "Date: Fri, 20 Nov 2026 18:46:00 +0100\r\nMessage-ID: <1@example.org>\r\n\r\nHello,  \r\n\r\n\tworld\r\n\r\n";

TEST_F(Sign, AllFourFormsVerify) {
  for (const Canon header : {Canon::simple, Canon::relaxed})
    for (const Canon body : {Canon::simple, Canon::relaxed})
      EXPECT_EQ(verdict(signed_letter(kLetter, {.header_canon = header, .body_canon = body})), "verified verified ")
          << canon_name(header) << canon_name(body);
}

TEST_F(Sign, RelaxedLetsBlanksChangeAndSimpleDoesNot) {
  const auto replaced = [](std::string text, std::string_view from, std::string_view to) {
    text.replace(text.rfind(from), from.size(), to);
    return text;
  };
  for (const Canon header : {Canon::simple, Canon::relaxed}) {
    for (const Canon body : {Canon::simple, Canon::relaxed}) {
      const std::string letter = signed_letter(kLetter, {.header_canon = header, .body_canon = body});
      const auto expect = [&](bool holds, const char* fault, const std::string& changed) {
        EXPECT_EQ(verdict(changed), holds ? "verified verified " : std::string(fault) + ' ' + fault + ' ') << changed;
      };
      expect(header == Canon::relaxed, "signature-differs",
             replaced(letter, "Subject:  two  words", "SUBJECT: two\r\n words "));
      expect(body == Canon::relaxed, "body-differs", replaced(letter, "Hello,  ", "Hello, \t"));
      expect(body == Canon::relaxed, "body-differs", replaced(letter, "\tworld\r\n", " world \r\n"));
      // Empty lines at the end, in both forms.
      expect(true, "", letter + "\r\n\r\n");
      expect(true, "", letter.substr(0, letter.size() - 2));
      expect(false, "signature-differs", replaced(letter, "two  words", "two  wordz"));
      expect(false, "body-differs", replaced(letter, "world", "World"));
      expect(false, "body-differs", letter + "more\r\n");
    }
  }
}

TEST_F(Sign, FieldsThatWereNotThereCannotBeAdded) {
  const std::string letter = signed_letter(kLetter);
  for (const char* field : {"From: Eve <eve@example.com>", "Subject: x", "To: x@example.com", "Cc: x@example.com",
                            "Date: Fri, 20 Nov 2026 18:46:00 +0100", "Reply-To: eve@example.com", "Message-ID: <2@x>",
                            "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x",
                            "Content-Transfer-Encoding: base64", "In-Reply-To: <3@x>", "References: <3@x>"}) {
    EXPECT_EQ(verdict(std::string(field) + "\r\n" + letter), "signature-differs signature-differs ") << field;
    const std::size_t end = letter.find("\r\n\r\n");
    EXPECT_EQ(verdict(letter.substr(0, end + 2) + field + letter.substr(end)), "signature-differs signature-differs ")
        << field;
  }
  // What others add on the way.
  for (const char* field : {"Received: x", "Sender: list@example.com", "List-Id: <x.example.com>", "X-Spam: no"})
    EXPECT_EQ(verdict(std::string(field) + "\r\n" + letter), "verified verified ") << field;
}

TEST_F(Sign, SeveralFieldsOfAName) {
  const std::string twice = "Subject: first\r\n" + kLetter;
  const std::string letter = signed_letter(twice);
  EXPECT_EQ(verdict(letter), "verified verified ");
  const auto first = fields_of(twice)[0];
  const message::Letter field(first);
  const Signature s = parse_signature(field.fields()[0]);
  EXPECT_EQ(std::ranges::count(s.fields, "Subject"), 3);
  EXPECT_EQ(std::ranges::count(s.fields, "Cc"), 1);
  // The order of equal fields is signed.
  std::string turned = letter;
  turned.replace(turned.find("Subject: first"), 14, "Subject:  two  words");
  turned.replace(turned.rfind("Subject:  two  words"), 20, "Subject: first");
  EXPECT_EQ(verdict(turned), "signature-differs signature-differs ");
}

TEST_F(Sign, WritesItsTags) {
  rsa.identity = "joe;x@sub.example.org";
  rsa.domain = "Example.ORG";
  const auto fields = fields_of(kLetter, {.lifetime = std::chrono::hours(24)});
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_TRUE(fields[0].starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=r;"));
  EXPECT_TRUE(fields[1].starts_with("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=e;"));
  const message::Letter letter(fields[0]);
  const Signature s = parse_signature(letter.fields()[0]);
  EXPECT_FALSE(s.fault);
  EXPECT_EQ(s.identity(), "joe;x@sub.example.org");
  EXPECT_EQ(s.made, 1'700'000'000u);
  EXPECT_EQ(s.expires, 1'700'086'400u);
  EXPECT_FALSE(s.length);
  EXPECT_EQ(s.body_hash, Bytes(crypto::sha256("Hello,\r\n\r\n world\r\n").view()));
  const auto bare = fields_of(kLetter, {.timestamp = false});
  EXPECT_EQ(bare[1].find("t="), std::string::npos);
  EXPECT_EQ(bare[1].find("x="), std::string::npos);
}

TEST_F(Sign, NoSignatureIsOfATimeThatItCannotSay) {
  EXPECT_EQ(timestamp({}).value(), "0");
  EXPECT_EQ(timestamp({1'700'000'000'999'999}).value(), "1700000000");
  EXPECT_EQ(timestamp({-1}).error().code(), Errc::invalid);
  const message::Letter letter(kLetter);
  EXPECT_EQ(sign(letter, {&ed, 1}, {-315'619'200'000'000}).error().code(), Errc::invalid);
  EXPECT_TRUE(sign(letter, {&ed, 1}, {-315'619'200'000'000}, {.timestamp = false}));
}

TEST_F(Sign, NoLineIsLongerThanItMustBe) {
  rsa.domain = ed.domain = "a-rather-long-name-of-a-host.below-a-rather-long-name.example.org";
  for (std::size_t n = 1; n < 40; ++n) {
    rsa.selector = std::string(n, 's');
    for (const std::string& field : fields_of(kLetter)) {
      EXPECT_TRUE(field.ends_with("\r\n"));
      const std::string body = field.substr(0, field.size() - 2);
      for (const auto line : split(body, '\n')) {
        EXPECT_LE(trim(line, "\r").size(), FieldWriter::kColumns) << field;
        EXPECT_FALSE(trim(line).empty()) << field;
      }
    }
  }
}

TEST_F(Sign, AGivenBodyHashServes) {
  const SignOptions options;
  const BodyHashKind kinds[] = {options.body_kind()};
  BodyHashes bodies(kinds);
  for (const char* piece : {"Hello,", "  \r", "\n\r\n\two", "rld\r\n\r\n"}) bodies.feed(piece);
  bodies.finish();
  const message::Letter letter(kLetter);
  const SigningKey keys[] = {ed};
  const auto made = sign(letter.fields(), bodies, keys, kNow, options);
  ASSERT_TRUE(made);
  EXPECT_EQ(verdict((*made)[0] + kLetter), "verified ");
  EXPECT_FALSE(sign(letter.fields(), bodies, keys, kNow, {.body_canon = Canon::simple}));
}

TEST_F(Sign, EmptyBodiesAreSigned) {
  for (const char* body : {"", "\r\n", " \r\n", "no line end"}) {
    for (const Canon canon : {Canon::simple, Canon::relaxed}) {
      const std::string letter = "From: a@example.org\r\n\r\n" + std::string(body);
      EXPECT_EQ(verdict(signed_letter(letter, {.body_canon = canon})), "verified verified ") << body;
    }
  }
  EXPECT_EQ(verdict(signed_letter("From: a@example.org\r\n")), "verified verified ");
}

TEST_F(Sign, WhatCannotBeSigned) {
  const SigningKey good[] = {ed};
  EXPECT_EQ(error_of(good, "To: a@example.org\r\n\r\n"), Errc::invalid);
  EXPECT_EQ(error_of(good, kLetter, {.names = {{"To", 1}}}), Errc::invalid);
  const auto wrong = [&](auto change) {
    SigningKey key = ed;
    change(key);
    const SigningKey keys[] = {key};
    return error_of(keys, kLetter);
  };
  EXPECT_EQ(wrong([](SigningKey& k) { k.domain = "org"; }), Errc::invalid);
  EXPECT_EQ(wrong([](SigningKey& k) { k.domain = "a(b.example.org"; }), Errc::invalid);
  EXPECT_EQ(wrong([](SigningKey& k) { k.selector = "a b"; }), Errc::invalid);
  EXPECT_EQ(wrong([](SigningKey& k) { k.identity = "joe@example.com"; }), Errc::invalid);
  EXPECT_EQ(wrong([](SigningKey& k) { k.identity = "joe"; }), Errc::invalid);
  std::string many = "From: a@example.org\r\n";
  for (std::size_t i = 0; i < kMaxSignedFields; ++i) many += "To: a@example.org\r\n";
  EXPECT_EQ(error_of(good, many + "\r\n"), Errc::too_large);
}

TEST_F(Sign, SaysWhatIsUnfitForTheWire) {
  EXPECT_FALSE(unfit_for_wire(kLetter).any());
  EXPECT_FALSE(unfit_for_wire("").any());
  EXPECT_TRUE(unfit_for_wire("a\nb\r\n").bare_lf);
  EXPECT_FALSE(unfit_for_wire("a\nb\r\n").bare_cr);
  EXPECT_TRUE(unfit_for_wire("a\rb\r\n").bare_cr);
  EXPECT_TRUE(unfit_for_wire("a\r\r\n").bare_cr);
  EXPECT_TRUE(unfit_for_wire("a\r").bare_cr);
  EXPECT_FALSE(unfit_for_wire(std::string(998, 'x') + "\r\n").any());
  EXPECT_TRUE(unfit_for_wire(std::string(999, 'x') + "\r\n").any());
  EXPECT_EQ(unfit_for_wire("ab\r\nabcd").longest_line, 4u);
  // It is signed as it stands.
  const std::string bytes = "From: a@example.org\r\n\r\na\nb\r\n";
  const SigningKey keys[] = {ed};
  const auto made = sign(message::Letter(bytes), keys, kNow);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->unfit.bare_lf);
  EXPECT_EQ(verdict(made->fields[0] + bytes), "verified ");
}

}  // namespace
}  // namespace chappe::trust::dkim
