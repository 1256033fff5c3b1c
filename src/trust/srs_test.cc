#include "trust/srs.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "crypto/digest.h"
#include "message/address.h"

namespace chappe::trust {
namespace {

constexpr Time kNow{1'700'000'000'000'000};  // day 19675: 219 modulo 1024, "g3"
constexpr Duration kDay = std::chrono::hours(24);

std::vector<crypto::Secret> secrets(std::initializer_list<std::string_view> texts) {
  std::vector<crypto::Secret> out;
  for (const auto text : texts) out.emplace_back(text);
  return out;
}

std::string told(const std::expected<SrsAddress, SrsFault>& back) {
  return back ? back->local + "@" + back->domain : std::string(srs_fault_row(back.error()).id);
}

class Srs : public ::testing::Test {
 protected:
  SrsAddress forward(const SrsAddress& sender, std::string_view forwarder = "fwd.example", Time now = kNow) {
    auto out = srs_forward(sender, forwarder, ours, now);
    EXPECT_TRUE(out) << (out ? "" : out.error().text());
    return out ? *out : SrsAddress{};
  }
  std::string reverse(std::string_view local, Time now = kNow, int days = kSrsDays) {
    return told(srs_reverse(local, ours, now, days));
  }

  std::vector<crypto::Secret> ours = secrets({"secret"});
};

TEST_F(Srs, ForwardAndBack) {
  const SrsAddress out = forward({"pat", "example.com"});
  // SRS0=SSSSSSSS=DD=example.com=pat
  EXPECT_TRUE(out.local.starts_with("SRS0=")) << out.local;
  EXPECT_EQ(out.local.substr(13), "=g3=example.com=pat");
  EXPECT_EQ(out.domain, "fwd.example");
  EXPECT_TRUE(message::is_dot_atom(out.local));
  EXPECT_EQ(reverse(out.local), "pat@example.com");
}

TEST_F(Srs, WhatLooksRewritten) {
  for (const char* local : {"SRS0=", "srs1+x", "Srs0-a=b"}) EXPECT_TRUE(looks_rewritten(local)) << local;
  for (const char* local : {"", "SRS0", "SRS2=x", "srs0x=y", "xSRS0=a"}) EXPECT_FALSE(looks_rewritten(local)) << local;
}

// The sum, made by hand from its definition.
TEST_F(Srs, Sum) {
  using namespace std::string_literals;
  const crypto::Sum256 mac = crypto::hmac_sha256("secret", "srs0\0g3=example.com\0pat"s);
  std::string bits;
  for (int i = 0; i < 5; ++i)
    for (int b = 7; b >= 0; --b)
      bits += (static_cast<unsigned char>(mac.octets[static_cast<std::size_t>(i)]) >> b & 1) != 0 ? '1' : '0';
  std::string sum;
  for (std::size_t i = 0; i < 40; i += 5)
    sum += "abcdefghijklmnopqrstuvwxyz234567"[std::stoul(bits.substr(i, 5), nullptr, 2)];
  EXPECT_EQ(forward({"pat", "example.com"}).local, "SRS0=" + sum + "=g3=example.com=pat");
}

TEST_F(Srs, AnyLocalPart) {
  for (const std::string_view local :
       {"a=b", "SRS0", "srs0x", "a b", "a@b", "=", "-", "p\xc3\xa9", "SRS1=", "SRS0=", "srs2=x=y"}) {
    const SrsAddress out = forward({std::string(local), "example.com"});
    EXPECT_TRUE(out.local.starts_with("SRS0=")) << local;
    EXPECT_EQ(reverse(out.local), std::string(local) + "@example.com");
  }
  EXPECT_EQ(reverse(forward({"pat", "EXAMPLE.com"}).local), "pat@example.com");
  EXPECT_EQ(reverse(forward({"pat",
                             "b\xc3\xbc"
                             "cher.example"})
                        .local),
            "pat@xn--bcher-kva.example");
}

// Hosts on the way change the case of local parts.
TEST_F(Srs, CaseFolding) {
  const SrsAddress out = forward({"Pat.Smith", "example.com"});
  EXPECT_EQ(reverse(to_lower(out.local)), "pat.smith@example.com");
  EXPECT_EQ(reverse(to_upper(out.local)), "PAT.SMITH@example.com");
}

TEST_F(Srs, ForwardedAgain) {
  const auto theirs = secrets({"of the second"});
  const auto last = secrets({"of the third"});
  const SrsAddress first = forward({"pat", "a.example"});
  const auto second = srs_forward(first, "second.example", theirs, kNow);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->local.starts_with("SRS1=")) << second->local;
  EXPECT_EQ(second->local.substr(13), "=fwd.example=" + first.local.substr(4));
  const auto third = srs_forward(*second, "third.example", last, kNow);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->local.substr(13), second->local.substr(13));
  // A bounce leaves the second out.
  EXPECT_EQ(told(srs_reverse(third->local, last, kNow)), first.local + "@fwd.example");
  EXPECT_EQ(told(srs_reverse(second->local, theirs, kNow)), first.local + "@fwd.example");
  EXPECT_EQ(told(srs_reverse(second->local, ours, kNow)), "forged");
  // Other people's separators are kept.
  const auto plus = srs_forward({"SRS0+abcd=xy=a.example=pat", "other.example"}, "fwd.example", ours, kNow);
  ASSERT_TRUE(plus);
  EXPECT_EQ(reverse(plus->local), "SRS0+abcd=xy=a.example=pat@other.example");
}

TEST_F(Srs, OwnSendersStay) {
  const SrsAddress own{"pat", "fwd.example"};
  EXPECT_EQ(forward(own), own);
  const SrsAddress first = forward({"pat", "a.example"});
  EXPECT_EQ(forward(first, "FWD.example"), first);
}

TEST_F(Srs, Age) {
  const SrsAddress out = forward({"pat", "example.com"});
  EXPECT_EQ(reverse(out.local, kNow + kSrsDays * kDay), "pat@example.com");
  EXPECT_EQ(reverse(out.local, kNow + (kSrsDays + 1) * kDay), "expired");
  EXPECT_EQ(reverse(out.local, kNow + kDay, 0), "expired");
  EXPECT_EQ(reverse(out.local, kNow, 0), "pat@example.com");
  // Another host's clock may be a day ahead, not more.
  EXPECT_EQ(reverse(out.local, kNow + -1 * kDay), "pat@example.com");
  EXPECT_EQ(reverse(out.local, kNow + -2 * kDay), "expired");
  // Over the end of the 1024 days.
  const Time late{(19675 - 219 + 1023) * std::int64_t{86'400'000'000}};
  const SrsAddress wrapped = forward({"pat", "example.com"}, "fwd.example", late);
  EXPECT_EQ(wrapped.local.substr(13, 4), "=77=");
  EXPECT_EQ(reverse(wrapped.local, late + 5 * kDay), "pat@example.com");
  EXPECT_EQ(reverse(wrapped.local, late + 501 * kDay, 5000), "expired");
}

TEST_F(Srs, Rotation) {
  const SrsAddress old = forward({"pat", "example.com"});
  const auto both = secrets({"new", "secret"}), fresh = secrets({"new"});
  EXPECT_EQ(told(srs_reverse(old.local, both, kNow)), "pat@example.com");
  EXPECT_EQ(told(srs_reverse(old.local, fresh, kNow)), "forged");
  EXPECT_EQ(told(srs_reverse(old.local, {}, kNow)), "forged");
  const auto out = srs_forward({"pat", "example.com"}, "fwd.example", both, kNow);
  EXPECT_EQ(told(srs_reverse(out->local, fresh, kNow)), "pat@example.com");
}

TEST_F(Srs, Forged) {
  const std::string good = forward({"pat", "example.com"}).local;
  EXPECT_EQ(reverse(good + "x"), "forged");
  std::string other = good;
  other.replace(other.find("example.com"), 11, "example.org");
  EXPECT_EQ(reverse(other), "forged");
  other = good;
  other.replace(other.find("=g3="), 4, "=g4=");
  EXPECT_EQ(reverse(other), "forged");
  other = good;
  other[5] = other[5] == 'a' ? 'b' : 'a';
  EXPECT_EQ(reverse(other), "forged");
  // What stands between the parts is signed, too.
  const SrsAddress a = forward({"b=c", "x.example"});
  EXPECT_EQ(reverse(a.local.substr(0, 17) + "x.example=b" + "=d"), "forged");
}

TEST_F(Srs, Malformed) {
  for (const std::string_view local :
       {"SRS0=", "SRS0=x", "SRS0=abcdefgh=g3=example.com",
        "SRS0=abcdefgh=g3=example.com=", "SRS0=abcdefg=g3=example.com=pat", "SRS0=abcdefgh=g=example.com=pat",
        "SRS0=abcdefgh=g1=example.com=pat", "SRS0=abcdefgh=g3=exa(mple.com=pat", "SRS0=abcdefgh=g3==pat",
        "SRS1=abcdefgh=first.example", "SRS1=abcdefgh=first.example=", "SRS1=abcdefgh=first.example=x=y",
        "SRS1=abcdefgh==", "SRS0=abcdefgh=g3=example.com=p\rt"})
    EXPECT_EQ(reverse(local), "malformed") << local;
  EXPECT_EQ(reverse("SRS0=" + std::string(600, 'a')), "malformed");
  for (const std::string_view local : {"", "pat", "SRS", "SRS0", "SRS2=abcdefgh=g3=example.com=pat", "SRS0abcdefgh=g3"})
    EXPECT_EQ(reverse(local), "not-srs") << local;
}

TEST_F(Srs, Refuses) {
  const auto error = [&](const SrsAddress& sender, std::string_view forwarder) {
    const auto out = srs_forward(sender, forwarder, ours, kNow);
    return out ? Errc{} : out.error().code();
  };
  // 18 octets and the separators' 2 beside the sender's own: 44 of local part and domain fit.
  const std::string fits(64 - 5 - 8 - 1 - 2 - 1 - 11 - 1, 'a');
  EXPECT_EQ(forward({fits, "example.com"}).local.size(), kMaxSrsLocal);
  EXPECT_EQ(error({fits + "a", "example.com"}, "fwd.example"), Errc::too_large);
  EXPECT_EQ(error({"", "example.com"}, "fwd.example"), Errc::invalid);
  EXPECT_EQ(error({"pat", ""}, "fwd.example"), Errc::invalid);
  EXPECT_EQ(error({"pat", "example.net(.example.com"}, "fwd.example"), Errc::invalid);
  EXPECT_EQ(error({"pa\nt", "example.com"}, "fwd.example"), Errc::invalid);
  EXPECT_EQ(error({"pat", "example.com"}, ""), Errc::invalid);
  EXPECT_EQ(srs_forward({"pat", "example.com"}, "fwd.example", {}, kNow).error().code(), Errc::bug);
}

TEST(SrsTable, IsInOrder) {
  for (int i = 0; i <= static_cast<int>(SrsFault::expired); ++i) {
    const SrsFaultRow& row = srs_fault_row(static_cast<SrsFault>(i));
    EXPECT_EQ(static_cast<int>(row.fault), i);
    EXPECT_NE(row.text(message::Lang::en), row.text(message::Lang::fr));
  }
}

}  // namespace
}  // namespace chappe::trust
