// Letters that come in pieces, over more than one request, before anybody files them: an import of what is too large
// for one. A piece is appended, and take() gives the whole. What is left alone for kIdle is forgotten.
//
// One for the process; any executor. Every call takes a lock for one look into a table
// (docs/decisions/0007-short-locks.md). In memory: so few, and no larger than kMostOctets.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace chappe::post {

class Drafts {
 public:
  // `clock` must outlive it.
  explicit Drafts(Clock& clock) : clock_(clock) {}

  // Errors: busy (kMost are on their way).
  Result<std::uint64_t> begin();
  // How much there is then. Errors: not_found, too_large.
  Result<std::uint64_t> append(std::uint64_t draft, ByteView octets);
  // All of it; the draft is gone. Errors: not_found.
  Result<ChunkList> take(std::uint64_t draft);

  static constexpr std::size_t kMost = 2;
  static constexpr std::uint64_t kMostOctets = 256 * 1024 * 1024;
  static constexpr Duration kIdle = std::chrono::minutes(2);

 private:
  struct Draft {
    ChunkList octets;
    Steady touched;
  };
  void forget_idle();

  Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::map<std::uint64_t, Draft> drafts_;
  std::uint64_t last_ = 0;
};

}  // namespace chappe::post
