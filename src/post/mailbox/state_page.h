// One page of a mailbox in memory: the UIDs that there are of a run of 1024, their flags, modseqs and keywords, in
// columns of a few octets a message, so that a mailbox of a million costs as many megabytes as a message has octets
// here (docs/formats/mailboxes.md, flag_page, is the stored form).
//
// A page never changes once it is made: the open mailbox and the views of its sessions share pages, and what a view
// has not been told yet it keeps by keeping the old page. Plain values; nothing blocks.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "post/mailbox/types.h"

namespace chappe::post {

// Which of the UIDs of a page there are, by their place in it.
class UidBits {
 public:
  static constexpr std::uint32_t kSize = 1024;
  static constexpr std::size_t kWords = kSize / 64;

  bool has(std::uint32_t place) const { return words_[place / 64] >> (place % 64) & 1; }
  void add(std::uint32_t place) { words_[place / 64] |= std::uint64_t{1} << (place % 64); }
  std::uint32_t count() const {
    std::uint32_t n = 0;
    for (const std::uint64_t w : words_) n += static_cast<std::uint32_t>(std::popcount(w));
    return n;
  }
  // How many stand before `place` (at most kSize).
  std::uint32_t rank(std::uint32_t place) const {
    std::uint32_t n = 0;
    for (std::size_t w = 0; w < place / 64; ++w) n += static_cast<std::uint32_t>(std::popcount(words_[w]));
    if (place % 64 != 0) n += static_cast<std::uint32_t>(std::popcount(words_[place / 64] << (64 - place % 64)));
    return n;
  }
  // The place of the n-th, from 0; n < count().
  std::uint32_t nth(std::uint32_t n) const {
    std::size_t w = 0;
    for (std::uint32_t here = 0; (here = static_cast<std::uint32_t>(std::popcount(words_[w]))) <= n; ++w) n -= here;
    std::uint64_t bits = words_[w];
    for (; n > 0; --n) bits &= bits - 1;
    return static_cast<std::uint32_t>(w * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  // Those from `place` on.
  UidBits from(std::uint32_t place) const {
    UidBits out = *this;
    for (std::size_t w = 0; w < kWords; ++w) {
      if ((w + 1) * 64 <= place)
        out.words_[w] = 0;
      else if (w * 64 < place)
        out.words_[w] &= ~std::uint64_t{0} << (place % 64);
    }
    return out;
  }
  bool any() const { return *this != UidBits(); }
  std::uint64_t word(std::size_t w) const { return words_[w]; }

  UidBits operator&(const UidBits& o) const {
    UidBits out;
    for (std::size_t w = 0; w < kWords; ++w) out.words_[w] = words_[w] & o.words_[w];
    return out;
  }
  UidBits operator|(const UidBits& o) const {
    UidBits out;
    for (std::size_t w = 0; w < kWords; ++w) out.words_[w] = words_[w] | o.words_[w];
    return out;
  }
  UidBits without(const UidBits& o) const {
    UidBits out;
    for (std::size_t w = 0; w < kWords; ++w) out.words_[w] = words_[w] & ~o.words_[w];
    return out;
  }
  bool operator==(const UidBits&) const = default;

  // f(place, rank) for each, ascending; while it says true.
  template <class F>
  bool each(F&& f) const {
    std::uint32_t rank = 0;
    for (std::size_t w = 0; w < kWords; ++w)
      for (std::uint64_t bits = words_[w]; bits != 0; bits &= bits - 1)
        if (!f(static_cast<std::uint32_t>(w * 64) + static_cast<std::uint32_t>(std::countr_zero(bits)), rank++))
          return false;
    return true;
  }

 private:
  std::array<std::uint64_t, kWords> words_{};
};

class StatePage {
 public:
  // The stored form. Errors: corrupt, unsupported.
  static Result<StatePage> decode(ByteView bytes, std::uint32_t number);

  // Page n has the UIDs from n * UidBits::kSize on.
  std::uint32_t number() const { return number_; }
  const std::shared_ptr<const UidBits>& uids() const { return uids_; }
  // Takes the same set from `other` when it has it, so that it is there once.
  void share_uids(const StatePage& other) {
    if (*uids_ == *other.uids_) uids_ = other.uids_;
  }
  std::uint32_t size() const { return count_; }
  // Of the messages here, the last that changed.
  ModSeq newest() const { return newest_; }
  Uid uid(std::uint32_t place) const { return {number_ * UidBits::kSize + place}; }

  // By rank, 0 to size() - 1.
  Flags flags(std::uint32_t rank) const {
    Flags out;
    out.bits = static_cast<std::uint8_t>(columns_[rank]);
    return out;
  }
  ModSeq modseq(std::uint32_t rank) const;
  KeywordBits keywords(std::uint32_t rank) const;
  MessageState state(std::uint32_t place, std::uint32_t rank) const {
    return {uid(place), flags(rank), modseq(rank), keywords_.empty() ? KeywordBits() : keywords(rank)};
  }
  // Octets in memory.
  std::size_t footprint() const {
    return sizeof(*this) + sizeof(UidBits) + columns_.capacity() + keywords_.capacity() * sizeof(keywords_[0]);
  }

 private:
  StatePage() = default;

  std::uint32_t number_ = 0;
  std::uint32_t count_ = 0;
  std::uint8_t width_ = 0;  // octets of a modseq's distance from base_: 0, 1, 2, 4 or 8
  ModSeq base_;
  ModSeq newest_;
  std::shared_ptr<const UidBits> uids_;
  Bytes columns_;                                                // flags, then the distances
  std::vector<std::pair<std::uint16_t, KeywordBits>> keywords_;  // by rank; of those that have some
};

using StatePagePtr = std::shared_ptr<const StatePage>;

}  // namespace chappe::post
