// The return paths of letters that aliases lead to other hosts: what their MAIL FROM becomes, so that SPF asks about us
// and notifications come back through us, and whom such a notification is for. trust/srs.h says how they read; this
// keeps the secrets that sign them.
//
// The secrets are a row of the directory: the one that signs, made when the store is first opened, and the one before,
// which is still believed. At a start, one that is older than a year is replaced. One object for the process, opened
// before the directory; does not change then: any thread, nothing blocks.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "net/task.h"
#include "store/commit.h"
#include "trust/srs.h"

namespace chappe::post {

class ReturnPaths {
 public:
  static constexpr Duration kSecretLife = std::chrono::hours(24 * 365);
  // What is signed with a secret comes back after kSrsDays at most, long before its successor's life ends.
  static_assert(std::chrono::hours(24 * trust::kSrsDays) < kSecretLife);

  // All must outlive the call; `clock` the object. Errors: those of the commit path, and corrupt.
  static net::Task<Result<std::unique_ptr<ReturnPaths>>> open(store::Commit* commit, Clock* clock, Random* random,
                                                              net::Deadline deadline);
  // `secrets`: the first one signs.
  ReturnPaths(std::vector<crypto::Secret> secrets, Clock& clock) : secrets_(std::move(secrets)), clock_(clock) {}

  // MAIL FROM of a letter of `sender`, which is not of this site, when `alias` leads it elsewhere. Both as
  // local@domain; the null sender stays what it is. Where a sender cannot be rewritten (too long, or an address
  // literal), it is the alias: what comes back stays here.
  std::string forwarding(std::string_view sender, std::string_view alias) const;

  // Who gets what is sent to `address`, of a domain of ours.
  std::expected<std::string, trust::SrsFault> returning(std::string_view address) const;

 private:
  std::vector<crypto::Secret> secrets_;
  Clock& clock_;
};

}  // namespace chappe::post
