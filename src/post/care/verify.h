// Whether a store is what it should be: every row can be read, mailboxes count what is in them, each letter that a row
// names is there, octet for octet, and nothing is kept that nobody names. docs/formats tells what the rules are.
//
// Works on a store that is served meanwhile: rows are looked at in one snapshot, letters afterwards, and what has
// changed since is looked at again before it is called a fault. Memory: about 40 octets for each of kBodiesAtOnce
// bodies, and 16 for each message of the account that is looked at. May be used from any executor; blocks none.
#pragma once

#include <functional>
#include <string>

#include "post/ids.h"
#include "store/bodies.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

// The numbers are no promise, the ids in the table (verify.cc) are.
enum class Fault : std::uint8_t {
  unreadable,       // a part of the store cannot be read
  bad_row,          // a row does not read back
  name_lost,        // a mailbox that its name does not lead to
  name_astray,      // a name that leads to no mailbox
  record_missing,   // flags without a message
  flags_missing,    // a message without flags
  uid_too_high,     // a message that UIDNEXT is still to give
  modseq_too_high,  // a change that the account has not made
  mailbox_counts,   // a mailbox counts wrongly
  account_counts,   // so does an account
  messages_astray,  // messages of a mailbox that is not there
  body_missing,     // a row names a letter that is not there
  body_size,        // a row gives another size
  body_references,  // a letter counts its references wrongly
  body_orphan,      // a letter that nobody names
  octets_missing,   // octets of a letter that are not there
  octets_damaged,   // or fail their check
  octets_astray,    // octets that no letter has
  segment_counts,   // a segment counts wrongly what is alive in it
  due_astray,       // a time in the queue without its recipient
  due_missing,      // a recipient in the queue who is never due
};
struct FaultRow {
  Fault fault;
  std::string_view id;
  std::string_view en, fr;
};
const FaultRow& fault_row(Fault fault);

struct Finding {
  Fault fault;
  AccountId account;   // 0: none
  std::string what;    // mailbox 3, uid 17; or a key
  std::string detail;  // in English; what was found, and what should be
  // For who mends it (repair.h): the row at fault, or the letter, and the number that should stand there.
  Bytes key = {};
  store::BodyId body = {};
  std::uint64_t value = 0;
};

struct VerifyOptions {
  bool letters = true;                  // read all octets, too
  std::uint64_t octets_per_second = 0;  // of letters; 0: as fast as it goes
};

struct VerifyCounts {
  std::uint64_t rows = 0;
  std::uint64_t accounts = 0;
  std::uint64_t messages = 0;
  std::uint64_t letters = 0, all_letters = 0;
  std::uint64_t octets = 0;
  std::uint64_t faults = 0;
};

class Verify {
 public:
  static constexpr std::size_t kBodiesAtOnce = 1'000'000;

  using OnFault = std::function<void(const Finding&)>;
  using OnProgress = std::function<void(const VerifyCounts&)>;

  // `store` must outlive it. Both functions are called on the executor that runs it.
  Verify(store::Store& store, VerifyOptions options, OnFault on_fault, OnProgress on_progress = {});

  // Once. Errors: those of the store that are no faults of what it holds (timeout, cancelled, busy).
  Task<Result<VerifyCounts>> run(Deadline deadline);

 private:
  class Rows;
  class BodyTable;

  store::Store& store_;
  const VerifyOptions options_;
  OnFault on_fault_;
  OnProgress on_progress_;
  VerifyCounts counts_;

  void fault(Finding finding);
  Task<Result<void>> rows(std::shared_ptr<store::Reader> at, std::size_t pass, std::size_t passes, Deadline deadline);
  Task<Result<void>> letters(Deadline deadline);
  Task<Result<void>> letter(store::BodyId id, Deadline deadline);
};

}  // namespace chappe::post
