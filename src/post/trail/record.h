// Keys and values of the trail (docs/formats/trail.md). Pure.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "post/trail/types.h"
#include "store/keys.h"

namespace chappe::post::records {

// The head comes first; then the steps by their time.
Bytes trail_head_key(LetterId letter);
Bytes trail_step_key(LetterId letter, const TrailStep& step);
store::Range trail_range(LetterId letter);
// Letters whose ids were given from the beginning of `from`'s millisecond on, and before `until`'s.
store::Range trail_range(Time from, Time until);
struct TrailKey {
  LetterId letter;
  bool head = false;
  std::uint32_t recipient = 0;
  Time at;
};
Result<TrailKey> trail_of(ByteView key);

Bytes encode(const TrailHead& head);
Result<TrailHead> decode_trail_head(ByteView bytes);
Bytes encode(const TrailStep& step);
Result<TrailStep> decode_trail_step(ByteView bytes, const TrailKey& key);

Bytes trail_refused_key(const TrailRefused& row);
// The hours that begin from `from` on, and before `until`.
store::Range trail_refused_range(Time from, Time until);
Bytes encode_counts(const TrailRefused& row);
Result<TrailRefused> decode_trail_refused(ByteView key, ByteView bytes);

}  // namespace chappe::post::records
