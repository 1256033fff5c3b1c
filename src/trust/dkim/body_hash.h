// The hashes of a body that the signatures of its letter ask for, made while it arrives: begun when the header is
// complete, fed the octets behind its empty line as they come, and asked when the letter has ended. Each form of
// canonicalisation runs once however many signatures want it (RFC 6376 §3.7). The signatures are read for that, and
// those of DKIM kept for who verifies them.
//
//   BodyHashes hashes(letter.fields());       // post/ingest: when header_complete()
//   hashes.feed(chunk);                       // each piece of the body
//   hashes.finish();
//   co_await verify(resolver, letter.fields(), hashes, …);
//
// Owned by one letter; on its shard. feed() costs little more than the hashes themselves; nothing blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "message/field.h"
#include "trust/dkim/canon.h"
#include "trust/dkim/signature.h"

namespace chappe::trust::dkim {

struct BodyHashKind {
  Canon canon = Canon::relaxed;
  crypto::DigestKind digest = crypto::DigestKind::sha256;
  std::optional<std::uint64_t> length = {};  // l=

  bool operator==(const BodyHashKind&) const = default;
};

struct BodyHash {
  BodyHashKind kind;
  Bytes hash;
  std::uint64_t octets = 0;  // of the canonical body
  // Of them, those that the hash covers, and those that `l=` leaves out.
  std::uint64_t covered() const { return kind.length ? std::min(*kind.length, octets) : octets; }
  std::uint64_t uncovered() const { return octets - covered(); }
};

class BodyHashes {
 public:
  // Different hashes of one body; a letter that wants more gets the first ones.
  static constexpr std::size_t kMax = 4;
  // Signatures of each sort whose wishes are looked at.
  static constexpr std::size_t kMaxSignatures = 50;

  // What the DKIM-Signature and ARC-Message-Signature fields of a header ask for; and before that `also`, of a letter
  // that will be sealed.
  explicit BodyHashes(std::span<const message::Field> header, std::optional<BodyHashKind> also = {});
  // What a signer needs.
  explicit BodyHashes(std::span<const BodyHashKind> kinds);
  ~BodyHashes();
  BodyHashes(BodyHashes&&) noexcept;
  BodyHashes& operator=(BodyHashes&&) noexcept;

  // Nobody asked for anything: feeding may be left out.
  bool empty() const { return hashes_.empty(); }
  void feed(ByteView body);
  void feed(const ChunkList& body);
  // The end of the body. Once, last.
  void finish();

  // After finish(). nullptr: not asked for, or one too many.
  const BodyHash* find(const BodyHashKind& kind) const;
  std::span<const BodyHash> all() const { return hashes_; }
  // parse_signature() of the DKIM-Signature at that place of the header that this was made of; what was read for the
  // hashes is not read again.
  Signature signature(std::span<const message::Field> header, std::size_t field) const;

 private:
  void want(const BodyHashKind& kind);
  void begin();

  struct Streams;
  std::vector<BodyHash> hashes_;
  std::vector<std::pair<std::size_t, Signature>> read_;  // DKIM-Signatures by their places in the header
  std::unique_ptr<Streams> streams_;                     // until finish()
};

}  // namespace chappe::trust::dkim
