// What SEARCH looks for (RFC 9051 §6.4.4, RFC 3501 §6.4.4), as a tree in one vector. Plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "proto/imap/cursor.h"
#include "proto/imap/sequence.h"

namespace chappe::proto::imap {

struct SearchKey {
  enum class Kind : std::uint8_t {
    all,
    flag,            // `text` is set
    no_flag,         // `text` is not set
    recent,          // RFC 3501
    old,             // RFC 3501: not recent
    fresh,           // RFC 3501 NEW: recent and unseen
    header,          // field `field` holds `text`; "" asks only that the field is there
    body,            // the text of the body holds `text`
    text,            // the header or the body holds `text`
    before,          // by internal date: earlier than `date`
    on,              //
    since,           //
    sent_before,     // by the Date field
    sent_on,         //
    sent_since,      //
    saved_before,    // RFC 8514 §4.3
    saved_on,        //
    saved_since,     //
    save_supported,  // RFC 8514: SAVEDATESUPPORTED
    larger,          // than `number` octets
    smaller,         //
    younger,         // within the last `number` seconds (RFC 5032)
    older,           //
    modseq,          // at least `number` (RFC 7162 §3.1.5)
    emailid,         // RFC 8474 §7
    threadid,        //
    sequence,        // message numbers in `set`
    uid,             // UIDs in `set`
    conjunction,     // all children
    negation,        // not the child
    disjunction,     // either of the two children
  };
  Kind kind = Kind::all;
  Bytes field{};
  Bytes text{};
  std::uint64_t number = 0;
  Date date{};
  SequenceSet set{};
  std::vector<std::uint32_t> children{};  // places in SearchProgram::keys, always larger than this key's own
};

// keys[0] is the conjunction of all that was asked. At most Limits::list_items keys and Limits::depth levels, so that
// walking it by recursion is safe.
struct SearchProgram {
  std::vector<SearchKey> keys;
};

}  // namespace chappe::proto::imap
