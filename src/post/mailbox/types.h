// The words of a mailbox: flags, states, records, sets of UIDs. Plain values, no store, no I/O.
// RFC 9051 §2.3 (message attributes), RFC 7162 (modseq), RFC 6154 (special use), RFC 8474 (object ids).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "post/ids.h"
#include "post/letter_id.h"
#include "post/mailbox/uid_set.h"
#include "store/bodies.h"

namespace chappe::post {

// Immutable; never given twice within an account. RFC 8474 §4
using MailboxId = Id<struct MailboxTag>;

// Of an account, so of every mailbox in it too: strictly ascending. RFC 7162 §3.1
struct ModSeq {
  std::uint64_t value = 0;
  auto operator<=>(const ModSeq&) const = default;
};

// System flags. RFC 9051 §2.3.2. The numbers are on disk.
enum class Flag : std::uint8_t { answered = 1, flagged = 2, deleted = 4, seen = 8, draft = 16 };
inline constexpr std::uint8_t kAllFlags = 31;

struct Flags {
  std::uint8_t bits = 0;

  constexpr Flags() = default;
  constexpr Flags(std::initializer_list<Flag> flags) {
    for (const Flag f : flags) bits |= static_cast<std::uint8_t>(f);
  }
  constexpr bool has(Flag f) const { return bits & static_cast<std::uint8_t>(f); }
  constexpr void set(Flag f) { bits |= static_cast<std::uint8_t>(f); }
  constexpr void clear(Flag f) { bits &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(f)); }
  bool operator==(const Flags&) const = default;
};

// Which of the keywords of its mailbox a message has: bit n is the n-th in the mailbox's table.
inline constexpr std::size_t kMaxKeywords = 128;     // different ones in one mailbox
inline constexpr std::size_t kMaxKeywordSize = 128;  // octets

struct KeywordBits {
  std::array<std::uint64_t, kMaxKeywords / 64> words{};

  bool has(std::size_t n) const { return words[n / 64] >> (n % 64) & 1; }
  void set(std::size_t n) { words[n / 64] |= std::uint64_t{1} << (n % 64); }
  void clear(std::size_t n) { words[n / 64] &= ~(std::uint64_t{1} << (n % 64)); }
  bool any() const { return *this != KeywordBits{}; }
  bool operator==(const KeywordBits&) const = default;
};

// Flags as a client names them.
struct FlagList {
  Flags system;
  std::vector<std::string> keywords;  // atoms without backslash; compared without case, kept as first written
};

// RFC 6154 §2. The numbers are on disk.
enum class SpecialUse : std::uint8_t { none = 0, archive = 1, drafts = 2, junk = 3, sent = 4, trash = 5 };

// A mailbox, as LIST and STATUS tell it.
struct MailboxInfo {
  MailboxId id;
  std::string name;  // UTF-8, '/' between the levels; INBOX in capitals
  SpecialUse special_use = SpecialUse::none;
  bool subscribed = false;
  std::uint32_t uidvalidity = 0;
  std::uint32_t uidnext = 1;
  ModSeq highestmodseq;
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;   // without \Seen
  std::uint32_t deleted = 0;  // with \Deleted
  std::uint64_t size = 0;     // octets of all messages
};

// What may change about a message.
struct MessageState {
  Uid uid;
  Flags flags;
  ModSeq modseq;  // of the last change of flags, or of the arrival
  KeywordBits keywords;
};

// What never changes about a message.
struct MessageRecord {
  Uid uid;
  LetterId letter;           // the letter it came as; also RFC 8474 EMAILID until a letter is changed in place
  LetterId email;            // RFC 8474 §5.1: shared by its copies
  store::BodyRef body;       // body.size is RFC822.SIZE
  Time internal_date;        // INTERNALDATE
  Time saved;                // SAVEDATE (RFC 8514): when it came into this mailbox
  std::uint64_t thread = 0;  // reserved
};

}  // namespace chappe::post
