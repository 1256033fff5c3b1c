// Keys and values of reputation (docs/formats/reputation.md). Pure.
#pragma once

#include "base/bytes.h"
#include "post/reputation/types.h"
#include "store/keys.h"

namespace chappe::post::records {

Bytes reputation_key(const Identity& identity);
// Every row, or those of a kind.
store::Range all_reputation();
store::Range reputation_of(IdentityKind kind);
// Errors: corrupt.
Result<Identity> decode_identity(ByteView key);

Bytes encode(const Remembered& row);
// Errors: corrupt, also for a tally that is no number of letters; unsupported.
Result<Remembered> decode_remembered(ByteView bytes);

inline constexpr double kMostLetters = 1e15;  // of a tally: more is no count

}  // namespace chappe::post::records
