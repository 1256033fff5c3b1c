// Letters that come in pieces, over more than one request, before anybody files them: an import of what is too large
// for one. Each piece flows into the store at once (store::Draft); take() gives the whole. What is left alone for kIdle
// is forgotten, and what it has written is reclaimed.
//
// One for the process; any executor. Every call takes a lock for one look into a table
// (docs/decisions/0007-short-locks.md), not while it writes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "net/task.h"
#include "post/mailbox/mailbox.h"
#include "store/bodies.h"

namespace chappe::post {

class Drafts {
 public:
  // Both must outlive it.
  Drafts(Mailboxes& mailboxes, Clock& clock) : mailboxes_(mailboxes), clock_(clock) {}

  // Errors: busy (kMost are on their way).
  Result<std::uint64_t> begin();
  // How much there is then. One call at a time for each draft. After an error the draft is gone. Errors: not_found,
  // too_large, and those of the store.
  Task<Result<std::uint64_t>> append(std::uint64_t draft, ChunkList octets, Deadline deadline);
  // All of it, finished; the draft is gone. Errors: not_found, and those of the store.
  Task<Result<std::shared_ptr<LetterDraft>>> take(std::uint64_t draft, Deadline deadline);

  static constexpr std::size_t kMost = 8;
  static constexpr std::uint64_t kMostOctets = 1024 * 1024 * 1024;  // of one
  static constexpr Duration kIdle = std::chrono::minutes(2);

 private:
  struct Row {
    std::shared_ptr<LetterDraft> draft;
    Steady touched;
  };
  // Takes it out of the table: nobody else has it meanwhile.
  Result<std::shared_ptr<LetterDraft>> lease(std::uint64_t draft);
  void forget_idle();

  Mailboxes& mailboxes_;
  Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::map<std::uint64_t, Row> rows_;
  std::uint64_t last_ = 0;
};

}  // namespace chappe::post
