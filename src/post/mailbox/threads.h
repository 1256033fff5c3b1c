// Which letters belong together (RFC 8474 §5.2, RFC 8621 §3): those that name one message id, in Message-ID,
// In-Reply-To or References, under one base subject. A letter's thread is decided when it is committed and never
// changes; letters that show later that two threads were one leave both as they are.
//
// An account keeps a row for each message id it has seen with a subject; a row that nobody named for kThreadMemory
// goes, a few at a time, when others come. clues_of() is pure; thread_of() runs in a Change.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "message/letter.h"
#include "post/ids.h"
#include "post/letter_id.h"
#include "store/commit.h"

namespace chappe::post {

inline constexpr std::size_t kMaxReferences = 30;  // of one letter that are looked at: the nearest
inline constexpr Duration kThreadMemory = std::chrono::hours(24 * 400);

// Message ids with the base subject, as numbers: the letter's own, then what it answers, the nearest first.
using Clues = std::vector<std::uint64_t>;
Clues clues_of(const message::Letter& letter);

struct ThreadRow {
  std::uint64_t thread = 0;
  std::int64_t day = 0;  // when it was last named, since 1970
};
Bytes thread_key(AccountId account, std::uint64_t clue);
Bytes encode(const ThreadRow& row);
Result<ThreadRow> decode_thread(ByteView bytes);

// The thread of a letter that comes now; never 0. Remembers its clues.
Result<std::uint64_t> thread_of(store::Txn& txn, AccountId account, const Clues& clues, const LetterId& letter,
                                Time now);

}  // namespace chappe::post
