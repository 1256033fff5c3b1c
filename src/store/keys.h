// Keys are tuples, written so that comparing the bytes compares the tuples. The account comes first (so that accounts
// can be spread over nodes), then the key space, then what the space says. Account 0 is the system: directory, queue,
// bodies. docs/formats/keys.md has the table of all spaces.
//
// Integers are big-endian; text and octets inside a tuple are escaped and terminated, so that "a" < "a\0" < "ab" and no
// element is a prefix of another; the last element may stand raw (`rest`). Pure functions, no allocation beyond the
// key.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::store {

// Second element of every key. The numbers are on disk: never reuse one.
enum class Space : std::uint8_t {
  // of an account
  account = 0x10,       // ()                        what the account counts: next ids, last change, usage
  mailbox = 0x11,       // (mailbox u32)             name, attributes, uidnext, counts
  mailbox_name = 0x12,  // (name, raw)               mailbox id by name
  keywords = 0x13,      // (mailbox u32)             the keywords used in a mailbox, in order of their numbers
  message = 0x20,       // (mailbox u32, uid u32)    the message record
  flag_page = 0x21,     // (mailbox u32, page u32)   flags and modseqs of about a thousand UIDs
  change = 0x22,        // (modseq u64)              the feed: what changed
  expunged = 0x23,      // (mailbox u32, modseq u64) UIDs that went
  thread = 0x25,        // (hash u64)                the thread that a message id belongs to
  kept = 0x26,          // (when u64, mailbox u32, uid u32)  a deleted letter that can be brought back
  // of an account: what can be searched (docs/formats/search.md)
  search_state = 0x28,     // ()                        how far the index is; its segments
  search_document = 0x29,  // (document u32)            body, date, places of a letter
  search_body = 0x2a,      // (body 16)                 document of a body
  search_place = 0x2b,     // (mailbox u32, page u32)   documents of 1024 UIDs
  search_page = 0x2c,      // (kind u8, page u32)       lengths, dates of documents
  search_term = 0x2d,      // (segment u32, first term raw)
  search_posting = 0x2e,   // (segment u32, row u32)    where terms stand
  search_word = 0x2f,      // (segment u32, row u32)    places of words within letters
  // of the system (account 0)
  keeper = 0x27,         // (account u32)               an account that has such letters
  directory = 0x30,      // (sub-space u8, ...)          tenants, domains, accounts, keys, policies
  queue = 0x40,          // (letter 16, recipient u32)   a recipient that waits for transfer
  queue_due = 0x41,      // (time u64, letter, recipient u32)
  reap = 0x42,           // (account u32, mailbox u32)   a removed mailbox whose messages are still being taken away
  body = 0x50,           // (body 16)                    size, codec, key and reference count
  body_piece = 0x51,     // (body 16, piece u32)        octets
  body_summary = 0x52,   // (body 16)                    what is told of a letter without opening it
  body_extents = 0x53,   // (body 16)                   where the octets of a large body stand
  segment = 0x54,        // (segment u32)               how much of a segment is alive
  trail = 0x60,          // (letter 16, time u64, recipient u32, event u8)
  trail_refused = 0x61,  // (hour u64, door, network, reason raw)
  reputation = 0x68,     // (kind u8, name raw)
  settings = 0x70,       // (name)
};

inline constexpr std::uint32_t kSystemAccount = 0;

// Half-open: begin <= key < end. An empty `end` means: to the last key.
struct Range {
  Bytes begin;
  Bytes end;

  bool contains(ByteView key) const { return key >= begin && (end.empty() || key < end); }
  // Nothing can lie in it.
  bool empty() const { return !end.empty() && begin >= end; }
  // All keys that begin with `prefix`; an empty prefix means all keys.
  static Range prefix(Bytes prefix);
};

// Builds a key: `KeyWriter(account, Space::message).u32(mailbox).u32(uid).take()`.
class KeyWriter {
 public:
  KeyWriter() = default;
  KeyWriter(std::uint32_t account, Space space) { u32(account).u8(static_cast<std::uint8_t>(space)); }

  KeyWriter& u8(std::uint8_t v);
  KeyWriter& u32(std::uint32_t v);
  KeyWriter& u64(std::uint64_t v);
  // Any octets, escaped (00 -> 00 FF) and terminated (00 01).
  KeyWriter& text(ByteView v);
  // Octets of a length that the key space fixes, or the last element of a key: as they are.
  KeyWriter& rest(ByteView v);

  const Bytes& bytes() const { return key_; }
  Bytes take() { return std::move(key_); }
  // The keys that continue this one.
  Range range() const { return Range::prefix(key_); }

 private:
  Bytes key_;
};

// Reads a key back. A reader on bytes that are no such tuple says Errc::corrupt and stays where it is.
class KeyReader {
 public:
  explicit KeyReader(ByteView key) : left_(key) {}

  Result<std::uint8_t> u8();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<Bytes> text();
  // Exactly `size` octets; a view into the key.
  Result<ByteView> octets(std::size_t size);
  // Everything that is left.
  ByteView rest();
  // Skips account and space; corrupt unless they are these.
  Result<void> expect(std::uint32_t account, Space space);
  bool done() const { return left_.empty(); }

 private:
  ByteView left_;
};

}  // namespace chappe::store
