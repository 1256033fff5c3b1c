// One letter of a mailbox, read from the store as little at a time as an answer needs: its header, or all of it.
// Owned by the command that reads; waits for the store and the offload pool. What it has read is shared with work on
// other threads: parsing, decoding and searching a large letter take longer than a shard may be held.
#pragma once

#include <memory>
#include <optional>

#include "agents/imap/conversation.h"
#include "message/letter.h"

namespace chappe::agents::imap {

// Octets of a letter with their view. Never changes; lives until the last work on it has ended, whoever waits for that.
struct ReadLetter {
  Lease lease;
  Bytes octets;
  message::Letter letter;

  ReadLetter(Lease l, const ChunkList& list) : lease(std::move(l)), octets(list.flatten()), letter(octets) {}
  const message::Letter* operator->() const { return &letter; }
};
using SharedLetter = std::shared_ptr<const ReadLetter>;

class LetterReader {
 public:
  static constexpr std::uint64_t kWhole = 64 * 1024;     // letters up to this size are read at once
  static constexpr std::uint64_t kHeader = 32 * 1024;    // the first look for a header
  static constexpr std::uint64_t kMaxHeader = 8u << 20;  // what is longer is no header any more
  static constexpr std::uint64_t kHere = 64 * 1024;      // work on more octets goes to the offload pool

  LetterReader(Conversation* c, post::MessageRecord record) : c_(c), record_(std::move(record)) {}
  LetterReader(const LetterReader&) = delete;
  LetterReader& operator=(const LetterReader&) = delete;

  const post::MessageRecord& record() const { return record_; }
  std::uint64_t size() const { return record_.body.size; }

  // The letter with at least its whole header; its body may be cut. Errors: not_found (expunged meanwhile), busy (too
  // much work waits), and the store's.
  Task<Result<SharedLetter>> header();
  // All of it.
  Task<Result<SharedLetter>> letter();
  // What is told of it without opening it. Errors: not_found (expunged meanwhile), and the store's.
  Task<Result<post::SharedSummary>> summary();
  // The header that stands in [begin, end), alone: of the letter, or of a message in it.
  Task<Result<SharedLetter>> header_of(std::uint64_t begin, std::uint64_t end);
  // [offset, offset + size), without keeping it.
  Task<Result<ChunkList>> octets(std::uint64_t offset, std::uint64_t size);

  // fn(), whose work grows with so many octets: here when they are few, else in the offload pool. It owns what it
  // touches, and runs to its end whatever becomes of the session. Errors: busy, and those of waiting.
  template <class F, class R = std::invoke_result_t<F&>>
  Task<Result<R>> work(std::uint64_t octets, F fn) {
    if (octets <= kHere) co_return Result<R>(std::in_place, fn());
    co_return co_await net::offload(c_->site().offload, std::move(fn), c_->deadline());
  }

 private:
  Task<Result<SharedLetter>> read(std::uint64_t begin, std::uint64_t size);

  Conversation* c_;
  post::MessageRecord record_;
  SharedLetter letter_;
  post::SharedSummary summary_;
};

}  // namespace chappe::agents::imap
