// What can be wrong with a store, and how it is told. A table; pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "post/ids.h"
#include "store/bodies.h"

namespace chappe::post {

// The numbers are no promise, the ids in the table (faults.cc) are.
enum class Fault : std::uint8_t {
  unreadable,       // a part of the store cannot be read
  file_damaged,     // a file of the store is not what was written
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
  summary_astray,   // a summary of a letter that is not there
  summary_wrong,    // a summary that tells something else than its letter
  segment_counts,   // a segment counts wrongly what is alive in it
  due_astray,       // a time in the queue without its recipient
  due_missing,      // a recipient in the queue who is never due
  index_wrong,      // the search index of an account
};
struct FaultRow {
  Fault fault;
  std::string_view id;
  std::string_view en, fr;
};
const FaultRow& fault_row(Fault fault);
std::span<const FaultRow> fault_rows();
// Damage that no write to the store can mend, but making it anew can (store/rebuild.h).
bool wants_rebuild(Fault fault);

// A key as it is named to people: two digits an octet.
std::string key_text(ByteView key);

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

}  // namespace chappe::post
