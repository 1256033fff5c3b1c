// One letter of a mailbox, read from the store as little at a time as an answer needs: its header, or all of it.
// Owned by the command that reads; what it has read goes with it. Waits for the store, nothing else.
#pragma once

#include <optional>

#include "agents/imap/conversation.h"
#include "message/letter.h"

namespace chappe::agents::imap {

class LetterReader {
 public:
  static constexpr std::uint64_t kWhole = 64 * 1024;     // letters up to this size are read at once
  static constexpr std::uint64_t kHeader = 32 * 1024;    // the first look for a header
  static constexpr std::uint64_t kMaxHeader = 8u << 20;  // what is longer is no header any more

  LetterReader(Conversation* c, post::MessageRecord record) : c_(c), record_(std::move(record)) {}
  LetterReader(const LetterReader&) = delete;
  LetterReader& operator=(const LetterReader&) = delete;

  const post::MessageRecord& record() const { return record_; }
  std::uint64_t size() const { return record_.body.size; }

  // The letter with at least its whole header; its body may be cut. Errors: not_found (expunged meanwhile), and the
  // store's.
  Task<Result<const message::Letter*>> header();
  // All of it.
  Task<Result<const message::Letter*>> letter();
  // [offset, offset + size), without keeping it.
  Task<Result<ChunkList>> octets(std::uint64_t offset, std::uint64_t size);

 private:
  Task<Result<void>> read(std::uint64_t size);

  Conversation* c_;
  post::MessageRecord record_;
  Bytes octets_;
  std::optional<message::Letter> letter_;
  Lease lease_;
};

}  // namespace chappe::agents::imap
