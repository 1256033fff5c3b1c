// Passwords that were found right a little while ago, so that a client that logs in for every folder costs one hash,
// not forty. Held as HMACs under a key of this process only; a credential's serial is part of what is hashed, so that a
// change of password makes what was kept worthless at once, whoever changed it. Only successes are kept.
//
// One for the process; thread-safe, holds its lock for a few instructions.
#pragma once

#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "post/ids.h"

namespace chappe::post {

class LoginCache {
 public:
  // Keeps at most `limit` accounts for `life`; either 0: keeps nothing.
  LoginCache(Random& random, Duration life, std::size_t limit);

  bool has(AccountId account, std::uint64_t serial, const crypto::Secret& password, Steady now);
  void keep(AccountId account, std::uint64_t serial, const crypto::Secret& password, Steady now);
  void drop(AccountId account);
  std::size_t size() const;

 private:
  struct Entry {
    crypto::Sum256 mac;
    Steady until;
  };
  crypto::Sum256 mac(AccountId account, std::uint64_t serial, const crypto::Secret& password) const;

  const crypto::Secret key_;
  const Duration life_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<AccountId, Entry> entries_;
  // In the order of keeping, which is the order of ending. May name entries that are gone or were kept anew.
  std::deque<std::pair<AccountId, Steady>> order_;
};

}  // namespace chappe::post
