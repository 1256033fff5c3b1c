// Mends what verify() finds: rows that cannot be read, letters that are damaged and messages that have none are taken
// away, and kept aside first; mailboxes are put together from the messages that are there; counts are made right. What
// is well stays as it is; summaries and threads are made anew from the letters. Readers of an account that was mended
// are told to read it anew (Feed::resync).
//
// To be used by one at a time, best while nobody else changes the store. It may be given up between any two steps: each
// is a change of its own, after which verify finds what is left, and a second repair mends that. Files that are damaged
// and places that cannot be read at all are not mended by this (store/rebuild.h), and as long as there are any, nothing
// is: letters that they seem to lack may come back. For threads that may block.
#pragma once

#include "post/care/verify.h"
#include "store/commit.h"

namespace chappe::post {

// Something that is taken away: `name` says what it was (it can name a file), `octets` are what can be read of it.
// When it fails, the repair ends.
using KeepAside = std::function<Result<void>(const std::string& name, ByteView octets)>;
// Asked before each step. False: give up.
using GoOn = std::function<bool()>;

struct Repaired {
  std::uint64_t faults = 0;  // found at first
  std::uint64_t aside = 0;   // rows and letters taken away
  std::uint64_t left = 0;    // faults that are there afterwards
};

class Repair {
 public:
  // All must outlive it.
  Repair(store::Store& store, store::Commit& commit, Clock& clock, KeepAside aside, GoOn go_on = {})
      : store_(store), commit_(commit), clock_(clock), aside_(std::move(aside)), go_on_(std::move(go_on)) {}

  // Finds and mends until nothing is found, or nothing more can be mended. `on_fault` hears of each fault found first.
  // Errors: cancelled, and those of the store.
  Task<Result<Repaired>> run(Verify::OnFault on_fault, Deadline deadline);

 private:
  static constexpr int kRounds = 4;

  Task<Result<std::vector<Finding>>> find(Verify::OnFault on_fault, Deadline deadline);
  Task<Result<void>> mend(std::vector<Finding> findings, Deadline deadline);
  Task<Result<void>> mend_summary(store::BodyId body, Deadline deadline);
  Task<Result<void>> mend_threads(AccountId account, Deadline deadline);
  Result<void> step() const;
  Task<Result<void>> set_row_aside(Bytes key, Deadline deadline);
  Task<Result<void>> set_letter_aside(store::BodyId body, Deadline deadline);
  Task<Result<void>> remove_messages(std::vector<store::BodyId> lost, std::vector<AccountId>* accounts,
                                     Deadline deadline);

  store::Store& store_;
  store::Commit& commit_;
  Clock& clock_;
  KeepAside aside_;
  GoOn go_on_;
  std::uint64_t aside_count_ = 0;
};

}  // namespace chappe::post
