#include "trust/dkim/body_hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "trust/dkim/testing.h"

namespace chappe::trust::dkim {
namespace {

constexpr std::string_view kSum256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
constexpr std::string_view kSum1 = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=";

// A signature that wants a body in a certain form.
std::string wish(std::string_view c, std::string_view more = "", bool sha1 = false) {
  return fmt::format("DKIM-Signature: v=1; a=rsa-{}; c={}; d=example.org; s=s; h=From; bh={}; b=QUJD{}\r\n",
                     sha1 ? "sha1" : "sha256", c, sha1 ? kSum1 : kSum256, more);
}

BodyHashes hashes_of(const std::string& header, std::string_view body, std::size_t step = 1 << 20) {
  const message::Letter letter(header);
  BodyHashes out(letter.fields());
  for (std::size_t at = 0; at < body.size(); at += step) out.feed(body.substr(at, step));
  out.finish();
  return out;
}

Bytes sum(ByteView text) { return Bytes(crypto::sha256(text).view()); }

TEST(BodyHashes, EachWishIsMetOnce) {
  const std::string header = wish("relaxed/relaxed") + wish("simple/relaxed") + wish("simple") +
                             wish("relaxed/relaxed", "; l=3") + wish("simple/simple", "", true);
  const BodyHashes hashes = hashes_of(header + "\r\n", "a  b\r\n\r\n");
  ASSERT_EQ(hashes.all().size(), 4u);
  const BodyHash* relaxed = hashes.find({.canon = Canon::relaxed});
  ASSERT_NE(relaxed, nullptr);
  EXPECT_EQ(relaxed->hash, sum("a b\r\n"));
  EXPECT_EQ(relaxed->octets, 5u);
  EXPECT_EQ(relaxed->uncovered(), 0u);
  EXPECT_EQ(hashes.find({.canon = Canon::simple})->hash, sum("a  b\r\n"));
  const BodyHash* cut = hashes.find({.canon = Canon::relaxed, .length = 3});
  EXPECT_EQ(cut->hash, sum("a b"));
  EXPECT_EQ(cut->covered(), 3u);
  EXPECT_EQ(cut->uncovered(), 2u);
  const auto sha1 = crypto::sha1("a  b\r\n");
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .digest = crypto::DigestKind::sha1})->hash,
            Bytes(sha1.data(), sha1.size()));
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 3}), nullptr);
}

TEST(BodyHashes, NobodyAsks) {
  for (const char* header : {"From: a@example.org\r\n\r\n", "DKIM-Signature: rubbish\r\n\r\n"}) {
    BodyHashes hashes = hashes_of(header, "body");
    EXPECT_TRUE(hashes.empty());
    EXPECT_EQ(hashes.find({}), nullptr);
  }
}

TEST(BodyHashes, ArcAsksToo) {
  const std::string ams =
      "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; h=From; bh=" +
      std::string(kSum256) + "; b=QUJD\r\n\r\n";
  EXPECT_EQ(hashes_of(ams, "x").find({})->hash, sum("x\r\n"));
}

TEST(BodyHashes, WishesAreLimited) {
  std::string header;
  for (std::size_t i = 1; i <= BodyHashes::kMax + 2; ++i) header += wish("simple", fmt::format("; l={}", i));
  const BodyHashes hashes = hashes_of(header + "\r\n", "0123456789");
  EXPECT_EQ(hashes.all().size(), BodyHashes::kMax);
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 2})->hash, sum("01"));
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = BodyHashes::kMax + 1}), nullptr);
}

TEST(BodyHashes, LengthsAtTheEdges) {
  const std::string header =
      wish("simple", "; l=0") + wish("simple", "; l=5") + wish("simple", "; l=6") + wish("simple", "; l=7");
  const BodyHashes hashes = hashes_of(header + "\r\n", "abc");  // canonical: five octets
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 0})->hash, sum(""));
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 0})->uncovered(), 5u);
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 5})->hash, sum("abc\r\n"));
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 7})->hash, sum("abc\r\n"));
  EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 7})->uncovered(), 0u);
}

TEST(BodyHashes, PiecesOfAnySizeGiveTheSame) {
  SeededRandom random(7);
  std::string body;
  for (int i = 0; i < 2000; ++i) {
    body += std::string(random.below(90), 'x');
    body += random.below(3) == 0 ? " \t " : random.below(2) == 0 ? "\r\n" : " \r\n\r\n";
  }
  const std::string header = wish("relaxed/relaxed") + wish("simple") + wish("simple", "; l=700") + "\r\n";
  for (const std::size_t step : {1u, 13u, 255u, 256u, 257u, 16384u, 1000000u}) {
    const BodyHashes hashes = hashes_of(header, body, step);
    const std::string simple = plain_canon(Canon::simple, body);
    EXPECT_EQ(hashes.find({.canon = Canon::relaxed})->hash, sum(plain_canon(Canon::relaxed, body))) << step;
    EXPECT_EQ(hashes.find({.canon = Canon::simple})->hash, sum(simple)) << step;
    EXPECT_EQ(hashes.find({.canon = Canon::simple, .length = 700})->hash, sum(simple.substr(0, 700))) << step;
  }
}

TEST(BodyHashes, ChunksAreTakenAsTheyAre) {
  const BodyHashKind kinds[] = {{}};
  BodyHashes hashes(kinds);
  ChunkList chunks;
  for (const char* piece : {"a \r", "\n", "b"}) chunks.append(Chunk::copy_of(piece));
  hashes.feed(chunks);
  hashes.finish();
  EXPECT_EQ(hashes.find({})->hash, sum("a\r\nb\r\n"));
}

}  // namespace
}  // namespace chappe::trust::dkim
