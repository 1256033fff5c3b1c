// Mends what verify() finds: rows that cannot be read, letters that are damaged and messages that have none are taken
// away, and kept aside first; mailboxes are put together from the messages that are there; counts are made right. What
// is well stays as it is. Readers of an account that was mended are told to read it anew (Feed::resync).
//
// To be used by one at a time, best while nobody else changes the store. Works on any executor. Places of the disk that
// cannot be read at all are not mended by this: store/rebuild.h.
#pragma once

#include "post/care/verify.h"
#include "store/commit.h"

namespace chappe::post {

// Something that is taken away: `name` says what it was (it can name a file), `octets` are what can be read of it.
// When it fails, the repair ends.
using KeepAside = std::function<Result<void>(const std::string& name, ByteView octets)>;

struct Repaired {
  std::uint64_t faults = 0;  // found at first
  std::uint64_t aside = 0;   // rows and letters taken away
  std::uint64_t left = 0;    // faults that are there afterwards
};

class Repair {
 public:
  // All must outlive it.
  Repair(store::Store& store, store::Commit& commit, Clock& clock, KeepAside aside)
      : store_(store), commit_(commit), clock_(clock), aside_(std::move(aside)) {}

  // Finds and mends until nothing is found, or nothing more can be mended. `on_fault` hears of each fault found first.
  Task<Result<Repaired>> run(Verify::OnFault on_fault, Deadline deadline);

 private:
  static constexpr int kRounds = 4;

  Task<Result<std::vector<Finding>>> find(Verify::OnFault on_fault, Deadline deadline);
  Task<Result<void>> mend(std::vector<Finding> findings, Deadline deadline);
  Task<Result<void>> set_row_aside(Bytes key, Deadline deadline);
  Task<Result<void>> set_letter_aside(store::BodyId body, Deadline deadline);
  Task<Result<void>> remove_messages(std::vector<store::BodyId> lost, std::vector<AccountId>* accounts,
                                     Deadline deadline);

  store::Store& store_;
  store::Commit& commit_;
  Clock& clock_;
  KeepAside aside_;
  std::uint64_t aside_count_ = 0;
};

}  // namespace chappe::post
