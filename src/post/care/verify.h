// Whether a store is what it should be: its files are what was written, every row can be read, mailboxes and quotas
// count what is there, each letter that a row names is there, octet for octet, what is told of it is what it says, and
// nothing is kept that nobody names, and the search index knows all of it. docs/formats tells what the rules are.
//
// Works on a store that is served meanwhile: rows are looked at in one snapshot, letters afterwards, and what has
// changed since is looked at again before it is called a fault. Memory: about 40 octets for each of kBodiesAtOnce
// bodies, 16 for each message of the account that is looked at, and what is found of kNamed damaged letters. It reads
// files itself: for threads that may block (jobs.h). Rows are looked at in verify_rows.h.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "message/letter_stream.h"
#include "post/care/faults.h"
#include "store/bodies.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

struct VerifyOptions {
  bool letters = true;                  // read their octets, too
  Time since = {};                      // of those that came then or later
  std::uint64_t octets_per_second = 0;  // of letters; 0: as fast as it goes
};

struct VerifyCounts {
  std::uint64_t rows = 0;
  std::uint64_t accounts = 0;
  std::uint64_t messages = 0;                  // in mailboxes
  std::uint64_t letters = 0, all_letters = 0;  // read, of those that there are
  std::uint64_t octets = 0;                    // of letters, read
  std::uint64_t faults = 0;
};

class Verify {
 public:
  static constexpr std::size_t kBodiesAtOnce = 1'000'000;
  static constexpr std::size_t kNamed = 10'000;  // damaged letters of which it is told whose they are

  using OnFault = std::function<void(const Finding&)>;
  // False: give up.
  using OnProgress = std::function<bool(const VerifyCounts&)>;

  // `store` must outlive it. Both functions are called on the executor that runs it.
  Verify(store::Store& store, VerifyOptions options, OnFault on_fault, OnProgress on_progress = {});

  // Once. Errors: cancelled, and those of the store that are no faults of what it holds (timeout, busy).
  Task<Result<VerifyCounts>> run(Deadline deadline);

 private:
  store::Store& store_;
  const VerifyOptions options_;
  OnFault on_fault_;
  OnProgress on_progress_;
  VerifyCounts counts_;
  std::map<store::BodyId, Finding> damaged_;
  std::vector<AccountId> indexed_;

  void fault(Finding finding);
  Result<void> progress() const;
  Result<void> files();
  Task<Result<void>> keep_pace(Steady began, Deadline deadline);
  Task<Result<void>> rows(std::shared_ptr<store::Reader> at, std::size_t pass, std::size_t passes, Deadline deadline);
  Task<Result<void>> index(AccountId account);
  Task<Result<void>> letters(Deadline deadline);
  Task<Result<void>> letter(store::BodyId id, Deadline deadline);
  Task<Result<void>> summary(store::BodyRef body, message::LetterStream* letter, Deadline deadline);
  Task<Result<void>> owners(Deadline deadline);
  Result<void> owner(const store::Row& row, std::map<store::BodyId, std::size_t>& places);
};

}  // namespace chappe::post
